// SPDX-License-Identifier: MIT OR Apache-2.0
//! The edge of a body as seen from the camera's place: limb points in the body-fixed reference frame.

use std::f64::consts::TAU;

use facula_core::{BodyFixed, Vec3};
use facula_geometry::{Shape, Shot};
use rayon::prelude::*;

use super::LimbOptions;

/// A point where a line of sight just touches the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimbRay {
    /// The point, body-fixed, km.
    pub(crate) point_km: Vec3<BodyFixed>,
    /// Unit vector across the limb, away from the body, at right angles to the line of sight.
    pub(crate) outward: Vec3<BodyFixed>,
    /// Cosine of the incidence angle of smooth ground at the limb; negative on the night side.
    pub(crate) cos_limb: f64,
}

/// The part of the silhouette that may lie inside the frame.
#[derive(Debug, Clone)]
pub(crate) struct Silhouette {
    /// Limb points in order around the disc.
    pub(crate) rays: Vec<LimbRay>,
    /// Radius of the disc, px.
    pub(crate) radius_px: f64,
}

/// The search for the limb steps inwards from the bounding sphere by this part of its angular radius; narrower
/// teeth of a shape may be overlooked.
const MARCH: f64 = 1.0 / 64.0;
/// The limb is located to this part of a pixel.
const PRECISION_PX: f64 = 2e-3;
/// Terrain may put the limb this part of the disc's radius away from where the quick look expects it.
const RELIEF: f64 = 0.03;
/// The direction of the limb comes from points this many steps to either side.
const TANGENT_STEPS: usize = 2;

/// Directions around the line from the camera to the centre of the body.
struct Axes {
    to_centre: Vec3<BodyFixed>,
    first: Vec3<BodyFixed>,
    second: Vec3<BodyFixed>,
}

impl Silhouette {
    /// Traces the silhouette; `None` when the camera is inside the bounding sphere or no limb point falls near
    /// the frame.
    pub(crate) fn trace(shot: &Shot, shape: &Shape, options: &LimbOptions) -> Option<Self> {
        let range_km = shot.pose.range_km();
        let sine = shape.bounding_radius_km() / range_km;
        if !(sine < 1.0) {
            return None;
        }
        let axes = Axes::around(-shot.pose.spacecraft_km)?;
        let radius_px = sine / (1.0 - sine * sine).sqrt() / shot.camera.ifov_rad();
        let steps = ((TAU * radius_px / options.spacing_px) as usize).max(options.least_points * 2);
        let margin_px = options.search_px + RELIEF * radius_px;
        let near = |azimuth_rad: &f64| {
            quick_look(shot, shape, &axes, *azimuth_rad).is_some_and(|outside_px| outside_px < margin_px)
        };
        let all = |steps: usize| (0..steps).map(move |k| TAU * k as f64 / steps as f64).filter(near);
        let crowding = all(steps).count() as f64 / options.most_points as f64;
        let steps = (steps as f64 / crowding.max(1.0)) as usize;
        let step_rad = TAU / steps.max(1) as f64;
        let chosen: Vec<f64> = all(steps).collect();
        let outermost_rad = sine.atan2((1.0 - sine * sine).sqrt());
        let precision_rad = PRECISION_PX * shot.camera.ifov_rad();
        let touch = |azimuth_rad: &f64| {
            let point_km = touching(shot, shape, (&axes, *azimuth_rad), (outermost_rad, precision_rad))?;
            Some((*azimuth_rad, point_km))
        };
        let points: Vec<(f64, Vec3<BodyFixed>)> = chosen.par_iter().filter_map(touch).collect();
        let rays = (0..points.len()).filter_map(|k| limb_ray(shot, &points, k, step_rad)).collect();
        Some(Self { rays, radius_px })
    }
}

impl Axes {
    fn around(to_centre: Vec3<BodyFixed>) -> Option<Self> {
        let to_centre = to_centre.unit()?;
        let pole = Vec3::new(0.0, 0.0, 1.0);
        let side = if to_centre.z.abs() < 0.9 { pole } else { Vec3::new(1.0, 0.0, 0.0) };
        let first = to_centre.cross(side).unit()?;
        Some(Self { to_centre, first, second: to_centre.cross(first) })
    }

    fn across(&self, azimuth_rad: f64) -> Vec3<BodyFixed> {
        let (sin, cos) = azimuth_rad.sin_cos();
        self.first * cos + self.second * sin
    }
}

/// How far outside the frame the limb of a sphere through the ground at an azimuth would fall, px (0: inside);
/// `None` behind the camera.
fn quick_look(shot: &Shot, shape: &Shape, axes: &Axes, azimuth_rad: f64) -> Option<f64> {
    let across = axes.across(azimuth_rad);
    let radius_km = shape.surface(across)?.point_km.length();
    let sine = (radius_km / shot.pose.range_km()).min(1.0);
    let direction = axes.to_centre * -sine + across * (1.0 - sine * sine).sqrt();
    let at = shot.pixel_of(direction * radius_km)?;
    let outside = |value_px: f64, size_px: usize| (-value_px).max(value_px - (size_px as f64 - 1.0)).max(0.0);
    Some(outside(at.x_px, shot.camera.width_px).hypot(outside(at.y_px, shot.camera.height_px)))
}

/// The outermost point of the body at an azimuth: steps inwards until a ray hits, then halves the interval.
fn touching(
    shot: &Shot,
    shape: &Shape,
    (axes, azimuth_rad): (&Axes, f64),
    (outermost_rad, precision_rad): (f64, f64),
) -> Option<Vec3<BodyFixed>> {
    let across = axes.across(azimuth_rad);
    let hit = |angle_rad: f64| {
        let (sin, cos) = angle_rad.sin_cos();
        shape.intersect(shot.pose.spacecraft_km, axes.to_centre * cos + across * sin).map(|hit| hit.point_km)
    };
    let step_rad = MARCH * outermost_rad;
    let steps = (1.0 / MARCH) as i32;
    let (mut inner_rad, mut point_km) =
        (1..steps).map(|k| outermost_rad - f64::from(k) * step_rad).find_map(|a| hit(a).map(|p| (a, p)))?;
    let mut outer_rad = inner_rad + step_rad;
    while outer_rad - inner_rad > precision_rad {
        let middle_rad = 0.5 * (inner_rad + outer_rad);
        match hit(middle_rad) {
            Some(p) => (inner_rad, point_km) = (middle_rad, p),
            None => outer_rad = middle_rad,
        }
    }
    Some(point_km)
}

/// Adds the direction across the limb, from the neighbours of point `k`; `None` without neighbours.
fn limb_ray(shot: &Shot, points: &[(f64, Vec3<BodyFixed>)], k: usize, step_rad: f64) -> Option<LimbRay> {
    let (azimuth_rad, point_km) = points[k];
    let near = |index: usize| {
        let apart_rad = (points[index].0 - azimuth_rad).rem_euclid(TAU);
        apart_rad.min(TAU - apart_rad) < (TANGENT_STEPS as f64 + 0.5) * step_rad
    };
    let count = points.len();
    let neighbour = |step: usize| {
        (1..=TANGENT_STEPS).rev().map(|s| (k + s * step) % count).find(|i| near(*i)).unwrap_or(k)
    };
    let along = points[neighbour(1)].1 - points[neighbour(count - 1)].1;
    let to_camera = (shot.pose.spacecraft_km - point_km).unit()?;
    let across = to_camera.cross(along).unit()?;
    let outward = if across.dot(point_km) > 0.0 { across } else { -across };
    let cos_limb = outward.dot((shot.pose.sun_km - point_km).unit()?);
    Some(LimbRay { point_km, outward, cos_limb })
}
