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

/// Angles whose sine [`small_sine`] gives: the first term left out is 0.02⁸ / 9! = 7e-20 of it.
const SMALL_RAD: f64 = 0.02;

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
pub(super) fn type_2(words: &[f64], ticks: f64) -> Result<Option<Kept>, Fault> {
    let count = type_2_count(words.len()).ok_or(Fault::Damaged("a length no number of intervals has"))?;
    let (starts, stops) = (part(words, 8 * count, count)?, part(words, 9 * count, count)?);
    let Some(i) = starts.partition_point(|start| *start <= ticks).checked_sub(1) else { return Ok(None) };
    if stops[i] < ticks {
        return Ok(None);
    }
    let record = part(words, 8 * i, 8)?;
    let spin_rad_s = [record[4], record[5], record[6]];
    let rate_rad_s = dot(spin_rad_s, spin_rad_s).sqrt();
    let motion = Motion::Spun {
        base: attitude(quaternion(words, 8 * i)?)?,
        axis: spin_rad_s.map(|w| if rate_rad_s > 0.0 { w / rate_rad_s } else { 0.0 }),
        rad_tick: rate_rad_s * record[7],
    };
    let next = starts.get(i + 1).copied().unwrap_or(f64::INFINITY);
    Ok(Some(Kept { from: starts[i], below: next, to: stops[i], motion }))
}

/// The part of a segment that answers between two of its moments: kept while requests stay there.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    from: f64,
    below: f64,
    to: f64,
    motion: Motion,
}

/// How a structure turns between two moments.
#[derive(Debug, Clone)]
enum Motion {
    /// At a constant rate, from an attitude.
    Spun { base: Matrix, axis: [f64; 3], rad_tick: f64 },
    /// From one attitude to the next: quaternions of length 1 on the same side, the angle between them as four-vectors
    /// and its sine.
    Joined { quaternions: [Quaternion; 2], angle_rad: f64, sin: f64 },
}

impl Kept {
    /// Whether the segment would take this part for the ticks.
    pub fn holds(&self, ticks: f64) -> bool {
        self.from <= ticks && ticks < self.below && ticks <= self.to
    }

    /// First and last ticks it can answer for.
    pub fn bounds(&self) -> [f64; 2] {
        [self.from, self.to.min(self.below)]
    }

    /// The attitude at ticks the part holds; `None` where the record's numbers give none.
    pub fn structure_from_reference(&self, ticks: f64) -> Option<Matrix> {
        match &self.motion {
            Motion::Spun { base, axis, rad_tick } => {
                let angle_rad = rad_tick * (ticks - self.from);
                if angle_rad == 0.0 {
                    return Some(*base);
                }
                // The structure's axes turn about the spin, so components of fixed vectors turn the other way.
                let (sin, cos) = (0.5 * angle_rad).sin_cos();
                let turned = of_quaternion([cos, axis[0] * sin, axis[1] * sin, axis[2] * sin])?;
                Some(multiply(base, &transpose(&turned)))
            }
            Motion::Joined { quaternions: [a, b], angle_rad, sin } => {
                if *sin <= 0.0 {
                    return of_quaternion(*a);
                }
                let fraction = (ticks - self.from) / (self.to - self.from);
                let sine = if *angle_rad < SMALL_RAD { small_sine } else { f64::sin };
                let early = sine((1.0 - fraction) * angle_rad) / sin;
                let late = sine(fraction * angle_rad) / sin;
                of_quaternion(std::array::from_fn(|k| early * a[k] + late * b[k]))
            }
        }
    }
}

/// Sine of a small angle by its series: neighbouring attitudes are a few mrad apart.
fn small_sine(angle_rad: f64) -> f64 {
    let x2 = angle_rad * angle_rad;
    angle_rad * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0)))
}

/// Ten words an interval and one directory word for each full hundred but the last.
pub(crate) fn type_2_count(length: usize) -> Option<usize> {
    let guess = length * DIRECTORY / (10 * DIRECTORY + 1);
    (guess.saturating_sub(1)..=guess + 1).find(|n| *n > 0 && 10 * n + (n - 1) / DIRECTORY == length)
}

/// Type 3: attitudes joined by interpolation inside intervals; `None` at a lone moment and in a gap.
pub(super) fn type_3(words: &[f64], record: usize, ticks: f64) -> Result<Option<Kept>, Fault> {
    let (times, starts) = type_3_times(words, record)?;
    let after = times.partition_point(|time| *time <= ticks);
    let joined = after > 0 && after < times.len() && {
        // An interval that starts at the later moment leaves a gap before it.
        let begun = starts.partition_point(|start| *start <= times[after]);
        begun > 0 && starts[begun - 1] < times[after]
    };
    if !joined {
        return Ok(None);
    }
    let (before, next) = (quaternion(words, (after - 1) * record)?, quaternion(words, after * record)?);
    let motion = join(before, next).ok_or(Fault::Damaged("a quaternion of no length"))?;
    Ok(Some(Kept { from: times[after - 1], below: times[after], to: times[after], motion }))
}

/// Moments and starts of intervals of type 3.
pub(crate) fn type_3_times(words: &[f64], record: usize) -> Result<(&[f64], &[f64]), Fault> {
    let (intervals, count) = (count_from_end(words, 2)?, count_from_end(words, 1)?);
    let times = part(words, count.saturating_mul(record), count)?;
    let directory = count.saturating_sub(1) / DIRECTORY;
    Ok((times, part(words, count * (record + 1) + directory, intervals)?))
}

/// Type 3 at a moment of its own.
pub(super) fn type_3_moment(words: &[f64], record: usize, ticks: f64) -> Result<Option<Matrix>, Fault> {
    let (times, _) = type_3_times(words, record)?;
    match nearest(times, ticks) {
        Some(i) => attitude(quaternion(words, i * record)?).map(Some),
        None => Ok(None),
    }
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

/// Between two attitudes, the short way, at constant rate; `None` for a quaternion of no length.
fn join(from: Quaternion, to: Quaternion) -> Option<Motion> {
    let normal = |q: Quaternion| {
        let length = q.iter().map(|c| c * c).sum::<f64>().sqrt();
        (length > 0.0 && length.is_finite()).then(|| q.map(|c| c / length))
    };
    let (a, mut b) = (normal(from)?, normal(to)?);
    if a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() < 0.0 {
        b = b.map(|c| -c);
    }
    // Half the chord keeps the digits of small angles.
    let half_chord = 0.5 * a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
    let angle_rad = 2.0 * half_chord.min(1.0).asin();
    Some(Motion::Joined { quaternions: [a, b], angle_rad, sin: angle_rad.sin() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Turned about z by an angle (frame turn: components of a fixed vector go the other way).
    fn about_z(angle_rad: f64) -> Quaternion {
        [(0.5 * angle_rad).cos(), 0.0, 0.0, -(0.5 * angle_rad).sin()]
    }

    fn at(kept: Result<Option<Kept>, Fault>, ticks: f64) -> Option<Matrix> {
        kept.expect("sound").and_then(|kept| kept.structure_from_reference(ticks))
    }

    /// As the segment asks: between moments, else at one.
    fn three(words: &[f64], ticks: f64) -> Option<Matrix> {
        at(type_3(words, 4, ticks), ticks).or(type_3_moment(words, 4, ticks).expect("sound"))
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
        let rows = at(type_2(&words, 1100.0), 1100.0).expect("inside");
        assert!((angle_rad(&rows) - 0.11).abs() < 1e-15, "{}", angle_rad(&rows));
        assert_eq!(at(type_2(&words, 2101.0), 2101.0), None);
        assert_eq!(at(type_2(&words, 99.0), 99.0), None);
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
            let rows = three(&one, ticks).expect("inside");
            assert!((angle_rad(&rows) - expected).abs() < 1e-15, "{ticks}");
        }
        let two = three_moments(&[100.0, 300.0]);
        assert_eq!(three(&two, 250.0), None);
        assert!(three(&two, 300.0).is_some());
        assert!(three(&two, 150.0).is_some());
    }

    #[test]
    fn the_sine_of_small_angles_is_the_sine() {
        for i in 0..=200 {
            let angle_rad = SMALL_RAD * f64::from(i) / 200.0;
            assert!((small_sine(angle_rad) - angle_rad.sin()).abs() <= f64::EPSILON * angle_rad);
        }
    }

    #[test]
    fn a_kept_part_says_where_the_segment_would_take_another() {
        let kept = type_3(&three_moments(&[100.0]), 4, 150.0).expect("sound").expect("inside");
        assert!(kept.holds(100.0) && kept.holds(199.0) && !kept.holds(200.0) && !kept.holds(99.0));
        let spin = [0.0, 0.0, 1e-3, 0.01];
        let words = [about_z(0.1), spin, about_z(0.2), spin].concat();
        let words = [words, vec![100.0, 200.0, 150.0, 300.0]].concat();
        let kept = type_2(&words, 120.0).expect("sound").expect("inside");
        assert!(kept.holds(150.0) && !kept.holds(151.0) && kept.bounds() == [100.0, 150.0]);
    }

    proptest! {
        #[test]
        fn interpolation_takes_the_short_way_at_constant_rate(a in -1.5..1.5f64, b in -1.5..1.5f64, f in 0.0..1.0f64) {
            let flipped = about_z(b).map(|c| -c);
            for end in [about_z(b), flipped] {
                let motion = join(about_z(a), end).expect("unit");
                let kept = Kept { from: 0.0, below: 1.0, to: 1.0, motion };
                let rows = kept.structure_from_reference(f).expect("unit");
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
                let _ = type_2(words, ticks).map(|kept| kept.map(|kept| kept.structure_from_reference(ticks)));
                let _ = type_3(words, 7, ticks).map(|kept| kept.map(|kept| kept.structure_from_reference(ticks)));
                let _ = type_3_moment(words, 4, ticks);
            }
        }
    }
}
