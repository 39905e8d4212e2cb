// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with shapes.

/// Why a shape cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A mesh file cannot be read.
    #[error("mesh, line {line}: {message}")]
    Mesh {
        /// One-based line of the file.
        line: usize,
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
}
