// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `spots`: background, multi-scale detection and measurement. `facula-bench spots FOLDER WIDTH HEIGHT REPEATS`
//! takes `FOLDER/scene.f32` of `benches/rows/spots.py`: a global map when the width is twice the height, else a frame.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::path::Path;
use std::time::Instant;

use facula_core::{Body, Ellipsoid, MapGrid, Quality, Raster, Silent};
use facula_spots::{DetectOptions, Spot, SpotMap, detect};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
/// Full width of the scene's point-spread function, cells.
const PSF_CELLS: f64 = 2.5;

/// Times [`detect`] and gives the least time and the cell position, width and excess of every spot.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [folder, width, height, repeats] = arguments else {
        return Err("usage: facula-bench spots FOLDER WIDTH HEIGHT REPEATS".into());
    };
    let (width, height): (usize, usize) = (width.parse()?, height.parse()?);
    let albedo = read(&Path::new(folder).join("scene.f32"), width, height)?;
    let quality = albedo.map(|_| Quality::GOOD);
    let (grid, ellipsoid) = ground(width, height)?;
    let map = SpotMap {
        grid,
        albedo: &albedo,
        quality: &quality,
        sigma: None,
        coverage: None,
        ellipsoid,
        effective_psf_px: PSF_CELLS,
    };
    let options = DetectOptions::default();
    let mut spots = Vec::new();
    let mut least_s = f64::INFINITY;
    for _ in 0..repeats.parse()? {
        let start = Instant::now();
        spots = detect(&map, &options, &Silent)?;
        least_s = least_s.min(start.elapsed().as_secs_f64());
    }
    let cell_km = grid.step_rad * ellipsoid.mean_radius_km();
    let listed: Vec<Value> = spots.iter().filter_map(|spot| row(spot, &grid, cell_km)).collect();
    Ok(json!({ "row": "spots", "time_s": least_s, "spots": listed }))
}

/// The whole of Ceres, or a plane of pixels (one a unit of length, far out on a sphere a million wide).
fn ground(width: usize, height: usize) -> Result<(MapGrid, Ellipsoid), Error> {
    if width == 2 * height {
        let step_rad = PI / height as f64;
        let grid = MapGrid { width, height, west_rad: -PI, north_rad: FRAC_PI_2, step_rad };
        return Ok((grid, Body::built_in("ceres").map_err(|e| e.to_string())?.ellipsoid()));
    }
    let step_rad = 1e-6;
    let grid =
        MapGrid { width, height, west_rad: TAU / 4.0, north_rad: 0.5 * height as f64 * step_rad, step_rad };
    Ok((grid, Ellipsoid::new(1e6, 1e6, 1e6).ok_or("sphere")?))
}

fn row(spot: &Spot, grid: &MapGrid, cell_km: f64) -> Option<Value> {
    let at = grid.position(spot.place)?;
    Some(json!({
        "x_px": at.x_px, "y_px": at.y_px, "diameter_px": spot.diameter_km / cell_km,
        "excess_px2": spot.excess_km2 / (cell_km * cell_km), "contrast": spot.contrast,
        "significance": spot.significance,
    }))
}

fn read(path: &Path, width: usize, height: usize) -> Result<Raster<f32>, Error> {
    let bytes = std::fs::read(path)?;
    let values = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    Raster::from_vec(width, height, values)
        .ok_or_else(|| format!("{} is not {width} x {height}", path.display()).into())
}
