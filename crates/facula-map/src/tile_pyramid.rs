// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map as picture tiles for web viewers: `{z}/{x}/{y}.png`, with what WMTS and TileJSON clients need to know.
//!
//! In: a raster on an equirectangular grid and the values that become black and white. Out: a folder with 256² grey
//! tiles (transparent where nothing was measured, tiles without anything left out), `WMTSCapabilities.xml` and
//! `tilejson.json`, written last. The tile matrix set is that of OGC's WorldCRS84Quad on another body: two tiles side
//! by side on level 0, west edge at −180°, north edge at +90°, twice as many tiles each way with each level.
//!
//! # Source
//! OGC 17-083r4 (Two Dimensional Tile Matrix Set 2.0), annex D.3 WorldCRS84Quad; OGC 07-057r7 (WMTS 1.0.0); TileJSON
//! 3.0.0.

mod documents;

use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{LonLat, Raster};
use rayon::prelude::*;

use crate::cog::AngularPlace;
use crate::files::write_aside;
use crate::{Georeference, MapError};

/// Side of a tile, px.
const TILE_PX: usize = 256;
/// Finest level: two million tiles across, beyond any map.
const LEVEL_MOST: u32 = 20;

/// How values become grey.
#[derive(Debug, Clone, PartialEq)]
pub struct TileOptions {
    /// Title of the layer.
    pub title: String,
    /// Value that is black; values below are black too.
    pub black_value: f64,
    /// Value that is white; values above are white too.
    pub white_value: f64,
    /// What the values are, with unit (`normal albedo`), for the description.
    pub quantity: String,
    /// Address the folder will have (`https://example.org/ceres/`), put before those of tiles; empty: they are relative
    /// to the documents, which some clients do not follow.
    pub address: String,
    /// Finest level; `None`: the first whose pixels are not larger than the cells of the map.
    pub finest_level: Option<u32>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileSet {
    /// Finest level.
    pub finest_level: u32,
    /// Tiles written; those without any data are not.
    pub tiles: u64,
    /// `WMTSCapabilities.xml`.
    pub capabilities: PathBuf,
    /// `tilejson.json`.
    pub tile_json: PathBuf,
}

/// Writes the tiles of a raster into `folder`, which is made if need be.
///
/// # Errors
/// [`MapError::Argument`] when the raster is not of the grid's size or black is not below white; [`MapError::Limit`]
/// for more than twenty levels; [`MapError::Io`].
pub fn write_tiles(
    folder: &Path,
    values: &Raster<f32>,
    place: &Georeference,
    options: &TileOptions,
) -> Result<TileSet, MapError> {
    let place = &place.angular("grid of picture tiles")?;
    check(values, place, options)?;
    let native = (std::f64::consts::PI / (TILE_PX as f64 * place.grid.step_rad)).log2() - 1e-9;
    let finest_level = options.finest_level.unwrap_or(native.ceil().max(0.0) as u32);
    if finest_level > LEVEL_MOST {
        let (needed, limit) = (u64::from(finest_level), u64::from(LEVEL_MOST));
        return Err(MapError::Limit {
            what: "a pyramid of tiles, in levels,",
            needed,
            limit,
            remedy: "give a coarser finest_level",
        });
    }
    let pyramid = Pyramid { folder, values, place, options, finest_level };
    let (west, east) = rayon::join(|| pyramid.tile(0, 0, 0), || pyramid.tile(0, 1, 0));
    let tiles = west?.1 + east?.1;
    let (capabilities, tile_json) = (folder.join("WMTSCapabilities.xml"), folder.join("tilejson.json"));
    std::fs::create_dir_all(folder).map_err(MapError::io("create the folder", folder))?;
    let text = documents::capabilities(place, options, finest_level);
    write_aside(&capabilities, |writer| writer.write_all(text.as_bytes()))?;
    let text = documents::tile_json(place, options, finest_level);
    write_aside(&tile_json, |writer| writer.write_all(text.as_bytes()))?;
    Ok(TileSet { finest_level, tiles, capabilities, tile_json })
}

fn check(values: &Raster<f32>, place: &AngularPlace, options: &TileOptions) -> Result<(), MapError> {
    let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
    let (have, want) = ((values.width(), values.height()), (place.grid.width, place.grid.height));
    if have != want || want.0 == 0 || want.1 == 0 || !(place.grid.step_rad > 0.0) {
        return refuse(
            "map to cut into tiles",
            format!("{have:?} values for {want:?} cells"),
            "give the values of the grid",
        );
    }
    let (black, white) = (options.black_value, options.white_value);
    if !(black < white) || !black.is_finite() || !white.is_finite() {
        return refuse(
            "stretch of tiles",
            format!("black {black}, white {white}"),
            "give finite values, black below white",
        );
    }
    Ok(())
}

struct Pyramid<'a> {
    folder: &'a Path,
    values: &'a Raster<f32>,
    place: &'a AngularPlace,
    options: &'a TileOptions,
    finest_level: u32,
}

/// Values of a tile (`None`: nothing measured) and how many tiles were written for it and below it.
type Drawn = (Option<Vec<f32>>, u64);

impl Pyramid<'_> {
    /// Draws a tile from those below it, or from the map on the finest level, and writes it.
    fn tile(&self, level: u32, column: usize, line: usize) -> Result<Drawn, MapError> {
        let (values, below) = if !self.touches(level, column, line) {
            (None, 0)
        } else if level == self.finest_level {
            (self.sampled(level, column, line), 0)
        } else {
            self.joined(level, column, line)?
        };
        let Some(values) = values else { return Ok((None, below)) };
        let folder = self.folder.join(level.to_string()).join(column.to_string());
        std::fs::create_dir_all(&folder).map_err(MapError::io("create the folder", &folder))?;
        let png = self.png(&values);
        write_aside(&folder.join(format!("{line}.png")), |writer| writer.write_all(&png))?;
        Ok((Some(values), below + 1))
    }

    /// Whether a tile has ground of the map in it, by latitude; most maps that are small are so in latitude too.
    fn touches(&self, level: u32, column: usize, line: usize) -> bool {
        let side_rad = std::f64::consts::PI / f64::from(1u32 << level);
        let (north_rad, grid) = (std::f64::consts::FRAC_PI_2 - line as f64 * side_rad, &self.place.grid);
        let south_rad = grid.north_rad - grid.height as f64 * grid.step_rad;
        let in_latitude = north_rad > south_rad && north_rad - side_rad < grid.north_rad;
        let west_rad = column as f64 * side_rad - std::f64::consts::PI;
        // Either the tile begins within the map or the map within the tile.
        let turn = |angle_rad: f64| angle_rad.rem_euclid(std::f64::consts::TAU);
        let in_longitude = turn(west_rad - grid.west_rad) < grid.width as f64 * grid.step_rad
            || turn(grid.west_rad - west_rad) < side_rad;
        in_latitude && in_longitude
    }

    /// The value of the cell at the middle of each pixel.
    fn sampled(&self, level: u32, column: usize, line: usize) -> Option<Vec<f32>> {
        let step_deg = 180.0 / (TILE_PX as f64 * f64::from(1u32 << level));
        let pixel = |index: usize| {
            let x = (column * TILE_PX + index % TILE_PX) as f64 + 0.5;
            let y = (line * TILE_PX + index / TILE_PX) as f64 + 0.5;
            let at =
                self.place.grid.position(LonLat::from_degrees(x * step_deg - 180.0, 90.0 - y * step_deg))?;
            self.values.get(at.x_px.round().max(0.0) as usize, at.y_px.round().max(0.0) as usize)
        };
        let values: Vec<f32> = (0..TILE_PX * TILE_PX).map(|index| pixel(index).unwrap_or(f32::NAN)).collect();
        values.iter().any(|value| !value.is_nan()).then_some(values)
    }

    /// Means of two by two pixels of the four tiles below.
    fn joined(&self, level: u32, column: usize, line: usize) -> Result<Drawn, MapError> {
        let below = |k: usize| self.tile(level + 1, 2 * column + k % 2, 2 * line + k / 2);
        let children: Vec<Drawn> = (0..4usize).into_par_iter().map(below).collect::<Result<_, _>>()?;
        let count = children.iter().map(|(_, count)| count).sum();
        if children.iter().all(|(values, _)| values.is_none()) {
            return Ok((None, count));
        }
        let half = TILE_PX / 2;
        let mut joined = vec![f32::NAN; TILE_PX * TILE_PX];
        for (k, values) in
            children.iter().enumerate().filter_map(|(k, (values, _))| Some((k, values.as_ref()?)))
        {
            for (index, out) in
                (0..half * half).map(|i| (i, (i / half + k / 2 * half) * TILE_PX + i % half + k % 2 * half))
            {
                let first = 2 * (index / half) * TILE_PX + 2 * (index % half);
                let four = [first, first + 1, first + TILE_PX, first + TILE_PX + 1].map(|at| values[at]);
                let valid = || four.iter().filter(|value| !value.is_nan());
                joined[out] = valid().sum::<f32>() / valid().count() as f32;
            }
        }
        Ok((Some(joined), count))
    }

    /// Grey and opacity of each value as a PNG.
    fn png(&self, values: &[f32]) -> Vec<u8> {
        let (black, white) = (self.options.black_value, self.options.white_value);
        let grey = |value: &f32| {
            let fraction = (f64::from(*value) - black) / (white - black);
            if value.is_nan() { [0, 0] } else { [(fraction.clamp(0.0, 1.0) * 255.0).round() as u8, 255] }
        };
        let pixels: Vec<u8> = values.iter().flat_map(grey).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, TILE_PX as u32, TILE_PX as u32);
        encoder.set_color(png::ColorType::GrayscaleAlpha);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
        written.expect("memory takes an image of the stated size");
        bytes
    }
}
