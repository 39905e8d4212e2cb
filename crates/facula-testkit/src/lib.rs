// SPDX-License-Identifier: MIT OR Apache-2.0
//! Helpers for tests: where the flight data is, which kernels go together, and how a test says that it was skipped.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of flight data: `$FACULA_DATA`, or `../shared/data` beside the workspace; `None` when neither is
/// there, in which case the test calls [`skip`] and returns.
pub fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("FACULA_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    named.into_iter().chain([beside]).find(|folder| folder.join("README.md").is_file())
}

/// Says on standard error, past the test runner's capture, that a test did not run and why. The line starts
/// with `SKIPPED`, which `.ci/run` counts.
pub fn skip(test: &str, reason: &str) {
    // Captured output would hide it: the raw handle is not captured.
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: {reason}");
}

/// One case of `truth/cases.json` by its id, with its keys `given`, `expect`, `tolerance`.
pub fn truth_case(id: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(data_folder()?.join("truth/cases.json")).ok()?;
    let all: serde_json::Value = serde_json::from_str(&text).ok()?;
    all["cases"].as_array()?.iter().find(|case| case["id"] == id).cloned()
}

/// The kernels of flight frame FC21A0038582 (Ceres, Survey orbit), in the order of its label.
const SURVEY_KERNELS: [&str; 12] = [
    "naif0012.tls",
    "pck00009.tpc",
    "dawn_ceres_v05.tpc",
    "dawn_ceres_v00.tf",
    "dawn_v15.tf",
    "dawn_fc_v10.ti",
    "dawnfcAddendum002.ti",
    "DAWN_203_SCLKSCET.00091.tsc",
    "dawn_fc_v3_0_sliced_-203120.xc",
    "dawn_sc_150615_150621_0_sliced_-203000.xc",
    "FC21A0038582_15170161546F6F_0.xsp",
    "FC21A0038582_15170161546F6F_1.xsp",
];

/// The kernel files of flight frame FC21A0038582, in the order of its label; `None` without flight data.
pub fn survey_kernels() -> Option<Vec<PathBuf>> {
    let folder = data_folder()?.join("dawn-ceres-survey");
    Some(SURVEY_KERNELS.iter().map(|name| folder.join(name)).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_unknown_case_is_none() {
        assert!(super::truth_case("no such case").is_none());
    }
}
