// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which tiles a frame can touch, from its camera and pose alone.
//!
//! In: camera, pose, the smallest and largest radius of the body. Out: tiles, more than needed but never fewer: a cap on
//! the body around what the field of view can see, then each tile under the cap against the cone of the field of view.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::ops::Range;

use facula_core::{BodyFixed, CellGrid, Ellipsoid, LonLat, MapGrid, PixelPos, Pose, Vec3};
use facula_geometry::{Camera, Shape};
use rayon::prelude::*;

use super::{TILE_CELLS, TileWindow, window};

/// Rays around the cone of the field of view.
const RIM_RAYS: usize = 48;
/// Directions in which the radius of a body is looked up.
const RADIUS_PLACES: usize = 2000;
/// How much wider than its corners a field of view is taken: distortion bulges edges.
const FIELD_MARGIN: f64 = 1.02;
/// How much larger than its rim a cap is taken: the rim is looked at in places.
const CAP_MARGIN: f64 = 1.05;

/// Between which radii the ground lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BodySize {
    pub least_km: f64,
    pub most_km: f64,
}

impl BodySize {
    /// Radii of an ellipsoid; of terrain those of many places, with a tenth of the range added below.
    pub fn of(shape: &Shape) -> Self {
        let most_km = shape.bounding_radius_km();
        let radius_km = |k: usize| shape.surface(spread(k)).map(|p| p.point_km.length());
        let seen_km = (0..RADIUS_PLACES).filter_map(radius_km).fold(most_km, f64::min);
        let least_km = (seen_km - 0.1 * (most_km - seen_km)).max(0.5 * seen_km);
        Self { least_km, most_km }
    }
}

/// Directions spread evenly over the sphere (Fibonacci lattice).
pub(crate) fn spread(k: usize) -> Vec3<BodyFixed> {
    let z = 1.0 - (2.0 * k as f64 + 1.0) / RADIUS_PLACES as f64;
    let (sin, cos) = (k as f64 * PI * (3.0 - 5f64.sqrt())).sin_cos();
    let across = (1.0 - z * z).sqrt();
    Vec3::new(across * cos, across * sin, z)
}

/// How many directions [`spread`] gives.
pub(crate) const SPREAD: usize = RADIUS_PLACES;

/// What a frame can see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Footprint {
    spacecraft_km: Vec3<BodyFixed>,
    boresight: Vec3<BodyFixed>,
    half_field_rad: f64,
    /// Cap that holds all it can see.
    centre: Vec3<BodyFixed>,
    radius_rad: f64,
    /// Farthest from the point below the spacecraft that ground can be seen.
    horizon_rad: f64,
    size: BodySize,
}

impl Footprint {
    /// `None` when the body is not in the field of view.
    pub fn of(camera: &Camera, pose: &Pose, size: BodySize) -> Option<Self> {
        let body_from_camera = pose.camera_from_body.inverse();
        let boresight = body_from_camera * Vec3::new(0.0, 0.0, 1.0);
        let (w, h) = (camera.width_px as f64, camera.height_px as f64);
        let corner =
            |(x_px, y_px)| boresight.angle_rad(body_from_camera * camera.look(PixelPos::new(x_px, y_px)));
        let rim = [
            (0.0, 0.0),
            (w, 0.0),
            (0.0, h),
            (w, h),
            (w / 2.0, 0.0),
            (w / 2.0, h),
            (0.0, h / 2.0),
            (w, h / 2.0),
        ];
        let half_field_rad = (FIELD_MARGIN * rim.map(corner).into_iter().fold(0.0, f64::max)).min(PI);
        let range_km = pose.spacecraft_km.length();
        let below = pose.spacecraft_km.unit()?;
        let mut seen = Self {
            spacecraft_km: pose.spacecraft_km,
            boresight,
            half_field_rad,
            centre: below,
            radius_rad: PI,
            horizon_rad: PI,
            size,
        };
        if range_km <= size.most_km {
            return Some(seen);
        }
        if boresight.angle_rad(-below) > half_field_rad + (size.most_km / range_km).asin() {
            return None;
        }
        // Ground at the largest radius is seen over a horizon at the least.
        seen.horizon_rad = (size.least_km / range_km).acos() + (size.least_km / size.most_km).acos();
        seen.radius_rad = seen.horizon_rad;
        if let Some((centre, radius_rad)) = seen.cap() {
            (seen.centre, seen.radius_rad) = (centre, radius_rad);
        }
        Some(seen)
    }

    /// A cap around where the cone of the field of view meets the body; `None` when part of the cone misses it.
    fn cap(&self) -> Option<(Vec3<BodyFixed>, f64)> {
        let spheres = [self.size.least_km, self.size.most_km].map(|r_km| Ellipsoid::new(r_km, r_km, r_km));
        let aside = Vec3::new(1.0, 0.0, 0.0);
        let first =
            self.boresight.cross(aside).unit().or(self.boresight.cross(Vec3::new(0.0, 1.0, 0.0)).unit())?;
        let second = self.boresight.cross(first);
        let (sin, cos) = self.half_field_rad.sin_cos();
        let mut places = Vec::with_capacity(2 * RIM_RAYS + 2);
        let hit = |look: Vec3<BodyFixed>, sphere: Ellipsoid| {
            let (entry_km, _) = sphere.intersect_km(self.spacecraft_km, look)?;
            (entry_km > 0.0).then(|| (self.spacecraft_km + look * entry_km).unit()).flatten()
        };
        for sphere in spheres {
            let sphere = sphere?;
            for k in 0..RIM_RAYS {
                let (s, c) = (k as f64 * TAU / RIM_RAYS as f64).sin_cos();
                places.push(hit(self.boresight * cos + (first * c + second * s) * sin, sphere)?);
            }
        }
        let centre = hit(self.boresight, spheres[1]?)?;
        let farthest = places.into_iter().map(|p| centre.angle_rad(p)).fold(0.0, f64::max);
        Some((centre, (CAP_MARGIN * farthest).min(self.horizon_rad)))
    }

    /// The tiles of a grid the frame can touch, in ascending order.
    pub fn tiles(&self, tiling: &Tiling) -> Vec<u32> {
        match tiling {
            Tiling::Angular(grid) => self.angular_tiles(grid),
            Tiling::Mapped(reaches) => {
                let all = (0u32..).zip(reaches);
                let touched = all.filter(|(_, reach)| reach.is_some_and(|reach| !self.misses(reach)));
                touched.map(|(index, _)| index).collect()
            }
        }
    }

    fn angular_tiles(&self, grid: &MapGrid) -> Vec<u32> {
        let across = grid.width.div_ceil(TILE_CELLS);
        let centre = LonLat::of(self.centre);
        let mut found = Vec::new();
        for row in self.rows(grid, centre) {
            for columns in self.columns(grid, centre) {
                for column in columns {
                    let index = row * across + column;
                    if !self.misses(Reach::angular(grid, window(&(*grid).into(), index))) {
                        found.push(index as u32);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Rows of tiles under the cap.
    fn rows(&self, grid: &MapGrid, centre: LonLat) -> Range<usize> {
        let line = |latitude_rad: f64| (grid.north_rad - latitude_rad) / grid.step_rad;
        let (top, bottom) =
            (line(centre.latitude_rad + self.radius_rad), line(centre.latitude_rad - self.radius_rad));
        tiles_of(top, bottom, grid.height)
    }

    /// Columns of tiles under the cap; two or more ranges when it lies across the seam of the grid.
    fn columns(&self, grid: &MapGrid, centre: LonLat) -> Vec<Range<usize>> {
        let all = 0..grid.width.div_ceil(TILE_CELLS);
        if centre.latitude_rad.abs() + self.radius_rad >= FRAC_PI_2 {
            return vec![all];
        }
        let half_rad = (self.radius_rad.sin() / centre.latitude_rad.cos()).clamp(0.0, 1.0).asin();
        let turn = TAU / grid.step_rad;
        let west = ((centre.longitude_rad - half_rad - grid.west_rad) / grid.step_rad).rem_euclid(turn);
        let width = 2.0 * half_rad / grid.step_rad;
        // A grid may go around more than once; it is finite, and so are the turns.
        let turns = (grid.width as f64 / turn).ceil() as i64;
        (-1..=turns)
            .map(|k| west + k as f64 * turn)
            .map(|from| tiles_of(from, from + width, grid.width))
            .filter(|range| !range.is_empty())
            .collect()
    }

    /// Whether no ground of a tile can be in the field of view. Never true when some can.
    fn misses(&self, Reach { up, reach_rad }: Reach) -> bool {
        let BodySize { least_km, most_km } = self.size;
        let radius_km = 0.5 * (most_km - least_km) + 2.0 * most_km * (0.5 * reach_rad).sin();
        let to_tile_km = up * (0.5 * (least_km + most_km)) - self.spacecraft_km;
        let distance_km = to_tile_km.length();
        if distance_km <= radius_km {
            return false;
        }
        let below = self.spacecraft_km.unit().unwrap_or(up);
        self.boresight.angle_rad(to_tile_km) > self.half_field_rad + (radius_km / distance_km).asin()
            || below.angle_rad(up) > self.horizon_rad + reach_rad
    }
}

/// Where the tiles of a grid lie on the body.
#[derive(Debug, Clone)]
pub(crate) enum Tiling {
    /// In rows and columns of latitude and longitude.
    Angular(MapGrid),
    /// Tile by tile; `None` for those that show no ground.
    Mapped(Vec<Option<Reach>>),
}

impl Tiling {
    pub fn of(grid: &CellGrid) -> Self {
        if let CellGrid::Angular(grid) = grid {
            return Self::Angular(*grid);
        }
        let count = grid.width().div_ceil(TILE_CELLS) * grid.height().div_ceil(TILE_CELLS);
        Self::Mapped((0..count).into_par_iter().map(|k| Reach::mapped(grid, window(grid, k))).collect())
    }
}

/// A cap that holds the ground of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    up: Vec3<BodyFixed>,
    reach_rad: f64,
}

impl Reach {
    fn angular(grid: &MapGrid, tile: TileWindow) -> Self {
        let middle = grid.place(middle_of(tile));
        let (half_lat, half_lon) =
            (0.5 * tile.height as f64 * grid.step_rad, 0.5 * tile.width as f64 * grid.step_rad);
        let nearest_equator_rad = (middle.latitude_rad.abs() - half_lat).max(0.0);
        // Along the meridian, then along the widest parallel: no place of the tile is farther from its middle.
        let reach_rad = (half_lat + half_lon * nearest_equator_rad.cos()).min(PI);
        Self { up: middle.direction(), reach_rad }
    }

    /// From places spread over the tile and along its border, as much wider as they stand apart; `None` when the map shows no
    /// ground at any: its outline does not come in without crossing the border.
    fn mapped(grid: &CellGrid, tile: TileWindow) -> Option<Self> {
        /// Places along each side of a tile, borders included.
        const PLACES: usize = 9;
        let (first_x, first_y) = (tile.column as f64 - 0.5, tile.line as f64 - 0.5);
        let (width, height) = (tile.width as f64, tile.height as f64);
        let up = |x: f64, y: f64| grid.place(PixelPos::new(first_x + x, first_y + y)).map(|p| p.direction());
        let part = |k: usize| k as f64 / (PLACES - 1) as f64;
        let spread =
            (0..PLACES * PLACES).filter_map(|k| up(part(k % PLACES) * width, part(k / PLACES) * height));
        let border = (0..=tile.width).flat_map(|x| [up(x as f64, 0.0), up(x as f64, height)]);
        let sides = (0..=tile.height).flat_map(|y| [up(0.0, y as f64), up(width, y as f64)]);
        let places: Vec<Vec3<BodyFixed>> = spread.chain(border.chain(sides).flatten()).collect();
        let sum = places.iter().fold(Vec3::default(), |sum, place| sum + *place);
        let up = sum.unit().or_else(|| places.first().copied())?;
        let farthest_rad = places.iter().map(|place| up.angle_rad(*place)).fold(0.0, f64::max);
        // No cell is farther from the border than half a tile, nor from the next place than a step of the lattice; maps
        // stretch by less than this between them.
        let reach_rad = (1.25 * farthest_rad).max(farthest_rad + step_rad(grid)).min(PI);
        Some(Self { up, reach_rad })
    }
}

/// Side of a cell where the map is true to scale, rad.
fn step_rad(grid: &CellGrid) -> f64 {
    match grid {
        CellGrid::Projected(grid) => grid.step_m / grid.projection.spheroid().equatorial_m,
        grid => grid.cell_m(1e-3),
    }
}

fn middle_of(tile: TileWindow) -> PixelPos {
    PixelPos::new(
        tile.column as f64 + 0.5 * tile.width as f64 - 0.5,
        tile.line as f64 + 0.5 * tile.height as f64 - 0.5,
    )
}

/// Tiles that hold the cells from one position to another, both edges widened by a cell.
fn tiles_of(from_cells: f64, to_cells: f64, count: usize) -> Range<usize> {
    let first = (from_cells - 1.0).floor().max(0.0);
    let end = (to_cells + 1.0).ceil().min(count as f64);
    if end <= first {
        return 0..0;
    }
    first as usize / TILE_CELLS..(end as usize).div_ceil(TILE_CELLS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Rotation;
    use facula_geometry::{Distortion, Shape};
    use proptest::prelude::*;

    fn camera() -> Camera {
        Camera {
            name: "t".into(),
            width_px: 64,
            height_px: 64,
            focal_length_mm: 150.08 / 16.0,
            pitch_mm: [0.014004, 0.013995],
            principal_point_px: [31.5, 31.5],
            skew_mm: [0.0, 0.0],
            distortion: Distortion::Radial { e1_per_mm2: 8.4e-6 },
        }
    }

    fn pose(above: LonLat, range_km: f64, off_rad: f64) -> Pose {
        let z = -above.direction();
        let x = z.cross(Vec3::new(0.1, 0.2, 1.0)).unit().unwrap();
        let y = z.cross(x);
        let pose = Pose {
            mid_exposure: facula_core::parse_utc("2015-05-04").unwrap(),
            spacecraft_km: above.direction() * range_km,
            sun_km: above.direction() * 4.0e8,
            camera_from_body: Rotation::from_rows([x.to_array(), y.to_array(), z.to_array()]).unwrap(),
        };
        pose.turned(off_rad, 0.5 * off_rad, 0.0)
    }

    fn ceres() -> Shape {
        Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).unwrap())
    }

    #[test]
    fn the_radii_of_an_ellipsoid_are_its_axes() {
        let size = BodySize::of(&ceres());
        assert!(size.most_km == 482.1 && size.least_km <= 445.94 && size.least_km > 440.0, "{size:?}");
    }

    #[test]
    fn a_frame_of_the_sky_has_no_footprint_and_one_from_inside_sees_everything() {
        let size = BodySize::of(&ceres());
        let aside = pose(LonLat::from_degrees(10.0, 10.0), 5000.0, 1.0);
        assert!(Footprint::of(&camera(), &aside, size).is_none());
        let inside = pose(LonLat::from_degrees(10.0, 10.0), 100.0, 0.0);
        let grid = MapGrid::global(512);
        assert!(Footprint::of(&camera(), &inside, size).is_some_and(|f| f.radius_rad == PI));
        let below = pose(LonLat::from_degrees(10.0, 10.0), 900.0, 0.0);
        let few = Footprint::of(&camera(), &below, size).unwrap().tiles(&Tiling::Angular(grid)).len();
        assert!((1..=6).contains(&few), "{few} of 32");
    }

    proptest! {
        #[test]
        fn every_place_a_frame_sees_lies_in_its_tiles(
            (lon, lat) in (0.0..360.0f64, -90.0..90.0f64),
            range_km in 500.0..30_000.0f64,
            off in -0.2..0.2f64,
            (west, window) in (-3.2..3.2f64, prop::bool::ANY),
        ) {
            let (shape, camera) = (ceres(), camera());
            let pose = pose(LonLat::from_degrees(lon, lat), range_km, off);
            let global = MapGrid { west_rad: west, ..MapGrid::global(700) };
            let grid = if window { MapGrid { width: 300, height: 400, ..global } } else { global };
            let tiles = Footprint::of(&camera, &pose, BodySize::of(&shape)).map(|f| f.tiles(&Tiling::Angular(grid)));
            let across = grid.width.div_ceil(TILE_CELLS);
            for k in 0..33 * 33 {
                let at = PixelPos::new((k % 33) as f64 * 2.0 - 0.5, (k / 33) as f64 * 2.0 - 0.5);
                let look = pose.camera_from_body.inverse() * camera.look(at);
                let Some(hit) = shape.intersect(pose.spacecraft_km, look) else { continue };
                let Some(cell) = grid.position(LonLat::of(hit.point_km)) else { continue };
                let column = ((cell.x_px + 0.5).floor() as usize).min(grid.width - 1) / TILE_CELLS;
                let line = ((cell.y_px + 0.5).floor() as usize).min(grid.height - 1) / TILE_CELLS;
                let index = (line * across + column) as u32;
                prop_assert!(tiles.as_ref().is_some_and(|t| t.contains(&index)), "{cell:?} {tiles:?}");
            }
        }
    }
}
