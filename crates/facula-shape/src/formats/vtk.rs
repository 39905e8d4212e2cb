// SPDX-License-Identifier: MIT OR Apache-2.0
//! VTK legacy PolyData, ascii and binary (big endian): points, polygons (cut into fans) and triangle strips; versions
//! up to 5.1 (offsets and connectivity). Lines and single vertices are passed over; data behind the geometry too.
//!
//! # Source
//! VTK User's Guide, 11th edition (2010), "Simple Legacy Formats"; version 5.1: vtkDataWriter of VTK 9.

use super::words::Words;
use super::{Triangles, bad_byte, bad_line};
use crate::ShapeError;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Encoding {
    Ascii,
    Binary,
}

pub(super) fn read(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let mut file = File { words: Words::new(bytes), encoding: Encoding::Ascii };
    // The line with the version and the title.
    file.words.rest_of_line();
    file.words.rest_of_line();
    file.encoding = match file.words.word() {
        Some("ASCII") => Encoding::Ascii,
        Some("BINARY") => Encoding::Binary,
        other => {
            return Err(file.bad(format!("ASCII or BINARY expected, {} found", other.unwrap_or("nothing"))));
        }
    };
    let set = (file.words.word(), file.words.word());
    if set != (Some("DATASET"), Some("POLYDATA")) {
        return Err(file.bad("only DATASET POLYDATA holds a surface".into()));
    }
    let mut triangles = Triangles::default();
    while let Some(word) = file.words.word() {
        match word {
            "POINTS" => triangles.vertices_km = file.points()?,
            "POLYGONS" => file.cells(|corners| triangles.push_fan(corners))?,
            "TRIANGLE_STRIPS" => file.cells(|corners| {
                let strip = corners.windows(3).enumerate();
                strip
                    .map(|(k, c)| if k % 2 == 0 { [c[0], c[1], c[2]] } else { [c[1], c[0], c[2]] })
                    .try_for_each(|facet| triangles.push_fan(&facet))
            })?,
            "LINES" | "VERTICES" => file.cells(|_| Ok(()))?,
            "METADATA" => {
                file.words.rest_of_line();
                while file.words.rest_of_line().is_some_and(|line| !line.is_empty()) {}
            }
            // What follows belongs to points and cells.
            "POINT_DATA" | "CELL_DATA" | "FIELD" => break,
            other => return Err(file.bad(format!("unknown section {other}"))),
        }
    }
    Ok(triangles)
}

struct File<'a> {
    words: Words<'a>,
    encoding: Encoding,
}

impl File<'_> {
    fn bad(&self, message: String) -> ShapeError {
        match self.encoding {
            Encoding::Ascii => bad_line(self.words.line(), message),
            Encoding::Binary => bad_byte(self.words.offset(), message),
        }
    }

    fn points(&mut self) -> Result<Vec<[f64; 3]>, ShapeError> {
        let count: usize = self.words.number("the number of points")?;
        let kind = self.words.word().unwrap_or("");
        let numbers = self.numbers(kind, count.saturating_mul(3))?;
        if numbers.iter().any(|c| !c.is_finite()) {
            return Err(self.bad("a point is not finite".into()));
        }
        Ok(numbers.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect())
    }

    /// The cells of a section, handed one by one to `take`.
    fn cells(&mut self, mut take: impl FnMut(&[u32]) -> Result<(), ShapeError>) -> Result<(), ShapeError> {
        let count: usize = self.words.number("the number of cells")?;
        let size: usize = self.words.number("the size of the cells")?;
        let mut ahead = self.words.clone();
        let (offsets, corners) = if ahead.word() == Some("OFFSETS") {
            self.words = ahead;
            let offsets = self.typed_numbers(count)?;
            self.words.word();
            (offsets, self.typed_numbers(size)?)
        } else {
            split_cells(&self.numbers("int", size)?, count)
        };
        let corners: Vec<u32> = corners.iter().map(|c| *c as u32).collect();
        for pair in offsets.windows(2) {
            let cell = corners.get(pair[0] as usize..pair[1] as usize);
            take(cell.ok_or_else(|| self.bad("a cell reaches beyond its section".into()))?)?;
        }
        Ok(())
    }

    /// Numbers behind the name of their type.
    fn typed_numbers(&mut self, count: usize) -> Result<Vec<f64>, ShapeError> {
        let kind = self.words.word().unwrap_or("nothing");
        self.numbers(kind, count)
    }

    fn numbers(&mut self, kind: &str, count: usize) -> Result<Vec<f64>, ShapeError> {
        let Some(length) = length_of(kind) else {
            return Err(self.bad(format!("unknown data type {kind}")));
        };
        let least = if self.encoding == Encoding::Ascii { 1 } else { length };
        if count > self.words.left() / least {
            return Err(self.bad(format!("{count} numbers do not fit in the file")));
        }
        if self.encoding == Encoding::Ascii {
            return (0..count).map(|_| self.words.number("a number")).collect();
        }
        // One line end after the heading.
        self.words.rest_of_line();
        let raw = self.words.raw(count * length);
        let raw = raw.ok_or_else(|| self.bad("the file ends within its data".into()))?;
        Ok(raw.chunks_exact(length).map(|bytes| value(kind, bytes)).collect())
    }
}

/// Cells written as `length corner corner …` to offsets and corners; a length beyond the end gives an offset there,
/// which is refused where it is used.
fn split_cells(numbers: &[f64], count: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut offsets, mut corners) = (vec![0.0], Vec::with_capacity(numbers.len()));
    let mut rest = numbers;
    for _ in 0..count {
        let Some((length, after)) = rest.split_first() else { break };
        let length = *length as usize;
        offsets.push((corners.len() + length) as f64);
        let (cell, after) = after.split_at(length.min(after.len()));
        corners.extend_from_slice(cell);
        rest = after;
    }
    (offsets, corners)
}

fn length_of(kind: &str) -> Option<usize> {
    Some(match kind {
        "float" | "int" | "unsigned_int" => 4,
        "double" | "long" | "vtktypeint64" => 8,
        _ => return None,
    })
}

/// A big-endian number; `kind` is one that [`length_of`] knows.
fn value(kind: &str, raw: &[u8]) -> f64 {
    let bits = raw.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    match kind {
        "float" => f64::from(f32::from_bits(bits as u32)),
        "double" => f64::from_bits(bits),
        "int" => f64::from((bits as u32).cast_signed()),
        _ => bits as f64,
    }
}
