// SPDX-License-Identifier: MIT OR Apache-2.0
//! Errors of a fitted law that the scatter of points does not show: slopes of the ground, and what all points of a rotation
//! share.

use facula_photometry::{Fit, Observation, SurfaceModel};
use nalgebra::{DMatrix, DVector};

use super::LightPoint;
use super::fit::LightFitOptions;

/// Covariances of the parameters from each source, in the order of the fit's parameters.
pub(crate) struct ErrorParts {
    scatter: DMatrix<f64>,
    relief: DMatrix<f64>,
    /// `None` with one rotation.
    rotation: Option<DMatrix<f64>>,
}

impl ErrorParts {
    /// One sigma of a parameter from relief and from rotations.
    pub(crate) fn sigmas(&self, k: usize) -> [f64; 2] {
        let root = |matrix: &DMatrix<f64>| matrix[(k, k)].max(0.0).sqrt();
        [root(&self.relief), self.rotation.as_ref().map_or(f64::NAN, root)]
    }

    /// All together, row by row.
    pub(crate) fn total(&self) -> Vec<f64> {
        let mut sum = &self.scatter + &self.relief;
        if let Some(rotation) = &self.rotation {
            sum += rotation;
        }
        sum.as_slice().to_vec()
    }
}

/// Derivatives of the fitted points, each over its error and weighted as the fit weighed it.
struct Response {
    /// Points by parameters.
    slopes: DMatrix<f64>,
    /// Observed less modelled.
    residual: DVector<f64>,
    /// Root of the weight over the error of each point.
    scale: Vec<f64>,
}

/// The parts of the error of a fit to `points` of which the rotation is known.
pub(crate) fn error_parts(
    found: &Fit,
    observations: &[Observation],
    (points, rotation_of): (&[&LightPoint], &[i64]),
    options: &LightFitOptions,
) -> ErrorParts {
    let n = found.parameters.len();
    let inflation2 = (found.chi2 / found.degrees_of_freedom.max(1) as f64).max(1.0);
    let scatter = DMatrix::from_row_slice(n, n, &found.covariance) * inflation2;
    let free: Vec<usize> = (0..n)
        .filter(|k| found.parameters[*k].sigma > 0.0 && found.parameters[*k].sigma.is_finite())
        .collect();
    let response = response(found, observations, &free, options.clip_sigma);
    let nothing = || DMatrix::zeros(n, n);
    let spread = |part: DMatrix<f64>| {
        let mut whole = nothing();
        for (a, k) in free.iter().enumerate() {
            for (b, j) in free.iter().enumerate() {
                whole[(*k, *j)] = part[(a, b)];
            }
        }
        whole
    };
    let normal = response.slopes.transpose() * &response.slopes;
    let relief = normal.try_inverse().map(|inverse| {
        let mut sum = DMatrix::zeros(free.len(), free.len());
        for direction in [[1.0, 0.0], [0.0, 1.0]] {
            let shift = relief_shift(&found.model, points, &response.scale, direction);
            let change = &inverse * (response.slopes.transpose() * shift * options.relief_sigma_rad);
            sum += &change * change.transpose();
        }
        sum
    });
    let rotation = jackknife(&response, rotation_of);
    ErrorParts { scatter, relief: relief.map_or_else(nothing, spread), rotation: rotation.map(spread) }
}

fn response(found: &Fit, observations: &[Observation], free: &[usize], clip_sigma: f64) -> Response {
    let names: Vec<&str> = found.model.parameters().iter().map(|p| p.name).collect();
    let place = |k: &usize| names.iter().position(|name| *name == found.parameters[*k].name);
    let places: Vec<usize> = free.iter().filter_map(place).collect();
    let mut slopes = DMatrix::zeros(observations.len(), places.len());
    let mut residual = DVector::zeros(observations.len());
    let mut scale = Vec::with_capacity(observations.len());
    for (row, observation) in observations.iter().enumerate() {
        let (_, derivatives) = found.model.iof_with_derivatives(observation.light);
        let size = found.residual_sigma[row].abs();
        let weight = if size > clip_sigma { (clip_sigma / size).sqrt() } else { 1.0 };
        scale.push(weight / observation.sigma);
        residual[row] = weight * found.residual_sigma[row];
        for (column, place) in places.iter().enumerate() {
            slopes[(row, column)] = derivatives[*place] * weight / observation.sigma;
        }
    }
    Response { slopes, residual, scale }
}

/// How much the points brighten, per rad of slope toward a direction (east, north), times the scale of each.
pub(crate) fn relief_shift(
    model: &SurfaceModel,
    points: &[&LightPoint],
    scale: &[f64],
    [east, north]: [f64; 2],
) -> DVector<f64> {
    const STEP_RAD: f64 = 1e-4;
    let shift = points.iter().zip(scale).map(|(point, scale)| {
        let toward = |angle_rad: f64, azimuth_rad: f64| {
            angle_rad.sin() * (east * azimuth_rad.sin() + north * azimuth_rad.cos())
        };
        let sun = toward(point.incidence_rad, point.sun_azimuth_rad);
        let camera = toward(point.emission_rad, point.camera_azimuth_rad);
        let tilted = |slope_rad: f64| {
            let mut light = point.angles();
            light.cos_incidence += slope_rad * sun;
            light.cos_emission += slope_rad * camera;
            model.iof(light)
        };
        let change = (tilted(STEP_RAD) - tilted(-STEP_RAD)) / (2.0 * STEP_RAD) * scale;
        if change.is_finite() { change } else { 0.0 }
    });
    DVector::from_iterator(points.len(), shift)
}

/// Covariance of the results with one rotation left out after the other, each by one Newton step. `None` when fewer than
/// two rotations can be left out.
fn jackknife(response: &Response, rotation_of: &[i64]) -> Option<DMatrix<f64>> {
    let mut rotations = rotation_of.to_vec();
    rotations.sort_unstable();
    rotations.dedup();
    let without = |rotation: &i64| {
        let rows: Vec<usize> = (0..rotation_of.len()).filter(|row| rotation_of[*row] != *rotation).collect();
        let slopes = response.slopes.select_rows(&rows);
        let residual = response.residual.select_rows(&rows);
        if rows.len() <= slopes.ncols() {
            return None;
        }
        let normal = slopes.transpose() * &slopes;
        Some(normal.cholesky()?.solve(&(slopes.transpose() * residual)))
    };
    let moved: Vec<DVector<f64>> = rotations.iter().filter_map(without).collect();
    if moved.len() < 2 {
        return None;
    }
    let count = moved.len() as f64;
    let mean = moved.iter().fold(DVector::zeros(moved[0].len()), |sum, step| sum + step) / count;
    let size = mean.len();
    let sum = moved.iter().fold(DMatrix::zeros(size, size), |sum, step| {
        let off = step - &mean;
        sum + &off * off.transpose()
    });
    Some(sum * ((count - 1.0) / count))
}
