// SPDX-License-Identifier: MIT OR Apache-2.0
//! CK data types 1, 2 and 3.
//!
//! # Source
//! NAIF, "CK Required Reading", sections "Data type 1" to "Data type 3"; spherical interpolation of
//! quaternions (Shoemake 1985), which is the constant-axis interpolation the document asks for.

use crate::aberration::dot;
use crate::frames::matrix::{Matrix, multiply, of_quaternion, transpose};
use crate::spk::{Fault, count_from_end, part};

/// A moment answers requests this near, ticks: clock readings are not finer.
const TOLERANCE_TICKS: f64 = 0.5;
/// Entries per directory word of type 2.
const DIRECTORY: usize = 100;

type Quaternion = [f64; 4];

/// Type 1: attitude at single moments.
pub(super) fn type_1(words: &[f64], record: usize, ticks: f64) -> Result<Option<Matrix>, Fault> {
    let count = count_from_end(words, 1)?;
    let times = part(words, count.saturating_mul(record), count)?;
    match nearest(times, ticks) {
        Some(i) => attitude(quaternion(words, i * record)?).map(Some),
        None => Ok(None),
    }
}

/// Type 2: intervals of constant spin; a record is quaternion, angular velocity (rad/s), seconds per tick.
pub(super) fn type_2(words: &[f64], ticks: f64) -> Result<Option<Matrix>, Fault> {
    let count = type_2_count(words.len()).ok_or(Fault::Damaged("a length no number of intervals has"))?;
    let (starts, stops) = (part(words, 8 * count, count)?, part(words, 9 * count, count)?);
    let Some(i) = starts.partition_point(|start| *start <= ticks).checked_sub(1) else { return Ok(None) };
    if stops[i] < ticks {
        return Ok(None);
    }
    let base = attitude(quaternion(words, 8 * i)?)?;
    let record = part(words, 8 * i, 8)?;
    let spin_rad_s = [record[4], record[5], record[6]];
    let rate_rad_s = dot(spin_rad_s, spin_rad_s).sqrt();
    let angle_rad = rate_rad_s * record[7] * (ticks - starts[i]);
    if rate_rad_s == 0.0 || angle_rad == 0.0 {
        return Ok(Some(base));
    }
    // The structure's axes turn about the spin, so components of fixed vectors turn the other way.
    let (sin, cos) = (0.5 * angle_rad).sin_cos();
    let axis = spin_rad_s.map(|w| w / rate_rad_s * sin);
    let turned = attitude([cos, axis[0], axis[1], axis[2]])?;
    Ok(Some(multiply(&base, &transpose(&turned))))
}

/// Ten words an interval and one directory word for each full hundred but the last.
fn type_2_count(length: usize) -> Option<usize> {
    let guess = length * DIRECTORY / (10 * DIRECTORY + 1);
    (guess.saturating_sub(1)..=guess + 1).find(|n| *n > 0 && 10 * n + (n - 1) / DIRECTORY == length)
}

/// Type 3: attitudes joined by interpolation inside intervals.
pub(super) fn type_3(words: &[f64], record: usize, ticks: f64) -> Result<Option<Matrix>, Fault> {
    let (intervals, count) = (count_from_end(words, 2)?, count_from_end(words, 1)?);
    let times = part(words, count.saturating_mul(record), count)?;
    let directory = count.saturating_sub(1) / DIRECTORY;
    let starts = part(words, count * (record + 1) + directory, intervals)?;
    let after = times.partition_point(|time| *time <= ticks);
    let joined = after > 0 && after < count && {
        // An interval that starts at the later moment leaves a gap before it.
        let begun = starts.partition_point(|start| *start <= times[after]);
        begun > 0 && starts[begun - 1] < times[after]
    };
    if !joined {
        return match nearest(times, ticks) {
            Some(i) => attitude(quaternion(words, i * record)?).map(Some),
            None => Ok(None),
        };
    }
    let fraction = (ticks - times[after - 1]) / (times[after] - times[after - 1]);
    let (before, next) = (quaternion(words, (after - 1) * record)?, quaternion(words, after * record)?);
    attitude(slerp(before, next, fraction)).map(Some)
}

fn nearest(times: &[f64], ticks: f64) -> Option<usize> {
    let after = times.partition_point(|time| *time < ticks);
    let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|i| *i < times.len());
    near.min_by(|a, b| (times[*a] - ticks).abs().total_cmp(&(times[*b] - ticks).abs()))
        .filter(|i| (times[*i] - ticks).abs() <= TOLERANCE_TICKS)
}

fn quaternion(words: &[f64], at: usize) -> Result<Quaternion, Fault> {
    let q = part(words, at, 4)?;
    Ok([q[0], q[1], q[2], q[3]])
}

fn attitude(q: Quaternion) -> Result<Matrix, Fault> {
    of_quaternion(q).ok_or(Fault::Damaged("a quaternion of no length"))
}

/// Between two attitudes, the short way, at constant rate.
fn slerp(from: Quaternion, to: Quaternion, fraction: f64) -> Quaternion {
    let normal = |q: Quaternion| {
        let length = q.iter().map(|c| c * c).sum::<f64>().sqrt();
        q.map(|c| c / length)
    };
    let (a, mut b) = (normal(from), normal(to));
    if a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() < 0.0 {
        b = b.map(|c| -c);
    }
    // Half the chord keeps the digits of small angles.
    let half_chord = 0.5 * a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
    let angle_rad = 2.0 * half_chord.min(1.0).asin();
    let sin = angle_rad.sin();
    if sin <= 0.0 {
        return a;
    }
    let (early, late) = (((1.0 - fraction) * angle_rad).sin() / sin, (fraction * angle_rad).sin() / sin);
    std::array::from_fn(|k| early * a[k] + late * b[k])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Turned about z by an angle (frame turn: components of a fixed vector go the other way).
    fn about_z(angle_rad: f64) -> Quaternion {
        [(0.5 * angle_rad).cos(), 0.0, 0.0, -(0.5 * angle_rad).sin()]
    }

    fn angle_rad(rows: &Matrix) -> f64 {
        rows[0][1].atan2(rows[0][0])
    }

    #[test]
    fn moments_answer_only_for_themselves() {
        let words = [about_z(0.1).to_vec(), about_z(0.2).to_vec(), vec![100.0, 200.0, 2.0]].concat();
        let rows = type_1(&words, 4, 200.2).expect("sound").expect("near");
        assert!((angle_rad(&rows) - 0.2).abs() < 1e-15);
        assert_eq!(type_1(&words, 4, 150.0), Ok(None));
    }

    #[test]
    fn a_constant_spin_turns_the_structure() {
        // 1e-3 rad/s about z, 0.01 s a tick: 1000 ticks are 0.01 rad.
        let words = [about_z(0.1).to_vec(), vec![0.0, 0.0, 1e-3, 0.01, 100.0, 2100.0]].concat();
        let rows = type_2(&words, 1100.0).expect("sound").expect("inside");
        assert!((angle_rad(&rows) - 0.11).abs() < 1e-15, "{}", angle_rad(&rows));
        assert_eq!(type_2(&words, 2101.0), Ok(None));
        assert_eq!(type_2(&words, 99.0), Ok(None));
    }

    #[test]
    fn the_number_of_spin_intervals_follows_from_the_length() {
        for n in [1, 2, 99, 100, 101, 200, 201, 12345] {
            assert_eq!(type_2_count(10 * n + (n - 1) / 100), Some(n));
        }
        assert_eq!(type_2_count(0), None);
        assert_eq!(type_2_count(11), None);
    }

    fn three_moments(starts: &[f64]) -> Vec<f64> {
        let mut words = [about_z(0.1), about_z(0.2), about_z(0.4)].concat();
        words.extend([100.0, 200.0, 300.0]);
        words.extend(starts);
        words.extend([starts.len() as f64, 3.0]);
        words
    }

    #[test]
    fn interpolation_stays_inside_its_interval() {
        let one = three_moments(&[100.0]);
        for (ticks, expected) in [(100.0, 0.1), (150.0, 0.15), (250.0, 0.3), (300.0, 0.4)] {
            let rows = type_3(&one, 4, ticks).expect("sound").expect("inside");
            assert!((angle_rad(&rows) - expected).abs() < 1e-15, "{ticks}");
        }
        let two = three_moments(&[100.0, 300.0]);
        assert_eq!(type_3(&two, 4, 250.0), Ok(None));
        assert!(type_3(&two, 4, 300.0).expect("sound").is_some());
        assert!(type_3(&two, 4, 150.0).expect("sound").is_some());
    }

    proptest! {
        #[test]
        fn interpolation_takes_the_short_way_at_constant_rate(a in -1.5..1.5f64, b in -1.5..1.5f64, f in 0.0..1.0f64) {
            let flipped = about_z(b).map(|c| -c);
            for end in [about_z(b), flipped] {
                let rows = of_quaternion(slerp(about_z(a), end, f)).expect("unit");
                prop_assert!((angle_rad(&rows) - (a + f * (b - a))).abs() < 1e-14);
            }
        }

        #[test]
        fn damaged_words_never_panic(at in 0usize..20, length in 0usize..20,
            value in prop_oneof![proptest::num::f64::ANY, (0.0..30.0f64).prop_map(f64::round)], ticks in proptest::num::f64::ANY) {
            let mut words = three_moments(&[100.0, 300.0]);
            if let Some(word) = words.get_mut(at) { *word = value; }
            for words in [&words[..], &words[..length.min(words.len())]] {
                let _ = type_1(words, 4, ticks);
                let _ = type_2(words, ticks);
                let _ = type_3(words, 7, ticks);
            }
        }
    }
}
