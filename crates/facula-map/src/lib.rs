// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to maps: orthorectify, normalise, mosaic; Cloud Optimized GeoTIFF and STAC out.
//!
//! In: calibrated frames with camera and pose, a shape, a map grid. Out: a mosaic of normal albedo with uncertainty,
//! quality, coverage and best scale, and its files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cog;
mod crs;
mod error;
mod files;
mod mosaic;
mod orthorectify;
mod products;
mod stac;

pub use cog::{Band, CogImage, CogOptions, Georeference, Overview, Pixels, write_cog};
pub use crs::{CENTRAL_MERIDIAN_DEG, MapCrs};
pub use error::MapError;
pub use mosaic::{Accumulated, GlobalMap, Mosaic};
pub use orthorectify::{Ground, MosaicOptions, Sampling, orthorectify};
pub use products::{ProductInfo, backplanes_tif, plane_bands, write_products};
pub use stac::{
    MEDIA_COG, MEDIA_GEOJSON, MEDIA_PARQUET, MEDIA_TIFF, StacAsset, StacCatalog, StacProduct, StacView,
    write_catalog,
};
