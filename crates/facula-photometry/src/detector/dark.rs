// SPDX-License-Identifier: MIT OR Apache-2.0
//! How dark current follows the temperature of the detector.

use serde::{Deserialize, Serialize};

/// Boltzmann constant, electron volts per kelvin (SI 2019, exact to the digits given).
const BOLTZMANN_EV_PER_K: f64 = 8.617_333_262e-5;

/// Dark current against temperature.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DarkLaw {
    /// The same at every temperature.
    #[default]
    Constant,
    /// `D(T) = dark_e_per_s · exp(E/k · (1/T0 − 1/T))`: thermal generation with one activation energy.
    ///
    /// # Source
    /// Widenhorn et al. 2002, Proc. SPIE 4669, 193, equation 6, without its slow factor `T^(3/2)`.
    Arrhenius {
        /// Temperature T0 at which `dark_e_per_s` holds, K.
        reference_k: f64,
        /// Activation energy E, eV (silicon: about 0.6).
        activation_ev: f64,
    },
    /// Measured: logarithm of the current interpolated linearly between temperatures, held beyond the ends.
    Table {
        /// Temperatures, growing, K.
        temperature_k: Vec<f64>,
        /// Dark current at them, electrons per second, positive.
        current_e_per_s: Vec<f64>,
    },
}

impl DarkLaw {
    /// Dark current at a temperature, electrons per second, given the detector's constant; and whether the
    /// temperature lies outside the table.
    pub(super) fn at_e_per_s(&self, constant_e_per_s: f64, temperature_k: f64) -> (f64, bool) {
        match self {
            Self::Constant => (constant_e_per_s, false),
            Self::Arrhenius { reference_k, activation_ev } => {
                let exponent = activation_ev / BOLTZMANN_EV_PER_K * (1.0 / reference_k - 1.0 / temperature_k);
                (constant_e_per_s * exponent.exp(), false)
            }
            Self::Table { temperature_k: at, current_e_per_s } => {
                let next = at.partition_point(|k| *k < temperature_k).clamp(1, at.len() - 1);
                let place = (temperature_k - at[next - 1]) / (at[next] - at[next - 1]);
                let held = place.clamp(0.0, 1.0);
                let (low, high) = (current_e_per_s[next - 1].ln(), current_e_per_s[next].ln());
                ((low + (high - low) * held).exp(), held != place)
            }
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Constant => None,
            Self::Arrhenius { reference_k, activation_ev } => {
                let fine = *reference_k > 0.0 && activation_ev.is_finite();
                (!fine).then(|| ("dark", format!("reference {reference_k} K, activation {activation_ev} eV")))
            }
            Self::Table { temperature_k, current_e_per_s } => {
                let growing = temperature_k.windows(2).all(|pair| pair[0] < pair[1]);
                let positive = current_e_per_s.iter().all(|e| *e > 0.0 && e.is_finite());
                let fine = temperature_k.len() == current_e_per_s.len() && temperature_k.len() > 1;
                (!(growing && positive && fine))
                    .then(|| ("dark", format!("table {temperature_k:?} K, {current_e_per_s:?} e/s")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of the constants.
    const FRACTION: f64 = 1e-6;

    #[test]
    fn arrhenius_grows_by_its_activation_energy() {
        let law = DarkLaw::Arrhenius { reference_k: 293.0, activation_ev: 0.6 };
        // exp(0.6 / 8.617333e-5 * (1/293 - 1/299)) computed with numpy 2: 1.6110077256741826.
        let (at, outside) = law.at_e_per_s(100.0, 299.0);
        assert!((at / 161.100_772_567 - 1.0).abs() < FRACTION && !outside, "{at}");
        assert_eq!(law.at_e_per_s(100.0, 293.0).0, 100.0);
    }

    #[test]
    fn a_table_is_exact_at_its_points_and_held_beyond_them() {
        let law = DarkLaw::Table {
            temperature_k: vec![220.0, 230.0, 250.0],
            current_e_per_s: vec![1.0, 10.0, 1000.0],
        };
        assert!(law.problem().is_none());
        for (k, wanted, outside) in
            [(220.0, 1.0, false), (225.0, 10f64.sqrt(), false), (240.0, 100.0, false), (260.0, 1000.0, true)]
        {
            let (found, told) = law.at_e_per_s(0.0, k);
            assert!((found / wanted - 1.0).abs() < FRACTION && told == outside, "{k} {found}");
        }
        assert!(law.at_e_per_s(0.0, 200.0).1);
    }

    #[test]
    fn tables_that_cannot_be_interpolated_are_refused() {
        let table = |temperature_k: &[f64], current: &[f64]| DarkLaw::Table {
            temperature_k: temperature_k.to_vec(),
            current_e_per_s: current.to_vec(),
        };
        assert!(table(&[1.0], &[1.0]).problem().is_some());
        assert!(table(&[2.0, 1.0], &[1.0, 1.0]).problem().is_some());
        assert!(table(&[1.0, 2.0], &[1.0, 0.0]).problem().is_some());
        assert!(table(&[1.0, 2.0], &[1.0, 3.0]).problem().is_none());
    }
}
