// SPDX-License-Identifier: MIT OR Apache-2.0
//! Optically thin haze around a body, and plumes over a place: what they scatter towards the camera, and how they dim
//! what lies behind.
//!
//! In: [`Haze`]s of a scene. Out: I/F along lines of sight, on the ground and off the limb. Single scattering: light
//! scattered twice, and light scattered by the haze onto the ground, is left out, so results are too dark by about the
//! optical depth times the single-scattering albedo. The shadow on the haze is that of the base ellipsoid: terrain casts
//! none on it. Sunlight is parallel.

mod air;
mod column;
mod nodes;

use facula_core::{BodyFixed, Ellipsoid, Vec3};

use crate::SimulateError;
use crate::error::argument;
pub(crate) use air::Air;

/// A haze whose density falls off exponentially with height.
///
/// Heights count from `base`, in space stretched so that the base is a sphere of its mean radius: over an ellipsoid the
/// scale height and the optical depth go with the local radius (±4 % on Ceres).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Haze {
    /// Where the height is 0; for most uses the body's ellipsoid.
    pub base: Ellipsoid,
    /// Height over which the density falls to 1/e, km; above 0, below a tenth of the mean radius.
    pub scale_height_km: f64,
    /// Vertical optical depth from height 0 up (on the axis of a column), 0 to 1.
    pub optical_depth: f64,
    /// Part of the light taken out that is scattered, 0 to 1.
    pub single_scattering_albedo: f64,
    /// Where it is scattered to.
    pub phase: HazePhase,
    /// Over one place only; everywhere without it.
    pub column: Option<Column>,
}

/// Where haze scatters light to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum HazePhase {
    /// To all sides alike.
    #[default]
    Isotropic,
    /// Henyey and Greenstein (1941, ApJ 93, 70).
    HenyeyGreenstein {
        /// Mean cosine of the scattering angle, between -1 and 1; above 0 forward.
        asymmetry: f64,
    },
}

/// A plume: a haze that stands over a place. Across the axis the density is a Gaussian curve; with an opening angle it
/// widens and thins upward like a stream of constant speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Its foot, direction from the centre of the body.
    pub centre: Vec3<BodyFixed>,
    /// Standard deviation of the Gaussian curve at height 0, km; above 0.
    pub radius_km: f64,
    /// By which angle the standard deviation opens upward, rad; 0 to 1.
    pub half_opening_rad: f64,
}

impl HazePhase {
    /// Relative brightness, mean 1 over all directions, by the cosine of the scattering angle (1 forward).
    pub fn at(&self, cos_scattering: f64) -> f64 {
        match *self {
            Self::Isotropic => 1.0,
            Self::HenyeyGreenstein { asymmetry: g } => {
                (1.0 - g * g) / (1.0 + g * g - 2.0 * g * cos_scattering).powf(1.5)
            }
        }
    }
}

impl Haze {
    /// # Errors
    /// [`SimulateError::Argument`] for numbers outside the ranges of the fields.
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let within = |key, value: f64, [least, most]: [f64; 2], hint| {
            if value >= least && value <= most { Ok(()) } else { Err(argument("haze", (key, value), hint)) }
        };
        let base = self.base.mean_radius_km();
        within("base", base, [f64::MIN_POSITIVE, f64::MAX], "its semi-axes have to be above 0")?;
        let heights = [f64::MIN_POSITIVE, 0.1 * base];
        let hint = "give a height above 0 and below a tenth of the body's radius";
        within("scale_height_km", self.scale_height_km, heights, hint)?;
        within("optical_depth", self.optical_depth, [0.0, 1.0], "give 0 to 1: only thin haze is rendered")?;
        within("single_scattering_albedo", self.single_scattering_albedo, [0.0, 1.0], "give 0 to 1")?;
        if let HazePhase::HenyeyGreenstein { asymmetry } = self.phase {
            within("asymmetry", asymmetry, [-0.99, 0.99], "give -0.99 to 0.99")?;
        }
        let Some(column) = self.column else { return Ok(()) };
        within("column radius_km", column.radius_km, [f64::MIN_POSITIVE, base], "give one above 0")?;
        within("half_opening_rad", column.half_opening_rad, [0.0, 1.0], "give 0 to 1 rad")?;
        let length = column.centre.length();
        within("column centre", length, [f64::MIN_POSITIVE, f64::MAX], "give a direction")
    }
}

#[cfg(test)]
mod tests;
