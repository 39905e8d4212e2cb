// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::light::fit::{LightFitOptions, LightPart, fit_light_curve};
use crate::light::rotations::tests::{DAY_S, Made};

fn curve(made: &Made, k: u64) -> LightCurve {
    let made = Made { seed: made.seed * 1000 + k, ..made.clone() };
    LightCurve { spot_id: format!("S{k:03}"), points: made.points() }
}

fn tested(curves: &[LightCurve]) -> Vec<Variability> {
    let options = LightFitOptions { day_s: DAY_S, ..LightFitOptions::default() };
    let fits: Vec<LightFit> =
        curves.iter().map(|c| fit_light_curve(c, LightPart::Spot, &options).unwrap()).collect();
    let pairs: Vec<(&LightCurve, &LightFit)> = curves.iter().zip(&fits).collect();
    variability(&pairs, &VariabilityOptions::default())
}

/// Spots of a campaign in which every rotation has an error of its own.
fn campaign(seed: u64, noise: [f64; 2], odd: &[fn(usize) -> f64]) -> Vec<Variability> {
    let [noise_fraction, rotation_noise_fraction] = noise;
    let made = Made { noise_fraction, rotation_noise_fraction, seed, rotations: 5, ..Made::default() };
    let constant = (0..16).map(|k| curve(&made, k));
    let odd = odd
        .iter()
        .enumerate()
        .map(|(k, ratio)| curve(&Made { brightness_ratio: *ratio, ..made.clone() }, 500 + k as u64));
    tested(&constant.chain(odd).collect::<Vec<_>>())
}

/// Campaigns simulated for the rate of false alarms.
const CAMPAIGNS: u64 = 150;

#[test]
fn constant_spots_raise_no_more_alarms_than_stated() {
    // Pure noise, noise larger than the model error, and rotations that share an error.
    for noise in [[0.005, 0.0], [0.05, 0.0], [0.03, 0.03]] {
        let alarms = (0..CAMPAIGNS)
            .filter(|seed| campaign(*seed, noise, &[]).iter().any(|v| v.constancy != Constancy::Constant))
            .count();
        // One per cent of 150 campaigns is 1.5; more than six have a chance of 0.1 %.
        assert!(alarms <= 6, "{alarms} of {CAMPAIGNS} campaigns, noise {noise:?}");
    }
}

#[test]
fn injected_changes_are_found_and_named() {
    let step: fn(usize) -> f64 = |rotation| if rotation == 2 { 1.35 } else { 1.0 };
    let rising: fn(usize) -> f64 = |rotation| 1.0 + 0.09 * rotation as f64;
    let falling: fn(usize) -> f64 = |rotation| 1.0 - 0.09 * rotation as f64;
    let seeds = 20;
    let mut named = [0; 3];
    for seed in 0..seeds {
        let found = campaign(seed, [0.01, 0.005], &[step, rising, falling]);
        let kinds: Vec<Constancy> = found[16..].iter().map(|v| v.constancy).collect();
        for (count, (kind, wanted)) in named.iter_mut().zip(kinds.iter().zip([
            Constancy::Variable,
            Constancy::Brightening,
            Constancy::Fading,
        ])) {
            *count += usize::from(*kind == wanted);
        }
        assert!(found[..16].iter().all(|v| v.constancy == Constancy::Constant), "seed {seed}");
        // 9 % a rotation of 0.378 days.
        let trend = &found[17];
        assert!(trend.trend_ratio > 0.1 && trend.trend_ratio < 0.35, "{trend:?}");
    }
    assert!(named.iter().all(|count| *count >= 19), "{named:?} of {seeds}");
}

#[test]
fn one_rotation_is_not_tested_and_nothing_is_nothing() {
    let made = Made { rotations: 1, points_per_rotation: 40, ..Made::default() };
    let found = tested(&[curve(&made, 1)]);
    assert_eq!((found[0].constancy, found[0].tests), (Constancy::NotTested, 0));
    assert!(tested(&[]).is_empty());
}

#[test]
fn a_day_is_a_turn() {
    // Ceres: 952.1532635 degrees a day are 9.074 h.
    let spin_rad_s = 952.153_263_5_f64.to_radians() / 86_400.0;
    assert!((day_s(spin_rad_s) / 3600.0 - 9.074_17).abs() < 1e-4);
}
