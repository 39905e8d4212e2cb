// SPDX-License-Identifier: MIT OR Apache-2.0
//! `render` and `simulate`: pictures of the built-in worlds, frames whose truth is known.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::path::Path;

use facula::archive::{ImageOptions, read_image};
use facula::core::{Body, Epoch, Raster, Silent, Unit, parse_utc};
use facula::observe::built_in_kernels;
use facula::picture::{Stage, Standpoint, SurfaceChoice, Terrain, pinhole, pose_for};
use facula::simulate::{RenderOptions, WithTruth};
use serde_json::Value;
use support::facula;

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = facula(folder).args(line.split(' ')).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn plane(path: &Path, name: Option<&str>) -> Raster<f32> {
    let options = ImageOptions { part: name.map(str::to_string), ..Default::default() };
    read_image(path, &options, &Silent).unwrap().image
}

/// Bound of the issue for sunrises in a computed sequence, s.
const SUNRISE_S: f64 = 60.0;

#[test]
fn case_n01_occator_lights_up_in_pictures_when_the_sun_rises_there() {
    let Some(case) = facula_testkit::truth_case("N01") else { return };
    let body = Body::built_in("ceres").unwrap();
    let kernels = built_in_kernels().unwrap();
    let choice = SurfaceChoice { terrain: Terrain::Smooth, ..Default::default() };
    let stage = Stage::new(&body, &choice).unwrap();
    let camera = pinhole([3, 3], 0.002).unwrap();
    let above = Standpoint::Above { longitude_deg: 239.33, latitude_deg: 19.82, range_km: 22_470.0 };
    let options = RenderOptions { samples_per_pixel: 1, truth: WithTruth::No, ..Default::default() };
    let lit = |epoch: Epoch| {
        let pose = pose_for((&body, &kernels), epoch, above, Some([239.33, 19.82])).unwrap();
        stage.render((&camera, &pose), &options, &Silent).unwrap().iof.at(1, 1) > 0.0
    };
    let events = case["expect"]["events"].as_array().unwrap();
    let mut checked = 0;
    for event in events {
        let at = parse_utc(event[0].as_str().unwrap()).unwrap();
        let rise = event[1] == "rise";
        let (mut before, mut after) = (at - 300.0 * Unit::Second, at + 300.0 * Unit::Second);
        assert!(lit(before) != rise && lit(after) == rise, "{event}");
        while (after - before).to_seconds() > 0.5 {
            let middle = before + 0.5 * (after - before);
            if lit(middle) == rise { after = middle } else { before = middle }
        }
        let late_s = (after - at).to_seconds();
        assert!(late_s.abs() < SUNRISE_S, "{event}: {late_s} s");
        checked += 1;
    }
    assert_eq!(checked, 12);
}

#[test]
fn a_picture_is_drawn_and_its_planes_written() {
    let folder = tempfile::tempdir().unwrap();
    let view = "--time 2015-05-04T12:00 --above 239.3,19.8,14070 --field 4.4 --size 128x128 --samples 1";
    let (code, text, complaints) = run(folder.path(), &format!("render {view} -o a.png"));
    assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    assert!(std::fs::read(folder.path().join("a.png")).unwrap().starts_with(b"\x89PNG"));
    let (code, text, _) = run(folder.path(), &format!("render {view} -o a.fits --json"));
    let told: Value = serde_json::from_str(&text).unwrap();
    let path = folder.path().join("a.fits");
    let (iof, incidence) = (plane(&path, Some("IOF")), plane(&path, Some("INCIDENCE")));
    assert_eq!((code, iof.width()), (0, 128));
    assert!(f64::from(iof.as_slice().iter().copied().fold(0.0, f32::max)) == told["brightest_iof"]);
    for (iof, incidence) in iof.as_slice().iter().zip(incidence.as_slice()) {
        assert!(incidence.is_nan() || *incidence <= 90.0 || *iof < 0.02, "{iof} at {incidence}");
    }
    // Ceres from 14,070 km is 4.0 deg wide: some sky is left in the corners, most of the field is ground.
    let sky = told["sky_px"].as_f64().unwrap() / told["pixels"].as_f64().unwrap();
    assert!(sky > 0.25 && sky < 0.5, "{sky}");
}

#[test]
fn a_simulated_frame_calibrates_to_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let line =
        "simulate --time 2015-04-15T09:50 --above 239.3,19.8,14070 --smooth --samples 1 --id S1 -o sim";
    let (code, text, complaints) = run(folder.path(), line);
    assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    assert!(text.contains(", 0 pixels saturated"), "{text}");
    let (code, text, complaints) = run(folder.path(), "calibrate sim/S1.LBL -o iof");
    assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    let found = plane(&folder.path().join("iof/S1.FIT"), None);
    let sigma = plane(&folder.path().join("iof/S1.FIT"), Some("SIGMA"));
    let shown = plane(&folder.path().join("sim/S1_TRUTH.FIT"), Some("IOF"));
    // Even ground away from limb and spots, where the point-spread function changes nothing: noise only.
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0);
    for line in 300..420 {
        for sample in 300..420 {
            let (f, t, s) = (found.at(sample, line), shown.at(sample, line), sigma.at(sample, line));
            let even = (-3..=3i32).all(|k| {
                let near = shown.at((sample as i32 + k) as usize, (line as i32 + k) as usize);
                (near / t - 1.0).abs() < 0.01
            });
            if even {
                let pull = f64::from((f - t) / s);
                (sum, squares, count) = (sum + pull, squares + pull * pull, count + 1);
            }
        }
    }
    let n = f64::from(count);
    // Mean and variance of standard normal numbers within five of their own errors, and 2 % for rounded constants.
    assert!(count > 5_000 && (sum / n).abs() < 5.0 / n.sqrt() + 0.02, "mean {} of {count}", sum / n);
    assert!((squares / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt() + 0.05, "variance {}", squares / n);
    // The same seed makes the same bytes.
    let before = std::fs::read(folder.path().join("sim/S1.FIT")).unwrap();
    let (code, _, _) = run(folder.path(), &line.replace("-o sim", "-o again"));
    assert!(code == 0 && std::fs::read(folder.path().join("again/S1.FIT")).unwrap() == before);
}

#[test]
fn an_animation_of_a_turning_body_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let line = "render --time 2015-04-14T22:00 --until 2015-04-14T23:00 --pictures 3 --above 239.3,19.8,22470 \
                --field 3 --size 64x64 --samples 1 --smooth --width 128 -o a.gif";
    let (code, text, complaints) = run(folder.path(), line);
    assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    let gif = std::fs::read(folder.path().join("a.gif")).unwrap();
    assert!(gif.starts_with(b"GIF89a"));
    let (code, text, complaints) = run(folder.path(), &line.replace("a.gif", "a.mp4"));
    assert_eq!((code, complaints.as_str()), (0, ""), "{text}");
    let video = std::fs::read(folder.path().join("a.mp4")).unwrap();
    assert_eq!(&video[4..12], b"ftypisom");
    assert!(video.windows(4).any(|name| name == b"av01") && video.len() < gif.len());
}

#[test]
fn what_cannot_be_seen_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("render --above 0,0,5000 -o a.png", "time"),
        ("render --time 2015-05-04 -o a.png", "standpoint"),
        ("render --time 2015-05-04 --above 0,0,100 -o a.png", "above the ground"),
        ("render --time 2015-05-04 --above 0,0,5000 -o a.gif", "with --until"),
        ("render --time 2015-05-04 --above 0,0,5000 -o a.mp4", ".gif or .mp4 with --until"),
        ("render --time 2015-05-04 --above 0,0,5000 --model nobody -o a.png", "facula photometry models"),
        ("render --time 1980-01-01 --above 0,0,5000 -o a.png", "cover"),
        ("render --time 2015-05-04 --above 0,0,5000 --body pluto -o a.png", "pluto"),
        ("render --time 2015-05-04 --above 0,0,5000 --shape none.obj -o a.png", "none.obj"),
        ("simulate", "time"),
        ("simulate none.toml", "none.toml"),
    ];
    for (line, expected) in cases {
        let (code, text, complaints) = run(folder.path(), line);
        assert!(code == 2 && complaints.contains(expected), "{line}: {code} {text}{complaints}");
    }
}
