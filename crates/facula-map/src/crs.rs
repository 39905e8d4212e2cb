// SPDX-License-Identifier: MIT OR Apache-2.0
//! The coordinate system of map products: a projection of a body's IAU_2015 sphere or ellipsoid.
//!
//! In: a [`Body`] and a grid of cells. Out: names, WKT 2, what GeoTIFF keys need (written in `cog::geokeys`) and the
//! affine transform from cells to metres. Grids in equal steps of longitude and latitude are equirectangular on the
//! IAU's sphere with central meridian 180°: x = R (longitude − 180°), y = R latitude. The figure projected is a
//! convention of the coordinate system, not the shape of the body. Places are planetocentric as everywhere; systems of
//! an ellipsoid are named by planetographic latitude ("Ographic"), as PROJ, GDAL and the IAU mean it.

use std::f64::consts::{PI, TAU};

use facula_core::{
    Body, CellGrid, GeographicCrs, MapGrid, Pole, Projection, ProjectionError, ProjectionMethod, Spheroid,
    TrueScale,
};

/// Central meridian of the coordinate system of angular grids, degrees east: the IAU's `clon = 180` variant, so that a
/// map from 0° to 360° is symmetric about x = 0.
pub const CENTRAL_MERIDIAN_DEG: f64 = 180.0;

/// A projected coordinate system.
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
    /// Radius of the sphere, or equatorial radius of the ellipsoid, m.
    pub sphere_radius_m: f64,
    /// IAU_2015 code of the projected system, where there is one (200000115 for Ceres).
    pub iau_code: Option<u32>,
    /// IAU_2015 code of the geographic system, where there is one (200000100 for Ceres).
    pub geographic_code: Option<u32>,
    /// The projection.
    pub projection: Projection,
}

/// A projection in the words of GeoTIFF 1.1: a method and numbers, angles in degrees, lengths in metres.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoTiffProjection {
    /// `ProjMethodGeoKey` (3075); `None` for methods GeoTIFF has no code for (perspective, oblique cylindrical): such a
    /// file must carry the WKT 2 beside the keys.
    pub method_code: Option<u16>,
    /// Keys and values of its parameters, ascending.
    pub parameters: Vec<(u16, f64)>,
    /// `EllipsoidSemiMajorAxisGeoKey` and `EllipsoidSemiMinorAxisGeoKey`, m.
    pub radii_m: [f64; 2],
}

impl MapCrs {
    /// The coordinate system for angular grids on a body: its IAU_2015 one, or a sphere of its largest radius whose
    /// name says "assumed".
    ///
    pub fn of(body: &Body) -> Self {
        let method = ProjectionMethod::Equirectangular { longitude_rad: PI, true_scale_latitude_rad: 0.0 };
        let of_radius = |sphere| Projection::new(sphere, method);
        // A body made by hand may lack a radius; one metre keeps the error visible.
        let projection = of_radius(Spheroid::sphere_of(body)).or_else(|_| of_radius(Spheroid::sphere(1.0)));
        Self::projected(body, projection.expect("a sphere of one metre can be projected"))
    }

    /// The coordinate system of a projection of a body. With the radii of the IAU_2015 sphere or ellipsoid the names
    /// and codes are the IAU's.
    pub fn projected(body: &Body, projection: Projection) -> Self {
        let base = GeographicCrs::of(body, &projection.spheroid());
        Self {
            iau_code: projection.iau_code(&base),
            geographic_name: base.name,
            datum_name: base.datum,
            geographic_code: base.iau_code,
            sphere_radius_m: projection.spheroid().equatorial_m,
            projection,
        }
    }

    /// The coordinate system that places a grid's cells: [`MapCrs::of`] for angular grids, that of the projection for
    /// others.
    pub fn of_grid(body: &Body, grid: &CellGrid) -> Self {
        match grid {
            CellGrid::Projected(grid) => Self::projected(body, grid.projection),
            _ => Self::of(body),
        }
    }

    fn base(&self) -> GeographicCrs {
        GeographicCrs {
            name: self.geographic_name.clone(),
            datum: self.datum_name.clone(),
            iau_code: self.geographic_code,
        }
    }

    /// Name of the projected system, e.g. `Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180`.
    pub fn projected_name(&self) -> String {
        format!("{} / {}", self.geographic_name, self.projection.title())
    }

    /// Authority and code, e.g. `IAU_2015:200000115`.
    pub fn authority_code(&self) -> Option<String> {
        self.iau_code.map(|code| format!("IAU_2015:{code}"))
    }

    /// The system in WKT 2 (ISO 19162:2019).
    pub fn wkt2(&self) -> String {
        self.projection.wkt2(&self.base())
    }

    /// The system as a PROJ string; names and codes are lost.
    pub fn proj_string(&self) -> String {
        self.projection.proj_string()
    }

    /// The affine transform of an angular grid from cell **corners** to metres: `[step, 0, west, 0, −step, north]`, so
    /// that the north-west corner of cell (column, line) lies at `x = west + column · step`,
    /// `y = north − line · step`. The grid is placed so that its middle has a longitude in [0°, 360°).
    pub fn transform_m(&self, grid: &MapGrid) -> [f64; 6] {
        let half_width_rad = 0.5 * grid.width as f64 * grid.step_rad;
        let middle_rad = grid.west_rad + half_width_rad;
        // Only whole turns are added, so a grid that already lies in range keeps its digits.
        let west_rad = grid.west_rad - (middle_rad / TAU).floor() * TAU;
        let step_m = grid.step_rad * self.sphere_radius_m;
        let west_m = (west_rad - PI) * self.sphere_radius_m;
        [step_m, 0.0, west_m, 0.0, -step_m, grid.north_rad * self.sphere_radius_m]
    }

    /// The affine transform of any grid from cell corners to metres, as [`MapCrs::transform_m`].
    ///
    /// # Errors
    /// [`ProjectionError::OtherProjection`] when the grid lies on another projection than this system.
    pub fn transform_of_m(&self, grid: &CellGrid) -> Result<[f64; 6], ProjectionError> {
        let angular = |method: ProjectionMethod| {
            let ProjectionMethod::Equirectangular { true_scale_latitude_rad, .. } = method else {
                return false;
            };
            self.projection.centre_longitude_deg() == CENTRAL_MERIDIAN_DEG && true_scale_latitude_rad == 0.0
        };
        match grid {
            CellGrid::Angular(grid) if angular(self.projection.method()) => Ok(self.transform_m(grid)),
            CellGrid::Projected(grid) if grid.projection == self.projection => {
                Ok([grid.step_m, 0.0, grid.west_m, 0.0, -grid.step_m, grid.north_m])
            }
            _ => Err(ProjectionError::OtherProjection { name: self.projected_name() }),
        }
    }

    /// Method and parameters as GeoTIFF keys.
    ///
    /// # Source
    /// OGC GeoTIFF 1.1 (19-008r4), section 7.5 and annex C; which key holds what for each method: GDAL 3.10, which
    /// reads the latitude true to scale of a polar stereographic map as `ProjNatOriginLat`.
    pub fn geo_tiff(&self) -> GeoTiffProjection {
        use ProjectionMethod as M;
        let projection = &self.projection;
        let graphic = |rad| projection.planetographic_deg(rad);
        let around = |centre: facula_core::LonLat| vec![(CENTER_LAT, graphic(centre.latitude_rad))];
        let (method_code, mut parameters) = match projection.method() {
            M::Equirectangular { true_scale_latitude_rad, .. } => {
                (Some(17), vec![(STANDARD_PARALLEL, graphic(true_scale_latitude_rad)), (CENTER_LAT, 0.0)])
            }
            M::Sinusoidal { .. } => (Some(24), Vec::new()),
            M::Mercator { scale, .. } => (Some(7), mercator_keys(scale, graphic)),
            M::PolarStereographic { pole, scale, .. } => (Some(15), polar_keys(pole, scale, graphic)),
            M::Stereographic { centre, factor } => {
                (Some(14), [around(centre), vec![(ORIGIN_SCALE, factor)]].concat())
            }
            M::LambertAzimuthalEqualArea { centre } => (Some(10), around(centre)),
            M::Orthographic { centre } => (Some(21), around(centre)),
            _ => (None, Vec::new()),
        };
        if let Some(code) = method_code {
            let longitude_key = match code {
                7 => ORIGIN_LONG,
                15 => STRAIGHT_POLE_LONG,
                _ => CENTER_LONG,
            };
            parameters.extend([(longitude_key, projection.centre_longitude_deg())]);
            parameters.extend([(FALSE_EASTING, 0.0), (FALSE_NORTHING, 0.0)]);
            parameters.sort_by_key(|(key, _)| *key);
        }
        let Spheroid { equatorial_m, polar_m } = projection.spheroid();
        GeoTiffProjection { method_code, parameters, radii_m: [equatorial_m, polar_m] }
    }
}

const STANDARD_PARALLEL: u16 = 3078;
const ORIGIN_LONG: u16 = 3080;
const ORIGIN_LAT: u16 = 3081;
const FALSE_EASTING: u16 = 3082;
const FALSE_NORTHING: u16 = 3083;
const CENTER_LONG: u16 = 3088;
const CENTER_LAT: u16 = 3089;
const ORIGIN_SCALE: u16 = 3092;
const STRAIGHT_POLE_LONG: u16 = 3095;

fn mercator_keys(scale: TrueScale, graphic: impl Fn(f64) -> f64) -> Vec<(u16, f64)> {
    match scale {
        TrueScale::LatitudeRad(rad) => vec![(ORIGIN_LAT, 0.0), (STANDARD_PARALLEL, graphic(rad))],
        TrueScale::Factor(factor) => vec![(ORIGIN_LAT, 0.0), (ORIGIN_SCALE, factor)],
        _ => Vec::new(),
    }
}

fn polar_keys(pole: Pole, scale: TrueScale, graphic: impl Fn(f64) -> f64) -> Vec<(u16, f64)> {
    match scale {
        TrueScale::LatitudeRad(rad) => vec![(ORIGIN_LAT, graphic(rad)), (ORIGIN_SCALE, 1.0)],
        TrueScale::Factor(factor) => vec![(ORIGIN_LAT, graphic(pole.latitude_rad())), (ORIGIN_SCALE, factor)],
        _ => Vec::new(),
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

    fn ceres(spheroid: Spheroid, method: ProjectionMethod) -> MapCrs {
        let body = Body::built_in("ceres").unwrap();
        MapCrs::projected(&body, Projection::new(spheroid, method).unwrap())
    }

    #[test]
    fn the_system_of_angular_grids_is_the_listed_projection() {
        let body = Body::built_in("ceres").unwrap();
        let method = ProjectionMethod::Equirectangular { longitude_rad: PI, true_scale_latitude_rad: 0.0 };
        assert_eq!(MapCrs::of(&body), ceres(Spheroid::sphere(487_300.0), method));
        assert!(MapCrs::of(&body).wkt2().contains("ID[\"IAU\",200000100,2015]"));
        assert!(MapCrs::of(&body).proj_string().starts_with("+proj=eqc +lat_ts=0 +lon_0=180 "));
    }

    #[test]
    fn each_grid_has_its_system_and_no_other() {
        let body = Body::built_in("ceres").unwrap();
        let centre = facula_core::LonLat::from_degrees(239.33, 19.82);
        let method = ProjectionMethod::LambertAzimuthalEqualArea { centre };
        let map = Projection::new(Spheroid::sphere(487_300.0), method).unwrap();
        let grid = facula_core::ProjectedGrid::around(map, centre, 50.0, 100.0).unwrap();
        let (projected, angular) = (CellGrid::from(grid), CellGrid::from(MapGrid::global(180)));
        let crs = MapCrs::of_grid(&body, &projected);
        assert_eq!(crs.transform_of_m(&projected).unwrap(), [100.0, 0.0, -50_000.0, 0.0, -100.0, 50_000.0]);
        let name =
            "Ceres (2015) - Sphere / Ocentric / Lambert Azimuthal Equal Area, clon = 239.33, clat = 19.82";
        assert_eq!((crs.projected_name().as_str(), crs.iau_code), (name, None));
        assert!(crs.transform_of_m(&angular).unwrap_err().to_string().contains("clat = 19.82"));
        let global = MapCrs::of_grid(&body, &angular);
        assert_eq!(global.transform_of_m(&angular).unwrap(), global.transform_m(&MapGrid::global(180)));
        assert!(global.transform_of_m(&projected).is_err());
    }

    #[test]
    fn geotiff_keys_are_those_gdal_reads_as_the_same_system() {
        // crosscheck/check_projections.py: GDAL 3.10.3 (rasterio 1.4.4) makes PROJ's own points of such keys.
        let sphere = Spheroid::sphere(487_300.0);
        let oblate = Spheroid { equatorial_m: 487_300.0, polar_m: 446_000.0 };
        let south = ProjectionMethod::PolarStereographic {
            pole: Pole::South,
            longitude_rad: 20f64.to_radians(),
            scale: TrueScale::LatitudeRad(oblate.planetocentric_rad(-71f64.to_radians())),
        };
        let keys = ceres(oblate, south).geo_tiff();
        assert_eq!((keys.method_code, keys.radii_m), (Some(15), [487_300.0, 446_000.0]));
        let wanted = [(3081, -71.0), (3082, 0.0), (3083, 0.0), (3092, 1.0), (3095, 20.0)];
        assert_eq!(keys.parameters, wanted);
        let scale = TrueScale::LatitudeRad(30f64.to_radians());
        let mercator = ProjectionMethod::Mercator { longitude_rad: 0.0, scale };
        let wanted = [(3078, 30.0), (3080, 0.0), (3081, 0.0), (3082, 0.0), (3083, 0.0)];
        assert_eq!(ceres(sphere, mercator).geo_tiff().parameters, wanted);
        let centre = facula_core::LonLat::from_degrees(239.33, 19.82);
        let globe = ceres(sphere, ProjectionMethod::Orthographic { centre }).geo_tiff();
        let wanted = [(3082, 0.0), (3083, 0.0), (3088, 239.33), (3089, 19.82)];
        assert_eq!((globe.method_code, globe.parameters.as_slice()), (Some(21), wanted.as_slice()));
        let view = ceres(sphere, ProjectionMethod::Perspective { centre, height_m: 1e5 }).geo_tiff();
        assert_eq!((view.method_code, view.parameters.len()), (None, 0));
    }
}
