// SPDX-License-Identifier: MIT OR Apache-2.0
//! PROJ strings.

use crate::LonLat;

use super::super::oblique::{frame_at, into_frame};
use super::super::{Pole, Projection, ProjectionMethod, TrueScale};
use super::{metres, rounded_deg};

/// What PROJ's `ob_tran` needs of an oblique map, degrees: latitude and longitude of the body's north pole in turned
/// coordinates, and the longitude opposite the new pole.
pub(super) struct ObliquePole {
    pub pole_latitude_deg: f64,
    pub pole_longitude_deg: f64,
    pub longitude_deg: f64,
}

/// New poles closer to the body's than this have no longitude of their own, rad.
const SAME_POLE_RAD: f64 = 1e-9;

pub(super) fn oblique_pole(centre: LonLat, azimuth_rad: f64) -> ObliquePole {
    let frame = frame_at(centre, azimuth_rad);
    let [x, y, z] = frame[2];
    let pole_latitude_deg = rounded_deg(z.atan2(x.hypot(y)));
    if x.hypot(y) < SAME_POLE_RAD {
        // Upright or upside down: PROJ turns about the axis alone.
        let pole_longitude_deg = if z > 0.0 { 0.0 } else { 180.0 };
        return ObliquePole {
            pole_latitude_deg,
            pole_longitude_deg,
            longitude_deg: rounded_deg(centre.longitude_rad),
        };
    }
    let (north_rad, _) = into_frame(&frame, LonLat::new(0.0, std::f64::consts::FRAC_PI_2));
    let opposite = LonLat::new(y.atan2(x) + std::f64::consts::PI, 0.0);
    ObliquePole {
        pole_latitude_deg,
        pole_longitude_deg: rounded_deg(north_rad),
        longitude_deg: rounded_deg(opposite.longitude_rad),
    }
}

impl Projection {
    /// The projection as a PROJ string.
    ///
    /// # Source
    /// PROJ 9 documentation, "Projections" and "ob_tran".
    pub fn proj_string(&self) -> String {
        let radii = match self.spheroid {
            s if s.is_sphere() => format!("+R={}", metres(s.equatorial_m)),
            s => format!("+a={} +b={}", metres(s.equatorial_m), metres(s.polar_m)),
        };
        format!("{} +x_0=0 +y_0=0 {radii} +units=m +no_defs +type=crs", self.proj_method())
    }

    fn proj_method(&self) -> String {
        use ProjectionMethod as M;
        let longitude = format!("+lon_0={}", self.centre_longitude_deg());
        let latitude =
            |place: LonLat| format!("+lat_0={} {longitude}", self.planetographic_deg(place.latitude_rad));
        let true_scale = |scale| match scale {
            TrueScale::Factor(factor) => format!("+k={factor}"),
            TrueScale::LatitudeRad(rad) => format!("+lat_ts={}", self.planetographic_deg(rad)),
        };
        match self.method {
            M::Equirectangular { true_scale_latitude_rad, .. } => {
                format!("+proj=eqc +lat_ts={} {longitude}", self.planetographic_deg(true_scale_latitude_rad))
            }
            M::Sinusoidal { .. } => format!("+proj=sinu {longitude}"),
            M::Mercator { scale, .. } => format!("+proj=merc {longitude} {}", true_scale(scale)),
            M::PolarStereographic { pole, scale, .. } => {
                let side = if pole == Pole::North { 90 } else { -90 };
                format!("+proj=stere +lat_0={side} {longitude} {}", true_scale(scale))
            }
            M::Stereographic { centre, factor } => format!("+proj=stere {} +k={factor}", latitude(centre)),
            M::LambertAzimuthalEqualArea { centre } => format!("+proj=laea {}", latitude(centre)),
            M::Orthographic { centre } => format!("+proj=ortho {}", latitude(centre)),
            M::Perspective { centre, height_m } => {
                format!("+proj=nsper +h={} {}", metres(height_m), latitude(centre))
            }
            M::Oblique { base, centre, azimuth_rad } => {
                let pole = oblique_pole(centre, azimuth_rad);
                format!(
                    "+proj=ob_tran +o_proj={} +o_lat_p={} +o_lon_p={} +lon_0={}",
                    base.proj_name(),
                    pole.pole_latitude_deg,
                    pole.pole_longitude_deg,
                    pole.longitude_deg
                )
            }
        }
    }
}
