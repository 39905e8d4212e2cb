// SPDX-License-Identifier: MIT OR Apache-2.0
//! A number with its derivatives with respect to the parameters of a law: forward differentiation, exact to rounding.
//!
//! # Source
//! Griewank and Walther 2008, Evaluating Derivatives, chapter 3.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Number;

/// Most parameters a surface model has: one level, 9 of Hapke's law, 9 of a phase function.
pub(crate) const MOST_PARAMETERS: usize = 20;

/// A value and its derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dual {
    pub(crate) value: f64,
    pub(crate) slope: [f64; MOST_PARAMETERS],
}

impl Dual {
    /// Parameter `index` of a law: its derivative with respect to itself is 1.
    pub(crate) fn parameter(value: f64, index: usize) -> Self {
        let mut slope = [0.0; MOST_PARAMETERS];
        slope[index] = 1.0;
        Self { value, slope }
    }

    /// A function of this number with its derivative there.
    fn chain(self, value: f64, derivative: f64) -> Self {
        Self { value, slope: self.slope.map(|slope| slope * derivative) }
    }

    /// A function of two numbers with its derivatives there.
    fn chain_two(self, other: Self, value: f64, [by_self, by_other]: [f64; 2]) -> Self {
        let slope = std::array::from_fn(|k| by_self * self.slope[k] + by_other * other.slope[k]);
        Self { value, slope }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.chain_two(other, self.value + other.value, [1.0, 1.0])
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.chain_two(other, self.value - other.value, [1.0, -1.0])
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.chain_two(other, self.value * other.value, [other.value, self.value])
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        self.chain_two(other, value, [1.0 / other.value, -value / other.value])
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        self.chain(-self.value, -1.0)
    }
}

impl Number for Dual {
    fn of(value: f64) -> Self {
        Self { value, slope: [0.0; MOST_PARAMETERS] }
    }
    fn value(self) -> f64 {
        self.value
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    fn ln(self) -> Self {
        self.chain(self.value.ln(), 1.0 / self.value)
    }
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        // The root of nothing has no slope; where it is met, it is multiplied by nothing.
        self.chain(root, if root > 0.0 { 0.5 / root } else { 0.0 })
    }
    fn tan(self) -> Self {
        let tan = self.value.tan();
        self.chain(tan, 1.0 + tan * tan)
    }
    fn atan(self) -> Self {
        self.chain(self.value.atan(), 1.0 / (1.0 + self.value * self.value))
    }
    fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences of step 1e-6: error about 1e-10.
    const DIFFERENCE: f64 = 1e-8;

    #[test]
    fn every_operation_has_the_slope_of_its_central_difference() {
        type Op = (fn(Dual, Dual) -> Dual, fn(f64, f64) -> f64);
        let operations: [Op; 11] = [
            (|a, b| a + b, |a, b| a + b),
            (|a, b| a - b, |a, b| a - b),
            (|a, b| a * b, |a, b| a * b),
            (|a, b| a / b, |a, b| a / b),
            (|a, _| -a, |a, _| -a),
            (|a, _| a.exp(), |a, _| a.exp()),
            (|a, _| a.ln(), |a, _| a.ln()),
            (|a, _| a.sqrt(), |a, _| a.sqrt()),
            (|a, _| a.tan(), |a, _| a.tan()),
            (|a, b| (a * b).atan(), |a, b| (a * b).atan()),
            (|a, b| a.power(b).cos(), |a, b| a.powf(b).cos()),
        ];
        let (a, b, step) = (0.7, 1.3, 1e-6);
        for (k, (dual, plain)) in operations.iter().enumerate() {
            let found = dual(Dual::parameter(a, 0), Dual::parameter(b, 1));
            assert!((found.value - plain(a, b)).abs() < 1e-14, "{k}");
            let by_a = (plain(a + step, b) - plain(a - step, b)) / (2.0 * step);
            let by_b = (plain(a, b + step) - plain(a, b - step)) / (2.0 * step);
            assert!((found.slope[0] - by_a).abs() < DIFFERENCE, "{k}");
            assert!((found.slope[1] - by_b).abs() < DIFFERENCE, "{k}");
        }
    }
}
