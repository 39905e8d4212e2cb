// SPDX-License-Identifier: MIT OR Apache-2.0
//! From imaging windows to a list of shots.

use facula_core::{Body, BodyFixed, Epoch, Icrf, Pose, Unit, Vec3, north_up, parse_utc};
use facula_geometry::CameraFile;
use facula_photometry::SurfaceModel;
use serde::{Deserialize, Serialize};

use crate::{ArcTime, PolarArc};

/// A run of frames at equal intervals while the camera looks at the centre of the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagingWindow {
    /// Mission phase (`approach`, `rc3`); part of the frames' names.
    pub phase: String,
    /// Mid exposure of the first frame, UTC.
    pub start_utc: String,
    /// Time from the first to the last frame, hours.
    pub duration_h: f64,
    /// Number of frames.
    pub frames: usize,
    /// Filter.
    pub filter: String,
    /// Path of the craft.
    pub arc: PolarArc,
}

/// One frame to be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedShot {
    /// Product identifier of the frame.
    pub id: String,
    /// Mission phase.
    pub phase: String,
    /// Filter.
    pub filter: String,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// Where the camera is meant to be and look at mid exposure.
    pub pose: Pose,
}

/// Frames to be taken, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationPlan {
    /// The shots.
    pub shots: Vec<PlannedShot>,
}

/// Why a plan cannot be made.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// A value outside its range.
    #[error("plan, window {window}: {key} = {value} is not usable")]
    Argument {
        /// Phase of the window.
        window: String,
        /// Key.
        key: &'static str,
        /// Value found.
        value: String,
    },
    /// The Sun's place is not known then.
    #[error("plan, window {window}: no ephemeris of the Sun at {utc}: {reason}")]
    NoCoverage {
        /// Phase of the window.
        window: String,
        /// Epoch, UTC.
        utc: String,
        /// What the ephemeris says.
        reason: String,
    },
    /// The camera has no such filter.
    #[error("plan, window {window}: {reason}")]
    Filter {
        /// Phase of the window.
        window: String,
        /// What the camera says.
        reason: String,
    },
}

/// What a plan is made for.
pub struct PlanInput<'a> {
    /// The body.
    pub body: &'a Body,
    /// The camera.
    pub camera: &'a CameraFile,
    /// The Sun from the body's centre at an epoch, body-fixed, km.
    pub sun_km: &'a dyn Fn(Epoch) -> Result<Vec3<BodyFixed>, String>,
}

/// Brightest contrast to the average surface that an exposure must not saturate. Ceres' faculae reach about 6 in
/// normal albedo (Cerealia Facula 0.5 to 0.6 against 0.09); slopes that face the Sun add to it.
const BRIGHTEST_CONTRAST: f64 = 7.0;
/// Fraction of the converter's range used for the brightest spot.
const FILL: f64 = 0.9;

/// Lays out the shots of all windows, sorted by time.
///
/// # Errors
/// [`PlanError`] naming the window and the value.
pub fn plan_windows(windows: &[ImagingWindow], input: &PlanInput<'_>) -> Result<ObservationPlan, PlanError> {
    let mut shots = Vec::new();
    for window in windows {
        let start = epoch(window, "start_utc", &window.start_utc)?;
        let reference = epoch(window, "arc.reference_utc", &window.arc.reference_utc)?;
        check(window, input)?;
        for k in 0..window.frames {
            let step_h = if window.frames > 1 { window.duration_h / (window.frames - 1) as f64 } else { 0.0 };
            let at = ArcTime { reference, epoch: start + k as f64 * step_h * Unit::Hour };
            let id = format!("FC2SIM_{}_{:03}", window.phase.to_uppercase(), k + 1);
            shots.push(shot(window, input, at, id)?);
        }
    }
    shots.sort_by(|a, b| a.pose.mid_exposure.cmp(&b.pose.mid_exposure).then_with(|| a.id.cmp(&b.id)));
    unique(&mut shots);
    Ok(ObservationPlan { shots })
}

/// Two windows of one phase number their frames on in order of time.
fn unique(shots: &mut [PlannedShot]) {
    let mut counts = std::collections::BTreeMap::new();
    for shot in shots {
        let count = counts.entry(shot.phase.clone()).or_insert(0);
        *count += 1;
        shot.id = format!("FC2SIM_{}_{count:03}", shot.phase.to_uppercase());
    }
}

fn epoch(window: &ImagingWindow, key: &'static str, utc: &str) -> Result<Epoch, PlanError> {
    parse_utc(utc).ok_or_else(|| PlanError::Argument {
        window: window.phase.clone(),
        key,
        value: utc.to_string(),
    })
}

fn check(window: &ImagingWindow, input: &PlanInput<'_>) -> Result<(), PlanError> {
    let bad = |key, value: String| Err(PlanError::Argument { window: window.phase.clone(), key, value });
    if !(1..=100_000).contains(&window.frames) {
        return bad("frames", window.frames.to_string());
    }
    if !(window.duration_h >= 0.0 && window.duration_h.is_finite()) {
        return bad("duration_h", window.duration_h.to_string());
    }
    let surface_km = input.body.ellipsoid().largest_radius_km();
    if !(window.arc.radius_km > surface_km && window.arc.radius_km < 1e9) {
        return bad("arc.radius_km", format!("{} (the body reaches {surface_km} km)", window.arc.radius_km));
    }
    Ok(())
}

fn shot(
    window: &ImagingWindow,
    input: &PlanInput<'_>,
    at: ArcTime,
    id: String,
) -> Result<PlannedShot, PlanError> {
    let sun_km = |epoch: Epoch| {
        (input.sun_km)(epoch).map_err(|reason| PlanError::NoCoverage {
            window: window.phase.clone(),
            utc: facula_core::format_utc(epoch),
            reason,
        })
    };
    let reference_sun: Vec3<Icrf> = input.body.body_from_icrf(at.reference).inverse() * sun_km(at.reference)?;
    let position_km = window.arc.position_km(input.body, at, reference_sun);
    let spacecraft_km = input.body.body_from_icrf(at.epoch) * position_km;
    let pose = Pose {
        mid_exposure: at.epoch,
        spacecraft_km,
        sun_km: sun_km(at.epoch)?,
        camera_from_body: north_up(-spacecraft_km),
    };
    let exposure_s = exposure_s(window, input, &pose)?;
    Ok(PlannedShot { id, phase: window.phase.clone(), filter: window.filter.clone(), exposure_s, pose })
}

/// The longest whole millisecond that keeps the brightest spot at the sub-solar point below saturation.
fn exposure_s(window: &ImagingWindow, input: &PlanInput<'_>, pose: &Pose) -> Result<f64, PlanError> {
    let filter = input
        .camera
        .filter(&window.filter)
        .map_err(|e| PlanError::Filter { window: window.phase.clone(), reason: e.to_string() })?;
    let phase_rad = pose.sun_km.angle_rad(pose.spacecraft_km);
    let model = SurfaceModel::lommel_seeliger(input.body.phase_slope);
    let brightest_iof = BRIGHTEST_CONTRAST * input.body.normal_albedo * model.phase(phase_rad);
    let dn_per_s = filter.detector.dn_per_s_at_unit_iof(pose.sun_distance_au()) * brightest_iof;
    let room_dn = FILL * (filter.detector.saturation_dn() - filter.detector.bias_dn);
    Ok((room_dn / dn_per_s * 1000.0).floor().clamp(1.0, 60_000.0) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Heading;
    use facula_core::LonLat;

    fn window() -> ImagingWindow {
        let arc = PolarArc {
            radius_km: 22_470.0,
            reference_utc: "2015-04-15T00:00:00".into(),
            latitude_deg: 60.0,
            sun_offset_deg: 10.0,
            heading: Heading::Southward,
        };
        ImagingWindow {
            phase: "approach".into(),
            start_utc: "2015-04-15T05:00:00".into(),
            duration_h: 9.0,
            frames: 10,
            filter: "F1".into(),
            arc,
        }
    }

    fn plan(window: ImagingWindow) -> Result<ObservationPlan, PlanError> {
        let (body, camera) = (Body::built_in("ceres").unwrap(), CameraFile::built_in("dawn_fc2").unwrap());
        // The Sun fixed in space at 2.89 au, near the equator of Ceres.
        let sun =
            |epoch: Epoch| Ok(body.body_from_icrf(epoch) * (Vec3::<Icrf>::new(-0.2, 0.8, 0.42) * 4.6e8));
        plan_windows(&[window], &PlanInput { body: &body, camera: &camera, sun_km: &sun })
    }

    #[test]
    fn the_body_is_in_the_middle_with_north_up() {
        let plan = plan(window()).unwrap();
        let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
        for shot in &plan.shots {
            let to_pixel = |point_km: Vec3<BodyFixed>| {
                camera.pixel(shot.pose.camera_from_body * (point_km - shot.pose.spacecraft_km)).unwrap()
            };
            let centre = to_pixel(Vec3::new(0.0, 0.0, 0.0));
            assert!((centre.x_px - 511.5).abs() < 1e-6 && (centre.y_px - 511.5).abs() < 1e-6);
            let north = to_pixel(Vec3::new(0.0, 0.0, 445.94));
            assert!(north.y_px < centre.y_px - 50.0, "north is up");
            let below = shot.pose.sub_spacecraft();
            let east =
                to_pixel(LonLat::new(below.longitude_rad + 0.2, below.latitude_rad).direction() * 460.0);
            assert!(east.x_px > centre.x_px, "east is right");
        }
    }

    #[test]
    fn one_rotation_takes_nine_hours_of_frames() {
        let plan = plan(window()).unwrap();
        let longitudes: Vec<f64> =
            plan.shots.iter().map(|s| s.pose.sub_spacecraft().longitude_deg()).collect();
        let turned: f64 = longitudes.windows(2).map(|w| (w[0] - w[1]).rem_euclid(360.0)).sum();
        assert!((turned - 9.0 / 9.0741698 * 360.0).abs() < 1.0, "{turned}");
        assert_eq!(plan.shots[9].id, "FC2SIM_APPROACH_010");
        assert!(plan.shots.iter().all(|s| s.exposure_s >= 0.001 && s.exposure_s < 1.0));
    }

    #[test]
    fn nonsense_names_window_key_and_value() {
        let mut inside = window();
        inside.arc.radius_km = 100.0;
        assert!(plan(inside).unwrap_err().to_string().contains("arc.radius_km = 100"));
        let none = ImagingWindow { frames: 0, ..window() };
        assert!(plan(none).unwrap_err().to_string().contains("frames = 0"));
        let filter = ImagingWindow { filter: "F77".into(), ..window() };
        assert!(plan(filter).unwrap_err().to_string().contains("F77"));
        let time = ImagingWindow { start_utc: "soon".into(), ..window() };
        assert!(plan(time).unwrap_err().to_string().contains("soon"));
    }
}
