// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with spots, by who must act.

use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpotError {
    /// The machine: a file cannot be written.
    #[error("cannot {action}: {source}; check that the folder exists, is writable and has room: {}", path.display())]
    Io {
        /// What was tried (`write`, `rename`).
        action: &'static str,
        /// What the machine said.
        source: std::io::Error,
        /// File concerned.
        path: PathBuf,
    },
    /// A file is not a table of light curves.
    #[error("{reason}; give light_curves.parquet of a survey: {}", path.display())]
    Format {
        /// What is wrong.
        reason: String,
        /// File concerned.
        path: PathBuf,
    },
    /// The caller gave values that cannot work together.
    #[error("{what}: {found}; {remedy}")]
    Argument {
        /// Which argument.
        what: &'static str,
        /// What it was.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl SpotError {
    /// An output error with the file it happened to.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, source, path }
    }
}
