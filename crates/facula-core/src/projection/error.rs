// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a projection or a grid cannot be made.

/// Why a projection or a grid cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionError {
    /// A parameter outside its range.
    #[error("projection: {name} = {value} is outside its range: {range}")]
    Argument {
        /// Parameter.
        name: &'static str,
        /// Value found.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// The method exists for spheres only.
    #[error(
        "projection: {method} is defined on a sphere, not on radii of {equatorial_m} and {polar_m} m; \
         take Spheroid::sphere"
    )]
    SphereOnly {
        /// ProjectionMethod.
        method: &'static str,
        /// Equatorial radius given, m.
        equatorial_m: f64,
        /// Polar radius given, m.
        polar_m: f64,
    },
    /// The region reaches to infinity on this map, or none of it is on the map.
    #[error("projection: the region {what} on this map; choose another projection or a smaller region")]
    Region {
        /// "has no end" or "is not visible".
        what: &'static str,
    },
    /// A grid of another projection than the coordinate system it is used with.
    #[error("projection: the grid does not lie on {name}; make the coordinate system from the grid")]
    OtherProjection {
        /// Name of the coordinate system.
        name: String,
    },
    /// More cells than a grid may have.
    #[error(
        "projection: a grid of {width_cells} by {height_cells} cells is too large; enlarge step_m = {step_m}"
    )]
    Limit {
        /// Columns asked for.
        width_cells: f64,
        /// Lines asked for.
        height_cells: f64,
        /// Size of a cell, m.
        step_m: f64,
    },
}
