// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with shapes.

/// Why a shape cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A text file with a mesh cannot be read, or its facets and vertices do not fit together (line 0).
    #[error("mesh, line {line}: {message}")]
    Mesh {
        /// One-based line of the file; 0 when the mesh as a whole is wrong.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A binary file with a mesh or a saved tree cannot be read.
    #[error("mesh, byte {offset}: {message}")]
    Bytes {
        /// Zero-based offset in the file.
        offset: usize,
        /// What is wrong.
        message: String,
    },
    /// More facets or vertices than the limit.
    #[error("mesh has more than {limit} {what}; thin it out or raise the limit")]
    Limit {
        /// `facets` or `vertices`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// What the caller asks does not fit together.
    #[error("{0}")]
    Argument(String),
}
