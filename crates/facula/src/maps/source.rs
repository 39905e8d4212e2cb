// SPDX-License-Identifier: MIT OR Apache-2.0
//! The frames of a set as a mosaic takes them: told of at once, read when they are needed.

use facula_core::Reporter;
use facula_geometry::Shot;
use facula_map::{
    AccumulatorInfo, FrameLevels, LevelOptions, Overlaps, ShotError, ShotSource, ShotTicket, equalise_levels,
};
use facula_photometry::SurfaceModel;

use super::frames::FrameSet;
use crate::RequestError;

/// The frames as the mosaic takes them.
pub(super) struct Source<'a> {
    pub frames: &'a FrameSet,
    /// Of the frames that are not in the map yet, and their numbers in the set.
    tickets: Vec<ShotTicket>,
    numbers: Vec<usize>,
    pub report: &'a dyn Reporter,
}

impl<'a> Source<'a> {
    pub fn new(frames: &'a FrameSet, base: Option<&AccumulatorInfo>, report: &'a dyn Reporter) -> Self {
        let known = |id: &String| base.is_some_and(|base| base.frames.contains_key(id));
        let new = frames.shots.iter().enumerate().filter(|(_, shot)| !known(&shot.meta.id));
        let (numbers, tickets) = new.map(|(k, shot)| (k, shot.ticket())).unzip();
        Self { frames, tickets, numbers, report }
    }

    /// Gives every frame the gain that brings it to the level of the others.
    pub fn balance(
        &mut self,
        overlaps: &Overlaps,
        model: &SurfaceModel,
    ) -> Result<FrameLevels, RequestError> {
        let levels = equalise_levels(overlaps, model, &LevelOptions::default())?;
        for ticket in &mut self.tickets {
            let gain = levels.gains.iter().find(|gain| gain.id == ticket.id);
            ticket.gain = gain.map_or(1.0, |gain| gain.gain);
        }
        Ok(levels)
    }
}

impl ShotSource for Source<'_> {
    fn tickets(&self) -> &[ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, ShotError> {
        Ok(self.frames.shot(self.numbers[index], self.report)?)
    }
}
