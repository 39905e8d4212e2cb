// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions as polynomials without branches or calls, so that loops over pixels are compiled to vector instructions; the same
//! bits on every machine, which the functions of the system do not promise.

use std::f64::consts::{LN_2, SQRT_2};

/// 2⁵²: its low bits hold a whole number.
pub const WHOLE: f64 = 4_503_599_627_370_496.0;
/// Series of atanh(s) / s in s²; s is at most 0.172, the next term 2e-11 of the logarithm.
const ATANH: [f64; 6] = [1.0, 1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0, 1.0 / 11.0];

/// A polynomial by its coefficients, the constant first.
#[inline(always)]
pub fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// The natural logarithm of a normal number above 0, within 1e-10: exponent and mantissa apart, the mantissa from √½ to √2 by
/// `ln m = 2 atanh((m − 1)/(m + 1))`. Without meaning for zero, subnormal and negative numbers.
#[inline(always)]
pub fn fast_ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = f64::from_bits((bits >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | 1.0f64.to_bits());
    let large = mantissa > SQRT_2;
    let mantissa = if large { 0.5 * mantissa } else { mantissa };
    let exponent = if large { exponent + 1.0 } else { exponent };
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    exponent * LN_2 + 2.0 * s * polynomial(s * s, &ATANH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn logarithms_are_those_of_the_library(mantissa in 1.0..2.0f64, exponent in -1000..1000i32) {
            let x = mantissa * 2f64.powi(exponent);
            prop_assert!((fast_ln(x) - x.ln()).abs() < 1e-10 + 4.0 * f64::EPSILON * x.ln().abs(), "{x}");
        }
    }

    #[test]
    fn the_worst_mantissa_is_within_the_stated_error() {
        for x in [SQRT_2, SQRT_2 * (1.0 + f64::EPSILON), 1.0, f64::MIN_POSITIVE, f64::MAX] {
            assert!((fast_ln(x) - x.ln()).abs() < 1e-10, "{x}");
        }
    }
}
