// SPDX-License-Identifier: MIT OR Apache-2.0
//! How data numbers follow the charge: from measured numbers above bias to numbers in proportion to the charge.

use serde::{Deserialize, Serialize};

/// Coefficients for which a loop over pixels is unrolled.
const FEW: usize = 4;

/// Response of the output chain. Both numbers are above bias; the corrected one is in proportion to the charge.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Linearity {
    /// In proportion.
    #[default]
    Proportional,
    /// `true = m · (1 + c1 x + c2 x² + …)` with `x = m / scale_dn`, m the measured number.
    Polynomial {
        /// Number that scales the argument, DN.
        scale_dn: f64,
        /// c1, c2, …, dimensionless.
        coefficients: Vec<f64>,
        /// Largest measured number above bias for which the polynomial was fitted, DN.
        valid_dn: f64,
    },
    /// Pairs of measured and true numbers, interpolated linearly, the first and last piece continued.
    Table {
        /// Measured numbers above bias, growing, DN.
        measured_dn: Vec<f64>,
        /// True numbers, growing, DN.
        true_dn: Vec<f64>,
    },
}

impl Linearity {
    /// Its form in words.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proportional => "proportional",
            Self::Polynomial { .. } => "polynomial",
            Self::Table { .. } => "table",
        }
    }

    /// The number in proportion to the charge, DN above bias.
    pub fn corrected_dn(&self, measured_dn: f64) -> f64 {
        match self {
            Self::Proportional => measured_dn,
            Self::Polynomial { scale_dn, coefficients, .. } => {
                let x = measured_dn / scale_dn;
                measured_dn * (1.0 + x * coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c))
            }
            Self::Table { measured_dn: from, true_dn } => {
                let next = from.partition_point(|dn| *dn < measured_dn).clamp(1, from.len() - 1);
                let place = (measured_dn - from[next - 1]) / (from[next] - from[next - 1]);
                true_dn[next - 1] + (true_dn[next] - true_dn[next - 1]) * place
            }
        }
    }

    /// How much the corrected number grows per measured one, dimensionless; near 1. Noise made after the output chain
    /// (read-out, converter) is multiplied by it.
    pub fn slope(&self, measured_dn: f64) -> f64 {
        match self {
            Self::Proportional => 1.0,
            Self::Polynomial { scale_dn, coefficients, .. } => {
                let x = measured_dn / scale_dn;
                let terms = coefficients.iter().enumerate().rev();
                1.0 + x * terms.fold(0.0, |sum, (k, c)| sum * x + (k + 2) as f64 * c)
            }
            Self::Table { measured_dn: from, true_dn } => {
                let next = from.partition_point(|dn| *dn < measured_dn).clamp(1, from.len() - 1);
                (true_dn[next] - true_dn[next - 1]) / (from[next] - from[next - 1])
            }
        }
    }

    /// Adds what the slope makes of a variance of 1 DN² beyond that of a chain in proportion, times `floor_dn2`, for
    /// numbers measured with a bias.
    pub(crate) fn add_noise(&self, row: &[f32], bias_dn: f64, floor_dn2: f64, variance: &mut [f32]) {
        match self {
            Self::Proportional => {}
            Self::Polynomial { scale_dn, coefficients, .. } if coefficients.len() <= FEW => {
                let (bias_dn, per_dn, floor) = (bias_dn as f32, (1.0 / scale_dn) as f32, floor_dn2 as f32);
                let mut few = [0.0f32; FEW];
                few.iter_mut().zip(coefficients).enumerate().for_each(|(k, (few, c))| {
                    *few = (k as f64 + 2.0) as f32 * *c as f32;
                });
                for (variance, dn) in variance.iter_mut().zip(row) {
                    let x = (*dn - bias_dn) * per_dn;
                    let more = x * few.iter().rev().fold(0.0, |sum, c| sum * x + c);
                    *variance += floor * more * (2.0 + more);
                }
            }
            _ => {
                for (variance, dn) in variance.iter_mut().zip(row) {
                    let slope = self.slope(f64::from(*dn) - bias_dn);
                    *variance += (floor_dn2 * (slope * slope - 1.0)) as f32;
                }
            }
        }
    }

    /// [`Self::corrected_dn`] of numbers measured with a bias, in place, in single precision.
    pub(crate) fn correct(&self, row: &mut [f32], bias_dn: f64) {
        match self {
            Self::Polynomial { scale_dn, coefficients, .. } if coefficients.len() <= FEW => {
                let (bias_dn, per_dn) = (bias_dn as f32, (1.0 / scale_dn) as f32);
                let mut few = [0.0f32; FEW];
                few.iter_mut().zip(coefficients).for_each(|(few, c)| *few = *c as f32);
                for value in row {
                    let measured = *value - bias_dn;
                    let x = measured * per_dn;
                    *value = measured * (1.0 + x * few.iter().rev().fold(0.0, |sum, c| sum * x + c));
                }
            }
            _ => row.iter_mut().for_each(|dn| *dn = self.corrected_dn(f64::from(*dn) - bias_dn) as f32),
        }
    }

    /// Largest measured number above bias for which the correction is known, DN; infinite without a correction.
    pub fn valid_dn(&self) -> f64 {
        match self {
            Self::Proportional => f64::INFINITY,
            Self::Polynomial { valid_dn, .. } => *valid_dn,
            Self::Table { measured_dn, .. } => measured_dn.last().copied().unwrap_or(f64::INFINITY),
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let growing = |values: &[f64]| values.windows(2).all(|pair| pair[0] < pair[1]);
        let fine = match self {
            Self::Proportional => true,
            Self::Polynomial { scale_dn, coefficients, valid_dn } => {
                *scale_dn > 0.0 && *valid_dn > 0.0 && coefficients.iter().all(|c| c.is_finite())
            }
            Self::Table { measured_dn, true_dn } => {
                measured_dn.len() == true_dn.len()
                    && measured_dn.len() > 1
                    && growing(measured_dn)
                    && growing(true_dn)
            }
        };
        (!fine).then(|| ("linearity", format!("{self:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_is_what_its_formula_says() {
        let law =
            Linearity::Polynomial { scale_dn: 1000.0, coefficients: vec![0.02, -0.01], valid_dn: 12_000.0 };
        // 2000 (1 + 0.02 · 2 − 0.01 · 4) = 2000; 3000 (1 + 0.06 − 0.09) = 2910.
        assert!((law.corrected_dn(2000.0) - 2000.0).abs() < 1e-9);
        assert!((law.corrected_dn(3000.0) - 2910.0).abs() < 1e-9);
        assert_eq!(law.valid_dn(), 12_000.0);
        let mut row = [2100.0f32, 3100.0];
        law.correct(&mut row, 100.0);
        assert!((row[0] - 2000.0).abs() < 1e-3 && (row[1] - 2910.0).abs() < 1e-3, "{row:?}");
    }

    #[test]
    fn the_slope_is_that_of_differences_and_multiplies_noise() {
        let polynomial =
            Linearity::Polynomial { scale_dn: 1000.0, coefficients: vec![0.02, -0.01], valid_dn: 12_000.0 };
        let long = Linearity::Polynomial { scale_dn: 1e4, coefficients: vec![0.1; 5], valid_dn: 12_000.0 };
        let table =
            Linearity::Table { measured_dn: vec![0.0, 1000.0, 3000.0], true_dn: vec![0.0, 1010.0, 3100.0] };
        for law in [polynomial, long, table, Linearity::Proportional] {
            for dn in [0.5, 500.0, 2900.0] {
                let difference = (law.corrected_dn(dn + 0.01) - law.corrected_dn(dn - 0.01)) / 0.02;
                assert!((law.slope(dn) - difference).abs() < 1e-6, "{law:?}");
                let mut variance = [100.0f32];
                law.add_noise(&[dn as f32 + 50.0], 50.0, 9.0, &mut variance);
                let expected = 100.0 + 9.0 * (difference * difference - 1.0);
                assert!((f64::from(variance[0]) - expected).abs() < 1e-4, "{law:?} {variance:?}");
            }
        }
    }

    #[test]
    fn a_table_passes_through_its_points_and_goes_on_beyond() {
        let law =
            Linearity::Table { measured_dn: vec![0.0, 1000.0, 3000.0], true_dn: vec![0.0, 1010.0, 3100.0] };
        for (measured, wanted) in
            [(0.0, 0.0), (500.0, 505.0), (2000.0, 2055.0), (4000.0, 4145.0), (-100.0, -101.0)]
        {
            assert!((law.corrected_dn(measured) - wanted).abs() < 1e-9, "{measured}");
        }
        assert_eq!(law.valid_dn(), 3000.0);
    }

    #[test]
    fn tables_that_fold_back_are_refused() {
        let law = Linearity::Table { measured_dn: vec![0.0, 10.0], true_dn: vec![0.0, -1.0] };
        assert!(law.problem().is_some_and(|(key, _)| key == "linearity"));
        assert!(Linearity::default().problem().is_none());
    }
}
