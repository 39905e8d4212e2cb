// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong, by who must act.

use std::path::{Path, PathBuf};

/// Why a file could not be read or written. The path is empty when the bytes did not come from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The machine: a file that cannot be opened, read, written or renamed.
    #[error("cannot {action}: {cause} ({})", path.display())]
    Io {
        /// What was tried (`read the frame`).
        action: &'static str,
        /// What the operating system said.
        cause: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file: not what its format demands, or cut short.
    #[error("{what}; {hint} ({})", path.display())]
    Format {
        /// What is wrong, with values and the place (byte or line).
        what: String,
        /// What to do.
        hint: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The archive: a part that the frame needs is not there.
    #[error("{what} is missing; {hint} ({})", path.display())]
    NoCoverage {
        /// What is missing.
        what: String,
        /// What to do.
        hint: &'static str,
        /// The file that asks for it.
        path: PathBuf,
    },
    /// The caller: a value that cannot be used.
    #[error("{name} = {value} cannot be used: {reason}")]
    Argument {
        /// Parameter or field.
        name: &'static str,
        /// Value found.
        value: String,
        /// What is allowed.
        reason: &'static str,
    },
    /// The budget: more than [`crate::Limits`] allows.
    #[error("{what} is {value}, the limit is {limit}; raise the limit if the file is sound ({})", path.display())]
    Limit {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        value: u64,
        /// How large it may be.
        limit: u64,
        /// The file.
        path: PathBuf,
    },
    /// Us: sound, but of a kind Facula does not read.
    #[error("{what} is not supported; {hint} ({})", path.display())]
    Unsupported {
        /// What is not supported, with its value.
        what: String,
        /// What to do.
        hint: &'static str,
        /// The file.
        path: PathBuf,
    },
}

impl ArchiveError {
    /// A format error without a path yet; see [`Self::in_file`].
    pub(crate) fn format(what: impl Into<String>, hint: &'static str) -> Self {
        Self::Format { what: what.into(), hint, path: PathBuf::new() }
    }

    /// An error about something missing, without a path yet.
    pub(crate) fn missing(what: impl Into<String>, hint: &'static str) -> Self {
        Self::NoCoverage { what: what.into(), hint, path: PathBuf::new() }
    }

    /// An error about an unsupported kind of file, without a path yet.
    pub(crate) fn unsupported(what: impl Into<String>, hint: &'static str) -> Self {
        Self::Unsupported { what: what.into(), hint, path: PathBuf::new() }
    }

    /// A file that is shorter than its header promises.
    pub(crate) fn cut(part: &str, needed_bytes: u64, held_bytes: u64) -> Self {
        Self::format(
            format!("{part} needs {needed_bytes} bytes, the file holds {held_bytes}"),
            "fetch the file again: it is cut short",
        )
    }

    /// The same error with the file it is about, unless it names one already.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Io { path, .. }
            | Self::Format { path, .. }
            | Self::NoCoverage { path, .. }
            | Self::Limit { path, .. }
            | Self::Unsupported { path, .. } => {
                if path.as_os_str().is_empty() {
                    *path = file.to_path_buf();
                }
            }
            Self::Argument { .. } => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_and_what_to_do() {
        let error = ArchiveError::cut("image of 3 x 2 pixels", 24, 20).in_file(Path::new("a/b.fit"));
        let text = "image of 3 x 2 pixels needs 24 bytes, the file holds 20; \
                    fetch the file again: it is cut short (a/b.fit)";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.in_file(Path::new("other")).to_string(), text);
    }
}
