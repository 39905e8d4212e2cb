// SPDX-License-Identifier: MIT OR Apache-2.0
//! VICAR images: labels at start and end, binary headers and prefixes, all three orders of bands.
//!
//! In: the bytes of a file. Out: its image with all label items (`PROPERTY.KEY` inside properties, `TASK.KEY`
//! inside the history).
//!
//! # Source
//! R. Deen, "The VICAR file format" (JPL, 1992).

use std::collections::BTreeMap;

use facula_core::{Quality, Raster};

use crate::format::{Format, Part};
use crate::raw_array::{RawArray, Steps};
use crate::samples::{ByteOrder, Sample, Scaling, Special};
use crate::{ArchiveError, Limits};

/// Hint of all errors about labels.
const HINT: &str = "fetch the file again: its label is damaged";

/// Hint of errors about kinds that are not read.
const CONVERT: &str = "convert the image to an uncompressed one of real or whole numbers first";

/// A VICAR file in memory.
#[derive(Debug)]
pub(crate) struct VicarFile<'a> {
    bytes: &'a [u8],
    items: BTreeMap<String, String>,
    array: RawArray,
}

impl<'a> VicarFile<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let mut items = BTreeMap::new();
        add_label(bytes, 0, &mut items)?;
        let array = array(&Items(&items))?;
        if items.get("EOL").is_some_and(|eol| eol == "1") {
            let prefix = Items(&items).count("NBB", Some(0))?;
            let end = array_end(&array, prefix).ok_or_else(|| damaged("an image beyond counting"))?;
            let start = usize::try_from(end).ok().filter(|end| *end < bytes.len());
            let start = start
                .ok_or_else(|| ArchiveError::cut("the label behind the image", end, bytes.len() as u64))?;
            add_label(bytes, start, &mut items)?;
        }
        Ok(Self { bytes, items, array })
    }
}

impl Format for VicarFile<'_> {
    fn parts(&self) -> Vec<Part> {
        let RawArray { samples, lines, bands, sample, .. } = self.array;
        vec![Part {
            name: "IMAGE".into(),
            sizes: [samples, lines, bands],
            sample_type: sample.name().to_string(),
        }]
    }

    fn keywords(&self) -> BTreeMap<String, String> {
        self.items.clone()
    }

    fn band(
        &self,
        _part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        self.array.band(self.bytes, band, limits)
    }
}

fn damaged(what: &str) -> ArchiveError {
    ArchiveError::format(format!("VICAR label: {what}"), HINT)
}

/// Byte behind the image, whose records start with `prefix` bytes.
fn array_end(array: &RawArray, prefix: u64) -> Option<u64> {
    let RawArray { samples, lines, bands, start, steps, .. } = array;
    // Whichever axis is the slowest, its step times its size is the whole.
    let whole =
        [samples.checked_mul(steps.sample)?, lines.checked_mul(steps.line)?, bands.checked_mul(steps.band)?];
    let first_record = start.checked_sub(prefix)?;
    first_record.checked_add(whole.into_iter().max()?)
}

/// Adds the items of the label that starts at a byte.
fn add_label(bytes: &[u8], start: usize, items: &mut BTreeMap<String, String>) -> Result<(), ArchiveError> {
    let rest = &bytes[start..];
    let digits = rest.strip_prefix(b"LBLSIZE=").ok_or_else(|| damaged("it does not start with LBLSIZE"))?;
    let digits = digits.trim_ascii_start();
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let size: usize = std::str::from_utf8(&digits[..length]).ok().and_then(|d| d.parse().ok()).unwrap_or(0);
    if size < 16 {
        return Err(damaged(&format!("LBLSIZE = {size}")));
    }
    let label = rest
        .get(..size)
        .ok_or_else(|| ArchiveError::cut("the VICAR label", size as u64, rest.len() as u64))?;
    let text: String = label.iter().take_while(|b| **b != 0).map(|b| *b as char).collect();
    let mut section = String::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, value, after) = item(rest)?;
        if key == "PROPERTY" || key == "TASK" {
            section = format!("{value}.");
        }
        let name = format!("{section}{key}");
        let again = (2..).map(|n| format!("{name}#{n}")).find(|name| !items.contains_key(name));
        let name = if items.contains_key(&name) { again.unwrap_or_default() } else { name };
        items.insert(name, value);
        rest = after.trim_start();
    }
    Ok(())
}

/// The first `KEY=value` of a text, and what follows it.
fn item(text: &str) -> Result<(&str, String, &str), ArchiveError> {
    let place = || text.chars().take(30).collect::<String>();
    let (key, rest) = text.split_once('=').ok_or_else(|| damaged(&format!("no = in \"{}\"", place())))?;
    let (key, rest) = (key.trim(), rest.trim_start());
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err(damaged(&format!("no keyword in \"{}\"", place())));
    }
    let end = match rest.as_bytes().first() {
        Some(b'\'') => quoted_end(rest),
        Some(b'(') => list_end(rest),
        _ => Some(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    let end = end.ok_or_else(|| damaged(&format!("{key} is not closed")))?;
    let value = &rest[..end];
    let plain = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
    Ok((key, plain.map_or_else(|| value.to_string(), |v| v.replace("''", "'")), &rest[end..]))
}

/// Length of a quoted text with its quotes.
fn quoted_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Length of a list with its brackets; brackets in quotes do not count.
fn list_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes()
        .position(|byte| {
            quoted ^= byte == b'\'';
            byte == b')' && !quoted
        })
        .map(|at| at + 1)
}

struct Items<'a>(&'a BTreeMap<String, String>);

impl Items<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|text| text.trim().to_ascii_uppercase())
    }

    fn count(&self, key: &str, default: Option<u64>) -> Result<u64, ArchiveError> {
        match self.0.get(key) {
            Some(text) => text.parse().map_err(|_| damaged(&format!("{key} = {text} is not a count"))),
            None => default.ok_or_else(|| damaged(&format!("{key} is missing"))),
        }
    }
}

fn array(items: &Items<'_>) -> Result<RawArray, ArchiveError> {
    if let Some(code) = items.text("COMPRESS").filter(|code| code != "NONE") {
        return Err(ArchiveError::unsupported(format!("COMPRESS = {code}"), CONVERT));
    }
    let (sample, order) = kind(items)?;
    let prefix = items.count("NBB", Some(0))?;
    let organisation = items.text("ORG").unwrap_or_else(|| "BSQ".into());
    let [samples, lines, bands] =
        [items.count("NS", None)?, items.count("NL", None)?, items.count("NB", Some(1))?];
    let size = sample.bytes() as u64;
    let beyond = || damaged("an image beyond counting");
    let record = |count: u64| count.checked_mul(size)?.checked_add(prefix);
    let steps =
        match organisation.as_str() {
            "BSQ" => record(samples)
                .and_then(|r| Some(Steps { sample: size, line: r, band: r.checked_mul(lines)? })),
            "BIL" => record(samples)
                .and_then(|r| Some(Steps { sample: size, line: r.checked_mul(bands)?, band: r })),
            "BIP" => record(bands)
                .and_then(|r| Some(Steps { sample: r, line: r.checked_mul(samples)?, band: size })),
            other => return Err(ArchiveError::unsupported(format!("ORG = {other}"), CONVERT)),
        };
    let steps = steps.ok_or_else(beyond)?;
    let record_bytes = if organisation == "BIP" { record(bands) } else { record(samples) };
    let told = items.count("RECSIZE", record_bytes)?;
    if Some(told) != record_bytes {
        return Err(damaged(&format!(
            "RECSIZE = {told}, but a record has {} bytes",
            record_bytes.unwrap_or(0)
        )));
    }
    let header = items.count("NLB", Some(0))?.checked_mul(told);
    let first = header.and_then(|n| n.checked_add(items.count("LBLSIZE", None).ok()?)).ok_or_else(beyond)?;
    let start = first.checked_add(prefix).ok_or_else(beyond)?;
    let scaling = Scaling { special: special(items, sample), ..Scaling::default() };
    Ok(RawArray { samples, lines, bands, start, steps, tail: 0, sample, order, scaling })
}

fn kind(items: &Items<'_>) -> Result<(Sample, ByteOrder), ArchiveError> {
    let format = items.text("FORMAT").ok_or_else(|| damaged("FORMAT is missing"))?;
    let whole = match items.text("INTFMT").as_deref() {
        Some("LOW") | None => ByteOrder::Little,
        Some("HIGH") => ByteOrder::Big,
        Some(other) => return Err(ArchiveError::unsupported(format!("INTFMT = {other}"), CONVERT)),
    };
    let real = match items.text("REALFMT").as_deref() {
        Some("IEEE") => Some(ByteOrder::Big),
        Some("RIEEE") => Some(ByteOrder::Little),
        // Files without the item come from VAX computers.
        Some("VAX") | None => None,
        Some(other) => return Err(ArchiveError::unsupported(format!("REALFMT = {other}"), CONVERT)),
    };
    let of_real = |ieee, vax| real.map_or((vax, ByteOrder::Little), |order| (ieee, order));
    match format.as_str() {
        "BYTE" => Ok((Sample::U8, ByteOrder::Big)),
        "HALF" | "WORD" => Ok((Sample::I16, whole)),
        "FULL" | "LONG" => Ok((Sample::I32, whole)),
        "REAL" => Ok(of_real(Sample::F32, Sample::VaxF)),
        "DOUB" => Ok(of_real(Sample::F64, Sample::VaxD)),
        other => Err(ArchiveError::unsupported(format!("FORMAT = {other}"), CONVERT)),
    }
}

fn special(items: &Items<'_>, sample: Sample) -> Vec<Special> {
    let constants = ["IMAGE_DATA.MISSING_CONSTANT", "IMAGE_DATA.INVALID_CONSTANT"];
    let numbers = constants.iter().filter_map(|key| items.0.get(*key)?.parse().ok());
    numbers.map(|number| Special::value(number, sample, Quality::MISSING)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a label of 400 bytes, made by hand.
    fn file(more: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{:<400}", format!("LBLSIZE=400   TYPE='IMAGE'  {more}")).into_bytes();
        bytes.extend(data);
        bytes
    }

    fn band(bytes: &[u8], band: u64) -> Result<Vec<f32>, ArchiveError> {
        VicarFile::parse(bytes)?.band(0, band, &Limits::default()).map(|(image, _)| image.into_vec())
    }

    #[test]
    fn labels_hold_text_lists_and_sections() {
        let label = "FORMAT='BYTE' NL=1 NS=1 ORG='BSQ' PROPERTY='MAP' NAME='it''s (one)' SCALE=(1.5, 2.0, ')') \
            TASK='A' USER='x' TASK='A' USER='y'";
        let bytes = file(label, &[7]);
        let parsed = VicarFile::parse(&bytes).unwrap();
        assert_eq!(parsed.items["MAP.NAME"], "it's (one)");
        assert_eq!(parsed.items["MAP.SCALE"], "(1.5, 2.0, ')')");
        assert_eq!((parsed.items["A.USER"].as_str(), parsed.items["A.USER#2"].as_str()), ("x", "y"));
        assert_eq!(band(&bytes, 0).unwrap(), [7.0]);
    }

    #[test]
    fn each_format_reads_its_numbers() {
        let cases: [(&str, &[u8], f32); 9] = [
            ("FORMAT='BYTE'", &[200], 200.0),
            ("FORMAT='HALF' INTFMT='LOW'", &[0xfe, 0xff], -2.0),
            ("FORMAT='HALF' INTFMT='HIGH'", &[0xff, 0xfe], -2.0),
            ("FORMAT='FULL' INTFMT='HIGH'", &[0, 1, 0, 0], 65_536.0),
            ("FORMAT='REAL' REALFMT='IEEE'", &[0x3f, 0xc0, 0, 0], 1.5),
            ("FORMAT='REAL' REALFMT='RIEEE'", &[0, 0, 0xc0, 0x3f], 1.5),
            ("FORMAT='REAL' REALFMT='VAX'", &[0xc0, 0x40, 0, 0], 1.5),
            ("FORMAT='DOUB' REALFMT='IEEE'", &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5),
            ("FORMAT='DOUB'", &[0xc0, 0x40, 0, 0, 0, 0, 0, 0], 1.5),
        ];
        for (format, data, expected) in cases {
            assert_eq!(band(&file(&format!("{format} NL=1 NS=1"), data), 0).unwrap(), [expected], "{format}");
        }
        for bad in [
            "FORMAT='COMP'",
            "FORMAT='BYTE' COMPRESS='BASIC2'",
            "FORMAT='BYTE' ORG='X'",
            "FORMAT='HALF' INTFMT='PDP'",
        ] {
            let error = band(&file(&format!("{bad} NL=1 NS=1"), &[0; 8]), 0).unwrap_err();
            assert!(matches!(error, ArchiveError::Unsupported { .. }), "{bad}: {error}");
        }
    }

    #[test]
    fn binary_headers_prefixes_and_orders_are_stepped_over() {
        // Two samples, one line, two bands; a header record, one byte before each record.
        let cases: [(&str, &[u8]); 3] = [
            ("BSQ", &[9, 9, 9, 99, 1, 2, 98, 3, 4]),
            ("BIL", &[9, 9, 9, 99, 1, 2, 98, 3, 4]),
            ("BIP", &[9, 9, 9, 99, 1, 3, 98, 2, 4]),
        ];
        for (order, data) in cases {
            let label = format!("FORMAT='BYTE' ORG='{order}' NL=1 NS=2 NB=2 NBB=1 NLB=1 RECSIZE=3");
            let bytes = file(&label, data);
            assert_eq!(band(&bytes, 0).unwrap(), [1.0, 2.0], "{order}");
            assert_eq!(band(&bytes, 1).unwrap(), [3.0, 4.0], "{order}");
        }
    }

    #[test]
    fn the_label_at_the_end_is_read_too() {
        let mut bytes = file("FORMAT='BYTE' NL=2 NS=2 EOL=1 NBB=1", &[0, 1, 2, 0, 3, 4]);
        bytes.extend(format!("{:<60}", "LBLSIZE=60 TASK='LATER' X=1").into_bytes());
        assert_eq!(VicarFile::parse(&bytes).unwrap().items["LATER.X"], "1");
        assert_eq!(band(&bytes, 0).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn every_cut_and_absurd_size_is_an_error() {
        let bytes = file("FORMAT='HALF' INTFMT='LOW' NL=3 NS=4", &[1; 24]);
        for length in 0..bytes.len() {
            assert!(band(&bytes[..length], 0).is_err(), "cut at {length}");
        }
        println!("{} cuts of a VICAR file tried", bytes.len());
        let big = u64::MAX;
        for more in [
            format!("NL={big} NS=1"),
            format!("NL=1 NS={big}"),
            format!("NL=1 NS=1 NB={big}"),
            "NL=0 NS=1".into(),
            format!("NL=1 NS=1 NBB={big}"),
            format!("NL=1 NS=1 NLB={big}"),
            "NL=1 NS=1 RECSIZE=9".into(),
            format!("NL={big} NS=1 EOL=1"),
            "NL=1 NS='x'".into(),
            "NS=1".into(),
            "NL=1 NS=(1".into(),
            "NL=1 NS='1".into(),
        ] {
            assert!(band(&file(&format!("FORMAT='REAL' {more}"), &[0; 8]), 0).is_err(), "{more}");
        }
        assert!(band(b"LBLSIZE=99999999999999999999", 0).is_err());
    }

    proptest::proptest! {
        #[test]
        fn scrambled_files_are_survived(at in 0usize..120, byte in proptest::num::u8::ANY) {
            let mut bytes = file("FORMAT='HALF' ORG='BIL' NL=2 NS=2 NB=2 NBB=3 EOL=1 X='(a)' Y=(1,2)", &[1; 28]);
            bytes[at] = byte;
            let _ = band(&bytes, 1);
        }
    }
}
