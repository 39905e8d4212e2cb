// SPDX-License-Identifier: MIT OR Apache-2.0
//! The multi-scale matched filter: the map relative to its background, at halving sizes, and what stands out of it.
//!
//! Response at a scale = map smoothed by a Gaussian of that width minus the mean of the surroundings (a Gaussian
//! 2√2 times as wide, for the narrowest 8 times where single cells are noise, of the map clipped at ±3 sigma, so that neither the spot nor its
//! neighbours enter; it is taken at half the size). Its noise is that of the response itself in windows of equal ground size, terrain included.

use facula_core::PixelPos;

use crate::Polarity;
use crate::detect::ground::{Clutter, Ground, Level, View};
use crate::detect::search::{Filter, Scan};
use crate::detect::sift::Sieve;
use crate::detect::{DetectOptions, SpotMap};

/// Full width at half maximum of a Gaussian over its sigma: √(8 ln 2).
pub(crate) const FWHM_PER_SIGMA: f64 = 2.354_820_045;

/// The narrowest filter where the point-spread function is not known, cells.
const LEAST_CELLS: f64 = 1.3;
/// A size shows filters at least this wide in its own cells: summits and noise of narrower ones fall between them.
const SAMPLED_CELLS: f64 = 1.9;

/// The background and the map at all sizes.
pub(crate) struct Pyramid<'a> {
    pub ground: Ground<'a>,
    levels: Vec<Level>,
    clutter: Clutter,
}

/// Something that stands out at one scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Cell position in the full map.
    pub at: PixelPos,
    pub polarity: Polarity,
    pub fwhm_cells: f64,
    /// Relative excess, positive for dark spots too.
    pub response: f64,
    pub sigma: f64,
    /// Least significance at this scale.
    pub least_significance: f64,
    /// Depth of the deepest opposite companion over the response.
    pub companion: f64,
}

impl Candidate {
    pub fn significance(&self) -> f64 {
        self.response / self.sigma
    }
}

impl<'a> Pyramid<'a> {
    /// `None` when no tile of the map has enough cells.
    pub fn of(map: &SpotMap<'a>, options: &DetectOptions) -> Option<Self> {
        let ground = Ground::of(map, options)?;
        let mut levels: Vec<Level> = Level::first(&ground).into_iter().collect();
        while let Some(next) = levels.last().and_then(Level::halved) {
            levels.push(next);
        }
        let clutter = levels.first().map_or(Clutter::Relief, |level| level.clutter(&ground));
        Some(Self { ground, levels, clutter })
    }

    /// The size number `index`, 0 the full one.
    pub fn view(&self, index: usize) -> View<'_> {
        View { ground: &self.ground, level: index.checked_sub(1).map(|k| &self.levels[k]) }
    }

    /// Everything that stands out, most significant first.
    pub fn candidates(&self, map: &SpotMap<'_>, options: &DetectOptions) -> Vec<Candidate> {
        let first_cells = narrowest_cells(map.effective_psf_px);
        let last_cells =
            (options.largest_km / map.cell_km()).min(map.grid.height.min(map.grid.width) as f64 / 6.0);
        let mut found = Vec::new();
        let mut fwhm_cells = first_cells;
        for index in 0..=self.levels.len() {
            let factor = self.view(index).factor();
            let mut widths = Vec::new();
            let here = |fwhm: f64| index == self.levels.len() || fwhm < 2.0 * factor * SAMPLED_CELLS;
            while fwhm_cells <= last_cells && here(fwhm_cells) {
                widths.push(fwhm_cells);
                fwhm_cells *= std::f64::consts::SQRT_2;
            }
            if !widths.is_empty() {
                found.extend(self.at_level(index, &widths, map, options));
            }
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

    fn at_level(
        &self,
        index: usize,
        widths_cells: &[f64],
        map: &SpotMap<'_>,
        options: &DetectOptions,
    ) -> Vec<Candidate> {
        let view = self.view(index);
        let point = (point_cells(map.effective_psf_px), self.clutter);
        let filter = |fwhm: &f64| Filter::new(*fwhm / view.factor(), view.factor(), point);
        let filters: Vec<Filter> = widths_cells.iter().map(filter).collect();
        // An extreme that is no spot may be the companion of one.
        let least = options.least_contrast - 1.0;
        let companion = least * options.shading_fraction.min(0.5);
        let of = |polarity| if options.search.includes(polarity) { least } else { f64::INFINITY };
        let height = of(Polarity::Bright).min(if of(Polarity::Dark) == least { companion } else { least });
        let depth = of(Polarity::Dark).min(companion);
        let least = [height as f32, depth as f32];
        let scan = Scan { view, below: self.levels.get(index), filters: &filters, least };
        let of_cells_km = match self.clutter {
            Clutter::Noise => options.noise_cells * map.cell_km(),
            Clutter::Relief => f64::INFINITY,
        };
        let sieve = Sieve { view, map, options, noise_km: options.noise_km.min(of_cells_km) };
        let scanned = scan.run();
        filters.iter().zip(scanned).flat_map(|(filter, of_filter)| sieve.sift(filter, of_filter)).collect()
    }

    /// The coarsest size that still resolves a width with six cells.
    pub fn view_for(&self, fwhm_cells: f64) -> View<'_> {
        let fine = (1..=self.levels.len()).rev().find(|k| fwhm_cells / self.view(*k).factor() >= 6.0);
        self.view(fine.unwrap_or(0))
    }
}

/// The narrowest filter: half an octave below the point-spread function, where cells show that, to part close spots; so
/// one filter is as wide as the point-spread function itself, which sees faint points best.
fn narrowest_cells(psf_cells: f64) -> f64 {
    let narrow_cells = psf_cells / std::f64::consts::SQRT_2;
    if narrow_cells >= LEAST_CELLS { narrow_cells } else { point_cells(psf_cells) }
}

/// Width of a point on the map.
pub(crate) fn point_cells(psf_cells: f64) -> f64 {
    if psf_cells >= 1.0 { psf_cells } else { LEAST_CELLS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid, Quality, Random, Raster};

    /// A body of 470 km on 256 lines (5.8 km a cell), flat but for `paint`, with white noise of 0.1 %.
    fn searched(paint: impl Fn(i64, i64) -> f64) -> Vec<Candidate> {
        let grid = MapGrid::global(256);
        let mut random = Random::new(1, 1);
        let value = |k: usize| {
            let (x, y) = ((k % 512) as i64, (k / 512) as i64);
            let noise = 1e-3 * random.normal_pair().0;
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
