// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map in further formats, from its planes in memory.

use std::path::{Path, PathBuf};

use facula_core::{CellGrid, capitalised, format_utc};
use facula_map::{
    Georeference, GlobalMap, Pds4MapInfo, Pixels, TileOptions, ZarrArray, ZarrOptions, write_pds4_map,
    write_tiles, write_zarr,
};

use super::frames::FrameSet;
use crate::RequestError;

/// A format beside GeoTIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapFormat {
    /// Zarr v3 with shards: `map.zarr`.
    Zarr,
    /// Pictures as XYZ and WMTS: `tiles/`.
    Tiles,
    /// Array and PDS4 label: `map.img`, `map.xml`.
    Pds4,
}

/// Part of the measured cells that are black, and that are white, in picture tiles.
const STRETCH: [f64; 2] = [0.005, 0.995];

/// Refuses formats that cannot hold a map of a grid.
pub(super) fn check(formats: &[MapFormat], grid: &CellGrid) -> Result<(), RequestError> {
    let refused = formats.iter().find(|_| !matches!(grid, CellGrid::Angular(_)));
    refused.map_or(Ok(()), |format| {
        let name = "also (for equirectangular maps; leave out --projection, or take the GeoTIFF)";
        Err(RequestError::argument(name, &format!("{format:?}").to_lowercase()))
    })
}

/// Writes a map in a format; gives what people open.
pub(super) fn write(
    format: MapFormat,
    (map, quantity): (&GlobalMap, &str),
    frames: &FrameSet,
    folder: &Path,
) -> Result<PathBuf, RequestError> {
    let place = Georeference::of(&frames.body, map.grid);
    let name = capitalised(&frames.body.name);
    match format {
        MapFormat::Zarr => {
            let flags = map.quality.map(facula_core::Quality::bits);
            let arrays = [
                ZarrArray::new("albedo", quantity, "1", Pixels::F32(&map.albedo)),
                ZarrArray::new("sigma", "one-sigma uncertainty", "1", Pixels::F32(&map.sigma)),
                ZarrArray::new("quality", "quality flags", "", Pixels::U8(&flags)),
                ZarrArray::new("coverage", "frames per cell", "1", Pixels::U16(&map.coverage)),
                ZarrArray::new("scale", "best pixel scale", "m", Pixels::F32(&map.scale_m)),
            ];
            let path = folder.join("map.zarr");
            write_zarr(&path, &arrays, &place, &ZarrOptions::default())?;
            Ok(path)
        }
        MapFormat::Tiles => {
            let [black_value, white_value] = stretch(map);
            let options = TileOptions {
                title: format!("{name}: {quantity}"),
                black_value,
                white_value,
                quantity: quantity.into(),
                address: String::new(),
                finest_level: None,
            };
            Ok(write_tiles(&folder.join("tiles"), &map.albedo, &place, &options)?.capabilities)
        }
        MapFormat::Pds4 => {
            Ok(write_pds4_map(folder, "map", (&map.albedo, &place), &label(frames, quantity))?)
        }
    }
}

fn label(frames: &FrameSet, quantity: &str) -> Pds4MapInfo {
    let name = capitalised(&frames.body.name);
    let times = || frames.shots.iter().map(|shot| shot.pose.mid_exposure);
    let utc = |epoch| format!("{}Z", format_utc(epoch));
    let target_type = if frames.body.name == "ceres" { "Dwarf Planet" } else { "Asteroid" };
    Pds4MapInfo {
        title: format!("Map of {name}: {quantity}"),
        target: name,
        target_type: target_type.into(),
        instrument: frames.shots.first().map_or_else(String::new, |shot| shot.meta.instrument.clone()),
        unit: String::new(),
        times_utc: times().min().zip(times().max()).map(|(first, last)| [utc(first), utc(last)]),
    }
}

fn stretch(map: &GlobalMap) -> [f64; 2] {
    let mut values: Vec<f32> =
        map.albedo.as_slice().iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f32::total_cmp);
    let at =
        |part: f64| values.get((part * (values.len().max(1) - 1) as f64) as usize).copied().unwrap_or(0.0);
    let [low, high] = STRETCH.map(|part| f64::from(at(part)));
    if low < high { [low, high] } else { [low - 0.5, low + 0.5] }
}
