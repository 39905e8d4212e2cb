// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attitude segments: orientation of a structure relative to a reference frame, by clock ticks.
//!
//! In: a summary and the words of an array file. Out: the rotation at encoded ticks, or nothing in a gap. Data
//! types 1 (moments), 2 (constant spin) and 3 (interpolated).
//!
//! # Source
//! NAIF, "CK Required Reading" (ck.req), one section per data type.

mod types;

use std::ops::Range;
use std::sync::Arc;

use crate::daf::{Daf, Summary};
use crate::error::SpiceError;
use crate::frames::matrix::Matrix;
use crate::spk::Fault;

/// A segment ready for questions.
#[derive(Debug, Clone)]
pub(crate) struct CkSegment {
    /// NAIF number of the structure (−203000 is Dawn's bus).
    pub structure: i32,
    /// Number of the frame the attitude is relative to.
    pub reference: i32,
    /// First and last encoded ticks.
    pub bounds: [f64; 2],
    kind: i32,
    has_rates: bool,
    name: String,
    daf: Arc<Daf>,
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
        let words = self.daf.data(&self.words);
        let record = if self.has_rates { 7 } else { 4 };
        let rows = match self.kind {
            1 => types::type_1(words, record, ticks),
            2 => types::type_2(words, ticks),
            3 => types::type_3(words, record, ticks),
            _ => Err(Fault::Unsupported),
        };
        rows.map_err(|fault| match fault {
            Fault::Damaged(what) => {
                let place =
                    format!("segment {:?} of structure {} (type {})", self.name, self.structure, self.kind);
                SpiceError::format(what, place, &self.daf.file)
            }
            _ => {
                SpiceError::unsupported(format!("CK data type {} ({})", self.kind, self.name), &self.daf.file)
            }
        })
    }
}
