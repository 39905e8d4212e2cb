// SPDX-License-Identifier: MIT OR Apache-2.0
//! `map --colour`: a map for each filter, registered to each other; `map --align-to`: poses refined against a map.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::path::Path;
use std::sync::OnceLock;

use facula::archive::{ImageOptions, ReadOptions, read_header, read_image};
use facula::core::{Body, Pose, Silent};
use facula::geometry::CameraFile;
use serde_json::Value;
use support::facula;
use tempfile::TempDir;

/// The bound on what is left between filters, px.
const REGISTERED_PX: f64 = 0.1;
/// The bound on colours.
const COLOUR_FRACTION: f64 = 0.01;

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = facula(folder).args(line.split(' ')).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Two frames: A behind F2 where its label says, C behind F3 that looked 1.4 px beside what its label says; `true` has
/// the label of what C did.
fn frames() -> &'static Path {
    static TAKEN: OnceLock<TempDir> = OnceLock::new();
    let taken = TAKEN.get_or_init(|| {
        let taken = tempfile::tempdir().unwrap();
        for (id, filter, look_at, out) in [
            ("A", "F2", "239.3,10", "raw"),
            ("C", "F3", "239.3,10", "raw"),
            ("C", "F3", "239.5,10.1", "true"),
        ] {
            let line = format!(
                "simulate --time 2015-04-15T09:50 --above 239.3,10,14070 --look-at {look_at} --samples 4 \
                 --exposure 0.2 --filter {filter} --id {id} -o {out}"
            );
            let (code, text, complaints) = run(taken.path(), &line);
            assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
        }
        std::fs::copy(taken.path().join("true/C.FIT"), taken.path().join("raw/C.FIT")).unwrap();
        taken
    });
    taken.path()
}

fn pose(label: &Path) -> Pose {
    let body = Body::built_in("ceres").unwrap();
    read_header(label, &ReadOptions::new(&body), &Silent).unwrap().pose.unwrap()
}

/// By how much the scene lies beside where the label puts it, px.
fn known_shift_px() -> [f64; 2] {
    let [told, true_pose] = ["raw", "true"].map(|name| pose(&frames().join(name).join("C.LBL")));
    let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F3").unwrap();
    let towards = -told.spacecraft_km;
    let [from, to] = [told, true_pose].map(|pose| camera.pixel(pose.camera_from_body * towards).unwrap());
    [to.x_px - from.x_px, to.y_px - from.y_px]
}

fn shift_px(tie: &Value) -> [f64; 2] {
    [0, 1].map(|k| tie["shift_px"][k].as_f64().unwrap())
}

#[test]
fn frames_behind_two_filters_become_registered_bands_with_the_colour_they_had() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("colours");
    let line = format!("map raw --colour --scale 1400 -o {} --json", out.display());
    let (code, text, complaints) = run(frames(), &line);
    assert_eq!(code, 0, "{complaints}");
    let told: Value = serde_json::from_str(&text).unwrap();
    let (known, found) = (known_shift_px(), shift_px(&told["maps"][1]["ties"][0]));
    assert!(known[0].hypot(known[1]) > 1.0, "{known:?}");
    let off_px = (found[0] - known[0]).hypot(found[1] - known[1]);
    assert!(off_px < REGISTERED_PX, "{found:?} instead of {known:?}");
    for file in ["F2/map.tif", "F3/map.tif", "colour.tif", "ratio.png", "colour.json"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let band = |band: u64| {
        let options = ImageOptions { band, ..ImageOptions::default() };
        read_image(&out.join("colour.tif"), &options, &Silent).unwrap().image
    };
    the_colour_is_right(&band(0), &band(1));
}

/// The built-in world is grey: the ratio of two filters is one.
fn the_colour_is_right(a: &facula::core::Raster<f32>, b: &facula::core::Raster<f32>) {
    let both = a.as_slice().iter().zip(b.as_slice()).filter(|(a, b)| a.is_finite() && b.is_finite());
    let mut ratios: Vec<f64> = both.map(|(a, b)| f64::from(b / a)).collect();
    assert!(ratios.len() > 50_000, "{}", ratios.len());
    ratios.sort_by(f64::total_cmp);
    let at = |part: f64| ratios[(part * (ratios.len() - 1) as f64) as usize];
    assert!((at(0.5) - 1.0).abs() < COLOUR_FRACTION, "{}", at(0.5));
    // Noise of two frames; what is not registered would stand out at craters.
    assert!(at(0.9) - at(0.1) < 8.0 * COLOUR_FRACTION, "{} to {}", at(0.1), at(0.9));
}

#[test]
fn a_frame_is_tied_to_a_map_and_the_record_says_by_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(run(frames(), &format!("map raw/A.LBL --scale 1400 -o {}", path("a"))).0, 0);
    let line = format!("map raw/C.LBL --scale 1400 --align-to {}/map.facc -o {}", path("a"), path("c"));
    let (code, text, complaints) = run(frames(), &line);
    assert!(code == 0 && text.contains("1 frames aligned"), "{text}{complaints}");
    let record: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("c/map.json")).unwrap()).unwrap();
    let (known, found) = (known_shift_px(), shift_px(&record["aligned"][0]));
    assert!((found[0] - known[0]).hypot(found[1] - known[1]) < REGISTERED_PX, "{found:?}, {known:?}");
}

#[test]
fn sets_that_are_none_are_refused() {
    for (line, word) in [
        ("map raw/A.LBL --colour -o none", "needs two"),
        ("map raw --colour --projection sinusoidal -o none", "equirectangular"),
        ("map raw --colour --filter F2 -o none", "cannot be used with"),
        ("map raw/A.LBL --align-to none.tif -o none", "none.tif"),
    ] {
        let (code, _, complaints) = run(frames(), line);
        assert!(code == 2 && complaints.contains(word), "{line}: {complaints}");
        assert!(!frames().join("none").exists(), "{line}");
    }
}
