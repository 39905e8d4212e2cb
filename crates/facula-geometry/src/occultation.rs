// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether one body covers another: full, annular, partial.
//!
//! In: two ellipsoids around an observer, or a [`View`] and two targets. Out: an [`Overlap`].
//!
//! # Source
//! NAIF, header of `OCCULT`. The transformation that makes one of the ellipsoids a sphere keeps limbs limbs, so its
//! apparent outline is a circle and the other's limb is compared with a cone.

use facula_core::{Ellipsoid, Icrf, Rotation, Vec3};

use crate::GeometryError;
use crate::observe::{Moment, Target, View};

/// How one body covers another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overlap {
    /// Apart in the sky.
    Apart,
    /// The front body covers part of the other, and part of it stands out.
    Partial,
    /// The front body is wholly inside the outline of the other: a transit.
    Annular,
    /// The front body covers the other wholly.
    Full,
}

/// A body in the sky of the observer.
#[derive(Debug, Clone, Copy)]
pub struct Apparent {
    /// From the observer to its centre, km; zero radii make a point.
    pub center_km: Vec3<Icrf>,
    /// Its semi-axes as vectors, km.
    pub semi_axes_km: [Vec3<Icrf>; 3],
}

/// Samples of a limb in which its extremes are bracketed, and steps of refinement.
const SAMPLES: u32 = 24;
const REFINEMENTS: u32 = 40;

impl Apparent {
    /// An ellipsoid at a place, turned.
    pub fn new(
        center_km: Vec3<Icrf>,
        icrf_from_body: Rotation<Icrf, facula_core::BodyFixed>,
        ellipsoid: &Ellipsoid,
    ) -> Self {
        let axis = |x, y, z| icrf_from_body * Vec3::new(x, y, z);
        Self {
            center_km,
            semi_axes_km: [
                axis(ellipsoid.a_km, 0.0, 0.0),
                axis(0.0, ellipsoid.b_km, 0.0),
                axis(0.0, 0.0, ellipsoid.c_km),
            ],
        }
    }

    /// Components along the semi-axes, in units of them: the body becomes a unit sphere.
    fn scaled(&self, v: Vec3<Icrf>) -> Vec3<Icrf> {
        let along = |axis: Vec3<Icrf>| v.dot(axis) / axis.dot(axis);
        let [a, b, c] = self.semi_axes_km;
        Vec3::new(along(a), along(b), along(c))
    }

    /// The limb seen from the observer: centre and two generating vectors; `None` from inside.
    fn limb(&self) -> Option<[Vec3<Icrf>; 3]> {
        let seen = self.scaled(-self.center_km);
        let square = seen.dot(seen);
        if !(square > 1.0) {
            return None;
        }
        let (u, w) = crate::ellipsoid::across(seen.unit()?)?;
        let radius = (1.0 - 1.0 / square).sqrt();
        let stretch = |v: Vec3<Icrf>| {
            let [a, b, c] = self.semi_axes_km;
            a * v.x + b * v.y + c * v.z
        };
        Some([self.center_km + stretch(seen * (1.0 / square)), stretch(u * radius), stretch(w * radius)])
    }

    /// Whether the line from the observer in a direction meets the body in front of the observer.
    fn meets(&self, direction: Vec3<Icrf>) -> bool {
        let (c, d) = (self.scaled(self.center_km), self.scaled(direction));
        let along = c.dot(d);
        let miss = c - d * (along / d.dot(d));
        along > 0.0 && miss.dot(miss) <= 1.0
    }
}

/// How the nearer of two ellipsoids (by the distance of the centres) covers the other; `None` for an observer inside
/// one of them.
pub fn overlap(front: &Apparent, back: &Apparent) -> Option<Overlap> {
    // The larger one in the sky becomes the sphere: its outline is then the simpler of the two.
    let size = |body: &Apparent| {
        body.semi_axes_km.iter().map(|a| a.length()).fold(0.0, f64::max) / body.center_km.length()
    };
    // Most moments of a search are far from any contact: bounding cones settle them.
    let apart_rad = front.center_km.angle_rad(back.center_km);
    let cones_rad = size(front).min(1.0).asin() + size(back).min(1.0).asin();
    front.limb()?;
    if apart_rad > cones_rad {
        return Some(Overlap::Apart);
    }
    let limb = back.limb()?;
    // In units of the front body's axes it is a sphere, seen as a cone about `axis`.
    let axis = front.scaled(front.center_km);
    let cone_rad = (1.0 / axis.length()).min(1.0).asin();
    let limb = limb.map(|v| front.scaled(v));
    let away_rad = |t: f64| {
        let (sin, cos) = t.sin_cos();
        (limb[0] + limb[1] * cos + limb[2] * sin).angle_rad(axis)
    };
    let nearest_rad = extreme(away_rad);
    let axis_inside = back.meets(front.center_km);
    if !axis_inside && nearest_rad > cone_rad {
        return Some(Overlap::Apart);
    }
    if axis_inside && nearest_rad >= cone_rad {
        return Some(Overlap::Annular);
    }
    let farthest_rad = -extreme(|t| -away_rad(t));
    Some(if farthest_rad <= cone_rad { Overlap::Full } else { Overlap::Partial })
}

/// The least value of a smooth function of an angle.
fn extreme(f: impl Fn(f64) -> f64) -> f64 {
    let step = std::f64::consts::TAU / f64::from(SAMPLES);
    let best = (0..SAMPLES).min_by(|&i, &j| f(f64::from(i) * step).total_cmp(&f(f64::from(j) * step)));
    let middle = f64::from(best.unwrap_or(0)) * step;
    // Golden section: each step keeps 0.618 of the bracket; 40 of them leave 1e-9, and the value errs by its square.
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (middle - step, middle + step);
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..REFINEMENTS {
        if fa < fb {
            (high, b, fb) = (b, a, fa);
            a = high - GOLDEN * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + GOLDEN * (high - low);
            fb = f(b);
        }
    }
    fa.min(fb)
}

impl View<'_> {
    /// How `front` covers `back` as the observer sees them; [`Overlap::Apart`] when `front` is the farther one. Light time
    /// counts, stellar aberration does not: it turns both alike but for a millionth, and SPICE leaves it out.
    ///
    /// # Errors
    /// [`GeometryError::Spice`] when the kernels do not cover it, [`GeometryError::NoSurface`] from inside a body.
    ///
    /// # Source
    /// SPICE `OCCULT`, `GFOCLT` with ellipsoids.
    pub fn occultation(&self, front: &Target<'_>, back: &Target<'_>) -> Result<Overlap, GeometryError> {
        let (near, far) = (self.apparent(front)?, self.apparent(back)?);
        if near.center_km.length() > far.center_km.length() {
            return Ok(Overlap::Apart);
        }
        overlap(&near, &far).ok_or(GeometryError::NoSurface { body: front.naif_id })
    }

    fn apparent(&self, target: &Target<'_>) -> Result<Apparent, GeometryError> {
        let moment = Moment::of(self)?;
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, moment.without_stellar())?;
        let rotation = moment.body_from_icrf(target, moment.shifted_s(seen.light_time_s))?;
        Ok(Apparent::new(seen.position_km, rotation.inverse(), &target.ellipsoid))
    }

    /// Whether a body is in the shadow of another: `Full` in the umbra, `Annular` in the antumbra, `Partial` in the
    /// penumbra of its centre. `sun` is the Sun as a target; the observer of this view is the place in the shadow.
    ///
    /// # Errors
    /// As [`View::occultation`].
    pub fn eclipse(&self, by: &Target<'_>, sun: &Target<'_>) -> Result<Overlap, GeometryError> {
        self.occultation(by, sun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sphere(x_km: f64, y_km: f64, radius_km: f64) -> Apparent {
        let ellipsoid = Ellipsoid::new(radius_km, radius_km, radius_km).unwrap();
        Apparent::new(Vec3::new(x_km, y_km, 0.0), Rotation::identity(), &ellipsoid)
    }

    #[test]
    fn spheres_touch_where_their_angular_radii_add_up() {
        let back = sphere(1000.0, 0.0, 100.0);
        let at = |angle_rad: f64, radius_km: f64| {
            let (sin, cos) = angle_rad.sin_cos();
            overlap(&sphere(500.0 * cos, 500.0 * sin, radius_km), &back).unwrap()
        };
        let sum_rad = 0.1f64.asin() + (20.0f64 / 500.0).asin();
        let difference_rad = 0.1f64.asin() - (20.0f64 / 500.0).asin();
        assert_eq!(at(sum_rad + 1e-11, 20.0), Overlap::Apart);
        assert_eq!(at(sum_rad - 1e-11, 20.0), Overlap::Partial);
        assert_eq!(at(difference_rad + 1e-11, 20.0), Overlap::Partial);
        assert_eq!(at(difference_rad - 1e-11, 20.0), Overlap::Annular);
        let cover_rad = (80.0f64 / 500.0).asin() - 0.1f64.asin();
        assert_eq!(at(cover_rad - 1e-11, 80.0), Overlap::Full);
        assert_eq!(at(cover_rad + 1e-11, 80.0), Overlap::Partial);
    }

    #[test]
    fn an_observer_inside_has_no_answer() {
        assert!(overlap(&sphere(1.0, 0.0, 100.0), &sphere(1000.0, 0.0, 1.0)).is_none());
    }
}
