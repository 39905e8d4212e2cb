// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two questions of the pipeline: where the Sun stands over a body, and the pose of a camera.
//!
//! In: kernels, a body, an epoch. Out: vectors and rotations in the body-fixed frame, light time and stellar
//! aberration taken out.
//!
//! # Source
//! NAIF, "SPK Required Reading" (LT+S); the body turns on while the light is under way, so its orientation is
//! that at emission (`SUBPNT`, `SINCPT`: "epoch minus light time").

use facula_core::{Body, BodyFixed, Camera, Epoch, Icrf, Pose, Rotation, Unit, Vec3};

use crate::aberration::Correction;
use crate::error::SpiceError;
use crate::kernels::Kernels;

/// NAIF number of the Sun.
const SUN: i32 = 10;

/// Whose pose, where and when.
#[derive(Debug, Clone, PartialEq)]
pub struct PoseRequest<'a> {
    /// NAIF number of the spacecraft (−203).
    pub spacecraft: i32,
    /// Name of the camera's frame (`DAWN_FC2_FILTER_6`): z along the boresight, x towards growing samples,
    /// y towards growing lines.
    pub camera_frame: String,
    /// The body: its number, pole and spin are used, not the kernels' PCK.
    pub body: &'a Body,
    /// Mid exposure.
    pub mid_exposure: Epoch,
}

/// The Sun as seen from the centre of a body (light time and stellar aberration), in km, in the body-fixed
/// frame of the epoch.
///
/// # Errors
/// [`SpiceError::NoCoverage`] when the kernels do not cover body or Sun.
pub fn sun_in_body_frame(
    kernels: &Kernels,
    body: &Body,
    epoch: Epoch,
) -> Result<Vec3<BodyFixed>, SpiceError> {
    let sun = kernels.state(SUN, body.naif_id, epoch, Correction::LightTimeStellar)?;
    Ok(body.body_from_icrf(epoch) * sun.position_km)
}

/// The pose of a camera at mid exposure: the body as it appears from the spacecraft (light time and stellar
/// aberration), its orientation and the Sun over it when the light left it.
///
/// # Errors
/// [`SpiceError::NoCoverage`] names the body, frame or clock the kernels do not cover.
pub fn pose_from_kernels(kernels: &Kernels, request: &PoseRequest<'_>) -> Result<Pose, SpiceError> {
    pose_with(kernels, request, |emission| Ok(request.body.body_from_icrf(emission)))
}

/// As [`pose_from_kernels`], with the body turned by the kernels' own frame `body_frame` (`CERES_FIXED`) and not by
/// the constants of [`PoseRequest::body`], of which only the number counts.
///
/// # Errors
/// As [`pose_from_kernels`].
pub fn pose_in_body_frame(
    kernels: &Kernels,
    request: &PoseRequest<'_>,
    body_frame: &str,
) -> Result<Pose, SpiceError> {
    pose_with(kernels, request, |emission| kernels.rotation(body_frame, "J2000", emission))
}

fn pose_with(
    kernels: &Kernels,
    request: &PoseRequest<'_>,
    body_from_icrf: impl Fn(Epoch) -> Result<Rotation<BodyFixed, Icrf>, SpiceError>,
) -> Result<Pose, SpiceError> {
    let PoseRequest { body, mid_exposure, .. } = *request;
    let seen = kernels.state(body.naif_id, request.spacecraft, mid_exposure, Correction::LightTimeStellar)?;
    let emission = mid_exposure - seen.light_time_s * Unit::Second;
    let body_from_icrf = body_from_icrf(emission)?;
    let sun = kernels.state(SUN, body.naif_id, emission, Correction::LightTimeStellar)?;
    let camera_from_icrf: Rotation<Camera, Icrf> =
        kernels.rotation(&request.camera_frame, "J2000", mid_exposure)?;
    Ok(Pose {
        mid_exposure,
        spacecraft_km: -(body_from_icrf * seen.position_km),
        sun_km: body_from_icrf * sun.position_km,
        camera_from_body: camera_from_icrf * body_from_icrf.inverse(),
    })
}
