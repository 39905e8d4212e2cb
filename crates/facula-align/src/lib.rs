// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Pointing refined at the limb and against maps.
//!
//! Both functions take a [`facula_geometry::Shot`] with an a-priori pose and return a refined one:
//! [`fit_limb`] where the edge of the body is in the frame, [`match_map`] where the ground is known already,
//! be it a published map or the mosaic as it grows. Neither changes the shot; residuals come back point by
//! point, and an uncertainty with them.
//!
//! ```no_run
//! use facula_align::{AlignError, LimbOptions, MapMatchOptions, ReferenceMap, fit_limb, match_map};
//! use facula_core::{Pose, Silent};
//! use facula_geometry::{Shape, Shot};
//!
//! /// The limb where there is one, the map where there is not.
//! fn refine(shot: &Shot, shape: &Shape, map: &ReferenceMap) -> Result<Pose, AlignError> {
//!     match fit_limb(shot, shape, &LimbOptions::default(), &Silent) {
//!         Ok(fit) => Ok(fit.pose),
//!         Err(AlignError::NoLimb { .. }) => {
//!             Ok(match_map(shot, shape, map, &MapMatchOptions::default(), &Silent)?.pose)
//!         }
//!         Err(error) => Err(error),
//!     }
//! }
//! ```

mod error;
mod limb;
mod map_match;
mod normal;
#[cfg(test)]
mod testing;

pub use error::AlignError;
pub use limb::{LimbFit, LimbOptions, LimbPoint, Twist, fit_limb};
pub use map_match::{MapMatch, MapMatchOptions, PatchMatch, ReferenceMap, match_map};
