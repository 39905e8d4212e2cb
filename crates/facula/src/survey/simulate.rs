// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that takes the frames of a plan and writes them as archive files. Frames that are already there are
//! kept: a label is written last, so a label means a whole frame.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use facula_archive::fits::{FitsFormat, FitsWriteOptions, write_fits};
use facula_archive::write_frame;
use facula_core::{FrameMeta, Level, Progress, Reporter};
use facula_photometry::SurfaceModel;
use facula_plan::{ObservationPlan, PlannedShot};
use facula_shape::Shape;
use facula_simulate::{Effects, Exposure, FlatField, PointingError, Scene, Shading, simulate_frame};
use facula_world::{TrueSpot, World};
use rayon::prelude::*;
use serde::Serialize;

use super::folder::RunFolder;
use super::setup::{Setup, labels_in};
use crate::SurveyError;
use crate::campaign::PlanChoice;

/// Folder of the simulated archive within the run.
pub(crate) const ARCHIVE: &str = "archive";
/// The flat field as a calibration would have it.
pub(crate) const FLAT: &str = "archive/FLAT.FIT";

/// Most cells along a cube face of the mesh that is drawn: 1.4 km on Ceres, about a pixel of the built-in campaign.
const MESH_CELLS: usize = 512;

/// What `truth.json` says.
#[derive(Serialize)]
struct Truth<'a> {
    about: &'static str,
    spots: &'a [TrueSpot],
    frames: Vec<TrueFrame>,
}

#[derive(Serialize)]
struct TrueFrame {
    frame_id: String,
    spacecraft_position_km: [f64; 3],
    sun_position_km: [f64; 3],
    camera_from_body: [[f64; 3]; 3],
    exposure_s: f64,
}

/// Writes all frames of a plan, the flat field and `truth.json`; gives the labels.
pub(crate) fn simulate(
    setup: &Setup<'_>,
    plan: (&PlanChoice, &ObservationPlan, &World),
    folder: &RunFolder,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, SurveyError> {
    let (choice, plan, world) = plan;
    let archive = folder.sub(ARCHIVE)?;
    let camera = setup.camera()?;
    let flat = FlatField::new(camera.width_px, camera.height_px, choice.seed);
    let flat_path = folder.path(FLAT);
    if !flat_path.is_file() {
        let options = FitsWriteOptions { format: FitsFormat::F32, ..Default::default() };
        write_fits(&flat_path, &flat.measured, &options).map_err(|e| SurveyError::stage("simulate", e))?;
    }
    folder.write("truth.json", &truth_json(plan, world))?;
    let there = |shot: &PlannedShot| archive.join(format!("{}.LBL", shot.id)).is_file();
    let total = plan.shots.len();
    let missing: Vec<_> = plan.shots.iter().enumerate().filter(|(_, shot)| !there(shot)).collect();
    if missing.is_empty() {
        return labels_in(&archive);
    }
    let shape = Shape::Mesh(world.base_mesh(choice.terrain_cells.min(MESH_CELLS)));
    let model = SurfaceModel::lommel_seeliger(world.phase_slope);
    let scene = Scene::new(&shape, world, &model).shaded(Shading::Smooth);
    let done = AtomicUsize::new(total - missing.len());
    missing.into_par_iter().try_for_each(|(index, shot)| {
        take(setup, (choice, &scene, &flat), (index, shot), &archive)?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        report.progress(Progress { stage: "simulate", done, total });
        Ok::<(), SurveyError>(())
    })?;
    labels_in(&archive)
}

fn take(
    setup: &Setup<'_>,
    with: (&PlanChoice, &Scene<'_>, &FlatField),
    (index, shot): (usize, &PlannedShot),
    archive: &std::path::Path,
) -> Result<(), SurveyError> {
    let (choice, scene, flat) = with;
    let failed =
        |e: &dyn std::fmt::Display| SurveyError::stage("simulate", format!("frame {}: {e}", shot.id));
    let file = setup.camera()?;
    let camera = file.camera(&shot.filter).map_err(|e| failed(&e))?;
    let exposure = Exposure {
        detector: &file.filter(&shot.filter).map_err(|e| failed(&e))?.detector,
        flat,
        exposure_s: shot.exposure_s,
        sun_distance_au: shot.pose.sun_distance_au(),
        seed: choice.seed,
        pointing: PointingError { shift_px: choice.pointing_error_px, twist_deg: choice.twist_error_deg },
        effects: Effects::default(),
    };
    let meta = FrameMeta {
        id: shot.id.clone(),
        target: setup.body.name.clone(),
        instrument: file.name.clone(),
        filter: shot.filter.clone(),
        mid_exposure: shot.pose.mid_exposure,
        exposure_s: shot.exposure_s,
        detector_temperature_k: None,
        level: Level::Raw,
        keywords: [("MISSION_PHASE_NAME".to_string(), shot.phase.to_uppercase())].into(),
    };
    let frame = simulate_frame(scene, &camera, &shot.pose, &exposure, (meta, index as u64))
        .map_err(|e| failed(&e))?;
    write_frame(archive, &frame.raw, &setup.body, file.shutter_delay_s).map_err(|e| failed(&e))?;
    Ok(())
}

fn truth_json(plan: &ObservationPlan, world: &World) -> Vec<u8> {
    let frames = plan.shots.iter().map(|shot| TrueFrame {
        frame_id: shot.id.clone(),
        spacecraft_position_km: shot.pose.spacecraft_km.to_array(),
        sun_position_km: shot.pose.sun_km.to_array(),
        camera_from_body: shot.pose.camera_from_body.rows(),
        exposure_s: shot.exposure_s,
    });
    let truth = Truth {
        about: "What the simulation put in. Lengths km, angles degrees, longitude east, latitude planetocentric.",
        spots: &world.spots,
        frames: frames.collect(),
    };
    serde_json::to_vec_pretty(&truth).expect("numbers and text only")
}
