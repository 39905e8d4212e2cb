// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rays against terrain, shared by blocks of cells.

use facula_geometry::SurfacePoint;

use crate::mosaic::TileGround;

/// What a ray aims at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// The camera: is the ground hidden?
    Camera,
    /// The Sun: is it in shadow?
    Sun,
}

/// Answers of the rays of one frame and tile, one per block of cells, asked when first needed.
pub(crate) struct Rays {
    block_cells: usize,
    /// For camera and Sun: per block, not asked, free or blocked.
    answers: [Vec<Option<bool>>; 2],
}

impl Rays {
    pub(crate) fn new(block_cells: usize) -> Self {
        Self { block_cells, answers: [Vec::new(), Vec::new()] }
    }

    /// The ray starts at the block's middle cell, whichever cell asks, so answers do not depend on the order.
    pub(super) fn blocked(
        &mut self,
        (ground, cell): (&TileGround, usize),
        target: Target,
        ask: impl FnOnce(&SurfacePoint) -> bool,
    ) -> bool {
        let (side, n) = (ground.width, self.block_cells);
        let blocks_across = side.div_ceil(n);
        let (column, line) = (cell % side / n, cell / side / n);
        let answers = &mut self.answers[target as usize];
        if answers.is_empty() {
            answers.resize(blocks_across * ground.height.div_ceil(n), None);
        }
        *answers[line * blocks_across + column].get_or_insert_with(|| {
            let middle_column = (column * n + n / 2).min(side - 1);
            let middle_line = (line * n + n / 2).min(ground.height - 1);
            let from = middle_line * side + middle_column;
            ask(&SurfacePoint { point_km: ground.points_km[from], normal: ground.normals[from] })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::TileWindow;
    use facula_core::{Ellipsoid, MapGrid};
    use facula_geometry::Shape;

    #[test]
    fn a_block_asks_once_from_its_middle_whichever_cell_is_first() {
        let shape = Shape::Ellipsoid(Ellipsoid::new(1.0, 1.0, 1.0).unwrap());
        let window = TileWindow { column: 0, line: 0, width: 5, height: 5 };
        let ground = TileGround::new(&shape, &MapGrid::global(20), window);
        for first in [6, 12, 0] {
            let mut rays = Rays::new(3);
            let mut from = None;
            let mut ask = |p: &SurfacePoint| {
                from = Some(p.point_km);
                true
            };
            assert!(rays.blocked((&ground, first), Target::Sun, &mut ask));
            assert_eq!(from, Some(ground.points_km[6]));
            assert!(rays.blocked((&ground, 11), Target::Sun, |_| unreachable!("answered before")));
            assert!(!rays.blocked((&ground, 11), Target::Camera, |_| false));
        }
    }
}
