// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a run: catalogues, charts, family tree, STAC catalogue, record.

use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{Body, Epoch, Reporter, capitalised, epoch_from_et_s, parse_utc, write_aside};
use facula_map::{MEDIA_GEOJSON, MEDIA_PARQUET, StacAsset, StacCatalog, StacProduct, write_catalog};
use facula_publish::write_file;
use facula_spots::{
    DetectOptions, ExtraColumn, Search, Slopes, Spot, SpotError, write_geojson_with, write_outlines_geojson,
    write_spots_parquet_with,
};
use serde_json::{Value, json};

use super::charts::{Picture, charts};
use super::family;
use super::spots::{SpotCatalogue, SpotOutcome, SpotRequest};
use crate::RequestError;
use crate::survey::{InputFile, hash_file};

/// Writes the catalogue of spots in its three files: all columns as GeoParquet and GeoJSON, outlines as GeoJSON.
pub(crate) fn spot_files(
    folder: &Path,
    (spots, extra): (&[Spot], &[ExtraColumn]),
    body: &Body,
) -> Result<Vec<PathBuf>, SpotError> {
    let [table, points, outlines] =
        ["spots.parquet", "spots.geojson", "spots_outline.geojson"].map(|name| folder.join(name));
    write_spots_parquet_with(&table, (spots, extra), body)?;
    write_geojson_with(&points, (spots, extra), body)?;
    write_outlines_geojson(&outlines, spots, body)?;
    Ok(vec![table, points, outlines])
}

/// Writes everything; the record comes last and is left in the outcome.
pub(super) fn products(
    outcome: &mut SpotOutcome,
    (request, inputs): (&SpotRequest, &[InputFile]),
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, RequestError> {
    let mut files = Vec::new();
    make_folder(&request.out)?;
    let total = outcome.catalogues.len();
    for (done, catalogue) in outcome.catalogues.iter().enumerate() {
        report.progress(facula_core::Progress { stage: "write", done, total });
        let folder = request.out.join(&catalogue.folder);
        make_folder(&folder)?;
        files.extend(spot_files(&folder, (&catalogue.spots, &catalogue.extra), &outcome.body)?);
        for (name, bytes) in charts(catalogue, &outcome.body)? {
            let path = folder.join(name);
            write_file(&path, &bytes)?;
            files.push(path);
        }
    }
    if let Some(tree) = &outcome.family {
        files.push(write_json(&request.out.join("family.json"), &family::record(tree))?);
    }
    let products: Result<Vec<StacProduct>, RequestError> =
        outcome.catalogues.iter().map(|catalogue| product(catalogue, &request.out, &outcome.body)).collect();
    files.extend(stac((&request.out, "spots", "Bright spots"), &outcome.body, &products?)?);
    outcome.record = record(outcome, (request, inputs));
    files.push(write_json(&request.out.join("spots.json"), &outcome.record)?);
    report.progress(facula_core::Progress { stage: "write", done: total, total });
    Ok(files)
}

pub(super) fn make_folder(folder: &Path) -> Result<(), RequestError> {
    std::fs::create_dir_all(folder).map_err(|error| RequestError::io("make the folder", folder, &error))
}

/// Writes a value as JSON; gives the path.
pub(super) fn write_json(path: &Path, value: &Value) -> Result<PathBuf, RequestError> {
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::other);
    text.and_then(|text| write_aside(path, |out| out.write_all((text + "\n").as_bytes())))
        .map_err(|error| RequestError::io("write", path, &error))?;
    Ok(path.to_path_buf())
}

/// Writes the STAC catalogue of some products.
pub(super) fn stac(
    (folder, id, title): (&Path, &str, &str),
    body: &Body,
    products: &[StacProduct],
) -> Result<Vec<PathBuf>, RequestError> {
    let title = format!("{title} of {}", capitalised(&body.name));
    let catalog = StacCatalog {
        id: format!("{}-{id}", body.name),
        description: format!("{title}. Made by facula {}.", env!("CARGO_PKG_VERSION")),
        title,
    };
    Ok(write_catalog(folder, &catalog, products)?)
}

/// A file of a product, with its hash.
pub(super) fn asset(
    (folder, path): (&Path, &str),
    (key, title, media_type): (&str, &str, &str),
) -> Result<StacAsset, RequestError> {
    let (sha256, size_bytes) = hash_file(&folder.join(path))?;
    Ok(StacAsset {
        key: key.into(),
        path: path.into(),
        title: title.into(),
        media_type: media_type.into(),
        roles: vec![if media_type == "image/png" { "overview" } else { "data" }.into()],
        sha256: Some(sha256),
        size_bytes: Some(size_bytes),
    })
}

/// First and last of some times; J2000 where none is known, as in the catalogues of surveys.
pub(super) fn observed(times_utc: &[String]) -> (Epoch, Epoch) {
    let epochs = || times_utc.iter().filter_map(|utc| parse_utc(utc.trim_end_matches('Z')));
    let unknown = epoch_from_et_s(0.0);
    (epochs().min().unwrap_or(unknown), epochs().max().unwrap_or(unknown))
}

fn product(catalogue: &SpotCatalogue, out: &Path, body: &Body) -> Result<StacProduct, RequestError> {
    let below = if catalogue.folder.is_empty() { String::new() } else { format!("{}/", catalogue.folder) };
    let title = format!("Spots of {}", catalogue.about);
    let target = capitalised(&body.name);
    let mut product = StacProduct::new(
        &format!("spots-{}", catalogue.name),
        &title,
        &target,
        observed(&catalogue.times_utc),
    );
    for (name, key, title, media_type) in [
        ("spots.parquet", "data", "Spots as GeoParquet", MEDIA_PARQUET),
        ("spots.geojson", "geojson", "Spots as GeoJSON", MEDIA_GEOJSON),
        ("spots_outline.geojson", "outlines", "Outlines at half maximum", MEDIA_GEOJSON),
        ("finder.png", "finder", "Finder chart", "image/png"),
    ] {
        product.assets.push(asset((out, &format!("{below}{name}")), (key, title, media_type))?);
    }
    if let Picture::Map { grid, .. } = &catalogue.picture {
        product.footprint = Some((*grid).into());
    }
    product.gsd_m = Some(1000.0 * catalogue.cell_km);
    product.processing_level = "L4".into();
    product.properties = [("facula:spots".to_string(), json!(catalogue.spots.len()))].into();
    Ok(product)
}

fn record(outcome: &SpotOutcome, (request, inputs): (&SpotRequest, &[InputFile])) -> Value {
    let search = match request.search {
        Search::Dark => "dark",
        Search::Both => "both",
        _ => "bright",
    };
    let options = request.detect(&DetectOptions::default(), &[]);
    json!({
        "facula": env!("CARGO_PKG_VERSION"),
        "target": outcome.body.name,
        "body_constants": outcome.body.source.trim(),
        "options": {
            "search": search,
            "slopes": if request.slopes == Slopes::Flagged { "flagged" } else { "left out" },
            "false_alarm_rate": options.false_alarm_rate,
            // None: 5.5 on maps, 5 on frames.
            "least_significance": request.least_significance,
            "least_contrast": options.least_contrast,
            "least_diameter_km": request.diameters_km[0],
            "largest_diameter_km": request.diameters_km[1],
            "completeness_discs": request.completeness,
            "view_km": request.view_km,
        },
        "inputs": inputs,
        "catalogues": outcome.catalogues.iter().map(catalogue_record).collect::<Vec<_>>(),
        "tracks": outcome.family.as_ref().map(|tree| tree.tracks.len()),
    })
}

fn catalogue_record(catalogue: &SpotCatalogue) -> Value {
    let spot = |spot: &Spot| {
        json!({
            "id": spot.id,
            "name": spot.name,
            "longitude_deg": spot.place.longitude_deg(),
            "latitude_deg": spot.place.latitude_deg(),
            "diameter_km": spot.diameter_km,
            "contrast": spot.contrast,
            "significance": spot.significance,
            "host_crater": spot.host_crater,
            "flags": spot.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>(),
        })
    };
    json!({
        "name": catalogue.name,
        "about": catalogue.about,
        "folder": catalogue.folder,
        "cell_km": catalogue.cell_km,
        "spots": catalogue.spots.len(),
        "strongest": catalogue.spots.iter().take(20).map(spot).collect::<Vec<_>>(),
    })
}

/// Mid exposures of the frames of a map, from the record `facula map` leaves beside it.
pub(super) fn times_beside(map: &Path) -> Vec<String> {
    let record = map.with_file_name(crate::maps::RECORD);
    let text = std::fs::read(record).ok();
    let value: Option<Value> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let frames = value.as_ref().and_then(|value| value["frames_of_this_run"].as_array());
    let time = |frame: &Value| frame["mid_exposure_utc"].as_str().map(str::to_string);
    frames.map_or_else(Vec::new, |frames| frames.iter().filter_map(time).collect())
}
