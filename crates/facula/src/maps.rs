// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of many frames: what the command `map` calls.
//!
//! Frames are placed at once and calibrated when the map needs their pixels, so that memory is bounded by the frames in work.

mod also;
mod cells;
mod frames;
mod preview;
mod record;
mod region;
mod run;

pub use also::MapFormat;
pub use cells::{CellChoice, ProjectionChoice, ProjectionKind, cell_grid, cell_size_m};
pub use frames::{FrameChoice, FrameSet, PlacedShot};
pub use record::map_record;
pub use region::{Region, seen_region};
pub use run::{
    ACCUMULATOR, Balance, MapOutcome, MapRequest, ModelChoice, RECORD, ScaleChoice, Start, make_map,
};
