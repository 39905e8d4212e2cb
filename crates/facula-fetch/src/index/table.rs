// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table a label describes: columns at fixed bytes, or fields between commas.

use std::collections::BTreeMap;

use crate::FetchError;
use crate::index::label::{list, statements};

/// Most columns a label may have: real ones have up to about 100.
const MOST_COLUMNS: usize = 10_000;

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in capitals (`FILE_SPECIFICATION_NAME`).
    pub name: String,
    /// First byte in the row, from 0, and length; `None` for tables of fields between commas.
    pub place: Option<(usize, usize)>,
}

/// What an index label says of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLabel {
    /// Name of the table's file (`INDEX.TAB`), where the label names it.
    pub file: Option<String>,
    /// Rows before the first of the table (headers).
    pub header_rows: usize,
    /// Bytes before the first row, where the label counts bytes.
    pub header_bytes: Option<usize>,
    /// Bytes of a row with its line end; `None` for fields between commas.
    pub row_bytes: Option<usize>,
    /// Rows promised.
    pub rows: Option<usize>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Values outside the table's objects (`VOLUME_ID`), which hold for every row.
    pub common: BTreeMap<String, String>,
}

#[derive(Default)]
struct Reading {
    path: Vec<String>,
    values: Vec<BTreeMap<String, String>>,
    table: BTreeMap<String, String>,
    columns: Vec<Column>,
    common: BTreeMap<String, String>,
}

impl Reading {
    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "OBJECT" => {
                self.path.push(value.to_uppercase());
                self.values.push(BTreeMap::new());
            }
            "END_OBJECT" => self.close()?,
            _ => {
                let target = self.values.last_mut().unwrap_or(&mut self.common);
                target.insert(name.to_string(), value.to_string());
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let (Some(kind), Some(values)) = (self.path.pop(), self.values.pop()) else { return Ok(()) };
        if kind.ends_with("COLUMN") || kind == "FIELD" {
            let columns = column(&values)?;
            self.columns.push(columns);
            if self.columns.len() > MOST_COLUMNS {
                return Err(format!("more than {MOST_COLUMNS} columns"));
            }
        } else if kind.ends_with("TABLE") || kind.ends_with("SPREADSHEET") {
            self.table = values;
        }
        Ok(())
    }
}

fn column(values: &BTreeMap<String, String>) -> Result<Column, String> {
    let name = values.get("NAME").ok_or("a column without NAME")?.trim().to_uppercase();
    let number =
        |key: &str| values.get(key).map(|text| first_number(text).ok_or(format!("{name}: {key} = {text}")));
    let place = match (number("START_BYTE").transpose()?, number("BYTES").transpose()?) {
        (Some(start), Some(bytes)) if start > 0 && bytes > 0 => Some((start - 1, bytes)),
        (None, _) => None,
        (start, bytes) => return Err(format!("{name}: START_BYTE {start:?} with BYTES {bytes:?}")),
    };
    Ok(Column { name, place })
}

fn first_number(text: &str) -> Option<usize> {
    text.split_whitespace().next()?.parse().ok()
}

impl TableLabel {
    /// Reads an index label. `origin` names it in errors.
    ///
    /// # Errors
    /// [`FetchError::Format`] when it describes no table.
    pub fn parse(text: &str, origin: &str) -> Result<Self, FetchError> {
        const HINT: &str = "give the label (.LBL) that belongs to the index table";
        let mut reading = Reading::default();
        for statement in statements(text) {
            reading
                .take(&statement.name, &statement.value)
                .map_err(|what| FetchError::format(origin, format!("index label: {what}"), HINT))?;
        }
        if reading.columns.is_empty() {
            return Err(FetchError::format(origin, "the label describes no columns", HINT));
        }
        let Reading { table, columns, common, .. } = reading;
        let row_bytes = table.get("ROW_BYTES").and_then(|text| first_number(text)).filter(|bytes| *bytes > 0);
        let fixed = columns.iter().all(|column| column.place.is_some());
        let pointer = common
            .iter()
            .find(|(k, _)| k.starts_with('^') && (k.ends_with("TABLE") || k.ends_with("SPREADSHEET")));
        let pointer = pointer.map(|(_, value)| list(value)).unwrap_or_default();
        let (header_rows, header_bytes) = skipped(&pointer, row_bytes.filter(|_| fixed));
        Ok(Self {
            file: pointer.first().filter(|name| first_number(name).is_none()).cloned(),
            header_rows,
            header_bytes,
            row_bytes: row_bytes.filter(|_| fixed),
            rows: table.get("ROWS").and_then(|text| first_number(text)),
            columns,
            common,
        })
    }

    /// Cuts a table into rows of texts, one per column, quotes and blanks around them removed.
    ///
    /// # Errors
    /// [`FetchError::Format`] when rows are shorter or fewer than the label says, or have other numbers of fields.
    pub fn rows(&self, table: &str, origin: &str) -> Result<Vec<Vec<String>>, FetchError> {
        const HINT: &str = "label and table do not belong together, or one is cut short: fetch both again";
        let bad = |what: String| FetchError::format(origin, what, HINT);
        let start = self.header_bytes.unwrap_or(0);
        let body = table
            .get(start..)
            .ok_or_else(|| bad(format!("the table begins at byte {start}, behind its end")))?;
        let lines = body.lines().skip(if self.header_bytes.is_some() { 0 } else { self.header_rows });
        let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        if let Some(rows) = self.rows.filter(|rows| *rows != lines.len()) {
            return Err(bad(format!("{} rows are there, {rows} were promised", lines.len())));
        }
        let full = lines.first().map_or(0, |line| line.trim_end().len());
        let cut = |(k, line): (usize, &&str)| {
            self.cut(line, full).map_err(|what| bad(format!("row {}: {what}", k + 1)))
        };
        lines.iter().enumerate().map(cut).collect()
    }

    /// `full` is the length of the first row: a shorter one in a table of fixed columns is cut short.
    fn cut(&self, line: &str, full: usize) -> Result<Vec<String>, String> {
        let fixed: Option<Vec<String>> = self
            .columns
            .iter()
            .map(|column| column.place.and_then(|(start, bytes)| line.get(start..start + bytes)).map(bare))
            .collect();
        // Labels whose bytes are off by a few are common in old archives; commas and quotes tell the truth then.
        let torn = |fields: &Vec<String>| fields.iter().any(|field| field.contains('"'));
        match fixed.filter(|fields| !torn(fields)) {
            Some(fields) => Ok(fields),
            None if self.row_bytes.is_some() && line.len() < full => {
                Err(format!("{} bytes instead of {full}", line.len()))
            }
            None => {
                let fields = between_commas(line);
                let wanted = self.columns.len();
                if fields.len() == wanted {
                    Ok(fields)
                } else {
                    Err(format!("{} fields instead of {wanted}", fields.len()))
                }
            }
        }
    }
}

/// Rows and bytes before the table, from the second entry of its pointer: a row number from 1, or bytes.
fn skipped(pointer: &[String], row_bytes: Option<usize>) -> (usize, Option<usize>) {
    let Some(place) = pointer.iter().find(|entry| first_number(entry).is_some()) else { return (0, None) };
    let first = first_number(place).unwrap_or(1).saturating_sub(1);
    // Some labels count bytes without saying so: a multiple of the row length can only be that.
    let counts_bytes = place.to_uppercase().contains("BYTES")
        || (first > 0 && row_bytes.is_some_and(|row| first.is_multiple_of(row)));
    if counts_bytes { (0, Some(first)) } else { (first, None) }
}

fn bare(field: &str) -> String {
    field.trim().trim_matches('"').trim().to_string()
}

fn between_commas(line: &str) -> Vec<String> {
    let mut quoted = false;
    let split = line.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    split.map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of INDEX.LBL of volume DWNC6FC1_1A (Small Bodies Node): a header row, quoted texts, commas between.
    const LABEL: &str = "PDS_VERSION_ID = PDS3\nRECORD_BYTES = 34\n^HEADER = (\"INDEX.TAB\", 1)\n\
        ^INDEX_TABLE = (\"INDEX.TAB\", 2)\nOBJECT = HEADER\nBYTES = 34\nEND_OBJECT = HEADER\n\
        OBJECT = INDEX_TABLE\nROW_BYTES = 34\nROWS = 2\nCOLUMNS = 2\n\
        OBJECT = COLUMN\nNAME = PRODUCT_ID\nSTART_BYTE = 2\nBYTES = 7\nEND_OBJECT = COLUMN\n\
        OBJECT = COLUMN\nNAME = START_TIME\nDATA_TYPE = TIME\nSTART_BYTE = 11\nBYTES = 21\nEND_OBJECT = COLUMN\n\
        END_OBJECT = INDEX_TABLE\nEND\n";
    const TABLE: &str = "PRODUCT_ID,START_TIME             \r\n\"0035300\",2015-117T00:50:20.036 \r\n\"0035301\",2015-117T00:50:25.227 \r\n";

    #[test]
    fn fixed_columns_behind_a_header_row_are_read() {
        let label = TableLabel::parse(LABEL, "INDEX.LBL").unwrap();
        assert_eq!(
            (label.file.as_deref(), label.header_rows, label.row_bytes),
            (Some("INDEX.TAB"), 1, Some(34))
        );
        let rows = label.rows(TABLE, "INDEX.TAB").unwrap();
        assert_eq!(rows[1], ["0035301", "2015-117T00:50:25.227"]);
    }

    #[test]
    fn a_pointer_in_bytes_is_understood_said_or_not() {
        for pointer in ["35 <BYTES>", "35"] {
            let text = LABEL.replace("(\"INDEX.TAB\", 2)", &format!("(\"INDEX.TAB\", {pointer})"));
            let label = TableLabel::parse(&text, "").unwrap();
            assert_eq!((label.header_rows, label.header_bytes), (0, Some(34)), "{pointer}");
        }
    }

    #[test]
    fn columns_that_are_off_are_read_by_their_commas() {
        let text = LABEL.replace("START_BYTE = 11", "START_BYTE = 8");
        let rows = TableLabel::parse(&text, "").unwrap().rows(TABLE, "").unwrap();
        assert_eq!(rows[0], ["0035300", "2015-117T00:50:20.036"]);
    }

    #[test]
    fn spreadsheets_have_fields_without_bytes() {
        let text = "^SPREADSHEET = \"I.CSV\"\nOBJECT = SPREADSHEET\nROWS = 1\nOBJECT = FIELD\nNAME = A\nBYTES = 9\nEND_OBJECT\n\
                    OBJECT = FIELD\nNAME = B\nEND_OBJECT\nEND_OBJECT\nEND";
        let rows = TableLabel::parse(text, "").unwrap().rows("\"x, y\", 2\n", "").unwrap();
        assert_eq!(rows, [["x, y", "2"]]);
    }

    #[test]
    fn every_truncation_is_an_error_or_whole() {
        let label = TableLabel::parse(LABEL, "").unwrap();
        let least = TABLE.trim_end().len() - 1;
        for length in 0..TABLE.len() {
            let rows = label.rows(&TABLE[..length], "");
            assert_eq!(rows.is_ok(), length > least, "table cut at {length}: {rows:?}");
        }
        for length in 0..LABEL.len() {
            if let Ok(label) = TableLabel::parse(&LABEL[..length], "") {
                let _ = label.rows(TABLE, "");
            }
        }
    }

    #[test]
    fn absurd_columns_are_refused() {
        for bad in ["START_BYTE = 0", "START_BYTE = -4", "START_BYTE = x"] {
            assert!(TableLabel::parse(&LABEL.replace("START_BYTE = 2", bad), "").is_err(), "{bad}");
        }
        let far = LABEL.replace("START_BYTE = 2\nBYTES = 7", "START_BYTE = 999999999999\nBYTES = 7");
        let rows = TableLabel::parse(&far, "").unwrap().rows(TABLE, "").unwrap();
        assert_eq!(rows[0][0], "0035300");
        assert!(TableLabel::parse("END", "a.LBL").unwrap_err().to_string().contains("(a.LBL)"));
    }
}
