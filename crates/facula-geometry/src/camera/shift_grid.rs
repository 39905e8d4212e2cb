// SPDX-License-Identifier: MIT OR Apache-2.0
//! Distortion as a table: the shift from the seen to the ideal place at the nodes of a grid in the focal plane.

use serde::{Deserialize, Serialize};

use super::invert::{Mapped, Point, invert, is_one_to_one};
use crate::GeometryError;

/// Most nodes accepted.
const MAX_NODES: usize = 1 << 20;

/// How shifts between nodes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Interpolation {
    /// Linear along both axes within a cell.
    #[default]
    Bilinear,
    /// Catmull-Rom cubic along both axes; smooth across cells.
    Bicubic,
}

/// The table as files hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftTable {
    /// Focal-plane place of the first node, mm from the optical axis, x along samples, y along lines.
    pub first_mm: [f64; 2],
    /// Distance between nodes, mm.
    pub step_mm: [f64; 2],
    /// Nodes along x; at least 2.
    pub columns: usize,
    /// Ideal minus seen place at each node, mm, `[x, y]`, line by line.
    pub shifts_mm: Vec<[f64; 2]>,
    /// Between nodes.
    #[serde(default)]
    pub interpolation: Interpolation,
}

/// A checked table: one to one over its whole rectangle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ShiftTable", into = "ShiftTable")]
pub struct ShiftGrid {
    table: ShiftTable,
    rows: usize,
}

impl ShiftGrid {
    /// Checks a table: sizes, finite numbers, and that no two seen places share an ideal one.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] names what is wrong.
    pub fn new(table: ShiftTable) -> Result<Self, GeometryError> {
        let bad = |key, value: String| {
            Err(GeometryError::Argument { subject: "distortion shift-grid".into(), key, value })
        };
        let nodes = table.shifts_mm.len();
        let rows = nodes.checked_div(table.columns).unwrap_or(0);
        if table.columns < 2 || rows < 2 || rows * table.columns != nodes || nodes > MAX_NODES {
            return bad("columns", format!("{} for {nodes} shifts", table.columns));
        }
        if !table.step_mm.iter().all(|step| *step > 0.0 && step.is_finite())
            || !table.first_mm.iter().all(|mm| mm.is_finite())
            || !table.shifts_mm.iter().flatten().all(|mm| mm.is_finite())
        {
            return bad("first_mm, step_mm, shifts_mm", "not finite or not positive".into());
        }
        let grid = Self { table, rows };
        match grid.fold() {
            None => Ok(grid),
            Some(at) => bad("shifts_mm", format!("not invertible near {at:?} mm")),
        }
    }

    /// The table.
    pub fn table(&self) -> &ShiftTable {
        &self.table
    }

    /// A place where the map is not one to one. A bilinear cell's derivative is a mean of those at its corners,
    /// so the corners decide; cubic cells are examined on 5 x 5 places each.
    fn fold(&self) -> Option<Point> {
        let parts = if self.table.interpolation == Interpolation::Bilinear { 1 } else { 4 };
        let inset = 1e-9;
        (0..self.rows - 1).flat_map(|r| (0..self.table.columns - 1).map(move |c| (r, c))).find_map(
            |(r, c)| {
                (0..=parts).flat_map(|i| (0..=parts).map(move |j| (i, j))).find_map(|(i, j)| {
                    let fraction = |k: usize| (k as f64 / parts as f64).clamp(inset, 1.0 - inset);
                    let derivative = self.cell((r, c), [fraction(j), fraction(i)]).1;
                    let column = c as f64 + fraction(j);
                    let row = r as f64 + fraction(i);
                    (!is_one_to_one(&derivative)).then(|| self.place(column, row))
                })
            },
        )
    }

    fn place(&self, column: f64, row: f64) -> Point {
        let ShiftTable { first_mm, step_mm, .. } = &self.table;
        [first_mm[0] + column * step_mm[0], first_mm[1] + row * step_mm[1]]
    }

    fn inside(&self, [x, y]: Point) -> bool {
        let ShiftTable { first_mm, step_mm, columns, .. } = &self.table;
        let within = |at: f64, axis: usize, count: usize| {
            at >= first_mm[axis] && at <= first_mm[axis] + step_mm[axis] * (count - 1) as f64
        };
        within(x, 0, *columns) && within(y, 1, self.rows)
    }

    /// Ideal place and derivative at a seen place inside the rectangle.
    fn map(&self, [x, y]: Point) -> Mapped {
        let ShiftTable { first_mm, step_mm, columns, .. } = &self.table;
        let split = |at: f64, axis: usize, count: usize| {
            let position = (at - first_mm[axis]) / step_mm[axis];
            let cell = (position.max(0.0) as usize).min(count - 2);
            (cell, position - cell as f64)
        };
        let ((c, u), (r, v)) = (split(x, 0, *columns), split(y, 1, self.rows));
        let (shift, derivative) = self.cell((r, c), [u, v]);
        ([x + shift[0], y + shift[1]], derivative)
    }

    /// Shift and derivative of the whole map at a fraction of a cell.
    fn cell(&self, (r, c): (usize, usize), [u, v]: Point) -> Mapped {
        let (wx, dx) = weights(self.table.interpolation, u);
        let (wy, dy) = weights(self.table.interpolation, v);
        let (mut shift, mut by_x, mut by_y) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        for j in 0..4 {
            for i in 0..4 {
                let node = self.node(r + j, c + i);
                for k in 0..2 {
                    shift[k] += wx[i] * wy[j] * node[k];
                    by_x[k] += dx[i] * wy[j] * node[k] / self.table.step_mm[0];
                    by_y[k] += wx[i] * dy[j] * node[k] / self.table.step_mm[1];
                }
            }
        }
        (shift, [[1.0 + by_x[0], by_y[0]], [by_x[1], 1.0 + by_y[1]]])
    }

    /// Node of the 4 x 4 neighbourhood, whose first node is one before the cell's; beyond the edge the shifts
    /// go on linearly.
    fn node(&self, row_and_one: usize, column_and_one: usize) -> Point {
        let along = |index: usize, count: usize| match index {
            0 => [(0, 2.0), (1, -1.0)],
            i if i > count => [(count - 1, 2.0), (count - 2, -1.0)],
            i => [(i - 1, 1.0), (i - 1, 0.0)],
        };
        let mut sum = [0.0; 2];
        for (r, a) in along(row_and_one, self.rows) {
            for (c, b) in along(column_and_one, self.table.columns) {
                let shift = self.table.shifts_mm[r * self.table.columns + c];
                sum = [sum[0] + a * b * shift[0], sum[1] + a * b * shift[1]];
            }
        }
        sum
    }

    pub(super) fn undistort(&self, seen: Point) -> Option<Point> {
        self.inside(seen).then(|| self.map(seen).0)
    }

    pub(super) fn distort(&self, ideal: Point) -> Option<Point> {
        let end = self.place((self.table.columns - 1) as f64, (self.rows - 1) as f64);
        let first = self.table.first_mm;
        let start = [ideal[0].clamp(first[0], end[0]), ideal[1].clamp(first[1], end[1])];
        invert(|at| self.map(at), ideal, start, |at| self.inside(at))
    }
}

/// Weights of four neighbours and their derivatives at a fraction of a cell; linear uses the middle two.
fn weights(interpolation: Interpolation, t: f64) -> ([f64; 4], [f64; 4]) {
    match interpolation {
        Interpolation::Bilinear => ([0.0, 1.0 - t, t, 0.0], [0.0, -1.0, 1.0, 0.0]),
        // Catmull & Rom (1974), parameter 1/2.
        Interpolation::Bicubic => (
            [
                0.5 * t * (-1.0 + t * (2.0 - t)),
                1.0 + t * t * (-2.5 + 1.5 * t),
                0.5 * t * (1.0 + t * (4.0 - 3.0 * t)),
                0.5 * t * t * (t - 1.0),
            ],
            [
                0.5 * (-1.0 + t * (4.0 - 3.0 * t)),
                t * (-5.0 + 4.5 * t),
                0.5 * (1.0 + t * (8.0 - 9.0 * t)),
                0.5 * t * (3.0 * t - 2.0),
            ],
        ),
    }
}

impl TryFrom<ShiftTable> for ShiftGrid {
    type Error = GeometryError;
    fn try_from(table: ShiftTable) -> Result<Self, GeometryError> {
        Self::new(table)
    }
}

impl From<ShiftGrid> for ShiftTable {
    fn from(grid: ShiftGrid) -> Self {
        grid.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(shift: impl Fn(f64, f64) -> Point, interpolation: Interpolation) -> ShiftTable {
        let node = |k: usize| shift((k % 5) as f64 * 2.0 - 4.0, (k / 5) as f64 * 2.0 - 4.0);
        ShiftTable {
            first_mm: [-4.0, -4.0],
            step_mm: [2.0, 2.0],
            columns: 5,
            shifts_mm: (0..25).map(node).collect(),
            interpolation,
        }
    }

    #[test]
    fn a_linear_shift_is_exact_everywhere_with_both_interpolations() {
        for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
            let grid = ShiftGrid::new(table(|x, y| [0.01 * x - 0.02 * y, 0.1 + 0.03 * y], interpolation));
            let found = grid.unwrap().undistort([3.3, -3.9]).unwrap();
            assert!((found[0] - (3.3 + 0.033 + 0.078)).abs() < 1e-14, "{found:?}");
            assert!((found[1] - (-3.9 + 0.1 - 0.117)).abs() < 1e-14, "{found:?}");
        }
    }

    #[test]
    fn cubic_interpolation_follows_a_parabola_inside() {
        let grid = ShiftGrid::new(table(|x, _| [0.01 * x * x, 0.0], Interpolation::Bicubic)).unwrap();
        let found = grid.undistort([0.7, 0.3]).unwrap();
        assert!((found[0] - (0.7 + 0.0049)).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn outside_the_table_and_folded_tables_give_nothing() {
        let grid = ShiftGrid::new(table(|_, _| [0.5, 0.0], Interpolation::Bilinear)).unwrap();
        assert!(grid.undistort([4.1, 0.0]).is_none() && grid.distort([-3.9, 0.0]).is_none());
        let folded = table(|x, _| [-0.6 * x * x.abs(), 0.0], Interpolation::Bilinear);
        assert!(ShiftGrid::new(folded).unwrap_err().to_string().contains("not invertible near"));
        let mut short = table(|_, _| [0.0, 0.0], Interpolation::Bilinear);
        short.shifts_mm.pop();
        assert!(ShiftGrid::new(short).unwrap_err().to_string().contains("columns"));
        let mut odd = table(|_, _| [0.0, 0.0], Interpolation::Bicubic);
        odd.step_mm = [0.0, 1.0];
        assert!(ShiftGrid::new(odd).is_err());
    }
}
