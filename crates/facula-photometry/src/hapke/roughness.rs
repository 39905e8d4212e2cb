// SPDX-License-Identifier: MIT OR Apache-2.0
//! Macroscopic roughness: effective cosines and shadowing of ground with unresolved slopes.
//!
//! # Source
//! Hapke 1984, Icarus 59, 41, equations 36 to 53; 2012, equations 12.45 to 12.57.

use std::f64::consts::PI;

use crate::angles::Light;
use crate::number::Number;

/// Constants of one mean slope angle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Roughness<T> {
    tan: T,
    cot: T,
    /// `1/√(1 + π tan²θ̄)`.
    chi: T,
}

/// Ground as the smooth law sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<T> {
    pub(super) cos_incidence: T,
    pub(super) cos_emission: T,
    /// S(i, e, ψ).
    pub(super) shadowing: T,
}

/// One of the two directions.
#[derive(Clone, Copy)]
struct Direction<T> {
    cos: T,
    sin: T,
    /// `exp(−2/π · cot θ̄ cot x)`.
    e1: T,
    /// `exp(−1/π · cot² θ̄ cot² x)`.
    e2: T,
}

impl<T: Number> Roughness<T> {
    pub(super) fn of(roughness_rad: T) -> Self {
        // Smooth ground does not come here; the bound keeps its unused constants finite.
        let tan = roughness_rad.at_least(1e-6).tan();
        let one = T::of(1.0);
        Self { tan, cot: one / tan, chi: one / (one + T::of(PI) * tan.square()).sqrt() }
    }

    #[inline(always)]
    fn direction(&self, cos: T) -> Direction<T> {
        let one = T::of(1.0);
        let sin = ((one - cos) * (one + cos)).at_least(0.0).sqrt();
        // Straight up the exponents are without end: held where exp is nothing.
        let product = self.cot * cos / sin.at_least(1e-9);
        let e1 = (-(T::of(2.0 / PI) * product).at_most(600.0)).exp();
        let e2 = (-(T::of(1.0 / PI) * product.square()).at_most(600.0)).exp();
        Direction { cos, sin, e1, e2 }
    }

    /// Cosine seen without tilting, η(x) = `χ [cos x + sin x tan θ̄ E2/(2 − E1)]`.
    #[inline(always)]
    fn untilted(&self, x: &Direction<T>) -> T {
        self.chi * (x.cos + x.sin * self.tan * x.e2 / (T::of(2.0) - x.e1))
    }

    #[inline(always)]
    pub(super) fn ground(&self, light: &Light<T>) -> Ground<T> {
        let one = T::of(1.0);
        let (sun, eye) = (self.direction(light.cos_incidence), self.direction(light.cos_emission));
        // The larger angle shadows the other; everything below is symmetric but for that.
        let sun_is_low = sun.cos.value() < eye.cos.value();
        let (low, high) = if sun_is_low { (sun, eye) } else { (eye, sun) };
        // Azimuth ψ between both: undefined straight up, where it does not matter.
        let sines = (sun.sin * eye.sin).at_least(1e-12);
        let cos_psi = ((light.cos_phase() - sun.cos * eye.cos) / sines).at_most(1.0).at_least(-1.0);
        let half = T::of(0.5);
        let sin2_half = (one - cos_psi) * half;
        let tan_half = (sin2_half / ((one + cos_psi) * half).at_least(1e-18)).at_least(0.0).sqrt();
        let psi_over_pi = T::of(2.0 / PI) * tan_half.atan();
        let facing = (T::of(-2.0) * tan_half).exp();
        let divisor = T::of(2.0) - low.e1 - psi_over_pi * high.e1;
        let low_e = self.chi * (low.cos + low.sin * self.tan * (low.e2 - sin2_half * high.e2) / divisor);
        let high_e =
            self.chi * (high.cos + high.sin * self.tan * (cos_psi * low.e2 + sin2_half * high.e2) / divisor);
        let (cos_incidence, cos_emission) = if sun_is_low { (low_e, high_e) } else { (high_e, low_e) };
        let (eta_sun, eta_eye) = (self.untilted(&sun), self.untilted(&eye));
        // The direction nearer to the vertical decides what of the shadows is hidden.
        let share = self.chi * high.cos / if sun_is_low { eta_eye } else { eta_sun };
        let shadowing =
            cos_emission / eta_eye * (sun.cos / eta_sun) * self.chi / (one - facing + facing * share);
        Ground { cos_incidence, cos_emission, shadowing }
    }
}
