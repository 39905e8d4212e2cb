// SPDX-License-Identifier: MIT OR Apache-2.0
//! One shot to the brightness of every spot in it.
//!
//! The aperture reaches past the spot by the point-spread function; the light above the surroundings in it is put
//! back on the spot's own area. So frames of different scales give the same number, at the price of more noise for
//! spots smaller than a pixel.

use std::f64::consts::{PI, TAU};

use facula_core::{BodyFixed, Level, LonLat, PixelPos, Pose, Vec3};
use facula_geometry::{Shape, Shot, SurfacePoint};

use super::target::LightTarget;
use super::{Illumination, LightOptions, LightPoint};
use crate::Spot;
use crate::detect::tiles::{median, robust_sigma};
use crate::detect::window::Frame;

/// A point is left out when more than this fraction of its aperture has no usable pixel.
const LARGEST_GAP: f64 = 0.1;
/// Samples across the radius of an aperture.
const SAMPLES_PER_RADIUS: f64 = 10.0;

/// The brightness of every spot that faces the camera in a shot; points whose pixels are hidden, flagged or
/// outside the frame are left out. Frames that are not in I/F give none.
pub fn light_points(spots: &[Spot], shot: &Shot, shape: &Shape, options: &LightOptions) -> Vec<LightPoint> {
    let targets: Vec<LightTarget> = spots.iter().map(LightTarget::of).collect();
    target_points(&targets, shot, shape, options)
}

/// The same for places that are no spots of a catalogue.
pub fn target_points(
    targets: &[LightTarget],
    shot: &Shot,
    shape: &Shape,
    options: &LightOptions,
) -> Vec<LightPoint> {
    if shot.frame.meta.level != Level::IOverF {
        return Vec::new();
    }
    targets.iter().filter_map(|target| light_point(target, shot, shape, options)).collect()
}

fn light_point(
    target: &LightTarget,
    shot: &Shot,
    shape: &Shape,
    options: &LightOptions,
) -> Option<LightPoint> {
    let surface = shape.surface(target.place.direction())?;
    let ground = match &options.smooth {
        Some(smooth) => SurfacePoint { normal: smooth.normal(surface.point_km), ..surface },
        None => surface,
    };
    let angles = shot.light(&ground);
    let (incidence_rad, emission_rad) = (acos(angles.cos_incidence), acos(angles.cos_emission));
    let seen = emission_rad <= options.largest_emission_rad && incidence_rad <= options.largest_incidence_rad;
    if !seen || shape.hidden(&ground, shot.pose.spacecraft_km) {
        return None;
    }
    let pixel_km = (ground.point_km - shot.pose.spacecraft_km).length() * shot.camera.ifov_rad();
    let light = Aperture::over(target, &ground, pixel_km / angles.cos_emission, options)
        .measure(shot, shape, options)?;
    let illumination = if incidence_rad >= 0.5 * PI || shape.shadowed(&ground, shot.pose.sun_km) {
        Illumination::Night
    } else if incidence_rad >= options.grazing_rad {
        Illumination::Grazing
    } else {
        Illumination::Lit
    };
    Some(LightPoint {
        spot_id: target.id.clone(),
        frame_id: shot.frame.meta.id.clone(),
        epoch: shot.pose.mid_exposure,
        iof: light.iof,
        iof_sigma: light.sigma,
        surroundings_iof: light.surroundings,
        surroundings_sigma: light.surroundings_sigma,
        incidence_rad,
        emission_rad,
        phase_rad: angles.phase_rad,
        sun_azimuth_rad: azimuth_rad(&ground, shot.pose.sun_km),
        camera_azimuth_rad: azimuth_rad(&ground, shot.pose.spacecraft_km),
        local_time_h: local_time_h(target.place, &shot.pose),
        illumination,
        pixel_km,
    })
}

/// The angle of a cosine that came from unit vectors: good to 1e-8 rad, which no light curve notices.
fn acos(cosine: f64) -> f64 {
    (1.0 - cosine * cosine).max(0.0).sqrt().atan2(cosine)
}

/// Circles on the ground around a spot.
struct Aperture {
    frame: Frame,
    area_km2: f64,
    inner_km: f64,
    ring_km: [f64; 2],
    step_km: f64,
    pixel_area_km2: f64,
}

struct Light {
    iof: f64,
    sigma: f64,
    surroundings: f64,
    surroundings_sigma: f64,
}

impl Aperture {
    /// `pixel_km` is the size of a pixel along the slant of the ground.
    fn over(target: &LightTarget, ground: &SurfacePoint, pixel_km: f64, options: &LightOptions) -> Self {
        let radius_km = ground.point_km.length();
        let sphere = facula_core::Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km };
        let frame = Frame::at(target.place, &sphere);
        let equivalent_km = 0.5 * target.diameter_km;
        let offset = |place| {
            let [east_km, north_km] = frame.offset_km(place);
            east_km.hypot(north_km)
        };
        let farthest_km = target.footprint.iter().map(|p| offset(*p)).fold(equivalent_km, f64::max);
        let inner_km = farthest_km.min(2.0 * equivalent_km) + options.skirt_px * pixel_km;
        let ring_km = [inner_km + 0.5 * pixel_km, 1.5 * inner_km + 2.0 * pixel_km];
        Self {
            frame,
            area_km2: target.area_km2,
            inner_km,
            ring_km,
            step_km: ring_km[1] / (2.0 * SAMPLES_PER_RADIUS),
            pixel_area_km2: pixel_km * pixel_km,
        }
    }

    /// Sums over equal steps of ground, in one pass for aperture and ring (hence the length). `None` when too many have no usable pixel.
    fn measure(&self, shot: &Shot, shape: &Shape, options: &LightOptions) -> Option<Light> {
        let half = (self.ring_km[1] / self.step_km).ceil() as i64;
        let (mut inner, mut ring, mut lost, mut variance) = (Vec::new(), Vec::new(), 0usize, 0.0);
        let mut ring_variance = 0.0;
        for k in 0..(2 * half + 1).pow(2) {
            let offset = |at: i64| (at - half) as f64 * self.step_km;
            let (east_km, north_km) = (offset(k % (2 * half + 1)), offset(k / (2 * half + 1)));
            let distance_km = east_km.hypot(north_km);
            if distance_km > self.ring_km[1] {
                continue;
            }
            let direction = self.frame.place(east_km, north_km).direction();
            let value = shape
                .surface(direction)
                .and_then(|s| shot.pixel_of(s.point_km))
                .and_then(|at| pixel(shot, at, options));
            match value {
                Some((iof, sigma)) if distance_km <= self.inner_km => {
                    inner.push(f64::from(iof));
                    variance += f64::from(sigma).powi(2);
                }
                Some((iof, sigma)) if distance_km >= self.ring_km[0] => {
                    ring.push(iof);
                    ring_variance += f64::from(sigma).powi(2);
                }
                None if distance_km <= self.inner_km => lost += 1,
                _ => {}
            }
        }
        let count = inner.len() as f64;
        if lost as f64 > LARGEST_GAP * count || ring.len() < 12 {
            return None;
        }
        let step_km2 = self.step_km * self.step_km;
        let surroundings = f64::from(median(&mut ring));
        let ring_pixels = (ring.len() as f64 * step_km2 / self.pixel_area_km2).max(1.0);
        let surroundings_sigma = f64::from(robust_sigma(&mut ring)) / ring_pixels.sqrt();
        // The scatter in the ring holds the ground's own; the noise of its pixels alone counts where that is larger.
        let ring_noise = (ring_variance / ring.len() as f64).sqrt();
        let above: f64 = inner.iter().map(|v| v - surroundings).sum();
        let aperture_km2 = count * step_km2;
        let pixels = (aperture_km2 / self.pixel_area_km2).max(1.0);
        let spread = aperture_km2 / self.area_km2;
        let pixel_sigma = (variance / count).sqrt() / pixels.sqrt() * spread;
        Some(Light {
            iof: surroundings + above * step_km2 / self.area_km2,
            sigma: pixel_sigma.hypot(surroundings_sigma * (spread - 1.0).abs()),
            surroundings,
            surroundings_sigma: surroundings_sigma.max(ring_noise / ring_pixels.sqrt()),
        })
    }
}

/// Bilinear I/F and its sigma where all is well with the nearest pixel.
fn pixel(shot: &Shot, at: PixelPos, options: &LightOptions) -> Option<(f32, f32)> {
    let (x, y) = (at.x_px.round(), at.y_px.round());
    if !(x >= 0.0 && y >= 0.0) {
        return None;
    }
    let (x, y) = (x as usize, y as usize);
    let quality = shot.frame.quality.get(x, y)?;
    if quality.intersects(options.exclude) {
        return None;
    }
    Some((shot.frame.iof.bilinear(at)?, shot.frame.sigma.get(x, y)?))
}

/// Direction along the ground to a body-fixed point, clockwise from north, rad in [0, 2π).
fn azimuth_rad(ground: &SurfacePoint, to_km: Vec3<BodyFixed>) -> f64 {
    let pole = Vec3::new(0.0, 0.0, 1.0);
    let east = pole.cross(ground.normal).unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
    let north = ground.normal.cross(east);
    let look_km = to_km - ground.point_km;
    look_km.dot(east).atan2(look_km.dot(north)).rem_euclid(TAU)
}

/// Local true solar time, hours.
fn local_time_h(place: LonLat, pose: &Pose) -> f64 {
    let ahead_rad = place.longitude_rad - pose.sub_solar().longitude_rad;
    (12.0 + 24.0 * ahead_rad / TAU).rem_euclid(24.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_of_cosines_are_right_on_both_sides_of_the_terminator() {
        for degrees in [0.0f64, 30.0, 89.0, 91.0, 120.0, 180.0] {
            assert!((acos(degrees.to_radians().cos()) - degrees.to_radians()).abs() < 1e-7, "{degrees}");
        }
    }

    #[test]
    fn azimuths_run_from_north_over_east() {
        let ground = SurfacePoint { point_km: Vec3::new(470.0, 0.0, 0.0), normal: Vec3::new(1.0, 0.0, 0.0) };
        let to = |x, y, z| azimuth_rad(&ground, Vec3::new(x, y, z)).to_degrees();
        assert!(to(1e6, 0.0, 10.0) < 1e-9 && (to(1e6, 10.0, 0.0) - 90.0).abs() < 1e-9);
        assert!((to(0.0, 0.0, -10.0) - 180.0).abs() < 1e-9 && (to(0.0, -10.0, 0.0) - 270.0).abs() < 1e-9);
    }
}
