// SPDX-License-Identifier: MIT OR Apache-2.0
//! Support data from kernels, as USGS ALE makes them.
//!
//! In: kernels, who took the frame of what and when. Out: [`FrameGeometry`] and [`Isd`].
//!
//! The convention is ALE's: the position is that of the **spacecraft seen from the body** (target spacecraft,
//! observer body, LT+S) at mid exposure, the body is turned as at mid exposure (no light time), the Sun is seen from
//! the body (LT+S). `facula_spice::pose_from_kernels` differs: it sees the body from the spacecraft and turns it as it
//! was when the light left it.
//!
//! # Source
//! DOI-USGS/ale, ale/base/data_naif.py (`sensor_position`, `sun_position`, `frame_chain`, `naif_keywords`).

use facula_core::{BodyFixed, Camera as CameraAxes, Epoch, Icrf, Rotation, Unit, Vec3};
use facula_spice::{Correction, Kernels, SpiceError, State};
use serde_json::{Map, Value, json};

use super::frame::Names;
use super::{FrameGeometry, Isd, LineScale};
use crate::{Camera, GeometryError};

/// NAIF number of the Sun.
const SUN: i32 = 10;
/// Half span of the difference that gives angular velocities, s.
const RATE_STEP_S: f64 = 0.5;
/// Class of frames at a fixed offset from another.
const FIXED_OFFSET: f64 = 4.0;

/// Whose support data, of what, when.
#[derive(Debug, Clone, PartialEq)]
pub struct IsdRequest<'a> {
    /// NAIF number of the spacecraft (−203).
    pub spacecraft: i32,
    /// Name of the camera's frame (`DAWN_FC2_FILTER_6`).
    pub camera_frame: &'a str,
    /// The camera behind that frame.
    pub camera: &'a Camera,
    /// NAIF number of the body (2000001).
    pub body: i32,
    /// Name of its body-fixed frame (`CERES_FIXED`).
    pub body_frame: &'a str,
    /// Mid exposure.
    pub mid_exposure: Epoch,
    /// Spacecraft and camera as the label names them (`DAWN`, `FRAMING CAMERA 2`).
    pub names: [&'a str; 2],
}

impl FrameGeometry {
    /// The geometry of a frame from kernels, in ALE's convention.
    ///
    /// # Errors
    /// [`GeometryError::Spice`] names what the kernels do not cover, [`GeometryError::NoConstant`] the radii when
    /// they have none.
    pub fn from_kernels(kernels: &Kernels, request: &IsdRequest<'_>) -> Result<Self, GeometryError> {
        let epoch = request.mid_exposure;
        let seen = Correction::LightTimeStellar;
        let State { position_km, velocity_km_s, .. } =
            kernels.state(request.spacecraft, request.body, epoch, seen)?;
        let sun = kernels.state(SUN, request.body, epoch, seen)?;
        let path = kernels.frame_path(request.camera_frame, epoch)?;
        let first_turning = path.iter().position(|id| !is_fixed_offset(kernels, *id)).unwrap_or(0);
        let instrument = frame_name(kernels, path[first_turning], request.camera_frame);
        let body_from_icrf: Rotation<BodyFixed, Icrf> =
            kernels.rotation(request.body_frame, "J2000", epoch)?;
        let radii = format!("BODY{}_RADII", request.body);
        let semi_axes_km = match kernels.numbers(&radii) {
            Some([a_km, _, c_km]) => [*a_km, *c_km],
            _ => return Err(GeometryError::NoConstant { variable: radii, known: "load a PCK".into() }),
        };
        Ok(Self {
            camera: request.camera.clone(),
            mid_exposure: epoch,
            position_km,
            velocity_km_s: Some(velocity_km_s),
            sun_km: sun.position_km,
            sun_velocity_km_s: Some(sun.velocity_km_s),
            instrument_from_icrf: kernels.rotation(instrument, "J2000", epoch)?,
            camera_from_instrument: kernels.rotation(request.camera_frame, instrument, epoch)?,
            body_from_icrf,
            angular_velocities: [instrument, request.body_frame]
                .map(|frame| angular_velocity(kernels, frame, epoch).ok()),
            semi_axes_km,
            names: Names {
                platform: request.names[0].to_string(),
                sensor: request.names[1].to_string(),
                constant_frames: if first_turning > 0 { path[..=first_turning].to_vec() } else { Vec::new() },
                instrument_frames: path[first_turning..].to_vec(),
                body_frames: kernels.frame_path(request.body_frame, epoch)?,
            },
        })
    }
}

impl Isd {
    /// The support data of a frame from kernels, with the constants of instrument and body (`naif_keywords`), as
    /// ALE writes them.
    ///
    /// # Errors
    /// As [`FrameGeometry::from_kernels`] and [`FrameGeometry::to_isd`].
    pub fn from_kernels(
        kernels: &Kernels,
        request: &IsdRequest<'_>,
        line_scale: LineScale,
    ) -> Result<Self, GeometryError> {
        let mut isd = FrameGeometry::from_kernels(kernels, request)?.to_isd(line_scale)?;
        let path = kernels.frame_path(request.camera_frame, request.mid_exposure)?;
        isd.set("naif_keywords", keywords(kernels, path[0], request.body));
        Ok(isd)
    }
}

/// The variables whose names hold the number of the instrument or the body; single values without a list.
fn keywords(kernels: &Kernels, instrument: i32, body: i32) -> Value {
    let mut found = Map::new();
    found.insert("BODY_CODE".into(), json!(body));
    found.insert("BODY_FRAME_CODE".into(), json!(body));
    let mut collect = |prefix: String| {
        for name in kernels.variables(&prefix) {
            let value = match (kernels.numbers(name), kernels.texts(name)) {
                (Some([one]), _) => json!(one),
                (Some(many), _) => json!(many),
                (_, Some([one])) => json!(one),
                (_, Some(many)) => json!(many),
                _ => continue,
            };
            found.insert(name.to_string(), value);
        }
    };
    for prefix in ["INS", "FRAME_", "TKFRAME_"] {
        collect(format!("{prefix}{instrument}_"));
    }
    for prefix in ["BODY", "FRAME_", "OBJECT_"] {
        collect(format!("{prefix}{body}_"));
    }
    Value::Object(found)
}

fn is_fixed_offset(kernels: &Kernels, frame: i32) -> bool {
    kernels.numbers(&format!("FRAME_{frame}_CLASS")) == Some(&[FIXED_OFFSET])
}

fn frame_name<'a>(kernels: &'a Kernels, frame: i32, otherwise: &'a str) -> &'a str {
    kernels.texts(&format!("FRAME_{frame}_NAME")).and_then(|t| t.first()).map_or(otherwise, String::as_str)
}

/// Angular velocity of a frame, rad/s, J2000 components, by the difference of its attitudes half a second before
/// and after. (ALE takes the interpolated rates of the attitude kernel, which are measured ones.)
fn angular_velocity(kernels: &Kernels, frame: &str, epoch: Epoch) -> Result<Vec3<Icrf>, SpiceError> {
    let at = |step_s: f64| -> Result<Rotation<CameraAxes, Icrf>, SpiceError> {
        kernels.rotation(frame, "J2000", epoch + step_s * Unit::Second)
    };
    let (before, now, after) = (at(-RATE_STEP_S)?, at(0.0)?, at(RATE_STEP_S)?);
    let turn = (after * before.inverse()).rows();
    let sine =
        Vec3::<CameraAxes>::new(turn[1][2] - turn[2][1], turn[2][0] - turn[0][2], turn[0][1] - turn[1][0]);
    // The turn of a second is small: its sine is its angle to 1e-10 of it.
    Ok(now.inverse() * (sine * (0.5 / (2.0 * RATE_STEP_S))))
}
