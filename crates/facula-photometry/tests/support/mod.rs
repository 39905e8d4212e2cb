// SPDX-License-Identifier: MIT OR Apache-2.0
//! A detector written from its description, one pixel at a time, sharing nothing with the calibration but its constants.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;

use facula_core::{FrameMeta, Level, Quality, Raster, RawFrame, parse_utc};
use facula_photometry::{ClearMode, Detector, ShiftDirection};

/// A detector like the Dawn framing camera's.
pub fn detector() -> Detector {
    Detector {
        bias_dn: 269.0,
        gain_dn_per_e: 0.0565,
        read_noise_e: 20.0,
        full_well_e: 320_000.0,
        converter_bits: 14,
        dark_e_per_s: 1.0,
        transfer_s: 1.32e-3,
        transfer_lines: 1056,
        responsivity_dn_per_s: 4.0e7,
        solar_irradiance_w_m2_nm: 1.3,
        psf_fwhm_px: 1.3,
        dark: Default::default(),
        linearity: Default::default(),
        smear: Default::default(),
        band: None,
        errors: Default::default(),
        sources: Default::default(),
    }
}

/// A raw frame of data numbers.
pub fn raw(dn: Raster<f32>, exposure_s: f64, temperature_k: Option<f64>) -> RawFrame {
    let quality = dn.map(|_| Quality::GOOD);
    let meta = FrameMeta {
        id: "T1".into(),
        target: "ceres".into(),
        instrument: "test".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        exposure_s,
        detector_temperature_k: temperature_k,
        level: Level::Raw,
        keywords: BTreeMap::new(),
    };
    RawFrame { meta, dn, quality, pose: None }
}

/// Charge of a frame, electrons, before noise: the packet of each pixel is followed over the lines it passes, line by
/// line, before, during and after the exposure. `rate_e_per_s` is what light gives at each pixel.
pub fn charge_e(rate_e_per_s: &Raster<f32>, detector: &Detector, exposure_s: f64) -> Raster<f64> {
    let (width, height) = (rate_e_per_s.width(), rate_e_per_s.height() as i64);
    let step = if detector.smear.direction == ShiftDirection::Growing { 1 } else { -1 };
    let read_s = detector.transfer_s / f64::from(detector.transfer_lines);
    let mut charge = Raster::filled(width, height as usize, 0.0f64);
    for sample in 0..width {
        let light = |line: i64| {
            if (0..height).contains(&line) { f64::from(rate_e_per_s.at(sample, line as usize)) } else { 0.0 }
        };
        for line in 0..height {
            let mut collected = light(line) * exposure_s;
            // After: out of the field with the shift, from the next line on.
            let mut at = line + step;
            while (0..height).contains(&at) {
                collected += light(at) * read_s;
                at += step;
            }
            // Before: into place, against the path it came from.
            let (came_from, clear_s) = match detector.smear.clear {
                ClearMode::Shifted { transfer_s } => (-step, transfer_s),
                ClearMode::ShiftedBack { transfer_s } => (step, transfer_s),
                _ => (step, 0.0),
            };
            let mut at = line + came_from;
            while (0..height).contains(&at) {
                collected += light(at) * clear_s / f64::from(detector.transfer_lines);
                at += came_from;
            }
            charge.set(sample, line as usize, collected);
        }
    }
    charge
}

/// Normal random numbers: xorshift64* (Vigna 2016) and the polar method of Marsaglia.
pub struct Random(pub u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, variance 1.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }
}
