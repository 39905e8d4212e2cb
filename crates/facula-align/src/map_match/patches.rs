// SPDX-License-Identifier: MIT OR Apache-2.0
//! Patches of the frame matched against the map one by one.

use facula_core::{BodyFixed, LonLat, PixelPos, Pose, Vec3};
use rayon::prelude::*;

use super::correlate::{Window, correlate};
use super::render::{Area, View};

/// A patch with a clear match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Centre of the patch in the frame.
    pub(crate) at: PixelPos,
    /// The ground the map has for it, body-fixed, km.
    pub(crate) point_km: Vec3<BodyFixed>,
    /// Its place.
    pub(crate) place: LonLat,
    /// Correlation of the patch, −1 to 1.
    pub(crate) correlation: f64,
}

/// Patches are searched this far, bins.
const RADIUS_BINS: usize = 5;
/// Sides of patches, bins: a fifth of the area within these limits.
const PATCH_BINS: (usize, usize) = (16, 40);
/// The neighbourhood of a patch's peak that belongs to it, bins.
const EXCLUSION_BINS: i64 = 2;
/// Correlation a patch needs, −1 to 1.
const LEAST_CORRELATION: f64 = 0.25;
/// By how much the best correlation of a patch has to exceed the second best.
const LEAST_LEAD: f64 = 0.08;
/// A patch of unrelated noise correlates to one over the root of its independent bins: so many of these are
/// asked for.
const NOISE_SIGMAS: f64 = 3.0;
/// The band pass leaves about one independent bin in this many (assumed).
const BINS_PER_INDEPENDENT: f64 = 4.0;

/// Matches half-overlapping patches all over the area; those without a clear match are left out.
pub(crate) fn match_patches(view: &View<'_>, area: &Area, pose: &Pose) -> Vec<Found> {
    let pair = view.prepare(area, pose, RADIUS_BINS);
    let side = (area.width.min(area.height) / 5).clamp(PATCH_BINS.0, PATCH_BINS.1);
    let least = LEAST_CORRELATION.max(NOISE_SIGMAS * BINS_PER_INDEPENDENT.sqrt() / side as f64);
    let starts = |size: usize| (0..=size.saturating_sub(side)).step_by(side / 2);
    let corners: Vec<(usize, usize)> =
        starts(area.height).flat_map(|y| starts(area.width).map(move |x| (x, y))).collect();
    let one = |&(x, y): &(usize, usize)| {
        let window = Window { x, y, width: side, height: side };
        let surface = correlate(&pair.observed, &pair.predicted, window, (RADIUS_BINS, RADIUS_BINS));
        let peak = surface.peak(RADIUS_BINS, EXCLUSION_BINS)?;
        let clear =
            !peak.on_border && peak.correlation > least && !(peak.correlation - peak.second < LEAST_LEAD);
        if !clear {
            return None;
        }
        let middle = 0.5 * (side as f64 - 1.0);
        let at = area.pixel(x as f64 + middle, y as f64 + middle);
        let there = area.pixel(x as f64 + middle + peak.x, y as f64 + middle + peak.y);
        let look = pose.camera_from_body.inverse() * view.shot.camera.look(there);
        let point_km = view.shape.intersect(pose.spacecraft_km, look)?.point_km;
        Some(Found { at, point_km, place: LonLat::of(point_km), correlation: peak.correlation })
    };
    corners.par_iter().filter_map(one).collect()
}
