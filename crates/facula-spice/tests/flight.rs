// SPDX-License-Identifier: MIT OR Apache-2.0
//! A flight frame of Dawn (FC21A0038582, Ceres, Survey orbit) through its own kernels: transfer files, text
//! kernels, clock, attitudes. Truth: the USGS ALE support data and SPICE.

use facula_core::{Body, BodyFixed, Camera, Epoch, Icrf, Rotation, Vec3, et_s};
use facula_spice::{Correction, Kernels, PoseRequest, pose_from_kernels};
use facula_testkit::survey_kernels;

/// Tolerances of cases F03, F05 and T04 of the truth set.
const POSITION_KM: f64 = 1e-6;
const VELOCITY_KM_S: f64 = 1e-9;
const QUATERNION: f64 = 1e-10;
const TIME_S: f64 = 1e-6;
const DAWN: i32 = -203;
const CERES: i32 = 2000001;
const CAMERA: &str = "DAWN_FC2_FILTER_6";

/// W has grown to 5e6 degrees, which a double resolves to 1e-9 degrees: 8 µm on the ground.
const W_ROUNDING_RAD: f64 = 2e-11;

fn kernels(test: &str) -> Option<Kernels> {
    let Some(files) = survey_kernels() else {
        facula_testkit::skip(test, "flight data not found");
        return None;
    };
    Some(Kernels::load(&files).expect("sound kernels"))
}

/// Shutter opening by the clock, 0.193 s of delay, half the exposure (DESIGN section 7).
fn mid_exposure(kernels: &Kernels) -> Epoch {
    let start = kernels.epoch_of_clock(DAWN, "488002612:246").expect("clock");
    start + (0.193 + 0.5 * 1.8) * facula_core::Unit::Second
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().expect("list").iter().map(|v| v.as_f64().expect("number")).collect()
}

#[test]
fn mid_exposure_follows_from_the_clock() {
    let Some(kernels) = kernels("mid_exposure_follows_from_the_clock") else { return };
    let case = facula_testkit::truth_case("T04").expect("T04");
    let expected = case["expect"]["et"].as_f64().expect("number");
    let found = et_s(mid_exposure(&kernels));
    assert!((found - expected).abs() < TIME_S, "{found}");
    let text = kernels
        .clock_at(DAWN, kernels.epoch_of_clock(DAWN, "488002612:246").expect("clock"))
        .expect("covered");
    assert_eq!(text, "1/0488002612.246");
}

#[test]
fn dawn_stands_where_the_support_data_say() {
    let Some(kernels) = kernels("dawn_stands_where_the_support_data_say") else { return };
    let case = facula_testkit::truth_case("F03").expect("F03");
    let epoch = facula_core::epoch_from_et_s(case["given"]["et"].as_f64().expect("number"));
    let state = kernels.state(DAWN, CERES, epoch, Correction::LightTimeStellar).expect("covered");
    let (km, km_s) = (numbers(&case["expect"]["km"]), numbers(&case["expect"]["km_s"]));
    for k in 0..3 {
        assert!((state.position_km.to_array()[k] - km[k]).abs() < POSITION_KM, "{state:?} {km:?}");
        assert!((state.velocity_km_s.to_array()[k] - km_s[k]).abs() < VELOCITY_KM_S, "{state:?} {km_s:?}");
    }
}

#[test]
fn the_attitude_of_the_camera_is_that_of_the_support_data() {
    let Some(kernels) = kernels("the_attitude_of_the_camera_is_that_of_the_support_data") else { return };
    let expected = numbers(&facula_testkit::truth_case("F05").expect("F05")["expect"]["q"]);
    let camera: Rotation<Camera, Icrf> =
        kernels.rotation(CAMERA, "J2000", mid_exposure(&kernels)).expect("covered");
    for (found, wanted) in camera.to_quaternion().iter().zip(&expected) {
        assert!((found - wanted).abs() < QUATERNION, "{:?}", camera.to_quaternion());
    }
}

#[test]
fn the_body_frame_of_the_kernels_is_that_of_the_same_constants() {
    let Some(kernels) = kernels("the_body_frame_of_the_kernels_is_that_of_the_same_constants") else {
        return;
    };
    let body = ceres_v05();
    let epoch = mid_exposure(&kernels);
    let by_kernels: Rotation<BodyFixed, Icrf> =
        kernels.rotation("CERES_FIXED", "J2000", epoch).expect("constants");
    assert!(by_kernels.angle_to_rad(body.body_from_icrf(epoch)) < W_ROUNDING_RAD);
    let by_name: Rotation<BodyFixed, Icrf> =
        kernels.rotation("IAU_CERES", "J2000", epoch).expect("constants");
    assert_eq!(by_name, by_kernels);
}

fn ceres_v05() -> Body {
    // Constants of dawn_ceres_v05.tpc, as in the head of expected_isd.json.
    Body {
        pole_ra_deg: 291.418,
        pole_dec_deg: 66.764,
        prime_meridian_deg: 170.650,
        spin_deg_day: 952.1532,
        ..Body::built_in("ceres").expect("built in")
    }
}

#[test]
fn the_pose_puts_the_disc_into_the_field_of_view() {
    let Some(mut kernels) = kernels("the_pose_puts_the_disc_into_the_field_of_view") else { return };
    let mid_exposure = mid_exposure(&kernels);
    // The sliced kernels know the Sun at this moment only; the built-in ephemeris below them knows the rest.
    kernels = with_built_in_below(&kernels);
    let body = ceres_v05();
    let request =
        PoseRequest { spacecraft: DAWN, camera_frame: CAMERA.to_string(), body: &body, mid_exposure };
    let pose = pose_from_kernels(&kernels, &request).expect("covered");
    // spiceypy 8.3.0, CSPICE N0067, the same kernels converted to binary below the built-in ephemeris: SPKEZR
    // (LT+S) of Ceres from Dawn, PXFORM CERES_FIXED at epoch minus light time, SPKEZR (LT+S) of the Sun from Ceres.
    let truth = (
        [257.9252701714589, 15.117796366308102, -4862.708420658276],
        [360779059.7829601, 246616061.8371155, 30596642.672727082],
        [0.9603320303466845, 0.0018484031094750865, 0.02139268478475518, -0.2780311636019598],
    );
    let close =
        |a: Vec3<BodyFixed>, b: [f64; 3], limit_km: f64| (a - Vec3::from_array(b)).length() < limit_km;
    assert!(close(pose.spacecraft_km, truth.0, POSITION_KM), "{:?}", pose.spacecraft_km);
    assert!(close(pose.sun_km, truth.1, 1.0), "{:?}", pose.sun_km);
    for (found, wanted) in pose.camera_from_body.to_quaternion().iter().zip(truth.2) {
        assert!((found - wanted).abs() < QUATERNION, "{:?}", pose.camera_from_body.to_quaternion());
    }
}

fn with_built_in_below(_: &Kernels) -> Kernels {
    let mut kernels = Kernels::built_in();
    for file in survey_kernels().expect("found before") {
        kernels.add_file(&file).expect("sound");
    }
    kernels
}

#[test]
fn what_is_missing_is_named() {
    let Some(kernels) = kernels("what_is_missing_is_named") else { return };
    let epoch = mid_exposure(&kernels) + facula_core::Unit::Day * 30i64;
    let error = kernels.state(CERES, DAWN, epoch, Correction::None).expect_err("not covered").to_string();
    for part in ["CERES (2000001)", "2015-07-19", "2015-06-19"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let error =
        kernels.rotation::<Camera, Icrf>(CAMERA, "J2000", epoch).expect_err("not covered").to_string();
    for part in ["attitude", "-203120", "2015-07-19", "2015-06-19"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn every_truncated_flight_kernel_is_refused_or_read_in_part_without_a_panic() {
    let Some(files) = survey_kernels() else {
        return facula_testkit::skip("every_truncated_flight_kernel", "flight data not found");
    };
    for path in files {
        let bytes = std::fs::read(&path).expect("readable");
        let name = path.display().to_string();
        for part in 1..24 {
            let cut = Kernels::from_bytes(&name, &bytes[..bytes.len() * part / 24]);
            if let Err(error) = cut {
                assert!(error.to_string().contains(&name), "{error}");
            }
        }
    }
}
