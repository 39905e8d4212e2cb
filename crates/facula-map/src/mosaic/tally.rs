// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much of the body each scale level shows, and how sharply.
//!
//! In: finished tiles. Out: [`LevelReport`]. Cells count with their true area on the body's shape (taken at every
//! sixteenth line and column), not with their number: an equirectangular map has as many cells at the pole as at the
//! equator.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use facula_core::{CellGrid, LonLat, PixelPos};
use facula_geometry::{Shape, SurfacePoint};

use super::footprint::{SPREAD, spread};
use super::ladder::ScaleLevels;
use super::registry::FrameRecord;
use super::tile_sums::TilePlanes;

/// Cells along each side of a block that shares one area factor.
const BLOCK_CELLS: usize = 16;
/// Bins of pixel scale per factor of two: medians are good to 2 %.
const BINS_PER_OCTAVE: f64 = 16.0;
/// Bins: 1 mm to 1,100 km.
const BINS: usize = 480;

/// Digits after the leading one that tell the bin: bins begin to 0.05 % where they should.
const PART_BITS: u32 = 11;

/// What a level shows.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelCoverage {
    /// Name of the level.
    pub name: String,
    /// Frames of the level in the mosaic.
    pub frames: usize,
    /// Share of the body's area the map shows at this level.
    pub area_fraction: f64,
    /// Smallest pixel scale there, metres; NaN where nothing is shown.
    pub best_scale_m: f64,
    /// Pixel scale that half of the area shown at this level betters, metres, to 2 %; NaN where nothing is shown.
    pub median_scale_m: f64,
}

/// Coverage by level, coarsest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelReport {
    /// The levels.
    pub levels: Vec<LevelCoverage>,
    /// Share of the body's area shown at all.
    pub area_fraction: f64,
    /// Measurements taken out as outliers.
    pub outliers_rejected: u64,
}

/// Area and scales of levels, in the making.
pub(crate) struct Tally<'a> {
    grid: CellGrid,
    shape: &'a Shape,
    names: Vec<String>,
    /// Bin within the octave by the leading digits of a number.
    parts: Vec<u8>,
    sums: Vec<LevelSums>,
    rejected: u64,
}

/// What one tile adds.
pub(crate) struct Part {
    sums: Vec<LevelSums>,
    rejected: u64,
}

/// Area per bin of pixel scale, whole square centimetres: sums that know no order.
#[derive(Clone)]
struct LevelSums {
    area_cm2: u64,
    best_scale_m: f64,
    bins: BTreeMap<usize, u64>,
}

/// Square centimetres in a square kilometre.
const CM2_PER_KM2: f64 = 1e10;

fn whole_cm2(area_km2: f64) -> u64 {
    (area_km2 * CM2_PER_KM2).round() as u64
}

impl LevelSums {
    const EMPTY: Self = Self { area_cm2: 0, best_scale_m: f64::INFINITY, bins: BTreeMap::new() };

    fn add(&mut self, other: &Self) {
        self.area_cm2 += other.area_cm2;
        self.best_scale_m = self.best_scale_m.min(other.best_scale_m);
        for (bin, area_cm2) in &other.bins {
            *self.bins.entry(*bin).or_default() += area_cm2;
        }
    }

    fn median_scale_m(&self) -> f64 {
        let mut below_cm2 = 0;
        for (bin, area_cm2) in &self.bins {
            below_cm2 += area_cm2;
            if 2 * below_cm2 >= self.area_cm2 {
                return 0.001 * ((*bin as f64 + 0.5) / BINS_PER_OCTAVE).exp2();
            }
        }
        f64::NAN
    }
}

/// Adds the area of a run of cells (level, bin, cells).
fn close(
    (level, bin, cells): (usize, usize, u32),
    area_km2: f64,
    (area, bins): (&mut [f64], &mut [[f64; BINS]]),
) {
    if cells > 0 {
        area[level] += f64::from(cells) * area_km2;
        bins[level][bin] += f64::from(cells) * area_km2;
    }
}

impl<'a> Tally<'a> {
    pub fn new(grid: CellGrid, shape: &'a Shape, levels: &ScaleLevels) -> Self {
        let names: Vec<String> = levels.levels().iter().map(|level| level.name.clone()).collect();
        let sums = vec![LevelSums::EMPTY; names.len()];
        let part = |k: usize| ((1.0 + k as f64 / (1 << PART_BITS) as f64).log2() * BINS_PER_OCTAVE) as u8;
        let parts = (0..1 << PART_BITS).map(part).collect();
        Self { grid, shape, names, parts, sums, rejected: 0 }
    }

    /// What a tile adds. Parts may be added in any order.
    pub fn part(&self, planes: &TilePlanes) -> Part {
        let tile = planes.view();
        let mut sums = vec![LevelSums::EMPTY; self.names.len()];
        let mut bins = vec![[0.0; BINS]; self.names.len()];
        let mut area = vec![0.0; self.names.len()];
        let across = tile.width.div_ceil(BLOCK_CELLS);
        let mut factors = vec![0.0; across];
        for line in 0..tile.height {
            let row = tile.line + line;
            if line % BLOCK_CELLS == 0 {
                for (block, factor) in factors.iter_mut().enumerate() {
                    *factor = self.area_per_solid_angle_km2((tile.column + block * BLOCK_CELLS, row));
                }
            }
            let solid = line_solid_angle(&self.grid, row);
            for (block, factor) in factors.iter().enumerate() {
                let columns = block * BLOCK_CELLS..((block + 1) * BLOCK_CELLS).min(tile.width);
                let cells = line * tile.width + columns.start..line * tile.width + columns.end;
                let area_km2 = solid * factor;
                // Neighbours mostly share level and bin: their area is added at once.
                let mut run = (usize::MAX, 0, 0u32);
                for (level, scale_m) in tile.level[cells.clone()].iter().zip(&tile.scale_m[cells]) {
                    let Some(sums) = sums.get_mut(usize::from(*level)) else { continue };
                    sums.best_scale_m = sums.best_scale_m.min(f64::from(*scale_m));
                    let (level, bin) = (usize::from(*level), self.bin(*scale_m));
                    if (level, bin) != (run.0, run.1) {
                        close(run, area_km2, (&mut area, &mut bins));
                        run = (level, bin, 0);
                    }
                    run.2 += 1;
                }
                close(run, area_km2, (&mut area, &mut bins));
            }
        }
        for ((level, bins), area_km2) in sums.iter_mut().zip(bins).zip(area) {
            level.area_cm2 = whole_cm2(area_km2);
            let bins = bins.into_iter().map(whole_cm2).enumerate();
            level.bins = bins.filter(|(_, area_cm2)| *area_cm2 > 0).collect();
        }
        Part { sums, rejected: planes.rejected }
    }

    /// Bin of a pixel scale, from the digits of its number.
    fn bin(&self, scale_m: f32) -> usize {
        let bits = (scale_m * 1000.0).to_bits();
        let octave = (bits >> 23).saturating_sub(127) as usize;
        let part = self.parts[(bits >> (23 - PART_BITS)) as usize & ((1 << PART_BITS) - 1)];
        (octave * BINS_PER_OCTAVE as usize + usize::from(part)).min(BINS - 1)
    }

    pub fn add(&mut self, part: &Part) {
        self.sums.iter_mut().zip(&part.sums).for_each(|(mine, theirs)| mine.add(theirs));
        self.rejected += part.rejected;
    }

    pub fn report(&self, frames: &BTreeMap<String, FrameRecord>) -> LevelReport {
        let whole_km2 = body_area_km2(self.shape);
        let level = |(rank, name): (usize, &String)| {
            let sums = &self.sums[rank];
            let shown = |scale_m: f64| if sums.area_cm2 > 0 { scale_m } else { f64::NAN };
            LevelCoverage {
                name: name.clone(),
                frames: frames.values().filter(|frame| usize::from(frame.level) == rank).count(),
                area_fraction: sums.area_cm2 as f64 / CM2_PER_KM2 / whole_km2,
                best_scale_m: shown(sums.best_scale_m),
                median_scale_m: shown(sums.median_scale_m().max(sums.best_scale_m)),
            }
        };
        let levels: Vec<LevelCoverage> = self.names.iter().enumerate().map(level).collect();
        let area_fraction = levels.iter().map(|level| level.area_fraction).sum();
        LevelReport { levels, area_fraction, outliers_rejected: self.rejected }
    }

    /// Area of the ground per solid angle seen from the centre, at the middle of a block.
    fn area_per_solid_angle_km2(&self, (column, row): (usize, usize)) -> f64 {
        let middle =
            |cells: usize| (cells / BLOCK_CELLS * BLOCK_CELLS) as f64 + 0.5 * BLOCK_CELLS as f64 - 0.5;
        let Some(place) = self.grid.place(PixelPos::new(middle(column), middle(row))) else { return 0.0 };
        let stretch_km2 = self.shape.surface(place.direction()).map_or(0.0, |ground| stretch_km2(&ground));
        stretch_km2 * map_solid_angle(&self.grid, place)
    }
}

/// r² over the cosine of the slope.
fn stretch_km2(ground: &SurfacePoint) -> f64 {
    let radius_km = ground.point_km.length();
    // Walls beyond 84° are held back: their factor is a matter of the lattice.
    radius_km * radius_km / (ground.point_km.dot(ground.normal) / radius_km).max(0.1)
}

/// Solid angle of a cell of a line of an angular grid; beyond the poles none. 1 on other maps, where it follows the place.
fn line_solid_angle(grid: &CellGrid, line: usize) -> f64 {
    let CellGrid::Angular(grid) = grid else { return 1.0 };
    let latitude_rad = |line: f64| (grid.north_rad - line * grid.step_rad).clamp(-0.5 * PI, 0.5 * PI);
    let (north, south) = (latitude_rad(line as f64), latitude_rad(line as f64 + 1.0));
    grid.step_rad * (north.sin() - south.sin())
}

/// Solid angle of a cell of a projected map; 1 on an angular grid, where it follows the line.
fn map_solid_angle(grid: &CellGrid, place: LonLat) -> f64 {
    let CellGrid::Projected(grid) = grid else { return 1.0 };
    let side_rad = grid.step_m / grid.projection.spheroid().equatorial_m;
    grid.projection.scale(place).map_or(0.0, |scale| side_rad * side_rad / scale.areal_ratio)
}

fn body_area_km2(shape: &Shape) -> f64 {
    let sum: f64 =
        (0..SPREAD).filter_map(|k| shape.surface(spread(k))).map(|ground| stretch_km2(&ground)).sum();
    4.0 * PI * sum / SPREAD as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid};

    #[test]
    fn the_area_of_an_oblate_body_is_that_of_the_textbook() {
        let (a, c): (f64, f64) = (482.1, 445.94);
        let shape = Shape::Ellipsoid(Ellipsoid::new(a, a, c).unwrap());
        // Oblate spheroid: 2 pi a^2 (1 + (1 - e^2) / e * artanh e).
        let e = (1.0 - c * c / (a * a)).sqrt();
        let truth_km2 = 2.0 * PI * a * a * (1.0 + (1.0 - e * e) / e * e.atanh());
        assert!((body_area_km2(&shape) / truth_km2 - 1.0).abs() < 1e-5);
        let grid: CellGrid = MapGrid::global(512).into();
        let levels = ScaleLevels::single();
        let tally = Tally::new(grid, &shape, &levels);
        let cells_km2: f64 = (0..512)
            .map(|line| line_solid_angle(&grid, line) * tally.area_per_solid_angle_km2((0, line)) * 1024.0)
            .sum();
        assert!((cells_km2 / truth_km2 - 1.0).abs() < 1e-3, "{}", cells_km2 / truth_km2);
    }

    #[test]
    fn a_median_lies_within_its_bin() {
        let mut sums = LevelSums::EMPTY;
        let bin = |scale_m: f64| ((scale_m * 1000.0).log2() * BINS_PER_OCTAVE) as usize;
        for (scale_m, area_cm2) in [(100.0, 1), (140.0, 3), (300.0, 2)] {
            let bins = BTreeMap::from([(bin(scale_m), area_cm2)]);
            sums.add(&LevelSums { area_cm2, best_scale_m: scale_m, bins });
        }
        assert!((sums.median_scale_m() / 140.0 - 1.0).abs() < 0.023, "{}", sums.median_scale_m());
        assert_eq!(sums.best_scale_m, 100.0);
    }
}
