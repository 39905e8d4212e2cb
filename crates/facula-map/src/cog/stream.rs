// SPDX-License-Identifier: MIT OR Apache-2.0
//! A Cloud Optimized GeoTIFF from blocks in any order, without the whole image.
//!
//! Each block is compressed when it comes and kept compressed; its cells, reduced two by two, wait in the block above
//! it until that one has all its four, and so on up. Memory holds what waits (the frontier of what was given) and
//! compressed blocks up to a budget; the rest of them waits in a file beside the target. The file itself is written at
//! the end, in the order of its blocks, so that its bytes do not depend on the order in which they came.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::levels::{Level, levels};
use super::spool::Spool;
use super::statistics::Statistics;
use super::tiles::{encode_block, reduce_block};
use super::{BandInfo, CogOptions, Georeference, Overview, Sample, check_options, tiff};
use crate::MapError;
use crate::files::write_aside;

/// What a streamed image is.
#[derive(Debug, Clone)]
pub struct CogLayout<T> {
    /// Width, px.
    pub width: usize,
    /// Height, px.
    pub height: usize,
    /// Place on the body; `None` for camera frames.
    pub georeference: Option<Georeference>,
    /// One band at least.
    pub bands: Vec<BandInfo>,
    /// Further metadata, name and value, as GDAL lists it.
    pub metadata: Vec<(String, String)>,
    /// Value of cells that are never given: NaN or zero by default.
    pub missing: T,
    /// The integer that means "no data"; floating point has NaN for it.
    pub nodata: Option<T>,
}

impl<T: Sample> CogLayout<T> {
    /// An image of that size without place and metadata.
    pub fn new(width: usize, height: usize, bands: Vec<BandInfo>) -> Self {
        let (georeference, metadata) = (None, Vec::new());
        Self { width, height, georeference, bands, metadata, missing: T::MISSING, nodata: None }
    }

    fn check(&self) -> Result<(), MapError> {
        let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
        let (width, height) = (self.width, self.height);
        if self.bands.is_empty() || self.bands.len() > usize::from(u16::MAX) {
            let found = format!("{} bands", self.bands.len());
            return refuse("image to write", found, "give 1 to 65535 bands");
        }
        if width == 0 || height == 0 || width.max(height) > 1 << 30 {
            return refuse(
                "image to write",
                format!("{width} x {height} pixels"),
                "give 1 to 2^30 pixels a side",
            );
        }
        match self.georeference.as_ref().map(Georeference::grid) {
            Some(grid) if (grid.width(), grid.height()) != (width, height) => {
                let found =
                    format!("grid of {} x {} for bands of {width} x {height}", grid.width(), grid.height());
                refuse("georeference", found, "give the grid the bands were made on")
            }
            _ => Ok(()),
        }
    }
}

/// Takes the blocks of an image and writes its file at the end. Shared between threads.
#[derive(Debug)]
pub struct CogWriter<T: Sample> {
    path: PathBuf,
    layout: CogLayout<T>,
    options: CogOptions,
    levels: Vec<Level>,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    spool: Spool,
    given: Vec<bool>,
    /// Blocks of overviews that wait for cells, by level and index.
    waiting: BTreeMap<(usize, usize), Waiting<T>>,
    /// Of each block of full resolution, band after band.
    statistics: Vec<Statistics>,
}

#[derive(Debug)]
struct Waiting<T> {
    children: usize,
    /// Cells of each band; no bands while all children are missing.
    bands: Vec<Vec<T>>,
}

impl<T: Sample> CogWriter<T> {
    /// A writer of the file `path`, which appears when [`CogWriter::finish`] is called, whole or not at all.
    ///
    /// # Errors
    /// [`MapError::Argument`] for an image or options that cannot be written.
    pub fn create(path: &Path, layout: CogLayout<T>, options: &CogOptions) -> Result<Self, MapError> {
        layout.check()?;
        check_options(options)?;
        let levels = levels(layout.width, layout.height, options.tile_px);
        let blocks = levels.iter().map(Level::count).sum::<usize>() * layout.bands.len();
        let full = levels[0].count();
        let state = State {
            spool: Spool::new(path, blocks, options.memory_bytes),
            given: vec![false; full],
            waiting: BTreeMap::new(),
            statistics: vec![Statistics::NONE; full * layout.bands.len()],
        };
        Ok(Self { path: path.to_path_buf(), layout, options: *options, levels, state: Mutex::new(state) })
    }

    /// Blocks of the image: columns and lines of them.
    pub fn blocks(&self) -> (usize, usize) {
        let full = &self.levels[0];
        (full.across(), full.count() / full.across())
    }

    /// Takes a block: for each band `tile_px` lines of `tile_px` cells. Cells beyond the image do not matter. Blocks
    /// come in any order, from any thread, each once; those that never come are missing.
    ///
    /// # Errors
    /// [`MapError::Argument`] for a block outside the image, of another size, or given twice; [`MapError::Io`] when
    /// the temporary file cannot be written.
    pub fn put(&self, column: usize, line: usize, bands: &[&[T]]) -> Result<(), MapError> {
        self.check_block(column, line, bands)?;
        self.take((0, column, line), bands)
    }

    fn check_block(&self, column: usize, line: usize, bands: &[&[T]]) -> Result<(), MapError> {
        let refuse = |found, remedy| Err(MapError::Argument { what: "block of a map", found, remedy });
        let (across, down) = self.blocks();
        if column >= across || line >= down {
            let found = format!("column {column}, line {line} of {across} x {down}");
            return refuse(found, "give blocks of the image only");
        }
        let cells = self.options.tile_px * self.options.tile_px;
        if bands.len() != self.layout.bands.len() || bands.iter().any(|band| band.len() != cells) {
            let found = format!("{} bands of {:?} cells", bands.len(), bands.first().map(|band| band.len()));
            return refuse(found, "give tile_px squared cells for each band of the layout");
        }
        let given = &mut self.state().given[self.levels[0].index(column, line)];
        if std::mem::replace(given, true) {
            return refuse(format!("column {column}, line {line} a second time"), "give each block once");
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a block of a level and hands it up until a block above still waits for others.
    fn take(&self, mut at: (usize, usize, usize), bands: &[&[T]]) -> Result<(), MapError> {
        self.store(at, bands)?;
        let mut above = self.hand_up(at, bands);
        while let Some(bands) = above {
            at = (at.0 + 1, at.1 / 2, at.2 / 2);
            let bands: Vec<&[T]> = bands.iter().map(Vec::as_slice).collect();
            self.store(at, &bands)?;
            above = self.hand_up(at, &bands);
        }
        Ok(())
    }

    /// Compresses and stores the bands of a block that hold something; no bands: all missing.
    fn store(&self, (level, column, line): (usize, usize, usize), bands: &[&[T]]) -> Result<(), MapError> {
        let here = &self.levels[level];
        let (valid, index) = (here.valid(column, line), here.index(column, line));
        for (band, cells) in bands.iter().enumerate() {
            if self.is_missing(cells, valid) {
                continue;
            }
            let bytes = encode_block(cells, valid, &self.options);
            let statistics =
                (level == 0).then(|| Statistics::of(cells, valid, self.options.tile_px, self.layout.nodata));
            let mut state = self.state();
            state.spool.store(self.spool_index(level, band, index), bytes)?;
            if let Some(statistics) = statistics {
                state.statistics[band * here.count() + index] = statistics;
            }
        }
        Ok(())
    }

    fn is_missing(&self, cells: &[T], (width, height): (usize, usize)) -> bool {
        let lines = cells.chunks(self.options.tile_px).take(height);
        lines.flat_map(|line| &line[..width]).all(|cell| cell.same(self.layout.missing))
    }

    fn spool_index(&self, level: usize, band: usize, index: usize) -> usize {
        let here = &self.levels[level];
        here.first * self.layout.bands.len() + band * here.count() + index
    }

    /// Puts the reduced cells of a block into the one above; gives the bands of that one when it is complete.
    fn hand_up(&self, (level, column, line): (usize, usize, usize), bands: &[&[T]]) -> Option<Vec<Vec<T>>> {
        let above = self.levels.get(level + 1)?;
        let (tile_px, missing, nodata) = (self.options.tile_px, self.layout.missing, self.layout.nodata);
        let valid = self.levels[level].valid(column, line);
        let rules = self.layout.bands.iter().map(|band| band.overview);
        let reduced: Vec<Vec<T>> = bands
            .iter()
            .zip(rules)
            .map(|(cells, rule)| reduce_block((cells, valid), tile_px, rule, (missing, nodata)))
            .collect();
        let key = (level + 1, above.index(column / 2, line / 2));
        let mut state = self.state();
        let waiting = state.waiting.entry(key).or_insert(Waiting { children: 0, bands: Vec::new() });
        waiting.children += 1;
        if waiting.bands.is_empty() && !reduced.is_empty() {
            waiting.bands = vec![vec![missing; tile_px * tile_px]; reduced.len()];
        }
        let half_px = tile_px / 2;
        let corner = line % 2 * half_px * tile_px + column % 2 * half_px;
        for (cells, quarter) in waiting.bands.iter_mut().zip(&reduced) {
            for (row, cut) in quarter.chunks(half_px).enumerate() {
                cells[corner + row * tile_px..][..half_px].copy_from_slice(cut);
            }
        }
        let done = waiting.children == self.children(level, column / 2, line / 2);
        if done { state.waiting.remove(&key).map(|waiting| waiting.bands) } else { None }
    }

    /// Blocks of a level below one of the next.
    fn children(&self, level: usize, column: usize, line: usize) -> usize {
        let (across, count) = (self.levels[level].across(), self.levels[level].count());
        2.min(across - 2 * column) * 2.min(count / across - 2 * line)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`MapError::Io`].
    pub fn finish(self) -> Result<(), MapError> {
        for level in 1..self.levels.len() {
            self.finish_level(level)?;
        }
        let Self { path, layout, options, levels, state } = self;
        let State { mut spool, statistics, .. } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Blocks that never came count where their cells are numbers like any other: zero frames, not "no data".
        let numbers = layout.nodata.is_none() && !layout.missing.is_missing(None);
        let absent = |index: usize| {
            let valid = levels[0].valid(index % levels[0].across(), index / levels[0].across());
            if numbers { Statistics::constant(layout.missing.number(), valid) } else { Statistics::NONE }
        };
        let statistics: Vec<Option<Statistics>> = layout
            .bands
            .iter()
            .zip(statistics.chunks(levels[0].count()))
            .map(|(band, blocks)| {
                let all = blocks.iter().enumerate().fold(Statistics::NONE, |sum, (index, block)| {
                    sum.joined(if block.count > 0 { *block } else { absent(index) })
                });
                (band.overview != Overview::Or && all.count > 0).then_some(all)
            })
            .collect();
        let filled = vec![layout.missing; options.tile_px * options.tile_px];
        let missing = encode_block(&filled, (options.tile_px, options.tile_px), &options);
        let places = tiff::Places::new(&levels, layout.bands.len(), (&spool, missing.len()));
        let head = tiff::head(&layout, &options, &levels, (&places, &statistics));
        write_aside(&path, |writer| {
            writer.write_all(&head)?;
            for level in (0..levels.len()).rev() {
                if places.needs_missing(level) {
                    writer.write_all(&missing)?;
                }
                let blocks = levels[level].count() * layout.bands.len();
                let first = levels[level].first * layout.bands.len();
                (first..first + blocks).try_for_each(|index| spool.copy(index, writer))?;
            }
            Ok(())
        })
    }

    /// Hands up what still waits in a level for blocks that never came.
    fn finish_level(&self, level: usize) -> Result<(), MapError> {
        let here = &self.levels[level];
        let left: Vec<(usize, Waiting<T>)> = {
            let mut state = self.state();
            let keys: Vec<_> = state.waiting.range((level, 0)..(level + 1, 0)).map(|(key, _)| *key).collect();
            keys.iter().filter_map(|key| Some((key.1, state.waiting.remove(key)?))).collect()
        };
        left.into_par_iter().try_for_each(|(index, waiting)| {
            let bands: Vec<&[T]> = waiting.bands.iter().map(Vec::as_slice).collect();
            self.take((level, index % here.across(), index / here.across()), &bands)
        })
    }
}
