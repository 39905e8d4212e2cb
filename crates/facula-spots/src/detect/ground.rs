// SPDX-License-Identifier: MIT OR Apache-2.0
//! The map relative to its local background, at full size (never stored) and at halving sizes.

use facula_core::PixelPos;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::detect::sheet::Sheet;
use crate::detect::tiles::{Tiles, median, robust_sigma};
use crate::detect::{DetectOptions, SpotMap};

/// The surroundings of spots are clipped at this many robust sigmas of the single cells.
const CLIP_SIGMA: f32 = 3.0;
/// Least size of the windows of the background, cells.
const LEAST_WINDOW_CELLS: f64 = 32.0;

/// The full map: values over background, minus one.
pub(crate) struct Ground<'a> {
    map: SpotMap<'a>,
    exclude: u8,
    pub sheet: Sheet,
    pub background: Tiles,
    /// Three robust sigmas of single cells.
    limit: Tiles,
}

impl<'a> Ground<'a> {
    /// `None` when no tile of the map has enough cells.
    pub fn of(map: &SpotMap<'a>, options: &DetectOptions) -> Option<Self> {
        if map.grid.width == 0 || map.grid.height == 0 {
            return None;
        }
        let sheet = Sheet::of(map.grid);
        let (albedo, quality, exclude) =
            (map.albedo.as_slice(), map.quality.as_slice(), options.exclude.bits());
        let value = |k: usize| usable(albedo[k], quality[k].bits() & exclude).then_some(albedo[k]);
        let size_cells = (options.background_km / map.cell_km()).max(LEAST_WINDOW_CELLS);
        let background = Tiles::of(&sheet, size_cells, |k| value(k).unwrap_or(f32::NAN), median)?;
        let width = sheet.grid.width;
        let relative = |k: usize| match value(k) {
            Some(value) => value / background.at((k % width) as f64, (k / width) as f64) - 1.0,
            None => f32::NAN,
        };
        let limit = Tiles::of(&sheet, size_cells, relative, |values| CLIP_SIGMA * robust_sigma(values))?;
        Some(Self { map: *map, exclude, sheet, background, limit })
    }

    /// Relative excess of a cell; `None` where there is none.
    #[inline(always)]
    pub fn at(&self, line: usize, x: usize) -> Option<f32> {
        let k = line * self.sheet.grid.width + x;
        let (albedo, flags) = (self.map.albedo.as_slice()[k], self.map.quality.as_slice()[k].bits());
        let background = || self.background.at(x as f64, line as f64);
        usable(albedo, flags & self.exclude).then(|| albedo / background() - 1.0)
    }

    /// Mean relative excess between two lines and two columns, as [`View::sample`] gives it.
    #[inline(always)]
    fn sample(&self, at: PixelPos, cells: [[usize; 2]; 2], [fx, fy]: [f64; 2]) -> Option<(f64, f64)> {
        let [lines, columns] = cells;
        let (albedo, quality) = (self.map.albedo.as_slice(), self.map.quality.as_slice());
        let (mut sum, mut weights) = (0.0, 0.0);
        for (line, of_line) in lines.into_iter().zip([1.0 - fy, fy]) {
            for (column, of_column) in columns.into_iter().zip([1.0 - fx, fx]) {
                let k = line * self.sheet.grid.width + column;
                if usable(albedo[k], quality[k].bits() & self.exclude) {
                    sum += of_line * of_column * f64::from(albedo[k]);
                    weights += of_line * of_column;
                }
            }
        }
        let background = f64::from(self.background.at(at.x_px.max(0.0), at.y_px));
        // Weights of places on a cell's middle are 1 but for rounding.
        let least = if weights > 1.0 - 1e-9 { 1.0 } else { 0.0 };
        (weights >= 0.5).then(|| (sum / weights / background - 1.0, least))
    }

    /// The relative excess of a line, 0 where there is none; gives the number of cells without.
    #[inline(always)]
    pub fn fill(&self, line: usize, out: &mut [f32]) -> usize {
        self.background.fill_line(line, out);
        let (albedo, quality) = (self.map.albedo.line(line), self.map.quality.line(line));
        let mut missing = 0u32;
        for ((value, albedo), quality) in out.iter_mut().zip(albedo).zip(quality) {
            let good = usable(*albedo, quality.bits() & self.exclude);
            missing += u32::from(!good);
            let relative = *albedo / *value - 1.0;
            *value = if good { relative } else { 0.0 };
        }
        missing as usize
    }

    /// 1 for each cell of a line with a value, 0 for the others.
    #[inline(always)]
    pub fn fill_weights(&self, line: usize, out: &mut [f32]) {
        let cells = self.map.albedo.line(line).iter().zip(self.map.quality.line(line));
        for (weight, (albedo, quality)) in out.iter_mut().zip(cells) {
            *weight = f32::from(u8::from(usable(*albedo, quality.bits() & self.exclude)));
        }
    }

    /// Clips a line of relative excess to what the surroundings of spots may be.
    #[inline(always)]
    fn clip(&self, line: usize, excess: &[f32], out: &mut [f32]) {
        self.limit.fill_line(line, out);
        for (value, excess) in out.iter_mut().zip(excess) {
            *value = excess.max(-*value).min(*value);
        }
    }
}

#[inline(always)]
fn usable(albedo: f32, flags: u8) -> bool {
    (albedo > 0.0) & (albedo < f32::INFINITY) & (flags == 0)
}

/// What small faint spots drown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clutter {
    /// Noise of single cells.
    Noise,
    /// Anything that reaches over cells: relief, texture, noise that resampling has smeared.
    Relief,
}

/// Scatter of the means of two by two cells over that of the cells: 0.5 for white noise, 0.9 for ground seen through a
/// point-spread function of two cells. Above this a fifth of the variance is ground.
const MOSTLY_NOISE: f64 = 0.62;
/// Cells looked at to tell.
const LOOKED_AT: usize = 50_000;

/// The map at one size below the full one. Means of blocks of cells, each times its weight.
pub(crate) struct Level {
    pub sheet: Sheet,
    /// Cells of the full map per cell of this one.
    pub factor: f64,
    /// Relative excess times weight.
    excess: Vec<f32>,
    /// The same, clipped.
    pub clipped: Vec<f32>,
    /// Weights of each line; empty where all are 1.
    weights: Vec<Vec<f32>>,
}

impl Level {
    /// The full map at half its size; `None` when it is too small.
    pub fn first(ground: &Ground<'_>) -> Option<Self> {
        let width = ground.sheet.grid.width;
        let from = |line: usize, rows: &mut [Vec<f32>; 3]| {
            let [excess, clipped, weights] = rows;
            excess.resize(width, 0.0);
            clipped.resize(width, 0.0);
            weights.clear();
            Arch::new().dispatch(Fill { ground, line, excess, clipped, weights });
            if !weights.is_empty() {
                clipped.iter_mut().zip(weights).for_each(|(value, weight)| *value *= *weight);
            }
        };
        Self::halving(&ground.sheet, 2.0, from)
    }

    /// What this level, the first, shows of the scatter of single cells.
    pub fn clutter(&self, ground: &Ground<'_>) -> Clutter {
        let grid = self.sheet.grid;
        let stride = (self.excess.len() / LOOKED_AT).max(1);
        let known = |k: &usize| {
            let (line, x) = (k / grid.width, k % grid.width);
            let weight = self.weights_line(line).get(x).copied().unwrap_or(1.0);
            // Towards the poles a map shows more cells than there is ground.
            weight == 1.0 && self.sheet.cos_latitude(line) > 0.5
        };
        let over_sigma = |k: usize| {
            let (line, x) = ((2 * (k / grid.width)) as f64 + 0.5, (2 * (k % grid.width)) as f64 + 0.5);
            self.excess[k] * CLIP_SIGMA / ground.limit.at(x, line)
        };
        let mut scatter: Vec<f32> =
            (0..self.excess.len()).step_by(stride).filter(known).map(over_sigma).collect();
        if scatter.is_empty() || f64::from(robust_sigma(&mut scatter)) > MOSTLY_NOISE {
            return Clutter::Relief;
        }
        Clutter::Noise
    }

    /// This level at half its size; `None` when it is too small.
    pub fn halved(&self) -> Option<Self> {
        let width = self.sheet.grid.width;
        let from = |line: usize, rows: &mut [Vec<f32>; 3]| {
            let [excess, clipped, weights] = rows;
            excess.clear();
            excess.extend_from_slice(&self.excess[line * width..][..width]);
            clipped.clear();
            clipped.extend_from_slice(&self.clipped[line * width..][..width]);
            weights.clone_from(&self.weights[line]);
        };
        Self::halving(&self.sheet, 2.0 * self.factor, from)
    }

    fn halving(sheet: &Sheet, factor: f64, from: impl Fn(usize, &mut [Vec<f32>; 3]) + Sync) -> Option<Self> {
        let half = sheet.halved()?;
        let (width, count) = (half.grid.width, half.grid.width * half.grid.height);
        let (mut excess, mut clipped) = (vec![0.0; count], vec![0.0; count]);
        let rows = || [[const { Vec::new() }; 3], [const { Vec::new() }; 3]];
        let lines = excess.par_chunks_mut(width).zip(clipped.par_chunks_mut(width)).enumerate();
        let weights = lines
            .map_init(rows, |rows, (line, (excess, clipped))| {
                Arch::new().dispatch(Pair { sheet, line, from: &from, rows, out: [excess, clipped] })
            })
            .collect();
        Some(Self { sheet: half, factor, excess, clipped, weights })
    }

    /// Excess times weight of a line.
    #[inline(always)]
    pub fn excess_line(&self, line: usize) -> &[f32] {
        let width = self.sheet.grid.width;
        &self.excess[line * width..][..width]
    }

    /// The same, clipped.
    #[inline(always)]
    pub fn clipped_line(&self, line: usize) -> &[f32] {
        let width = self.sheet.grid.width;
        &self.clipped[line * width..][..width]
    }

    /// Weights of a line; empty when all are 1.
    #[inline(always)]
    pub fn weights_line(&self, line: usize) -> &[f32] {
        &self.weights[line]
    }
}

/// A line of the full map to be made relative and clipped.
struct Fill<'a, 'b> {
    ground: &'a Ground<'b>,
    line: usize,
    excess: &'a mut [f32],
    clipped: &'a mut [f32],
    weights: &'a mut Vec<f32>,
}

impl NullaryFnOnce for Fill<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        if self.ground.fill(self.line, self.excess) > 0 {
            self.weights.resize(self.excess.len(), 0.0);
            self.ground.fill_weights(self.line, self.weights);
        }
        self.ground.clip(self.line, self.excess, self.clipped);
    }
}

/// Two lines to be made one. Gives its weights: none when all are 1.
struct Pair<'a, F> {
    sheet: &'a Sheet,
    line: usize,
    from: &'a F,
    rows: &'a mut [[Vec<f32>; 3]; 2],
    out: [&'a mut [f32]; 2],
}

impl<F: Fn(usize, &mut [Vec<f32>; 3])> NullaryFnOnce for Pair<'_, F> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        halve_pair(self)
    }
}

#[inline(always)]
fn halve_pair<F: Fn(usize, &mut [Vec<f32>; 3])>(pair: Pair<'_, F>) -> Vec<f32> {
    let Pair { sheet, line, from, rows, out: [excess, clipped] } = pair;
    let second = (2 * line + 1 < sheet.grid.height).then_some(2 * line + 1);
    let [upper, lower] = rows;
    from(2 * line, upper);
    match second {
        Some(second) => from(second, lower),
        None => *lower = upper.clone(),
    }
    // A line that has no partner counts once: its copy weighs nothing.
    let share = if second.is_some() { 1.0 } else { 0.0 };
    halve_line([&upper[0], &lower[0]], share, excess);
    halve_line([&upper[1], &lower[1]], share, clipped);
    let whole = upper[2].is_empty() && lower[2].is_empty();
    if whole && second.is_some() && sheet.grid.width.is_multiple_of(2) {
        return Vec::new();
    }
    for row in [&mut upper[2], &mut lower[2]] {
        if row.is_empty() {
            row.resize(sheet.grid.width, 1.0);
        }
    }
    let mut weights = vec![0.0; excess.len()];
    halve_line([&upper[2], &lower[2]], share, &mut weights);
    weights
}

/// Means of blocks of two by two cells; cells beyond the end of an odd line are 0.
#[inline(always)]
fn halve_line([upper, lower]: [&[f32]; 2], share: f32, out: &mut [f32]) {
    for ((value, u), l) in out.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
        *value = 0.25 * ((u[0] + u[1]) + share * (l[0] + l[1]));
    }
    if let (Some(value), [u], [l]) =
        (out.last_mut(), upper.chunks_exact(2).remainder(), lower.chunks_exact(2).remainder())
    {
        *value = 0.25 * (u + share * l);
    }
}

/// One size of the map, the full one included.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub ground: &'a Ground<'a>,
    /// `None` for the full size.
    pub level: Option<&'a Level>,
}

impl View<'_> {
    pub fn sheet(&self) -> &Sheet {
        self.level.map_or(&self.ground.sheet, |level| &level.sheet)
    }

    /// Cells of the full map per cell of this size.
    pub fn factor(&self) -> f64 {
        self.level.map_or(1.0, |level| level.factor)
    }

    /// Relative excess times weight, and weight, of a cell.
    #[inline(always)]
    pub fn cell(&self, line: usize, x: usize) -> (f32, f32) {
        match self.level {
            None => self.ground.at(line, x).map_or((0.0, 0.0), |value| (value, 1.0)),
            Some(level) => {
                let weight = level.weights_line(line).get(x).copied().unwrap_or(1.0);
                (level.excess_line(line)[x], weight)
            }
        }
    }

    /// Fills a line with excess times weight.
    #[inline(always)]
    pub fn fill(&self, line: usize, out: &mut [f32]) {
        match self.level {
            None => {
                self.ground.fill(line, out);
            }
            Some(level) => out.copy_from_slice(level.excess_line(line)),
        }
    }

    /// Fills a line with weights.
    #[inline(always)]
    pub fn fill_weights(&self, line: usize, out: &mut [f32]) {
        match self.level {
            None => self.ground.fill_weights(line, out),
            Some(level) => fill_weights(level, line, out),
        }
    }

    /// Mean relative excess at a fractional cell position of this size, and the least weight around it;
    /// `None` outside or where nothing is known.
    pub fn sample(&self, at: PixelPos) -> Option<(f64, f64)> {
        let grid = self.sheet().grid;
        let (x0, y0) = (at.x_px.floor(), at.y_px.floor().clamp(0.0, (grid.height - 1) as f64));
        let (fx, fy) = (at.x_px - x0, (at.y_px - y0).clamp(0.0, 1.0));
        let last = (grid.width - 1) as i64;
        let column = |x: i64| {
            if (0..=last).contains(&x) {
                x as usize
            } else if self.sheet().wraps {
                x.rem_euclid(grid.width as i64) as usize
            } else {
                x.clamp(0, last) as usize
            }
        };
        let columns = [column(x0 as i64), column(x0 as i64 + 1)];
        let lines = [y0 as usize, (y0 as usize + 1).min(grid.height - 1)];
        if self.level.is_none() {
            return self.ground.sample(at, [lines, columns], [fx, fy]);
        }
        let (mut sum, mut weights, mut least) = (0.0, 0.0, 1.0f64);
        for (line, of_line) in lines.into_iter().zip([1.0 - fy, fy]) {
            for (column, of_column) in columns.into_iter().zip([1.0 - fx, fx]) {
                let (value, weight) = self.cell(line, column);
                least = least.min(f64::from(weight));
                sum += of_line * of_column * f64::from(value);
                weights += of_line * of_column * f64::from(weight);
            }
        }
        (weights >= 0.5).then(|| (sum / weights, least))
    }
}

/// Fills a line with the weights of a level.
#[inline(always)]
pub(crate) fn fill_weights(level: &Level, line: usize, out: &mut [f32]) {
    match level.weights_line(line) {
        [] => out.fill(1.0),
        weights => out.copy_from_slice(weights),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid, Quality, Raster};

    /// f32 sums of four.
    const ROUNDING: f32 = 1e-5;

    #[test]
    fn white_noise_is_told_from_ground_seen_through_a_point_spread_function() {
        let grid = MapGrid { width: 256, height: 256, west_rad: 0.0, north_rad: 0.13, step_rad: 1e-3 };
        let mut random = facula_core::Random::new(3, 1);
        let noise: Vec<f32> = (0..256 * 256).map(|_| random.normal_pair().0 as f32).collect();
        let mean = |k: usize, cells: &[usize]| {
            let sum: f32 = cells.iter().map(|j| noise[(k + j) % noise.len()]).sum();
            sum / (cells.len() as f32).sqrt()
        };
        let ellipsoid = Ellipsoid::new(1000.0, 1000.0, 1000.0).unwrap();
        for (cells, expected) in
            [(&[0][..], Clutter::Noise), (&[0, 1, 256, 257, 2, 258, 512, 513, 514][..], Clutter::Relief)]
        {
            let value = |k: usize| 0.1 * (1.0 + 0.02 * mean(k, cells));
            let albedo = Raster::from_vec(256, 256, (0..256 * 256).map(value).collect()).unwrap();
            let quality = albedo.map(|_| Quality::GOOD);
            let map = SpotMap {
                grid,
                albedo: &albedo,
                quality: &quality,
                sigma: None,
                coverage: None,
                ellipsoid,
                effective_psf_px: 2.0,
            };
            let ground = Ground::of(&map, &DetectOptions::default()).unwrap();
            assert_eq!(Level::first(&ground).unwrap().clutter(&ground), expected, "{}", cells.len());
        }
    }

    #[test]
    fn halving_keeps_sums_and_weights_also_of_odd_maps_with_holes() {
        let grid = MapGrid { width: 101, height: 67, west_rad: 0.0, north_rad: 0.03, step_rad: 1e-3 };
        let value = |k: usize| if k % 13 == 5 { f32::NAN } else { 0.1 + 0.001 * (k % 7) as f32 };
        let albedo = Raster::from_vec(101, 67, (0..101 * 67).map(value).collect()).unwrap();
        let mut quality = albedo.map(|_| Quality::GOOD);
        quality.set(50, 30, Quality::SHADOW);
        let ellipsoid = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let map = SpotMap {
            grid,
            albedo: &albedo,
            quality: &quality,
            sigma: None,
            coverage: None,
            ellipsoid,
            effective_psf_px: 2.0,
        };
        let ground = Ground::of(&map, &DetectOptions::default()).unwrap();
        assert!(ground.at(30, 50).is_none() && ground.at(0, 5).is_none() && ground.at(0, 6).is_some());
        let half = Level::first(&ground).unwrap();
        let (full, halved) =
            (View { ground: &ground, level: None }, View { ground: &ground, level: Some(&half) });
        let sums = |view: &View<'_>| {
            let grid = view.sheet().grid;
            let cells = (0..grid.height).flat_map(|line| (0..grid.width).map(move |x| (line, x)));
            cells.fold((0.0, 0.0), |(a, b), (line, x)| {
                let (value, weight) = view.cell(line, x);
                (a + value, b + weight)
            })
        };
        let (a, b) = (sums(&full), sums(&halved));
        assert!((a.1 - 4.0 * b.1).abs() < 0.5 && (a.0 - 4.0 * b.0).abs() < 1e-3 * a.1, "{a:?} {b:?}");
        // Lines filled at once equal the single cells.
        let mut line = vec![0.0; 101];
        ground.fill(30, &mut line);
        assert!((0..101).all(|x| (line[x] - full.cell(30, x).0).abs() < ROUNDING));
    }
}
