// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with the pixels of a raw frame.

use facula_core::{Quality, Raster, RawFrame};

use super::Bias;
use super::chain::Chain;

/// Flags of the reader, and missing, saturated, spilled-over, non-linear, hot and unexposed pixels; returns whether any
/// pixel is saturated.
pub(super) fn flag(raw: &RawFrame, chain: &Chain<'_>, quality: &mut Raster<Quality>) -> bool {
    let detector = chain.detector;
    let saturation_dn = detector.saturation_dn() as f32;
    let linear_dn = (chain.zero.mean_dn() + detector.linearity.valid_dn()) as f32;
    let mut any = 0;
    let pixels = raw.quality.as_slice().iter().zip(raw.dn.as_slice());
    for (flag, (read, dn)) in quality.as_mut_slice().iter_mut().zip(pixels) {
        let saturated = u8::from(*dn >= saturation_dn) * Quality::SATURATED.bits();
        let beyond = u8::from(*dn > linear_dn) * Quality::EXTRAPOLATED.bits();
        let missing = u8::from(!dn.is_finite()) * Quality::MISSING.bits();
        // A number that is none is not above anything, an infinite one is.
        let found = missing | saturated | beyond;
        *flag = Quality::from_bits(read.bits() | found);
        any |= found;
    }
    let any_saturated = Quality::from_bits(any).intersects(Quality::SATURATED);
    if any_saturated && chain.options.bloom_reach_px > 0 {
        spill(quality, chain.options.bloom_reach_px);
    }
    if let Some(hot) = chain.options.hot {
        let flags = quality.as_mut_slice().iter_mut().zip(hot.as_slice());
        flags.for_each(|(flag, hot)| *flag |= Quality::from_bits(hot.bits() & Quality::HOT.bits()));
    }
    let from_window = matches!(chain.options.bias, Bias::Overscan(_) | Bias::OverscanLines(_));
    if let Some(window) = chain.zero.window.filter(|_| from_window) {
        for line in window.line..window.line + window.height {
            for sample in window.sample..window.sample + window.width {
                quality.set(sample, line, quality.at(sample, line) | Quality::MISSING);
            }
        }
    }
    any_saturated
}

/// Charge beyond full well runs along its column: pixels within reach of a saturated one are flagged like it.
fn spill(quality: &mut Raster<Quality>, reach_px: usize) {
    let before = quality.clone();
    for line in 0..before.height() {
        for sample in 0..before.width() {
            if !before.at(sample, line).intersects(Quality::SATURATED) {
                continue;
            }
            for near in line.saturating_sub(reach_px)..(line + reach_px + 1).min(before.height()) {
                quality.set(sample, near, quality.at(sample, near) | Quality::SATURATED);
            }
        }
    }
}

/// A saturated pixel hides how much light smeared over the packets that passed it: those are flagged.
pub(super) fn flag_smear_of_saturated(quality: &mut Raster<Quality>, [below, above]: [f64; 2]) {
    let height = quality.height();
    if below > 0.0 {
        flag_after_saturated(quality, (0..height).rev());
    }
    if above > 0.0 {
        flag_after_saturated(quality, 0..height);
    }
}

fn flag_after_saturated(quality: &mut Raster<Quality>, lines: impl Iterator<Item = usize>) {
    let width = quality.width();
    let mut passed = vec![0u8; width];
    for line in lines {
        let row = &mut quality.as_mut_slice()[line * width..(line + 1) * width];
        for (flag, passed) in row.iter_mut().zip(&mut passed) {
            let saturated = flag.bits() & Quality::SATURATED.bits();
            *flag |= Quality::from_bits(*passed);
            *passed |= saturated * Quality::SMEAR.bits();
        }
    }
}
