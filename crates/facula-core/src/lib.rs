// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every room of Facula shares: reference frames as tags, vectors and rotations, images with a
//! quality band, ellipsoids and bodies, map grids, frames of a camera, poses, and the [`Reporter`].
//!
//! Conventions, fixed here once: pixel (0, 0) is the **centre** of the first pixel, x right, y down, image
//! memory is `[line][sample]`; longitude is east-positive in [0, 2π); latitude is planetocentric;
//! quaternions are scalar-first; lengths are km, times s, angles rad.

mod aside;
mod body;
mod elementary;
mod ellipsoid;
mod frame;
mod frames;
mod grid;
mod lonlat;
mod nomenclature;
mod order;
mod pose;
mod projection;
mod quality;
mod random;
mod raster;
mod report;
mod rotation;
mod time;
mod vector;
mod words;

pub use aside::write_aside;
pub use body::{Body, BodyError, IauCrs};
pub use elementary::{WHOLE, fast_ln, polynomial};
pub use ellipsoid::Ellipsoid;
pub use frame::{FrameMeta, IofFrame, Level, MapImage, RawFrame};
pub use frames::{BodyFixed, Camera, Icrf, Local, Spacecraft};
pub use grid::MapGrid;
pub use hifitime::{Duration, Epoch, Unit};
pub use lonlat::{LonLat, longitude_span};
pub use nomenclature::{Feature, features};
pub use order::quantile;
pub use pose::{KM_PER_AU, Pose, north_up};
pub use projection::{
    CellGrid, GeographicCrs, MapRegion, ObliqueBase, Pole, ProjectedGrid, Projection, ProjectionError,
    ProjectionMethod, ScaleFactors, Spheroid, TrueScale,
};
pub use quality::Quality;
pub use random::Random;
pub use raster::{PixelPos, Raster};
pub use report::{Collected, Progress, Reporter, Silent, Warning};
pub use rotation::Rotation;
pub use time::{epoch_from_et_s, et_s, format_utc, parse_utc};
pub use vector::Vec3;
pub use words::{capitalised, xml_text};
