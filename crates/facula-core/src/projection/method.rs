// SPDX-License-Identifier: MIT OR Apache-2.0
//! Projection methods and their parameters, as data.

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use crate::LonLat;

/// Where a projection is true to scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TrueScale {
    /// This scale at the equator (Mercator) or at the pole (stereographic); 1 for true to scale there.
    Factor(f64),
    /// True to scale on this planetocentric latitude, rad.
    LatitudeRad(f64),
}

/// One of the two poles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Pole {
    North,
    South,
}

/// The projections whose meridians and parallels may be turned as a whole ([`ProjectionMethod::Oblique`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObliqueBase {
    /// Equirectangular, true to scale on its equator.
    Equirectangular,
    /// Mercator, true to scale on its equator.
    Mercator,
    /// Sinusoidal.
    Sinusoidal,
}

/// A projection method with its parameters: angles in rad, latitudes planetocentric, longitudes east.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", tag = "method", deny_unknown_fields)]
#[non_exhaustive]
pub enum ProjectionMethod {
    /// Equidistant cylindrical. On an ellipsoid as PROJ's `eqc` does it: y is the equatorial radius times the
    /// planetographic latitude.
    Equirectangular {
        /// Longitude at x = 0.
        longitude_rad: f64,
        /// Latitude, north and south, on which x is true to scale.
        true_scale_latitude_rad: f64,
    },
    /// Sinusoidal: equal-area, parallels true to scale.
    Sinusoidal {
        /// Longitude at x = 0.
        longitude_rad: f64,
    },
    /// Mercator: conformal, straight rhumb lines.
    Mercator {
        /// Longitude at x = 0.
        longitude_rad: f64,
        /// Scale at the equator, or the latitude true to scale.
        scale: TrueScale,
    },
    /// Stereographic around a pole: conformal.
    PolarStereographic {
        /// The pole in the middle.
        pole: Pole,
        /// Longitude that runs straight down (north) or up (south) from the pole.
        longitude_rad: f64,
        /// Scale at the pole, or the latitude true to scale.
        scale: TrueScale,
    },
    /// Stereographic around any place: conformal.
    Stereographic {
        /// Place at (0, 0).
        centre: LonLat,
        /// Scale there.
        factor: f64,
    },
    /// Lambert azimuthal equal-area.
    LambertAzimuthalEqualArea {
        /// Place at (0, 0).
        centre: LonLat,
    },
    /// Orthographic: the hemisphere as seen from infinitely far along the normal of the centre.
    Orthographic {
        /// Place at (0, 0).
        centre: LonLat,
    },
    /// Vertical perspective from a height above the centre; of a sphere only.
    Perspective {
        /// Place at (0, 0), under the eye.
        centre: LonLat,
        /// Height of the eye above the surface, m.
        height_m: f64,
    },
    /// A cylindrical projection about another axis; of a sphere only.
    Oblique {
        /// The projection in turned longitudes and latitudes.
        base: ObliqueBase,
        /// Place at (0, 0).
        centre: LonLat,
        /// Direction of the new equator at the centre, clockwise from north; π/2 runs east.
        azimuth_rad: f64,
    },
}

impl Pole {
    /// +π/2 or −π/2.
    pub const fn latitude_rad(self) -> f64 {
        match self {
            Self::North => FRAC_PI_2,
            Self::South => -FRAC_PI_2,
        }
    }
}

impl ProjectionMethod {
    /// The longitude in the middle of the map, rad.
    pub fn longitude_rad(&self) -> f64 {
        match *self {
            Self::Equirectangular { longitude_rad, .. }
            | Self::Sinusoidal { longitude_rad }
            | Self::Mercator { longitude_rad, .. }
            | Self::PolarStereographic { longitude_rad, .. } => longitude_rad,
            Self::Stereographic { centre, .. }
            | Self::LambertAzimuthalEqualArea { centre }
            | Self::Orthographic { centre }
            | Self::Perspective { centre, .. }
            | Self::Oblique { centre, .. } => centre.longitude_rad,
        }
    }
}
