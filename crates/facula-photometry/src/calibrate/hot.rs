// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hot pixels: found in a master dark frame, flagged, and filled from their neighbours.

use facula_core::{Quality, Raster};

/// Standard deviation of a normal distribution over its median absolute deviation.
const SIGMA_OVER_MAD: f32 = 1.482_6;

/// Pixels of a master dark frame brighter than its median by more than `clip_sigma` of its (robust) spread, flagged
/// [`Quality::HOT`]; pixels without a value are flagged too. An image of one value has none.
pub fn hot_pixels(master_dark: &Raster<f32>, clip_sigma: f32) -> Raster<Quality> {
    let mut values: Vec<f32> = master_dark.as_slice().iter().copied().filter(|v| v.is_finite()).collect();
    let middle = median(&mut values).unwrap_or(0.0);
    values.iter_mut().for_each(|value| *value = (*value - middle).abs());
    let spread = SIGMA_OVER_MAD * median(&mut values).unwrap_or(0.0);
    let limit = middle + clip_sigma * spread.max(f32::EPSILON * middle.abs());
    master_dark.map(|value| if value <= limit { Quality::GOOD } else { Quality::HOT })
}

/// Values for hot pixels: the median of their good neighbours.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filled {
    /// Index in the image and value, by index.
    pub(super) values: Vec<(usize, f32)>,
    /// Hot pixels without a good neighbour.
    pub(super) alone: usize,
}

/// Values for the hot pixels of an image told by `value_at(sample, line)`.
pub(super) fn fill(quality: &Raster<Quality>, value_at: impl Fn(usize, usize) -> f32) -> Filled {
    let (width, height) = (quality.width(), quality.height());
    let mut filled = Filled::default();
    for line in 0..height {
        let row = quality.line(line);
        // Most lines have none; this test of all at once is quick.
        if !Quality::from_bits(row.iter().fold(0, |bits, flag| bits | flag.bits())).intersects(Quality::HOT) {
            continue;
        }
        for sample in (0..width).filter(|sample| row[*sample].intersects(Quality::HOT)) {
            let around = (line.saturating_sub(1)..(line + 2).min(height))
                .flat_map(|y| (sample.saturating_sub(1)..(sample + 2).min(width)).map(move |x| (x, y)));
            let good = around.filter(|(x, y)| quality.at(*x, *y).is_good());
            let mut good: Vec<f32> = good.map(|(x, y)| value_at(x, y)).collect();
            match median(&mut good) {
                Some(value) => filled.values.push((line * width + sample, value)),
                None => filled.alone += 1,
            }
        }
    }
    filled
}

/// The upper median; `None` of nothing.
pub(super) fn median(values: &mut [f32]) -> Option<f32> {
    facula_core::quantile(values, 0.5, f32::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_out_of_the_spread_is_hot() {
        let mut dark = Raster::from_vec(20, 20, (0..400).map(|k| 10.0 + (k % 7) as f32).collect()).unwrap();
        dark.set(3, 4, 60.0);
        dark.set(5, 5, f32::NAN);
        let hot = hot_pixels(&dark, 6.0);
        let found: Vec<usize> = (0..400).filter(|k| !hot.as_slice()[*k].is_good()).collect();
        assert_eq!(found, [4 * 20 + 3, 5 * 20 + 5]);
        assert!(hot_pixels(&Raster::filled(4, 4, 7.0), 5.0).as_slice().iter().all(|q| q.is_good()));
    }

    #[test]
    fn a_hot_pixel_takes_the_median_of_its_good_neighbours() {
        let image = Raster::from_vec(3, 3, vec![1.0, 2.0, 3.0, 4.0, 900.0, 5.0, 6.0, 7.0, 800.0]).unwrap();
        let mut quality = image.map(|_| Quality::GOOD);
        quality.set(1, 1, Quality::HOT);
        quality.set(2, 2, Quality::SATURATED);
        let filled = fill(&quality, |x, y| image.at(x, y));
        assert_eq!(filled, Filled { values: vec![(4, 4.0)], alone: 0 });
        let lonely = fill(&Raster::filled(1, 1, Quality::HOT), |_, _| 5.0);
        assert_eq!(lonely, Filled { values: vec![], alone: 1 });
    }
}
