// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flight campaigns of the repository, on flight data.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use facula::archive::{Limits, read_map};
use facula::core::{MapImage, PixelPos};
use facula_testkit::{data_folder, skip};
use support::{facula, json, stderr};

/// Runs a campaign of the repository; `None` where there is no flight data.
fn run(name: &str, temp: &Path) -> Option<PathBuf> {
    let Some(data) = data_folder() else {
        skip(name, "no flight data; set FACULA_DATA");
        return None;
    };
    let campaign = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../campaigns/{name}.toml"));
    let data = data.canonicalize().unwrap();
    let mut command = facula(temp);
    command.arg("survey").arg(campaign).args(["--out", name]).env("FACULA_DATA", data);
    let output = command.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    Some(temp.join(name))
}

fn spots(out: &Path) -> Vec<(String, f64, f64, f64)> {
    let collection = json(&out.join("spots.geojson"));
    let feature = |f: &serde_json::Value| {
        let at = &f["geometry"]["coordinates"];
        let name = f["properties"]["name"].as_str().unwrap_or_default().to_string();
        let contrast = f["properties"]["contrast"].as_f64().unwrap();
        (name, at[0].as_f64().unwrap().rem_euclid(360.0), at[1].as_f64().unwrap(), contrast)
    };
    collection["features"].as_array().unwrap().iter().map(feature).collect()
}

fn separation_deg(a: (f64, f64), b: (f64, f64)) -> f64 {
    let place = |(lon, lat)| facula::core::LonLat::from_degrees(lon, lat);
    place(a).separation_rad(place(b)).to_degrees()
}

#[test]
fn the_limb_of_vesta_fits_within_three_tenths_of_a_pixel() {
    let temp = tempfile::tempdir().unwrap();
    let Some(out) = run("vesta-approach", temp.path()) else { return };
    let alignment = &json(&out.join("run.json"))["alignment"][0];
    let rms_px = alignment["residual_rms_px"].as_f64().unwrap();
    let used = alignment["points_used"].as_u64().unwrap();
    assert!(rms_px <= 0.3 && used >= 100, "{rms_px} px over {used} points");
    for figure in ["frame_FC21A0002962_11198033947F1H.png", "limb_FC21A0002962_11198033947F1H.png", "map.png"]
    {
        assert!(out.join("figures").join(figure).is_file(), "{figure}");
    }
}

/// East longitude of the left edge of the albedo map of Vesta in the longitudes of the shape model, degrees: of all edges
/// the one at which the two agree best, to 0.25 degrees.
const VESTA_WEST_DEG: f64 = -30.0;

/// Correlation of a map with another one moved by cells, weighted by area.
fn correlation(map: &MapImage, other: &MapImage, shift: [f64; 2]) -> f64 {
    let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (line, column) in
        (0..map.grid.height).step_by(2).flat_map(|l| (0..map.grid.width).step_by(2).map(move |c| (l, c)))
    {
        let value = f64::from(map.values.at(column, line));
        let at = PixelPos::new(column as f64 + shift[0], line as f64 + shift[1]);
        let seen = other.grid.position(map.grid.place(at)).and_then(|at| other.values.bilinear(at));
        let (Some(seen), true) = (seen, value.is_finite()) else { continue };
        let (weight, seen) = (map.grid.place(at).latitude_rad.cos().max(0.0), f64::from(seen));
        n += weight;
        x += weight * value;
        y += weight * seen;
        xx += weight * value * value;
        yy += weight * seen * seen;
        xy += weight * value * seen;
    }
    (xy / n - x / n * y / n) / ((xx / n - (x / n).powi(2)) * (yy / n - (y / n).powi(2))).sqrt()
}

/// One frame at 1.3 km per pixel over a shape that resolves 4 km: slopes that the shape does not have look like albedo.
const VESTA_CORRELATION: f64 = 0.45;
/// Cells of 0.25 degrees; a pixel of the frame is 1.2 of them.
const VESTA_OFFSET_CELLS: f64 = 2.0;

#[test]
fn the_map_of_the_vesta_frame_agrees_with_the_published_albedo_map() {
    let temp = tempfile::tempdir().unwrap();
    let Some(out) = run("vesta-approach", temp.path()) else { return };
    let map = read_map(&out.join("map/map.tif"), 0.0, &Limits::default()).unwrap();
    let path = data_folder().unwrap().join("maps/vesta_albedo_4096.jpg");
    let published = read_map(&path, VESTA_WEST_DEG, &Limits::default()).unwrap();
    let shifts = (-8..=8).flat_map(|x| (-6..=6).map(move |y| [f64::from(x), f64::from(y)]));
    let best = shifts
        .map(|shift| (correlation(&map, &published, shift), shift))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap();
    println!("Vesta: correlation {:.3} at an offset of {:?} cells of 0.25 deg", best.0, best.1);
    assert!(best.0 >= VESTA_CORRELATION, "{best:?}");
    assert!(best.1.iter().all(|cells| cells.abs() <= VESTA_OFFSET_CELLS), "{best:?}");
}

#[test]
fn the_strongest_spot_of_the_hamo_frame_lies_where_the_global_map_has_it() {
    let temp = tempfile::tempdir().unwrap();
    let Some(close) = run("ceres-hamo", temp.path()) else { return };
    let Some(global) = run("ceres-global", temp.path()) else { return };
    let strongest = spots(&close).into_iter().next().expect("a spot");
    let radius_km = 470.0;
    let nearest_km = spots(&global)
        .iter()
        .map(|spot| separation_deg((spot.1, spot.2), (strongest.1, strongest.2)).to_radians() * radius_km)
        .fold(f64::INFINITY, f64::min);
    assert!(nearest_km <= 4.0, "{nearest_km} km from {strongest:?}");
}

#[test]
fn the_named_bright_spots_of_ceres_are_in_the_list() {
    let temp = tempfile::tempdir().unwrap();
    let Some(out) = run("ceres-global", temp.path()) else { return };
    let found = spots(&out);
    // IAU positions (Gazetteer of Planetary Nomenclature), degrees east and north.
    let named = [
        ("Cerealia Facula", 239.6, 19.7),
        ("Vinalia Faculae", 242.0, 20.2),
        ("Haulani", 10.7732, 5.8008),
        ("Oxo", 359.6, 42.2149),
    ];
    for (name, longitude_deg, latitude_deg) in named {
        let nearest_deg = found
            .iter()
            .filter(|spot| spot.0 == name)
            .map(|spot| separation_deg((spot.1, spot.2), (longitude_deg, latitude_deg)))
            .fold(f64::INFINITY, f64::min);
        assert!(nearest_deg <= 1.0, "{name}: nearest spot of that name {nearest_deg} degrees away");
    }
}
