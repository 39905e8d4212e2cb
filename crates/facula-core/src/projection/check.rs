// SPDX-License-Identifier: MIT OR Apache-2.0
//! What parameters a projection takes.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::{Pole, ProjectionError, ProjectionMethod, Spheroid, TrueScale};

/// Name, value, range, and whether the value lies in it.
type Check = (&'static str, f64, &'static str, bool);

impl ProjectionMethod {
    pub(super) fn check(&self, spheroid: &Spheroid) -> Result<(), ProjectionError> {
        let checks = [Some(self.check_centre()), self.check_scale(), self.check_view(spheroid)];
        if let Some((name, value, range, _)) = checks.into_iter().flatten().find(|(.., good)| !good) {
            return Err(ProjectionError::Argument { name, value, range });
        }
        let method = match self {
            Self::Perspective { .. } => "perspective",
            Self::Oblique { .. } => "oblique",
            _ => return Ok(()),
        };
        let Spheroid { equatorial_m, polar_m } = *spheroid;
        match spheroid.is_sphere() {
            true => Ok(()),
            false => Err(ProjectionError::SphereOnly { method, equatorial_m, polar_m }),
        }
    }

    fn check_centre(&self) -> Check {
        let longitude_rad = self.longitude_rad();
        if !(-TAU..=2.0 * TAU).contains(&longitude_rad) {
            return ("centre longitude, rad", longitude_rad, "−2π to 4π", false);
        }
        let latitude_rad = match self {
            Self::Stereographic { centre, .. }
            | Self::LambertAzimuthalEqualArea { centre }
            | Self::Orthographic { centre }
            | Self::Perspective { centre, .. }
            | Self::Oblique { centre, .. } => centre.latitude_rad,
            _ => 0.0,
        };
        ("centre latitude, rad", latitude_rad, "−π/2 to π/2", latitude_rad.abs() <= FRAC_PI_2)
    }

    fn check_scale(&self) -> Option<Check> {
        let factor =
            |value: f64| ("scale factor", value, "above 0, at most 10", value > 0.0 && value <= 10.0);
        let name = "true-scale latitude, rad";
        let off_poles = |value: f64| (name, value, "between −π/2 and π/2", value.abs() < FRAC_PI_2 - 1e-6);
        let at_side = |pole: Pole, value: f64| {
            let good = value * pole.latitude_rad() > 0.0 && value.abs() <= FRAC_PI_2;
            (name, value, "in the hemisphere of the pole", good)
        };
        match *self {
            Self::Equirectangular { true_scale_latitude_rad, .. } => Some(off_poles(true_scale_latitude_rad)),
            Self::Mercator { scale: TrueScale::LatitudeRad(value), .. } => Some(off_poles(value)),
            Self::PolarStereographic { scale: TrueScale::LatitudeRad(value), pole, .. } => {
                Some(at_side(pole, value))
            }
            Self::Mercator { scale: TrueScale::Factor(value), .. }
            | Self::PolarStereographic { scale: TrueScale::Factor(value), .. }
            | Self::Stereographic { factor: value, .. } => Some(factor(value)),
            _ => None,
        }
    }

    fn check_view(&self, spheroid: &Spheroid) -> Option<Check> {
        match *self {
            Self::Perspective { height_m, .. } => {
                let good = height_m > 1e-6 * spheroid.equatorial_m && height_m.is_finite();
                Some(("height, m", height_m, "above a millionth of the radius", good))
            }
            Self::Oblique { azimuth_rad, .. } => {
                Some(("azimuth, rad", azimuth_rad, "−2π to 2π", (-TAU..=TAU).contains(&azimuth_rad)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ObliqueBase, Projection};
    use super::*;
    use crate::LonLat;

    const BODY: Spheroid = Spheroid { equatorial_m: 487_300.0, polar_m: 446_000.0 };

    fn refusal(spheroid: Spheroid, method: ProjectionMethod) -> String {
        Projection::new(spheroid, method).expect_err("out of range").to_string()
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        use ProjectionMethod as M;
        let at = |latitude_rad| LonLat { longitude_rad: 0.0, latitude_rad };
        let cases = [
            (M::Sinusoidal { longitude_rad: f64::NAN }, "centre longitude"),
            (M::Sinusoidal { longitude_rad: 100.0 }, "centre longitude"),
            (M::Orthographic { centre: at(1.6) }, "centre latitude"),
            (M::LambertAzimuthalEqualArea { centre: at(f64::NAN) }, "centre latitude"),
            (M::Equirectangular { longitude_rad: 0.0, true_scale_latitude_rad: FRAC_PI_2 }, "true-scale"),
            (M::Mercator { longitude_rad: 0.0, scale: TrueScale::Factor(0.0) }, "scale factor"),
            (M::Stereographic { centre: at(0.3), factor: f64::INFINITY }, "scale factor"),
            (
                M::PolarStereographic {
                    pole: Pole::South,
                    longitude_rad: 0.0,
                    scale: TrueScale::LatitudeRad(1.2),
                },
                "hemisphere",
            ),
        ];
        for (method, word) in cases {
            assert!(refusal(BODY, method).contains(word), "{method:?}: {}", refusal(BODY, method));
        }
        let height = M::Perspective { centre: at(0.3), height_m: -1.0 };
        assert!(refusal(Spheroid::sphere(1000.0), height).contains("height"));
    }

    #[test]
    fn what_exists_for_spheres_only_says_so() {
        let centre = LonLat::new(1.0, 0.5);
        let perspective = ProjectionMethod::Perspective { centre, height_m: 1e5 };
        assert!(refusal(BODY, perspective).contains("take Spheroid::sphere"));
        let base = ObliqueBase::Mercator;
        let oblique = ProjectionMethod::Oblique { base, centre, azimuth_rad: 0.0 };
        assert!(refusal(BODY, oblique).contains("oblique is defined on a sphere"));
    }

    #[test]
    fn figures_that_are_none_are_refused() {
        let method = ProjectionMethod::Sinusoidal { longitude_rad: 0.0 };
        for (equatorial_m, polar_m) in
            [(0.0, 0.0), (1.0, 1.1), (1.0, 0.4), (f64::NAN, 1.0), (f64::INFINITY, 1.0)]
        {
            assert!(refusal(Spheroid { equatorial_m, polar_m }, method).contains("radii"));
        }
    }
}
