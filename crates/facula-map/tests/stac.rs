// SPDX-License-Identifier: MIT OR Apache-2.0
//! The catalogue as a client reads it.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use facula_core::{Body, MapGrid, parse_utc};
use facula_map::{Georeference, MapError, StacAsset, StacCatalog, StacProduct, StacView, write_catalog};
use serde_json::Value;

fn catalog() -> StacCatalog {
    StacCatalog { id: "run".into(), title: "A run".into(), description: "Test".into() }
}

fn product(id: &str) -> StacProduct {
    let title = "Map of Ceres";
    let asset = StacAsset {
        sha256: Some([0xab; 32]),
        size_bytes: Some(1234),
        ..StacAsset::cog("data", &format!("map/{id}.tif"), title)
    };
    let body = Body::built_in("ceres").unwrap();
    let observed = (parse_utc("2015-05-04T00:00:00").unwrap(), parse_utc("2015-05-07T00:00:00").unwrap());
    StacProduct {
        georeference: Some(Georeference::of(&body, MapGrid::global(1800))),
        view: StacView { sun_incidence_deg: Some(30.0), phase_deg: Some(f64::NAN), ..StacView::default() },
        gsd_m: Some(850.0),
        assets: vec![asset],
        ..StacProduct::new(id, title, "Ceres", observed)
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn links_are_relative_and_lead_to_every_item_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_catalog(folder.path(), &catalog(), &[product("map"), product("scale")]).unwrap();
    assert_eq!(written.len(), 3);
    let top = read(&folder.path().join("catalog.json"));
    let items: Vec<_> =
        top["links"].as_array().unwrap().iter().filter(|l| l["rel"] == "item").map(|l| &l["href"]).collect();
    assert_eq!(items, ["./stac/map.json", "./stac/scale.json"]);
    let item_path = folder.path().join("stac/map.json");
    let item = read(&item_path);
    for link in item["links"].as_array().unwrap() {
        assert!(item_path.parent().unwrap().join(link["href"].as_str().unwrap()).is_file());
    }
    assert_eq!(item["assets"]["data"]["href"], "../map/map.tif");
}

#[test]
fn an_item_carries_place_time_target_checksum_and_angles() {
    let folder = tempfile::tempdir().unwrap();
    write_catalog(folder.path(), &catalog(), &[product("map")]).unwrap();
    let item = read(&folder.path().join("stac/map.json"));
    let properties = &item["properties"];
    assert_eq!(properties["proj:code"], "IAU_2015:200000115");
    assert_eq!(properties["proj:shape"], serde_json::json!([1800, 3600]));
    assert_eq!(properties["ssys:targets"], serde_json::json!(["Ceres"]));
    assert_eq!(properties["datetime"], Value::Null);
    assert_eq!(properties["start_datetime"], "2015-05-04T00:00:00.000Z");
    assert_eq!(properties["view:sun_elevation"], 60.0);
    assert!(properties.get("facula:phase_angle").is_none(), "NaN angles are left out");
    // Multihash of sha2-256: 12 20 and 32 bytes (multiformats table).
    assert_eq!(item["assets"]["data"]["file:checksum"], format!("1220{}", "ab".repeat(32)));
    assert_eq!(item["bbox"], serde_json::json!([-180.0, -90.0, 180.0, 90.0]));
}

#[test]
fn identifiers_that_repeat_or_leave_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for bad in
        [vec![product("a"), product("a")], vec![product("../a")], vec![product("")], vec![product(".a")]]
    {
        let error = write_catalog(folder.path(), &catalog(), &bad).unwrap_err();
        assert!(matches!(error, MapError::Argument { .. }), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_frame_without_place_is_an_item_without_geometry() {
    let folder = tempfile::tempdir().unwrap();
    let when = parse_utc("2015-05-04T01:02:03.5").unwrap();
    let mut frame = StacProduct::new("FC21B0036510", "Frame", "Ceres", (when, when));
    frame.properties.insert("facula:warnings".into(), serde_json::json!(["smeared"]));
    write_catalog(folder.path(), &catalog(), &[frame]).unwrap();
    let item = read(&folder.path().join("stac/FC21B0036510.json"));
    assert!(item["geometry"].is_null() && item.get("bbox").is_none());
    assert_eq!(item["properties"]["datetime"], "2015-05-04T01:02:03.500Z");
    assert_eq!(item["properties"]["facula:warnings"][0], "smeared");
}
