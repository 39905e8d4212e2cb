// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which parts of a frame have no flags at all, so that nobody needs to look.

use facula_core::{Quality, Raster};

/// Pixels of a patch along each side.
const PATCH_PX: usize = 32;

/// Patches of a frame with any flag in them.
pub(crate) struct Clean {
    across: usize,
    flagged: Vec<bool>,
}

impl Clean {
    pub(crate) fn of(quality: &Raster<Quality>) -> Self {
        let across = quality.width().div_ceil(PATCH_PX);
        let mut flagged = vec![false; across * quality.height().div_ceil(PATCH_PX)];
        for line in 0..quality.height() {
            let patches = &mut flagged[line / PATCH_PX * across..][..across];
            for (patch, pixels) in patches.iter_mut().zip(quality.line(line).chunks(PATCH_PX)) {
                *patch |= pixels.iter().fold(0, |any, q| any | q.bits()) != 0;
            }
        }
        Self { across, flagged }
    }

    /// Whether no pixel between two places (inclusive, px; parts outside the frame do not count) has a flag.
    pub(super) fn between(&self, low_px: [f64; 2], high_px: [f64; 2]) -> bool {
        let down = self.flagged.len().checked_div(self.across).unwrap_or(0);
        let patch = |v: f64, count: usize| (v.max(0.0) as usize / PATCH_PX).min(count.saturating_sub(1));
        let columns = patch(low_px[0], self.across)..=patch(high_px[0] + 1.0, self.across);
        let mut lines = patch(low_px[1], down)..=patch(high_px[1] + 1.0, down);
        lines.all(|line| {
            let patches = self.flagged.get(line * self.across..(line + 1) * self.across);
            patches.and_then(|patches| patches.get(columns.clone())).is_some_and(|some| !some.contains(&true))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_found_from_every_window_that_touches_it() {
        let mut quality = Raster::filled(100, 70, Quality::GOOD);
        assert!(Clean::of(&quality).between([-5.0, -5.0], [200.0, 200.0]));
        quality.set(64, 33, Quality::SMEAR);
        let clean = Clean::of(&quality);
        assert!(!clean.between([0.0, 0.0], [99.0, 69.0]));
        assert!(!clean.between([60.0, 30.0], [63.2, 32.5]), "the fourth pixel counts");
        assert!(clean.between([0.0, 0.0], [30.0, 69.0]) && clean.between([90.0, 0.0], [99.0, 20.0]));
        assert!(!clean.between([90.0, 40.0], [99.0, 50.0]), "the same patch");
    }
}
