// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers `crosscheck/check_projections.py`: a projection in JSON per line of standard input, its coordinate system for
//! Ceres as GeoTIFF keys per line: method code (null without one), `[[key, value], …]`, radii, names.

#![allow(clippy::print_stdout)]

use std::io::BufRead;

use facula_core::{Body, Projection};
use facula_map::MapCrs;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = Body::built_in("ceres")?;
    for line in std::io::stdin().lock().lines() {
        let map: Projection = serde_json::from_str(&line?)?;
        let crs = MapCrs::projected(&body, map);
        let keys = crs.geo_tiff();
        println!(
            "{}",
            json!({
                "method": keys.method_code, "parameters": keys.parameters, "radii_m": keys.radii_m,
                "name": crs.projected_name(), "geographic": crs.geographic_name, "datum": crs.datum_name,
            })
        );
    }
    Ok(())
}
