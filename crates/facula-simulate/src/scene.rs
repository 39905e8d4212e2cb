// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is rendered: a shape, its ground, how it scatters light, the Sun, and what shines beside it.

use facula_core::{BodyFixed, Vec3};
use facula_photometry::SurfaceModel;
use facula_shape::{Mesh, Shape};
use rayon::prelude::*;

use crate::{Bounce, Glow, Ground, Haze};

/// Radius of the Sun, km.
///
/// # Source
/// IAU 2015 resolution B3.
pub const SUN_RADIUS_KM: f64 = 695_700.0;

/// The Sun as a source of shadows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Sun {
    /// Its centre only: sharp shadows.
    Point,
    /// A uniformly bright disc: penumbrae.
    Disc {
        /// Its radius, km: [`SUN_RADIUS_KM`].
        radius_km: f64,
        /// Places on it that the light of a pixel on a shadow's edge comes from, spread over the pixel's samples; 1 to
        /// 256.
        samples: usize,
    },
}

impl Default for Sun {
    fn default() -> Self {
        Self::Disc { radius_km: SUN_RADIUS_KM, samples: 16 }
    }
}

/// How normals go over a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Shading {
    /// One normal a facet.
    #[default]
    Flat,
    /// Normals of the vertices (means over their facets, by area), linear over a facet.
    Smooth,
}

/// What is rendered. Made once for many pictures.
pub struct Scene<'a> {
    /// Shape of the body.
    pub shape: &'a Shape,
    /// Its normal albedo.
    pub ground: &'a dyn Ground,
    /// How it scatters light; scaled by the normal albedo.
    pub model: &'a SurfaceModel,
    /// The Sun.
    pub sun: Sun,
    /// Ground that shines by itself.
    pub glow: Vec<Glow>,
    /// Optically thin haze and plumes.
    pub haze: Vec<Haze>,
    /// Light from lit terrain, reflected once.
    pub bounce: Option<Bounce>,
    /// Unit normals of a mesh's facets.
    pub(crate) facet_normals: Vec<[f32; 3]>,
    /// Unit normals of a mesh's vertices, three a facet.
    pub(crate) vertex_normals: Option<Vec<[[f32; 3]; 3]>>,
    /// Cosine of the largest angle between a facet and the horizontal; not above 0 where the mesh may overhang.
    pub(crate) steepest_cosine: f64,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Scene").field("model", &self.model).field("sun", &self.sun).finish_non_exhaustive()
    }
}

impl<'a> Scene<'a> {
    /// A scene under the Sun's disc and nothing else. For a mesh the normals of its facets are found here: 12 bytes
    /// each.
    pub fn new(shape: &'a Shape, ground: &'a dyn Ground, model: &'a SurfaceModel) -> Self {
        let (facet_normals, steepest_cosine) = match shape {
            Shape::Mesh(mesh) => slopes(mesh),
            _ => (Vec::new(), 0.0),
        };
        Self {
            shape,
            ground,
            model,
            sun: Sun::default(),
            glow: Vec::new(),
            haze: Vec::new(),
            bounce: None,
            facet_normals,
            vertex_normals: None,
            steepest_cosine,
        }
    }

    /// The same scene with the normals of a mesh as given.
    #[must_use]
    pub fn shaded(mut self, shading: Shading) -> Self {
        self.vertex_normals = match (shading, self.shape) {
            (Shading::Smooth, Shape::Mesh(mesh)) => Some(mesh.corner_normals()),
            _ => None,
        };
        self
    }

    /// Whether no terrain can stand between a point and the Sun: on ground no steeper than an angle everywhere, a ray
    /// that rises more steeply than that over the horizontal only gains height.
    pub(crate) fn is_surely_lit(&self, point_km: Vec3<BodyFixed>, to_sun_km: Vec3<BodyFixed>) -> bool {
        // A millionth for rounding, and the Sun's disc at 0.1 au.
        const SPARE: f64 = 0.05;
        let cosine = self.steepest_cosine;
        if !(cosine > 0.0) {
            return false;
        }
        let sine = (1.0 - cosine * cosine).max(0.0).sqrt() + SPARE;
        let along = point_km.dot(to_sun_km);
        // The sine of the Sun's elevation over the horizon of a sphere, squared.
        (along > 0.0) & (along * along > sine * sine * point_km.dot(point_km) * to_sun_km.dot(to_sun_km))
    }
}

/// Facets that one task looks at.
const TASK: usize = 1 << 14;

/// Normals of the facets, and the cosine of the steepest slope of a mesh against the direction from the centre: the
/// plane of a facet is steepest at its farthest corner.
fn slopes(mesh: &Mesh) -> (Vec<[f32; 3]>, f64) {
    let mut normals = vec![[0.0f32; 3]; mesh.facet_count()];
    let of_task = |(task, normals): (usize, &mut [[f32; 3]])| {
        let mut least = 1.0f64;
        for (k, normal) in normals.iter_mut().enumerate() {
            let corners = mesh.facet_km(task * TASK + k);
            let across = (corners[1] - corners[0]).cross(corners[2] - corners[0]);
            let unit = across.unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0));
            let farthest = corners.iter().map(|c| c.dot(*c)).fold(0.0, f64::max).sqrt();
            let cosine = unit.dot(corners[0]) / farthest;
            least = if cosine < least || cosine.is_nan() { cosine } else { least };
            *normal = unit.to_array().map(|c| c as f32);
        }
        least
    };
    let least = |a: f64, b: f64| if b < a || b.is_nan() { b } else { a };
    let steepest = normals.par_chunks_mut(TASK).enumerate().map(of_task).reduce(|| 1.0, least);
    (normals, steepest)
}
