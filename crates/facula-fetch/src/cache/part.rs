// SPDX-License-Identifier: MIT OR Apache-2.0
//! A file on its way: its bytes so far, their running checksum, and the validator that tells whether the server still
//! has the same file. Locked against other processes; the lock ends with the process.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cache::digest_file;
use crate::digest::Digests;
use crate::{Expected, FetchError};

/// What the server said of the file when the first byte came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validator {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) total_bytes: Option<u64>,
}

impl Validator {
    /// What goes into `If-Range`: a strong entity tag, or else the date (RFC 9110, section 13.1.5).
    pub(crate) fn if_range(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
        strong.or(self.last_modified.as_deref())
    }

    /// Whether what is told now contradicts what was told first.
    pub(crate) fn contradicts(&self, now: &Self) -> bool {
        fn differ<T: PartialEq>(first: &Option<T>, now: &Option<T>) -> bool {
            matches!((first, now), (Some(first), Some(now)) if first != now)
        }
        differ(&self.etag, &now.etag)
            || differ(&self.last_modified, &now.last_modified)
            || differ(&self.total_bytes, &now.total_bytes)
    }
}

#[derive(Serialize, Deserialize)]
struct Beside {
    url: String,
    validator: Validator,
}

/// The part file of one address.
pub(crate) struct Part {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    url: String,
    fresh: Digests,
    digests: Digests,
    validator: Validator,
}

impl Part {
    /// Opens `<stem>.part`, waits for its lock, and goes on from what is in it when `<stem>.json` says what that is.
    pub(crate) fn open(stem: &Path, url: &str, expected: &Expected) -> Result<Self, FetchError> {
        let path = stem.with_extension("part");
        let file = locked(&path).map_err(FetchError::io("open the part file", &path))?;
        let fresh = Digests::new(expected);
        let beside = stem.with_extension("json");
        let mut part = Self {
            path,
            beside,
            file,
            url: url.into(),
            digests: fresh.clone(),
            fresh,
            validator: Validator::default(),
        };
        let known = std::fs::read(&part.beside).ok().and_then(|b| serde_json::from_slice::<Beside>(&b).ok());
        match known.filter(|known| known.url == url && known.validator.if_range().is_some()) {
            Some(known) => {
                part.validator = known.validator;
                digest_file(&part.path, &mut part.digests)?;
                part.file.seek(SeekFrom::End(0)).map_err(FetchError::io("read the part file", &part.path))?;
            }
            None => part.restart()?,
        }
        Ok(part)
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.digests.length_bytes
    }

    pub(crate) fn validator(&self) -> &Validator {
        &self.validator
    }

    /// Forgets all bytes.
    pub(crate) fn restart(&mut self) -> Result<(), FetchError> {
        self.digests = self.fresh.clone();
        self.validator = Validator::default();
        let _ = std::fs::remove_file(&self.beside);
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map(drop).map_err(FetchError::io("empty the part file", &self.path))
    }

    /// Starts afresh with a file the server describes so.
    pub(crate) fn begin(&mut self, validator: Validator) -> Result<(), FetchError> {
        self.restart()?;
        self.validator = validator;
        let beside = Beside { url: self.url.clone(), validator: self.validator.clone() };
        let text = serde_json::to_vec(&beside).map_err(std::io::Error::other);
        text.and_then(|text| facula_core::write_aside(&self.beside, |writer| writer.write_all(&text)))
            .map_err(FetchError::io("write what is known of the part file", &self.beside))
    }

    /// Corrects what is remembered of the file, for the manifest only.
    pub(crate) fn describe(&mut self, validator: Validator) {
        self.validator = validator;
    }

    /// Adds bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file.write_all(bytes).map_err(FetchError::io("write the part file", &self.path))?;
        self.digests.update(bytes);
        Ok(())
    }

    /// The checksum of all bytes, if they are the expected ones.
    pub(crate) fn verify(&self, expected: &Expected) -> Result<[u8; 32], FetchError> {
        self.digests.clone().verify(expected, &self.url)
    }

    /// Ends as a read-only file at `target`.
    pub(crate) fn move_to(self, target: &Path) -> Result<(), FetchError> {
        let guarded = self.file.metadata().and_then(|data| {
            let mut permissions = data.permissions();
            permissions.set_readonly(true);
            self.file.set_permissions(permissions)
        });
        guarded
            .and_then(|()| std::fs::rename(&self.path, target))
            .map_err(FetchError::io("move the part file to", target))?;
        let _ = std::fs::remove_file(&self.beside);
        Ok(())
    }

    /// Ends with nothing left.
    pub(crate) fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(&self.beside);
    }
}

/// Opens and locks; again when another process moved the file away while this one waited for the lock.
fn locked(path: &Path) -> std::io::Result<File> {
    loop {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        let same = std::fs::metadata(path).and_then(|there| Ok(there.len() == file.metadata()?.len()));
        if same.unwrap_or(false) {
            return Ok(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator(etag: &str) -> Validator {
        Validator { etag: Some(etag.into()), last_modified: None, total_bytes: Some(6) }
    }

    #[test]
    fn bytes_and_checksum_go_on_where_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("x");
        let expected = Expected { md5: Some([0; 16]), ..Expected::default() };
        let mut part = Part::open(&stem, "u", &expected).unwrap();
        part.begin(validator("\"1\"")).unwrap();
        part.write(b"abc").unwrap();
        drop(part);
        let mut part = Part::open(&stem, "u", &Expected::default()).unwrap();
        assert_eq!((part.length_bytes(), part.validator()), (3, &validator("\"1\"")));
        part.write(b"def").unwrap();
        let mut whole = Digests::default();
        whole.update(b"abcdef");
        assert_eq!(
            part.verify(&Expected::default()).unwrap(),
            whole.verify(&Expected::default(), "").unwrap()
        );
        let target = folder.path().join("y");
        part.move_to(&target).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"abcdef");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn bytes_that_nobody_vouches_for_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("x");
        let open = || Part::open(&stem, "u", &Expected::default()).unwrap();
        for unknown in [validator("W/\"weak\""), Validator::default()] {
            let mut part = open();
            part.begin(unknown).unwrap();
            part.write(b"abc").unwrap();
            drop(part);
            assert_eq!(open().length_bytes(), 0);
        }
        std::fs::write(stem.with_extension("part"), "abc").unwrap();
        std::fs::write(stem.with_extension("json"), "{\"url\":\"u\"").unwrap();
        assert_eq!(open().length_bytes(), 0);
    }

    #[test]
    fn only_what_both_told_can_contradict() {
        let dated = Validator { last_modified: Some("d".into()), ..Validator::default() };
        assert!(!validator("\"1\"").contradicts(&dated));
        assert!(validator("\"1\"").contradicts(&validator("\"2\"")));
        assert!(!validator("\"1\"").contradicts(&validator("\"1\"")));
    }
}
