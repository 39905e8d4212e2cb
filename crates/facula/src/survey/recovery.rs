// SPDX-License-Identifier: MIT OR Apache-2.0
//! How well a survey of a simulated campaign recovered what was put in.
//!
//! * registration: ground points seen by a frame, projected with the true and with the refined pose;
//! * map: normal albedo of each cell against the true albedo, blurred as the map is;
//! * spots: true faculae found, reports that are no facula, positions, brightness.
//!
//! A true spot counts when it lies on mapped ground, has the stated contrast and size, and is no part of a larger
//! one. It is found when a report's centroid lies within half its length or two pixels. A report is false when no
//! true spot of any contrast is that near.

use facula_core::{LonLat, PixelPos, Quality, Raster};
use facula_geometry::{Camera, Shape};
use facula_map::GlobalMap;
use facula_plan::ObservationPlan;
use facula_spots::Spot;
use facula_world::{TrueSpot, World};
use rayon::prelude::*;
use serde::Serialize;

use super::frames::AlignedFrame;

/// Least contrast and least equivalent diameter (pixels of the best frame) of a true spot that has to be found.
pub(crate) const LEAST_CONTRAST: f64 = 1.5;
/// See [`LEAST_CONTRAST`].
pub(crate) const LEAST_DIAMETER_PX: f64 = 1.5;
/// Distance within which a report is taken for a true spot, pixels, if half its length is less.
const MATCH_PX: f64 = 2.0;

/// What `run.json` says of the recovery.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Recovery {
    /// What was compared, in words.
    pub(crate) about: &'static str,
    /// True spots of at least contrast 1.5 and 1.5 px on mapped ground.
    pub(crate) spots_to_find: usize,
    /// Those found.
    pub(crate) spots_found: usize,
    /// Found over to find.
    pub(crate) completeness_fraction: f64,
    /// True spots of that kind that no frame mapped.
    pub(crate) spots_not_mapped: usize,
    /// Reports.
    pub(crate) reports: usize,
    /// Reports without any true spot near them.
    pub(crate) false_reports: usize,
    /// False reports over all.
    pub(crate) false_fraction: f64,
    /// Distance between report and truth of the spots found, rms, pixels of the best frame there.
    pub(crate) position_rms_px: f64,
    /// The same, km.
    pub(crate) position_rms_km: f64,
    /// Distance on the detector between ground points through the refined and the true pose, rms over all frames, px.
    pub(crate) registration_rms_px: f64,
    /// The same before alignment, px.
    pub(crate) pointing_error_rms_px: f64,
    /// Normal albedo of the map over that of the truth, minus 1: rms over mapped cells.
    pub(crate) map_albedo_rms_fraction: f64,
    /// Its median: a bias of the whole map.
    pub(crate) map_albedo_bias_fraction: f64,
    /// Mean albedo over the spot, map over truth (blurred as the map is), minus 1: rms over the spots found.
    pub(crate) spot_albedo_rms_fraction: f64,
    /// Its median.
    pub(crate) spot_albedo_bias_fraction: f64,
    /// Integrated excess brightness over that of the truth, minus 1: median over the spots found.
    pub(crate) excess_bias_fraction: f64,
    /// Names of those missed.
    pub(crate) missed: Vec<String>,
    /// Identifiers of the false reports.
    pub(crate) false_ids: Vec<String>,
}

/// A spot found and its truth.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) true_contrast: f64,
    pub(crate) true_excess_km2: f64,
    pub(crate) measured_excess_km2: f64,
    pub(crate) true_mean_albedo: f64,
    pub(crate) measured_mean_albedo: f64,
    pub(crate) measured_contrast: f64,
    pub(crate) distance_px: f64,
    distance_km: f64,
}

/// What the recovery is judged from.
pub(crate) struct Judged<'a> {
    pub(crate) world: &'a World,
    pub(crate) plan: &'a ObservationPlan,
    pub(crate) camera: &'a Camera,
    pub(crate) frames: &'a [AlignedFrame],
    pub(crate) map: &'a GlobalMap,
    pub(crate) grid: facula_core::MapGrid,
    pub(crate) spots: &'a [Spot],
    pub(crate) radius_km: f64,
    /// Width of the map's blur, sigma, cells.
    pub(crate) blur_sigma_cells: f64,
}

/// Compares a survey with its truth.
pub(crate) fn recover(judged: &Judged<'_>) -> (Recovery, Vec<Match>) {
    let truth = true_map(judged);
    let (to_find, not_mapped) = to_find(judged);
    let mut missed = Vec::new();
    let mut matches = Vec::new();
    for (spot, scale_km) in &to_find {
        match nearest(judged, spot, *scale_km) {
            Some(report) => matches.push(matched(judged, &truth, (spot, *scale_km), report)),
            None => missed.push(spot.name.clone()),
        }
    }
    let false_ids: Vec<String> = judged
        .spots
        .iter()
        .filter(|report| is_false(judged, report))
        .map(|report| report.id.clone())
        .collect();
    let (map_albedo_rms_fraction, map_albedo_bias_fraction) = map_albedo(judged, &truth);
    let albedo: Vec<f64> =
        matches.iter().map(|m| m.measured_mean_albedo / m.true_mean_albedo - 1.0).collect();
    let excess: Vec<f64> = matches.iter().map(|m| m.measured_excess_km2 / m.true_excess_km2 - 1.0).collect();
    let recovery = Recovery {
        about: "simulated campaign: what the survey recovered of what was put in",
        spots_to_find: to_find.len(),
        spots_found: matches.len(),
        completeness_fraction: ratio(matches.len(), to_find.len()),
        spots_not_mapped: not_mapped,
        reports: judged.spots.len(),
        false_reports: false_ids.len(),
        false_fraction: ratio(false_ids.len(), judged.spots.len()),
        position_rms_px: rms(&matches.iter().map(|m| m.distance_px).collect::<Vec<_>>()),
        position_rms_km: rms(&matches.iter().map(|m| m.distance_km).collect::<Vec<_>>()),
        registration_rms_px: registration(judged, Told::Refined),
        pointing_error_rms_px: registration(judged, Told::Label),
        map_albedo_rms_fraction,
        map_albedo_bias_fraction,
        spot_albedo_rms_fraction: rms(&albedo),
        spot_albedo_bias_fraction: median(albedo),
        excess_bias_fraction: median(excess),
        missed,
        false_ids,
    };
    (recovery, matches)
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

fn median(mut values: Vec<f64>) -> f64 {
    facula_core::quantile(&mut values, 0.5, f64::total_cmp).unwrap_or(0.0)
}

/// True spots that have to be found with the best pixel scale over them, km; and how many lie on unmapped ground.
fn to_find<'a>(judged: &Judged<'a>) -> (Vec<(&'a TrueSpot, f64)>, usize) {
    let mut spots = Vec::new();
    let mut not_mapped = 0;
    let candidates =
        judged.world.spots.iter().filter(|s| s.part_of.is_none() && s.contrast >= LEAST_CONTRAST);
    for spot in candidates {
        match scale_km(judged, spot.place()) {
            Some(scale_km) if spot.equivalent_diameter_km() >= LEAST_DIAMETER_PX * scale_km => {
                spots.push((spot, scale_km));
            }
            Some(_) => {}
            None => not_mapped += 1,
        }
    }
    (spots, not_mapped)
}

/// Best pixel scale of the cell at a place, km; `None` where nothing was mapped.
fn scale_km(judged: &Judged<'_>, place: LonLat) -> Option<f64> {
    let at = judged.grid.position(place)?;
    let (x, y) = (at.x_px.round().max(0.0) as usize, at.y_px.round().max(0.0) as usize);
    let scale_m = judged.map.scale_m.get(x.min(judged.grid.width - 1), y)?;
    (scale_m.is_finite()).then_some(f64::from(scale_m) / 1000.0)
}

fn distance_km(judged: &Judged<'_>, spot: &TrueSpot, report: &Spot) -> f64 {
    spot.place().separation_rad(report.place) * judged.radius_km
}

fn reach_km(spot: &TrueSpot, scale_km: f64) -> f64 {
    (0.5 * spot.diameter_km).max(MATCH_PX * scale_km)
}

fn nearest<'a>(judged: &Judged<'a>, spot: &TrueSpot, scale_km: f64) -> Option<&'a Spot> {
    let near =
        judged.spots.iter().filter(|report| distance_km(judged, spot, report) <= reach_km(spot, scale_km));
    near.min_by(|a, b| distance_km(judged, spot, a).total_cmp(&distance_km(judged, spot, b)))
}

fn is_false(judged: &Judged<'_>, report: &Spot) -> bool {
    let scale_km = scale_km(judged, report.place).unwrap_or(0.0);
    !judged.world.spots.iter().any(|spot| distance_km(judged, spot, report) <= reach_km(spot, scale_km))
}

fn matched(judged: &Judged<'_>, truth: &Raster<f32>, of: (&TrueSpot, f64), report: &Spot) -> Match {
    let (spot, scale_km) = of;
    let distance_km = distance_km(judged, spot, report);
    let over = |raster: &Raster<f32>| {
        let values = report.footprint.iter().filter_map(|place| {
            let at = judged.grid.position(*place)?;
            raster.bilinear(at).map(f64::from)
        });
        let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
        sum / count.max(1) as f64
    };
    Match {
        true_contrast: spot.contrast,
        true_excess_km2: spot.excess_km2(),
        measured_excess_km2: report.excess_km2,
        true_mean_albedo: over(truth),
        measured_mean_albedo: over(&judged.map.albedo),
        measured_contrast: report.contrast,
        distance_px: distance_km / scale_km,
        distance_km,
    }
}

/// True normal albedo on the map's grid, the mean of 2 × 2 places a cell, blurred by the map's own blur (a Gaussian
/// of constant size on the ground).
fn true_map(judged: &Judged<'_>) -> Raster<f32> {
    let grid = judged.grid;
    let values: Vec<f32> = (0..grid.width * grid.height)
        .into_par_iter()
        .map(|k| {
            let (x, y) = ((k % grid.width) as f64, (k / grid.width) as f64);
            let sum: f64 = (0..4)
                .map(|s| {
                    let (dx, dy) = (f64::from(s % 2) * 0.5 - 0.25, f64::from(s / 2) * 0.5 - 0.25);
                    judged.world.normal_albedo(grid.place(PixelPos::new(x + dx, y + dy)).direction())
                })
                .sum();
            (sum / 4.0) as f32
        })
        .collect();
    let sharp = Raster::from_vec(grid.width, grid.height, values).expect("one value per cell");
    blurred(&sharp, judged)
}

fn blurred(sharp: &Raster<f32>, judged: &Judged<'_>) -> Raster<f32> {
    let grid = judged.grid;
    let sigma = judged.blur_sigma_cells.max(1e-3);
    let row = |line: usize, sigma: f64| -> Vec<f32> {
        let source = sharp.line(line);
        let kernel = kernel(sigma.min(0.1 * grid.width as f64));
        let reach = kernel.len() as isize / 2;
        (0..grid.width as isize)
            .map(|x| {
                let at = |k: isize| source[(x + k).rem_euclid(grid.width as isize) as usize];
                (-reach..=reach).zip(&kernel).map(|(k, w)| w * at(k)).sum()
            })
            .collect()
    };
    let across: Vec<Vec<f32>> = (0..grid.height)
        .into_par_iter()
        .map(|line| {
            let latitude_rad = grid.place(PixelPos::new(0.0, line as f64)).latitude_rad;
            row(line, sigma / latitude_rad.cos().max(0.02))
        })
        .collect();
    let kernel = kernel(sigma);
    let reach = kernel.len() as isize / 2;
    let values: Vec<f32> = (0..grid.height as isize)
        .into_par_iter()
        .flat_map_iter(|line| {
            let mut sum = vec![0.0f32; grid.width];
            for (k, weight) in (-reach..=reach).zip(&kernel) {
                let source = &across[(line + k).clamp(0, grid.height as isize - 1) as usize];
                sum.iter_mut().zip(source).for_each(|(sum, value)| *sum += weight * value);
            }
            sum
        })
        .collect();
    Raster::from_vec(grid.width, grid.height, values).expect("one value per cell")
}

fn kernel(sigma: f64) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| (w / sum) as f32).collect()
}

/// Rms and median of map over truth, minus 1, over cells measured with no flag, weighted by ground area.
fn map_albedo(judged: &Judged<'_>, truth: &Raster<f32>) -> (f64, f64) {
    let grid = judged.grid;
    let (mut sum, mut weight, mut ratios) = (0.0, 0.0, Vec::new());
    for line in 0..grid.height {
        let area = grid.place(PixelPos::new(0.0, line as f64)).latitude_rad.cos();
        for column in 0..grid.width {
            let (albedo, quality) = (judged.map.albedo.at(column, line), judged.map.quality.at(column, line));
            if albedo.is_finite() && !quality.intersects(Quality::MISSING) {
                let departure = f64::from(albedo / truth.at(column, line)) - 1.0;
                sum += area * departure * departure;
                weight += area;
                // Every 16th cell is enough for the median.
                if (column + line) % 16 == 0 {
                    ratios.push(departure);
                }
            }
        }
    }
    ((sum / f64::max(weight, 1e-9)).sqrt(), median(ratios))
}

/// Which pose is compared with the true one.
#[derive(Clone, Copy)]
enum Told {
    /// As the label tells it.
    Label,
    /// As refined.
    Refined,
}

/// Rms distance on the detector of ground points through a told and the true pose.
fn registration(judged: &Judged<'_>, told: Told) -> f64 {
    let mut squares = Vec::new();
    for frame in judged.frames {
        let Some(shot) = judged.plan.shots.iter().find(|shot| shot.id == frame.record.frame_id) else {
            continue;
        };
        let truth = shot.pose;
        let shape: &Shape = &judged.world.shape;
        for k in 0..25 {
            let at = PixelPos::new(112.0 + 200.0 * f64::from(k % 5), 112.0 + 200.0 * f64::from(k / 5));
            let look = truth.camera_from_body.inverse() * judged.camera.look(at);
            let Some(hit) = shape.intersect(truth.spacecraft_km, look) else { continue };
            let seen = frame.pose.camera_from_body * (hit.point_km - frame.pose.spacecraft_km);
            let Some(found) = judged.camera.pixel(seen) else { continue };
            let [dx, dy] = match told {
                Told::Refined => [found.x_px - at.x_px, found.y_px - at.y_px],
                Told::Label => [
                    found.x_px - at.x_px - frame.record.shift_px[0],
                    found.y_px - at.y_px - frame.record.shift_px[1],
                ],
            };
            squares.push(dx.hypot(dy));
        }
    }
    rms(&squares)
}
