// SPDX-License-Identifier: MIT OR Apache-2.0
#![allow(clippy::unwrap_used)]
//! Light curves of a disc rendered into frames: the same number whatever the pixel, and the night side too.

use facula_core::{
    Ellipsoid, FrameMeta, IofFrame, Level, LonLat, PixelPos, Pose, Quality, Raster, Rotation, Vec3, parse_utc,
};
use facula_geometry::{CameraFile, Shape, Shot, light_at};
use facula_photometry::SurfaceModel;
use facula_spots::{Illumination, LightOptions, Polarity, Spot, light_curves, light_points};

/// Aperture steps, the ring's median on curved ground, the change of light over the disc.
const APERTURE: f64 = 0.03;
const GROUND_ALBEDO: f64 = 0.09;
const SPOT_ALBEDO: f64 = 0.45;
const SPOT_KM: f64 = 9.0;
const NOISE: f32 = 2e-4;
/// Pixels around the spot that are rendered; the rest of the frame is off the body.
const RENDERED: i64 = 45;

fn body() -> Ellipsoid {
    Ellipsoid::new(482.1, 482.1, 445.94).unwrap()
}

fn place() -> LonLat {
    LonLat::from_degrees(10.0, 15.0)
}

fn model() -> SurfaceModel {
    SurfaceModel::lommel_seeliger(0.12)
}

/// A frame from above 0 N 0 E with the Sun above `sun_deg` E; the spot glows with I/F `glow` besides.
fn shot(range_km: f64, sun_deg: f64, glow: f64) -> Shot {
    let rows = [[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]];
    let pose = Pose {
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        spacecraft_km: Vec3::new(range_km, 0.0, 0.0),
        sun_km: LonLat::from_degrees(sun_deg, 3.0).direction() * 4.3e8,
        camera_from_body: Rotation::from_rows(rows).unwrap(),
    };
    let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
    let (width, height) = (camera.width_px, camera.height_px);
    let meta = FrameMeta {
        id: format!("R{range_km}S{sun_deg}"),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure: pose.mid_exposure,
        exposure_s: 0.02,
        detector_temperature_k: None,
        level: Level::IOverF,
        keywords: Default::default(),
    };
    let frame = IofFrame {
        meta,
        iof: Raster::filled(width, height, 0.0),
        sigma: Raster::filled(width, height, NOISE),
        quality: Raster::filled(width, height, Quality::OFF_BODY),
    };
    let mut shot = Shot { frame, camera, pose };
    let middle = shot.pixel_of(body().surface_km(place())).unwrap();
    for k in 0..(2 * RENDERED + 1).pow(2) {
        let (x, y) = (k % (2 * RENDERED + 1) - RENDERED, k / (2 * RENDERED + 1) - RENDERED);
        let (x, y) = (middle.x_px.round() as i64 + x, middle.y_px.round() as i64 + y);
        if let Some(iof) = pixel(&shot, x as f64, y as f64, glow) {
            shot.frame.iof.set(x as usize, y as usize, iof as f32);
            shot.frame.quality.set(x as usize, y as usize, Quality::GOOD);
        }
    }
    shot
}

/// Mean over a pixel of 1.4 times its width, in 7 x 7 rays: pixel and optics.
fn pixel(shot: &Shot, x: f64, y: f64, glow: f64) -> Option<f64> {
    let shape = Shape::Ellipsoid(body());
    let mut sum = 0.0;
    for k in 0..49 {
        let offset = |at: usize| (at as f64 - 3.0) * 0.2;
        let hit = shot.ground(&shape, PixelPos::new(x + offset(k % 7), y + offset(k / 7)))?;
        let point = facula_geometry::SurfacePoint { point_km: hit.point_km, normal: hit.normal };
        let inside = (hit.point_km - body().surface_km(place())).length() < SPOT_KM / 2.0;
        let albedo = if inside { SPOT_ALBEDO } else { GROUND_ALBEDO };
        sum +=
            albedo * model().iof_per_albedo(light_at(&shot.pose, &point)) + if inside { glow } else { 0.0 };
    }
    Some(sum / 49.0)
}

fn spot() -> Spot {
    let at = |km_east: f64, km_north: f64| {
        LonLat::new(place().longitude_rad + km_east / 465.0, place().latitude_rad + km_north / 480.0)
    };
    let half = SPOT_KM / 2.0;
    Spot {
        id: "S001".into(),
        polarity: Polarity::Bright,
        place: place(),
        position_sigma_km: 0.1,
        area_km2: std::f64::consts::PI * half * half,
        diameter_km: SPOT_KM,
        disc_diameter_km: SPOT_KM,
        disc_diameter_low_km: SPOT_KM,
        disc_diameter_high_km: SPOT_KM,
        peak_albedo: SPOT_ALBEDO,
        mean_albedo: SPOT_ALBEDO,
        disc_albedo: None,
        disc_albedo_low: None,
        disc_albedo_high: None,
        albedo_sigma: 0.01,
        background_albedo: GROUND_ALBEDO,
        contrast: 5.0,
        mean_contrast: 5.0,
        excess_km2: 254.0,
        excess_sigma_km2: 5.0,
        significance: 99.0,
        scale_km: SPOT_KM,
        frames: None,
        outline: Vec::new(),
        slope_fraction: 0.0,
        footprint: vec![at(-half, 0.0), at(half, 0.0), at(0.0, -half), at(0.0, half)],
        flags: Vec::new(),
        name: None,
        distance_to_name_km: None,
        host_crater: None,
    }
}

fn measured(shot: &Shot) -> Vec<facula_spots::LightPoint> {
    light_points(&[spot()], shot, &Shape::Ellipsoid(body()), &LightOptions::default())
}

#[test]
fn the_brightness_of_a_spot_does_not_depend_on_the_size_of_a_pixel() {
    for range_km in [5_000.0, 14_070.0, 22_500.0] {
        let shot = shot(range_km, 40.0, 0.0);
        let points = measured(&shot);
        let expected = SPOT_ALBEDO * model().iof_per_albedo(points[0].angles());
        assert!(
            (points[0].iof / expected - 1.0).abs() < APERTURE,
            "{range_km}: {} {expected}",
            points[0].iof
        );
        assert!(points[0].illumination == Illumination::Lit && points[0].iof_sigma > 0.0);
        let around = GROUND_ALBEDO * model().iof_per_albedo(points[0].angles());
        assert!((points[0].surroundings_iof / around - 1.0).abs() < APERTURE);
    }
}

#[test]
fn the_night_side_is_measured_and_a_glow_shows_there() {
    let dark = measured(&shot(14_070.0, 115.0, 0.0));
    assert!(dark[0].illumination == Illumination::Night && dark[0].iof.abs() < 1e-3, "{:?}", dark[0]);
    let glowing = measured(&shot(14_070.0, 115.0, 0.05));
    assert!((glowing[0].iof / 0.05 - 1.0).abs() < APERTURE, "{}", glowing[0].iof);
    assert!(measured(&shot(14_070.0, 140.0, 0.05)).is_empty(), "beyond 120 degrees");
}

#[test]
fn low_light_is_called_grazing_and_curves_come_sorted() {
    let shots = [95.0, 40.0, 115.0].map(|sun_deg| {
        let mut shot = shot(14_070.0, sun_deg, 0.0);
        shot.pose.mid_exposure += sun_deg * facula_core::Unit::Minute;
        shot
    });
    let curves = light_curves(shots.iter().flat_map(measured).collect());
    assert_eq!(curves.len(), 1);
    let kinds: Vec<_> = curves[0].points.iter().map(|p| p.illumination).collect();
    assert_eq!(kinds, [Illumination::Lit, Illumination::Grazing, Illumination::Night]);
}

#[test]
fn hidden_flagged_and_relative_pixels_give_no_point() {
    let good = shot(14_070.0, 40.0, 0.0);
    let far_side = Spot { place: LonLat::from_degrees(190.0, 15.0), ..spot() };
    assert!(light_points(&[far_side], &good, &Shape::Ellipsoid(body()), &LightOptions::default()).is_empty());
    let mut saturated = good.clone();
    let at = good.pixel_of(body().surface_km(place())).unwrap();
    for dy in 0..3 {
        for dx in 0..3 {
            let (x, y) = (at.x_px as usize + dx - 1, at.y_px as usize + dy - 1);
            saturated.frame.quality.set(x, y, Quality::SATURATED);
        }
    }
    assert!(measured(&saturated).is_empty());
    let mut stretched = good;
    stretched.frame.meta.level = Level::Relative;
    assert!(measured(&stretched).is_empty());
}
