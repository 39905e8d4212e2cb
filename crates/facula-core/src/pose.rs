// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the camera was, how it was turned, and where the Sun stood, at mid exposure.

use crate::{BodyFixed, Camera, Epoch, LonLat, Rotation, Vec3};

/// Kilometres in an astronomical unit.
///
/// # Source
/// IAU 2012 resolution B2.
pub const KM_PER_AU: f64 = 149_597_870.7;

/// The attitude of a camera whose boresight points along a direction, lines growing southwards (north is up), samples
/// eastwards. Over a pole longitude 0° points right.
pub fn north_up(look: Vec3<BodyFixed>) -> Rotation<Camera, BodyFixed> {
    let prime = Vec3::new(1.0, 0.0, 0.0);
    let z = look.unit().unwrap_or(prime);
    let x = z.cross(Vec3::new(0.0, 0.0, 1.0)).unit().unwrap_or(prime);
    let y = z.cross(x);
    Rotation::from_rows([x.to_array(), y.to_array(), z.to_array()]).expect("three orthogonal unit vectors")
}

/// Position, attitude and Sun at mid exposure, all in the body-fixed reference frame of that moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Mid exposure.
    pub mid_exposure: Epoch,
    /// The camera, from the centre of the body, km.
    pub spacecraft_km: Vec3<BodyFixed>,
    /// The Sun, from the centre of the body, km.
    pub sun_km: Vec3<BodyFixed>,
    /// Turns body-fixed components into camera components.
    pub camera_from_body: Rotation<Camera, BodyFixed>,
}

impl Pose {
    /// Distance from the camera to the centre of the body, km.
    pub fn range_km(&self) -> f64 {
        self.spacecraft_km.length()
    }

    /// The place under the camera.
    pub fn sub_spacecraft(&self) -> LonLat {
        LonLat::of(self.spacecraft_km)
    }

    /// The place under the Sun.
    pub fn sub_solar(&self) -> LonLat {
        LonLat::of(self.sun_km)
    }

    /// Distance from the body to the Sun, astronomical units.
    pub fn sun_distance_au(&self) -> f64 {
        self.sun_km.length() / KM_PER_AU
    }

    /// The same pose with the camera turned by small angles about its own axes (right-handed, rad): a turn
    /// about x moves the scene along y, a turn about z turns the scene.
    pub fn turned(&self, x_rad: f64, y_rad: f64, z_rad: f64) -> Self {
        let axis = Vec3::<Camera>::new(x_rad, y_rad, z_rad);
        let turn: Rotation<Camera, Camera> =
            Rotation::about(axis, axis.length()).unwrap_or(Rotation::identity());
        Self { camera_from_body: turn * self.camera_from_body, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_utc;

    #[test]
    fn north_is_up_and_east_is_right() {
        // Over longitude 0 of the equator the camera looks along -x; east is +y, north +z.
        let attitude = north_up(Vec3::new(-2.0, 0.0, 0.0));
        let seen = |x: f64, y: f64, z: f64| attitude * Vec3::<BodyFixed>::new(x, y, z);
        assert_eq!(seen(-1.0, 0.0, 0.0).z, 1.0);
        assert_eq!(seen(0.0, 1.0, 0.0).x, 1.0);
        assert_eq!(seen(0.0, 0.0, 1.0).y, -1.0);
        let over_pole = north_up(Vec3::new(0.0, 0.0, -1.0)) * Vec3::<BodyFixed>::new(1.0, 0.0, 0.0);
        assert_eq!(over_pole.x, 1.0);
    }

    #[test]
    fn a_turn_about_x_moves_the_scene_along_y() {
        let pose = Pose {
            mid_exposure: parse_utc("2015-04-15").expect("utc"),
            spacecraft_km: Vec3::new(0.0, 0.0, -14_070.0),
            sun_km: Vec3::new(0.0, 1.0, -4.3e8),
            camera_from_body: Rotation::identity(),
        };
        let look = pose.turned(1e-3, 0.0, 0.0).camera_from_body * Vec3::new(0.0, 0.0, 1.0);
        assert!((look.y - 1e-3).abs() < 1e-9 && look.x.abs() < 1e-12, "{look:?}");
        let look = pose.turned(0.0, 1e-3, 0.0).camera_from_body * Vec3::new(0.0, 0.0, 1.0);
        assert!((look.x + 1e-3).abs() < 1e-9 && look.y.abs() < 1e-12, "{look:?}");
        assert_eq!(pose.turned(0.0, 0.0, 0.0), pose);
    }
}
