// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Sun as a clock: local true solar time, the season, the sub-solar place.
//!
//! # Source
//! NAIF, headers of `ET2LST` and `LSPCN`.

use std::f64::consts::TAU;

use facula_core::{BodyFixed, Epoch, Icrf, LonLat, Rotation, Vec3, et_s};
use facula_spice::{Correction, Kernels};

use crate::GeometryError;
use crate::coordinates::{Spin, signed_rad, spin};
use crate::observe::{SUN, Target};

/// The Sun seen from the centre of a body (light time and stellar aberration), body-fixed at the epoch, km.
///
/// # Errors
/// [`GeometryError::Spice`] when the kernels do not cover it.
pub fn sun_km(
    kernels: &Kernels,
    target: &Target<'_>,
    epoch: Epoch,
) -> Result<Vec3<BodyFixed>, GeometryError> {
    let sun = kernels.state(SUN, target.naif_id, epoch, Correction::LightTimeStellar)?;
    let body_from_icrf: Rotation<BodyFixed, Icrf> = kernels.rotation(&target.frame, "J2000", epoch)?;
    Ok(body_from_icrf * sun.position_km)
}

/// Local true solar time at an east longitude, hours in [0, 24): 12 when the Sun stands on the meridian.
///
/// # Errors
/// [`GeometryError::Spice`] when the kernels do not cover it, [`GeometryError::Argument`] without the body's rotation.
///
/// # Source
/// SPICE `ET2LST` with planetocentric longitude, before its rounding down to seconds.
pub fn local_solar_time_h(
    kernels: &Kernels,
    target: &Target<'_>,
    epoch: Epoch,
    longitude_rad: f64,
) -> Result<f64, GeometryError> {
    let sun_longitude_rad = LonLat::of(sun_km(kernels, target, epoch)?).longitude_rad;
    let ahead_rad = match spin(kernels, target.naif_id)? {
        Spin::Prograde => signed_rad(longitude_rad - sun_longitude_rad),
        Spin::Retrograde => -signed_rad(longitude_rad - sun_longitude_rad),
    };
    Ok((12.0 + 24.0 * ahead_rad / TAU).rem_euclid(24.0))
}

/// Planetocentric longitude of the Sun (Ls), rad in [0, 2π): 0 at the northern spring equinox.
///
/// # Errors
/// [`GeometryError::Spice`] when the kernels do not cover it, [`GeometryError::Argument`] for a body whose orbit and
/// equator are the same plane.
///
/// # Source
/// SPICE `LSPCN`.
pub fn solar_longitude_rad(
    kernels: &Kernels,
    target: &Target<'_>,
    epoch: Epoch,
    correction: Correction,
) -> Result<f64, GeometryError> {
    let body_from_icrf: Rotation<BodyFixed, Icrf> = kernels.rotation(&target.frame, "J2000", epoch)?;
    let pole: Vec3<Icrf> = body_from_icrf.inverse() * Vec3::new(0.0, 0.0, 1.0);
    let orbit = kernels.state(target.naif_id, SUN, epoch, Correction::None)?;
    let same_plane = || GeometryError::Argument {
        subject: format!("season of body {} at {} s past J2000", target.naif_id, et_s(epoch)),
        key: "pole",
        value: format!("{pole:?}, at right angles to the orbit"),
    };
    let normal = orbit.position_km.cross(orbit.velocity_km_s).unit().ok_or_else(same_plane)?;
    let equinox = pole.cross(normal).unit().ok_or_else(same_plane)?;
    let sun = kernels.state(SUN, target.naif_id, epoch, correction)?.position_km;
    let angle_rad = sun.dot(normal.cross(equinox)).atan2(sun.dot(equinox));
    Ok(LonLat::new(angle_rad, 0.0).longitude_rad)
}
