// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of dynamic and switch frames; `crosscheck/check_kernels.py` compares thousands of epochs more with CSPICE.

use facula_core::{BodyFixed, Icrf, epoch_from_et_s};

use crate::kernels::Kernels;

/// Rounding of matrix products; W of the Earth counts whole turns with 7e-12 rad at most.
const ROUNDING: f64 = 2e-14;

const HEAD: &str = "\\begindata\nBODY399_POLE_RA = ( 0 -0.641 0 )\nBODY399_POLE_DEC = ( 90 -0.557 0 )\n\
    BODY399_PM = ( 190.147 360.9856235 0 )\nBODY399_RADII = ( 6378.1366 6378.1366 6356.7519 )\n";

/// A frame kernel with one dynamic frame `D`, number 1400001; `items` are `KEY = value` pairs by line.
fn kernels(items: &str) -> Kernels {
    let mut kernels = Kernels::built_in();
    let mut text = format!(
        "{HEAD}FRAME_D = 1400001\nFRAME_1400001_NAME = 'D'\nFRAME_1400001_CLASS_ID = 1400001\n\
        FRAME_1400001_CENTER = 399\n"
    );
    if !items.contains("CLASS = ") {
        text += "FRAME_1400001_CLASS = 5\nFRAME_1400001_DEF_STYLE = 'PARAMETERIZED'\nFRAME_1400001_RELATIVE = 'J2000'\n";
    }
    for line in items.lines().filter(|line| !line.trim().is_empty()) {
        text += &format!("FRAME_1400001_{}\n", line.trim());
    }
    kernels.add_bytes("d.tf", text.as_bytes()).expect("sound");
    kernels
}

fn error(items: &str) -> String {
    let found = kernels(items).rotation::<Icrf, BodyFixed>("J2000", "D", epoch_from_et_s(4e8));
    found.expect_err(items).to_string()
}

/// Items of the frame, ephemeris time, SXFORM(J2000, D) as a matrix by rows, and its spin (XF2RAV), from spiceypy 8.3.0,
/// CSPICE N0067, with the built-in ephemeris and the kernel of [`kernels`].
const CASES: [(&str, f64, [f64; 9], [f64; 3]); 10] = [
    (
        "FAMILY = 'MEAN_EQUATOR_AND_EQUINOX_OF_DATE'\nPREC_MODEL = 'EARTH_IAU_1976'\nROTATION_STATE = 'ROTATING'",
        400000000.0,
        [
            0.9999952243112973,
            -0.0028345050736515217,
            -0.001231639389442706,
            0.0028345050736046833,
            0.9999959827809014,
            -1.7455862466045369e-06,
            0.0012316393895505007,
            -1.7455101879987055e-06,
            0.999999241530396,
        ],
        [-5.704398975964718e-19, 3.0790202920456278e-12, -7.086545908337643e-12],
    ),
    (
        "FAMILY = 'TRUE_EQUATOR_AND_EQUINOX_OF_DATE'\nPREC_MODEL = 'EARTH_IAU_1976'\nNUT_MODEL = 'EARTH_IAU_1980'\nROTATION_STATE = 'ROTATING'",
        401000000.0,
        [
            0.9999949704130496,
            -0.0029089016779420417,
            -0.0012638985845658697,
            0.0029089262222836802,
            0.9999957689106078,
            1.758168540973689e-05,
            0.0012638420935037864,
            -2.1258184716054646e-05,
            0.9999992011253072,
        ],
        [-3.77775412159459e-13, -2.3003895480800104e-13, 5.494745874468015e-13],
    ),
    (
        "FAMILY = 'MEAN_ECLIPTIC_AND_EQUINOX_OF_DATE'\nPREC_MODEL = 'EARTH_IAU_1976'\nOBLIQ_MODEL = 'EARTH_IAU_1980'\nROTATION_STATE = 'INERTIAL'",
        402000000.0,
        [
            0.9999951764337062,
            -0.0028486781001637335,
            -0.0012377973996365182,
            0.0031059785126621563,
            0.9174891383701063,
            0.39774870693738124,
            2.6076388483066773e-06,
            -0.3977506329422513,
            0.917493560733392,
        ],
        [0.0, 0.0, 0.0],
    ),
    (
        "FAMILY = 'TRUE_EQUATOR_AND_EQUINOX_OF_DATE'\nPREC_MODEL = 'EARTH_IAU_1976'\nNUT_MODEL = 'EARTH_IAU_1980'\nFREEZE_EPOCH = -125000000",
        403000000.0,
        [
            0.9999995671796573,
            0.000853299801620997,
            0.0003708368193431004,
            -0.0008533160207708371,
            0.9999996349761833,
            4.3580602613318085e-05,
            -0.00037079949665926477,
            -4.389702474974655e-05,
            0.9999999302903898,
        ],
        [0.0, 0.0, 0.0],
    ),
    (
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nPRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION'\nPRI_OBSERVER = 'EARTH'\nPRI_TARGET = 'SUN'\nPRI_ABCORR = 'NONE'\nSEC_AXIS = 'Y'\nSEC_VECTOR_DEF = 'OBSERVER_TARGET_VELOCITY'\nSEC_OBSERVER = 'EARTH'\nSEC_TARGET = 'SUN'\nSEC_ABCORR = 'NONE'\nSEC_FRAME = 'J2000'",
        404000000.0,
        [
            -0.8890031907788757,
            -0.42012272795176725,
            -0.18212693442581063,
            0.4579010009328228,
            -0.8156675228033392,
            -0.35357200905697156,
            -1.138846646534749e-05,
            -0.39772274979215044,
            0.9175056480306121,
        ],
        [5.90248307420268e-11, -7.985977726274659e-08, 1.8430772954684694e-07],
    ),
    (
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nPRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION'\nPRI_OBSERVER = 'EARTH'\nPRI_TARGET = 'SUN'\nPRI_ABCORR = 'NONE'\nSEC_AXIS = 'Z'\nSEC_VECTOR_DEF = 'CONSTANT'\nSEC_ABCORR = 'NONE'\nSEC_FRAME = 'IAU_EARTH'\nSEC_SPEC = 'LATITUDINAL'\nSEC_UNITS = 'DEGREES'\nSEC_LONGITUDE = 288.43\nSEC_LATITUDE = 79.54",
        405000000.0,
        [
            -0.7794164059368522,
            -0.574816140355947,
            -0.2491916349775248,
            0.6197330275291495,
            -0.7657077686807917,
            -0.17211213661865254,
            -0.09187513671300954,
            -0.28857930932098286,
            0.953037743998521,
        ],
        [-3.5403352244921516e-06, -2.691347712026003e-06, -9.465429078601118e-07],
    ),
    (
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = '-Z'\nPRI_VECTOR_DEF = 'OBSERVER_TARGET_POSITION'\nPRI_OBSERVER = 399\nPRI_TARGET = 10\nPRI_ABCORR = 'LT+S'\nSEC_AXIS = 'X'\nSEC_VECTOR_DEF = 'OBSERVER_TARGET_VELOCITY'\nSEC_OBSERVER = 399\nSEC_TARGET = 2000001\nSEC_ABCORR = 'CN'\nSEC_FRAME = 'IAU_EARTH'",
        406000000.0,
        [
            0.7701009068797354,
            -0.5714383169627097,
            -0.2835539510037462,
            -0.025326718172844695,
            0.41675773525616694,
            -0.9086647057362489,
            0.6374191325725973,
            0.7069450049409618,
            0.3064728526630396,
        ],
        [-1.0262752513513993e-08, -9.22469780980808e-08, 1.8162688919698387e-07],
    ),
    (
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'Z'\nPRI_VECTOR_DEF = 'TARGET_NEAR_POINT'\nPRI_OBSERVER = 10\nPRI_TARGET = 'EARTH'\nPRI_ABCORR = 'LT'\nSEC_AXIS = '-Y'\nSEC_VECTOR_DEF = 'CONSTANT'\nSEC_ABCORR = 'XCN'\nSEC_OBSERVER = 10\nSEC_FRAME = 'IAU_EARTH'\nSEC_SPEC = 'RECTANGULAR'\nSEC_VECTOR = ( 0.1, -0.2, 0.9 )",
        407000000.0,
        [
            0.8703465219476686,
            -0.4917910737724548,
            -0.025267993417214744,
            0.15235124092360858,
            0.31770789032210783,
            -0.9358690056926302,
            0.4682798641011943,
            0.8106807239504412,
            0.35144093770156537,
        ],
        [-9.876063482221756e-06, -1.7178560112359163e-05, -7.224650823278859e-06],
    ),
    (
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'Y'\nPRI_VECTOR_DEF = 'CONSTANT'\nPRI_ABCORR = 'S'\nPRI_OBSERVER = 'EARTH'\nPRI_FRAME = 'B1950'\nPRI_SPEC = 'RA/DEC'\nPRI_UNITS = 'ARCSECONDS'\nPRI_RA = 360000\nPRI_DEC = -72000\nSEC_AXIS = 'Z'\nSEC_VECTOR_DEF = 'CONSTANT'\nSEC_FRAME = 'ECLIPJ2000'\nSEC_SPEC = 'RECTANGULAR'\nSEC_VECTOR = ( 0, 0, 1 )",
        408000000.0,
        [
            0.9719805838001321,
            0.21566438954375922,
            0.09350195612003175,
            -0.17193786685752332,
            0.9235356506315243,
            -0.34281083990021666,
            -0.16028448039669732,
            0.31712895341694214,
            0.9347395959563475,
        ],
        [0.0, 0.0, 0.0],
    ),
    (
        "FAMILY = 'EULER'\nEPOCH = 0\nAXES = ( 3 2 1 )\nUNITS = 'DEGREES'\nANGLE_1_COEFFS = ( 1 1E-7 )\nANGLE_2_COEFFS = ( -20 2E-6 1E-15 )\nANGLE_3_COEFFS = ( 30 )",
        409000000.0,
        [
            -0.31124751147923496,
            0.27926642012702,
            -0.9083695576071571,
            0.24030498352626045,
            0.9479120888507011,
            0.20908416177019346,
            0.9194446701626081,
            -0.1532088065358499,
            -0.36214439124392545,
        ],
        [-3.2846261230946414e-08, -3.660775636712435e-08, -1.7453292519943291e-09],
    ),
];

#[test]
fn every_family_gives_the_rotation_and_spin_of_spice() {
    for (items, et_s, rows, spin_rad_s) in CASES {
        let found = kernels(items)
            .rotation_rate::<BodyFixed, Icrf>("D", "J2000", epoch_from_et_s(et_s))
            .expect(items);
        for (a, b) in found.rotation.rows().iter().flatten().zip(rows) {
            assert!((a - b).abs() < ROUNDING, "{items}: {:?}", found.rotation);
        }
        let length = spin_rad_s.iter().map(|w| w * w).sum::<f64>().sqrt();
        for (a, b) in found.angular_velocity_rad_s.to_array().iter().zip(spin_rad_s) {
            // The rate of a velocity is a difference over seconds.
            assert!((a - b).abs() < 1e-8 * length.max(1e-9), "{items}: {:?}", found.angular_velocity_rad_s);
        }
    }
}

#[test]
fn missing_items_are_named() {
    for (items, part) in [
        ("", "FAMILY"),
        ("FAMILY = 'ODD'", "FAMILY"),
        ("FAMILY = 'MEAN_EQUATOR_AND_EQUINOX_OF_DATE'", "PREC_MODEL"),
        ("FAMILY = 'TRUE_EQUATOR_AND_EQUINOX_OF_DATE'\nPREC_MODEL = 'EARTH_IAU_1976'", "NUT_MODEL"),
        ("FAMILY = 'EULER'", "EPOCH"),
        ("FAMILY = 'EULER'\nEPOCH = 0\nUNITS = 'GON'", "UNITS"),
        ("FAMILY = 'EULER'\nEPOCH = 0\nUNITS = 'RADIANS'\nAXES = ( 1 2 )", "AXES"),
        ("FAMILY = 'EULER'\nEPOCH = 0\nUNITS = 'RADIANS'\nAXES = ( 1 2 3 )", "ANGLE_1_COEFFS"),
        ("FAMILY = 'EULER'\nFREEZE_EPOCH = 0\nROTATION_STATE = 'INERTIAL'", "ROTATION_STATE"),
        ("FAMILY = 'TWO-VECTOR'", "PRI_AXIS"),
        ("FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nSEC_AXIS = '-X'", "SEC_AXIS"),
        ("FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nSEC_AXIS = 'Y'", "PRI_VECTOR_DEF"),
        ("CLASS = 6", "ALIGNED_WITH"),
    ] {
        let text = error(items);
        assert!(text.contains(part), "{items}: {text}");
    }
}

#[test]
fn vectors_that_span_no_plane_are_refused() {
    let line = "PRI_VECTOR_DEF = 'CONSTANT'\nPRI_FRAME = 'J2000'\nPRI_SPEC = 'RECTANGULAR'\nPRI_VECTOR = ( 1 2 3 )\n";
    let both = format!(
        "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nSEC_AXIS = 'Y'\n{line}{}",
        line.replace("PRI", "SEC")
    );
    assert!(error(&both).contains("span a plane"));
}

#[test]
fn a_frame_that_needs_itself_is_an_error() {
    let of_itself = "FAMILY = 'TWO-VECTOR'\nPRI_AXIS = 'X'\nSEC_AXIS = 'Y'\nPRI_VECTOR_DEF = 'CONSTANT'\n\
        PRI_FRAME = 'D'\nPRI_SPEC = 'RECTANGULAR'\nPRI_VECTOR = ( 1 2 3 )\n";
    assert!(error(of_itself).contains("circle"));
}

#[test]
fn a_switch_frame_takes_the_last_listed_that_holds() {
    let switch = "CLASS = 6\nALIGNED_WITH = ( 'J2000' 'B1950' )\nSTART = ( 0 100 )\nSTOP = ( 1000 200 )\n";
    let kernels = kernels(switch);
    let same = |name: &str, et_s: f64| {
        let turn = kernels.rotation::<Icrf, BodyFixed>(name, "D", epoch_from_et_s(et_s)).expect("inside");
        turn.angle_to_rad(facula_core::Rotation::identity()) < 1e-15
    };
    assert!(same("J2000", 50.0) && same("B1950", 150.0) && same("J2000", 250.0));
    assert!(!same("J2000", 150.0));
    let outside = kernels.rotation::<Icrf, BodyFixed>("J2000", "D", epoch_from_et_s(2000.0));
    assert!(outside.expect_err("outside").to_string().contains("frame to switch to"));
}
