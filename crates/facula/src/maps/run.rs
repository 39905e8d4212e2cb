// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to the files of a map; more frames to a map that is there.

use std::path::{Path, PathBuf};

use facula_core::{CellGrid, Level, Reporter, capitalised};
use facula_geometry::Shot;
use facula_map::{
    AccumulatorInfo, FinishedTile, FrameLevels, GlobalMap, Ground, LevelOptions, LevelReport, MapError,
    MapFiles, MosaicConfig, MosaicOptions, MosaicRule, Outliers, Overlaps, ProductInfo, ScaleLevels,
    ShotError, ShotSource, ShotTicket, StreamPlan, TileSink, accumulator_info, equalise_levels,
    finish_accumulator, merge_accumulators, mosaic_streamed, overlap_samples,
};
use facula_photometry::{FitOptions, Loss, SurfaceModel};

use super::also::{self, MapFormat};
use super::cells::{CellChoice, cell_grid};
use super::frames::FrameSet;
use super::preview::Preview;
use super::region::{Region, seen_region};
use crate::RequestError;
use crate::scatter::read_law;

/// What a map is made of besides its frames.
#[derive(Debug, Clone, PartialEq)]
pub struct MapRequest {
    /// Folder to write into.
    pub out: PathBuf,
    /// Cells; those of the map in the folder when it is added to.
    pub cells: Option<CellChoice>,
    /// What a cell seen by several frames becomes.
    pub rule: MosaicRule,
    /// Single values that stand off.
    pub outliers: Outliers,
    /// Levels of scale of which the finer replaces the coarser.
    pub levels: ScaleChoice,
    /// How the ground scatters light.
    pub model: ModelChoice,
    /// Whether frames are brought to one level.
    pub balance: Balance,
    /// Largest incidence and emission, degrees; those of [`MosaicOptions`] when absent.
    pub limits_deg: [Option<f64>; 2],
    /// What becomes of a map in the folder.
    pub start: Start,
    /// Sums of other processes to join.
    pub merge: Vec<PathBuf>,
    /// Formats beside GeoTIFF; they need the whole map in memory (15 bytes a cell).
    pub also: Vec<MapFormat>,
}

/// Which levels of scale a map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ScaleChoice {
    /// Dawn's orbits for frames of Dawn at Ceres, one level for others.
    #[default]
    Auto,
    /// All frames count.
    One,
    /// Each factor of two is a level.
    Octaves,
}

/// How the ground scatters light.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ModelChoice {
    /// That of the map in the folder, else Lommel-Seeliger with the body's slope parameter.
    #[default]
    Body,
    /// A published set or a law file.
    Named(String),
    /// Fitted to what frames see in common.
    Fitted,
}

/// Whether frames are brought to one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Balance {
    /// They stay as calibrated.
    #[default]
    Calibrated,
    /// Least squares over all overlaps.
    Overlaps,
}

/// What becomes of a map in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// The frames are added to it.
    #[default]
    Add,
    /// It is made anew.
    Fresh,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct MapOutcome {
    /// Grid of the map.
    pub grid: CellGrid,
    /// What its values are: `normal albedo`, `relative brightness`.
    pub quantity: &'static str,
    /// Frames in the map, and how many of them are new.
    pub frames: (usize, usize),
    /// Frames that could not be used this time.
    pub left_out: usize,
    /// Coverage by level.
    pub coverage: LevelReport,
    /// The law light was divided out with.
    pub model: SurfaceModel,
    /// What equalising did.
    pub balanced: Option<FrameLevels>,
    /// Files written.
    pub files: Vec<PathBuf>,
}

/// Sums of a map, in its folder.
pub const ACCUMULATOR: &str = "map.facc";
/// What was done, in the folder of a map.
pub const RECORD: &str = "map.json";
/// Side of a cell of the grid on which overlaps are looked for, degrees, at least.
const OVERLAP_CELL_DEG: f64 = 0.25;
/// Cells of a map that may be held in memory: 7.5 GB.
const WHOLE_CELLS: u64 = 500_000_000;
/// Scatter of overlapping frames besides noise: registration and slopes.
const SCATTER_FRACTION: f64 = 0.02;

/// Makes a map, or adds frames to one.
///
/// # Errors
/// [`RequestError`]: nothing to map, other cells or constants than the map in the folder has, files that cannot be read or
/// written.
pub fn make_map(
    frames: &FrameSet,
    request: &MapRequest,
    report: &dyn Reporter,
) -> Result<MapOutcome, RequestError> {
    let facc = request.out.join(ACCUMULATOR);
    let base = match request.start {
        Start::Add if facc.is_file() => Some(accumulator_info(&facc)?),
        _ => None,
    };
    let grid = grid_of(frames, request, base.as_ref())?;
    let mut source = Source::new(frames, base.as_ref(), report);
    let mut options = options_of(frames, request)?;
    let overlaps = overlaps(&source, (request, base.as_ref()), &options)?;
    match (&request.model, &overlaps, base.is_some()) {
        (ModelChoice::Fitted, Some(overlaps), _) => options.model = fitted(overlaps, &options.model)?,
        (ModelChoice::Body, _, true) => options.model = recorded_model(&request.out, options.model),
        _ => {}
    }
    let balanced = match (&request.balance, &overlaps) {
        (Balance::Overlaps, Some(overlaps)) => Some(source.balance(overlaps, &options.model)?),
        _ => None,
    };
    let config = config_of(frames, request, base.as_ref());
    std::fs::create_dir_all(&request.out)
        .map_err(|error| RequestError::io("make the folder", &request.out, &error))?;
    let quantity = quantity(frames);
    let info = product_info(frames, quantity, &options.model);
    let plan = StreamPlan {
        grid,
        config,
        shape: &frames.shape,
        options: &options,
        base: base.is_some().then_some(facc.as_path()),
        keep: Some(&facc),
    };
    let mut sink = Products::create(request, (frames, grid), &info)?;
    let streamed = mosaic_streamed(&source, &plan, &mut sink, report)?;
    let mut coverage = streamed.levels;
    if !request.merge.is_empty() {
        for other in &request.merge {
            merge_accumulators(&facc, other, &facc)?;
        }
        sink = Products::create(request, (frames, grid), &info)?;
        coverage = finish_accumulator(&facc, &frames.shape, &mut sink)?;
    }
    let mut files = sink.finish(frames, quantity)?;
    let in_map = accumulator_info(&facc)?.frames.len();
    let known = base.as_ref().map_or(0, |base| base.frames.len());
    let outcome = MapOutcome {
        grid,
        quantity,
        frames: (in_map, in_map - known),
        left_out: streamed.cells_per_shot.iter().filter(|cells| **cells == 0).count(),
        coverage,
        model: options.model,
        balanced,
        files: Vec::new(),
    };
    files.push(facc);
    files.push(super::record::write(&request.out.join(RECORD), frames, &outcome)?);
    Ok(MapOutcome { files, ..outcome })
}

/// The frames as the mosaic takes them.
struct Source<'a> {
    frames: &'a FrameSet,
    /// Of the frames that are not in the map yet, and their numbers in the set.
    tickets: Vec<ShotTicket>,
    numbers: Vec<usize>,
    report: &'a dyn Reporter,
}

impl<'a> Source<'a> {
    fn new(frames: &'a FrameSet, base: Option<&AccumulatorInfo>, report: &'a dyn Reporter) -> Self {
        let known = |id: &String| base.is_some_and(|base| base.frames.contains_key(id));
        let new = frames.shots.iter().enumerate().filter(|(_, shot)| !known(&shot.meta.id));
        let (numbers, tickets) = new.map(|(k, shot)| (k, shot.ticket())).unzip();
        Self { frames, tickets, numbers, report }
    }

    /// Gives every frame the gain that brings it to the level of the others.
    fn balance(&mut self, overlaps: &Overlaps, model: &SurfaceModel) -> Result<FrameLevels, RequestError> {
        let levels = equalise_levels(overlaps, model, &LevelOptions::default())?;
        for ticket in &mut self.tickets {
            let gain = levels.gains.iter().find(|gain| gain.id == ticket.id);
            ticket.gain = gain.map_or(1.0, |gain| gain.gain);
        }
        Ok(levels)
    }
}

impl ShotSource for Source<'_> {
    fn tickets(&self) -> &[ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, ShotError> {
        Ok(self.frames.shot(self.numbers[index], self.report)?)
    }
}

/// The files of the map and its preview.
struct Products<'a> {
    files: MapFiles,
    preview: Preview,
    request: &'a MapRequest,
    /// The whole map, where a format needs it.
    whole: Option<GlobalMap>,
}

impl<'a> Products<'a> {
    fn create(
        request: &'a MapRequest,
        (frames, grid): (&FrameSet, CellGrid),
        info: &ProductInfo,
    ) -> Result<Self, RequestError> {
        let cells = grid.width() as u64 * grid.height() as u64;
        if !request.also.is_empty() && cells > WHOLE_CELLS {
            let value = format!("{} x {} cells", grid.width(), grid.height());
            return Err(RequestError::argument("also (for maps of 500 million cells at most)", &value));
        }
        Ok(Self {
            files: MapFiles::create(&request.out, &frames.body, grid, info)?,
            preview: Preview::new(grid),
            request,
            whole: (!request.also.is_empty()).then(|| GlobalMap::empty(grid)),
        })
    }

    fn finish(self, frames: &FrameSet, quantity: &str) -> Result<Vec<PathBuf>, RequestError> {
        let mut files = self.files.finish()?;
        let path = self.request.out.join("preview.png");
        if let Some(picture) = self.preview.picture(&frames.body, quantity)? {
            picture.write(&path)?;
            files.push(path);
        }
        for (format, map) in self.request.also.iter().zip(self.whole.iter().cycle()) {
            files.push(also::write(*format, (map, quantity), frames, &self.request.out)?);
        }
        Ok(files)
    }
}

impl TileSink for Products<'_> {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        self.preview.take(&tile);
        if let Some(whole) = &mut self.whole {
            whole.tile(tile)?;
        }
        self.files.tile(tile)
    }
}

fn grid_of(
    frames: &FrameSet,
    request: &MapRequest,
    base: Option<&AccumulatorInfo>,
) -> Result<CellGrid, RequestError> {
    if let (Some(base), None) = (base, &request.cells) {
        return Ok(base.grid);
    }
    let none = || RequestError::argument("frames (none of them shows the body)", "none");
    let seen = seen_region(frames).ok_or_else(none)?;
    // A map of most of a body is a map of the body.
    let seen = if seen.0.area_fraction() > 0.6 { (Region::GLOBAL, seen.1) } else { seen };
    cell_grid(&frames.body, &request.cells.clone().unwrap_or_default(), seen)
}

fn options_of(frames: &FrameSet, request: &MapRequest) -> Result<MosaicOptions, RequestError> {
    let default = MosaicOptions::default();
    let model = match &request.model {
        ModelChoice::Named(name) => read_law(name)?.model,
        _ => SurfaceModel::lommel_seeliger(frames.body.phase_slope),
    };
    let limit = |deg: Option<f64>, rad: f64| deg.map_or(rad, f64::to_radians);
    Ok(MosaicOptions {
        model,
        max_incidence_rad: limit(request.limits_deg[0], default.max_incidence_rad),
        max_emission_rad: limit(request.limits_deg[1], default.max_emission_rad),
        ..default
    })
}

/// What frames see in common, where it is asked for.
fn overlaps(
    source: &Source<'_>,
    (request, base): (&MapRequest, Option<&AccumulatorInfo>),
    options: &MosaicOptions,
) -> Result<Option<Overlaps>, RequestError> {
    if request.model != ModelChoice::Fitted && request.balance != Balance::Overlaps {
        return Ok(None);
    }
    if base.is_some() {
        let name = "model fit and equalise (they need all frames of a map at once; give --fresh)";
        return Err(RequestError::argument(name, "added to a map"));
    }
    let (region, scale_m) = seen_region(source.frames).unwrap_or((Region::GLOBAL, 1e3));
    let radius_m = source.frames.body.ellipsoid().mean_radius_km() * 1000.0;
    // Some pixels a cell, so that registration counts little, and cells enough.
    let least_m = OVERLAP_CELL_DEG.to_radians() * radius_m * region.area_fraction().sqrt();
    let choice =
        CellChoice { scale_m: Some(least_m.max(4.0 * scale_m)), region: Some(region), ..Default::default() };
    let grid = cell_grid(&source.frames.body, &choice, (region, scale_m))?;
    let ground = Ground { shape: &source.frames.shape, grid };
    Ok(Some(overlap_samples(source, ground, options, source.report)?))
}

fn fitted(overlaps: &Overlaps, start: &SurfaceModel) -> Result<SurfaceModel, RequestError> {
    let options = FitOptions { loss: Loss::Huber { clip_sigma: 2.0 }, ..FitOptions::default() };
    Ok(overlaps.fit_model(start, &options, SCATTER_FRACTION)?.model)
}

/// The law in the record of the map that is added to.
fn recorded_model(folder: &Path, otherwise: SurfaceModel) -> SurfaceModel {
    let text = std::fs::read(folder.join(RECORD)).ok();
    let value: Option<serde_json::Value> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let model = value.and_then(|value| serde_json::from_value(value.get("model")?.clone()).ok());
    model.unwrap_or(otherwise)
}

fn config_of(frames: &FrameSet, request: &MapRequest, base: Option<&AccumulatorInfo>) -> MosaicConfig {
    if let Some(base) = base {
        return base.config.clone();
    }
    let dawn = |shot: &super::PlacedShot| shot.camera.name.starts_with("dawn_fc");
    let levels = match request.levels {
        ScaleChoice::Octaves => ScaleLevels::octaves(),
        ScaleChoice::Auto if frames.body.name == "ceres" && frames.shots.iter().all(dawn) => {
            ScaleLevels::dawn_at_ceres()
        }
        _ => ScaleLevels::single(),
    };
    MosaicConfig { rule: request.rule, outliers: request.outliers, levels, ..MosaicConfig::default() }
}

fn quantity(frames: &FrameSet) -> &'static str {
    let relative = frames.shots.iter().any(|shot| shot.meta.level == Level::Relative);
    if relative { "relative brightness" } else { "normal albedo" }
}

fn product_info(frames: &FrameSet, quantity: &str, model: &SurfaceModel) -> ProductInfo {
    let filter = frames.shots.first().map_or("", |shot| &shot.meta.filter);
    let metadata = [
        ("SOFTWARE", format!("facula {}", env!("CARGO_PKG_VERSION"))),
        ("TARGET", capitalised(&frames.body.name)),
        ("FILTER", filter.to_string()),
        ("QUANTITY", quantity.to_string()),
        ("STANDARD_GEOMETRY", "incidence 0, emission 0, phase 0 degrees".to_string()),
        ("PHOTOMETRIC_MODEL", serde_json::to_string(model).unwrap_or_default()),
        ("BODY_CONSTANTS", frames.body.source.trim().replace('\n', " ")),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    ProductInfo { metadata, ..Default::default() }
}
