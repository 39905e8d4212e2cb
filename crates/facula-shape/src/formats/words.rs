// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words of a text file with the line they stand in.

use std::str::FromStr;

use super::bad_line;
use crate::ShapeError;

/// Walks over the words of a file.
#[derive(Clone)]
pub(super) struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Words<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1 }
    }

    /// One-based line of the place reached.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// Offset of the place reached.
    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next word of the file, on whatever line.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        while let Some(byte) = self.bytes.get(self.at).filter(|b| b.is_ascii_whitespace()) {
            self.line += usize::from(*byte == b'\n');
            self.at += 1;
        }
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        self.at += end;
        // A word that is no text matches nothing and is told as such by whoever wanted it.
        (end > 0).then(|| std::str::from_utf8(&rest[..end]).unwrap_or("\u{fffd}"))
    }

    /// The next word as a number.
    pub(super) fn number<T: FromStr>(&mut self, what: &str) -> Result<T, ShapeError> {
        let word = self.word();
        word.and_then(|w| w.parse().ok()).ok_or_else(|| {
            bad_line(self.line, format!("{what} expected, {} found", word.unwrap_or("end of file")))
        })
    }

    /// Three numbers: a point. Accepts Fortran's `1.0D+00`.
    pub(super) fn point(&mut self) -> Result<[f64; 3], ShapeError> {
        let mut point = [0.0; 3];
        for c in &mut point {
            *c = self.real()?;
        }
        Ok(point)
    }

    fn real(&mut self) -> Result<f64, ShapeError> {
        let word = self.word().unwrap_or("end of file");
        let plain = word.parse().ok();
        let number: Option<f64> = plain.or_else(|| word.replace(['D', 'd'], "e").parse().ok());
        number
            .filter(|n| n.is_finite())
            .ok_or_else(|| bad_line(self.line, format!("a finite coordinate expected, {word} found")))
    }

    /// The rest of the line without its end, and on to the next one; `None` at the end of the file.
    pub(super) fn rest_of_line(&mut self) -> Option<&'a str> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|b| *b == b'\n');
        self.at += end.map_or(rest.len(), |end| end + 1);
        self.line += usize::from(end.is_some());
        let text = &rest[..end.unwrap_or(rest.len())];
        Some(std::str::from_utf8(text).unwrap_or("\u{fffd}").trim())
    }

    /// The next `length` bytes as they are.
    pub(super) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let raw = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(raw)
    }
}
