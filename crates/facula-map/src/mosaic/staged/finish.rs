// SPDX-License-Identifier: MIT OR Apache-2.0
//! Planes of sums divided, many cells at once.
//!
//! In: the sums. Out: the numbers that [`Cell`] gives one by one, bit for bit. Whole numbers that need 128 bits are worked
//! cell by cell, floating point in chunks. A cell whose extremes might stand off is left to [`Extremes`].
//!
//! [`Cell`]: crate::mosaic::cell::Cell
//! [`Extremes`]: crate::mosaic::extremes::Extremes

use facula_core::Quality;
use pulp::{Arch, NullaryFnOnce};

use super::{Side, Staged};
use crate::mosaic::cell::{MAX_SQUARE, spread};
use crate::mosaic::extremes::LEAST_COUNT;
use crate::mosaic::tile_sums::{Finish, TilePlanes};

/// Cells worked on together.
const CHUNK: usize = 128;
/// Part of the bound to which the quick test of extremes trusts its rounding.
const TRUST: f64 = 0.98;

impl Staged {
    /// Divides the sums into planes of which nothing is known yet.
    pub fn finish(&self, planes: &mut TilePlanes, how: &Finish) {
        let cells = self.count.len();
        for start in (0..cells).step_by(CHUNK) {
            let count = CHUNK.min(cells - start);
            if self.count[start..start + count].iter().any(|count| *count > 0) {
                self.finish_chunk((start, count), planes, how);
            } else {
                let quality = planes.quality[start..start + count].iter_mut();
                quality.zip(&self.reasons[start..]).for_each(|(quality, reasons)| {
                    *quality = Quality::from_bits(*reasons) | Quality::MISSING;
                });
            }
        }
    }

    fn finish_chunk(&self, (start, count): (usize, usize), planes: &mut TilePlanes, how: &Finish) {
        let mut chunk = Chunk::new();
        let per_number = 1.0 / how.quantum.per_unit();
        let mut plain = Arch::new().dispatch(Divide {
            chunk: &mut chunk,
            staged: self,
            cells: (start, count),
            per_number,
        });
        if let (Some(clip_sigma), Some(sides)) = (how.clip_sigma, &self.extremes) {
            for side in sides {
                plain &= Arch::new().dispatch(Suspect {
                    chunk: &mut chunk,
                    side,
                    cells: (start, count),
                    clip_sigma,
                });
            }
        }
        if plain {
            return self.put_all((start, count), &chunk, planes);
        }
        for k in 0..count {
            self.put((start + k, k), &chunk, (planes, how));
        }
    }

    /// Cells that are all measured, none of them with anything special.
    fn put_all(&self, (start, count): (usize, usize), chunk: &Chunk, planes: &mut TilePlanes) {
        let cells = start..start + count;
        planes.albedo[cells.clone()].copy_from_slice(&chunk.mean[..count]);
        planes.sigma[cells.clone()].copy_from_slice(&chunk.sigma[..count]);
        planes.first_day[cells.clone()].copy_from_slice(&self.first_day[cells.clone()]);
        planes.last_day[cells.clone()].copy_from_slice(&self.last_day[cells.clone()]);
        planes.level[cells.clone()].fill(self.level);
        for k in cells {
            planes.quality[k] = Quality::from_bits(self.flags[k]);
            planes.coverage[k] = self.count[k].min(u32::from(u16::MAX)) as u16;
            planes.scale_m[k] = f32::from_bits(self.best_scale_bits[k]);
        }
    }

    fn put(&self, (k, in_chunk): (usize, usize), chunk: &Chunk, (planes, how): (&mut TilePlanes, &Finish)) {
        let ran_over = chunk.sum_w[in_chunk] * chunk.sum_wvv[in_chunk] > MAX_SQUARE;
        if self.count[k] == 0 || ran_over {
            planes.quality[k] = self.quality(k);
            return;
        }
        if let (true, Some(clip_sigma), Some(extremes)) =
            (chunk.suspect[in_chunk], how.clip_sigma, self.extremes_of(k))
        {
            let (clean, rejected) = extremes.trimmed(&self.cell(k), clip_sigma);
            planes.rejected += u64::from(rejected);
            return planes.put_mean(k, &clean, how.quantum);
        }
        planes.albedo[k] = chunk.mean[in_chunk];
        planes.sigma[k] = chunk.sigma[in_chunk];
        planes.quality[k] = Quality::from_bits(self.flags[k]);
        planes.coverage[k] = self.count[k].min(u32::from(u16::MAX)) as u16;
        planes.scale_m[k] = f32::from_bits(self.best_scale_bits[k]);
        planes.first_day[k] = self.first_day[k];
        planes.last_day[k] = self.last_day[k];
        planes.level[k] = self.level;
    }
}

/// Floating-point numbers of some cells.
struct Chunk {
    count: [f64; CHUNK],
    sum_w: [f64; CHUNK],
    sum_wv: [f64; CHUNK],
    sum_wvv: [f64; CHUNK],
    spread: [f64; CHUNK],
    noise: [f64; CHUNK],
    mean: [f32; CHUNK],
    sigma: [f32; CHUNK],
    suspect: [bool; CHUNK],
}

impl Chunk {
    fn new() -> Self {
        let zeros = || [0.0; CHUNK];
        Self {
            count: zeros(),
            sum_w: [1.0; CHUNK],
            sum_wv: zeros(),
            sum_wvv: zeros(),
            spread: zeros(),
            noise: zeros(),
            mean: [0.0; CHUNK],
            sigma: [0.0; CHUNK],
            suspect: [false; CHUNK],
        }
    }
}

/// Means and sigmas from the sums; the same steps as of a cell. Whether all cells are measured and none ran over.
struct Divide<'a> {
    chunk: &'a mut Chunk,
    staged: &'a Staged,
    /// First cell, and how many.
    cells: (usize, usize),
    per_number: f64,
}

impl NullaryFnOnce for Divide<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let (start, cells) = self.cells;
        let chunk = self.chunk;
        chunk.convert(self.staged, (start, cells));
        let Chunk { count, sum_w, sum_wv, sum_wvv, spread, noise, mean, sigma, .. } = chunk;
        let mut special = 0u64;
        for k in 0..CHUNK {
            let others = count[k] - 1.0;
            let square = sum_w[k] * sum_w[k];
            let variance = if others > 0.0 { spread[k] / square * count[k] / others } else { 0.0 };
            let (of_mean, noise) = (variance / count[k], noise[k] / square);
            let larger = if of_mean > noise { of_mean } else { noise };
            mean[k] = (sum_wv[k] / sum_w[k] * self.per_number) as f32;
            sigma[k] = (larger.sqrt() * self.per_number) as f32;
            special |= u64::from(sum_w[k] * sum_wvv[k] > MAX_SQUARE);
        }
        special == 0 && count[..cells].iter().all(|count| *count > 0.0)
    }
}

impl Chunk {
    /// Whole numbers as floating point.
    #[inline(always)]
    fn convert(&mut self, staged: &Staged, (start, cells): (usize, usize)) {
        let of = start..start + cells;
        let (counts, sum_w, sum_wv) =
            (&staged.count[of.clone()], &staged.sum_w[of.clone()], &staged.sum_wv[of.clone()]);
        let (wvv, over) = (&staged.wvv.low[of.clone()], &staged.wvv.high[of.clone()]);
        let (wwss, wwss_over) = (&staged.wwss.low[of.clone()], &staged.wwss.high[of]);
        for k in 0..cells {
            self.count[k] = f64::from(counts[k]);
            self.sum_w[k] = if counts[k] > 0 { sum_w[k] as f64 } else { 1.0 };
            self.sum_wv[k] = sum_wv[k] as f64;
            self.sum_wvv[k] = f64::from(over[k]) * HALF + wvv[k] as f64;
            self.noise[k] = f64::from(wwss_over[k]) * HALF + wwss[k] as f64;
        }
        for k in 0..cells {
            let sum = u128::from(over[k]) << 64 | u128::from(wvv[k]);
            self.spread[k] = if counts[k] > 1 { spread((sum_w[k], sum_wv[k], sum)) } else { 0.0 };
        }
    }
}

/// 2⁶⁴.
const HALF: f64 = 18_446_744_073_709_551_616.0;

/// Which cells' extremes may stand off, and whether none may. The exact test compares with the larger of their noise and
/// the scatter of the others, and adds to both: who is within either bound here is within that one.
struct Suspect<'a> {
    chunk: &'a mut Chunk,
    side: &'a Side,
    /// First cell, and how many.
    cells: (usize, usize),
    clip_sigma: f64,
}

impl NullaryFnOnce for Suspect<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let Chunk { count, sum_w, sum_wv, sum_wvv, suspect, .. } = self.chunk;
        let (start, number) = self.cells;
        let cells = start..start + number;
        let (value, weight) = (&self.side.value[cells.clone()], &self.side.weight[cells.clone()]);
        let sigma = &self.side.sigma[cells];
        let suspect = &mut suspect[..number];
        let square = TRUST * self.clip_sigma * self.clip_sigma;
        let mut any = false;
        for k in 0..number {
            let (v, w, s) = (f64::from(value[k]), f64::from(weight[k] as i32), f64::from(sigma[k] as i32));
            let others_w = sum_w[k] - w;
            let mean = (sum_wv[k] - w * v) / others_w;
            let scatter = (sum_wvv[k] - w * v * v) / others_w - mean * mean;
            let noise = s * s + 1.0;
            let expected = if scatter > noise { scatter } else { noise };
            let off = v - mean;
            let within = off * off <= square * expected;
            suspect[k] |= (count[k] >= f64::from(LEAST_COUNT as i32)) & !within;
            any |= suspect[k];
        }
        !any
    }
}
