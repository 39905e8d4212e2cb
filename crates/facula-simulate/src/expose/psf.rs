// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blurring by the point-spread function.

use facula_core::Raster;
use rayon::prelude::*;

/// Wide wings of a point-spread function beside its core, a Gaussian too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wings {
    /// Part of the light in the wings, 0 to 1.
    pub light_fraction: f64,
    /// Their width, one sigma, px; up to 64.
    pub sigma_px: f64,
}

/// Widest wings, px.
const WIDEST_PX: f64 = 64.0;

/// The image through a core of `sigma_px` and perhaps wings; edges repeated.
pub(crate) fn blur(image: &Raster<f32>, sigma_px: f64, wings: Option<Wings>) -> Raster<f32> {
    let core = convolve(image, sigma_px);
    let Some(wings) = wings.filter(|wings| wings.light_fraction > 0.0) else { return core };
    let wide = convolve(image, wings.sigma_px.min(WIDEST_PX));
    let share = wings.light_fraction.min(1.0) as f32;
    let mut sum = core;
    sum.as_mut_slice()
        .iter_mut()
        .zip(wide.as_slice())
        .for_each(|(core, wide)| *core += (wide - *core) * share);
    sum
}

/// Convolution with a Gaussian sampled at whole pixels, cut at four sigma, its sum 1.
fn convolve(image: &Raster<f32>, sigma_px: f64) -> Raster<f32> {
    if !(sigma_px > 0.0) {
        return image.clone();
    }
    let reach = (4.0 * sigma_px).ceil() as usize;
    let weight = |k: usize| (-0.5 * ((k as f64 - reach as f64) / sigma_px).powi(2)).exp();
    let sum: f64 = (0..=2 * reach).map(weight).sum();
    let kernel: Vec<f32> = (0..=2 * reach).map(|k| (weight(k) / sum) as f32).collect();
    let (width, height) = (image.width(), image.height());
    let mut out = Raster::filled(width, height, 0.0f32);
    let lines = out.as_mut_slice().par_chunks_mut(width.max(1)).enumerate();
    lines.for_each_init(
        || vec![0.0f32; width + 2 * reach],
        |padded, (line, out)| {
            let middle = &mut padded[reach..reach + width];
            middle.fill(0.0);
            for (k, w) in kernel.iter().enumerate() {
                let from = (line + k).saturating_sub(reach).min(height - 1);
                middle.iter_mut().zip(image.line(from)).for_each(|(sum, value)| *sum += w * value);
            }
            let (first, last) = (padded[reach], padded[reach + width - 1]);
            padded[..reach].fill(first);
            padded[reach + width..].fill(last);
            for (k, w) in kernel.iter().enumerate() {
                out.iter_mut().zip(&padded[k..]).for_each(|(sum, value)| *sum += w * value);
            }
        },
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(image: &Raster<f32>, middle: f64) -> (f64, f64) {
        let width = image.width();
        let values = image.as_slice().iter().enumerate().map(|(k, v)| (f64::from(*v), (k % width) as f64));
        values.fold((0.0, 0.0), |(sum, square), (v, x)| (sum + v, square + v * (x - middle).powi(2)))
    }

    #[test]
    fn blurring_keeps_the_light_and_has_the_right_width() {
        let mut point = Raster::filled(41, 41, 0.0f32);
        point.set(20, 20, 1.0);
        let (sum, square) = moments(&blur(&point, 1.7, None), 20.0);
        assert!((sum - 1.0).abs() < 1e-5 && (square.sqrt() - 1.7).abs() < 0.01, "{sum} {square}");
    }

    #[test]
    fn wings_hold_their_part_of_the_light() {
        let mut point = Raster::filled(201, 201, 0.0f32);
        point.set(100, 100, 1.0);
        let wings = Wings { light_fraction: 0.1, sigma_px: 10.0 };
        let (sum, square) = moments(&blur(&point, 1.0, Some(wings)), 100.0);
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        // 0.9 · 1² + 0.1 · 10².
        assert!((square - 10.9).abs() < 0.1, "{square}");
    }

    #[test]
    fn an_even_image_stays_even_up_to_its_edges() {
        let blurred = blur(&Raster::filled(9, 3, 0.5f32), 2.0, None);
        assert!(blurred.as_slice().iter().all(|v| (v - 0.5).abs() < 1e-6));
    }
}
