// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accumulator files: a mosaic in the making on disk, which several processes fill and one reduces.
//!
//! In: a [`Mosaic`], or tiles one at a time. Out: a file that goes on where it was: more frames can be added, two files
//! can be merged. The bytes depend on the frames alone, not on their order, the threads, or who merged what first.
//!
//! Layout, little-endian:
//!
//! | part | bytes | content |
//! |---|---|---|
//! | head | 8 | magic `FACULACC` |
//! | | 4 | version, 1 |
//! | | 4 | n, length of the next part |
//! | | n | JSON: `grid` (a map grid), `config` (rule, outliers, levels, filters) |
//! | | 8 | XXH3 of everything before |
//! | each tile | 8 | number of the tile, row by row from the north-west, 128 cells a side; ascending |
//! | | 8 | m, length of the next part |
//! | | m | cells, see below |
//! | | 8 | XXH3 of number, m and cells |
//! | tail | k | JSON: `constants` (name to text), `frames` (identifier to level, scale_m, gain, cells) |
//! | | 8, 8 | number of tiles, byte offset of the tail |
//! | | 8, 8 | XXH3 of the tail's JSON, XXH3 of the three numbers before this one |
//! | | 8 | magic `FACULEND` |
//!
//! Cells of a tile: one bit per cell, lowest bit first, set for the cells that follow; then for each of them
//!
//! * weighted mean, 63 bytes: Σwv², Σw²σ² (u128), Σw (u64), Σwv (i64), best scale (f32), count (u32), first and last day
//!   (u16), level, flags, reasons (u8); when outliers are rejected, after all cells 2 × 24 bytes for each cell with
//!   measurements: frame key (u64), value (i64), weight, sigma (u32) of the smallest and the largest;
//! * best frame, 33 bytes: frame key (u64), score (u32), value, sigma, scale (f32), count (u32), day (u16), level, flags,
//!   reasons (u8);
//! * median: 1 byte of reasons; after all cells the number of measurements (u32) and each, 26 bytes: frame key (u64),
//!   value, sigma, scale (f32), cell, day (u16), level, flags (u8).
//!
//! Units of the whole numbers: see the mosaic's table (values 2⁻²⁴ of I/F or 2⁻¹² of relative brightness). Days count
//! from 1950-01-01. The file is written aside and renamed: a killed process leaves the old file or the new one.

mod cells;
mod file;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Write};
use std::path::Path;

use facula_core::CellGrid;

use crate::files::write_aside;
use crate::mosaic::{Finish, TileSums, in_both, join, same_making, tile_count, window};
use crate::{LevelReport, MapError, Mosaic, MosaicConfig, TileSink};
use facula_geometry::Shape;
pub(crate) use file::{Reader, Writer};

impl Mosaic {
    /// The mosaic as the bytes of an accumulator file, for [`Mosaic::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out).expect("memory takes all bytes");
        out
    }

    /// The mosaic from the bytes of an accumulator file.
    ///
    /// # Errors
    /// [`MapError::Format`] for other bytes, another version, a truncated or damaged file; [`MapError::Limit`] beyond
    /// the default memory budget; [`MapError::Argument`] as in [`Mosaic::with_config`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MapError> {
        Self::from_bytes_within(bytes, MosaicConfig::default().budget_bytes)
    }

    /// As [`Mosaic::from_bytes`], within a memory budget.
    ///
    /// # Errors
    /// As [`Mosaic::from_bytes`]; [`MapError::Limit`] beyond `budget_bytes` of memory.
    pub fn from_bytes_within(bytes: &[u8], budget_bytes: u64) -> Result<Self, MapError> {
        from_reader(Reader::open(Cursor::new(bytes))?, budget_bytes)
    }

    /// Writes an accumulator file, whole or not at all.
    ///
    /// # Errors
    /// [`MapError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), MapError> {
        write_aside(path, |file| self.write_to(file))
    }

    /// Reads an accumulator file, to add frames or to finish it.
    ///
    /// # Errors
    /// [`MapError::Io`] and as [`Mosaic::from_bytes`]; [`MapError::Limit`] beyond `budget_bytes` of memory.
    pub fn read(path: &Path, budget_bytes: u64) -> Result<Self, MapError> {
        from_reader(open(path)?, budget_bytes)
    }

    fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = Writer::begin(out, (&self.grid, &self.config))?;
        for (index, sums) in &self.tiles {
            writer.tile(*index as usize, sums)?;
        }
        writer.end(&self.registry)
    }
}

/// What an accumulator file holds, without its tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct AccumulatorInfo {
    /// The grid.
    pub grid: CellGrid,
    /// How it is made.
    pub config: MosaicConfig,
    /// What its frames share, by name.
    pub constants: std::collections::BTreeMap<String, String>,
    /// The frames in it, by identifier.
    pub frames: std::collections::BTreeMap<String, crate::FrameRecord>,
    /// Tiles of which something is known.
    pub tile_count: u64,
}

impl AccumulatorInfo {
    /// Whether its sums can be joined with others: of this grid, made this way, of these frames.
    ///
    /// # Errors
    /// [`MapError::Argument`] for another grid or configuration, and for a frame in both.
    pub fn joins<'a>(
        &self,
        (grid, config): (&CellGrid, &MosaicConfig),
        mut frames: impl Iterator<Item = &'a str>,
    ) -> Result<(), MapError> {
        same_making((&self.grid, &self.config), (grid, config))?;
        frames.find(|id| self.frames.contains_key(*id)).map_or(Ok(()), |id| Err(in_both(id)))
    }
}

/// Looks into an accumulator file.
///
/// # Errors
/// [`MapError::Io`], [`MapError::Format`].
pub fn accumulator_info(path: &Path) -> Result<AccumulatorInfo, MapError> {
    let reader = open(path)?;
    Ok(AccumulatorInfo {
        grid: reader.grid,
        config: reader.config.clone(),
        constants: reader.registry.constants.clone(),
        frames: reader.registry.frames.clone(),
        tile_count: reader.tiles(),
    })
}

/// Merges two accumulator files of different frames into a third (which may be one of them), a tile at a time. The
/// result is the same whichever comes first, and the same as of one process with all frames.
///
/// # Errors
/// [`MapError::Argument`] for other grids, configurations or constants, and for a frame in both; [`MapError::Format`],
/// [`MapError::Io`].
pub fn merge_accumulators(one: &Path, other: &Path, into: &Path) -> Result<(), MapError> {
    let (mut a, mut b) = (open(one)?, open(other)?);
    same_making((&a.grid, &a.config), (&b.grid, &b.config))?;
    let mut registry = a.registry.clone();
    registry.merge(&b.registry)?;
    let (grid, config) = (a.grid, a.config.clone());
    write_aside_with(into, |file| {
        let io = |e| MapError::io("write", into)(e);
        let mut writer = Writer::begin(file, (&grid, &config)).map_err(io)?;
        while let Some(index) = [a.next_index(), b.next_index()].into_iter().flatten().min() {
            let mut sums = a.take(index)?;
            join(&mut sums, b.take(index)?.as_ref());
            if let Some(sums) = sums {
                writer.tile(index, &sums).map_err(|e| MapError::io("write", into)(e))?;
            }
        }
        writer.end(&registry).map_err(|e| MapError::io("write", into)(e))
    })
}

/// Divides the sums of an accumulator file tile by tile, in the order of the grid; coverage by level comes back.
///
/// # Errors
/// [`MapError::Format`], [`MapError::Io`], and what the sink says.
pub fn finish_accumulator(
    path: &Path,
    shape: &Shape,
    sink: &mut dyn TileSink,
) -> Result<LevelReport, MapError> {
    let mut reader = open(path)?;
    let grid = reader.grid;
    let how = Finish { quantum: reader.registry.quantum(), clip_sigma: reader.config.clip_sigma() };
    let levels = reader.config.levels.clone();
    let mut tally = crate::mosaic::Tally::new(grid, shape, &levels);
    let mut next = 0;
    let mut pass = |sink: &mut dyn TileSink, until: usize| {
        let passed = (next..until).map(|index| window(&grid, index));
        passed.into_iter().try_for_each(|tile| sink.no_tile(tile.column, tile.line))?;
        next = until + 1;
        Ok::<(), MapError>(())
    };
    while let Some(index) = reader.next_index() {
        if let Some(sums) = reader.take(index)? {
            let planes = sums.finish(window(&grid, index), &how);
            pass(sink, index)?;
            sink.tile(planes.view())?;
            let part = tally.part(&planes);
            tally.add(&part);
        }
    }
    pass(sink, tile_count(&grid)?)?;
    Ok(tally.report(&reader.registry.frames))
}

pub(crate) fn open(path: &Path) -> Result<Reader<BufReader<File>>, MapError> {
    let file = File::open(path).map_err(MapError::io("read", path))?;
    let mut reader = Reader::open(BufReader::with_capacity(1 << 18, file)).map_err(|e| e.of_file(path))?;
    reader.path = path.to_path_buf();
    Ok(reader)
}

fn from_reader<R: io::Read + io::Seek>(mut reader: Reader<R>, budget_bytes: u64) -> Result<Mosaic, MapError> {
    let config = MosaicConfig { budget_bytes, ..reader.config.clone() };
    let mut tiles = std::collections::BTreeMap::new();
    let mut taken_bytes = 0;
    while let Some(index) = reader.next_index() {
        let sums = reader.take(index)?;
        taken_bytes += sums.as_ref().map_or(0, TileSums::bytes);
        if taken_bytes > budget_bytes {
            let remedy = "raise the budget, or merge and finish the file without reading it whole";
            let what = "accumulator file in memory, in bytes,";
            return Err(MapError::Limit { what, needed: taken_bytes, limit: budget_bytes, remedy });
        }
        tiles.extend(sums.map(|sums| (index as u32, sums)));
    }
    Ok(Mosaic { grid: reader.grid, config, registry: reader.registry, tiles })
}

/// Writes a file aside through a function with errors of this crate.
pub(crate) fn write_aside_with(
    path: &Path,
    fill: impl FnOnce(&mut io::BufWriter<File>) -> Result<(), MapError>,
) -> Result<(), MapError> {
    let mut failed = None;
    let written = write_aside(path, |file| {
        fill(file).map_err(|error| {
            failed = Some(error);
            io::Error::other("stopped")
        })
    });
    failed.map_or(written, Err)
}

#[cfg(test)]
mod tests;
