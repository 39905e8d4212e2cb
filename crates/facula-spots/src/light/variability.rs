// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a spot as bright in one rotation as in the next?
//!
//! In: curves with their fitted laws. Each fitted point gives observed over modelled brightness; those of one rotation give
//! its level. Levels scatter more than the points within a rotation tell, because all points of a rotation share how the
//! spot was seen: that share is found over all spots together, from the median of the squared levels, which the few spots
//! that do vary cannot move; what a slope of the ground would do to each level is added. Out: two tests a spot, an F test of the levels and one of a straight line through them (variance
//! ratio against the scatter within rotations), with the probability corrected for all tests made (Šidák 1967, J. Am.
//! Stat. Assoc. 62, 626). A change that goes with the phase angle cannot be told from the law's own.

use std::f64::consts::PI;

use facula_core::{Epoch, Unit, quantile};
use serde::Serialize;

use super::LightCurve;
use super::chance::f_exceeds;
use super::fit::LightFit;
use super::law::relief_shift;

/// How it is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VariabilityOptions {
    /// Probability that, of all spots tested, any constant one is called variable.
    pub false_alarm_rate: f64,
    /// Rotations with fewer points are left out.
    pub least_points: usize,
    /// Error common to a rotation over that of one point, where there are too few spots to find it.
    pub rotation_error_ratio: f64,
    /// Slope the ground of a spot may have in any direction, one sigma, rad: rotations that see it under another light differ
    /// by it.
    pub relief_sigma_rad: f64,
}

impl Default for VariabilityOptions {
    fn default() -> Self {
        Self {
            false_alarm_rate: 0.01,
            least_points: 2,
            rotation_error_ratio: 1.0,
            relief_sigma_rad: 4.0 * PI / 180.0,
        }
    }
}

/// What the tests say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Constancy {
    /// Nothing beyond chance.
    Constant,
    /// Brighter with time, along a line.
    Brightening,
    /// Fainter with time, along a line.
    Fading,
    /// It changes, and not along a line.
    Variable,
    /// Fewer than two rotations.
    NotTested,
}

impl Constancy {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Brightening => "brightening",
            Self::Fading => "fading",
            Self::Variable => "variable",
            Self::NotTested => "not tested",
        }
    }
}

/// Brightness of a spot in one rotation over that of its law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RotationLevel {
    /// Rotation, counted from that of the curve's first point.
    pub rotation: i64,
    /// From the first point of the curve to the mean time of its points, hours.
    pub after_h: f64,
    /// Observed over modelled.
    pub brightness_ratio: f64,
    /// One sigma of it, what a rotation shares included.
    pub brightness_sigma: f64,
    /// Points.
    pub points: usize,
}

/// The tests of one spot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variability {
    /// The spot.
    pub spot_id: String,
    /// What follows.
    pub constancy: Constancy,
    /// Level of each rotation.
    pub levels: Vec<RotationLevel>,
    /// Probability that chance makes the levels differ as much in any of the tests made.
    pub probability: f64,
    /// Relative change of brightness per day of 86,400 s; NaN with fewer than three rotations.
    pub trend_ratio: f64,
    /// One sigma of it.
    pub trend_sigma: f64,
    /// Probability that chance makes a line as steep in any of the tests made.
    pub trend_probability: f64,
    /// Tests made in all.
    pub tests: usize,
}

/// Median of the square of a normal number of variance 1: χ² of one degree of freedom.
const MEDIAN_SQUARE: f64 = 0.454_936_423_119_572_8;
/// Share of the squared deviations that a line may leave and still be called one.
const LARGEST_REST: f64 = 0.3;
/// Levels from which the share of rotations is found.
const LEAST_LEVELS: usize = 12;
/// Largest ratio of the error common to a rotation to that of a point.
const LARGEST_RATIO: f64 = 30.0;

/// Tests every spot that has a law, in the order given.
pub fn variability(curves: &[(&LightCurve, &LightFit)], options: &VariabilityOptions) -> Vec<Variability> {
    let spots: Vec<Levels> = curves.iter().map(|(curve, fit)| Levels::of(curve, fit, options)).collect();
    let tests: usize = spots.iter().map(Levels::tests).sum();
    let ratio = common_ratio(&spots).unwrap_or(options.rotation_error_ratio);
    spots.iter().map(|spot| spot.judge(ratio, tests, options)).collect()
}

/// A point: rotation, days, observed over modelled, weight, relative change per rad of slope.
type Row = (i64, f64, f64, f64, [f64; 2]);

/// The rotations of one spot.
struct Levels {
    spot_id: String,
    levels: Vec<Level>,
    /// Variance of a point within a rotation.
    point_variance: f64,
    /// Points less rotations.
    degrees: f64,
    relief_sigma_rad: f64,
}

struct Level {
    rotation: i64,
    days: f64,
    ratio: f64,
    /// Of the mean, from the scatter within rotations.
    variance: f64,
    /// Relative change per rad of slope to the east and to the north.
    relief_per_rad: [f64; 2],
    points: usize,
}

/// A straight line through levels.
struct Line {
    slope: f64,
    slope_sigma: f64,
    /// Squared deviations from it.
    rest: f64,
}

impl Levels {
    fn of(curve: &LightCurve, fit: &LightFit, options: &VariabilityOptions) -> Self {
        let start: Option<Epoch> = curve.points.iter().map(|p| p.epoch).min();
        let days = |k: usize| start.map_or(0.0, |s| (curve.points[k].epoch - s).to_unit(Unit::Day));
        // Rotation, days, observed over modelled, weight, relative change per rad of slope.
        let mut rows: Vec<Row> = Vec::new();
        for ((k, rotation), residual) in fit.used.iter().zip(&fit.rotation_of).zip(&fit.residual_sigma) {
            let point = &curve.points[*k];
            let modelled = fit.modelled_iof(point);
            let (iof, _) = fit.part.light(point);
            let sigma = (iof - modelled) / residual / modelled;
            let weight = if sigma.is_finite() && sigma > 0.0 { sigma.powi(-2) } else { 0.0 };
            if modelled > 0.0 && weight > 0.0 {
                let change = |direction| relief_shift(&fit.model, &[point], &[1.0 / modelled], direction)[0];
                let relief = [change([1.0, 0.0]), change([0.0, 1.0])];
                rows.push((*rotation, days(*k), iof / modelled, weight, relief));
            }
        }
        rows.sort_by_key(|row| row.0);
        let groups: Vec<&[Row]> = rows
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|group| group.len() >= options.least_points.max(1))
            .collect();
        let total: usize = groups.iter().map(|group| group.len()).sum();
        let degrees = (total - groups.len()) as f64;
        let (mut chi2, mut weight) = (0.0, 0.0);
        let mut levels = Vec::new();
        for group in &groups {
            let sum: f64 = group.iter().map(|row| row.3).sum();
            let mean = |of: fn(&Row) -> f64| group.iter().map(|row| row.3 * of(row)).sum::<f64>() / sum;
            let (days, ratio) = (mean(|row| row.1), mean(|row| row.2));
            chi2 += group.iter().map(|row| row.3 * (row.2 - ratio).powi(2)).sum::<f64>();
            weight += sum;
            let relief_per_rad = [mean(|row| row.4[0]), mean(|row| row.4[1])];
            let (rotation, variance) = (group[0].0, 1.0 / sum);
            levels.push(Level { rotation, days, ratio, variance, relief_per_rad, points: group.len() });
        }
        // Never below the errors as stated: the test is to alarm too seldom rather than too often.
        let widened = if degrees > 0.0 { (chi2 / degrees).max(1.0) } else { 1.0 };
        levels.iter_mut().for_each(|level| level.variance *= widened);
        let point_variance = widened * total as f64 / f64::max(weight, f64::MIN_POSITIVE);
        // A change that all levels share is the normal albedo's.
        for direction in 0..2 {
            let count = levels.len().max(1) as f64;
            let mean = levels.iter().map(|level| level.relief_per_rad[direction]).sum::<f64>() / count;
            levels.iter_mut().for_each(|level| level.relief_per_rad[direction] -= mean);
        }
        let relief_sigma_rad = options.relief_sigma_rad;
        Self { spot_id: curve.spot_id.clone(), levels, point_variance, degrees, relief_sigma_rad }
    }

    /// Tests this spot allows.
    fn tests(&self) -> usize {
        match self.levels.len() {
            0 | 1 => 0,
            _ if self.degrees < 1.0 => 0,
            2 => 1,
            _ => 2,
        }
    }

    /// Variance of a level with the error that a rotation shares and that of unknown relief.
    fn variance(&self, level: &Level, ratio: f64) -> f64 {
        let [east, north] = level.relief_per_rad;
        let relief = self.relief_sigma_rad * east.hypot(north);
        level.variance + ratio * ratio * self.point_variance + relief * relief
    }

    fn mean(&self, ratio: f64) -> f64 {
        let weights: Vec<f64> = self.levels.iter().map(|l| 1.0 / self.variance(l, ratio)).collect();
        let sum: f64 = self.levels.iter().zip(&weights).map(|(level, weight)| weight * level.ratio).sum();
        sum / weights.iter().sum::<f64>()
    }

    /// Squared deviations of the levels from their mean over their variances, as if the mean were known.
    fn squares(&self, ratio: f64) -> Vec<f64> {
        let (mean, count) = (self.mean(ratio), self.levels.len() as f64);
        let square = |l: &Level| (l.ratio - mean).powi(2) / self.variance(l, ratio) * count / (count - 1.0);
        self.levels.iter().map(square).collect()
    }

    fn line(&self, ratio: f64) -> Line {
        let weights: Vec<f64> = self.levels.iter().map(|l| 1.0 / self.variance(l, ratio)).collect();
        let sum = |of: &dyn Fn(&Level) -> f64| {
            self.levels.iter().zip(&weights).map(|(level, weight)| weight * of(level)).sum::<f64>()
        };
        let whole = sum(&|_| 1.0);
        let (days, mean) = (sum(&|l| l.days) / whole, sum(&|l| l.ratio) / whole);
        let spread = sum(&|l| (l.days - days).powi(2));
        let slope = sum(&|l| (l.days - days) * (l.ratio - mean)) / spread;
        let rest = sum(&|l| (l.ratio - mean - slope * (l.days - days)).powi(2));
        Line { slope, slope_sigma: spread.sqrt().recip(), rest }
    }

    fn judge(&self, ratio: f64, tests: usize, options: &VariabilityOptions) -> Variability {
        let level = |l: &Level| RotationLevel {
            rotation: l.rotation,
            after_h: 24.0 * l.days,
            brightness_ratio: l.ratio,
            brightness_sigma: self.variance(l, ratio).sqrt(),
            points: l.points,
        };
        let mut told = Variability {
            spot_id: self.spot_id.clone(),
            constancy: Constancy::NotTested,
            levels: self.levels.iter().map(level).collect(),
            probability: 1.0,
            trend_ratio: f64::NAN,
            trend_sigma: f64::NAN,
            trend_probability: 1.0,
            tests,
        };
        if self.tests() == 0 {
            return told;
        }
        let count = self.levels.len() as f64;
        let any = |probability: f64| -(tests as f64 * (-probability.min(1.0 - 1e-16)).ln_1p()).exp_m1();
        let chi2 = self.squares(ratio).iter().sum::<f64>() * (count - 1.0) / count;
        told.probability = any(f_exceeds(chi2 / (count - 1.0), [count - 1.0, self.degrees]));
        let mut bent = true;
        if self.tests() == 2 {
            let line = self.line(ratio);
            let steep = (line.slope / line.slope_sigma).powi(2);
            (told.trend_ratio, told.trend_sigma) = (line.slope, line.slope_sigma);
            told.trend_probability = any(f_exceeds(steep, [1.0, self.degrees]));
            let off_line = f_exceeds(line.rest / (count - 2.0), [count - 2.0, self.degrees]);
            bent = off_line < 0.01 && line.rest > LARGEST_REST * chi2;
        }
        let alarm = |probability: f64| probability < options.false_alarm_rate;
        told.constancy = match (alarm(told.trend_probability), alarm(told.probability)) {
            (true, false) => line_kind(told.trend_ratio),
            (true, true) if !bent => line_kind(told.trend_ratio),
            (false, false) => Constancy::Constant,
            _ => Constancy::Variable,
        };
        told
    }
}

fn line_kind(slope: f64) -> Constancy {
    if slope > 0.0 { Constancy::Brightening } else { Constancy::Fading }
}

/// The error common to a rotation over that of a point, at which the median of all squared deviations is that of normal
/// numbers; `None` with too few levels.
fn common_ratio(spots: &[Levels]) -> Option<f64> {
    let tested: Vec<&Levels> = spots.iter().filter(|spot| spot.tests() > 0).collect();
    let median = |ratio: f64| {
        let mut squares: Vec<f64> = tested.iter().flat_map(|spot| spot.squares(ratio)).collect();
        if squares.len() < LEAST_LEVELS { None } else { quantile(&mut squares, 0.5, f64::total_cmp) }
    };
    if median(0.0)? <= MEDIAN_SQUARE {
        return Some(0.0);
    }
    let (mut low, mut high) = (0.0, LARGEST_RATIO);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if median(middle)? > MEDIAN_SQUARE { low = middle } else { high = middle }
    }
    Some(high)
}

/// Time of one turn of a body by its spin, s: the length of a day but for the body's own way around the Sun.
pub fn day_s(spin_rad_s: f64) -> f64 {
    2.0 * PI / spin_rad_s.abs()
}

#[cfg(test)]
mod tests;
