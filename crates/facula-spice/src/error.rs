// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with kernels, by who must act.

use std::path::PathBuf;

use facula_core::format_utc;

/// Why a kernel could not be read or a question to the kernels not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpiceError {
    /// The machine: a file cannot be read.
    #[error("cannot read kernel: {source}; check that the file exists and is readable: {}", path.display())]
    Io {
        /// What the system said.
        source: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file: it is damaged or not what it says it is.
    #[error("kernel is damaged: {what}, at {place}; fetch the file again: {file}")]
    Format {
        /// What is wrong, with the value found.
        what: String,
        /// Byte offset, line or segment.
        place: String,
        /// File name.
        file: String,
    },
    /// Missing data: the loaded kernels do not say.
    #[error(
        "no {what} for {subject} at {epoch_utc} UTC; loaded kernels cover {covered}; load one that covers it"
    )]
    NoCoverage {
        /// Kind of data: `ephemeris`, `attitude`, `rotation constants`, `clock`, `frame definition`.
        what: &'static str,
        /// Body, frame or clock, by name and number.
        subject: String,
        /// Epoch asked for, UTC.
        epoch_utc: String,
        /// What there is instead.
        covered: String,
    },
    /// The caller: an argument that cannot be used.
    #[error("{name} = {value} cannot be used: {expected}")]
    Argument {
        /// Which argument.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is expected instead.
        expected: String,
    },
    /// The budget: a file larger than the reader accepts.
    #[error("{what} is {value}, more than the limit of {limit}: {file}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// Size found.
        value: u64,
        /// Largest accepted.
        limit: u64,
        /// File name.
        file: String,
    },
    /// Us: sound, but not implemented.
    #[error("{what} is not supported by this version; convert the kernel or report the need: {file}")]
    Unsupported {
        /// Data type or feature.
        what: String,
        /// File name.
        file: String,
    },
    /// The mathematics: an iteration did not end.
    #[error("{what} did not converge: residual {residual:e} after {iterations} iterations")]
    NotConverged {
        /// What was iterated.
        what: &'static str,
        /// Iterations made.
        iterations: u32,
        /// Relative residual left, dimensionless.
        residual: f64,
    },
}

impl SpiceError {
    pub(crate) fn format(what: impl Into<String>, place: impl Into<String>, file: &str) -> Self {
        Self::Format { what: what.into(), place: place.into(), file: file.to_string() }
    }

    pub(crate) fn unsupported(what: impl Into<String>, file: &str) -> Self {
        Self::Unsupported { what: what.into(), file: file.to_string() }
    }

    pub(crate) fn no_coverage(
        what: &'static str,
        subject: impl Into<String>,
        et_s: f64,
        covered: impl Into<String>,
    ) -> Self {
        let covered = covered.into();
        let covered = if covered.is_empty() { "nothing of the kind".to_string() } else { covered };
        Self::NoCoverage { what, subject: subject.into(), epoch_utc: utc_of_et(et_s), covered }
    }
}

/// UTC text of an ephemeris time, for messages; epochs no calendar holds are printed as they are.
pub(crate) fn utc_of_et(et_s: f64) -> String {
    // 1e12 s are 30,000 years: farther than any kernel, and safe for the calendar.
    if et_s.abs() < 1e12 {
        format_utc(facula_core::epoch_from_et_s(et_s))
    } else {
        format!("{et_s} s past J2000")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_and_what_to_do() {
        let error = SpiceError::no_coverage("ephemeris", "CERES (2000001)", 482328067.18562883, "");
        let text = error.to_string();
        for part in ["CERES", "2015-04-15T00:00:00.000", "nothing of the kind", "load one"] {
            assert!(text.contains(part), "{text}");
        }
        let text = SpiceError::format("ND = 7", "byte 8", "x.bsp").to_string();
        assert!(text.contains("ND = 7") && text.contains("byte 8") && text.ends_with("x.bsp"), "{text}");
    }

    #[test]
    fn absurd_epochs_are_printed_as_seconds() {
        assert_eq!(utc_of_et(1e300), format!("{} s past J2000", 1e300));
        assert!(utc_of_et(f64::NAN).contains("NaN"));
    }
}
