// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stored numbers to `f32`, for FITS, PDS3 and TIFF alike.

use facula_core::{Quality, Raster};

/// How one number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
}

impl Sample {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(crate) const fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Big,
    Little,
}

/// Stored number to value: `factor * stored + offset`; `missing` lists stored numbers that mean "no data".
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) factor: f64,
    pub(crate) offset: f64,
    pub(crate) missing: Vec<f64>,
}

impl Default for Scaling {
    fn default() -> Self {
        Self { factor: 1.0, offset: 0.0, missing: Vec::new() }
    }
}

/// Decodes whole numbers from `bytes` (a rest shorter than a number is left out) and appends them to `out`.
/// Missing and non-finite values become NaN.
pub(crate) fn decode(bytes: &[u8], kind: (Sample, ByteOrder), scaling: &Scaling, out: &mut Vec<f32>) {
    use ByteOrder::{Big, Little};
    match kind {
        (Sample::U8, _) => numbers(bytes, scaling, out, |b: [u8; 1]| f64::from(b[0])),
        (Sample::I8, _) => numbers(bytes, scaling, out, |b| f64::from(i8::from_be_bytes(b))),
        (Sample::I16, order) if is_plain_offset(scaling) => {
            whole_16(bytes, order, scaling.offset as i32, out)
        }
        (Sample::U16, Big) => numbers(bytes, scaling, out, |b| f64::from(u16::from_be_bytes(b))),
        (Sample::U16, Little) => numbers(bytes, scaling, out, |b| f64::from(u16::from_le_bytes(b))),
        (Sample::I16, Big) => numbers(bytes, scaling, out, |b| f64::from(i16::from_be_bytes(b))),
        (Sample::I16, Little) => numbers(bytes, scaling, out, |b| f64::from(i16::from_le_bytes(b))),
        (Sample::U32, Big) => numbers(bytes, scaling, out, |b| f64::from(u32::from_be_bytes(b))),
        (Sample::U32, Little) => numbers(bytes, scaling, out, |b| f64::from(u32::from_le_bytes(b))),
        (Sample::I32, Big) => numbers(bytes, scaling, out, |b| f64::from(i32::from_be_bytes(b))),
        (Sample::I32, Little) => numbers(bytes, scaling, out, |b| f64::from(i32::from_le_bytes(b))),
        (Sample::F32, Big) => numbers(bytes, scaling, out, |b| f64::from(f32::from_be_bytes(b))),
        (Sample::F32, Little) => numbers(bytes, scaling, out, |b| f64::from(f32::from_le_bytes(b))),
        (Sample::F64, Big) => numbers(bytes, scaling, out, f64::from_be_bytes),
        (Sample::F64, Little) => numbers(bytes, scaling, out, f64::from_le_bytes),
    }
}

/// Whether the scaling only adds a small whole number, so that 16-bit frames need no floating point.
fn is_plain_offset(scaling: &Scaling) -> bool {
    let offset = scaling.offset;
    scaling.factor == 1.0 && scaling.missing.is_empty() && offset.fract() == 0.0 && offset.abs() <= 65_536.0
}

fn whole_16(bytes: &[u8], order: ByteOrder, offset: i32, out: &mut Vec<f32>) {
    let pairs = bytes.as_chunks::<2>().0.iter();
    match order {
        ByteOrder::Big => out.extend(pairs.map(|b| (i32::from(i16::from_be_bytes(*b)) + offset) as f32)),
        ByteOrder::Little => out.extend(pairs.map(|b| (i32::from(i16::from_le_bytes(*b)) + offset) as f32)),
    }
}

fn numbers<const N: usize>(
    bytes: &[u8],
    scaling: &Scaling,
    out: &mut Vec<f32>,
    read: impl Fn([u8; N]) -> f64,
) {
    let value = |stored: f64| {
        let value = (scaling.factor * stored + scaling.offset) as f32;
        if value.is_finite() { value } else { f32::NAN }
    };
    let stored = bytes.as_chunks::<N>().0.iter().map(|b| read(*b));
    if scaling.missing.is_empty() {
        out.extend(stored.map(value));
    } else {
        out.extend(stored.map(|s| if scaling.missing.contains(&s) { f32::NAN } else { value(s) }));
    }
}

/// The quality band of an image as read: NaN is missing.
pub(crate) fn quality_of(image: &Raster<f32>) -> Raster<Quality> {
    image.map(|value| if value.is_nan() { Quality::MISSING } else { Quality::GOOD })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], kind: (Sample, ByteOrder), scaling: &Scaling) -> Vec<f32> {
        let mut out = Vec::new();
        decode(bytes, kind, scaling, &mut out);
        out
    }

    #[test]
    fn each_kind_reads_its_extremes() {
        let plain = Scaling::default();
        assert_eq!(decoded(&[0, 255], (Sample::U8, ByteOrder::Big), &plain), [0.0, 255.0]);
        assert_eq!(decoded(&[0x80, 0x7f], (Sample::I8, ByteOrder::Big), &plain), [-128.0, 127.0]);
        for order in [ByteOrder::Big, ByteOrder::Little] {
            let bytes = |big: &[u8]| -> Vec<u8> {
                if order == ByteOrder::Big { big.to_vec() } else { big.iter().rev().copied().collect() }
            };
            let one = |kind, big: &[u8]| decoded(&bytes(big), (kind, order), &plain)[0];
            assert_eq!(one(Sample::U16, &[0xff, 0xfe]), 65_534.0);
            assert_eq!(one(Sample::I16, &[0xff, 0xfe]), -2.0);
            assert_eq!(one(Sample::U32, &[0x80, 0, 0, 0]), 2_147_483_648.0);
            assert_eq!(one(Sample::I32, &[0x80, 0, 0, 0]), -2_147_483_648.0);
            assert_eq!(one(Sample::F32, &1.5f32.to_be_bytes()), 1.5);
            assert_eq!(one(Sample::F64, &(-2.5f64).to_be_bytes()), -2.5);
            assert!(one(Sample::F32, &f32::INFINITY.to_be_bytes()).is_nan());
        }
    }

    #[test]
    fn scaling_and_missing_values_follow_the_stored_number() {
        let scaling = Scaling { factor: 0.5, offset: 10.0, missing: vec![-1.0] };
        let out = decoded(&[0xff, 0xff, 0, 4], (Sample::I16, ByteOrder::Big), &scaling);
        assert!(out[0].is_nan());
        assert_eq!(out[1], 12.0);
        let offset = Scaling { offset: 32_768.0, ..Scaling::default() };
        assert_eq!(decoded(&[0x80, 0, 0x7f, 0xff], (Sample::I16, ByteOrder::Big), &offset), [0.0, 65_535.0]);
    }
}
