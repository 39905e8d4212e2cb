// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shot: everything needed to put a pixel on the ground.

use facula_core::{BodyFixed, IofFrame, PixelPos, Pose, Vec3};
use facula_photometry::LightAngles;

use crate::{Camera, Hit, Shape, SurfacePoint};

/// Frame + camera + pose + Sun at mid exposure.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The calibrated frame.
    pub frame: IofFrame,
    /// The camera behind the frame's filter.
    pub camera: Camera,
    /// Position, attitude and Sun at mid exposure.
    pub pose: Pose,
}

impl Shot {
    /// The direction (unit vector) a pixel looks at, in the body-fixed reference frame.
    pub fn look_in_body(&self, at: PixelPos) -> Vec3<BodyFixed> {
        self.pose.camera_from_body.inverse() * self.camera.look(at)
    }

    /// Where a pixel's line of sight first meets the shape.
    pub fn ground(&self, shape: &Shape, at: PixelPos) -> Option<Hit> {
        shape.intersect(self.pose.spacecraft_km, self.look_in_body(at))
    }

    /// Where a body-fixed point falls in the frame (also beyond its edges); `None` behind the camera. Says
    /// nothing about whether the point is hidden.
    pub fn pixel_of(&self, point_km: Vec3<BodyFixed>) -> Option<PixelPos> {
        self.camera.pixel(self.pose.camera_from_body * (point_km - self.pose.spacecraft_km))
    }

    /// How a surface point is lit and seen in this shot.
    pub fn light(&self, point: &SurfacePoint) -> LightAngles {
        light_at(&self.pose, point)
    }
}

/// How a surface point is lit and seen from a pose, shadows not considered.
pub fn light_at(pose: &Pose, point: &SurfacePoint) -> LightAngles {
    let up = Vec3::new(0.0, 0.0, 1.0);
    let to_sun = (pose.sun_km - point.point_km).unit().unwrap_or(up);
    let to_camera = (pose.spacecraft_km - point.point_km).unit().unwrap_or(up);
    LightAngles::of(point.normal, to_sun, to_camera)
}
