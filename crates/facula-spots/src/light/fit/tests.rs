// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::light::rotations::tests::{DAY_S, Made};
use facula_photometry::{DiskFunction, PhaseFunction};

fn options() -> LightFitOptions {
    LightFitOptions { day_s: DAY_S, ..LightFitOptions::default() }
}

fn curve(made: &Made) -> LightCurve {
    LightCurve { spot_id: "S001".into(), points: made.points() }
}

#[test]
fn errors_are_those_of_the_scatter_over_many_seeds() {
    // Only noise: model error and relief off, so that pulls of both parameters have mean 0 and variance 1.
    let options = LightFitOptions { model_error_fraction: 0.0, relief_sigma_rad: 0.0, ..options() };
    let (mut pulls, seeds) = (Vec::new(), 300);
    for seed in 0..seeds {
        let fit = fit_light_curve(&curve(&Made { seed, ..Made::default() }), LightPart::Spot, &options);
        let fit = fit.unwrap();
        assert_eq!(fit.slope, PhaseSlope::Fitted);
        for (name, truth) in [("normal_albedo", 0.3), ("phase_slope", 0.12)] {
            let parameter = fit.parameters.iter().find(|p| p.name == name).unwrap();
            pulls.push((parameter.value - truth) / parameter.scatter_sigma);
            assert!(parameter.sigma >= parameter.scatter_sigma);
        }
    }
    let n = pulls.len() as f64;
    let mean = pulls.iter().sum::<f64>() / n;
    let spread = (pulls.iter().map(|p| p * p).sum::<f64>() / n).sqrt();
    // Huber's loss loses 5 %; four standard errors of either.
    assert!(
        mean.abs() < 4.0 / n.sqrt() && (spread - 1.0).abs() < 0.05 + 4.0 / (2.0 * n).sqrt(),
        "{mean} {spread}"
    );
}

#[test]
fn a_slope_of_the_ground_stays_within_the_stated_error() {
    // The ground of each seed leans by a slope drawn from the stated sigma; the angles told are of level ground.
    let sigma_rad = 4f64.to_radians();
    let mut pulls = Vec::new();
    for seed in 0..200 {
        let made = Made { seed, noise_fraction: 1e-4, ..Made::default() };
        let mut random = facula_core::Random::new(seed, 3);
        let (east, north) = random.normal_pair();
        let mut curve = curve(&made);
        for point in &mut curve.points {
            let lean = |angle_rad: f64, azimuth_rad: f64| {
                sigma_rad * angle_rad.sin() * (east * azimuth_rad.sin() + north * azimuth_rad.cos())
            };
            let mut light = point.angles();
            light.cos_incidence += lean(point.incidence_rad, point.sun_azimuth_rad);
            light.cos_emission += lean(point.emission_rad, point.camera_azimuth_rad);
            point.iof = made.model.iof(light);
        }
        let fit = fit_light_curve(&curve, LightPart::Spot, &options()).unwrap();
        let slope = fit.phase_slope().unwrap();
        assert!(slope.relief_sigma > slope.scatter_sigma * 0.1);
        pulls.push((slope.value - 0.12) / slope.sigma);
    }
    let within = pulls.iter().filter(|p| p.abs() < 1.0).count();
    // 68 % of 200 and more: the parts of the error overlap.
    assert!(within >= 120, "{within} of 200 within one sigma");
    assert!(pulls.iter().filter(|p| p.abs() > 3.0).count() <= 4, "{pulls:?}");
}

#[test]
fn a_narrow_range_of_phase_constrains_nothing_and_says_so() {
    let mut curve = curve(&Made::default());
    let middle = 0.51;
    curve.points.retain(|p| (p.phase_rad - middle).abs() < 0.05);
    let fit = fit_light_curve(&curve, LightPart::Spot, &options()).unwrap();
    assert!(matches!(fit.slope, PhaseSlope::NotConstrained { range_rad } if range_rad < 0.11));
    assert!(fit.phase_slope().is_none() && fit.parameters.len() == 1);
    assert!(fit.notes[0].starts_with("phase slope not constrained: phase covers "), "{:?}", fit.notes);
    // The slope of the law it started from is kept.
    assert!((fit.model.phase.value(0.5) - options().law.phase.value(0.5)).abs() < 1e-15);
}

#[test]
fn light_beyond_the_terminator_is_seen_with_its_significance() {
    let made = Made { latitudes_rad: [0.6, 1.4], ..Made::default() };
    let clean = fit_light_curve(&curve(&made), LightPart::Spot, &options()).unwrap();
    let night = |fit: &LightFit| *fit.excess.iter().find(|e| e.zone == Zone::Night).unwrap();
    assert!(night(&clean).significance.abs() < 4.0, "{:?}", clean.excess);
    let mut hazy = curve(&made);
    hazy.points.iter_mut().filter(|p| p.incidence_rad > 1.5).for_each(|p| p.iof += 0.004);
    let fit = fit_light_curve(&hazy, LightPart::Spot, &options()).unwrap();
    let found = night(&fit);
    assert!(found.significance > 10.0 && (found.excess_iof - 0.004).abs() < 4.0 * found.excess_sigma);
    let grazing = fit.excess.iter().find(|e| e.zone == Zone::Grazing).unwrap();
    assert!(grazing.excess_sigma > found.excess_sigma, "relief matters at grazing light: {grazing:?}");
}

#[test]
fn surroundings_are_fitted_the_same_way() {
    let fit = fit_light_curve(&curve(&Made::default()), LightPart::Surroundings, &options()).unwrap();
    let albedo = fit.normal_albedo().unwrap();
    assert!((albedo.value - 0.09).abs() < 3.0 * albedo.sigma, "{albedo:?}");
    assert_eq!((fit.rotations(), fit.part), (4, LightPart::Surroundings));
    assert_eq!(fit.covariance.len(), fit.parameters.len().pow(2));
    for (k, parameter) in fit.parameters.iter().enumerate() {
        let diagonal = fit.covariance[k * fit.parameters.len() + k].sqrt();
        assert!((diagonal / parameter.sigma - 1.0).abs() < 1e-9, "{parameter:?} {diagonal}");
    }
}

#[test]
fn other_laws_and_held_parameters_are_possible() {
    let law = SurfaceModel::of(DiskFunction::Akimov, PhaseFunction::Exponential { decay: 1.0 });
    let made = Made { model: law.with_normal_albedo(0.2), noise_fraction: 0.003, ..Made::default() };
    let fit = fit_light_curve(&curve(&made), LightPart::Spot, &LightFitOptions { law, ..options() }).unwrap();
    let slope = fit.phase_slope().unwrap();
    assert_eq!(slope.name, "phase_decay_per_rad");
    assert!((slope.value - 1.0).abs() < 3.0 * slope.sigma, "{slope:?}");
    let free = vec!["normal_albedo".to_string()];
    let held = LightFitOptions { law: law.with_normal_albedo(0.5), free, ..options() };
    let fit = fit_light_curve(&curve(&made), LightPart::Spot, &held).unwrap();
    assert_eq!((fit.slope, fit.parameters.len()), (PhaseSlope::Held, 1));
    assert!((fit.normal_albedo().unwrap().value - 0.2).abs() < 0.01);
}

#[test]
fn what_cannot_be_fitted_is_told_with_its_count() {
    let mut few = curve(&Made::default());
    few.points.truncate(1);
    let told =
        |curve: &LightCurve| fit_light_curve(curve, LightPart::Spot, &options()).unwrap_err().to_string();
    assert!(told(&few).contains("of 1 points of the spot are well lit"), "{}", told(&few));
    let mut none = curve(&Made::default());
    none.points.iter_mut().for_each(|p| p.iof = f64::NAN);
    assert!(told(&none).contains("S001: 0 of "), "{}", told(&none));
    none.points.clear();
    assert!(told(&none).contains("0 of 0"), "{}", told(&none));
}
