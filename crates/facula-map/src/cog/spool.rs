// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed blocks on their way to the file: in memory up to a budget, then in a file beside the target.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::MapError;

/// Where the bytes of a block are.
#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File { offset: u64, bytes: usize },
}

/// Blocks of one file, each stored once.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
    budget_bytes: usize,
    held_bytes: usize,
    /// Index of a block to its place; `None`: missing.
    places: Vec<Option<Place>>,
    file: Option<(File, u64)>,
}

impl Spool {
    /// Room for `count` blocks of the file `target`.
    pub(super) fn new(target: &Path, count: usize, budget_bytes: usize) -> Self {
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(".spool.part");
        let places = (0..count).map(|_| None).collect();
        Self { path: target.with_file_name(name), budget_bytes, held_bytes: 0, places, file: None }
    }

    /// Keeps the bytes of a block.
    pub(super) fn store(&mut self, index: usize, bytes: Vec<u8>) -> Result<(), MapError> {
        if self.held_bytes + bytes.len() <= self.budget_bytes {
            self.held_bytes += bytes.len();
            self.places[index] = Some(Place::Memory(bytes));
            return Ok(());
        }
        let place = self.append(&bytes).map_err(MapError::io("write", &self.path))?;
        self.places[index] = Some(place);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<Place> {
        if self.file.is_none() {
            let file = File::options().read(true).write(true).create(true).truncate(true).open(&self.path)?;
            self.file = Some((file, 0));
        }
        let (file, end) = self.file.as_mut().expect("opened above");
        file.write_all(bytes)?;
        let offset = *end;
        *end += bytes.len() as u64;
        Ok(Place::File { offset, bytes: bytes.len() })
    }

    /// Bytes of a block; `None` when it is missing.
    pub(super) fn byte_count(&self, index: usize) -> Option<usize> {
        match self.places[index].as_ref()? {
            Place::Memory(bytes) => Some(bytes.len()),
            Place::File { bytes, .. } => Some(*bytes),
        }
    }

    /// Copies the bytes of a block; nothing for a missing one.
    pub(super) fn copy(&mut self, index: usize, writer: &mut impl Write) -> io::Result<()> {
        match (&self.places[index], &mut self.file) {
            (Some(Place::Memory(bytes)), _) => writer.write_all(bytes),
            (Some(Place::File { offset, bytes }), Some((file, _))) => {
                file.seek(SeekFrom::Start(*offset))?;
                let copied = io::copy(&mut file.take(*bytes as u64), writer)?;
                if copied == *bytes as u64 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // A leftover does no harm: the next run writes over it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_from_memory_and_from_the_file_and_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&folder.path().join("a.tif"), 4, 5);
        for (index, bytes) in [(2, vec![1u8; 4]), (0, vec![2; 7]), (1, vec![3; 1])] {
            spool.store(index, bytes).unwrap();
        }
        let mut out = Vec::new();
        (0..4).for_each(|index| spool.copy(index, &mut out).unwrap());
        assert_eq!(out, [2, 2, 2, 2, 2, 2, 2, 3, 1, 1, 1, 1]);
        assert_eq!((spool.byte_count(0), spool.byte_count(3)), (Some(7), None));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(spool);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
