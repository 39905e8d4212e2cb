// SPDX-License-Identifier: MIT OR Apache-2.0
//! The multi-scale matched filter: the map relative to its background, at halving sizes, and what stands out of it.
//!
//! Response at a scale = map smoothed by a Gaussian of that width minus the mean of the surroundings (a Gaussian
//! 2√2 times as wide of the map clipped at ±3 sigma, so that neither the spot nor its neighbours enter). Its noise
//! is that of the response itself in windows of equal ground size, terrain included.

use facula_core::PixelPos;
use rayon::prelude::*;

use crate::detect::sheet::Sheet;
use crate::detect::tiles::{Tiles, clutter_sigma, median, quantile, robust_sigma};
use crate::detect::{DetectOptions, SpotMap};

/// Full width at half maximum of a Gaussian over its sigma: √(8 ln 2).
pub(crate) const FWHM_PER_SIGMA: f64 = 2.354_820_045;
/// Width of the surroundings over that of the spot, in sigmas.
const RING: f64 = 2.828_427;
/// The surroundings are clipped at this many robust sigmas of the single cells.
const CLIP_SIGMA: f32 = 3.0;
/// Variance of a cell's own width, in cells².
const CELL_VARIANCE: f64 = 1.0 / 12.0;
/// A shaded slope lies within so many full widths, and these cells besides, of the lit one: the narrowest filters
/// also see the slopes of wider hills.
const SHADE_FWHM: f64 = 2.5;
const SHADE_CELLS: f64 = 3.0;
/// Radius of the ring of points a peak must stand above, in full widths of the filter.
const RING_FWHM: f64 = 1.6;
const RING_POINTS: usize = 24;
/// The peak must stand above this quantile of the ring: bright neighbours on two sides do not hide it.
const RING_QUANTILE: f64 = 0.4;
/// Cells with less than this weight around them have no response.
const LEAST_WEIGHT: f32 = 0.3;

/// The map at one size, relative to its background: 0 is background.
pub(crate) struct Level {
    pub sheet: Sheet,
    /// Cells of the full map per cell of this one.
    pub factor: f64,
    /// Relative excess times weight.
    pub excess: Vec<f32>,
    /// The same, clipped.
    clipped: Vec<f32>,
    /// Weights; `None` when all are 1.
    pub weight: Option<Vec<f32>>,
}

/// The background and the map at all sizes.
pub(crate) struct Pyramid {
    pub background: Tiles,
    pub levels: Vec<Level>,
}

/// Something that stands out at one scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Cell position in the full map.
    pub at: PixelPos,
    pub fwhm_cells: f64,
    pub response: f64,
    pub sigma: f64,
}

impl Candidate {
    pub fn significance(&self) -> f64 {
        self.response / self.sigma
    }
}

impl Pyramid {
    /// `None` when no tile of the map has enough cells.
    pub fn of(map: &SpotMap<'_>, options: &DetectOptions) -> Option<Self> {
        let sheet = Sheet::of(map.grid);
        let (albedo, quality) = (map.albedo.as_slice(), map.quality.as_slice());
        let usable = |k: usize| albedo[k] > 0.0 && !quality[k].intersects(options.exclude);
        let size_cells = (options.background_km / map.cell_km()).max(32.0);
        let of_cell = |k: usize| if usable(k) { albedo[k] } else { f32::NAN };
        let background = Tiles::of(&sheet, size_cells, of_cell, median)?;
        let relative = relative_to(&background, &sheet, &of_cell);
        let noise = Tiles::of(&sheet, size_cells, |k| relative[k], robust_sigma)?;
        let width = sheet.grid.width;
        let mut clipped = vec![0.0; relative.len()];
        clipped.par_chunks_mut(width).enumerate().for_each_init(Vec::new, |limits, (line, out)| {
            limits.resize(width, 0.0);
            noise.fill_line(line, limits);
            for ((value, limit), source) in out.iter_mut().zip(limits).zip(&relative[line * width..]) {
                let limit = CLIP_SIGMA * *limit;
                *value = if source.is_nan() { 0.0 } else { source.clamp(-limit, limit) };
            }
        });
        let whole = sheet.wraps && sheet.north_pole && sheet.south_pole;
        let weight = (!whole || relative.iter().any(|v| v.is_nan()))
            .then(|| relative.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect());
        let mut excess = relative;
        excess.par_iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
        let first = Level { sheet, factor: 1.0, excess, clipped, weight };
        Some(Self { background, levels: halvings(first) })
    }

    /// Everything that stands out, most significant first.
    pub fn candidates(&self, map: &SpotMap<'_>, options: &DetectOptions) -> Vec<Candidate> {
        let first_cells = (0.7 * map.effective_psf_px).max(1.3);
        let last_cells = (options.largest_km / map.cell_km()).min(map.grid.height as f64 / 6.0);
        let mut found = Vec::new();
        let mut fwhm_cells = first_cells;
        let mut level = 0;
        while fwhm_cells <= last_cells {
            while level + 1 < self.levels.len() && fwhm_cells / self.levels[level + 1].factor >= first_cells {
                level += 1;
            }
            found.extend(self.levels[level].candidates(fwhm_cells, map, options));
            fwhm_cells *= std::f64::consts::SQRT_2;
        }
        let order = |a: &Candidate, b: &Candidate| {
            (b.significance().total_cmp(&a.significance()))
                .then(a.at.y_px.total_cmp(&b.at.y_px))
                .then(a.at.x_px.total_cmp(&b.at.x_px))
                .then(a.fwhm_cells.total_cmp(&b.fwhm_cells))
        };
        found.sort_by(order);
        found
    }

    /// The coarsest level that still resolves a width with six cells.
    pub fn level_for(&self, fwhm_cells: f64) -> &Level {
        let fine = self.levels.iter().rev().find(|level| fwhm_cells / level.factor >= 6.0);
        fine.unwrap_or(&self.levels[0])
    }
}

fn relative_to(background: &Tiles, sheet: &Sheet, of_cell: &(impl Fn(usize) -> f32 + Sync)) -> Vec<f32> {
    let width = sheet.grid.width;
    let mut relative = vec![0.0; width * sheet.grid.height];
    relative.par_chunks_mut(width).enumerate().for_each(|(line, out)| {
        background.fill_line(line, out);
        for (x, value) in out.iter_mut().enumerate() {
            *value = of_cell(line * width + x) / *value - 1.0;
        }
    });
    relative
}

fn halvings(first: Level) -> Vec<Level> {
    let mut levels = vec![first];
    while let Some(next) = levels.last().and_then(Level::halved) {
        levels.push(next);
    }
    levels
}

/// The map smoothed at a scale, and that above its surroundings; NaN where too little is known.
struct Filtered {
    smooth: Vec<f32>,
    response: Vec<f32>,
}

impl Level {
    fn halved(&self) -> Option<Self> {
        let sheet = self.sheet.halved()?;
        let halve = |plane: &Vec<f32>| self.sheet.halve(plane);
        Some(Self {
            sheet,
            factor: 2.0 * self.factor,
            excess: halve(&self.excess),
            clipped: halve(&self.clipped),
            weight: self.weight.as_ref().map(halve),
        })
    }

    /// Mean relative excess at a fractional cell position of this level, and the least weight around it;
    /// `None` outside or where nothing is known.
    pub fn sample(&self, at: PixelPos) -> Option<(f64, f64)> {
        let (width, height) = (self.sheet.grid.width, self.sheet.grid.height);
        let (x0, y0) = (at.x_px.floor(), at.y_px.floor().clamp(0.0, (height - 1) as f64));
        let (fx, fy) = (at.x_px - x0, (at.y_px - y0).clamp(0.0, 1.0));
        let column = |x: f64| {
            if self.sheet.wraps {
                x.rem_euclid(width as f64) as usize % width
            } else {
                x.clamp(0.0, (width - 1) as f64) as usize
            }
        };
        let columns = [column(x0), column(x0 + 1.0)];
        let lines = [y0 as usize, (y0 as usize + 1).min(height - 1)];
        let (mut sum, mut weights, mut least) = (0.0, 0.0, 1.0f64);
        for (line, of_line) in lines.into_iter().zip([1.0 - fy, fy]) {
            for (column, of_column) in columns.into_iter().zip([1.0 - fx, fx]) {
                let k = line * width + column;
                let weight = self.weight.as_ref().map_or(1.0, |w| f64::from(w[k]));
                least = least.min(weight);
                sum += of_line * of_column * f64::from(self.excess[k]);
                weights += of_line * of_column * weight;
            }
        }
        (weights >= 0.5).then(|| (sum / weights, least))
    }

    fn candidates(&self, fwhm_cells: f64, map: &SpotMap<'_>, options: &DetectOptions) -> Vec<Candidate> {
        let fwhm_here = fwhm_cells / self.factor;
        let Filtered { smooth, response } = self.filtered(fwhm_here / FWHM_PER_SIGMA);
        let grid = self.sheet.grid;
        let cell_km = map.cell_km() * self.factor;
        let size_cells = (options.noise_km.max(12.0 * fwhm_here * cell_km) / cell_km).max(24.0);
        let Some(noise) = Tiles::of(&self.sheet, size_cells, |k| response[k], clutter_sigma) else {
            return Vec::new();
        };
        let of_line = |line: usize| {
            let mut found = Vec::new();
            for x in 0..grid.width {
                let value = response[line * grid.width + x];
                if f64::from(value) < options.least_contrast - 1.0 || !self.is_peak(&response, x, line) {
                    continue;
                }
                let sigma = noise.at(x as f64, line as f64).max(f32::MIN_POSITIVE);
                let own = value.min(self.above_ring(&smooth, [x, line], fwhm_here));
                let stands_out = f64::from(own) >= options.least_contrast - 1.0
                    && f64::from(own / sigma) >= options.least_significance;
                if stands_out && !self.is_shading(&response, [x, line], fwhm_here, options) {
                    let full = |c: usize| (c as f64 + 0.5) * self.factor - 0.5;
                    let at = PixelPos::new(full(x), full(line));
                    found.push(Candidate {
                        at,
                        fwhm_cells,
                        response: f64::from(own),
                        sigma: f64::from(sigma),
                    });
                }
            }
            found
        };
        (0..grid.height).into_par_iter().flat_map_iter(of_line).collect()
    }

    fn filtered(&self, sigma_cells: f64) -> Filtered {
        let own_variance = CELL_VARIANCE * (1.0 - self.factor.powi(-2));
        let narrow = (sigma_cells * sigma_cells - own_variance).max(0.05).sqrt();
        let wide = RING * sigma_cells;
        let mut smooth = self.sheet.blur(&self.excess, narrow);
        let mut response = self.sheet.blur(&self.clipped, wide);
        match &self.weight {
            None => response.par_iter_mut().zip(&smooth).for_each(|(ring, near)| *ring = near - *ring),
            Some(weight) => {
                let (near, far) = (self.sheet.blur(weight, narrow), self.sheet.blur(weight, wide));
                let weights = near.par_iter().zip(&far);
                smooth.par_iter_mut().zip(&mut response).zip(weights).for_each(
                    |((value, ring), (near, far))| {
                        let known = *near > LEAST_WEIGHT && *far > LEAST_WEIGHT;
                        *value = if known { *value / near } else { f32::NAN };
                        *ring = *value - *ring / far;
                    },
                );
            }
        }
        Filtered { smooth, response }
    }

    /// How far the smoothed map at a cell stands above (most of) a ring around it: a peak on a plateau that is
    /// bright as a whole does not.
    fn above_ring(&self, smooth: &[f32], at: [usize; 2], fwhm_cells: f64) -> f32 {
        let [x, line] = at;
        let height = self.sheet.grid.height;
        let on_ring = |k: usize| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / RING_POINTS as f64).sin_cos();
            let y = (line as f64 + RING_FWHM * fwhm_cells * sin).round();
            if !(0.0..height as f64).contains(&y) {
                return f32::NAN;
            }
            let across = RING_FWHM * fwhm_cells * cos / self.sheet.cos_latitude(y as usize);
            let x = self.column(x, across.round() as i64);
            x.map_or(f32::NAN, |x| smooth[y as usize * self.sheet.grid.width + x])
        };
        let mut ring: Vec<f32> = (0..RING_POINTS).map(on_ring).filter(|v| !v.is_nan()).collect();
        if ring.len() < RING_POINTS / 4 {
            return f32::NAN;
        }
        smooth[line * self.sheet.grid.width + x] - quantile(&mut ring, RING_QUANTILE)
    }

    /// Larger than its eight neighbours; of equals the first one counts.
    fn is_peak(&self, response: &[f32], x: usize, line: usize) -> bool {
        let width = self.sheet.grid.width;
        let here = line * width + x;
        let value = response[here];
        let lines = line.saturating_sub(1)..=(line + 1).min(self.sheet.grid.height - 1);
        lines.into_iter().all(|y| {
            (-1..=1i64).all(|dx| match self.column(x, dx).map(|x| y * width + x) {
                Some(there) if there < here => !(response[there] >= value),
                Some(there) if there > here => !(response[there] > value),
                _ => true,
            })
        })
    }

    /// A slope lit by the Sun has a shaded one beside it, as dark as the first is bright; a facula has not.
    fn is_shading(&self, response: &[f32], at: [usize; 2], fwhm_cells: f64, options: &DetectOptions) -> bool {
        let [x, line] = at;
        let width = self.sheet.grid.width;
        let limit = -options.shading_fraction as f32 * response[line * width + x];
        let reach = (SHADE_FWHM * fwhm_cells + SHADE_CELLS).ceil() as usize;
        let lines = line.saturating_sub(reach)..=(line + reach).min(self.sheet.grid.height - 1);
        lines.into_iter().any(|y| {
            let across = (reach as f64 / self.sheet.cos_latitude(y)).min(width as f64 / 4.0) as i64;
            (-across..=across).filter_map(|dx| self.column(x, dx)).any(|x| response[y * width + x] < limit)
        })
    }

    fn column(&self, x: usize, dx: i64) -> Option<usize> {
        let width = self.sheet.grid.width as i64;
        let there = x as i64 + dx;
        if self.sheet.wraps {
            Some(there.rem_euclid(width) as usize)
        } else {
            (0..width).contains(&there).then_some(there as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid, Quality, Raster};

    /// A body of 470 km on 256 lines (5.8 km a cell), flat but for `paint`, with a checkered noise of 0.1 %.
    fn searched(paint: impl Fn(i64, i64) -> f64) -> Vec<Candidate> {
        let grid = MapGrid::global(256);
        let value = |k: usize| {
            let (x, y) = ((k % 512) as i64, (k / 512) as i64);
            let noise = 1e-3 * (((x * 7919 + y * 104_729) % 101) as f64 / 50.0 - 1.0);
            (0.1 * (1.0 + noise) * (1.0 + paint(x - 256, y - 128))) as f32
        };
        let albedo = Raster::from_vec(512, 256, (0..512 * 256).map(value).collect()).unwrap();
        let quality = albedo.map(|_| Quality::GOOD);
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
        let options = DetectOptions { background_km: 600.0, noise_km: 600.0, ..DetectOptions::default() };
        Pyramid::of(&map, &options).unwrap().candidates(&map, &options)
    }

    #[test]
    fn a_gaussian_spot_is_seen_best_at_its_own_width() {
        let fwhm = 8.0;
        let found = searched(|x, y| 0.5 * (-((x * x + y * y) as f64) * 2.7726 / (fwhm * fwhm)).exp());
        let best = found[0];
        assert!((best.at.x_px - 256.0).abs() <= 2.0 && (best.at.y_px - 128.0).abs() <= 2.0, "{best:?}");
        assert!(best.fwhm_cells > 0.4 * fwhm && best.fwhm_cells < 2.0 * fwhm, "{best:?}");
    }

    #[test]
    fn lit_and_shaded_slopes_are_not_candidates() {
        let bump = |x: i64, y: i64| (-((x * x + y * y) as f64) / 6.0).exp();
        assert!(searched(|x, y| 0.2 * bump(x - 3, y) - 0.2 * bump(x + 3, y)).is_empty());
        assert!(!searched(|x, y| 0.2 * bump(x - 3, y)).is_empty());
    }

    #[test]
    fn noise_on_a_bright_plateau_is_not_a_candidate() {
        let plateau = searched(|x, y| if x.abs() < 12 && y.abs() < 12 { 0.3 } else { 0.0 });
        // Its corners stand out at small scales, its middle only as a whole.
        let middle = |c: &&Candidate| (c.at.x_px - 256.0).abs() < 7.0 && (c.at.y_px - 128.0).abs() < 7.0;
        assert!(plateau.iter().filter(middle).all(|c| c.fwhm_cells > 3.0), "{plateau:?}");
        assert!(plateau[0].fwhm_cells > 10.0);
    }
}
