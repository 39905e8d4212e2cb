// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files written by `write_cog`, read back by a small TIFF reader of the test's own.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::PathBuf;

use facula_core::{Body, MapGrid, Raster};
use facula_map::{
    Band, BandInfo, Codec, CogImage, CogLayout, CogOptions, CogWriter, Georeference, MapError, Overview,
    Pixels, write_cog,
};
use flate2::read::ZlibDecoder;
use proptest::prelude::*;

/// Tag numbers and values of one directory, values widened to u64 (offsets of doubles and text stay raw bytes).
type Directory = std::collections::BTreeMap<u16, (u16, Vec<u8>)>;

fn u16_at(b: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([b[at], b[at + 1]]))
}

fn u32_at(b: &[u8], at: usize) -> usize {
    u32::from_le_bytes(b[at..at + 4].try_into().unwrap()) as usize
}

fn directories(bytes: &[u8]) -> Vec<Directory> {
    let (mut at, mut all) = (u32_at(bytes, 4), Vec::new());
    while at != 0 {
        let n = u16_at(bytes, at);
        let mut directory = Directory::new();
        for entry in (0..n).map(|i| at + 2 + 12 * i) {
            let kind = u16_at(bytes, entry + 2);
            let width = [0, 1, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 8][kind];
            let len = width * u32_at(bytes, entry + 4);
            let start = if len <= 4 { entry + 8 } else { u32_at(bytes, entry + 8) };
            directory.insert(u16_at(bytes, entry) as u16, (kind as u16, bytes[start..start + len].to_vec()));
        }
        all.push(directory);
        at = u32_at(bytes, at + 2 + 12 * n);
    }
    all
}

fn numbers(directory: &Directory, tag: u16) -> Vec<usize> {
    let (kind, bytes) = &directory[&tag];
    match kind {
        3 => bytes.chunks(2).map(|c| u16_at(c, 0)).collect(),
        _ => bytes.chunks(4).map(|c| u32_at(c, 0)).collect(),
    }
}

/// Undoes deflate and predictor of one band of one level; values as their little-endian bytes.
fn band_values(bytes: &[u8], d: &Directory, band: usize) -> Vec<Vec<u8>> {
    let one = |tag| numbers(d, tag)[0];
    let (width, height, tile) = (one(256), one(257), one(322));
    let size = numbers(d, 258)[0] / 8;
    let (across, down) = (width.div_ceil(tile), height.div_ceil(tile));
    let (offsets, counts) = (numbers(d, 324), numbers(d, 325));
    let mut out = vec![vec![0; size]; width * height];
    for t in 0..across * down {
        let k = band * across * down + t;
        let mut plain = Vec::new();
        ZlibDecoder::new(&bytes[offsets[k]..offsets[k] + counts[k]]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain.len(), tile * tile * size);
        for (line, row) in plain.chunks(tile * size).enumerate() {
            let values = unpredict(row, size, one(317));
            for (column, value) in values.into_iter().enumerate() {
                let (x, y) = (t % across * tile + column, t / across * tile + line);
                if x < width && y < height {
                    out[y * width + x] = value;
                }
            }
        }
    }
    out
}

fn unpredict(row: &[u8], size: usize, predictor: usize) -> Vec<Vec<u8>> {
    let n = row.len() / size;
    if predictor == 3 {
        let sums: Vec<u8> = row
            .iter()
            .scan(0u8, |s, b| {
                *s = s.wrapping_add(*b);
                Some(*s)
            })
            .collect();
        return (0..n).map(|i| (0..size).rev().map(|plane| sums[plane * n + i]).collect()).collect();
    }
    let mask = (1u64 << (8 * size)) - 1;
    let mut sum = 0u64;
    row.chunks(size)
        .map(|c| {
            let step = c.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b));
            sum = (sum + step) & mask;
            sum.to_le_bytes()[..size].to_vec()
        })
        .collect()
}

fn write(image: &CogImage<'_>, options: &CogOptions) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    write_cog(&path, image, options).unwrap();
    std::fs::read(path).unwrap()
}

fn plain<'a>(bands: Vec<Band<'a>>) -> CogImage<'a> {
    CogImage { georeference: None, bands, metadata: vec![] }
}

fn wave(width: usize, height: usize) -> Raster<f32> {
    let value = |i: usize| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        if (i / 7).is_multiple_of(13) { f32::NAN } else { (x * 0.1).sin() * (y * 0.07).cos() }
    };
    Raster::from_vec(width, height, (0..width * height).map(value).collect()).unwrap()
}

#[test]
fn two_float_bands_come_back_bit_for_bit() {
    let (a, b) = (wave(700, 300), wave(700, 300).map(|v| v * 2.0));
    let bytes = write(
        &plain(vec![Band::new("a", "", Pixels::F32(&a)), Band::new("b", "", Pixels::F32(&b))]),
        &CogOptions { tile_px: 128, ..CogOptions::default() },
    );
    let full = &directories(&bytes)[0];
    for (band, raster) in [&a, &b].into_iter().enumerate() {
        let expected: Vec<_> = raster.as_slice().iter().map(|v| v.to_le_bytes().to_vec()).collect();
        assert!(band_values(&bytes, full, band) == expected);
    }
}

#[test]
fn flags_are_joined_and_counts_averaged_in_overviews() {
    let flags = Raster::from_vec(1024, 2, (0..2048).map(|i| 1u8 << (i % 4)).collect()).unwrap();
    let bytes = write(
        &plain(vec![Band::new("q", "", Pixels::U8(&flags)).with_overview(Overview::Or)]),
        &CogOptions::default(),
    );
    let all = directories(&bytes);
    assert_eq!(all.len(), 2);
    assert_eq!(numbers(&all[1], 254), [1]);
    let half = band_values(&bytes, &all[1], 0);
    assert_eq!((half[0][0], half[1][0]), (0b0011, 0b1100));
    let counts = Raster::from_vec(1024, 2, (0..2048u16).map(|i| i % 2 * 3).collect()).unwrap();
    let bytes = write(&plain(vec![Band::new("n", "", Pixels::U16(&counts))]), &CogOptions::default());
    assert_eq!(band_values(&bytes, &directories(&bytes)[1], 0)[5], 2u16.to_le_bytes());
}

#[test]
fn directories_stand_before_data_and_full_resolution_last() {
    let raster = wave(1500, 900);
    let bytes = write(&plain(vec![Band::new("a", "", Pixels::F32(&raster))]), &CogOptions::default());
    let firsts: Vec<usize> = directories(&bytes).iter().map(|d| numbers(d, 324)[0]).collect();
    assert_eq!(firsts.len(), 3);
    assert!(firsts.is_sorted_by(|a, b| a > b), "{firsts:?}");
    assert!(u32_at(&bytes, 4) < firsts[2]);
    let last = directories(&bytes)[0].clone();
    let end = numbers(&last, 324).last().unwrap() + numbers(&last, 325).last().unwrap();
    assert_eq!(end, bytes.len());
}

#[test]
fn the_north_west_corner_and_cell_size_are_in_metres_on_the_iau_sphere() {
    let grid =
        MapGrid { west_rad: 200f64.to_radians(), north_rad: 0.5, width: 64, height: 32, step_rad: 1e-3 };
    let body = Body::built_in("ceres").unwrap();
    let raster = Raster::filled(64, 32, 1u16);
    let image = CogImage {
        georeference: Some(Georeference::of(&body, grid)),
        bands: vec![Band::new("n", "", Pixels::U16(&raster))],
        metadata: vec![],
    };
    let bytes = write(&image, &CogOptions::default());
    let d = &directories(&bytes)[0];
    let doubles =
        |tag| d[&tag].1.chunks(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect::<Vec<_>>();
    // 20 degrees east of the central meridian on a sphere of 487.3 km: 170 100 m (487300 * pi / 9).
    assert!((doubles(33922)[3] - 170_099.788).abs() < 1e-3, "{:?}", doubles(33922));
    assert!((doubles(33922)[4] - 243_650.0).abs() < 1e-9 && (doubles(33550)[0] - 487.3).abs() < 1e-9);
    assert!(!d.contains_key(&42113), "counts have no missing value");
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let raster = wave(1100, 800);
    let image = plain(vec![Band::new("a", "m", Pixels::F32(&raster))]);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&image, &CogOptions::default()))
    };
    let one = run(1);
    assert!(one == run(2) && one == run(8));
}

#[test]
fn images_that_cannot_be_written_are_refused_with_a_reason() {
    let (small, large) = (Raster::filled(3, 3, 0u8), Raster::filled(4, 3, 0u8));
    let floats = Raster::filled(3, 3, 0f32);
    let band = |p| Band::new("x", "", p);
    let path = PathBuf::from("/dev/null/a.tif");
    let ok = CogOptions::default();
    let cases = [
        (plain(vec![]), ok),
        (plain(vec![band(Pixels::U8(&small)), band(Pixels::U8(&large))]), ok),
        (plain(vec![band(Pixels::U8(&small)), band(Pixels::F32(&floats))]), ok),
        (plain(vec![band(Pixels::U8(&small))]), CogOptions { tile_px: 100, ..ok }),
        (plain(vec![band(Pixels::U8(&small))]), CogOptions { deflate_level: 0, ..ok }),
    ];
    for (image, options) in cases {
        let error = write_cog(&path, &image, &options).unwrap_err();
        assert!(matches!(error, MapError::Argument { .. }), "{error}");
    }
    let error = write_cog(&path, &plain(vec![band(Pixels::U8(&small))]), &ok).unwrap_err();
    assert!(matches!(error, MapError::Io { .. }), "{error}");
}

/// The blocks of a raster in the order of `order`, through a writer.
fn streamed(
    raster: &Raster<f32>,
    options: &CogOptions,
    order: impl Fn(usize) -> usize,
    path: &std::path::Path,
) {
    let layout = CogLayout::new(raster.width(), raster.height(), vec![BandInfo::new("a", "m")]);
    let writer = CogWriter::create(path, layout, options).unwrap();
    let (across, down) = writer.blocks();
    for index in (0..across * down).map(order) {
        let (column, line) = (index % across, index / across);
        // Cells beyond the image hold rubbish on purpose.
        let cell = |i: usize| {
            raster.get(
                column * options.tile_px + i % options.tile_px,
                line * options.tile_px + i / options.tile_px,
            )
        };
        let block: Vec<f32> =
            (0..options.tile_px * options.tile_px).map(|i| cell(i).unwrap_or(1e30)).collect();
        writer.put(column, line, &[&block]).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn blocks_in_any_order_give_the_bytes_of_the_whole_raster() {
    let raster = wave(1100, 830);
    let folder = tempfile::tempdir().unwrap();
    let whole = write(
        &plain(vec![Band::new("a", "m", Pixels::F32(&raster))]),
        &CogOptions { tile_px: 128, ..CogOptions::default() },
    );
    // 9 x 7 blocks; 5 has no divisor in common with 63. Little memory: compressed blocks wait in a file.
    for (name, memory_bytes) in [("memory.tif", 1 << 29), ("file.tif", 100_000)] {
        let options = CogOptions { tile_px: 128, memory_bytes, ..CogOptions::default() };
        let path = folder.path().join(name);
        streamed(&raster, &options, |index| index * 5 % 63, &path);
        assert!(std::fs::read(&path).unwrap() == whole);
        streamed(&raster, &options, |index| 62 - index, &path);
        assert!(std::fs::read(&path).unwrap() == whole);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "temporary files are gone");
}

#[test]
fn blocks_that_never_come_are_missing_on_every_level_and_take_no_room() {
    let (width, height) = (84_000, 42_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.tif");
    let layout = CogLayout::<f32>::new(width, height, vec![BandInfo::new("a", "m")]);
    let options = CogOptions::default();
    let writer = CogWriter::create(&path, layout, &options).unwrap();
    writer.put(3, 2, &[&vec![2.5; 512 * 512]]).unwrap();
    let corner = vec![1.5; 512 * 512];
    writer.put(164, 82, &[&corner]).unwrap();
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() < 400_000, "{}", bytes.len());
    let all = directories(&bytes);
    let sizes: Vec<_> = all.iter().map(|d| (numbers(d, 256)[0], numbers(d, 257)[0])).collect();
    assert_eq!((sizes[0], *sizes.last().unwrap(), sizes.len()), ((84_000, 42_000), (329, 165), 9));
    let smallest: Vec<f32> = band_values(&bytes, &all[8], 0)
        .iter()
        .map(|v| f32::from_le_bytes(v[..].try_into().unwrap()))
        .collect();
    // Block (3, 2) covers cells 6..8 by 4..6 of the level 256 times coarser.
    assert_eq!((smallest[4 * 329 + 6], smallest[5 * 329 + 7], smallest[164 * 329 + 328]), (2.5, 2.5, 1.5));
    assert!(smallest[4 * 329 + 8].is_nan() && smallest[0].is_nan());
}

#[test]
fn a_writer_that_is_dropped_leaves_the_old_file_and_no_leftovers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, b"old").unwrap();
    let layout = CogLayout::<u16>::new(64, 64, vec![BandInfo::new("a", "")]);
    let options = CogOptions { tile_px: 32, memory_bytes: 0, ..CogOptions::default() };
    let writer = CogWriter::create(&path, layout, &options).unwrap();
    let noise: Vec<u16> = (0..1024u16).map(|i| i.wrapping_mul(40_503)).collect();
    writer.put(1, 1, &[&noise]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn blocks_that_cannot_be_taken_are_refused() {
    let layout = CogLayout::<u8>::new(40, 40, vec![BandInfo::new("a", "")]);
    let writer = CogWriter::create(
        &PathBuf::from("a.tif"),
        layout,
        &CogOptions { tile_px: 32, ..CogOptions::default() },
    )
    .unwrap();
    let block = [1u8; 1024];
    writer.put(0, 0, &[&block]).unwrap();
    let refused = [
        writer.put(2, 0, &[&block]),
        writer.put(0, 1, &[&block[1..]]),
        writer.put(1, 0, &[]),
        writer.put(0, 0, &[&block]),
    ];
    assert!(refused.iter().all(|r| matches!(r, Err(MapError::Argument { .. }))), "{refused:?}");
    let empty = CogLayout::<u8>::new(0, 40, vec![BandInfo::new("a", "")]);
    assert!(CogWriter::create(&PathBuf::from("a.tif"), empty, &CogOptions::default()).is_err());
}

#[test]
fn the_zstd_codec_keeps_every_bit() {
    let raster = wave(300, 200);
    let options = CogOptions { codec: Codec::Zstd, tile_px: 512, ..CogOptions::default() };
    let bytes = write(&plain(vec![Band::new("a", "", Pixels::F32(&raster))]), &options);
    let d = &directories(&bytes)[0];
    assert_eq!(numbers(d, 259), [50_000]);
    let (at, n) = (numbers(d, 324)[0], numbers(d, 325)[0]);
    // The magic number of RFC 8878; the content is checked against GDAL in crosscheck/check_map_outputs.py.
    assert_eq!(bytes[at..at + 4], [0x28, 0xb5, 0x2f, 0xfd]);
    let mut plain = Vec::new();
    structured_zstd::decoding::StreamingDecoder::new(&bytes[at..at + n])
        .unwrap()
        .read_to_end(&mut plain)
        .unwrap();
    let first: Vec<u8> = unpredict(&plain[..2048], 4, 3)[1].clone();
    assert_eq!(first, raster.at(1, 0).to_le_bytes());
}

#[test]
fn statistics_stand_in_the_metadata_and_flags_have_none() {
    let raster = Raster::from_vec(2, 2, vec![1.0f32, 2.0, f32::NAN, 6.0]).unwrap();
    let text = |bands| String::from_utf8_lossy(&write(&plain(bands), &CogOptions::default())).into_owned();
    let found = text(vec![Band::new("a", "", Pixels::F32(&raster))]);
    for item in ["MAXIMUM\" sample=\"0\">6<", "MEAN\" sample=\"0\">3<", "VALID_PERCENT\" sample=\"0\">75<"] {
        assert!(found.contains(item), "{item}");
    }
    let flags = Raster::filled(2, 2, 3u8);
    assert!(
        !text(vec![Band::new("q", "", Pixels::U8(&flags)).with_overview(Overview::Or)])
            .contains("STATISTICS")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_size_round_trips(width in 1usize..90, height in 1usize..90, seed in any::<u16>()) {
        let value = |i: usize| (i as u16).wrapping_mul(seed | 1) ^ seed;
        let raster = Raster::from_vec(width, height, (0..width * height).map(value).collect()).unwrap();
        let options = CogOptions { tile_px: 32, ..CogOptions::default() };
        let bytes = write(&plain(vec![Band::new("a", "", Pixels::U16(&raster))]), &options);
        let expected: Vec<_> = raster.as_slice().iter().map(|v| v.to_le_bytes().to_vec()).collect();
        prop_assert_eq!(band_values(&bytes, &directories(&bytes)[0], 0), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_floats_round_trip_through_our_deflate(
        width in 1usize..70, height in 1usize..70, level in 1u32..8, seed in any::<u32>(), kind in 0u32..4,
    ) {
        // Noise, a few values, long runs, and slopes.
        let value = |i: usize| {
            let mixed = (i as u32).wrapping_mul(2_654_435_761) ^ seed;
            match kind {
                0 => f32::from_bits(mixed),
                1 => (mixed >> 30) as f32,
                2 => if (i as u32 / 40).is_multiple_of(3) { f32::NAN } else { seed as f32 },
                _ => i as f32 * 0.37,
            }
        };
        let raster = Raster::from_vec(width, height, (0..width * height).map(value).collect()).unwrap();
        let options = CogOptions { tile_px: 32, deflate_level: level, ..CogOptions::default() };
        let bytes = write(&plain(vec![Band::new("a", "", Pixels::F32(&raster))]), &options);
        let back = band_values(&bytes, &directories(&bytes)[0], 0);
        for (back, value) in back.iter().zip(raster.as_slice()) {
            let back = f32::from_le_bytes(back[..].try_into().unwrap());
            // Blocks of NaN alone are written with the one NaN.
            prop_assert!(back.to_bits() == value.to_bits() || back.is_nan() && value.is_nan());
        }
    }
}
