// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slices answer what they were cut for, bit for bit.

use std::path::{Path, PathBuf};

use facula_core::{Body, Camera, Epoch, Icrf, epoch_from_et_s, et_s};
use facula_spice::{Correction, Kernels, Needs, PoseRequest, SliceFile, pose_from_kernels, write_slice};

const CERES: i32 = 2000001;
const DAWN: i32 = -203;
/// A slice for one frame of Dawn: its bus attitudes are a few kilobytes, the text kernels most of the rest.
const FRAME_BYTES: u64 = 1_000_000;

fn made_up_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = folder.join("data/planets_ceres_vesta.bsp");
    let made_up =
        ["made_up.bsp", "made_up.bc", "made_up.tf"].map(|name| folder.join("tests/data").join(name));
    std::iter::once(data).chain(made_up).collect()
}

fn sliced(kernels: &Kernels, needs: &Needs) -> (Kernels, Vec<SliceFile>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    let files = write_slice(kernels, needs, folder.path()).expect("writable");
    (Kernels::load(&[folder.path().join("slice.tm")]).expect("readable"), files, folder)
}

#[test]
fn slices_of_every_type_give_the_same_bits() {
    let kernels = Kernels::load(&made_up_files()).expect("sound");
    let spans_s = [[482_003_100.0, 482_004_700.0], [482_009_000.0, 482_009_001.0]];
    let bodies =
        [-1005, -1081, -1082, -1091, -1092, -1121, -1122, -1131, -1132, -1181, -1182, -1183, -1184, -1200];
    let mut needs = Needs::new();
    for span_s in spans_s {
        for body in bodies {
            needs.state(&kernels, (10, body), span_s, Correction::ConvergedStellar).expect("covered");
        }
    }
    let (slice, files, _folder) = sliced(&kernels, &needs);
    assert!(files.iter().map(|file| file.bytes).sum::<u64>() < 100_000, "{files:?}");
    for [from_s, to_s] in spans_s {
        for i in 0..60 {
            let et_s = from_s + (to_s - from_s) * f64::from(i) / 59.0;
            for body in bodies {
                for pair in [(body, CERES), (10, body)] {
                    let ask = |k: &Kernels| k.state_at(pair.0, pair.1, et_s, Correction::ConvergedStellar);
                    let ask_geometric = |k: &Kernels| k.state_at(pair.0, pair.1, et_s, Correction::None);
                    assert_eq!(
                        ask_geometric(&kernels).expect("all"),
                        ask_geometric(&slice).expect("slice"),
                        "{pair:?} {et_s}"
                    );
                    if pair.0 == 10 {
                        assert_eq!(
                            ask(&kernels).expect("all"),
                            ask(&slice).expect("slice"),
                            "{pair:?} {et_s}"
                        );
                    }
                }
            }
        }
    }
    assert!(slice.state_at(-1091, CERES, 482_012_000.0, Correction::None).is_err(), "outside the spans");
}

#[test]
fn slices_of_attitudes_give_the_same_bits() {
    let kernels = Kernels::load(&made_up_files()).expect("sound");
    let start_s = et_s(kernels.epoch_of_clock(-9, "10:0").expect("clock"));
    let span_s = [start_s, start_s + 120.0];
    let mut needs = Needs::new();
    for frame in ["ONE", "TWO", "BENT"] {
        needs.frame(&kernels, frame, span_s).expect("known");
    }
    let (slice, files, _folder) = sliced(&kernels, &needs);
    assert!(files.iter().any(|file| file.name.ends_with("made_up.bc")), "{files:?}");
    assert!(!files.iter().any(|file| file.name.contains("planets")), "{files:?}");
    let mut answered = 0;
    for i in 0..=480 {
        let epoch = epoch_from_et_s(span_s[0] + 0.25 * f64::from(i));
        for frame in ["ONE", "TWO", "THREE", "BENT"] {
            let ask = |k: &Kernels| k.rotation::<Camera, Icrf>(frame, "J2000", epoch).map_err(|_| "gap");
            assert_eq!(ask(&kernels), ask(&slice), "{frame} {epoch}");
            answered += u32::from(ask(&slice).is_ok());
        }
    }
    assert!(answered > 1000, "{answered}");
}

fn dawn_kernels(test: &str) -> Option<Kernels> {
    let Some(files) = facula_testkit::survey_kernels() else {
        facula_testkit::skip(test, "flight data not found");
        return None;
    };
    let mut kernels = Kernels::built_in();
    for file in files {
        kernels.add_file(&file).expect("sound kernels");
    }
    Some(kernels)
}

fn mid_exposure(kernels: &Kernels) -> Epoch {
    kernels.epoch_of_clock(DAWN, "488002612:246").expect("clock") + 1.093 * facula_core::Unit::Second
}

#[test]
fn a_slice_for_a_dawn_frame_gives_the_same_pose_and_says_where_it_comes_from() {
    let test = "a_slice_for_a_dawn_frame_gives_the_same_pose_and_says_where_it_comes_from";
    let Some(kernels) = dawn_kernels(test) else { return };
    let body = Body::built_in("ceres").expect("built in");
    let mid_exposure = mid_exposure(&kernels);
    let camera_frame = "DAWN_FC2_FILTER_6".to_string();
    let request = PoseRequest { spacecraft: DAWN, camera_frame, body: &body, mid_exposure };
    let mut needs = Needs::new();
    needs.pose(&kernels, &request, 0.0).expect("covered");
    let (slice, files, folder) = sliced(&kernels, &needs);
    assert_eq!(
        pose_from_kernels(&slice, &request).expect("slice"),
        pose_from_kernels(&kernels, &request).expect("all")
    );
    assert_eq!(mid_exposure, self::mid_exposure(&slice));
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    assert!(bytes < FRAME_BYTES, "{bytes}: {files:?}");
    let lock = std::fs::read_to_string(folder.path().join("slice.lock")).expect("lock");
    for file in &files {
        assert_eq!(std::fs::metadata(folder.path().join(&file.name)).expect("there").len(), file.bytes);
        assert!(lock.contains(&file.sha256) && lock.contains(&file.source), "{lock}");
        assert!(file.source == "built-in ephemeris" || file.source_sha256.len() == 64, "{file:?}");
    }
    assert!(lock.contains("2015-06-19T16:15"), "{lock}");
    // The bus attitudes of six days shrink to the seconds around the exposure.
    let bus = files.iter().find(|file| file.name.contains("dawn_sc_150615")).expect("bus");
    assert!(bus.bytes < 10_000, "{bus:?}");
}
