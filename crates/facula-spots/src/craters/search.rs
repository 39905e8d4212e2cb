// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where craters may be: matched filters at all sizes on tiles of equal ground cells.
//!
//! The map is cut into tiles by latitude and longitude; each is laid flat (Lambert's azimuthal equal-area projection), so
//! that a cell is the same piece of ground at the equator, at a pole and across the seam. On heights a crater answers to
//! the difference of two Gaussians (Lindeberg 1998, Int. J. Comput. Vis. 30, 79); under the Sun its bright and dark
//! halves are that difference on either side of the middle along the Sun's direction. Peaks over position and size are
//! then compared, ray by ray, with the profile of a crater. Troughs go the same way: see [`Way`].

use std::f64::consts::TAU;

use facula_core::LonLat;
use rayon::prelude::*;

use crate::craters::fit::{Field, Guess, Way};
use crate::craters::levels::Line;
use crate::craters::polar::{profile, profile_slope};
use crate::craters::track::Sight;
use crate::craters::{CraterOptions, Surface};
use crate::detect::window::Frame;

/// Diameters searched on tiles of one cell size: 8 to 16 cells, four sizes.
const SMALLEST_CELLS: f64 = 8.0;
const SIZES: usize = 4;
/// Gaussians: one size more at either end, and one more for the last difference.
const GAUSSIANS: usize = SIZES + 3;
const RATIO: f64 = 1.189_207_115_002_721;
/// Cells along a tile, and around it for the filters.
const TILE_CELLS: f64 = 192.0;
const MARGIN_CELLS: usize = 26;
/// Tiles are not wider than this, rad.
const WIDEST_RAD: f64 = 0.6;
/// A crater answers most to the Gaussian of this width over its radius (computed for bowls and flat floors with rims of
/// 0.18 depths: 0.50 to 0.60 on heights, 0.45 to 0.55 under the Sun) …
const WIDTH: f64 = 0.53;
/// … and with this part of its depth.
const ANSWER: f64 = 0.1;
/// The halves of a lit crater lie this far from its middle, over its radius.
const HALF_AWAY: f64 = 0.5;
/// The least likeness on the tile: less is not looked at further.
const LEAST_QUICK: f32 = 0.5;
const LEAST_QUICK_LIT: f32 = 0.3;
const LEAST_WEIGHT: f32 = 0.85;
/// Radii tried for the likeness, over that of the filter.
const TRIED: [f64; 3] = [0.84, 1.0, 1.19];

/// All guesses, in a fixed order.
pub(crate) fn guesses(field: &Field<'_>, options: &CraterOptions) -> Vec<Guess> {
    let radius_km = field.ellipsoid().mean_radius_km();
    let largest_km = options.largest_km.min(WIDEST_RAD * radius_km);
    let mut found = Vec::new();
    for octave in 0..24 {
        let step_rad = field.map.grid.step_rad * f64::from(1u32 << octave) * options.least_diameter_cells
            / SMALLEST_CELLS;
        if SMALLEST_CELLS * step_rad * radius_km > largest_km {
            break;
        }
        let tiles = tiles(field, step_rad);
        let of_tile = |bounds: &Bounds| tile_guesses(field, options, bounds, step_rad);
        let lists: Vec<Vec<Guess>> = tiles.par_iter().with_max_len(1).map(of_tile).collect();
        found.extend(lists.into_iter().flatten().filter(|guess| guess.diameter_km <= largest_km));
    }
    found
}

/// A piece of the map, rad; west of east, which may lie beyond a turn.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    south_rad: f64,
    north_rad: f64,
    west_rad: f64,
    east_rad: f64,
}

impl Bounds {
    fn middle(&self) -> LonLat {
        LonLat::new(0.5 * (self.west_rad + self.east_rad), 0.5 * (self.south_rad + self.north_rad))
    }

    fn holds(&self, place: LonLat) -> bool {
        let east_rad = (place.longitude_rad - self.west_rad).rem_euclid(TAU);
        east_rad < self.east_rad - self.west_rad
            && (self.south_rad..self.north_rad).contains(&place.latitude_rad)
    }
}

fn tiles(field: &Field<'_>, step_rad: f64) -> Vec<Bounds> {
    let grid = &field.map.grid;
    let size_rad = (TILE_CELLS * step_rad).min(WIDEST_RAD);
    let height_rad = grid.height as f64 * grid.step_rad;
    let width_rad = (grid.width as f64 * grid.step_rad).min(TAU);
    let bands = (height_rad / size_rad).ceil().max(1.0) as usize;
    let south = |band: usize| grid.north_rad - height_rad * (1.0 - band as f64 / bands as f64);
    (0..bands)
        .flat_map(|band| {
            let (south_rad, north_rad) = (south(band), south(band + 1));
            let across =
                if south_rad * north_rad <= 0.0 { 1.0 } else { south_rad.cos().max(north_rad.cos()) };
            let count = (width_rad * across / size_rad).ceil().max(1.0) as usize;
            let west = move |k: usize| grid.west_rad + width_rad * k as f64 / count as f64;
            (0..count).map(move |k| Bounds { south_rad, north_rad, west_rad: west(k), east_rad: west(k + 1) })
        })
        .collect()
}

/// A tile laid flat; x grows eastward, y northward.
struct Tile {
    frame: Frame,
    width: usize,
    height: usize,
    /// Cell of the tangent point.
    origin: [f64; 2],
    step_km: f64,
    values: Vec<f32>,
    /// 1 where known; `None` when all is.
    known: Option<Vec<f32>>,
    /// Direction to the Sun per cell of a coarse grid; `None` for heights.
    sun: Option<SunGrid>,
}

/// Cells between places at which the Sun is asked for.
const SUN_CELLS: usize = 16;

/// Unit vectors to the Sun in the tile's axes, zero where it shows nothing.
struct SunGrid {
    width: usize,
    toward: Vec<[f32; 2]>,
}

impl SunGrid {
    fn at(&self, x: usize, y: usize) -> [f32; 2] {
        self.toward[y / SUN_CELLS * self.width + x / SUN_CELLS]
    }
}

impl Tile {
    fn of(field: &Field<'_>, bounds: &Bounds, step_rad: f64) -> Option<Self> {
        let frame = Frame::at(bounds.middle(), field.ellipsoid());
        let step_km = step_rad * field.ellipsoid().radius_km(frame.up());
        let [low, high] = extent(&frame, bounds);
        let margin = MARGIN_CELLS as f64;
        let origin = low.map(|km| (-km / step_km).ceil() + margin);
        let size = |axis: usize| (origin[axis] + (high[axis] / step_km).ceil() + margin) as usize + 1;
        let (width, height) = (size(0), size(1));
        let level = field.levels.for_length(step_rad, 1.001);
        let place = |x: usize, y: usize| {
            frame.place((x as f64 - origin[0]) * step_km, (y as f64 - origin[1]) * step_km)
        };
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let start_km = [-origin[0] * step_km, (y as f64 - origin[1]) * step_km];
            let (radius_km, step_km) = (frame.radius_km(), [step_km, 0.0]);
            let line = Line { frame: &frame, radius_km, start_km, step_km, count: width };
            level.along(&line, |value| values.push(value));
        }
        let missing = values.iter().filter(|v| v.is_nan()).count();
        if missing * 8 > values.len() * 7 {
            return None;
        }
        let known = (missing > 0)
            .then(|| values.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect::<Vec<f32>>());
        let sun = match field.map.surface {
            Surface::Heights => None,
            Surface::Lit(_) => Some(sun_grid(field, &frame, [width, height], &place)),
        };
        let mut tile = Self { frame, width, height, origin, step_km, values, known, sun };
        tile.level_off();
        Some(tile)
    }

    /// Takes the mean away; brightness becomes relative to that of the surroundings.
    fn level_off(&mut self) {
        let known = self.values.iter().filter(|v| !v.is_nan());
        let (sum, count) = known.fold((0.0f64, 0.0f64), |(s, n), v| (s + f64::from(*v), n + 1.0));
        let mean = (sum / count) as f32;
        self.values.iter_mut().for_each(|v| *v = if v.is_nan() { 0.0 } else { *v - mean });
        if self.sun.is_some() {
            let wide = self.blurred(&self.values, 8.0);
            let weight = self.known.as_ref().map(|known| self.blurred(known, 8.0));
            for (k, value) in self.values.iter_mut().enumerate() {
                let around = mean + wide[k] / weight.as_ref().map_or(1.0, |w| w[k].max(1e-3));
                let is_known = self.known.as_ref().is_none_or(|known| known[k] > 0.0);
                let relative = (*value + mean) / around - 1.0;
                *value = if is_known && around > 0.0 { relative.clamp(-1.0, 2.0) } else { 0.0 };
            }
        }
    }

    /// Smoothed by a Gaussian; the edge is held.
    fn blurred(&self, values: &[f32], sigma_cells: f64) -> Vec<f32> {
        let kernel = gaussian(sigma_cells);
        let (width, height, reach) = (self.width, self.height, kernel.len() - 1);
        let mut rows = vec![0.0f32; width * height];
        let mut padded = vec![0.0f32; width + 2 * reach];
        for (line, out) in values.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
            padded[..reach].fill(line[0]);
            padded[reach..reach + width].copy_from_slice(line);
            padded[reach + width..].fill(line[width - 1]);
            out.iter_mut().zip(&padded[reach..]).for_each(|(o, v)| *o = kernel[0] * v);
            for (k, factor) in kernel.iter().enumerate().skip(1) {
                let (left, right) = (&padded[reach - k..], &padded[reach + k..]);
                out.iter_mut().zip(left.iter().zip(right)).for_each(|(o, (l, r))| *o += factor * (l + r));
            }
        }
        let mut both = vec![0.0f32; width * height];
        for (y, out) in both.chunks_exact_mut(width).enumerate() {
            let row = |k: usize| &rows[k * width..(k + 1) * width];
            out.iter_mut().zip(row(y)).for_each(|(o, v)| *o = kernel[0] * v);
            for (k, factor) in kernel.iter().enumerate().skip(1) {
                let (up, down) = (row(y.saturating_sub(k)), row((y + k).min(height - 1)));
                out.iter_mut().zip(up.iter().zip(down)).for_each(|(o, (u, d))| *o += factor * (u + d));
            }
        }
        both
    }

    /// Answers of the filters from small to large, and how much of each is known.
    fn answers(&self) -> (Vec<Vec<f32>>, Option<Vec<f32>>) {
        let mut smooth: Vec<Vec<f32>> = Vec::with_capacity(GAUSSIANS);
        let mut weight = self.known.clone();
        let mut values = self.values.clone();
        let mut last = 0.0;
        let mut middle_weight = None;
        for k in 0..GAUSSIANS {
            let sigma = sigma_cells(k as f64);
            let more = (sigma * sigma - last * last).sqrt();
            last = sigma;
            values = self.blurred(&values, more);
            weight = weight.map(|w| self.blurred(&w, more));
            smooth.push(match &weight {
                Some(w) => values.iter().zip(w).map(|(v, w)| v / w.max(1e-3)).collect(),
                None => values.clone(),
            });
            if k == GAUSSIANS / 2 {
                middle_weight = weight.clone();
            }
        }
        let difference = |pair: &[Vec<f32>]| -> Vec<f32> {
            pair[1].iter().zip(&pair[0]).map(|(wide, narrow)| wide - narrow).collect()
        };
        let hollows: Vec<Vec<f32>> = smooth.windows(2).map(difference).collect();
        let Some(sun) = &self.sun else { return (hollows, middle_weight) };
        let halves = |(k, hollow): (usize, &Vec<f32>)| self.halves(hollow, sun, HALF_AWAY * radius_cells(k));
        (hollows.iter().enumerate().map(halves).collect(), middle_weight)
    }

    /// Dark towards the Sun and bright away from it: the answer to a hollow on one side less that on the other. (The
    /// answer to brightness has the sign of a hollow where it is dark.)
    fn halves(&self, hollow: &[f32], sun: &SunGrid, away_cells: f64) -> Vec<f32> {
        let mut out = vec![0.0f32; hollow.len()];
        for (y, x) in (0..self.height).flat_map(|y| (0..self.width).map(move |x| (y, x))) {
            let toward = sun.at(x, y);
            let shift = toward.map(|c| (f64::from(c) * away_cells).round() as i64);
            let at = |sign: i64| {
                let x = (x as i64 + sign * shift[0]).clamp(0, self.width as i64 - 1);
                let y = (y as i64 + sign * shift[1]).clamp(0, self.height as i64 - 1);
                hollow[y as usize * self.width + x as usize]
            };
            out[y * self.width + x] = 0.5 * (at(1) - at(-1));
        }
        out
    }

    fn place(&self, x: f64, y: f64) -> LonLat {
        self.frame.place((x - self.origin[0]) * self.step_km, (y - self.origin[1]) * self.step_km)
    }

    fn sight(&self, x: usize, y: usize) -> Option<Sight> {
        let Some(sun) = &self.sun else { return Some(Sight::Relief) };
        let toward = sun.at(x, y).map(f64::from);
        (toward != [0.0, 0.0]).then_some(Sight::Shade(toward))
    }
}

/// Least and largest offsets of a piece of the map from a tangent point, km.
fn extent(frame: &Frame, bounds: &Bounds) -> [[f64; 2]; 2] {
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for k in 0..81 {
        let (u, v) = (f64::from(k % 9) / 8.0, f64::from(k / 9) / 8.0);
        let longitude_rad = bounds.west_rad + u * (bounds.east_rad - bounds.west_rad);
        let latitude_rad = bounds.south_rad + v * (bounds.north_rad - bounds.south_rad);
        let offset_km = frame.offset_km(LonLat::new(longitude_rad, latitude_rad));
        for axis in 0..2 {
            low[axis] = low[axis].min(offset_km[axis]);
            high[axis] = high[axis].max(offset_km[axis]);
        }
    }
    [low, high]
}

fn sun_grid(
    field: &Field<'_>,
    frame: &Frame,
    [width, height]: [usize; 2],
    place: &impl Fn(usize, usize) -> LonLat,
) -> SunGrid {
    let coarse = [width.div_ceil(SUN_CELLS), height.div_ceil(SUN_CELLS)];
    let toward = |k: usize| {
        let middle = |k: usize| k * SUN_CELLS + SUN_CELLS / 2;
        let here = place(middle(k % coarse[0]), middle(k / coarse[0]));
        let Some(Sight::Shade([east, north])) = field.sight(here) else { return [0.0, 0.0] };
        // A kilometre towards the Sun from there, seen in the tile's axes.
        let there = Frame::at(here, field.ellipsoid()).place(east, north);
        let (from, to) = (frame.offset_km(here), frame.offset_km(there));
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy).max(1e-12);
        [(dx / length) as f32, (dy / length) as f32]
    };
    SunGrid { width: coarse[0], toward: (0..coarse[0] * coarse[1]).map(toward).collect() }
}

/// Width of Gaussian `k`.
fn sigma_cells(k: f64) -> f64 {
    let first_radius = 0.5 * SMALLEST_CELLS * RATIO.sqrt();
    WIDTH * first_radius * RATIO.powf(k - 1.5)
}

/// The radius that difference `k`, of Gaussians `k` and the next, answers best to, cells.
fn radius_cells(k: usize) -> f64 {
    sigma_cells(k as f64 + 0.5) / WIDTH
}

/// Half of a normalised Gaussian kernel, middle first.
fn gaussian(sigma_cells: f64) -> Vec<f32> {
    let reach = (3.2 * sigma_cells).ceil() as usize;
    let half: Vec<f64> = (0..=reach).map(|k| (-0.5 * (k as f64 / sigma_cells).powi(2)).exp()).collect();
    let sum = 2.0 * half.iter().sum::<f64>() - half[0];
    half.iter().map(|v| (v / sum) as f32).collect()
}

fn tile_guesses(field: &Field<'_>, options: &CraterOptions, bounds: &Bounds, step_rad: f64) -> Vec<Guess> {
    let Some(tile) = Tile::of(field, bounds, step_rad) else { return Vec::new() };
    let (answers, weight) = tile.answers();
    let mut found = Vec::new();
    for size in 1..=SIZES {
        let rays = TRIED.map(|factor| (factor, Rays::of(factor * radius_cells(size))));
        let diameter_km = 2.0 * radius_cells(size) * tile.step_km;
        let (least, quick) = match tile.sun {
            None => (ANSWER * options.least_depth_ratio * diameter_km, LEAST_QUICK),
            Some(_) => (ANSWER * options.least_contrast, LEAST_QUICK_LIT),
        };
        for (x, y, way) in peaks(&tile, &answers[size - 1..=size + 1], least as f32) {
            if weight.as_ref().is_some_and(|w| w[y * tile.width + x] < LEAST_WEIGHT) {
                continue;
            }
            let place = tile.place(x as f64, y as f64);
            let Some(sight) = tile.sight(x, y).filter(|_| bounds.holds(place)) else { continue };
            let tried = rays.iter().map(|(factor, rays)| (*factor, rays.likeness(&tile, (x, y), sight, way)));
            let best = tried.fold((1.0, quick), |a, b| if b.1 > a.1 { b } else { a });
            if best.1 > quick {
                found.push(Guess { place, diameter_km: best.0 * diameter_km, way });
            }
        }
    }
    found
}

/// Cells where the middle of three answers is higher (or lower) than all around it and the other two.
fn peaks(tile: &Tile, three: &[Vec<f32>], least: f32) -> Vec<(usize, usize, Way)> {
    let mut found = Vec::new();
    let width = tile.width;
    let edge = MARGIN_CELLS / 2;
    for y in edge..tile.height.saturating_sub(edge) {
        for x in edge..width.saturating_sub(edge) {
            let value = three[1][y * width + x];
            if value.abs() < least {
                continue;
            }
            let way = if value > 0.0 { Way::Crater } else { Way::Mirrored };
            let top = value.abs();
            let others = (0..27).filter(|k| *k != 13).map(|k| {
                let at = (y + k / 3 % 3 - 1) * width + x + k % 3 - 1;
                (k, three[k / 9][at] * value.signum())
            });
            // Of two equal neighbours the later one is the peak.
            if others.into_iter().all(|(k, other)| if k < 13 { other <= top } else { other < top }) {
                found.push((x, y, way));
            }
        }
    }
    found
}

/// Rays of cells about a candidate, and what a crater shows on them.
struct Rays {
    offsets: Vec<[i32; 2]>,
    profile: [f32; RAY_RADII],
    slope: [f32; RAY_RADII],
}

const RAY_COUNT: usize = 24;
const RAY_RADII: usize = 12;

impl Rays {
    fn of(radius_cells: f64) -> Self {
        let x = |k: usize| 1.5 * (k as f64 + 0.5) / RAY_RADII as f64;
        let offsets = (0..RAY_COUNT * RAY_RADII)
            .map(|k| {
                let (sin, cos) = (TAU * (k / RAY_RADII) as f64 / RAY_COUNT as f64).sin_cos();
                let r = x(k % RAY_RADII) * radius_cells;
                [(r * cos).round() as i32, (r * sin).round() as i32]
            })
            .collect();
        let centred = |of: fn(f64) -> f64| {
            let values: [f64; RAY_RADII] = std::array::from_fn(|k| of(x(k)));
            let mean = values.iter().sum::<f64>() / RAY_RADII as f64;
            let length = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt();
            values.map(|v| ((v - mean) / length) as f32)
        };
        Self { offsets, profile: centred(profile), slope: centred(|x| -profile_slope(x)) }
    }

    /// Mean correlation of the rays with a crater's; the sides of a lit one weigh as they point to the Sun.
    fn likeness(&self, tile: &Tile, (x, y): (usize, usize), sight: Sight, way: Way) -> f32 {
        let (mut sum, mut total) = (0.0f32, 0.0f32);
        for (ray, offsets) in self.offsets.chunks_exact(RAY_RADII).enumerate() {
            let (sin, cos) = (TAU * ray as f64 / RAY_COUNT as f64).sin_cos();
            let (weight, shape) = match sight {
                Sight::Relief => (1.0, &self.profile),
                Sight::Shade([east, north]) => ((east * cos + north * sin) as f32, &self.slope),
            };
            let values: [f32; RAY_RADII] = std::array::from_fn(|k| {
                let column = (x as i32 + offsets[k][0]).clamp(0, tile.width as i32 - 1) as usize;
                let line = (y as i32 + offsets[k][1]).clamp(0, tile.height as i32 - 1) as usize;
                tile.values[line * tile.width + column]
            });
            let mean = values.iter().sum::<f32>() / RAY_RADII as f32;
            let length = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>().sqrt();
            let product = values.iter().zip(shape).map(|(v, s)| (v - mean) * s).sum::<f32>();
            if length > 0.0 {
                sum += weight * product / length;
            }
            total += weight.abs();
        }
        way.sign() as f32 * sum / total.max(1e-6)
    }
}
