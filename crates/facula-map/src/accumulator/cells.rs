// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cells of one tile as bytes; the layout stands in the module above.

use crate::MosaicConfig;
use crate::mosaic::{Cell, Contribution, Extreme, Extremes, Sample, TileSums, Winner};

/// Bytes of one measurement of a median.
const SAMPLE_BYTES: usize = 26;

/// Adds the cells of a tile to `out`.
pub(super) fn encode(sums: &TileSums, count: usize, out: &mut Vec<u8>) {
    match sums {
        TileSums::Staged(_) => {
            let mut settled = sums.clone();
            settled.settle();
            encode(&settled, count, out);
        }
        TileSums::Mean(cells, extremes) => {
            put_bits(cells.iter().map(|cell| !cell.is_untouched()), count, out);
            let touched = || cells.iter().enumerate().filter(|(_, cell)| !cell.is_untouched());
            touched().for_each(|(_, cell)| put_cell(cell, out));
            let measured = touched().filter(|(_, cell)| cell.count > 0).filter_map(|(k, _)| extremes.get(k));
            measured.for_each(|Extremes(both)| both.iter().for_each(|one| put_extreme(one, out)));
        }
        TileSums::Best(_, winners) => {
            put_bits(winners.iter().map(|winner| !winner.is_untouched()), count, out);
            winners.iter().filter(|winner| !winner.is_untouched()).for_each(|winner| put_winner(winner, out));
        }
        TileSums::Median(samples) => {
            put_bits(samples.reasons.iter().map(|reasons| *reasons != 0), count, out);
            out.extend(samples.reasons.iter().filter(|reasons| **reasons != 0));
            out.extend((samples.all.len() as u32).to_le_bytes());
            samples.all.iter().for_each(|sample| put_sample(sample, out));
        }
    }
}

/// The cells of a tile from their bytes; what is wrong with them.
pub(super) fn decode(bytes: &[u8], config: &MosaicConfig, count: usize) -> Result<TileSums, &'static str> {
    let mut bytes = Bytes(bytes);
    let chosen = bytes.bits(count)?;
    let mut sums = TileSums::new(config, count);
    sums.settle();
    match &mut sums {
        TileSums::Staged(_) => {}
        TileSums::Mean(cells, extremes) => {
            for k in &chosen {
                cells[*k] = bytes.cell()?;
            }
            if !extremes.is_empty() {
                for k in chosen.iter().filter(|k| cells[**k].count > 0) {
                    extremes[*k] = Extremes([bytes.extreme()?, bytes.extreme()?]);
                }
            }
        }
        TileSums::Best(_, winners) => {
            for k in &chosen {
                winners[*k] = bytes.winner()?;
            }
        }
        TileSums::Median(samples) => {
            for k in &chosen {
                samples.reasons[*k] = bytes.u8()?;
            }
            samples.all = bytes.samples()?;
            if samples.all.iter().any(|sample| usize::from(sample.cell) >= count) {
                return Err("a measurement lies outside its tile");
            }
            samples.settle();
        }
    }
    if !bytes.0.is_empty() {
        return Err("there are bytes after the last cell of a tile");
    }
    if highest_level(&sums) >= config.levels.levels().len() {
        return Err("a cell is of a level that there is not");
    }
    Ok(sums)
}

fn highest_level(sums: &TileSums) -> usize {
    let highest = match sums {
        TileSums::Staged(_) => None,
        TileSums::Mean(cells, _) => cells.iter().map(|cell| cell.level).max(),
        TileSums::Best(_, winners) => winners.iter().map(|winner| winner.level).max(),
        TileSums::Median(samples) => samples.all.iter().map(|sample| sample.level).max(),
    };
    usize::from(highest.unwrap_or(0))
}

fn put_bits(bits: impl Iterator<Item = bool>, count: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + count.div_ceil(8), 0);
    bits.enumerate().filter(|(_, bit)| *bit).for_each(|(k, _)| out[start + k / 8] |= 1 << (k % 8));
}

fn put_cell(cell: &Cell, out: &mut Vec<u8>) {
    out.extend(cell.sum_wvv.to_le_bytes());
    out.extend(cell.sum_wwss.to_le_bytes());
    out.extend(cell.sum_w.to_le_bytes());
    out.extend(cell.sum_wv.to_le_bytes());
    out.extend(cell.best_scale_bits.to_le_bytes());
    out.extend(cell.count.to_le_bytes());
    cell.days.iter().for_each(|day| out.extend(day.to_le_bytes()));
    out.extend([cell.level, cell.flags, cell.reasons]);
}

fn put_extreme(extreme: &Extreme, out: &mut Vec<u8>) {
    out.extend(extreme.key.to_le_bytes());
    out.extend(extreme.c.value.to_le_bytes());
    out.extend(extreme.c.weight.to_le_bytes());
    out.extend(extreme.c.sigma.to_le_bytes());
}

fn put_winner(winner: &Winner, out: &mut Vec<u8>) {
    out.extend(winner.key.to_le_bytes());
    out.extend(winner.score.to_le_bytes());
    winner.bits.iter().for_each(|bits| out.extend(bits.to_le_bytes()));
    out.extend(winner.count.to_le_bytes());
    out.extend(winner.day.to_le_bytes());
    out.extend([winner.level, winner.flags, winner.reasons]);
}

fn put_sample(sample: &Sample, out: &mut Vec<u8>) {
    out.extend(sample.key.to_le_bytes());
    sample.bits.iter().for_each(|bits| out.extend(bits.to_le_bytes()));
    out.extend(sample.cell.to_le_bytes());
    out.extend(sample.day.to_le_bytes());
    out.extend([sample.level, sample.flags]);
}

/// Bytes yet to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or("the cells of a tile end too early")?;
        self.0 = rest;
        Ok(*first)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        self.take().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, &'static str> {
        self.take().map(i64::from_le_bytes)
    }

    fn u128(&mut self) -> Result<u128, &'static str> {
        self.take().map(u128::from_le_bytes)
    }

    /// Numbers of the bits that are set.
    fn bits(&mut self, count: usize) -> Result<Vec<usize>, &'static str> {
        let (bits, rest) =
            self.0.split_at_checked(count.div_ceil(8)).ok_or("the cells of a tile end too early")?;
        self.0 = rest;
        Ok((0..count).filter(|k| bits[k / 8] >> (k % 8) & 1 == 1).collect())
    }

    fn cell(&mut self) -> Result<Cell, &'static str> {
        Ok(Cell {
            sum_wvv: self.u128()?,
            sum_wwss: self.u128()?,
            sum_w: self.u64()?,
            sum_wv: self.i64()?,
            best_scale_bits: self.u32()?,
            count: self.u32()?,
            days: [self.u16()?, self.u16()?],
            level: self.u8()?,
            flags: self.u8()?,
            reasons: self.u8()?,
        })
    }

    fn extreme(&mut self) -> Result<Extreme, &'static str> {
        let (key, value) = (self.u64()?, self.i64()?);
        Ok(Extreme { key, c: Contribution { value, weight: self.u32()?, sigma: self.u32()? } })
    }

    fn winner(&mut self) -> Result<Winner, &'static str> {
        Ok(Winner {
            key: self.u64()?,
            score: self.u32()?,
            bits: [self.u32()?, self.u32()?, self.u32()?],
            count: self.u32()?,
            day: self.u16()?,
            level: self.u8()?,
            flags: self.u8()?,
            reasons: self.u8()?,
        })
    }

    fn samples(&mut self) -> Result<Vec<Sample>, &'static str> {
        let count = self.u32()? as usize;
        if self.0.len() / SAMPLE_BYTES < count {
            return Err("the measurements of a tile end too early");
        }
        (0..count).map(|_| self.sample()).collect()
    }

    fn sample(&mut self) -> Result<Sample, &'static str> {
        Ok(Sample {
            key: self.u64()?,
            bits: [self.u32()?, self.u32()?, self.u32()?],
            cell: self.u16()?,
            day: self.u16()?,
            level: self.u8()?,
            flags: self.u8()?,
        })
    }
}
