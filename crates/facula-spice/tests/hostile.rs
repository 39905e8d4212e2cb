// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged kernels of every binary kind: cut at every length, and with damaged bytes. They give errors or answers,
//! never a panic.

use facula_core::{BodyFixed, Icrf, epoch_from_et_s};
use facula_spice::{AttitudeLevel, Correction, Kernels};
use proptest::prelude::*;

const SPK: &[u8] = include_bytes!("data/made_up.bsp");
const CK: &[u8] = include_bytes!("data/made_up.bc");
const PCK: &[u8] = include_bytes!("data/made_up.bpc");
const TEXT: &str = include_str!("data/made_up.tf");
const FRAME: &str = "\\begindata\nFRAME_MADE_UP = 1404001\nFRAME_1404001_NAME = 'MADE_UP'\n\
    FRAME_1404001_CLASS = 2\nFRAME_1404001_CLASS_ID = 4001\nFRAME_1404001_CENTER = 4001\n";
const MIDDLE_S: f64 = 482_002_000.0;

fn with_text(bytes: &[u8]) -> Option<Kernels> {
    let mut kernels = Kernels::from_bytes("text", TEXT.as_bytes()).expect("sound");
    kernels.add_bytes("frame", FRAME.as_bytes()).expect("sound");
    kernels.add_bytes("damaged", bytes).ok()?;
    Some(kernels)
}

/// Asks everything a kernel could answer.
fn ask_all(kernels: &Kernels) {
    for et_s in [481_999_950.0, MIDDLE_S, 482_004_700.0] {
        let epoch = epoch_from_et_s(et_s);
        for body in kernels.bodies() {
            let _ = kernels.state(body, 2000001, epoch, Correction::None);
            let _ = kernels.explain_state(body, 2000001, epoch);
            let _ = kernels.coverage_of_body(body);
        }
        for frame in ["ONE", "TWO", "THREE", "BENT", "MADE_UP"] {
            let _ = kernels.rotation::<BodyFixed, Icrf>(frame, "J2000", epoch);
            let _ = kernels.rotation_rate::<BodyFixed, Icrf>(frame, "J2000", epoch);
            let _ = kernels.explain_rotation(frame, "J2000", epoch);
        }
        for structure in kernels.structures() {
            let _ = kernels.coverage_of_structure(structure, AttitudeLevel::Interval);
        }
    }
    assert!(kernels.files().count() >= 3);
}

#[test]
fn cut_files_never_panic() {
    for whole in [SPK, CK, PCK] {
        // Summaries stand in the first records; behind them the step may be larger.
        for end in (0..whole.len()).filter(|end| end % 61 == 0 || (*end < 4096 && end % 7 == 0)) {
            if let Some(kernels) = with_text(&whole[..end]) {
                ask_all(&kernels);
            }
        }
        assert!(with_text(whole).is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn damaged_bytes_never_panic(which in 0usize..3, place in 0.0..1.0f64, values in prop::array::uniform4(any::<u8>())) {
        let mut bytes = [SPK, CK, PCK][which].to_vec();
        let at = ((bytes.len() - 4) as f64 * place * place) as usize;
        bytes[at..at + 4].copy_from_slice(&values);
        if let Some(kernels) = with_text(&bytes) {
            ask_all(&kernels);
        }
    }

    #[test]
    fn damaged_frame_kernels_never_panic(at in 0usize..4096, value in "[0-9A-Z'()=. -]") {
        let mut text = TEXT.to_string() + FRAME;
        let at = at % text.len();
        text.replace_range(at..=at, &value);
        if let Ok(mut kernels) = Kernels::from_bytes("text", text.as_bytes()) {
            kernels.add_bytes("ck", CK).expect("sound");
            kernels.add_bytes("pck", PCK).expect("sound");
            ask_all(&kernels);
        }
    }
}

#[test]
fn a_binary_orientation_is_that_of_spice_and_goes_over_text_constants() {
    // spiceypy 8.3.0, CSPICE N0067: sxform("J2000", "MADE_UP", et) of tests/data/make.py, pck().
    let wanted = [
        -0.19413397842880487,
        -0.8159702807714202,
        -0.5445222670536198,
        0.9789581177097685,
        -0.12557119429437963,
        -0.1608504862710403,
        0.06287290505099406,
        -0.5642910384378725,
        0.8231783656955254,
    ];
    let spin_rad_s = [0.000182275203790305, -0.0016953867747860698, 0.002470689773747862];
    let mut kernels = with_text(PCK).expect("sound");
    let constants = "\\begindata\nBODY4001_POLE_RA = 1\nBODY4001_POLE_DEC = 2\nBODY4001_PM = 3\n";
    kernels.add_bytes("later.tpc", constants.as_bytes()).expect("sound");
    let epoch = epoch_from_et_s(482_001_234.5);
    let found = kernels.rotation_rate::<BodyFixed, Icrf>("MADE_UP", "J2000", epoch).expect("covered");
    for (a, b) in found.rotation.rows().iter().flatten().zip(wanted) {
        assert!((a - b).abs() < 1e-14, "{found:?}");
    }
    for (a, b) in found.angular_velocity_rad_s.to_array().iter().zip(spin_rad_s) {
        assert!((a - b).abs() < 1e-15, "{found:?}");
    }
    let steps = kernels.explain_rotation("MADE_UP", "J2000", epoch).expect("covered");
    assert_eq!((steps[0].file.as_str(), steps[0].overridden[0].0.as_str()), ("damaged", "later.tpc"));
    assert_eq!(kernels.coverage_of_orientation(4001).len(), 1);
    // Outside its span the text constants answer.
    let outside =
        kernels.rotation::<BodyFixed, Icrf>("MADE_UP", "J2000", epoch_from_et_s(0.0)).expect("text");
    assert!((outside.rows()[2][2] - 2f64.to_radians().sin()).abs() < 1e-15);
}
