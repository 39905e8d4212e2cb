// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a frame-transfer detector does to light. Used forward by the simulation, backward by the calibration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Band;

mod dark;
mod linearity;
mod smear;

pub use dark::DarkLaw;
pub use linearity::Linearity;
pub use smear::{ClearMode, ShiftDirection, SmearModel};

/// Constants of a detector behind one filter. Part of a camera's TOML file, where each value has its source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// Data number of an unexposed pixel, DN.
    pub bias_dn: f64,
    /// Data numbers per electron, DN/e.
    pub gain_dn_per_e: f64,
    /// Read-out noise, one sigma, electrons.
    pub read_noise_e: f64,
    /// Charge a pixel holds, electrons.
    pub full_well_e: f64,
    /// Bits of the converter; data numbers end at 2^bits − 1.
    pub converter_bits: u32,
    /// Dark current at the working temperature, electrons per second.
    pub dark_e_per_s: f64,
    /// Time to shift the whole image into the storage area, s; the source of read-out smear.
    pub transfer_s: f64,
    /// Lines that pass in `transfer_s`.
    pub transfer_lines: u32,
    /// Signal per spectral radiance, DN s⁻¹ / (W m⁻² sr⁻¹ nm⁻¹).
    pub responsivity_dn_per_s: f64,
    /// Solar spectral irradiance over the filter at 1 au, W m⁻² nm⁻¹.
    pub solar_irradiance_w_m2_nm: f64,
    /// Full width at half maximum of the point-spread function (taken as a Gaussian), pixels.
    pub psf_fwhm_px: f64,
    /// How the dark current follows the temperature; without it `dark_e_per_s` holds at every temperature.
    #[serde(default)]
    pub dark: DarkLaw,
    /// How data numbers above bias follow the charge; without it in proportion.
    #[serde(default)]
    pub linearity: Linearity,
    /// Which lines a packet passes under light; without it those of the read-out only, towards growing lines.
    #[serde(default)]
    pub smear: SmearModel,
    /// Wavelengths the filter passes, where known.
    #[serde(default)]
    pub band: Option<Band>,
    /// How well the constants are known; without it as if exactly.
    #[serde(default)]
    pub errors: KnownErrors,
    /// Where each value comes from, by its key; a text that begins with `ASSUMED` marks a value nobody published.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
}

/// How well the constants of a detector are known, one sigma.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KnownErrors {
    /// Flat field, pixel to pixel, fraction of the signal (random: goes into each pixel's sigma).
    pub flat_fraction: f64,
    /// Read-out smear, fraction of the smear removed (random: goes into each pixel's sigma).
    pub smear_fraction: f64,
    /// Dark current, fraction (common to all pixels: an error of the zero).
    pub dark_fraction: f64,
    /// Bias, DN (common to all pixels: an error of the zero).
    pub bias_dn: f64,
    /// Responsivity, fraction (common to all pixels: an error of the scale).
    pub responsivity_fraction: f64,
    /// Level of the flat field, fraction (common to all pixels: an error of the scale).
    pub flat_level_fraction: f64,
}

impl Detector {
    /// The largest data number that is not saturated, DN: converter end or full well, whichever comes first.
    pub fn saturation_dn(&self) -> f64 {
        let converter_end_dn = f64::from(2u32.saturating_pow(self.converter_bits)) - 1.0;
        converter_end_dn.min(self.bias_dn + self.full_well_e * self.gain_dn_per_e)
    }

    /// Dark current at a temperature, electrons per second, and whether the law had to be extrapolated. Without a
    /// temperature `dark_e_per_s` is returned.
    pub fn dark_at_e_per_s(&self, temperature_k: Option<f64>) -> (f64, bool) {
        temperature_k.map_or((self.dark_e_per_s, false), |k| self.dark.at_e_per_s(self.dark_e_per_s, k))
    }

    /// What smear adds per line below (larger line number) and above a pixel, as a fraction of the signal that
    /// line collects in an exposure of `exposure_s`.
    pub fn smear_ratios(&self, exposure_s: f64) -> [f64; 2] {
        self.smear.line_times_s(self.line_transfer_s(), self.transfer_lines).map(|s| s / exposure_s)
    }

    /// Where the value of a key comes from.
    pub fn source(&self, key: &str) -> &str {
        self.sources.get(key).map_or("not stated", String::as_str)
    }

    /// What makes the constants unusable, if anything: key and value.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let not_negative = |value: f64| value >= 0.0 && value.is_finite();
        let checks = [
            ("bias_dn", self.bias_dn, self.bias_dn.is_finite()),
            ("gain_dn_per_e", self.gain_dn_per_e, positive(self.gain_dn_per_e)),
            ("read_noise_e", self.read_noise_e, not_negative(self.read_noise_e)),
            ("full_well_e", self.full_well_e, positive(self.full_well_e)),
            ("dark_e_per_s", self.dark_e_per_s, not_negative(self.dark_e_per_s)),
            ("transfer_s", self.transfer_s, not_negative(self.transfer_s)),
            ("transfer_lines", f64::from(self.transfer_lines), self.transfer_lines > 0),
            ("responsivity_dn_per_s", self.responsivity_dn_per_s, positive(self.responsivity_dn_per_s)),
        ];
        let bad = checks.iter().find(|(.., fine)| !fine).map(|(key, value, _)| (*key, value.to_string()));
        bad.or_else(|| self.dark.problem())
            .or_else(|| self.linearity.problem())
            .or_else(|| self.smear.problem())
    }

    /// Time a charge packet spends over each line while it is shifted, s.
    pub fn line_transfer_s(&self) -> f64 {
        self.transfer_s / f64::from(self.transfer_lines)
    }

    /// Data numbers per second above bias for I/F = 1 at a distance from the Sun in au.
    ///
    /// # Source
    /// Radiance of a perfect Lambert disc facing the Sun: `L = F / (π d²)`.
    pub fn dn_per_s_at_unit_iof(&self, sun_distance_au: f64) -> f64 {
        let radiance =
            self.solar_irradiance_w_m2_nm / (std::f64::consts::PI * sun_distance_au * sun_distance_au);
        self.responsivity_dn_per_s * radiance
    }

    /// Sigma of the Gaussian point-spread function, pixels.
    pub fn psf_sigma_px(&self) -> f64 {
        // FWHM = 2 sqrt(2 ln 2) sigma.
        self.psf_fwhm_px / (8.0 * std::f64::consts::LN_2).sqrt()
    }
}
