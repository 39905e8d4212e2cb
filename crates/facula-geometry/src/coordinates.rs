// SPDX-License-Identifier: MIT OR Apache-2.0
//! Planetocentric, planetographic, geodetic and cylindrical coordinates.
//!
//! In: body-fixed points in km, or coordinates. Out: the other. Planetographic longitude grows in the sense that makes
//! the sub-observer longitude of a distant observer grow with time: west for bodies that turn east.
//!
//! # Source
//! NAIF, headers of `RECPGR`, `PGRREC`, `RECGEO`, `GEOREC`, `RECCYL`; Archinal et al. (2018), section 2.

use std::f64::consts::TAU;

use facula_core::{BodyFixed, Ellipsoid, LonLat, Vec3};
use facula_spice::Kernels;

use crate::GeometryError;
use crate::ellipsoid::nearest_point;

/// Which way longitudes grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LongitudeSense {
    /// Eastwards (right-handed about the north pole).
    #[default]
    East,
    /// Westwards.
    West,
}

impl LongitudeSense {
    /// The sense of a body's planetographic longitude: by `BODYnnn_PGR_POSITIVE_LON` when the kernels say, east for
    /// Sun, Earth and Moon by tradition, else west for bodies that turn east (`BODYnnn_PM` grows) and east for the
    /// others.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] when neither variable is loaded, or the first is neither `EAST` nor `WEST`.
    pub fn planetographic(kernels: &Kernels, naif_id: i32) -> Result<Self, GeometryError> {
        let variable = format!("BODY{naif_id}_PGR_POSITIVE_LON");
        if let Some(text) = kernels.texts(&variable).and_then(|texts| texts.first()) {
            return match text.trim().to_uppercase().as_str() {
                "EAST" => Ok(Self::East),
                "WEST" => Ok(Self::West),
                _ => Err(GeometryError::Argument {
                    subject: variable,
                    key: "PGR_POSITIVE_LON",
                    value: text.clone(),
                }),
            };
        }
        if matches!(naif_id, 10 | 301 | 399) {
            return Ok(Self::East);
        }
        Ok(match spin(kernels, naif_id)? {
            Spin::Prograde => Self::West,
            Spin::Retrograde => Self::East,
        })
    }

    /// An east longitude written in this sense, or back, rad, in [0, 2π).
    pub fn of_east_rad(self, longitude_rad: f64) -> f64 {
        let turned_rad = match self {
            Self::East => longitude_rad,
            Self::West => -longitude_rad,
        };
        LonLat::new(turned_rad, 0.0).longitude_rad
    }
}

/// Which way a body turns about its north pole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spin {
    Prograde,
    Retrograde,
}

pub(crate) fn spin(kernels: &Kernels, naif_id: i32) -> Result<Spin, GeometryError> {
    let rate = kernels.numbers(&format!("BODY{naif_id}_PM")).and_then(|pm| pm.get(1).copied());
    let rate = rate.ok_or_else(|| GeometryError::Argument {
        subject: format!("body {naif_id}; load a PCK with its rotation"),
        key: "BODYnnn_PM",
        value: "absent".to_string(),
    })?;
    Ok(if rate < 0.0 { Spin::Retrograde } else { Spin::Prograde })
}

/// A place by the normal of a spheroid through it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geodetic {
    /// Longitude in the sense asked for, rad, in [0, 2π).
    pub longitude_rad: f64,
    /// Angle of the normal above the equator, rad, in [−π/2, π/2].
    pub latitude_rad: f64,
    /// Height above the spheroid along the normal, km.
    pub altitude_km: f64,
}

impl Geodetic {
    /// Planetographic (geodetic) coordinates of a point over a spheroid (the first two axes of `spheroid` are its
    /// equator: SPICE takes the first). Sense east gives SPICE `RECGEO`, the body's own sense `RECPGR`.
    pub fn of(point_km: Vec3<BodyFixed>, spheroid: &Ellipsoid, sense: LongitudeSense) -> Self {
        let round = Ellipsoid { b_km: spheroid.a_km, ..*spheroid };
        let near = nearest_point(&round, point_km);
        let normal = round.normal(near.point_km);
        let equator_km = point_km.x.hypot(point_km.y);
        // On the axis every longitude is true: zero, as in SPICE.
        let east_rad = if equator_km > 0.0 { point_km.y.atan2(point_km.x) } else { 0.0 };
        Self {
            longitude_rad: sense.of_east_rad(east_rad),
            latitude_rad: normal.z.atan2(normal.x.hypot(normal.y)),
            altitude_km: near.altitude_km,
        }
    }

    /// The point with these coordinates, km (SPICE `GEOREC`, `PGRREC`).
    pub fn point_km(&self, spheroid: &Ellipsoid, sense: LongitudeSense) -> Vec3<BodyFixed> {
        let round = Ellipsoid { b_km: spheroid.a_km, ..*spheroid };
        let normal = LonLat::new(sense.of_east_rad(self.longitude_rad), self.latitude_rad).direction();
        surface_with_normal_km(&round, normal) + normal * self.altitude_km
    }
}

/// The point of an ellipsoid with a given outward unit normal, km.
pub fn surface_with_normal_km(ellipsoid: &Ellipsoid, normal: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
    let stretched = Vec3::new(
        normal.x * ellipsoid.a_km * ellipsoid.a_km,
        normal.y * ellipsoid.b_km * ellipsoid.b_km,
        normal.z * ellipsoid.c_km * ellipsoid.c_km,
    );
    stretched * (1.0 / stretched.dot(normal).sqrt())
}

/// Cylindrical coordinates: distance from the axis, longitude, height over the equator's plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cylindrical {
    /// Distance from the axis, km.
    pub distance_km: f64,
    /// East longitude, rad, in [0, 2π).
    pub longitude_rad: f64,
    /// Height over the plane of the equator, km.
    pub height_km: f64,
}

impl Cylindrical {
    /// Of a point (SPICE `RECCYL`).
    pub fn of(point_km: Vec3<BodyFixed>) -> Self {
        let longitude_rad = LonLat::of(point_km).longitude_rad;
        Self { distance_km: point_km.x.hypot(point_km.y), longitude_rad, height_km: point_km.z }
    }

    /// The point (SPICE `CYLREC`), km.
    pub fn point_km(&self) -> Vec3<BodyFixed> {
        let (sin, cos) = self.longitude_rad.sin_cos();
        Vec3::new(self.distance_km * cos, self.distance_km * sin, self.height_km)
    }
}

/// An angle in (−π, π], rad.
pub(crate) fn signed_rad(angle_rad: f64) -> f64 {
    let turned = angle_rad.rem_euclid(TAU);
    if turned > std::f64::consts::PI { turned - TAU } else { turned }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Micrometres on a body of 500 km.
    const CLOSE_KM: f64 = 1e-9;

    fn ceres() -> Ellipsoid {
        Ellipsoid::new(482.0, 482.0, 446.0).unwrap()
    }

    #[test]
    fn the_sense_follows_spin_tradition_and_override() {
        let text = "\\begindata\nBODY2000001_PM = ( 170 952 0 )\nBODY299_PM = ( 160 -1.4 0 )\nBODY399_PM = ( 190 360 0 )\n\
                    BODY2000004_PM = ( 1 2 0 )\nBODY2000004_PGR_POSITIVE_LON = 'EAST'\n";
        let kernels = Kernels::from_bytes("k", text.as_bytes()).unwrap();
        let sense = |id| LongitudeSense::planetographic(&kernels, id);
        assert_eq!(sense(2000001).unwrap(), LongitudeSense::West);
        assert_eq!(sense(299).unwrap(), LongitudeSense::East);
        assert_eq!(sense(399).unwrap(), LongitudeSense::East);
        assert_eq!(sense(2000004).unwrap(), LongitudeSense::East);
        assert!(sense(499).unwrap_err().to_string().contains("499"));
    }

    #[test]
    fn a_point_on_the_axis_has_longitude_zero() {
        let pole = Geodetic::of(Vec3::new(0.0, 0.0, 500.0), &ceres(), LongitudeSense::West);
        assert_eq!(pole.longitude_rad, 0.0);
        assert!((pole.altitude_km - 54.0).abs() < CLOSE_KM);
        assert!((pole.latitude_rad - TAU / 4.0).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn geodetic_and_cylindrical_round_trip(
            lon in 0.0..360.0f64, lat in -89.9..89.9f64, r in 400.0..50_000.0f64, west in any::<bool>()) {
            let point_km = LonLat::from_degrees(lon, lat).direction() * r;
            let sense = if west { LongitudeSense::West } else { LongitudeSense::East };
            let back_km = Geodetic::of(point_km, &ceres(), sense).point_km(&ceres(), sense);
            prop_assert!((back_km - point_km).length() < CLOSE_KM * (r / 500.0), "{:?}", back_km - point_km);
            let back_km = Cylindrical::of(point_km).point_km();
            prop_assert!((back_km - point_km).length() < CLOSE_KM * (r / 500.0));
        }
    }
}
