// SPDX-License-Identifier: MIT OR Apache-2.0

use facula_core::{Level, Quality};
use proptest::prelude::*;

use super::*;
use crate::mosaic::{FrameTag, Quantum, Registry};
use crate::orthorectify::TileReadings;
use crate::{FrameRecord, MosaicRule, Outliers, ScaleLevels};

const RULES: [MosaicRule; 4] =
    [MosaicRule::WeightedMean, MosaicRule::BestResolution, MosaicRule::BestIllumination, MosaicRule::Median];

/// Two tiles, the eastern one 2 x 3 cells, with two frames in it.
fn sample(rule: MosaicRule) -> Mosaic {
    let grid = facula_core::MapGrid { width: 130, height: 3, west_rad: 1.0, north_rad: 0.5, step_rad: 0.01 };
    let config = MosaicConfig {
        rule,
        outliers: Outliers::Reject { clip_sigma: 5.0 },
        levels: ScaleLevels::dawn_at_ceres(),
        ..MosaicConfig::default()
    };
    let mut mosaic = Mosaic::with_config(grid, config.clone()).unwrap();
    let mut sums = TileSums::new(&config, 6);
    for (key, level) in [(5, 3), (9, 3), (2, 1)] {
        sums.add(&readings(0.01 * key as f32), &tag(key, level));
        let record = FrameRecord { level, scale_m: 140.3, gain: 1.0, cells: 4 };
        mosaic.registry.frames.insert(format!("frame {key}"), record);
    }
    sums.settle();
    mosaic.registry.constants.insert("body".into(), "ceres".into());
    mosaic.tiles.insert(1, sums);
    mosaic
}

fn readings(albedo: f32) -> TileReadings {
    let nan = f32::NAN;
    TileReadings {
        albedo: vec![albedo, nan, nan, 2.0 * albedo, 0.1, -albedo],
        sigma: vec![0.001; 6],
        weight: vec![1e-4; 6],
        scale_m: vec![100.0; 6],
        flags: vec![
            Quality::GOOD,
            Quality::SHADOW,
            Quality::GOOD,
            Quality::SMEAR,
            Quality::GOOD,
            Quality::HOT,
        ],
    }
}

fn tag(key: u64, level: u8) -> FrameTag {
    let quantum = Quantum::of(Level::IOverF);
    FrameTag { key, level, day: 23_000, gain: 1.0, weight_units: 1e9, quantum }
}

/// The bytes with all checksums made right again, so that what lies behind them is looked at.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let u64_at = |bytes: &[u8], at: usize| u64::from_le_bytes(std::array::from_fn(|k| bytes[at + k]));
    let put = |bytes: &mut Vec<u8>, at: usize, from: usize, to: usize| {
        let sum = twox_hash::XxHash3_64::oneshot(&bytes[from..to]).to_le_bytes();
        bytes[at..at + 8].copy_from_slice(&sum);
    };
    let head = 16 + u32::from_le_bytes(std::array::from_fn(|k| bytes[12 + k])) as usize;
    let end = bytes.len();
    if head + 8 > end - 40 {
        return bytes;
    }
    put(&mut bytes, head, 0, head);
    let tail = u64_at(&bytes, end - 32) as usize;
    let mut at = head + 8;
    while tail <= end - 40 && at + 24 <= tail {
        let after = u64_at(&bytes, at + 8).saturating_add(at as u64 + 16);
        if after.saturating_add(8) > tail as u64 {
            break;
        }
        put(&mut bytes, after as usize, at, after as usize);
        at = after as usize + 8;
    }
    if tail <= end - 40 {
        put(&mut bytes, end - 24, tail, end - 40);
    }
    put(&mut bytes, end - 16, end - 40, end - 16);
    bytes
}

#[test]
fn a_mosaic_comes_back_from_its_bytes_under_every_rule() {
    for rule in RULES {
        let mosaic = sample(rule);
        let bytes = mosaic.to_bytes();
        let back = Mosaic::from_bytes(&bytes).unwrap();
        assert_eq!(back, mosaic);
        assert!(back.to_bytes() == bytes && resealed(bytes.clone()) == bytes);
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_is_a_format_error() {
    for rule in RULES {
        let bytes = sample(rule).to_bytes();
        for end in 0..bytes.len() {
            let result = Mosaic::from_bytes(&bytes[..end]);
            assert!(matches!(result, Err(MapError::Format { .. })), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            let result = Mosaic::from_bytes(&damaged);
            assert!(matches!(result, Err(MapError::Format { .. })), "damaged at {at}");
        }
    }
}

#[test]
fn damage_under_sound_checksums_is_an_error_or_a_mosaic_and_never_a_panic() {
    for rule in RULES {
        let bytes = sample(rule).to_bytes();
        for at in 0..bytes.len() {
            for value in [0, 1, 127, 128, 255] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                if let Ok(mut mosaic) = Mosaic::from_bytes(&resealed(damaged)) {
                    let map = mosaic.finish();
                    assert_eq!(map.albedo.width(), mosaic.grid().width());
                    let twin = Mosaic { registry: Registry::default(), ..mosaic.clone() };
                    let _ = mosaic.merge(&twin);
                    let _ = mosaic.finish();
                }
            }
        }
    }
}

#[test]
fn a_forged_length_allocates_nothing_large() {
    let bytes = sample(MosaicRule::Median).to_bytes();
    let head = 16 + u32::from_le_bytes(std::array::from_fn(|k| bytes[12 + k])) as usize + 8;
    let forged = |at: usize, value: u64| {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        Mosaic::from_bytes(&resealed(bytes))
    };
    let end = bytes.len();
    for at in [head, head + 8, end - 40, end - 32] {
        for value in [u64::MAX, 1 << 40, 1 << 31, end as u64] {
            assert!(matches!(forged(at, value), Err(MapError::Format { .. })), "{value} at {at}");
        }
    }
    // A grid of 2^50 cells.
    let text = |bytes: &[u8]| bytes.windows(11).position(|w| w == b"\"width\":130").unwrap();
    let mut large = bytes.clone();
    let at = text(&large) + 8;
    large.splice(at..at + 3, b"99999999999999".iter().copied());
    let length = u32::from_le_bytes(std::array::from_fn(|k| large[12 + k])) + 11;
    large[12..16].copy_from_slice(&length.to_le_bytes());
    let tail = u64::from_le_bytes(std::array::from_fn(|k| large[large.len() - 32 + k])) + 11;
    let at = large.len() - 32;
    large[at..at + 8].copy_from_slice(&tail.to_le_bytes());
    let result = Mosaic::from_bytes(&resealed(large));
    assert!(matches!(result, Err(MapError::Limit { .. })), "{result:?}");
}

#[test]
fn a_file_larger_than_the_budget_is_refused_and_a_missing_one_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.acc");
    sample(MosaicRule::WeightedMean).write(&path).unwrap();
    assert!(matches!(Mosaic::read(&path, 100), Err(MapError::Limit { .. })));
    assert_eq!(Mosaic::read(&path, 10_000).unwrap().frames().len(), 3);
    let missing = Mosaic::read(&folder.path().join("b.acc"), 100).unwrap_err();
    assert!(matches!(missing, MapError::Io { .. }) && missing.to_string().contains("b.acc"), "{missing}");
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Mosaic::from_bytes(&bytes).is_err());
        let mut begun = sample(MosaicRule::WeightedMean).to_bytes();
        let at = begun.len() / 2;
        begun.splice(at..at + 10, bytes);
        let _ = Mosaic::from_bytes(&resealed(begun));
    }
}
