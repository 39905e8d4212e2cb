// SPDX-License-Identifier: MIT OR Apache-2.0
//! The turn of the camera that fits the edges: clipped least squares, its uncertainty, the summary of a fit.

use std::collections::BTreeSet;

use facula_core::{PixelPos, Pose};
use facula_geometry::Shot;

use super::measure::Seen;
use super::{LimbFit, LimbOptions, LimbPoint, Twist};
use crate::normal::{Normal, median, rms};

/// Points are never rejected for residuals below this, px: noise-free frames have no spread.
const LEAST_CLIP_PX: f64 = 0.05;
/// A turn of the camera and what it leaves.
pub(super) struct Turn {
    /// Turn about the axes of the camera.
    pub(super) angles_rad: [f64; 3],
    /// Inverse normal matrix for unit-variance edges, rad² px⁻².
    inverse: [[f64; 3]; 3],
    residuals_px: Vec<f64>,
    used: Vec<bool>,
    /// Root mean square residual of the edges in use, px.
    pub(super) rms_px: f64,
    /// One-sigma uncertainty of the shift, the larger of both axes, px.
    pub(super) sigma_px: f64,
    /// How far the turn moves the scene, px.
    pub(super) moved_px: f64,
}

/// Rounds of rejection; the set is usually stable after three.
const CLIP_ROUNDS: usize = 20;
/// Standard deviation of a normal distribution over its median absolute deviation.
const SIGMA_PER_MAD: f64 = 1.4826;

/// Least squares with clipping around the median absolute deviation of all residuals; or, when the limb points
/// to use are settled (`frozen`, by number), with those.
pub(super) fn solve(
    shot: &Shot,
    edges: &[Seen],
    options: &LimbOptions,
    frozen: Option<&BTreeSet<usize>>,
) -> Option<Turn> {
    let mut used: Vec<bool> =
        edges.iter().map(|seen| frozen.is_none_or(|rays| rays.contains(&seen.ray))).collect();
    let mut turn = turn(shot, edges, &used, options)?;
    for _ in 0..if frozen.is_some() { 0 } else { CLIP_ROUNDS } {
        let mut sizes: Vec<f64> = turn.residuals_px.iter().map(|r| r.abs()).collect();
        let limit_px = (options.clip_sigma * SIGMA_PER_MAD * median(&mut sizes)).max(LEAST_CLIP_PX);
        let kept: Vec<bool> = turn.residuals_px.iter().map(|r| r.abs() <= limit_px).collect();
        if kept == used {
            break;
        }
        used = kept;
        turn = self::turn(shot, edges, &used, options)?;
    }
    Some(turn)
}

/// The turn that fits the edges in use.
fn turn(shot: &Shot, edges: &[Seen], used: &[bool], options: &LimbOptions) -> Option<Turn> {
    let (angles_rad, inverse) = least_squares(edges, used, options.twist)?;
    let moved_along = |seen: &Seen| (0..3).map(|i| seen.per_rad[i] * angles_rad[i]).sum::<f64>();
    let residuals_px: Vec<f64> = edges.iter().map(|seen| seen.offset_px - moved_along(seen)).collect();
    let moved_px = (angles_rad[0].hypot(angles_rad[1])) / shot.camera.ifov_rad();
    let covariance = shift_covariance(shot, &inverse, widened(&residuals_px, used));
    let sigma_px = covariance[0][0].max(covariance[1][1]).sqrt();
    let rms_px = rms(of_used(&residuals_px, used));
    Some(Turn { angles_rad, inverse, residuals_px, used: used.to_vec(), rms_px, sigma_px, moved_px })
}

type Angles = ([f64; 3], [[f64; 3]; 3]);

impl Turn {
    /// The numbers of the limb points in use.
    pub(super) fn rays_in_use(&self, edges: &[Seen]) -> BTreeSet<usize> {
        edges.iter().zip(&self.used).filter(|(_, used)| **used).map(|(seen, _)| seen.ray).collect()
    }
}

fn least_squares(edges: &[Seen], used: &[bool], twist: Twist) -> Option<Angles> {
    let mut normal = Normal::<3>::new();
    for (seen, _) in edges.iter().zip(used).filter(|(_, used)| **used) {
        normal.add(&seen.per_rad, seen.offset_px, 1.0);
    }
    if twist == Twist::Keep {
        normal.hold(2);
    }
    normal.solve()
}

/// What a fit comes to; `counts` are the limb points predicted and the iterations made.
pub(super) fn summary(
    shot: &Shot,
    pose: &Pose,
    (edges, turn): (Vec<Seen>, Turn),
    counts: (usize, usize),
) -> LimbFit {
    let used = turn.used.iter().filter(|u| **u).count();
    let points = edges.iter().zip(turn.residuals_px.iter().zip(&turn.used));
    let points = points.map(|(seen, (residual_px, used))| record(seen, *residual_px, *used)).collect();
    let (before, after) = (centre_px(shot, &shot.pose), centre_px(shot, pose));
    let turn_camera = pose.camera_from_body * shot.pose.camera_from_body.inverse();
    LimbFit {
        pose: *pose,
        shift_px: [after.x_px - before.x_px, after.y_px - before.y_px],
        twist_rad: turn_camera.rows()[0][1].atan2(turn_camera.rows()[0][0]),
        rms_px: turn.rms_px,
        rms_all_px: rms(turn.residuals_px.iter().copied()),
        used,
        rejected: edges.len() - used,
        predicted: counts.0,
        shift_covariance_px2: shift_covariance(shot, &turn.inverse, widened(&turn.residuals_px, &turn.used)),
        iterations: counts.1,
        points,
    }
}

fn record(seen: &Seen, residual_px: f64, used: bool) -> LimbPoint {
    // The last turn moved the prediction along the normal by what the residual lost.
    let moved_px = seen.offset_px - residual_px;
    LimbPoint {
        x_px: seen.observed.x_px,
        y_px: seen.observed.y_px,
        predicted_x_px: seen.predicted.x_px + moved_px * seen.normal[0],
        predicted_y_px: seen.predicted.y_px + moved_px * seen.normal[1],
        residual_px,
        used,
    }
}

/// The centre of the body in the frame; NaN behind the camera.
pub(super) fn centre_px(shot: &Shot, pose: &Pose) -> PixelPos {
    let look = pose.camera_from_body * (-pose.spacecraft_km);
    shot.camera.pixel(look).unwrap_or(PixelPos::new(f64::NAN, f64::NAN))
}

fn of_used<'a>(residuals_px: &'a [f64], used: &'a [bool]) -> impl Iterator<Item = f64> + 'a {
    residuals_px.iter().zip(used).filter(|(_, used)| **used).map(|(r, _)| *r)
}

/// Root mean square residual, px, widened because neighbouring residuals are alike: by `√((1 + ρ) / (1 − ρ))`
/// for a first-order autoregressive sequence with lag-one correlation ρ.
fn widened(residuals_px: &[f64], used: &[bool]) -> f64 {
    let values: Vec<f64> = of_used(residuals_px, used).collect();
    let power: f64 = values.iter().map(|v| v * v).sum();
    let lagged: f64 = values.windows(2).map(|w| w[0] * w[1]).sum();
    let correlation = (lagged / power).clamp(0.0, 0.95);
    rms(values.iter().copied()) * ((1.0 + correlation) / (1.0 - correlation)).sqrt()
}

/// A turn about x moves the scene along y and a turn about y along x, one pixel per angle of a pixel.
fn shift_covariance(shot: &Shot, inverse: &[[f64; 3]; 3], sigma_px: f64) -> [[f64; 2]; 2] {
    let scale = (sigma_px / shot.camera.ifov_rad()).powi(2);
    [[inverse[1][1] * scale, -inverse[0][1] * scale], [-inverse[0][1] * scale, inverse[0][0] * scale]]
}
