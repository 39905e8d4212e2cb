// SPDX-License-Identifier: MIT OR Apache-2.0
//! Triaxial ellipsoids: rays, normals, latitudes.

use serde::{Deserialize, Serialize};

use crate::{BodyFixed, LonLat, Vec3};

/// An ellipsoid with its axes along those of the body-fixed reference frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ellipsoid {
    /// Semi-axis towards the prime meridian, km.
    pub a_km: f64,
    /// Semi-axis towards 90° east, km.
    pub b_km: f64,
    /// Polar semi-axis, km.
    pub c_km: f64,
}

impl Ellipsoid {
    /// An ellipsoid from its semi-axes; `None` unless all are positive and finite.
    pub fn new(a_km: f64, b_km: f64, c_km: f64) -> Option<Self> {
        let good = |r: f64| r > 0.0 && r.is_finite();
        (good(a_km) && good(b_km) && good(c_km)).then_some(Self { a_km, b_km, c_km })
    }

    /// Radius of the sphere of equal volume, km.
    pub fn mean_radius_km(&self) -> f64 {
        (self.a_km * self.b_km * self.c_km).cbrt()
    }

    /// The longest semi-axis, km.
    pub fn largest_radius_km(&self) -> f64 {
        self.a_km.max(self.b_km).max(self.c_km)
    }

    /// The same ellipsoid with every semi-axis longer by `km`.
    pub fn grown_by(&self, km: f64) -> Self {
        Self { a_km: self.a_km + km, b_km: self.b_km + km, c_km: self.c_km + km }
    }

    /// Distance from the centre to the surface in a direction (unit vector), km.
    pub fn radius_km(&self, direction: Vec3<BodyFixed>) -> f64 {
        1.0 / self.scaled(direction).length()
    }

    /// The surface point at a planetocentric place, km.
    pub fn surface_km(&self, place: LonLat) -> Vec3<BodyFixed> {
        let direction = place.direction();
        direction * self.radius_km(direction)
    }

    /// Outward unit normal at a surface point (any point off the centre gives that of its level ellipsoid).
    pub fn normal(&self, point_km: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
        let n = Vec3::new(
            point_km.x / (self.a_km * self.a_km),
            point_km.y / (self.b_km * self.b_km),
            point_km.z / (self.c_km * self.c_km),
        );
        n.unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0))
    }

    /// Distances along a ray (unit `direction`) to its entry and exit, km; negative behind the origin;
    /// `None` when the ray's line misses.
    ///
    /// # Source
    /// Quadratic with the half-chord from the point of closest approach, stable from 1e8 km away
    /// (Haines et al., Ray Tracing Gems, ch. 7).
    pub fn intersect_km(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<(f64, f64)> {
        let (o, d) = (self.scaled(origin_km), self.scaled(direction));
        let dd = d.dot(d);
        let closest = -o.dot(d) / dd;
        let miss = o + d * closest;
        let half_chord_squared = (1.0 - miss.dot(miss)) / dd;
        (half_chord_squared >= 0.0).then(|| {
            let half_chord_km = half_chord_squared.sqrt();
            (closest - half_chord_km, closest + half_chord_km)
        })
    }

    /// Planetographic latitude of a planetocentric one on the same meridian, rad; exact for a = b, and for a
    /// triaxial body the latitude of the meridian's own ellipse.
    pub fn planetographic_rad(&self, place: LonLat) -> f64 {
        let normal = self.normal(self.surface_km(place));
        normal.z.atan2(normal.x.hypot(normal.y))
    }

    fn scaled(&self, v: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
        Vec3::new(v.x / self.a_km, v.y / self.b_km, v.z / self.c_km)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ceres() -> Ellipsoid {
        Ellipsoid::new(482.0, 482.0, 446.0).expect("positive")
    }

    #[test]
    fn occator_planetographic_latitude() {
        // Case R10 of the truth set: 19.82 N planetocentric on 482 x 482 x 446 km.
        let latitude = ceres().planetographic_rad(LonLat::from_degrees(239.33, 19.82));
        assert!((latitude.to_degrees() - 22.828589605016397).abs() < 1e-4);
    }

    #[test]
    fn a_ray_from_far_away_hits_to_a_micrometre() {
        let origin_km = Vec3::new(4.3e8, 0.0, 0.0);
        let (entry_km, exit_km) = ceres().intersect_km(origin_km, Vec3::new(-1.0, 0.0, 0.0)).expect("hits");
        assert!((entry_km - (4.3e8 - 482.0)).abs() < 1e-6 && (exit_km - (4.3e8 + 482.0)).abs() < 1e-6);
    }

    #[test]
    fn non_positive_axes_are_refused() {
        assert!(Ellipsoid::new(0.0, 1.0, 1.0).is_none() && Ellipsoid::new(1.0, f64::NAN, 1.0).is_none());
    }

    proptest! {
        #[test]
        fn intersections_lie_on_the_surface(lon in 0.0..360.0f64, lat in -90.0..90.0f64, off in -0.9..0.9f64) {
            let origin_km = LonLat::from_degrees(lon, lat).direction() * 14_000.0;
            let aim_km = Vec3::new(off * 300.0, -off * 200.0, off * 100.0);
            let direction = (aim_km - origin_km).unit().expect("apart");
            let (entry_km, _) = ceres().intersect_km(origin_km, direction).expect("aimed inside");
            let point_km = origin_km + direction * entry_km;
            let radius_km = ceres().radius_km(point_km.unit().expect("off centre"));
            prop_assert!((point_km.length() - radius_km).abs() < 1e-9);
            prop_assert!(ceres().normal(point_km).dot(direction) < 0.0);
        }
    }
}
