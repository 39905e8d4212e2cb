// SPDX-License-Identifier: MIT OR Apache-2.0
//! Contrast of a spot with its surroundings, and how it changes with phase.
//!
//! The ratio of two pieces of ground under the same light: disk function, calibration and most of the relief drop out.

use serde::Serialize;

use super::fit::LightFit;
use super::{LightCurve, LightPoint};

/// `ln(spot / surroundings) = ln C + slope (α − α mean)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ContrastTrend {
    /// Contrast at the mean phase angle.
    pub contrast: f64,
    /// One sigma of it.
    pub contrast_sigma: f64,
    /// Mean phase angle, rad.
    pub mean_phase_rad: f64,
    /// Relative change of the contrast per rad of phase; NaN when the phase angles are all alike.
    pub slope_per_rad: f64,
    /// One sigma of it; infinite when the phase angles are all alike.
    pub slope_sigma_per_rad: f64,
    /// Points used.
    pub points: usize,
}

/// I/F of the spot over that of its surroundings with one sigma; `None` where either is not above 0.
pub fn contrast_of(point: &LightPoint) -> Option<(f64, f64)> {
    let (iof, around) = (point.iof, point.surroundings_iof);
    let noise = if point.surroundings_sigma.is_nan() { 0.0 } else { point.surroundings_sigma };
    let ratio = iof / around;
    let sigma = ratio * (point.iof_sigma / iof).hypot(noise / around);
    (iof > 0.0 && around > 0.0 && sigma.is_finite() && sigma > 0.0).then_some((ratio, sigma))
}

/// The contrast over the fitted points of a curve; `None` with fewer than two. Errors are widened by the scatter where that
/// is larger.
pub fn contrast_trend(curve: &LightCurve, fit: &LightFit) -> Option<ContrastTrend> {
    let rows: Vec<[f64; 3]> = fit
        .used
        .iter()
        .filter_map(|k| {
            let point = curve.points.get(*k)?;
            let (ratio, sigma) = contrast_of(point)?;
            Some([point.phase_rad, ratio.ln(), (sigma / ratio).powi(-2)])
        })
        .collect();
    if rows.len() < 2 {
        return None;
    }
    let weight: f64 = rows.iter().map(|r| r[2]).sum();
    let mean = |of: usize| rows.iter().map(|r| r[2] * r[of]).sum::<f64>() / weight;
    let (mean_phase_rad, mean_ln) = (mean(0), mean(1));
    let spread: f64 = rows.iter().map(|r| r[2] * (r[0] - mean_phase_rad).powi(2)).sum();
    let along: f64 = rows.iter().map(|r| r[2] * (r[0] - mean_phase_rad) * (r[1] - mean_ln)).sum();
    let sloped = spread > 1e-9 * weight;
    let slope_per_rad = if sloped { along / spread } else { f64::NAN };
    let line =
        |phase_rad: f64| mean_ln + if sloped { slope_per_rad * (phase_rad - mean_phase_rad) } else { 0.0 };
    let chi2: f64 = rows.iter().map(|r| r[2] * (r[1] - line(r[0])).powi(2)).sum();
    let degrees = rows.len().saturating_sub(1 + usize::from(sloped)).max(1) as f64;
    let widened = (chi2 / degrees).max(1.0);
    let contrast = mean_ln.exp();
    Some(ContrastTrend {
        contrast,
        contrast_sigma: contrast * (widened / weight).sqrt(),
        mean_phase_rad,
        slope_per_rad,
        slope_sigma_per_rad: if sloped { (widened / spread).sqrt() } else { f64::INFINITY },
        points: rows.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::fit::{LightFitOptions, LightPart, fit_light_curve};
    use crate::light::rotations::tests::Made;

    fn curve(change: impl Fn(&mut LightPoint)) -> LightCurve {
        let mut points = Made { noise_fraction: 0.002, ..Made::default() }.points();
        points.iter_mut().for_each(change);
        LightCurve { spot_id: "S001".into(), points }
    }

    #[test]
    fn a_contrast_that_falls_with_phase_is_told() {
        // Surroundings 1/3 of the spot at phase 0, relatively brighter by 20 % per rad.
        let curve = curve(|p| p.surroundings_iof = p.iof / 3.0 * (0.2 * p.phase_rad).exp());
        let fit = fit_light_curve(&curve, LightPart::Spot, &LightFitOptions::default()).unwrap();
        let found = contrast_trend(&curve, &fit).unwrap();
        assert!((found.slope_per_rad + 0.2).abs() < 1e-9, "{found:?}");
        let wanted = 3.0 * (-0.2 * found.mean_phase_rad).exp();
        assert!((found.contrast - wanted).abs() < 1e-9 && found.points == fit.used.len());
    }

    #[test]
    fn dark_surroundings_have_no_contrast() {
        let curve = curve(|p| p.surroundings_iof = 0.0);
        let fit = fit_light_curve(&curve, LightPart::Spot, &LightFitOptions::default()).unwrap();
        assert!(contrast_trend(&curve, &fit).is_none() && contrast_of(&curve.points[0]).is_none());
    }
}
