// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a block costs, in bits, from how often each symbol occurs. Integers only: the same on every machine.

/// Literals, end of block and lengths.
pub(super) const LITERALS: usize = 286;
/// Distances.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub(super) const END: usize = 256;

/// Bits below the point of costs inside this module.
const POINT: u32 = 8;
/// Largest count with n log2 n from the table.
const TABLE: usize = 4096;

/// How often each symbol occurs in a block.
#[derive(Clone)]
pub(super) struct Counts {
    pub(super) literals: [u32; LITERALS],
    pub(super) distances: [u32; DISTANCES],
    /// Bits that lengths and distances carry beside their codes.
    pub(super) extra_bits: u32,
}

impl Counts {
    pub(super) fn new() -> Self {
        let mut literals = [0; LITERALS];
        literals[END] = 1;
        Self { literals, distances: [0; DISTANCES], extra_bits: 0 }
    }

    /// Adds those of another block; the two share one end.
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, count) in self.literals.iter_mut().zip(&other.literals) {
            *sum += count;
        }
        self.literals[END] = 1;
        for (sum, count) in self.distances.iter_mut().zip(&other.distances) {
            *sum += count;
        }
        self.extra_bits += other.extra_bits;
    }
}

/// Bits of a block with codes of its own: entropy of its symbols, extra bits, and the description of the codes.
pub(super) fn block_bits(counts: &Counts) -> u32 {
    // 17 bits of counts and type, some 14 times 3 bits for the codes of the code lengths.
    const HEAD_BITS: u32 = 60;
    let literals = entropy_bits(&counts.literals) + description_bits(&counts.literals);
    if counts.extra_bits == 0 && counts.distances == [0; DISTANCES] {
        return HEAD_BITS + literals;
    }
    let distances = entropy_bits(&counts.distances) + description_bits(&counts.distances);
    HEAD_BITS + literals + distances + counts.extra_bits
}

/// Bits of stored blocks: three, the rest of a byte, two lengths, the bytes.
pub(super) fn stored_bits(bytes: usize) -> u32 {
    (8 * bytes + 40 * bytes.div_ceil(super::STORED_MOST)) as u32
}

/// Shannon's bits of the symbols.
fn entropy_bits<const N: usize>(counts: &[u32; N]) -> u32 {
    let total: u32 = counts.iter().sum();
    if total < TABLE as u32 {
        let each = |count: &u32| N_LOG2_N[*count as usize % TABLE];
        return (each(&total) - counts.iter().map(each).sum::<u32>().min(each(&total))) >> POINT;
    }
    let each = |count: &u32| u64::from(*count) * if *count > 0 { log2(*count) } else { 0 };
    (each(&total).saturating_sub(counts.iter().map(each).sum()) >> POINT) as u32
}

/// Bits to describe the codes: about three for each that is used, six for each gap between them.
fn description_bits<const N: usize>(counts: &[u32; N]) -> u32 {
    let used: u32 = counts.iter().map(|count| u32::from(*count > 0)).sum();
    let gaps: u32 = counts.iter().zip(&counts[1..]).map(|(a, b)| u32::from(*a > 0 && *b == 0)).sum();
    3 * used + 6 * gaps
}

static N_LOG2_N: [u32; TABLE] = {
    let mut table = [0; TABLE];
    let mut n = 1;
    while n < TABLE {
        table[n] = n as u32 * log2(n as u32) as u32;
        n += 1;
    }
    table
};

/// Quarter bits of a symbol that occurs `count` times among `total`, both below 4096 and positive.
pub(super) fn quarter_bits(count: u32, total: u32) -> u8 {
    let log2 = |n: u32| LOG2_QUARTERS[n as usize % TABLE];
    log2(total) - log2(count)
}

static LOG2_QUARTERS: [u8; TABLE] = {
    let mut table = [0; TABLE];
    let mut n = 1;
    while n < TABLE {
        table[n] = (log2(n as u32) >> (POINT - 2)) as u8;
        n += 1;
    }
    table
};

/// Binary logarithm of a positive number with [`POINT`] bits below the point, by repeated squaring.
const fn log2(n: u32) -> u64 {
    let whole = n.ilog2();
    let mut mantissa = (n as u64) << (32 - whole); // 1.0 is 2^32
    let (mut result, mut step) = ((whole as u64) << POINT, 0);
    while step < POINT {
        mantissa = ((mantissa as u128 * mantissa as u128) >> 32) as u64;
        if mantissa >= 2 << 32 {
            mantissa >>= 1;
            result |= 1 << (POINT - 1 - step);
        }
        step += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        for n in [1u32, 2, 3, 10, 255, 4095, 4096, 1 << 20, u32::MAX] {
            let here = log2(n) as f64 / f64::from(1 << POINT);
            assert!((here - f64::from(n).log2()).abs() < 1.0 / 256.0, "{n}: {here}");
        }
    }

    #[test]
    fn a_block_of_equal_symbols_costs_its_head_and_one_of_noise_eight_bits_a_byte() {
        let mut counts = Counts::new();
        counts.literals[7] = 4096;
        assert!(block_bits(&counts) < 150, "{}", block_bits(&counts));
        counts.literals[..256].fill(16);
        assert!(block_bits(&counts) > stored_bits(4096));
    }
}
