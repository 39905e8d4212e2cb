// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a map: albedo with sigma, quality, coverage, scale; and frames with their backplanes.

mod map_files;

use std::path::{Path, PathBuf};

pub use map_files::MapFiles;

use facula_core::{Body, IofFrame, MapGrid, Quality, Raster};
use facula_geometry::{Backplanes, Shape};

use crate::{
    Band, CogImage, CogOptions, Georeference, GlobalMap, MapError, Overview, Pixels, ReliefLight, heights_m,
    relief_shading, slope_deg, write_cog,
};

/// What to say about a map in its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductInfo {
    /// Metadata for every file, name and value (constants used, campaign, software).
    pub metadata: Vec<(String, String)>,
    /// How files are written.
    pub cog: CogOptions,
}

/// Writes a map in memory with [`MapFiles`] into `folder`, which is made if need be. Gives the paths of `map.tif`,
/// `quality.tif`, `coverage.tif` and `scale.tif`.
///
/// # Errors
/// As [`write_cog`].
pub fn write_products(
    folder: &Path,
    map: &GlobalMap,
    body: &Body,
    info: &ProductInfo,
) -> Result<Vec<PathBuf>, MapError> {
    let mut files = MapFiles::create(folder, body, map.grid, info)?;
    map.tiles_into(&mut files)?;
    files.finish()
}

/// Writes the terrain of a shape on a grid as one GeoTIFF of three bands: height above the body's ellipsoid (m), slope
/// (degrees), relief shading (0 to 1).
///
/// # Errors
/// As [`write_cog`], [`slope_deg`] and [`relief_shading`].
pub fn write_terrain(
    path: &Path,
    (shape, grid): (&Shape, &MapGrid),
    (body, light): (&Body, &ReliefLight),
    info: &ProductInfo,
) -> Result<(), MapError> {
    let reference = body.ellipsoid();
    let heights = heights_m(shape, &reference, grid);
    let radius_km = reference.mean_radius_km();
    let slope = slope_deg(&heights, grid, radius_km)?;
    let shading = relief_shading(&heights, grid, radius_km, light)?;
    let bands = vec![
        Band::new("height above the ellipsoid", "m", Pixels::F32(&heights)),
        Band::new("slope", "degree", Pixels::F32(&slope)),
        Band::new("relief shading", "1", Pixels::F32(&shading)),
    ];
    let mut metadata = info.metadata.clone();
    metadata.push(("RELIEF_SUN_AZIMUTH_DEG".into(), light.azimuth_deg.to_string()));
    metadata.push(("RELIEF_SUN_ALTITUDE_DEG".into(), light.altitude_deg.to_string()));
    metadata.push(("RELIEF_EXAGGERATION".into(), light.exaggeration_factor.to_string()));
    let georeference = Some(Georeference::of(body, *grid));
    write_cog(path, &CogImage { georeference, bands, metadata }, &info.cog)
}

/// Writes a frame with its backplanes as one multi-band GeoTIFF in pixels (no map coordinate system): I/F, sigma,
/// quality flags, then the bands of [`Backplanes::bands`].
///
/// # Errors
/// As [`write_cog`]; backplanes of another size than the frame are an argument error.
pub fn backplanes_tif(
    path: &Path,
    frame: &IofFrame,
    planes: &Backplanes,
    info: &ProductInfo,
) -> Result<(), MapError> {
    let flags: Raster<f32> = frame.quality.map(|quality| f32::from(quality.bits()));
    let mut bands = vec![
        Band::new("I/F", "1", Pixels::F32(&frame.iof)),
        Band::new("sigma of I/F", "1", Pixels::F32(&frame.sigma)),
        Band::new("quality flags", "", Pixels::F32(&flags)).with_overview(Overview::Or),
    ];
    bands.extend(plane_bands(planes));
    let mut metadata = info.metadata.clone();
    metadata.push(("PRODUCT_ID".into(), frame.meta.id.clone()));
    metadata.extend(flag_names());
    write_cog(path, &CogImage { georeference: None, bands, metadata }, &info.cog)
}

/// The bands of backplanes, for writing.
pub fn plane_bands(planes: &Backplanes) -> Vec<Band<'_>> {
    // The mean of longitudes 359 and 1 would be 180: overviews take a pixel's own value.
    let band = |(name, unit, raster)| Band::new(name, unit, Pixels::F32(raster)).with_overview(Overview::Or);
    planes.bands().into_iter().map(band).collect()
}

fn flag_names() -> Vec<(String, String)> {
    Quality::NAMES
        .iter()
        .map(|(flag, name)| (format!("QUALITY_{}", flag.bits()), (*name).to_string()))
        .collect()
}
