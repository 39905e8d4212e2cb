// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cloud Optimized GeoTIFF, written by ourselves: tiles, deflate or ZSTD with predictor, overviews, IAU coordinate
//! system, statistics, band names, units, scale and offset.
//!
//! In: bands of one type and size, whole ([`CogImage`]) or block by block ([`CogWriter`]). Out: a TIFF (BigTIFF above
//! 4 GiB) whose directories stand before all data and whose smallest overview stands first, as `rio cogeo validate`
//! asks. The bytes depend neither on the number of threads nor on the order of blocks. Blocks without any data are
//! written once a level and shared.
//!
//! # Source
//! TIFF 6.0 (Adobe 1992); BigTIFF (Adobe/LibTIFF 2007); TIFF Technical Note 3 (floating-point predictor); OGC 19-008r4
//! GeoTIFF 1.1; OGC 21-026 Cloud Optimized GeoTIFF 1.0; GDAL's tags 42112 (GDAL_METADATA) and 42113 (GDAL_NODATA).

mod deflate;
mod geokeys;
mod levels;
mod metadata;
mod spool;
mod statistics;
mod stream;
mod tiff;
mod tiles;
mod zstd;

use std::path::Path;

use facula_core::{Body, CellGrid, MapGrid, Raster};
use rayon::prelude::*;

use crate::{MapCrs, MapError};
pub use stream::{CogLayout, CogWriter};
pub(crate) use zstd::frame as zstd_frame;

/// A number type a band can have: `f32` (NaN is "no data"), `u16` or `u8`.
pub trait Sample: tiles::Cells {}
impl Sample for f32 {}
impl Sample for u16 {}
impl Sample for u8 {}

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
    pub(crate) fn size(&self) -> (usize, usize) {
        match self {
            Self::F32(r) => (r.width(), r.height()),
            Self::U16(r) => (r.width(), r.height()),
            Self::U8(r) => (r.width(), r.height()),
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

/// Numbers that are stored smaller: true value = stored value · factor + offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// What a step of the stored value is worth, in the unit of the band.
    pub factor: f64,
    /// What a stored zero is worth, in the unit of the band.
    pub offset: f64,
}

/// What a band is.
#[derive(Debug, Clone, PartialEq)]
pub struct BandInfo {
    /// Description as GDAL and QGIS show it (`normal albedo`).
    pub name: String,
    /// Unit as GDAL shows it (`m`, `degree`); empty for none.
    pub unit: String,
    /// How overviews are made.
    pub overview: Overview,
    /// How stored numbers become true ones; `None`: they are true.
    pub scaling: Option<Scaling>,
}

impl BandInfo {
    /// A band of true values with overviews by mean.
    pub fn new(name: &str, unit: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), overview: Overview::Mean, scaling: None }
    }
}

/// One band of a whole image.
#[derive(Debug, Clone)]
pub struct Band<'a> {
    /// What it is.
    pub info: BandInfo,
    /// The numbers.
    pub pixels: Pixels<'a>,
}

impl<'a> Band<'a> {
    /// A band with overviews by mean.
    pub fn new(name: &str, unit: &str, pixels: Pixels<'a>) -> Self {
        Self { info: BandInfo::new(name, unit), pixels }
    }

    /// The same band with another rule for overviews.
    pub fn with_overview(mut self, overview: Overview) -> Self {
        self.info.overview = overview;
        self
    }
}

/// Where an image lies on the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Georeference {
    grid: CellGrid,
    crs: MapCrs,
    transform_m: [f64; 6],
}

impl Georeference {
    /// Cells of a grid on a body, in the coordinate system of [`MapCrs::of_grid`]; width and height of the grid must be those
    /// of the bands.
    pub fn of(body: &Body, grid: impl Into<CellGrid>) -> Self {
        let grid = grid.into();
        let crs = MapCrs::of_grid(body, &grid);
        let transform_m = crs.transform_of_m(&grid).expect("the system was chosen by the grid");
        Self { grid, crs, transform_m }
    }

    /// Its cells.
    pub fn grid(&self) -> &CellGrid {
        &self.grid
    }

    /// Its coordinate system.
    pub fn crs(&self) -> &MapCrs {
        &self.crs
    }

    /// From cell corners to metres, as [`MapCrs::transform_of_m`].
    pub fn transform_m(&self) -> [f64; 6] {
        self.transform_m
    }
}

/// A place of cells in equal steps of longitude and latitude.
#[derive(Debug, Clone)]
pub(crate) struct AngularPlace {
    pub grid: MapGrid,
    pub crs: MapCrs,
}

impl Georeference {
    /// For what is written of angular grids only.
    pub(crate) fn angular(&self, what: &'static str) -> Result<AngularPlace, MapError> {
        match self.grid {
            CellGrid::Angular(grid) => Ok(AngularPlace { grid, crs: self.crs.clone() }),
            _ => {
                let remedy = "write it of an equirectangular map";
                Err(MapError::Argument { what, found: self.crs.projected_name(), remedy })
            }
        }
    }
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

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Codec {
    /// Deflate, which every TIFF reader knows.
    #[default]
    Deflate,
    /// Zstandard, which GDAL and libtiff know where they were built with it.
    Zstd,
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CogOptions {
    /// Width and height of a block, px; a multiple of 16 (TIFF 6.0, section 15).
    pub tile_px: usize,
    /// How blocks are compressed.
    pub codec: Codec,
    /// Deflate level, 1 (fast) to 9 (small).
    pub deflate_level: u32,
    /// Compressed blocks kept in memory before the others wait in a temporary file beside the target, bytes.
    pub memory_bytes: usize,
}

impl Default for CogOptions {
    /// Blocks of 512 px, deflate, 512 MiB. Level 4: for floating point levels up to 5 are the same (the compressor that
    /// knows the predictor); from 6 on a general one tries too, which gains 3 % on smooth terrain in three times the
    /// time and nothing on noisy maps.
    fn default() -> Self {
        Self { tile_px: 512, codec: Codec::Deflate, deflate_level: 4, memory_bytes: 1 << 29 }
    }
}

/// Writes a Cloud Optimized GeoTIFF; the file appears whole or not at all.
///
/// # Errors
/// [`MapError::Argument`] when bands differ in type or size, or the georeference does not fit them; [`MapError::Io`].
pub fn write_cog(path: &Path, image: &CogImage<'_>, options: &CogOptions) -> Result<(), MapError> {
    let mismatch = || {
        let first = image.bands.first();
        let odd = |band: &&Band<'_>| first.is_some_and(|first| !alike(&first.pixels, &band.pixels));
        let names = image.bands.iter().find(odd).zip(first);
        let found = names.map_or("no bands".into(), |(odd, first)| {
            format!("{} differs in size or type from {}", odd.info.name, first.info.name)
        });
        MapError::Argument {
            what: "bands to write",
            found,
            remedy: "give one band at least; others to other files",
        }
    };
    let first = image.bands.first().ok_or_else(mismatch)?;
    if image.bands.iter().any(|band| !alike(&first.pixels, &band.pixels)) {
        return Err(mismatch());
    }
    match first.pixels {
        Pixels::F32(_) => {
            write_whole(
                path,
                image,
                options,
                |pixels| if let Pixels::F32(r) = pixels { Some(r) } else { None },
            )
        }
        Pixels::U16(_) => {
            write_whole(
                path,
                image,
                options,
                |pixels| if let Pixels::U16(r) = pixels { Some(r) } else { None },
            )
        }
        Pixels::U8(_) => {
            write_whole(
                path,
                image,
                options,
                |pixels| if let Pixels::U8(r) = pixels { Some(r) } else { None },
            )
        }
    }
}

fn alike(a: &Pixels<'_>, b: &Pixels<'_>) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && a.size() == b.size()
}

/// Cuts the rasters into blocks and hands them to a [`CogWriter`], in parallel.
fn write_whole<'a, T: Sample>(
    path: &Path,
    image: &CogImage<'a>,
    options: &CogOptions,
    raster: impl Fn(Pixels<'a>) -> Option<&'a Raster<T>>,
) -> Result<(), MapError> {
    let (width, height) = image.bands[0].pixels.size();
    let rasters: Vec<&Raster<T>> = image.bands.iter().filter_map(|band| raster(band.pixels)).collect();
    let layout = CogLayout {
        georeference: image.georeference.clone(),
        metadata: image.metadata.clone(),
        ..CogLayout::new(width, height, image.bands.iter().map(|band| band.info.clone()).collect())
    };
    let writer = CogWriter::create(path, layout, options)?;
    let (across, down) = writer.blocks();
    (0..across * down).into_par_iter().try_for_each(|index| {
        let (column, line) = (index % across, index / across);
        let cut: Vec<Vec<T>> =
            rasters.iter().map(|raster| block_of(raster, column, line, options.tile_px)).collect();
        writer.put(column, line, &cut.iter().map(Vec::as_slice).collect::<Vec<_>>())
    })?;
    writer.finish()
}

fn block_of<T: Sample>(raster: &Raster<T>, column: usize, line: usize, tile_px: usize) -> Vec<T> {
    let left = column * tile_px;
    let width = tile_px.min(raster.width() - left);
    let mut block = Vec::with_capacity(tile_px * tile_px);
    for line in line * tile_px..raster.height().min((line + 1) * tile_px) {
        block.extend_from_slice(&raster.line(line)[left..left + width]);
        block.resize(block.len() + tile_px - width, T::MISSING);
    }
    block.resize(tile_px * tile_px, T::MISSING);
    block
}

fn check_options(options: &CogOptions) -> Result<(), MapError> {
    let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
    if options.tile_px == 0 || !options.tile_px.is_multiple_of(16) || options.tile_px > 8192 {
        return refuse("tile_px", options.tile_px.to_string(), "use a multiple of 16 from 16 to 8192");
    }
    if !(1..=9).contains(&options.deflate_level) {
        return refuse("deflate_level", options.deflate_level.to_string(), "use 1 to 9");
    }
    Ok(())
}
