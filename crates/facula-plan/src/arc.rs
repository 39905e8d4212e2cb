// SPDX-License-Identifier: MIT OR Apache-2.0
//! Polar circular arcs: the simplest path that passes over every latitude.
//!
//! **Simplification, by name:** a two-body circular orbit through the pole, its plane fixed in space. For Dawn in
//! RC3 (13,600 km above Ceres, period 15 d) Ceres' oblateness turns such a plane by less than 0.01° a day and
//! sunlight moves the craft by kilometres; on the approach spiral the real path was not circular at all, so there
//! the arc only gives the distance, the latitude and the speed of the sub-spacecraft point.

use facula_core::{Body, BodyFixed, Epoch, Icrf, Unit, Vec3};
use serde::{Deserialize, Serialize};

/// Which way the arc crosses latitudes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heading {
    /// Towards the south on the day side.
    Southward,
    /// Towards the north on the day side.
    Northward,
}

/// A circular orbit through the poles, told by where it is at one moment. Degrees and UTC: it is part of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolarArc {
    /// Distance from the centre of the body, km.
    pub radius_km: f64,
    /// Moment at which the craft is over `latitude_deg`, UTC.
    pub reference_utc: String,
    /// Planetocentric latitude at that moment, degrees.
    pub latitude_deg: f64,
    /// Angle from the Sun's meridian to the orbit's, measured eastward about the pole at that moment, degrees.
    pub sun_offset_deg: f64,
    /// Direction of motion on the day side.
    pub heading: Heading,
}

impl PolarArc {
    /// Angular speed along the orbit, rad/s: `sqrt(GM / r³)`.
    pub fn rate_rad_s(&self, gm_km3_s2: f64) -> f64 {
        (gm_km3_s2 / self.radius_km.powi(3)).sqrt()
    }

    /// Position relative to the body's centre at an epoch, km, ICRF axes. `sun` is the direction of the Sun from
    /// the body at the reference moment, ICRF axes.
    pub fn position_km(&self, body: &Body, at: ArcTime, sun: Vec3<Icrf>) -> Vec3<Icrf> {
        let icrf_from_body = body.body_from_icrf(at.reference).inverse();
        let pole = icrf_from_body * Vec3::<BodyFixed>::new(0.0, 0.0, 1.0);
        let sun_equatorial =
            (sun - pole * pole.dot(sun)).unit().unwrap_or(icrf_from_body * Vec3::new(1.0, 0.0, 0.0));
        let east = pole.cross(sun_equatorial);
        let (sin, cos) = self.sun_offset_deg.to_radians().sin_cos();
        let meridian = sun_equatorial * cos + east * sin;
        let sense = match self.heading {
            Heading::Southward => -1.0,
            Heading::Northward => 1.0,
        };
        let elapsed_s = (at.epoch - at.reference).to_unit(Unit::Second);
        let argument_rad =
            self.latitude_deg.to_radians() + sense * self.rate_rad_s(body.gm_km3_s2) * elapsed_s;
        let (sin, cos) = argument_rad.sin_cos();
        (meridian * cos + pole * sin) * self.radius_km
    }
}

/// A moment on an arc: the epoch, and the arc's reference moment parsed once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArcTime {
    /// The arc's reference moment.
    pub reference: Epoch,
    /// The moment asked for.
    pub epoch: Epoch,
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{LonLat, parse_utc};

    fn rc3() -> PolarArc {
        PolarArc {
            radius_km: 14_070.0,
            reference_utc: "2015-05-04T00:00:00".into(),
            latitude_deg: 0.0,
            sun_offset_deg: 8.0,
            heading: Heading::Southward,
        }
    }

    #[test]
    fn the_rc3_orbit_takes_fifteen_days() {
        // Published: RC3 at 13,600 km altitude took about 15 days a revolution.
        let ceres = Body::built_in("ceres").unwrap();
        let period_d = std::f64::consts::TAU / rc3().rate_rad_s(ceres.gm_km3_s2) / 86_400.0;
        assert!((period_d - 15.3).abs() < 0.2, "{period_d}");
    }

    #[test]
    fn it_moves_southward_at_constant_distance() {
        let ceres = Body::built_in("ceres").unwrap();
        let reference = parse_utc("2015-05-04T00:00:00").unwrap();
        let sun = Vec3::<Icrf>::new(-0.2, 0.9, 0.4);
        let latitude = |hours: f64| {
            let epoch = reference + hours * Unit::Hour;
            let position_km = rc3().position_km(&ceres, ArcTime { reference, epoch }, sun);
            assert!((position_km.length() - 14_070.0).abs() < 1e-6);
            LonLat::of(ceres.body_from_icrf(epoch) * position_km).latitude_deg()
        };
        assert!(latitude(0.0).abs() < 1e-9);
        assert!((latitude(10.0) + 9.8).abs() < 0.1 && (latitude(-10.0) - 9.8).abs() < 0.1);
    }
}
