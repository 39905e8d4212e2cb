// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong between numbers and pictures, by who must act.

use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
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
    /// The caller gave values no picture can be made of.
    #[error("{what}: {found}; {remedy}")]
    Argument {
        /// Which input.
        what: &'static str,
        /// What it was.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A picture larger than the budget.
    #[error("{what} needs {needed} but the limit is {limit}; {remedy}")]
    Limit {
        /// What is too large, with its unit.
        what: &'static str,
        /// Size needed.
        needed: u64,
        /// Largest size allowed.
        limit: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// An encoder refused what this crate drew: a fault of ours.
    #[error("cannot encode {what}: {found}; this is a fault of facula-publish, please report it")]
    Unsupported {
        /// Which product (`PNG`, `GIF`, `SVG`).
        what: &'static str,
        /// What the encoder said.
        found: String,
    },
}

impl PublishError {
    /// An input/output error with the file it happened to.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, source, path }
    }

    /// An encoder's refusal.
    pub(crate) fn encoder(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |found| Self::Unsupported { what, found: found.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_and_what_to_do() {
        let io = PublishError::io("write", Path::new("/out/map.png"))(std::io::Error::other("disk full"));
        let text = io.to_string();
        for part in ["write", "disk full", "writable", "/out/map.png"] {
            assert!(text.contains(part), "{text}");
        }
        let argument = PublishError::Argument {
            what: "verdict",
            found: "no spot".into(),
            remedy: "leave the figure out",
        };
        assert_eq!(argument.to_string(), "verdict: no spot; leave the figure out");
        let fault = PublishError::encoder("PNG")(&"zero width");
        assert!(fault.to_string().contains("PNG: zero width"));
    }
}
