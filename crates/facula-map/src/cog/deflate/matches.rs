// SPDX-License-Identifier: MIT OR Apache-2.0
//! Repeats within the window of 32 KiB. Three candidates a position: the byte before, the last place with the same four
//! bytes, and the row of samples above; the one that saves most bits, if any does.

use super::Block;
use super::codes::{distance_code, length_code};
use super::cost::{Counts, block_bits, quarter_bits, stored_bits};

/// Longest and farthest repeat (RFC 1951, section 2).
const LENGTH_MOST: usize = 258;
const WINDOW: usize = 32_768;
/// Shortest repeat there is.
const REPEAT_LEAST: usize = 3;
/// What a repeat costs beside the bits of its distance, quarter bits. This and the next two were tried on noisy maps, maps
/// with gaps, enlarged pictures and terrain.
const REPEAT_QUARTERS: i32 = 44;
/// After 2^this positions without a repeat every second one is looked at, after twice as many every third, …
const SKIP: u32 = 4;
/// Entries of the table of last places: as many as stay in the first-level cache.
const HASH_BITS: u32 = 12;
/// Bytes of a repeat whose price is looked up; longer ones save enough.
const PRICED: usize = 16;
/// What the bytes beyond those are taken to save, quarter bits.
const LONG_QUARTERS: i32 = 400;

/// Literals and the repeat behind them (length 0: none, at the end of a segment).
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    pub(super) literals: u32,
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// Finds repeats in the bytes, segment after segment.
pub(super) struct Finder<'a> {
    bytes: &'a [u8],
    /// Position + 1 of the last four bytes with a hash.
    last: Vec<u32>,
    /// What each byte costs in the segment at hand, quarter bits.
    price: [u8; 256],
    /// Bytes of a row of samples: the distance to the row above.
    row: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, last: vec![0; 1 << HASH_BITS], price: [0; 256], row: 0 }
    }

    /// The bytes from `start` to `end` as a block of its own; its sequences are appended to the list.
    pub(super) fn segment(&mut self, start: usize, end: usize, sequences: &mut Vec<Sequence>) -> Block {
        let first = sequences.len();
        let mut counts = counts_of(&self.bytes[start..end]);
        let stored = stored_bits(end - start);
        let mut bits = block_bits(&counts);
        if bits >= stored && !self.repeats_row(start, end) {
            sequences.push(Sequence { literals: (end - start) as u32, length: 0, distance: 0 });
            bits = stored;
        } else {
            self.price(&counts);
            self.row = 4 * (end - start);
            counts = Counts::new();
            self.search(start, end, (&mut counts, sequences));
            bits = block_bits(&counts).min(stored);
        }
        Block { start, end, sequences: first..sequences.len(), counts, bits }
    }

    /// Whether noise is a copy of what stood four segments (a row of floats) before, as in enlarged images.
    fn repeats_row(&self, start: usize, end: usize) -> bool {
        let row = 4 * (end - start);
        let Some(above) = start.checked_sub(row).map(|s| &self.bytes[s..s + 64.min(end - start)]) else {
            return false;
        };
        row <= WINDOW && self.bytes[start..start + above.len()] == *above
    }

    fn search(&mut self, start: usize, end: usize, (counts, sequences): (&mut Counts, &mut Vec<Sequence>)) {
        let (mut at, mut literals_from, mut misses) = (start, start, 0);
        while at + 8 <= end {
            let here = eight(self.bytes, at);
            let (length, distance) = self.longest(at, end, here);
            if length == 0 {
                misses += 1;
                at += 1 + (misses >> SKIP);
                continue;
            }
            count_literals(counts, &self.bytes[literals_from..at]);
            count_repeat(counts, length, distance);
            let literals = (at - literals_from) as u32;
            sequences.push(Sequence { literals, length: length as u16, distance: distance as u16 });
            at += length;
            misses = 0;
            literals_from = at;
        }
        count_literals(counts, &self.bytes[literals_from..end]);
        sequences.push(Sequence { literals: (end - literals_from) as u32, length: 0, distance: 0 });
    }

    /// Takes prices of bytes from how often each occurs.
    fn price(&mut self, counts: &Counts) {
        let total = counts.literals.iter().sum();
        for (price, count) in self.price.iter_mut().zip(&counts.literals) {
            // No code is shorter than one bit.
            *price = if *count > 0 { quarter_bits(*count, total).max(4) } else { 0 };
        }
    }

    /// Quarter bits saved by a repeat.
    fn saved(&self, at: usize, length: usize, distance: usize) -> i32 {
        let literals: i32 = self.bytes[at..at + length.min(PRICED)]
            .iter()
            .map(|b| i32::from(self.price[usize::from(*b)]))
            .sum();
        let more = if length > PRICED { LONG_QUARTERS } else { 0 };
        literals + more - REPEAT_QUARTERS - 4 * distance.ilog2() as i32
    }

    /// Length and distance of the repeat that starts at `at`; (0, 0) when none is worth it.
    fn longest(&mut self, at: usize, end: usize, here: u64) -> (usize, usize) {
        let slot = &mut self.last[hash(here)];
        let candidate = *slot as usize;
        *slot = at as u32 + 1;
        let run = if at > 0 { self.same(at - 1, at, end, here) } else { 0 };
        let repeat = match candidate.checked_sub(1) {
            Some(before) if at - before < WINDOW => self.same(before, at, end, here),
            _ => 0,
        };
        let above = if at >= self.row { self.same(at - self.row, at, end, here) } else { 0 };
        let (mut best, mut most) = ((0, 0), 0);
        for (length, distance) in [(run, 1), (repeat, at + 1 - candidate), (above, self.row)] {
            if length < REPEAT_LEAST {
                continue;
            }
            let saved = self.saved(at, length, distance);
            if saved > most {
                (best, most) = ((length, distance), saved);
            }
        }
        best
    }

    /// How many bytes from `before` on equal those from `at` on.
    #[inline]
    fn same(&self, before: usize, at: usize, end: usize, here: u64) -> usize {
        let differs = eight(self.bytes, before) ^ here;
        if differs != 0 {
            return differs.trailing_zeros() as usize / 8;
        }
        let most = LENGTH_MOST.min(end - at);
        let (now, then) = (&self.bytes[at..at + most], &self.bytes[before..before + most]);
        8 + now[8..].iter().zip(&then[8..]).take_while(|(a, b)| a == b).count()
    }
}

#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// Of the first four bytes.
#[inline]
fn hash(eight: u64) -> usize {
    // An odd number near 2^64 divided by the golden ratio (Knuth, TAOCP 3, section 6.4).
    ((eight << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - HASH_BITS)) as usize
}

/// Counts of bytes without repeats. Four tables: counting one byte often would wait for itself.
fn counts_of(bytes: &[u8]) -> Counts {
    let mut tables = [[0u16; 256]; 4];
    let (fours, rest) = bytes.as_chunks::<4>();
    for four in fours {
        for (table, byte) in tables.iter_mut().zip(four) {
            table[usize::from(*byte)] += 1;
        }
    }
    let mut counts = Counts::new();
    let [a, b, c, d] = &tables;
    for (index, count) in counts.literals[..256].iter_mut().enumerate() {
        *count = u32::from(a[index]) + u32::from(b[index]) + u32::from(c[index]) + u32::from(d[index]);
    }
    count_literals(&mut counts, rest);
    counts
}

fn count_literals(counts: &mut Counts, bytes: &[u8]) {
    for byte in bytes {
        counts.literals[usize::from(*byte)] += 1;
    }
}

fn count_repeat(counts: &mut Counts, length: usize, distance: usize) {
    let (length, distance) = (length_code(length), distance_code(distance));
    counts.literals[length.symbol] += 1;
    counts.distances[distance.symbol] += 1;
    counts.extra_bits += length.extra_bits + distance.extra_bits;
}
