// SPDX-License-Identifier: MIT OR Apache-2.0
//! Direct-access segregated files: the container of shape kernels (DSK).
//!
//! In: the bytes of a binary file of either byte order. Out: all its double-precision words and integers, and its
//! comments; they take no more memory than the file.
//!
//! # Source
//! NAIF, "DAS Required Reading" (das.req), sections "File structure" and "Directory records".

use crate::error::SpiceError;

/// Bytes of one record.
const RECORD_BYTES: usize = 1024;
/// Integers of one record.
const RECORD_INTEGERS: usize = 256;
/// Entries of a directory record before its list of clusters.
const DIRECTORY_HEAD: usize = 8;
/// Where in the head of a directory record the last address of the double-precision words stands, and of the
/// integers.
const LAST_ADDRESS: [usize; 2] = [5, 7];

/// Which byte comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A file in memory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Das {
    pub order: Order,
    pub doubles: Vec<f64>,
    pub integers: Vec<i32>,
    pub comment: String,
}

/// Whether the bytes begin like a DAS file.
pub(crate) fn is_das(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DAS/") || bytes.starts_with(b"NAIF/DAS")
}

/// Kinds of clusters in the order in which they follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cluster {
    Characters,
    Doubles,
    Integers,
}

impl Cluster {
    fn of(code: i32) -> Option<Self> {
        match code {
            1 => Some(Self::Characters),
            2 => Some(Self::Doubles),
            3 => Some(Self::Integers),
            _ => None,
        }
    }

    /// A positive count goes with the next kind, a negative one with the one before.
    fn beside(self, count: i32) -> Self {
        match (self, count > 0) {
            (Self::Characters, true) | (Self::Integers, false) => Self::Doubles,
            (Self::Doubles, true) | (Self::Characters, false) => Self::Integers,
            (Self::Integers, true) | (Self::Doubles, false) => Self::Characters,
        }
    }
}

impl Das {
    /// Reads a file.
    pub fn from_binary(bytes: &[u8], file: &str) -> Result<Self, SpiceError> {
        if bytes.len() < RECORD_BYTES || !is_das(bytes) {
            let what = format!("{} bytes that do not begin with a file record", bytes.len());
            return Err(SpiceError::format(what, "byte 0", file));
        }
        let order = match &bytes[84..92] {
            b"LTL-IEEE" => Order::Little,
            b"BIG-IEEE" => Order::Big,
            other => {
                let name = String::from_utf8_lossy(other).to_string();
                return Err(SpiceError::unsupported(format!("number format {name:?} of a DAS file"), file));
            }
        };
        let mut reader = Reader { bytes, file, order, doubles: Vec::new(), integers: Vec::new(), used: 0 };
        let reserved = reader.count(68)?;
        let comments = reader.count(76)?;
        let comment = reader.comment(reserved, comments, reader.count(80)?);
        reader.directories(reserved.saturating_add(comments).saturating_add(1))?;
        let Reader { doubles, integers, .. } = reader;
        Ok(Self { order, doubles, integers, comment })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    file: &'a str,
    order: Order,
    doubles: Vec<f64>,
    integers: Vec<i32>,
    /// Data records read: a sound file has each in one cluster only.
    used: usize,
}

impl<'a> Reader<'a> {
    fn integer_of(&self, raw: [u8; 4]) -> i32 {
        match self.order {
            Order::Little => i32::from_le_bytes(raw),
            Order::Big => i32::from_be_bytes(raw),
        }
    }

    /// A count in the file record.
    fn count(&self, at: usize) -> Result<usize, SpiceError> {
        let raw = self.bytes.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok()).unwrap_or_default();
        usize::try_from(self.integer_of(raw))
            .map_err(|_| SpiceError::format("a negative count", format!("byte {at}"), self.file))
    }

    fn record(&self, index: usize) -> Result<&'a [u8], SpiceError> {
        let start = index.checked_mul(RECORD_BYTES);
        start.and_then(|start| self.bytes.get(start..start.checked_add(RECORD_BYTES)?)).ok_or_else(|| {
            let what = format!("the file ends after {} bytes", self.bytes.len());
            SpiceError::format(what, format!("record {}", index.saturating_add(1)), self.file)
        })
    }

    fn comment(&self, reserved: usize, records: usize, characters: usize) -> String {
        let start = reserved.saturating_add(1).saturating_mul(RECORD_BYTES);
        let length = characters.min(records.saturating_mul(RECORD_BYTES));
        let area = self.bytes.get(start..start.saturating_add(length)).unwrap_or_default();
        String::from_utf8_lossy(area).replace('\0', "\n")
    }

    fn record_integers(&self, index: usize) -> Result<Vec<i32>, SpiceError> {
        let (raw, _) = self.record(index)?.as_chunks::<4>();
        Ok(raw.iter().map(|raw| self.integer_of(*raw)).collect())
    }

    /// Follows the list of directory records, each followed by the records of its clusters.
    fn directories(&mut self, first: usize) -> Result<(), SpiceError> {
        let (mut index, mut last) = (first, [0usize; 2]);
        // A sound list visits each record once; a loop in a damaged one ends here.
        for _ in 0..=self.bytes.len() / RECORD_BYTES {
            let directory = self.record_integers(index)?;
            for (k, slot) in LAST_ADDRESS.iter().enumerate() {
                last[k] = last[k].max(usize::try_from(directory[*slot]).unwrap_or(0));
            }
            self.clusters(index, &directory)?;
            match usize::try_from(directory[1]) {
                Ok(next) if next > 1 => index = next - 1,
                _ => return self.trim(last),
            }
        }
        Err(SpiceError::format("the list of directory records has no end", "record 1", self.file))
    }

    fn clusters(&mut self, index: usize, directory: &[i32]) -> Result<(), SpiceError> {
        let wrong = || SpiceError::format("impossible clusters", format!("record {}", index + 1), self.file);
        let mut kind = Cluster::of(directory[DIRECTORY_HEAD]).ok_or_else(wrong)?;
        let mut record = index + 1;
        for (i, count) in directory[DIRECTORY_HEAD + 1..RECORD_INTEGERS].iter().enumerate() {
            if *count == 0 {
                break;
            }
            if i > 0 {
                kind = kind.beside(*count);
            }
            for _ in 0..count.unsigned_abs() {
                self.used += 1;
                if self.used > self.bytes.len() / RECORD_BYTES {
                    return Err(SpiceError::format(
                        "clusters that overlap",
                        format!("record {}", index + 1),
                        self.file,
                    ));
                }
                self.data(kind, record)?;
                record += 1;
            }
        }
        Ok(())
    }

    fn data(&mut self, kind: Cluster, index: usize) -> Result<(), SpiceError> {
        let record = self.record(index)?;
        match kind {
            Cluster::Characters => {}
            Cluster::Integers => {
                let order = self.order;
                let (raw, _) = record.as_chunks::<4>();
                self.integers.extend(raw.iter().map(|raw| match order {
                    Order::Little => i32::from_le_bytes(*raw),
                    Order::Big => i32::from_be_bytes(*raw),
                }));
            }
            Cluster::Doubles => {
                let order = self.order;
                let (raw, _) = record.as_chunks::<8>();
                self.doubles.extend(raw.iter().map(|raw| match order {
                    Order::Little => f64::from_le_bytes(*raw),
                    Order::Big => f64::from_be_bytes(*raw),
                }));
            }
        }
        Ok(())
    }

    /// The last record of each kind is full only up to the last address.
    fn trim(&mut self, last: [usize; 2]) -> Result<(), SpiceError> {
        if self.doubles.len() < last[0] || self.integers.len() < last[1] {
            return Err(SpiceError::format("last addresses beyond the data", "directory records", self.file));
        }
        self.doubles.truncate(last[0]);
        self.integers.truncate(last[1]);
        Ok(())
    }
}
