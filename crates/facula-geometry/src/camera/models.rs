// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distortion models that need preparation: Brown-Conrady, ISIS radial, transverse polynomials. Each knows
//! how far from the axis it is one to one.

use serde::{Deserialize, Serialize};

use super::invert::{Mapped, Point, invert, invert_radius, safe_radius};
use crate::GeometryError;

/// Largest tangent examined: 84 degrees off the axis.
const BROWN_CONRADY_CAP: f64 = 10.0;
/// Largest focal-plane radius examined, mm.
const PLANE_CAP_MM: f64 = 200.0;

fn not_invertible(model: &'static str, coefficients: impl std::fmt::Debug) -> GeometryError {
    GeometryError::Argument {
        subject: format!("distortion {model}"),
        key: "coefficients (not invertible on the axis)",
        value: format!("{coefficients:?}"),
    }
}

/// Brown-Conrady distortion of the tangents x = X/Z, y = Y/Z, in OpenCV's order:
/// `k1, k2, p1, p2, k3[, k4, k5, k6]`.
///
/// # Source
/// OpenCV documentation, module calib3d: x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶)
/// + 2 p1 x y + p2 (r² + 2x²), y' = … + p1 (r² + 2y²) + 2 p2 x y (Brown 1966, Photogramm. Eng. 32, 444).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Coefficients", into = "Coefficients")]
pub struct BrownConrady {
    coefficients: [f64; 8],
    limit: f64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coefficients {
    coefficients: Vec<f64>,
}

impl BrownConrady {
    /// From 4, 5 or 8 coefficients in OpenCV's order, dimensionless.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] for another number of them, or a map that is not one to one on the axis.
    pub fn new(coefficients: &[f64]) -> Result<Self, GeometryError> {
        let wrong = || not_invertible("brown-conrady", coefficients);
        if !matches!(coefficients.len(), 4 | 5 | 8) || !coefficients.iter().all(|k| k.is_finite()) {
            return Err(wrong());
        }
        let mut model = Self { coefficients: [0.0; 8], limit: 0.0 };
        model.coefficients[..coefficients.len()].copy_from_slice(coefficients);
        model.limit = safe_radius(|at| model.map(at), BROWN_CONRADY_CAP);
        if model.limit > 0.0 { Ok(model) } else { Err(wrong()) }
    }

    /// The coefficients `k1, k2, p1, p2, k3, k4, k5, k6`, dimensionless.
    pub fn coefficients(&self) -> [f64; 8] {
        self.coefficients
    }

    fn map(&self, [x, y]: Point) -> Mapped {
        let [k1, k2, p1, p2, k3, k4, k5, k6] = self.coefficients;
        let s = x * x + y * y;
        let (top, top_rate) = (1.0 + s * (k1 + s * (k2 + s * k3)), k1 + s * (2.0 * k2 + 3.0 * s * k3));
        let (low, low_rate) = (1.0 + s * (k4 + s * (k5 + s * k6)), k4 + s * (2.0 * k5 + 3.0 * s * k6));
        let stretch = top / low;
        // Derivative of the stretch by s, twice.
        let rate = 2.0 * (top_rate - stretch * low_rate) / low;
        let value = [
            x * stretch + 2.0 * p1 * x * y + p2 * (s + 2.0 * x * x),
            y * stretch + p1 * (s + 2.0 * y * y) + 2.0 * p2 * x * y,
        ];
        let across = rate * x * y + 2.0 * p1 * x + 2.0 * p2 * y;
        let derivative = [
            [stretch + rate * x * x + 2.0 * p1 * y + 6.0 * p2 * x, across],
            [across, stretch + rate * y * y + 6.0 * p1 * y + 2.0 * p2 * x],
        ];
        (value, derivative)
    }

    pub(super) fn distort(&self, ideal: Point) -> Option<Point> {
        (ideal[0].hypot(ideal[1]) <= self.limit).then(|| self.map(ideal).0)
    }

    pub(super) fn undistort(&self, seen: Point) -> Option<Point> {
        solve(|at| self.map(at), seen, self.limit)
    }
}

impl TryFrom<Coefficients> for BrownConrady {
    type Error = GeometryError;
    fn try_from(raw: Coefficients) -> Result<Self, GeometryError> {
        Self::new(&raw.coefficients)
    }
}

impl From<BrownConrady> for Coefficients {
    fn from(model: BrownConrady) -> Self {
        Self { coefficients: model.coefficients.to_vec() }
    }
}

/// ISIS-style radial distortion, from the seen to the ideal place in the focal plane:
/// `ideal = seen (1 − (k0 + k1 r² + k2 r⁴))`, r in mm the radius of the seen place.
///
/// # Source
/// ISIS `RadialDistortionMap` (keyword OD_K), ALE and usgscsm "radial".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Coefficients", into = "Coefficients")]
pub struct IsisRadial {
    coefficients: [f64; 3],
    limit_mm: f64,
}

impl IsisRadial {
    /// From `k0, k1, k2` (dimensionless, mm⁻², mm⁻⁴); fewer are filled with zeros.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] for more than three, or a map that is not one to one on the axis.
    pub fn new(coefficients: &[f64]) -> Result<Self, GeometryError> {
        let wrong = || not_invertible("isis-radial", coefficients);
        let mut k = [0.0; 3];
        if coefficients.len() > 3 || !coefficients.iter().all(|k| k.is_finite()) {
            return Err(wrong());
        }
        k[..coefficients.len()].copy_from_slice(coefficients);
        let model = Self { coefficients: k, limit_mm: turning_radius(k) };
        if model.limit_mm > 0.0 { Ok(model) } else { Err(wrong()) }
    }

    /// `k0, k1, k2` (dimensionless, mm⁻², mm⁻⁴).
    pub fn coefficients(&self) -> [f64; 3] {
        self.coefficients
    }

    fn stretch(&self, s: f64) -> f64 {
        let [k0, k1, k2] = self.coefficients;
        1.0 - (k0 + s * (k1 + s * k2))
    }

    pub(super) fn undistort(&self, [x, y]: Point) -> Option<Point> {
        let s = x * x + y * y;
        let stretch = self.stretch(s);
        (s <= self.limit_mm * self.limit_mm).then_some([x * stretch, y * stretch])
    }

    pub(super) fn distort(&self, [x, y]: Point) -> Option<Point> {
        let [k0, k1, k2] = self.coefficients;
        let radius_mm = x.hypot(y);
        let function = |r: f64| {
            let s = r * r;
            (r * self.stretch(s), 1.0 - k0 - s * (3.0 * k1 + 5.0 * s * k2))
        };
        let seen_mm = invert_radius(function, radius_mm, self.limit_mm)?;
        let grow = if radius_mm > 0.0 { seen_mm / radius_mm } else { 1.0 };
        Some([x * grow, y * grow])
    }
}

impl TryFrom<Coefficients> for IsisRadial {
    type Error = GeometryError;
    fn try_from(raw: Coefficients) -> Result<Self, GeometryError> {
        Self::new(&raw.coefficients)
    }
}

impl From<IsisRadial> for Coefficients {
    fn from(model: IsisRadial) -> Self {
        Self { coefficients: model.coefficients.to_vec() }
    }
}

/// Where `r (1 − k0 − k1 r² − k2 r⁴)` stops growing, mm: the smallest positive root of its derivative.
fn turning_radius([k0, k1, k2]: [f64; 3]) -> f64 {
    let (a, b, c) = (-5.0 * k2, -3.0 * k1, 1.0 - k0);
    if c <= 0.0 {
        return 0.0;
    }
    let discriminant = b * b - 4.0 * a * c;
    if discriminant < 0.0 {
        return f64::INFINITY;
    }
    // Stable form: 2c / (−b ± √…), also for a = 0.
    let root = discriminant.sqrt();
    [2.0 * c / (-b + root), 2.0 * c / (-b - root)]
        .into_iter()
        .filter(|s| *s > 0.0 && s.is_finite())
        .fold(f64::INFINITY, f64::min)
        .sqrt()
}

/// Cubic polynomials from the ideal to the seen place in the focal plane (mm), in the terms
/// `1, x, y, x², xy, y², x³, x²y, xy², y³`.
///
/// # Source
/// usgscsm and ALE "transverse" (the cameras of MESSENGER).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Polynomials", into = "Polynomials")]
pub struct Transverse {
    x: [f64; 10],
    y: [f64; 10],
    limit_mm: f64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Polynomials {
    x: [f64; 10],
    y: [f64; 10],
}

impl Transverse {
    /// From the coefficients of both polynomials.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] when they are not finite or the map is not one to one on the axis.
    pub fn new(x: [f64; 10], y: [f64; 10]) -> Result<Self, GeometryError> {
        let mut model = Self { x, y, limit_mm: 0.0 };
        let finite = x.iter().chain(&y).all(|c| c.is_finite());
        if finite {
            model.limit_mm = safe_radius(|at| model.map(at), PLANE_CAP_MM);
        }
        if model.limit_mm > 0.0 { Ok(model) } else { Err(not_invertible("transverse", (x, y))) }
    }

    /// Coefficients of the polynomials for x and for y.
    pub fn coefficients(&self) -> ([f64; 10], [f64; 10]) {
        (self.x, self.y)
    }

    fn map(&self, [x, y]: Point) -> Mapped {
        let terms = [1.0, x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y];
        let by_x = [0.0, 1.0, 0.0, 2.0 * x, y, 0.0, 3.0 * x * x, 2.0 * x * y, y * y, 0.0];
        let by_y = [0.0, 0.0, 1.0, 0.0, x, 2.0 * y, 0.0, x * x, 2.0 * x * y, 3.0 * y * y];
        let sum = |c: &[f64; 10], t: &[f64; 10]| c.iter().zip(t).map(|(c, t)| c * t).sum();
        let value = [sum(&self.x, &terms), sum(&self.y, &terms)];
        (value, [[sum(&self.x, &by_x), sum(&self.x, &by_y)], [sum(&self.y, &by_x), sum(&self.y, &by_y)]])
    }

    pub(super) fn distort(&self, ideal: Point) -> Option<Point> {
        (ideal[0].hypot(ideal[1]) <= self.limit_mm).then(|| self.map(ideal).0)
    }

    pub(super) fn undistort(&self, seen: Point) -> Option<Point> {
        solve(|at| self.map(at), seen, self.limit_mm)
    }
}

impl TryFrom<Polynomials> for Transverse {
    type Error = GeometryError;
    fn try_from(raw: Polynomials) -> Result<Self, GeometryError> {
        Self::new(raw.x, raw.y)
    }
}

impl From<Transverse> for Polynomials {
    fn from(model: Transverse) -> Self {
        Self { x: model.x, y: model.y }
    }
}

/// Inverse within a disc, started at the seen place drawn into it.
fn solve(map: impl Fn(Point) -> Mapped, seen: Point, limit: f64) -> Option<Point> {
    let radius = seen[0].hypot(seen[1]);
    let shrink = if radius > 0.9 * limit { 0.9 * limit / radius } else { 1.0 };
    invert(map, seen, seen.map(|v| v * shrink), |at| at[0].hypot(at[1]) <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brown_conrady_places_points_as_opencv_does() {
        // cv2.projectPoints (OpenCV 5.0.0), f = 1, no shift, K = identity.
        let model = BrownConrady::new(&[-0.28, 0.07, 1.2e-3, -0.8e-3, 0.01, 0.02, -0.01, 0.003]).unwrap();
        let expected = [
            ([0.1, -0.2], [0.09841752956310239, -0.1968550591262048]),
            ([0.45, 0.3], [0.4136205939994074, 0.2762540626662716]),
            ([-0.6, 0.05], [-0.54255049442493, 0.045623374535410835]),
            ([0.0, 0.0], [0.0, 0.0]),
        ];
        for (ideal, seen) in expected {
            let found = model.distort(ideal).unwrap();
            assert!((found[0] - seen[0]).abs() < 1e-14 && (found[1] - seen[1]).abs() < 1e-14, "{found:?}");
        }
    }

    #[test]
    fn derivatives_are_those_of_the_values() {
        let brown = BrownConrady::new(&[-0.2, 0.05, 1e-3, -2e-3, 0.01, 0.02, 0.01, 0.0]).unwrap();
        let mut x = [0.01, 1.0, 2e-3, 1e-4, -2e-4, 3e-5, 1e-6, -2e-6, 3e-6, 4e-6];
        let y = [-0.02, 1e-3, 1.01, -2e-4, 1e-4, 3e-4, 1e-6, 2e-6, -3e-6, 4e-6];
        x[3] = 2e-4;
        let transverse = Transverse::new(x, y).unwrap();
        let at = [0.31, -0.17];
        for map in [&(|p| brown.map(p)) as &dyn Fn(Point) -> Mapped, &|p| transverse.map(p)] {
            for axis in 0..2 {
                let step = 1e-5;
                let beside = |sign: f64| {
                    let mut p = at;
                    p[axis] += sign * step;
                    map(p).0
                };
                for row in 0..2 {
                    let rate = (beside(1.0)[row] - beside(-1.0)[row]) / (2.0 * step);
                    assert!((rate - map(at).1[row][axis]).abs() < 1e-9, "{rate}");
                }
            }
        }
    }

    #[test]
    fn the_isis_polynomial_turns_where_its_derivative_vanishes() {
        assert_eq!(turning_radius([0.0, 1.0 / 3.0, 0.0]), 1.0);
        assert_eq!(turning_radius([0.0, -1e-5, 0.0]), f64::INFINITY);
        assert!((turning_radius([0.0, 0.0, 1e-4]) - (1.0 / 5e-4f64).powf(0.25)).abs() < 1e-12);
        let model = IsisRadial::new(&[0.0, 1.0 / 3.0]).unwrap();
        assert!(model.undistort([1.1, 0.0]).is_none() && model.distort([0.7, 0.0]).is_none());
        assert!(IsisRadial::new(&[1.5]).is_err() && IsisRadial::new(&[0.0; 4]).is_err());
    }

    #[test]
    fn folded_models_are_refused_on_the_axis_and_cut_where_they_fold() {
        assert!(BrownConrady::new(&[0.0; 3]).is_err());
        assert!(BrownConrady::new(&[f64::NAN, 0.0, 0.0, 0.0]).is_err());
        assert!(Transverse::new([0.0; 10], [0.0; 10]).is_err());
        // 1 − 3·(1/3) r² vanishes at r = 1.
        let barrel = BrownConrady::new(&[-1.0 / 3.0, 0.0, 0.0, 0.0]).unwrap();
        assert!(barrel.distort([1.01, 0.0]).is_none() && barrel.distort([0.98, 0.0]).is_some());
        assert!(barrel.undistort([0.67, 0.0]).is_none() && barrel.undistort([0.65, 0.0]).is_some());
    }
}
