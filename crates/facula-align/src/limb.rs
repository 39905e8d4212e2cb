// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limb fit: the attitude that puts the predicted edge of the body on the observed one.
//!
//! The silhouette of a body seen from a fixed place does not depend on the attitude of the camera: it is
//! traced once, in the body-fixed reference frame, and only projected again as the camera turns. Along the
//! normal of each sunlit limb point the observed edge is fitted with the brightness profile a smooth surface
//! has there; a robust least-squares turn about the camera's axes follows, and the edges are measured again.
//!
//! Position is kept: for half a limb, range and shift across it are nearly the same thing.
//!
//! # Source
//! Method: Owen (2011), Methods of Optical Navigation, AAS 11-215 (limb scans); robust clipping by
//! the median absolute deviation.

mod adjust;
mod edge;
mod measure;
mod silhouette;
mod template;

use facula_core::{Pose, Reporter, Warning};
use facula_geometry::{Shape, Shot};
use facula_photometry::DiskFunction;
use serde::{Deserialize, Serialize};

use crate::AlignError;
use crate::error::within;
use crate::normal::rms;
use adjust::{solve, summary};
use measure::{Seen, lit_rays, measure};

/// Whether the turn about the boresight is fitted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Twist {
    /// Leave it: star trackers know it better than a limb or a small map window does.
    #[default]
    Keep,
    /// Fit it.
    Fit,
}

/// How a limb is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimbOptions {
    /// Disk law of the surface near the limb.
    pub disk: DiskFunction,
    /// Blur of optics, pixel and interpolation together, Gaussian sigma, px.
    pub psf_sigma_px: f64,
    /// How far from the predicted limb its image is looked for at first, px, 1 to 200.
    pub search_px: f64,
    /// Distance between limb points along the limb, px.
    pub spacing_px: f64,
    /// At most this many limb points.
    pub most_points: usize,
    /// At least this many have to be found and agree.
    pub least_points: usize,
    /// Limb points are used where the ground 2 px inside is expected to have at least this part of the
    /// brightness at the limb's point under the Sun, dimensionless: keeps away from the terminator.
    pub least_brightness: f64,
    /// Edges count when they explain at least this many times the noise, dimensionless.
    pub least_significance: f64,
    /// Points further than this many robust standard deviations from the fit are rejected, dimensionless.
    pub clip_sigma: f64,
    /// Fits with more residual than this are refused, px. Raise it for a body rougher than its shape.
    pub most_rms_px: f64,
    /// Whether the turn about the boresight is fitted too.
    pub twist: Twist,
}

impl Default for LimbOptions {
    fn default() -> Self {
        Self {
            disk: DiskFunction::LommelSeeliger,
            psf_sigma_px: 0.65,
            search_px: 12.0,
            spacing_px: 2.0,
            most_points: 720,
            least_points: 30,
            least_brightness: 0.3,
            least_significance: 10.0,
            clip_sigma: 3.0,
            most_rms_px: 2.0,
            twist: Twist::Keep,
        }
    }
}

/// One limb point: where the edge was seen, and where the refined pose puts it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LimbPoint {
    /// Observed edge, sample, px.
    pub x_px: f64,
    /// Observed edge, line, px.
    pub y_px: f64,
    /// Limb of the shape under the refined pose, sample, px.
    pub predicted_x_px: f64,
    /// Limb of the shape under the refined pose, line, px.
    pub predicted_y_px: f64,
    /// Observed minus predicted along the limb's normal, positive outwards, px.
    pub residual_px: f64,
    /// Whether the point took part in the fit.
    pub used: bool,
}

/// A refined pose and how well it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct LimbFit {
    /// The refined pose: attitude turned, position kept.
    pub pose: Pose,
    /// Shift of the centre of the body in the frame from the a-priori to the refined pose, samples and lines, px.
    pub shift_px: [f64; 2],
    /// Turn about the boresight (right-handed turn of the camera), rad; 0 unless fitted.
    pub twist_rad: f64,
    /// Root mean square residual of the points in use, px.
    pub rms_px: f64,
    /// Root mean square residual of all points with a clear edge, rejected ones included, px.
    pub rms_all_px: f64,
    /// Points in use.
    pub used: usize,
    /// Points with a clear edge that were rejected as outliers.
    pub rejected: usize,
    /// Sunlit limb points predicted inside the frame.
    pub predicted: usize,
    /// Covariance of the shift, px², samples and lines: from the residuals, widened for their correlation from
    /// point to point (terrain the shape does not have is longer than the spacing).
    pub shift_covariance_px2: [[f64; 2]; 2],
    /// Iterations made.
    pub iterations: usize,
    /// Every point with a clear edge, in the order of the silhouette.
    pub points: Vec<LimbPoint>,
}

impl LimbFit {
    /// One-sigma uncertainty of the shift, samples and lines, px.
    pub fn shift_sigma_px(&self) -> [f64; 2] {
        [0, 1].map(|i| self.shift_covariance_px2[i][i].sqrt())
    }
}

/// Most turns of the iteration; three to four are usual.
const MOST_ITERATIONS: usize = 12;
/// The iteration ends when the turn moves the limb by less than this, px.
const SETTLED_PX: f64 = 0.003;
/// Or by less than this many of its own standard deviations.
const SETTLED_SIGMAS: f64 = 0.25;
/// From here on the points in use stay the same: those on the clipping limit could change sides for ever.
const FREEZE_AFTER: usize = 4;
/// After the first turn edges are looked for this close to the predicted limb, px, or
const LATER_SEARCH_PX: f64 = 3.0;
/// this many times the residual so far, whatever is larger.
const LATER_SEARCH_RMS: f64 = 4.0;
/// At least this part of the clear edges has to agree.
const LEAST_AGREEING: f64 = 0.5;
/// Uncertainty of the shift beyond which the user is told, px.
const WARN_SIGMA_PX: f64 = 0.3;

/// Refines the attitude of a shot by the sunlit limb of the body.
///
/// Takes a frame that shows at least part of the limb, with an a-priori pose good to `options.search_px`.
/// NaN and unusable (saturated, hot, smeared, missing) pixels are skipped.
///
/// # Errors
/// [`AlignError::NoLimb`] when fewer than `options.least_points` limb points are predicted inside the frame or
/// found in it, [`AlignError::NotConverged`] when they contradict each other, [`AlignError::Argument`].
pub fn fit_limb(
    shot: &Shot,
    shape: &Shape,
    options: &LimbOptions,
    report: &dyn Reporter,
) -> Result<LimbFit, AlignError> {
    check(options)?;
    let rays = lit_rays(shot, shape, options);
    let mut turned = shot.pose;
    let (mut search_px, mut iteration, mut frozen) = (options.search_px, 1, None);
    loop {
        let edges = measure(shot, &turned, &rays, (options, search_px));
        if edges.len() < options.least_points {
            return Err(no_limb(shot, rays.len(), edges.len(), options));
        }
        let turn = solve(shot, &edges, options, frozen.as_ref())
            .ok_or_else(|| not_converged(shot, iteration, &edges))?;
        turned = turned.turned(turn.angles_rad[0], turn.angles_rad[1], turn.angles_rad[2]);
        let settled = turn.moved_px < SETTLED_PX.max(SETTLED_SIGMAS * turn.sigma_px);
        if settled || iteration == MOST_ITERATIONS {
            let fit = summary(shot, &turned, (edges, turn), (rays.len(), iteration));
            return accept(shot, fit, (settled, options), report);
        }
        let close_px = LATER_SEARCH_PX.max(LATER_SEARCH_RMS * turn.rms_px);
        if iteration >= FREEZE_AFTER && frozen.is_none() {
            frozen = Some(turn.rays_in_use(&edges));
        }
        (search_px, iteration) = (options.search_px.min(close_px), iteration + 1);
    }
}

fn check(options: &LimbOptions) -> Result<(), AlignError> {
    within("psf_sigma_px", options.psf_sigma_px, (0.1, 3.0, "0.1 to 3"))?;
    within("search_px", options.search_px, (1.0, 200.0, "1 to 200"))?;
    within("spacing_px", options.spacing_px, (0.1, 1e3, "0.1 to 1000"))?;
    within("least_brightness", options.least_brightness, (0.0, 1.0, "0 to 1"))?;
    within("clip_sigma", options.clip_sigma, (1.0, 100.0, "1 to 100"))?;
    within("least_points", options.least_points as f64, (4.0, 1e6, "4 to 1000000"))
}

fn accept(
    shot: &Shot,
    fit: LimbFit,
    (settled, options): (bool, &LimbOptions),
    report: &dyn Reporter,
) -> Result<LimbFit, AlignError> {
    let agreeing = fit.used as f64 / (fit.used + fit.rejected) as f64;
    if !settled
        || fit.used < options.least_points
        || agreeing < LEAST_AGREEING
        || !(fit.rms_px < options.most_rms_px)
    {
        return Err(AlignError::NotConverged {
            frame: shot.frame.meta.id.clone(),
            iterations: fit.iterations,
            used: fit.used,
            rejected: fit.rejected,
            residual_px: fit.rms_px,
        });
    }
    let [x_px, y_px] = fit.shift_sigma_px();
    if x_px.max(y_px) > WARN_SIGMA_PX {
        report.warn(Warning {
            stage: "align".into(),
            subject: shot.frame.meta.id.clone(),
            message: format!(
                "the limb determines the pointing to {x_px:.2} px in x and {y_px:.2} px in y only"
            ),
            hint: "little of the limb is lit or in the frame: match against a map as well".into(),
        });
    }
    Ok(fit)
}

fn no_limb(shot: &Shot, predicted: usize, found: usize, options: &LimbOptions) -> AlignError {
    AlignError::NoLimb { frame: shot.frame.meta.id.clone(), predicted, found, needed: options.least_points }
}

fn not_converged(shot: &Shot, iterations: usize, edges: &[Seen]) -> AlignError {
    let (used, rejected) = (0, edges.len());
    let residual_px = rms(edges.iter().map(|seen| seen.offset_px));
    AlignError::NotConverged { frame: shot.frame.meta.id.clone(), iterations, used, rejected, residual_px }
}

#[cfg(test)]
mod tests;
