// SPDX-License-Identifier: MIT OR Apache-2.0
//! How bright the ground is: normal albedo by direction and footprint.
//!
//! In: a number, a map, or a built-in world. Out: normal albedo for the renderer.

use facula_core::{BodyFixed, LonLat, MapImage, PixelPos, Vec3};
use facula_world::World;

/// Normal albedo of a body's ground: I/F at incidence, emission and phase zero.
pub trait Ground: Sync {
    /// Normal albedo in a direction from the body's centre (unit vector), as an area of `footprint_km` across shows
    /// it. Not below 0.
    fn normal_albedo(&self, direction: Vec3<BodyFixed>, footprint_km: f64) -> f64;
}

/// The same everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantGround {
    /// Normal albedo.
    pub normal_albedo: f64,
}

impl Ground for ConstantGround {
    fn normal_albedo(&self, _: Vec3<BodyFixed>, _: f64) -> f64 {
        self.normal_albedo
    }
}

/// A map of brightness, bilinear between its cells whatever the footprint.
#[derive(Debug, Clone)]
pub struct MapGround {
    /// Numbers in proportion to the normal albedo; NaN where there is none.
    pub map: MapImage,
    /// Normal albedo of a cell with the number 1.
    pub albedo_ratio: f64,
    /// Normal albedo outside the map and in its holes.
    pub mean_albedo: f64,
}

impl MapGround {
    /// A map scaled so that its mean over the sphere (cells weighted by their area) is a given normal albedo, which
    /// holes get too.
    pub fn with_mean(map: MapImage, mean_albedo: f64) -> Self {
        let (mut sum, mut area) = (0.0, 0.0);
        for line in 0..map.values.height() {
            let weight = map.grid.place(PixelPos::new(0.0, line as f64)).latitude_rad.cos().max(0.0);
            for value in map.values.line(line).iter().filter(|value| value.is_finite()) {
                sum += weight * f64::from(*value);
                area += weight;
            }
        }
        let mean_value = if sum > 0.0 { sum / area } else { 1.0 };
        Self { map, albedo_ratio: mean_albedo / mean_value, mean_albedo }
    }

    /// Bilinear number at a place, across the seam of a map that goes round; poles held.
    fn value(&self, place: LonLat) -> Option<f64> {
        let PixelPos { x_px, y_px } = self.map.grid.position(place)?;
        let (width, height) = (self.map.values.width() as i64, self.map.values.height() as i64);
        let (x, y) = (x_px.floor(), y_px.floor());
        let wraps = self.map.grid.wraps();
        let cell = |dx: i64, dy: i64| -> f64 {
            let column = x as i64 + dx;
            let column = if wraps { column.rem_euclid(width) } else { column.clamp(0, width - 1) };
            let line = (y as i64 + dy).clamp(0, height - 1);
            f64::from(self.map.values.at(column as usize, line as usize))
        };
        let (u, v) = (x_px - x, y_px - y);
        let upper = cell(0, 0) * (1.0 - u) + cell(1, 0) * u;
        let lower = cell(0, 1) * (1.0 - u) + cell(1, 1) * u;
        let value = upper * (1.0 - v) + lower * v;
        value.is_finite().then_some(value)
    }
}

impl Ground for MapGround {
    fn normal_albedo(&self, direction: Vec3<BodyFixed>, _: f64) -> f64 {
        self.value(LonLat::of(direction))
            .map_or(self.mean_albedo, |value| (value * self.albedo_ratio).max(0.0))
    }
}

impl Ground for World {
    fn normal_albedo(&self, direction: Vec3<BodyFixed>, _: f64) -> f64 {
        World::normal_albedo(self, direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{MapGrid, Raster};

    fn map() -> MapImage {
        let grid = MapGrid::global(90);
        let mut values = Raster::filled(180, 90, 0.0f32);
        for line in 0..90 {
            for sample in 0..180 {
                let place = grid.place(PixelPos::new(sample as f64, line as f64));
                values.set(sample, line, (2.0 + place.longitude_rad.sin() * place.latitude_rad.cos()) as f32);
            }
        }
        MapImage { grid, values }
    }

    #[test]
    fn a_map_scaled_to_a_mean_has_it_and_goes_over_the_seam() {
        let ground = MapGround::with_mean(map(), 0.09);
        // The mean of 2 + y over the sphere is 2.
        assert!((ground.albedo_ratio / 0.045 - 1.0).abs() < 1e-4, "{}", ground.albedo_ratio);
        for longitude_deg in [359.9, 0.1, 90.0, 180.0] {
            let place = LonLat::from_degrees(longitude_deg, 20.0);
            let wanted = 0.045 * (2.0 + place.direction().y);
            let found = ground.normal_albedo(place.direction(), 1.0);
            // Bilinear over cells of 2 degrees: 2e-4.
            assert!((found / wanted - 1.0).abs() < 3e-4, "{longitude_deg}: {found} {wanted}");
        }
    }

    #[test]
    fn holes_have_the_mean() {
        let mut holed = map();
        holed.values.as_mut_slice()[..180 * 20].fill(f32::NAN);
        let ground = MapGround::with_mean(holed, 0.2);
        assert_eq!(ground.normal_albedo(LonLat::from_degrees(10.0, 80.0).direction(), 1.0), 0.2);
    }
}
