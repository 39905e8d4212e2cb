// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounds of a cube grid over blocks of cells, so that rays take long steps over low or gentle ground.

use rayon::prelude::*;

use super::cube::{CubeGrid, FacePlace, cube_cell, cube_point};

/// Bounds that hold around a direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Greatest value.
    pub(crate) highest: f64,
    /// Greatest slope, per rad.
    pub(crate) steepest: f64,
    /// Angle around the direction within which they hold, rad.
    pub(crate) reach_rad: f64,
}

/// Greatest value and slope per block of cells, each block together with its neighbours.
#[derive(Debug, Clone)]
pub(crate) struct Blocks {
    /// Cells along the edge of a block.
    size: u32,
    /// Blocks along the edge of a face.
    side: usize,
    bounds: Vec<[f32; 2]>,
}

/// Cells along the edge of a block, at most.
const LARGEST_BLOCK: usize = 8;
/// Blocks shrink towards face corners; the reach is computed at the ray's point and cut by this factor for the
/// shrinkage on the way to the block's far neighbour.
const REACH_MARGIN: f64 = 0.7;

impl Blocks {
    pub(crate) fn new(grid: &CubeGrid) -> Self {
        let size = (1..=LARGEST_BLOCK).rev().find(|size| grid.cells().is_multiple_of(*size)).unwrap_or(1);
        let side = grid.cells() / size;
        let own: Vec<[f32; 2]> = (0..6 * side * side)
            .into_par_iter()
            .map(|k| {
                let (face, rest) = (k / (side * side), k % (side * side));
                let (column, line) = (rest % side * size, rest / side * size);
                let cells =
                    (0..size * size).map(|c| grid.cell_bounds(face, column + c % size, line + c / size));
                cells.fold([f32::NEG_INFINITY; 2], larger)
            })
            .collect();
        let alone = Self { size: size as u32, side, bounds: own };
        let bounds = (0..6 * side * side).into_par_iter().map(|k| alone.with_neighbours(k)).collect();
        Self { bounds, ..alone }
    }

    /// Greatest slope of all, per rad.
    pub(crate) fn steepest(&self) -> f64 {
        f64::from(self.bounds.iter().map(|[_, steepest]| *steepest).fold(0.0, f32::max))
    }

    /// Bounds around a direction of the given length, at its place on the grid the blocks were made of.
    pub(crate) fn around(&self, at: &FacePlace, length: f64) -> Bounds {
        let block = |cell: usize| (cell as u32 / self.size) as usize;
        let index = (at.face * self.side + block(at.line)) * self.side + block(at.column);
        let [highest, steepest] = self.bounds[index].map(f64::from);
        let cosine = at.axis / length;
        let reach_rad = REACH_MARGIN * 2.0 / self.side as f64 * cosine * cosine;
        Bounds { highest, steepest, reach_rad }
    }

    fn with_neighbours(&self, k: usize) -> [f32; 2] {
        // Half-block steps, so that across a face edge no neighbour is stepped over.
        let offset = |i: i32| 0.5 * f64::from(i) - 0.5;
        (0..25)
            .map(|n| {
                self.bounds[cube_cell(cube_point(k, self.side, [offset(n % 5), offset(n / 5)]), self.side)]
            })
            .fold([f32::NEG_INFINITY; 2], larger)
    }
}

fn larger(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}
