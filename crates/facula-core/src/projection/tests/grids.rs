// SPDX-License-Identifier: MIT OR Apache-2.0
//! Grids hold what they were asked to hold, and no more than they need.

use super::*;
use crate::{MapGrid, PixelPos};

fn sphere(method: ProjectionMethod) -> Projection {
    Projection::new(CERES_SPHERE, method).expect("in range")
}

fn plate_carree(longitude_rad: f64) -> Projection {
    sphere(ProjectionMethod::Equirectangular { longitude_rad, true_scale_latitude_rad: 0.0 })
}

/// A step of one degree on the equator.
const DEGREE_M: f64 = 470_000.0 * PI / 180.0;

#[test]
fn cells_and_places_lead_to_each_other() {
    let occator = LonLat::from_degrees(239.33, 19.82);
    for map in maps(occator) {
        let Ok(grid) = ProjectedGrid::around(map, occator, 60.0, 500.0) else { continue };
        let cells = CellGrid::from(grid);
        let at = PixelPos::new(0.25 + 0.5 * cells.width() as f64, 0.5 * cells.height() as f64);
        let place = cells.place(at).expect("near the middle");
        let back = cells.position(place).expect("inside");
        assert!((back.x_px - at.x_px).hypot(back.y_px - at.y_px) < 1e-6, "{map:?} {back:?}");
        assert!(
            cells.position(occator).is_some() && cells.width() < 2000 && cells.height() < 2000,
            "{grid:?}"
        );
        assert_eq!(cells.cell_m(1.0), 500.0);
    }
}

/// A region of any size and kind.
fn region() -> impl Strategy<Value = MapRegion> {
    let circle =
        (place(), 0.001..2.5f64).prop_map(|(centre, radius_rad)| MapRegion::Circle { centre, radius_rad });
    let window = (0.0..TAU, 0.001..TAU, -1.57..1.57f64, 0.001..1.5f64).prop_map(
        |(west_rad, span, south_rad, height)| {
            let north_rad = (south_rad + height).min(FRAC_PI_2);
            MapRegion::Window { west_rad, east_rad: west_rad + span, south_rad, north_rad }
        },
    );
    let caps = (0.1..1.5f64, any::<bool>()).prop_map(|(edge, north)| {
        let (south_rad, north_rad) = if north { (edge, FRAC_PI_2) } else { (-FRAC_PI_2, -edge) };
        MapRegion::Window { west_rad: 0.0, east_rad: TAU, south_rad, north_rad }
    });
    prop_oneof![circle, window, caps]
}

/// Shares of the region, 0 to 1 each, to a place in it.
fn inside(region: &MapRegion, share: [f64; 2]) -> LonLat {
    match *region {
        MapRegion::Window { west_rad, east_rad, south_rad, north_rad } => LonLat::new(
            west_rad + share[0] * (east_rad - west_rad),
            south_rad + share[1] * (north_rad - south_rad),
        ),
        MapRegion::Circle { centre, radius_rad } => {
            let on_sphere = ProjectionMethod::LambertAzimuthalEqualArea { centre };
            let map = Projection::new(Spheroid::sphere(1.0), on_sphere).expect("in range");
            let length_m = 2.0 * (0.5 * radius_rad * share[1]).sin();
            let (sin, cos) = (share[0] * TAU).sin_cos();
            map.inverse([length_m * cos, length_m * sin]).expect("inside the outline")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn regions_are_covered_without_holes(
        centre in place(),
        region in region(),
        shares in proptest::collection::vec((0.0..=1.0f64, prop_oneof![0.0..=1.0f64, 0.999..=1.0f64]), 24),
    ) {
        for map in maps(centre) {
            let step_m = map.spheroid().equatorial_m / 300.0;
            let Ok(grid) = ProjectedGrid::of_region(map, &region, step_m) else { continue };
            for share in &shares {
                let place = inside(&region, [share.0, share.1]);
                if let Some(point_m) = map.forward(place) {
                    prop_assert!(grid.position(place).is_some(), "{grid:?} {region:?} {place:?} {point_m:?}");
                }
            }
        }
    }

    #[test]
    fn regions_the_map_shows_get_a_grid(centre in place(), radius_rad in 0.001..1.4f64) {
        for map in maps(centre) {
            let region = MapRegion::Circle { centre, radius_rad };
            let infinite = matches!(map.method(), ProjectionMethod::Mercator { .. } | ProjectionMethod::Oblique { base: ObliqueBase::Mercator, .. }
                | ProjectionMethod::PolarStereographic { .. } | ProjectionMethod::Stereographic { .. });
            let grid = ProjectedGrid::of_region(map, &region, map.spheroid().equatorial_m / 100.0);
            prop_assert!(grid.is_ok() || infinite || map.forward(centre).is_none(), "{map:?} {grid:?}");
        }
    }
}

#[test]
fn a_window_across_the_last_meridian_is_one_piece() {
    let degree = |deg: f64| deg.to_radians();
    let region = MapRegion::Window {
        west_rad: degree(350.0),
        east_rad: degree(370.0),
        south_rad: 0.0,
        north_rad: degree(10.0),
    };
    let grid = ProjectedGrid::of_region(plate_carree(PI), &region, DEGREE_M).expect("on the map");
    assert_eq!((grid.width, grid.height), (20, 10));
    for longitude_deg in [350.2, 359.9, 0.1, 9.8] {
        assert!(grid.position(LonLat::from_degrees(longitude_deg, 5.0)).is_some(), "{longitude_deg}");
    }
    assert!(grid.position(LonLat::from_degrees(180.0, 5.0)).is_none() && !grid.wraps());
}

#[test]
fn a_circle_around_a_pole_takes_all_longitudes() {
    let region =
        MapRegion::Circle { centre: LonLat::from_degrees(10.0, 85.0), radius_rad: 10f64.to_radians() };
    let grid = ProjectedGrid::of_region(plate_carree(0.0), &region, DEGREE_M).expect("on the map");
    assert_eq!((grid.width, grid.height), (360, 15));
    assert!(grid.wraps() && CellGrid::from(grid).wraps());
    assert!(grid.position(LonLat::from_degrees(123.0, 90.0)).is_some());
}

#[test]
fn a_global_equirectangular_grid_is_the_angular_one() {
    let (angular, projected) = (
        CellGrid::from(MapGrid::global(180)),
        CellGrid::from(ProjectedGrid::global(plate_carree(PI), 180).expect("bounded")),
    );
    assert_eq!((projected.width(), projected.height(), projected.wraps()), (360, 180, true));
    assert!((projected.cell_m(470.0) - angular.cell_m(470.0)).abs() < 1e-9);
    for at in [(0.0, 0.0), (359.0, 179.0), (12.25, 100.5), (-0.4, 90.0), (359.4, 90.0)] {
        let at = PixelPos::new(at.0, at.1);
        let (a, b) = (angular.place(at).expect("ground"), projected.place(at).expect("ground"));
        assert!(a.separation_rad(b) < 1e-12, "{at:?} {a:?} {b:?}");
        let back = projected.position(a).expect("inside");
        assert!((back.x_px - at.x_px).hypot(back.y_px - at.y_px) < 1e-9);
    }
}

#[test]
fn positions_beyond_the_ground_have_no_place() {
    let angular = CellGrid::from(MapGrid::global(180));
    assert!(angular.place(PixelPos::new(3.0, -0.5)).is_some());
    assert!(angular.place(PixelPos::new(3.0, -0.6)).is_none());
    let globe = sphere(ProjectionMethod::Orthographic { centre: LonLat::from_degrees(10.0, 20.0) });
    let grid = CellGrid::from(ProjectedGrid::global(globe, 100).expect("bounded"));
    assert_eq!((grid.width(), grid.height(), grid.wraps()), (100, 100, false));
    assert!(grid.place(PixelPos::new(0.0, 0.0)).is_none() && grid.place(PixelPos::new(50.0, 50.0)).is_some());
    let sheet = sphere(ProjectionMethod::Sinusoidal { longitude_rad: 0.0 });
    let grid = ProjectedGrid::global(sheet, 100).expect("bounded");
    assert!(
        grid.place(PixelPos::new(0.0, 10.0)).is_none() && grid.place(PixelPos::new(100.0, 10.0)).is_some()
    );
}

#[test]
fn maps_without_end_and_grids_without_measure_are_refused() {
    let north = MapRegion::Circle { centre: LonLat::from_degrees(0.0, 88.0), radius_rad: 0.1 };
    let mercator = sphere(ProjectionMethod::Mercator { longitude_rad: 0.0, scale: TrueScale::Factor(1.0) });
    let refused = |map, region: &MapRegion, step_m| {
        ProjectedGrid::of_region(map, region, step_m).expect_err("refused").to_string()
    };
    assert!(refused(mercator, &north, 100.0).contains("has no end"));
    assert!(ProjectedGrid::global(mercator, 100).is_err());
    let centre = LonLat::from_degrees(180.0, -88.0);
    let stereographic = sphere(ProjectionMethod::Stereographic { centre, factor: 1.0 });
    assert!(refused(stereographic, &north, 100.0).contains("has no end"));
    let globe = sphere(ProjectionMethod::Orthographic { centre });
    assert!(refused(globe, &north, 100.0).contains("not visible"));
    assert!(refused(plate_carree(0.0), &north, 1e-9).contains("too large"));
    for step_m in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(plate_carree(0.0), &north, step_m).contains("step_m"));
    }
    for radius_rad in [0.0, -1.0, 3.2, f64::NAN] {
        let region = MapRegion::Circle { centre, radius_rad };
        assert!(refused(globe, &region, 100.0).contains("radius"));
    }
    let backwards = MapRegion::Window { west_rad: 1.0, east_rad: 0.5, south_rad: 0.0, north_rad: 1.0 };
    assert!(refused(globe, &backwards, 100.0).contains("east"));
    let upside_down = MapRegion::Window { west_rad: 0.0, east_rad: 0.5, south_rad: 1.0, north_rad: 0.0 };
    assert!(refused(globe, &upside_down, 100.0).contains("south"));
}
