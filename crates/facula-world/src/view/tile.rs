// SPDX-License-Identifier: MIT OR Apache-2.0
//! One tile of a mesh: its vertices, and facets that fit those of coarser neighbours.

use std::f64::consts::FRAC_PI_4;

use facula_core::{BodyFixed, Vec3};

use super::Wanted;
use super::tree::Key;
use crate::World;
use crate::faces::{face_of, face_point, on_face};

/// Quads along a tile's edge; even.
pub(crate) const QUADS: usize = 16;
const SIDE: usize = QUADS + 1;

/// A tile and what its neighbours are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) key: Key,
    /// Tiles along a face's edge at level 0.
    pub(crate) roots: u32,
    pub(crate) coarser: TileEdges,
}

/// Whether the tile across an edge is coarser: left, right, first line, last line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TileEdges(pub(crate) [bool; 4]);

/// Vertices and facets of a tile.
#[derive(Debug)]
pub(crate) struct TilePart {
    pub(crate) vertices_km: Vec<[f64; 3]>,
    pub(crate) facets: Vec<[u16; 3]>,
}

/// The direction (unit vector) at face coordinates of equal angles, −1 to 1.
pub(crate) fn direction(face: u8, s: f64, t: f64) -> Vec3<BodyFixed> {
    // Edges must be exact: they are those of the next face, too.
    let tan = |w: f64| if w.abs() == 1.0 { w } else { (FRAC_PI_4 * w).tan() };
    let point = face_point(usize::from(face), tan(s), tan(t));
    point * (1.0 / point.length())
}

/// Face and coordinates of equal angles of a direction.
pub(crate) fn place_of(d: Vec3<BodyFixed>) -> (u8, f64, f64) {
    let face = face_of(d);
    let [u, v] = on_face(face, d).unwrap_or([0.0, 0.0]);
    (face as u8, u.atan() / FRAC_PI_4, v.atan() / FRAC_PI_4)
}

impl Tile {
    pub(crate) fn part(&self, world: &World, wanted: &Wanted) -> TilePart {
        let (face, level, column, line) = self.key;
        let quads = f64::from(self.roots << level) * QUADS as f64;
        let along = |tile: u32, k: usize| 2.0 * (f64::from(tile) * QUADS as f64 + k as f64) / quads - 1.0;
        let at = |i: usize, j: usize| direction(face, along(column, i), along(line, j));
        let directions: Vec<Vec3<BodyFixed>> = (0..SIDE * SIDE).map(|k| at(k % SIDE, k / SIDE)).collect();
        let edges_km: Vec<f64> = directions.iter().map(|d| wanted.edge_km(*d)).collect();
        let middle = at(QUADS / 2, QUADS / 2);
        let corners = [at(0, 0), at(QUADS, 0), at(0, QUADS), at(QUADS, QUADS)];
        let reach = corners.iter().map(|corner| (*corner - middle).length()).fold(0.0, f64::max);
        let least_km = edges_km.iter().copied().fold(f64::INFINITY, f64::min);
        let nearby = world.ground().nearby((middle, 1.01 * reach), least_km);
        let ellipsoid = world.ellipsoid();
        let vertex = |(d, edge_km): (&Vec3<BodyFixed>, &f64)| {
            (*d * (ellipsoid.radius_km(*d) + nearby.height_km(*d, *edge_km))).to_array()
        };
        let vertices_km = directions.iter().zip(&edges_km).map(vertex).collect();
        TilePart { vertices_km, facets: self.facets() }
    }

    /// Two facets a quad, counter-clockwise seen from outside. Along an edge to a coarser tile every other vertex is taken
    /// to the one before it, and the facets that shrink to a line are left out.
    fn facets(&self) -> Vec<[u16; 3]> {
        let TileEdges([left, right, first, last]) = self.coarser;
        let vertex = |i: usize, j: usize| {
            let on_line = (first && j == 0) || (last && j == QUADS);
            let on_column = (left && i == 0) || (right && i == QUADS);
            let (i, j) = (if on_line { i & !1 } else { i }, if on_column { j & !1 } else { j });
            (j * SIDE + i) as u16
        };
        let mut facets = Vec::with_capacity(2 * QUADS * QUADS);
        for j in 0..QUADS {
            for i in 0..QUADS {
                let [a, b, c, d] = [vertex(i, j), vertex(i + 1, j), vertex(i + 1, j + 1), vertex(i, j + 1)];
                for [p, q, r] in [[a, b, c], [a, c, d]] {
                    if p != q && q != r && r != p {
                        facets.push(if self.key.0.is_multiple_of(2) { [p, q, r] } else { [p, r, q] });
                    }
                }
            }
        }
        facets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    #[test]
    fn places_and_directions_go_round() {
        let mut random = Random::new(5, 1);
        for _ in 0..2_000 {
            let d = random.direction();
            let (face, s, t) = place_of(d);
            assert!(direction(face, s, t).angle_rad(d) < 1e-14);
        }
    }

    #[test]
    fn an_edge_is_the_same_to_the_last_bit_from_both_its_faces() {
        for k in 0..=300 {
            let s = 2.0 * f64::from(k) / 300.0 - 1.0;
            let (a, b) = (direction(0, 1.0, s), direction(2, s, 1.0));
            assert_eq!(a.to_array().map(f64::to_bits), b.to_array().map(f64::to_bits));
        }
    }

    #[test]
    fn stitched_edges_hold_every_other_vertex_only() {
        let coarser = TileEdges([true, false, true, true]);
        let tile = Tile { key: (0, 3, 1, 1), roots: 4, coarser };
        let used: std::collections::HashSet<u16> = tile.facets().into_iter().flatten().collect();
        for k in 0..SIDE {
            let even = k % 2 == 0;
            assert_eq!(used.contains(&((k * SIDE) as u16)), even, "left {k}");
            assert_eq!(used.contains(&(k as u16)), even, "first {k}");
            assert!(
                used.contains(&((k * SIDE + QUADS) as u16)) == (even || (k != 0 && k != QUADS)),
                "right {k}"
            );
        }
    }
}
