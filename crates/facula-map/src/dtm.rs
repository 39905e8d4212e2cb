// SPDX-License-Identifier: MIT OR Apache-2.0
//! Products of terrain: heights of a shape on a grid, their slope, and their relief shading.
//!
//! In: a shape and an equirectangular grid. Out: rasters for bands of a map: heights above the reference ellipsoid (m),
//! slopes (degrees from the local horizontal), shading (0 black to 1 facing the Sun).
//!
//! # Source
//! Horn (1981), Proc. IEEE 69, 14: gradients of a third-order finite difference over 3 x 3 cells (page 18), shading of a
//! Lambertian surface. The same as `gdaldem slope` and `gdaldem hillshade`, but with the length of a cell along a
//! parallel taken at its own latitude.

use facula_core::{Ellipsoid, MapGrid, PixelPos, Raster};
use facula_geometry::Shape;
use rayon::prelude::*;

use crate::MapError;

/// Where the light of a shaded relief comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliefLight {
    /// Azimuth of the Sun, degrees from north over east.
    pub azimuth_deg: f64,
    /// Height of the Sun above the horizon, degrees, 0 to 90.
    pub altitude_deg: f64,
    /// By how much heights are exaggerated, 1 for true relief.
    pub exaggeration_factor: f64,
}

impl Default for ReliefLight {
    /// From the north-west at 45°, the convention of maps; true relief.
    fn default() -> Self {
        Self { azimuth_deg: 315.0, altitude_deg: 45.0, exaggeration_factor: 1.0 }
    }
}

/// Heights of a shape above a reference ellipsoid along the radius, at the middle of each cell, m; NaN where the shape
/// has no surface.
pub fn heights_m(shape: &Shape, reference: &Ellipsoid, grid: &MapGrid) -> Raster<f32> {
    raster_of(grid, |column, line| {
        let direction = grid.place(PixelPos::new(column as f64, line as f64)).direction();
        let height_km =
            shape.surface(direction).map(|s| s.point_km.length() - reference.radius_km(direction));
        height_km.map_or(f32::NAN, |km| (km * 1000.0) as f32)
    })
}

/// Slope of the surface, degrees from the horizontal (0 to 90); NaN beside missing heights and at edges of a window.
///
/// # Errors
/// [`MapError::Argument`] when the heights are not of the grid's size or the radius is not positive.
pub fn slope_deg(heights_m: &Raster<f32>, grid: &MapGrid, radius_km: f64) -> Result<Raster<f32>, MapError> {
    check(heights_m, grid, radius_km)?;
    Ok(raster_of(grid, |column, line| {
        let gradient = gradient(heights_m, (grid, radius_km), (column, line));
        gradient.map_or(f32::NAN, |(east, north)| east.hypot(north).atan().to_degrees() as f32)
    }))
}

/// Shaded relief: cosine of the angle between the surface and the Sun, 0 where it is turned away; NaN as for slopes. No
/// shadows are cast.
///
/// # Errors
/// As [`slope_deg`]; [`MapError::Argument`] for angles out of range.
pub fn relief_shading(
    heights_m: &Raster<f32>,
    grid: &MapGrid,
    radius_km: f64,
    light: &ReliefLight,
) -> Result<Raster<f32>, MapError> {
    check(heights_m, grid, radius_km)?;
    let ReliefLight { azimuth_deg, altitude_deg, exaggeration_factor } = *light;
    if !(0.0..=90.0).contains(&altitude_deg) || !azimuth_deg.is_finite() || !(exaggeration_factor > 0.0) {
        let found = format!("{light:?}");
        let remedy = "give an altitude of 0 to 90 degrees, a finite azimuth, a positive exaggeration";
        return Err(MapError::Argument { what: "light of a relief", found, remedy });
    }
    let (sin_altitude, cos_altitude) = altitude_deg.to_radians().sin_cos();
    let (sin_azimuth, cos_azimuth) = azimuth_deg.to_radians().sin_cos();
    Ok(raster_of(grid, |column, line| {
        let Some((east, north)) = gradient(heights_m, (grid, radius_km), (column, line)) else {
            return f32::NAN;
        };
        let (east, north) = (east * exaggeration_factor, north * exaggeration_factor);
        // The normal is (-east, -north, 1); the Sun (cos alt sin az, cos alt cos az, sin alt).
        let towards = sin_altitude - cos_altitude * (east * sin_azimuth + north * cos_azimuth);
        (towards / (1.0 + east * east + north * north).sqrt()).max(0.0) as f32
    }))
}

fn check(heights_m: &Raster<f32>, grid: &MapGrid, radius_km: f64) -> Result<(), MapError> {
    let same = (heights_m.width(), heights_m.height()) == (grid.width, grid.height);
    if same && radius_km > 0.0 && radius_km.is_finite() && grid.step_rad > 0.0 {
        return Ok(());
    }
    let sizes = (heights_m.width(), heights_m.height(), grid.width, grid.height);
    let found = format!(
        "{} x {} heights for {} x {} cells, radius {radius_km} km",
        sizes.0, sizes.1, sizes.2, sizes.3
    );
    let remedy = "give the heights of exactly that grid and a positive radius";
    Err(MapError::Argument { what: "terrain", found, remedy })
}

/// Rise per length towards east and north; `None` where one of the nine cells is missing.
fn gradient(
    heights_m: &Raster<f32>,
    (grid, radius_km): (&MapGrid, f64),
    (column, line): (usize, usize),
) -> Option<(f64, f64)> {
    let (width, height) = (grid.width, grid.height);
    if line == 0 || line + 1 == height {
        return None;
    }
    let wraps = grid.wraps();
    let west = if column > 0 {
        column - 1
    } else if wraps {
        width - 1
    } else {
        return None;
    };
    let east = if column + 1 < width {
        column + 1
    } else if wraps {
        0
    } else {
        return None;
    };
    let at = |column: usize, line: usize| f64::from(heights_m.at(column, line));
    let (nw, n, ne) = (at(west, line - 1), at(column, line - 1), at(east, line - 1));
    let (w, middle, e) = (at(west, line), at(column, line), at(east, line));
    let (sw, s, se) = (at(west, line + 1), at(column, line + 1), at(east, line + 1));
    let latitude_rad = grid.north_rad - (line as f64 + 0.5) * grid.step_rad;
    let (down_m, along_m) = (grid.cell_m(radius_km), grid.cell_m(radius_km) * latitude_rad.cos());
    let rise_east = ((ne + 2.0 * e + se) - (nw + 2.0 * w + sw)) / (8.0 * along_m);
    let rise_north = ((nw + 2.0 * n + ne) - (sw + 2.0 * s + se)) / (8.0 * down_m);
    (rise_east.is_finite() && rise_north.is_finite() && !middle.is_nan()).then_some((rise_east, rise_north))
}

fn raster_of(grid: &MapGrid, cell: impl Fn(usize, usize) -> f32 + Sync) -> Raster<f32> {
    let mut raster = Raster::filled(grid.width, grid.height, f32::NAN);
    raster.as_mut_slice().par_chunks_mut(grid.width.max(1)).enumerate().for_each(|(line, cells)| {
        for (column, out) in cells.iter_mut().enumerate() {
            *out = cell(column, line);
        }
    });
    raster
}

#[cfg(test)]
mod tests {
    use super::*;

    const RADIUS_KM: f64 = 470.0;

    /// A plane that rises by `east` and `north` metres per metre, near the equator where cells are square.
    fn plane(east: f64, north: f64) -> (Raster<f32>, MapGrid) {
        let grid = MapGrid { width: 9, height: 9, west_rad: 1.0, north_rad: 4.5e-4, step_rad: 1e-4 };
        let step_m = grid.cell_m(RADIUS_KM);
        let cell = |i: usize| ((i % 9) as f64 * step_m * east - (i / 9) as f64 * step_m * north) as f32;
        (Raster::from_vec(9, 9, (0..81).map(cell).collect()).unwrap(), grid)
    }

    #[test]
    fn a_plane_has_its_slope_everywhere_but_at_the_edge() {
        let (heights, grid) = plane(0.3, 0.4);
        let slope = slope_deg(&heights, &grid, RADIUS_KM).unwrap();
        // atan(0.5)
        assert!((slope.at(4, 4) - 26.565_05).abs() < 1e-3, "{}", slope.at(4, 4));
        assert!(slope.at(0, 4).is_nan() && slope.at(4, 8).is_nan());
    }

    #[test]
    fn slopes_towards_the_sun_are_bright_and_those_away_dark() {
        let light = ReliefLight { azimuth_deg: 90.0, altitude_deg: 30.0, ..ReliefLight::default() };
        let shade = |east, north| {
            let (heights, grid) = plane(east, north);
            relief_shading(&heights, &grid, RADIUS_KM, &light).unwrap().at(4, 4)
        };
        // A plane that falls to the east by 60 degrees faces a Sun 30 degrees high in the east.
        assert!((shade(-3f64.sqrt(), 0.0) - 1.0).abs() < 1e-4);
        assert!((shade(0.0, 0.0) - 0.5).abs() < 1e-6, "flat ground: sine of the altitude");
        assert_eq!(shade(1.0, 0.0), 0.0);
        assert!((shade(0.0, 0.2) - shade(0.0, -0.2)).abs() < 1e-6, "north and south are alike to it");
    }

    #[test]
    fn a_global_grid_joins_at_its_seam_and_parallels_shrink() {
        let grid = MapGrid::global(90);
        // Height grows with longitude at 80 degrees north, by one metre a cell.
        let heights = Raster::from_vec(180, 90, (0..180 * 90).map(|i| (i % 180) as f32).collect()).unwrap();
        let slope = slope_deg(&heights, &grid, RADIUS_KM).unwrap();
        let cell_m = grid.cell_m(RADIUS_KM) * (81f64).to_radians().cos();
        // Line 4 is centred on 81 degrees north.
        assert!((f64::from(slope.at(50, 4)) - (1.0 / cell_m).atan().to_degrees()).abs() < 1e-6);
        assert!(slope.at(0, 4) > slope.at(50, 4), "the step at the seam is seen");
    }

    #[test]
    fn missing_heights_and_bad_arguments_do_not_pass_in_silence() {
        let (mut heights, grid) = plane(0.1, 0.0);
        heights.set(4, 4, f32::NAN);
        let slope = slope_deg(&heights, &grid, RADIUS_KM).unwrap();
        assert!(slope.at(4, 4).is_nan() && slope.at(3, 3).is_nan() && !slope.at(2, 2).is_nan());
        assert!(slope_deg(&heights, &MapGrid::global(9), RADIUS_KM).is_err());
        assert!(slope_deg(&heights, &grid, f64::NAN).is_err());
        let night = ReliefLight { altitude_deg: -1.0, ..ReliefLight::default() };
        assert!(relief_shading(&heights, &grid, RADIUS_KM, &night).is_err());
    }

    #[test]
    fn a_sphere_above_its_ellipsoid_is_flat() {
        let sphere = Ellipsoid::new(10.0, 10.0, 10.0).unwrap();
        let heights = heights_m(&Shape::Ellipsoid(sphere.grown_by(0.5)), &sphere, &MapGrid::global(6));
        assert!(heights.as_slice().iter().all(|h| (h - 500.0).abs() < 1e-2), "{:?}", heights.at(0, 0));
    }
}
