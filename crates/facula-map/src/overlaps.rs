// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ground that several frames show: what they say of it, to fit a photometric model and the frames' levels.
//!
//! In: frames, a coarse grid. Out: for each cell that two frames or more measured, their I/F with the light. Frames are
//! sorted by identifier and cells by place, so what is fitted does not depend on the order of the frames.

use facula_core::{PixelPos, Reporter};
use facula_geometry::Shot;
use facula_photometry::{Fit, FitError, FitOptions, LightAngles, Observation, SurfaceModel, fit_groups};
use rayon::prelude::*;

use crate::mosaic::{Engine, Registry, TileGround, admitted, pixels_problem, tile_count, warn, window};
use crate::orthorectify::{ShotView, TileReadings, read_tile};
use crate::{Ground, MapError, MosaicConfig, MosaicOptions, ShotSource};

/// Most cells of the grid: 2 million; overlaps need no fine one.
const MAX_CELLS: u64 = 1 << 21;
/// Cells a model is fitted to at most; each brings a parameter of its own.
const MODEL_CELLS: usize = 400;

/// What one frame says of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlapSample {
    /// Number of the frame in [`Overlaps::frames`].
    pub frame: u32,
    /// Mean I/F of the cell.
    pub iof: f64,
    /// Its random error, one sigma.
    pub sigma: f64,
    /// Light at the middle of the cell, of the shape without what lies below it.
    pub light: LightAngles,
}

/// A cell with all that is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlapCell {
    /// Number of the cell in the grid, line by line.
    pub cell: u64,
    /// Two samples or more, by frame.
    pub samples: Vec<OverlapSample>,
}

/// Ground that several frames show.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlaps {
    /// Identifiers of the frames, sorted.
    pub frames: Vec<String>,
    /// Cells, by number.
    pub cells: Vec<OverlapCell>,
}

/// Looks for ground that several frames show. Each frame is read once; frames that cannot be used are reported and left
/// out as in [`crate::Mosaic::accumulate`].
///
/// # Errors
/// [`MapError::Argument`] for options or a grid that cannot work, [`MapError::Limit`] for a grid beyond 2 million cells.
pub fn overlap_samples(
    source: &dyn ShotSource,
    ground: Ground<'_>,
    options: &MosaicOptions,
    report: &dyn Reporter,
) -> Result<Overlaps, MapError> {
    let Ground { shape, grid } = ground;
    let count = tile_count(&grid)?;
    let needed = (grid.width() as u64).saturating_mul(grid.height() as u64);
    if needed > MAX_CELLS {
        let remedy = "a step of a quarter degree is enough";
        return Err(MapError::Limit {
            what: "grid for overlaps, in cells,",
            needed,
            limit: MAX_CELLS,
            remedy,
        });
    }
    let config = MosaicConfig::default();
    let engine = Engine::new(grid, shape, options, &config)?;
    let plans = admitted(&mut Registry::default(), &engine, source.tickets(), report)?;
    let grounds: Vec<TileGround> =
        (0..count).into_par_iter().map(|k| engine.ground.tile(window(&grid, k))).collect();
    let mut frames: Vec<(String, Vec<(u64, OverlapSample)>)> = plans
        .into_par_iter()
        .filter_map(|(index, plan)| {
            let id = &source.tickets()[index].id;
            let shot = source.shot(index).map_err(|e| unread(report, id, &e.to_string())).ok()?;
            if let Some(refusal) = pixels_problem(&shot, options.rejected) {
                warn(report, id, &refusal);
                return None;
            }
            let view = engine.view(&shot);
            let tiles = plan.tiles.iter().map(|tile| *tile as usize);
            let samples: Vec<_> =
                tiles.flat_map(|tile| seen((&shot, &view), (&engine, tile), &grounds[tile])).collect();
            Some((id.clone(), samples))
        })
        .collect();
    frames.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Overlaps::of(frames))
}

fn unread(report: &dyn Reporter, id: &str, error: &str) {
    let message = format!("it cannot be read: {error}; left out");
    warn(report, id, &crate::mosaic::Refusal { message, hint: "check the file" });
}

/// What a frame says of the cells of a tile.
fn seen(
    (shot, view): (&Shot, &ShotView<'_>),
    (engine, tile): (&Engine<'_>, usize),
    ground: &TileGround,
) -> Vec<(u64, OverlapSample)> {
    let mut readings = TileReadings::default();
    if view.misses(&ground.bounds) || read_tile(view, ground, &mut readings) == 0 {
        return Vec::new();
    }
    let (grid, model) = (&engine.grid, &engine.options.model);
    let standard = model.iof_per_albedo(engine.options.standard);
    let tile = window(grid, tile);
    let sample = |(k, albedo): (usize, &f32)| {
        let (column, line) = (tile.column + k % tile.width, tile.line + k / tile.width);
        let place = grid.place(PixelPos::new(column as f64, line as f64))?;
        let light = shot.light(&engine.shape.surface(place.direction())?);
        let per_albedo = model.iof_per_albedo(light) / standard;
        let (iof, sigma) = (f64::from(*albedo) * per_albedo, f64::from(readings.sigma[k]) * per_albedo);
        let sound = light.is_lit_and_seen() && iof > 0.0 && iof.is_finite() && sigma.is_finite();
        let cell = line as u64 * grid.width() as u64 + column as u64;
        sound.then_some((cell, OverlapSample { frame: 0, iof, sigma, light }))
    };
    readings.albedo.iter().enumerate().filter(|(_, albedo)| !albedo.is_nan()).filter_map(sample).collect()
}

impl Overlaps {
    fn of(frames: Vec<(String, Vec<(u64, OverlapSample)>)>) -> Self {
        let mut all: Vec<(u64, OverlapSample)> = Vec::new();
        let mut names = Vec::with_capacity(frames.len());
        for (number, (id, samples)) in frames.into_iter().enumerate() {
            names.push(id);
            all.extend(
                samples.into_iter().map(|(cell, s)| (cell, OverlapSample { frame: number as u32, ..s })),
            );
        }
        all.sort_by_key(|(cell, sample)| (*cell, sample.frame));
        let shared = all.chunk_by(|a, b| a.0 == b.0).filter(|chunk| chunk.len() > 1);
        let cell = |chunk: &[(u64, OverlapSample)]| OverlapCell {
            cell: chunk[0].0,
            samples: chunk.iter().map(|(_, sample)| *sample).collect(),
        };
        Self { frames: names, cells: shared.map(cell).collect() }
    }

    /// Fits a model to the overlaps: each cell has a normal albedo of its own, the other free parameters are shared. Of
    /// many cells the 400 that were seen under the most different light are used. `scatter_fraction` is what samples
    /// are off by besides noise (registration, slopes), as a fraction of their I/F; 0.02 is usual.
    ///
    /// # Errors
    /// As [`fit_groups`].
    pub fn fit_model(
        &self,
        start: &SurfaceModel,
        options: &FitOptions,
        scatter_fraction: f64,
    ) -> Result<Fit, FitError> {
        let observation = |s: &OverlapSample| Observation {
            light: s.light,
            iof: s.iof,
            sigma: s.sigma.hypot(scatter_fraction * s.iof).max(f64::MIN_POSITIVE),
        };
        let mut cells: Vec<&OverlapCell> = self.cells.iter().collect();
        cells.sort_by(|a, b| b.variety().total_cmp(&a.variety()).then(a.cell.cmp(&b.cell)));
        cells.truncate(MODEL_CELLS);
        cells.sort_by_key(|cell| cell.cell);
        let groups: Vec<Vec<Observation>> =
            cells.iter().map(|cell| cell.samples.iter().map(observation).collect()).collect();
        let groups: Vec<&[Observation]> = groups.iter().map(Vec::as_slice).collect();
        fit_groups(&groups, start, options)
    }
}

impl OverlapCell {
    /// How differently the cell was lit and seen.
    fn variety(&self) -> f64 {
        let span = |of: &dyn Fn(&LightAngles) -> f64| {
            let values = self.samples.iter().map(|s| of(&s.light));
            let (least, most) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            most - least
        };
        span(&|l| l.phase_rad) + span(&|l| l.cos_incidence) + span(&|l| l.cos_emission)
    }
}

/// Frames in memory as a source.
#[derive(Debug, Clone)]
pub struct ShotList<'a> {
    tickets: Vec<crate::ShotTicket>,
    shots: &'a [Shot],
}

impl<'a> ShotList<'a> {
    /// A source that gives copies of these frames.
    pub fn new(shots: &'a [Shot]) -> Self {
        Self { tickets: shots.iter().map(crate::ShotTicket::of).collect(), shots }
    }
}

impl ShotSource for ShotList<'_> {
    fn tickets(&self) -> &[crate::ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, crate::ShotError> {
        Ok(self.shots[index].clone())
    }
}
