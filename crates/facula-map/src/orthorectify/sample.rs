// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a frame between its pixels, with the flags of the pixels that took part.

use facula_core::{IofFrame, PixelPos, Quality};

use super::Sampling;

/// What a frame says at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// I/F.
    pub iof: f64,
    /// Flags of the pixels used, none of them rejected.
    pub flags: Quality,
}

/// Reads a frame at a place inside it; `Err` with the flags that forbid it. A value that is not finite counts as
/// missing.
pub(super) fn read(
    frame: &IofFrame,
    at: PixelPos,
    sampling: Sampling,
    rejected: Quality,
) -> Result<Reading, Quality> {
    let width = frame.iof.width();
    // The caller checked that the place lies inside; a place on the last pixel's centre uses the last pair.
    let column = (at.x_px as usize).min(width - 2);
    let line = (at.y_px as usize).min(frame.iof.height() - 2);
    let index = line * width + column;
    let flags = four(frame.quality.as_slice(), index, width).into_iter().fold(Quality::GOOD, |a, b| a | b);
    if flags.intersects(rejected) {
        return Err(flags);
    }
    let (fx, fy) = (at.x_px - column as f64, at.y_px - line as f64);
    let [a, b, c, d] = four(frame.iof.as_slice(), index, width).map(f64::from);
    let upper = a + (b - a) * fx;
    let lower = c + (d - c) * fx;
    let iof = match sampling {
        Sampling::Bilinear => upper + (lower - upper) * fy,
        Sampling::Bicubic => bicubic(frame, (column, line), (fx, fy)).unwrap_or(upper + (lower - upper) * fy),
    };
    if iof.is_finite() { Ok(Reading { iof, flags }) } else { Err(flags | Quality::MISSING) }
}

fn four<T: Copy>(values: &[T], index: usize, width: usize) -> [T; 4] {
    let (upper, lower) = (&values[index..index + 2], &values[index + width..index + width + 2]);
    [upper[0], upper[1], lower[0], lower[1]]
}

/// Catmull-Rom over 4 x 4 pixels; `None` at the frame's edge or where one of the sixteen is not finite or flagged.
fn bicubic(frame: &IofFrame, (column, line): (usize, usize), (fx, fy): (f64, f64)) -> Option<f64> {
    let (left, top) = (column.checked_sub(1)?, line.checked_sub(1)?);
    if left + 4 > frame.iof.width() || top + 4 > frame.iof.height() {
        return None;
    }
    let (wx, wy) = (catmull_rom(fx), catmull_rom(fy));
    let mut sum = 0.0;
    for (j, weight) in wy.into_iter().enumerate() {
        let row = &frame.iof.line(top + j)[left..left + 4];
        let flags = &frame.quality.line(top + j)[left..left + 4];
        if !flags.iter().all(|q| q.is_good()) {
            return None;
        }
        sum += weight * row.iter().zip(wx).map(|(v, w)| f64::from(*v) * w).sum::<f64>();
    }
    sum.is_finite().then_some(sum)
}

/// Weights of the four pixels around a fraction (Catmull & Rom 1974, tension 1/2).
fn catmull_rom(t: f64) -> [f64; 4] {
    [
        0.5 * t * ((2.0 - t) * t - 1.0),
        0.5 * (t * t * (3.0 * t - 5.0) + 2.0),
        0.5 * t * ((4.0 - 3.0 * t) * t + 1.0),
        0.5 * t * t * (t - 1.0),
    ]
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

    #[test]
    fn both_kernels_are_exact_on_a_plane_and_bicubic_on_a_parabola() {
        let plane = frame(|x, y| x + 10.0 * y);
        let at = PixelPos::new(3.25, 4.5);
        for sampling in [Sampling::Bilinear, Sampling::Bicubic] {
            let read = read(&plane, at, sampling, Quality::MISSING).unwrap();
            assert!((read.iof - 48.25).abs() < 1e-9);
        }
        let parabola = frame(|x, _| x * x);
        let cubic = read(&parabola, at, Sampling::Bicubic, Quality::GOOD).unwrap().iof;
        assert!((cubic - 3.25 * 3.25).abs() < 1e-9, "{cubic}");
    }

    #[test]
    fn the_centre_of_the_last_pixel_can_be_read() {
        let plane = frame(|x, y| x + 10.0 * y);
        let read = read(&plane, PixelPos::new(7.0, 7.0), Sampling::Bicubic, Quality::GOOD).unwrap();
        assert!((read.iof - 77.0).abs() < 1e-9);
    }

    #[test]
    fn rejected_flags_and_nan_forbid_and_other_flags_travel() {
        let mut flagged = frame(|_, _| 1.0);
        flagged.quality.set(3, 3, Quality::SMEAR);
        flagged.quality.set(5, 5, Quality::HOT);
        flagged.iof.set(0, 0, f32::NAN);
        let read = |x, y| read(&flagged, PixelPos::new(x, y), Sampling::Bilinear, Quality::HOT);
        assert_eq!(read(2.5, 2.5).unwrap().flags, Quality::SMEAR);
        assert_eq!(read(4.5, 4.5), Err(Quality::HOT));
        assert_eq!(read(0.5, 0.5), Err(Quality::MISSING));
    }
}
