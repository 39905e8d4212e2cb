// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared by the tests of the command: a small campaign, running the built binary, comparing folders.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A campaign of four frames of a coarse Ceres: seconds instead of a minute.
pub const SMALL: &str = r#"
name = "small"
title = "A small simulated campaign"
body = "ceres"
[camera]
name = "dawn_fc2"
[plan]
seed = 7
pointing_error_px = 3.0
twist_error_deg = 0.01
terrain_cells = 192
survey_cells = 72
faculae = 30
[[plan.windows]]
phase = "approach"
start_utc = "2015-04-15T05:30:00"
duration_h = 6.0
frames = 4
filter = "F1"
[plan.windows.arc]
radius_km = 22470.0
reference_utc = "2015-04-15T09:30:00"
latitude_deg = 50.0
sun_offset_deg = -40.0
heading = "southward"
[map]
lines = 360
[align]
method = "limb"
"#;

/// The command with a fixed environment.
pub fn facula(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facula"));
    command.current_dir(folder).env_remove("FACULA_DATA");
    command
}

/// Writes a campaign file and gives its path.
pub fn campaign(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("campaign.toml");
    std::fs::write(&path, text).expect("temporary folder");
    path
}

/// Runs `facula survey campaign.toml --out OUT` with further arguments.
pub fn survey(folder: &Path, out: &str, arguments: &[&str]) -> Output {
    facula(folder)
        .args(["survey", "campaign.toml", "--out", out])
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes; the times in `run.json` are taken out.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below").display().to_string();
            let mut bytes = std::fs::read(&path).expect("readable");
            if name == "run.json" {
                let mut record = json(&path);
                record["timings_s"] = serde_json::Value::Null;
                bytes = record.to_string().into_bytes();
            }
            files.insert(name, bytes);
        }
    }
    files
}

/// A JSON file.
pub fn json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// Fails with the names of files that differ.
pub fn assert_same(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differing: Vec<_> =
        names.into_iter().filter(|name| expected.get(*name) != found.get(*name)).collect();
    assert!(differing.is_empty(), "{what}: these files differ: {differing:?}");
}
