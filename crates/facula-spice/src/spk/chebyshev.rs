// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPK types 2 and 3: Chebyshev polynomials over intervals of equal length.
//!
//! # Source
//! NAIF, "SPK Required Reading", types 2 and 3; Clenshaw's recurrence with its derivative.

use super::{Fault, Pv};
use crate::daf::as_count;

/// Records of equal intervals: two words (mid epoch, half length), then the coefficients of each component.
pub(crate) struct Table<'a> {
    words: &'a [f64],
    init_s: f64,
    interval_s: f64,
    record: usize,
    count: usize,
    components: usize,
}

impl<'a> Table<'a> {
    /// A view of a segment's words; `None` when its four trailing words do not fit it.
    pub fn new(words: &'a [f64], components: usize) -> Option<Self> {
        let trailer = words.len().checked_sub(4)?;
        let (init_s, interval_s) = (words[trailer], words[trailer + 1]);
        let (record, count) = (as_count(words[trailer + 2])?, as_count(words[trailer + 3])?);
        let sound = init_s.is_finite()
            && interval_s > 0.0
            && interval_s.is_finite()
            && record > 2
            && (record - 2).is_multiple_of(components)
            && count > 0
            && record.checked_mul(count).is_some_and(|n| n <= trailer);
        sound.then_some(Self { words, init_s, interval_s, record, count, components })
    }

    fn index(&self, et_s: f64) -> usize {
        // A negative quotient saturates to zero.
        (((et_s - self.init_s) / self.interval_s) as usize).min(self.count - 1)
    }

    fn record(&self, index: usize) -> &'a [f64] {
        &self.words[index * self.record..(index + 1) * self.record]
    }

    /// Words of a segment with only the records that touch `bounds` (ET seconds).
    pub fn cut(&self, bounds: [f64; 2]) -> Vec<f64> {
        let [first, last] = bounds.map(|et_s| self.index(et_s));
        let mut words = self.words[first * self.record..(last + 1) * self.record].to_vec();
        let init_s = self.init_s + first as f64 * self.interval_s;
        words.extend([init_s, self.interval_s, self.record as f64, (last + 1 - first) as f64]);
        words
    }

    /// Value and rate of each component at an epoch.
    #[inline]
    pub fn evaluate<const N: usize>(&self, et_s: f64) -> Result<[[f64; 2]; N], Fault> {
        let record = self.record(self.index(et_s));
        let (mid_s, radius_s) = (record[0], record[1]);
        if !(radius_s > 0.0) || N != self.components {
            return Err(Fault::Damaged("a Chebyshev record has no length"));
        }
        let s = (et_s - mid_s) / radius_s;
        let mut series = clenshaw::<N>(&record[2..], s);
        series.iter_mut().for_each(|[_, slope]| *slope /= radius_s);
        Ok(series)
    }
}

/// Value and derivative at `s` of `N` Chebyshev series of equal length that stand one after the other. They go
/// through the recurrence side by side: each step waits for the one before it, the components do not.
#[inline]
fn clenshaw<const N: usize>(coefficients: &[f64], s: f64) -> [[f64; 2]; N] {
    let length = coefficients.len() / N;
    let (mut w1, mut w2, mut d1, mut d2) = ([0.0; N], [0.0; N], [0.0; N], [0.0; N]);
    let s2 = 2.0 * s;
    for i in (1..length).rev() {
        for k in 0..N {
            let w = coefficients[k * length + i] + (s2 * w1[k] - w2[k]);
            let d = 2.0 * w1[k] + (s2 * d1[k] - d2[k]);
            (w2[k], w1[k], d2[k], d1[k]) = (w1[k], w, d1[k], d);
        }
    }
    std::array::from_fn(|k| [coefficients[k * length] + (s * w1[k] - w2[k]), w1[k] + (s * d1[k] - d2[k])])
}

/// Type 2: position, velocity by differentiation.
pub(crate) fn state_type_2(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let table = Table::new(words, 3).ok_or(Fault::Damaged("impossible record layout"))?;
    let [x, y, z] = table.evaluate::<3>(et_s)?;
    Ok([x[0], y[0], z[0], x[1], y[1], z[1]])
}

/// Type 3: position and velocity each with its own polynomials.
pub(crate) fn state_type_3(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let table = Table::new(words, 6).ok_or(Fault::Damaged("impossible record layout"))?;
    Ok(table.evaluate::<6>(et_s)?.map(|component| component[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_series_and_its_derivative_are_those_of_the_polynomials() {
        // 2 T0 + 3 T1 - T2 + T3 = 2 + 3 s - (2 s² - 1) + (4 s³ - 3 s) = 3 - 2 s² + 4 s³.
        for s in [-1.0, -0.3, 0.0, 0.7, 1.0f64] {
            let [[value, slope], constant] = clenshaw::<2>(&[2.0, 3.0, -1.0, 1.0, 7.0, 0.0, 0.0, 0.0], s);
            assert_eq!(constant, [7.0, 0.0]);
            assert!((value - (3.0 - 2.0 * s * s + 4.0 * s.powi(3))).abs() < 1e-14);
            assert!((slope - (-4.0 * s + 12.0 * s * s)).abs() < 1e-14);
        }
        assert_eq!(clenshaw::<1>(&[5.0], 0.3), [[5.0, 0.0]]);
    }

    fn two_records() -> Vec<f64> {
        // x = t over 0..20 s in two records, y = 1, z = 0.
        vec![
            5.0, 5.0, 5.0, 5.0, 1.0, 0.0, 0.0, 0.0, 15.0, 5.0, 15.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0, 10.0, 8.0,
            2.0,
        ]
    }

    #[test]
    fn the_record_is_chosen_by_epoch_and_the_last_one_owns_the_end() {
        for et_s in [0.0, 3.0, 10.0, 19.0, 20.0] {
            let state = state_type_2(&two_records(), et_s).expect("inside");
            assert_eq!(state, [et_s, 1.0, 0.0, 1.0, 0.0, 0.0]);
        }
    }

    #[test]
    fn cutting_keeps_only_the_records_in_the_window() {
        let words = two_records();
        let cut = Table::new(&words, 3).expect("sound").cut([12.0, 18.0]);
        assert_eq!(cut[cut.len() - 4..], [10.0, 10.0, 8.0, 1.0]);
        assert_eq!(state_type_2(&cut, 13.0).expect("inside")[0], 13.0);
    }

    proptest! {
        #[test]
        fn damaged_words_never_panic(at in 0usize..20, value in proptest::num::f64::ANY, et_s in proptest::num::f64::ANY) {
            let mut words = two_records();
            words[at] = value;
            let _ = state_type_2(&words, et_s);
            let _ = state_type_3(&words[at..], et_s);
        }
    }
}
