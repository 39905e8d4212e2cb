// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a whole frame sees: any camera, given as one direction a pixel.
//!
//! Directions become places in the plane of tangents to the mean direction, whatever the camera's distortion; a
//! linear fit in each tile of 128 x 64 pixels, with the largest deviation of any of its pixels as margin, tells which
//! pixels a facet can reach. Cameras whose pixels span more than 84° from the mean direction, whose directions do not
//! go smoothly from pixel to pixel, or that stand among the facets are served ray by ray.

use facula_core::{BodyFixed, Raster, Vec3};
use rayon::prelude::*;

use super::Mesh;
use super::draw::{Frame, Mark, NONE, Painter, Sample, TILE, Tile};
use super::place::{Cells, Fit};
use super::plane::Projection;
use crate::Hit;

/// Size of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize {
    /// Pixels in a line.
    pub width: usize,
    /// Lines.
    pub height: usize,
}

/// What each pixel of a frame sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// Distance to the surface along the pixel's direction, km; NaN where there is none.
    pub distance_km: Raster<f64>,
    /// The facet seen, in the order of the tree; [`Sight::NO_FACET`] where there is none.
    pub facet: Raster<u32>,
}

impl Sight {
    /// Where no facet is seen.
    pub const NO_FACET: u32 = NONE;
}

/// Directions farther from the mean direction than this (cosine of 84°) are left to single rays.
const LEAST_COSINE: f64 = 0.1;
/// Frames whose directions deviate more than this from linear (pixels) are left to single rays.
const MOST_MARGIN: f64 = 200.0;
/// Directions that the mean is taken of, along each edge.
const GRID: usize = 17;

impl Mesh {
    /// What a frame sees from a point (body-fixed, km): `look` gives the unit direction of a pixel by sample and
    /// line, not finite for a pixel that looks nowhere. The nearest facet of either side, as
    /// [`Mesh::intersect`]; where two are equally near, either.
    pub fn visible(
        &self,
        origin_km: Vec3<BodyFixed>,
        size: FrameSize,
        look: impl Fn(usize, usize) -> Vec3<BodyFixed> + Sync,
    ) -> Sight {
        let camera = Camera { mesh: self, origin_km, size, look: &look };
        camera.draw().unwrap_or_else(|| camera.cast())
    }

    /// The hit of a pixel of [`Mesh::visible`], with the same origin and the direction of the pixel.
    pub fn hit_of(
        &self,
        sight: (f64, u32),
        origin_km: Vec3<BodyFixed>,
        direction: Vec3<BodyFixed>,
    ) -> Option<Hit> {
        let (distance_km, facet) = sight;
        let facet = facet as usize;
        (facet < self.facet_count()).then(|| self.hit(origin_km, direction, (distance_km, facet)))
    }
}

struct Camera<'a, F> {
    mesh: &'a Mesh,
    origin_km: Vec3<BodyFixed>,
    size: FrameSize,
    look: &'a F,
}

/// What the lines of a band of tiles found out about the frame.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Largest deviation of the whole frame's fit from a pixel.
    deviation: f64,
    least_cosine: f64,
}

impl<F: Fn(usize, usize) -> Vec3<BodyFixed> + Sync> Camera<'_, F> {
    /// By drawing; `None` when this camera cannot be drawn.
    fn draw(&self) -> Option<Sight> {
        let FrameSize { width, height } = self.size;
        if width == 0 || height == 0 || !self.origin_km.is_finite() {
            return None;
        }
        let projection = Projection::camera(self.origin_km, self.mean_look()?);
        let painter = Painter { mesh: self.mesh, projection: &projection, mark: Mark::Nearest };
        let (cells, mut least_cosine) = self.fit(&projection)?;
        let mut frame = Frame { cells, size: [width, height] };
        let (mut distances_km, mut facets) = (vec![f64::NAN; width * height], vec![NONE; width * height]);
        // Clusters are dealt out with the deviation of some pixels. If another pixel turns out to deviate more, it is
        // all done again with that.
        loop {
            if !(frame.cells.margin < MOST_MARGIN && least_cosine > LEAST_COSINE) {
                return None;
            }
            let lists = painter.deal(&frame, least_cosine.min(1.0).acos())?;
            let band = width * TILE[1];
            let bands = distances_km.par_chunks_mut(band).zip(facets.par_chunks_mut(band)).enumerate();
            let found: Vec<Found> = bands
                .with_max_len(1)
                .map_init(Scratch::default, |scratch, (k, (distances_km, facets))| {
                    scratch.found = Found { deviation: 0.0, least_cosine: 1.0 };
                    let lists = lists.chunks(frame.tiles()[0]).nth(k).unwrap_or_default();
                    for (column, clusters) in lists.iter().enumerate() {
                        let first = [column * TILE[0], k * TILE[1]];
                        let cells = self.view(&projection, &frame.cells, (first, scratch));
                        painter.draw(&mut scratch.tile, &cells, clusters);
                        scratch.tile.write(&mut distances_km[first[0]..], &mut facets[first[0]..], width);
                    }
                    scratch.found
                })
                .collect();
            let deviation = found.iter().map(|f| f.deviation).fold(0.0, f64::max);
            let cosine = found.iter().map(|f| f.least_cosine).fold(1.0, f64::min);
            if deviation <= frame.cells.margin && cosine >= least_cosine {
                return Some(sight(self.size, distances_km, facets));
            }
            frame.cells.margin = frame.cells.margin.max(1.01 * deviation);
            least_cosine = least_cosine.min(cosine);
        }
    }

    /// Ray by ray.
    fn cast(&self) -> Sight {
        let FrameSize { width, height } = self.size;
        let pixel = |k: usize| {
            let found = self.mesh.first_facet(self.origin_km, (self.look)(k % width, k / width));
            found.map_or((f64::NAN, NONE), |(distance_km, facet)| (distance_km, facet as u32))
        };
        let (distances_km, facets) = (0..width * height).into_par_iter().map(pixel).unzip();
        sight(self.size, distances_km, facets)
    }

    /// Some pixels all over the frame.
    fn some(&self) -> impl Iterator<Item = ([usize; 2], Vec3<BodyFixed>)> + '_ {
        let FrameSize { width, height } = self.size;
        let pixel =
            move |k: usize| [(k % GRID) * (width - 1) / (GRID - 1), (k / GRID) * (height - 1) / (GRID - 1)];
        let some = (0..GRID * GRID).map(pixel).map(|p| (p, (self.look)(p[0], p[1])));
        some.filter(|(_, look)| look.is_finite())
    }

    fn mean_look(&self) -> Option<Vec3<BodyFixed>> {
        self.some().fold(Vec3::new(0.0, 0.0, 0.0), |sum, (_, look)| sum + look).unit()
    }

    /// From the plane to pixels, over the whole frame, with somewhat more than the deviation of some pixels as
    /// margin; and a cosine somewhat below the least of some pixels.
    fn fit(&self, projection: &Projection) -> Option<(Cells, f64)> {
        let (mut fit, mut least) = (Fit::default(), 1.0f64);
        let places = || self.some().map(|(pixel, look)| (pixel.map(|c| c as f64), projection.look(look)));
        for (pixel, (plane, cosine)) in places() {
            if cosine > LEAST_COSINE {
                fit.add(plane, pixel);
            }
            least = least.min(cosine);
        }
        let mut cells = fit.solve()?;
        let off = |(pixel, (plane, _)): ([f64; 2], ([f64; 2], f64))| {
            let at = cells.at(plane[0], plane[1]);
            (at[0] - pixel[0]).abs().max((at[1] - pixel[1]).abs())
        };
        cells.margin = 1.1 * places().map(off).fold(0.0, f64::max) + 0.01;
        Some((cells, least - 1e-6 * (1.0 - least) - 1e-9))
    }

    /// Fills the tile that begins at a pixel; its cells.
    fn view(&self, projection: &Projection, frame: &Cells, at: ([usize; 2], &mut Scratch)) -> Cells {
        let (first, Scratch { tile, found }) = at;
        tile.columns = (self.size.width - first[0]).min(TILE[0]);
        tile.lines = (self.size.height - first[1]).min(TILE[1]);
        tile.samples.clear();
        for line in 0..tile.lines {
            for column in 0..tile.columns {
                let look = (self.look)(first[0] + column, first[1] + line);
                let ([x, y], cosine) = projection.look(look);
                found.least_cosine = if cosine < found.least_cosine { cosine } else { found.least_cosine };
                tile.samples.push(Sample { x, y, limit: f64::INFINITY, facet: NONE, number: 0 });
            }
        }
        tile.start.clear();
        tile.start.extend(0..=tile.samples.len() as u32);
        let shifted = |cells: &Cells| {
            let mut cells = *cells;
            (0..2).for_each(|k| cells.rows[k][0] -= first[k] as f64);
            cells
        };
        let frame = shifted(frame);
        found.deviation = found.deviation.max(tile.deviation(&frame));
        // A tile of one line has no fit of its own: that of the frame serves.
        let cells = tile.fit().unwrap_or(frame);
        Cells { margin: tile.deviation(&cells), ..cells }
    }
}

/// What a thread works with.
struct Scratch {
    tile: Tile,
    found: Found,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { tile: Tile::default(), found: Found { deviation: 0.0, least_cosine: 1.0 } }
    }
}

impl Tile {
    /// A linear fit of cells to some of the samples.
    fn fit(&self) -> Option<Cells> {
        let mut fit = Fit::default();
        for i in 0..4 {
            for j in 0..4 {
                let (column, line) = (i * (self.columns - 1) / 3, j * (self.lines - 1) / 3);
                let sample = &self.samples[line * self.columns + column];
                if sample.x.is_finite() {
                    fit.add([sample.x, sample.y], [column as f64, line as f64]);
                }
            }
        }
        fit.solve()
    }

    /// Farthest that a pixel lies from where a fit puts it.
    fn deviation(&self, cells: &Cells) -> f64 {
        let mut largest = 0.0f64;
        for (line, samples) in self.samples.chunks(self.columns).enumerate() {
            for (column, sample) in samples.iter().enumerate() {
                let at = cells.at(sample.x, sample.y);
                for off in [(at[0] - column as f64).abs(), (at[1] - line as f64).abs()] {
                    largest = if off > largest { off } else { largest };
                }
            }
        }
        largest
    }

    /// Writes what the samples found into a band of the frame, from the tile's first pixel on.
    fn write(&self, distances_km: &mut [f64], facets: &mut [u32], width: usize) {
        for (line, samples) in self.samples.chunks(self.columns).enumerate() {
            let to = line * width..line * width + self.columns;
            let pixels = distances_km[to.clone()].iter_mut().zip(&mut facets[to]);
            for ((distance_km, facet), sample) in pixels.zip(samples) {
                let secant = (1.0 + sample.x * sample.x + sample.y * sample.y).sqrt();
                *distance_km = if sample.facet == NONE { f64::NAN } else { -secant / sample.limit };
                *facet = sample.facet;
            }
        }
    }
}

fn sight(size: FrameSize, distances_km: Vec<f64>, facets: Vec<u32>) -> Sight {
    let FrameSize { width, height } = size;
    Sight {
        distance_km: Raster::from_vec(width, height, distances_km).expect("one a pixel"),
        facet: Raster::from_vec(width, height, facets).expect("one a pixel"),
    }
}
