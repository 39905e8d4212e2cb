// SPDX-License-Identifier: MIT OR Apache-2.0
//! Binary PCK segments: orientation of a body relative to an inertial frame, by ephemeris time. Data type 2
//! (Chebyshev polynomials of the three angles).
//!
//! In: a summary and the words of an array file. Out: the rotation and its rate.
//!
//! # Source
//! NAIF, "PCK Required Reading" (pck.req), section "Binary PCK files".

use std::ops::Range;
use std::sync::Arc;

use crate::daf::{Daf, Summary};
use crate::error::SpiceError;
use crate::frames::{inertial, turning::Turning};
use crate::spk::chebyshev::{Layout, state_type_2};

/// A segment ready for questions.
#[derive(Debug, Clone)]
pub(crate) struct PckSegment {
    /// Number in class 2 of the frame the segment is for (3000 is ITRF93).
    pub class_id: i32,
    /// Number of the inertial frame the angles are relative to.
    pub reference: i32,
    /// First and last epoch, ET seconds.
    pub bounds: [f64; 2],
    pub kind: i32,
    pub name: String,
    pub daf: Arc<Daf>,
    words: Range<usize>,
}

impl PckSegment {
    pub fn new(daf: &Arc<Daf>, summary: &Summary) -> Option<Self> {
        let &[class_id, reference, kind] = summary.integers.as_slice() else { return None };
        let (name, words) = (summary.name.clone(), summary.words.clone());
        Some(Self { class_id, reference, bounds: summary.bounds, kind, name, daf: Arc::clone(daf), words })
    }

    pub fn covers(&self, et_s: f64) -> bool {
        self.bounds[0] <= et_s && et_s <= self.bounds[1]
    }

    /// Turns J2000 components to body-fixed components at an epoch inside the bounds.
    pub fn body_from_icrf(&self, et_s: f64) -> Result<Turning, SpiceError> {
        if self.kind != 2 {
            let what = format!("binary PCK data type {} ({})", self.kind, self.name);
            return Err(SpiceError::unsupported(what, &self.daf.file));
        }
        let words = self.daf.data(&self.words);
        let angles = Layout::new(words, 3)
            .and_then(|layout| state_type_2(words, &layout, et_s).ok())
            .filter(|motion| motion.iter().all(|x| x.is_finite()))
            .map(|motion| std::array::from_fn(|k| [motion[k], motion[k + 3]]))
            .ok_or_else(|| self.damaged("the polynomials do not fit the segment"))?;
        let frame = inertial::frame_from_j2000(self.reference)
            .ok_or_else(|| self.damaged("angles relative to a frame that is not inertial"))?;
        Ok(crate::frames::orientation(angles).after(&Turning::fixed(frame)))
    }

    fn damaged(&self, what: &str) -> SpiceError {
        let place = format!("segment {:?} of frame {} (type {})", self.name, self.class_id, self.kind);
        SpiceError::format(what, place, &self.daf.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daf::DafKind;

    fn segment(words: Vec<f64>, kind: i32) -> PckSegment {
        let summary = Summary {
            name: "A".into(),
            bounds: [0.0, 200.0],
            integers: vec![3000, 1, kind],
            words: 0..words.len(),
        };
        let daf = Daf { kind: DafKind::Pck, file: "a.bpc".into(), segments: vec![summary.clone()], words };
        PckSegment::new(&Arc::new(daf), &summary).expect("three integers")
    }

    /// One record of 200 s with constant node and tilt and W growing by 1e-3 rad/s.
    fn words() -> Vec<f64> {
        vec![100.0, 100.0, 0.3, 0.0, 0.2, 0.0, 1.0, 0.1, 0.0, 200.0, 8.0, 1.0]
    }

    #[test]
    fn angles_and_rates_become_a_turning_frame() {
        let found = segment(words(), 2).body_from_icrf(150.0).expect("sound");
        let wanted = Turning::of_angles([[1.05, 1e-3], [0.2, 0.0], [0.3, 0.0]], [3, 1, 3]).expect("axes");
        for k in 0..9 {
            assert!((found.rows[k / 3][k % 3] - wanted.rows[k / 3][k % 3]).abs() < 1e-15);
            assert!((found.rates[k / 3][k % 3] - wanted.rates[k / 3][k % 3]).abs() < 1e-18);
        }
    }

    #[test]
    fn other_types_and_damaged_records_are_errors() {
        let error = segment(words(), 3).body_from_icrf(1.0).expect_err("type 3").to_string();
        assert!(error.contains("type 3") && error.contains("a.bpc"), "{error}");
        for end in 0..words().len() {
            let error = segment(words()[..end].to_vec(), 2).body_from_icrf(1.0).expect_err("cut").to_string();
            assert!(error.contains("frame 3000"), "{error}");
        }
    }
}
