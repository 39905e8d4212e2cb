// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that writes the products: map, catalogue, light curves, verdict, figures, frames with backplanes.

use facula_core::Reporter;
use facula_geometry::backplanes;
use facula_map::{ProductInfo, backplanes_tif, write_products};
use facula_spots::write_light_curves_parquet;

use super::Findings;
use super::folder::RunFolder;
use super::frames::FrameTools;
use super::mapping::forget_checkpoint;
use super::setup::Setup;
use crate::SurveyError;
use crate::catalogues::spot_files;

/// Writes everything but the report, the catalogue of products and `run.json`.
pub(crate) fn products(
    setup: &Setup<'_>,
    findings: &Findings,
    folder: &RunFolder,
    report: &dyn Reporter,
) -> Result<(), SurveyError> {
    let failed = |e: &dyn std::fmt::Display| SurveyError::stage("write", e);
    let info = product_info(setup, findings);
    write_products(&folder.sub("map")?, &findings.map, &setup.body, &info).map_err(|e| failed(&e))?;
    spot_files(folder.root(), (&findings.spots, &[]), &setup.body).map_err(|e| failed(&e))?;
    write_light_curves_parquet(&folder.path("light_curves.parquet"), &findings.curves)
        .map_err(|e| failed(&e))?;
    let mut verdict = serde_json::to_vec_pretty(&findings.verdict).map_err(|e| failed(&e))?;
    verdict.push(b'\n');
    folder.write("verdict.json", &verdict)?;
    for figure in &findings.figures {
        folder.write(&figure.name, &figure.bytes)?;
    }
    if let Some(bytes) = &findings.animation {
        folder.write("animation.gif", bytes)?;
    }
    if setup.loaded.campaign.output.backplanes {
        frame_products(setup, findings, folder, (&info, report))?;
    }
    forget_checkpoint(folder)
}

/// Metadata of every map file.
pub(crate) fn product_info(setup: &Setup<'_>, findings: &Findings) -> ProductInfo {
    let metadata = [
        ("CAMPAIGN", setup.loaded.campaign.name.clone()),
        ("SOFTWARE", format!("facula {}", env!("CARGO_PKG_VERSION"))),
        ("TARGET", setup.body.name.clone()),
        ("QUANTITY", findings.quantity.to_string()),
        ("STANDARD_GEOMETRY", "incidence 0, emission 0, phase 0 degrees".to_string()),
        (
            "PHOTOMETRIC_MODEL",
            format!("Lommel-Seeliger, IAU H,G phase function with G = {}", setup.body.phase_slope),
        ),
        ("SHAPE", findings.shape_name.to_string()),
        ("BODY_CONSTANTS", setup.body.source.trim().replace('\n', " ")),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    ProductInfo { metadata, ..Default::default() }
}

/// Every calibrated frame with its backplanes.
fn frame_products(
    setup: &Setup<'_>,
    findings: &Findings,
    folder: &RunFolder,
    with: (&ProductInfo, &dyn Reporter),
) -> Result<(), SurveyError> {
    let (info, report) = with;
    let frames = folder.sub("frames")?;
    let world;
    let shape = match &setup.loaded.campaign.plan {
        Some(choice) => {
            world = setup.world(choice);
            facula_geometry::Shape::Grid(world.survey_shape())
        }
        None => setup.shape()?,
    };
    let flat = setup.loaded.campaign.plan.as_ref().map(|_| folder.path(super::simulate::FLAT));
    let tools = FrameTools::new(setup, &shape, flat.as_deref(), report)?;
    for frame in &findings.frames {
        let Ok(shot) = tools.shot(frame) else { continue };
        let planes = backplanes(&shot.camera, &shot.pose, &shape);
        let path = frames.join(format!("{}.tif", frame.record.frame_id));
        backplanes_tif(&path, &shot.frame, &planes, info).map_err(|e| SurveyError::stage("write", e))?;
    }
    Ok(())
}
