// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light that reaches the ground from lit terrain, reflected once.
//!
//! At the largest patch of every [`STEP`]th pixel in both axes rays leave over the hemisphere, dense as the cosine of
//! their angle to the normal (Malley's method: points spread evenly over a disc, lifted to the hemisphere). Each brings
//! the I/F of the ground it meets under the scene's model, in sunlight or not by one ray to the Sun's centre, and is
//! reflected to the camera by the model again. Between these pixels the light is interpolated among those that look the
//! same way and lie in one plane; a patch that has none gets rays of its own. Largest error beside a lit wall: 10 % of the
//! bounced light with 64 rays, 2.1 % with 512, 0.9 % with 2,048 (tested).

use facula_core::{BodyFixed, Pose, Vec3};
use facula_geometry::Camera;
use facula_photometry::{LightAngles, SurfaceModel};
use facula_shape::SurfacePoint;
use rayon::prelude::*;

use crate::error::argument;
use crate::render::{Patch, Strip};
use crate::{Scene, SimulateError};

/// Pixels from one sampled pixel to the next.
const STEP: usize = 4;

/// Where rays start above the ground, of the body's radius.
const LIFT: f64 = 1e-5;

/// Light from lit terrain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounce {
    /// Rays from each sampled point, 1 to 65,536.
    pub rays: usize,
}

impl Default for Bounce {
    fn default() -> Self {
        Self { rays: 256 }
    }
}

/// A sampled point.
#[derive(Clone, Copy)]
struct Node {
    point_km: Vec3<BodyFixed>,
    normal: Vec3<BodyFixed>,
    /// Distance over which it may be used, km.
    reach_km: f64,
    iof_per_albedo: f64,
}

/// The light of sampled points.
pub(crate) struct Bounced<'a> {
    scene: &'a Scene<'a>,
    pose: &'a Pose,
    unit: SurfaceModel,
    /// Places on the unit disc.
    places: Vec<[f64; 2]>,
    width: usize,
    ifov_rad: f64,
    /// Nodes across the frame.
    across: usize,
    nodes: Vec<Option<Node>>,
}

impl<'a> Bounced<'a> {
    pub fn of(
        (scene, bounce): (&'a Scene<'a>, Bounce),
        (camera, pose): (&Camera, &'a Pose),
        strips: &[Strip],
    ) -> Result<Self, SimulateError> {
        if !(1..=1 << 16).contains(&bounce.rays) {
            return Err(argument("bounce", ("rays", bounce.rays), "give 1 to 65536"));
        }
        let width = camera.width_px;
        let (across, down) = (width.div_ceil(STEP) + 1, camera.height_px.div_ceil(STEP) + 1);
        let mut bounced = Self {
            scene,
            pose,
            unit: scene.model.with_normal_albedo(1.0),
            places: disc(bounce.rays),
            width,
            ifov_rad: camera.ifov_rad(),
            across,
            nodes: vec![None; across * down],
        };
        let on_grid = |pixel: &&[Patch]| {
            let pixel = pixel[0].pixel as usize;
            (pixel % width).is_multiple_of(STEP) && (pixel / width).is_multiple_of(STEP)
        };
        let of_strip = |strip: &Strip| -> Vec<(usize, Node)> {
            let pixels = strip.patches.chunk_by(|a, b| a.pixel == b.pixel).filter(on_grid);
            let largest =
                pixels.filter_map(|pixel| pixel.iter().rev().max_by_key(|patch| patch.samples.count_ones()));
            let place = |pixel: usize| pixel / width / STEP * across + pixel % width / STEP;
            largest.map(|patch| (place(patch.pixel as usize), bounced.node(patch))).collect()
        };
        let found: Vec<Vec<(usize, Node)>> = strips.par_iter().with_max_len(1).map(of_strip).collect();
        found.into_iter().flatten().for_each(|(place, node)| bounced.nodes[place] = Some(node));
        Ok(bounced)
    }

    /// Light sent to the camera by a patch, I/F.
    pub fn iof(&self, patch: &Patch) -> f32 {
        let per_albedo = self.interpolated(patch).unwrap_or_else(|| self.node(patch).iof_per_albedo);
        (per_albedo * self.albedo(patch.point_km, self.footprint_km(patch))) as f32
    }

    /// Bilinear between the sampled pixels around, each weighted by how much its ground is the patch's.
    fn interpolated(&self, patch: &Patch) -> Option<f64> {
        let (x, y) = (patch.pixel as usize % self.width, patch.pixel as usize / self.width);
        let (u, v) = ((x % STEP) as f64 / STEP as f64, (y % STEP) as f64 / STEP as f64);
        let normal = patch.normal();
        let (mut sum, mut weights) = (0.0, 0.0);
        for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let share = (if i == 0 { 1.0 - u } else { u }) * (if j == 0 { 1.0 - v } else { v });
            let Some(node) = &self.nodes[(y / STEP + j) * self.across + x / STEP + i] else { continue };
            let off = node.normal.dot(patch.point_km - node.point_km) / node.reach_km;
            let alike = node.normal.dot(normal).max(0.0).powi(16) / (1.0 + off * off * off * off);
            sum += share * alike * node.iof_per_albedo;
            weights += share * alike;
        }
        // Below that the ground around is of another kind.
        (weights > 0.05).then(|| sum / weights)
    }

    fn footprint_km(&self, patch: &Patch) -> f64 {
        (patch.point_km - self.pose.spacecraft_km).length() * self.ifov_rad
    }

    /// Light at a patch, by rays of its own.
    fn node(&self, patch: &Patch) -> Node {
        let normal = patch.normal();
        let to_eye = (self.pose.spacecraft_km - patch.point_km).unit().unwrap_or(normal);
        let lifted_km = patch.point_km + normal * (LIFT * self.scene.shape.bounding_radius_km());
        let axis = if normal.z.abs() < 0.9 { Vec3::new(0.0, 0.0, 1.0) } else { Vec3::new(1.0, 0.0, 0.0) };
        let right = normal.cross(axis).unit().unwrap_or(axis);
        let up = normal.cross(right);
        let mut sum = 0.0;
        for [x, y] in &self.places {
            let cosine = (1.0 - x * x - y * y).max(0.0).sqrt();
            let direction = right * *x + up * *y + normal * cosine;
            let arriving = self.arriving_iof(lifted_km, direction);
            if arriving > 0.0 && cosine > 0.0 {
                let sent = self.unit.iof(LightAngles::of(normal, direction, to_eye));
                sum += arriving * sent / cosine;
            }
        }
        Node {
            point_km: patch.point_km,
            normal,
            reach_km: STEP as f64 * self.footprint_km(patch),
            iof_per_albedo: sum / self.places.len() as f64,
        }
    }

    /// I/F of what a ray meets, towards its origin.
    fn arriving_iof(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> f64 {
        let Some(hit) = self.scene.shape.intersect(origin_km, direction) else { return 0.0 };
        let to_sun = (self.pose.sun_km - hit.point_km).unit().unwrap_or_default();
        let point = SurfacePoint { point_km: hit.point_km, normal: hit.normal };
        if hit.normal.dot(to_sun) <= 0.0 || self.scene.shape.hidden(&point, self.pose.sun_km) {
            return 0.0;
        }
        let sent = self.unit.iof(LightAngles::of(hit.normal, to_sun, -direction));
        // A ray stands for its part of the hemisphere.
        let footprint_km = hit.distance_km * (std::f64::consts::PI / self.places.len() as f64).sqrt();
        sent * self.albedo(hit.point_km, footprint_km)
    }

    fn albedo(&self, point_km: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        self.scene.ground.normal_albedo(point_km.unit().unwrap_or_default(), footprint_km)
    }
}

/// Places spread evenly over the unit disc: Vogel's spiral (1979, Math. Biosci. 44, 179).
fn disc(count: usize) -> Vec<[f64; 2]> {
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    let place = |k: usize| {
        let (sin, cos) = (k as f64 * golden).sin_cos();
        let reach = ((k as f64 + 0.5) / count as f64).sqrt();
        [reach * cos, reach * sin]
    };
    (0..count).map(place).collect()
}
