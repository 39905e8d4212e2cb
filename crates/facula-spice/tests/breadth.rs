// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels of every kind from other missions: old frames, binary PCK, stations on the Earth, a shape, transmission
//! corrections, coverage, listing and explanation. Truth: spiceypy 8.3.0, CSPICE N0067, with the files named.

use facula_core::{BodyFixed, Icrf, epoch_from_et_s, et_s};
use facula_spice::{
    AttitudeLevel, Correction, FileForm, FileKind, Kernels, SegmentSpan, SpiceError, StateIn,
};

/// Matrix elements: products in another order.
const ROTATION: f64 = 2e-15;
/// Positions up to 4e8 km have 6e-8 km.
const POSITION_KM: f64 = 3e-7;
const VELOCITY_KM_S: f64 = 1e-11;
/// A double of ephemeris time.
const TIME_S: f64 = 2e-7;

const EARTH: [&str; 5] = [
    "pck00010.tpc",
    "earth_031228_231229_predict.bpc",
    "earth_topo_050714.tf",
    "de405s_littleendian.bsp",
    "earthstns_itrf93_050714.bsp",
];

fn load(test: &str, files: &[&str]) -> Option<Kernels> {
    let Some(folder) = facula_testkit::data_folder() else {
        facula_testkit::skip(test, "flight data not found");
        return None;
    };
    let paths: Vec<_> = files.iter().map(|file| folder.join("kernels-mixed").join(file)).collect();
    Some(Kernels::load(&paths).expect("sound kernels"))
}

fn assert_rotation(kernels: &Kernels, frame: &str, et_s: f64, rows: [f64; 9], spin_rad_s: [f64; 3]) {
    let epoch = epoch_from_et_s(et_s);
    let found = kernels.rotation_rate::<BodyFixed, Icrf>(frame, "J2000", epoch).expect(frame);
    let plain = kernels.rotation::<BodyFixed, Icrf>(frame, "J2000", epoch).expect(frame);
    assert_eq!(plain, found.rotation);
    for (a, b) in plain.rows().iter().flatten().zip(rows) {
        assert!((a - b).abs() < ROTATION, "{frame}: {plain:?}");
    }
    for (a, b) in found.angular_velocity_rad_s.to_array().iter().zip(spin_rad_s) {
        assert!((a - b).abs() < 1e-17, "{frame}: {:?}", found.angular_velocity_rad_s);
    }
}

#[test]
fn the_earth_turns_by_its_binary_kernel() {
    let Some(kernels) = load("the_earth_turns_by_its_binary_kernel", &EARTH) else { return };
    assert_rotation(
        &kernels,
        "ITRF93",
        2e8,
        [
            0.9065588170961641,
            -0.42207916654832267,
            -0.0005369460652796532,
            0.42207906304611537,
            0.9065589750262406,
            -0.000298893769800912,
            0.0006129301078283543,
            4.433109024859494e-05,
            0.9999998111757008,
        ],
        [4.467710560222241e-08, 3.183803010773862e-09, 7.292113772323106e-05],
    );
    assert_rotation(
        &kernels,
        "DSS-14_TOPO",
        3.5e8,
        [
            0.5704357795809661,
            -0.10785057828254263,
            0.8142304797402125,
            0.18606119604507437,
            0.9825381358606543,
            -0.00020713702411347915,
            -0.7999901578770404,
            0.1516148552866488,
            0.5805417150871044,
        ],
        [8.122845279327644e-08, -3.880507424757157e-11, 7.292110620415698e-05],
    );
    let error = kernels.rotation::<BodyFixed, Icrf>("ITRF93", "J2000", epoch_from_et_s(1e9));
    let text = error.expect_err("after").to_string();
    assert!(text.contains("2002-12-28") && text.contains("2023-12-28"), "{text}");
}

fn assert_state(found: [[f64; 3]; 2], wanted: [f64; 6], what: &str) {
    for k in 0..3 {
        assert!((found[0][k] - wanted[k]).abs() < POSITION_KM, "{what}: {found:?}");
        assert!((found[1][k] - wanted[k + 3]).abs() < VELOCITY_KM_S, "{what}: {found:?}");
    }
}

#[test]
fn a_station_goes_round_with_the_earth() {
    let Some(kernels) = load("a_station_goes_round_with_the_earth", &EARTH) else { return };
    let state = kernels.state(399014, 399, epoch_from_et_s(3.5e8), Correction::None).expect("DSS-14");
    let found = [state.position_km.to_array(), state.velocity_km_s.to_array()];
    let wanted = [
        -5109.023633617532,
        968.2616404854014,
        3682.7496614986585,
        -0.07060685282858299,
        -0.3728547990429949,
        7.84521387924845e-05,
    ];
    assert_state(found, wanted, "DSS-14");
    // In its own frame it stands still.
    let fixed: StateIn<BodyFixed> =
        kernels.state_in("ITRF93", (399014, 399), epoch_from_et_s(3.5e8), Correction::None).expect("fixed");
    assert!(fixed.velocity_km_s.length() < 1e-12, "{fixed:?}");
}

#[test]
fn satellites_in_an_old_frame_are_turned_to_j2000() {
    let Some(kernels) = load("satellites_in_an_old_frame", &["mar022-1.bsp"]) else { return };
    let state = kernels.state(401, 4, epoch_from_et_s(-8.7e8), Correction::None).expect("Phobos");
    let wanted = [
        4305.919484748441,
        8030.277142751891,
        1817.0826904375276,
        -1.6607298097480265,
        0.6452017591788356,
        1.2182336022764475,
    ];
    assert_state([state.position_km.to_array(), state.velocity_km_s.to_array()], wanted, "Phobos");
}

#[test]
fn light_that_leaves_finds_mars_where_spice_says() {
    let Some(kernels) = load("light_that_leaves_finds_mars", &["de405s_bigendian.bsp"]) else { return };
    for (name, wanted, light_time_s) in [
        (
            "XLT",
            [
                -394450787.6688284,
                -27545548.130394522,
                -5382406.010231684,
                6.6095062280812975,
                -46.96908223066218,
                -20.898328061010815,
            ],
            1319.0726726782082,
        ),
        (
            "XCN+S",
            [
                -394448080.46824396,
                -27581275.888515323,
                -5397818.509850169,
                6.6145671242568245,
                -46.96835922381292,
                -20.897978660863544,
            ],
            1319.0726726805863,
        ),
    ] {
        let correction: Correction = name.parse().expect(name);
        let state = kernels.state(4, 399, epoch_from_et_s(1.5e8), correction).expect("Mars");
        assert_state([state.position_km.to_array(), state.velocity_km_s.to_array()], wanted, name);
        assert!((state.light_time_s - light_time_s).abs() < 1e-11, "{name}: {}", state.light_time_s);
    }
}

#[test]
fn the_shape_of_phobos_has_its_vertices_and_plates() {
    let Some(kernels) = load("the_shape_of_phobos", &["phobos_lores.bds"]) else { return };
    let meshes = kernels.shape_meshes(401);
    let [mesh] = meshes.as_slice() else { panic!("one segment") };
    assert_eq!((mesh.surface, mesh.frame.as_str()), (401, "IAU_PHOBOS"));
    assert_eq!((mesh.vertices_km.len(), mesh.plates.len()), (422, 840));
    // Every edge of a closed surface lies between two plates.
    let mut edges = std::collections::BTreeMap::new();
    for [a, b, c] in mesh.plates {
        for edge in [[a, b], [b, c], [c, a]] {
            *edges.entry([edge[0].min(edge[1]), edge[0].max(edge[1])]).or_insert(0) += 1;
        }
    }
    assert!(edges.values().all(|count| *count == 2));
    assert_eq!(kernels.coverage_of_shape(401).len(), 1);
}

#[test]
fn a_listing_tells_kind_form_and_segments() {
    let Some(kernels) =
        load("a_listing_tells_kind_form_and_segments", &["de405s_bigendian.bsp", "phobos_lores.bds"])
    else {
        return;
    };
    let files: Vec<_> = kernels.files().collect();
    assert_eq!((files[0].kind, files[0].form), (FileKind::Spk, FileForm::BigEndian));
    assert_eq!(files[0].segments.len(), 15);
    assert!(files[0].comment.contains("de405"), "{}", files[0].comment);
    assert_eq!((files[1].kind, files[1].form), (FileKind::Dsk, FileForm::LittleEndian));
    assert!(files[1].comment.contains("Peter C. Thomas"), "{}", files[1].comment);
}

#[test]
fn coverage_and_explanation_of_an_attitude_agree() {
    let test = "coverage_and_explanation_of_an_attitude_agree";
    let Some(kernels) = load(test, &["13056_13057ra.bc", "cas00167.tsc", "cas_v40.tf"]) else { return };
    // ckcov at level SEGMENT and INTERVAL, TDB.
    let whole = kernels.coverage_of_structure(-82000, AttitudeLevel::Segment).expect("clock");
    let inside = kernels.coverage_of_structure(-82000, AttitudeLevel::Interval).expect("clock");
    assert_eq!(kernels.structures(), [-82000]);
    assert!(inside.len() > 1 && et_s(inside[0][0]) - et_s(whole[0][0]) < TIME_S);
    // Between two intervals there is no attitude.
    let gap = epoch_from_et_s(0.5 * (et_s(inside[0][1]) + et_s(inside[1][0])));
    let error = kernels.rotation::<BodyFixed, Icrf>("CASSINI_ISS_NAC", "J2000", gap).expect_err("gap");
    assert!(matches!(error, SpiceError::NoCoverage { .. }), "{error}");
    let middle = epoch_from_et_s(0.5 * (et_s(inside[0][0]) + et_s(inside[0][1])));
    let steps = kernels.explain_rotation("CASSINI_ISS_NAC", "J2000", middle).expect("covered");
    assert!(steps[0].file.ends_with("cas_v40.tf"), "{steps:?}");
    let last = steps.last().expect("steps");
    assert!(last.file.ends_with("13056_13057ra.bc") && last.step.contains("J2000"), "{last:?}");
    let SegmentSpan::Ticks([first, end]) = last.segment.as_ref().expect("segment").span else {
        panic!("ticks")
    };
    assert!(first < end);
}
