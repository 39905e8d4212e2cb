// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a mesh is what a body's shape should be: closed, facing outward; its size and centre.

use facula_core::{BodyFixed, Vec3};
use rayon::prelude::*;

use super::Mesh;

/// What a mesh is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeshReport {
    /// Facets.
    pub facet_count: usize,
    /// Vertices that facets use.
    pub vertex_count: usize,
    /// Edges with a facet on one side only; 0 for a closed mesh.
    pub open_edges: usize,
    /// Edges of three facets or more.
    pub crowded_edges: usize,
    /// Edges whose two facets run along them in the same direction: one of the two is inside out.
    pub turned_edges: usize,
    /// Facets without area.
    pub flat_facets: usize,
    /// Least coordinates, km.
    pub low_km: Vec3<BodyFixed>,
    /// Greatest coordinates, km.
    pub high_km: Vec3<BodyFixed>,
    /// Area of all facets, km².
    pub area_km2: f64,
    /// Volume inside a closed mesh, km³; negative when its facets face inward.
    pub volume_km3: f64,
    /// Centre of that volume, km; of the coordinates' bounds when there is no volume.
    pub centre_km: Vec3<BodyFixed>,
}

impl MeshReport {
    /// Whether every edge has two facets that agree on the outside.
    pub fn is_closed(&self) -> bool {
        self.open_edges == 0 && self.crowded_edges == 0 && self.turned_edges == 0
    }
}

/// Sums over facets.
#[derive(Clone, Copy)]
struct Sums {
    flat: usize,
    area: f64,
    /// Six times the volume.
    volume: f64,
    /// 24 times volume times centre.
    moment: Vec3<BodyFixed>,
}

const SUM_CHUNK: usize = 4096;

impl Mesh {
    /// Checks the mesh; takes about as long as building its tree.
    pub fn report(&self) -> MeshReport {
        let [open_edges, crowded_edges, turned_edges] = self.edges();
        // Chunks in order: the same sum whatever the number of threads.
        let chunks: Vec<Sums> = (0..self.facet_count())
            .collect::<Vec<_>>()
            .par_chunks(SUM_CHUNK)
            .map(|facets| facets.iter().fold(Sums::ZERO, |sum, f| sum.with_facet(self.facet_km(*f))))
            .collect();
        let sums = chunks.into_iter().fold(Sums::ZERO, Sums::with);
        let fold = |start: f64, pick: fn(f64, f64) -> f64| {
            let all = |k: usize| self.vertices.iter().map(|v| v[k]).fold(start, pick);
            Vec3::new(all(0), all(1), all(2))
        };
        let (low_km, high_km) = (fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max));
        let middle = (low_km + high_km) * 0.5;
        let centre_km = sums.moment * (1.0 / (4.0 * sums.volume));
        MeshReport {
            facet_count: self.facet_count(),
            vertex_count: self.vertex_count(),
            open_edges,
            crowded_edges,
            turned_edges,
            flat_facets: sums.flat,
            low_km,
            high_km,
            area_km2: sums.area,
            volume_km3: sums.volume / 6.0,
            centre_km: if centre_km.is_finite() && open_edges == 0 { centre_km } else { middle },
        }
    }

    /// The same mesh with every facet turned over.
    #[must_use]
    pub fn turned(mut self) -> Self {
        self.corners.iter_mut().for_each(|corners| corners.swap(1, 2));
        self.clusters.iter_mut().for_each(|cluster| cluster.axis = cluster.axis.map(|c| -c));
        self
    }

    /// Open, crowded and turned edges; vertices at the same place count as one, so that a seam is no hole.
    fn edges(&self) -> [usize; 3] {
        let places = self.places();
        // Lower vertex, higher vertex, and in the last bit the direction.
        let edges_of = |facet: usize| {
            let first = self.clusters[facet / super::CLUSTER].first_id as usize;
            let v = self.corners[facet].map(|corner| places[self.ids[first + corner as usize] as usize]);
            let edges = [[v[0], v[1]], [v[1], v[2]], [v[2], v[0]]].into_iter().filter(|[a, b]| a != b);
            edges.map(|[a, b]| {
                let (low, high, turned) = if a < b { (a, b, 0) } else { (b, a, 1) };
                u64::from(low) << 33 | u64::from(high) << 1 | turned
            })
        };
        let mut edges: Vec<u64> = (0..self.facet_count()).into_par_iter().flat_map_iter(edges_of).collect();
        edges.par_sort_unstable();
        let mut counts = [0; 3];
        for edge in edges.chunk_by(|a, b| a >> 1 == b >> 1) {
            match edge {
                [_] => counts[0] += 1,
                [a, b] => counts[2] += usize::from(a == b),
                _ => counts[1] += 1,
            }
        }
        counts
    }

    /// For each vertex the first that lies at the same place.
    fn places(&self) -> Vec<u32> {
        let bits = |v: u32| self.vertices[v as usize].map(|c| (c + 0.0).to_bits());
        let mut order: Vec<u32> = (0..self.vertices.len() as u32).collect();
        order.par_sort_unstable_by_key(|v| (bits(*v), *v));
        let mut places = vec![0; order.len()];
        for same in order.chunk_by(|a, b| bits(*a) == bits(*b)) {
            same.iter().for_each(|v| places[*v as usize] = same[0]);
        }
        places
    }
}

impl Sums {
    const ZERO: Self = Self { flat: 0, area: 0.0, volume: 0.0, moment: Vec3::new(0.0, 0.0, 0.0) };

    fn with_facet(self, [a, b, c]: [Vec3<BodyFixed>; 3]) -> Self {
        let cross = (b - a).cross(c - a).length();
        let volume = a.dot(b.cross(c));
        let own =
            Self { flat: usize::from(cross == 0.0), area: 0.5 * cross, volume, moment: (a + b + c) * volume };
        self.with(own)
    }

    fn with(self, other: Self) -> Self {
        Self {
            flat: self.flat + other.flat,
            area: self.area + other.area,
            volume: self.volume + other.volume,
            moment: self.moment + other.moment,
        }
    }
}
