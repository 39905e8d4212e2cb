// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cache: files by the SHA-256 of their content, part files by their address, and a manifest of what came from
//! where and when.
//!
//! On disk: `objects/ab/abcd…`, `parts/<SHA-256 of the address>.part` and `.json`, `manifest.jsonl` (one JSON object a
//! line; a line is added when a file is complete, the last line for an address counts, a torn last line is ignored).

mod part;

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::digest::{Digests, from_hex, hex};
use crate::{Expected, FetchError};

pub(crate) use part::{Part, Validator};

/// What came from an address: one line of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Address it was asked from.
    pub url: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Length, bytes.
    pub size_bytes: u64,
    /// When it was complete, or last found unchanged: UTC, `2026-11-22T21:00:00.000`.
    pub fetched_utc: String,
    /// Entity tag of the server, to ask whether it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Date of change told by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl ManifestEntry {
    /// The checksum as bytes; `None` when the line was tampered with.
    pub fn digest(&self) -> Option<[u8; 32]> {
        from_hex(&self.sha256)
    }
}

/// A folder of files by content.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    manifest: Mutex<BTreeMap<String, ManifestEntry>>,
}

impl Cache {
    /// Opens the cache in `folder`, making it where needed.
    ///
    /// # Errors
    /// [`FetchError::Io`].
    pub fn open(folder: &Path) -> Result<Self, FetchError> {
        for part in ["objects", "parts"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(FetchError::io("make the cache folder", &path))?;
        }
        let path = folder.join(MANIFEST);
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(FetchError::io("read the manifest", &path)(error)),
        };
        let entries = text.lines().filter_map(|line| serde_json::from_str::<ManifestEntry>(line).ok());
        let manifest = entries.map(|entry| (entry.url.clone(), entry)).collect();
        Ok(Self { folder: folder.to_path_buf(), manifest: Mutex::new(manifest) })
    }

    fn manifest(&self) -> MutexGuard<'_, BTreeMap<String, ManifestEntry>> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All entries, sorted by address.
    pub fn entries(&self) -> Vec<ManifestEntry> {
        self.manifest().values().cloned().collect()
    }

    /// What came from an address, if its content is still here with its length.
    pub fn entry(&self, url: &str) -> Option<ManifestEntry> {
        let entry = self.manifest().get(url).cloned()?;
        let length = fs::metadata(self.object(&entry.digest()?)).ok()?.len();
        (length == entry.size_bytes).then_some(entry)
    }

    /// Where the content with this checksum lies, or would lie.
    pub fn object(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex(sha256);
        self.folder.join("objects").join(&name[..2]).join(name)
    }

    /// Adds a line to the manifest.
    pub(crate) fn record(&self, entry: ManifestEntry) -> Result<(), FetchError> {
        let path = self.folder.join(MANIFEST);
        let line = serde_json::to_string(&entry).map_err(std::io::Error::other);
        let mut manifest = self.manifest();
        // A newline goes first too: it closes a line that a killed run left torn. One write, so that lines of two
        // processes do not mix.
        let written = line.and_then(|line| {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(format!("\n{line}\n").as_bytes())
        });
        written.map_err(FetchError::io("add to the manifest", &path))?;
        manifest.insert(entry.url.clone(), entry);
        Ok(())
    }

    /// Takes a complete part file in as an object.
    pub(crate) fn adopt(&self, part: Part, sha256: &[u8; 32]) -> Result<PathBuf, FetchError> {
        let object = self.object(sha256);
        let parent = object.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).map_err(FetchError::io("make the cache folder", parent))?;
        part.move_to(&object)?;
        Ok(object)
    }

    /// Opens (and locks) the part file of an address.
    pub(crate) fn part(&self, url: &str, expected: &Expected) -> Result<Part, FetchError> {
        let name = text_key(url);
        Part::open(&self.folder.join("parts").join(name), url, expected)
    }

    /// How many bytes of an address lie in its part file.
    pub(crate) fn part_bytes(&self, url: &str) -> u64 {
        let path = self.folder.join("parts").join(format!("{}.part", text_key(url)));
        fs::metadata(path).map_or(0, |data| data.len())
    }
}

const MANIFEST: &str = "manifest.jsonl";

/// SHA-256 of a text.
pub(crate) fn text_key(url: &str) -> String {
    let mut digests = Digests::default();
    digests.update(url.as_bytes());
    digests.verify(&Expected::default(), url).map(|sha| hex(&sha)).expect("nothing is expected of an address")
}

/// Reads a file through the digests.
pub(crate) fn digest_file(path: &Path, digests: &mut Digests) -> Result<(), FetchError> {
    let mut file = fs::File::open(path).map_err(FetchError::io("read the file", path))?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(FetchError::io("read the file", path))? {
            0 => return Ok(()),
            n => digests.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str, sha256: &str) -> ManifestEntry {
        ManifestEntry {
            url: url.into(),
            sha256: sha256.into(),
            size_bytes: 3,
            fetched_utc: "2026-11-22T21:00:00.000".into(),
            etag: Some("\"a\"".into()),
            last_modified: None,
        }
    }

    #[test]
    fn the_manifest_survives_a_torn_line_and_the_last_line_counts() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.record(entry("http://a", "00")).unwrap();
        let path = folder.path().join(MANIFEST);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let cut = Cache::open(folder.path()).unwrap();
            cut.record(entry("http://b", "11")).unwrap();
            cut.record(entry("http://b", "22")).unwrap();
            let again = Cache::open(folder.path()).unwrap().entries();
            assert_eq!(again.last().unwrap().sha256, "22", "cut at {length}");
        }
    }

    #[test]
    fn an_entry_counts_only_while_its_content_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let sha = "ab".repeat(32);
        cache.record(entry("http://a", &sha)).unwrap();
        assert!(cache.entry("http://a").is_none());
        let object = cache.object(&from_hex(&sha).unwrap());
        fs::create_dir_all(object.parent().unwrap()).unwrap();
        fs::write(&object, "abc").unwrap();
        assert!(cache.entry("http://a").is_some());
        fs::write(&object, "ab").unwrap();
        assert!(cache.entry("http://a").is_none(), "cut content must not count");
        cache.record(entry("http://c", "../../etc")).unwrap();
        assert!(cache.entry("http://c").is_none());
    }
}
