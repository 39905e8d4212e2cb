// SPDX-License-Identifier: MIT OR Apache-2.0
//! Catalogues of spots and craters: what the commands `spots` and `craters` call.
//!
//! In: maps in files ([`MapChoice`]) or frames; out: what was found ([`SpotOutcome`], [`CraterOutcome`]) and the files of
//! the catalogue. Nothing to find is an answer, not an error.

mod charts;
mod colour;
mod completeness;
mod craters;
mod family;
mod frames;
mod georeference;
mod hosts;
mod map_file;
mod sample;
mod spots;
mod terrain;
mod view;
mod write;

pub use craters::{CraterOutcome, CraterRequest, CraterSource, SunChoice, find_craters};
pub use hosts::Host;
pub(crate) use map_file::{FWHM_PER_SIGMA, blur_fwhm_cells};
pub use map_file::{MapChoice, OpenMap};
pub use spots::{SpotCatalogue, SpotOutcome, SpotRequest, SpotSource, find_spots};
pub(crate) use write::spot_files;
