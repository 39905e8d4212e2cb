// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that reads frames, calibrates them and refines their pointing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_align::{
    LimbFit, LimbOptions, LimbPoint, MapMatch, MapMatchOptions, ReferenceMap, fit_limb, match_map,
};
use facula_archive::fits::read_fits;
use facula_archive::{Limits, ReadOptions, read_frame};
use facula_core::{
    BodyFixed, Epoch, Level, Pose, Progress, Raster, RawFrame, Reporter, Rotation, Vec3, Warning,
};
use facula_geometry::{Shape, Shot};
use facula_photometry::{CalibrateOptions, calibrate};
use facula_spice::{Kernels, PoseRequest, pose_from_kernels};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::folder::RunFolder;
use super::setup::Setup;
use crate::SurveyError;
use crate::campaign::AlignMethod;
use crate::observe::body_in_view;

/// What reading and aligning a frame needs beside the frame.
pub(crate) struct FrameTools<'a> {
    pub(crate) setup: &'a Setup<'a>,
    pub(crate) shape: &'a Shape,
    pub(crate) flat: Option<Raster<f32>>,
    pub(crate) reference: Option<ReferenceMap>,
    pub(crate) kernels: Option<Kernels>,
    pub(crate) report: &'a dyn Reporter,
}

/// A frame with its refined pose.
#[derive(Debug, Clone)]
pub(crate) struct AlignedFrame {
    pub(crate) path: PathBuf,
    pub(crate) record: AlignRecord,
    /// Refined pose.
    pub(crate) pose: Pose,
    /// Number of the read frame's mission phase keyword, for figures.
    pub(crate) phase: String,
    /// What the frame's numbers are.
    pub(crate) level: Level,
}

/// What is kept of an alignment; one file a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AlignRecord {
    pub(crate) frame_id: String,
    pub(crate) method: AlignMethod,
    pub(crate) spacecraft_position_km: [f64; 3],
    pub(crate) sun_position_km: [f64; 3],
    pub(crate) camera_from_body: [[f64; 3]; 3],
    /// Residual of the fit, px.
    pub(crate) rms_px: Option<f64>,
    /// Points or patches used.
    pub(crate) used: usize,
    /// Points or patches rejected.
    pub(crate) rejected: usize,
    /// Shift of the scene from the told to the refined pose, samples and lines, px.
    pub(crate) shift_px: [f64; 2],
    /// Limb points, where the method is the limb.
    pub(crate) limb: Vec<LimbPoint>,
}

impl<'a> FrameTools<'a> {
    pub(crate) fn new(
        setup: &'a Setup<'a>,
        shape: &'a Shape,
        flat: Option<&Path>,
        report: &'a dyn Reporter,
    ) -> Result<Self, SurveyError> {
        let campaign = &setup.loaded.campaign;
        let reference = match &campaign.align.reference {
            Some(file) if campaign.align.method == AlignMethod::Map => {
                let map = setup.map_file(file)?;
                Some(ReferenceMap { grid: map.grid, values: map.values })
            }
            _ => None,
        };
        let flat = flat
            .map(|path| read_fits(path, &Limits::default(), report).map(|fits| fits.image))
            .transpose()
            .map_err(|e| SurveyError::stage("calibrate", e))?;
        let choice = campaign.frames.as_ref().and_then(|frames| frames.kernels.as_ref());
        let kernels = choice.map(|choice| kernels(setup, &choice.files)).transpose()?;
        Ok(Self { setup, shape, flat, reference, kernels, report })
    }

    /// Reads, calibrates and aligns every frame; frames that cannot be used become warnings. Order as given.
    pub(crate) fn align_all(
        &self,
        paths: &[PathBuf],
        folder: &RunFolder,
    ) -> Result<Vec<AlignedFrame>, SurveyError> {
        folder.sub(ALIGN_FOLDER)?;
        let done = AtomicUsize::new(0);
        let results: Vec<Result<AlignedFrame, String>> = paths
            .par_iter()
            .map(|path| {
                let result = self.align_one(path, folder);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                self.report.progress(Progress { stage: "align", done, total: paths.len() });
                result
            })
            .collect();
        let mut first = None;
        let mut aligned = Vec::new();
        for (path, result) in paths.iter().zip(results) {
            match result {
                Ok(frame) => aligned.push(frame),
                Err(message) => {
                    first.get_or_insert_with(|| format!("{}: {message}", path.display()));
                    self.report.warn(left_out(path, message));
                }
            }
        }
        if aligned.is_empty() {
            let first = first.unwrap_or_else(|| "the campaign names no frame".into());
            return Err(SurveyError::NoFrames { tried: paths.len(), first });
        }
        distinct(aligned)
    }

    fn align_one(&self, path: &Path, folder: &RunFolder) -> Result<AlignedFrame, String> {
        let raw = self.read(path)?;
        let phase = raw.meta.keywords.get("MISSION_PHASE_NAME").cloned().unwrap_or_default();
        let relative = format!("{ALIGN_FOLDER}/{}.json", raw.meta.id);
        let level = raw.meta.level;
        let mid_exposure = raw.meta.mid_exposure;
        if let Some(record) =
            std::fs::read(folder.path(&relative)).ok().and_then(|t| serde_json::from_slice(&t).ok())
        {
            return aligned(path, record, (mid_exposure, phase, level));
        }
        let shot = self.calibrated(raw)?;
        body_in_view(&self.setup.body, &shot.camera, &shot.pose)?;
        let record = self.refine(&shot)?;
        let text = serde_json::to_vec(&record).map_err(|e| e.to_string())?;
        folder.write(&relative, &text).map_err(|e| e.to_string())?;
        aligned(path, record, (mid_exposure, phase, level))
    }

    /// The frame of a path again, calibrated, with its refined pose.
    pub(crate) fn shot(&self, frame: &AlignedFrame) -> Result<Shot, String> {
        let shot = self.calibrated(self.read(&frame.path)?)?;
        Ok(Shot { pose: frame.pose, ..shot })
    }

    fn read(&self, path: &Path) -> Result<RawFrame, String> {
        let sun = |epoch: Epoch| self.setup.sun_km(epoch).ok();
        let delay_s = self.setup.camera().map_err(|e| e.to_string())?.shutter_delay_s;
        let options =
            ReadOptions { shutter_delay_s: delay_s, sun: Some(&sun), ..ReadOptions::new(&self.setup.body) };
        let mut raw = read_frame(path, &options, self.report).map_err(|e| e.to_string())?;
        if let (Some(kernels), Some(choice)) = (&self.kernels, &self.setup.loaded.campaign.frames) {
            let choice = choice.kernels.as_ref().ok_or("kernels without a choice")?;
            let request = PoseRequest {
                spacecraft: choice.spacecraft,
                camera_frame: choice.camera_frame.clone(),
                body: &self.setup.body,
                mid_exposure: raw.meta.mid_exposure,
            };
            raw.pose = Some(pose_from_kernels(kernels, &request).map_err(|e| e.to_string())?);
        }
        Ok(raw)
    }

    fn calibrated(&self, raw: RawFrame) -> Result<Shot, String> {
        let file = self.setup.camera().map_err(|e| e.to_string())?;
        let camera = file.camera(&raw.meta.filter).map_err(|e| e.to_string())?;
        let filter = file.filter(&raw.meta.filter).map_err(|e| e.to_string())?;
        if (raw.dn.width(), raw.dn.height()) != (camera.width_px, camera.height_px) {
            return Err(format!(
                "it is {} x {} px, camera {} gives {} x {}; check [camera] in the campaign",
                raw.dn.width(),
                raw.dn.height(),
                camera.name,
                camera.width_px,
                camera.height_px
            ));
        }
        let pose = raw
            .pose
            .ok_or("it has no pose: give kernels, a label with geometry, or a JSON pose beside it")?;
        let options = CalibrateOptions {
            flat: self.flat.as_ref(),
            ..CalibrateOptions::new(&filter.detector, pose.sun_distance_au())
        };
        let frame = calibrate(&raw, &options).map_err(|e| e.to_string())?;
        Ok(Shot { frame, camera, pose })
    }

    fn refine(&self, shot: &Shot) -> Result<AlignRecord, String> {
        let choice = &self.setup.loaded.campaign.align;
        match choice.method {
            AlignMethod::None => Ok(kept(shot)),
            AlignMethod::Limb => {
                let mut options = LimbOptions::default();
                options.search_px = choice.search_px.unwrap_or(options.search_px);
                let fit = fit_limb(shot, self.shape, &options, self.report).map_err(|e| e.to_string())?;
                Ok(from_limb(shot, fit))
            }
            AlignMethod::Map => {
                let reference = self.reference.as_ref().ok_or("no reference map")?;
                let mut options = MapMatchOptions::default();
                options.search_px = choice.search_px.unwrap_or(options.search_px);
                options.position_sigma_km = choice.position_sigma_km.unwrap_or(options.position_sigma_km);
                let found = match_map(shot, self.shape, reference, &options, self.report);
                Ok(from_map(shot, &found.map_err(|e| e.to_string())?))
            }
        }
    }
}

/// The campaign's kernels over the built-in ephemeris: the later win.
fn kernels(setup: &Setup<'_>, files: &[String]) -> Result<Kernels, SurveyError> {
    let mut kernels = setup.ephemeris.clone();
    for file in files {
        kernels.add_file(&setup.loaded.resolve(file)).map_err(|e| SurveyError::stage("kernels", e))?;
    }
    Ok(kernels)
}

/// Folder of alignment records within the run.
const ALIGN_FOLDER: &str = "align";

/// The aligned frame a record describes. A fresh record takes the same way as one read back, so that a resumed
/// run gives the same bytes.
fn aligned(path: &Path, record: AlignRecord, of: (Epoch, String, Level)) -> Result<AlignedFrame, String> {
    let (mid_exposure, phase, level) = of;
    let camera_from_body =
        Rotation::from_rows(record.camera_from_body).ok_or("its alignment record is damaged")?;
    let pose = Pose {
        mid_exposure,
        spacecraft_km: Vec3::<BodyFixed>::from_array(record.spacecraft_position_km),
        sun_km: Vec3::from_array(record.sun_position_km),
        camera_from_body,
    };
    Ok(AlignedFrame { path: path.to_path_buf(), record, pose, phase, level })
}

fn kept(shot: &Shot) -> AlignRecord {
    record(shot, &shot.pose, AlignMethod::None)
}

fn record(shot: &Shot, pose: &Pose, method: AlignMethod) -> AlignRecord {
    AlignRecord {
        frame_id: shot.frame.meta.id.clone(),
        method,
        spacecraft_position_km: pose.spacecraft_km.to_array(),
        sun_position_km: pose.sun_km.to_array(),
        camera_from_body: pose.camera_from_body.rows(),
        rms_px: None,
        used: 0,
        rejected: 0,
        shift_px: [0.0, 0.0],
        limb: Vec::new(),
    }
}

fn from_limb(shot: &Shot, fit: LimbFit) -> AlignRecord {
    AlignRecord {
        rms_px: Some(fit.rms_px),
        used: fit.used,
        rejected: fit.rejected,
        shift_px: fit.shift_px,
        limb: fit.points,
        ..record(shot, &fit.pose, AlignMethod::Limb)
    }
}

fn from_map(shot: &Shot, found: &MapMatch) -> AlignRecord {
    AlignRecord {
        rms_px: Some(found.rms_px),
        used: found.used,
        rejected: found.rejected,
        shift_px: found.shift_px,
        ..record(shot, &found.pose, AlignMethod::Map)
    }
}

fn left_out(path: &Path, message: String) -> Warning {
    Warning {
        stage: "align".into(),
        subject: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        message: format!("left out: {message}"),
        hint: "the other frames go on without it; mend or remove it and run again".into(),
    }
}

/// Identifiers name files and join tables: two frames with one identifier would overwrite each other.
fn distinct(frames: Vec<AlignedFrame>) -> Result<Vec<AlignedFrame>, SurveyError> {
    let mut seen = std::collections::BTreeMap::new();
    for frame in &frames {
        if let Some(other) = seen.insert(frame.record.frame_id.clone(), &frame.path) {
            let message = format!(
                "{} and {} both are frame {}; name each product once",
                other.display(),
                frame.path.display(),
                frame.record.frame_id
            );
            return Err(SurveyError::stage("align", message));
        }
    }
    Ok(frames)
}
