// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spots of maps and frames to a catalogue on disk.

use std::path::PathBuf;

use facula_core::{Body, Ellipsoid, Feature, Reporter, Warning, features};
use facula_spots::{
    Catalogue, CrossMatch, DetectOptions, ExtraColumn, FamilyTree, Listed, Search, Slopes, Spot,
    TrackOptions, cross_match, detect, track,
};
use serde_json::Value;

use super::charts::Picture;
use super::frames::frame_catalogues;
use super::hosts::{self, Host, Rims};
use super::map_file::{MapChoice, OpenMap};
use super::{colour, completeness, family, terrain, view, write};
use crate::RequestError;
use crate::inputs::read_text;
use crate::maps::FrameSet;
use crate::survey::InputFile;

/// What is searched.
#[non_exhaustive]
pub enum SpotSource<'a> {
    /// Maps in files, coarse or fine in any order.
    Maps(Vec<MapChoice>),
    /// Frames that were placed.
    Frames(&'a FrameSet),
}

/// How spots are looked for, and what is made of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SpotRequest {
    /// Folder to write into.
    pub out: PathBuf,
    /// Bright or dark.
    pub search: Search,
    /// What becomes of lit slopes.
    pub slopes: Slopes,
    /// False alarms per independent cell; that of [`DetectOptions`] when absent.
    pub false_alarm_rate: Option<f64>,
    /// Least response over the noise, sigma; that of [`DetectOptions`] when absent.
    pub least_significance: Option<f64>,
    /// Least ratio of the peak to its surroundings; that of [`DetectOptions`] when absent.
    pub least_contrast: Option<f64>,
    /// Least and largest diameter listed, km.
    pub diameters_km: [Option<f64>; 2],
    /// Point-spread function of frames, full width at half maximum, pixels (maps have theirs in [`MapChoice`]).
    pub psf_px: Option<f64>,
    /// Map of heights, for the slopes under spots; in metres unless it says so.
    pub dtm: Option<MapChoice>,
    /// Incidence at which slopes of the map of heights are taken to be lit, degrees, above 0 and below 90.
    pub shading_incidence_deg: f64,
    /// List of places (CSV: name, longitude, latitude) to match with; the IAU's names when absent.
    pub listed: Option<PathBuf>,
    /// Fitted craters (`craters.parquet`) that may host spots.
    pub craters: Option<PathBuf>,
    /// Discs of each size and contrast put into the map to learn what is found; none when absent.
    pub completeness: Option<usize>,
    /// Maps of other filters on the same cells.
    pub colours: Vec<MapChoice>,
    /// Size of a pixel at which the map is looked at again, km.
    pub view_km: Option<f64>,
}

impl SpotRequest {
    /// Bright spots, written into a folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            search: Search::Bright,
            slopes: Slopes::LeftOut,
            false_alarm_rate: None,
            least_significance: None,
            least_contrast: None,
            diameters_km: [None; 2],
            psf_px: None,
            dtm: None,
            shading_incidence_deg: 45.0,
            listed: None,
            craters: None,
            completeness: None,
            colours: Vec::new(),
            view_km: None,
        }
    }

    /// The options of the search on a body; `default` where nothing was asked for.
    pub(super) fn detect(&self, default: &DetectOptions, features: &[Feature]) -> DetectOptions {
        DetectOptions {
            search: self.search,
            slopes: self.slopes,
            false_alarm_rate: self.false_alarm_rate.unwrap_or(default.false_alarm_rate),
            least_significance: self.least_significance.unwrap_or(default.least_significance),
            least_contrast: self.least_contrast.unwrap_or(default.least_contrast),
            largest_km: self.diameters_km[1].unwrap_or(0.0).max(default.largest_km),
            features: features.to_vec(),
            ..default.clone()
        }
    }

    /// Whether a spot is as wide as was asked for.
    fn lists(&self, spot: &Spot) -> bool {
        let [least_km, largest_km] = self.diameters_km;
        least_km.is_none_or(|km| spot.diameter_km >= km) && largest_km.is_none_or(|km| spot.diameter_km <= km)
    }
}

/// The spots of one map, frame or view.
#[derive(Debug, Clone)]
pub struct SpotCatalogue {
    /// Its name, unique in a run.
    pub name: String,
    /// Size of a cell or pixel on the ground, km.
    pub cell_km: f64,
    /// The spots, most significant first.
    pub spots: Vec<Spot>,
    /// The crater each lies in.
    pub hosts: Vec<Option<Host>>,
    /// Columns beside those every catalogue has.
    pub extra: Vec<ExtraColumn>,
    /// Folder below the output folder; empty for the only one.
    pub folder: String,
    /// What was looked at, in one line.
    pub about: String,
    /// What charts are drawn on.
    pub(super) picture: Picture,
    /// Times of its frames, UTC, where known.
    pub(super) times_utc: Vec<String>,
}

impl SpotCatalogue {
    fn to_track(&self) -> Catalogue<'_> {
        Catalogue {
            name: &self.name,
            spots: &self.spots,
            cell_km: self.cell_km,
            registration_sigma_km: REGISTRATION_CELLS * self.cell_km,
        }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct SpotOutcome {
    /// The body.
    pub body: Body,
    /// One catalogue for each map, frame and view.
    pub catalogues: Vec<SpotCatalogue>,
    /// What became of each spot from the coarse to the fine, when there are several catalogues.
    pub family: Option<FamilyTree>,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// The record of the run.
    pub record: Value,
}

/// Least probability of a cross-match that is told.
const LEAST_PROBABILITY: f64 = 0.05;
/// Error of the places of a list that states none, km (assumed).
const LIST_SIGMA_KM: f64 = 3.0;
/// Error of where a map or frame lies, in its cells (assumed).
const REGISTRATION_CELLS: f64 = 0.5;

/// Finds the spots of maps or frames, and writes their catalogues.
///
/// # Errors
/// [`RequestError`]: a map that cannot be used, options out of range, files that cannot be written.
pub fn find_spots(
    source: &SpotSource<'_>,
    request: &SpotRequest,
    report: &dyn Reporter,
) -> Result<SpotOutcome, RequestError> {
    let mut run = Run { request, report, inputs: Vec::new(), files: Vec::new() };
    let (body, mut catalogues) = match source {
        SpotSource::Maps(choices) => run.maps(choices)?,
        SpotSource::Frames(frames) => {
            run.inputs.extend(frames.shots.iter().filter_map(|shot| crate::survey::input(&shot.path).ok()));
            (frames.body.clone(), frame_catalogues(frames, request, report)?)
        }
    };
    name_folders(&mut catalogues);
    run.complete(&body, &mut catalogues)?;
    let family = run.family(&body, &mut catalogues)?;
    run.write(body, catalogues, family)
}

/// A run while it goes.
struct Run<'a> {
    request: &'a SpotRequest,
    report: &'a dyn Reporter,
    inputs: Vec<InputFile>,
    files: Vec<PathBuf>,
}

impl Run<'_> {
    /// The catalogues of maps, and of what they would be from far away.
    fn maps(&mut self, choices: &[MapChoice]) -> Result<(Body, Vec<SpotCatalogue>), RequestError> {
        let mut body: Option<Body> = None;
        let mut catalogues = Vec::new();
        for choice in choices {
            let map = OpenMap::open(choice, self.report)?;
            let body = body.get_or_insert_with(|| map.body.clone());
            if map.body.name != body.name {
                return Err(RequestError::MapFile {
                    what: format!("it is of {}, the first map of {}", map.body.name, body.name),
                    remedy: "search maps of one body together",
                    path: map.path,
                });
            }
            self.inputs.extend(map.inputs.iter().cloned());
            catalogues.extend(self.map(map)?);
        }
        let body = body.ok_or_else(|| RequestError::argument("maps", "none"))?;
        Ok((body, catalogues))
    }

    fn map(&mut self, map: OpenMap) -> Result<Vec<SpotCatalogue>, RequestError> {
        let options = self.request.detect(&DetectOptions::default(), &features(&map.body.name));
        let mut spots = detect(&map.spot_map(), &options, self.report)?;
        self.warn_of_data(&map);
        spots.retain(|spot| self.request.lists(spot));
        number(&mut spots);
        let mut extra = colour::columns(&spots, &map, (self.request, self.report), &mut self.inputs)?;
        if let Some(dtm) = &self.request.dtm {
            let judged = (dtm, self.request, &map.body);
            extra.extend(terrain::columns(&mut spots, judged, self.report, &mut self.inputs)?);
        }
        let mut found = Vec::new();
        if let Some(pixel_km) = self.request.view_km {
            found.push(view::from_far(&map, &spots, (pixel_km, &options), self.report)?);
        }
        if let Some(discs_each) = self.request.completeness {
            let files = completeness::write(&map, (&options, discs_each), &self.request.out, self.report)?;
            self.files.extend(files);
        }
        let about = format!(
            "{}: {} x {} cells of {:.0} m, {} of {}",
            map.name,
            map.grid.width,
            map.grid.height,
            1000.0 * map.cell_km(),
            map.quantity,
            facula_core::capitalised(&map.body.name)
        );
        let catalogue = SpotCatalogue {
            name: map.name.clone(),
            cell_km: map.cell_km(),
            spots,
            hosts: Vec::new(),
            extra,
            folder: String::new(),
            about,
            times_utc: write::times_beside(&map.path),
            picture: Picture::Map { values: map.values, grid: map.grid, quantity: map.quantity },
        };
        found.push(catalogue);
        Ok(found)
    }

    /// A map of which hardly anything is known is searched, and said to be so.
    fn warn_of_data(&self, map: &OpenMap) {
        let (known, all) = (map.known_cells(), map.grid.width * map.grid.height);
        if known == 0 {
            self.report.warn(Warning {
                stage: "spots".into(),
                subject: map.name.clone(),
                message: "no cell of the map has a value".into(),
                hint: format!("look at it: facula info {}", map.path.display()),
            });
        } else if known * 100 < all {
            self.report.warn(Warning {
                stage: "spots".into(),
                subject: map.name.clone(),
                message: format!("only {known} of {all} cells have a value"),
                hint: "spots at the edge of the data are flagged".into(),
            });
        }
    }

    /// Names, hosts and matches of every catalogue.
    fn complete(&mut self, body: &Body, catalogues: &mut [SpotCatalogue]) -> Result<(), RequestError> {
        let (known, ellipsoid) = (features(&body.name), body.ellipsoid());
        if let Some(path) = &self.request.craters {
            self.inputs.push(crate::survey::input(path)?);
        }
        let rims = Rims::new(&known, self.request.craters.as_deref())?;
        let listed = match &self.request.listed {
            Some(path) => {
                self.inputs.push(crate::survey::input(path)?);
                Listed::of_csv(&read_text(path)?, LIST_SIGMA_KM)?
            }
            None => known.iter().map(Listed::of_feature).collect(),
        };
        for catalogue in catalogues {
            catalogue.hosts = rims.hosts(&mut catalogue.spots, &ellipsoid);
            let mut added = hosts::columns(&catalogue.hosts).to_vec();
            added.extend(match_columns(&catalogue.spots, &listed, &ellipsoid));
            added.append(&mut catalogue.extra);
            catalogue.extra = added;
        }
        Ok(())
    }

    fn family(
        &self,
        body: &Body,
        catalogues: &mut [SpotCatalogue],
    ) -> Result<Option<FamilyTree>, RequestError> {
        if catalogues.len() < 2 {
            return Ok(None);
        }
        let joined: Vec<Catalogue<'_>> = catalogues.iter().map(SpotCatalogue::to_track).collect();
        let tree = track(&joined, &body.ellipsoid(), &TrackOptions::default())?;
        for catalogue in catalogues {
            let added = family::columns(&tree, &catalogue.name, &catalogue.spots);
            catalogue.extra.extend(added);
        }
        Ok(Some(tree))
    }

    fn write(
        mut self,
        body: Body,
        catalogues: Vec<SpotCatalogue>,
        family: Option<FamilyTree>,
    ) -> Result<SpotOutcome, RequestError> {
        let mut outcome = SpotOutcome { body, catalogues, family, files: Vec::new(), record: Value::Null };
        let mut files = write::products(&mut outcome, (self.request, &self.inputs), self.report)?;
        files.append(&mut self.files);
        outcome.files = files;
        Ok(outcome)
    }
}

/// The entry of a list that each spot most probably is.
fn match_columns(spots: &[Spot], listed: &[Listed], ellipsoid: &Ellipsoid) -> [ExtraColumn; 3] {
    let matches = cross_match(spots, listed, ellipsoid, LEAST_PROBABILITY);
    let best: Vec<_> = spots.iter().map(|spot| matches.iter().find(|m| m.spot_id == spot.id)).collect();
    let number = |of: fn(&CrossMatch) -> f64| best.iter().map(|found| found.map_or(f64::NAN, of)).collect();
    let names = best.iter().map(|found| found.map(|m| m.name.clone())).collect();
    let about = "entry of the list it most probably is (the IAU's names, or --catalogue)";
    [
        ExtraColumn::texts("match_name", about, names),
        ExtraColumn::numbers(
            "match_probability",
            "probability that both are the same place",
            number(|m| m.probability),
        ),
        ExtraColumn::numbers("match_distance_km", "distance from that entry", number(|m| m.distance_km))
            .within("position_sigma_km"),
    ]
}

/// Identifiers after a choice was made: `S001` the most significant.
pub(super) fn number(spots: &mut [Spot]) {
    spots.iter_mut().enumerate().for_each(|(k, spot)| spot.id = format!("S{:03}", k + 1));
}

/// Each catalogue has a folder of its own when there are several of the first kind; views always do. Equal names are told
/// apart by a number.
fn name_folders(catalogues: &mut [SpotCatalogue]) {
    for k in 0..catalogues.len() {
        let taken = |name: &str| catalogues[..k].iter().any(|other| other.name == name);
        let own = catalogues[k].name.clone();
        let numbered = (2..).map(|n| format!("{own}_{n}"));
        let name = std::iter::once(own.clone()).chain(numbered).find(|name| !taken(name));
        catalogues[k].name = name.unwrap_or(own);
    }
    let is_view = |catalogue: &SpotCatalogue| catalogue.folder == view::FOLDER;
    let several = catalogues.iter().filter(|c| !is_view(c)).count() > 1;
    for catalogue in catalogues {
        let own = several || is_view(catalogue);
        catalogue.folder = if own { catalogue.name.clone() } else { String::new() };
    }
}
