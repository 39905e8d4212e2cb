// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shadows of many points at once: the points are put in cells of a grid in the Sun's projection, and the facets are
//! drawn over them. What counts is exactly whether a facet lies between a point, lifted a little off the ground as in
//! [`crate::Shape::hidden`], and the Sun's centre (at its finite distance).
//!
//! The Sun as a disc: points whose answers for the centre and eight places on the rim of the disc agree are lit or
//! dark; the others count how many of [`SunDisc::samples`] evenly spread places of the disc a ray reaches. The disc is
//! uniformly bright (limb darkening would change a fraction by less than 0.04). Stated error: half a sample on either
//! side of a straight shadow edge; an obstacle narrower than a fifth of the disc may be missed.

use facula_core::{BodyFixed, Vec3};
use rayon::prelude::*;

use super::Mesh;
use super::draw::{Frame, Mark, NONE, Painter, Sample, TILE, Tile};
use super::place::Cells;
use super::plane::Projection;
use crate::SurfacePoint;
use crate::shape::LIFT;

/// The Sun as seen from the body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SunDisc {
    /// Its centre, body-fixed, km.
    pub centre_km: Vec3<BodyFixed>,
    /// Its radius, km (695,700: IAU 2015 resolution B3); 0 for a point.
    pub radius_km: f64,
    /// Places on the disc that a point on a shadow's edge is tested against; 1 to 4096.
    pub samples: usize,
}

/// What a point gets of one place on the Sun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Light {
    Lit,
    /// Something is in the way.
    Blocked,
    /// The ground faces away, or the point is not finite.
    Away,
}

/// Places on the rim of the disc.
const RIM: usize = 8;
/// Points that one task projects.
const TASK: usize = 1 << 14;

impl Mesh {
    /// The fraction of the Sun's disc (0 to 1) that each point sees; 0 for ground that faces away and for points that
    /// are not finite. Points lie on the mesh, with its outward normals.
    pub fn lit(&self, points: &[SurfacePoint], sun: &SunDisc) -> Vec<f32> {
        let fraction = |light: &Light| if *light == Light::Lit { 1.0 } else { 0.0 };
        let centre = self.light(points, sun.centre_km);
        let mut lit: Vec<f32> = centre.iter().map(fraction).collect();
        let Some(disc) = Disc::new(sun) else { return lit };
        let mut torn = vec![false; points.len()];
        for k in 0..RIM {
            let angle = k as f64 * std::f64::consts::TAU / RIM as f64;
            let rim = self.light(points, disc.place(1.0, angle));
            for (torn, (rim, centre)) in torn.iter_mut().zip(rim.iter().zip(&centre)) {
                *torn |= (*rim == Light::Lit) != (*centre == Light::Lit);
            }
        }
        let places = disc.places(sun.samples.clamp(1, 4096));
        lit.par_iter_mut().zip(points).zip(&torn).filter(|(_, torn)| **torn).for_each(|((lit, point), _)| {
            let seen = places.iter().filter(|place| self.sees(point, **place)).count();
            *lit = seen as f32 / places.len() as f32;
        });
        lit
    }

    /// Whether a point of the ground sees a place, by a single ray.
    fn sees(&self, point: &SurfacePoint, place_km: Vec3<BodyFixed>) -> bool {
        let lifted_km = point.point_km + point.normal * (LIFT * self.bounding_radius_km);
        let Some(direction) = (place_km - lifted_km).unit() else { return false };
        direction.dot(point.normal) > 0.0 && !self.blocks(lifted_km, direction)
    }

    fn light(&self, points: &[SurfacePoint], place_km: Vec3<BodyFixed>) -> Vec<Light> {
        let far = place_km.length() > 1.01 * self.bounding_radius_km;
        let drawn = Projection::sun(place_km).filter(|_| far);
        let drawn = drawn.and_then(|projection| self.draw_light(points, place_km, &projection));
        drawn.unwrap_or_else(|| {
            let one =
                |point: &SurfacePoint| if self.sees(point, place_km) { Light::Lit } else { Light::Blocked };
            points.par_iter().map(one).collect()
        })
    }

    fn draw_light(
        &self,
        points: &[SurfacePoint],
        place_km: Vec3<BodyFixed>,
        projection: &Projection,
    ) -> Option<Vec<Light>> {
        let lift_km = LIFT * self.bounding_radius_km;
        let mut light = vec![Light::Away; points.len()];
        let lift = Lift { place_km, lift_km, projection };
        let batches: Vec<Batch> = points
            .par_chunks(TASK)
            .zip(light.par_chunks_mut(TASK))
            .enumerate()
            .map(|(k, (points, light))| Batch::new(points, light, (k * TASK) as u32, &lift))
            .collect();
        let Some(frame) = frame(&batches) else { return Some(light) };
        let [across, down] = frame.tiles();
        let batches: Vec<Dealt> = batches.into_par_iter().map(|batch| batch.deal(&frame)).collect();
        let painter = Painter { mesh: self, projection, mark: Mark::Blocked };
        let lists = painter.deal(&frame, 0.0)?;
        let blocked: Vec<Vec<u32>> = (0..across * down)
            .into_par_iter()
            .with_max_len(1)
            .map_init(Scratch::default, |scratch, k| {
                let corner = [k % across * TILE[0], k / across * TILE[1]];
                let parts = batches.iter().map(|batch| batch.of(k));
                let cells = scratch.fill(parts, &frame.cells, corner);
                painter.draw(&mut scratch.tile, &cells, &lists[k]);
                let blocked = scratch.tile.samples.iter().filter(|sample| sample.facet != NONE);
                blocked.map(|sample| sample.number).collect()
            })
            .collect();
        for number in blocked.iter().flatten() {
            light[*number as usize] = Light::Blocked;
        }
        Some(light)
    }
}

/// How points are lifted and projected.
struct Lift<'a> {
    place_km: Vec3<BodyFixed>,
    lift_km: f64,
    projection: &'a Projection,
}

/// A point in the plane.
#[derive(Debug, Clone, Copy)]
struct Spot {
    x: f64,
    y: f64,
    depth: f64,
    number: u32,
}

/// Some points that face the Sun, in the plane.
struct Batch {
    spots: Vec<Spot>,
    low: [f64; 2],
    high: [f64; 2],
}

impl Batch {
    /// Points that face the Sun are set to be lit.
    fn new(points: &[SurfacePoint], light: &mut [Light], first: u32, lift: &Lift) -> Self {
        let mut spots = Vec::with_capacity(points.len());
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for (k, point) in points.iter().enumerate() {
            let lifted_km = point.point_km + point.normal * lift.lift_km;
            // Also false where anything is not finite.
            if !((lift.place_km - lifted_km).dot(point.normal) > 0.0) {
                continue;
            }
            let [x, y, depth, divisor] = lift.projection.homogeneous(lifted_km.to_array());
            let inverse = 1.0 / divisor;
            let at = [x * inverse, y * inverse];
            if at.iter().all(|c| c.is_finite()) {
                low = [low[0].min(at[0]), low[1].min(at[1])];
                high = [high[0].max(at[0]), high[1].max(at[1])];
                light[k] = Light::Lit;
                spots.push(Spot { x: at[0], y: at[1], depth: depth * inverse, number: first + k as u32 });
            }
        }
        Self { spots, low, high }
    }

    /// The points by tile.
    fn deal(&self, frame: &Frame) -> Dealt {
        let [across, down] = frame.tiles();
        let tile = |spot: &Spot| {
            let [column, line] = cell_of(&frame.cells, spot, frame.size);
            line / TILE[1] * across + column / TILE[0]
        };
        let tiles: Vec<u32> = self.spots.iter().map(|spot| tile(spot) as u32).collect();
        let mut starts = vec![0u32; across * down + 1];
        tiles.iter().for_each(|tile| starts[*tile as usize + 1] += 1);
        (1..starts.len()).for_each(|k| starts[k] += starts[k - 1]);
        let mut next = starts.clone();
        let mut spots = self.spots.clone();
        for (spot, tile) in self.spots.iter().zip(tiles) {
            let place = &mut next[tile as usize];
            spots[*place as usize] = *spot;
            *place += 1;
        }
        Dealt { starts, spots }
    }
}

/// Points by tile.
struct Dealt {
    starts: Vec<u32>,
    spots: Vec<Spot>,
}

impl Dealt {
    fn of(&self, tile: usize) -> &[Spot] {
        &self.spots[self.starts[tile] as usize..self.starts[tile + 1] as usize]
    }
}

/// A grid with about one cell a point; `None` without points.
fn frame(batches: &[Batch]) -> Option<Frame> {
    let count: usize = batches.iter().map(|b| b.spots.len()).sum();
    let fold = |start: f64, pick: fn(f64, f64) -> f64, of: &dyn Fn(&Batch) -> f64| {
        batches.iter().map(of).fold(start, pick)
    };
    let low = [0, 1].map(|k| fold(f64::INFINITY, f64::min, &move |b: &Batch| b.low[k]));
    let high = [0, 1].map(|k| fold(f64::NEG_INFINITY, f64::max, &move |b: &Batch| b.high[k]));
    let extent = [high[0] - low[0], high[1] - low[1]];
    let largest = extent[0].max(extent[1]);
    if count == 0 {
        return None;
    }
    // Points on a line, or one point: cells of a thousandth part of that line will do.
    let area = (extent[0] * extent[1]).max(1e-3 * largest * largest).max(f64::MIN_POSITIVE);
    let step = (area / count as f64).sqrt();
    let size = extent.map(|e| ((e / step) as usize + 1).min(1 << 14));
    // A cell's samples lie half a cell around its number.
    let row = |k: usize| (-low[k] / step - 0.5, 1.0 / step);
    let ((first_x, by_x), (first_y, by_y)) = (row(0), row(1));
    let rows = [[first_x, by_x, 0.0], [first_y, 0.0, by_y]];
    Some(Frame { cells: Cells { rows, margin: 0.5 + 1e-6 }, size })
}

/// Column and line of a point, within the grid.
fn cell_of(cells: &Cells, spot: &Spot, size: [usize; 2]) -> [usize; 2] {
    let at = cells.at(spot.x, spot.y);
    [0, 1].map(|k| ((at[k] + 0.5).max(0.0) as usize).min(size[k] - 1))
}

/// What a thread works with.
#[derive(Default)]
struct Scratch {
    tile: Tile,
    next: Vec<u32>,
}

impl Scratch {
    /// Puts the points of a tile into its cells; `first` is the tile's first cell. The tile's own cells.
    fn fill<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a [Spot]> + Clone,
        cells: &Cells,
        first: [usize; 2],
    ) -> Cells {
        let mut cells = *cells;
        (0..2).for_each(|k| cells.rows[k][0] -= first[k] as f64);
        let cell = |spot: &Spot| {
            let [column, line] = cell_of(&cells, spot, TILE);
            line * TILE[0] + column
        };
        let spots = || parts.clone().flatten();
        let tile = &mut self.tile;
        (tile.columns, tile.lines) = (TILE[0], TILE[1]);
        tile.start.clear();
        tile.start.resize(TILE[0] * TILE[1] + 1, 0);
        spots().for_each(|spot| tile.start[cell(spot) + 1] += 1);
        (1..tile.start.len()).for_each(|k| tile.start[k] += tile.start[k - 1]);
        self.next.clone_from(&tile.start);
        let empty = Sample { x: 0.0, y: 0.0, limit: 0.0, facet: NONE, number: 0 };
        tile.samples.clear();
        tile.samples.resize(tile.start[TILE[0] * TILE[1]] as usize, empty);
        for spot in spots() {
            let place = &mut self.next[cell(spot)];
            tile.samples[*place as usize] =
                Sample { x: spot.x, y: spot.y, limit: spot.depth, facet: NONE, number: spot.number };
            *place += 1;
        }
        cells
    }
}

/// The Sun's disc across the line to it.
struct Disc {
    centre_km: Vec3<BodyFixed>,
    axes_km: [Vec3<BodyFixed>; 2],
}

impl Disc {
    /// `None` for a point.
    fn new(sun: &SunDisc) -> Option<Self> {
        let towards = sun.centre_km.unit().filter(|_| sun.radius_km > 0.0)?;
        let up = if towards.z.abs() < 0.9 { Vec3::new(0.0, 0.0, 1.0) } else { Vec3::new(1.0, 0.0, 0.0) };
        let right = towards.cross(up).unit()?;
        Some(Self {
            centre_km: sun.centre_km,
            axes_km: [right * sun.radius_km, towards.cross(right) * sun.radius_km],
        })
    }

    /// A place by its distance from the centre (in radii) and its angle.
    fn place(&self, fraction: f64, angle_rad: f64) -> Vec3<BodyFixed> {
        let [right, up] = self.axes_km;
        self.centre_km + right * (fraction * angle_rad.cos()) + up * (fraction * angle_rad.sin())
    }

    /// Evenly spread places: Vogel's spiral (1979, Math. Biosci. 44, 179).
    fn places(&self, count: usize) -> Vec<Vec3<BodyFixed>> {
        let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
        let place = |k: usize| self.place(((k as f64 + 0.5) / count as f64).sqrt(), k as f64 * golden);
        (0..count).map(place).collect()
    }
}
