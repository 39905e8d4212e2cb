// SPDX-License-Identifier: MIT OR Apache-2.0
//! From light to data numbers: point-spread function, flat field, exposure, read-out smear, noise, converter.

use facula_core::{Random, Raster};
use rayon::prelude::*;

use crate::Exposure;

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
}

/// Data numbers of a scene given in I/F: blurred by the point-spread function, weighted by the flat, smeared
/// while shifted into storage, with shot and read noise (Gaussian, which differs from Poisson by less than 1 %
/// above 1,000 electrons), rounded and cut at saturation. `stream` numbers the frame within the seed.
pub fn expose(iof: &Raster<f32>, input: &Exposure<'_>, stream: u64) -> Raster<f32> {
    let detector = input.detector;
    let per_s = detector.dn_per_s_at_unit_iof(input.sun_distance_au);
    let mut rate = blur(iof, detector.psf_sigma_px());
    for (value, response) in rate.as_mut_slice().iter_mut().zip(input.flat.truth.as_slice()) {
        *value = (f64::from(*value) * per_s) as f32 * response;
    }
    let smear = smear(&rate, detector.line_transfer_s());
    let mut random = Random::new(input.seed, 1_000 + stream);
    let zero_dn = detector.bias_dn + detector.dark_e_per_s * detector.gain_dn_per_e * input.exposure_s;
    let saturation_dn = detector.saturation_dn();
    let mut spare = None;
    let mut dn = rate;
    for (value, smeared) in dn.as_mut_slice().iter_mut().zip(smear.as_slice()) {
        let signal_dn = f64::from(*value) * input.exposure_s + f64::from(*smeared);
        let electrons = (signal_dn / detector.gain_dn_per_e).max(0.0);
        let noise_e = (electrons + detector.read_noise_e * detector.read_noise_e).sqrt();
        let normal = spare.take().unwrap_or_else(|| {
            let (a, b) = random.normal_pair();
            spare = Some(b);
            a
        });
        let total_dn = zero_dn + signal_dn + noise_e * detector.gain_dn_per_e * normal;
        *value = total_dn.round().clamp(0.0, saturation_dn.floor()) as f32;
    }
    dn
}

/// Signal collected while shifting: for each pixel the sum over all lines below it times the time over a line.
fn smear(rate: &Raster<f32>, line_transfer_s: f64) -> Raster<f32> {
    let (width, height) = (rate.width(), rate.height());
    let mut out = Raster::filled(width, height, 0.0f32);
    let mut below = vec![0.0f64; width];
    for line in (0..height).rev() {
        let row = &mut out.as_mut_slice()[line * width..(line + 1) * width];
        for ((value, below), rate) in row.iter_mut().zip(&mut below).zip(rate.line(line)) {
            *value = (*below * line_transfer_s) as f32;
            *below += f64::from(*rate);
        }
    }
    out
}

/// Convolution with a Gaussian, cut at four sigma, edges repeated.
pub(crate) fn blur(image: &Raster<f32>, sigma_px: f64) -> Raster<f32> {
    let reach = (4.0 * sigma_px).ceil() as isize;
    let mut kernel: Vec<f32> =
        (-reach..=reach).map(|k| (-0.5 * (k as f64 / sigma_px).powi(2)).exp() as f32).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|k| *k /= sum);
    let (width, height) = (image.width(), image.height());
    let clamped = |at: isize, size: usize| at.clamp(0, size as isize - 1) as usize;
    let across: Vec<f32> = (0..height)
        .into_par_iter()
        .flat_map_iter(|line| {
            let (row, kernel) = (image.line(line), &kernel);
            (0..width as isize).map(move |x| {
                (-reach..=reach).zip(kernel).map(|(k, w)| w * row[clamped(x + k, width)]).sum::<f32>()
            })
        })
        .collect();
    let down: Vec<f32> = (0..height as isize)
        .into_par_iter()
        .flat_map_iter(|line| {
            let mut row = vec![0.0f32; width];
            for (k, w) in (-reach..=reach).zip(&kernel) {
                let start = clamped(line + k, height) * width;
                row.iter_mut().zip(&across[start..start + width]).for_each(|(sum, v)| *sum += w * v);
            }
            row
        })
        .collect();
    Raster::from_vec(width, height, down).expect("same size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_the_light_and_has_the_right_width() {
        let mut point = Raster::filled(41, 41, 0.0f32);
        point.set(20, 20, 1.0);
        let blurred = blur(&point, 1.7);
        let moment: f64 =
            (0..41 * 41).map(|k| f64::from(blurred.as_slice()[k]) * ((k % 41) as f64 - 20.0).powi(2)).sum();
        let sum: f32 = blurred.as_slice().iter().sum();
        assert!((sum - 1.0).abs() < 1e-5 && (moment.sqrt() - 1.7).abs() < 0.01, "{sum} {moment}");
    }

    #[test]
    fn smear_lies_above_the_light_and_not_below() {
        let mut rate = Raster::filled(3, 10, 0.0f32);
        rate.set(1, 5, 1000.0);
        let smear = smear(&rate, 1e-3);
        assert_eq!(smear.at(1, 2), 1.0);
        assert_eq!(smear.at(1, 5), 0.0);
        assert_eq!(smear.at(1, 8), 0.0);
        assert_eq!(smear.at(0, 2), 0.0);
    }
}
