// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels of other missions: both byte orders, types 1 and 3, a Cassini attitude, clocks with partitions and
//! offsets, satellites with periodic terms. Truth: spiceypy 8.3.0, CSPICE N0067, SPKEZR, PXFORM, SCS2E, SCE2S
//! with the files named in each test.

use facula_core::{BodyFixed, Icrf, Rotation, Spacecraft, epoch_from_et_s, et_s};
use facula_spice::{Correction, Kernels};

/// Positions up to 1.4e9 km: a double of the distance from the barycentre has 2.4e-7 km.
const POSITION_KM: f64 = 2e-6;
/// The observer's acceleration is a difference over 2 s, like SPICE's; it stands to 1e-9 of the velocity.
const VELOCITY_KM_S: f64 = 1e-8;
/// Attitudes: 6e-8 s of epoch rounding at up to 3e-4 rad/s, and SPICE's own rounding of W.
const QUATERNION: f64 = 2e-10;
/// A clock reading in seconds: a double of ephemeris time has 1.2e-7 s.
const TIME_S: f64 = 5e-7;

fn load(test: &str, files: &[&str]) -> Option<Kernels> {
    let Some(folder) = facula_testkit::data_folder() else {
        facula_testkit::skip(test, "flight data not found");
        return None;
    };
    let paths: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
    Some(Kernels::load(&paths).expect("sound kernels"))
}

struct Case {
    files: &'static [&'static str],
    pair: (i32, i32),
    et_s: f64,
    correction: Correction,
    state: [f64; 6],
    light_time_s: f64,
}

const SATURN: &str = "kernels-mixed/130220AP_SE_13043_13073.bsp";
const CASSINI: &str = "kernels-mixed/130212AP_SK_13043_13058.bsp";

const CASES: [Case; 7] = [
    Case {
        files: &["kernels-mixed/de405s_bigendian.bsp"],
        pair: (301, 399),
        et_s: 1e8,
        correction: Correction::ConvergedStellar,
        state: [
            394090.8871410769,
            -38098.144897070866,
            -52428.2874463987,
            0.17219956335262013,
            0.8834075838511303,
            0.41064147636001963,
        ],
        light_time_s: 1.3322026358886874,
    },
    Case {
        files: &["kernels-mixed/de405s_littleendian.bsp"],
        pair: (4, 399),
        et_s: 1.5e8,
        correction: Correction::LightTime,
        state: [
            -394453756.9244,
            -27492460.025664162,
            -5357974.646449362,
            6.603792098948889,
            -46.96959305361386,
            -20.898407958863714,
        ],
        light_time_s: 1319.0691223155177,
    },
    Case {
        files: &[CASSINI],
        pair: (-82, 6),
        et_s: 4.1405e8,
        correction: Correction::None,
        state: [
            -518130.8916500641,
            -297723.13592696417,
            -217163.73938482074,
            4.253925235322667,
            -3.7230774213572255,
            7.235352595479065,
        ],
        light_time_s: 2.1208454683376043,
    },
    Case {
        files: &[SATURN],
        pair: (606, 399),
        et_s: 4.15e8,
        correction: Correction::ConvergedStellar,
        state: [
            -1050692822.4578754,
            -871772100.9036032,
            -309735794.01814455,
            21.10215930933971,
            13.592983276686681,
            7.678532770611456,
        ],
        light_time_s: 4669.752307783141,
    },
    Case {
        files: &[SATURN],
        pair: (606, 399),
        et_s: 4.15e8,
        correction: Correction::LightTimeStellar,
        state: [
            -1050692822.6411482,
            -871772100.6577549,
            -309735793.94982153,
            21.102158888130052,
            13.592982961600365,
            7.678532828500081,
        ],
        light_time_s: 4669.752307680871,
    },
    Case {
        files: &[CASSINI, SATURN],
        pair: (606, -82),
        et_s: 4.14e8,
        correction: Correction::LightTimeStellar,
        state: [
            1537404.9420232775,
            -715368.2138069917,
            510766.7326741995,
            2.327688995208328,
            9.013986451516889,
            -6.106434369843231,
        ],
        light_time_s: 5.907238642728239,
    },
    Case {
        files: &["kernels/dawn_rec_081022_081109_090218_v1.bsp"],
        pair: (-203, 10),
        et_s: 2.785e8,
        correction: Correction::None,
        state: [
            -121664481.4158825,
            -192451863.85545164,
            -85051149.76744443,
            20.08984825504118,
            -7.920074815546841,
            -4.15174496210922,
        ],
        light_time_s: 810.7300141177514,
    },
];

#[test]
fn states_from_flight_kernels_equal_those_of_spice() {
    for case in CASES {
        let Some(kernels) = load("states_from_flight_kernels_equal_those_of_spice", case.files) else {
            return;
        };
        let (target, observer) = case.pair;
        let found =
            kernels.state(target, observer, epoch_from_et_s(case.et_s), case.correction).expect("covered");
        let (p, v) = (found.position_km.to_array(), found.velocity_km_s.to_array());
        for k in 0..3 {
            assert!(
                (p[k] - case.state[k]).abs() < POSITION_KM,
                "{:?} {k}: {p:?} {:?}",
                case.pair,
                case.state
            );
            assert!(
                (v[k] - case.state[k + 3]).abs() < VELOCITY_KM_S,
                "{:?} {k}: {v:?} {:?}",
                case.pair,
                case.state
            );
        }
        assert!((found.light_time_s - case.light_time_s).abs() < 1e-9, "{}", found.light_time_s);
    }
}

#[test]
fn both_byte_orders_of_de405_give_the_same_bits() {
    let test = "both_byte_orders_of_de405_give_the_same_bits";
    let Some(big) = load(test, &["kernels-mixed/de405s_bigendian.bsp"]) else { return };
    let Some(little) = load(test, &["kernels-mixed/de405s_littleendian.bsp"]) else { return };
    for target in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 199, 301, 399] {
        let state = |kernels: &Kernels| {
            kernels.state(target, 0, epoch_from_et_s(1.234e8), Correction::None).expect("de405")
        };
        assert_eq!(state(&big), state(&little));
    }
}

#[test]
fn bodies_with_periodic_terms_turn_like_those_of_spice() {
    let Some(kernels) = load("bodies_with_periodic_terms", &["kernels-mixed/pck00010.tpc"]) else { return };
    for (frame, et_s, q) in [
        (
            "IAU_PHOBOS",
            2e8,
            [0.6585886490973667, 0.012007603712957846, -0.31357147789424444, 0.6839515604078973],
        ),
        (
            "IAU_JUPITER",
            2e8,
            [0.3917549836353681, -0.08175051307772581, 0.20503132071559801, -0.8932004500301143],
        ),
        (
            "IAU_MOON",
            2e8,
            [0.8466744765718595, -0.16385514667481307, -0.09562617855957452, 0.49714128334311175],
        ),
        (
            "IAU_ENCELADUS",
            -3e8,
            [0.5478311122033355, -0.015632833979735847, -0.05431007966844681, -0.8346778433924228],
        ),
    ] {
        let turn: Rotation<BodyFixed, Icrf> =
            kernels.rotation(frame, "J2000", epoch_from_et_s(et_s)).expect(frame);
        for (found, wanted) in turn.to_quaternion().iter().zip(q) {
            assert!((found - wanted).abs() < QUATERNION, "{frame}: {:?}", turn.to_quaternion());
        }
    }
}

#[test]
fn a_cassini_attitude_goes_through_clock_ck_and_fixed_frames() {
    let files = ["13056_13057ra.bc", "cas00167.tsc", "cas_v40.tf"].map(|f| format!("kernels-mixed/{f}"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let Some(kernels) = load("a_cassini_attitude", &files) else { return };
    let et0_s = 415065667.1853252;
    for (frame, et_s, q) in [
        (
            "CASSINI_SC_COORD",
            et0_s,
            [0.21274621317560552, -0.6676750759139183, 0.5612815214625166, -0.44035451110157353],
        ),
        (
            "CASSINI_ISS_NAC",
            et0_s + 1234.5,
            [0.6214252324772148, -0.6838070813653891, -0.17711838671370472, -0.33892127847499093],
        ),
    ] {
        let turn: Rotation<Spacecraft, Icrf> =
            kernels.rotation(frame, "J2000", epoch_from_et_s(et_s)).expect(frame);
        for (found, wanted) in turn.to_quaternion().iter().zip(q) {
            assert!((found - wanted).abs() < QUATERNION, "{frame}: {:?}", turn.to_quaternion());
        }
    }
}

#[test]
fn clocks_with_partitions_and_offsets_read_like_those_of_spice() {
    let test = "clocks_with_partitions_and_offsets";
    let Some(kernels) = load(test, &["kernels-mixed/cas00167.tsc", "kernels-mixed/vg200022.tsc"]) else {
        return;
    };
    for (clock, text, wanted_s) in [
        (-82, "1/1455982800.100", 130562283.39604124),
        (-32, "2/05812:00:001", -689081330.1297),
        (-32, "2/43000:12:400", -581979282.7100599),
        (-32, "4/60000:10:100", -186710661.93345916),
    ] {
        let found_s = et_s(kernels.epoch_of_clock(clock, text).expect(text));
        assert!((found_s - wanted_s).abs() < TIME_S, "{text}: {found_s}");
    }
    for (clock, epoch_s, wanted) in
        [(-82, 415065667.1853252, "1/1740488068.251"), (-32, -326710743.81726676, "4/11389:07:012")]
    {
        assert_eq!(kernels.clock_at(clock, epoch_from_et_s(epoch_s)).expect("covered"), wanted);
    }
}
