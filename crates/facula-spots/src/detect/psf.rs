// SPDX-License-Identifier: MIT OR Apache-2.0
//! How wide a uniform disc looks through a Gaussian point-spread function, and back.

/// Steps of the table, in disc diameters per full width of the point-spread function.
const STEP: f64 = 0.1;
/// Beyond this many full widths the edge is nearly straight: seen = disc − 2 σ² / disc.
const WIDEST: f64 = 4.0;
/// Sigma of a Gaussian over its full width at half maximum: 1 / √(8 ln 2).
const SIGMA: f64 = 0.424_660_900;

/// Width seen (between half maxima) of discs of diameter 0, 0.1, 0.2 … in units of the full width at half maximum.
#[derive(Debug, Clone)]
pub(crate) struct DiscWidths {
    seen: Vec<f64>,
}

impl DiscWidths {
    pub fn new() -> Self {
        let count = (WIDEST / STEP).round() as usize;
        Self { seen: (0..=count).map(|k| width_seen((k as f64 * STEP).max(0.01))).collect() }
    }

    /// The disc that looks `seen_km` wide after a point-spread function of `fwhm_km`; 0 when none is so narrow.
    pub fn disc_km(&self, seen_km: f64, fwhm_km: f64) -> f64 {
        let seen = seen_km / fwhm_km;
        let last = self.seen.len() - 1;
        if !(seen < self.seen[last]) {
            return seen_km + 2.0 * (SIGMA * fwhm_km).powi(2) / seen_km;
        }
        match self.seen.iter().rposition(|width| *width <= seen) {
            Some(k) => {
                let fraction = (seen - self.seen[k]) / (self.seen[k + 1] - self.seen[k]);
                (k as f64 + fraction.min(1.0)) * STEP * fwhm_km
            }
            None => 0.0,
        }
    }
}

/// Bisection of the profile for half of its central value; lengths in full widths at half maximum.
fn width_seen(disc: f64) -> f64 {
    let half = 0.5 * profile(disc / 2.0, 0.0, SIGMA);
    let (mut inside, mut outside) = (0.0, disc / 2.0 + 1.0);
    for _ in 0..30 {
        let middle = 0.5 * (inside + outside);
        if profile(disc / 2.0, middle, SIGMA) > half {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside + outside
}

/// Brightness at distance `at` of a disc of the given radius after a Gaussian of `sigma`: the chords of the disc
/// across the direction of `at`, each an error function, summed along it (Gaussian product rule, 96 steps).
pub(crate) fn profile(radius: f64, at: f64, sigma: f64) -> f64 {
    let steps = 96;
    let step = 2.0 * radius / f64::from(steps);
    (0..steps)
        .map(|k| {
            let x = -radius + (f64::from(k) + 0.5) * step;
            let half_chord = (radius * radius - x * x).sqrt();
            (-0.5 * ((x - at) / sigma).powi(2)).exp()
                * erf(half_chord / (sigma * std::f64::consts::SQRT_2))
                * step
        })
        .sum::<f64>()
        / (sigma * (2.0 * std::f64::consts::PI).sqrt())
}

/// Error function to 1.5e-7.
///
/// # Source
/// Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 7.1.26.
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let series = ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t
        + 0.254_829_592)
        * t;
    (1.0 - series * (-x * x).exp()).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_of_a_blurred_disc_has_the_closed_form() {
        // 1 − exp(−R²/2σ²).
        for radius in [0.3, 1.0, 2.5] {
            let expected = 1.0 - f64::exp(-radius * radius / 2.0);
            assert!((profile(radius, 0.0, 1.0) / expected - 1.0).abs() < 2e-3, "{radius}");
        }
    }

    #[test]
    fn points_look_as_wide_as_the_psf_and_large_discs_as_they_are() {
        assert!((width_seen(0.01) - 1.0).abs() < 1e-3);
        // A disc of radius R keeps half its height at R − σ²/2R, to first order.
        assert!((width_seen(4.0) - (4.0 - 2.0 * SIGMA * SIGMA / 4.0)).abs() < 0.01);
        let table = DiscWidths::new();
        assert_eq!(table.disc_km(0.9, 1.0), 0.0);
        assert!((table.disc_km(20.0, 2.0) / 20.0 - 1.0).abs() < 0.005);
    }

    #[test]
    fn disc_widths_round_trip() {
        let table = DiscWidths::new();
        for disc in [0.5, 1.0, 1.7, 3.3] {
            let back = table.disc_km(3.0 * width_seen(disc), 3.0) / 3.0;
            assert!((back - disc).abs() < 0.01, "{disc} {back}");
        }
    }
}
