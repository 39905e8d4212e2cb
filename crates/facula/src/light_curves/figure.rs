// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figure of one light curve.

use std::path::{Path, PathBuf};

use facula_publish::{
    CurvePoint, CurveSeries, ModelPoint, SpotCurveFigure, spot_curve_figure, spot_curve_svg, write_file,
};
use facula_spots::{Constancy, LightCurve, LightFit, LightPart, LightPoint, PhaseSlope, SpotStudy};

use super::{LightCurveOutcome, file_stem};
use crate::RequestError;
use crate::scatter::mirrored;

/// Places of the law along the phase axis.
const LAW_POINTS: usize = 120;

/// Writes `<spot>.png` and `<spot>.svg`; nothing for a curve without a finite point.
pub(super) fn write_figure(
    out: &Path,
    outcome: &LightCurveOutcome,
    k: usize,
) -> Result<Vec<PathBuf>, RequestError> {
    let (curve, study) = (&outcome.curves[k], &outcome.studies[k]);
    if !curve.points.iter().any(|p| p.iof.is_finite() || p.surroundings_iof.is_finite()) {
        return Ok(Vec::new());
    }
    let figure = figure(outcome, curve, study);
    let stem = file_stem(&curve.spot_id);
    let (png, svg) = (out.join(format!("{stem}.png")), out.join(format!("{stem}.svg")));
    spot_curve_figure(&figure)?.write(&png)?;
    write_file(&svg, spot_curve_svg(&figure)?.as_bytes())?;
    Ok(vec![png, svg])
}

/// A place on the time axis.
type Clock<'a> = Box<dyn Fn(&LightPoint) -> f64 + 'a>;

/// What runs along the time axis: the time of day folds all rotations; without it hours after the first point.
fn clock(curve: &LightCurve) -> (String, Clock<'_>) {
    if curve.points.iter().all(|p| p.local_time_h.is_finite()) {
        return ("local solar time, hours (all rotations folded)".into(), Box::new(|p| p.local_time_h));
    }
    let start = curve.points.iter().map(|p| p.epoch).min();
    let after = move |p: &LightPoint| start.map_or(0.0, |s| (p.epoch - s).to_seconds() / 3600.0);
    ("hours after the first point".into(), Box::new(after))
}

fn figure(outcome: &LightCurveOutcome, curve: &LightCurve, study: &SpotStudy) -> SpotCurveFigure {
    let (time_title, time) = clock(curve);
    let label = outcome.label(&curve.spot_id);
    let series = [
        series((&label, LightPart::Spot), (curve, study.fit.as_ref()), &time),
        series(("surroundings", LightPart::Surroundings), (curve, study.surroundings.as_ref()), &time),
    ];
    let levels = study.variability.iter().flat_map(|v| &v.levels).map(|level| CurvePoint {
        abscissa: level.after_h,
        iof: level.brightness_ratio,
        sigma: level.brightness_sigma,
    });
    SpotCurveFigure {
        title: format!("Light curve of {label}"),
        subtitle: subtitle(outcome, study),
        caption: caption(study),
        time_title,
        night: nights(curve, &time),
        series: series.into(),
        levels: levels.collect(),
    }
}

fn series(
    (name, part): (&str, LightPart),
    (curve, fit): (&LightCurve, Option<&LightFit>),
    time: &dyn Fn(&LightPoint) -> f64,
) -> CurveSeries {
    let measured = curve.points.iter().map(|p| {
        let (iof, sigma) = part.light(p);
        CurvePoint { abscissa: time(p), iof, sigma }
    });
    let points = measured.filter(|p| p.iof.is_finite()).collect();
    let Some(fit) = fit else {
        return CurveSeries { name: name.into(), points, ..CurveSeries::default() };
    };
    let model = |p: &LightPoint| ModelPoint { abscissa: time(p), iof: fit.modelled_iof(p) };
    let used: Vec<&LightPoint> = fit.used.iter().map(|k| &curve.points[*k]).collect();
    let brought = |p: &&LightPoint| {
        let (iof, sigma) = part.light(p);
        let factor = mirrored(&fit.model, p.phase_rad) / fit.modelled_iof(p);
        CurvePoint { abscissa: p.phase_rad.to_degrees(), iof: iof * factor, sigma: sigma * factor }
    };
    let [least, most] = fit.phase_range_rad;
    let margin = 0.05 * (most - least);
    let at = |k: usize| {
        let phase_rad =
            (least - margin).max(0.0) + (most - least + 2.0 * margin) * k as f64 / (LAW_POINTS - 1) as f64;
        ModelPoint { abscissa: phase_rad.to_degrees(), iof: mirrored(&fit.model, phase_rad) }
    };
    CurveSeries {
        name: name.into(),
        points,
        model: curve.points.iter().map(model).collect(),
        residuals: used.iter().zip(&fit.residual_sigma).map(|(p, r)| (time(p), *r)).collect(),
        phase_points: used.iter().map(brought).collect(),
        phase_law: (0..LAW_POINTS).map(at).collect(),
    }
}

/// Stretches of the axis in which the Sun is below the horizon of smooth ground, half way to the next point.
fn nights(curve: &LightCurve, time: &dyn Fn(&LightPoint) -> f64) -> Vec<(f64, f64)> {
    let dark = |p: &LightPoint| p.angles().cos_incidence <= 0.0;
    let mut moments: Vec<(f64, bool)> = curve.points.iter().map(|p| (time(p), dark(p))).collect();
    moments.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut nights = Vec::new();
    let mut first = 0;
    for chunk in moments.chunk_by(|a, b| a.1 == b.1) {
        let last = first + chunk.len() - 1;
        if chunk[0].1 {
            let before =
                first.checked_sub(1).map_or(moments[first].0, |k| 0.5 * (moments[k].0 + moments[first].0));
            let after =
                moments.get(last + 1).map_or(moments[last].0, |next| 0.5 * (next.0 + moments[last].0));
            nights.push((before, after));
        }
        first = last + 1;
    }
    nights
}

fn subtitle(outcome: &LightCurveOutcome, study: &SpotStudy) -> String {
    let place = outcome.target(&study.spot_id).map_or_else(String::new, |target| {
        format!(
            "{} · {:.2}° E, {:+.2}° · {:.1} km across · ",
            study.spot_id,
            target.place.longitude_deg(),
            target.place.latitude_deg(),
            target.diameter_km
        )
    });
    let rotations = study.fit.as_ref().map_or(0, LightFit::rotations);
    format!("{place}{rotations} rotation{} fitted", if rotations == 1 { "" } else { "s" })
}

fn caption(study: &SpotStudy) -> String {
    let mut told = Vec::new();
    if let Some(fit) = &study.fit {
        if let Some(albedo) = fit.normal_albedo() {
            told.push(format!("Normal albedo {:.4} ± {:.4}", albedo.value, albedo.sigma));
        }
        match (fit.slope, fit.phase_slope()) {
            (PhaseSlope::NotConstrained { range_rad }, _) => {
                told.push(format!("phase slope not constrained: phase covers {:.0}°", range_rad.to_degrees()))
            }
            (_, Some(slope)) => {
                told.push(format!(
                    "{} {:.3} ± {:.3}",
                    slope.name.replace('_', " "),
                    slope.value,
                    slope.sigma
                ));
            }
            _ => {}
        }
        told.push(format!("χ²/dof {:.2}", fit.chi2 / fit.degrees_of_freedom.max(1) as f64));
    } else {
        told.push(study.notes.first().cloned().unwrap_or_else(|| "No law fitted".into()));
    }
    if let Some(contrast) = &study.contrast {
        told.push(format!("contrast {:.2} ± {:.2}", contrast.contrast, contrast.contrast_sigma));
    }
    if let Some(found) = study.variability.as_ref().filter(|v| v.constancy != Constancy::NotTested) {
        told.push(format!(
            "{} (chance {:.2})",
            found.constancy.word(),
            found.probability.min(found.trend_probability)
        ));
    }
    told.join("; ") + "."
}
