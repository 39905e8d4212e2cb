// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame of a scene, as the archive would hold it.

use facula_core::{FrameMeta, Level, Pose, Quality, Random, Raster, RawFrame};
use facula_geometry::Camera;
use facula_photometry::Detector;
use serde::{Deserialize, Serialize};

use crate::expose::{Effects, FlatField, expose};
use crate::{RenderOptions, Scene, SimulateError, render};

/// How well the attitude in labels is known, one sigma; normal and independent from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointingError {
    /// Across each image axis, pixels.
    pub shift_px: f64,
    /// About the boresight, degrees.
    pub twist_deg: f64,
}

/// What a frame is taken with.
#[derive(Debug, Clone, Copy)]
pub struct Exposure<'a> {
    /// Detector behind the filter.
    pub detector: &'a Detector,
    /// Its response per pixel.
    pub flat: &'a FlatField,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// Distance to the Sun, au.
    pub sun_distance_au: f64,
    /// Seed of the noise and of the pointing error.
    pub seed: u64,
    /// Error of the attitude told by the label.
    pub pointing: PointingError,
    /// What the detector does beside its constants.
    pub effects: Effects<'a>,
}

/// A frame and its truth.
#[derive(Debug, Clone)]
pub struct SimulatedFrame {
    /// The frame as the archive holds it; its pose is the one told by the label, pointing error included.
    pub raw: RawFrame,
    /// The pose it was really taken from.
    pub true_pose: Pose,
}

/// Takes frame number `stream` of a scene from a pose; the scene is made once for all frames. `meta` gives identifier, target, camera and filter; its
/// level becomes [`Level::Raw`], its times those of the exposure.
///
/// # Errors
/// Those of [`render`] and [`expose`].
pub fn simulate_frame(
    scene: &Scene<'_>,
    camera: &Camera,
    pose: &Pose,
    exposure: &Exposure<'_>,
    naming: (FrameMeta, u64),
) -> Result<SimulatedFrame, SimulateError> {
    let (meta, stream) = naming;
    let iof = render(scene, camera, pose, &RenderOptions::default())?.iof;
    let dn = expose(&iof, exposure, stream)?;
    let quality = Raster::filled(dn.width(), dn.height(), Quality::GOOD);
    let meta = FrameMeta {
        level: Level::Raw,
        mid_exposure: pose.mid_exposure,
        exposure_s: exposure.exposure_s,
        ..meta
    };
    let told = told_pose(pose, camera, exposure, stream);
    Ok(SimulatedFrame { raw: RawFrame { meta, dn, quality, pose: Some(told) }, true_pose: *pose })
}

fn told_pose(pose: &Pose, camera: &Camera, exposure: &Exposure<'_>, stream: u64) -> Pose {
    let mut random = Random::new(exposure.seed, 500_000 + stream);
    let ((x, y), (z, _)) = (random.normal_pair(), random.normal_pair());
    let shift_rad = exposure.pointing.shift_px * camera.ifov_rad();
    pose.turned(x * shift_rad, y * shift_rad, z * exposure.pointing.twist_deg.to_radians())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shading;
    use facula_core::{Body, Rotation, Vec3, parse_utc};
    use facula_geometry::CameraFile;
    use facula_photometry::SurfaceModel;
    use facula_shape::Shape;
    use facula_world::{World, WorldOptions};

    #[test]
    fn a_frame_of_ceres_shows_a_disc_of_the_right_size_and_brightness() {
        let body = Body::built_in("ceres").unwrap();
        let options = WorldOptions { terrain_cells: 64, survey_cells: 32, faculae: 0, ..Default::default() };
        let world = World::built_in(&body, &options);
        let file = CameraFile::built_in("dawn_fc2").unwrap();
        let camera = file.camera("F1").unwrap();
        let rows = [[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]];
        let pose = Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km: Vec3::new(14_070.0, 0.0, 0.0),
            sun_km: Vec3::new(4.3e8, 0.2e8, 0.1e8),
            camera_from_body: Rotation::from_rows(rows).unwrap(),
        };
        let flat = FlatField::new(camera.width_px, camera.height_px, 1);
        let exposure = Exposure {
            detector: &file.filter("F1").unwrap().detector,
            flat: &flat,
            exposure_s: 0.016,
            sun_distance_au: pose.sun_distance_au(),
            seed: 1,
            pointing: PointingError { shift_px: 3.0, twist_deg: 0.01 },
            effects: Effects::default(),
        };
        let meta = FrameMeta {
            id: "T".into(),
            target: "ceres".into(),
            instrument: "dawn_fc2".into(),
            filter: "F1".into(),
            mid_exposure: pose.mid_exposure,
            exposure_s: 0.0,
            detector_temperature_k: None,
            level: Level::Raw,
            keywords: Default::default(),
        };
        let shape = Shape::Mesh(world.base_mesh(64));
        let model = SurfaceModel::lommel_seeliger(world.phase_slope);
        let scene = Scene::new(&shape, &world, &model).shaded(Shading::Smooth);
        let frame = simulate_frame(&scene, &camera, &pose, &exposure, (meta, 0)).unwrap();
        let lit = frame.raw.dn.line(511).iter().filter(|dn| **dn > 800.0).count() as f64;
        // Case C05: Ceres' equator is 734.6 px wide from 14,070 km.
        assert!((lit - 734.6).abs() < 12.0, "{lit}");
        let told = frame.raw.pose.unwrap();
        let angle_px =
            told.camera_from_body.angle_to_rad(frame.true_pose.camera_from_body) / camera.ifov_rad();
        assert!(angle_px > 0.1 && angle_px < 20.0, "{angle_px}");
        assert!(frame.raw.dn.as_slice().iter().all(|dn| dn.fract() == 0.0 && *dn < 16384.0));
    }
}
