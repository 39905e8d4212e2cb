// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `map`: one frame to a map. `facula-bench map FOLDER SCENE` with a scene of `hamo` (to its window of a map 21,600
//! cells wide), `rc3` (to 8192 x 4096), `dtm` (as `hamo`, on terrain), `shadow` (the same with the Sun low and shadows and
//! hidden ground looked for where the options' defaults ask for it), `everywhere` (the same in every cell). Writes frame
//! and map into the folder for the peers.

use std::path::Path;
use std::time::Instant;

use facula_core::{
    Ellipsoid, FrameMeta, IofFrame, Level, LonLat, MapGrid, Pose, Quality, Raster, north_up, parse_utc,
};
use facula_geometry::{Camera, Distortion, Shape, Shot};
use facula_map::{MappedFrame, MosaicOptions, SunShape, Terrain, frame_window};
use facula_photometry::SurfaceModel;
use serde_json::{Value, json};

use crate::rays::fastest;

type Error = Box<dyn std::error::Error>;
/// Runs of which the shortest counts.
const RUNS: usize = 40;

/// Times one scene.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [folder, scene] = arguments else {
        return Err("usage: facula-bench map FOLDER hamo|rc3|dtm|shadow|everywhere".into());
    };
    let body = Ellipsoid::new(482.1, 482.1, 445.94).ok_or("axes")?;
    let smooth = Shape::Ellipsoid(body);
    // Distance from the centre of the body, and how far east of the camera the Sun stands.
    let (range_km, sun_deg, width) = match scene.as_str() {
        "rc3" => (14_000.0, 30.0, 8192),
        "shadow" | "everywhere" => (1950.0, 62.0, 21_600),
        _ => (1950.0, 30.0, 21_600),
    };
    let shot = shot(range_km, sun_deg)?;
    let shape = match scene.as_str() {
        "dtm" | "shadow" | "everywhere" => Shape::Mesh(terrain(&body)?),
        _ => smooth.clone(),
    };
    let grid = MapGrid::global(width / 2);
    let grid =
        if scene == "rc3" { grid } else { frame_window(&shot, &smooth, &grid).ok_or("off the body")? };
    let options = MosaicOptions {
        model: SurfaceModel::lommel_seeliger(0.12),
        ray_zenith_rad: match scene.as_str() {
            "shadow" => MosaicOptions::default().ray_zenith_rad,
            "everywhere" => 0.0,
            _ => std::f64::consts::FRAC_PI_2,
        },
        feather_px: 0.0,
        sun: SunShape::Point,
        ..MosaicOptions::default()
    };
    let start = Instant::now();
    let ground = Terrain::new(&shape, grid)?;
    let ground_s = start.elapsed().as_secs_f64();
    let mut map = MappedFrame::new(grid)?;
    let (measured, [least_s, cpu_s]) = fastest(RUNS, || map.fill(&shot, &ground, &options));
    let measured = measured?;
    let mut alone = MappedFrame::albedo_only(grid)?;
    let (_, [albedo_s, _]) = fastest(RUNS, || alone.fill(&shot, &ground, &options));
    let same =
        alone.albedo.as_slice().iter().zip(map.albedo.as_slice()).all(|(a, b)| a.to_bits() == b.to_bits());
    if !same {
        return Err("albedo alone differs from albedo among the planes".into());
    }
    write(Path::new(folder), "frame", shot.frame.iof.as_slice())?;
    write(Path::new(folder), "albedo", map.albedo.as_slice())?;
    write(Path::new(folder), "sigma", map.sigma.as_slice())?;
    let down = shot.pose.camera_from_body.inverse();
    let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        .map(|axis| (down * facula_core::Vec3::from_array(axis)).to_array());
    Ok(json!({
        "row": "map", "scene": scene, "seconds": least_s, "cpu_s": cpu_s, "albedo_s": albedo_s, "ground_s": ground_s, "measured": measured,
        "width": grid.width, "height": grid.height, "west_rad": grid.west_rad, "north_rad": grid.north_rad,
        "step_rad": grid.step_rad, "radii_km": [body.a_km, body.b_km, body.c_km],
        "camera_km": shot.pose.spacecraft_km.to_array(), "sun_km": shot.pose.sun_km.to_array(), "axes": axes,
        "focal_length_mm": shot.camera.focal_length_mm, "pitch_mm": shot.camera.pitch_mm,
        "principal_point_px": shot.camera.principal_point_px, "e1_per_mm2": E1_PER_MM2,
    }))
}

/// Radial distortion of Dawn's camera.
const E1_PER_MM2: f64 = 8.4e-6;

/// A frame of 1024² pixels of smooth waves from above 35° east, 25° north.
fn shot(range_km: f64, sun_deg: f64) -> Result<Shot, Error> {
    let side = 1024;
    let wave = |k: usize| {
        let (x, y) = ((k % side) as f32, (k / side) as f32);
        0.05 * (1.0 + 0.3 * (x / 9.0).sin() * (y / 7.0).cos())
    };
    let meta = FrameMeta {
        id: "bench".into(),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-09-04").ok_or("date")?,
        exposure_s: 0.1,
        detector_temperature_k: None,
        level: Level::IOverF,
        keywords: Default::default(),
    };
    let frame = IofFrame {
        meta,
        iof: Raster::from_vec(side, side, (0..side * side).map(wave).collect()).ok_or("size")?,
        sigma: Raster::filled(side, side, 2e-4),
        quality: Raster::filled(side, side, Quality::GOOD),
    };
    let camera = Camera {
        name: "fc2".into(),
        width_px: side,
        height_px: side,
        focal_length_mm: 150.08,
        pitch_mm: [0.014_004, 0.013_995],
        principal_point_px: [511.5; 2],
        skew_mm: [0.0; 2],
        distortion: Distortion::Radial { e1_per_mm2: E1_PER_MM2 },
    };
    let above = LonLat::from_degrees(35.0, 25.0);
    let pose = Pose {
        mid_exposure: frame.meta.mid_exposure,
        spacecraft_km: above.direction() * range_km,
        sun_km: LonLat::from_degrees(35.0 + sun_deg, 5.0).direction() * 4.3e8,
        camera_from_body: north_up(-above.direction()),
    };
    Ok(Shot { frame, camera, pose })
}

/// Terrain of 1.3 million facets: the lumps of row `rays` on Ceres' ellipsoid.
fn terrain(body: &Ellipsoid) -> Result<facula_shape::Mesh, Error> {
    let (mut vertices_km, facets) = crate::rays::lumpy_sphere(330);
    for vertex in &mut vertices_km {
        let v = facula_core::Vec3::from_array(*vertex);
        let up = v.unit().ok_or("zero")?;
        *vertex = (up * (body.radius_km(up) + 0.15 * (v.length() - 470.0))).to_array();
    }
    Ok(facula_shape::Mesh::new(vertices_km, facets)?)
}

fn write(folder: &Path, name: &str, values: &[f32]) -> Result<(), Error> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let path = folder.join(format!("{name}.f32"));
    Ok(facula_core::write_aside(&path, |file| std::io::Write::write_all(file, &bytes))?)
}
