// SPDX-License-Identifier: MIT OR Apache-2.0
//! The JSON of a store: arrays, coordinates, coordinate system, and the group with a copy of them all.

use facula_core::PixelPos;
use serde_json::{Map, Value, json};

use super::{ZarrArray, ZarrCodec, ZarrOptions};
use crate::Pixels;
use crate::cog::AngularPlace;

/// Names taken by coordinates.
pub(super) const RESERVED: [&str; 5] = ["x", "y", "lon", "lat", "spatial_ref"];
/// NaN as xarray writes `_FillValue` of Zarr v3: base64 of its eight bytes, least significant first.
const NAN_BASE64: &str = "AAAAAAAA+H8=";

/// Values of the coordinates at the middle of cells: `y`, `x` in metres, `lat`, `lon` in degrees.
pub(super) fn coordinates(place: &AngularPlace) -> [(&'static str, Vec<f64>); 4] {
    let grid = &place.grid;
    let [step_m, _, west_m, _, _, north_m] = place.crs.transform_m(grid);
    let columns = || (0..grid.width).map(|column| column as f64);
    let lines = || (0..grid.height).map(|line| line as f64);
    let longitude_deg =
        |column: f64| grid.west_rad.to_degrees() + (column + 0.5) * grid.step_rad.to_degrees();
    [
        ("y", lines().map(|line| north_m - (line + 0.5) * step_m).collect()),
        ("x", columns().map(|column| west_m + (column + 0.5) * step_m).collect()),
        ("lat", lines().map(|line| grid.place(PixelPos::new(0.0, line)).latitude_deg()).collect()),
        ("lon", columns().map(longitude_deg).collect()),
    ]
}

/// `zarr.json` of every array, by name.
pub(super) fn arrays(
    arrays: &[ZarrArray<'_>],
    place: &AngularPlace,
    options: &ZarrOptions,
) -> Vec<(String, Value)> {
    let mut nodes: Vec<(String, Value)> =
        arrays.iter().map(|array| (array.name.clone(), band(array, place, options))).collect();
    let grid = &place.grid;
    for (name, dimension, length, standard_name, long_name, unit) in [
        ("y", "y", grid.height, "projection_y_coordinate", "northing", "m"),
        ("x", "x", grid.width, "projection_x_coordinate", "easting", "m"),
        ("lat", "y", grid.height, "latitude", "planetocentric latitude", "degrees_north"),
        ("lon", "x", grid.width, "longitude", "east longitude", "degrees_east"),
    ] {
        let attributes = json!({ "standard_name": standard_name, "long_name": long_name, "units": unit });
        let node = node("float64", (json!([length]), json!([length])), &endian_bytes(8), attributes);
        nodes.push((name.into(), with_dimensions(node, json!([dimension]))));
    }
    let reference = node("int64", (json!([]), json!([])), &endian_bytes(8), reference(place));
    nodes.push(("spatial_ref".into(), with_dimensions(reference, json!([]))));
    nodes
}

/// `zarr.json` of the group, with those of its arrays inside so that one request tells everything.
pub(super) fn group(nodes: &[(String, Value)]) -> Value {
    let inside: Map<String, Value> = nodes.iter().cloned().collect();
    json!({
        "zarr_format": 3,
        "node_type": "group",
        "attributes": { "Conventions": "CF-1.11", "source": concat!("facula ", env!("CARGO_PKG_VERSION")) },
        "consolidated_metadata": { "kind": "inline", "must_understand": false, "metadata": inside },
    })
}

fn band(array: &ZarrArray<'_>, place: &AngularPlace, options: &ZarrOptions) -> Value {
    let (kind, bytes) = match array.pixels {
        Pixels::F32(_) => ("float32", 4),
        Pixels::U16(_) => ("uint16", 2),
        Pixels::U8(_) => ("uint8", 1),
    };
    let codec = match options.codec {
        ZarrCodec::Gzip => json!({ "name": "gzip", "configuration": { "level": 4 } }),
        ZarrCodec::Zstd => json!({ "name": "zstd", "configuration": { "level": 3, "checksum": false } }),
    };
    let sharding = json!([{
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [options.chunk_cells, options.chunk_cells],
            "codecs": [bytes_codec(bytes), codec],
            "index_codecs": [bytes_codec(8), { "name": "crc32c" }],
            "index_location": "end",
        },
    }]);
    let mut attributes =
        json!({ "long_name": array.long_name, "grid_mapping": "spatial_ref", "coordinates": "lat lon" });
    if !array.unit.is_empty() {
        attributes["units"] = json!(array.unit);
    }
    if kind == "float32" {
        attributes["_FillValue"] = json!(NAN_BASE64);
    }
    let side = options.chunk_cells * options.shard_chunks;
    let shapes = (json!([place.grid.height, place.grid.width]), json!([side, side]));
    with_dimensions(node(kind, shapes, &sharding, attributes), json!(["y", "x"]))
}

fn node(kind: &str, (shape, chunk_shape): (Value, Value), codecs: &Value, attributes: Value) -> Value {
    let fill = if kind == "float32" { json!("NaN") } else { json!(0) };
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": kind,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": chunk_shape } },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": fill,
        "codecs": codecs,
        "attributes": attributes,
    })
}

fn with_dimensions(mut node: Value, names: Value) -> Value {
    node["dimension_names"] = names;
    node
}

fn endian_bytes(bytes: usize) -> Value {
    json!([bytes_codec(bytes)])
}

fn bytes_codec(bytes: usize) -> Value {
    if bytes == 1 {
        json!({ "name": "bytes" })
    } else {
        json!({ "name": "bytes", "configuration": { "endian": "little" } })
    }
}

/// Attributes of `spatial_ref`, as CF, GDAL and rioxarray read them.
fn reference(place: &AngularPlace) -> Value {
    let [step_m, _, west_m, _, down_m, north_m] = place.crs.transform_m(&place.grid);
    let wkt = place.crs.wkt2();
    json!({
        "crs_wkt": wkt,
        "spatial_ref": wkt,
        "projected_crs_name": place.crs.projected_name(),
        "GeoTransform": format!("{west_m} {step_m} 0 {north_m} 0 {down_m}"),
    })
}
