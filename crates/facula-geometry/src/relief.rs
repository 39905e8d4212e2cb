// SPDX-License-Identifier: MIT OR Apache-2.0
//! Terrain from a map of radii or heights (a DTM raster in body-fixed longitude and latitude).
//!
//! In: a [`MapImage`] in metres (ISIS cube, GeoTIFF), the reference ellipsoid. Out: [`Shape`] with terrain on the faces
//! of a cube, and how much of the body the map covers.

use facula_core::{BodyFixed, LonLat, MapImage, PixelPos, Vec3};

use crate::{GeometryError, GridSampling, RadiusGrid, Shape};

/// What the values of the map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relief {
    /// Distances from the centre of the body, m (ISIS shape models).
    RadiusM,
    /// Heights above the ellipsoid along the radius, m.
    HeightM,
}

/// Terrain made of a map.
#[derive(Debug, Clone)]
pub struct MapTerrain {
    /// The shape; the ellipsoid's surface where the map has no value.
    pub shape: Shape,
    /// Part of the body that the map covers, 0 to 1.
    pub covered_fraction: f64,
}

/// Least radius accepted, as a part of the ellipsoid's smallest (and of the greatest its largest): metres mistaken for
/// kilometres and radii mistaken for heights are outside.
const LEAST_RATIO: f64 = 0.2;
/// Places at which cover is counted: one per 1.5 degrees at the equator.
const COVER_PLACES: usize = 20_000;
/// Rise of the golden spiral: even cover of the sphere.
const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// Terrain from a map. `sampling.cells` along the edge of a cube's face should be about a quarter of the map's columns
/// for a global map.
///
/// # Errors
/// [`GeometryError::Argument`] for a map without any value, or with radii no body of this ellipsoid has (wrong unit or
/// wrong [`Relief`]).
pub fn terrain_of_map(
    map: &MapImage,
    sampling: GridSampling,
    relief: Relief,
) -> Result<MapTerrain, GeometryError> {
    let ellipsoid = sampling.ellipsoid;
    let mut known = map.values.as_slice().iter().copied().filter(|value| !value.is_nan()).peekable();
    let bad = |value: String| {
        let subject = "map of radii or heights".to_string();
        Err(GeometryError::Argument { subject, key: "values", value })
    };
    if known.peek().is_none() {
        return bad("none: every cell is empty".into());
    }
    let smallest_km = ellipsoid.a_km.min(ellipsoid.b_km).min(ellipsoid.c_km);
    let sound = |value_km: f64| match relief {
        Relief::RadiusM => {
            value_km > LEAST_RATIO * smallest_km && value_km < ellipsoid.largest_radius_km() / LEAST_RATIO
        }
        Relief::HeightM => value_km.abs() < (1.0 - LEAST_RATIO) * smallest_km,
    };
    if let Some(value) = known.find(|value| !sound(f64::from(*value) / 1000.0)) {
        return bad(format!("{value} m as {relief:?}"));
    }
    let height_km = |direction: Vec3<BodyFixed>| -> Option<f64> {
        let value_km = value_at(map, LonLat::of(direction))? / 1000.0;
        Some(match relief {
            Relief::RadiusM => value_km - ellipsoid.radius_km(direction),
            Relief::HeightM => value_km,
        })
    };
    let covered = (0..COVER_PLACES).filter(|k| value_at(map, spiral(*k)).is_some()).count();
    let grid = RadiusGrid::from_heights(sampling, |direction| height_km(direction).unwrap_or(0.0));
    Ok(MapTerrain { shape: Shape::Grid(grid), covered_fraction: covered as f64 / COVER_PLACES as f64 })
}

/// Places spread evenly over the sphere.
fn spiral(k: usize) -> LonLat {
    let fraction = (k as f64 + 0.5) / COVER_PLACES as f64;
    let longitude_rad = std::f64::consts::TAU * (k as f64 / GOLDEN_RATIO).fract();
    LonLat::new(longitude_rad, (1.0 - 2.0 * fraction).asin())
}

/// Bilinear value among those of the four cells around a place that have one; `None` when the nearest has none.
fn value_at(map: &MapImage, place: LonLat) -> Option<f64> {
    let PixelPos { x_px, y_px } = map.grid.position(place)?;
    let (width, height) = (map.values.width() as i64, map.values.height() as i64);
    let cell = |x: i64, y: i64| -> Option<f64> {
        let x = if map.grid.wraps() { x.rem_euclid(width) } else { x.clamp(0, width - 1) };
        let value = map.values.get(x as usize, y.clamp(0, height - 1) as usize)?;
        (!value.is_nan()).then_some(f64::from(value))
    };
    cell(x_px.round() as i64, y_px.round() as i64)?;
    let (x, y) = (x_px.floor(), y_px.floor());
    let (u, v) = (x_px - x, y_px - y);
    let corners =
        [(0, 0, (1.0 - u) * (1.0 - v)), (1, 0, u * (1.0 - v)), (0, 1, (1.0 - u) * v), (1, 1, u * v)];
    let (mut sum, mut weight) = (0.0, 0.0);
    for (dx, dy, share) in corners {
        if let Some(value) = cell(x as i64 + dx, y as i64 + dy) {
            sum += share * value;
            weight += share;
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, MapGrid, Raster};

    fn map(height: usize, value: impl Fn(LonLat) -> f64) -> MapImage {
        let grid = MapGrid::global(height);
        let mut values = Raster::filled(grid.width, grid.height, 0.0f32);
        for (line, sample) in (0..grid.height).flat_map(|l| (0..grid.width).map(move |s| (l, s))) {
            values.set(sample, line, value(grid.place(PixelPos::new(sample as f64, line as f64))) as f32);
        }
        MapImage { grid, values }
    }

    fn sampling() -> GridSampling {
        GridSampling { ellipsoid: Ellipsoid::new(289.0, 280.0, 229.0).unwrap(), cells: 48 }
    }

    #[test]
    fn heights_and_radii_of_the_same_body_give_the_same_ground() {
        let ellipsoid = sampling().ellipsoid;
        let hill =
            |place: LonLat| 4000.0 * (3.0 * place.longitude_rad).sin() * place.latitude_rad.cos().powi(3);
        let of_heights = terrain_of_map(&map(180, hill), sampling(), Relief::HeightM).unwrap();
        let radius = |place: LonLat| 1000.0 * ellipsoid.radius_km(place.direction()) + hill(place);
        let of_radii = terrain_of_map(&map(180, radius), sampling(), Relief::RadiusM).unwrap();
        assert_eq!((of_heights.covered_fraction, of_radii.covered_fraction), (1.0, 1.0));
        for (lon, lat) in [(0.0, 0.0), (31.0, 12.0), (359.8, -45.0), (200.0, 80.0)] {
            let place = LonLat::from_degrees(lon, lat);
            let down = -place.direction();
            let ray =
                |shape: &Shape| shape.intersect(place.direction() * 900.0, down).unwrap().point_km.length();
            let wanted_km = ellipsoid.radius_km(place.direction()) + hill(place) / 1000.0;
            // Two bilinear grids, of 1 and 2 degrees, over hills of 4 km: 10 m.
            assert!((ray(&of_heights.shape) - wanted_km).abs() < 0.02, "{lon} {lat}");
            assert!((ray(&of_radii.shape) - wanted_km).abs() < 0.2, "{lon} {lat}");
        }
    }

    #[test]
    fn holes_are_the_ellipsoid_and_are_counted() {
        let half = map(90, |place| if place.latitude_rad > 0.0 { 2000.0 } else { f64::NAN });
        let terrain = terrain_of_map(&half, sampling(), Relief::HeightM).unwrap();
        assert!((terrain.covered_fraction - 0.5).abs() < 0.01, "{}", terrain.covered_fraction);
        let south = LonLat::from_degrees(40.0, -50.0).direction();
        let hit = terrain.shape.intersect(south * 900.0, -south).unwrap();
        assert!((hit.point_km.length() - sampling().ellipsoid.radius_km(south)).abs() < 1e-3);
    }

    #[test]
    fn wrong_units_and_empty_maps_are_refused() {
        let kilometres = map(20, |_| 280.0);
        let error = terrain_of_map(&kilometres, sampling(), Relief::RadiusM).unwrap_err().to_string();
        assert!(error.contains("280 m as RadiusM"), "{error}");
        let radii = map(20, |_| 280_000.0);
        let error = terrain_of_map(&radii, sampling(), Relief::HeightM).unwrap_err().to_string();
        assert!(error.contains("280000 m as HeightM"), "{error}");
        let error = terrain_of_map(&map(20, |_| f64::NAN), sampling(), Relief::HeightM).unwrap_err();
        assert!(error.to_string().contains("empty"));
    }
}
