// SPDX-License-Identifier: MIT OR Apache-2.0
//! The frames of a streamed mosaic: read before the first tile they touch, forgotten after the last.
//!
//! In: a source, where each frame goes, how many may be held. Out: views of the frames that tiles ask for. Tiles are
//! counted in the order they come in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use facula_core::{Quality, Reporter};
use facula_geometry::Shot;
use rayon::prelude::*;

use super::super::engine::{Engine, Planned, pixels_problem};
use super::super::registry::{Refusal, Registry};
use super::super::ticket::ShotTicket;
use super::super::tile_sums::TileSums;
use super::super::{enter, frames_of_tiles, warn};
use super::ShotSource;
use crate::MapError;
use crate::orthorectify::{Clean, ShotView};

/// Most tiles whose frames are read together.
const TILES_AHEAD: usize = 256;
/// Memory beside the frames: planes, sums and grounds of the tiles in work, bytes.
const WORK_BYTES: u64 = 200_000_000;
/// Bytes per pixel of a frame: I/F and sigma (f32), flags (u8), and something for what the memory's keeper wastes.
const PIXEL_BYTES: u64 = 10;

pub(super) struct Frames<'a> {
    source: &'a dyn ShotSource,
    report: &'a dyn Reporter,
    rejected: Quality,
    plans: Vec<(usize, Planned)>,
    /// Per tile the frames, as numbers in `plans`, that can touch it.
    wanted: BTreeMap<u32, Vec<u32>>,
    /// Tiles of the grid.
    tiles: usize,
    /// Frames with what is known of their flags.
    held: BTreeMap<u32, (Shot, Arc<Clean>)>,
    /// Frames that turned out to be of no use.
    broken: BTreeSet<u32>,
    /// Cells each measured.
    counts: Vec<u64>,
    /// Most frames to hold.
    limit: usize,
    pub reads: u64,
    pub most_held: usize,
}

/// Most frames that a budget allows to hold.
pub(super) fn most_held(
    source: &dyn ShotSource,
    plans: &[(usize, Planned)],
    budget_bytes: u64,
) -> Result<usize, MapError> {
    let pixels = |ticket: &ShotTicket| (ticket.camera.width_px * ticket.camera.height_px) as u64;
    let largest = plans.iter().map(|(index, _)| pixels(&source.tickets()[*index])).max().unwrap_or(0);
    let frame_bytes = (largest * PIXEL_BYTES).max(1);
    let limit = budget_bytes.saturating_sub(WORK_BYTES) / frame_bytes;
    if limit == 0 {
        let (needed, what) = (WORK_BYTES + frame_bytes, "streamed mosaic with one frame held, in bytes,");
        return Err(MapError::Limit { what, needed, limit: budget_bytes, remedy: "raise budget_bytes" });
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

impl<'a> Frames<'a> {
    pub fn new(
        (source, report): (&'a dyn ShotSource, &'a dyn Reporter),
        rejected: Quality,
        plans: Vec<(usize, Planned)>,
        (tiles, budget_bytes): (usize, u64),
    ) -> Result<Self, MapError> {
        let limit = most_held(source, &plans, budget_bytes)?;
        let wanted = frames_of_tiles(&plans);
        let counts = vec![0; plans.len()];
        let (held, broken) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self {
            source,
            report,
            rejected,
            plans,
            wanted,
            tiles,
            held,
            broken,
            counts,
            limit,
            reads: 0,
            most_held: 0,
        })
    }

    /// The next tiles that have frames, as many as share what may be held, and where the tiles after them begin.
    pub fn next_tiles(&self, from: usize) -> (Vec<usize>, usize) {
        let (mut tiles, mut needed) = (Vec::new(), BTreeSet::new());
        for (index, wanted) in self.wanted.range(from as u32..) {
            let added = wanted.iter().filter(|f| !needed.contains(*f)).count();
            let full = needed.len() + added > self.limit || tiles.len() == TILES_AHEAD;
            if full && !tiles.is_empty() {
                return (tiles, *index as usize);
            }
            needed.extend(wanted.iter().copied());
            tiles.push(*index as usize);
        }
        (tiles, self.tiles)
    }

    /// Reads the frames of tiles, as far as they may be held together.
    pub fn load_for(&mut self, tiles: Range<usize>) {
        let coming = self.wanted.range(tiles.start as u32..tiles.end as u32);
        let needed: BTreeSet<u32> = coming.flat_map(|(_, frames)| frames).copied().collect();
        // More than may be held: the one tile that asks for them reads them in parts.
        if needed.len() > self.limit {
            self.held.clear();
            return;
        }
        let missing: Vec<u32> = needed
            .iter()
            .filter(|f| !self.held.contains_key(f) && !self.broken.contains(f))
            .copied()
            .collect();
        let room = self.limit - missing.len();
        if self.held.len() > room {
            // Those whose next tile is farthest go first.
            let mut idle: Vec<(u32, u32)> = self
                .held
                .keys()
                .filter(|f| !needed.contains(f))
                .map(|f| {
                    let tiles_of = &self.plans[*f as usize].1.tiles;
                    let next = tiles_of.partition_point(|tile| (*tile as usize) < tiles.end);
                    (tiles_of.get(next).copied().unwrap_or(u32::MAX), *f)
                })
                .collect();
            idle.sort_unstable();
            while self.held.len() > room {
                let Some((_, frame)) = idle.pop() else { break };
                self.held.remove(&frame);
            }
        }
        self.reads += missing.len() as u64;
        let ready = |shot: Shot| {
            let clean = Arc::new(Clean::of(&shot.frame.quality));
            (shot, clean)
        };
        let read: Vec<(u32, Result<_, Refusal>)> =
            missing.into_par_iter().map(|frame| (frame, self.read(frame).map(ready))).collect();
        for (frame, shot) in read {
            match shot {
                Ok(ready) => {
                    self.held.insert(frame, ready);
                }
                Err(refusal) => {
                    warn(self.report, &self.ticket(frame).id, &refusal);
                    self.broken.insert(frame);
                }
            }
        }
        self.most_held = self.most_held.max(self.held.len());
    }

    fn ticket(&self, frame: u32) -> &ShotTicket {
        &self.source.tickets()[self.plans[frame as usize].0]
    }

    /// Reads a frame, and checks that it is the one its ticket told of.
    fn read(&self, frame: u32) -> Result<Shot, Refusal> {
        let ticket = self.ticket(frame);
        let shot = self.source.shot(self.plans[frame as usize].0).map_err(|error| Refusal {
            message: format!("it cannot be read: {error}; left out"),
            hint: "check the file, then add the frame to the map",
        })?;
        let told = |t: &ShotTicket| (t.id.clone(), t.pose, t.camera.clone(), t.filter.clone(), t.quantity);
        if told(&ShotTicket::of(&shot)) != told(ticket) {
            let message = "what was read is not the frame, camera or pose its ticket told of; left out";
            return Err(Refusal { message: message.to_string(), hint: "the file changed; run again" });
        }
        match pixels_problem(&shot, self.rejected) {
            Some(refusal) => Err(refusal),
            None => Ok(shot),
        }
    }

    /// Views of all frames held.
    pub fn views<'b>(&'b self, engine: &'b Engine<'_>) -> BTreeMap<u32, ShotView<'b>> {
        let views: Vec<(u32, ShotView<'b>)> = self
            .held
            .par_iter()
            .map(|(frame, (shot, clean))| (*frame, engine.view_again(shot, clean)))
            .collect();
        views.into_iter().collect()
    }

    /// Adds the frames of a tile; those that are not held are read a few at a time.
    pub fn fill(
        &self,
        (engine, index): (&Engine<'_>, usize),
        (position, sums): (usize, &mut Option<TileSums>),
        views: &BTreeMap<u32, ShotView<'_>>,
    ) -> Vec<(u32, u64)> {
        let Some(wanted) = self.wanted.get(&(position as u32)) else { return Vec::new() };
        if wanted.len() > self.limit {
            return self.fill_in_parts((engine, index), sums, wanted);
        }
        let frames: Vec<u32> = wanted.iter().copied().filter(|frame| views.contains_key(frame)).collect();
        let chosen: Vec<_> =
            frames.iter().map(|frame| (&views[frame], &self.plans[*frame as usize].1.tag)).collect();
        if chosen.is_empty() {
            return Vec::new();
        }
        frames.iter().copied().zip(engine.fill(index, sums, &chosen)).collect()
    }

    fn fill_in_parts(
        &self,
        (engine, index): (&Engine<'_>, usize),
        sums: &mut Option<TileSums>,
        wanted: &[u32],
    ) -> Vec<(u32, u64)> {
        let mut counts = Vec::new();
        for part in wanted.chunks(self.limit) {
            let sound: Vec<u32> = part.iter().copied().filter(|frame| !self.broken.contains(frame)).collect();
            let shots: Vec<(u32, Shot)> =
                sound.into_par_iter().filter_map(|frame| Some((frame, self.read(frame).ok()?))).collect();
            let views: Vec<ShotView<'_>> = shots.iter().map(|(_, shot)| engine.view(shot)).collect();
            let tags = shots.iter().map(|(frame, _)| &self.plans[*frame as usize].1.tag);
            let chosen: Vec<_> = views.iter().zip(tags).collect();
            let measured = engine.fill(index, sums, &chosen);
            counts.extend(shots.iter().map(|(frame, _)| *frame).zip(measured));
        }
        counts
    }

    /// Takes note of what frames measured.
    pub fn count(&mut self, counts: &[(u32, u64)]) {
        counts.iter().for_each(|(frame, cells)| self.counts[*frame as usize] += cells);
    }

    /// Forgets frames that touch no tile from here on.
    pub fn forget_before(&mut self, tile: usize) {
        let plans = &self.plans;
        self.held
            .retain(|frame, _| plans[*frame as usize].1.tiles.last().is_some_and(|t| *t as usize >= tile));
    }

    /// Enters the frames into the registry; the cells each ticket's frame measured.
    pub fn enter(&mut self, registry: &mut Registry) -> Vec<u64> {
        let mut cells_per_shot = vec![0; self.source.tickets().len()];
        for (frame, (index, plan)) in self.plans.iter().enumerate() {
            cells_per_shot[*index] = self.counts[frame];
            if !self.broken.contains(&(frame as u32)) {
                let id = &self.source.tickets()[*index].id;
                enter(registry, (id, plan.record.clone(), self.counts[frame]), self.report);
            }
        }
        cells_per_shot
    }
}
