// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames with known levels and a known surface: both are found from the ground they share.
#![allow(clippy::unwrap_used)]

#[path = "support/paint.rs"]
mod common;

use common::{ceres, model, photograph, pose};
use facula_core::{LonLat, MapGrid, Random, Silent};
use facula_geometry::Shot;
use facula_map::{
    Ground, LevelOptions, Mosaic, MosaicOptions, ShotList, ShotTicket, equalise_levels, overlap_samples,
};
use facula_photometry::{FitOptions, SurfaceModel};

/// Error allowed for a level, as a fraction.
const LEVEL_FRACTION: f64 = 0.002;
/// Error allowed for the slope G of the phase function, truth 0.12.
const SLOPE: f64 = 0.02;

fn options() -> MosaicOptions {
    MosaicOptions { model: model(), ..MosaicOptions::default() }
}

/// Ten frames around a place, at Suns from 10 to 55 degrees; their brightness off by 3 % rms.
fn shots() -> (Vec<Shot>, Vec<f64>) {
    let shape = ceres();
    let mut random = Random::new(11, 2);
    let mut logs: Vec<f64> = (0..10).map(|_| 0.03 * random.normal_pair().0).collect();
    let mean = logs.iter().sum::<f64>() / 10.0;
    logs.iter_mut().for_each(|log| *log -= mean);
    let shots = (0..10).map(|k| {
        let above = LonLat::from_degrees(150.0 + 6.0 * f64::from(k), 10.0 - 4.0 * f64::from(k % 5));
        let mut shot =
            photograph(&format!("g{k}"), &shape, pose(above, 27_000.0, 10.0 + 5.0 * f64::from(k)), 400);
        let level = logs[k as usize].exp() as f32;
        shot.frame.iof.as_mut_slice().iter_mut().for_each(|v| *v *= level);
        shot
    });
    (shots.collect(), logs)
}

#[test]
fn levels_of_frames_come_back_from_the_ground_they_share_whatever_their_order() {
    let (shots, truth) = shots();
    let shape = ceres();
    let ground = Ground { shape: &shape, grid: MapGrid::global(90).into() };
    let overlaps = overlap_samples(&ShotList::new(&shots), ground, &options(), &Silent).unwrap();
    assert!(overlaps.cells.len() > 1000 && overlaps.frames.len() == 10);
    let levels = equalise_levels(&overlaps, &model(), &LevelOptions::default()).unwrap();
    for (gain, log) in levels.gains.iter().zip(&truth) {
        let off = gain.gain * log.exp() - 1.0;
        assert!(off.abs() < LEVEL_FRACTION, "{}: {off}", gain.id);
    }
    let [before, after] = levels.scatter_fraction;
    assert!(after < 0.2 * before, "{before} {after}");
    let mut turned = shots.clone();
    turned.rotate_left(3);
    turned.swap(1, 8);
    let again = overlap_samples(&ShotList::new(&turned), ground, &options(), &Silent).unwrap();
    assert!(again == overlaps);
    // The gains make the mosaic even: frames agree within their sampling.
    let scatter = |gain_of: &dyn Fn(&str) -> f64| {
        let ticketed: Vec<(ShotTicket, Shot)> = shots
            .iter()
            .map(|shot| {
                let ticket = ShotTicket::of(shot);
                let gain = gain_of(&ticket.id);
                (ShotTicket { gain, ..ticket }, shot.clone())
            })
            .collect();
        let mut mosaic = Mosaic::new(ground.grid).unwrap();
        mosaic.accumulate_ticketed(&ticketed, &shape, &options(), &Silent).unwrap();
        let map = mosaic.finish();
        let pairs = map.sigma.as_slice().iter().zip(map.albedo.as_slice()).zip(map.coverage.as_slice());
        let mut all: Vec<f32> =
            pairs.filter(|(_, n)| **n > 5).map(|((sigma, albedo), _)| sigma / albedo).collect();
        all.sort_by(f32::total_cmp);
        all[all.len() / 2]
    };
    let found = |id: &str| levels.gains.iter().find(|g| g.id == id).unwrap().gain;
    assert!(scatter(&found) < 0.3 * scatter(&|_| 1.0), "{} {}", scatter(&found), scatter(&|_| 1.0));
}

#[test]
fn a_phase_function_comes_back_from_the_overlaps() {
    let (mut shots, logs) = shots();
    for (shot, log) in shots.iter_mut().zip(logs) {
        shot.frame.iof.as_mut_slice().iter_mut().for_each(|v| *v *= (-log).exp() as f32);
    }
    let shape = ceres();
    let ground = Ground { shape: &shape, grid: MapGrid::global(90).into() };
    // Read with a wrong model: overlaps hold I/F, so it does not matter but for the limits.
    let wrong = SurfaceModel::lommel_seeliger(0.3);
    let options = MosaicOptions { model: wrong, ..options() };
    let overlaps = overlap_samples(&ShotList::new(&shots), ground, &options, &Silent).unwrap();
    let fit = overlaps.fit_model(&wrong, &FitOptions::default(), 0.01).unwrap();
    let slope = &fit.parameters[0];
    assert!((slope.value - 0.12).abs() < SLOPE, "{slope:?}");
    assert!(slope.sigma > 0.0 && slope.sigma < SLOPE, "{slope:?}");
}
