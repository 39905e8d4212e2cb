// SPDX-License-Identifier: MIT OR Apache-2.0
//! The JSON documents: serde structs in the order people read them.

use std::collections::BTreeMap;

use facula_core::{Epoch, format_utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{StacAsset, StacCatalog, StacProduct, StacView, footprint};
use crate::Georeference;

/// Folder of the items inside the catalogue's folder.
pub(super) const ITEM_FOLDER: &str = "stac";

const STAC_VERSION: &str = "1.1.0";
const EXTENSIONS: [&str; 5] = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "https://stac-extensions.github.io/ssys/v1.1.1/schema.json",
];

#[derive(Serialize)]
struct Link {
    rel: &'static str,
    href: String,
    #[serde(rename = "type")]
    media_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// `catalog.json`.
#[derive(Serialize)]
pub(super) struct Catalog {
    #[serde(rename = "type")]
    kind: &'static str,
    stac_version: &'static str,
    id: String,
    title: String,
    description: String,
    links: Vec<Link>,
}

/// `stac/<id>.json`.
#[derive(Serialize)]
pub(super) struct Item {
    #[serde(rename = "type")]
    kind: &'static str,
    stac_version: &'static str,
    stac_extensions: [&'static str; 5],
    id: String,
    geometry: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    properties: Map<String, Value>,
    links: Vec<Link>,
    assets: BTreeMap<String, Asset>,
}

#[derive(Serialize)]
struct Asset {
    href: String,
    title: String,
    #[serde(rename = "type")]
    media_type: String,
    roles: Vec<String>,
    #[serde(rename = "file:checksum", skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    #[serde(rename = "file:size", skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

pub(super) fn catalog(catalog: &StacCatalog, products: &[StacProduct]) -> Catalog {
    let root = Link {
        rel: "root",
        href: "./catalog.json".into(),
        media_type: "application/json",
        title: Some(catalog.title.clone()),
    };
    let item = |product: &StacProduct| Link {
        rel: "item",
        href: format!("./{ITEM_FOLDER}/{}.json", product.id),
        media_type: "application/geo+json",
        title: Some(product.title.clone()),
    };
    Catalog {
        kind: "Catalog",
        stac_version: STAC_VERSION,
        id: catalog.id.clone(),
        title: catalog.title.clone(),
        description: catalog.description.clone(),
        links: std::iter::once(root).chain(products.iter().map(item)).collect(),
    }
}

pub(super) fn item(catalog: &StacCatalog, product: &StacProduct) -> Item {
    let grid = product.georeference.as_ref().map(|place| *place.grid()).or(product.footprint);
    let up = |rel| Link {
        rel,
        href: "../catalog.json".into(),
        media_type: "application/json",
        title: Some(catalog.title.clone()),
    };
    Item {
        kind: "Feature",
        stac_version: STAC_VERSION,
        stac_extensions: EXTENSIONS,
        id: product.id.clone(),
        geometry: grid.as_ref().map_or(Value::Null, footprint::geometry),
        bbox: grid.as_ref().map(footprint::bbox_deg),
        properties: properties(product),
        links: vec![up("root"), up("parent")],
        assets: product.assets.iter().map(|a| (a.key.clone(), asset(a))).collect(),
    }
}

fn asset(asset: &StacAsset) -> Asset {
    let hex = |bytes: &[u8; 32]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    Asset {
        href: format!("../{}", asset.path.trim_start_matches("./")),
        title: asset.title.clone(),
        media_type: asset.media_type.clone(),
        roles: asset.roles.clone(),
        // Multihash: function 0x12 is sha2-256, 0x20 its length in bytes.
        checksum: asset.sha256.as_ref().map(|bytes| format!("1220{}", hex(bytes))),
        size_bytes: asset.size_bytes,
    }
}

fn properties(product: &StacProduct) -> Map<String, Value> {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| all.insert(key.to_string(), value);
    let utc = |epoch: Epoch| format!("{}Z", format_utc(epoch));
    let (start, end) = product.observed;
    put("title", json!(product.title));
    // A range has no single time (STAC 1.1, common metadata).
    put("datetime", if start == end { json!(utc(start)) } else { Value::Null });
    put("start_datetime", json!(utc(start)));
    put("end_datetime", json!(utc(end)));
    put("ssys:targets", json!([product.target]));
    put("processing:level", json!(product.processing_level));
    put("processing:software", json!({ "facula": env!("CARGO_PKG_VERSION") }));
    if let Some(gsd_m) = product.gsd_m.filter(|m| m.is_finite() && *m > 0.0) {
        put("gsd", json!(gsd_m));
    }
    all.extend(product.georeference.iter().flat_map(projection));
    all.extend(view(&product.view));
    all.extend(product.properties.clone());
    all
}

fn projection(place: &Georeference) -> Vec<(String, Value)> {
    let (transform, crs) = (place.transform_m(), place.crs());
    let [step_m, _, west_m, _, _, north_m] = transform;
    let (width, height) = (place.grid().width() as f64, place.grid().height() as f64);
    let bbox_m = [west_m, north_m - height * step_m, west_m + width * step_m, north_m];
    vec![
        ("proj:code".into(), json!(crs.authority_code())),
        ("proj:wkt2".into(), json!(crs.wkt2())),
        ("proj:shape".into(), json!([place.grid().height(), place.grid().width()])),
        ("proj:transform".into(), json!(transform)),
        ("proj:bbox".into(), json!(bbox_m)),
    ]
}

fn view(view: &StacView) -> Vec<(String, Value)> {
    let angles = [
        ("view:incidence_angle", view.emission_deg),
        ("view:off_nadir", view.off_nadir_deg),
        ("view:sun_elevation", view.sun_incidence_deg.map(|incidence_deg| 90.0 - incidence_deg)),
        ("view:sun_azimuth", view.sun_azimuth_deg),
        ("facula:phase_angle", view.phase_deg),
    ];
    let known = |(key, angle): (&str, Option<f64>)| {
        angle.filter(|a| a.is_finite()).map(|angle_deg| (key.to_string(), json!(angle_deg)))
    };
    angles.into_iter().filter_map(known).collect()
}
