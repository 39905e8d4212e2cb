// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes trajectories (SPK type 13) and attitudes (CK type 3), for plans and refined pointing to go back to SPICE.
//!
//! In: samples. Out: the bytes of a kernel any SPICE program reads; hand them to [`facula_core::write_aside`].
//!
//! # Source
//! NAIF, "SPK Required Reading", type 13 (Hermite interpolation, unequal steps) and "CK Required Reading", type 3
//! (linear interpolation of attitudes inside intervals).

use facula_core::{Icrf, Rotation, Spacecraft, Vec3};

use crate::clock::Clock;
use crate::daf::DafKind;
use crate::daf::write::{Array, write_arrays};
use crate::error::SpiceError;
use crate::kernels::Kernels;
use crate::spk::interpolation::MAX_WINDOW;

/// Samples per word of the directories.
const DIRECTORY: usize = 100;
/// Highest degree SPICE's readers accept for type 13.
const MAX_DEGREE: usize = 27;
/// Number of J2000 as a reference frame.
const J2000: i32 = 1;

/// A body's states at its epochs, ICRF axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// Name of the segment, at most 40 characters.
    pub name: String,
    /// NAIF number of the body.
    pub target: i32,
    /// NAIF number of the body the states are relative to.
    pub center: i32,
    /// Degree of the interpolating polynomials, odd, 1 to 27; 7 is usual.
    pub degree: usize,
    /// Samples in rising order; at least (degree + 1) / 2.
    pub samples: Vec<StateSample>,
}

/// One sample of a [`Trajectory`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateSample {
    /// Ephemeris time (TDB seconds past J2000).
    pub et_s: f64,
    /// Position relative to the centre, km.
    pub position_km: Vec3<Icrf>,
    /// Rate of the position, km/s.
    pub velocity_km_s: Vec3<Icrf>,
}

/// A structure's attitudes in one or more intervals without gaps, relative to J2000.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointing {
    /// Name of the segment, at most 40 characters.
    pub name: String,
    /// NAIF number of the structure (−203000 is Dawn's bus, −203120 its camera FC2).
    pub structure: i32,
    /// NAIF number of the spacecraft whose clock counts the ticks (−203).
    pub clock: i32,
    /// Intervals in rising order; inside one the attitudes are joined, between two there is a gap.
    pub intervals: Vec<Vec<AttitudeSample>>,
}

/// One sample of a [`Pointing`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttitudeSample {
    /// Ephemeris time (TDB seconds past J2000).
    pub et_s: f64,
    /// Turns components in ICRF axes to components in the structure's frame.
    pub structure_from_icrf: Rotation<Spacecraft, Icrf>,
    /// Angular velocity of the structure in ICRF axes, rad/s.
    pub spin_rad_s: Vec3<Icrf>,
}

/// The bytes of an SPK file of type 13. `title` is the internal name (60 characters are kept); `comment`, for the
/// comment area, says who made the file and from what.
///
/// # Errors
/// [`SpiceError::Argument`] for samples that do not rise or are too few, an impossible degree, text that is not ASCII.
pub fn write_trajectories(
    title: &str,
    comment: &str,
    segments: &[Trajectory],
) -> Result<Vec<u8>, SpiceError> {
    let arrays: Vec<Array> = segments.iter().map(hermite).collect::<Result<_, _>>()?;
    write_arrays(DafKind::Spk, [title, &ended(comment)], &arrays)
}

/// The bytes of a CK file of type 3 with angular velocities. `kernels` hold the clocks; otherwise as
/// [`write_trajectories`].
///
/// # Errors
/// [`SpiceError::Argument`] for samples that do not rise by the clock or are none, text that is not ASCII;
/// [`SpiceError::NoCoverage`] without the clock.
pub fn write_pointings(
    kernels: &Kernels,
    title: &str,
    comment: &str,
    segments: &[Pointing],
) -> Result<Vec<u8>, SpiceError> {
    let arrays: Vec<Array> = segments.iter().map(|s| attitudes(kernels, s)).collect::<Result<_, _>>()?;
    write_arrays(DafKind::Ck, [title, &ended(comment)], &arrays)
}

/// SPICE's reader wants an end after the last line too.
pub(crate) fn ended(comment: &str) -> String {
    if comment.is_empty() || comment.ends_with('\n') { comment.to_string() } else { format!("{comment}\n") }
}

fn wrong(name: &'static str, segment: &str, expected: &str) -> SpiceError {
    SpiceError::Argument { name, value: format!("segment {segment:?}"), expected: expected.to_string() }
}

/// Every hundredth of the numbers, the last one left out when it would be it.
fn directory(numbers: &[f64]) -> impl Iterator<Item = f64> {
    let count = numbers.len().saturating_sub(1) / DIRECTORY;
    numbers.iter().skip(DIRECTORY - 1).step_by(DIRECTORY).take(count).copied()
}

fn rises(numbers: &[f64]) -> bool {
    numbers.iter().all(|x| x.is_finite()) && numbers.windows(2).all(|pair| pair[0] < pair[1])
}

fn hermite(segment: &Trajectory) -> Result<Array, SpiceError> {
    let window = segment.degree.div_ceil(2);
    if segment.degree.is_multiple_of(2) || segment.degree > MAX_DEGREE || window > MAX_WINDOW {
        return Err(wrong("degree", &segment.name, "an odd degree from 1 to 27"));
    }
    if segment.samples.len() < window.max(2) {
        return Err(wrong("samples", &segment.name, "at least (degree + 1) / 2 samples, and two"));
    }
    let epochs_s: Vec<f64> = segment.samples.iter().map(|sample| sample.et_s).collect();
    let finite = |s: &StateSample| s.position_km.is_finite() && s.velocity_km_s.is_finite();
    if !rises(&epochs_s) || !segment.samples.iter().all(finite) {
        return Err(wrong("samples", &segment.name, "finite states at epochs that rise"));
    }
    let mut words: Vec<f64> = Vec::with_capacity(7 * epochs_s.len() + 2);
    for sample in &segment.samples {
        words.extend(sample.position_km.to_array());
        words.extend(sample.velocity_km_s.to_array());
    }
    words.extend(&epochs_s);
    words.extend(directory(&epochs_s));
    words.extend([(window - 1) as f64, epochs_s.len() as f64]);
    Ok(Array {
        name: segment.name.clone(),
        bounds: [epochs_s[0], epochs_s[epochs_s.len() - 1]],
        integers: [segment.target, segment.center, J2000, 13],
        words,
    })
}

fn attitudes(kernels: &Kernels, segment: &Pointing) -> Result<Array, SpiceError> {
    let clock = Clock::new(&kernels.pool, segment.clock)?;
    let samples = || segment.intervals.iter().flatten();
    let ticks: Vec<f64> = samples().map(|s| clock.ticks_of_et(s.et_s)).collect::<Result<_, _>>()?;
    if ticks.is_empty() || !rises(&ticks) || !samples().all(|s| s.spin_rad_s.is_finite()) {
        let expected = "at least one sample, finite spins, and ticks of the clock that rise";
        return Err(wrong("samples", &segment.name, expected));
    }
    let mut words: Vec<f64> = Vec::with_capacity(8 * ticks.len() + 3);
    for sample in samples() {
        words.extend(sample.structure_from_icrf.to_quaternion());
        words.extend(sample.spin_rad_s.to_array());
    }
    words.extend(&ticks);
    words.extend(directory(&ticks));
    let mut starts = Vec::new();
    let mut at = 0;
    for interval in segment.intervals.iter().filter(|interval| !interval.is_empty()) {
        starts.push(ticks[at]);
        at += interval.len();
    }
    words.extend(&starts);
    words.extend(directory(&starts));
    words.extend([starts.len() as f64, ticks.len() as f64]);
    Ok(Array {
        name: segment.name.clone(),
        bounds: [ticks[0], ticks[ticks.len() - 1]],
        integers: [segment.structure, J2000, 3, 1],
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count: u32, degree: usize) -> Trajectory {
        let sample = |i| StateSample {
            et_s: 100.0 * f64::from(i),
            position_km: Vec3::new(200.0 * f64::from(i), 1.0, 0.0),
            velocity_km_s: Vec3::new(2.0, 0.0, 0.0),
        };
        Trajectory {
            name: "line".into(),
            target: -9,
            center: 10,
            degree,
            samples: (0..count).map(sample).collect(),
        }
    }

    #[test]
    fn directories_hold_every_hundredth_but_never_the_last() {
        let numbers: Vec<f64> = (1..=300).map(f64::from).collect();
        assert_eq!(directory(&numbers).collect::<Vec<_>>(), [100.0, 200.0]);
        assert_eq!(directory(&numbers[..201]).collect::<Vec<_>>(), [100.0, 200.0]);
        assert_eq!(directory(&numbers[..100]).count(), 0);
    }

    #[test]
    fn impossible_trajectories_are_refused_with_the_reason() {
        let mut falling = line(8, 7);
        falling.samples.swap(2, 3);
        let mut broken = line(8, 7);
        broken.samples[1].position_km.x = f64::NAN;
        for (segment, part) in [
            (line(8, 6), "odd"),
            (line(8, 29), "odd"),
            (line(3, 7), "at least"),
            (falling, "rise"),
            (broken, "finite"),
        ] {
            let error = write_trajectories("t", "c", &[segment]).expect_err(part).to_string();
            assert!(error.contains(part) && error.contains("line"), "{error}");
        }
        assert!(write_trajectories("t", "c", &[]).is_err());
        assert!(write_trajectories("Größe", "c", &[line(8, 7)]).is_err());
    }

    #[test]
    fn a_line_comes_back_from_thirty_segments() {
        let segments: Vec<Trajectory> =
            (0..30).map(|i| Trajectory { target: -100 - i, ..line(8, 3) }).collect();
        let bytes = write_trajectories("many", "made by a test", &segments).expect("sound");
        let kernels = Kernels::from_bytes("many.bsp", &bytes).expect("readable");
        for target in [-100, -124, -125, -129] {
            let state = kernels.state_at(target, 10, 333.0, crate::Correction::None).expect("covered");
            assert!((state.position_km.x - 666.0).abs() < 1e-12, "{state:?}");
        }
    }
}
