// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a frame says of a cell in whole numbers, so that sums are exact and the order of frames does not matter.
//!
//! In: values, sigmas and weights of a frame. Out: [`Contribution`]s. Units and what they cost:
//!
//! | quantity | unit | largest | rounding |
//! |---|---|---|---|
//! | I/F | 2⁻²⁴ | 512 | 3e-8, or 3e-7 of an albedo of 0.09 |
//! | relative brightness | 2⁻¹² | 2 million | 1.2e-4 of a data number |
//! | its sigma | 2⁻²⁴, 2⁻¹² | 256, 1 million | as above; 3e-5 of a sigma of 0.001 |
//! | weight | 2⁻¹⁶ of a full weight at the level's nominal scale | 1024 | 1.5e-5 of a weight of 0.5 |
//!
//! Rounding a weight moves a mean by the weight's relative error times the scatter: below 1e-6 of an albedo that scatters by 5 %. A value beyond the
//! largest is not used and flagged as saturated. Pixel scales beyond 16 times the nominal one, either way, count as if
//! they stood at that limit, so that neither end of the weights runs out of digits.

use facula_core::{Level, Quality};

use crate::orthorectify::TileReadings;

/// Units in a full weight at the nominal scale: 2¹⁶.
const WEIGHT_UNITS: f64 = 65_536.0;
/// Largest weight, units: 2²⁶.
pub(crate) const MAX_WEIGHT: f64 = 67_108_864.0;
/// Largest value either way, units: 2³³.
const MAX_VALUE: f64 = 8_589_934_592.0;
/// How far the scale of a frame may be from the nominal one before its weight follows no more.
const MAX_SCALE_RATIO: f64 = 16.0;

/// Size of the unit of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantum {
    per_unit: f64,
}

impl Quantum {
    /// The unit for what frames of a kind hold.
    pub(crate) fn of(level: Level) -> Self {
        let units = if level == Level::IOverF { 16_777_216.0 } else { 4096.0 };
        Self { per_unit: units }
    }

    /// A value in units; `None` when it is not a number or too large.
    pub(crate) fn value(self, value: f32) -> Option<i64> {
        let units = f64::from(value) * self.per_unit;
        // False for NaN.
        (units.abs() < MAX_VALUE).then(|| nearest(units))
    }

    /// A sigma in units; one that is not a number counts as none, a large one as the largest.
    pub(crate) fn sigma(self, sigma: f32) -> u32 {
        // The cast holds at both ends and makes nothing of what is not a number.
        (f64::from(sigma) * self.per_unit + 0.5) as u32
    }

    /// Units in one; a power of two.
    pub(crate) fn per_unit(self) -> f64 {
        self.per_unit
    }

    /// The number behind units.
    pub(crate) fn number(self, units: f64) -> f64 {
        units / self.per_unit
    }
}

/// What does not change from cell to cell of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FrameTag {
    /// Breaks ties: a hash of the frame's identifier.
    pub key: u64,
    /// Rank of the frame's scale level, 0 the coarsest.
    pub level: u8,
    /// Days since 1950-01-01, at least 1.
    pub day: u16,
    /// Factor on the frame's brightness.
    pub gain: f32,
    /// Units of weight per m⁻².
    pub weight_units: f64,
    /// Unit of values.
    pub quantum: Quantum,
}

/// The nearest whole number; without the call to a library that `round` is on processors of any age.
fn nearest(value: f64) -> i64 {
    (value + 0.5f64.copysign(value)) as i64
}

/// Units of weight per m⁻² for a frame of a pixel scale in a level.
pub(crate) fn weight_units(nominal_m: f64, scale_m: f64) -> f64 {
    let ratio = (nominal_m / scale_m).clamp(1.0 / MAX_SCALE_RATIO, MAX_SCALE_RATIO);
    let reference_m = ratio * scale_m;
    WEIGHT_UNITS * reference_m * reference_m
}

/// One frame's say on one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contribution {
    /// Weight, units, 1 to 2²⁶.
    pub weight: u32,
    /// Value, units.
    pub value: i64,
    /// Sigma, units.
    pub sigma: u32,
}

impl FrameTag {
    /// What the readings say of a cell: nothing, why not, or a contribution.
    pub(crate) fn contribution(&self, readings: &TileReadings, cell: usize) -> Result<Contribution, Quality> {
        let albedo = readings.albedo[cell];
        if albedo.is_nan() {
            return Err(readings.flags[cell]);
        }
        let value = self.quantum.value(albedo * self.gain).ok_or(Quality::SATURATED)?;
        let weight = (f64::from(readings.weight[cell]) * self.weight_units + 0.5).clamp(1.0, MAX_WEIGHT);
        let sigma = self.quantum.sigma(readings.sigma[cell] * self.gain);
        Ok(Contribution { weight: weight as u32, value, sigma })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(weight_units: f64) -> FrameTag {
        FrameTag { key: 1, level: 0, day: 1, gain: 1.0, weight_units, quantum: Quantum::of(Level::IOverF) }
    }

    fn readings(albedo: f32, weight: f32) -> TileReadings {
        TileReadings {
            albedo: vec![albedo],
            sigma: vec![0.001],
            weight: vec![weight],
            scale_m: vec![140.0],
            flags: vec![Quality::GRAZING],
        }
    }

    #[test]
    fn rounding_is_as_small_as_the_table_says() {
        let quantum = Quantum::of(Level::IOverF);
        for k in 0..1000 {
            let albedo = 0.03 + 0.001 * k as f32;
            let units = quantum.value(albedo).unwrap();
            assert!((quantum.number(units as f64) - f64::from(albedo)).abs() < 3e-8);
        }
        assert!((quantum.number(f64::from(quantum.sigma(0.001))) / 0.001 - 1.0).abs() < 4e-5);
        assert!(quantum.value(513.0).is_none() && quantum.value(f32::NAN).is_none());
        assert!(Quantum::of(Level::Relative).value(65_535.0 / 0.05).is_some());
        assert_eq!((quantum.sigma(f32::NAN), quantum.sigma(f32::INFINITY)), (0, u32::MAX));
    }

    #[test]
    fn weights_keep_their_ratios_within_sixteen_times_the_nominal_scale() {
        let at = |scale_m: f64| {
            let tag = tag(weight_units(140.0, scale_m));
            let weight = (0.5 / (scale_m * scale_m)) as f32;
            f64::from(tag.contribution(&readings(0.1, weight), 0).unwrap().weight)
        };
        let fine = 140.0 / 15.0;
        assert!((at(fine) / at(140.0) / 225.0 - 1.0).abs() < 3e-5);
        assert!((at(140.0) / at(140.0 * 15.0) / 225.0 - 1.0).abs() < 5e-3);
        assert!((at(140.0 / 1000.0) / at(140.0 / 16.0) - 1.0).abs() < 1e-5, "held at the limit");
        assert!(at(1e9) >= 120.0);
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let tag = tag(weight_units(140.0, 140.0));
        assert_eq!(tag.contribution(&readings(f32::NAN, 0.0), 0), Err(Quality::GRAZING));
        assert_eq!(tag.contribution(&readings(1e5, 1.0), 0), Err(Quality::SATURATED));
        assert_eq!(tag.contribution(&readings(0.1, 0.0), 0).unwrap().weight, 1);
        assert_eq!(tag.contribution(&readings(0.1, 1e9), 0).unwrap().weight, 1 << 26);
    }
}
