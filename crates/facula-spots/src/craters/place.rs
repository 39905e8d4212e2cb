// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where in a crater a place lies, and which crater holds it.

use std::collections::HashMap;

use facula_core::{Ellipsoid, Feature, LonLat};
use serde::{Deserialize, Serialize};

use crate::craters::Crater;
use crate::detect::window::Frame;
pub(crate) use crate::names::distance_km;

/// The rim of a crater as an ellipse on the ground: from a fitted [`Crater`] or, as a circle, from a named feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CraterRim {
    /// Centre.
    pub place: LonLat,
    /// Longer semi-axis, km.
    pub semi_major_km: f64,
    /// Shorter semi-axis, km.
    pub semi_minor_km: f64,
    /// Direction of the longer axis, clockwise from north, rad.
    pub orientation_rad: f64,
}

impl From<&Crater> for CraterRim {
    fn from(crater: &Crater) -> Self {
        Self {
            place: crater.place,
            semi_major_km: crater.semi_major_km,
            semi_minor_km: crater.semi_minor_km,
            orientation_rad: crater.orientation_rad,
        }
    }
}

impl From<&Feature> for CraterRim {
    fn from(feature: &Feature) -> Self {
        let radius_km = 0.5 * feature.diameter_km;
        Self {
            place: feature.place,
            semi_major_km: radius_km,
            semi_minor_km: radius_km,
            orientation_rad: 0.0,
        }
    }
}

/// Part of a crater. The limits between wall, floor and centre are ASSUMED: floors of complex craters reach to about
/// 0.7 radii, what stands in their middle to about 0.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Where {
    /// Within 0.2 radii of the centre: peak or pit.
    Centre,
    /// To 0.7 radii.
    Floor,
    /// To 0.9 radii.
    Wall,
    /// To 1.1 radii.
    Rim,
    /// Beyond.
    Outside,
}

impl Where {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Floor => "floor",
            Self::Wall => "wall",
            Self::Rim => "rim",
            Self::Outside => "outside",
        }
    }
}

/// Where a place lies in a crater.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CraterPlace {
    /// Part of the crater.
    pub part: Where,
    /// Distance from the centre over that of the rim in the same direction: 1 on the rim.
    pub radius_ratio: f64,
    /// Distance from the centre, km.
    pub distance_km: f64,
    /// Direction from the centre, clockwise from north, rad, [0, 2π).
    pub azimuth_rad: f64,
}

/// Where in a crater a place (a spot's) lies.
///
/// ```
/// use facula_core::{Body, LonLat, features};
/// use facula_spots::{CraterRim, Where, place_in_crater};
///
/// let ellipsoid = Body::built_in("ceres")?.ellipsoid();
/// let occator = features("ceres").into_iter().find(|f| f.name == "Occator").expect("in the table");
/// let vinalia = LonLat::from_degrees(242.5, 20.3);
/// let found = place_in_crater(vinalia, &CraterRim::from(&occator), &ellipsoid);
/// assert_eq!(found.part, Where::Floor);
/// # Ok::<(), facula_core::BodyError>(())
/// ```
pub fn place_in_crater(place: LonLat, crater: &CraterRim, ellipsoid: &Ellipsoid) -> CraterPlace {
    let [east_km, north_km] = Frame::at(crater.place, ellipsoid).offset_km(place);
    let (sin, cos) = crater.orientation_rad.sin_cos();
    let along = (east_km * sin + north_km * cos) / crater.semi_major_km;
    let across = (north_km * sin - east_km * cos) / crater.semi_minor_km;
    let radius_ratio = along.hypot(across);
    let part = match radius_ratio {
        r if r < 0.2 => Where::Centre,
        r if r < 0.7 => Where::Floor,
        r if r < 0.9 => Where::Wall,
        r if r < 1.1 => Where::Rim,
        _ => Where::Outside,
    };
    let azimuth_rad = east_km.atan2(north_km).rem_euclid(std::f64::consts::TAU);
    CraterPlace { part, radius_ratio, distance_km: distance_km(place, crater.place, ellipsoid), azimuth_rad }
}

/// The smallest crater whose rim goes around a place, by its position in the list, and where in it the place lies.
pub fn host_crater(
    place: LonLat,
    craters: &[CraterRim],
    ellipsoid: &Ellipsoid,
) -> Option<(usize, CraterPlace)> {
    let inside = craters.iter().enumerate().filter_map(|(k, crater)| {
        let found = place_in_crater(place, crater, ellipsoid);
        (found.radius_ratio <= 1.0).then_some((k, found))
    });
    inside.min_by(|a, b| craters[a.0].semi_major_km.total_cmp(&craters[b.0].semi_major_km))
}

/// Craters kept by size and place, for finding those near another of about the same size.
pub(crate) struct Buckets<'a> {
    ellipsoid: &'a Ellipsoid,
    craters: Vec<Crater>,
    /// By octave of the diameter and cube of space. Asked for, never gone through: its order does not matter.
    cubes: HashMap<(i32, [i32; 3]), Vec<usize>>,
}

impl<'a> Buckets<'a> {
    pub fn new(ellipsoid: &'a Ellipsoid) -> Self {
        Self { ellipsoid, craters: Vec::new(), cubes: HashMap::new() }
    }

    /// Whether a crater within half an octave or so, no farther than its diameter, fulfils a condition on it and its
    /// distance, km.
    pub fn any_near(&self, crater: &Crater, is_meant: impl Fn(&Crater, f64) -> bool) -> bool {
        let octave = octave(crater.diameter_km);
        (octave - 1..=octave + 1).any(|octave| {
            let [x, y, z] = self.cube(octave, crater.place);
            let near = (0..27).map(|k| (octave, [x + k % 3 - 1, y + k / 3 % 3 - 1, z + k / 9 - 1]));
            near.filter_map(|key| self.cubes.get(&key)).flatten().any(|k| {
                let other = &self.craters[*k];
                is_meant(other, distance_km(crater.place, other.place, self.ellipsoid))
            })
        })
    }

    pub fn add(&mut self, crater: Crater) {
        let octave = octave(crater.diameter_km);
        let key = (octave, self.cube(octave, crater.place));
        self.cubes.entry(key).or_default().push(self.craters.len());
        self.craters.push(crater);
    }

    /// All, in the order they were added.
    pub fn into_craters(self) -> Vec<Crater> {
        self.craters
    }

    fn cube(&self, octave: i32, place: LonLat) -> [i32; 3] {
        let size_km = 2f64.powi(octave);
        let point_km = place.direction() * self.ellipsoid.largest_radius_km();
        point_km.to_array().map(|c| (c / size_km).floor() as i32)
    }
}

fn octave(diameter_km: f64) -> i32 {
    diameter_km.max(1e-9).log2().floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::crater::tests::crater_at;
    use facula_core::{Body, features};
    use proptest::prelude::*;

    #[test]
    fn cerealia_lies_in_the_centre_of_occator_and_vinalia_on_its_floor() {
        let ceres = Body::built_in("ceres").unwrap().ellipsoid();
        let named = features("ceres");
        let feature = |name: &str| named.iter().find(|f| f.name == name).unwrap();
        let occator = CraterRim::from(feature("Occator"));
        let cerealia = place_in_crater(feature("Cerealia Facula").place, &occator, &ceres);
        assert_eq!(cerealia.part, Where::Centre);
        let vinalia = place_in_crater(feature("Vinalia Faculae").place, &occator, &ceres);
        assert_eq!(vinalia.part, Where::Floor);
        // East of the centre.
        assert!((1.0..2.0).contains(&vinalia.azimuth_rad), "{}", vinalia.azimuth_rad);
        let craters: Vec<Feature> = named.iter().filter(|f| f.kind == "crater").cloned().collect();
        let rims: Vec<CraterRim> = craters.iter().map(CraterRim::from).collect();
        let (host, _) = host_crater(feature("Cerealia Facula").place, &rims, &ceres).unwrap();
        assert_eq!(craters[host].name, "Occator");
        assert!(host_crater(LonLat::from_degrees(100.0, 0.0), &rims, &ceres).is_none());
    }

    proptest! {
        #[test]
        fn the_outline_lies_at_one_radius(lon in 0.0..360.0f64, lat in -89.0..89.0f64, size in 5.0..200.0f64) {
            let ceres = Body::built_in("ceres").unwrap().ellipsoid();
            let crater = crater_at(lon, lat, size);
            for place in crater.outline(&ceres) {
                let found = place_in_crater(place, &CraterRim::from(&crater), &ceres);
                prop_assert!((found.radius_ratio - 1.0).abs() < 1e-3, "{}", found.radius_ratio);
                prop_assert_eq!(found.part, Where::Rim);
            }
        }

        #[test]
        fn buckets_find_what_a_plain_search_finds(
            seed in 0u64..50, size in 3.0..40.0f64, lon in 0.0..360.0f64, lat in -90.0..90.0f64,
        ) {
            let ceres = Body::built_in("ceres").unwrap().ellipsoid();
            let mut random = facula_core::Random::new(seed, 5);
            let mut buckets = Buckets::new(&ceres);
            let mut all = Vec::new();
            for _ in 0..400 {
                let place = LonLat::of(random.direction());
                let crater = crater_at(place.longitude_deg(), place.latitude_deg(), random.between(3.0, 60.0));
                all.push(crater.clone());
                buckets.add(crater);
            }
            let own = crater_at(lon, lat, size);
            let is_meant = |other: &Crater, distance_km: f64| {
                let large = other.diameter_km.max(size);
                large < 1.6 * other.diameter_km.min(size) && distance_km < 0.25 * large
            };
            let plain = all.iter().any(|c| is_meant(c, distance_km(c.place, own.place, &ceres)));
            prop_assert_eq!(buckets.any_near(&own, is_meant), plain);
        }
    }
}
