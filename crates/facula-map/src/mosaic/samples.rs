// SPDX-License-Identifier: MIT OR Apache-2.0
//! All measurements of a tile, for the median.
//!
//! In: readings of frames. Out: the middle value of each cell with its uncertainty. The list is sorted when it is
//! looked at, by cell, then value, then frame: the order it was filled in leaves no trace. Memory grows with coverage:
//! 32 bytes a measurement.

use facula_core::Quality;

use super::quantum::FrameTag;
use crate::orthorectify::TileReadings;

/// One measurement of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Key of the frame.
    pub key: u64,
    /// Value, sigma and pixel scale (m), as the bits of floats.
    pub bits: [u32; 3],
    /// Cell within the tile.
    pub cell: u16,
    /// Day of the frame.
    pub day: u16,
    /// Rank of the frame's level.
    pub level: u8,
    /// Flags of its pixels.
    pub flags: u8,
}

impl Sample {
    fn value(&self) -> f32 {
        f32::from_bits(self.bits[0])
    }

    fn sigma(&self) -> f64 {
        f64::from(f32::from_bits(self.bits[1])).max(0.0)
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_cell = self.cell.cmp(&other.cell).then(self.value().total_cmp(&other.value()));
        let rest = |s: &Self| (s.key, s.bits, s.day, s.level, s.flags);
        by_cell.then_with(|| rest(self).cmp(&rest(other)))
    }
}

/// The measurements of a tile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Samples {
    /// Measurements; sorted after [`Samples::settle`].
    pub all: Vec<Sample>,
    /// Per cell, why frames that saw it could not be used.
    pub reasons: Vec<u8>,
}

/// The middle of a cell's measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Middle {
    /// Value and its uncertainty.
    pub value_and_sigma: (f64, f64),
    /// Smallest pixel scale, m.
    pub best_scale_m: f32,
    /// Days of the earliest and latest frame.
    pub days: [u16; 2],
    /// Flags of all measurements.
    pub flags: u8,
}

impl Samples {
    pub fn new(cells: usize) -> Self {
        Self { all: Vec::new(), reasons: vec![0; cells] }
    }

    /// Adds what a frame says of a cell.
    pub fn add(&mut self, readings: &TileReadings, cell: usize, tag: &FrameTag) {
        let value = readings.albedo[cell] * tag.gain;
        if !value.is_finite() {
            let infinite = if value.is_infinite() { Quality::SATURATED } else { Quality::GOOD };
            self.reasons[cell] |= (readings.flags[cell] | infinite).bits();
            return;
        }
        let sigma = readings.sigma[cell] * tag.gain;
        self.all.push(Sample {
            key: tag.key,
            bits: [value.to_bits(), sigma.to_bits(), readings.scale_m[cell].to_bits()],
            cell: cell as u16,
            day: tag.day,
            level: tag.level,
            flags: readings.flags[cell].bits(),
        });
    }

    /// Joins those of other frames.
    pub fn merge(&mut self, other: &Self) {
        self.all.extend(&other.all);
        for (mine, theirs) in self.reasons.iter_mut().zip(&other.reasons) {
            *mine |= theirs;
        }
        self.settle();
    }

    /// Sorts, and drops what a finer level hides.
    pub fn settle(&mut self) {
        let mut finest = vec![0; self.reasons.len()];
        for sample in &self.all {
            let cell = &mut finest[usize::from(sample.cell)];
            *cell = sample.level.max(*cell);
        }
        self.all.retain(|sample| sample.level == finest[usize::from(sample.cell)]);
        self.all.sort_unstable_by(Sample::order);
    }

    /// The measurements of each measured cell, of a settled list.
    pub fn by_cell(&self) -> impl Iterator<Item = &[Sample]> {
        self.all.chunk_by(|a, b| a.cell == b.cell)
    }
}

/// Middle value of a cell's sorted measurements (the mean of the two middle ones of an even number). Its sigma: of a
/// median over so many normal values, √(π/2) that of a mean; of the scatter (1.4826 times the median deviation) or of
/// the noise, whichever is larger.
pub(crate) fn middle(samples: &[Sample]) -> Option<Middle> {
    let half = |sorted: &[f64]| 0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]);
    let values: Vec<f64> = samples.iter().map(|sample| f64::from(sample.value())).collect();
    if values.is_empty() {
        return None;
    }
    let (value, count) = (half(&values), values.len() as f64);
    let mut off: Vec<f64> = values.iter().map(|v| (v - value).abs()).collect();
    off.sort_by(f64::total_cmp);
    let noise = (samples.iter().map(|sample| sample.sigma().powi(2)).sum::<f64>() / count).sqrt();
    let widened = if samples.len() > 2 { std::f64::consts::FRAC_PI_2.sqrt() } else { 1.0 };
    let scatter = if samples.len() > 1 { 1.4826 * half(&off) } else { 0.0 };
    Some(Middle {
        value_and_sigma: (value, widened * noise.max(scatter) / count.sqrt()),
        best_scale_m: samples.iter().map(|s| f32::from_bits(s.bits[2])).fold(f32::INFINITY, f32::min),
        days: samples.iter().fold([u16::MAX, 0], |d, s| [d[0].min(s.day), d[1].max(s.day)]),
        flags: samples.iter().fold(0, |flags, s| flags | s.flags),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::quantum::Quantum;
    use facula_core::Level;

    fn filled(values: &[(f32, u8)]) -> Samples {
        let mut samples = Samples::new(2);
        for (k, (albedo, level)) in values.iter().enumerate() {
            let readings = TileReadings {
                albedo: vec![f32::NAN, *albedo],
                sigma: vec![f32::NAN, 0.001],
                weight: vec![0.0, 1.0],
                scale_m: vec![f32::NAN, 140.0 + k as f32],
                flags: vec![Quality::SHADOW, Quality::SMEAR],
            };
            let quantum = Quantum::of(Level::IOverF);
            let tag = FrameTag { key: 1, level: *level, day: 3, gain: 1.0, weight_units: 1.0, quantum };
            samples.add(&readings, 0, &tag);
            samples.add(&readings, 1, &tag);
        }
        samples.settle();
        samples
    }

    fn shown(values: &[(f32, u8)]) -> Middle {
        let samples = filled(values);
        let cells: Vec<&[Sample]> = samples.by_cell().collect();
        assert_eq!((cells.len(), samples.reasons[0]), (1, Quality::SHADOW.bits()));
        middle(cells[0]).unwrap()
    }

    #[test]
    fn the_middle_does_not_care_about_a_cosmic_ray() {
        let odd = shown(&[(0.09, 0), (9.0, 0), (0.08, 0)]);
        assert!((odd.value_and_sigma.0 - 0.09).abs() < 1e-7);
        let even = shown(&[(0.09, 0), (9.0, 0), (0.08, 0), (0.1, 0)]);
        assert!((even.value_and_sigma.0 - 0.095).abs() < 1e-7);
        // Deviations 0.005, 0.005, 0.015, 8.9: the median is 0.01; over the root of four.
        assert!((even.value_and_sigma.1 - 1.4826 * 0.01 * 1.2533 / 2.0).abs() < 1e-6);
        assert_eq!((even.best_scale_m, even.flags, even.days), (140.0, Quality::SMEAR.bits(), [3, 3]));
    }

    #[test]
    fn one_measurement_has_its_own_noise() {
        let one = shown(&[(0.09, 0)]);
        assert!((one.value_and_sigma.1 - 0.001).abs() < 1e-9);
    }

    #[test]
    fn a_finer_level_replaces_and_the_order_leaves_no_trace() {
        let (a, b) = (filled(&[(0.1, 0), (0.2, 1)]), filled(&[(0.3, 1), (0.9, 0)]));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, ba);
        assert_eq!(ab.all.len(), 2);
    }
}
