// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `render`: a whole lit frame of a lumpy sphere, with Hapke's law and shadows.
//!
//! `facula-bench render FOLDER CELLS SAMPLES`: the mesh and the view of row `rays`, rendered after
//! Hapke's law with so many samples a pixel, without and with shadows.

use std::path::Path;

use facula_core::{Pose, Rotation, Vec3, parse_utc};
use facula_geometry::{Camera, Distortion};
use facula_shape::{Mesh, Shape};
use facula_simulate::{ConstantGround, RenderOptions, Scene, Shadows, render};
use serde_json::{Value, json};

use crate::rays::{fastest, lumpy_sphere};

type Failure = Box<dyn std::error::Error>;

/// Runs of which the shortest counts.
const RUNS: usize = 7;

/// Times the row.
pub(crate) fn run(arguments: &[String]) -> Result<Value, Failure> {
    let [folder, cells, samples, modes @ ..] = arguments else {
        return Err("usage: render FOLDER CELLS SAMPLES".into());
    };
    let (vertices_km, facets) = lumpy_sphere(cells.parse()?);
    let shape = Shape::Mesh(Mesh::new(vertices_km, facets)?);
    let (camera, pose) = view()?;
    let ground = ConstantGround { normal_albedo: 0.09 };
    let model = facula_photometry::published_model("ceres-hapke-fc-555").ok_or("no such model")?.model;
    let (_, [scene_s, _]) = fastest(1, || Scene::new(&shape, &ground, &model));
    let scene = Scene::new(&shape, &ground, &model);
    let mut times = serde_json::Map::new();
    for (name, shadows) in [("off", Shadows::Off), ("adaptive", Shadows::Adaptive)] {
        if !modes.is_empty() && !modes.iter().any(|mode| mode == name) {
            continue;
        }
        let options = RenderOptions { samples_per_pixel: samples.parse()?, shadows, ..Default::default() };
        let (picture, [wall_s, cpu_s]) = fastest(RUNS, || render(&scene, &camera, &pose, &options));
        let picture = picture?;
        let sum: f64 = picture.iof.as_slice().iter().map(|iof| f64::from(*iof)).sum();
        times.insert(name.into(), json!({"wall_s": wall_s, "cpu_s": cpu_s, "sum": sum}));
        let bytes: Vec<u8> = picture.iof.as_slice().iter().flat_map(|iof| iof.to_le_bytes()).collect();
        facula_core::write_aside(&Path::new(folder).join(format!("{name}.f32")), |file| {
            std::io::Write::write_all(file, &bytes)
        })?;
    }
    Ok(json!({"scene_s": scene_s, "times": times}))
}

/// The view of row `rays` as camera and pose.
fn view() -> Result<(Camera, Pose), Failure> {
    let towards = Vec3::new(0.62, -0.55, 0.56).unit().ok_or("zero")?;
    let right = towards.cross(Vec3::new(0.0, 0.0, 1.0)).unit().ok_or("zero")?;
    let down = towards.cross(right);
    let rows = [right.to_array(), (-down).to_array(), (-towards).to_array()];
    let sun = (towards + right * 1.2 + down * -0.6).unit().ok_or("zero")?;
    let pose = Pose {
        mid_exposure: parse_utc("2015-05-04").ok_or("time")?,
        spacecraft_km: towards * 5_000.0,
        sun_km: sun * 4.2e8,
        camera_from_body: Rotation::from_rows(rows).ok_or("rotation")?,
    };
    let camera = Camera {
        name: "bench".into(),
        width_px: 1024,
        height_px: 1024,
        focal_length_mm: 7.168 / 0.105,
        pitch_mm: [0.014; 2],
        skew_mm: [0.0; 2],
        principal_point_px: [511.5; 2],
        distortion: Distortion::None,
    };
    Ok((camera, pose))
}
