// SPDX-License-Identifier: MIT OR Apache-2.0
//! Zarr stores, picture tiles and PDS4 products: what lies where, what it says, and what is refused.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::Path;

use facula_core::{Body, MapGrid, Raster};
use facula_map::{
    Georeference, MapError, Pds4MapInfo, Pixels, TileOptions, ZarrArray, ZarrOptions, write_pds4_map,
    write_terrain, write_tiles, write_zarr,
};
use serde_json::Value;

fn on(grid: MapGrid) -> Georeference {
    Georeference::of(&Body::built_in("ceres").unwrap(), grid)
}

fn place(height: usize) -> Georeference {
    on(MapGrid::global(height))
}

/// Values 0, 1, 2, … with the western half missing.
fn half_known(height: usize) -> Raster<f32> {
    let width = 2 * height;
    let value = |i: usize| if i % width < height { f32::NAN } else { i as f32 };
    Raster::from_vec(width, height, (0..width * height).map(value).collect()).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

const SMALL: ZarrOptions =
    ZarrOptions { chunk_cells: 5, shard_chunks: 2, codec: facula_map::ZarrCodec::Gzip };

#[test]
fn a_zarr_store_has_shards_with_chunks_where_the_index_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("map.zarr");
    let values = half_known(20);
    write_zarr(
        &store,
        &[ZarrArray::new("albedo", "normal albedo", "1", Pixels::F32(&values))],
        &place(20),
        &SMALL,
    )
    .unwrap();
    // Shards of ten cells: the two western columns of four hold nothing and are not there.
    assert!(!store.join("albedo/c/0/1").exists() && store.join("albedo/c/1/2").exists());
    let shard = std::fs::read(store.join("albedo/c/1/3")).unwrap();
    let index = shard.len() - 4 - 4 * 16;
    let number = |k: usize| u64::from_le_bytes(shard[index + 8 * k..][..8].try_into().unwrap()) as usize;
    // Chunk (1, 0) of the shard: lines 15 to 19, columns 30 to 34.
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&shard[number(4)..number(4) + number(5)]).read_to_end(&mut plain).unwrap();
    let first = f32::from_le_bytes(plain[..4].try_into().unwrap());
    assert_eq!((plain.len(), first), (100, (15 * 40 + 30) as f32));
    let group = json(&store.join("zarr.json"));
    let inside = &group["consolidated_metadata"]["metadata"]["albedo"];
    assert_eq!(inside, &json(&store.join("albedo/zarr.json")));
    assert_eq!(inside["shape"], serde_json::json!([20, 40]));
    assert_eq!(inside["attributes"]["grid_mapping"], "spatial_ref");
    let north = std::fs::read(store.join("lat/c/0")).unwrap();
    assert_eq!(f64::from_le_bytes(north[..8].try_into().unwrap()), 85.5);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no leftovers");
}

#[test]
fn a_new_zarr_store_replaces_the_old_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("map.zarr");
    let values = Raster::filled(4, 2, 1.0f32);
    for name in ["old", "new"] {
        write_zarr(&store, &[ZarrArray::new(name, "", "", Pixels::F32(&values))], &place(2), &SMALL).unwrap();
    }
    assert!(store.join("new").exists() && !store.join("old").exists());
    let bad = [ZarrArray::new("lat", "", "", Pixels::F32(&values))];
    assert!(matches!(write_zarr(&store, &bad, &place(2), &SMALL), Err(MapError::Argument { .. })));
    assert!(store.join("new").exists());
}

#[test]
fn zarr_stores_that_cannot_be_are_refused() {
    let path = Path::new("/dev/null/map.zarr");
    let values = Raster::filled(4, 2, 1u8);
    let array = |name: &str| ZarrArray::new(name, "", "", Pixels::U8(&values));
    let refused = |arrays: &[ZarrArray<'_>], height, options: &ZarrOptions| {
        matches!(write_zarr(path, arrays, &place(height), options), Err(MapError::Argument { .. }))
    };
    assert!(refused(&[array("a/b")], 2, &SMALL) && refused(&[array("a"), array("a")], 2, &SMALL));
    assert!(refused(&[array("a")], 3, &SMALL) && refused(&[], 2, &SMALL));
    assert!(refused(&[array("a")], 2, &ZarrOptions { chunk_cells: 0, ..SMALL }));
    assert!(matches!(write_zarr(path, &[array("a")], &place(2), &SMALL), Err(MapError::Io { .. })));
}

fn tile_options() -> TileOptions {
    TileOptions {
        title: "Albedo & more".into(),
        black_value: 0.0,
        white_value: 255.0,
        quantity: "normal albedo".into(),
        address: "https://example.org/ceres/".into(),
        finest_level: None,
    }
}

/// Grey and opacity of a tile's pixel.
fn pixel(path: &Path, x: usize, y: usize) -> (u8, u8) {
    let mut reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut bytes).unwrap();
    let at = 2 * (y * 256 + x);
    (bytes[at], bytes[at + 1])
}

#[test]
fn tiles_lie_where_longitude_and_latitude_say_and_gaps_are_transparent() {
    let folder = tempfile::tempdir().unwrap();
    // 1024 x 512 cells: level 1 has their size. Value: whole degrees of latitude north of the south pole.
    let grid = MapGrid::global(512);
    let value = |i: usize| {
        let (column, line) = (i % 1024, i / 1024);
        // East longitudes 90 to 180 are missing.
        if (256..512).contains(&column) { f32::NAN } else { (511 - line) as f32 * 180.0 / 512.0 }
    };
    let values = Raster::from_vec(1024, 512, (0..1024 * 512).map(value).collect()).unwrap();
    let set = write_tiles(folder.path(), &values, &on(grid), &tile_options()).unwrap();
    // Level 1 has 4 x 2 tiles; column 3 (90 to 180 degrees east) is missing.
    assert_eq!((set.finest_level, set.tiles), (1, 6 + 2));
    assert!(!folder.path().join("1/3").exists());
    // Tile (1, 2, 0): 0 to 90 east, north. Its first line is cell line 0, 179.6 degrees from the pole.
    assert_eq!(pixel(&folder.path().join("1/2/0.png"), 0, 0), (180, 255));
    assert_eq!(pixel(&folder.path().join("1/2/1.png"), 9, 255), (0, 255));
    // Tile (0, 1): the eastern hemisphere; its right half is missing.
    let east = folder.path().join("0/1/0.png");
    assert_eq!(pixel(&east, 200, 128).1, 0);
    assert_eq!(pixel(&east, 100, 128).1, 255);
    let told = json(&set.tile_json);
    assert_eq!((&told["maxzoom"], &told["facula:stretch"]["white"]), (&1.into(), &255.0.into()));
    assert_eq!(told["tiles"][0], "https://example.org/ceres/{z}/{x}/{y}.png");
    let capabilities = std::fs::read_to_string(&set.capabilities).unwrap();
    assert!(capabilities.contains("<ows:Title>Albedo &amp; more</ows:Title>"));
    assert!(capabilities.contains("\"https://example.org/ceres/{TileMatrix}/{TileCol}/{TileRow}.png\""));
    assert!(capabilities.contains("urn:ogc:def:crs:IAU_2015::200000100"), "{capabilities}");
    // pi * 487300 m / 256 / 0.28 mm
    assert!(capabilities.contains("<ScaleDenominator>2135739"), "{capabilities}");
}

#[test]
fn a_window_makes_the_tiles_it_touches_only() {
    let folder = tempfile::tempdir().unwrap();
    let degree = 1f64.to_radians();
    let grid = MapGrid {
        width: 40,
        height: 20,
        west_rad: 200.0 * degree,
        north_rad: 30.0 * degree,
        step_rad: degree / 8.0,
    };
    let values = Raster::filled(40, 20, 100.0);
    let set = write_tiles(folder.path(), &values, &on(grid), &tile_options()).unwrap();
    // Five degrees from 200 to 205 east (-160 to -155) lie in two tiles of 22.5 degrees on level 3.
    assert_eq!((set.finest_level, set.tiles), (3, 5));
    // Pixel of 202.5 E, 28.75 N: 22.5 / 0.08789 from the west edge, (67.5 - 61.25 ...) from the north one.
    assert_eq!(pixel(&folder.path().join("3/0/2.png"), 255, 184).0, 100);
}

#[test]
fn tiles_that_cannot_be_are_refused() {
    let values = Raster::filled(4, 2, 1.0);
    let refused = |options: TileOptions, height| {
        write_tiles(Path::new("/dev/null/tiles"), &values, &place(height), &options).unwrap_err()
    };
    assert!(matches!(
        refused(TileOptions { white_value: 0.0, ..tile_options() }, 2),
        MapError::Argument { .. }
    ));
    assert!(matches!(refused(tile_options(), 3), MapError::Argument { .. }));
    assert!(matches!(
        refused(TileOptions { finest_level: Some(21), ..tile_options() }, 2),
        MapError::Limit { .. }
    ));
    assert!(matches!(refused(tile_options(), 2), MapError::Io { .. }));
}

#[test]
fn a_pds4_label_tells_place_size_and_missing_constant() {
    let folder = tempfile::tempdir().unwrap();
    let values = half_known(3);
    let info = Pds4MapInfo { title: "a < b".into(), unit: "m".into(), ..Pds4MapInfo::default() };
    let label = write_pds4_map(folder.path(), "map_1", (&values, &place(3)), &info).unwrap();
    let text = std::fs::read_to_string(&label).unwrap();
    for part in [
        "<title>a &lt; b</title>",
        "<elements>6</elements>",
        "Equirectangular",
        "<unit>m</unit>",
        "Positive East",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let bytes = std::fs::read(folder.path().join("map_1.img")).unwrap();
    assert_eq!((bytes.len(), &bytes[..4]), (72, &0xff7f_fffbu32.to_le_bytes()[..]));
    assert_eq!(bytes[12..16], 3.0f32.to_le_bytes());
    let refused = |stem: &str, values: &Raster<f32>| {
        matches!(
            write_pds4_map(folder.path(), stem, (values, &place(3)), &info),
            Err(MapError::Argument { .. })
        )
    };
    assert!(refused("../a", &values) && refused("A", &values) && refused("a", &Raster::filled(2, 2, 0.0)));
    assert!(refused("a", &Raster::filled(6, 3, f32::INFINITY)));
}

#[test]
fn the_terrain_of_a_shape_tells_its_light() {
    let folder = tempfile::tempdir().unwrap();
    let (body, path) = (Body::built_in("ceres").unwrap(), folder.path().join("terrain.tif"));
    let shape = facula_geometry::Shape::Ellipsoid(body.ellipsoid().grown_by(1.0));
    let light = facula_map::ReliefLight { azimuth_deg: 300.0, ..Default::default() };
    write_terrain(&path, (&shape, &MapGrid::global(8)), (&body, &light), &Default::default()).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    for part in ["height above the ellipsoid", "<Item name=\"RELIEF_SUN_AZIMUTH_DEG\">300<", ">degree<"] {
        assert!(text.contains(part), "{part}");
    }
}
