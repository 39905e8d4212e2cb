// SPDX-License-Identifier: MIT OR Apache-2.0
//! Incidence, emission and phase of one piece of ground.

use facula_core::{BodyFixed, Vec3};

/// How a piece of ground is lit and seen. Cosines, because that is what the formulas need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightAngles {
    /// Cosine of the incidence angle (surface normal to Sun); negative when the Sun is below the horizon.
    pub cos_incidence: f64,
    /// Cosine of the emission angle (surface normal to camera); negative when the ground faces away.
    pub cos_emission: f64,
    /// Phase angle (Sun – ground – camera), rad, 0 to π.
    pub phase_rad: f64,
}

impl LightAngles {
    /// From unit vectors at the ground: surface normal, towards the Sun, towards the camera.
    pub fn of(normal: Vec3<BodyFixed>, to_sun: Vec3<BodyFixed>, to_camera: Vec3<BodyFixed>) -> Self {
        Self {
            cos_incidence: normal.dot(to_sun),
            cos_emission: normal.dot(to_camera),
            phase_rad: to_sun.angle_rad(to_camera),
        }
    }

    /// From angles in degrees, for the edges and for tests.
    pub fn from_degrees(incidence_deg: f64, emission_deg: f64, phase_deg: f64) -> Self {
        Self {
            cos_incidence: incidence_deg.to_radians().cos(),
            cos_emission: emission_deg.to_radians().cos(),
            phase_rad: phase_deg.to_radians(),
        }
    }

    /// Whether the ground is both lit and seen.
    pub fn is_lit_and_seen(&self) -> bool {
        self.cos_incidence > 0.0 && self.cos_emission > 0.0
    }
}
