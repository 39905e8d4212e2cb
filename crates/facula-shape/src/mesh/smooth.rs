// SPDX-License-Identifier: MIT OR Apache-2.0
//! Normals of vertices, for shading that does not show the facets.

use rayon::prelude::*;

use super::{CLUSTER, Mesh};

impl Mesh {
    /// Unit normals at the three corners of each facet, in the order of the tree: the mean over the facets around the
    /// vertex, weighted by their area. A vertex whose facets cancel has the normal of the facet asked.
    pub fn corner_normals(&self) -> Vec<[[f32; 3]; 3]> {
        let mut sums = vec![[0.0f64; 3]; self.vertex_count()];
        for facet in 0..self.facet_count() {
            let doubled = self.doubled_area(facet);
            for vertex in self.vertex_numbers(facet) {
                (0..3).for_each(|k| sums[vertex][k] += doubled[k]);
            }
        }
        let unit = |v: [f64; 3]| {
            let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
            (length > 0.0).then(|| v.map(|c| (c / length) as f32))
        };
        let of_facet = |facet: usize| {
            let own = || unit(self.doubled_area(facet)).unwrap_or([0.0, 0.0, 1.0]);
            self.vertex_numbers(facet).map(|vertex| unit(sums[vertex]).unwrap_or_else(own))
        };
        (0..self.facet_count()).into_par_iter().map(of_facet).collect()
    }

    /// Normal of a facet with twice its area as length.
    fn doubled_area(&self, facet: usize) -> [f64; 3] {
        let [a, b, c] = self.facet_km(facet);
        (b - a).cross(c - a).to_array()
    }

    fn vertex_numbers(&self, facet: usize) -> [usize; 3] {
        let first = self.clusters[facet / CLUSTER].first_id as usize;
        self.corners[facet].map(|corner| self.ids[first + corner as usize] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MeshOptions;

    #[test]
    fn corners_of_an_octahedron_point_away_from_its_centre() {
        let text = "v 1 0 0\nv 0 1 0\nv -1 0 0\nv 0 -1 0\nv 0 0 1\nv 0 0 -1\n\
            f 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\nf 2 1 6\nf 3 2 6\nf 4 3 6\nf 1 4 6\n";
        let mesh = Mesh::from_bytes("shape.obj", text.as_bytes(), &MeshOptions::default()).unwrap();
        for (facet, normals) in mesh.corner_normals().iter().enumerate() {
            for (corner, normal) in mesh.facet_km(facet).iter().zip(normals) {
                let off = (0..3).map(|k| (f64::from(normal[k]) - corner.to_array()[k]).abs());
                assert!(off.fold(0.0, f64::max) < 1e-6, "{facet}: {normal:?} at {corner:?}");
            }
        }
    }
}
