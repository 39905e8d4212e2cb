// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::{HFunction, ParticlePhase, Surge, hg_phase};
use facula_core::Vec3;
use proptest::prelude::*;

/// What [`SurfaceModel::iof_each`] promises.
const BATCH_FRACTION: f64 = 1e-5;

/// Brightness of a sphere of unit normal albedo at a phase angle, by summation over its visible disc.
fn sphere(model: SurfaceModel, phase_rad: f64) -> f64 {
    let (to_camera, to_sun) = (Vec3::new(0.0, 0.0, 1.0), Vec3::new(phase_rad.sin(), 0.0, phase_rad.cos()));
    let n = 400;
    let mut sum = 0.0;
    for k in 0..n * n {
        let (x, y) = (
            (k % n) as f64 / n as f64 * 2.0 - 1.0 + 1.0 / n as f64,
            (k / n) as f64 / n as f64 * 2.0 - 1.0 + 1.0 / n as f64,
        );
        if x * x + y * y < 1.0 {
            let normal = Vec3::new(x, y, (1.0 - x * x - y * y).sqrt());
            sum += model.iof_per_albedo(LightAngles::of(normal, to_sun, to_camera));
        }
    }
    sum * 4.0 / (n * n) as f64 / std::f64::consts::PI
}

#[test]
fn a_sphere_has_the_iau_phase_function() {
    let model = SurfaceModel::lommel_seeliger(0.12);
    for phase_deg in [0.0, 10.0, 40.0, 80.0] {
        let phase_rad = f64::to_radians(phase_deg);
        let (seen, expected) = (sphere(model, phase_rad), hg_phase(phase_rad, 0.12));
        assert!((seen / expected - 1.0).abs() < 3e-3, "{phase_deg}: {seen} {expected}");
    }
}

fn full_hapke() -> Hapke {
    Hapke {
        single_scattering_albedo: 0.14,
        particle: ParticlePhase::DoubleHenyeyGreenstein { width: 0.3, back: 0.4 },
        shadow_hiding: Surge { amplitude: 1.6, angular_width: 0.06 },
        coherent_backscatter: Surge { amplitude: 0.3, angular_width: 0.02 },
        roughness_rad: 0.35,
        filling_fraction: 0.3,
        multiple: HFunction::Hapke2002,
    }
}

/// Every disk function with every phase function, with and without an albedo, and the forms of Hapke's law.
pub(crate) fn models() -> Vec<SurfaceModel> {
    let disks = [
        DiskFunction::Lambert,
        DiskFunction::LommelSeeliger,
        DiskFunction::Akimov,
        DiskFunction::LunarLambert { weight: [0.9, -0.4, 0.05, 0.01] },
        DiskFunction::Minnaert { exponent: [0.55, 0.12] },
    ];
    let phases = [
        PhaseFunction::Constant,
        PhaseFunction::HgSphere { slope: 0.12 },
        PhaseFunction::Hg { slope: 0.3 },
        PhaseFunction::Hg1g2Sphere { slopes: [0.6, 0.15] },
        PhaseFunction::Hg1g2 { slopes: [0.3, 0.4] },
        PhaseFunction::Rolo {
            exponentials: [0.02, 20.0, 0.01, 3.0],
            polynomial: [0.05, -0.02, 0.004, -0.0005, 0.0001],
        },
        PhaseFunction::Polynomial { coefficients: [0.09, -0.05, 0.02, -0.005, 0.0006] },
        PhaseFunction::Magnitudes { coefficients: [1.5, -0.3, 0.1] },
        PhaseFunction::Exponential { decay: 0.9 },
    ];
    let simple = disks.into_iter().flat_map(|disk| phases.map(|phase| SurfaceModel::of(disk, phase)));
    let hapke = full_hapke();
    let laws = [
        hapke,
        Hapke { multiple: HFunction::Hapke1981, ..hapke },
        Hapke { roughness_rad: 0.0, filling_fraction: 0.0, ..hapke },
        Hapke { roughness_rad: 0.0, multiple: HFunction::Hapke1981, ..hapke },
        Hapke { particle: ParticlePhase::HenyeyGreenstein { asymmetry: -0.35 }, ..hapke },
        Hapke {
            particle: ParticlePhase::DoubleHenyeyGreensteinFraction { width: 0.3, back_fraction: 0.7 },
            ..hapke
        },
    ];
    let all: Vec<SurfaceModel> = simple.chain(laws.map(SurfaceModel::hapke)).collect();
    all.iter().flat_map(|model| [*model, model.with_normal_albedo(0.087)]).collect()
}

/// Random but possible angles in degrees: normal up, Sun and camera above the horizon.
pub(crate) fn angles() -> impl Strategy<Value = (f64, f64, f64)> {
    (0.5f64..88.0, 0.5f64..88.0, 0.0f64..180.0).prop_map(|(i, e, psi)| {
        let [i_rad, e_rad, psi_rad] = [i, e, psi].map(f64::to_radians);
        let cosine = i_rad.cos() * e_rad.cos() + i_rad.sin() * e_rad.sin() * psi_rad.cos();
        (i, e, cosine.clamp(-1.0, 1.0).acos().to_degrees())
    })
}

/// The angles single-precision cosines stand for.
fn of_single([sun, eye, phase]: [f32; 3]) -> LightAngles {
    let half = |sign: f64| ((1.0 + sign * f64::from(phase)) / 2.0).sqrt();
    LightAngles {
        cos_incidence: f64::from(sun),
        cos_emission: f64::from(eye),
        phase_rad: 2.0 * half(-1.0).atan2(half(1.0)),
    }
}

#[test]
fn many_pixels_at_once_equal_one_by_one_for_every_law() {
    let mut planes = [Vec::new(), Vec::new(), Vec::new()];
    for i in [0.0f64, 0.1, 3.0, 20.0, 45.0, 60.0, 75.0, 85.0, 89.0, 89.9, 95.0] {
        for e in [0.0f64, 0.2, 10.0, 35.0, 60.0, 80.0, 88.0, 89.95, 100.0] {
            for psi in [0.0f64, 1.0, 30.0, 90.0, 150.0, 179.0, 180.0] {
                let [i, e, psi] = [i, e, psi].map(f64::to_radians);
                let cosine = i.cos() * e.cos() + i.sin() * e.sin() * psi.cos();
                for (plane, value) in planes.iter_mut().zip([i.cos(), e.cos(), cosine]) {
                    plane.push(value as f32);
                }
            }
        }
    }
    planes[0].extend([f32::NAN, 0.5]);
    planes[1].extend([0.5, f32::NAN]);
    planes[2].extend([0.5, 0.5]);
    let light = LightPlanes { cos_incidence: &planes[0], cos_emission: &planes[1], cos_phase: &planes[2] };
    let mut iof = vec![-1.0f32; planes[0].len()];
    for model in models() {
        model.iof_each(&light, &mut iof);
        for (k, found) in iof.iter().enumerate() {
            let angles = of_single([planes[0][k], planes[1][k], planes[2][k]]);
            let one = model.iof(angles);
            let off = (f64::from(*found) - one).abs();
            assert!(off <= BATCH_FRACTION * one.abs() + 1e-30, "{model:?} {angles:?}: {found} {one}");
        }
    }
}

#[test]
fn pixels_of_nearly_one_phase_angle_equal_one_by_one() {
    // Rows of a frame: 300 pixels across a few degrees, some of them night with no angle at all.
    for (start_deg, wide_deg) in
        [(0.0f64, 2.0f64), (0.0, 0.01), (7.0, 5.5), (29.0, 3.0), (90.0, 1.0), (150.0, 20.0)]
    {
        let row = |k: usize| (start_deg + wide_deg * k as f64 / 300.0).to_radians().cos() as f32;
        let cos_phase: Vec<f32> = (0..300).map(|k| if k % 50 == 7 { -7.0 } else { row(k) }).collect();
        let cos_incidence: Vec<f32> =
            (0..300).map(|k| if k % 50 == 7 { -0.1 } else { 0.3 + 0.001 * k as f32 }).collect();
        let cos_emission = vec![0.8f32; 300];
        let light =
            LightPlanes { cos_incidence: &cos_incidence, cos_emission: &cos_emission, cos_phase: &cos_phase };
        let mut iof = vec![-1.0; 300];
        for model in models() {
            model.iof_each(&light, &mut iof);
            for (k, found) in iof.iter().enumerate() {
                let one = if k % 50 == 7 {
                    0.0
                } else {
                    model.iof(of_single([cos_incidence[k], 0.8, cos_phase[k]]))
                };
                assert!(
                    (f64::from(*found) - one).abs() <= BATCH_FRACTION * one.abs(),
                    "{model:?} {start_deg} {k}: {found} {one}"
                );
            }
        }
    }
}

#[test]
fn planes_of_different_length_end_with_the_shortest() {
    let mut iof = [-1.0f32; 4];
    let light = LightPlanes { cos_incidence: &[1.0; 3], cos_emission: &[1.0; 9], cos_phase: &[1.0; 3] };
    SurfaceModel::lommel_seeliger(0.1).iof_each(&light, &mut iof);
    assert_eq!(iof, [1.0, 1.0, 1.0, -1.0]);
}

#[test]
fn normal_albedo_is_the_brightness_at_zero_angles() {
    for model in models() {
        let normal = model.normal_iof();
        assert!((model.iof(LightAngles::ZERO) / normal - 1.0).abs() < 1e-14, "{model:?}");
        let at = LightAngles::from_degrees(40.0, 20.0, 50.0);
        let (absolute, relative) = (model.iof(at), model.iof_per_albedo(at));
        assert!((absolute / (normal * relative) - 1.0).abs() < 1e-12, "{model:?}");
    }
}

#[test]
fn models_survive_a_file() {
    for model in models() {
        let text = toml::to_string(&model).unwrap();
        let back: SurfaceModel = toml::from_str(&text).unwrap();
        assert_eq!(back, model, "{text}");
    }
}

proptest! {
    #[test]
    fn derivatives_equal_central_differences((i, e, phase) in angles(), pick in 0usize..102) {
        let all = models();
        let model = all[pick % all.len()];
        let at = LightAngles::from_degrees(i, e, phase);
        let (iof, slopes) = model.iof_with_derivatives(at);
        prop_assert!((iof / model.iof(at) - 1.0).abs() < 1e-12);
        for (parameter, slope) in model.parameters().iter().zip(slopes) {
            let step = 1e-5 * parameter.value.abs().max(1e-3);
            let at_value = |value: f64| model.with_parameter(parameter.name, value).unwrap().iof(at);
            let difference = (at_value(parameter.value + step) - at_value(parameter.value - step)) / (2.0 * step);
            // Rounding of the difference, and its third-order term.
            let bound = 1e-6 * slope.abs() + 1e-9 * iof / step.max(1e-6) * 1e-3 + 1e-9;
            prop_assert!((slope - difference).abs() < bound.max(2e-6 * slope.abs()), "{} {}: {} {}", parameter.name, pick, slope, difference);
        }
    }
}
