// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ellipsoids of revolution and the latitudes that projections need: planetographic, conformal, authalic, and the
//! length of the meridian.
//!
//! All closed forms or iterations to double precision, for any flattening from a sphere to a disc of half the height:
//! small bodies are too flat for the series in use for the Earth.
//!
//! # Source
//! C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers, J. Geodesy 85 (2011), eqs. 7-9
//! (conformal latitude); J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987),
//! section 3 (authalic latitude); B. C. Carlson, Computing elliptic integrals by duplication, Numer. Math. 33 (1979).

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use crate::Body;

/// A sphere or an oblate ellipsoid of revolution: the figure coordinates are projected from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spheroid {
    /// Equatorial radius, m.
    pub equatorial_m: f64,
    /// Polar radius, m; at most the equatorial one, at least half of it.
    pub polar_m: f64,
}

impl Spheroid {
    /// A sphere.
    pub const fn sphere(radius_m: f64) -> Self {
        Self { equatorial_m: radius_m, polar_m: radius_m }
    }

    /// The sphere that the products of a body are drawn on: that of its IAU_2015 system, otherwise its longest
    /// semi-axis.
    pub fn sphere_of(body: &Body) -> Self {
        match &body.iau_2015 {
            Some(iau) => Self::sphere(iau.sphere_radius_m),
            None => Self::sphere(body.ellipsoid().largest_radius_km() * 1000.0),
        }
    }

    /// Whether both radii are equal.
    pub fn is_sphere(&self) -> bool {
        self.equatorial_m == self.polar_m
    }

    /// Square of the first eccentricity, 0 for a sphere.
    pub fn eccentricity_squared(&self) -> f64 {
        let ratio = self.polar_m / self.equatorial_m;
        (1.0 - ratio) * (1.0 + ratio)
    }

    /// Equatorial radius over the difference of the radii; 0 for a sphere, as WKT and PROJ write it.
    pub fn inverse_flattening(&self) -> f64 {
        if self.is_sphere() { 0.0 } else { self.equatorial_m / (self.equatorial_m - self.polar_m) }
    }

    /// Planetographic latitude (angle of the normal) of a planetocentric one (angle of the radius), rad.
    pub fn planetographic_rad(&self, planetocentric_rad: f64) -> f64 {
        if self.is_sphere() {
            return planetocentric_rad;
        }
        let (sin, cos) = planetocentric_rad.sin_cos();
        sin.atan2(cos * (1.0 - self.eccentricity_squared()))
    }

    /// Planetocentric latitude (angle of the radius) of a planetographic one (angle of the normal), rad.
    pub fn planetocentric_rad(&self, planetographic_rad: f64) -> f64 {
        if self.is_sphere() {
            return planetographic_rad;
        }
        let (sin, cos) = planetographic_rad.sin_cos();
        (sin * (1.0 - self.eccentricity_squared())).atan2(cos)
    }

    pub(super) fn is_usable(&self) -> bool {
        let finite = self.equatorial_m.is_finite() && self.polar_m > 0.0;
        finite && self.polar_m <= self.equatorial_m && self.polar_m >= 0.5 * self.equatorial_m
    }
}

/// Sine and cosine of a latitude; the cosine is not negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    pub sin: f64,
    pub cos: f64,
}

/// Smallest cosine divided by: that of a right angle in double precision is 6e-17.
pub(super) const LEAST_COSINE: f64 = 1e-17;
/// Newton steps at most; four are enough for a flattening of one half.
const MOST_STEPS: usize = 12;
/// A relative Newton step after which the next would be below the last digit: convergence is quadratic.
const SETTLED: f64 = 1e-9;

/// What the latitudes need of a spheroid, prepared once; lengths in equatorial radii.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Latitudes {
    pub e2: f64,
    e: f64,
    /// Authalic function q at the pole; 2 for a sphere.
    pub q_pole: f64,
}

impl Latitudes {
    pub(super) fn new(spheroid: &Spheroid) -> Self {
        let e2 = spheroid.eccentricity_squared();
        let e = e2.sqrt();
        let q_pole = if e2 > 0.0 { 1.0 + (1.0 - e2) * e.atanh() / e } else { 2.0 };
        Self { e2, e, q_pole }
    }

    /// Planetographic latitude of a planetocentric one.
    pub(super) fn planetographic(&self, planetocentric_rad: f64) -> Turn {
        let (sin, cos) = planetocentric_rad.sin_cos();
        let cos = cos.max(0.0);
        if self.e2 == 0.0 {
            return Turn { sin, cos };
        }
        let cos = cos * (1.0 - self.e2);
        let length = sin.hypot(cos);
        Turn { sin: sin / length, cos: cos / length }
    }

    /// Planetocentric latitude of a planetographic one, rad.
    pub(super) fn planetocentric_rad(&self, graphic: Turn) -> f64 {
        (graphic.sin * (1.0 - self.e2)).atan2(graphic.cos)
    }

    /// Radius of curvature across the meridian, equatorial radii.
    pub(super) fn across(&self, graphic: Turn) -> f64 {
        1.0 / (1.0 - self.e2 * graphic.sin * graphic.sin).sqrt()
    }

    /// Radius of curvature along the meridian, equatorial radii.
    pub(super) fn along(&self, graphic: Turn) -> f64 {
        self.across(graphic).powi(3) * (1.0 - self.e2)
    }

    /// Tangent of the conformal latitude from that of the planetographic one.
    fn conformal_tan(&self, tan: f64) -> f64 {
        let secant = 1.0f64.hypot(tan);
        let sigma = (self.e * (self.e * tan / secant).atanh()).sinh();
        tan * 1.0f64.hypot(sigma) - sigma * secant
    }

    /// Tangent of the conformal latitude.
    pub(super) fn conformal(&self, graphic: Turn) -> f64 {
        let tan = graphic.sin / graphic.cos.max(LEAST_COSINE);
        if self.e2 == 0.0 { tan } else { self.conformal_tan(tan) }
    }

    /// Tangent of the planetographic latitude from that of the conformal one.
    pub(super) fn planetographic_tan(&self, conformal_tan: f64) -> f64 {
        if self.e2 == 0.0 {
            return conformal_tan;
        }
        let stretch = 1.0 - self.e2;
        let mut tan = conformal_tan * (self.e * self.e.atanh()).exp();
        for _ in 0..MOST_STEPS {
            let found = self.conformal_tan(tan);
            let step = (conformal_tan - found) / 1.0f64.hypot(found) * (1.0 + stretch * tan * tan)
                / (stretch * 1.0f64.hypot(tan));
            tan += step;
            if step.abs() <= SETTLED * tan.abs().max(1.0) {
                break;
            }
        }
        tan
    }

    /// q(pole) − q(latitude) for `from_pole = 1 − sin(latitude)`, latitude not negative; without cancellation.
    fn q_from_pole(&self, from_pole: f64) -> f64 {
        if self.e2 == 0.0 {
            return 2.0 * from_pole;
        }
        let sin = 1.0 - from_pole;
        let first = from_pole * (1.0 + self.e2 * sin) / (1.0 - self.e2 * sin * sin);
        first + (1.0 - self.e2) * (self.e * from_pole / (1.0 - self.e2 * sin)).atanh() / self.e
    }

    /// Authalic latitude of a planetographic one.
    pub(super) fn authalic(&self, graphic: Turn) -> Turn {
        if self.e2 == 0.0 {
            return graphic;
        }
        let from_pole = graphic.cos * graphic.cos / (1.0 + graphic.sin.abs());
        let left = self.q_from_pole(from_pole) / self.q_pole;
        Turn { sin: (1.0 - left).copysign(graphic.sin), cos: (left * (2.0 - left)).sqrt() }
    }

    /// Planetographic latitude of an authalic one.
    pub(super) fn authalic_to_graphic(&self, authalic: Turn) -> Turn {
        if self.e2 == 0.0 {
            return authalic;
        }
        let wanted = self.q_pole * authalic.cos * authalic.cos / (1.0 + authalic.sin.abs());
        let mut from_pole = (wanted / self.q_pole).clamp(0.0, 1.0);
        for _ in 0..MOST_STEPS {
            let sin = 1.0 - from_pole;
            let slope = 2.0 * (1.0 - self.e2) / (1.0 - self.e2 * sin * sin).powi(2);
            let step = (wanted - self.q_from_pole(from_pole)) / slope;
            from_pole = (from_pole + step).clamp(0.0, 1.0);
            if step.abs() <= SETTLED * from_pole {
                break;
            }
        }
        Turn { sin: (1.0 - from_pole).copysign(authalic.sin), cos: (from_pole * (2.0 - from_pole)).sqrt() }
    }

    /// Length of the meridian from the equator to a planetographic latitude, equatorial radii.
    pub(super) fn meridian(&self, graphic: Turn) -> f64 {
        let ratio = (1.0 - self.e2).sqrt();
        self.meridian_of_parametric((ratio * graphic.sin).atan2(graphic.cos))
    }

    /// The same for a parametric latitude: b E(angle, −e'²).
    fn meridian_of_parametric(&self, angle_rad: f64) -> f64 {
        if self.e2 == 0.0 {
            return angle_rad;
        }
        let (sin, cos) = angle_rad.sin_cos();
        let second_e2 = self.e2 / (1.0 - self.e2);
        let y = 1.0 + second_e2 * sin * sin;
        let (first, second) = carlson(cos * cos, y, 1.0);
        (1.0 - self.e2).sqrt() * (sin * first + second_e2 / 3.0 * sin.powi(3) * second)
    }

    /// Planetographic latitude at a length of the meridian from the equator (equatorial radii); `None` beyond a pole.
    pub(super) fn meridian_to_graphic(&self, length: f64) -> Option<Turn> {
        let quarter = self.meridian_of_parametric(FRAC_PI_2);
        // The last digits of a pole that went through metres.
        if !(length.abs() <= quarter * (1.0 + 4.0 * f64::EPSILON)) {
            return None;
        }
        let mut angle = length / quarter * FRAC_PI_2;
        if self.e2 > 0.0 {
            for _ in 0..MOST_STEPS {
                let slope = (1.0 - self.e2 * angle.cos().powi(2)).sqrt();
                let step = (length - self.meridian_of_parametric(angle)) / slope;
                angle = (angle + step).clamp(-FRAC_PI_2, FRAC_PI_2);
                if step.abs() <= SETTLED {
                    break;
                }
            }
        }
        let (sin, cos) = angle.clamp(-FRAC_PI_2, FRAC_PI_2).sin_cos();
        let cos = cos * (1.0 - self.e2).sqrt();
        let norm = sin.hypot(cos);
        Some(Turn { sin: sin / norm, cos: cos / norm })
    }
}

/// Carlson's symmetric integrals R_F(x, y, z) and R_D(x, y, z) by duplication, to double precision.
fn carlson(x: f64, y: f64, z: f64) -> (f64, f64) {
    let (mut x, mut y, mut z) = (x, y, z);
    let (mut sum, mut power) = (0.0, 1.0);
    // Each step divides the differences by four; their sixth power is left out below.
    loop {
        let mean = 0.2 * (x + y + 3.0 * z);
        let spread = (x - mean).abs().max((y - mean).abs()).max((z - mean).abs());
        // Also ends for NaN.
        if !(spread > 1e-3 * mean) {
            return (first_integral(x, y, z), sum + power * second_integral(x, y, z));
        }
        let lambda = (x * y).sqrt() + (y * z).sqrt() + (z * x).sqrt();
        sum += 3.0 * power / (z.sqrt() * (z + lambda));
        power *= 0.25;
        (x, y, z) = (0.25 * (x + lambda), 0.25 * (y + lambda), 0.25 * (z + lambda));
    }
}

/// R_F of nearly equal arguments (Carlson 1979, eq. 2.9 to fifth order).
fn first_integral(x: f64, y: f64, z: f64) -> f64 {
    let mean = (x + y + z) / 3.0;
    let (dx, dy) = (1.0 - x / mean, 1.0 - y / mean);
    let dz = -dx - dy;
    let (e2, e3) = (dx * dy - dz * dz, dx * dy * dz);
    (1.0 - e2 / 10.0 + e3 / 14.0 + e2 * e2 / 24.0 - 3.0 * e2 * e3 / 44.0) / mean.sqrt()
}

/// R_D of nearly equal arguments (Carlson 1979, eq. 5.7 to fifth order).
fn second_integral(x: f64, y: f64, z: f64) -> f64 {
    let mean = 0.2 * (x + y + 3.0 * z);
    let (dx, dy) = (1.0 - x / mean, 1.0 - y / mean);
    let dz = -(dx + dy) / 3.0;
    let (ea, eb) = (dx * dy, dz * dz);
    let e2 = ea - 6.0 * eb;
    let e3 = (3.0 * ea - 8.0 * eb) * dz;
    let e4 = 3.0 * (ea - eb) * eb;
    let e5 = ea * eb * dz;
    let series =
        1.0 - 3.0 * e2 / 14.0 + e3 / 6.0 + 9.0 * e2 * e2 / 88.0 - 3.0 * e4 / 22.0 - 9.0 * e2 * e3 / 52.0
            + 3.0 * e5 / 26.0;
    series / (mean * mean.sqrt())
}
