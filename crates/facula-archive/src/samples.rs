// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stored numbers to `f32`, for every format alike.
//!
//! # Source
//! VAX reals: VAX Architecture Reference Manual (Digital, 1987), section 1.2; PDS3 Standards Reference 3.8, appendix C.

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
    U64,
    I64,
    F32,
    F64,
    /// VAX F-floating, 32 bits.
    VaxF,
    /// VAX D-floating, 64 bits.
    VaxD,
    /// VAX G-floating, 64 bits.
    VaxG,
}

impl Sample {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::VaxF => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::VaxD | Self::VaxG => 8,
        }
    }

    pub(crate) const fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F64 | Self::VaxF | Self::VaxD | Self::VaxG)
    }

    /// The name in descriptions of files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::VaxF => "vax-f32",
            Self::VaxD => "vax-d64",
            Self::VaxG => "vax-g64",
        }
    }
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Big,
    Little,
}

/// Stored numbers that are no measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Special {
    least: f64,
    most: f64,
    flags: Quality,
}

impl Special {
    /// Flags of a pixel below the range of the instrument or converter.
    pub(crate) const LOW: Quality =
        Quality::from_bits(Quality::EXTRAPOLATED.bits() | Quality::MISSING.bits());
    /// Flags of a pixel above it.
    pub(crate) const HIGH: Quality = Quality::from_bits(Quality::SATURATED.bits() | Quality::MISSING.bits());

    /// One stored number; a constant printed in a label is rounded as the samples are.
    pub(crate) fn value(constant: f64, sample: Sample, flags: Quality) -> Self {
        let stored = if sample == Sample::F32 { f64::from(constant as f32) } else { constant };
        Self { least: stored, most: stored, flags }
    }

    /// All stored numbers below `least`.
    pub(crate) const fn below(least: f64, flags: Quality) -> Self {
        Self { least: f64::NEG_INFINITY, most: least.next_down(), flags }
    }

    /// All stored numbers above `most`.
    pub(crate) const fn above(most: f64, flags: Quality) -> Self {
        Self { least: most.next_up(), most: f64::INFINITY, flags }
    }

    fn holds(&self, stored: f64) -> bool {
        self.least <= stored && stored <= self.most
    }
}

/// Stored number to value: `factor * stored + offset`; `special` lists stored numbers that become NaN and a flag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) factor: f64,
    pub(crate) offset: f64,
    pub(crate) special: Vec<Special>,
    /// Bits of a stored whole number that count, where not all do.
    pub(crate) mask: Option<u32>,
}

impl Scaling {
    /// All special numbers lie in this range; most pixels do not, and are not compared with each of them.
    fn special_range(&self) -> Special {
        let least = self.special.iter().map(|special| special.least).fold(f64::INFINITY, f64::min);
        let most = self.special.iter().map(|special| special.most).fold(f64::NEG_INFINITY, f64::max);
        Special { least, most, flags: Quality::MISSING }
    }

    /// The stored number without the bits that do not count.
    fn masked(&self, stored: f64) -> f64 {
        self.mask.map_or(stored, |mask| (stored as i64 & i64::from(mask)) as f64)
    }

    /// The value of a stored number that is not special; NaN where it is not finite.
    fn value(&self, stored: f64) -> f32 {
        let value = (self.factor * stored + self.offset) as f32;
        if value.is_finite() { value } else { f32::NAN }
    }

    /// The values of whole numbers, appended to `out`.
    pub(crate) fn apply(&self, stored: &[i32], out: &mut Vec<f32>) {
        if self.special.is_empty()
            && self.factor == 1.0
            && self.offset.abs() < 1e9
            && self.offset.fract() == 0.0
        {
            // Exact in 64 bits, and then rounded once.
            let offset = self.offset as i64;
            out.extend(stored.iter().map(|s| (i64::from(*s) + offset) as f32));
        } else {
            Values { scaling: self, out }.all(stored.iter().map(|s| f64::from(*s)));
        }
    }
}

impl Default for Scaling {
    fn default() -> Self {
        Self { factor: 1.0, offset: 0.0, special: Vec::new(), mask: None }
    }
}

/// Decodes whole numbers from `bytes` (a rest shorter than a number is left out) and appends them to `out`.
/// Special and non-finite values become NaN.
pub(crate) fn decode(bytes: &[u8], kind: (Sample, ByteOrder), scaling: &Scaling, out: &mut Vec<f32>) {
    let plain = scaling.special.is_empty() && scaling.mask.is_none();
    match kind {
        (Sample::I16, order) if plain && scaling.factor == 1.0 && scaling.offset == UNSIGNED_16_OFFSET => {
            whole_u16(bytes, (order, SIGN_16), out)
        }
        (Sample::I16, order) if plain && is_plain_offset(scaling) => {
            whole_16(bytes, order, scaling.offset as i32, out)
        }
        (Sample::U16, order) if plain && scaling.factor == 1.0 && scaling.offset == 0.0 => {
            whole_u16(bytes, (order, 0), out)
        }
        (Sample::U8, _) if plain && scaling.factor == 1.0 && scaling.offset == 0.0 => {
            out.extend(bytes.iter().map(|b| f32::from(*b)))
        }
        (Sample::F32, order) if plain && scaling.factor == 1.0 && scaling.offset == 0.0 => {
            reals_32(bytes, order, out)
        }
        _ => visit(bytes, kind, Values { scaling, out }),
    }
}

/// The flags of the numbers that [`decode`] reads, appended to `out`.
pub(crate) fn decode_flags(
    bytes: &[u8],
    kind: (Sample, ByteOrder),
    scaling: &Scaling,
    out: &mut Vec<Quality>,
) {
    visit(bytes, kind, Flags { scaling, out });
}

/// The first number of `bytes` as it is stored, at double precision; NaN when they hold none.
pub(crate) fn stored_number(bytes: &[u8], kind: (Sample, ByteOrder)) -> f64 {
    struct First<'a>(&'a mut f64);
    impl Visitor for First<'_> {
        fn all(self, mut stored: impl Iterator<Item = f64>) {
            *self.0 = stored.next().unwrap_or(f64::NAN);
        }
    }
    let mut number = f64::NAN;
    visit(bytes, kind, First(&mut number));
    number
}

/// What is done with stored numbers.
trait Visitor {
    fn all(self, stored: impl Iterator<Item = f64>);
}

struct Values<'a> {
    scaling: &'a Scaling,
    out: &'a mut Vec<f32>,
}

impl Visitor for Values<'_> {
    fn all(self, stored: impl Iterator<Item = f64>) {
        let Self { scaling, out } = self;
        let stored = stored.map(|s| scaling.masked(s));
        if scaling.special.is_empty() {
            out.extend(stored.map(|s| scaling.value(s)));
        } else {
            let range = scaling.special_range();
            let is_special = |s| range.holds(s) && scaling.special.iter().any(|special| special.holds(s));
            out.extend(stored.map(|s| if is_special(s) { f32::NAN } else { scaling.value(s) }));
        }
    }
}

struct Flags<'a> {
    scaling: &'a Scaling,
    out: &'a mut Vec<Quality>,
}

impl Visitor for Flags<'_> {
    fn all(self, stored: impl Iterator<Item = f64>) {
        let scaling = self.scaling;
        let range = scaling.special_range();
        self.out.extend(stored.map(|s| scaling.masked(s)).map(|s| {
            let among = if range.holds(s) { scaling.special.as_slice() } else { &[] };
            let special = among.iter().find(|special| special.holds(s));
            let plain = if scaling.value(s).is_nan() { Quality::MISSING } else { Quality::GOOD };
            special.map_or(plain, |special| special.flags)
        }));
    }
}

fn visit(bytes: &[u8], (sample, order): (Sample, ByteOrder), visitor: impl Visitor) {
    use ByteOrder::{Big, Little};
    match (sample, order) {
        (Sample::U8, _) => visitor.all(bytes.iter().map(|b| f64::from(*b))),
        (Sample::I8, _) => visitor.all(bytes.iter().map(|b| f64::from(b.cast_signed()))),
        (Sample::U16, Big) => visitor.all(numbers(bytes, |b| f64::from(u16::from_be_bytes(b)))),
        (Sample::U16, Little) => visitor.all(numbers(bytes, |b| f64::from(u16::from_le_bytes(b)))),
        (Sample::I16, Big) => visitor.all(numbers(bytes, |b| f64::from(i16::from_be_bytes(b)))),
        (Sample::I16, Little) => visitor.all(numbers(bytes, |b| f64::from(i16::from_le_bytes(b)))),
        (Sample::U32, Big) => visitor.all(numbers(bytes, |b| f64::from(u32::from_be_bytes(b)))),
        (Sample::U32, Little) => visitor.all(numbers(bytes, |b| f64::from(u32::from_le_bytes(b)))),
        (Sample::I32, Big) => visitor.all(numbers(bytes, |b| f64::from(i32::from_be_bytes(b)))),
        (Sample::I32, Little) => visitor.all(numbers(bytes, |b| f64::from(i32::from_le_bytes(b)))),
        (Sample::U64, Big) => visitor.all(numbers(bytes, |b| u64::from_be_bytes(b) as f64)),
        (Sample::U64, Little) => visitor.all(numbers(bytes, |b| u64::from_le_bytes(b) as f64)),
        (Sample::I64, Big) => visitor.all(numbers(bytes, |b| i64::from_be_bytes(b) as f64)),
        (Sample::I64, Little) => visitor.all(numbers(bytes, |b| i64::from_le_bytes(b) as f64)),
        (Sample::F32, Big) => visitor.all(numbers(bytes, |b| f64::from(f32::from_be_bytes(b)))),
        (Sample::F32, Little) => visitor.all(numbers(bytes, |b| f64::from(f32::from_le_bytes(b)))),
        (Sample::F64, Big) => visitor.all(numbers(bytes, f64::from_be_bytes)),
        (Sample::F64, Little) => visitor.all(numbers(bytes, f64::from_le_bytes)),
        (Sample::VaxF, _) => visitor.all(numbers(bytes, |b: [u8; 4]| vax(&b, 8))),
        (Sample::VaxD, _) => visitor.all(numbers(bytes, |b: [u8; 8]| vax(&b, 8))),
        (Sample::VaxG, _) => visitor.all(numbers(bytes, |b: [u8; 8]| vax(&b, 11))),
    }
}

fn numbers<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> impl Iterator<Item = f64> {
    bytes.as_chunks::<N>().0.iter().map(move |b| read(*b))
}

/// Whether the scaling only adds a small whole number, so that 16-bit frames need no floating point.
fn is_plain_offset(scaling: &Scaling) -> bool {
    let offset = scaling.offset;
    scaling.factor == 1.0 && offset.fract() == 0.0 && offset.abs() <= 65_536.0
}

fn whole_16(bytes: &[u8], order: ByteOrder, offset: i32, out: &mut Vec<f32>) {
    let pairs = bytes.as_chunks::<2>().0.iter();
    match order {
        ByteOrder::Big => out.extend(pairs.map(|b| (i32::from(i16::from_be_bytes(*b)) + offset) as f32)),
        ByteOrder::Little => out.extend(pairs.map(|b| (i32::from(i16::from_le_bytes(*b)) + offset) as f32)),
    }
}

/// The offset of unsigned 16-bit numbers stored as signed ones, and the bit it turns over.
const UNSIGNED_16_OFFSET: f64 = 32_768.0;
const SIGN_16: u16 = 0x8000;

fn whole_u16(bytes: &[u8], (order, turned): (ByteOrder, u16), out: &mut Vec<f32>) {
    let pairs = bytes.as_chunks::<2>().0.iter();
    match order {
        ByteOrder::Big => out.extend(pairs.map(|b| f32::from(u16::from_be_bytes(*b) ^ turned))),
        ByteOrder::Little => out.extend(pairs.map(|b| f32::from(u16::from_le_bytes(*b) ^ turned))),
    }
}

fn reals_32(bytes: &[u8], order: ByteOrder, out: &mut Vec<f32>) {
    let finite = |value: f32| if value.is_finite() { value } else { f32::NAN };
    let words = bytes.as_chunks::<4>().0.iter();
    match order {
        ByteOrder::Big => out.extend(words.map(|b| finite(f32::from_be_bytes(*b)))),
        ByteOrder::Little => out.extend(words.map(|b| finite(f32::from_le_bytes(*b)))),
    }
}

/// A VAX real: little-endian 16-bit words, the first one the most significant; sign, exponent, fraction 0.1f.
fn vax(bytes: &[u8], exponent_bits: u32) -> f64 {
    let words = bytes.as_chunks::<2>().0.iter();
    let bits = words.fold(0u64, |sum, word| sum << 16 | u64::from(u16::from_le_bytes(*word)));
    let total = 8 * bytes.len() as u32;
    let fraction_bits = total - 1 - exponent_bits;
    let exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
    let negative = bits >> (total - 1) == 1;
    if exponent == 0 {
        // A reserved operand: the processor would have trapped.
        return if negative { f64::NAN } else { 0.0 };
    }
    let fraction = bits & ((1 << fraction_bits) - 1) | 1 << fraction_bits;
    let power = exponent as i32 - (1 << (exponent_bits - 1)) - fraction_bits as i32 - 1;
    let size = fraction as f64 * 2f64.powi(power);
    if negative { -size } else { size }
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
    fn vax_reals_are_those_of_the_architecture_manual() {
        // VAX Architecture Reference Manual: F-floating 1.0 is 0x00004080, D the same with zeros, G 0x00004010.
        let plain = Scaling::default();
        let f = |bytes: &[u8]| decoded(bytes, (Sample::VaxF, ByteOrder::Little), &plain)[0];
        assert_eq!(f(&[0x80, 0x40, 0, 0]), 1.0);
        assert_eq!(f(&[0x80, 0xc0, 0, 0]), -1.0);
        // 3.5 = 0.875 * 2^2; 12.375 = 0.7734375 * 2^4.
        assert_eq!(f(&[0x60, 0x41, 0, 0]), 3.5);
        assert_eq!(f(&[0x46, 0x42, 0, 0]), 12.375);
        // -ISIS NULL of VAX days, the largest negative number: -1.7014117e38.
        assert_eq!(f(&[0xff; 4]), -1.701_411_7e38);
        assert_eq!(f(&[0, 0, 1, 2]), 0.0);
        assert!(f(&[0, 0x80, 0, 0]).is_nan());
        let d = decoded(
            &[0x49, 0x41, 0xdb, 0x0f, 0xa2, 0x21, 0x68, 0xc2],
            (Sample::VaxD, ByteOrder::Little),
            &plain,
        );
        assert_eq!(d, [std::f32::consts::PI]);
        let g = decoded(&[0x10, 0x40, 0, 0, 0, 0, 0, 0], (Sample::VaxG, ByteOrder::Little), &plain);
        assert_eq!(g, [1.0]);
    }

    #[test]
    fn flags_say_which_special_value_a_pixel_is() {
        let special = vec![
            Special::value(0.0, Sample::U16, Quality::MISSING),
            Special::below(3.0, Special::LOW),
            Special::above(65_534.0, Special::HIGH),
        ];
        let scaling = Scaling { special, ..Scaling::default() };
        let bytes: Vec<u8> = [0u16, 1, 3, 65_534, 65_535].iter().flat_map(|v| v.to_le_bytes()).collect();
        let kind = (Sample::U16, ByteOrder::Little);
        let mut flags = Vec::new();
        decode_flags(&bytes, kind, &scaling, &mut flags);
        assert_eq!(flags, [Quality::MISSING, Special::LOW, Quality::GOOD, Quality::GOOD, Special::HIGH]);
        let values = decoded(&bytes, kind, &scaling);
        assert!(values.iter().zip(&flags).all(|(v, f)| v.is_nan() == f.intersects(Quality::MISSING)));
    }

    #[test]
    fn constants_printed_in_labels_meet_their_single_precision_pixels() {
        let special = Special::value(-3.402_822_7e38, Sample::F32, Quality::MISSING);
        let scaling = Scaling { special: vec![special], ..Scaling::default() };
        let stored = f32::from_bits(0xff7f_fffb);
        let out = decoded(&stored.to_be_bytes(), (Sample::F32, ByteOrder::Big), &scaling);
        assert!(out[0].is_nan());
    }

    #[test]
    fn scaling_and_missing_values_follow_the_stored_number() {
        let scaling = Scaling {
            factor: 0.5,
            offset: 10.0,
            special: vec![Special::value(-1.0, Sample::I16, Quality::MISSING)],
            mask: None,
        };
        let out = decoded(&[0xff, 0xff, 0, 4], (Sample::I16, ByteOrder::Big), &scaling);
        assert!(out[0].is_nan());
        assert_eq!(out[1], 12.0);
        let offset = Scaling { offset: 32_768.0, ..Scaling::default() };
        assert_eq!(decoded(&[0x80, 0, 0x7f, 0xff], (Sample::I16, ByteOrder::Big), &offset), [0.0, 65_535.0]);
    }
}
