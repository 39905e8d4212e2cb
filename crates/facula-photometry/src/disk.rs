// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disk functions: how brightness changes with incidence and emission at one phase angle. All are 1 at
//! incidence = emission = phase = 0.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::LightAngles;

/// A disk function, dimensionless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
}

impl DiskFunction {
    /// The value for ground that is lit and seen; 0 otherwise.
    pub fn value(self, angles: LightAngles) -> f64 {
        if !angles.is_lit_and_seen() {
            return 0.0;
        }
        match self {
            Self::Lambert => angles.cos_incidence,
            Self::LommelSeeliger => 2.0 * angles.cos_incidence / (angles.cos_incidence + angles.cos_emission),
            Self::Akimov => akimov(angles),
        }
    }
}

/// Photometric longitude γ and latitude β from `cos i = cos β cos(α − γ)`, `cos e = cos β cos γ`; then
/// `D = cos(α/2) cos[π/(π−α) (γ − α/2)] (cos β)^(α/(π−α)) / cos γ`.
fn akimov(angles: LightAngles) -> f64 {
    let alpha = angles.phase_rad;
    if alpha >= PI {
        return 0.0;
    }
    let gamma = if alpha < 1e-9 {
        0.0
    } else {
        (angles.cos_incidence - angles.cos_emission * alpha.cos()).atan2(angles.cos_emission * alpha.sin())
    };
    let cos_beta = (angles.cos_emission / gamma.cos()).clamp(0.0, 1.0);
    let stretched = PI / (PI - alpha) * (gamma - alpha / 2.0);
    (alpha / 2.0).cos() * stretched.cos() * cos_beta.powf(alpha / (PI - alpha)) / gamma.cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_testkit::{skip, truth_case};

    /// Double precision with a few trigonometric steps.
    const FORMULA: f64 = 1e-9;

    #[test]
    fn lommel_seeliger_equals_the_published_values() {
        // Case P01.
        for (i, e, expected) in [(30.0, 40.0, 1.061260221708745), (60.0, 0.0, 0.6666666666666666)] {
            let value = DiskFunction::LommelSeeliger.value(LightAngles::from_degrees(i, e, 0.0));
            assert!((value - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn akimov_equals_the_truth_set() {
        let Some(case) = truth_case("P02") else {
            return skip("akimov_equals_the_truth_set", "no data folder");
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
        for disk in [DiskFunction::Lambert, DiskFunction::LommelSeeliger, DiskFunction::Akimov] {
            assert!((disk.value(LightAngles::from_degrees(0.0, 0.0, 0.0)) - 1.0).abs() < FORMULA);
            assert_eq!(disk.value(LightAngles::from_degrees(91.0, 10.0, 90.0)), 0.0);
            assert_eq!(disk.value(LightAngles::from_degrees(10.0, 91.0, 90.0)), 0.0);
        }
    }
}
