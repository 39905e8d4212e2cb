// SPDX-License-Identifier: MIT OR Apache-2.0
//! Normalised cross-correlation of two band-passed images with holes, over shifts of whole pixels.

use facula_core::Raster;
use rayon::prelude::*;

use crate::normal::vertex;

/// A correlation counts when at least this part of the window had data in both images, dimensionless.
const LEAST_OVERLAP: f64 = 0.25;

/// Band-passed values and where there are any, ready to be correlated.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    values: Raster<f32>,
    squares: Raster<f32>,
    mask: Raster<f32>,
    holes: bool,
}

/// A window of a [`Prepared`] image, in its pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Correlation for every shift from `-radius` to `radius` in both directions (NaN: too little overlap).
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    radius: i64,
    values: Vec<f64>,
}

/// The highest correlation and its rival.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Peak {
    /// Shift along samples, pixels of the correlated images.
    pub(crate) x: f64,
    /// Shift along lines, pixels of the correlated images.
    pub(crate) y: f64,
    /// Correlation at the peak, −1 to 1.
    pub(crate) correlation: f64,
    /// Highest correlation away from the peak.
    pub(crate) second: f64,
    /// Standard deviation of the correlations away from the peak.
    pub(crate) noise: f64,
    /// Whether the peak lies on the border of the shifts searched.
    pub(crate) on_border: bool,
}

impl Prepared {
    /// Takes NaN for holes.
    pub(crate) fn new(image: &Raster<f32>) -> Self {
        let values = image.map(|v| if v.is_nan() { 0.0 } else { v });
        let squares = values.map(|v| v * v);
        let mask = image.map(|v| if v.is_nan() { 0.0 } else { 1.0 });
        Self { values, squares, mask, holes: image.as_slice().iter().any(|v| v.is_nan()) }
    }
}

/// Correlates a window of `observed` with the same window of `predicted` moved by up to `radius` pixels.
/// `predicted` must be larger than `observed` by `margin ≥ radius` pixels on every side: its pixel
/// (margin, margin) belongs to pixel (0, 0) of `observed`.
pub(crate) fn correlate(
    observed: &Prepared,
    predicted: &Prepared,
    window: Window,
    (margin, radius): (usize, usize),
) -> Surface {
    let side = 2 * radius + 1;
    let row = |dy: usize| (0..side).map(move |dx| (dx + margin - radius, dy + margin - radius));
    let shifts: Vec<(usize, usize)> = (0..side).flat_map(row).collect();
    let values = shifts.into_par_iter().map(|shift| one(observed, predicted, window, shift)).collect();
    Surface { radius: radius as i64, values }
}

/// Correlation at one shift: pixel (x, y) of `observed` against (x + shift.0, y + shift.1) of `predicted`.
fn one(observed: &Prepared, predicted: &Prepared, window: Window, shift: (usize, usize)) -> f64 {
    let (mut cross, mut first, mut second, mut overlap) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    for line in window.y..window.y + window.height {
        let here = |image: &'_ Raster<f32>| cut(image, window.x, line, window.width);
        let there = |image: &'_ Raster<f32>| cut(image, window.x + shift.0, line + shift.1, window.width);
        cross += dot(
            &observed.values.as_slice()[here(&observed.values)],
            &predicted.values.as_slice()[there(&predicted.values)],
        );
        let ([o2, om], [p2, pm]) = (
            [&observed.squares, &observed.mask].map(|image| &image.as_slice()[here(image)]),
            [&predicted.squares, &predicted.mask].map(|image| &image.as_slice()[there(image)]),
        );
        // Squares count where the other image has data; without holes that is everywhere.
        first += if predicted.holes { dot(o2, pm) } else { total(o2) };
        second += if observed.holes { dot(om, p2) } else { total(p2) };
        overlap += if predicted.holes { dot(om, pm) } else { total(om) };
    }
    let enough = overlap >= LEAST_OVERLAP * (window.width * window.height) as f64;
    let norm = (first * second).sqrt();
    if enough && norm > 0.0 { cross / norm } else { f64::NAN }
}

/// Where part of a line lies in the values of an image.
fn cut(image: &Raster<f32>, x: usize, line: usize, width: usize) -> std::ops::Range<usize> {
    let start = line * image.width() + x;
    start..start + width
}

/// Lanes of the sums below: enough for the compiler to use vector registers, summed in a fixed order.
const LANES: usize = 16;

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f32; LANES];
    let (blocks_a, blocks_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = blocks_a.remainder().iter().zip(blocks_b.remainder()).map(|(u, v)| u * v).sum();
    for (u, v) in blocks_a.zip(blocks_b) {
        for k in 0..LANES {
            sums[k] += u[k] * v[k];
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}

fn total(a: &[f32]) -> f64 {
    let mut sums = [0.0f32; LANES];
    let blocks = a.chunks_exact(LANES);
    let rest: f32 = blocks.remainder().iter().sum();
    for u in blocks {
        for k in 0..LANES {
            sums[k] += u[k];
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}

impl Surface {
    fn at(&self, x: i64, y: i64) -> f64 {
        self.values[((y + self.radius) * (2 * self.radius + 1) + x + self.radius) as usize]
    }

    /// The highest correlation among shifts of at most `reach` pixels; its rival and the noise come from the
    /// whole surface, except the peak's own lobe and at least `exclusion` pixels around it. `None` when nothing could be correlated.
    pub(crate) fn peak(&self, reach: usize, exclusion: i64) -> Option<Peak> {
        let reach = (reach as i64).min(self.radius);
        let inner = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (x, y)));
        let (x, y) = inner
            .filter(|&(x, y)| !self.at(x, y).is_nan())
            .max_by(|a, b| self.at(a.0, a.1).total_cmp(&self.at(b.0, b.1)))?;
        let (second, noise) = self.rivals((x, y), exclusion.max(self.lobe((x, y))));
        let on_border = x.abs() == reach || y.abs() == reach;
        let part = |a: f64, c: f64| vertex(-a, -self.at(x, y), -c);
        let inside = x.abs() < self.radius && y.abs() < self.radius;
        let (dx, dy) = if inside {
            (part(self.at(x - 1, y), self.at(x + 1, y)), part(self.at(x, y - 1), self.at(x, y + 1)))
        } else {
            (0.0, 0.0)
        };
        let bounded = |v: f64| if v.is_nan() { 0.0 } else { v.clamp(-0.5, 0.5) };
        let (x_fine, y_fine) = (x as f64 + bounded(dx), y as f64 + bounded(dy));
        Some(Peak { x: x_fine, y: y_fine, correlation: self.at(x, y), second, noise, on_border })
    }

    /// How far from a summit the correlation is still above a quarter of it, in the widest of four directions.
    fn lobe(&self, (x, y): (i64, i64)) -> i64 {
        let above = |dx: i64, dy: i64| {
            let inside = |s: &i64| (x + s * dx).abs() <= self.radius && (y + s * dy).abs() <= self.radius;
            let high = |s: &i64| self.at(x + s * dx, y + s * dy) > 0.25 * self.at(x, y);
            (1..).take_while(|s| inside(s) && high(s)).count() as i64
        };
        above(1, 0).max(above(-1, 0)).max(above(0, 1)).max(above(0, -1))
    }

    /// Highest local maximum (0 when there is none: a wide peak fills the surface) and standard deviation away
    /// from a shift.
    fn rivals(&self, (x0, y0): (i64, i64), exclusion: i64) -> (f64, f64) {
        let all =
            (-self.radius..=self.radius).flat_map(|y| (-self.radius..=self.radius).map(move |x| (x, y)));
        let away = all.filter(|&(x, y)| (x - x0).abs() > exclusion || (y - y0).abs() > exclusion);
        let away: Vec<(i64, i64)> = away.filter(|&(x, y)| !self.at(x, y).is_nan()).collect();
        let highest =
            away.iter().filter(|at| self.is_summit(**at)).map(|&(x, y)| self.at(x, y)).fold(0.0, f64::max);
        let count = away.len() as f64;
        let mean = away.iter().map(|&(x, y)| self.at(x, y)).sum::<f64>() / count;
        let variance = away.iter().map(|&(x, y)| (self.at(x, y) - mean).powi(2)).sum::<f64>() / count;
        (highest, variance.sqrt())
    }

    /// Whether no neighbour is higher.
    fn is_summit(&self, (x, y): (i64, i64)) -> bool {
        let near = |v: i64| (v - 1).max(-self.radius)..=(v + 1).min(self.radius);
        near(y).flat_map(|v| near(x).map(move |u| (u, v))).all(|(u, v)| !(self.at(u, v) > self.at(x, y)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::band::band_passed;
    use super::*;

    /// A speckle without repetition: a hash of the cell, smoothed by the band pass.
    fn speckle(width: usize, height: usize, (x0, y0): (i64, i64)) -> Raster<f32> {
        let hash = |x: i64, y: i64| {
            let h = (x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0xC2B2_AE35);
            ((h >> 7) & 0xFFFF) as f32 / 65536.0
        };
        let cells = (0..height as i64).flat_map(|y| (0..width as i64).map(move |x| hash(x + x0, y + y0)));
        Raster::from_vec(width, height, cells.collect()).expect("sizes")
    }

    fn whole(width: usize, height: usize) -> Window {
        Window { x: 0, y: 0, width, height }
    }

    #[test]
    fn the_shift_put_in_comes_out() {
        let observed = Prepared::new(&band_passed(&speckle(64, 48, (5, -3)), 1.0, 5.0));
        let predicted = Prepared::new(&band_passed(&speckle(84, 68, (-10, -10)), 1.0, 5.0));
        let surface = correlate(&observed, &predicted, whole(64, 48), (10, 10));
        let peak = surface.peak(10, 3).expect("a peak");
        assert!((peak.x - 5.0).abs() < 0.1 && (peak.y + 3.0).abs() < 0.1, "{peak:?}");
        assert!(peak.correlation > 0.9 && peak.second < 0.3 && !peak.on_border, "{peak:?}");
    }

    #[test]
    fn holes_do_not_move_the_peak() {
        let mut image = speckle(64, 48, (2, 1));
        for (x, y) in (0..30).flat_map(|x| (0..20).map(move |y| (x, y))) {
            image.set(x, y, f32::NAN);
        }
        let observed = Prepared::new(&band_passed(&image, 1.0, 5.0));
        let predicted = Prepared::new(&band_passed(&speckle(84, 68, (-10, -10)), 1.0, 5.0));
        let peak = correlate(&observed, &predicted, whole(64, 48), (10, 8)).peak(8, 3).expect("a peak");
        assert!(
            (peak.x - 2.0).abs() < 0.1 && (peak.y - 1.0).abs() < 0.1 && peak.correlation > 0.9,
            "{peak:?}"
        );
    }

    #[test]
    fn nothing_in_common_gives_no_peak() {
        let empty = Prepared::new(&Raster::filled(20, 20, f32::NAN));
        let predicted = Prepared::new(&Raster::filled(30, 30, 1.0));
        assert!(correlate(&empty, &predicted, whole(20, 20), (5, 5)).peak(5, 2).is_none());
    }
}
