// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to maps: orthorectify, normalise, mosaic; Cloud Optimized GeoTIFF, Zarr, picture tiles, PDS4 and STAC out.
//!
//! In: calibrated frames with camera and pose, a shape, a map grid. Out: a mosaic of normal albedo with uncertainty,
//! quality, coverage and best scale, and its files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod accumulator;
mod cog;
mod colour;
mod crs;
mod dtm;
mod error;
mod files;
mod levels;
mod mosaic;
mod orthorectify;
mod overlaps;
mod pds4_map;
mod products;
mod stac;
mod tile_pyramid;
mod zarr;

pub use accumulator::{AccumulatorInfo, accumulator_info, finish_accumulator, merge_accumulators};
pub use cog::{
    Band, BandInfo, Codec, CogImage, CogLayout, CogOptions, CogWriter, Georeference, Overview, Pixels,
    Sample, Scaling, write_cog,
};
pub use colour::write_ratio_picture;
pub use crs::{CENTRAL_MERIDIAN_DEG, GeoTiffProjection, MapCrs};
pub use dtm::{ReliefLight, heights_m, relief_shading, slope_deg};
pub use error::MapError;
pub use levels::{FrameGain, FrameLevels, LevelOptions, equalise_levels};
pub use mosaic::{
    Accumulated, Filters, FinishedTile, FrameRecord, GlobalMap, LevelCoverage, LevelReport, Mosaic,
    MosaicConfig, MosaicRule, Outliers, ScaleLevel, ScaleLevels, ShotError, ShotSource, ShotTicket,
    StreamPlan, Streamed, TILE_CELLS, TileSink, mosaic_streamed,
};
pub use orthorectify::{
    GeometryLayers, Ground, MappedFrame, MosaicOptions, Sampling, SunShape, Terrain, frame_window,
    geometry_layers, orthorectify,
};
pub use overlaps::{OverlapCell, OverlapSample, Overlaps, ShotList, overlap_samples};
pub use pds4_map::{Pds4MapInfo, write_pds4_map};
pub use products::{MapFiles, ProductInfo, backplanes_tif, plane_bands, write_products, write_terrain};
pub use stac::{
    MEDIA_COG, MEDIA_GEOJSON, MEDIA_PARQUET, MEDIA_TIFF, MEDIA_ZARR, StacAsset, StacCatalog, StacProduct,
    StacView, write_catalog,
};
pub use tile_pyramid::{TileOptions, TileSet, write_tiles};
pub use zarr::{ZarrArray, ZarrCodec, ZarrOptions, write_zarr};
