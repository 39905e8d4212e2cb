// SPDX-License-Identifier: MIT OR Apache-2.0
//! Normal numbers for many pixels at once: those of [`facula_core::Random::normal_pair`] to 1e-9, by polynomials without
//! branches or calls, so that the loop is compiled to vector instructions; the same on every machine.

use std::f64::consts::FRAC_PI_2;

use facula_core::{WHOLE, fast_ln, polynomial};

/// Series of sin(x) / x and of cos(x) in x²; x is at most π/4, the next terms are below 3e-12.
const SIN: [f64; 6] = [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0, -1.0 / 39_916_800.0];
const COS: [f64; 7] =
    [1.0, -1.0 / 2.0, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0, -1.0 / 3_628_800.0, 1.0 / 479_001_600.0];

/// Turns pairs of uniform numbers in [0, 1) into pairs of normal numbers of variance 1 (Box and Muller 1958).
pub(super) fn normal_pairs(pairs: &mut [[f64; 2]]) {
    for pair in pairs {
        let radius = (-2.0 * fast_ln(1.0 - pair[0])).sqrt();
        let [sin, cos] = sin_cos_of_turns(pair[1]);
        *pair = [radius * cos, radius * sin];
    }
}

/// Sine and cosine of an angle from 0 to a whole turn, in turns.
#[inline(always)]
fn sin_cos_of_turns(turns: f64) -> [f64; 2] {
    let quarters = 4.0 * turns;
    let shifted = quarters + WHOLE;
    let rest = (quarters - (shifted - WHOLE)) * FRAC_PI_2;
    let square = rest * rest;
    let (sin, cos) = (rest * polynomial(square, &SIN), polynomial(square, &COS));
    let quarter = shifted.to_bits();
    let swapped = quarter & 1 == 1;
    let (own, other) = if swapped { (cos, sin) } else { (sin, cos) };
    // Signs from the bits: the sine is negative in the third and fourth quarter, the cosine in the second and third.
    let sin = f64::from_bits(own.to_bits() ^ ((quarter & 2) << 62));
    let cos = f64::from_bits(other.to_bits() ^ ((quarter.wrapping_add(1) & 2) << 62));
    [sin, cos]
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    /// From the library's functions.
    const EQUAL: f64 = 1e-9;

    #[test]
    fn numbers_are_those_of_the_library() {
        for seed in 0..10_000 {
            let mut random = Random::new(seed, 1);
            let mut pairs = [[random.uniform(), random.uniform()]];
            normal_pairs(&mut pairs);
            let (a, b) = Random::new(seed, 1).normal_pair();
            assert!((pairs[0][0] - a).abs() < EQUAL && (pairs[0][1] - b).abs() < EQUAL, "{seed}: {a} {b}");
        }
    }

    #[test]
    fn ends_of_the_range_are_finite_and_right() {
        let least = 2f64.powi(-53);
        for (first, second) in
            [(0.0, 0.0), (1.0 - least, 0.5), (0.5, 1.0 - least), (least, 0.125), (0.25, 0.375)]
        {
            let mut pairs = [[first, second]];
            normal_pairs(&mut pairs);
            let radius = (-2.0 * (1.0 - first).ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * second).sin_cos();
            assert!((pairs[0][0] - radius * cos).abs() < EQUAL && (pairs[0][1] - radius * sin).abs() < EQUAL);
        }
    }
}
