// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where products lie, for tools that open the index as a map layer: the point below the spacecraft.
//!
//! The outline of a frame is not in the archives' indexes; the point is what they tell. Longitude is brought to −180
//! to 180, latitude is planetocentric, both of the product's own target: an index holds several bodies, so that the
//! coordinate system is stated as unknown (`crs: null`).
//!
//! # Source
//! GeoParquet 1.1.0 (geoparquet.org): column `geometry` in WKB, file metadata `geo`. WKB: OGC 06-103r4, 8.2.

use parquet::data_type::ByteArray;

use crate::index::Geometry;

/// Name of the column.
pub(super) const COLUMN: &str = "geometry";
/// Key of the file's metadata.
pub(super) const KEY: &str = "geo";

/// The file's metadata.
pub(super) fn metadata() -> String {
    let column = serde_json::json!({ "encoding": "WKB", "geometry_types": ["Point"], "crs": null });
    let columns = serde_json::json!({ COLUMN: column });
    serde_json::json!({ "version": "1.1.0", "primary_column": COLUMN, "columns": columns }).to_string()
}

/// The point below the spacecraft as WKB, where it is known.
pub(super) fn point(geometry: &Geometry) -> Option<ByteArray> {
    let longitude_deg = geometry.sub_spacecraft_longitude_deg.filter(|degrees| degrees.is_finite())?;
    let latitude_deg = geometry.sub_spacecraft_latitude_deg.filter(|degrees| degrees.abs() <= 90.0)?;
    let longitude_deg = (longitude_deg + 180.0).rem_euclid(360.0) - 180.0;
    // Byte order 1 (little endian), type 1 (point).
    let mut bytes = vec![1u8, 1, 0, 0, 0];
    bytes.extend(longitude_deg.to_le_bytes());
    bytes.extend(latitude_deg.to_le_bytes());
    Some(ByteArray::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_what_the_standard_says() {
        let place = |longitude, latitude| Geometry {
            sub_spacecraft_longitude_deg: longitude,
            sub_spacecraft_latitude_deg: latitude,
            ..Geometry::default()
        };
        // shapely.to_wkb(shapely.Point(-120.5, 20), byte_order=1).hex()
        let wkb = point(&place(Some(239.5), Some(20.0))).unwrap();
        let hex: String = wkb.data().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "01010000000000000000205ec00000000000003440");
        assert!(point(&place(None, Some(1.0))).is_none());
        assert!(
            point(&place(Some(f64::NAN), Some(1.0))).is_none()
                && point(&place(Some(1.0), Some(91.0))).is_none()
        );
    }
}
