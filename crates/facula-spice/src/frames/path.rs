// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which frames lie between a frame and J2000, and the names of the variables in the text kernels: what the
//! writers of support data list.

use facula_core::{Epoch, et_s};

use super::matrix::Matrix;
use super::{Asked, Frame};
use crate::error::SpiceError;
use crate::kernels::Kernels;

impl Kernels {
    /// Numbers of the frames from `name` (first) to J2000 (1, last) at an epoch, each linked to the next; the
    /// frame of a body without a number of its own has that of the body.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] names the frame, attitude, clock or constants the kernels lack.
    pub fn frame_path(&self, name: &str, epoch: Epoch) -> Result<Vec<i32>, SpiceError> {
        let asked = Asked::at(et_s(epoch));
        let chain = self.frame_chain::<Matrix>(self.frame_by_name(name, asked.et_s)?, name, asked)?;
        if let Some((last, _)) = chain.last() {
            // A chain ends early only where an attitude is missing; asking for the last link says which.
            self.link(*last, asked)?;
        }
        let number = |frame: &Frame| match frame {
            Frame::Numbered(id) | Frame::OfBody(id) => *id,
        };
        Ok(chain.iter().map(|(frame, _)| number(frame)).collect())
    }

    /// Names of the variables of the loaded text kernels that begin with `prefix`, sorted.
    pub fn variables<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.pool.names(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::epoch_from_et_s;

    const FIXED: &str = "\\begindata\nFRAME_A = -9001\nFRAME_-9001_NAME = 'A'\nFRAME_-9001_CLASS = 4\n\
        FRAME_-9001_CLASS_ID = -9001\nTKFRAME_-9001_RELATIVE = 'B'\nTKFRAME_-9001_SPEC = 'QUATERNION'\n\
        TKFRAME_-9001_Q = ( 1 0 0 0 )\nFRAME_B = -9002\nFRAME_-9002_NAME = 'B'\nFRAME_-9002_CLASS = 3\n\
        FRAME_-9002_CLASS_ID = -9002\nBODY2000001_POLE_RA = 1\nBODY2000001_POLE_DEC = 2\nBODY2000001_PM = ( 3 4 )\n";

    #[test]
    fn paths_lead_to_j2000_or_say_what_is_missing() {
        let kernels = Kernels::from_bytes("a.tf", FIXED.as_bytes()).expect("sound");
        let epoch = epoch_from_et_s(0.0);
        assert_eq!(kernels.frame_path("IAU_CERES", epoch).expect("body"), [10101, 1]);
        assert_eq!(kernels.frame_path("J2000", epoch).expect("itself"), [1]);
        let error = kernels.frame_path("A", epoch).expect_err("no clock").to_string();
        assert!(error.contains("no clock"), "{error}");
        assert_eq!(kernels.variables("TKFRAME_-9001").count(), 3);
    }
}
