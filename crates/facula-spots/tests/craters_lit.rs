// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rims of rendered craters: the picture of known craters under a known Sun, mapped, searched and fitted; around a pole,
//! where the cells of the map are stretched most.

// Tests may unwrap.
#![allow(clippy::unwrap_used)]

use facula_core::{
    BodyFixed, Ellipsoid, LonLat, MapGrid, PixelPos, Pose, Random, Raster, Rotation, Silent, Vec3, parse_utc,
};
use facula_geometry::{Camera, Distortion};
use facula_photometry::SurfaceModel;
use facula_shape::{GridSampling, RadiusGrid, Shape};
use facula_simulate::{ConstantGround, RenderOptions, Scene, render};
use facula_spots::{CraterMap, CraterOptions, Sunlight, Surface, detect_craters};

/// The bound on centre and radius, pixels.
const RIM_PX: f64 = 0.5;
const BODY_KM: f64 = 100.0;
const PIXEL_KM: f64 = 0.2;

struct Put {
    centre: Vec3<BodyFixed>,
    diameter_km: f64,
}

/// Height over the diameter of a fresh bowl (Pike 1977: depth 0.2 D, rim 0.036 D; McGetchin et al. 1973: ejecta falling
/// with the cube of distance).
fn fresh(x: f64) -> f64 {
    if x < 1.0 { 0.2 * x * x - 0.164 } else { 0.036 / (x * x * x) * ((3.0 - x) / 0.5).clamp(0.0, 1.0) }
}

fn height_km(put: &[Put], direction: Vec3<BodyFixed>) -> f64 {
    let of = |p: &Put| {
        let x = p.centre.angle_rad(direction) * BODY_KM / (0.5 * p.diameter_km);
        if x < 3.0 { p.diameter_km * fresh(x) } else { 0.0 }
    };
    put.iter().filter(|p| p.centre.dot(direction) > 0.8).map(of).sum()
}

/// Craters of 40 to 90 pixels within 18 degrees of the north pole, apart from each other.
fn craters(seed: u64) -> Vec<Put> {
    let mut random = Random::new(seed, 1);
    let mut put: Vec<Put> = Vec::new();
    for _ in 0..300 {
        let place = LonLat::from_degrees(random.between(0.0, 360.0), random.between(72.0, 90.0));
        let diameter_km = PIXEL_KM * random.between(40.0, 90.0);
        let centre = place.direction();
        let apart = |p: &Put| p.centre.angle_rad(centre) * BODY_KM > 0.9 * (p.diameter_km + diameter_km);
        if put.iter().all(apart) {
            put.push(Put { centre, diameter_km });
        }
    }
    put
}

/// The rendered picture mapped on the true shape, under a Sun at an angle from the pole.
fn mapped(put: &[Put], sun: LonLat) -> (MapGrid, Raster<f32>) {
    let ellipsoid = Ellipsoid::new(BODY_KM, BODY_KM, BODY_KM).unwrap();
    let sampling = GridSampling { ellipsoid, cells: 1024 };
    let shape = Shape::Grid(RadiusGrid::from_heights(sampling, |d| height_km(put, d)));
    let ground = ConstantGround { normal_albedo: 0.09 };
    let model = SurfaceModel::lommel_seeliger(0.0);
    let distance_km = 1000.0;
    let ifov_rad = PIXEL_KM / (distance_km - BODY_KM);
    let camera = Camera {
        name: "test".into(),
        width_px: 400,
        height_px: 400,
        focal_length_mm: 0.014 / ifov_rad,
        pitch_mm: [0.014; 2],
        skew_mm: [0.0; 2],
        principal_point_px: [199.5; 2],
        distortion: Distortion::None,
    };
    let rows = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
    let pose = Pose {
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        spacecraft_km: Vec3::new(0.0, 0.0, distance_km),
        sun_km: sun.direction() * 4.2e8,
        camera_from_body: Rotation::from_rows(rows).unwrap(),
    };
    let scene = Scene::new(&shape, &ground, &model);
    let iof = render(&scene, &camera, &pose, &RenderOptions::default()).unwrap().iof;
    let step_rad = PIXEL_KM / BODY_KM;
    let width = (std::f64::consts::TAU / step_rad).round() as usize;
    let step_rad = std::f64::consts::TAU / width as f64;
    let grid =
        MapGrid { width, height: 180, west_rad: 0.0, north_rad: std::f64::consts::FRAC_PI_2, step_rad };
    let value = |k: usize| {
        let direction = grid.place(PixelPos::new((k % width) as f64, (k / width) as f64)).direction();
        let point_km = direction * (BODY_KM + height_km(put, direction));
        let look = pose.camera_from_body * (point_km - pose.spacecraft_km);
        iof.bilinear(camera.pixel(look)?)
    };
    let values = (0..width * grid.height).map(|k| value(k).unwrap_or(f32::NAN)).collect();
    (grid, Raster::from_vec(width, grid.height, values).unwrap())
}

#[test]
fn rims_of_rendered_craters_come_back_to_half_a_pixel() {
    let mut errors: Vec<[f64; 2]> = Vec::new();
    let (mut all, mut others) = (0, 0);
    for (seed, sun) in [(1, (30.0, 35.0)), (2, (200.0, 42.0))] {
        let sun = LonLat::from_degrees(sun.0, sun.1);
        let put = craters(seed);
        let (grid, values) = mapped(&put, sun);
        let ellipsoid = Ellipsoid::new(BODY_KM, BODY_KM, BODY_KM).unwrap();
        let surface = Surface::Lit(Sunlight::SubSolar(sun));
        let map = CraterMap { grid, values: &values, surface, ellipsoid };
        let search = detect_craters(&map, &CraterOptions::default(), &Silent).unwrap();
        let mut seen = 0;
        for p in &put {
            let distance_km = |c: &facula_spots::Crater| p.centre.angle_rad(c.place.direction()) * BODY_KM;
            let near = search.craters.iter().filter(|c| distance_km(c) < 0.25 * p.diameter_km);
            if let Some(c) = near.min_by(|a, b| distance_km(a).total_cmp(&distance_km(b))) {
                let radius_px = 0.5 * (c.diameter_km - p.diameter_km) / PIXEL_KM;
                eprintln!(
                    "{:.1} px at {:.1} N: centre {:.2} px, radius {:.2} px (said {:.2}), likeness {:.2}",
                    0.5 * p.diameter_km / PIXEL_KM,
                    LonLat::of(p.centre).latitude_deg(),
                    distance_km(c) / PIXEL_KM,
                    radius_px,
                    0.5 * c.diameter_sigma_km / PIXEL_KM,
                    c.likeness
                );
                errors.push([distance_km(c) / PIXEL_KM, radius_px]);
                seen += 1;
            }
        }
        all += put.len();
        others += search.craters.len() - seen;
    }
    let n = errors.len() as f64;
    let rms = |k: usize| (errors.iter().map(|e| e[k] * e[k]).sum::<f64>() / n).sqrt();
    let bias = errors.iter().map(|e| e[1]).sum::<f64>() / n;
    eprintln!(
        "lit: {} of {all} found, {others} others; centre {:.3}, radius {:.3} px rms, bias {bias:.3}",
        errors.len(),
        rms(0),
        rms(1)
    );
    assert_eq!(errors.len(), all);
    assert!(rms(0) < RIM_PX && rms(1) < RIM_PX);
}
