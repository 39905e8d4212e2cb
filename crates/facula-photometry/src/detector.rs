// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a frame-transfer detector does to light. Used forward by the simulation, backward by the calibration.

use serde::{Deserialize, Serialize};

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
}

impl Detector {
    /// The largest data number that is not saturated, DN: converter end or full well, whichever comes first.
    pub fn saturation_dn(&self) -> f64 {
        let converter_end_dn = f64::from(2u32.saturating_pow(self.converter_bits)) - 1.0;
        converter_end_dn.min(self.bias_dn + self.full_well_e * self.gain_dn_per_e)
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
