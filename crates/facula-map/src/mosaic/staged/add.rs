// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame's readings into the planes of sums, many cells at once.

use std::ops::Range;

use pulp::NullaryFnOnce;

use super::{Side, Staged, Wide};
use crate::mosaic::quantum::{FrameTag, MAX_WEIGHT};
use crate::orthorectify::TileReadings;

/// Cells worked on together: what lies between the steps stays in the first-level cache.
const CHUNK: usize = 128;
/// What one frame may bring: w v² of 64 bits, w σ of 40, v and σ of 31.
const LARGEST: [f32; 4] = [1.8e19, 1.0e12, 2.1e9, 2.1e9];
/// Half of the bits of w σ.
const HALF_BITS: u32 = 20;

/// The largest numbers of a frame, units: w v², w σ, v, σ.
pub(super) struct Largest<'a> {
    pub readings: &'a TileReadings,
    pub tag: &'a FrameTag,
}

/// As [`Largest`] found them.
pub(super) struct Bounds([f32; 4]);

impl Bounds {
    pub fn fits(&self) -> bool {
        self.0.iter().zip(LARGEST).all(|(found, largest)| *found < largest)
    }
}

impl NullaryFnOnce for Largest<'_> {
    type Output = Bounds;

    #[inline(always)]
    fn call(self) -> Bounds {
        let TileReadings { albedo, sigma, weight, .. } = self.readings;
        let per_unit = self.tag.quantum.per_unit() as f32 * self.tag.gain;
        let weight_units = self.tag.weight_units as f32;
        let mut most = [[0.0f32; LANES]; 4];
        let chunks = albedo.chunks(LANES).zip(sigma.chunks(LANES)).zip(weight.chunks(LANES));
        for ((albedo, sigma), weight) in chunks {
            for k in 0..albedo.len().min(LANES) {
                // Rounding adds at most a unit.
                let w = least(weight[k] * weight_units, MAX_WEIGHT as f32) + 1.0;
                let (v, s) = (albedo[k].abs() * per_unit + 1.0, sigma[k] * per_unit + 1.0);
                for (most, found) in most.iter_mut().zip([w * v * v, w * s, v, s]) {
                    // What is no number does not count, in either comparison: its cell is not measured.
                    most[k] = if found > most[k] { found } else { most[k] };
                }
            }
        }
        Bounds(most.map(|lanes| lanes.into_iter().fold(0.0, f32::max)))
    }
}

/// Lanes of the search for the largest.
const LANES: usize = 16;

#[inline(always)]
fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Adds a frame's readings.
pub(super) struct Add<'a> {
    pub into: &'a mut Staged,
    pub readings: &'a TileReadings,
    pub tag: &'a FrameTag,
    /// Number of the frame among the keys.
    pub frame: u16,
}

/// Readings of a chunk in units; weight 0 where there is no measurement.
struct Units {
    weight: [u32; CHUNK],
    value: [i32; CHUNK],
    sigma: [u32; CHUNK],
}

impl NullaryFnOnce for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { into, readings, tag, frame } = self;
        let mut units = Units { weight: [0; CHUNK], value: [0; CHUNK], sigma: [0; CHUNK] };
        let cells = into.count.len();
        for start in (0..cells).step_by(CHUNK) {
            let cells = start..(start + CHUNK).min(cells);
            if units.fill(readings, cells.clone(), tag) {
                into.add_sums(cells.clone(), &units);
                into.add_marks(cells.clone(), &units, (readings, tag.day));
                if let Some([low, high]) = &mut into.extremes {
                    low.follow(cells.clone(), (&units, frame), |value, known| value < known);
                    high.follow(cells, (&units, frame), |value, known| value >= known);
                }
            } else {
                let reasons = into.reasons[cells.clone()].iter_mut().zip(&readings.flags[cells]);
                reasons.for_each(|(reasons, flags)| *reasons |= flags.bits());
            }
        }
    }
}

impl Units {
    /// Whether any cell is measured.
    #[inline(always)]
    fn fill(&mut self, readings: &TileReadings, cells: Range<usize>, tag: &FrameTag) -> bool {
        let (per_unit, weight_units, gain) = (tag.quantum.per_unit(), tag.weight_units, tag.gain);
        let count = cells.len();
        let (albedo, sigma) = (&readings.albedo[cells.clone()], &readings.sigma[cells.clone()]);
        let weight = &readings.weight[cells];
        let (weights, values) = (&mut self.weight[..count], &mut self.value[..count]);
        let sigmas = &mut self.sigma[..count];
        let mut any = 0;
        for k in 0..count {
            let units = f64::from(albedo[k] * gain) * per_unit;
            values[k] = (units + 0.5f64.copysign(units)) as i32;
        }
        for k in 0..count {
            let w = f64::from(weight[k]) * weight_units + 0.5;
            let w = if w > 1.0 { w } else { 1.0 };
            let w = (if w < MAX_WEIGHT { w } else { MAX_WEIGHT }) as i32 as u32;
            weights[k] = if albedo[k].is_nan() { 0 } else { w };
            any |= weights[k];
        }
        for k in 0..count {
            sigmas[k] = (f64::from(sigma[k] * gain) * per_unit + 0.5) as i32 as u32;
        }
        any != 0
    }
}

impl Staged {
    #[inline(always)]
    fn add_sums(&mut self, cells: Range<usize>, units: &Units) {
        let count = cells.len();
        let (weight, value, sigma) = (&units.weight[..count], &units.value[..count], &units.sigma[..count]);
        let sum_w = &mut self.sum_w[cells.clone()];
        let sum_wv = &mut self.sum_wv[cells.clone()];
        for k in 0..count {
            sum_w[k] += u64::from(weight[k]);
            sum_wv[k] = sum_wv[k].wrapping_add(i64::from(weight[k] as i32) * i64::from(value[k]));
        }
        self.wvv.add(cells.clone(), |k| {
            let square = (i64::from(value[k]) * i64::from(value[k])) as u64;
            (u64::from(weight[k]).wrapping_mul(square), 0)
        });
        self.wwss.add(cells, |k| {
            let ws = u64::from(weight[k]) * u64::from(sigma[k]);
            let (upper, lower) = (ws >> HALF_BITS, ws & ((1 << HALF_BITS) - 1));
            let above = ((upper * upper) << HALF_BITS).wrapping_add(2 * upper * lower);
            let (low, rest) = (above << HALF_BITS, lower * lower);
            let sum = low.wrapping_add(rest);
            (sum, (above >> (64 - HALF_BITS)) as u32 + u32::from(sum < rest))
        });
    }

    /// Counts, scales, days, flags.
    #[inline(always)]
    fn add_marks(&mut self, cells: Range<usize>, units: &Units, (readings, day): (&TileReadings, u16)) {
        let count = cells.len();
        let weight = &units.weight[..count];
        let (scale_m, flags) = (&readings.scale_m[cells.clone()], &readings.flags[cells.clone()]);
        let (counts, best) = (&mut self.count[cells.clone()], &mut self.best_scale_bits[cells.clone()]);
        for k in 0..count {
            let measured = weight[k] > 0;
            counts[k] += u32::from(measured);
            let bits = scale_m[k].to_bits();
            best[k] = if measured & (bits < best[k]) { bits } else { best[k] };
        }
        let (first, last) = (&mut self.first_day[cells.clone()], &mut self.last_day[cells.clone()]);
        for k in 0..count {
            let measured = weight[k] > 0;
            first[k] = if measured & (day < first[k]) { day } else { first[k] };
            last[k] = if measured & (day > last[k]) { day } else { last[k] };
        }
        let (good, reasons) = (&mut self.flags[cells.clone()], &mut self.reasons[cells]);
        for k in 0..count {
            let measured = if weight[k] > 0 { u8::MAX } else { 0 };
            good[k] |= flags[k].bits() & measured;
            reasons[k] |= flags[k].bits() & !measured;
        }
    }
}

impl Wide {
    /// Adds to each cell of a range what belongs to its place in the range.
    #[inline(always)]
    fn add(&mut self, cells: Range<usize>, what: impl Fn(usize) -> (u64, u32)) {
        let count = cells.len();
        let (low, high) = (&mut self.low[cells.clone()], &mut self.high[cells]);
        for k in 0..count {
            let (more, above) = what(k);
            let sum = low[k].wrapping_add(more);
            high[k] = high[k].wrapping_add(above + u32::from(sum < more));
            low[k] = sum;
        }
    }
}

impl Side {
    /// Takes the measurements that are further out than what is known.
    #[inline(always)]
    fn follow(
        &mut self,
        cells: Range<usize>,
        (units, frame): (&Units, u16),
        further: impl Fn(i32, i32) -> bool,
    ) {
        let count = cells.len();
        let (weight, value, sigma) = (&units.weight[..count], &units.value[..count], &units.sigma[..count]);
        let (values, weights) = (&mut self.value[cells.clone()], &mut self.weight[cells.clone()]);
        let (sigmas, frames) = (&mut self.sigma[cells.clone()], &mut self.frame[cells]);
        for k in 0..count {
            let takes = (weight[k] > 0) & further(value[k], values[k]);
            values[k] = if takes { value[k] } else { values[k] };
            weights[k] = if takes { weight[k] } else { weights[k] };
            sigmas[k] = if takes { sigma[k] } else { sigmas[k] };
            frames[k] = if takes { frame } else { frames[k] };
        }
    }
}
