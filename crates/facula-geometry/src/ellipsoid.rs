// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an ellipsoid looks like: the point nearest to a place, the limb as an ellipse, the terminator of a Sun with
//! a disc.
//!
//! In: an [`Ellipsoid`] and body-fixed vectors in km. Out: body-fixed points in km.
//!
//! # Source
//! Tangency conditions of quadrics; the conventions (which plane touches where) are those of SPICE `NEARPT`,
//! `EDLIMB`, `LIMBPT` and `EDTERM`.

use facula_core::{BodyFixed, Ellipsoid, Vec3};

/// A place on an ellipsoid below or above a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// The surface point nearest to the point asked for, km.
    pub point_km: Vec3<BodyFixed>,
    /// Distance to it, km; negative inside the ellipsoid.
    pub altitude_km: f64,
}

/// Newton steps at most; convergence is monotone and takes fewer than ten.
const MAX_STEPS: u32 = 60;

/// The surface point of an ellipsoid nearest to a point (SPICE `NEARPT`), inside or outside.
///
/// # Source
/// The foot of the normal is `rᵢ² pᵢ / (rᵢ² + λ)` with λ the largest root of `Σ (rᵢ pᵢ / (rᵢ² + λ))² = 1`; Newton
/// from below that root is monotone because the sum is convex there.
pub fn nearest_point(ellipsoid: &Ellipsoid, point_km: Vec3<BodyFixed>) -> Nearest {
    let p = point_km.to_array();
    let radii_km = [ellipsoid.a_km, ellipsoid.b_km, ellipsoid.c_km];
    // With the largest single term alone the sum is already one: a bound from below.
    let mut lambda = (0..3).map(|k| radii_km[k] * (p[k].abs() - radii_km[k])).fold(f64::MIN, f64::max);
    let term = |k: usize, lambda: f64| {
        let below = radii_km[k] * radii_km[k] + lambda;
        // On a symmetry plane inside: the term is zero over zero and counts nothing.
        if p[k] == 0.0 { (0.0, 1.0) } else { (radii_km[k] * p[k] / below, below) }
    };
    for _ in 0..MAX_STEPS {
        let terms: [(f64, f64); 3] = std::array::from_fn(|k| term(k, lambda));
        let excess = terms.iter().map(|(t, _)| t * t).sum::<f64>() - 1.0;
        let slope = -2.0 * terms.iter().map(|(t, below)| t * t / below).sum::<f64>();
        let next = if slope < 0.0 { lambda - excess / slope } else { lambda };
        if !(excess > 0.0) || next <= lambda {
            break;
        }
        lambda = next;
    }
    let foot = foot_km(p, radii_km, lambda);
    // Rounding of λ leaves the foot off the surface by an ulp of its size: put it there.
    let scale = (0..3).map(|k| (foot[k] / radii_km[k]).powi(2)).sum::<f64>().sqrt();
    let nearest_km = Vec3::from_array(foot.map(|x| x / scale));
    let level: f64 = (0..3).map(|k| (p[k] / radii_km[k]).powi(2)).sum();
    let distance_km = (point_km - nearest_km).length();
    Nearest { point_km: nearest_km, altitude_km: if level < 1.0 { -distance_km } else { distance_km } }
}

fn foot_km(p: [f64; 3], radii_km: [f64; 3], lambda: f64) -> [f64; 3] {
    let mut foot: [f64; 3] = std::array::from_fn(|k| {
        let square = radii_km[k] * radii_km[k];
        if p[k] == 0.0 { 0.0 } else { square * p[k] / (square + lambda) }
    });
    let level: f64 = (0..3).map(|k| (foot[k] / radii_km[k]).powi(2)).sum();
    // Inside, on the plane across the shortest axis: the foot lies off that plane, on either side.
    let shortest = (0..3).min_by(|&i, &j| radii_km[i].total_cmp(&radii_km[j])).unwrap_or(2);
    if p[shortest] == 0.0 && level < 1.0 {
        foot[shortest] = radii_km[shortest] * (1.0 - level).sqrt();
    }
    foot
}

/// An ellipse in space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    /// Centre, km.
    pub center_km: Vec3<BodyFixed>,
    /// From the centre to an end of the long axis, km.
    pub semi_major_km: Vec3<BodyFixed>,
    /// From the centre to an end of the short axis, km.
    pub semi_minor_km: Vec3<BodyFixed>,
}

impl Ellipse {
    /// The ellipse `centre + u cos t + w sin t`, any two vectors (SPICE `CGV2EL`, `SAELGV`).
    pub fn from_generating(center_km: Vec3<BodyFixed>, u_km: Vec3<BodyFixed>, w_km: Vec3<BodyFixed>) -> Self {
        let turn_rad = 0.5 * (2.0 * u_km.dot(w_km)).atan2(u_km.dot(u_km) - w_km.dot(w_km));
        let (sin, cos) = turn_rad.sin_cos();
        let (first, second) = (u_km * cos + w_km * sin, w_km * cos - u_km * sin);
        let (semi_major_km, semi_minor_km) =
            if first.length() >= second.length() { (first, second) } else { (second, first) };
        Self { center_km, semi_major_km, semi_minor_km }
    }

    /// The point at an angle of the parameter, rad, from the long axis, km.
    pub fn at(&self, angle_rad: f64) -> Vec3<BodyFixed> {
        let (sin, cos) = angle_rad.sin_cos();
        self.center_km + self.semi_major_km * cos + self.semi_minor_km * sin
    }
}

/// The limb of an ellipsoid seen from a point outside it (SPICE `EDLIMB`); `None` from inside.
pub fn limb_ellipse(ellipsoid: &Ellipsoid, observer_km: Vec3<BodyFixed>) -> Option<Ellipse> {
    let radii: Vec3<BodyFixed> = Vec3::new(ellipsoid.a_km, ellipsoid.b_km, ellipsoid.c_km);
    let stretch = |v: Vec3<BodyFixed>| Vec3::new(v.x * radii.x, v.y * radii.y, v.z * radii.z);
    // In units of the semi-axes the body is a unit sphere and its limb a circle.
    let seen: Vec3<BodyFixed> =
        Vec3::new(observer_km.x / radii.x, observer_km.y / radii.y, observer_km.z / radii.z);
    let square = seen.dot(seen);
    if !(square > 1.0 && square.is_finite()) {
        return None;
    }
    let (u, w) = across(seen.unit()?)?;
    let radius = (1.0 - 1.0 / square).sqrt();
    let center_km = stretch(seen * (1.0 / square));
    Some(Ellipse::from_generating(center_km, stretch(u * radius), stretch(w * radius)))
}

/// Two unit vectors at right angles to a unit vector and to each other, right-handed with it.
pub(crate) fn across<F>(axis: Vec3<F>) -> Option<(Vec3<F>, Vec3<F>)> {
    let a = axis.to_array();
    let least = (0..3).min_by(|&i, &j| a[i].abs().total_cmp(&a[j].abs()))?;
    let helper = Vec3::from_array(std::array::from_fn(|k| if k == least { 1.0 } else { 0.0 }));
    let u = (helper - axis * axis.dot(helper)).unit()?;
    Some((u, axis.cross(u)))
}

/// The limb point of an ellipsoid in the half-plane that holds the observer, the centre, and `towards` (any vector
/// off that line); `None` from inside or for a `towards` on the line.
pub fn limb_point(
    ellipsoid: &Ellipsoid,
    observer_km: Vec3<BodyFixed>,
    towards: Vec3<BodyFixed>,
) -> Option<Vec3<BodyFixed>> {
    let limb = limb_ellipse(ellipsoid, observer_km)?;
    let axis = observer_km.unit()?;
    let outwards = (towards - axis * axis.dot(towards)).unit()?;
    let normal = axis.cross(outwards);
    // Where the limb crosses the plane: c + u cos t + w sin t = 0, all along the plane's normal.
    let (c, u, w) =
        (limb.center_km.dot(normal), limb.semi_major_km.dot(normal), limb.semi_minor_km.dot(normal));
    let (middle_rad, reach_rad) = (w.atan2(u), (-c / u.hypot(w)).clamp(-1.0, 1.0).acos());
    let ends = [limb.at(middle_rad + reach_rad), limb.at(middle_rad - reach_rad)];
    let best = if ends[0].dot(outwards) > ends[1].dot(outwards) { ends[0] } else { ends[1] };
    Some(best)
}

/// Which edge of the shadow of a Sun with a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Terminator {
    /// Beyond it the whole disc is below the horizon.
    Umbral,
    /// Before it the whole disc is above the horizon.
    Penumbral,
}

/// The light that makes a terminator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Centre of the Sun from the centre of the body, km.
    pub sun_km: Vec3<BodyFixed>,
    /// Radius of the Sun, km.
    pub sun_radius_km: f64,
}

/// The terminator point of an ellipsoid whose tangent plane also touches the Sun, on the Sun at an angle `roll_rad`
/// from `reference` about the direction from the Sun to the body (SPICE `EDTERM`). `None` for a Sun inside the body
/// or a reference along the axis.
pub fn terminator_point(
    ellipsoid: &Ellipsoid,
    light: &Light,
    edge: Terminator,
    (reference, roll_rad): (Vec3<BodyFixed>, f64),
) -> Option<Vec3<BodyFixed>> {
    let axis = (-light.sun_km).unit()?;
    let x = (reference - axis * axis.dot(reference)).unit()?;
    let (sin, cos) = roll_rad.sin_cos();
    let side = x * cos + axis.cross(x) * sin;
    let distance_km = light.sun_km.length();
    // The plane's outward normal on the body: to the side where the plane touches the Sun for the umbra, to the
    // other for the penumbra.
    let (side, sun_km) = match edge {
        Terminator::Umbral => (side, light.sun_radius_km),
        Terminator::Penumbral => (-side, -light.sun_radius_km),
    };
    let support = |normal: Vec3<BodyFixed>| -> (Vec3<BodyFixed>, f64) {
        let scaled: Vec3<BodyFixed> =
            Vec3::new(normal.x * ellipsoid.a_km, normal.y * ellipsoid.b_km, normal.z * ellipsoid.c_km);
        (scaled, scaled.length())
    };
    // Height of the body over the plane that touches the Sun with normal cos(tilt) side + sin(tilt) axis.
    let mut tilt_rad = 0.0f64;
    for _ in 0..MAX_STEPS {
        let (sin, cos) = tilt_rad.sin_cos();
        let (normal, turned) = (side * cos + axis * sin, axis * cos - side * sin);
        let (scaled, reach_km) = support(normal);
        let height_km = reach_km - sun_km + distance_km * sin;
        let (across, _) = support(turned);
        let step_rad = height_km / (scaled.dot(across) / reach_km + distance_km * cos);
        tilt_rad -= step_rad;
        if !(step_rad.abs() > 1e-16) {
            break;
        }
    }
    let (sin, cos) = tilt_rad.sin_cos();
    let (scaled, reach_km) = support(side * cos + axis * sin);
    let point_km = Vec3::new(scaled.x * ellipsoid.a_km, scaled.y * ellipsoid.b_km, scaled.z * ellipsoid.c_km)
        * (1.0 / reach_km);
    (point_km.is_finite() && light.sun_km.length() > ellipsoid.largest_radius_km()).then_some(point_km)
}

#[cfg(test)]
mod tests;
