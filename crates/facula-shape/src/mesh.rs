// SPDX-License-Identifier: MIT OR Apache-2.0
//! Triangle meshes: what a ray meets, what a whole frame sees, what lies in shadow.
//!
//! Facets are put in the order of a Hilbert curve and stored in clusters of 64 that share a short list of vertices:
//! three bytes a facet for its corners. Single rays walk a tree of eight-wide nodes with boxes of one byte a side over
//! blocks of four facets; whole frames ([`Mesh::visible`], [`Mesh::lit`]) draw the clusters instead. Boxes are
//! single precision and wide enough for its rounding; facets are always tested in double precision on the vertices as
//! given, so that distances are exact to rounding (about 1e-15 of the coordinates), whichever way was taken.
//! About 26 bytes a facet, all in.
//!
//! # Source
//! Ray test: Woop, Benthin, Wald (2013), J. Comput. Graph. Tech. 2, 65 (edges shared by two facets leave no gap).
//! Quantised wide nodes: Ylitie, Karras, Laine (2017), HPG. Order: Hamilton (2006), Dalhousie CS-2006-07.

mod block;
mod build;
mod draw;
mod hilbert;
mod lit;
mod node;
mod place;
mod plane;
mod ray;
mod report;
pub(crate) mod saved;
mod smooth;
mod visible;

use facula_core::{BodyFixed, Vec3};

pub use lit::SunDisc;
pub use report::MeshReport;
pub use visible::{FrameSize, Sight};

use crate::formats::{FACET_LIMIT, MeshFormat, MeshOptions, Triangles};
use crate::{Dtm, Hit, ShapeError};
use node::Node;
use ray::Ray;

/// Facets in a cluster.
const CLUSTER: usize = 64;
/// Facets in a leaf of the tree.
const BLOCK: usize = 4;

/// A triangle mesh with its tree.
///
/// ```
/// use facula_core::Vec3;
/// use facula_shape::{FrameSize, Mesh, MeshOptions};
///
/// let octahedron = "v 1 0 0\nv 0 1 0\nv -1 0 0\nv 0 -1 0\nv 0 0 1\nv 0 0 -1\n\
///     f 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\nf 2 1 6\nf 3 2 6\nf 4 3 6\nf 1 4 6\n";
/// let mesh = Mesh::from_bytes("shape.obj", octahedron.as_bytes(), &MeshOptions::default())?;
/// assert!(mesh.report().is_closed());
///
/// // One ray, and a frame of 3 x 3 pixels of 0.1 rad.
/// let eye_km = Vec3::new(10.0, 0.0, 0.0);
/// let hit = mesh.intersect(eye_km, Vec3::new(-1.0, 0.0, 0.0)).ok_or("missed")?;
/// assert_eq!(hit.distance_km, 9.0);
/// let look = |sample: usize, line: usize| {
///     Vec3::new(-1.0, 0.1 * (sample as f64 - 1.0), 0.1 * (line as f64 - 1.0)).unit().expect("not zero")
/// };
/// let sight = mesh.visible(eye_km, FrameSize { width: 3, height: 3 }, look);
/// assert!((sight.distance_km.at(1, 1) - 9.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mesh {
    /// In the order of their first use; body-fixed, km.
    vertices: Vec<[f64; 3]>,
    clusters: Vec<Cluster>,
    /// Vertex numbers of the clusters, one cluster after another.
    ids: Vec<u32>,
    /// Corners of each facet: places in its cluster's list of vertex numbers.
    corners: Vec<[u8; 3]>,
    /// Number of each facet in the list the mesh was made of.
    source: Vec<u32>,
    nodes: Vec<Node>,
    bounding_radius_km: f64,
}

/// 64 facets next to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cluster {
    /// Where its vertex numbers begin.
    first_id: u32,
    /// A sphere around it, km.
    centre: [f32; 3],
    radius: f32,
    /// Mean normal; may be zero.
    axis: [f32; 3],
}

impl Mesh {
    /// A mesh from vertices (body-fixed, km) and facets (zero-based vertex indices, counter-clockwise seen from
    /// outside). Vertices that no facet uses are dropped.
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] for an index without vertex, a non-finite vertex or no facet at all;
    /// [`ShapeError::Limit`] beyond 20 million facets.
    pub fn new(vertices_km: Vec<[f64; 3]>, facets: Vec<[u32; 3]>) -> Result<Self, ShapeError> {
        Self::from_triangles(Triangles { vertices_km, facets })
    }

    /// A mesh from triangles, as [`Mesh::new`].
    ///
    /// # Errors
    /// Those of [`Mesh::new`].
    pub fn from_triangles(triangles: Triangles) -> Result<Self, ShapeError> {
        let Triangles { vertices_km, facets } = triangles;
        let bad = |message: String| Err(ShapeError::Mesh { line: 0, message });
        if facets.len() > FACET_LIMIT {
            return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
        }
        if facets.is_empty() {
            return bad("no facet in it; is this the right file?".into());
        }
        if let Some(facet) = facets.iter().find(|f| f.iter().any(|v| *v as usize >= vertices_km.len())) {
            return bad(format!(
                "facet {facet:?} names a vertex beyond the last one ({})",
                vertices_km.len()
            ));
        }
        if let Some(vertex) = vertices_km.iter().find(|v| !v.iter().all(|c| c.abs() < LARGEST_KM)) {
            return bad(format!("vertex {vertex:?} is not finite or beyond {LARGEST_KM} km"));
        }
        Ok(build::build(&vertices_km, &facets))
    }

    /// A mesh from the bytes of a file in any of the [`MeshFormat`]s. `name` (or only its extension) helps where the
    /// content does not tell the format. The facets keep the file's orientation: see [`Mesh::report`].
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] with the line or [`ShapeError::Bytes`] with the offset of what is wrong,
    /// [`ShapeError::Limit`] beyond 20 million facets.
    pub fn from_bytes(name: &str, bytes: &[u8], options: &MeshOptions) -> Result<Self, ShapeError> {
        match MeshFormat::of(name, bytes)? {
            MeshFormat::Tree => Self::from_tree_bytes(bytes, None),
            _ => Self::from_triangles(Triangles::from_bytes(name, bytes, options)?),
        }
    }

    /// A mesh from the text of a Wavefront OBJ file in km.
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] with the line, [`ShapeError::Limit`] beyond 20 million facets.
    pub fn from_obj(text: &str) -> Result<Self, ShapeError> {
        Self::from_bytes("obj", text.as_bytes(), &MeshOptions::default())
    }

    /// A mesh from a terrain raster: [`Triangles::from_dtm`].
    ///
    /// # Errors
    /// [`ShapeError::Argument`] when raster and grid differ in size, those of [`Mesh::new`].
    pub fn from_dtm(dtm: &Dtm) -> Result<Self, ShapeError> {
        Self::from_triangles(Triangles::from_dtm(dtm)?)
    }

    /// Number of facets.
    pub fn facet_count(&self) -> usize {
        self.corners.len()
    }

    /// Number of vertices that facets use.
    pub fn vertex_count(&self) -> usize {
        self.vertices.len()
    }

    /// Bytes that the mesh and its tree take in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.vertices)
            + size_of_val(&*self.clusters)
            + size_of_val(&*self.ids)
            + size_of_val(&*self.corners)
            + size_of_val(&*self.source)
            + size_of_val(&*self.nodes)
    }

    /// Radius of a sphere around the centre that holds the mesh, km.
    pub fn bounding_radius_km(&self) -> f64 {
        self.bounding_radius_km
    }

    /// The corners of a facet, body-fixed, km. Facets are numbered in the order of the tree.
    ///
    /// # Panics
    /// For a facet that is not there.
    pub fn facet_km(&self, facet: usize) -> [Vec3<BodyFixed>; 3] {
        self.facet(facet).map(Vec3::from_array)
    }

    /// Number of a facet in the list or file that the mesh was made of, zero-based.
    ///
    /// # Panics
    /// For a facet that is not there.
    pub fn source_facet(&self, facet: usize) -> usize {
        self.source[facet] as usize
    }

    /// Unit normal of a facet, outward if its corners run counter-clockwise seen from outside.
    ///
    /// # Panics
    /// For a facet that is not there.
    pub fn normal(&self, facet: usize) -> Vec3<BodyFixed> {
        let [a, b, c] = self.facet_km(facet);
        (b - a).cross(c - a).unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0))
    }

    /// Where a ray (unit `direction`) first meets the mesh. Both sides of a facet count; the normal is that of
    /// the facet, turned towards the origin of the ray.
    pub fn intersect(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<Hit> {
        let (distance_km, facet) = self.first_facet(origin_km, direction)?;
        Some(self.hit(origin_km, direction, (distance_km, facet)))
    }

    /// Distance (km) and facet that a ray (unit `direction`) first meets.
    pub fn first_facet(
        &self,
        origin_km: Vec3<BodyFixed>,
        direction: Vec3<BodyFixed>,
    ) -> Option<(f64, usize)> {
        Ray::new(origin_km, direction)?.walk(self, ray::Want::Nearest)
    }

    /// Whether a ray (unit `direction`) meets any facet.
    pub fn blocks(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> bool {
        Ray::new(origin_km, direction).is_some_and(|ray| ray.walk(self, ray::Want::Any).is_some())
    }

    fn hit(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>, found: (f64, usize)) -> Hit {
        let (distance_km, facet) = found;
        let normal = self.normal(facet);
        Hit {
            distance_km,
            point_km: origin_km + direction * distance_km,
            normal: if normal.dot(direction) > 0.0 { -normal } else { normal },
        }
    }

    /// Vertex numbers of a cluster.
    fn cluster_ids(&self, cluster: usize) -> &[u32] {
        let end = self.clusters.get(cluster + 1).map_or(self.ids.len(), |next| next.first_id as usize);
        &self.ids[self.clusters[cluster].first_id as usize..end]
    }

    fn facet(&self, facet: usize) -> [[f64; 3]; 3] {
        let first = self.clusters[facet / CLUSTER].first_id as usize;
        self.corners[facet].map(|corner| self.vertices[self.ids[first + corner as usize] as usize])
    }
}

/// Coordinates beyond this are refused: single-precision boxes hold them with room to spare, and it is 700 au.
const LARGEST_KM: f64 = 1e11;

#[cfg(test)]
mod tests;
