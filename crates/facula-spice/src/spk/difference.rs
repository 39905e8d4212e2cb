// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPK types 1 and 21: modified difference arrays, as trajectory integrators write them.
//!
//! # Source
//! NAIF, "SPK Required Reading", types 1 and 21; F. T. Krogh, "Changing stepsize in the integration of
//! differential equations using modified divided differences", Lecture Notes in Mathematics 362 (1974).

use super::{Fault, Pv, count_from_end, part};
use crate::daf::as_count;

/// Longest difference table of type 1; type 21 says its own.
const TYPE_1_DIFFERENCES: usize = 15;
/// Longest difference table any writer of type 21 uses (SPICELIB's MAXTRM).
const MAX_DIFFERENCES: usize = 25;

pub(crate) fn state_type_1(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let count = count_from_end(words, 1)?;
    state(words, count, TYPE_1_DIFFERENCES, et_s)
}

pub(crate) fn state_type_21(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let (differences, count) = (count_from_end(words, 2)?, count_from_end(words, 1)?);
    if differences > MAX_DIFFERENCES {
        return Err(Fault::Damaged("a difference table longer than 25"));
    }
    state(words, count, differences, et_s)
}

/// The record whose end epoch is the first not before the request.
fn state(words: &[f64], count: usize, differences: usize, et_s: f64) -> Result<Pv, Fault> {
    let size = 4 * differences + 11;
    let epochs = part(words, count.saturating_mul(size), count)?;
    let index = epochs.partition_point(|end_s| *end_s < et_s).min(count.saturating_sub(1));
    Line::new(part(words, index * size, size)?, differences)?.state(et_s)
}

/// One difference line.
struct Line<'a> {
    reference_s: f64,
    steps_s: &'a [f64],
    reference: &'a [f64],
    table: &'a [f64],
    differences: usize,
    order: usize,
    orders: [usize; 3],
}

impl<'a> Line<'a> {
    fn new(record: &'a [f64], differences: usize) -> Result<Self, Fault> {
        let tail = 7 + 4 * differences;
        let count = |i: usize| as_count(record[tail + i]).filter(|n| *n <= differences + 1);
        let wrong = Fault::Damaged("impossible integration order");
        let (Some(order), Some(x), Some(y), Some(z)) = (count(0), count(1), count(2), count(3)) else {
            return Err(wrong);
        };
        if order < 2 || [x, y, z].iter().any(|n| *n > differences || *n >= order.max(2)) {
            return Err(wrong);
        }
        Ok(Self {
            reference_s: record[0],
            steps_s: &record[1..=differences],
            reference: &record[1 + differences..7 + differences],
            table: &record[7 + differences..tail],
            differences,
            order,
            orders: [x, y, z],
        })
    }

    fn state(&self, et_s: f64) -> Result<Pv, Fault> {
        let delta_s = et_s - self.reference_s;
        let (ahead, back) = self.ratios(delta_s)?;
        let mut weights = [0.0; MAX_DIFFERENCES + 4];
        for (j, weight) in weights.iter_mut().take(self.order).enumerate() {
            *weight = 1.0 / (j + 1) as f64;
        }
        // Each pass integrates the interpolating weights once; two integrations remain for the position, one
        // for the velocity.
        let mut shift = self.order - 1;
        let mut length = 0;
        while shift >= 2 {
            length += 1;
            raise(&mut weights, shift, length, (&ahead, &back));
            shift -= 1;
        }
        let line = |k: usize| (self.reference[2 * k], self.reference[2 * k + 1]);
        let position_km = std::array::from_fn::<f64, 3, _>(|k| {
            let (p_km, v_km_s) = line(k);
            p_km + delta_s * (v_km_s + delta_s * self.sum(k, &weights[shift..]))
        });
        raise(&mut weights, shift, length, (&ahead, &back));
        shift -= 1;
        let velocity_km_s =
            std::array::from_fn::<f64, 3, _>(|k| line(k).1 + delta_s * self.sum(k, &weights[shift..]));
        let ([x, y, z], [vx, vy, vz]) = (position_km, velocity_km_s);
        Ok([x, y, z, vx, vy, vz])
    }

    /// The step ratios of the recurrence, `ahead` (with the step so far) and `back`.
    fn ratios(
        &self,
        delta_s: f64,
    ) -> Result<([f64; MAX_DIFFERENCES + 1], [f64; MAX_DIFFERENCES + 1]), Fault> {
        let (mut ahead, mut back) = ([0.0; MAX_DIFFERENCES + 1], [0.0; MAX_DIFFERENCES + 1]);
        let mut reach_s = delta_s;
        for j in 0..self.order - 2 {
            let step_s = self.steps_s[j];
            if step_s == 0.0 {
                return Err(Fault::Damaged("a step of zero length"));
            }
            ahead[j] = reach_s / step_s;
            back[j] = delta_s / step_s;
            reach_s = delta_s + step_s;
        }
        Ok((ahead, back))
    }

    fn sum(&self, component: usize, weights: &[f64]) -> f64 {
        let differences = &self.table[component * self.differences..][..self.orders[component]];
        differences.iter().zip(weights).rev().map(|(d, w)| d * w).sum()
    }
}

type Ratios = [f64; MAX_DIFFERENCES + 1];

/// One pass of the recurrence that integrates the weights.
fn raise(weights: &mut [f64], shift: usize, length: usize, (ahead, back): (&Ratios, &Ratios)) {
    for j in 0..length {
        weights[j + shift] = ahead[j] * weights[j + shift - 1] - back[j] * weights[j + shift];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One line whose acceleration is constant: x = 1 + 2 t + 3 t², order 2, one difference (6 = acceleration).
    fn constant_acceleration(differences: usize) -> Vec<f64> {
        let mut record = vec![0.0; 4 * differences + 11];
        record[1..=differences].fill(10.0);
        record[1 + differences] = 1.0;
        record[2 + differences] = 2.0;
        record[7 + differences] = 6.0;
        let tail = 7 + 4 * differences;
        record[tail..].copy_from_slice(&[2.0, 1.0, 1.0, 1.0]);
        record
    }

    #[test]
    fn a_constant_acceleration_gives_a_parabola() {
        let mut words = constant_acceleration(TYPE_1_DIFFERENCES);
        words.extend([100.0, 1.0]);
        let state = state_type_1(&words, 7.0).expect("sound");
        assert_eq!(state, [1.0 + 14.0 + 147.0, 0.0, 0.0, 2.0 + 42.0, 0.0, 0.0]);
        let mut words = constant_acceleration(20);
        words.extend([100.0, 20.0, 1.0]);
        assert_eq!(state_type_21(&words, 7.0).expect("sound")[0], 162.0);
    }

    #[test]
    fn impossible_orders_are_faults() {
        for order in [0.0, 1.0, 17.0, 1e9, f64::NAN, 2.5] {
            let mut words = constant_acceleration(TYPE_1_DIFFERENCES);
            words[67] = order;
            words.extend([100.0, 1.0]);
            assert!(state_type_1(&words, 7.0).is_err(), "{order}");
        }
    }

    proptest! {
        #[test]
        fn damaged_words_never_panic(at in 0usize..73, value in prop_oneof![proptest::num::f64::ANY, (0.0..30.0f64).prop_map(f64::round)], et_s in proptest::num::f64::ANY) {
            let mut words = constant_acceleration(TYPE_1_DIFFERENCES);
            words.extend([100.0, 1.0]);
            words[at] = value;
            let _ = state_type_1(&words, et_s);
            let _ = state_type_21(&words, et_s);
        }
    }
}
