// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first image file directory of a TIFF or BigTIFF: tags to their values.

use std::collections::BTreeMap;

use crate::ArchiveError;
use crate::map_image::tiff::damaged;
use crate::samples::{ByteOrder, Sample, stored_number};

/// The first image file directory.
pub(super) struct Directory<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) order: ByteOrder,
    /// Tag to type and the bytes of its values.
    entries: BTreeMap<u16, (u16, &'a [u8])>,
}

/// How long counts and offsets are.
#[derive(Clone, Copy, PartialEq)]
enum Flavour {
    Classic,
    Big,
}

impl<'a> Directory<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let order = if bytes.starts_with(b"II") { ByteOrder::Little } else { ByteOrder::Big };
        let mut directory = Self { bytes, order, entries: BTreeMap::new() };
        let (flavour, start) = match directory.number_at(2, 2)? {
            42 => (Flavour::Classic, directory.number_at(4, 4)?),
            43 => (Flavour::Big, directory.number_at(8, 8)?),
            other => return Err(damaged(&format!("version {other} instead of 42 or 43"))),
        };
        let (count_bytes, entry_bytes) = if flavour == Flavour::Big { (8, 20) } else { (2, 12) };
        let first = start.saturating_add(count_bytes);
        let count = directory.number_at(start, count_bytes)?;
        // All of them are in the file before any is looked at.
        directory.slice((first, count.saturating_mul(entry_bytes)))?;
        for entry in 0..count {
            directory.add_entry(first + entry_bytes * entry, flavour)?;
        }
        Ok(directory)
    }

    fn add_entry(&mut self, at: u64, flavour: Flavour) -> Result<(), ArchiveError> {
        let width = if flavour == Flavour::Big { 8 } else { 4 };
        let (tag, kind) = (self.number_at(at, 2)? as u16, self.number_at(at + 2, 2)? as u16);
        let length = self.number_at(at + 4, width)?.saturating_mul(type_bytes(kind));
        let place = at + 4 + width;
        let start = if length <= width { place } else { self.number_at(place, width)? };
        let values = self.slice((start, length))?;
        self.entries.insert(tag, (kind, values));
        Ok(())
    }

    pub(super) fn slice(&self, (start, length): (u64, u64)) -> Result<&'a [u8], ArchiveError> {
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len() as u64);
        let end = end.ok_or_else(|| {
            ArchiveError::cut(
                &format!("the TIFF part at byte {start}"),
                start.saturating_add(length),
                self.bytes.len() as u64,
            )
        })?;
        Ok(&self.bytes[start as usize..end as usize])
    }

    fn number_at(&self, at: u64, bytes: u64) -> Result<u64, ArchiveError> {
        Ok(self.unsigned(self.slice((at, bytes))?))
    }

    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self.order {
            ByteOrder::Big => bytes.iter().fold(0, fold),
            ByteOrder::Little => bytes.iter().rev().fold(0, fold),
        }
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// Whole numbers of a tag (BYTE, SHORT, LONG, LONG8); empty when it is absent.
    pub(super) fn whole(&self, tag: u16) -> Result<Vec<u64>, ArchiveError> {
        match self.entries.get(&tag) {
            None => Ok(Vec::new()),
            Some((kind @ (1 | 3 | 4 | 16), values)) => {
                Ok(values.chunks_exact(type_bytes(*kind) as usize).map(|v| self.unsigned(v)).collect())
            }
            Some((kind, _)) => Err(damaged(&format!("tag {tag} has type {kind}, not whole numbers"))),
        }
    }

    pub(super) fn first(&self, tag: u16, default: Option<u64>) -> Result<u64, ArchiveError> {
        let found = self.whole(tag)?.first().copied().or(default);
        found.ok_or_else(|| damaged(&format!("tag {tag} is missing")))
    }

    /// Doubles of a tag; empty when it is absent or of another type.
    pub(super) fn doubles(&self, tag: u16) -> Vec<f64> {
        let entry = self.entries.get(&tag).filter(|(kind, _)| *kind == 12);
        let values = entry.map_or(&[][..], |(_, values)| values);
        values.chunks_exact(8).map(|v| stored_number(v, (Sample::F64, self.order))).collect()
    }

    /// The text of a tag (ASCII), without the zero byte behind it.
    pub(super) fn text(&self, tag: u16) -> Option<String> {
        let (_, values) = self.entries.get(&tag).filter(|(kind, _)| *kind == 2)?;
        let text = String::from_utf8_lossy(values);
        Some(text.trim_matches(['\0', ' ', '\n', '\r']).to_string()).filter(|text| !text.is_empty())
    }
}

/// Length of a value of a type, TIFF 6.0 section 2 and BigTIFF.
const fn type_bytes(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}
