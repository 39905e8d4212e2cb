// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rice coding of differences (`RICE_1`).
//!
//! In: the bytes of a tile. Out: its whole numbers. Blocks of pixels share the count of low bits; the rest of a
//! difference is counted in zeros.
//!
//! # Source
//! FITS 4.0, section 10.4.1; R. F. Rice, P.-S. Yeh, W. H. Miller, "Algorithms for a very high speed universal
//! noiseless coding module", JPL 91-1 (1991).

use crate::ArchiveError;
use crate::fits::tiles::damaged;

/// What the header says about the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rice {
    /// Pixels of a block (`BLOCKSIZE`).
    pub(super) block: usize,
    /// Bytes of a stored number (`BYTEPIX`): 1, 2 or 4.
    pub(super) bytes_per_pixel: usize,
}

/// Widths of the code for numbers of one size, bits.
#[derive(Clone, Copy)]
struct Widths {
    /// The count of low bits.
    count: u32,
    /// The count that means "differences as they are".
    raw: u32,
    /// A number.
    number: u32,
}

impl Rice {
    /// Appends the `count` numbers of a tile to `out`; numbers of one byte are unsigned, others signed.
    pub(super) fn decode(self, bytes: &[u8], count: usize, out: &mut Vec<i32>) -> Result<(), ArchiveError> {
        let widths = match self.bytes_per_pixel {
            1 => Widths { count: 3, raw: 6, number: 8 },
            2 => Widths { count: 4, raw: 14, number: 16 },
            4 => Widths { count: 5, raw: 25, number: 32 },
            other => return Err(damaged(&format!("Rice code of numbers of {other} bytes"))),
        };
        if self.block == 0 {
            return Err(damaged("Rice code with blocks of no pixels"));
        }
        // Behind the first number each block takes its count of low bits at least, so this bounds the allocation.
        let blocks = count.div_ceil(self.block);
        if blocks as u64 * u64::from(widths.count) > 8 * bytes.len() as u64 {
            return Err(cut());
        }
        let start = out.len();
        out.resize(start + count, 0);
        let mut bits = Bits::new(bytes);
        let mut last = bits.take(widths.number)?;
        for block in out[start..].chunks_mut(self.block) {
            decode_block(&mut bits, widths, &mut last, block)?;
        }
        bits.check()?;
        // Differences wrap around in the width of a number.
        match self.bytes_per_pixel {
            1 => out[start..].iter_mut().for_each(|value| *value &= 0xff),
            2 => out[start..].iter_mut().for_each(|value| *value = i32::from(*value as i16)),
            _ => {}
        }
        Ok(())
    }
}

fn cut() -> ArchiveError {
    damaged("a Rice tile is cut short")
}

fn decode_block(
    bits: &mut Bits<'_>,
    widths: Widths,
    last: &mut u32,
    block: &mut [i32],
) -> Result<(), ArchiveError> {
    let code = bits.take(widths.count)?;
    match code.checked_sub(1) {
        None => block.fill(last.cast_signed()),
        Some(low) if low == widths.raw => {
            for value in block {
                *last = last.wrapping_add(signed(bits.take(widths.number)?));
                *value = last.cast_signed();
            }
        }
        Some(low) if low < widths.raw => decode_low(bits, low, last, block)?,
        Some(low) => return Err(damaged(&format!("Rice code with {low} low bits"))),
    }
    Ok(())
}

/// A block of differences with `low` low bits each. The state of the bits is kept in single variables, which stay
/// in registers where the struct would not.
fn decode_low(bits: &mut Bits<'_>, low: u32, last: &mut u32, block: &mut [i32]) -> Result<(), ArchiveError> {
    let Bits { mut rest, mut loaded, mut held, invented: _ } = *bits;
    let mut sum = *last;
    for value in block {
        let mut zeros = loaded.leading_zeros();
        if zeros + 1 + low > held
            && let Some(eight) = rest.first_chunk::<8>()
        {
            let taken = (63 - held) >> 3;
            loaded |= u64::from_be_bytes(*eight) >> held;
            held += 8 * taken;
            loaded &= u64::MAX << (64 - held);
            rest = &rest[taken as usize..];
            zeros = loaded.leading_zeros();
        }
        let difference = if zeros + 1 + low > held {
            // Near the end, or a long run of zeros.
            (bits.rest, bits.loaded, bits.held) = (rest, loaded, held);
            let difference = bits.difference(low)?;
            (rest, loaded, held) = (bits.rest, bits.loaded, bits.held);
            difference
        } else {
            let behind = loaded << zeros << 1;
            loaded = behind << low;
            held -= zeros + 1 + low;
            zeros << low | (behind >> 1 >> (63 - low)) as u32
        };
        sum = sum.wrapping_add(signed(difference));
        *value = sum.cast_signed();
    }
    (bits.rest, bits.loaded, bits.held, *last) = (rest, loaded, held, sum);
    Ok(())
}

/// Even numbers count up from 0, odd ones down from -1.
const fn signed(difference: u32) -> u32 {
    (difference >> 1) ^ (difference & 1).wrapping_neg()
}

/// Bits of a tile, the most significant first.
#[derive(Clone, Copy)]
struct Bits<'a> {
    /// What is not loaded yet.
    rest: &'a [u8],
    /// Loaded bits, the next one on top; zeros below them.
    loaded: u64,
    held: u32,
    /// Bits made up behind the end, more than which nobody may have taken.
    invented: u32,
}

impl<'a> Bits<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, loaded: 0, held: 0, invented: 0 }
    }

    /// Loads until at least 56 bits are held; zeros follow the end.
    fn fill(&mut self) {
        while self.held <= 56 {
            match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.loaded |= u64::from(*byte) << (56 - self.held);
                    self.rest = rest;
                }
                None => self.invented = self.invented.saturating_add(8),
            }
            self.held += 8;
        }
    }

    /// Whether all bits taken so far were in the tile.
    fn check(&self) -> Result<(), ArchiveError> {
        if self.invented <= self.held { Ok(()) } else { Err(cut()) }
    }

    /// The next `count` bits, at most 32.
    #[inline]
    fn take(&mut self, count: u32) -> Result<u32, ArchiveError> {
        if self.held < count {
            self.fill();
            self.check()?;
        }
        // Two shifts, for one of 64 is not defined.
        let value = (self.loaded >> 1 >> (63 - count)) as u32;
        self.loaded <<= count;
        self.held -= count;
        Ok(value)
    }

    /// A difference: its high part counted in zeros before a one, then `low` bits.
    #[cold]
    fn difference(&mut self, low: u32) -> Result<u32, ArchiveError> {
        let mut high = 0u32;
        while self.take(1)? == 0 {
            high += 1;
        }
        let low_bits = self.take(low)?;
        Ok(high.wrapping_shl(low) | low_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits from text, filled up with zeros.
    fn bits(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| b"01".contains(b)).map(|b| b - b'0').collect();
        digits
            .chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | bit << (7 - at)))
            .collect()
    }

    fn decoded(text: &str, bytes_per_pixel: usize, count: usize) -> Result<Vec<i32>, ArchiveError> {
        let mut out = Vec::new();
        Rice { block: 4, bytes_per_pixel }.decode(&bits(text), count, &mut out)?;
        Ok(out)
    }

    #[test]
    fn each_kind_of_block_is_decoded() {
        // First number 10; code 0: four like the one before; code 2 (one low bit): 0, +1, -1, +2 are the codes 0, 2, 1, 4.
        let text = "00001010 000  010 1 0  01 0  1 1  001 0";
        assert_eq!(decoded(text, 1, 8).unwrap(), [10, 10, 10, 10, 10, 11, 10, 12]);
        // Code 7: differences as they are, 8 bits: +100 is 200.
        assert_eq!(decoded("00000000 111 11001000 00000000", 1, 2).unwrap(), [100, 100]);
        // Numbers wrap in their width: 0 - 1 is 255 unsigned, -1 signed.
        assert_eq!(decoded("00000000 001 01", 1, 1).unwrap(), [255]);
        assert_eq!(decoded("0000000000000000 0001 01", 2, 1).unwrap(), [-1]);
    }

    #[test]
    fn long_runs_of_zeros_are_counted() {
        let text = format!("{:032b} 00001 {}1", 5, "0".repeat(200));
        assert_eq!(decoded(&text, 4, 1).unwrap(), [105]);
    }

    #[test]
    fn damaged_tiles_are_errors() {
        let text = format!("{:032b} 00011 1 01 01 11 0001 10 1 00", 7);
        let bytes = bits(&text);
        assert!(decoded(&text, 4, 4).is_ok());
        for length in 0..bytes.len() {
            let cut = Rice { block: 4, bytes_per_pixel: 4 }.decode(&bytes[..length], 4, &mut Vec::new());
            assert!(cut.is_err(), "cut at {length}");
        }
        assert!(Rice { block: 0, bytes_per_pixel: 4 }.decode(&bytes, 4, &mut Vec::new()).is_err());
        assert!(Rice { block: 32, bytes_per_pixel: 3 }.decode(&bytes, 4, &mut Vec::new()).is_err());
        assert!(Rice { block: 32, bytes_per_pixel: 4 }.decode(&[0; 5], 1_000_000, &mut Vec::new()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), size in 0usize..3) {
            let rice = Rice { block: 32, bytes_per_pixel: 1 << size };
            let _ = rice.decode(&bytes, 500, &mut Vec::new());
        }
    }
}
