// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bad input gives one clear error or a warning that names file, value and remedy; the other frames go on.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use support::{SMALL, campaign, facula, json, stderr, survey};

/// Simulates the small campaign and gives the folder of its archive, for other campaigns to spoil and read.
fn archive(folder: &Path) -> std::path::PathBuf {
    campaign(folder, SMALL);
    let output = survey(folder, "made", &[]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    folder.join("made/archive")
}

/// The campaign that reads that archive as if it were flight data.
fn reading(extra: &str) -> String {
    let text = SMALL.split("[plan]").next().unwrap();
    format!(
        "{text}\n[frames]\npaths = [\"made/archive\"]\nflat = \"made/archive/FLAT.FIT\"\n[map]\nlines = 180\n{extra}"
    )
}

fn labels(archive: &Path) -> Vec<std::path::PathBuf> {
    let mut labels: Vec<_> = std::fs::read_dir(archive)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "LBL"))
        .collect();
    labels.sort();
    labels
}

fn warnings(folder: &Path, out: &str) -> String {
    json(&folder.join(out).join("run.json"))["warnings"].to_string()
}

#[test]
fn spoilt_frames_are_left_out_and_the_others_go_on() {
    let temp = tempfile::tempdir().unwrap();
    let archive = archive(temp.path());
    let labels = labels(&archive);
    assert_eq!(labels.len(), 4);
    // A truncated image, a label without its image, a pose that looks away.
    let image = labels[0].with_extension("FIT");
    let bytes = std::fs::read(&image).unwrap();
    std::fs::write(&image, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::remove_file(labels[1].with_extension("FIT")).unwrap();
    let label = std::fs::read_to_string(&labels[2]).unwrap();
    let start = label.find("QUATERNION").unwrap();
    let end = start + label[start..].find(')').unwrap() + 1;
    let turned = format!("{}QUATERNION = (1.0, 0.0, 0.0, 0.0){}", &label[..start], &label[end..]);
    std::fs::write(&labels[2], turned).unwrap();
    campaign(temp.path(), &reading("[align]\nmethod = \"limb\"\n"));
    let output = survey(temp.path(), "read", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let told = warnings(temp.path(), "read");
    for label in &labels[..3] {
        let name = label.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(told.contains(&name), "{name} in {told}");
    }
    assert!(told.contains("looks away from ceres"), "{told}");
    let record = json(&temp.path().join("read/run.json"));
    assert_eq!(record["outcome"]["frames_used"], 1);
}

#[test]
fn a_frame_without_any_signal_is_left_out_and_told() {
    let temp = tempfile::tempdir().unwrap();
    let archive = archive(temp.path());
    let labels = labels(&archive);
    // An empty frame: all pixels at the bias level. 16-bit FITS data start after the header block(s).
    let image = labels[0].with_extension("FIT");
    let mut bytes = std::fs::read(&image).unwrap();
    let pixels: usize = 1024 * 1024 * 2;
    let data = bytes.len() - pixels.next_multiple_of(2880);
    for pixel in bytes[data..data + pixels].chunks_exact_mut(2) {
        // 269 DN minus BZERO 32768, big-endian.
        pixel.copy_from_slice(&(269i32 - 32768).to_be_bytes()[2..]);
    }
    std::fs::write(&image, bytes).unwrap();
    campaign(temp.path(), &reading("[align]\nmethod = \"limb\"\n"));
    let output = survey(temp.path(), "read", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let told = warnings(temp.path(), "read");
    assert!(told.contains("limb points found"), "{told}");
}

#[test]
fn when_no_frame_is_usable_nothing_is_written_and_the_first_reason_told() {
    let temp = tempfile::tempdir().unwrap();
    let text = SMALL.split("[plan]").next().unwrap();
    campaign(temp.path(), &format!("{text}\n[frames]\npaths = [\"no/such/frame.fit\"]\n"));
    let verbose = stderr(&survey(temp.path(), "out", &["-v"]));
    assert!(verbose.contains("warning: align: frame.fit: left out"), "{verbose}");
    let output = survey(temp.path(), "out", &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.starts_with("error: none of the 1 frames") && told.contains("no/such/frame.fit"), "{told}");
    assert!(told.contains("\n\nhint: "), "{told}");
    assert!(!temp.path().join("out/run.json").exists());
    // Mended, the campaign may use the folder in which it failed.
    campaign(temp.path(), SMALL);
    let mended = survey(temp.path(), "out", &[]);
    assert!(mended.status.code().is_some_and(|code| code < 2), "{}", stderr(&mended));
}

#[test]
fn pixels_without_a_value_are_flagged_and_the_frame_is_used() {
    let temp = tempfile::tempdir().unwrap();
    let archive = archive(temp.path());
    // The first frame again, a block of it without values.
    let labels = labels(&archive);
    let image = labels[0].with_extension("FIT");
    let fits = facula::archive::fits::read_fits(&image, &Default::default(), &facula::core::Silent).unwrap();
    let mut dn = fits.image;
    for line in 480..540 {
        for sample in 480..540 {
            dn.set(sample, line, f32::NAN);
        }
    }
    let report = facula::core::Collected::default();
    let body = facula::core::Body::built_in("ceres").unwrap();
    let options =
        facula::archive::ReadOptions { shutter_delay_s: 0.193, ..facula::archive::ReadOptions::new(&body) };
    let mut frame = facula::archive::read_frame(&labels[0], &options, &report).unwrap();
    frame.quality =
        dn.map(|v| if v.is_nan() { facula::core::Quality::MISSING } else { facula::core::Quality::GOOD });
    frame.dn = dn;
    facula::archive::write_frame(&archive, &frame, &body, 0.193).unwrap();
    campaign(temp.path(), &reading("[align]\nmethod = \"limb\"\n"));
    let output = survey(temp.path(), "read", &[]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    assert_eq!(json(&temp.path().join("read/run.json"))["outcome"]["frames_used"], 4);
}

#[test]
fn missing_kernels_are_named() {
    let temp = tempfile::tempdir().unwrap();
    archive(temp.path());
    let kernels =
        "[frames.kernels]\nfiles = [\"dawn_2015.bsp\"]\nspacecraft = -203\ncamera_frame = \"DAWN_FC2\"\n";
    campaign(temp.path(), &reading(kernels).replace("[map]\nlines = 180\n", ""));
    let output = survey(temp.path(), "read", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("dawn_2015.bsp"), "{}", stderr(&output));
}

#[test]
fn kernels_that_do_not_cover_a_frame_say_so() {
    let temp = tempfile::tempdir().unwrap();
    archive(temp.path());
    let kernels = "[frames.kernels]\nfiles = []\nspacecraft = -203\ncamera_frame = \"DAWN_FC2\"\n";
    campaign(temp.path(), &reading(kernels).replace("[map]\nlines = 180\n", ""));
    let output = survey(temp.path(), "read", &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("-203") || told.contains("DAWN"), "{told}");
}

#[test]
fn a_camera_of_another_size_is_told() {
    let temp = tempfile::tempdir().unwrap();
    archive(temp.path());
    let camera = include_str!("../../facula-geometry/data/cameras/dawn_fc2.toml")
        .replace("width_px = 1024", "width_px = 512");
    std::fs::write(temp.path().join("half.toml"), camera).unwrap();
    campaign(temp.path(), &reading("").replace("\"dawn_fc2\"", "\"half.toml\""));
    let output = survey(temp.path(), "read", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("1024 x 1024 px"), "{}", stderr(&output));
}

#[test]
fn campaign_mistakes_name_file_and_key() {
    let temp = tempfile::tempdir().unwrap();
    let cases = [
        (SMALL.replace("[map]", "[map]\ncolour = 1"), "colour"),
        (SMALL.replace("body = \"ceres\"", "body = \"pluto\""), "pluto"),
        (SMALL.replace("\"dawn_fc2\"", "\"kodak\""), "kodak"),
        (SMALL.replace("lines = 360", "lines = 0"), "lines"),
        (SMALL.replace("radius_km = 22470.0", "radius_km = 100.0"), "radius_km = 100"),
        (SMALL.replace("frames = 4", "frames = \"many\""), "frames"),
        ("not toml at all".to_string(), "campaign.toml"),
    ];
    for (text, word) in cases {
        campaign(temp.path(), &text);
        let output = survey(temp.path(), "out", &[]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{word}: {told}");
        assert!(told.contains(word) && told.contains("hint: "), "{word}: {told}");
    }
}

#[test]
fn a_time_without_ephemeris_is_told() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), &SMALL.replace("2015-04-15T05:30:00", "2035-04-15T05:30:00"));
    let output = survey(temp.path(), "out", &[]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("2035") && told.contains("no ephemeris"), "{told}");
}

#[test]
fn an_output_folder_that_cannot_be_used_is_told() {
    let temp = tempfile::tempdir().unwrap();
    campaign(temp.path(), SMALL);
    std::fs::create_dir(temp.path().join("mine")).unwrap();
    std::fs::write(temp.path().join("mine/thesis.txt"), "years").unwrap();
    let output = survey(temp.path(), "mine", &["--overwrite"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("thesis.txt"), "{}", stderr(&output));
    std::fs::write(temp.path().join("file"), "a file, not a folder").unwrap();
    let output = survey(temp.path(), "file/below", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("file/below"), "{}", stderr(&output));
    // Another run in the folder.
    std::fs::create_dir(temp.path().join("other")).unwrap();
    std::fs::write(temp.path().join("other/run.key"), "somebody else\n").unwrap();
    std::fs::write(temp.path().join("other/spots.geojson"), "{}").unwrap();
    let output = survey(temp.path(), "other", &[]);
    assert!(stderr(&output).contains("other inputs") && stderr(&output).contains("--overwrite"));
}

#[test]
fn machines_get_json() {
    let temp = tempfile::tempdir().unwrap();
    let output = facula(temp.path()).args(["survey", "absent.toml", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert!(error["error"].as_str().unwrap().contains("absent.toml") && error["hint"].is_string());
}
