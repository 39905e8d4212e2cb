// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attitude segments: orientation of a structure relative to a reference frame, by clock ticks.
//!
//! In: a summary and the words of an array file. Out: the rotation at encoded ticks, or nothing in a gap. Data
//! types 1 (moments), 2 (constant spin) and 3 (interpolated).
//!
//! # Source
//! NAIF, "CK Required Reading" (ck.req), one section per data type.

mod intervals;
mod rates;
pub(crate) mod types;

use std::ops::Range;
use std::sync::Arc;

use crate::daf::{Daf, Summary};
use crate::error::SpiceError;
use crate::frames::matrix::Matrix;
use crate::spk::Fault;
pub(crate) use types::Kept;

/// A segment ready for questions.
#[derive(Debug, Clone)]
pub(crate) struct CkSegment {
    /// NAIF number of the structure (−203000 is Dawn's bus).
    pub structure: i32,
    /// Number of the frame the attitude is relative to.
    pub reference: i32,
    /// First and last encoded ticks.
    pub bounds: [f64; 2],
    pub kind: i32,
    pub has_rates: bool,
    pub name: String,
    pub daf: Arc<Daf>,
    words: Range<usize>,
}

impl CkSegment {
    pub fn new(daf: &Arc<Daf>, summary: &Summary) -> Option<Self> {
        let &[structure, reference, kind, rates] = summary.integers.as_slice() else { return None };
        Some(Self {
            structure,
            reference,
            bounds: summary.bounds,
            kind,
            has_rates: rates != 0,
            name: summary.name.clone(),
            daf: Arc::clone(daf),
            words: summary.words.clone(),
        })
    }

    pub fn covers(&self, ticks: f64) -> bool {
        self.bounds[0] <= ticks && ticks <= self.bounds[1]
    }

    /// Turns components in the reference frame to components in the structure's frame; `None` in a gap.
    pub fn structure_from_reference(&self, ticks: f64) -> Result<Option<Matrix>, SpiceError> {
        if let Some(kept) = self.kept(ticks)? {
            let rows = kept.structure_from_reference(ticks);
            return rows.map(Some).ok_or_else(|| self.explain(Fault::Damaged("a quaternion of no length")));
        }
        let words = self.daf.data(&self.words);
        let rows = match self.kind {
            1 => types::type_1(words, self.record(), ticks),
            2 => Ok(None),
            3 => types::type_3_moment(words, self.record(), ticks),
            _ => Err(Fault::Unsupported),
        };
        rows.map_err(|fault| self.explain(fault))
    }

    /// Angular velocity at ticks for which there is an attitude: of the structure relative to the reference
    /// frame, in components of the latter, rad/s. `None` where the segment has none.
    pub fn spin_rad_s(&self, ticks: f64) -> Result<Option<[f64; 3]>, SpiceError> {
        if !self.has_rates {
            return Ok(None);
        }
        let words = self.daf.data(&self.words);
        let spin = match self.kind {
            1 => rates::spin_type_1(words, ticks),
            2 => types::type_2_count(words.len())
                .ok_or(Fault::Damaged("a length no number of intervals has"))
                .and_then(|count| rates::spin_type_2(words, count, ticks)),
            3 => rates::spin_type_3(words, ticks),
            _ => Err(Fault::Unsupported),
        };
        spin.map(Some).map_err(|fault| self.explain(fault))
    }

    /// Intervals of encoded ticks in which there is an attitude.
    pub fn intervals(&self) -> Result<Vec<[f64; 2]>, SpiceError> {
        let words = self.daf.data(&self.words);
        let found = match self.kind {
            1 => intervals::of_type_1(words, self.record()),
            2 => types::type_2_count(words.len())
                .ok_or(Fault::Damaged("a length no number of intervals has"))
                .and_then(|count| intervals::of_type_2(words, count)),
            3 => intervals::of_type_3(words, self.record()),
            _ => Err(Fault::Unsupported),
        };
        found.map_err(|fault| self.explain(fault))
    }

    /// The part of the segment that answers around some ticks; `None` at lone moments and in gaps.
    pub fn kept(&self, ticks: f64) -> Result<Option<Kept>, SpiceError> {
        let words = self.daf.data(&self.words);
        let kept = match self.kind {
            2 => types::type_2(words, ticks),
            3 => types::type_3(words, self.record(), ticks),
            _ => Ok(None),
        };
        kept.map_err(|fault| self.explain(fault))
    }

    /// Words of one attitude of types 1 and 3.
    fn record(&self) -> usize {
        if self.has_rates { 7 } else { 4 }
    }

    fn explain(&self, fault: Fault) -> SpiceError {
        match fault {
            Fault::Damaged(what) => {
                let place =
                    format!("segment {:?} of structure {} (type {})", self.name, self.structure, self.kind);
                SpiceError::format(what, place, &self.daf.file)
            }
            _ => {
                SpiceError::unsupported(format!("CK data type {} ({})", self.kind, self.name), &self.daf.file)
            }
        }
    }
}
