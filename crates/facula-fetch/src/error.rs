// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong, by who must act.

use std::path::{Path, PathBuf};

/// Why a file could not be fetched or an index not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The machine: a file that cannot be opened, read, written, linked or renamed.
    #[error("cannot {action}: {cause} ({})", path.display())]
    Io {
        /// What was tried (`write the part file`).
        action: &'static str,
        /// What the operating system said.
        cause: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The network or the server: no answer, a cut, a refusal, an answer that breaks the rules.
    #[error("{what}; {hint} ({url})")]
    Network {
        /// What happened.
        what: String,
        /// What to do.
        hint: &'static str,
        /// Address.
        url: String,
    },
    /// The archive: the file is not there, or not on this machine while offline.
    #[error("{what} is missing; {hint} ({url})")]
    NoCoverage {
        /// What is missing.
        what: String,
        /// What to do.
        hint: String,
        /// Address, or several joined with a space.
        url: String,
    },
    /// Some files of a run did not come.
    #[error("{failed} of {all} files did not come; the first: {first}")]
    Incomplete {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// Why the first did not.
        first: String,
    },
    /// The file: not what was promised (length, checksum), or not what its format demands.
    #[error("{what}; {hint} ({origin})")]
    Format {
        /// What is wrong, with the values.
        what: String,
        /// What to do.
        hint: &'static str,
        /// Address or path.
        origin: String,
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
    /// The budget: more than the options allow.
    #[error("{what} is {value}, the limit is {limit}; raise the limit if that is wanted ({origin})")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        value: u64,
        /// How large it may be.
        limit: u64,
        /// Address or path.
        origin: String,
    },
}

impl FetchError {
    /// Turns an error of the system into one that says what was tried with which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { action, cause, path }
    }

    pub(crate) fn network(url: &str, what: impl Into<String>, hint: &'static str) -> Self {
        Self::Network { what: what.into(), hint, url: url.into() }
    }

    pub(crate) fn format(origin: &str, what: impl Into<String>, hint: &'static str) -> Self {
        Self::Format { what: what.into(), hint, origin: origin.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_and_what_to_do() {
        let error = FetchError::network("http://a/b", "cut after 3 bytes", "try again later");
        assert_eq!(error.to_string(), "cut after 3 bytes; try again later (http://a/b)");
        let cause = std::io::Error::other("disk full");
        let error = FetchError::io("write the part file", Path::new("c/d"))(cause);
        assert_eq!(error.to_string(), "cannot write the part file: disk full (c/d)");
    }
}
