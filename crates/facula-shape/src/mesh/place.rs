// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the plane of a projection to the cells (pixels) of a grid: linear, with a margin for what is not.

/// `cell = constant + x · by_x + y · by_y`, good to `margin` cells for the samples it was made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells {
    /// Constant, factor of x, factor of y; for the column and for the line.
    pub(super) rows: [[f64; 3]; 2],
    pub(super) margin: f64,
}

/// Sums for a linear fit of columns and lines to places in the plane.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fit {
    normal: [[f64; 3]; 3],
    right: [[f64; 3]; 2],
}

impl Fit {
    pub(super) fn add(&mut self, plane: [f64; 2], cell: [f64; 2]) {
        let v = [1.0, plane[0], plane[1]];
        for (i, a) in v.into_iter().enumerate() {
            (0..3).for_each(|j| self.normal[i][j] += a * v[j]);
            (0..2).for_each(|k| self.right[k][i] += a * cell[k]);
        }
    }

    /// The fit; `None` when the places lie on a line.
    pub(super) fn solve(&self) -> Option<Cells> {
        let [a, b, c] = self.normal;
        let cross = |p: [f64; 3], q: [f64; 3]| {
            [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
        };
        let inverse = [cross(b, c), cross(c, a), cross(a, b)];
        let determinant: f64 = (0..3).map(|k| a[k] * inverse[0][k]).sum();
        let rows = self.right.map(|right| {
            [0, 1, 2].map(|k| (0..3).map(|j| inverse[j][k] * right[j]).sum::<f64>() / determinant)
        });
        rows.iter().flatten().all(|c| c.is_finite()).then_some(Cells { rows, margin: 0.0 })
    }
}

impl Cells {
    /// Column and line of a place in the plane.
    #[inline(always)]
    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let place = |r: &[f64; 3]| r[0] + r[1] * x + r[2] * y;
        [place(&self.rows[0]), place(&self.rows[1])]
    }

    /// Columns and lines that samples within a box in the plane may have, clipped to a grid; `None` when outside.
    #[inline(always)]
    pub(super) fn window(&self, low: [f64; 2], high: [f64; 2], size: [usize; 2]) -> Option<[[usize; 2]; 2]> {
        let (middle, half) = (
            [0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])],
            [0.5 * (high[0] - low[0]), 0.5 * (high[1] - low[1])],
        );
        let at = self.at(middle[0], middle[1]);
        let mut window = [[0; 2]; 2];
        for k in 0..2 {
            let reach = self.rows[k][1].abs() * half[0] + self.rows[k][2].abs() * half[1] + self.margin;
            // A part in 10^9 for the rounding of all this.
            let reach = reach + 1e-9 * (at[k].abs() + reach);
            let (first, last) = ((at[k] - reach).ceil().max(0.0), (at[k] + reach).floor());
            if !(last >= first && first < size[k] as f64) {
                return None;
            }
            window[k] = [first as usize, (last as usize).min(size[k] - 1)];
        }
        Some(window)
    }
}
