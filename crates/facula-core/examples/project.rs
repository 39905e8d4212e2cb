// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers `crosscheck/check_projections.py`: one question in JSON per line of standard input, one answer per line.
//!
//! `{"projection": {…}, "places_deg": [[longitude, planetocentric latitude], …], "points_m": [[x, y], …]}` gives
//! its PROJ string and WKT 2 (`proj`, `wkt2`), `forward`, `scale` (h, k, areal, distortion in rad), `inverse`, null where there is no answer.

#![allow(clippy::print_stdout)]

use std::io::BufRead;

use facula_core::{Body, GeographicCrs, LonLat, Projection};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    for line in std::io::stdin().lock().lines() {
        println!("{}", answer(&serde_json::from_str(&line?)?)?);
    }
    Ok(())
}

fn answer(question: &Value) -> Result<Value, Error> {
    let map: Projection = serde_json::from_value(question["projection"].clone())?;
    let places: Vec<[f64; 2]> = serde_json::from_value(question["places_deg"].clone())?;
    let points: Vec<[f64; 2]> = serde_json::from_value(question["points_m"].clone())?;
    let places: Vec<LonLat> = places.into_iter().map(|[lon, lat]| LonLat::from_degrees(lon, lat)).collect();
    let forward: Vec<_> = places.iter().map(|place| map.forward(*place)).collect();
    let scale = |place: &LonLat| {
        let s = map.scale(*place)?;
        Some([s.meridian_ratio, s.parallel_ratio, s.areal_ratio, s.angular_distortion_rad])
    };
    let scale: Vec<_> = places.iter().map(scale).collect();
    let inverse =
        |point: &[f64; 2]| map.inverse(*point).map(|place| [place.longitude_deg(), place.latitude_deg()]);
    let inverse: Vec<_> = points.iter().map(inverse).collect();
    let base = GeographicCrs::of(&Body::built_in("ceres")?, &map.spheroid());
    let (proj, wkt2) = (map.proj_string(), map.wkt2(&base));
    let code = map.iau_code(&base);
    Ok(
        json!({ "proj": proj, "wkt2": wkt2, "code": code, "forward": forward, "scale": scale, "inverse": inverse }),
    )
}
