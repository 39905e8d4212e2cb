// SPDX-License-Identifier: MIT OR Apache-2.0
//! Worked examples of the EPSG Guidance Note 7-2 and of Snyder (1987): every formula on an ellipsoid, by others' hands.

use super::*;

/// The examples are printed to 0.01 m; their places to 1e-9 degrees at best.
const PRINTED_M: f64 = 0.011;

const WGS84: (f64, f64) = (6_378_137.0, 298.257_223_563);

fn spheroid((equatorial_m, inverse_flattening): (f64, f64)) -> Spheroid {
    Spheroid { equatorial_m, polar_m: equatorial_m * (1.0 - 1.0 / inverse_flattening) }
}

/// A place of planetographic latitude, degrees.
fn graphic(spheroid: &Spheroid, longitude_deg: f64, latitude_deg: f64) -> LonLat {
    LonLat::new(longitude_deg.to_radians(), spheroid.planetocentric_rad(latitude_deg.to_radians()))
}

fn check(
    figure: (f64, f64),
    method: impl Fn(&Spheroid) -> ProjectionMethod,
    at_deg: [f64; 2],
    wanted_m: [f64; 2],
) {
    let spheroid = spheroid(figure);
    let map = Projection::new(spheroid, method(&spheroid)).expect("in range");
    let place = graphic(&spheroid, at_deg[0], at_deg[1]);
    let [x_m, y_m] = map.forward(place).expect("on the map");
    let off_m = (x_m - wanted_m[0]).hypot(y_m - wanted_m[1]);
    assert!(off_m < PRINTED_M, "{map:?}: {x_m} {y_m}, not {wanted_m:?}");
    assert!(map.inverse([x_m, y_m]).expect("on the map").separation_rad(place) < 1e-14);
}

#[test]
fn lambert_azimuthal_equal_area_of_europe() {
    // EPSG 3035; false easting 4,321,000, northing 3,210,000.
    let method =
        |s: &Spheroid| ProjectionMethod::LambertAzimuthalEqualArea { centre: graphic(s, 10.0, 52.0) };
    let wanted_m = [3_962_799.45 - 4_321_000.0, 2_999_718.85 - 3_210_000.0];
    check((6_378_137.0, 298.257_222_101), method, [5.0, 50.0], wanted_m);
}

#[test]
fn polar_stereographic_with_a_scale_factor() {
    // EPSG 5041, UPS north; false easting and northing 2,000,000.
    let scale = TrueScale::Factor(0.994);
    let method =
        |_: &Spheroid| ProjectionMethod::PolarStereographic { pole: Pole::North, longitude_rad: 0.0, scale };
    check(WGS84, method, [44.0, 73.0], [1_320_416.75, 632_668.43 - 2_000_000.0]);
}

#[test]
fn polar_stereographic_with_a_standard_parallel() {
    // EPSG 3032, Australian Antarctic; false easting and northing 6,000,000.
    let method = |s: &Spheroid| ProjectionMethod::PolarStereographic {
        pole: Pole::South,
        longitude_rad: 70f64.to_radians(),
        scale: TrueScale::LatitudeRad(s.planetocentric_rad(-71f64.to_radians())),
    };
    check(WGS84, method, [120.0, -75.0], [1_255_380.79, 1_053_389.56]);
}

#[test]
fn mercator_with_a_scale_factor() {
    // EPSG 3002, Makassar; false easting 3,900,000, northing 900,000.
    let method = |_: &Spheroid| ProjectionMethod::Mercator {
        longitude_rad: 110f64.to_radians(),
        scale: TrueScale::Factor(0.997),
    };
    check((6_377_397.155, 299.152_812_8), method, [120.0, -3.0], [1_109_726.58, 569_150.82 - 900_000.0]);
}

#[test]
fn mercator_with_a_standard_parallel() {
    // EPSG 3388, Caspian Sea.
    let method = |s: &Spheroid| ProjectionMethod::Mercator {
        longitude_rad: 51f64.to_radians(),
        scale: TrueScale::LatitudeRad(s.planetocentric_rad(42f64.to_radians())),
    };
    check((6_378_245.0, 298.3), method, [53.0, 53.0], [165_704.29, 5_171_848.07]);
}

#[test]
fn orthographic_of_an_ellipsoid() {
    let method = |s: &Spheroid| ProjectionMethod::Orthographic { centre: graphic(s, 5.0, 55.0) };
    check(WGS84, method, [2.12955, 53.809_394_444_4], [-189_011.711, -128_640.567]);
}

#[test]
fn sinusoidal_of_an_ellipsoid() {
    // Snyder (1987), page 366: Clarke 1866, a = 6,378,206.4 m, e² = 0.00676866; printed to 0.1 m.
    let polar_m = 6_378_206.4 * (1.0f64 - 0.006_768_66).sqrt();
    let spheroid = Spheroid { equatorial_m: 6_378_206.4, polar_m };
    let method = ProjectionMethod::Sinusoidal { longitude_rad: -90f64.to_radians() };
    let map = Projection::new(spheroid, method).expect("in range");
    let [x_m, y_m] = map.forward(graphic(&spheroid, -75.0, -50.0)).expect("on the map");
    assert!((x_m - 1_075_471.5).abs() < 0.06 && (y_m + 5_540_628.0).abs() < 0.06, "{x_m} {y_m}");
}

#[test]
fn vertical_perspective_of_a_sphere() {
    // PROJ 9.5.1: echo 250 20 | proj +proj=nsper +lat_0=19.82 +lon_0=239.33 +h=385000 +R=470000.
    let centre = LonLat::from_degrees(239.33, 19.82);
    let method = ProjectionMethod::Perspective { centre, height_m: 385_000.0 };
    let map = Projection::new(Spheroid::sphere(470_000.0), method).expect("in range");
    let [x_m, y_m] = map.forward(LonLat::from_degrees(250.0, 20.0)).expect("in sight");
    assert!((x_m - NSPER_M[0]).abs() < 1e-4 && (y_m - NSPER_M[1]).abs() < 1e-4, "{x_m} {y_m}");
    // The horizon is acos(R / (R + h)) = 56.65 degrees away.
    assert!(map.forward(LonLat::from_degrees(239.33, 19.82 + 56.6)).is_some());
    assert!(map.forward(LonLat::from_degrees(239.33, 19.82 + 56.7)).is_none());
}

const NSPER_M: [f64; 2] = [80_275.067_290_996_8, 3_991.252_089_260_784_5];

#[test]
fn oblique_mercator_of_a_sphere() {
    // PROJ 9.5.1: +proj=ob_tran +o_proj=merc +o_lat_p=45 +o_lon_p=-90 +lon_0=0 +R=470000, which has its origin at
    // longitude 90, latitude 0, and the new equator north-west: azimuth 45 + 270 degrees.
    let centre = LonLat::from_degrees(90.0, 0.0);
    let method = ProjectionMethod::Oblique { base: ObliqueBase::Mercator, centre, azimuth_rad: 0.75 * PI };
    let map = Projection::new(Spheroid::sphere(470_000.0), method).expect("in range");
    let [x_m, y_m] = map.forward(LonLat::from_degrees(120.0, 10.0)).expect("on the map");
    assert!((x_m - OBLIQUE_M[0]).abs() < 1e-4 && (y_m - OBLIQUE_M[1]).abs() < 1e-4, "{x_m} {y_m}");
}

const OBLIQUE_M: [f64; 2] = [121_434.325_209_005_95, 240_318.517_669_807_36];
