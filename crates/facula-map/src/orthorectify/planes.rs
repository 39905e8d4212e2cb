// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the readings of a tile go: a tile of their own, or part of the planes of a whole map.

use facula_core::Quality;

use super::lines::Results;
use super::view::Outcome;

/// What one frame says of the cells of one tile, line by line.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TileReadings {
    /// Brightness at the standard geometry; NaN where the frame says nothing.
    pub albedo: Vec<f32>,
    /// Its random error, one sigma.
    pub sigma: Vec<f32>,
    /// Weight, m⁻²; 0 where the frame says nothing.
    pub weight: Vec<f32>,
    /// Size of a pixel across the line of sight, m.
    pub scale_m: Vec<f32>,
    /// Flags of measured cells; of others why they could not be used, or none when they were not seen at all.
    pub flags: Vec<Quality>,
}

impl TileReadings {
    /// Makes room for the cells of a tile.
    pub(super) fn resize(&mut self, cells: usize) {
        for plane in [&mut self.albedo, &mut self.sigma, &mut self.weight, &mut self.scale_m] {
            plane.resize(cells, f32::NAN);
        }
        self.flags.resize(cells, Quality::GOOD);
    }
}

/// Where the readings of a tile go: part of a larger image, perhaps.
pub(super) struct Planes<'a> {
    /// As in [`TileReadings`], and so the others.
    pub albedo: &'a mut [f32],
    pub sigma: &'a mut [f32],
    pub weight: &'a mut [f32],
    pub scale_m: &'a mut [f32],
    pub flags: &'a mut [Quality],
    /// Where the tile lies in `albedo`.
    pub window: Window,
    /// Where it lies in the other planes.
    pub others: Window,
    /// Columns of the tile.
    pub width: usize,
}

/// Where a tile lies in planes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Where its first cell is.
    pub first: usize,
    /// Cells from one line to the next; 0 for planes of one line, which nobody wants to keep.
    pub stride: usize,
}

impl Planes<'_> {
    /// Places of a cell in `albedo` and in the other planes.
    pub(super) fn at(&self, cell: usize) -> [usize; 2] {
        let (line, column) = (cell / self.width, cell % self.width);
        [self.window, self.others].map(|window| window.first + line * window.stride + column)
    }

    /// The planes along a line of the tile.
    pub(super) fn line(&mut self, number: usize) -> Results<'_> {
        let [own, other] = self.at(number * self.width).map(|first| first..first + self.width);
        Results {
            albedo: &mut self.albedo[own],
            sigma: &mut self.sigma[other.clone()],
            weight: &mut self.weight[other.clone()],
            scale_m: &mut self.scale_m[other.clone()],
            flags: &mut self.flags[other],
        }
    }

    pub(super) fn set(&mut self, cell: usize, outcome: &Outcome) {
        match outcome {
            Outcome::Unseen => self.refuse(cell, Quality::GOOD),
            Outcome::Rejected(reason) => self.refuse(cell, *reason),
            Outcome::Measured(m) => {
                let [own, at] = self.at(cell);
                self.albedo[own] = m.albedo as f32;
                self.sigma[at] = m.sigma as f32;
                self.weight[at] = m.weight as f32;
                self.scale_m[at] = m.scale_m as f32;
                self.flags[at] = m.flags;
            }
        }
    }

    /// Whether a cell is measured.
    pub(super) fn is_measured(&self, cell: usize) -> bool {
        !self.albedo[self.at(cell)[0]].is_nan()
    }

    /// Nothing measured, and why.
    pub(super) fn refuse(&mut self, cell: usize, reason: Quality) {
        let [own, at] = self.at(cell);
        self.albedo[own] = f32::NAN;
        (self.sigma[at], self.scale_m[at]) = (f32::NAN, f32::NAN);
        self.weight[at] = 0.0;
        self.flags[at] = reason;
    }

    /// Notes that only a fraction of the light reaches a measured cell.
    pub(super) fn dim(&mut self, cell: usize, fraction: f32) {
        let [own, at] = self.at(cell);
        self.flags[at] |= Quality::SHADOW;
        self.albedo[own] /= fraction;
        self.sigma[at] /= fraction;
    }
}

impl Results<'_> {
    /// Nothing is in the frame.
    pub(super) fn nothing(self) {
        for plane in [self.albedo, self.sigma, self.scale_m] {
            plane.fill(f32::NAN);
        }
        self.weight.fill(0.0);
        self.flags.fill(Quality::GOOD);
    }
}
