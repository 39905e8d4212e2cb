// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The camera that is not there: built-in worlds, and frames of them with known truth.
//!
//! [`World`] is terrain plus albedo made from published facts and a seed; [`simulate_frame`] takes a pose and a
//! camera and gives the frame the archive would hold, together with the pose that was really used.

mod bins;
mod crater;
mod detector;
mod frame;
mod noise;
mod patch;
mod render;
mod world;

pub use detector::{FlatField, expose};
pub use frame::{Exposure, PointingError, SimulatedFrame, simulate_frame};
pub use patch::TrueSpot;
pub use render::render_iof;
pub use world::{World, WorldOptions};
