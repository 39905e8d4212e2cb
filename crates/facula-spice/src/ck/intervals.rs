// SPDX-License-Identifier: MIT OR Apache-2.0
//! In which intervals of ticks a CK segment has an attitude.
//!
//! In: the words of a segment of type 1, 2 or 3. Out: intervals of encoded ticks; single moments have no length.
//!
//! # Source
//! NAIF, "CK Required Reading"; SPICE `CKCOV` at level `INTERVAL`.

use crate::spk::{Fault, count_from_end, part};

type Intervals = Vec<[f64; 2]>;

/// Type 1: each moment for itself.
pub(super) fn of_type_1(words: &[f64], record: usize) -> Result<Intervals, Fault> {
    let count = count_from_end(words, 1)?;
    let times = part(words, count.saturating_mul(record), count)?;
    Ok(times.iter().map(|time| [*time, *time]).collect())
}

/// Type 2: from start to stop.
pub(super) fn of_type_2(words: &[f64], count: usize) -> Result<Intervals, Fault> {
    let starts = part(words, count.saturating_mul(8), count)?;
    let stops = part(words, count.saturating_mul(9), count)?;
    Ok(starts.iter().zip(stops).map(|(start, stop)| [*start, *stop]).collect())
}

/// Type 3: from the start of an interval to the last moment before the next one.
pub(super) fn of_type_3(words: &[f64], record: usize) -> Result<Intervals, Fault> {
    let (intervals, count) = (count_from_end(words, 2)?, count_from_end(words, 1)?);
    let times = part(words, count.saturating_mul(record), count)?;
    let directory = count.saturating_sub(1) / 100;
    let starts = part(words, count.saturating_mul(record + 1).saturating_add(directory), intervals)?;
    let end = |i: usize| {
        let before = starts.get(i + 1).map_or(count, |next| times.partition_point(|time| time < next));
        before.checked_sub(1).and_then(|last| times.get(last)).copied()
    };
    let whole: Option<Intervals> =
        starts.iter().enumerate().map(|(i, start)| Some([*start, end(i)?])).collect();
    whole.ok_or(Fault::Damaged("an interval without moments"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_end_at_the_last_moment_before_the_next() {
        let mut words = vec![0.0; 16];
        words.extend([100.0, 200.0, 300.0, 400.0, 100.0, 300.0, 2.0, 4.0]);
        assert_eq!(of_type_3(&words, 4), Ok(vec![[100.0, 200.0], [300.0, 400.0]]));
        for end in 0..words.len() {
            let _ = of_type_3(&words[..end], 4);
            let _ = of_type_1(&words[..end], 4);
            let _ = of_type_2(&words[..end], 2);
        }
    }

    #[test]
    fn moments_have_no_length_and_spins_have_theirs() {
        let words = [0.0, 0.0, 0.0, 0.0, 7.0, 1.0];
        assert_eq!(of_type_1(&words, 4), Ok(vec![[7.0, 7.0]]));
        let mut words = vec![0.0; 8];
        words.extend([5.0, 6.0]);
        assert_eq!(of_type_2(&words, 1), Ok(vec![[5.0, 6.0]]));
    }
}
