// SPDX-License-Identifier: MIT OR Apache-2.0
//! Codes of a block and the block in them (RFC 1951, section 3.2).

use super::bits::BitWriter;
use super::cost::{Counts, DISTANCES, END, LITERALS, stored_bits};
use super::matches::Sequence;
use super::{Block, STORED_MOST};

/// Longest codes of symbols, and of the code lengths themselves.
const SYMBOL_BITS_MOST: u32 = 15;
const LENGTH_BITS_MOST: u32 = 7;
/// Order in which the lengths of the code-length codes are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A symbol and what follows it.
pub(super) struct Coded {
    pub(super) symbol: usize,
    pub(super) extra_bits: u32,
    pub(super) extra: u64,
}

/// The code of a repeat of 3 to 258 bytes.
#[inline]
pub(super) fn length_code(length: usize) -> Coded {
    let above = length - 3;
    if length == 258 {
        return Coded { symbol: 285, extra_bits: 0, extra: 0 };
    }
    if above < 8 {
        return Coded { symbol: 257 + above, extra_bits: 0, extra: 0 };
    }
    let extra_bits = above.ilog2() - 2;
    let symbol = 257 + 4 * extra_bits as usize + (above >> extra_bits);
    Coded { symbol, extra_bits, extra: (above & ((1 << extra_bits) - 1)) as u64 }
}

/// The code of a distance of 1 to 32768 bytes.
#[inline]
pub(super) fn distance_code(distance: usize) -> Coded {
    let above = distance - 1;
    if above < 4 {
        return Coded { symbol: above, extra_bits: 0, extra: 0 };
    }
    let extra_bits = above.ilog2() - 1;
    let symbol = 2 * extra_bits as usize + (above >> extra_bits);
    Coded { symbol, extra_bits, extra: (above & ((1 << extra_bits) - 1)) as u64 }
}

/// Code and its length in bits, for each symbol; codes lie with their first bit lowest.
type Codes<const N: usize> = [(u16, u8); N];

/// Writes a block in whichever way is shorter.
pub(super) fn write_block(
    out: &mut BitWriter,
    bytes: &[u8],
    sequences: &[Sequence],
    block: &Block,
    last: bool,
) {
    // Codes are at most 15 bits for a literal and 48 for five bytes repeated.
    out.reserve(2 * (block.end - block.start) + 1024);
    if block.bits >= stored_bits(block.end - block.start) {
        write_stored(out, &bytes[block.start..block.end], last);
    } else {
        out.bits(u64::from(last) | 2 << 1, 3);
        let (literals, distances) = write_codes(out, &block.counts);
        let sequences = &sequences[block.sequences.clone()];
        write_symbols(out, (bytes, block.start), sequences, (&literals, &distances));
    }
}

/// The last block of nothing: fixed codes and the end of block.
pub(super) fn write_empty(out: &mut BitWriter) {
    out.bits(0b011, 3);
    out.bits(0, 7);
}

fn write_stored(out: &mut BitWriter, bytes: &[u8], last: bool) {
    let count = bytes.len().div_ceil(STORED_MOST);
    for (index, piece) in bytes.chunks(STORED_MOST).enumerate() {
        out.bits(u64::from(last && index + 1 == count), 3);
        let length = piece.len() as u16;
        out.bytes(&length.to_le_bytes());
        out.bytes(&(!length).to_le_bytes());
        out.bytes(piece);
    }
}

fn write_symbols(
    out: &mut BitWriter,
    (bytes, start): (&[u8], usize),
    sequences: &[Sequence],
    (literals, distances): (&Codes<LITERALS>, &Codes<DISTANCES>),
) {
    let mut at = start;
    let coded = |(code, bits): (u16, u8), out: &mut BitWriter| out.bits(u64::from(code), u32::from(bits));
    for sequence in sequences {
        let next = at + sequence.literals as usize;
        // Three at a time: three codes are 45 bits at most.
        let (threes, rest) = bytes[at..next].as_chunks::<3>();
        for three in threes {
            let [(a, a_bits), (b, b_bits), (c, c_bits)] = three.map(|byte| literals[usize::from(byte)]);
            let (ab_bits, bits) = (a_bits + b_bits, a_bits + b_bits + c_bits);
            out.bits(u64::from(a) | u64::from(b) << a_bits | u64::from(c) << ab_bits, u32::from(bits));
        }
        for byte in rest {
            coded(literals[usize::from(*byte)], out);
        }
        at = next + usize::from(sequence.length);
        if sequence.length > 0 {
            let length = length_code(usize::from(sequence.length));
            coded(literals[length.symbol], out);
            out.bits(length.extra, length.extra_bits);
            let distance = distance_code(usize::from(sequence.distance));
            coded(distances[distance.symbol], out);
            out.bits(distance.extra, distance.extra_bits);
        }
    }
    coded(literals[END], out);
}

/// Writes the description of the codes; gives the codes.
fn write_codes(out: &mut BitWriter, counts: &Counts) -> (Codes<LITERALS>, Codes<DISTANCES>) {
    let literals = lengths(&counts.literals, SYMBOL_BITS_MOST);
    let distances = lengths(&counts.distances, SYMBOL_BITS_MOST);
    let used = |lengths: &[u8], least: usize| {
        lengths.iter().rposition(|l| *l > 0).map_or(least, |p| least.max(p + 1))
    };
    let (literal_count, distance_count) = (used(&literals, 257), used(&distances, 1));
    let mut runs = Vec::with_capacity(64);
    let all = [&literals[..literal_count], &distances[..distance_count]].concat();
    runs_of_lengths(&all, &mut runs);
    let mut run_counts = [0; 19];
    for (symbol, _, _) in &runs {
        run_counts[usize::from(*symbol)] += 1;
    }
    let run_lengths = lengths(&run_counts, LENGTH_BITS_MOST);
    let run_codes = canonical(&run_lengths);
    let told = ORDER.iter().rposition(|symbol| run_lengths[*symbol] > 0).map_or(4, |p| 4.max(p + 1));
    out.bits((literal_count - 257) as u64, 5);
    out.bits((distance_count - 1) as u64, 5);
    out.bits((told - 4) as u64, 4);
    for symbol in &ORDER[..told] {
        out.bits(u64::from(run_lengths[*symbol]), 3);
    }
    for (symbol, extra, extra_bits) in runs {
        let (code, bits) = run_codes[usize::from(symbol)];
        out.bits(u64::from(code), u32::from(bits));
        out.bits(u64::from(extra), u32::from(extra_bits));
    }
    (canonical(&literals), canonical(&distances))
}

/// Code lengths as the symbols of section 3.2.7: symbol, extra, extra bits.
fn runs_of_lengths(lengths: &[u8], runs: &mut Vec<(u8, u8, u8)>) {
    let mut at = 0;
    while at < lengths.len() {
        let value = lengths[at];
        let mut count = lengths[at..].iter().take_while(|l| **l == value).count();
        at += count;
        if value == 0 {
            while count >= 3 {
                let taken = count.min(138);
                let run = if taken < 11 { (17, taken - 3, 3) } else { (18, taken - 11, 7) };
                runs.push((run.0, run.1 as u8, run.2));
                count -= taken;
            }
        } else {
            runs.push((value, 0, 0));
            count -= 1;
            while count >= 3 {
                let taken = count.min(6);
                runs.push((16, (taken - 3) as u8, 2));
                count -= taken;
            }
        }
        runs.extend(std::iter::repeat_n((value, 0, 0), count));
    }
}

/// Lengths of the prefix code with the fewest bits for these counts, at most `most`; 0 for symbols that do not occur.
/// A single symbol gets one bit. Counts are flattened until the longest code is short enough.
fn lengths<const N: usize>(counts: &[u32; N], most: u32) -> [u8; N] {
    let mut result = [0; N];
    // Counts stay below 2^23, symbols below 2^9.
    let mut order = [0u32; N];
    let mut used = 0;
    for (symbol, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        order[used] = count << 9 | symbol as u32;
        used += 1;
    }
    let order = &mut order[..used];
    if let [only] = order {
        result[(*only & 0x1ff) as usize] = 1;
        return result;
    }
    order.sort_unstable();
    let mut depths = [0u32; N];
    let depths = &mut depths[..used];
    for flatter in 0..23 {
        for (depth, item) in depths.iter_mut().zip(order.iter()) {
            *depth = (item >> (9 + flatter)).max(1);
        }
        minimum_redundancy(depths);
        // The rarest symbol comes first and has the longest code.
        if depths.first().is_none_or(|longest| *longest <= most) {
            break;
        }
    }
    for (depth, item) in depths.iter().zip(order.iter()) {
        result[(item & 0x1ff) as usize] = *depth as u8;
    }
    result
}

/// Code lengths in place of ascending weights.
///
/// # Source
/// Moffat & Katajainen (1995), In-place calculation of minimum-redundancy codes, figure 1.
fn minimum_redundancy(a: &mut [u32]) {
    let n = a.len();
    if n < 2 {
        return;
    }
    // First: weights of inner nodes, then their parents.
    a[0] += a[1];
    let (mut root, mut leaf) = (0, 2);
    for next in 1..n - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf >= n || root < next && a[root] < a[leaf] {
                weight += a[root];
                a[root] = next as u32;
                root += 1;
            } else {
                weight += a[leaf];
                leaf += 1;
            }
        }
        a[next] = weight;
    }
    // Second: depths of inner nodes.
    a[n - 2] = 0;
    for next in (0..n.saturating_sub(2)).rev() {
        a[next] = a[a[next] as usize] + 1;
    }
    // Third: depths of leaves.
    let (mut available, mut depth, mut inner, mut next) = (1i64, 0, n as i64 - 2, n as i64 - 1);
    while available > 0 {
        let mut used = 0;
        while inner >= 0 && a[inner as usize] == depth {
            used += 1;
            inner -= 1;
        }
        while available > used {
            a[next as usize] = depth;
            next -= 1;
            available -= 1;
        }
        available = 2 * used;
        depth += 1;
    }
}

/// Canonical codes of section 3.2.2, bit-reversed for the writer.
fn canonical<const N: usize>(lengths: &[u8; N]) -> Codes<N> {
    let mut next = [0u16; 17];
    for length in lengths.iter().filter(|l| **l > 0) {
        next[usize::from(*length) + 1] += 1;
    }
    for bits in 1..17 {
        next[bits] = (next[bits] + next[bits - 1]) << 1;
    }
    let mut codes = [(0, 0); N];
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let value = &mut next[usize::from(*length)];
        *code = (value.reverse_bits() >> (16 - length), *length);
        *value += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_have_the_codes_of_the_tables() {
        // RFC 1951, section 3.2.5.
        let length = |n| (length_code(n).symbol, length_code(n).extra_bits, length_code(n).extra);
        assert_eq!(
            [length(3), length(10), length(11), length(12)],
            [(257, 0, 0), (264, 0, 0), (265, 1, 0), (265, 1, 1)]
        );
        assert_eq!([length(227), length(257), length(258)], [(284, 5, 0), (284, 5, 30), (285, 0, 0)]);
        let distance = |n| (distance_code(n).symbol, distance_code(n).extra_bits, distance_code(n).extra);
        assert_eq!(
            [distance(1), distance(4), distance(5), distance(6)],
            [(0, 0, 0), (3, 0, 0), (4, 1, 0), (4, 1, 1)]
        );
        assert_eq!([distance(24577), distance(32768)], [(29, 13, 0), (29, 13, 8191)]);
    }

    #[test]
    fn canonical_codes_are_those_of_the_example() {
        // RFC 1951, section 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) give 010 011 100 101 110 00 1110 1111.
        let codes = canonical(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let forward: Vec<u16> = codes.iter().map(|(code, bits)| code.reverse_bits() >> (16 - bits)).collect();
        assert_eq!(forward, [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]);
    }

    #[test]
    fn codes_fill_the_space_of_codes_exactly() {
        let mut counts = [0u32; 40];
        let (mut a, mut b) = (1, 1);
        for count in &mut counts[..30] {
            *count = a;
            (a, b) = (b, a + b);
        }
        for most in [7, 15] {
            let lengths = lengths(&counts, most);
            assert!(lengths.iter().all(|l| u32::from(*l) <= most));
            let space: u32 = lengths.iter().filter(|l| **l > 0).map(|l| 1 << (most - u32::from(*l))).sum();
            assert_eq!(space, 1 << most);
        }
    }
}
