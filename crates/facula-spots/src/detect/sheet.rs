// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the cells of a map plane lie, and lines of it smoothed by Gaussians that are round on the ground.
//!
//! A plane holds sums and weights, so that holes and edges cost nothing: smoothed sum over smoothed weight is the
//! mean of what is there. Lines are widened by 1/cos(latitude); over a pole the map goes on half a turn away.

use std::f64::consts::FRAC_PI_2;

use facula_core::MapGrid;
use pulp::{Arch, Simd, WithSimd};

/// Kernels end at this many sigma.
const REACH_SIGMA: f64 = 3.0;
/// Lines whose half kernel would be longer are halved first: near the poles they show more than there is.
pub(crate) const LONGEST_KERNEL: usize = 24;
/// What halving a line and drawing straight lines between the middles of the halved cells adds to the variance of a
/// kernel, in squares of a cell of the halved line: a box and a triangle (mean over the places in a cell).
const HALVED_VARIANCE: f64 = 1.0 / 12.0 + 1.0 / 6.0;

/// Where the cells of a plane lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sheet {
    pub grid: MapGrid,
    pub wraps: bool,
    pub north_pole: bool,
    pub south_pole: bool,
}

impl Sheet {
    pub fn of(grid: MapGrid) -> Self {
        let wraps = grid.wraps();
        let south_rad = grid.north_rad - grid.height as f64 * grid.step_rad;
        let touches = |edge_rad: f64| {
            wraps && grid.width.is_multiple_of(2) && (edge_rad.abs() - FRAC_PI_2).abs() < 0.25 * grid.step_rad
        };
        Self { grid, wraps, north_pole: touches(grid.north_rad), south_pole: touches(south_rad) }
    }

    /// Cosine of the latitude of a line's centre, kept above that of a quarter cell from the pole.
    pub fn cos_latitude(&self, line: usize) -> f64 {
        let latitude_rad = self.grid.north_rad - (line as f64 + 0.5) * self.grid.step_rad;
        latitude_rad.cos().max((0.25 * self.grid.step_rad).sin())
    }

    /// The sheet of half the size, odd sides rounded up; `None` when it is small or goes around with an odd width.
    pub fn halved(&self) -> Option<Self> {
        let grid = self.grid;
        let even = grid.width.is_multiple_of(2) && (grid.height.is_multiple_of(2) || !self.south_pole);
        ((even || !self.wraps) && grid.width >= 64 && grid.height >= 32).then_some(Self {
            grid: MapGrid {
                width: grid.width.div_ceil(2),
                height: grid.height.div_ceil(2),
                step_rad: 2.0 * grid.step_rad,
                ..grid
            },
            ..*self
        })
    }

    /// The line that stands at a place beyond the edges too (−1 is above the first), and whether half a turn away;
    /// `None` beyond an edge that is no pole.
    pub fn source_line(&self, line: i64) -> Option<(usize, bool)> {
        let height = self.grid.height as i64;
        let (mirrored, pole) = match line {
            _ if line < 0 => (-1 - line, self.north_pole),
            _ if line >= height => (2 * height - 1 - line, self.south_pole),
            _ => return Some((line as usize, false)),
        };
        (pole && (0..height).contains(&mirrored)).then_some((mirrored as usize, true))
    }

    /// The column `dx` cells east of another; `None` beyond an edge.
    #[inline(always)]
    pub fn column(&self, x: usize, dx: i64) -> Option<usize> {
        let width = self.grid.width as i64;
        let there = x as i64 + dx;
        if (0..width).contains(&there) {
            Some(there as usize)
        } else {
            self.wraps.then(|| there.rem_euclid(width) as usize)
        }
    }
}

/// A line with room for what lies beyond its ends.
#[derive(Debug, Default)]
pub(crate) struct Padded {
    cells: Vec<f32>,
    spare: Vec<f32>,
}

impl Padded {
    /// Room beyond either end.
    const PAD: usize = LONGEST_KERNEL + 8;

    pub fn new(width: usize) -> Self {
        Self { cells: vec![0.0; width + 2 * Self::PAD], spare: Vec::new() }
    }

    /// The line itself, for writing.
    #[inline(always)]
    pub fn line(&mut self) -> &mut [f32] {
        let end = self.cells.len() - Self::PAD;
        &mut self.cells[Self::PAD..end]
    }

    /// What lies beyond the ends: the other end, or nothing.
    #[inline(always)]
    pub fn close(&mut self, wraps: bool) {
        let (pad, end) = (Self::PAD, self.cells.len() - Self::PAD);
        let width = end - pad;
        for k in 0..pad {
            let beyond = |at: usize, cells: &[f32]| if wraps { cells[pad + at % width] } else { 0.0 };
            self.cells[pad - 1 - k] = beyond(width - 1 - k % width, &self.cells);
            self.cells[end + k] = beyond(k, &self.cells);
        }
    }

    /// Convolves the (closed) line with a Gaussian.
    #[inline(always)]
    pub fn blur(&mut self, sigma_cells: f64, wraps: bool, out: &mut [f32]) {
        if half_length(sigma_cells) <= LONGEST_KERNEL {
            let kernel = gaussian(sigma_cells);
            let start = Self::PAD - kernel.len() / 2;
            convolve(&self.cells[start..], &kernel, out);
        } else {
            self.blur_halved(sigma_cells, wraps, out);
        }
    }

    /// The same through a line of half, a quarter … the length.
    #[inline(always)]
    fn blur_halved(&mut self, sigma_cells: f64, wraps: bool, out: &mut [f32]) {
        let width = out.len();
        if wraps && 4.0 * sigma_cells >= width as f64 {
            let mean = self.line().iter().map(|v| f64::from(*v)).sum::<f64>() / width as f64;
            out.fill(mean as f32);
            return;
        }
        let mut times = 1;
        while half_length(sigma_cells / times as f64) > LONGEST_KERNEL / 2
            && (!wraps || width.is_multiple_of(2 * times))
        {
            times *= 2;
        }
        if half_length(sigma_cells / times as f64) > LONGEST_KERNEL {
            self.blur_long(sigma_cells, wraps, out);
            return;
        }
        let mut short = Padded { cells: std::mem::take(&mut self.spare), spare: Vec::new() };
        short.cells.clear();
        short.cells.resize(width.div_ceil(times) + 2 * Self::PAD, 0.0);
        for (cell, part) in short.line().iter_mut().zip(self.line().chunks(times)) {
            *cell = part.iter().sum::<f32>() / times as f32;
        }
        short.close(wraps);
        let sigma_short = ((sigma_cells / times as f64).powi(2) - HALVED_VARIANCE).max(0.05).sqrt();
        let mut blurred = vec![0.0; short.cells.len() - 2 * Self::PAD + 2];
        let kernel = gaussian(sigma_short);
        let start = Self::PAD - kernel.len() / 2 - 1;
        convolve(&short.cells[start..], &kernel, &mut blurred);
        for (x, value) in out.iter_mut().enumerate() {
            let at = (x as f32 + 0.5) / times as f32 + 0.5;
            let left = at as usize;
            *value = blurred[left] + (blurred[left + 1] - blurred[left]) * (at - left as f32);
        }
        self.spare = short.cells;
    }
}

impl Padded {
    /// The same with the whole kernel: lines that go around and cannot be halved.
    fn blur_long(&mut self, sigma_cells: f64, wraps: bool, out: &mut [f32]) {
        let kernel = gaussian(sigma_cells);
        let (width, reach) = (out.len() as i64, kernel.len() as i64 / 2);
        let line = self.line();
        let value = |at: i64| match usize::try_from(at) {
            Ok(at) if at < line.len() => line[at],
            _ if wraps => line[at.rem_euclid(width) as usize],
            _ => 0.0,
        };
        let cells: Vec<f32> = (-reach..width + reach).map(value).collect();
        convolve(&cells, &kernel, out);
    }
}

/// `out[x] = Σ kernel[j] · cells[x + j]`.
pub(crate) fn convolve(cells: &[f32], kernel: &[f32], out: &mut [f32]) {
    let lines: Vec<&[f32]> = (0..kernel.len()).map(|j| &cells[j..]).collect();
    combine(&lines, kernel, out);
}

/// `out[x] = Σ kernel[j] · lines[j][x]`.
pub(crate) fn combine(lines: &[&[f32]], kernel: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Combine { lines, kernel, out });
}

struct Combine<'a> {
    lines: &'a [&'a [f32]],
    kernel: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Combine<'_> {
    type Output = ();

    /// Four vectors at once stay in registers.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { lines, kernel, out } = self;
        let length = out.len();
        let (heads, tail) = S::as_mut_simd_f32s(out);
        let done = length - tail.len();
        let sources: Vec<&[S::f32s]> = lines.iter().map(|line| S::as_simd_f32s(&line[..done]).0).collect();
        let zero = simd.splat_f32s(0.0);
        let mut at = 0;
        let mut fours = heads.chunks_exact_mut(4);
        for four in &mut fours {
            let mut sums = [zero; 4];
            for (source, factor) in sources.iter().zip(kernel) {
                let factor = simd.splat_f32s(*factor);
                let from = &source[at..at + 4];
                sums[0] = simd.mul_add_e_f32s(factor, from[0], sums[0]);
                sums[1] = simd.mul_add_e_f32s(factor, from[1], sums[1]);
                sums[2] = simd.mul_add_e_f32s(factor, from[2], sums[2]);
                sums[3] = simd.mul_add_e_f32s(factor, from[3], sums[3]);
            }
            four.copy_from_slice(&sums);
            at += 4;
        }
        for one in fours.into_remainder() {
            let terms = sources.iter().zip(kernel);
            *one = terms.fold(zero, |sum, (source, factor)| {
                simd.mul_add_e_f32s(simd.splat_f32s(*factor), source[at], sum)
            });
            at += 1;
        }
        for (k, value) in tail.iter_mut().enumerate() {
            *value = kernel.iter().zip(lines).map(|(factor, line)| factor * line[done + k]).sum();
        }
    }
}

/// Cells of a kernel on either side of its middle.
pub(crate) fn half_length(sigma_cells: f64) -> usize {
    (REACH_SIGMA * sigma_cells).ceil().max(1.0) as usize
}

/// A sampled Gaussian of sum 1, odd length.
pub(crate) fn gaussian(sigma_cells: f64) -> Vec<f32> {
    let reach = half_length(sigma_cells) as i64;
    let weight = |k: i64| (-0.5 * (k as f64 / sigma_cells.max(1e-3)).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|k| (weight(k) / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::stream::Stream;

    impl Sheet {
        /// A whole plane.
        fn blur(&self, plane: &[f32], sigma_cells: f64) -> Vec<f32> {
            let width = self.grid.width;
            let fill = |line: usize, out: &mut [f32]| out.copy_from_slice(&plane[line * width..][..width]);
            let mut stream = Stream::new(*self, fill, &[sigma_cells]);
            let mut blurred = vec![0.0; plane.len()];
            for (line, out) in blurred.chunks_mut(width).enumerate() {
                stream.line(0, line as i64, out);
            }
            blurred
        }
    }

    /// f32 sums over a few thousand terms.
    const ROUNDING: f32 = 2e-5;

    #[test]
    fn a_constant_stays_constant_on_the_whole_body() {
        let sheet = Sheet::of(MapGrid::global(90));
        assert!(sheet.north_pole && sheet.south_pole);
        for sigma_cells in [0.6, 2.0, 15.0] {
            let blurred = sheet.blur(&vec![1.0; 180 * 90], sigma_cells);
            assert!(blurred.iter().all(|v| (v - 1.0).abs() < ROUNDING), "{sigma_cells}");
        }
    }

    #[test]
    fn a_point_spreads_into_a_circle_on_the_ground_also_at_high_latitude() {
        let grid = MapGrid::global(180);
        let sheet = Sheet::of(grid);
        for line in [90usize, 30, 8] {
            let mut plane = vec![0.0f32; 360 * 180];
            plane[line * 360 + 3] = 1.0;
            let blurred = sheet.blur(&plane, 2.0);
            // 4 cells south, and as many degrees of arc east.
            let cos = sheet.cos_latitude(line);
            let peak = blurred[line * 360 + 3];
            let east_cells = (4.0 / cos).round();
            let east = blurred[line * 360 + (3 + east_cells as usize) % 360] / peak;
            let expected = (-0.5 * (east_cells * cos / 2.0).powi(2)).exp() as f32;
            assert!((east - expected).abs() < 0.05, "line {line}: {east} {expected}");
            let south = blurred[(line + 4) * 360 + 3] / peak;
            let expected = (-2.0f32).exp();
            assert!((south - expected).abs() < 0.01, "line {line}: {south} {expected}");
        }
    }

    #[test]
    fn light_crosses_the_pole() {
        let sheet = Sheet::of(MapGrid::global(90));
        let mut plane = vec![0.0f32; 180 * 90];
        plane[0..10].fill(1.0);
        let blurred = sheet.blur(&plane, 3.0);
        assert!(blurred[180 + 95] > 0.0, "half a turn away");
    }

    #[test]
    fn halved_lines_equal_the_gaussian() {
        let grid = MapGrid { width: 400, height: 100, west_rad: 0.0, north_rad: 0.025, step_rad: 5e-4 };
        let sheet = Sheet::of(grid);
        assert!(!sheet.wraps && !sheet.north_pole);
        // A source of sigma 6 and a Gaussian of sigma 10: widths add in squares.
        let height = |k: i64, variance: f64| {
            (-0.5 * (k * k) as f64 / variance).exp() / (2.0 * std::f64::consts::PI * variance)
        };
        let value = |k: usize| {
            let (x, y) = ((k % 400) as i64 - 200, (k / 400) as i64 - 50);
            (height(x, 36.0) * height(y, 36.0) / height(0, 36.0)) as f32
        };
        let plane: Vec<f32> = (0..400 * 100).map(value).collect();
        let blurred = sheet.blur(&plane, 10.0);
        for k in [0usize, 5, 10, 20] {
            let expected = height(k as i64, 136.0);
            let error = (f64::from(blurred[50 * 400 + 200 + k]) - expected) / height(0, 136.0);
            // Kernels end at three sigma.
            assert!(error.abs() < 0.01, "{k}: {error} of the peak");
        }
    }

    #[test]
    fn halving_rounds_up_but_not_around_the_body() {
        let sheet = Sheet::of(MapGrid::global(64));
        assert_eq!(sheet.halved().unwrap().grid.step_rad, 2.0 * sheet.grid.step_rad);
        let window =
            Sheet::of(MapGrid { width: 101, height: 77, west_rad: 0.0, north_rad: 0.5, step_rad: 1e-3 });
        let half = window.halved().unwrap().grid;
        assert_eq!((half.width, half.height), (51, 39));
        assert!(Sheet::of(MapGrid::global(33)).halved().is_none());
    }
}
