// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drawn ground with a known pointing error, matched against the map it was drawn from.

use std::sync::LazyLock;

use facula_core::{MapGrid, Raster, Silent, Vec3};

use super::*;
use crate::testing::{Scenery, apart_px, noise, speckle, speckle_map};

/// A tenth of a pixel: the frame is drawn from the same ground as the map, only sampling differs.
const RECOVERED_PX: f64 = 0.1;

/// The ground all frames here are drawn from.
static MAP: LazyLock<ReferenceMap> = LazyLock::new(|| speckle_map(1024));

/// Ceres from 1,900 km fills the frame; a pixel is 0.5 km.
fn near() -> Scenery {
    Scenery { range_km: 1_900.0, centre_px: [0.0, 0.0], phase_deg: 35.0, ..Scenery::default() }
}

fn off_by(truth: &Shot, [x_px, y_px]: [f64; 2], twist_rad: f64) -> Shot {
    let ifov_rad = truth.camera.ifov_rad();
    Shot { pose: truth.pose.turned(y_px * ifov_rad, -x_px * ifov_rad, twist_rad), ..truth.clone() }
}

fn options(search_px: f64) -> MapMatchOptions {
    MapMatchOptions { search_px, ..MapMatchOptions::default() }
}

/// Largest distance between truth and refined pose over a grid of pixels on the ground, px.
fn error_px(truth: &Shot, shape: &Shape, pose: &Pose) -> f64 {
    let places =
        (1..8).flat_map(|y| (1..8).map(move |x| PixelPos::new(32.0 * f64::from(x), 32.0 * f64::from(y))));
    let ground = places.filter_map(|at| truth.ground(shape, at));
    ground.map(|hit| apart_px(truth, pose, hit.point_km)).fold(0.0, f64::max)
}

#[test]
fn shift_and_twist_are_recovered() {
    let scenery = near();
    let truth = scenery.draw(speckle);
    let wrong = off_by(&truth, [14.0, -9.0], 0.01);
    let found = match_map(&wrong, &scenery.shape, &MAP, &options(24.0), &Silent).unwrap();
    assert!(
        error_px(&truth, &scenery.shape, &found.pose) < RECOVERED_PX,
        "{}",
        error_px(&truth, &scenery.shape, &found.pose)
    );
    assert!(
        (found.shift_px[0] + 14.0).abs() < 0.3 && (found.shift_px[1] - 9.0).abs() < 0.3,
        "{:?}",
        found.shift_px
    );
    assert!(found.correlation > 0.5 && found.rms_px < 0.5 && found.used > 20, "{found:?}");
}

#[test]
fn a_small_search_ties_a_frame_to_a_mosaic() {
    let scenery = near();
    let truth = scenery.draw(speckle);
    let wrong = off_by(&truth, [1.6, 2.3], 0.0);
    let found = match_map(&wrong, &scenery.shape, &MAP, &options(4.0), &Silent).unwrap();
    assert!(
        error_px(&truth, &scenery.shape, &found.pose) < RECOVERED_PX,
        "{}",
        error_px(&truth, &scenery.shape, &found.pose)
    );
}

#[test]
fn a_whole_disc_is_matched_on_its_lit_part() {
    let scenery = Scenery { phase_deg: 50.0, ..Scenery::default() };
    let truth = scenery.draw(speckle);
    let wrong = off_by(&truth, [4.0, 3.0], 0.0);
    let found = match_map(&wrong, &scenery.shape, &speckle_map(512), &options(12.0), &Silent).unwrap();
    let middle_km = truth.pose.spacecraft_km * (482.0 / truth.pose.range_km());
    assert!(
        apart_px(&truth, &found.pose, middle_km) < 2.0 * RECOVERED_PX,
        "{}",
        apart_px(&truth, &found.pose, middle_km)
    );
}

#[test]
fn a_wrong_position_is_found_when_allowed() {
    let scenery = near();
    let truth = scenery.draw(speckle);
    let mut wrong = off_by(&truth, [5.0, -3.0], 0.0);
    wrong.pose.spacecraft_km = wrong.pose.spacecraft_km + Vec3::new(10.0, 15.0, -12.0);
    let allowed = MapMatchOptions { position_sigma_km: 30.0, ..options(40.0) };
    let found = match_map(&wrong, &scenery.shape, &MAP, &allowed, &Silent).unwrap();
    let kept = match_map(&wrong, &scenery.shape, &MAP, &options(40.0), &Silent).unwrap();
    let (with, without) =
        (error_px(&truth, &scenery.shape, &found.pose), error_px(&truth, &scenery.shape, &kept.pose));
    assert!(with < 3.0 * RECOVERED_PX && with < without, "{with} {without}");
    assert_eq!(kept.pose.spacecraft_km, wrong.pose.spacecraft_km);
}

#[test]
fn other_ground_is_ambiguous() {
    let scenery = near();
    let truth = scenery.draw(speckle);
    let elsewhere =
        ReferenceMap { grid: MapGrid { west_rad: 2.0, ..MapGrid::global(1024) }, values: MAP.values.clone() };
    let error = match_map(&truth, &scenery.shape, &elsewhere, &options(24.0), &Silent).unwrap_err();
    assert!(matches!(error, AlignError::Ambiguous { .. }), "{error}");
}

#[test]
fn noise_is_ambiguous_and_emptiness_has_no_overlap() {
    let scenery = near();
    let mut shot = scenery.draw(|_| 0.0);
    shot.frame.iof.as_mut_slice().iter_mut().enumerate().for_each(|(k, v)| *v = noise(k));
    let reference = speckle_map(512);
    let error = match_map(&shot, &scenery.shape, &reference, &options(24.0), &Silent).unwrap_err();
    assert!(matches!(error, AlignError::Ambiguous { .. }), "{error}");
    shot.frame.iof.as_mut_slice().fill(f32::NAN);
    let error = match_map(&shot, &scenery.shape, &reference, &options(24.0), &Silent).unwrap_err();
    assert!(matches!(error, AlignError::NoOverlap { .. }), "{error}");
}

#[test]
fn a_map_window_elsewhere_has_no_overlap() {
    let scenery = near();
    let grid = MapGrid { width: 100, height: 100, west_rad: 3.0, north_rad: 0.2, step_rad: 1e-3 };
    let reference = ReferenceMap { grid, values: Raster::filled(100, 100, 1.0) };
    let error =
        match_map(&scenery.draw(speckle), &scenery.shape, &reference, &options(24.0), &Silent).unwrap_err();
    assert!(matches!(error, AlignError::NoOverlap { .. }), "{error}");
}

#[test]
fn holes_in_frame_and_map_do_no_harm() {
    let scenery = near();
    let truth = scenery.draw(speckle);
    let mut wrong = off_by(&truth, [7.0, -5.0], 0.0);
    (0..256 * 60).for_each(|k| wrong.frame.iof.as_mut_slice()[k] = f32::NAN);
    let mut reference = MAP.clone();
    (0..1024).for_each(|line| (0..20).for_each(|sample| reference.values.set(sample, line, f32::NAN)));
    let found = match_map(&wrong, &scenery.shape, &reference, &options(24.0), &Silent).unwrap();
    assert!(error_px(&truth, &scenery.shape, &found.pose) < 3.0 * RECOVERED_PX);
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let scenery = near();
    let wrong = off_by(&scenery.draw(speckle), [7.0, -5.0], 0.0);
    let run = || match_map(&wrong, &scenery.shape, &speckle_map(512), &options(24.0), &Silent).unwrap();
    assert_eq!(run(), run());
}

#[test]
fn options_out_of_range_are_refused() {
    let scenery = near();
    let error = match_map(&scenery.draw(|_| 1.0), &scenery.shape, &speckle_map(64), &options(0.0), &Silent)
        .unwrap_err();
    assert!(error.to_string().contains("search_px = 0"), "{error}");
}
