// SPDX-License-Identifier: MIT OR Apache-2.0
//! The order in which a streamed mosaic goes through its tiles: row by row, in strips side by side where rows are too
//! long for the frames that may be held.
//!
//! In: the tiles that frames touch, how many frames may be held. Out: strips so narrow that a frame is read once in each
//! strip it touches, and not again for every row of tiles.

use facula_core::CellGrid;

use crate::TILE_CELLS;

/// Widths of strips are whole multiples of so many tiles, so that blocks of files are completed within one.
const WHOLE_TILES: usize = 8;
/// Part of the frames that may be held which a row of a strip may ask for; the rest are those of the rows before and after.
const SHARE: f64 = 0.8;

/// Strips of a grid's tiles, from west to east; each from north to south.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    across: usize,
    down: usize,
    /// Tiles across a strip; the last one may be narrower.
    strip: usize,
}

impl Order {
    /// Row by row over the whole grid.
    pub fn rows(grid: &CellGrid) -> Self {
        let (across, down) = (grid.width().div_ceil(TILE_CELLS), grid.height().div_ceil(TILE_CELLS));
        Self { across, down, strip: across }
    }

    /// The widest strips whose rows ask for no more frames than may be held; `frames` are the tiles of each, ascending.
    pub fn strips<'a>(
        grid: &CellGrid,
        frames: impl Iterator<Item = &'a [u32]> + Clone,
        limit: usize,
    ) -> Self {
        let rows = Self::rows(grid);
        let mut parts = 1;
        loop {
            let strip = rows.across.div_ceil(parts).next_multiple_of(WHOLE_TILES).min(rows.across);
            let order = Self { strip, ..rows };
            if strip <= WHOLE_TILES || order.most_frames(frames.clone()) as f64 <= SHARE * limit as f64 {
                return order;
            }
            parts += 1;
        }
    }

    /// Most frames that a row of a strip asks for.
    fn most_frames<'a>(&self, frames: impl Iterator<Item = &'a [u32]>) -> usize {
        let strips = self.across.div_ceil(self.strip);
        let mut counts = vec![0; strips * self.down];
        let mut rows = std::collections::BTreeSet::new();
        for tiles in frames {
            rows.clear();
            rows.extend(tiles.iter().map(|tile| {
                let (line, column) = (*tile as usize / self.across, *tile as usize % self.across);
                line * strips + column / self.strip
            }));
            rows.iter().for_each(|row| counts[*row] += 1);
        }
        counts.into_iter().max().unwrap_or(0)
    }

    /// When a tile of the grid comes.
    pub fn position(&self, tile: usize) -> usize {
        let (line, column) = (tile / self.across, tile % self.across);
        let first = column / self.strip * self.strip;
        let width = self.strip.min(self.across - first);
        first * self.down + line * width + (column - first)
    }

    /// The tile that comes then.
    pub fn tile(&self, position: usize) -> usize {
        let first = position / (self.strip * self.down) * self.strip;
        let (width, within) = (self.strip.min(self.across - first), position - first * self.down);
        within / width * self.across + first + within % width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::MapGrid;
    use proptest::prelude::*;

    fn grid(across: usize, down: usize) -> CellGrid {
        let (width, height) = (across * TILE_CELLS - 5, down * TILE_CELLS - 7);
        MapGrid { width, height, west_rad: 0.0, north_rad: 1.5, step_rad: 1e-4 }.into()
    }

    proptest! {
        #[test]
        fn every_tile_comes_once(across in 1usize..60, down in 1usize..20, strip in 1usize..60) {
            let order = Order { strip: strip.min(across), ..Order::rows(&grid(across, down)) };
            let mut seen = vec![false; across * down];
            for position in 0..across * down {
                let tile = order.tile(position);
                prop_assert_eq!(order.position(tile), position);
                prop_assert!(!std::mem::replace(&mut seen[tile], true));
            }
        }
    }

    #[test]
    fn strips_are_as_wide_as_the_frames_that_may_be_held_allow() {
        // A frame over two rows of each column of 32 tiles: 64 a row, 128 where frames of two rows meet.
        let (across, down) = (64u32, 6u32);
        let frames: Vec<Vec<u32>> = (0..across * (down - 1)).map(|tile| vec![tile, tile + across]).collect();
        let order = |limit| Order::strips(&grid(64, 6), frames.iter().map(Vec::as_slice), limit);
        assert_eq!(order(1000), Order::rows(&grid(64, 6)));
        assert_eq!((order(100).strip, order(30).strip, order(1).strip), (32, 8, 8));
    }

    #[test]
    fn rows_are_in_the_order_of_the_grid() {
        let order = Order::rows(&grid(7, 3));
        assert!((0..21).all(|tile| order.tile(tile) == tile && order.position(tile) == tile));
    }
}
