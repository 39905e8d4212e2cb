// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bright patches: elliptical spots of higher albedo with soft edges.

use facula_core::{BodyFixed, LonLat, Vec3};
use serde::{Deserialize, Serialize};

use crate::noise::smooth;

/// A bright spot that a simulation put in. Part of `truth.json`: angles in degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueSpot {
    /// IAU name, or a serial number.
    pub name: String,
    /// Name of the larger spot it lies in, if it cannot be told apart from it.
    pub part_of: Option<String>,
    /// East longitude of the centre, degrees.
    pub longitude_deg: f64,
    /// Planetocentric latitude of the centre, degrees.
    pub latitude_deg: f64,
    /// Length of the long axis between half-way points of the edge, km.
    pub diameter_km: f64,
    /// Short axis over long axis.
    pub axis_ratio: f64,
    /// Direction of the long axis, degrees east of north.
    pub position_angle_deg: f64,
    /// Albedo in the middle over that of the surroundings.
    pub contrast: f64,
}

/// A spot made ready for fast look-up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patch {
    pub(crate) centre: Vec3<BodyFixed>,
    long_axis: Vec3<BodyFixed>,
    short_axis: Vec3<BodyFixed>,
    half_length_rad: f64,
    axis_ratio: f64,
    excess: f64,
}

/// Edges fall from 1 to 0 between these fractions of the half-length; half-way at 1.
const EDGE: (f64, f64) = (0.8, 1.2);

impl TrueSpot {
    /// The centre.
    pub fn place(&self) -> LonLat {
        LonLat::from_degrees(self.longitude_deg, self.latitude_deg)
    }

    /// Diameter of the circle of equal area, km.
    pub fn equivalent_diameter_km(&self) -> f64 {
        self.diameter_km * self.axis_ratio.sqrt()
    }

    /// Excess brightness integrated over area, km²: `∫ (albedo / surroundings − 1) dA`. What a measurement gets
    /// right even when the spot is smaller than a pixel.
    pub fn excess_km2(&self) -> f64 {
        let radius_km = 0.5 * self.diameter_km;
        // ∫ profile(r) 2 r dr in units of the radius: flat part, and the edge by Simpson's rule.
        let steps = 200;
        let h = (EDGE.1 - EDGE.0) / f64::from(steps);
        let value = |k: i32| {
            let r = EDGE.0 + h * f64::from(k);
            profile(r) * 2.0 * r
        };
        let weights = |k: i32| {
            if k == 0 || k == steps {
                1.0
            } else if k % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        let edge: f64 = (0..=steps).map(|k| weights(k) * value(k)).sum::<f64>() * h / 3.0;
        std::f64::consts::PI
            * radius_km
            * radius_km
            * self.axis_ratio
            * (self.contrast - 1.0)
            * (EDGE.0 * EDGE.0 + edge)
    }

    pub(crate) fn patch(&self, radius_km: f64) -> Patch {
        let centre = self.place().direction();
        let up = Vec3::new(0.0, 0.0, 1.0);
        let east = up.cross(centre).unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
        let north = centre.cross(east);
        let (sin, cos) = self.position_angle_deg.to_radians().sin_cos();
        Patch {
            centre,
            long_axis: north * cos + east * sin,
            short_axis: east * cos - north * sin,
            half_length_rad: 0.5 * self.diameter_km / radius_km,
            axis_ratio: self.axis_ratio,
            excess: self.contrast - 1.0,
        }
    }
}

fn profile(r: f64) -> f64 {
    1.0 - smooth((r - EDGE.0) / (EDGE.1 - EDGE.0))
}

impl Patch {
    /// Angular radius beyond which the patch has no effect, rad.
    pub(crate) fn reach_rad(&self) -> f64 {
        EDGE.1 * self.half_length_rad
    }

    /// Albedo over surroundings, minus 1, in a direction (unit vector).
    pub(crate) fn excess_at(&self, direction: Vec3<BodyFixed>) -> f64 {
        let along = direction.dot(self.long_axis) / self.half_length_rad;
        let across = direction.dot(self.short_axis) / (self.half_length_rad * self.axis_ratio);
        let r = along.hypot(across);
        if r >= EDGE.1 || direction.dot(self.centre) < 0.0 { 0.0 } else { self.excess * profile(r) }
    }

    /// Length of the short axis, rad.
    pub(crate) fn width_rad(&self) -> f64 {
        2.0 * self.half_length_rad * self.axis_ratio
    }

    /// As [`Patch::excess_at`], with the outline moved outward by a fraction of its radius.
    pub(crate) fn excess_ragged(&self, direction: Vec3<BodyFixed>, outward: f64) -> f64 {
        Self { half_length_rad: self.half_length_rad * (1.0 + outward), ..*self }.excess_at(direction)
    }

    /// The patch with both half-axes grown by a footprint, as variances add.
    pub(crate) fn widened(&self, footprint_rad: f64) -> Self {
        let half_rad = 0.5 * footprint_rad;
        let length_rad = self.half_length_rad.hypot(half_rad);
        let width_rad = (self.half_length_rad * self.axis_ratio).hypot(half_rad);
        let area = self.half_length_rad * self.half_length_rad * self.axis_ratio;
        Self {
            half_length_rad: length_rad,
            axis_ratio: width_rad / length_rad,
            excess: self.excess * area / (length_rad * width_rad),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_excess_is_what_the_patch_holds() {
        let spot = TrueSpot {
            name: "t".into(),
            part_of: None,
            longitude_deg: 40.0,
            latitude_deg: 30.0,
            diameter_km: 20.0,
            axis_ratio: 0.6,
            position_angle_deg: 30.0,
            contrast: 3.0,
        };
        let patch = spot.patch(480.0);
        let (place, step) = (spot.place(), 1e-4);
        let mut sum_km2 = 0.0;
        for i in -400..400 {
            for j in -400..400 {
                let at = LonLat::new(
                    place.longitude_rad + f64::from(i) * step / place.latitude_rad.cos(),
                    place.latitude_rad + f64::from(j) * step,
                );
                let cell_km2 = (480.0 * step).powi(2) * at.latitude_rad.cos() / place.latitude_rad.cos();
                sum_km2 += patch.excess_at(at.direction()) * cell_km2;
            }
        }
        assert!((sum_km2 / spot.excess_km2() - 1.0).abs() < 3e-3, "{sum_km2} {}", spot.excess_km2());
    }
}
