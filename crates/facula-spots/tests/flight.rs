// SPDX-License-Identifier: MIT OR Apache-2.0
#![allow(clippy::unwrap_used)]
//! The spots of the real Ceres: the global albedo map made of Dawn's frames (case `ceres-global`).

use facula_archive::{Limits, read_map};
use facula_core::{Body, Quality, Silent, features};
use facula_spots::{DetectOptions, Spot, SpotMap, detect};
use facula_testkit::{data_folder, skip};

/// Issue 2: "in the list with coordinates within 1 degree" of the IAU's.
const NEAR_DEG: f64 = 1.0;
/// Kupalo's radius (13 km on a body of 470 km: 1.6 deg) bounds where its bright wall can lie.
const KUPALO_DEG: f64 = 1.4;
/// Stein et al. (2019, Icarus 320, 188) count about 300 bright areas on Ceres by eye; bright crater rims come on top.
const MOST_SPOTS: usize = 900;

fn spots_of_ceres() -> Option<Vec<Spot>> {
    let path = data_folder()?.join("maps/ceres_albedo_4096.jpg");
    let image = read_map(&path, -180.0, &Limits::default()).unwrap();
    let quality = image.values.map(|_| Quality::GOOD);
    let map = SpotMap {
        grid: image.grid,
        albedo: &image.values,
        quality: &quality,
        sigma: None,
        coverage: None,
        ellipsoid: Body::built_in("ceres").unwrap().ellipsoid(),
        effective_psf_px: 2.0,
    };
    let options = DetectOptions { features: features("ceres"), ..DetectOptions::default() };
    let spots = detect(&map, &options, &Silent).unwrap();
    Some(spots)
}

#[test]
fn the_famous_spots_of_ceres_are_found_where_the_iau_has_them() {
    let Some(spots) = spots_of_ceres() else {
        return skip("the_famous_spots_of_ceres_are_found_where_the_iau_has_them", "no data folder");
    };
    let named = features("ceres");
    for name in ["Cerealia Facula", "Vinalia Faculae", "Haulani", "Oxo", "Ahuna Mons", "Juling"] {
        let place = named.iter().find(|f| f.name == name).unwrap().place;
        let nearest_deg =
            spots.iter().map(|s| s.place.separation_rad(place).to_degrees()).fold(f64::INFINITY, f64::min);
        assert!(nearest_deg < NEAR_DEG, "{name}: {nearest_deg} deg");
    }
    // Kupalo's bright places lie on its wall, 13 km from the centre of its 26 km.
    let kupalo = named.iter().find(|f| f.name == "Kupalo").unwrap();
    let on_wall = |s: &&Spot| s.place.separation_rad(kupalo.place).to_degrees() < KUPALO_DEG;
    assert!(spots.iter().any(|s| on_wall(&s) && s.contrast > 1.06), "Kupalo");
    // The brightest is Cerealia, in Occator, two and a half times as bright as the ground (map luma, not albedo);
    // Vinalia is a spot of its own.
    let first = &spots[0];
    assert_eq!(first.name.as_deref(), Some("Cerealia Facula"));
    assert_eq!(first.host_crater.as_deref(), Some("Occator"));
    assert!(first.contrast > 2.0 && first.diameter_km > 5.0 && first.diameter_km < 15.0, "{first:?}");
    assert!(spots.iter().any(|s| s.name.as_deref() == Some("Vinalia Faculae")));
    for name in ["Cerealia Facula", "Vinalia Faculae", "Haulani", "Oxo", "Ahuna Mons", "Kupalo", "Juling"] {
        let Some(feature) = named.iter().find(|f| f.name == name) else { continue };
        let apart_deg = |s: &Spot| s.place.separation_rad(feature.place).to_degrees();
        let near = spots.iter().filter(|s| apart_deg(s) < NEAR_DEG);
        match near.max_by(|a, b| a.contrast.total_cmp(&b.contrast)) {
            Some(s) => eprintln!(
                "{name}: {} at {:.2} deg, contrast {:.2}, {:.1} km, significance {:.1}",
                s.id,
                apart_deg(s),
                s.contrast,
                s.diameter_km,
                s.significance
            ),
            None => eprintln!("{name}: nothing within {NEAR_DEG} deg"),
        }
    }
    eprintln!("{} spots", spots.len());
    assert!(spots.len() < MOST_SPOTS, "{}", spots.len());
}
