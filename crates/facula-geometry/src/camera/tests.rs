// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the camera: published cases, and round trips of every model over the whole detector.

use facula_core::{Camera as CameraAxes, PixelPos, Vec3};
use proptest::prelude::*;

use super::*;

/// Distance a pixel may move on its way to a direction and back, px.
const ROUND_TRIP_PX: f64 = 1e-9;
/// Case C02.
const IK_PX: f64 = 1e-6;

fn fc2() -> Camera {
    CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
}

/// Cameras of the example file: one for each distortion model.
fn example(filter: &str) -> Camera {
    CameraFile::from_toml(include_str!("../../data/cameras/models.toml")).unwrap().camera(filter).unwrap()
}

#[test]
fn directions_fall_where_the_instrument_kernel_says() {
    // Case C02 of the truth set.
    let cases = [
        ([0.01, -0.02, 1.0], [618.6723756457172, 297.0174064247768]),
        ([0.04, 0.04, 1.0], [940.408446350413, 940.6842717178409]),
    ];
    for (look, expected) in cases {
        let at = fc2().pixel(Vec3::from_array(look)).unwrap();
        assert!((at.x_px - expected[0]).abs() < IK_PX && (at.y_px - expected[1]).abs() < IK_PX, "{at:?}");
    }
    assert!(fc2().pixel(Vec3::new(0.0, 0.0, -1.0)).is_none());
    assert!(fc2().pixel(Vec3::new(f64::NAN, 0.0, 1.0)).is_none_or(|at| at.x_px.is_nan()));
}

#[test]
fn pixel_scales_from_approach_to_the_lowest_orbit_are_the_published_ones() {
    // Cases C-scale-*: IFOV 9.3242e-5 rad in the kernel (rounded from the older pixel size; 0.08 % off pitch/f).
    for (range_km, scale_m) in [
        (383_000.0, 35711.686),
        (83_000.0, 7739.086),
        (22_000.0, 2051.324),
        (13_600.0, 1268.0912),
        (4400.0, 410.2648),
        (385.0, 35.89817),
    ] {
        let found_m = range_km * 1e3 * fc2().ifov_rad();
        assert!((found_m / scale_m - 1.0f64).abs() < 0.003, "{found_m} {scale_m}");
    }
}

#[test]
fn the_disc_of_ceres_has_the_published_width_in_pixels() {
    // Case C05: tan(asin(R/d)); on the axis, where distortion is below the tolerance of 0.2 px.
    for (range_km, width_px) in
        [(383_000.0, 26.972449229595053), (22_470.0, 459.84946185560045), (14_070.0, 734.6486793554031)]
    {
        let tangent = (482.0f64 / range_km).asin().tan();
        let edge = |sign: f64| {
            let pinhole = Camera { distortion: Distortion::None, ..fc2() };
            pinhole.pixel(Vec3::new(sign * tangent, 0.0, 1.0)).unwrap().x_px
        };
        assert!((edge(1.0) - edge(-1.0) - width_px).abs() < 0.2, "{range_km}");
    }
}

#[test]
fn a_window_sees_what_the_whole_detector_sees_there() {
    let window = Window { first: [100, 300], summing: [2, 4], size: [200, 50] };
    let part = fc2().windowed(&window).unwrap();
    // The middle of summed pixel (3, 5): detector samples 106 and 107, lines 320 to 323.
    let (inside, whole) = (part.look(PixelPos::new(3.0, 5.0)), fc2().look(PixelPos::new(106.5, 321.5)));
    assert!((inside - whole).length() < 1e-15);
    assert!((part.ifov_rad() / fc2().ifov_rad() - 3.0).abs() < 1e-3);
    for bad in [
        Window { first: [900, 0], ..window },
        Window { summing: [0, 1], ..window },
        Window { size: [0, 1], ..window },
        Window { size: [usize::MAX, 1], ..window },
    ] {
        assert!(fc2().windowed(&bad).unwrap_err().to_string().contains("window"));
    }
}

#[test]
fn whole_lines_give_the_directions_of_single_pixels() {
    let narrow = Window { first: [0, 0], summing: [1, 1], size: [64, 16] };
    for camera in [fc2(), example("pinhole"), example("opencv"), example("table")] {
        let camera = camera.windowed(&narrow).unwrap();
        let looks = camera.looks();
        for (line, sample) in [(0, 0), (15, 63), (7, 31)] {
            let one = camera.look(PixelPos::new(sample as f64, line as f64));
            assert!((looks.at(sample, line) - one).length() < 2e-15, "{}", camera.name);
            assert!((one.length() - 1.0).abs() < 1e-15);
        }
    }
}

#[test]
fn a_turned_and_mirrored_detector_follows_its_matrix() {
    // ISIS: TRANSX = (0, 0, 0.038), TRANSY = (0, 0.038, 0): samples run along y (dawnvirAddendum001.ti).
    let camera = Camera {
        pitch_mm: [0.0, 0.0],
        skew_mm: [0.038, 0.038],
        principal_point_px: [127.5, 0.5],
        distortion: Distortion::None,
        ..fc2()
    };
    camera.check().unwrap();
    let look: Vec3<CameraAxes> = camera.look(PixelPos::new(227.5, 0.5));
    assert!(look.x.abs() < 1e-15 && (look.y / look.z - 3.8 / 150.07).abs() < 1e-15);
    assert!((camera.ifov_rad() - 0.038 / 150.07).abs() < 1e-15);
}

#[test]
fn places_beyond_a_models_range_have_no_direction() {
    let barrel = Camera { distortion: Distortion::Radial { e1_per_mm2: -6e-3 }, ..fc2() };
    let corner = PixelPos::new(0.0, 0.0);
    assert!(barrel.direction(corner).is_none() && !barrel.look(corner).is_finite());
    assert!(barrel.pixel(Vec3::new(0.06, 0.06, 1.0)).is_none(), "beyond the turning radius");
    assert!(barrel.check().unwrap_err().to_string().contains("no direction"));
    assert!(barrel.direction(PixelPos::new(400.0, 500.0)).is_some());
}

fn returns(camera: &Camera, x: f64, y: f64) -> Result<(), TestCaseError> {
    let at = PixelPos::new(
        x * (camera.width_px as f64 - 1.0 + 20.0) - 10.0,
        y * (camera.height_px as f64 - 1.0 + 20.0) - 10.0,
    );
    let look = camera.direction(at).ok_or_else(|| TestCaseError::fail(format!("{at:?} has no direction")))?;
    prop_assert!((look.length() - 1.0).abs() < 1e-15);
    let back = camera.pixel(look * 3.0).ok_or_else(|| TestCaseError::fail(format!("{at:?} is lost")))?;
    prop_assert!((back.x_px - at.x_px).abs() < ROUND_TRIP_PX, "{} {at:?} {back:?}", camera.name);
    prop_assert!((back.y_px - at.y_px).abs() < ROUND_TRIP_PX, "{} {at:?} {back:?}", camera.name);
    Ok(())
}

proptest! {
    #[test]
    fn pixels_and_directions_of_the_framing_camera_are_inverse(x in 0.0..1.0f64, y in 0.0..1.0f64) {
        returns(&fc2(), x, y)?;
    }

    #[test]
    fn pixels_and_directions_of_every_model_are_inverse(x in 0.0..1.0f64, y in 0.0..1.0f64) {
        for filter in ["pinhole", "radial", "opencv", "isis", "transverse", "table"] {
            returns(&example(filter), x, y)?;
        }
    }

    #[test]
    fn any_brown_conrady_camera_is_inverse_or_refused(
        k1 in -0.5..0.5f64, k2 in -0.5..0.5f64, p1 in -5e-3..5e-3f64, p2 in -5e-3..5e-3f64,
        k3 in -0.1..0.1f64, x in 0.0..1.0f64, y in 0.0..1.0f64,
    ) {
        // A wide camera: 45 degrees from the axis to the edge.
        let Ok(model) = BrownConrady::new(&[k1, k2, p1, p2, k3]) else { return Ok(()) };
        let camera = Camera {
            focal_length_mm: 7.168,
            distortion: Distortion::BrownConrady(model),
            ..fc2()
        };
        if camera.check().is_ok() {
            returns(&camera, x, y)?;
        }
    }

    #[test]
    fn any_isis_polynomial_is_inverse_or_refused(
        k0 in -0.1..0.1f64, k1 in -5e-3..5e-3f64, k2 in -5e-5..5e-5f64, x in 0.0..1.0f64, y in 0.0..1.0f64,
    ) {
        let camera = Camera { distortion: Distortion::IsisRadial(IsisRadial::new(&[k0, k1, k2]).unwrap()), ..fc2() };
        if camera.check().is_ok() {
            returns(&camera, x, y)?;
        }
    }
}
