// SPDX-License-Identifier: MIT OR Apache-2.0
//! The five angle planes of a smooth ellipsoid, fast: longitude, latitude, incidence, emission, phase in double precision.
//!
//! In: camera, pose, ellipsoid. Out: [`AnglePlanes`], equal to per-pixel CSPICE within 1e-6 degrees where the light time
//! is that of the pose. Lines are shared among threads, pixels of a line among vector lanes; every pixel is computed by
//! itself, so results do not depend on the number of threads.

use facula_core::{Ellipsoid, Pose, Raster};
use rayon::prelude::*;

use super::lanes::{self, LANES, fma};
use super::looks::{LineLooks, Looks};
use crate::{Camera, GeometryError};

/// Lines a thread takes at once.
const LINES_PER_TASK: usize = 8;
const DEGREES_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

/// Angles of every pixel, degrees; NaN where the line of sight misses the body.
#[derive(Debug, Clone, PartialEq)]
pub struct AnglePlanes {
    /// East longitude, degrees, 0 to 360.
    pub longitude_deg: Raster<f64>,
    /// Planetocentric latitude, degrees.
    pub latitude_deg: Raster<f64>,
    /// Incidence angle, degrees; beyond 90 at night.
    pub incidence_deg: Raster<f64>,
    /// Emission angle, degrees.
    pub emission_deg: Raster<f64>,
    /// Phase angle, degrees.
    pub phase_deg: Raster<f64>,
}

impl AnglePlanes {
    /// Planes of a size, all NaN.
    pub fn new(width: usize, height: usize) -> Self {
        let plane = || Raster::filled(width, height, f64::NAN);
        Self {
            longitude_deg: plane(),
            latitude_deg: plane(),
            incidence_deg: plane(),
            emission_deg: plane(),
            phase_deg: plane(),
        }
    }

    /// Computes the planes of a frame into the memory of these (a new allocation of 40 MB costs as much as the work).
    ///
    /// # Errors
    /// [`GeometryError::Argument`] for planes of another size than the frame, and for a camera whose distortion is not
    /// smooth enough ([`crate::backplanes()`] takes any).
    pub fn compute(
        &mut self,
        camera: &Camera,
        pose: &Pose,
        ellipsoid: &Ellipsoid,
    ) -> Result<(), GeometryError> {
        let bad = |key, value: String| {
            Err(GeometryError::Argument { subject: "angle planes".to_string(), key, value })
        };
        let size = (self.longitude_deg.width(), self.longitude_deg.height());
        if size != (camera.width_px, camera.height_px) || size.0 == 0 {
            return bad("width, height", format!("{size:?}"));
        }
        let Some(looks) = Looks::of(camera) else {
            return bad("distortion", format!("camera {}", camera.name));
        };
        let sun_radii = pose.sun_km.length() / ellipsoid.largest_radius_km();
        if !(sun_radii >= NEAREST_SUN_RADII) {
            return bad(
                "sun_km",
                format!("{sun_radii} radii of the body away; at least {NEAREST_SUN_RADII}"),
            );
        }
        let scene = Scene::of(pose, ellipsoid);
        let lines = LINES_PER_TASK * size.0;
        let tasks = self
            .longitude_deg
            .as_mut_slice()
            .par_chunks_mut(lines)
            .zip(self.latitude_deg.as_mut_slice().par_chunks_mut(lines))
            .zip(self.incidence_deg.as_mut_slice().par_chunks_mut(lines))
            .zip(self.emission_deg.as_mut_slice().par_chunks_mut(lines))
            .zip(self.phase_deg.as_mut_slice().par_chunks_mut(lines));
        tasks.enumerate().for_each(|(task, ((((lon, lat), inc), emi), pha))| {
            let first = task * LINES_PER_TASK;
            scene.lines(&looks, (first, size.0), [lon, lat, inc, emi, pha]);
        });
        Ok(())
    }
}

/// The five angle planes of a frame of a smooth ellipsoid.
///
/// # Errors
/// [`GeometryError::Argument`] for a camera whose distortion is not smooth enough.
///
/// # Source
/// Ray and ellipsoid through the point of closest approach, which keeps its digits from far away; arcs by polynomials
/// (error ≤ 1e-9 rad). Phase, incidence and emission within 2e-8 rad of 0° and 180° are good to 2e-8 rad only.
pub fn angle_planes(
    camera: &Camera,
    pose: &Pose,
    ellipsoid: &Ellipsoid,
) -> Result<AnglePlanes, GeometryError> {
    let mut planes = AnglePlanes::new(camera.width_px, camera.height_px);
    planes.compute(camera, pose, ellipsoid)?;
    Ok(planes)
}

/// What is the same for all pixels, lengths in units of the largest semi-axis.
#[derive(Debug, Clone, Copy)]
struct Scene {
    /// Camera axes in the body frame: columns for x, y, z of a look.
    axes: [[f64; 3]; 3],
    /// The camera in units of the semi-axes.
    origin: [f64; 3],
    /// Semi-axes and their inverses.
    radii: [f64; 3],
    inverse: [f64; 3],
    sun: [f64; 3],
    sun_in_camera: [f64; 3],
    /// 1 / |sun|, 1 / |sun|², sun / |sun|².
    inverse_sun: f64,
    inverse_sun_square: f64,
    sun_over_square: [f64; 3],
}

/// Nearest Sun the planes take, in largest radii of the body: the series of its distance is then good to 1e-12.
const NEAREST_SUN_RADII: f64 = 1e4;

/// Five slices of as many lines.
type Planes<'a> = [&'a mut [f64]; 5];

impl Scene {
    fn of(pose: &Pose, ellipsoid: &Ellipsoid) -> Self {
        let unit_km = ellipsoid.largest_radius_km();
        let radii = [ellipsoid.a_km, ellipsoid.b_km, ellipsoid.c_km].map(|r| r / unit_km);
        let inverse = radii.map(|r| 1.0 / r);
        let spacecraft = pose.spacecraft_km.to_array();
        let sun = pose.sun_km.to_array().map(|x| x / unit_km);
        let inverse_sun_square = 1.0 / (sun[0] * sun[0] + sun[1] * sun[1] + sun[2] * sun[2]);
        Self {
            axes: pose.camera_from_body.rows(),
            origin: std::array::from_fn(|k| spacecraft[k] / unit_km * inverse[k]),
            radii,
            inverse,
            sun,
            sun_in_camera: (pose.camera_from_body * pose.sun_km).to_array().map(|x| x / unit_km),
            inverse_sun: inverse_sun_square.sqrt(),
            inverse_sun_square,
            sun_over_square: sun.map(|x| x * inverse_sun_square),
        }
    }

    /// Computes lines with the widest vectors the machine has.
    fn lines(&self, looks: &Looks, (first, width): (usize, usize), out: Planes<'_>) {
        #[cfg(target_arch = "x86_64")]
        match pulp::x86::Arch::new() {
            pulp::x86::Arch::V4(simd) => {
                return simd.vectorize(Lines { scene: self, looks, first, width, out });
            }
            pulp::x86::Arch::V3(simd) => {
                return simd.vectorize(Lines { scene: self, looks, first, width, out });
            }
            _ => {}
        }
        self.plain_lines::<false>(looks, (first, width), out);
    }

    #[inline(always)]
    fn plain_lines<const FUSED: bool>(
        &self,
        looks: &Looks,
        (first, width): (usize, usize),
        mut out: Planes<'_>,
    ) {
        for row in 0..out[0].len() / width {
            let line = looks.line((first + row) as f64);
            for start in (0..width).step_by(LANES) {
                let length = LANES.min(width - start);
                let begin = row * width + start;
                let values = self.block::<FUSED>(&line, start as f64);
                for (plane, value) in out.iter_mut().zip(&values) {
                    plane[begin..begin + length].copy_from_slice(&value[..length]);
                }
            }
        }
    }

    /// The angles of [`LANES`] pixels from a sample on.
    #[inline(always)]
    fn block<const FUSED: bool>(&self, line: &LineLooks, start_px: f64) -> [[f64; LANES]; 5] {
        let mut rays = Rays::zero();
        let mut hits = 0u32;
        for k in 0..LANES {
            hits += u32::from(self.cast::<FUSED>(line, start_px + k as f64, k, &mut rays));
        }
        let mut angles = [[f64::NAN; LANES]; 5];
        if hits > 0 {
            for k in 0..LANES {
                self.angles::<FUSED>(&rays, k, &mut angles);
            }
        }
        angles
    }

    /// The hit of one ray; whether there is one.
    #[inline(always)]
    fn cast<const FUSED: bool>(&self, line: &LineLooks, sample_px: f64, k: usize, rays: &mut Rays) -> bool {
        let [u, v] = line.tangents::<FUSED>(sample_px);
        let [mut look, mut scaled] = [[0.0; 3]; 2];
        for i in 0..3 {
            look[i] = fma::<FUSED>(self.axes[0][i], u, fma::<FUSED>(self.axes[1][i], v, self.axes[2][i]));
            scaled[i] = look[i] * self.inverse[i];
        }
        let square = dot::<FUSED>(scaled, scaled);
        let inverse_square = 1.0 / square;
        let closest = -dot::<FUSED>(self.origin, scaled) * inverse_square;
        let mut miss = [0.0; 3];
        for i in 0..3 {
            miss[i] = fma::<FUSED>(scaled[i], closest, self.origin[i]);
        }
        let depth = 1.0 - dot::<FUSED>(miss, miss);
        let half = lanes::root::<FUSED>(if depth > 0.0 { depth * inverse_square } else { 0.0 });
        let hit = (depth >= 0.0) & (closest > half);
        let mut point = [0.0; 3];
        for i in 0..3 {
            // On the unit sphere of the scaled body.
            let on_sphere = fma::<FUSED>(scaled[i], -half, miss[i]);
            point[i] = on_sphere * self.radii[i];
            rays.sphere[i][k] = on_sphere;
        }
        // The miss is at right angles to the ray, so normal · look = sphere · scaled = -half square.
        rays.facing[k] = half * square;
        rays.look_square[k] = fma::<FUSED>(u, u, fma::<FUSED>(v, v, 1.0));
        let sun_along = fma::<FUSED>(
            self.sun_in_camera[0],
            u,
            fma::<FUSED>(self.sun_in_camera[1], v, self.sun_in_camera[2]),
        );
        rays.away_from_sun[k] = dot::<FUSED>(point, look) - sun_along;
        rays.hit[k] = if hit { 0.0 } else { f64::NAN };
        hit
    }

    /// The five angles of one hit; NaN for a miss.
    #[inline(always)]
    fn angles<const FUSED: bool>(&self, rays: &Rays, k: usize, out: &mut [[f64; LANES]; 5]) {
        let [mut sphere, mut point, mut normal] = [[0.0; 3]; 3];
        for i in 0..3 {
            sphere[i] = rays.sphere[i][k];
            point[i] = sphere[i] * self.radii[i];
            normal[i] = sphere[i] * self.inverse[i];
        }
        let rho_square = fma::<FUSED>(point[0], point[0], point[1] * point[1]);
        let square = fma::<FUSED>(point[2], point[2], rho_square);
        // |sun - point|² over |sun|², as 1 - 2x.
        let x =
            fma::<FUSED>(-0.5 * self.inverse_sun_square, square, dot::<FUSED>(self.sun_over_square, point));
        let to_sun = self.inverse_sun * lanes::inverse_root_of_near_one::<FUSED>(x);
        let to_normal = lanes::inverse_root::<FUSED>(dot::<FUSED>(normal, normal));
        let to_look = lanes::inverse_root::<FUSED>(rays.look_square[k]);
        // normal · point = 1 in these units.
        let cosines = [
            (dot::<FUSED>(normal, self.sun) - 1.0) * (to_normal * to_sun),
            rays.facing[k] * (to_normal * to_look),
            rays.away_from_sun[k] * (to_sun * to_look),
        ];
        let [incidence, emission, phase] = cosines.map(lanes::acos_rad::<FUSED>);
        let longitude = lanes::longitude_rad::<FUSED>(point[0], point[1]);
        let latitude = lanes::latitude_rad::<FUSED>(point[2], lanes::root::<FUSED>(rho_square));
        let miss = rays.hit[k];
        out[0][k] = fma::<FUSED>(longitude, DEGREES_PER_RAD, miss);
        out[1][k] = fma::<FUSED>(latitude, DEGREES_PER_RAD, miss);
        out[2][k] = fma::<FUSED>(incidence, DEGREES_PER_RAD, miss);
        out[3][k] = fma::<FUSED>(emission, DEGREES_PER_RAD, miss);
        out[4][k] = fma::<FUSED>(phase, DEGREES_PER_RAD, miss);
    }
}

/// Rays of a block, component by component; not normalised.
struct Rays {
    /// The hit on the unit sphere of the scaled body.
    sphere: [[f64; LANES]; 3],
    /// -(normal · look).
    facing: [f64; LANES],
    /// look · look.
    look_square: [f64; LANES],
    /// (point - sun) · look.
    away_from_sun: [f64; LANES],
    /// Zero for a hit, NaN for a miss: added to every angle.
    hit: [f64; LANES],
}

impl Rays {
    #[inline(always)]
    fn zero() -> Self {
        let lane = [0.0; LANES];
        Self { sphere: [lane; 3], facing: lane, look_square: lane, away_from_sun: lane, hit: lane }
    }
}

#[inline(always)]
fn dot<const FUSED: bool>(a: [f64; 3], b: [f64; 3]) -> f64 {
    fma::<FUSED>(a[0], b[0], fma::<FUSED>(a[1], b[1], a[2] * b[2]))
}

/// [`Scene::plain_lines`] as something a vector unit can run.
#[cfg(target_arch = "x86_64")]
struct Lines<'a, 'b> {
    scene: &'a Scene,
    looks: &'a Looks,
    first: usize,
    width: usize,
    out: Planes<'b>,
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Lines<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.scene.plain_lines::<true>(self.looks, (self.first, self.width), self.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CameraFile, SurfacePoint};
    use facula_core::{BodyFixed, LonLat, PixelPos, Rotation, Vec3, parse_utc};

    /// What the planes promise, degrees.
    const PROMISE_DEG: f64 = 1e-6;

    fn pose(range_km: f64, latitude_deg: f64) -> Pose {
        let spacecraft_km = LonLat::from_degrees(10.0, latitude_deg).direction() * range_km;
        let ahead = (-spacecraft_km).unit().unwrap();
        let across = Vec3::new(0.0, 0.0, 1.0).cross(ahead).unit().unwrap();
        let rows = [across.to_array(), ahead.cross(across).to_array(), ahead.to_array()];
        Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km,
            sun_km: LonLat::from_degrees(60.0, 4.0).direction() * 4.3e8,
            camera_from_body: Rotation::from_rows(rows).unwrap(),
        }
    }

    fn fc2() -> Camera {
        CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
    }

    #[test]
    fn the_fast_planes_are_those_of_one_ray_per_pixel() {
        let ellipsoid = Ellipsoid::new(289.0, 280.0, 229.0).unwrap();
        for (range_km, latitude_deg) in [(5_000.0, 40.0), (600.0, -70.0), (383_000.0, 5.0)] {
            let (camera, pose) = (fc2(), pose(range_km, latitude_deg));
            let planes = angle_planes(&camera, &pose, &ellipsoid).unwrap();
            let from_body: Rotation<BodyFixed, facula_core::Camera> = pose.camera_from_body.inverse();
            let mut seen = 0;
            for line in (0..1024).step_by(3) {
                for sample in 0..1024 {
                    let look = from_body * camera.look(PixelPos::new(sample as f64, line as f64));
                    let found = ellipsoid.intersect_km(pose.spacecraft_km, look);
                    let fast = planes.emission_deg.at(sample, line);
                    let Some((entry_km, _)) = found else {
                        assert!(fast.is_nan());
                        continue;
                    };
                    let point_km = pose.spacecraft_km + look * entry_km;
                    let point = SurfacePoint { point_km, normal: ellipsoid.normal(point_km) };
                    // At the limb rounding moves a point by 1/cos of the emission.
                    let within_deg = PROMISE_DEG + 1e-12 * range_km / (90.0 - fast).to_radians().max(1e-7);
                    let place = LonLat::of(point_km);
                    let sun = (pose.sun_km - point_km).unit().unwrap();
                    let exact = [
                        place.longitude_deg(),
                        place.latitude_deg(),
                        point.normal.angle_rad(sun).to_degrees(),
                        point.normal.angle_rad(-look).to_degrees(),
                        sun.angle_rad(-look).to_degrees(),
                    ];
                    let fast = [
                        planes.longitude_deg.at(sample, line),
                        planes.latitude_deg.at(sample, line),
                        planes.incidence_deg.at(sample, line),
                        fast,
                        planes.phase_deg.at(sample, line),
                    ];
                    for (plane, (a, b)) in fast.into_iter().zip(exact).enumerate() {
                        let error_deg = (a - b + 180.0).rem_euclid(360.0) - 180.0;
                        assert!(error_deg.abs() < within_deg, "{plane} {sample} {line} {a} {b} {within_deg}");
                    }
                    seen += 1;
                }
            }
            assert!(seen > 0);
        }
    }

    #[test]
    fn planes_of_another_size_are_refused() {
        let ellipsoid = Ellipsoid::new(1.0, 1.0, 1.0).unwrap();
        let error = AnglePlanes::new(10, 10).compute(&fc2(), &pose(100.0, 0.0), &ellipsoid).unwrap_err();
        assert!(error.to_string().contains("10"), "{error}");
    }

    #[test]
    fn a_camera_that_looks_away_sees_nothing() {
        let ellipsoid = Ellipsoid::new(482.0, 482.0, 446.0).unwrap();
        let mut pose = pose(5000.0, 0.0);
        pose.spacecraft_km = -pose.spacecraft_km;
        let planes = angle_planes(&fc2(), &pose, &ellipsoid).unwrap();
        assert!(planes.phase_deg.as_slice().iter().all(|value| value.is_nan()));
    }
}
