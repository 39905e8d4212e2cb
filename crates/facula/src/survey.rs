// SPDX-License-Identifier: MIT OR Apache-2.0
//! `survey`: the way of the data from frames to map, spots, light curves, verdict, figures and report.
//!
//! ```text
//! campaign ─plan─simulate─► archive files ─┐
//! flight files ────────────────────────────┴─► read ─calibrate─► align ─► map ─► detect ─► light curves ─► weigh ─► publish
//! ```
//! Every stage is a function of another crate; this module passes values from one to the next and touches the disk.

mod figures;
mod folder;
mod frames;
mod mapping;
mod record;
mod recovery;
mod setup;
mod simulate;
mod write;

use std::path::PathBuf;
use std::time::Instant;

use facula_core::{MapGrid, MapImage, Progress, Quality, Raster, Reporter, Warning};
use facula_explain::SurveyVerdict;
use facula_geometry::{Camera, Shape};
use facula_map::GlobalMap;
use facula_plan::ObservationPlan;
use facula_spots::{
    DetectOptions, LightCurve, LightOptions, Spot, SpotMap, detect, light_curves, light_points,
};
use facula_world::World;

pub(crate) use figures::graticule;
pub use folder::Existing;
pub(crate) use folder::hash_file;
use folder::{Progress as FolderProgress, RunFolder};
use frames::{AlignedFrame, FrameTools};
use recovery::{Judged, Match, Recovery, recover};
pub(crate) use setup::{InputFile, input, labels_in};
use setup::{Setup, frame_paths};

use crate::SurveyError;
use crate::campaign::LoadedCampaign;
use crate::catalogues::{FWHM_PER_SIGMA, blur_fwhm_cells};

/// Where a survey writes, and what it does with what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyOptions {
    /// Output folder.
    pub out: PathBuf,
    /// What to do when it holds another run.
    pub existing: Existing,
}

/// How a survey ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Output folder.
    pub out: PathBuf,
    /// The result in one sentence.
    pub headline: String,
    /// Frames used and frames given.
    pub frames: (usize, usize),
    /// Spots found.
    pub spots: usize,
    /// The strongest spots, one line each.
    pub strongest: Vec<String>,
    /// Warnings, sorted.
    pub warnings: Vec<Warning>,
    /// Time spent in each stage of this run, s.
    pub timings_s: Vec<(String, f64)>,
    /// Whether everything was there already.
    pub already_complete: bool,
}

/// A [`Reporter`] that can tell its warnings; the survey puts them into `run.json` and the report.
pub trait SurveyReporter: Reporter {
    /// The warnings so far, sorted.
    fn warnings(&self) -> Vec<Warning>;
}

impl SurveyReporter for facula_core::Collected {
    fn warnings(&self) -> Vec<Warning> {
        self.warnings()
    }
}

/// Time spent in each stage, s; part of `run.json` only.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Timings(Vec<(String, f64)>);

impl Timings {
    /// Runs a stage and notes its time.
    fn stage<T>(&mut self, name: &str, run: impl FnOnce() -> T) -> T {
        let clock = Instant::now();
        let value = run();
        self.0.push((name.to_string(), (clock.elapsed().as_secs_f64() * 1000.0).round() / 1000.0));
        value
    }

    pub(crate) fn stages(&self) -> &[(String, f64)] {
        &self.0
    }
}

/// What a survey found, before anything is written.
pub(crate) struct Findings {
    pub(crate) frames: Vec<AlignedFrame>,
    pub(crate) frames_given: usize,
    pub(crate) map: GlobalMap,
    /// Cells of the map.
    pub(crate) grid: MapGrid,
    pub(crate) quantity: &'static str,
    pub(crate) shape_name: &'static str,
    pub(crate) spots: Vec<Spot>,
    pub(crate) curves: Vec<LightCurve>,
    pub(crate) verdict: SurveyVerdict,
    pub(crate) recovery: Option<(Recovery, Vec<Match>)>,
    pub(crate) figures: Vec<figures::Figure>,
    pub(crate) animation: Option<Vec<u8>>,
}

/// Surveys a campaign into a folder. Started again after a kill it goes on where it was; the products are the same
/// bytes for any number of threads and any interruption (but for the times in `run.json`).
///
/// # Errors
/// [`SurveyError`], before anything is written where possible.
pub fn survey(
    loaded: &LoadedCampaign,
    options: &SurveyOptions,
    report: &dyn SurveyReporter,
) -> Result<Outcome, SurveyError> {
    let mut timings = Timings::default();
    let setup = timings.stage("set up", || Setup::new(loaded))?;
    let (folder, progress) = RunFolder::open(&options.out, &setup.key(), options.existing)?;
    if progress == FolderProgress::Complete {
        return record::outcome_of(&folder);
    }
    folder.sweep()?;
    let findings = if loaded.campaign.input_map.is_some() {
        from_map(&setup, report, &mut timings)?
    } else {
        from_frames(&setup, &folder, report, &mut timings)?
    };
    timings.stage("write", || write::products(&setup, &findings, &folder, report))?;
    record::finish(&setup, &findings, &folder, (report, &timings))
}

/// A ready map: only the spot stage and what follows it.
fn from_map(
    setup: &Setup<'_>,
    report: &dyn SurveyReporter,
    timings: &mut Timings,
) -> Result<Findings, SurveyError> {
    let file = setup.loaded.campaign.input_map.as_ref().expect("asked for by the caller");
    let image = rolled_to_zero(timings.stage("read map", || setup.map_file(file))?);
    let grid = image.grid;
    let (width, height) = (grid.width, grid.height);
    let map = GlobalMap {
        grid: image.grid.into(),
        quality: image.values.map(|v| if v.is_nan() { Quality::MISSING } else { Quality::GOOD }),
        coverage: image.values.map(|v| u16::from(!v.is_nan())),
        sigma: Raster::filled(width, height, f32::NAN),
        scale_m: image.values.map(|v| {
            if v.is_nan() {
                f32::NAN
            } else {
                image.grid.cell_m(setup.body.ellipsoid().mean_radius_km()) as f32
            }
        }),
        albedo: image.values,
    };
    let spots = timings.stage("detect", || spots(setup, (&map, grid), report))?;
    let verdict = SurveyVerdict::of(Vec::new());
    let mut findings = Findings {
        frames: Vec::new(),
        frames_given: 0,
        map,
        grid,
        quantity: "relative brightness",
        shape_name: "ellipsoid",
        spots,
        curves: Vec::new(),
        verdict,
        recovery: None,
        figures: Vec::new(),
        animation: None,
    };
    findings.figures = timings.stage("figures", || figures::summary_figures(&drawn(setup, &findings)))?;
    Ok(findings)
}

/// A global map with its first column at longitude 0, as all our global maps are; others as they are.
fn rolled_to_zero(image: MapImage) -> MapImage {
    let (width, west_rad) = (image.grid.width, image.grid.west_rad.rem_euclid(std::f64::consts::TAU));
    let columns = west_rad / image.grid.step_rad;
    if !image.grid.wraps() || (columns - columns.round()).abs() > 1e-6 {
        return image;
    }
    let shift = columns.round() as usize % width;
    let mut values = image.values.clone();
    for line in 0..image.grid.height {
        let row = &mut values.as_mut_slice()[line * width..(line + 1) * width];
        row.rotate_right(shift);
    }
    MapImage { grid: MapGrid { west_rad: 0.0, ..image.grid }, values }
}

/// The frames of a campaign's plan and their truth, without the survey; a run that was cut goes on.
pub(crate) fn simulate_only(
    loaded: &LoadedCampaign,
    out: &std::path::Path,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, SurveyError> {
    let setup = Setup::new(loaded)?;
    let none = || SurveyError::stage("simulate", "this campaign has no [plan]: nothing to take frames of");
    let choice = loaded.campaign.plan.as_ref().ok_or_else(none)?;
    let plan = setup.plan(choice)?;
    let (folder, _) = RunFolder::open(out, &format!("simulate {}", setup.key()), Existing::Keep)?;
    folder.sweep()?;
    let world = setup.world(choice);
    simulate::simulate(&setup, (choice, &plan, &world), &folder, report)
}

/// Truth of a simulated campaign.
struct Simulated {
    world: World,
    plan: ObservationPlan,
}

fn from_frames(
    setup: &Setup<'_>,
    folder: &RunFolder,
    report: &dyn SurveyReporter,
    timings: &mut Timings,
) -> Result<Findings, SurveyError> {
    let simulated = timings.stage("world", || simulated(setup))?;
    let (paths, flat) = match (&simulated, &setup.loaded.campaign.plan) {
        (Some(s), Some(choice)) => {
            let labels = timings.stage("simulate", || {
                simulate::simulate(setup, (choice, &s.plan, &s.world), folder, report)
            })?;
            (labels, Some(folder.path(simulate::FLAT)))
        }
        _ => {
            let flat = setup.loaded.campaign.frames.as_ref().and_then(|frames| frames.flat.as_ref());
            (frame_paths(setup.loaded)?, flat.map(|path| setup.loaded.resolve(path)))
        }
    };
    let shape = timings.stage("shape", || match &simulated {
        Some(s) => Ok(Shape::Grid(s.world.survey_shape())),
        None => setup.shape(),
    })?;
    let tools = FrameTools::new(setup, &shape, flat.as_deref(), report)?;
    let frames = timings.stage("align", || tools.align_all(&paths, folder))?;
    let map = timings.stage("map", || mapping::mosaic(&tools, &frames, folder, report))?;
    let grid = setup.grid;
    let spots = timings.stage("detect", || spots(setup, (&map, grid), report))?;
    let curves = timings.stage("light curves", || curves(&tools, &frames, &spots, report));
    let verdict = timings.stage("weigh", || verdict(setup, &curves, report));
    let recovery =
        timings.stage("recovery", || simulated.as_ref().map(|s| judge(setup, s, (&frames, &map, &spots))));
    let mut findings = Findings {
        quantity: quantity(&frames),
        shape_name: mapping::shape_name(&shape),
        frames_given: paths.len(),
        frames,
        map,
        grid,
        spots,
        curves,
        verdict,
        recovery,
        figures: Vec::new(),
        animation: None,
    };
    let drawn = drawn(setup, &findings);
    let (figures, animation) = timings.stage("figures", || -> Result<_, SurveyError> {
        report.progress(Progress { stage: "figures", done: 0, total: 1 });
        let mut figures = figures::frame_figures(&tools, &findings.frames, &drawn)?;
        figures.extend(figures::summary_figures(&drawn)?);
        let animation = figures::animation(&tools, &findings.frames, &drawn, report)?;
        report.progress(Progress { stage: "figures", done: 1, total: 1 });
        Ok((figures, animation))
    })?;
    findings.figures = figures;
    findings.animation = animation;
    Ok(findings)
}

fn simulated(setup: &Setup<'_>) -> Result<Option<Simulated>, SurveyError> {
    let Some(choice) = &setup.loaded.campaign.plan else { return Ok(None) };
    Ok(Some(Simulated { plan: setup.plan(choice)?, world: setup.world(choice) }))
}

/// What the numbers of the map are.
fn quantity(frames: &[AlignedFrame]) -> &'static str {
    if frames.iter().any(|frame| frame.level == facula_core::Level::Relative) {
        "relative brightness"
    } else {
        "normal albedo"
    }
}

fn drawn<'a>(setup: &'a Setup<'_>, findings: &'a Findings) -> figures::Drawn<'a> {
    figures::Drawn {
        title: &setup.loaded.campaign.title,
        body: &setup.body,
        map: &findings.map,
        grid: findings.grid,
        spots: &findings.spots,
        curves: &findings.curves,
        verdict: &findings.verdict,
        model: setup.model(),
        quantity: findings.quantity,
        recovery: findings.recovery.as_ref(),
    }
}

fn spots(
    setup: &Setup<'_>,
    (map, grid): (&GlobalMap, MapGrid),
    report: &dyn SurveyReporter,
) -> Result<Vec<Spot>, SurveyError> {
    let choice = &setup.loaded.campaign.spots;
    let mut options = DetectOptions { features: setup.features.clone(), ..Default::default() };
    options.least_significance = choice.least_significance.unwrap_or(options.least_significance);
    options.least_contrast = choice.least_contrast.unwrap_or(options.least_contrast);
    options.false_alarm_rate = choice.false_alarm_rate.unwrap_or(options.false_alarm_rate);
    let input = SpotMap {
        grid,
        albedo: &map.albedo,
        quality: &map.quality,
        sigma: Some(&map.sigma),
        coverage: Some(&map.coverage),
        ellipsoid: setup.body.ellipsoid(),
        effective_psf_px: blur_cells(setup, map),
    };
    detect(&input, &options, report).map_err(|e| SurveyError::stage("detect", e))
}

/// Full width at half maximum of what camera and mapping do to a point, map cells; that of half a cell's sigma for
/// campaigns without a camera.
fn blur_cells(setup: &Setup<'_>, map: &GlobalMap) -> f64 {
    let detector =
        setup.camera.as_ref().and_then(|file| file.filters.values().next()).map(|filter| &filter.detector);
    let Some(detector) = detector else { return 0.5 * FWHM_PER_SIGMA };
    let cell_m = map.grid.cell_m(setup.body.ellipsoid().mean_radius_km());
    blur_fwhm_cells(detector.psf_sigma_px(), &map.scale_m, cell_m).unwrap_or(0.0)
}

/// The light curve of every spot: a second pass over the frames, batch by batch.
fn curves(
    tools: &FrameTools<'_>,
    frames: &[AlignedFrame],
    spots: &[Spot],
    report: &dyn SurveyReporter,
) -> Vec<LightCurve> {
    use rayon::prelude::*;
    let mut points = Vec::new();
    // The law of a light curve is for level ground.
    let options = LightOptions { smooth: Some(tools.setup.body.ellipsoid()), ..LightOptions::default() };
    for (k, batch) in frames.chunks(mapping::BATCH).enumerate() {
        report.progress(Progress { stage: "light curves", done: k * mapping::BATCH, total: frames.len() });
        let shots = mapping::shots(tools, batch, report);
        let found: Vec<_> =
            shots.par_iter().map(|shot| light_points(spots, shot, tools.shape, &options)).collect();
        points.extend(found.into_iter().flatten());
    }
    report.progress(Progress { stage: "light curves", done: frames.len(), total: frames.len() });
    light_curves(points)
}

/// Weighs every spot that has a light curve; a curve that cannot be weighed becomes a warning.
fn verdict(setup: &Setup<'_>, curves: &[LightCurve], report: &dyn SurveyReporter) -> SurveyVerdict {
    let model = setup.model();
    let weighed = curves.iter().filter_map(|curve| {
        let warn = |error: facula_explain::ExplainError| {
            report.warn(Warning {
                stage: "weigh".into(),
                subject: curve.spot_id.clone(),
                message: error.to_string(),
                hint: "the spot stays in the catalogue without a verdict".into(),
            });
        };
        facula_explain::weigh(curve, &model).map_err(warn).ok()
    });
    SurveyVerdict::of(weighed.collect())
}

fn judge(
    setup: &Setup<'_>,
    simulated: &Simulated,
    found: (&[AlignedFrame], &GlobalMap, &[Spot]),
) -> (Recovery, Vec<Match>) {
    let (frames, map, spots) = found;
    let filter = simulated.plan.shots.first().map_or("", |shot| &shot.filter);
    let camera: Camera = setup
        .camera()
        .ok()
        .and_then(|file| file.camera(filter).ok())
        .expect("the frames were taken with this camera and filter");
    recover(&Judged {
        world: &simulated.world,
        plan: &simulated.plan,
        camera: &camera,
        frames,
        map,
        grid: setup.grid,
        spots,
        radius_km: setup.body.ellipsoid().mean_radius_km(),
        blur_sigma_cells: blur_cells(setup, map) / FWHM_PER_SIGMA,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{LonLat, PixelPos};

    #[test]
    fn rolling_a_map_moves_no_place() {
        let grid = MapGrid { west_rad: -std::f64::consts::PI, ..MapGrid::global(18) };
        let value =
            |k: usize| grid.place(PixelPos::new((k % 36) as f64, (k / 36) as f64)).longitude_deg() as f32;
        let values = Raster::from_vec(36, 18, (0..36 * 18).map(value).collect()).unwrap();
        let rolled = rolled_to_zero(MapImage { grid, values });
        assert_eq!(rolled.grid.west_rad, 0.0);
        for longitude_deg in [5.0, 175.0, 185.0, 355.0] {
            let at = rolled.grid.position(LonLat::from_degrees(longitude_deg, 0.0)).unwrap();
            assert_eq!(rolled.values.at(at.x_px.round() as usize, 9), longitude_deg as f32);
        }
    }
}
