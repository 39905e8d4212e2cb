// SPDX-License-Identifier: MIT OR Apache-2.0
//! Helpers for tests: where the flight data is, and how a test says that it was skipped.

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

#[cfg(test)]
mod tests {
    #[test]
    fn an_unknown_case_is_none() {
        assert!(super::truth_case("no such case").is_none());
    }
}
