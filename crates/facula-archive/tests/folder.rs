// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every label, frame, cube, map, picture and spectral library of the flight data is described and read.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use facula_archive::{ImageOptions, Limits, describe, read_image};
use facula_core::{Quality, Silent};

/// What in the data folder is no image and no label of one, by the end of its name, and why.
const NO_IMAGES: [(&str, &str); 21] = [
    (".bsp", "kernel: ephemeris"),
    (".xsp", "kernel: ephemeris, transfer file"),
    (".bc", "kernel: attitude"),
    (".xc", "kernel: attitude, transfer file"),
    (".bpc", "kernel: orientation"),
    (".bds", "kernel: shape"),
    (".tpc", "kernel: constants"),
    (".tls", "kernel: leap seconds"),
    (".tsc", "kernel: clock"),
    (".tf", "kernel: frames"),
    (".ti", "kernel: instrument"),
    ("expected_isd.json", "camera support data"),
    ("expected_isd_isis.json", "camera support data"),
    ("cases.json", "truth"),
    ("poses.json", "truth"),
    (".csv", "table"),
    (".csv.gz", "table"),
    (".xyzv", "trajectory"),
    (".obj", "shape"),
    (".md", "notes"),
    (".txt", "table"),
];

/// Labels delivered without their pixels, with the reason reading them gives.
const WITHOUT_PIXELS: [&str; 3] = [
    "dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl",
    "dawn-ceres-survey/FC21A0038582_15170161546F6G_isis3.lbl",
    "dawn-vesta-vir/VIR_IR_1A_1_362681634_1_isis3.lbl",
];

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

/// Whether a file is no image: by [`NO_IMAGES`], the checksums, or as the pose beside a picture.
fn is_no_image(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let pose = name.ends_with(".json") && path.with_extension("png").is_file();
    pose || name == "MANIFEST.sha256" || NO_IMAGES.iter().any(|(end, _)| name.ends_with(end))
}

#[test]
fn every_label_frame_cube_map_picture_and_library_is_described_and_read() {
    let Some(data) = facula_testkit::data_folder() else {
        facula_testkit::skip(
            "every file of the flight data",
            "no flight data ($FACULA_DATA or ../shared/data)",
        );
        return;
    };
    let mut paths = Vec::new();
    files_below(&data, &mut paths);
    paths.sort();
    let (mut files, mut images, mut other) = (0, 0, 0);
    for path in &paths {
        if is_no_image(path) {
            other += 1;
            continue;
        }
        let info = describe(path, &Limits::default()).unwrap();
        files += 1;
        assert!(!info.parts.is_empty(), "{}", path.display());
        let bare = WITHOUT_PIXELS.iter().any(|name| path.ends_with(name));
        for part in &info.parts {
            assert_eq!(part.statistics.is_err(), bare, "{}: {part:?}", path.display());
        }
        if bare {
            continue;
        }
        for part in &info.parts {
            let options = ImageOptions { part: Some(part.part.name.clone()), ..Default::default() };
            let read = read_image(path, &options, &Silent).unwrap();
            let flagged =
                |(value, flag): (&f32, &Quality)| value.is_nan() == flag.intersects(Quality::MISSING);
            let (values, flags) = (read.image.as_slice(), read.quality.as_slice());
            assert!(values.iter().zip(flags).all(flagged), "{} {}", path.display(), part.part.name);
            images += 1;
        }
    }
    println!("{files} files described, {images} images read, {other} files are no images");
    assert_eq!(files + other, paths.len());
    // Labels 4, FITS 2, cubes 2, maps 5, pictures 2, the library and its header 2.
    assert_eq!(files, 17);
}
