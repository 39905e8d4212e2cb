// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells spots of albedo from lit slopes on a frame, by the direction of the Sun.
//!
//! Input: the frame without the shading of the smooth body, the direction to the Sun in it, a spot's place and width.
//! Output: how much of the spot's light the ground beside it lacks ([`SunLine::evidence`]).
//!
//! Shading by gentle slopes is the derivative of the height along the direction to the Sun (Horn 1981, Proc. IEEE 69, 14;
//! van Diggelen 1951, Bull. Astron. Inst. Neth. 11, 283), so that its sum along that direction is a difference of heights: none
//! from one end of a crater to the other. The lit wall of a crater lies on its far side from the Sun; going from it towards
//! the Sun, the shaded wall takes away again what the lit one gave. Nothing takes away the light of bright ground.

use facula_core::{PixelPos, Raster, quantile};

use crate::Polarity;

/// The strip towards the Sun is so many widths of the spot long, and these pixels besides.
const REACH_WIDTHS: f64 = 2.5;
const REACH_PX: f64 = 4.0;
/// The spot itself ends at so many widths from its centre.
const OWN_WIDTHS: f64 = 0.75;
/// Spots are taken for at least this wide, pixels.
const LEAST_WIDTH_PX: f64 = 3.0;
/// A sum of noise is not taken for a slope below so many of its sigmas.
const NOISE_SIGMA: f64 = 2.5;
/// Half of the square in which the level of the ground is told, in widths of the spot; at least that of the noise.
const AROUND_WIDTHS: f64 = 2.0;
/// Half of the square in which the noise of single pixels is told, pixels.
const NOISE_HALF_PX: i64 = 24;
/// Variance of second differences over that of white noise, its root.
const SECOND_DIFFERENCE: f64 = 2.449_489_742_783_178;

/// A frame and the direction to the Sun in it.
pub(crate) struct SunLine<'a> {
    plane: &'a Raster<f32>,
    /// To the right and down.
    sun: [f64; 2],
}

/// What the ground towards the Sun says about a spot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// Share of the spot's light that the ground towards the Sun lacks: 1 beside a lit slope, 0 for a spot on even ground.
    pub lacking_fraction: f64,
    /// Share of the strip towards the Sun that has values.
    pub seen_fraction: f64,
    /// Relative noise of single pixels around it.
    pub pixel_noise: f64,
}

impl<'a> SunLine<'a> {
    /// `azimuth_rad`: clockwise from up.
    pub fn new(plane: &'a Raster<f32>, azimuth_rad: f64) -> Self {
        Self { plane, sun: [azimuth_rad.sin(), -azimuth_rad.cos()] }
    }

    /// Looks from a bright spot towards the Sun (from a dark one away from it, for bright ground).
    pub fn evidence(&self, at: PixelPos, width_px: f64, polarity: Polarity) -> Evidence {
        let width_px = width_px.max(LEAST_WIDTH_PX);
        let background = self.background(at, width_px);
        let pixel_noise = self.pixel_noise(at) / background;
        let (own_px, reach_px) = (OWN_WIDTHS * width_px, REACH_WIDTHS * width_px + REACH_PX);
        let sign = if polarity == Polarity::Dark { -1.0 } else { 1.0 };
        let row = |row: i64| self.row(at, sign * row as f64, width_px, background).map(|value| sign * value);
        let rows = |from: i64, to: i64| (from..=to).map(row);
        let last = own_px.round() as i64;
        let own: f64 = rows(-last, last).flatten().sum();
        let row_noise = NOISE_SIGMA * pixel_noise / width_px.sqrt();
        // The largest fall of the running sum: lit ground between spot and shade belongs to neither.
        let (mut sum, mut lacking, mut seen, mut count) = (0.0f64, 0.0f64, 0u32, 0u32);
        let (mut highest, mut highest_seen) = (0.0f64, 0u32);
        for row in rows(last + 1, reach_px.round() as i64) {
            count += 1;
            if let Some(value) = row {
                seen += 1;
                sum += value;
                if sum > highest {
                    (highest, highest_seen) = (sum, seen);
                }
                lacking = lacking.max(highest - sum - row_noise * f64::from(seen - highest_seen).sqrt());
            }
        }
        let lacking_fraction = if own > 0.0 { lacking / own } else { 1.0 };
        Evidence { lacking_fraction, seen_fraction: f64::from(seen) / f64::from(count.max(1)), pixel_noise }
    }

    /// Mean relative excess of a row of pixels across the direction to the Sun, `along_px` towards it; `None` where less
    /// than half is known.
    fn row(&self, at: PixelPos, along_px: f64, width_px: f64, background: f64) -> Option<f64> {
        let count = width_px.ceil().max(1.0);
        let [right, down] = self.sun;
        let value = |k: usize| {
            let across_px = (k as f64 - 0.5 * (count - 1.0)) * width_px / count;
            let x_px = at.x_px + along_px * right - across_px * down;
            let y_px = at.y_px + along_px * down + across_px * right;
            self.plane.bilinear(PixelPos::new(x_px, y_px)).filter(|value| !value.is_nan())
        };
        let (mut sum, mut known) = (0.0, 0.0);
        for value in (0..count as usize).filter_map(value) {
            sum += f64::from(value) / background - 1.0;
            known += 1.0;
        }
        (2.0 * known >= count).then(|| sum / known)
    }

    /// Median of a square around a place, spot and walls included: they have their shares on both sides.
    fn background(&self, at: PixelPos, width_px: f64) -> f64 {
        let half_px = (AROUND_WIDTHS * width_px).max(NOISE_HALF_PX as f64) as i64;
        let stride = (half_px / NOISE_HALF_PX).max(1) as usize;
        let [x, y] = [at.x_px, at.y_px].map(|c| c.round() as i64);
        let lines = (y - half_px..=y + half_px).step_by(stride);
        let columns = || (x - half_px..=x + half_px).step_by(stride);
        let places = lines.flat_map(|line| columns().map(move |column| (column, line)));
        let mut values: Vec<f32> =
            places.filter_map(|(column, line)| self.value(column, line)).filter(|v| !v.is_nan()).collect();
        quantile(&mut values, 0.5, f32::total_cmp).map_or(f64::NAN, f64::from)
    }

    fn value(&self, column: i64, line: i64) -> Option<f32> {
        self.plane.get(usize::try_from(column).ok()?, usize::try_from(line).ok()?)
    }

    /// Noise of single pixels around a place, robust: from second differences along lines, which hardly see the ground.
    fn pixel_noise(&self, at: PixelPos) -> f64 {
        let (x, y) = (at.x_px.round() as i64, at.y_px.round() as i64);
        let mut differences = Vec::new();
        for line in (y - NOISE_HALF_PX..=y + NOISE_HALF_PX).step_by(2) {
            for column in x - NOISE_HALF_PX..=x + NOISE_HALF_PX {
                let three = [column - 1, column, column + 1].map(|column| self.value(column, line));
                if let [Some(a), Some(b), Some(c)] = three {
                    differences.push((a - 2.0 * b + c).abs());
                }
            }
        }
        differences.retain(|difference| !difference.is_nan());
        let middle = quantile(&mut differences, 0.5, f32::total_cmp).map_or(0.0, f64::from);
        1.4826 * middle / SECOND_DIFFERENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    /// A plane of 1 with 2 % of noise and what is painted on it.
    fn painted(paint: impl Fn(f64, f64) -> f64) -> Raster<f32> {
        let mut random = Random::new(2, 2);
        let value = |k: usize| {
            let (x, y) = ((k % 200) as f64 - 100.0, (k / 200) as f64 - 100.0);
            (1.0 + paint(x, y) + 0.02 * random.normal_pair().0) as f32
        };
        Raster::from_vec(200, 200, (0..200 * 200).map(value).collect()).unwrap()
    }

    fn bump(x: f64, y: f64, fwhm_px: f64) -> f64 {
        (-2.772_6 * (x * x + y * y) / (fwhm_px * fwhm_px)).exp()
    }

    const MIDDLE: PixelPos = PixelPos { x_px: 100.0, y_px: 100.0 };
    /// The Sun stands to the right.
    const RIGHT_RAD: f64 = std::f64::consts::FRAC_PI_2;

    #[test]
    fn the_shaded_wall_towards_the_sun_takes_back_the_light_of_the_lit_one() {
        // Two widths towards the Sun the other wall of a bowl.
        let bowl = painted(|x, y| 0.4 * bump(x, y, 10.0) - 0.4 * bump(x - 22.0, y, 10.0));
        let of = |plane: &Raster<f32>, sun_rad: f64| {
            SunLine::new(plane, sun_rad).evidence(MIDDLE, 10.0, Polarity::Bright).lacking_fraction
        };
        assert!((of(&bowl, RIGHT_RAD) - 1.0).abs() < 0.1, "{}", of(&bowl, RIGHT_RAD));
        // With the Sun elsewhere the same pair is no pair of walls.
        assert!(of(&bowl, 0.0) < 0.1 && of(&bowl, -RIGHT_RAD) < 0.1);
        let dark = PixelPos::new(122.0, 100.0);
        let shaded = SunLine::new(&bowl, RIGHT_RAD).evidence(dark, 10.0, Polarity::Dark);
        assert!((shaded.lacking_fraction - 1.0).abs() < 0.1, "{shaded:?}");
        let spot = painted(|x, y| 0.4 * bump(x, y, 10.0));
        assert!(of(&spot, RIGHT_RAD) < 0.1);
    }

    #[test]
    fn noise_is_told_and_not_taken_for_a_slope() {
        let faint = painted(|x, y| 0.1 * bump(x, y, 3.0));
        let evidence = SunLine::new(&faint, RIGHT_RAD).evidence(MIDDLE, 3.0, Polarity::Bright);
        assert!((evidence.pixel_noise / 0.02 - 1.0).abs() < 0.1, "{evidence:?}");
        assert!(evidence.lacking_fraction < 0.2 && evidence.seen_fraction == 1.0, "{evidence:?}");
    }

    #[test]
    fn beyond_the_edge_nothing_is_seen() {
        let plane = painted(|_x, _y| 0.0);
        let evidence =
            SunLine::new(&plane, RIGHT_RAD).evidence(PixelPos::new(190.0, 100.0), 10.0, Polarity::Bright);
        assert!(evidence.seen_fraction < 0.2, "{evidence:?}");
        let nowhere = Raster::filled(20, 20, f32::NAN);
        let evidence = SunLine::new(&nowhere, RIGHT_RAD).evidence(MIDDLE, 10.0, Polarity::Bright);
        assert_eq!((evidence.lacking_fraction, evidence.seen_fraction), (1.0, 0.0));
    }
}
