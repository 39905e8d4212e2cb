// SPDX-License-Identifier: MIT OR Apache-2.0
//! From light to data numbers: point-spread function, flat field, exposure, read-out smear, dark, noise, full well,
//! non-linearity, converter. The inverse of what `facula_photometry::calibrate` undoes, written from the description of
//! the detector.
//!
//! In: I/F, [`Exposure`]. Out: data numbers. The same numbers for the same seed, whatever the number of threads: each
//! pair of pixels has random numbers of its own.

mod flat;
mod noise;
mod normal;
mod psf;

use facula_core::{Random, Raster};
use facula_photometry::{Detector, Linearity};
use rayon::prelude::*;

use crate::{Exposure, SimulateError};
pub use flat::FlatField;
use noise::{NORMAL_FROM_E, poisson};
use normal::normal_pairs;
pub use psf::Wings;
pub(crate) use psf::blur;

/// Where the charge of a pixel beyond its full well goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Blooming {
    /// Lost (anti-blooming drain).
    #[default]
    Drained,
    /// Half of it to each neighbour in the column, and on from there.
    Columns,
}

/// What a detector does beside the constants of [`Detector`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Effects<'a> {
    /// Temperature of the detector for its dark law, K; without it that of the law's constant.
    pub temperature_k: Option<f64>,
    /// Wings of the point-spread function beside the core of the detector.
    pub wings: Option<Wings>,
    /// Dark current of each pixel beside the common one (hot pixels), electrons per second.
    pub hot_e_per_s: Option<&'a Raster<f32>>,
    /// What happens beyond full well.
    pub blooming: Blooming,
    /// Whether there is noise.
    pub noise: Noise,
}

/// Whether there is noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Noise {
    /// Shot noise (Poisson below 1,000 electrons, normal above) and read-out noise, and whole data numbers.
    #[default]
    On,
    /// None, and data numbers with fractions, for tests of what is left.
    Off,
}

/// Data numbers of a scene given in I/F. `stream` numbers the frame within the seed.
///
/// # Errors
/// [`SimulateError::Size`] for a flat field or hot pixels of another size, [`SimulateError::Argument`] for constants of
/// the detector that cannot be used, and for an exposure or a distance to the Sun that is not above 0.
pub fn expose(iof: &Raster<f32>, input: &Exposure<'_>, stream: u64) -> Result<Raster<f32>, SimulateError> {
    check(iof, input)?;
    let mut charge_e = collected_e(iof, input);
    let detector = input.detector;
    if input.effects.noise == Noise::On {
        add_noise(&mut charge_e, detector, Random::new(input.seed, 1_000 + stream));
    }
    fill_wells(&mut charge_e, detector.full_well_e as f32, input.effects.blooming);
    let largest_dn = detector.saturation_dn().floor();
    let per_e = detector.gain_dn_per_e;
    let whole = input.effects.noise == Noise::On;
    let mut dn = charge_e;
    dn.as_mut_slice().par_iter_mut().with_min_len(1 << 14).for_each(|value| {
        let number = detector.bias_dn + measured_dn(&detector.linearity, f64::from(*value) * per_e);
        let number = number.clamp(0.0, largest_dn);
        // Rounded without a call: numbers are not negative and small.
        *value = if whole { f64::from((number + 0.5) as u32) } else { number } as f32;
    });
    Ok(dn)
}

fn check(iof: &Raster<f32>, input: &Exposure<'_>) -> Result<(), SimulateError> {
    let size = |image: &Raster<f32>| (image.width(), image.height());
    let images = [("flat field", Some(&input.flat.truth)), ("map of hot pixels", input.effects.hot_e_per_s)];
    for (image, found) in images.into_iter().filter_map(|(name, image)| Some((name, image?))) {
        if size(found) != size(iof) {
            let text = |(width, height): (usize, usize)| format!("{width} x {height}");
            return Err(SimulateError::Size { image, found: text(size(found)), expected: text(size(iof)) });
        }
    }
    let bad = |key, value: f64| SimulateError::Argument {
        subject: "exposure",
        key,
        value: value.to_string(),
        hint: "it has to be above 0",
    };
    if !(input.exposure_s > 0.0 && input.exposure_s.is_finite()) {
        return Err(bad("exposure_s", input.exposure_s));
    }
    if !(input.sun_distance_au > 0.0 && input.sun_distance_au.is_finite()) {
        return Err(bad("sun_distance_au", input.sun_distance_au));
    }
    match input.detector.problem() {
        Some((key, value)) => {
            let hint = "correct the camera file";
            Err(SimulateError::Argument { subject: "detector", key, value, hint })
        }
        None => Ok(()),
    }
}

/// Mean charge of each pixel at the end of the read-out, electrons.
fn collected_e(iof: &Raster<f32>, input: &Exposure<'_>) -> Raster<f32> {
    let Exposure { detector, effects, exposure_s, .. } = input;
    let per_iof_e =
        (detector.dn_per_s_at_unit_iof(input.sun_distance_au) / detector.gain_dn_per_e * exposure_s) as f32;
    let mut signal_e = blur(iof, detector.psf_sigma_px(), effects.wings);
    for (value, response) in signal_e.as_mut_slice().iter_mut().zip(input.flat.truth.as_slice()) {
        *value *= per_iof_e * response;
    }
    smear(&mut signal_e, detector.smear_ratios(*exposure_s));
    let (dark_e_per_s, _) = detector.dark_at_e_per_s(effects.temperature_k);
    let (width, height) = (signal_e.width(), signal_e.height());
    for (line, row) in signal_e.as_mut_slice().chunks_mut(width.max(1)).enumerate() {
        let dark_e = (dark_e_per_s * (exposure_s + detector.smear.waiting_s(line, height))) as f32;
        row.iter_mut().for_each(|value| *value += dark_e);
    }
    if let Some(hot) = effects.hot_e_per_s {
        let exposure_s = *exposure_s as f32;
        let pixels = signal_e.as_mut_slice().iter_mut().zip(hot.as_slice());
        pixels.for_each(|(value, hot)| *value += hot.max(0.0) * exposure_s);
    }
    signal_e
}

/// Adds what packets collect from the lines they pass: a part of the exposure's charge of each line below and above.
fn smear(signal_e: &mut Raster<f32>, [below, above]: [f64; 2]) {
    let (width, height) = (signal_e.width(), signal_e.height());
    let mut total = vec![0.0f64; width];
    for line in 0..height {
        total.iter_mut().zip(signal_e.line(line)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let mut passed = vec![0.0f64; width];
    for row in signal_e.as_mut_slice().chunks_mut(width.max(1)) {
        for ((value, passed), total) in row.iter_mut().zip(&mut passed).zip(&total) {
            let own = f64::from(*value);
            *value += (above * *passed + below * (total - *passed - own)) as f32;
            *passed += own;
        }
    }
}

/// Pixels that one task gives noise.
const TASK: usize = 1 << 12;
/// Pairs of pixels whose normal numbers are made at once; a task has a whole number of them.
const BLOCK: usize = 64;

/// Shot and read-out noise.
fn add_noise(charge_e: &mut Raster<f32>, detector: &Detector, mut base: Random) {
    let seed = base.uniform().to_bits();
    let read_e = detector.read_noise_e;
    charge_e.as_mut_slice().par_chunks_mut(TASK).enumerate().for_each(|(task, pixels)| {
        let mut normals = [[0.0f64; 2]; BLOCK];
        for (block, pixels) in pixels.chunks_mut(2 * BLOCK).enumerate() {
            let stream = (task * TASK / 2 + block * BLOCK) as u64;
            let mut randoms: [Random; BLOCK] = std::array::from_fn(|k| Random::new(seed, stream + k as u64));
            for (pair, random) in normals.iter_mut().zip(&mut randoms) {
                *pair = [random.uniform(), random.uniform()];
            }
            normal_pairs(&mut normals);
            let pairs = pixels.chunks_mut(2).zip(&normals).zip(&mut randoms);
            pairs.for_each(|((pair, normals), random)| add_to_pair(pair, *normals, (read_e, random)));
        }
    });
}

/// Adds noise to two pixels with random numbers of their own.
#[inline(always)]
fn add_to_pair(pair: &mut [f32], normals: [f64; 2], (read_e, random): (f64, &mut Random)) {
    for (value, normal) in pair.iter_mut().zip(normals) {
        let mean_e = f64::from(*value).max(0.0);
        // The sum of two normal numbers is one.
        *value = if mean_e < NORMAL_FROM_E {
            poisson(mean_e, random) + read_e * normal
        } else {
            mean_e + (mean_e + read_e * read_e).sqrt() * normal
        } as f32;
    }
}

/// Cuts charge at full well, or lets it run along the columns.
fn fill_wells(charge_e: &mut Raster<f32>, full_well_e: f32, blooming: Blooming) {
    let (width, height) = (charge_e.width(), charge_e.height());
    let pixels = charge_e.as_mut_slice();
    if blooming == Blooming::Columns && pixels.iter().any(|e| *e > full_well_e) {
        for sample in 0..width {
            let mut excess = vec![0.0f32; height];
            for line in 0..height {
                let value = &mut pixels[line * width + sample];
                excess[line] = (*value - full_well_e).max(0.0);
                *value -= excess[line];
            }
            let mut run = |lines: &mut dyn Iterator<Item = usize>| {
                let mut carried = 0.0f32;
                for line in lines {
                    let value = &mut pixels[line * width + sample];
                    let taken = carried.min((full_well_e - *value).max(0.0));
                    *value += taken;
                    carried = carried - taken + 0.5 * excess[line];
                }
            };
            run(&mut (0..height));
            run(&mut (0..height).rev());
        }
    }
    pixels.iter_mut().for_each(|value| *value = value.min(full_well_e));
}

/// The number above bias that the output chain gives for a charge (DN above bias in proportion to it): the inverse of
/// [`Linearity::corrected_dn`] by Newton's method with a difference as slope.
fn measured_dn(linearity: &Linearity, true_dn: f64) -> f64 {
    if *linearity == Linearity::Proportional {
        return true_dn;
    }
    let mut measured_dn = true_dn;
    for _ in 0..8 {
        let off_dn = linearity.corrected_dn(measured_dn) - true_dn;
        let slope =
            (linearity.corrected_dn(measured_dn + 0.5) - linearity.corrected_dn(measured_dn - 0.5)).max(0.1);
        measured_dn -= off_dn / slope;
    }
    measured_dn
}

#[cfg(test)]
mod tests;
