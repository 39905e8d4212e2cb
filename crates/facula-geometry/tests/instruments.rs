// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cameras and fields of view of flight instruments through their own kernels (Dawn FC2, VIR, Cassini ISS).
//! Truth: the kernels' text, CSPICE's GETFOV, cases C01 and C02 of the truth set.
#![allow(clippy::unwrap_used)]

use facula_core::{PixelPos, Vec3};
use facula_geometry::{Camera, CameraFile, Distortion, FieldOfView, FovShape, InstrumentGeometry};
use facula_spice::Kernels;

/// Case C01.
const FIELD_DEG: f64 = 1e-3;
/// Case C02.
const PLACE_PX: f64 = 1e-6;
/// Agreement with CSPICE, printed with 9 digits.
const PRINTED: f64 = 1e-8;

fn kernels(test: &str, files: &[&str]) -> Option<Kernels> {
    let Some(folder) = facula_testkit::data_folder() else {
        facula_testkit::skip(test, "flight data not found");
        return None;
    };
    let paths: Vec<_> = files.iter().map(|name| folder.join(name)).collect();
    Some(Kernels::load(&paths).expect("sound kernels"))
}

const DAWN: [&str; 3] = [
    "dawn-ceres-survey/dawn_v15.tf",
    "dawn-ceres-survey/dawn_fc_v10.ti",
    "dawn-ceres-survey/dawnfcAddendum002.ti",
];
const CASSINI: [&str; 2] = ["kernels-mixed/cas_v40.tf", "kernels-mixed/cas_iss_v10.ti"];

#[test]
fn every_filter_of_the_framing_camera_has_its_focal_length_and_distortion() {
    let Some(kernels) = kernels("every_filter_of_the_framing_camera_has_its_focal_length", &DAWN) else {
        return;
    };
    // dawn_fc_v10.ti: FOCAL_LENGTH and RAD_DIST_COEFF of INS-203121 to -203128.
    let expected = [
        (150.07, 8.4e-6),
        (150.11, 6.7e-6),
        (150.04, 8.4e-6),
        (150.12, 10.0e-6),
        (150.16, 10.3e-6),
        (150.08, 9.2e-6),
        (150.06, 7.6e-6),
        (150.38, 5.6e-6),
    ];
    for (k, (focal_length_mm, e1_per_mm2)) in expected.into_iter().enumerate() {
        let name = format!("DAWN_FC2_FILTER_{}", k + 1);
        let camera = Camera::from_kernels(&kernels, &name, InstrumentGeometry::default()).unwrap();
        assert_eq!(camera.focal_length_mm, focal_length_mm, "{name}");
        assert_eq!(camera.distortion, Distortion::Radial { e1_per_mm2 }, "{name}");
    }
    let built_in = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
    let loaded = Camera::from_kernels(&kernels, "-203121", InstrumentGeometry::default()).unwrap();
    assert_eq!(Camera { name: built_in.name.clone(), ..loaded }, built_in);
}

#[test]
fn the_field_and_the_pixels_of_the_clear_filter_are_those_of_the_truth_set() {
    let Some(kernels) = kernels("the_field_and_the_pixels_of_the_clear_filter", &DAWN) else { return };
    let camera = Camera::from_kernels(&kernels, "DAWN_FC2_FILTER_1", InstrumentGeometry::default()).unwrap();
    let (c01, c02) = (facula_testkit::truth_case("C01").unwrap(), facula_testkit::truth_case("C02").unwrap());
    // Case C01 leaves distortion out.
    let pinhole = Camera { distortion: Distortion::None, ..camera.clone() };
    let edges = [[(-0.5, 511.5), (1023.5, 511.5)], [(511.5, -0.5), (511.5, 1023.5)]];
    for (k, [from, to]) in edges.into_iter().enumerate() {
        let [a, b] = [from, to].map(|(x, y)| pinhole.look(PixelPos::new(x, y)));
        let wanted_deg = c01["expect"]["deg"][k].as_f64().unwrap();
        assert!((a.angle_rad(b).to_degrees() - wanted_deg).abs() < FIELD_DEG);
    }
    for (look, place) in
        c02["given"]["v"].as_array().unwrap().iter().zip(c02["expect"]["SL"].as_array().unwrap())
    {
        let component = |k: usize| look[k].as_f64().unwrap();
        let at = camera.pixel(Vec3::new(component(0), component(1), component(2))).unwrap();
        assert!((at.x_px - place[0].as_f64().unwrap()).abs() < PLACE_PX);
        assert!((at.y_px - place[1].as_f64().unwrap()).abs() < PLACE_PX);
    }
}

#[test]
fn the_addendum_of_isis_keeps_the_pixel_sizes_of_2011() {
    let Some(kernels) = kernels("the_addendum_of_isis_keeps_the_pixel_sizes_of_2011", &DAWN) else { return };
    let camera =
        Camera::from_kernels(&kernels, "DAWN_FC2_FILTER_6", InstrumentGeometry::IsisAddendum).unwrap();
    assert_eq!(camera.pitch_mm, [0.0140088, 0.014]);
    assert_eq!(camera.principal_point_px, [511.5, 511.5]);
}

#[test]
fn cassinis_cameras_count_from_one_and_are_shifted() {
    let Some(kernels) = kernels("cassinis_cameras_count_from_one_and_are_shifted", &CASSINI) else { return };
    for (name, focal_length_mm, half_rad) in
        [("CASSINI_ISS_NAC", 2003.44, 0.00305433), ("CASSINI_ISS_WAC", 200.77, 0.0303687)]
    {
        let camera = Camera::from_kernels(&kernels, name, InstrumentGeometry::default()).unwrap();
        assert_eq!(camera.focal_length_mm, focal_length_mm);
        assert_eq!((camera.pitch_mm, camera.principal_point_px), ([0.012, 0.012], [511.5, 511.5]));
        // FOV_REF_ANGLE 0.175 and 1.74 deg are rounded: half the field within 1 %.
        let edge = camera.look(PixelPos::new(1023.5, 511.5));
        assert!((edge.angle_rad(Vec3::new(0.0, 0.0, 1.0)) / half_rad - 1.0).abs() < 0.01, "{name}");
    }
}

#[test]
fn fields_of_view_are_those_of_getfov() {
    let files = [&DAWN[..], &["dawn-vesta-vir/dawn_vir_v05.ti"], &CASSINI[1..]].concat();
    let Some(kernels) = kernels("fields_of_view_are_those_of_getfov", &files) else { return };
    // spiceypy 8, CSPICE N0067: getfov(id, 20), first boundary vector.
    let expected = [
        ("-203121", FovShape::Rectangle, "DAWN_FC2", [7.15348996, 7.14898778, 149.72883642]),
        ("-203126", FovShape::Rectangle, "DAWN_FC2", [7.15366782, 7.14916534, 149.73884223]),
        ("-203129", FovShape::Circle, "DAWN_SPACECRAFT", [-0.04361939, 0.99904822, 0.0]),
        ("-203213", FovShape::Rectangle, "DAWN_VIR_IR", [1.89902663e-2, 4.86316987, 151.922181]),
        ("-82360", FovShape::Rectangle, "CASSINI_ISS_NAC", [0.00305431, 0.00305431, 0.99999067]),
        ("-82361", FovShape::Rectangle, "CASSINI_ISS_WAC", [0.03035007, 0.03035007, 0.99907845]),
        ("-82368", FovShape::Circle, "CASSINI_ISS_NAC_RAD", [0.0, 1.0, 0.0]),
    ];
    for (id, shape, frame, first) in expected {
        let fov = FieldOfView::from_kernels(&kernels, id).unwrap();
        assert_eq!((fov.shape, fov.frame.as_str()), (shape, frame));
        let miss = (fov.bounds[0] - Vec3::from_array(first)).length() / fov.boresight.length();
        assert!(miss < PRINTED, "{id}: {:?}", fov.bounds[0]);
    }
}
