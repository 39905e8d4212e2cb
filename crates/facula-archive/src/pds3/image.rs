// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `IMAGE` object of a label and the pointer to its pixels.

use facula_core::Raster;

use crate::pds3::{Data, Label, Value};
use crate::samples::{ByteOrder, Sample, Scaling, decode};
use crate::{ArchiveError, Limits};

/// Hint of all errors about keywords of a label.
const HINT: &str = "correct the keyword in the label, or fetch the label again";

/// Where the pixels are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// The file beside the label, `None` when the pixels follow the label in its own file.
    pub(crate) file: Option<String>,
    /// Bytes before the first pixel; `None` when the pointer only names a file.
    pub(crate) offset_bytes: Option<u64>,
}

/// Reads `^IMAGE`: a record, a byte, a file, or a file with one of these; records and bytes count from one.
pub(crate) fn image_pointer(label: &Label) -> Result<Pointer, ArchiveError> {
    let value = label.get("^IMAGE").ok_or_else(|| {
        ArchiveError::missing("the pointer ^IMAGE of the label", "only labels of images are read as frames")
    })?;
    let malformed = || ArchiveError::format(format!("^IMAGE = {value} is not a pointer"), HINT);
    match value.elements() {
        [one] => match &one.data {
            Data::Number(_) => Ok(Pointer { file: None, offset_bytes: Some(offset_bytes(label, one)?) }),
            Data::Text(name) => Ok(Pointer { file: Some(name.clone()), offset_bytes: None }),
            _ => Err(malformed()),
        },
        [name, place] => match &name.data {
            Data::Text(name) => {
                Ok(Pointer { file: Some(name.clone()), offset_bytes: Some(offset_bytes(label, place)?) })
            }
            _ => Err(malformed()),
        },
        _ => Err(malformed()),
    }
}

fn offset_bytes(label: &Label, place: &Value) -> Result<u64, ArchiveError> {
    let first = place.number().filter(|n| (1.0..1e15).contains(n) && n.fract() == 0.0);
    let first = first
        .ok_or_else(|| ArchiveError::format(format!("^IMAGE: {place} is not a record or byte"), HINT))?;
    let bytes = place.unit.as_ref().is_some_and(|unit| unit.eq_ignore_ascii_case("bytes"));
    let record_bytes = if bytes { 1 } else { size(label, "RECORD_BYTES", None)? };
    let offset = (first as u64 - 1).checked_mul(record_bytes);
    offset.ok_or_else(|| ArchiveError::format(format!("^IMAGE: record {place} lies beyond any file"), HINT))
}

/// A count in a label.
fn size(label: &Label, path: &str, default: Option<u64>) -> Result<u64, ArchiveError> {
    let Some(value) = label.get(path) else {
        return default.ok_or_else(|| ArchiveError::missing(format!("the keyword {path}"), HINT));
    };
    let whole = value.number().filter(|n| (0.0..1e15).contains(n) && n.fract() == 0.0);
    whole
        .map(|n| n as u64)
        .ok_or_else(|| ArchiveError::format(format!("{path} = {value} is not a count"), HINT))
}

/// A number in a label, `None` when it is absent or not known.
fn known_number(label: &Label, path: &str) -> Result<Option<f64>, ArchiveError> {
    let Some(value) = label.get(path).filter(|value| value.known_text().is_some()) else { return Ok(None) };
    let number = value.number();
    number.map(Some).ok_or_else(|| ArchiveError::format(format!("{path} = {value} is not a number"), HINT))
}

/// How the pixels of an `IMAGE` object are stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageObject {
    pub(crate) lines: u64,
    pub(crate) line_samples: u64,
    sample: Sample,
    order: ByteOrder,
    prefix_bytes: u64,
    suffix_bytes: u64,
    scaling: Scaling,
}

impl ImageObject {
    /// The size of the image alone: enough when the pixels are in a file that describes itself.
    pub(crate) fn size_of(label: &Label) -> Result<(u64, u64), ArchiveError> {
        Ok((size(label, "IMAGE.LINE_SAMPLES", None)?, size(label, "IMAGE.LINES", None)?))
    }

    pub(crate) fn from_label(label: &Label) -> Result<Self, ArchiveError> {
        if let Some(encoding) = label.text("IMAGE.ENCODING_TYPE") {
            let what = format!("ENCODING_TYPE = {encoding}");
            return Err(ArchiveError::unsupported(what, "decompress the image first"));
        }
        let bands = size(label, "IMAGE.BANDS", Some(1))?;
        let storage = label.text("IMAGE.BAND_STORAGE_TYPE").unwrap_or("BAND_SEQUENTIAL");
        if bands != 1 && storage != "BAND_SEQUENTIAL" {
            let what = format!("an image of {bands} bands stored {storage}");
            return Err(ArchiveError::unsupported(what, "extract one band first"));
        }
        let (line_samples, lines) = Self::size_of(label)?;
        let (sample, order) = sample_kind(label)?;
        Ok(Self {
            lines,
            line_samples,
            sample,
            order,
            prefix_bytes: size(label, "IMAGE.LINE_PREFIX_BYTES", Some(0))?,
            suffix_bytes: size(label, "IMAGE.LINE_SUFFIX_BYTES", Some(0))?,
            scaling: scaling(label)?,
        })
    }

    /// The first band from the bytes of the file, starting `offset_bytes` into it.
    pub(crate) fn decode(
        &self,
        bytes: &[u8],
        offset_bytes: u64,
        limits: &Limits,
    ) -> Result<Raster<f32>, ArchiveError> {
        let (width, height) = limits.image_size(self.line_samples, self.lines)?;
        let too_large =
            || ArchiveError::format("the image has lines of more bytes than can be counted", HINT);
        let line_bytes = (width * self.sample.bytes()) as u64;
        let stride = line_bytes.checked_add(self.prefix_bytes).and_then(|n| n.checked_add(self.suffix_bytes));
        let end = stride
            .and_then(|n| n.checked_mul(self.lines)?.checked_add(offset_bytes))
            .ok_or_else(too_large)?;
        if end > bytes.len() as u64 {
            let part = format!("the image of {width} samples and {height} lines from byte {offset_bytes}");
            return Err(ArchiveError::cut(&part, end, bytes.len() as u64));
        }
        // Everything below lies within the file, so within usize.
        let lines =
            bytes[offset_bytes as usize..end as usize].chunks_exact((end - offset_bytes) as usize / height);
        let mut values = Vec::with_capacity(width * height);
        for line in lines {
            let samples = &line[self.prefix_bytes as usize..][..line_bytes as usize];
            decode(samples, (self.sample, self.order), &self.scaling, &mut values);
        }
        Ok(Raster::from_vec(width, height, values).expect("each line gave its samples"))
    }
}

/// `SAMPLE_TYPE` and `SAMPLE_BITS`, PDS3 Standards Reference table 3.3 and appendix C.
fn sample_kind(label: &Label) -> Result<(Sample, ByteOrder), ArchiveError> {
    let name = label.text("IMAGE.SAMPLE_TYPE");
    let name = name.ok_or_else(|| ArchiveError::missing("the keyword IMAGE.SAMPLE_TYPE", HINT))?;
    let bits = size(label, "IMAGE.SAMPLE_BITS", None)?;
    let order = if name.starts_with("LSB_") || name.starts_with("PC_") || name.starts_with("VAX_") {
        ByteOrder::Little
    } else {
        ByteOrder::Big
    };
    let kind =
        name.split_once('_').filter(|(maker, _)| MAKERS.contains(maker)).map_or(name, |(_, kind)| kind);
    let sample = match (kind, bits) {
        ("UNSIGNED_INTEGER", 8) => Sample::U8,
        ("UNSIGNED_INTEGER", 16) => Sample::U16,
        ("UNSIGNED_INTEGER", 32) => Sample::U32,
        ("INTEGER" | "SIGNED_INTEGER", 8) => Sample::I8,
        ("INTEGER" | "SIGNED_INTEGER", 16) => Sample::I16,
        ("INTEGER" | "SIGNED_INTEGER", 32) => Sample::I32,
        ("REAL" | "FLOAT", 32) if !name.starts_with("VAX_") => Sample::F32,
        ("REAL" | "FLOAT", 64) if !name.starts_with("VAX_") => Sample::F64,
        _ => {
            let what = format!("SAMPLE_TYPE = {name} with SAMPLE_BITS = {bits}");
            return Err(ArchiveError::unsupported(
                what,
                "convert the image to 16-bit integers or IEEE reals",
            ));
        }
    };
    Ok((sample, order))
}

/// First words of sample types that only tell the byte order.
const MAKERS: [&str; 7] = ["LSB", "MSB", "PC", "VAX", "SUN", "MAC", "IEEE"];

fn scaling(label: &Label) -> Result<Scaling, ArchiveError> {
    let number = |key: &str| known_number(label, &format!("IMAGE.{key}"));
    let mut missing = Vec::new();
    for key in ["MISSING_CONSTANT", "MISSING", "INVALID_CONSTANT", "NULL_CONSTANT"] {
        missing.extend(number(key)?);
    }
    let (factor, offset) = (number("SCALING_FACTOR")?.unwrap_or(1.0), number("OFFSET")?.unwrap_or(0.0));
    Ok(Scaling { factor, offset, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        Label::parse(format!("{text}\nEND\n").as_bytes()).unwrap().0
    }

    fn image(kind: &str, bits: u32, more: &str) -> Label {
        label(&format!(
            "OBJECT=IMAGE\nLINES=2\nLINE_SAMPLES=1\nSAMPLE_TYPE={kind}\nSAMPLE_BITS={bits}\n{more}\nEND_OBJECT"
        ))
    }

    fn values(kind: &str, bits: u32, more: &str, bytes: &[u8]) -> Result<Vec<f32>, ArchiveError> {
        let object = ImageObject::from_label(&image(kind, bits, more))?;
        Ok(object.decode(bytes, 1, &Limits::default())?.into_vec())
    }

    #[test]
    fn pointers_are_records_bytes_or_files() {
        let at = |pointer: &str| image_pointer(&label(&format!("RECORD_BYTES = 512\n^IMAGE = {pointer}")));
        let expect =
            |file: Option<&str>, offset_bytes| Pointer { file: file.map(str::to_string), offset_bytes };
        assert_eq!(at("26").unwrap(), expect(None, Some(12_800)));
        assert_eq!(at("26 <BYTES>").unwrap(), expect(None, Some(25)));
        assert_eq!(at("(\"A.IMG\", 3)").unwrap(), expect(Some("A.IMG"), Some(1024)));
        assert_eq!(at("(\"A.IMG\", 3 <bytes>)").unwrap(), expect(Some("A.IMG"), Some(2)));
        assert_eq!(at("\"A.IMG\"").unwrap(), expect(Some("A.IMG"), None));
        for bad in ["0", "-1", "1.5", "(\"A\", \"B\")", "(1, 2)", "(1,2,3)", "X", "999999999999999999"] {
            assert!(at(bad).is_err(), "{bad}");
        }
        assert!(matches!(image_pointer(&label("A = 1")), Err(ArchiveError::NoCoverage { .. })));
    }

    #[test]
    fn sample_types_read_their_byte_order() {
        let cases: [(&str, u32, &[u8], [f32; 2]); 8] = [
            ("UNSIGNED_INTEGER", 8, &[9, 1, 255], [1.0, 255.0]),
            ("LSB_UNSIGNED_INTEGER", 16, &[9, 1, 0, 0, 1], [1.0, 256.0]),
            ("MSB_UNSIGNED_INTEGER", 16, &[9, 0, 1, 1, 0], [1.0, 256.0]),
            ("MSB_INTEGER", 16, &[9, 0xff, 0xff, 1, 0], [-1.0, 256.0]),
            ("LSB_INTEGER", 32, &[9, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [1.0, -1.0]),
            ("SUN_INTEGER", 8, &[9, 0x80, 1], [-128.0, 1.0]),
            ("PC_REAL", 32, &[9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1.0, -2.0]),
            ("IEEE_REAL", 32, &[9, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1.0, -2.0]),
        ];
        for (kind, bits, bytes, expected) in cases {
            assert_eq!(values(kind, bits, "", bytes).unwrap(), expected, "{kind} {bits}");
        }
        assert!(matches!(values("VAX_REAL", 32, "", &[0; 9]), Err(ArchiveError::Unsupported { .. })));
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
            let object = ImageObject::from_label(&absurd(lines, prefix)).unwrap();
            assert!(object.decode(&[0; 100], 0, &Limits::default()).is_err(), "{lines}");
        }
        assert!(ImageObject::from_label(&absurd("-1", "0")).is_err());
        assert!(ImageObject::from_label(&image("IEEE_REAL", 32, "ENCODING_TYPE = HUFFMAN")).is_err());
        let pixel_interleaved = "BANDS = 3\nBAND_STORAGE_TYPE = SAMPLE_INTERLEAVED";
        assert!(ImageObject::from_label(&image("IEEE_REAL", 32, pixel_interleaved)).is_err());
        assert!(ImageObject::from_label(&image("IEEE_REAL", 32, "OFFSET = lots")).is_err());
    }
}
