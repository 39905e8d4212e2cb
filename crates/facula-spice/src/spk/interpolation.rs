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

/// The polynomials of `N` components through values and rates at the same nodes: Newton's form with doubled nodes,
/// ready for any number of requests.
#[derive(Debug, Clone)]
pub(crate) struct Newton<const N: usize> {
    count: usize,
    nodes: [f64; MAX_WINDOW],
    differences: [[f64; N]; 2 * MAX_WINDOW],
}

impl<const N: usize> Newton<N> {
    /// Through `sample(i)` = (value, rate) at each node. At most [`MAX_WINDOW`] nodes.
    pub fn new(nodes: &[f64], sample: impl Fn(usize) -> ([f64; N], [f64; N])) -> Self {
        let count = nodes.len().min(MAX_WINDOW);
        let mut newton = Self { count, nodes: [0.0; MAX_WINDOW], differences: [[0.0; N]; 2 * MAX_WINDOW] };
        newton.nodes[..count].copy_from_slice(&nodes[..count]);
        let table = &mut newton.differences;
        for i in (0..count).rev() {
            let (value, rate) = sample(i);
            table[2 * i] = value;
            table[2 * i + 1] = rate;
            if i + 1 < count {
                // First differences between nodes stand where the next node's value was.
                let width = nodes[i + 1] - nodes[i];
                table[2 * i + 2] = std::array::from_fn(|k| (table[2 * i + 2][k] - value[k]) / width);
            }
        }
        for order in 2..2 * count {
            for i in (order..2 * count).rev() {
                let scale = 1.0 / (nodes[i / 2] - nodes[(i - order) / 2]);
                table[i] = std::array::from_fn(|k| (table[i][k] - table[i - 1][k]) * scale);
            }
        }
        newton
    }

    /// Value and slope of each component at `x` (Horner's scheme with its derivative).
    pub fn at(&self, x: f64) -> ([f64; N], [f64; N]) {
        let (mut value, mut slope) = (self.differences[2 * self.count - 1], [0.0; N]);
        for i in (0..2 * self.count - 1).rev() {
            let step = x - self.nodes[i / 2];
            for k in 0..N {
                slope[k] = slope[k] * step + value[k];
                value[k] = value[k] * step + self.differences[i][k];
            }
        }
        (value, slope)
    }
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
            let (value, slope) = Newton::new(&nodes[1..3], |i| ([values[i + 1]], [rates[i + 1]])).at(x);
            for found in [lagrange(&nodes, &values, x), [value[0], slope[0]]] {
                prop_assert!((found[0] - expected[0]).abs() < ROUNDING && (found[1] - expected[1]).abs() < ROUNDING);
            }
        }
    }

    #[test]
    fn one_sample_is_a_constant_or_a_line() {
        assert_eq!(lagrange(&[3.0], &[7.0], 9.0), [7.0, 0.0]);
        assert_eq!(Newton::new(&[3.0], |_| ([7.0], [2.0])).at(9.0), ([19.0], [2.0]));
    }
}
