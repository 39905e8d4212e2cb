// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Where things are seen: cameras, shapes, rays, light and view angles.
//!
//! [`Camera`] turns directions into pixels and back, [`Shape`] answers rays, [`Shot`] is everything needed to put
//! a pixel on the ground, [`backplanes`] does so for a whole frame.

mod backplanes;
mod camera;
mod error;
mod shot;

pub use backplanes::{Backplanes, backplanes};
pub use camera::{Camera, CameraFile, Filter};
pub use error::GeometryError;
pub use facula_shape::{
    CubeGrid, GridSampling, Hit, Mesh, RadiusGrid, Shape, ShapeError, SurfacePoint, cube_cell, cube_point,
};
pub use shot::{Shot, light_at};
