// SPDX-License-Identifier: MIT OR Apache-2.0
//! Phase functions of single particles, named by their sign convention: the same letters hide different formulas.

use serde::{Deserialize, Serialize};

use crate::number::Number;

/// Phase function p(α) of a particle, mean 1 over the sphere. α is the phase angle: 0 is straight back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ParticlePhase {
    /// 1.
    #[default]
    Isotropic,
    /// One Henyey-Greenstein lobe, `(1 − ξ²)/(1 + 2 ξ cos α + ξ²)^(3/2)`: **negative ξ scatters back**, and ξ is the mean
    /// cosine of the scattering angle.
    HenyeyGreenstein {
        /// ξ, above −1 and below 1.
        asymmetry: f64,
    },
    /// Two lobes after Hapke 2012, eq. 6.7a: `(1 + c)/2 · back(b) + (1 − c)/2 · forward(b)` with
    /// `back(b) = (1 − b²)/(1 − 2 b cos α + b²)^(3/2)`: **positive c scatters back**, c may exceed 1. The asymmetry is −bc.
    DoubleHenyeyGreenstein {
        /// b, 0 to below 1.
        width: f64,
        /// c.
        back: f64,
    },
    /// Two lobes after McGuire and Hapke 1995, Icarus 113, 134, eq. 3: `c · back(b) + (1 − c) · forward(b)`:
    /// **c is the fraction scattered by the backward lobe**, 0 to 1. The asymmetry is b(1 − 2c).
    DoubleHenyeyGreensteinFraction {
        /// b, 0 to below 1.
        width: f64,
        /// c.
        back_fraction: f64,
    },
}

impl ParticlePhase {
    /// p at a phase angle, dimensionless.
    pub fn value(self, phase_rad: f64) -> f64 {
        self.lobes(self.values()).at(phase_rad.cos())
    }

    /// Mean cosine of the scattering angle: −1 straight back, 1 straight on.
    pub fn asymmetry(self) -> f64 {
        match self {
            Self::Isotropic => 0.0,
            Self::HenyeyGreenstein { asymmetry } => asymmetry,
            Self::DoubleHenyeyGreenstein { width, back } => -width * back,
            Self::DoubleHenyeyGreensteinFraction { width, back_fraction } => {
                width * (1.0 - 2.0 * back_fraction)
            }
        }
    }

    pub(super) fn values(self) -> [f64; 2] {
        match self {
            Self::Isotropic => [0.0; 2],
            Self::HenyeyGreenstein { asymmetry } => [asymmetry, 0.0],
            Self::DoubleHenyeyGreenstein { width, back } => [width, back],
            Self::DoubleHenyeyGreensteinFraction { width, back_fraction } => [width, back_fraction],
        }
    }

    pub(super) fn with_values(self, [first, second]: [f64; 2]) -> Self {
        match self {
            Self::Isotropic => self,
            Self::HenyeyGreenstein { .. } => Self::HenyeyGreenstein { asymmetry: first },
            Self::DoubleHenyeyGreenstein { .. } => {
                Self::DoubleHenyeyGreenstein { width: first, back: second }
            }
            Self::DoubleHenyeyGreensteinFraction { .. } => {
                Self::DoubleHenyeyGreensteinFraction { width: first, back_fraction: second }
            }
        }
    }

    /// How many of the two parameters it has.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Isotropic => 0,
            Self::HenyeyGreenstein { .. } => 1,
            _ => 2,
        }
    }

    /// Both lobes with parameters of any number type.
    pub(super) fn lobes<T: Number>(self, [first, second]: [T; 2]) -> Lobes<T> {
        let (one, half) = (T::of(1.0), T::of(0.5));
        let (width, back) = match self {
            Self::Isotropic => (T::of(0.0), half),
            Self::HenyeyGreenstein { .. } => (first, T::of(0.0)),
            Self::DoubleHenyeyGreenstein { .. } => (first, (one + second) * half),
            Self::DoubleHenyeyGreensteinFraction { .. } => (first, second),
        };
        Lobes { width, back, forward: one - back }
    }
}

/// `back · lobe(−width) + forward · lobe(width)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lobes<T> {
    width: T,
    back: T,
    forward: T,
}

impl<T: Number> Lobes<T> {
    #[inline(always)]
    pub(super) fn at(&self, cos_phase: T) -> T {
        self.back * lobe(-self.width, cos_phase) + self.forward * lobe(self.width, cos_phase)
    }
}

/// A lobe of asymmetry ξ: forward for positive ξ.
#[inline(always)]
fn lobe<T: Number>(xi: T, cos_phase: T) -> T {
    let one = T::of(1.0);
    let base = one + T::of(2.0) * xi * cos_phase + xi.square();
    (one - xi.square()) / (base * base.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [ParticlePhase; 4] = [
        ParticlePhase::Isotropic,
        ParticlePhase::HenyeyGreenstein { asymmetry: -0.35 },
        ParticlePhase::DoubleHenyeyGreenstein { width: 0.3, back: 0.7 },
        ParticlePhase::DoubleHenyeyGreensteinFraction { width: 0.3, back_fraction: 0.85 },
    ];

    #[test]
    fn the_mean_over_the_sphere_is_one_and_the_mean_cosine_the_asymmetry() {
        for form in FORMS {
            // Simpson's rule over the cosine of the phase angle.
            let n = 2000;
            let (mut mean, mut cosine) = (0.0, 0.0);
            for k in 0..=n {
                let x = -1.0 + 2.0 * f64::from(k) / f64::from(n);
                let weight =
                    if k == 0 || k == n { 1.0 } else { f64::from(2 + 2 * (k % 2)) } / f64::from(3 * n);
                let p = form.lobes(form.values()).at(x);
                mean += weight * p;
                // The scattering angle is 180° less the phase angle.
                cosine -= weight * p * x;
            }
            assert!((mean - 1.0).abs() < 1e-9, "{form:?} {mean}");
            assert!((cosine - form.asymmetry()).abs() < 1e-9, "{form:?} {cosine}");
        }
    }

    #[test]
    fn the_two_conventions_of_two_lobes_are_one_function() {
        for phase_deg in [0.0f64, 40.0, 170.0] {
            let [two, fraction] = [FORMS[2], FORMS[3]].map(|form| form.value(phase_deg.to_radians()));
            assert!((two - fraction).abs() < 1e-14);
        }
        // Back is back: (1 − 0.09)/(1 − 0.3)³ · 0.85 + (1 − 0.09)/(1 + 0.3)³ · 0.15.
        let expected = 0.91 / 0.343 * 0.85 + 0.91 / 2.197 * 0.15;
        assert!((FORMS[2].value(0.0) - expected).abs() < 1e-14);
    }
}
