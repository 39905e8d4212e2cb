// SPDX-License-Identifier: MIT OR Apache-2.0
//! Robust statistics over windows of equal ground size, interpolated between them: local background and noise.

use rayon::prelude::*;

use crate::detect::sheet::Sheet;

/// Values drawn from a tile, about: enough for a median good to 3 % of the scatter.
const DRAWN: usize = 1500;
/// A tile with fewer values takes the median of all tiles.
const FEWEST: usize = 24;

/// One number per tile. Bands of equal height; each band divided by its own length.
#[derive(Debug, Clone)]
pub(crate) struct Tiles {
    bands: Vec<Vec<f32>>,
    wraps: bool,
    width: usize,
    height: usize,
}

impl Tiles {
    /// `statistic` of the values (never NaN) in each tile about `size_cells` high and as wide on the ground;
    /// `None` when no tile has enough values.
    pub fn of<V, S>(sheet: &Sheet, size_cells: f64, value: V, statistic: S) -> Option<Self>
    where
        V: Fn(usize) -> f32 + Sync,
        S: Fn(&mut [f32]) -> f32 + Sync,
    {
        let (width, height) = (sheet.grid.width, sheet.grid.height);
        let count = ((height as f64 / size_cells).round() as usize).clamp(1, height);
        let bands: Vec<Vec<Option<f32>>> = (0..count)
            .into_par_iter()
            .map(|band| {
                let lines = band * height / count..(band + 1) * height / count;
                let length_cells = width as f64 * sheet.cos_latitude((lines.start + lines.end) / 2);
                let columns = ((length_cells / size_cells).round() as usize).clamp(1, width);
                let stride = ((lines.len() * width / columns) as f64 / DRAWN as f64).sqrt().max(1.0) as usize;
                let tile = |column: usize| {
                    let samples = column * width / columns..(column + 1) * width / columns;
                    let mut drawn: Vec<f32> = lines
                        .clone()
                        .step_by(stride)
                        .flat_map(|line| samples.clone().step_by(stride).map(move |x| line * width + x))
                        .map(&value)
                        .filter(|v| !v.is_nan())
                        .collect();
                    (drawn.len() >= FEWEST).then(|| statistic(&mut drawn))
                };
                (0..columns).map(tile).collect()
            })
            .collect();
        let mut known: Vec<f32> = bands.iter().flatten().flatten().copied().collect();
        if known.is_empty() {
            return None;
        }
        let middle = median(&mut known);
        let bands = bands.iter().map(|band| band.iter().map(|v| v.unwrap_or(middle)).collect()).collect();
        Some(Self { bands, wraps: sheet.wraps, width, height })
    }

    /// The interpolated number at a cell.
    pub fn at(&self, x_cells: f64, y_cells: f64) -> f32 {
        let y = (y_cells + 0.5) / self.height as f64 * self.bands.len() as f64 - 0.5;
        let y = y.clamp(0.0, (self.bands.len() - 1) as f64);
        let (upper, lower) = (y as usize, (y as usize + 1).min(self.bands.len() - 1));
        let fraction = (y - upper as f64) as f32;
        let (u, l) = (self.in_band(upper, x_cells), self.in_band(lower, x_cells));
        u + (l - u) * fraction
    }

    /// The same numbers looked up by the cells of another sheet of the same ground.
    pub fn spread_over(self, sheet: &Sheet) -> Self {
        Self { width: sheet.grid.width, height: sheet.grid.height, ..self }
    }

    /// The interpolated numbers of one line.
    #[inline(always)]
    pub fn fill_line(&self, line: usize, out: &mut [f32]) {
        let y = (line as f64 + 0.5) / self.height as f64 * self.bands.len() as f64 - 0.5;
        let y = y.clamp(0.0, (self.bands.len() - 1) as f64);
        let (upper, fraction) = (y as usize, y.fract() as f32);
        out.fill(0.0);
        self.add_band(upper, 1.0 - fraction, out);
        if fraction > 0.0 {
            self.add_band(upper + 1, fraction, out);
        }
    }

    /// Adds a share of the interpolated numbers of a band: straight lines between the middles of its tiles.
    #[inline(always)]
    fn add_band(&self, band: usize, share: f32, out: &mut [f32]) {
        let values = &self.bands[band];
        let (count, width) = (values.len(), out.len());
        let tile = self.width as f64 / count as f64;
        for segment in 0..=count {
            // From the middle of the tile before to that of this one.
            let middle = (segment as f64 - 0.5) * tile - 0.5;
            let first = (middle.max(0.0).ceil() as usize).min(width);
            let last = ((middle + tile).max(0.0).ceil() as usize).min(width);
            let (left, right) = match segment {
                0 if self.wraps => (values[count - 1], values[0]),
                0 => (values[0], values[0]),
                k if k < count => (values[k - 1], values[k]),
                _ if self.wraps => (values[count - 1], values[0]),
                _ => (values[count - 1], values[count - 1]),
            };
            let slope = share * (right - left) / tile as f32;
            let start = share * left + slope * (first as f64 - middle) as f32;
            for (k, value) in out[first..last].iter_mut().enumerate() {
                *value += start + slope * k as f32;
            }
        }
    }

    fn in_band(&self, band: usize, x_cells: f64) -> f32 {
        let values = &self.bands[band];
        let count = values.len();
        let mut x = (x_cells + 0.5) / self.width as f64 * count as f64 - 0.5;
        if self.wraps {
            x = if x < 0.0 { x + count as f64 } else { x };
        } else {
            x = x.clamp(0.0, (count - 1) as f64);
        }
        let left = (x as usize).min(count - 1);
        let right = if left + 1 < count {
            left + 1
        } else if self.wraps {
            0
        } else {
            left
        };
        values[left] + (values[right] - values[left]) * (x - left as f64) as f32
    }
}

/// The median; 0 of nothing. Reorders its argument.
pub(crate) fn median(values: &mut [f32]) -> f32 {
    quantile(values, 0.5)
}

/// The value a fraction of the others lies below; 0 of nothing. Reorders its argument.
pub(crate) fn quantile(values: &mut [f32], fraction: f64) -> f32 {
    facula_core::quantile(values, fraction, f32::total_cmp).unwrap_or(0.0)
}

/// Standard deviation of a normal distribution of the same median absolute deviation.
pub(crate) fn robust_sigma(values: &mut [f32]) -> f32 {
    let middle = median(values);
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    1.4826 * median(values)
}

/// The larger of [`robust_sigma`] and what the darkest half per cent says: bright spots do not enter, the heavy
/// tails of shaded terrain, as heavy on the dark side as on the bright, do.
pub(crate) fn clutter_sigma(values: &mut [f32]) -> f32 {
    let (middle, low) = (median(values), quantile(values, LOW_TAIL));
    ((middle - low) / LOW_TAIL_SIGMA).max(robust_sigma(values))
}

const LOW_TAIL: f64 = 0.005;
/// A normal distribution has 0.5 % below −2.576 sigma.
const LOW_TAIL_SIGMA: f32 = 2.576;

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::MapGrid;

    #[test]
    fn a_gradient_is_interpolated_and_wraps() {
        let sheet = Sheet::of(MapGrid::global(90));
        let tiles = Tiles::of(&sheet, 10.0, |k| (k / 180) as f32, median).unwrap();
        assert!((tiles.at(20.0, 40.0) - 40.0).abs() < 1.0);
        assert!((tiles.at(-0.5, 40.0) - tiles.at(179.5, 40.0)).abs() < 1e-3);
        let mut line = vec![0.0; 180];
        tiles.fill_line(40, &mut line);
        for x in [0, 3, 20, 100, 179] {
            assert!((line[x] - tiles.at(x as f64, 40.0)).abs() < 1e-4, "{x}");
        }
    }

    #[test]
    fn tiles_without_data_take_the_median_and_none_at_all_is_none() {
        let sheet = Sheet::of(MapGrid::global(90));
        let half = |k: usize| if k / 180 < 45 { 2.0 } else { f32::NAN };
        assert_eq!(Tiles::of(&sheet, 15.0, half, median).unwrap().at(10.0, 80.0), 2.0);
        assert!(Tiles::of(&sheet, 15.0, |_| f32::NAN, median).is_none());
    }

    #[test]
    fn sigma_does_not_see_bright_spots_but_dark_tails() {
        // A uniform ramp over 1 has a median absolute deviation of 1/4.
        let ramp = || (0..1000).map(|k| k as f32 / 1000.0).collect::<Vec<_>>();
        let mut with_spots = ramp();
        with_spots[990..].fill(1e6);
        assert!((clutter_sigma(&mut with_spots) - 0.37).abs() < 0.01);
        let mut with_holes = ramp();
        with_holes[..10].fill(-10.0);
        assert!(clutter_sigma(&mut with_holes) > 3.0);
        assert_eq!(robust_sigma(&mut []), 0.0);
    }
}
