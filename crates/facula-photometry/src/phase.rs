// SPDX-License-Identifier: MIT OR Apache-2.0
//! Phase functions: how brightness falls with the phase angle, of surfaces and of whole discs.

use serde::{Deserialize, Serialize};

use crate::LightAngles;
use crate::angles::Light;
use crate::number::Number;

mod hg;
mod spline;

use hg::{hg_of, hg1g2_of};
pub use hg::{hg_phase, hg1g2_phase};

/// A phase function of a surface, dimensionless. Those of one parameter are 1 at phase 0; the others are what their
/// coefficients make of it (often the brightness itself).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PhaseFunction {
    /// 1: with [`crate::DiskFunction::Hapke`], or for one phase angle only.
    #[default]
    Constant,
    /// `Φ_HG(α, G) / Φ_LS(α)`: with the Lommel-Seeliger disk function a sphere has exactly the IAU H, G phase function.
    HgSphere {
        /// G.
        slope: f64,
    },
    /// The IAU H, G function itself ([`hg_phase`]).
    Hg {
        /// G.
        slope: f64,
    },
    /// `Φ(α; G1, G2) / Φ_LS(α)`, as [`Self::HgSphere`] with the three-parameter function.
    Hg1g2Sphere {
        /// G1 and G2.
        slopes: [f64; 2],
    },
    /// The IAU H, G1, G2 function itself ([`hg1g2_phase`]).
    Hg1g2 {
        /// G1 and G2.
        slopes: [f64; 2],
    },
    /// `C0 e^(−C1 α) + C2 e^(−C3 α) + A0 + A1 α + … + A4 α⁴`: the form of the Robotic Lunar Observatory (Hillier et al.
    /// 1999, Icarus 141, 205, eq. 6; there C2 = 0), α in rad.
    Rolo {
        /// C0, C1 (per rad), C2, C3 (per rad).
        exponentials: [f64; 4],
        /// A0, A1 per rad, … A4 per rad⁴.
        polynomial: [f64; 5],
    },
    /// `A0 + A1 α + … + A4 α⁴`, α in rad.
    Polynomial {
        /// A0, A1 per rad, … A4 per rad⁴.
        coefficients: [f64; 5],
    },
    /// `10^(−0.4 (β1 α + β2 α² + β3 α³))`: a polynomial in magnitudes (Takir et al. 2015, Icarus 252, 393, eq. 6; Li et
    /// al. 2013, Icarus 226, 1252), 1 at phase 0, α in rad.
    Magnitudes {
        /// β1 in mag per rad, β2 per rad², β3 per rad³.
        coefficients: [f64; 3],
    },
    /// `e^(−ν α)` (Schröder et al. 2013, Planet. Space Sci. 85, 198, eq. 9), 1 at phase 0.
    Exponential {
        /// ν per rad.
        decay: f64,
    },
}

/// Parameters of a phase function; those it does not have are 0.
pub(crate) type Parameters = [f64; 9];

const ROLO_NAMES: [&str; 9] = [
    "rolo_c0",
    "rolo_c1_per_rad",
    "rolo_c2",
    "rolo_c3_per_rad",
    "rolo_a0",
    "rolo_a1_per_rad",
    "rolo_a2_per_rad2",
    "rolo_a3_per_rad3",
    "rolo_a4_per_rad4",
];
const POLYNOMIAL_NAMES: [&str; 5] =
    ["phase_0", "phase_1_per_rad", "phase_2_per_rad2", "phase_3_per_rad3", "phase_4_per_rad4"];

impl PhaseFunction {
    /// The value at a phase angle from 0 to π.
    pub fn value(&self, phase_rad: f64) -> f64 {
        self.of(&self.values(), &Light::of(LightAngles { phase_rad, ..LightAngles::ZERO }))
    }

    /// Names of the parameters.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        match self {
            Self::Constant => &[],
            Self::HgSphere { .. } | Self::Hg { .. } => &["phase_slope"],
            Self::Hg1g2Sphere { .. } | Self::Hg1g2 { .. } => &["phase_slope_1", "phase_slope_2"],
            Self::Rolo { .. } => &ROLO_NAMES,
            Self::Polynomial { .. } => &POLYNOMIAL_NAMES,
            Self::Magnitudes { .. } => &["phase_mag_per_rad", "phase_mag_per_rad2", "phase_mag_per_rad3"],
            Self::Exponential { .. } => &["phase_decay_per_rad"],
        }
    }

    pub(crate) fn values(&self) -> Parameters {
        let mut values = [0.0; 9];
        let of: &[f64] = match self {
            Self::Constant => &[],
            Self::HgSphere { slope } | Self::Hg { slope } => std::slice::from_ref(slope),
            Self::Hg1g2Sphere { slopes } | Self::Hg1g2 { slopes } => slopes,
            Self::Rolo { exponentials, polynomial } => {
                values[4..].copy_from_slice(polynomial);
                exponentials
            }
            Self::Polynomial { coefficients } => coefficients,
            Self::Magnitudes { coefficients } => coefficients,
            Self::Exponential { decay } => std::slice::from_ref(decay),
        };
        values[..of.len()].copy_from_slice(of);
        values
    }

    pub(crate) fn with_values(&self, v: &Parameters) -> Self {
        match self {
            Self::Constant => Self::Constant,
            Self::HgSphere { .. } => Self::HgSphere { slope: v[0] },
            Self::Hg { .. } => Self::Hg { slope: v[0] },
            Self::Hg1g2Sphere { .. } => Self::Hg1g2Sphere { slopes: [v[0], v[1]] },
            Self::Hg1g2 { .. } => Self::Hg1g2 { slopes: [v[0], v[1]] },
            Self::Rolo { .. } => Self::Rolo {
                exponentials: [v[0], v[1], v[2], v[3]],
                polynomial: [v[4], v[5], v[6], v[7], v[8]],
            },
            Self::Polynomial { .. } => Self::Polynomial { coefficients: [v[0], v[1], v[2], v[3], v[4]] },
            Self::Magnitudes { .. } => Self::Magnitudes { coefficients: [v[0], v[1], v[2]] },
            Self::Exponential { .. } => Self::Exponential { decay: v[0] },
        }
    }

    /// The function with parameters of any number type.
    #[inline(always)]
    pub(crate) fn of<T: Number>(&self, v: &[T; 9], light: &Light<T>) -> T {
        let alpha = light.phase_rad;
        match self {
            Self::Constant => T::of(1.0),
            Self::HgSphere { .. } => hg_of(v[0], light) / sphere_of(light),
            Self::Hg { .. } => hg_of(v[0], light),
            Self::Hg1g2Sphere { .. } => hg1g2_of([v[0], v[1]], alpha) / sphere_of(light),
            Self::Hg1g2 { .. } => hg1g2_of([v[0], v[1]], alpha),
            Self::Rolo { .. } => {
                v[0] * (-(v[1] * alpha)).exp()
                    + v[2] * (-(v[3] * alpha)).exp()
                    + alpha.polynomial(&[v[4], v[5], v[6], v[7], v[8]])
            }
            Self::Polynomial { .. } => alpha.polynomial(&[v[0], v[1], v[2], v[3], v[4]]),
            Self::Magnitudes { .. } => {
                let magnitudes = alpha * alpha.polynomial(&[v[0], v[1], v[2]]);
                (magnitudes * T::of(-0.4 * std::f64::consts::LN_10)).exp()
            }
            Self::Exponential { .. } => (-(v[0] * alpha)).exp(),
        }
    }
}

/// The phase function of a sphere that scatters after Lommel and Seeliger, 1 at phase 0:
/// `1 − sin(α/2) tan(α/2) ln cot(α/4)`.
pub fn lommel_seeliger_sphere_phase(phase_rad: f64) -> f64 {
    sphere_of(&Light::of(LightAngles { phase_rad, ..LightAngles::ZERO }))
}

#[inline(always)]
fn sphere_of<T: Number>(light: &Light<T>) -> T {
    // tan(α/4) = sin(α/2) / (1 + cos(α/2)).
    let tan_quarter = light.sin_half / (T::of(1.0) + light.cos_half);
    T::of(1.0) + light.sin_half * light.tan_half() * tan_quarter.at_least(1e-30).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p03_lommel_seeliger_sphere_equals_the_analytic_values() {
        let expected = [(30.0, 0.8593859555861373), (60.0, 0.6198270018495269), (90.0, 0.3767747598597697)];
        for (alpha, phi) in expected {
            assert!((lommel_seeliger_sphere_phase(f64::to_radians(alpha)) - phi).abs() < 1e-6);
        }
        assert_eq!(lommel_seeliger_sphere_phase(0.0), 1.0);
    }

    #[test]
    fn ceres_is_as_bright_as_the_truth_set_says() {
        // Case E12: V = 8.96971 for H = 3.34, G = 0.12 at phase 20.0724 deg, 2.89283 au and 2.85971 au.
        let phase = 20.072361612930024f64.to_radians();
        let v = 3.34 + 5.0 * (2.8928314368324997f64 * 2.859714697062976).log10()
            - 2.5 * hg_phase(phase, 0.12).log10();
        assert!((v - 8.969712474808274).abs() < 0.02, "{v}");
    }

    #[test]
    fn forms_are_what_their_formulas_say_at_one_radian() {
        let rolo = PhaseFunction::Rolo {
            exponentials: [0.5, 2.0, 0.25, 1.0],
            polynomial: [0.1, -0.02, 0.003, -0.0004, 0.00005],
        };
        let expected = 0.5 * (-2.0f64).exp() + 0.25 * (-1.0f64).exp() + 0.08265;
        assert!((rolo.value(1.0) - expected).abs() < 1e-15);
        let magnitudes = PhaseFunction::Magnitudes { coefficients: [2.0, -0.5, 0.25] };
        assert!((magnitudes.value(1.0) - 10f64.powf(-0.4 * 1.75)).abs() < 1e-15);
        assert!((PhaseFunction::Exponential { decay: 1.3 }.value(0.5) - (-0.65f64).exp()).abs() < 1e-15);
        let polynomial = PhaseFunction::Polynomial { coefficients: [1.0, -0.5, 0.25, -0.1, 0.05] };
        assert!((polynomial.value(1.0) - 0.7).abs() < 1e-15);
        assert_eq!(PhaseFunction::Constant.value(2.0), 1.0);
    }

    #[test]
    fn parameters_go_out_and_come_back() {
        let values = [0.3, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005];
        let all = [
            PhaseFunction::Constant,
            PhaseFunction::HgSphere { slope: 0.0 },
            PhaseFunction::Hg { slope: 0.0 },
            PhaseFunction::Hg1g2Sphere { slopes: [0.0; 2] },
            PhaseFunction::Hg1g2 { slopes: [0.0; 2] },
            PhaseFunction::Rolo { exponentials: [0.0; 4], polynomial: [0.0; 5] },
            PhaseFunction::Polynomial { coefficients: [0.0; 5] },
            PhaseFunction::Magnitudes { coefficients: [0.0; 3] },
            PhaseFunction::Exponential { decay: 0.0 },
        ];
        for form in all {
            let count = form.names().len();
            assert_eq!(form.with_values(&values).values()[..count], values[..count], "{form:?}");
        }
    }
}
