// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lit walls of rendered craters are no spots: with the shape of the ground they vanish, without it they are flagged; discs
//! of bright ground between the craters stay.

// Tests may unwrap.
#![allow(clippy::unwrap_used)]

use facula_core::{
    BodyFixed, Ellipsoid, FrameMeta, IofFrame, Level, LonLat, PixelPos, Pose, Quality, Random, Raster,
    Rotation, Silent, Vec3, parse_utc,
};
use facula_geometry::{Camera, Distortion, Shot};
use facula_photometry::SurfaceModel;
use facula_shape::{GridSampling, RadiusGrid, Shape};
use facula_simulate::{ConstantGround, RenderOptions, Scene, render};
use facula_spots::{DetectOptions, FrameOptions, FrameSpot, Slopes, SpotFlag, detect_frame};

const BODY_KM: f64 = 100.0;
const PIXEL_KM: f64 = 0.2;
const SIDE_PX: usize = 400;
/// Noise of a pixel, relative.
const NOISE: f64 = 0.01;
/// Craters: offset from the middle to the right and down, diameter, pixels.
const CRATERS_PX: [[f64; 3]; 7] = [
    [-120.0, -110.0, 60.0],
    [10.0, -120.0, 40.0],
    [120.0, -90.0, 50.0],
    [-110.0, 30.0, 45.0],
    [110.0, 70.0, 65.0],
    [-60.0, 130.0, 35.0],
    [50.0, 140.0, 30.0],
];
/// Discs of bright ground: offset, diameter, pixels; contrast.
const DISCS: [[f64; 4]; 3] = [[0.0, 0.0, 12.0, 1.8], [-20.0, 70.0, 8.0, 1.8], [-40.0, -50.0, 16.0, 1.5]];

fn body() -> Ellipsoid {
    Ellipsoid::new(BODY_KM, BODY_KM, BODY_KM).unwrap()
}

/// Height over the diameter of a fresh bowl (Pike 1977: depth 0.2 D, rim 0.036 D; McGetchin et al. 1973: ejecta falling
/// with the cube of distance), with walls a third as deep: those of degraded craters.
fn bowl(x: f64) -> f64 {
    let fresh =
        if x < 1.0 { 0.2 * x * x - 0.164 } else { 0.036 / (x * x * x) * ((3.0 - x) / 0.5).clamp(0.0, 1.0) };
    fresh / 2.0
}

fn height_km(direction: Vec3<BodyFixed>) -> f64 {
    // The camera stands above the north pole: right is x, down is −y.
    let at_px = [direction.x * BODY_KM / PIXEL_KM, -direction.y * BODY_KM / PIXEL_KM];
    let of = |[x, y, diameter]: &[f64; 3]| {
        let from = (at_px[0] - x).hypot(at_px[1] - y) / (0.5 * diameter);
        if direction.z > 0.0 && from < 3.0 { diameter * PIXEL_KM * bowl(from) } else { 0.0 }
    };
    CRATERS_PX.iter().map(of).sum()
}

/// A frame from above the north pole of ground with craters and bright discs.
fn shot(shape: &Shape, sun: LonLat) -> Shot {
    let distance_km = 2000.0;
    let ifov_rad = PIXEL_KM / (distance_km - BODY_KM);
    let middle_px = 0.5 * (SIDE_PX as f64 - 1.0);
    let camera = Camera {
        name: "test".into(),
        width_px: SIDE_PX,
        height_px: SIDE_PX,
        focal_length_mm: 0.014 / ifov_rad,
        pitch_mm: [0.014; 2],
        skew_mm: [0.0; 2],
        principal_point_px: [middle_px; 2],
        distortion: Distortion::None,
    };
    let rows = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
    let pose = Pose {
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        spacecraft_km: Vec3::new(0.0, 0.0, distance_km),
        sun_km: sun.direction() * 4.2e8,
        camera_from_body: Rotation::from_rows(rows).unwrap(),
    };
    let (ground, model) = (ConstantGround { normal_albedo: 0.09 }, SurfaceModel::lommel_seeliger(0.0));
    let scene = Scene::new(shape, &ground, &model);
    let clean = render(&scene, &camera, &pose, &RenderOptions::default()).unwrap().iof;
    let mut random = Random::new(5, 5);
    let value = |k: usize| {
        let at = [(k % SIDE_PX) as f64 - middle_px, (k / SIDE_PX) as f64 - middle_px];
        let inside = |d: &&[f64; 4]| (at[0] - d[0]).hypot(at[1] - d[1]) < 0.5 * d[2];
        let contrast = DISCS.iter().find(inside).map_or(1.0, |d| d[3]);
        let noise = 1.0 + NOISE * random.normal_pair().0;
        (f64::from(clean.as_slice()[k]) * contrast * noise) as f32
    };
    let iof: Vec<f32> = (0..SIDE_PX * SIDE_PX).map(value).collect();
    let iof = Raster::from_vec(SIDE_PX, SIDE_PX, iof).unwrap();
    let frame = IofFrame {
        meta: FrameMeta {
            id: "craters".into(),
            target: "ceres".into(),
            instrument: "test".into(),
            filter: "F1".into(),
            mid_exposure: pose.mid_exposure,
            exposure_s: 0.02,
            detector_temperature_k: None,
            level: Level::IOverF,
            keywords: Default::default(),
        },
        sigma: iof.map(|value| 0.01 * value),
        quality: iof.map(|_| Quality::GOOD),
        iof,
    };
    Shot { frame, camera, pose }
}

/// Walls are all of this frame's noise: at the usual thresholds they do not even stand out of themselves.
const LOW: f64 = 2.25;

fn found(shot: &Shot, shape: &Shape, (slopes, least): (Slopes, f64)) -> Vec<FrameSpot> {
    let (model, ellipsoid) = (SurfaceModel::lommel_seeliger(0.0), body());
    let options = FrameOptions {
        detect: DetectOptions { slopes, ..DetectOptions::default() },
        least_significance_off_slopes: least,
        ..FrameOptions::default()
    };
    detect_frame(shot, shape, Some((&model, &ellipsoid)), &options, &Silent).unwrap()
}

fn near(s: &FrameSpot, [x, y]: [f64; 2], reach_px: f64) -> bool {
    let middle_px = 0.5 * (SIDE_PX as f64 - 1.0);
    let at = PixelPos::new(middle_px + x, middle_px + y);
    (s.at.x_px - at.x_px).hypot(s.at.y_px - at.y_px) < reach_px
}

#[test]
fn lit_walls_are_flagged_without_the_shape_and_no_spots_with_it() {
    let sampling = GridSampling { ellipsoid: body(), cells: 1024 };
    let terrain = Shape::Grid(RadiusGrid::from_heights(sampling, height_km));
    let smooth = Shape::Ellipsoid(body());
    for sun in [LonLat::from_degrees(30.0, 40.0), LonLat::from_degrees(200.0, 50.0)] {
        let shot = shot(&terrain, sun);
        let is_disc = |s: &FrameSpot| DISCS.iter().any(|d| near(s, [d[0], d[1]], 3.0));
        let in_crater = |s: &FrameSpot| CRATERS_PX.iter().any(|c| near(s, [c[0], c[1]], 0.6 * c[2]));
        // The smooth body: walls stand out, and are told by their shaded counterparts.
        let flagged = found(&shot, &smooth, (Slopes::Flagged, LOW));
        for s in &flagged {
            let (x, y) = (s.at.x_px - 199.5, s.at.y_px - 199.5);
            eprintln!(
                "at {x:.0} {y:.0}: contrast {:.2}, slope {:.2}",
                s.spot.contrast, s.spot.slope_fraction
            );
        }
        let walls = flagged.iter().filter(|s| in_crater(s) && s.spot.has(SpotFlag::Slope)).count();
        assert!(walls >= 6, "{walls} of {}", CRATERS_PX.len());
        assert!(flagged.iter().all(|s| is_disc(s) || s.spot.has(SpotFlag::Slope)));
        let plain = found(&shot, &smooth, (Slopes::LeftOut, 3.75));
        assert_eq!(plain.len(), DISCS.len());
        // The true shape: their light is divided out.
        let known = found(&shot, &terrain, (Slopes::Flagged, 3.75));
        assert_eq!(known.len(), DISCS.len());
        for spots in [&flagged, &plain, &known] {
            for d in &DISCS {
                let disc = spots.iter().find(|s| near(s, [d[0], d[1]], 3.0));
                assert!(disc.is_some_and(|s| !s.spot.has(SpotFlag::Slope)), "{d:?}");
            }
        }
    }
}
