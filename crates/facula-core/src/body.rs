// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bodies: size, pole, spin, brightness. Bodies are data (TOML), not code.

use serde::{Deserialize, Serialize};

use crate::{BodyFixed, Ellipsoid, Epoch, Icrf, Rotation, Vec3, et_s};

/// A body as its TOML file tells it. Angles in degrees there; use the methods for radians.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Name in lower case (`ceres`).
    pub name: String,
    /// NAIF identifier (2000001 for Ceres).
    pub naif_id: i32,
    /// Semi-axes of the reference ellipsoid, km.
    pub radii_km: [f64; 3],
    /// Right ascension of the north pole, ICRF, degrees.
    pub pole_ra_deg: f64,
    /// Declination of the north pole, ICRF, degrees.
    pub pole_dec_deg: f64,
    /// Prime-meridian angle W at J2000 TDB, degrees.
    pub prime_meridian_deg: f64,
    /// Rotation rate, degrees per day of 86400 s.
    pub spin_deg_day: f64,
    /// Gravity parameter, km³/s².
    pub gm_km3_s2: f64,
    /// Normal albedo of the average surface at the camera's wavelength, dimensionless.
    pub normal_albedo: f64,
    /// Slope parameter G of the IAU H, G phase function, dimensionless.
    pub phase_slope: f64,
    /// IAU_2015 coordinate system for products, where the IAU has one.
    pub iau_2015: Option<IauCrs>,
    /// Where each number comes from.
    pub source: String,
}

/// The IAU_2015 coordinate systems of a body (sphere, planetocentric), as PROJ's database has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IauCrs {
    /// Name of the geographic system, e.g. `Ceres (2015) - Sphere / Ocentric`.
    pub geographic_name: String,
    /// Code of the geographic system (200000100).
    pub geographic_code: u32,
    /// Code of the equirectangular system with central meridian 180° (200000115).
    pub equirectangular_180_code: u32,
    /// Radius of the system's sphere, metres. Not the body's radius: the system's convention.
    pub sphere_radius_m: f64,
    /// Polar radius of the ellipsoid of the systems with planetographic latitude (codes ending in 1), metres; its
    /// equatorial radius is the sphere's. `None` where the IAU has the sphere only (triaxial bodies).
    #[serde(default)]
    pub polar_radius_m: Option<f64>,
}

/// Why a body file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Not TOML, a key is missing or unknown.
    #[error("body file is not valid: {0}")]
    Format(#[from] toml::de::Error),
    /// A value outside its range.
    #[error("body {name}: {key} = {value} is outside its range")]
    Argument {
        /// Body.
        name: String,
        /// Key in the file.
        key: &'static str,
        /// Value found.
        value: f64,
    },
    /// No built-in body of that name.
    #[error("no built-in body named {name}; known: {known}")]
    Unknown {
        /// Name asked for.
        name: String,
        /// Names there are.
        known: String,
    },
}

const BUILT_IN: [(&str, &str); 2] = [
    ("ceres", include_str!("../data/bodies/ceres.toml")),
    ("vesta", include_str!("../data/bodies/vesta.toml")),
];

impl Body {
    /// A built-in body by name: `ceres`, `vesta`.
    ///
    /// # Errors
    /// [`BodyError::Unknown`] with the list of names.
    pub fn built_in(name: &str) -> Result<Self, BodyError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => Err(BodyError::Unknown {
                name: name.to_string(),
                known: BUILT_IN.map(|(known, _)| known).join(", "),
            }),
        }
    }

    /// A body from TOML text.
    ///
    /// # Errors
    /// [`BodyError::Format`] for text that is not a body, [`BodyError::Argument`] for values out of range.
    pub fn from_toml(text: &str) -> Result<Self, BodyError> {
        let body: Self = toml::from_str(text)?;
        let checks = [
            ("radii_km", body.radii_km[0], body.radii_km.iter().all(|r| *r > 0.0 && r.is_finite())),
            ("pole_ra_deg", body.pole_ra_deg, body.pole_ra_deg.is_finite()),
            ("pole_dec_deg", body.pole_dec_deg, body.pole_dec_deg.abs() <= 90.0),
            ("prime_meridian_deg", body.prime_meridian_deg, body.prime_meridian_deg.is_finite()),
            ("spin_deg_day", body.spin_deg_day, body.spin_deg_day.is_finite()),
            ("gm_km3_s2", body.gm_km3_s2, body.gm_km3_s2 > 0.0),
            ("normal_albedo", body.normal_albedo, body.normal_albedo > 0.0 && body.normal_albedo <= 2.0),
            ("phase_slope", body.phase_slope, (-0.5..=1.0).contains(&body.phase_slope)),
        ];
        match checks.into_iter().find(|(_, _, good)| !good) {
            Some((key, value, _)) => Err(BodyError::Argument { name: body.name, key, value }),
            None => Ok(body),
        }
    }

    /// The reference ellipsoid.
    pub fn ellipsoid(&self) -> Ellipsoid {
        let [a_km, b_km, c_km] = self.radii_km;
        Ellipsoid { a_km, b_km, c_km }
    }

    /// Prime-meridian angle W at an epoch, rad, not wrapped.
    pub fn prime_meridian_rad(&self, epoch: Epoch) -> f64 {
        (self.prime_meridian_deg + self.spin_deg_day * et_s(epoch) / 86_400.0).to_radians()
    }

    /// Turns ICRF components into body-fixed components at an epoch.
    ///
    /// # Source
    /// Archinal et al. (2018), Celest. Mech. Dyn. Astron. 130:22, section 2: `[W]₃ [π/2 − δ]₁ [π/2 + α]₃`.
    pub fn body_from_icrf(&self, epoch: Epoch) -> Rotation<BodyFixed, Icrf> {
        let quarter_turn = std::f64::consts::FRAC_PI_2;
        let turn = |axis: [f64; 3], angle_rad: f64| -> Rotation<Icrf, Icrf> {
            Rotation::about(Vec3::from_array(axis), angle_rad).unwrap_or(Rotation::identity())
        };
        let node = turn([0.0, 0.0, 1.0], quarter_turn + self.pole_ra_deg.to_radians());
        let tilt = turn([1.0, 0.0, 0.0], quarter_turn - self.pole_dec_deg.to_radians());
        let spin: Rotation<BodyFixed, Icrf> = Rotation::about(
            Vec3::new(0.0, 0.0, 1.0),
            self.prime_meridian_rad(epoch).rem_euclid(std::f64::consts::TAU),
        )
        .unwrap_or(Rotation::identity());
        spin * tilt * node
    }

    /// Rotation period relative to the stars, hours.
    pub fn sidereal_period_h(&self) -> f64 {
        360.0 / self.spin_deg_day * 24.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_utc;

    #[test]
    fn ceres_turns_in_nine_hours() {
        let ceres = Body::built_in("ceres").expect("built in");
        // Case R02: 9.074169997 h from 952.1532 deg/day; v06 has 952.1532635.
        assert!((ceres.sidereal_period_h() - 9.074169997).abs() < 1e-5);
    }

    #[test]
    fn prime_meridian_of_older_constants_equals_the_published_angle() {
        // Case R01: dawn_ceres_v05 (W = 170.650 + 952.1532 d) gives 166.6294052 deg at 2015-04-15T00:00 UTC.
        let v05 = Body {
            prime_meridian_deg: 170.650,
            spin_deg_day: 952.1532,
            ..Body::built_in("ceres").expect("built in")
        };
        let epoch = parse_utc("2015-04-15T00:00:00").expect("utc");
        let w_deg = v05.prime_meridian_rad(epoch).to_degrees().rem_euclid(360.0);
        assert!((w_deg - 166.62940522562712).abs() < 1e-6, "{w_deg}");
    }

    #[test]
    fn the_pole_points_where_the_file_says() {
        let vesta = Body::built_in("vesta").expect("built in");
        let epoch = parse_utc("2011-07-17").expect("utc");
        let pole = vesta.body_from_icrf(epoch).inverse() * Vec3::new(0.0, 0.0, 1.0);
        let ra_deg = pole.y.atan2(pole.x).to_degrees().rem_euclid(360.0);
        assert!((ra_deg - 309.031).abs() < 1e-9 && (pole.z.asin().to_degrees() - 42.235).abs() < 1e-9);
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        let text = BUILT_IN[0].1.replace("gm_km3_s2 =", "gm_km3_s2 = -1.0 #");
        assert!(Body::from_toml(&text).expect_err("negative").to_string().contains("gm_km3_s2 = -1"));
        let text = format!("{}\ncolour = 3\n", BUILT_IN[0].1);
        assert!(Body::from_toml(&text).expect_err("unknown").to_string().contains("colour"));
        assert!(Body::built_in("pluto").expect_err("unknown").to_string().contains("ceres, vesta"));
    }
}
