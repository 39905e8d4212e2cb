// SPDX-License-Identifier: MIT OR Apache-2.0
//! Minimum, maximum, mean and standard deviation of a band, block by block; joined in the order of blocks, so that the
//! order in which blocks came does not show.

use super::tiles::Cells;

/// Sums over the valid cells of a block, or of several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    pub(super) count: u64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) mean: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
}

impl Statistics {
    /// Of no cell.
    pub(super) const NONE: Self =
        Self { count: 0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY, mean: 0.0, squares: 0.0 };

    /// Of the valid cells among the first `valid` columns and lines of a block.
    pub(super) fn of<T: Cells>(
        block: &[T],
        valid: (usize, usize),
        tile_px: usize,
        nodata: Option<T>,
    ) -> Self {
        let lines = || block.chunks(tile_px).take(valid.1).map(|line| &line[..valid.0]);
        let Some(origin) = lines().flatten().find(|cell| !cell.is_missing(nodata)).map(|c| c.number()) else {
            return Self::NONE;
        };
        // Differences from one of the values keep the squares small; eight sums let them run side by side.
        let mut lanes = [(0.0f64, 0.0f64, 0.0f64, f64::INFINITY, f64::NEG_INFINITY); 8];
        for line in lines() {
            for eight in line.chunks(8) {
                for ((n, sum, squares, low, high), cell) in lanes.iter_mut().zip(eight) {
                    let there = !cell.is_missing(nodata);
                    let d = if there { cell.number() - origin } else { 0.0 };
                    *n += f64::from(u8::from(there));
                    *sum += d;
                    *squares += d * d;
                    *low = if d < *low { d } else { *low };
                    *high = if d > *high { d } else { *high };
                }
            }
        }
        let zero = (0.0, 0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        let (n, sum, squares, low, high) = lanes
            .into_iter()
            .fold(zero, |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, f64::min(a.3, b.3), f64::max(a.4, b.4)));
        // Missing cells count as a difference of zero, which the origin has too.
        Self {
            count: n as u64,
            minimum: origin + low,
            maximum: origin + high,
            mean: origin + sum / n,
            squares: (squares - sum * sum / n).max(0.0),
        }
    }

    /// Of cells that all hold one value.
    pub(super) fn constant(value: f64, (width, height): (usize, usize)) -> Self {
        Self { count: (width * height) as u64, minimum: value, maximum: value, mean: value, squares: 0.0 }
    }

    /// Of both.
    ///
    /// # Source
    /// Chan, Golub & LeVeque (1983), The American Statistician 37, 242, equation 1.3.
    pub(super) fn joined(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        Self {
            count: self.count + other.count,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
            mean: self.mean + apart * m / (n + m),
            squares: self.squares + other.squares + apart * apart * n * m / (n + m),
        }
    }

    /// Standard deviation of the cells themselves (not of a population they were drawn from), as GDAL has it.
    pub(super) fn deviation(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.squares / self.count as f64).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_joined_are_one_and_missing_cells_do_not_count() {
        // numpy 2.4: mean, std of [1, 2, 3, 5, 8, 13] are 5.333333333333333, 4.109609335312651.
        let (a, b) = ([1.0f32, 2.0, f32::NAN, 3.0], [5.0f32, 8.0, 13.0, f32::NAN]);
        let of = |cells: &[f32]| Statistics::of(cells, (2, 2), 2, None);
        let both = of(&a).joined(of(&b));
        assert_eq!((both.count, both.minimum, both.maximum), (6, 1.0, 13.0));
        assert!((both.mean - 5.333333333333333).abs() < 1e-12);
        assert!((both.deviation() - 4.109609335312651).abs() < 1e-12);
        assert_eq!(Statistics::of(&[7u16, 7, 7, 7], (2, 2), 2, Some(7)), Statistics::NONE);
        assert_eq!(Statistics::of(&[1.0f32, 2.0, 3.0, 4.0], (1, 2), 2, None).maximum, 3.0);
    }
}
