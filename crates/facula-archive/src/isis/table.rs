// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables attached to a cube: field names, types and values.
//!
//! # Source
//! USGS, "ISIS Cube Format", tables: records of Integer (4 bytes), Real (4), Double (8) and Text fields, each
//! `Size` times, side by side.

use facula_core::{Quality, Raster};

use crate::isis::core::byte_order;
use crate::isis::{REFETCH, absent, wrong};
use crate::pds3::{Item, Value, find_keyword};
use crate::samples::{ByteOrder, Sample, quality_of, stored_number};
use crate::{ArchiveError, Limits};

/// A table of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name (`InstrumentPointing`).
    pub name: String,
    /// Keywords of the table that describe all rows (`ConstantRotation`), as text.
    pub keywords: std::collections::BTreeMap<String, String>,
    /// Columns, all of one length.
    pub columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name of the field, with `[0]`, `[1]` … where the field holds several values.
    pub name: String,
    /// Unit as told by the file, empty where it tells none.
    pub unit: String,
    /// Values, one for each row.
    pub cells: Cells,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cells {
    /// Whole or real numbers, in the unit of the column.
    Numbers(Vec<f64>),
    /// Texts without the blanks and zero bytes behind them.
    Texts(Vec<String>),
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| match &column.cells {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Texts(texts) => texts.len(),
        })
    }

    /// The numbers of a column; `None` when there is none of that name or it holds text.
    pub fn numbers(&self, column: &str) -> Option<&[f64]> {
        let column = self.columns.iter().find(|c| c.name.eq_ignore_ascii_case(column))?;
        match &column.cells {
            Cells::Numbers(numbers) => Some(numbers),
            Cells::Texts(_) => None,
        }
    }

    /// The numbers as an image: one line for each row, one sample for each column, NaN where it holds text.
    pub(super) fn image(&self, limits: &Limits) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let (width, height) = limits.image_size(self.columns.len() as u64, self.rows() as u64)?;
        let mut image = Raster::filled(width, height, f32::NAN);
        for (x, column) in self.columns.iter().enumerate() {
            let Cells::Numbers(numbers) = &column.cells else { continue };
            numbers.iter().enumerate().for_each(|(y, number)| image.set(x, y, *number as f32));
        }
        let quality = quality_of(&image);
        Ok((image, quality))
    }
}

/// Where a table is and how its records look.
#[derive(Debug, Clone)]
pub(super) struct TableHead {
    pub(super) name: String,
    start: u64,
    pub(super) records: u64,
    order: ByteOrder,
    fields: Vec<Field>,
    keywords: std::collections::BTreeMap<String, String>,
    /// File of the rows where they are not in the cube itself.
    pub(super) detached: Option<String>,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    kind: FieldKind,
    /// Values in a record; letters of a text.
    count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum FieldKind {
    Number(Sample),
    Text,
}

impl Field {
    fn of(items: &[Item]) -> Result<Self, ArchiveError> {
        let kind = match text(items, "Type")? {
            "Integer" => FieldKind::Number(Sample::I32),
            "Real" => FieldKind::Number(Sample::F32),
            "Double" => FieldKind::Number(Sample::F64),
            "Text" => FieldKind::Text,
            other => return Err(wrong("Field.Type", other)),
        };
        Ok(Self { name: text(items, "Name")?.to_string(), kind, count: whole(items, "Size")? })
    }

    /// Columns of the table it becomes.
    const fn columns(&self) -> u64 {
        match self.kind {
            FieldKind::Number(_) => self.count,
            FieldKind::Text => 1,
        }
    }

    fn bytes(&self) -> Option<u64> {
        match self.kind {
            FieldKind::Number(sample) => self.count.checked_mul(sample.bytes() as u64),
            FieldKind::Text => Some(self.count),
        }
    }
}

impl TableHead {
    /// The table of the `Object = Table` with these statements.
    pub(super) fn of(items: &[Item]) -> Result<Self, ArchiveError> {
        let fields = items.iter().filter_map(|item| match item {
            Item::Block { name, items, .. } if name.eq_ignore_ascii_case("Field") => Some(Field::of(items)),
            _ => None,
        });
        let keywords = items.iter().filter_map(|item| match item {
            Item::Keyword { key, value } => Some((key.clone(), value.to_string())),
            Item::Block { .. } => None,
        });
        let order = find_keyword(items, "ByteOrder").and_then(Value::known_text).unwrap_or("Lsb");
        Ok(Self {
            name: text(items, "Name")?.to_string(),
            start: whole(items, "StartByte")?.checked_sub(1).ok_or_else(|| wrong("StartByte", "0"))?,
            records: whole(items, "Records")?,
            order: byte_order(order)?,
            fields: fields.collect::<Result<_, _>>()?,
            keywords: keywords.collect(),
            detached: find_keyword(items, "^Table").and_then(Value::known_text).map(str::to_string),
        })
    }

    /// Columns of the table.
    pub(super) fn columns(&self) -> u64 {
        self.fields.iter().fold(0, |sum, field| sum.saturating_add(field.columns()))
    }

    /// Reads the rows.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Table, ArchiveError> {
        let widths: Option<Vec<u64>> = self.fields.iter().map(Field::bytes).collect();
        let record = widths.as_ref().and_then(|w| w.iter().try_fold(0u64, |sum, w| sum.checked_add(*w)));
        let needed = record.and_then(|record| record.checked_mul(self.records.max(1)));
        let held = (bytes.len() as u64).saturating_sub(self.start);
        let (Some(widths), Some(record), Some(_)) = (widths, record, needed.filter(|n| *n <= held)) else {
            let part = format!("the table {}", self.name);
            return Err(ArchiveError::cut(&part, needed.unwrap_or(u64::MAX), held));
        };
        // All sizes are those of bytes that exist; a record without bytes has no rows to speak of.
        let rows = if record == 0 { 0 } else { self.records as usize };
        let first = self.start.min(bytes.len() as u64) as usize;
        let records: Vec<&[u8]> = bytes[first..].chunks_exact(record.max(1) as usize).take(rows).collect();
        let (mut columns, mut at) = (Vec::new(), 0);
        for (field, width) in self.fields.iter().zip(widths) {
            let end = at + width as usize;
            let cells: Vec<&[u8]> = records.iter().map(|record| &record[at..end]).collect();
            self.add_columns(field, &cells, &mut columns);
            at = end;
        }
        Ok(Table { name: self.name.clone(), keywords: self.keywords.clone(), columns })
    }

    fn add_columns(&self, field: &Field, cells: &[&[u8]], columns: &mut Vec<Column>) {
        let column = |name: String, cells| Column { name, unit: String::new(), cells };
        let FieldKind::Number(sample) = field.kind else {
            let text = |cell: &&[u8]| {
                let letters = cell.split(|byte| *byte == 0).next().unwrap_or_default();
                String::from_utf8_lossy(letters).trim_end().to_string()
            };
            let texts = Cells::Texts(cells.iter().map(text).collect());
            columns.push(column(field.name.clone(), texts));
            return;
        };
        for index in 0..field.count as usize {
            let name = match field.count {
                1 => field.name.clone(),
                _ => format!("{}[{index}]", field.name),
            };
            let place = index * sample.bytes()..(index + 1) * sample.bytes();
            let number = |cell: &&[u8]| stored_number(&cell[place.clone()], (sample, self.order));
            columns.push(column(name, Cells::Numbers(cells.iter().map(number).collect())));
        }
    }
}

fn text<'a>(items: &'a [Item], key: &str) -> Result<&'a str, ArchiveError> {
    find_keyword(items, key).and_then(Value::scalar_text).ok_or_else(|| absent(&format!("Table.{key}")))
}

fn whole(items: &[Item], key: &str) -> Result<u64, ArchiveError> {
    let value = find_keyword(items, key).ok_or_else(|| absent(&format!("Table.{key}")))?;
    let number = value.number().filter(|n| (0.0..1e15).contains(n) && n.fract() == 0.0);
    number.map(|n| n as u64).ok_or_else(|| {
        ArchiveError::format(format!("label of the cube: Table.{key} = {value} is not a count"), REFETCH)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pds3::Label;

    const TABLE: &str = "Name = T\nStartByte = 3\nBytes = 38\nRecords = 2\nByteOrder = Msb\nNote = \"a b\"\n\
        Group = Field\nName = Q\nType = Double\nSize = 1\nEnd_Group\nGroup = Field\nName = V\nType = Integer\nSize = 2\n\
        End_Group\nGroup = Field\nName = S\nType = Text\nSize = 3\nEnd_Group\nEND\n";

    fn bytes() -> Vec<u8> {
        let mut bytes = b"xx".to_vec();
        for (q, v, s) in [(1.5f64, [-7i32, 8], b"ab\0"), (-2.0, [9, i32::MAX], b"xyz")] {
            bytes.extend(q.to_be_bytes());
            v.iter().for_each(|v| bytes.extend(v.to_be_bytes()));
            bytes.extend(s);
        }
        bytes
    }

    fn head(text: &str) -> Result<TableHead, ArchiveError> {
        TableHead::of(&Label::parse(text.as_bytes()).unwrap().0.items)
    }

    #[test]
    fn fields_become_columns_of_numbers_and_texts() {
        let table = head(TABLE).unwrap().read(&bytes()).unwrap();
        assert_eq!((table.rows(), table.columns.len()), (2, 4));
        assert_eq!(table.numbers("q").unwrap(), [1.5, -2.0]);
        assert_eq!(table.numbers("V[1]").unwrap(), [8.0, 2_147_483_647.0]);
        assert_eq!(table.columns[3].cells, Cells::Texts(vec!["ab".into(), "xyz".into()]));
        assert_eq!((table.numbers("S"), table.keywords["Note"].as_str()), (None, "a b"));
        let (image, quality) = table.image(&Limits::default()).unwrap();
        assert_eq!((image.at(0, 1), image.at(1, 0), quality.at(3, 0)), (-2.0, -7.0, Quality::MISSING));
    }

    #[test]
    fn every_cut_and_absurd_count_is_an_error() {
        let (head_of_table, whole) = (head(TABLE).unwrap(), bytes());
        for length in 0..whole.len() {
            assert!(head_of_table.read(&whole[..length]).is_err(), "cut at {length}");
        }
        println!("{} cuts of a table tried", whole.len());
        for (from, to) in [
            ("Records = 2", "Records = 99999999999999"),
            ("Size = 2", "Size = 99999999999999"),
            ("StartByte = 3", "StartByte = 99999999999999"),
            ("StartByte = 3", "StartByte = 0"),
            ("Type = Double", "Type = Quad"),
            ("ByteOrder = Msb", "ByteOrder = Pdp"),
            ("Records = 2", "Records = -2"),
            ("Name = T", "Title = T"),
        ] {
            let read = head(&TABLE.replacen(from, to, 1)).and_then(|head| head.read(&whole));
            assert!(read.is_err(), "{to}");
        }
        let none = TABLE.replace("Records = 2", "Records = 0").replace("Size = 2", "Size = 99999999999999");
        assert!(head(&none).unwrap().read(&whole).is_err());
        let empty = "Name = T\nStartByte = 1\nRecords = 99999999999999\nEND\n";
        assert_eq!(head(empty).unwrap().read(&whole).unwrap().rows(), 0);
    }
}
