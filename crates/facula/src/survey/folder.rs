// SPDX-License-Identifier: MIT OR Apache-2.0
//! The folder of a run: which run it belongs to, files written aside and renamed, what is already there.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::SurveyError;

/// What to do with a folder that holds another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Refuse.
    #[default]
    Keep,
    /// Remove that run (only a folder that Facula made).
    Overwrite,
}

/// How far a run in its folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing there yet.
    New,
    /// Begun with the same inputs and options.
    Begun,
    /// Finished with the same inputs and options.
    Complete,
}

/// The folder of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder {
    root: PathBuf,
}

/// Names the run a folder belongs to.
const KEY_FILE: &str = "run.key";
/// Written last: a folder with it is complete.
pub(crate) const RECORD_FILE: &str = "run.json";

impl RunFolder {
    /// Opens or makes the folder for the run with a key.
    pub(crate) fn open(root: &Path, key: &str, existing: Existing) -> Result<(Self, Progress), SurveyError> {
        let folder = Self { root: root.to_path_buf() };
        let key_path = folder.root.join(KEY_FILE);
        match std::fs::read_to_string(&key_path) {
            Ok(found) if found.trim() == key => {
                let complete = folder.root.join(RECORD_FILE).is_file();
                return Ok((folder, if complete { Progress::Complete } else { Progress::Begun }));
            }
            Ok(_) if existing == Existing::Overwrite => remove(root)?,
            // A run that failed before it made anything: the mended campaign may have the folder.
            Ok(_) if files_below(root)? == std::slice::from_ref(&key_path) => {}
            Ok(_) => {
                let what = "a run with other inputs or options".into();
                return Err(SurveyError::Occupied { what, path: root.to_path_buf() });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => folder.refuse_strangers()?,
            Err(error) => return Err(SurveyError::io("read", &key_path, &error)),
        }
        std::fs::create_dir_all(root).map_err(|e| SurveyError::io("make the output folder", root, &e))?;
        folder.write(KEY_FILE, format!("{key}\n").as_bytes())?;
        Ok((folder, Progress::New))
    }

    /// A folder without a key must be empty: its files are somebody else's.
    fn refuse_strangers(&self) -> Result<(), SurveyError> {
        let mut entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(SurveyError::io("open the output folder", &self.root, &error)),
        };
        // A temporary key is all that a run killed in its first moment leaves.
        let stranger = entries.find_map(|entry| {
            let name = entry.ok()?.file_name().to_string_lossy().into_owned();
            (!name.starts_with(KEY_FILE)).then_some(name)
        });
        match stranger {
            None => Ok(()),
            Some(name) => {
                let what = format!("files that are not of a Facula run ({name})");
                Err(SurveyError::Occupied { what, path: self.root.clone() })
            }
        }
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A sub-folder, made if need be.
    pub(crate) fn sub(&self, relative: &str) -> Result<PathBuf, SurveyError> {
        let path = self.path(relative);
        std::fs::create_dir_all(&path).map_err(|e| SurveyError::io("make the folder", &path, &e))?;
        Ok(path)
    }

    /// Writes a file under a temporary name beside it and renames it.
    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) -> Result<PathBuf, SurveyError> {
        let path = self.path(relative);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| SurveyError::io("make the folder", parent, &e))?;
        }
        facula_core::write_aside(&path, |writer| writer.write_all(bytes))
            .map_err(|e| SurveyError::io("write", &path, &e))?;
        Ok(path)
    }

    /// Removes temporary files that a killed run left behind.
    pub(crate) fn sweep(&self) -> Result<(), SurveyError> {
        for path in files_below(&self.root)? {
            if path.extension().is_some_and(|extension| extension == "part") {
                std::fs::remove_file(&path).map_err(|e| SurveyError::io("remove", &path, &e))?;
            }
        }
        Ok(())
    }
}

/// Removes a folder that a run made: it was recognised by its key.
fn remove(root: &Path) -> Result<(), SurveyError> {
    std::fs::remove_dir_all(root).map_err(|e| SurveyError::io("remove", root, &e))
}

/// All files below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, SurveyError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|e| SurveyError::io("open the folder", &folder, &e))?;
        for entry in entries {
            let path = entry.map_err(|e| SurveyError::io("open the folder", &folder, &e))?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// SHA-256 of a file and its length, bytes.
pub(crate) fn hash_file(path: &Path) -> Result<([u8; 32], u64), SurveyError> {
    let bytes = std::fs::read(path).map_err(|e| SurveyError::io("read", path, &e))?;
    Ok((hash(&bytes), bytes.len() as u64))
}

/// SHA-256 of bytes.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A hash in lower-case hexadecimal digits.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_remembers_its_run() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        assert_eq!(RunFolder::open(&root, "k0", Existing::Keep).unwrap().1, Progress::New);
        // Nothing was made under the first key.
        let (folder, progress) = RunFolder::open(&root, "k1", Existing::Keep).unwrap();
        assert_eq!(progress, Progress::New);
        assert_eq!(RunFolder::open(&root, "k1", Existing::Keep).unwrap().1, Progress::Begun);
        folder.write(RECORD_FILE, b"{}").unwrap();
        assert_eq!(RunFolder::open(&root, "k1", Existing::Keep).unwrap().1, Progress::Complete);
        let error = RunFolder::open(&root, "k2", Existing::Keep).unwrap_err();
        assert!(error.to_string().contains("other inputs"), "{error}");
        assert_eq!(RunFolder::open(&root, "k2", Existing::Overwrite).unwrap().1, Progress::New);
        assert!(!root.join(RECORD_FILE).exists());
    }

    #[test]
    fn foreign_files_are_never_touched() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("thesis.doc"), b"years of work").unwrap();
        for existing in [Existing::Keep, Existing::Overwrite] {
            let error = RunFolder::open(temp.path(), "k", existing).unwrap_err().to_string();
            assert!(error.contains("thesis.doc"), "{error}");
        }
        assert!(temp.path().join("thesis.doc").exists());
    }

    #[test]
    fn sweeping_removes_only_leftovers() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, _) = RunFolder::open(&temp.path().join("o"), "k", Existing::Keep).unwrap();
        folder.write("map/a.tif", b"x").unwrap();
        std::fs::write(folder.path("map/b.tif.part"), b"half").unwrap();
        folder.sweep().unwrap();
        assert!(folder.path("map/a.tif").exists() && !folder.path("map/b.tif.part").exists());
    }

    #[test]
    fn hashes_are_sha_256() {
        // FIPS 180-2, example for "abc".
        assert!(hex(&hash(b"abc")).starts_with("ba7816bf8f01cfea414140de5dae2223"));
    }
}
