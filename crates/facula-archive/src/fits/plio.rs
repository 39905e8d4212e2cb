// SPDX-License-Identifier: MIT OR Apache-2.0
//! IRAF pixel lists (`PLIO_1`): runs of whole numbers, as masks have them.
//!
//! # Source
//! FITS 4.0, section 10.4.3 and table 39 (instructions of the line list).

use crate::ArchiveError;
use crate::fits::tiles::damaged;

/// Appends the `count` numbers of a tile to `out`.
pub(super) fn decode(bytes: &[u8], count: usize, out: &mut Vec<i32>) -> Result<(), ArchiveError> {
    let words: Vec<i16> = bytes.as_chunks::<2>().0.iter().map(|b| i16::from_be_bytes(*b)).collect();
    let word =
        |at: usize| words.get(at).copied().map(i32::from).ok_or_else(|| damaged("a PLIO list is cut short"));
    // Old lists keep their length in word 3, newer ones say in word 2 where the instructions start.
    let (first, length) = if word(2)? > 0 {
        (3, word(2)?)
    } else {
        (usize::try_from(word(1)?).unwrap_or(0), (word(4)? << 15) + word(3)?)
    };
    let end = usize::try_from(length).ok().filter(|end| *end <= words.len() && first <= *end);
    let end = end.ok_or_else(|| damaged("a PLIO list is cut short"))?;
    let (start, mut high, mut at) = (out.len(), 1i32, first);
    let full = start + count;
    while at < end && out.len() < full {
        let (code, data) = (word(at)? >> 12 & 0xf, word(at)? & 0xfff);
        let run = (data as usize).min(full - out.len());
        match code {
            0 => out.extend(std::iter::repeat_n(0, run)),
            4 => out.extend(std::iter::repeat_n(high, run)),
            5 => {
                let zeros = (data as usize).saturating_sub(1).min(full - out.len());
                out.extend(std::iter::repeat_n(0, zeros));
                if data > 0 && out.len() < full {
                    out.push(high);
                }
            }
            1 => {
                high = word(at + 1)? << 12 | data;
                at += 1;
            }
            2 => high = high.wrapping_add(data),
            3 => high = high.wrapping_sub(data),
            6 | 7 => {
                high = if code == 6 { high.wrapping_add(data) } else { high.wrapping_sub(data) };
                out.push(high);
            }
            _ => return Err(damaged(&format!("a PLIO list with instruction {code}"))),
        }
        at += 1;
    }
    out.resize(full, 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[u16]) -> Vec<u8> {
        let head = [0, 7, 0xff9c, 7 + words.len() as u16, 0, 0, 0];
        head.iter().chain(words).flat_map(|w| w.to_be_bytes()).collect()
    }

    fn decoded(words: &[u16], count: usize) -> Result<Vec<i32>, ArchiveError> {
        let mut out = Vec::new();
        decode(&list(words), count, &mut out).map(|()| out)
    }

    #[test]
    fn instructions_do_what_the_standard_says() {
        // Two zeros; three of the high value 1; high value 0x2005; one zero and one high; up by 3 and a pixel; down by 1 and a pixel.
        let words = [0x0002, 0x4003, 0x1005, 0x0002, 0x5002, 0x6003, 0x7001];
        assert_eq!(decoded(&words, 10).unwrap(), [0, 0, 1, 1, 1, 0, 0x2005, 0x2008, 0x2007, 0]);
        assert_eq!(decoded(&[0x2004, 0x4002, 0x3001, 0x4001], 3).unwrap(), [5, 5, 4]);
    }

    #[test]
    fn lists_never_give_more_than_the_tile_holds_and_cuts_are_errors() {
        assert_eq!(decoded(&[0x4fff], 4).unwrap(), [1; 4]);
        assert!(decoded(&[0x8001], 4).is_err());
        let bytes = list(&[0x1005, 0x0002, 0x4004]);
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length], 4, &mut Vec::new()).is_err(), "cut at {length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            let mut out = Vec::new();
            if decode(&bytes, 50, &mut out).is_ok() {
                proptest::prop_assert_eq!(out.len(), 50);
            }
        }
    }
}
