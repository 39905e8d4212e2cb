// SPDX-License-Identifier: MIT OR Apache-2.0
//! Head, tiles and tail of an accumulator file; the layout stands in the module above.
//!
//! In: a stream of bytes. Out: tiles in ascending order, each checked. Nothing is allocated that the length of the file
//! does not cover.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use facula_core::CellGrid;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::cells::{decode, encode};
use crate::mosaic::{Registry, TileSums, tile_count, window};
use crate::{MapError, MosaicConfig};

const MAGIC: &[u8; 8] = b"FACULACC";
const END_MAGIC: &[u8; 8] = b"FACULEND";
const VERSION: u32 = 1;
/// Bytes of the head before its JSON.
const HEAD_BYTES: u64 = 16;
/// Bytes of the tail after its JSON.
const TAIL_BYTES: u64 = 40;
/// Most bytes of the head's JSON.
const MAX_HEAD_JSON: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    grid: CellGrid,
    config: MosaicConfig,
}

#[derive(Serialize)]
struct HeadRef<'a> {
    grid: &'a CellGrid,
    config: &'a MosaicConfig,
}

/// Writes an accumulator file, tile by tile.
pub(crate) struct Writer<'a> {
    out: &'a mut dyn Write,
    grid: CellGrid,
    at: u64,
    tiles: u64,
}

impl<'a> Writer<'a> {
    pub fn begin(out: &'a mut dyn Write, (grid, config): (&CellGrid, &MosaicConfig)) -> io::Result<Self> {
        let json = serde_json::to_vec(&HeadRef { grid, config })?;
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.extend((json.len() as u32).to_le_bytes());
        head.extend(json);
        head.extend(hash(&head).to_le_bytes());
        out.write_all(&head)?;
        Ok(Self { out, grid: *grid, at: head.len() as u64, tiles: 0 })
    }

    /// Adds a tile; in ascending order. One of which nothing is known leaves no trace.
    pub fn tile(&mut self, index: usize, sums: &TileSums) -> io::Result<()> {
        if sums.is_untouched() {
            return Ok(());
        }
        let tile = window(&self.grid, index);
        let mut record = (index as u64).to_le_bytes().to_vec();
        record.extend([0; 8]);
        encode(sums, tile.width * tile.height, &mut record);
        let length = record.len() as u64 - 16;
        record[8..16].copy_from_slice(&length.to_le_bytes());
        record.extend(hash(&record).to_le_bytes());
        self.out.write_all(&record)?;
        self.at += record.len() as u64;
        self.tiles += 1;
        Ok(())
    }

    pub fn end(self, registry: &Registry) -> io::Result<()> {
        let json = serde_json::to_vec(registry)?;
        let mut tail = Vec::new();
        tail.extend(self.tiles.to_le_bytes());
        tail.extend(self.at.to_le_bytes());
        tail.extend(hash(&json).to_le_bytes());
        tail.extend(hash(&tail).to_le_bytes());
        tail.extend(END_MAGIC);
        self.out.write_all(&json)?;
        self.out.write_all(&tail)
    }
}

/// Reads an accumulator file, tile by tile in ascending order.
pub(crate) struct Reader<R> {
    pub grid: CellGrid,
    pub config: MosaicConfig,
    pub registry: Registry,
    source: R,
    /// What is read, for messages; empty for bytes in memory.
    pub path: PathBuf,
    /// Where the next record begins and where the tail begins.
    at: u64,
    end: u64,
    /// Tiles promised and tiles begun.
    tiles: u64,
    begun: u64,
    next: Option<usize>,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads head and tail.
    pub fn open(mut source: R) -> Result<Self, MapError> {
        let length = source.seek(SeekFrom::End(0)).map_err(|e| unreadable(0, &e))?;
        let (end, tiles, registry) = read_tail(&mut source, length)?;
        let (head, at) = read_head(&mut source, end)?;
        head.config.check().map_err(|e| format_error(HEAD_BYTES, &e.to_string()))?;
        let count = tile_count(&head.grid)?;
        if tiles > count as u64 {
            return Err(format_error(length, "there are more tiles than the grid has"));
        }
        let levels = head.config.levels.levels().len();
        if registry.frames.values().any(|frame| usize::from(frame.level) >= levels) {
            return Err(format_error(end, "a frame is of a level that there is not"));
        }
        let Head { grid, config } = head;
        let path = PathBuf::new();
        let mut reader = Self { grid, config, registry, source, path, at, end, tiles, begun: 0, next: None };
        reader.advance(count)?;
        Ok(reader)
    }

    /// Tiles in the file.
    pub fn tiles(&self) -> u64 {
        self.tiles
    }

    /// Number of the tile that comes next.
    pub fn next_index(&self) -> Option<usize> {
        self.next
    }

    /// The tile of a number, if it is the one that comes next.
    pub fn take(&mut self, index: usize) -> Result<Option<TileSums>, MapError> {
        self.read(index).map_err(|error| error.of_file(&self.path))
    }

    fn read(&mut self, index: usize) -> Result<Option<TileSums>, MapError> {
        if self.next != Some(index) {
            return Ok(None);
        }
        let start = self.at;
        let mut record = self.bytes(start, 16)?;
        let length = u64_at(&record, 8);
        record.extend(self.bytes(start + 16, length)?);
        let sum = self.bytes(start + 16 + length, 8)?;
        if hash(&record) != u64_at(&sum, 0) {
            return Err(format_error(start, "the checksum of a tile does not fit: damaged"));
        }
        let tile = window(&self.grid, index);
        let sums = decode(&record[16..], &self.config, tile.width * tile.height)
            .map_err(|found| format_error(start, found))?;
        self.at = start + 24 + length;
        self.advance(tile_count(&self.grid)?)?;
        Ok(Some(sums))
    }

    /// Looks at the number of the next tile.
    fn advance(&mut self, count: usize) -> Result<(), MapError> {
        let last = self.next;
        self.next = None;
        if self.at == self.end {
            return if self.begun == self.tiles {
                Ok(())
            } else {
                Err(format_error(self.at, "there are fewer tiles than promised"))
            };
        }
        let index = u64_at(&self.bytes(self.at, 8)?, 0);
        let ascends = usize::try_from(index).ok().filter(|i| *i < count && last.is_none_or(|last| last < *i));
        self.next = Some(ascends.ok_or_else(|| format_error(self.at, "tiles are not in ascending order"))?);
        self.begun += 1;
        if self.begun > self.tiles {
            return Err(format_error(self.at, "there are more tiles than promised"));
        }
        Ok(())
    }

    /// Bytes before the tail.
    fn bytes(&mut self, at: u64, length: u64) -> Result<Vec<u8>, MapError> {
        if at.checked_add(length).is_none_or(|end| end > self.end) {
            return Err(format_error(at, "a tile runs into the end"));
        }
        read_at(&mut self.source, at, length)
    }
}

fn read_tail<R: Read + Seek>(source: &mut R, length: u64) -> Result<(u64, u64, Registry), MapError> {
    if length < HEAD_BYTES + 8 + TAIL_BYTES {
        return Err(format_error(0, "not an accumulator file, or only its beginning"));
    }
    if read_at(source, 0, 8)? != MAGIC {
        return Err(format_error(0, "not an accumulator file"));
    }
    let at = length - TAIL_BYTES;
    let tail = read_at(source, at, TAIL_BYTES)?;
    if &tail[32..] != END_MAGIC || hash(&tail[..24]) != u64_at(&tail, 24) {
        return Err(format_error(at, "the end is not that of an accumulator file: truncated or damaged"));
    }
    let (tiles, start) = (u64_at(&tail, 0), u64_at(&tail, 8));
    if start > at {
        return Err(format_error(at, "the tail begins after its end"));
    }
    let json = read_at(source, start, at - start)?;
    if hash(&json) != u64_at(&tail, 16) {
        return Err(format_error(start, "the checksum of the list of frames does not fit: damaged"));
    }
    let registry = serde_json::from_slice(&json).map_err(|e| format_error(start, &e.to_string()))?;
    Ok((start, tiles, registry))
}

fn read_head<R: Read + Seek>(source: &mut R, end: u64) -> Result<(Head, u64), MapError> {
    let start = read_at(source, 0, HEAD_BYTES)?;
    let version = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if version != VERSION {
        return Err(format_error(8, &format!("version {version}, this program reads {VERSION}")));
    }
    let json_length = u64::from(u32::from_le_bytes([start[12], start[13], start[14], start[15]]));
    let after = HEAD_BYTES + json_length + 8;
    if json_length > MAX_HEAD_JSON || after > end {
        return Err(format_error(12, &format!("a head of {json_length} bytes")));
    }
    let all = read_at(source, 0, after)?;
    let body = &all[..all.len() - 8];
    if hash(body) != u64_at(&all, body.len()) {
        return Err(format_error(0, "the checksum of the head does not fit: damaged"));
    }
    let json = &body[HEAD_BYTES as usize..];
    let head = serde_json::from_slice(json).map_err(|e| format_error(HEAD_BYTES, &e.to_string()))?;
    Ok((head, after))
}

/// Bytes at a place; the caller has made sure that the file is long enough.
fn read_at<R: Read + Seek>(source: &mut R, at: u64, length: u64) -> Result<Vec<u8>, MapError> {
    let length = usize::try_from(length).map_err(|_| format_error(at, "a part larger than memory"))?;
    let mut bytes = vec![0; length];
    source
        .seek(SeekFrom::Start(at))
        .and_then(|_| source.read_exact(&mut bytes))
        .map_err(|e| unreadable(at, &e))?;
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|k| bytes[at + k]))
}

fn unreadable(at: u64, error: &io::Error) -> MapError {
    format_error(at, &format!("cannot be read: {error}"))
}

fn format_error(offset: u64, found: &str) -> MapError {
    let found = found.to_string();
    MapError::Format { what: "accumulator file", offset: offset as usize, found, path: PathBuf::new() }
}
