// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands that ask where things are: `state`, `frame`, `backplanes`, `kernels`, on built-in and flight kernels.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::facula;

fn run(folder: &Path, arguments: &[String]) -> (i32, String, String) {
    let output = facula(folder).args(arguments).env("COLUMNS", "100").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_string).collect()
}

/// The label of the Survey frame, and its flight kernels as arguments.
fn survey(test: &str) -> Option<(String, Vec<String>)> {
    let (Some(data), Some(kernels)) = (facula_testkit::data_folder(), facula_testkit::survey_kernels())
    else {
        facula_testkit::skip(test, "no flight data ($FACULA_DATA or ../shared/data)");
        return None;
    };
    let text = |path: &Path| path.canonicalize().unwrap().display().to_string();
    let mut arguments = vec!["-k".to_string()];
    arguments.extend(kernels.iter().map(|kernel| text(kernel)));
    Some((text(&data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl")), arguments))
}

fn boresight(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["pixels"][0]["ground"].clone()
}

#[test]
fn the_sun_over_ceres_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text, _) = run(folder.path(), &words("state sun ceres --at 2015-04-15 --json"));
    let told: Value = serde_json::from_str(&text).unwrap();
    // Case E01 of the truth set: 2.8928314368324997 au.
    let range_au = told["states"][0]["range_km"].as_f64().unwrap() / 149_597_870.7;
    assert!(code == 0 && (range_au - 2.8928314368324997).abs() < 1e-4, "{text}");
    let (_, text, _) = run(folder.path(), &words("state sun ceres --at 2015-04-15"));
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_not_covered_or_not_known_is_an_error_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    for (line, told) in [
        ("state vulcan ceres --at 2015-04-15", "vulcan"),
        ("state sun ceres --at 2035-04-15", "cover"),
        ("state sun ceres --at yesterday", "yesterday"),
        ("state sun ceres --at 2015-04-15 -c sideways", "sideways"),
        ("frame nothing.lbl", "nothing.lbl"),
        ("kernels nothing.bsp", "nothing.bsp"),
        ("kernels why dawn ceres --at 2015-04-15", "DAWN"),
    ] {
        let (code, _, text) = run(folder.path(), &words(line));
        assert!(code == 2 && text.contains(told) && text.contains("hint:"), "{line}: {text}");
        let (code, _, text) = run(folder.path(), &words(&format!("{line} --json")));
        assert!(code == 2 && serde_json::from_str::<Value>(&text).is_ok(), "{line}: {text}");
    }
}

#[test]
fn the_boresight_of_a_flight_frame_falls_where_cspice_puts_it() {
    let Some((label, kernels)) = survey("frame command") else { return };
    let Some(case) = facula_testkit::truth_case("F10") else { return };
    let folder = tempfile::tempdir().unwrap();
    let isd = folder.path().join("isd.json");
    let mut arguments = vec!["frame".to_string(), label, "--json".into(), "--isd".into()];
    arguments.push(isd.display().to_string());
    arguments.extend(kernels);
    let (code, text, error) = run(folder.path(), &arguments);
    assert_eq!(code, 0, "{error}");
    let ground = boresight(&text);
    for (key, expected, within) in [
        ("longitude_deg", "lon_e", 1e-4),
        ("latitude_deg", "lat_c", 1e-4),
        ("range_km", "slant_km", 1e-3),
        ("incidence_deg", "inc", 1e-4),
        ("emission_deg", "emi", 1e-4),
        ("phase_deg", "phase", 1e-4),
    ] {
        let (found, wanted) = (ground[key].as_f64().unwrap(), case["expect"][expected].as_f64().unwrap());
        assert!((found - wanted).abs() < within, "{key}: {found} {wanted}");
    }
    // CSPICE N0067 with the same kernels: spkpos of Ceres in CERES_FIXED (LT+S), and the Sun over it at emission.
    let told: Value = serde_json::from_str(&text).unwrap();
    for (key, wanted, within) in [
        ("spacecraft_km", &[257.92527017145926, 15.117796366308085, -4862.708420658276][..], 1e-6),
        ("sub_solar_deg", &[34.35515824236542, 4.004914082120304], 1e-7),
    ] {
        for (k, wanted) in wanted.iter().enumerate() {
            assert!((told[key][k].as_f64().unwrap() - wanted).abs() < within, "{key}: {}", told[key]);
        }
    }
    let isd = support::json(&isd);
    // Case F03, as USGS ALE has it.
    let x_km = isd["instrument_position"]["positions"][0][0].as_f64().unwrap();
    assert!((x_km - -678.145360419934).abs() < 1e-6, "{x_km}");
}

#[test]
fn a_slice_answers_with_the_same_bits() {
    let Some((label, kernels)) = survey("slice command") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = words("kernels slice");
    arguments.push(label.clone());
    arguments.extend(kernels.clone());
    arguments.extend(words("--out slice --json"));
    let (code, text, error) = run(folder.path(), &arguments);
    assert_eq!(code, 0, "{error}");
    let bytes = serde_json::from_str::<Value>(&text).unwrap()["bytes"].as_u64().unwrap();
    assert!(bytes < 1_000_000, "{bytes}");
    assert!(folder.path().join("slice/slice.lock").is_file());
    let of = |kernels: Vec<String>, at: &Path| {
        let mut arguments = vec!["frame".to_string(), label.clone(), "--json".into()];
        arguments.extend(kernels);
        let (code, text, error) = run(at, &arguments);
        assert_eq!(code, 0, "{error}");
        boresight(&text)
    };
    let whole = of(kernels, folder.path());
    let sliced = of(words("-k slice.tm --no-built-in"), &folder.path().join("slice"));
    assert_eq!(whole, sliced);
}

#[test]
fn backplanes_are_written_as_tiff_and_fits() {
    let Some((label, kernels)) = survey("backplanes command") else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["planes.tif", "planes.fits"] {
        let mut arguments =
            vec!["backplanes".to_string(), label.clone(), "--json".into(), "-o".into(), name.into()];
        arguments.extend(kernels.clone());
        let (code, text, error) = run(folder.path(), &arguments);
        assert_eq!(code, 0, "{error}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["bands"].as_array().unwrap().len(), 13);
        assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() > 1_000_000);
    }
    let mut arguments = vec!["backplanes".to_string(), label, "-o".into(), "planes.doc".into()];
    arguments.extend(kernels);
    let (code, _, error) = run(folder.path(), &arguments);
    assert!(code == 2 && error.contains(".tif"), "{error}");
}

#[test]
fn kernels_tell_what_they_hold_and_which_one_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text, _) = run(folder.path(), &words("kernels"));
    assert!(code == 0 && text.contains("CERES (2000001)") && text.contains("Together they cover"), "{text}");
    let (code, text, _) = run(folder.path(), &words("kernels why earth ceres --at 2015-04-15"));
    assert!(code == 0 && text.contains("EARTH (399) relative to"), "{text}");
    let Some((_, kernels)) = survey("kernels command") else { return };
    let mut arguments = words("kernels why dawn ceres --frame DAWN_FC2_FILTER_6 --json --at");
    arguments.push("ET 488002614.6".into());
    arguments.extend(kernels);
    let (code, text, error) = run(folder.path(), &arguments);
    assert_eq!(code, 0, "{error}");
    let steps: Value = serde_json::from_str(&text).unwrap();
    let files: Vec<PathBuf> =
        steps.as_array().unwrap().iter().map(|step| PathBuf::from(step["file"].as_str().unwrap())).collect();
    assert!(files[0].ends_with("FC21A0038582_15170161546F6F_1.xsp"), "the later file answers: {files:?}");
    assert_eq!(files.len(), 4);
}
