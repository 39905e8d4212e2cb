// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole numbers back to the reals they were made from, with subtractive dithering.
//!
//! # Source
//! FITS 4.0, section 10.2 and appendix I (the random numbers).

/// Length of the list of random numbers.
const RANDOM_COUNT: usize = 10_000;

/// The stored number that means exactly 0.0 in `SUBTRACTIVE_DITHER_2`.
const ZERO: i32 = -2_147_483_646;

/// How reals were rounded to whole numbers (`ZQUANTIZ`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantised {
    /// To the nearest.
    Plain,
    /// After adding a random number from 0 to 1.
    Dithered,
    /// The same, but 0.0 is kept.
    DitheredKeepingZero,
}

/// Scale, zero and blank of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct TileScale {
    pub(super) scale: f64,
    pub(super) zero: f64,
    pub(super) blank: Option<i32>,
}

/// The random numbers with the seed of the file (`ZDITHER0`).
#[derive(Debug)]
pub(super) struct Dither {
    numbers: Vec<f32>,
    seed: u64,
}

impl Dither {
    /// The generator of Park and Miller, as the standard writes it down.
    pub(super) fn new(seed: u64) -> Self {
        let mut state = 1.0f64;
        let next = || {
            let product = 16_807.0 * state;
            state = product - 2_147_483_647.0 * (product / 2_147_483_647.0).floor();
            (state / 2_147_483_647.0) as f32
        };
        Self { numbers: std::iter::repeat_with(next).take(RANDOM_COUNT).collect(), seed }
    }
}

/// The values of a tile (from 0), appended to `out`; without random numbers they are not dithered.
pub(super) fn restore(
    dither: Option<&Dither>,
    stored: &[i32],
    ((kind, tile), scale): ((Quantised, u64), TileScale),
    out: &mut Vec<f32>,
) {
    let real = |stored: i32, random: f64| {
        if scale.blank == Some(stored) {
            return f32::NAN;
        }
        if kind == Quantised::DitheredKeepingZero && stored == ZERO {
            return 0.0;
        }
        let value = ((f64::from(stored) - random) * scale.scale + scale.zero) as f32;
        if value.is_finite() { value } else { f32::NAN }
    };
    let Some(Dither { numbers, seed }) = dither else {
        return out.extend(stored.iter().map(|s| real(*s, 0.0)));
    };
    let count = RANDOM_COUNT as u64;
    let mut list = ((tile % count + seed.saturating_sub(1) % count) % count) as usize;
    let first = |list: usize| (numbers[list] * 500.0) as usize;
    let mut at = first(list);
    for value in stored {
        out.push(real(*value, f64::from(numbers[at]) - 0.5));
        at += 1;
        if at == RANDOM_COUNT {
            list = (list + 1) % RANDOM_COUNT;
            at = first(list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_numbers_are_those_of_the_standard() {
        // FITS 4.0, appendix I: the state after 10,000 steps is 1,043,618,065.
        let dither = Dither::new(1);
        assert_eq!(dither.numbers.len(), RANDOM_COUNT);
        assert_eq!(dither.numbers[9_999], (1_043_618_065.0f64 / 2_147_483_647.0) as f32);
        assert_eq!(dither.numbers[0], (16_807.0f64 / 2_147_483_647.0) as f32);
    }

    #[test]
    fn blanks_zeros_and_plain_numbers_are_restored() {
        let scale = TileScale { scale: 0.5, zero: 1.0, blank: Some(-9) };
        let restored = |kind| {
            let mut out = Vec::new();
            let dither = (kind != Quantised::Plain).then(|| Dither::new(3));
            restore(dither.as_ref(), &[4, -9, ZERO], ((kind, 20_000), scale), &mut out);
            out
        };
        let plain = restored(Quantised::Plain);
        assert!(plain[0] == 3.0 && plain[1].is_nan() && plain[2] < -1e9);
        let dithered = restored(Quantised::DitheredKeepingZero);
        assert!((dithered[0] - 3.0).abs() <= 0.25 && dithered[0] != 3.0 && dithered[1].is_nan());
        assert_eq!(dithered[2], 0.0);
        assert!(restored(Quantised::Dithered)[2] < -1e9);
    }
}
