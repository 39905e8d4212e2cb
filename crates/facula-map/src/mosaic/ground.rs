// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ground under a tile, computed once for all frames.
//!
//! Smooth bodies need no more than the places of the cells: points and normals follow from them. Terrain is kept as
//! height above a sphere and normal, cell by cell, in single precision (a millimetre for 10 km of relief).

use facula_core::{BodyFixed, CellGrid, Ellipsoid, MapGrid, PixelPos, Vec3};
use facula_geometry::Shape;
use facula_shape::{FrameSize, Sight};
use rayon::prelude::*;

use super::TileWindow;

/// Cells between the nodes that every tile keeps.
pub(crate) const NODE_STEP: usize = 16;

/// The ground of a tile.
pub(crate) struct TileGround {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// What holds all of it.
    pub bounds: Bounds,
    /// Terrain; `None` for a smooth ellipsoid.
    pub relief: Option<Relief>,
    places: Places,
    first: [f64; 2],
    smooth: Option<Ellipsoid>,
}

/// Where the cells lie.
enum Places {
    /// In equal steps of longitude and latitude.
    Angular {
        grid: MapGrid,
        /// Sine and cosine of the longitude of each column.
        columns: Vec<(f64, f64)>,
        /// Sine and cosine of the latitude of each line.
        lines: Vec<(f64, f64)>,
    },
    /// On any other map.
    Mapped(CellGrid),
}

impl Places {
    fn of(grid: &CellGrid, tile: TileWindow) -> Self {
        let CellGrid::Angular(grid) = grid else { return Self::Mapped(*grid) };
        let longitude = |column: usize| grid.west_rad + (column as f64 + 0.5) * grid.step_rad;
        let latitude = |line: usize| grid.north_rad - (line as f64 + 0.5) * grid.step_rad;
        let columns = (tile.column..tile.column + tile.width).map(|c| longitude(c).sin_cos()).collect();
        let lines = (tile.line..tile.line + tile.height).map(|l| latitude(l).sin_cos()).collect();
        Self::Angular { grid: *grid, columns, lines }
    }
}

/// Terrain above a sphere, cell by cell, line by line; NaN in holes.
pub(crate) struct Relief {
    /// Radius of the sphere, km: the middle of lowest and highest.
    pub reference_km: f64,
    /// Half of what lies between lowest and highest, km; not 0.
    pub half_range_km: f64,
    /// Height over the sphere in units of the half range, −1 to 1.
    pub heights: Vec<f32>,
    /// Components of the outward unit normals.
    pub normals: [Vec<f32>; 3],
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

/// A point of the ground.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    /// The point, km; NaN in holes.
    pub point_km: Vec3<BodyFixed>,
    /// Outward unit normal.
    pub normal: Vec3<BodyFixed>,
    /// Unit vector from the body's centre.
    pub up: Vec3<BodyFixed>,
}

/// Where the ground of tiles comes from: a shape under a grid.
pub(crate) struct GroundSource<'a> {
    shape: &'a Shape,
    grid: CellGrid,
    /// Every direction from the centre meets the mesh once: its cells may be drawn from there.
    star_shaped: bool,
}

impl<'a> GroundSource<'a> {
    pub(crate) fn new(shape: &'a Shape, grid: &CellGrid) -> Self {
        let star_shaped = match shape {
            Shape::Mesh(mesh) => (0..mesh.facet_count()).into_par_iter().all(|facet| {
                let [a, b, c] = mesh.facet_km(facet);
                a.dot((b - a).cross(c - a)) > 0.0
            }),
            _ => false,
        };
        Self { shape, grid: *grid, star_shaped }
    }

    /// The ground of a tile.
    pub(crate) fn tile(&self, tile: TileWindow) -> TileGround {
        TileGround::new(self, tile)
    }
}

impl TileGround {
    fn new(source: &GroundSource<'_>, tile: TileWindow) -> Self {
        let GroundSource { shape, grid, .. } = source;
        let smooth = if let Shape::Ellipsoid(ellipsoid) = shape { Some(*ellipsoid) } else { None };
        let mut ground = Self {
            width: tile.width,
            height: tile.height,
            bounds: Bounds::of(&[]),
            relief: None,
            places: Places::of(grid, tile),
            first: [tile.column as f64, tile.line as f64],
            smooth,
        };
        let mut spots = match smooth {
            Some(_) => ground.nodes(),
            None => ground.survey(source),
        };
        // Over the outline of a map nodes say nothing of the cells beside it.
        if smooth.is_some() && spots.iter().any(|spot| !spot.point_km.is_finite()) {
            spots = (0..ground.width * ground.height).map(|cell| ground.spot(cell)).collect();
        }
        ground.bounds = Bounds::of(&spots);
        if smooth.is_some() {
            ground.bounds.widen();
        } else {
            ground.relief = Some(Relief::of(&spots));
        }
        ground
    }

    /// Unit vector from the body's centre through a place between or beyond the tile's cells, counted from the
    /// centre of its first one; NaN where the map shows no ground.
    pub(crate) fn up_at(&self, column: f64, line: f64) -> Vec3<BodyFixed> {
        let (column, line) = (self.first[0] + column, self.first[1] + line);
        match &self.places {
            Places::Angular { grid, .. } => {
                let longitude_rad = grid.west_rad + (column + 0.5) * grid.step_rad;
                let latitude_rad = grid.north_rad - (line + 0.5) * grid.step_rad;
                direction(longitude_rad.sin_cos(), latitude_rad.sin_cos())
            }
            Places::Mapped(grid) => {
                grid.place(PixelPos::new(column, line)).map_or(NOWHERE, |place| place.direction())
            }
        }
    }

    /// The same at the centre of a cell.
    fn up_of(&self, cell: usize) -> Vec3<BodyFixed> {
        let (column, line) = (cell % self.width, cell / self.width);
        match &self.places {
            Places::Angular { columns, lines, .. } => direction(columns[column], lines[line]),
            Places::Mapped(_) => self.up_at(column as f64, line as f64),
        }
    }

    /// The smooth ground in a direction: the ellipsoid, or the sphere below the terrain with the vertical as normal.
    pub(crate) fn smooth_at(&self, up: Vec3<BodyFixed>) -> Spot {
        match (&self.smooth, &self.relief) {
            (Some(ellipsoid), _) => {
                let point_km = up * ellipsoid.radius_km(up);
                Spot { point_km, normal: ellipsoid.normal(point_km), up }
            }
            (None, relief) => {
                let radius_km = relief.as_ref().map_or(f64::NAN, |relief| relief.reference_km);
                Spot { point_km: up * radius_km, normal: up, up }
            }
        }
    }

    /// The ground of a cell.
    pub(crate) fn spot(&self, cell: usize) -> Spot {
        let up = self.up_of(cell);
        let Some(relief) = &self.relief else { return self.smooth_at(up) };
        let radius_km = relief.reference_km + relief.half_range_km * f64::from(relief.heights[cell]);
        let [x, y, z] = [0, 1, 2].map(|k| f64::from(relief.normals[k][cell]));
        Spot { point_km: up * radius_km, normal: Vec3::new(x, y, z), up }
    }

    /// Size of a cell, km, at the tile's highest point: on an angular grid no side of any cell is longer, on others it is
    /// that where the map is true to scale.
    pub(crate) fn cell_km(&self) -> f64 {
        match &self.places {
            Places::Angular { grid, .. } => self.bounds.highest_km * grid.step_rad,
            Places::Mapped(grid) => grid.cell_m(self.bounds.highest_km) * 1e-3,
        }
    }

    /// Whether a cell may be longer than [`TileGround::cell_km`].
    pub(crate) fn stretches(&self) -> bool {
        matches!(self.places, Places::Mapped(_))
    }

    /// Sides of a cell along its line and down its column on the ground, km: tangents of the sphere, laid onto the slope.
    pub(crate) fn sides_km(&self, cell: usize, spot: &Spot) -> [Vec3<BodyFixed>; 2] {
        let Spot { point_km, normal, up } = *spot;
        let steepness = up.dot(normal).max(0.1);
        let sides = match &self.places {
            Places::Angular { grid, .. } => {
                let east_km = Vec3::new(-point_km.y, point_km.x, 0.0) * grid.step_rad;
                let east = east_km.unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
                [east_km, east.cross(up) * (point_km.length() * grid.step_rad)]
            }
            Places::Mapped(_) => {
                let (column, line) = ((cell % self.width) as f64, (cell / self.width) as f64);
                let radius_km = point_km.length();
                [[0.5, 0.0], [0.0, 0.5]].map(|[x, y]| {
                    (self.up_at(column + x, line + y) - self.up_at(column - x, line - y)) * radius_km
                })
            }
        };
        sides.map(|side| side - up * (side.dot(normal) / steepness))
    }

    /// The ground at nodes that surround the tile.
    fn nodes(&self) -> Vec<Spot> {
        let count = |cells: usize| cells.div_ceil(NODE_STEP) + 1;
        let mut spots = Vec::new();
        for line in 0..count(self.height) {
            for column in 0..count(self.width) {
                let up = self.up_at((column * NODE_STEP) as f64, (line * NODE_STEP) as f64);
                spots.push(self.smooth_at(up));
            }
        }
        spots
    }

    /// The ground of every cell, as the shape has it.
    fn survey(&self, source: &GroundSource<'_>) -> Vec<Spot> {
        let ups: Vec<Vec3<BodyFixed>> = (0..self.width * self.height).map(|cell| self.up_of(cell)).collect();
        let spot = |up: &Vec3<BodyFixed>, found: Option<(Vec3<BodyFixed>, Vec3<BodyFixed>)>| {
            let (point_km, normal) = found.unwrap_or((NOWHERE, NOWHERE));
            Spot { point_km, normal, up: *up }
        };
        let all_ground = ups.iter().all(|up| up.is_finite());
        if let (Shape::Mesh(mesh), true, true) = (source.shape, source.star_shaped, all_ground) {
            let centre_km = Vec3::new(0.0, 0.0, 0.0);
            let size = FrameSize { width: self.width, height: self.height };
            let sight = mesh.visible(centre_km, size, |column, line| ups[line * self.width + column]);
            let seen = sight.distance_km.as_slice().iter().zip(sight.facet.as_slice());
            let found = |(up, (distance_km, facet)): (&Vec3<BodyFixed>, (&f64, &u32))| {
                let facet = (*facet != Sight::NO_FACET).then_some(*facet as usize);
                spot(up, facet.map(|facet| (*up * *distance_km, mesh.normal(facet))))
            };
            return ups.iter().zip(seen).map(found).collect();
        }
        let found = |up: &Vec3<BodyFixed>| {
            let surface = if up.is_finite() { source.shape.surface(*up) } else { None };
            spot(up, surface.map(|surface| (surface.point_km, surface.normal)))
        };
        ups.iter().map(found).collect()
    }
}

/// Where there is no ground.
const NOWHERE: Vec3<BodyFixed> = Vec3::new(f64::NAN, f64::NAN, f64::NAN);

/// Unit vector from sine and cosine of longitude and latitude.
fn direction((sin_lon, cos_lon): (f64, f64), (sin_lat, cos_lat): (f64, f64)) -> Vec3<BodyFixed> {
    Vec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
}

impl Relief {
    fn of(spots: &[Spot]) -> Self {
        /// A flat tile has some range, too, km.
        const LEAST_KM: f64 = 1e-6;
        let radii = || spots.iter().map(|spot| spot.point_km.length()).filter(|r| r.is_finite());
        let (low_km, high_km) = (radii().fold(f64::INFINITY, f64::min), radii().fold(0.0, f64::max));
        let reference_km = if high_km > 0.0 { 0.5 * (low_km + high_km) } else { 1.0 };
        let half_range_km = (0.5 * (high_km - low_km)).max(LEAST_KM);
        let height = |spot: &Spot| ((spot.point_km.length() - reference_km) / half_range_km) as f32;
        Self {
            reference_km,
            half_range_km,
            heights: spots.iter().map(height).collect(),
            normals: [0, 1, 2].map(|k| spots.iter().map(|s| s.normal.to_array()[k] as f32).collect()),
        }
    }
}

impl Bounds {
    fn of(spots: &[Spot]) -> Self {
        let zero = || Vec3::new(0.0, 0.0, 0.0);
        let solid = || spots.iter().filter(|spot| spot.point_km.is_finite());
        let (sum_km, n) = solid().fold((zero(), 0.0), |(s, n), spot| (s + spot.point_km, n + 1.0));
        let centre_km = sum_km * (1.0 / f64::max(n, 1.0));
        let radius_km = solid().map(|spot| (spot.point_km - centre_km).length()).fold(0.0, f64::max);
        let highest_km = solid().map(|spot| spot.point_km.length()).fold(0.0, f64::max);
        let normal = solid().fold(zero(), |s, spot| s + spot.normal).unit();
        let axis = normal.unwrap_or(Vec3::new(0.0, 0.0, 1.0));
        let along = |spot: &&Spot| axis.dot(spot.normal);
        let farthest = solid().min_by(|a, b| along(a).total_cmp(&along(b)));
        let normal_spread_rad = match (normal, farthest) {
            (Some(axis), Some(farthest)) => axis.angle_rad(farthest.normal),
            // Normals that cancel out: nothing can be excluded.
            _ => std::f64::consts::PI,
        };
        Self { centre_km, radius_km, normal: axis, normal_spread_rad, highest_km }
    }

    /// From nodes to all that lies between them: 16 cells of a degree bulge by 2 % of their extent.
    fn widen(&mut self) {
        const BULGE: f64 = 1.03;
        self.radius_km *= BULGE;
        self.normal_spread_rad *= BULGE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::LonLat;
    use facula_geometry::{GridSampling, RadiusGrid};

    fn window() -> TileWindow {
        TileWindow { column: 240, line: 60, width: 30, height: 20 }
    }

    fn ellipsoid() -> Ellipsoid {
        Ellipsoid::new(482.1, 482.1, 445.94).unwrap()
    }

    fn tile_of_ceres() -> TileGround {
        GroundSource::new(&Shape::Ellipsoid(ellipsoid()), &MapGrid::global(180).into()).tile(window())
    }

    #[test]
    fn cells_lie_where_the_grid_says() {
        let ground = tile_of_ceres();
        let place = LonLat::of(ground.spot(31).point_km);
        assert!((place.longitude_deg() - 241.5).abs() < 1e-9 && (place.latitude_deg() - 28.5).abs() < 1e-9);
        assert!((ground.up_at(1.0, 1.0) - ground.spot(31).up).length() < 1e-15);
    }

    #[test]
    fn sides_reach_the_neighbouring_cells() {
        let ground = tile_of_ceres();
        let here = ground.spot(100);
        let [east_km, south_km] = ground.sides_km(100, &here);
        let to_east_km = ground.spot(101).point_km - here.point_km;
        let to_south_km = ground.spot(130).point_km - here.point_km;
        // One degree: the arc departs from its tangent by half a degree, 1 %.
        assert!((to_east_km - east_km).length() < 0.011 * east_km.length());
        assert!((to_south_km - south_km).length() < 0.02 * south_km.length());
    }

    #[test]
    fn bounds_hold_every_point_and_normal() {
        for (height, tile) in
            [(180, window()), (90, TileWindow { column: 0, line: 0, width: 128, height: 90 })]
        {
            let shape = Shape::Ellipsoid(ellipsoid());
            let ground = GroundSource::new(&shape, &MapGrid::global(height).into()).tile(tile);
            let b = &ground.bounds;
            let spots = || (0..ground.width * ground.height).map(|cell| ground.spot(cell));
            assert!(spots().all(|s| (s.point_km - b.centre_km).length() <= b.radius_km));
            assert!(spots().all(|s| b.normal.angle_rad(s.normal) <= b.normal_spread_rad + 1e-12));
        }
        let cell_km = tile_of_ceres().cell_km();
        assert!((cell_km / 482.1 - 1f64.to_radians()).abs() < 1e-3, "{cell_km}");
    }

    #[test]
    fn terrain_keeps_its_heights_and_normals_to_a_millimetre() {
        let heights = |up: Vec3<BodyFixed>| 3.0 * (20.0 * up.x).sin() * (15.0 * up.z).cos();
        let sampling = GridSampling { ellipsoid: ellipsoid(), cells: 200 };
        let shape = Shape::Grid(RadiusGrid::from_heights(sampling, heights));
        let ground = GroundSource::new(&shape, &MapGrid::global(180).into()).tile(window());
        for cell in 0..ground.width * ground.height {
            let spot = ground.spot(cell);
            let expected = shape.surface(spot.up).unwrap();
            assert!((spot.point_km - expected.point_km).length() < 1e-6);
            assert!((spot.normal - expected.normal).length() < 1e-6);
        }
    }
}
