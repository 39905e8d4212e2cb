// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic of whole lanes: straight-line functions without branches or calls, which the compiler turns into vector
//! instructions inside a loop of fixed length.
//!
//! `FUSED` says whether the machine multiplies and adds in one instruction; without one `mul_add` would be a call.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Pixels computed together: eight vectors of AVX-512, sixteen of AVX2, and small enough to stay in the first cache.
pub(super) const LANES: usize = 64;

/// `acos(z) / sqrt(1 - z)` on 0 to 1 as powers of z.
///
/// # Source
/// Interpolation at Chebyshev nodes with 40 digits; |error| of the arc cosine ≤ 7e-10 rad.
const ACOS: [f64; 10] = [
    1.5707963261817988,
    -0.2146017134725627,
    0.0890444735878519,
    -0.0507375643710675,
    0.03329857060626889,
    -0.02279807145636588,
    0.014498017722065078,
    -0.007369447454639136,
    0.0024783733739198095,
    -0.0003954026801759629,
];

/// `atan(x) / x` on 0 to 1 as powers of x².
///
/// # Source
/// As [`ACOS`]; |error| of the arc tangent ≤ 3e-10 rad.
const ATAN: [f64; 11] = [
    0.9999999995535376,
    -0.33333322488911593,
    0.19999558100363982,
    -0.14278576024807985,
    0.1105077127584966,
    -0.08785043282362845,
    0.06685281517877424,
    -0.04392841073326746,
    0.021912945865448393,
    -0.007030669470424213,
    0.001057607438057242,
];

/// `a b + c`.
#[inline(always)]
pub(super) fn fma<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn polynomial<const FUSED: bool, const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    // Two interleaved chains: half the waiting of one.
    let x2 = x * x;
    let (mut last, mut before) = (coefficients[N - 1], coefficients[N - 2]);
    let mut k = N - 2;
    while k >= 2 {
        k -= 2;
        last = fma::<FUSED>(last, x2, coefficients[k + 1]);
        before = fma::<FUSED>(before, x2, coefficients[k]);
    }
    if N.is_multiple_of(2) {
        return fma::<FUSED>(last, x, before);
    }
    // An odd number of terms: `last` holds the even powers but the first one.
    fma::<FUSED>(last, x2, fma::<FUSED>(before, x, coefficients[0]))
}

/// `1 / sqrt(x)` for x from 1e-30 to 1e30, relative error 3e-16: a single-precision start and one step of third order.
#[inline(always)]
pub(super) fn inverse_root<const FUSED: bool>(x: f64) -> f64 {
    let start = f64::from(1.0 / (x as f32).sqrt());
    let miss = fma::<FUSED>(-x * start, start, 1.0);
    let step = fma::<FUSED>(miss, 0.375, 0.5) * miss;
    fma::<FUSED>(start, step, start)
}

/// `1 / sqrt(1 - 2x)` for |x| ≤ 1e-4, error 4e-12 at the most and 2e-15 below 1e-5.
#[inline(always)]
pub(super) fn inverse_root_of_near_one<const FUSED: bool>(x: f64) -> f64 {
    fma::<FUSED>(fma::<FUSED>(1.5, x, 1.0), x, 1.0)
}

/// `sqrt(x)` for x from 0 to 1e30; below 1e-30 the result is up to 1e-15 off.
#[inline(always)]
pub(super) fn root<const FUSED: bool>(x: f64) -> f64 {
    let floor = if x > 1e-30 { x } else { 1e-30 };
    x * inverse_root::<FUSED>(floor)
}

/// Arc cosine, rad; |error| ≤ 7e-10 plus what the rounding of `c` means near ±1 (2e-8 at the worst, at ±1 itself).
/// Arguments beyond ±1 by rounding count as ±1.
#[inline(always)]
pub(super) fn acos_rad<const FUSED: bool>(c: f64) -> f64 {
    let z = c.abs();
    let rest = 1.0 - z;
    let rest = if rest > 0.0 { rest } else { 0.0 };
    let angle_rad = root::<FUSED>(rest) * polynomial::<FUSED, _>(&ACOS, z);
    if c < 0.0 { PI - angle_rad } else { angle_rad }
}

/// Arc tangent of `small / large` for 0 ≤ small ≤ large, rad; |error| ≤ 3e-10.
#[inline(always)]
fn atan_rad<const FUSED: bool>(small: f64, large: f64) -> f64 {
    let floor = if large > 1e-300 { large } else { 1e-300 };
    let ratio = small / floor;
    ratio * polynomial::<FUSED, _>(&ATAN, ratio * ratio)
}

/// Longitude of (x, y), rad, from 0 to 2π; |error| ≤ 3e-10.
#[inline(always)]
pub(super) fn longitude_rad<const FUSED: bool>(x: f64, y: f64) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    let steep = ay > ax;
    let (small, large) = if steep { (ax, ay) } else { (ay, ax) };
    let mut angle_rad = atan_rad::<FUSED>(small, large);
    angle_rad = if steep { FRAC_PI_2 - angle_rad } else { angle_rad };
    angle_rad = if x < 0.0 { PI - angle_rad } else { angle_rad };
    // A longitude a rounding below the meridian is zero, not a full turn.
    let turned_rad = TAU - angle_rad;
    let turned_rad = if turned_rad < TAU { turned_rad } else { 0.0 };
    if y < 0.0 { turned_rad } else { angle_rad }
}

/// Latitude of a point at height z and distance `rho` ≥ 0 from the axis, rad; |error| ≤ 3e-10.
#[inline(always)]
pub(super) fn latitude_rad<const FUSED: bool>(z: f64, rho: f64) -> f64 {
    let az = z.abs();
    let steep = az > rho;
    let (small, large) = if steep { (rho, az) } else { (az, rho) };
    let angle_rad = atan_rad::<FUSED>(small, large);
    let angle_rad = if steep { FRAC_PI_2 - angle_rad } else { angle_rad };
    if z < 0.0 { -angle_rad } else { angle_rad }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error stated for the arc functions.
    const ARC_RAD: f64 = 7e-10;

    #[test]
    fn arcs_agree_with_the_library_within_the_stated_error() {
        for k in -200_000..=200_000 {
            let angle_rad = f64::from(k) * PI / 200_000.0;
            let (y, x) = angle_rad.sin_cos();
            let expected_rad = angle_rad.rem_euclid(TAU);
            for found_rad in [longitude_rad::<true>(x, y), longitude_rad::<false>(x, y)] {
                let error_rad = (found_rad - expected_rad + PI).rem_euclid(TAU) - PI;
                assert!(error_rad.abs() < ARC_RAD && (0.0..TAU).contains(&found_rad), "{k} {error_rad:e}");
            }
            if x >= 0.0 {
                let error_rad = latitude_rad::<false>(y, x) - y.atan2(x);
                assert!(error_rad.abs() < ARC_RAD, "{k} {error_rad:e}");
            }
            let error_rad = acos_rad::<false>(x) - x.acos();
            assert!(error_rad.abs() < ARC_RAD, "{k} {error_rad:e}");
        }
        assert_eq!(longitude_rad::<false>(0.0, 0.0), 0.0);
        assert_eq!(acos_rad::<true>(1.0 + 1e-15), 0.0);
    }

    #[test]
    fn roots_are_good_to_the_last_digits() {
        for k in -600..=600 {
            let x = 10f64.powf(f64::from(k) / 20.0);
            assert!((inverse_root::<false>(x) * x.sqrt() - 1.0).abs() < 5e-16, "{x:e}");
            assert!((root::<true>(x) / x.sqrt() - 1.0).abs() < 5e-16, "{x:e}");
        }
        assert_eq!(root::<true>(0.0), 0.0);
    }
}
