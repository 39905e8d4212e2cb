// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes SPK and CK files and cuts Chebyshev segments out of larger ones, byte for byte reproducible.
//!
//! In: segments. Out: the bytes of a little-endian file: file record, comment records, pairs of a summary
//! record and a record of names, data.
//!
//! # Source
//! NAIF, "DAF Required Reading" (file record, comment area) and "SPK Required Reading" (type 2).

use facula_core::{Epoch, et_s, format_utc};

use super::{Daf, DafKind, RECORD_BYTES, RECORD_WORDS, TRANSFER_CHECK, TRANSFER_CHECK_AT};
use crate::error::SpiceError;
use crate::spk::chebyshev::Layout;

/// Summaries one record holds: (128 − 3) words / 5 words each.
const MAX_SEGMENTS: usize = 25;
/// Most words of all segments together: addresses are signed 32-bit numbers.
const MAX_WORDS: usize = 1 << 30;
/// Characters of a comment record; the last 24 bytes stay unused.
const COMMENT_CHARACTERS: usize = 1000;
/// SPK data type of Chebyshev polynomials for position.
const CHEBYSHEV_POSITION: i32 = 2;

/// A segment of an SPK file to be written: position of one body relative to another, ICRF axes, as Chebyshev
/// polynomials (SPK type 2).
#[derive(Debug, Clone, PartialEq)]
pub struct ChebyshevSegment {
    /// Name, at most 40 characters.
    pub name: String,
    /// NAIF number of the body.
    pub target: i32,
    /// NAIF number of the body the position is relative to.
    pub center: i32,
    /// First and last epoch the segment answers for.
    pub coverage: [Epoch; 2],
    /// Records and the four trailing words, as SPK type 2 stores them.
    words: Vec<f64>,
}

/// Cuts the records that cover `window` out of the type-2 segments of an SPK file, for each
/// `(target, center)` pair in the order given. Of several segments of a pair the last in the file that covers
/// the whole window is taken.
///
/// # Errors
/// [`SpiceError::Format`] for a damaged file, [`SpiceError::NoCoverage`] when no segment covers the window.
pub fn cut_chebyshev(
    file: &str,
    bytes: &[u8],
    pairs: &[(i32, i32)],
    window: [Epoch; 2],
) -> Result<Vec<ChebyshevSegment>, SpiceError> {
    let daf = Daf::from_binary(bytes, file)?;
    pairs.iter().map(|&pair| cut_pair(&daf, pair, window)).collect()
}

fn cut_pair(
    daf: &Daf,
    (target, center): (i32, i32),
    window: [Epoch; 2],
) -> Result<ChebyshevSegment, SpiceError> {
    let bounds = window.map(et_s);
    let wanted = [target, center, 1, CHEBYSHEV_POSITION];
    let covers = |s: &&super::Summary| {
        s.integers == wanted
            && s.bounds[0] <= bounds[0]
            && s.bounds[1] >= bounds[1]
            && daf.kind == DafKind::Spk
    };
    let summary = daf.segments.iter().rev().find(covers).ok_or_else(|| {
        let covered = format!("no type-2 segment of that pair to {}", format_utc(window[1]));
        SpiceError::no_coverage("ephemeris", format!("{target} relative to {center}"), bounds[0], covered)
    })?;
    let words = daf.data(&summary.words);
    let layout = Layout::new(words, 3)
        .ok_or_else(|| SpiceError::format("impossible record layout", &summary.name, &daf.file))?;
    Ok(ChebyshevSegment {
        name: summary.name.clone(),
        target,
        center,
        coverage: window,
        words: layout.cut(words, bounds),
    })
}

/// The bytes of an SPK file of these segments. `title` is the internal name (60 characters are kept), `comment`
/// goes to the comment area.
///
/// # Errors
/// [`SpiceError::Argument`] for no segments, or for text that is not ASCII.
pub fn write_spk(title: &str, comment: &str, segments: &[ChebyshevSegment]) -> Result<Vec<u8>, SpiceError> {
    let arrays: Vec<Array> = segments.iter().map(ChebyshevSegment::array).collect();
    write_arrays(DafKind::Spk, [title, comment], &arrays)
}

impl ChebyshevSegment {
    fn array(&self) -> Array {
        Array {
            name: self.name.clone(),
            bounds: self.coverage.map(et_s),
            integers: [self.target, self.center, 1, CHEBYSHEV_POSITION],
            words: self.words.clone(),
        }
    }
}

/// One segment to be written: the numbers of its summary, without the addresses, and its words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    /// At most 40 characters.
    pub name: String,
    /// ET seconds (SPK) or encoded ticks (CK).
    pub bounds: [f64; 2],
    /// As in [`super::Summary`].
    pub integers: [i32; 4],
    pub words: Vec<f64>,
}

/// The bytes of an SPK or CK file, with its internal name and its comment.
pub(crate) fn write_arrays(
    kind: DafKind,
    [title, comment]: [&str; 2],
    arrays: &[Array],
) -> Result<Vec<u8>, SpiceError> {
    let wrong = |name, value: String, expected: &str| {
        Err(SpiceError::Argument { name, value, expected: expected.to_string() })
    };
    if arrays.is_empty() {
        return wrong("segments", "0".to_string(), "at least one segment");
    }
    let words: usize = arrays.iter().map(|array| array.words.len()).sum();
    if words > MAX_WORDS {
        return wrong(
            "segments",
            format!("{words} numbers"),
            "at most 2^30: the format's addresses end there",
        );
    }
    if !title.is_ascii() || !comment.is_ascii() || arrays.iter().any(|s| !s.name.is_ascii()) {
        return wrong(
            "title, comment or name",
            title.to_string(),
            "ASCII text only: the format knows no other",
        );
    }
    let comment_records = (comment.len() + 1).div_ceil(COMMENT_CHARACTERS);
    let first_summary = 2 + comment_records;
    let mut bytes = vec![0; RECORD_BYTES];
    bytes.extend(comment_area(comment, comment_records));
    let last_summary = first_summary + 2 * ((arrays.len() - 1) / MAX_SEGMENTS);
    let free = append_arrays(&mut bytes, arrays, [first_summary, last_summary]);
    let record = &mut bytes[..RECORD_BYTES];
    put(record, 0, if kind == DafKind::Ck { b"DAF/CK  " } else { b"DAF/SPK " });
    file_record(record, title, [first_summary, last_summary, free]);
    Ok(bytes)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut field: Vec<u8> = text.bytes().take(length).collect();
    field.resize(length, b' ');
    field
}

fn word(value: usize) -> [u8; 4] {
    // MAX_WORDS is checked: far below 2^31.
    i32::try_from(value).unwrap_or(i32::MAX).to_le_bytes()
}

fn file_record(record: &mut [u8], title: &str, [first_summary, last_summary, free]: [usize; 3]) {
    put(record, 8, &2i32.to_le_bytes());
    put(record, 12, &6i32.to_le_bytes());
    put(record, 16, &padded(title, 60));
    put(record, 76, &word(first_summary));
    put(record, 80, &word(last_summary));
    put(record, 84, &word(free));
    put(record, 88, b"LTL-IEEE");
    put(record, TRANSFER_CHECK_AT, TRANSFER_CHECK);
}

/// Lines end in a zero byte, the text in an end-of-text byte.
fn comment_area(comment: &str, records: usize) -> Vec<u8> {
    let mut text: Vec<u8> = comment.bytes().map(|b| if b == b'\n' { 0 } else { b }).collect();
    text.push(4);
    let mut area = Vec::with_capacity(records * RECORD_BYTES);
    for chunk in text.chunks(COMMENT_CHARACTERS) {
        area.extend_from_slice(chunk);
        area.resize(area.len().next_multiple_of(RECORD_BYTES), 0);
    }
    area
}

/// Appends pairs of records of summaries and names, then the data; returns the first free word address.
fn append_arrays(bytes: &mut Vec<u8>, arrays: &[Array], [first_summary, last_summary]: [usize; 2]) -> usize {
    let mut address = (last_summary + 1) * RECORD_WORDS + 1;
    for (i, group) in arrays.chunks(MAX_SEGMENTS).enumerate() {
        let here = first_summary + 2 * i;
        let (next, previous) =
            (if here < last_summary { here + 2 } else { 0 }, if i > 0 { here - 2 } else { 0 });
        let mut summaries = vec![0; RECORD_BYTES];
        let mut names = vec![b' '; RECORD_BYTES];
        for (k, value) in [next, previous, group.len()].into_iter().enumerate() {
            put(&mut summaries, 8 * k, &(value as f64).to_le_bytes());
        }
        for (k, array) in group.iter().enumerate() {
            summary(&mut summaries[24 + 40 * k..64 + 40 * k], array, address);
            put(&mut names, 40 * k, &padded(&array.name, 40));
            address += array.words.len();
        }
        bytes.extend(summaries);
        bytes.extend(names);
    }
    bytes.extend(arrays.iter().flat_map(|array| &array.words).flat_map(|w| w.to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(RECORD_BYTES), 0);
    address
}

fn summary(field: &mut [u8], array: &Array, address: usize) {
    put(field, 0, &array.bounds[0].to_le_bytes());
    put(field, 8, &array.bounds[1].to_le_bytes());
    for (k, integer) in array.integers.into_iter().enumerate() {
        put(field, 16 + 4 * k, &integer.to_le_bytes());
    }
    put(field, 32, &word(address));
    put(field, 36, &word(address + array.words.len() - 1));
}
