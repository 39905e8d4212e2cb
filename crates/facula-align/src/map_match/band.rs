// SPDX-License-Identifier: MIT OR Apache-2.0
//! Band-passed images with holes: what map matching correlates.
//!
//! A band pass keeps what a frame and a map have in common (albedo spots and crater rims) and drops what they
//! have not (shading over long distances, mosaic seams; pixel noise, compression artefacts). Holes are
//! weighted out (normalised convolution), so the edge of the body makes no ring.

use facula_core::Raster;
use rayon::prelude::*;

/// The Gaussians are cut here, in units of their sigma.
const CUT_SIGMA: f32 = 3.0;
/// A filtered value counts when at least this part of its kernel's weight had data, dimensionless.
const LEAST_WEIGHT: f32 = 0.5;

/// Means of `bin` by `bin` pixels (NaN pixels left out; NaN where fewer than half have data). Lines and
/// samples beyond the last full bin are dropped.
pub(crate) fn binned(image: &Raster<f32>, bin: usize) -> Raster<f32> {
    let (width, height) = (image.width() / bin, image.height() / bin);
    let cell = |x: usize, y: usize| {
        let rows = (y * bin..(y + 1) * bin).map(|line| &image.line(line)[x * bin..(x + 1) * bin]);
        let good = rows.flatten().filter(|v| !v.is_nan());
        let (sum, count) = good.fold((0.0f64, 0usize), |(sum, count), v| (sum + f64::from(*v), count + 1));
        if 2 * count >= bin * bin { (sum / count as f64) as f32 } else { f32::NAN }
    };
    let cells = (0..height).flat_map(|y| (0..width).map(move |x| cell(x, y))).collect();
    Raster::from_vec(width, height, cells).expect("width * height cells were made")
}

/// Difference of two Gaussian means, the `fine` one minus the `coarse` one (sigmas in pixels of `image`); NaN
/// where there is no data.
pub(crate) fn band_passed(image: &Raster<f32>, fine_sigma: f32, coarse_sigma: f32) -> Raster<f32> {
    let (fine, coarse) = (smoothed(image, fine_sigma), smoothed(image, coarse_sigma));
    let pairs = fine.as_slice().iter().zip(coarse.as_slice()).zip(image.as_slice());
    let values = pairs.map(|((f, c), v)| if v.is_nan() { f32::NAN } else { f - c }).collect();
    Raster::from_vec(image.width(), image.height(), values).expect("as many values as the image has")
}

/// Gaussian mean over the pixels that have data.
fn smoothed(image: &Raster<f32>, sigma: f32) -> Raster<f32> {
    let kernel = gaussian(sigma);
    let values = image.map(|v| if v.is_nan() { 0.0 } else { v });
    let weights = image.map(|v| if v.is_nan() { 0.0 } else { 1.0 });
    let (sum, weight) = (separable(&values, &kernel), separable(&weights, &kernel));
    // Near the image's border part of the kernel lies outside: half of it must have data, a quarter in corners.
    let ratios = sum.as_slice().iter().zip(weight.as_slice());
    let ratios = ratios.map(|(s, w)| if *w > 0.5 * LEAST_WEIGHT { s / w } else { f32::NAN }).collect();
    Raster::from_vec(image.width(), image.height(), ratios).expect("as many values as the image has")
}

fn gaussian(sigma: f32) -> Vec<f32> {
    let reach = (CUT_SIGMA * sigma).ceil().max(1.0) as i32;
    let weight = |k: i32| (-0.5 * (k as f32 / sigma).powi(2)).exp();
    let sum: f32 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|k| weight(k) / sum).collect()
}

/// Convolution with the kernel along samples, then along lines; zero outside the image.
fn separable(image: &Raster<f32>, kernel: &[f32]) -> Raster<f32> {
    let (width, height) = (image.width(), image.height());
    let mut along = vec![0.0f32; width * height];
    along
        .par_chunks_mut(width.max(1))
        .enumerate()
        .for_each(|(y, out)| convolve_line(image.line(y), kernel, out));
    let mut across = vec![0.0f32; width * height];
    let reach = kernel.len() / 2;
    across.par_chunks_mut(width.max(1)).enumerate().for_each(|(y, out)| {
        for (k, weight) in kernel.iter().enumerate() {
            let Some(line) = (y + k).checked_sub(reach).filter(|line| *line < height) else { continue };
            add_scaled(out, &along[line * width..(line + 1) * width], *weight);
        }
    });
    Raster::from_vec(width, height, across).expect("as many values as the image has")
}

fn convolve_line(line: &[f32], kernel: &[f32], out: &mut [f32]) {
    let (reach, width) = (kernel.len() / 2, line.len());
    for (k, weight) in kernel.iter().enumerate() {
        // out[x] += weight * line[x + k - reach]
        if k >= reach {
            let shift = (k - reach).min(width);
            add_scaled(&mut out[..width - shift], &line[shift..], *weight);
        } else {
            let shift = (reach - k).min(width);
            add_scaled(&mut out[shift..], &line[..width - shift], *weight);
        }
    }
}

fn add_scaled(out: &mut [f32], values: &[f32], factor: f32) {
    out.iter_mut().zip(values).for_each(|(o, v)| *o += factor * v);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(width: usize, height: usize) -> Raster<f32> {
        let value = |i: usize| ((i % width) as f32 * 0.9).sin() + 0.02 * (i / width) as f32;
        Raster::from_vec(width, height, (0..width * height).map(value).collect()).expect("sizes")
    }

    #[test]
    fn bins_are_means_of_what_is_there() {
        let mut image = Raster::filled(5, 4, 2.0f32);
        image.set(0, 0, f32::NAN);
        image.set(1, 1, 4.0);
        let bins = binned(&image, 2);
        assert_eq!((bins.width(), bins.height()), (2, 2));
        assert!((bins.at(0, 0) - 8.0 / 3.0).abs() < 1e-6 && bins.at(1, 0) == 2.0);
        image.as_mut_slice().fill(f32::NAN);
        assert!(binned(&image, 2).at(1, 1).is_nan());
    }

    #[test]
    fn a_constant_and_a_slope_do_not_pass() {
        let flat = band_passed(&Raster::filled(40, 30, 7.0f32), 0.7, 5.0);
        assert!(flat.as_slice().iter().all(|v| v.abs() < 1e-4));
        let passed = band_passed(&pattern(60, 60), 0.7, 5.0);
        let amplitude = (20..40).map(|x| passed.at(x, 30).abs()).fold(0.0, f32::max);
        assert!(amplitude > 0.6 && amplitude < 1.0, "{amplitude}");
        assert!((passed.at(30, 20) - passed.at(30, 40)).abs() < 1e-3);
    }

    #[test]
    fn holes_stay_holes_and_make_no_ring() {
        let mut image = Raster::filled(40, 40, 3.0f32);
        for (x, y) in (10..20).flat_map(|x| (10..20).map(move |y| (x, y))) {
            image.set(x, y, f32::NAN);
        }
        let passed = band_passed(&image, 0.7, 5.0);
        assert!(passed.at(15, 15).is_nan() && passed.at(9, 15).abs() < 1e-5);
    }
}
