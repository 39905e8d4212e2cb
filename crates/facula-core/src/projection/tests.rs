// SPDX-License-Identifier: MIT OR Apache-2.0
//! Projections against published examples, and what must hold for every one of them.

mod examples;
mod grids;
mod names;

use super::*;
use proptest::prelude::*;

/// Ground length of an error, as a share of the radius.
const SAME: f64 = 1e-9;

const CERES: Spheroid = Spheroid { equatorial_m: 487_300.0, polar_m: 446_000.0 };
const CERES_SPHERE: Spheroid = Spheroid::sphere(470_000.0);

/// One of each method, the polar and equatorial special cases, around a centre.
fn methods(centre: LonLat) -> Vec<ProjectionMethod> {
    use ProjectionMethod as M;
    let longitude_rad = centre.longitude_rad;
    let at = |latitude_rad: f64| LonLat::new(longitude_rad, latitude_rad);
    let mut all = vec![
        M::Equirectangular { longitude_rad, true_scale_latitude_rad: 0.3 },
        M::Sinusoidal { longitude_rad },
        M::Mercator { longitude_rad, scale: TrueScale::Factor(0.9) },
        M::Mercator { longitude_rad, scale: TrueScale::LatitudeRad(0.5) },
        M::PolarStereographic { pole: Pole::North, longitude_rad, scale: TrueScale::Factor(1.0) },
        M::PolarStereographic { pole: Pole::South, longitude_rad, scale: TrueScale::LatitudeRad(-1.2) },
    ];
    for centre in [centre, at(0.0), at(FRAC_PI_2), at(-FRAC_PI_2)] {
        all.extend([
            M::Stereographic { centre, factor: 1.0 },
            M::LambertAzimuthalEqualArea { centre },
            M::Orthographic { centre },
        ]);
    }
    all
}

/// Those of a sphere only.
fn sphere_methods(centre: LonLat) -> Vec<ProjectionMethod> {
    let oblique = |base| ProjectionMethod::Oblique { base, centre, azimuth_rad: 0.7 };
    vec![
        ProjectionMethod::Perspective { centre, height_m: 4.0e5 },
        ProjectionMethod::Perspective { centre, height_m: 4.0e10 },
        oblique(ObliqueBase::Equirectangular),
        oblique(ObliqueBase::Mercator),
        oblique(ObliqueBase::Sinusoidal),
    ]
}

fn maps(centre: LonLat) -> Vec<Projection> {
    let of = |spheroid: Spheroid, methods: Vec<ProjectionMethod>| {
        methods.into_iter().map(move |method| Projection::new(spheroid, method).expect("in range"))
    };
    let all = [methods(centre), sphere_methods(centre)].concat();
    of(CERES, methods(centre)).chain(of(CERES_SPHERE, all)).collect()
}

fn place() -> impl Strategy<Value = LonLat> {
    (0.0..TAU, -1.0..1.0f64).prop_map(|(longitude_rad, sin)| LonLat::new(longitude_rad, sin.asin()))
}

proptest! {
    #[test]
    fn every_projection_leads_back_to_the_place(centre in place(), at in place()) {
        for map in maps(centre) {
            let Some(point_m) = map.forward(at) else { continue };
            let back = map.inverse(point_m);
            prop_assert!(back.is_some(), "{map:?} {at:?} {point_m:?}");
            let off = back.map_or(9.0, |back| back.separation_rad(at));
            // Near a limb or an antipode the ground is edge-on or without end: a digit of the map is many on the ground.
            let least = map.scale(at).map_or(1.0, |s| s.least_ratio.min(1.0 / s.largest_ratio));
            prop_assert!(off * least.max(1e-5) < SAME * 1e-3, "{map:?} {at:?} {off}");
        }
    }

    #[test]
    fn scales_are_the_jacobian(centre in place(), at in place()) {
        for map in maps(centre) {
            let Some(scale) = map.scale(at) else { continue };
            if scale.largest_ratio > 20.0 || at.latitude_rad.abs() > 1.5 { continue }
            let h = 1e-6;
            let step = |lon: f64, lat: f64| map.forward(LonLat::new(at.longitude_rad + lon, at.latitude_rad + lat));
            let (Some(e), Some(w), Some(n), Some(s)) = (step(h, 0.0), step(-h, 0.0), step(0.0, h), step(0.0, -h))
            else { continue };
            let (dx, dy) = ([e[0] - w[0], e[1] - w[1]], [n[0] - s[0], n[1] - s[1]]);
            if dx[0].hypot(dx[1]) > 1e3 || dy[0].hypot(dy[1]) > 1e3 { continue }
            // Area of the ground for a step of planetocentric latitude: radius squared and the slope of the radius.
            let ground_m2 = ground_area_m2(&map, at, 2.0 * h);
            let areal = (dx[0] * dy[1] - dx[1] * dy[0]) / ground_m2;
            prop_assert!((areal / scale.areal_ratio - 1.0).abs() < 1e-6, "{map:?} {at:?} {areal} {scale:?}");
            let product = scale.largest_ratio * scale.least_ratio;
            prop_assert!((product / scale.areal_ratio - 1.0).abs() < 1e-9);
        }
    }
}

fn ground_area_m2(map: &Projection, at: LonLat, step_rad: f64) -> f64 {
    let s = map.spheroid();
    let (sin, cos) = at.latitude_rad.sin_cos();
    let (a2, b2) = (s.equatorial_m * s.equatorial_m, s.polar_m * s.polar_m);
    let r2 = 1.0 / (cos * cos / a2 + sin * sin / b2);
    let slope = r2.powf(1.5) * sin * cos * (1.0 / a2 - 1.0 / b2);
    r2.sqrt() * cos * r2.sqrt().hypot(slope) * step_rad * step_rad
}

#[test]
fn the_antimeridian_is_on_the_western_edge_and_either_side_leads_back() {
    let tiny_rad = 1e-10;
    for spheroid in [CERES, CERES_SPHERE] {
        for method in [
            ProjectionMethod::Equirectangular { longitude_rad: PI, true_scale_latitude_rad: 0.0 },
            ProjectionMethod::Sinusoidal { longitude_rad: PI },
            ProjectionMethod::Mercator { longitude_rad: PI, scale: TrueScale::Factor(1.0) },
        ] {
            let map = Projection::new(spheroid, method).expect("in range");
            let x_m = |longitude_rad| map.forward(LonLat::new(longitude_rad, 0.4)).expect("on the map")[0];
            assert!(x_m(0.0) < 0.0 && (x_m(-tiny_rad) + x_m(tiny_rad)).abs() < 1e-3, "{method:?}");
            for longitude_rad in [0.0, -tiny_rad, tiny_rad] {
                let place = LonLat::new(longitude_rad, 0.4);
                let back = map.forward(place).and_then(|point_m| map.inverse(point_m)).expect("on the map");
                assert!(back.separation_rad(place) < SAME * 1e-3, "{method:?} {longitude_rad}");
            }
        }
    }
}

proptest! {
    #[test]
    fn azimuthal_maps_do_not_feel_the_antimeridian(centre in place(), at in place()) {
        let step_rad = 1e-9;
        for map in maps(centre).into_iter().filter(|map| matches!(map.rule, Prepared::Azimuthal(_))) {
            let sides = [-step_rad, step_rad].map(|d| map.forward(LonLat::new(centre.longitude_rad + PI + d, at.latitude_rad)));
            let [Some(west_m), Some(east_m)] = sides else { continue };
            let off_m = (west_m[0] - east_m[0]).hypot(west_m[1] - east_m[1]);
            let largest = map.scale(LonLat::new(centre.longitude_rad + PI, at.latitude_rad)).map_or(1.0, |s| s.largest_ratio);
            prop_assert!(off_m <= 4.0 * step_rad * largest * map.spheroid().equatorial_m, "{map:?} {off_m}");
        }
    }
}

#[test]
fn poles_have_an_answer_or_none_as_documented() {
    let centre = LonLat::from_degrees(40.0, 30.0);
    for map in maps(centre) {
        for pole in [Pole::North, Pole::South] {
            let place = LonLat::new(1.0, pole.latitude_rad());
            let shown = map.forward(place);
            match map.method() {
                ProjectionMethod::Mercator { .. } => assert!(shown.is_none()),
                ProjectionMethod::Equirectangular { .. } => {
                    assert!(shown.is_some() && map.scale(place).is_none());
                }
                ProjectionMethod::Sinusoidal { .. } => {
                    let [x_m, y_m] = shown.expect("a point");
                    let scale = map.scale(place).expect("finite");
                    assert!(x_m.abs() < 1e-6 && y_m.abs() > 6e5 && (scale.areal_ratio - 1.0).abs() < 1e-12);
                }
                _ => {
                    if let Some(point_m) = shown {
                        let back = map.inverse(point_m).expect("on the map");
                        // The latitude of a pole is known to the root of a digit where it is seen from its equator.
                        assert!(back.separation_rad(place) < 3e-8, "{map:?} {back:?}");
                        assert!(map.scale(place).is_some_and(|s| s.areal_ratio.is_finite()));
                    }
                }
            }
        }
    }
}

#[test]
fn equal_area_and_conformal_maps_are_what_they_claim() {
    let places = [(0.0, 90.0), (30.0, -90.0), (100.0, 12.0), (259.0, -81.0), (40.0, 30.0), (10.0, 0.0)];
    for map in maps(LonLat::from_degrees(40.0, 30.0)) {
        for place in places.map(|(lon, lat)| LonLat::from_degrees(lon, lat)) {
            let Some(scale) = map.scale(place) else { continue };
            match map.method() {
                ProjectionMethod::Sinusoidal { .. } | ProjectionMethod::LambertAzimuthalEqualArea { .. } => {
                    assert!((scale.areal_ratio - 1.0).abs() < 1e-12, "{map:?} {place:?} {scale:?}");
                }
                ProjectionMethod::Mercator { .. }
                | ProjectionMethod::Stereographic { .. }
                | ProjectionMethod::PolarStereographic { .. } => {
                    assert!(scale.angular_distortion_rad < 1e-12, "{map:?} {place:?} {scale:?}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_centre_is_true_to_scale() {
    let centre = LonLat::from_degrees(40.0, 30.0);
    for map in maps(centre) {
        let at_centre = matches!(
            map.method(),
            ProjectionMethod::Perspective { .. }
                | ProjectionMethod::Oblique { .. }
                | ProjectionMethod::Sinusoidal { .. }
        );
        if at_centre {
            let place = LonLat {
                latitude_rad: if map.period_m().is_none()
                    && matches!(map.method(), ProjectionMethod::Sinusoidal { .. })
                {
                    0.0
                } else {
                    centre.latitude_rad
                },
                ..centre
            };
            let scale = map.scale(place).expect("on the map");
            assert!(
                (scale.meridian_ratio - 1.0).abs() < 1e-12 && (scale.parallel_ratio - 1.0).abs() < 1e-12,
                "{map:?}"
            );
            assert!(map.forward(place).expect("on the map").iter().all(|value| value.abs() < 1e-6));
        }
    }
}

#[test]
fn places_that_are_none_have_no_point() {
    for map in maps(LonLat::from_degrees(40.0, 30.0)) {
        for (longitude_rad, latitude_rad) in
            [(f64::NAN, 0.0), (0.0, f64::NAN), (0.0, 1.6), (f64::INFINITY, 0.0)]
        {
            let place = LonLat { longitude_rad, latitude_rad };
            assert!(map.forward(place).is_none() && map.scale(place).is_none(), "{map:?}");
        }
        for point_m in [[f64::NAN, 0.0], [0.0, f64::INFINITY]] {
            assert!(map.inverse(point_m).is_none(), "{map:?}");
        }
        if let Some(world) = map.world() {
            assert!(map.inverse([0.0, world.high[1] * 1.01 + 1.0]).is_none(), "{map:?}");
        }
    }
}
