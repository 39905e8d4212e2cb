// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes of the levels of an image and where their blocks lie.

/// Overviews end when both sides are at most this long: one request then shows the whole map.
const SMALLEST_OVERVIEW_PX: usize = 512;

/// One level: full resolution or an overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    /// Width, px.
    pub(super) width: usize,
    /// Height, px.
    pub(super) height: usize,
    /// Side of a block, px.
    tile_px: usize,
    /// Blocks of one band of all finer levels.
    pub(super) first: usize,
}

impl Level {
    /// Blocks side by side.
    pub(super) fn across(&self) -> usize {
        self.width.div_ceil(self.tile_px)
    }

    /// Blocks of one band.
    pub(super) fn count(&self) -> usize {
        self.across() * self.height.div_ceil(self.tile_px)
    }

    /// Columns and lines of the image in a block.
    pub(super) fn valid(&self, column: usize, line: usize) -> (usize, usize) {
        let inside = |size: usize, index: usize| self.tile_px.min(size - index * self.tile_px);
        (inside(self.width, column), inside(self.height, line))
    }

    /// Index of a block of one band within the level.
    pub(super) fn index(&self, column: usize, line: usize) -> usize {
        line * self.across() + column
    }
}

/// All levels, full resolution first.
pub(super) fn levels(width: usize, height: usize, tile_px: usize) -> Vec<Level> {
    let mut all = vec![Level { width, height, tile_px, first: 0 }];
    while let Some(last) = all.last().filter(|last| last.width.max(last.height) > SMALLEST_OVERVIEW_PX) {
        let (width, height, first) =
            (last.width.div_ceil(2), last.height.div_ceil(2), last.first + last.count());
        all.push(Level { width, height, tile_px, first });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overviews_end_at_512_px() {
        let all = levels(1025, 300, 512);
        let sizes: Vec<_> = all.iter().map(|l| (l.width, l.height, l.count(), l.first)).collect();
        assert_eq!(sizes, [(1025, 300, 3, 0), (513, 150, 2, 3), (257, 75, 1, 5)]);
        assert_eq!((all[0].valid(2, 0), all[0].valid(0, 0)), ((1, 300), (512, 300)));
    }
}
