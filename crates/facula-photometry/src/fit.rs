// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters of a scattering law from observed brightness, with their uncertainty.
//!
//! Least squares after Levenberg and Marquardt (Nocedal and Wright 2006, Numerical Optimization, chapter 10) with exact
//! derivatives, limits held by an active set, and Huber's loss by reweighting (Holland and Welsch 1977). Input:
//! observations and a model to start from. Output: a [`Fit`], which says what the data does not determine.

use thiserror::Error;

use crate::{LightAngles, SurfaceModel};

mod judge;
mod solve;

use solve::Problem;

/// Brightness of one piece of ground once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Its light.
    pub light: LightAngles,
    /// I/F.
    pub iof: f64,
    /// One sigma of it, above 0.
    pub sigma: f64,
}

/// What a deviation costs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Loss {
    /// Its square.
    #[default]
    Squares,
    /// Its square up to so many sigmas, its size beyond: a few wrong values do not decide.
    Huber {
        /// Sigmas; 1.345 is usual.
        clip_sigma: f64,
    },
}

/// Limits of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Its name.
    pub name: String,
    /// Least and largest value, in the unit of the parameter.
    pub bounds: [f64; 2],
}

/// What a fit may change, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Names of the parameters to fit (see [`SurfaceModel::parameters`]); all when empty.
    pub free: Vec<String>,
    /// Limits narrower than those of the law itself.
    pub limits: Vec<Limits>,
    /// Loss.
    pub loss: Loss,
    /// Steps after which the fit gives up.
    pub most_steps: usize,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { free: Vec::new(), limits: Vec::new(), loss: Loss::Squares, most_steps: 200 }
    }
}

/// A parameter after a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedParameter {
    /// Its name; of a group's own normal albedo with the number of the group, `normal_albedo[3]`.
    pub name: String,
    /// Value, in the unit its name tells.
    pub value: f64,
    /// One sigma; infinite where the data does not determine it, 0 where it is held at a limit.
    pub sigma: f64,
}

/// What to beware of in a fit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FitWarning {
    /// The data does not determine the parameter, alone or together with others.
    Undetermined {
        /// Its name.
        name: String,
    },
    /// Two parameters can hardly be told apart: correlation beyond ±0.98.
    Correlated {
        /// Their names.
        names: [String; 2],
        /// Correlation.
        correlation: f64,
    },
    /// The parameter ended at a limit.
    AtLimit {
        /// Its name.
        name: String,
    },
    /// The phase angles span less than 10°: a phase function found from them holds nowhere else.
    NarrowPhase {
        /// What they span, rad.
        range_rad: f64,
    },
}

/// The result of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The model with the shared parameters found (and, of a grouped fit, the first group's normal albedo).
    pub model: SurfaceModel,
    /// Free parameters, the shared ones first.
    pub parameters: Vec<FittedParameter>,
    /// Covariance of the parameters, row by row.
    pub covariance: Vec<f64>,
    /// Correlation of the parameters, row by row.
    pub correlation: Vec<f64>,
    /// Sum of squared residuals over their sigmas.
    pub chi2: f64,
    /// Observations less parameters.
    pub degrees_of_freedom: usize,
    /// Observed less modelled, in sigmas, in the order given.
    pub residual_sigma: Vec<f64>,
    /// Steps taken.
    pub steps: usize,
    /// What to beware of.
    pub warnings: Vec<FitWarning>,
}

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FitError {
    /// A value that cannot be used.
    #[error("observation {index} cannot be used: {reason}; leave it out")]
    Observation {
        /// Its number, from 0.
        index: usize,
        /// What is wrong.
        reason: String,
    },
    /// The model has no such parameter.
    #[error("the model has no free parameter `{name}`; it has {known}")]
    Parameter {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// Limits the wrong way round, or a start beyond repair.
    #[error("{what}; give limits with the smaller number first and start within them")]
    Limits {
        /// What is wrong.
        what: String,
    },
    /// Fewer observations than parameters.
    #[error("{observations} observations cannot determine {parameters} parameters; hold some of them")]
    TooFew {
        /// How many observations.
        observations: usize,
        /// How many parameters.
        parameters: usize,
    },
    /// The steps did not end.
    #[error(
        "no minimum after {steps} steps, chi2 {chi2}; start nearer, or hold parameters that the data does not tell apart"
    )]
    NotConverged {
        /// Steps taken.
        steps: usize,
        /// Sum of squares reached.
        chi2: f64,
    },
}

/// Fits the free parameters of `start` to observations of ground of one kind.
///
/// # Errors
/// [`FitError`]: observations at night or without sigma, unknown parameters, too few observations, no convergence.
pub fn fit(
    observations: &[Observation],
    start: &SurfaceModel,
    options: &FitOptions,
) -> Result<Fit, FitError> {
    let problem = Problem::shared(observations, start, options)?;
    problem.solve().map(|solution| judge::judge(&problem, solution))
}

/// Fits one law to several pieces of ground (spots), each with its own normal albedo; all other free parameters are shared.
///
/// # Errors
/// As [`fit`]; the index of an observation counts through all groups.
pub fn fit_groups(
    groups: &[&[Observation]],
    start: &SurfaceModel,
    options: &FitOptions,
) -> Result<Fit, FitError> {
    let problem = Problem::grouped(groups, start, options)?;
    problem.solve().map(|solution| judge::judge(&problem, solution))
}

#[cfg(test)]
mod tests;
