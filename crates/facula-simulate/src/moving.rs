// SPDX-License-Identifier: MIT OR Apache-2.0
//! Motion blur: a picture while the camera moves and turns and the body rotates.
//!
//! In: the poses at the beginning and the end of an exposure, in the body-fixed reference frame of those moments (so that
//! the body's rotation is in them). Out: the mean of pictures in between.

use facula_core::{Camera as CameraAxes, Pose, Raster, Rotation, Vec3};
use facula_geometry::Camera;

use crate::error::argument;
use crate::{RenderOptions, Rendered, Scene, SimulateError, render};

/// Motion over an exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Pose when the shutter opens.
    pub start: Pose,
    /// Pose when it closes.
    pub end: Pose,
    /// Pictures that are averaged, 1 to 1,024; a picture for each third of a pixel of motion leaves no steps.
    pub steps: usize,
}

impl Motion {
    /// Poses at the middles of equal parts of the exposure. Camera and Sun go straight from start to end (a body that
    /// turns by `a` rad bends the path by `a²/8` of the distance: 2e-9 of it in 1 s at Ceres); the attitude turns evenly
    /// about one axis.
    pub fn poses(&self) -> Vec<Pose> {
        let from_start: Rotation<CameraAxes, CameraAxes> =
            self.end.camera_from_body * self.start.camera_from_body.inverse();
        let [w, x, y, z] = from_start.to_quaternion();
        // SPICE's convention turns components: the frame turns the other way.
        let axis = Vec3::<CameraAxes>::new(-x, -y, -z);
        let angle_rad = 2.0 * axis.length().atan2(w);
        let pose = |k: usize| {
            let at = (k as f64 + 0.5) / self.steps as f64;
            let turn = Rotation::about(axis, at * angle_rad).unwrap_or(Rotation::identity());
            let (start, end) = (&self.start, &self.end);
            Pose {
                mid_exposure: start.mid_exposure + (end.mid_exposure - start.mid_exposure) * at,
                spacecraft_km: start.spacecraft_km + (end.spacecraft_km - start.spacecraft_km) * at,
                sun_km: start.sun_km + (end.sun_km - start.sun_km) * at,
                camera_from_body: turn * start.camera_from_body,
            }
        };
        (0..self.steps).map(pose).collect()
    }
}

/// Renders a scene in motion: the mean of [`render`] over the poses of a [`Motion`]. Truth, where asked for, is that of
/// the pose in the middle.
///
/// # Errors
/// [`SimulateError::Argument`] for steps outside 1 to 1,024, and those of [`render`].
pub fn render_moving(
    scene: &Scene<'_>,
    camera: &Camera,
    motion: &Motion,
    options: &RenderOptions,
) -> Result<Rendered, SimulateError> {
    if !(1..=1024).contains(&motion.steps) {
        return Err(argument("motion", ("steps", motion.steps), "give 1 to 1024"));
    }
    let without = RenderOptions { truth: crate::WithTruth::No, ..*options };
    let mut iof = Raster::filled(camera.width_px, camera.height_px, 0.0f32);
    let mut truth = None;
    let share = 1.0 / motion.steps as f32;
    for (k, pose) in motion.poses().iter().enumerate() {
        let options = if k == motion.steps / 2 { options } else { &without };
        let picture = render(scene, camera, pose, options)?;
        let values = iof.as_mut_slice().iter_mut().zip(picture.iof.as_slice());
        values.for_each(|(sum, value)| *sum += value * share);
        truth = picture.truth.or(truth);
    }
    Ok(Rendered { iof, truth })
}
