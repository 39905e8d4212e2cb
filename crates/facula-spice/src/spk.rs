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

use crate::daf::{Daf, Summary};
use crate::error::SpiceError;

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
    kind: i32,
    name: String,
    daf: Arc<Daf>,
    words: Range<usize>,
}

impl SpkSegment {
    pub fn new(daf: &Arc<Daf>, summary: &Summary) -> Option<Self> {
        let &[target, center, frame, kind] = summary.integers.as_slice() else { return None };
        let (name, words) = (summary.name.clone(), summary.words.clone());
        Some(Self { target, center, frame, bounds: summary.bounds, kind, name, daf: Arc::clone(daf), words })
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
            2 => chebyshev::state_type_2(words, et_s),
            3 => chebyshev::state_type_3(words, et_s),
            5 => two_body::state_type_5(words, et_s),
            8 | 9 | 12 | 13 | 18 => states::state(self.kind, words, et_s),
            21 => difference::state_type_21(words, et_s),
            _ => Err(Fault::Unsupported),
        };
        match state {
            Ok(state) if state.iter().all(|x| x.is_finite()) => Ok(state),
            Ok(_) => Err(self.damaged("the state is not finite")),
            Err(Fault::Damaged(what)) => Err(self.damaged(what)),
            Err(Fault::NotConverged(iterations, residual)) => Err(SpiceError::NotConverged {
                what: "Kepler's equation of SPK type 5",
                iterations,
                residual,
            }),
            Err(Fault::Unsupported) => Err(SpiceError::unsupported(
                format!("SPK data type {} ({})", self.kind, self.name),
                self.file(),
            )),
        }
    }

    fn damaged(&self, what: &str) -> SpiceError {
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
