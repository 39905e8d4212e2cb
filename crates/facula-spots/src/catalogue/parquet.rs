// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parquet: the catalogue as GeoParquet 1.1 and the light curves as a plain table.
//!
//! # Source
//! GeoParquet 1.1.0 (geoparquet.org): WKB column `geometry`, file metadata `geo`. The key `columns` of the file
//! metadata holds what each column is, as JSON.

use std::io;
use std::path::Path;
use std::sync::Arc;

use facula_core::{Body, LonLat, format_utc};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::{Map, Value, json};

use crate::catalogue::{
    Cell, Column, Kind, SPOT_COLUMNS, column, crs_projjson, number, position_deg, text, write_aside,
};
use crate::{LightCurve, LightPoint, Spot, SpotError};

/// Writes the spots as GeoParquet: all columns of the catalogue and `geometry` (WKB points, longitude −180 to 180).
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_spots_parquet(path: &Path, spots: &[Spot], body: &Body) -> Result<(), SpotError> {
    let rows: Vec<&Spot> = spots.iter().collect();
    let geometry = spots.iter().map(|spot| wkb_point(spot.place)).collect();
    write(
        path,
        &Table {
            name: "spots",
            columns: &SPOT_COLUMNS,
            rows,
            geometry: Some((geometry, geo(spots.iter().map(|spot| spot.place), body))),
        },
    )
}

/// Writes the points of all light curves, one row each.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_light_curves_parquet(path: &Path, curves: &[LightCurve]) -> Result<(), SpotError> {
    let rows: Vec<&LightPoint> = curves.iter().flat_map(|curve| &curve.points).collect();
    write(path, &Table { name: "light_curves", columns: &LIGHT_COLUMNS, rows, geometry: None })
}

const LIGHT_COLUMNS: [Column<LightPoint>; 11] = [
    column(Kind::Text, "spot_id", "spot in the catalogue", |p| text(&p.spot_id)),
    column(Kind::Text, "frame_id", "frame", |p| text(&p.frame_id)),
    column(Kind::Text, "utc", "middle of the exposure, UTC", |p| text(&format_utc(p.epoch))),
    column(Kind::Number, "iof", "mean I/F of the spot over its area", |p| number(p.iof)),
    column(Kind::Number, "iof_sigma", "one-sigma random error of iof", |p| number(p.iof_sigma)),
    column(Kind::Number, "surroundings_iof", "median I/F of the ring around it", |p| {
        number(p.surroundings_iof)
    }),
    column(Kind::Number, "incidence_deg", "incidence angle, degrees", |p| {
        number(p.incidence_rad * DEG_PER_RAD)
    }),
    column(Kind::Number, "emission_deg", "emission angle, degrees", |p| number(p.emission_rad * DEG_PER_RAD)),
    column(Kind::Number, "phase_deg", "phase angle, degrees", |p| number(p.phase_rad * DEG_PER_RAD)),
    column(Kind::Text, "illumination", "lit, grazing or night", |p| text(p.illumination.word())),
    column(Kind::Number, "pixel_km", "size of a pixel across the line of sight, km", |p| number(p.pixel_km)),
];

const DEG_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

pub(crate) struct Table<'a, T> {
    pub name: &'static str,
    pub columns: &'a [Column<T>],
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
    for column in table.columns {
        let (kind, note) = match column.kind {
            Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Number => ("DOUBLE", ""),
            Kind::Count => ("INT32", ""),
        };
        fields += &format!("OPTIONAL {kind} {}{note};\n", column.name);
    }
    if table.geometry.is_some() {
        fields += "REQUIRED BYTE_ARRAY geometry;\n";
    }
    format!("message {} {{\n{fields}}}", table.name)
}

fn metadata<T>(table: &Table<'_, T>) -> Vec<KeyValue> {
    let abouts = table.columns.iter().map(|c| (c.name.to_string(), json!(c.about)));
    let mut pairs = vec![KeyValue::new("columns".into(), Value::Object(Map::from_iter(abouts)).to_string())];
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
    use crate::Illumination;
    use crate::detect::tests::spot_at;
    use facula_core::parse_utc;
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
        assert_eq!(rows[0].get_int(22).unwrap(), 12);
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

    #[test]
    fn light_curves_are_one_row_per_point() {
        let point = LightPoint {
            spot_id: "S001".into(),
            frame_id: "FC21".into(),
            epoch: parse_utc("2015-05-04T01:02:03.004").unwrap(),
            iof: 0.1,
            iof_sigma: 0.001,
            surroundings_iof: 0.03,
            incidence_rad: 1.0,
            emission_rad: 0.5,
            phase_rad: 0.8,
            illumination: Illumination::Lit,
            pixel_km: 1.3,
        };
        let curve = LightCurve { spot_id: "S001".into(), points: vec![point.clone(), point] };
        let reader = read(|path| write_light_curves_parquet(path, std::slice::from_ref(&curve)).unwrap());
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows.len(), rows[0].get_string(2).unwrap().as_str()), (2, "2015-05-04T01:02:03.004"));
        assert!((rows[0].get_double(6).unwrap() - 57.29577951308232).abs() < 1e-12);
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
