// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole body as one closed mesh, fine where a camera looks and coarse elsewhere.
//!
//! A quadtree of tiles on the six faces of a cube (equal angles along each face), each tile 16 by 16 quads; neighbours differ
//! by at most one level, and the finer one leaves out every other vertex of the common edge, so that there is no crack.
//! Every vertex is the ground at the footprint wanted there, which changes smoothly: by three hundredths of the distance
//! outside the field and beyond the horizon, up to a hundredth of the body's radius.

mod base;
mod tile;
mod tree;

use facula_core::{BodyFixed, Ellipsoid, Reporter, Silent, Vec3, Warning};
use facula_shape::Mesh;
use rayon::prelude::*;

use crate::World;
use tile::{QUADS, TilePart};
use tree::Tree;

/// A mesh has no more facets than this; a finer wish gets a coarser mesh and a warning.
const MOST_FACETS: usize = 6_000_000;
/// Growth of facets with distance outside what is seen, km per km.
const GROWTH: f64 = 0.03;
/// The coarsest facets, over the mean radius.
const COARSEST: f64 = 0.01;
/// Relief that may stand up behind the horizon, over the mean radius (3 km on Ceres).
const BEHIND: f64 = 0.006;
/// Facets seen slantwise are longer, up to this much.
const SLANT: f64 = 1.5;
/// Too many facets are made larger by this until they are few enough.
const COARSER: f64 = 1.15;
/// Least facet edge, km.
const FINEST_KM: f64 = 1e-3;

/// What a camera is to see of a world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewDetail {
    /// Where the camera is, body-fixed, km from the centre.
    pub eye_km: Vec3<BodyFixed>,
    /// Where it looks (unit vector).
    pub axis: Vec3<BodyFixed>,
    /// Half of the field's diagonal, plus a margin, rad.
    pub half_angle_rad: f64,
    /// Angle of a pixel, rad.
    pub pixel_rad: f64,
    /// How fine facets shall be.
    pub facets: FacetSize,
}

/// How fine facets shall be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FacetSize {
    /// Edge of a facet in pixels.
    pub edge_px: f64,
}

impl Default for FacetSize {
    fn default() -> Self {
        Self { edge_px: 1.0 }
    }
}

impl ViewDetail {
    /// A view of one field with facets of about a pixel.
    pub fn new(eye_km: Vec3<BodyFixed>, axis: Vec3<BodyFixed>, half_angle_rad: f64, pixel_rad: f64) -> Self {
        Self { eye_km, axis, half_angle_rad, pixel_rad, facets: FacetSize::default() }
    }
}

/// Facet edge wanted in each direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    view: ViewDetail,
    ellipsoid: Ellipsoid,
    radius_km: f64,
    /// All edges times this.
    scale: f64,
}

impl Wanted {
    pub(crate) fn new(view: &ViewDetail, ellipsoid: Ellipsoid) -> Self {
        Self { view: *view, ellipsoid, radius_km: ellipsoid.mean_radius_km(), scale: 1.0 }
    }

    /// Edge in a direction (unit vector), km; also the footprint of the ground there.
    pub(crate) fn edge_km(&self, d: Vec3<BodyFixed>) -> f64 {
        let point_km = d * self.ellipsoid.radius_km(d);
        let to_eye_km = self.view.eye_km - point_km;
        let distance_km = to_eye_km.length().max(1e-6);
        let cos_emission = self.ellipsoid.normal(point_km).dot(to_eye_km) / distance_km;
        let off_axis_rad = (-to_eye_km).angle_rad(self.view.axis);
        let outside_km = (off_axis_rad - self.view.half_angle_rad) * distance_km;
        // The horizon of relief of some height lies an arc of √(2 h / R) beyond that of the ground.
        let hidden_km = (-cos_emission - (2.0 * BEHIND).sqrt()) * self.radius_km;
        let away_km = outside_km.max(hidden_km).max(0.0);
        let slant = 1.0 / cos_emission.max(1.0 / (SLANT * SLANT)).sqrt();
        let seen_km = self.view.facets.edge_px * self.view.pixel_rad * distance_km * slant;
        let wanted_km = self.scale * (seen_km + GROWTH * away_km).max(FINEST_KM);
        // Not a number (a senseless view) ends as the coarsest.
        let coarsest_km = COARSEST * self.radius_km;
        if wanted_km < coarsest_km { wanted_km } else { coarsest_km }
    }

    /// Most that the edge changes over a distance, km per km.
    pub(crate) fn growth(&self) -> f64 {
        self.scale * GROWTH
    }

    /// No facet within a distance of a direction is wanted finer than this, km.
    pub(crate) fn finest_km(&self, d: Vec3<BodyFixed>, within_km: f64) -> f64 {
        let point_km = d * self.ellipsoid.radius_km(d);
        let distance_km = ((self.view.eye_km - point_km).length() - within_km).max(0.0);
        let seen_km = self.view.facets.edge_px * self.view.pixel_rad * distance_km;
        self.scale * seen_km.max(FINEST_KM)
    }

    pub(crate) fn radius_km(&self) -> f64 {
        self.radius_km
    }
}

impl World {
    /// The whole body as one closed mesh for a view, body-fixed, km: facets of about one pixel (`facets.edge_px`) where
    /// the camera looks, coarser outside its field and behind the horizon, where they only cast shadows. At most 6 million
    /// facets: coarser ones if more were needed ([`World::mesh_reported`] tells). The same whatever the number of
    /// threads.
    pub fn mesh_for(&self, view: &ViewDetail) -> Mesh {
        self.mesh_reported(view, &Silent)
    }

    /// As [`World::mesh_for`], with a warning when facets had to be coarser than asked for.
    pub fn mesh_reported(&self, view: &ViewDetail, report: &dyn Reporter) -> Mesh {
        let mut wanted = Wanted::new(view, self.ellipsoid());
        let tree = loop {
            match Tree::new(&wanted, MOST_FACETS) {
                Some(tree) => break tree,
                None => wanted.scale *= COARSER,
            }
        };
        if wanted.scale > 1.0 {
            report.warn(Warning {
                stage: "mesh".into(),
                subject: format!("facets of {} px", view.facets.edge_px),
                message: format!(
                    "more than {MOST_FACETS} facets; they are {:.2} times as wide",
                    wanted.scale
                ),
                hint: "narrow the field or ask for larger facets".into(),
            });
        }
        let tiles = tree.tiles();
        let parts: Vec<TilePart> = tiles.par_iter().map(|tile| tile.part(self, &wanted)).collect();
        let mut vertices_km = Vec::with_capacity(parts.len() * (QUADS + 1) * (QUADS + 1));
        let mut facets = Vec::with_capacity(parts.len() * QUADS * QUADS * 2);
        for part in parts {
            let before = vertices_km.len() as u32;
            vertices_km.extend(part.vertices_km);
            facets.extend(part.facets.iter().map(|corners| corners.map(|c| before + u32::from(c))));
        }
        Mesh::new(vertices_km, facets)
            .expect("finite vertices, facets within the limit, indices of this very list")
    }
}

#[cfg(test)]
mod tests;
