// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small kernels of every data type, made by SPICE's own writers (`tests/data/make.py`), against SPICE's answers.

use facula_core::{Camera, Icrf, Rotation, epoch_from_et_s};
use facula_spice::{Correction, Kernels};

/// Time as `Epoch` is good to 6e-8 s (a double of 4.8e8 s); at 0.1 km/s that is 6e-9 km.
const POSITION_KM: f64 = 1e-7;
/// Interpolation of degree 22 through states of 4900 km, differentiated.
const VELOCITY_KM_S: f64 = 1e-9;
/// The made-up attitudes turn by up to 0.1 rad/s; a double of ephemeris time has 6e-8 s.
const MATRIX: f64 = 1e-8;
const CERES: i32 = 2000001;

fn kernels() -> Kernels {
    let mut kernels = Kernels::empty();
    for (name, bytes) in [
        ("made_up.bsp", &include_bytes!("data/made_up.bsp")[..]),
        ("made_up.bc", &include_bytes!("data/made_up.bc")[..]),
        ("made_up.tf", &include_bytes!("data/made_up.tf")[..]),
    ] {
        kernels.add_bytes(name, bytes).expect(name);
    }
    kernels
}

fn rows(text: &str) -> impl Iterator<Item = (&str, Vec<f64>)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, numbers) = line.split_once(',').expect("csv");
        (name, numbers.split(',').map(|n| n.parse().expect("number")).collect())
    })
}

#[test]
fn states_of_every_type_equal_those_of_spice() {
    let kernels = kernels();
    let mut count = 0;
    for (target, row) in rows(include_str!("data/states.csv")) {
        let epoch = epoch_from_et_s(row[0]);
        let found = kernels.state(target.parse().expect("id"), CERES, epoch, Correction::None).expect(target);
        let (p, v) = (found.position_km.to_array(), found.velocity_km_s.to_array());
        for k in 0..3 {
            assert!((p[k] - row[1 + k]).abs() < POSITION_KM, "{target} at {}: {p:?} {row:?}", row[0]);
            assert!((v[k] - row[4 + k]).abs() < VELOCITY_KM_S, "{target} at {}: {v:?} {row:?}", row[0]);
        }
        count += 1;
    }
    assert_eq!(count, 14 * 8);
}

#[test]
fn attitudes_of_every_type_equal_those_of_spice() {
    let kernels = kernels();
    for (frame, row) in rows(include_str!("data/attitudes.csv")) {
        let epoch = epoch_from_et_s(row[0]);
        let found: Rotation<Camera, Icrf> = kernels.rotation(frame, "J2000", epoch).expect(frame);
        for (element, wanted) in found.rows().iter().flatten().zip(&row[1..]) {
            assert!((element - wanted).abs() < MATRIX, "{frame} at {}: {found:?} {row:?}", row[0]);
        }
        let back: Rotation<Icrf, Camera> = kernels.rotation("J2000", frame, epoch).expect(frame);
        // Kept orthogonal from one side or the other: the last bits differ.
        assert!(back.inverse().angle_to_rad(found) < 1e-15);
    }
}

#[test]
fn gaps_between_attitudes_are_reported_with_what_there_is() {
    let kernels = kernels();
    let after = kernels.epoch_of_clock(-9, "158:0").expect("clock");
    // Ticks 40 000 to 41 000 are the gap of THREE; the chain of BENT runs through it.
    for frame in ["ONE", "THREE", "BENT"] {
        let error = kernels.rotation::<Camera, Icrf>(frame, "J2000", after).expect_err(frame).to_string();
        assert!(error.contains("attitude") && error.contains("with gaps"), "{error}");
    }
    // Two frames that meet below the gap need no attitude.
    let rotation: Rotation<Camera, Icrf> = kernels.rotation("BENT", "THREE", after).expect("fixed");
    assert!((rotation.to_quaternion()[0] - 0.9).abs() < 1e-12);
}

#[test]
fn the_kernel_loaded_last_wins_and_the_one_below_fills_its_gaps() {
    let mut turned_round = kernels();
    let above = kernels();
    let epoch = epoch_from_et_s(482_001_000.0);
    let text = "\\begindata\nTKFRAME_-9004_Q = ( 1 0 0 0 )\n";
    turned_round.add_bytes("later.tf", text.as_bytes()).expect("sound");
    let bent = |k: &Kernels| k.rotation::<Camera, Icrf>("BENT", "THREE", epoch).expect("fixed");
    assert_ne!(bent(&turned_round), bent(&above));
    assert_eq!(bent(&turned_round), Rotation::identity());
}

#[test]
fn truncated_kernels_are_errors() {
    for bytes in [&include_bytes!("data/made_up.bsp")[..], &include_bytes!("data/made_up.bc")[..]] {
        // The last record is padded: what matters ends before it.
        for end in (0..bytes.len() - 1024).step_by(61) {
            let error = Kernels::from_bytes("cut.bin", &bytes[..end]).expect_err("cut").to_string();
            assert!(error.contains("cut.bin"), "{error}");
        }
    }
}

#[test]
fn a_meta_kernel_loads_what_it_names_and_loops_end() {
    let folder = tempfile::tempdir().expect("folder");
    let meta = folder.path().join("all.tm");
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let text = format!(
        "KPL/MK\n\\begindata\nPATH_VALUES = ( '{data}' )\nPATH_SYMBOLS = ( 'D' )\n\
         KERNELS_TO_LOAD = ( '$D/made+' '_up.tf', '$D/made_up.bc' )\n"
    );
    std::fs::write(&meta, &text).expect("writable");
    let kernels = Kernels::load(std::slice::from_ref(&meta)).expect("sound");
    let inside = kernels.epoch_of_clock(-9, "100:0").expect("clock");
    assert!(kernels.rotation::<Camera, Icrf>("THREE", "J2000", inside).is_ok());
    std::fs::write(&meta, "\\begindata\nKERNELS_TO_LOAD = ( 'all.tm' )\n").expect("writable");
    let error = Kernels::load(&[meta]).expect_err("names itself").to_string();
    assert!(error.contains("meta-kernels is 8"), "{error}");
}
