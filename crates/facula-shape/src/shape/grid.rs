// SPDX-License-Identifier: MIT OR Apache-2.0
//! Terrain as one radius per direction, for star-shaped bodies.
//!
//! Directions are divided by the reference ellipsoid's axes first, so that the ellipsoid becomes the unit sphere
//! and the relief a thin shell; the six faces of a cube around it carry regular grids (gnomonic), which need no
//! trigonometry and have no pole. Between vertices the relative radius is bilinear. Rays advance by steps that
//! the steepest slope of the grid proves safe (Lipschitz marching, Hart 1996, Vis. Comput. 12, 527), until they are
//! 50 m above it, and secant steps bring them to 0.25 m of the bilinear surface.

use facula_core::{BodyFixed, Ellipsoid, Vec3};

use super::blocks::Blocks;
use super::cube::{CubeGrid, FacePlace};
use super::{Hit, SurfacePoint};

/// How a grid is laid over a body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridSampling {
    /// The reference ellipsoid.
    pub ellipsoid: Ellipsoid,
    /// Cells along each edge of the six faces; a cell spans `2 / cells` rad at a face's centre, and half to a
    /// third of that towards edges and corners.
    pub cells: usize,
}

/// Terrain on the six faces of a cube.
#[derive(Debug, Clone)]
pub struct RadiusGrid {
    ellipsoid: Ellipsoid,
    /// Radius relative to the ellipsoid's, per direction in scaled space.
    relative: CubeGrid,
    highest: f64,
    /// Upper bound of all slopes, per rad.
    steepest: f64,
    /// Bounds of `relative` over blocks.
    blocks: Blocks,
}

/// Relative height at which a marching ray has arrived: 0.25 m on Ceres.
const CLOSE: f64 = 5e-7;
/// Relative height at which a marching ray is handed to secant steps: 50 m on Ceres. A ridge that rises less than
/// this above the line of sight may be missed.
const NEAR: f64 = 1e-4;
/// Secant steps at most.
const MAX_SECANTS: usize = 8;
/// Least step of a marching ray, a tenth of [`CLOSE`]'s metre: keeps rounding from stopping it.
const LEAST_STEP: f64 = 1e-7;
/// A ray that needs more steps than this grazes the ground for hundreds of kilometres: taken as a miss.
const MAX_STEPS: usize = 400;

impl RadiusGrid {
    /// A grid from a function that tells the height above the ellipsoid, in km along the radius, in a direction
    /// (unit vector, body-fixed).
    pub fn from_heights(sampling: GridSampling, height_km: impl Fn(Vec3<BodyFixed>) -> f64 + Sync) -> Self {
        let GridSampling { ellipsoid, cells } = sampling;
        let relative = CubeGrid::from_fn(cells, |scaled_direction| {
            let up = Vec3::new(0.0, 0.0, 1.0);
            let direction = unscaled(&ellipsoid, scaled_direction).unit().unwrap_or(up);
            1.0 + height_km(direction) / ellipsoid.radius_km(direction)
        });
        let (_, highest) = relative.range();
        let blocks = Blocks::new(&relative);
        let steepest = blocks.steepest();
        Self { ellipsoid, relative, highest, steepest, blocks }
    }

    /// The reference ellipsoid.
    pub fn ellipsoid(&self) -> Ellipsoid {
        self.ellipsoid
    }

    /// Height above the ellipsoid along the radius in a direction (unit vector), km.
    pub fn height_km(&self, direction: Vec3<BodyFixed>) -> f64 {
        let relative = self.relative.value(scaled(&self.ellipsoid, direction));
        (relative - 1.0) * self.ellipsoid.radius_km(direction)
    }

    /// Radius of a sphere that holds the whole shape, km.
    pub fn bounding_radius_km(&self) -> f64 {
        self.ellipsoid.largest_radius_km() * self.highest
    }

    /// The surface point in a direction (unit vector).
    pub fn surface(&self, direction: Vec3<BodyFixed>) -> SurfacePoint {
        let relative = self.relative.value(scaled(&self.ellipsoid, direction));
        let point_km = direction * (self.ellipsoid.radius_km(direction) * relative);
        SurfacePoint { point_km, normal: self.normal(point_km) }
    }

    /// Where a ray (unit `direction`) first meets the terrain.
    pub fn intersect(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<Hit> {
        let (origin, step) = (scaled(&self.ellipsoid, origin_km), scaled(&self.ellipsoid, direction));
        let distance_km = self.march(origin, step)?;
        let point_km = origin_km + direction * distance_km;
        Some(Hit { distance_km, point_km, normal: self.normal(point_km) })
    }

    /// Whether terrain lies in a direction from a point just above the ground. Obstacles nearer than a fifth of
    /// a cell are not seen (the ground itself is that rough).
    pub fn blocked(&self, from_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> bool {
        let (origin, step) = (scaled(&self.ellipsoid, from_km), scaled(&self.ellipsoid, direction));
        let speed = step.length();
        let least = 0.2 * (2.0 / self.relative.cells() as f64) / speed;
        let mut t = least;
        for _ in 0..MAX_STEPS {
            let at = Along::new(origin, step, t, speed);
            if at.radius > self.highest && at.outward >= 0.0 {
                return false;
            }
            if at.outward * at.radius > self.steepest * at.sideways() {
                // The ray rises faster than any slope, and ever more so as the ground curves away.
                return false;
            }
            let place = self.relative.locate(at.point);
            let height = at.radius - self.relative.value_at(&place);
            if height < 0.0 {
                return true;
            }
            t += self.safe_step(&at, &place, height).max(least);
        }
        false
    }

    /// Distance to the first hit along a ray in scaled space; distances are those of the unscaled ray.
    fn march(&self, origin: Vec3<BodyFixed>, step: Vec3<BodyFixed>) -> Option<f64> {
        let dd = step.dot(step);
        let closest = -origin.dot(step) / dd;
        let miss = origin + step * closest;
        let half_chord_squared = (self.highest * self.highest - miss.dot(miss)) / dd;
        if half_chord_squared < 0.0 {
            return None;
        }
        let half_chord = half_chord_squared.sqrt();
        let (mut t, end, speed) = ((closest - half_chord).max(0.0), closest + half_chord, dd.sqrt());
        let mut before = None;
        for _ in 0..MAX_STEPS {
            if t > end {
                return None;
            }
            let at = Along::new(origin, step, t, speed);
            let place = self.relative.locate(at.point);
            let height = at.radius - self.relative.value_at(&place);
            if height < NEAR {
                // A ray that begins this low has no earlier point: a drop of its own height stands for it.
                let before = before.unwrap_or((t - height.abs().max(CLOSE) / speed, 2.0 * height.max(CLOSE)));
                return Some(self.land(origin, step, [before, (t, height)]));
            }
            before = Some((t, height));
            t += self.safe_step(&at, &place, height);
        }
        None
    }

    /// Secant steps from close above ground to the ground. `points` holds two parameters of the ray with their heights,
    /// the later and lower one last.
    fn land(&self, origin: Vec3<BodyFixed>, step: Vec3<BodyFixed>, points: [(f64, f64); 2]) -> f64 {
        let height_at = |t: f64| {
            let point = origin + step * t;
            point.length() - self.relative.value(point)
        };
        let [(mut before, mut height_before), (mut t, mut height)] = points;
        for _ in 0..MAX_SECANTS {
            let fall = (height_before - height) / (t - before);
            if height.abs() < CLOSE || !(fall > 0.0) {
                break;
            }
            (before, t, height_before) = (t, t + height / fall, height);
            height = height_at(t);
        }
        t
    }

    /// How far a ray at a height above ground may go without missing any terrain, in units of its parameter.
    fn safe_step(&self, at: &Along, place: &FacePlace, height: f64) -> f64 {
        let bounds = self.blocks.around(place, at.radius);
        let sideways = (at.sideways() / at.radius).max(1e-9);
        let reach = bounds.reach_rad / sideways;
        let closing = bounds.steepest * sideways - at.outward;
        let over_slopes = if closing > 0.0 { height / closing } else { reach };
        let over_tops = if at.outward < 0.0 { (at.radius - bounds.highest) / -at.outward } else { 0.0 };
        over_slopes.max(over_tops).min(reach).max(LEAST_STEP) / at.speed
    }

    /// Gradient of `|p| − ρ(p)` in scaled space, brought back: the outward unit normal.
    fn normal(&self, point_km: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
        let relative = scaled(&self.ellipsoid, point_km);
        let outward = relative * (1.0 / relative.length());
        let gradient = outward - self.relative.gradient(relative);
        scaled(&self.ellipsoid, gradient).unit().unwrap_or(outward)
    }
}

/// A point on a ray in scaled space.
struct Along {
    point: Vec3<BodyFixed>,
    radius: f64,
    /// Cosine of the angle between the ray and the vertical.
    outward: f64,
    /// Length of the ray's step in scaled space.
    speed: f64,
}

impl Along {
    fn new(origin: Vec3<BodyFixed>, step: Vec3<BodyFixed>, t: f64, speed: f64) -> Self {
        let point = origin + step * t;
        let radius = point.length();
        Self { point, radius, outward: point.dot(step) / (radius * speed), speed }
    }

    /// Sine of the angle between the ray and the vertical.
    fn sideways(&self) -> f64 {
        (1.0 - self.outward * self.outward).max(0.0).sqrt()
    }
}

fn scaled(ellipsoid: &Ellipsoid, v: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
    Vec3::new(v.x / ellipsoid.a_km, v.y / ellipsoid.b_km, v.z / ellipsoid.c_km)
}

fn unscaled(ellipsoid: &Ellipsoid, v: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
    Vec3::new(v.x * ellipsoid.a_km, v.y * ellipsoid.b_km, v.z * ellipsoid.c_km)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::LonLat;
    use proptest::prelude::*;

    /// A metre on a body of 480 km.
    const METRE_KM: f64 = 1e-3;

    fn ceres() -> Ellipsoid {
        Ellipsoid::new(482.1, 482.1, 445.94).unwrap()
    }

    fn rolling(direction: Vec3<BodyFixed>) -> f64 {
        3.0 * (9.0 * direction.x).sin() * (7.0 * direction.y + 1.0).cos() + 1.5 * (20.0 * direction.z).sin()
    }

    fn rolling_grid() -> RadiusGrid {
        RadiusGrid::from_heights(GridSampling { ellipsoid: ceres(), cells: 256 }, rolling)
    }

    #[test]
    fn a_flat_grid_is_the_ellipsoid() {
        let grid = RadiusGrid::from_heights(GridSampling { ellipsoid: ceres(), cells: 16 }, |_| 0.0);
        let origin_km = Vec3::new(9_000.0, -8_000.0, 6_000.0);
        let direction = (Vec3::new(100.0, 150.0, -90.0) - origin_km).unit().unwrap();
        let hit = grid.intersect(origin_km, direction).unwrap();
        let (entry_km, _) = ceres().intersect_km(origin_km, direction).unwrap();
        assert!((hit.distance_km - entry_km).abs() < METRE_KM);
        assert!(hit.normal.angle_rad(ceres().normal(hit.point_km)) < 1e-6);
        assert!(grid.intersect(origin_km, Vec3::new(0.0, 0.0, 1.0)).is_none());
    }

    #[test]
    fn a_wall_casts_a_shadow_as_long_as_geometry_says() {
        // A ring 5 km high at latitude 10 deg; the Sun stands 10 deg high: the shadow reaches
        // 5 km / tan 10 deg = 28.4 km = 3.4 deg north of the ring's foot on a sphere of 480 km.
        let sphere = Ellipsoid::new(480.0, 480.0, 480.0).unwrap();
        let grid = RadiusGrid::from_heights(GridSampling { ellipsoid: sphere, cells: 1024 }, |d| {
            let latitude_deg = LonLat::of(d).latitude_deg();
            if (9.9..10.1).contains(&latitude_deg) { 5.0 } else { 0.0 }
        });
        let blocked = |latitude_deg: f64, sun_latitude_deg: f64| {
            let direction = LonLat::from_degrees(5.0, latitude_deg).direction();
            let from_km = direction * 480.005;
            grid.blocked(from_km, LonLat::from_degrees(5.0, sun_latitude_deg).direction())
        };
        // Sun 10 deg above the southern horizon of latitude 12: at latitude 12 - 80.
        assert!(blocked(12.0, -68.0));
        assert!(!blocked(15.0, -65.0));
        assert!(!blocked(8.0, -72.0), "south of the wall");
    }

    proptest! {
        #[test]
        fn hits_lie_on_the_surface_and_nothing_is_nearer(
            lon in 0.0..360.0f64, lat in -90.0..90.0f64, aim_x in -470.0..470.0f64, aim_y in -300.0..300.0f64,
        ) {
            let grid = rolling_grid_cached();
            let place = LonLat::from_degrees(lon, lat);
            let origin_km = place.direction() * 14_000.0;
            let (east, north) = (Vec3::new(-place.longitude_rad.sin(), place.longitude_rad.cos(), 0.0), Vec3::new(0.0, 0.0, 1.0));
            let direction = (east * aim_x + north * aim_y - origin_km).unit().unwrap();
            if let Some(hit) = grid.intersect(origin_km, direction) {
                let radius_km = grid.surface(hit.point_km.unit().unwrap()).point_km.length();
                prop_assert!((hit.point_km.length() - radius_km).abs() < METRE_KM);
                // Brute force from the camera's side: the ray stays above ground before the hit.
                for k in 1..200 {
                    let at = origin_km + direction * (hit.distance_km - 0.3 * f64::from(k));
                    let ground_km = grid.surface(at.unit().unwrap()).point_km.length();
                    prop_assert!(at.length() > ground_km - METRE_KM, "below ground {} km before the hit", 0.3 * f64::from(k));
                }
            }
        }

        #[test]
        fn normals_are_those_of_finite_differences(lon in 0.0..360.0f64, lat in -80.0..80.0f64) {
            let grid = rolling_grid_cached();
            let place = LonLat::from_degrees(lon, lat);
            let step = 1e-7;
            let at = |dlon: f64, dlat: f64| {
                grid.surface(LonLat::new(place.longitude_rad + dlon, place.latitude_rad + dlat).direction()).point_km
            };
            let east = at(step, 0.0) - at(-step, 0.0);
            let north = at(0.0, step) - at(0.0, -step);
            let expected = east.cross(north).unit().unwrap();
            let normal = grid.surface(place.direction()).normal;
            // Where the step crosses a cell edge the two sides differ by the kink of the bilinear surface.
            prop_assert!(normal.angle_rad(expected) < 5e-3, "{}", normal.angle_rad(expected));
        }
    }

    fn rolling_grid_cached() -> &'static RadiusGrid {
        static GRID: std::sync::OnceLock<RadiusGrid> = std::sync::OnceLock::new();
        GRID.get_or_init(rolling_grid)
    }
}
