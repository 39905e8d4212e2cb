// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the bytes of a chunk are packed: stored, deflated, LZW, PackBits; and the predictors under that.
//!
//! # Source
//! TIFF 6.0 (Adobe, 1992), sections 9 (PackBits), 13 (LZW), 14 (predictor 2); TIFF Technical Note 3 (predictor 3).

use std::io::Read;

use crate::ArchiveError;
use crate::map_image::tiff::{CONVERT, damaged};
use crate::samples::{ByteOrder, Sample};

/// How chunks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Deflated,
    Lzw,
    PackBits,
}

/// Codes of LZW: those of bytes, start again, end; the longest code has 12 bits.
const CLEAR: usize = 256;
const END: usize = 257;
const LONGEST_CODE_BITS: u32 = 12;

impl Packing {
    pub(super) fn of(code: u64) -> Result<Self, ArchiveError> {
        Ok(match code {
            1 => Self::Stored,
            5 => Self::Lzw,
            8 | 32_946 => Self::Deflated,
            32_773 => Self::PackBits,
            other => return Err(ArchiveError::unsupported(format!("TIFF compression {other}"), CONVERT)),
        })
    }

    /// No packing makes chunks smaller than this part of them: deflate 1032, LZW 4096 - 257 bytes in 12 bits,
    /// PackBits 128 in 2 bytes.
    pub(super) const fn most_shrunk(self) -> u64 {
        match self {
            Self::Stored => 1,
            Self::Deflated => 1033,
            Self::Lzw => 2560,
            Self::PackBits => 64,
        }
    }

    /// The bytes of a chunk, exactly `length`.
    pub(super) fn unpack(self, stored: &[u8], length: usize) -> Result<Vec<u8>, ArchiveError> {
        let chunk = match self {
            Self::Stored => stored.to_vec(),
            Self::Deflated => {
                let mut chunk = Vec::new();
                // One byte more than needed tells a chunk that is too long.
                let mut stream = flate2::read::ZlibDecoder::new(stored).take(length as u64 + 1);
                stream.read_to_end(&mut chunk).map_err(|error| damaged(&format!("deflate: {error}")))?;
                chunk
            }
            Self::Lzw => lzw(stored, length)?,
            Self::PackBits => pack_bits(stored, length)?,
        };
        if chunk.len() == length {
            Ok(chunk)
        } else {
            Err(damaged(&format!("a chunk holds other than {length} bytes")))
        }
    }
}

/// At most `length` bytes.
fn pack_bits(stored: &[u8], length: usize) -> Result<Vec<u8>, ArchiveError> {
    let (mut chunk, mut rest) = (Vec::new(), stored);
    let cut = || damaged("a PackBits chunk is cut short");
    while chunk.len() < length {
        let (count, after) = rest.split_first().ok_or_else(cut)?;
        rest = match *count {
            128 => after,
            count @ 0..128 => {
                let count = usize::from(count) + 1;
                chunk.extend_from_slice(after.get(..count).ok_or_else(cut)?);
                &after[count..]
            }
            count => {
                let (byte, after) = after.split_first().ok_or_else(cut)?;
                chunk.resize(chunk.len() + 257 - usize::from(count), *byte);
                after
            }
        };
    }
    Ok(chunk)
}

/// At most `length` bytes: codes of 9 to 12 bits, first bit first, one bit longer one code early.
fn lzw(stored: &[u8], length: usize) -> Result<Vec<u8>, ArchiveError> {
    let wrong = || damaged("an LZW chunk is not sound");
    let mut chunk: Vec<u8> = Vec::new();
    // Each code above END is a run of bytes of the chunk itself: start and length.
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut bits = Bits { bytes: stored, at: 0 };
    let (mut width, mut last) = (9, None::<(usize, usize)>);
    while chunk.len() < length {
        let code = bits.take(width).ok_or_else(wrong)?;
        if code == END {
            break;
        }
        if code == CLEAR {
            (width, last) = (9, None);
            runs.clear();
            continue;
        }
        let start = chunk.len();
        match (code, last) {
            (byte @ 0..CLEAR, _) => chunk.push(byte as u8),
            (code, Some((from, count))) => {
                // A code not yet known is the last run and its own first byte.
                let (from, count) = runs.get(code - END - 1).copied().unwrap_or((from, count + 1));
                if code - END - 1 > runs.len() {
                    return Err(wrong());
                }
                (from..from + count).for_each(|at| chunk.push(chunk[at]));
            }
            (_, None) => return Err(wrong()),
        }
        // The run behind the last code: its bytes and the one after them, which is where this one starts.
        if let Some((from, count)) = last {
            runs.push((from, count + 1));
        }
        last = Some((start, chunk.len() - start));
        let known = END + 1 + runs.len();
        if known + 1 >= 1 << width && width < LONGEST_CODE_BITS {
            width += 1;
        }
    }
    chunk.truncate(length);
    Ok(chunk)
}

/// A stream of bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits taken.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, width: u32) -> Option<usize> {
        let (first, skipped) = (self.at / 8, (self.at % 8) as u32);
        let byte = |k: usize| self.bytes.get(first + k).copied();
        // 12 bits lie in 3 bytes at most.
        let needed = (skipped + width).div_ceil(8) as usize;
        let window = (0..3).try_fold(0u32, |window, k| {
            let byte = if k < needed { byte(k)? } else { 0 };
            Some(window << 8 | u32::from(byte))
        })?;
        self.at += width as usize;
        Some((window >> (24 - skipped - width) & ((1 << width) - 1)) as usize)
    }
}

/// Undoes the predictor of one line (`step` samples to a pixel) and tells the byte order of the result.
pub(super) fn undo_predictor(
    row: &mut [u8],
    predictor: u64,
    (sample, order): (Sample, ByteOrder),
    step: usize,
) -> ByteOrder {
    let bytes = sample.bytes();
    match predictor {
        2 => {
            for at in step..row.len() / bytes {
                add_number(row, (at - step) * bytes, at * bytes, (bytes, order));
            }
            order
        }
        3 => {
            for at in step..row.len() {
                row[at] = row[at].wrapping_add(row[at - step]);
            }
            // The line holds all first bytes, then all second ones, and so on.
            let planes = row.to_vec();
            let count = row.len() / bytes;
            for (at, value) in row.iter_mut().enumerate() {
                *value = planes[at % bytes * count + at / bytes];
            }
            ByteOrder::Big
        }
        _ => order,
    }
}

/// Adds the integer at byte `from` to the one at `to`, modulo its size.
fn add_number(row: &mut [u8], from: usize, to: usize, (bytes, order): (usize, ByteOrder)) {
    let mut carry = 0u16;
    for step in 0..bytes {
        let at = if order == ByteOrder::Little { step } else { bytes - 1 - step };
        let sum = u16::from(row[from + at]) + u16::from(row[to + at]) + carry;
        row[to + at] = sum as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_is_the_example_of_the_apple_note() {
        // Apple Technical Note TN1023, the example of UnPackBits.
        let packed =
            [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let plain = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        assert_eq!(Packing::PackBits.unpack(&packed, plain.len()).unwrap(), plain);
        for length in 0..packed.len() {
            assert!(Packing::PackBits.unpack(&packed[..length], plain.len()).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn lzw_is_the_example_of_the_standard() {
        // TIFF 6.0, section 13: 7 7 7 8 8 7 7 6 6 as codes 256 7 258 8 8 258 6 6 257, 9 bits each.
        let codes = [256u32, 7, 258, 8, 8, 258, 6, 6, 257];
        let mut bits: Vec<u8> =
            codes.iter().flat_map(|c| (0..9).rev().map(move |b| (c >> b & 1) as u8)).collect();
        bits.resize(bits.len().next_multiple_of(8), 0);
        let packed: Vec<u8> = bits.chunks(8).map(|b| b.iter().fold(0, |sum, bit| sum << 1 | bit)).collect();
        assert_eq!(lzw(&packed, 9).unwrap(), [7, 7, 7, 8, 8, 7, 7, 6, 6]);
        // The last code only says that this is the end.
        for length in 0..9 {
            assert!(Packing::Lzw.unpack(&packed[..length], 9).is_err(), "cut at {length}");
        }
        assert!(lzw(&[0xff; 8], 9).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            for packing in [Packing::Lzw, Packing::PackBits, Packing::Deflated] {
                if let Ok(chunk) = packing.unpack(&bytes, 1000) {
                    proptest::prop_assert!(1000 <= bytes.len() as u64 * packing.most_shrunk() && chunk.len() == 1000);
                }
            }
        }
    }
}
