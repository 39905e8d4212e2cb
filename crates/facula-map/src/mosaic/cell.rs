// SPDX-License-Identifier: MIT OR Apache-2.0
//! The accumulators of one cell.

use facula_core::Quality;

use crate::orthorectify::Measurement;

/// Sums of one cell; 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// Σ w.
    pub sum_w: f64,
    /// Σ w v.
    pub sum_wv: f64,
    /// Σ w v².
    pub sum_wvv: f64,
    /// Σ w² σ².
    pub sum_wwss: f64,
    /// Smallest pixel scale so far, m; infinite before the first measurement.
    pub best_scale_m: f32,
    /// Measurements.
    pub count: u16,
    /// Flags of the pixels used.
    pub flags: u8,
    /// Why frames that saw the cell could not be used.
    pub reasons: u8,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            sum_w: 0.0,
            sum_wv: 0.0,
            sum_wvv: 0.0,
            sum_wwss: 0.0,
            best_scale_m: f32::INFINITY,
            count: 0,
            flags: 0,
            reasons: 0,
        }
    }
}

impl Cell {
    /// Adds a measurement.
    pub fn add(&mut self, m: &Measurement) {
        self.sum_w += m.weight;
        self.sum_wv += m.weight * m.albedo;
        self.sum_wvv += m.weight * m.albedo * m.albedo;
        self.sum_wwss += m.weight * m.weight * m.sigma * m.sigma;
        self.best_scale_m = self.best_scale_m.min(m.scale_m as f32);
        self.count = self.count.saturating_add(1);
        self.flags |= m.flags.bits();
    }

    /// Notes why a frame could not be used.
    pub fn refuse(&mut self, reason: Quality) {
        self.reasons |= reason.bits();
    }

    /// Weighted mean, and its uncertainty: the larger of propagated noise and scatter between frames (the
    /// weighted variance, n/(n−1) corrected, over n).
    pub fn mean_and_sigma(&self) -> Option<(f64, f64)> {
        if self.count == 0 {
            return None;
        }
        let mean = self.sum_wv / self.sum_w;
        let noise = self.sum_wwss.sqrt() / self.sum_w;
        let frames = f64::from(self.count);
        // Rounding can make the variance of equal values slightly negative.
        let variance = (self.sum_wvv / self.sum_w - mean * mean).max(0.0);
        let scatter = if self.count > 1 { (variance / (frames - 1.0)).sqrt() } else { 0.0 };
        // `max` drops a noise that is not a number.
        Some((mean, scatter.max(noise)))
    }

    /// Flags of the cell as a product shows them.
    pub fn quality(&self) -> Quality {
        if self.count > 0 {
            Quality::from_bits(self.flags)
        } else {
            Quality::from_bits(self.reasons) | Quality::MISSING
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(albedo: f64, weight: f64) -> Measurement {
        Measurement { albedo, sigma: 0.001, weight, scale_m: 1270.0, flags: Quality::SMEAR }
    }

    #[test]
    fn equal_weights_give_the_standard_error_of_the_mean() {
        let mut cell = Cell::default();
        for albedo in [0.08, 0.09, 0.10] {
            cell.add(&measurement(albedo, 2.5));
        }
        let (mean, sigma) = cell.mean_and_sigma().unwrap();
        // Sample deviation 0.01, over the square root of three.
        assert!((mean - 0.09).abs() < 1e-12 && (sigma - 0.01 / 3f64.sqrt()).abs() < 1e-9, "{sigma}");
        assert_eq!(cell.quality(), Quality::SMEAR);
    }

    #[test]
    fn one_frame_has_its_own_noise_and_agreeing_frames_the_averaged_noise() {
        let mut cell = Cell::default();
        cell.add(&measurement(0.09, 1.0));
        assert!((cell.mean_and_sigma().unwrap().1 - 0.001).abs() < 1e-12);
        for _ in 0..3 {
            cell.add(&measurement(0.09, 1.0));
        }
        assert!((cell.mean_and_sigma().unwrap().1 - 0.0005).abs() < 1e-9);
    }

    #[test]
    fn an_unmeasured_cell_tells_why() {
        let mut cell = Cell::default();
        assert_eq!(cell.quality(), Quality::MISSING);
        cell.refuse(Quality::GRAZING);
        assert_eq!(cell.quality(), Quality::MISSING | Quality::GRAZING);
        assert!(cell.mean_and_sigma().is_none());
    }
}
