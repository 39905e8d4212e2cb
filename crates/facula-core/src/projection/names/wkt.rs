// SPDX-License-Identifier: MIT OR Apache-2.0
//! WKT 2.

use super::super::{Projection, ProjectionMethod, TrueScale};
use super::proj::oblique_pole;
use super::{GeographicCrs, metres};

/// Unit of a parameter of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Degree,
    Metre,
    Unity,
}

/// A number of a conversion as WKT has it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Parameter {
    name: &'static str,
    value: f64,
    unit: Unit,
    /// 0 for parameters of PROJ's own.
    epsg: u16,
}

const fn degrees(name: &'static str, epsg: u16, value: f64) -> Parameter {
    Parameter { name, value, unit: Unit::Degree, epsg }
}

const fn unity(name: &'static str, epsg: u16, value: f64) -> Parameter {
    Parameter { name, value, unit: Unit::Unity, epsg }
}

const fn length(name: &'static str, epsg: u16, value: f64) -> Parameter {
    Parameter { name, value, unit: Unit::Metre, epsg }
}

impl Projection {
    /// The projected system in WKT 2 (ISO 19162:2019), with IAU_2015 codes where there are some. Oblique cylindrical
    /// maps go by PROJ's name for them, `PROJ ob_tran`, which GDAL and QGIS know.
    pub fn wkt2(&self, base: &GeographicCrs) -> String {
        let quoted = |name: &str| name.replace('"', "\"\"");
        let id = |code: Option<u32>| code.map_or(String::new(), |code| format!(",ID[\"IAU\",{code},2015]"));
        let (method, method_code, parameters) = self.conversion();
        let method_id = epsg_id(method_code);
        let parameters: String = parameters.iter().map(wkt_parameter).collect();
        format!(
            "PROJCRS[\"{}\",BASEGEOGCRS[\"{}\",DATUM[\"{}\",ELLIPSOID[\"{}\",{},{},{METRE}]],\
             PRIMEM[\"Reference Meridian\",0,{DEGREE}]{}],CONVERSION[\"{}\",METHOD[\"{method}\"{method_id}]{parameters}],\
             CS[Cartesian,2],AXIS[\"easting (E)\",east,ORDER[1],{METRE}],\
             AXIS[\"northing (N)\",north,ORDER[2],{METRE}]{}]",
            quoted(&self.crs_name(base)),
            quoted(&base.name),
            quoted(&base.datum),
            quoted(&base.datum),
            metres(self.spheroid.equatorial_m),
            self.spheroid.inverse_flattening(),
            id(base.iau_code),
            quoted(&self.title()),
            id(self.iau_code(base)),
        )
    }

    /// Name and EPSG code (0 for none) of the method, and its parameters.
    fn conversion(&self) -> (String, u16, Vec<Parameter>) {
        use ProjectionMethod as M;
        let longitude = degrees("Longitude of natural origin", 8802, self.centre_longitude_deg());
        let graphic = |name, code, rad| degrees(name, code, self.planetographic_deg(rad));
        let standard = |rad| graphic("Latitude of 1st standard parallel", 8823, rad);
        let origin = |rad| graphic("Latitude of natural origin", 8801, rad);
        let factor = |value| unity("Scale factor at natural origin", 8805, value);
        let (name, code, mut parameters) = match self.method {
            M::Equirectangular { true_scale_latitude_rad, .. } => {
                ("Equidistant Cylindrical", 1028, vec![standard(true_scale_latitude_rad), longitude])
            }
            M::Sinusoidal { .. } => ("Sinusoidal", 0, vec![longitude]),
            // As the IAU has it; on a sphere the same as variant A.
            M::Mercator { .. } if self.iau_offset() == Some(90) => {
                ("Mercator (Spherical)", 1026, vec![origin(0.0), longitude])
            }
            M::Mercator { scale: TrueScale::Factor(value), .. } => {
                ("Mercator (variant A)", 9804, vec![origin(0.0), longitude, factor(value)])
            }
            M::Mercator { scale: TrueScale::LatitudeRad(rad), .. } => {
                ("Mercator (variant B)", 9805, vec![standard(rad), longitude])
            }
            M::PolarStereographic { pole, scale: TrueScale::Factor(value), .. } => {
                let parameters = vec![origin(pole.latitude_rad()), longitude, factor(value)];
                ("Polar Stereographic (variant A)", 9810, parameters)
            }
            M::PolarStereographic { scale: TrueScale::LatitudeRad(rad), .. } => {
                let longitude = degrees("Longitude of origin", 8833, self.centre_longitude_deg());
                let parameters = vec![graphic("Latitude of standard parallel", 8832, rad), longitude];
                ("Polar Stereographic (variant B)", 9829, parameters)
            }
            M::Stereographic { centre, factor: value } => {
                ("Stereographic", 0, vec![origin(centre.latitude_rad), longitude, factor(value)])
            }
            M::LambertAzimuthalEqualArea { centre } => {
                ("Lambert Azimuthal Equal Area", 9820, vec![origin(centre.latitude_rad), longitude])
            }
            M::Orthographic { centre } => {
                ("Orthographic", 9840, vec![origin(centre.latitude_rad), longitude])
            }
            M::Perspective { centre, height_m } => (
                "Vertical Perspective",
                9838,
                vec![
                    graphic("Latitude of topocentric origin", 8834, centre.latitude_rad),
                    degrees("Longitude of topocentric origin", 8835, self.centre_longitude_deg()),
                    length("Ellipsoidal height of topocentric origin", 8836, 0.0),
                    length("Viewpoint height", 8840, metres(height_m)),
                ],
            ),
            M::Oblique { base, centre, azimuth_rad } => {
                let pole = oblique_pole(centre, azimuth_rad);
                let parameters = vec![
                    degrees("o_lat_p", 0, pole.pole_latitude_deg),
                    degrees("o_lon_p", 0, pole.pole_longitude_deg),
                    degrees("lon_0", 0, pole.longitude_deg),
                ];
                return (format!("PROJ ob_tran o_proj={}", base.proj_name()), 0, parameters);
            }
        };
        if !matches!(self.method, M::Perspective { .. }) {
            parameters.extend([length("False easting", 8806, 0.0), length("False northing", 8807, 0.0)]);
        }
        (name.into(), code, parameters)
    }
}

const DEGREE: &str = "ANGLEUNIT[\"degree\",0.0174532925199433]";
const METRE: &str = "LENGTHUNIT[\"metre\",1]";

fn epsg_id(code: u16) -> String {
    if code == 0 { String::new() } else { format!(",ID[\"EPSG\",{code}]") }
}

fn wkt_parameter(parameter: &Parameter) -> String {
    let unit = match parameter.unit {
        Unit::Degree => DEGREE,
        Unit::Metre => METRE,
        Unit::Unity => "SCALEUNIT[\"unity\",1]",
    };
    format!(",PARAMETER[\"{}\",{},{unit}{}]", parameter.name, parameter.value, epsg_id(parameter.epsg))
}
