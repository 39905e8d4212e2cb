// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a request cannot be met.

use std::path::{Path, PathBuf};

use facula_archive::ArchiveError;
use facula_core::{BodyError, ProjectionError};
use facula_fetch::FetchError;
use facula_geometry::GeometryError;
use facula_map::MapError;
use facula_photometry::{CalibrationError, FitError, SpectrumError};
use facula_publish::PublishError;
use facula_simulate::SimulateError;
use facula_spice::SpiceError;
use facula_spots::SpotError;

use crate::SurveyError;

/// Why a request cannot be met, by who must act. [`RequestError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// An argument that means nothing.
    #[error("{name} = {value} is not understood")]
    Argument {
        /// Which argument.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// The frame lacks something.
    #[error("{path}: {missing}")]
    Frame {
        /// What it lacks.
        missing: String,
        /// The frame.
        path: PathBuf,
    },
    /// A map cannot be used as it is.
    #[error("{path}: {what}")]
    MapFile {
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// No frame is of the kind that was asked for.
    #[error("no frame has {wanted}; the frames have {known}")]
    Selection {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The kernels do not answer.
    #[error(transparent)]
    Spice(#[from] SpiceError),
    /// A frame cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A camera or shape cannot be used.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// A frame cannot be calibrated.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// A solar spectrum cannot be used.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// A file cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A picture cannot be made.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A campaign cannot be carried out.
    #[error(transparent)]
    Campaign(#[from] SurveyError),
    /// A product cannot be written.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A body is not known.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A map projection cannot show what is asked for.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// A table of observations, a scattering law or its file means nothing.
    #[error("{what}: {reason}")]
    Scattering {
        /// The file, or what was asked for.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// A scattering law cannot be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Light curves cannot be read.
    #[error(transparent)]
    Spots(#[from] SpotError),
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
}

impl RequestError {
    /// An argument that means nothing.
    pub fn argument(name: &'static str, value: &str) -> Self {
        Self::Argument { name, value: value.to_string() }
    }

    /// A frame that lacks something.
    pub(crate) fn frame(path: &Path, missing: impl Into<String>) -> Self {
        Self::Frame { missing: missing.into(), path: path.to_path_buf() }
    }

    /// A table, law or law file that means nothing.
    pub(crate) fn scattering(what: impl std::fmt::Display, reason: impl Into<String>) -> Self {
        Self::Scattering { what: what.to_string(), reason: reason.into() }
    }

    /// An input or output error with its path.
    pub(crate) fn io(action: &'static str, path: &Path, error: &std::io::Error) -> Self {
        Self::Io { action, reason: error.to_string(), path: path.to_path_buf() }
    }

    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Argument { .. } => "the command's --help shows examples",
            Self::MapFile { remedy, .. } => remedy,
            Self::Frame { .. } => "give kernels with -k, or the missing fact with an option (--help)",
            Self::Spice(SpiceError::NoCoverage { .. }) => {
                "load a kernel that covers it with -k; `facula kernels FILES` tells what files cover"
            }
            Self::Spice(_) => {
                "fetch the kernel again, or leave it out; `facula kernels FILES` looks into files"
            }
            Self::Archive(_) => "name the label, FITS or PNG of a frame; fetch it again if it is damaged",
            Self::Calibration(_) => {
                "correct the value the message names; `facula calibrate --help` shows the options"
            }
            Self::Simulate(_) => {
                "correct the value the message names; the command's --help shows the options"
            }
            Self::Campaign(error) => error.hint(),
            Self::Spectrum(_) => "give ASTM E490 as text: micrometres and W m-2 um-1 in two columns",
            Self::Fetch(_) => "what came is kept: the same command goes on where it stopped",
            Self::Geometry(_) => {
                "name a built-in camera or a camera file with --camera, one of its filters with --filter; check shape files"
            }
            Self::Scattering { .. } | Self::Fit(_) => {
                "`facula photometry models` lists laws and parameters, `facula photometry fit --help` the form of tables"
            }
            Self::Spots(SpotError::Argument { .. }) => "the command's --help shows the options and examples",
            Self::Map(error) if !matches!(error, MapError::Io { .. }) => {
                "correct the value the message names; `facula map --help` shows the options"
            }
            Self::Selection { .. } => "name one of those, or give other frames",
            Self::Spots(_) | Self::Publish(_) | Self::Map(_) | Self::Io { .. } => {
                "check that the path exists, that you may write there, and that the disk is not full"
            }
            Self::Projection(_) => {
                "choose another --projection or --window; `facula map --help` shows examples"
            }
            Self::Body(_) => "give the name of a built-in body or the path of a body file ending in .toml",
        }
    }
}
