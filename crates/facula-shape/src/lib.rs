// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Shapes of bodies: what a ray meets, what a place on the ground looks like, what lies in shadow.
//!
//! In: an ellipsoid, a grid of radii, or a triangle mesh from one of the formats meshes travel in. Out: a
//! [`Shape`] that answers rays. Cameras, light and kernels are the business of `facula-geometry`.

mod error;
mod formats;
mod mesh;
mod shape;

pub use error::ShapeError;
pub use formats::{Dtm, DtmKind, LengthUnit, MeshFormat, MeshOptions, Triangles};
pub use mesh::{FrameSize, Mesh, MeshReport, Sight, SunDisc};
pub use shape::cube::{CubeGrid, cube_cell, cube_point};
pub use shape::grid::{GridSampling, RadiusGrid};
pub use shape::{Hit, Shape, SurfacePoint};
