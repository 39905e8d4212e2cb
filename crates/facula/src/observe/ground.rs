// SPDX-License-Identifier: MIT OR Apache-2.0
//! What pixels of a placed frame see, and a summary of its geometry.

use facula_core::{BodyFixed, LonLat, PixelPos, Vec3, et_s, format_utc};
use facula_geometry::{Ray, Shape, SurfacePoint, Target, View, Visibility};
use facula_spice::{Correction, Kernels};
use serde::Serialize;

use super::frame::{GeometrySource, PlacedFrame, constants_source};
use crate::RequestError;

/// The geometry of a frame as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameSummary {
    /// Product identifier.
    pub frame: String,
    /// Body.
    pub target: String,
    /// Camera and filter.
    pub camera: String,
    /// Filter.
    pub filter: String,
    /// Mid exposure, UTC.
    pub mid_exposure_utc: String,
    /// Mid exposure, TDB seconds past J2000.
    pub mid_exposure_et_s: f64,
    /// Where the geometry comes from.
    pub geometry: GeometrySource,
    /// Where the radii and the rotation of the body come from.
    pub constants: String,
    /// Semi-axes of the body's ellipsoid, km.
    pub radii_km: [f64; 3],
    /// Camera from the body's centre, body-fixed, km.
    pub spacecraft_km: [f64; 3],
    /// Distance of the camera from the body's centre, km.
    pub range_km: f64,
    /// Sub-spacecraft point, east longitude and planetocentric latitude, degrees.
    pub sub_spacecraft_deg: [f64; 2],
    /// Sub-solar point, east longitude and planetocentric latitude, degrees.
    pub sub_solar_deg: [f64; 2],
    /// Distance of the Sun, au.
    pub sun_distance_au: f64,
    /// Attitude: scalar-first quaternion that turns body-fixed components to camera components.
    pub quaternion: [f64; 4],
    /// What the pixels asked for see, the boresight first.
    pub pixels: Vec<PixelGround>,
}

/// What a pixel sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PixelGround {
    /// Sample, 0 the centre of the first.
    pub x_px: f64,
    /// Line, 0 the centre of the first stored one.
    pub y_px: f64,
    /// The ground; none when the line of sight misses the body.
    pub ground: Option<Ground>,
}

/// A place and how it is lit and seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ground {
    /// East longitude, degrees.
    pub longitude_deg: f64,
    /// Planetocentric latitude, degrees.
    pub latitude_deg: f64,
    /// The point, body-fixed, km.
    pub point_km: [f64; 3],
    /// Distance from the camera, km.
    pub range_km: f64,
    /// Incidence angle, degrees.
    pub incidence_deg: f64,
    /// Emission angle, degrees.
    pub emission_deg: f64,
    /// Phase angle, degrees.
    pub phase_deg: f64,
    /// Size of a pixel across the line of sight, metres.
    pub scale_m: f64,
    /// Whether the terrain hides the Sun, or it is night.
    pub shadow: bool,
}

impl PlacedFrame {
    /// The frame's geometry, with the boresight and some pixels.
    ///
    /// # Errors
    /// [`RequestError`] for what the kernels do not cover.
    pub fn summary(&self, kernels: &Kernels, pixels: &[PixelPos]) -> Result<FrameSummary, RequestError> {
        let [x_px, y_px] = self.camera.principal_point_px;
        let boresight = PixelPos { x_px, y_px };
        let place = |point: LonLat| [point.longitude_deg(), point.latitude_deg()];
        let meta = &self.header.meta;
        let at: Vec<PixelPos> = std::iter::once(boresight).chain(pixels.iter().copied()).collect();
        let pixels: Result<Vec<_>, _> = at.iter().map(|at| self.pixel(kernels, *at)).collect();
        Ok(FrameSummary {
            frame: meta.id.clone(),
            target: self.body.name.clone(),
            camera: self.camera.name.clone(),
            filter: meta.filter.clone(),
            mid_exposure_utc: format_utc(self.pose.mid_exposure),
            mid_exposure_et_s: et_s(self.pose.mid_exposure),
            geometry: self.source,
            constants: constants_source(kernels).unwrap_or_default(),
            radii_km: self.body.radii_km,
            spacecraft_km: self.pose.spacecraft_km.to_array(),
            range_km: self.pose.range_km(),
            sub_spacecraft_deg: place(self.pose.sub_spacecraft()),
            sub_solar_deg: place(self.pose.sub_solar()),
            sun_distance_au: self.pose.sun_distance_au(),
            quaternion: self.pose.camera_from_body.to_quaternion(),
            pixels: pixels?,
        })
    }

    fn pixel(&self, kernels: &Kernels, at: PixelPos) -> Result<PixelGround, RequestError> {
        let ground = match (&self.camera_frame, self.spacecraft) {
            (Some(frame), Some(observer)) => self.ground_of_kernels(kernels, (frame, observer), at)?,
            _ => self.ground_of_pose(at),
        };
        Ok(PixelGround { x_px: at.x_px, y_px: at.y_px, ground })
    }

    /// With the light time to the point itself, as SPICE's `SINCPT` and `ILUMIN` have it (the pose takes that to the
    /// body's centre: metres at Ceres).
    fn ground_of_kernels(
        &self,
        kernels: &Kernels,
        (frame, observer): (&str, i32),
        at: PixelPos,
    ) -> Result<Option<Ground>, RequestError> {
        let epoch = self.pose.mid_exposure;
        let view = View { kernels, observer, epoch, correction: Correction::LightTimeStellar };
        let target = Target::from_kernels(kernels, self.body.naif_id, &self.body_frame)?;
        let target =
            if matches!(self.shape, Shape::Ellipsoid(_)) { target } else { target.with_shape(&self.shape) };
        let ray = Ray { frame: frame.to_string(), direction: self.camera.look(at).to_array() };
        let Some(seen) = view.surface_intercept(&target, &ray)? else { return Ok(None) };
        let point = SurfacePoint { point_km: seen.point_km, normal: seen.normal };
        let light = view.illumination(&target, &point)?;
        let place = LonLat::of(seen.point_km);
        Ok(Some(Ground {
            longitude_deg: place.longitude_deg(),
            latitude_deg: place.latitude_deg(),
            point_km: seen.point_km.to_array(),
            range_km: seen.range_km(),
            incidence_deg: light.incidence_rad.to_degrees(),
            emission_deg: light.emission_rad.to_degrees(),
            phase_deg: light.phase_rad.to_degrees(),
            scale_m: 1e3 * seen.range_km() * self.camera.ifov_rad(),
            shadow: light.lit != Visibility::Open,
        }))
    }

    fn ground_of_pose(&self, at: PixelPos) -> Option<Ground> {
        let look: Vec3<BodyFixed> = self.pose.camera_from_body.inverse() * self.camera.look(at);
        let hit = self.shape.intersect(self.pose.spacecraft_km, look);
        hit.map(|hit| {
            let point = SurfacePoint { point_km: hit.point_km, normal: hit.normal };
            let place = LonLat::of(hit.point_km);
            let (to_sun, to_camera) =
                (self.pose.sun_km - hit.point_km, self.pose.spacecraft_km - hit.point_km);
            let night = hit.normal.dot(to_sun) <= 0.0;
            Ground {
                longitude_deg: place.longitude_deg(),
                latitude_deg: place.latitude_deg(),
                point_km: hit.point_km.to_array(),
                range_km: hit.distance_km,
                incidence_deg: hit.normal.angle_rad(to_sun).to_degrees(),
                emission_deg: hit.normal.angle_rad(to_camera).to_degrees(),
                phase_deg: to_sun.angle_rad(to_camera).to_degrees(),
                scale_m: 1e3 * hit.distance_km * self.camera.ifov_rad(),
                shadow: night || self.shape.hidden(&point, self.pose.sun_km),
            }
        })
    }
}
