// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disk functions: how brightness changes with incidence and emission at one phase angle. All are 1 at
//! incidence = emission = phase = 0.

use serde::{Deserialize, Serialize};

use crate::angles::Light;
use crate::number::Number;
use crate::{Hapke, LightAngles};

/// A disk function, dimensionless.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DiskFunction {
    /// `cos i`: bright, powdery or icy surfaces.
    Lambert,
    /// `2 cos i / (cos i + cos e)`: dark surfaces, single scattering (Seeliger 1887).
    #[default]
    LommelSeeliger,
    /// Akimov's function without parameters (Shkuratov et al. 2011, Planet. Space Sci. 59, 1326, eq. 19):
    /// very rough, dark surfaces.
    Akimov,
    /// `L · 2 cos i / (cos i + cos e) + (1 − L) cos i` (McEwen 1991, Icarus 92, 298, eq. 2; lunar-Lambert).
    LunarLambert {
        /// L(α) = l0 + l1 α + l2 α² + l3 α³ of the phase angle in rad.
        #[serde(rename = "weight_per_rad")]
        weight: [f64; 4],
    },
    /// `cos i ^ k · cos e ^ (k − 1)` (Minnaert 1941, Astrophys. J. 93, 403), with `k = k0 + k1 α`.
    Minnaert {
        /// k0 and, per rad, k1.
        #[serde(rename = "exponent_per_rad")]
        exponent: [f64; 2],
    },
    /// Hapke's law as a whole, divided by its value at zero angles; goes with [`crate::PhaseFunction::Constant`].
    Hapke(Hapke),
}

impl DiskFunction {
    /// The value for ground that is lit and seen; 0 otherwise.
    pub fn value(self, angles: LightAngles) -> f64 {
        if !angles.is_lit_and_seen() {
            return 0.0;
        }
        let light = Light::of(angles);
        match self {
            Self::Hapke(hapke) => hapke.iof(angles) / hapke.normal_iof(),
            _ => self.simple(&self.values(), &light),
        }
    }

    /// Free parameters of the laws but Hapke's, in the order of [`Self::names`].
    pub(crate) fn values(&self) -> Parameters {
        match self {
            Self::LunarLambert { weight } => *weight,
            Self::Minnaert { exponent: [at_zero, growth] } => [*at_zero, *growth, 0.0, 0.0],
            _ => [0.0; 4],
        }
    }

    /// The laws but Hapke's with parameters of any number type.
    #[inline(always)]
    pub(crate) fn simple<T: Number>(&self, values: &[T; 4], light: &Light<T>) -> T {
        let (incidence, emission) = (light.cos_incidence, light.cos_emission);
        match self {
            Self::Lambert | Self::Hapke(_) => incidence,
            Self::LommelSeeliger => lommel_seeliger(incidence, emission),
            Self::Akimov => akimov(light),
            Self::LunarLambert { .. } => {
                let weight = light.phase_rad.polynomial(values);
                weight * (lommel_seeliger(incidence, emission) - incidence) + incidence
            }
            Self::Minnaert { .. } => {
                let k = values[0] + values[1] * light.phase_rad;
                (incidence * emission).power(k) / emission
            }
        }
    }

    /// Names of the parameters.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        match self {
            Self::LunarLambert { .. } => {
                &["weight_0", "weight_1_per_rad", "weight_2_per_rad2", "weight_3_per_rad3"]
            }
            Self::Minnaert { .. } => &["exponent_0", "exponent_1_per_rad"],
            _ => &[],
        }
    }
}

/// Parameters of a disk function; those it does not have are 0.
pub(crate) type Parameters = [f64; 4];

#[inline(always)]
fn lommel_seeliger<T: Number>(cos_incidence: T, cos_emission: T) -> T {
    T::of(2.0) * cos_incidence / (cos_incidence + cos_emission)
}

/// Photometric longitude γ and latitude β from `cos i = cos β cos(α − γ)`, `cos e = cos β cos γ`; then
/// `D = cos(α/2) cos[π/(π−α) (γ − α/2)] (cos β)^(α/(π−α)) / cos γ`.
#[inline(always)]
fn akimov<T: Number>(light: &Light<T>) -> T {
    /// Below it the function is 1 to rounding, rad.
    const NO_PHASE_RAD: f64 = 1e-7;
    let pi = T::of(std::f64::consts::PI);
    let alpha = light.phase_rad;
    let sin_alpha = light.sin_phase().at_least(1e-12);
    let (along, across) =
        (light.cos_incidence - light.cos_emission * light.cos_phase(), light.cos_emission * sin_alpha);
    let length = (along.square() + across.square()).sqrt().at_least(1e-300);
    let gamma = (along / across).atan();
    let cos_gamma = across / length;
    let cos_beta = (length / sin_alpha).at_most(1.0);
    let rest = (pi - alpha).at_least(1e-9);
    let stretched = (pi / rest * (gamma - T::of(0.5) * alpha))
        .at_most(std::f64::consts::FRAC_PI_2)
        .at_least(-std::f64::consts::FRAC_PI_2);
    let d = light.cos_half * stretched.cos() * cos_beta.power(alpha / rest) / cos_gamma;
    if alpha.value() < NO_PHASE_RAD { T::of(1.0) } else { d.at_least(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_testkit::{skip, truth_case};

    /// Double precision with a few trigonometric steps.
    const FORMULA: f64 = 1e-9;

    #[test]
    fn p01_lommel_seeliger_equals_the_published_values() {
        for (i, e, expected) in [(30.0, 40.0, 1.061260221708745), (60.0, 0.0, 0.6666666666666666)] {
            let value = DiskFunction::LommelSeeliger.value(LightAngles::from_degrees(i, e, 0.0));
            assert!((value - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn p02_akimov_equals_the_truth_set() {
        let Some(case) = truth_case("P02") else {
            return skip("p02_akimov_equals_the_truth_set", "no data folder");
        };
        let expected = case["expect"]["D"].as_array().unwrap();
        for (angles, d) in case["given"]["i_e_a"].as_array().unwrap().iter().zip(expected) {
            let of = |k: usize| angles[k].as_f64().unwrap();
            let value = DiskFunction::Akimov.value(LightAngles::from_degrees(of(0), of(1), of(2)));
            assert!((value - d.as_f64().unwrap()).abs() < FORMULA, "{angles}: {value}, expected {d}");
        }
    }

    #[test]
    fn all_are_one_at_zero_angles_and_zero_at_night() {
        let laws = [
            DiskFunction::Lambert,
            DiskFunction::LommelSeeliger,
            DiskFunction::Akimov,
            DiskFunction::LunarLambert { weight: [0.6, -0.2, 0.0, 0.0] },
            DiskFunction::Minnaert { exponent: [0.55, 0.1] },
            DiskFunction::Hapke(Hapke::default()),
        ];
        for disk in laws {
            assert!((disk.value(LightAngles::from_degrees(0.0, 0.0, 0.0)) - 1.0).abs() < FORMULA);
            assert_eq!(disk.value(LightAngles::from_degrees(91.0, 10.0, 90.0)), 0.0);
            assert_eq!(disk.value(LightAngles::from_degrees(10.0, 91.0, 90.0)), 0.0);
        }
    }

    #[test]
    fn mixed_laws_meet_lambert_and_lommel_seeliger_at_their_ends() {
        let at = LightAngles::from_degrees(50.0, 20.0, 65.0);
        let lunar = |l: f64| DiskFunction::LunarLambert { weight: [l, 0.0, 0.0, 0.0] }.value(at);
        assert!((lunar(0.0) - DiskFunction::Lambert.value(at)).abs() < 1e-15);
        assert!((lunar(1.0) - DiskFunction::LommelSeeliger.value(at)).abs() < 1e-15);
        let minnaert = DiskFunction::Minnaert { exponent: [1.0, 0.0] }.value(at);
        assert!((minnaert - DiskFunction::Lambert.value(at)).abs() < 1e-15);
        // By hand at 1 rad: k = 0.5 + 0.1; (cos 50° cos 20°)^0.6 / cos 20°.
        let at = LightAngles { phase_rad: 1.0, ..at };
        let (mu0, mu) = (50f64.to_radians().cos(), 20f64.to_radians().cos());
        let expected = mu0.powf(0.6) * mu.powf(-0.4);
        let found = DiskFunction::Minnaert { exponent: [0.5, 0.1] }.value(at);
        assert!((found - expected).abs() < 1e-14);
        // L = 0.9 − 0.4 + 0.1 − 0.05 = 0.55 at 1 rad.
        let found = DiskFunction::LunarLambert { weight: [0.9, -0.4, 0.1, -0.05] }.value(at);
        let expected = 0.55 * 2.0 * mu0 / (mu0 + mu) + 0.45 * mu0;
        assert!((found - expected).abs() < 1e-14);
    }
}
