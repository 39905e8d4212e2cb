// SPDX-License-Identifier: MIT OR Apache-2.0
//! The largest and smallest measurement of a cell, to be taken out of its sums at the end when they stand off.
//!
//! In: the contributions of a cell. Out: its sums without outliers. Which two are kept depends on their values and, for
//! equal ones, on the frames' keys, never on the order they came in.

use super::cell::{Cell, Place};
use super::quantum::{Contribution, FrameTag};

/// Fewest measurements of which one can be called an outlier.
pub(crate) const LEAST_COUNT: u32 = 4;

/// One measurement with the frame it came from; weight 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extreme {
    /// The frame's key.
    pub key: u64,
    /// The measurement.
    pub c: Contribution,
}

impl Extreme {
    const NONE: Self = Self { key: 0, c: Contribution { weight: 0, value: 0, sigma: 0 } };

    fn exists(&self) -> bool {
        self.c.weight > 0
    }

    fn order(&self) -> (i64, u64) {
        (self.c.value, self.key)
    }
}

/// The smallest and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extremes(pub [Extreme; 2]);

impl Default for Extremes {
    fn default() -> Self {
        Self([Extreme::NONE; 2])
    }
}

impl Extremes {
    /// Follows what happened to the cell's sums.
    pub fn add(&mut self, c: &Contribution, tag: &FrameTag, place: Place) {
        let one = Extreme { key: tag.key, c: *c };
        self.merge(&Self([one; 2]), place);
    }

    /// Joins those of other frames, as the sums were joined.
    pub fn merge(&mut self, other: &Self, place: Place) {
        match place {
            Place::Hidden => {}
            Place::Replaces => *self = *other,
            Place::Joins => {
                let [low, high] = other.0;
                if low.exists() && (!self.0[0].exists() || low.order() < self.0[0].order()) {
                    self.0[0] = low;
                }
                if high.exists() && (!self.0[1].exists() || high.order() > self.0[1].order()) {
                    self.0[1] = high;
                }
            }
        }
    }

    /// The sums without outliers, and how many there were.
    pub fn trimmed(&self, cell: &Cell, clip_sigma: f64) -> (Cell, u32) {
        let (mut left, mut cell, mut rejected) = (self.0, *cell, 0);
        while cell.count >= LEAST_COUNT {
            let off = left.map(|extreme| stand_off_sigma(&cell, &extreme).unwrap_or(0.0));
            let farthest = usize::from(off[1] > off[0]);
            if !(off[farthest] > clip_sigma) {
                break;
            }
            cell = cell.without(&left[farthest].c);
            left[farthest] = Extreme::NONE;
            rejected += 1;
        }
        (cell, rejected)
    }
}

/// How far a measurement stands off the mean of the others, in standard deviations expected of it: the scatter of the
/// others (widened for their small number) or its own noise, whichever is larger, and the error of their mean.
fn stand_off_sigma(cell: &Cell, extreme: &Extreme) -> Option<f64> {
    if !extreme.exists() {
        return None;
    }
    let others = cell.without(&extreme.c);
    let moments = others.moments()?;
    let count = f64::from(others.count);
    let widened = moments.variance * (count + 1.0) / (count - 1.0);
    let noise = f64::from(extreme.c.sigma).powi(2);
    // One unit: equal values scatter by their rounding.
    let expected = widened.max(noise) * (1.0 + 1.0 / count) + moments.noise_variance + 1.0;
    Some((extreme.c.value as f64 - moments.mean).abs() / expected.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::quantum::Quantum;
    use facula_core::{Level, Quality, Random};

    const QUANTUM: fn() -> Quantum = || Quantum::of(Level::IOverF);

    fn filled(values: &[(f32, u8)]) -> (Cell, Extremes) {
        let (mut cell, mut extremes) = (Cell::default(), Extremes::default());
        for (k, (albedo, level)) in values.iter().enumerate() {
            let tag = FrameTag {
                key: k as u64 + 1,
                level: *level,
                day: 1,
                gain: 1.0,
                weight_units: 1.0,
                quantum: QUANTUM(),
            };
            let c = Contribution {
                weight: 1000,
                value: QUANTUM().value(*albedo).unwrap(),
                sigma: QUANTUM().sigma(0.001),
            };
            let place = cell.add(&c, &tag, (140.0, Quality::GOOD));
            extremes.add(&c, &tag, place);
        }
        (cell, extremes)
    }

    fn mean(cell: &Cell) -> f64 {
        QUANTUM().number(cell.mean_and_sigma().unwrap().0)
    }

    #[test]
    fn a_cosmic_ray_and_a_dead_pixel_leave_the_mean_of_the_others() {
        let values = [(0.090, 0), (0.091, 0), (2.5, 0), (0.089, 0), (0.0, 0), (0.0905, 0)];
        let (cell, extremes) = filled(&values);
        let (clean, rejected) = extremes.trimmed(&cell, 5.0);
        assert_eq!((rejected, clean.count), (2, 4));
        assert!((mean(&clean) - 0.090125).abs() < 2e-7, "{}", mean(&clean));
        let (three, extremes) = filled(&values[..3]);
        assert_eq!(extremes.trimmed(&three, 5.0).1, 0, "of three, nobody knows which is wrong");
    }

    #[test]
    fn sound_noise_is_hardly_ever_rejected() {
        let mut random = Random::new(6, 1);
        let mut rejected = 0;
        for _ in 0..2000 {
            let values: Vec<(f32, u8)> =
                (0..6).map(|_| (0.09 + 0.001 * random.normal_pair().0 as f32, 0)).collect();
            let (cell, extremes) = filled(&values);
            rejected += extremes.trimmed(&cell, 5.0).1;
        }
        assert!(rejected <= 2, "{rejected} of 12000");
    }

    #[test]
    fn extremes_follow_the_level_and_not_the_order() {
        let values = [(9.0, 0), (0.2, 1), (0.1, 1), (-3.0, 0), (0.3, 1), (0.2, 1)];
        let (_, extremes) = filled(&values);
        let value = |k: usize| QUANTUM().number(extremes.0[k].c.value as f64);
        assert!((value(0) - 0.1).abs() < 1e-6 && (value(1) - 0.3).abs() < 1e-6);
        let (a, b) = (filled(&[(0.5, 1), (0.1, 1)]).1, filled(&[(0.5, 1), (0.7, 1)]).1);
        let (mut ab, mut ba) = (a, b);
        ab.merge(&b, Place::Joins);
        ba.merge(&a, Place::Joins);
        assert_eq!(ab, ba);
    }
}
