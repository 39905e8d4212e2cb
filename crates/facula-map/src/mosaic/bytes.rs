// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mosaic in the making as bytes, so that a run can stop and go on.
//!
//! Layout, little-endian: magic (8 bytes), version (u32), width and height (u64), west, north, step (f64); per tile
//! one byte (0 untouched, 1 filled) and, if filled, 40 bytes per cell; CRC-32 of everything before it (u32).

use facula_core::MapGrid;
use flate2::Crc;

use super::cell::Cell;
use super::{Mosaic, window};
use crate::MapError;

const MAGIC: &[u8; 8] = b"FACMOSA\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 8 + 4 + 2 * 8 + 3 * 8;
const CELL_BYTES: usize = 40;
const CHECKSUM_BYTES: usize = 4;

impl Mosaic {
    /// The accumulators as bytes, for [`Mosaic::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let filled: usize = self.tiles.iter().map(|tile| 1 + CELL_BYTES * tile.len()).sum();
        let mut out = Vec::with_capacity(HEADER_BYTES + filled + CHECKSUM_BYTES);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend((self.grid.width as u64).to_le_bytes());
        out.extend((self.grid.height as u64).to_le_bytes());
        for value in [self.grid.west_rad, self.grid.north_rad, self.grid.step_rad] {
            out.extend(value.to_le_bytes());
        }
        for tile in &self.tiles {
            out.push(u8::from(!tile.is_empty()));
            tile.iter().for_each(|cell| cell.write(&mut out));
        }
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// The mosaic from the bytes of [`Mosaic::to_bytes`].
    ///
    /// # Errors
    /// [`MapError::Format`] for other bytes, another version, a truncated or damaged file; [`MapError::Limit`] and
    /// [`MapError::Argument`] as in [`Mosaic::new`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MapError> {
        let body = checked_body(bytes)?;
        let grid = MapGrid {
            width: length(body, 12)?,
            height: length(body, 20)?,
            west_rad: f64_at(body, 28),
            north_rad: f64_at(body, 36),
            step_rad: f64_at(body, 44),
        };
        // Every tile takes a byte at least, so the file bounds what is allocated.
        let mut mosaic = Self::new(grid)?;
        let mut at = HEADER_BYTES;
        for index in 0..mosaic.tiles.len() {
            let tile = window(&grid, index);
            let kind = *body.get(at).ok_or_else(|| format_error(at, "the tiles end too early"))?;
            at += 1;
            if kind == 0 {
                continue;
            }
            let size = CELL_BYTES * tile.width * tile.height;
            let cells = body.get(at..at + size).ok_or_else(|| format_error(at, "the tiles end too early"))?;
            mosaic.tiles[index] = cells.chunks_exact(CELL_BYTES).map(Cell::read).collect();
            at += size;
        }
        if at == body.len() {
            Ok(mosaic)
        } else {
            Err(format_error(at, "there are bytes after the last tile"))
        }
    }
}

impl Cell {
    fn write(&self, out: &mut Vec<u8>) {
        for sum in [self.sum_w, self.sum_wv, self.sum_wvv, self.sum_wwss] {
            out.extend(sum.to_le_bytes());
        }
        out.extend(self.best_scale_m.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend([self.flags, self.reasons]);
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            sum_w: f64_at(bytes, 0),
            sum_wv: f64_at(bytes, 8),
            sum_wvv: f64_at(bytes, 16),
            sum_wwss: f64_at(bytes, 24),
            best_scale_m: f32::from_le_bytes(array(bytes, 32)),
            count: u16::from_le_bytes(array(bytes, 36)),
            flags: bytes[38],
            reasons: bytes[39],
        }
    }
}

/// Everything before the checksum, once magic, version, length and checksum hold.
fn checked_body(bytes: &[u8]) -> Result<&[u8], MapError> {
    if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES || &bytes[..8] != MAGIC {
        return Err(format_error(0, "not a saved mosaic, or only its beginning"));
    }
    let version = u32::from_le_bytes(array(bytes, 8));
    if version != VERSION {
        return Err(format_error(8, &format!("version {version}, this program reads {VERSION}")));
    }
    let end = bytes.len() - CHECKSUM_BYTES;
    if checksum(&bytes[..end]) != u32::from_le_bytes(array(bytes, end)) {
        return Err(format_error(end, "the checksum does not fit: truncated or damaged"));
    }
    Ok(&bytes[..end])
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn length(bytes: &[u8], at: usize) -> Result<usize, MapError> {
    let value = u64::from_le_bytes(array(bytes, at));
    usize::try_from(value).map_err(|_| format_error(at, &format!("a side of {value} cells")))
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(array(bytes, at))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|k| bytes[at + k])
}

fn format_error(offset: usize, found: &str) -> MapError {
    MapError::Format { what: "saved mosaic", offset, found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Mosaic {
        let grid = MapGrid { width: 130, height: 3, west_rad: 1.0, north_rad: 0.5, step_rad: 0.01 };
        let mut mosaic = Mosaic::new(grid).unwrap();
        let cell =
            Cell { sum_w: 1.5, sum_wv: 0.3, count: 7, flags: 4, best_scale_m: 850.0, ..Cell::default() };
        mosaic.tiles[1] = vec![cell; 6];
        mosaic
    }

    #[test]
    fn a_saved_mosaic_comes_back() {
        assert_eq!(Mosaic::from_bytes(&sample().to_bytes()).unwrap(), sample());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_a_format_error() {
        let bytes = sample().to_bytes();
        for end in 0..bytes.len() {
            let result = Mosaic::from_bytes(&bytes[..end]);
            assert!(matches!(result, Err(MapError::Format { .. })), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            let result = Mosaic::from_bytes(&damaged);
            assert!(matches!(result, Err(MapError::Format { .. })), "damaged at {at}");
        }
    }

    #[test]
    fn a_forged_header_allocates_nothing_large() {
        let mut bytes = sample().to_bytes();
        bytes.truncate(HEADER_BYTES);
        bytes[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
        bytes.extend(checksum(&bytes).to_le_bytes());
        assert!(matches!(Mosaic::from_bytes(&bytes), Err(MapError::Limit { .. })));
        bytes[12..20].copy_from_slice(&1000u64.to_le_bytes());
        let end = bytes.len() - CHECKSUM_BYTES;
        let sum = checksum(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&sum);
        assert!(matches!(Mosaic::from_bytes(&bytes), Err(MapError::Format { .. })));
    }
}
