// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions of one angle, cheap enough for the inner loop.

use super::MosaicOptions;

/// The surface phase function against sin(α/2), which needs no inverse trigonometry, relative to the standard
/// geometry.
pub(crate) struct PhaseTable {
    values: Vec<f64>,
    /// What the model gives at the standard geometry.
    pub(super) standard: f64,
}

impl PhaseTable {
    /// Steps of the table; between them linear interpolation is good to 5e-6 for H, G.
    const STEPS: usize = 4096;

    pub(crate) fn of(options: &MosaicOptions) -> Self {
        let standard = options.model.iof_per_albedo(options.standard);
        let value = |k: usize| {
            let half_phase_sin = k as f64 / Self::STEPS as f64;
            options.model.phase(2.0 * half_phase_sin.asin()) / standard
        };
        Self { values: (0..=Self::STEPS).map(value).collect(), standard }
    }

    pub(super) fn at(&self, half_phase_sin: f64) -> f64 {
        let place = half_phase_sin.clamp(0.0, 1.0) * Self::STEPS as f64;
        let k = (place as usize).min(Self::STEPS - 1);
        self.values[k] + (self.values[k + 1] - self.values[k]) * (place - k as f64)
    }
}

/// A weight that falls from 1 to 0 before a limit, in cosines.
#[derive(Clone, Copy)]
pub(super) struct Fade {
    limit_cos: f64,
    per_cos: f64,
}

impl Fade {
    pub(super) fn new(limit_rad: f64, soften_rad: f64) -> Self {
        let limit_cos = limit_rad.cos();
        let full_cos = (limit_rad - soften_rad).max(0.0).cos();
        Self { limit_cos, per_cos: 1.0 / (full_cos - limit_cos).max(1e-9) }
    }

    pub(super) fn weight(self, cos: f64) -> f64 {
        ((cos - self.limit_cos) * self.per_cos).clamp(0.0, 1.0)
    }

    /// The same in single precision.
    pub(super) fn narrow(self) -> NarrowFade {
        NarrowFade { limit_cos: self.limit_cos as f32, per_cos: self.per_cos as f32 }
    }
}

/// [`Fade`] in single precision.
#[derive(Clone, Copy)]
pub(super) struct NarrowFade {
    limit_cos: f32,
    per_cos: f32,
}

impl NarrowFade {
    #[inline(always)]
    pub(super) fn weight(self, cos: f32) -> f32 {
        ((cos - self.limit_cos) * self.per_cos).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_photometry::SurfaceModel;

    #[test]
    fn the_phase_table_equals_the_function() {
        let options =
            MosaicOptions { model: SurfaceModel::lommel_seeliger(0.12), ..MosaicOptions::default() };
        let table = PhaseTable::of(&options);
        /// As a fraction; far below the 1 % of absolute calibration.
        const TABLE_ERROR: f64 = 1e-5;
        for tenths in 0..1200 {
            let phase_rad = f64::from(tenths) * 0.1f64.to_radians();
            let exact = options.model.phase(phase_rad);
            assert!((table.at((0.5 * phase_rad).sin()) / exact - 1.0).abs() < TABLE_ERROR, "{tenths}");
        }
    }

    #[test]
    fn weights_fade_from_one_to_zero_before_the_limit() {
        let fade = Fade::new(75f64.to_radians(), 10f64.to_radians());
        let at = |deg: f64| fade.weight(deg.to_radians().cos());
        assert_eq!((at(0.0), at(64.9), at(75.1)), (1.0, 1.0, 0.0));
        assert!(at(70.0) > 0.3 && at(70.0) < 0.7 && at(74.9) < 0.02);
        assert_eq!(Fade::new(1.0, 0.0).weight(0.9f64.cos()), 1.0);
    }
}
