// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stanford PLY: ascii, binary little and big endian; polygons cut into fans, other elements passed over.
//!
//! # Source
//! G. Turk, The PLY Polygon File Format (1994).

use super::words::Words;
use super::{Triangles, bad_byte, bad_line};
use crate::ShapeError;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Encoding {
    Ascii,
    Little,
    Big,
}

/// A number in the file: its length in bytes and whether it is floating, signed or unsigned.
#[derive(Debug, Clone, Copy)]
enum Scalar {
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

#[derive(Debug)]
struct Property {
    name: String,
    /// Type of the length in front of a list; `None` for a single number.
    list: Option<Scalar>,
    scalar: Scalar,
}

#[derive(Debug)]
struct Element {
    name: String,
    count: usize,
    properties: Vec<Property>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Triangles, ShapeError> {
    let mut words = Words::new(bytes);
    let (encoding, elements) = header(&mut words)?;
    let mut body = Body { words, encoding };
    let mut triangles = Triangles::default();
    for element in &elements {
        body.check_room(element)?;
        match element.name.as_str() {
            "vertex" => read_vertices(&mut body, element, &mut triangles)?,
            "face" => read_faces(&mut body, element, &mut triangles)?,
            _ => (0..element.count).try_for_each(|_| body.row(element, |_, _| ()))?,
        }
    }
    Ok(triangles)
}

fn read_vertices(body: &mut Body, element: &Element, out: &mut Triangles) -> Result<(), ShapeError> {
    let column = |name: &str| {
        let found = element.properties.iter().position(|p| p.name == name && p.list.is_none());
        found.ok_or_else(|| bad_line(1, format!("vertices have no property {name}")))
    };
    let axes = [column("x")?, column("y")?, column("z")?];
    for _ in 0..element.count {
        let mut vertex = [0.0f64; 3];
        body.row(element, |property, number| {
            for k in 0..3 {
                if axes[k] == property {
                    vertex[k] = number;
                }
            }
        })?;
        if vertex.iter().any(|c| !c.is_finite()) {
            return Err(body.bad("a vertex is not finite".into()));
        }
        out.vertices_km.push(vertex);
    }
    Ok(())
}

fn read_faces(body: &mut Body, element: &Element, out: &mut Triangles) -> Result<(), ShapeError> {
    let named =
        |p: &Property| p.list.is_some() && matches!(p.name.as_str(), "vertex_indices" | "vertex_index");
    let list = element.properties.iter().position(named);
    let list = list.ok_or_else(|| bad_line(1, "faces have no list vertex_indices".into()))?;
    let mut corners: Vec<u32> = Vec::new();
    for _ in 0..element.count {
        corners.clear();
        let mut wrong = false;
        body.row(element, |property, number| {
            if property == list {
                wrong |= !(0.0..f64::from(u32::MAX)).contains(&number);
                corners.push(number as u32);
            }
        })?;
        if wrong || corners.len() < 3 {
            return Err(body.bad("a face needs three vertices or more".into()));
        }
        out.push_fan(&corners)?;
    }
    Ok(())
}

fn header(words: &mut Words) -> Result<(Encoding, Vec<Element>), ShapeError> {
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    loop {
        let number = words.line();
        let bad = |message: &str| bad_line(number, message.to_string());
        let line = words.rest_of_line().ok_or_else(|| bad("the header has no end_header"))?;
        let line: Vec<&str> = line.split_ascii_whitespace().collect();
        match line.as_slice() {
            ["format", name, _] => {
                encoding = Some(match *name {
                    "ascii" => Encoding::Ascii,
                    "binary_little_endian" => Encoding::Little,
                    "binary_big_endian" => Encoding::Big,
                    _ => return Err(bad("format is ascii, binary_little_endian or binary_big_endian")),
                });
            }
            ["element", name, count] => {
                let count = count.parse().map_err(|_| bad("the number of elements is no number"))?;
                elements.push(Element { name: (*name).to_string(), count, properties: Vec::new() });
            }
            ["property", rest @ ..] => {
                let element = elements.last_mut().ok_or_else(|| bad("a property before any element"))?;
                element.properties.push(property(rest).ok_or_else(|| bad("unknown property type"))?);
            }
            ["end_header"] => break,
            _ => {}
        }
    }
    let encoding = encoding.ok_or_else(|| bad_line(words.line(), "the header has no format".into()))?;
    Ok((encoding, elements))
}

fn property(words: &[&str]) -> Option<Property> {
    match words {
        ["list", length, kind, name] => {
            Some(Property { name: (*name).into(), list: Some(scalar(length)?), scalar: scalar(kind)? })
        }
        [kind, name] => Some(Property { name: (*name).into(), list: None, scalar: scalar(kind)? }),
        _ => None,
    }
}

fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "char" | "int8" => Scalar::Signed(1),
        "uchar" | "uint8" => Scalar::Unsigned(1),
        "short" | "int16" => Scalar::Signed(2),
        "ushort" | "uint16" => Scalar::Unsigned(2),
        "int" | "int32" => Scalar::Signed(4),
        "uint" | "uint32" => Scalar::Unsigned(4),
        "float" | "float32" => Scalar::Float(4),
        "double" | "float64" => Scalar::Float(8),
        _ => return None,
    })
}

impl Scalar {
    const fn length(self) -> usize {
        match self {
            Self::Signed(length) | Self::Unsigned(length) | Self::Float(length) => length,
        }
    }

    /// Value of the bytes in little-endian order.
    fn value(self, raw: &[u8]) -> f64 {
        let mut bytes = [0u8; 8];
        bytes[..raw.len()].copy_from_slice(raw);
        let bits = u64::from_le_bytes(bytes);
        match self {
            Self::Signed(length) => {
                let unused = 64 - 8 * length as u32;
                ((bits << unused).cast_signed() >> unused) as f64
            }
            Self::Unsigned(_) => bits as f64,
            Self::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Self::Float(_) => f64::from_bits(bits),
        }
    }
}

/// The numbers behind the header.
struct Body<'a> {
    words: Words<'a>,
    encoding: Encoding,
}

impl Body<'_> {
    fn bad(&self, message: String) -> ShapeError {
        match self.encoding {
            Encoding::Ascii => bad_line(self.words.line(), message),
            _ => bad_byte(self.words.offset(), message),
        }
    }

    /// Refuses a count that the rest of the file cannot hold.
    fn check_room(&self, element: &Element) -> Result<(), ShapeError> {
        let least = |p: &Property| match self.encoding {
            Encoding::Ascii => 1,
            _ => p.list.unwrap_or(p.scalar).length(),
        };
        let row: usize = element.properties.iter().map(least).sum();
        if element.count > 0 && (row == 0 || element.count > self.words.left() / row) {
            return Err(self.bad(format!("{} {} do not fit in the file", element.count, element.name)));
        }
        Ok(())
    }

    /// Reads one row and hands each number with its property's position to `take`.
    fn row(&mut self, element: &Element, mut take: impl FnMut(usize, f64)) -> Result<(), ShapeError> {
        for (k, property) in element.properties.iter().enumerate() {
            let count = match property.list {
                Some(length) => self.scalar(length)?,
                None => 1.0,
            };
            if !(0.0..=self.words.left() as f64 + 1.0).contains(&count) {
                return Err(self.bad(format!("a list of {count} entries does not fit in the file")));
            }
            for _ in 0..count as usize {
                take(k, self.scalar(property.scalar)?);
            }
        }
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar) -> Result<f64, ShapeError> {
        if self.encoding == Encoding::Ascii {
            return self.words.number("a number");
        }
        let Some(raw) = self.words.raw(scalar.length()) else {
            return Err(self.bad("the file ends within its data".into()));
        };
        let mut bytes = [0u8; 8];
        let bytes = &mut bytes[..raw.len()];
        bytes.copy_from_slice(raw);
        if self.encoding == Encoding::Big {
            bytes.reverse();
        }
        Ok(scalar.value(bytes))
    }
}
