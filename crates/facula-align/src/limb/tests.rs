// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drawn discs with a known pointing error.

use facula_core::{Collected, LonLat, Quality, Silent, Vec3};
use facula_geometry::{GridSampling, RadiusGrid, Shape, Shot};
use facula_photometry::DiskFunction;
use proptest::prelude::*;

use super::*;
use crate::testing::{Scenery, apart_px, empty, noise};

/// How well a drawn disc has to be recovered, px: 100 m on Ceres from 22,000 km, far below the relief of its limb.
const RECOVERED_PX: f64 = 0.05;
/// With the disk law of another world the profile is wrong, the symmetric part of the error cancels.
const WRONG_LAW_PX: f64 = 0.1;

/// The shot with its pointing off by some pixels, and the truth.
fn off_by(truth: Shot, [x_px, y_px]: [f64; 2]) -> (Shot, Shot) {
    let ifov_rad = truth.camera.ifov_rad();
    let wrong = Shot { pose: truth.pose.turned(y_px * ifov_rad, -x_px * ifov_rad, 0.0), ..truth.clone() };
    (wrong, truth)
}

fn error_px(truth: &Shot, fit: &LimbFit) -> f64 {
    apart_px(truth, &fit.pose, Vec3::new(0.0, 0.0, 0.0))
}

fn fit(shot: &Shot, scenery: &Scenery) -> Result<LimbFit, AlignError> {
    fit_limb(shot, &scenery.shape, &LimbOptions::default(), &Silent)
}

#[test]
fn pointing_errors_are_recovered_at_every_phase() {
    for (phase_deg, error) in
        [(3.0, [4.1, -2.3]), (40.0, [-6.4, 5.2]), (80.0, [2.2, 3.9]), (110.0, [-1.0, 2.0])]
    {
        let scenery = Scenery { phase_deg, ..Scenery::default() };
        let (wrong, truth) = off_by(scenery.draw(|_| 1.0), error);
        let fit = fit(&wrong, &scenery).unwrap();
        assert!(
            error_px(&truth, &fit) < RECOVERED_PX,
            "{phase_deg} deg: {} px, {:?}",
            error_px(&truth, &fit),
            fit.shift_px
        );
        assert!((fit.shift_px[0] + error[0]).abs() < 0.1 && (fit.shift_px[1] + error[1]).abs() < 0.1);
        assert!(fit.rms_px < 0.1 && fit.used >= 100, "{phase_deg} deg: {} px, {}", fit.rms_px, fit.used);
    }
}

#[test]
fn the_uncertainty_covers_the_error() {
    let scenery = Scenery { noise: 0.05, ..Scenery::default() };
    let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [3.0, 3.0]);
    let fit = fit(&wrong, &scenery).unwrap();
    let [x_px, y_px] = fit.shift_sigma_px();
    assert!(x_px < 0.1 && y_px < 0.1 && x_px > 1e-3 && y_px > 1e-3, "{x_px} {y_px}");
    assert!(error_px(&truth, &fit) < 5.0 * x_px.hypot(y_px), "{} {x_px} {y_px}", error_px(&truth, &fit));
}

#[test]
fn another_disk_law_does_little_harm() {
    for disk in [DiskFunction::Lambert, DiskFunction::Akimov] {
        let scenery = Scenery { disk, ..Scenery::default() };
        let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [2.0, -2.0]);
        let fit = fit(&wrong, &scenery).unwrap();
        assert!(error_px(&truth, &fit) < WRONG_LAW_PX, "{disk:?}: {}", error_px(&truth, &fit));
    }
}

#[test]
fn terrain_on_the_limb_is_followed() {
    let sampling = GridSampling { ellipsoid: crate::testing::ceres(), cells: 128 };
    let grid = RadiusGrid::from_heights(sampling, |d| 6.0 * (5.0 * d.x).sin() * (6.0 * d.z).cos());
    let scenery = Scenery { shape: Shape::Grid(grid), ..Scenery::default() };
    let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [-3.0, 1.0]);
    let fit = fit(&wrong, &scenery).unwrap();
    assert!(error_px(&truth, &fit) < RECOVERED_PX, "{}", error_px(&truth, &fit));
}

#[test]
fn a_dark_limb_alone_is_not_fitted() {
    let scenery = Scenery { centre_px: [130.0, 0.0], phase_deg: 60.0, ..Scenery::default() };
    assert!(matches!(fit(&scenery.draw(|_| 1.0), &scenery), Err(AlignError::NoLimb { .. })));
}

#[test]
fn a_body_partly_outside_the_frame_is_fitted() {
    let scenery = Scenery { centre_px: [-110.0, 60.0], phase_deg: 20.0, ..Scenery::default() };
    let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [2.0, 3.0]);
    let fit = fit(&wrong, &scenery).unwrap();
    assert!(error_px(&truth, &fit) < RECOVERED_PX, "{}", error_px(&truth, &fit));
}

#[test]
fn a_turn_about_the_boresight_is_found_when_asked_for() {
    let scenery = Scenery { phase_deg: 20.0, ..Scenery::default() };
    let truth = scenery.draw(|_| 1.0);
    let wrong = Shot { pose: truth.pose.turned(0.0, 0.0, 0.02), ..truth.clone() };
    let options = LimbOptions { twist: Twist::Fit, ..LimbOptions::default() };
    let fit = fit_limb(&wrong, &scenery.shape, &options, &Silent).unwrap();
    // The ellipsoid is 6 px flatter at the poles; 0.02 rad move its limb by 0.1 px.
    assert!((fit.twist_rad + 0.02).abs() < 0.005, "{}", fit.twist_rad);
}

#[test]
fn unusable_pixels_are_skipped() {
    let scenery = Scenery::default();
    let (mut wrong, truth) = off_by(scenery.draw(|_| 1.0), [3.0, -3.0]);
    for line in (0..256).step_by(7) {
        for sample in 0..256 {
            wrong.frame.iof.set(sample, line, f32::NAN);
        }
        wrong.frame.iof.set(line, 100, 1e6);
        wrong.frame.quality.set(line, 100, Quality::HOT);
    }
    let fit = fit(&wrong, &scenery).unwrap();
    assert!(
        error_px(&truth, &fit) < RECOVERED_PX && fit.rms_px < 0.1,
        "{} {}",
        error_px(&truth, &fit),
        fit.rms_px
    );
}

#[test]
fn an_unknown_bright_column_is_rejected_not_followed() {
    let scenery = Scenery::default();
    let (mut wrong, truth) = off_by(scenery.draw(|_| 1.0), [1.0, 1.0]);
    (0..256).for_each(|line| wrong.frame.iof.set(222, line, 3.0));
    let fit = fit(&wrong, &scenery).unwrap();
    assert!(
        error_px(&truth, &fit) < RECOVERED_PX && fit.rejected > 0,
        "{} {}",
        error_px(&truth, &fit),
        fit.rejected
    );
}

#[test]
fn a_body_that_fills_the_frame_has_no_limb() {
    let scenery = Scenery { range_km: 2_000.0, ..Scenery::default() };
    let error = fit(&scenery.draw(|_| 1.0), &scenery).unwrap_err();
    assert!(matches!(error, AlignError::NoLimb { predicted: 0, found: 0, .. }), "{error}");
    assert!(error.to_string().contains("synthetic") && error.to_string().contains("map"));
}

#[test]
fn a_camera_inside_the_bounding_sphere_sees_no_limb() {
    let mut shot = empty(Scenery::default().pose());
    shot.pose.spacecraft_km = Vec3::new(400.0, 0.0, 0.0);
    assert!(matches!(fit(&shot, &Scenery::default()), Err(AlignError::NoLimb { predicted: 0, .. })));
}

#[test]
fn noise_and_emptiness_have_no_limb() {
    let scenery = Scenery::default();
    let mut shot = empty(scenery.pose());
    assert!(matches!(fit(&shot, &scenery), Err(AlignError::NoLimb { found: 0, .. })));
    shot.frame.iof.as_mut_slice().iter_mut().enumerate().for_each(|(k, v)| *v = 0.01 * noise(k));
    let error = fit(&shot, &scenery).unwrap_err();
    assert!(matches!(error, AlignError::NoLimb { predicted: 100.., found: 0..30, .. }), "{error}");
    shot.frame.iof.as_mut_slice().fill(f32::NAN);
    assert!(matches!(fit(&shot, &scenery), Err(AlignError::NoLimb { found: 0, .. })));
}

#[test]
fn a_grossly_wrong_pose_is_an_error_not_a_fit() {
    let scenery = Scenery::default();
    let (wrong, _) = off_by(scenery.draw(|_| 1.0), [60.0, -40.0]);
    assert!(fit(&wrong, &scenery).is_err());
}

#[test]
fn a_short_arc_is_fitted_with_a_warning() {
    let scenery = Scenery { centre_px: [-205.0, 0.0], noise: 0.02, phase_deg: 60.0, ..Scenery::default() };
    let (wrong, _) = off_by(scenery.draw(|place| 1.0 + 0.3 * crate::testing::speckle(place)), [0.5, 0.5]);
    let collected = Collected::default();
    let options = LimbOptions { spacing_px: 1.0, ..LimbOptions::default() };
    match fit_limb(&wrong, &scenery.shape, &options, &collected) {
        Ok(fit) => {
            let [x_px, y_px] = fit.shift_sigma_px();
            assert!(y_px > x_px, "the arc fixes x: {x_px} {y_px}");
            assert_eq!(collected.warnings().is_empty(), x_px.max(y_px) <= WARN_SIGMA_PX);
        }
        Err(error) => assert!(matches!(error, AlignError::NoLimb { .. }), "{error}"),
    }
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let scenery = Scenery::default();
    let (wrong, _) = off_by(scenery.draw(|_| 1.0), [2.0, 2.0]);
    assert_eq!(fit(&wrong, &scenery).unwrap(), fit(&wrong, &scenery).unwrap());
}

#[test]
fn options_out_of_range_are_refused() {
    let scenery = Scenery::default();
    let shot = empty(scenery.pose());
    let options = LimbOptions { psf_sigma_px: f64::NAN, ..LimbOptions::default() };
    let error = fit_limb(&shot, &scenery.shape, &options, &Silent).unwrap_err();
    assert!(error.to_string().contains("psf_sigma_px = NaN"), "{error}");
}

#[test]
fn points_tell_what_was_seen_and_what_was_expected() {
    let scenery = Scenery::default();
    let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [2.0, 2.0]);
    let fit = fit(&wrong, &scenery).unwrap();
    let centre = truth.pixel_of(Vec3::new(0.0, 0.0, 0.0)).unwrap();
    for point in fit.points.iter().filter(|p| p.used) {
        let apart_px = (point.x_px - point.predicted_x_px).hypot(point.y_px - point.predicted_y_px);
        assert!((apart_px - point.residual_px.abs()).abs() < 0.02, "{point:?}");
        let radius_px = (point.x_px - centre.x_px).hypot(point.y_px - centre.y_px);
        assert!((80.0..98.0).contains(&radius_px), "{radius_px}");
    }
    let sub_solar = LonLat::of(truth.pose.sun_km);
    assert!(
        sub_solar.longitude_deg() > 5.0 && fit.points.iter().all(|p| p.x_px > centre.x_px - 30.0),
        "lit from the right"
    );
}

#[test]
fn options_come_from_files_and_unknown_ones_are_refused() {
    let options: LimbOptions = serde_json::from_str(r#"{"search_px": 5.0, "twist": "fit"}"#).unwrap();
    assert_eq!(options, LimbOptions { search_px: 5.0, twist: Twist::Fit, ..LimbOptions::default() });
    assert!(serde_json::from_str::<LimbOptions>(r#"{"serach_px": 5.0}"#).is_err());
}

proptest! {
    // Each case draws a frame of 256² px.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_error_within_the_search_is_recovered(
        x_px in -7.5..7.5f64, y_px in -7.5..7.5f64, phase_deg in 0.0..130.0f64, range_km in 12_000.0..20_000.0f64,
    ) {
        let scenery = Scenery { phase_deg, range_km, ..Scenery::default() };
        let (wrong, truth) = off_by(scenery.draw(|_| 1.0), [x_px, y_px]);
        let fit = fit(&wrong, &scenery).unwrap();
        prop_assert!(error_px(&truth, &fit) < RECOVERED_PX, "{} px", error_px(&truth, &fit));
    }
}
