// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sunlit limb points, and the edges seen near them in the frame.

use facula_core::{BodyFixed, PixelPos, Pose, Quality, Vec3};
use facula_geometry::{Shape, Shot};
use facula_photometry::LightAngles;
use rayon::prelude::*;

use super::LimbOptions;
use super::edge::{HALF_WINDOW_PX, Scan, locate};
use super::silhouette::{LimbRay, Silhouette};
use super::template::{Scene, Template, Templates};

/// Step along scan lines, px.
const SCAN_STEP_PX: f64 = 0.5;
/// How deep inside the limb the expected brightness of a limb point is judged, px.
const JUDGE_PX: f64 = 2.0;
/// Pixels with these flags take no part.
const UNUSABLE: [Quality; 4] = [Quality::SATURATED, Quality::HOT, Quality::SMEAR, Quality::MISSING];

/// A limb point with the brightness profile expected across it.
pub(super) struct LitRay {
    ray: LimbRay,
    template: Template,
}

/// The limb points inside the frame whose ground is expected bright enough.
pub(super) fn lit_rays(shot: &Shot, shape: &Shape, options: &LimbOptions) -> Vec<LitRay> {
    let Some(silhouette) = Silhouette::trace(shot, shape, options) else { return Vec::new() };
    let cos_phase =
        shot.pose.spacecraft_km.unit().zip(shot.pose.sun_km.unit()).map_or(1.0, |(p, s)| p.dot(s));
    let scene = Scene { cos_phase, radius_px: silhouette.radius_px, psf_sigma_px: options.psf_sigma_px };
    let phase_rad = shot.pose.spacecraft_km.angle_rad(shot.pose.sun_km);
    let law = |cos_incidence: f64, cos_emission: f64| {
        options.disk.value(LightAngles { cos_incidence, cos_emission, phase_rad })
    };
    let templates = Templates::new(scene, law);
    let lit = silhouette.rays.into_iter();
    let lit: Vec<LitRay> = lit.map(|ray| LitRay { template: templates.at(ray.cos_limb), ray }).collect();
    // Against the brightest limb the body has, in the frame or not: the dark limb alone must not pass.
    let brightest = templates.at(phase_rad.sin()).value(JUDGE_PX);
    lit.into_iter()
        .filter(|lit| lit.template.value(JUDGE_PX) > options.least_brightness * brightest)
        .collect()
}

/// An edge seen near a limb point.
pub(super) struct Seen {
    /// Which of the limb points.
    pub(super) ray: usize,
    /// The edge in the frame.
    pub(super) observed: PixelPos,
    /// The limb under the pose.
    pub(super) predicted: PixelPos,
    /// Outward unit normal of the limb in the frame.
    pub(super) normal: [f64; 2],
    /// Observed minus predicted along the normal, px.
    pub(super) offset_px: f64,
    /// How the predicted limb moves along its normal per rad of turn about the camera's axes, px.
    pub(super) per_rad: [f64; 3],
}

/// Measures the edge at every limb point under a pose; those without a clear edge are left out.
pub(super) fn measure(
    shot: &Shot,
    pose: &Pose,
    rays: &[LitRay],
    (options, search_px): (&LimbOptions, f64),
) -> Vec<Seen> {
    let projector = Projector::new(shot, pose);
    let seen = |(ray, lit): (usize, &LitRay)| {
        let (predicted, normal, per_rad) = projector.limb(&lit.ray)?;
        let reach_px = search_px + HALF_WINDOW_PX + 1.0;
        let count = (2.0 * reach_px / SCAN_STEP_PX) as usize + 1;
        let along = |k: usize| {
            let u_px = k as f64 * SCAN_STEP_PX - reach_px;
            PixelPos::new(predicted.x_px + u_px * normal[0], predicted.y_px + u_px * normal[1])
        };
        let values: Vec<f64> = (0..count).map(|k| usable(shot, along(k))).collect();
        let scan = Scan { values: &values, first_px: -reach_px, step_px: SCAN_STEP_PX };
        let edge = locate(scan, &lit.template, search_px)
            .filter(|e| e.significance >= options.least_significance)?;
        let offset_px = edge.offset_px;
        let observed =
            PixelPos::new(predicted.x_px + offset_px * normal[0], predicted.y_px + offset_px * normal[1]);
        Some(Seen { ray, observed, predicted, normal, offset_px, per_rad })
    };
    rays.par_iter().enumerate().filter_map(seen).collect()
}

/// Bilinear brightness; NaN outside the frame and next to unusable pixels.
fn usable(shot: &Shot, at: PixelPos) -> f64 {
    let Some(value) = shot.frame.iof.bilinear(at) else { return f64::NAN };
    let (sample, line) = (at.x_px as usize, at.y_px as usize);
    let bad = |dx: usize, dy: usize| {
        let quality = shot.frame.quality.get(sample + dx, line + dy).unwrap_or(Quality::MISSING);
        UNUSABLE.iter().any(|flag| quality.intersects(*flag))
    };
    if bad(0, 0) || bad(1, 0) || bad(0, 1) || bad(1, 1) { f64::NAN } else { f64::from(value) }
}

/// Projects limb points under a pose and its three neighbours, for differences.
struct Projector<'a> {
    shot: &'a Shot,
    pose: Pose,
    turned: [Pose; 3],
}

/// Turn for the differences, rad: 0.01 px of the framing camera, where rounding is still 1e-7 of it.
const DIFFERENCE_RAD: f64 = 1e-6;
/// Length of the step that gives the normal, as a fraction of the distance to the centre of the body.
const NORMAL_STEP: f64 = 1e-4;

impl<'a> Projector<'a> {
    fn new(shot: &'a Shot, pose: &Pose) -> Self {
        let d = DIFFERENCE_RAD;
        let turned = [pose.turned(d, 0.0, 0.0), pose.turned(0.0, d, 0.0), pose.turned(0.0, 0.0, d)];
        Self { shot, pose: *pose, turned }
    }

    fn pixel(&self, pose: &Pose, point_km: Vec3<BodyFixed>) -> Option<PixelPos> {
        self.shot.camera.pixel(pose.camera_from_body * (point_km - pose.spacecraft_km))
    }

    /// Pixel and outward normal of a limb point, and how it moves along the normal per rad of turn.
    fn limb(&self, ray: &LimbRay) -> Option<(PixelPos, [f64; 2], [f64; 3])> {
        let at = self.pixel(&self.pose, ray.point_km)?;
        let outside_km = ray.point_km + ray.outward * (NORMAL_STEP * ray.point_km.length());
        let outside = self.pixel(&self.pose, outside_km)?;
        let (dx, dy) = (outside.x_px - at.x_px, outside.y_px - at.y_px);
        let length = dx.hypot(dy);
        let normal = [dx / length, dy / length];
        let mut per_rad = [0.0; 3];
        for (rate, pose) in per_rad.iter_mut().zip(&self.turned) {
            let moved = self.pixel(pose, ray.point_km)?;
            *rate =
                ((moved.x_px - at.x_px) * normal[0] + (moved.y_px - at.y_px) * normal[1]) / DIFFERENCE_RAD;
        }
        (length > 0.0).then_some((at, normal, per_rad))
    }
}
