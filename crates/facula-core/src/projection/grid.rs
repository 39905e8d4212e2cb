// SPDX-License-Identifier: MIT OR Apache-2.0
//! Grids of square cells on a projected map, and the one type for all grids of cells.

use serde::{Deserialize, Serialize};

use crate::{LonLat, MapGrid, PixelPos};

use super::bounds::Bounds;
use super::{MapRegion, Projection, ProjectionError};

/// A grid of square cells on a projected map: columns eastward (x), lines southward (−y). Cell (0, 0) is the
/// north-west one; its **centre** is the pixel position (0, 0).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProjectedGrid {
    /// The map.
    pub projection: Projection,
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// x of the western **edge** of the first column, m.
    pub west_m: f64,
    /// y of the northern **edge** of the first line, m.
    pub north_m: f64,
    /// Side of a cell on the map, m.
    pub step_m: f64,
}

/// Cells per side at most.
const MOST_CELLS: f64 = 4_294_967_295.0;
/// Edges that miss a whole cell by less than this share of one are taken as whole.
const ROUNDING: f64 = 1e-6;

impl ProjectedGrid {
    /// The cells that hold a region of the ground, edges on whole multiples of the step. Every place of the region that
    /// the map shows has a cell; on maps that repeat, a region across the last meridian is one piece.
    ///
    /// # Errors
    /// [`ProjectionError::Argument`] for a region or step out of range, [`ProjectionError::Region`] when the map shows
    /// nothing of it or it reaches to infinity, [`ProjectionError::Limit`] for more than 2³² cells a side.
    pub fn of_region(
        projection: Projection,
        region: &MapRegion,
        step_m: f64,
    ) -> Result<Self, ProjectionError> {
        check_step(step_m)?;
        let Bounds { low, high } = projection.bounds_of(region)?;
        let [west, south] = low.map(|edge_m| (edge_m / step_m + ROUNDING).floor());
        let [east, north] = high.map(|edge_m| (edge_m / step_m - ROUNDING).ceil());
        let (width_cells, height_cells) = ((east - west).max(1.0), (north - south).max(1.0));
        check_size(width_cells, height_cells, step_m)?;
        Ok(Self {
            projection,
            width: width_cells as usize,
            height: height_cells as usize,
            west_m: west * step_m,
            north_m: north * step_m,
            step_m,
        })
    }

    /// The cells within a distance of a place, measured along the sphere of the equatorial radius.
    ///
    /// ```
    /// use facula_core::{LonLat, ProjectionMethod, ProjectedGrid, Projection, Spheroid};
    /// let occator = LonLat::from_degrees(239.33, 19.82);
    /// let map = Projection::new(
    ///     Spheroid::sphere(470_000.0),
    ///     ProjectionMethod::LambertAzimuthalEqualArea { centre: occator },
    /// )?;
    /// let grid = ProjectedGrid::around(map, occator, 60.0, 100.0)?;
    /// assert_eq!((grid.width, grid.height), (1200, 1200));
    /// # Ok::<(), facula_core::ProjectionError>(())
    /// ```
    ///
    /// # Errors
    /// As [`ProjectedGrid::of_region`].
    pub fn around(
        projection: Projection,
        centre: LonLat,
        radius_km: f64,
        step_m: f64,
    ) -> Result<Self, ProjectionError> {
        let radius_rad = radius_km * 1000.0 / projection.spheroid().equatorial_m;
        Self::of_region(projection, &MapRegion::Circle { centre, radius_rad }, step_m)
    }

    /// Everything the map shows, in `height` lines.
    ///
    /// # Errors
    /// [`ProjectionError::Region`] for maps without end (Mercator, stereographic).
    pub fn global(projection: Projection, height: usize) -> Result<Self, ProjectionError> {
        let Some(Bounds { low, high }) = projection.world() else {
            return Err(ProjectionError::Region { what: "has no end" });
        };
        let step_m = (high[1] - low[1]) / height.max(1) as f64;
        let width_cells = ((high[0] - low[0]) / step_m - ROUNDING).ceil().max(1.0);
        check_size(width_cells, height as f64, step_m)?;
        let west_m = 0.5 * (low[0] + high[0] - width_cells * step_m);
        Ok(Self {
            projection,
            width: width_cells as usize,
            height: height.max(1),
            west_m,
            north_m: high[1],
            step_m,
        })
    }

    /// Whether the grid goes once around the body, so that its first and last columns touch.
    pub fn wraps(&self) -> bool {
        let width_m = self.width as f64 * self.step_m;
        self.projection.period_m().is_some_and(|period_m| (width_m - period_m).abs() < 0.5 * self.step_m)
    }

    /// The place at a (fractional) cell position, also one outside the grid; `None` where the map shows no ground.
    pub fn place(&self, at: PixelPos) -> Option<LonLat> {
        self.projection.inverse(self.point_m(at))
    }

    /// East and north of the projection's origin at a (fractional) cell position, m.
    pub fn point_m(&self, at: PixelPos) -> [f64; 2] {
        [self.west_m + (at.x_px + 0.5) * self.step_m, self.north_m - (at.y_px + 0.5) * self.step_m]
    }

    /// The (fractional) cell position of a place; `None` outside the grid or where the map does not show it. The
    /// position lies in [−0.5, width − 0.5] by [−0.5, height − 0.5].
    pub fn position(&self, place: LonLat) -> Option<PixelPos> {
        let [mut x_m, y_m] = self.projection.forward(place)?;
        if let Some(period_m) = self.projection.period_m() {
            x_m -= ((x_m - self.west_m) / period_m).floor() * period_m;
        }
        let x_px = (x_m - self.west_m) / self.step_m - 0.5;
        let y_px = (self.north_m - y_m) / self.step_m - 0.5;
        // Edges of the region itself, after their way through metres.
        let inside = |value: f64, cells: usize| {
            let last = cells as f64 - 0.5;
            let rounding = value >= -0.5 - ROUNDING && value <= last + ROUNDING;
            rounding.then_some(value.clamp(-0.5, last))
        };
        Some(PixelPos { x_px: inside(x_px, self.width)?, y_px: inside(y_px, self.height)? })
    }
}

fn check_step(step_m: f64) -> Result<(), ProjectionError> {
    match step_m > 0.0 && step_m.is_finite() {
        true => Ok(()),
        false => Err(ProjectionError::Argument { name: "step_m", value: step_m, range: "above 0" }),
    }
}

fn check_size(width_cells: f64, height_cells: f64, step_m: f64) -> Result<(), ProjectionError> {
    match width_cells <= MOST_CELLS && height_cells <= MOST_CELLS {
        true => Ok(()),
        false => Err(ProjectionError::Limit { width_cells, height_cells, step_m }),
    }
}

/// A grid of cells on the ground: in equal steps of longitude and latitude, or of metres on a projected map. What
/// fills cells takes this and need not know which.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CellGrid {
    /// Simple cylindrical.
    Angular(MapGrid),
    /// On a projected map.
    Projected(ProjectedGrid),
}

impl From<MapGrid> for CellGrid {
    fn from(grid: MapGrid) -> Self {
        Self::Angular(grid)
    }
}

impl From<ProjectedGrid> for CellGrid {
    fn from(grid: ProjectedGrid) -> Self {
        Self::Projected(grid)
    }
}

/// Latitudes past a pole by rounding only, rad.
const POLE_SLACK_RAD: f64 = 1e-9;

impl CellGrid {
    /// Columns.
    pub const fn width(&self) -> usize {
        match self {
            Self::Angular(grid) => grid.width,
            Self::Projected(grid) => grid.width,
        }
    }

    /// Lines.
    pub const fn height(&self) -> usize {
        match self {
            Self::Angular(grid) => grid.height,
            Self::Projected(grid) => grid.height,
        }
    }

    /// The place at a (fractional) cell position, also one outside the grid; `None` where there is no ground: beyond a
    /// pole, beyond the limb, outside the outline of the map.
    pub fn place(&self, at: PixelPos) -> Option<LonLat> {
        match self {
            Self::Angular(grid) => {
                let place = grid.place(at);
                let quarter = std::f64::consts::FRAC_PI_2;
                let latitude_rad = place.latitude_rad.clamp(-quarter, quarter);
                ((place.latitude_rad - latitude_rad).abs() <= POLE_SLACK_RAD)
                    .then_some(LonLat { latitude_rad, ..place })
            }
            Self::Projected(grid) => grid.place(at),
        }
    }

    /// The (fractional) cell position of a place; `None` outside the grid.
    pub fn position(&self, place: LonLat) -> Option<PixelPos> {
        match self {
            Self::Angular(grid) => grid.position(place),
            Self::Projected(grid) => grid.position(place),
        }
    }

    /// Side of a cell, m: on an angular grid at the equator of a sphere of the given radius, on a projected map that
    /// of the map (where it is true to scale), whatever the radius.
    pub fn cell_m(&self, radius_km: f64) -> f64 {
        match self {
            Self::Angular(grid) => grid.cell_m(radius_km),
            Self::Projected(grid) => grid.step_m,
        }
    }

    /// Whether the first and the last columns touch.
    pub fn wraps(&self) -> bool {
        match self {
            Self::Angular(grid) => grid.wraps(),
            Self::Projected(grid) => grid.wraps(),
        }
    }
}
