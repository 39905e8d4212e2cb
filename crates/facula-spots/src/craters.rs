// SPDX-License-Identifier: MIT OR Apache-2.0
//! Craters: found on heights or on a picture under the Sun, their rims fitted, their depths, their sizes, and where in
//! them a spot lies.
//!
//! 1. [`detect_craters`]: matched filters at all sizes on tiles of equal ground cells ([`search`]), each find fitted
//!    ([`fit`]), the best of those that overlap kept. The same is done upside down (on heights turned over, on the picture
//!    with the Sun behind): what is found there is found by chance, and tells how much of the catalogue is.
//! 2. [`fit_craters`]: the rims of given craters (a catalogue, a click).
//! 3. [`measure_depths`] from heights, [`name_craters`], [`size_frequency`], [`place_in_crater`].

pub(crate) mod crater;
mod depth;
mod ellipse;
mod fit;
mod levels;
mod place;
mod polar;
mod search;
mod sizes;
mod track;

use facula_core::{Ellipsoid, Feature, LonLat, MapGrid, Progress, Raster, Reporter, Warning};
use rayon::prelude::*;

use crate::SpotError;
pub use crater::{Crater, CraterCentre, CraterDepth, CraterFlag, name_craters};
pub use depth::measure_depths;
use fit::{Care, Field, Guess, Way};
pub use place::{CraterPlace, CraterRim, Where, host_crater, place_in_crater};
pub use sizes::{SizeBin, SizeFrequency, covered_km2, size_frequency, write_diam, write_scc};

/// A map to look for craters on.
#[derive(Debug, Clone)]
pub struct CraterMap<'a> {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// Heights above the ellipsoid, km, or brightness (any positive scale); NaN where there is none.
    pub values: &'a Raster<f32>,
    /// Which of the two.
    pub surface: Surface<'a>,
    /// The body.
    pub ellipsoid: Ellipsoid,
}

/// What the values of a map are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Surface<'a> {
    /// Heights, km.
    Heights,
    /// Brightness under a Sun that throws shade. Ground lit from straight above or below the horizon is not looked at.
    Lit(Sunlight<'a>),
}

/// Where the Sun stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Sunlight<'a> {
    /// Straight above this place, for the whole map.
    SubSolar(LonLat),
    /// The same at every place.
    Even {
        /// Direction to the Sun, clockwise from north, rad.
        azimuth_rad: f64,
        /// Angle between the Sun and the vertical, rad.
        incidence_rad: f64,
    },
    /// By cell, as mosaics of many frames have it; NaN where unknown.
    PerCell {
        /// Direction to the Sun, clockwise from north, rad.
        azimuth_rad: &'a Raster<f32>,
        /// Angle between the Sun and the vertical, rad.
        incidence_rad: &'a Raster<f32>,
    },
}

/// What counts as a crater.
#[derive(Debug, Clone, PartialEq)]
pub struct CraterOptions {
    /// Smallest diameter searched, cells of the map at the equator; at least 5.
    pub least_diameter_cells: f64,
    /// Largest diameter searched, km; never more than 0.6 radii of the body.
    pub largest_km: f64,
    /// Least depth over diameter, on heights: about half of it for worn craters.
    pub least_depth_ratio: f64,
    /// Least relative change of brightness of a crater's halves, on pictures.
    pub least_contrast: f64,
    /// Least likeness to a crater's profile on heights, 0 to 1: the mean correlation of 72 rays. On terrain of random
    /// waves (Hurst exponent 0.85, 30 m rms at 10 km) 0.78 lets two in 4 · 10⁶ cells through.
    pub least_likeness: f64,
    /// The same on pictures, where neighbouring relief counts more.
    pub least_likeness_lit: f64,
    /// Least part of the rim within three scatters of the ellipse.
    pub least_rim_fraction: f64,
    /// Largest scatter of the rim about its ellipse, over the radius.
    pub most_scatter_ratio: f64,
    /// Largest ratio of chance finds (those made upside down) to finds: the likeness asked for is raised until it holds.
    /// 1 (the default) asks nothing: where craters crowd, the ground between them turned over looks like craters too.
    pub most_chance_fraction: f64,
    /// Most craters to report; the least alike are left out, with a warning.
    pub most_craters: usize,
    /// Named features of the body.
    pub features: Vec<Feature>,
}

impl Default for CraterOptions {
    fn default() -> Self {
        Self {
            least_diameter_cells: 8.0,
            largest_km: 300.0,
            least_depth_ratio: 0.02,
            least_contrast: 0.05,
            least_likeness: 0.78,
            least_likeness_lit: 0.45,
            least_rim_fraction: 0.6,
            most_scatter_ratio: 0.15,
            most_chance_fraction: 1.0,
            most_craters: 200_000,
            features: Vec::new(),
        }
    }
}

/// The craters of a map, and how many of them chance made.
#[derive(Debug, Clone, PartialEq)]
pub struct CraterSearch {
    /// Largest first.
    pub craters: Vec<Crater>,
    /// Least likeness among them; 0 for none.
    pub least_likeness: f64,
    /// Finds of the same likeness upside down: about as many of the craters are chance. An upper bound where craters
    /// crowd, for the ground between them looks like a dome.
    pub chance_count: usize,
}

/// A place and size to fit a rim at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CraterGuess {
    /// Centre, wrong by less than 0.7 radii.
    pub place: LonLat,
    /// Diameter, km, wrong by less than a factor of 1.5.
    pub diameter_km: f64,
}

const STAGE: &str = "craters";
/// Two finds are the same crater when their centres are nearer than this part of the larger radius …
const SAME_PLACE: f64 = 0.5;
/// … and their diameters differ by less than this factor.
const SAME_SIZE: f64 = 1.6;

/// Finds the craters of a map, largest first. Nothing to find is an empty answer.
///
/// # Errors
/// [`SpotError::Argument`] when the sizes of the planes differ or an option is out of range.
pub fn detect_craters(
    map: &CraterMap<'_>,
    options: &CraterOptions,
    report: &dyn Reporter,
) -> Result<CraterSearch, SpotError> {
    check(map, options)?;
    let steps = |done| report.progress(Progress { stage: STAGE, done, total: 3 });
    steps(0);
    let field = Field::new(map);
    let guesses = search::guesses(&field, options);
    steps(1);
    let craters = fitted(&field, &guesses, Way::Crater, options);
    steps(2);
    let chance = fitted(&field, &guesses, Way::Mirrored, options);
    let mut search = cut(craters, &chance, options);
    if search.craters.len() > options.most_craters {
        report.warn(too_many(search.craters.len(), options.most_craters));
        search.craters.truncate(options.most_craters);
    }
    finish(&mut search.craters, options, map);
    steps(3);
    Ok(search)
}

/// Fits the rims of given craters: one answer for each, `None` where no rim is found. Their identifiers are those of
/// [`detect_craters`] by position in the list.
///
/// # Errors
/// [`SpotError::Argument`] when the sizes of the planes differ or an option is out of range.
pub fn fit_craters(
    map: &CraterMap<'_>,
    guesses: &[CraterGuess],
    options: &CraterOptions,
) -> Result<Vec<Option<Crater>>, SpotError> {
    check(map, options)?;
    let field = Field::new(map);
    let fit = |(k, guess): (usize, &CraterGuess)| {
        let is_sound = guess.diameter_km > 0.0 && guess.diameter_km < 2.0 * map.ellipsoid.mean_radius_km();
        let guess = Guess { place: guess.place, diameter_km: guess.diameter_km, way: Way::Crater };
        let fitted = is_sound.then(|| field.fit(guess, Care::Full)).flatten()?;
        let mut crater = Crater::of(&fitted, &field);
        crater.id = format!("C{:05}", k + 1);
        Some(crater)
    };
    let mut found: Vec<Option<Crater>> = guesses.par_iter().enumerate().map(fit).collect();
    for crater in found.iter_mut().flatten() {
        name_craters(std::slice::from_mut(crater), &options.features, &map.ellipsoid);
    }
    Ok(found)
}

fn check(map: &CraterMap<'_>, options: &CraterOptions) -> Result<(), SpotError> {
    let bad = |what, found: String, remedy| Err(SpotError::Argument { what, found, remedy });
    let expected = (map.grid.width, map.grid.height);
    let size = |raster: &Raster<f32>| (raster.width(), raster.height());
    let mut sizes = vec![size(map.values)];
    if let Surface::Lit(Sunlight::PerCell { azimuth_rad, incidence_rad }) = &map.surface {
        sizes.extend([size(azimuth_rad), size(incidence_rad)]);
    }
    if let Some(size) = sizes.into_iter().find(|size| *size != expected) {
        let found = format!("{} x {} in a grid of {} x {}", size.0, size.1, expected.0, expected.1);
        return bad("size of a map plane", found, "give planes of the grid's size");
    }
    if !(map.grid.step_rad > 0.0 && map.grid.step_rad.is_finite()) || expected.0 == 0 || expected.1 == 0 {
        let found = format!("{} x {}, step {} rad", expected.0, expected.1, map.grid.step_rad);
        return bad("map grid", found, "give a map with cells");
    }
    if !(options.least_diameter_cells >= 5.0 && options.least_diameter_cells.is_finite()) {
        return bad(
            "least_diameter_cells",
            options.least_diameter_cells.to_string(),
            "give at least 5 cells",
        );
    }
    let positive = [
        ("largest_km", options.largest_km),
        ("least_depth_ratio", options.least_depth_ratio),
        ("least_contrast", options.least_contrast),
        ("most_scatter_ratio", options.most_scatter_ratio),
    ];
    if let Some((what, value)) = positive.into_iter().find(|(_, v)| !(*v > 0.0 && v.is_finite())) {
        return bad(what, value.to_string(), "give a positive number");
    }
    let fractions = [
        ("least_likeness", options.least_likeness),
        ("least_likeness_lit", options.least_likeness_lit),
        ("least_rim_fraction", options.least_rim_fraction),
        ("most_chance_fraction", options.most_chance_fraction),
    ];
    if let Some((what, value)) = fractions.into_iter().find(|(_, v)| !(0.0..=1.0).contains(v)) {
        return bad(what, value.to_string(), "give a fraction, 0 to 1");
    }
    Ok(())
}

/// The craters at the guesses of one way, most alike first: fitted coarsely, then, one of each, with full care.
fn fitted(field: &Field<'_>, guesses: &[Guess], way: Way, options: &CraterOptions) -> Vec<Crater> {
    let ellipsoid = field.ellipsoid();
    let own: Vec<Guess> = guesses.iter().copied().filter(|guess| guess.way == way).collect();
    let quick = own.par_iter().filter_map(|guess| found(field, *guess, Care::Quick, options)).collect();
    let again = |crater: &Crater| {
        let guess = Guess { place: crater.place, diameter_km: crater.diameter_km, way };
        found(field, guess, Care::Full, options)
    };
    distinct(distinct(quick, ellipsoid).par_iter().filter_map(again).collect(), ellipsoid)
}

/// A quick fit may be less alike than the full one by this much.
const QUICK_SPARE: f64 = 0.05;

/// The crater at a guess, if it is one.
fn found(field: &Field<'_>, guess: Guess, care: Care, options: &CraterOptions) -> Option<Crater> {
    let fitted = field.fit(guess, care)?;
    let radius_km = 0.5 * fitted.ellipse.diameter_km()[0];
    let least = match field.map.surface {
        Surface::Heights => options.least_likeness,
        Surface::Lit(_) => options.least_likeness_lit,
    };
    let spare = if care == Care::Quick { QUICK_SPARE } else { 0.0 };
    let is_crater = fitted.likeness >= least - spare
        && fitted.ellipse.support >= options.least_rim_fraction
        && fitted.ellipse.scatter_km <= options.most_scatter_ratio * radius_km;
    let crater = is_crater.then(|| Crater::of(&fitted, field))?;
    let is_deep = crater.depth.is_none_or(|d| d.depth_km >= options.least_depth_ratio * crater.diameter_km);
    is_deep.then_some(crater)
}

/// Of finds of the same crater the one most alike; the order is that of likeness.
fn distinct(mut craters: Vec<Crater>, ellipsoid: &Ellipsoid) -> Vec<Crater> {
    craters.sort_by(|a, b| {
        let place = |c: &Crater| (c.place.longitude_rad, c.place.latitude_rad);
        let ((alon, alat), (blon, blat)) = (place(a), place(b));
        b.likeness.total_cmp(&a.likeness).then(alon.total_cmp(&blon)).then(alat.total_cmp(&blat))
    });
    let mut kept = place::Buckets::new(ellipsoid);
    for crater in craters {
        let is_same = |other: &Crater, distance_km: f64| {
            let (small, large) =
                (crater.diameter_km.min(other.diameter_km), crater.diameter_km.max(other.diameter_km));
            large < SAME_SIZE * small && distance_km < SAME_PLACE * 0.5 * large
        };
        if !kept.any_near(&crater, is_same) {
            kept.add(crater);
        }
    }
    kept.into_craters()
}

/// Leaves out the craters that are less alike than the first likeness at which chance makes too many.
fn cut(craters: Vec<Crater>, chance: &[Crater], options: &CraterOptions) -> CraterSearch {
    let mut least = craters.last().map_or(0.0, |c| c.likeness);
    let mut kept = 0;
    let mut by_chance = 0;
    // Both lists fall in likeness. The longest beginning of the catalogue that holds the limit; one chance find is no
    // statistics.
    for (k, crater) in craters.iter().enumerate() {
        let count = chance.partition_point(|c| c.likeness >= crater.likeness);
        if count <= 1 || count as f64 <= options.most_chance_fraction * (k + 1) as f64 {
            (kept, by_chance) = (k + 1, count);
        }
    }
    if kept < craters.len() {
        least = craters[kept.saturating_sub(1)].likeness;
    }
    let mut craters = craters;
    craters.truncate(kept);
    CraterSearch { craters, least_likeness: least, chance_count: by_chance }
}

fn too_many(found: usize, most: usize) -> Warning {
    Warning {
        stage: STAGE.into(),
        subject: "map".into(),
        message: format!("{found} craters, of which the {most} most alike are kept"),
        hint: "raise most_craters, or least_likeness and least_diameter_cells".into(),
    }
}

/// Sorts by size, numbers and names.
fn finish(craters: &mut [Crater], options: &CraterOptions, map: &CraterMap<'_>) {
    craters.sort_by(|a, b| {
        let place = |c: &Crater| c.place.longitude_rad;
        b.diameter_km.total_cmp(&a.diameter_km).then(place(a).total_cmp(&place(b)))
    });
    for (k, crater) in craters.iter_mut().enumerate() {
        crater.id = format!("C{:05}", k + 1);
    }
    name_craters(craters, &options.features, &map.ellipsoid);
}
