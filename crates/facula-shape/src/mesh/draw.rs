// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drawing: every sample (a pixel's line of sight, or the line from a point to the Sun) is a place in the plane of a
//! projection; clusters are drawn over tiles of samples, nearest facet wins.
//!
//! A sample lies in a facet when the three areas it spans with the facet's edges have one sign. Each area is
//! `(a − q) × (b − q)`, and swapping `a` and `b` only changes its sign, bit for bit: facets that share an edge leave no
//! gap. All in double precision; columns and lines of cells only preselect.
//!
//! What limits it (`perf`, 5.2 million facets, 1024² pixels, 100 ms of one core): a third of the time goes into fetching
//! and projecting vertices, a seventh into choosing facets, a third into testing samples, the rest into the samples
//! themselves. Facets that face away cost little: whole clusters are hidden behind what is drawn already.

use rayon::prelude::*;

use super::place::Cells;
use super::plane::{Projection, Side};
use super::{CLUSTER, Mesh};

/// Columns and lines of a tile.
pub(super) const TILE: [usize; 2] = [128, 64];
/// No facet.
pub(super) const NONE: u32 = u32::MAX;
/// Clusters that one task looks at when they are dealt out to tiles.
const TASK: usize = 4096;
/// Places for the vertices of a cluster: as many as a byte counts, more than its 192 corners.
const CORNERS: usize = 256;

/// A line of sight in the plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Only what is nearer than this counts.
    pub(super) limit: f64,
    /// The facet that marked it, or [`NONE`].
    pub(super) facet: u32,
    /// Whatever the owner wants to find it by.
    pub(super) number: u32,
}

/// Samples in cells, `start[cell]..start[cell + 1]` each.
#[derive(Debug, Default)]
pub(super) struct Tile {
    pub(super) columns: usize,
    pub(super) lines: usize,
    pub(super) start: Vec<u32>,
    pub(super) samples: Vec<Sample>,
    /// Farthest limit of the samples in each patch of cells, as it was when [`Tile::survey`] was called.
    patches: Vec<f64>,
}

/// Columns and lines of a patch.
const PATCH: [usize; 2] = [16, 8];

/// What happens where a facet is nearer than the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// Its depth is the new limit.
    Nearest,
    /// The sample is done with.
    Blocked,
}

/// A frame cut into tiles.
pub(super) struct Frame {
    /// From the plane to cells of the whole frame.
    pub(super) cells: Cells,
    /// Cells across and down.
    pub(super) size: [usize; 2],
}

impl Frame {
    /// Tiles across and down.
    pub(super) fn tiles(&self) -> [usize; 2] {
        [0, 1].map(|k| self.size[k].div_ceil(TILE[k]))
    }
}

/// The mesh as one projection shows it.
#[derive(Clone, Copy)]
pub(super) struct Painter<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) projection: &'a Projection,
    pub(super) mark: Mark,
}

/// Tiles of a cluster: first and last column and line, and whether it faces the eye.
type Dealt = (u32, [[usize; 2]; 2], bool);

impl Painter<'_> {
    /// The clusters of each tile, those that face the eye first; `None` when one lies across the plane through the
    /// eye and less than `reach_rad` from the axis.
    pub(super) fn deal(&self, frame: &Frame, reach_rad: f64) -> Option<Vec<Vec<u32>>> {
        let clusters = &self.mesh.clusters;
        let tasks = clusters.par_chunks(TASK).enumerate();
        let dealt: Option<Vec<Vec<Dealt>>> = tasks
            .map(|(task, part)| {
                let mut found = Vec::new();
                for (k, cluster) in part.iter().enumerate() {
                    let window = match self.projection.sphere(cluster) {
                        Side::Behind => None,
                        Side::Across if self.projection.angle_to_rad(cluster) > reach_rad => None,
                        Side::Across => return None,
                        Side::Front(b) => frame.cells.window(b.low, b.high, frame.size),
                    };
                    if let Some(window) = window {
                        let tiles = [0, 1].map(|k| window[k].map(|cell| cell / TILE[k]));
                        found.push(((task * TASK + k) as u32, tiles, self.projection.faces(cluster)));
                    }
                }
                Some(found)
            })
            .collect();
        let [across, down] = frame.tiles();
        let mut lists = vec![Vec::new(); across * down];
        let dealt = dealt?;
        for facing in [true, false] {
            for (cluster, tiles, _) in dealt.iter().flatten().filter(|dealt| dealt.2 == facing) {
                for line in tiles[1][0]..=tiles[1][1] {
                    for list in &mut lists[line * across + tiles[0][0]..=line * across + tiles[0][1]] {
                        list.push(*cluster);
                    }
                }
            }
        }
        Some(lists)
    }

    /// Draws clusters over a tile whose cells are `cells`.
    pub(super) fn draw(&self, tile: &mut Tile, cells: &Cells, clusters: &[u32]) {
        pulp::Arch::new().dispatch(Draw { painter: *self, tile, cells, clusters });
    }
}

struct Draw<'a> {
    painter: Painter<'a>,
    tile: &'a mut Tile,
    cells: &'a Cells,
    clusters: &'a [u32],
}

impl pulp::NullaryFnOnce for Draw<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut points = Points::new();
        self.tile.patches.clear();
        for cluster in self.clusters {
            let cluster = *cluster as usize;
            // Those that face away come last: most are hidden by then.
            let facing = self.painter.projection.faces(&self.painter.mesh.clusters[cluster]);
            if !facing && self.tile.patches.is_empty() {
                self.tile.survey();
            }
            self.painter.cluster(self.tile, self.cells, &mut points, cluster);
        }
    }
}

/// The vertices of a cluster in the plane.
struct Points {
    /// x, y, depth.
    place: [[f64; 4]; CORNERS],
    /// First column, last column negated, first line, last line negated that a sample next to the vertex can have.
    window: [[f32; 4]; CORNERS],
    /// Facets that may cover a sample: number within the cluster, and the least of their corners' windows.
    chosen: [(u32, [f32; 4]); CLUSTER],
}

impl Points {
    const fn new() -> Self {
        Self { place: [[0.0; 4]; CORNERS], window: [[0.0; 4]; CORNERS], chosen: [(0, [0.0; 4]); CLUSTER] }
    }

    /// Projects the vertices of a cluster.
    #[inline(always)]
    fn fill(&mut self, painter: &Painter, cluster: usize, cells: &Cells) {
        let factors = painter.projection.columns();
        let [column, line] = cells.rows;
        let steps = [0, 1, 2].map(|k| [column[k], -column[k], line[k], -line[k]].map(|c| c as f32));
        // Cells are told in single precision: 4e-6 of the largest term is more than its rounding.
        let margin = (cells.margin + 4e-6 * (column[0].abs() + line[0].abs() + 512.0)) as f32;
        let vertices = &painter.mesh.vertices;
        let places = self.place.iter_mut().zip(&mut self.window);
        for (id, (place, window)) in painter.mesh.cluster_ids(cluster).iter().zip(places) {
            let [x, y, z] = vertices[*id as usize];
            let mut h = [0.0; 4];
            for k in 0..4 {
                h[k] = (factors[0][k] * x + factors[1][k] * y) + (factors[2][k] * z + factors[3][k]);
            }
            let inverse = 1.0 / h[3];
            h.iter_mut().for_each(|c| *c *= inverse);
            *place = h;
            let (x, y) = (h[0] as f32, h[1] as f32);
            for k in 0..4 {
                window[k] = (steps[0][k] + steps[1][k] * x + (steps[2][k] * y - margin)).ceil();
            }
        }
    }

    /// Chooses the facets whose box holds the middle of a cell of the tile, margin included; their number.
    #[inline(always)]
    fn choose(&mut self, corners: &[[u8; 3]], last: [f32; 2]) -> usize {
        let clip = [0.0, -last[0], 0.0, -last[1]];
        let mut count = 0;
        for (number, [a, b, c]) in corners.iter().enumerate() {
            let (a, b, c) = (&self.window[*a as usize], &self.window[*b as usize], &self.window[*c as usize]);
            let mut least = [0.0f32; 4];
            for k in 0..4 {
                let ab = if a[k] < b[k] { a[k] } else { b[k] };
                let abc = if ab < c[k] { ab } else { c[k] };
                least[k] = if abc > clip[k] { abc } else { clip[k] };
            }
            self.chosen[count] = (number as u32, least);
            let some = (least[0] + least[1] <= 0.0) & (least[2] + least[3] <= 0.0);
            count += usize::from(some);
        }
        count
    }
}

impl Painter<'_> {
    #[inline(always)]
    fn cluster(&self, tile: &mut Tile, cells: &Cells, points: &mut Points, cluster: usize) {
        let Side::Front(bounds) = self.projection.sphere(&self.mesh.clusters[cluster]) else { return };
        let Some(window) = cells.window(bounds.low, bounds.high, [tile.columns, tile.lines]) else {
            return;
        };
        if tile.is_nearer(window, bounds.least_depth) {
            return;
        }
        points.fill(self, cluster, cells);
        let first = cluster * CLUSTER;
        let end = (first + CLUSTER).min(self.mesh.corners.len());
        let corners = &self.mesh.corners[first..end];
        let count = points.choose(corners, [tile.columns as f32 - 1.0, tile.lines as f32 - 1.0]);
        for (number, [left, right, top, bottom]) in &points.chosen[..count] {
            let corners = corners[*number as usize].map(|corner| points.place[corner as usize]);
            let facet = Facet { corners, number: first as u32 + number };
            // Whole numbers within the tile.
            let (left, right) = (*left as usize, -right as usize);
            for line in *top as usize..=-bottom as usize {
                let cell = line * tile.columns;
                let samples = tile.start[cell + left] as usize..tile.start[cell + right + 1] as usize;
                for sample in &mut tile.samples[samples] {
                    facet.cover(sample, self.mark);
                }
            }
        }
    }
}

impl Tile {
    /// Notes the farthest limit of each patch. Limits only come nearer later.
    fn survey(&mut self) {
        let across = self.columns.div_ceil(PATCH[0]);
        self.patches.resize(across * self.lines.div_ceil(PATCH[1]), f64::NEG_INFINITY);
        for line in 0..self.lines {
            for first in (0..self.columns).step_by(PATCH[0]) {
                let end = (first + PATCH[0]).min(self.columns);
                let cell = line * self.columns;
                let samples = self.start[cell + first] as usize..self.start[cell + end] as usize;
                let patch = &mut self.patches[line / PATCH[1] * across + first / PATCH[0]];
                for sample in &self.samples[samples] {
                    *patch = if sample.limit > *patch { sample.limit } else { *patch };
                }
            }
        }
    }

    /// Whether all samples in a window are known to be marked by what is nearer than a depth.
    #[inline(always)]
    fn is_nearer(&self, window: [[usize; 2]; 2], depth: f64) -> bool {
        if self.patches.is_empty() {
            return false;
        }
        let across = self.columns.div_ceil(PATCH[0]);
        let [[left, right], [top, bottom]] = window;
        for line in top / PATCH[1]..bottom / PATCH[1] + 1 {
            for column in left / PATCH[0]..right / PATCH[0] + 1 {
                if self.patches[line * across + column] > depth {
                    return false;
                }
            }
        }
        true
    }
}

/// A facet in the plane: x, y and depth of its corners.
struct Facet {
    corners: [[f64; 4]; 3],
    number: u32,
}

impl Facet {
    /// Marks a sample that lies in the facet if that is nearer than the sample's limit.
    #[inline(always)]
    fn cover(&self, sample: &mut Sample, mark: Mark) {
        let [a, b, c] = &self.corners;
        let (ax, ay, bx, by) = (a[0] - sample.x, a[1] - sample.y, b[0] - sample.x, b[1] - sample.y);
        let (cx, cy) = (c[0] - sample.x, c[1] - sample.y);
        let u = bx * cy - by * cx;
        let v = cx * ay - cy * ax;
        let w = ax * by - ay * bx;
        let inside = ((u >= 0.0) & (v >= 0.0) & (w >= 0.0)) | ((u <= 0.0) & (v <= 0.0) & (w <= 0.0));
        // NaN, which is not nearer, where all three are 0.
        let depth = (u * a[2] + v * b[2] + w * c[2]) / (u + v + w);
        let nearer = inside & (depth < sample.limit);
        let limit = if mark == Mark::Nearest { depth } else { f64::NEG_INFINITY };
        // Written in any case: a jump that is taken every other time costs more.
        sample.limit = if nearer { limit } else { sample.limit };
        sample.facet = if nearer { self.number } else { sample.facet };
    }
}
