// SPDX-License-Identifier: MIT OR Apache-2.0
//! The image objects of a label: `IMAGE` and its relatives, and `QUBE` without suffix planes.
//!
//! # Source
//! PDS3 Standards Reference 3.8, appendices A.20 (IMAGE), A.24 (QUBE), C (sample types); Planetary Science Data
//! Dictionary for `MISSING_CONSTANT` and its relatives.

use facula_core::Quality;

use crate::ArchiveError;
use crate::pds3::object::HINT;
use crate::pds3::{Label, Object};
use crate::raw_array::{Interleave, Packing, RawArray};
use crate::samples::{ByteOrder, Sample, Scaling, Special};

/// Keywords of stored numbers that are no measurements, and what they mean.
const CONSTANTS: [(&str, Quality); 16] = [
    ("MISSING_CONSTANT", Quality::MISSING),
    ("MISSING", Quality::MISSING),
    ("INVALID_CONSTANT", Quality::MISSING),
    ("INVALID", Quality::MISSING),
    ("NULL_CONSTANT", Quality::MISSING),
    ("NOT_APPLICABLE_CONSTANT", Quality::MISSING),
    ("UNKNOWN_CONSTANT", Quality::MISSING),
    ("CORE_NULL", Quality::MISSING),
    ("LOW_REPR_SATURATION", Special::LOW),
    ("LOW_INSTR_SATURATION", Special::LOW),
    ("CORE_LOW_REPR_SATURATION", Special::LOW),
    ("CORE_LOW_INSTR_SATURATION", Special::LOW),
    ("HIGH_REPR_SATURATION", Special::HIGH),
    ("HIGH_INSTR_SATURATION", Special::HIGH),
    ("CORE_HIGH_REPR_SATURATION", Special::HIGH),
    ("CORE_HIGH_INSTR_SATURATION", Special::HIGH),
];

/// How the pixels of an image object are stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageObject;

impl ImageObject {
    /// Samples per line and lines: enough when the pixels are in a file that describes itself.
    pub(crate) fn size_of(label: &Label) -> Result<(u64, u64), ArchiveError> {
        let object = Object::main_image(label)?;
        let [samples, lines, _] = Axes::of(&object)?.sizes;
        Ok((samples, lines))
    }

    /// The array of an object whose data start `start` bytes into the file.
    pub(crate) fn array(object: &Object<'_>, start: u64) -> Result<RawArray, ArchiveError> {
        check_encoding(object)?;
        object.check_records()?;
        let axes = Axes::of(object)?;
        let (sample, order) = axes.kind(object)?;
        let [samples, lines, bands] = axes.sizes;
        let around_line =
            [object.count("LINE_PREFIX_BYTES", Some(0))?, object.count("LINE_SUFFIX_BYTES", Some(0))?];
        let packing = Packing {
            sizes: axes.sizes,
            sample_bytes: sample.bytes() as u64,
            interleave: axes.interleave,
            around_line,
        };
        let counted = packing.steps().zip(start.checked_add(around_line[0]));
        let (steps, start) = counted.ok_or_else(|| {
            ArchiveError::format("the image has lines of more bytes than can be counted", HINT)
        })?;
        let scaling = axes.scaling(object, sample)?;
        Ok(RawArray { samples, lines, bands, start, steps, tail: around_line[1], sample, order, scaling })
    }
}

fn check_encoding(object: &Object<'_>) -> Result<(), ArchiveError> {
    match object.text("ENCODING_TYPE") {
        Some(encoding) if !matches!(encoding.to_ascii_uppercase().as_str(), "NONE" | "UNCOMPRESSED") => {
            let what = format!("ENCODING_TYPE = {encoding}");
            Err(ArchiveError::unsupported(what, "decompress the image first"))
        }
        _ => Ok(()),
    }
}

/// Sizes and order of the axes, and which words the object uses for its samples.
struct Axes {
    /// Samples, lines, bands.
    sizes: [u64; 3],
    interleave: Interleave,
    words: Words,
}

/// Keywords of an image and of a qube.
struct Words {
    kind: &'static str,
    factor: &'static str,
    offset: &'static str,
}

const IMAGE_WORDS: Words = Words { kind: "SAMPLE_TYPE", factor: "SCALING_FACTOR", offset: "OFFSET" };
const QUBE_WORDS: Words = Words { kind: "CORE_ITEM_TYPE", factor: "CORE_MULTIPLIER", offset: "CORE_BASE" };

impl Axes {
    fn of(object: &Object<'_>) -> Result<Self, ArchiveError> {
        if object.get("CORE_ITEMS").is_some() {
            return Self::of_qube(object);
        }
        let bands = object.count("BANDS", Some(1))?;
        let sizes = [object.count("LINE_SAMPLES", None)?, object.count("LINES", None)?, bands];
        let storage = object.text("BAND_STORAGE_TYPE").unwrap_or("BAND_SEQUENTIAL");
        let interleave = match storage.to_ascii_uppercase().replace([' ', '-'], "_").as_str() {
            "LINE_INTERLEAVED" => Interleave::LineOfBands,
            "SAMPLE_INTERLEAVED" | "PIXEL_INTERLEAVED" => Interleave::Pixel,
            "BAND_SEQUENTIAL" => Interleave::Band,
            // Without other bands the word does not matter.
            _ if bands == 1 => Interleave::Band,
            _ => {
                let what = format!("an image of {bands} bands stored {storage}");
                return Err(ArchiveError::unsupported(what, "extract one band first"));
            }
        };
        Ok(Self { sizes, interleave, words: IMAGE_WORDS })
    }

    fn of_qube(object: &Object<'_>) -> Result<Self, ArchiveError> {
        let numbers = |key: &str| -> Vec<u64> {
            let elements = object.get(key).map(|value| value.elements()).unwrap_or_default();
            let whole = |n: &f64| (0.0..1e15).contains(n) && n.fract() == 0.0;
            elements.iter().filter_map(|e| e.number().filter(whole)).map(|n| n as u64).collect()
        };
        if numbers("SUFFIX_ITEMS").iter().any(|n| *n > 0) {
            return Err(ArchiveError::unsupported("a qube with suffix planes", "extract its core first"));
        }
        let names = object.get("AXIS_NAME").map(|value| value.elements()).unwrap_or_default();
        let names: Vec<&str> = names.iter().filter_map(|name| name.scalar_text()).collect();
        let items = numbers("CORE_ITEMS");
        let &[a, b, c] = items.as_slice() else {
            return Err(ArchiveError::format(
                format!("{} is not three counts", object.path("CORE_ITEMS")),
                HINT,
            ));
        };
        let (sizes, interleave) = match names.as_slice() {
            ["SAMPLE", "LINE", "BAND"] => ([a, b, c], Interleave::Band),
            ["SAMPLE", "BAND", "LINE"] => ([a, c, b], Interleave::Line),
            ["BAND", "SAMPLE", "LINE"] => ([b, c, a], Interleave::Pixel),
            _ => {
                let what = format!("a qube with axes {}", names.join(", "));
                return Err(ArchiveError::unsupported(what, "convert it to an image first"));
            }
        };
        Ok(Self { sizes, interleave, words: QUBE_WORDS })
    }

    /// The sample type and its bits, PDS3 Standards Reference table 3.3 and appendix C.
    fn kind(&self, object: &Object<'_>) -> Result<(Sample, ByteOrder), ArchiveError> {
        let key = self.words.kind;
        let name = object.text(key).map(|name| name.trim().to_ascii_uppercase().replace([' ', '-'], "_"));
        let name =
            name.ok_or_else(|| ArchiveError::missing(format!("the keyword {}", object.path(key)), HINT))?;
        let bits = match self.words.kind {
            "SAMPLE_TYPE" => object.count("SAMPLE_BITS", None)?,
            _ => object.count("CORE_ITEM_BYTES", None)?.saturating_mul(8),
        };
        sample_kind(&name, bits).ok_or_else(|| {
            let what = format!("{key} = {name} with {bits} bits");
            ArchiveError::unsupported(what, "convert the image to integers or IEEE reals of 8 to 64 bits")
        })
    }

    fn scaling(&self, object: &Object<'_>, sample: Sample) -> Result<Scaling, ArchiveError> {
        let mut special = Vec::new();
        for (key, flags) in CONSTANTS {
            let found = object.number(key)?.map(|number| (number, object.text(key).unwrap_or_default()));
            if let Some((number, text)) = found {
                let stored = bit_pattern(text, sample).unwrap_or(number);
                special.push(Special::value(stored, sample, flags));
            }
        }
        for (key, below) in [("VALID_MINIMUM", true), ("CORE_VALID_MINIMUM", true), ("VALID_MAXIMUM", false)]
        {
            let Some(number) = object.number(key)? else { continue };
            let bits = bit_pattern(object.text(key).unwrap_or_default(), sample);
            let number = bits.unwrap_or(number);
            let number = if sample == Sample::F32 { f64::from(number as f32) } else { number };
            let flags = Quality::MISSING;
            special.push(if below { Special::below(number, flags) } else { Special::above(number, flags) });
        }
        let factor = object.number(self.words.factor)?.unwrap_or(1.0);
        let mask = mask(object, sample)?;
        Ok(Scaling { factor, offset: object.number(self.words.offset)?.unwrap_or(0.0), special, mask })
    }
}

/// `SAMPLE_BIT_MASK`, where it leaves out bits of a whole number.
fn mask(object: &Object<'_>, sample: Sample) -> Result<Option<u32>, ArchiveError> {
    let Some(number) = object.number("SAMPLE_BIT_MASK")? else { return Ok(None) };
    let bits = 8 * sample.bytes() as u32;
    if !sample.is_integer() || bits > 32 || number < 0.0 || number >= 2f64.powi(bits as i32) {
        let what = format!("{} = {number} for samples of {bits} bits", object.path("SAMPLE_BIT_MASK"));
        return Err(ArchiveError::format(what, HINT));
    }
    let all = 2f64.powi(bits as i32) - 1.0;
    Ok((number < all).then_some(number as u32))
}

/// What a based integer (`16#FF7FFFFB#`, `0xFF7FFFFB`) means as a constant of real samples: their bits.
pub(crate) fn bit_pattern(text: &str, sample: Sample) -> Option<f64> {
    let text = text.trim();
    let based = text.strip_prefix("16#").and_then(|digits| digits.strip_suffix('#'));
    let digits = based.or_else(|| text.strip_prefix("0x"))?;
    match sample {
        Sample::F32 => Some(f64::from(f32::from_bits(u32::from_str_radix(digits, 16).ok()?))),
        Sample::F64 => Some(f64::from_bits(u64::from_str_radix(digits, 16).ok()?)),
        _ => None,
    }
}

fn sample_kind(name: &str, bits: u64) -> Option<(Sample, ByteOrder)> {
    let little = ["LSB_", "PC_", "VAX_", "VAXG_"].iter().any(|maker| name.starts_with(maker));
    let order = if little { ByteOrder::Little } else { ByteOrder::Big };
    let kind =
        name.split_once('_').filter(|(maker, _)| MAKERS.contains(maker)).map_or(name, |(_, kind)| kind);
    let vax = name.starts_with("VAX");
    let sample = match (kind, bits) {
        ("UNSIGNED_INTEGER", 8) => Sample::U8,
        ("UNSIGNED_INTEGER", 16) => Sample::U16,
        ("UNSIGNED_INTEGER", 32) => Sample::U32,
        ("UNSIGNED_INTEGER", 64) => Sample::U64,
        ("INTEGER" | "SIGNED_INTEGER", 8) => Sample::I8,
        ("INTEGER" | "SIGNED_INTEGER", 16) => Sample::I16,
        ("INTEGER" | "SIGNED_INTEGER", 32) => Sample::I32,
        ("INTEGER" | "SIGNED_INTEGER", 64) => Sample::I64,
        ("REAL" | "FLOAT", 32) => {
            if vax {
                Sample::VaxF
            } else {
                Sample::F32
            }
        }
        ("DOUBLE", 64) if name == "VAX_DOUBLE" => Sample::VaxD,
        ("REAL" | "FLOAT", 64) if name.starts_with("VAXG_") => Sample::VaxG,
        ("REAL" | "FLOAT" | "DOUBLE", 64) => {
            if vax {
                Sample::VaxD
            } else {
                Sample::F64
            }
        }
        _ => return None,
    };
    Some((sample, order))
}

/// First words of sample types that only tell the byte order.
const MAKERS: [&str; 8] = ["LSB", "MSB", "PC", "VAX", "VAXG", "SUN", "MAC", "IEEE"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn label(text: &str) -> Label {
        Label::parse(format!("{text}\nEND\n").as_bytes()).unwrap().0
    }

    #[test]
    fn bits_outside_the_mask_do_not_count() {
        let read = |more: &str| {
            let label = image("MSB_UNSIGNED_INTEGER", 16, more);
            let (image, quality) = array(&label, 0)?.band(&[0xf0, 5, 0x90, 0], 0, &Limits::default())?;
            Ok::<_, ArchiveError>((image.into_vec(), quality.at(0, 1)))
        };
        // 12 bits of data, 4 of flags above them.
        assert_eq!(read("SAMPLE_BIT_MASK=2#0000111111111111#").unwrap().0, [5.0, 0.0]);
        assert_eq!(read("SAMPLE_BIT_MASK=16#FFFF#").unwrap().0, [61_445.0, 36_864.0]);
        assert_eq!(read("SAMPLE_BIT_MASK=\"N/A\"").unwrap().0, [61_445.0, 36_864.0]);
        let (values, flag) = read("SAMPLE_BIT_MASK=16#FFF#\nMISSING_CONSTANT=0").unwrap();
        assert!(values[1].is_nan() && flag == Quality::MISSING);
        assert!(read("SAMPLE_BIT_MASK=16#1FFFF#").is_err() && read("SAMPLE_BIT_MASK=-1").is_err());
    }

    fn image(kind: &str, bits: u32, more: &str) -> Label {
        label(&format!(
            "OBJECT=IMAGE\nLINES=2\nLINE_SAMPLES=1\nSAMPLE_TYPE={kind}\nSAMPLE_BITS={bits}\n{more}\nEND_OBJECT"
        ))
    }

    fn array(label: &Label, start: u64) -> Result<RawArray, ArchiveError> {
        ImageObject::array(&Object::main_image(label)?, start)
    }

    fn values(kind: &str, bits: u32, more: &str, bytes: &[u8]) -> Result<Vec<f32>, ArchiveError> {
        let array = array(&image(kind, bits, more), 1)?;
        Ok(array.band(bytes, 0, &Limits::default())?.0.into_vec())
    }

    #[test]
    fn sample_types_read_their_byte_order() {
        let cases: [(&str, u32, &[u8], [f32; 2]); 11] = [
            ("UNSIGNED_INTEGER", 8, &[9, 1, 255], [1.0, 255.0]),
            ("LSB_UNSIGNED_INTEGER", 16, &[9, 1, 0, 0, 1], [1.0, 256.0]),
            ("MSB_UNSIGNED_INTEGER", 16, &[9, 0, 1, 1, 0], [1.0, 256.0]),
            ("MSB_INTEGER", 16, &[9, 0xff, 0xff, 1, 0], [-1.0, 256.0]),
            ("LSB_INTEGER", 32, &[9, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [1.0, -1.0]),
            ("SUN_INTEGER", 8, &[9, 0x80, 1], [-128.0, 1.0]),
            ("PC_REAL", 32, &[9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1.0, -2.0]),
            ("VAX_REAL", 32, &[9, 0x80, 0x40, 0, 0, 0x00, 0xc1, 0, 0], [1.0, -2.0]),
            ("VAXG_REAL", 64, &[9, 0x10, 0x40, 0, 0, 0, 0, 0, 0, 0x20, 0xc0, 0, 0, 0, 0, 0, 0], [1.0, -2.0]),
            (
                "LSB_INTEGER",
                64,
                &[9, 1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255],
                [1.0, -2.0],
            ),
            ("IEEE_REAL", 32, &[9, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1.0, -2.0]),
        ];
        for (kind, bits, bytes, expected) in cases {
            assert_eq!(values(kind, bits, "", bytes).unwrap(), expected, "{kind} {bits}");
        }
        assert!(matches!(values("UNSIGNED_INTEGER", 12, "", &[0; 9]), Err(ArchiveError::Unsupported { .. })));
    }

    #[test]
    fn prefixes_scaling_and_missing_constants_are_honoured() {
        let more =
            "LINE_PREFIX_BYTES=1\nLINE_SUFFIX_BYTES=2\nSCALING_FACTOR=0.5\nOFFSET=-1\nMISSING_CONSTANT=7";
        let bytes = [9, 0, 4, 0, 0, 0, 7, 0, 0];
        let out = values("UNSIGNED_INTEGER", 8, more, &bytes).unwrap();
        assert!(out[0] == 1.0 && out[1].is_nan());
        assert!(values("UNSIGNED_INTEGER", 8, more, &bytes[..8]).is_err());
    }

    #[test]
    fn absurd_or_unreadable_images_are_refused() {
        let absurd = |lines: &str, prefix: &str| {
            label(&format!(
                "OBJECT=IMAGE\nLINES={lines}\nLINE_SAMPLES=10\nSAMPLE_TYPE=IEEE_REAL\nSAMPLE_BITS=32\n\
                 LINE_PREFIX_BYTES={prefix}\nEND_OBJECT"
            ))
        };
        for (lines, prefix) in
            [("999999999999999", "0"), ("0", "0"), ("100000000", "900000000000000"), ("1000", "0")]
        {
            let decoded =
                array(&absurd(lines, prefix), 0).and_then(|a| a.band(&[0; 100], 0, &Limits::default()));
            assert!(decoded.is_err(), "{lines}");
        }
        assert!(array(&absurd("-1", "0"), 0).is_err());
        assert!(array(&image("IEEE_REAL", 32, "ENCODING_TYPE = HUFFMAN"), 0).is_err());
        let strange = "BANDS = 3\nBAND_STORAGE_TYPE = DIAGONAL";
        assert!(array(&image("IEEE_REAL", 32, strange), 0).is_err());
        assert!(array(&image("IEEE_REAL", 32, "OFFSET = lots"), 0).is_err());
    }

    #[test]
    fn constants_say_what_is_wrong_with_a_pixel() {
        let more = "MISSING_CONSTANT = 16#FF7FFFFB#\nHIGH_INSTR_SATURATION = -1.5\nINVALID_CONSTANT = (1, 2)";
        assert!(array(&image("PC_REAL", 32, "MISSING_CONSTANT = X"), 0).is_err());
        assert!(array(&image("PC_REAL", 32, more), 0).is_ok());
        let mut bytes = vec![0];
        bytes.extend(0xff7f_fffbu32.to_le_bytes());
        bytes.extend((-1.5f32).to_le_bytes());
        let array = array(&image("PC_REAL", 32, more), 1).unwrap();
        let (_, quality) = array.band(&bytes, 0, &Limits::default()).unwrap();
        assert_eq!(quality.as_slice(), [Quality::MISSING, Special::HIGH]);
    }

    #[test]
    fn bands_are_found_however_they_are_stored() {
        for (storage, bytes) in [
            ("BAND_SEQUENTIAL", [1, 2, 3, 4]),
            ("LINE_INTERLEAVED", [1, 3, 2, 4]),
            ("SAMPLE_INTERLEAVED", [1, 3, 2, 4]),
        ] {
            let label =
                image("MSB_UNSIGNED_INTEGER", 8, &format!("BANDS = 2\nBAND_STORAGE_TYPE = {storage}"));
            let (second, _) = array(&label, 0).unwrap().band(&bytes, 1, &Limits::default()).unwrap();
            assert_eq!(second.as_slice(), [3.0, 4.0], "{storage}");
        }
    }

    #[test]
    fn qubes_without_suffixes_are_images() {
        let qube = |axes: &str, suffix: &str| {
            label(&format!(
                "OBJECT = SPECTRAL_QUBE\nAXES = 3\nAXIS_NAME = ({axes})\nCORE_ITEMS = (2, 1, 3)\nCORE_ITEM_BYTES = 2\n\
                 CORE_ITEM_TYPE = MSB_INTEGER\nCORE_BASE = 1\nCORE_MULTIPLIER = 2\nCORE_NULL = -1\n\
                 SUFFIX_ITEMS = ({suffix})\nEND_OBJECT"
            ))
        };
        let bytes: Vec<u8> = [5i16, -1, 6, 7, 8, 9].iter().flat_map(|v| v.to_be_bytes()).collect();
        let read = |axes: &str, band| {
            let array = array(&qube(axes, "0, 0, 0"), 0)?;
            array.band(&bytes, band, &Limits::default()).map(|(image, _)| image)
        };
        let first = read("SAMPLE, LINE, BAND", 0).unwrap();
        assert!(first.at(0, 0) == 11.0 && first.at(1, 0).is_nan() && first.height() == 1);
        let last = read("BAND, SAMPLE, LINE", 1).unwrap();
        assert_eq!((last.width(), last.height(), last.at(0, 1)), (1, 3, 15.0));
        assert!(read("X, Y, Z", 0).is_err());
        assert!(array(&qube("SAMPLE, LINE, BAND", "0, 0, 1"), 0).is_err());
    }
}
