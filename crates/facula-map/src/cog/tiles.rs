// SPDX-License-Identifier: MIT OR Apache-2.0
//! One tile: cut out, predicted, deflated.

use std::io::Write;

use facula_core::Raster;
use flate2::{Compression, write::ZlibEncoder};

use super::Overview;

/// A number type a band can have.
pub(super) trait Sample: Copy + Send + Sync + 'static {
    /// Reduces up to four cells to one.
    fn reduce(cells: &[Self], rule: Overview) -> Self;

    /// Appends a predicted row to the bytes of a tile (predictor 2 for integers, 3 for floating point).
    fn predict(row: &[Self], out: &mut Vec<u8>);
}

impl Sample for f32 {
    fn reduce(cells: &[Self], rule: Overview) -> Self {
        let valid = cells.iter().copied().filter(|v| !v.is_nan());
        match rule {
            Overview::Mean => {
                let (sum, n) = valid.fold((0.0f64, 0u32), |(sum, n), v| (sum + f64::from(v), n + 1));
                if n == 0 { Self::NAN } else { (sum / f64::from(n)) as Self }
            }
            Overview::Or => valid.into_iter().next().unwrap_or(Self::NAN),
            Overview::Smallest => valid.reduce(Self::min).unwrap_or(Self::NAN),
        }
    }

    /// TIFF Technical Note 3: the row's bytes sorted by significance, most significant first, then differenced.
    fn predict(row: &[Self], out: &mut Vec<u8>) {
        let n = row.len();
        let mut planes = vec![0u8; 4 * n];
        for (significance, plane) in planes.chunks_exact_mut(n).enumerate() {
            for (byte, value) in plane.iter_mut().zip(row) {
                *byte = value.to_be_bytes()[significance];
            }
        }
        out.push(planes[0]);
        out.extend(planes[1..].iter().zip(&planes).map(|(here, left)| here.wrapping_sub(*left)));
    }
}

macro_rules! integer_sample {
    ($type:ty) => {
        impl Sample for $type {
            fn reduce(cells: &[Self], rule: Overview) -> Self {
                match rule {
                    Overview::Mean => {
                        let (sum, n) =
                            cells.iter().fold((0u64, 0u64), |(s, n), v| (s + u64::from(*v), n + 1));
                        // The mean of values of this type fits the type.
                        ((2 * sum + n) / (2 * n).max(1)) as Self
                    }
                    Overview::Or => cells.iter().fold(0, |flags, v| flags | v),
                    Overview::Smallest => cells.iter().copied().min().unwrap_or(0),
                }
            }

            fn predict(row: &[Self], out: &mut Vec<u8>) {
                let mut left: Self = 0;
                for value in row {
                    out.extend_from_slice(&value.wrapping_sub(left).to_le_bytes());
                    left = *value;
                }
            }
        }
    };
}
integer_sample!(u8);
integer_sample!(u16);

/// The compressed bytes of the tile whose first pixel is (`left`, `top`). Beyond the image the last pixel of the
/// row and the last row go on: that compresses to almost nothing.
pub(super) fn encode_tile<T: Sample>(
    raster: &Raster<T>,
    (left, top): (usize, usize),
    tile_px: usize,
    deflate_level: u32,
) -> Vec<u8> {
    let mut predicted = Vec::with_capacity(tile_px * tile_px * size_of::<T>());
    let mut row = Vec::with_capacity(tile_px);
    for line in top..top + tile_px {
        let source = raster.line(line.min(raster.height() - 1));
        let cut = &source[left..source.len().min(left + tile_px)];
        row.clear();
        row.extend_from_slice(cut);
        row.resize(tile_px, cut[cut.len() - 1]);
        T::predict(&row, &mut predicted);
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(deflate_level));
    encoder.write_all(&predicted).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_float_predictor_follows_the_technical_note() {
        // 1.0 = 3f800000, 2.0 = 40000000: planes 3f 40 | 80 00 | 00 00 | 00 00, then differences.
        let mut out = Vec::new();
        f32::predict(&[1.0, 2.0], &mut out);
        assert_eq!(out, [0x3f, 0x01, 0x40, 0x80, 0x00, 0x00, 0x00, 0x00]);
    }

    #[test]
    fn the_integer_predictor_differences_along_the_row() {
        let mut out = Vec::new();
        u16::predict(&[5, 4, 260], &mut out);
        assert_eq!(out, [5, 0, 0xff, 0xff, 0, 1]);
    }

    #[test]
    fn reductions_ignore_cells_without_data() {
        assert_eq!(f32::reduce(&[1.0, f32::NAN, 2.0, f32::NAN], Overview::Mean), 1.5);
        assert!(f32::reduce(&[f32::NAN; 4], Overview::Mean).is_nan());
        assert_eq!(f32::reduce(&[3.0, f32::NAN, 2.0, 9.0], Overview::Smallest), 2.0);
        assert_eq!(u8::reduce(&[1, 2, 0, 8], Overview::Or), 11);
        assert_eq!(u16::reduce(&[1, 2, 2, 1], Overview::Mean), 2);
        assert_eq!(u16::reduce(&[u16::MAX; 4], Overview::Mean), u16::MAX);
    }
}
