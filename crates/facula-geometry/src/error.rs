// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with cameras and shapes.

/// Why a camera or a shape cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// A camera file is not TOML, or a key is missing or unknown.
    #[error("camera file is not valid: {0}")]
    Camera(#[from] toml::de::Error),
    /// A value outside its range.
    #[error("{subject}: {key} = {value} is outside its range")]
    Argument {
        /// File or thing concerned.
        subject: String,
        /// Key or field.
        key: &'static str,
        /// Value found.
        value: String,
    },
    /// No such name.
    #[error("no {kind} named {name}; known: {known}")]
    Unknown {
        /// What was looked for (`camera`, `filter`).
        kind: &'static str,
        /// Name asked for.
        name: String,
        /// Names there are.
        known: String,
    },
    /// A shape cannot be read or used.
    #[error(transparent)]
    Shape(#[from] facula_shape::ShapeError),
}
