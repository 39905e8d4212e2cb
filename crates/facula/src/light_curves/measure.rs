// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to points of light curves, and views from above the spots; or the points a survey wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_align::{LimbOptions, fit_limb};
use facula_core::{Body, Pose, Progress, Reporter, Rotation, Vec3, Warning};
use facula_geometry::Shot;
use facula_spice::Kernels;
use facula_spots::{
    LightCurve, LightOptions, LightPoint, LightTarget, light_curves, read_light_curves_parquet,
    read_light_targets, target_points,
};
use rayon::prelude::*;

use super::clip::{Crop, MOST_ANIMATED, crop};
use super::{Animation, CurveSource, LightCurveRequest, by_id};
use crate::RequestError;
use crate::frames::CalibrationChoice;
use crate::inputs::{read_body, read_text};
use crate::maps::{FrameChoice, FrameSet};

/// Whether poses are refined before anything is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pointing {
    /// As kernels or labels tell them.
    #[default]
    Told,
    /// By the limb in each frame; a frame without one is left out.
    Limb,
}

/// Curves with what they were measured of.
pub(super) struct Measured {
    pub body: Body,
    pub targets: Vec<LightTarget>,
    pub curves: Vec<LightCurve>,
    /// Views from above, by spot and time.
    pub crops: BTreeMap<String, Vec<Crop>>,
    pub frames: (usize, usize),
}

/// Poses by frame identifier.
type Poses = BTreeMap<String, Pose>;

pub(super) fn measure(
    kernels: &Kernels,
    request: &LightCurveRequest,
    report: &dyn Reporter,
) -> Result<Measured, RequestError> {
    match &request.source {
        CurveSource::Frames { targets, .. } if targets.is_empty() => {
            Err(RequestError::argument("spots (the catalogue holds none; or give --at)", "none"))
        }
        CurveSource::Frames { frames, targets, pointing } => {
            let set = FrameSet::open(kernels, frames, report)?;
            let animated = animated(request, targets);
            let work =
                Work { set: &set, targets, animated: &animated, pointing: *pointing, poses: &Poses::new() };
            let (points, crops, used) = work.all(report);
            let frames = (used, set.left_out + set.shots.len() - used);
            let body = set.body.clone();
            Ok(Measured {
                body,
                targets: targets.clone(),
                curves: light_curves(points),
                crops: by_id(crops),
                frames,
            })
        }
        CurveSource::Run(folder) => of_run(kernels, (folder, request), report),
    }
}

/// Spots whose frames are kept for an animation.
fn animated(request: &LightCurveRequest, targets: &[LightTarget]) -> Vec<LightTarget> {
    if request.animation != Animation::Frames {
        return Vec::new();
    }
    let asked = |t: &&LightTarget| {
        request.shown.is_empty()
            || request.shown.iter().any(|s| *s == t.id || s.eq_ignore_ascii_case(t.label()))
    };
    targets.iter().filter(asked).take(MOST_ANIMATED).cloned().collect()
}

/// What a survey left: its points, its spots, and for animations its frames with their refined poses.
fn of_run(
    kernels: &Kernels,
    (folder, request): (&Path, &LightCurveRequest),
    report: &dyn Reporter,
) -> Result<Measured, RequestError> {
    let curves = light_curves(read_light_curves_parquet(&folder.join("light_curves.parquet"))?);
    let catalogue = folder.join("spots.geojson");
    let targets = read_light_targets(&catalogue)?;
    let whole: serde_json::Value = serde_json::from_str(&read_text(&catalogue)?)
        .map_err(|error| RequestError::scattering(catalogue.display(), error.to_string()))?;
    let body = read_body(whole["body"].as_str().unwrap_or("ceres"))?;
    let animated = animated(request, &targets);
    let mut crops = Vec::new();
    let mut frames = (0, 0);
    if !animated.is_empty() {
        let archive = folder.join("archive");
        let flat = Some(archive.join("FLAT.FIT")).filter(|flat| flat.is_file());
        let choice = FrameChoice {
            paths: vec![archive],
            body: Some(body.name.clone()),
            calibration: CalibrationChoice { flat, ..CalibrationChoice::default() },
            ..FrameChoice::default()
        };
        let set = FrameSet::open(kernels, &choice, report)?;
        let poses = refined(&set, &folder.join("align"));
        let work =
            Work { set: &set, targets: &[], animated: &animated, pointing: Pointing::Told, poses: &poses };
        let (_, found, used) = work.all(report);
        crops = found;
        frames = (used, set.left_out + set.shots.len() - used);
    }
    Ok(Measured { body, targets, curves, crops: by_id(crops), frames })
}

/// The poses a survey refined, from its records; frames without one keep the pose they were told.
fn refined(set: &FrameSet, folder: &Path) -> Poses {
    let pose = |shot: &crate::maps::PlacedShot| {
        let text = read_text(&folder.join(format!("{}.json", shot.meta.id))).ok()?;
        let record: serde_json::Value = serde_json::from_str(&text).ok()?;
        let vector = |name: &str| serde_json::from_value::<[f64; 3]>(record[name].clone()).ok();
        let rows = serde_json::from_value::<[[f64; 3]; 3]>(record["camera_from_body"].clone()).ok()?;
        let pose = Pose {
            spacecraft_km: Vec3::from_array(vector("spacecraft_position_km")?),
            sun_km: Vec3::from_array(vector("sun_position_km")?),
            camera_from_body: Rotation::from_rows(rows)?,
            ..shot.pose
        };
        Some((shot.meta.id.clone(), pose))
    };
    set.shots.iter().filter_map(pose).collect()
}

/// Measuring of a set of frames.
struct Work<'a> {
    set: &'a FrameSet,
    targets: &'a [LightTarget],
    animated: &'a [LightTarget],
    pointing: Pointing,
    poses: &'a Poses,
}

/// Points and views from above of one frame.
type OfFrame = (Vec<LightPoint>, Vec<(String, Crop)>);

/// Points, views from above, and how many frames gave them.
type Gathered = (Vec<LightPoint>, Vec<(String, Crop)>, usize);

impl Work<'_> {
    /// Every frame; one that cannot be calibrated or pointed is told and left out.
    fn all(&self, report: &dyn Reporter) -> Gathered {
        let done = AtomicUsize::new(0);
        let total = self.set.shots.len();
        let one = |index: usize| {
            let found = self.one(index, report);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            report.progress(Progress { stage: "light curves", done, total });
            found
        };
        let found: Vec<Result<_, RequestError>> = (0..total).into_par_iter().map(one).collect();
        let (mut points, mut crops, mut used) = (Vec::new(), Vec::new(), 0);
        for (index, found) in found.into_iter().enumerate() {
            match found {
                Ok((own_points, own_crops)) => {
                    used += 1;
                    points.extend(own_points);
                    crops.extend(own_crops);
                }
                Err(error) => report.warn(Warning {
                    stage: "light curves".into(),
                    subject: self.set.shots[index].meta.id.clone(),
                    message: format!("left out: {error}"),
                    hint: error.hint().into(),
                }),
            }
        }
        (points, crops, used)
    }

    fn one(&self, index: usize, report: &dyn Reporter) -> Result<OfFrame, RequestError> {
        let mut shot = self.set.shot(index, report)?;
        let shape = &self.set.shape;
        if let Some(pose) = self.poses.get(&shot.frame.meta.id) {
            shot = Shot { pose: *pose, ..shot };
        }
        if self.pointing == Pointing::Limb {
            let fit = fit_limb(&shot, shape, &LimbOptions::default(), report).map_err(|error| {
                RequestError::frame(&self.set.shots[index].path, format!("limb: {error}"))
            })?;
            shot = Shot { pose: fit.pose, ..shot };
        }
        let options = LightOptions { smooth: Some(self.set.body.ellipsoid()), ..LightOptions::default() };
        let points = target_points(self.targets, &shot, shape, &options);
        let crops = self.animated.iter().filter_map(|t| Some((t.id.clone(), crop(&shot, shape, t)?)));
        Ok((points, crops.collect()))
    }
}
