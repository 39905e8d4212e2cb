// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parquet: the catalogue as GeoParquet 1.1, and plain tables.
//!
//! # Source
//! GeoParquet 1.1.0 (geoparquet.org): WKB column `geometry`, file metadata `geo`. The key `columns` of the file
//! metadata holds what each column is, as JSON.

use std::io;
use std::path::Path;
use std::sync::Arc;

use facula_core::{Body, LonLat};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use crate::catalogue::{
    Cell, Column, Kind, SPOT_COLUMNS, crs_projjson, described, position_deg, write_aside,
};
use crate::{ExtraColumn, Spot, SpotError};

/// Writes the spots as GeoParquet: all columns of the catalogue and `geometry` (WKB points, longitude −180 to 180).
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_spots_parquet(path: &Path, spots: &[Spot], body: &Body) -> Result<(), SpotError> {
    write_spots_parquet_with(path, (spots, &[]), body)
}

/// [`write_spots_parquet`] with columns of the caller's, after the catalogue's own; those without a value for a spot are
/// null there.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_spots_parquet_with(
    path: &Path,
    (spots, extra): (&[Spot], &[ExtraColumn]),
    body: &Body,
) -> Result<(), SpotError> {
    let rows: Vec<&Spot> = spots.iter().collect();
    let geometry = spots.iter().map(|spot| wkb_point(spot.place)).collect();
    write(
        path,
        &Table {
            name: "spots",
            columns: &SPOT_COLUMNS,
            extra,
            rows,
            geometry: Some((geometry, geo(spots.iter().map(|spot| spot.place), body))),
        },
    )
}

pub(crate) struct Table<'a, T> {
    pub name: &'static str,
    pub columns: &'a [Column<T>],
    pub extra: &'a [ExtraColumn],
    pub rows: Vec<&'a T>,
    pub geometry: Option<(Vec<Vec<u8>>, Value)>,
}

pub(crate) fn write<T>(path: &Path, table: &Table<'_, T>) -> Result<(), SpotError> {
    write_aside(path, |file| fill(file, table).map_err(io::Error::other))
}

fn fill<T>(file: impl io::Write + Send, table: &Table<'_, T>) -> Result<(), ParquetError> {
    let cells: Vec<Vec<Cell>> =
        table.columns.iter().map(|c| table.rows.iter().map(|row| (c.of)(row)).collect()).collect();
    let schema = Arc::new(parse_message_type(&schema(table))?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("facula".to_string())
        .set_key_value_metadata(Some(metadata(table)))
        .build();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (column, cells) in table.columns.iter().zip(&cells) {
        write_column(&mut group, column.kind, cells)?;
    }
    for column in table.extra {
        let cells: Vec<Cell> = (0..table.rows.len()).map(|row| column.cell(row)).collect();
        write_column(&mut group, column.kind(), &cells)?;
    }
    if let Some((points, _)) = &table.geometry {
        let values: Vec<ByteArray> = points.iter().map(|p| ByteArray::from(p.clone())).collect();
        write_values::<ByteArrayType>(&mut group, &values, None)?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

/// The message type of a table.
fn schema<T>(table: &Table<'_, T>) -> String {
    let mut fields = String::new();
    let own = table.columns.iter().map(|column| (column.kind, column.name));
    let added = table.extra.iter().map(|column| (column.kind(), column.name.as_str()));
    for (kind, name) in own.chain(added) {
        let (kind, note) = match kind {
            Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Number => ("DOUBLE", ""),
            Kind::Count => ("INT32", ""),
        };
        fields += &format!("OPTIONAL {kind} {name}{note};\n");
    }
    if table.geometry.is_some() {
        fields += "REQUIRED BYTE_ARRAY geometry;\n";
    }
    format!("message {} {{\n{fields}}}", table.name)
}

fn metadata<T>(table: &Table<'_, T>) -> Vec<KeyValue> {
    let columns = described(table.columns, table.extra);
    let mut pairs = vec![KeyValue::new("columns".into(), columns.to_string())];
    if let Some((_, geo)) = &table.geometry {
        pairs.push(KeyValue::new("geo".into(), geo.to_string()));
    }
    pairs
}

fn write_column<W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    kind: Kind,
    cells: &[Cell],
) -> Result<(), ParquetError> {
    let known = |cell: &Cell| match cell {
        Cell::Text(text) => text.is_some(),
        Cell::Number(number) => number.is_some(),
        Cell::Count(count) => count.is_some(),
    };
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(known(cell))).collect();
    match kind {
        Kind::Text => {
            let of = |cell: &Cell| match cell {
                Cell::Text(Some(text)) => Some(ByteArray::from(text.as_str())),
                _ => None,
            };
            let values: Vec<_> = cells.iter().filter_map(of).collect();
            write_values::<ByteArrayType>(group, &values, Some(&levels))
        }
        Kind::Number => {
            let of = |cell: &Cell| if let Cell::Number(number) = cell { *number } else { None };
            let values: Vec<_> = cells.iter().filter_map(of).collect();
            write_values::<DoubleType>(group, &values, Some(&levels))
        }
        Kind::Count => {
            let of = |cell: &Cell| if let Cell::Count(count) = cell { *count } else { None };
            let values: Vec<_> = cells.iter().filter_map(of).collect();
            write_values::<Int32Type>(group, &values, Some(&levels))
        }
    }
}

fn write_values<T: parquet::data_type::DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl io::Write + Send>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("more columns than the schema has".into());
    let mut writer = group.next_column()?.ok_or_else(missing)?;
    writer.typed::<T>().write_batch(values, levels, None)?;
    writer.close()
}

/// A point in well-known binary, little-endian.
pub(crate) fn wkb_point(place: LonLat) -> Vec<u8> {
    let [longitude_deg, latitude_deg] = position_deg(place);
    let mut bytes = vec![1, 1, 0, 0, 0];
    bytes.extend(longitude_deg.to_le_bytes());
    bytes.extend(latitude_deg.to_le_bytes());
    bytes
}

/// The `geo` metadata.
pub(crate) fn geo(places: impl Iterator<Item = LonLat>, body: &Body) -> Value {
    let mut column = json!({
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": crs_projjson(body),
    });
    let positions: Vec<[f64; 2]> = places.map(position_deg).collect();
    if !positions.is_empty() {
        let least = |k: usize| positions.iter().map(|p| p[k]).fold(f64::INFINITY, f64::min);
        let most = |k: usize| positions.iter().map(|p| p[k]).fold(f64::NEG_INFINITY, f64::max);
        column["bbox"] = json!([least(0), least(1), most(0), most(1)]);
    }
    json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    fn read(write: impl Fn(&Path)) -> SerializedFileReader<std::fs::File> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        write(&path);
        SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap()
    }

    fn metadata_of(reader: &SerializedFileReader<std::fs::File>, key: &str) -> Value {
        let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let text = pairs.iter().find(|pair| pair.key == key).unwrap().value.clone().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn spots_come_back_with_geometry_and_coordinate_system() {
        let ceres = Body::built_in("ceres").unwrap();
        let spots = [Spot { frames: Some(12), ..spot_at(239.6, 19.7) }, spot_at(10.0, -5.0)];
        let reader = read(|path| write_spots_parquet(path, &spots, &ceres).unwrap());
        let geo = metadata_of(&reader, "geo");
        assert_eq!(
            (&geo["version"], &geo["columns"]["geometry"]["crs"]["id"]["authority"]),
            (&json!("1.1.0"), &json!("IAU"))
        );
        assert_eq!(geo["columns"]["geometry"]["bbox"], json!([-120.4, -5.0, 10.0, 19.7]));
        assert_eq!(metadata_of(&reader, "columns").as_object().unwrap().len(), SPOT_COLUMNS.len());
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get_string(0).unwrap(), "S001");
        assert_eq!(rows[0].get_double(4).unwrap(), -120.4);
        let frames = SPOT_COLUMNS.iter().position(|column| column.name == "frames").unwrap();
        assert_eq!(rows[0].get_int(frames).unwrap(), 12);
        let wkb = rows[1].get_bytes(SPOT_COLUMNS.len()).unwrap();
        assert_eq!((wkb.data()[0], wkb.len()), (1, 21));
        assert_eq!(f64::from_le_bytes(wkb.data()[5..13].try_into().unwrap()), 10.0);
    }

    #[test]
    fn an_empty_catalogue_keeps_its_columns() {
        let ceres = Body::built_in("ceres").unwrap();
        let reader = read(|path| write_spots_parquet(path, &[], &ceres).unwrap());
        let schema = reader.metadata().file_metadata().schema();
        assert_eq!(schema.get_fields().len(), SPOT_COLUMNS.len() + 1);
        assert_eq!(schema.get_fields()[4].get_physical_type(), parquet::basic::Type::DOUBLE);
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }

    proptest::proptest! {
        #[test]
        fn points_in_binary_round_trip(lon in -179.9..179.9f64, lat in -90.0..90.0f64) {
            let bytes = wkb_point(LonLat::from_degrees(lon, lat));
            let back = f64::from_le_bytes(bytes[5..13].try_into().unwrap());
            proptest::prop_assert!((back - lon).abs() < 1e-8);
        }
    }
}
