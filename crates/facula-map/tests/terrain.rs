// SPDX-License-Identifier: MIT OR Apache-2.0
//! Closed loop on terrain: a mesh with hills and a painted albedo, photographed by rays, mapped, compared with the paint;
//! what terrain hides and shades against single rays; frames as maps of their own.
#![allow(clippy::unwrap_used)]

#[path = "support/paint.rs"]
mod common;

use common::{camera, ceres, model, painted, photograph, pose};
use facula_core::{BodyFixed, LonLat, MapGrid, PixelPos, Quality, Silent, Vec3};
use facula_geometry::{Mesh, Shape, Shot, SurfacePoint};
use facula_map::{
    Ground, MapError, MappedFrame, MosaicOptions, SunShape, Terrain, frame_window, geometry_layers,
    orthorectify,
};
use proptest::prelude::*;

const SIDE_PX: usize = 320;
const RANGE_KM: f64 = 2400.0;
/// The bounds: registration in pixels of the frame, and rms of albedo away from shadows.
const SHIFT_PX: f64 = 0.1;
const ALBEDO_RMS: f64 = 0.01;

/// East longitude of the ridge, and the place that frames look at.
const RIDGE_DEG: f64 = 242.0;
/// Beside a painted spot.
const PLACE_DEG: [f64; 2] = [239.0, 19.5];

fn place() -> LonLat {
    LonLat::from_degrees(PLACE_DEG[0], PLACE_DEG[1])
}

/// Distance from the crest of the ridge, km.
fn from_ridge_km(up: Vec3<BodyFixed>) -> f64 {
    let place = LonLat::of(up);
    (place.longitude_rad - RIDGE_DEG.to_radians()) * 470.0 * place.latitude_rad.cos()
}

/// Hills of 1 km over 100 km on a sphere with a ridge 6 km high along a meridian: a cube of squares, two facets each.
fn hills() -> Shape {
    const CELLS: usize = 220;
    let height_km = |up: Vec3<BodyFixed>| {
        let ridge = 6.0 * (-(from_ridge_km(up) / 6.0).powi(2)).exp();
        (30.0 * up.x + 3.0).sin() * (27.0 * up.z).cos() + ridge
    };
    let (mut vertices_km, mut facets) = (Vec::new(), Vec::new());
    for face in 0..6 {
        let first = vertices_km.len() as u32;
        for k in 0..(CELLS + 1) * (CELLS + 1) {
            let at = |k: usize| ((2.0 * k as f64 / CELLS as f64 - 1.0) * std::f64::consts::FRAC_PI_4).tan();
            let (u, v) = (at(k % (CELLS + 1)), at(k / (CELLS + 1)));
            let up = [[1.0, u, v], [-1.0, v, u], [v, 1.0, u], [u, -1.0, v], [u, v, 1.0], [v, u, -1.0]][face];
            let up = Vec3::from_array(up).unit().unwrap();
            vertices_km.push((up * (470.0 + height_km(up))).to_array());
        }
        for k in 0..CELLS * CELLS {
            let a = first + (k / CELLS * (CELLS + 1) + k % CELLS) as u32;
            let [b, c, d] = [a + 1, a + CELLS as u32 + 2, a + CELLS as u32 + 1];
            facets.extend([[a, b, c], [a, c, d]]);
        }
    }
    Shape::Mesh(Mesh::new(vertices_km, facets).unwrap())
}

fn options() -> MosaicOptions {
    MosaicOptions { model: model(), ray_zenith_rad: 0.0, ..MosaicOptions::default() }
}

fn map(shot: &Shot, shape: &Shape, grid: MapGrid, options: &MosaicOptions) -> MappedFrame {
    let terrain = Terrain::new(shape, grid).unwrap();
    let mut map = MappedFrame::new(grid).unwrap();
    map.fill(shot, &terrain, options).unwrap();
    map
}

/// Shift in cells (least squares on the paint's gradient) and rms of the relative error over cells around which
/// everything is measured, the ridge and its foot left out: facets of 3 km only sketch it.
fn against_paint(map: &MappedFrame) -> (f64, f64, usize) {
    let MapGrid { width, height, .. } = map.grid;
    let truth = |c: usize, l: usize| painted(map.grid.place(PixelPos::new(c as f64, l as f64)).direction());
    let (mut xx, mut xy, mut yy, mut xd, mut yd) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut squares, mut count) = (0.0, 0);
    for (c, l) in (4..height - 4).flat_map(|l| (4..width - 4).map(move |c| (c, l))) {
        let whole = (l - 4..=l + 4).all(|l| (c - 4..=c + 4).all(|c| map.albedo.at(c, l).is_finite()));
        let up = map.grid.place(PixelPos::new(c as f64, l as f64)).direction();
        if !whole || from_ridge_km(up).abs() < 18.0 {
            continue;
        }
        let expected = truth(c, l);
        let d = f64::from(map.albedo.at(c, l)) - expected;
        let (gx, gy) = ((truth(c + 1, l) - truth(c - 1, l)) / 2.0, (truth(c, l + 1) - truth(c, l - 1)) / 2.0);
        (xx, xy, yy, xd, yd) = (xx + gx * gx, xy + gx * gy, yy + gy * gy, xd - gx * d, yd - gy * d);
        (squares, count) = (squares + (d / expected).powi(2), count + 1);
    }
    let det = xx * yy - xy * xy;
    let shift = ((yy * xd - xy * yd) / det).hypot((xx * yd - xy * xd) / det);
    (shift, (squares / count as f64).sqrt(), count)
}

#[test]
fn a_frame_of_hills_with_shadows_comes_back_as_the_paint() {
    for (shape, sun_deg) in [(hills(), 30.0), (hills(), 68.0), (ceres(), 45.0)] {
        let shot = photograph("a", &shape, pose(place(), RANGE_KM, sun_deg), SIDE_PX);
        let grid = frame_window(&shot, &shape, &MapGrid::global(9000)).unwrap();
        let map = map(&shot, &shape, grid, &options());
        let (shift, rms, count) = against_paint(&map);
        let cells_per_px = (RANGE_KM - 470.0) * camera(SIDE_PX).ifov_rad() / (grid.step_rad * 470.0);
        assert!(
            shift / cells_per_px < SHIFT_PX,
            "Sun {sun_deg}: {shift} cells, {cells_per_px} to a pixel, rms {rms}"
        );
        assert!(rms < ALBEDO_RMS && count > 20_000, "Sun {sun_deg}: rms {rms} of {count}");
        let shaded = map.quality.as_slice().iter().filter(|q| q.intersects(Quality::SHADOW)).count();
        assert_eq!(shaded > 1000, sun_deg > 60.0, "{shaded}");
    }
}

#[test]
fn hidden_and_shaded_cells_are_those_that_rays_find() {
    let shape = hills();
    // The place is seen at 70 degrees, from the east.
    let mut low = pose(place(), RANGE_KM, 20.0);
    low.spacecraft_km = LonLat::from_degrees(305.0, 15.0).direction() * 6000.0;
    low.camera_from_body = facula_core::north_up(place().direction() * 470.0 - low.spacecraft_km);
    let mut shot = photograph("a", &shape, pose(place(), RANGE_KM, 70.0), 8);
    shot.camera = camera(SIDE_PX);
    shot.frame = common::blank("a", SIDE_PX);
    shot.frame.iof.as_mut_slice().fill(0.03);
    let limits =
        MosaicOptions { max_emission_rad: 1.56, max_incidence_rad: 1.56, soften_rad: 0.0, ..options() };
    for (pose, reason) in [(shot.pose, Quality::SHADOW), (low, Quality::OFF_BODY)] {
        shot.pose = pose;
        let grid = MapGrid { width: 200, height: 120, west_rad: 4.14, north_rad: 0.37, step_rad: 5e-4 };
        let map = map(&shot, &shape, grid, &limits);
        let (mut agree, mut apart, mut blocked) = (0, 0, 0);
        for (c, l) in (0..120).flat_map(|l| (0..200).map(move |c| (c, l))) {
            let point: SurfacePoint =
                shape.surface(grid.place(PixelPos::new(c as f64, l as f64)).direction()).unwrap();
            let light = shot.light(&point);
            let inside = shot.pixel_of(point.point_km).is_some_and(|at| shot.camera.contains(at));
            if !inside || light.cos_incidence < 0.02 || light.cos_emission < 0.02 {
                continue;
            }
            let hidden = shape.hidden(&point, pose.spacecraft_km);
            let shaded = shape.shadowed(&point, pose.sun_km);
            let expected = if hidden {
                Quality::OFF_BODY
            } else if shaded {
                Quality::SHADOW
            } else {
                Quality::GOOD
            };
            let found = map.quality.at(c, l);
            blocked += usize::from(found == reason);
            if found == expected { agree += 1 } else { apart += 1 }
        }
        assert!(blocked > 300 && agree > 5_000 && apart < agree / 1000, "{blocked} {agree} {apart}");
    }
}

#[test]
fn ground_that_sees_part_of_the_sun_is_flagged_or_left_out() {
    let shape = hills();
    let mut shot = photograph("a", &shape, pose(place(), RANGE_KM, 70.0), 8);
    shot.camera = camera(SIDE_PX);
    shot.frame = common::blank("a", SIDE_PX);
    shot.frame.iof.as_mut_slice().fill(0.03);
    // As near as a grazing comet comes: the Sun is 5 degrees wide.
    shot.pose.sun_km = shot.pose.sun_km.unit().unwrap() * 1.5e7;
    let grid = MapGrid { width: 200, height: 120, west_rad: 4.14, north_rad: 0.37, step_rad: 5e-4 };
    let count = |options: MosaicOptions| {
        let map = map(&shot, &shape, grid, &options);
        let cells = map.albedo.as_slice().iter().zip(map.quality.as_slice());
        let partly = cells.filter(|(v, q)| v.is_finite() && q.intersects(Quality::SHADOW)).count();
        (map.albedo.as_slice().iter().filter(|v| v.is_finite()).count(), partly)
    };
    let rejected = options().rejected;
    let kept = Quality::from_bits(rejected.bits() & !Quality::SHADOW.bits());
    let (point, none) = count(options());
    let (strict, none_either) = count(MosaicOptions { sun: SunShape::Disc, ..options() });
    let (all, partly) = count(MosaicOptions { sun: SunShape::Disc, rejected: kept, ..options() });
    assert_eq!((none, none_either), (0, 0));
    assert!(
        strict < point && all > point && partly == all - strict && partly > 100,
        "{strict} {point} {all} {partly}"
    );
}

#[test]
fn a_mapped_frame_is_the_mosaic_of_one_and_the_same_for_any_threads() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(place(), RANGE_KM, 30.0), SIDE_PX);
    let grid = MapGrid::global(400);
    let mosaic =
        orthorectify(&shot, Ground { shape: &shape, grid: grid.into() }, &options(), &Silent).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| map(&shot, &shape, grid, &options()))
    };
    let one = run(1);
    for threads in [2, 8] {
        let other = run(threads);
        let bits = |map: &MappedFrame| {
            [&map.albedo, &map.sigma, &map.weight, &map.scale_m].map(|p| p.map(f32::to_bits))
        };
        assert!(bits(&one) == bits(&other) && one.quality == other.quality);
    }
    // Tiles, and with them the nodes between which geometry is interpolated, begin elsewhere.
    let pairs = || one.albedo.as_slice().iter().zip(mosaic.albedo.as_slice());
    assert!(pairs().filter(|(a, b)| a.is_nan() != b.is_nan()).count() <= 2);
    assert!(pairs().all(|(a, b)| !((a / b - 1.0).abs() > 2e-4)));
    let mut alone = MappedFrame::albedo_only(grid).unwrap();
    alone.fill(&shot, &Terrain::new(&shape, grid).unwrap(), &options()).unwrap();
    assert!(alone.albedo.map(f32::to_bits) == one.albedo.map(f32::to_bits));
}

#[test]
fn weights_fall_towards_the_edges_of_the_frame_and_stop_hard_without_feather() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(place(), RANGE_KM, 30.0), SIDE_PX);
    let grid = frame_window(&shot, &shape, &MapGrid::global(1800)).unwrap();
    let hard = map(&shot, &shape, grid, &MosaicOptions { feather_px: 0.0, ..options() });
    let soft = map(&shot, &shape, grid, &MosaicOptions { feather_px: 40.0, ..options() });
    assert!(hard.albedo.map(f32::to_bits) == soft.albedo.map(f32::to_bits));
    let mut ends = [false; 2];
    for (c, l) in (0..grid.height).flat_map(|l| (0..grid.width).map(move |c| (c, l))) {
        if hard.albedo.at(c, l).is_nan() {
            continue;
        }
        let up = grid.place(PixelPos::new(c as f64, l as f64)).direction();
        let at = shot.pixel_of(shape.surface(up).unwrap().point_km).unwrap();
        let edge_px = at.x_px.min(at.y_px).min(319.0 - at.x_px).min(319.0 - at.y_px);
        let expected = ((edge_px + 0.5) / 40.0).min(1.0);
        let found = f64::from(soft.weight.at(c, l) / hard.weight.at(c, l));
        assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        ends = [ends[0] | (expected < 0.05), ends[1] | (expected == 1.0)];
    }
    assert_eq!(ends, [true; 2]);
}

#[test]
fn geometry_layers_are_the_angles_of_every_cell() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(place(), RANGE_KM, 30.0), 64);
    let grid = frame_window(&shot, &shape, &MapGrid::global(4000)).unwrap();
    let layers = geometry_layers(&shot, &Terrain::new(&shape, grid).unwrap()).unwrap();
    let mut seen = 0;
    for (c, l) in (0..grid.height).flat_map(|l| (0..grid.width).map(move |c| (c, l))) {
        let up = grid.place(PixelPos::new(c as f64, l as f64)).direction();
        let light = shot.light(&shape.surface(up).unwrap());
        if layers.phase_deg.at(c, l).is_nan() {
            continue;
        }
        seen += 1;
        assert!((f64::from(layers.phase_deg.at(c, l)) - light.phase_rad.to_degrees()).abs() < 1e-4);
        let cosine = |deg: f32| f64::from(deg).to_radians().cos();
        assert!((cosine(layers.incidence_deg.at(c, l)) - light.cos_incidence).abs() < 1e-6);
        assert!((cosine(layers.emission_deg.at(c, l)) - light.cos_emission).abs() < 1e-6);
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn wrong_planes_options_and_frames_are_refused() {
    let shape = ceres();
    let shot = photograph("a", &shape, pose(place(), RANGE_KM, 30.0), 16);
    let terrain = Terrain::new(&shape, MapGrid::global(10)).unwrap();
    let refused = |result: Result<usize, MapError>| matches!(result, Err(MapError::Argument { .. }));
    let mut other = MappedFrame::new(MapGrid::global(12)).unwrap();
    assert!(refused(other.fill(&shot, &terrain, &options())));
    let mut planes = MappedFrame::new(MapGrid::global(10)).unwrap();
    assert!(refused(planes.fill(&shot, &terrain, &MosaicOptions { feather_px: -1.0, ..options() })));
    let mut lost = shot.clone();
    lost.pose.sun_km = Vec3::new(f64::NAN, 0.0, 0.0);
    assert!(refused(planes.fill(&lost, &terrain, &options())));
    let cut = Shot { camera: camera(15), ..shot };
    assert!(refused(planes.fill(&cut, &terrain, &options())));
    assert!(MappedFrame::new(MapGrid { width: 0, ..MapGrid::global(10) }).is_err());
    assert!(Terrain::new(&shape, MapGrid { step_rad: f64::NAN, ..MapGrid::global(10) }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// From near the poles, across the antimeridian, with the limb in the frame or not.
    #[test]
    fn the_window_of_a_frame_holds_every_cell_it_measures(
        lon in 0.0..360.0f64, lat in -90.0..90.0f64, range_km in 900.0..20_000.0f64, x in -0.05..0.05f64, y in -0.05..0.05f64,
    ) {
        let shape = ceres();
        let mut here = pose(LonLat::from_degrees(lon, lat), range_km, 20.0);
        here = here.turned(x, y, 1.0);
        let mut frame = common::blank("a", 256);
        frame.iof.as_mut_slice().fill(0.05);
        let shot = Shot { frame, camera: camera(256), pose: here };
        let global = MapGrid::global(360);
        let whole = map(&shot, &shape, global, &options());
        let count = |map: &MappedFrame| map.albedo.as_slice().iter().filter(|v| v.is_finite()).count();
        let Some(window) = frame_window(&shot, &shape, &global) else {
            prop_assert_eq!(count(&whole), 0);
            return Ok(());
        };
        let part = map(&shot, &shape, window, &options());
        // Cells on the frame's edge may fall to either side: nodes lie elsewhere.
        let (all, held) = (count(&whole) as f64, count(&part) as f64);
        prop_assert!((all - held).abs() <= 2.0 + 0.001 * all, "{} of {} in {:?}", held, all, window);
    }
}
