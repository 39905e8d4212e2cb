// SPDX-License-Identifier: MIT OR Apache-2.0
//! What physics asks of every scattering law: reciprocity, energy, and the identities of the phase integral.

#![allow(clippy::unwrap_used)]

use facula_photometry::{
    DiskFunction, HFunction, Hapke, LightAngles, ParticlePhase, PhaseFunction, SurfaceModel, Surge,
};
use proptest::prelude::*;

/// Rounding of a law in double precision; rough ground loses a few digits where azimuths are found from cosines.
const RECIPROCAL: f64 = 1e-9;

fn hapke(roughness_rad: f64) -> SurfaceModel {
    SurfaceModel::hapke(Hapke {
        single_scattering_albedo: 0.4,
        particle: ParticlePhase::DoubleHenyeyGreenstein { width: 0.35, back: 0.6 },
        shadow_hiding: Surge { amplitude: 1.6, angular_width: 0.06 },
        coherent_backscatter: Surge { amplitude: 0.3, angular_width: 0.02 },
        roughness_rad,
        filling_fraction: 0.3,
        multiple: HFunction::Hapke2002,
    })
}

/// Laws for which `I/F(i, e, α) / cos i` is the same when Sun and camera change places (Minnaert 1941).
fn reciprocal() -> Vec<SurfaceModel> {
    let phase = PhaseFunction::Exponential { decay: 0.8 };
    [
        DiskFunction::Lambert,
        DiskFunction::LommelSeeliger,
        DiskFunction::Akimov,
        DiskFunction::LunarLambert { weight: [0.8, -0.3, 0.0, 0.0] },
        DiskFunction::Minnaert { exponent: [0.55, 0.2] },
    ]
    .into_iter()
    .map(|disk| SurfaceModel::of(disk, phase))
    .chain([0.0, 0.2, 0.6].map(hapke))
    .collect()
}

fn angles() -> impl Strategy<Value = LightAngles> {
    (0.01f64..1.5, 0.01f64..1.5, 0.0f64..std::f64::consts::PI).prop_map(|(i, e, psi)| {
        let cos_phase = i.cos() * e.cos() + i.sin() * e.sin() * psi.cos();
        let phase_rad = 2.0 * ((1.0 - cos_phase).max(0.0)).sqrt().atan2((1.0 + cos_phase).max(0.0).sqrt());
        LightAngles { cos_incidence: i.cos(), cos_emission: e.cos(), phase_rad }
    })
}

proptest! {
    #[test]
    fn sun_and_camera_may_change_places(light in angles()) {
        let back = LightAngles { cos_incidence: light.cos_emission, cos_emission: light.cos_incidence, ..light };
        for model in reciprocal() {
            let [there, back] = [light, back].map(|light| model.iof(light) / light.cos_incidence);
            prop_assert!((there / back - 1.0).abs() < RECIPROCAL || there + back < 1e-12, "{:?}: {} {}", model, there, back);
        }
    }

    #[test]
    fn brightness_is_never_negative_nor_endless(light in angles()) {
        for model in reciprocal() {
            let iof = model.iof(light);
            prop_assert!(iof.is_finite() && iof >= 0.0, "{:?} {}", model, iof);
        }
    }

    #[test]
    fn ground_of_hapkes_law_makes_no_light(albedo in 0.01f64..0.999, asymmetry in -0.6f64..0.6, cosine in 0.05f64..1.0) {
        let law = Hapke {
            single_scattering_albedo: albedo,
            particle: ParticlePhase::HenyeyGreenstein { asymmetry },
            ..Hapke::default()
        };
        let scattered = SurfaceModel::hapke(law).hemispherical_albedo(cosine).value;
        prop_assert!(scattered > 0.0 && scattered <= HEMISPHERICAL_LIMIT, "{}", scattered);
    }
}

/// 1, and what the approximation of H and of anisotropic multiple scattering adds to a white forward scatterer.
const HEMISPHERICAL_LIMIT: f64 = 1.0 + 0.1;

#[test]
fn white_isotropic_ground_scatters_all_light_within_the_error_of_h() {
    // An exact H function of w = 1 gives 1 at every incidence; Hapke 2002 is within 1 %, 1981 within 4 %.
    for (multiple, error) in [(HFunction::Hapke1981, 0.05), (HFunction::Hapke2002, 0.02)] {
        for cosine in [0.1, 0.4, 0.7, 1.0] {
            let law = Hapke { single_scattering_albedo: 1.0, multiple, ..Hapke::default() };
            let all = SurfaceModel::hapke(law).hemispherical_albedo(cosine).value;
            assert!((all - 1.0).abs() < error, "{multiple:?} {cosine} {all}");
        }
    }
}

#[test]
fn the_spherical_albedo_is_the_mean_of_the_hemispherical_one() {
    // A = 2 ∫ A_h(μ0) μ0 dμ0 (Hapke 2012, eq. 11.20), by Simpson's rule: two ways round the same light.
    for model in [SurfaceModel::of(DiskFunction::LommelSeeliger, PhaseFunction::Constant), hapke(0.0)] {
        let n = 40;
        let mut sum = 0.0;
        for k in 1..=n {
            let cosine = f64::from(k) / f64::from(n);
            let weight = if k == n { 1.0 } else { f64::from(2 + 2 * (k % 2)) } / f64::from(3 * n);
            sum += 2.0 * weight * cosine * model.hemispherical_albedo(cosine).value;
        }
        let albedos = model.sphere_albedos();
        let product = albedos.geometric.value * albedos.phase_integral.value;
        assert!((albedos.spherical.value / product - 1.0).abs() < 1e-12);
        assert!((sum / albedos.spherical.value - 1.0).abs() < 2e-3, "{sum} {albedos:?}");
    }
}

#[test]
fn rough_ground_is_the_smooth_law_where_it_has_no_slopes() {
    for (i, e, a) in [(0.0, 0.0, 0.0), (30.0, 20.0, 40.0), (70.0, 60.0, 120.0)] {
        let light = LightAngles::from_degrees(i, e, a);
        let ratio = hapke(1e-4).iof(light) / hapke(0.0).iof(light);
        assert!((ratio - 1.0).abs() < 1e-3, "{i} {e} {a} {ratio}");
    }
}
