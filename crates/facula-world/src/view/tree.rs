// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which tiles a mesh is made of: split until fine enough, then balanced.

use std::collections::HashSet;

use facula_core::{BodyFixed, Vec3};
use rayon::prelude::*;

use super::Wanted;
use super::tile::{QUADS, Tile, TileEdges, direction, place_of};

/// Tiles along a face's edge at the coarsest level lie between these: the number that needs the fewest facets is taken.
const ROOTS: std::ops::Range<u32> = 5..10;
/// No tile is finer than this level: facets of a metre on a large body.
const FINEST_LEVEL: u32 = 20;
/// Facets may be wider than wanted by this much.
const SLACK: f64 = 1.15;

/// A number of tiles along a face's edge at level 0, and the tiles that are there.
#[derive(Debug)]
pub(crate) struct Tree {
    roots: u32,
    leaves: HashSet<Key>,
}

/// Face, level, column, line.
pub(crate) type Key = (u8, u32, u32, u32);

impl Tree {
    /// The tree for a wish; `None` when it would take more facets than allowed.
    pub(crate) fn new(wanted: &Wanted, most_facets: usize) -> Option<Self> {
        let trees: Vec<Option<Self>> =
            ROOTS.into_par_iter().map(|roots| Self::with_roots(roots, wanted, most_facets)).collect();
        trees.into_iter().flatten().min_by_key(|tree| (tree.leaves.len(), tree.roots))
    }

    fn with_roots(roots: u32, wanted: &Wanted, most_facets: usize) -> Option<Self> {
        let mut tree = Self { roots, leaves: HashSet::new() };
        let mut open: Vec<Key> = (0..6 * roots * roots)
            .map(|k| ((k / (roots * roots)) as u8, 0, k % roots, k / roots % roots))
            .collect();
        while let Some(key) = open.pop() {
            if key.1 < FINEST_LEVEL && too_coarse(key, roots, wanted) {
                open.extend(children(key));
            } else {
                tree.leaves.insert(key);
            }
            if tree.facet_count() > most_facets {
                return None;
            }
        }
        tree.balance();
        (tree.facet_count() <= most_facets).then_some(tree)
    }

    /// Facets of all tiles, but for the few that stitches leave out.
    fn facet_count(&self) -> usize {
        self.leaves.len() * QUADS * QUADS * 2
    }

    /// The tiles in the order of their numbers.
    pub(crate) fn tiles(&self) -> Vec<Tile> {
        let mut keys: Vec<Key> = self.leaves.iter().copied().collect();
        keys.sort_unstable();
        keys.into_iter().map(|key| self.tile(key)).collect()
    }

    fn tile(&self, key: Key) -> Tile {
        let edge = |side: usize| self.coarser_neighbour(key, side).is_some();
        Tile { key, roots: self.roots, coarser: TileEdges([edge(0), edge(1), edge(2), edge(3)]) }
    }

    /// Splits tiles until neighbours differ by one level at most.
    fn balance(&mut self) {
        let mut queue: Vec<Key> = self.leaves.iter().copied().collect();
        // The result is the same in any order: the smallest balanced tree that holds this one.
        while let Some(key) = queue.pop() {
            if !self.leaves.contains(&key) {
                continue;
            }
            for side in 0..4 {
                while let Some(coarse) = self.coarser_neighbour(key, side).filter(|c| c.1 + 1 < key.1) {
                    self.leaves.remove(&coarse);
                    for child in children(coarse) {
                        self.leaves.insert(child);
                        queue.push(child);
                    }
                }
            }
        }
    }

    /// The leaf across an edge (0 left, 1 right, 2 first line, 3 last line) if it is coarser.
    fn coarser_neighbour(&self, key: Key, side: usize) -> Option<Key> {
        let (face, level, column, line) = neighbour(key, side, self.roots);
        (1..=level)
            .map(|up| (face, level - up, column >> up, line >> up))
            .find(|ancestor| self.leaves.contains(ancestor))
    }
}

fn children((face, level, column, line): Key) -> [Key; 4] {
    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| (face, level + 1, 2 * column + x, 2 * line + y))
}

/// The place of the same level across an edge.
fn neighbour((face, level, column, line): Key, side: usize, roots: u32) -> Key {
    let tiles = roots << level;
    let (dx, dy) = [(-1i64, 0), (1, 0), (0, -1), (0, 1)][side];
    let (x, y) = (i64::from(column) + dx, i64::from(line) + dy);
    let inside = 0..i64::from(tiles);
    if inside.contains(&x) && inside.contains(&y) {
        return (face, level, x as u32, y as u32);
    }
    // The middle of the edge, a little beyond it, seen from the centre.
    let middle = |k: u32| 2.0 * (f64::from(k) + 0.5) / f64::from(tiles) - 1.0;
    let beyond = |d: i64, k: u32| if d == 0 { middle(k) } else { d as f64 * (1.0 + 1e-9) };
    let (face, s, t) = place_of(direction(face, beyond(dx, column), beyond(dy, line)));
    let cell = |w: f64| (((w + 1.0) * 0.5 * f64::from(tiles)) as u32).min(tiles - 1);
    (face, level, cell(s), cell(t))
}

/// Whether a tile's quads are wider than wanted anywhere in it.
fn too_coarse((face, level, column, line): Key, roots: u32, wanted: &Wanted) -> bool {
    let tiles = f64::from(roots << level);
    let at = |i: i32, j: i32| -> Vec3<BodyFixed> {
        let along = |k: u32, half: i32| 2.0 * (f64::from(k) + 0.5 * f64::from(half)) / tiles - 1.0;
        direction(face, along(column, i), along(line, j))
    };
    let radius_km = wanted.radius_km();
    let apart_km = |(i, j), (k, l)| (at(i, j) - at(k, l)).length() * radius_km;
    let halves = (0..2).flat_map(|i| (0..3).map(move |j| (i, j)));
    let widest_half_km = halves
        .map(|(i, j)| apart_km((i, j), (i + 1, j)).max(apart_km((j, i), (j, i + 1))))
        .fold(0.0, f64::max);
    let samples = (0..9).map(|k| wanted.edge_km(at(k % 3, k / 3)));
    let least_km = samples.fold(f64::INFINITY, f64::min);
    // Between the samples the wish may be finer: by its growth over the way to the nearest, but never by more than half
    // of what is left once the tile is small against its distance.
    let between_km = 0.71 * widest_half_km;
    let finest_km = wanted.finest_km(at(1, 1), 2.0 * between_km);
    let quad_km = 2.0 * widest_half_km / QUADS as f64;
    quad_km > SLACK * (least_km - wanted.growth() * between_km).max(finest_km)
}
