// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cubes put together by hand after the format's description.

use super::*;
use crate::samples::Special;
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
    for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)].repeat(2) {
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
    let cube =
        read(&tiled(|x, y| if y == 1 { special.get(x).copied().unwrap_or(0) } else { 7 }, "Lsb")).unwrap();
    let flags: Vec<Quality> = cube.quality.line(1).to_vec();
    let (null, low, high) = (Quality::MISSING, Special::LOW, Special::HIGH);
    assert_eq!(flags, [null, low, low, high, high]);
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
    assert_eq!(cube.quality.at(4, 2), Special::HIGH);
    assert!(cube.into_map().unwrap_err().to_string().contains("Mapping"));

    let mut bytes = label("BandSequential", "Real", "Msb", "");
    let reals = [0xff7f_fffb_u32, 0xff7f_ffff, 1.5f32.to_bits(), f32::NAN.to_bits(), 0xff7f_fffa];
    bytes.extend((0..30).flat_map(|k| reals[k % 5].to_be_bytes()));
    let cube = read(&bytes).unwrap();
    assert_eq!(cube.values.at(2, 1), 13.0);
    assert_eq!((cube.quality.at(0, 0), cube.quality.at(1, 2)), (Quality::MISSING, Special::HIGH));
    // The lowest valid number, twice, is beyond single precision.
    assert_eq!((cube.quality.at(3, 0), cube.quality.at(4, 0)), (Quality::MISSING, Quality::MISSING));
    assert_eq!(cube.quality.at(2, 0), Quality::GOOD);
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
        bytes.extend([1; 30]);
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
    println!("{} cuts of a cube tried", whole.len());
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
