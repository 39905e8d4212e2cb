// SPDX-License-Identifier: MIT OR Apache-2.0
//! Geometry at the nodes of a lattice over a tile, and between them by parabolas.
//!
//! In: a function that gives exact values at any place of the tile. Out: [`Lattice`], blocks of cells with three by
//! three nodes each, and which of these blocks keep the tolerances of the interpolation.
//!
//! Nodes are counted from the tile's first cell, so results do not depend on the frame's place nor on threads.
//!
//! # Source
//! Error of a parabola through three points a step apart: |third difference| / (9 √3) at the most.

/// Bound of the error as a part of the third difference: 1 / (9 √3).
const ERROR_OF_DIFFERENCE: f64 = 0.064_150_029_909_958_4;
/// Cells of the largest and of the smallest block along a side.
const FIRST_BLOCK: usize = 64;
const LEAST_BLOCK: usize = 8;
/// Errors over their tolerance beyond this all ask for the smallest blocks.
const LARGEST_ERROR: f64 = 1e6;

/// Exact values at a node: those that are interpolated, and those that only decide how.
pub(super) struct Node<const N: usize> {
    /// Interpolated values.
    pub values: [f64; N],
    /// Values that decide over blocks.
    pub guards: Guards,
}

/// Values that are not interpolated, at a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guards {
    /// Cosine of the camera's zenith distance.
    pub camera_up: f64,
    /// Cosine of the Sun's zenith distance.
    pub sun_up: f64,
    /// Sine of half the phase angle.
    pub half_phase_sin: f64,
    /// How far a parabola in height is from places at other heights, px.
    pub bend_px: f64,
}

/// How a block of cells is to be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing of it is in the frame.
    Skip,
    /// Between the nodes.
    Fast,
    /// Cell by cell: the tolerances are not kept.
    Exact,
}

/// Values at the nodes of a tile.
pub(super) struct Lattice<const N: usize> {
    /// Cells of a block along each side; nodes stand half of it apart.
    pub block: usize,
    /// Blocks across and down.
    pub blocks: [usize; 2],
    across: usize,
    nodes: Vec<Node<N>>,
    /// The way of each block.
    pub ways: Vec<Way>,
}

/// What a lattice is made for.
pub(super) struct Terms<'a, const N: usize> {
    /// Columns and lines of the tile.
    pub size: [usize; 2],
    /// Exact values at a place in cells from the tile's first.
    pub exact: &'a dyn Fn(f64, f64) -> Node<N>,
    /// Allowed error of each value, from the nodes of a block.
    pub tolerance: &'a dyn Fn(&[f64; N]) -> [f64; N],
    /// Whether a block's nodes show that nothing of it is in the frame.
    pub outside: &'a dyn Fn(&[&Node<N>; 9]) -> bool,
    /// Whether the tolerances cannot be kept whatever the block's size.
    pub rough: &'a dyn Fn(&[&Node<N>; 9]) -> bool,
}

impl<const N: usize> Lattice<N> {
    /// The coarsest lattice that keeps the tolerances; the finest one where none does, with those blocks marked.
    pub(super) fn new(terms: &Terms<'_, N>) -> Self {
        let (lattice, worst) = Self::of_block(FIRST_BLOCK, terms);
        // The error goes with the cube of the step.
        let fits = FIRST_BLOCK as f64 / worst.cbrt().max(1e-3);
        match [FIRST_BLOCK, 32, 16].into_iter().find(|block| *block as f64 <= fits) {
            Some(FIRST_BLOCK) => lattice,
            finer => Self::of_block(finer.unwrap_or(LEAST_BLOCK), terms).0,
        }
    }

    /// The lattice of a block size, and the largest error over its tolerance.
    fn of_block(block: usize, terms: &Terms<'_, N>) -> (Self, f64) {
        let blocks = terms.size.map(|cells| cells.div_ceil(block));
        // Third differences take four.
        let [across, down] = blocks.map(|count| (2 * count + 1).max(4));
        let step = (block / 2) as f64;
        let place = |k: usize| ((k % across) as f64 * step, (k / across) as f64 * step);
        let nodes = (0..across * down).map(place).map(|(x, y)| (terms.exact)(x, y)).collect();
        let mut lattice = Self { block, blocks, across, nodes, ways: Vec::new() };
        let mut worst: f64 = 0.0;
        for k in 0..blocks[0] * blocks[1] {
            let nine = lattice.nine(k);
            let way = if (terms.outside)(&nine) {
                Way::Skip
            } else {
                let (error, rough) = (lattice.error(k, terms), (terms.rough)(&nine));
                // Holes get the smallest blocks, so that few cells are left alone.
                worst = if rough { worst } else { worst.max(error.min(LARGEST_ERROR)) };
                if error <= 1.0 && !rough { Way::Fast } else { Way::Exact }
            };
            lattice.ways.push(way);
        }
        (lattice, worst)
    }

    /// The nodes of a block, line by line.
    pub(super) fn nine(&self, block: usize) -> [&Node<N>; 9] {
        let first = 2 * (block / self.blocks[0]) * self.across + 2 * (block % self.blocks[0]);
        std::array::from_fn(|k| &self.nodes[first + k / 3 * self.across + k % 3])
    }

    /// Largest error over its tolerance within a block, from third differences along both sides.
    fn error(&self, block: usize, terms: &Terms<'_, N>) -> f64 {
        let tolerance = (terms.tolerance)(&self.nine(block)[4].values);
        let (column, line) = (2 * (block % self.blocks[0]), 2 * (block / self.blocks[0]));
        let down = self.nodes.len() / self.across;
        let mut worst: f64 = 0.0;
        let mut look = |first: usize, stride: usize| {
            let at = |k: usize| &self.nodes[first + k * stride].values;
            for (c, tolerance) in tolerance.iter().enumerate() {
                let third = at(3)[c] - at(0)[c] - 3.0 * (at(2)[c] - at(1)[c]);
                let error = ERROR_OF_DIFFERENCE * third.abs() / tolerance;
                // `max` would drop what is not a number.
                worst = if error <= worst { worst } else { error.min(f64::INFINITY) };
                worst = if error.is_nan() { f64::INFINITY } else { worst };
            }
        };
        for k in 0..3 {
            for start in [column.saturating_sub(1), column.min(self.across - 4)] {
                look((line + k) * self.across + start, 1);
            }
            for start in [line.saturating_sub(1), line.min(down - 4)] {
                look(start * self.across + column + k, self.across);
            }
        }
        worst
    }

    /// Values at the nodes' columns for a line of cells, and their growth per line.
    pub(super) fn line(&self, line: usize, into: &mut LineNodes<N>) {
        let first = 2 * (line / self.block) * self.across;
        let half = self.block as f64 / 2.0;
        let s = (line % self.block) as f64 / half;
        let weights = [0.5 * (s - 1.0) * (s - 2.0), s * (2.0 - s), 0.5 * s * (s - 1.0)];
        let slopes = [s - 1.5, 2.0 - 2.0 * s, s - 0.5].map(|w| w / half);
        let sum = |column: usize, weights: &[f64; 3]| -> [f64; N] {
            let at = |k: usize| &self.nodes[first + k * self.across + column].values;
            let (a, b, c) = (at(0), at(1), at(2));
            std::array::from_fn(|k| weights[0] * a[k] + weights[1] * b[k] + weights[2] * c[k])
        };
        into.values.clear();
        into.values.extend((0..self.across).map(|column| sum(column, &weights)));
        into.growth.clear();
        if into.wants_growth {
            into.growth.extend((0..self.across).map(|column| sum(column, &slopes)));
        }
    }

    /// The parabolas of a block along a line: values at its first cell, and factors of the cell and its square.
    #[inline(always)]
    pub(super) fn parabolas(&self, nodes: &[[f64; N]], block_column: usize) -> [[f64; 3]; N] {
        let step = self.block as f64 / 2.0;
        let three = &nodes[2 * block_column..2 * block_column + 3];
        let (a, b, c) = (&three[0], &three[1], &three[2]);
        let mut parabolas = [[0.0; 3]; N];
        for k in 0..N {
            let (first, second) = (4.0 * b[k] - 3.0 * a[k] - c[k], a[k] - 2.0 * b[k] + c[k]);
            parabolas[k] = [a[k], first / (2.0 * step), second / (2.0 * step * step)];
        }
        parabolas
    }
}

/// Values at the nodes' columns for one line of cells.
#[derive(Default)]
pub(super) struct LineNodes<const N: usize> {
    /// The values.
    pub values: Vec<[f64; N]>,
    /// Their growth per line, when wanted.
    pub growth: Vec<[f64; N]>,
    /// Whether the growth is wanted.
    pub wants_growth: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(of: impl Fn(f64, f64) -> f64, allowed: f64) -> Lattice<1> {
        let guards = Guards { camera_up: 1.0, sun_up: 1.0, half_phase_sin: 0.0, bend_px: 0.0 };
        Lattice::new(&Terms {
            size: [100, 60],
            exact: &|x, y| Node { values: [of(x, y)], guards },
            tolerance: &|_| [allowed],
            outside: &|_| false,
            rough: &|_| false,
        })
    }

    fn largest_error(lattice: &Lattice<1>, of: impl Fn(f64, f64) -> f64) -> f64 {
        let mut nodes = LineNodes { wants_growth: true, ..LineNodes::default() };
        let mut worst: f64 = 0.0;
        for line in 0..60 {
            lattice.line(line, &mut nodes);
            for column in 0..100 {
                let block = column / lattice.block;
                if lattice.ways[line / lattice.block * lattice.blocks[0] + block] == Way::Fast {
                    let [[a, b, c]] = lattice.parabolas(&nodes.values, block);
                    let k = (column % lattice.block) as f64;
                    worst = worst.max((a + k * (b + k * c) - of(column as f64, line as f64)).abs());
                }
            }
        }
        worst
    }

    #[test]
    fn parabolas_are_exact_on_a_quadratic_surface_with_large_blocks() {
        let of = |x: f64, y: f64| 3.0 + 0.5 * x - 0.01 * x * x + 0.02 * y * y - 0.003 * x * y;
        let lattice = lattice(of, 1e-6);
        assert_eq!(lattice.block, FIRST_BLOCK);
        assert!(lattice.ways.iter().all(|way| *way == Way::Fast));
        assert!(largest_error(&lattice, of) < 1e-11);
    }

    #[test]
    fn blocks_become_finer_until_the_tolerance_is_kept() {
        let of = |x: f64, y: f64| (0.05 * x).sin() + (0.04 * y + 0.02 * x).cos();
        let mut last = FIRST_BLOCK;
        for allowed in [1e-1, 1e-2, 1e-3] {
            let lattice = lattice(of, allowed);
            assert!(lattice.block <= last && largest_error(&lattice, of) <= 2.0 * allowed, "{allowed}");
            last = lattice.block;
        }
        assert!(last <= 16);
    }

    #[test]
    fn kinks_and_holes_are_left_to_single_cells() {
        let kink = lattice(|x, _| (x - 50.0).abs(), 1e-4);
        assert_eq!(kink.block, 8);
        let exact = kink.ways.iter().filter(|way| **way == Way::Exact).count();
        assert!(exact > 0 && exact < kink.ways.len() / 2, "{exact}");
        let hole = lattice(|x, y| if x > 70.0 && y < 10.0 { f64::NAN } else { x }, 1e-4);
        assert_eq!(hole.ways[hole.blocks[0] - 1], Way::Exact);
        assert_eq!(hole.ways[0], Way::Fast);
    }

    #[test]
    fn growth_per_line_is_the_derivative() {
        let lattice = lattice(|x, y| 2.0 * y + 0.01 * y * y + x, 1.0);
        let mut nodes = LineNodes { wants_growth: true, ..LineNodes::default() };
        lattice.line(10, &mut nodes);
        assert!((nodes.growth[3][0] - 2.2).abs() < 1e-12);
    }
}
