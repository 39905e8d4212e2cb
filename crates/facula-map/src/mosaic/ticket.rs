// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of a frame before its pixels: enough to tell whether it may go in, and where it falls.

use facula_core::{Epoch, FrameMeta, Level, Pose};
use facula_geometry::{Camera, Shot};
use twox_hash::XxHash3_64;

use super::quantum::Quantum;
use super::registry::Refusal;
use super::rules::Filters;

/// How far the times of frame and pose may be apart, s: Ceres turns by 0.011° in one.
const SAME_TIME_S: f64 = 1.0;
/// Range of factors that can be called levels of calibration.
const GAINS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// Names of what the numbers of a mosaic are.
const IOVERF: &str = "I/F";
pub(crate) const RELATIVE: &str = "relative brightness";

/// A frame without its pixels.
#[derive(Debug, Clone)]
pub struct ShotTicket {
    /// Identifier, unique within a mosaic.
    pub id: String,
    /// Body it shows, as in [`FrameMeta::target`].
    pub target: String,
    /// Camera and filter.
    pub instrument: String,
    /// Filter.
    pub filter: String,
    /// What its numbers are.
    pub quantity: Level,
    /// Middle of the exposure by its label.
    pub mid_exposure: Epoch,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// The camera.
    pub camera: Camera,
    /// Where it was.
    pub pose: Pose,
    /// Name of its scale level (orbit); by its pixel scale when there is none.
    pub scale_level: Option<String>,
    /// Factor on its brightness, 0.1 to 10; 1 leaves it.
    pub gain: f64,
}

impl ShotTicket {
    /// The ticket of a frame in memory, with no level named and a gain of 1.
    pub fn of(shot: &Shot) -> Self {
        Self::new(&shot.frame.meta, shot.camera.clone(), shot.pose)
    }

    /// The ticket of a frame yet to be read; what its numbers will be stands in `meta.level`.
    pub fn new(meta: &FrameMeta, camera: Camera, pose: Pose) -> Self {
        Self {
            id: meta.id.clone(),
            target: meta.target.clone(),
            instrument: meta.instrument.clone(),
            filter: meta.filter.clone(),
            quantity: meta.level,
            mid_exposure: meta.mid_exposure,
            exposure_s: meta.exposure_s,
            camera,
            pose,
            scale_level: None,
            gain: 1.0,
        }
    }

    /// Hash of the identifier, to break ties.
    pub(crate) fn key(&self) -> u64 {
        XxHash3_64::oneshot(self.id.as_bytes())
    }

    /// Hash of all that is known, to choose among frames of one identifier.
    pub(crate) fn fingerprint(&self) -> u64 {
        XxHash3_64::oneshot(format!("{self:?}").as_bytes())
    }

    /// Day of the exposure, since 1950-01-01, 1 to 65535 (2129).
    pub(crate) fn day(&self) -> u16 {
        let days = facula_core::et_s(self.mid_exposure) / 86_400.0 + DAYS_1950_TO_J2000;
        days.floor().clamp(1.0, 65_535.0) as u16
    }

    /// Unit of its values.
    pub(crate) fn quantum(&self) -> Quantum {
        Quantum::of(self.quantity)
    }

    /// What it must share with the other frames of a mosaic.
    pub(crate) fn constants(&self, filters: Filters) -> Vec<(String, String)> {
        let quantity = if self.quantity == Level::IOverF { IOVERF } else { RELATIVE };
        let text = format!("{:?}", self.camera);
        let Camera { width_px, height_px, focal_length_mm, .. } = &self.camera;
        let camera = format!(
            "{} of {width_px} x {height_px} px, f = {focal_length_mm} mm, fingerprint {:016x}",
            self.camera.name,
            XxHash3_64::oneshot(text.as_bytes())
        );
        let mut all = vec![
            ("quantity".to_string(), quantity.to_string()),
            (format!("camera {} {}", self.instrument, self.filter), camera),
        ];
        let body = body_name(&self.target);
        if !body.is_empty() {
            all.push(("body".to_string(), body));
        }
        if filters == Filters::One {
            all.push(("filter".to_string(), self.filter.clone()));
        }
        all
    }

    /// What is wrong with it by itself.
    pub(crate) fn problem(&self) -> Option<Refusal> {
        let refuse = |message: String, hint: &'static str| Some(Refusal { message, hint });
        if let Some(refusal) = pose_problem(&self.pose) {
            return Some(refusal);
        }
        let apart_s = (self.pose.mid_exposure - self.mid_exposure).to_seconds().abs();
        if !(apart_s <= SAME_TIME_S) {
            let message = format!("its pose is for a time {apart_s:.1} s from its exposure; left out");
            return refuse(message, "give the pose at the middle of the exposure");
        }
        // Pictures without calibration may not tell their exposure.
        if self.quantity == Level::IOverF && !(self.exposure_s > 0.0 && self.exposure_s.is_finite()) {
            let message = format!("an exposure of {} s cannot give I/F; left out", self.exposure_s);
            return refuse(message, "check the exposure time in its label");
        }
        if !GAINS.contains(&self.gain) {
            let message = format!("gain {} is not between 0.1 and 10; left out", self.gain);
            return refuse(message, "check the levels fitted to the overlaps");
        }
        None
    }
}

/// Whether a pose places camera and Sun, or what is wrong.
pub(crate) fn pose_problem(pose: &Pose) -> Option<Refusal> {
    let placed = pose.spacecraft_km.is_finite() && pose.spacecraft_km.length() > 0.0;
    if placed && pose.sun_km.is_finite() && pose.sun_km.length() > 0.0 {
        return None;
    }
    let message = "position of camera or Sun is not a number; left out".to_string();
    Some(Refusal { message, hint: "check the frame's pose" })
}

/// Days from 1950-01-01 00:00 to J2000 (2000-01-01 12:00); the minute between UTC and ET does not matter to a day.
const DAYS_1950_TO_J2000: f64 = 18_262.5;

/// A target as archives write it, `1 CERES` or `ceres`, as one name; empty when unknown.
fn body_name(target: &str) -> String {
    let name = target.trim().to_ascii_lowercase();
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace()).to_string();
    if ["unk", "unknown", "n/a", "none", "null"].contains(&name.as_str()) { String::new() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_one_name_however_archives_write_them() {
        assert_eq!(
            ["1 CERES", "ceres", " Ceres ", "UNKNOWN"].map(body_name),
            ["ceres", "ceres", "ceres", ""]
        );
    }

    #[test]
    fn days_count_from_1950() {
        let noon = facula_core::parse_utc("1950-01-11T12:00:00").unwrap();
        let day = facula_core::et_s(noon) / 86_400.0 + DAYS_1950_TO_J2000;
        assert_eq!(day.floor(), 10.0);
    }
}
