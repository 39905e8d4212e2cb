// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files appear whole or not at all: written to a temporary name beside the target, then renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::MapError;

/// Size of the write buffer; products are written in large pieces anyway.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes a file through `fill` under a temporary name beside `path` and renames it. On failure the temporary
/// file is removed and `path` is as it was.
pub(crate) fn write_aside(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), MapError> {
    let part = part_path(path)?;
    let written = File::create(&part).and_then(|file| {
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
        fill(&mut writer)?;
        writer.flush()
    });
    let finished = written.map_err(MapError::io("write", path)).and_then(|()| {
        fs::rename(&part, path).map_err(MapError::io("rename the finished file to its name", path))
    });
    if finished.is_err() {
        // The first error matters; a leftover `.part` file is overwritten by the next run.
        let _ = fs::remove_file(&part);
    }
    finished
}

fn part_path(path: &Path) -> Result<PathBuf, MapError> {
    let Some(name) = path.file_name() else {
        return Err(MapError::Argument {
            what: "output path",
            found: path.display().to_string(),
            remedy: "give a path that ends in a file name",
        });
    };
    let mut part = name.to_os_string();
    part.push(".part");
    Ok(path.with_file_name(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_leftover() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_aside(&path, |w| w.write_all(b"old")).unwrap();
        let failed = write_aside(&path, |w| {
            w.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_and_a_nameless_path_are_errors_that_name_the_path() {
        let error = write_aside(Path::new("/no/such/folder/a.tif"), |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("/no/such/folder/a.tif"), "{error}");
        assert!(matches!(write_aside(Path::new("/"), |_| Ok(())), Err(MapError::Argument { .. })));
    }
}
