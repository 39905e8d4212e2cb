// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes a made-up map in every form a map leaves the house as, with its numbers beside it as plain floats:
//! `map_outputs FOLDER`. `crosscheck/check_map_outputs.py` reads the files back with tools of others.
#![allow(clippy::print_stderr)]

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{Body, MapGrid, PixelPos, Raster, write_aside};
use facula_map::{
    Band, BandInfo, Codec, CogImage, CogLayout, CogOptions, CogWriter, Georeference, Pds4MapInfo, Pixels,
    ReliefLight, TileOptions, ZarrArray, ZarrCodec, ZarrOptions, relief_shading, slope_deg, write_cog,
    write_pds4_map, write_tiles, write_zarr,
};

/// Lines of the map, twice as many columns.
const HEIGHT: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: map_outputs FOLDER");
        std::process::exit(2);
    };
    std::fs::create_dir_all(&folder)?;
    let grid = MapGrid::global(HEIGHT);
    let body = Body::built_in("ceres")?;
    let place = Georeference::of(&body, grid);
    let albedo = albedo(&grid);
    let heights = heights(&grid);
    let counts = Raster::from_vec(
        2 * HEIGHT,
        HEIGHT,
        (0..2 * HEIGHT * HEIGHT).map(|i| (i / 997 % 300) as u16).collect(),
    )
    .ok_or("sizes differ")?;
    plain(&folder.join("albedo.f32"), &albedo)?;
    plain(&folder.join("heights.f32"), &heights)?;
    geotiffs(&folder, &place, &albedo, &counts)?;
    terrain(&folder, (&place, &grid), &heights)?;
    sparse(&folder.join("sparse.tif"), &body)?;
    for (name, codec) in [("map.zarr", ZarrCodec::Gzip), ("map_zstd.zarr", ZarrCodec::Zstd)] {
        let arrays = [
            ZarrArray::new("albedo", "normal albedo", "1", Pixels::F32(&albedo)),
            ZarrArray::new("coverage", "frames per cell", "1", Pixels::U16(&counts)),
        ];
        let options = ZarrOptions { chunk_cells: 100, shard_chunks: 4, codec };
        write_zarr(&folder.join(name), &arrays, &place, &options)?;
    }
    let options = TileOptions {
        title: "Made-up albedo".into(),
        black_value: 0.02,
        white_value: 0.06,
        quantity: "normal albedo".into(),
        address: format!("file://{}/tiles/", folder.canonicalize()?.display()),
        finest_level: None,
    };
    write_tiles(&folder.join("tiles"), &albedo, &place, &options)?;
    let info = Pds4MapInfo {
        title: "Made-up albedo".into(),
        target: "(1) Ceres".into(),
        target_type: "Dwarf Planet".into(),
        instrument: "none".into(),
        ..Pds4MapInfo::default()
    };
    write_pds4_map(&folder, "albedo", (&albedo, &place), &info)?;
    Ok(())
}

/// Waves with a round hole.
fn albedo(grid: &MapGrid) -> Raster<f32> {
    of_grid(grid, |longitude_rad, latitude_rad, index| {
        let hole = (longitude_rad - 2.0).hypot(latitude_rad - 0.3) < 0.4;
        let grain = (index as u32).wrapping_mul(2_654_435_761) >> 20;
        let value =
            0.04 + 0.01 * (7.0 * longitude_rad).sin() * (5.0 * latitude_rad).cos() + 1e-7 * f64::from(grain);
        if hole { f64::NAN } else { value }
    })
}

/// Hills, m.
fn heights(grid: &MapGrid) -> Raster<f32> {
    of_grid(grid, |longitude_rad, latitude_rad, _| {
        4000.0 * (11.0 * longitude_rad).cos() * (9.0 * latitude_rad).sin()
            + 300.0 * (90.0 * longitude_rad).sin()
    })
}

fn of_grid(grid: &MapGrid, value: impl Fn(f64, f64, usize) -> f64) -> Raster<f32> {
    let mut raster = Raster::filled(grid.width, grid.height, 0.0);
    for (index, cell) in raster.as_mut_slice().iter_mut().enumerate() {
        let at = grid.place(PixelPos::new((index % grid.width) as f64, (index / grid.width) as f64));
        *cell = value(at.longitude_rad, at.latitude_rad, index) as f32;
    }
    raster
}

fn plain(path: &Path, raster: &Raster<f32>) -> std::io::Result<()> {
    let bytes: Vec<u8> = raster.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
    write_aside(path, |writer| writer.write_all(&bytes))
}

fn geotiffs(
    folder: &Path,
    place: &Georeference,
    albedo: &Raster<f32>,
    counts: &Raster<u16>,
) -> Result<(), Box<dyn Error>> {
    let image = |bands| CogImage {
        georeference: Some(place.clone()),
        bands,
        metadata: vec![("SOFTWARE".into(), "facula".into())],
    };
    let double = albedo.map(|value| 2.0 * value);
    let two = image(vec![
        Band::new("normal albedo", "1", Pixels::F32(albedo)),
        Band::new("twice of it", "1", Pixels::F32(&double)),
    ]);
    for (name, codec, deflate_level) in [
        ("deflate.tif", Codec::Deflate, 4),
        ("thorough.tif", Codec::Deflate, 9),
        ("zstd.tif", Codec::Zstd, 4),
    ] {
        write_cog(&folder.join(name), &two, &CogOptions { codec, deflate_level, ..CogOptions::default() })?;
    }
    let one = image(vec![Band::new("frames per cell", "1", Pixels::U16(counts))]);
    Ok(write_cog(&folder.join("counts.tif"), &one, &CogOptions::default())?)
}

fn terrain(
    folder: &Path,
    (place, grid): (&Georeference, &MapGrid),
    heights: &Raster<f32>,
) -> Result<(), Box<dyn Error>> {
    let radius_km = place.crs().sphere_radius_m / 1000.0;
    let slope = slope_deg(heights, grid, radius_km)?;
    let shading = relief_shading(heights, grid, radius_km, &ReliefLight::default())?;
    let image = CogImage {
        georeference: Some(place.clone()),
        bands: vec![
            Band::new("height", "m", Pixels::F32(heights)),
            Band::new("slope", "degree", Pixels::F32(&slope)),
            Band::new("relief shading", "1", Pixels::F32(&shading)),
        ],
        metadata: Vec::new(),
    };
    Ok(write_cog(&folder.join("terrain.tif"), &image, &CogOptions::default())?)
}

/// A planet at 35 m per cell of which four blocks are known.
fn sparse(path: &Path, body: &Body) -> Result<(), Box<dyn Error>> {
    let grid = MapGrid::global(42_000);
    let layout = CogLayout {
        georeference: Some(Georeference::of(body, grid)),
        ..CogLayout::<f32>::new(grid.width, grid.height, vec![BandInfo::new("normal albedo", "1")])
    };
    let options = CogOptions::default();
    let writer = CogWriter::create(path, layout, &options)?;
    for (column, line) in [(100, 40), (101, 40), (164, 82), (7, 0)] {
        let block = vec![(column + line) as f32; options.tile_px * options.tile_px];
        writer.put(column, line, &[&block])?;
    }
    Ok(writer.finish()?)
}
