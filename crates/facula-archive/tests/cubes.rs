// SPDX-License-Identifier: MIT OR Apache-2.0
//! ISIS cubes: flight cubes, and cubes made here from a flight label and the geometry USGS ALE computes for it.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use facula_archive::{
    ArchiveError, Cells, FileKind, ImageOptions, Limits, ReadOptions, convert, describe, read_frame,
    read_header, read_image, read_object, read_table,
};
use facula_core::{
    Body, BodyFixed, Camera, Collected, Icrf, Level, LonLat, Quality, Rotation, Silent, Vec3, et_s,
};

fn folder(test: &str) -> Option<PathBuf> {
    let folder = facula_testkit::data_folder();
    if folder.is_none() {
        facula_testkit::skip(test, "no flight data ($FACULA_DATA or ../shared/data)");
    }
    folder
}

#[test]
fn a_flight_cube_is_described_with_special_pixels_map_and_tables() {
    let Some(data) = folder("flight cubes described") else { return };
    let info =
        describe(&data.join("frames/vest64_dtm_specialpixels_downsampled.cub"), &Limits::default()).unwrap();
    assert_eq!((info.kind, info.parts.len()), (FileKind::IsisCube, 1));
    let core = &info.parts[0];
    assert_eq!(
        (core.part.sizes, core.part.sample_type.as_str()),
        ([364, 182, 1], "f32, in tiles of 364 x 182")
    );
    assert_eq!(info.keywords["IsisCube.Mapping.ProjectionName"], "Equirectangular");
    let statistics = core.statistics.as_ref().unwrap();
    let special: u64 = core.special_pixels.iter().map(|(_, count)| count).sum();
    assert!(special > 0 && special == 364 * 182 - statistics.valid_pixels, "{:?}", core.special_pixels);

    let info = describe(&data.join("frames/dawnEqui1.cub"), &Limits::default()).unwrap();
    let names: Vec<&str> = info.parts.iter().map(|part| part.part.name.as_str()).collect();
    assert_eq!(names[..3], ["Core", "VIRHouseKeeping", "InstrumentPointing"]);
    assert!(info.parts.iter().all(|part| part.statistics.is_ok()), "{:?}", info.parts);
    assert!(info.problems.is_empty(), "{:?}", info.problems);
}

/// Where the boresight of a scanner meets the ground may lie this far outside the map made of it, degrees: the
/// map was cut to whole pixels and the scan mirror stood off its centre.
const MAP_EDGE_DEG: f64 = 1.0;

#[test]
fn the_tables_of_a_flight_cube_look_at_the_place_its_map_shows() {
    let Some(data) = folder("tables of a flight cube") else { return };
    let path = data.join("frames/dawnEqui1.cub");
    let read = |name: &str| read_table(&path, name, &Limits::default()).unwrap();
    let [pointing, position, spin, sun] =
        ["InstrumentPointing", "InstrumentPosition", "BodyRotation", "SunPosition"].map(read);
    assert_eq!(pointing.rows(), 50);
    let vector = |table: &facula_archive::Table, row: usize| {
        Vec3::<Icrf>::from_array(["J2000X", "J2000Y", "J2000Z"].map(|c| table.numbers(c).unwrap()[row]))
    };
    let quaternion = |table: &facula_archive::Table, row: usize| {
        ["J2000Q0", "J2000Q1", "J2000Q2", "J2000Q3"].map(|c| table.numbers(c).unwrap()[row])
    };
    let vesta = Body::built_in("vesta").unwrap();
    // First and last rows of all tables are within 3 s of each other, in which Vesta turns by 0.06 degrees.
    for last in [false, true] {
        let row = |table: &facula_archive::Table| if last { table.rows() - 1 } else { 0 };
        let camera_from_icrf: Rotation<Camera, Icrf> =
            Rotation::from_quaternion(quaternion(&pointing, row(&pointing))).unwrap();
        let body_from_icrf: Rotation<BodyFixed, Icrf> =
            Rotation::from_quaternion(quaternion(&spin, row(&spin))).unwrap();
        let look = body_from_icrf * (camera_from_icrf.inverse() * Vec3::new(0.0, 0.0, 1.0));
        let spacecraft_km = body_from_icrf * vector(&position, row(&position));
        let (near_km, _) = vesta.ellipsoid().intersect_km(spacecraft_km, look).unwrap();
        let place = LonLat::of(spacecraft_km + look * near_km);
        // The Mapping group: latitude -12.1 to -1.2, longitude -3.2 to 2.6 degrees.
        let longitude_deg = (place.longitude_deg() + 180.0).rem_euclid(360.0) - 180.0;
        let latitude_deg = place.latitude_deg();
        println!("{longitude_deg:.2} E, {latitude_deg:.2} N");
        assert!((-12.1 - MAP_EDGE_DEG..-1.2 + MAP_EDGE_DEG).contains(&latitude_deg), "{latitude_deg}");
        assert!((-3.2 - MAP_EDGE_DEG..2.6 + MAP_EDGE_DEG).contains(&longitude_deg), "{longitude_deg}");
        // Vesta was 2.4 au from the Sun in July 2012 (JPL Horizons: 2.44).
        let sun_au = vector(&sun, 0).length() / 149_597_870.7;
        assert!((2.3..2.6).contains(&sun_au), "{sun_au}");
    }
    let text = read("VIRHouseKeeping");
    let Cells::Texts(shutter) = &text.columns[1].cells else { panic!("{:?}", text.columns[1]) };
    assert!(shutter.iter().all(|word| !word.is_empty()) && shutter.len() == 50, "{shutter:?}");
}

#[test]
fn spectral_cubes_and_maps_are_no_frames() {
    let Some(data) = folder("cubes that are no frames") else { return };
    let vesta = Body::built_in("vesta").unwrap();
    for (name, reason) in [
        ("frames/dawnEqui1.cub", "projected"),
        ("dawn-vesta-vir/VIR_IR_1A_1_362681634_1_isis3.lbl", "bands as a frame"),
    ] {
        let error = read_frame(&data.join(name), &ReadOptions::new(&vesta), &Silent).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Unsupported { .. }) && error.to_string().contains(reason),
            "{error}"
        );
    }
}

/// The Dawn label of USGS with the tables that ALE computed for it, cut to 2 x 2 pixels.
fn dawn_cube(data: &Path) -> Vec<u8> {
    const LABEL_BYTES: usize = 16_384;
    let text = |name: &str| std::fs::read_to_string(data.join("dawn-ceres-survey").join(name)).unwrap();
    let isd: serde_json::Value = serde_json::from_str(&text("expected_isd_isis.json")).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
    };
    let et_s = isd["center_ephemeris_time"].as_f64().unwrap();
    let rows = [
        ("instrument_pointing", "quaternions", "angular_velocities"),
        ("instrument_position", "positions", "velocities"),
        ("body_rotation", "quaternions", "angular_velocities"),
        ("sun_position", "positions", "velocities"),
    ]
    .map(|(name, place, rate)| {
        [numbers(&isd[name][place][0]), numbers(&isd[name][rate][0]), vec![et_s]].concat()
    });
    let mut label = text("FC21A0038582_15170161546F6G_isis3.lbl");
    let mut replace = |from: &str, to: &str| {
        assert!(label.contains(from), "{from}");
        label = label.replacen(from, to, 1);
    };
    replace("StartByte   = 65537", &format!("StartByte = {}", LABEL_BYTES + 1));
    replace("TileSamples = 512", "TileSamples = 2");
    replace("TileLines   = 512", "TileLines = 2");
    replace("Samples = 1024", "Samples = 2");
    replace("Lines   = 1024", "Lines = 2");
    let mut start = LABEL_BYTES + 16 + 1;
    for (old, row) in [4_272_584, 4_272_648, 4_272_704, 4_272_768].iter().zip(&rows) {
        replace(&format!("= {old}"), &format!("= {start}"));
        start += 8 * row.len();
    }
    let mut bytes = label.into_bytes();
    bytes.resize(LABEL_BYTES, 0);
    bytes.extend(
        [100.0f32, f32::from_bits(0xff7f_fffe), 300.0, f32::from_bits(0xff7f_fffb)]
            .map(f32::to_le_bytes)
            .concat(),
    );
    bytes.extend(rows.concat().iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

#[test]
fn a_cube_after_spiceinit_has_the_pose_usgs_ale_computes() {
    let Some(data) = folder("cube with a pose") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.cub");
    std::fs::write(&path, dawn_cube(&data)).unwrap();
    let ceres = Body::built_in("ceres").unwrap();
    let options = ReadOptions { shutter_delay_s: 0.193, ..ReadOptions::new(&ceres) };
    let report = Collected::default();
    let frame = read_frame(&path, &options, &report).unwrap();
    assert!(report.warnings().is_empty(), "{:?}", report.warnings());
    let meta = &frame.meta;
    assert_eq!((meta.id.as_str(), meta.target.as_str()), ("FC21A0038582_15170161546F6G", "ceres"));
    assert_eq!((meta.instrument.as_str(), meta.filter.as_str()), ("dawn_fc2", "F6"));
    assert_eq!((meta.exposure_s, meta.level), (1.8, Level::Raw));
    assert!((et_s(meta.mid_exposure) - 488_002_614.622_944_83).abs() < 1e-5);
    assert_eq!((frame.dn.at(0, 0), frame.dn.at(0, 1)), (100.0, 300.0));
    assert!(
        frame.quality.at(1, 0).intersects(Quality::SATURATED) && frame.quality.at(1, 1) == Quality::MISSING
    );
    let pose = frame.pose.unwrap();
    // From the ISD: sqrt(678.145^2 + 2026.141^2 + 4375.770^2) km.
    assert!((pose.range_km() - 4869.547).abs() < 1e-3, "{}", pose.range_km());
    // The observation is called NadirSouthColor.
    let nadir = pose.camera_from_body * -pose.spacecraft_km;
    assert!(nadir.angle_rad(Vec3::new(0.0, 0.0, 1.0)).to_degrees() < 2.0, "{nadir:?}");
    // The Sun stood 2.92 au away, over 3.0 degrees north (TARGET ephemeris of the mission, June 2015).
    let sun_distance_au = pose.sun_distance_au();
    assert!((2.8..3.0).contains(&sun_distance_au), "{sun_distance_au}");

    let header = read_header(&path, &options, &Silent).unwrap();
    assert_eq!((header.size_px, &header.meta, header.pose), ((2, 2), meta, frame.pose));
    let vesta = Body::built_in("vesta").unwrap();
    let report = Collected::default();
    let other = read_frame(&path, &ReadOptions::new(&vesta), &report).unwrap();
    assert!(other.pose.is_none() && report.warnings()[0].message.contains("ceres"));
}

#[test]
fn tables_that_are_no_pose_are_a_warning() {
    let Some(data) = folder("cube with a broken pose") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.cub");
    let ceres = Body::built_in("ceres").unwrap();
    let whole = dawn_cube(&data);
    let text_end = 16_384;
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8(whole[..text_end].to_vec()).unwrap();
        assert!(text.contains(from), "{from}");
        let mut text = text.replacen(from, to, 1).into_bytes();
        text.resize(text_end, 0);
        [text, whole[text_end..].to_vec()].concat()
    };
    let quaternion_at = text_end + 16;
    let mut twice = whole.clone();
    twice[quaternion_at..quaternion_at + 8].copy_from_slice(&2.0f64.to_le_bytes());
    for (bytes, reason) in [
        (twice, "length 2"),
        (changed("J2000Q0", "J2000X9"), "no single J2000Q0"),
        (changed("ConstantRotation    = (1.0,", "ConstantRotation    = (5.0,"), "not a rotation"),
        (changed("2015-170T16:15:46.345", "2015-171T16:15:46.345"), "s from the middle"),
        (whole[..whole.len() - 1].to_vec(), "table SunPosition needs"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let report = Collected::default();
        let frame = read_frame(&path, &ReadOptions::new(&ceres), &report).unwrap();
        let warnings = report.warnings();
        assert!(frame.pose.is_none() && warnings[0].message.contains(reason), "{reason}: {warnings:?}");
    }
    std::fs::write(&path, changed("Records             = 1", "Records             = 9")).unwrap();
    let error = read_frame(&path, &ReadOptions::new(&ceres), &Silent).unwrap_err().to_string();
    assert!(error.contains("told for 9 times (a line scanner)"), "{error}");
    std::fs::write(&path, changed("Name                 = SunPosition", "Name                 = Sun"))
        .unwrap();
    assert!(read_frame(&path, &ReadOptions::new(&ceres), &Silent).unwrap().pose.is_none());
}

#[test]
fn the_label_of_a_cube_without_pixels_is_described() {
    let Some(data) = folder("label of a cube") else { return };
    let path = data.join("dawn-ceres-survey/FC21A0038582_15170161546F6G_isis3.lbl");
    let info = describe(&path, &Limits::default()).unwrap();
    let names: Vec<&str> = info.parts.iter().map(|part| part.part.name.as_str()).collect();
    assert_eq!(names, ["Core", "InstrumentPointing", "InstrumentPosition", "BodyRotation", "SunPosition"]);
    assert!(info.parts[0].statistics.as_ref().unwrap_err().contains("cut short"));
    // Folded with a dash at the end of the line.
    let kernels = &info.keywords["IsisCube.Kernels.InstrumentPosition"];
    assert_eq!(kernels, "(Table, $dawn/kernels/spk/dawn_rec_150509-150630_150730_v1.bsp)");
    let ceres = Body::built_in("ceres").unwrap();
    let report = Collected::default();
    let header = read_header(&path, &ReadOptions::new(&ceres), &report).unwrap();
    assert_eq!((header.size_px, header.meta.filter.as_str(), header.pose), ((1024, 1024), "F6", None));
    assert!(report.warnings()[0].message.contains("InstrumentPointing needs"), "{:?}", report.warnings());
}

const DETACHED: &str = "Object = IsisCube\nObject = Core\n^Core = a.dat\nStartByte = 2\nFormat = BandSequential\n\
    Group = Dimensions\nSamples = 2\nLines = 1\nBands = 2\nEnd_Group\nGroup = Pixels\nType = SignedWord\n\
    ByteOrder = Lsb\nEnd_Group\nEnd_Object\nEnd_Object\nObject = Table\nName = T\nStartByte = 1\nBytes = 8\nRecords = 1\n\
    ^Table = a.table\nGroup = Field\nName = X\nType = Real\nSize = 2\nEnd_Group\nEnd_Object\n\
    Object = OriginalLabel\nName = IsisCube\nStartByte = START\nBytes = 19\nEnd_Object\nEnd\n";

/// A detached label, its core and its table.
fn detached(folder: &Path) -> PathBuf {
    let start = DETACHED.len() + "600".len() - "START".len() + 1;
    let label = DETACHED.replace("START", &start.to_string());
    std::fs::write(folder.join("a.lbl"), format!("{label}INSTRUMENT_ID = FC2")).unwrap();
    let core = [-32765i16, 5, 6, -32768].iter().flat_map(|v| v.to_le_bytes());
    std::fs::write(folder.join("a.dat"), [9].into_iter().chain(core).collect::<Vec<u8>>()).unwrap();
    std::fs::write(
        folder.join("a.table"),
        [1.5f32, -2.5].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(),
    )
    .unwrap();
    folder.join("a.lbl")
}

#[test]
fn detached_cores_and_tables_are_read_from_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = detached(folder.path());
    let band = |band| read_image(&path, &ImageOptions { band, ..Default::default() }, &Silent);
    let first = band(0).unwrap();
    assert!(first.image.at(0, 0).is_nan() && first.image.at(1, 0) == 5.0);
    assert!(first.quality.at(0, 0).intersects(Quality::SATURATED));
    assert_eq!(first.keywords["OriginalLabel.INSTRUMENT_ID"], "FC2");
    assert_eq!(band(1).unwrap().image.at(0, 0), 6.0);
    assert!(matches!(band(2), Err(ArchiveError::Argument { .. })));
    let table = read_object(&path, "t", &Limits::default(), &Silent).unwrap();
    assert_eq!(table.image.as_slice(), [1.5, -2.5]);
    let info = describe(&path, &Limits::default()).unwrap();
    assert_eq!(info.parts[0].special_pixels[3], ("HIS".to_string(), 1));
    assert!(matches!(read_table(&path, "U", &Limits::default()), Err(ArchiveError::NoCoverage { .. })));
    for name in ["../a.dat", "/a.dat", "b/../../a.dat"] {
        std::fs::write(&path, DETACHED.replace("START", "1").replace("a.dat", name)).unwrap();
        assert!(matches!(band(0), Err(ArchiveError::Format { .. })), "{name}");
    }
}

#[test]
fn a_cube_goes_to_fits_and_pds4_with_its_special_pixels_flagged() {
    let folder = tempfile::tempdir().unwrap();
    let path = detached(folder.path());
    let mut tried = String::new();
    for name in ["b.fits", "c.xml"] {
        let out = folder.path().join(name);
        convert(&path, &out, &ImageOptions::default(), &Silent).unwrap();
        let read = read_image(&out, &ImageOptions::default(), &Silent).unwrap();
        assert!(read.image.at(0, 0).is_nan() && read.image.at(1, 0) == 5.0, "{name}");
        assert!(read.quality.at(0, 0).intersects(Quality::SATURATED), "{name}: {:?}", read.quality);
        let _ = write!(tried, "{name} ");
    }
    println!("cube converted to {tried}");
}
