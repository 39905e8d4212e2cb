// SPDX-License-Identifier: MIT OR Apache-2.0

use facula_core::Random;
use facula_photometry::LightAngles;

use super::*;
use crate::{OverlapCell, OverlapSample};

/// Frames in a ring, each sharing 400 cells with the next two; levels off by 3 % rms, cells by 1 %.
fn ring(frames: usize, spots: bool) -> (Overlaps, Vec<f64>) {
    let mut random = Random::new(7, 3);
    let mut truth: Vec<f64> = (0..frames).map(|_| 0.03 * random.normal_pair().0).collect();
    let mean = truth.iter().sum::<f64>() / frames as f64;
    truth.iter_mut().for_each(|level| *level -= mean);
    let mut cells = Vec::new();
    for k in 0..frames * 400 {
        let albedo = 0.09 * (0.2 * random.normal_pair().0).exp();
        let mut seen: Vec<usize> = (0..3).map(|n| (k / 400 + n) % frames).collect();
        seen.sort_unstable();
        let samples = seen
            .iter()
            .map(|frame| {
                let light = LightAngles::from_degrees(30.0 + (frame % 7) as f64, 10.0, 25.0);
                let model = SurfaceModel::lommel_seeliger(0.12);
                let noise = 0.01 * random.normal_pair().0;
                // One sample of ten is of ground that was read wrongly, by up to three times.
                let spot = if spots && k % 10 == 0 && frame % 3 == 0 { 0.5 + random.uniform() } else { 0.0 };
                let iof = albedo * model.iof_per_albedo(light) * (truth[*frame] + noise + spot).exp();
                OverlapSample { frame: *frame as u32, iof, sigma: 1e-4 * iof, light }
            })
            .collect();
        cells.push(OverlapCell { cell: k as u64, samples });
    }
    let frames = (0..frames).map(|k| format!("f{k:03}")).collect();
    (Overlaps { frames, cells }, truth)
}

fn model() -> SurfaceModel {
    SurfaceModel::lommel_seeliger(0.12)
}

/// Error of the gains against the truth, in per cent: rms and largest.
fn errors(levels: &FrameLevels, truth: &[f64]) -> (f64, f64) {
    let off: Vec<f64> =
        levels.gains.iter().zip(truth).map(|(g, t)| 100.0 * (g.gain * t.exp() - 1.0)).collect();
    let rms = (off.iter().map(|v| v * v).sum::<f64>() / off.len() as f64).sqrt();
    (rms, off.iter().fold(0.0, |most, v| v.abs().max(most)))
}

#[test]
fn levels_of_three_per_cent_are_found_within_two_tenths_of_one() {
    let (overlaps, truth) = ring(24, false);
    let levels = equalise_levels(&overlaps, &model(), &LevelOptions::default()).unwrap();
    let (rms, most) = errors(&levels, &truth);
    assert!(rms < 0.1 && most < 0.2, "{rms} {most}");
    let [before, after] = levels.scatter_fraction;
    assert!(before > 0.02 && (after - 0.01).abs() < 0.001, "{before} {after}");
    // The errors are what the sigmas promise.
    let within = |n: f64| {
        let off = levels.gains.iter().zip(&truth).map(|(g, t)| (g.gain * t.exp() - 1.0) / g.sigma.unwrap());
        off.filter(|off| off.abs() < n).count() as f64 / truth.len() as f64
    };
    assert!(within(1.0) > 0.4 && within(3.0) > 0.95, "{} {}", within(1.0), within(3.0));
    assert!(levels.gains.iter().all(|g| g.cells == 1200 && g.sigma.unwrap() < 0.02));
}

#[test]
fn spots_that_were_read_wrongly_hardly_move_the_levels() {
    let (overlaps, truth) = ring(24, true);
    let huber = equalise_levels(&overlaps, &model(), &LevelOptions::default()).unwrap();
    let squares = LevelOptions { clip_sigma: 1e9, ..LevelOptions::default() };
    let squares = equalise_levels(&overlaps, &model(), &squares).unwrap();
    let (robust, plain) = (errors(&huber, &truth).0, errors(&squares, &truth).0);
    assert!(robust < 0.5 && plain > 3.0 * robust, "{robust} {plain}");
}

#[test]
fn a_frame_that_shares_nothing_keeps_its_level_and_its_error() {
    let (mut overlaps, _) = ring(6, false);
    overlaps.frames.push("alone".into());
    let levels = equalise_levels(&overlaps, &model(), &LevelOptions::default()).unwrap();
    let alone = &levels.gains[6];
    assert_eq!((alone.gain, alone.cells), (1.0, 0));
    assert!((alone.sigma.unwrap() - 0.05).abs() < 1e-12);
}

#[test]
fn conjugate_gradients_solve_what_the_matrix_says() {
    let (overlaps, _) = ring(9, true);
    let mut system = System::new(&overlaps, &model(), &LevelOptions::default());
    system.reweight(&[0.0; 9], 1.345);
    let x = system.solve(&[0.0; 9]);
    let (right, _) = system.sides();
    for (ax, b) in system.times(&x).iter().zip(&right) {
        assert!((ax - b).abs() < 1e-9 * right.iter().fold(0.0, |m: f64, v| m.max(v.abs())), "{ax} {b}");
    }
}

#[test]
fn options_and_overlaps_that_cannot_work_are_refused() {
    let (overlaps, _) = ring(4, false);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = LevelOptions { absolute_fraction: bad, ..LevelOptions::default() };
        assert!(matches!(equalise_levels(&overlaps, &model(), &options), Err(MapError::Argument { .. })));
    }
    let none = Overlaps { cells: Vec::new(), ..overlaps.clone() };
    assert!(equalise_levels(&none, &model(), &LevelOptions::default()).is_err());
    let one = LevelOptions { most_steps: 1, ..LevelOptions::default() };
    assert!(matches!(equalise_levels(&overlaps, &model(), &one), Err(MapError::NotConverged { .. })));
}
