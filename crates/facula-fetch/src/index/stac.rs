// SPDX-License-Identifier: MIT OR Apache-2.0
//! Products as a STAC item collection, for clients that know STAC and not PDS3.
//!
//! # Source
//! STAC 1.1.0 (OGC 25-004); `view:phase_angle` is not in the view extension, hence `facula:` names; extension ssys
//! 1.1.1 for the target.

use facula_core::{Epoch, capitalised, format_utc};
use serde_json::{Map, Value, json};

use crate::index::Product;

/// The products as one GeoJSON feature collection of STAC items. `url_of` gives the address of a product's file.
/// Geometry is null: an index tells no footprint.
pub fn item_collection(products: &[Product], url_of: impl Fn(&Product) -> String) -> Value {
    let features: Vec<Value> = products.iter().map(|product| item(product, url_of(product))).collect();
    json!({ "type": "FeatureCollection", "features": features })
}

fn item(product: &Product, url: String) -> Value {
    json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/ssys/v1.1.1/schema.json"],
        "id": id(product),
        "geometry": null,
        "properties": properties(product),
        "links": [],
        "assets": { "data": { "href": url, "roles": ["data"] } },
    })
}

/// Unique among volumes: the same product may lie in several forms on one.
fn id(product: &Product) -> String {
    let stem = product.path.rsplit('/').next().unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let name = if stem.is_empty() { product.id.as_str() } else { stem };
    if product.volume.is_empty() { name.to_string() } else { format!("{}.{name}", product.volume) }
}

fn properties(product: &Product) -> Value {
    let utc = |epoch: Epoch| json!(format!("{}Z", format_utc(epoch)));
    let mut properties = Map::new();
    properties.insert("datetime".into(), product.start.map_or(Value::Null, utc));
    if let (Some(start), Some(stop)) = (product.start, product.stop) {
        properties.insert("start_datetime".into(), utc(start));
        properties.insert("end_datetime".into(), utc(stop));
    }
    let texts = [
        ("facula:product_id", &product.id),
        ("facula:volume", &product.volume),
        ("facula:data_set", &product.data_set),
        ("facula:phase", &product.phase),
        ("facula:filter", &product.filter),
    ];
    for (key, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        properties.insert((*key).into(), json!(text));
    }
    if !product.target.is_empty() {
        properties.insert("ssys:targets".into(), json!([capitalised(&product.target.to_lowercase())]));
    }
    let numbers = [
        ("facula:exposure_s", product.exposure_s),
        ("facula:phase_angle_deg", product.geometry.phase_deg),
        ("facula:range_km", product.geometry.range_km),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            properties.insert(key.into(), json!(number));
        }
    }
    Value::Object(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_what_stac_demands() {
        let product = Product {
            id: "0035300".into(),
            volume: "DWNCAFC2_1A".into(),
            path: "DATA/FITS/FC21A0035300_15117005020F1I.LBL".into(),
            target: "CERES".into(),
            start: facula_core::parse_utc("2015-04-27T00:50:20.036"),
            exposure_s: Some(5.19),
            ..Product::default()
        };
        let collection = item_collection(&[product, Product::default()], |p| format!("https://x/{}", p.path));
        let item = &collection["features"][0];
        // Required fields of STAC item 1.1.0.
        for key in ["type", "stac_version", "id", "geometry", "properties", "links", "assets"] {
            assert!(item.get(key).is_some(), "{key}");
        }
        assert_eq!(item["id"], "DWNCAFC2_1A.FC21A0035300_15117005020F1I");
        assert_eq!(item["properties"]["datetime"], "2015-04-27T00:50:20.036Z");
        assert_eq!(item["properties"]["ssys:targets"], json!(["Ceres"]));
        assert_eq!(item["assets"]["data"]["href"], "https://x/DATA/FITS/FC21A0035300_15117005020F1I.LBL");
        assert_eq!(collection["features"][1]["properties"]["datetime"], Value::Null);
    }
}
