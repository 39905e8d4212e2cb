// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers `crosscheck/check_detection.py`: reads a question in JSON from standard input, one a line, and writes the
//! spots found as one line of JSON each.
//!
//! `{"path": "scene.f32", "width": …, "height": …, "psf_px": …}`: little-endian 32-bit floats, lines from the top, NaN
//! where nothing is known. They are a plane of square cells, a kilometre each; all lengths of the options are in cells.
//! Options by name, each with Facula's default: `least_significance`, `false_alarm_rate`, `least_contrast`,
//! `least_contrast_small`, `background_px`, `noise_px`, `largest_px`, `slopes` (`flagged` or `left-out`).

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::io::BufRead;

use facula_core::{Ellipsoid, MapGrid, Quality, Raster, Silent};
use facula_spots::{DetectOptions, Slopes, Spot, SpotMap, detect};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
/// A cell, seen from the middle of a sphere so large that the plane of cells is flat on it.
const CELL_RAD: f64 = 1e-6;

fn main() -> Result<(), Error> {
    for question in std::io::stdin().lock().lines() {
        println!("{}", answer(&serde_json::from_str(&question?)?)?);
    }
    Ok(())
}

fn answer(question: &Value) -> Result<Value, Error> {
    let size = |key: &str| question[key].as_u64().map(|v| v as usize).ok_or(format!("{key} is missing"));
    let (width, height) = (size("width")?, size("height")?);
    let bytes = std::fs::read(question["path"].as_str().ok_or("path is missing")?)?;
    let values = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let albedo = Raster::from_vec(width, height, values).ok_or("the file is not width x height floats")?;
    let quality = albedo.map(|_| Quality::GOOD);
    let grid = MapGrid {
        width,
        height,
        west_rad: 1.0,
        north_rad: 0.5 * height as f64 * CELL_RAD,
        step_rad: CELL_RAD,
    };
    let map = SpotMap {
        grid,
        albedo: &albedo,
        quality: &quality,
        sigma: None,
        coverage: None,
        ellipsoid: Ellipsoid::new(1.0 / CELL_RAD, 1.0 / CELL_RAD, 1.0 / CELL_RAD).ok_or("sphere")?,
        effective_psf_px: question["psf_px"].as_f64().ok_or("psf_px is missing")?,
    };
    let spots = detect(&map, &options(question), &Silent)?;
    Ok(spots.iter().filter_map(|spot| row(spot, &grid)).collect())
}

fn options(question: &Value) -> DetectOptions {
    let given = |key: &str, otherwise: f64| question[key].as_f64().unwrap_or(otherwise);
    let usual = DetectOptions::default();
    DetectOptions {
        least_significance: given("least_significance", usual.least_significance),
        false_alarm_rate: given("false_alarm_rate", usual.false_alarm_rate),
        least_contrast: given("least_contrast", usual.least_contrast),
        least_contrast_small: given("least_contrast_small", usual.least_contrast_small),
        background_km: given("background_px", usual.background_km),
        noise_km: given("noise_px", usual.noise_km),
        largest_km: given("largest_px", usual.largest_km),
        slopes: if question["slopes"] == "flagged" { Slopes::Flagged } else { usual.slopes },
        most_spots: 100_000,
        ..usual
    }
}

/// Lengths in cells; the excess in cells of the background's brightness.
fn row(spot: &Spot, grid: &MapGrid) -> Option<Value> {
    let at = grid.position(spot.place)?;
    Some(json!({
        "x_px": at.x_px, "y_px": at.y_px, "position_sigma_px": spot.position_sigma_km,
        "diameter_px": spot.diameter_km, "disc_diameter_px": spot.disc_diameter_km,
        "excess_px2": spot.excess_km2, "excess_sigma_px2": spot.excess_sigma_km2, "contrast": spot.contrast, "mean_albedo": spot.mean_albedo,
        "albedo_sigma": spot.albedo_sigma, "disc_albedo": spot.disc_albedo, "disc_albedo_low": spot.disc_albedo_low,
        "disc_albedo_high": spot.disc_albedo_high, "background_albedo": spot.background_albedo,
        "significance": spot.significance, "scale_px": spot.scale_km, "slope_fraction": spot.slope_fraction,
        "flags": spot.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>(),
    }))
}
