// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cloud Optimized GeoTIFF, written by ourselves: tiles, deflate with predictor, overviews, IAU coordinate system.
//!
//! In: bands of one type and size ([`CogImage`]). Out: a classic TIFF whose directories stand before all data and
//! whose smallest overview stands first, as `rio cogeo validate` asks. Tiles are compressed in parallel; the bytes
//! do not depend on the number of threads.
//!
//! # Source
//! TIFF 6.0 (Adobe 1992); TIFF Technical Note 3 (floating-point predictor); OGC 19-008r4 GeoTIFF 1.1;
//! OGC 21-026 Cloud Optimized GeoTIFF 1.0; GDAL's tags 42112 (GDAL_METADATA) and 42113 (GDAL_NODATA).

mod geokeys;
mod metadata;
mod pyramid;
mod tiff;
mod tiles;

use std::io::Write;
use std::path::Path;

use facula_core::{MapGrid, Raster};

use crate::files::write_aside;
use crate::{MapCrs, MapError};

/// The numbers of a band.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Pixels<'a> {
    /// Floating point; NaN is "no data".
    F32(&'a Raster<f32>),
    /// Counts, without a "no data" value.
    U16(&'a Raster<u16>),
    /// Flags or counts, without a "no data" value.
    U8(&'a Raster<u8>),
}

impl Pixels<'_> {
    fn size(&self) -> (usize, usize) {
        match self {
            Self::F32(r) => (r.width(), r.height()),
            Self::U16(r) => (r.width(), r.height()),
            Self::U8(r) => (r.width(), r.height()),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::F32(_) => "f32",
            Self::U16(_) => "u16",
            Self::U8(_) => "u8",
        }
    }
}

/// How four cells become one of the next coarser overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overview {
    /// Mean of the cells that are not NaN; integers are rounded to the nearest, halves up.
    #[default]
    Mean,
    /// Bitwise OR, for flags; for floating point the north-west valid cell.
    Or,
    /// The smallest valid value, for best scales.
    Smallest,
}

/// One band of an image.
#[derive(Debug, Clone)]
pub struct Band<'a> {
    /// Description as GDAL and QGIS show it (`normal albedo`).
    pub name: String,
    /// Unit as GDAL shows it (`m`, `degree`); empty for none.
    pub unit: String,
    /// The numbers.
    pub pixels: Pixels<'a>,
    /// How overviews are made.
    pub overview: Overview,
}

impl<'a> Band<'a> {
    /// A band with overviews by mean.
    pub fn new(name: &str, unit: &str, pixels: Pixels<'a>) -> Self {
        Self { name: name.into(), unit: unit.into(), pixels, overview: Overview::Mean }
    }

    /// The same band with another rule for overviews.
    pub fn with_overview(self, overview: Overview) -> Self {
        Self { overview, ..self }
    }
}

/// Where an image lies on the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Georeference {
    /// Its cells; width and height must be those of the bands.
    pub grid: MapGrid,
    /// Its coordinate system.
    pub crs: MapCrs,
}

/// An image to write: bands of one type and one size.
#[derive(Debug, Clone)]
pub struct CogImage<'a> {
    /// Place on the body; `None` for camera frames.
    pub georeference: Option<Georeference>,
    /// One band at least.
    pub bands: Vec<Band<'a>>,
    /// Further metadata, name and value, as GDAL lists it.
    pub metadata: Vec<(String, String)>,
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CogOptions {
    /// Width and height of a tile, px; a multiple of 16 (TIFF 6.0, section 15).
    pub tile_px: usize,
    /// Deflate level, 1 (fast) to 9 (small).
    pub deflate_level: u32,
}

impl Default for CogOptions {
    /// Tiles of 512 px. Level 4: on a noisy float map zlib-rs makes files 9 % smaller than at level 1, and higher
    /// levels gain less than 0.3 %.
    fn default() -> Self {
        Self { tile_px: 512, deflate_level: 4 }
    }
}

/// Writes a Cloud Optimized GeoTIFF; the file appears whole or not at all.
///
/// # Errors
/// [`MapError::Argument`] when bands differ in type or size, or the georeference does not fit them;
/// [`MapError::Limit`] above 4 GiB (classic TIFF); [`MapError::Io`].
pub fn write_cog(path: &Path, image: &CogImage<'_>, options: &CogOptions) -> Result<(), MapError> {
    check(image, options)?;
    let bands: Vec<_> = image.bands.iter().map(|band| encode(band, options)).collect();
    let levels = pyramid::by_level(bands);
    let file = tiff::assemble(image, options, &levels)?;
    write_aside(path, |writer| {
        writer.write_all(&file.head)?;
        levels.iter().rev().flat_map(|level| &level.tiles).try_for_each(|tile| writer.write_all(tile))
    })
}

fn encode(band: &Band<'_>, options: &CogOptions) -> Vec<pyramid::EncodedLevel> {
    match band.pixels {
        Pixels::F32(raster) => pyramid::encode(raster, band.overview, options),
        Pixels::U16(raster) => pyramid::encode(raster, band.overview, options),
        Pixels::U8(raster) => pyramid::encode(raster, band.overview, options),
    }
}

fn check(image: &CogImage<'_>, options: &CogOptions) -> Result<(), MapError> {
    let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
    let Some(first) = image.bands.first() else {
        return refuse("image to write", "no bands".into(), "give one band at least");
    };
    let (width, height) = first.pixels.size();
    if width == 0 || height == 0 {
        return refuse("image to write", format!("{width} x {height} pixels"), "give one pixel at least");
    }
    let kind = first.pixels.type_name();
    let differs = |band: &&Band<'_>| band.pixels.size() != (width, height) || band.pixels.type_name() != kind;
    if let Some(odd) = image.bands.iter().find(differs) {
        let found = format!("{} differs in size or type from {}", odd.name, first.name);
        return refuse("bands to write", found, "write them to separate files");
    }
    if let Some(place) = image.georeference.as_ref().map(|g| g.grid)
        && (place.width, place.height) != (width, height)
    {
        let found = format!("grid of {} x {} for bands of {width} x {height}", place.width, place.height);
        return refuse("georeference", found, "give the grid the bands were made on");
    }
    if options.tile_px == 0 || !options.tile_px.is_multiple_of(16) || options.tile_px > 8192 {
        return refuse("tile_px", options.tile_px.to_string(), "use a multiple of 16 from 16 to 8192");
    }
    if !(1..=9).contains(&options.deflate_level) {
        return refuse("deflate_level", options.deflate_level.to_string(), "use 1 to 9");
    }
    Ok(())
}
