// SPDX-License-Identifier: MIT OR Apache-2.0
//! The weighted mosaic: accumulators per cell, filled frame by frame, resumable.
//!
//! In: shots, a shape, a grid. Out: [`GlobalMap`]. The map is worked on tile by tile, tiles in parallel, and within
//! a tile the shots in list order, so the bytes of the result depend neither on the number of threads nor on how
//! the list was cut into batches.

mod bytes;
mod cell;
mod ground;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use facula_core::{MapGrid, Progress, Quality, Raster, Reporter, Warning};
use facula_geometry::{Shape, Shot};
use rayon::prelude::*;

use crate::orthorectify::{Outcome, PhaseTable, Rays, ShotView};
use crate::{MapError, MosaicOptions};
use cell::Cell;
pub(crate) use ground::{Bounds, TileGround};

/// Name of this stage in warnings and progress.
const STAGE: &str = "map";
/// Side of a tile, cells: its ground (1.2 MB) stays in the second-level cache.
const TILE_CELLS: usize = 128;
/// Most cells of a mosaic in memory (40 bytes each): 10.7 GB.
const MAX_CELLS: u64 = 1 << 28;

/// A finished mosaic.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalMap {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// I/F at the standard geometry (normal albedo by default); NaN where nothing was measured.
    pub albedo: Raster<f32>,
    /// One-sigma uncertainty of `albedo`: the larger of propagated noise and scatter between frames.
    pub sigma: Raster<f32>,
    /// Measured cells: flags of the pixels used. Others: [`Quality::MISSING`] and why frames that saw the cell
    /// could not be used.
    pub quality: Raster<Quality>,
    /// Number of frames that went into each cell.
    pub coverage: Raster<u16>,
    /// Best pixel scale among them, metres per pixel; NaN where nothing was measured.
    pub scale_m: Raster<f32>,
}

/// What a call of [`Mosaic::accumulate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accumulated {
    /// Cells each shot contributed to, in the order of the list; 0 for shots left out.
    pub cells_per_shot: Vec<u64>,
}

/// A mosaic in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Mosaic {
    grid: MapGrid,
    /// Accumulators of each tile, row by row; empty for a tile nothing has touched.
    tiles: Vec<Vec<Cell>>,
}

/// Place of a tile within the grid, cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TileWindow {
    /// First column.
    pub column: usize,
    /// First line.
    pub line: usize,
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
}

impl Mosaic {
    /// An empty mosaic on a grid.
    ///
    /// # Errors
    /// [`MapError::Argument`] for a grid without cells or with numbers out of range; [`MapError::Limit`] beyond
    /// 268 million cells.
    pub fn new(grid: MapGrid) -> Result<Self, MapError> {
        let finite = grid.west_rad.is_finite() && grid.north_rad.is_finite() && grid.step_rad > 0.0;
        if grid.width == 0 || grid.height == 0 || !finite || !grid.step_rad.is_finite() {
            let found = format!("{grid:?}");
            let remedy = "give one cell at least, finite edges and a positive step";
            return Err(MapError::Argument { what: "map grid", found, remedy });
        }
        let needed = (grid.width as u64).saturating_mul(grid.height as u64);
        if needed > MAX_CELLS {
            let remedy = "map a window or choose a coarser step";
            return Err(MapError::Limit { what: "map grid, in cells,", needed, limit: MAX_CELLS, remedy });
        }
        let count = grid.width.div_ceil(TILE_CELLS) * grid.height.div_ceil(TILE_CELLS);
        Ok(Self { grid, tiles: vec![Vec::new(); count] })
    }

    /// The grid.
    pub fn grid(&self) -> MapGrid {
        self.grid
    }

    /// Adds shots in list order. May be called again with more; the sums are then the same as in one call.
    /// Shots that cannot be used, or see nothing of the grid, are reported and left out.
    ///
    /// # Errors
    /// [`MapError::Argument`] for options out of range.
    pub fn accumulate(
        &mut self,
        shots: &[Shot],
        shape: &Shape,
        options: &MosaicOptions,
        report: &dyn Reporter,
    ) -> Result<Accumulated, MapError> {
        options.check()?;
        let phase = PhaseTable::of(options);
        let views: Vec<(usize, ShotView<'_>)> = shots
            .iter()
            .enumerate()
            .filter(|(_, shot)| usable(shot, options.rejected, report))
            .map(|(index, shot)| (index, ShotView::new(shot, shape, options, &phase)))
            .collect();
        let counts: Vec<AtomicU64> = shots.iter().map(|_| AtomicU64::new(0)).collect();
        let (done, total, grid) = (AtomicUsize::new(0), self.tiles.len(), self.grid);
        self.tiles.par_iter_mut().enumerate().for_each(|(index, cells)| {
            fill_tile((shape, &grid, window(&grid, index)), cells, &views, &counts);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            report.progress(Progress { stage: STAGE, done, total });
        });
        let cells_per_shot: Vec<u64> = counts.into_iter().map(AtomicU64::into_inner).collect();
        for (index, _) in views.iter().filter(|(index, _)| cells_per_shot[*index] == 0) {
            let hint = "check its pose, and the limits of emission and incidence";
            warn(report, &shots[*index], "no cell of the map can be measured in it; left out", hint);
        }
        Ok(Accumulated { cells_per_shot })
    }

    /// Divides the sums.
    pub fn finish(&self) -> GlobalMap {
        let MapGrid { width, height, .. } = self.grid;
        let mut map = GlobalMap {
            grid: self.grid,
            albedo: Raster::filled(width, height, f32::NAN),
            sigma: Raster::filled(width, height, f32::NAN),
            quality: Raster::filled(width, height, Quality::MISSING),
            coverage: Raster::filled(width, height, 0),
            scale_m: Raster::filled(width, height, f32::NAN),
        };
        for (index, cells) in self.tiles.iter().enumerate() {
            let tile = window(&self.grid, index);
            for (k, cell) in cells.iter().enumerate() {
                let (column, line) = (tile.column + k % tile.width, tile.line + k / tile.width);
                map.quality.set(column, line, cell.quality());
                if let Some((albedo, sigma)) = cell.mean_and_sigma() {
                    map.albedo.set(column, line, albedo as f32);
                    map.sigma.set(column, line, sigma as f32);
                    map.coverage.set(column, line, cell.count);
                    map.scale_m.set(column, line, cell.best_scale_m);
                }
            }
        }
        map
    }
}

fn window(grid: &MapGrid, index: usize) -> TileWindow {
    let across = grid.width.div_ceil(TILE_CELLS);
    let (column, line) = (index % across * TILE_CELLS, index / across * TILE_CELLS);
    TileWindow {
        column,
        line,
        width: TILE_CELLS.min(grid.width - column),
        height: TILE_CELLS.min(grid.height - line),
    }
}

fn fill_tile(
    (shape, grid, tile): (&Shape, &MapGrid, TileWindow),
    cells: &mut Vec<Cell>,
    views: &[(usize, ShotView<'_>)],
    counts: &[AtomicU64],
) {
    let ground = TileGround::new(shape, grid, tile);
    for (index, view) in views {
        if view.misses(&ground.bounds) {
            continue;
        }
        if cells.is_empty() {
            cells.resize(tile.width * tile.height, Cell::default());
        }
        let mut rays = Rays::new(view.ray_block_cells(&ground));
        let mut measured = 0;
        for (k, cell) in cells.iter_mut().enumerate() {
            match view.look_at(&ground, k, &mut rays) {
                Outcome::Unseen => {}
                Outcome::Rejected(reason) => cell.refuse(reason),
                Outcome::Measured(measurement) => {
                    cell.add(&measurement);
                    measured += 1;
                }
            }
        }
        counts[*index].fetch_add(measured, Ordering::Relaxed);
    }
}

fn warn(report: &dyn Reporter, shot: &Shot, message: &str, hint: &str) {
    report.warn(Warning {
        stage: STAGE.into(),
        subject: shot.frame.meta.id.clone(),
        message: message.into(),
        hint: hint.into(),
    });
}

/// Whether a shot can be mapped at all; says why not.
fn usable(shot: &Shot, rejected: Quality, report: &dyn Reporter) -> bool {
    let frame = &shot.frame;
    let size = |width: usize, height: usize| (width, height) == (shot.camera.width_px, shot.camera.height_px);
    let same_size = size(frame.iof.width(), frame.iof.height())
        && size(frame.sigma.width(), frame.sigma.height())
        && size(frame.quality.width(), frame.quality.height());
    let pose = &shot.pose;
    let place = pose.spacecraft_km.is_finite() && pose.spacecraft_km.length() > 0.0;
    let any_good = || {
        frame
            .iof
            .as_slice()
            .iter()
            .zip(frame.quality.as_slice())
            .any(|(v, q)| v.is_finite() && !q.intersects(rejected))
    };
    let (message, hint) = if !same_size || frame.iof.width() < 2 || frame.iof.height() < 2 {
        let size = format!("{} x {} pixels", frame.iof.width(), frame.iof.height());
        let camera = format!("{} x {}", shot.camera.width_px, shot.camera.height_px);
        (format!("frame of {size} does not fit its camera of {camera}; left out"), "name the right camera")
    } else if !place || !pose.sun_km.is_finite() || !(pose.sun_km.length() > 0.0) {
        ("position of camera or Sun is not a number; left out".to_string(), "check the frame's pose")
    } else if !any_good() {
        ("no pixel of it can be used; left out".to_string(), "the frame may be lost; check the archive")
    } else {
        return true;
    };
    warn(report, shot, &message, hint);
    false
}
