// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

fn small() -> (Body, World) {
    let body = Body::built_in("ceres").unwrap();
    let options = WorldOptions { terrain_cells: 128, survey_cells: 64, faculae: 30, ..Default::default() };
    let world = World::built_in(&body, &options);
    (body, world)
}

#[test]
fn cerealia_facula_is_six_times_as_bright_as_its_surroundings() {
    let (_, world) = small();
    let centre = LonLat::from_degrees(239.6, 19.7).direction();
    let contrast = world.normal_albedo(centre) / world.ground_albedo(centre);
    // 6.0 and what Pasola Facula, which lies inside, may add.
    assert!((6.0..=6.6).contains(&contrast), "{contrast}");
    assert!((world.ground_albedo(centre) / 0.09 - 1.0).abs() < 0.09);
}

#[test]
fn the_survey_shape_follows_the_terrain_at_long_wavelengths() {
    let (_, world) = small();
    let shape = world.survey_shape();
    let mut random = Random::new(5, 5);
    let mut squares = 0.0;
    for _ in 0..2_000 {
        let d = random.direction();
        squares += (shape.height_km(d) - world.height_km(d)).powi(2);
    }
    let rms_km = (squares / 2_000.0).sqrt();
    assert!(rms_km > 0.01 && rms_km < 0.6, "{rms_km}");
}

#[test]
fn the_same_seed_makes_the_same_world_and_another_seed_another() {
    let body = Body::built_in("ceres").unwrap();
    let make = |seed| {
        let options = WorldOptions { seed, terrain_cells: 16, survey_cells: 8, faculae: 10 };
        World::built_in(&body, &options)
    };
    let (one, same, other) = (make(1), make(1), make(2));
    assert_eq!(one.spots, same.spots);
    assert_ne!(one.spots, other.spots);
    let d = LonLat::from_degrees(10.0, 20.0).direction();
    assert_eq!(one.height_at_km(d, 0.05), same.height_at_km(d, 0.05));
    assert_ne!(one.height_at_km(d, 0.05), other.height_at_km(d, 0.05));
}
