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
    /// The loaded kernels lack a constant of an instrument.
    #[error(
        "no {variable} in the loaded kernels; load the instrument's kernel (IK) or addendum (IAK); known: {known}"
    )]
    NoConstant {
        /// Name of the variable.
        variable: String,
        /// Instruments the kernels have.
        known: String,
    },
    /// Support data (ISD) that cannot be used.
    #[error("support data (ISD): {key} {problem}; make it again with ALE or check it against its schema")]
    Isd {
        /// Key concerned.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The kernels do not answer.
    #[error(transparent)]
    Spice(#[from] facula_spice::SpiceError),
    /// A shape cannot be read or used.
    #[error(transparent)]
    Shape(#[from] facula_shape::ShapeError),
    /// There is no surface where one was looked for: an observer inside the body, a hole in a mesh.
    #[error("no surface of body {body} there; check that the observer is outside it and its mesh is closed")]
    NoSurface {
        /// NAIF number of the body.
        body: i32,
    },
}
