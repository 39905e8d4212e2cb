// SPDX-License-Identifier: MIT OR Apache-2.0
//! The map at halving resolutions, sampled by place: across the antimeridian, up to the poles, NaN where any of the
//! four neighbours is.
//!
//! A map that goes round and has an odd number of columns is not halved further: its seam would no longer close.

use facula_core::{LonLat, MapGrid, PixelPos, Raster};
use rayon::prelude::*;

use crate::detect::window::Frame;

/// Interpolated positions along a line are off by less, cells.
const BEND_CELLS: f64 = 0.02;

/// A straight line of a plane that touches the body.
pub(crate) struct Line<'a> {
    pub frame: &'a Frame,
    /// Radius of the body there, km.
    pub radius_km: f64,
    /// Offset of the first place to the east and north, km.
    pub start_km: [f64; 2],
    /// From one place to the next, km.
    pub step_km: [f64; 2],
    /// Places.
    pub count: usize,
}

impl Line<'_> {
    fn place(&self, k: usize) -> LonLat {
        let [east_km, north_km] = self.start_km;
        let [de_km, dn_km] = self.step_km;
        self.frame.place(east_km + k as f64 * de_km, north_km + k as f64 * dn_km)
    }
}

/// One resolution.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub grid: MapGrid,
    values: Vec<f32>,
    wraps: bool,
}

impl Level {
    fn new(grid: MapGrid, values: Vec<f32>) -> Self {
        Self { grid, values, wraps: grid.wraps() }
    }

    /// Bilinear value at a place; NaN outside and beside missing cells.
    #[cfg(test)]
    pub fn sample(&self, place: LonLat) -> f32 {
        self.grid.position(place).map_or(f32::NAN, |at| self.value(at))
    }

    /// Values along a straight line on the ground, in order. Places are computed at knots; between them positions on the map
    /// are interpolated as long as that moves none by more than [`BEND_CELLS`].
    pub fn along(&self, line: &Line<'_>, mut take: impl FnMut(f32)) {
        let position = |k: usize| self.grid.position(line.place(k));
        let stride = self.stride(line);
        let mut first = 0;
        let mut begin = position(0);
        while first < line.count {
            let last = (first + stride).min(line.count.saturating_sub(1)).max(first + 1);
            let end = position(last);
            let near = |a: &PixelPos, b: &PixelPos| (a.x_px - b.x_px).abs() < 0.25 * self.grid.width as f64;
            let both = begin.zip(end).filter(|(a, b)| near(a, b));
            for k in first..last.min(line.count) {
                let at = match both {
                    _ if k == first => begin,
                    Some((a, b)) => {
                        let part = (k - first) as f64 / (last - first) as f64;
                        let (x, y) = (b.x_px - a.x_px, b.y_px - a.y_px);
                        Some(PixelPos::new(a.x_px + part * x, a.y_px + part * y))
                    }
                    None => position(k),
                };
                take(at.map_or(f32::NAN, |at| self.value(at)));
            }
            (first, begin) = (last, end);
        }
    }

    /// Steps between knots of a line: meridians draw together by the sine of latitude over the square of its cosine.
    fn stride(&self, line: &Line<'_>) -> usize {
        let [east_km, north_km] = line.step_km;
        let step_rad = (east_km * east_km + north_km * north_km).sqrt() / line.radius_km;
        let ends = [0, line.count.saturating_sub(1)].map(|k| line.place(k).latitude_rad);
        let middle_rad = line.frame.latitude_rad().abs();
        let farthest_rad = ends.iter().fold(middle_rad, |a, b| a.max(b.abs())) + step_rad;
        let cos = farthest_rad.cos();
        if !(cos > 0.1) {
            return 1;
        }
        let bend = (farthest_rad.sin() / (cos * cos)).max(0.2);
        let most_rad = (8.0 * BEND_CELLS * self.grid.step_rad / bend).sqrt();
        ((most_rad / step_rad.max(1e-12)) as usize).clamp(1, 32)
    }

    /// Bilinear value at a position on the map.
    fn value(&self, at: PixelPos) -> f32 {
        let (width, height) = (self.grid.width, self.grid.height);
        let (x, y) = (at.x_px.floor(), at.y_px.floor());
        let (u, v) = ((at.x_px - x) as f32, (at.y_px - y) as f32);
        let column = |x: f64| {
            let inside = x.clamp(0.0, (width - 1) as f64) as usize;
            match (self.wraps, x < 0.0, x as usize >= width) {
                (true, true, _) => width - 1,
                (true, false, true) => 0,
                _ => inside,
            }
        };
        let line = |y: f64| y.clamp(0.0, (height - 1) as f64) as usize * width;
        let (left, right) = (column(x), column(x + 1.0));
        let mean = |row: usize| {
            let (a, b) = (self.values[row + left], self.values[row + right]);
            a + (b - a) * u
        };
        let (upper, lower) = (mean(line(y)), mean(line(y + 1.0)));
        upper + (lower - upper) * v
    }

    /// The level with cells twice as large, means of the known ones; `None` when there is none.
    fn halved(&self) -> Option<Self> {
        let (width, height) = (self.grid.width, self.grid.height);
        if (self.wraps && width % 2 == 1) || width < 16 || height < 16 {
            return None;
        }
        let half = (width / 2, height / 2);
        let mut values = vec![0.0f32; half.0 * half.1];
        values.par_chunks_mut(half.0).enumerate().for_each(|(line, out)| {
            let row = |k: usize| &self.values[(2 * line + k) * width..(2 * line + k + 1) * width];
            let pairs = row(0).chunks_exact(2).zip(row(1).chunks_exact(2));
            for (value, (a, b)) in out.iter_mut().zip(pairs) {
                *value = known_mean([a[0], a[1], b[0], b[1]]);
            }
        });
        let grid = MapGrid { width: half.0, height: half.1, step_rad: 2.0 * self.grid.step_rad, ..self.grid };
        Some(Self::new(grid, values))
    }
}

/// Mean of the known ones of four, at least two.
fn known_mean(four: [f32; 4]) -> f32 {
    let sum: f32 = four.iter().sum();
    if !sum.is_nan() {
        return 0.25 * sum;
    }
    let known: Vec<f32> = four.into_iter().filter(|v| !v.is_nan()).collect();
    if known.len() < 2 { f32::NAN } else { known.iter().sum::<f32>() / known.len() as f32 }
}

/// All resolutions, finest first. Infinite values are missing.
#[derive(Debug, Clone)]
pub(crate) struct Levels(pub Vec<Level>);

impl Levels {
    pub fn of(grid: MapGrid, values: &Raster<f32>) -> Self {
        let finite = |v: &f32| if v.is_finite() { *v } else { f32::NAN };
        let finest = Level::new(grid, values.as_slice().par_iter().map(finite).collect());
        let mut levels = vec![finest];
        while let Some(next) = levels.last().and_then(Level::halved) {
            levels.push(next);
        }
        Self(levels)
    }

    /// The finest level on which a length (rad) is no more than `cells` cells; the coarsest when none is.
    pub fn for_length(&self, length_rad: f64, cells: f64) -> &Level {
        let fits = |level: &&Level| length_rad <= cells * level.grid.step_rad;
        self.0.iter().find(fits).unwrap_or(&self.0[self.0.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Ellipsoid;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_along_a_line_are_those_of_its_places(
            lon in 0.0..360.0f64, lat in -89.5..89.5f64, turn in 0.0..6.2f64, step_cells in 0.3..4.0f64,
        ) {
            // Smooth, and different in every direction: a cell is worth 0.012 at most.
            let levels = global(256, |p| (3.0 * p.longitude_rad).sin() * p.latitude_rad.cos() + p.latitude_rad.sin());
            let level = &levels.0[0];
            let frame = Frame::at(LonLat::from_degrees(lon, lat), &Ellipsoid::new(470.0, 470.0, 470.0).unwrap());
            let step_km = step_cells * level.grid.step_rad * 470.0;
            let (sin, cos) = turn.sin_cos();
            let line = Line {
                frame: &frame,
                radius_km: 470.0,
                start_km: [-20.0 * step_km * cos, -20.0 * step_km * sin],
                step_km: [step_km * cos, step_km * sin],
                count: 41,
            };
            let mut found = Vec::new();
            level.along(&line, |value| found.push(value));
            prop_assert_eq!(found.len(), 41);
            for (k, value) in found.iter().enumerate() {
                let exact = level.sample(line.place(k));
                prop_assert!((value - exact).abs() < 0.05 * 0.04, "{k}: {value} {exact}");
            }
        }
    }

    #[test]
    fn lines_of_one_place_and_none_are_lines() {
        let levels = global(64, |_| 2.0);
        let frame = Frame::at(LonLat::from_degrees(0.0, 89.9), &Ellipsoid::new(470.0, 470.0, 470.0).unwrap());
        for count in [0, 1, 2] {
            let line =
                Line { frame: &frame, radius_km: 470.0, start_km: [0.0; 2], step_km: [5.0, 0.0], count };
            let mut found = Vec::new();
            levels.0[0].along(&line, |value| found.push(value));
            assert_eq!(found, vec![2.0; count]);
        }
    }

    fn global(height: usize, value: impl Fn(LonLat) -> f64) -> Levels {
        let grid = MapGrid::global(height);
        let places = (0..grid.width * grid.height)
            .map(|k| grid.place(PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64)));
        let values = places.map(|place| value(place) as f32).collect();
        Levels::of(grid, &Raster::from_vec(grid.width, height, values).unwrap())
    }

    #[test]
    fn every_level_shows_the_same_ground_across_seam_and_pole() {
        let levels = global(256, |p| p.latitude_rad.cos() * p.longitude_rad.cos());
        assert!(levels.0.len() > 3);
        for level in &levels.0[..3] {
            for (lon, lat) in [(0.0, 0.0), (359.99, 10.0), (0.01, -20.0), (77.0, 89.9), (12.0, -89.99)] {
                let place = LonLat::from_degrees(lon, lat);
                let wanted = place.direction().x;
                // Poles are held at the nearest line.
                let tolerance = 1.1 * level.grid.step_rad;
                assert!((f64::from(level.sample(place)) - wanted).abs() < tolerance, "{lon} {lat}");
            }
        }
    }

    #[test]
    fn missing_cells_stay_missing_and_infinite_ones_are() {
        let levels = global(64, |p| if p.latitude_rad > 0.0 { 1.0 } else { f64::INFINITY });
        assert!(levels.0[0].sample(LonLat::from_degrees(10.0, -30.0)).is_nan());
        assert_eq!(levels.0[1].sample(LonLat::from_degrees(10.0, 30.0)), 1.0);
        assert_eq!(known_mean([1.0, f32::NAN, 3.0, f32::NAN]), 2.0);
        assert!(known_mean([1.0, f32::NAN, f32::NAN, f32::NAN]).is_nan());
    }

    #[test]
    fn a_length_finds_its_level() {
        let levels = global(256, |_| 0.0);
        let step_rad = levels.0[0].grid.step_rad;
        assert_eq!(levels.for_length(10.0 * step_rad, 16.0).grid.width, 512);
        assert_eq!(levels.for_length(30.0 * step_rad, 16.0).grid.width, 256);
    }
}
