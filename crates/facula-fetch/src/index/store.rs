// SPDX-License-Identifier: MIT OR Apache-2.0
//! The index on disk: one GeoParquet file, one row per product. A search reads the columns it asks about, then the rest
//! of the rows that match.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use facula_core::{format_utc, parse_utc};
use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::FetchError;
use crate::index::footprint;
use crate::index::query::Key;
use crate::index::{Geometry, IndexQuery, Product};

/// Most rows of an index file; the largest PDS index has some millions.
const MOST_ROWS: usize = 20_000_000;
const TEXTS: [&str; 9] =
    ["id", "volume", "path", "data_set", "target", "phase", "filter", "start_utc", "stop_utc"];
const NUMBERS: [&str; 5] =
    ["exposure_s", "phase_deg", "range_km", "sub_spacecraft_latitude_deg", "sub_spacecraft_longitude_deg"];
const ID: usize = 0;
const VOLUME: usize = 1;
const PATH: usize = 2;
const DATA_SET: usize = 3;
const TARGET: usize = 4;
const PHASE: usize = 5;
const FILTER: usize = 6;
const START: usize = 7;
const STOP: usize = 8;
const EXPOSURE: usize = 0;
const PHASE_ANGLE: usize = 1;
const RANGE: usize = 2;
const LATITUDE: usize = 3;
const SOURCE: &str = "facula:source";

/// The products of an archive and what they were read from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProductIndex {
    /// The products, in the order of the index files.
    pub products: Vec<Product>,
    /// Checksums of the index files, to know whether they changed.
    pub source: String,
}

impl ProductIndex {
    /// Writes a GeoParquet file: text columns (empty where unknown), number columns (null where unknown), and the
    /// point below the spacecraft as `geometry`.
    ///
    /// # Errors
    /// [`FetchError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), FetchError> {
        facula_core::write_aside(path, |file| self.fill(file).map_err(io::Error::other))
            .map_err(FetchError::io("write the index", path))
    }

    fn fill(&self, file: impl io::Write + Send) -> Result<(), ParquetError> {
        let texts = TEXTS.iter().map(|name| format!("REQUIRED BYTE_ARRAY {name} (STRING);\n"));
        let numbers = NUMBERS.iter().map(|name| format!("OPTIONAL DOUBLE {name};\n"));
        let place = std::iter::once(format!("OPTIONAL BYTE_ARRAY {};\n", footprint::COLUMN));
        let fields: String = texts.chain(numbers).chain(place).collect();
        let schema = Arc::new(parse_message_type(&format!("message products {{\n{fields}}}"))?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("facula".into())
            .set_key_value_metadata(Some(vec![
                KeyValue::new(SOURCE.into(), self.source.clone()),
                KeyValue::new(footprint::KEY.into(), footprint::metadata()),
            ]))
            .build();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for k in 0..TEXTS.len() {
            let values: Vec<ByteArray> =
                self.products.iter().map(|p| ByteArray::from(text(p, k).into_bytes())).collect();
            write_texts(&mut group, &values)?;
        }
        for k in 0..NUMBERS.len() {
            let values: Vec<Option<f64>> = self.products.iter().map(|p| number(p, k)).collect();
            write_optional::<DoubleType, _>(&mut group, &values)?;
        }
        let points: Vec<Option<ByteArray>> =
            self.products.iter().map(|p| footprint::point(&p.geometry)).collect();
        write_optional::<ByteArrayType, _>(&mut group, &points)?;
        group.close()?;
        writer.close().map(drop)
    }

    /// The checksums an index file was made from; `None` when it is not there or not sound.
    pub fn source_of(path: &Path) -> Option<String> {
        let reader = open(path).ok()?;
        let pairs = reader.metadata().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == SOURCE)?.value.clone()
    }

    /// Reads all products of a file.
    ///
    /// # Errors
    /// [`FetchError::Io`], [`FetchError::Format`] for a file this crate did not write, or damaged.
    pub fn read(path: &Path) -> Result<Self, FetchError> {
        let products = Self::search(path, &IndexQuery::default())?;
        Ok(Self { products, source: Self::source_of(path).unwrap_or_default() })
    }

    /// The products of a file that match, in its order.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn search(path: &Path, query: &IndexQuery) -> Result<Vec<Product>, FetchError> {
        let bad = |error: ParquetError| bad_index(path, &error.to_string());
        let reader = open(path)?;
        let mut found = Vec::new();
        for group in 0..reader.num_row_groups() {
            let columns = Columns::new(&reader, group).map_err(bad)?;
            found.extend(columns.search(query).map_err(bad)?);
        }
        Ok(found)
    }
}

fn bad_index(path: &Path, what: &str) -> FetchError {
    let what = format!("no sound index: {what}");
    FetchError::format(&path.display().to_string(), what, "delete it and fetch the index again")
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, FetchError> {
    let file = File::open(path).map_err(FetchError::io("open the index", path))?;
    let reader = SerializedFileReader::new(file).map_err(|error| bad_index(path, &error.to_string()))?;
    let names: Vec<_> = reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .iter()
        .map(|f| f.name().to_string())
        .collect();
    let expected = TEXTS.into_iter().chain(NUMBERS).chain([footprint::COLUMN]);
    if !names.iter().map(String::as_str).eq(expected) {
        return Err(bad_index(path, &format!("columns {}", names.join(", "))));
    }
    Ok(reader)
}

/// The columns of a row group, read when they are asked for.
struct Columns<'a> {
    reader: &'a SerializedFileReader<File>,
    group: usize,
    rows: usize,
}

impl<'a> Columns<'a> {
    fn new(reader: &'a SerializedFileReader<File>, group: usize) -> Result<Self, ParquetError> {
        let rows = usize::try_from(reader.metadata().row_group(group).num_rows()).unwrap_or(usize::MAX);
        if rows > MOST_ROWS {
            return Err(ParquetError::General(format!("{rows} rows, the limit is {MOST_ROWS}")));
        }
        Ok(Self { reader, group, rows })
    }

    fn texts(&self, k: usize) -> Result<Vec<ByteArray>, ParquetError> {
        let ColumnReader::ByteArrayColumnReader(mut column) =
            self.reader.get_row_group(self.group)?.get_column_reader(k)?
        else {
            return Err(ParquetError::General(format!("column {} holds no text", TEXTS[k])));
        };
        let mut values = Vec::new();
        while values.len() < self.rows
            && column.read_records(self.rows - values.len(), None, None, &mut values)?.0 > 0
        {}
        self.all(values, TEXTS[k])
    }

    fn numbers(&self, k: usize) -> Result<Vec<Option<f64>>, ParquetError> {
        let ColumnReader::DoubleColumnReader(mut column) =
            self.reader.get_row_group(self.group)?.get_column_reader(TEXTS.len() + k)?
        else {
            return Err(ParquetError::General(format!("column {} holds no numbers", NUMBERS[k])));
        };
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        while levels.len() < self.rows
            && column.read_records(self.rows - levels.len(), Some(&mut levels), None, &mut values)?.0 > 0
        {
        }
        let mut known = values.into_iter();
        let spread = levels.iter().map(|level| if *level > 0 { known.next() } else { None }).collect();
        self.all(spread, NUMBERS[k])
    }

    fn all<T>(&self, values: Vec<T>, name: &str) -> Result<Vec<T>, ParquetError> {
        if values.len() == self.rows {
            return Ok(values);
        }
        Err(ParquetError::General(format!("column {name} has {} of {} values", values.len(), self.rows)))
    }

    /// Reads the columns the question is about, then the matching rows of the others.
    fn search(&self, query: &IndexQuery) -> Result<Vec<Product>, ParquetError> {
        let asked = |k: usize, wanted: bool| if wanted { self.texts(k).map(Some) } else { Ok(None) };
        let target = asked(TARGET, query.target.is_some())?;
        let phase = asked(PHASE, query.phase.is_some())?;
        let filter = asked(FILTER, query.filter.is_some())?;
        let volume = asked(VOLUME, query.volume.is_some())?;
        let start = asked(START, query.time.is_some())?;
        let angle = query.phase_deg.map(|_| self.numbers(PHASE_ANGLE)).transpose()?;
        let range = query.range_km.map(|_| self.numbers(RANGE)).transpose()?;
        let ready = query.ready();
        let mut hits: Vec<usize> = Vec::new();
        for row in 0..self.rows {
            let key = Key {
                target: text_at(&target, row)?,
                phase: text_at(&phase, row)?,
                filter: text_at(&filter, row)?,
                volume: text_at(&volume, row)?,
                start_utc: text_at(&start, row)?,
                phase_deg: angle.as_ref().and_then(|angle| angle[row]),
                range_km: range.as_ref().and_then(|range| range[row]),
            };
            if ready.matches(&key) {
                hits.push(row);
            }
        }
        self.products(&hits)
    }

    fn products(&self, hits: &[usize]) -> Result<Vec<Product>, ParquetError> {
        let mut products = vec![Product::default(); hits.len()];
        for k in 0..TEXTS.len() {
            for (product, value) in products.iter_mut().zip(self.texts_of(k, hits)?) {
                set_text(product, k, value.as_utf8()?);
            }
        }
        for k in 0..NUMBERS.len() {
            let values = if hits.is_empty() { Vec::new() } else { self.numbers(k)? };
            for (product, row) in products.iter_mut().zip(hits) {
                *number_mut(product, k) = values[*row];
            }
        }
        Ok(products)
    }

    /// The texts of some rows (in order), the others skipped.
    fn texts_of(&self, k: usize, hits: &[usize]) -> Result<Vec<ByteArray>, ParquetError> {
        let ColumnReader::ByteArrayColumnReader(mut column) =
            self.reader.get_row_group(self.group)?.get_column_reader(k)?
        else {
            return Err(ParquetError::General(format!("column {} holds no text", TEXTS[k])));
        };
        let mut values = Vec::new();
        let mut at = 0;
        for run in hits.chunk_by(|a, b| a + 1 == *b) {
            column.skip_records(run[0] - at)?;
            at = run[0] + run.len();
            let wanted = values.len() + run.len();
            while values.len() < wanted
                && column.read_records(wanted - values.len(), None, None, &mut values)?.0 > 0
            {}
        }
        if values.len() == hits.len() {
            return Ok(values);
        }
        Err(ParquetError::General(format!(
            "column {} has {} of {} values",
            TEXTS[k],
            values.len(),
            hits.len()
        )))
    }
}

fn text_at(column: &Option<Vec<ByteArray>>, row: usize) -> Result<&str, ParquetError> {
    column.as_ref().map_or(Ok(""), |column| column[row].as_utf8())
}

fn write_texts<W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[ByteArray],
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(too_many)?;
    column.typed::<ByteArrayType>().write_batch(values, None, None)?;
    column.close()
}

/// A column whose unknown values are null.
fn write_optional<T: DataType, W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[Option<T::T>],
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(too_many)?;
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let known: Vec<T::T> = values.iter().flatten().cloned().collect();
    column.typed::<T>().write_batch(&known, Some(&levels), None)?;
    column.close()
}

fn too_many() -> ParquetError {
    ParquetError::General("more columns than the schema has".into())
}

fn text(product: &Product, k: usize) -> String {
    match k {
        ID => product.id.clone(),
        VOLUME => product.volume.clone(),
        PATH => product.path.clone(),
        DATA_SET => product.data_set.clone(),
        TARGET => product.target.clone(),
        PHASE => product.phase.clone(),
        FILTER => product.filter.clone(),
        START => product.start.map(format_utc).unwrap_or_default(),
        STOP => product.stop.map(format_utc).unwrap_or_default(),
        _ => String::new(),
    }
}

fn set_text(product: &mut Product, k: usize, text: &str) {
    match k {
        ID => product.id = text.into(),
        VOLUME => product.volume = text.into(),
        PATH => product.path = text.into(),
        DATA_SET => product.data_set = text.into(),
        TARGET => product.target = text.into(),
        PHASE => product.phase = text.into(),
        FILTER => product.filter = text.into(),
        START => product.start = parse_utc(text),
        STOP => product.stop = parse_utc(text),
        _ => {}
    }
}

fn number(product: &Product, k: usize) -> Option<f64> {
    *number_mut(&mut product.clone(), k)
}

fn number_mut(product: &mut Product, k: usize) -> &mut Option<f64> {
    let Geometry { phase_deg, range_km, sub_spacecraft_latitude_deg, sub_spacecraft_longitude_deg } =
        &mut product.geometry;
    match k {
        EXPOSURE => &mut product.exposure_s,
        PHASE_ANGLE => phase_deg,
        RANGE => range_km,
        LATITUDE => sub_spacecraft_latitude_deg,
        _ => sub_spacecraft_longitude_deg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(k: u32) -> Product {
        let second = k % 60;
        Product {
            id: format!("{k:07}"),
            volume: format!("V{}", k % 7),
            path: format!("DATA/FITS/{k}.LBL"),
            target: if k.is_multiple_of(3) { "CERES".into() } else { "VESTA".into() },
            phase: "RC3".into(),
            filter: format!("F{}", k % 8 + 1),
            start: parse_utc(&format!("2015-04-27T00:50:{second:02}.036")),
            stop: None,
            exposure_s: Some(f64::from(k)),
            geometry: Geometry {
                phase_deg: k.is_multiple_of(2).then_some(f64::from(k % 180)),
                ..Geometry::default()
            },
            ..Product::default()
        }
    }

    #[test]
    fn an_index_comes_back_as_it_went() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.parquet");
        for count in [0, 1, 5000] {
            let index = ProductIndex { products: (0..count).map(product).collect(), source: "abc".into() };
            index.write(&path).unwrap();
            assert_eq!(ProductIndex::read(&path).unwrap(), index);
            assert_eq!(ProductIndex::source_of(&path).as_deref(), Some("abc"));
        }
        let query = IndexQuery {
            target: Some("ceres".into()),
            filter: Some("F1".into()),
            phase_deg: Some((0.0, 90.0)),
            ..IndexQuery::default()
        };
        let index = ProductIndex::read(&path).unwrap();
        let expected: Vec<_> = index.products.iter().filter(|p| query.matches(p)).cloned().collect();
        assert!(!expected.is_empty());
        assert_eq!(ProductIndex::search(&path, &query).unwrap(), expected);
    }

    #[test]
    fn damaged_index_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.parquet");
        let index = ProductIndex { products: (0..50).map(product).collect(), source: String::new() };
        index.write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in (0..whole.len()).step_by(13) {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(ProductIndex::read(&path).is_err(), "cut at {length}");
        }
        assert!(matches!(ProductIndex::read(&folder.path().join("no")), Err(FetchError::Io { .. })));
    }
}
