// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The camera that is not there: frames of a world with known truth.
//!
//! [`simulate_frame`] takes a world, a pose and a camera and gives the frame the archive would hold, together with the
//! pose that was really used.

mod detector;
mod frame;
mod render;

pub use detector::{FlatField, expose};
pub use frame::{Exposure, PointingError, SimulatedFrame, simulate_frame};
pub use render::render_iof;
