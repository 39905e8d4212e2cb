// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a map and of a frame.
#![allow(clippy::unwrap_used)]

#[path = "support/paint.rs"]
mod common;

use common::{ceres, model, photograph, pose};
use facula_core::{Body, LonLat, MapGrid, Silent};
use facula_geometry::backplanes;
use facula_map::{
    Ground, MapError, MosaicOptions, ProductInfo, backplanes_tif, orthorectify, write_products,
};

fn info() -> ProductInfo {
    ProductInfo { metadata: vec![("SOFTWARE".into(), "facula".into())], ..ProductInfo::default() }
}

#[test]
fn a_map_becomes_four_files_that_name_their_bands_and_flags() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(LonLat::from_degrees(180.0, 0.0), 27_000.0, 20.0), 400);
    let ground = Ground { shape: &shape, grid: MapGrid::global(180).into() };
    let options = MosaicOptions { model: model(), ..MosaicOptions::default() };
    let map = orthorectify(&shot, ground, &options, &Silent).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("run/map");
    let body = Body::built_in("ceres").unwrap();
    let written = write_products(&target, &map, &body, &info()).unwrap();
    let names: Vec<_> = written.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["map.tif", "quality.tif", "coverage.tif", "scale.tif"]);
    for (path, words) in written.iter().zip([
        &["normal albedo", "sigma", "facula"][..],
        &["quality flags", "QUALITY_16\">shadow"],
        &["frames per cell"],
        &["best pixel scale", "unittype\">m<"],
    ]) {
        let bytes = std::fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes[..4000.min(bytes.len())]).into_owned();
        assert!(text.contains("Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180|"));
        assert!(words.iter().all(|word| text.contains(word)), "{}", path.display());
    }
    let again = tempfile::tempdir().unwrap();
    let twice = write_products(again.path(), &map, &body, &info()).unwrap();
    for (a, b) in written.iter().zip(&twice) {
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap());
    }
}

#[test]
fn a_frame_with_backplanes_has_sixteen_bands_and_no_map_system() {
    let shape = ceres();
    let shot = photograph("FC21", &shape, pose(LonLat::from_degrees(180.0, 0.0), 27_000.0, 20.0), 64);
    let planes = backplanes(&shot.camera, &shot.pose, &shape);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("FC21.tif");
    backplanes_tif(&path, &shot.frame, &planes, &info()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("sample=\"10\" role=\"description\">shadow"));
    assert!(text.contains("sample=\"15\" role=\"description\">local solar time"));
    assert!(text.contains("<Item name=\"PRODUCT_ID\">FC21</Item>") && !text.contains("clon = 180"));
    let smaller = photograph("x", &shape, shot.pose, 32);
    let error = backplanes_tif(&path, &smaller.frame, &planes, &info()).unwrap_err();
    assert!(matches!(error, MapError::Argument { .. }), "{error}");
}
