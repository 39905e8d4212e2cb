// SPDX-License-Identifier: MIT OR Apache-2.0
//! Closed loop: paint a world, photograph it, map the photographs, compare with the paint.
#![allow(clippy::unwrap_used)]

#[path = "support/paint.rs"]
mod common;

use common::{blank, camera, ceres, model, painted, photograph, pose};
use facula_core::{
    BodyFixed, CellGrid, Collected, Ellipsoid, LonLat, MapGrid, PixelPos, Pose, Quality, Raster, Silent, Vec3,
};
use facula_geometry::{GridSampling, RadiusGrid, Shape, Shot};
use facula_map::{GlobalMap, Ground, MapError, Mosaic, MosaicOptions, Sampling, orthorectify};
use facula_photometry::{DiskFunction, LightAngles, SurfaceModel};

/// Registration error allowed, pixels of the frame: the issue asks for 0.5 px from all sources together.
const SHIFT_PX: f64 = 0.1;
/// Albedo error allowed, as a fraction, for three cells in four.
const ALBEDO_FRACTION: f64 = 0.01;
/// Side of the test frames: Ceres' disc of 370 px fits into it at 27,000 km.
const SIDE_PX: usize = 400;
const RANGE_KM: f64 = 27_000.0;

fn options() -> MosaicOptions {
    MosaicOptions { model: model(), ..MosaicOptions::default() }
}

fn truth(grid: &MapGrid) -> Raster<f32> {
    let value = |k: usize| {
        let at = PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64);
        painted(grid.place(at).direction()) as f32
    };
    Raster::from_vec(grid.width, grid.height, (0..grid.width * grid.height).map(value).collect()).unwrap()
}

/// Mean shift of a map against the truth in cells (x, y): least squares on the truth's gradient.
fn shift_cells(map: &GlobalMap, truth: &Raster<f32>) -> (f64, f64) {
    let (mut xx, mut xy, mut yy, mut xd, mut yd) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for line in 1..map.albedo.height() - 1 {
        for column in 1..map.albedo.width() - 1 {
            let d = f64::from(map.albedo.at(column, line) - truth.at(column, line));
            let gx = f64::from(truth.at(column + 1, line) - truth.at(column - 1, line)) / 2.0;
            let gy = f64::from(truth.at(column, line + 1) - truth.at(column, line - 1)) / 2.0;
            if d.is_finite() {
                (xx, xy, yy, xd, yd) = (xx + gx * gx, xy + gx * gy, yy + gy * gy, xd - gx * d, yd - gy * d);
            }
        }
    }
    let det = xx * yy - xy * xy;
    ((yy * xd - xy * yd) / det, (xx * yd - xy * xd) / det)
}

/// Errors as fractions, sorted.
fn albedo_errors(map: &GlobalMap, truth: &Raster<f32>) -> Vec<f64> {
    let pairs = map.albedo.as_slice().iter().zip(truth.as_slice()).filter(|(m, _)| m.is_finite());
    let mut errors: Vec<f64> = pairs.map(|(m, t)| f64::from((m / t - 1.0).abs())).collect();
    errors.sort_by(f64::total_cmp);
    errors
}

fn assert_recovered(map: &GlobalMap) {
    let CellGrid::Angular(grid) = map.grid else { panic!("equirectangular") };
    let truth = truth(&grid);
    let (x, y) = shift_cells(map, &truth);
    let cells_per_px = RANGE_KM * camera(SIDE_PX).ifov_rad() / (grid.step_rad * 480.0);
    assert!(x.hypot(y) / cells_per_px < SHIFT_PX, "shift {x} {y} cells");
    let errors = albedo_errors(map, &truth);
    let at = |fraction: f64| errors[(fraction * (errors.len() - 1) as f64) as usize];
    assert!(errors.len() > map.albedo.as_slice().len() / 5);
    assert!(at(0.75) < ALBEDO_FRACTION && at(0.99) < 3.0 * ALBEDO_FRACTION, "{} {}", at(0.75), at(0.99));
}

#[test]
fn one_frame_comes_back_as_the_paint_it_was_taken_of() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(LonLat::from_degrees(230.0, 10.0), RANGE_KM, 20.0), SIDE_PX);
    for sampling in [Sampling::Bilinear, Sampling::Bicubic] {
        let ground = Ground { shape: &shape, grid: MapGrid::global(720).into() };
        let map = orthorectify(&shot, ground, &MosaicOptions { sampling, ..options() }, &Silent).unwrap();
        assert_recovered(&map);
    }
}

#[test]
fn every_disk_function_is_divided_out_as_it_was_put_in() {
    let shape = ceres();
    for disk in [DiskFunction::Lambert, DiskFunction::Akimov] {
        let surface = SurfaceModel { disk, ..model() };
        let mut shot = photograph("a", &shape, pose(LonLat::from_degrees(230.0, 10.0), RANGE_KM, 30.0), 8);
        shot.camera = camera(SIDE_PX);
        shot.frame = blank("a", SIDE_PX);
        for k in 0..SIDE_PX * SIDE_PX {
            let at = PixelPos::new((k % SIDE_PX) as f64, (k / SIDE_PX) as f64);
            if let Some(point) = shot.ground(&shape, at).and_then(|hit| shape.surface(hit.point_km.unit()?)) {
                let iof = 0.09 * surface.iof_per_albedo(shot.light(&point));
                shot.frame.iof.as_mut_slice()[k] = iof as f32;
            }
        }
        let ground = Ground { shape: &shape, grid: MapGrid::global(180).into() };
        let map =
            orthorectify(&shot, ground, &MosaicOptions { model: surface, ..options() }, &Silent).unwrap();
        let mut values: Vec<f32> = map.albedo.as_slice().iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        let (low, high) = (values[values.len() / 100], values[values.len() * 99 / 100]);
        assert!((low - 0.09).abs() < 9e-4 && (high - 0.09).abs() < 9e-4, "{disk:?}: {low} to {high}");
    }
}

#[test]
fn cells_larger_than_pixels_hold_the_mean_over_their_area() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(LonLat::from_degrees(230.0, 10.0), RANGE_KM, 20.0), SIDE_PX);
    // 3 degrees: 25 km or 10 px.
    let grid = MapGrid::global(60);
    let map = orthorectify(&shot, Ground { shape: &shape, grid: grid.into() }, &options(), &Silent).unwrap();
    let mut worst: f64 = 0.0;
    for k in (0..grid.width * grid.height).filter(|k| map.albedo.as_slice()[*k] > 0.0) {
        let (column, line) = ((k % grid.width) as f64, (k / grid.width) as f64);
        let sub = |n: usize| (n as f64 + 0.5) / 20.0 - 0.5;
        let mean = (0..400)
            .map(|n| painted(grid.place(PixelPos::new(column + sub(n % 20), line + sub(n / 20))).direction()))
            .sum::<f64>()
            / 400.0;
        let seen_deg =
            grid.place(PixelPos::new(column, line)).separation_rad(shot.pose.sub_spacecraft()).to_degrees();
        if seen_deg < 55.0 {
            worst = worst.max((f64::from(map.albedo.as_slice()[k]) / mean - 1.0).abs());
        }
    }
    // The photometric factor is taken at the middle of the cell.
    assert!(worst < 0.015, "{worst}");
}

fn four_shots(shape: &Shape) -> Vec<Shot> {
    [(200.0, 10.0), (240.0, -20.0), (280.0, 60.0), (320.0, 0.0)]
        .into_iter()
        .enumerate()
        .map(|(k, (lon, lat))| {
            photograph(&format!("f{k}"), shape, pose(LonLat::from_degrees(lon, lat), RANGE_KM, 15.0), SIDE_PX)
        })
        .collect()
}

#[test]
fn a_mosaic_of_four_frames_is_the_paint_and_the_same_bytes_for_any_threads_and_batches() {
    let shape = ceres();
    let shots = four_shots(&shape);
    let run = |threads: usize, batches: &[usize]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut mosaic = Mosaic::new(MapGrid::global(360)).unwrap();
            let mut rest = &shots[..];
            for size in batches {
                let (batch, later) = rest.split_at(*size);
                mosaic.accumulate(batch, &shape, &options(), &Silent).unwrap();
                // As a run that was killed and started again: through bytes.
                mosaic = Mosaic::from_bytes(&mosaic.to_bytes()).unwrap();
                rest = later;
            }
            mosaic
        })
    };
    let one = run(1, &[4]);
    for other in [run(2, &[4]), run(8, &[4]), run(2, &[1, 3]), run(1, &[2, 1, 1])] {
        assert!(one.to_bytes() == other.to_bytes());
    }
    let map = one.finish();
    assert_recovered(&map);
    assert!(map.coverage.as_slice().iter().copied().max() >= Some(2));
    for (k, count) in map.coverage.as_slice().iter().enumerate() {
        let measured = *count > 0;
        assert_eq!(measured, map.albedo.as_slice()[k].is_finite());
        assert_eq!(measured, map.scale_m.as_slice()[k].is_finite());
        assert_eq!(measured, map.sigma.as_slice()[k] > 0.0);
        assert_eq!(!measured, map.quality.as_slice()[k].intersects(Quality::MISSING));
    }
    // 14 µm over 150.08 mm at 26,518 to 27,000 km.
    let best = map.scale_m.as_slice().iter().copied().filter(|s| s.is_finite()).fold(f32::INFINITY, f32::min);
    assert!((2470.0..2480.0).contains(&best), "{best}");
}

/// A ridge 40 km high along the meridian of 30° east.
fn ridge() -> Shape {
    let ellipsoid = Ellipsoid::new(480.0, 480.0, 480.0).unwrap();
    let height_km = |direction: Vec3<BodyFixed>| {
        let apart = LonLat::of(direction).longitude_rad - 30f64.to_radians();
        40.0 * (-(apart / 0.03).powi(2)).exp()
    };
    Shape::Grid(RadiusGrid::from_heights(GridSampling { ellipsoid, cells: 400 }, height_km))
}

fn grey(pose: Pose) -> Shot {
    let mut frame = blank("grey", SIDE_PX);
    frame.iof = Raster::filled(SIDE_PX, SIDE_PX, 0.05);
    Shot { frame, camera: camera(SIDE_PX), pose }
}

#[test]
fn ground_behind_a_ridge_is_hidden_or_in_shadow_and_says_so() {
    let shape = ridge();
    let grid = MapGrid { width: 60, height: 10, west_rad: 0.0, north_rad: 0.1, step_rad: 1f64.to_radians() };
    let quality_at = |map: &GlobalMap, east_deg: usize| map.quality.at(east_deg, 5);
    let limits = MosaicOptions { max_emission_rad: 1.5, max_incidence_rad: 1.5, ..options() };
    // From 30 degrees west of the meridian, the ridge stands at 60 degrees: ground behind it is hidden.
    let low_camera = grey(pose(LonLat::from_degrees(330.0, 0.0), RANGE_KM, 25.0));
    let map =
        orthorectify(&low_camera, Ground { shape: &shape, grid: grid.into() }, &limits, &Silent).unwrap();
    assert!(quality_at(&map, 10).is_good(), "{:?}", quality_at(&map, 10));
    assert!(quality_at(&map, 34).intersects(Quality::OFF_BODY), "{:?}", quality_at(&map, 34));
    assert!(map.albedo.at(34, 5).is_nan());
    // From above, with the Sun 65 degrees west of the ridge: ground east of it is in its shadow.
    let low_sun = grey(pose(LonLat::from_degrees(30.0, 0.0), RANGE_KM, -65.0));
    let map = orthorectify(&low_sun, Ground { shape: &shape, grid: grid.into() }, &limits, &Silent).unwrap();
    assert!(quality_at(&map, 36).intersects(Quality::SHADOW), "{:?}", quality_at(&map, 36));
    assert!(quality_at(&map, 15).is_good());
}

#[test]
fn night_grazing_light_and_bad_pixels_leave_cells_empty_with_the_reason() {
    let shape = ceres();
    let mut shot = photograph("a", &shape, pose(LonLat::from_degrees(180.0, 0.0), RANGE_KM, 60.0), SIDE_PX);
    let bad = LonLat::from_degrees(200.0, 0.0);
    let at = shot.pixel_of(bad.direction() * 482.1).unwrap();
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        shot.frame.quality.set(at.x_px as usize + dx, at.y_px as usize + dy, Quality::HOT);
    }
    let grid = MapGrid::global(360);
    let map = orthorectify(&shot, Ground { shape: &shape, grid: grid.into() }, &options(), &Silent).unwrap();
    let quality = |lon_deg: f64| {
        let at = grid.position(LonLat::from_degrees(lon_deg, 0.0)).unwrap();
        map.quality.at(at.x_px.round() as usize, at.y_px.round() as usize)
    };
    // The Sun stands over 240 E: night begins at 150 E, light below 10 degrees at 160 E.
    assert_eq!(quality(130.0), Quality::SHADOW | Quality::MISSING);
    assert_eq!(quality(155.0), Quality::GRAZING | Quality::MISSING);
    assert_eq!(quality(260.0), Quality::GRAZING | Quality::MISSING, "seen at 80 degrees");
    assert_eq!(quality(200.0), Quality::HOT | Quality::MISSING);
    assert_eq!(quality(220.0), Quality::GOOD);
    assert_eq!(quality(10.0), Quality::MISSING, "on the far side");
}

#[test]
fn shots_that_cannot_be_used_are_reported_and_the_rest_goes_on() {
    let shape = ceres();
    let here = pose(LonLat::from_degrees(180.0, 0.0), RANGE_KM, 20.0);
    let good = photograph("good", &shape, here, SIDE_PX);
    let renamed = |id: &str| {
        let mut shot = good.clone();
        shot.frame.meta.id = id.into();
        shot
    };
    let mut lost = renamed("lost");
    lost.frame.iof = Raster::filled(SIDE_PX, SIDE_PX, f32::NAN);
    let mut away = renamed("away");
    away.pose = away.pose.turned(1.0, 0.0, 0.0);
    let mut nowhere = renamed("nowhere");
    nowhere.pose.spacecraft_km = Vec3::new(f64::NAN, 0.0, 0.0);
    let mut wrong = renamed("wrong");
    wrong.camera = camera(64);
    let report = Collected::default();
    let mut mosaic = Mosaic::new(MapGrid::global(90)).unwrap();
    let done =
        mosaic.accumulate(&[lost, away, nowhere, wrong, good.clone()], &shape, &options(), &report).unwrap();
    assert_eq!(done.cells_per_shot[..4], [0; 4]);
    assert!(done.cells_per_shot[4] > 1000);
    let warnings = report.warnings();
    let subjects: Vec<_> = warnings.iter().map(|w| w.subject.as_str()).collect();
    assert_eq!(subjects, ["away", "lost", "nowhere", "wrong"]);
    assert!(warnings.iter().all(|w| w.message.contains("left out") && !w.hint.is_empty()));
    let alone =
        orthorectify(&good, Ground { shape: &shape, grid: MapGrid::global(90).into() }, &options(), &Silent);
    assert!(mosaic.finish().albedo.map(f32::to_bits) == alone.unwrap().albedo.map(f32::to_bits));
}

#[test]
fn the_standard_geometry_scales_the_map() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(LonLat::from_degrees(180.0, 0.0), RANGE_KM, 20.0), SIDE_PX);
    let standard = LightAngles::from_degrees(30.0, 0.0, 30.0);
    let ground = Ground { shape: &shape, grid: MapGrid::global(90).into() };
    let normal = orthorectify(&shot, ground, &options(), &Silent).unwrap();
    let thirty = orthorectify(&shot, ground, &MosaicOptions { standard, ..options() }, &Silent).unwrap();
    let ratio = thirty.albedo.at(90, 45) / normal.albedo.at(90, 45);
    assert!((f64::from(ratio) - model().iof_per_albedo(standard)).abs() < 1e-6, "{ratio}");
}

#[test]
fn grids_and_options_out_of_range_are_refused() {
    let grid = MapGrid::global(10);
    for bad in [
        MapGrid { width: 0, ..grid },
        MapGrid { step_rad: f64::NAN, ..grid },
        MapGrid { step_rad: -0.1, ..grid },
        MapGrid { west_rad: f64::INFINITY, ..grid },
    ] {
        assert!(matches!(Mosaic::new(bad), Err(MapError::Argument { .. })));
    }
    assert!(matches!(
        Mosaic::new(MapGrid { width: 1 << 20, height: 1 << 20, ..grid }),
        Err(MapError::Limit { .. })
    ));
    let night = MosaicOptions { standard: LightAngles::from_degrees(100.0, 0.0, 100.0), ..options() };
    let wide = MosaicOptions { max_emission_rad: 2.0, ..options() };
    for bad in [night, wide] {
        let error = Mosaic::new(grid).unwrap().accumulate(&[], &ceres(), &bad, &Silent).unwrap_err();
        assert!(matches!(error, MapError::Argument { .. }), "{error}");
    }
}

#[test]
fn a_window_across_the_prime_meridian_holds_what_the_global_map_holds() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(LonLat::from_degrees(0.0, 10.0), RANGE_KM, 20.0), SIDE_PX);
    let global = MapGrid::global(360);
    let window = MapGrid { width: 80, height: 60, west_rad: -20f64.to_radians(), north_rad: 0.5, ..global };
    /// Geometry is interpolated between nodes of tiles, which begin elsewhere: as a fraction of the albedo.
    const NODES: f32 = 2e-4;
    let map = |grid: MapGrid| {
        orthorectify(&shot, Ground { shape: &shape, grid: grid.into() }, &options(), &Silent).unwrap()
    };
    let (whole, part) = (map(global), map(window));
    let north = (((std::f64::consts::FRAC_PI_2 - 0.5) / global.step_rad).round()) as usize;
    let exact = MapGrid { north_rad: std::f64::consts::FRAC_PI_2 - north as f64 * global.step_rad, ..window };
    assert_ne!(exact.north_rad, window.north_rad);
    let part_on_the_grid = map(exact);
    for (column, line) in (0..80).flat_map(|column| (0..60).map(move |line| (column, line))) {
        let expected = whole.albedo.at((column + 680) % 720, line + north);
        assert!((part_on_the_grid.albedo.at(column, line) / expected - 1.0).abs() < NODES);
        assert!(part.albedo.at(column, line).is_finite());
    }
}

#[test]
fn a_large_cell_survives_a_few_bad_pixels_but_not_the_loss_of_most() {
    let shape = ceres();
    let mut shot = photograph("a", &shape, pose(LonLat::from_degrees(180.0, 0.0), RANGE_KM, 20.0), SIDE_PX);
    let grid = MapGrid::global(60);
    let middle = shot.pixel_of(LonLat::from_degrees(181.5, 1.5).direction() * 482.1).unwrap();
    let mut spoil = |radius: usize| {
        for k in 0..(2 * radius + 1) * (2 * radius + 1) {
            let (dx, dy) = (k % (2 * radius + 1), k / (2 * radius + 1));
            let (x, y) = (middle.x_px as usize + dx - radius, middle.y_px as usize + dy - radius);
            shot.frame.quality.set(x, y, Quality::SATURATED);
        }
        let map =
            orthorectify(&shot, Ground { shape: &shape, grid: grid.into() }, &options(), &Silent).unwrap();
        map.quality.at(60, 29)
    };
    assert_eq!(spoil(1), Quality::GOOD);
    assert_eq!(spoil(6), Quality::SATURATED | Quality::MISSING);
}
