// SPDX-License-Identifier: MIT OR Apache-2.0
//! Polynomial interpolation through samples: Lagrange (values) and Hermite (values and rates).
//!
//! # Source
//! Neville's scheme, and Newton's divided differences with doubled nodes (Burden & Faires, "Numerical
//! Analysis", sections 3.2 and 3.4).

/// Most samples a window may have; SPICE's writers allow degree 27.
pub(crate) const MAX_WINDOW: usize = 32;

/// Value and slope at `x` of the polynomial through the samples (Neville). At most [`MAX_WINDOW`] samples.
pub(crate) fn lagrange(nodes: &[f64], values: &[f64], x: f64) -> [f64; 2] {
    let n = nodes.len().min(MAX_WINDOW);
    let (mut p, mut d) = ([0.0; MAX_WINDOW], [0.0; MAX_WINDOW]);
    p[..n].copy_from_slice(&values[..n]);
    for span in 1..n {
        for i in 0..n - span {
            let width = nodes[i] - nodes[i + span];
            let (right, left) = (x - nodes[i + span], nodes[i] - x);
            d[i] = (right * d[i] + left * d[i + 1] + p[i] - p[i + 1]) / width;
            p[i] = (right * p[i] + left * p[i + 1]) / width;
        }
    }
    [p[0], d[0]]
}

/// Value and slope at `x` of the polynomial through values and rates (Newton with doubled nodes). At most
/// [`MAX_WINDOW`] samples.
pub(crate) fn hermite(nodes: &[f64], values: &[f64], rates: &[f64], x: f64) -> [f64; 2] {
    let n = 2 * nodes.len().min(MAX_WINDOW);
    let mut differences = [0.0; 2 * MAX_WINDOW];
    for (i, difference) in differences.iter_mut().take(n).enumerate() {
        *difference = values[i / 2];
    }
    for order in 1..n {
        for i in (order..n).rev() {
            differences[i] = if order == 1 && i % 2 == 1 {
                rates[i / 2]
            } else {
                (differences[i] - differences[i - 1]) / (nodes[i / 2] - nodes[(i - order) / 2])
            };
        }
    }
    // Horner's scheme for the Newton form, with its derivative.
    let (mut value, mut slope) = (differences[n - 1], 0.0);
    for i in (0..n - 1).rev() {
        let step = x - nodes[i / 2];
        slope = slope * step + value;
        value = value * step + differences[i];
    }
    [value, slope]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cubic(x: f64) -> [f64; 2] {
        [2.0 - x + 0.5 * x * x + 3.0 * x.powi(3), -1.0 + x + 9.0 * x * x]
    }

    /// Rounding of a degree-3 polynomial with values up to 400, absolute.
    const ROUNDING: f64 = 1e-11;

    proptest! {
        #[test]
        fn a_cubic_is_reproduced_by_four_values_or_two_values_with_rates(x in -4.0..4.0f64) {
            let nodes = [-3.0, -1.0, 0.5, 4.0];
            let values = nodes.map(|n| cubic(n)[0]);
            let rates = nodes.map(|n| cubic(n)[1]);
            let expected = cubic(x);
            for found in [lagrange(&nodes, &values, x), hermite(&nodes[1..3], &values[1..3], &rates[1..3], x)] {
                prop_assert!((found[0] - expected[0]).abs() < ROUNDING && (found[1] - expected[1]).abs() < ROUNDING);
            }
        }
    }

    #[test]
    fn one_sample_is_a_constant_or_a_line() {
        assert_eq!(lagrange(&[3.0], &[7.0], 9.0), [7.0, 0.0]);
        assert_eq!(hermite(&[3.0], &[7.0], &[2.0], 9.0), [19.0, 2.0]);
    }
}
