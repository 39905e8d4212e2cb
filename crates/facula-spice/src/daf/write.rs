// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes SPK files and cuts Chebyshev segments out of larger ones, byte for byte reproducible.
//!
//! In: segments. Out: the bytes of a little-endian file: file record, comment records, one summary record, one
//! record of names, data.
//!
//! # Source
//! NAIF, "DAF Required Reading" (file record, comment area) and "SPK Required Reading" (type 2).

use facula_core::{Epoch, et_s, format_utc};

use super::{Daf, DafKind, RECORD_BYTES, RECORD_WORDS, TRANSFER_CHECK, TRANSFER_CHECK_AT};
use crate::error::SpiceError;
use crate::spk::chebyshev::Table;

/// Summaries one record holds: (128 − 3) words / 5 words each.
const MAX_SEGMENTS: usize = 25;
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
    let table = Table::new(daf.data(&summary.words), 3)
        .ok_or_else(|| SpiceError::format("impossible record layout", &summary.name, &daf.file))?;
    Ok(ChebyshevSegment {
        name: summary.name.clone(),
        target,
        center,
        coverage: window,
        words: table.cut(bounds),
    })
}

/// The bytes of an SPK file of these segments. `title` is the internal name (60 characters are kept), `comment`
/// goes to the comment area.
///
/// # Errors
/// [`SpiceError::Argument`] for none or more than 25 segments, or for text that is not ASCII.
pub fn write_spk(title: &str, comment: &str, segments: &[ChebyshevSegment]) -> Result<Vec<u8>, SpiceError> {
    if segments.is_empty() || segments.len() > MAX_SEGMENTS {
        let expected = format!("1 to {MAX_SEGMENTS} segments");
        return Err(SpiceError::Argument { name: "segments", value: segments.len().to_string(), expected });
    }
    if !title.is_ascii() || !comment.is_ascii() || segments.iter().any(|s| !s.name.is_ascii()) {
        let expected = "ASCII text only: the format knows no other".to_string();
        return Err(SpiceError::Argument {
            name: "title, comment or name",
            value: title.to_string(),
            expected,
        });
    }
    let comment_records = (comment.len() + 1).div_ceil(COMMENT_CHARACTERS);
    let first_summary = 2 + comment_records;
    let mut bytes = comment_area(comment, comment_records);
    bytes.splice(0..0, vec![0; RECORD_BYTES]);
    let free = append_segments(&mut bytes, segments, first_summary);
    file_record(&mut bytes[..RECORD_BYTES], title, first_summary, free);
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
    // At most 25 segments in memory: far below 2^31 words.
    i32::try_from(value).unwrap_or(i32::MAX).to_le_bytes()
}

fn file_record(record: &mut [u8], title: &str, first_summary: usize, free: usize) {
    put(record, 0, b"DAF/SPK ");
    put(record, 8, &2i32.to_le_bytes());
    put(record, 12, &6i32.to_le_bytes());
    put(record, 16, &padded(title, 60));
    put(record, 76, &word(first_summary));
    put(record, 80, &word(first_summary));
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

/// Appends summaries, names and data; returns the first free word address.
fn append_segments(bytes: &mut Vec<u8>, segments: &[ChebyshevSegment], first_summary: usize) -> usize {
    let mut summaries = vec![0; RECORD_BYTES];
    let mut names = vec![b' '; RECORD_BYTES];
    let mut data = Vec::new();
    let mut address = (first_summary + 1) * RECORD_WORDS + 1;
    put(&mut summaries, 16, &(segments.len() as f64).to_le_bytes());
    for (i, segment) in segments.iter().enumerate() {
        let at = 24 + 40 * i;
        put(&mut summaries, at, &et_s(segment.coverage[0]).to_le_bytes());
        put(&mut summaries, at + 8, &et_s(segment.coverage[1]).to_le_bytes());
        for (k, integer) in [segment.target, segment.center, 1, CHEBYSHEV_POSITION].into_iter().enumerate() {
            put(&mut summaries, at + 16 + 4 * k, &integer.to_le_bytes());
        }
        put(&mut summaries, at + 32, &word(address));
        address += segment.words.len();
        put(&mut summaries, at + 36, &word(address - 1));
        put(&mut names, 40 * i, &padded(&segment.name, 40));
        data.extend(segment.words.iter().flat_map(|w| w.to_le_bytes()));
    }
    data.resize(data.len().next_multiple_of(RECORD_BYTES), 0);
    for part in [summaries, names, data] {
        bytes.extend(part);
    }
    address
}
