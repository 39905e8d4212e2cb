// SPDX-License-Identifier: MIT OR Apache-2.0
//! Boxes of single precision that hold what they hold, rounding included.

/// A box; empty when low is beyond high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: [f32; 3],
    pub(super) high: [f32; 3],
}

impl Bounds {
    pub(super) const EMPTY: Self = Self { low: [f32::INFINITY; 3], high: [f32::NEG_INFINITY; 3] };

    /// The smallest box around points, rounded outward.
    pub(super) fn around(points: impl Iterator<Item = [f64; 3]>) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for p in points {
            for k in 0..3 {
                low[k] = if p[k] < low[k] { p[k] } else { low[k] };
                high[k] = if p[k] > high[k] { p[k] } else { high[k] };
            }
        }
        Self { low: low.map(round_down), high: high.map(round_up) }
    }

    #[inline]
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut sum = *self;
        for k in 0..3 {
            sum.low[k] = if other.low[k] < sum.low[k] { other.low[k] } else { sum.low[k] };
            sum.high[k] = if other.high[k] > sum.high[k] { other.high[k] } else { sum.high[k] };
        }
        sum
    }

    /// Half its surface; 0 when empty.
    #[inline]
    pub(super) fn area(&self) -> f32 {
        let [x, y, z] = [0, 1, 2].map(|k| (self.high[k] - self.low[k]).max(0.0));
        x * y + y * z + z * x
    }

    pub(super) fn grown(&self, by: f32) -> Self {
        Self { low: self.low.map(|c| c - by), high: self.high.map(|c| c + by) }
    }
}

fn round_down(c: f64) -> f32 {
    let near = c as f32;
    if f64::from(near) > c { near.next_down() } else { near }
}

pub(super) fn round_up(c: f64) -> f32 {
    let near = c as f32;
    if f64::from(near) < c { near.next_up() } else { near }
}
