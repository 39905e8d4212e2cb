// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a minimum is worth: covariance, correlations, and what the data does not determine.

use nalgebra::{DMatrix, SymmetricEigen};

use super::solve::{Problem, Solution, scales};
use super::{Fit, FitWarning, FittedParameter};

/// Curvature, of parameters scaled alike, below which a direction is not determined.
const FLAT: f64 = 1e-11;
/// Share of a parameter in such a direction from which it is not determined either.
const SHARE: f64 = 1e-3;
/// Correlation beyond which two parameters are told of.
const CORRELATED: f64 = 0.98;
/// Span of phase angles below which they are told of, rad: 10°.
const NARROW_RAD: f64 = 10.0 * std::f64::consts::PI / 180.0;

pub(super) fn judge(problem: &Problem, solution: Solution) -> Fit {
    let Solution { x, equations, steps } = solution;
    let n = x.len();
    let held: Vec<bool> = (0..n).map(|k| problem.is_held(&x, &equations.downhill, k)).collect();
    let (covariance, flat) = covariance(&equations.normal, &held);
    let names = names(problem);
    let sigma: Vec<f64> =
        (0..n).map(|k| if flat[k] { f64::INFINITY } else { covariance[(k, k)].max(0.0).sqrt() }).collect();
    let correlation = DMatrix::from_fn(n, n, |k, j| {
        let both = sigma[k] * sigma[j];
        if k == j {
            1.0
        } else if both > 0.0 && both.is_finite() {
            covariance[(k, j)] / both
        } else {
            0.0
        }
    });
    let mut warnings = warnings(&names, &held, &flat, &correlation);
    warnings.extend(narrow_phase(problem));
    let parameters = (0..n).map(|k| FittedParameter { name: names[k].clone(), value: x[k], sigma: sigma[k] });
    Fit {
        model: problem.model(&x, 0),
        parameters: parameters.collect(),
        covariance: covariance.transpose().as_slice().to_vec(),
        correlation: correlation.transpose().as_slice().to_vec(),
        chi2: equations.residual_sigma.iter().map(|r| r * r).sum(),
        degrees_of_freedom: problem.data.len() - n,
        residual_sigma: equations.residual_sigma,
        steps,
        warnings,
    }
}

fn names(problem: &Problem) -> Vec<String> {
    let shared = problem.slots.iter().map(|slot| slot.name.to_string());
    shared.chain((0..problem.groups).map(|k| format!("normal_albedo[{k}]"))).collect()
}

/// Inverse of the normal matrix without the held parameters and the flat directions; and which parameters share in those.
fn covariance(normal: &DMatrix<f64>, held: &[bool]) -> (DMatrix<f64>, Vec<bool>) {
    let n = held.len();
    let scale = scales(normal);
    let scaled = DMatrix::from_fn(n, n, |k, j| {
        if held[k] || held[j] { f64::from(u8::from(k == j)) } else { normal[(k, j)] * scale[k] * scale[j] }
    });
    let eigen = SymmetricEigen::new(scaled);
    let mut inverse = DMatrix::zeros(n, n);
    let mut flat = vec![false; n];
    for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        if *value > FLAT {
            inverse += vector * vector.transpose() / *value;
        } else {
            for k in 0..n {
                flat[k] |= !held[k] && vector[k].abs() > SHARE;
            }
        }
    }
    let covariance =
        DMatrix::from_fn(
            n,
            n,
            |k, j| {
                if held[k] || held[j] { 0.0 } else { inverse[(k, j)] * scale[k] * scale[j] }
            },
        );
    (covariance, flat)
}

fn warnings(names: &[String], held: &[bool], flat: &[bool], correlation: &DMatrix<f64>) -> Vec<FitWarning> {
    let mut warnings = Vec::new();
    for k in 0..names.len() {
        if held[k] {
            warnings.push(FitWarning::AtLimit { name: names[k].clone() });
        }
        if flat[k] {
            warnings.push(FitWarning::Undetermined { name: names[k].clone() });
        }
        for j in 0..k {
            let correlation = correlation[(k, j)];
            if correlation.abs() > CORRELATED {
                let names = [names[j].clone(), names[k].clone()];
                warnings.push(FitWarning::Correlated { names, correlation });
            }
        }
    }
    warnings
}

fn narrow_phase(problem: &Problem) -> Option<FitWarning> {
    let phases = problem.data.iter().map(|(_, observation)| observation.light.phase_rad);
    let (least, most) = phases.fold((f64::INFINITY, 0.0f64), |(least, most), a| (least.min(a), most.max(a)));
    let range_rad = most - least;
    let has_phase =
        problem.slots.iter().any(|slot| slot.name != "normal_albedo" && !slot.name.ends_with("_0"));
    (has_phase && range_rad < NARROW_RAD).then_some(FitWarning::NarrowPhase { range_rad })
}
