// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that triangle meshes travel in.
//!
//! In: the bytes of a file and [`MeshOptions`]. Out: [`Triangles`], vertices in km and facets as they stand in the
//! file (polygons cut into fans, vertices merged where the format repeats them). What is allocated never exceeds a few
//! times the length of the file: counts in headers are held against the bytes that are left.

mod dtm;
mod icq;
mod merge;
mod obj;
mod ply;
mod stl;
mod vtk;
mod words;

pub use dtm::{Dtm, DtmKind};

use crate::ShapeError;

/// More facets than this are refused: 20 million, about 0.5 GB with the tree.
pub(crate) const FACET_LIMIT: usize = 20_000_000;

/// The unit of a file that does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LengthUnit {
    /// Kilometres: Gaskell's models, SPICE plates, most models in the Planetary Data System.
    #[default]
    Kilometres,
    /// Metres: OSIRIS-REx, Hayabusa2 and most terrain models.
    Metres,
}

impl LengthUnit {
    /// Kilometres in one of it.
    pub(crate) const fn in_km(self) -> f64 {
        match self {
            Self::Kilometres => 1.0,
            Self::Metres => 1e-3,
        }
    }
}

/// How to read a mesh file.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeshOptions {
    /// Unit of the coordinates: none of the formats says it.
    pub unit: LengthUnit,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeshFormat {
    /// Wavefront OBJ.
    Obj,
    /// Stanford PLY: ascii, binary of both byte orders.
    Ply,
    /// Stereolithography: ascii and binary.
    Stl,
    /// VTK legacy PolyData: ascii and binary, versions up to 5.1.
    Vtk,
    /// Gaskell's implicitly connected quadrilaterals.
    Icq,
    /// Our own: a mesh with its tree, as [`crate::Mesh::to_tree_bytes`] writes it.
    Tree,
}

/// Triangles as a file has them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Triangles {
    /// Vertices, body-fixed, km.
    pub vertices_km: Vec<[f64; 3]>,
    /// Facets: zero-based vertex numbers, counter-clockwise seen from outside if the file keeps the rule.
    pub facets: Vec<[u32; 3]>,
}

impl Triangles {
    /// Reads a file. `name` (or only its extension) helps where the content does not tell the format.
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] with the line or [`ShapeError::Bytes`] with the offset of what is wrong;
    /// [`ShapeError::Limit`] beyond 20 million facets.
    pub fn from_bytes(name: &str, bytes: &[u8], options: &MeshOptions) -> Result<Self, ShapeError> {
        let mut triangles = match MeshFormat::of(name, bytes)? {
            MeshFormat::Obj => obj::read(bytes),
            MeshFormat::Ply => ply::read(bytes),
            MeshFormat::Stl => stl::read(bytes),
            MeshFormat::Vtk => vtk::read(bytes),
            MeshFormat::Icq => icq::read(bytes),
            MeshFormat::Tree => {
                Err(bad_byte(0, "a saved tree is no list of triangles; open it as a mesh".into()))
            }
        }?;
        triangles.scale(options.unit.in_km());
        Ok(triangles)
    }

    fn scale(&mut self, factor: f64) {
        if factor != 1.0 {
            self.vertices_km.iter_mut().flatten().for_each(|c| *c *= factor);
        }
    }

    /// Adds a polygon as a fan around its first corner.
    fn push_fan(&mut self, corners: &[u32]) -> Result<(), ShapeError> {
        if corners.len() >= 3 {
            self.facets.extend(corners[1..].windows(2).map(|pair| [corners[0], pair[0], pair[1]]));
        }
        if self.facets.len() > FACET_LIMIT {
            return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
        }
        Ok(())
    }
}

impl MeshFormat {
    /// The format of a file, from its first bytes and, where these do not tell, its name.
    ///
    /// # Errors
    /// [`ShapeError::Bytes`] when neither tells.
    pub fn of(name: &str, bytes: &[u8]) -> Result<Self, ShapeError> {
        let starts = |magic: &[u8]| bytes.starts_with(magic);
        let extension = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        if starts(crate::mesh::saved::MAGIC) {
            return Ok(Self::Tree);
        }
        if starts(b"ply\n") || starts(b"ply\r") {
            return Ok(Self::Ply);
        }
        if starts(b"# vtk DataFile") {
            return Ok(Self::Vtk);
        }
        match extension.as_str() {
            "obj" => Ok(Self::Obj),
            "stl" => Ok(Self::Stl),
            "icq" => Ok(Self::Icq),
            _ if stl::looks_like(bytes) => Ok(Self::Stl),
            _ if icq::looks_like(bytes) => Ok(Self::Icq),
            _ if obj::looks_like(bytes) => Ok(Self::Obj),
            _ => Err(bad_byte(
                0,
                format!("{name}: neither OBJ, PLY, STL, VTK PolyData nor ICQ; name the file by its format"),
            )),
        }
    }
}

/// An error at a line (one-based) of a text file.
fn bad_line(line: usize, message: String) -> ShapeError {
    ShapeError::Mesh { line, message }
}

/// An error at a byte of a file.
pub(crate) fn bad_byte(offset: usize, message: String) -> ShapeError {
    ShapeError::Bytes { offset, message }
}

#[cfg(test)]
mod tests;
