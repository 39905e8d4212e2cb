// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds bright spots on an albedo map and measures them.
//!
//! 1. background: medians over windows of equal ground size ([`tiles`]); the map relative to it;
//! 2. matched filters at all scales ([`scales`]): peaks significant against the filtered map's own local noise;
//! 3. most significant first, each is measured in a window on the ground ([`measure`]); what an accepted spot
//!    already explains is left out.
//!
//! The filter bank follows Lindeberg (1998), Int. J. Comput. Vis. 30, 79 (scale selection by normalised responses);
//! the local noise takes the place of his scale normalisation.

pub(crate) mod completeness;
pub(crate) mod frame;
mod ground;
mod measure;
mod outline;
pub(crate) mod psf;
mod relief;
mod scales;
mod search;
mod sheet;
mod sift;
pub(crate) mod slopes;
mod stream;
pub(crate) mod tiles;
pub(crate) mod window;

use facula_core::{Ellipsoid, Feature, MapGrid, Progress, Quality, Raster, Reporter, Warning};
use rayon::prelude::*;

use crate::{Polarity, Spot, SpotError, name_spots};
use measure::{Measured, Measurer};
use scales::{Candidate, FWHM_PER_SIGMA, Pyramid};

/// A map to search.
#[derive(Debug, Clone, Copy)]
pub struct SpotMap<'a> {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// Albedo, dimensionless (any positive scale: only ratios matter); NaN where there is none.
    pub albedo: &'a Raster<f32>,
    /// What is wrong with each cell.
    pub quality: &'a Raster<Quality>,
    /// One-sigma error of the albedo, where known.
    pub sigma: Option<&'a Raster<f32>>,
    /// Frames per cell, where known.
    pub coverage: Option<&'a Raster<u16>>,
    /// The body.
    pub ellipsoid: Ellipsoid,
    /// Full width at half maximum of what the map does to a point, cells at the equator; 0 when not known.
    pub effective_psf_px: f64,
}

impl SpotMap<'_> {
    /// Size of a cell at the equator of the sphere of equal volume, km.
    pub(crate) fn cell_km(&self) -> f64 {
        self.grid.step_rad * self.ellipsoid.mean_radius_km()
    }
}

/// Which spots are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Search {
    /// Brighter than their surroundings.
    #[default]
    Bright,
    /// Darker than their surroundings.
    Dark,
    /// Both.
    Both,
}

impl Search {
    pub(crate) fn includes(self, polarity: Polarity) -> bool {
        match self {
            Self::Bright => polarity == Polarity::Bright,
            Self::Dark => polarity == Polarity::Dark,
            Self::Both => true,
        }
    }
}

/// What becomes of lit and shaded slopes: extremes with a companion beyond [`DetectOptions::shading_fraction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Slopes {
    /// They are left out.
    #[default]
    LeftOut,
    /// They are listed with [`crate::SpotFlag::Slope`].
    Flagged,
}

/// What counts as a spot.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectOptions {
    /// Bright or dark spots.
    pub search: Search,
    /// Least response over the noise of the filtered map, sigma. At 5.5 white noise passes once in a million cells;
    /// relief has heavier tails, and `false_alarm_rate` raises the threshold for it.
    pub least_significance: f64,
    /// False alarms per independent cell (a square as wide as the filter), told from the troughs of the filtered map.
    pub false_alarm_rate: f64,
    /// Least ratio of the filtered peak to its surroundings.
    pub least_contrast: f64,
    /// Least contrast of the peak of a spot that looks narrower than twice the point-spread function: below it most
    /// reports are relief. A disc of contrast 1.5 and diameter 0.85 of the point-spread function shows 1.28.
    pub least_contrast_small: f64,
    /// Largest depth of a dark companion as a fraction of the peak: more is relief, lit and shaded.
    pub shading_fraction: f64,
    /// What becomes of those.
    pub slopes: Slopes,
    /// Direction to the Sun, clockwise from north (from up on a frame), rad, where one holds for the whole image: only
    /// companions within 45° of it or of its opposite count. `None` for mosaics: companions on any side count.
    pub sun_azimuth_rad: Option<f64>,
    /// Widest filter, full width at half maximum, km.
    pub largest_km: f64,
    /// Size of the windows of the background, km.
    pub background_km: f64,
    /// Size of the windows of the noise (at least 12 times the scale), km.
    pub noise_km: f64,
    /// The same, at most so many cells, where noise of single cells is all that small spots drown in: it may change within
    /// fewer cells than relief needs to be told.
    pub noise_cells: f64,
    /// Cells with any of these flags are not looked at.
    pub exclude: Quality,
    /// Most spots to report; the least significant are left out, with a warning.
    pub most_spots: usize,
    /// Named features of the body.
    pub features: Vec<Feature>,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self {
            search: Search::Bright,
            least_significance: 5.5,
            false_alarm_rate: 1e-6,
            least_contrast: 1.06,
            least_contrast_small: 1.15,
            shading_fraction: 0.7,
            slopes: Slopes::LeftOut,
            sun_azimuth_rad: None,
            largest_km: 100.0,
            background_km: 200.0,
            noise_km: 250.0,
            noise_cells: f64::INFINITY,
            exclude: Quality::MISSING | Quality::OFF_BODY | Quality::HOT | Quality::SHADOW,
            most_spots: 2000,
            features: Vec::new(),
        }
    }
}

/// Stage name in progress and warnings.
const STAGE: &str = "detect";
/// A spot seen at another scale: centres nearer than this fraction of the mean of the two widths.
const SAME_SPOT: f64 = 0.6;
/// A candidate must keep this fraction of its response when accepted spots are taken away.
const OWN_LIGHT: f64 = 0.4;

/// Finds the spots of a map, most significant first.
///
/// A map without usable cells, or of a few cells only, has no spots: the answer is empty, with a warning.
///
/// # Errors
/// [`SpotError::Argument`] when the sizes of the planes differ or an option is out of range.
pub fn detect(
    map: &SpotMap<'_>,
    options: &DetectOptions,
    report: &dyn Reporter,
) -> Result<Vec<Spot>, SpotError> {
    check(map, options)?;
    let steps = |done| report.progress(Progress { stage: STAGE, done, total: 3 });
    steps(0);
    let Some(pyramid) = Pyramid::of(map, options) else {
        report.warn(no_coverage(map, options));
        return Ok(Vec::new());
    };
    steps(1);
    let candidates = pyramid.candidates(map, options);
    steps(2);
    let mut spots = select(map, options, &pyramid, &candidates, report);
    for (k, spot) in spots.iter_mut().enumerate() {
        spot.id = format!("S{:03}", k + 1);
    }
    name_spots(&mut spots, &options.features, &map.ellipsoid);
    steps(3);
    Ok(spots)
}

fn check(map: &SpotMap<'_>, options: &DetectOptions) -> Result<(), SpotError> {
    let bad = |what, found: String, remedy| Err(SpotError::Argument { what, found, remedy });
    let expected = (map.grid.width, map.grid.height);
    let sizes = [
        Some((map.albedo.width(), map.albedo.height())),
        Some((map.quality.width(), map.quality.height())),
        map.sigma.map(|r| (r.width(), r.height())),
        map.coverage.map(|r| (r.width(), r.height())),
    ];
    if let Some(size) = sizes.into_iter().flatten().find(|size| *size != expected) {
        let found = format!("{} x {} in a grid of {} x {}", size.0, size.1, expected.0, expected.1);
        return bad("size of a map plane", found, "give planes of the grid's size");
    }
    if !(map.grid.step_rad > 0.0 && map.grid.step_rad.is_finite()) {
        return bad("step of the map grid", map.grid.step_rad.to_string(), "give a positive angle, rad");
    }
    let positive = [
        ("least_significance", options.least_significance),
        ("false_alarm_rate", options.false_alarm_rate),
        ("largest_km", options.largest_km),
        ("background_km", options.background_km),
        ("noise_km", options.noise_km),
        ("shading_fraction", options.shading_fraction),
    ];
    if let Some((what, value)) = positive.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()))
    {
        return bad(what, value.to_string(), "give a positive number");
    }
    if !(options.least_contrast > 1.0) {
        return bad("least_contrast", options.least_contrast.to_string(), "give a ratio above 1");
    }
    if !(0.0..100.0).contains(&map.effective_psf_px) {
        return bad("effective_psf_px", map.effective_psf_px.to_string(), "give 0 to 100 cells");
    }
    Ok(())
}

fn no_coverage(map: &SpotMap<'_>, options: &DetectOptions) -> Warning {
    let cells = map.albedo.as_slice().iter().zip(map.quality.as_slice());
    let valid = cells.filter(|(v, q)| **v > 0.0 && !q.intersects(options.exclude)).count();
    let total = map.albedo.as_slice().len();
    Warning {
        stage: STAGE.into(),
        subject: "map".into(),
        message: format!("only {valid} of {total} cells of the map have a usable albedo: nothing to search"),
        hint: "check the map's quality band and frames".into(),
    }
}

/// Goes through the candidates and keeps those that are spots of their own.
fn select(
    map: &SpotMap<'_>,
    options: &DetectOptions,
    pyramid: &Pyramid<'_>,
    candidates: &[Candidate],
    report: &dyn Reporter,
) -> Vec<Spot> {
    let measurer = Measurer::new(map, options, pyramid);
    let mut accepted: Vec<Measured> = Vec::new();
    let attempt = |candidate: &Candidate, accepted: &[Measured]| {
        let explained = is_explained(map, options, candidate, accepted);
        (!explained).then(|| measurer.measure(candidate, accepted)).flatten()
    };
    for together in candidates.chunks(TOGETHER) {
        let known = accepted.len();
        let attempts: Vec<_> = together.par_iter().map(|candidate| attempt(candidate, &accepted)).collect();
        for (candidate, early) in together.iter().zip(attempts) {
            // What was accepted meanwhile may change the answer: then it is asked for again, as if one by one.
            let meanwhile = accepted[known..].iter().any(|other| reaches(map, candidate, other));
            let measured = if meanwhile { attempt(candidate, &accepted) } else { early };
            let Some(measured) = measured.filter(|m| !accepted.iter().any(|other| other.holds(m.spot.place)))
            else {
                continue;
            };
            if accepted.len() >= options.most_spots {
                report.warn(too_many(options));
                return accepted.into_iter().map(|measured| measured.spot).collect();
            }
            accepted.push(measured);
        }
    }
    accepted.into_iter().map(|measured| measured.spot).collect()
}

/// Candidates measured at the same time.
const TOGETHER: usize = 32;
/// Windows reach at most so many times the filter and the point-spread function together.
const FARTHEST: f64 = 30.0;

/// Whether an accepted spot may touch the window of a candidate.
fn reaches(map: &SpotMap<'_>, candidate: &Candidate, other: &Measured) -> bool {
    let apart = map.grid.place(candidate.at).direction() - other.direction();
    let apart_km = apart.dot(apart).sqrt() * map.ellipsoid.mean_radius_km();
    let own_km = (candidate.fwhm_cells + map.effective_psf_px + 1.0) * map.cell_km();
    apart_km < FARTHEST * own_km + 2.0 * (other.spot.diameter_km.max(other.spot.scale_km) + other.reach_km())
}

fn too_many(options: &DetectOptions) -> Warning {
    Warning {
        stage: STAGE.into(),
        subject: "map".into(),
        message: format!("more than {} spots; the least significant are left out", options.most_spots),
        hint: "raise most_spots, or least_significance and least_contrast".into(),
    }
}

/// Whether accepted spots account for a candidate: it lies in one of them, is one of them at another scale, or
/// what is left of its response without their light is too little.
fn is_explained(
    map: &SpotMap<'_>,
    options: &DetectOptions,
    candidate: &Candidate,
    accepted: &[Measured],
) -> bool {
    let place = map.grid.place(candidate.at);
    let fwhm_km = candidate.fwhm_cells * map.cell_km();
    let direction = place.direction();
    let mut borrowed = 0.0;
    for other in accepted.iter().filter(|other| other.spot.polarity == candidate.polarity) {
        // Beyond four sigma nothing is borrowed; a chord is quicker than an angle.
        let widths_km = fwhm_km + other.spot.diameter_km.max(other.spot.scale_km);
        let apart = direction - other.direction();
        if apart.dot(apart).sqrt() * map.ellipsoid.mean_radius_km() > 2.0 * widths_km {
            continue;
        }
        let distance_km = place.separation_rad(other.spot.place) * map.ellipsoid.mean_radius_km();
        let same_size = fwhm_km < 2.0 * other.spot.scale_km.max(other.spot.diameter_km);
        if distance_km < SAME_SPOT * 0.5 * (fwhm_km + other.spot.scale_km) && same_size {
            return true;
        }
        if same_size && other.holds(place) {
            return true;
        }
        let variance_km2 =
            (fwhm_km.powi(2) + other.spot.diameter_km.powi(2)) / (FWHM_PER_SIGMA * FWHM_PER_SIGMA);
        let fall = (-0.5 * distance_km * distance_km / variance_km2).exp();
        borrowed += other.spot.excess_km2.abs() * fall / (std::f64::consts::TAU * variance_km2);
    }
    let own = candidate.response - borrowed;
    own / candidate.sigma < candidate.least_significance
        || own < options.least_contrast - 1.0
        || own < OWN_LIGHT * candidate.response
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::SpotFlag;
    use facula_core::{Collected, LonLat, Silent};

    /// A spot of 4 km with nothing special.
    pub(crate) fn spot_at(longitude_deg: f64, latitude_deg: f64) -> Spot {
        let place = LonLat::from_degrees(longitude_deg, latitude_deg);
        let corner = |e: f64, n: f64| LonLat::from_degrees(longitude_deg + e, latitude_deg + n);
        Spot {
            id: "S001".into(),
            polarity: Polarity::Bright,
            place,
            position_sigma_km: 0.1,
            area_km2: 12.6,
            diameter_km: 4.0,
            disc_diameter_km: 3.5,
            disc_diameter_low_km: 3.2,
            disc_diameter_high_km: 3.8,
            peak_albedo: 0.3,
            mean_albedo: 0.25,
            albedo_sigma: 0.01,
            disc_albedo: Some(0.31),
            disc_albedo_low: Some(0.28),
            disc_albedo_high: Some(0.36),
            background_albedo: 0.1,
            contrast: 3.0,
            mean_contrast: 2.5,
            excess_km2: 20.0,
            excess_sigma_km2: 1.0,
            significance: 50.0,
            scale_km: 4.0,
            frames: None,
            slope_fraction: 0.1,
            outline: vec![corner(0.2, 0.0), corner(0.0, 0.2), corner(-0.2, 0.0), corner(0.2, 0.0)],
            footprint: vec![place, corner(0.1, 0.0), corner(-0.1, 0.0), corner(0.0, 0.1), corner(0.0, -0.1)],
            flags: vec![SpotFlag::Unresolved],
            name: None,
            distance_to_name_km: None,
            host_crater: None,
        }
    }

    fn map<'a>(grid: MapGrid, albedo: &'a Raster<f32>, quality: &'a Raster<Quality>) -> SpotMap<'a> {
        SpotMap {
            grid,
            albedo,
            quality,
            sigma: None,
            coverage: None,
            ellipsoid: Ellipsoid::new(482.1, 482.1, 445.94).unwrap(),
            effective_psf_px: 2.0,
        }
    }

    #[test]
    fn empty_maps_have_no_spots_and_say_so() {
        for (width, height, value) in
            [(128, 64, f32::NAN), (128, 64, -1.0), (1, 1, 0.1), (0, 0, 0.1), (3, 2, 0.1)]
        {
            let grid = MapGrid { width, height, west_rad: 0.0, north_rad: 0.5, step_rad: 1e-2 };
            let albedo = Raster::filled(width, height, value);
            let quality = Raster::filled(width, height, Quality::GOOD);
            let report = Collected::default();
            let options = DetectOptions { search: Search::Both, ..DetectOptions::default() };
            let spots = detect(&map(grid, &albedo, &quality), &options, &report).unwrap();
            assert!(spots.is_empty());
            assert!(report.warnings()[0].message.contains("nothing to search"), "{width} x {height}");
        }
    }

    #[test]
    fn maps_of_one_line_or_column_and_maps_full_of_spots_do_not_panic() {
        for (width, height) in [(2000, 1), (1, 2000), (65, 33), (31, 500)] {
            let grid = MapGrid { width, height, west_rad: 0.0, north_rad: 0.5, step_rad: 1e-4 };
            let value = |k: usize| if (k / 5 + k / (5 * width)).is_multiple_of(2) { 0.1 } else { 0.3 };
            let albedo = Raster::from_vec(width, height, (0..width * height).map(value).collect()).unwrap();
            let quality = Raster::filled(width, height, Quality::GOOD);
            let options =
                DetectOptions { search: Search::Both, slopes: Slopes::Flagged, ..DetectOptions::default() };
            let spots = detect(&map(grid, &albedo, &quality), &options, &Silent).unwrap();
            assert!(spots.len() <= width * height / 4, "{width} x {height}: {}", spots.len());
            assert!(spots.iter().all(|s| s.place.latitude_rad.is_finite() && s.position_sigma_km > 0.0));
        }
    }

    #[test]
    fn planes_of_other_sizes_and_odd_options_are_refused() {
        let grid = MapGrid::global(64);
        let (albedo, quality) = (Raster::filled(128, 64, 0.1f32), Raster::filled(128, 63, Quality::GOOD));
        let error = detect(&map(grid, &albedo, &quality), &DetectOptions::default(), &Silent).unwrap_err();
        assert!(error.to_string().contains("128 x 63 in a grid of 128 x 64"), "{error}");
        let quality = Raster::filled(128, 64, Quality::GOOD);
        for options in [
            DetectOptions { least_contrast: 1.0, ..DetectOptions::default() },
            DetectOptions { noise_km: f64::NAN, ..DetectOptions::default() },
        ] {
            let error = detect(&map(grid, &albedo, &quality), &options, &Silent).unwrap_err();
            assert!(matches!(error, SpotError::Argument { .. }), "{error}");
        }
    }

    #[test]
    fn a_flat_map_has_no_spots() {
        let grid = MapGrid::global(64);
        let (albedo, quality) = (Raster::filled(128, 64, 0.1f32), Raster::filled(128, 64, Quality::GOOD));
        let report = Collected::default();
        let spots = detect(&map(grid, &albedo, &quality), &DetectOptions::default(), &report).unwrap();
        assert!(spots.is_empty() && report.warnings().is_empty());
    }
}
