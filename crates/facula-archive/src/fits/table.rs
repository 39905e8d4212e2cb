// SPDX-License-Identifier: MIT OR Apache-2.0
//! Binary tables, as far as compressed images need them: numbers, and arrays in the heap.
//!
//! # Source
//! FITS 4.0, section 7.3.

use crate::ArchiveError;
use crate::fits::tiles::damaged;
use crate::fits::{FitsCard, header};

/// Most columns the standard allows.
const MAX_COLUMNS: u64 = 999;

/// A binary table in memory.
#[derive(Debug)]
pub(super) struct Table<'a> {
    data: &'a [u8],
    row_bytes: u64,
    rows: u64,
    heap: u64,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Bytes from the start of a row.
    start: u64,
    /// Letter of the type, `P` and `Q` for descriptors of arrays in the heap.
    kind: u8,
    /// Letter of the elements of such an array.
    element: u8,
    count: u64,
}

impl<'a> Table<'a> {
    pub(super) fn parse(cards: &[FitsCard], data: &'a [u8]) -> Result<Self, ArchiveError> {
        let whole = |keyword: &str| {
            let number = header::number(cards, keyword)?.filter(|n| (0.0..1e15).contains(n));
            number.map(|n| n as u64).ok_or_else(|| damaged(&format!("the table has no count {keyword}")))
        };
        let (row_bytes, rows, fields) = (whole("NAXIS1")?, whole("NAXIS2")?, whole("TFIELDS")?);
        let main = row_bytes.checked_mul(rows).filter(|n| *n <= data.len() as u64);
        let main = main.ok_or_else(|| damaged(&format!("{rows} rows of {row_bytes} bytes are cut short")))?;
        let heap = if header::value(cards, "THEAP").is_some() { whole("THEAP")? } else { main };
        let mut table = Self { data, row_bytes, rows, heap, columns: Vec::new() };
        let mut start = 0;
        for field in 1..=fields.min(MAX_COLUMNS) {
            let form = header::value(cards, &format!("TFORM{field}")).unwrap_or_default();
            let name =
                header::value(cards, &format!("TTYPE{field}")).unwrap_or_default().to_ascii_uppercase();
            let (column, bytes) = column(form, name, start)?;
            start += bytes;
            table.columns.push(column);
        }
        if start > row_bytes {
            Err(damaged(&format!("columns of {start} bytes in rows of {row_bytes}")))
        } else {
            Ok(table)
        }
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Length of table and heap.
    pub(super) const fn bytes(&self) -> u64 {
        self.data.len() as u64
    }

    /// The bytes of a cell, `length` of them.
    fn cell(&self, row: u64, column: &Column, length: u64) -> Result<&'a [u8], ArchiveError> {
        let start = row.checked_mul(self.row_bytes).and_then(|n| n.checked_add(column.start));
        start
            .and_then(|start| slice(self.data, start, length))
            .ok_or_else(|| damaged("a row lies beyond the table"))
    }

    fn find(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name && column.count > 0)
    }

    /// A number (`E`, `D`, `J`, `I`, `B`); `None` when there is no such column.
    pub(super) fn number(&self, row: u64, name: &str) -> Result<Option<f64>, ArchiveError> {
        let Some(column) = self.find(name) else { return Ok(None) };
        let cell = self.cell(row, column, element_bytes(column.kind))?;
        let number = match (column.kind, cell) {
            (b'D', &[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
            (b'E', &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
            (b'J', &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (b'I', &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (b'B', &[a]) => f64::from(a),
            _ => return Err(damaged(&format!("the column {name} does not hold numbers"))),
        };
        Ok(Some(number))
    }

    /// The bytes of an array in the heap; `None` when there is no such column.
    pub(super) fn array(&self, row: u64, name: &str) -> Result<Option<&'a [u8]>, ArchiveError> {
        let Some(column) = self.find(name) else { return Ok(None) };
        let (count, offset) = match column.kind {
            b'P' => {
                let cell = self.cell(row, column, 8)?;
                (number(&cell[..4]), number(&cell[4..]))
            }
            b'Q' => {
                let cell = self.cell(row, column, 16)?;
                (number(&cell[..8]), number(&cell[8..]))
            }
            _ => return Err(damaged(&format!("the column {name} does not hold arrays"))),
        };
        let found = count
            .checked_mul(element_bytes(column.element))
            .and_then(|length| slice(self.data, self.heap.checked_add(offset)?, length));
        found.map(Some).ok_or_else(|| damaged(&format!("the array {name} of row {row} lies beyond the heap")))
    }
}

fn slice(data: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let end = start.checked_add(length).filter(|end| *end <= data.len() as u64)?;
    data.get(start as usize..end as usize)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

const fn element_bytes(kind: u8) -> u64 {
    match kind {
        b'I' => 2,
        b'J' | b'E' => 4,
        b'K' | b'D' | b'C' | b'P' => 8,
        b'M' | b'Q' => 16,
        _ => 1,
    }
}

/// A column from its `TFORM`, and its bytes in a row.
fn column(form: &str, name: String, start: u64) -> Result<(Column, u64), ArchiveError> {
    let digits = form.bytes().take_while(u8::is_ascii_digit).count();
    let count = if digits == 0 { Some(1) } else { form[..digits].parse::<u64>().ok() };
    let kind = form.as_bytes().get(digits).copied();
    let (Some(count), Some(kind)) = (count.filter(|n| *n < 1 << 40), kind) else {
        return Err(damaged(&format!("the column {name} has the form \"{form}\"")));
    };
    let element = form.as_bytes().get(digits + 1).copied().unwrap_or(b'B');
    let bytes = if kind == b'X' { count.div_ceil(8) } else { count * element_bytes(kind) };
    Ok((Column { name, start, kind, element, count }, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards() -> Vec<FitsCard> {
        let numbers = [("NAXIS1", "26"), ("NAXIS2", "1"), ("TFIELDS", "4")];
        let texts = [
            ("TTYPE1", "COMPRESSED_DATA"),
            ("TFORM1", "1PI(3)"),
            ("TTYPE2", "ZSCALE"),
            ("TFORM2", "D"),
            ("TTYPE3", "FLAGS"),
            ("TFORM3", "9X"),
            ("TTYPE4", "ZBLANK"),
            ("TFORM4", "2J"),
        ];
        let numbers = numbers.iter().map(|(k, v)| FitsCard::number(k, v));
        numbers.chain(texts.iter().map(|(k, v)| FitsCard::text(k, v))).collect()
    }

    fn data() -> Vec<u8> {
        let mut data = vec![0, 0, 0, 2, 0, 0, 0, 1];
        data.extend(2.5f64.to_be_bytes());
        data.extend([0, 0, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0]);
        data.extend([9, 1, 2, 3, 4]);
        data
    }

    #[test]
    fn numbers_and_arrays_are_found() {
        let (cards, data) = (cards(), data());
        let table = Table::parse(&cards, &data).unwrap();
        assert_eq!(table.array(0, "COMPRESSED_DATA").unwrap(), Some(&[1u8, 2, 3, 4][..]));
        assert_eq!(table.number(0, "ZSCALE").unwrap(), Some(2.5));
        assert_eq!(table.number(0, "ZBLANK").unwrap(), Some(-2.0));
        assert_eq!(table.number(0, "ZZERO").unwrap(), None);
        assert!(table.number(0, "FLAGS").is_err() && table.array(0, "ZSCALE").is_err());
        assert!(table.number(1, "ZSCALE").is_err() && table.number(u64::MAX, "ZSCALE").is_err());
    }

    #[test]
    fn every_cut_is_an_error() {
        let (cards, data) = (cards(), data());
        for length in 0..data.len() {
            let read =
                Table::parse(&cards, &data[..length]).and_then(|t| t.array(0, "COMPRESSED_DATA").map(|_| ()));
            assert!(read.is_err(), "cut at {length}");
        }
        for (keyword, value) in [("NAXIS1", "25"), ("NAXIS2", "1e14"), ("TFIELDS", "x"), ("THEAP", "1e14")] {
            let mut bad = vec![FitsCard::number(keyword, value)];
            bad.extend(cards.iter().cloned());
            let read = Table::parse(&bad, &data).and_then(|t| t.array(0, "COMPRESSED_DATA").map(|_| ()));
            assert!(read.is_err(), "{keyword}");
        }
    }
}
