// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames: the file of an archive to [`RawFrame`], and back.
//!
//! In: a PDS3 or PDS4 label (with its FITS or raw image), an ISIS cube, a FITS file (with the label beside it, if any), or a
//! picture, VICAR or ENVI image with a JSON pose beside it. Out: pixels in stored order, their quality, what is known about the frame, its pose.

mod cube;
mod fits_only;
mod label;
mod pds4;
mod pds4_pose;
mod write;

pub use write::{Written, write_frame, write_iof_frame};

use std::fmt;
use std::path::Path;

use facula_core::{Body, BodyFixed, Epoch, FrameMeta, Pose, RawFrame, Reporter, Unit, Vec3, Warning};

use crate::files::{read_bounded, sibling};
use crate::{ArchiveError, FileKind, Limits, png_pose};

/// What a reader needs to know beside the file.
#[derive(Clone, Copy)]
pub struct ReadOptions<'a> {
    /// The body the frame looks at; its spin turns inertial vectors of a label into body-fixed ones.
    pub body: &'a Body,
    /// Time from the start time in the label to the opening of the shutter, s (0.193 for Dawn's cameras).
    pub shutter_delay_s: f64,
    /// Position of the Sun from the centre of the body, km, by epoch; used when the file tells no Sun.
    pub sun: Option<&'a (dyn Fn(Epoch) -> Option<Vec3<BodyFixed>> + Sync)>,
    /// What may be spent on the file.
    pub limits: Limits,
}

impl<'a> ReadOptions<'a> {
    /// Options for a body: no shutter delay, no other source of the Sun, default limits.
    pub fn new(body: &'a Body) -> Self {
        Self { body, shutter_delay_s: 0.0, sun: None, limits: Limits::default() }
    }

    /// Mid exposure from the start time told by the file.
    pub(crate) fn mid_exposure(&self, start: Epoch, exposure_s: f64) -> Result<Epoch, ArchiveError> {
        let delay_s = self.shutter_delay_s;
        if !(delay_s.abs() <= 3600.0) {
            let reason = "the delay of a shutter is a finite number of seconds, an hour at most";
            return Err(ArchiveError::Argument {
                name: "shutter_delay_s",
                value: delay_s.to_string(),
                reason,
            });
        }
        Ok(start + (delay_s + 0.5 * exposure_s) * Unit::Second)
    }

    /// The Sun from the source in the options.
    pub(crate) fn sun_at(&self, epoch: Epoch) -> Option<Vec3<BodyFixed>> {
        self.sun.and_then(|sun| sun(epoch)).filter(|sun_km| sun_km.is_finite())
    }
}

impl fmt::Debug for ReadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOptions")
            .field("body", &self.body.name)
            .field("shutter_delay_s", &self.shutter_delay_s)
            .field("sun", &self.sun.map(|_| "a function of the epoch"))
            .field("limits", &self.limits)
            .finish()
    }
}

/// Longest exposure believed, s: a day.
pub(crate) const MAX_EXPOSURE_S: f64 = 86_400.0;

/// Reads a frame from a PDS3 or PDS4 label, a FITS file, an ISIS cube of a frame camera, or any other image with a
/// JSON pose beside it.
///
/// The kind of file is told by its first bytes. A FITS file uses the label of the same name beside it when that
/// label points back to it. Missing geometry gives a frame without a pose; geometry that is there but cannot be
/// used gives a warning as well.
///
/// # Errors
/// `Io`, `Format`, `NoCoverage` (a part of the frame is missing), `Limit`, `Unsupported`, `Argument` (options).
pub fn read_frame(
    path: &Path,
    options: &ReadOptions<'_>,
    report: &dyn Reporter,
) -> Result<RawFrame, ArchiveError> {
    let bytes = read_bounded(path, &options.limits)?;
    let source = Source { path, bytes: &bytes, options, report };
    let frame = match FileKind::of(path, &bytes) {
        FileKind::Pds3 => label::read(&source),
        FileKind::Pds4 => pds4::read(&source),
        FileKind::IsisCube => cube::read(&source),
        FileKind::Fits => match sibling(path, "lbl") {
            Some(label_path) => fits_with_label(&source, &label_path),
            None => fits_only::read(&source),
        },
        FileKind::Unknown => Err(ArchiveError::unsupported(
            "a file that is neither a label, FITS, VICAR, ENVI, ISIS cube nor a picture",
            "name the label (.lbl, .xml) or the image file of the frame",
        )),
        _ => png_pose::read(&source),
    };
    frame.map_err(|error| error.in_file(path))
}

/// What a file tells about a frame beside its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameHeader {
    /// What is known about the frame.
    pub meta: FrameMeta,
    /// Samples per line and lines.
    pub size_px: (u64, u64),
    /// Pose told by the label or sidecar, if any.
    pub pose: Option<Pose>,
}

/// Reads what a file tells about a frame. A PDS3, PDS4 or ISIS label needs no image beside it for that; other files
/// are read whole.
///
/// # Errors
/// As [`read_frame`].
pub fn read_header(
    path: &Path,
    options: &ReadOptions<'_>,
    report: &dyn Reporter,
) -> Result<FrameHeader, ArchiveError> {
    let bytes = read_bounded(path, &options.limits)?;
    let source = Source { path, bytes: &bytes, options, report };
    match FileKind::of(path, &bytes) {
        FileKind::Pds3 => return label::read_header(&source).map_err(|error| error.in_file(path)),
        FileKind::Pds4 => return pds4::read_header(&source).map_err(|error| error.in_file(path)),
        FileKind::IsisCube => return cube::read_header(&source).map_err(|error| error.in_file(path)),
        _ => {}
    }
    let RawFrame { meta, dn, pose, .. } = read_frame(path, options, report)?;
    Ok(FrameHeader { meta, size_px: (dn.width() as u64, dn.height() as u64), pose })
}

fn fits_with_label(source: &Source<'_>, label_path: &Path) -> Result<RawFrame, ArchiveError> {
    let label_bytes = read_bounded(label_path, &source.options.limits)?;
    let beside = Source { path: label_path, bytes: &label_bytes, ..*source };
    if label::points_to(&beside, source.path) {
        return label::read(&beside).map_err(|error| error.in_file(label_path));
    }
    let message = format!("the label {} beside it points to another file", label_path.display());
    warn(source.report, source.path, &message, "the label was not used; rename one of the two");
    fits_only::read(source)
}

/// A file being read, and how.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) bytes: &'a [u8],
    pub(crate) options: &'a ReadOptions<'a>,
    pub(crate) report: &'a dyn Reporter,
}

impl Source<'_> {
    pub(crate) fn warn(&self, message: &str, hint: &str) {
        warn(self.report, self.path, message, hint);
    }
}

/// Reports something about a file that did not stop its reading.
pub(crate) fn warn(report: &dyn Reporter, path: &Path, message: &str, hint: &str) {
    let subject = path.display().to_string();
    report.warn(Warning { stage: "read".into(), subject, message: message.into(), hint: hint.into() });
}

/// Names as Facula writes them: lower case, blanks to underscores.
pub(crate) fn plain_name(name: &str) -> String {
    name.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

/// A target as Facula writes it: `1 CERES` is `ceres`.
pub(crate) fn target_name(name: &str) -> String {
    let name = name.trim();
    let bare = name.trim_start_matches(|c: char| c.is_ascii_digit());
    // A leading number is a minor planet's only when a name follows it.
    let numbered = bare.len() < name.len() && bare.starts_with(' ');
    plain_name(if numbered { bare } else { name })
}

/// Whether the frame looks at the body of the options; says so when it does not.
pub(crate) fn looks_at_body(source: &Source<'_>, target: &str) -> bool {
    let body = &source.options.body.name;
    let same = target == plain_name(body);
    if !same {
        let message =
            format!("its target is \"{target}\", the body is \"{body}\": its geometry was not used");
        source.warn(&message, "name the body of the frame in the campaign");
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Silent;

    #[test]
    fn names_are_those_of_facula() {
        assert_eq!(target_name("1 CERES"), "ceres");
        assert_eq!(target_name(" 4 Vesta"), "vesta");
        assert_eq!(target_name("67P/CHURYUMOV"), "67p/churyumov");
        assert_eq!(plain_name("DAWN FC2"), "dawn_fc2");
    }

    #[test]
    fn files_of_no_known_kind_are_refused() {
        let body = Body::built_in("ceres").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "hello").unwrap();
        let error = read_frame(&path, &ReadOptions::new(&body), &Silent).unwrap_err();
        assert!(matches!(error, ArchiveError::Unsupported { .. }) && error.to_string().contains("notes.txt"));
    }

    #[test]
    fn a_delay_that_is_not_a_number_is_refused() {
        let body = Body::built_in("ceres").unwrap();
        let options = ReadOptions { shutter_delay_s: f64::NAN, ..ReadOptions::new(&body) };
        let start = facula_core::parse_utc("2015-04-15").unwrap();
        assert!(matches!(options.mid_exposure(start, 0.1), Err(ArchiveError::Argument { .. })));
        assert!(format!("{options:?}").contains("ceres"));
    }
}
