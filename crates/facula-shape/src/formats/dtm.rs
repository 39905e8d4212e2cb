// SPDX-License-Identifier: MIT OR Apache-2.0
//! Terrain rasters as triangles: one vertex per cell centre, two facets between four cells with data.

use facula_core::{Ellipsoid, MapGrid, PixelPos, Raster};

use super::{FACET_LIMIT, LengthUnit, Triangles};
use crate::ShapeError;

/// What the cells of a terrain raster hold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum DtmKind {
    /// Distance from the body's centre.
    Radius,
    /// Height above an ellipsoid, along the radius.
    Height(Ellipsoid),
}

/// A terrain raster, whole body or a window.
#[derive(Debug, Clone, Copy)]
pub struct Dtm<'a> {
    /// Where its cells lie: simple cylindrical, planetocentric.
    pub grid: &'a MapGrid,
    /// Radii or heights; NaN where there is none.
    pub values: &'a Raster<f32>,
    /// What the values are.
    pub kind: DtmKind,
    /// Their unit.
    pub unit: LengthUnit,
}

const NONE: u32 = u32::MAX;

impl Triangles {
    /// The triangles of a terrain raster. A raster once around closes at its seam, and one whose first or last line
    /// touches a pole is closed there with a fan around the mean of that line. Cells without data leave holes.
    ///
    /// # Errors
    /// [`ShapeError::Argument`] when raster and grid differ in size; [`ShapeError::Limit`] beyond 20 million facets.
    pub fn from_dtm(dtm: &Dtm) -> Result<Self, ShapeError> {
        let MapGrid { width, height, .. } = *dtm.grid;
        if (dtm.values.width(), dtm.values.height()) != (width, height) || width < 2 || height < 2 {
            let message = format!(
                "a raster of {} x {} cells on a grid of {width} x {height} (at least 2 x 2)",
                dtm.values.width(),
                dtm.values.height()
            );
            return Err(ShapeError::Argument(message));
        }
        if width.saturating_mul(height) > FACET_LIMIT / 2 {
            return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
        }
        let mut out = Self::default();
        let numbers = number_cells(dtm, &mut out);
        let columns = if dtm.grid.wraps() { width } else { width - 1 };
        for line in 0..height - 1 {
            for column in 0..columns {
                let at = |c: usize, l: usize| numbers[l * width + c % width];
                let [a, b] = [at(column, line), at(column + 1, line)];
                let [c, d] = [at(column, line + 1), at(column + 1, line + 1)];
                out.facets.extend([[a, c, b], [b, c, d]].into_iter().filter(|f| !f.contains(&NONE)));
            }
        }
        if dtm.grid.wraps() {
            close_pole(&mut out, dtm.grid, &numbers[..width], Pole::North);
            close_pole(&mut out, dtm.grid, &numbers[width * (height - 1)..], Pole::South);
        }
        Ok(out)
    }
}

fn number_cells(dtm: &Dtm, out: &mut Triangles) -> Vec<u32> {
    let mut numbers = vec![NONE; dtm.values.as_slice().len()];
    for (k, value) in dtm.values.as_slice().iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let at = PixelPos::new((k % dtm.grid.width) as f64, (k / dtm.grid.width) as f64);
        let direction = dtm.grid.place(at).direction();
        let given_km = f64::from(*value) * dtm.unit.in_km();
        let radius_km = match dtm.kind {
            DtmKind::Radius => given_km,
            DtmKind::Height(ellipsoid) => ellipsoid.radius_km(direction) + given_km,
        };
        numbers[k] = out.vertices_km.len() as u32;
        out.vertices_km.push((direction * radius_km).to_array());
    }
    numbers
}

#[derive(Clone, Copy, PartialEq)]
enum Pole {
    North,
    South,
}

/// A fan from the line next to a pole, if the line is whole and touches the pole.
fn close_pole(out: &mut Triangles, grid: &MapGrid, line: &[u32], pole: Pole) {
    let quarter = std::f64::consts::FRAC_PI_2;
    let edge_rad = match pole {
        Pole::North => grid.north_rad,
        Pole::South => grid.height as f64 * grid.step_rad - grid.north_rad,
    };
    if (edge_rad - quarter).abs() > 0.5 * grid.step_rad || line.contains(&NONE) {
        return;
    }
    let radius_km = |v: &u32| out.vertices_km[*v as usize].iter().map(|c| c * c).sum::<f64>().sqrt();
    let mean_km = line.iter().map(radius_km).sum::<f64>() / line.len() as f64;
    let tip = out.vertices_km.len() as u32;
    let north = pole == Pole::North;
    out.vertices_km.push([0.0, 0.0, if north { mean_km } else { -mean_km }]);
    for k in 0..line.len() {
        let (a, b) = (line[k], line[(k + 1) % line.len()]);
        out.facets.push(if north { [tip, a, b] } else { [tip, b, a] });
    }
}
