// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rotations between two frames at many epochs.
//!
//! In: kernels, two frame names, epochs in any order. Out: the rotations [`Kernels::rotation`] gives, bit for bit. The
//! chain of frames is read from the kernels once; fixed offsets, the clock's stretch of constant rate and the last pair
//! of attitudes of each structure stay at hand. Other frames (bodies, dynamic frames) are asked anew for each epoch.
//!
//! What limits it: two sines of the interpolation, the normalisation of the quaternion and of the matrix, and the products
//! of the matrices on the way. TDB − TT comes from a Taylor series that is good to 1e-19 s.
//!
//! # Source
//! As [`Kernels::rotation`].

use std::marker::PhantomData;

use facula_core::{Epoch, Rotation, et_s};

use crate::ck::{CkSegment, Kept};
use crate::clock::{Clock, Line, Near};
use crate::error::SpiceError;
use crate::frames::chain::MAX_CHAIN;
use crate::frames::matrix::{IDENTITY, Matrix, multiply, transpose};
use crate::frames::registry::FrameClass;
use crate::frames::{Asked, Frame, J2000};
use crate::kernels::Kernels;

/// The rotation between two frames, ready for many epochs.
pub struct Attitude<'a, To, From> {
    kernels: &'a Kernels,
    to: String,
    from: String,
    /// Numbers of the two frames, once asked for.
    ends: Option<[Frame; 2]>,
    links: Vec<(Frame, Link<'a>)>,
    /// Room for the two chains.
    chains: [Chain; 2],
    frames: PhantomData<fn() -> (To, From)>,
}

/// What is known of the step from a frame towards J2000.
enum Link<'a> {
    /// It never changes.
    Fixed(Frame, Matrix),
    /// A structure with attitudes.
    Pointed(Box<Pointing<'a>>),
    /// It is asked anew each time.
    Asked,
}

/// A structure's clock and attitudes with what answered last.
struct Pointing<'a> {
    clock: Clock<'a>,
    near: Option<Near>,
    line: Option<Line>,
    segments: &'a [CkSegment],
    kept: Option<(&'a CkSegment, Kept)>,
}

/// Frames on the way to J2000, and the rotation to each from the first one. Kept apart, and filled in place: pairs that
/// are handed around cost as much as the products.
#[derive(Default)]
struct Chain {
    frames: Vec<Frame>,
    from_start: Vec<Matrix>,
}

impl Kernels {
    /// The rotation from frame `from` to frame `to`, for many questions; names as for [`Kernels::rotation`].
    pub fn attitude<To, From>(&self, to: &str, from: &str) -> Attitude<'_, To, From> {
        let (to, from) = (to.to_string(), from.to_string());
        let (links, chains) = (Vec::new(), [Chain::default(), Chain::default()]);
        Attitude { kernels: self, to, from, ends: None, links, chains, frames: PhantomData }
    }

    /// Rotations between two frames at many epochs, as [`Kernels::rotation`] gives them.
    ///
    /// # Errors
    /// As [`Kernels::rotation`], for the first epoch that fails.
    pub fn rotations<To, From>(
        &self,
        to: &str,
        from: &str,
        epochs: &[Epoch],
    ) -> Result<Vec<Rotation<To, From>>, SpiceError> {
        let mut attitude = self.attitude(to, from);
        epochs.iter().map(|epoch| attitude.rotation_at(et_s(*epoch))).collect()
    }

    /// As [`Kernels::rotations`], at ephemeris times (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::rotations`].
    pub fn rotations_at<To, From>(
        &self,
        to: &str,
        from: &str,
        et_s: &[f64],
    ) -> Result<Vec<Rotation<To, From>>, SpiceError> {
        let mut attitude = self.attitude(to, from);
        et_s.iter().map(|et_s| attitude.rotation_at(*et_s)).collect()
    }
}

impl<To, From> Attitude<'_, To, From> {
    /// The rotation at one ephemeris time (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::rotation`].
    pub fn rotation_at(&mut self, et_s: f64) -> Result<Rotation<To, From>, SpiceError> {
        let [to, from] = match self.ends {
            Some(ends) => ends,
            None => {
                let ends = [&self.to, &self.from].map(|name| self.kernels.frame_by_name(name, et_s));
                let [to, from] = ends;
                *self.ends.insert([to?, from?])
            }
        };
        self.climb(0, from, et_s)?;
        self.climb(1, to, et_s)?;
        let [up, down] = &self.chains;
        for (i, (frame, common_from_start)) in up.frames.iter().zip(&up.from_start).enumerate() {
            if let Some(at) = down.frames.iter().position(|other| other == frame) {
                let back = transpose(&down.from_start[at]);
                let rows = if i == 0 { back } else { multiply(&back, common_from_start) };
                if let Some(rotation) = Rotation::from_rows(rows) {
                    return Ok(rotation);
                }
            }
        }
        // The slow way has the words for what is missing.
        self.kernels.rotation(&self.to, &self.from, facula_core::epoch_from_et_s(et_s))
    }

    /// Fills one of the two chains.
    fn climb(&mut self, which: usize, start: Frame, et_s: f64) -> Result<(), SpiceError> {
        let mut chain = std::mem::take(&mut self.chains[which]);
        chain.frames.clear();
        chain.from_start.clear();
        chain.frames.push(start);
        chain.from_start.push(IDENTITY);
        let (mut frame, mut parent_from_frame) = (start, IDENTITY);
        while frame != J2000 && chain.frames.len() < MAX_CHAIN {
            frame = match self.step(frame, et_s, &mut parent_from_frame) {
                Ok(parent) => parent,
                // The two frames may meet below the gap.
                Err(SpiceError::NoCoverage { .. }) => break,
                Err(other) => return Err(other),
            };
            let before = &chain.from_start[chain.from_start.len() - 1];
            let rows = if chain.frames.len() == 1 {
                parent_from_frame
            } else {
                multiply(&parent_from_frame, before)
            };
            chain.frames.push(frame);
            chain.from_start.push(rows);
        }
        self.chains[which] = chain;
        Ok(())
    }

    /// The next frame towards J2000; `parent_from_frame` becomes the rotation to it.
    fn step(&mut self, frame: Frame, et_s: f64, parent_from_frame: &mut Matrix) -> Result<Frame, SpiceError> {
        let at = match self.links.iter().position(|(known, _)| *known == frame) {
            Some(at) => at,
            None => {
                self.links.push((frame, Link::new(self.kernels, frame, et_s)?));
                self.links.len() - 1
            }
        };
        match &mut self.links[at].1 {
            Link::Fixed(parent, rows) => {
                *parent_from_frame = *rows;
                return Ok(*parent);
            }
            Link::Pointed(pointing) => {
                if let Some(parent) = pointing.at(et_s, parent_from_frame)? {
                    return Ok(parent);
                }
            }
            Link::Asked => {}
        }
        let (parent, rows) = self.kernels.link(frame, Asked::at(et_s))?;
        *parent_from_frame = rows;
        Ok(parent)
    }
}

impl<'a> Link<'a> {
    fn new(kernels: &'a Kernels, frame: Frame, et_s: f64) -> Result<Self, SpiceError> {
        let Frame::Numbered(id) = frame else { return Ok(Self::Asked) };
        let Some(info) = kernels.frame_info_of(id) else { return Ok(Self::Asked) };
        match info.class {
            FrameClass::Inertial | FrameClass::FixedOffset => {
                let (parent, rows) = kernels.link(frame, Asked::at(et_s))?;
                return Ok(Self::Fixed(parent, rows));
            }
            FrameClass::Attitude => {}
            _ => return Ok(Self::Asked),
        }
        let structure = info.class_id;
        let clock = kernels.clock_of_structure(structure)?;
        let segments = kernels.ck.get(&structure).map(Vec::as_slice).unwrap_or_default();
        Ok(Self::Pointed(Box::new(Pointing { clock, near: None, line: None, segments, kept: None })))
    }
}

impl Pointing<'_> {
    /// The parent frame, when what answered last (or what can be kept) answers; `parent_from_frame` becomes the rotation
    /// to it.
    fn at(&mut self, et_s: f64, parent_from_frame: &mut Matrix) -> Result<Option<Frame>, SpiceError> {
        let time_s = self.clock.parallel_by_series_s(et_s, &mut self.near);
        let line = match self.line.filter(|line| line.holds(time_s)) {
            Some(line) => line,
            None => *self.line.insert(self.clock.line(et_s, time_s)?),
        };
        let ticks = line.ticks(time_s);
        if !self.kept.as_ref().is_some_and(|(segment, kept)| kept.holds(ticks) && segment.covers(ticks)) {
            self.keep(ticks)?;
        }
        let Some((segment, kept)) = &self.kept else { return Ok(None) };
        let Some(rows) = kept.structure_from_reference(ticks) else { return Ok(None) };
        *parent_from_frame = transpose(&rows);
        Ok(Some(Frame::Numbered(segment.reference)))
    }

    /// Keeps the part that answers, unless a segment of higher precedence begins inside it.
    fn keep(&mut self, ticks: f64) -> Result<(), SpiceError> {
        self.kept = None;
        let Some(at) = self.segments.iter().rposition(|segment| segment.covers(ticks)) else { return Ok(()) };
        let (segment, later) = (&self.segments[at], &self.segments[at + 1..]);
        if let Some(kept) = segment.kept(ticks)? {
            let [from, to] = kept.bounds();
            if later.iter().all(|other| other.bounds[1] < from || other.bounds[0] > to) {
                self.kept = Some((segment, kept));
            }
        }
        Ok(())
    }
}
