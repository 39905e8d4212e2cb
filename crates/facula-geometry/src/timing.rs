// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the facts of a label to camera and pose: shutter times, filter, kernels.
//!
//! In: plain values a label holds (clock count or start time, exposure, filter) and loaded kernels. Out: mid exposure,
//! [`Camera`], [`Pose`].
//!
//! # Source
//! dawn_fc_v10.ti and ISIS `DawnFcCamera`: mid exposure = clock start + 0.193 s + exposure / 2 (truth case T04).

use facula_core::{Body, Epoch, Pose, Unit};
use facula_spice::{Kernels, PoseRequest, pose_from_kernels};

use crate::{Camera, GeometryError, InstrumentGeometry};

/// Longest exposure accepted, s: a day.
const MAX_EXPOSURE_S: f64 = 86_400.0;

/// When the command to expose was given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FrameStart {
    /// Count of the spacecraft's clock (`488002612:246`, SPACECRAFT_CLOCK_START_COUNT): needs an SCLK kernel, and is
    /// the better one, because labels were made with the clock kernels of their day.
    Clock(String),
    /// UTC of the label (START_TIME).
    Time(Epoch),
}

/// What a label says about when a frame was exposed.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameTiming {
    /// Start.
    pub start: FrameStart,
    /// Delay between the start in the label and the opening of the shutter, s (0.193 for Dawn's cameras).
    pub shutter_delay_s: f64,
    /// Exposure time, s.
    pub exposure_s: f64,
}

/// Which instrument took the frame, by the names and numbers of the kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mission {
    /// Name of the camera in camera files and frames (`dawn_fc2`).
    pub camera: &'static str,
    /// NAIF number of the spacecraft, also that of its clock.
    pub spacecraft: i32,
    /// Name of the camera's frame without the number of the filter (`DAWN_FC2_FILTER_`), or whole when the filters
    /// have no frames of their own.
    pub frame: &'static str,
}

/// The cameras whose kernels are known by name.
///
/// # Source
/// dawn_v15.tf, cas_v40.tf.
const MISSIONS: [Mission; 4] = [
    Mission { camera: "dawn_fc1", spacecraft: -203, frame: "DAWN_FC1_FILTER_" },
    Mission { camera: "dawn_fc2", spacecraft: -203, frame: "DAWN_FC2_FILTER_" },
    Mission { camera: "cassini_iss_nac", spacecraft: -82, frame: "CASSINI_ISS_NAC" },
    Mission { camera: "cassini_iss_wac", spacecraft: -82, frame: "CASSINI_ISS_WAC" },
];

impl Mission {
    /// The mission of a camera by its name, any case.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] with the list of names.
    pub fn of_camera(camera: &str) -> Result<Self, GeometryError> {
        MISSIONS.into_iter().find(|mission| mission.camera.eq_ignore_ascii_case(camera.trim())).ok_or_else(
            || GeometryError::Unknown {
                kind: "camera with kernels",
                name: camera.to_string(),
                known: MISSIONS.map(|mission| mission.camera).join(", "),
            },
        )
    }

    /// Name of the frame of a filter (`F6`, `6`, `FILTER 6` for Dawn).
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] for a filter without a number where the frames are numbered.
    pub fn camera_frame(&self, filter: &str) -> Result<String, GeometryError> {
        if !self.frame.ends_with('_') {
            return Ok(self.frame.to_string());
        }
        let digits: String = filter.chars().filter(char::is_ascii_digit).collect();
        let known = (1..=8u32).find(|number| digits == number.to_string());
        known.map(|number| format!("{}{number}", self.frame)).ok_or_else(|| GeometryError::Unknown {
            kind: "filter",
            name: format!("{filter} (camera {})", self.camera),
            known: "F1 to F8".into(),
        })
    }
}

impl FrameTiming {
    /// The middle of the exposure. `clock` is the number of the spacecraft (−203).
    ///
    /// # Errors
    /// [`GeometryError::Spice`] without the clock's kernel or for text that is no count, [`GeometryError::Argument`]
    /// for a negative, absurd or unknown exposure.
    pub fn mid_exposure(&self, kernels: &Kernels, clock: i32) -> Result<Epoch, GeometryError> {
        let bad = |key, value: f64| {
            let subject = "label".to_string();
            Err(GeometryError::Argument { subject, key, value: format!("{value} s") })
        };
        if !(0.0..=MAX_EXPOSURE_S).contains(&self.exposure_s) {
            return bad("exposure", self.exposure_s);
        }
        if !(self.shutter_delay_s.abs() <= MAX_EXPOSURE_S) {
            return bad("shutter delay", self.shutter_delay_s);
        }
        let start = match &self.start {
            FrameStart::Clock(count) => kernels.epoch_of_clock(clock, count)?,
            FrameStart::Time(epoch) => *epoch,
        };
        Ok(start + (self.shutter_delay_s + 0.5 * self.exposure_s) * Unit::Second)
    }
}

/// Camera and pose of a frame from kernels alone: which `camera` (`dawn_fc2`) behind which `filter` (`F6`), when, and
/// over which body (its own constants are used, not the kernels').
///
/// # Errors
/// [`GeometryError::Unknown`] for names, [`GeometryError::NoConstant`] and [`GeometryError::Spice`] for what the
/// kernels lack.
pub fn camera_and_pose(
    kernels: &Kernels,
    (camera, filter): (&str, &str),
    timing: &FrameTiming,
    body: &Body,
) -> Result<(Camera, Pose), GeometryError> {
    let mission = Mission::of_camera(camera)?;
    let camera_frame = mission.camera_frame(filter)?;
    let behind = Camera::from_kernels(kernels, &camera_frame, InstrumentGeometry::default())?;
    let mid_exposure = timing.mid_exposure(kernels, mission.spacecraft)?;
    let request = PoseRequest { spacecraft: mission.spacecraft, camera_frame, body, mid_exposure };
    Ok((Camera { name: mission.camera.to_string(), ..behind }, pose_from_kernels(kernels, &request)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::parse_utc;

    fn timing(exposure_s: f64) -> FrameTiming {
        let start = FrameStart::Time(parse_utc("2015-06-19T16:15:46.345").unwrap());
        FrameTiming { start, shutter_delay_s: 0.193, exposure_s }
    }

    #[test]
    fn the_middle_is_half_the_exposure_after_the_shutter() {
        let mid = timing(1.8).mid_exposure(&Kernels::empty(), -203).unwrap();
        let wanted = parse_utc("2015-06-19T16:15:47.438").unwrap();
        assert!((mid - wanted).to_seconds().abs() < 1e-8);
    }

    #[test]
    fn bad_exposures_and_missing_clocks_are_errors() {
        for exposure_s in [-1.0, f64::NAN, 1e9] {
            let error = timing(exposure_s).mid_exposure(&Kernels::empty(), -203).unwrap_err().to_string();
            assert!(error.contains("exposure"), "{error}");
        }
        let clock = FrameTiming { start: FrameStart::Clock("488002612:246".into()), ..timing(1.0) };
        let error = clock.mid_exposure(&Kernels::empty(), -203).unwrap_err().to_string();
        assert!(error.contains("no clock"), "{error}");
    }

    #[test]
    fn filters_and_cameras_have_their_frames() {
        let dawn = Mission::of_camera("DAWN_FC2").unwrap();
        for filter in ["F6", "6", "filter 6"] {
            assert_eq!(dawn.camera_frame(filter).unwrap(), "DAWN_FC2_FILTER_6");
        }
        assert!(dawn.camera_frame("clear").unwrap_err().to_string().contains("F1 to F8"));
        assert!(dawn.camera_frame("F66").is_err());
        let nac = Mission::of_camera("cassini_iss_nac").unwrap();
        assert_eq!(nac.camera_frame("CL1").unwrap(), "CASSINI_ISS_NAC");
        assert!(Mission::of_camera("pocket").unwrap_err().to_string().contains("dawn_fc2"));
    }
}
