// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quantities geometry events are about, as functions of a [`View`] (its epoch is the time of the question).
//!
//! # Source
//! NAIF, headers of `GFDIST`, `GFSEP`, `GFPA`, `GFILUM`, `GFRFOV`, `GFTFOV`, `GFSUBC`.

use facula_core::{BodyFixed, Camera, Icrf, LonLat, Rotation, Vec3};

use crate::observe::{Moment, SUN, Target, View};
use crate::{Camera as FrameCamera, GeometryError};

/// Distance from the observer to a body, km (`GFDIST`).
///
/// # Errors
/// [`GeometryError::Spice`] when the kernels do not cover it; so for all functions here.
pub fn distance_km(view: &View<'_>, body: i32) -> Result<f64, GeometryError> {
    Ok(center(view, body)?.length())
}

/// Angle between the centres of two bodies, rad (`GFSEP` with points).
///
/// # Errors
/// As [`distance_km`].
pub fn separation_rad(view: &View<'_>, first: i32, second: i32) -> Result<f64, GeometryError> {
    Ok(center(view, first)?.angle_rad(center(view, second)?))
}

/// Angle between the limbs of two bodies as spheres of their largest radius, rad; negative when they overlap (`GFSEP`
/// with spheres).
///
/// # Errors
/// As [`distance_km`].
pub fn limb_separation_rad(
    view: &View<'_>,
    first: &Target<'_>,
    second: &Target<'_>,
) -> Result<f64, GeometryError> {
    let (a, b) = (center(view, first.naif_id)?, center(view, second.naif_id)?);
    let radius_rad = |target: &Target<'_>, at: Vec3<Icrf>| {
        (target.ellipsoid.largest_radius_km() / at.length()).min(1.0).asin()
    };
    Ok(a.angle_rad(b) - radius_rad(first, a) - radius_rad(second, b))
}

/// Phase angle at the centre of a body: between the illuminator and the observer, rad (`GFPA`, `PHASEQ`).
///
/// # Errors
/// As [`distance_km`].
pub fn phase_rad(view: &View<'_>, body: i32, illuminator: i32) -> Result<f64, GeometryError> {
    let moment = Moment::of(view)?;
    let seen = moment.seen((body, view.observer), moment.et_s, view.correction)?;
    let time_s = moment.shifted_s(seen.light_time_s);
    let light = moment.seen((illuminator, body), time_s, view.correction)?;
    Ok(light.position_km.angle_rad(-seen.position_km))
}

/// Incidence of the centre of the Sun at a surface point of the reference ellipsoid, rad (`GFILUM`); 90° is sunrise
/// or sunset.
///
/// # Errors
/// As [`distance_km`].
pub fn incidence_rad(
    view: &View<'_>,
    target: &Target<'_>,
    point_km: Vec3<BodyFixed>,
) -> Result<f64, GeometryError> {
    Ok(view.illumination_at(target, point_km)?.incidence_rad)
}

/// Height of the upper limb of the Sun over the horizon of a surface point, rad: rises and sets at zero.
///
/// # Errors
/// As [`distance_km`].
pub fn sun_limb_height_rad(
    view: &View<'_>,
    target: &Target<'_>,
    point_km: Vec3<BodyFixed>,
) -> Result<f64, GeometryError> {
    let light = view.illumination_at(target, point_km)?;
    let radius_rad = (crate::observe::SUN_RADIUS_KM / light.to_sun_km.length()).asin();
    Ok(std::f64::consts::FRAC_PI_2 - light.incidence_rad + radius_rad)
}

/// Planetocentric place under the observer (`GFSUBC`).
///
/// # Errors
/// As [`distance_km`].
pub fn sub_observer_place(
    view: &View<'_>,
    target: &Target<'_>,
    kind: crate::SubPoint,
) -> Result<LonLat, GeometryError> {
    Ok(LonLat::of(view.sub_observer(target, kind)?.point_km))
}

/// Whether the centre of a body falls on the detector of a camera at the observer (`GFTFOV` with a point).
///
/// # Errors
/// As [`distance_km`].
pub fn in_field_of_view(
    view: &View<'_>,
    camera: &FrameCamera,
    camera_frame: &str,
    body: i32,
) -> Result<bool, GeometryError> {
    let camera_from_icrf: Rotation<Camera, Icrf> =
        view.kernels.rotation(camera_frame, "J2000", view.epoch)?;
    let seen = camera.pixel(camera_from_icrf * center(view, body)?);
    Ok(seen.is_some_and(|at| camera.contains(at)))
}

/// Whether a fixed direction (a star) falls on the detector of a camera (`GFRFOV`); stellar aberration as the view's
/// correction says.
///
/// # Errors
/// As [`distance_km`].
pub fn ray_in_field_of_view(
    view: &View<'_>,
    camera: &FrameCamera,
    camera_frame: &str,
    direction: Vec3<Icrf>,
) -> Result<bool, GeometryError> {
    let moment = Moment::of(view)?;
    let seen = match moment.rules.stellar {
        true => {
            let seer = moment.barycentric(view.observer, moment.et_s)?;
            moment.aberrated(direction, seer.velocity_km_s)
        }
        false => direction,
    };
    let camera_from_icrf: Rotation<Camera, Icrf> =
        view.kernels.rotation(camera_frame, "J2000", view.epoch)?;
    Ok(camera.pixel(camera_from_icrf * seen).is_some_and(|at| camera.contains(at)))
}

/// NAIF number of the Sun, for [`phase_rad`] and [`separation_rad`].
pub const SUN_ID: i32 = SUN;

fn center(view: &View<'_>, body: i32) -> Result<Vec3<Icrf>, GeometryError> {
    Ok(view.kernels.state(body, view.observer, view.epoch, view.correction)?.position_km)
}
