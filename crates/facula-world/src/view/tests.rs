// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::WorldOptions;
use facula_core::{Body, Collected, LonLat, Random};

/// Radius of the pixel cone of Dawn's camera: 14 µm over 150 mm.
const PIXEL_RAD: f64 = 93.3e-6;

fn ceres() -> World {
    let options = WorldOptions { terrain_cells: 16, survey_cells: 8, faculae: 0, ..Default::default() };
    World::built_in(&Body::built_in("ceres").unwrap(), &options)
}

/// A view straight down at a place.
fn down(place: LonLat, distance_km: f64, half_angle_rad: f64) -> ViewDetail {
    let up = place.direction();
    ViewDetail::new(up * distance_km, -up, half_angle_rad, PIXEL_RAD)
}

#[test]
fn meshes_are_closed_face_outward_and_have_the_volume_of_the_body() {
    let world = ceres();
    let volume_km3 = 4.0 / 3.0 * std::f64::consts::PI * world.ellipsoid().mean_radius_km().powi(3);
    // A face's middle, an edge, a corner of the cube, and a pole; far and near.
    for (lon, lat) in [(0.0, 0.0), (45.0, 3.0), (45.0, 35.26), (239.6, 19.7), (10.0, 90.0)] {
        for (distance_km, half_angle_rad) in [(14_000.0, 0.07), (900.0, 0.01)] {
            let mut view = down(LonLat::from_degrees(lon, lat), distance_km, half_angle_rad);
            view.facets = FacetSize { edge_px: 4.0 };
            let mesh = world.mesh_for(&view);
            let report = mesh.report();
            assert!(report.is_closed(), "{lon} {lat} from {distance_km} km: {report:?}");
            assert_eq!(report.flat_facets, 0);
            assert!(
                (report.volume_km3 / volume_km3 - 1.0).abs() < 0.01,
                "{}",
                report.volume_km3 / volume_km3
            );
        }
    }
}

#[test]
fn facets_are_a_pixel_wide_where_the_camera_looks_and_coarse_behind() {
    let world = ceres();
    let view = down(LonLat::from_degrees(30.0, 10.0), 845.0, 0.01);
    let mesh = world.mesh_for(&view);
    let edge_km = |facet: usize| {
        let [a, b, c] = mesh.facet_km(facet);
        // Twice the area of a facet is that of a quad.
        ((b - a).cross(c - a).length()).sqrt()
    };
    let (mut inside, mut behind) = (Vec::new(), Vec::new());
    for facet in 0..mesh.facet_count() {
        let [a, _, _] = mesh.facet_km(facet);
        if (a - view.eye_km).angle_rad(view.axis) < 0.009 {
            let pixel_km = (a - view.eye_km).length() * PIXEL_RAD;
            if a.dot(view.eye_km) > 0.0 {
                inside.push(edge_km(facet) / pixel_km);
            }
        } else if a.dot(view.eye_km) < 0.0 {
            behind.push(edge_km(facet));
        }
    }
    inside.sort_by(f64::total_cmp);
    let (median, widest) = (inside[inside.len() / 2], inside[inside.len() * 99 / 100]);
    assert!((0.6..1.2).contains(&median) && widest < 1.5, "{median} {widest} px of {}", inside.len());
    assert!(behind.iter().sum::<f64>() / behind.len() as f64 > 2.0, "km behind");
}

#[test]
fn vertices_lie_on_the_ground_of_their_footprint() {
    let world = ceres();
    let view = down(LonLat::from_degrees(239.6, 19.7), 2_000.0, 0.02);
    let wanted = Wanted::new(&view, world.ellipsoid());
    let mesh = world.mesh_for(&view);
    for facet in (0..mesh.facet_count()).step_by(997) {
        for corner in mesh.facet_km(facet) {
            let d = corner.unit().unwrap();
            let height_km = world.height_at_km(d, wanted.edge_km(d));
            let radius_km = world.ellipsoid().radius_km(d) + height_km;
            // Rounding of the direction, over slopes of up to 1.
            assert!((corner.length() - radius_km).abs() < 1e-9);
        }
    }
}

#[test]
fn a_mesh_is_the_same_whatever_the_number_of_threads() {
    let world = ceres();
    let view = down(LonLat::from_degrees(100.0, -40.0), 3_000.0, 0.01);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mesh = pool.install(|| world.mesh_for(&view));
        (0..mesh.facet_count()).step_by(31).map(|f| mesh.facet_km(f).map(Vec3::to_array)).collect::<Vec<_>>()
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn too_fine_a_wish_gets_a_coarser_mesh_and_a_warning() {
    let world = ceres();
    let mut view = down(LonLat::from_degrees(0.0, 0.0), 14_000.0, 0.07);
    view.facets = FacetSize { edge_px: 0.3 };
    let report = Collected::default();
    let mesh = world.mesh_reported(&view, &report);
    assert!(
        mesh.facet_count() <= MOST_FACETS && mesh.facet_count() > MOST_FACETS / 3,
        "{}",
        mesh.facet_count()
    );
    let warnings = report.warnings();
    assert!(warnings.len() == 1 && warnings[0].message.contains("times as wide"), "{warnings:?}");
}

#[test]
fn a_senseless_view_gives_a_coarse_closed_body_and_no_panic() {
    let world = ceres();
    let mut random = Random::new(1, 1);
    let zero = Vec3::new(0.0, 0.0, 0.0);
    for view in [
        ViewDetail::new(zero, zero, 0.01, 1e-3),
        ViewDetail::new(Vec3::new(f64::NAN, 0.0, 0.0), random.direction(), 0.01, 1e-3),
        ViewDetail::new(Vec3::new(5_000.0, 0.0, 0.0), Vec3::new(1.0, 0.0, 0.0), 0.01, f64::INFINITY),
        ViewDetail::new(Vec3::new(5_000.0, 0.0, 0.0), Vec3::new(-1.0, 0.0, 0.0), -1.0, -1.0),
    ] {
        assert!(world.mesh_for(&view).report().is_closed());
    }
}
