// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the camera stands and where it looks.

use facula_core::{Body, BodyFixed, Epoch, LonLat, Pose, Vec3, north_up};
use facula_geometry::{Camera, Distortion};
use facula_spice::{Kernels, sun_in_body_frame};

use crate::RequestError;

/// Where the camera is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standpoint {
    /// Above a place of the body.
    Above {
        /// East longitude, degrees.
        longitude_deg: f64,
        /// Planetocentric latitude, degrees.
        latitude_deg: f64,
        /// Distance from the centre, km.
        range_km: f64,
    },
    /// Body-fixed, km.
    At(Vec3<BodyFixed>),
}

impl Standpoint {
    fn position_km(self) -> Vec3<BodyFixed> {
        match self {
            Self::At(position_km) => position_km,
            Self::Above { longitude_deg, latitude_deg, range_km } => {
                LonLat::from_degrees(longitude_deg, latitude_deg).direction() * range_km
            }
        }
    }
}

/// The pose of a camera that looks from a standpoint at a place of the surface (the centre of the body when `None`),
/// north up, under the Sun of the kernels. `look_at_deg` is east longitude and latitude, degrees.
///
/// # Errors
/// [`RequestError::Argument`] for a standpoint within the body, [`RequestError::Spice`] outside the ephemeris.
pub fn pose_for(
    (body, kernels): (&Body, &Kernels),
    mid_exposure: Epoch,
    standpoint: Standpoint,
    look_at_deg: Option<[f64; 2]>,
) -> Result<Pose, RequestError> {
    let spacecraft_km = standpoint.position_km();
    let ellipsoid = body.ellipsoid();
    let range_km = spacecraft_km.length();
    let direction = spacecraft_km.unit().filter(|d| range_km > ellipsoid.radius_km(*d));
    if direction.is_none() || !(range_km < 1e9) {
        let value = format!("{range_km} km from the centre");
        return Err(RequestError::argument("standpoint (above the ground, below 1e9 km)", &value));
    }
    let aim_km = look_at_deg.map_or_else(Vec3::default, |[longitude_deg, latitude_deg]| {
        let direction = LonLat::from_degrees(longitude_deg, latitude_deg).direction();
        direction * ellipsoid.radius_km(direction)
    });
    let sun_km = sun_in_body_frame(kernels, body, mid_exposure)?;
    let camera_from_body = north_up(aim_km - spacecraft_km);
    Ok(Pose { mid_exposure, spacecraft_km, sun_km, camera_from_body })
}

/// A camera without distortion: size in pixels and the field of view along its samples, degrees.
///
/// # Errors
/// [`RequestError::Argument`] for a field that is not between 0.0001 and 150 degrees.
pub fn pinhole(size_px: [usize; 2], field_deg: f64) -> Result<Camera, RequestError> {
    if !(1e-4..=150.0).contains(&field_deg) || size_px.contains(&0) {
        let value = format!("{field_deg} deg over {} x {} px", size_px[0], size_px[1]);
        return Err(RequestError::argument("field of view", &value));
    }
    let [width_px, height_px] = size_px;
    // Pixels of 10 µm.
    let pitch_mm = 0.01;
    let half_mm = 0.5 * width_px as f64 * pitch_mm;
    Ok(Camera {
        name: "pinhole".into(),
        width_px,
        height_px,
        focal_length_mm: half_mm / (0.5 * field_deg.to_radians()).tan(),
        pitch_mm: [pitch_mm; 2],
        skew_mm: [0.0; 2],
        principal_point_px: [0.5 * (width_px as f64 - 1.0), 0.5 * (height_px as f64 - 1.0)],
        distortion: Distortion::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::built_in_kernels;
    use facula_core::parse_utc;

    #[test]
    fn a_camera_above_occator_sees_it_in_the_middle_with_north_up() {
        let (body, kernels) = (Body::built_in("ceres").unwrap(), built_in_kernels().unwrap());
        let epoch = parse_utc("2015-04-15").unwrap();
        let above = Standpoint::Above { longitude_deg: 239.3, latitude_deg: 19.8, range_km: 22_000.0 };
        let pose = pose_for((&body, &kernels), epoch, above, None).unwrap();
        let camera = pinhole([201, 101], 5.0).unwrap();
        let pixel = |longitude: f64, latitude: f64| {
            let direction = LonLat::from_degrees(longitude, latitude).direction();
            let point_km = direction * body.ellipsoid().radius_km(direction);
            camera.pixel(pose.camera_from_body * (point_km - pose.spacecraft_km)).unwrap()
        };
        let (centre, north, east) = (pixel(239.3, 19.8), pixel(239.3, 29.8), pixel(249.3, 19.8));
        assert!((centre.x_px - 100.0).abs() < 1e-6 && (centre.y_px - 50.0).abs() < 1e-6, "{centre:?}");
        assert!(north.y_px < centre.y_px - 1.0 && (north.x_px - centre.x_px).abs() < 1e-6, "{north:?}");
        assert!(east.x_px > centre.x_px + 1.0, "{east:?}");
        // Case E01 of the truth set.
        assert!((pose.sun_distance_au() - 2.8928314368324997).abs() < 1e-4);
        let within = Standpoint::At(Vec3::new(100.0, 0.0, 0.0));
        assert!(pose_for((&body, &kernels), epoch, within, None).is_err());
        assert!(pinhole([10, 10], 180.0).is_err() && pinhole([0, 10], 1.0).is_err());
    }
}
