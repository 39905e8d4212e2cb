// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to the files of a map; more frames to a map that is there.

use std::path::{Path, PathBuf};

use facula_core::{CellGrid, Reporter};
use facula_map::{
    AccumulatorInfo, FrameLevels, Ground, LevelReport, MosaicConfig, MosaicOptions, Overlaps, ScaleLevels,
    StreamPlan, Streamed, accumulator_info, finish_accumulator, merge_accumulators, mosaic_streamed,
    overlap_samples,
};
use facula_photometry::{FitOptions, Loss, SurfaceModel};

use super::align::{reference_map, tie_to};
use super::also;
use super::cells::{CellChoice, cell_grid};
use super::frames::FrameSet;
use super::products::{Products, product_info, quantity};
use super::region::{Region, seen_region};
use super::request::{Balance, MapOutcome, MapRequest, ModelChoice, ScaleChoice, Start};
use super::source::Source;
use crate::RequestError;
use crate::scatter::read_law;

/// Sums of a map, in its folder.
pub const ACCUMULATOR: &str = "map.facc";
/// What was done, in the folder of a map.
pub const RECORD: &str = "map.json";
/// Side of a cell of the grid on which overlaps are looked for, degrees, at least.
const OVERLAP_CELL_DEG: f64 = 0.25;
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
    let Some(reference) = &request.align_to else {
        return make_map_on(frames, (request, None), report);
    };
    let mut aligned = frames.clone();
    let ties = tie_to(&mut aligned, &reference_map(reference, &frames.shape)?, report);
    let outcome = MapOutcome { ties, ..make_map_on(&aligned, (request, None), report)? };
    super::record::write(&request.out.join(RECORD), &aligned, &outcome)?;
    Ok(outcome)
}

/// The same, on the cells of a grid where one is given.
pub(super) fn make_map_on(
    frames: &FrameSet,
    (request, grid): (&MapRequest, Option<CellGrid>),
    report: &dyn Reporter,
) -> Result<MapOutcome, RequestError> {
    let job = Job::prepare(frames, (request, grid), report)?;
    std::fs::create_dir_all(&request.out)
        .map_err(|error| RequestError::io("make the folder", &request.out, &error))?;
    let (streamed, coverage, mut files) = job.run(report)?;
    let in_map = accumulator_info(&job.facc)?.frames.len();
    let known = job.base.as_ref().map_or(0, |base| base.frames.len());
    let outcome = MapOutcome {
        grid: job.grid,
        quantity: quantity(frames),
        frames: (in_map, in_map - known),
        left_out: streamed.cells_per_shot.iter().filter(|cells| **cells == 0).count(),
        coverage,
        model: job.options.model,
        balanced: job.balanced,
        ties: Vec::new(),
        files: Vec::new(),
    };
    files.push(job.facc);
    files.push(super::record::write(&request.out.join(RECORD), frames, &outcome)?);
    Ok(MapOutcome { files, ..outcome })
}

/// A map whose parts are known to fit together, before anything is worked or written.
struct Job<'a> {
    request: &'a MapRequest,
    source: Source<'a>,
    /// The map in the folder that is added to.
    base: Option<AccumulatorInfo>,
    facc: PathBuf,
    grid: CellGrid,
    config: MosaicConfig,
    options: MosaicOptions,
    balanced: Option<FrameLevels>,
}

impl<'a> Job<'a> {
    fn prepare(
        frames: &'a FrameSet,
        (request, grid): (&'a MapRequest, Option<CellGrid>),
        report: &'a dyn Reporter,
    ) -> Result<Self, RequestError> {
        let (facc, base) = (request.out.join(ACCUMULATOR), base_of(request)?);
        let grid = grid.map_or_else(|| grid_of(frames, request, base.as_ref()), Ok)?;
        let config = config_of(frames, request, base.as_ref());
        also::check(&request.also, &grid)?;
        check_merges(frames, request, (&grid, &config), base.as_ref())?;
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
        Ok(Self { request, source, base, facc, grid, config, options, balanced })
    }

    /// Works the frames, joins the sums of others, writes the files of the map.
    fn run(&self, report: &dyn Reporter) -> Result<(Streamed, LevelReport, Vec<PathBuf>), RequestError> {
        let (frames, quantity) = (self.source.frames, quantity(self.source.frames));
        let info = product_info(frames, quantity, &self.options.model);
        let plan = StreamPlan {
            grid: self.grid,
            config: self.config.clone(),
            shape: &frames.shape,
            options: &self.options,
            base: self.base.is_some().then_some(self.facc.as_path()),
            keep: Some(&self.facc),
        };
        let mut sink = Products::create(self.request, (frames, self.grid), &info)?;
        let streamed = mosaic_streamed(&self.source, &plan, &mut sink, report)?;
        let mut coverage = streamed.levels.clone();
        if !self.request.merge.is_empty() {
            for other in &self.request.merge {
                merge_accumulators(&self.facc, other, &self.facc)?;
            }
            sink = Products::create(self.request, (frames, self.grid), &info)?;
            coverage = finish_accumulator(&self.facc, &frames.shape, &mut sink)?;
        }
        Ok((streamed, coverage, sink.finish(frames, quantity)?))
    }
}

/// The map in the folder that is added to.
fn base_of(request: &MapRequest) -> Result<Option<AccumulatorInfo>, RequestError> {
    let facc = request.out.join(ACCUMULATOR);
    let there = request.start == Start::Add && facc.is_file();
    Ok(if there { Some(accumulator_info(&facc)?) } else { None })
}

/// The cells that a request gives a map of some frames.
pub(super) fn shared_grid(frames: &FrameSet, request: &MapRequest) -> Result<CellGrid, RequestError> {
    grid_of(frames, request, base_of(request)?.as_ref())
}

/// Sums to join must be there, whole, of the same grid and of other frames: better told now than after the work.
fn check_merges(
    frames: &FrameSet,
    request: &MapRequest,
    making: (&CellGrid, &MosaicConfig),
    base: Option<&AccumulatorInfo>,
) -> Result<(), RequestError> {
    let mut taken: std::collections::BTreeSet<String> =
        frames.shots.iter().map(|shot| shot.meta.id.clone()).collect();
    taken.extend(base.iter().flat_map(|base| base.frames.keys().cloned()));
    for other in &request.merge {
        let other = accumulator_info(other)?;
        other.joins(making, taken.iter().map(String::as_str))?;
        taken.extend(other.frames.into_keys());
    }
    Ok(())
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
