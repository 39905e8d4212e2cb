// SPDX-License-Identifier: MIT OR Apache-2.0
//! Automation for contributors: `cargo xtask COMMAND`.
//!
//! * `check` does what CI does beside the tests: format, lints, documentation, structure, licences;
//! * `structure` does only the last two, in seconds;
//! * `ephemeris OUT [--wheels DIR]` makes the built-in ephemeris.

#![allow(clippy::print_stderr)]

mod check;
mod ephemeris;
mod licences;

use std::path::Path;
use std::process::Command;

const USAGE: &str = "usage: cargo xtask check | structure | ephemeris OUT [--wheels DIR]";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, _)) if command == "check" => everything(),
        Some((command, _)) if command == "structure" => structure(),
        Some((command, rest)) if command == "ephemeris" => ephemeris::run(rest),
        _ => Err(USAGE.into()),
    }
}

fn everything() -> Result<(), Box<dyn std::error::Error>> {
    let steps: [(&str, &[&str]); 3] = [
        ("format", &["fmt", "--all", "--check"]),
        ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        ("documentation", &["doc", "--workspace", "--no-deps", "--quiet"]),
    ];
    for (name, arguments) in steps {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        let status =
            command.args(arguments).env("RUSTDOCFLAGS", "-D warnings").current_dir(root()).status()?;
        if !status.success() {
            return Err(format!("{name}: `cargo {}` failed", arguments.join(" ")).into());
        }
        eprintln!("{name}: ok");
    }
    structure()
}

fn structure() -> Result<(), Box<dyn std::error::Error>> {
    let mut problems = check::problems(root())?;
    problems.extend(licences::problems(root())?);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        eprintln!("structure, licences: ok");
        return Ok(());
    }
    Err(format!("{} problems of structure", problems.len()).into())
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
