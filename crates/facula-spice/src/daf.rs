// SPDX-License-Identifier: MIT OR Apache-2.0
//! Double-precision array files: the container of SPK, CK and binary PCK kernels.
//!
//! In: the bytes of a binary file (either byte order) or of a transfer (text) file. Out: the segment summaries
//! and all double-precision words.
//!
//! # Source
//! NAIF, "DAF Required Reading" (daf.req), sections "DAF structure" and "The file record".

pub(crate) mod transfer;
pub(crate) mod write;

use std::ops::Range;
use std::sync::Arc;

use crate::error::SpiceError;

/// Bytes of one physical record.
pub(crate) const RECORD_BYTES: usize = 1024;
/// Double-precision words of one physical record.
pub(crate) const RECORD_WORDS: usize = 128;
/// What a file transfer in text mode would spoil; stands at byte 699 of the file record.
pub(crate) const TRANSFER_CHECK: &[u8; 28] = b"FTPSTR:\r:\n:\r\n:\r\0:\x81:\x10\xce:ENDFTP";
/// Where [`TRANSFER_CHECK`] stands.
pub(crate) const TRANSFER_CHECK_AT: usize = 699;

/// What the arrays of a file mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DafKind {
    /// Ephemerides.
    Spk,
    /// Attitudes.
    Ck,
    /// Orientations of bodies.
    Pck,
}

/// One array and what it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Name of the segment.
    pub name: String,
    /// First and last epoch: ET seconds (SPK, PCK) or encoded clock ticks (CK).
    pub bounds: [f64; 2],
    /// Integers of the summary without the two addresses: SPK target, centre, frame, type; CK instrument,
    /// reference, type, rates.
    pub integers: Vec<i32>,
    /// Where its data stand in [`Daf::words`].
    pub words: Range<usize>,
}

/// A file in memory.
#[derive(Clone)]
pub(crate) struct Daf {
    pub kind: DafKind,
    pub file: Arc<str>,
    pub segments: Vec<Summary>,
    pub words: Vec<f64>,
}

impl std::fmt::Debug for Daf {
    /// Without the words, which may be hundreds of megabytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} {} ({} segments, {} words)",
            self.kind,
            self.file,
            self.segments.len(),
            self.words.len()
        )
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// Whether the bytes begin like a binary array file.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DAF/") || bytes.starts_with(b"NAIF/DAF")
}

impl Daf {
    /// The words of a segment; `summary` must be of this file.
    pub fn data(&self, words: &Range<usize>) -> &[f64] {
        self.words.get(words.clone()).unwrap_or(&[])
    }

    /// Reads a binary file of either byte order.
    pub fn from_binary(bytes: &[u8], file: &str) -> Result<Self, SpiceError> {
        let reader = Reader::new(bytes, file)?;
        let segments = reader.segments()?;
        let kind = kind_of(&bytes[..8], segments.first(), reader.integers)
            .ok_or_else(|| SpiceError::format("neither SPK, CK nor PCK", "byte 0", file))?;
        Ok(Self { kind, file: file.into(), segments, words: reader.words() })
    }
}

/// Kind of the file; old files are all called `NAIF/DAF`, then the size of the target number tells SPK from CK.
fn kind_of(id: &[u8], first: Option<&Summary>, integers: usize) -> Option<DafKind> {
    match (id, integers) {
        (b"DAF/SPK ", 6) => Some(DafKind::Spk),
        (b"DAF/CK  ", 6) => Some(DafKind::Ck),
        (b"DAF/PCK ", 5) => Some(DafKind::Pck),
        // In an SPK the fourth integer is the data type (1 and up), in a CK the flag for rates (0 or 1) and
        // the instrument a negative number below -999.
        (b"NAIF/DAF", 6) => {
            let is_ck = first.is_some_and(|s| s.integers[0] < -999 && s.integers[3] <= 1);
            Some(if is_ck { DafKind::Ck } else { DafKind::Spk })
        }
        _ => None,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    file: &'a str,
    order: Order,
    integers: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], file: &'a str) -> Result<Self, SpiceError> {
        if bytes.len() < RECORD_BYTES || !is_binary(bytes) {
            let what = format!("{} bytes that do not begin with a file record", bytes.len());
            return Err(SpiceError::format(what, "byte 0", file));
        }
        let mut reader = Self { bytes, file, order: Order::Little, integers: 0 };
        reader.order = match &bytes[88..96] {
            b"LTL-IEEE" => Order::Little,
            b"BIG-IEEE" => Order::Big,
            // Files older than 1999 do not say: ND = 2 tells.
            _ if bytes[8..12] == [0, 0, 0, 2] => Order::Big,
            _ => Order::Little,
        };
        let (doubles, integers) = (reader.integer(8)?, reader.integer(12)?);
        if doubles != 2 || !(5..=6).contains(&integers) {
            let what = format!("summary format ND = {doubles}, NI = {integers}");
            return Err(SpiceError::format(what, "byte 8", file));
        }
        reader.integers = usize::try_from(integers).unwrap_or(0);
        reader.check_transfer()?;
        Ok(reader)
    }

    /// A file that went through a text-mode transfer has spoilt check bytes.
    fn check_transfer(&self) -> Result<(), SpiceError> {
        let start = self.bytes[..RECORD_BYTES].windows(7).position(|w| w == b"FTPSTR:");
        match start {
            Some(at) if !self.bytes[at..].starts_with(TRANSFER_CHECK) => {
                let what = "spoilt by a transfer in text mode (FTP check bytes differ)";
                Err(SpiceError::format(what, format!("byte {at}"), self.file))
            }
            _ => Ok(()),
        }
    }

    fn integer(&self, at: usize) -> Result<i32, SpiceError> {
        let raw = self.bytes.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
        let raw = raw.ok_or_else(|| self.ends_early(at))?;
        Ok(match self.order {
            Order::Little => i32::from_le_bytes(raw),
            Order::Big => i32::from_be_bytes(raw),
        })
    }

    fn double(&self, at: usize) -> Result<f64, SpiceError> {
        let raw = self.bytes.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok());
        let raw = raw.ok_or_else(|| self.ends_early(at))?;
        Ok(self.decode(raw))
    }

    fn decode(&self, raw: [u8; 8]) -> f64 {
        match self.order {
            Order::Little => f64::from_le_bytes(raw),
            Order::Big => f64::from_be_bytes(raw),
        }
    }

    fn ends_early(&self, at: usize) -> SpiceError {
        let what = format!("the file ends after {} bytes", self.bytes.len());
        SpiceError::format(what, format!("byte {at}"), self.file)
    }

    fn words(&self) -> Vec<f64> {
        let (chunks, _) = self.bytes.as_chunks::<8>();
        chunks.iter().map(|raw| self.decode(*raw)).collect()
    }

    /// Follows the list of summary records, each followed by its record of names.
    fn segments(&self) -> Result<Vec<Summary>, SpiceError> {
        let mut segments = Vec::new();
        let mut record = self.integer(76)?;
        // A sound list visits each record once; a loop in a damaged one ends here.
        for _ in 0..=self.bytes.len() / RECORD_BYTES {
            if record == 0 {
                return Ok(segments);
            }
            let start =
                usize::try_from(record).ok().filter(|r| *r > 1).map(|r| (r - 1).saturating_mul(RECORD_BYTES));
            let start = start.filter(|s| s.saturating_add(2 * RECORD_BYTES) <= self.bytes.len()).ok_or_else(
                || {
                    SpiceError::format(
                        format!("summary record {record} is outside the file"),
                        "byte 76",
                        self.file,
                    )
                },
            )?;
            self.read_record(start, &mut segments)?;
            record = as_count(self.double(start)?).and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
        }
        Err(SpiceError::format("the list of summary records has no end", "byte 76", self.file))
    }

    fn read_record(&self, start: usize, segments: &mut Vec<Summary>) -> Result<(), SpiceError> {
        let size = 8 * (2 + self.integers.div_ceil(2));
        let count = as_count(self.double(start + 16)?).filter(|n| n * size <= RECORD_BYTES - 24).ok_or_else(
            || {
                SpiceError::format(
                    "impossible number of summaries",
                    format!("byte {}", start + 16),
                    self.file,
                )
            },
        )?;
        for i in 0..count {
            let name_at = start + RECORD_BYTES + i * size;
            let name = String::from_utf8_lossy(&self.bytes[name_at..name_at + size]).trim().to_string();
            segments.push(self.summary(start + 24 + i * size, name)?);
        }
        Ok(())
    }

    fn summary(&self, at: usize, name: String) -> Result<Summary, SpiceError> {
        let bounds = [self.double(at)?, self.double(at + 8)?];
        let all = (0..self.integers).map(|i| self.integer(at + 16 + 4 * i)).collect::<Result<Vec<_>, _>>()?;
        let (addresses, integers) = (&all[self.integers - 2..], all[..self.integers - 2].to_vec());
        let first = usize::try_from(addresses[0]).ok().filter(|a| *a > 0);
        let last = usize::try_from(addresses[1]).ok().filter(|a| *a <= self.bytes.len() / 8);
        match (first, last) {
            (Some(first), Some(last)) if first <= last && bounds[0] <= bounds[1] => {
                Ok(Summary { name, bounds, integers, words: first - 1..last })
            }
            _ => {
                let what =
                    format!("segment {name:?} at words {}..{} leaves the file", addresses[0], addresses[1]);
                Err(SpiceError::format(what, format!("byte {at}"), self.file))
            }
        }
    }
}

/// A count stored as a double; `None` when it is not one.
pub(crate) fn as_count(value: f64) -> Option<usize> {
    // 2^31 words are the largest address the format can express. NaN and fractions do not come back equal.
    let count = value as u32;
    (f64::from(count) == value && count <= 1 << 31).then_some(count as usize)
}

#[cfg(test)]
#[path = "daf/tests.rs"]
mod tests;
