// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small picture of a map of any size, from its tiles.

use facula_core::{Body, CellGrid, MapGrid, Raster, capitalised};
use facula_map::FinishedTile;
use facula_publish::{FrameFigure, MapFigure, Png, annotated_frame, map_figure};

use super::cells::cell_size_m;
use crate::RequestError;

/// Largest side of the picture's image, px.
const SIDE_PX: usize = 1600;

/// Means over squares of cells.
pub(super) struct Preview {
    grid: CellGrid,
    /// Cells along the side of a square.
    cells: usize,
    sum: Raster<f32>,
    count: Raster<u32>,
}

impl Preview {
    pub fn new(grid: CellGrid) -> Self {
        let cells = grid.width().max(grid.height()).div_ceil(SIDE_PX).max(1);
        let (width, height) = (grid.width().div_ceil(cells), grid.height().div_ceil(cells));
        Self { grid, cells, sum: Raster::filled(width, height, 0.0), count: Raster::filled(width, height, 0) }
    }

    pub fn take(&mut self, tile: &FinishedTile<'_>) {
        for (k, value) in tile.albedo.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let (x, y) = (tile.column + k % tile.width, tile.line + k / tile.width);
            let at = y / self.cells * self.sum.width() + x / self.cells;
            self.sum.as_mut_slice()[at] += value;
            self.count.as_mut_slice()[at] += 1;
        }
    }

    /// The picture; `None` when nothing was measured.
    pub fn picture(&self, body: &Body, quantity: &str) -> Result<Option<Png>, RequestError> {
        let counts = self.count.as_slice();
        let means = self.sum.as_slice().iter().zip(counts);
        let means = means.map(|(sum, count)| if *count > 0 { sum / *count as f32 } else { f32::NAN });
        let (width, height) = (self.sum.width(), self.sum.height());
        if counts.iter().all(|count| *count == 0) {
            return Ok(None);
        }
        let values = Raster::from_vec(width, height, means.collect()).expect("one mean for each square");
        let name = capitalised(&body.name);
        let cell_m = cell_size_m(body, &self.grid);
        let caption = format!(
            "{} of {name}; the map has {} x {} cells of {cell_m:.0} m.",
            capitalised(quantity),
            self.grid.width(),
            self.grid.height()
        );
        let png = match self.grid {
            CellGrid::Angular(grid) => map_figure(&MapFigure {
                title: name,
                subtitle: "simple cylindrical, planetocentric latitude, east longitude".into(),
                caption,
                quantity: quantity.into(),
                ..MapFigure::new(&values, self.coarse(&grid), body.ellipsoid().mean_radius_km())
            }),
            _ => annotated_frame(&FrameFigure {
                title: name,
                caption,
                scale_m_px: cell_m * self.cells as f64,
                ..FrameFigure::new(&values)
            }),
        };
        Ok(Some(png?))
    }

    /// The grid of the squares; the last ones may reach beyond the map by less than a square.
    fn coarse(&self, grid: &MapGrid) -> MapGrid {
        let step_rad = grid.step_rad * self.cells as f64;
        MapGrid { width: self.sum.width(), height: self.sum.height(), step_rad, ..*grid }
    }
}
