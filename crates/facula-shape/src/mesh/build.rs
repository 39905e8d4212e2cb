// SPDX-License-Identifier: MIT OR Apache-2.0
//! From triangles to a mesh with its tree: order along a Hilbert curve, clusters, tree. The same whatever the number of
//! threads.

use rayon::prelude::*;

use super::block::{Bounds, round_up};
use super::hilbert::{BITS, Curve};
use super::{BLOCK, CLUSTER, Cluster, Mesh, node};

/// Bits of a sort key that hold the facet's number: 2²⁵ is beyond the limit of facets.
const NUMBER_BITS: u32 = 25;
/// Clusters that one task handles.
const TASK: usize = 256;

/// Vertices and facets are checked already.
pub(super) fn build(vertices_km: &[[f64; 3]], facets: &[[u32; 3]]) -> Mesh {
    let source = hilbert_order(vertices_km, facets);
    let mut pieces: Vec<Piece> =
        source.par_chunks(CLUSTER * TASK).map(|part| Piece::new(part, facets)).collect();
    let vertices = renumber(vertices_km, &mut pieces);
    let mut mesh = Mesh {
        vertices,
        clusters: Vec::with_capacity(source.len().div_ceil(CLUSTER)),
        ids: Vec::with_capacity(pieces.iter().map(|p| p.ids.len()).sum()),
        corners: Vec::with_capacity(source.len()),
        source,
        nodes: Vec::new(),
        bounding_radius_km: 0.0,
    };
    for piece in pieces {
        let before = mesh.ids.len() as u32;
        let empty =
            |first: u32| Cluster { first_id: before + first, centre: [0.0; 3], radius: 0.0, axis: [0.0; 3] };
        mesh.clusters.extend(piece.firsts.iter().map(|first| empty(*first)));
        mesh.ids.extend(piece.ids);
        mesh.corners.extend(piece.corners);
    }
    finish(&mut mesh);
    let blocks: Vec<Bounds> = mesh.block_bounds();
    // A part in 500,000 of the body for the rounding of rays in single precision (see ray.rs).
    let slack = round_up(node::SLACK * mesh.bounding_radius_km);
    mesh.nodes = node::tree(&blocks, slack);
    mesh
}

/// Spheres of the clusters and of the whole.
pub(super) fn finish(mesh: &mut Mesh) {
    let of = |v: &[f64; 3]| v.iter().map(|c| c * c).sum::<f64>();
    mesh.bounding_radius_km = mesh.vertices.par_iter().map(of).reduce(|| 0.0, f64::max).sqrt();
    let mesh_ref = &*mesh;
    let clusters = (0..mesh.clusters.len()).into_par_iter().map(|k| sphere(mesh_ref, k)).collect();
    mesh.clusters = clusters;
}

impl Mesh {
    fn block_bounds(&self) -> Vec<Bounds> {
        let facets = self.corners.len();
        let block = |k: usize| {
            let facets = k * BLOCK..((k + 1) * BLOCK).min(facets);
            Bounds::around(facets.flat_map(|f| self.facet(f)))
        };
        (0..facets.div_ceil(BLOCK)).into_par_iter().map(block).collect()
    }
}

fn sphere(mesh: &Mesh, cluster: usize) -> Cluster {
    let points = || mesh.cluster_ids(cluster).iter().map(|id| mesh.vertices[*id as usize]);
    let bounds = Bounds::around(points());
    let centre = [0, 1, 2].map(|k| 0.5 * bounds.low[k] + 0.5 * bounds.high[k]);
    let squared = |p: [f64; 3]| (0..3).map(|k| (p[k] - f64::from(centre[k])).powi(2)).sum::<f64>();
    let radius = points().map(squared).fold(0.0, f64::max).sqrt();
    // Length of the mean normal does not matter: the sum of cross products is weighed by area.
    let mut axis = [0.0; 3];
    for facet in cluster * CLUSTER..((cluster + 1) * CLUSTER).min(mesh.corners.len()) {
        let [a, b, c] = mesh.facet_km(facet);
        let n = (b - a).cross(c - a).to_array();
        (0..3).for_each(|k| axis[k] += n[k]);
    }
    let length = axis.iter().map(|c| c * c).sum::<f64>().sqrt();
    let axis = axis.map(|c| if length > 0.0 { (c / length) as f32 } else { 0.0 });
    // Rounded up with room for the rounding of whoever uses it.
    Cluster { centre, radius: round_up(radius * (1.0 + 1e-6)), axis, ..mesh.clusters[cluster] }
}

/// Facet numbers along the curve through the facets' centres.
fn hilbert_order(vertices_km: &[[f64; 3]], facets: &[[u32; 3]]) -> Vec<u32> {
    let bounds = vertices_km
        .par_chunks(1 << 14)
        .map(|part| Bounds::around(part.iter().copied()))
        .reduce(|| Bounds::EMPTY, |a, b| a.with(&b));
    let extent = (0..3).map(|k| bounds.high[k] - bounds.low[k]).fold(f32::MIN_POSITIVE, f32::max);
    // Three corners are summed, hence the third.
    let scale = f64::from((1u32 << BITS) - 1) / (3.0 * f64::from(extent));
    let low = bounds.low.map(|c| 3.0 * f64::from(c));
    let curve = Curve::new();
    let key = |(number, facet): (usize, &[u32; 3])| {
        let [a, b, c] = facet.map(|v| vertices_km[v as usize]);
        let cell = [0, 1, 2].map(|k| ((a[k] + b[k] + c[k] - low[k]) * scale) as u32);
        curve.place(cell) << NUMBER_BITS | number as u64
    };
    let mut keys: Vec<u64> = facets.par_iter().enumerate().map(key).collect();
    keys.par_sort_unstable();
    keys.into_par_iter().map(|key| (key & ((1 << NUMBER_BITS) - 1)) as u32).collect()
}

/// Some clusters one after another, vertex numbers counted from their first.
struct Piece {
    firsts: Vec<u32>,
    ids: Vec<u32>,
    corners: Vec<[u8; 3]>,
}

impl Piece {
    fn new(order: &[u32], facets: &[[u32; 3]]) -> Self {
        let mut piece = Self {
            firsts: Vec::with_capacity(TASK),
            ids: Vec::with_capacity(order.len()),
            corners: Vec::with_capacity(order.len()),
        };
        for cluster in order.chunks(CLUSTER) {
            let first = piece.ids.len();
            piece.firsts.push(first as u32);
            let mut seen = Seen { slots: [0; SLOTS], first };
            for facet in cluster {
                piece.corners.push(facets[*facet as usize].map(|id| seen.place(id, &mut piece.ids)));
            }
        }
        piece
    }
}

/// Slots of a cluster's hash table: more than twice its 192 corners.
const SLOTS: usize = 512;

/// Vertex numbers of a cluster seen so far.
struct Seen {
    /// Place in the list plus one; 0 is free.
    slots: [u8; SLOTS],
    first: usize,
}

impl Seen {
    /// Place of a vertex number in the cluster's list, added if it is new.
    fn place(&mut self, id: u32, ids: &mut Vec<u32>) -> u8 {
        // Fibonacci hashing: the golden ratio in 32 bits.
        let mut slot = (id.wrapping_mul(0x9E37_79B9) >> 23) as usize;
        loop {
            match self.slots[slot] {
                0 => {
                    ids.push(id);
                    let place = (ids.len() - self.first) as u8;
                    self.slots[slot] = place;
                    return place - 1;
                }
                place if ids[self.first + place as usize - 1] == id => return place - 1,
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }
}

/// Numbers the vertices in the order of their first use; the vertices in that order.
fn renumber(vertices_km: &[[f64; 3]], pieces: &mut [Piece]) -> Vec<[f64; 3]> {
    const NEW: u32 = u32::MAX;
    let mut numbers = vec![NEW; vertices_km.len()];
    let mut used: Vec<u32> = Vec::with_capacity(vertices_km.len());
    for id in pieces.iter_mut().flat_map(|piece| &mut piece.ids) {
        let number = &mut numbers[*id as usize];
        if *number == NEW {
            *number = used.len() as u32;
            used.push(*id);
        }
        *id = *number;
    }
    used.par_iter().map(|old| vertices_km[*old as usize]).collect()
}

/// Whether numbers are those of `0..count` in some order.
pub(super) fn is_permutation(numbers: &[u32]) -> bool {
    let mut seen = vec![false; numbers.len()];
    numbers.iter().all(|n| seen.get_mut(*n as usize).is_some_and(|slot| !std::mem::replace(slot, true)))
}
