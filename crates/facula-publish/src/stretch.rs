// SPDX-License-Identifier: MIT OR Apache-2.0
//! From I/F to brightness on the page: percentiles, a gamma, and a shoulder that keeps bright spots from becoming
//! white blots without darkening the terrain around them.

use facula_core::Raster;

/// At most this many values take part in a percentile; a fixed stride picks them.
const SAMPLE_LIMIT: usize = 1 << 20;

/// A value counts as lit when it exceeds this fraction of the way from black to the 99.9th percentile.
const LIT_FRACTION: f64 = 0.05;

/// A picture has a sky when at least this fraction of it is dark.
const SKY_FRACTION: f64 = 0.15;

/// The black point is at most this fraction of the white point.
const EVEN_FRACTION: f64 = 0.9;

/// Which value becomes black.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BlackPoint {
    /// The sky, where there is one; else the low percentile.
    #[default]
    Found,
    /// Zero: for computed pictures, whose sky is exactly that.
    Zero,
}

/// How an image is stretched for display. The sky does not count for the white point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Percentile of all values that becomes black, 0 to 100.
    pub low_percentile: f64,
    /// Percentile of the lit values where the shoulder begins, 0 to 100.
    pub high_percentile: f64,
    /// Display gamma: brightness = fraction^(1/gamma); 1 is linear, more lifts the shadows.
    pub gamma: f64,
    /// Part of the brightness kept for values above the high percentile, 0 to 0.5 (logarithmic there).
    pub shoulder_fraction: f64,
    /// Which value becomes black.
    pub black: BlackPoint,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            low_percentile: 0.5,
            high_percentile: 99.0,
            gamma: 1.35,
            shoulder_fraction: 0.2,
            black: BlackPoint::Found,
        }
    }
}

/// A stretch with its limits found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tone {
    black: f64,
    white: f64,
    /// Brightest value over the white point, 1 or more.
    top: f64,
    gamma: f64,
    shoulder: f64,
}

impl Tone {
    /// The limits for several images at once, so that they stay comparable. Images without a finite value give
    /// black.
    pub(crate) fn of<'a>(images: impl Iterator<Item = &'a Raster<f32>> + Clone, stretch: &Stretch) -> Self {
        let values = sample(images);
        let low = percentile(&values, stretch.low_percentile).unwrap_or(0.0);
        let near_top = percentile(&values, 99.9).unwrap_or(1.0);
        let threshold = low + LIT_FRACTION * (near_top - low);
        let black = sky_level(&values, threshold).map_or(low, |sky| sky.max(low));
        let lit: Vec<f32> = values.iter().copied().filter(|v| f64::from(*v) > threshold).collect();
        let white = percentile(&lit, stretch.high_percentile).unwrap_or(near_top);
        // An almost even picture stays even instead of showing its noise.
        let black = if white > 0.0 { black.min(EVEN_FRACTION * white) } else { black };
        let black = if stretch.black == BlackPoint::Zero { 0.0 } else { black };
        let brightest = lit.iter().copied().fold(f32::MIN, f32::max);
        let span = (white - black).max(f64::from(f32::MIN_POSITIVE));
        let top = ((f64::from(brightest) - black) / span).max(1.0);
        Self {
            black,
            white: black + span,
            top,
            gamma: if stretch.gamma > 0.0 { stretch.gamma } else { 1.0 },
            // A shoulder for nothing would only darken the picture.
            shoulder: if top > 1.02 { stretch.shoulder_fraction.clamp(0.0, 0.5) } else { 0.0 },
        }
    }

    /// Brightness in [0, 1]; NaN stays NaN.
    pub(crate) fn brightness(&self, value: f32) -> f64 {
        let fraction = ((f64::from(value) - self.black) / (self.white - self.black)).max(0.0);
        if value.is_nan() {
            f64::NAN
        } else if fraction <= 1.0 {
            (1.0 - self.shoulder) * fraction.powf(1.0 / self.gamma)
        } else {
            let above = if self.top > 1.0 { fraction.ln() / self.top.ln() } else { 1.0 };
            1.0 - self.shoulder + self.shoulder * above.min(1.0)
        }
    }
}

/// The top of the noise of a dark sky (median plus twice the distance to its 16th percentile, which terrain near
/// the terminator does not disturb); `None` when little of the picture is dark.
fn sky_level(values: &[f32], threshold: f64) -> Option<f64> {
    let dark: Vec<f32> = values.iter().copied().filter(|v| f64::from(*v) <= threshold).collect();
    if (dark.len() as f64) < SKY_FRACTION * values.len() as f64 {
        return None;
    }
    let (median, low) = (percentile(&dark, 50.0)?, percentile(&dark, 16.0)?);
    Some((median + 2.0 * (median - low)).min(threshold))
}

/// The value below which `percent` per cent of the values lie; `None` without values.
pub(crate) fn percentile(values: &[f32], percent: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let last = values.len() - 1;
    let fraction = if percent.is_finite() { percent.clamp(0.0, 100.0) / 100.0 } else { 1.0 };
    let index = (fraction * last as f64).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(index.min(last), f32::total_cmp);
    Some(f64::from(*value))
}

/// The finite values of images, thinned by a fixed stride.
pub(crate) fn sample<'a>(images: impl Iterator<Item = &'a Raster<f32>> + Clone) -> Vec<f32> {
    let total: usize = images.clone().map(|image| image.as_slice().len()).sum();
    let stride = total.div_ceil(SAMPLE_LIMIT).max(1);
    images
        .flat_map(|image| image.as_slice().iter().copied().step_by(stride))
        .filter(|value| value.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A dark sky, a terrain of 0.02 to 0.04 and a spot of 0.3, like Ceres in an approach frame.
    fn scene() -> Raster<f32> {
        let values = (0..10_000).map(|i| match i {
            0..7000 => 0.0,
            9995.. => 0.3,
            _ => 0.02 + 0.02 * (i % 100) as f32 / 100.0,
        });
        Raster::from_vec(100, 100, values.collect()).unwrap()
    }

    #[test]
    fn terrain_uses_most_of_the_range_and_the_spot_is_brighter_still() {
        let image = scene();
        let tone = Tone::of([&image].into_iter(), &Stretch::default());
        let (dark, light, spot) = (tone.brightness(0.021), tone.brightness(0.0395), tone.brightness(0.3));
        assert_eq!(tone.brightness(0.0), 0.0);
        assert!(light - dark > 0.25, "terrain contrast {dark} {light}");
        assert!(light < 0.82 && spot == 1.0, "{light} {spot}");
    }

    #[test]
    fn a_noisy_sky_is_black() {
        // A repeating ramp of ±0.001 as the noise of a sky at zero.
        let noise = |i: usize| 0.001 * ((i * 37 % 200) as f32 / 100.0 - 1.0);
        let mut image = scene();
        image.as_mut_slice().iter_mut().enumerate().for_each(|(i, v)| *v += noise(i));
        let tone = Tone::of([&image].into_iter(), &Stretch::default());
        assert_eq!(tone.brightness(0.0009), 0.0);
        assert!(tone.brightness(0.005) > 0.1);
    }

    #[test]
    fn images_without_values_are_harmless() {
        let empty = Raster::filled(3, 3, f32::NAN);
        let tone = Tone::of([&empty].into_iter(), &Stretch::default());
        assert!(tone.brightness(f32::NAN).is_nan() && tone.brightness(1.0).is_finite());
        let flat = Raster::filled(3, 3, 0.5);
        let tone = Tone::of([&flat].into_iter(), &Stretch::default());
        assert!(tone.brightness(0.5) > 0.5 && tone.brightness(0.0) == 0.0);
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(percentile(&[3.0, 1.0, 2.0], 50.0), Some(2.0));
    }

    proptest! {
        #[test]
        fn brightness_grows_with_the_value(a in -1.0..1.0f32, b in -1.0..1.0f32) {
            let image = scene();
            let tone = Tone::of([&image].into_iter(), &Stretch::default());
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(tone.brightness(low) <= tone.brightness(high));
            prop_assert!((0.0..=1.0).contains(&tone.brightness(a)));
        }
    }
}
