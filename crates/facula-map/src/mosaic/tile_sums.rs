// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a mosaic knows of one tile, under any rule.
//!
//! In: readings of frames, or what other frames left in the same tile. Out: the planes of a finished tile.

use facula_core::Quality;

use super::TileWindow;
use super::cell::Cell;
use super::extremes::Extremes;
use super::quantum::{FrameTag, Quantum};
use super::rules::{MosaicConfig, MosaicRule};
use super::samples::{Sample, Samples, middle};
use super::sink::FinishedTile;
use super::staged::Staged;
use super::winner::Winner;
use crate::orthorectify::TileReadings;

/// Rank of no level.
const NO_LEVEL: u8 = 255;

/// What is known of a tile, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TileSums {
    /// Sums of a weighted mean as long as they fit into planes.
    Staged(Box<Staged>),
    /// Sums of a weighted mean, with extremes where outliers are rejected (else none).
    Mean(Vec<Cell>, Vec<Extremes>),
    /// The frame each cell shows.
    Best(MosaicRule, Vec<Winner>),
    /// All measurements.
    Median(Samples),
}

/// How sums become planes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish {
    /// Unit of values.
    pub quantum: Quantum,
    /// Outliers are taken out beyond this, if at all.
    pub clip_sigma: Option<f64>,
}

/// The planes of a finished tile.
#[derive(Debug, Clone)]
pub(crate) struct TilePlanes {
    window: TileWindow,
    pub albedo: Vec<f32>,
    pub sigma: Vec<f32>,
    pub quality: Vec<Quality>,
    pub coverage: Vec<u16>,
    pub scale_m: Vec<f32>,
    pub first_day: Vec<u16>,
    pub last_day: Vec<u16>,
    pub level: Vec<u8>,
    /// Outliers taken out.
    pub rejected: u64,
}

impl TileSums {
    /// Nothing known of so many cells.
    pub fn new(config: &MosaicConfig, cells: usize) -> Self {
        match config.rule {
            MosaicRule::WeightedMean => {
                Self::Staged(Box::new(Staged::new(cells, config.clip_sigma().is_some())))
            }
            MosaicRule::Median => Self::Median(Samples::new(cells)),
            rule => Self::Best(rule, vec![Winner::default(); cells]),
        }
    }

    /// Memory of so many cells, bytes; of a median without its measurements.
    pub fn bytes_for(config: &MosaicConfig, cells: u64) -> u64 {
        let per_cell = match config.rule {
            MosaicRule::WeightedMean if config.clip_sigma().is_some() => {
                size_of::<Cell>() + size_of::<Extremes>()
            }
            MosaicRule::WeightedMean => size_of::<Cell>(),
            MosaicRule::Median => 1,
            _ => size_of::<Winner>(),
        };
        cells * per_cell as u64
    }

    /// Memory in use, bytes.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Staged(staged) => staged.bytes(),
            Self::Mean(cells, extremes) => {
                size_of::<Cell>() * cells.len() + size_of::<Extremes>() * extremes.len()
            }
            Self::Best(_, winners) => size_of::<Winner>() * winners.len(),
            Self::Median(samples) => size_of::<Sample>() * samples.all.capacity() + samples.reasons.len(),
        };
        bytes as u64
    }

    /// Whether nothing is known of any cell.
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Staged(staged) => staged.is_untouched(),
            Self::Mean(cells, _) => cells.iter().all(Cell::is_untouched),
            Self::Best(_, winners) => winners.iter().all(Winner::is_untouched),
            Self::Median(samples) => samples.all.is_empty() && samples.reasons.iter().all(|r| *r == 0),
        }
    }

    /// Adds what a frame says. Frames of one level in the order of their keys are added fastest.
    pub fn add(&mut self, readings: &TileReadings, tag: &FrameTag) {
        match self {
            Self::Staged(staged) if staged.takes(readings, tag) => staged.add(readings, tag),
            Self::Staged(_) => {
                self.settle();
                self.add(readings, tag);
            }
            Self::Mean(cells, extremes) => {
                for (k, cell) in cells.iter_mut().enumerate() {
                    match tag.contribution(readings, k) {
                        Err(reason) => cell.refuse(reason),
                        Ok(c) => {
                            let place = cell.add(&c, tag, (readings.scale_m[k], readings.flags[k]));
                            if let Some(extremes) = extremes.get_mut(k) {
                                extremes.add(&c, tag, place);
                            }
                        }
                    }
                }
            }
            Self::Best(rule, winners) => {
                for (k, winner) in winners.iter_mut().enumerate() {
                    winner.add((readings, k), tag, *rule);
                }
            }
            Self::Median(samples) => {
                for k in 0..readings.albedo.len() {
                    samples.add(readings, k, tag);
                }
            }
        }
    }

    /// Joins what other frames left; nothing when the rules differ (the caller has compared them).
    pub fn merge(&mut self, other: &Self) {
        self.settle();
        match (self, other) {
            (mine, Self::Staged(staged)) => {
                let (cells, extremes) = staged.cells();
                mine.merge(&Self::Mean(cells, extremes));
            }
            (Self::Mean(cells, extremes), Self::Mean(their_cells, their_extremes)) => {
                for (k, (cell, theirs)) in cells.iter_mut().zip(their_cells).enumerate() {
                    let place = cell.merge(theirs);
                    if let (Some(mine), Some(theirs)) = (extremes.get_mut(k), their_extremes.get(k)) {
                        mine.merge(theirs, place);
                    }
                }
            }
            (Self::Best(_, winners), Self::Best(_, theirs)) => {
                winners.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
            }
            (Self::Median(samples), Self::Median(theirs)) => samples.merge(theirs),
            _ => {}
        }
    }

    /// Brings what was added into the one form that does not tell the order it came in.
    pub fn settle(&mut self) {
        match self {
            Self::Median(samples) => samples.settle(),
            Self::Staged(staged) => {
                let (cells, extremes) = staged.cells();
                *self = Self::Mean(cells, extremes);
            }
            _ => {}
        }
    }

    /// Divides the sums; those of a median have to be settled.
    pub fn finish(&self, window: TileWindow, how: &Finish) -> TilePlanes {
        let mut planes = TilePlanes::empty(window);
        match self {
            Self::Staged(staged) => staged.finish(&mut planes, how),
            Self::Mean(cells, extremes) => {
                for (k, cell) in cells.iter().enumerate() {
                    match (extremes.get(k), how.clip_sigma) {
                        (Some(extremes), Some(clip_sigma)) => {
                            let (clean, rejected) = extremes.trimmed(cell, clip_sigma);
                            planes.rejected += u64::from(rejected);
                            planes.put_mean(k, &clean, how.quantum);
                        }
                        _ => planes.put_mean(k, cell, how.quantum),
                    }
                }
            }
            Self::Best(_, winners) => {
                for (k, winner) in winners.iter().enumerate() {
                    planes.put_best(k, winner);
                }
            }
            Self::Median(samples) => planes.put_middles(samples),
        }
        planes
    }
}

impl TilePlanes {
    pub fn empty(window: TileWindow) -> Self {
        let cells = window.width * window.height;
        Self {
            window,
            albedo: vec![f32::NAN; cells],
            sigma: vec![f32::NAN; cells],
            quality: vec![Quality::MISSING; cells],
            coverage: vec![0; cells],
            scale_m: vec![f32::NAN; cells],
            first_day: vec![0; cells],
            last_day: vec![0; cells],
            level: vec![NO_LEVEL; cells],
            rejected: 0,
        }
    }

    /// As a sink sees it.
    pub fn view(&self) -> FinishedTile<'_> {
        let TileWindow { column, line, width, height } = self.window;
        FinishedTile {
            column,
            line,
            width,
            height,
            albedo: &self.albedo,
            sigma: &self.sigma,
            quality: &self.quality,
            coverage: &self.coverage,
            scale_m: &self.scale_m,
            first_day: &self.first_day,
            last_day: &self.last_day,
            level: &self.level,
        }
    }

    pub fn put_mean(&mut self, k: usize, cell: &Cell, quantum: Quantum) {
        self.quality[k] = cell.quality();
        if let Some((mean, sigma)) = cell.mean_and_sigma() {
            self.put(k, (quantum.number(mean), quantum.number(sigma)));
            self.coverage[k] = clipped(cell.count as usize);
            self.scale_m[k] = cell.best_scale_m();
            [self.first_day[k], self.last_day[k]] = cell.days;
            self.level[k] = cell.level;
        }
    }

    fn put_best(&mut self, k: usize, winner: &Winner) {
        self.quality[k] = winner.quality();
        if winner.count > 0 {
            let [value, sigma, scale_m] = winner.bits.map(f32::from_bits);
            self.put(k, (f64::from(value), f64::from(sigma)));
            self.coverage[k] = clipped(winner.count as usize);
            self.scale_m[k] = scale_m;
            (self.first_day[k], self.last_day[k], self.level[k]) = (winner.day, winner.day, winner.level);
        }
    }

    fn put_middles(&mut self, samples: &Samples) {
        for (quality, reasons) in self.quality.iter_mut().zip(&samples.reasons) {
            *quality = Quality::from_bits(*reasons) | Quality::MISSING;
        }
        for all in samples.by_cell() {
            let k = usize::from(all[0].cell);
            if let Some(middle) = middle(all) {
                self.put(k, middle.value_and_sigma);
                self.quality[k] = Quality::from_bits(middle.flags);
                self.coverage[k] = clipped(all.len());
                self.scale_m[k] = middle.best_scale_m;
                [self.first_day[k], self.last_day[k]] = middle.days;
                self.level[k] = all[0].level;
            }
        }
    }

    fn put(&mut self, k: usize, (value, sigma): (f64, f64)) {
        self.albedo[k] = value as f32;
        self.sigma[k] = sigma as f32;
    }
}

fn clipped(count: usize) -> u16 {
    count.min(usize::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::rules::Outliers;
    use facula_core::Level;

    const WINDOW: TileWindow = TileWindow { column: 128, line: 0, width: 2, height: 2 };

    fn readings(albedo: f32) -> TileReadings {
        TileReadings {
            albedo: vec![albedo, f32::NAN, f32::NAN, 2.0 * albedo],
            sigma: vec![0.001; 4],
            weight: vec![1e-4; 4],
            scale_m: vec![100.0; 4],
            flags: vec![Quality::GOOD, Quality::SHADOW, Quality::GOOD, Quality::SMEAR],
        }
    }

    fn tag(key: u64) -> FrameTag {
        let quantum = Quantum::of(Level::IOverF);
        FrameTag { key, level: 0, day: 23_000 + key as u16, gain: 1.0, weight_units: 1e9, quantum }
    }

    fn planes(config: &MosaicConfig) -> TilePlanes {
        let mut sums = TileSums::new(config, 4);
        assert!(sums.is_untouched());
        for (key, albedo) in [0.08, 0.09, 0.10, 0.09, 7.0].into_iter().enumerate() {
            sums.add(&readings(albedo), &tag(key as u64 + 1));
        }
        sums.settle();
        assert!(!sums.is_untouched() && sums.bytes() > 0);
        sums.finish(WINDOW, &Finish { quantum: tag(0).quantum, clip_sigma: config.clip_sigma() })
    }

    #[test]
    fn every_rule_fills_every_plane() {
        let of = |rule| MosaicConfig { rule, ..MosaicConfig::default() };
        let reject =
            MosaicConfig { outliers: Outliers::Reject { clip_sigma: 5.0 }, ..of(MosaicRule::WeightedMean) };
        let cases = [
            (of(MosaicRule::WeightedMean), 1.472),
            (reject, 0.09),
            (of(MosaicRule::Median), 0.09),
            // All scores are equal: the highest key.
            (of(MosaicRule::BestResolution), 7.0),
            (of(MosaicRule::BestIllumination), 7.0),
        ];
        for (config, expected) in cases {
            let planes = planes(&config);
            let view = planes.view();
            assert!((view.albedo[0] - expected).abs() < 1e-6, "{config:?}: {}", view.albedo[0]);
            assert!((view.albedo[3] - 2.0 * expected).abs() < 2e-6 && view.sigma[3] > 0.0);
            assert!(view.albedo[1].is_nan() && view.scale_m[2].is_nan());
            assert_eq!(view.quality[1], Quality::SHADOW | Quality::MISSING);
            assert_eq!((view.quality[2], view.quality[3]), (Quality::MISSING, Quality::SMEAR));
            assert_eq!((view.scale_m[0], view.level), (100.0, &[0, 255, 255, 0][..]));
            assert!(view.first_day[0] >= 23_001 && view.last_day[0] == 23_005 && view.last_day[1] == 0);
            assert_eq!((view.coverage[1], view.column, view.width), (0, 128, 2));
        }
    }
}
