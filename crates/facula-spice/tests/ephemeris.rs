// SPDX-License-Identifier: MIT OR Apache-2.0
//! The built-in ephemeris against the truth set (cases E01, E04, E08, R05) and against the file it must equal.

use facula_core::{Body, Epoch, LonLat, Unit, epoch_from_et_s, parse_utc};
use facula_spice::{Correction, Kernels, SpiceError, sun_in_body_frame};
use proptest::prelude::*;

/// IAU 2012 resolution B2.
const AU_KM: f64 = 149_597_870.7;
const SUN: i32 = 10;
const EARTH: i32 = 399;
const CERES: i32 = 2000001;
const BODIES: [i32; 7] = [3, 4, 5, 10, 399, 2000001, 2000004];

fn case(test: &str, id: &str) -> Option<serde_json::Value> {
    let case = facula_testkit::truth_case(id);
    if case.is_none() {
        facula_testkit::skip(test, "truth set not found");
    }
    case
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().expect("list").iter().map(|v| v.as_f64().expect("number")).collect()
}

fn epochs(case: &serde_json::Value) -> Vec<Epoch> {
    let texts = case["given"]["utc"].as_array().expect("list");
    let full = |text: &str| if text.len() == 16 { format!("{text}:00") } else { text.to_string() };
    texts.iter().map(|t| parse_utc(&full(t.as_str().expect("text"))).expect("utc")).collect()
}

#[test]
fn the_distance_of_ceres_from_the_sun_is_the_published_one() {
    let Some(case) = case("the_distance_of_ceres_from_the_sun_is_the_published_one", "E01") else { return };
    let kernels = Kernels::built_in();
    for (epoch, au) in epochs(&case).into_iter().zip(numbers(&case["expect"]["au"])) {
        let state = kernels.state(CERES, SUN, epoch, Correction::None).expect("covered");
        assert!((state.position_km.length() / AU_KM - au).abs() < 1e-9, "{state:?}");
    }
}

#[test]
fn the_state_of_ceres_is_that_of_spice() {
    let Some(case) = case("the_state_of_ceres_is_that_of_spice", "E04") else { return };
    let epoch = parse_utc(case["given"]["utc"].as_str().expect("text")).expect("utc");
    let state = Kernels::built_in().state(CERES, SUN, epoch, Correction::None).expect("covered");
    let expected = numbers(&case["expect"]["state"]);
    for k in 0..3 {
        // The truth is DE440 and sb441-n16 themselves: the last digits agree, far inside the case's 50 km.
        assert!((state.position_km.to_array()[k] - expected[k]).abs() < 1e-5, "{state:?}");
        assert!((state.velocity_km_s.to_array()[k] - expected[k + 3]).abs() < 1e-11, "{state:?}");
    }
}

#[test]
fn light_takes_the_published_time_from_ceres_to_the_earth() {
    let Some(case) = case("light_takes_the_published_time_from_ceres_to_the_earth", "E08") else { return };
    let kernels = Kernels::built_in();
    let expected = numbers(&case["expect"]["au"]).into_iter().zip(numbers(&case["expect"]["light_min"]));
    for (epoch, (au, light_min)) in epochs(&case).into_iter().zip(expected) {
        // The case is SPKEZR with LT+S, Ceres from the Earth.
        let state = kernels.state(CERES, EARTH, epoch, Correction::LightTimeStellar).expect("covered");
        assert!((state.position_km.length() / AU_KM - au).abs() < 1e-11, "{state:?}");
        assert!((state.light_time_s / 60.0 - light_min).abs() < 1e-11, "{state:?}");
    }
}

#[test]
fn the_sub_solar_point_of_ceres_is_that_of_spice() {
    let Some(case) = case("the_sub_solar_point_of_ceres_is_that_of_spice", "R05") else { return };
    // Constants of dawn_ceres_v05.tpc, with which the case was computed.
    let body = Body {
        pole_ra_deg: 291.418,
        pole_dec_deg: 66.764,
        prime_meridian_deg: 170.650,
        spin_deg_day: 952.1532,
        ..Body::built_in("ceres").expect("built in")
    };
    let kernels = Kernels::built_in();
    let expected = case["expect"]["lonE_lat"].as_array().expect("list");
    for (epoch, wanted) in epochs(&case).into_iter().zip(expected) {
        let sun = LonLat::of(sun_in_body_frame(&kernels, &body, epoch).expect("covered"));
        let wanted = numbers(wanted);
        let found = [sun.longitude_rad.to_degrees(), sun.latitude_rad.to_degrees()];
        for k in 0..2 {
            assert!((found[k] - wanted[k]).abs() < 1e-7, "{found:?} {wanted:?}");
        }
    }
}

#[test]
fn states_equal_those_of_the_shared_kernel() {
    let Some(folder) = facula_testkit::data_folder() else {
        return facula_testkit::skip("states_equal_those_of_the_shared_kernel", "flight data not found");
    };
    let shared = Kernels::load(&[folder.join("kernels/planets_ceres_vesta_2007_2018.bsp")]).expect("sound");
    let built_in = Kernels::built_in();
    for step in 0..400 {
        // Where both files answer, in 400 uneven steps.
        let epoch = epoch_from_et_s(241_876_866.0 + 357_695_900.0 * f64::from(step) / 399.0);
        for body in BODIES {
            let ask = |kernels: &Kernels| kernels.state(body, 0, epoch, Correction::None).expect("covered");
            assert_eq!(ask(&built_in), ask(&shared), "{body} {epoch}");
        }
    }
}

#[test]
fn the_whole_window_is_covered_and_nothing_beyond() {
    let kernels = Kernels::built_in();
    let (first, last) = (epoch_from_et_s(241_876_800.0), epoch_from_et_s(599_572_800.0));
    for body in BODIES {
        for epoch in [first, last] {
            assert!(kernels.state(body, 0, epoch, Correction::None).is_ok(), "{body} {epoch}");
        }
        for epoch in [first - Unit::Second * 2i64, last + Unit::Second * 2i64] {
            let error = kernels.state(body, 0, epoch, Correction::None).expect_err("outside");
            assert!(matches!(error, SpiceError::NoCoverage { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("2007-08-31T23:58:54") && text.contains("2018-12-31T23:58:50"), "{text}");
        }
    }
}

#[test]
fn an_unknown_body_is_named_with_those_there_are() {
    let epoch = parse_utc("2015-04-15").expect("utc");
    let error =
        Kernels::built_in().state(-203, CERES, epoch, Correction::None).expect_err("unknown").to_string();
    for part in ["DAWN (-203)", "2015-04-15T00:00:00.000", "CERES (2000001)"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_wrong_sign_of_light_time_would_show() {
    // Ceres moves 17 km/s: in 24 min it goes 2.5e4 km. LT shows it where it was.
    let kernels = Kernels::built_in();
    let epoch = parse_utc("2015-04-15").expect("utc");
    let seen = kernels.state(CERES, EARTH, epoch, Correction::Converged).expect("covered");
    let emission = epoch - seen.light_time_s * Unit::Second;
    let then = kernels.state(CERES, 0, emission, Correction::None).expect("covered").position_km;
    let here = kernels.state(EARTH, 0, epoch, Correction::None).expect("covered").position_km;
    assert!((then - here - seen.position_km).length() < 1e-5);
}

proptest! {
    #[test]
    fn the_way_back_is_the_way_there_and_velocity_is_the_rate(day in 10.0..4100.0f64, a in 0usize..7, b in 0usize..7) {
        let kernels = Kernels::built_in();
        let et_s = 241_876_800.0 + 86_400.0 * day;
        let ask = |target, observer, et_s| {
            kernels.state(target, observer, epoch_from_et_s(et_s), Correction::None).expect("covered")
        };
        let there = ask(BODIES[a], BODIES[b], et_s);
        prop_assert_eq!(there.position_km, -ask(BODIES[b], BODIES[a], et_s).position_km);
        let step_s = 64.0;
        let before = ask(BODIES[a], BODIES[b], et_s - step_s).position_km;
        let rate = (ask(BODIES[a], BODIES[b], et_s + step_s).position_km - before) * (0.5 / step_s);
        // Third derivative of the Earth about its barycentre: 64² / 6 × 6e-14 km/s³ and 1e-7 km / 128 s of rounding.
        prop_assert!((rate - there.velocity_km_s).length() < 3e-8, "{:?} {:?}", rate, there.velocity_km_s);
    }
}
