// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures against closed formulas: limb, terminator, phase curves, shadow lengths, penumbrae.

#![allow(clippy::unwrap_used)]

mod support;

use std::f64::consts::{FRAC_PI_2, PI};

use facula_core::{Ellipsoid, Quality, Raster};
use facula_photometry::{DiskFunction, PhaseFunction, SurfaceModel};
use facula_shape::{Mesh, Shape};
use facula_simulate::{
    ConstantGround, Glow, RenderOptions, Rendered, Scene, Shading, Shadows, Sun, WithTruth, render,
};
use support::{block_on_plain, camera, from_above, lumpy};

/// The bound on limb, shadow lengths and phase curves.
const CLOSED_FORM: f64 = 1e-3;
const GROUND: ConstantGround = ConstantGround { normal_albedo: 0.1 };

fn model(disk: DiskFunction) -> SurfaceModel {
    SurfaceModel::of(disk, PhaseFunction::Constant)
}

fn sphere() -> Shape {
    Shape::Ellipsoid(Ellipsoid::new(100.0, 100.0, 100.0).unwrap())
}

fn options(samples_per_pixel: usize) -> RenderOptions {
    RenderOptions { samples_per_pixel, truth: WithTruth::Yes, ..Default::default() }
}

/// A sphere of 200 px radius from 10⁵ radii.
fn picture(disk: DiskFunction, phase_rad: f64) -> Rendered {
    let (shape, model) = (sphere(), model(disk));
    let scene = Scene::new(&shape, &GROUND, &model);
    let camera = camera(420, 100.0 / 1e7 / 200.0);
    render(&scene, &camera, &from_above(1e7, phase_rad), &options(16)).unwrap()
}

fn sum(image: &Raster<f32>) -> f64 {
    image.as_slice().iter().map(|value| f64::from(*value)).sum()
}

#[test]
fn whole_discs_have_the_phase_curves_of_lambert_and_lommel_seeliger() {
    let disc_px = PI * 200.0 * 200.0;
    for phase_deg in [0.0f64, 20.0, 60.0, 90.0, 120.0] {
        let a = phase_deg.to_radians();
        // Lambert 1760; Seeliger 1887; geometric albedo 2/3 and 1 of the normal albedo.
        let lambert = 2.0 / 3.0 * (a.sin() + (PI - a) * a.cos()) / PI;
        let seeliger = if a > 0.0 {
            1.0 - (a / 2.0).sin() * (a / 2.0).tan() * (1.0 / (a / 4.0).tan()).ln()
        } else {
            1.0
        };
        for (disk, wanted) in [(DiskFunction::Lambert, lambert), (DiskFunction::LommelSeeliger, seeliger)] {
            let found = sum(&picture(disk, a).iof) / disc_px / 0.1;
            assert!((found - wanted).abs() < CLOSED_FORM * wanted, "{disk:?} {phase_deg}: {found} {wanted}");
        }
    }
}

#[test]
fn the_limb_lies_where_the_tangent_from_the_camera_touches() {
    let (shape, model) = (sphere(), model(DiskFunction::LommelSeeliger));
    let scene = Scene::new(&shape, &GROUND, &model);
    // From three radii the disc is wider than the sphere's radius over its distance: asin(1/3).
    let camera = camera(512, 0.0015);
    let found = render(&scene, &camera, &from_above(300.0, 0.0), &options(16)).unwrap();
    let radius_px = (1.0f64 / 3.0).asin().tan() / 0.0015;
    let ground_px = sum(&found.truth.unwrap().ground_fraction);
    assert!((ground_px / (PI * radius_px * radius_px) - 1.0).abs() < CLOSED_FORM, "{ground_px}");
}

#[test]
fn the_terminator_and_the_truth_of_a_half_disc_are_where_they_should_be() {
    let found = picture(DiskFunction::Lambert, FRAC_PI_2);
    let truth = found.truth.unwrap();
    for sample in [120, 180, 205, 214, 240, 300] {
        let x = (sample as f64 - 209.5) / 200.0;
        // On the middle line: the normal is (x, 0, sqrt(1 - x²)), the Sun stands along x.
        let incidence_deg = f64::from(truth.incidence_deg.at(sample, 210));
        assert!((incidence_deg - x.acos().to_degrees()).abs() < 0.3, "{sample}: {incidence_deg}");
        assert_eq!(found.iof.at(sample, 210) > 0.0, x > 0.0, "{sample}");
        assert_eq!(truth.quality.at(sample, 210).intersects(Quality::SHADOW), x < 0.0, "{sample}");
        assert!((truth.phase_deg.at(sample, 210) - 90.0).abs() < 1e-3);
        assert!((f64::from(truth.emission_deg.at(sample, 210)) - x.abs().asin().to_degrees()).abs() < 0.4);
    }
    assert_eq!(truth.quality.at(0, 0), Quality::OFF_BODY);
    assert!(truth.longitude_deg.at(0, 0).is_nan() && truth.normal_albedo.at(0, 0).is_nan());
    assert!((truth.normal_albedo.at(300, 210) - 0.1).abs() < 1e-6);
    assert!((truth.distance_km.at(210, 210) - (1e7 - 100.0) as f32).abs() < 1.0);
}

/// The plain from 1000 km above it, 100 m a pixel, 30 degrees of Sun from the west.
fn shadow(sun: Sun, samples: usize) -> (Rendered, f64) {
    let shape = Shape::Mesh(block_on_plain());
    let model = model(DiskFunction::Lambert);
    let mut scene = Scene::new(&shape, &GROUND, &model);
    scene.sun = sun;
    let camera = camera(400, 0.1 / 1000.0);
    let pose = from_above(1100.0, -60f64.to_radians());
    (render(&scene, &camera, &pose, &options(samples)).unwrap(), 0.1)
}

#[test]
fn the_shadow_of_a_block_is_as_long_as_its_height_over_the_tangent_of_the_suns_elevation() {
    for (sun, samples) in [(Sun::Point, 16), (Sun::Point, 64), (Sun::default(), 16)] {
        let (found, pixel_km) = shadow(sun, samples);
        // Along the middle line from the wall (x = 0) eastward.
        let line = found.truth.as_ref().unwrap().shadow_fraction.line(200);
        let length_km: f64 = line[200..].iter().map(|f| f64::from(*f) * pixel_km).sum();
        let wanted_km = 10.0 / 30f64.to_radians().tan();
        // 16 samples stand 4 to a line: an eighth of a pixel at worst, 3 m of 1732 m; the bound is 1e-3 plus that.
        assert!(
            (length_km - wanted_km).abs() < 0.0035 + CLOSED_FORM * wanted_km,
            "{sun:?}: {length_km} {wanted_km}"
        );
    }
}

#[test]
fn a_penumbra_is_as_wide_and_as_dark_as_the_disc_of_the_sun_makes_it() {
    // A Sun ten times as wide as from 2.8 au: half a degree on either side of its centre.
    let radius_km = 7e6;
    let (found, pixel_km) = shadow(Sun::Disc { radius_km, samples: 256 }, 4);
    let shadow = found.truth.unwrap().shadow_fraction;
    let rho = (radius_km / 4.2e8f64).asin();
    let mut worst = 0.0f64;
    for sample in 330..400 {
        let x_km = (sample as f64 - 199.5) * pixel_km;
        // The edge of the block as seen from there, against the Sun's centre, in radii of the Sun.
        let u = (((10.0f64 / x_km).atan() - 30f64.to_radians()) / rho).clamp(-1.0, 1.0);
        let hidden = 0.5 + (u * (1.0 - u * u).sqrt() + u.asin()) / PI;
        worst = worst.max((f64::from(shadow.at(sample, 200)) - hidden).abs());
    }
    assert!(worst < 0.03, "{worst}");
}

#[test]
fn adaptive_shadows_differ_from_those_of_every_sample_by_little() {
    let shape = Shape::Mesh(lumpy(96));
    let model = SurfaceModel::lommel_seeliger(0.12);
    let scene = Scene::new(&shape, &GROUND, &model);
    let (camera, pose) = (camera(256, 1e-3), from_above(4_500.0, 1.1));
    let take =
        |shadows| render(&scene, &camera, &pose, &RenderOptions { shadows, ..options(16) }).unwrap().iof;
    let (found, wanted, none) = (take(Shadows::Adaptive), take(Shadows::EverySample), take(Shadows::Off));
    assert!(sum(&none) > 1.005 * sum(&wanted), "there are shadows: {} {}", sum(&none), sum(&wanted));
    assert!((sum(&found) / sum(&wanted) - 1.0).abs() < CLOSED_FORM, "{} {}", sum(&found), sum(&wanted));
    let peak = wanted.as_slice().iter().copied().fold(0.0, f32::max);
    let off = found.as_slice().iter().zip(wanted.as_slice()).filter(|(a, b)| (*a - *b).abs() > 0.1 * peak);
    let lit = wanted.as_slice().iter().filter(|iof| **iof > 0.0).count();
    let off = off.count();
    assert!(off as f64 <= 2e-3 * lit as f64, "{off} of {lit} pixels are off by more than a tenth");
}

#[test]
fn more_samples_come_nearer_to_what_very_many_give() {
    let shape = Shape::Mesh(lumpy(48));
    let model = SurfaceModel::lommel_seeliger(0.12);
    let scene = Scene::new(&shape, &GROUND, &model);
    let (camera, pose) = (camera(128, 2e-3), from_above(4_500.0, 0.9));
    let take = |samples| render(&scene, &camera, &pose, &options(samples)).unwrap().iof;
    let wanted = take(64);
    let rms = |samples: usize| {
        let squares = take(samples)
            .as_slice()
            .iter()
            .zip(wanted.as_slice())
            .map(|(a, b)| f64::from((a - b) * (a - b)))
            .sum::<f64>();
        (squares / wanted.as_slice().len() as f64).sqrt()
    };
    let (one, four, sixteen) = (rms(1), rms(4), rms(16));
    assert!(four < 0.6 * one && sixteen < 0.6 * four, "{one} {four} {sixteen}");
}

#[test]
fn a_mesh_of_a_sphere_shaded_smoothly_looks_like_the_sphere() {
    let side = 24;
    let round: Mesh = {
        let (mut vertices_km, mut facets) = (Vec::new(), Vec::new());
        // Longitudes and latitudes, poles along y so that they lie on the limb.
        for line in 0..=side {
            for column in 0..2 * side {
                let (lat, lon) = (PI * (line as f64 / side as f64 - 0.5), PI * column as f64 / side as f64);
                vertices_km.push([
                    100.0 * lat.cos() * lon.sin(),
                    100.0 * lat.sin(),
                    100.0 * lat.cos() * lon.cos(),
                ]);
            }
        }
        let number = |line: usize, column: usize| (line * 2 * side + column % (2 * side)) as u32;
        for line in 0..side {
            for column in 0..2 * side {
                let [a, b] = [number(line, column), number(line, column + 1)];
                let [d, c] = [number(line + 1, column), number(line + 1, column + 1)];
                facets.extend([[a, b, c], [a, c, d]]);
            }
        }
        facets.retain(|f| {
            let [a, b, c] = f.map(|k: u32| {
                facula_core::Vec3::<facula_core::BodyFixed>::from_array(vertices_km[k as usize])
            });
            (b - a).cross(c - a).length() > 1e-6
        });
        Mesh::new(vertices_km, facets).unwrap()
    };
    let (shape, model) = (Shape::Mesh(round), model(DiskFunction::Lambert));
    let (camera, pose) = (camera(200, 1.2e-6), from_above(1e6, 0.5));
    let error = |shading: Shading| {
        let scene = Scene::new(&shape, &GROUND, &model).shaded(shading);
        let found = render(&scene, &camera, &pose, &options(4)).unwrap().iof;
        let ball = sphere();
        let wanted = render(&Scene::new(&ball, &GROUND, &model), &camera, &pose, &options(4)).unwrap().iof;
        let middle = (60..140).flat_map(|line| (60..140).map(move |sample| (sample, line)));
        middle.map(|(x, y)| f64::from((found.at(x, y) - wanted.at(x, y)).abs())).fold(0.0, f64::max)
    };
    let (flat, smooth) = (error(Shading::Flat), error(Shading::Smooth));
    assert!(smooth < 5e-4 && smooth < 0.1 * flat, "{flat} {smooth}");
}

#[test]
fn ground_that_shines_does_so_day_and_night() {
    let (shape, model) = (sphere(), model(DiskFunction::Lambert));
    let mut scene = Scene::new(&shape, &GROUND, &model);
    scene.glow = vec![Glow { centre: facula_core::Vec3::new(0.0, 0.0, 1.0), radius_rad: 0.2, iof: 0.03 }];
    let camera = camera(420, 100.0 / 1e7 / 200.0);
    for (sun_rad, beside) in [(0.0, 0.1), (PI, 0.0)] {
        let found = render(&scene, &camera, &from_above(1e7, sun_rad), &options(1)).unwrap().iof;
        assert!((f64::from(found.at(210, 210)) - beside - 0.03).abs() < 1e-4);
        // 0.2 rad are 200 sin 0.2 = 39.7 px.
        let edge = (f64::from(found.at(210 + 38, 210)), f64::from(found.at(210 + 42, 210)));
        assert!(edge.0 - edge.1 > 0.029, "{edge:?}");
    }
}

#[test]
fn pictures_are_the_same_whatever_the_threads() {
    let shape = Shape::Mesh(lumpy(40));
    let model = SurfaceModel::lommel_seeliger(0.12);
    let scene = Scene::new(&shape, &GROUND, &model);
    let (camera, pose) = (camera(100, 2.4e-3), from_above(4_500.0, 1.1));
    let take = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| render(&scene, &camera, &pose, &options(9))).unwrap().iof
    };
    assert_eq!(take(1), take(3));
}

#[test]
fn what_cannot_be_rendered_is_refused_with_its_name() {
    let (shape, model) = (sphere(), model(DiskFunction::Lambert));
    let scene = Scene::new(&shape, &GROUND, &model);
    let text =
        |camera, pose, samples| render(&scene, &camera, &pose, &options(samples)).unwrap_err().to_string();
    let pose = from_above(1e4, 0.0);
    assert!(text(camera(8, 1e-3), pose, 65).contains("samples_per_pixel is 65"));
    assert!(text(camera(0, 1e-3), pose, 1).contains("0 x 0"));
    let lost = facula_core::Pose { spacecraft_km: facula_core::Vec3::new(f64::NAN, 0.0, 0.0), ..pose };
    assert!(text(camera(8, 1e-3), lost, 1).contains("spacecraft_km"));
}
