// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hapke's law: light scattered by a particulate, rough surface.
//!
//! # Source
//! Hapke 2012, Theory of Reflectance and Emittance Spectroscopy, 2nd edition, chapters 7 to 12; roughness as in Hapke
//! 1984, Icarus 59, 41; backscatter of coherent light and the better H function as in Hapke 2002, Icarus 157, 523.

use serde::{Deserialize, Serialize};

use crate::LightAngles;
use crate::angles::Light;
use crate::number::Number;

mod particle;
mod roughness;

use particle::Lobes;
pub use particle::ParticlePhase;
use roughness::{Ground, Roughness};

/// Approximation of Chandrasekhar's H function for isotropic scatterers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HFunction {
    /// `(1 + 2x)/(1 + 2xγ)`: Hapke 1981, J. Geophys. Res. 86, 3039, eq. 10; up to 4 % off.
    Hapke1981,
    /// `1/[1 − w x (r0 + (1 − 2 r0 x)/2 · ln((1 + x)/x))]`: Hapke 2002, eq. 13; up to 1 % off.
    #[default]
    Hapke2002,
}

impl HFunction {
    /// H(x) for a single-scattering albedo from 0 to 1; `abscissa` is the cosine of an angle (over the porosity
    /// factor), 0 or more.
    pub fn value(self, abscissa: f64, single_scattering_albedo: f64) -> f64 {
        self.of(abscissa, single_scattering_albedo, (1.0 - single_scattering_albedo).max(0.0).sqrt())
    }

    #[inline(always)]
    fn of<T: Number>(self, x: T, albedo: T, gamma: T) -> T {
        let (one, two) = (T::of(1.0), T::of(2.0));
        match self {
            Self::Hapke1981 => (one + two * x) / (one + two * x * gamma),
            Self::Hapke2002 => {
                let x = x.at_least(1e-12);
                let diffusive = (one - gamma) / (one + gamma);
                let log = ((one + x) / x).ln();
                one / (one - albedo * x * (diffusive + (T::of(0.5) - diffusive * x) * log))
            }
        }
    }
}

/// A surge of brightness towards phase 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// Height B0 at phase 0, dimensionless; 0 switches it off.
    pub amplitude: f64,
    /// Width h, tangent of half the phase angle where it falls to about half, dimensionless, above 0.
    pub angular_width: f64,
}

/// Parameters of Hapke's law, dimensionless but the roughness. The default is a dark, smooth, isotropic powder without
/// surges, w = 0.1.
///
/// I/F is `K (w/4) μ0e/(μ0e + μe) [p(α)(1 + B_S) + H(μ0e/K) H(μe/K) − 1] (1 + B_C) S(i, e, ψ)` (2012, eq. 12.55 times π).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hapke {
    /// Single-scattering albedo w, 0 to 1.
    pub single_scattering_albedo: f64,
    /// Phase function of a particle.
    pub particle: ParticlePhase,
    /// Surge by shadow hiding, `B_S = B0 / (1 + tan(α/2)/h)` (2012, eq. 9.22). Multiplies single scattering.
    #[serde(default)]
    pub shadow_hiding: Surge,
    /// Surge by coherent backscatter (2002, eq. 32). Multiplies all light.
    #[serde(default)]
    pub coherent_backscatter: Surge,
    /// Mean slope angle theta-bar of unresolved roughness, rad, 0 to below π/3.
    #[serde(default)]
    pub roughness_rad: f64,
    /// Filling factor φ of the powder, 0 to 0.75; 0 means porosity is left out, K = 1 (2012, eq. 7.45).
    #[serde(default)]
    pub filling_fraction: f64,
    /// Approximation of multiple scattering.
    #[serde(default)]
    pub multiple: HFunction,
}

impl Default for Hapke {
    fn default() -> Self {
        Self {
            single_scattering_albedo: 0.1,
            particle: ParticlePhase::Isotropic,
            shadow_hiding: Surge::default(),
            coherent_backscatter: Surge::default(),
            roughness_rad: 0.0,
            filling_fraction: 0.0,
            multiple: HFunction::default(),
        }
    }
}

impl Hapke {
    /// Names of the parameters in the order of [`Self::values`].
    pub(crate) const NAMES: [&str; 9] = [
        "single_scattering_albedo",
        "particle_1",
        "particle_2",
        "shadow_hiding_amplitude",
        "shadow_hiding_width",
        "coherent_backscatter_amplitude",
        "coherent_backscatter_width",
        "roughness_rad",
        "filling_fraction",
    ];

    /// I/F (the radiance factor); 0 where the ground is not lit or not seen.
    pub fn iof(&self, light: LightAngles) -> f64 {
        if !light.is_lit_and_seen() {
            return 0.0;
        }
        self.prepared(&self.values()).iof(self.relief(), self.multiple, &Light::of(light))
    }

    /// I/F at incidence = emission = phase = 0.
    pub fn normal_iof(&self) -> f64 {
        self.iof(LightAngles::ZERO)
    }

    /// Porosity factor K of the filling factor, at least 1.
    ///
    /// # Source
    /// Hapke 2012, eq. 7.45: `K = −ln(1 − 1.209 φ^(2/3)) / (1.209 φ^(2/3))`.
    pub fn porosity_factor(&self) -> f64 {
        porosity(self.filling_fraction)
    }

    pub(crate) fn values(&self) -> [f64; 9] {
        let [first, second] = self.particle.values();
        [
            self.single_scattering_albedo,
            first,
            second,
            self.shadow_hiding.amplitude,
            self.shadow_hiding.angular_width,
            self.coherent_backscatter.amplitude,
            self.coherent_backscatter.angular_width,
            self.roughness_rad,
            self.filling_fraction,
        ]
    }

    pub(crate) fn with_values(&self, values: &[f64; 9]) -> Self {
        Self {
            single_scattering_albedo: values[0],
            particle: self.particle.with_values([values[1], values[2]]),
            shadow_hiding: Surge { amplitude: values[3], angular_width: values[4] },
            coherent_backscatter: Surge { amplitude: values[5], angular_width: values[6] },
            roughness_rad: values[7],
            filling_fraction: values[8],
            ..*self
        }
    }

    pub(crate) fn relief(&self) -> Relief {
        if self.roughness_rad > 0.0 { Relief::Rough } else { Relief::Smooth }
    }

    /// What does not depend on the angles; made once for many pixels.
    pub(crate) fn prepared<T: Number>(&self, values: &[T; 9]) -> Prepared<T> {
        Prepared {
            albedo: values[0],
            gamma: (T::of(1.0) - values[0]).at_least(0.0).sqrt(),
            particle: self.particle.lobes([values[1], values[2]]),
            shadow: [values[3], values[4].at_least(LEAST_WIDTH)],
            coherent: [values[5], values[6].at_least(LEAST_WIDTH)],
            rough: Roughness::of(values[7]),
            porosity: porosity(values[8]),
        }
    }
}

/// Widths of surges are taken as no smaller, so that a surge of no width has no light.
const LEAST_WIDTH: f64 = 1e-9;

/// K of the filling factor; its series where the quotient would lose its digits.
fn porosity<T: Number>(filling: T) -> T {
    if filling.value() <= 0.0 {
        return T::of(1.0);
    }
    let x = (T::of(1.209) * filling.power(T::of(2.0 / 3.0))).at_most(0.999_999);
    if x.value() < 1e-3 {
        return x.series(&[1.0, 0.5, 1.0 / 3.0, 0.25, 0.2]);
    }
    -(T::of(1.0) - x).ln() / x
}

/// Whether slopes too small to see are part of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relief {
    Smooth,
    Rough,
}

/// Constants of the law, and of nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prepared<T> {
    albedo: T,
    /// `√(1 − w)`.
    gamma: T,
    particle: Lobes<T>,
    shadow: [T; 2],
    coherent: [T; 2],
    rough: Roughness<T>,
    porosity: T,
}

impl<T: Number> Prepared<T> {
    /// I/F of ground that is lit and seen.
    #[inline(always)]
    pub(crate) fn iof(&self, relief: Relief, multiple: HFunction, light: &Light<T>) -> T {
        let one = T::of(1.0);
        let ground = match relief {
            Relief::Rough => self.rough.ground(light),
            Relief::Smooth => Ground {
                cos_incidence: light.cos_incidence,
                cos_emission: light.cos_emission,
                shadowing: one,
            },
        };
        let tan_half = light.tan_half();
        let single =
            self.particle.at(light.cos_phase()) * (one + self.shadow[0] / (one + tan_half / self.shadow[1]));
        let several = self.h(multiple, ground.cos_incidence) * self.h(multiple, ground.cos_emission) - one;
        self.porosity * self.albedo * T::of(0.25) * ground.cos_incidence
            / (ground.cos_incidence + ground.cos_emission)
            * (single + several)
            * self.coherent(tan_half)
            * ground.shadowing
    }

    #[inline(always)]
    fn h(&self, multiple: HFunction, cosine: T) -> T {
        multiple.of(cosine / self.porosity, self.albedo, self.gamma)
    }

    /// `1 + B_C`, with `B_C = B0 [1 + (1 − e^−y)/y] / [2 (1 + y)²]`, `y = tan(α/2)/h`.
    #[inline(always)]
    fn coherent(&self, tan_half: T) -> T {
        let one = T::of(1.0);
        let y = tan_half / self.coherent[1];
        let series = y.series(&[1.0, -0.5, 1.0 / 6.0, -1.0 / 24.0]);
        let quotient = (one - (-y.at_most(600.0)).exp()) / y.at_least(1e-9);
        let quotient = if y.value() < 1e-3 { series } else { quotient };
        one + self.coherent[0] * (one + quotient) * T::of(0.5) / (one + y).square()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_testkit::{skip, truth_case};

    #[test]
    fn p05_the_h_function_equals_the_truth_set() {
        let Some(case) = truth_case("P05") else {
            return skip("p05_the_h_function_equals_the_truth_set", "no data folder");
        };
        let expected = case["expect"]["H"].as_array().unwrap();
        for (x_w, h) in case["given"]["x_w"].as_array().unwrap().iter().zip(expected) {
            let found = HFunction::Hapke2002.value(x_w[0].as_f64().unwrap(), x_w[1].as_f64().unwrap());
            assert!((found - h.as_f64().unwrap()).abs() < 1e-9, "{x_w}: {found}");
        }
    }

    #[test]
    fn p06_hapke_equals_the_truth_set_with_and_without_roughness() {
        let Some(case) = truth_case("P06") else {
            return skip("p06_hapke_equals_the_truth_set", "no data folder");
        };
        let mut count = 0;
        for theta_deg in [0.0, 20.0] {
            for angles in case["given"]["i_e_a"].as_array().unwrap() {
                let [i, e, a] = [0, 1, 2].map(|k| angles[k].as_f64().unwrap());
                let key =
                    format!("IoF hapke w=.11,g=-.35,B0=1.6,h=.06,th={theta_deg} @i,e,a=({i}, {e}, {a})");
                let expected = case["expect"][&key].as_f64().unwrap();
                let law = Hapke {
                    single_scattering_albedo: 0.11,
                    particle: ParticlePhase::HenyeyGreenstein { asymmetry: -0.35 },
                    shadow_hiding: Surge { amplitude: 1.6, angular_width: 0.06 },
                    roughness_rad: f64::to_radians(theta_deg),
                    ..Hapke::default()
                };
                let found = law.iof(LightAngles::from_degrees(i, e, a));
                assert!((found / expected - 1.0).abs() < 1e-6, "{key}: {found} {expected}");
                count += 1;
            }
        }
        assert_eq!(count, 8);
    }

    #[test]
    fn h_is_near_the_exact_solution_of_chandrasekhar() {
        // H(0.2) and H(1) from Chandrasekhar's integral equation (1950, Radiative Transfer, V eq. 16), solved with numpy
        // on 200 Gauss points; for w = 1 that is 2.9078 of his table XI.
        let exact = [(0.5, [1.113461, 1.251260]), (0.9, [1.291434, 1.850099]), (1.0, [1.450351, 2.907811])];
        for (albedo, values) in exact {
            for (x, exact) in [0.2, 1.0].into_iter().zip(values) {
                let [simple, better] =
                    [HFunction::Hapke1981, HFunction::Hapke2002].map(|h| h.value(x, albedo) / exact - 1.0);
                assert!(simple.abs() < 0.04 && better.abs() < 0.01, "{albedo} {x}: {simple} {better}");
            }
        }
    }

    #[test]
    fn porosity_brightens_and_its_series_meets_the_formula() {
        // φ = 0.3: x = 1.209 · 0.3^(2/3) = 0.5418010; −ln(1 − x)/x.
        let law = Hapke { filling_fraction: 0.3, ..Hapke::default() };
        let x = 1.209 * 0.3f64.powf(2.0 / 3.0);
        assert!((law.porosity_factor() + (1.0 - x).ln() / x).abs() < 1e-14);
        let [below, above] = [2.377e-5, 2.38e-5].map(porosity::<f64>);
        assert!((above - below).abs() < 1e-6 && below > 1.0);
        assert!(law.normal_iof() > Hapke::default().normal_iof());
    }

    #[test]
    fn surges_are_full_at_phase_zero_and_halved_at_their_width() {
        let plain = Hapke::default();
        let coherent = Hapke { coherent_backscatter: Surge { amplitude: 0.5, angular_width: 0.02 }, ..plain };
        assert!((coherent.normal_iof() / plain.normal_iof() - 1.5).abs() < 1e-12);
        let at = LightAngles { phase_rad: 2.0 * 0.02f64.atan(), ..LightAngles::ZERO };
        // y = 1: (1 + 1 − 1/e) / 8.
        let expected = 1.0 + 0.5 * (2.0 - (-1.0f64).exp()) / 8.0;
        assert!((coherent.iof(at) / plain.iof(at) - expected).abs() < 1e-12);
    }
}
