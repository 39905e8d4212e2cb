// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files: reading within limits, writing aside and renaming, finding siblings.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use crate::ArchiveError;

/// What a reader may spend on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest file read, bytes. Default 2 GiB.
    pub max_file_bytes: u64,
    /// Most pixels of one image plane. Default 2^28 (16384 by 16384; 1 GiB as f32).
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_file_bytes: 1 << 31, max_pixels: 1 << 28 }
    }
}

impl Limits {
    /// Width and height as sizes in memory, when they are positive and their product is within the limit.
    pub(crate) fn image_size(&self, width: u64, height: u64) -> Result<(usize, usize), ArchiveError> {
        if width == 0 || height == 0 {
            let what = format!("the image has {width} samples and {height} lines");
            return Err(ArchiveError::format(
                what,
                "an image needs at least one pixel: fetch the file again",
            ));
        }
        let pixels = width.saturating_mul(height);
        let sizes = usize::try_from(width).ok().zip(usize::try_from(height).ok());
        match sizes {
            Some(sizes) if pixels <= self.max_pixels => Ok(sizes),
            _ => Err(ArchiveError::Limit {
                what: "the number of pixels",
                value: pixels,
                limit: self.max_pixels,
                path: PathBuf::new(),
            }),
        }
    }
}

/// The bytes of a regular file no longer than the limit.
pub(crate) fn read_bounded(path: &Path, limits: &Limits) -> Result<Vec<u8>, ArchiveError> {
    let io = |cause| ArchiveError::Io { action: "read the file", cause, path: path.to_path_buf() };
    let file = File::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(ArchiveError::unsupported("what is not a regular file", "name a file").in_file(path));
    }
    let too_long = |value| {
        let limit = limits.max_file_bytes;
        ArchiveError::Limit { what: "the length in bytes", value, limit, path: path.to_path_buf() }
    };
    if about.len() > limits.max_file_bytes {
        return Err(too_long(about.len()));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize + 1);
    // The file may grow while it is read.
    file.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

/// [`facula_core::write_aside`] with this crate's error.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let io = |cause| ArchiveError::Io { action: "write the file", cause, path: path.to_path_buf() };
    facula_core::write_aside(path, |writer| writer.write_all(bytes)).map_err(io)
}

/// The file with another extension beside `path`, in lower or upper case, if there is one.
pub(crate) fn sibling(path: &Path, extension: &str) -> Option<PathBuf> {
    [extension.to_ascii_lowercase(), extension.to_ascii_uppercase()]
        .into_iter()
        .map(|ext| path.with_extension(ext))
        .find(|candidate| candidate.is_file() && candidate != path)
}

/// The file a label in `folder` names. Archives write names in upper case and deliver them in lower case, so
/// case is ignored when the exact name is not there.
///
/// # Errors
/// `Format` for a name that leaves the folder (absolute, `..`, drive letters, back slashes), `NoCoverage` when
/// there is no such file.
pub(crate) fn named_in(folder: &Path, name: &str) -> Result<PathBuf, ArchiveError> {
    let relative = Path::new(name);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !plain || name.contains(['\\', ':', '\0']) {
        let what = format!("the label points to \"{name}\", which may lie outside its own folder");
        return Err(ArchiveError::format(what, "put the image beside the label and name it without a path"));
    }
    let exact = folder.join(relative);
    let found = Some(exact.clone()).filter(|exact| exact.is_file());
    let found = found.or_else(|| same_name_in_other_case(&exact)).ok_or_else(|| {
        ArchiveError::missing(format!("the file \"{name}\" the label points to"), "put it beside the label")
    })?;
    if stays_in(folder, &found) {
        return Ok(found);
    }
    let what = format!("the label points to \"{name}\", which is a link out of its own folder");
    Err(ArchiveError::format(what, "put the image itself beside the label"))
}

/// Whether a file is in the folder after all links have been followed; the folder itself may be a link.
fn stays_in(folder: &Path, file: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = folder.canonicalize().ok().zip(file.canonicalize().ok());
    real.is_some_and(|(folder, file)| file.starts_with(folder))
}

fn same_name_in_other_case(exact: &Path) -> Option<PathBuf> {
    let wanted = exact.file_name()?.to_str()?;
    let mut found: Vec<PathBuf> = std::fs::read_dir(exact.parent()?)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.eq_ignore_ascii_case(wanted))
        })
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_climb_out_of_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(folder.path().join("secret.img"), b"x").unwrap();
        let bad = [
            "../secret.img",
            "/etc/passwd",
            "a/../../secret.img",
            "..\\secret.img",
            "C:secret.img",
            "",
            "./x",
        ];
        for name in bad {
            let error = named_in(&inner, name).unwrap_err();
            assert!(matches!(error, ArchiveError::Format { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn names_are_found_in_either_case_and_in_folders_below() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/frame.fit"), b"x").unwrap();
        assert!(named_in(folder.path(), "data/FRAME.FIT").unwrap().ends_with("data/frame.fit"));
        let error = named_in(folder.path(), "data/other.fit").unwrap_err();
        assert!(matches!(error, ArchiveError::NoCoverage { .. }), "{error}");
    }

    #[test]
    fn files_beyond_the_limit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        std::fs::write(&path, [0u8; 100]).unwrap();
        let limits = Limits { max_file_bytes: 99, ..Limits::default() };
        assert!(matches!(
            read_bounded(&path, &limits),
            Err(ArchiveError::Limit { value: 100, limit: 99, .. })
        ));
        assert!(matches!(read_bounded(folder.path(), &limits), Err(ArchiveError::Unsupported { .. })));
        assert!(matches!(read_bounded(Path::new("/none"), &limits), Err(ArchiveError::Io { .. })));
    }

    #[test]
    fn absurd_image_sizes_are_refused() {
        let limits = Limits::default();
        assert!(matches!(limits.image_size(u64::MAX, 3), Err(ArchiveError::Limit { value: u64::MAX, .. })));
        assert!(matches!(limits.image_size(0, 3), Err(ArchiveError::Format { .. })));
        assert_eq!(limits.image_size(16384, 16384).unwrap(), (16384, 16384));
    }

    #[test]
    fn writing_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_aside(&path, b"abc").unwrap();
        write_aside(&path, b"de").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"de");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(matches!(write_aside(&folder.path().join("no/b"), b""), Err(ArchiveError::Io { .. })));
    }
}
