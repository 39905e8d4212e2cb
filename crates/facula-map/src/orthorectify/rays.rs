// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rays against terrain, shared by blocks of cells.

use facula_geometry::SurfacePoint;

use crate::mosaic::TileGround;

/// Answers of the rays of one frame and tile to one target, one per block of cells, asked when first needed.
pub(super) struct Rays {
    block_cells: usize,
    /// Per block: not asked, free or blocked.
    answers: Vec<Option<bool>>,
}

impl Rays {
    pub(super) fn new(block_cells: usize) -> Self {
        Self { block_cells, answers: Vec::new() }
    }

    /// The ray starts at the block's middle cell, whichever cell asks, so answers do not depend on the order.
    pub(super) fn blocked(
        &mut self,
        (ground, cell): (&TileGround, usize),
        ask: impl FnOnce(&SurfacePoint) -> bool,
    ) -> bool {
        let (side, n) = (ground.width, self.block_cells);
        let blocks_across = side.div_ceil(n);
        let (column, line) = (cell % side / n, cell / side / n);
        if self.answers.is_empty() {
            self.answers.resize(blocks_across * ground.height.div_ceil(n), None);
        }
        *self.answers[line * blocks_across + column].get_or_insert_with(|| {
            let middle_column = (column * n + n / 2).min(side - 1);
            let middle_line = (line * n + n / 2).min(ground.height - 1);
            let spot = ground.spot(middle_line * side + middle_column);
            ask(&SurfacePoint { point_km: spot.point_km, normal: spot.normal })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::{GroundSource, TileWindow};
    use facula_core::{Ellipsoid, MapGrid};
    use facula_geometry::Shape;

    #[test]
    fn a_block_asks_once_from_its_middle_whichever_cell_is_first() {
        let shape = Shape::Ellipsoid(Ellipsoid::new(1.0, 1.0, 1.0).unwrap());
        let window = TileWindow { column: 0, line: 0, width: 5, height: 5 };
        let ground = GroundSource::new(&shape, &MapGrid::global(20).into()).tile(window);
        for first in [6, 12, 0] {
            let mut rays = Rays::new(3);
            let mut from = None;
            let mut ask = |p: &SurfacePoint| {
                from = Some(p.point_km);
                true
            };
            assert!(rays.blocked((&ground, first), &mut ask));
            assert_eq!(from, Some(ground.spot(6).point_km));
            assert!(rays.blocked((&ground, 11), |_| unreachable!("answered before")));
            assert!(!rays.blocked((&ground, 24), |_| false), "another block");
        }
    }
}
