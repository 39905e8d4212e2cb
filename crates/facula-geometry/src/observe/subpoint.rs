// SPDX-License-Identifier: MIT OR Apache-2.0
//! The points of a body under an observer and under the Sun.
//!
//! # Source
//! NAIF, headers of `SUBPNT` and `SUBSLR` (SPICE N0067).

use facula_core::{BodyFixed, Vec3, et_s};

use super::moment::Rules;
use super::{C_KM_S, Moment, SUN, SeenPoint, Target, View, epoch_of_et};
use crate::GeometryError;
use crate::ellipsoid::nearest_point;

/// Light-time iterations for converged corrections, at most.
const CONVERGED_STEPS: u32 = 20;

/// What "under" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SubPoint {
    /// The nearest point of the reference ellipsoid, and for a terrain the ground below or above it along the
    /// ellipsoid's normal (SPICE `near point`, `nadir`).
    #[default]
    Near,
    /// Where the line to the centre meets the surface (SPICE `intercept`).
    Intercept,
}

impl View<'_> {
    /// The point of a body under the observer.
    ///
    /// # Errors
    /// [`GeometryError::Spice`] when the kernels do not cover it; [`GeometryError::NoSurface`] when the line to the
    /// centre misses the surface.
    ///
    /// # Source
    /// SPICE `SUBPNT`.
    pub fn sub_observer(&self, target: &Target<'_>, kind: SubPoint) -> Result<SeenPoint, GeometryError> {
        let moment = Moment::of(self)?;
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, self.correction)?;
        let rotation = moment.body_from_icrf(target, moment.shifted_s(seen.light_time_s))?;
        let observer_km = -(rotation * seen.position_km);
        let sub = |observer_km| below(target, kind, observer_km);
        chase(&moment, target, (observer_km, sub(observer_km)?), |observer_km, _| sub(observer_km))
    }

    /// The point of a body under the Sun at the time the observer sees it.
    ///
    /// # Errors
    /// As [`View::sub_observer`].
    ///
    /// # Source
    /// SPICE `SUBSLR`.
    pub fn sub_solar(&self, target: &Target<'_>, kind: SubPoint) -> Result<SeenPoint, GeometryError> {
        let moment = Moment::of(self)?;
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, self.correction)?;
        let time_s = moment.shifted_s(seen.light_time_s);
        let rotation = moment.body_from_icrf(target, time_s)?;
        let observer_km = -(rotation * seen.position_km);
        let sun = moment.seen((SUN, target.naif_id), time_s, self.correction)?;
        let first = below(target, kind, rotation * sun.position_km)?;
        // The observer tells only when the light left; its own motion turns the vector in the end, not the point.
        let still = Moment { rules: Rules { stellar: false, ..moment.rules }, ..moment };
        let mut found = chase(&still, target, (observer_km, first), |_, near| {
            let to_sun_km = moment.sun_over(target, near.point_km, near.time_s)?;
            below(target, kind, to_sun_km + near.point_km)
        })?;
        if moment.rules.stellar {
            found.from_observer_km = moment.ground(target, found.point_km)?.from_observer_km;
        } else if moment.rules.uses_light_time() {
            let time_s = et_s(found.epoch);
            let seer = moment.barycentric(self.observer, moment.et_s)?;
            let center = moment.barycentric(target.naif_id, time_s)?;
            let rotation = moment.body_from_icrf(target, time_s)?;
            found.from_observer_km = found.point_km - rotation * (seer.position_km - center.position_km);
        }
        Ok(found)
    }
}

/// An estimate of a surface point and its time.
#[derive(Clone, Copy)]
struct Near {
    point_km: Vec3<BodyFixed>,
    time_s: f64,
}

type PointNormal = (Vec3<BodyFixed>, Vec3<BodyFixed>);

/// The surface point under a place.
fn below(
    target: &Target<'_>,
    kind: SubPoint,
    from_km: Vec3<BodyFixed>,
) -> Result<PointNormal, GeometryError> {
    let missed = || GeometryError::NoSurface { body: target.naif_id };
    match (kind, target.shape) {
        (SubPoint::Near, None) => {
            let point_km = nearest_point(&target.ellipsoid, from_km).point_km;
            Ok((point_km, target.ellipsoid.normal(point_km)))
        }
        (SubPoint::Near, Some(_)) => {
            let foot_km = nearest_point(&target.ellipsoid, from_km).point_km;
            let down = (foot_km - from_km).unit().ok_or_else(missed)?;
            target.hit(from_km, down).ok_or_else(missed)
        }
        (SubPoint::Intercept, _) => {
            let down = (-from_km).unit().ok_or_else(missed)?;
            target.hit(from_km, down).ok_or_else(missed)
        }
    }
}

/// Moves the epoch to where the light left the surface point, and the point with it.
fn chase(
    moment: &Moment<'_>,
    target: &Target<'_>,
    (mut observer_km, mut found): (Vec3<BodyFixed>, PointNormal),
    find: impl Fn(Vec3<BodyFixed>, Near) -> Result<PointNormal, GeometryError>,
) -> Result<SeenPoint, GeometryError> {
    let done = |from_observer_km, (point_km, normal): PointNormal, time_s| SeenPoint {
        point_km,
        normal,
        epoch: epoch_of_et(time_s),
        from_observer_km,
    };
    if !moment.rules.uses_light_time() {
        return Ok(done(found.0 - observer_km, found, moment.et_s));
    }
    let seer = moment.barycentric(moment.observer, moment.et_s)?;
    let mut time_s = moment.shifted_s((found.0 - observer_km).length() / C_KM_S);
    let mut from_observer_km = found.0 - observer_km;
    for _ in 0..if moment.rules.converged { CONVERGED_STEPS } else { 1 } {
        let rotation = moment.body_from_icrf(target, time_s)?;
        let center = moment.barycentric(target.naif_id, time_s)?;
        observer_km = rotation * (seer.position_km - center.position_km);
        if moment.rules.stellar {
            // The aberration of the point, not of the centre.
            let seen = rotation.inverse() * (found.0 - observer_km);
            let shift = moment.aberrated(seen, seer.velocity_km_s) - seen;
            observer_km = observer_km - rotation * shift;
        }
        found = find(observer_km, Near { point_km: found.0, time_s })?;
        from_observer_km = found.0 - observer_km;
        let next_s = moment.shifted_s((found.0 - observer_km).length() / C_KM_S);
        let moved = next_s != time_s;
        time_s = next_s;
        if !moved {
            break;
        }
    }
    Ok(done(from_observer_km, found, time_s))
}
