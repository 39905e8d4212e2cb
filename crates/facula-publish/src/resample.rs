// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images at the size of the page: area means when shrinking, Catmull-Rom without overshoot when growing. NaN
//! (no data) never bleeds into its neighbours.

use facula_core::Raster;
use rayon::prelude::*;

/// A part of an image, px; edges, so that a whole image is from −0.5 to width − 0.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Window {
    /// All of an image.
    pub(crate) fn whole<T: Copy>(image: &Raster<T>) -> Self {
        Self { left: -0.5, top: -0.5, width: image.width() as f64, height: image.height() as f64 }
    }
}

/// The window of an image in `width` by `height` pixels. Outside the image and where most of a pixel has no data
/// the result is NaN.
pub(crate) fn resample(image: &Raster<f32>, window: Window, (width, height): (usize, usize)) -> Raster<f32> {
    let mut out = Raster::filled(width, height, f32::NAN);
    if width == 0 || height == 0 {
        return out;
    }
    let (step_x, step_y) = (window.width / width as f64, window.height / height as f64);
    let lines = out.as_mut_slice().par_chunks_mut(width).enumerate();
    lines.for_each(|(line, values)| {
        for (sample, value) in values.iter_mut().enumerate() {
            let x = window.left + (sample as f64 + 0.5) * step_x;
            let y = window.top + (line as f64 + 0.5) * step_y;
            *value = if step_x.max(step_y) > 1.0 {
                area_mean(image, (x, y), (step_x, step_y))
            } else {
                catmull_rom(image, x, y)
            };
        }
    });
    out
}

fn area_mean(image: &Raster<f32>, (x, y): (f64, f64), (step_x, step_y): (f64, f64)) -> f32 {
    let columns = overlaps(x + 0.5 - step_x / 2.0, step_x, image.width());
    let lines = overlaps(y + 0.5 - step_y / 2.0, step_y, image.height());
    let (mut sum, mut weight, mut all) = (0.0, 0.0, 0.0);
    for (line, share_y) in lines {
        for (sample, share_x) in columns.clone() {
            let value = f64::from(image.at(sample, line));
            all += share_x * share_y;
            if value.is_finite() {
                sum += value * share_x * share_y;
                weight += share_x * share_y;
            }
        }
    }
    if weight > 0.5 * all { (sum / weight) as f32 } else { f32::NAN }
}

/// The pixels (as unit intervals from 0) that meet [start, start + length), each with the length they share.
fn overlaps(start: f64, length: f64, count: usize) -> impl Iterator<Item = (usize, f64)> + Clone {
    let end = (start + length).min(count as f64);
    let start = start.max(0.0);
    let (first, last) = (start.floor() as usize, end.ceil().max(0.0) as usize);
    (first..last.min(count)).map(move |i| {
        let share = (i as f64 + 1.0).min(end) - (i as f64).max(start);
        (i, share.max(0.0))
    })
}

fn catmull_rom(image: &Raster<f32>, x: f64, y: f64) -> f32 {
    let nearest = image_at(image, x.round(), y.round());
    let (x0, y0) = (x.floor(), y.floor());
    let (weights_x, weights_y) = (weights(x - x0), weights(y - y0));
    let (mut sum, mut low, mut high) = (0.0, f32::MAX, f32::MIN);
    for (j, weight_y) in weights_y.iter().enumerate() {
        for (i, weight_x) in weights_x.iter().enumerate() {
            let value = image_at(image, x0 + i as f64 - 1.0, y0 + j as f64 - 1.0);
            sum += f64::from(value) * weight_x * weight_y;
            // Only the four nearest bound the result.
            if (1..3).contains(&i) && (1..3).contains(&j) {
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    if sum.is_finite() { (sum as f32).clamp(low, high) } else { nearest }
}

/// The value at whole coordinates; one pixel beyond an edge repeats it, further out there is none.
fn image_at(image: &Raster<f32>, x: f64, y: f64) -> f32 {
    let inside = |v: f64, count: usize| v >= -2.0 && v <= count as f64 + 1.0 && count > 0;
    if !inside(x, image.width()) || !inside(y, image.height()) {
        return f32::NAN;
    }
    let clamp = |v: f64, count: usize| (v.max(0.0) as usize).min(count - 1);
    image.at(clamp(x, image.width()), clamp(y, image.height()))
}

fn weights(t: f64) -> [f64; 4] {
    [
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Raster<f32> {
        let values = (0..width * height).map(|i| (i % width) as f32 + 10.0 * (i / width) as f32);
        Raster::from_vec(width, height, values.collect()).unwrap()
    }

    #[test]
    fn the_same_size_gives_the_same_image() {
        let image = ramp(7, 5);
        assert_eq!(resample(&image, Window::whole(&image), (7, 5)), image);
    }

    #[test]
    fn shrinking_keeps_the_mean_and_growing_keeps_a_ramp() {
        let image = ramp(8, 4);
        let small = resample(&image, Window::whole(&image), (2, 1));
        assert_eq!(small.as_slice(), [16.5, 20.5]);
        let large = resample(&image, Window::whole(&image), (32, 16));
        // Output pixel 16 lies at (16 + 0.5) / 4 - 0.5 = 3.625 of the input, on line 1.625.
        assert!((large.at(16, 8) - (3.625 + 16.25)).abs() < 1e-4, "{}", large.at(16, 8));
    }

    #[test]
    fn missing_data_does_not_spread_and_outside_is_missing() {
        let mut image = ramp(8, 8);
        image.set(0, 0, f32::NAN);
        let small = resample(&image, Window::whole(&image), (4, 4));
        assert!(small.as_slice().iter().all(|v| v.is_finite()));
        let large = resample(&image, Window::whole(&image), (16, 16));
        assert_eq!(large.as_slice().iter().filter(|v| v.is_nan()).count(), 4);
        let outside = Window { left: 100.0, ..Window::whole(&image) };
        assert!(resample(&image, outside, (4, 4)).as_slice().iter().all(|v| v.is_nan()));
        assert_eq!(resample(&Raster::filled(0, 0, 0.0), Window::whole(&image), (2, 2)).as_slice().len(), 4);
    }
}
