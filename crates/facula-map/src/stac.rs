// SPDX-License-Identifier: MIT OR Apache-2.0
//! STAC: a catalogue of what a run wrote, readable by every STAC client.
//!
//! In: what each product is, where it lies, when it was observed ([`StacProduct`]). Out: `catalog.json` in the run's
//! folder and one item per product in `stac/`, with relative links only, so that the folder can be moved.
//!
//! # Source
//! STAC 1.1.0 (OGC 25-004); extensions projection 2.0.0, view 1.0.0, file 2.1.0, processing 1.2.0, ssys 1.1.1.

mod footprint;
mod json;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{CellGrid, Epoch};
use serde::Serialize;

use crate::files::write_aside;
use crate::{Georeference, MapError};

/// Media type of Cloud Optimized GeoTIFF.
pub const MEDIA_COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";
/// Media type of GeoTIFF without a map coordinate system.
pub const MEDIA_TIFF: &str = "image/tiff; application=geotiff";
/// Media type of GeoJSON.
pub const MEDIA_GEOJSON: &str = "application/geo+json";
/// Media type of a Zarr v3 store.
pub const MEDIA_ZARR: &str = "application/vnd.zarr; version=3";
/// Media type of Parquet.
pub const MEDIA_PARQUET: &str = "application/vnd.apache.parquet";

/// The catalogue itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StacCatalog {
    /// Identifier, unique among the catalogues a user has.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// What the run was, in CommonMark.
    pub description: String,
}

/// A file of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StacAsset {
    /// Key within the item (`data`, `sigma`).
    pub key: String,
    /// Path relative to the catalogue's folder, with `/` (`map/map.tif`).
    pub path: String,
    /// One line for people.
    pub title: String,
    /// Media type ([`MEDIA_COG`] …).
    pub media_type: String,
    /// Roles (`data`, `metadata`, `overview`).
    pub roles: Vec<String>,
    /// SHA-256 of the file, where known.
    pub sha256: Option<[u8; 32]>,
    /// Length of the file, bytes, where known.
    pub size_bytes: Option<u64>,
}

/// Angles of view and light at the middle of an observation, degrees, where known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StacView {
    /// Between the local vertical and the line of sight, 0 to 90.
    pub emission_deg: Option<f64>,
    /// Angle between nadir and the line of sight at the spacecraft, 0 to 90.
    pub off_nadir_deg: Option<f64>,
    /// Sun's angle from the local vertical, 0 to 180; written as `view:sun_elevation`.
    pub sun_incidence_deg: Option<f64>,
    /// Azimuth of the Sun from north over east, 0 to 360.
    pub sun_azimuth_deg: Option<f64>,
    /// Sun – body – camera angle, 0 to 180; written as `facula:phase_angle`.
    pub phase_deg: Option<f64>,
}

/// One product of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StacProduct {
    /// Identifier, unique in the catalogue; the stem of the item's file name.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// Body, as people write it (`Ceres`).
    pub target: String,
    /// First and last mid exposure that went into it.
    pub observed: (Epoch, Epoch),
    /// Grid and coordinate system of a map; `None` for frames.
    pub georeference: Option<Georeference>,
    /// Region covered by a product that is no map, where known.
    pub footprint: Option<CellGrid>,
    /// Angles, for frames.
    pub view: StacView,
    /// Ground sample distance, m, where one number fits.
    pub gsd_m: Option<f64>,
    /// Processing level of the extension's list (`L2`, `L3`, `L4`).
    pub processing_level: String,
    /// Its files.
    pub assets: Vec<StacAsset>,
    /// Further properties, such as counts or warnings.
    pub properties: BTreeMap<String, serde_json::Value>,
}

impl StacAsset {
    /// A Cloud Optimized GeoTIFF with role `data`, checksum and size not told.
    pub fn cog(key: &str, path: &str, title: &str) -> Self {
        Self {
            key: key.into(),
            path: path.into(),
            title: title.into(),
            media_type: MEDIA_COG.into(),
            roles: vec!["data".into()],
            sha256: None,
            size_bytes: None,
        }
    }
}

impl StacProduct {
    /// A product of level 3 (mapped) without place, angles and files; set what is known.
    pub fn new(id: &str, title: &str, target: &str, observed: (Epoch, Epoch)) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            target: target.into(),
            observed,
            georeference: None,
            footprint: None,
            view: StacView::default(),
            gsd_m: None,
            processing_level: "L3".into(),
            assets: Vec::new(),
            properties: BTreeMap::new(),
        }
    }
}

/// Writes `catalog.json` and `stac/<id>.json` per product into `folder`; gives the paths written, catalogue last.
///
/// # Errors
/// [`MapError::Argument`] for an identifier that is used twice or cannot be a file name; [`MapError::Io`].
pub fn write_catalog(
    folder: &Path,
    catalog: &StacCatalog,
    products: &[StacProduct],
) -> Result<Vec<PathBuf>, MapError> {
    check_ids(products)?;
    let items = folder.join(json::ITEM_FOLDER);
    std::fs::create_dir_all(&items).map_err(MapError::io("create the folder", &items))?;
    let mut written = Vec::new();
    for product in products {
        let path = items.join(format!("{}.json", product.id));
        write_json(&path, &json::item(catalog, product))?;
        written.push(path);
    }
    // Last: a catalogue never lists an item that is not there.
    let path = folder.join("catalog.json");
    write_json(&path, &json::catalog(catalog, products))?;
    written.push(path);
    Ok(written)
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), MapError> {
    let mut text = serde_json::to_string_pretty(value).expect("keys are strings and numbers finite or null");
    text.push('\n');
    write_aside(path, |writer| writer.write_all(text.as_bytes()))
}

fn check_ids(products: &[StacProduct]) -> Result<(), MapError> {
    let mut seen = BTreeSet::new();
    let usable = |id: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !id.is_empty() && !id.starts_with('.') && id.chars().all(plain)
    };
    match products.iter().find(|product| !usable(&product.id) || !seen.insert(&product.id)) {
        None => Ok(()),
        Some(product) => Err(MapError::Argument {
            what: "STAC product identifier",
            found: format!("{:?}", product.id),
            remedy: "use each identifier once, of letters, digits, '-', '_' and '.'",
        }),
    }
}
