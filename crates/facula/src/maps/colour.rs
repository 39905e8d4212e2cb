// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colour sets: one map for each filter on the same cells, registered to each other.
//!
//! The map of the filter with most frames comes first; the frames behind the others are tied to it, and mapped then. Out: a
//! folder for each filter as `make_map` fills it, `colour.tif` with a band for each, a picture of ratios, and a record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{CellGrid, Raster, Reporter, capitalised, write_aside};
use facula_geometry::CameraFile;
use facula_map::{Band, CogImage, CogOptions, Georeference, Pixels, write_cog, write_ratio_picture};
use facula_photometry::Band as FilterBand;
use serde_json::{Value, json};

use super::align::{FrameTie, finished, reference_of, tie_record, tie_to};
use super::frames::FrameSet;
use super::products::quantity;
use super::record::map_record;
use super::request::{MapOutcome, MapRequest};
use super::run::{ACCUMULATOR, make_map_on, shared_grid};
use crate::RequestError;
use crate::inputs::read_camera;

/// Cells of all maps of a set together, of which albedo is held in memory: 2 GB.
const SET_CELLS: u64 = 500_000_000;

/// The map behind one filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterMap {
    /// The filter.
    pub filter: String,
    /// Middle of what it passes, nm, where the camera file tells.
    pub centre_nm: Option<f64>,
    /// What became of its map.
    pub outcome: MapOutcome,
    /// How its frames were tied to the map they are registered to; none for that map itself.
    pub ties: Vec<FrameTie>,
}

/// What became of a colour set.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourOutcome {
    /// Its maps, from short to long waves.
    pub maps: Vec<FilterMap>,
    /// Filter whose map the others are registered to.
    pub reference: String,
    /// Frames that could not be tied and went in as told.
    pub untied: usize,
    /// Files of the set, besides those of its maps.
    pub files: Vec<PathBuf>,
    /// What was done, as written beside them.
    pub record: Value,
}

/// Makes a map behind each filter of the frames, registered to each other.
///
/// # Errors
/// As [`super::make_map`]; [`RequestError::Argument`] for frames behind one filter only, for other projections than
/// equirectangular, and for sets of more than 500 million cells.
pub fn make_colour_maps(
    frames: &FrameSet,
    request: &MapRequest,
    report: &dyn Reporter,
) -> Result<ColourOutcome, RequestError> {
    let sets = sets_of(frames, request)?;
    let most = sets.iter().enumerate().max_by_key(|(k, set)| (set.shots.len(), std::cmp::Reverse(*k)));
    let first = most.map_or(0, |(k, _)| k);
    let filter_of = |set: &FrameSet| set.shots[0].meta.filter.clone();
    let folder = |filter: &str| MapRequest { out: request.out.join(filter), ..request.clone() };
    let reference = filter_of(&sets[first]);
    let grid = shared_grid(frames, &folder(&reference))?;
    check_grid(&grid, sets.len())?;
    let mut maps: BTreeMap<usize, (FilterMap, Raster<f32>)> = BTreeMap::new();
    let mut tied_to = None;
    for k in std::iter::once(first).chain((0..sets.len()).filter(|k| *k != first)) {
        let mut set = sets[k].clone();
        let request = folder(&filter_of(&set));
        let ties = tied_to.as_ref().map_or_else(Vec::new, |map| tie_to(&mut set, map, report));
        let outcome = make_map_on(&set, (&request, Some(grid)), report)?;
        let map = finished(&request.out.join(ACCUMULATOR), &set.shape)?;
        let albedo = map.albedo.clone();
        if k == first {
            tied_to = Some(reference_of(map)?);
        }
        let centre_nm = centre_nm(&set);
        maps.insert(k, (FilterMap { filter: filter_of(&set), centre_nm, outcome, ties }, albedo));
    }
    let mut maps: Vec<(FilterMap, Raster<f32>)> = maps.into_values().collect();
    maps.sort_by(|a, b| a.0.centre_nm.unwrap_or(f64::MAX).total_cmp(&b.0.centre_nm.unwrap_or(f64::MAX)));
    let files = write_set(frames, (&maps, grid), &request.out)?;
    told(frames, maps.into_iter().map(|(map, _)| map).collect(), (reference, files), &request.out)
}

/// The frames behind each filter, by its name.
fn sets_of(frames: &FrameSet, request: &MapRequest) -> Result<Vec<FrameSet>, RequestError> {
    let filters: std::collections::BTreeSet<&str> =
        frames.shots.iter().map(|shot| shot.meta.filter.as_str()).collect();
    if filters.len() < 2 {
        let only = filters.into_iter().next().unwrap_or("none");
        return Err(RequestError::argument("filters of the frames (--colour needs two)", only));
    }
    if !request.merge.is_empty() {
        let name = "merge (of a colour set: join the map of each filter by itself)";
        return Err(RequestError::argument(name, "given"));
    }
    let usable =
        |filter: &&str| !filter.is_empty() && !filter.contains(['/', '\\']) && !filter.starts_with('.');
    if let Some(bad) = filters.iter().find(|filter| !usable(filter)) {
        return Err(RequestError::argument("filter (it names a folder)", bad));
    }
    Ok(filters.into_iter().map(|filter| frames.of_filter(filter)).collect())
}

fn check_grid(grid: &CellGrid, filters: usize) -> Result<(), RequestError> {
    if !matches!(grid, CellGrid::Angular(_)) {
        let name = "projection (of a colour set: equirectangular; project colour.tif with gdalwarp)";
        return Err(RequestError::argument(name, "another"));
    }
    let cells = grid.width() as u64 * grid.height() as u64 * filters as u64;
    if cells > SET_CELLS {
        let value = format!("{filters} maps of {} x {}", grid.width(), grid.height());
        return Err(RequestError::argument("cells of a colour set (500 million at most)", &value));
    }
    Ok(())
}

/// Middle of what the filter of a set passes.
fn centre_nm(set: &FrameSet) -> Option<f64> {
    let shot = set.shots.first()?;
    let file: CameraFile = read_camera(&shot.camera.name).ok()?;
    match file.filter(&shot.meta.filter).ok()?.detector.band.as_ref()? {
        FilterBand::Box { centre_nm, .. } => Some(*centre_nm),
        FilterBand::Table { wavelength_nm, transmission } => {
            let weights: f64 = transmission.iter().sum();
            let sum: f64 = wavelength_nm.iter().zip(transmission).map(|(nm, part)| nm * part).sum();
            (weights > 0.0).then_some(sum / weights)
        }
        _ => None,
    }
}

/// Bands of all filters in one file, and the picture of their ratios.
fn write_set(
    frames: &FrameSet,
    (maps, grid): (&[(FilterMap, Raster<f32>)], CellGrid),
    folder: &Path,
) -> Result<Vec<PathBuf>, RequestError> {
    let name = |map: &FilterMap| match map.centre_nm {
        Some(nm) => format!("{} {nm:.0} nm", map.filter),
        None => map.filter.clone(),
    };
    let bands = maps.iter().map(|(map, albedo)| Band::new(&name(map), "1", Pixels::F32(albedo))).collect();
    let metadata = [
        ("SOFTWARE", format!("facula {}", env!("CARGO_PKG_VERSION"))),
        ("TARGET", capitalised(&frames.body.name)),
        ("QUANTITY", quantity(frames).to_string()),
        ("FILTERS", maps.iter().map(|(map, _)| name(map)).collect::<Vec<_>>().join(", ")),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    let georeference = Some(Georeference::of(&frames.body, grid));
    let files = [folder.join("colour.tif"), folder.join("ratio.png")];
    write_cog(&files[0], &CogImage { georeference, bands, metadata }, &CogOptions::default())?;
    let [short, middle, long] = [0, maps.len() / 2, maps.len() - 1].map(|k| &maps[k].1);
    write_ratio_picture(&files[1], [short, middle, long])?;
    Ok(files.into())
}

fn told(
    frames: &FrameSet,
    maps: Vec<FilterMap>,
    (reference, mut files): (String, Vec<PathBuf>),
    folder: &Path,
) -> Result<ColourOutcome, RequestError> {
    let others = maps.iter().filter(|map| map.filter != reference);
    let untied = others.map(|map| frames.count_of(&map.filter) - map.ties.len()).sum();
    let one = |map: &FilterMap| {
        json!({
            "filter": map.filter,
            "centre_nm": map.centre_nm,
            "ties": map.ties.iter().map(tie_record).collect::<Vec<_>>(),
            "map": map_record(&frames.of_filter(&map.filter), &map.outcome),
        })
    };
    let record = json!({
        "registered_to": reference,
        "frames_not_tied": untied,
        "maps": maps.iter().map(one).collect::<Vec<_>>(),
    });
    let path = folder.join("colour.json");
    let text = serde_json::to_string_pretty(&record).map_err(std::io::Error::other);
    text.and_then(|text| write_aside(&path, |out| std::io::Write::write_all(out, (text + "\n").as_bytes())))
        .map_err(|error| RequestError::io("write", &path, &error))?;
    files.push(path);
    Ok(ColourOutcome { maps, reference, untied, files, record })
}
