// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files appear whole or not at all: written to a temporary name beside the target, then renamed.

use std::fs;
use std::path::Path;

use crate::PublishError;

/// Writes `bytes` (a PNG, a GIF, a page) under a temporary name beside `path` and renames it.
///
/// # Errors
/// `Argument` when the path has no file name, `Io` when the folder cannot be written; then `path` is as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let Some(name) = path.file_name() else {
        return Err(PublishError::Argument {
            what: "output path",
            found: path.display().to_string(),
            remedy: "give a path that ends in a file name",
        });
    };
    let mut part_name = name.to_os_string();
    part_name.push(".part");
    let part = path.with_file_name(part_name);
    let finished = fs::write(&part, bytes)
        .map_err(PublishError::io("write", path))
        .and_then(|()| fs::rename(&part, path).map_err(PublishError::io("rename", path)));
    if finished.is_err() {
        // The first error is the one that matters; a leftover is overwritten by the next run.
        let _ = fs::remove_file(&part);
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_under_its_name_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        write_file(&path, b"old").unwrap();
        write_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn missing_folders_and_nameless_paths_are_named_in_the_error() {
        let error = write_file(Path::new("/no/such/folder/a.png"), b"x").unwrap_err();
        assert!(error.to_string().contains("/no/such/folder/a.png"), "{error}");
        assert!(matches!(write_file(Path::new("/"), b"x"), Err(PublishError::Argument { .. })));
    }
}
