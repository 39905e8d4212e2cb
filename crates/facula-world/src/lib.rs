// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The built-in worlds: ground made from published facts and a seed, whose truth is known.
//!
//! [`World`] is terrain plus albedo at any footprint; input is a body with its named features and the facts of its ground
//! ([`WorldFacts`]), output heights, normals, albedos, meshes for a view ([`World::mesh_for`]) or of the whole
//! body ([`World::base_mesh`]) and the list of spots put in.

mod bins;
mod crater;
mod error;
mod faces;
mod facts;
mod ground;
mod landform;
mod noise;
mod patch;
mod population;
mod tint;
mod view;
mod world;

pub use error::WorldError;
pub use facts::{
    AlbedoLaws, CraterCentre, CraterFact, CraterLaws, FaculaLaws, FractureFact, MountainFact, PopulationLaws,
    ReliefLaws, SpotFact, WorldFacts,
};
pub use patch::TrueSpot;
pub use view::{FacetSize, ViewDetail};
pub use world::{World, WorldOptions};
