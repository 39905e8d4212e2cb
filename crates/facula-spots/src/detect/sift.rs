// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which extremes of a filtered map are candidates: significant, standing out on all sides, not one half of a lit and a
//! shaded slope.
//!
//! The threshold at each scale is where one in a million independent cells (an option) would pass by chance. Chance is
//! what the troughs of the same response say: noise and relief make as many troughs as peaks, bright spots make none.
//! Their tail beyond the noise is taken for exponential (Pickands 1975, Ann. Stat. 3, 119, shape 0).

use facula_core::PixelPos;
use rayon::prelude::*;

use crate::Polarity;
use crate::detect::ground::View;
use crate::detect::scales::{Candidate, point_cells};
use crate::detect::search::{Extreme, Filter, Scanned};
use crate::detect::sheet::{Sheet, gaussian};
use crate::detect::tiles::{Tiles, clutter_sigma, quantile};
use crate::detect::{DetectOptions, Slopes, SpotMap};

/// A shaded slope lies within so many full widths, and these cells besides, of the lit one: the narrowest filters
/// also see the slopes of wider hills.
const SHADE_FWHM: f64 = 2.5;
const SHADE_CELLS: f64 = 3.0;
/// A companion is deeper than this many sigmas: shallower ones lie beside one in twenty faint spots by chance.
const LEAST_COMPANION: f64 = 4.0;
/// Radius of the ring of points a peak must stand above, in full widths of the filter.
const RING_FWHM: f64 = 1.6;
const RING_POINTS: usize = 24;
/// The peak must stand above this quantile of the ring: bright neighbours on two sides do not hide it.
const RING_QUANTILE: f64 = 0.4;
/// What the ring may say too much by its own noise, in sigmas of the response, for faint peaks: none for those of
/// [`RING_SIGMA`] and more.
const RING_ERROR: f64 = 2.0;
const RING_SIGMA: f64 = 10.0;
/// Sigmas beyond the least significance that filters narrower than the point-spread function ask, and wider ones for
/// each doubling.
const SURPLUS_NARROW: f64 = 0.7;
const SURPLUS_OCTAVE: f64 = 0.35;
/// Windows of the noise are at least this many filters wide.
const WINDOW_FWHM: f64 = 12.0;
/// Deepest troughs from which the tail is told, and the fewest that tell one.
const TAIL: usize = 60;
const FEWEST: usize = 15;
/// No tail asks for more than this: beyond it few troughs pretend to know.
const LARGEST_SIGNIFICANCE: f64 = 12.0;

/// Sifts what the filters of one size found.
pub(crate) struct Sieve<'a> {
    pub view: View<'a>,
    pub map: &'a SpotMap<'a>,
    pub options: &'a DetectOptions,
    /// Size of the windows of the noise, km.
    pub noise_km: f64,
}

impl Sieve<'_> {
    /// The candidates of one filter.
    pub fn sift(&self, filter: &Filter, scanned: Scanned) -> Vec<Candidate> {
        let Some(noise) = self.noise(filter, &scanned, Polarity::Bright) else { return Vec::new() };
        // Dark spots must not enter the noise they are measured against.
        let dark = self.options.search.includes(Polarity::Dark);
        let noise_of_dark = dark.then(|| self.noise(filter, &scanned, Polarity::Dark)).flatten();
        let sigma_in = |noise: &Tiles, e: &Extreme| {
            f64::from(noise.at(f64::from(e.x), f64::from(e.line)).max(f32::MIN_POSITIVE))
        };
        let sigma_at = |e: &Extreme| match &noise_of_dark {
            Some(of_dark) if e.response < 0.0 => sigma_in(of_dark, e),
            _ => sigma_in(&noise, e),
        };
        let least = self.threshold(filter, &scanned, |e| sigma_in(&noise, e));
        let factor = self.view.factor();
        let kernel = gaussian(filter.narrow_cells);
        let candidate = |extreme: &Extreme| {
            let polarity = if extreme.response > 0.0 { Polarity::Bright } else { Polarity::Dark };
            let sigma = sigma_at(extreme);
            let height = f64::from(extreme.response.abs());
            let passes = |height: f64| height >= self.options.least_contrast - 1.0 && height / sigma >= least;
            if !self.options.search.includes(polarity) || !passes(height) {
                return None;
            }
            let ring_error = RING_ERROR * (sigma - height / RING_SIGMA).max(0.0);
            let own = height.min(self.above_ring(extreme, filter, &kernel) + ring_error);
            let companion = self.companion(extreme, filter, &scanned.extremes, sigma_at);
            let slope = companion > self.options.shading_fraction;
            if !passes(own) || (slope && self.options.slopes == Slopes::LeftOut) {
                return None;
            }
            let full = |c: u32| (f64::from(c) + 0.5) * factor - 0.5;
            Some(Candidate {
                at: PixelPos::new(full(extreme.x), full(extreme.line)),
                polarity,
                fwhm_cells: filter.fwhm_cells * factor,
                response: own,
                sigma,
                least_significance: least,
                companion,
            })
        };
        scanned.extremes.par_iter().filter_map(candidate).collect()
    }

    /// The noise that spots of a polarity stand out of, told from the other side.
    fn noise(&self, filter: &Filter, scanned: &Scanned, polarity: Polarity) -> Option<Tiles> {
        let sign = if polarity == Polarity::Dark { -1.0 } else { 1.0 };
        let sheet = self.view.sheet();
        let cell_km = self.map.cell_km() * self.view.factor();
        let size_cells = (self.noise_km.max(WINDOW_FWHM * filter.fwhm_cells * cell_km) / cell_km).max(24.0);
        let width = scanned.drawn_width;
        let drawn = Sheet {
            grid: facula_core::MapGrid {
                width,
                height: scanned.drawn.len() / width.max(1),
                step_rad: sheet.grid.step_rad * scanned.stride as f64,
                ..sheet.grid
            },
            ..*sheet
        };
        let of =
            Tiles::of(&drawn, size_cells / scanned.stride as f64, |k| sign * scanned.drawn[k], clutter_sigma);
        of.map(|tiles| tiles.spread_over(sheet))
    }

    /// The significance that one in so many independent cells reaches by chance.
    fn threshold(&self, filter: &Filter, scanned: &Scanned, sigma: impl Fn(&Extreme) -> f64) -> f64 {
        let sheet = self.view.sheet();
        let ground: f64 = (0..sheet.grid.height).map(|line| sheet.cos_latitude(line)).sum();
        let cells = ground * sheet.grid.width as f64 / (filter.fwhm_cells * filter.fwhm_cells).max(1.0);
        let troughs = scanned.extremes.iter().filter(|e| e.response < 0.0);
        let depths = troughs.map(|e| f64::from(-e.response) / sigma(e)).collect();
        let tail = tail_threshold(depths, cells, self.options.false_alarm_rate);
        let width_psf = filter.fwhm_cells * self.view.factor() / point_cells(self.map.effective_psf_px);
        tail.min(LARGEST_SIGNIFICANCE).max(self.options.least_significance + surplus(width_psf))
    }

    /// How far the smoothed map at a cell stands above (most of) a ring around it: a peak on a plateau that is
    /// bright as a whole does not.
    fn above_ring(&self, extreme: &Extreme, filter: &Filter, kernel: &[f32]) -> f64 {
        let sheet = self.view.sheet();
        let sign = extreme.response.signum();
        let on_ring = |k: usize| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / RING_POINTS as f64).sin_cos();
            let y = (f64::from(extreme.line) + RING_FWHM * filter.fwhm_cells * sin).round();
            if !(0.0..sheet.grid.height as f64).contains(&y) {
                return f32::NAN;
            }
            let across = RING_FWHM * filter.fwhm_cells * cos / sheet.cos_latitude(y as usize);
            let x = sheet.column(extreme.x as usize, across.round() as i64);
            x.map_or(f32::NAN, |x| sign * self.smooth([y as usize, x], filter, kernel))
        };
        let mut ring: Vec<f32> = (0..RING_POINTS).map(on_ring).filter(|v| !v.is_nan()).collect();
        if ring.len() < RING_POINTS / 4 {
            return f64::NAN;
        }
        let own = sign * self.smooth([extreme.line as usize, extreme.x as usize], filter, kernel);
        f64::from(own + sign * extreme.between - quantile(&mut ring, RING_QUANTILE))
    }

    /// The smoothed map at one cell; NaN where too little is known.
    fn smooth(&self, [line, x]: [usize; 2], filter: &Filter, down: &[f32]) -> f32 {
        let sheet = self.view.sheet();
        let (mut sum, mut weights) = (0.0f32, 0.0f32);
        for (j, of_line) in down.iter().enumerate() {
            let Some((there, half_turn)) =
                sheet.source_line(line as i64 + j as i64 - (down.len() / 2) as i64)
            else {
                continue;
            };
            let cos = sheet.cos_latitude(there);
            let stretched = (cos < 0.999)
                .then(|| gaussian((filter.narrow_cells / cos).min(sheet.grid.width as f64 / 12.0)));
            let across = stretched.as_deref().unwrap_or(down);
            let turn = if half_turn { sheet.grid.width / 2 } else { 0 };
            for (k, of_column) in across.iter().enumerate() {
                if let Some(column) = sheet.column(x, (turn + k) as i64 - (across.len() / 2) as i64) {
                    let (value, weight) = self.view.cell(there, column);
                    sum += of_line * of_column * value;
                    weights += of_line * of_column * weight;
                }
            }
        }
        if weights > 0.3 { sum / weights } else { f32::NAN }
    }

    /// A slope lit by the Sun has a shaded one beside it, as dark as the first is bright; a facula has not. The depth
    /// of the deepest trough nearby over the height of the peak (or the other way round).
    fn companion(
        &self,
        extreme: &Extreme,
        filter: &Filter,
        all: &[Extreme],
        sigma: impl Fn(&Extreme) -> f64,
    ) -> f64 {
        let sheet = self.view.sheet();
        let reach = (SHADE_FWHM * filter.fwhm_cells + SHADE_CELLS).ceil();
        let lines = [f64::from(extreme.line) - reach, f64::from(extreme.line) + reach];
        let first = all.partition_point(|e| f64::from(e.line) < lines[0]);
        let last = all.partition_point(|e| f64::from(e.line) <= lines[1]);
        let width = sheet.grid.width as f64;
        let near = |e: &&Extreme| {
            let dx = f64::from(e.x) - f64::from(extreme.x);
            let dx = if sheet.wraps { (dx + 0.5 * width).rem_euclid(width) - 0.5 * width } else { dx };
            let cos = sheet.cos_latitude(e.line as usize);
            let north = f64::from(extreme.line) - f64::from(e.line);
            e.response * extreme.response < 0.0
                && dx.abs() <= (reach / cos).min(width / 4.0)
                && self.options.sun_azimuth_rad.is_none_or(|sun_rad| is_along(sun_rad, dx * cos, north))
        };
        let stands_out = |e: &&Extreme| f64::from(e.response.abs()) >= LEAST_COMPANION * sigma(e);
        let found = all[first..last].iter().filter(near).filter(stands_out);
        let depths = found.map(|e| f64::from((e.response / extreme.response).abs()));
        depths.fold(0.0, f64::max)
    }
}

/// What filters ask beyond the least significance, by their width in point-spread functions. Nearly all chance comes from
/// the narrow ones, and only that as wide as the point-spread function sees faint points best: it may spend the false
/// alarms. Wider spots of the same height have far more significance than these sigmas.
fn surplus(width_psf: f64) -> f64 {
    if width_psf < 0.9 { SURPLUS_NARROW } else { (SURPLUS_OCTAVE * width_psf.log2()).clamp(0.0, 1.0) }
}

/// Whether an offset lies within 45° of the line to the Sun, on either side: a hill is dark behind, a bowl before.
fn is_along(sun_azimuth_rad: f64, east: f64, north: f64) -> bool {
    let (sin, cos) = sun_azimuth_rad.sin_cos();
    (east * sin + north * cos).abs() >= (east * cos - north * sin).abs()
}

/// Where the exponential tail of the deepest troughs falls to one in `1 / rate` of the independent cells; 0 when there
/// are too few of them.
fn tail_threshold(mut depths: Vec<f64>, cells: f64, rate: f64) -> f64 {
    depths.sort_by(|a, b| b.total_cmp(a));
    let count = TAIL.min(depths.len().saturating_sub(1));
    if count < FEWEST {
        return 0.0;
    }
    let least = depths[count];
    // The median is not moved by a few true holes: log 2 of the mean of an exponential.
    let scale = (depths[count / 2] - least) / std::f64::consts::LN_2;
    let share = count as f64 / (cells * rate);
    least + scale * share.max(1.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companions_count_towards_the_sun_and_away_from_it() {
        let east_rad = std::f64::consts::FRAC_PI_2;
        assert!(
            is_along(east_rad, 3.0, 1.0) && is_along(east_rad, -3.0, 1.0) && !is_along(east_rad, 1.0, -3.0)
        );
        assert!(is_along(0.0, 1.0, -3.0) && !is_along(0.0, 3.0, 1.0));
    }

    #[test]
    fn the_tail_of_an_exponential_is_continued_to_the_rate() {
        // Quantiles of 100,000 exponential depths of mean 0.5: one in a million lies beyond 0.5 ln 1e6 = 6.91.
        let depths: Vec<f64> = (0..100_000).map(|k| -0.5 * f64::ln((f64::from(k) + 0.5) / 1e5)).collect();
        let found = tail_threshold(depths, 1e5, 1e-6);
        assert!((found - 6.91).abs() < 0.25, "{found}");
        assert_eq!(tail_threshold(vec![9.0; 10], 1e5, 1e-6), 0.0);
    }
}
