// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same mosaic whatever the order, the threads, the batches, the memory and the processes.
#![allow(clippy::unwrap_used)]

#[path = "support/paint.rs"]
mod common;

use std::path::Path;

use common::{ceres, model, photograph, pose};
use facula_core::{Collected, LonLat, MapGrid, Raster, Silent, Vec3};
use facula_geometry::Shot;
use facula_map::{
    FinishedTile, GlobalMap, MapError, Mosaic, MosaicConfig, MosaicOptions, MosaicRule, Outliers,
    ScaleLevels, ShotError, ShotSource, ShotTicket, StreamPlan, Streamed, TileSink, accumulator_info,
    finish_accumulator, merge_accumulators, mosaic_streamed,
};

const SIDE_PX: usize = 96;
/// Scales of 2.4 km and 560 m.
const RANGES_KM: [f64; 2] = [27_000.0, 6_500.0];

fn options() -> MosaicOptions {
    MosaicOptions { model: model(), ..MosaicOptions::default() }
}

fn grid() -> MapGrid {
    MapGrid::global(300)
}

fn config(rule: MosaicRule) -> MosaicConfig {
    MosaicConfig {
        rule,
        outliers: Outliers::Reject { clip_sigma: 5.0 },
        levels: ScaleLevels::new(&[("far", 2400.0), ("near", 560.0)]).unwrap(),
        ..MosaicConfig::default()
    }
}

const RULES: [MosaicRule; 4] =
    [MosaicRule::WeightedMean, MosaicRule::BestResolution, MosaicRule::BestIllumination, MosaicRule::Median];

/// Twelve frames from two heights, the poles and the seam of the grid among what they see.
fn shots() -> Vec<Shot> {
    let shape = ceres();
    (0..12)
        .map(|k| {
            let above = LonLat::from_degrees(f64::from(k) * 67.0, [0.0, 85.0, -50.0, 30.0][k as usize % 4]);
            let range_km = RANGES_KM[usize::from(k % 3 == 0)];
            photograph(&format!("f{k}"), &shape, pose(above, range_km, 15.0 + f64::from(k)), SIDE_PX)
        })
        .collect()
}

fn mosaic_of(shots: &[Shot], rule: MosaicRule) -> Mosaic {
    let mut mosaic = Mosaic::with_config(grid(), config(rule)).unwrap();
    mosaic.accumulate(shots, &ceres(), &options(), &Silent).unwrap();
    mosaic
}

/// Memory the streamed mosaic keeps for its work, and of a frame of 96 x 96 pixels, bytes.
const WORK_BYTES: u64 = 200_000_000;
const FRAME_BYTES: u64 = 96 * 96 * 10;

struct Kept {
    tickets: Vec<ShotTicket>,
    shots: Vec<Shot>,
}

impl Kept {
    fn of(shots: &[Shot]) -> Self {
        Self { tickets: shots.iter().map(ShotTicket::of).collect(), shots: shots.to_vec() }
    }
}

impl ShotSource for Kept {
    fn tickets(&self) -> &[ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, ShotError> {
        Ok(self.shots[index].clone())
    }
}

/// Puts tiles into a map and counts them.
struct Counting(GlobalMap, Vec<(usize, usize)>);

impl TileSink for Counting {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        self.1.push((tile.line, tile.column));
        self.0.tile(tile)
    }
}

fn streamed(source: &Kept, plan: &StreamPlan<'_>) -> (GlobalMap, Streamed) {
    let mut sink = Counting(GlobalMap::empty(plan.grid), Vec::new());
    let done = mosaic_streamed(source, plan, &mut sink, &Silent).unwrap();
    let mut once = sink.1.clone();
    once.dedup();
    assert_eq!(once, sink.1, "each tile comes once");
    (sink.0, done)
}

/// Maps as numbers, so that NaN equals NaN.
fn bits(map: &GlobalMap) -> Vec<u32> {
    let floats = [&map.albedo, &map.sigma, &map.scale_m].into_iter().flat_map(|plane| plane.as_slice());
    let flags = map.quality.as_slice().iter().map(|quality| u32::from(quality.bits()));
    let counts = map.coverage.as_slice().iter().map(|count| u32::from(*count));
    floats.map(|v| v.to_bits()).chain(flags).chain(counts).collect()
}

#[test]
fn any_order_any_threads_any_batches_give_the_same_bytes_under_every_rule() {
    let shots = shots();
    for rule in RULES {
        let whole = mosaic_of(&shots, rule).to_bytes();
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut turned = shots.clone();
            turned.rotate_left(threads + 3);
            turned.swap(0, 7);
            assert!(pool.install(|| mosaic_of(&turned, rule)).to_bytes() == whole, "{rule:?}, {threads}");
        }
        let mut parts = Mosaic::with_config(grid(), config(rule)).unwrap();
        for batch in [&shots[8..], &shots[..3], &shots[3..8]] {
            parts.accumulate(batch, &ceres(), &options(), &Silent).unwrap();
            parts = Mosaic::from_bytes(&parts.to_bytes()).unwrap();
        }
        assert!(parts.to_bytes() == whole, "{rule:?} in batches");
        assert!(parts.finish().coverage.as_slice().iter().any(|count| *count > 1));
    }
}

#[test]
fn streaming_gives_the_bytes_of_the_mosaic_in_memory_with_any_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (shots, shape, options) = (shots(), ceres(), options());
    let source = Kept::of(&shots);
    for rule in RULES {
        let whole = mosaic_of(&shots, rule);
        let map = whole.finish();
        // Three frames of 92 kB beside the working memory, one, and all.
        for budget_bytes in [WORK_BYTES + 3 * FRAME_BYTES, WORK_BYTES + FRAME_BYTES, 8_000_000_000] {
            let keep = folder.path().join("kept.acc");
            let config = MosaicConfig { budget_bytes, ..config(rule) };
            let plan = StreamPlan {
                grid: grid().into(),
                config,
                shape: &shape,
                options: &options,
                base: None,
                keep: Some(&keep),
            };
            let (tiles, done) = streamed(&source, &plan);
            assert!(bits(&tiles) == bits(&map), "{rule:?} {budget_bytes}");
            assert!(std::fs::read(&keep).unwrap() == whole.to_bytes(), "{rule:?} {budget_bytes}");
            let limit = ((budget_bytes - WORK_BYTES) / FRAME_BYTES) as usize;
            assert!(done.most_held <= limit, "{} of {limit}", done.most_held);
            assert_eq!(done.levels, whole.level_report(&shape));
            if budget_bytes > 1_000_000_000 {
                assert_eq!(done.reads, 12, "each frame is read once");
            }
        }
    }
}

#[test]
fn strips_for_a_small_budget_give_the_same_map() {
    let (shots, shape, options) = (shots(), ceres(), options());
    let source = Kept::of(&shots);
    // Sixteen tiles across: two strips at most.
    let run = |budget_bytes: u64| {
        let plan = StreamPlan {
            grid: MapGrid::global(1024).into(),
            config: MosaicConfig { budget_bytes, ..config(MosaicRule::WeightedMean) },
            shape: &shape,
            options: &options,
            base: None,
            keep: None,
        };
        streamed(&source, &plan)
    };
    let (whole, at_once) = run(8_000_000_000);
    assert_eq!(at_once.reads, 12);
    for frames in 1..4 {
        let (map, done) = run(WORK_BYTES + frames * FRAME_BYTES);
        assert!(bits(&map) == bits(&whole), "{frames} frames held");
        assert_eq!((&done.levels, &done.cells_per_shot), (&at_once.levels, &at_once.cells_per_shot));
        assert!(done.most_held as u64 <= frames && done.reads >= 12, "{done:?}");
    }
}

#[test]
fn a_streamed_mosaic_goes_on_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (shots, shape, options) = (shots(), ceres(), options());
    let path = folder.path().join("map.acc");
    let rule = MosaicRule::WeightedMean;
    let run = |shots: &[Shot], base: Option<&Path>| {
        let config = config(rule);
        let plan = StreamPlan {
            grid: grid().into(),
            config,
            shape: &shape,
            options: &options,
            base,
            keep: Some(&path),
        };
        streamed(&Kept::of(shots), &plan).0
    };
    run(&shots[..5], None);
    // Frames the file holds are skipped.
    let map = run(&shots[3..], Some(&path));
    let whole = mosaic_of(&shots, rule);
    assert!(std::fs::read(&path).unwrap() == whole.to_bytes());
    assert!(bits(&map) == bits(&whole.finish()));
}

#[test]
fn files_of_several_processes_merge_to_the_bytes_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let shots = shots();
    for rule in RULES {
        for (name, part) in [("a", &shots[..4]), ("b", &shots[4..5]), ("c", &shots[5..])] {
            mosaic_of(part, rule).write(&path(name)).unwrap();
        }
        merge_accumulators(&path("a"), &path("b"), &path("ab")).unwrap();
        merge_accumulators(&path("c"), &path("ab"), &path("c")).unwrap();
        let whole = mosaic_of(&shots, rule);
        assert!(std::fs::read(path("c")).unwrap() == whole.to_bytes(), "{rule:?}");
        let (mut one, other) = (mosaic_of(&shots[..7], rule), mosaic_of(&shots[7..], rule));
        one.merge(&other).unwrap();
        assert!(one.to_bytes() == whole.to_bytes(), "{rule:?} in memory");
        let mut map = GlobalMap::empty(grid());
        let levels = finish_accumulator(&path("c"), &ceres(), &mut map).unwrap();
        assert!(bits(&map) == bits(&whole.finish()));
        assert_eq!(levels, whole.level_report(&ceres()));
        let info = accumulator_info(&path("c")).unwrap();
        assert_eq!((info.frames.len(), info.grid, info.config.rule), (12, grid().into(), rule));
        assert_eq!(info.constants["body"], "ceres");
    }
}

#[test]
fn the_finer_level_replaces_the_coarser_and_the_report_says_how_much() {
    let shots = shots();
    let shape = ceres();
    let (near, far): (Vec<Shot>, Vec<Shot>) =
        shots.iter().cloned().partition(|shot| shot.pose.range_km() < 10_000.0);
    let (both, only_near) =
        (mosaic_of(&shots, MosaicRule::WeightedMean), mosaic_of(&near, MosaicRule::WeightedMean));
    let (map, fine) = (both.finish(), only_near.finish());
    for (k, albedo) in fine.albedo.as_slice().iter().enumerate().filter(|(_, v)| v.is_finite()) {
        assert_eq!(*albedo, map.albedo.as_slice()[k]);
    }
    let report = both.level_report(&shape);
    let [coarse, sharp] = &report.levels[..] else { panic!("two levels") };
    assert_eq!((coarse.frames, sharp.frames), (far.len(), near.len()));
    assert!((sharp.area_fraction - only_near.level_report(&shape).area_fraction).abs() < 1e-12);
    // 14 µm over 150.08 mm, from 6,018 km and farther.
    assert!((561.0..575.0).contains(&sharp.best_scale_m), "{}", sharp.best_scale_m);
    assert!(sharp.median_scale_m >= sharp.best_scale_m && coarse.median_scale_m > 2000.0);
    assert!(report.area_fraction > 0.05 && report.area_fraction <= 1.0, "{report:?}");
}

#[test]
fn a_named_level_and_a_gain_are_used() {
    let shape = ceres();
    let shots = shots();
    let mut ticket = ShotTicket::of(&shots[1]);
    (ticket.scale_level, ticket.gain) = (Some("NEAR".into()), 2.0);
    let mut mosaic = Mosaic::with_config(grid(), config(MosaicRule::WeightedMean)).unwrap();
    mosaic.accumulate_ticketed(&[(ticket, shots[1].clone())], &shape, &options(), &Silent).unwrap();
    let record = &mosaic.frames()["f1"];
    assert_eq!((record.level, record.gain), (1, 2.0));
    let plain = mosaic_of(&shots[1..2], MosaicRule::WeightedMean).finish();
    for (k, albedo) in mosaic.finish().albedo.as_slice().iter().enumerate().filter(|(_, v)| v.is_finite()) {
        assert!((albedo / plain.albedo.as_slice()[k] - 2.0).abs() < 1e-5);
    }
}

#[test]
fn cosmic_rays_leave_no_trace_where_four_frames_agree() {
    let shape = ceres();
    let mut shots: Vec<Shot> = (0..6)
        .map(|k| {
            let above = LonLat::from_degrees(100.0 + 2.0 * f64::from(k), 5.0);
            photograph(&format!("r{k}"), &shape, pose(above, RANGES_KM[0], 15.0), 400)
        })
        .collect();
    let clean = mosaic_of(&shots, MosaicRule::WeightedMean).finish();
    let mut hit = 0;
    for (k, shot) in shots.iter_mut().enumerate() {
        for n in 0..30 {
            let (x, y) = ((n * 37 + 11 * k) % 400, (n * 91 + 7 * k) % 400);
            if shot.frame.iof.at(x, y) > 0.01 {
                shot.frame.iof.set(x, y, 3.0);
                hit += 1;
            }
        }
    }
    let worst = |map: &GlobalMap| {
        let pairs = map.albedo.as_slice().iter().zip(clean.albedo.as_slice()).zip(clean.coverage.as_slice());
        let seen = pairs.filter(|((_, truth), count)| truth.is_finite() && **count == 6);
        seen.map(|((albedo, truth), _)| (albedo / truth - 1.0).abs()).fold(0.0, f32::max)
    };
    let mosaic = mosaic_of(&shots, MosaicRule::WeightedMean);
    let keep = MosaicConfig { outliers: Outliers::Keep, ..config(MosaicRule::WeightedMean) };
    let mut kept = Mosaic::with_config(grid(), keep).unwrap();
    kept.accumulate(&shots, &shape, &options(), &Silent).unwrap();
    assert!(hit > 60 && worst(&kept.finish()) > 1.0);
    // Without one frame of six the mean moves by its own difference from the others.
    assert!(worst(&mosaic.finish()) < 0.02, "{}", worst(&mosaic.finish()));
    assert!(mosaic.level_report(&shape).outliers_rejected > 200);
}

fn told(mosaic: &mut Mosaic, shots: &[Shot]) -> Vec<(String, String)> {
    let report = Collected::default();
    mosaic.accumulate(shots, &ceres(), &options(), &report).unwrap();
    report.warnings().into_iter().map(|w| (w.subject, w.message)).collect()
}

#[test]
fn contradictory_frames_are_left_out_and_the_majority_does_not_depend_on_the_order() {
    let shots = shots();
    let named = |id: &str, change: &dyn Fn(&mut Shot)| {
        let mut shot = shots[1].clone();
        shot.frame.meta.id = id.into();
        change(&mut shot);
        shot
    };
    let bad = [
        named("vesta", &|s| s.frame.meta.target = "4 VESTA".into()),
        named("red", &|s| s.frame.meta.filter = "F5".into()),
        named("picture", &|s| s.frame.meta.level = facula_core::Level::Relative),
        named("camera", &|s| s.camera.focal_length_mm = 151.0),
        named("zero", &|s| s.frame.meta.exposure_s = 0.0),
        named("late", &|s| s.pose.mid_exposure += facula_core::Duration::from_seconds(60.0)),
        named("within", &|s| s.pose.spacecraft_km = Vec3::new(100.0, 0.0, 0.0)),
        named("away", &|s| s.pose = s.pose.turned(1.0, 0.0, 0.0)),
        named("nan", &|s| s.frame.iof = Raster::filled(SIDE_PX, SIDE_PX, f32::NAN)),
        named("f2", &|s| s.pose.sun_km = Vec3::new(f64::INFINITY, 0.0, 0.0)),
    ];
    let mut all = bad.to_vec();
    all.extend(shots[..4].iter().cloned());
    // The same frame twice in one list.
    all.push(shots[3].clone());
    let mut mosaic = Mosaic::with_config(grid(), config(MosaicRule::WeightedMean)).unwrap();
    let told_of = told(&mut mosaic, &all);
    let expected = ["away", "camera", "f2", "f3", "late", "nan", "picture", "red", "vesta", "within", "zero"];
    let subjects: Vec<&str> = told_of.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, expected, "{told_of:?}");
    let about = |subject: &str| &told_of[expected.iter().position(|s| *s == subject).unwrap()].1;
    assert!(about("vesta").contains("vesta") && about("vesta").contains("ceres"));
    assert!(about("red").contains("F5") && about("zero").contains("0 s") && about("late").contains("60.0 s"));
    assert!(about("within").contains("inside the body") && about("f3").contains("already"));
    assert_eq!(mosaic.frames().len(), 4);
    all.reverse();
    let mut turned = Mosaic::with_config(grid(), config(MosaicRule::WeightedMean)).unwrap();
    told(&mut turned, &all);
    assert!(mosaic.to_bytes() == turned.to_bytes());
    // Once more: all of it is in already, or as bad as before.
    let before = mosaic.to_bytes();
    assert_eq!(told(&mut mosaic, &all).len(), 15);
    assert!(mosaic.to_bytes() == before);
}

fn refused<T>(result: Result<T, MapError>, word: &str) {
    let error = result.map(|_| ()).unwrap_err();
    assert!(matches!(error, MapError::Argument { .. }) && error.to_string().contains(word), "{error}");
}

#[test]
fn other_constants_grids_and_frames_in_both_are_refused() {
    let shots = shots();
    let mut mosaic = mosaic_of(&shots[..2], MosaicRule::WeightedMean);
    let larger = facula_core::Ellipsoid::new(487.3, 487.3, 454.7).unwrap();
    let larger = facula_geometry::Shape::Ellipsoid(larger);
    refused(mosaic.accumulate(&shots[2..], &larger, &options(), &Silent), "shape");
    let other = MosaicOptions { model: facula_photometry::SurfaceModel::lommel_seeliger(0.2), ..options() };
    refused(mosaic.accumulate(&shots[2..], &ceres(), &other, &Silent), "options");
    let twin = mosaic_of(&shots[1..3], MosaicRule::WeightedMean);
    refused(mosaic.merge(&twin), "f1");
    refused(mosaic.merge(&mosaic_of(&shots[3..4], MosaicRule::Median)), "configurations");
    refused(mosaic.merge(&Mosaic::new(MapGrid::global(10)).unwrap()), "grids");
    let mut foreign = shots[4].clone();
    foreign.frame.meta.target = "vesta".into();
    refused(mosaic.merge(&mosaic_of(&[foreign], MosaicRule::WeightedMean)), "body");
}

#[test]
fn memory_beyond_the_budget_is_refused_before_it_is_taken() {
    let shots = shots();
    let config = MosaicConfig { budget_bytes: 1_000_000, ..config(MosaicRule::WeightedMean) };
    let mut mosaic = Mosaic::with_config(grid(), config).unwrap();
    let error = mosaic.accumulate(&shots, &ceres(), &options(), &Silent).unwrap_err();
    assert!(
        matches!(error, MapError::Limit { .. }) && error.to_string().contains("mosaic_streamed"),
        "{error}"
    );
    let grid = MapGrid::global(42_000);
    let mut large = Mosaic::new(grid).unwrap();
    assert!(large.accumulate(&shots[1..2], &ceres(), &options(), &Silent).is_err());
    assert_eq!(large.bytes(), 0, "an empty map of 84,000 x 42,000 cells takes no memory");
}
