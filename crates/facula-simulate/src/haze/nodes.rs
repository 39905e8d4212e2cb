// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gauss-Legendre quadrature.

/// Places (-1 to 1) and weights.
#[derive(Debug, Clone)]
pub struct Nodes {
    pairs: Vec<(f64, f64)>,
}

impl Nodes {
    /// A rule of so many points: roots of Legendre's polynomial by Newton's method.
    ///
    /// # Source
    /// Abramowitz and Stegun 25.4.29.
    pub fn of(count: usize) -> Self {
        let pair = |k: usize| {
            let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (count as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut before, mut own) = (0.0, 1.0);
                for n in 0..count {
                    let n = n as f64;
                    (before, own) = (own, ((2.0 * n + 1.0) * x * own - n * before) / (n + 1.0));
                }
                slope = count as f64 * (x * own - before) / (x * x - 1.0);
                x -= own / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        Self { pairs: (0..count).map(pair).collect() }
    }

    /// The integral from `from` to `to`.
    pub fn integral(&self, [from, to]: [f64; 2], value: impl Fn(f64) -> f64) -> f64 {
        let (half, middle) = (0.5 * (to - from), 0.5 * (from + to));
        half * self.pairs.iter().map(|(x, weight)| weight * value(middle + half * x)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_twice_the_degree_are_exact() {
        let nodes = Nodes::of(12);
        for power in [0, 1, 7, 22, 23] {
            let wanted = 2f64.powi(power + 1) / f64::from(power + 1);
            let found = nodes.integral([0.0, 2.0], |x| x.powi(power));
            assert!((found / wanted - 1.0).abs() < 1e-13, "{power}: {found} {wanted}");
        }
    }
}
