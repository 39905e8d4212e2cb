// SPDX-License-Identifier: MIT OR Apache-2.0
//! How other tools name a projection: PROJ strings, WKT 2, IAU_2015 codes.
//!
//! Latitudes are planetographic here, as PROJ and WKT mean them on an ellipsoid. Angles are rounded to 1e-12 degrees
//! and lengths to 1e-6 m, so that 70° stays 70 after its way through radians.
//!
//! # Source
//! ISO 19162:2019; EPSG codes of methods and parameters: EPSG Geodetic Parameter Dataset, Guidance Note 7-2; method
//! names without a code: PROJ 9. IAU_2015 codes: Hare & Malapert (2021), OGC Naming Authority, as PROJ's database has
//! them.

mod proj;
mod wkt;

use crate::{Body, LonLat, capitalised};

use super::{ObliqueBase, Pole, Projection, ProjectionMethod, Spheroid, TrueScale};

/// Names of the longitudes and latitudes under a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeographicCrs {
    /// E.g. `Ceres (2015) - Sphere / Ocentric`.
    pub name: String,
    /// Of datum and ellipsoid, e.g. `Ceres (2015) - Sphere`.
    pub datum: String,
    /// IAU_2015 code, where the IAU has this figure of the body: 100 · body, + 0 for the sphere, + 1 for planetographic
    /// latitude on the ellipsoid.
    pub iau_code: Option<u32>,
}

impl GeographicCrs {
    /// The IAU_2015 system of a body if it has the spheroid's radii; otherwise a name with "assumed" (the body's own
    /// sphere, for a body the IAU has no system for) or with the radii.
    pub fn of(body: &Body, spheroid: &Spheroid) -> Self {
        let named = |datum: String, latitude: &str, iau_code| Self {
            name: format!("{datum} / {latitude}"),
            datum,
            iau_code,
        };
        let latitude = if spheroid.is_sphere() { "Ocentric" } else { "Ographic" };
        if let Some(iau) = &body.iau_2015 {
            let datum = iau.geographic_name.trim_end_matches(" / Ocentric");
            if *spheroid == Spheroid::sphere(iau.sphere_radius_m) {
                return named(datum.into(), latitude, Some(iau.geographic_code));
            }
            let figure =
                iau.polar_radius_m.map(|polar_m| Spheroid { equatorial_m: iau.sphere_radius_m, polar_m });
            if figure == Some(*spheroid) {
                let datum = datum.trim_end_matches(" - Sphere");
                return named(datum.into(), latitude, Some(iau.geographic_code + 1));
            }
        }
        let body_name = capitalised(&body.name);
        let radii = match spheroid {
            s if *s == Spheroid::sphere_of(body) => "assumed".to_string(),
            s if s.is_sphere() => format!("{} m", metres(s.equatorial_m)),
            s => format!("{} x {} m", metres(s.equatorial_m), metres(s.polar_m)),
        };
        let shape = if spheroid.is_sphere() { " - Sphere" } else { "" };
        named(format!("{body_name} ({radii}){shape}"), latitude, None)
    }
}

/// Degrees of an angle, rounded to 1e-12.
fn rounded_deg(angle_rad: f64) -> f64 {
    let rounded = (angle_rad.to_degrees() * 1e12).round() / 1e12;
    // No minus zero.
    rounded + 0.0
}

/// Metres rounded to 1e-6, far below any figure of a body.
fn metres(length_m: f64) -> f64 {
    (length_m * 1e6).round() / 1e6
}

impl Projection {
    /// Longitude at x = 0, degrees east in [0, 360).
    pub fn centre_longitude_deg(&self) -> f64 {
        rounded_deg(self.longitude_rad)
    }

    /// **Planetographic** latitude of a planetocentric one, degrees, as PROJ and WKT mean latitudes.
    pub fn planetographic_deg(&self, planetocentric_rad: f64) -> f64 {
        rounded_deg(self.spheroid.planetographic_rad(planetocentric_rad))
    }

    /// What is added to the IAU_2015 code of the geographic system for a projection the IAU lists; `None` for others.
    /// Mercator is listed in a spherical form only, so that of an ellipsoid has no code.
    pub fn iau_offset(&self) -> Option<u32> {
        use ProjectionMethod as M;
        let half = match self.centre_longitude_deg() {
            0.0 => 0,
            180.0 => 1,
            _ => return None,
        };
        let latitude_deg = |place: LonLat| self.planetographic_deg(place.latitude_rad);
        match self.method {
            M::Equirectangular { true_scale_latitude_rad: 0.0, .. } => Some(10 + 5 * half),
            M::Sinusoidal { .. } => Some(20 + 5 * half),
            M::PolarStereographic { pole, scale: TrueScale::Factor(1.0), .. } if half == 0 => {
                Some(if pole == Pole::North { 30 } else { 35 })
            }
            M::Orthographic { centre } if latitude_deg(centre) == 0.0 => Some(65 + 5 * half),
            M::LambertAzimuthalEqualArea { centre } if half == 0 && latitude_deg(centre) == 40.0 => Some(80),
            M::Mercator { scale: TrueScale::Factor(1.0), .. } if half == 0 && self.spheroid.is_sphere() => {
                Some(90)
            }
            _ => None,
        }
    }

    /// Name of the conversion: the IAU's where it has one, else method and parameters.
    pub fn title(&self) -> String {
        use ProjectionMethod as M;
        let longitude_deg = self.centre_longitude_deg();
        if let Some(offset) = self.iau_offset() {
            return match offset {
                10 | 15 => format!("Equirectangular, clon = {longitude_deg}"),
                20 | 25 => format!("Sinusoidal, clon = {longitude_deg}"),
                30 => "North Polar".into(),
                35 => "South Polar".into(),
                65 | 70 => format!("Orthographic, clon = {longitude_deg}"),
                80 => "Lambert Azimuthal Equal Area".into(),
                _ => "Mercator".into(),
            };
        }
        let (method, centre) = match self.method {
            M::Equirectangular { true_scale_latitude_rad, .. } => {
                let latitude_deg = self.planetographic_deg(true_scale_latitude_rad);
                return format!("Equirectangular, clon = {longitude_deg}, lat_ts = {latitude_deg}");
            }
            M::Sinusoidal { .. } => return format!("Sinusoidal, clon = {longitude_deg}"),
            M::Mercator { scale, .. } => {
                return format!("Mercator, clon = {longitude_deg}{}", self.scale_title(scale));
            }
            M::PolarStereographic { pole, scale, .. } => {
                return format!("{pole:?} Polar, clon = {longitude_deg}{}", self.scale_title(scale));
            }
            M::Stereographic { centre, .. } => ("Stereographic", centre),
            M::LambertAzimuthalEqualArea { centre } => ("Lambert Azimuthal Equal Area", centre),
            M::Orthographic { centre } => ("Orthographic", centre),
            M::Perspective { centre, .. } => ("Vertical Perspective", centre),
            M::Oblique { base, centre, .. } => (base.title(), centre),
        };
        let latitude_deg = self.planetographic_deg(centre.latitude_rad);
        format!("{method}, clon = {longitude_deg}, clat = {latitude_deg}")
    }

    fn scale_title(&self, scale: TrueScale) -> String {
        match scale {
            TrueScale::Factor(1.0) => String::new(),
            TrueScale::Factor(factor) => format!(", k = {factor}"),
            TrueScale::LatitudeRad(rad) => format!(", lat_ts = {}", self.planetographic_deg(rad)),
        }
    }

    /// Name of the projected system, e.g. `Ceres (2015) - Sphere / Ocentric / Equirectangular, clon = 180`.
    pub fn crs_name(&self, base: &GeographicCrs) -> String {
        format!("{} / {}", base.name, self.title())
    }

    /// IAU_2015 code of the projected system, where the IAU lists it for this figure.
    pub fn iau_code(&self, base: &GeographicCrs) -> Option<u32> {
        Some(base.iau_code? + self.iau_offset()?)
    }
}

impl ObliqueBase {
    const fn proj_name(self) -> &'static str {
        match self {
            Self::Equirectangular => "eqc",
            Self::Mercator => "merc",
            Self::Sinusoidal => "sinu",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Equirectangular => "Oblique Equirectangular",
            Self::Mercator => "Oblique Mercator",
            Self::Sinusoidal => "Oblique Sinusoidal",
        }
    }
}
