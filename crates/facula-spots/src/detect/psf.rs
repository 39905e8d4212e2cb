// SPDX-License-Identifier: MIT OR Apache-2.0
//! How wide a uniform disc looks through a Gaussian point-spread function, and back; how bright the disc is.

use std::f64::consts::PI;

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

/// Widths of a spot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// As seen.
    pub seen_km: f64,
    /// Sigma of the smoothing after which the noise was told: white noise of σ after it moves the centroid of a Gaussian
    /// of height A by 2 σ / A of it, whatever the width.
    pub smoothing_km: f64,
    /// Full width of all that blurred it.
    pub blur_km: f64,
    /// The disc that looks so, and the ends of its 68 % range; 0 when no disc looks so narrow.
    pub disc_km: f64,
    pub low_km: f64,
    pub high_km: f64,
}

/// Albedo over that of the surroundings of the disc that a spot is: its light over its area. `None` where the disc may be
/// a point: then nothing bounds it from above (a dark one is bounded by black).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DiscAlbedo {
    pub best: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl DiscAlbedo {
    /// From the excess and its error, km², with the range of the diameter.
    pub fn of([excess_km2, sigma_km2]: [f64; 2], size: &Size) -> Self {
        let disc = |excess_km2: f64, diameter_km: f64| {
            (diameter_km > 0.0).then(|| (1.0 + excess_km2 / (PI / 4.0 * diameter_km * diameter_km)).max(0.0))
        };
        // The farthest from the surroundings is the narrowest disc with the most light.
        let outward = sigma_km2.copysign(excess_km2);
        let near = disc(excess_km2 - outward, size.high_km);
        let far = disc(excess_km2 + outward, size.low_km);
        let [low, high] = if excess_km2 < 0.0 { [far.or(Some(0.0)), near] } else { [near, far] };
        Self { best: disc(excess_km2, size.disc_km).filter(|_| size.low_km > 0.0), low, high }
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
    fn an_unresolved_disc_has_bounds_and_no_albedo() {
        let size = |disc_km: f64, low_km: f64, high_km: f64| Size {
            seen_km: 2.0,
            smoothing_km: 0.5,
            blur_km: 2.0,
            disc_km,
            low_km,
            high_km,
        };
        // A disc of 2 km twice as bright as its surroundings: an excess of π km².
        let known = DiscAlbedo::of([PI, 0.0], &size(2.0, 1.6, 2.5));
        assert!((known.best.unwrap() - 2.0).abs() < 1e-12);
        assert!((known.low.unwrap() - 1.64).abs() < 1e-12 && (known.high.unwrap() - 2.5625).abs() < 1e-12);
        let point = DiscAlbedo::of([PI, 0.1 * PI], &size(0.3, 0.0, 2.0));
        assert_eq!((point.best, point.high), (None, None));
        assert!((point.low.unwrap() - 1.9).abs() < 1e-12);
        // Nothing is darker than black.
        let dark = DiscAlbedo::of([-0.5 * PI, 0.0], &size(1.0, 0.0, 2.0));
        assert!(dark.best.is_none() && dark.low == Some(0.0));
        assert!((dark.high.unwrap() - 0.5).abs() < 1e-12);
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
