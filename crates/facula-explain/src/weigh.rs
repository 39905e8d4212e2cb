// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reflecting against self-luminous, from a light curve through the terminator.
//!
//! Three models, fitted by weighted least squares with amplitudes that cannot be negative: reflecting
//! `I/F = A f(α) D(i, e, α)`, zero at night; self-luminous `I/F = E`, the same day and night (light that leaves in all
//! directions alike); both. They are compared by the Bayesian information criterion `χ² + k ln n` (Schwarz 1978, Ann.
//! Stat. 6, 461); the Bayes factor is its approximation `exp(−ΔBIC / 2)` (Kass and Raftery 1995, J. Am. Stat. Assoc. 90,
//! 773, eq. 9), which stands for a prior as wide as one datum.
//!
//! Where the best model does not fit within the errors, all errors are widened by `sqrt(χ² / dof)` of that model
//! (Birge ratio), so that neglected terrain or a wrong disk function do not feign certainty.

use facula_photometry::{LightAngles, SurfaceModel};
use facula_spots::{Illumination, LightCurve};
use serde::{Deserialize, Serialize};

use crate::fit::{Datum, Fit, both, emitting, reflecting};

/// Why a curve cannot be weighed.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum ExplainError {
    /// A datum that is not a number or has no error.
    #[error("spot {spot}: point {index} has I/F {iof} with error {sigma}; errors must be positive")]
    Argument {
        /// Spot.
        spot: String,
        /// Which point.
        index: usize,
        /// Its I/F.
        iof: f64,
        /// Its error.
        sigma: f64,
    },
}

/// What the light curve says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Conclusion {
    /// It reflects sunlight.
    Reflecting,
    /// It shines by itself.
    SelfLuminous,
    /// The data do not tell.
    NotDecisive,
}

/// One point of a light curve as the fit takes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Measured I/F.
    pub iof: f64,
    /// Its one-sigma error.
    pub sigma: f64,
    /// How the ground is lit and seen.
    pub angles: LightAngles,
}

/// The two hypotheses weighed for one spot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Spot.
    pub spot_id: String,
    /// What follows.
    pub conclusion: Conclusion,
    /// Natural logarithm of the Bayes factor, reflecting over self-luminous.
    pub ln_bayes: f64,
    /// Normal albedo of the reflecting model (its amplitude A).
    pub albedo_reflecting: f64,
    /// χ² of the reflecting model, errors as given.
    pub chi2_reflecting: f64,
    /// Brightness of the self-luminous model, I/F.
    pub iof_self_luminous: f64,
    /// BIC of the self-luminous model minus that of the reflecting one.
    pub delta_bic_self_luminous: f64,
    /// BIC of both together minus that of the reflecting one.
    pub delta_bic_both: f64,
    /// Emission that the model with both allows at three sigma, over the reflecting amplitude.
    pub emission_limit_fraction: Option<f64>,
    /// Factor by which errors were widened for the Bayes factor, 1 or more.
    pub error_inflation: f64,
    /// Points weighed.
    pub points: usize,
    /// Points at night.
    pub night_points: usize,
    /// In words.
    pub sentence: String,
}

/// Beyond this the evidence is decisive: "very strong" in Kass and Raftery's table (ln B > 5).
const DECISIVE_LN_BAYES: f64 = 5.0;
/// Fewer points decide nothing.
const LEAST_POINTS: usize = 4;

/// The points of a curve as observations. Points within 5 degrees of the terminator are left out, and points by day
/// whose Sun is hidden: terrain that no shape model has decides there whether the ground is lit.
pub fn observations(curve: &LightCurve) -> Vec<Observation> {
    let terminator = 5f64.to_radians().sin();
    let clear = curve.points.iter().filter(|p| {
        let cos_incidence = p.angles().cos_incidence;
        let hidden_by_day = p.illumination == Illumination::Night && cos_incidence > 0.0;
        cos_incidence.abs() > terminator && !hidden_by_day
    });
    clear.map(|p| Observation { iof: p.iof, sigma: p.iof_sigma, angles: p.angles() }).collect()
}

/// Weighs the light curve of a spot with the photometric model of the ground.
///
/// # Errors
/// [`ExplainError::Argument`] for points without a positive error.
pub fn weigh(curve: &LightCurve, model: &SurfaceModel) -> Result<Verdict, ExplainError> {
    weigh_observations(&curve.spot_id, &observations(curve), |angles| model.iof_per_albedo(angles))
}

/// Weighs observations with any reflecting law: `law` gives I/F per unit of amplitude, 0 where not lit or not seen.
///
/// # Errors
/// [`ExplainError::Argument`] for points without a positive error.
pub fn weigh_observations(
    spot: &str,
    observations: &[Observation],
    law: impl Fn(LightAngles) -> f64,
) -> Result<Verdict, ExplainError> {
    if let Some((index, o)) =
        observations.iter().enumerate().find(|(_, o)| !(o.sigma > 0.0 && o.iof.is_finite()))
    {
        return Err(ExplainError::Argument { spot: spot.to_string(), index, iof: o.iof, sigma: o.sigma });
    }
    let datum = |o: &Observation| Datum { value: o.iof, sigma: o.sigma, reflect: law(o.angles), emit: 1.0 };
    let data: Vec<Datum> = observations.iter().map(datum).collect();
    let night = observations.iter().filter(|o| o.angles.cos_incidence < 0.0).count();
    Ok(verdict(spot, &data, night))
}

fn verdict(spot: &str, data: &[Datum], night_points: usize) -> Verdict {
    let fits = [reflecting(data), emitting(data), both(data)];
    let inflation = inflation(data.len(), &fits);
    let ln_n = (data.len().max(1) as f64).ln();
    let delta = |fit: &Fit, amplitudes: f64| fit.chi2 - fits[0].chi2 + (amplitudes - 1.0) * ln_n;
    let ln_bayes = 0.5 * (fits[1].chi2 - fits[0].chi2) / (inflation * inflation);
    let enough = data.len() >= LEAST_POINTS;
    let mixed = mixed(&fits, delta(&fits[2], 2.0), inflation);
    let conclusion = match ln_bayes {
        _ if mixed => Conclusion::NotDecisive,
        b if enough && b > DECISIVE_LN_BAYES => Conclusion::Reflecting,
        b if enough && b < -DECISIVE_LN_BAYES => Conclusion::SelfLuminous,
        _ => Conclusion::NotDecisive,
    };
    let limit = (fits[2].emit + 3.0 * fits[2].emit_sigma * inflation) / fits[0].reflect;
    Verdict {
        spot_id: spot.to_string(),
        conclusion,
        ln_bayes,
        albedo_reflecting: fits[0].reflect,
        chi2_reflecting: fits[0].chi2,
        iof_self_luminous: fits[1].emit,
        delta_bic_self_luminous: delta(&fits[1], 1.0),
        delta_bic_both: delta(&fits[2], 2.0),
        emission_limit_fraction: limit.is_finite().then_some(limit),
        error_inflation: inflation,
        points: data.len(),
        night_points,
        sentence: sentence(conclusion, ln_bayes, (data.len(), night_points)),
    }
}

/// Whether reflection and emission together are needed: better than either alone by a BIC of 10 (errors widened), and
/// each at least a tenth of the other.
fn mixed(fits: &[Fit; 3], delta_bic_both: f64, inflation: f64) -> bool {
    let both = &fits[2];
    let delta_emitting = (both.chi2 - fits[1].chi2) / (inflation * inflation);
    let needed = delta_bic_both / (inflation * inflation) < -10.0 && delta_emitting < -10.0;
    needed && both.emit > 0.1 * both.reflect && both.reflect > 0.1 * both.emit
}

/// Birge ratio of the best model, at least 1.
fn inflation(points: usize, fits: &[Fit; 3]) -> f64 {
    let best = fits.iter().enumerate().map(|(k, fit)| (fit.chi2, if k == 2 { 2 } else { 1 }));
    let (chi2, amplitudes) = best.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 1));
    let freedom = points.saturating_sub(amplitudes).max(1);
    (chi2 / freedom as f64).sqrt().max(1.0)
}

fn sentence(conclusion: Conclusion, ln_bayes: f64, (points, night): (usize, usize)) -> String {
    match conclusion {
        Conclusion::Reflecting => {
            format!(
                "It reflects sunlight: ln B = {ln_bayes:.0} over {points} points, {night} of them at night."
            )
        }
        Conclusion::SelfLuminous => {
            format!(
                "It shines by itself: ln B = {ln_bayes:.0} over {points} points, {night} of them at night."
            )
        }
        Conclusion::NotDecisive => format!(
            "Not decisive: ln B = {ln_bayes:.1} over {points} points, {night} of them at night; frames on both sides of \
             the terminator would decide."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_photometry::DiskFunction;
    use facula_testkit::{skip, truth_case};

    /// Tolerance of case H01.
    const RELATIVE: f64 = 1e-3;

    fn case() -> Option<(serde_json::Value, Vec<Observation>)> {
        let case = truth_case("H01")?;
        let data = case["given"]["data"].as_array().unwrap().iter().filter_map(|d| {
            Some(Observation {
                iof: d["obs"].as_f64()?,
                sigma: d["sigma"].as_f64()?,
                angles: LightAngles {
                    cos_incidence: d["mu0"].as_f64()?,
                    cos_emission: d["mu"].as_f64()?,
                    phase_rad: d["phase"].as_f64()?.to_radians(),
                },
            })
        });
        let data = data.collect();
        Some((case, data))
    }

    #[test]
    fn the_fixed_light_curve_is_weighed_as_published() {
        let Some((case, data)) = case() else {
            return skip("the_fixed_light_curve_is_weighed_as_published", "no data folder");
        };
        let verdict = weigh_observations("H01", &data, |a| DiskFunction::LommelSeeliger.value(a)).unwrap();
        let lambert = weigh_observations("H01", &data, |a| DiskFunction::Lambert.value(a)).unwrap();
        let found = [
            ("A_reflect", verdict.albedo_reflecting),
            ("chi2_reflect", verdict.chi2_reflecting),
            ("dBIC_emit", verdict.delta_bic_self_luminous),
            ("dBIC_both", verdict.delta_bic_both),
            ("dBIC_lambert", lambert.chi2_reflecting - verdict.chi2_reflecting),
            ("emission_3sigma_fraction", verdict.emission_limit_fraction.unwrap()),
        ];
        for (name, value) in found {
            let expected = case["expect"][name].as_f64().unwrap();
            assert!((value / expected - 1.0).abs() < RELATIVE, "{name}: {value}, expected {expected}");
        }
        assert_eq!(verdict.conclusion, Conclusion::Reflecting);
    }

    fn synthetic(iof: impl Fn(f64) -> f64) -> Vec<Observation> {
        (0..20)
            .map(|k| {
                let angles = LightAngles::from_degrees(20.0 + 5.0 * f64::from(k), 30.0, 50.0);
                Observation { iof: iof(angles.cos_incidence), sigma: 0.002, angles }
            })
            .collect()
    }

    #[test]
    fn a_lamp_is_told_from_a_mirror() {
        let lamp = synthetic(|_| 0.05);
        let verdict = weigh_observations("lamp", &lamp, |a| DiskFunction::LommelSeeliger.value(a)).unwrap();
        assert_eq!(verdict.conclusion, Conclusion::SelfLuminous);
        assert!(verdict.ln_bayes < -5.0 && (verdict.iof_self_luminous - 0.05).abs() < 1e-9);
    }

    #[test]
    fn a_lamp_in_daylight_is_not_called_a_mirror() {
        let mixture = synthetic(|mu0| {
            0.05 + if mu0 > 0.0 { 0.1 * 2.0 * mu0 / (mu0 + 30f64.to_radians().cos()) } else { 0.0 }
        });
        let verdict = weigh_observations("mix", &mixture, |a| DiskFunction::LommelSeeliger.value(a)).unwrap();
        assert_eq!(verdict.conclusion, Conclusion::NotDecisive);
        assert!(verdict.delta_bic_both < -10.0);
    }

    #[test]
    fn two_points_decide_nothing() {
        let few = &synthetic(|mu0| mu0.max(0.0))[..2];
        let verdict = weigh_observations("few", few, |a| DiskFunction::Lambert.value(a)).unwrap();
        assert_eq!(verdict.conclusion, Conclusion::NotDecisive);
        let none = weigh_observations("none", &[], |_| 1.0).unwrap();
        assert_eq!((none.conclusion, none.points), (Conclusion::NotDecisive, 0));
    }

    #[test]
    fn a_curve_that_no_model_fits_gets_wider_errors() {
        let odd = synthetic(|mu0| if (mu0 * 20.0) as i32 % 2 == 0 { 0.2 } else { 0.1 });
        let verdict = weigh_observations("odd", &odd, |a| DiskFunction::LommelSeeliger.value(a)).unwrap();
        assert!(verdict.error_inflation > 5.0);
    }

    #[test]
    fn points_without_an_error_are_refused() {
        let mut data = synthetic(|_| 0.1);
        data[3].sigma = 0.0;
        assert!(weigh_observations("x", &data, |_| 1.0).unwrap_err().to_string().contains("point 3"));
    }
}
