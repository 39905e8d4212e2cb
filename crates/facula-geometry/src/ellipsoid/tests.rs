// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use facula_core::LonLat;
use proptest::prelude::*;

/// Micrometres on a body of 500 km.
const CLOSE_KM: f64 = 1e-9;

fn vesta() -> Ellipsoid {
    Ellipsoid::new(289.0, 280.0, 229.0).unwrap()
}

#[test]
fn nearest_points_equal_spice() {
    // spiceypy 8 (CSPICE N0067) nearpt(p, 289, 280, 229).
    for (p, point, altitude_km) in NEARPT {
        let near = nearest_point(&vesta(), Vec3::from_array(p));
        let expected = Vec3::from_array(point);
        assert!((near.point_km - expected).length() < CLOSE_KM, "{p:?}: {:?} {expected:?}", near.point_km);
        // An ulp of 4e8 km is 6e-8 km.
        assert!(
            (near.altitude_km - altitude_km).abs() < CLOSE_KM + 2e-16 * altitude_km.abs(),
            "{p:?}: {}",
            near.altitude_km
        );
    }
}

/// Place, nearest point, altitude.
const NEARPT: [([f64; 3], [f64; 3], f64); 6] = [
    ([1000.0, 200.0, 300.0], [274.43792536595134, 52.40400718490063, 57.573745583456], 779.0990887382519),
    ([0.0, 0.0, 500.0], [0.0, 0.0, 229.0], 270.99999999999994),
    ([10.0, -250.0, 30.0], [10.988658948347268, -276.5020713506244, 35.01782749374167], -26.99103230976329),
    (
        [400000000.0, -100000000.0, 20000000.0],
        [280.67016227811456, -65.86529636047798, 8.811333570713042],
        412795060.45789933,
    ),
    ([289.0, 0.0, 0.0], [289.0, 0.0, 0.0], 0.0),
    (
        [-100.0, 50.0, -40.0],
        [-187.05586627765106, 99.16695437283323, -154.57583481873522],
        -152.06490449825245,
    ),
];

#[test]
fn a_point_on_the_short_axis_plane_inside_leaves_that_plane() {
    let near = nearest_point(&vesta(), Vec3::new(10.0, 5.0, 0.0));
    assert!(near.point_km.z > 200.0 && near.altitude_km < 0.0, "{near:?}");
    let center = nearest_point(&vesta(), Vec3::new(0.0, 0.0, 0.0));
    assert!((center.altitude_km + 229.0).abs() < CLOSE_KM, "{center:?}");
}

#[test]
fn nothing_is_seen_from_inside() {
    assert!(limb_ellipse(&vesta(), Vec3::new(100.0, 0.0, 0.0)).is_none());
    assert!(limb_point(&vesta(), Vec3::new(1000.0, 0.0, 0.0), Vec3::new(-1.0, 0.0, 0.0)).is_none());
}

proptest! {
    #[test]
    fn the_foot_is_on_the_surface_and_its_normal_points_at_the_place(
        lon in 0.0..360.0f64, lat in -90.0..90.0f64, r in 1.0..1e7f64) {
        let point_km = LonLat::from_degrees(lon, lat).direction() * r;
        let near = nearest_point(&vesta(), point_km);
        let level = Ellipsoid::new(289.0, 280.0, 229.0).unwrap().radius_km(near.point_km.unit().unwrap());
        prop_assert!((near.point_km.length() - level).abs() < CLOSE_KM);
        let back_km = near.point_km + vesta().normal(near.point_km) * near.altitude_km;
        prop_assert!((back_km - point_km).length() < 1e-12 * (r + 1e3) * 10.0, "{:?}", back_km - point_km);
    }

    #[test]
    fn limb_points_are_tangent_and_lie_in_their_half_plane(
        lon in 0.0..360.0f64, lat in -90.0..90.0f64, r in 300.0..1e6f64, roll in 0.0..6.0f64) {
        let observer_km = LonLat::from_degrees(lon, lat).direction() * r;
        let (u, w) = across(observer_km.unit().unwrap()).unwrap();
        let towards = u * roll.cos() + w * roll.sin();
        let point_km = limb_point(&vesta(), observer_km, towards).unwrap();
        let slope = vesta().normal(point_km).dot((observer_km - point_km).unit().unwrap());
        prop_assert!(slope.abs() < 1e-11, "{slope}");
        let off_km = point_km.dot(observer_km.unit().unwrap().cross(towards));
        prop_assert!(off_km.abs() < CLOSE_KM && point_km.dot(towards) > 0.0);
    }

    #[test]
    fn terminator_planes_touch_the_sun(
        lon in 0.0..360.0f64, lat in -90.0..90.0f64, roll in 0.0..6.0f64, umbra in any::<bool>()) {
        let sun_km = LonLat::from_degrees(lon, lat).direction() * 4.0e8;
        let light = Light { sun_km, sun_radius_km: 695_700.0 };
        let edge = if umbra { Terminator::Umbral } else { Terminator::Penumbral };
        let reference = across(sun_km.unit().unwrap()).unwrap().0;
        let point_km = terminator_point(&vesta(), &light, edge, (reference, roll)).unwrap();
        let height_km = vesta().normal(point_km).dot(sun_km - point_km);
        let expected_km = if umbra { -695_700.0 } else { 695_700.0 };
        prop_assert!((height_km - expected_km).abs() < 1e-3, "{height_km}");
    }
}
