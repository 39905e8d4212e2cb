// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many epochs at once: the same bits as one by one, and SPICE's answers (`tests/data/make_seen.py`).

use facula_core::{Camera, Icrf, Rotation, epoch_from_et_s};
use facula_spice::{Correction, Kernels, State};
use proptest::prelude::*;

/// Relative to the length of the vector; SPICE's own rounding in the apparent velocity is 2e-13.
const STATE: f64 = 1e-12;
const SUN: i32 = 10;
const CERES: i32 = 2000001;
const CORRECTIONS: [Correction; 5] = [
    Correction::None,
    Correction::LightTime,
    Correction::LightTimeStellar,
    Correction::Converged,
    Correction::ConvergedStellar,
];

fn made_up() -> Kernels {
    let mut kernels = Kernels::built_in();
    for (name, bytes) in [
        ("made_up.bsp", &include_bytes!("data/made_up.bsp")[..]),
        ("made_up.bc", &include_bytes!("data/made_up.bc")[..]),
        ("made_up.tf", &include_bytes!("data/made_up.tf")[..]),
    ] {
        kernels.add_bytes(name, bytes).expect(name);
    }
    kernels
}

fn bits(state: &State) -> [u64; 7] {
    let ([x, y, z], [a, b, c]) = (state.position_km.to_array(), state.velocity_km_s.to_array());
    [x, y, z, a, b, c, state.light_time_s].map(f64::to_bits)
}

fn same_as_one_by_one(kernels: &Kernels, pair: (i32, i32), epochs_s: &[f64], correction: Correction) {
    let together = kernels.states_at(pair.0, pair.1, epochs_s, correction).expect("covered");
    assert_eq!(together.len(), epochs_s.len());
    for (et_s, state) in epochs_s.iter().zip(&together) {
        let alone = kernels.state_at(pair.0, pair.1, *et_s, correction).expect("covered");
        assert_eq!(bits(&alone), bits(state), "{pair:?} {correction:?} {et_s}");
    }
}

#[test]
fn apparent_states_equal_those_of_spice() {
    let kernels = Kernels::built_in();
    for line in include_str!("data/seen.csv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(',').collect();
        let correction = match fields[2] {
            "NONE" => Correction::None,
            "LT" => Correction::LightTime,
            "LT+S" => Correction::LightTimeStellar,
            "CN" => Correction::Converged,
            _ => Correction::ConvergedStellar,
        };
        let numbers: Vec<f64> = fields[3..].iter().map(|n| n.parse().expect("number")).collect();
        let pair = (fields[0].parse().expect("id"), fields[1].parse().expect("id"));
        // Eight epochs, so that they go through the polynomials side by side; the fourth is the one asked for.
        let epochs_s: [f64; 8] = std::array::from_fn(|i| numbers[0] + 60.0 * (i as f64 - 3.0));
        let found = kernels.states_at(pair.0, pair.1, &epochs_s, correction).expect("covered")[3];
        let vectors = [(found.position_km, 1), (found.velocity_km_s, 4)];
        for (vector, at) in vectors {
            let wanted = &numbers[at..at + 3];
            let length = wanted.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (x, wanted) in vector.to_array().iter().zip(wanted) {
                assert!((x - wanted).abs() < STATE * length, "{line}: {vector:?}");
            }
        }
        assert!(
            (found.light_time_s - numbers[7]).abs() < STATE * numbers[7],
            "{line}: {}",
            found.light_time_s
        );
    }
}

#[test]
fn many_epochs_of_the_built_in_ephemeris_give_the_same_bits_as_one_by_one() {
    let kernels = Kernels::built_in();
    // Closely spaced, so that records and their seams are met; the whole window; and both shuffled together.
    let dense = (0..3000).map(|i| 4.0e8 + 977.7 * f64::from(i));
    let wide = (0..999).map(|i| 2.42e8 + 357_000.0 * f64::from(i));
    let mut epochs_s: Vec<f64> = dense.chain(wide).collect();
    for correction in CORRECTIONS {
        for pair in [(SUN, CERES), (399, CERES), (CERES, 0), (2000004, 5)] {
            same_as_one_by_one(&kernels, pair, &epochs_s, correction);
        }
    }
    epochs_s.sort_by(|a, b| (a % 1.0e5).total_cmp(&(b % 1.0e5)));
    same_as_one_by_one(&kernels, (SUN, CERES), &epochs_s, Correction::LightTimeStellar);
}

#[test]
fn the_ends_of_coverage_give_the_same_bits_and_what_lies_beyond_is_named() {
    let kernels = Kernels::built_in();
    let last_s = 599_572_800.0;
    let epochs_s: Vec<f64> = (0..16).map(|i| last_s - 0.2 * f64::from(i)).collect();
    same_as_one_by_one(&kernels, (SUN, CERES), &epochs_s, Correction::ConvergedStellar);
    let beyond = [last_s - 1.0, last_s, last_s + 1.0];
    let error = kernels.states_at(SUN, CERES, &beyond, Correction::None).expect_err("beyond").to_string();
    assert!(error.contains("SUN (10)") && error.contains("2018-12-31"), "{error}");
    assert_eq!(kernels.states_at(SUN, CERES, &[], Correction::None).expect("nothing asked"), []);
}

#[test]
fn states_of_every_type_give_the_same_bits_as_one_by_one() {
    let kernels = made_up();
    // Between the samples, at them, and back: the last part of -1200 is answered by the segment below.
    let steps = (0..400).map(|i| 482_000_400.0 + 33.3 * f64::from(i));
    let mut epochs_s: Vec<f64> = steps.collect();
    epochs_s.extend((0..50).map(|i| 482_012_000.0 - 211.0 * f64::from(i)));
    let bodies = [-1005, -1081, -1091, -1121, -1131, -1132, -1181, -1183, -1184, -1200];
    for body in bodies {
        for correction in CORRECTIONS {
            same_as_one_by_one(&kernels, (body, CERES), &epochs_s, correction);
            same_as_one_by_one(&kernels, (SUN, body), &epochs_s, correction);
        }
    }
}

fn same_rotations(kernels: &Kernels, frames: [&str; 2], epochs_s: &[f64]) {
    let together: Vec<Rotation<Camera, Icrf>> =
        kernels.rotations_at(frames[0], frames[1], epochs_s).expect("covered");
    for (et_s, rotation) in epochs_s.iter().zip(&together) {
        let alone = kernels.rotation::<Camera, Icrf>(frames[0], frames[1], epoch_from_et_s(*et_s));
        assert_eq!(alone.expect("covered"), *rotation, "{frames:?} {et_s}");
    }
}

/// Epochs as an `Epoch` keeps them: in nanoseconds.
fn epochs_s(start_s: f64, step_s: f64, count: u32) -> Vec<f64> {
    (0..count).map(|i| facula_core::et_s(epoch_from_et_s(start_s + step_s * f64::from(i)))).collect()
}

#[test]
fn attitudes_of_every_type_give_the_same_bits_as_one_by_one() {
    let kernels = made_up();
    let start_s = facula_core::et_s(kernels.epoch_of_clock(-9, "4:0").expect("clock"));
    let before_gap = epochs_s(start_s, 0.37, 300);
    for frame in ["THREE", "BENT", "ECLIPJ2000"] {
        same_rotations(&kernels, [frame, "J2000"], &before_gap);
        same_rotations(&kernels, ["J2000", frame], &before_gap);
    }
    // Spins last 700 of 1000 ticks of 1/256 s.
    let spun: Vec<f64> = (0..150u32)
        .map(|i| {
            facula_core::et_s(
                kernels.epoch_of_clock(-9, &format!("0:{}", 1000 * (i + 1) % 256)).expect("clock"),
            )
        })
        .collect();
    assert!(kernels.rotations_at::<Camera, Icrf>("TWO", "J2000", &spun).is_err(), "before the first spin");
    let inside = epochs_s(start_s, 1000.0 / 256.0, 100);
    same_rotations(&kernels, ["TWO", "J2000"], &inside);
    let gap_s = facula_core::et_s(kernels.epoch_of_clock(-9, "158:0").expect("clock"));
    let error = kernels.rotations_at::<Camera, Icrf>("BENT", "J2000", &[start_s, gap_s]).expect_err("gap");
    assert!(error.to_string().contains("with gaps"), "{error}");
    // Two frames that meet below the gap need no attitude.
    same_rotations(&kernels, ["BENT", "THREE"], &epochs_s(gap_s, 0.0, 1));
    let unknown = kernels.rotations_at::<Camera, Icrf>("NOWHERE", "J2000", &[0.0]).expect_err("unknown");
    assert!(unknown.to_string().contains("NOWHERE"), "{unknown}");
}

#[test]
fn a_later_attitude_segment_takes_over_inside_a_kept_part() {
    // The same file twice: every request is answered by the second, whose parts overlap those of the first.
    let mut kernels = made_up();
    kernels.add_bytes("again.bc", include_bytes!("data/made_up.bc")).expect("sound");
    let start_s = facula_core::et_s(kernels.epoch_of_clock(-9, "4:0").expect("clock"));
    same_rotations(&kernels, ["THREE", "J2000"], &epochs_s(start_s, 0.37, 300));
}

#[test]
fn the_attitude_of_a_flight_camera_gives_the_same_bits_as_one_by_one() {
    let test = "the_attitude_of_a_flight_camera_gives_the_same_bits_as_one_by_one";
    let Some(folder) = facula_testkit::data_folder() else {
        return facula_testkit::skip(test, "flight data not found");
    };
    let files = [
        "dawn_v15.tf",
        "dawn_ceres_v00.tf",
        "dawn_ceres_v05.tpc",
        "DAWN_203_SCLKSCET.00091.tsc",
        "dawn_fc_v3_0_sliced_-203120.xc",
        "dawn_sc_150615_150621_0_sliced_-203000.xc",
    ];
    let files: Vec<_> = files.iter().map(|name| folder.join("dawn-ceres-survey").join(name)).collect();
    let kernels = Kernels::load(&files).expect("sound");
    let mid_s = facula_core::et_s(kernels.epoch_of_clock(-203, "488002612:246").expect("clock"));
    let mut epochs_s = epochs_s(mid_s - 400.0, 0.77, 1000);
    epochs_s.reverse();
    same_rotations(&kernels, ["DAWN_FC2_FILTER_6", "J2000"], &epochs_s);
    same_rotations(&kernels, ["DAWN_FC2_FILTER_6", "CERES_FIXED"], &epochs_s[..99]);
}

proptest! {
    #[test]
    fn any_epochs_in_any_order_give_the_same_bits(
        epochs_s in prop::collection::vec(482_000_400.0..482_013_000.0f64, 1..40), which in 0usize..5) {
        same_as_one_by_one(&made_up(), (SUN, -1131), &epochs_s, CORRECTIONS[which]);
    }
}
