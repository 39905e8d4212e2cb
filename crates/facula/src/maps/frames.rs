// SPDX-License-Identifier: MIT OR Apache-2.0
//! The frames of a map: where each was taken from is asked at once, its pixels when the map needs them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_core::{Body, FrameMeta, Level, Pose, Progress, Reporter, Warning};
use facula_geometry::{Camera, Shape, Shot};
use facula_map::ShotTicket;
use facula_spice::Kernels;
use rayon::prelude::*;

use crate::RequestError;
use crate::frames::{CalibrationChoice, Calibrator};
use crate::inputs::read_mesh;
use crate::observe::{FrameQuestion, body_in_view, place_frame};

/// Which frames, and what they do not say themselves.
#[derive(Debug, Clone, Default)]
pub struct FrameChoice {
    /// Labels, FITS files, PNG with a JSON pose; of a folder every label in it.
    pub paths: Vec<PathBuf>,
    /// Built-in body or body file; the frames' target when absent.
    pub body: Option<String>,
    /// Mesh of the body, body-fixed; the ellipsoid when absent.
    pub mesh: Option<PathBuf>,
    /// Camera, filter, and what data numbers are calibrated with.
    pub calibration: CalibrationChoice,
}

/// A frame that can be mapped.
#[derive(Debug, Clone)]
pub struct PlacedShot {
    /// Its file.
    pub path: PathBuf,
    /// What its file tells.
    pub meta: FrameMeta,
    /// The camera behind its filter.
    pub camera: Camera,
    /// Camera and Sun at mid exposure.
    pub pose: Pose,
}

impl PlacedShot {
    /// What the mosaic is told of the frame before its pixels.
    pub(super) fn ticket(&self) -> ShotTicket {
        let level = if self.meta.level == Level::Relative { Level::Relative } else { Level::IOverF };
        ShotTicket::new(&FrameMeta { level, ..self.meta.clone() }, self.camera.clone(), self.pose)
    }
}

/// Frames of one body through one filter, by path.
pub struct FrameSet {
    /// Those that can be mapped.
    pub shots: Vec<PlacedShot>,
    /// The body; its radii are those of the kernels where they have them.
    pub body: Body,
    /// The surface.
    pub shape: Shape,
    /// How many frames were left out.
    pub left_out: usize,
    calibrator: Calibrator,
}

impl FrameSet {
    /// Asks every frame where it was taken from. A frame that cannot be placed, looks away from the body, or shows another
    /// body or filter than the first is reported and left out.
    ///
    /// # Errors
    /// [`RequestError`] when no frame is left (the trouble of the first), or a file of the choice cannot be read.
    pub fn open(
        kernels: &Kernels,
        choice: &FrameChoice,
        report: &dyn Reporter,
    ) -> Result<Self, RequestError> {
        let calibrator = Calibrator::new(choice.calibration.clone(), report)?;
        let paths = frame_files(&choice.paths)?;
        let done = AtomicUsize::new(0);
        let one = |path: &PathBuf| {
            let found = placed(kernels, choice, path, report);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            report.progress(Progress { stage: "place frames", done, total: paths.len() });
            found
        };
        let found: Vec<_> = paths.par_iter().map(one).collect();
        let mut trouble = None;
        let mut shots: Vec<PlacedShot> = Vec::new();
        let mut ground = None;
        for (path, found) in paths.iter().zip(found) {
            let fitting = found.and_then(|(shot, body, shape)| {
                let (body, _) = &*ground.get_or_insert((body, shape));
                fits(&shot, (shots.first(), body)).map(|()| shot)
            });
            match fitting {
                Ok(shot) => shots.push(shot),
                Err(error) => {
                    report.warn(left_out(path, &error));
                    trouble.get_or_insert(error);
                }
            }
        }
        let Some((body, ellipsoid)) = ground.filter(|_| !shots.is_empty()) else {
            return Err(trouble.unwrap_or_else(|| RequestError::argument("frames", "none")));
        };
        let shape = choice.mesh.as_deref().map(read_mesh).transpose()?.map_or(ellipsoid, Shape::Mesh);
        Ok(Self { left_out: paths.len() - shots.len(), shots, body, shape, calibrator })
    }

    /// A frame's pixels in I/F.
    ///
    /// # Errors
    /// [`RequestError`]: it cannot be read or calibrated.
    pub fn shot(&self, index: usize, report: &dyn Reporter) -> Result<Shot, RequestError> {
        let placed = &self.shots[index];
        let frame = self.calibrator.calibrated(&placed.path, report)?.frame;
        Ok(Shot { frame, camera: placed.camera.clone(), pose: placed.pose })
    }
}

/// Files as named, and of folders every label, sorted; nothing twice.
fn frame_files(named: &[PathBuf]) -> Result<Vec<PathBuf>, RequestError> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() { files.extend(crate::survey::labels_in(path)?) } else { files.push(path.clone()) }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|path| seen.insert(path.clone()));
    Ok(files)
}

fn placed(
    kernels: &Kernels,
    choice: &FrameChoice,
    path: &Path,
    report: &dyn Reporter,
) -> Result<(PlacedShot, Body, Shape), RequestError> {
    let question = FrameQuestion {
        label: path,
        body: choice.body.as_deref(),
        camera: choice.calibration.camera.as_deref(),
        shape: None,
    };
    let placed = place_frame(kernels, &question, report)?;
    let meta = FrameMeta {
        filter: choice.calibration.filter.clone().unwrap_or(placed.header.meta.filter),
        ..placed.header.meta
    };
    let shot = PlacedShot { path: path.to_path_buf(), meta, camera: placed.camera, pose: placed.pose };
    Ok((shot, placed.body, placed.shape))
}

/// One map is of one body through one filter, and of frames that can see it.
fn fits(shot: &PlacedShot, (first, body): (Option<&PlacedShot>, &Body)) -> Result<(), RequestError> {
    let refuse = |missing: String| Err(RequestError::frame(&shot.path, missing));
    if shot.meta.target != body.name && !shot.meta.target.is_empty() {
        return refuse(format!("it shows {}, the map is of {}", shot.meta.target, body.name));
    }
    if let Some(first) = first.filter(|first| first.meta.filter != shot.meta.filter) {
        let (own, other) = (&shot.meta.filter, &first.meta.filter);
        return refuse(format!(
            "its filter is {own}, the map's first frame has {other}; map each filter by itself"
        ));
    }
    body_in_view(body, &shot.camera, &shot.pose).or_else(refuse)
}

fn left_out(path: &Path, error: &RequestError) -> Warning {
    Warning {
        stage: "place frames".into(),
        subject: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        message: format!("left out: {error}"),
        hint: error.hint().into(),
    }
}
