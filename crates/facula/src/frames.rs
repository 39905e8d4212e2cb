// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files of frames: to another format, and from data numbers to I/F.
//!
//! What the commands `convert` and `calibrate` call; `info` asks [`facula_archive::describe`] itself.

mod calibrate;
mod convert;

pub use calibrate::{CalibratedFiles, CalibrationChoice, Calibrator, write_calibrated};
pub use convert::convert_file;
