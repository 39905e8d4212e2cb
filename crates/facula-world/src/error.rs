// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with a world's file.

/// Why a world cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// Not TOML, a key is missing or unknown.
    #[error("world file is not valid: {0}")]
    Format(#[from] toml::de::Error),
    /// A value outside its range.
    #[error("world {world}: {key} = {value} is outside its range; see data/ceres.toml for what is usual")]
    Argument {
        /// Name in the file.
        world: String,
        /// Key in the file.
        key: &'static str,
        /// Value found.
        value: f64,
    },
}
