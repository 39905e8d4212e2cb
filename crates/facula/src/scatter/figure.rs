// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figure of a fit, and files of fits.

use std::io::Write;
use std::path::Path;

use facula_core::write_aside;
use facula_photometry::{LightAngles, PublishedModel, SurfaceModel};
use facula_publish::{PhaseCurveFigure, PhasePoint, phase_curve_figure, phase_curve_svg, write_file};

use super::fit::{Grouping, ScatterFit};
use super::observations::ObservationTable;
use crate::RequestError;

/// Places of the curve.
const CURVE_POINTS: usize = 240;
/// Largest phase angle of the curve, rad: 179°.
const MOST_PHASE_RAD: f64 = 179.0 * std::f64::consts::PI / 180.0;

/// Writes a law as TOML, in the form of the published sets.
///
/// # Errors
/// [`RequestError::Io`]; [`RequestError::Scattering`] when a law cannot be written.
pub fn write_law(path: &Path, law: &PublishedModel) -> Result<(), RequestError> {
    let text =
        toml::to_string(law).map_err(|error| RequestError::scattering(path.display(), error.to_string()))?;
    let text =
        format!("# A scattering law; angles in rad. Names are those of `facula photometry models`.\n{text}");
    write_aside(path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| RequestError::io("write", path, &error))
}

/// Draws I/F against phase with the law through it and residuals below; `.svg` or `.png`.
///
/// Observations are brought to incidence = emission = half the phase angle by the law itself, and groups to their mean.
///
/// # Errors
/// [`RequestError::Argument`] for another extension, [`RequestError::Publish`].
pub fn write_fit_figure(
    path: &Path,
    (result, table): (&ScatterFit, &ObservationTable),
    grouping: Grouping,
    [title, subtitle]: [&str; 2],
) -> Result<(), RequestError> {
    let grouped = grouping == Grouping::PerGroup;
    let moved = if grouped { ", and from its group's normal albedo to their mean" } else { "" };
    let figure = PhaseCurveFigure {
        title: title.to_string(),
        subtitle: subtitle.to_string(),
        caption: format!(
            "Each I/F is brought from its own angles to incidence = emission = α/2 by the law{moved}."
        ),
        points: points(result, grouped.then_some(&table.group_of)),
        curve: curve(result),
        groups: if grouped { table.groups.clone() } else { Vec::new() },
    };
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => Ok(phase_curve_figure(&figure)?.write(path)?),
        Some("svg") => Ok(write_file(path, phase_curve_svg(&figure)?.as_bytes())?),
        _ => Err(RequestError::argument("plot (.svg or .png)", &path.display().to_string())),
    }
}

/// I/F where the Sun and the camera stand at the same height.
pub(crate) fn mirrored(model: &SurfaceModel, phase_rad: f64) -> f64 {
    let cos_half = (phase_rad / 2.0).cos();
    model.iof(LightAngles { cos_incidence: cos_half, cos_emission: cos_half, phase_rad })
}

fn points(result: &ScatterFit, group_of: Option<&Vec<usize>>) -> Vec<PhasePoint> {
    let point = |(k, observation): (usize, &facula_photometry::Observation)| {
        let light = observation.light;
        let modelled = result.model.iof(light) * result.group_factor[k];
        let factor = mirrored(&result.model, light.phase_rad) / modelled;
        PhasePoint {
            phase_deg: light.phase_rad.to_degrees(),
            iof: observation.iof * factor,
            sigma: observation.sigma * factor,
            residual_sigma: result.fit.residual_sigma[k],
            group: group_of.map_or(0, |groups| groups[k]),
        }
    };
    result.observations.iter().enumerate().map(point).collect()
}

fn curve(result: &ScatterFit) -> Vec<(f64, f64)> {
    let phases = result.observations.iter().map(|observation| observation.light.phase_rad);
    let (least, most) = phases.fold((f64::INFINITY, 0.0f64), |(least, most), a| (least.min(a), most.max(a)));
    let margin = 0.03 * (most - least);
    let (from, to) = ((least - margin).max(0.0), (most + margin).min(MOST_PHASE_RAD));
    let phase = |k: usize| from + (to - from) * k as f64 / (CURVE_POINTS - 1) as f64;
    (0..CURVE_POINTS).map(phase).map(|a| (a.to_degrees(), mirrored(&result.model, a))).collect()
}
