// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures of the built-in worlds, to be looked at: `cargo run -p facula-world --example look -- FOLDER`.
//!
//! Shaded relief (Lommel-Seeliger, no cast shadows) of the ground at the footprint of a pixel.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use facula_core::{Body, BodyFixed, LonLat, Vec3, write_aside};
use facula_world::{World, WorldOptions};
use rayon::prelude::*;

/// What a picture shows.
struct Picture {
    name: &'static str,
    place: LonLat,
    pixel_km: f64,
    size_px: usize,
    /// Whole globe seen from far away, or a map about a place.
    globe: Globe,
}

enum Globe {
    Whole,
    Map,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("say which folder the pictures shall go to")?;
    std::fs::create_dir_all(&folder)?;
    let options = WorldOptions { terrain_cells: 64, survey_cells: 16, ..Default::default() };
    for (body, pictures) in [("ceres", ceres()), ("vesta", vesta())] {
        let world = World::built_in(&Body::built_in(body)?, &options);
        for picture in pictures {
            let path = Path::new(&folder).join(format!("{body}_{}.png", picture.name));
            let bytes = png_bytes(&picture, &shade(&world, &picture))?;
            write_aside(&path, |file| file.write_all(&bytes))?;
        }
    }
    Ok(())
}

fn ceres() -> Vec<Picture> {
    let map = |name, (lon, lat), pixel_km| Picture {
        name,
        place: LonLat::from_degrees(lon, lat),
        pixel_km,
        size_px: 700,
        globe: Globe::Map,
    };
    vec![
        Picture {
            name: "globe_2km",
            place: LonLat::from_degrees(225.0, 15.0),
            pixel_km: 2.0,
            size_px: 500,
            globe: Globe::Whole,
        },
        map("occator_140m", (239.6, 19.7), 0.14),
        map("occator_35m", (239.6, 19.7), 0.035),
        map("vinalia_35m", (240.6, 17.9), 0.035),
        map("ahuna_140m", (316.2, -10.48), 0.14),
        map("plain_140m", (100.0, -5.0), 0.14),
        map("cube_corner_140m", (45.0, 35.26), 0.14),
        map("cube_corner_35m", (45.0, 35.26), 0.035),
    ]
}

fn vesta() -> Vec<Picture> {
    let globe = |name, (lon, lat)| Picture {
        name,
        place: LonLat::from_degrees(lon, lat),
        pixel_km: 1.2,
        size_px: 500,
        globe: Globe::Whole,
    };
    vec![globe("south_1km", (86.3, -72.0)), globe("equator_1km", (340.0, 10.0))]
}

/// Brightness of the pixels.
fn shade(world: &World, picture: &Picture) -> Vec<u8> {
    let up = picture.place.direction();
    let east = Vec3::new(0.0, 0.0, 1.0).cross(up).unit().unwrap_or(Vec3::new(1.0, 0.0, 0.0));
    let north = up.cross(east);
    // From the upper left, 35 degrees above the ground of a map; 40 degrees from the eye for a globe.
    let sun = match picture.globe {
        Globe::Map => up * 0.5 + north * 0.5 - east * 0.7,
        Globe::Whole => up * 0.75 + north * 0.3 - east * 0.6,
    };
    let sun = sun * (1.0 / sun.length());
    let size = picture.size_px;
    let pixel = |k: usize| {
        let along = |k: usize| (k as f64 - 0.5 * size as f64) * picture.pixel_km;
        let (x_km, y_km) = (along(k % size), -along(k / size));
        let side_km = east * x_km + north * y_km;
        let Some(d) = place(world, picture, (up, side_km)) else { return 0.0 };
        let normal = world.normal_at(d, picture.pixel_km);
        let eye = match picture.globe {
            Globe::Map => d,
            Globe::Whole => up,
        };
        let (mu0, mu) = (normal.dot(sun).max(0.0), normal.dot(eye).max(0.02));
        world.albedo_at(d, picture.pixel_km) * mu0 / (mu0 + mu)
    };
    let values: Vec<f64> = (0..size * size).into_par_iter().map(pixel).collect();
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let white = 1.6 * sorted.get(sorted.len() / 2).copied().unwrap_or(1.0);
    values.iter().map(|v| (255.0 * (v / white).min(1.0).powf(0.7)) as u8).collect()
}

fn place(
    world: &World,
    picture: &Picture,
    (up, side_km): (Vec3<BodyFixed>, Vec3<BodyFixed>),
) -> Option<Vec3<BodyFixed>> {
    match picture.globe {
        Globe::Map => (up * world.ellipsoid().radius_km(up) + side_km).unit(),
        Globe::Whole => {
            let eye_km = up * 1e4 + side_km;
            let (entry_km, _) = world.ellipsoid().intersect_km(eye_km, -up)?;
            (eye_km - up * entry_km).unit()
        }
    }
}

fn png_bytes(picture: &Picture, pixels: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let size = picture.size_px as u32;
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
