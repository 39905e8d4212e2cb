// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spots on a calibrated frame, without a map.
//!
//! Input: a [`Shot`], the shape, and, where the frame is in I/F, a photometric model that takes out the shading of the
//! smooth body. Night, shadow, body edge and flagged pixels are left out. Output: spots in pixels and on the ground, with
//! the covariance that the pixel error has there. The search is that of maps, on a plane of pixels.

use facula_core::{Ellipsoid, Level, LonLat, MapGrid, PixelPos, Raster, Reporter, Vec3};
use facula_geometry::{Shape, Shot, backplanes};
use facula_photometry::{LightAngles, SurfaceModel};
use rayon::prelude::*;

use crate::detect::window::Frame;
use crate::detect::{DetectOptions, SpotMap, detect};
use crate::{Spot, SpotError, name_spots};

/// What counts as a spot on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameOptions {
    /// Thresholds, as on maps. Its lengths and its direction to the Sun are not used: those below and the shot's own are.
    pub detect: DetectOptions,
    /// Widest filter, full width at half maximum, pixels.
    pub largest_px: f64,
    /// Size of the windows of the background, pixels.
    pub background_px: f64,
    /// Size of the windows of the noise, pixels.
    pub noise_px: f64,
    /// Full width at half maximum of the camera's point-spread function, pixels.
    pub psf_px: f64,
    /// Error of the pose in the image, one sigma in one direction, pixels.
    pub pointing_sigma_px: f64,
    /// Pixels seen at larger emission angles are left out, rad.
    pub largest_emission_rad: f64,
    /// Pixels lit at larger incidence angles are left out, rad.
    pub largest_incidence_rad: f64,
}

impl Default for FrameOptions {
    fn default() -> Self {
        const RAD: f64 = std::f64::consts::PI / 180.0;
        Self {
            detect: DetectOptions::default(),
            largest_px: 100.0,
            background_px: 128.0,
            noise_px: 256.0,
            psf_px: 1.3,
            pointing_sigma_px: 0.5,
            largest_emission_rad: 75.0 * RAD,
            largest_incidence_rad: 80.0 * RAD,
        }
    }
}

/// A spot on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameSpot {
    /// Centroid in the frame.
    pub at: PixelPos,
    /// One-sigma error of the centroid in the frame in one direction (the pose not included), px.
    pub position_sigma_px: f64,
    /// Covariance of the place on the ground, east and north, km²: centroid and pose.
    pub covariance_km2: [[f64; 2]; 2],
    /// Size of a pixel on the ground: square root of its area, km.
    pub pixel_km: f64,
    /// The spot on the ground. Its albedos are normal albedos when a model was given, else I/F.
    pub spot: Spot,
}

/// A plane of pixels as a piece of a sphere so large that it is flat: one pixel is one kilometre on it.
const PIXEL_RAD: f64 = 1e-6;

/// Finds the spots of a frame, most significant first.
///
/// # Errors
/// [`SpotError::Argument`] when sizes differ or an option is out of range.
pub fn detect_frame(
    shot: &Shot,
    shape: &Shape,
    surface: Option<(&SurfaceModel, &Ellipsoid)>,
    options: &FrameOptions,
    report: &dyn Reporter,
) -> Result<Vec<FrameSpot>, SpotError> {
    let albedo = flattened(shot, shape, surface.map(|s| s.0), options);
    let (width, height) = (albedo.width(), albedo.height());
    let grid = MapGrid {
        width,
        height,
        west_rad: 1.0,
        north_rad: 0.5 * height as f64 * PIXEL_RAD,
        step_rad: PIXEL_RAD,
    };
    let radius_km = 1.0 / PIXEL_RAD;
    let plane = Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km };
    let map = SpotMap {
        grid,
        albedo: &albedo,
        quality: &shot.frame.quality,
        sigma: None,
        coverage: None,
        ellipsoid: plane,
        effective_psf_px: options.psf_px,
    };
    let in_pixels = DetectOptions {
        largest_km: options.largest_px,
        background_km: options.background_px,
        noise_km: options.noise_px,
        sun_azimuth_rad: sun_azimuth_rad(shot, shape),
        features: Vec::new(),
        ..options.detect.clone()
    };
    let spots = detect(&map, &in_pixels, report)?;
    let mut found: Vec<FrameSpot> = spots
        .into_iter()
        .filter_map(|spot| on_ground(spot, &grid, (shot, shape), options.pointing_sigma_px))
        .collect();
    if let Some((_, ellipsoid)) = surface {
        for spot in &mut found {
            name_spots(std::slice::from_mut(&mut spot.spot), &options.detect.features, ellipsoid);
        }
    }
    Ok(found)
}

/// The frame without the shading of the smooth body; NaN where it is night, shadow, edge or sky.
fn flattened(
    shot: &Shot,
    shape: &Shape,
    model: Option<&SurfaceModel>,
    options: &FrameOptions,
) -> Raster<f32> {
    let planes = backplanes(&shot.camera, &shot.pose, shape);
    let angles = |plane: &Raster<f32>, k: usize| f64::from(plane.as_slice()[k]).to_radians_at_edge();
    let model = model.filter(|_| shot.frame.meta.level == Level::IOverF);
    let value = |k: usize| {
        let iof = shot.frame.iof.as_slice()[k];
        let (incidence_rad, emission_rad) =
            (angles(&planes.incidence_deg, k), angles(&planes.emission_deg, k));
        let seen =
            incidence_rad <= options.largest_incidence_rad && emission_rad <= options.largest_emission_rad;
        if !seen || planes.shadow.as_slice()[k] > 0.5 {
            return f32::NAN;
        }
        let light = LightAngles {
            cos_incidence: incidence_rad.cos(),
            cos_emission: emission_rad.cos(),
            phase_rad: angles(&planes.phase_deg, k),
        };
        model.map_or(iof, |model| iof / model.iof_per_albedo(light) as f32)
    };
    let (width, height) = (shot.frame.iof.width(), shot.frame.iof.height());
    let same = planes.incidence_deg.as_slice().len() == width * height;
    let values =
        (0..width * height).into_par_iter().map(|k| if same { value(k) } else { f32::NAN }).collect();
    Raster::from_vec(width, height, values).unwrap_or_else(|| Raster::filled(width, height, f32::NAN))
}

/// Backplanes are in degrees, as they go to files.
trait Degrees {
    fn to_radians_at_edge(self) -> f64;
}

impl Degrees for f64 {
    fn to_radians_at_edge(self) -> f64 {
        self * (std::f64::consts::PI / 180.0)
    }
}

/// Direction to the Sun in the image at the middle of the frame (or under the camera), clockwise from up.
fn sun_azimuth_rad(shot: &Shot, shape: &Shape) -> Option<f64> {
    let (width, height) = (shot.frame.iof.width() as f64, shot.frame.iof.height() as f64);
    let middle = shot.ground(shape, PixelPos::new(0.5 * width, 0.5 * height)).map(|hit| hit.point_km);
    let point_km = middle.or_else(|| Some(shape.surface(shot.pose.spacecraft_km.unit()?)?.point_km))?;
    let sun = (shot.pose.sun_km - point_km).unit()?;
    let step_km = 0.01 * point_km.length();
    let (from, to) = (shot.pixel_of(point_km)?, shot.pixel_of(point_km + sun * step_km)?);
    let (right, up) = (to.x_px - from.x_px, from.y_px - to.y_px);
    (right.hypot(up) > 0.0).then(|| right.atan2(up))
}

/// The spot of the plane of pixels, on the body.
fn on_ground(
    flat: Spot,
    grid: &MapGrid,
    (shot, shape): (&Shot, &Shape),
    pointing_sigma_px: f64,
) -> Option<FrameSpot> {
    let ground_km = |at: PixelPos| shot.ground(shape, at).map(|hit| hit.point_km);
    let place = |flat: &LonLat| grid.position(*flat).and_then(ground_km).map(LonLat::of);
    let at = grid.position(flat.place)?;
    let middle_km = ground_km(at)?;
    let centre = LonLat::of(middle_km);
    let frame = Frame::at(centre, &sphere(middle_km));
    let step = |dx: f64, dy: f64| -> Option<[f64; 2]> {
        Some(frame.offset_km(LonLat::of(ground_km(PixelPos::new(at.x_px + dx, at.y_px + dy))?)))
    };
    let (along, down) = (step(0.5, 0.0)?, step(0.0, 0.5)?);
    let (back, up) = (step(-0.5, 0.0)?, step(0.0, -0.5)?);
    let jacobian = [[along[0] - back[0], down[0] - up[0]], [along[1] - back[1], down[1] - up[1]]];
    let pixel_km2 = (jacobian[0][0] * jacobian[1][1] - jacobian[0][1] * jacobian[1][0]).abs();
    let (position_sigma_px, pixel_km) = (flat.position_sigma_km, pixel_km2.sqrt());
    let variance_px2 = position_sigma_px.powi(2) + pointing_sigma_px.powi(2);
    let product = |a: [f64; 2], b: [f64; 2]| variance_px2 * (a[0] * b[0] + a[1] * b[1]);
    let [east, north] = jacobian;
    let covariance_km2 =
        [[product(east, east), product(east, north)], [product(north, east), product(north, north)]];
    let spot = Spot {
        place: centre,
        position_sigma_km: (0.5 * (covariance_km2[0][0] + covariance_km2[1][1])).sqrt(),
        area_km2: flat.area_km2 * pixel_km2,
        diameter_km: flat.diameter_km * pixel_km,
        disc_diameter_km: flat.disc_diameter_km * pixel_km,
        disc_diameter_low_km: flat.disc_diameter_low_km * pixel_km,
        disc_diameter_high_km: flat.disc_diameter_high_km * pixel_km,
        excess_km2: flat.excess_km2 * pixel_km2,
        scale_km: flat.scale_km * pixel_km,
        outline: flat.outline.iter().filter_map(place).collect(),
        footprint: flat.footprint.iter().filter_map(place).collect(),
        frames: Some(1),
        ..flat
    };
    Some(FrameSpot { at, position_sigma_px, covariance_km2, pixel_km, spot })
}

/// A sphere through a point.
fn sphere(point_km: Vec3<facula_core::BodyFixed>) -> Ellipsoid {
    let radius_km = point_km.length();
    Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km }
}
