// SPDX-License-Identifier: MIT OR Apache-2.0
//! The base terrain as one closed mesh with facets of one size all over the body.
//!
//! In: a [`World`]. Out: a mesh for [`crate::World::base_mesh`], which draws many frames of a whole disc faster than the
//! grid is asked ray by ray. Quads of equal angles on the six faces of a cube, two facets each; vertices on the edges of
//! the faces belong to both, so that the mesh is closed and its vertex normals know no edge.

use std::collections::HashMap;

use facula_core::{BodyFixed, Vec3};
use facula_shape::Mesh;
use rayon::prelude::*;

use super::tile::direction;
use crate::World;

/// Most cells along a face: 25 million facets.
const MOST_CELLS: usize = 2048;

impl World {
    /// The base terrain ([`World::height_km`]) as a closed mesh, body-fixed, km: `cells` quads (1 to 2048, else the nearest
    /// of these) along each edge of a cube's faces, 12 `cells`² facets. 512 cells on Ceres are quads of 1.4 km. Relief smaller
    /// than two of them is lost. The same whatever the number of threads.
    pub fn base_mesh(&self, cells: usize) -> Mesh {
        let cells = cells.clamp(1, MOST_CELLS);
        let places = Places::new(cells);
        let vertex =
            |d: &Vec3<BodyFixed>| (*d * (self.ellipsoid().radius_km(*d) + self.height_km(*d))).to_array();
        let vertices_km = places.directions.par_iter().map(vertex).collect();
        Mesh::new(vertices_km, places.facets(cells))
            .expect("finite vertices, facets within the limit, indices of this very list")
    }
}

/// Where the vertices are.
struct Places {
    directions: Vec<Vec3<BodyFixed>>,
    /// Vertex by face, line, column.
    numbers: Vec<u32>,
}

impl Places {
    fn new(cells: usize) -> Self {
        let side = cells + 1;
        let (mut directions, mut numbers) = (Vec::new(), Vec::with_capacity(6 * side * side));
        // Vertices on the edges of faces by the bits of their directions, which both faces give alike.
        let mut on_edges = HashMap::new();
        for k in 0..6 * side * side {
            let (face, line, column) = (k / (side * side), k / side % side, k % side);
            let along = |k: usize| 2.0 * k as f64 / cells as f64 - 1.0;
            let d = direction(face as u8, along(column), along(line));
            let next = directions.len() as u32;
            let inside = (1..cells).contains(&column) && (1..cells).contains(&line);
            // Zero has two signs.
            let bits = || d.to_array().map(|c| (c + 0.0).to_bits());
            let number = if inside { next } else { *on_edges.entry(bits()).or_insert(next) };
            if number == next {
                directions.push(d);
            }
            numbers.push(number);
        }
        Self { directions, numbers }
    }

    /// Two facets a quad, counter-clockwise seen from outside.
    fn facets(&self, cells: usize) -> Vec<[u32; 3]> {
        let side = cells + 1;
        let mut facets = Vec::with_capacity(12 * cells * cells);
        for k in 0..6 * cells * cells {
            let (face, line, column) = (k / (cells * cells), k / cells % cells, k % cells);
            let vertex = |i: usize, j: usize| self.numbers[(face * side + line + j) * side + column + i];
            let [a, b, c, d] = [vertex(0, 0), vertex(1, 0), vertex(1, 1), vertex(0, 1)];
            for [p, q, r] in [[a, b, c], [a, c, d]] {
                facets.push(if face.is_multiple_of(2) { [p, q, r] } else { [p, r, q] });
            }
        }
        facets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WorldOptions;
    use facula_core::{Body, Random};

    /// Farthest that a facet of 1/64 of a face may leave the base terrain, km: curvature (0.14 km) and relief.
    const OFF_KM: f64 = 1.5;

    fn world() -> World {
        let options = WorldOptions { terrain_cells: 64, survey_cells: 32, faculae: 0, ..Default::default() };
        World::built_in(&Body::built_in("ceres").unwrap(), &options)
    }

    #[test]
    fn the_mesh_of_the_base_terrain_is_closed_and_shares_the_vertices_of_its_edges() {
        let mesh = world().base_mesh(16);
        assert_eq!(mesh.facet_count(), 12 * 16 * 16);
        // Euler: V − E + F = 2 with 3 F = 2 E.
        assert_eq!(mesh.vertex_count(), 2 + 6 * 16 * 16);
        assert!(mesh.report().is_closed());
    }

    #[test]
    fn rays_meet_the_mesh_where_the_base_terrain_is() {
        let world = world();
        let mesh = world.base_mesh(64);
        let (mut random, mut squares) = (Random::new(3, 1), 0.0);
        for _ in 0..500 {
            let d = random.direction();
            let hit = mesh.intersect(d * 1_000.0, -d).unwrap();
            let off_km = hit.point_km.length() - world.ellipsoid().radius_km(d) - world.height_km(d);
            assert!(off_km.abs() < OFF_KM, "{d:?}: {off_km}");
            assert!(hit.normal.dot(d) > 0.5, "facets turn outwards");
            squares += off_km * off_km;
        }
        let rms_km = (squares / 500.0).sqrt();
        assert!(rms_km < 0.3 && rms_km > 1e-3, "{rms_km}");
    }
}
