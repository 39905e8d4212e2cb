// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gaskell's implicitly connected quadrilaterals: a line with Q, then six faces of (Q+1)² vertices, first index
//! fastest. Vertices on the edges of faces are repeated and merged here; each quadrilateral is cut along its shorter
//! diagonal (the one whose two facets have the smaller cross product, as Gaskell's own plate writer does).
//!
//! # Source
//! R. Gaskell, Gaskell Eros/Itokawa Shape Model V1.0 (NEAR-A-MSI-5-EROSSHAPE-V1.0), document "SHAPE.TXT". Facets
//! are turned outward by the sign of the volume, because the order of the vertices alone does not promise it.

use super::merge::Merger;
use super::words::Words;
use super::{FACET_LIMIT, Triangles, bad_line};
use crate::ShapeError;

pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let mut words = Words::new(bytes);
    let one = |line: Option<&str>| line.is_some_and(|l| l.split_ascii_whitespace().count() == 1);
    let first = words.clone().number::<usize>("Q").is_ok_and(|q| q > 0);
    let alone = one(words.rest_of_line());
    first && alone && words.point().is_ok()
}

pub(super) fn read(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let mut words = Words::new(bytes);
    let q: usize = words.number("Q, the cells along an edge of a face,")?;
    let vertices = q.checked_add(1).and_then(|side| side.checked_mul(side)).and_then(|n| n.checked_mul(6));
    // Three numbers of one digit and their separators.
    let room = vertices.is_some_and(|n| n <= words.left() / 5);
    if q == 0 || !room {
        return Err(bad_line(1, format!("six faces of ({q} + 1)² vertices do not fit in the file")));
    }
    if 12 * q * q > FACET_LIMIT {
        return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
    }
    let mut merger = Merger::default();
    for _ in 0..6 {
        let mut face = Vec::with_capacity((q + 1) * (q + 1));
        for _ in 0..(q + 1) * (q + 1) {
            let point = words.point()?;
            face.push(merger.vertex(point));
        }
        cut_face(&mut merger.triangles, q, &face);
    }
    face_outward(&mut merger.triangles);
    Ok(merger.triangles)
}

/// The file has vertices and no facets: which way these face is ours to choose, and that is outward.
fn face_outward(triangles: &mut Triangles) {
    let six_volumes = |facet: &[u32; 3]| {
        let [a, b, c] = facet.map(|v| triangles.vertices_km[v as usize]);
        a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    if triangles.facets.iter().map(six_volumes).sum::<f64>() < 0.0 {
        triangles.facets.iter_mut().for_each(|facet| facet.swap(1, 2));
    }
}

fn cut_face(out: &mut Triangles, q: usize, face: &[u32]) {
    for cell in 0..q * q {
        let (i, j) = (cell % q, cell / q);
        let vertex = |i: usize, j: usize| face[j * (q + 1) + i];
        let [a, b, c, d] = [vertex(i, j), vertex(i + 1, j), vertex(i + 1, j + 1), vertex(i, j + 1)];
        let cross = |x: u32, y: u32| {
            let [x, y] = [x, y].map(|v| out.vertices_km[v as usize]);
            let n = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
            n.iter().map(|c| c * c).sum::<f64>()
        };
        let cut = if cross(a, c) <= cross(b, d) { [[a, c, b], [a, d, c]] } else { [[a, d, b], [b, d, c]] };
        out.facets.extend(cut);
    }
}
