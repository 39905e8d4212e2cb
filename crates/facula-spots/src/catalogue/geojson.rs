// SPDX-License-Identifier: MIT OR Apache-2.0
//! GeoJSON: the spots as points, their outlines as polygons.
//!
//! The files follow RFC 7946, with two things it does not know: the positions are planetocentric degrees on the
//! body named in `body`, and the former `crs` member says so to programs that would otherwise take them for Earth.

use std::io;
use std::path::Path;

use facula_core::{Body, LonLat};
use serde_json::{Map, Value, json};

use crate::catalogue::{Cell, Column, SPOT_COLUMNS, described, position_deg, write_aside};
use crate::{ExtraColumn, Spot, SpotError};

/// Writes the spots as points with all their columns as properties. Longitudes −180 to 180 degrees. The member `columns`
/// says what each property is.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_geojson(path: &Path, spots: &[Spot], body: &Body) -> Result<(), SpotError> {
    write_geojson_with(path, (spots, &[]), body)
}

/// [`write_geojson`] with columns of the caller's; those without a value for a spot are null there.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_geojson_with(
    path: &Path,
    (spots, extra): (&[Spot], &[ExtraColumn]),
    body: &Body,
) -> Result<(), SpotError> {
    let feature = |(row, spot): (usize, &Spot)| {
        let geometry = json!({ "type": "Point", "coordinates": position_deg(spot.place) });
        let mut own = properties(&SPOT_COLUMNS, spot);
        for column in extra {
            own[&column.name] = value(column.cell(row));
        }
        json!({ "type": "Feature", "id": spot.id, "geometry": geometry, "properties": own })
    };
    let features = spots.iter().enumerate().map(feature).collect();
    write_collection(path, (features, Some(described(&SPOT_COLUMNS, extra))), body)
}

/// Writes the outlines at half maximum as polygons with the columns `id` and `name`. A polygon across longitude
/// 180° goes on beyond it instead of jumping to the other side of the map; around a pole it closes over the pole.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_outlines_geojson(path: &Path, spots: &[Spot], body: &Body) -> Result<(), SpotError> {
    let feature = |spot: &Spot| {
        let geometry = json!({ "type": "Polygon", "coordinates": [ring_deg(&spot.outline)] });
        let properties = json!({ "id": spot.id, "name": spot.name });
        json!({ "type": "Feature", "id": spot.id, "geometry": geometry, "properties": properties })
    };
    write_collection(path, (spots.iter().map(feature).collect(), None), body)
}

/// Features, and what their properties are.
pub(crate) fn write_collection(
    path: &Path,
    (features, columns): (Vec<Value>, Option<Value>),
    body: &Body,
) -> Result<(), SpotError> {
    let mut collection = json!({ "type": "FeatureCollection", "body": body.name });
    if let Some(iau) = &body.iau_2015 {
        let name = format!("urn:ogc:def:crs:IAU:2015:{}", iau.geographic_code);
        collection["crs"] = json!({ "type": "name", "properties": { "name": name } });
    }
    if let Some(columns) = columns {
        collection["columns"] = columns;
    }
    collection["features"] = Value::Array(features);
    write_aside(path, |file| serde_json::to_writer_pretty(file, &collection).map_err(io::Error::from))
}

pub(crate) fn properties<T>(columns: &[Column<T>], row: &T) -> Value {
    let pairs = columns.iter().map(|column| (column.name.to_string(), value((column.of)(row))));
    Value::Object(Map::from_iter(pairs))
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) => json!(text),
        Cell::Number(number) => json!(number),
        Cell::Count(count) => json!(count),
    }
}

/// The ring of a polygon from a closed line, degrees: across longitude 180° it goes on beyond it, and around a pole it
/// closes over the pole.
pub(crate) fn ring_deg(line: &[LonLat]) -> Vec<[f64; 2]> {
    let mut ring: Vec<[f64; 2]> = Vec::with_capacity(line.len() + 3);
    for place in line {
        let [mut longitude_deg, latitude_deg] = position_deg(*place);
        if let Some([last_deg, _]) = ring.last() {
            longitude_deg -= 360.0 * ((longitude_deg - last_deg) / 360.0f64).round();
        }
        ring.push([longitude_deg, latitude_deg]);
    }
    let ends = ring.first().copied().zip(ring.last().copied());
    if let Some((first, last)) = ends.filter(|(first, last)| (last[0] - first[0]).abs() > 180.0) {
        let pole_deg = 90f64.copysign(first[1]);
        ring.extend([[last[0], pole_deg], [first[0], pole_deg], first]);
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;

    fn written(write: impl Fn(&Path)) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spots.geojson");
        write(&path);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn points_carry_every_column_and_the_coordinate_system() {
        let ceres = Body::built_in("ceres").unwrap();
        let spots = [spot_at(239.6, 19.7), Spot { contrast: f64::NAN, ..spot_at(10.0, 5.0) }];
        let read = written(|path| write_geojson(path, &spots, &ceres).unwrap());
        assert_eq!(read["crs"]["properties"]["name"], "urn:ogc:def:crs:IAU:2015:200000100");
        assert_eq!(read["features"][0]["geometry"]["coordinates"], json!([-120.4, 19.7]));
        let properties = read["features"][0]["properties"].as_object().unwrap();
        assert_eq!(properties.len(), SPOT_COLUMNS.len());
        assert_eq!((&properties["diameter_km"], &properties["flags"]), (&json!(4.0), &json!("unresolved")));
        assert!(read["features"][1]["properties"]["contrast"].is_null(), "NaN is null");
    }

    #[test]
    fn outlines_across_180_degrees_stay_in_one_piece() {
        let ceres = Body::built_in("ceres").unwrap();
        let read = written(|path| write_outlines_geojson(path, &[spot_at(180.0, 0.0)], &ceres).unwrap());
        let ring = read["features"][0]["geometry"]["coordinates"][0].as_array().unwrap().clone();
        let longitudes: Vec<f64> = ring.iter().map(|p| p[0].as_f64().unwrap()).collect();
        assert_eq!(ring.first(), ring.last());
        assert!(longitudes.windows(2).all(|w| (w[1] - w[0]).abs() < 1.0), "{longitudes:?}");
    }

    #[test]
    fn outlines_around_a_pole_close_over_it() {
        let line: Vec<LonLat> =
            (0..=36).map(|k| LonLat::from_degrees(10.0 * f64::from(k % 36), -80.0)).collect();
        let ring = ring_deg(&line);
        assert_eq!((ring.first(), ring.len()), (ring.last(), 40));
        // Shoelace: the whole strip below 80 degrees south.
        let area: f64 = ring.windows(2).map(|w| w[0][0] * w[1][1] - w[1][0] * w[0][1]).sum::<f64>() / 2.0;
        assert!((area.abs() - 3600.0).abs() < 1e-6, "{area}");
    }
}
