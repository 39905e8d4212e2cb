// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Orbits and observation plans: when the camera is where, how it is turned, how long it exposes.
//!
//! Input: imaging windows on polar circular arcs around a body, and where the Sun is. Output: an
//! [`ObservationPlan`], a list of shots to be taken, which the simulation turns into frames.

mod arc;
mod observe;

pub use arc::{ArcTime, Heading, PolarArc};
pub use observe::{ImagingWindow, ObservationPlan, PlanError, PlanInput, PlannedShot, plan_windows};
