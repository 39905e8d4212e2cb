// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of a plane smoothed by several Gaussians, one after the other: what is in work stays in the nearest caches and
//! no smoothed plane is ever stored.

use crate::detect::sheet::{Padded, Sheet, combine, gaussian};

/// A Gaussian on its way down a plane.
struct Roll {
    sigma_cells: f64,
    kernel: Vec<f32>,
    /// Lines smoothed along themselves; line `y` stands at `y` modulo their number.
    lines: Vec<Vec<f32>>,
}

/// Smooths the lines that `fill` writes. Lines must be asked for downwards (two steps back are allowed).
pub(crate) struct Stream<F> {
    sheet: Sheet,
    fill: F,
    rolls: Vec<Roll>,
    padded: Padded,
    /// The line that is smoothed next; `None` before the first.
    next: Option<i64>,
    reach: i64,
}

/// Steps back that are allowed, and one more.
const SLACK: i64 = 3;

impl<F: FnMut(usize, &mut [f32])> Stream<F> {
    pub fn new(sheet: Sheet, fill: F, sigmas_cells: &[f64]) -> Self {
        let width = sheet.grid.width;
        let kernels: Vec<Vec<f32>> = sigmas_cells.iter().map(|sigma| gaussian(*sigma)).collect();
        let reach = kernels.iter().map(|kernel| kernel.len() / 2).max().unwrap_or(0) as i64;
        let count = (2 * reach + 1 + SLACK) as usize;
        let roll = |(sigma, kernel): (&f64, Vec<f32>)| Roll {
            sigma_cells: *sigma,
            kernel,
            lines: vec![vec![0.0; width]; count],
        };
        let rolls = sigmas_cells.iter().zip(kernels).map(roll).collect();
        Self { sheet, fill, rolls, padded: Padded::new(width), next: None, reach }
    }

    /// The smoothed line `line` of the Gaussian number `which`.
    #[inline(always)]
    pub fn line(&mut self, which: usize, line: i64, out: &mut [f32]) {
        let from = self.next.unwrap_or(line - self.reach - SLACK + 1);
        for at in from..=line + self.reach {
            self.smooth_along(at);
        }
        self.next = Some(from.max(line + self.reach + 1));
        let roll = &self.rolls[which];
        let (count, half) = (roll.lines.len() as i64, (roll.kernel.len() / 2) as i64);
        let lines: Vec<&[f32]> =
            (line - half..=line + half).map(|at| &roll.lines[at.rem_euclid(count) as usize][..]).collect();
        combine(&lines, &roll.kernel, out);
    }

    #[inline(always)]
    fn smooth_along(&mut self, at: i64) {
        let source = self.sheet.source_line(at);
        if let Some((line, half_turn)) = source {
            (self.fill)(line, self.padded.line());
            if half_turn {
                let half = self.sheet.grid.width / 2;
                self.padded.line().rotate_left(half);
            }
            self.padded.close(self.sheet.wraps);
        }
        for roll in &mut self.rolls {
            let count = roll.lines.len() as i64;
            let out = &mut roll.lines[at.rem_euclid(count) as usize];
            match source {
                Some((line, _)) => {
                    let sigma_cells = roll.sigma_cells / self.sheet.cos_latitude(line);
                    self.padded.blur(sigma_cells, self.sheet.wraps, out);
                }
                None => out.fill(0.0),
            }
        }
    }
}
