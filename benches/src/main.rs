// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timings of Facula, one row of DESIGN section 5 a run: `facula-bench ROW [ARGUMENTS…]` prints one JSON object.
//!
//! `benches/run.py` calls it and its peers in turn on the same machine, checks that their results agree, and prints
//! the ratios.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod backplanes;
mod calibrate;
mod cog;
mod map;
mod mosaic;
mod photometry;
mod rays;
mod read;
mod render;
mod spots;
mod states;

use std::process::ExitCode;

use serde_json::Value;

/// Times one row with the arguments after its name.
type Row = fn(&[String]) -> Result<Value, Box<dyn std::error::Error>>;

/// Rows by name.
const ROWS: &[(&str, Row)] = &[
    ("backplanes", backplanes::run),
    ("calibrate", calibrate::run),
    ("map", map::run),
    ("cog", cog::run),
    ("mosaic", mosaic::run),
    ("cog-stream", cog::stream),
    ("photometry", photometry::run),
    ("rays", rays::run),
    ("read", read::run),
    ("render", render::run),
    ("spots", spots::run),
    ("states", states::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let row = arguments.first().and_then(|name| ROWS.iter().find(|(known, _)| known == name));
    let Some((_, run)) = row else {
        let known: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
        eprintln!("usage: facula-bench ROW [ARGUMENTS…]; rows: {}", known.join(", "));
        return ExitCode::from(2);
    };
    match run(&arguments[1..]) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
