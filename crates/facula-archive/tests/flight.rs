// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real files against what other programs read from them. Checksums are CRC-32 of the array as little-endian
//! f32, line by line: astropy 7 and numpy for FITS, tifffile for TIFF, Pillow for PNG and JPEG (November 2026).
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use facula_archive::pds3::Label;
use facula_archive::{ArchiveError, Limits, ReadOptions, fits, read_cube, read_frame, read_header, read_map};
use facula_core::{
    Body, BodyFixed, Camera, Collected, Icrf, Level, Quality, Raster, Rotation, Silent, Vec3, et_s, parse_utc,
};

fn folder(test: &str) -> Option<PathBuf> {
    let folder = facula_testkit::data_folder();
    if folder.is_none() {
        facula_testkit::skip(test, "no flight data ($FACULA_DATA or ../shared/data)");
    }
    folder
}

fn checksum(image: &Raster<f32>) -> u32 {
    let mut sum = flate2::Crc::new();
    image.as_slice().iter().for_each(|value| sum.update(&value.to_le_bytes()));
    sum.sum()
}

#[test]
fn the_near_frame_reads_through_its_label_as_astropy_reads_it() {
    let Some(data) = folder("near frame") else { return };
    let body = Body::built_in("ceres").unwrap();
    for name in ["m0126865998f4_2p_iof.fit", "m0126865998f4_2p_iof.lbl"] {
        let report = Collected::default();
        let frame = read_frame(&data.join("frames").join(name), &ReadOptions::new(&body), &report).unwrap();
        assert_eq!((frame.dn.width(), frame.dn.height()), (537, 244));
        assert_eq!(checksum(&frame.dn), 0x87319e98);
        let meta = &frame.meta;
        assert_eq!(
            (meta.id.as_str(), meta.target.as_str(), meta.filter.as_str()),
            ("M0126865998F4_2P_IOF", "eros", "F4")
        );
        assert_eq!(
            (meta.level, meta.exposure_s, meta.detector_temperature_k),
            (Level::IOverF, 0.089, Some(245.15))
        );
        let mid = parse_utc("2000-02-25T05:16:12.700500").unwrap();
        assert!((meta.mid_exposure - mid).to_seconds().abs() < 1e-9);
        assert!(frame.pose.is_none());
        // Its last byte is a stray line end behind the last block; astropy warns as well.
        let warnings = report.warnings();
        assert!(
            warnings.len() == 1 && warnings[0].message.contains("1 bytes after the last unit"),
            "{warnings:?}"
        );
    }
}

#[test]
fn the_hayabusa2_frame_reads_as_astropy_reads_it() {
    let Some(data) = folder("hayabusa2 frame") else { return };
    let path = data.join("frames/hyb2_onc_20151203_000006_w2f_l2a.fit");
    let body = Body::built_in("ceres").unwrap();
    let frame = read_frame(&path, &ReadOptions::new(&body), &Silent).unwrap();
    assert_eq!((frame.dn.width(), frame.dn.height()), (1024, 1024));
    assert_eq!(checksum(&frame.dn), 0xf3f3629a);
    assert!(frame.quality.as_slice().iter().all(|q| *q == Quality::GOOD));
    assert_eq!((frame.meta.target.as_str(), frame.meta.level), ("earth", Level::Raw));
    assert_eq!(frame.meta.exposure_s, 0.0041);
    // DATE-OBS of the header is the middle, to the millisecond.
    let mid = parse_utc("2015-12-03T00:00:06.639").unwrap();
    assert!((frame.meta.mid_exposure - mid).to_seconds().abs() < 1e-3);
    let image = fits::read_fits(&path, &Limits::default(), &Silent).unwrap();
    assert_eq!(image.image, frame.dn);
}

#[test]
fn cuts_of_a_flight_fits_file_are_errors() {
    let Some(data) = folder("cut flight frame") else { return };
    let whole = std::fs::read(data.join("frames/m0126865998f4_2p_iof.fit")).unwrap();
    // The last byte is the stray one.
    let lengths: Vec<usize> =
        (0..12_000).chain((12_000..whole.len() - 1).step_by(97)).chain([whole.len() - 2]).collect();
    for length in &lengths {
        let file = fits::FitsFile::parse(&whole[..*length]);
        assert!(file.and_then(|f| f.first_image()).is_err(), "cut at {length}");
    }
    println!("{} cuts of a flight FITS file tried", lengths.len());
}

/// Pointing of a label against that of the CK kernels, rad: the labels come from an earlier attitude file.
const LABEL_POINTING_RAD: f64 = 1e-4;

fn isd(data: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(data.join("dawn-ceres-survey/expected_isd.json")).unwrap()).unwrap()
}

fn triple(value: &serde_json::Value) -> [f64; 3] {
    [0, 1, 2].map(|k| value["positions"][0][k].as_f64().unwrap())
}

fn list(key: &str, numbers: impl IntoIterator<Item = f64>) -> String {
    let mut text = String::new();
    for number in numbers {
        let _ = write!(text, "{}{number}", if text.is_empty() { "" } else { ", " });
    }
    format!("{key} = ({text})\r\n")
}

/// The flight label with the vectors of the USGS ISD where it says N/A, and one pixel as its image.
fn label_with_geometry(data: &Path, more: &str) -> Vec<u8> {
    let bytes = std::fs::read(data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl")).unwrap();
    let (label, _) = Label::parse(&bytes).unwrap();
    let isd = isd(data);
    let (spacecraft, sun) = (triple(&isd["instrument_position"]), triple(&isd["sun_position"]));
    let value = |key: &str| label.get(key).unwrap().to_string();
    let mut text = format!(
        "PDS_VERSION_ID = PDS3\r\n^IMAGE = 4097 <BYTES>\r\nTARGET_NAME = \"{}\"\r\nSTART_TIME = {}\r\n\
         EXPOSURE_DURATION = {}\r\nFILE_NAME = \"{}\"\r\nQUATERNION = {}\r\nFILTER_NUMBER = {}\r\n\
         INSTRUMENT_HOST_ID = DAWN\r\nINSTRUMENT_ID = {}\r\nDETECTOR_TEMPERATURE = {}\r\n",
        value("TARGET_NAME"),
        value("START_TIME"),
        value("EXPOSURE_DURATION"),
        value("FILE_NAME"),
        value("QUATERNION"),
        value("FILTER_NUMBER"),
        value("INSTRUMENT_ID"),
        value("DETECTOR_TEMPERATURE"),
    );
    text += &list("SC_TARGET_POSITION_VECTOR", spacecraft.map(|c| -c));
    // The ISD's Sun is seen from the body.
    text += &list("SC_SUN_POSITION_VECTOR", [0, 1, 2].map(|k| sun[k] - spacecraft[k]));
    text += more;
    text += "OBJECT = IMAGE\r\nLINES = 1\r\nLINE_SAMPLES = 1\r\nSAMPLE_BITS = 8\r\n\
             SAMPLE_TYPE = UNSIGNED_INTEGER\r\nUNIT = \"DU\"\r\nEND_OBJECT\r\nEND\r\n";
    let mut bytes = text.into_bytes();
    bytes.resize(4096, b' ');
    bytes.push(77);
    bytes
}

#[test]
fn the_dawn_label_gives_the_pose_usgs_ale_computes_from_the_kernels() {
    let Some(data) = folder("dawn label") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("FRAME.IMG");
    std::fs::write(&path, label_with_geometry(&data, "")).unwrap();
    // ALE used dawn_ceres_v05.tpc.
    let ceres = Body::built_in("ceres").unwrap();
    let v05 = Body {
        pole_ra_deg: 291.418,
        pole_dec_deg: 66.764,
        prime_meridian_deg: 170.65,
        spin_deg_day: 952.1532,
        ..ceres
    };
    let options = ReadOptions { shutter_delay_s: 0.193, ..ReadOptions::new(&v05) };
    let frame = read_frame(&path, &options, &Silent).unwrap();
    let (isd, pose) = (isd(&data), frame.pose.unwrap());
    // ALE starts from the spacecraft clock, the label's UTC is rounded to 1 ms.
    let ale_et_s = isd["center_ephemeris_time"].as_f64().unwrap();
    assert!((et_s(frame.meta.mid_exposure) - ale_et_s).abs() < 1e-3);
    let quaternion = |key: &str| [0, 1, 2, 3].map(|k| isd[key]["quaternions"][0][k].as_f64().unwrap());
    let body_from_icrf: Rotation<BodyFixed, Icrf> =
        Rotation::from_quaternion(quaternion("body_rotation")).unwrap();
    let camera_from_icrf: Rotation<Camera, Icrf> =
        Rotation::from_quaternion(quaternion("instrument_pointing")).unwrap();
    let ale_spacecraft_km: Vec3<BodyFixed> =
        body_from_icrf * Vec3::from_array(triple(&isd["instrument_position"]));
    let ale_sun_km = body_from_icrf * Vec3::from_array(triple(&isd["sun_position"]));
    // Half a millisecond of spin at 4,870 km is 0.5 m.
    assert!((pose.spacecraft_km - ale_spacecraft_km).length() < 1e-3, "{:?}", pose.spacecraft_km);
    assert!(pose.sun_km.angle_rad(ale_sun_km) < 1e-6);
    let off_rad = pose.camera_from_body.angle_to_rad(camera_from_icrf * body_from_icrf.inverse());
    println!("label pointing is {off_rad:.2e} rad from the kernels'");
    assert!(off_rad < LABEL_POINTING_RAD, "{off_rad}");
    // The camera looks at Ceres: the observation is called NadirSouthColor.
    let nadir = pose.camera_from_body * -pose.spacecraft_km;
    assert!(nadir.angle_rad(Vec3::new(0.0, 0.0, 1.0)).to_degrees() < 2.0, "{nadir:?}");
    let meta = &frame.meta;
    assert_eq!((meta.id.as_str(), meta.target.as_str()), ("FC21A0038582_15170161546F6F", "ceres"));
    assert_eq!((meta.instrument.as_str(), meta.filter.as_str()), ("dawn_fc2", "F6"));
    assert_eq!((meta.exposure_s, meta.detector_temperature_k, meta.level), (1.8, Some(217.927), Level::Raw));
}

#[test]
fn places_that_contradict_the_vectors_of_a_label_are_a_warning() {
    let Some(data) = folder("dawn sub-points") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("FRAME.IMG");
    let ceres = Body::built_in("ceres").unwrap();
    let options = ReadOptions { shutter_delay_s: 0.193, ..ReadOptions::new(&ceres) };
    let read = |more: &str| {
        std::fs::write(&path, label_with_geometry(&data, more)).unwrap();
        let report = Collected::default();
        let pose = read_frame(&path, &options, &report).unwrap().pose.unwrap();
        (pose, report.warnings())
    };
    let (pose, warnings) =
        read("SUB_SPACECRAFT_LATITUDE = \"N/A\"\r\nSUB_SPACECRAFT_LONGITUDE = \"N/A\"\r\n");
    assert!(warnings.is_empty(), "{warnings:?}");
    let places = |off_deg: f64| {
        let (place, sun) = (pose.sub_spacecraft(), pose.sub_solar());
        format!(
            "SUB_SPACECRAFT_LATITUDE = {:.2} <degree>\r\nSUB_SPACECRAFT_LONGITUDE = {:.2} <degree>\r\n\
             SUB_SOLAR_LATITUDE = {:.2}\r\nSUB_SOLAR_LONGITUDE = {:.2}\r\n",
            place.latitude_deg() + off_deg,
            place.longitude_deg(),
            sun.latitude_deg(),
            sun.longitude_deg() + off_deg
        )
    };
    assert!(read(&places(0.5)).1.is_empty());
    let (same, warnings) = read(&places(2.0));
    assert_eq!((same, warnings.len()), (pose, 2));
    assert!(
        warnings[1].message.starts_with("SUB_SPACECRAFT_LONGITUDE and _LATITUDE are 2.0 degrees"),
        "{warnings:?}"
    );
}

#[test]
fn the_dawn_label_without_pixels_is_cut_short() {
    let Some(data) = folder("dawn label without pixels") else { return };
    let path = data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl");
    let body = Body::built_in("ceres").unwrap();
    let error = read_frame(&path, &ReadOptions::new(&body), &Silent).unwrap_err();
    assert!(
        matches!(error, ArchiveError::Format { .. }) && error.to_string().contains("cut short"),
        "{error}"
    );
    let bytes = std::fs::read(&path).unwrap();
    let (label, end) = Label::parse(&bytes).unwrap();
    // pvl counts 227 keywords as well.
    assert_eq!(label.keywords().len(), 227);
    assert_eq!(label.text("DAWN:T_RAD_MOTOR"), Some("201.400"));
    assert_eq!(label.text("FRAME_5_IMAGE.FIRST_LINE"), Some("1047"));
    assert_eq!(label.get("SPICE_FILE_NAME").unwrap().elements().len(), 12);
    // A label cut at its end of line behind END is whole.
    for length in 0..end {
        assert!(Label::parse(&bytes[..length]).is_err(), "cut at {length}");
    }
    println!("{end} cuts of a flight label tried");
    let text = label.to_text().unwrap();
    assert_eq!(Label::parse(text.as_bytes()).unwrap().0, label);
}

#[test]
fn pictures_with_poses_read_as_pillow_reads_them() {
    let Some(data) = folder("pictures with poses") else { return };
    let report = Collected::default();
    let vesta = Body::built_in("vesta").unwrap();
    let options = ReadOptions { shutter_delay_s: 0.193, ..ReadOptions::new(&vesta) };
    let frame =
        read_frame(&data.join("vesta-approach/FC21A0002962_11198033947F1H.png"), &options, &report).unwrap();
    assert_eq!(checksum(&frame.dn), 0x48939104);
    let pose = frame.pose.unwrap();
    assert!((pose.range_km() - 14_170.618).abs() < 1e-3, "{}", pose.range_km());
    assert!((pose.sun_distance_au() - 2.224774).abs() < 1e-6, "{}", pose.sun_distance_au());
    assert_eq!((frame.meta.exposure_s, frame.meta.level), (0.015, Level::Relative));
    assert_eq!(frame.meta.mid_exposure, parse_utc("2011-07-17T03:39:47.5").unwrap());
    assert_eq!(report.warnings(), []);

    let ceres = Body::built_in("ceres").unwrap();
    let path = data.join("ceres-hamo/FC21B0043185_15267083218F1E.png");
    let sun = |_| Some(Vec3::new(4.4e8, 0.0, 0.0));
    let options = ReadOptions { sun: Some(&sun), ..ReadOptions::new(&ceres) };
    let frame = read_frame(&path, &options, &report).unwrap();
    assert_eq!(checksum(&frame.dn), 0x7bcf97ab);
    assert!((frame.pose.unwrap().range_km() - 1951.6916).abs() < 1e-3);
    // This file tells neither exposure nor Sun.
    assert!(report.warnings()[0].message.contains("exposure_ms"));
    assert!(read_frame(&path, &ReadOptions::new(&ceres), &Silent).unwrap().pose.is_none());
}

/// Decoders of JPEG round differently, DN of 255.
const JPEG_TOLERANCE: f32 = 2.0;

#[test]
fn maps_read_as_pillow_and_tifffile_read_them() {
    let Some(data) = folder("maps") else { return };
    let maps = data.join("maps");
    let limits = Limits::default();
    // Mean, and the mean of the channels at (line, sample) (100, 100), (500, 1000), (700, 300), from Pillow.
    let cases = [
        ("ceres_albedo_4096.jpg", 63.240505, [60.6667, 61.6667, 61.6667]),
        ("vesta_albedo_4096.jpg", 122.657245, [125.6667, 122.0, 110.6667]),
        ("ceres_colour_april2015_1440.jpg", 81.964539, [74.6667, 82.0, 0.0]),
    ];
    for (name, mean, pixels) in cases {
        let map = read_map(&maps.join(name), -180.0, &limits).unwrap();
        assert!(map.grid.wraps() && map.grid.width == 2 * map.grid.height);
        let sum: f64 = map.values.as_slice().iter().map(|v| f64::from(*v)).sum();
        let found_mean = sum / map.values.as_slice().len() as f64;
        assert!((found_mean - mean).abs() < 0.05, "{name}: mean {found_mean}");
        for ((line, sample), expected) in [(100, 100), (500, 1000), (700, 300)].into_iter().zip(pixels) {
            let found = map.values.at(sample, line);
            assert!((found - expected).abs() <= JPEG_TOLERANCE, "{name} at {sample}, {line}: {found}");
        }
    }
    let dem = read_map(&maps.join("ceres_dem_2048.tif"), -180.0, &limits).unwrap();
    assert_eq!((dem.grid.width, checksum(&dem.values)), (2048, 0x8e6ff291));
    let wrong = read_map(&maps.join("ceres_dem_2048.tif"), 0.0, &limits).unwrap_err();
    assert!(matches!(wrong, ArchiveError::Argument { .. }), "{wrong}");
    assert!(read_map(&maps.join("ceres_dem_2048.tif"), 180.0, &limits).is_ok());
    let normals = read_map(&maps.join("ceres_normals_2048.png"), -180.0, &limits).unwrap();
    let sum: f64 = normals.values.as_slice().iter().map(|v| f64::from(*v)).sum();
    assert!((sum / (2048.0 * 1024.0) - 169.571043).abs() < 1e-4);
    let tight = Limits { max_pixels: 1000, ..limits };
    for name in ["ceres_albedo_4096.jpg", "ceres_dem_2048.tif", "ceres_normals_2048.png"] {
        let error = read_map(&maps.join(name), -180.0, &tight).unwrap_err();
        assert!(matches!(error, ArchiveError::Limit { .. }), "{error}");
    }
}

#[test]
fn cuts_of_maps_are_errors() {
    let Some(data) = folder("cut maps") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map");
    let mut tried = 0;
    for (name, step) in [("ceres_colour_april2015_1440.jpg", 1013), ("ceres_dem_2048.tif", 50_021)] {
        let whole = std::fs::read(data.join("maps").join(name)).unwrap();
        for length in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(read_map(&path, -180.0, &Limits::default()).is_err(), "{name} cut at {length}");
            tried += 1;
        }
    }
    println!("{tried} cuts of maps tried");
}

#[test]
fn a_label_tells_of_its_frame_without_its_image() {
    let Some(data) = folder("label without image") else { return };
    let body = Body::built_in("ceres").unwrap();
    let path = data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl");
    let options = ReadOptions { shutter_delay_s: 0.193, ..ReadOptions::new(&body) };
    let header = read_header(&path, &options, &Silent).unwrap();
    assert_eq!(header.size_px, (1024, 1024));
    assert_eq!((header.meta.filter.as_str(), header.meta.exposure_s), ("F6", 1.8));
    assert_eq!(header.meta.keywords["SPACECRAFT_CLOCK_START_COUNT"], "488002612:246");
    // START_TIME is printed to the millisecond: 488002614.6229448 is the mid exposure USGS ALE computes.
    assert!((et_s(header.meta.mid_exposure) - 488002614.6229448).abs() < 1e-3);
    assert!(header.pose.is_none(), "its vectors say N/A");
    assert!(read_frame(&path, &options, &Silent).is_err(), "there is no image");
}

#[test]
fn cubes_have_the_pixels_that_gdal_reads() {
    let Some(data) = folder("cubes") else { return };
    // rasterio 1 (GDAL 3, driver ISIS3): sums, extremes and single pixels of band 1; counts of special pixels from
    // the stored bits.
    let dtm =
        read_cube(&data.join("frames/vest64_dtm_specialpixels_downsampled.cub"), &Limits::default()).unwrap();
    let sum = |values: &Raster<f32>| {
        let good: Vec<f64> =
            values.as_slice().iter().filter(|v| !v.is_nan()).map(|v| f64::from(*v)).collect();
        (good.len(), good.iter().sum::<f64>())
    };
    assert_eq!(sum(&dtm.values), (15_059, 3_828_913_996.140_625));
    assert_eq!((dtm.values.at(42, 9), dtm.values.at(62, 66)), (232_214.75, 261_817.86));
    assert_eq!(dtm.values.at(90, 177), 227_522.44);
    let missing = dtm.quality.as_slice().iter().filter(|flag| **flag == Quality::MISSING).count();
    assert_eq!(missing, 50_825, "NULL");
    let low = dtm.quality.as_slice().iter().filter(|flag| flag.intersects(Quality::EXTRAPOLATED)).count();
    assert_eq!(low, 364, "LIS");

    let vir = read_cube(&data.join("frames/dawnEqui1.cub"), &Limits::default()).unwrap();
    assert_eq!(sum(&vir.values), (44_023, 504_168_584.0));
    assert_eq!(
        (vir.values.at(178, 1), vir.values.at(33, 122), vir.values.at(4, 337)),
        (7937.0, 11_406.0, 7881.0)
    );
    let error = vir.into_map().unwrap_err().to_string();
    assert!(error.contains("centre latitude -6.65"), "{error}");

    // GDAL: the centre of the first pixel at x = -907,500 m, y = 452,500 m on a sphere of 289,000 m.
    let map =
        read_map(&data.join("frames/vest64_dtm_specialpixels_downsampled.cub"), -180.0, &Limits::default())
            .unwrap();
    let step_rad = 5000.0 / 289_000.0;
    assert!((map.grid.west_rad + 0.5 * step_rad + 907_500.0 / 289_000.0).abs() < 1e-12);
    assert!((map.grid.north_rad - 0.5 * step_rad - 452_500.0 / 289_000.0).abs() < 1e-12);
    let error =
        read_map(&data.join("frames/vest64_dtm_specialpixels_downsampled.cub"), 0.0, &Limits::default());
    assert!(error.unwrap_err().to_string().contains("begins at -180.4"));
}

#[test]
fn cuts_of_cubes_are_errors() {
    let Some(data) = folder("cut cubes") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cube");
    let whole = std::fs::read(data.join("frames/dawnEqui1.cub")).unwrap();
    // The core ends at byte 65536 + 180 x 338 x 2; tables and history follow.
    for length in (0..65_536 + 121_680).step_by(4099) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(read_cube(&path, &Limits::default()).is_err(), "cut at {length}");
    }
}
