// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a map cell back to a frame: where the cell falls, how it is lit and seen, what the frame says of it.
//!
//! In: a [`Shot`], a [`Shape`], the ground of a cell. Out: normalised brightness with weight and flags, or the reason
//! why there is none. Inverse mapping: every cell is looked up in the frame, so the map has no holes.

mod channels;
mod clean;
mod curves;
mod lattice;
mod lines;
mod mapped;
mod obstacles;
mod planes;
mod rays;
mod sample;
mod tile;
mod view;
mod window;

use facula_core::{CellGrid, Quality, Reporter};
use facula_geometry::{Shape, Shot};
use facula_photometry::{LightAngles, SurfaceModel};

use crate::{GlobalMap, MapError, Mosaic};

pub(crate) use clean::Clean;
pub(crate) use curves::PhaseTable;
pub use mapped::{GeometryLayers, MappedFrame, Terrain, geometry_layers};
pub(crate) use planes::TileReadings;
pub(crate) use tile::read_tile;
pub(crate) use view::ShotView;
pub use window::frame_window;

/// How a frame is read between its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Sampling {
    /// Plane through the four pixels around the place.
    #[default]
    Bilinear,
    /// Catmull-Rom over sixteen pixels: sharper, may overshoot at bright spots by some per cent.
    Bicubic,
    /// Lanczos' kernel of three lobes over 36 pixels: sharper still, may ring around bright spots.
    Lanczos,
}

/// How frames become map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MosaicOptions {
    /// The surface whose light and view dependence is divided out.
    pub model: SurfaceModel,
    /// Geometry to which brightness is normalised; incidence = emission = phase = 0 gives normal albedo.
    pub standard: LightAngles,
    /// Cells seen at larger emission angles are left out, rad.
    pub max_emission_rad: f64,
    /// Cells lit at larger incidence angles are left out, rad.
    pub max_incidence_rad: f64,
    /// Weights fall to zero over this range before each limit, rad.
    pub soften_rad: f64,
    /// Rays look for terrain in front of camera or Sun where these stand farther than this from the zenith
    /// (the direction from the body's centre), rad; smooth ellipsoids need no rays.
    pub ray_zenith_rad: f64,
    /// Pixels with any of these flags are not used.
    pub rejected: Quality,
    /// How frames are read between pixels. Cells larger than 1.5 pixels hold the mean over their area instead.
    pub sampling: Sampling,
    /// Weights fall to zero over this many pixels towards the frame's edge, px; 0 for frames cut off hard.
    pub feather_px: f64,
    /// How the Sun lights terrain.
    pub sun: SunShape,
}

/// How the Sun lights terrain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SunShape {
    /// A point: ground is lit or in shadow.
    #[default]
    Point,
    /// A disc: ground that sees only part of it is flagged as [`Quality::SHADOW`], and left out where that is rejected.
    /// On meshes; other shapes take the Sun as a point.
    Disc,
}

impl Default for MosaicOptions {
    /// Lommel-Seeliger surface with G = 0.12 (Ceres), normal albedo, emission to 75°, incidence to 80°. Rays from
    /// 60° on: crater walls lie at the angle of repose, 30° to 35°, so terrain rarely stands higher.
    fn default() -> Self {
        Self {
            model: SurfaceModel::lommel_seeliger(0.12),
            standard: LightAngles::from_degrees(0.0, 0.0, 0.0),
            max_emission_rad: 75f64.to_radians(),
            max_incidence_rad: 80f64.to_radians(),
            soften_rad: 10f64.to_radians(),
            ray_zenith_rad: 60f64.to_radians(),
            rejected: Quality::SATURATED
                | Quality::HOT
                | Quality::MISSING
                | Quality::SHADOW
                | Quality::OFF_BODY,
            sampling: Sampling::Bilinear,
            feather_px: 32.0,
            sun: SunShape::Point,
        }
    }
}

impl MosaicOptions {
    /// Refuses limits outside their ranges.
    pub(crate) fn check(&self) -> Result<(), MapError> {
        let quarter_turn = 0.0..=std::f64::consts::FRAC_PI_2;
        let limits = [
            ("max_emission_rad", self.max_emission_rad),
            ("max_incidence_rad", self.max_incidence_rad),
            ("soften_rad", self.soften_rad),
            ("ray_zenith_rad", self.ray_zenith_rad),
        ];
        if let Some((what, value)) = limits.into_iter().find(|(_, value)| !quarter_turn.contains(value)) {
            let remedy = "give an angle from 0 to pi/2 (90 degrees)";
            return Err(MapError::Argument { what, found: value.to_string(), remedy });
        }
        if !(0.0..=65_536.0).contains(&self.feather_px) {
            let remedy = "give a number of pixels from 0 to 65536";
            return Err(MapError::Argument {
                what: "feather_px",
                found: self.feather_px.to_string(),
                remedy,
            });
        }
        let standard = self.model.iof_per_albedo(self.standard);
        if !(standard > 0.0 && standard.is_finite()) {
            let found = format!("{:?}, for which the model gives {standard}", self.standard);
            let remedy = "give a geometry that is lit and seen";
            return Err(MapError::Argument { what: "standard geometry", found, remedy });
        }
        Ok(())
    }
}

/// What is mapped onto: a shape and the cells to fill.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The body's shape.
    pub shape: &'a Shape,
    /// The cells.
    pub grid: CellGrid,
}

/// Maps one frame; a mosaic of one.
///
/// # Errors
/// As [`Mosaic::new`] and [`Mosaic::accumulate`].
pub fn orthorectify(
    shot: &Shot,
    ground: Ground<'_>,
    options: &MosaicOptions,
    report: &dyn Reporter,
) -> Result<GlobalMap, MapError> {
    let mut mosaic = Mosaic::new(ground.grid)?;
    mosaic.accumulate(std::slice::from_ref(shot), ground.shape, options, report)?;
    Ok(mosaic.finish())
}
