// SPDX-License-Identifier: MIT OR Apache-2.0
//! The frame and the map as two images in the same geometry, ready to be correlated.

use facula_core::{LonLat, MapGrid, PixelPos, Pose, Quality, Raster};
use facula_geometry::{Shape, Shot, SurfacePoint, light_at};
use rayon::prelude::*;

use super::band::{band_passed, binned};
use super::correlate::Prepared;
use super::{MapMatchOptions, ReferenceMap};

/// What is compared with what.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) shot: &'a Shot,
    pub(crate) shape: &'a Shape,
    pub(crate) reference: &'a ReferenceMap,
    pub(crate) options: &'a MapMatchOptions,
}

/// The part of the frame that shows the body, in bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    /// Sample of the first pixel.
    pub(crate) x0: usize,
    /// Line of the first pixel.
    pub(crate) y0: usize,
    /// Size of a bin, px.
    pub(crate) bin: usize,
    /// Bins along samples.
    pub(crate) width: usize,
    /// Bins along lines.
    pub(crate) height: usize,
}

/// Frame and map, band-passed.
pub(crate) struct Pair {
    /// The frame over the area.
    pub(crate) observed: Prepared,
    /// The map over the area and a margin.
    pub(crate) predicted: Prepared,
    /// Part of the area's ground that has data in both.
    pub(crate) covered_fraction: f64,
}

/// One bin's worth of ground.
#[derive(Clone, Copy)]
struct Cell {
    /// Value of the map; NaN off the body or off the map.
    map: f32,
    /// Disk function; NaN where not lit and seen well enough.
    disk: f32,
    on_body: bool,
}

/// Bins per map cell when the map is coarser than the frame: a little finer than the map, so that the band
/// pass and not the bins limits the resolution.
const BINS_PER_CELL: f64 = 1.25;
/// Fewest bins across the area for a correlation to mean anything.
const FEWEST_BINS: usize = 16;
/// Sigma of the finer Gaussian, bins: takes pixel noise and compression artefacts.
const FINE_SIGMA: f32 = 0.7;
/// Sigma of the coarser Gaussian, bins: takes shading. Of 5, 8, 10, 20 bins the first sets a real frame of
/// Ceres apart best (ratio of best to second correlation more than 4 bins away: 2.8; 2.0, 1.6, 1.3).
const COARSE_SIGMA: f32 = 5.0;
/// A map finer than the bins is averaged over at most this many cells squared.
const MOST_SUBSAMPLES: usize = 8;
/// Pixels with these flags take no part.
const UNUSABLE: [Quality; 3] = [Quality::HOT, Quality::SMEAR, Quality::MISSING];

impl Area {
    /// The smallest rectangle around the body in the frame, with bins for the coarser of frame and map; `None`
    /// when too little of the body is in the frame.
    pub(crate) fn of(view: &View<'_>, most_bins: usize) -> Option<Self> {
        let (x_range, y_range) = extent(view)?;
        let (x0, y0) = (x_range.0, y_range.0);
        let (size_x, size_y) = (x_range.1 - x0, y_range.1 - y0);
        let longer = size_x.max(size_y);
        let bin = matching_bin(view).max(longer.div_ceil(most_bins));
        let (width, height) = (size_x / bin, size_y / bin);
        (width >= FEWEST_BINS && height >= FEWEST_BINS).then_some(Self { x0, y0, bin, width, height })
    }

    /// Frame position of the centre of a bin, or of a place between bins; also beyond the area.
    pub(crate) fn pixel(&self, x_bin: f64, y_bin: f64) -> PixelPos {
        let along = |first: usize, at: f64| first as f64 + (at + 0.5) * self.bin as f64 - 0.5;
        PixelPos::new(along(self.x0, x_bin), along(self.y0, y_bin))
    }

    /// Frame position of the middle.
    pub(crate) fn middle(&self) -> PixelPos {
        self.pixel(0.5 * (self.width as f64 - 1.0), 0.5 * (self.height as f64 - 1.0))
    }
}

/// Samples and lines (first, one past the last) that may show the body: its bounding sphere and the frame.
fn extent(view: &View<'_>) -> Option<((usize, usize), (usize, usize))> {
    let shot = view.shot;
    let (width, height) = (shot.frame.iof.width(), shot.frame.iof.height());
    let sine = view.shape.bounding_radius_km() / shot.pose.range_km();
    if !(sine < 0.9) {
        return Some(((0, width), (0, height)));
    }
    let centre = shot.camera.pixel(shot.pose.camera_from_body * (-shot.pose.spacecraft_km))?;
    // 1.05: the tangent grows off axis.
    let radius_px =
        1.05 * sine / (1.0 - sine * sine).sqrt() / shot.camera.ifov_rad() + view.options.search_px;
    let span = |at_px: f64, size: usize| {
        let clamp = |v: f64| v.clamp(0.0, size as f64) as usize;
        (clamp(at_px - radius_px), clamp(at_px + radius_px + 1.0))
    };
    Some((span(centre.x_px, width), span(centre.y_px, height)))
}

/// Pixels per bin so that a bin is a little finer than a map cell.
fn matching_bin(view: &View<'_>) -> usize {
    let shot = view.shot;
    let radius_km = view.shape.bounding_radius_km();
    let near_km = (shot.pose.range_km() - radius_km).max(1e-3 * radius_km);
    let cell_km = view.reference.grid.step_rad * radius_km;
    (cell_km / (near_km * shot.camera.ifov_rad()) / BINS_PER_CELL).round().max(1.0) as usize
}

impl View<'_> {
    /// Both images for a pose; the map's reaches `margin` bins beyond the area on every side.
    pub(crate) fn prepare(&self, area: &Area, pose: &Pose, margin: usize) -> Pair {
        let (width, height) = (area.width + 2 * margin, area.height + 2 * margin);
        let at =
            |k: usize| area.pixel((k % width) as f64 - margin as f64, (k / width) as f64 - margin as f64);
        let cells: Vec<Cell> =
            (0..width * height).into_par_iter().map(|k| self.cell(area, pose, at(k))).collect();
        let map = cells.iter().map(|c| if c.disk.is_nan() { f32::NAN } else { c.map }).collect();
        let map = Raster::from_vec(width, height, map).expect("one value per cell");
        let inner = |x: usize, y: usize| cells[(y + margin) * width + x + margin];
        let frame = self.flattened(area, inner);
        let (mut both, mut ground) = (0usize, 0usize);
        for (x, y) in (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y))) {
            ground += usize::from(inner(x, y).on_body);
            both += usize::from(!frame.at(x, y).is_nan() && !map.at(x + margin, y + margin).is_nan());
        }
        Pair {
            observed: Prepared::new(&band_passed(&frame, FINE_SIGMA, COARSE_SIGMA)),
            predicted: Prepared::new(&band_passed(&map, FINE_SIGMA, COARSE_SIGMA)),
            covered_fraction: both as f64 / ground.max(1) as f64,
        }
    }

    /// The frame in bins, divided by the disk function; NaN where that is not known.
    fn flattened(&self, area: &Area, cell: impl Fn(usize, usize) -> Cell) -> Raster<f32> {
        let frame = &self.shot.frame;
        let size = (area.width * area.bin, area.height * area.bin);
        let usable = |x: usize, y: usize| {
            let quality = frame.quality.get(x, y).unwrap_or(Quality::MISSING);
            if UNUSABLE.iter().any(|flag| quality.intersects(*flag)) { f32::NAN } else { frame.iof.at(x, y) }
        };
        let cut = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
        let cut = cut.map(|(x, y)| usable(x + area.x0, y + area.y0)).collect();
        let mut bins = binned(&Raster::from_vec(size.0, size.1, cut).expect("one value per pixel"), area.bin);
        for (x, y) in (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y))) {
            bins.set(x, y, bins.at(x, y) / cell(x, y).disk);
        }
        bins
    }

    fn cell(&self, area: &Area, pose: &Pose, at: PixelPos) -> Cell {
        let look = pose.camera_from_body.inverse() * self.shot.camera.look(at);
        let Some(hit) = self.shape.intersect(pose.spacecraft_km, look) else {
            return Cell { map: f32::NAN, disk: f32::NAN, on_body: false };
        };
        let light = light_at(pose, &SurfacePoint { point_km: hit.point_km, normal: hit.normal });
        let good = light.cos_incidence.min(light.cos_emission) > self.options.least_cosine;
        let disk = if good { self.options.disk.value(light) as f32 } else { f32::NAN };
        let bin_km = hit.distance_km * self.shot.camera.ifov_rad() * area.bin as f64;
        let cells = bin_km / (self.reference.grid.step_rad * hit.point_km.length());
        Cell { map: sample(self.reference, LonLat::of(hit.point_km), cells), disk, on_body: true }
    }
}

/// The map at a place, averaged over `cells` of its cells in both directions when that is more than one.
fn sample(reference: &ReferenceMap, place: LonLat, cells: f64) -> f32 {
    let Some(at) = reference.grid.position(place) else { return f32::NAN };
    let count = (cells.round() as usize).clamp(1, MOST_SUBSAMPLES);
    if count == 1 {
        return interpolated(reference, at);
    }
    let offset = |k: usize| ((k as f64 + 0.5) / count as f64 - 0.5) * cells;
    let values = (0..count * count).map(|k| {
        interpolated(reference, PixelPos::new(at.x_px + offset(k % count), at.y_px + offset(k / count)))
    });
    let (sum, good) =
        values.filter(|v| !v.is_nan()).fold((0.0f64, 0usize), |(s, n), v| (s + f64::from(v), n + 1));
    if 2 * good >= count * count { (sum / good as f64) as f32 } else { f32::NAN }
}

/// Bilinear, across the seam of a map that goes round the body; the outermost half cells take the nearest line.
fn interpolated(reference: &ReferenceMap, at: PixelPos) -> f32 {
    let (x0, y0) = (at.x_px.floor(), at.y_px.floor());
    let (fx, fy) = ((at.x_px - x0) as f32, (at.y_px - y0) as f32);
    let value = |dx: i64, dy: i64| {
        column(&reference.grid, x0 as i64 + dx).map_or(f32::NAN, |column| {
            let line = (y0 as i64 + dy).clamp(0, reference.grid.height as i64 - 1);
            reference.values.at(column, line as usize)
        })
    };
    let upper = value(0, 0) + (value(1, 0) - value(0, 0)) * fx;
    let lower = value(0, 1) + (value(1, 1) - value(0, 1)) * fx;
    upper + (lower - upper) * fy
}

fn column(grid: &MapGrid, column: i64) -> Option<usize> {
    let width = grid.width as i64;
    if grid.wraps() {
        Some(column.rem_euclid(width) as usize)
    } else {
        (0..width).contains(&column).then_some(column as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scenery, speckle_map};

    /// A global map whose value is the longitude in degrees, seam at 180.
    fn ramp() -> ReferenceMap {
        let grid = MapGrid { west_rad: -std::f64::consts::PI, ..MapGrid::global(180) };
        let value = |k: usize| grid.place(PixelPos::new((k % 360) as f64, 0.0)).longitude_deg() as f32;
        ReferenceMap {
            grid,
            values: Raster::from_vec(360, 180, (0..360 * 180).map(value).collect()).unwrap(),
        }
    }

    #[test]
    fn values_lie_between_their_cells_and_cross_the_seam() {
        let map = ramp();
        let at = |lon: f64, lat: f64, cells: f64| sample(&map, LonLat::from_degrees(lon, lat), cells);
        assert!((at(100.25, 10.0, 1.0) - 100.25).abs() < 1e-3);
        assert!((at(179.9, 0.0, 1.0) - 179.9).abs() < 1e-3 && (at(180.1, 0.0, 1.0) - 180.1).abs() < 1e-3);
        assert!((at(100.25, 89.9, 1.0) - 100.25).abs() < 1e-3, "beyond the last line of centres");
        assert!((at(100.0, 10.0, 4.0) - 100.0).abs() < 1e-3, "an average");
    }

    #[test]
    fn a_window_has_no_value_beyond_its_columns() {
        let grid = MapGrid { width: 4, height: 4, west_rad: 0.0, north_rad: 0.04, step_rad: 0.01 };
        let map = ReferenceMap { grid, values: Raster::filled(4, 4, 5.0) };
        assert!(sample(&map, LonLat::new(0.02, 0.02), 1.0) == 5.0);
        assert!(sample(&map, LonLat::new(0.001, 0.02), 1.0).is_nan());
        assert!(sample(&map, LonLat::new(1.0, 0.02), 1.0).is_nan());
    }

    #[test]
    fn the_area_is_the_body_and_bins_suit_the_coarser_image() {
        let options = MapMatchOptions { search_px: 5.0, ..MapMatchOptions::default() };
        let far = Scenery { centre_px: [40.0, 0.0], ..Scenery::default() };
        let shot = crate::testing::empty(far.pose());
        let area_on = |map: &ReferenceMap| {
            Area::of(&View { shot: &shot, shape: &far.shape, reference: map, options: &options }, 320)
        };
        // The disc of 92 px radius lies around sample 167; cells of the three maps are 1.2, 0.3 and 3.3 px there.
        let area = area_on(&speckle_map(256)).unwrap();
        assert!((60..75).contains(&area.x0) && area.x0 + area.width * area.bin <= 256, "{area:?}");
        assert_eq!((area.bin, area_on(&speckle_map(1024)).unwrap().bin), (1, 1));
        assert_eq!(area_on(&speckle_map(90)).unwrap().bin, 3);
        let middle = area.pixel(0.0, 0.0);
        assert_eq!((middle.x_px, middle.y_px), (area.x0 as f64, area.y0 as f64), "one pixel per bin");
    }
}
