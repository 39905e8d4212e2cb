// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with a simulation.

/// Why a picture cannot be rendered or exposed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A value of the caller cannot be used.
    #[error("{subject}: {key} is {value}; {hint}")]
    Argument {
        /// What the value belongs to.
        subject: &'static str,
        /// Name of the value.
        key: &'static str,
        /// The value.
        value: String,
        /// What it has to be.
        hint: &'static str,
    },
    /// Images that have to be of one size are not.
    #[error("{image} has {found} px and the picture {expected} px; give one of the same size")]
    Size {
        /// Which image.
        image: &'static str,
        /// Its size.
        found: String,
        /// The size it has to have.
        expected: String,
    },
}

/// An [`SimulateError::Argument`].
pub(crate) fn argument(
    subject: &'static str,
    (key, value): (&'static str, impl std::fmt::Display),
    hint: &'static str,
) -> SimulateError {
    SimulateError::Argument { subject, key, value: value.to_string(), hint }
}
