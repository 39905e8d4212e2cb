// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names as PROJ 9.5.1 (pyproj 3.7.2) has them, and projections through files.

use super::*;
use crate::Body;

fn ceres(method: ProjectionMethod, spheroid: Spheroid) -> (Projection, GeographicCrs) {
    let body = Body::built_in("ceres").expect("built in");
    let map = Projection::new(spheroid, method).expect("in range");
    (map, GeographicCrs::of(&body, &spheroid))
}

#[test]
fn listed_systems_have_the_names_and_codes_of_the_iau() {
    use ProjectionMethod as M;
    let sphere = Spheroid::sphere(487_300.0);
    let polar = |pole| M::PolarStereographic { pole, longitude_rad: 0.0, scale: TrueScale::Factor(1.0) };
    let cases = [
        (
            M::Equirectangular { longitude_rad: 0.0, true_scale_latitude_rad: 0.0 },
            10,
            "Equirectangular, clon = 0",
        ),
        (
            M::Equirectangular { longitude_rad: -PI, true_scale_latitude_rad: 0.0 },
            15,
            "Equirectangular, clon = 180",
        ),
        (M::Sinusoidal { longitude_rad: PI }, 25, "Sinusoidal, clon = 180"),
        (polar(Pole::North), 30, "North Polar"),
        (polar(Pole::South), 35, "South Polar"),
        (M::Orthographic { centre: LonLat::new(PI, 0.0) }, 70, "Orthographic, clon = 180"),
    ];
    for (method, offset, title) in cases {
        for (spheroid, latitude) in [(sphere, 0), (CERES, 1)] {
            let (map, base) = ceres(method, spheroid);
            assert_eq!(map.iau_code(&base), Some(200_000_100 + offset + latitude), "{method:?}");
            let name = ["Ceres (2015) - Sphere / Ocentric", "Ceres (2015) / Ographic"][latitude as usize];
            assert_eq!(map.crs_name(&base), format!("{name} / {title}"));
        }
    }
    let mercator = M::Mercator { longitude_rad: 0.0, scale: TrueScale::Factor(1.0) };
    let (map, base) = ceres(mercator, sphere);
    assert_eq!(map.iau_code(&base), Some(200_000_190));
    // The IAU's Mercator of the ellipsoid is that of a sphere: not this one.
    let (map, base) = ceres(mercator, CERES);
    assert_eq!(map.iau_code(&base), None);
    let centre = LonLat::new(0.0, CERES.planetocentric_rad(40f64.to_radians()));
    let (map, base) = ceres(M::LambertAzimuthalEqualArea { centre }, CERES);
    assert_eq!(map.iau_code(&base), Some(200_000_181));
}

#[test]
fn other_figures_are_named_by_their_radii() {
    let body = Body::built_in("vesta").expect("built in");
    let name = |spheroid| GeographicCrs::of(&body, &spheroid);
    assert_eq!(name(Spheroid::sphere(255_000.0)).iau_code, Some(200_000_400));
    assert_eq!(name(Spheroid::sphere(260_000.5)).name, "Vesta (260000.5 m) - Sphere / Ocentric");
    let oblate = Spheroid { equatorial_m: 284_500.0, polar_m: 229_000.0 };
    assert_eq!(name(oblate).name, "Vesta (284500 x 229000 m) / Ographic");
    assert_eq!(name(oblate).iau_code, None);
}

#[test]
fn strings_have_planetographic_latitudes_and_round_degrees() {
    let centre = LonLat::new(239.33f64.to_radians(), CERES.planetocentric_rad(19.82f64.to_radians()));
    let (map, base) = ceres(ProjectionMethod::LambertAzimuthalEqualArea { centre }, CERES);
    let text =
        "+proj=laea +lat_0=19.82 +lon_0=239.33 +x_0=0 +y_0=0 +a=487300 +b=446000 +units=m +no_defs +type=crs";
    assert_eq!(map.proj_string(), text);
    let wkt = map.wkt2(&base);
    assert!(
        wkt.contains("PARAMETER[\"Latitude of natural origin\",19.82,ANGLEUNIT")
            && wkt.contains("ID[\"EPSG\",9820]")
    );
    assert!(wkt.contains("ELLIPSOID[\"Ceres (2015)\",487300,11.79903147699757"), "{wkt}");
    assert!(wkt.contains("]],ID[\"IAU\",200000101,2015]],CONVERSION["), "{wkt}");
    assert_eq!(wkt.matches('[').count(), wkt.matches(']').count());
}

#[test]
fn quotes_in_names_are_doubled() {
    let (map, _) = ceres(ProjectionMethod::Sinusoidal { longitude_rad: 0.0 }, CERES);
    let base = GeographicCrs { name: "a \"b\"".into(), datum: "d".into(), iau_code: None };
    assert!(map.wkt2(&base).starts_with("PROJCRS[\"a \"\"b\"\" / Sinusoidal"));
    assert!(!map.wkt2(&base).contains("IAU"));
}

#[test]
fn every_map_survives_its_way_through_a_file() {
    let occator = LonLat::from_degrees(239.33, 19.82);
    for map in maps(occator) {
        let text = serde_json::to_string(&map).expect("plain data");
        let back: Projection = serde_json::from_str(&text).expect("as written");
        assert_eq!(back, map, "{text}");
        if let Ok(grid) = ProjectedGrid::around(map, occator, 10.0, 100.0) {
            let text = serde_json::to_string(&CellGrid::from(grid)).expect("plain data");
            assert_eq!(serde_json::from_str::<CellGrid>(&text).expect("as written"), CellGrid::from(grid));
        }
    }
    let angular = CellGrid::from(crate::MapGrid::global(18));
    let text = serde_json::to_string(&angular).expect("plain data");
    assert_eq!(serde_json::from_str::<CellGrid>(&text).expect("as written"), angular);
}

#[test]
fn files_with_impossible_projections_are_refused() {
    let text = r#"{"spheroid":{"equatorial_m":1.0,"polar_m":0.9},"method":"perspective","centre":{"longitude_rad":0.0,"latitude_rad":0.0},"height_m":1.0}"#;
    let error = serde_json::from_str::<Projection>(text).expect_err("an ellipsoid");
    assert!(error.to_string().contains("defined on a sphere"), "{error}");
}
