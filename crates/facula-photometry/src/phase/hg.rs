// SPDX-License-Identifier: MIT OR Apache-2.0
//! The phase functions of whole discs adopted by the IAU: H, G and H, G1, G2.

use super::spline::Spline;
use crate::LightAngles;
use crate::angles::Light;
use crate::number::Number;

/// The IAU H, G phase function of a whole disc, 1 at phase 0; `slope` is G. Valid to 120°, used beyond as its
/// smooth continuation.
///
/// # Source
/// Bowell et al. (1989), Asteroids II, p. 549, eq. A5 with the blended form of the Minor Planet Center
/// (A₁ = 3.332, B₁ = 0.631, C₁ = 0.986; A₂ = 1.862, B₂ = 1.218, C₂ = 0.238).
pub fn hg_phase(phase_rad: f64, slope: f64) -> f64 {
    hg_of(slope, &Light::of(LightAngles { phase_rad, ..LightAngles::ZERO }))
}

/// The IAU H, G1, G2 phase function of a whole disc, 1 at phase 0, 0 where its splines end below it; valid to 150°.
///
/// # Source
/// Muinonen et al. 2010, Icarus 209, 542, eq. 17 and tables 3 and 4: `G1 Φ1 + G2 Φ2 + (1 − G1 − G2) Φ3`.
pub fn hg1g2_phase(phase_rad: f64, slopes: [f64; 2]) -> f64 {
    hg1g2_of(slopes, phase_rad)
}

#[inline(always)]
pub(super) fn hg_of<T: Number>(slope: T, light: &Light<T>) -> T {
    let one = T::of(1.0);
    let (sin, tan_half) = (light.sin_phase(), light.tan_half());
    let blend = (T::of(-90.56) * tan_half.square()).exp();
    let ln_tan = tan_half.at_least(1e-30).ln();
    let reach = sin / (T::of(0.119) + T::of(1.341) * sin - T::of(0.754) * sin.square());
    let first = part([3.332, 0.631, 0.986], [blend, reach, ln_tan]);
    let second = part([1.862, 1.218, 0.238], [blend, reach, ln_tan]);
    (one - slope) * first + slope * second
}

#[inline(always)]
fn part<T: Number>([a, b, c]: [f64; 3], [blend, reach, ln_tan]: [T; 3]) -> T {
    let one = T::of(1.0);
    let small = one - T::of(c) * reach;
    let large = (T::of(-a) * (T::of(b) * ln_tan).exp()).exp();
    blend * small + (one - blend) * large
}

const DEGREE_RAD: f64 = std::f64::consts::PI / 180.0;

const fn scaled<const N: usize>(mut angles_deg: [f64; N]) -> [f64; N] {
    let mut k = 0;
    while k < N {
        angles_deg[k] *= DEGREE_RAD;
        k += 1;
    }
    angles_deg
}

const WIDE_RAD: [f64; 6] = scaled([7.5, 30.0, 60.0, 90.0, 120.0, 150.0]);

/// Φ1 from 7.5°; below it `1 − 6α/π`.
const PHI_1: Spline<6> = Spline::new(
    WIDE_RAD,
    [7.5e-1, 3.3486016e-1, 1.3410560e-1, 5.1104756e-2, 2.1465687e-2, 3.6396989e-3],
    [-1.9098593, -9.1328612e-2],
);

/// Φ2 from 7.5°; below it `1 − 9α/(5π)`.
const PHI_2: Spline<6> = Spline::new(
    WIDE_RAD,
    [9.25e-1, 6.2884169e-1, 3.1755495e-1, 1.2716367e-1, 2.2373903e-2, 1.6505689e-4],
    [-5.7295780e-1, -8.6573138e-8],
);

/// Φ3 to 30°, 0 beyond. Its first slope is −0.10630097 per rad; sbpy has ten times that (seen in sbpy 0.6).
const PHI_3: Spline<9> = Spline::new(
    scaled([0.0, 0.3, 1.0, 2.0, 4.0, 8.0, 12.0, 20.0, 30.0]),
    [
        1.0,
        8.3381185e-1,
        5.7735424e-1,
        4.2144772e-1,
        2.3174230e-1,
        1.0348178e-1,
        6.1733473e-2,
        1.6107006e-2,
        0.0,
    ],
    [-1.0630097e-1, 0.0],
);

#[inline(always)]
pub(super) fn hg1g2_of<T: Number>([first, second]: [T; 2], phase_rad: T) -> T {
    let third = T::of(1.0) - first - second;
    first * PHI_1.at(phase_rad).at_least(0.0)
        + second * PHI_2.at(phase_rad).at_least(0.0)
        + third * PHI_3.at(phase_rad).at_least(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_g1_g2_equals_the_published_slopes_and_an_independent_spline() {
        // First slopes of the splines as Muinonen et al. tabulate them for 0.3 deg and 1 deg: −41.180439, −10.366915.
        let third = |deg: f64| hg1g2_phase(deg * DEGREE_RAD, [0.0, 0.0]);
        let slope = |deg: f64| (third(deg + 1e-4) - third(deg - 1e-4)) / (2e-4 * DEGREE_RAD);
        assert!((slope(0.3) + 41.180439).abs() < 1e-3, "{}", slope(0.3));
        assert!((slope(1.0) + 10.366915).abs() < 1e-3, "{}", slope(1.0));
        // Below 7.5 deg both are straight.
        assert!((hg1g2_phase(0.1, [1.0, 0.0]) - (1.0 - 0.6 / std::f64::consts::PI)).abs() < 1e-8);
        assert!((hg1g2_phase(0.1, [0.0, 1.0]) - (1.0 - 0.18 / std::f64::consts::PI)).abs() < 1e-8);
        assert!((hg1g2_phase(0.0, [0.3, 0.4]) - 1.0).abs() < 1e-9);
    }
}
