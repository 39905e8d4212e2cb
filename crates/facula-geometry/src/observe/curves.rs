// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limb and terminator as lists of points in half-planes around an axis.
//!
//! # Source
//! NAIF, headers of `LIMBPT` (`TANGENT`, aberration locus `CENTER`), `EDTERM` and `TERMPT`.

use facula_core::{BodyFixed, Vec3};

use super::{Moment, SUN, Target, View};
use crate::GeometryError;
use crate::ellipsoid::{Light, Terminator, limb_point, terminator_point};

/// Radius of the Sun, km.
///
/// # Source
/// `BODY10_RADII` of NAIF's pck00010.tpc and pck00011.tpc (696 000 km, 695 700 km since: IAU 2015 resolution B3); this
/// is the nominal solar radius of the resolution.
pub const SUN_RADIUS_KM: f64 = 695_700.0;

/// Samples over the angle from the centre to beyond the body in which a terrain's limb is bracketed.
const BRACKETS: u32 = 256;
/// Halvings of a bracket: 2⁻⁵⁰ of it is below a millimetre anywhere in the solar system.
const HALVINGS: u32 = 50;

/// Half-planes bounded by an axis, equally spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutPlanes {
    /// A vector in the first half-plane, off the axis.
    pub reference: Vec3<BodyFixed>,
    /// Number of half-planes over a full turn.
    pub count: u32,
}

impl CutPlanes {
    /// The unit vectors at right angles to an axis, one in each half-plane, turning right-handed about it.
    fn directions(&self, axis: Vec3<BodyFixed>) -> Result<Vec<Vec3<BodyFixed>>, GeometryError> {
        let bad = || GeometryError::Argument {
            subject: "cutting half-planes".to_string(),
            key: "reference",
            value: format!("{:?}, which lies on the axis", self.reference),
        };
        let axis = axis.unit().ok_or_else(bad)?;
        let x = (self.reference - axis * axis.dot(self.reference)).unit().ok_or_else(bad)?;
        let y = axis.cross(x);
        let angle = |k: u32| f64::from(k) * std::f64::consts::TAU / f64::from(self.count.max(1));
        Ok((0..self.count).map(|k| x * angle(k).cos() + y * angle(k).sin()).collect())
    }
}

impl View<'_> {
    /// The limb, one point in each half-plane around the line from the observer to the centre, turning right-handed
    /// about the direction from the body to the observer. All points share the light time of the centre. On a terrain
    /// it is the outermost tangent point, found to a millimetre between 256 rays: relief narrower than that may hide.
    ///
    /// # Errors
    /// [`GeometryError::Spice`], [`GeometryError::Argument`] for a reference on the axis, [`GeometryError::NoSurface`]
    /// from inside the body.
    ///
    /// # Source
    /// SPICE `LIMBPT`, method `TANGENT`, locus `CENTER`.
    pub fn limb(
        &self,
        target: &Target<'_>,
        planes: &CutPlanes,
    ) -> Result<Vec<Vec3<BodyFixed>>, GeometryError> {
        let moment = Moment::of(self)?;
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, self.correction)?;
        let rotation = moment.body_from_icrf(target, moment.shifted_s(seen.light_time_s))?;
        let observer_km = -(rotation * seen.position_km);
        let point = |towards: Vec3<BodyFixed>| match target.shape {
            None => limb_point(&target.ellipsoid, observer_km, towards),
            Some(_) => terrain_limb(target, observer_km, towards),
        };
        let missed = GeometryError::NoSurface { body: target.naif_id };
        let points: Option<Vec<_>> = planes.directions(observer_km)?.into_iter().map(point).collect();
        points.ok_or(missed)
    }

    /// The terminator of a body lit by the disc of the Sun, as the observer sees the body: one point for each
    /// half-plane around the line from the Sun to the body. A terrain is cut by rays from the centre of the Sun moved
    /// to the edge of the disc.
    ///
    /// # Errors
    /// As [`View::limb`].
    ///
    /// # Source
    /// SPICE `EDTERM` for the ellipsoid.
    pub fn terminator(
        &self,
        target: &Target<'_>,
        planes: &CutPlanes,
        edge: Terminator,
    ) -> Result<Vec<Vec3<BodyFixed>>, GeometryError> {
        let moment = Moment::of(self)?;
        let seen = moment.seen((target.naif_id, self.observer), moment.et_s, self.correction)?;
        let time_s = moment.shifted_s(seen.light_time_s);
        let sun = moment.seen((SUN, target.naif_id), time_s, self.correction)?;
        let sun_km = moment.body_from_icrf(target, time_s)? * sun.position_km;
        let sun_radius_km = match self.kernels.numbers("BODY10_RADII") {
            Some([radius_km, ..]) => *radius_km,
            _ => SUN_RADIUS_KM,
        };
        let light = Light { sun_km, sun_radius_km };
        let point = |towards: Vec3<BodyFixed>| match target.shape {
            None => terminator_point(&target.ellipsoid, &light, edge, (towards, 0.0)),
            Some(_) => {
                // The edge of the disc that sets last (umbra) or first (penumbra) on this side.
                let shift_km = match edge {
                    Terminator::Umbral => towards * light.sun_radius_km,
                    Terminator::Penumbral => towards * -light.sun_radius_km,
                };
                terrain_limb(target, sun_km + shift_km, towards)
            }
        };
        let points: Option<Vec<_>> = planes.directions(-sun_km)?.into_iter().map(point).collect();
        points.ok_or(GeometryError::NoSurface { body: target.naif_id })
    }
}

/// The outermost point of a terrain that a ray in a half-plane grazes.
fn terrain_limb(
    target: &Target<'_>,
    from_km: Vec3<BodyFixed>,
    towards: Vec3<BodyFixed>,
) -> Option<Vec3<BodyFixed>> {
    let ahead = (-from_km).unit()?;
    let side = (towards - ahead * ahead.dot(towards)).unit()?;
    let reach = target.bounding_radius_km() / from_km.length();
    let widest_rad = if reach < 1.0 { reach.asin() } else { std::f64::consts::FRAC_PI_2 };
    let cast = |angle_rad: f64| target.hit(from_km, ahead * angle_rad.cos() + side * angle_rad.sin());
    let at = |k: u32| widest_rad * f64::from(k) / f64::from(BRACKETS);
    let last = (0..=BRACKETS).rev().find(|k| cast(at(*k)).is_some())?;
    let (mut inside_rad, mut outside_rad) = (at(last), at(last + 1));
    for _ in 0..HALVINGS {
        let middle_rad = 0.5 * (inside_rad + outside_rad);
        match cast(middle_rad) {
            Some(_) => inside_rad = middle_rad,
            None => outside_rad = middle_rad,
        }
    }
    cast(inside_rad).map(|(point_km, _)| point_km)
}
