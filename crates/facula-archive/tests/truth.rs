// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cases F01 and F02 of the truth set: how real archive files are laid out.
#![allow(clippy::unwrap_used)]

use facula_archive::fits::{FitsWriteOptions, write_fits};
use facula_archive::pds3::Label;
use facula_core::Raster;

#[test]
fn the_objects_of_a_flight_label_follow_each_other_record_by_record() {
    let Some((data, case)) = facula_testkit::data_folder().zip(facula_testkit::truth_case("F01")) else {
        facula_testkit::skip("F01", "no flight data ($FACULA_DATA or ../shared/data)");
        return;
    };
    let bytes = std::fs::read(data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl")).unwrap();
    let (label, _) = Label::parse(&bytes).unwrap();
    let count = |path: &str| label.get(path).and_then(|v| v.number()).unwrap() as u64;
    let record_bytes = count("RECORD_BYTES");
    assert_eq!(record_bytes, case["given"]["RECORD_BYTES"].as_u64().unwrap());
    let mut next = case["given"]["IMAGE"].as_u64().unwrap();
    let objects = ["IMAGE", "FRAME_2_IMAGE", "FRAME_3_IMAGE", "FRAME_4_IMAGE", "FRAME_5_IMAGE"];
    for (object, start) in objects.iter().zip(case["expect"]["starts"].as_array().unwrap()) {
        assert_eq!(next, start.as_u64().unwrap(), "start of {object}");
        assert_eq!(count(&format!("^{object}")), next, "pointer to {object}");
        let of = |key: &str| count(&format!("{object}.{key}"));
        let size_bytes = of("LINES") * of("LINE_SAMPLES") * of("BANDS") * of("SAMPLE_BITS") / 8;
        next += size_bytes.div_ceil(record_bytes);
    }
    assert_eq!(next - 1, case["expect"]["FILE_RECORDS"].as_u64().unwrap());
    assert_eq!(count("FILE_RECORDS"), next - 1);
}

#[test]
fn a_fits_file_of_a_whole_frame_has_the_records_of_the_archive() {
    let Some(case) = facula_testkit::truth_case("F02") else {
        facula_testkit::skip("F02", "no flight data ($FACULA_DATA or ../shared/data)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.fit");
    write_fits(&path, &Raster::filled(1024, 1024, 0.5f32), &FitsWriteOptions::default()).unwrap();
    let length = std::fs::metadata(&path).unwrap().len();
    assert_eq!(length % 2880, 0);
    // One block of header: the archive's labels describe such a file.
    assert_eq!(length / 2880, case["expect"]["records"].as_u64().unwrap());
}
