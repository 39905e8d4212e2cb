// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `cog`: a raster of floats to a Cloud Optimized GeoTIFF. `facula-bench cog RASTER.f32 WIDTH HEIGHT OUT.tif
//! CODEC LEVEL ROUNDS` reads little-endian floats and writes them `ROUNDS` times; the file of the last round stays.
//! `facula-bench cog-stream WIDTH HEIGHT OUT.tif EVERY` gives every `EVERY`th block of a made-up map to the writer, block by
//! block and never whole: the time is that of writing, and the memory that of the process (`/usr/bin/time -v`).

use std::path::Path;
use std::time::Instant;

use facula_core::{Body, MapGrid, Raster};
use facula_map::{
    Band, BandInfo, Codec, CogImage, CogLayout, CogOptions, CogWriter, Georeference, Pixels, write_cog,
};
use rayon::prelude::*;
use serde_json::{Value, json};

/// Times the writer from pixels in memory to the renamed file.
pub fn run(arguments: &[String]) -> Result<Value, Box<dyn std::error::Error>> {
    let [raster, width, height, out, codec, level, rounds] = arguments else {
        return Err("usage: facula-bench cog RASTER.f32 WIDTH HEIGHT OUT.tif CODEC LEVEL ROUNDS".into());
    };
    let (width, height): (usize, usize) = (width.parse()?, height.parse()?);
    let bytes = std::fs::read(raster)?;
    let values = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let pixels = Raster::from_vec(width, height, values).ok_or("the file is not of that size")?;
    let georeference = Georeference::of(&Body::built_in("ceres")?, MapGrid::global(height));
    let image = CogImage {
        georeference: (width == 2 * height).then_some(georeference),
        bands: vec![Band::new("values", "", Pixels::F32(&pixels))],
        metadata: Vec::new(),
    };
    let codec = if codec == "zstd" { Codec::Zstd } else { Codec::Deflate };
    let options = CogOptions { codec, deflate_level: level.parse()?, ..CogOptions::default() };
    let mut least_s = f64::INFINITY;
    for _ in 0..rounds.parse::<usize>()?.max(1) {
        let start = Instant::now();
        write_cog(Path::new(out), &image, &options)?;
        least_s = least_s.min(start.elapsed().as_secs_f64());
    }
    let file_bytes = std::fs::metadata(out)?.len();
    Ok(
        json!({ "row": "cog", "seconds": least_s, "bytes": file_bytes, "threads": rayon::current_num_threads() }),
    )
}

/// Times the writer alone: blocks are made before the clock starts and given again and again.
pub fn stream(arguments: &[String]) -> Result<Value, Box<dyn std::error::Error>> {
    let [width, height, out, every] = arguments else {
        return Err("usage: facula-bench cog-stream WIDTH HEIGHT OUT.tif EVERY".into());
    };
    let (width, height, every): (usize, usize, usize) = (width.parse()?, height.parse()?, every.parse()?);
    let options = CogOptions::default();
    let blocks: Vec<Vec<f32>> = (0..16).map(|seed| made_up(options.tile_px, seed)).collect();
    let start = Instant::now();
    let layout = CogLayout::<f32>::new(width, height, vec![BandInfo::new("values", "")]);
    let writer = CogWriter::create(Path::new(out), layout, &options)?;
    let (across, down) = writer.blocks();
    (0..across * down).into_par_iter().filter(|index| index % every.max(1) == 0).try_for_each(|index| {
        writer.put(index % across, index / across, &[&blocks[index * 7 % blocks.len()]])
    })?;
    let given_s = start.elapsed().as_secs_f64();
    writer.finish()?;
    let (seconds, file_bytes) = (start.elapsed().as_secs_f64(), std::fs::metadata(out)?.len());
    Ok(json!({ "row": "cog-stream", "seconds": seconds, "given_s": given_s, "bytes": file_bytes }))
}

/// Albedo with waves and 1 % of noise.
fn made_up(side: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut noise = || {
        // Sum of four uniform numbers, near enough to a Gaussian of variance 1/3.
        (0..4)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            })
            .sum::<f32>()
    };
    let wave = |i: usize| ((i % side) as f32 * 0.02).sin() * ((i / side) as f32 * 0.013 + seed as f32).cos();
    (0..side * side).map(|i| (0.035 + 0.005 * wave(i)) * (1.0 + 0.017 * noise())).collect()
}
