// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map about a place in rays and radii, and how much it looks like a crater.

use crate::craters::levels::{Level, Line};
use crate::detect::window::Frame;

/// Rays around a crater, 5° apart, counter-clockwise from east.
pub(crate) const RAYS: usize = 72;

/// Values by ray and radius.
#[derive(Debug, Clone)]
pub(crate) struct Polar {
    /// Radii per ray; the first is half a step from the middle.
    pub radii: usize,
    pub step_km: f64,
    /// Ray by ray; NaN where the map has nothing.
    pub values: Vec<f64>,
}

/// Sine and cosine of the angle of a ray.
pub(crate) fn direction(ray: usize) -> (f64, f64) {
    (ray as f64 * std::f64::consts::TAU / RAYS as f64).sin_cos()
}

impl Polar {
    /// Samples a level out to `reach_km` in steps of about `step_km`.
    pub fn sampled(level: &Level, frame: &Frame, reach_km: f64, step_km: f64) -> Self {
        let radii = (reach_km / step_km).ceil().clamp(8.0, 400.0) as usize;
        let step_km = reach_km / radii as f64;
        let mut values = Vec::with_capacity(RAYS * radii);
        for ray in 0..RAYS {
            let (sin, cos) = direction(ray);
            let line = Line {
                frame,
                radius_km: frame.radius_km(),
                start_km: [0.5 * step_km * cos, 0.5 * step_km * sin],
                step_km: [step_km * cos, step_km * sin],
                count: radii,
            };
            level.along(&line, |value| values.push(f64::from(value)));
        }
        Self { radii, step_km, values }
    }

    /// Fraction of values that are known.
    pub fn known_fraction(&self) -> f64 {
        self.values.iter().filter(|v| !v.is_nan()).count() as f64 / self.values.len().max(1) as f64
    }

    /// Linear between the two nearest radii of a ray; NaN beyond the ends.
    pub fn at(&self, ray: usize, r_km: f64) -> f64 {
        let position = r_km / self.step_km - 0.5;
        let first = position.floor();
        if !(first >= 0.0 && first + 1.0 < self.radii as f64) {
            return f64::NAN;
        }
        let k = ray * self.radii + first as usize;
        let (a, b) = (self.values[k], self.values[k + 1]);
        a + (b - a) * (position - first)
    }

    /// Known values between two radii, with their offsets to the east and north, km.
    pub fn between(&self, from_km: f64, to_km: f64) -> impl Iterator<Item = ([f64; 2], f64)> + '_ {
        let first = (from_km / self.step_km).round().max(0.0) as usize;
        let last = ((to_km / self.step_km).round() as usize).min(self.radii);
        (0..RAYS).flat_map(move |ray| {
            let (sin, cos) = direction(ray);
            (first..last).filter_map(move |k| {
                let value = self.values[ray * self.radii + k];
                let r_km = (k as f64 + 0.5) * self.step_km;
                (!value.is_nan()).then_some(([r_km * cos, r_km * sin], value))
            })
        })
    }

    /// Takes a plane `a + b east + c north` away.
    pub fn subtract_plane(&mut self, [a, b, c]: [f64; 3]) {
        for (ray, values) in self.values.chunks_exact_mut(self.radii).enumerate() {
            let (sin, cos) = direction(ray);
            let slope = b * cos + c * sin;
            for (k, value) in values.iter_mut().enumerate() {
                *value -= a + (k as f64 + 0.5) * self.step_km * slope;
            }
        }
    }

    /// Mean over rays of the correlation of each ray with a profile of `r / rim`, weighted by `weight(ray)`, out to
    /// 1.5 rim radii. Between −1 and 1; 0 when nothing is known.
    pub fn likeness(&self, rim_km: f64, profile: impl Fn(f64) -> f64, weight: impl Fn(usize) -> f64) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for ray in 0..RAYS {
            let sign_weight = weight(ray);
            let pairs = (0..LIKENESS_RADII).filter_map(|k| {
                let x = 1.5 * (k as f64 + 0.5) / LIKENESS_RADII as f64;
                let value = self.at(ray, x * rim_km);
                (!value.is_nan()).then(|| (profile(x), value))
            });
            total += sign_weight.abs();
            sum += sign_weight * correlation(pairs);
        }
        if total > 0.0 { sum / total } else { 0.0 }
    }
}

const LIKENESS_RADII: usize = 18;

/// Pearson's correlation; 0 for too few or constant values.
fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut n, mut s) = (0.0, [0.0; 5]);
    for (a, b) in pairs {
        n += 1.0;
        for (sum, term) in s.iter_mut().zip([a, b, a * a, b * b, a * b]) {
            *sum += term;
        }
    }
    let (va, vb) = (n * s[2] - s[0] * s[0], n * s[3] - s[1] * s[1]);
    if n < 6.0 || !(va > 0.0 && vb > 1e-12 * s[3] * n) {
        0.0
    } else {
        (n * s[4] - s[0] * s[1]) / (va * vb).sqrt()
    }
}

/// Height of a crater's rim over its depth.
///
/// # Source
/// Pike 1977, Proc. Lunar Sci. Conf. 8, 3427: 0.036 D over 0.196 D.
const RIM_RATIO: f64 = 0.18;

/// Height over depth of a typical crater at a distance over the rim's: between a bowl (square) and a flat floor
/// (higher powers) inside, ejecta falling with the cube outside (McGetchin et al. 1973, Earth Planet. Sci. Lett. 20,
/// 226).
pub(crate) fn profile(x: f64) -> f64 {
    if x < 1.0 { RIM_RATIO - 1.0 + x * x * x } else { RIM_RATIO / (x * x * x) }
}

/// Slope of [`profile`], outward.
pub(crate) fn profile_slope(x: f64) -> f64 {
    if x < 1.0 { 3.0 * x * x } else { -3.0 * RIM_RATIO / (x * x * x * x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::levels::Levels;
    use facula_core::{Ellipsoid, LonLat, MapGrid, PixelPos, Raster};

    fn polar(value: impl Fn(f64, f64) -> f64) -> Polar {
        let sphere = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let frame = Frame::at(LonLat::from_degrees(0.0, 60.0), &sphere);
        let grid = MapGrid::global(1024);
        let mut values = Raster::filled(grid.width, grid.height, 0.0f32);
        for (y, x) in (100..240usize).flat_map(|y| (0..grid.width).map(move |x| (y, x))) {
            let [east, north] = frame.offset_km(grid.place(PixelPos::new(x as f64, y as f64)));
            values.set(x, y, value(east, north) as f32);
        }
        Polar::sampled(&Levels::of(grid, &values).0[0], &frame, 45.0, 1.0)
    }

    #[test]
    fn a_crater_is_like_itself_and_a_dome_its_opposite() {
        let crater = polar(|e, n| 3.0 * profile(e.hypot(n) / 30.0) + 0.02 * e);
        let likeness = crater.likeness(30.0, profile, |_| 1.0);
        assert!(likeness > 0.98, "{likeness}");
        let dome = polar(|e, n| -3.0 * profile(e.hypot(n) / 30.0));
        assert!(dome.likeness(30.0, profile, |_| 1.0) < -0.98);
        assert_eq!(polar(|_, _| 1.0).likeness(30.0, profile, |_| 1.0), 0.0);
    }

    #[test]
    fn planes_are_taken_away_and_radii_interpolated() {
        let mut slope = polar(|e, n| 1.0 + 0.1 * e - 0.2 * n);
        assert!((slope.at(0, 20.25) - 3.025).abs() < 0.01 && slope.at(0, 50.0).is_nan());
        slope.subtract_plane([1.0, 0.1, -0.2]);
        assert!(slope.values.iter().all(|v| v.abs() < 0.02));
        assert_eq!(slope.between(10.0, 12.0).count(), 2 * RAYS);
        assert_eq!(slope.known_fraction(), 1.0);
    }
}
