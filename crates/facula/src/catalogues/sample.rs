// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values of a map at places: across the seam of a map of the whole body, and as a small picture north up.

use facula_core::{LonLat, MapGrid, PixelPos, Raster};

/// Index of the cell that holds a place; `None` outside the map.
pub(super) fn cell(grid: &MapGrid, place: LonLat) -> Option<usize> {
    let at = grid.position(place)?;
    let column = (at.x_px.round().max(0.0) as usize).min(grid.width - 1);
    let line = (at.y_px.round().max(0.0) as usize).min(grid.height - 1);
    Some(line * grid.width + column)
}

/// Bilinear value at a place, NaN outside the map and beside missing cells; columns go round where the map does.
pub(super) fn value(values: &Raster<f32>, grid: &MapGrid, place: LonLat) -> f32 {
    let Some(at) = grid.position(place) else { return f32::NAN };
    let (x, y) = (at.x_px.floor(), at.y_px.floor());
    let (fx, fy) = ((at.x_px - x) as f32, (at.y_px - y) as f32);
    let width = grid.width as i64;
    let column = |x: i64| {
        let inside = if grid.wraps() { x.rem_euclid(width) } else { x.clamp(0, width - 1) };
        inside as usize
    };
    let line = |y: f64| y.clamp(0.0, (grid.height - 1) as f64) as usize;
    let along = |y: usize| {
        let (a, b) = (values.at(column(x as i64), y), values.at(column(x as i64 + 1), y));
        a + (b - a) * fx
    };
    let (upper, lower) = (along(line(y)), along(line(y + 1.0)));
    upper + (lower - upper) * fy
}

/// Offsets to the east and north of a place on a sphere, and back: arcs from the middle keep length and direction (azimuthal
/// equidistant projection).
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch {
    centre: LonLat,
    radius_km: f64,
}

impl Patch {
    pub const fn new(centre: LonLat, radius_km: f64) -> Self {
        Self { centre, radius_km }
    }

    /// The place that lies so far to the east and north.
    pub fn place(&self, east_km: f64, north_km: f64) -> LonLat {
        let arc_rad = east_km.hypot(north_km) / self.radius_km;
        if arc_rad == 0.0 {
            return self.centre;
        }
        let azimuth_rad = east_km.atan2(north_km);
        let (sin0, cos0) = self.centre.latitude_rad.sin_cos();
        let sin = sin0 * arc_rad.cos() + cos0 * arc_rad.sin() * azimuth_rad.cos();
        let east = azimuth_rad.sin() * arc_rad.sin() * cos0;
        let turn_rad = east.atan2(arc_rad.cos() - sin0 * sin);
        LonLat::new(self.centre.longitude_rad + turn_rad, sin.clamp(-1.0, 1.0).asin())
    }

    /// How far to the east and north a place lies.
    pub fn offset_km(&self, place: LonLat) -> [f64; 2] {
        let arc_km = self.centre.separation_rad(place) * self.radius_km;
        let turn_rad = place.longitude_rad - self.centre.longitude_rad;
        let (sin0, cos0) = self.centre.latitude_rad.sin_cos();
        let (sin, cos) = place.latitude_rad.sin_cos();
        let azimuth_rad = (turn_rad.sin() * cos).atan2(cos0 * sin - sin0 * cos * turn_rad.cos());
        [arc_km * azimuth_rad.sin(), arc_km * azimuth_rad.cos()]
    }
}

/// A square of a map about a place, north up, and the pixels of places in it.
pub(super) struct Cutout {
    patch: Patch,
    /// Pixels along a side.
    pub side: usize,
    /// Size of a pixel, km.
    pub pixel_km: f64,
}

impl Cutout {
    pub const fn new(patch: Patch, side: usize, pixel_km: f64) -> Self {
        Self { patch, side, pixel_km }
    }

    pub fn image(&self, values: &Raster<f32>, grid: &MapGrid) -> Raster<f32> {
        let middle = 0.5 * (self.side as f64 - 1.0);
        let mut image = Raster::filled(self.side, self.side, f32::NAN);
        for line in 0..self.side {
            for sample in 0..self.side {
                let east_km = (sample as f64 - middle) * self.pixel_km;
                let north_km = (middle - line as f64) * self.pixel_km;
                image.set(sample, line, value(values, grid, self.patch.place(east_km, north_km)));
            }
        }
        image
    }

    pub fn pixel(&self, place: LonLat) -> PixelPos {
        let middle = 0.5 * (self.side as f64 - 1.0);
        let [east_km, north_km] = self.patch.offset_km(place);
        PixelPos::new(middle + east_km / self.pixel_km, middle - north_km / self.pixel_km)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cutout_has_north_up_and_east_right_across_the_seam() {
        let grid = MapGrid::global(360);
        // Grows eastward from longitude 340 and northward.
        let mut values = Raster::filled(720, 360, 0.0f32);
        for line in 0..360 {
            for column in 0..720 {
                let place = grid.place(PixelPos::new(column as f64, line as f64));
                let east = (place.longitude_deg() + 20.0).rem_euclid(360.0);
                values.set(column, line, (east + 1000.0 * place.latitude_deg()) as f32);
            }
        }
        let cutout = Cutout::new(Patch::new(LonLat::from_degrees(0.0, 0.0), 470.0), 21, 8.2);
        let image = cutout.image(&values, &grid);
        assert!(image.at(20, 10) > image.at(10, 10) && image.at(10, 10) > image.at(0, 10));
        assert!(image.at(10, 0) > image.at(10, 20));
        let at = cutout.pixel(LonLat::from_degrees(1.0, 0.0));
        assert!((at.x_px - 11.0).abs() < 0.01 && (at.y_px - 10.0).abs() < 1e-6, "{at:?}");
        assert!(value(&values, &MapGrid { width: 20, ..grid }, LonLat::from_degrees(100.0, 0.0)).is_nan());
    }

    proptest! {
        #[test]
        fn offsets_and_places_are_inverse(
            lon in 0.0..360.0f64, lat in -89.0..89.0f64, east in -200.0..200.0f64, north in -200.0..200.0f64,
        ) {
            let patch = Patch::new(LonLat::from_degrees(lon, lat), 470.0);
            let [e, n] = patch.offset_km(patch.place(east, north));
            prop_assert!((e - east).hypot(n - north) < 1e-6, "{e} {n}");
        }
    }
}
