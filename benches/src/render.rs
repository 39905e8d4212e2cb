// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `render`: a whole lit frame of a lumpy sphere, with Hapke's law and shadows.
//!
//! `facula-bench render FOLDER CELLS SAMPLES [MODE…]`: the mesh and the view of row `rays`, rendered after
//! Hapke's law with so many samples a pixel: without shadows (`off`), with them (`adaptive`), and with them as a frame of
//! a detector (`frame`: point-spread function, smear, dark, noise, converter); after other laws with shadows of a point
//! Sun for its peers (`lommel-seeliger`, `lambert`). Mesh and pictures are left in the folder.

use std::path::Path;

use facula_core::Raster;
use facula_core::{Pose, Rotation, Vec3, parse_utc};
use facula_geometry::{Camera, CameraFile, Distortion};
use facula_photometry::{Detector, DiskFunction, PhaseFunction, SurfaceModel};
use facula_shape::{Mesh, Shape};
use facula_simulate::{
    ConstantGround, Effects, Exposure, FlatField, PointingError, RenderOptions, Scene, Shadows,
    SimulateError, Sun, expose, render,
};
use serde_json::{Value, json};

use crate::rays::{Files, fastest, lumpy_sphere};

type Failure = Box<dyn std::error::Error>;

/// Runs of which the shortest counts.
const RUNS: usize = 7;

/// What is timed.
const MODES: [&str; 5] = ["off", "adaptive", "frame", "lommel-seeliger", "lambert"];

/// Times the row.
pub(crate) fn run(arguments: &[String]) -> Result<Value, Failure> {
    let [folder, cells, samples, modes @ ..] = arguments else {
        return Err(
            "usage: render FOLDER CELLS SAMPLES [off] [adaptive] [frame] [lommel-seeliger] [lambert]".into(),
        );
    };
    let (vertices_km, facets) = lumpy_sphere(cells.parse()?);
    let files = Files(folder.into());
    files.reals("vertices.f64", vertices_km.iter().flatten().copied())?;
    files.numbers("facets.u32", facets.iter().flatten().copied())?;
    let shape = Shape::Mesh(Mesh::new(vertices_km, facets)?);
    let ground = ConstantGround { normal_albedo: 0.09 };
    let model = facula_photometry::published_model("ceres-hapke-fc-555").ok_or("no such model")?.model;
    let (_, [scene_s, _]) = fastest(1, || Scene::new(&shape, &ground, &model));
    let (camera, pose) = view()?;
    let row = Row { shape: &shape, ground: &ground, model, camera, pose, samples: samples.parse()? };
    let mut times = serde_json::Map::new();
    for name in MODES {
        if modes.is_empty() || modes.iter().any(|mode| mode == name) {
            let (picture, figures) = row.timed(name)?;
            times.insert(name.into(), figures);
            let bytes: Vec<u8> = picture.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
            facula_core::write_aside(&Path::new(folder).join(format!("{name}.f32")), |file| {
                std::io::Write::write_all(file, &bytes)
            })?;
        }
    }
    Ok(json!({"scene_s": scene_s, "times": times}))
}

/// What all modes render.
struct Row<'a> {
    shape: &'a Shape,
    ground: &'a ConstantGround,
    model: SurfaceModel,
    camera: Camera,
    pose: Pose,
    samples: usize,
}

impl Row<'_> {
    /// The picture of a mode and its times.
    fn timed(&self, mode: &str) -> Result<(Raster<f32>, Value), Failure> {
        let plain = plain(mode);
        let mut scene = Scene::new(self.shape, self.ground, plain.as_ref().unwrap_or(&self.model));
        if plain.is_some() {
            scene.sun = Sun::Point;
        }
        let shadows = if mode == "off" { Shadows::Off } else { Shadows::Adaptive };
        let options = RenderOptions { samples_per_pixel: self.samples, shadows, ..Default::default() };
        let file = CameraFile::built_in("dawn_fc2")?;
        let detector = &file.filter("F1")?.detector;
        let flat = FlatField::new(self.camera.width_px, self.camera.height_px, 1);
        let exposure = self.exposure(detector, &flat);
        let work = || -> Result<Raster<f32>, SimulateError> {
            let iof = render(&scene, &self.camera, &self.pose, &options)?.iof;
            if mode == "frame" { expose(&iof, &exposure, 0) } else { Ok(iof) }
        };
        let (picture, [wall_s, cpu_s]) = fastest(RUNS, work);
        let picture = picture?;
        let sum: f64 = picture.as_slice().iter().map(|value| f64::from(*value)).sum();
        Ok((picture, json!({"wall_s": wall_s, "cpu_s": cpu_s, "sum": sum})))
    }

    fn exposure<'b>(&self, detector: &'b Detector, flat: &'b FlatField) -> Exposure<'b> {
        Exposure {
            detector,
            flat,
            exposure_s: 0.1,
            sun_distance_au: self.pose.sun_distance_au(),
            seed: 1,
            pointing: PointingError { shift_px: 0.0, twist_deg: 0.0 },
            effects: Effects::default(),
        }
    }
}

/// The law of a mode without Hapke's.
fn plain(mode: &str) -> Option<SurfaceModel> {
    let disk = match mode {
        "lommel-seeliger" => DiskFunction::LommelSeeliger,
        "lambert" => DiskFunction::Lambert,
        _ => return None,
    };
    Some(SurfaceModel { disk, phase: PhaseFunction::Constant, normal_albedo: None })
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
