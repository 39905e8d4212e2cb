// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The built-in worlds: ground made from published facts and a seed, whose truth is known.
//!
//! [`World`] is terrain plus albedo; input is a body with its named features, output heights, albedos and the list of
//! spots put in.

mod bins;
mod crater;
mod noise;
mod patch;
mod world;

pub use patch::TrueSpot;
pub use world::{World, WorldOptions};
