// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files appear whole or not at all: written to a temporary name beside the target, then renamed.

use std::io::Write;
use std::path::Path;

use crate::PublishError;

/// Writes `bytes` (a PNG, a GIF, a page) under a temporary name beside `path` and renames it.
///
/// # Errors
/// `Io` when the folder cannot be written or the path has no file name; then `path` is as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    facula_core::write_aside(path, |writer| writer.write_all(bytes)).map_err(PublishError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
        assert!(matches!(write_file(Path::new("/"), b"x"), Err(PublishError::Io { .. })));
    }
}
