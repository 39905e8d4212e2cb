// SPDX-License-Identifier: MIT OR Apache-2.0
//! DEFLATE for predicted samples: bytes that come in runs of one kind ("segments").
//!
//! Predictor 3 lays each row out as four byte planes of which the last two are noise and the first two are not, in
//! turn every few hundred bytes. A general compressor codes them with one set of codes; here each run of like segments
//! gets codes of its own and noise is stored as it is, which is both smaller and several times faster.
//!
//! In: the bytes and the length of a segment. Out: a zlib stream (RFC 1950) that every inflater reads.
//!
//! # Source
//! RFC 1951 (DEFLATE), RFC 1950 (zlib format); Moffat & Katajainen (1995), WADS, LNCS 955, for code lengths.

mod bits;
mod codes;
mod cost;
mod matches;

use bits::BitWriter;
use cost::{Counts, block_bits, stored_bits};
use matches::{Finder, Sequence};

/// Most bytes of a stored block (RFC 1951, section 3.2.4).
const STORED_MOST: usize = 65_535;
/// Shortest segment looked at on its own: codes for less cost more than they save.
const SEGMENT_LEAST: usize = 256;
/// Longest segment: the tables of logarithms reach to twice that.
const SEGMENT_MOST: usize = 2048;
/// Segments looked at together; a power of two.
const GROUP: usize = 64;

/// Bytes that are coded with one set of codes, or stored.
struct Block {
    start: usize,
    end: usize,
    /// Sequences of the block within the list of all.
    sequences: std::ops::Range<usize>,
    counts: Counts,
    bits: u32,
}

/// `bytes` (up to 256 MiB) as a zlib stream; their character may change every `segment` bytes.
pub(super) fn zlib(bytes: &[u8], segment: usize) -> Vec<u8> {
    let segment = segment.clamp(SEGMENT_LEAST, SEGMENT_MOST);
    let mut out = BitWriter::with_capacity(bytes.len() / 2 + 64);
    out.reserve(8);
    out.bytes(&[0x78, 0x5e]); // deflate, window of 32 KiB; level "fast"; divisible by 31
    let mut parser =
        Parser { finder: Finder::new(bytes), segment, sequences: Vec::new(), blocks: Vec::new() };
    for start in (0..bytes.len()).step_by(segment * GROUP) {
        let end = (start + segment * GROUP).min(bytes.len());
        parser.sequences.clear();
        parser.blocks.clear();
        parser.blocks_of(start, end, GROUP);
        for (index, block) in parser.blocks.iter().enumerate() {
            let last = end == bytes.len() && index + 1 == parser.blocks.len();
            codes::write_block(&mut out, bytes, &parser.sequences, block, last);
        }
    }
    if bytes.is_empty() {
        codes::write_empty(&mut out);
    }
    out.reserve(8);
    out.bytes(&adler32(bytes).to_be_bytes());
    out.finish()
}

/// Cuts a group of segments into blocks.
struct Parser<'a> {
    finder: Finder<'a>,
    segment: usize,
    sequences: Vec<Sequence>,
    blocks: Vec<Block>,
}

impl Parser<'_> {
    /// Appends the blocks from `start` to `end`, at most `segments` segments: those of the two halves, or one for all
    /// where one set of codes is cheaper than several. Planes of a row and rows come in powers of two.
    fn blocks_of(&mut self, start: usize, end: usize, segments: usize) {
        if segments == 1 {
            self.blocks.push(self.finder.segment(start, end, &mut self.sequences));
            return;
        }
        let first = self.blocks.len();
        let middle = start + segments / 2 * self.segment;
        self.blocks_of(start, end.min(middle), segments / 2);
        if middle >= end {
            return;
        }
        let left = self.blocks.len() - first;
        self.blocks_of(middle, end, segments / 2);
        // Halves that both fell apart would hardly be cheaper as one.
        let right = first + left;
        if left > 1 && self.blocks.len() - right > 1 {
            return;
        }
        let apart: u32 = self.blocks[first..].iter().map(|block| block.bits).sum();
        let whole = pooled(&self.blocks[first..]);
        if whole.bits <= apart {
            self.blocks.truncate(first);
            self.blocks.push(whole);
        }
    }
}

/// Neighbours (one at least) in one block.
fn pooled(blocks: &[Block]) -> Block {
    let (first, last) = (&blocks[0], &blocks[blocks.len() - 1]);
    let mut counts = first.counts.clone();
    for block in &blocks[1..] {
        counts.add(&block.counts);
    }
    let bits = block_bits(&counts).min(stored_bits(last.end - first.start));
    let sequences = first.sequences.start..last.sequences.end;
    Block { start: first.start, end: last.end, sequences, counts, bits }
}

/// Checksum of RFC 1950: two sums modulo 65521, taken over chunks so short that neither overflows.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    // Largest multiple of 32 with 255 n (n + 1) / 2 + (n + 1) (65521 - 1) < 2^32 (RFC 1950, section 9: 5552).
    const CHUNK: usize = 5_536;
    let (mut a, mut b) = (1u32, 0u32);
    for chunk in bytes.chunks(CHUNK) {
        let (groups, rest) = chunk.as_chunks::<32>();
        for group in groups {
            // b grows by 32 a and by each byte as often as bytes from it to the end of the group.
            let (mut sum, mut weighted) = (0u32, 0u32);
            for (index, byte) in group.iter().enumerate() {
                sum += u32::from(*byte);
                weighted += u32::from(*byte) * (32 - index as u32);
            }
            b += 32 * a + weighted;
            a += sum;
        }
        for byte in rest {
            a += u32::from(*byte);
            b += a;
        }
        (a, b) = (a % MODULUS, b % MODULUS);
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn back(stream: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(stream).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn checksums_are_those_of_the_rfc() {
        // zlib.adler32 of Python 3.11.
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&vec![255; 100_000]), 0x149a_302c);
    }

    #[test]
    fn nothing_and_one_byte_are_streams_too() {
        assert_eq!(back(&zlib(b"", 512)), b"");
        assert_eq!(back(&zlib(b"x", 512)), b"x");
    }

    #[test]
    fn noise_beside_runs_is_stored_and_costs_less_than_with_one_set_of_codes() {
        // Planes of a row: 512 equal bytes, 512 of sixteen kinds, 1024 of noise.
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut bytes = Vec::new();
        for _ in 0..256 {
            bytes.extend([0; 512]);
            bytes.extend((0..512).map(|_| noise() & 15));
            bytes.extend((0..1024).map(|_| noise()));
        }
        let stream = zlib(&bytes, 512);
        assert!(back(&stream) == bytes);
        let floor = 256 * (256 + 1024);
        assert!(stream.len() < floor * 105 / 100, "{} for {floor}", stream.len());
    }

    #[test]
    fn very_unequal_counts_keep_codes_within_fifteen_bits() {
        // Fibonacci counts make the longest codes there are.
        let mut bytes = Vec::new();
        let (mut a, mut b) = (1usize, 1);
        for symbol in 0..24u8 {
            bytes.extend(std::iter::repeat_n(symbol.wrapping_mul(37), a));
            (a, b) = (b, a + b);
        }
        let shuffled: Vec<u8> = (0..bytes.len()).map(|i| bytes[i * 48_271 % bytes.len()]).collect();
        assert!(back(&zlib(&shuffled, 1 << 16)) == shuffled);
    }

    proptest! {
        #[test]
        fn any_bytes_round_trip(pieces in proptest::collection::vec((any::<u8>(), 1usize..900, 0u8..4), 0..30), segment in 1usize..2000) {
            let mut bytes = Vec::new();
            for (seed, length, kind) in pieces {
                let start = bytes.len();
                for i in 0..length {
                    let byte = match kind {
                        0 => seed,
                        1 => (i as u8).wrapping_mul(seed | 1).wrapping_mul(167) >> 3,
                        2 => bytes.get((start + i).wrapping_sub(usize::from(seed) + 1)).copied().unwrap_or(seed),
                        _ => ((i * i * 31 + i) >> 3) as u8 ^ seed,
                    };
                    bytes.push(byte);
                }
            }
            prop_assert!(back(&zlib(&bytes, segment)) == bytes);
        }
    }
}
