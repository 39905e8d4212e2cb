// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames and images of every kind of file, put together by hand; hostile ones too.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use facula_archive::{
    ArchiveError, FileKind, ImageOptions, Limits, ReadOptions, describe, read_frame, read_header, read_image,
    read_object,
};
use facula_core::{Body, Level, Quality, Silent};

const POSE: &str =
    "{\"target\": \"ceres\", \"mid_exposure_utc\": \"2015-04-15T00:00:00\", \"exposure_ms\": 100}";

const PDS4: &str = "<?xml version=\"1.0\"?><Product_Observational xmlns=\"http://pds.nasa.gov/pds4/pds/v1\">\
    <Identification_Area><logical_identifier>urn:nasa:pds:x:data:frame_7</logical_identifier></Identification_Area>\
    <Observation_Area><Time_Coordinates><start_date_time>2015-04-15T00:00:00Z</start_date_time>\
    <stop_date_time>2015-04-15T00:00:02Z</stop_date_time></Time_Coordinates>\
    <Observing_System><Observing_System_Component><name>Dawn</name><type>Host</type></Observing_System_Component>\
    <Observing_System_Component><name>FC2</name><type>Instrument</type></Observing_System_Component></Observing_System>\
    <Target_Identification><name>1 Ceres</name></Target_Identification>\
    <img:filter_name xmlns:img=\"i\">F1</img:filter_name>\
    <img:exposure_duration xmlns:img=\"i\" unit=\"ms\">500</img:exposure_duration></Observation_Area>\
    <File_Area_Observational><File><file_name>a.dat</file_name></File><Array_2D_Image><offset unit=\"byte\">0</offset>\
    <Element_Array><data_type>UnsignedMSB2</data_type><unit>DN</unit></Element_Array>\
    <Axis_Array><axis_name>Line</axis_name><elements>2</elements><sequence_number>1</sequence_number></Axis_Array>\
    <Axis_Array><axis_name>Sample</axis_name><elements>3</elements><sequence_number>2</sequence_number></Axis_Array>\
    <Special_Constants><saturated_constant>65535</saturated_constant></Special_Constants>\
    </Array_2D_Image></File_Area_Observational></Product_Observational>";

/// The name of a file and its bytes.
type Named<'a> = (&'a str, &'a [u8]);

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[Named<'_>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn vicar() -> Vec<u8> {
    let mut bytes = format!("{:<100}", "LBLSIZE=100 FORMAT='BYTE' TYPE='IMAGE' NL=2 NS=3").into_bytes();
    bytes.extend([1, 2, 3, 4, 5, 6]);
    bytes
}

#[test]
fn a_pds4_label_is_a_frame() {
    let body = Body::built_in("ceres").unwrap();
    let data: Vec<u8> = [1u16, 2, 3, 4, 65_535, 6].iter().flat_map(|v| v.to_be_bytes()).collect();
    let folder = Folder::with(&[("a.xml", PDS4.as_bytes()), ("a.dat", &data)]);
    let options = ReadOptions::new(&body);
    let frame = read_frame(&folder.path("a.xml"), &options, &Silent).unwrap();
    let meta = &frame.meta;
    assert_eq!(
        (meta.id.as_str(), meta.target.as_str(), meta.instrument.as_str()),
        ("frame_7", "ceres", "dawn_fc2")
    );
    assert_eq!((meta.filter.as_str(), meta.exposure_s, meta.level), ("F1", 0.5, Level::Raw));
    assert_eq!(meta.mid_exposure, facula_core::parse_utc("2015-04-15T00:00:00.25").unwrap());
    assert_eq!(frame.dn.line(0), [1.0, 2.0, 3.0]);
    assert!(frame.quality.at(1, 1).intersects(Quality::SATURATED) && frame.dn.at(1, 1).is_nan());
    std::fs::remove_file(folder.path("a.dat")).unwrap();
    let header = read_header(&folder.path("a.xml"), &options, &Silent).unwrap();
    assert_eq!((header.size_px, &header.meta), ((3, 2), meta));
}

#[test]
fn the_geometry_of_a_pds4_label_is_a_pose() {
    let body = Body::built_in("ceres").unwrap();
    // 5,000 km above the +x axis of J2000, looking back along it; the Sun on the +y axis.
    let position = |name: &str, x: &str, y: &str| {
        format!(
            "<geom:Vector_Cartesian_Position_{name}><geom:x_position unit=\"km\">{x}</geom:x_position>\
             <geom:y_position unit=\"km\">{y}</geom:y_position><geom:z_position unit=\"km\">0</geom:z_position>\
             </geom:Vector_Cartesian_Position_{name}>"
        )
    };
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let geometry = |qsin2: f64, frame: &str| {
        format!(
            "<geom:Geometry xmlns:geom=\"g\"><geom:Vectors>{}{}</geom:Vectors><geom:Quaternion_Plus_To_From>\
             <geom:qcos>{half}</geom:qcos><geom:qsin1>0</geom:qsin1><geom:qsin2>{qsin2}</geom:qsin2><geom:qsin3>0</geom:qsin3>\
             <geom:Rotate_From><geom:name>{frame}</geom:name></geom:Rotate_From></geom:Quaternion_Plus_To_From></geom:Geometry>",
            position("Spacecraft_To_Target", "-5000", "0"),
            position("Sun_To_Target", "0", "-4.2e8")
        )
    };
    let read = |geometry: &str| {
        let label = PDS4.replace("</Observation_Area>", &format!("{geometry}</Observation_Area>"));
        let folder = Folder::with(&[("a.xml", label.as_bytes()), ("a.dat", &[0; 12])]);
        let report = facula_core::Collected::default();
        let header = read_header(&folder.path("a.xml"), &ReadOptions::new(&body), &report).unwrap();
        (header.pose, report.warnings())
    };
    // Turning components by 90 degrees about y takes -x to +z.
    let (pose, warnings) = read(&geometry(half, "J2000"));
    let pose = pose.unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(
        (pose.range_km() - 5000.0).abs() < 1e-9
            && (pose.sun_distance_au() - 4.2e8 / 149_597_870.7).abs() < 1e-12
    );
    let nadir = pose.camera_from_body * -pose.spacecraft_km;
    assert!(nadir.angle_rad(facula_core::Vec3::new(0.0, 0.0, 1.0)) < 1e-7, "{nadir:?}");
    let sun_angle_rad = pose.sun_km.angle_rad(pose.spacecraft_km);
    assert!((sun_angle_rad - std::f64::consts::FRAC_PI_2).abs() < 1e-9);
    for (geometry, reason) in [
        (geometry(-half, "J2000"), "180 degrees away from the target"),
        (geometry(0.1, "J2000"), "not 1"),
        (geometry(half, "ECLIPJ2000"), "not from J2000"),
        (geometry(half, "J2000").replace("unit=\"km\">-5000", "unit=\"mile\">-5000"), "in mile"),
        (geometry(half, "J2000").replace("-5000", "nil"), "not a number"),
    ] {
        let (pose, warnings) = read(&geometry);
        assert!(
            pose.is_none() && warnings.len() == 1 && warnings[0].message.contains(reason),
            "{reason}: {warnings:?}"
        );
    }
}

#[test]
fn images_with_a_pose_file_are_frames_whatever_their_format() {
    let body = Body::built_in("ceres").unwrap();
    let tiff: Vec<u8> = [
        b"II*\0\x08\0\0\0\x05\0".as_slice(),
        &[0, 1, 4, 0, 1, 0, 0, 0, 3, 0, 0, 0],     // 3 samples
        &[1, 1, 4, 0, 1, 0, 0, 0, 2, 0, 0, 0],     // 2 lines
        &[2, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0],     // of 8 bits
        &[0x11, 1, 4, 0, 1, 0, 0, 0, 74, 0, 0, 0], // from byte 74
        &[0x17, 1, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0],  // 6 bytes
        &[0, 0, 0, 0, 1, 2, 3, 4, 5, 6],
    ]
    .concat();
    let header = b"ENVI\nsamples = 3\nlines = 2\nbands = 1\ndata type = 1\n";
    let vicar = vicar();
    let cases: [(&str, Vec<Named<'_>>); 3] = [
        ("a.vic", vec![("a.vic", &vicar)]),
        ("a.tif", vec![("a.tif", &tiff)]),
        ("a.img", vec![("a.img", &[1, 2, 3, 4, 5, 6]), ("a.hdr", header)]),
    ];
    for (name, mut files) in cases {
        files.push(("a.json", POSE.as_bytes()));
        let folder = Folder::with(&files);
        let frame = read_frame(&folder.path(name), &ReadOptions::new(&body), &Silent).unwrap();
        assert_eq!(frame.dn.as_slice(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{name}");
        assert_eq!(frame.meta.target, "ceres");
        std::fs::remove_file(folder.path("a.json")).unwrap();
        let error = read_frame(&folder.path(name), &ReadOptions::new(&body), &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::NoCoverage { .. }), "{name}: {error}");
    }
}

#[test]
fn objects_of_a_label_are_read_by_name() {
    let mut label = "PDS_VERSION_ID = PDS3\nRECORD_BYTES = 400\n^IMAGE = 2\n^FRAME_2_IMAGE = (401 <BYTES>)\n\
        OBJECT = IMAGE\nLINES = 1\nLINE_SAMPLES = 2\nSAMPLE_TYPE = LSB_UNSIGNED_INTEGER\nSAMPLE_BITS = 16\nEND_OBJECT\n\
        OBJECT = FRAME_2_IMAGE\nLINES = 1\nLINE_SAMPLES = 1\nSAMPLE_TYPE = PC_REAL\nSAMPLE_BITS = 32\nEND_OBJECT\nEND\n"
        .as_bytes()
        .to_vec();
    label.resize(400, b' ');
    label.extend(1.5f32.to_le_bytes());
    let folder = Folder::with(&[("a.img", &label)]);
    let read = read_object(&folder.path("a.img"), "FRAME_2_IMAGE", &Limits::default(), &Silent).unwrap();
    assert_eq!(read.image.as_slice(), [1.5]);
    let main = read_image(&folder.path("a.img"), &ImageOptions::default(), &Silent).unwrap();
    assert_eq!(main.image.as_slice(), [0.0, 16_320.0]);
    let error =
        read_object(&folder.path("a.img"), "NONE", &Limits::default(), &Silent).unwrap_err().to_string();
    assert!(error.contains("IMAGE, FRAME_2_IMAGE") && error.contains("a.img"), "{error}");
    let info = describe(&folder.path("a.img"), &Limits::default()).unwrap();
    assert_eq!((info.kind, info.parts.len(), info.file_bytes), (FileKind::Pds3, 2, 404));
    assert_eq!(info.parts[1].statistics.as_ref().unwrap().mean_value, 1.5);
}

#[test]
fn labels_that_point_out_of_their_folder_are_refused() {
    for name in ["../secret.dat", "/etc/passwd", "..\\secret.dat", "file:secret.dat", ""] {
        let label = PDS4.replace("a.dat", name);
        let folder = Folder::with(&[("a.xml", label.as_bytes()), ("secret.dat", &[0; 12])]);
        let error = read_image(&folder.path("a.xml"), &ImageOptions::default(), &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::Format { .. }), "{name}: {error}");
    }
}

#[test]
fn entities_and_nesting_bombs_in_labels_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><a>&b;</a>";
    let deep = format!("<?xml version=\"1.0\"?>{}", "<a>".repeat(200_000));
    let odl = format!("PDS_VERSION_ID = PDS3\n{}", "GROUP = A\n".repeat(200_000));
    let external = format!("<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"http://x/y.dtd\">{}", "<a/>");
    for (name, text) in [
        ("a.xml", format!("<?xml version=\"1.0\"?>{bomb}")),
        ("b.xml", deep),
        ("c.xml", external),
        ("d.lbl", odl),
    ] {
        let folder = Folder::with(&[(name, text.as_bytes())]);
        let error = describe(&folder.path(name), &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Format { .. }), "{name}: {error}");
    }
}

#[test]
fn every_cut_of_every_kind_is_an_error() {
    let data: Vec<u8> = vec![7; 12];
    let pds4 = Folder::with(&[("a.dat", &data)]);
    let mut tried = 0;
    for length in 0..PDS4.len() {
        std::fs::write(pds4.path("a.xml"), &PDS4[..length]).unwrap();
        assert!(
            read_image(&pds4.path("a.xml"), &ImageOptions::default(), &Silent).is_err(),
            "XML cut at {length}"
        );
        tried += 1;
    }
    std::fs::write(pds4.path("a.xml"), PDS4).unwrap();
    for length in 0..data.len() {
        std::fs::write(pds4.path("a.dat"), &data[..length]).unwrap();
        assert!(
            read_image(&pds4.path("a.xml"), &ImageOptions::default(), &Silent).is_err(),
            "data cut at {length}"
        );
        tried += 1;
    }
    println!("{tried} cuts of a PDS4 product tried");
}
