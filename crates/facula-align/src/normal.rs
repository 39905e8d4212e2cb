// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small dense least squares by normal equations, summed in the order of the rows, so that the result does
//! not depend on threads.

use nalgebra::{SMatrix, SVector};

/// Normal equations of `N` unknowns.
#[derive(Debug, Clone)]
pub(crate) struct Normal<const N: usize> {
    matrix: SMatrix<f64, N, N>,
    right: SVector<f64, N>,
}

impl<const N: usize> Normal<N> {
    /// No rows yet.
    pub(crate) fn new() -> Self {
        Self { matrix: SMatrix::zeros(), right: SVector::zeros() }
    }

    /// Adds the row `partials · unknowns = value` with a weight (one over the variance).
    pub(crate) fn add(&mut self, partials: &[f64; N], value: f64, weight: f64) {
        for i in 0..N {
            for j in 0..N {
                self.matrix[(i, j)] += weight * partials[i] * partials[j];
            }
            self.right[i] += weight * partials[i] * value;
        }
    }

    /// Holds an unknown at zero (for unknowns that are not wanted or not determined).
    pub(crate) fn hold(&mut self, unknown: usize) {
        for other in 0..N {
            self.matrix[(unknown, other)] = 0.0;
            self.matrix[(other, unknown)] = 0.0;
        }
        self.matrix[(unknown, unknown)] = 1.0;
        self.right[unknown] = 0.0;
    }

    /// The unknowns and the inverse of the normal matrix (their covariance for unit-variance rows); `None`
    /// when the rows do not determine them.
    pub(crate) fn solve(&self) -> Option<([f64; N], [[f64; N]; N])> {
        let scale = SVector::<f64, N>::from_fn(|i, _| self.matrix[(i, i)].sqrt());
        // The negated comparison also refuses NaN.
        if scale.iter().any(|s| !(*s > 0.0)) {
            return None;
        }
        let scaled = SMatrix::<f64, N, N>::from_fn(|i, j| self.matrix[(i, j)] / (scale[i] * scale[j]));
        let lower = scaled.cholesky()?;
        if (0..N).any(|i| lower.l_dirty()[(i, i)] < SMALLEST_PIVOT) {
            return None;
        }
        let inverse = lower.inverse();
        let inverse = SMatrix::<f64, N, N>::from_fn(|i, j| inverse[(i, j)] / (scale[i] * scale[j]));
        let unknowns = inverse * self.right;
        Some((
            std::array::from_fn(|i| unknowns[i]),
            std::array::from_fn(|i| std::array::from_fn(|j| inverse[(i, j)])),
        ))
    }
}

/// Below this pivot of the scaled (unit-diagonal) matrix the unknowns are taken as undetermined,
/// dimensionless: 1e-5 leaves six digits in double precision.
const SMALLEST_PIVOT: f64 = 1e-5;

/// Place of the extremum of a parabola through values at −1, 0, 1; 0 for a straight line.
pub(crate) fn vertex(a: f64, b: f64, c: f64) -> f64 {
    let curvature = a - 2.0 * b + c;
    if curvature.abs() > 0.0 { 0.5 * (a - c) / curvature } else { 0.0 }
}

/// The median of some values, NaN for none; the order of `values` changes.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    facula_core::quantile(values, 0.5, f64::total_cmp).unwrap_or(f64::NAN)
}

/// Root mean square, NaN for none.
pub(crate) fn rms(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), v| (sum + v * v, count + 1));
    (sum / count as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_three_points() {
        let mut normal = Normal::<2>::new();
        for x in [0.0, 1.0, 2.0] {
            normal.add(&[1.0, x], 3.0 - 2.0 * x, 4.0);
        }
        let ([offset, slope], covariance) = normal.solve().expect("two unknowns, three rows");
        assert!((offset - 3.0).abs() < 1e-12 && (slope + 2.0).abs() < 1e-12);
        // Textbook: variance of the slope is sigma² / sum (x - mean)², here 0.25 / 2.
        assert!((covariance[1][1] - 0.125).abs() < 1e-12);
    }

    #[test]
    fn undetermined_unknowns_are_refused_unless_held() {
        let mut normal = Normal::<2>::new();
        for x in [1.0, 1.0, 1.0] {
            normal.add(&[1.0, x], 2.0, 1.0);
        }
        assert!(normal.solve().is_none());
        normal.hold(1);
        assert!((normal.solve().expect("held").0[0] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn median_and_rms_of_few_values() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert!(median(&mut []).is_nan());
        assert!((rms([3.0, 4.0].into_iter()) - 12.5f64.sqrt()).abs() < 1e-15);
    }
}
