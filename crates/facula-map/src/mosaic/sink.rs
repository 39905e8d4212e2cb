// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where finished tiles go: a file writer, a map in memory, anything that takes a tile at a time.
//!
//! In: one [`FinishedTile`] at a time, in any order, each tile of the grid at most once; tiles that never come were
//! never seen. Out: whatever the sink makes of them.

use facula_core::{CellGrid, Quality, Raster};

use crate::{GlobalMap, MapError};

/// Side of a tile, cells: its ground and its sums stay in the second-level cache. Tiles at the eastern and southern
/// edge of a grid are smaller.
pub const TILE_CELLS: usize = 128;

/// A tile whose sums have been divided. Planes hold `width * height` values, line by line.
#[derive(Debug, Clone, Copy)]
pub struct FinishedTile<'a> {
    /// First column of the tile within the grid; a multiple of [`TILE_CELLS`].
    pub column: usize,
    /// First line of the tile within the grid; a multiple of [`TILE_CELLS`].
    pub line: usize,
    /// Columns, at most [`TILE_CELLS`].
    pub width: usize,
    /// Lines, at most [`TILE_CELLS`].
    pub height: usize,
    /// I/F at the standard geometry (normal albedo by default); NaN where nothing was measured.
    pub albedo: &'a [f32],
    /// One-sigma uncertainty of `albedo`; NaN where nothing was measured.
    pub sigma: &'a [f32],
    /// Flags, as in [`GlobalMap::quality`].
    pub quality: &'a [Quality],
    /// Frames that went into each cell.
    pub coverage: &'a [u16],
    /// Best pixel scale among them, metres per pixel; NaN where nothing was measured.
    pub scale_m: &'a [f32],
    /// Day of the earliest frame that went in: days since 1950-01-01 (UTC), 0 where nothing was measured.
    pub first_day: &'a [u16],
    /// Day of the latest frame that went in, likewise.
    pub last_day: &'a [u16],
    /// Rank of the scale level the cell shows (0 the coarsest); 255 where nothing was measured.
    pub level: &'a [u8],
}

/// Takes finished tiles.
pub trait TileSink {
    /// Takes one tile. Called once for each tile anything is known of, in any order, from one thread at a time.
    ///
    /// # Errors
    /// What keeps the sink from taking it; the run then stops.
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError>;

    /// Hears that the tile whose first cell stands in this column and line will not come: nothing is known of it.
    ///
    /// # Errors
    /// As [`TileSink::tile`].
    fn no_tile(&mut self, _column: usize, _line: usize) -> Result<(), MapError> {
        Ok(())
    }
}

impl GlobalMap {
    /// A map of a grid of which nothing is known yet.
    pub fn empty(grid: impl Into<CellGrid>) -> Self {
        let grid = grid.into();
        let (width, height) = (grid.width(), grid.height());
        Self {
            grid,
            albedo: Raster::filled(width, height, f32::NAN),
            sigma: Raster::filled(width, height, f32::NAN),
            quality: Raster::filled(width, height, Quality::MISSING),
            coverage: Raster::filled(width, height, 0),
            scale_m: Raster::filled(width, height, f32::NAN),
        }
    }
}

impl GlobalMap {
    /// Gives the map tile by tile, in the order of the grid; days and levels, which it does not hold, are empty.
    ///
    /// # Errors
    /// What the sink says.
    pub fn tiles_into(&self, sink: &mut dyn TileSink) -> Result<(), MapError> {
        let count = self.grid.width().div_ceil(TILE_CELLS) * self.grid.height().div_ceil(TILE_CELLS);
        for tile in (0..count).map(|index| super::window(&self.grid, index)) {
            let (albedo, sigma) = (cut(&self.albedo, tile), cut(&self.sigma, tile));
            let (quality, coverage) = (cut(&self.quality, tile), cut(&self.coverage, tile));
            sink.tile(FinishedTile {
                column: tile.column,
                line: tile.line,
                width: tile.width,
                height: tile.height,
                albedo: &albedo,
                sigma: &sigma,
                quality: &quality,
                coverage: &coverage,
                scale_m: &cut(&self.scale_m, tile),
                first_day: &[],
                last_day: &[],
                level: &[],
            })?;
        }
        Ok(())
    }
}

fn cut<T: Copy>(from: &Raster<T>, tile: super::TileWindow) -> Vec<T> {
    let lines = (tile.line..tile.line + tile.height).map(|line| from.line(line));
    lines.flat_map(|line| &line[tile.column..tile.column + tile.width]).copied().collect()
}

/// A map in memory keeps the tiles of its own grid.
impl TileSink for GlobalMap {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        let inside =
            tile.column + tile.width <= self.grid.width() && tile.line + tile.height <= self.grid.height();
        if !inside {
            let found = format!("{} x {} at ({}, {})", tile.width, tile.height, tile.column, tile.line);
            let remedy = "give the map the grid the tiles were made on";
            return Err(MapError::Argument { what: "tile outside the map", found, remedy });
        }
        copy(&mut self.albedo, &tile, tile.albedo);
        copy(&mut self.sigma, &tile, tile.sigma);
        copy(&mut self.quality, &tile, tile.quality);
        copy(&mut self.coverage, &tile, tile.coverage);
        copy(&mut self.scale_m, &tile, tile.scale_m);
        Ok(())
    }
}

fn copy<T: Copy>(into: &mut Raster<T>, tile: &FinishedTile<'_>, plane: &[T]) {
    let stride = into.width();
    for (k, row) in plane.chunks_exact(tile.width).enumerate() {
        let start = (tile.line + k) * stride + tile.column;
        into.as_mut_slice()[start..start + tile.width].copy_from_slice(row);
    }
}
