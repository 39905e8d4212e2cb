// SPDX-License-Identifier: MIT OR Apache-2.0
//! The geometry of one frame as support data hold it: camera, position, attitude, body orientation, Sun.
//!
//! In: an [`Isd`] of a frame camera, or a [`Pose`]. Out: the other.
//!
//! Two conventions meet here. [`FrameGeometry::pose`] takes an ISD as it is, as usgscsm does: everything at the
//! centre time. [`FrameGeometry::from_pose`] keeps the ground under each pixel of our own pose, whose body is turned
//! as it was when the light left it (`facula_spice::pose_from_kernels`): the ISD it makes has body rotation and Sun
//! of that moment. ALE's own choice (LT+S of the spacecraft seen from the body, the body turned as at mid exposure)
//! is in `export`; the two put Dawn 20 m apart over Ceres.

use facula_core::{Body, BodyFixed, Camera as CameraAxes, Icrf, Pose, Rotation, Unit, Vec3};
use facula_core::{Epoch, epoch_from_et_s, et_s};
use serde_json::{Map, Value, json};

use super::{
    Isd, LineScale, PositionOf, PositionTable, RotationOf, RotationTable, SensorKind, problem, sensor,
};
use crate::{Camera, GeometryError};

/// Speed of light, km/s (exact).
const C_KM_S: f64 = 299_792.458;
/// Version of the camera model that ALE writes for frame cameras.
const CAMERA_VERSION: u32 = 2;
/// Heights between which ALE expects the ground, m.
const REFERENCE_HEIGHT_M: i32 = 1000;

/// Geometry of one frame, J2000 components, at mid exposure.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameGeometry {
    /// The camera.
    pub camera: Camera,
    /// Mid exposure (key `center_ephemeris_time`).
    pub mid_exposure: Epoch,
    /// The camera from the centre of the body, km.
    pub position_km: Vec3<Icrf>,
    /// Its velocity, km/s; unknown for a pose.
    pub velocity_km_s: Option<Vec3<Icrf>>,
    /// The Sun from the centre of the body, km.
    pub sun_km: Vec3<Icrf>,
    /// Its velocity, km/s.
    pub sun_velocity_km_s: Option<Vec3<Icrf>>,
    /// Turns J2000 components into those of the last time-dependent frame of the instrument.
    pub instrument_from_icrf: Rotation<CameraAxes, Icrf>,
    /// Turns components of that frame into camera components.
    pub camera_from_instrument: Rotation<CameraAxes, CameraAxes>,
    /// Turns J2000 components into body-fixed components.
    pub body_from_icrf: Rotation<BodyFixed, Icrf>,
    /// Angular velocities of instrument and body, rad/s, J2000 components.
    pub angular_velocities: [Option<Vec3<Icrf>>; 2],
    /// Largest and smallest semi-axis of the body, km.
    pub semi_axes_km: [f64; 2],
    /// Names and frame numbers, for the reader of the ISD.
    pub names: Names,
}

/// What an ISD tells about names and frames.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Names {
    /// Spacecraft (`DAWN`).
    pub platform: String,
    /// Camera (`FRAMING CAMERA 2`).
    pub sensor: String,
    /// Frame numbers from the sensor to the first time-dependent frame.
    pub constant_frames: Vec<i32>,
    /// Frame numbers from there to J2000.
    pub instrument_frames: Vec<i32>,
    /// Frame numbers from the body-fixed frame to J2000.
    pub body_frames: Vec<i32>,
}

impl FrameGeometry {
    /// Reads the ISD of a frame camera.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] names the key that is missing, wrong, or not supported (tables of more than one time
    /// belong to line scanners).
    pub fn from_isd(isd: &Isd) -> Result<Self, GeometryError> {
        if isd.kind() != SensorKind::Frame {
            return Err(problem(
                "name_model",
                "is no frame camera; only frame cameras have a camera model here",
            ));
        }
        let instrument = isd.rotations(RotationOf::Instrument)?;
        let body = isd.rotations(RotationOf::Body)?;
        let (position_km, velocity_km_s) = single_state(isd, PositionOf::Instrument)?;
        let (sun_km, sun_velocity_km_s) = single_state(isd, PositionOf::Sun)?;
        let text = |key: &str| isd.root().get(key).and_then(Value::as_str).unwrap_or_default().to_string();
        Ok(Self {
            camera: isd.camera()?,
            mid_exposure: epoch_from_et_s(isd.number("center_ephemeris_time")?),
            position_km,
            velocity_km_s,
            sun_km,
            sun_velocity_km_s,
            instrument_from_icrf: single_rotation(&instrument, RotationOf::Instrument)?,
            camera_from_instrument: instrument.constant_rotation,
            body_from_icrf: single_rotation(&body, RotationOf::Body)?,
            angular_velocities: [&instrument, &body]
                .map(|table| table.angular_velocities_rad_s.first().map(|v| Vec3::from_array(*v))),
            semi_axes_km: isd.semi_axes_km()?,
            names: Names {
                platform: text("name_platform"),
                sensor: text("name_sensor"),
                constant_frames: instrument.constant_frames,
                instrument_frames: instrument.time_dependent_frames,
                body_frames: body.time_dependent_frames,
            },
        })
    }

    /// The same ground under each pixel as our own pose has; velocities are not known.
    pub fn from_pose(camera: &Camera, pose: &Pose, body: &Body) -> Self {
        let emission = pose.mid_exposure - pose.range_km() / C_KM_S * Unit::Second;
        let body_from_icrf = body.body_from_icrf(emission);
        let icrf_from_body = body_from_icrf.inverse();
        let [a_km, _, c_km] = body.radii_km;
        Self {
            camera: camera.clone(),
            mid_exposure: pose.mid_exposure,
            position_km: icrf_from_body * pose.spacecraft_km,
            velocity_km_s: None,
            sun_km: icrf_from_body * pose.sun_km,
            sun_velocity_km_s: None,
            instrument_from_icrf: pose.camera_from_body * body_from_icrf,
            camera_from_instrument: Rotation::identity(),
            body_from_icrf,
            angular_velocities: [None, None],
            semi_axes_km: [a_km, c_km],
            names: Names {
                sensor: camera.name.clone(),
                body_frames: vec![body.naif_id, 1],
                ..Names::default()
            },
        }
    }

    /// The pose at the centre time: position, attitude and Sun turned into the body-fixed frame of the ISD.
    pub fn pose(&self) -> Pose {
        let camera_from_icrf = self.camera_from_instrument * self.instrument_from_icrf;
        Pose {
            mid_exposure: self.mid_exposure,
            spacecraft_km: self.body_from_icrf * self.position_km,
            sun_km: self.body_from_icrf * self.sun_km,
            camera_from_body: camera_from_icrf * self.body_from_icrf.inverse(),
        }
    }

    /// The ISD of this geometry, for usgscsm, ISIS and the Ames Stereo Pipeline.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] for a distortion model the format does not know.
    pub fn to_isd(&self, line_scale: LineScale) -> Result<Isd, GeometryError> {
        let mut root = Map::new();
        let et_s = et_s(self.mid_exposure);
        root.insert("isis_camera_version".into(), json!(CAMERA_VERSION));
        root.insert("name_model".into(), json!("USGS_ASTRO_FRAME_SENSOR_MODEL"));
        root.insert("name_platform".into(), json!(self.names.platform));
        root.insert("name_sensor".into(), json!(self.names.sensor));
        root.insert("center_ephemeris_time".into(), json!(et_s));
        let height =
            json!({ "maxheight": REFERENCE_HEIGHT_M, "minheight": -REFERENCE_HEIGHT_M, "unit": "m" });
        root.insert("reference_height".into(), height);
        let [a_km, c_km] = self.semi_axes_km;
        root.insert("radii".into(), json!({ "semimajor": a_km, "semiminor": c_km, "unit": "km" }));
        sensor::write(&mut root, &self.camera, line_scale)?;
        let state = |position_km: Vec3<Icrf>, velocity_km_s: Option<Vec3<Icrf>>| {
            position_json(et_s, position_km.to_array(), velocity_km_s.map(Vec3::to_array))
        };
        let position = state(self.position_km, self.velocity_km_s);
        root.insert(PositionOf::Instrument.key().into(), position);
        root.insert(PositionOf::Sun.key().into(), state(self.sun_km, self.sun_velocity_km_s));
        let mut pointing = self.rotation_json(self.instrument_from_icrf.to_quaternion(), 0);
        pointing["time_dependent_frames"] = json!(self.names.instrument_frames);
        pointing["constant_frames"] = json!(self.names.constant_frames);
        pointing["constant_rotation"] = json!(self.camera_from_instrument.rows().concat());
        root.insert(RotationOf::Instrument.key().into(), pointing);
        let mut body = self.rotation_json(self.body_from_icrf.to_quaternion(), 1);
        body["time_dependent_frames"] = json!(self.names.body_frames);
        root.insert(RotationOf::Body.key().into(), body);
        Ok(Isd { root })
    }

    fn rotation_json(&self, quaternion: [f64; 4], which: usize) -> Value {
        let et_s = et_s(self.mid_exposure);
        let mut table = json!({
            "reference_frame": 1,
            "ck_table_start_time": et_s,
            "ck_table_end_time": et_s,
            "ck_table_original_size": 1,
            "ephemeris_times": [et_s],
            "quaternions": [quaternion],
        });
        if let Some(rate_rad_s) = self.angular_velocities[which] {
            table["angular_velocities"] = json!([rate_rad_s.to_array()]);
        }
        table
    }
}

fn position_json(et_s: f64, position_km: [f64; 3], velocity_km_s: Option<[f64; 3]>) -> Value {
    let mut table = json!({
        "reference_frame": 1,
        "spk_table_start_time": et_s,
        "spk_table_end_time": et_s,
        "spk_table_original_size": 1,
        "ephemeris_times": [et_s],
        "positions": [position_km],
    });
    if let Some(velocity_km_s) = velocity_km_s {
        table["velocities"] = json!([velocity_km_s]);
    }
    table
}

fn single_state(isd: &Isd, of: PositionOf) -> Result<(Vec3<Icrf>, Option<Vec3<Icrf>>), GeometryError> {
    let PositionTable { positions_km, velocities_km_s, .. } = isd.positions(of)?;
    match positions_km[..] {
        [position_km] => {
            let velocity_km_s = velocities_km_s.first().map(|v| Vec3::from_array(*v));
            Ok((Vec3::from_array(position_km), velocity_km_s))
        }
        _ => Err(problem(of.key(), format!("has {} times; a frame camera has one", positions_km.len()))),
    }
}

fn single_rotation<To>(table: &RotationTable, of: RotationOf) -> Result<Rotation<To, Icrf>, GeometryError> {
    match table.quaternions[..] {
        [quaternion] => Rotation::from_quaternion(quaternion)
            .ok_or_else(|| problem(of.key(), format!("quaternion {quaternion:?} has no direction"))),
        _ => Err(problem(of.key(), format!("has {} times; a frame camera has one", table.quaternions.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CameraFile;
    use facula_core::{PixelPos, parse_utc};
    use proptest::prelude::*;

    /// Rounding of a position through two rotations, km: a tenth of a micrometre.
    const SAME_KM: f64 = 1e-9;

    fn pose(angles_rad: [f64; 3]) -> Pose {
        let axis = Vec3::new(angles_rad[0], angles_rad[1], angles_rad[2] + 1e-3);
        Pose {
            mid_exposure: parse_utc("2015-06-19T16:15:48").unwrap(),
            spacecraft_km: Vec3::new(700.0, -240.0, -4800.0),
            sun_km: Vec3::new(1e8, -4e8, 3e7),
            camera_from_body: Rotation::about(axis, axis.length()).unwrap(),
        }
    }

    fn camera() -> Camera {
        CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
    }

    #[test]
    fn frames_of_several_times_and_scanners_are_refused() {
        let body = Body::built_in("ceres").unwrap();
        let isd = FrameGeometry::from_pose(&camera(), &pose([0.3, 0.1, 0.2]), &body)
            .to_isd(LineScale::OfCamera)
            .unwrap();
        let mut two = isd.clone();
        let table = json!({ "ephemeris_times": [1, 2], "positions": [[1, 2, 3], [1, 2, 3]] });
        two.set("sun_position", table);
        assert!(FrameGeometry::from_isd(&two).unwrap_err().to_string().contains("2 times"));
        let mut scanner = isd;
        scanner.set("name_model", json!("USGS_ASTRO_LINE_SCANNER_SENSOR_MODEL"));
        assert!(FrameGeometry::from_isd(&scanner).unwrap_err().to_string().contains("no frame camera"));
    }

    proptest! {
        #[test]
        fn a_pose_comes_back_from_its_support_data(
            x in -1.5..1.5f64, y in -1.5..1.5f64, z in -1.5..1.5f64, px in 0.0..1023.0f64, py in 0.0..1023.0f64,
        ) {
            let body = Body::built_in("ceres").unwrap();
            let pose = pose([x, y, z]);
            let isd = FrameGeometry::from_pose(&camera(), &pose, &body).to_isd(LineScale::OfCamera).unwrap();
            let back = FrameGeometry::from_isd(&Isd::from_json(&isd.to_json()).unwrap()).unwrap();
            prop_assert!((back.pose().spacecraft_km - pose.spacecraft_km).length() < SAME_KM);
            let turn = back.pose().camera_from_body.angle_to_rad(pose.camera_from_body);
            prop_assert!(turn < 1e-14, "{}", turn);
            let at = PixelPos::new(px, py);
            prop_assert!((back.camera.look(at) - camera().look(at)).length() < 1e-14);
            prop_assert_eq!(back.velocity_km_s, None);
        }
    }
}
