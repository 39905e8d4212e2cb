// SPDX-License-Identifier: MIT OR Apache-2.0
//! Synthetic shots for the tests of this crate: lit shapes, drawn pixel by pixel through a known pose.

use std::collections::BTreeMap;

use facula_core::{
    Ellipsoid, FrameMeta, IofFrame, Level, LonLat, MapGrid, PixelPos, Pose, Quality, Raster, Rotation, Vec3,
    parse_utc,
};
use facula_geometry::{Camera, Distortion, Shape, Shot, SurfacePoint};
use facula_photometry::DiskFunction;
use rayon::prelude::*;

use crate::ReferenceMap;

/// Blur of the optics in drawn frames, Gaussian sigma, px.
const OPTICS_SIGMA_PX: f64 = 0.5;
/// Rays per pixel along each axis, over three pixels.
const RAYS: usize = 9;

/// How a shot is drawn.
#[derive(Clone)]
pub(crate) struct Scenery {
    pub(crate) shape: Shape,
    pub(crate) disk: DiskFunction,
    /// Where the body lies relative to the axis of the camera, px.
    pub(crate) centre_px: [f64; 2],
    pub(crate) range_km: f64,
    pub(crate) phase_deg: f64,
    pub(crate) noise: f32,
}

impl Default for Scenery {
    fn default() -> Self {
        Self {
            shape: Shape::Ellipsoid(ceres()),
            disk: DiskFunction::LommelSeeliger,
            centre_px: [3.3, -4.7],
            range_km: 14_000.0,
            phase_deg: 40.0,
            noise: 0.002,
        }
    }
}

/// Ceres, dawn_ceres_v06.tpc.
pub(crate) fn ceres() -> Ellipsoid {
    Ellipsoid::new(482.1, 482.1, 445.94).unwrap()
}

/// A small framing camera: 256 px, Ceres is 180 px wide from 14,000 km.
pub(crate) fn camera() -> Camera {
    Camera {
        name: "small".into(),
        width_px: 256,
        height_px: 256,
        focal_length_mm: 37.5,
        pitch_mm: [0.014, 0.014],
        principal_point_px: [127.5, 127.5],
        skew_mm: [0.0, 0.0],
        distortion: Distortion::Radial { e1_per_mm2: 1e-5 },
    }
}

/// A speckle of the ground without repetition, mean 1, the same on every call: hashed values at the corners of
/// cubes of 1 and 3.5 degrees, interpolated smoothly.
pub(crate) fn speckle(place: LonLat) -> f64 {
    let d = place.direction();
    1.0 + 0.4 * lattice([d.x * 57.3, d.y * 57.3, d.z * 57.3])
        + 0.4 * lattice([d.x * 16.3, d.y * 16.3, d.z * 16.3])
}

fn lattice(at: [f64; 3]) -> f64 {
    let corner = |k: usize| {
        let index = [0, 1, 2].map(|axis| at[axis].floor() as i64 + ((k >> axis) & 1) as i64);
        let share = [0, 1, 2].map(|axis| {
            let f = at[axis] - at[axis].floor();
            let s = f * f * (3.0 - 2.0 * f);
            if (k >> axis) & 1 == 1 { s } else { 1.0 - s }
        });
        let key = index[0].wrapping_mul(73_856_093)
            ^ index[1].wrapping_mul(19_349_663)
            ^ index[2].wrapping_mul(83_492_791);
        f64::from(noise(key as usize)) * share.iter().product::<f64>()
    };
    (0..8).map(corner).sum()
}

/// A global map of the speckle, longitude 0 at the left edge.
pub(crate) fn speckle_map(height: usize) -> ReferenceMap {
    let grid = MapGrid::global(height);
    let place = |k: usize| grid.place(PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64));
    let values = (0..grid.width * grid.height).into_par_iter().map(|k| speckle(place(k)) as f32).collect();
    ReferenceMap { grid, values: Raster::from_vec(grid.width, grid.height, values).unwrap() }
}

impl Scenery {
    /// Camera above 10 N 5 E, Sun east of it by the phase angle.
    pub(crate) fn pose(&self) -> Pose {
        let place = LonLat::from_degrees(5.0, 10.0);
        let spacecraft_km = place.direction() * self.range_km;
        let down = -place.direction();
        let east = Vec3::new(0.0, 0.0, 1.0).cross(place.direction()).unit().unwrap();
        let south = down.cross(east);
        let camera_from_body =
            Rotation::from_rows([east.to_array(), south.to_array(), down.to_array()]).unwrap();
        let sun_km = LonLat::from_degrees(5.0 + self.phase_deg, 10.0).direction() * 4.4e8;
        let pose =
            Pose { mid_exposure: parse_utc("2015-05-04").unwrap(), spacecraft_km, sun_km, camera_from_body };
        let ifov_rad = camera().ifov_rad();
        pose.turned(self.centre_px[1] * ifov_rad, -self.centre_px[0] * ifov_rad, 0.0)
    }

    /// Draws the scene with an albedo of the ground; the shot carries the true pose.
    pub(crate) fn draw(&self, albedo: impl Fn(LonLat) -> f64 + Sync) -> Shot {
        let mut shot = empty(self.pose());
        let width = shot.camera.width_px;
        let seen = |at: PixelPos| {
            let Some(hit) = shot.ground(&self.shape, at) else { return 0.0 };
            let light = shot.light(&SurfacePoint { point_km: hit.point_km, normal: hit.normal });
            albedo(LonLat::of(hit.point_km)) * self.disk.value(light)
        };
        let offsets: Vec<(f64, f64)> =
            (0..RAYS).map(|k| (k as f64 + 0.5) / RAYS as f64 * 3.0 - 1.5).map(|u| (u, blur(u))).collect();
        // Only the limb needs many rays.
        let plain = |x_px: f64, y_px: f64| {
            let corners = [(-1.5, -1.5), (1.5, -1.5), (-1.5, 1.5), (1.5, 1.5)];
            let hits =
                corners.map(|(u, v)| shot.ground(&self.shape, PixelPos::new(x_px + u, y_px + v)).is_some());
            hits.iter().all(|hit| *hit) || !hits.iter().any(|hit| *hit)
        };
        let pixel = |k: usize| {
            let (x_px, y_px) = ((k % width) as f64, (k / width) as f64);
            if plain(x_px, y_px) {
                return seen(PixelPos::new(x_px, y_px)) as f32 + self.noise * noise(k);
            }
            let pairs = offsets.iter().flat_map(|v| offsets.iter().map(move |u| (u, v)));
            let (sum, weight) = pairs.fold((0.0, 0.0), |(sum, weight), ((u, wu), (v, wv))| {
                (sum + wu * wv * seen(PixelPos::new(x_px + u, y_px + v)), weight + wu * wv)
            });
            (sum / weight) as f32 + self.noise * noise(k)
        };
        let values: Vec<f32> = (0..width * width).into_par_iter().map(pixel).collect();
        shot.frame.iof = Raster::from_vec(width, width, values).unwrap();
        shot
    }
}

/// Pixel box of width 1 blurred by the optics, by the difference of two logistic curves (close to the normal
/// distribution's for 1.702/sigma).
fn blur(u_px: f64) -> f64 {
    let step = |v: f64| 1.0 / (1.0 + (-1.702 * v / OPTICS_SIGMA_PX).exp());
    step(u_px + 0.5) - step(u_px - 0.5)
}

/// Noise of unit variance: the sum of twelve hashed uniform numbers.
pub(crate) fn noise(k: usize) -> f32 {
    let mut state = (k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut next = || {
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        state ^= state >> 31;
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..12).map(|_| next()).sum::<f32>() - 6.0
}

/// A frame of zeros.
pub(crate) fn empty(pose: Pose) -> Shot {
    let camera = camera();
    let (width, height) = (camera.width_px, camera.height_px);
    let meta = FrameMeta {
        id: "synthetic".into(),
        target: "ceres".into(),
        instrument: "small".into(),
        filter: "F1".into(),
        mid_exposure: pose.mid_exposure,
        exposure_s: 0.01,
        detector_temperature_k: None,
        level: Level::IOverF,
        keywords: BTreeMap::new(),
    };
    let frame = IofFrame {
        meta,
        iof: Raster::filled(width, height, 0.0),
        sigma: Raster::filled(width, height, 0.001),
        quality: Raster::filled(width, height, Quality::GOOD),
    };
    Shot { frame, camera, pose }
}

/// How far apart two poses put a body-fixed point in the frame, px.
pub(crate) fn apart_px(shot: &Shot, other: &Pose, point_km: Vec3<facula_core::BodyFixed>) -> f64 {
    let moved = Shot { pose: *other, ..shot.clone() };
    let (a, b) = (shot.pixel_of(point_km).unwrap(), moved.pixel_of(point_km).unwrap());
    (a.x_px - b.x_px).hypot(a.y_px - b.y_px)
}
