// SPDX-License-Identifier: MIT OR Apache-2.0
//! Double-precision numbers whose functions are polynomials without branches or calls, so that a loop over pixels is
//! compiled to vector instructions. Relative errors: exp 8e-9, ln 1e-10 (absolute), atan 3e-11, cos 1e-12.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, SQRT_2};
use std::ops::{Add, Div, Mul, Neg, Sub};

use facula_core::{fast_ln, polynomial};

use super::Number;

/// 1.5 · 2⁵²: added and taken away again, it rounds to a whole number.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Beyond it exp leaves the range of normal numbers.
const EXP_LIMIT: f64 = 700.0;
/// Series of exp about 0; the argument is at most ln 2 / 2, the next term 7e-9 of it.
const EXP: [f64; 8] = [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];
/// Series of atan(x) / x in x²; the argument is at most tan 22.5°, the next term 3e-11.
const ATAN: [f64; 12] = [
    1.0,
    -1.0 / 3.0,
    1.0 / 5.0,
    -1.0 / 7.0,
    1.0 / 9.0,
    -1.0 / 11.0,
    1.0 / 13.0,
    -1.0 / 15.0,
    1.0 / 17.0,
    -1.0 / 19.0,
    1.0 / 21.0,
    -1.0 / 23.0,
];
/// Series of cos in x².
const COS: [f64; 9] = [
    1.0,
    -1.0 / 2.0,
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
];

/// A number of a loop over pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fast(pub(crate) f64);

impl Add for Fast {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Fast {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Fast {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Div for Fast {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
}

impl Neg for Fast {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Number for Fast {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self(value)
    }

    #[inline(always)]
    fn value(self) -> f64 {
        self.0
    }

    /// `2ⁿ eʳ` with r within ln 2 / 2 of 0; held beyond e^±700.
    #[inline(always)]
    fn exp(self) -> Self {
        let x = self.0.clamp(-EXP_LIMIT, EXP_LIMIT);
        let rounded = x * LOG2_E + ROUND;
        let rest = x - (rounded - ROUND) * LN_2;
        let two_to_n = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
        Self(polynomial(rest, &EXP) * two_to_n)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        Self(fast_ln(self.0))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    /// Not for loops: calls the library.
    fn tan(self) -> Self {
        Self(self.0.tan())
    }

    #[inline(always)]
    fn atan(self) -> Self {
        // Nearest of 0, 45 and 90 degrees, and the tangent of what is left.
        let size = self.0.abs();
        let (above, below) = (size > 1.0 + SQRT_2, size < SQRT_2 - 1.0);
        let over = if above { -1.0 } else { size - 1.0 };
        let under = if above { size } else { size + 1.0 };
        let x = if below { size } else { over / under };
        let whole = if above { FRAC_PI_2 } else { FRAC_PI_4 };
        let angle = if below { 0.0 } else { whole } + x * polynomial(x * x, &ATAN);
        Self(angle.copysign(self.0))
    }

    #[inline(always)]
    fn cos(self) -> Self {
        Self(polynomial(self.0 * self.0, &COS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn functions_equal_the_library(x in -100.0f64..100.0, small in -1.57f64..1.57, size in -300i32..300) {
            prop_assert!((Fast(x).exp().0 / x.exp() - 1.0).abs() < 8e-9);
            prop_assert!((Fast(x).atan().0 - x.atan()).abs() < 1e-10);
            prop_assert!((Fast(small).atan().0 - small.atan()).abs() < 1e-10);
            prop_assert!((Fast(small).cos().0 - small.cos()).abs() < 1e-11);
            let positive = (1.0 + x.abs()) * 10f64.powi(size);
            prop_assert!((Fast(positive).ln().0 - positive.ln()).abs() < 1e-9, "{positive}");
        }
    }

    #[test]
    fn ends_of_the_range_are_held() {
        assert!(Fast(-1e300).exp().0 < 1e-300 && Fast(1e300).exp().0.is_finite());
        assert_eq!(Fast(0.0).exp().0, 1.0);
        assert_eq!(Fast(0.0).atan().0, 0.0);
        assert!((Fast(f64::INFINITY).atan().0 - FRAC_PI_2).abs() < 1e-15);
    }
}
