// SPDX-License-Identifier: MIT OR Apache-2.0
//! Map grids: simple cylindrical (equirectangular) in planetocentric latitude and east longitude.

use std::f64::consts::{FRAC_PI_2, TAU};

use serde::{Deserialize, Serialize};

use crate::{LonLat, PixelPos};

/// A simple cylindrical grid: columns eastward, lines southward, equal angular steps. Cell (0, 0) is the
/// north-west one; its **centre** is the pixel position (0, 0).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MapGrid {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// East longitude of the western **edge** of the first column, rad (may lie outside [0, 2π)).
    pub west_rad: f64,
    /// Latitude of the northern **edge** of the first line, rad.
    pub north_rad: f64,
    /// Size of a cell in longitude and latitude, rad.
    pub step_rad: f64,
}

impl MapGrid {
    /// The whole body in `2 * height` by `height` cells, longitude 0 to 360 from left to right.
    pub fn global(height: usize) -> Self {
        Self {
            width: 2 * height,
            height,
            west_rad: 0.0,
            north_rad: FRAC_PI_2,
            step_rad: TAU / (2 * height) as f64,
        }
    }

    /// Whether the grid goes once around the body, so that its first and last columns touch.
    pub fn wraps(&self) -> bool {
        (self.width as f64 * self.step_rad - TAU).abs() < 0.5 * self.step_rad
    }

    /// The place at a (fractional) cell position.
    pub fn place(&self, at: PixelPos) -> LonLat {
        LonLat::new(
            self.west_rad + (at.x_px + 0.5) * self.step_rad,
            self.north_rad - (at.y_px + 0.5) * self.step_rad,
        )
    }

    /// The (fractional) cell position of a place; `None` outside the grid. The position lies in
    /// [−0.5, width − 0.5) by [−0.5, height − 0.5].
    pub fn position(&self, place: LonLat) -> Option<PixelPos> {
        let east_rad = (place.longitude_rad - self.west_rad).rem_euclid(TAU);
        let x_px = east_rad / self.step_rad - 0.5;
        let y_px = (self.north_rad - place.latitude_rad) / self.step_rad - 0.5;
        let inside = x_px < self.width as f64 - 0.5 && y_px >= -0.5 && y_px <= self.height as f64 - 0.5;
        inside.then_some(PixelPos { x_px, y_px })
    }

    /// Size of a cell at the equator on a sphere of the given radius, metres.
    pub fn cell_m(&self, radius_km: f64) -> f64 {
        self.step_rad * radius_km * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_cell_is_the_north_west_one() {
        let grid = MapGrid::global(180);
        let place = grid.place(PixelPos::new(0.0, 0.0));
        assert!((place.longitude_deg() - 0.5).abs() < 1e-12 && (place.latitude_deg() - 89.5).abs() < 1e-12);
        assert!(grid.wraps());
    }

    proptest! {
        #[test]
        fn positions_round_trip(lon in 0.0..359.999f64, lat in -90.0..90.0f64, west in -180.0..180.0f64) {
            let grid = MapGrid { west_rad: west.to_radians(), ..MapGrid::global(512) };
            let place = LonLat::from_degrees(lon, lat);
            let back = grid.place(grid.position(place).expect("global"));
            prop_assert!(back.separation_rad(place) < 1e-9);
        }

        #[test]
        fn places_outside_a_window_have_no_position(lon in 21.0..360.0f64) {
            let grid = MapGrid { width: 20, height: 20, west_rad: 0.0, north_rad: 0.2, step_rad: 1f64.to_radians() };
            prop_assert!(grid.position(LonLat::from_degrees(lon, 5.0)).is_none());
        }
    }
}
