// SPDX-License-Identifier: MIT OR Apache-2.0
//! Equirectangular, Mercator, sinusoidal: meridian and latitude to equatorial radii.
//!
//! # Source
//! Snyder (1987), sections 12 (equidistant cylindrical), 7 (Mercator, eqs. 7-6 to 7-9), 30 (sinusoidal, eqs. 30-6 to
//! 30-10).

use std::f64::consts::{FRAC_PI_2, PI};

use super::spheroid::{Latitudes, Turn};

/// A prepared projection whose longitudes run from −π to π; lengths in equatorial radii.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cylinder {
    /// Length of a radian of longitude.
    Equirectangular { per_rad: f64 },
    /// Scale on the equator.
    Mercator { scale: f64 },
    /// True to scale along every parallel.
    Sinusoidal,
}

/// Beyond the pole or the last meridian by more than rounding.
const SLACK_RAD: f64 = 1e-12;

impl Cylinder {
    /// East and north of a meridian (−π to π from the central one).
    pub(super) fn forward(&self, latitudes: &Latitudes, lambda_rad: f64, graphic: Turn) -> Option<[f64; 2]> {
        match *self {
            Self::Equirectangular { per_rad } => Some([per_rad * lambda_rad, graphic.sin.atan2(graphic.cos)]),
            Self::Mercator { scale } => {
                // At a pole of double precision y would be some 37 radii: not a place on a map.
                (graphic.cos > SLACK_RAD)
                    .then(|| [scale * lambda_rad, scale * latitudes.conformal(graphic).asinh()])
            }
            Self::Sinusoidal => {
                Some([lambda_rad * graphic.cos * latitudes.across(graphic), latitudes.meridian(graphic)])
            }
        }
    }

    /// Meridian and planetographic latitude of a point. The meridian of the periodic ones may lie outside −π to π.
    pub(super) fn inverse(&self, latitudes: &Latitudes, [x, y]: [f64; 2]) -> Option<(f64, Turn)> {
        match *self {
            Self::Equirectangular { per_rad } => {
                if !(y.abs() <= FRAC_PI_2 + SLACK_RAD) {
                    return None;
                }
                let (sin, cos) = y.clamp(-FRAC_PI_2, FRAC_PI_2).sin_cos();
                Some((x / per_rad, Turn { sin, cos }))
            }
            Self::Mercator { scale } => {
                let tan = latitudes.planetographic_tan((y / scale).sinh());
                let cos = 1.0 / 1.0f64.hypot(tan);
                tan.is_finite().then_some((x / scale, Turn { sin: tan * cos, cos }))
            }
            Self::Sinusoidal => {
                let graphic = latitudes.meridian_to_graphic(y)?;
                let radius = graphic.cos * latitudes.across(graphic);
                // At a pole every meridian is the same point: the central one answers for it.
                if x.abs() <= SLACK_RAD && radius <= SLACK_RAD {
                    return Some((0.0, graphic));
                }
                let lambda_rad = x / radius;
                (lambda_rad.abs() <= PI + SLACK_RAD).then_some((lambda_rad.clamp(-PI, PI), graphic))
            }
        }
    }

    /// What a step of one radius on the ground, eastward and northward, is on the map: `[[x_east, x_north], [y_east,
    /// y_north]]`; `None` where it is not finite.
    pub(super) fn steps(
        &self,
        latitudes: &Latitudes,
        lambda_rad: f64,
        graphic: Turn,
    ) -> Option<[[f64; 2]; 2]> {
        let parallel = graphic.cos * latitudes.across(graphic);
        let away = parallel > SLACK_RAD;
        match *self {
            Self::Equirectangular { per_rad } => {
                away.then(|| [[per_rad / parallel, 0.0], [0.0, 1.0 / latitudes.along(graphic)]])
            }
            Self::Mercator { scale } => away.then(|| [[scale / parallel, 0.0], [0.0, scale / parallel]]),
            Self::Sinusoidal => Some([[1.0, -lambda_rad * graphic.sin], [0.0, 1.0]]),
        }
    }

    /// Length of a whole turn, for those that repeat.
    pub(super) fn period(&self) -> Option<f64> {
        match *self {
            Self::Equirectangular { per_rad } => Some(2.0 * PI * per_rad),
            Self::Mercator { scale } => Some(2.0 * PI * scale),
            Self::Sinusoidal => None,
        }
    }

    /// Half width and half height of the whole map; `None` for Mercator.
    pub(super) fn half(&self, latitudes: &Latitudes) -> Option<[f64; 2]> {
        match *self {
            Self::Equirectangular { per_rad } => Some([PI * per_rad, FRAC_PI_2]),
            Self::Mercator { .. } => None,
            Self::Sinusoidal => Some([PI, latitudes.meridian(Turn { sin: 1.0, cos: 0.0 })]),
        }
    }
}
