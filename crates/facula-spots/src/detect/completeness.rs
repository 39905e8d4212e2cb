// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much of what is there is found, and how much of what is found is there: discs of known size and contrast put
//! into the user's own map, at random places, a few dozen at a time; and the map turned over, whose spots are chance
//! (noise and relief make as many dark spots as bright ones) or dark.

use std::f64::consts::TAU;

use facula_core::{LonLat, PixelPos, Random, Raster, Reporter, Silent};

use crate::detect::psf::profile;
use crate::detect::scales::FWHM_PER_SIGMA;
use crate::detect::{DetectOptions, Search, SpotMap, check, detect};
use crate::{Spot, SpotError};

/// Which discs are put in.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletenessOptions {
    /// How spots are detected.
    pub detect: DetectOptions,
    /// Diameters of the discs, km.
    pub diameters_km: Vec<f64>,
    /// Ratios of the discs (before the point-spread function) to their surroundings, above 1.
    pub contrasts: Vec<f64>,
    /// Discs of each size and contrast.
    pub discs_each: usize,
    /// Largest share of the map that one round of injections may cover.
    pub crowding_fraction: f64,
}

impl Default for CompletenessOptions {
    fn default() -> Self {
        Self {
            detect: DetectOptions::default(),
            diameters_km: vec![1.0, 2.0, 4.0, 8.0, 16.0],
            contrasts: vec![1.1, 1.2, 1.5, 2.0, 4.0],
            discs_each: 40,
            crowding_fraction: 0.02,
        }
    }
}

/// Completeness at one size and contrast.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletenessCell {
    /// Diameter of the discs, km.
    pub diameter_km: f64,
    /// Ratio of the discs to their surroundings.
    pub contrast: f64,
    /// Discs put in on ground with data, off the map's own spots.
    pub injected_count: usize,
    /// Discs found.
    pub found_count: usize,
    /// Found over injected; NaN when none could be put in.
    pub completeness: f64,
    /// Lower end of its 68 % range (Wilson 1927).
    pub completeness_low: f64,
    /// Upper end of its 68 % range.
    pub completeness_high: f64,
    /// Median distance of the report from the disc's centre, km; NaN when none was found.
    pub position_error_km: f64,
    /// Median of measured over true excess brightness; NaN when none was found.
    pub excess_ratio: f64,
}

/// Reliability of the reports of one range of sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Least diameter as seen, km.
    pub least_km: f64,
    /// Largest diameter as seen, km (infinite for the last).
    pub largest_km: f64,
    /// Spots of the map.
    pub report_count: usize,
    /// Spots of the map turned over: an upper bound to the expected number of false alarms.
    pub mirrored_count: usize,
    /// 1 − mirrored over reports, at least 0: a lower bound; NaN without reports.
    pub reliability: f64,
}

/// What [`completeness`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletenessTable {
    /// One row per diameter and contrast, diameters first.
    pub cells: Vec<CompletenessCell>,
    /// One row per range of sizes between the diameters of the options.
    pub reliability: Vec<Reliability>,
}

/// Puts discs into the map, searches it, and counts. The same seed gives the same table.
///
/// # Errors
/// [`SpotError::Argument`] for options out of range, and those of [`detect`].
pub fn completeness(
    map: &SpotMap<'_>,
    options: &CompletenessOptions,
    seed: u64,
    report: &dyn Reporter,
) -> Result<CompletenessTable, SpotError> {
    check(map, &options.detect)?;
    check_discs(options)?;
    let bright = DetectOptions { search: Search::Bright, most_spots: usize::MAX, ..options.detect.clone() };
    let own = detect(map, &bright, report)?;
    let mirrored = detect(map, &DetectOptions { search: Search::Dark, ..bright.clone() }, &Silent)?;
    let mut tries = injections(map, options, (&own, seed));
    let mut albedo = map.albedo.clone();
    for round in rounds(map, options, &tries) {
        for k in &round {
            inject(map, &mut albedo, &tries[*k]);
        }
        let spots = detect(&SpotMap { albedo: &albedo, ..*map }, &bright, &Silent)?;
        for k in &round {
            tries[*k].found = found(map, &tries[*k], &spots);
        }
        albedo.as_mut_slice().copy_from_slice(map.albedo.as_slice());
    }
    let cells = options.diameters_km.iter().flat_map(|d| options.contrasts.iter().map(|c| (*d, *c)));
    let cells = cells.map(|(diameter_km, contrast)| cell(&tries, diameter_km, contrast)).collect();
    Ok(CompletenessTable { cells, reliability: reliability(&options.diameters_km, &own, &mirrored) })
}

fn check_discs(options: &CompletenessOptions) -> Result<(), SpotError> {
    let bad = |what, found: String, remedy| Err(SpotError::Argument { what, found, remedy });
    let sizes = &options.diameters_km;
    if sizes.is_empty() || sizes.iter().any(|d| !(*d > 0.0 && d.is_finite())) || !sizes.is_sorted() {
        return bad("diameters_km", format!("{sizes:?}"), "give growing positive diameters");
    }
    if options.contrasts.is_empty() || options.contrasts.iter().any(|c| !(*c > 1.0 && c.is_finite())) {
        return bad("contrasts", format!("{:?}", options.contrasts), "give ratios above 1");
    }
    if !(options.crowding_fraction > 0.0 && options.crowding_fraction <= 0.2) {
        return bad("crowding_fraction", options.crowding_fraction.to_string(), "give a share up to 0.2");
    }
    Ok(())
}

/// A disc and what became of it: distance (km) and excess ratio of the report.
struct Try {
    place: LonLat,
    diameter_km: f64,
    contrast: f64,
    found: Option<(f64, f64)>,
}

impl Try {
    /// Ground that its light reaches, km from the centre.
    fn reach_km(&self, psf_km: f64) -> f64 {
        0.5 * self.diameter_km + 4.0 * psf_km / FWHM_PER_SIGMA
    }
}

fn psf_km(map: &SpotMap<'_>) -> f64 {
    map.effective_psf_px.max(1.0) * map.cell_km()
}

/// Discs on ground with data, off the map's own spots; fewer than asked where hardly any such ground is found.
fn injections(map: &SpotMap<'_>, options: &CompletenessOptions, (own, seed): (&[Spot], u64)) -> Vec<Try> {
    let mut random = Random::new(seed, 0);
    let radius_km = map.ellipsoid.mean_radius_km();
    let psf_km = psf_km(map);
    let mut tries = Vec::new();
    for diameter_km in &options.diameters_km {
        for contrast in &options.contrasts {
            let mut left = options.discs_each;
            for _ in 0..30 * options.discs_each {
                if left == 0 {
                    break;
                }
                let place = LonLat::of(random.direction());
                let disc = Try { place, diameter_km: *diameter_km, contrast: *contrast, found: None };
                let clear = |spot: &Spot| {
                    let apart_km = spot.place.separation_rad(place) * radius_km;
                    apart_km > spot.diameter_km + disc.reach_km(psf_km)
                };
                if has_data(map, options, &disc) && own.iter().all(clear) {
                    tries.push(disc);
                    left -= 1;
                }
            }
        }
    }
    tries
}

/// Whether the centre and eight places around it at the disc's reach have values.
fn has_data(map: &SpotMap<'_>, options: &CompletenessOptions, disc: &Try) -> bool {
    let frame = super::window::Frame::at(disc.place, &map.ellipsoid);
    let reach_km = disc.reach_km(psf_km(map));
    let known = |place: LonLat| {
        let cell = map
            .grid
            .position(place)
            .map(|at| (at.x_px.round().max(0.0) as usize, at.y_px.round().max(0.0) as usize));
        let value = cell.and_then(|(x, y)| Some((map.albedo.get(x, y)?, map.quality.get(x, y)?)));
        value.is_some_and(|(albedo, quality)| albedo > 0.0 && !quality.intersects(options.detect.exclude))
    };
    let around = |k: u32| {
        let (sin, cos) = (TAU * f64::from(k) / 8.0).sin_cos();
        frame.place(reach_km * cos, reach_km * sin)
    };
    known(disc.place) && (0..8).all(|k| known(around(k)))
}

/// Groups of discs that lie far enough from each other.
fn rounds(map: &SpotMap<'_>, options: &CompletenessOptions, tries: &[Try]) -> Vec<Vec<usize>> {
    let psf_km = psf_km(map);
    let radius_km = map.ellipsoid.mean_radius_km();
    let body_km2 = 2.0 * TAU * radius_km * radius_km;
    let share = |disc: &Try| 0.5 * TAU * (2.0 * disc.reach_km(psf_km)).powi(2) / body_km2;
    let mut rounds: Vec<(Vec<usize>, f64)> = Vec::new();
    for (k, disc) in tries.iter().enumerate() {
        let fits = |(round, used): &&mut (Vec<usize>, f64)| {
            let apart = |other: &usize| {
                let other = &tries[*other];
                let apart_km = disc.place.separation_rad(other.place) * radius_km;
                apart_km > 2.0 * (disc.reach_km(psf_km) + other.reach_km(psf_km))
            };
            *used + share(disc) <= options.crowding_fraction && round.iter().all(apart)
        };
        match rounds.iter_mut().find(fits) {
            Some((round, used)) => {
                round.push(k);
                *used += share(disc);
            }
            None => rounds.push((vec![k], share(disc))),
        }
    }
    rounds.into_iter().map(|(round, _)| round).collect()
}

/// Multiplies the ground by one plus the blurred disc's excess.
fn inject(map: &SpotMap<'_>, albedo: &mut Raster<f32>, disc: &Try) {
    const STEPS: usize = 256;
    let grid = map.grid;
    let radius_km = map.ellipsoid.mean_radius_km();
    let sigma_km = psf_km(map) / FWHM_PER_SIGMA;
    let reach_km = disc.reach_km(psf_km(map));
    let at_step =
        |k: usize| profile(0.5 * disc.diameter_km, k as f64 / (STEPS - 1) as f64 * reach_km, sigma_km);
    let heights: Vec<f64> = (0..STEPS).map(at_step).collect();
    let Some(middle) = grid.position(disc.place) else { return };
    let reach_lines = (reach_km / radius_km / grid.step_rad).ceil() as i64 + 1;
    let lines = (middle.y_px as i64 - reach_lines).max(0)
        ..(middle.y_px as i64 + reach_lines + 1).min(grid.height as i64);
    for line in lines {
        let cos = grid.place(PixelPos::new(0.0, line as f64)).latitude_rad.cos();
        let across = ((1.1 * reach_lines as f64 / cos.max(1e-6)) as usize + 1).min(grid.width / 2);
        for dx in 0..(2 * across + 1).min(grid.width) {
            let x = (middle.x_px.max(0.0) as usize + grid.width + dx - across) % grid.width;
            let place = grid.place(PixelPos::new(x as f64, line as f64));
            let step = place.separation_rad(disc.place) * radius_km / reach_km * (STEPS - 1) as f64;
            if step < (STEPS - 1) as f64 {
                let (k, fraction) = (step as usize, step.fract());
                let height = heights[k] + (heights[k + 1] - heights[k]) * fraction;
                let value = f64::from(albedo.at(x, line as usize)) * (1.0 + (disc.contrast - 1.0) * height);
                albedo.set(x, line as usize, value as f32);
            }
        }
    }
}

/// Distance and excess ratio of the nearest report within half a diameter or a point-spread function.
fn found(map: &SpotMap<'_>, disc: &Try, spots: &[Spot]) -> Option<(f64, f64)> {
    let radius_km = map.ellipsoid.mean_radius_km();
    let apart_km = |spot: &Spot| spot.place.separation_rad(disc.place) * radius_km;
    let nearest = spots.iter().min_by(|a, b| apart_km(a).total_cmp(&apart_km(b)))?;
    let excess_km2 = TAU / 8.0 * disc.diameter_km * disc.diameter_km * (disc.contrast - 1.0);
    let distance_km = apart_km(nearest);
    (distance_km <= (0.5 * disc.diameter_km).max(psf_km(map)))
        .then(|| (distance_km, nearest.excess_km2 / excess_km2))
}

fn cell(tries: &[Try], diameter_km: f64, contrast: f64) -> CompletenessCell {
    let of: Vec<&Try> =
        tries.iter().filter(|t| t.diameter_km == diameter_km && t.contrast == contrast).collect();
    let found: Vec<(f64, f64)> = of.iter().filter_map(|t| t.found).collect();
    let [completeness_low, completeness_high] = wilson(found.len(), of.len());
    CompletenessCell {
        diameter_km,
        contrast,
        injected_count: of.len(),
        found_count: found.len(),
        completeness: found.len() as f64 / of.len() as f64,
        completeness_low,
        completeness_high,
        position_error_km: middle(found.iter().map(|f| f.0).collect()),
        excess_ratio: middle(found.iter().map(|f| f.1).collect()),
    }
}

/// The 68 % range of a fraction.
///
/// # Source
/// Wilson (1927), J. Am. Stat. Assoc. 22, 209, with z = 1.
fn wilson(part: usize, whole: usize) -> [f64; 2] {
    if whole == 0 {
        return [0.0, 1.0];
    }
    let n = whole as f64;
    let p = part as f64 / n;
    let middle = (p + 0.5 / n) / (1.0 + 1.0 / n);
    let half = (p * (1.0 - p) / n + 0.25 / (n * n)).sqrt() / (1.0 + 1.0 / n);
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

fn middle(mut values: Vec<f64>) -> f64 {
    facula_core::quantile(&mut values, 0.5, f64::total_cmp).unwrap_or(f64::NAN)
}

fn reliability(diameters_km: &[f64], own: &[Spot], mirrored: &[Spot]) -> Vec<Reliability> {
    let ends = diameters_km.iter().skip(1).copied().chain([f64::INFINITY]);
    let starts = [0.0].into_iter().chain(diameters_km.iter().skip(1).copied());
    let row = |(least_km, largest_km): (f64, f64)| {
        let count = |spots: &[Spot]| {
            spots.iter().filter(|s| s.diameter_km >= least_km && s.diameter_km < largest_km).count()
        };
        let (report_count, mirrored_count) = (count(own), count(mirrored));
        let share = 1.0 - mirrored_count as f64 / report_count as f64;
        let reliability = if report_count == 0 { f64::NAN } else { share.max(0.0) };
        Reliability { least_km, largest_km, report_count, mirrored_count, reliability }
    };
    starts.zip(ends).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid, Quality};

    #[test]
    fn ranges_of_fractions_are_those_of_wilson() {
        // scipy 1.17: binomtest(8, 10).proportion_ci(0.68268949, "wilson") is 0.649078, 0.896377.
        let [low, high] = wilson(8, 10);
        assert!((low - 0.649_078).abs() < 1e-5 && (high - 0.896_377).abs() < 1e-5, "{low} {high}");
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
        assert!(wilson(10, 10)[0] > 0.9 && wilson(10, 10)[1] > 0.999);
    }

    #[test]
    fn faint_discs_are_missed_strong_ones_found_and_the_seed_decides() {
        let grid = MapGrid::global(512);
        let mut random = Random::new(3, 3);
        let value = |_| 0.1 * (1.0 + 0.02 * random.normal_pair().0) as f32;
        let albedo = Raster::from_vec(1024, 512, (0..1024 * 512).map(value).collect()).unwrap();
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
        let options = CompletenessOptions {
            diameters_km: vec![6.0, 12.0],
            contrasts: vec![1.02, 2.0],
            discs_each: 12,
            ..CompletenessOptions::default()
        };
        let table = completeness(&map, &options, 5, &facula_core::Silent).unwrap();
        let of = |k: usize| (table.cells[k].injected_count, table.cells[k].completeness);
        assert_eq!((of(0), of(1)), ((12, 0.0), (12, 1.0)));
        assert_eq!((of(2), of(3)), ((12, 0.0), (12, 1.0)));
        let strong = &table.cells[3];
        assert!(strong.position_error_km < 0.5 && (strong.excess_ratio - 1.0).abs() < 0.05, "{strong:?}");
        assert!(table.reliability.iter().all(|r| r.report_count == 0 && r.mirrored_count == 0));
        let again = completeness(&map, &options, 5, &facula_core::Silent).unwrap();
        // As text, because NaN equals nothing.
        assert_eq!(format!("{table:?}"), format!("{again:?}"));
        let bad = CompletenessOptions { contrasts: vec![0.5], ..options };
        assert!(completeness(&map, &bad, 5, &facula_core::Silent).is_err());
    }
}
