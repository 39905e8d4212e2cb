// SPDX-License-Identifier: MIT OR Apache-2.0
//! Campaigns: a body, a camera, frames or a plan, and options, as a TOML file tells them.

use std::path::{Path, PathBuf};

use facula_plan::ImagingWindow;
use serde::{Deserialize, Serialize};

use crate::SurveyError;

/// A campaign file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Short name, letters, digits and dashes; also the name of the default output folder.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Built-in body (`ceres`, `vesta`) or path of a body file ending in `.toml`.
    pub body: String,
    /// Folder that relative paths start from, itself relative to the campaign file; the environment variable
    /// `FACULA_DATA` takes its place when set.
    pub data_folder: Option<String>,
    /// The camera; not needed with `input_map`.
    pub camera: Option<CameraChoice>,
    /// Shape of the body; the body's ellipsoid when absent.
    pub shape: Option<ShapeChoice>,
    /// Frames to survey.
    pub frames: Option<FrameChoice>,
    /// Frames to simulate and then survey.
    pub plan: Option<PlanChoice>,
    /// A ready map to search for spots, in place of frames.
    pub input_map: Option<MapFile>,
    /// Map to make.
    #[serde(default)]
    pub map: MapChoice,
    /// How pointing is refined.
    #[serde(default)]
    pub align: AlignChoice,
    /// What counts as a spot.
    #[serde(default)]
    pub spots: SpotChoice,
    /// What is written beside the standard products.
    #[serde(default)]
    pub output: OutputChoice,
}

/// A camera by name, with constants that a data set states differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraChoice {
    /// Built-in camera (`dawn_fc2`) or path of a camera file ending in `.toml`.
    pub name: String,
    /// Where the optical axis meets the detector, in place of the camera file's, px.
    pub principal_point_px: Option<[f64; 2]>,
    /// Focal length of every filter, in place of the camera file's, mm.
    pub focal_length_mm: Option<f64>,
}

/// A shape file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeChoice {
    /// Path of a Wavefront OBJ mesh, body-fixed, km.
    pub mesh: String,
}

/// Frames on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameChoice {
    /// Files (`.lbl`, `.fit`, `.png`), or folders of which every label is taken.
    pub paths: Vec<String>,
    /// Kernels that tell where the camera was; without them the label or the file beside the frame does.
    pub kernels: Option<KernelChoice>,
    /// Flat field, FITS, mean 1.
    pub flat: Option<String>,
}

/// Geometry from SPICE kernels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelChoice {
    /// Kernel files, loaded over the built-in ephemeris; the later win.
    pub files: Vec<String>,
    /// NAIF number of the spacecraft (−203 for Dawn).
    pub spacecraft: i32,
    /// Name of the camera's reference frame (`DAWN_FC2_FILTER_1`).
    pub camera_frame: String,
}

/// Frames to simulate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanChoice {
    /// Seed of everything random.
    pub seed: u64,
    /// Error of the attitude in labels across each image axis, one sigma, px.
    pub pointing_error_px: f64,
    /// Error of the attitude in labels about the boresight, one sigma, degrees.
    pub twist_error_deg: f64,
    /// Runs of frames.
    pub windows: Vec<ImagingWindow>,
    /// Cells along a cube face of the true terrain; 1024 is 0.94 km on Ceres.
    #[serde(default = "default_terrain_cells")]
    pub terrain_cells: usize,
    /// Cells along a cube face of the shape model the survey works with, coarser than the truth.
    #[serde(default = "default_survey_cells")]
    pub survey_cells: usize,
    /// Number of unnamed faculae put in.
    #[serde(default = "default_faculae")]
    pub faculae: usize,
}

fn default_terrain_cells() -> usize {
    1024
}

fn default_survey_cells() -> usize {
    384
}

fn default_faculae() -> usize {
    150
}

/// A map file: a global simple cylindrical image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapFile {
    /// JPEG or PNG.
    pub path: String,
    /// East longitude of its left edge, degrees.
    pub west_deg: f64,
}

/// The map to make: the whole body with a number of lines, or a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapChoice {
    /// Lines of a global map; twice as many columns.
    pub lines: Option<usize>,
    /// Cell size of a window, degrees.
    pub cell_deg: Option<f64>,
    /// Western edge of a window, degrees east.
    pub west_deg: Option<f64>,
    /// Eastern edge of a window, degrees east, larger than the western one.
    pub east_deg: Option<f64>,
    /// Southern edge of a window, degrees.
    pub south_deg: Option<f64>,
    /// Northern edge of a window, degrees.
    pub north_deg: Option<f64>,
    /// Largest emission angle mapped, degrees.
    pub max_emission_deg: Option<f64>,
    /// Largest incidence angle mapped, degrees.
    pub max_incidence_deg: Option<f64>,
}

/// How pointing is refined.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignChoice {
    /// Method.
    #[serde(default)]
    pub method: AlignMethod,
    /// How far the scene may be off, px; the method's own default when absent.
    pub search_px: Option<f64>,
    /// A-priori uncertainty of the camera's position in each axis, km (method `map` only).
    pub position_sigma_km: Option<f64>,
    /// Map to match against (method `map` only).
    pub reference: Option<MapFile>,
}

/// Ways to refine pointing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AlignMethod {
    /// Keep the pose as it is told.
    #[default]
    None,
    /// Fit the sunlit limb: for frames that show the whole disc.
    Limb,
    /// Match against a reference map: for close frames.
    Map,
}

/// What counts as a spot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotChoice {
    /// Least significance, sigma.
    pub least_significance: Option<f64>,
    /// Least contrast of the filtered peak to its surroundings.
    pub least_contrast: Option<f64>,
    /// False spots an independent cell may give: the tail of the map's own troughs sets the threshold to it.
    pub false_alarm_rate: Option<f64>,
}

/// What is written beside the standard products.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputChoice {
    /// Write every calibrated frame with its backplanes to `frames/`.
    #[serde(default)]
    pub backplanes: bool,
}

/// A campaign and where its relative paths start.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCampaign {
    /// The campaign.
    pub campaign: Campaign,
    /// Folder of relative paths.
    pub root: PathBuf,
}

const BUILT_IN: &str = include_str!("../data/dawn_ceres_2015.toml");

impl LoadedCampaign {
    /// The built-in campaign: Dawn at Ceres in April and May 2015, simulated.
    ///
    /// # Errors
    /// None in a sound build; the file is checked like any other.
    pub fn built_in() -> Result<Self, SurveyError> {
        let campaign = parse("the built-in campaign", BUILT_IN)?;
        Ok(Self { campaign, root: PathBuf::from(".") })
    }

    /// A campaign from a file. `data_folder` replaces the campaign's own (the CLI passes `$FACULA_DATA`).
    ///
    /// # Errors
    /// [`SurveyError::Io`], [`SurveyError::Campaign`] naming file, key and value.
    pub fn from_file(path: &Path, data_folder: Option<PathBuf>) -> Result<Self, SurveyError> {
        let text =
            std::fs::read_to_string(path).map_err(|e| SurveyError::io("read the campaign file", path, &e))?;
        let campaign = parse(&path.display().to_string(), &text)?;
        let beside = path.parent().unwrap_or(Path::new("."));
        let own = campaign.data_folder.as_ref().map_or(beside.to_path_buf(), |folder| beside.join(folder));
        Ok(Self { campaign, root: data_folder.unwrap_or(own) })
    }

    /// The full path of a path in the campaign.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

fn parse(file: &str, text: &str) -> Result<Campaign, SurveyError> {
    let bad = |message: String| SurveyError::Campaign { file: file.to_string(), message };
    let campaign: Campaign = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
    let name_is_good = campaign.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if campaign.name.is_empty() || !name_is_good {
        return Err(bad(format!("name = \"{}\": use letters, digits, dashes", campaign.name)));
    }
    let sources = [campaign.frames.is_some(), campaign.plan.is_some(), campaign.input_map.is_some()];
    if sources.iter().filter(|there| **there).count() != 1 {
        return Err(bad("give exactly one of [frames], [plan] and [input_map]".into()));
    }
    if campaign.input_map.is_none() && campaign.camera.is_none() {
        return Err(bad(
            "[camera] is missing: name a built-in camera such as \"dawn_fc2\" or a camera file".into()
        ));
    }
    if campaign.align.method == AlignMethod::Map && campaign.align.reference.is_none() {
        return Err(bad("[align.reference] is missing: method \"map\" needs a map to match against".into()));
    }
    Ok(campaign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_campaign_has_sixty_frames_or_more() {
        let campaign = LoadedCampaign::built_in().unwrap().campaign;
        let frames: usize = campaign.plan.unwrap().windows.iter().map(|w| w.frames).sum();
        assert!(frames >= 60);
    }

    #[test]
    fn unknown_keys_are_named_with_their_line() {
        let text = BUILT_IN.replace("[map]", "[map]\ncolour = \"red\"");
        let message = parse("x.toml", &text).unwrap_err().to_string();
        assert!(message.contains("colour") && message.contains("x.toml"), "{message}");
    }

    #[test]
    fn contradictions_are_refused() {
        let both = format!("{BUILT_IN}\n[frames]\npaths = []\n");
        assert!(parse("x", &both).unwrap_err().to_string().contains("exactly one"));
        let matched = BUILT_IN.replace("method = \"limb\"", "method = \"map\"");
        assert!(parse("x", &matched).unwrap_err().to_string().contains("align.reference"));
        let named = BUILT_IN.replace("dawn-ceres-2015", "../evil");
        assert!(parse("x", &named).unwrap_err().to_string().contains("letters"));
    }

    #[test]
    fn the_flight_campaigns_of_the_repository_are_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 3);
        for file in files {
            LoadedCampaign::from_file(&file, None).unwrap();
        }
    }
}
