// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ground under a tile: points and normals of its cells, computed once for all frames.

use facula_core::{BodyFixed, MapGrid, Vec3};
use facula_geometry::Shape;

use super::TileWindow;

/// The ground of a tile, cell by cell, line by line. A cell without ground (a hole in a mesh) is NaN.
pub(crate) struct TileGround {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Centres of the cells, km.
    pub points_km: Vec<Vec3<BodyFixed>>,
    /// Outward unit normals.
    pub normals: Vec<Vec3<BodyFixed>>,
    /// Unit vectors from the body's centre.
    pub ups: Vec<Vec3<BodyFixed>>,
    /// What holds all of it.
    pub bounds: Bounds,
    step_rad: f64,
}

/// A sphere around the points of a tile and a cone around its normals.
pub(crate) struct Bounds {
    /// Centre of the sphere, km.
    pub centre_km: Vec3<BodyFixed>,
    /// Its radius, km.
    pub radius_km: f64,
    /// Axis of the cone.
    pub normal: Vec3<BodyFixed>,
    /// Its half width, rad.
    pub normal_spread_rad: f64,
    /// Largest distance of a point from the body's centre, km.
    pub highest_km: f64,
}

impl TileGround {
    pub(crate) fn new(shape: &Shape, grid: &MapGrid, tile: TileWindow) -> Self {
        let longitudes: Vec<(f64, f64)> = (tile.column..tile.column + tile.width)
            .map(|column| (grid.west_rad + (column as f64 + 0.5) * grid.step_rad).sin_cos())
            .collect();
        let count = tile.width * tile.height;
        let [mut points_km, mut normals, mut ups] = [0; 3].map(|_| Vec::with_capacity(count));
        for line in tile.line..tile.line + tile.height {
            let (sin_lat, cos_lat) = (grid.north_rad - (line as f64 + 0.5) * grid.step_rad).sin_cos();
            for (sin_lon, cos_lon) in &longitudes {
                let up = Vec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat);
                let nowhere = Vec3::new(f64::NAN, f64::NAN, f64::NAN);
                let (point_km, normal) =
                    shape.surface(up).map_or((nowhere, nowhere), |ground| (ground.point_km, ground.normal));
                points_km.push(point_km);
                normals.push(normal);
                ups.push(up);
            }
        }
        let bounds = Bounds::of(&points_km, &normals);
        Self {
            width: tile.width,
            height: tile.height,
            points_km,
            normals,
            ups,
            bounds,
            step_rad: grid.step_rad,
        }
    }

    /// Size of a cell from north to south, km, at the tile's highest point; no side of any cell is longer.
    pub(crate) fn cell_km(&self) -> f64 {
        self.bounds.highest_km * self.step_rad
    }

    /// Sides of a cell eastward and southward on the ground, km: tangents of the sphere, laid onto the slope.
    pub(crate) fn sides_km(&self, cell: usize) -> [Vec3<BodyFixed>; 2] {
        let (point_km, normal, up) = (self.points_km[cell], self.normals[cell], self.ups[cell]);
        let east_km = Vec3::new(-point_km.y, point_km.x, 0.0) * self.step_rad;
        let east = east_km.unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
        let south_km = east.cross(up) * (point_km.length() * self.step_rad);
        let steepness = up.dot(normal).max(0.1);
        [east_km, south_km].map(|side| side - up * (side.dot(normal) / steepness))
    }
}

impl Bounds {
    fn of(points_km: &[Vec3<BodyFixed>], normals: &[Vec3<BodyFixed>]) -> Self {
        let zero = || Vec3::new(0.0, 0.0, 0.0);
        let solid = |v: &&Vec3<BodyFixed>| v.is_finite();
        let (sum_km, n) = points_km.iter().filter(solid).fold((zero(), 0.0), |(s, n), p| (s + *p, n + 1.0));
        let centre_km = sum_km * (1.0 / f64::max(n, 1.0));
        let radius_km = points_km.iter().filter(solid).map(|p| (*p - centre_km).length()).fold(0.0, f64::max);
        let highest_km = points_km.iter().filter(solid).map(|p| p.length()).fold(0.0, f64::max);
        let normal = normals.iter().filter(solid).fold(zero(), |s, v| s + *v).unit();
        let axis = normal.unwrap_or(Vec3::new(0.0, 0.0, 1.0));
        let farthest = normals.iter().filter(solid).min_by(|a, b| axis.dot(**a).total_cmp(&axis.dot(**b)));
        let normal_spread_rad = match (normal, farthest) {
            (Some(axis), Some(farthest)) => axis.angle_rad(*farthest),
            // Normals that cancel out: nothing can be excluded.
            _ => std::f64::consts::PI,
        };
        Self { centre_km, radius_km, normal: axis, normal_spread_rad, highest_km }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Ellipsoid, LonLat};

    fn tile_of_ceres() -> TileGround {
        let shape = Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).unwrap());
        TileGround::new(
            &shape,
            &MapGrid::global(180),
            TileWindow { column: 240, line: 60, width: 30, height: 20 },
        )
    }

    #[test]
    fn cells_lie_where_the_grid_says() {
        let ground = tile_of_ceres();
        let place = LonLat::of(ground.points_km[31]);
        assert!((place.longitude_deg() - 241.5).abs() < 1e-9 && (place.latitude_deg() - 28.5).abs() < 1e-9);
    }

    #[test]
    fn sides_reach_the_neighbouring_cells() {
        let ground = tile_of_ceres();
        let (here, [east_km, south_km]) = (ground.points_km[100], ground.sides_km(100));
        let to_east_km = ground.points_km[101] - here;
        let to_south_km = ground.points_km[130] - here;
        // One degree: the arc departs from its tangent by half a degree, 1 %.
        assert!((to_east_km - east_km).length() < 0.011 * east_km.length());
        assert!((to_south_km - south_km).length() < 0.02 * south_km.length());
    }

    #[test]
    fn bounds_hold_every_point_and_normal() {
        let ground = tile_of_ceres();
        let b = &ground.bounds;
        assert!((ground.cell_km() / 479.6 - 1f64.to_radians()).abs() < 1e-4, "{}", ground.cell_km());
        assert!(ground.points_km.iter().all(|p| (*p - b.centre_km).length() <= b.radius_km));
        assert!(ground.normals.iter().all(|n| b.normal.angle_rad(*n) <= b.normal_spread_rad + 1e-12));
    }
}
