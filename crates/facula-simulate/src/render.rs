// SPDX-License-Identifier: MIT OR Apache-2.0
//! A world seen by a camera: I/F per pixel before the detector touches it.

use facula_core::{BodyFixed, PixelPos, Pose, Raster, Vec3};
use facula_geometry::{Camera, Hit, Shape, SurfacePoint};
use facula_photometry::{LightAngles, SurfaceModel};
use facula_world::World;
use rayon::prelude::*;

/// Distance of a pixel's rays from its centre along samples and lines, px: 2 × 2 rays half a pixel apart.
const OFFSET_PX: f64 = 0.25;
/// Two rays on a pixel's diagonal that differ by less than this part of their sum are enough; else there are four.
const EVEN: f64 = 0.005;

/// I/F of every pixel, 0 on the sky and in shadow: the mean of 2 × 2 rays a pixel, direct sunlight only (no light
/// scattered from lit terrain into shadows, which on a body of albedo 0.09 is below 1 % of sunlit I/F).
///
/// Where the two rays on the falling diagonal agree within 1 % the other two are not cast: smooth ground errs by less
/// than 1 %, but a step (limb, spot, shadow) that runs along this diagonal may be off by a quarter of its height in
/// single pixels, either way.
pub fn render_iof(world: &World, camera: &Camera, pose: &Pose) -> Raster<f32> {
    let to_sun = pose.sun_km.unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0));
    let model = SurfaceModel::lommel_seeliger(world.phase_slope);
    let scene = Scene { world, shape: &world.shape, camera, pose, to_sun, model };
    let lines: Vec<Vec<f32>> = (0..camera.height_px).into_par_iter().map(|line| scene.line(line)).collect();
    Raster::from_vec(camera.width_px, camera.height_px, lines.concat()).expect("one value per pixel")
}

struct Scene<'a> {
    world: &'a World,
    shape: &'a Shape,
    camera: &'a Camera,
    pose: &'a Pose,
    /// Unit vector to the Sun from the body's centre: across the body it turns by less than 2e-6 rad.
    to_sun: Vec3<BodyFixed>,
    model: SurfaceModel,
}

impl Scene<'_> {
    fn line(&self, line: usize) -> Vec<f32> {
        (0..self.camera.width_px).map(|sample| self.pixel(sample as f64, line as f64)).collect()
    }

    fn pixel(&self, x_px: f64, y_px: f64) -> f32 {
        let look = self.look(PixelPos::new(x_px, y_px));
        if self.misses(look) {
            return 0.0;
        }
        let ray = |dx: f64, dy: f64| {
            self.ray(self.look(PixelPos::new(x_px + dx * OFFSET_PX, y_px + dy * OFFSET_PX)))
        };
        let (first, second) = (ray(-1.0, -1.0), ray(1.0, 1.0));
        let even = (first - second).abs() <= EVEN * (first + second);
        let mean = if even {
            0.5 * (first + second)
        } else {
            0.25 * (first + second + ray(1.0, -1.0) + ray(-1.0, 1.0))
        };
        // The phase angle changes by a pixel's field of view (1e-4 rad) across a pixel.
        let phase = self.model.phase((-look).angle_rad(self.to_sun));
        (phase * mean) as f32
    }

    fn look(&self, at: PixelPos) -> Vec3<BodyFixed> {
        self.pose.camera_from_body.inverse() * self.camera.look(at)
    }

    /// Whether no ray of a pixel can meet the body: its line of sight passes a pixel outside the bounding sphere.
    fn misses(&self, look: Vec3<BodyFixed>) -> bool {
        let to_centre_km = -self.pose.spacecraft_km;
        let along_km = to_centre_km.dot(look);
        let margin_km = along_km.abs() * self.camera.ifov_rad();
        (to_centre_km - look * along_km).length() > self.shape.bounding_radius_km() + margin_km
    }

    /// Normal albedo times disk function where a ray meets the ground; 0 on the sky, at night and in shadow.
    fn ray(&self, look: Vec3<BodyFixed>) -> f64 {
        let Some(Hit { point_km, normal, .. }) = self.shape.intersect(self.pose.spacecraft_km, look) else {
            return 0.0;
        };
        // The Lommel-Seeliger disk function does not ask for the phase angle.
        let light = LightAngles {
            cos_incidence: normal.dot(self.to_sun),
            cos_emission: -normal.dot(look),
            phase_rad: 0.0,
        };
        if !light.is_lit_and_seen()
            || self.shape.shadowed(&SurfacePoint { point_km, normal }, self.pose.sun_km)
        {
            return 0.0;
        }
        self.world.normal_albedo(point_km * (1.0 / point_km.length())) * self.model.disk.value(light)
    }
}
