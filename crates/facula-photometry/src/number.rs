// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers a scattering law can be computed with: `f64`, [`Dual`] (with derivatives) and [`Fast`] (without a call to
//! the mathematics library, so that a loop over pixels becomes vector instructions). Each law is written once.

use std::ops::{Add, Div, Mul, Neg, Sub};

mod dual;
mod fast;

pub(crate) use dual::{Dual, MOST_PARAMETERS};
pub(crate) use fast::Fast;

/// What the laws need of a number.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// A constant.
    fn of(value: f64) -> Self;
    /// The number without its derivatives.
    fn value(self) -> f64;
    fn exp(self) -> Self;
    /// Natural logarithm of a positive number.
    fn ln(self) -> Self;
    fn sqrt(self) -> Self;
    fn tan(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Cosine of an angle of at most a right angle to either side.
    fn cos(self) -> Self;

    #[inline(always)]
    fn square(self) -> Self {
        self * self
    }

    /// A positive number to a power.
    #[inline(always)]
    fn power(self, exponent: Self) -> Self {
        (exponent * self.ln()).exp()
    }

    /// This number, or `least` where it is smaller or not a number.
    #[inline(always)]
    fn at_least(self, least: f64) -> Self {
        if self.value() > least { self } else { Self::of(least) }
    }

    /// This number, or `most` where it is larger.
    #[inline(always)]
    fn at_most(self, most: f64) -> Self {
        if self.value() < most { self } else { Self::of(most) }
    }

    /// `c0 + c1 x + c2 x² + …` of this number.
    #[inline(always)]
    fn polynomial(self, coefficients: &[Self]) -> Self {
        coefficients.iter().rev().fold(Self::of(0.0), |sum, c| sum * self + *c)
    }

    /// [`Self::polynomial`] with constants.
    #[inline(always)]
    fn series(self, coefficients: &[f64]) -> Self {
        coefficients.iter().rev().fold(Self::of(0.0), |sum, c| sum * self + Self::of(*c))
    }
}

impl Number for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn ln(self) -> Self {
        f64::ln(self)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn tan(self) -> Self {
        f64::tan(self)
    }
    fn atan(self) -> Self {
        f64::atan(self)
    }
    fn cos(self) -> Self {
        f64::cos(self)
    }
}
