// SPDX-License-Identifier: MIT OR Apache-2.0
//! Phase functions of whole discs.

/// The IAU H, G phase function of a whole disc, 1 at phase 0; `slope` is G. Valid to 120°, used beyond as its
/// smooth continuation.
///
/// # Source
/// Bowell et al. (1989), Asteroids II, p. 549, eq. A5 with the blended form of the Minor Planet Center
/// (A₁ = 3.332, B₁ = 0.631, C₁ = 0.986; A₂ = 1.862, B₂ = 1.218, C₂ = 0.238).
pub fn hg_phase(phase_rad: f64, slope: f64) -> f64 {
    let sin = phase_rad.sin();
    let tan_half = (phase_rad / 2.0).tan();
    let blend = (-90.56 * tan_half * tan_half).exp();
    let part = |a: f64, b: f64, c: f64| {
        let small = 1.0 - c * sin / (0.119 + 1.341 * sin - 0.754 * sin * sin);
        let large = (-a * tan_half.powf(b)).exp();
        blend * small + (1.0 - blend) * large
    };
    (1.0 - slope) * part(3.332, 0.631, 0.986) + slope * part(1.862, 1.218, 0.238)
}

/// The phase function of a sphere that scatters after Lommel and Seeliger, 1 at phase 0:
/// `1 − sin(α/2) tan(α/2) ln cot(α/4)`.
pub fn lommel_seeliger_sphere_phase(phase_rad: f64) -> f64 {
    let half = phase_rad / 2.0;
    if half < 1e-9 {
        return 1.0;
    }
    1.0 + half.sin() * half.tan() * (half / 2.0).tan().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lommel_seeliger_sphere_equals_the_analytic_values() {
        // Case P03.
        let expected = [(30.0, 0.8593859555861373), (60.0, 0.6198270018495269), (90.0, 0.3767747598597697)];
        for (alpha, phi) in expected {
            assert!((lommel_seeliger_sphere_phase(f64::to_radians(alpha)) - phi).abs() < 1e-6);
        }
        assert_eq!(lommel_seeliger_sphere_phase(0.0), 1.0);
    }

    #[test]
    fn ceres_is_as_bright_as_the_truth_set_says() {
        // Case E12: V = 8.96971 for H = 3.34, G = 0.12 at phase 20.0724 deg, 2.89283 au and 2.85971 au.
        let phase = 20.072361612930024f64.to_radians();
        let v = 3.34 + 5.0 * (2.8928314368324997f64 * 2.859714697062976).log10()
            - 2.5 * hg_phase(phase, 0.12).log10();
        assert!((v - 8.969712474808274).abs() < 0.02, "{v}");
    }
}
