// SPDX-License-Identifier: MIT OR Apache-2.0
//! Incidence, emission and phase of one piece of ground.

use facula_core::{BodyFixed, Vec3};

use crate::number::Number;

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
    /// Sun and camera straight above.
    pub const ZERO: Self = Self { cos_incidence: 1.0, cos_emission: 1.0, phase_rad: 0.0 };

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

/// The angles of a lit and seen piece of ground as the laws need them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Light<T> {
    pub(crate) cos_incidence: T,
    pub(crate) cos_emission: T,
    /// Sine and cosine of half the phase angle.
    pub(crate) sin_half: T,
    pub(crate) cos_half: T,
    /// Phase angle, rad.
    pub(crate) phase_rad: T,
}

impl<T: Number> Light<T> {
    /// Angles nearer to 180° are taken as this near, so that half of them has a tangent.
    const LEAST_COS_HALF: f64 = 1e-9;

    pub(crate) fn of(angles: LightAngles) -> Self {
        let (sin_half, cos_half) = (angles.phase_rad / 2.0).sin_cos();
        Self {
            cos_incidence: T::of(angles.cos_incidence),
            cos_emission: T::of(angles.cos_emission),
            sin_half: T::of(sin_half),
            cos_half: T::of(cos_half.max(Self::LEAST_COS_HALF)),
            phase_rad: T::of(angles.phase_rad),
        }
    }

    /// From cosines alone; those beyond ±1 are held.
    #[inline(always)]
    pub(crate) fn of_cosines(cos_incidence: T, cos_emission: T, cos_phase: T) -> Self {
        let half = T::of(0.5);
        let sin_half = ((T::of(1.0) - cos_phase) * half).at_least(0.0).sqrt();
        let cos_half = ((T::of(1.0) + cos_phase) * half).at_least(0.0).sqrt().at_least(Self::LEAST_COS_HALF);
        let phase_rad = T::of(2.0) * (sin_half / cos_half).atan();
        Self { cos_incidence, cos_emission, sin_half, cos_half, phase_rad }
    }

    #[inline(always)]
    pub(crate) fn tan_half(&self) -> T {
        self.sin_half / self.cos_half
    }

    #[inline(always)]
    pub(crate) fn sin_phase(&self) -> T {
        T::of(2.0) * self.sin_half * self.cos_half
    }

    #[inline(always)]
    pub(crate) fn cos_phase(&self) -> T {
        T::of(1.0) - T::of(2.0) * self.sin_half.square()
    }
}
