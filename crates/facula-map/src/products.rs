// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a map: albedo with sigma, quality, coverage, scale; and frames with their backplanes.

use std::path::{Path, PathBuf};

use facula_core::{Body, IofFrame, Quality, Raster};
use facula_geometry::Backplanes;

use crate::{
    Band, CogImage, CogOptions, Georeference, GlobalMap, MapCrs, MapError, Overview, Pixels, write_cog,
};

/// What to say about a map in its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductInfo {
    /// Metadata for every file, name and value (constants used, campaign, software).
    pub metadata: Vec<(String, String)>,
    /// How files are written.
    pub cog: CogOptions,
}

/// Writes `map.tif` (f32: normal albedo, sigma), `quality.tif` (u8 flags), `coverage.tif` (u16 frames per cell) and
/// `scale.tif` (f32, best metres per pixel) into `folder`, which is made if need be. Gives their paths in this order.
///
/// # Errors
/// As [`write_cog`].
pub fn write_products(
    folder: &Path,
    map: &GlobalMap,
    body: &Body,
    info: &ProductInfo,
) -> Result<Vec<PathBuf>, MapError> {
    std::fs::create_dir_all(folder).map_err(MapError::io("create the folder", folder))?;
    let bits = map.quality.map(Quality::bits);
    let files = [
        (
            "map.tif",
            vec![
                Band::new("normal albedo", "1", Pixels::F32(&map.albedo)),
                Band::new("sigma", "1", Pixels::F32(&map.sigma)),
            ],
        ),
        ("quality.tif", vec![Band::new("quality flags", "", Pixels::U8(&bits)).with_overview(Overview::Or)]),
        ("coverage.tif", vec![Band::new("frames per cell", "1", Pixels::U16(&map.coverage))]),
        (
            "scale.tif",
            vec![
                Band::new("best pixel scale", "m", Pixels::F32(&map.scale_m))
                    .with_overview(Overview::Smallest),
            ],
        ),
    ];
    let crs = MapCrs::of(body);
    let mut written = Vec::new();
    for (name, bands) in files {
        let georeference = Some(Georeference { grid: map.grid, crs: crs.clone() });
        let mut metadata = info.metadata.clone();
        if name == "quality.tif" {
            metadata.extend(flag_names());
        }
        let path = folder.join(name);
        write_cog(&path, &CogImage { georeference, bands, metadata }, &info.cog)?;
        written.push(path);
    }
    Ok(written)
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
