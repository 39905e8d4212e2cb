// SPDX-License-Identifier: MIT OR Apache-2.0
//! Haze, bounced light and motion in pictures, against closed formulas.

#![allow(clippy::unwrap_used)]

mod support;

use facula_core::{BodyFixed, Ellipsoid, Pose, Rotation, Vec3};
use facula_photometry::{DiskFunction, PhaseFunction, SurfaceModel};
use facula_shape::{Mesh, Shape};
use facula_simulate::{
    Bounce, Column, ConstantGround, Glow, Haze, HazePhase, Motion, RenderOptions, Scene, Sun, WithTruth,
    render, render_moving,
};
use support::{camera, from_above, lumpy};

const GROUND: ConstantGround = ConstantGround { normal_albedo: 0.1 };

fn lambert() -> SurfaceModel {
    SurfaceModel::of(DiskFunction::Lambert, PhaseFunction::Constant)
}

fn options(samples_per_pixel: usize) -> RenderOptions {
    RenderOptions { samples_per_pixel, ..Default::default() }
}

fn thin(optical_depth: f64) -> Haze {
    Haze {
        base: Ellipsoid::new(1000.0, 1000.0, 1000.0).unwrap(),
        scale_height_km: 1.0,
        optical_depth,
        single_scattering_albedo: 0.8,
        phase: HazePhase::Isotropic,
        column: None,
    }
}

#[test]
fn ground_under_haze_is_dimmed_twice_and_veiled_once() {
    let shape = Shape::Ellipsoid(Ellipsoid::new(1000.0, 1000.0, 1000.0).unwrap());
    let model = lambert();
    let pose = from_above(2000.0, 0.8);
    // 9 px of 0.1 km around the point below the camera: emission 0, incidence 0.8 rad.
    let camera = camera(9, 1e-4);
    let mut scene = Scene::new(&shape, &GROUND, &model);
    scene.sun = Sun::Point;
    let clear = f64::from(render(&scene, &camera, &pose, &options(1)).unwrap().iof.at(4, 4));
    scene.haze = vec![thin(0.1)];
    let hazy = f64::from(render(&scene, &camera, &pose, &options(1)).unwrap().iof.at(4, 4));
    let mu0 = 0.8f64.cos();
    let both = (-0.1 * (1.0 + 1.0 / mu0)).exp();
    let wanted = clear * both + 0.8 / 4.0 * mu0 / (mu0 + 1.0) * (1.0 - both);
    // The curvature of the layer: H/R times tan² of 0.8 rad.
    assert!((hazy / wanted - 1.0).abs() < 1e-3, "{hazy} {wanted}");
    // Light of the ground itself is dimmed once.
    scene.glow = vec![Glow { centre: Vec3::new(0.0, 0.0, 1.0), radius_rad: 0.1, iof: 0.5 }];
    let glowing = f64::from(render(&scene, &camera, &pose, &options(1)).unwrap().iof.at(4, 4));
    assert!((glowing - hazy - 0.5 * (-0.1f64).exp()).abs() < 1e-4, "{glowing} {hazy}");
}

#[test]
fn empty_haze_changes_no_bit_and_haze_shows_off_the_limb() {
    let shape = Shape::Mesh(lumpy(24));
    let model = lambert();
    let pose = from_above(4000.0, 0.9);
    let camera = camera(96, 3e-3);
    let mut scene = Scene::new(&shape, &GROUND, &model);
    let options = RenderOptions { truth: WithTruth::Yes, ..options(4) };
    let clear = render(&scene, &camera, &pose, &options).unwrap();
    let base = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
    scene.haze = vec![Haze { base, ..thin(0.0) }];
    let empty = render(&scene, &camera, &pose, &options).unwrap();
    assert_eq!(empty.iof, clear.iof);
    scene.haze = vec![Haze { base, scale_height_km: 10.0, ..thin(0.05) }];
    let hazy = render(&scene, &camera, &pose, &options).unwrap();
    let off_limb = |column: usize| (clear.iof.at(column, 48), hazy.iof.at(column, 48));
    // The limb lies 39 px from the middle: 12 km a pixel.
    let (sunny, night) = (off_limb(88), off_limb(6));
    assert!(sunny.0 == 0.0 && sunny.1 > 1e-3 && night.1 < 0.2 * sunny.1, "{sunny:?} {night:?}");
    let shadow = |picture: &facula_simulate::Rendered| {
        picture.truth.as_ref().unwrap().shadow_fraction.as_slice().iter().filter(|f| **f > 0.0).count()
    };
    assert_eq!(shadow(&hazy), shadow(&clear));
}

#[test]
fn a_plume_stands_over_its_place_only() {
    let shape = Shape::Ellipsoid(Ellipsoid::new(470.0, 470.0, 470.0).unwrap());
    let model = lambert();
    let camera = camera(128, 2e-3);
    let pose = from_above(5000.0, 1.2);
    let mut scene = Scene::new(&shape, &GROUND, &model);
    let clear = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    let column = Column { centre: Vec3::new(1.0, 0.0, 0.0), radius_km: 15.0, half_opening_rad: 0.2 };
    let base = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
    scene.haze = vec![Haze { base, scale_height_km: 40.0, column: Some(column), ..thin(0.1) }];
    let with = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    let brighter: Vec<(usize, usize)> = (0..128 * 128)
        .map(|k| (k % 128, k / 128))
        .filter(|(x, y)| with.at(*x, *y) > clear.at(*x, *y) + 1e-3)
        .collect();
    assert!(brighter.len() > 4, "{brighter:?}");
    // East on the limb: 47 px right of the middle, narrow across.
    assert!(brighter.iter().all(|(x, y)| *x > 100 && y.abs_diff(63) < 14), "{brighter:?}");
}

/// A floor at z = 100 km and a wall of 10 km along x = 0, both much wider than the wall is high.
fn corner() -> Mesh {
    let (w, h) = (1000.0, 110.0);
    let vertices = vec![
        [0.0, -w, 100.0],
        [60.0, -w, 100.0],
        [60.0, w, 100.0],
        [0.0, w, 100.0],
        [0.0, -w, h],
        [0.0, w, h],
    ];
    Mesh::new(vertices, vec![[0, 1, 2], [0, 2, 3], [0, 3, 5], [0, 5, 4]]).unwrap()
}

/// Largest error of the light that a lit wall sends onto a dark floor, over that light.
fn beside_a_wall(rays: usize) -> f64 {
    let shape = Shape::Mesh(corner());
    let model = lambert();
    let mut scene = Scene::new(&shape, &GROUND, &model);
    scene.bounce = Some(Bounce { rays });
    // 0.25 km a pixel; the Sun at the horizon of the floor, straight onto the wall.
    let camera = camera(120, 0.25 / 1000.0);
    let pose = from_above(1100.0, std::f64::consts::FRAC_PI_2);
    let found = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    let mut worst = 0.0f64;
    for column in 66..110 {
        let x_km = (column as f64 - 59.5) * 0.25;
        // Element beside an endless perpendicular strip: F = (1 − x/√(x² + h²))/2 (Howell's catalogue, B-5).
        let form = 0.5 * (1.0 - x_km / x_km.hypot(10.0));
        let wanted = 0.1 * 0.1 * form;
        worst = worst.max((f64::from(found.at(column, 60)) / wanted - 1.0).abs());
    }
    worst
}

#[test]
fn a_lit_wall_lights_the_floor_by_the_form_factor() {
    let errors = [64, 512, 2048].map(beside_a_wall);
    assert!(errors[0] < 0.11 && errors[1] < 0.025 && errors[2] < 0.01, "{errors:?}");
}

/// The inside of a sphere's lower half, open above.
fn bowl(cells: usize, radius_km: f64) -> Mesh {
    let (mut vertices, mut facets) = (Vec::new(), Vec::new());
    let rings = cells;
    for i in 0..=rings {
        for j in 0..4 * cells {
            let theta = std::f64::consts::FRAC_PI_2 * i as f64 / rings as f64;
            let phi = std::f64::consts::TAU * j as f64 / (4 * cells) as f64;
            let (x, y) = (theta.sin() * phi.cos(), theta.sin() * phi.sin());
            vertices.push([radius_km * x, radius_km * y, 1000.0 - radius_km * theta.cos()]);
        }
    }
    let at = |i: usize, j: usize| (i * 4 * cells + j % (4 * cells)) as u32;
    for i in 0..rings {
        for j in 0..4 * cells {
            let (a, b, c, d) = (at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1));
            facets.push([a, b, c]);
            if i > 0 {
                facets.push([a, c, d]);
            }
        }
    }
    Mesh::new(vertices, facets).unwrap()
}

#[test]
fn the_inside_of_a_half_sphere_sends_itself_the_same_light_everywhere() {
    let shape = Shape::Mesh(bowl(40, 50.0));
    let model = lambert();
    let mut scene = Scene::new(&shape, &GROUND, &model);
    scene.sun = Sun::Point;
    let camera = camera(64, 1.25 / 1000.0);
    let pose = from_above(1950.0, 0.0);
    let direct = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    scene.bounce = Some(Bounce { rays: 256 });
    let with = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    // Within a sphere dF = dA / 4πr² whatever the two places: A² ∫ cos i dA / 4πr² = A² πr² / 4πr² = A² / 4.
    for (x, y) in [(32, 32), (20, 32), (40, 45), (32, 50), (25, 20)] {
        let bounced = f64::from(with.at(x, y) - direct.at(x, y));
        assert!((bounced / (0.01 / 4.0) - 1.0).abs() < 0.03, "{x} {y}: {bounced}");
    }
}

#[test]
fn bounced_light_needs_rays_and_leaves_convex_bodies_alone() {
    let shape = Shape::Ellipsoid(Ellipsoid::new(470.0, 470.0, 470.0).unwrap());
    let model = lambert();
    let mut scene = Scene::new(&shape, &GROUND, &model);
    let (camera, pose) = (camera(32, 8e-3), from_above(4000.0, 0.5));
    let before = render(&scene, &camera, &pose, &options(1)).unwrap().iof;
    scene.bounce = Some(Bounce { rays: 16 });
    assert_eq!(render(&scene, &camera, &pose, &options(1)).unwrap().iof, before);
    scene.bounce = Some(Bounce { rays: 0 });
    let text = render(&scene, &camera, &pose, &options(1)).unwrap_err().to_string();
    assert!(text.contains("rays is 0"), "{text}");
}

/// A shining dot on a night side, as seen by a camera that turns and moves.
fn dot_trail(motion: impl Fn(Pose) -> Pose, steps: usize) -> Vec<(usize, f32)> {
    let shape = Shape::Ellipsoid(Ellipsoid::new(1000.0, 1000.0, 1000.0).unwrap());
    let model = lambert();
    let mut scene = Scene::new(&shape, &GROUND, &model);
    let centre: Vec3<BodyFixed> = Vec3::new(0.0, 0.0, 1.0);
    scene.glow = vec![Glow { centre, radius_rad: 0.5e-3, iof: 1.0 }];
    let start = from_above(2000.0, std::f64::consts::PI);
    let moving = Motion { start, end: motion(start), steps };
    let camera = camera(81, 1e-3);
    let picture = render_moving(&scene, &camera, &moving, &options(36)).unwrap().iof;
    picture.line(40).iter().copied().enumerate().filter(|(_, iof)| *iof > 0.0).collect()
}

#[test]
fn a_dot_leaves_a_trail_as_long_as_the_motion() {
    let mean = |trail: &[(usize, f32)]| {
        let sum: f64 = trail.iter().map(|(_, iof)| f64::from(*iof)).sum();
        (trail.iter().map(|(x, iof)| *x as f64 * f64::from(*iof)).sum::<f64>() / sum, sum)
    };
    let still = dot_trail(|pose| pose, 1);
    let (middle, _) = mean(&still);
    // A dot of 1 px across.
    let light = std::f64::consts::FRAC_PI_4;
    assert!((middle - 40.0).abs() < 0.01 && still.len() <= 3, "{still:?}");
    // 20 px of turn about y moves the scene to the left, by (tan of) 20 mrad; 10 km sideways at 1000 km by 10 px.
    let turned = dot_trail(|pose| pose.turned(0.0, 20e-3, 0.0), 100);
    let moved = dot_trail(|pose| Pose { spacecraft_km: Vec3::new(10.0, 0.0, 2000.0), ..pose }, 50);
    for (trail, shift_px) in [(turned, -20.0), (moved, -10.0f64)] {
        let (centre, total) = mean(&trail);
        assert!((centre - 40.0 - 0.5 * shift_px).abs() < 0.05, "{centre}");
        let length = trail.last().unwrap().0 - trail[0].0 + 1;
        assert!((length as f64 - shift_px.abs() - 1.0).abs() <= 1.0, "{length}");
        assert!((total / light - 1.0).abs() < 0.05, "{total} {light}");
        // Even along the trail.
        let inner = &trail[2..trail.len() - 2];
        let even = light / shift_px.abs();
        assert!(inner.iter().all(|(_, iof)| (f64::from(*iof) / even - 1.0).abs() < 0.15), "{inner:?} {even}");
    }
}

#[test]
fn poses_in_between_turn_evenly_from_start_to_end() {
    let start = from_above(2000.0, 0.3);
    let turn: Rotation<BodyFixed, BodyFixed> = Rotation::about(Vec3::new(0.2, -0.5, 1.0), 0.4).unwrap();
    let end = Pose { camera_from_body: start.camera_from_body * turn, ..start };
    let poses = Motion { start, end, steps: 4 }.poses();
    for (k, pose) in poses.iter().enumerate() {
        let (from, to) = (
            pose.camera_from_body.angle_to_rad(start.camera_from_body),
            pose.camera_from_body.angle_to_rad(end.camera_from_body),
        );
        let at = (k as f64 + 0.5) / 4.0;
        assert!((from - 0.4 * at).abs() < 1e-12 && (to - 0.4 * (1.0 - at)).abs() < 1e-12, "{k}: {from} {to}");
    }
    let shape = Shape::Ellipsoid(Ellipsoid::new(1000.0, 1000.0, 1000.0).unwrap());
    let model = lambert();
    let scene = Scene::new(&shape, &GROUND, &model);
    let none = render_moving(&scene, &camera(8, 1e-3), &Motion { start, end, steps: 0 }, &options(1));
    assert!(none.unwrap_err().to_string().contains("steps is 0"));
    let one = render_moving(&scene, &camera(8, 1e-3), &Motion { start, end: start, steps: 1 }, &options(4));
    assert_eq!(one.unwrap().iof, render(&scene, &camera(8, 1e-3), &start, &options(4)).unwrap().iof);
}
