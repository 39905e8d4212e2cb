// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where files may go: below the folder the user named and nowhere else, whatever a list or a label says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::FetchError;

/// The path of `name` below `folder`.
///
/// # Errors
/// [`FetchError::Argument`] for names that are empty, absolute, climb (`..`), carry a drive, a backslash or control
/// characters.
pub(crate) fn below(folder: &Path, name: &str) -> Result<PathBuf, FetchError> {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':' | '<' | '>' | '|' | '?' | '*' | '"');
    let part_is_odd = |part: &str| part.is_empty() || part == "." || part == ".." || part.len() > 255;
    if name.is_empty() || name.len() > 4000 || name.contains(odd) || name.split('/').any(part_is_odd) {
        return Err(FetchError::Argument {
            name: "destination",
            value: name.chars().take(200).collect(),
            reason: "a relative path with /, without .., drives or special characters",
        });
    }
    Ok(folder.join(name))
}

/// Makes the folder of a file and makes sure that no link leads it out of `folder`.
pub(crate) fn prepare(folder: &Path, path: &Path) -> Result<(), FetchError> {
    let parent = path.parent().unwrap_or(folder);
    let make = |p: &Path| fs::create_dir_all(p).map_err(FetchError::io("make the folder", p));
    let real = |p: &Path| fs::canonicalize(p).map_err(FetchError::io("resolve the folder", p));
    make(folder)?;
    let base = real(folder)?;
    // The part that is there already must lie inside before anything is made below it.
    let there = parent.ancestors().find(|p| p.exists()).unwrap_or(folder);
    if there.starts_with(folder) && !real(there)?.starts_with(&base) {
        return Err(FetchError::Argument {
            name: "destination",
            value: path.display().to_string(),
            reason: "a link in it leads out of the folder",
        });
    }
    make(parent)
}

/// Puts `object` at `path`, as a hard link where possible or else (and when `copy`) as a copy; whole or not at all.
pub(crate) fn put(object: &Path, path: &Path, copy: bool) -> Result<(), FetchError> {
    if !copy && link(object, path).is_ok() {
        return Ok(());
    }
    let mut file = fs::File::open(object).map_err(FetchError::io("open the cached file", object))?;
    facula_core::write_aside(path, |writer| io::copy(&mut file, writer).map(drop))
        .map_err(FetchError::io("write the file", path))
}

fn link(object: &Path, path: &Path) -> io::Result<()> {
    let mut aside = path.as_os_str().to_os_string();
    aside.push(".link");
    let aside = PathBuf::from(aside);
    let _ = fs::remove_file(&aside);
    fs::hard_link(object, &aside)?;
    let renamed = fs::rename(&aside, path);
    // Renaming a link onto a link of the same file does nothing and leaves the first (POSIX rename).
    let _ = fs::remove_file(&aside);
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_climb_are_refused() {
        let bad = [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "c:/a",
            "a\\b",
            "a\0b",
            "a\nb",
            "..",
            "a/..",
            "\\\\host\\share",
            "a?b",
        ];
        for name in bad {
            assert!(matches!(below(Path::new("f"), name), Err(FetchError::Argument { .. })), "{name:?}");
        }
        assert!(below(Path::new("f"), &"x".repeat(256)).is_err());
        assert_eq!(below(Path::new("f"), "DATA/FITS/a.FIT").unwrap(), Path::new("f/DATA/FITS/a.FIT"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (folder, outside) = (root.path().join("in"), root.path().join("out"));
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("DATA")).unwrap();
        let path = below(&folder, "DATA/FITS/a").unwrap();
        assert!(matches!(prepare(&folder, &path), Err(FetchError::Argument { .. })));
        assert!(!outside.join("FITS").exists());
        prepare(&folder, &below(&folder, "b/c").unwrap()).unwrap();
        assert!(folder.join("b").is_dir());
    }

    #[test]
    fn a_file_is_put_over_an_older_one_and_over_itself() {
        let root = tempfile::tempdir().unwrap();
        let (object, path) = (root.path().join("o"), root.path().join("p"));
        fs::write(&object, "new").unwrap();
        fs::write(&path, "older").unwrap();
        for copy in [false, false, true] {
            put(&object, &path, copy).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "new");
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_leaves_the_folder(name in "[a.\\\\/: ]{0,12}") {
            if let Ok(path) = below(Path::new("/f"), &name) {
                let normal = |c: &std::path::Component<'_>| !matches!(c, std::path::Component::ParentDir);
                proptest::prop_assert!(path.starts_with("/f") && path.components().all(|c| normal(&c)));
            }
        }
    }
}
