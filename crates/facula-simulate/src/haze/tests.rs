// SPDX-License-Identifier: MIT OR Apache-2.0
//! Haze against the plane-parallel slab, and against plain sums along rays.

use facula_core::{BodyFixed, Ellipsoid, Vec3};

use super::air::{Air, scaled_erfc};
use super::{Column, Haze, HazePhase};

/// The task's bound on the slab formula.
const SLAB: f64 = 1e-3;

fn haze(radius_km: f64, scale_height_km: f64, optical_depth: f64) -> Haze {
    Haze {
        base: Ellipsoid::new(radius_km, radius_km, radius_km).unwrap(),
        scale_height_km,
        optical_depth,
        single_scattering_albedo: 0.9,
        phase: HazePhase::Isotropic,
        column: None,
    }
}

fn from_zenith(angle_rad: f64) -> Vec3<BodyFixed> {
    Vec3::new(angle_rad.sin(), 0.0, angle_rad.cos())
}

/// Line of sight from space to the pole of a sphere: start, direction, length.
fn sight(radius_km: f64, emission_rad: f64) -> (Vec3<BodyFixed>, Vec3<BodyFixed>, f64) {
    let away = from_zenith(-emission_rad);
    let length_km = 0.1 * radius_km;
    (Vec3::new(0.0, 0.0, radius_km) + away * length_km, -away, length_km)
}

#[test]
fn thin_air_over_flat_ground_is_the_single_scattering_slab() {
    // I/F = w P/4 mu0/(mu0 + mu) (1 − exp(−tau (1/mu + 1/mu0))): Chandrasekhar 1960, III.
    for (incidence_deg, emission_deg, depth) in
        [(0.0f64, 0.0f64, 0.05), (30.0, 60.0, 0.1), (70.0, 10.0, 0.02), (60.0, 65.0, 0.5)]
    {
        for phase in [HazePhase::Isotropic, HazePhase::HenyeyGreenstein { asymmetry: 0.4 }] {
            let haze = Haze { phase, ..haze(1e5, 1.0, depth) };
            let (i, e) = (incidence_deg.to_radians(), emission_deg.to_radians());
            let air = Air::of(&[haze], from_zenith(i) * 4e8 * 1e3).unwrap();
            let (eye_km, look, length_km) = sight(1e5, e);
            let found = air.scattered_iof(eye_km, look, length_km);
            let (mu0, mu) = (i.cos(), e.cos());
            let p = phase.at(from_zenith(i).dot(look));
            let slab = 0.9 * p / 4.0 * mu0 / (mu0 + mu) * (1.0 - (-depth * (1.0 / mu + 1.0 / mu0)).exp());
            assert!((found / slab - 1.0).abs() < SLAB, "{incidence_deg} {emission_deg}: {found} {slab}");
            let dimmed = air.depth(eye_km, look, length_km);
            assert!((dimmed * mu / depth - 1.0).abs() < SLAB, "{dimmed}");
            let to_sun = air.depth_to_sun(Vec3::new(0.0, 0.0, 1e5));
            assert!((to_sun * mu0 / depth - 1.0).abs() < SLAB, "{to_sun}");
        }
    }
}

/// Optical depth and scattered light by a plain sum of 40,000 steps (shadow and density written out anew).
fn summed(
    haze: &Haze,
    sun: Vec3<BodyFixed>,
    (eye_km, look, length_km): (Vec3<BodyFixed>, Vec3<BodyFixed>, f64),
) -> [f64; 2] {
    let (base, radius_km) = (haze.base, haze.base.mean_radius_km());
    let round = |x: Vec3<BodyFixed>| {
        Vec3::<BodyFixed>::new(x.x / base.a_km, x.y / base.b_km, x.z / base.c_km) * radius_km
    };
    let to_sun = round(sun).unit().unwrap();
    let density = |x: Vec3<BodyFixed>| {
        let x = round(x);
        let height = (radius_km - x.length()) / haze.scale_height_km;
        let Some(column) = haze.column else { return height.exp() };
        let along = x.dot(column.centre);
        let sigma = column.radius_km + (x.length() - radius_km).max(0.0) * column.half_opening_rad.tan();
        let across2 = x.dot(x) - along * along;
        let thin = (column.radius_km / sigma).powi(2);
        if along > 0.0 { height.exp() * thin * (-across2 / (2.0 * sigma * sigma)).exp() } else { 0.0 }
    };
    let per_km = haze.optical_depth / haze.scale_height_km;
    let steps = 40_000;
    let step_km = length_km / steps as f64;
    let (mut depth, mut light) = (0.0, 0.0);
    for k in 0..steps {
        let x = eye_km + look * ((k as f64 + 0.5) * step_km);
        let here = per_km * density(x) * step_km;
        let level = round(x);
        let along_sun = level.dot(to_sun);
        let behind = along_sun < 0.0 && level.dot(level) - along_sun * along_sun < radius_km * radius_km;
        if !behind && here > 1e-12 {
            let to_sun: f64 =
                (0..800).map(|j| per_km * density(x + sun * ((f64::from(j) + 0.5) * 0.75)) * 0.75).sum();
            light += 0.25 * haze.single_scattering_albedo * here * (-to_sun - depth - 0.5 * here).exp();
        }
        depth += here;
    }
    [depth, light]
}

#[test]
fn limb_terminator_and_ellipsoid_base_equal_a_plain_sum() {
    let round = haze(470.0, 4.0, 0.1);
    let flattened = Haze { base: Ellipsoid::new(482.0, 478.0, 446.0).unwrap(), ..round };
    // Past the limb at 3 km with the Sun behind the camera's side, at the terminator, and from within the haze.
    let cases = [
        (Vec3::new(2000.0, 0.0, 473.0), Vec3::new(-1.0, 0.0, 0.0), from_zenith(0.6), 4000.0),
        (Vec3::new(0.0, 2000.0, 474.0), Vec3::new(0.0, -1.0, 0.0), from_zenith(1.7), 4000.0),
        (Vec3::new(-10.0, 30.0, 472.0), Vec3::new(0.6, 0.0, 0.8), from_zenith(1.2), 400.0),
    ];
    for (haze, (eye_km, look, sun, length_km)) in
        cases.map(|case| (round, case)).into_iter().chain(cases.map(|case| (flattened, case)))
    {
        let air = Air::of(&[haze], sun * 4e8).unwrap();
        let [depth, light] = summed(&haze, sun, (eye_km, look, length_km));
        let found = [air.depth(eye_km, look, length_km), air.scattered_iof(eye_km, look, length_km)];
        assert!((found[0] / depth - 1.0).abs() < 1e-4, "{found:?} {depth}");
        // The sum steps by 0.75 km towards the Sun.
        assert!((found[1] / light - 1.0).abs() < 1e-3, "{found:?} {light}");
    }
}

#[test]
fn plumes_equal_a_plain_sum_and_end_beside_the_column() {
    let centre = from_zenith(0.1);
    for half_opening_rad in [0.0, 0.3] {
        let column = Column { centre, radius_km: 6.0, half_opening_rad };
        let haze = Haze { column: Some(column), ..haze(470.0, 10.0, 0.2) };
        let sun = from_zenith(1.3);
        let air = Air::of(&[haze], sun * 4e8).unwrap();
        let foot_km = centre * 470.0;
        let side = Vec3::new(0.0, 1.0, 0.0);
        let cases = [
            (foot_km + centre * 8.0 + side * 500.0, -side, 1000.0),
            (foot_km + centre * 300.0, -centre, 300.0),
            (foot_km + (centre + side).unit().unwrap() * 300.0, -(centre + side).unit().unwrap(), 300.0),
        ];
        for (eye_km, look, length_km) in cases {
            let [depth, light] = summed(&haze, sun, (eye_km, look, length_km));
            let found = [air.depth(eye_km, look, length_km), air.scattered_iof(eye_km, look, length_km)];
            assert!((found[0] / depth - 1.0).abs() < 1e-3, "{half_opening_rad}: {found:?} {depth}");
            assert!((found[1] / light - 1.0).abs() < 2e-3, "{half_opening_rad}: {found:?} {light}");
        }
        let beside = air.depth(from_zenith(1.0) * 600.0, -from_zenith(1.0), 130.0);
        assert_eq!(beside, 0.0);
    }
}

#[test]
fn the_complementary_error_function_equals_scipys() {
    // scipy 1.x special.erfcx.
    for (x, wanted) in ERFCX {
        assert!((scaled_erfc(x) / wanted - 1.0).abs() < 1.5e-7, "{x}");
    }
}

const ERFCX: [(f64, f64); 5] = [
    (0.0, 1.0),
    (0.3, 0.7345993345676554),
    (1.7, 0.2916632970753434),
    (6.0, 0.09277656780053836),
    (40.0, 0.014100335983377815),
];

#[test]
fn phase_functions_have_the_mean_one() {
    for asymmetry in [-0.5, 0.0, 0.3, 0.8] {
        let phase = HazePhase::HenyeyGreenstein { asymmetry };
        let mean: f64 = (0..20_000).map(|k| phase.at((f64::from(k) + 0.5) * 1e-4 - 1.0)).sum::<f64>() / 2e4;
        assert!((mean - 1.0).abs() < 1e-4, "{asymmetry}: {mean}");
    }
    assert!(HazePhase::HenyeyGreenstein { asymmetry: 0.5 }.at(1.0) > 1.0);
}

#[test]
fn hazes_out_of_range_are_refused() {
    let good = haze(470.0, 4.0, 0.1);
    assert!(good.check().is_ok());
    let column =
        |radius_km, half_opening_rad| Some(Column { centre: from_zenith(0.0), radius_km, half_opening_rad });
    for bad in [
        Haze { optical_depth: f64::NAN, ..good },
        Haze { scale_height_km: 100.0, ..good },
        Haze { single_scattering_albedo: 1.1, ..good },
        Haze { phase: HazePhase::HenyeyGreenstein { asymmetry: 1.0 }, ..good },
        Haze { column: column(0.0, 0.1), ..good },
        Haze { column: column(3.0, -0.1), ..good },
        Haze { base: Ellipsoid { a_km: 0.0, b_km: 1.0, c_km: 1.0 }, ..good },
    ] {
        assert!(bad.check().unwrap_err().to_string().starts_with("haze: "), "{bad:?}");
    }
}
