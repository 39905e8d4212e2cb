// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames of a map tied to a map that is there: poses turned until the ground lies where it has it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_align::{MapMatch, MapMatchOptions, ReferenceMap, match_map};
use facula_archive::{Limits, read_map};
use facula_core::{CellGrid, Pose, Progress, Reporter, Warning};
use facula_geometry::Shape;
use facula_map::{GlobalMap, accumulator_info, finish_accumulator};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::frames::FrameSet;
use crate::RequestError;

/// What was done to the pose of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameTie {
    /// The frame.
    pub frame: String,
    /// Shift of its scene from the told to the refined pose, samples and lines, px.
    pub shift_px: [f64; 2],
    /// One-sigma uncertainty of the shift, px.
    pub shift_sigma_px: [f64; 2],
    /// Root mean square of what is left over its patches, px.
    pub rms_px: f64,
    /// Patches that agree.
    pub patches: usize,
    /// Size of the bins it was compared at, px.
    pub bin_px: f64,
    /// Correlation with the map, −1 to 1.
    pub correlation: f64,
}

/// How far frames may be from where their poses put them, px.
const SEARCH_PX: f64 = 32.0;
/// Bins along a frame's longer side, coarse to fine: wide ones find faint ground in noise, fine ones place sharp ground.
const BINS: [usize; 3] = [160, 320, 640];

/// Turns the poses of frames until they fit a map; frames that do not fit it clearly are reported and keep their poses.
pub(super) fn tie_to(
    frames: &mut FrameSet,
    reference: &ReferenceMap,
    report: &dyn Reporter,
) -> Vec<FrameTie> {
    let (done, total) = (AtomicUsize::new(0), frames.shots.len());
    let set = &*frames;
    let one = |index: usize| {
        let found = tie(set, index, reference, report);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        report.progress(Progress { stage: "align frames", done, total });
        found
    };
    let found: Vec<Result<(Pose, FrameTie), String>> = (0..total).into_par_iter().map(one).collect();
    let mut ties = Vec::new();
    for (shot, found) in frames.shots.iter_mut().zip(found) {
        match found {
            Ok((pose, tie)) => {
                shot.pose = pose;
                ties.push(tie);
            }
            Err(message) => report.warn(Warning {
                stage: "align frames".into(),
                subject: shot.meta.id.clone(),
                message: format!("its pose stays as told: {message}"),
                hint: "check that the map shows the ground it sees, at much its scale".into(),
            }),
        }
    }
    ties
}

fn tie(
    frames: &FrameSet,
    index: usize,
    reference: &ReferenceMap,
    report: &dyn Reporter,
) -> Result<(Pose, FrameTie), String> {
    let shot = frames.shot(index, report).map_err(|error| error.to_string())?;
    let with = |most_bins: usize| {
        let options = MapMatchOptions { search_px: SEARCH_PX, most_bins, ..MapMatchOptions::default() };
        match_map(&shot, &frames.shape, reference, &options, report).map_err(|error| error.to_string())
    };
    // The one that is surest of its answer, by the scatter of its patches.
    let mut found: Vec<MapMatch> = Vec::new();
    let mut trouble = String::new();
    for most_bins in BINS {
        match with(most_bins) {
            Ok(one) => found.push(one),
            Err(error) => trouble = error,
        }
    }
    let sigma_px = |found: &MapMatch| found.shift_sigma_px[0].hypot(found.shift_sigma_px[1]);
    let best = found.into_iter().min_by(|a, b| sigma_px(a).total_cmp(&sigma_px(b)));
    let found = best.ok_or(trouble)?;
    let tie = FrameTie {
        frame: shot.frame.meta.id,
        bin_px: found.bin_px,
        shift_px: found.shift_px,
        shift_sigma_px: found.shift_sigma_px,
        rms_px: found.rms_px,
        patches: found.used,
        correlation: found.correlation,
    };
    Ok((found.pose, tie))
}

/// A map to tie frames to: a global one in any format, or the sums of any equirectangular one (`map.facc`).
pub(super) fn reference_map(path: &Path, shape: &Shape) -> Result<ReferenceMap, RequestError> {
    if path.extension().is_none_or(|extension| extension != "facc") {
        return Ok(read_map(path, 0.0, &Limits::default())?);
    }
    reference_of(finished(path, shape)?)
}

/// The map of an accumulator file, in memory.
pub(super) fn finished(facc: &Path, shape: &Shape) -> Result<GlobalMap, RequestError> {
    let mut map = GlobalMap::empty(accumulator_info(facc)?.grid);
    finish_accumulator(facc, shape, &mut map)?;
    Ok(map)
}

/// The albedo of a map as a reference.
pub(super) fn reference_of(map: GlobalMap) -> Result<ReferenceMap, RequestError> {
    match map.grid {
        CellGrid::Angular(grid) => Ok(ReferenceMap { grid, values: map.albedo }),
        _ => Err(RequestError::argument("map to align to (equirectangular ones only)", "projected")),
    }
}

/// A tie as JSON.
pub(super) fn tie_record(tie: &FrameTie) -> Value {
    json!({
        "frame": tie.frame,
        "shift_px": tie.shift_px,
        "shift_sigma_px": tie.shift_sigma_px,
        "rms_px": tie.rms_px,
        "patches": tie.patches,
        "bin_px": tie.bin_px,
        "correlation": tie.correlation,
    })
}
