// SPDX-License-Identifier: MIT OR Apache-2.0
//! Angular velocities of CK data types 1, 2 and 3, as the segment gives them.
//!
//! In: the words of a segment, encoded ticks at which `types` gave an attitude. Out: the angular velocity of the
//! structure relative to the segment's reference frame, in components of that frame, rad/s.
//!
//! # Source
//! NAIF, "CK Required Reading", sections "Data type 1" to "Data type 3".

use crate::spk::{Fault, count_from_end, part};

type Spin = [f64; 3];

/// Words of a record with angular velocity.
const RECORD: usize = 7;

/// Type 1: that of the nearest moment.
pub(super) fn spin_type_1(words: &[f64], ticks: f64) -> Result<Spin, Fault> {
    let count = count_from_end(words, 1)?;
    let times = part(words, count.saturating_mul(RECORD), count)?;
    spin(words, nearest(times, ticks)? * RECORD + 4)
}

/// Type 2: the spin of the interval.
pub(super) fn spin_type_2(words: &[f64], count: usize, ticks: f64) -> Result<Spin, Fault> {
    let starts = part(words, count.saturating_mul(8), count)?;
    let after = starts.partition_point(|start| *start <= ticks);
    spin(words, after.saturating_sub(1) * 8 + 4)
}

/// Type 3: between the moments on both sides, linearly.
pub(super) fn spin_type_3(words: &[f64], ticks: f64) -> Result<Spin, Fault> {
    let count = count_from_end(words, 1)?;
    let times = part(words, count.saturating_mul(RECORD), count)?;
    let after = times.partition_point(|time| *time <= ticks);
    if after == 0 || after == count || times[after - 1] == ticks {
        return spin(words, nearest(times, ticks)? * RECORD + 4);
    }
    let fraction = (ticks - times[after - 1]) / (times[after] - times[after - 1]);
    let (a, b) = (spin(words, (after - 1) * RECORD + 4)?, spin(words, after * RECORD + 4)?);
    Ok(std::array::from_fn(|k| a[k] * (1.0 - fraction) + b[k] * fraction))
}

fn nearest(times: &[f64], ticks: f64) -> Result<usize, Fault> {
    let after = times.partition_point(|time| *time < ticks);
    let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|i| *i < times.len());
    near.min_by(|a, b| (times[*a] - ticks).abs().total_cmp(&(times[*b] - ticks).abs()))
        .ok_or(Fault::Damaged("a segment without moments"))
}

fn spin(words: &[f64], at: usize) -> Result<Spin, Fault> {
    let w = part(words, at, 3)?;
    Ok([w[0], w[1], w[2]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<f64> {
        let record = |x: f64| vec![1.0, 0.0, 0.0, 0.0, x, 2.0 * x, 0.0];
        [record(1.0), record(2.0), record(4.0), vec![100.0, 200.0, 300.0, 100.0, 1.0, 3.0]].concat()
    }

    #[test]
    fn spins_are_those_of_the_moment_or_between_two() {
        for (ticks, x) in [(100.0, 1.0), (150.0, 1.5), (200.0, 2.0), (250.0, 3.0), (300.0, 4.0)] {
            assert_eq!(spin_type_3(&words(), ticks), Ok([x, 2.0 * x, 0.0]));
        }
        assert_eq!(spin_type_1(&words(), 201.0), Ok([2.0, 4.0, 0.0]));
        let interval = [1.0, 0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 1.0, 100.0, 200.0];
        assert_eq!(spin_type_2(&interval, 1, 150.0), Ok([5.0, 6.0, 7.0]));
    }

    #[test]
    fn cut_segments_are_faults_and_never_panic() {
        for end in 0..words().len() {
            let _ = spin_type_1(&words()[..end], 150.0);
            let _ = spin_type_2(&words()[..end], 3, 150.0);
            let _ = spin_type_3(&words()[..end], 150.0);
        }
        assert!(spin_type_3(&[0.0], 1.0).is_err());
    }
}
