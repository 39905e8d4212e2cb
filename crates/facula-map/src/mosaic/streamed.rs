// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mosaic of any size in bounded memory: tile after tile, each with all its frames at once.
//!
//! In: a source of frames whose place is known before their pixels, a grid, a sink. Out: every tile once, finished, row by
//! row (in strips side by side where that saves reading frames again); on request an accumulator file. A frame is read when the first tile it touches comes up and forgotten
//! after the last; what is held is bounded by the budget, and a frame that had to go too early is read again. Sums are
//! never held for more than a few tiles, so memory does not grow with the map.

mod frames;
mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use facula_core::{CellGrid, Progress, Reporter};
use facula_geometry::{Shape, Shot};
use rayon::prelude::*;

use super::engine::{Engine, Planned};
use super::registry::Registry;
use super::rules::MosaicConfig;
use super::tally::{LevelReport, Part, Tally};
use super::ticket::ShotTicket;
use super::tile_sums::{Finish, TilePlanes, TileSums};
use super::{STAGE, TileSink, TileWindow, admitted, same_making, tile_count, window};
use crate::accumulator::{Reader, Writer, open, write_aside_with};
use crate::orthorectify::ShotView;
use crate::{MapError, MosaicOptions};
use frames::{Frames, most_held};
use order::Order;

/// Tiles finished together: their planes take 13 MB, their sums as much per thread as one tile.
const TILES_AT_ONCE: usize = 32;
/// What a source may fail with.
pub type ShotError = Box<dyn std::error::Error + Send + Sync>;

/// Frames to be read when they are needed.
pub trait ShotSource: Sync {
    /// All frames, in any order.
    fn tickets(&self) -> &[ShotTicket];
    /// Reads and calibrates the frame of a ticket. Called from several threads at once, and again for the same frame
    /// when memory is short; the answer must be the same each time.
    ///
    /// # Errors
    /// Why it cannot be read; the frame is then left out.
    fn shot(&self, index: usize) -> Result<Shot, ShotError>;
}

/// What to make of the frames.
#[derive(Debug, Clone)]
pub struct StreamPlan<'a> {
    /// The grid.
    pub grid: CellGrid,
    /// How the mosaic is made; its `budget_bytes` bounds frames and sums together.
    pub config: MosaicConfig,
    /// The body's shape.
    pub shape: &'a Shape,
    /// How frames become map.
    pub options: &'a MosaicOptions,
    /// Accumulator file whose frames are in already.
    pub base: Option<&'a Path>,
    /// Accumulator file to write (it may be the base): frames of the base and new ones.
    pub keep: Option<&'a Path>,
}

/// What a streamed mosaic did.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamed {
    /// Cells each frame measured, in the order of the tickets; 0 for frames left out.
    pub cells_per_shot: Vec<u64>,
    /// Coverage by level.
    pub levels: LevelReport,
    /// Frames read; more than there are where memory was too short to keep them until their last tile.
    pub reads: u64,
    /// Most frames held at once.
    pub most_held: usize,
}

/// Makes a mosaic tile by tile. The tiles, and the accumulator file, are the same bytes for any number of threads, any
/// order of frames and any budget, and the same as those of a [`crate::Mosaic`] in memory.
///
/// # Errors
/// As [`crate::Mosaic::accumulate`]; [`MapError::Limit`] when the budget does not hold one frame;
/// [`MapError::Argument`] when there are frames but none of them, nor any of the base, measured anything; what the sink
/// says. No accumulator file is written then.
pub fn mosaic_streamed(
    source: &dyn ShotSource,
    plan: &StreamPlan<'_>,
    sink: &mut dyn TileSink,
    report: &dyn Reporter,
) -> Result<Streamed, MapError> {
    match plan.keep {
        None => run(source, plan, (sink, None), report),
        Some(path) => {
            let mut streamed = None;
            write_aside_with(path, |file| {
                let failed = |e| MapError::io("write", path)(e);
                let writer = Writer::begin(file, (&plan.grid, &plan.config)).map_err(failed)?;
                streamed = Some(run(source, plan, (sink, Some((writer, path))), report)?);
                Ok(())
            })?;
            Ok(streamed.expect("a file that was written was filled"))
        }
    }
}

fn run(
    source: &dyn ShotSource,
    plan: &StreamPlan<'_>,
    (sink, keep): (&mut dyn TileSink, Option<(Writer<'_>, &Path)>),
    report: &dyn Reporter,
) -> Result<Streamed, MapError> {
    plan.config.check()?;
    let count = tile_count(&plan.grid)?;
    let engine = Engine::new(plan.grid, plan.shape, plan.options, &plan.config)?;
    let (base, mut registry) = base_of(plan)?;
    let mut plans = admitted(&mut registry, &engine, source.tickets(), report)?;
    let order = order_of(plan, &plans, source)?;
    for (_, plan) in &mut plans {
        plan.tiles.iter_mut().for_each(|tile| *tile = order.position(*tile as usize) as u32);
        plan.tiles.sort_unstable();
    }
    let how = Finish { quantum: registry.quantum(), clip_sigma: plan.config.clip_sigma() };
    let finisher = Finisher { engine: &engine, how, keeps: keep.is_some(), order };
    let tally = Tally::new(plan.grid, plan.shape, &plan.config.levels);
    let mut frames =
        Frames::new((source, report), plan.options.rejected, plans, (count, plan.config.budget_bytes))?;
    let mut tiles = Tiles { finisher, base, tally, sink, keep };
    let mut done = 0;
    while done < count {
        done = tiles.next_chunk(&mut frames, done)?;
        report.progress(Progress { stage: STAGE, done, total: count });
    }
    let cells_per_shot = frames.enter(&mut registry);
    if registry.frames.is_empty() && !source.tickets().is_empty() {
        return Err(of_no_frames(source.tickets().len()));
    }
    if let Some((writer, path)) = tiles.keep {
        writer.end(&registry).map_err(MapError::io("write", path))?;
    }
    let levels = tiles.tally.report(&registry.frames);
    Ok(Streamed { cells_per_shot, levels, reads: frames.reads, most_held: frames.most_held })
}

/// Tiles on their way from frames to sink and accumulator file.
struct Tiles<'a, 'w> {
    finisher: Finisher<'a>,
    base: Option<Base>,
    tally: Tally<'a>,
    sink: &'a mut dyn TileSink,
    /// The file's writer, which borrows its file for as long as that is open.
    keep: Option<(Writer<'w>, &'a Path)>,
}

impl Tiles<'_, '_> {
    /// Works the next tiles whose frames may be held together; where the tiles after them begin.
    fn next_chunk(&mut self, frames: &mut Frames<'_>, done: usize) -> Result<usize, MapError> {
        let (tiles, end) = frames.next_tiles(done);
        let mut tiles = tiles.into_iter().peekable();
        frames.load_for(done..end);
        let (mut counts, mut given) = (Vec::new(), BTreeSet::new());
        let engine = self.finisher.engine;
        let views = frames.views(engine);
        loop {
            let some = next_batch(&mut tiles, self.base.as_mut(), end)?;
            if some.is_empty() {
                break;
            }
            for tile in self.finisher.finish(some, (frames, &views), &self.tally) {
                given.extend(tile.finished.is_some().then_some(tile.position));
                self.pass_on(&tile)?;
                counts.extend(tile.counts);
            }
        }
        drop(views);
        for position in (done..end).filter(|position| !given.contains(position)) {
            let TileWindow { column, line, .. } = window(&engine.grid, self.finisher.order.tile(position));
            self.sink.no_tile(column, line)?;
        }
        frames.count(&counts);
        frames.forget_before(end);
        Ok(end)
    }

    fn pass_on(&mut self, tile: &DoneTile) -> Result<(), MapError> {
        let Some((planes, part)) = &tile.finished else { return Ok(()) };
        self.sink.tile(planes.view())?;
        self.tally.add(part);
        if let (Some((writer, path)), Some(sums)) = (&mut self.keep, &tile.sums) {
            let index = self.finisher.order.tile(tile.position);
            writer.tile(index, sums).map_err(MapError::io("write", path))?;
        }
        Ok(())
    }
}

/// Row by row where an accumulator file is read or written; else in strips that the frames fit into.
fn order_of(
    plan: &StreamPlan<'_>,
    plans: &[(usize, Planned)],
    source: &dyn ShotSource,
) -> Result<Order, MapError> {
    if plan.base.is_some() || plan.keep.is_some() {
        return Ok(Order::rows(&plan.grid));
    }
    let limit = most_held(source, plans, plan.config.budget_bytes)?;
    Ok(Order::strips(&plan.grid, plans.iter().map(|(_, plan)| plan.tiles.as_slice()), limit))
}

/// Nobody wants a map of nothing in place of one that is there.
fn of_no_frames(count: usize) -> MapError {
    let found = format!("none of {count} can be used, as their warnings tell; nothing is written");
    let remedy = "check their files, poses and calibration, and that the map's window is where they look";
    MapError::Argument { what: "frames", found, remedy }
}

type Base = Reader<std::io::BufReader<std::fs::File>>;

/// The accumulator file to go on from, and the frames in it.
fn base_of(plan: &StreamPlan<'_>) -> Result<(Option<Base>, Registry), MapError> {
    let Some(path) = plan.base else { return Ok((None, Registry::default())) };
    let base = open(path)?;
    same_making((&base.grid, &base.config), (&plan.grid, &plan.config))?;
    let registry = base.registry.clone();
    Ok((Some(base), registry))
}

/// The next tiles before `end`, of new frames and of the base, with what the base knows of them.
fn next_batch(
    tiles: &mut std::iter::Peekable<std::vec::IntoIter<usize>>,
    mut base: Option<&mut Base>,
    end: usize,
) -> Result<Vec<(usize, Option<TileSums>)>, MapError> {
    let mut batch = Vec::new();
    while batch.len() < TILES_AT_ONCE {
        let of_base = base.as_ref().and_then(|base| base.next_index()).filter(|index| *index < end);
        let Some(index) = [tiles.peek().copied(), of_base].into_iter().flatten().min() else { break };
        tiles.next_if_eq(&index);
        let known = base.as_mut().map(|base| base.take(index)).transpose()?.flatten();
        batch.push((index, known));
    }
    Ok(batch)
}

/// Turns tiles into planes.
struct Finisher<'a> {
    engine: &'a Engine<'a>,
    how: Finish,
    keeps: bool,
    order: Order,
}

/// A tile with all its frames in it.
struct DoneTile {
    position: usize,
    /// Frames of the list and the cells they measured.
    counts: Vec<(u32, u64)>,
    finished: Option<(TilePlanes, Part)>,
    sums: Option<TileSums>,
}

impl Finisher<'_> {
    fn finish(
        &self,
        some: Vec<(usize, Option<TileSums>)>,
        (frames, views): (&Frames<'_>, &BTreeMap<u32, ShotView<'_>>),
        tally: &Tally<'_>,
    ) -> Vec<DoneTile> {
        let finish = |(position, mut sums): (usize, Option<TileSums>)| {
            let index = self.order.tile(position);
            let counts = frames.fill((self.engine, index), (position, &mut sums), views);
            let planes = sums.as_ref().map(|sums| sums.finish(window(&self.engine.grid, index), &self.how));
            let finished = planes.map(|planes| {
                let part = tally.part(&planes);
                (planes, part)
            });
            let mut sums = sums.filter(|_| self.keeps);
            sums.iter_mut().for_each(TileSums::settle);
            DoneTile { position, counts, finished, sums }
        };
        some.into_par_iter().map(finish).collect()
    }
}
