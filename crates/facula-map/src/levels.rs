// SPDX-License-Identifier: MIT OR Apache-2.0
//! Levels of frames against each other: one global least squares over the ground that several frames show.
//!
//! In: [`Overlaps`] and the model that divides the light out. Out: a gain per frame with its uncertainty. Unknown are the
//! logarithm of each frame's level and of each cell's albedo; the albedos are eliminated cell by cell, the levels are
//! held near 0 by the stated error of absolute calibration (else their mean would be free), and single cells that
//! changed or were read wrongly lose weight (Huber's loss by reweighting, Holland and Welsch 1977). Conjugate gradients
//! with the diagonal as preconditioner (Hestenes and Stiefel 1952). All sums run in the order of cells and frames.

use facula_photometry::SurfaceModel;
use nalgebra::DMatrix;

use crate::{MapError, Overlaps};

/// Fraction by which the residual of conjugate gradients has to fall.
const SOLVED: f64 = 1e-12;
/// Change of the largest level at which reweighting ends.
const SETTLED: f64 = 1e-7;
/// Most frames for which uncertainties are worked out: the matrix takes 32 MB.
const MAX_WITH_SIGMA: usize = 2000;
/// Standard deviation of normal values over their median deviation.
const SIGMA_PER_MEDIAN: f64 = 1.4826;

/// What is known before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelOptions {
    /// Error of each frame's absolute calibration, one sigma, as a fraction: how far levels may go.
    pub absolute_fraction: f64,
    /// Scatter of one cell besides its noise, as a fraction: registration, slopes. Only ratios between cells matter:
    /// the size is found from the residuals.
    pub cell_fraction: f64,
    /// Residuals beyond this lose weight, sigmas.
    pub clip_sigma: f64,
    /// Most rounds of reweighting.
    pub most_steps: usize,
}

impl Default for LevelOptions {
    /// 5 % of calibration, 2 % of scatter, Huber's 1.345 sigmas, 50 rounds.
    fn default() -> Self {
        Self { absolute_fraction: 0.05, cell_fraction: 0.02, clip_sigma: 1.345, most_steps: 50 }
    }
}

/// The level of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameGain {
    /// Identifier of the frame.
    pub id: String,
    /// Factor that brings its brightness to the common level.
    pub gain: f64,
    /// One sigma of it; `None` of more than 2,000 frames.
    pub sigma: Option<f64>,
    /// Cells it shares with others.
    pub cells: u64,
}

/// Levels of frames.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameLevels {
    /// One for each frame of the overlaps, by identifier; 1 with the error of calibration for a frame that shares
    /// nothing.
    pub gains: Vec<FrameGain>,
    /// Scatter of cells around their mean before and after, as fractions (robust: 1.4826 times the median deviation).
    pub scatter_fraction: [f64; 2],
    /// Rounds of reweighting taken.
    pub steps: usize,
}

/// Levels of frames from the ground they share.
///
/// # Errors
/// [`MapError::Argument`] for options that are not positive and for overlaps without cells;
/// [`MapError::NotConverged`] when reweighting does not end.
pub fn equalise_levels(
    overlaps: &Overlaps,
    model: &SurfaceModel,
    options: &LevelOptions,
) -> Result<FrameLevels, MapError> {
    check(overlaps, options)?;
    let mut system = System::new(overlaps, model, options);
    let mut levels = vec![0.0; overlaps.frames.len()];
    let before = system.scatter(&levels);
    for step in 1..=options.most_steps {
        system.reweight(&levels, options.clip_sigma);
        let solved = system.solve(&levels);
        let change = solved.iter().zip(&levels).map(|(a, b): (&f64, &f64)| (a - b).abs()).fold(0.0, f64::max);
        levels = solved;
        if change < SETTLED {
            let scatter_fraction = [before, system.scatter(&levels)];
            return Ok(FrameLevels { gains: system.gains(overlaps, &levels), scatter_fraction, steps: step });
        }
    }
    let steps = options.most_steps;
    Err(MapError::NotConverged { what: "levels of frames", steps, remedy: "raise most_steps or clip_sigma" })
}

fn check(overlaps: &Overlaps, options: &LevelOptions) -> Result<(), MapError> {
    let LevelOptions { absolute_fraction, cell_fraction, clip_sigma, .. } = *options;
    if [absolute_fraction, cell_fraction, clip_sigma].iter().any(|v| !(*v > 0.0 && v.is_finite())) {
        let found = format!("{options:?}");
        return Err(MapError::Argument { what: "level options", found, remedy: "give positive numbers" });
    }
    if overlaps.cells.is_empty() {
        let found = format!("{} frames that share no cell", overlaps.frames.len());
        let remedy = "give frames that overlap, or a finer grid";
        return Err(MapError::Argument { what: "overlaps", found, remedy });
    }
    Ok(())
}

/// One sample as the least squares sees it.
#[derive(Clone, Copy)]
struct Datum {
    frame: usize,
    /// Logarithm of its albedo.
    value: f64,
    /// Its expected error as a fraction, before it is scaled to the residuals.
    sigma: f64,
    /// Weight in this round.
    weight: f64,
}

struct System {
    /// Samples, cell by cell.
    data: Vec<Datum>,
    /// Ends of the cells within `data`.
    ends: Vec<usize>,
    frames: usize,
    /// Weight that holds each level at 0.
    ridge: f64,
}

impl System {
    fn new(overlaps: &Overlaps, model: &SurfaceModel, options: &LevelOptions) -> Self {
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        for cell in &overlaps.cells {
            for s in &cell.samples {
                let albedo = s.iof / model.iof_per_albedo(s.light);
                let sigma = (s.sigma / s.iof).hypot(options.cell_fraction);
                let datum = Datum { frame: s.frame as usize, value: albedo.ln(), sigma, weight: 1.0 };
                if datum.value.is_finite() && sigma.is_finite() {
                    data.push(datum);
                }
            }
            ends.push(data.len());
        }
        let ridge = options.absolute_fraction.powi(-2);
        Self { data, ends, frames: overlaps.frames.len(), ridge }
    }

    fn cells(&self) -> impl Iterator<Item = &[Datum]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.data[*start..*end]).filter(|cell| cell.len() > 1)
    }

    /// Weighted mean of a cell of what `of` gives of each datum, and the sum of weights.
    fn mean(cell: &[Datum], of: impl Fn(&Datum) -> f64) -> (f64, f64) {
        let (sum, weights) = cell.iter().fold((0.0, 0.0), |(s, w), d| (s + d.weight * of(d), w + d.weight));
        (sum / weights, weights)
    }

    /// Residuals over their expected errors, which are larger than what a mean that holds the sample itself leaves.
    fn residuals(&self, levels: &[f64]) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.data.len());
        for cell in self.cells() {
            let (mean, weights) = Self::mean(cell, |d| d.value - levels[d.frame]);
            let left = |d: &Datum| {
                let freedom = (1.0 - d.weight / weights).max(1e-3).sqrt();
                (d.value - levels[d.frame] - mean) / (d.sigma * freedom)
            };
            all.extend(cell.iter().map(left));
        }
        all
    }

    /// Weights for the residuals at these levels: expected errors scaled to the residuals, then Huber's.
    fn reweight(&mut self, levels: &[f64], clip_sigma: f64) {
        let residuals = self.residuals(levels);
        let scale = (SIGMA_PER_MEDIAN * median(residuals.iter().map(|r| r.abs()).collect())).max(1e-6);
        let mut next = residuals.into_iter();
        let (mut start, ends) = (0, self.ends.clone());
        for end in ends {
            let cell = &mut self.data[start..end];
            start = end;
            if cell.len() < 2 {
                continue;
            }
            for d in cell {
                let off = next.next().unwrap_or(0.0).abs() / scale;
                d.weight = (clip_sigma / off).min(1.0) / (d.sigma * scale).powi(2);
            }
        }
    }

    /// Scatter of cells around their means, as a fraction.
    fn scatter(&self, levels: &[f64]) -> f64 {
        let mut off = Vec::with_capacity(self.data.len());
        for cell in self.cells() {
            let (mean, weights) = Self::mean(cell, |d| d.value - levels[d.frame]);
            off.extend(cell.iter().map(|d| {
                let freedom = (1.0 - d.weight / weights).max(1e-3).sqrt();
                (d.value - levels[d.frame] - mean).abs() / freedom
            }));
        }
        SIGMA_PER_MEDIAN * median(off)
    }

    /// Normal equations times a vector.
    fn times(&self, x: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = x.iter().map(|v| self.ridge * v).collect();
        for cell in self.cells() {
            let (mean, _) = Self::mean(cell, |d| x[d.frame]);
            cell.iter().for_each(|d| out[d.frame] += d.weight * (x[d.frame] - mean));
        }
        out
    }

    /// Right side and diagonal of the normal equations.
    fn sides(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut right, mut diagonal) = (vec![0.0; self.frames], vec![self.ridge; self.frames]);
        for cell in self.cells() {
            let (mean, weights) = Self::mean(cell, |d| d.value);
            for d in cell {
                right[d.frame] += d.weight * (d.value - mean);
                diagonal[d.frame] += d.weight * (1.0 - d.weight / weights);
            }
        }
        (right, diagonal)
    }

    /// Levels for the weights of this round.
    fn solve(&self, start: &[f64]) -> Vec<f64> {
        let (right, diagonal) = self.sides();
        let mut x = start.to_vec();
        let mut residual: Vec<f64> = right.iter().zip(self.times(&x)).map(|(b, ax)| b - ax).collect();
        let preconditioned =
            |r: &[f64]| -> Vec<f64> { r.iter().zip(&diagonal).map(|(r, d)| r / d).collect() };
        let mut z = preconditioned(&residual);
        let mut direction = z.clone();
        let mut size = dot(&residual, &z);
        let enough = SOLVED * SOLVED * dot(&right, &preconditioned(&right)).max(f64::MIN_POSITIVE);
        // In exact arithmetic as many steps as frames; twice that for rounding.
        for _ in 0..2 * self.frames + 10 {
            if !(size > enough) {
                break;
            }
            let a_direction = self.times(&direction);
            let step = size / dot(&direction, &a_direction);
            x.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
            residual.iter_mut().zip(&a_direction).for_each(|(r, d)| *r -= step * d);
            z = preconditioned(&residual);
            let next = dot(&residual, &z);
            direction.iter_mut().zip(&z).for_each(|(d, z)| *d = z + next / size * *d);
            size = next;
        }
        x
    }

    fn gains(&self, overlaps: &Overlaps, levels: &[f64]) -> Vec<FrameGain> {
        let sigmas = self.sigmas();
        let mut shared = vec![0; self.frames];
        self.cells().flatten().for_each(|d| shared[d.frame] += 1);
        let gain = |(k, id): (usize, &String)| {
            let gain = (-levels[k]).exp();
            let sigma = sigmas.as_ref().map(|sigmas| sigmas[k] * gain);
            FrameGain { id: id.clone(), gain, sigma, cells: shared[k] }
        };
        overlaps.frames.iter().enumerate().map(gain).collect()
    }

    /// Roots of the diagonal of the inverse of the normal equations.
    fn sigmas(&self) -> Option<Vec<f64>> {
        if self.frames > MAX_WITH_SIGMA {
            return None;
        }
        let mut matrix = DMatrix::from_diagonal_element(self.frames, self.frames, self.ridge);
        for cell in self.cells() {
            let weights: f64 = cell.iter().map(|d| d.weight).sum();
            for a in cell {
                matrix[(a.frame, a.frame)] += a.weight;
                cell.iter().for_each(|b| matrix[(a.frame, b.frame)] -= a.weight * b.weight / weights);
            }
        }
        let inverse = matrix.cholesky()?.inverse();
        Some(inverse.diagonal().iter().map(|v| v.sqrt()).collect())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    facula_core::quantile(&mut values, 0.5, f64::total_cmp).unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
