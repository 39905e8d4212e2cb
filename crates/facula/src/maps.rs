// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of many frames: what the command `map` calls.
//!
//! Frames are placed at once and calibrated when the map needs their pixels, so that memory is bounded by the frames in work.

mod frames;
mod region;

pub use frames::{FrameChoice, FrameSet, PlacedShot};
pub use region::{Region, seen_region};
