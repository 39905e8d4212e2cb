// SPDX-License-Identifier: MIT OR Apache-2.0
//! One number per direction on the six faces of a cube: regular gnomonic grids, no trigonometry, no pole,
//! bilinear between vertices, continuous across faces.

use facula_core::{BodyFixed, Vec3};
use rayon::prelude::*;

/// A scalar field over directions.
#[derive(Debug, Clone)]
pub struct CubeGrid {
    cells: usize,
    /// Values at the `(cells + 1)²` vertices of each face, face after face, line by line.
    vertices: Vec<f32>,
}

/// A place on a face: which, and where in cells.
pub(crate) struct FacePlace {
    pub(crate) face: usize,
    pub(crate) column: usize,
    pub(crate) line: usize,
    fx: f64,
    fy: f64,
    /// Component along the face's axis, signed.
    pub(crate) axis: f64,
}

/// Number of the cell that a direction (any length) leaves through, when each face of the cube is cut into `side²`
/// cells: face after face, line by line.
pub fn cube_cell(direction: Vec3<BodyFixed>, side: usize) -> usize {
    let (face, axis, u, v) = face_of(direction);
    let scale = 0.5 * side as f64;
    let along = |w: f64| (((w / axis.abs() + 1.0) * scale) as usize).min(side - 1);
    (face * side + along(v)) * side + along(u)
}

/// The point on the cube of half-width 1 at an offset, in cells, from the first corner of a cell of [`cube_cell`];
/// (0.5, 0.5) is the middle. Offsets beyond a face's edge go on along the plane of that face.
pub fn cube_point(cell: usize, side: usize, [dx_cells, dy_cells]: [f64; 2]) -> Vec3<BodyFixed> {
    let (face, rest) = (cell / (side * side), cell % (side * side));
    let along = |i: usize, offset: f64| 2.0 * (i as f64 + offset) / side as f64 - 1.0;
    on_face(face, along(rest % side, dx_cells), along(rest / side, dy_cells))
}

impl CubeGrid {
    /// A field from a function of direction (not normalised: the point where the direction leaves a cube of
    /// half-width 1). `cells` is the number of cells along each edge of the six faces; a cell spans `2 / cells`
    /// rad at a face's centre, and half to a third of that towards edges and corners.
    pub fn from_fn(cells: usize, value: impl Fn(Vec3<BodyFixed>) -> f64 + Sync) -> Self {
        let cells = cells.max(1);
        let side = cells + 1;
        let vertices = (0..6 * side * side)
            .into_par_iter()
            .map(|k| {
                let (face, rest) = (k / (side * side), k % (side * side));
                let along = |i: usize| 2.0 * i as f64 / cells as f64 - 1.0;
                value(on_face(face, along(rest % side), along(rest / side))) as f32
            })
            .collect();
        Self { cells, vertices }
    }

    /// Cells along each edge of a face.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Least and greatest value.
    pub fn range(&self) -> (f64, f64) {
        let fold = |start: f32, pick: fn(f32, f32) -> f32| self.vertices.iter().copied().fold(start, pick);
        (f64::from(fold(f32::INFINITY, f32::min)), f64::from(fold(f32::NEG_INFINITY, f32::max)))
    }

    /// The value in a direction (any length).
    pub fn value(&self, direction: Vec3<BodyFixed>) -> f64 {
        self.value_at(&self.locate(direction))
    }

    /// The value at a place on a face.
    pub(crate) fn value_at(&self, at: &FacePlace) -> f64 {
        let [a, b, c, d] = self.corners(at);
        let (upper, lower) = (a + (b - a) * at.fx, c + (d - c) * at.fx);
        upper + (lower - upper) * at.fy
    }

    /// Gradient with respect to a point, per unit of that point's length: slopes at the vertices by central
    /// differences, bilinear between them. Continuous within a face, so that terrain does not look faceted; it is that
    /// of [`CubeGrid::value`] smoothed over a cell.
    pub fn gradient(&self, point: Vec3<BodyFixed>) -> Vec3<BodyFixed> {
        let at = self.locate(point);
        let corner = |dx: usize, dy: usize| self.slopes(at.face, at.column + dx, at.line + dy);
        let mix = |a: f64, b: f64, t: f64| a + (b - a) * t;
        let ([a, b], [c, d]) = ([corner(0, 0), corner(1, 0)], [corner(0, 1), corner(1, 1)]);
        let slopes = [0, 1].map(|k| mix(mix(a[k], b[k], at.fx), mix(c[k], d[k], at.fx), at.fy));
        face_gradient(at.face, point, at.axis, slopes)
    }

    /// Slopes along both face coordinates at a vertex; one-sided at the edges of a face.
    fn slopes(&self, face: usize, column: usize, line: usize) -> [f64; 2] {
        let side = self.cells + 1;
        let value =
            |column: usize, line: usize| f64::from(self.vertices[(face * side + line) * side + column]);
        let (left, right) = (column.saturating_sub(1), (column + 1).min(self.cells));
        let (above, below) = (line.saturating_sub(1), (line + 1).min(self.cells));
        let per_cell = self.cells as f64 / 2.0;
        [
            (value(right, line) - value(left, line)) * per_cell / (right - left) as f64,
            (value(column, below) - value(column, above)) * per_cell / (below - above) as f64,
        ]
    }

    /// Greatest value of a cell, and an upper bound of its slope on the unit sphere, per rad.
    pub(crate) fn cell_bounds(&self, face: usize, column: usize, line: usize) -> [f32; 2] {
        let side = self.cells + 1;
        let first = (face * side + line) * side + column;
        let [a, b, c, d] = [first, first + 1, first + side, first + side + 1].map(|i| self.vertices[i]);
        let du = (b - a).abs().max((d - c).abs());
        let dv = (c - a).abs().max((d - b).abs());
        let step = 2.0 / self.cells as f32;
        let away = |i: usize| (2.0 * i as f32 / self.cells as f32 - 1.0).abs() + step;
        let (u, v) = (away(column), away(line));
        // Metric of the gnomonic face: |∇f|² = (1+u²+v²) [(1+u²) f_u² + 2uv f_u f_v + (1+v²) f_v²].
        let squared = (1.0 + u * u) * du * du + 2.0 * u * v * du * dv + (1.0 + v * v) * dv * dv;
        [a.max(b).max(c).max(d), ((1.0 + u * u + v * v) * squared).sqrt() / step]
    }

    /// Where a direction (any length) leaves through the cube.
    pub(crate) fn locate(&self, relative: Vec3<BodyFixed>) -> FacePlace {
        let (face, axis, u, v) = face_of(relative);
        let cells = self.cells as f64;
        // |u| and |v| are at most |axis|: both lie in 0 to cells, but for rounding, which the cast cuts off.
        let (half, scale) = (0.5 * cells, 0.5 * cells / axis.abs());
        let (x, y) = (u * scale + half, v * scale + half);
        let column = (x as usize).min(self.cells - 1);
        let line = (y as usize).min(self.cells - 1);
        FacePlace { face, column, line, fx: x - column as f64, fy: y - line as f64, axis }
    }

    fn corners(&self, at: &FacePlace) -> [f64; 4] {
        let side = self.cells + 1;
        let first = (at.face * side + at.line) * side + at.column;
        // One bound check for all four.
        let rows = &self.vertices[first..first + side + 2];
        [rows[0], rows[1], rows[side], rows[side + 1]].map(f64::from)
    }
}

/// The face a direction leaves through, the component along that face's axis, and the two others.
fn face_of(v: Vec3<BodyFixed>) -> (usize, f64, f64, f64) {
    let (x, y, z) = (v.x.abs(), v.y.abs(), v.z.abs());
    if x >= y && x >= z {
        (if v.x >= 0.0 { 0 } else { 1 }, v.x, v.y, v.z)
    } else if y >= z {
        (if v.y >= 0.0 { 2 } else { 3 }, v.y, v.z, v.x)
    } else {
        (if v.z >= 0.0 { 4 } else { 5 }, v.z, v.x, v.y)
    }
}

/// The point of a face (at distance 1 along its axis) with face coordinates u, v.
fn on_face(face: usize, u: f64, v: f64) -> Vec3<BodyFixed> {
    let sign = if face.is_multiple_of(2) { 1.0 } else { -1.0 };
    match face / 2 {
        0 => Vec3::new(sign, u, v),
        1 => Vec3::new(v, sign, u),
        _ => Vec3::new(u, v, sign),
    }
}

/// Gradient with respect to position of a function with slopes `[du, dv]` in face coordinates `u = p_u / |p_n|`,
/// `v = p_v / |p_n|`.
fn face_gradient(face: usize, p: Vec3<BodyFixed>, axis: f64, slopes: [f64; 2]) -> Vec3<BodyFixed> {
    let [du, dv] = slopes;
    let m = axis.abs();
    let along = |u: f64, v: f64| -(du * u + dv * v) / (m * axis);
    match face / 2 {
        0 => Vec3::new(along(p.y, p.z), du / m, dv / m),
        1 => Vec3::new(dv / m, along(p.z, p.x), du / m),
        _ => Vec3::new(du / m, dv / m, along(p.x, p.y)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::LonLat;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_linear_field_is_continuous_and_nearly_exact(lon in 0.0..360.0f64, lat in -90.0..90.0f64) {
            static GRID: std::sync::OnceLock<CubeGrid> = std::sync::OnceLock::new();
            let field = |v: Vec3<BodyFixed>| { let u = v.unit().unwrap(); u.x + 2.0 * u.y - u.z };
            let grid = GRID.get_or_init(|| CubeGrid::from_fn(256, field));
            let direction = LonLat::from_degrees(lon, lat).direction();
            prop_assert!((grid.value(direction) - field(direction)).abs() < 1e-4);
            prop_assert!((grid.value(direction * 450.0) - grid.value(direction)).abs() < 1e-12);
        }
    }
}
