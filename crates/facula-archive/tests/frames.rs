// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames written and read back, cut short, and scrambled; labels that point where they should not.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_archive::{ArchiveError, Limits, ReadOptions, read_frame, write_frame};
use facula_core::{
    Body, BodyFixed, Collected, FrameMeta, Level, Pose, Quality, Raster, RawFrame, Rotation, Silent, Unit,
    Vec3, parse_utc,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Delay between start time and shutter of the Dawn cameras, s (ISIS, DawnFcCamera).
const SHUTTER_DELAY_S: f64 = 0.193;

/// Written epochs are whole microseconds of the start time.
const EPOCH_TOLERANCE_S: f64 = 1e-6;

/// Relative: nothing but rounding may happen to vectors, at 1e-4 rad/s of spin over half a microsecond.
const POSE_TOLERANCE: f64 = 1e-9;

fn ceres() -> Body {
    Body::built_in("ceres").unwrap()
}

fn frame(dn: Raster<f32>) -> RawFrame {
    let mid_exposure = parse_utc("2015-05-04T08:12:33.123456789").unwrap();
    let pose = Pose {
        mid_exposure,
        spacecraft_km: Vec3::new(-3_000.25, 12_000.5, 5_432.1),
        sun_km: Vec3::new(3.1e8, -2.9e8, 3.2e7),
        camera_from_body: Rotation::from_quaternion([0.3, -0.5, 0.7, 0.1]).unwrap(),
    };
    let meta = FrameMeta {
        id: "rc3_0007".into(),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure,
        exposure_s: 0.0187,
        detector_temperature_k: Some(217.93),
        level: Level::Raw,
        keywords: BTreeMap::from([("MISSION_PHASE_NAME".into(), "CERES ENCOUNTER (CSE)".into())]),
    };
    let quality = dn.map(|v| if v.is_nan() { Quality::MISSING } else { Quality::GOOD });
    RawFrame { meta, dn, quality, pose: Some(pose) }
}

fn ramp() -> Raster<f32> {
    Raster::from_vec(13, 7, (0..91).map(|i| (i * 719) as f32).collect()).unwrap()
}

fn options(body: &Body) -> ReadOptions<'_> {
    ReadOptions { shutter_delay_s: SHUTTER_DELAY_S, ..ReadOptions::new(body) }
}

fn round_trip(frame: &RawFrame) -> RawFrame {
    let folder = tempfile::tempdir().unwrap();
    let written = write_frame(folder.path(), frame, &ceres(), SHUTTER_DELAY_S).unwrap();
    let reported = Collected::default();
    let back = read_frame(&written.label, &options(&ceres()), &reported).unwrap();
    assert_eq!(reported.warnings(), []);
    back
}

fn close<F>(a: Vec3<F>, b: Vec3<F>) -> bool {
    (a - b).length() <= POSE_TOLERANCE * b.length()
}

#[test]
fn a_frame_comes_back_as_it_was() {
    let frame = frame(ramp());
    let back = round_trip(&frame);
    assert_eq!((&back.dn, &back.quality), (&frame.dn, &frame.quality));
    let (meta, wanted) = (&back.meta, &frame.meta);
    assert!((meta.mid_exposure - wanted.mid_exposure).to_seconds().abs() <= EPOCH_TOLERANCE_S);
    assert_eq!(meta.keywords["MISSION_PHASE_NAME"], "CERES ENCOUNTER (CSE)");
    assert_eq!(meta.keywords["IMAGE.LINES"], "7");
    let same =
        FrameMeta { mid_exposure: wanted.mid_exposure, keywords: wanted.keywords.clone(), ..meta.clone() };
    assert_eq!(&same, wanted);
    let (pose, wanted) = (back.pose.unwrap(), frame.pose.unwrap());
    assert_eq!(pose.mid_exposure, back.meta.mid_exposure);
    assert!(close(pose.spacecraft_km, wanted.spacecraft_km), "{:?}", pose.spacecraft_km);
    assert!(close(pose.sun_km, wanted.sun_km), "{:?}", pose.sun_km);
    assert!(pose.camera_from_body.angle_to_rad(wanted.camera_from_body) < POSE_TOLERANCE);
}

#[test]
fn a_second_round_trip_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1"), folder.path().join("2"));
    std::fs::create_dir(&one).unwrap();
    std::fs::create_dir(&two).unwrap();
    let first = write_frame(&one, &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
    let again = write_frame(&one, &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
    assert_eq!(std::fs::read_dir(&one).unwrap().count(), 2);
    let back = read_frame(&again.image, &options(&ceres()), &Silent).unwrap();
    let second = write_frame(&two, &back, &ceres(), SHUTTER_DELAY_S).unwrap();
    assert_eq!(std::fs::read(first.image).unwrap(), std::fs::read(second.image).unwrap());
    let mut again = read_frame(&second.label, &options(&ceres()), &Silent).unwrap().meta;
    // The last digit of these is rounding.
    for key in ["QUATERNION", "SC_TARGET_POSITION_VECTOR", "SC_SUN_POSITION_VECTOR"] {
        again.keywords.insert(key.into(), back.meta.keywords[key].clone());
    }
    assert_eq!(again, back.meta);
}

#[test]
fn missing_pixels_flags_and_other_levels_survive() {
    let mut wanted = frame(ramp());
    wanted.dn.set(3, 2, f32::NAN);
    wanted.dn.set(4, 2, 0.125);
    wanted.quality.set(3, 2, Quality::MISSING);
    wanted.quality.set(5, 2, Quality::SATURATED | Quality::HOT);
    wanted.meta.level = Level::IOverF;
    wanted.meta.filter = "CLEAR".into();
    wanted.meta.instrument = "msi".into();
    wanted.meta.detector_temperature_k = None;
    wanted.pose = None;
    let back = round_trip(&wanted);
    assert!(back.dn.at(3, 2).is_nan() && back.dn.at(4, 2) == 0.125);
    assert_eq!(back.quality, wanted.quality);
    assert_eq!((back.meta.level, back.pose), (Level::IOverF, None));
    assert_eq!((back.meta.filter.as_str(), back.meta.instrument.as_str()), ("CLEAR", "msi"));
    assert_eq!(back.meta.detector_temperature_k, None);
}

#[test]
fn what_cannot_come_back_is_refused() {
    let good = frame(ramp());
    let with = |change: &dyn Fn(&mut RawFrame)| {
        let mut frame = good.clone();
        change(&mut frame);
        let folder = tempfile::tempdir().unwrap();
        let error = write_frame(folder.path(), &frame, &ceres(), SHUTTER_DELAY_S).unwrap_err();
        assert!(matches!(error, ArchiveError::Argument { .. }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    with(&|f| f.meta.id = "../evil".into());
    with(&|f| f.meta.id = String::new());
    with(&|f| f.meta.target = "1 Ceres".into());
    with(&|f| f.meta.target = "vesta".into());
    with(&|f| f.meta.instrument = "Dawn FC2".into());
    with(&|f| f.meta.filter = "a \"quoted\" name".into());
    with(&|f| f.meta.exposure_s = f64::NAN);
    with(&|f| f.meta.detector_temperature_k = Some(f64::INFINITY));
    with(&|f| f.pose.as_mut().unwrap().sun_km.x = f64::NAN);
    with(&|f| f.meta.mid_exposure += 1.0 * Unit::Second);
    let error = write_frame(Path::new("/nowhere"), &good, &ceres(), SHUTTER_DELAY_S).unwrap_err();
    assert!(matches!(error, ArchiveError::Io { .. }), "{error}");
}

#[test]
fn keywords_that_would_change_the_frame_are_not_copied() {
    let mut wanted = frame(ramp());
    let poison = ["OBJECT", "END", "START_TIME", "^IMAGE", "QUATERNION", "A B", "FILTER_NAME"];
    wanted.meta.keywords = poison.iter().map(|key| ((*key).to_string(), "1".to_string())).collect();
    wanted.meta.keywords.insert("LONG_NOTE".into(), "x".repeat(2000));
    let back = round_trip(&wanted);
    assert_eq!((back.meta.filter.as_str(), back.dn), ("F1", wanted.dn));
    assert!(!back.meta.keywords.contains_key("LONG_NOTE") && !back.meta.keywords.contains_key("OBJECT"));
}

#[test]
fn every_cut_of_a_written_frame_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_frame(folder.path(), &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
    let mut tried = 0;
    for path in [&written.label, &written.image] {
        let whole = std::fs::read(path).unwrap();
        // The line end behind END says nothing.
        let needed = if *path == written.label { whole.len() - 2 } else { whole.len() };
        for length in 0..needed {
            std::fs::write(path, &whole[..length]).unwrap();
            assert!(
                read_frame(&written.label, &options(&ceres()), &Silent).is_err(),
                "{path:?} cut at {length}"
            );
            tried += 1;
        }
        std::fs::write(path, &whole).unwrap();
    }
    assert!(read_frame(&written.label, &options(&ceres()), &Silent).is_ok());
    println!("{tried} cuts of label and image tried");
}

/// A label with an attached 2 x 1 image of 16-bit little-endian numbers.
fn attached(pointer: &str, more: &str) -> Vec<u8> {
    let text = format!(
        "PDS_VERSION_ID = PDS3\r\nRECORD_TYPE = FIXED_LENGTH\r\nRECORD_BYTES = 2048\r\n^IMAGE = {pointer}\r\n\
         TARGET_NAME = \"1 CERES\"\r\nSTART_TIME = 2015-170T16:15:46.345\r\nEXPOSURE_DURATION = 1800 <ms>\r\n\
         PRODUCT_ID = \"0038582\"\r\n{more}\r\nOBJECT = IMAGE\r\n LINES = 1\r\n LINE_SAMPLES = 2\r\n SAMPLE_BITS = 16\r\n\
         SAMPLE_TYPE = LSB_UNSIGNED_INTEGER\r\n UNIT = \"DU\"\r\nEND_OBJECT = IMAGE\r\nEND\r\n"
    );
    let mut bytes = text.into_bytes();
    bytes.resize(2048, b' ');
    bytes.extend([0x34, 0x12, 0xff, 0xff]);
    bytes
}

fn read_named(name: &str, bytes: &[u8], report: &Collected) -> Result<RawFrame, ArchiveError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_frame(&path, &options(&ceres()), report)
}

#[test]
fn an_attached_label_leads_to_its_pixels() {
    let report = Collected::default();
    let frame = read_named("FC21A0038582.IMG", &attached("2", ""), &report).unwrap();
    assert_eq!(frame.dn.as_slice(), [4660.0, 65_535.0]);
    assert_eq!((frame.meta.id.as_str(), frame.meta.level), ("FC21A0038582", Level::Raw));
    assert!(frame.pose.is_none() && report.warnings().is_empty());
    assert!(read_named("a.img", &attached("3", ""), &report).is_err());
    assert!(read_named("a.img", &attached("2049 <BYTES>", ""), &report).is_ok());
}

#[test]
fn pointers_out_of_the_folder_are_refused() {
    for pointer in
        ["(\"../../etc/passwd\", 1)", "\"/etc/passwd\"", "(\"..\\secret.img\", 1)", "\"C:frame.img\""]
    {
        let error = read_named("a.lbl", &attached(pointer, ""), &Collected::default()).unwrap_err();
        assert!(error.to_string().contains("outside its own folder"), "{error}");
    }
    let error = read_named("a.lbl", &attached("(\"NONE.IMG\", 1)", ""), &Collected::default()).unwrap_err();
    assert!(matches!(error, ArchiveError::NoCoverage { .. }), "{error}");
}

const GEOMETRY: &str = "QUATERNION = (1, 0, 0, 0)\nSC_TARGET_POSITION_VECTOR = (0 <km>, 0 <km>, -1000 <km>)";

#[test]
fn without_a_sun_in_the_label_the_one_of_the_options_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.img");
    std::fs::write(&path, attached("2", GEOMETRY)).unwrap();
    let report = Collected::default();
    let body = ceres();
    assert!(read_frame(&path, &options(&body), &report).unwrap().pose.is_none());
    assert!(report.warnings()[0].message.contains("where the Sun is"));
    let sun = |_| Some(Vec3::<BodyFixed>::new(4e8, 0.0, 0.0));
    let with_sun = ReadOptions { sun: Some(&sun), ..options(&body) };
    let pose = read_frame(&path, &with_sun, &Silent).unwrap().pose.unwrap();
    assert_eq!(pose.sun_km, Vec3::new(4e8, 0.0, 0.0));
    // The spacecraft is 1000 km up along +z of J2000, so at the pole's declination over the body.
    let latitude_deg = pose.sub_spacecraft().latitude_deg();
    assert!((latitude_deg - body.pole_dec_deg).abs() < 1e-9, "{latitude_deg}");
}

#[test]
fn geometry_of_another_body_is_not_used() {
    let text = String::from_utf8_lossy(&attached("2", GEOMETRY)).replace("1 CERES", "4 VESTA");
    let bytes: Vec<u8> = attached("2", GEOMETRY)
        .iter()
        .zip(text.bytes())
        .map(|(a, b)| if *a < 128 { b } else { *a })
        .collect();
    let report = Collected::default();
    assert!(read_named("a.img", &bytes, &report).unwrap().pose.is_none());
    assert!(report.warnings()[0].message.contains("\"vesta\""));
}

#[test]
fn geometry_that_cannot_be_used_is_a_warning() {
    for bad in [
        "QUATERNION = (2, 0, 0, 0)",
        "SC_SUN_POSITION_VECTOR = (1, 2)",
        "SC_TARGET_POSITION_VECTOR = (0, 0, 0)",
    ] {
        let report = Collected::default();
        assert!(read_named("a.img", &attached("2", bad), &report).unwrap().pose.is_none(), "{bad}");
        assert!(report.warnings()[0].message.contains("no pose"), "{bad}");
    }
}

#[test]
fn a_label_that_contradicts_its_image_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_frame(folder.path(), &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
    let text = std::fs::read_to_string(&written.label).unwrap();
    let lines = text.lines().find(|l| l.trim_start().starts_with("LINES ")).unwrap();
    std::fs::write(&written.label, text.replace(lines, "LINES = 8")).unwrap();
    let error = read_frame(&written.image, &options(&ceres()), &Silent).unwrap_err();
    assert!(error.to_string().contains("do not belong together"), "{error}");
}

#[test]
fn limits_hold_for_frames() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_frame(folder.path(), &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
    let body = ceres();
    let tight = |limits| ReadOptions { limits, ..options(&body) };
    let pixels = tight(Limits { max_pixels: 90, ..Limits::default() });
    let bytes = tight(Limits { max_file_bytes: 5000, ..Limits::default() });
    for limited in [pixels, bytes] {
        let error = read_frame(&written.label, &limited, &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::Limit { .. }), "{error}");
    }
}

fn png_with_pose(json: &str, report: &Collected) -> Result<RawFrame, ArchiveError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.png");
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&[5, 250]).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    if !json.is_empty() {
        std::fs::write(folder.path().join("f.json"), json).unwrap();
    }
    read_frame(&path, &options(&ceres()), report)
}

const POSE_JSON: &str = r#"{"product_id": "P1", "target": "CERES", "instrument": "DAWN FC2", "filter": "F1",
    "start_time_utc": "2015-09-24T08:32:18", "exposure_ms": 20.0, "spacecraft_position_km": [0, 0, -1900],
    "sun_position_km": [4e8, 0, 0], "camera_from_body": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}"#;

#[test]
fn a_picture_with_a_pose_is_a_frame() {
    let report = Collected::default();
    let frame = png_with_pose(POSE_JSON, &report).unwrap();
    assert_eq!(report.warnings(), []);
    assert_eq!((frame.dn.as_slice(), frame.meta.level), ([5.0, 250.0].as_slice(), Level::Relative));
    let expected = parse_utc("2015-09-24T08:32:18").unwrap() + (SHUTTER_DELAY_S + 0.010) * Unit::Second;
    assert_eq!(frame.meta.mid_exposure, expected);
    assert_eq!(frame.meta.instrument, "dawn_fc2");
    assert_eq!(frame.pose.unwrap().spacecraft_km, Vec3::new(0.0, 0.0, -1900.0));
}

#[test]
fn pose_files_that_are_wrong_say_so() {
    let cases = [
        ("", "pose file"),
        ("{", "JSON pose"),
        ("[]", "JSON pose"),
        (r#"{"spacecraft_position_km": [1, 2]}"#, "JSON pose"),
        ("{}", "mid_exposure_utc"),
        (r#"{"mid_exposure_utc": "soon"}"#, "not a UTC time"),
    ];
    for (json, expected) in cases {
        let error = png_with_pose(json, &Collected::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} does not say {expected}");
    }
    for (from, to, expected) in [
        ("[1, 0, 0]", "[2, 0, 0]", "not a rotation"),
        ("[0, 0, -1900]", "[0, 0, 0]", "not a place"),
        ("20.0", "-20.0", "exposure_ms"),
    ] {
        let error =
            png_with_pose(&POSE_JSON.replace(from, to), &Collected::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} does not say {expected}");
    }
}

#[test]
fn every_cut_of_a_pose_file_is_an_error() {
    for length in 0..POSE_JSON.len() {
        assert!(png_with_pose(&POSE_JSON[..length], &Collected::default()).is_err(), "cut at {length}");
    }
    println!("{} cuts of a pose file tried", POSE_JSON.len());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn poses_round_trip(
        position in prop::array::uniform3(-2e4..2e4f64),
        sun in prop::array::uniform3(-4e8..4e8f64),
        turn in prop::array::uniform4(-1.0..1.0f64),
        second in 0.0..1e6f64,
        exposure_s in 1e-3..1e3f64,
    ) {
        let mut wanted = frame(Raster::filled(2, 2, 7.0));
        wanted.meta.mid_exposure += second * Unit::Second;
        wanted.pose.as_mut().unwrap().mid_exposure = wanted.meta.mid_exposure;
        wanted.meta.exposure_s = exposure_s;
        let pose = wanted.pose.as_mut().unwrap();
        pose.spacecraft_km = Vec3::from_array(position);
        pose.sun_km = Vec3::from_array(sun);
        prop_assume!(pose.spacecraft_km.length() > 500.0 && pose.sun_km.length() > 1e8);
        prop_assume!(turn.iter().map(|c| c * c).sum::<f64>() > 1e-2);
        pose.camera_from_body = Rotation::from_quaternion(turn).unwrap();
        let back = round_trip(&wanted);
        let (read, wrote) = (back.pose.unwrap(), wanted.pose.unwrap());
        prop_assert!((back.meta.mid_exposure - wanted.meta.mid_exposure).to_seconds().abs() <= EPOCH_TOLERANCE_S);
        prop_assert_eq!(back.meta.exposure_s, exposure_s);
        prop_assert!(close(read.spacecraft_km, wrote.spacecraft_km) && close(read.sun_km, wrote.sun_km));
        prop_assert!(read.camera_from_body.angle_to_rad(wrote.camera_from_body) < POSE_TOLERANCE);
    }

    #[test]
    fn scrambled_files_are_survived(at in any::<prop::sample::Index>(), byte in any::<u8>(), label in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let written = write_frame(folder.path(), &frame(ramp()), &ceres(), SHUTTER_DELAY_S).unwrap();
        let path = if label { &written.label } else { &written.image };
        let mut bytes = std::fs::read(path).unwrap();
        let index = at.index(bytes.len().min(3000));
        bytes[index] = byte;
        std::fs::write(path, &bytes).unwrap();
        let _ = read_frame(&written.label, &options(&ceres()), &Silent);
    }
}
