// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of light curves and of what they tell.

use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::write_aside;
use facula_spots::{
    LightFit, PhaseSlope, SpotStudy, write_light_curves_csv, write_light_curves_parquet,
    write_light_fits_parquet,
};
use serde_json::{Value, json};

use super::LightCurveOutcome;
use crate::RequestError;

/// Writes light_curves.parquet, light_curves.csv, fits.parquet and fits.json.
pub(super) fn write_tables(out: &Path, outcome: &LightCurveOutcome) -> Result<Vec<PathBuf>, RequestError> {
    std::fs::create_dir_all(out).map_err(|error| RequestError::io("make the folder", out, &error))?;
    let path = |name: &str| out.join(name);
    write_light_curves_parquet(&path("light_curves.parquet"), &outcome.curves)?;
    write_light_curves_csv(&path("light_curves.csv"), &outcome.curves)?;
    write_light_fits_parquet(&path("fits.parquet"), &outcome.studies)?;
    let json = path("fits.json");
    write_aside(&json, |file| writeln!(file, "{:#}", light_record(outcome)))
        .map_err(|error| RequestError::io("write", &json, &error))?;
    Ok(["light_curves.parquet", "light_curves.csv", "fits.parquet", "fits.json"].map(path).to_vec())
}

/// What the curves tell, as JSON: angles in degrees, times UTC, local times in hours; numbers that are not known are null.
pub fn light_record(outcome: &LightCurveOutcome) -> Value {
    let spots: Vec<Value> = outcome.studies.iter().map(|study| spot(outcome, study)).collect();
    json!({
        "body": outcome.body.name,
        "frames_used": outcome.frames.0,
        "frames_left_out": outcome.frames.1,
        "never_seen": outcome.never_seen,
        "spots": spots,
    })
}

fn spot(outcome: &LightCurveOutcome, study: &SpotStudy) -> Value {
    let contrast = study.contrast.map(|c| {
        json!({
            "contrast": c.contrast,
            "contrast_sigma": c.contrast_sigma,
            "mean_phase_deg": c.mean_phase_rad.to_degrees(),
            "slope_per_rad": c.slope_per_rad,
            "slope_sigma_per_rad": c.slope_sigma_per_rad,
            "points": c.points,
        })
    });
    json!({
        "spot_id": study.spot_id,
        "label": outcome.label(&study.spot_id),
        "points": study.points,
        "fit": study.fit.as_ref().map(fit),
        "surroundings": study.surroundings.as_ref().map(fit),
        "contrast": contrast,
        "crossings": study.crossings,
        "variability": study.variability,
        "notes": study.notes,
    })
}

fn fit(fit: &LightFit) -> Value {
    let slope = match fit.slope {
        PhaseSlope::Fitted => json!({ "state": "fitted" }),
        PhaseSlope::NotConstrained { range_rad } => {
            json!({ "state": "not-constrained", "phase_covers_deg": range_rad.to_degrees() })
        }
        _ => json!({ "state": "held" }),
    };
    let degrees = |range: [f64; 2]| range.map(f64::to_degrees);
    json!({
        "part": fit.part,
        "law": fit.model,
        "phase_slope": slope,
        "parameters": fit.parameters,
        "covariance": fit.covariance,
        "chi2": fit.chi2,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "error_inflation": fit.error_inflation,
        "fitted_points": fit.used.len(),
        "fitted": fit.used,
        "residual_sigma": fit.residual_sigma,
        "rotations": fit.rotations(),
        "phase_range_deg": degrees(fit.phase_range_rad),
        "incidence_range_deg": degrees(fit.incidence_range_rad),
        "excess": fit.excess,
        "notes": fit.notes,
    })
}
