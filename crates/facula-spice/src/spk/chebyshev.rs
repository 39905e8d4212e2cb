// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPK types 2 and 3: Chebyshev polynomials over intervals of equal length.
//!
//! # Source
//! NAIF, "SPK Required Reading", types 2 and 3; recurrences of the polynomials and their derivatives
//! (Abramowitz & Stegun 22.7.4, differentiated), Clenshaw's recurrence for type 3.

use pulp::{Scalar, Simd};

use super::{Fault, Pv, part};
use crate::daf::as_count;

/// Shape of a segment: records of equal intervals, each two words (mid epoch, half length), then the coefficients
/// of each component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    init_s: f64,
    interval_s: f64,
    record: usize,
    count: usize,
    components: usize,
}

impl Layout {
    /// Reads the four trailing words; `None` when they do not fit the segment.
    pub fn new(words: &[f64], components: usize) -> Option<Self> {
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
        sound.then_some(Self { init_s, interval_s, record, count, components })
    }

    /// Number of the record that answers at an epoch.
    #[inline(always)]
    pub fn index(&self, et_s: f64) -> usize {
        // A negative quotient saturates to zero.
        (((et_s - self.init_s) / self.interval_s) as usize).min(self.count - 1)
    }

    /// One record of the words the layout was read from.
    #[inline(always)]
    pub fn record<'a>(&self, words: &'a [f64], index: usize) -> Result<&'a [f64], Fault> {
        part(words, index * self.record, self.record)
    }

    /// Whether the record can go through [`motion`].
    pub fn is_position(&self) -> bool {
        self.components == 3 && self.record >= 5
    }

    /// Words of a segment with only the records `first` to `last`.
    pub fn keep(&self, words: &[f64], [first, last]: [usize; 2]) -> Vec<f64> {
        let mut kept = words[first * self.record..(last + 1) * self.record].to_vec();
        let init_s = self.init_s + first as f64 * self.interval_s;
        kept.extend([init_s, self.interval_s, self.record as f64, (last + 1 - first) as f64]);
        kept
    }

    /// Words of a segment with only the records that touch `bounds` (ET seconds).
    pub fn cut(&self, words: &[f64], bounds: [f64; 2]) -> Vec<f64> {
        self.keep(words, bounds.map(|et_s| self.index(et_s)))
    }
}

/// Position, velocity and, for `ORDERS` = 5, acceleration: nine rows of `L` epochs that fall into one record.
pub(crate) type Block<const L: usize> = [[f64; L]; 9];

/// Evaluates one record of three components at `L` epochs, as many side by side as the processor takes.
///
/// Each epoch's numbers are the same bits whatever `L` and `S` are. `ORDERS` is 2 (position, velocity) or 5. The acceleration is
/// what SPICE's difference of the velocity over ±1 s gives, up to the third derivative of the velocity, without the
/// difference's loss of digits.
#[inline(always)]
pub(crate) fn motion<S: Simd, const L: usize, const ORDERS: usize>(
    simd: S,
    record: &[f64],
    et_s: &[f64; L],
) -> Result<Block<L>, Fault> {
    if !(record[1] > 0.0) {
        return Err(Fault::Damaged("a Chebyshev record has no length"));
    }
    let mut block: Block<L> = [[0.0; L]; 9];
    let (epochs, _) = S::as_simd_f64s(et_s);
    for (i, et_s) in epochs.iter().enumerate() {
        let sums = series::<S, ORDERS>(simd, record, *et_s);
        for (row, sum) in block.iter_mut().zip(sums) {
            S::as_mut_simd_f64s(row).0[i] = sum;
        }
    }
    Ok(block)
}

/// One register of epochs. Position and velocity by Clenshaw's recurrence in the order of operations of SPICE's
/// `CHBINT`, so that the last bits are its own: differences of positions (dynamic frames, close bodies) show them.
#[inline(always)]
fn series<S: Simd, const ORDERS: usize>(simd: S, record: &[f64], et_s: S::f64s) -> [S::f64s; 9] {
    let all = |x: f64| simd.splat_f64s(x);
    let (add, sub, mul) =
        (|a, b| simd.add_f64s(a, b), |a, b| simd.sub_f64s(a, b), |a, b| simd.mul_f64s(a, b));
    let (mid_s, radius_s) = (record[0], record[1]);
    let (x, rest) = record[2..].split_at((record.len() - 2) / 3);
    let (y, z) = rest.split_at(x.len());
    let s = simd.div_f64s(sub(et_s, all(mid_s)), all(radius_s));
    let twice = mul(s, all(2.0));
    let (mut w, mut w_old, mut d, mut d_old) = ([all(0.0); 3], [all(0.0); 3], [all(0.0); 3], [all(0.0); 3]);
    for ((x, y), z) in x.iter().zip(y).zip(z).skip(1).rev() {
        for (k, c) in [all(*x), all(*y), all(*z)].into_iter().enumerate() {
            let next = add(c, sub(mul(twice, w[k]), w_old[k]));
            let slope = add(mul(all(2.0), w[k]), sub(mul(twice, d[k]), d_old[k]));
            (w_old[k], w[k], d_old[k], d[k]) = (w[k], next, d[k], slope);
        }
    }
    let mut sums = [all(0.0); 9];
    for (k, c) in [x[0], y[0], z[0]].into_iter().enumerate() {
        sums[k] = add(all(c), sub(mul(s, w[k]), w_old[k]));
        let slope = add(w[k], sub(mul(s, d[k]), d_old[k]));
        sums[k + 3] = simd.div_f64s(slope, all(radius_s));
    }
    if ORDERS == 5 {
        sums[6..].copy_from_slice(&bends(simd, [x, y, z], (s, radius_s)));
    }
    sums
}

/// The accelerations: derivatives of the polynomials from their recurrences, shared by the three components.
#[inline(always)]
fn bends<S: Simd>(simd: S, [x, y, z]: [&[f64]; 3], (s, radius_s): (S::f64s, f64)) -> [S::f64s; 3] {
    const ORDERS: usize = 5;
    let all = |x: f64| simd.splat_f64s(x);
    let (add, sub, mul) =
        (|a, b| simd.add_f64s(a, b), |a, b| simd.sub_f64s(a, b), |a, b| simd.mul_f64s(a, b));
    let twice = add(s, s);
    let step = all(1.0 / (6.0 * radius_s * radius_s));
    let (mut old, mut new) = ([all(0.0); ORDERS], [all(0.0); ORDERS]);
    (old[0], new[0], new[1]) = (all(1.0), s, all(1.0));
    let mut sums = [all(0.0); 3];
    for ((x, y), z) in x.iter().zip(y).zip(z).skip(1) {
        let bend = add(new[2], mul(step, new[4]));
        for (sum, c) in sums.iter_mut().zip([x, y, z]) {
            *sum = add(*sum, mul(all(*c), bend));
        }
        for m in (0..ORDERS).rev() {
            let ahead = sub(mul(twice, new[m]), old[m]);
            old[m] = new[m];
            new[m] = if m == 0 { ahead } else { add(mul(all(2.0 * m as f64), new[m - 1]), ahead) };
        }
    }
    let scale = all(1.0 / radius_s / radius_s);
    sums.map(|sum| mul(sum, scale))
}

/// Value at `s` of `N` Chebyshev series of equal length that stand one after the other (Clenshaw).
fn clenshaw<const N: usize>(coefficients: &[f64], s: f64) -> [f64; N] {
    let length = coefficients.len() / N;
    let (mut w1, mut w2) = ([0.0; N], [0.0; N]);
    for i in (1..length).rev() {
        for k in 0..N {
            (w2[k], w1[k]) = (w1[k], coefficients[k * length + i] + (2.0 * s * w1[k] - w2[k]));
        }
    }
    std::array::from_fn(|k| coefficients[k * length] + (s * w1[k] - w2[k]))
}

/// Type 2: position, velocity by differentiation.
pub(crate) fn state_type_2(words: &[f64], layout: &Layout, et_s: f64) -> Result<Pv, Fault> {
    let sums = motion::<Scalar, 1, 2>(Scalar, layout.record(words, layout.index(et_s))?, &[et_s])?;
    Ok(std::array::from_fn(|k| sums[k][0]))
}

/// Type 3: position and velocity each with its own polynomials.
pub(crate) fn state_type_3(words: &[f64], layout: &Layout, et_s: f64) -> Result<Pv, Fault> {
    let record = layout.record(words, layout.index(et_s))?;
    if !(record[1] > 0.0) {
        return Err(Fault::Damaged("a Chebyshev record has no length"));
    }
    Ok(clenshaw::<6>(&record[2..], (et_s - record[0]) / record[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2 T0 + 3 T1 - T2 + T3 = 2 + 3 s - (2 s² - 1) + (4 s³ - 3 s) = 3 - 2 s² + 4 s³ about 100 s, half length 4 s.
    const CUBIC: [f64; 14] = [100.0, 4.0, 2.0, 3.0, -1.0, 1.0, 7.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];

    #[test]
    fn the_series_and_its_derivatives_are_those_of_the_polynomials() {
        for s in [-1.0, -0.3, 0.0, 0.7, 1.0f64] {
            let found =
                motion::<Scalar, 1, 5>(Scalar, &CUBIC, &[100.0 + 4.0 * s]).expect("sound").map(|row| row[0]);
            let expected = [
                [3.0 - 2.0 * s * s + 4.0 * s.powi(3), 7.0, s],
                [(-4.0 * s + 12.0 * s * s) / 4.0, 0.0, 0.25],
                [(-4.0 + 24.0 * s) / 16.0, 0.0, 0.0],
            ];
            for (found, expected) in found.iter().zip(expected.iter().flatten()) {
                assert!((found - expected).abs() < 1e-14, "{s}: {found} {expected}");
            }
            assert!((clenshaw::<1>(&CUBIC[2..6], s)[0] - expected[0][0]).abs() < 1e-14);
        }
        assert_eq!(clenshaw::<1>(&[5.0], 0.3), [5.0]);
        assert_eq!(
            motion::<Scalar, 1, 2>(Scalar, &[0.0, 1.0, 5.0, 6.0, 7.0], &[0.3]).expect("sound")[1],
            [6.0]
        );
    }

    #[test]
    fn the_acceleration_is_the_difference_of_the_velocity_over_a_second_on_either_side() {
        // T5' has a fourth derivative of 16 * 5!: it shows in a record of a few seconds.
        let mut record = vec![0.0, 40.0];
        record.extend([0.0, 0.0, 0.0, 0.0, 0.0, 9.0].repeat(3));
        for et_s in [-30.0, 0.0, 12.3] {
            let at = |t: f64| motion::<Scalar, 1, 2>(Scalar, &record, &[t]).expect("sound")[3][0];
            let found = motion::<Scalar, 1, 5>(Scalar, &record, &[et_s]).expect("sound")[6][0];
            let difference = 0.5 * (at(et_s + 1.0) - at(et_s - 1.0));
            assert!((found - difference).abs() < 1e-13, "{found} {difference}");
        }
    }

    struct Together([f64; 8]);

    impl pulp::WithSimd for Together {
        type Output = Block<8>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Block<8> {
            motion::<S, 8, 5>(simd, &CUBIC, &self.0).expect("sound")
        }
    }

    #[test]
    fn epochs_side_by_side_give_the_same_bits_as_one_by_one() {
        let epochs_s: [f64; 8] = std::array::from_fn(|l| 96.3 + 0.97 * l as f64);
        let together = pulp::Arch::new().dispatch(Together(epochs_s));
        for (l, et_s) in epochs_s.into_iter().enumerate() {
            let alone = motion::<Scalar, 1, 5>(Scalar, &CUBIC, &[et_s]).expect("sound");
            assert!(together.iter().zip(alone).all(|(row, one)| row[l].to_bits() == one[0].to_bits()));
        }
    }

    fn two_records() -> Vec<f64> {
        // x = t over 0..20 s in two records, y = 1, z = 0.
        vec![
            5.0, 5.0, 5.0, 5.0, 1.0, 0.0, 0.0, 0.0, 15.0, 5.0, 15.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0, 10.0, 8.0,
            2.0,
        ]
    }

    fn two(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
        state_type_2(words, &Layout::new(words, 3).expect("sound"), et_s)
    }

    #[test]
    fn the_record_is_chosen_by_epoch_and_the_last_one_owns_the_end() {
        for et_s in [0.0, 3.0, 10.0, 19.0, 20.0] {
            let state = two(&two_records(), et_s).expect("inside");
            assert_eq!(state, [et_s, 1.0, 0.0, 1.0, 0.0, 0.0]);
        }
    }

    #[test]
    fn cutting_keeps_only_the_records_in_the_window() {
        let words = two_records();
        let cut = Layout::new(&words, 3).expect("sound").cut(&words, [12.0, 18.0]);
        assert_eq!(cut[cut.len() - 4..], [10.0, 10.0, 8.0, 1.0]);
        assert_eq!(two(&cut, 13.0).expect("inside")[0], 13.0);
    }

    proptest! {
        #[test]
        fn damaged_words_never_panic(at in 0usize..20, value in proptest::num::f64::ANY, et_s in proptest::num::f64::ANY) {
            let mut words = two_records();
            words[at] = value;
            let _ = Layout::new(&words, 3).map(|layout| state_type_2(&words, &layout, et_s));
            let _ = Layout::new(&words[at..], 6).map(|layout| state_type_3(&words[at..], &layout, et_s));
        }
    }
}
