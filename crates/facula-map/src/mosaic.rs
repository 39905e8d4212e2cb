// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mosaic: sums per cell, filled frame by frame, resumable.
//!
//! In: shots, a shape, a grid. Out: [`GlobalMap`], or tiles for a [`TileSink`]. All sums are whole numbers ([`quantum`]),
//! so the bytes of the result depend neither on the number of threads nor on the order of the frames nor on how they
//! were cut into batches, runs or processes. Tiles are worked on in parallel, each by one thread; a tile nothing has
//! touched takes no memory.

mod cell;
mod engine;
mod extremes;
mod footprint;
mod ground;
mod ladder;
mod quantum;
mod registry;
mod rules;
mod samples;
mod sink;
mod staged;
mod streamed;
mod tally;
mod ticket;
mod tile_sums;
mod winner;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_core::{CellGrid, MapGrid, Progress, ProjectedGrid, Quality, Raster, Reporter, Warning};
use facula_geometry::{Shape, Shot};
use rayon::prelude::*;

use crate::orthorectify::ShotView;
use crate::{MapError, MosaicOptions};
pub(crate) use cell::Cell;
pub(crate) use engine::{Engine, pixels_problem, size_problem};
use engine::{Planned, nothing_seen};
pub(crate) use extremes::{Extreme, Extremes};
pub(crate) use ground::{Bounds, GroundSource, Spot, TileGround};
pub use ladder::{ScaleLevel, ScaleLevels};
pub(crate) use quantum::Contribution;
#[cfg(test)]
pub(crate) use quantum::{FrameTag, Quantum};
pub use registry::FrameRecord;
pub(crate) use registry::{Refusal, Registry, in_both};
pub use rules::{Filters, MosaicConfig, MosaicRule, Outliers};
pub(crate) use samples::Sample;
pub use sink::{FinishedTile, TILE_CELLS, TileSink};
pub use streamed::{ShotError, ShotSource, StreamPlan, Streamed, mosaic_streamed};
pub(crate) use tally::Tally;
pub use tally::{LevelCoverage, LevelReport};
pub use ticket::ShotTicket;
pub(crate) use ticket::pose_problem;
pub(crate) use tile_sums::{Finish, TilePlanes, TileSums};
pub(crate) use winner::Winner;

/// Name of this stage in warnings and progress.
const STAGE: &str = "map";
/// Most tiles of a grid: 2²⁴, 524,288 cells square. Empty ones take no memory.
const MAX_TILES: u64 = 1 << 24;

/// A finished mosaic.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalMap {
    /// Where the cells lie.
    pub grid: CellGrid,
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
    /// Cells each shot measured, in the order of the list; 0 for shots left out.
    pub cells_per_shot: Vec<u64>,
}

/// A mosaic in the making, in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Mosaic {
    pub(crate) grid: CellGrid,
    pub(crate) config: MosaicConfig,
    pub(crate) registry: Registry,
    /// What is known of tiles, by their number, row by row.
    pub(crate) tiles: BTreeMap<u32, TileSums>,
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
    /// An empty mosaic on a grid: weighted mean of everything.
    ///
    /// # Errors
    /// As [`Mosaic::with_config`].
    pub fn new(grid: impl Into<CellGrid>) -> Result<Self, MapError> {
        Self::with_config(grid, MosaicConfig::default())
    }

    /// An empty mosaic on a grid.
    ///
    /// # Errors
    /// [`MapError::Argument`] for a grid without cells or with numbers out of range and for a configuration that
    /// cannot work; [`MapError::Limit`] beyond 16.8 million tiles (a square of 524,288 cells).
    pub fn with_config(grid: impl Into<CellGrid>, config: MosaicConfig) -> Result<Self, MapError> {
        let grid = grid.into();
        config.check()?;
        tile_count(&grid)?;
        Ok(Self { grid, config, registry: Registry::default(), tiles: BTreeMap::new() })
    }

    /// The grid.
    pub fn grid(&self) -> CellGrid {
        self.grid
    }

    /// How it is made.
    pub fn config(&self) -> &MosaicConfig {
        &self.config
    }

    /// The frames in it, by identifier.
    pub fn frames(&self) -> &BTreeMap<String, FrameRecord> {
        &self.registry.frames
    }

    /// What its frames share (body, filter, camera, shape, options), by name.
    pub fn constants(&self) -> &BTreeMap<String, String> {
        &self.registry.constants
    }

    /// Memory of the sums, bytes.
    pub fn bytes(&self) -> u64 {
        self.tiles.values().map(TileSums::bytes).sum()
    }

    /// Adds shots. May be called again with more; the mosaic is then the same as after one call with all of them.
    /// Shots that cannot be used, see nothing of the grid, are in already, or differ in body, filter or camera from
    /// the rest are reported and left out.
    ///
    /// # Errors
    /// [`MapError::Argument`] for options out of range, or another shape or other options than before;
    /// [`MapError::Limit`] when the tiles they touch would take more memory than the configuration allows.
    pub fn accumulate(
        &mut self,
        shots: &[Shot],
        shape: &Shape,
        options: &MosaicOptions,
        report: &dyn Reporter,
    ) -> Result<Accumulated, MapError> {
        let tickets: Vec<ShotTicket> = shots.iter().map(ShotTicket::of).collect();
        let shots: Vec<&Shot> = shots.iter().collect();
        self.add((&tickets, &shots), (shape, options), report)
    }

    /// Adds shots with their tickets, which may name a scale level and a gain.
    ///
    /// # Errors
    /// As [`Mosaic::accumulate`].
    pub fn accumulate_ticketed(
        &mut self,
        shots: &[(ShotTicket, Shot)],
        shape: &Shape,
        options: &MosaicOptions,
        report: &dyn Reporter,
    ) -> Result<Accumulated, MapError> {
        let tickets: Vec<ShotTicket> = shots.iter().map(|(ticket, _)| ticket.clone()).collect();
        let shots: Vec<&Shot> = shots.iter().map(|(_, shot)| shot).collect();
        self.add((&tickets, &shots), (shape, options), report)
    }

    fn add(
        &mut self,
        (tickets, shots): (&[ShotTicket], &[&Shot]),
        (shape, options): (&Shape, &MosaicOptions),
        report: &dyn Reporter,
    ) -> Result<Accumulated, MapError> {
        let config = self.config.clone();
        let engine = Engine::new(self.grid, shape, options, &config)?;
        let plans = admitted(&mut self.registry, &engine, tickets, report)?;
        let plans: Vec<(usize, Planned)> = plans
            .into_iter()
            .filter(|(index, _)| {
                let problem = pixels_problem(shots[*index], options.rejected);
                problem.map(|refusal| warn(report, &tickets[*index].id, &refusal)).is_none()
            })
            .collect();
        let views: Vec<ShotView<'_>> =
            plans.par_iter().map(|(index, _)| engine.view(shots[*index])).collect();
        let mut cells_per_shot = vec![0; shots.len()];
        for (frame, cells) in self.fill_tiles(&engine, (&plans, &views), report)? {
            cells_per_shot[plans[frame as usize].0] += cells;
        }
        for (index, plan) in plans {
            enter(&mut self.registry, (&tickets[index].id, plan.record, cells_per_shot[index]), report);
        }
        Ok(Accumulated { cells_per_shot })
    }

    /// Adds frames to the tiles they touch, tiles in parallel; which frame of the plans measured how many cells.
    fn fill_tiles(
        &mut self,
        engine: &Engine<'_>,
        (plans, views): (&[(usize, Planned)], &[ShotView<'_>]),
        report: &dyn Reporter,
    ) -> Result<Vec<(u32, u64)>, MapError> {
        let wanted = frames_of_tiles(plans);
        self.check_budget(&wanted)?;
        let (done, total) = (AtomicUsize::new(0), wanted.len());
        let work: Vec<(u32, Vec<u32>, Option<TileSums>)> =
            wanted.into_iter().map(|(tile, frames)| (tile, frames, self.tiles.remove(&tile))).collect();
        let fill = |(tile, frames, mut sums): (u32, Vec<u32>, Option<TileSums>)| {
            let chosen: Vec<_> =
                frames.iter().map(|f| (&views[*f as usize], &plans[*f as usize].1.tag)).collect();
            let counts = engine.fill(tile as usize, &mut sums, &chosen);
            sums.iter_mut().for_each(TileSums::settle);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            report.progress(Progress { stage: STAGE, done, total });
            ((tile, sums), frames.into_iter().zip(counts).collect::<Vec<_>>())
        };
        let (tiles, counts): (Vec<_>, Vec<_>) = work.into_par_iter().map(fill).unzip();
        self.tiles.extend(tiles.into_iter().filter_map(|(tile, sums)| Some((tile, sums?))));
        Ok(counts.into_iter().flatten().collect())
    }

    /// Refuses to grow beyond the memory allowed.
    fn check_budget(&self, wanted: &BTreeMap<u32, Vec<u32>>) -> Result<(), MapError> {
        let new_bytes = |(index, frames): (&u32, &Vec<u32>)| {
            let tile = window(&self.grid, *index as usize);
            let cells = (tile.width * tile.height) as u64;
            let samples =
                if self.config.rule == MosaicRule::Median { 32 * cells * frames.len() as u64 } else { 0 };
            let fresh = !self.tiles.contains_key(index);
            samples + if fresh { TileSums::bytes_for(&self.config, cells) } else { 0 }
        };
        let needed = self.bytes() + wanted.iter().map(new_bytes).sum::<u64>();
        let limit = self.config.budget_bytes;
        if needed > limit {
            let remedy = "raise budget_bytes, choose a coarser step, or use mosaic_streamed";
            return Err(MapError::Limit { what: "mosaic in memory, in bytes,", needed, limit, remedy });
        }
        Ok(())
    }

    /// Joins a mosaic of other frames on the same grid: the result is the same as if one had taken all frames, and
    /// the same whichever of the two joins the other.
    ///
    /// # Errors
    /// [`MapError::Argument`] for another grid, configuration or constants, and for frames that both hold.
    pub fn merge(&mut self, other: &Self) -> Result<(), MapError> {
        same_making((&self.grid, &self.config), (&other.grid, &other.config))?;
        self.registry.merge(&other.registry)?;
        for (tile, theirs) in &other.tiles {
            match self.tiles.get_mut(tile) {
                Some(mine) => mine.merge(theirs),
                None => {
                    self.tiles.insert(*tile, theirs.clone());
                }
            }
        }
        Ok(())
    }

    /// Divides the sums. Takes 15 bytes a cell; [`Mosaic::finish_into`] takes a tile at a time.
    pub fn finish(&self) -> GlobalMap {
        let mut map = GlobalMap::empty(self.grid);
        self.finish_into(&mut map).expect("the tiles of a grid fit into a map of the same grid");
        map
    }

    /// Divides the sums tile by tile, in the order of the grid.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish_into(&self, sink: &mut dyn TileSink) -> Result<(), MapError> {
        let how = self.how_to_finish();
        /// Tiles finished at once: 6 MB of planes.
        const AT_ONCE: usize = 16;
        let touched: Vec<(&u32, &TileSums)> = self.tiles.iter().collect();
        for some in touched.chunks(AT_ONCE) {
            let planes: Vec<TilePlanes> = some
                .par_iter()
                .map(|(k, sums)| sums.finish(window(&self.grid, **k as usize), &how))
                .collect();
            planes.iter().try_for_each(|planes| sink.tile(planes.view()))?;
        }
        let untouched = (0..tile_count(&self.grid)?).filter(|k| !self.tiles.contains_key(&(*k as u32)));
        for tile in untouched.map(|k| window(&self.grid, k)) {
            sink.no_tile(tile.column, tile.line)?;
        }
        Ok(())
    }

    /// Coverage and pixel scale of each level, as shares of the body's true area.
    pub fn level_report(&self, shape: &Shape) -> LevelReport {
        let mut tally = tally::Tally::new(self.grid, shape, &self.config.levels);
        let how = self.how_to_finish();
        let parts: Vec<_> = self
            .tiles
            .par_iter()
            .map(|(k, sums)| tally.part(&sums.finish(window(&self.grid, *k as usize), &how)))
            .collect();
        parts.iter().for_each(|part| tally.add(part));
        tally.report(&self.registry.frames)
    }

    fn how_to_finish(&self) -> Finish {
        Finish { quantum: self.registry.quantum(), clip_sigma: self.config.clip_sigma() }
    }
}

/// Admits frames and plans where they go; the rest is reported.
pub(crate) fn admitted(
    registry: &mut Registry,
    engine: &Engine<'_>,
    tickets: &[ShotTicket],
    report: &dyn Reporter,
) -> Result<Vec<(usize, Planned)>, MapError> {
    for (name, value) in engine.constants() {
        registry.fix(name, value)?;
    }
    let answers = registry.admit(tickets, engine.config.filters);
    let plans: Vec<Result<Planned, Refusal>> = tickets
        .par_iter()
        .zip(answers)
        .map(|(ticket, answer)| {
            answer?;
            let plan = engine.plan(ticket)?;
            if plan.tiles.is_empty() { Err(nothing_seen()) } else { Ok(plan) }
        })
        .collect();
    let kept = plans.into_iter().enumerate().filter_map(|(index, plan)| {
        plan.map_err(|refusal| warn(report, &tickets[index].id, &refusal)).ok().map(|plan| (index, plan))
    });
    Ok(kept.collect())
}

/// Enters a frame that measured something; another is reported.
fn enter(registry: &mut Registry, (id, record, cells): (&str, FrameRecord, u64), report: &dyn Reporter) {
    if cells == 0 {
        warn(report, id, &nothing_seen());
        return;
    }
    registry.frames.insert(id.to_string(), FrameRecord { cells, ..record });
}

/// Per tile the frames, as numbers in the list of plans, that can touch it.
fn frames_of_tiles(plans: &[(usize, Planned)]) -> BTreeMap<u32, Vec<u32>> {
    let mut frames: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (k, (_, plan)) in plans.iter().enumerate() {
        plan.tiles.iter().for_each(|tile| frames.entry(*tile).or_default().push(k as u32));
    }
    frames
}

/// Joins what is known of a tile.
pub(crate) fn join(mine: &mut Option<TileSums>, theirs: Option<&TileSums>) {
    match (mine.as_mut(), theirs) {
        (_, None) => {}
        (Some(mine), Some(theirs)) => mine.merge(theirs),
        (None, Some(theirs)) => *mine = Some(theirs.clone()),
    }
}

/// Refuses to join what was not made alike.
pub(crate) fn same_making(
    a: (&CellGrid, &MosaicConfig),
    b: (&CellGrid, &MosaicConfig),
) -> Result<(), MapError> {
    let alike = |c: &MosaicConfig| MosaicConfig { budget_bytes: 0, ..c.clone() };
    if a.0 == b.0 && alike(a.1) == alike(b.1) {
        return Ok(());
    }
    let (what, found) = if a.0 == b.0 {
        ("configurations of two mosaics", format!("{:?} and {:?}", a.1, b.1))
    } else {
        ("grids of two mosaics", format!("{:?} and {:?}", a.0, b.0))
    };
    Err(MapError::Argument { what, found, remedy: "make both on the same grid with the same configuration" })
}

/// Number of tiles of a grid that can be mapped.
pub(crate) fn tile_count(grid: &CellGrid) -> Result<usize, MapError> {
    if grid.width() == 0 || grid.height() == 0 || !is_finite(grid) {
        let found = format!("{grid:?}");
        let remedy = "give one cell at least, finite edges and a positive step";
        return Err(MapError::Argument { what: "map grid", found, remedy });
    }
    let (across, down) =
        (grid.width().div_ceil(TILE_CELLS) as u64, grid.height().div_ceil(TILE_CELLS) as u64);
    let needed = across.saturating_mul(down);
    if needed > MAX_TILES {
        let remedy = "map a window or choose a coarser step";
        return Err(MapError::Limit { what: "map grid, in tiles,", needed, limit: MAX_TILES, remedy });
    }
    Ok(needed as usize)
}

fn is_finite(grid: &CellGrid) -> bool {
    match grid {
        CellGrid::Angular(MapGrid { west_rad, north_rad, step_rad, .. }) => {
            west_rad.is_finite() && north_rad.is_finite() && *step_rad > 0.0 && step_rad.is_finite()
        }
        CellGrid::Projected(ProjectedGrid { west_m, north_m, step_m, .. }) => {
            west_m.is_finite() && north_m.is_finite() && *step_m > 0.0 && step_m.is_finite()
        }
        _ => false,
    }
}

pub(crate) fn window(grid: &CellGrid, index: usize) -> TileWindow {
    let across = grid.width().div_ceil(TILE_CELLS);
    let (column, line) = (index % across * TILE_CELLS, index / across * TILE_CELLS);
    TileWindow {
        column,
        line,
        width: TILE_CELLS.min(grid.width() - column),
        height: TILE_CELLS.min(grid.height() - line),
    }
}

pub(crate) fn warn(report: &dyn Reporter, id: &str, refusal: &Refusal) {
    report.warn(Warning {
        stage: STAGE.into(),
        subject: id.to_string(),
        message: refusal.message.clone(),
        hint: refusal.hint.into(),
    });
}
