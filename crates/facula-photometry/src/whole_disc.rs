// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole discs: what a sphere with a scattering law looks like from afar, its albedos, and magnitudes.
//!
//! # Source
//! Hapke 2012, chapter 11; Chandrasekhar 1950 for the coordinates of the integral: photometric longitude λ from the
//! point under the camera towards the one under the Sun, and latitude β; `cos e = cos β cos λ`,
//! `cos i = cos β cos(α − λ)`.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::{LightAngles, SurfaceModel};

/// Least number of places of a rule, and the largest for integrals over two and over three variables: rules double
/// until they agree.
const FIRST: usize = 16;
const LAST: usize = 512;
const LAST_OF_THREE: usize = 128;
/// Fraction of the integral by which two rules may differ to agree.
const AGREED_FRACTION: f64 = 1e-8;

/// Diameter in km of a body of albedo 1 and magnitude 0: `2 au · 10^(V_sun/5)` with V_sun = −26.762.
///
/// # Source
/// Harris and Harris 1997, Icarus 126, 450; the truth set (case P08) uses 1329 km.
pub const DIAMETER_AT_UNIT_ALBEDO_KM: f64 = 1329.0;

/// A number from an integral, with how far the two last rules were apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Integral {
    /// The number, dimensionless.
    pub value: f64,
    /// Its error (the difference of the two finest rules), dimensionless.
    pub sigma: f64,
}

/// Albedos of a sphere with one law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SphereAlbedos {
    /// Geometric albedo p: brightness at phase 0 over that of a flat white Lambert disc.
    pub geometric: Integral,
    /// Phase integral q.
    pub phase_integral: Integral,
    /// Spherical (at one wavelength: Bond) albedo A = p q.
    pub spherical: Integral,
}

impl SurfaceModel {
    /// Brightness of a sphere at a phase angle from 0 to π, over that of a flat white Lambert disc of its size that faces
    /// the Sun: p Φ(α). Gauss's rule in longitude and latitude, doubled until two agree to 1e-8 or 512 places are reached;
    /// `sigma` tells how far they were apart.
    pub fn sphere_brightness(&self, phase_rad: f64) -> Integral {
        refined(LAST, |places| self.sphere_by_rule(phase_rad, places))
    }

    /// Geometric albedo, phase integral `q = 2 ∫ Φ(α) sin α dα` and spherical albedo.
    pub fn sphere_albedos(&self) -> SphereAlbedos {
        let geometric = self.sphere_brightness(0.0);
        let spherical = refined(LAST_OF_THREE, |places| {
            // Phase as the square of a variable: surges at phase 0 are drawn wide.
            let rule = gauss(places);
            let integrand = |u: f64| {
                let phase_rad = PI * u * u;
                self.sphere_by_rule(phase_rad, places) * phase_rad.sin() * 2.0 * PI * u
            };
            2.0 * rule.iter().map(|(x, weight)| 0.5 * weight * integrand(0.5 + 0.5 * x)).sum::<f64>()
        });
        let value = spherical.value / geometric.value;
        let relative = (spherical.sigma / spherical.value).hypot(geometric.sigma / geometric.value);
        SphereAlbedos { geometric, phase_integral: Integral { value, sigma: value * relative }, spherical }
    }

    /// Share of the light falling on flat ground at an incidence that it scatters (directional-hemispherical albedo);
    /// `cos_incidence` from above 0 to 1. A law that gives more than 1 makes light.
    pub fn hemispherical_albedo(&self, cos_incidence: f64) -> Integral {
        refined(LAST, |places| {
            let rule = gauss(places);
            let sin_incidence = (1.0 - cos_incidence * cos_incidence).max(0.0).sqrt();
            let toward = |azimuth_rad: f64, cos_emission: f64| {
                let sin_emission = (1.0 - cos_emission * cos_emission).sqrt();
                let cos_phase =
                    cos_incidence * cos_emission + sin_incidence * sin_emission * azimuth_rad.cos();
                // A half angle keeps its digits where the phase is small.
                let phase_rad = 2.0
                    * ((1.0 - cos_phase).max(0.0) / 2.0)
                        .sqrt()
                        .atan2(((1.0 + cos_phase).max(0.0) / 2.0).sqrt());
                self.iof(LightAngles { cos_incidence, cos_emission, phase_rad }) * cos_emission
            };
            let mut sum = 0.0;
            for (x, weight) in &rule {
                for (y, other) in &rule {
                    sum += weight * other * toward(FRAC_PI_2 * (1.0 + x), 0.5 + 0.5 * y);
                }
            }
            // I/F is π times the reflectance: flux out over flux in = ∫∫ (I/F / π) μ dμ dψ / μ0, both sides of the azimuth.
            sum * FRAC_PI_2 * 0.5 * 2.0 / (PI * cos_incidence)
        })
    }

    fn sphere_by_rule(&self, phase_rad: f64, places: usize) -> f64 {
        let rule = gauss(places);
        // Lit and seen: longitudes from α − 90° to 90°.
        let (middle, half) = (0.5 * phase_rad, 0.5 * (PI - phase_rad));
        let mut sum = 0.0;
        for (x, weight) in &rule {
            // Ends drawn wide: functions of grazing angles have steep ends.
            let (turn, stretch) = ((FRAC_PI_2 * x).sin(), FRAC_PI_2 * (FRAC_PI_2 * x).cos());
            let longitude = middle + half * turn;
            let (cos_seen, cos_lit) = (longitude.cos(), (phase_rad - longitude).cos());
            for (y, other) in rule.iter().filter(|(y, _)| *y > 0.0) {
                let cos_latitude = (FRAC_PI_2 * y).cos();
                let light = LightAngles {
                    cos_incidence: cos_latitude * cos_lit,
                    cos_emission: cos_latitude * cos_seen,
                    phase_rad,
                };
                let area = cos_latitude * cos_latitude * cos_seen * FRAC_PI_2;
                sum += weight * other * stretch * half * area * self.iof(light);
            }
        }
        // Both hemispheres, over the disc's π.
        2.0 * sum / PI
    }
}

/// Doubles a rule until it changes no more.
fn refined(last: usize, rule: impl Fn(usize) -> f64) -> Integral {
    let mut places = FIRST;
    let mut value = rule(places);
    loop {
        places *= 2;
        let next = rule(places);
        let sigma = (next - value).abs();
        if sigma <= AGREED_FRACTION * next.abs() || places >= last {
            return Integral { value: next, sigma };
        }
        value = next;
    }
}

/// Places and weights of Gauss's rule on −1 to 1 (Press et al. 2007, Numerical Recipes, section 4.6).
fn gauss(places: usize) -> Vec<(f64, f64)> {
    let n = places as f64;
    let of = |k: usize| {
        let mut x = (PI * (k as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut last, mut now) = (0.0, 1.0);
            for j in 0..places {
                let order = j as f64;
                (last, now) = (now, ((2.0 * order + 1.0) * x * now - order * last) / (order + 1.0));
            }
            slope = n * (x * now - last) / (x * x - 1.0);
            let step = now / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..places).map(of).collect()
}

/// Diameter in km from absolute magnitude and geometric albedo: `1329 km / √p · 10^(−H/5)`. `absolute_mag` is H in V.
pub fn diameter_km(absolute_mag: f64, geometric_albedo: f64) -> f64 {
    DIAMETER_AT_UNIT_ALBEDO_KM / geometric_albedo.sqrt() * 10f64.powf(-absolute_mag / 5.0)
}

/// Brightness in magnitudes at distances of 1 au: `H − 2.5 log Φ`. `phase_value` is [`crate::hg_phase`] or
/// [`crate::hg1g2_phase`] (or a sphere's brightness over its geometric albedo).
pub fn reduced_mag(absolute_mag: f64, phase_value: f64) -> f64 {
    absolute_mag - 2.5 * phase_value.log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DiskFunction, Hapke, PhaseFunction, hg_phase, lommel_seeliger_sphere_phase};

    /// What the quadrature must reach against closed forms.
    const CLOSED: f64 = 1e-7;

    #[test]
    fn p04_a_lambert_sphere_has_its_closed_forms() {
        let model = SurfaceModel::of(DiskFunction::Lambert, PhaseFunction::Constant);
        let albedos = model.sphere_albedos();
        assert!((albedos.geometric.value - 2.0 / 3.0).abs() < CLOSED, "{albedos:?}");
        assert!((albedos.phase_integral.value - 1.5).abs() < CLOSED, "{albedos:?}");
        assert!((albedos.spherical.value - 1.0).abs() < CLOSED, "{albedos:?}");
        for phase_deg in [0.0f64, 30.0, 90.0, 150.0, 175.0] {
            let a = phase_deg.to_radians();
            let expected = 2.0 / 3.0 * (a.sin() + (PI - a) * a.cos()) / PI;
            let found = model.sphere_brightness(a);
            assert!((found.value - expected).abs() < CLOSED, "{phase_deg} {found:?} {expected}");
        }
        let at_90 = model.sphere_brightness(FRAC_PI_2).value / albedos.geometric.value;
        assert!((at_90 - 1.0 / PI).abs() < 1e-6);
    }

    #[test]
    fn a_lommel_seeliger_sphere_has_its_closed_forms() {
        let model = SurfaceModel::of(DiskFunction::LommelSeeliger, PhaseFunction::Constant);
        for phase_deg in [0.0f64, 1.0, 30.0, 60.0, 90.0, 140.0, 170.0] {
            let a = phase_deg.to_radians();
            let found = model.sphere_brightness(a);
            assert!((found.value - lommel_seeliger_sphere_phase(a)).abs() < CLOSED, "{phase_deg} {found:?}");
        }
        // q = 16/3 (1 − ln 2): the classical value 1.6366 for isotropic single scattering.
        let q = model.sphere_albedos().phase_integral;
        assert!((q.value - 16.0 / 3.0 * (1.0 - std::f64::consts::LN_2)).abs() < CLOSED, "{q:?}");
    }

    #[test]
    fn a_sphere_of_the_default_model_has_the_iau_phase_curve() {
        let model = SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.09);
        for phase_deg in [0.0f64, 5.0, 40.0, 100.0] {
            let a = phase_deg.to_radians();
            let found = model.sphere_brightness(a).value;
            assert!((found - 0.09 * hg_phase(a, 0.12)).abs() < CLOSED, "{phase_deg} {found}");
        }
        // Bowell et al. 1989: q = 0.290 + 0.684 G.
        let q = model.sphere_albedos().phase_integral.value;
        assert!((q - (0.290 + 0.684 * 0.12)).abs() < 0.01, "{q}");
    }

    #[test]
    fn the_geometric_albedo_of_a_smooth_dark_hapke_sphere_is_that_of_his_formula() {
        // Hapke 2012, eq. 11.34 without surge: p = r0/2 (1 + r0/3) + w/8 (p(0) − 1), an approximation to a few per cent.
        for albedo in [0.05, 0.1, 0.3] {
            let law = Hapke { single_scattering_albedo: albedo, ..Hapke::default() };
            let gamma = (1.0f64 - albedo).sqrt();
            let r0 = (1.0 - gamma) / (1.0 + gamma);
            let found = SurfaceModel::hapke(law).sphere_albedos().geometric.value;
            assert!((found / (0.5 * r0 * (1.0 + r0 / 3.0)) - 1.0).abs() < 0.03, "{albedo}: {found}");
        }
    }

    #[test]
    fn p08_diameter_follows_from_magnitude_and_albedo() {
        assert!((diameter_km(3.34, 0.09) - 951.4889000398267).abs() < 0.5);
        assert!((reduced_mag(3.34, 0.1) - 5.84).abs() < 1e-12);
    }

    #[test]
    fn a_lambert_plane_of_albedo_one_scatters_all() {
        let model = SurfaceModel::of(DiskFunction::Lambert, PhaseFunction::Constant);
        for cos_incidence in [0.1, 0.5, 1.0] {
            assert!((model.hemispherical_albedo(cos_incidence).value - 1.0).abs() < CLOSED);
        }
    }
}
