// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shape kernels (DSK, data type 2): surfaces of bodies as plates between vertices.
//!
//! In: a DAS file. Out: segments with vertices (km, body-fixed) and plates.
//!
//! # Source
//! NAIF, "DSK Required Reading" (dsk.req), sections "DSK segment descriptor" and "Type 2 segments"; "DLA Required
//! Reading" for the list of segments.

use std::sync::Arc;

use facula_core::{Epoch, epoch_from_et_s};

use crate::das::Das;
use crate::error::SpiceError;
use crate::kernels::Kernels;

/// Words of a segment descriptor.
const DESCRIPTOR: usize = 24;
/// Where the vertices begin among the words of a type 2 segment.
const VERTICES: usize = 34;
/// Where the plates begin among the integers of a type 2 segment.
const PLATES: usize = 10;
/// Integers of an entry of the list of segments.
const LIST_ENTRY: usize = 8;

/// A surface of a body from a loaded shape kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeMesh<'a> {
    /// NAIF number of the body.
    pub body: i32,
    /// Number of the surface, the file's own.
    pub surface: i32,
    /// Name of the body-fixed frame of the vertices, or `frame N` where no loaded kernel names it.
    pub frame: String,
    /// Time span the segment is for.
    pub coverage: [Epoch; 2],
    /// Vertices in the body-fixed frame, km.
    pub vertices_km: &'a [[f64; 3]],
    /// Plates: indices of three vertices (the first is 0), counter-clockwise seen from outside.
    pub plates: &'a [[u32; 3]],
    /// Name of the file.
    pub file: &'a str,
}

/// A segment ready for questions.
#[derive(Debug, Clone)]
pub(crate) struct DskSegment {
    pub body: i32,
    pub surface: i32,
    pub frame: i32,
    pub data_type: i32,
    /// First and last epoch, ET seconds.
    pub bounds: [f64; 2],
    pub file: Arc<str>,
    vertices_km: Vec<[f64; 3]>,
    plates: Vec<[u32; 3]>,
}

impl Kernels {
    /// Surfaces of a body from the loaded shape kernels, the one with the highest precedence first: later files
    /// before earlier ones, later segments of a file before earlier ones. Segments of other data types than 2
    /// are left out; [`Kernels::files`] lists them.
    ///
    /// # Source
    /// NAIF, "DSK Required Reading", section "Segment priority"; SPICE `DSKGD`, `DSKV02`, `DSKP02`.
    pub fn shape_meshes(&self, body: i32) -> Vec<ShapeMesh<'_>> {
        let of_body = self.dsk.iter().rev().filter(|s| s.body == body && s.data_type == 2);
        of_body
            .map(|segment| ShapeMesh {
                body,
                surface: segment.surface,
                frame: self
                    .frame_info_of(segment.frame)
                    .map_or_else(|| format!("frame {}", segment.frame), |info| info.name),
                coverage: segment.bounds.map(epoch_from_et_s),
                vertices_km: &segment.vertices_km,
                plates: &segment.plates,
                file: &segment.file,
            })
            .collect()
    }
}

/// Segments of a file in its order.
pub(crate) fn segments(das: &Das, file: &str) -> Result<Vec<DskSegment>, SpiceError> {
    let name: Arc<str> = file.into();
    let wrong = |what: &str| SpiceError::format(what, "list of segments", file);
    let mut found = Vec::new();
    // Sound segments share nothing, so that all together are no longer than the file.
    let mut left = (das.integers.len(), das.doubles.len());
    let mut pointer = *das.integers.get(1).ok_or_else(|| wrong("a file without a list of segments"))?;
    // A sound list visits each entry once.
    for _ in 0..=das.integers.len() / LIST_ENTRY {
        // Addresses count from one; a negative one ends the list.
        let Some(at) = usize::try_from(pointer).ok().and_then(|p| p.checked_sub(1)) else { return Ok(found) };
        let entry = das.integers.get(at..at.saturating_add(LIST_ENTRY));
        let entry = entry.ok_or_else(|| wrong("an entry outside the file"))?;
        let integers = slice(&das.integers, entry[2], entry[3]).ok_or_else(|| wrong("integers outside"))?;
        let doubles = slice(&das.doubles, entry[4], entry[5]).ok_or_else(|| wrong("words outside"))?;
        let rest = (left.0.checked_sub(integers.len()), left.1.checked_sub(doubles.len()));
        let (Some(left_integers), Some(left_doubles)) = rest else {
            return Err(wrong("segments that overlap"));
        };
        left = (left_integers, left_doubles);
        found.push(segment(integers, doubles, &name)?);
        pointer = entry[1];
    }
    Err(wrong("the list of segments has no end"))
}

/// `size` values after `base`.
fn slice<T>(all: &[T], base: i32, size: i32) -> Option<&[T]> {
    let (base, size) = (usize::try_from(base).ok()?, usize::try_from(size).ok()?);
    all.get(base..base.checked_add(size)?)
}

fn segment(integers: &[i32], doubles: &[f64], file: &Arc<str>) -> Result<DskSegment, SpiceError> {
    let head = doubles.get(..DESCRIPTOR).unwrap_or_default();
    let wrong = |what: &str| SpiceError::format(what, format!("segment of {} words", doubles.len()), file);
    if head.len() < DESCRIPTOR || !(head[22] <= head[23]) {
        return Err(wrong("a damaged segment descriptor"));
    }
    let code = |k: usize| head[k] as i32;
    let mut found = DskSegment {
        surface: code(0),
        body: code(1),
        data_type: code(3),
        frame: code(4),
        bounds: [head[22], head[23]],
        file: Arc::clone(file),
        vertices_km: Vec::new(),
        plates: Vec::new(),
    };
    if found.data_type == 2 {
        let (vertices, plates) = mesh(integers, doubles).ok_or_else(|| wrong("counts that do not fit"))?;
        let count = vertices.len() as u32;
        let sound = vertices.iter().flatten().all(|x| x.is_finite())
            && plates.iter().flatten().all(|index| *index < count);
        if !sound {
            return Err(wrong("plates or vertices that make no sense"));
        }
        (found.vertices_km, found.plates) = (vertices, plates);
    }
    Ok(found)
}

/// Vertices and plates.
type Mesh = (Vec<[f64; 3]>, Vec<[u32; 3]>);

fn mesh(integers: &[i32], doubles: &[f64]) -> Option<Mesh> {
    let count = |k: usize| usize::try_from(*integers.get(k)?).ok();
    let (vertices, plates) = (count(0)?, count(1)?);
    let words = doubles.get(VERTICES..VERTICES.checked_add(vertices.checked_mul(3)?)?)?;
    let indices = integers.get(PLATES..PLATES.checked_add(plates.checked_mul(3)?)?)?;
    let indices: Option<Vec<u32>> =
        indices.iter().map(|index| u32::try_from(*index).ok()?.checked_sub(1)).collect();
    Some((words.as_chunks::<3>().0.to_vec(), indices?.as_chunks::<3>().0.to_vec()))
}

#[cfg(test)]
#[path = "dsk/tests.rs"]
mod tests;
