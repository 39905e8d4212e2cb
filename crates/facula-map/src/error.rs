// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong on the way from frames to map products, by who must act.

use std::path::PathBuf;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// The machine: a file cannot be written or read.
    #[error("cannot {action}: {source}; check that the folder exists, is writable and has room: {}", path.display())]
    Io {
        /// What was tried (`write`, `rename`, `read`).
        action: &'static str,
        /// What the machine said.
        source: std::io::Error,
        /// File concerned.
        path: PathBuf,
    },
    /// Bytes that are not what they should be (an accumulator file).
    #[error("{what} is not valid at byte {offset}: {found}; name a map.facc, or make this one anew from its frames: {}", path.display())]
    Format {
        /// What was read.
        what: &'static str,
        /// Byte offset of the trouble.
        offset: usize,
        /// What is wrong.
        found: String,
        /// The file; empty for bytes in memory.
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
    /// A solution that did not settle.
    #[error("{what} did not settle in {steps} steps; {remedy}")]
    NotConverged {
        /// What was sought.
        what: &'static str,
        /// Steps taken.
        steps: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// A budget or a format's limit is exceeded.
    #[error("{what} needs {needed} but the limit is {limit}; {remedy}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// Size needed.
        needed: u64,
        /// Largest size allowed.
        limit: u64,
        /// What to do.
        remedy: &'static str,
    },
}

impl MapError {
    /// An input/output error with the file it happened to.
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, source, path }
    }

    /// The same trouble with the file it was found in.
    pub(crate) fn of_file(self, file: &std::path::Path) -> Self {
        match self {
            Self::Format { what, offset, found, .. } => {
                Self::Format { what, offset, found, path: file.to_path_buf() }
            }
            other => other,
        }
    }
}
