// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files appear whole or not at all: written to a temporary name beside the target, then renamed. The one function of
//! this crate that touches the disk; the edges (archive, map, spots, publish, the command line) call it.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// Size of the write buffer; products are written in large pieces anyway.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes a file through `fill` under the name `<name>.part` beside `path` and renames it.
///
/// # Errors
/// What the system says; `InvalidInput` for a path without a file name. Then `path` is as it was and no temporary file
/// is left.
#[allow(clippy::disallowed_methods, reason = "the edges share this one way of writing")]
pub fn write_aside(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "no file name in the path"))?;
    let mut part_name = name.to_os_string();
    part_name.push(".part");
    let part = path.with_file_name(part_name);
    let written = File::create(&part)
        .and_then(|file| {
            let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
            fill(&mut writer)?;
            writer.flush()
        })
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The first error matters; a leftover is overwritten by the next run.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "looks at what was written")]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_leftover() {
        let folder = std::env::temp_dir().join(format!("facula-aside-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("temporary folder");
        let path = folder.join("a.txt");
        write_aside(&path, |w| w.write_all(b"old")).expect("writable");
        let failed = write_aside(&path, |w| {
            w.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert_eq!(failed.expect_err("refused").to_string(), "disk full");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(fs::read_dir(&folder).expect("there").count(), 1);
        fs::remove_dir_all(&folder).expect("removable");
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        let error = write_aside(Path::new("/"), |_| Ok(())).expect_err("no name");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
