// SPDX-License-Identifier: MIT OR Apache-2.0
//! One block: predicted, compressed; and reduced to a quarter of the block above it.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use super::{Codec, CogOptions, Overview, deflate};

/// From this deflate level on a general compressor tries as well and the smaller result is kept.
const THOROUGH_LEVEL: u32 = 6;

/// What the writer needs of a number type.
pub trait Cells: Copy + PartialEq + std::fmt::Display + std::fmt::Debug + Send + Sync + 'static {
    /// Bits of a number, TIFF's sample format and predictor.
    const BITS_FORMAT_PREDICTOR: (u16, u16, u16);

    /// What stands where nothing was given, unless told otherwise: NaN, or zero.
    const MISSING: Self;

    /// Whether two cells are the same; every NaN is the same.
    fn same(self, other: Self) -> bool;

    /// Whether a cell has no data; `nodata` is the value that says so for integers.
    fn is_missing(self, nodata: Option<Self>) -> bool;

    /// The number, for statistics.
    fn number(self) -> f64;

    /// Reduces up to four cells to one.
    fn reduce(cells: &[Self], rule: Overview, nodata: Option<Self>) -> Self;

    /// Appends a predicted row to the bytes of a tile (predictor 2 for integers, 3 for floating point).
    fn predict(row: &[Self], planes: &mut Vec<u8>, out: &mut Vec<u8>);
}

impl Cells for f32 {
    const BITS_FORMAT_PREDICTOR: (u16, u16, u16) = (32, 3, 3);
    const MISSING: Self = Self::NAN;

    fn same(self, other: Self) -> bool {
        self == other || self.is_nan() && other.is_nan()
    }

    fn is_missing(self, _: Option<Self>) -> bool {
        self.is_nan()
    }

    fn number(self) -> f64 {
        f64::from(self)
    }

    fn reduce(cells: &[Self], rule: Overview, _: Option<Self>) -> Self {
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
    fn predict(row: &[Self], planes: &mut Vec<u8>, out: &mut Vec<u8>) {
        planes.clear();
        for shift in [24, 16, 8, 0] {
            planes.extend(row.iter().map(|value| (value.to_bits() >> shift) as u8));
        }
        out.push(planes[0]);
        out.extend(planes[1..].iter().zip(planes.iter()).map(|(here, left)| here.wrapping_sub(*left)));
    }
}

macro_rules! integer_sample {
    ($type:ty, $bits:literal) => {
        impl Cells for $type {
            const BITS_FORMAT_PREDICTOR: (u16, u16, u16) = ($bits, 1, 2);
            const MISSING: Self = 0;

            fn same(self, other: Self) -> bool {
                self == other
            }

            fn is_missing(self, nodata: Option<Self>) -> bool {
                nodata == Some(self)
            }

            fn number(self) -> f64 {
                f64::from(self)
            }

            fn reduce(cells: &[Self], rule: Overview, nodata: Option<Self>) -> Self {
                let valid = || cells.iter().copied().filter(|v| nodata != Some(*v));
                let none = nodata.unwrap_or(0);
                match rule {
                    Overview::Mean => {
                        let (sum, n) = valid().fold((0u64, 0u64), |(s, n), v| (s + u64::from(v), n + 1));
                        // The mean of values of this type fits the type.
                        if n == 0 { none } else { ((2 * sum + n) / (2 * n)) as Self }
                    }
                    Overview::Or => valid().reduce(|flags, v| flags | v).unwrap_or(none),
                    Overview::Smallest => valid().min().unwrap_or(none),
                }
            }

            fn predict(row: &[Self], _: &mut Vec<u8>, out: &mut Vec<u8>) {
                let mut left: Self = 0;
                for value in row {
                    out.extend_from_slice(&value.wrapping_sub(left).to_le_bytes());
                    left = *value;
                }
            }
        }
    };
}
integer_sample!(u8, 8);
integer_sample!(u16, 16);

/// The compressed bytes of a block of `tile_px` squared cells, of which `valid` (columns, lines) lie in the image.
/// Beyond it the last cell of each line and the last line go on: that compresses to almost nothing.
pub(super) fn encode_block<T: Cells>(block: &[T], valid: (usize, usize), options: &CogOptions) -> Vec<u8> {
    let tile_px = options.tile_px;
    let row_bytes = tile_px * size_of::<T>();
    let (mut predicted, mut planes) =
        (Vec::with_capacity(tile_px * row_bytes), Vec::with_capacity(row_bytes));
    let mut row = Vec::with_capacity(tile_px);
    for line in 0..tile_px.min(valid.1) {
        let source = &block[line * tile_px..(line + 1) * tile_px];
        row.clear();
        row.extend_from_slice(&source[..valid.0]);
        row.resize(tile_px, source[valid.0 - 1]);
        T::predict(&row, &mut planes, &mut predicted);
    }
    let last_row = predicted.len() - row_bytes..predicted.len();
    for _ in valid.1..tile_px {
        predicted.extend_from_within(last_row.clone());
    }
    compress::<T>(&predicted, options)
}

fn compress<T: Cells>(bytes: &[u8], options: &CogOptions) -> Vec<u8> {
    let own = || deflate::zlib(bytes, options.tile_px);
    match options.codec {
        Codec::Zstd => super::zstd::frame(bytes),
        Codec::Deflate if size_of::<T>() < 4 => general(bytes, options.deflate_level),
        Codec::Deflate if options.deflate_level < THOROUGH_LEVEL => own(),
        Codec::Deflate => {
            let (own, general) = (own(), general(bytes, options.deflate_level));
            if general.len() < own.len() { general } else { own }
        }
    }
}

fn general(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// The valid cells of a block reduced two by two, in lines of half its length. An odd last column or line is reduced
/// from the cells there are; cells beyond are `missing`.
pub(super) fn reduce_block<T: Cells>(
    (block, valid): (&[T], (usize, usize)),
    tile_px: usize,
    rule: Overview,
    (missing, nodata): (T, Option<T>),
) -> Vec<T> {
    let half_px = tile_px / 2;
    let mut quarter = vec![missing; half_px * half_px];
    for line in 0..valid.1.div_ceil(2) {
        let upper = &block[2 * line * tile_px..][..valid.0];
        let lower = if 2 * line + 1 < valid.1 { &block[(2 * line + 1) * tile_px..][..valid.0] } else { &[] };
        let out = &mut quarter[line * half_px..][..valid.0.div_ceil(2)];
        let pairs = out.iter_mut().zip(upper.chunks(2));
        if lower.is_empty() {
            pairs.for_each(|(out, pair)| *out = T::reduce(pair, rule, nodata));
            continue;
        }
        for ((out, upper), lower) in pairs.zip(lower.chunks(2)) {
            *out = match (upper, lower) {
                ([a, b], [c, d]) => T::reduce(&[*a, *b, *c, *d], rule, nodata),
                _ => T::reduce(&[upper[0], lower[0]], rule, nodata),
            };
        }
    }
    quarter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_float_predictor_follows_the_technical_note() {
        // 1.0 = 3f800000, 2.0 = 40000000: planes 3f 40 | 80 00 | 00 00 | 00 00, then differences.
        let mut out = Vec::new();
        f32::predict(&[1.0, 2.0], &mut Vec::new(), &mut out);
        assert_eq!(out, [0x3f, 0x01, 0x40, 0x80, 0x00, 0x00, 0x00, 0x00]);
    }

    #[test]
    fn the_integer_predictor_differences_along_the_row() {
        let mut out = Vec::new();
        u16::predict(&[5, 4, 260], &mut Vec::new(), &mut out);
        assert_eq!(out, [5, 0, 0xff, 0xff, 0, 1]);
    }

    #[test]
    fn reductions_ignore_cells_without_data() {
        assert_eq!(f32::reduce(&[1.0, f32::NAN, 2.0, f32::NAN], Overview::Mean, None), 1.5);
        assert!(f32::reduce(&[f32::NAN; 4], Overview::Mean, None).is_nan());
        assert_eq!(f32::reduce(&[3.0, f32::NAN, 2.0, 9.0], Overview::Smallest, None), 2.0);
        assert_eq!(u8::reduce(&[1, 2, 0, 8], Overview::Or, None), 11);
        assert_eq!(u16::reduce(&[1, 2, 2, 1], Overview::Mean, None), 2);
        assert_eq!(u16::reduce(&[9, 2, 9, 2], Overview::Mean, Some(9)), 2);
        assert_eq!(u16::reduce(&[9; 4], Overview::Mean, Some(9)), 9);
        assert_eq!(u16::reduce(&[u16::MAX; 4], Overview::Mean, None), u16::MAX);
    }

    #[test]
    fn odd_edges_are_reduced_from_the_cells_there_are() {
        let mut block = vec![0.0f32; 16 * 16];
        for (at, value) in
            [(0, 1.0), (1, 3.0), (2, 5.0), (16, 1.0), (17, 3.0), (18, 7.0), (32, 10.0), (33, 20.0), (34, 9.0)]
        {
            block[at] = value;
        }
        let quarter = reduce_block((&block, (3, 3)), 16, Overview::Mean, (f32::NAN, None));
        assert_eq!([quarter[0], quarter[1], quarter[8], quarter[9]], [2.0, 6.0, 15.0, 9.0]);
        assert!(quarter[2].is_nan() && quarter[16].is_nan());
    }
}
