// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is asked of a map, and what became of it.

use std::path::PathBuf;

use facula_core::CellGrid;
use facula_map::{FrameLevels, LevelReport, MosaicRule, Outliers};
use facula_photometry::SurfaceModel;

use super::align::FrameTie;
use super::also::MapFormat;
use super::cells::CellChoice;

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
    /// Largest incidence and emission, degrees; those of [`facula_map::MosaicOptions`] when absent.
    pub limits_deg: [Option<f64>; 2],
    /// What becomes of a map in the folder.
    pub start: Start,
    /// Map to which poses are refined before the frames are mapped.
    pub align_to: Option<PathBuf>,
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
    /// How frames were tied to the map they were aligned to.
    pub ties: Vec<FrameTie>,
    /// What equalising did.
    pub balanced: Option<FrameLevels>,
    /// Files written.
    pub files: Vec<PathBuf>,
}
