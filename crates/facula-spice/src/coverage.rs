// SPDX-License-Identifier: MIT OR Apache-2.0
//! When the loaded kernels answer: spans of epochs of bodies, structures, orientations and shapes.
//!
//! In: the number of a body, a structure or a frame. Out: spans in order, joined where they touch.
//!
//! # Source
//! SPICE `SPKCOV`, `CKCOV`, `PCKCOV`, `DSKOBJ`.

use facula_core::{Epoch, epoch_from_et_s};

use crate::error::SpiceError;
use crate::kernels::Kernels;

/// Spans that are gathered before they are joined for the first time.
const MANY_SPANS: usize = 1 << 16;

/// How closely the coverage of attitudes is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AttitudeLevel {
    /// First and last moment of each segment; there may be gaps between.
    #[default]
    Segment,
    /// The intervals inside the segments in which there is an attitude.
    Interval,
}

impl Kernels {
    /// Numbers of the bodies the loaded SPKs have states of, in order.
    pub fn bodies(&self) -> Vec<i32> {
        self.spk.keys().copied().collect()
    }

    /// Numbers of the structures the loaded CKs have attitudes of, in order.
    pub fn structures(&self) -> Vec<i32> {
        self.ck.keys().copied().collect()
    }

    /// Spans in which there is a state of a body; empty for an unknown body. A state relative to another body
    /// needs the centres in between too.
    pub fn coverage_of_body(&self, body: i32) -> Vec<[Epoch; 2]> {
        let spans = self.spk.get(&body).into_iter().flatten().map(|segment| segment.bounds);
        epochs(joined(spans.collect()))
    }

    /// Spans in which there is an attitude of a structure; empty for an unknown structure.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] without the structure's clock, [`SpiceError::Format`] for a damaged segment.
    pub fn coverage_of_structure(
        &self,
        structure: i32,
        level: AttitudeLevel,
    ) -> Result<Vec<[Epoch; 2]>, SpiceError> {
        let Some(segments) = self.ck.get(&structure) else { return Ok(Vec::new()) };
        let clock = self.clock_of_structure(structure)?;
        let (mut ticks, mut limit) = (Vec::new(), MANY_SPANS);
        for segment in segments {
            match level {
                AttitudeLevel::Segment => ticks.push(segment.bounds),
                AttitudeLevel::Interval => ticks.extend(segment.intervals()?),
            }
            // Segments of a hostile file may all say the same: the list stays as long as what is different.
            if ticks.len() > limit {
                ticks = joined(ticks);
                limit = (2 * ticks.len()).max(MANY_SPANS);
            }
        }
        let spans = joined(ticks).into_iter().map(|span| span.map(|t| clock.et_of_ticks(t))).collect();
        Ok(epochs(spans))
    }

    /// Spans in which binary PCKs give the orientation of a body-fixed frame; `class_id` is the frame's number in
    /// its class (3000 for ITRF93). Text PCKs have no limits.
    pub fn coverage_of_orientation(&self, class_id: i32) -> Vec<[Epoch; 2]> {
        let spans = self.pck.get(&class_id).into_iter().flatten().map(|segment| segment.bounds);
        epochs(joined(spans.collect()))
    }

    /// Spans for which shape kernels have a surface of a body.
    pub fn coverage_of_shape(&self, body: i32) -> Vec<[Epoch; 2]> {
        let spans = self.dsk.iter().filter(|segment| segment.body == body).map(|segment| segment.bounds);
        epochs(joined(spans.collect()))
    }
}

fn epochs(spans: Vec<[f64; 2]>) -> Vec<[Epoch; 2]> {
    spans.into_iter().map(|span| span.map(epoch_from_et_s)).collect()
}

/// Spans in order, joined where they touch.
pub(crate) fn joined(mut spans: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_touch_are_one() {
        assert_eq!(joined(vec![[5.0, 6.0], [0.0, 1.0], [1.0, 2.0], [0.5, 0.6]]), [[0.0, 2.0], [5.0, 6.0]]);
        assert!(joined(Vec::new()).is_empty());
    }

    #[test]
    fn what_is_unknown_is_covered_never() {
        let kernels = Kernels::built_in();
        assert_eq!(kernels.bodies(), [3, 4, 5, 10, 399, 2000001, 2000004]);
        assert_eq!(kernels.coverage_of_body(2000001).len(), 1);
        assert!(kernels.coverage_of_body(-5).is_empty() && kernels.structures().is_empty());
        assert!(kernels.coverage_of_structure(-5000, AttitudeLevel::Interval).expect("none").is_empty());
        assert!(
            kernels.coverage_of_orientation(3000).is_empty() && kernels.coverage_of_shape(401).is_empty()
        );
    }
}
