// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a projection stretches the ground at a place, analytically.

use crate::LonLat;

use super::oblique::{Frame, into_frame};
use super::{Prepared, Projection};

/// Map lengths over ground lengths on the spheroid, at one place.
///
/// # Source
/// Snyder (1987), section 4 (Tissot's indicatrix), eqs. 4-10 to 4-13.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleFactors {
    /// Along the meridian (Snyder's h).
    pub meridian_ratio: f64,
    /// Along the parallel (Snyder's k).
    pub parallel_ratio: f64,
    /// Map area over ground area (Snyder's s).
    pub areal_ratio: f64,
    /// The largest in any direction (Snyder's a).
    pub largest_ratio: f64,
    /// The least in any direction (Snyder's b).
    pub least_ratio: f64,
    /// Largest change of an angle (Snyder's ω), rad; 0 where the map is conformal.
    pub angular_distortion_rad: f64,
}

impl Projection {
    /// How the map stretches the ground at a place; analytic, to some 1e-14. `None` where [`Projection::forward`] has
    /// no point, and at the poles of an equirectangular map, where the scale is infinite.
    pub fn scale(&self, place: LonLat) -> Option<ScaleFactors> {
        let (lambda_rad, graphic) = self.local(place)?;
        let steps = match &self.rule {
            Prepared::Cylinder(cylinder) => cylinder.steps(&self.latitudes, lambda_rad, graphic)?,
            Prepared::Azimuthal(azimuthal) => azimuthal.steps(&self.latitudes, lambda_rad, graphic)?,
            Prepared::Oblique(cylinder, frame) => {
                let (lambda_rad, turned) = into_frame(frame, place);
                let [[a, b], [c, d]] = cylinder.steps(&self.latitudes, lambda_rad, turned)?;
                let [cos, sin] = turn_of(frame, place);
                // A step east on the ground is (cos, sin) in turned east and north, a step north (−sin, cos).
                [[a * cos + b * sin, b * cos - a * sin], [c * cos + d * sin, d * cos - c * sin]]
            }
        };
        Some(factors(steps))
    }
}

/// Cosine and sine of the angle from the turned east to the body's east at a place.
fn turn_of(frame: &Frame, place: LonLat) -> [f64; 2] {
    let (sin_lon, cos_lon) = place.longitude_rad.sin_cos();
    let (sin_lat, cos_lat) = place.latitude_rad.sin_cos();
    let (east, north) = ([-sin_lon, cos_lon, 0.0], [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat]);
    let dot = |other: [f64; 3]| frame[2].iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
    // The turned north is the part of the new pole's direction that lies in the surface.
    let (along_east, along_north) = (dot(east), dot(north));
    let length = along_east.hypot(along_north);
    if length > 0.0 { [along_north / length, along_east / length] } else { [1.0, 0.0] }
}

fn factors([[x_east, x_north], [y_east, y_north]]: [[f64; 2]; 2]) -> ScaleFactors {
    // Half the sum and half the difference of the axes of the ellipse; no square of their product is lost.
    let sum = (x_east + y_north).hypot(x_north - y_east);
    let difference = (x_east - y_north).hypot(x_north + y_east);
    ScaleFactors {
        meridian_ratio: x_north.hypot(y_north),
        parallel_ratio: x_east.hypot(y_east),
        areal_ratio: x_east * y_north - x_north * y_east,
        largest_ratio: 0.5 * (sum + difference),
        least_ratio: 0.5 * (sum - difference),
        angular_distortion_rad: 2.0 * (difference / sum).min(1.0).asin(),
    }
}
