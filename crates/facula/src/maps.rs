// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of many frames: what the command `map` calls.
//!
//! Frames are placed at once and calibrated when the map needs their pixels, so that memory is bounded by the frames in work.

mod align;
mod also;
mod cells;
mod colour;
mod frames;
mod preview;
mod products;
mod record;
mod region;
mod request;
mod run;
mod source;

pub use align::FrameTie;
pub use also::MapFormat;
pub use cells::{CellChoice, ProjectionChoice, ProjectionKind, cell_grid, cell_size_m};
pub use colour::{ColourOutcome, FilterMap, make_colour_maps};
pub use frames::{FilterChoice, FrameChoice, FrameSet, PlacedShot};
pub use record::map_record;
pub use region::{Region, seen_region};
pub use request::{Balance, MapOutcome, MapRequest, ModelChoice, ScaleChoice, Start};
pub use run::{ACCUMULATOR, RECORD, make_map};
