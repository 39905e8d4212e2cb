// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything a light curve tells, spot by spot: law, contrast, rise and set, repeatability.

use super::LightCurve;
use super::contrast::{ContrastTrend, contrast_trend};
use super::fit::{LightFit, LightFitOptions, LightPart, fit_light_curve};
use super::terminator::{Crossing, TerminatorOptions, terminator_crossings};
use super::variability::{Variability, VariabilityOptions, variability};

/// How light curves are studied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StudyOptions {
    /// The fit; its length of the day serves everything.
    pub fit: LightFitOptions,
    /// Rise and set.
    pub terminator: TerminatorOptions,
    /// Repeatability.
    pub variability: VariabilityOptions,
}

/// What the light curve of one spot tells.
#[derive(Debug, Clone, PartialEq)]
pub struct SpotStudy {
    /// The spot.
    pub spot_id: String,
    /// Points of its curve.
    pub points: usize,
    /// Its law.
    pub fit: Option<LightFit>,
    /// The law of its surroundings.
    pub surroundings: Option<LightFit>,
    /// Contrast with the surroundings.
    pub contrast: Option<ContrastTrend>,
    /// Rises and sets.
    pub crossings: Vec<Crossing>,
    /// Whether it is the same in every rotation.
    pub variability: Option<Variability>,
    /// Why something is missing, and what to know.
    pub notes: Vec<String>,
}

/// Studies every curve; what cannot be told of one is noted there. The variability test is of all curves together.
pub fn study_light_curves(curves: &[LightCurve], options: &StudyOptions) -> Vec<SpotStudy> {
    let terminator = TerminatorOptions { day_s: options.fit.day_s, ..options.terminator };
    let mut studies: Vec<SpotStudy> = curves
        .iter()
        .map(|curve| {
            let fit = fit_light_curve(curve, LightPart::Spot, &options.fit);
            let surroundings = fit_light_curve(curve, LightPart::Surroundings, &options.fit).ok();
            let notes = match &fit {
                Ok(fit) => fit.notes.clone(),
                Err(error) => vec![error.to_string()],
            };
            let fit = fit.ok();
            SpotStudy {
                spot_id: curve.spot_id.clone(),
                points: curve.points.len(),
                contrast: fit.as_ref().and_then(|fit| contrast_trend(curve, fit)),
                crossings: terminator_crossings(curve, &terminator),
                variability: None,
                surroundings,
                fit,
                notes,
            }
        })
        .collect();
    let fitted: Vec<usize> = (0..studies.len()).filter(|k| studies[*k].fit.is_some()).collect();
    let pairs: Vec<(&LightCurve, &LightFit)> =
        fitted.iter().filter_map(|k| Some((&curves[*k], studies[*k].fit.as_ref()?))).collect();
    let relief_sigma_rad = options.fit.relief_sigma_rad;
    let tested = variability(&pairs, &VariabilityOptions { relief_sigma_rad, ..options.variability });
    for (k, tested) in fitted.into_iter().zip(tested) {
        studies[k].variability = Some(tested);
    }
    studies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::rotations::tests::{DAY_S, Made};

    #[test]
    fn every_curve_has_a_study_whatever_it_holds() {
        let curve = |id: &str, points| LightCurve { spot_id: id.into(), points };
        let good = Made::default().points();
        let mut blind = good.clone();
        blind.iter_mut().for_each(|p| p.iof = f64::NAN);
        let curves = [
            curve("S001", good.clone()),
            curve("S002", vec![good[5].clone()]),
            curve("S003", blind),
            curve("S004", Vec::new()),
        ];
        let fit = LightFitOptions { day_s: DAY_S, ..LightFitOptions::default() };
        let found = study_light_curves(&curves, &StudyOptions { fit, ..StudyOptions::default() });
        assert_eq!(found.len(), 4);
        assert!(found[0].fit.is_some() && found[0].surroundings.is_some() && found[0].contrast.is_some());
        assert_eq!(found[0].variability.as_ref().unwrap().tests, 2);
        for study in &found[1..] {
            assert!(
                study.fit.is_none() && study.variability.is_none() && study.notes.len() == 1,
                "{study:?}"
            );
        }
        assert!(study_light_curves(&[], &StudyOptions::default()).is_empty());
    }
}
