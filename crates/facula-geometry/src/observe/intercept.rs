// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a line of sight meets a body.
//!
//! # Source
//! NAIF, header of `SINCPT` (SPICE N0067).

use facula_core::{BodyFixed, Icrf, Rotation, Vec3};

use super::{C_KM_S, Moment, SeenPoint, Target, View, epoch_of_et};
use crate::GeometryError;

/// Light-time iterations for converged corrections, at most.
const CONVERGED_STEPS: u32 = 10;
/// Iterations that look for a first hit with a better light time (converged corrections, others).
const SEARCH_STEPS: (u32, u32) = (3, 1);
/// Rays farther from the centre than this multiple of the body's radius are given up at once.
const MARGIN: f64 = 1.01;

/// A line of sight from the observer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ray {
    /// Name of the frame of [`Self::direction`]: inertial, of the camera, or body-fixed.
    pub frame: String,
    /// Direction, any length.
    pub direction: [f64; 3],
}

/// What changes with the light time.
struct Sight {
    time_s: f64,
    observer_km: Vec3<BodyFixed>,
    rotation: Rotation<BodyFixed, Icrf>,
}

impl View<'_> {
    /// Where a ray from the observer first meets a body; `None` where it misses.
    ///
    /// # Errors
    /// [`GeometryError::Spice`] when the kernels do not cover it; [`GeometryError::Argument`] for a direction of zero
    /// length; [`GeometryError::Unknown`] for a ray's frame whose centre the kernels do not tell.
    ///
    /// # Source
    /// SPICE `SINCPT`.
    pub fn surface_intercept(
        &self,
        target: &Target<'_>,
        ray: &Ray,
    ) -> Result<Option<SeenPoint>, GeometryError> {
        let moment = Moment::of(self)?;
        let seer = moment.barycentric(self.observer, moment.et_s)?;
        let apparent = self.ray_in_icrf(&moment, target, ray)?;
        let look = match moment.rules.stellar {
            true => moment.unaberrated(apparent, seer.velocity_km_s),
            false => apparent,
        };
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, moment.without_stellar())?;
        let time_s = moment.shifted_s(seen.light_time_s);
        let rotation = moment.body_from_icrf(target, time_s)?;
        let first = Sight { time_s, observer_km: -(rotation * seen.position_km), rotation };
        let away_rad = (-first.observer_km).angle_rad(first.rotation * look);
        let reach = MARGIN * target.bounding_radius_km() / first.observer_km.length();
        if reach < 1.0 && away_rad > reach.asin() {
            return Ok(None);
        }
        let at = |time_s: f64| -> Result<Sight, GeometryError> {
            let rotation = moment.body_from_icrf(target, time_s)?;
            let center = moment.barycentric(target.naif_id, time_s)?;
            Ok(Sight { time_s, observer_km: rotation * (seer.position_km - center.position_km), rotation })
        };
        let found = refine(&moment, target, look, first, at)?;
        Ok(found.map(|(sight, (point_km, normal))| {
            let direction = (sight.rotation * apparent).unit().unwrap_or(point_km - sight.observer_km);
            SeenPoint {
                point_km,
                normal,
                epoch: epoch_of_et(sight.time_s),
                from_observer_km: direction * (point_km - sight.observer_km).length(),
            }
        }))
    }

    /// The unit direction of a ray in ICRF axes; a rotating frame counts at the time light leaves its centre.
    fn ray_in_icrf(
        &self,
        moment: &Moment<'_>,
        target: &Target<'_>,
        ray: &Ray,
    ) -> Result<Vec3<Icrf>, GeometryError> {
        let direction: Vec3<Icrf> = Vec3::from_array(ray.direction);
        let unit = direction.unit().ok_or_else(|| GeometryError::Argument {
            subject: "ray".to_string(),
            key: "direction",
            value: format!("{:?}", ray.direction),
        })?;
        let time_s = match self.frame_center(target, &ray.frame)? {
            Some(center) if moment.rules.uses_light_time() && center != self.observer => {
                let seen = moment.seen((center, self.observer), moment.et_s, self.correction)?;
                moment.shifted_s(seen.light_time_s)
            }
            _ => moment.et_s,
        };
        let rotation: Rotation<Icrf, Icrf> =
            self.kernels.rotation("J2000", &ray.frame, epoch_of_et(time_s))?;
        Ok(rotation * unit)
    }

    /// The body a frame is centred at; `None` for an inertial frame.
    fn frame_center(&self, target: &Target<'_>, frame: &str) -> Result<Option<i32>, GeometryError> {
        let name = frame.trim().to_uppercase();
        if name == "J2000" || name == "ECLIPJ2000" {
            return Ok(None);
        }
        if name == target.frame.trim().to_uppercase() {
            return Ok(Some(target.naif_id));
        }
        let number = |variable: String| {
            self.kernels.numbers(&variable).and_then(|n| n.first().map(|value| *value as i32))
        };
        let center = number(format!("FRAME_{name}")).and_then(|id| number(format!("FRAME_{id}_CENTER")));
        center.map(Some).ok_or_else(|| GeometryError::Unknown {
            kind: "centre of frame",
            name: frame.to_string(),
            known: "inertial frames, the target's own, and those of loaded frame kernels".to_string(),
        })
    }
}

type PointNormal = (Vec3<BodyFixed>, Vec3<BodyFixed>);

/// Iterates the light time to the intercept.
fn refine(
    moment: &Moment<'_>,
    target: &Target<'_>,
    look: Vec3<Icrf>,
    first: Sight,
    at: impl Fn(f64) -> Result<Sight, GeometryError>,
) -> Result<Option<(Sight, PointNormal)>, GeometryError> {
    let hit = |sight: &Sight| {
        let direction = (sight.rotation * look).unit()?;
        target.hit(sight.observer_km, direction)
    };
    let mut sight = first;
    let mut found = hit(&sight);
    if !moment.rules.uses_light_time() {
        return Ok(found.map(|point| (Sight { time_s: moment.et_s, ..sight }, point)));
    }
    // A ray at the limb may miss only because the first light time is that of the centre.
    let search = if moment.rules.converged { SEARCH_STEPS.0 } else { SEARCH_STEPS.1 };
    for _ in 0..search {
        if found.is_some() {
            break;
        }
        let near_km = closest_km(target, sight.observer_km, sight.rotation * look);
        sight = at(moment.shifted_s((near_km - sight.observer_km).length() / C_KM_S))?;
        found = hit(&sight);
    }
    for _ in 0..if moment.rules.converged { CONVERGED_STEPS } else { 1 } {
        let Some((point_km, _)) = found else { return Ok(None) };
        let time_s = moment.shifted_s((point_km - sight.observer_km).length() / C_KM_S);
        if moment.rules.converged && time_s == sight.time_s {
            break;
        }
        sight = at(time_s)?;
        found = hit(&sight);
    }
    Ok(found.map(|point| {
        let time_s = moment.shifted_s((point.0 - sight.observer_km).length() / C_KM_S);
        (Sight { time_s, ..sight }, point)
    }))
}

/// The point of the reference ellipsoid's level surface a ray comes closest to: exact for the ray that grazes.
fn closest_km(target: &Target<'_>, observer_km: Vec3<BodyFixed>, look: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
    let along_km = -observer_km.dot(look) / look.dot(look);
    crate::ellipsoid::nearest_point(&target.ellipsoid, observer_km + look * along_km).point_km
}
