// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints what a file holds as JSON, for `crosscheck/check_archive.py`.
//!
//! usage: `dump FILE [PART]`, `dump --convert FILE OUT`, `dump --table FILE NAME`, `dump --keywords FILE`,
//! `dump --time FILE` (best of many reads, ms), `dump --raw FILE OUT BAND` (a band as f32, little endian)

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::path::Path;
use std::time::Instant;

use facula_archive::{ArchiveError, Cells, ImageOptions, Limits, convert, describe, read_image, read_table};
use facula_core::{Raster, Silent};
use serde_json::{Value, json};

/// Reads of a timing; the least time counts.
const RUNS: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--convert", file, out] => {
            let written = convert(Path::new(file), Path::new(out), &ImageOptions::default(), &Silent)?;
            println!("{}", json!(written));
        }
        ["--table", file, name] => println!("{}", table(Path::new(file), name)?),
        ["--keywords", file] => {
            println!("{}", json!(describe(Path::new(file), &Limits::default())?.keywords));
        }
        ["--raw", file, out, band] => {
            let options = ImageOptions { band: band.parse()?, ..Default::default() };
            let read = read_image(Path::new(file), &options, &Silent)?;
            let bytes: Vec<u8> = read.image.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(out, bytes)?;
            println!("{}", json!(read.part.sizes));
        }
        ["--time", file] => println!("{}", json!({ "ms": best_ms(Path::new(file))? })),
        [file] => println!("{}", dump(Path::new(file), None)?),
        [file, part] => println!("{}", dump(Path::new(file), Some(part))?),
        _ => return Err("usage: dump FILE [PART] | --convert FILE OUT | --table FILE NAME | --keywords FILE | --time FILE | --raw FILE OUT BAND".into()),
    }
    Ok(())
}

fn dump(path: &Path, part: Option<&str>) -> Result<Value, ArchiveError> {
    let info = describe(path, &Limits::default())?;
    let mut images = Vec::new();
    for told in info.parts.iter().filter(|p| part.is_none_or(|name| p.part.name == name)) {
        let mut bands = Vec::new();
        for band in 0..told.part.sizes[2] {
            let options = ImageOptions { part: Some(told.part.name.clone()), band, ..Default::default() };
            bands.push(match read_image(path, &options, &Silent) {
                Ok(read) => json!({ "crc32": checksum(&read.image) }),
                Err(error) => json!({ "error": error.to_string() }),
            });
        }
        images.push(json!({
            "name": told.part.name, "sizes": told.part.sizes, "type": told.part.sample_type, "bands": bands,
            "special": told.special_pixels,
        }));
    }
    Ok(json!({
        "kind": info.kind.name(), "keywords": info.keywords.len(), "images": images, "problems": info.problems,
    }))
}

fn table(path: &Path, name: &str) -> Result<Value, ArchiveError> {
    let table = read_table(path, name, &Limits::default())?;
    let cells = |cells: &Cells| match cells {
        Cells::Numbers(numbers) => json!(numbers),
        Cells::Texts(texts) => json!(texts),
        _ => Value::Null,
    };
    Ok(table.columns.iter().map(|column| (column.name.clone(), cells(&column.cells))).collect())
}

/// CRC-32 of the values as little-endian `f32`, every NaN as 0x7fc00000.
fn checksum(image: &Raster<f32>) -> u32 {
    let mut crc = flate2::Crc::new();
    for value in image.as_slice() {
        let bits = if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() };
        crc.update(&bits.to_le_bytes());
    }
    crc.sum()
}

fn best_ms(path: &Path) -> Result<f64, ArchiveError> {
    let mut best_ms = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        read_image(path, &ImageOptions::default(), &Silent)?;
        best_ms = best_ms.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best_ms)
}
