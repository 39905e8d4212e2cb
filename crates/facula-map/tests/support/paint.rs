// SPDX-License-Identifier: MIT OR Apache-2.0
//! A painted world and a camera that photographs it: the truth of the closed-loop tests.
#![allow(dead_code, clippy::unwrap_used)]

use facula_core::{
    BodyFixed, Ellipsoid, FrameMeta, IofFrame, Level, LonLat, PixelPos, Pose, Quality, Raster, Rotation,
    Vec3, parse_utc,
};
use facula_geometry::{Camera, Distortion, Shape, Shot, SurfacePoint};
use facula_photometry::SurfaceModel;
use rayon::prelude::*;

/// Rays per pixel along each side: enough that aliasing stays below 0.1 %.
const RAYS: usize = 3;

pub fn model() -> SurfaceModel {
    SurfaceModel::lommel_seeliger(0.12)
}

pub fn ceres() -> Shape {
    Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).unwrap())
}

/// A frame camera with the pixel of Dawn's FC2 (14 µm over 150 mm) and its distortion.
pub fn camera(side_px: usize) -> Camera {
    let middle_px = (side_px as f64 - 1.0) / 2.0;
    Camera {
        name: "test".into(),
        width_px: side_px,
        height_px: side_px,
        focal_length_mm: 150.08,
        pitch_mm: [0.014004, 0.013995],
        principal_point_px: [middle_px, middle_px],
        skew_mm: [0.0, 0.0],
        distortion: Distortion::Radial { e1_per_mm2: 8.4e-6 },
    }
}

/// A camera above a place, looking at the centre of the body, the Sun `sun_deg` degrees east of it.
pub fn pose(above: LonLat, range_km: f64, sun_deg: f64) -> Pose {
    let z = -above.direction();
    let x = z.cross(Vec3::new(0.1, 0.2, 1.0)).unit().unwrap();
    let y = z.cross(x);
    let sun = LonLat::new(above.longitude_rad + sun_deg.to_radians(), 0.2 * above.latitude_rad);
    Pose {
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        spacecraft_km: above.direction() * range_km,
        sun_km: sun.direction() * 4.3e8,
        camera_from_body: Rotation::from_rows([x.to_array(), y.to_array(), z.to_array()]).unwrap(),
    }
}

/// Normal albedo of the painted world: waves of some tens of km, and bright spots.
pub fn painted(direction: Vec3<BodyFixed>) -> f64 {
    let waves = (9.0 * direction.x + 4.0 * direction.y).sin() * (8.0 * direction.z - 5.0 * direction.x).cos();
    let spots: f64 = [(239.3, 19.8, 0.10), (10.0, -30.0, 0.05), (120.0, 50.0, 0.08)]
        .into_iter()
        .map(|(lon, lat, height)| {
            let apart = direction - LonLat::from_degrees(lon, lat).direction();
            // One sigma of 0.01 rad is 5 km on Ceres.
            height * (-apart.dot(apart) / (2.0 * 0.01 * 0.01)).exp()
        })
        .sum();
    0.09 * (1.0 + 0.2 * waves) + spots
}

pub fn blank(id: &str, side_px: usize) -> IofFrame {
    let meta = FrameMeta {
        id: id.into(),
        target: "ceres".into(),
        instrument: "test".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        exposure_s: 0.1,
        detector_temperature_k: None,
        level: Level::IOverF,
        keywords: Default::default(),
    };
    IofFrame {
        meta,
        iof: Raster::filled(side_px, side_px, 0.0),
        sigma: Raster::filled(side_px, side_px, 1e-4),
        quality: Raster::filled(side_px, side_px, Quality::GOOD),
    }
}

/// Photographs the painted world by ray casting.
pub fn photograph(id: &str, shape: &Shape, pose: Pose, side_px: usize) -> Shot {
    let mut shot = Shot { frame: blank(id, side_px), camera: camera(side_px), pose };
    let offset = |k: usize| (k as f64 + 0.5) / RAYS as f64 - 0.5;
    let pixel = |k: usize| {
        let (x, y) = ((k % side_px) as f64, (k / side_px) as f64);
        let rays = (0..RAYS * RAYS).map(|r| PixelPos::new(x + offset(r % RAYS), y + offset(r / RAYS)));
        (rays.map(|at| brightness(&shot, shape, at)).sum::<f64>() / (RAYS * RAYS) as f64) as f32
    };
    let values = (0..side_px * side_px).into_par_iter().map(pixel).collect();
    shot.frame.iof = Raster::from_vec(side_px, side_px, values).unwrap();
    shot
}

fn brightness(shot: &Shot, shape: &Shape, at: PixelPos) -> f64 {
    let Some(hit) = shot.ground(shape, at) else { return 0.0 };
    let point = SurfacePoint { point_km: hit.point_km, normal: hit.normal };
    if shape.shadowed(&point, shot.pose.sun_km) {
        return 0.0;
    }
    model().iof_per_albedo(shot.light(&point)) * painted(hit.point_km.unit().unwrap())
}
