// SPDX-License-Identifier: MIT OR Apache-2.0
//! Renders the built-in Ceres as Dawn saw it from RC3 above Occator, and prints how bright the spots are.
//!
//! `cargo run -p facula-simulate --example 02_simulate_spots`

#![allow(clippy::print_stdout)]

use facula_core::{Body, LonLat, Pose, Rotation, Vec3, parse_utc};
use facula_geometry::CameraFile;
use facula_photometry::SurfaceModel;
use facula_simulate::{RenderOptions, Scene, render};
use facula_world::{World, WorldOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = Body::built_in("ceres")?;
    let world = World::built_in(&body, &WorldOptions::default());
    let camera = CameraFile::built_in("dawn_fc2")?.camera("F1")?;
    // 14,070 km from the centre over 240 E on the equator, looking down, north up, the Sun 20 degrees to the east.
    let (up, north) = (LonLat::from_degrees(240.0, 0.0).direction(), Vec3::new(0.0, 0.0, 1.0));
    let east = north.cross(up);
    let rows = [east.to_array(), (-north).to_array(), (-up).to_array()];
    let pose = Pose {
        mid_exposure: parse_utc("2015-05-04").ok_or("time")?,
        spacecraft_km: up * 14_070.0,
        sun_km: LonLat::from_degrees(260.0, 4.0).direction() * 4.3e8,
        camera_from_body: Rotation::from_rows(rows).ok_or("rotation")?,
    };
    let model = SurfaceModel::lommel_seeliger(world.phase_slope);
    let scene = Scene::new(&world.shape, &world, &model);
    let iof = render(&scene, &camera, &pose, &RenderOptions::default())?.iof;
    for (name, longitude_deg, latitude_deg) in [("Cerealia Facula", 239.6, 19.7), ("plain", 225.0, 10.0)] {
        let place = LonLat::from_degrees(longitude_deg, latitude_deg);
        let ground = world.shape.surface(place.direction()).ok_or("no ground")?;
        let seen = pose.camera_from_body * (ground.point_km - pose.spacecraft_km);
        let at = camera.pixel(seen).ok_or("behind the camera")?;
        let value = iof.bilinear(at).unwrap_or(f32::NAN);
        println!("{name:>16}: I/F {value:.3} at pixel ({:.1}, {:.1})", at.x_px, at.y_px);
    }
    Ok(())
}
