// SPDX-License-Identifier: MIT OR Apache-2.0
//! The landforms that are facts, measured on the ground that is made of them.

#![allow(clippy::unwrap_used)]

use facula_core::{Body, BodyFixed, LonLat, Vec3, features};
use facula_world::{World, WorldFacts, WorldOptions};

/// Footprint of the finest mapping orbit, km.
const LAMO_KM: f64 = 0.035;
/// What outlines and rims that are no circles may change of a depth.
const SHAPE_RATIO: f64 = 0.12;

/// A world of facts alone: no unnamed craters, no swells, no roughness.
fn bare(name: &str) -> World {
    let mut facts = WorldFacts::built_in(name);
    facts.population.count_above_10_km_per_km2 = 0.0;
    facts.relief.swells.clear();
    facts.relief.roughness_rms_km = 0.0;
    let options = WorldOptions { terrain_cells: 16, survey_cells: 8, faculae: 0, ..Default::default() };
    World::from_facts(&Body::built_in(name).unwrap(), &facts, &options)
}

fn named(body: &str, name: &str) -> (LonLat, f64) {
    let feature = features(body).into_iter().find(|f| f.name == name).unwrap();
    (feature.place, feature.diameter_km)
}

/// Heights on a circle about a place, km.
fn ring(world: &World, place: LonLat, radius_km: f64) -> Vec<f64> {
    let up = place.direction();
    let east = Vec3::<BodyFixed>::new(0.0, 0.0, 1.0).cross(up).unit().unwrap();
    let north = up.cross(east);
    let angle = radius_km / world.ellipsoid().mean_radius_km();
    let at = |k: i32| {
        let (s, c) = (f64::from(k) * std::f64::consts::TAU / 72.0).sin_cos();
        let d = up * angle.cos() + (east * c + north * s) * angle.sin();
        world.height_at_km(d.unit().unwrap(), LAMO_KM)
    };
    (0..72).map(at).collect()
}

fn mean(heights: &[f64]) -> f64 {
    heights.iter().sum::<f64>() / heights.len() as f64
}

/// Mean over azimuth of the highest ground from 0.85 to 1.15 radii, over the mean ground at a fraction of the radius.
fn depth_km(world: &World, place: LonLat, (radius_km, floor): (f64, f64)) -> f64 {
    let rings: Vec<Vec<f64>> =
        (0..31).map(|k| ring(world, place, radius_km * (0.85 + 0.01 * f64::from(k)))).collect();
    let highest = |azimuth: usize| rings.iter().map(|r| r[azimuth]).fold(f64::NEG_INFINITY, f64::max);
    mean(&(0..72).map(highest).collect::<Vec<_>>()) - mean(&ring(world, place, floor * radius_km))
}

#[test]
fn fresh_craters_are_as_deep_as_the_laws_say() {
    // Pike 1977: 0.2 D up to the transition at 10.3 km (Hiesinger et al. 2016), then with the power 0.301.
    let world = bare("ceres");
    for name in ["Oxo", "Kupalo", "Haulani", "Ikapati"] {
        let (place, diameter_km) = named("ceres", name);
        let law_km = 0.2 * diameter_km * (diameter_km / 10.3).max(1.0).powf(0.301 - 1.0);
        // Floors between the peak (0.22 radii at most) and the wall.
        let floor = if diameter_km > 25.0 { 0.24 } else { 0.0 };
        let depth_km = depth_km(&world, place, (0.5 * diameter_km, floor));
        assert!((depth_km / law_km - 1.0).abs() < SHAPE_RATIO, "{name}: {depth_km} km, law {law_km} km");
    }
}

#[test]
fn occator_is_four_kilometres_deep_with_a_pit_and_a_dome_in_it() {
    let world = bare("ceres");
    // 92 km wide, 4 km deep (NASA, 2017).
    let (place, diameter_km) = named("ceres", "Occator");
    let depth_km = depth_km(&world, place, (0.5 * diameter_km, 0.35));
    assert!((depth_km / 4.0 - 1.0).abs() < SHAPE_RATIO, "{depth_km} km");
    // Schenk et al. 2016: pit 9 km wide and 0.8 km deep, dome 2 km wide and 0.7 km high.
    let (place, _) = named("ceres", "Cerealia Facula");
    let top_km = ring(&world, place, 0.0)[0];
    let floor_km = mean(&ring(&world, place, 1.5));
    let outside_km = mean(&ring(&world, place, 4.6));
    assert!((top_km - floor_km - 0.7).abs() < 0.03, "dome {} km", top_km - floor_km);
    assert!((outside_km - floor_km - 0.8).abs() < 0.06, "pit {} km", outside_km - floor_km);
    let at_one_km = mean(&ring(&world, place, 1.0)) - floor_km;
    assert!((0.03..0.14).contains(&at_one_km), "{at_one_km} km at half of 2 km");
}

#[test]
fn ahuna_is_four_kilometres_high_and_seventeen_wide() {
    // Ruesch et al. 2016.
    let world = bare("ceres");
    let (place, _) = named("ceres", "Ahuna Mons");
    let foot_km = mean(&ring(&world, place, 8.5));
    let top_km = ring(&world, place, 0.0)[0];
    assert!((top_km - foot_km - 4.0).abs() < 0.25, "{} km", top_km - foot_km);
    let half_km = mean(&ring(&world, place, 4.25)) - foot_km;
    assert!((half_km / 2.0 - 1.0).abs() < 0.1, "{half_km} km half-way down");
}

#[test]
fn rheasilvia_is_a_basin_five_hundred_kilometres_wide_with_a_massif_in_it() {
    // Schenk et al. 2012: 500 (25) km wide, 19 (6) km deep, massif 180 km wide and 20 to 25 km high.
    let world = bare("vesta");
    let (place, _) = named("vesta", "Rheasilvia");
    let profile: Vec<f64> = (0..60).map(|k| mean(&ring(&world, place, 5.0 * f64::from(k)))).collect();
    let highest = (30..60).max_by(|a, b| profile[*a].total_cmp(&profile[*b])).unwrap();
    let diameter_km = 2.0 * 5.0 * highest as f64;
    assert!((diameter_km - 500.0).abs() < 50.0, "{diameter_km} km");
    let floor_km = profile[19..30].iter().copied().fold(f64::INFINITY, f64::min);
    let depth_km = depth_km(&world, place, (250.0, 0.5));
    assert!((depth_km - 19.0).abs() < 6.0, "{depth_km} km");
    let massif_km = profile[0] - floor_km;
    assert!((18.0..26.0).contains(&massif_km), "{massif_km} km");
}

#[test]
fn rheasilvia_lies_where_its_crater_is_in_the_longitudes_of_the_nomenclature() {
    // Claudia marks the system: 146 E in that of the IAU, 356 E in that of Dawn's team.
    assert!((named("vesta", "Claudia").0.longitude_deg() - 146.0).abs() < 0.1);
    let world = bare("vesta");
    let (place, _) = named("vesta", "Rheasilvia");
    // Lower inside, half-way to the rim, than on the other side of the body at the same latitude.
    let opposite = LonLat::new(place.longitude_rad, -place.latitude_rad);
    assert!(mean(&ring(&world, place, 130.0)) < mean(&ring(&world, opposite, 130.0)) - 8.0);
}

#[test]
fn spots_have_the_contrasts_of_the_facts() {
    let world = bare("ceres");
    let (place, _) = named("ceres", "Cerealia Facula");
    let d = place.direction();
    // Schroeder et al. 2017: normal albedo 0.5 to 0.6 in Cerealia Facula.
    let albedo = world.normal_albedo(d);
    assert!((0.45..0.65).contains(&albedo), "{albedo}");
}
