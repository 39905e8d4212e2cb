// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chunks, and shards of them with their index at the end.

use std::io::Write;

use facula_core::Raster;
use flate2::{Compression, write::GzEncoder};

use super::{ZarrCodec, ZarrOptions};
use crate::Sample;
use crate::cog::zstd_frame;

/// Level of gzip: floats without a predictor gain nothing from more.
const GZIP_LEVEL: u32 = 4;
/// Marks a chunk that is not there, as offset and as length.
const ABSENT: u64 = u64::MAX;

/// The compressed chunk whose first cell is `corner`; `None` when all its cells are missing. Cells beyond the raster
/// are missing.
pub(super) fn chunk<T: Sample, const N: usize>(
    raster: &Raster<T>,
    (left, top): (usize, usize),
    options: &ZarrOptions,
    to_bytes: impl Fn(T) -> [u8; N],
) -> Option<Vec<u8>> {
    let side = options.chunk_cells;
    let cell = |i: usize| raster.get(left + i % side, top + i / side).unwrap_or(T::MISSING);
    let cells: Vec<T> = (0..side * side).map(cell).collect();
    if cells.iter().all(|cell| cell.same(T::MISSING)) {
        return None;
    }
    let bytes: Vec<u8> = cells.into_iter().flat_map(to_bytes).collect();
    Some(match options.codec {
        ZarrCodec::Gzip => gzip(&bytes),
        ZarrCodec::Zstd => zstd_frame(&bytes),
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// Chunks in order, then offset and length of each, then the checksum of that index. `None` when none is there.
pub(super) fn assemble(chunks: Vec<Option<Vec<u8>>>) -> Option<Vec<u8>> {
    let (mut shard, mut index) = (Vec::new(), Vec::with_capacity(16 * chunks.len()));
    for chunk in &chunks {
        let entry = chunk.as_ref().map_or([ABSENT; 2], |bytes| [shard.len() as u64, bytes.len() as u64]);
        index.extend(entry.iter().flat_map(|number| number.to_le_bytes()));
        shard.extend(chunk.iter().flatten());
    }
    if shard.is_empty() {
        return None;
    }
    let checksum = crc32c(&index);
    shard.extend(index);
    shard.extend(checksum.to_le_bytes());
    Some(shard)
}

/// Castagnoli's checksum, bit by bit: an index is a kilobyte.
///
/// # Source
/// RFC 3720, section 12.1: reflected polynomial 0x82f63b78, all ones before and after.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |state: u32, _| if state & 1 == 1 { state >> 1 ^ 0x82f6_3b78 } else { state >> 1 };
    !bytes.iter().fold(u32::MAX, |state, byte| (0..8).fold(state ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_rfc() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn the_index_at_the_end_tells_where_chunks_are() {
        let shard = assemble(vec![Some(vec![1, 2]), None, Some(vec![3])]).unwrap();
        assert_eq!(shard.len(), 3 + 48 + 4);
        let number = |k: usize| u64::from_le_bytes(shard[3 + 8 * k..][..8].try_into().unwrap());
        assert_eq!([number(0), number(1), number(2), number(4), number(5)], [0, 2, ABSENT, 2, 1]);
        assert!(assemble(vec![None, None]).is_none());
    }
}
