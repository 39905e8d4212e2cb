// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions about where things are: states of bodies, the geometry of a frame, what kernels hold.
//!
//! What the commands `state`, `frame`, `backplanes` and `kernels` call; values in, values out.

mod frame;
mod ground;
mod inventory;
mod planes;
mod states;
mod time;

pub use frame::{FrameQuestion, GeometrySource, PlacedFrame, body_in_view, place_frame};
pub use ground::{FrameSummary, Ground, PixelGround};
pub use inventory::{
    AnswerStep, Covered, KernelFile, KernelSegment, covered, kernel_files, slice_kernels, why_state,
};
pub use planes::write_backplanes;
pub use states::{StateQuestion, StateRow, states};
pub use time::{epochs, parse_epoch};

use std::path::PathBuf;

use facula_core::Body;
use facula_spice::Kernels;

use crate::RequestError;

/// What answers without any file: the built-in ephemeris, and the constants of the built-in bodies.
///
/// # Errors
/// Never with the built-in data; the constants are read like any text kernel.
pub fn built_in_kernels() -> Result<Kernels, RequestError> {
    let mut kernels = Kernels::built_in();
    for name in ["ceres", "vesta"] {
        let text = frame::constants_kernel(&Body::built_in(name)?);
        kernels.add_bytes(&format!("{name} constants (built in)"), text.as_bytes())?;
    }
    Ok(kernels)
}

/// Loads kernel files over those already there; the later win.
///
/// # Errors
/// [`RequestError::Spice`] names the file.
pub fn load_kernels(base: Kernels, files: &[PathBuf]) -> Result<Kernels, RequestError> {
    let mut kernels = base;
    for file in files {
        kernels.add_file(file)?;
    }
    Ok(kernels)
}
