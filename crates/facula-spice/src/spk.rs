// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ephemeris segments: one body's state relative to another over a span of time.
//!
//! In: a summary and the words of an array file. Out: position and velocity at an ephemeris time. Data types
//! 1, 2, 3, 5, 8, 9, 12, 13, 18 and 21.
//!
//! # Source
//! NAIF, "SPK Required Reading" (spk.req), one section per data type.

pub(crate) mod chebyshev;
pub(crate) mod difference;
pub(crate) mod interpolation;
pub(crate) mod states;
pub(crate) mod two_body;

use std::ops::Range;
use std::sync::Arc;

use pulp::Simd;

use crate::daf::{Daf, Summary};
use crate::error::SpiceError;
use chebyshev::{Block, Layout, motion};
use states::Kept;

/// Position (km) and velocity (km/s), six numbers.
pub(crate) type Pv = [f64; 6];

pub(crate) fn add(a: &Pv, b: &Pv) -> Pv {
    std::array::from_fn(|i| a[i] + b[i])
}

pub(crate) fn sub(a: &Pv, b: &Pv) -> Pv {
    std::array::from_fn(|i| a[i] - b[i])
}

/// Why a segment gives no state at an epoch it says it covers.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// Its data make no sense.
    Damaged(&'static str),
    /// Its type or option is not implemented.
    Unsupported,
    /// The two-body iteration did not end: iterations, relative residual.
    NotConverged(u32, f64),
}

/// A segment ready for questions.
#[derive(Debug, Clone)]
pub(crate) struct SpkSegment {
    pub target: i32,
    pub center: i32,
    /// Number of the reference frame its numbers are in.
    pub frame: i32,
    /// First and last epoch, ET seconds.
    pub bounds: [f64; 2],
    pub kind: i32,
    pub name: String,
    daf: Arc<Daf>,
    words: Range<usize>,
    /// Shape of types 2 and 3, read once.
    layout: Option<Layout>,
}

impl SpkSegment {
    pub fn new(daf: &Arc<Daf>, summary: &Summary) -> Option<Self> {
        let &[target, center, frame, kind] = summary.integers.as_slice() else { return None };
        let (name, words) = (summary.name.clone(), summary.words.clone());
        let layout = match kind {
            2 => Layout::new(daf.data(&words), 3),
            3 => Layout::new(daf.data(&words), 6),
            _ => None,
        };
        let (bounds, daf) = (summary.bounds, Arc::clone(daf));
        Some(Self { target, center, frame, bounds, kind, name, daf, words, layout })
    }

    pub fn covers(&self, et_s: f64) -> bool {
        self.bounds[0] <= et_s && et_s <= self.bounds[1]
    }

    pub fn file(&self) -> &str {
        &self.daf.file
    }

    /// State at an ephemeris time inside the bounds, in the segment's own reference frame.
    pub fn state(&self, et_s: f64) -> Result<Pv, SpiceError> {
        let words = self.daf.data(&self.words);
        let state = match self.kind {
            1 => difference::state_type_1(words, et_s),
            2 | 3 => match &self.layout {
                Some(layout) if self.kind == 2 => chebyshev::state_type_2(words, layout, et_s),
                Some(layout) => chebyshev::state_type_3(words, layout, et_s),
                None => Err(Fault::Damaged("impossible record layout")),
            },
            5 => two_body::state_type_5(words, et_s),
            8 | 9 | 12 | 13 | 18 => states::state(self.kind, words, et_s),
            21 => difference::state_type_21(words, et_s),
            _ => Err(Fault::Unsupported),
        };
        self.answer(state)
    }

    /// All epochs by one record of a type-2 segment in ICRF axes, with the seconds around them when the acceleration
    /// is asked for (`ORDERS` = 5); `None` for other segments, for epochs of several records and for damaged records.
    /// Whether the numbers are finite is for the caller to see.
    #[inline(always)]
    pub fn together<S: Simd, const L: usize, const ORDERS: usize>(
        &self,
        simd: S,
        et_s: &[f64; L],
    ) -> Option<Block<L>> {
        let layout = self.layout.as_ref().filter(|layout| layout.is_position() && self.frame == 1)?;
        let around_s = if ORDERS > 2 { 1.0 } else { 0.0 };
        let (first_s, last_s) = et_s.iter().fold((et_s[0], et_s[0]), |(a, b), t| (a.min(*t), b.max(*t)));
        let index = layout.index(first_s - around_s);
        if layout.index(last_s + around_s) != index {
            return None;
        }
        // What is wrong with a damaged record is told by the slow way.
        motion::<S, L, ORDERS>(simd, layout.record(self.daf.data(&self.words), index).ok()?, et_s).ok()
    }

    /// Whether [`Self::window`] can be asked.
    pub fn has_windows(&self) -> bool {
        self.kind == 13
    }

    /// The interpolation window of a type-13 segment at an epoch.
    pub fn window(&self, et_s: f64) -> Result<Kept, SpiceError> {
        Kept::new(self.daf.data(&self.words), et_s).map_err(|fault| self.explain(fault))
    }

    /// The state, unless it is not finite.
    pub fn finite(&self, state: Pv) -> Result<Pv, SpiceError> {
        self.answer(Ok(state))
    }

    fn answer(&self, state: Result<Pv, Fault>) -> Result<Pv, SpiceError> {
        match state {
            Ok(state) if state.iter().all(|x| x.is_finite()) => Ok(state),
            Ok(_) => Err(self.damaged("the state is not finite")),
            Err(fault) => Err(self.explain(fault)),
        }
    }

    fn explain(&self, fault: Fault) -> SpiceError {
        match fault {
            Fault::Damaged(what) => self.damaged(what),
            Fault::NotConverged(iterations, residual) => {
                SpiceError::NotConverged { what: "Kepler's equation of SPK type 5", iterations, residual }
            }
            Fault::Unsupported => {
                SpiceError::unsupported(format!("SPK data type {} ({})", self.kind, self.name), self.file())
            }
        }
    }

    /// The error of a segment whose data make no sense.
    pub fn damaged(&self, what: &str) -> SpiceError {
        let place = format!("segment {:?} of body {} (type {})", self.name, self.target, self.kind);
        SpiceError::format(what, place, self.file())
    }
}

/// `words[at..at + length]`, or a fault.
pub(crate) fn part(words: &[f64], at: usize, length: usize) -> Result<&[f64], Fault> {
    let end = at.checked_add(length).ok_or(Fault::Damaged("address overflow"))?;
    words.get(at..end).ok_or(Fault::Damaged("the segment is too short for its own counts"))
}

/// The `back`-th word from the end (1 is the last) as a count.
pub(crate) fn count_from_end(words: &[f64], back: usize) -> Result<usize, Fault> {
    let value = words.len().checked_sub(back).and_then(|i| words.get(i)).copied();
    value.and_then(crate::daf::as_count).ok_or(Fault::Damaged("a trailing count is not a count"))
}
