// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names: the facula or crater a spot is, the crater it lies in.

use facula_core::{Ellipsoid, Feature, LonLat};

use crate::Spot;

/// Features are taken to be at least this wide: the centres of small ones are rounded and disputed by kilometres.
const SMALLEST_FEATURE_KM: f64 = 10.0;

/// A crater gives its name only to spots at least this part of its size: a patch of two kilometres somewhere in a basin
/// is not the basin.
const CRATER_SHARE: f64 = 0.15;

/// Gives each spot the name of the facula, else of the smallest crater not much larger than the spot, whose centre is
/// nearer than half of its diameter (at least 5 km) plus the spot's position error; and the smallest crater that
/// holds it.
pub fn name_spots(spots: &mut [Spot], features: &[Feature], ellipsoid: &Ellipsoid) {
    for spot in spots {
        let found = named(spot, features, ellipsoid);
        spot.name = found.map(|(feature, _)| feature.name.clone());
        spot.distance_to_name_km = found.map(|(_, distance_km)| distance_km);
        spot.host_crater = host(spot, features, ellipsoid).map(|feature| feature.name.clone());
    }
}

fn named<'a>(spot: &Spot, features: &'a [Feature], ellipsoid: &Ellipsoid) -> Option<(&'a Feature, f64)> {
    let reach_km = |f: &Feature| 0.5 * f.diameter_km.max(SMALLEST_FEATURE_KM) + spot.position_sigma_km;
    let near = |kind: &'static str| {
        features
            .iter()
            .filter(move |f| f.kind == kind)
            .map(|f| (f, distance_km(spot.place, f.place, ellipsoid)))
            .filter(|(f, distance_km)| *distance_km <= reach_km(f))
    };
    near("facula").min_by(|a, b| a.1.total_cmp(&b.1)).or_else(|| {
        let alike = near("crater").filter(|(f, _)| spot.diameter_km >= CRATER_SHARE * f.diameter_km);
        alike.min_by(|a, b| a.0.diameter_km.total_cmp(&b.0.diameter_km))
    })
}

fn host<'a>(spot: &Spot, features: &'a [Feature], ellipsoid: &Ellipsoid) -> Option<&'a Feature> {
    features
        .iter()
        .filter(|f| f.kind == "crater")
        .filter(|f| distance_km(spot.place, f.place, ellipsoid) <= 0.5 * f.diameter_km)
        .min_by(|a, b| a.diameter_km.total_cmp(&b.diameter_km))
}

/// Distance along the sphere of the local radius, km.
pub(crate) fn distance_km(a: LonLat, b: LonLat, ellipsoid: &Ellipsoid) -> f64 {
    a.separation_rad(b) * ellipsoid.radius_km(a.direction())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;
    use facula_core::{Body, features};

    fn named_at(longitude_deg: f64, latitude_deg: f64) -> Spot {
        let mut spots = [spot_at(longitude_deg, latitude_deg)];
        let ceres = Body::built_in("ceres").unwrap().ellipsoid();
        name_spots(&mut spots, &features("ceres"), &ceres);
        spots[0].clone()
    }

    #[test]
    fn a_facula_goes_before_the_crater_around_it() {
        let spot = named_at(239.7, 19.8);
        assert_eq!(spot.name.as_deref(), Some("Cerealia Facula"));
        assert_eq!(spot.host_crater.as_deref(), Some("Occator"));
        assert!(spot.distance_to_name_km.unwrap() < 2.0);
    }

    #[test]
    fn a_spot_on_a_crater_floor_takes_the_crater_and_one_on_a_plain_nothing() {
        // 4 km wide: too small to be Haulani (34 km), wide enough to be Oxo (10 km).
        let spot = named_at(11.0, 6.0);
        assert_eq!((spot.name.as_deref(), spot.host_crater.as_deref()), (None, Some("Haulani")));
        let spot = named_at(359.5, 42.2);
        assert_eq!((spot.name.as_deref(), spot.host_crater.as_deref()), (Some("Oxo"), Some("Oxo")));
        let spot = named_at(100.0, 0.0);
        assert_eq!((spot.name, spot.host_crater, spot.distance_to_name_km), (None, None, None));
    }
}
