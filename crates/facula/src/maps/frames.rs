// SPDX-License-Identifier: MIT OR Apache-2.0
//! The frames of a map: where each was taken from is asked at once, its pixels when the map needs them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// Whether filters may differ.
    pub filters: FilterChoice,
    /// Camera, and what data numbers are calibrated with. A filter takes the frames behind it, and is that of frames that do
    /// not tell theirs.
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

/// Whether frames behind several filters may come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FilterChoice {
    /// Those behind the filter of the first.
    #[default]
    First,
    /// All of them.
    All,
}

/// Frames of one body, by path.
#[derive(Clone)]
pub struct FrameSet {
    /// Those that can be mapped.
    pub shots: Vec<PlacedShot>,
    /// The body; its radii are those of the kernels where they have them.
    pub body: Body,
    /// The surface.
    pub shape: Arc<Shape>,
    /// How many frames were left out.
    pub left_out: usize,
    calibrator: Arc<Calibrator>,
}

impl FrameSet {
    /// Asks every frame where it was taken from. A frame that cannot be placed, looks away from the body, or shows another
    /// body than the first, or filter where they may not differ, is reported and left out.
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
        let wanted = choice.calibration.filter.as_deref();
        let (mut trouble, mut failed, mut other_filters) = (None, 0, BTreeSet::new());
        let mut shots: Vec<PlacedShot> = Vec::new();
        let mut ground = None;
        for (path, found) in paths.iter().zip(found) {
            if let Ok((shot, ..)) = &found
                && wanted.is_some_and(|wanted| wanted != shot.meta.filter)
            {
                other_filters.insert(shot.meta.filter.clone());
                continue;
            }
            let fitting = found.and_then(|(shot, body, shape)| {
                let (body, _) = &*ground.get_or_insert((body, shape));
                let first = shots.first().filter(|_| choice.filters == FilterChoice::First);
                fits(&shot, (first, body)).map(|()| shot)
            });
            match fitting {
                Ok(shot) => shots.push(shot),
                Err(error) => {
                    report.warn(left_out(path, &error));
                    failed += 1;
                    trouble.get_or_insert(error);
                }
            }
        }
        let Some((body, ellipsoid)) = ground.filter(|_| !shots.is_empty()) else {
            let known = other_filters.into_iter().collect::<Vec<_>>().join(", ");
            let wanted = wanted.filter(|_| !known.is_empty()).map(|name| format!("filter {name}"));
            let none = wanted.map(|wanted| RequestError::Selection { wanted, known });
            let none = none.or(trouble).unwrap_or_else(|| RequestError::argument("frames", "none"));
            return Err(none);
        };
        let shape = choice.mesh.as_deref().map(read_mesh).transpose()?.map_or(ellipsoid, Shape::Mesh);
        let (shape, calibrator) = (Arc::new(shape), Arc::new(calibrator));
        Ok(Self { left_out: failed, shots, body, shape, calibrator })
    }

    /// Those behind one filter.
    pub fn of_filter(&self, filter: &str) -> Self {
        let shots = self.shots.iter().filter(|shot| shot.meta.filter == filter).cloned().collect();
        Self { shots, left_out: 0, ..self.clone() }
    }

    /// How many there are behind a filter.
    pub(super) fn count_of(&self, filter: &str) -> usize {
        self.shots.iter().filter(|shot| shot.meta.filter == filter).count()
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
    let mut seen = BTreeSet::new();
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
        filter: match &choice.calibration.filter {
            Some(filter) if placed.header.meta.filter.is_empty() => filter.clone(),
            _ => placed.header.meta.filter,
        },
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
            "its filter is {own}, the map's first frame has {other}; map each filter by itself (--filter) or all of them (--colour)"
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
