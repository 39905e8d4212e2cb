// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a survey cannot go on.

use std::path::{Path, PathBuf};

/// Why a survey cannot go on, by who must act. [`SurveyError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// The machine: a file or folder cannot be read or written.
    #[error("cannot {action} {path}: {reason}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why not.
        reason: String,
        /// File or folder.
        path: PathBuf,
    },
    /// The campaign file is not valid.
    #[error("{file}: {message}")]
    Campaign {
        /// Campaign file.
        file: String,
        /// What is wrong, with the value.
        message: String,
    },
    /// The output folder holds something else.
    #[error("{path} holds {what}")]
    Occupied {
        /// What is there.
        what: String,
        /// Folder.
        path: PathBuf,
    },
    /// No frame could be used.
    #[error("none of the {tried} frames could be used; first reason: {first}")]
    NoFrames {
        /// Frames tried.
        tried: usize,
        /// Why the first was left out.
        first: String,
    },
    /// A stage failed as a whole.
    #[error("{stage}: {message}")]
    Stage {
        /// Stage.
        stage: &'static str,
        /// What it says.
        message: String,
    },
}

impl SurveyError {
    /// An input or output error with its path.
    pub(crate) fn io(action: &'static str, path: &Path, error: &std::io::Error) -> Self {
        Self::Io { action, reason: error.to_string(), path: path.to_path_buf() }
    }

    /// A failure of a whole stage.
    pub(crate) fn stage(stage: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Stage { stage, message: error.to_string() }
    }

    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => {
                "check that the path exists, that you may write there, and that the disk is not full"
            }
            Self::Campaign { .. } => "compare with the files in campaigns/ and with `facula survey --help`",
            Self::Occupied { .. } => {
                "choose another folder with --out, or allow its contents to be replaced with --overwrite"
            }
            Self::NoFrames { .. } => {
                "-v tells the reason for every frame; set FACULA_DATA if the frames lie elsewhere"
            }
            Self::Stage { .. } => "mend what the message names and start again; what was done so far is kept",
        }
    }
}
