// SPDX-License-Identifier: MIT OR Apache-2.0
//! Map planes with weights, smoothed by Gaussians that are round on the ground, and halved in size.
//!
//! A plane holds sums and weights, so that holes and edges cost nothing: smoothed sum over smoothed weight is the
//! mean of what is there. Rows are widened by 1/cos(latitude); over a pole the map goes on half a turn away.

use std::f64::consts::FRAC_PI_2;

use facula_core::MapGrid;
use rayon::prelude::*;

/// Kernels end at this many sigma.
const REACH_SIGMA: f64 = 3.0;
/// Longer half kernels are run as three running means, which cost the same whatever their length.
const LONGEST_KERNEL: usize = 24;

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

    /// The sheet of half the size; `None` when a side is odd or small.
    pub fn halved(&self) -> Option<Self> {
        let grid = self.grid;
        let even = grid.width.is_multiple_of(2) && grid.height.is_multiple_of(2);
        (even && grid.width >= 64 && grid.height >= 32).then_some(Self {
            grid: MapGrid {
                width: grid.width / 2,
                height: grid.height / 2,
                step_rad: 2.0 * grid.step_rad,
                ..grid
            },
            ..*self
        })
    }

    /// Sums of blocks of two by two cells, divided by four.
    pub fn halve(&self, plane: &[f32]) -> Vec<f32> {
        let width = self.grid.width;
        let mut half = vec![0.0; width / 2 * (self.grid.height / 2)];
        half.par_chunks_mut(width / 2).enumerate().for_each(|(line, out)| {
            let upper = &plane[2 * line * width..][..width];
            let lower = &plane[(2 * line + 1) * width..][..width];
            for ((value, u), l) in out.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
                *value = 0.25 * ((u[0] + u[1]) + (l[0] + l[1]));
            }
        });
        half
    }

    /// Convolves a plane with a Gaussian of `sigma_cells` (cells of a line of latitude 0), cells outside being 0.
    pub fn blur(&self, plane: &[f32], sigma_cells: f64) -> Vec<f32> {
        let (width, height) = (self.grid.width, self.grid.height);
        let kernel = gaussian(sigma_cells);
        let reach = (kernel.len() / 2).min(height);
        let kernel = &kernel[kernel.len() / 2 - reach..][..2 * reach + 1];
        // Lines beyond the edges on both sides, so that the second pass needs no case for them.
        let mut across = vec![0.0; width * (height + 2 * reach)];
        across.par_chunks_mut(width).enumerate().for_each_init(Vec::new, |padded, (k, out)| {
            if let Some((line, half_turn)) = self.source_line(k, reach) {
                let sigma_line_cells = sigma_cells / self.cos_latitude(line);
                self.blur_line(&plane[line * width..][..width], sigma_line_cells, padded, out);
                if half_turn {
                    out.rotate_left(width / 2);
                }
            }
        });
        let mut blurred = vec![0.0; width * height];
        blurred.par_chunks_mut(width).enumerate().for_each(|(line, out)| {
            for (j, factor) in kernel.iter().enumerate() {
                add_scaled(out, &across[(line + j) * width..][..width], *factor);
            }
        });
        blurred
    }

    /// The line that padded line `k` shows, and whether from half a turn away; `None` beyond an edge.
    fn source_line(&self, k: usize, reach: usize) -> Option<(usize, bool)> {
        let height = self.grid.height;
        if k < reach {
            let mirrored = reach - 1 - k;
            (self.north_pole && mirrored < height).then_some((mirrored, true))
        } else if k < reach + height {
            Some((k - reach, false))
        } else {
            let mirrored = (2 * height + reach).checked_sub(k + 1)?;
            (self.south_pole && mirrored < height).then_some((mirrored, true))
        }
    }

    fn blur_line(&self, line: &[f32], sigma_cells: f64, padded: &mut Vec<f32>, out: &mut [f32]) {
        let width = line.len();
        if self.wraps && 2.0 * sigma_cells >= width as f64 / 2.0 {
            let mean = line.iter().map(|v| f64::from(*v)).sum::<f64>() / width as f64;
            out.fill(mean as f32);
            return;
        }
        let reach = (REACH_SIGMA * sigma_cells).ceil() as usize + 2;
        padded.clear();
        let wrapped = |k: usize| line[(k + width * (reach / width + 1) - reach) % width];
        let outside = |k: usize| if self.wraps { wrapped(k) } else { 0.0 };
        padded.extend((0..reach).map(outside));
        padded.extend_from_slice(line);
        padded.extend((reach + width..2 * reach + width).map(outside));
        if reach <= LONGEST_KERNEL {
            let kernel = gaussian(sigma_cells);
            let start = reach - kernel.len() / 2;
            out.fill(0.0);
            for (j, factor) in kernel.iter().enumerate() {
                add_scaled(out, &padded[start + j..][..width], *factor);
            }
        } else {
            for _ in 0..3 {
                running_mean(padded, 2.0 * sigma_cells);
            }
            out.copy_from_slice(&padded[reach..reach + width]);
        }
    }
}

fn add_scaled(sum: &mut [f32], values: &[f32], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

/// A sampled Gaussian of sum 1, odd length.
pub(crate) fn gaussian(sigma_cells: f64) -> Vec<f32> {
    let reach = (REACH_SIGMA * sigma_cells).ceil().max(1.0) as i64;
    let weight = |k: i64| (-0.5 * (k as f64 / sigma_cells.max(1e-3)).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|k| (weight(k) / sum) as f32).collect()
}

/// Replaces each value by the mean over `length` (fractional) cells around it; cells beyond the ends are 0.
fn running_mean(line: &mut [f32], length: f64) {
    let mut sums = Vec::with_capacity(line.len() + 1);
    let mut total = 0.0f64;
    sums.push(total);
    for value in line.iter() {
        total += f64::from(*value);
        sums.push(total);
    }
    let last = line.len() as f64;
    let integral = |at: f64| {
        let at = at.clamp(0.0, last);
        let k = (at as usize).min(line.len() - 1);
        sums[k] + (at - k as f64) * (sums[k + 1] - sums[k])
    };
    let means: Vec<f32> = (0..line.len())
        .map(|k| {
            let centre = k as f64 + 0.5;
            ((integral(centre + 0.5 * length) - integral(centre - 0.5 * length)) / length) as f32
        })
        .collect();
    line.copy_from_slice(&means);
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn long_running_means_equal_the_gaussian() {
        let grid = MapGrid { width: 400, height: 40, west_rad: 0.0, north_rad: 0.01, step_rad: 5e-4 };
        let sheet = Sheet::of(grid);
        assert!(!sheet.wraps && !sheet.north_pole);
        let mut plane = vec![0.0f32; 400 * 40];
        plane[20 * 400 + 200] = 1.0;
        let blurred = sheet.blur(&plane, 10.0);
        let of = |x: usize| f64::from(blurred[20 * 400 + x]);
        for k in [0usize, 5, 10, 20] {
            let expected = (-0.5 * (k as f64 / 10.0).powi(2)).exp() / (2.0 * std::f64::consts::PI * 100.0);
            let error = (of(200 + k) - expected) * 2.0 * std::f64::consts::PI * 100.0;
            assert!(error.abs() < 0.07, "{k}: {error} of the peak");
            assert!((of(200 - k) - of(200 + k)).abs() < 1e-7);
        }
    }

    #[test]
    fn halving_keeps_the_mean() {
        let sheet = Sheet::of(MapGrid::global(64));
        let plane: Vec<f32> = (0..128 * 64).map(|k| (k % 7) as f32).collect();
        let half = sheet.halve(&plane);
        let mean = |p: &[f32]| p.iter().sum::<f32>() / p.len() as f32;
        assert!((mean(&half) - mean(&plane)).abs() < 1e-4);
        assert_eq!(sheet.halved().unwrap().grid.step_rad, 2.0 * sheet.grid.step_rad);
    }
}
