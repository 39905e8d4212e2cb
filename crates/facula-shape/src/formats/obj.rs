// SPDX-License-Identifier: MIT OR Apache-2.0
//! Wavefront OBJ: lines `v x y z` and `f a b c …` (one-based or negative indices, `a/b/c` forms allowed, polygons cut
//! into fans). Other lines are passed over.

use super::words::Words;
use super::{Triangles, bad_line};
use crate::ShapeError;

pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let mut words = Words::new(bytes);
    while let Some(line) = words.rest_of_line() {
        match line.split_ascii_whitespace().next() {
            Some("v" | "o" | "g" | "mtllib" | "vn" | "vt") => return true,
            Some(word) if word.starts_with('#') => {}
            Some(_) => return false,
            None => {}
        }
    }
    false
}

pub(super) fn read(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let mut triangles = Triangles::default();
    let mut lines = Words::new(bytes);
    let mut corners: Vec<u32> = Vec::new();
    while lines.left() > 0 {
        let number = lines.line();
        let mut words = lines.rest_of_line().unwrap_or("").split_ascii_whitespace();
        let bad = |message: &str| bad_line(number, message.to_string());
        match words.next() {
            Some("v") => {
                let mut vertex = [0.0f64; 3];
                for c in &mut vertex {
                    let word = words.next().and_then(|word| word.parse().ok());
                    *c = word.ok_or_else(|| bad("a vertex needs three numbers"))?;
                }
                if vertex.iter().any(|c| !c.is_finite()) {
                    return Err(bad("a vertex is not finite"));
                }
                triangles.vertices_km.push(vertex);
            }
            Some("f") => {
                corners.clear();
                for word in words {
                    let corner = index(word, triangles.vertices_km.len());
                    corners.push(corner.ok_or_else(|| bad("a facet names a vertex that is not there"))?);
                }
                if corners.len() < 3 {
                    return Err(bad("a facet needs three vertices"));
                }
                triangles.push_fan(&corners)?;
            }
            _ => {}
        }
    }
    Ok(triangles)
}

fn index(word: &str, vertices: usize) -> Option<u32> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    let index = if number > 0 { number - 1 } else { number.checked_add(vertices as i64)? };
    (number != 0 && (0..vertices as i64).contains(&index)).then_some(index as u32)
}
