// SPDX-License-Identifier: MIT OR Apache-2.0
//! The coordinate system of map products: equirectangular on the body's IAU_2015 sphere, central meridian 180°.
//!
//! In: a [`Body`] and a [`MapGrid`]. Out: names, WKT 2, GeoTIFF keys (in `cog::geokeys`) and the affine transform
//! from cells to metres. The sphere is a convention of the coordinate system, not the shape of the body:
//! x = R (longitude − 180°), y = R latitude, with planetocentric latitude and east longitude.

use facula_core::{Body, MapGrid, capitalised};
use std::f64::consts::{PI, TAU};

/// Central meridian of the products' coordinate system, degrees east: the IAU's `clon = 180` variant, so that a
/// map from 0° to 360° is symmetric about x = 0.
pub const CENTRAL_MERIDIAN_DEG: f64 = 180.0;

/// An equirectangular coordinate system with central meridian 180° on a sphere.
///
/// # Source
/// OGC Naming Authority, IAU_2015 coordinate systems (Hare & Malapert 2021); code = 100 · body + 15 is
/// "Equirectangular, clon = 180" on the ocentric sphere.
#[derive(Debug, Clone, PartialEq)]
pub struct MapCrs {
    /// Name of the geographic system, e.g. `Ceres (2015) - Sphere / Ocentric`.
    pub geographic_name: String,
    /// Name of datum and ellipsoid, e.g. `Ceres (2015) - Sphere`.
    pub datum_name: String,
    /// Radius of the sphere, m.
    pub sphere_radius_m: f64,
    /// IAU_2015 code of the projected system, where there is one (200000115 for Ceres).
    pub iau_code: Option<u32>,
}

impl MapCrs {
    /// The coordinate system for products of a body: its IAU_2015 one, or a sphere of its largest radius whose
    /// name says "assumed".
    pub fn of(body: &Body) -> Self {
        match &body.iau_2015 {
            Some(iau) => Self {
                geographic_name: iau.geographic_name.clone(),
                datum_name: iau.geographic_name.trim_end_matches(" / Ocentric").to_string(),
                sphere_radius_m: iau.sphere_radius_m,
                iau_code: Some(iau.equirectangular_180_code),
            },
            None => {
                let datum_name = format!("{} (assumed) - Sphere", capitalised(&body.name));
                Self {
                    geographic_name: format!("{datum_name} / Ocentric"),
                    datum_name,
                    sphere_radius_m: body.ellipsoid().largest_radius_km() * 1000.0,
                    iau_code: None,
                }
            }
        }
    }

    /// Name of the projected system, e.g. `Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180`.
    pub fn projected_name(&self) -> String {
        format!("{} / Equirectangular, clon = 180", self.geographic_name)
    }

    /// Authority and code, e.g. `IAU_2015:200000115`.
    pub fn authority_code(&self) -> Option<String> {
        self.iau_code.map(|code| format!("IAU_2015:{code}"))
    }

    /// The system in WKT 2 (ISO 19162:2019).
    pub fn wkt2(&self) -> String {
        let quoted = |name: &str| name.replace('"', "\"\"");
        let id = self.iau_code.map_or(String::new(), |code| format!(",ID[\"IAU\",{code},2015]"));
        let degree = "ANGLEUNIT[\"degree\",0.0174532925199433]";
        let metre = "LENGTHUNIT[\"metre\",1]";
        format!(
            "PROJCRS[\"{}\",BASEGEOGCRS[\"{}\",DATUM[\"{}\",ELLIPSOID[\"{}\",{},0,{metre}]],\
             PRIMEM[\"Reference Meridian\",0,{degree}]],CONVERSION[\"Equirectangular, clon = 180\",\
             METHOD[\"Equidistant Cylindrical\",ID[\"EPSG\",1028]],\
             PARAMETER[\"Latitude of 1st standard parallel\",0,{degree},ID[\"EPSG\",8823]],\
             PARAMETER[\"Longitude of natural origin\",{CENTRAL_MERIDIAN_DEG},{degree},ID[\"EPSG\",8802]],\
             PARAMETER[\"False easting\",0,{metre},ID[\"EPSG\",8806]],\
             PARAMETER[\"False northing\",0,{metre},ID[\"EPSG\",8807]]],CS[Cartesian,2],\
             AXIS[\"easting (E)\",east,ORDER[1],{metre}],AXIS[\"northing (N)\",north,ORDER[2],{metre}]{id}]",
            quoted(&self.projected_name()),
            quoted(&self.geographic_name),
            quoted(&self.datum_name),
            quoted(&self.datum_name),
            self.sphere_radius_m,
        )
    }

    /// The affine transform from cell **corners** to metres: `[step, 0, west, 0, −step, north]`, so that the
    /// north-west corner of cell (column, line) lies at `x = west + column · step`, `y = north − line · step`.
    /// The grid is placed so that its middle has a longitude in [0°, 360°).
    pub fn transform_m(&self, grid: &MapGrid) -> [f64; 6] {
        let half_width_rad = 0.5 * grid.width as f64 * grid.step_rad;
        let middle_rad = grid.west_rad + half_width_rad;
        // Only whole turns are added, so a grid that already lies in range keeps its digits.
        let west_rad = grid.west_rad - (middle_rad / TAU).floor() * TAU;
        let step_m = grid.step_rad * self.sphere_radius_m;
        let west_m = (west_rad - PI) * self.sphere_radius_m;
        [step_m, 0.0, west_m, 0.0, -step_m, grid.north_rad * self.sphere_radius_m]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceres_has_the_code_and_names_of_the_iau() {
        // Names and code as PROJ 9 (pyproj 3.7.2) has them for IAU_2015:200000115.
        let crs = MapCrs::of(&Body::built_in("ceres").unwrap());
        assert_eq!(crs.authority_code().as_deref(), Some("IAU_2015:200000115"));
        assert_eq!(crs.projected_name(), "Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180");
        assert_eq!(crs.datum_name, "Ceres (2015) - Sphere");
        assert!(crs.wkt2().contains("ELLIPSOID[\"Ceres (2015) - Sphere\",487300,0"));
    }

    #[test]
    fn a_body_without_a_system_gets_an_assumed_sphere() {
        let bennu = Body { name: "bennu".into(), iau_2015: None, ..Body::built_in("ceres").unwrap() };
        let crs = MapCrs::of(&bennu);
        assert_eq!(crs.geographic_name, "Bennu (assumed) - Sphere / Ocentric");
        assert!((crs.sphere_radius_m - 482_100.0).abs() < 1e-6 && crs.authority_code().is_none());
        assert!(!crs.wkt2().contains("IAU"));
    }

    #[test]
    fn a_global_map_is_symmetric_about_the_central_meridian() {
        let crs = MapCrs::of(&Body::built_in("ceres").unwrap());
        let [step_m, _, west_m, _, down_m, north_m] = crs.transform_m(&MapGrid::global(1800));
        assert!((west_m + PI * 487_300.0).abs() < 1e-6 && (north_m - 0.5 * PI * 487_300.0).abs() < 1e-6);
        assert!((step_m + down_m).abs() < 1e-12 && (step_m * 3600.0 + 2.0 * west_m).abs() < 1e-6);
    }

    #[test]
    fn a_window_with_western_longitudes_lands_on_the_same_metres() {
        let crs = MapCrs::of(&Body::built_in("ceres").unwrap());
        let degree = 1f64.to_radians();
        let east =
            MapGrid { width: 10, height: 10, west_rad: 235.0 * degree, north_rad: 0.4, step_rad: degree };
        let west = MapGrid { west_rad: -125.0 * degree, ..east };
        assert!((crs.transform_m(&east)[2] - crs.transform_m(&west)[2]).abs() < 1e-6);
        assert!((crs.transform_m(&east)[2] - 55.0 * degree * 487_300.0).abs() < 1e-6);
    }
}
