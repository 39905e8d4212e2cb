// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pose from matched patches: clipped least squares for three angles and, on request, the position.

use facula_core::{PixelPos, Pose, Vec3};

use super::PatchMatch;
use super::patches::Found;
use super::render::View;
use crate::limb::Twist;
use crate::normal::{Normal, median, rms};

/// A pose and what it leaves of the patches.
pub(crate) struct Adjustment {
    pub(crate) pose: Pose,
    pub(crate) patches: Vec<PatchMatch>,
    /// Root mean square distance over the patches in use, px.
    pub(crate) rms_px: f64,
    /// One-sigma uncertainty of the mean shift, px.
    pub(crate) shift_sigma_px: [f64; 2],
    /// Largest move of a patch by this adjustment, px.
    pub(crate) moved_px: f64,
    /// Rounds of matching so far.
    pub(crate) rounds: usize,
}

impl Adjustment {
    /// Patches in use and rejected.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let used = self.patches.iter().filter(|p| p.used).count();
        (used, self.patches.len() - used)
    }
}

/// Rounds of linearisation and rejection.
const CLIP_ROUNDS: usize = 20;
/// Patches further from the fit than this many times the median distance are rejected.
const CLIP_MEDIANS: f64 = 3.5;
/// Patches are never rejected for residuals below this, px: frames drawn from the map have no spread.
const LEAST_CLIP_PX: f64 = 0.3;
/// A-priori uncertainty of a patch, px, against which that of the position is weighed.
const PATCH_SIGMA_PX: f64 = 2.0;
/// Steps for the differences: rad and km.
const TURN_STEP_RAD: f64 = 1e-6;
const MOVE_STEP_KM: f64 = 1e-3;
/// Patches overlap by half in both directions, so only one in four is independent.
const PATCHES_PER_INDEPENDENT: f64 = 4.0;

/// Turns (and moves) the pose until the patches fit; `None` when they do not determine it.
pub(crate) fn adjust(view: &View<'_>, start: &Pose, found: Vec<Found>) -> Option<Adjustment> {
    let mut pose = *start;
    let mut used = vec![true; found.len()];
    for _ in 0..CLIP_ROUNDS {
        pose = moved(&pose, &step(view, &pose, &found, &used)?);
        let distances: Vec<f64> = found.iter().map(|f| length(residual(view, &pose, f))).collect();
        let mut of_used: Vec<f64> =
            distances.iter().zip(&used).filter(|(_, u)| **u).map(|(d, _)| *d).collect();
        let limit_px = (CLIP_MEDIANS * median(&mut of_used)).max(LEAST_CLIP_PX);
        let kept: Vec<bool> = distances.iter().map(|d| *d <= limit_px).collect();
        if kept == used {
            break;
        }
        used = kept;
    }
    // Once more with the final set, for the curvature of the projection.
    pose = moved(&pose, &step(view, &pose, &found, &used)?);
    Some(summary(view, (start, pose), &found, &used))
}

/// The observed place of a patch minus where a pose puts its ground, px; NaN behind the camera.
fn residual(view: &View<'_>, pose: &Pose, found: &Found) -> [f64; 2] {
    let at = pixel(view, pose, found);
    [found.at.x_px - at.x_px, found.at.y_px - at.y_px]
}

fn pixel(view: &View<'_>, pose: &Pose, found: &Found) -> PixelPos {
    let look = pose.camera_from_body * (found.point_km - pose.spacecraft_km);
    view.shot.camera.pixel(look).unwrap_or(PixelPos::new(f64::NAN, f64::NAN))
}

fn length(v: [f64; 2]) -> f64 {
    v[0].hypot(v[1])
}

/// The pose turned by the first three unknowns (rad) and moved by the others (km).
fn moved(pose: &Pose, unknowns: &[f64; 6]) -> Pose {
    let [x, y, z, east, north, up] = *unknowns;
    let turned = pose.turned(x, y, z);
    Pose { spacecraft_km: turned.spacecraft_km + Vec3::new(east, north, up), ..turned }
}

/// One Gauss-Newton step over the patches in use.
fn step(view: &View<'_>, pose: &Pose, found: &[Found], used: &[bool]) -> Option<[f64; 6]> {
    let options = view.options;
    let mut normal = Normal::<6>::new();
    let weight = PATCH_SIGMA_PX.powi(-2);
    for (patch, _) in found.iter().zip(used).filter(|(_, used)| **used) {
        let now = residual(view, pose, patch);
        let steps: [f64; 6] = std::array::from_fn(|i| if i < 3 { TURN_STEP_RAD } else { MOVE_STEP_KM });
        let columns: [[f64; 2]; 6] = std::array::from_fn(|i| {
            let mut unknowns = [0.0; 6];
            unknowns[i] = steps[i];
            let then = residual(view, &moved(pose, &unknowns), patch);
            [0, 1].map(|axis| (now[axis] - then[axis]) / steps[i])
        });
        for axis in 0..2 {
            normal.add(&columns.map(|column| column[axis]), now[axis], weight);
        }
    }
    if options.twist == Twist::Keep {
        normal.hold(2);
    }
    if options.position_sigma_km > 0.0 {
        position_prior(view, pose, &mut normal);
    } else {
        (3..6).for_each(|unknown| normal.hold(unknown));
    }
    normal.solve().map(|(unknowns, _)| unknowns)
}

/// The position is known to `position_sigma_km` around the a-priori one.
fn position_prior(view: &View<'_>, pose: &Pose, normal: &mut Normal<6>) {
    let weight = view.options.position_sigma_km.powi(-2);
    let back_km = (view.shot.pose.spacecraft_km - pose.spacecraft_km).to_array();
    for (axis, value_km) in back_km.into_iter().enumerate() {
        let mut partials = [0.0; 6];
        partials[3 + axis] = 1.0;
        normal.add(&partials, value_km, weight);
    }
}

fn summary(view: &View<'_>, (start, pose): (&Pose, Pose), found: &[Found], used: &[bool]) -> Adjustment {
    let record = |(found, used): (&Found, &bool)| PatchMatch {
        x_px: found.at.x_px,
        y_px: found.at.y_px,
        place: found.place,
        residual_px: residual(view, &pose, found),
        correlation: found.correlation,
        used: *used,
    };
    let patches: Vec<PatchMatch> = found.iter().zip(used).map(record).collect();
    let of_used = |axis: usize| patches.iter().filter(|p| p.used).map(move |p| p.residual_px[axis]);
    let independent = (of_used(0).count() as f64 / PATCHES_PER_INDEPENDENT).max(1.0);
    let moved_px = found.iter().map(|f| {
        let (before, after) = (pixel(view, start, f), pixel(view, &pose, f));
        (after.x_px - before.x_px).hypot(after.y_px - before.y_px)
    });
    Adjustment {
        pose,
        rms_px: rms(of_used(0)).hypot(rms(of_used(1))),
        shift_sigma_px: [rms(of_used(0)), rms(of_used(1))].map(|r| r / independent.sqrt()),
        moved_px: moved_px.fold(0.0, f64::max),
        rounds: 0,
        patches,
    }
}
