// SPDX-License-Identifier: MIT OR Apache-2.0
//! The photometric law of one spot, or of its surroundings, from its light curve.
//!
//! In: a curve and a law with the parameters to fit. Points well lit and well seen are fitted with
//! [`facula_photometry::fit`] (Huber's loss); points near and beyond the terminator are compared with the law afterwards,
//! where light in excess is a haze, a vapour, or ground that shines.
//!
//! Errors of the parameters have three parts, added in squares: the scatter about the law (never below the errors of the
//! points); unknown relief, a slope of `relief_sigma_rad` in any direction, carried through the fit; and the scatter of the
//! result when one rotation after the other is left out (jackknife; Efron 1982, The Jackknife, eq. 3.1), for errors that all
//! points of a rotation share.

use std::f64::consts::PI;

use facula_photometry::{FitOptions, FitWarning, Loss, Observation, SurfaceModel, fit};
use serde::Serialize;

use super::law::{ErrorParts, error_parts};
use super::rotations::rotation_numbers;
use super::{Illumination, LightCurve, LightPoint};
use crate::SpotError;

/// Which ground of a light curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LightPart {
    /// The spot itself.
    #[default]
    Spot,
    /// The ring around it.
    Surroundings,
}

impl LightPart {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Surroundings => "surroundings",
        }
    }

    /// I/F and one sigma of a point.
    pub fn light(self, point: &LightPoint) -> (f64, f64) {
        match self {
            Self::Spot => (point.iof, point.iof_sigma),
            // Files of old do not tell the error of the ring; that of the spot is larger.
            Self::Surroundings if point.surroundings_sigma.is_nan() => {
                (point.surroundings_iof, point.iof_sigma)
            }
            Self::Surroundings => (point.surroundings_iof, point.surroundings_sigma),
        }
    }
}

/// What is fitted, and to which points.
#[derive(Debug, Clone, PartialEq)]
pub struct LightFitOptions {
    /// The law to start from; its normal albedo is found from the curve where it has none.
    pub law: SurfaceModel,
    /// Names of the parameters to fit ([`SurfaceModel::parameters`]); empty: all.
    pub free: Vec<String>,
    /// Largest incidence angle of a fitted point, rad.
    pub largest_incidence_rad: f64,
    /// Largest emission angle of a fitted point, rad.
    pub largest_emission_rad: f64,
    /// Parameters of the phase function are held when phase angles span less than this, rad.
    pub least_phase_range_rad: f64,
    /// What no law fits better than, one sigma as a fraction of I/F, added to the error of each point.
    pub model_error_fraction: f64,
    /// Slope the ground of a spot may have in any direction, one sigma, rad. Assumed: 4 degrees, the scatter of slopes over
    /// some kilometres of the built-in worlds.
    pub relief_sigma_rad: f64,
    /// Deviations count with their square up to so many sigmas.
    pub clip_sigma: f64,
    /// Length of a day of the body, s.
    pub day_s: f64,
}

impl Default for LightFitOptions {
    fn default() -> Self {
        Self {
            law: SurfaceModel::lommel_seeliger(0.15),
            free: Vec::new(),
            largest_incidence_rad: 70.0 * PI / 180.0,
            largest_emission_rad: 70.0 * PI / 180.0,
            least_phase_range_rad: 10.0 * PI / 180.0,
            model_error_fraction: 0.02,
            relief_sigma_rad: 4.0 * PI / 180.0,
            clip_sigma: 1.345,
            day_s: 32_667.0,
        }
    }
}

/// A parameter with the parts of its error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LightParameter {
    /// Its name.
    pub name: String,
    /// Value, in the unit its name tells.
    pub value: f64,
    /// One sigma in all; infinite where the points do not determine it, 0 where it is held at a limit.
    pub sigma: f64,
    /// From the scatter about the law.
    pub scatter_sigma: f64,
    /// From relief that is not known.
    pub relief_sigma: f64,
    /// From leaving one rotation out after the other; NaN with one rotation.
    pub rotation_sigma: f64,
}

/// Whether the phase function could be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PhaseSlope {
    /// It was.
    Fitted,
    /// It was held: the phase angles span too little.
    NotConstrained {
        /// What they span, rad.
        range_rad: f64,
    },
    /// The law has none, or it was not asked for.
    Held,
}

/// Where a point lies that the law is compared with but not fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Zone {
    /// Between the grazing angle and 5 degrees beyond the terminator.
    Grazing,
    /// Further in the night.
    Night,
}

/// Light in excess of the law near or beyond the terminator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Excess {
    /// Where.
    pub zone: Zone,
    /// Points there.
    pub points: usize,
    /// Mean I/F less that of the law.
    pub excess_iof: f64,
    /// One sigma of it: noise, and at grazing light relief.
    pub excess_sigma: f64,
    /// The one over the other.
    pub significance: f64,
}

/// The law of one spot.
#[derive(Debug, Clone, PartialEq)]
pub struct LightFit {
    /// The spot.
    pub spot_id: String,
    /// Which ground.
    pub part: LightPart,
    /// The law found.
    pub model: SurfaceModel,
    /// Parameters fitted.
    pub parameters: Vec<LightParameter>,
    /// Covariance of the parameters, row by row, all parts of the error together.
    pub covariance: Vec<f64>,
    /// Sum of squared residuals over their sigmas (model error included).
    pub chi2: f64,
    /// Points less parameters.
    pub degrees_of_freedom: usize,
    /// Factor by which the scatter exceeds the errors of the points, at least 1.
    pub error_inflation: f64,
    /// Places of the fitted points in the curve.
    pub used: Vec<usize>,
    /// Rotation of each fitted point.
    pub rotation_of: Vec<i64>,
    /// Observed less modelled, over the error, of each fitted point.
    pub residual_sigma: Vec<f64>,
    /// Least and largest phase angle fitted, rad.
    pub phase_range_rad: [f64; 2],
    /// Least and largest incidence angle fitted, rad.
    pub incidence_range_rad: [f64; 2],
    /// Whether the phase function was fitted.
    pub slope: PhaseSlope,
    /// Light in excess where nothing was fitted.
    pub excess: Vec<Excess>,
    /// What to know, in words.
    pub notes: Vec<String>,
}

impl LightFit {
    /// The first fitted parameter of the phase function.
    pub fn phase_slope(&self) -> Option<&LightParameter> {
        self.parameters.iter().find(|parameter| is_phase(&parameter.name))
    }

    /// The normal albedo, if it was fitted.
    pub fn normal_albedo(&self) -> Option<&LightParameter> {
        self.parameters.iter().find(|parameter| parameter.name == "normal_albedo")
    }

    /// Rotations with fitted points.
    pub fn rotations(&self) -> usize {
        let mut numbers = self.rotation_of.clone();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    }

    /// Modelled I/F of any point; 0 at night.
    pub fn modelled_iof(&self, point: &LightPoint) -> f64 {
        self.model.iof(point.angles())
    }
}

fn is_phase(name: &str) -> bool {
    name.starts_with("phase_") || name.starts_with("rolo_")
}

/// Incidence angle from which ground counts as dark, rad: as far beyond the terminator as the weighing of theories takes it.
const NIGHT_RAD: f64 = 95.0 * PI / 180.0;

/// Fits a law to the well lit and well seen points of a curve.
///
/// # Errors
/// [`SpotError::Argument`] when too few points can be fitted, with the count, or the fit does not end.
pub fn fit_light_curve(
    curve: &LightCurve,
    part: LightPart,
    options: &LightFitOptions,
) -> Result<LightFit, SpotError> {
    let (used, observations) = fitted_points(curve, part, options);
    let phase_range_rad = span(observations.iter().map(|o| o.light.phase_rad));
    let (start, free, slope) = start(&observations, phase_range_rad, options);
    if observations.len() <= free.len() {
        let found = format!(
            "{}: {} of {} points of the {} are well lit and seen",
            curve.spot_id,
            observations.len(),
            curve.points.len(),
            part.word()
        );
        let remedy = "take more frames, or hold parameters of the law";
        return Err(SpotError::Argument { what: "light curve that cannot be fitted", found, remedy });
    }
    let loss = Loss::Huber { clip_sigma: options.clip_sigma };
    let found = fit(&observations, &start, &FitOptions { free, loss, ..FitOptions::default() });
    let found = found.map_err(|error| SpotError::Argument {
        what: "light curve that cannot be fitted",
        found: format!("{}: {error}", curve.spot_id),
        remedy: "choose another law, or hold parameters of it",
    })?;
    let points: Vec<&LightPoint> = used.iter().map(|k| &curve.points[*k]).collect();
    let all = rotation_numbers(&curve.points, options.day_s);
    let rotation_of: Vec<i64> = used.iter().map(|k| all[*k]).collect();
    let error_inflation = (found.chi2 / found.degrees_of_freedom.max(1) as f64).sqrt().max(1.0);
    let parts = error_parts(&found, &observations, (&points, &rotation_of), options);
    Ok(LightFit {
        spot_id: curve.spot_id.clone(),
        part,
        model: found.model,
        parameters: parameters(&found, &parts, error_inflation),
        covariance: parts.total(),
        chi2: found.chi2,
        degrees_of_freedom: found.degrees_of_freedom,
        error_inflation,
        excess: excess(curve, part, (&found.model, options)),
        notes: notes(&found.warnings, slope, &points),
        residual_sigma: found.residual_sigma,
        incidence_range_rad: span(points.iter().map(|p| p.incidence_rad)),
        used,
        rotation_of,
        phase_range_rad,
        slope,
    })
}

/// Places and observations of the points that are fitted.
fn fitted_points(
    curve: &LightCurve,
    part: LightPart,
    options: &LightFitOptions,
) -> (Vec<usize>, Vec<Observation>) {
    let usable = curve.points.iter().enumerate().filter_map(|(k, point)| {
        let (iof, sigma) = part.light(point);
        let seen = point.illumination == Illumination::Lit
            && point.incidence_rad <= options.largest_incidence_rad
            && point.emission_rad <= options.largest_emission_rad
            && point.phase_rad.is_finite();
        let sound = iof.is_finite() && sigma.is_finite() && sigma > 0.0;
        let sigma = sigma.hypot(options.model_error_fraction * iof);
        (seen && sound).then(|| (k, Observation { light: point.angles(), iof, sigma }))
    });
    usable.unzip()
}

/// The law to start from with its free parameters.
fn start(
    observations: &[Observation],
    [least_rad, most_rad]: [f64; 2],
    options: &LightFitOptions,
) -> (SurfaceModel, Vec<String>, PhaseSlope) {
    let law = &options.law;
    let mut ratios: Vec<f64> =
        observations.iter().map(|o| o.iof / law.iof_per_albedo(o.light)).filter(|r| r.is_finite()).collect();
    let found = facula_core::quantile(&mut ratios, 0.5, f64::total_cmp).filter(|albedo| *albedo > 0.0);
    let start = if law.normal_albedo.is_some() && options.free.iter().all(|name| name != "normal_albedo") {
        *law
    } else {
        law.with_normal_albedo(found.unwrap_or(0.1))
    };
    let names = start.parameters();
    let asked = |name: &str| options.free.is_empty() || options.free.iter().any(|free| free == name);
    let mut free: Vec<String> = names.iter().filter(|p| asked(p.name)).map(|p| p.name.to_string()).collect();
    let has_phase = free.iter().any(|name| is_phase(name));
    let range_rad = if least_rad <= most_rad { most_rad - least_rad } else { 0.0 };
    let slope = match has_phase {
        false => PhaseSlope::Held,
        true if range_rad < options.least_phase_range_rad => PhaseSlope::NotConstrained { range_rad },
        true => PhaseSlope::Fitted,
    };
    if slope != PhaseSlope::Fitted {
        free.retain(|name| !is_phase(name));
    }
    (start, free, slope)
}

fn parameters(
    found: &facula_photometry::Fit,
    parts: &ErrorParts,
    error_inflation: f64,
) -> Vec<LightParameter> {
    let each = found.parameters.iter().enumerate().map(|(k, parameter)| {
        let scatter_sigma = parameter.sigma * error_inflation;
        let [relief_sigma, rotation_sigma] = parts.sigmas(k);
        let shared = relief_sigma.hypot(if rotation_sigma.is_nan() { 0.0 } else { rotation_sigma });
        let held = scatter_sigma == 0.0;
        LightParameter {
            name: parameter.name.clone(),
            value: parameter.value,
            sigma: if held { 0.0 } else { scatter_sigma.hypot(shared) },
            scatter_sigma,
            relief_sigma,
            rotation_sigma,
        }
    });
    each.collect()
}

/// Light near and beyond the terminator, less what the law says.
fn excess(
    curve: &LightCurve,
    part: LightPart,
    (model, options): (&SurfaceModel, &LightFitOptions),
) -> Vec<Excess> {
    let of_zone = |zone: Zone| {
        let inside = |p: &&LightPoint| match zone {
            Zone::Night => p.incidence_rad >= NIGHT_RAD,
            // Ground in the shadow of terrain by day is neither.
            Zone::Grazing => {
                p.incidence_rad < NIGHT_RAD
                    && (p.illumination == Illumination::Grazing || p.incidence_rad >= 0.5 * PI)
            }
        };
        let values: Vec<[f64; 3]> = curve
            .points
            .iter()
            .filter(inside)
            .filter_map(|point| {
                let (iof, sigma) = part.light(point);
                let modelled = model.iof(point.angles());
                let relief = relief_fraction(point, options) * modelled;
                (iof.is_finite() && sigma > 0.0 && sigma.is_finite()).then_some([
                    iof - modelled,
                    sigma.hypot(options.model_error_fraction * modelled),
                    relief,
                ])
            })
            .collect();
        mean_excess(zone, &values)
    };
    [Zone::Grazing, Zone::Night].into_iter().filter_map(of_zone).collect()
}

/// By how much a slope toward the Sun changes the light, at most by itself.
fn relief_fraction(point: &LightPoint, options: &LightFitOptions) -> f64 {
    (options.relief_sigma_rad * point.incidence_rad.tan().abs()).min(1.0)
}

/// Weighted mean of (excess, sigma, error common to all).
fn mean_excess(zone: Zone, values: &[[f64; 3]]) -> Option<Excess> {
    let weight: f64 = values.iter().map(|[_, sigma, _]| 1.0 / (sigma * sigma)).sum();
    if values.is_empty() || !(weight > 0.0) {
        return None;
    }
    let mean = |of: &dyn Fn(&[f64; 3]) -> f64| {
        values.iter().map(|value| of(value) / (value[1] * value[1])).sum::<f64>() / weight
    };
    let excess_iof = mean(&|v| v[0]);
    let chi2: f64 = values.iter().map(|[value, sigma, _]| ((value - excess_iof) / sigma).powi(2)).sum();
    let widened = (chi2 / (values.len().max(2) - 1) as f64).max(1.0);
    let excess_sigma = (widened / weight).sqrt().hypot(mean(&|v| v[2]));
    let significance = excess_iof / excess_sigma;
    Some(Excess { zone, points: values.len(), excess_iof, excess_sigma, significance })
}

fn notes(warnings: &[FitWarning], slope: PhaseSlope, points: &[&LightPoint]) -> Vec<String> {
    let mut notes = Vec::new();
    if let PhaseSlope::NotConstrained { range_rad } = slope {
        let covers_deg = range_rad * 180.0 / PI;
        notes.push(format!("phase slope not constrained: phase covers {covers_deg:.0} deg"));
    }
    for warning in warnings {
        match warning {
            FitWarning::Undetermined { name } => notes.push(format!("{name} is not determined")),
            FitWarning::AtLimit { name } => notes.push(format!("{name} ended at its limit")),
            FitWarning::Correlated { names: [a, b], correlation } => {
                notes.push(format!("{a} and {b} can hardly be told apart: correlation {correlation:.3}"));
            }
            _ => {}
        }
    }
    if points.iter().any(|p| !(p.sun_azimuth_rad + p.camera_azimuth_rad).is_finite()) {
        notes.push("no azimuths in the file: errors do not hold unknown relief".into());
    }
    notes
}

/// Least and largest; infinities the wrong way round without any.
fn span(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], v| [least.min(v), most.max(v)])
}

#[cfg(test)]
mod tests;
