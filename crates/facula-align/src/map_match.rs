// SPDX-License-Identifier: MIT OR Apache-2.0
//! Map matching: the pose that puts the ground in a frame where a reference map has it.
//!
//! The map is rendered through the a-priori pose at the coarser of the two resolutions, both images are
//! band-passed and correlated over the search radius; the best shift, if it is clearly better than the second
//! best, becomes a turn of the camera. Then patches are matched one by one and the turn about all axes (and,
//! on request, the position) follows from their residuals by clipped least squares, a few times over.
//!
//! Works in the frame, not on the map: a shift there is a turn of the camera, and the frame's noise stays
//! where it is.

mod adjust;
mod band;
mod correlate;
mod patches;
mod render;

use facula_core::{BodyFixed, LonLat, PixelPos, Pose, Reporter, Vec3, Warning};
use facula_geometry::{Shape, Shot};
use facula_photometry::DiskFunction;
use serde::{Deserialize, Serialize};

use crate::AlignError;
use crate::error::within;
use crate::limb::Twist;
use adjust::Adjustment;
use correlate::{Peak, Window, correlate};
use patches::match_patches;
use render::{Area, View};

/// A map to match against: any brightness that shows the same features (albedo, normalised I/F); NaN where
/// there is none. Cells may be finer or coarser than the frame's pixels.
pub type ReferenceMap = facula_core::MapImage;

/// How a frame is matched against a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapMatchOptions {
    /// How far the scene may be from where the a-priori pose puts it, px, 1 to 500. Small for ties to a
    /// mosaic, about twice the expected error for rough poses.
    pub search_px: f64,
    /// Disk law by which the frame is divided before it is compared.
    pub disk: DiskFunction,
    /// Ground with a smaller cosine of incidence or emission takes no part, dimensionless.
    pub least_cosine: f64,
    /// The frame is averaged to at most this many bins along its longer side.
    pub most_bins: usize,
    /// The best correlation has to be this many times the second best, dimensionless. A HAMO frame gave at most
    /// 1.8 at 71 wrong longitudes of the Ceres map, 4.4 at the right one.
    pub least_ratio: f64,
    /// The best correlation has to be this many times the noise of the others, dimensionless. The same frame
    /// gave at most 4.2 at wrong longitudes, 9.9 at the right one.
    pub least_significance: f64,
    /// At least this many patches have to agree.
    pub least_patches: usize,
    /// Whether the turn about the boresight is fitted too.
    pub twist: Twist,
    /// A-priori uncertainty of the position in each axis, km; 0 keeps the position. For rough poses: the
    /// attitude alone cannot make up for a camera that stood elsewhere and saw the ground more obliquely.
    pub position_sigma_km: f64,
}

impl Default for MapMatchOptions {
    fn default() -> Self {
        Self {
            search_px: 64.0,
            disk: DiskFunction::LommelSeeliger,
            least_cosine: 0.25,
            most_bins: 320,
            least_ratio: 1.5,
            least_significance: 5.0,
            least_patches: 6,
            twist: Twist::Fit,
            position_sigma_km: 0.0,
        }
    }
}

/// One patch of the frame matched against the map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PatchMatch {
    /// Centre of the patch in the frame, sample, px.
    pub x_px: f64,
    /// Centre of the patch in the frame, line, px.
    pub y_px: f64,
    /// The place the map has for it, east longitude and planetocentric latitude.
    pub place: LonLat,
    /// Frame minus refined pose, samples and lines, px.
    pub residual_px: [f64; 2],
    /// Correlation, −1 to 1.
    pub correlation: f64,
    /// Whether the patch took part in the fit.
    pub used: bool,
}

/// A refined pose and how well it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct MapMatch {
    /// The refined pose.
    pub pose: Pose,
    /// Shift of the scene in the middle of the matched area from the a-priori to the refined pose, samples and
    /// lines, px.
    pub shift_px: [f64; 2],
    /// Highest correlation of the whole frame, −1 to 1.
    pub correlation: f64,
    /// Highest correlation of the whole frame away from the best shift.
    pub second_correlation: f64,
    /// Standard deviation of the correlations away from the best shift.
    pub correlation_noise: f64,
    /// Root mean square distance between frame and refined pose over the patches in use (both axes), px.
    pub rms_px: f64,
    /// Patches in use.
    pub used: usize,
    /// Patches with a clear match that were rejected as outliers.
    pub rejected: usize,
    /// One-sigma uncertainty of the shift from the scatter of the patches, samples and lines, px. Leaves out
    /// what all patches share, such as an error of the map's own control.
    pub shift_sigma_px: [f64; 2],
    /// Size of the bins the comparison was made at, px.
    pub bin_px: f64,
    /// Every patch with a clear match, line by line.
    pub patches: Vec<PatchMatch>,
}

/// Rounds of patch matching and adjustment.
const MOST_ROUNDS: usize = 6;
/// The rounds end when the scene moves by less than this part of a bin.
const SETTLED_BINS: f64 = 0.05;
/// Bins along the longer side when the whole frame is correlated; the patches use finer ones.
const COARSE_BINS: usize = 160;
/// The correlation surface reaches at least this far, in bins, so that noise and rival of a small search are
/// known too.
const LEAST_RADIUS_BINS: usize = 16;
/// The neighbourhood of the peak that belongs to it, bins.
const EXCLUSION_BINS: i64 = 4;
/// Part of the ground in the frame that has to be lit, well seen and on the map.
const LEAST_COVERED: f64 = 0.15;
/// Patches that scatter more than this many bins are wrong matches.
const MOST_RMS_BINS: f64 = 4.0;

/// Refines the pose of a shot against a map.
///
/// Takes a frame with an a-priori pose good to `options.search_px`, the shape for its geometry and a map of the
/// same ground. The frame may be I/F or relative brightness.
///
/// # Errors
/// [`AlignError::NoOverlap`] when the map does not cover the frame, [`AlignError::Ambiguous`] when the best
/// shift is not clearly the best, [`AlignError::NotConverged`] when the patches contradict each other,
/// [`AlignError::Argument`].
pub fn match_map(
    shot: &Shot,
    shape: &Shape,
    reference: &ReferenceMap,
    options: &MapMatchOptions,
    report: &dyn Reporter,
) -> Result<MapMatch, AlignError> {
    check(options)?;
    let view = View { shot, shape, reference, options };
    let area_of = |most_bins: usize| Area::of(&view, most_bins).ok_or_else(|| no_overlap(shot, 0.0));
    let (coarse, peak) = coarse(&view, &area_of(options.most_bins.min(COARSE_BINS))?)?;
    let area = area_of(options.most_bins)?;
    let adjustment = fine(&view, &area, coarse)?;
    if adjustment.rounds == MOST_ROUNDS {
        report.warn(unsettled(shot, &adjustment));
    }
    Ok(summary(&view, &area, (adjustment, peak)))
}

fn check(options: &MapMatchOptions) -> Result<(), AlignError> {
    within("search_px", options.search_px, (1.0, 500.0, "1 to 500"))?;
    within("least_cosine", options.least_cosine, (0.01, 0.99, "0.01 to 0.99"))?;
    within("most_bins", options.most_bins as f64, (32.0, 2048.0, "32 to 2048"))?;
    within("position_sigma_km", options.position_sigma_km, (0.0, 1e6, "0 to 1000000"))?;
    within("least_patches", options.least_patches as f64, (3.0, 1e4, "3 to 10000"))
}

/// The best shift of the whole frame, as a turned pose.
fn coarse(view: &View<'_>, area: &Area) -> Result<(Pose, Peak), AlignError> {
    let shot = view.shot;
    let reach = (view.options.search_px / area.bin as f64).ceil() as usize;
    let radius = reach.max(LEAST_RADIUS_BINS);
    let pair = view.prepare(area, &shot.pose, radius);
    if pair.covered_fraction < LEAST_COVERED {
        return Err(no_overlap(shot, pair.covered_fraction));
    }
    let whole = Window { x: 0, y: 0, width: area.width, height: area.height };
    let surface = correlate(&pair.observed, &pair.predicted, whole, (radius, radius));
    let peak = surface.peak(reach, EXCLUSION_BINS).ok_or_else(|| no_overlap(shot, pair.covered_fraction))?;
    let (x_px, y_px) = (peak.x * area.bin as f64, peak.y * area.bin as f64);
    let clear = !peak.on_border
        && peak.correlation > view.options.least_ratio * peak.second
        && peak.correlation > view.options.least_significance * peak.noise;
    if !clear {
        return Err(AlignError::Ambiguous {
            frame: shot.frame.meta.id.clone(),
            correlation: peak.correlation,
            second: peak.second,
            noise: peak.noise,
            x_px: -x_px,
            y_px: -y_px,
        });
    }
    Ok((shifted(shot, area.middle(), [x_px, y_px]), peak))
}

/// The pose under which the direction now at `middle + shift_px` falls on `middle`.
fn shifted(shot: &Shot, middle: PixelPos, shift_px: [f64; 2]) -> Pose {
    let mut pose = shot.pose;
    let there = PixelPos::new(middle.x_px + shift_px[0], middle.y_px + shift_px[1]);
    let look_in_body = shot.look_in_body(there);
    // Two steps: the first is off by the curvature of the projection over the shift.
    for _ in 0..2 {
        let Some(at) = shot.camera.pixel(pose.camera_from_body * look_in_body) else { return pose };
        let [pitch_x_mm, pitch_y_mm] = shot.camera.pitch_mm;
        let x_rad = (middle.y_px - at.y_px) * pitch_y_mm / shot.camera.focal_length_mm;
        let y_rad = (at.x_px - middle.x_px) * pitch_x_mm / shot.camera.focal_length_mm;
        pose = pose.turned(x_rad, y_rad, 0.0);
    }
    pose
}

/// Rounds of patch matching and adjustment until the pose settles.
fn fine(view: &View<'_>, area: &Area, start: Pose) -> Result<Adjustment, AlignError> {
    let mut pose = start;
    let mut round = 1;
    loop {
        let found = match_patches(view, area, &pose);
        let mut adjustment = adjust::adjust(view, &pose, found)
            .ok_or_else(|| not_converged(view.shot, round, (0, 0), f64::NAN))?;
        adjustment.rounds = round;
        let bin_px = area.bin as f64;
        let (used, rejected) = adjustment.counts();
        if used < view.options.least_patches || !(adjustment.rms_px < MOST_RMS_BINS * bin_px) {
            return Err(not_converged(view.shot, round, (used, rejected), adjustment.rms_px));
        }
        pose = adjustment.pose;
        if adjustment.moved_px < SETTLED_BINS * bin_px || round == MOST_ROUNDS {
            return Ok(adjustment);
        }
        round += 1;
    }
}

fn summary(view: &View<'_>, area: &Area, (adjustment, peak): (Adjustment, Peak)) -> MapMatch {
    let (used, rejected) = adjustment.counts();
    let middle = area.middle();
    let pose = adjustment.pose;
    let moved = |point_km: Vec3<BodyFixed>| {
        view.shot.camera.pixel(pose.camera_from_body * (point_km - pose.spacecraft_km))
    };
    let after = view.shot.ground(view.shape, middle).and_then(|hit| moved(hit.point_km));
    MapMatch {
        pose,
        shift_px: after.map_or([f64::NAN; 2], |at| [at.x_px - middle.x_px, at.y_px - middle.y_px]),
        correlation: peak.correlation,
        second_correlation: peak.second,
        correlation_noise: peak.noise,
        rms_px: adjustment.rms_px,
        used,
        rejected,
        shift_sigma_px: adjustment.shift_sigma_px,
        bin_px: area.bin as f64,
        patches: adjustment.patches,
    }
}

fn no_overlap(shot: &Shot, covered_fraction: f64) -> AlignError {
    AlignError::NoOverlap {
        frame: shot.frame.meta.id.clone(),
        covered_fraction,
        needed_fraction: LEAST_COVERED,
    }
}

fn not_converged(shot: &Shot, iterations: usize, counts: (usize, usize), residual_px: f64) -> AlignError {
    let (used, rejected) = counts;
    AlignError::NotConverged { frame: shot.frame.meta.id.clone(), iterations, used, rejected, residual_px }
}

fn unsettled(shot: &Shot, adjustment: &Adjustment) -> Warning {
    Warning {
        stage: "align".into(),
        subject: shot.frame.meta.id.clone(),
        message: format!("map match still moved by {:.2} px after {MOST_ROUNDS} rounds", adjustment.moved_px),
        hint: "take the residuals as its uncertainty, or match against a map of better resolution".into(),
    }
}

#[cfg(test)]
mod tests;
