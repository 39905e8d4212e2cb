// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a campaign to the values the stages need: body, camera, shape, kernels, world, plan, inputs.

use std::path::{Path, PathBuf};

use facula_archive::{Limits, read_map};
use facula_core::{Body, Epoch, Feature, MapGrid, MapImage, features};
use facula_geometry::{CameraFile, Mesh, Shape};
use facula_map::MosaicOptions;
use facula_photometry::SurfaceModel;
use facula_plan::{ObservationPlan, PlanInput, plan_windows};
use facula_spice::{Kernels, sun_in_body_frame};
use facula_world::{World, WorldOptions};

use super::folder::{hash, hash_file, hex};
use crate::SurveyError;
use crate::campaign::{LoadedCampaign, MapChoice, PlanChoice};

/// Everything a survey works with.
pub(crate) struct Setup<'a> {
    pub(crate) loaded: &'a LoadedCampaign,
    pub(crate) body: Body,
    pub(crate) features: Vec<Feature>,
    pub(crate) camera: Option<CameraFile>,
    pub(crate) ephemeris: Kernels,
    pub(crate) grid: MapGrid,
    pub(crate) inputs: Vec<InputFile>,
}

/// An input file and what it held when the run began.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct InputFile {
    /// Path as resolved.
    pub(crate) path: String,
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// Length, bytes.
    pub(crate) size_bytes: u64,
}

/// Lines of a global map when the campaign does not say: 0.25 degrees a cell.
const DEFAULT_LINES: usize = 720;

impl<'a> Setup<'a> {
    pub(crate) fn new(loaded: &'a LoadedCampaign) -> Result<Self, SurveyError> {
        let campaign = &loaded.campaign;
        let body = body(loaded)?;
        let grid = grid(&campaign.map)?;
        Ok(Self {
            loaded,
            features: features(&body.name),
            camera: camera(loaded)?,
            ephemeris: Kernels::built_in(),
            grid,
            inputs: inputs(loaded)?,
            body,
        })
    }

    /// What names the run: program version, campaign, and every input's content.
    pub(crate) fn key(&self) -> String {
        let campaign = serde_json::to_string(&self.loaded.campaign).expect("a campaign has only text keys");
        let contents: Vec<&str> = self.inputs.iter().map(|input| input.sha256.as_str()).collect();
        hex(&hash(format!("{}\n{campaign}\n{}", env!("CARGO_PKG_VERSION"), contents.join("\n")).as_bytes()))
    }

    /// The camera; campaigns without frames have none.
    pub(crate) fn camera(&self) -> Result<&CameraFile, SurveyError> {
        self.camera.as_ref().ok_or_else(|| SurveyError::stage("set up", "this campaign names no camera"))
    }

    /// The Sun from the body's centre, body-fixed, km.
    pub(crate) fn sun_km(&self, epoch: Epoch) -> Result<facula_core::Vec3<facula_core::BodyFixed>, String> {
        sun_in_body_frame(&self.ephemeris, &self.body, epoch).map_err(|e| e.to_string())
    }

    /// The shots of the campaign's plan.
    pub(crate) fn plan(&self, choice: &PlanChoice) -> Result<ObservationPlan, SurveyError> {
        let sun_km = |epoch: Epoch| self.sun_km(epoch);
        let input = PlanInput { body: &self.body, camera: self.camera()?, sun_km: &sun_km };
        plan_windows(&choice.windows, &input).map_err(|e| SurveyError::stage("plan", e))
    }

    /// The world the plan's frames are taken of.
    pub(crate) fn world(&self, choice: &PlanChoice) -> World {
        let options = WorldOptions {
            seed: choice.seed,
            terrain_cells: choice.terrain_cells,
            survey_cells: choice.survey_cells,
            faculae: choice.faculae,
        };
        World::built_in(&self.body, &options)
    }

    /// The shape the survey works with, other than that of a simulated world.
    pub(crate) fn shape(&self) -> Result<Shape, SurveyError> {
        let Some(choice) = &self.loaded.campaign.shape else {
            return Ok(Shape::Ellipsoid(self.body.ellipsoid()));
        };
        let path = self.loaded.resolve(&choice.mesh);
        let text = read_text(&path)?;
        Mesh::from_obj(&text)
            .map(Shape::Mesh)
            .map_err(|e| SurveyError::stage("shape", format!("{}: {e}", path.display())))
    }

    /// A map file of the campaign.
    pub(crate) fn map_file(&self, file: &crate::campaign::MapFile) -> Result<MapImage, SurveyError> {
        let path = self.loaded.resolve(&file.path);
        read_map(&path, file.west_deg, &Limits::default()).map_err(|e| SurveyError::stage("read map", e))
    }

    /// The photometric model frames are normalised with.
    pub(crate) fn model(&self) -> SurfaceModel {
        SurfaceModel::lommel_seeliger(self.body.phase_slope)
    }

    /// How frames become map.
    pub(crate) fn mosaic_options(&self) -> MosaicOptions {
        let choice = &self.loaded.campaign.map;
        let default = MosaicOptions::default();
        let limit = |deg: Option<f64>, rad: f64| deg.map_or(rad, f64::to_radians);
        MosaicOptions {
            model: self.model(),
            max_emission_rad: limit(choice.max_emission_deg, default.max_emission_rad),
            max_incidence_rad: limit(choice.max_incidence_deg, default.max_incidence_rad),
            ..default
        }
    }
}

fn body(loaded: &LoadedCampaign) -> Result<Body, SurveyError> {
    let name = &loaded.campaign.body;
    let body = if name.ends_with(".toml") {
        Body::from_toml(&read_text(&loaded.resolve(name))?)
    } else {
        Body::built_in(name)
    };
    body.map_err(|e| SurveyError::Campaign {
        file: loaded.campaign.name.clone(),
        message: format!("body: {e}"),
    })
}

fn camera(loaded: &LoadedCampaign) -> Result<Option<CameraFile>, SurveyError> {
    let Some(choice) = &loaded.campaign.camera else { return Ok(None) };
    let file = if choice.name.ends_with(".toml") {
        CameraFile::from_toml(&read_text(&loaded.resolve(&choice.name))?)
    } else {
        CameraFile::built_in(&choice.name)
    };
    let mut file = file.map_err(|e| SurveyError::Campaign {
        file: loaded.campaign.name.clone(),
        message: format!("camera: {e}"),
    })?;
    if let Some(principal_point_px) = choice.principal_point_px {
        file.principal_point_px = principal_point_px;
    }
    if let Some(focal_length_mm) = choice.focal_length_mm {
        file.filters.values_mut().for_each(|filter| filter.focal_length_mm = focal_length_mm);
    }
    Ok(Some(file))
}

fn grid(choice: &MapChoice) -> Result<MapGrid, SurveyError> {
    let bad = |message: &str| {
        Err(SurveyError::Campaign { file: "[map]".into(), message: format!("{message}; found {choice:?}") })
    };
    let Some(cell_deg) = choice.cell_deg else {
        let lines = choice.lines.unwrap_or(DEFAULT_LINES);
        if !(2..=16_384).contains(&lines) {
            return bad("lines must be 2 to 16384");
        }
        return Ok(MapGrid::global(lines));
    };
    let (Some(west), Some(east), Some(south), Some(north)) =
        (choice.west_deg, choice.east_deg, choice.south_deg, choice.north_deg)
    else {
        return bad("a window needs cell_deg, west_deg, east_deg, south_deg, north_deg");
    };
    let sound = cell_deg > 0.0
        && east > west
        && east - west <= 360.0
        && north > south
        && north <= 90.0
        && south >= -90.0;
    let size = |from: f64, to: f64| ((to - from) / cell_deg).round();
    if !sound
        || !(size(west, east) * size(south, north) <= 2.5e8)
        || size(west, east) < 1.0
        || size(south, north) < 1.0
    {
        return bad("the window is empty, turned around or larger than 250 million cells");
    }
    Ok(MapGrid {
        width: size(west, east) as usize,
        height: size(south, north) as usize,
        west_rad: west.to_radians(),
        north_rad: north.to_radians(),
        step_rad: cell_deg.to_radians(),
    })
}

/// Every file a run depends on, in the order of the campaign, with its content's hash.
fn inputs(loaded: &LoadedCampaign) -> Result<Vec<InputFile>, SurveyError> {
    let campaign = &loaded.campaign;
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut add = |path: &str| paths.push(loaded.resolve(path));
    [&campaign.body].into_iter().filter(|name| name.ends_with(".toml")).for_each(|name| add(name));
    if let Some(camera) = campaign.camera.as_ref().filter(|camera| camera.name.ends_with(".toml")) {
        add(&camera.name);
    }
    campaign.shape.iter().for_each(|shape| add(&shape.mesh));
    campaign.input_map.iter().chain(&campaign.align.reference).for_each(|map| add(&map.path));
    if let Some(frames) = &campaign.frames {
        frames
            .kernels
            .iter()
            .flat_map(|kernels| &kernels.files)
            .chain(&frames.flat)
            .for_each(|path| add(path));
    }
    let mut inputs: Vec<InputFile> = paths.iter().map(|path| input(path)).collect::<Result<_, _>>()?;
    if campaign.frames.is_some() {
        // Frames that are missing are reported one by one later; their absence is part of the key.
        for path in frame_paths(loaded)? {
            inputs.extend(
                [path.clone()].into_iter().chain(companions(&path)).map(|p| input(&p).unwrap_or(absent(&p))),
            );
        }
    }
    Ok(inputs)
}

pub(crate) fn input(path: &Path) -> Result<InputFile, SurveyError> {
    let (sha256, size_bytes) = hash_file(path)?;
    Ok(InputFile { path: path.display().to_string(), sha256: hex(&sha256), size_bytes })
}

fn absent(path: &Path) -> InputFile {
    InputFile { path: path.display().to_string(), sha256: "absent".into(), size_bytes: 0 }
}

/// Files beside a frame that belong to it.
fn companions(path: &Path) -> Vec<PathBuf> {
    ["json", "lbl", "LBL", "fit", "FIT", "img", "IMG"]
        .iter()
        .map(|extension| path.with_extension(extension))
        .filter(|companion| companion != path && companion.is_file())
        .collect()
}

/// The frame files of a campaign: files as named, and of folders every label, FITS and PNG that has no label.
pub(crate) fn frame_paths(loaded: &LoadedCampaign) -> Result<Vec<PathBuf>, SurveyError> {
    let mut paths = Vec::new();
    for named in loaded.campaign.frames.iter().flat_map(|frames| &frames.paths) {
        let path = loaded.resolve(named);
        if path.is_dir() { paths.extend(labels_in(&path)?) } else { paths.push(path) }
    }
    Ok(paths)
}

/// The label files of a folder, sorted.
pub(crate) fn labels_in(folder: &Path) -> Result<Vec<PathBuf>, SurveyError> {
    let entries = std::fs::read_dir(folder).map_err(|e| SurveyError::io("open the folder", folder, &e))?;
    let is_label = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("lbl"));
    let mut labels: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_label).collect();
    labels.sort();
    Ok(labels)
}

pub(crate) fn read_text(path: &Path) -> Result<String, SurveyError> {
    std::fs::read_to_string(path).map_err(|e| SurveyError::io("read", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::body_in_view;
    use facula_core::Pose;

    #[test]
    fn windows_of_maps_are_checked() {
        let window = |cell: f64, west: f64, east: f64| MapChoice {
            cell_deg: Some(cell),
            west_deg: Some(west),
            east_deg: Some(east),
            south_deg: Some(-10.0),
            north_deg: Some(10.0),
            ..Default::default()
        };
        let good = grid(&window(0.1, 100.0, 124.0)).unwrap();
        assert_eq!((good.width, good.height), (240, 200));
        for bad in [
            window(0.0, 0.0, 1.0),
            window(0.1, 5.0, 1.0),
            window(1e-9, 0.0, 360.0),
            window(f64::NAN, 0.0, 1.0),
        ] {
            assert!(grid(&bad).is_err(), "{bad:?}");
        }
        assert!(grid(&MapChoice { lines: Some(0), ..Default::default() }).is_err());
        assert!(grid(&MapChoice { cell_deg: Some(1.0), ..Default::default() }).is_err());
    }

    #[test]
    fn a_pose_that_looks_away_is_told_apart() {
        let loaded = LoadedCampaign::built_in().unwrap();
        let setup = Setup::new(&loaded).unwrap();
        let plan = setup.plan(loaded.campaign.plan.as_ref().unwrap()).unwrap();
        let camera = setup.camera().unwrap().camera("F1").unwrap();
        let pose = plan.shots[0].pose;
        assert!(body_in_view(&setup.body, &camera, &pose).is_ok());
        let away = body_in_view(&setup.body, &camera, &pose.turned(0.0, 0.5, 0.0)).unwrap_err();
        assert!(away.contains("looks away"), "{away}");
        let inside = Pose { spacecraft_km: pose.spacecraft_km * 1e-3, ..pose };
        assert!(body_in_view(&setup.body, &camera, &inside).unwrap_err().contains("inside"));
    }
}
