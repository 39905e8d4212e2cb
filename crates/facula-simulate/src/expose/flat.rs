// SPDX-License-Identifier: MIT OR Apache-2.0
//! How pixels differ in their response.

use facula_core::{Random, Raster};

/// A detector's response per pixel, mean 1: vignetting of 2 % at the corners and 1 % from pixel to pixel
/// (assumed), and what a calibration knows of it (0.1 % off).
#[derive(Debug, Clone)]
pub struct FlatField {
    /// True response.
    pub truth: Raster<f32>,
    /// Response as measured on ground.
    pub measured: Raster<f32>,
}

impl FlatField {
    /// The flat field of a detector of the given size for a seed.
    pub fn new(width: usize, height: usize, seed: u64) -> Self {
        let mut random = Random::new(seed, 3);
        let (cx, cy) = (0.5 * (width as f64 - 1.0), 0.5 * (height as f64 - 1.0));
        let corner = cx.hypot(cy).max(1.0);
        let mut truth = Raster::filled(width, height, 1.0f32);
        let mut measured = truth.clone();
        for k in 0..width * height {
            let r = ((k % width) as f64 - cx).hypot((k / width) as f64 - cy) / corner;
            let (pixel, error) = random.normal_pair();
            let response = (1.0 - 0.02 * r * r) * (1.0 + 0.01 * pixel);
            truth.as_mut_slice()[k] = response as f32;
            measured.as_mut_slice()[k] = (response * (1.0 + 0.001 * error)) as f32;
        }
        Self { truth, measured }
    }

    /// A detector whose pixels are all the same, and known to be.
    pub fn even(width: usize, height: usize) -> Self {
        let truth = Raster::filled(width, height, 1.0f32);
        Self { measured: truth.clone(), truth }
    }
}
