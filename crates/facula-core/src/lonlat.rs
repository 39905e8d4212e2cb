// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places on a body.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::{BodyFixed, Vec3};

/// A direction from the centre of a body: planetocentric latitude in [−π/2, π/2], east longitude in [0, 2π).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LonLat {
    /// East longitude, rad, in [0, 2π).
    pub longitude_rad: f64,
    /// Planetocentric latitude, rad, in [−π/2, π/2].
    pub latitude_rad: f64,
}

impl LonLat {
    /// From radians; the longitude is wrapped into [0, 2π).
    pub fn new(longitude_rad: f64, latitude_rad: f64) -> Self {
        let wrapped = longitude_rad.rem_euclid(TAU);
        // rem_euclid of a tiny negative number rounds up to TAU itself.
        Self { longitude_rad: if wrapped >= TAU { 0.0 } else { wrapped }, latitude_rad }
    }

    /// From degrees, for the edges (files, options).
    pub fn from_degrees(longitude_deg: f64, latitude_deg: f64) -> Self {
        Self::new(longitude_deg * (TAU / 360.0), latitude_deg * (TAU / 360.0))
    }

    /// East longitude in degrees, [0, 360).
    pub fn longitude_deg(self) -> f64 {
        self.longitude_rad * (360.0 / TAU)
    }

    /// Planetocentric latitude in degrees.
    pub fn latitude_deg(self) -> f64 {
        self.latitude_rad * (360.0 / TAU)
    }

    /// The unit vector towards this place.
    pub fn direction(self) -> Vec3<BodyFixed> {
        let (sin_lat, cos_lat) = self.latitude_rad.sin_cos();
        let (sin_lon, cos_lon) = self.longitude_rad.sin_cos();
        Vec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
    }

    /// The place a body-fixed vector points to (any length; the zero vector gives 0, 0).
    pub fn of(point: Vec3<BodyFixed>) -> Self {
        Self::new(point.y.atan2(point.x), point.z.atan2(point.x.hypot(point.y)))
    }

    /// Angle between two places seen from the centre, rad.
    pub fn separation_rad(self, other: Self) -> f64 {
        self.direction().angle_rad(other.direction())
    }
}

/// The smallest range of longitudes that holds some places: its western end, rad in [0, 2π), and its width, rad. `None` of no
/// places.
pub fn longitude_span(places: impl IntoIterator<Item = LonLat>) -> Option<(f64, f64)> {
    let mut all: Vec<f64> = places.into_iter().map(|place| place.longitude_rad).collect();
    all.sort_by(f64::total_cmp);
    let first = *all.first()?;
    // The range is what the widest gap leaves; it begins where the gap ends.
    let ends = all.iter().skip(1).copied().chain([first + TAU]);
    let gaps = all.iter().zip(ends).map(|(from, to)| (to - from, to));
    let (gap, west) = gaps.fold((0.0, first), |a, b| if b.0 > a.0 { b } else { a });
    Some((west.rem_euclid(TAU), TAU - gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_smallest_range_may_lie_across_the_prime_meridian() {
        let span = |longitudes: &[f64]| {
            let places = longitudes.iter().map(|deg| LonLat::from_degrees(*deg, 0.0));
            longitude_span(places)
                .map(|(west, width)| (west.to_degrees().round(), width.to_degrees().round()))
        };
        assert_eq!(span(&[350.0, 5.0, 355.0]), Some((350.0, 15.0)));
        assert_eq!(span(&[10.0, 30.0, 20.0]), Some((10.0, 20.0)));
        assert_eq!(span(&[10.0]), Some((10.0, 0.0)));
        assert_eq!(span(&[]), None);
    }

    #[test]
    fn tiny_negative_longitudes_stay_below_two_pi() {
        assert_eq!(LonLat::new(-1e-300, 0.0).longitude_rad, 0.0);
    }

    proptest! {
        #[test]
        fn direction_round_trips(lon in 0.0..359.9f64, lat in -89.9..89.9f64) {
            let place = LonLat::from_degrees(lon, lat);
            let back = LonLat::of(place.direction());
            prop_assert!((back.longitude_deg() - lon).abs() < 1e-9);
            prop_assert!((back.latitude_deg() - lat).abs() < 1e-10);
        }
    }
}
