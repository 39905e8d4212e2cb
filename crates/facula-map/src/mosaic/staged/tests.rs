// SPDX-License-Identifier: MIT OR Apache-2.0
//! Planes of sums against the cells they stand for.

use super::*;
use crate::mosaic::TileWindow;
use crate::mosaic::quantum::Quantum;
use crate::mosaic::rules::{MosaicConfig, Outliers};
use crate::mosaic::tile_sums::{Finish, TilePlanes, TileSums};
use facula_core::Level;
use proptest::prelude::*;

/// Columns and lines: more than a chunk, and no whole number of them.
const SIZE: [usize; 2] = [67, 5];
const CELLS: usize = SIZE[0] * SIZE[1];
const WINDOW: TileWindow = TileWindow { column: 0, line: 0, width: SIZE[0], height: SIZE[1] };

fn tag(key: u64, gain: f32) -> FrameTag {
    let quantum = Quantum::of(Level::IOverF);
    FrameTag { key, level: 1, day: 23_000 + (key % 7) as u16, gain, weight_units: 65_536.0, quantum }
}

/// Albedo, sigma, weight and flags of a cell.
type Numbers = (f32, f32, f32, u8);

/// A frame from random numbers, four a cell.
fn readings(numbers: &[Numbers]) -> TileReadings {
    let plane = |of: &dyn Fn(&Numbers) -> f32| numbers.iter().map(of).collect::<Vec<f32>>();
    TileReadings {
        albedo: plane(&|n| if n.3 > 200 { f32::NAN } else { n.0 }),
        sigma: plane(&|n| n.1),
        weight: plane(&|n| n.2),
        scale_m: plane(&|n| 100.0 + n.2),
        flags: numbers.iter().map(|n| Quality::from_bits(n.3)).collect(),
    }
}

fn one_by_one(frames: &[TileReadings], clip_sigma: Option<f64>) -> TileSums {
    let (mut cells, mut extremes) =
        (vec![Cell::default(); CELLS], vec![Extremes::default(); CELLS * usize::from(clip_sigma.is_some())]);
    for (key, readings) in frames.iter().enumerate() {
        let tag = tag(key as u64 + 1, 1.1);
        for (k, cell) in cells.iter_mut().enumerate() {
            match tag.contribution(readings, k) {
                Err(reason) => cell.refuse(reason),
                Ok(c) => {
                    let place = cell.add(&c, &tag, (readings.scale_m[k], readings.flags[k]));
                    if let Some(extremes) = extremes.get_mut(k) {
                        extremes.add(&c, &tag, place);
                    }
                }
            }
        }
    }
    TileSums::Mean(cells, extremes)
}

fn bits(planes: &TilePlanes) -> (Vec<[u32; 3]>, Vec<[u16; 5]>, u64) {
    let view = planes.view();
    let floats = (0..CELLS).map(|k| [view.albedo[k], view.sigma[k], view.scale_m[k]].map(f32::to_bits));
    let rest = (0..CELLS).map(|k| {
        let (flags, level) = (u16::from(view.quality[k].bits()), u16::from(view.level[k]));
        [flags, view.coverage[k], view.first_day[k], view.last_day[k], level]
    });
    (floats.collect(), rest.collect(), planes.rejected)
}

fn compare(frames: &[TileReadings], clip_sigma: Option<f64>) {
    let outliers = clip_sigma.map_or(Outliers::Keep, |clip_sigma| Outliers::Reject { clip_sigma });
    let mut sums = TileSums::new(&MosaicConfig { outliers, ..MosaicConfig::default() }, CELLS);
    for (key, readings) in frames.iter().enumerate() {
        sums.add(readings, &tag(key as u64 + 1, 1.1));
    }
    assert!(matches!(sums, TileSums::Staged(_)), "ordinary numbers fit");
    let exact = one_by_one(frames, clip_sigma);
    let how = Finish { quantum: tag(1, 1.0).quantum, clip_sigma };
    assert_eq!(bits(&sums.finish(WINDOW, &how)), bits(&exact.finish(WINDOW, &how)));
    sums.settle();
    assert!(sums == exact);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn planes_hold_and_give_what_cells_do(
        numbers in prop::collection::vec((-0.1f32..0.8, 0.0f32..0.5, 0.0f32..1.0, 0u8..), CELLS * 6),
        clip_sigma in prop::option::of(2.0f64..9.0),
    ) {
        let frames: Vec<TileReadings> = numbers.chunks(CELLS).map(readings).collect();
        compare(&frames, clip_sigma);
    }

    #[test]
    fn a_value_that_stands_off_is_rejected_as_by_cells(
        noise in prop::collection::vec(-3.0f32..3.0, CELLS * 7), off in 1.0f32..40.0, clip_sigma in 2.0f64..9.0,
    ) {
        let one = |k: usize, noise: &f32| {
            let off = if k / CELLS == k % 7 { off } else { 0.0 };
            (0.09 + 0.001 * (noise + off), 0.001, 0.7, 0)
        };
        let numbers: Vec<_> = noise.iter().enumerate().map(|(k, noise)| one(k, noise)).collect();
        let frames: Vec<TileReadings> = numbers.chunks(CELLS).map(readings).collect();
        compare(&frames, Some(clip_sigma));
    }
}

#[test]
fn equal_values_have_the_extremes_of_the_lowest_and_highest_key() {
    let frames = vec![readings(&[(0.09, 0.001, 0.5, 0); CELLS]); 5];
    compare(&frames, Some(5.0));
}

#[test]
fn numbers_too_large_for_planes_are_left_to_the_cells() {
    let staged = Staged::new(CELLS, true);
    let fits = |numbers| staged.takes(&readings(&[numbers; CELLS]), &tag(1, 1.0));
    assert!(fits((0.5, 0.5, 1.0, 0)));
    assert!(!fits((200.0, 0.01, 1.0, 0)) && !fits((0.09, 300.0, 1.0, 0)) && !fits((60.0, 0.01, 900.0, 0)));
    // Not measured: does not count.
    assert!(fits((f32::NAN, f32::NAN, 0.0, 2)));
    let config = MosaicConfig::default();
    let mut sums = TileSums::new(&config, CELLS);
    let frames = [(0.09, 0.001, 0.5, 0), (200.0, 0.001, 0.5, 0)].map(|n| readings(&[n; CELLS]));
    frames.iter().enumerate().for_each(|(k, frame)| sums.add(frame, &tag(k as u64 + 1, 1.1)));
    assert!(sums == one_by_one(&frames, None));
}

#[test]
fn another_level_or_a_lower_key_goes_to_the_cells() {
    let frame = readings(&[(0.09, 0.001, 0.5, 0); CELLS]);
    let mut staged = Staged::new(CELLS, false);
    staged.add(&frame, &tag(5, 1.0));
    assert!(staged.takes(&frame, &tag(6, 1.0)) && !staged.takes(&frame, &tag(4, 1.0)));
    assert!(!staged.takes(&frame, &FrameTag { level: 2, ..tag(6, 1.0) }));
    let mut sums = TileSums::new(&MosaicConfig::default(), CELLS);
    sums.add(&frame, &tag(5, 1.0));
    sums.add(&frame, &FrameTag { level: 2, ..tag(4, 1.0) });
    let TileSums::Mean(cells, _) = sums else { panic!("cells") };
    assert!(cells.iter().all(|cell| (cell.level, cell.count) == (2, 1)));
}
