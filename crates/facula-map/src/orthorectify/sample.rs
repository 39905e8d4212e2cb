// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a frame between its pixels, or over many of them, with the flags of the pixels that took part and the noise
//! that is left of theirs.
//!
//! # Source
//! Catmull & Rom (1974), tension 1/2; Lanczos kernel of three lobes (Duchon 1979, J. Appl. Meteorol. 18, 1016), its
//! weights brought to a sum of 1.

use std::f64::consts::PI;

use facula_core::{IofFrame, PixelPos, Quality};

use super::Sampling;

/// At most this many readings along each side of a cell.
const MAX_READINGS: f64 = 64.0;

/// What a frame says at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// I/F.
    pub iof: f64,
    /// Its noise as a part of a pixel's, squared: the sum of the squared weights.
    pub noise_squared: f64,
    /// Flags of the pixels used, none of them rejected.
    pub flags: Quality,
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The frame; at least two by two pixels.
    pub frame: &'a IofFrame,
    /// Between pixels.
    pub sampling: Sampling,
    /// Pixels with any of these flags are not used.
    pub rejected: Quality,
}

impl Reader<'_> {
    /// Reads the frame at a place inside it; `Err` with the flags that forbid it. A value that is not finite counts as
    /// missing.
    pub(super) fn read(&self, at: PixelPos) -> Result<Reading, Quality> {
        let frame = self.frame;
        let width = frame.iof.width();
        // The caller checked that the place lies inside; a place on the last pixel's centre uses the last pair.
        let column = (at.x_px as usize).min(width - 2);
        let line = (at.y_px as usize).min(frame.iof.height() - 2);
        let index = line * width + column;
        let flags =
            four(frame.quality.as_slice(), index, width).into_iter().fold(Quality::GOOD, |a, b| a | b);
        if flags.intersects(self.rejected) {
            return Err(flags);
        }
        let (fx, fy) = (at.x_px - column as f64, at.y_px - line as f64);
        let wide = match self.sampling {
            Sampling::Bilinear => None,
            Sampling::Bicubic => kernel(frame, (column, line), [fx, fy].map(catmull_rom)),
            Sampling::Lanczos => kernel(frame, (column, line), [fx, fy].map(lanczos)),
        };
        let (iof, noise_squared) = wide.unwrap_or_else(|| {
            let [a, b, c, d] = four(frame.iof.as_slice(), index, width).map(f64::from);
            let upper = a + (b - a) * fx;
            let lower = c + (d - c) * fx;
            (upper + (lower - upper) * fy, (1.0 - 2.0 * fx * (1.0 - fx)) * (1.0 - 2.0 * fy * (1.0 - fy)))
        });
        if iof.is_finite() {
            Ok(Reading { iof, noise_squared, flags })
        } else {
            Err(flags | Quality::MISSING)
        }
    }

    /// The mean over a cell with these sides in the frame (x and y of each, px), from about one reading a pixel,
    /// evenly spread. `Err` when more than half of it cannot be read.
    pub(super) fn mean(&self, middle: PixelPos, sides_px: [[f64; 2]; 2]) -> Result<Reading, Quality> {
        let [columns, lines] = sides_px.map(|[x, y]| x.hypot(y).ceil().clamp(1.0, MAX_READINGS) as usize);
        let fraction = |k: usize, count: usize| (k as f64 + 0.5) / count as f64 - 0.5;
        let simple = Self { sampling: Sampling::Bilinear, ..*self };
        let (mut sum, mut used) = (0.0, 0);
        let (mut flags, mut refused) = (Quality::GOOD, Quality::GOOD);
        for k in 0..columns * lines {
            let (east, south) = (fraction(k % columns, columns), fraction(k / columns, lines));
            let at = PixelPos {
                x_px: middle.x_px + sides_px[0][0] * east + sides_px[1][0] * south,
                y_px: middle.y_px + sides_px[0][1] * east + sides_px[1][1] * south,
            };
            if !self.inside(at) {
                continue;
            }
            match simple.read(at) {
                Ok(reading) => (sum, used, flags) = (sum + reading.iof, used + 1, flags | reading.flags),
                Err(reason) => refused |= reason,
            }
        }
        // Less than half a cell is not the cell.
        if 2 * used < columns * lines {
            return Err(refused | Quality::MISSING);
        }
        let [[ax, ay], [bx, by]] = sides_px;
        let pixels = (ax * by - ay * bx).abs() * used as f64 / (columns * lines) as f64;
        Ok(Reading { iof: sum / used as f64, noise_squared: 1.0 / pixels.max(1.0), flags })
    }

    /// Whether four pixels surround a place.
    pub(super) fn inside(&self, at: PixelPos) -> bool {
        let frame = &self.frame.iof;
        at.x_px >= 0.0
            && at.y_px >= 0.0
            && at.x_px <= (frame.width() - 1) as f64
            && at.y_px <= (frame.height() - 1) as f64
    }
}

pub(super) fn four<T: Copy>(values: &[T], index: usize, width: usize) -> [T; 4] {
    let (upper, lower) = (&values[index..index + 2], &values[index + width..index + width + 2]);
    [upper[0], upper[1], lower[0], lower[1]]
}

/// Value and squared noise of a kernel over N x N pixels; `None` at the frame's edge or where one of them is not finite
/// or flagged.
fn kernel<const N: usize>(
    frame: &IofFrame,
    (column, line): (usize, usize),
    [wx, wy]: [[f64; N]; 2],
) -> Option<(f64, f64)> {
    let before = N / 2 - 1;
    let (left, top) = (column.checked_sub(before)?, line.checked_sub(before)?);
    if left + N > frame.iof.width() || top + N > frame.iof.height() {
        return None;
    }
    let mut sum = 0.0;
    for (j, weight) in wy.into_iter().enumerate() {
        let row = &frame.iof.line(top + j)[left..left + N];
        let flags = &frame.quality.line(top + j)[left..left + N];
        if !flags.iter().all(|q| q.is_good()) {
            return None;
        }
        sum += weight * row.iter().zip(wx).map(|(v, w)| f64::from(*v) * w).sum::<f64>();
    }
    let squares = |w: [f64; N]| w.iter().map(|w| w * w).sum::<f64>();
    sum.is_finite().then_some((sum, squares(wx) * squares(wy)))
}

/// Weights of the four pixels around a fraction.
fn catmull_rom(t: f64) -> [f64; 4] {
    [
        0.5 * t * ((2.0 - t) * t - 1.0),
        0.5 * (t * t * (3.0 * t - 5.0) + 2.0),
        0.5 * t * ((4.0 - 3.0 * t) * t + 1.0),
        0.5 * t * t * (t - 1.0),
    ]
}

/// Weights of the six pixels around a fraction.
fn lanczos(t: f64) -> [f64; 6] {
    let sinc = |x: f64| if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let weights: [f64; 6] = std::array::from_fn(|k| {
        let x = k as f64 - 2.0 - t;
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|w| w / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{FrameMeta, Level, Raster, parse_utc};

    fn frame(value: impl Fn(f32, f32) -> f32) -> IofFrame {
        let values = (0..64).map(|i| value((i % 8) as f32, (i / 8) as f32)).collect();
        let meta = FrameMeta {
            id: "t".into(),
            target: "ceres".into(),
            instrument: "t".into(),
            filter: "t".into(),
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            exposure_s: 1.0,
            detector_temperature_k: None,
            level: Level::IOverF,
            keywords: Default::default(),
        };
        IofFrame {
            meta,
            iof: Raster::from_vec(8, 8, values).unwrap(),
            sigma: Raster::filled(8, 8, 0.0),
            quality: Raster::filled(8, 8, Quality::GOOD),
        }
    }

    fn reader(frame: &IofFrame, sampling: Sampling, rejected: Quality) -> Reader<'_> {
        Reader { frame, sampling, rejected }
    }

    #[test]
    fn kernels_are_exact_on_a_plane_and_bicubic_on_a_parabola() {
        let plane = frame(|x, y| x + 10.0 * y);
        let at = PixelPos::new(3.25, 4.5);
        for (sampling, allowed) in
            [(Sampling::Bilinear, 1e-9), (Sampling::Bicubic, 1e-9), (Sampling::Lanczos, 0.1)]
        {
            let read = reader(&plane, sampling, Quality::MISSING).read(at).unwrap();
            assert!((read.iof - 48.25).abs() < allowed, "{sampling:?} {}", read.iof);
        }
        let parabola = frame(|x, _| x * x);
        let cubic = reader(&parabola, Sampling::Bicubic, Quality::GOOD).read(at).unwrap().iof;
        assert!((cubic - 3.25 * 3.25).abs() < 1e-9, "{cubic}");
    }

    #[test]
    fn lanczos_keeps_a_wave_that_bilinear_flattens() {
        let wave = frame(|x, _| (1.6 * x).cos());
        let at = PixelPos::new(3.5, 3.0);
        let error = |sampling| {
            let read = reader(&wave, sampling, Quality::GOOD).read(at).unwrap().iof;
            (read - (1.6f64 * 3.5).cos()).abs()
        };
        assert!(error(Sampling::Lanczos) < 0.5 * error(Sampling::Bicubic));
        assert!(error(Sampling::Bicubic) < 0.7 * error(Sampling::Bilinear));
    }

    #[test]
    fn noise_is_that_of_the_weights() {
        let grey = frame(|_, _| 1.0);
        let noise = |sampling, x, y| {
            reader(&grey, sampling, Quality::GOOD).read(PixelPos::new(x, y)).unwrap().noise_squared
        };
        assert_eq!((noise(Sampling::Bilinear, 3.0, 3.0), noise(Sampling::Bilinear, 3.5, 3.5)), (1.0, 0.25));
        // Catmull-Rom in the middle: −1/16, 9/16, 9/16, −1/16.
        assert!((noise(Sampling::Bicubic, 3.5, 3.0) - 164.0 / 256.0).abs() < 1e-12);
        let lanczos = noise(Sampling::Lanczos, 3.5, 3.0);
        assert!(lanczos > 0.64 && lanczos < 0.9, "{lanczos}");
    }

    #[test]
    fn the_centre_of_the_last_pixel_can_be_read() {
        let plane = frame(|x, y| x + 10.0 * y);
        let read = reader(&plane, Sampling::Bicubic, Quality::MISSING).read(PixelPos::new(7.0, 7.0)).unwrap();
        assert!((read.iof - 77.0).abs() < 1e-9);
    }

    #[test]
    fn rejected_flags_and_nan_forbid_and_other_flags_travel() {
        let mut flagged = frame(|_, _| 1.0);
        flagged.quality.set(3, 3, Quality::SMEAR);
        flagged.quality.set(5, 5, Quality::HOT);
        flagged.iof.set(0, 0, f32::NAN);
        let read = |x, y| reader(&flagged, Sampling::Bilinear, Quality::HOT).read(PixelPos::new(x, y));
        assert_eq!(read(2.5, 2.5).unwrap().flags, Quality::SMEAR);
        assert_eq!(read(4.5, 4.5), Err(Quality::HOT));
        assert_eq!(read(0.5, 0.5), Err(Quality::MISSING));
    }

    #[test]
    fn cells_that_share_their_sides_conserve_the_flux() {
        // Turned by 30 degrees, 1.7 px wide, over a spot as blurred as those of cameras.
        let spot = frame(|x, y| (-((x - 3.6).powi(2) + (y - 3.4).powi(2)) / (2.0 * 0.64)).exp());
        let all: f64 = spot.iof.as_slice().iter().map(|v| f64::from(*v)).sum();
        let (sin, cos) = 30f64.to_radians().sin_cos();
        let sides = [[1.7 * cos, 1.7 * sin], [-1.7 * sin, 1.7 * cos]];
        /// Of the flux; the cells end 2.5 px, three sigmas, from the spot.
        const FLUX: f64 = 0.02;
        for (x, y) in [(3.6, 3.4), (3.5, 3.5), (3.4, 3.6)] {
            let cells = (0..9).map(|k| [f64::from(k % 3) - 1.0, f64::from(k / 3) - 1.0]);
            let sum: f64 = cells
                .map(|[i, j]| {
                    let at = |k: usize| i * sides[0][k] + j * sides[1][k];
                    let middle = PixelPos::new(x + at(0), y + at(1));
                    let read = reader(&spot, Sampling::Bilinear, Quality::GOOD).mean(middle, sides);
                    read.map_or(0.0, |reading| reading.iof)
                })
                .sum();
            // 2.89 pixels a cell.
            assert!((sum * 2.89 / all - 1.0).abs() < FLUX, "{sum}");
        }
    }

    #[test]
    fn a_mean_over_many_pixels_has_the_noise_of_their_number() {
        let plane = frame(|x, y| x + 10.0 * y);
        let sides = [[4.0, 0.0], [0.0, 3.0]];
        let mean = reader(&plane, Sampling::Lanczos, Quality::GOOD).mean(PixelPos::new(3.3, 3.4), sides);
        let mean = mean.unwrap();
        assert!((mean.iof - 37.3).abs() < 1e-9 && (mean.noise_squared - 1.0 / 12.0).abs() < 1e-12);
        let outside = reader(&plane, Sampling::Bilinear, Quality::GOOD).mean(PixelPos::new(-1.0, 3.0), sides);
        assert_eq!(outside, Err(Quality::MISSING));
    }
}
