// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Facula: from the frames of a camera in orbit to a map of a small world, a catalogue of its bright spots, and a
//! weighed answer to what they are. One import gives the rooms and [`survey`], which walks through all of them.
//!
//! ```no_run
//! use facula::{Existing, LoadedCampaign, SurveyOptions, survey};
//! let campaign = LoadedCampaign::built_in()?;
//! let options = SurveyOptions { out: "out".into(), existing: Existing::Keep };
//! let outcome = survey(&campaign, &options, &facula::core::Collected::default())?;
//! println!("{}", outcome.headline);
//! # Ok::<(), facula::SurveyError>(())
//! ```

mod campaign;
pub mod catalogues;
mod error;
pub mod frames;
pub mod inputs;
pub mod light_curves;
pub mod maps;
pub mod observe;
pub mod picture;
mod request;
pub mod scatter;
mod survey;

pub use campaign::{
    AlignChoice, AlignMethod, CameraChoice, Campaign, FrameChoice, KernelChoice, LoadedCampaign, MapChoice,
    MapFile, OutputChoice, PlanChoice, ShapeChoice, SpotChoice,
};
pub use error::SurveyError;
pub use request::RequestError;
pub use survey::{Existing, Outcome, SurveyOptions, SurveyReporter, survey};

pub use facula_align as align;
pub use facula_archive as archive;
pub use facula_core as core;
pub use facula_explain as explain;
pub use facula_fetch as fetch;
pub use facula_geometry as geometry;
pub use facula_map as map;
pub use facula_photometry as photometry;
pub use facula_plan as plan;
pub use facula_publish as publish;
pub use facula_simulate as simulate;
pub use facula_spice as spice;
pub use facula_spots as spots;
pub use facula_world as world;
