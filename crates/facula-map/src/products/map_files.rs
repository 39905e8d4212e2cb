// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a map, filled tile by tile with memory for two rows of blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Body, CellGrid, Quality};
use rayon::prelude::*;

use super::{ProductInfo, flag_names};
use crate::{
    BandInfo, CogLayout, CogOptions, CogWriter, FinishedTile, Georeference, MapError, Overview, Sample,
    TILE_CELLS, TileSink,
};

/// Blocks compressed together.
const BLOCKS_AT_ONCE: usize = 16;
/// The files, in the order of [`MapFiles::finish`].
const NAMES: [&str; 4] = ["map.tif", "quality.tif", "coverage.tif", "scale.tif"];

/// Writes `map.tif` (f32: normal albedo, sigma), `quality.tif` (u8 flags), `coverage.tif` (u16 frames per cell) and
/// `scale.tif` (f32, best metres per pixel) from finished tiles in any order. A block of which tiles are missing waits until
/// it hears of them ([`TileSink::no_tile`]), or to the end. The files appear with [`MapFiles::finish`].
pub struct MapFiles {
    folder: PathBuf,
    grid: CellGrid,
    tile_px: usize,
    map: CogWriter<f32>,
    quality: CogWriter<u8>,
    coverage: CogWriter<u16>,
    scale: CogWriter<f32>,
    /// Blocks that wait for tiles, by line and column.
    waiting: BTreeMap<(usize, usize), Block>,
    /// Blocks to be written, in the order they were completed.
    ready: Vec<((usize, usize), Block)>,
    /// Tiles that will not come, of blocks that nothing has come for yet.
    missing: BTreeMap<(usize, usize), usize>,
}

/// The cells of a block; those that never come are missing.
struct Block {
    /// Tiles that came, or that will not.
    tiles: usize,
    albedo: Vec<f32>,
    sigma: Vec<f32>,
    scale_m: Vec<f32>,
    quality: Vec<u8>,
    coverage: Vec<u16>,
}

impl Block {
    fn new(cells: usize) -> Self {
        Self {
            tiles: 0,
            albedo: vec![f32::NAN; cells],
            sigma: vec![f32::NAN; cells],
            scale_m: vec![f32::NAN; cells],
            quality: vec![Quality::MISSING.bits(); cells],
            coverage: vec![0; cells],
        }
    }

    /// Puts a tile in, `first` cells from the start of lines of `tile_px`.
    fn take(&mut self, tile: &FinishedTile<'_>, first: usize, tile_px: usize) {
        self.tiles += 1;
        for line in 0..tile.height {
            let from = line * tile.width..(line + 1) * tile.width;
            let to = first + line * tile_px..first + line * tile_px + tile.width;
            self.albedo[to.clone()].copy_from_slice(&tile.albedo[from.clone()]);
            self.sigma[to.clone()].copy_from_slice(&tile.sigma[from.clone()]);
            self.scale_m[to.clone()].copy_from_slice(&tile.scale_m[from.clone()]);
            self.coverage[to.clone()].copy_from_slice(&tile.coverage[from.clone()]);
            let flags = self.quality[to].iter_mut().zip(&tile.quality[from]);
            flags.for_each(|(cell, flags)| *cell = flags.bits());
        }
    }
}

/// What the four files share.
struct Common<'a> {
    folder: &'a Path,
    place: Georeference,
    info: &'a ProductInfo,
}

impl Common<'_> {
    fn layout<T: Sample>(&self, bands: Vec<BandInfo>) -> CogLayout<T> {
        let grid = self.place.grid();
        let mut layout = CogLayout::new(grid.width(), grid.height(), bands);
        layout.georeference = Some(self.place.clone());
        layout.metadata.clone_from(&self.info.metadata);
        layout
    }

    /// A writer; the files share the memory for blocks that wait to be written.
    fn writer<T: Sample>(&self, number: usize, layout: CogLayout<T>) -> Result<CogWriter<T>, MapError> {
        let memory_bytes = self.info.cog.memory_bytes / NAMES.len();
        CogWriter::create(
            &self.folder.join(NAMES[number]),
            layout,
            &CogOptions { memory_bytes, ..self.info.cog },
        )
    }
}

impl MapFiles {
    /// Writers of the four files of a map in a folder, which is made if need be.
    ///
    /// # Errors
    /// [`MapError::Io`], and [`MapError::Argument`] for blocks that are no whole number of tiles.
    pub fn create(
        folder: &Path,
        body: &Body,
        grid: impl Into<CellGrid>,
        info: &ProductInfo,
    ) -> Result<Self, MapError> {
        let (grid, tile_px) = (grid.into(), info.cog.tile_px);
        if tile_px == 0 || !tile_px.is_multiple_of(TILE_CELLS) {
            let remedy = "give a multiple of 128";
            return Err(MapError::Argument { what: "tile_px of a map", found: tile_px.to_string(), remedy });
        }
        std::fs::create_dir_all(folder).map_err(MapError::io("create the folder", folder))?;
        let with = |overview, band: BandInfo| vec![BandInfo { overview, ..band }];
        let common = Common { folder, place: Georeference::of(body, grid), info };
        let albedo = common.layout(vec![BandInfo::new("normal albedo", "1"), BandInfo::new("sigma", "1")]);
        let mut flags = common.layout(with(Overview::Or, BandInfo::new("quality flags", "")));
        flags.missing = Quality::MISSING.bits();
        flags.metadata.extend(flag_names());
        let frames = common.layout(with(Overview::Mean, BandInfo::new("frames per cell", "1")));
        let best = common.layout(with(Overview::Smallest, BandInfo::new("best pixel scale", "m")));
        Ok(Self {
            map: common.writer(0, albedo)?,
            quality: common.writer(1, flags)?,
            coverage: common.writer(2, frames)?,
            scale: common.writer(3, best)?,
            folder: folder.to_path_buf(),
            grid,
            tile_px,
            waiting: BTreeMap::new(),
            ready: Vec::new(),
            missing: BTreeMap::new(),
        })
    }

    /// Writes the files; gives their paths: map, quality, coverage, scale.
    ///
    /// # Errors
    /// [`MapError::Io`].
    pub fn finish(mut self) -> Result<Vec<PathBuf>, MapError> {
        self.ready.extend(std::mem::take(&mut self.waiting));
        self.put_ready()?;
        self.map.finish()?;
        self.quality.finish()?;
        self.coverage.finish()?;
        self.scale.finish()?;
        Ok(NAMES.map(|name| self.folder.join(name)).into())
    }

    /// Tiles of a block.
    fn tiles_of(&self, (line, column): (usize, usize)) -> usize {
        let count =
            |block: usize, size: usize| self.tile_px.min(size - block * self.tile_px).div_ceil(TILE_CELLS);
        count(line, self.grid.height()) * count(column, self.grid.width())
    }

    /// A block that all tiles have been told of can be written.
    fn done(&mut self, at: (usize, usize)) -> Result<(), MapError> {
        if let Some(block) = self.waiting.remove(&at) {
            self.ready.push((at, block));
        }
        if self.ready.len() >= BLOCKS_AT_ONCE { self.put_ready() } else { Ok(()) }
    }

    fn put_ready(&mut self) -> Result<(), MapError> {
        let put = |((line, column), block): &((usize, usize), Block)| {
            let (line, column) = (*line, *column);
            self.map.put(column, line, &[&block.albedo, &block.sigma])?;
            self.quality.put(column, line, &[&block.quality])?;
            self.coverage.put(column, line, &[&block.coverage])?;
            self.scale.put(column, line, &[&block.scale_m])
        };
        self.ready.par_iter().try_for_each(put)?;
        self.ready.clear();
        Ok(())
    }
}

impl TileSink for MapFiles {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        let (line, column) = (tile.line / self.tile_px, tile.column / self.tile_px);
        let inside =
            tile.column + tile.width <= self.grid.width() && tile.line + tile.height <= self.grid.height();
        if !inside {
            let found = format!("{} x {} at ({}, {})", tile.width, tile.height, tile.column, tile.line);
            let remedy = "give tiles of the map's own grid";
            return Err(MapError::Argument { what: "tile of a map", found, remedy });
        }
        let (tile_px, at) = (self.tile_px, (line, column));
        let (whole, missing) = (self.tiles_of(at), self.missing.remove(&at).unwrap_or(0));
        let block = self
            .waiting
            .entry(at)
            .or_insert_with(|| Block { tiles: missing, ..Block::new(tile_px * tile_px) });
        block.take(&tile, tile.line % tile_px * tile_px + tile.column % tile_px, tile_px);
        if block.tiles == whole { self.done(at) } else { Ok(()) }
    }

    fn no_tile(&mut self, column: usize, line: usize) -> Result<(), MapError> {
        let at = (line / self.tile_px, column / self.tile_px);
        let Some(block) = self.waiting.get_mut(&at) else {
            *self.missing.entry(at).or_default() += 1;
            return Ok(());
        };
        block.tiles += 1;
        if block.tiles == self.tiles_of(at) { self.done(at) } else { Ok(()) }
    }
}
