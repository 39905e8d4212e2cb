// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stereolithography files, ascii and binary: vertices are repeated for each facet and merged where equal to the bit.
//! The facets' own normals are passed over: the order of the vertices tells them.
//!
//! # Source
//! 3D Systems, StereoLithography Interface Specification (1989).

use super::merge::Merger;
use super::words::Words;
use super::{FACET_LIMIT, Triangles, bad_byte, bad_line};
use crate::ShapeError;

/// Bytes before the first facet of a binary file.
const HEAD: usize = 84;
/// Bytes of a facet: normal, three vertices, attribute.
const FACET: usize = 50;

pub(super) fn looks_like(bytes: &[u8]) -> bool {
    binary_facets(bytes).is_some_and(|count| count > 0 && bytes.len() == HEAD + count * FACET) || ascii(bytes)
}

/// An ascii file names a facet (or its end) after `solid NAME`; binary files may begin with `solid` too.
fn ascii(bytes: &[u8]) -> bool {
    let mut words = Words::new(&bytes[..bytes.len().min(1000)]);
    words.word() == Some("solid") && {
        words.rest_of_line();
        matches!(words.word(), Some("facet" | "endsolid"))
    }
}

fn binary_facets(bytes: &[u8]) -> Option<usize> {
    let count = bytes.get(80..HEAD)?.try_into().ok()?;
    Some(u32::from_le_bytes(count) as usize)
}

pub(super) fn read(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    if ascii(bytes) { read_ascii(bytes) } else { read_binary(bytes) }
}

fn read_binary(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let short = || bad_byte(bytes.len(), "the file ends before its last facet".into());
    let count = binary_facets(bytes).ok_or_else(short)?;
    if count > FACET_LIMIT {
        return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
    }
    let body = bytes.get(HEAD..HEAD + count * FACET).ok_or_else(short)?;
    let mut merger = Merger::default();
    for (number, facet) in body.chunks_exact(FACET).enumerate() {
        let float =
            |k: usize| f64::from(f32::from_le_bytes([facet[k], facet[k + 1], facet[k + 2], facet[k + 3]]));
        let vertices = [12, 24, 36].map(|k| [float(k), float(k + 4), float(k + 8)]);
        if vertices.iter().flatten().any(|c| !c.is_finite()) {
            return Err(bad_byte(HEAD + number * FACET, "a vertex is not finite".into()));
        }
        let facet = vertices.map(|v| merger.vertex(v));
        merger.triangles.facets.push(facet);
    }
    Ok(merger.triangles)
}

fn read_ascii(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let mut words = Words::new(bytes);
    words.rest_of_line();
    let mut merger = Merger::default();
    let mut corners = Vec::with_capacity(3);
    while let Some(word) = words.word() {
        match word {
            "vertex" => {
                let point = words.point()?;
                corners.push(merger.vertex(point));
            }
            "endfacet" => {
                if corners.len() != 3 {
                    return Err(bad_line(words.line(), format!("a facet with {} vertices", corners.len())));
                }
                merger.triangles.push_fan(&corners)?;
                corners.clear();
            }
            "endsolid" => {
                words.rest_of_line();
            }
            _ => {}
        }
    }
    if !corners.is_empty() {
        return Err(bad_line(words.line(), "the file ends within a facet".into()));
    }
    Ok(merger.triangles)
}
