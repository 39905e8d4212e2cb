// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::{DiskFunction, Hapke, ParticlePhase, PhaseFunction, Surge};
use facula_core::Random;

fn lights(count: usize, random: &mut Random) -> Vec<LightAngles> {
    let mut unit = || 0.5 * (1.0 + (random.normal_pair().0 / 1.5).clamp(-1.0, 1.0));
    (0..count)
        .map(|_| {
            let (i, e, psi) = (1.3 * unit(), 1.2 * unit(), std::f64::consts::PI * unit());
            let cosine = i.cos() * e.cos() + i.sin() * e.sin() * psi.cos();
            LightAngles {
                cos_incidence: i.cos(),
                cos_emission: e.cos(),
                phase_rad: 2.0 * ((1.0 - cosine).max(0.0) / 2.0).sqrt().atan2(((1.0 + cosine) / 2.0).sqrt()),
            }
        })
        .collect()
}

/// What a camera of 1 % noise sees of a model.
fn observed(model: &SurfaceModel, lights: &[LightAngles], random: &mut Random) -> Vec<Observation> {
    let seen = |light: &LightAngles| {
        let iof = model.iof(*light);
        let sigma = 0.01 * iof;
        Observation { light: *light, iof: iof + sigma * random.normal_pair().0, sigma }
    };
    lights.iter().map(seen).collect()
}

/// Laws with the names of what is fitted, and how far off the start is.
fn laws() -> Vec<(SurfaceModel, Vec<&'static str>)> {
    let hapke = Hapke {
        single_scattering_albedo: 0.14,
        particle: ParticlePhase::HenyeyGreenstein { asymmetry: -0.3 },
        shadow_hiding: Surge { amplitude: 1.6, angular_width: 0.06 },
        roughness_rad: 0.4,
        ..Hapke::default()
    };
    let of = |disk, phase| SurfaceModel::of(disk, phase).with_normal_albedo(0.09);
    let slope = PhaseFunction::HgSphere { slope: 0.12 };
    vec![
        (of(DiskFunction::LommelSeeliger, slope), vec![]),
        (of(DiskFunction::Akimov, PhaseFunction::Exponential { decay: 0.9 }), vec![]),
        (of(DiskFunction::Lambert, PhaseFunction::Magnitudes { coefficients: [1.5, -0.3, 0.1] }), vec![]),
        (
            of(DiskFunction::LunarLambert { weight: [0.9, -0.3, 0.0, 0.0] }, slope),
            vec!["normal_albedo", "phase_slope", "weight_0", "weight_1_per_rad"],
        ),
        (
            of(DiskFunction::Minnaert { exponent: [0.55, 0.15] }, PhaseFunction::Exponential { decay: 0.9 }),
            vec![],
        ),
        (SurfaceModel::hapke(hapke), vec!["single_scattering_albedo", "particle_1", "roughness_rad"]),
        (
            SurfaceModel::of(
                DiskFunction::LommelSeeliger,
                PhaseFunction::Polynomial { coefficients: [0.09, -0.08, 0.04, -0.012, 0.0015] },
            ),
            vec![],
        ),
    ]
}

fn options(free: &[&str]) -> FitOptions {
    FitOptions { free: free.iter().map(|name| name.to_string()).collect(), ..FitOptions::default() }
}

/// A model whose free parameters are a fifth off.
fn off(model: &SurfaceModel, free: &[&str]) -> SurfaceModel {
    let mut start = *model;
    for parameter in model.parameters() {
        if free.is_empty() || free.contains(&parameter.name) {
            start = start.with_parameter(parameter.name, 0.8 * parameter.value).unwrap();
        }
    }
    start
}

#[test]
fn what_was_simulated_is_found_within_three_sigma_in_99_of_100() {
    let (mut good, mut all, mut chi2, mut freedom) = (0, 0, 0.0, 0);
    for (model, free) in laws() {
        for seed in 0..60 {
            let mut random = Random::new(seed, 7);
            let lights = lights(300, &mut random);
            let data = observed(&model, &lights, &mut random);
            let found = fit(&data, &off(&model, &free), &options(&free)).unwrap();
            chi2 += found.chi2;
            freedom += found.degrees_of_freedom;
            for parameter in &found.parameters {
                let truth = model.parameters().into_iter().find(|p| p.name == parameter.name).unwrap().value;
                all += 1;
                good += usize::from((parameter.value - truth).abs() < 3.0 * parameter.sigma);
            }
        }
    }
    assert!(all > 1000 && good as f64 >= 0.99 * all as f64, "{good} of {all}");
    // Mean chi2 per degree of freedom is 1 within four sigma of its own.
    let mean = chi2 / freedom as f64;
    assert!((mean - 1.0).abs() < 4.0 * (2.0 / freedom as f64).sqrt(), "{mean}");
}

#[test]
fn spots_share_a_phase_law_and_keep_their_own_albedo() {
    let law = SurfaceModel::lommel_seeliger(0.12);
    let albedos = [0.09, 0.25, 0.5];
    let (mut good, mut all) = (0, 0);
    for seed in 0..60 {
        let mut random = Random::new(seed, 8);
        let groups: Vec<Vec<Observation>> = albedos
            .iter()
            .map(|albedo| {
                let lights = lights(60, &mut random);
                observed(&law.with_normal_albedo(*albedo), &lights, &mut random)
            })
            .collect();
        let groups: Vec<&[Observation]> = groups.iter().map(Vec::as_slice).collect();
        let start = SurfaceModel::lommel_seeliger(0.4).with_normal_albedo(0.2);
        let found = fit_groups(&groups, &start, &FitOptions::default()).unwrap();
        assert_eq!(found.parameters[0].name, "phase_slope");
        assert_eq!(found.parameters[3].name, "normal_albedo[2]");
        for (parameter, truth) in found.parameters.iter().zip([0.12].iter().chain(&albedos)) {
            all += 1;
            good += usize::from((parameter.value - truth).abs() < 3.0 * parameter.sigma);
        }
    }
    assert!(good as f64 >= 0.985 * f64::from(all), "{good} of {all}");
}

#[test]
fn a_few_wrong_values_do_not_decide_with_hubers_loss() {
    let model = SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.09);
    let mut random = Random::new(5, 9);
    let lights = lights(400, &mut random);
    let mut data = observed(&model, &lights, &mut random);
    data.iter_mut().step_by(20).for_each(|observation| observation.iof *= 1.5);
    let robust = FitOptions { loss: Loss::Huber { clip_sigma: 1.345 }, ..FitOptions::default() };
    let off_by =
        |options: &FitOptions| (fit(&data, &model, options).unwrap().parameters[0].value - 0.09).abs() / 0.09;
    let (robust, plain) = (off_by(&robust), off_by(&FitOptions::default()));
    assert!(robust < 0.01 && plain > 5.0 * robust, "{robust} {plain}");
}

#[test]
fn what_the_data_does_not_tell_is_told() {
    let model = SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.09);
    let at = |phase_deg: f64| LightAngles::from_degrees(30.0, 20.0, phase_deg);
    let data = |phases: [f64; 6]| {
        phases.map(|phase| Observation { light: at(phase), iof: model.iof(at(phase)), sigma: 1e-4 })
    };
    // One phase angle: albedo and slope are one number.
    let one = fit(&data([40.0; 6]), &model, &FitOptions::default()).unwrap();
    let undetermined = |name: &str| FitWarning::Undetermined { name: name.into() };
    assert!(one.warnings.contains(&undetermined("normal_albedo")), "{:?}", one.warnings);
    assert!(one.warnings.contains(&undetermined("phase_slope")) && one.parameters[1].sigma.is_infinite());
    assert!(one.warnings.iter().any(|warning| matches!(warning, FitWarning::NarrowPhase { .. })));
    // Five degrees: strongly correlated.
    let few = fit(&data([40.0, 41.0, 42.0, 43.0, 44.0, 45.0]), &model, &FitOptions::default()).unwrap();
    assert!(few.warnings.iter().any(|warning| matches!(warning, FitWarning::Correlated { .. })), "{few:?}");
    // Half the sphere of angles: nothing to tell.
    let wide = fit(&data([5.0, 20.0, 40.0, 60.0, 80.0, 100.0]), &model, &FitOptions::default()).unwrap();
    assert!(wide.warnings.is_empty(), "{:?}", wide.warnings);
    assert!((wide.parameters[1].value - 0.12).abs() < 1e-9);
}

#[test]
fn limits_are_kept_and_told() {
    let model = SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.09);
    let mut random = Random::new(1, 2);
    let lights = lights(50, &mut random);
    let data = observed(&model, &lights, &mut random);
    let limits = vec![Limits { name: "phase_slope".into(), bounds: [0.3, 0.6] }];
    let found = fit(&data, &model, &FitOptions { limits, ..FitOptions::default() }).unwrap();
    assert_eq!(found.parameters[1].value, 0.3);
    assert_eq!(found.parameters[1].sigma, 0.0);
    assert!(found.warnings.contains(&FitWarning::AtLimit { name: "phase_slope".into() }));
}

#[test]
fn what_cannot_be_fitted_is_refused_with_a_reason() {
    let model = SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.09);
    let good = Observation { light: LightAngles::from_degrees(10.0, 10.0, 20.0), iof: 0.05, sigma: 0.001 };
    let night = Observation { light: LightAngles::from_degrees(95.0, 10.0, 100.0), ..good };
    let told =
        |data: &[Observation], options: &FitOptions| fit(data, &model, options).unwrap_err().to_string();
    let plain = FitOptions::default();
    assert!(told(&[good, night], &plain).contains("observation 1"));
    assert!(told(&[good, Observation { sigma: 0.0, ..good }], &plain).contains("sigma 0"));
    assert!(told(&[good], &plain).contains("1 observations cannot determine 2"));
    assert!(told(&[good; 3], &options(&["roughness"])).contains("normal_albedo, phase_slope"));
    let limits = vec![Limits { name: "phase_slope".into(), bounds: [0.6, 0.3] }];
    assert!(told(&[good; 3], &FitOptions { limits, ..plain.clone() }).contains("0.6 to 0.3"));
    let short = FitOptions { most_steps: 0, ..plain };
    assert!(told(&[good; 3], &short).contains("no minimum after 0 steps"));
}
