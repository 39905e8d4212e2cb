// SPDX-License-Identifier: MIT OR Apache-2.0
//! Zarr v3 with sharding: the archive form of large maps, read by xarray, zarr-python and GDAL.
//!
//! In: bands of one size on a grid ([`ZarrArray`]), shard by shard or whole. Out: a folder: one array a band, the
//! coordinates `y`, `x`, `lat`, `lon`, and `spatial_ref` with the coordinate system, all with CF attributes. A shard is
//! a file of many compressed chunks with an index at its end, so that a map of a planet is thousands of files and not
//! millions. The folder is written under another name and renamed.
//!
//! Our own writer: the `zarrs` crate brings 125 more crates; what is needed here is metadata as JSON, gzip or ZSTD, and
//! a shard index.
//!
//! # Source
//! Zarr core specification 3.0 and its codecs `sharding_indexed` 1.0, `bytes`, `gzip`, `crc32c`, `zstd`; CF conventions
//! 1.11, section 5.6 and appendix F (grid mappings).

mod metadata;
mod shard;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::Raster;
use rayon::prelude::*;

use crate::cog::AngularPlace;
use crate::files::write_aside;
use crate::{Georeference, MapError, Pixels};

/// How chunks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ZarrCodec {
    /// gzip, which every reader of Zarr has.
    #[default]
    Gzip,
    /// Zstandard: faster to read; known to zarr-python, GDAL and xarray, not yet part of the core specification.
    Zstd,
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZarrOptions {
    /// Side of a chunk, cells: what a reader must fetch at least.
    pub chunk_cells: usize,
    /// Chunks side by side in a shard.
    pub shard_chunks: usize,
    /// How chunks are compressed.
    pub codec: ZarrCodec,
}

impl Default for ZarrOptions {
    /// Chunks of 256, shards of 8 by 8 chunks (2048 cells a side, 16 MB of floats), gzip.
    fn default() -> Self {
        Self { chunk_cells: 256, shard_chunks: 8, codec: ZarrCodec::Gzip }
    }
}

/// A band of a Zarr store.
#[derive(Debug, Clone)]
pub struct ZarrArray<'a> {
    /// Name of the variable: letters, digits and `_`.
    pub name: String,
    /// What it is, for people (`normal albedo`).
    pub long_name: String,
    /// Unit as UDUNITS writes it (`m`, `1`); empty for none.
    pub unit: String,
    /// The numbers.
    pub pixels: Pixels<'a>,
}

impl<'a> ZarrArray<'a> {
    /// A band of numbers.
    pub fn new(name: &str, long_name: &str, unit: &str, pixels: Pixels<'a>) -> Self {
        Self { name: name.into(), long_name: long_name.into(), unit: unit.into(), pixels }
    }
}

/// Writes bands of one grid into the folder `path` (`map.zarr`). A store that is there is replaced when the new one is
/// complete.
///
/// # Errors
/// [`MapError::Argument`] for names, sizes or options that cannot be; [`MapError::Io`].
pub fn write_zarr(
    path: &Path,
    arrays: &[ZarrArray<'_>],
    place: &Georeference,
    options: &ZarrOptions,
) -> Result<(), MapError> {
    let place = &place.angular("grid of a Zarr store")?;
    check(arrays, place, options)?;
    let part = beside(path, "part")?;
    remove(&part)?;
    let written = fill(&part, arrays, place, options).and_then(|()| replace(path, &part));
    if written.is_err() {
        // The first error matters; a leftover is removed by the next run.
        let _ = std::fs::remove_dir_all(&part);
    }
    written
}

fn fill(
    part: &Path,
    arrays: &[ZarrArray<'_>],
    place: &AngularPlace,
    options: &ZarrOptions,
) -> Result<(), MapError> {
    for array in arrays {
        let folder = part.join(&array.name);
        make(&folder)?;
        match array.pixels {
            Pixels::F32(raster) => shards(&folder, raster, options, f32::to_le_bytes)?,
            Pixels::U16(raster) => shards(&folder, raster, options, u16::to_le_bytes)?,
            Pixels::U8(raster) => shards(&folder, raster, options, |value| [value])?,
        }
    }
    for (name, values) in metadata::coordinates(place) {
        let folder = part.join(name).join("c");
        make(&folder)?;
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        write(&folder.join("0"), &bytes)?;
    }
    make(&part.join("spatial_ref"))?;
    write(&part.join("spatial_ref").join("c"), &0i64.to_le_bytes())?;
    let nodes = metadata::arrays(arrays, place, options);
    for (name, node) in &nodes {
        write(&part.join(name).join("zarr.json"), node.to_string().as_bytes())?;
    }
    write(&part.join("zarr.json"), metadata::group(&nodes).to_string().as_bytes())
}

/// Writes the shards of a raster in parallel; those of missing cells alone are left out.
fn shards<T: crate::Sample, const N: usize>(
    folder: &Path,
    raster: &Raster<T>,
    options: &ZarrOptions,
    to_bytes: impl Fn(T) -> [u8; N] + Sync,
) -> Result<(), MapError> {
    let side = options.chunk_cells * options.shard_chunks;
    let (across, down) = (raster.width().div_ceil(side), raster.height().div_ceil(side));
    (0..down).try_for_each(|line| make(&folder.join("c").join(line.to_string())))?;
    (0..across * down).into_par_iter().try_for_each(|index| {
        let (column, line) = (index % across, index / across);
        let chunk = |chunk: usize| {
            let at = |outer: usize, inner: usize| outer * side + inner * options.chunk_cells;
            let corner = (at(column, chunk % options.shard_chunks), at(line, chunk / options.shard_chunks));
            shard::chunk(raster, corner, options, &to_bytes)
        };
        let chunks = (0..options.shard_chunks * options.shard_chunks).map(chunk).collect();
        match shard::assemble(chunks) {
            Some(bytes) => write(&folder.join("c").join(line.to_string()).join(column.to_string()), &bytes),
            None => Ok(()),
        }
    })
}

fn check(arrays: &[ZarrArray<'_>], place: &AngularPlace, options: &ZarrOptions) -> Result<(), MapError> {
    let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
    let size = (place.grid.width, place.grid.height);
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut seen = BTreeSet::from(metadata::RESERVED.map(str::to_string));
    if let Some(odd) = arrays.iter().find(|a| !plain(&a.name) || !seen.insert(a.name.clone())) {
        let remedy = "use each name once, of letters, digits and '_', and not that of a coordinate";
        return refuse("name of a Zarr array", format!("{:?}", odd.name), remedy);
    }
    if let Some(odd) = arrays.iter().find(|a| a.pixels.size() != size) {
        let found = format!("{} of {:?} on a grid of {size:?}", odd.name, odd.pixels.size());
        return refuse("Zarr array", found, "give bands of the size of the grid");
    }
    let sides = (options.chunk_cells, options.shard_chunks);
    if arrays.is_empty() || !(1..=4096).contains(&sides.0) || !(1..=64).contains(&sides.1) {
        let found = format!("{} arrays, chunks of {} cells, {} of them", arrays.len(), sides.0, sides.1);
        return refuse(
            "Zarr store",
            found,
            "give an array, chunks of 1 to 4096 cells, 1 to 64 a side of a shard",
        );
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> Result<PathBuf, MapError> {
    let mut name = path.file_name().map(|name| name.to_os_string()).ok_or_else(|| MapError::Argument {
        what: "path of a Zarr store",
        found: path.display().to_string(),
        remedy: "give a path that ends in a name",
    })?;
    name.push(".");
    name.push(ending);
    Ok(path.with_file_name(name))
}

/// Moves the finished store to its name. A store of an earlier run is moved aside first and removed last.
fn replace(path: &Path, part: &Path) -> Result<(), MapError> {
    let old = beside(path, "old")?;
    remove(&old)?;
    if path.exists() {
        std::fs::rename(path, &old).map_err(MapError::io("move aside", path))?;
    }
    std::fs::rename(part, path).map_err(MapError::io("rename", part))?;
    remove(&old)
}

fn remove(folder: &Path) -> Result<(), MapError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MapError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

fn make(folder: &Path) -> Result<(), MapError> {
    std::fs::create_dir_all(folder).map_err(MapError::io("create the folder", folder))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), MapError> {
    write_aside(path, |writer| writer.write_all(bytes))
}
