// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `read`: a file of an archive opened, described by its label and decoded to `f32`, from the page cache.
//! `facula-bench read FILE…` times each file and tells the sum of its pixels for the comparison with the peers.

use std::path::Path;
use std::time::Instant;

use facula_archive::{ImageOptions, read_image};
use facula_core::Silent;
use serde_json::{Value, json};

const REPEATS: usize = 200;

/// Least time of each file, ms, and the sum of its pixels that have a value.
pub fn run(files: &[String]) -> Result<Value, Box<dyn std::error::Error>> {
    if files.is_empty() {
        return Err("usage: facula-bench read FILE…".into());
    }
    let mut figures = Vec::new();
    for file in files {
        let mut least_ms = f64::INFINITY;
        for _ in 0..REPEATS {
            let start = Instant::now();
            drop(read_image(Path::new(file), &ImageOptions::default(), &Silent)?);
            least_ms = least_ms.min(start.elapsed().as_secs_f64() * 1000.0);
        }
        let read = read_image(Path::new(file), &ImageOptions::default(), &Silent)?;
        let good = read.image.as_slice().iter().filter(|value| !value.is_nan());
        let sum: f64 = good.map(|value| f64::from(*value)).sum();
        figures.push(json!({ "file": file, "ms": least_ms, "sum": sum }));
    }
    Ok(json!({ "row": "read", "files": figures }))
}
