// SPDX-License-Identifier: MIT OR Apache-2.0
//! ISIS cubes: bands with their special pixels, attached tables, and the map grid.
//!
//! In: a cube with its label in front and its core behind it, tiled or band sequential, of unsigned bytes, signed or
//! unsigned words, or reals; or a label whose core and tables are in files beside it. Out: its bands and tables as
//! images of an archive file, [`read_table`], and [`Cube`]: the first band (NaN at special pixels), quality, label;
//! [`Cube::into_map`] for cubes in simple cylindrical or equirectangular projection.
//!
//! # Source
//! USGS, "ISIS Cube Format" and "Special Pixels"; ISIS `SpecialPixel.h` (the numbers of special pixels);
//! Snyder (1987), USGS Professional Paper 1395, section 12 (equidistant cylindrical).

mod core;
mod file;
mod table;

use std::path::Path;

use facula_core::{MapGrid, MapImage, Quality, Raster};

use crate::files::read_bounded;
use crate::isis::core::Core;
pub(crate) use crate::isis::file::CubeFile;
pub use crate::isis::table::{Cells, Column, Table};
use crate::pds3::Label;
use crate::{ArchiveError, Limits};

/// Hint of errors about damaged files.
const REFETCH: &str = "fetch the file again: it is damaged or cut short";
/// Hint of errors about sound cubes of other kinds.
const CONVERT: &str = "project it with map2map to simple cylindrical, planetocentric, positive east";
/// How far the angular steps along longitude and latitude may differ, in cells over the whole map.
const SQUARE_CELLS: f64 = 0.01;

/// The first band of an ISIS cube.
#[derive(Debug, Clone)]
pub struct Cube {
    /// Values, `Base + Multiplier * stored`, in the cube's unit (metres for radii); NaN at special pixels.
    pub values: Raster<f32>,
    /// [`Quality::MISSING`] at all special pixels, with [`Quality::SATURATED`] at high saturation (HRS, HIS) and
    /// [`Quality::EXTRAPOLATED`] at low saturation (LRS, LIS).
    pub quality: Raster<Quality>,
    /// The label.
    pub label: Label,
}

/// Reads the first band of an ISIS cube.
///
/// # Errors
/// `Format` for files that are no cubes or cut short, `Unsupported` for other sample types and detached cores
/// (those are read by [`crate::read_image`]), `Limit`, `Io`.
pub fn read_cube(path: &Path, limits: &Limits) -> Result<Cube, ArchiveError> {
    let bytes = read_bounded(path, limits)?;
    parse_cube(&bytes, limits).map_err(|error| error.in_file(path))
}

/// Reads a table attached to an ISIS cube, such as `InstrumentPointing`, at full precision.
///
/// # Errors
/// `NoCoverage` when there is no table of that name, `Format`, `Unsupported` for files that are no cubes, `Limit`,
/// `Io`.
pub fn read_table(path: &Path, name: &str, limits: &Limits) -> Result<Table, ArchiveError> {
    let read = || {
        let bytes = read_bounded(path, limits)?;
        if !is_cube(&bytes) {
            return Err(ArchiveError::unsupported(
                "a table of a file that is no ISIS cube",
                "name a cube with attached tables",
            ));
        }
        CubeFile::open(path, &bytes, limits)?.table(name)
    };
    read().map_err(|error| error.in_file(path))
}

/// Whether the bytes begin as a cube's label does.
pub(crate) fn is_cube(bytes: &[u8]) -> bool {
    let head: Vec<u8> = bytes
        .iter()
        .take(64)
        .filter(|b| !b.is_ascii_whitespace())
        .take(15)
        .map(u8::to_ascii_lowercase)
        .collect();
    head.starts_with(b"object=isiscube")
}

/// As [`read_cube`], from the bytes of a cube.
///
/// # Errors
/// As [`read_cube`].
pub fn parse_cube(bytes: &[u8], limits: &Limits) -> Result<Cube, ArchiveError> {
    if !is_cube(bytes) {
        return Err(ArchiveError::format("the file does not begin with Object = IsisCube", REFETCH));
    }
    let (label, _) = Label::parse(bytes)?;
    let core = Core::of(&label)?;
    if core.detached.is_some() {
        let hint = "make it attached with catoriglab, or read it as an image";
        return Err(ArchiveError::unsupported("a cube with a detached core", hint));
    }
    let (values, quality) = core.read(bytes, 0, limits)?;
    Ok(Cube { values, quality, label })
}

impl Cube {
    /// The cube as a map, when its Mapping group describes a grid of equal steps in longitude and latitude: simple
    /// cylindrical, or equirectangular with the equator as centre latitude; planetocentric, positive east.
    ///
    /// # Errors
    /// `NoCoverage` without a Mapping group, `Unsupported` for other projections, `Format` for damaged values.
    pub fn into_map(self) -> Result<MapImage, ArchiveError> {
        let grid = grid(&self.label, self.values.width(), self.values.height())?;
        Ok(MapImage { grid, values: self.values })
    }
}

fn grid(label: &Label, width: usize, height: usize) -> Result<MapGrid, ArchiveError> {
    let mapping = |key: &str| format!("IsisCube.Mapping.{key}");
    if label.get(&mapping("ProjectionName")).is_none() {
        return Err(ArchiveError::missing("the Mapping group of the cube", CONVERT));
    }
    let unsupported = |what: String| Err(ArchiveError::unsupported(what, CONVERT));
    let value = |key: &str| number(label, &mapping(key));
    let [equatorial_m, polar_m] = [value("EquatorialRadius")?, value("PolarRadius")?];
    let centre_latitude_rad = match word(label, &mapping("ProjectionName"))? {
        "SimpleCylindrical" => 0.0,
        "Equirectangular" => value("CenterLatitude")?.to_radians(),
        other => return unsupported(format!("the projection {other}")),
    };
    if word(label, &mapping("LongitudeDirection"))? != "PositiveEast" {
        return unsupported("a map with longitudes positive west".into());
    }
    if word(label, &mapping("LatitudeType"))? != "Planetocentric" && equatorial_m != polar_m {
        return unsupported("a map with planetographic latitudes".into());
    }
    // Steps are equal only at the centre latitude: longitudes are stretched by its cosine.
    let uneven = width.max(height) as f64 * (1.0 - centre_latitude_rad.cos());
    if uneven.abs() > SQUARE_CELLS {
        let latitude_deg = centre_latitude_rad.to_degrees();
        return unsupported(format!("an equirectangular map with centre latitude {latitude_deg} degrees"));
    }
    let [pixel_m, x_m, y_m] =
        [value("PixelResolution")?, value("UpperLeftCornerX")?, value("UpperLeftCornerY")?];
    let step_rad = pixel_m / equatorial_m;
    if !(step_rad > 0.0 && step_rad <= std::f64::consts::PI) {
        return Err(wrong("PixelResolution", &pixel_m.to_string()));
    }
    let west_rad = value("CenterLongitude")?.to_radians() + x_m / equatorial_m;
    Ok(MapGrid { width, height, west_rad, north_rad: y_m / equatorial_m, step_rad })
}

fn wrong(key: &str, value: &str) -> ArchiveError {
    ArchiveError::format(format!("label of the cube: {key} = {value} cannot be"), REFETCH)
}

fn number(label: &Label, path: &str) -> Result<f64, ArchiveError> {
    let value = label.get(path).ok_or_else(|| absent(path))?;
    value.number().filter(|number| number.is_finite()).ok_or_else(|| wrong(path, &value.to_string()))
}

fn word<'a>(label: &'a Label, path: &str) -> Result<&'a str, ArchiveError> {
    label.text(path).ok_or_else(|| absent(path))
}

fn absent(path: &str) -> ArchiveError {
    ArchiveError::format(format!("the label of the cube has no {path}"), REFETCH)
}

#[cfg(test)]
mod tests;
