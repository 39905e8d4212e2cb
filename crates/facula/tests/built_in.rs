// SPDX-License-Identifier: MIT OR Apache-2.0
//! The built-in campaign, whole: what was put in is recovered, and every product is there.

#![allow(clippy::unwrap_used)]

mod support;

use support::{facula, json, stderr};

#[test]
fn the_built_in_survey_recovers_its_truth() {
    let temp = tempfile::tempdir().unwrap();
    let output = facula(temp.path()).args(["survey", "--out", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let out = temp.path().join("out");
    let record = json(&out.join("run.json"));
    let recovery = &record["recovery"];
    let number = |key: &str| recovery[key].as_f64().unwrap_or(f64::NAN);
    assert!(number("spots_to_find") >= 50.0, "{recovery}");
    assert!(number("completeness_fraction") >= 0.95, "{recovery}");
    assert!(number("false_fraction") <= 0.05, "{recovery}");
    assert!(number("position_rms_px") <= 0.5, "{recovery}");
    assert!(number("registration_rms_px") <= 0.5, "{recovery}");
    assert!(number("pointing_error_rms_px") >= 2.0, "the alignment had something to do: {recovery}");
    assert!(number("map_albedo_rms_fraction") <= 0.05, "{recovery}");
    assert!(number("spot_albedo_rms_fraction") <= 0.05, "{recovery}");
    assert!(record["outcome"]["frames_used"].as_u64().unwrap() >= 60);
    let verdict = json(&out.join("verdict.json"));
    assert!(
        verdict["reflecting"].as_u64().unwrap() > 20 && verdict["self_luminous"] == 0,
        "{}",
        verdict["statement"]
    );
    let products = [
        "map/map.tif",
        "map/quality.tif",
        "map/coverage.tif",
        "map/scale.tif",
        "spots.geojson",
        "spots.parquet",
        "light_curves.parquet",
        "verdict.json",
        "figures/map.png",
        "figures/light_curves.png",
        "animation.gif",
        "report.html",
        "catalog.json",
        "run.json",
        "truth.json",
    ];
    for product in products {
        assert!(out.join(product).is_file(), "{product}");
    }
}
