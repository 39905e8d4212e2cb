// SPDX-License-Identifier: MIT OR Apache-2.0
//! ISIS cubes: the first band with its special pixels, and its map grid.
//!
//! In: a cube with its label in front and its core behind it, tiled or band sequential, of unsigned bytes, signed or
//! unsigned words, or reals. Out: [`Cube`]: values (NaN at special pixels), quality, label; and
//! [`Cube::into_map`] for cubes in simple cylindrical or equirectangular projection.
//!
//! # Source
//! USGS, "ISIS Cube Format" and "Special Pixels"; ISIS `SpecialPixel.h` (the numbers of special pixels);
//! Snyder (1987), USGS Professional Paper 1395, section 12 (equidistant cylindrical).

use std::path::Path;

use facula_core::{MapGrid, MapImage, Quality, Raster};

use crate::files::read_bounded;
use crate::pds3::Label;
use crate::samples::{ByteOrder, Sample, Scaling, decode};
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
    /// [`Quality::SATURATED`] at high saturation (HRS, HIS), [`Quality::MISSING`] at the other special pixels (NULL,
    /// LRS, LIS), which hold no value either.
    pub quality: Raster<Quality>,
    /// The label.
    pub label: Label,
}

/// Reads the first band of an ISIS cube.
///
/// # Errors
/// `Format` for files that are no cubes or cut short, `Unsupported` for other sample types and detached cores,
/// `Limit`, `Io`.
pub fn read_cube(path: &Path, limits: &Limits) -> Result<Cube, ArchiveError> {
    let bytes = read_bounded(path, limits)?;
    parse_cube(&bytes, limits).map_err(|error| error.in_file(path))
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
    let core = Core::of(&label, limits)?;
    let (values, quality) = core.read(bytes)?;
    Ok(Cube { values, quality, label })
}

/// How a type stores numbers, and which stored numbers are special: those without a value and those saturated high.
struct Pixels {
    sample: Sample,
    order: ByteOrder,
    missing: Vec<f64>,
    saturated: Vec<f64>,
}

/// Layout of the core.
struct Core {
    start: u64,
    width: usize,
    height: usize,
    /// Width and height of a tile; whole lines for band sequential cores.
    tile: [usize; 2],
    pixels: Pixels,
    scaling: Scaling,
}

impl Core {
    fn of(label: &Label, limits: &Limits) -> Result<Self, ArchiveError> {
        let whole = |key: &str| -> Result<u64, ArchiveError> {
            let value = number(label, &format!("IsisCube.Core.{key}"))?;
            let sound = value >= 1.0 && value.fract() == 0.0 && value < 9e15;
            sound.then_some(value as u64).ok_or_else(|| wrong(key, &value.to_string()))
        };
        let (width, height) = limits.image_size(whole("Dimensions.Samples")?, whole("Dimensions.Lines")?)?;
        let tile = match word(label, "IsisCube.Core.Format")? {
            "Tile" => {
                // A tile may reach beyond the image, but never be larger than any image.
                let (w, h) = limits.image_size(whole("TileSamples")?, whole("TileLines")?)?;
                [w, h]
            }
            "BandSequential" => [width, 1],
            other => return Err(wrong("Format", other)),
        };
        let optional = |key: &str, absent: f64| {
            label
                .get(&format!("IsisCube.Core.Pixels.{key}"))
                .map_or(Ok(absent), |_| number(label, &format!("IsisCube.Core.Pixels.{key}")))
        };
        if label.get("IsisCube.Core.^Core").is_some() {
            return Err(ArchiveError::unsupported(
                "a cube with a detached core",
                "make it attached with catoriglab",
            ));
        }
        let pixels = Pixels::of(label)?;
        let offset = optional("Base", 0.0)?;
        let factor = optional("Multiplier", 1.0)?;
        Ok(Self {
            start: whole("StartByte")? - 1,
            width,
            height,
            tile,
            scaling: Scaling { factor, offset, special: Vec::new() },
            pixels,
        })
    }

    /// Values and quality of the first band; tiles stand in lines of tiles, each padded to its full size.
    fn read(&self, bytes: &[u8]) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let [tile_width, tile_height] = self.tile;
        let (across, down) = (self.width.div_ceil(tile_width), self.height.div_ceil(tile_height));
        let size = self.pixels.sample.bytes();
        let per_tile = (tile_width as u64).saturating_mul(tile_height as u64).saturating_mul(size as u64);
        let needed = per_tile.saturating_mul(across as u64 * down as u64);
        let held = (bytes.len() as u64).saturating_sub(self.start);
        if held < needed {
            return Err(ArchiveError::cut("the core of the cube", needed, held));
        }
        // From here on all sizes are those of slices that exist.
        let core = &bytes[self.start as usize..];
        let mut values = Raster::filled(self.width, self.height, f32::NAN);
        let mut quality = Raster::filled(self.width, self.height, Quality::MISSING);
        let mut line_values = Vec::new();
        for line in 0..self.height {
            for column in 0..across {
                let tile = (line / tile_height) * across + column;
                let first = (tile * tile_height + line % tile_height) * tile_width * size;
                let x = column * tile_width;
                let count = tile_width.min(self.width - x);
                let stored = &core[first..first + count * size];
                line_values.clear();
                self.pixels.decode(stored, &self.scaling, &mut line_values);
                for (k, (value, flag)) in line_values.iter().enumerate() {
                    values.set(x + k, line, *value);
                    quality.set(x + k, line, *flag);
                }
            }
        }
        Ok((values, quality))
    }
}

impl Pixels {
    fn of(label: &Label) -> Result<Self, ArchiveError> {
        let order = match word(label, "IsisCube.Core.Pixels.ByteOrder")? {
            "Lsb" => ByteOrder::Little,
            "Msb" => ByteOrder::Big,
            other => return Err(wrong("ByteOrder", other)),
        };
        let bits = |bits: u32| f64::from(f32::from_bits(bits));
        // NULL, LRS, LIS; then HIS, HRS.
        let (sample, missing, saturated) = match word(label, "IsisCube.Core.Pixels.Type")? {
            "UnsignedByte" => (Sample::U8, vec![0.0], vec![255.0]),
            "SignedWord" => (Sample::I16, vec![-32768.0, -32767.0, -32766.0], vec![-32765.0, -32764.0]),
            "UnsignedWord" => (Sample::U16, vec![0.0, 1.0, 2.0], vec![65534.0, 65535.0]),
            "Real" => (
                Sample::F32,
                vec![bits(0xff7f_fffb), bits(0xff7f_fffc), bits(0xff7f_fffd)],
                vec![bits(0xff7f_fffe), bits(0xff7f_ffff)],
            ),
            other => {
                let what = format!("a cube of {other} samples");
                return Err(ArchiveError::unsupported(what, "convert it with cubeatt to Real"));
            }
        };
        Ok(Self { sample, order, missing, saturated })
    }

    /// Stored numbers to values with their flags.
    fn decode(&self, stored: &[u8], scaling: &Scaling, out: &mut Vec<(f32, Quality)>) {
        let mut raw = Vec::with_capacity(stored.len() / self.sample.bytes());
        decode(stored, (self.sample, self.order), &Scaling::default(), &mut raw);
        out.extend(raw.into_iter().map(|raw| {
            let number = f64::from(raw);
            if self.saturated.contains(&number) {
                (f32::NAN, Quality::SATURATED)
            } else if self.missing.contains(&number) || !number.is_finite() {
                (f32::NAN, Quality::MISSING)
            } else {
                ((scaling.offset + scaling.factor * number) as f32, Quality::GOOD)
            }
        }));
    }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LABEL_BYTES: usize = 1500;

    /// A cube of 5 x 3 pixels, tiles of 4 x 2: made by hand after the format's description.
    fn label(format: &str, kind: &str, order: &str, mapping: &str) -> Vec<u8> {
        let text = format!(
            "Object = IsisCube\n  Object = Core\n    StartByte = {}\n    Format = {format}\n    TileSamples = 4\n\
             TileLines = 2\n    Group = Dimensions\n      Samples = 5\n      Lines = 3\n      Bands = 2\n\
             End_Group\n    Group = Pixels\n      Type = {kind}\n      ByteOrder = {order}\n      Base = 10.0\n\
             Multiplier = 2.0\n    End_Group\n  End_Object\n{mapping}End_Object\n\nObject = Label\n\
             Bytes = {LABEL_BYTES}\nEnd_Object\nEnd\n",
            LABEL_BYTES + 1
        );
        let mut bytes = text.into_bytes();
        assert!(bytes.len() <= LABEL_BYTES);
        bytes.resize(LABEL_BYTES, 0);
        bytes
    }

    const MAPPING: &str = "Group = Mapping\nProjectionName = SimpleCylindrical\nCenterLongitude = 0.0\n\
        EquatorialRadius = 1000.0 <meters>\nPolarRadius = 900.0 <meters>\nLatitudeType = Planetocentric\n\
        LongitudeDirection = PositiveEast\nUpperLeftCornerX = -100.0 <meters>\nUpperLeftCornerY = 50.0 <meters>\n\
        PixelResolution = 20.0 <meters/pixel>\nEnd_Group\n";

    fn tiled(stored: impl Fn(usize, usize) -> i16, order: &str) -> Vec<u8> {
        let mut bytes = label("Tile", "SignedWord", order, MAPPING);
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for (line, sample) in (0..2).flat_map(|l| (0..4).map(move |s| (l, s))) {
                let value = stored(column * 4 + sample, row * 2 + line);
                bytes.extend(if order == "Lsb" { value.to_le_bytes() } else { value.to_be_bytes() });
            }
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Cube, ArchiveError> {
        parse_cube(bytes, &Limits::default())
    }

    #[test]
    fn tiles_are_put_together_and_padding_is_left_out() {
        for order in ["Lsb", "Msb"] {
            let cube = read(&tiled(|x, y| (10 * y + x) as i16, order)).unwrap();
            assert_eq!((cube.values.width(), cube.values.height()), (5, 3));
            for (x, y) in [(0, 0), (3, 1), (4, 0), (4, 2), (2, 2)] {
                assert_eq!(cube.values.at(x, y), 10.0 + 2.0 * (10 * y + x) as f32, "{x} {y}");
            }
        }
    }

    #[test]
    fn special_pixels_have_no_value_and_say_which() {
        let special = [-32768, -32767, -32766, -32765, -32764];
        let cube = read(&tiled(|x, y| if y == 1 { special.get(x).copied().unwrap_or(0) } else { 7 }, "Lsb"))
            .unwrap();
        let flags: Vec<Quality> = cube.quality.line(1).to_vec();
        let (missing, saturated) = (Quality::MISSING, Quality::SATURATED);
        assert_eq!(flags, [missing, missing, missing, saturated, saturated]);
        assert!(cube.values.line(1).iter().all(|value| value.is_nan()));
        assert!(cube.quality.line(0).iter().all(|flag| flag.is_good()));
    }

    #[test]
    fn band_sequential_bytes_and_reals_are_read() {
        let mut bytes = label("BandSequential", "UnsignedByte", "Lsb", "");
        bytes.extend((0..30).map(|k| if k == 14 { 255 } else { k as u8 }));
        let cube = read(&bytes).unwrap();
        assert!(cube.values.at(0, 0).is_nan(), "0 is NULL");
        assert_eq!((cube.values.at(1, 0), cube.values.at(0, 1)), (12.0, 20.0));
        assert_eq!(cube.quality.at(4, 2), Quality::SATURATED);
        assert!(cube.into_map().unwrap_err().to_string().contains("Mapping"));

        let mut bytes = label("BandSequential", "Real", "Msb", "");
        let reals = [0xff7f_fffb_u32, 0xff7f_ffff, 1.5f32.to_bits(), f32::NAN.to_bits(), 0xff7f_fffa];
        bytes.extend((0..15).flat_map(|k| reals[k % 5].to_be_bytes()));
        let cube = read(&bytes).unwrap();
        assert_eq!(cube.values.at(2, 1), 13.0);
        assert_eq!((cube.quality.at(0, 0), cube.quality.at(1, 2)), (Quality::MISSING, Quality::SATURATED));
        assert_eq!((cube.quality.at(3, 0), cube.quality.at(4, 0)), (Quality::MISSING, Quality::GOOD));
    }

    #[test]
    fn the_mapping_group_places_the_cells() {
        let map = read(&tiled(|_, _| 0, "Lsb")).unwrap().into_map().unwrap();
        // Metres on a sphere of 1000 m: 0.1 rad west of the centre, 0.05 rad north, steps of 0.02 rad.
        assert!((map.grid.west_rad + 0.1).abs() < 1e-15 && (map.grid.north_rad - 0.05).abs() < 1e-15);
        assert!((map.grid.step_rad - 0.02).abs() < 1e-15);
    }

    #[test]
    fn grids_that_are_not_ours_are_refused_with_the_reason() {
        for (from, to, part) in [
            ("SimpleCylindrical", "Sinusoidal", "Sinusoidal"),
            ("SimpleCylindrical", "Equirectangular\nCenterLatitude = 30", "centre latitude"),
            ("PositiveEast", "PositiveWest", "positive west"),
            ("Planetocentric", "Planetographic", "planetographic"),
            ("PixelResolution = 20.0", "PixelResolution = -1", "PixelResolution"),
            ("EquatorialRadius", "Radius", "EquatorialRadius"),
        ] {
            let mut bytes = label("BandSequential", "UnsignedByte", "Lsb", &MAPPING.replace(from, to));
            bytes.extend([1; 15]);
            let error = read(&bytes).unwrap().into_map().unwrap_err().to_string();
            assert!(error.contains(part), "{to}: {error}");
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused_before_anything_is_made() {
        let sound = String::from_utf8(label("Tile", "SignedWord", "Lsb", "")).unwrap();
        for (from, to) in [
            ("Samples = 5", "Samples = 5000000000"),
            ("Lines = 3", "Lines = 0"),
            ("TileSamples = 4", "TileSamples = 4000000"),
            ("TileLines = 2", "TileLines = -2"),
            ("StartByte = 1501", "StartByte = 9e99"),
            ("StartByte = 1501", "StartByte = 8000000000000000"),
            ("Type = SignedWord", "Type = Double"),
            ("Format = Tile", "Format = Jpeg"),
            ("ByteOrder = Lsb", "ByteOrder = Pdp"),
        ] {
            assert!(sound.contains(from), "{from}");
            let mut bytes = sound.replace(from, to).into_bytes();
            bytes.extend([0; 64]);
            assert!(read(&bytes).is_err(), "{to}");
        }
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = tiled(|_, _| 3, "Lsb");
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "cut at {length}");
        }
        assert!(read(&whole).is_ok());
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(at in 0usize..600, byte in 0u8..=255) {
            let mut bytes = tiled(|_, _| 3, "Lsb");
            bytes[at] = byte;
            if let Ok(cube) = read(&bytes) {
                let _ = cube.into_map();
            }
        }
    }
}
