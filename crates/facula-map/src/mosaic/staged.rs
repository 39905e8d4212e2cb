// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sums of a tile plane by plane, so that processors add many cells at once.
//!
//! In: readings of frames of one scale level, in the order of their keys. Out: the same [`Cell`]s and [`Extremes`] as
//! one by one, or finished planes. Sums of products are kept in 96 bits: a frame whose numbers are too large for
//! that ([`Staged::takes`]) is for the cells.

mod add;
mod finish;

use facula_core::Quality;
use pulp::Arch;

use super::cell::Cell;
use super::extremes::{Extreme, Extremes};
use super::quantum::{Contribution, FrameTag};
use crate::orthorectify::TileReadings;
use add::{Add, Largest};

/// Most frames: their numbers are kept in 16 bits.
const MOST_FRAMES: usize = 65_535;

/// Sums of the cells of a tile, plane by plane; see [`Cell`] for what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    level: u8,
    /// Keys of the frames, ascending.
    keys: Vec<u64>,
    count: Vec<u32>,
    sum_w: Vec<u64>,
    sum_wv: Vec<i64>,
    wvv: Wide,
    wwss: Wide,
    best_scale_bits: Vec<u32>,
    first_day: Vec<u16>,
    last_day: Vec<u16>,
    flags: Vec<u8>,
    reasons: Vec<u8>,
    /// Smallest and largest measurement, where outliers are rejected.
    extremes: Option<[Side; 2]>,
}

/// Sums of up to 96 bits: the low 64, and how often they ran over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wide {
    low: Vec<u64>,
    high: Vec<u32>,
}

impl Wide {
    fn at(&self, cell: usize) -> u128 {
        u128::from(self.high[cell]) << 64 | u128::from(self.low[cell])
    }
}

/// One extreme of each cell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Side {
    value: Vec<i32>,
    weight: Vec<u32>,
    sigma: Vec<u32>,
    /// Number of the frame in the list of keys.
    frame: Vec<u16>,
}

impl Side {
    fn new(cells: usize, value: i32) -> Self {
        Self {
            value: vec![value; cells],
            weight: vec![0; cells],
            sigma: vec![0; cells],
            frame: vec![0; cells],
        }
    }

    fn at(&self, cell: usize) -> Contribution {
        Contribution {
            weight: self.weight[cell],
            value: i64::from(self.value[cell]),
            sigma: self.sigma[cell],
        }
    }
}

impl Staged {
    /// Bytes a cell takes, without and with extremes.
    pub const CELL_BYTES: [usize; 2] = [54, 82];

    /// Nothing known of so many cells.
    pub fn new(cells: usize, extremes: bool) -> Self {
        let wide = || Wide { low: vec![0; cells], high: vec![0; cells] };
        Self {
            level: 0,
            keys: Vec::new(),
            count: vec![0; cells],
            sum_w: vec![0; cells],
            sum_wv: vec![0; cells],
            wvv: wide(),
            wwss: wide(),
            best_scale_bits: vec![u32::MAX; cells],
            first_day: vec![u16::MAX; cells],
            last_day: vec![0; cells],
            flags: vec![0; cells],
            reasons: vec![0; cells],
            extremes: extremes.then(|| [Side::new(cells, i32::MAX), Side::new(cells, i32::MIN)]),
        }
    }

    /// Memory, bytes.
    pub fn bytes(&self) -> usize {
        Self::CELL_BYTES[usize::from(self.extremes.is_some())] * self.count.len() + 8 * self.keys.len()
    }

    pub fn is_untouched(&self) -> bool {
        self.count.iter().all(|count| *count == 0) && self.reasons.iter().all(|reasons| *reasons == 0)
    }

    /// Whether a frame can be added: of the same level as the others, with a higher key, of numbers that fit.
    pub fn takes(&self, readings: &TileReadings, tag: &FrameTag) -> bool {
        let next = self.keys.last().is_none_or(|last| *last < tag.key && self.level == tag.level);
        next && self.keys.len() < MOST_FRAMES && Arch::new().dispatch(Largest { readings, tag }).fits()
    }

    /// Adds a frame that [`Self::takes`] took.
    pub fn add(&mut self, readings: &TileReadings, tag: &FrameTag) {
        let frame = self.keys.len() as u16;
        self.level = tag.level;
        self.keys.push(tag.key);
        Arch::new().dispatch(Add { into: self, readings, tag, frame });
    }

    /// The sums of a cell.
    fn cell(&self, k: usize) -> Cell {
        if self.count[k] == 0 {
            return Cell { reasons: self.reasons[k], ..Cell::default() };
        }
        Cell {
            sum_wvv: self.wvv.at(k),
            sum_wwss: self.wwss.at(k),
            sum_w: self.sum_w[k],
            sum_wv: self.sum_wv[k],
            best_scale_bits: self.best_scale_bits[k],
            count: self.count[k],
            days: [self.first_day[k], self.last_day[k]],
            level: self.level,
            flags: self.flags[k],
            reasons: self.reasons[k],
        }
    }

    /// The extremes of a cell.
    fn extremes_of(&self, k: usize) -> Option<Extremes> {
        let sides = self.extremes.as_ref()?;
        if self.count[k] == 0 {
            return Some(Extremes::default());
        }
        Some(Extremes([0, 1].map(|side: usize| Extreme {
            key: self.keys[usize::from(sides[side].frame[k])],
            c: sides[side].at(k),
        })))
    }

    /// Cell by cell.
    pub fn cells(&self) -> (Vec<Cell>, Vec<Extremes>) {
        let all = 0..self.count.len();
        (all.clone().map(|k| self.cell(k)).collect(), all.filter_map(|k| self.extremes_of(k)).collect())
    }

    fn quality(&self, k: usize) -> Quality {
        self.cell(k).quality()
    }
}

#[cfg(test)]
mod tests;
