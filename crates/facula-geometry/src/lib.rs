// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Where things are seen: cameras, shapes, rays, light and view angles.
//!
//! [`Camera`] turns directions into pixels and back, [`Shape`] answers rays, [`Shot`] is everything needed to put
//! a pixel on the ground, [`backplanes`] does so for a whole frame. [`View`] and [`Target`] answer the questions of
//! SPICE's geometry finders from kernels; [`events`] searches times at which such answers hold.

mod backplanes;
mod camera;
mod coordinates;
mod ellipsoid;
mod error;
pub mod events;
mod isd;
mod local_time;
mod observe;
mod occultation;
mod relief;
mod shot;
mod timing;

pub use backplanes::{AnglePlanes, Backplanes, angle_planes, backplanes};
pub use camera::{
    BrownConrady, Camera, CameraFile, Distortion, FieldOfView, Filter, FovShape, InstrumentGeometry,
    Interpolation, IsisRadial, ShiftGrid, ShiftTable, Transverse, Window,
};
pub use coordinates::{Cylindrical, Geodetic, LongitudeSense, surface_with_normal_km};
pub use ellipsoid::{
    Ellipse, Light, Nearest, Terminator, limb_ellipse, limb_point, nearest_point, terminator_point,
};
pub use error::GeometryError;
pub use facula_shape::{
    CubeGrid, GridSampling, Hit, Mesh, RadiusGrid, Shape, ShapeError, SurfacePoint, cube_cell, cube_point,
};
pub use isd::{
    FrameGeometry, Isd, IsdRequest, LineScale, Names, PositionOf, PositionTable, RotationOf, RotationTable,
    SensorKind,
};
pub use local_time::{local_solar_time_h, solar_longitude_rad, sun_km};
pub use observe::{
    CutPlanes, Illumination, Ray, SUN_RADIUS_KM, SeenPoint, SubPoint, Target, View, Visibility,
};
pub use occultation::{Apparent, Overlap, overlap};
pub use relief::{MapTerrain, Relief, terrain_of_map};
pub use shot::{Shot, light_at};
pub use timing::{FrameStart, FrameTiming, Mission, camera_and_pose};
