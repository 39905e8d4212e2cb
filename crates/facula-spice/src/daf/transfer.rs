// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transfer files (`.xsp`, `.xc`): array files as text, numbers in base 16.
//!
//! In: the text. Out: the same [`Daf`] a binary file gives. A number `'-21A8^5'` is −0.21A8₁₆ × 16⁵; integers
//! have no exponent; each block of numbers is preceded by its count.
//!
//! # Source
//! NAIF, "SPC Required Reading" and the file layout of `tobin`; the number encoding is SPICELIB's `DP2HX`.

use super::{Daf, DafKind, Summary};
use crate::error::SpiceError;

const FIRST_LINE: &str = "DAFETF NAIF DAF ENCODED TRANSFER FILE";

/// Whether the bytes begin like a transfer file.
pub(crate) fn is_transfer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DAFETF")
}

/// Reads a transfer file.
pub(crate) fn from_transfer(bytes: &[u8], file: &str) -> Result<Daf, SpiceError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| SpiceError::format("not text", format!("byte {}", e.valid_up_to()), file))?;
    let mut lines = Lines { lines: text.lines(), number: 0, file };
    if lines.next()? != FIRST_LINE {
        return Err(lines.wrong("first line"));
    }
    let kind = match lines.quoted()?.trim() {
        "DAF/SPK" => DafKind::Spk,
        "DAF/CK" => DafKind::Ck,
        "DAF/PCK" => DafKind::Pck,
        _ => return Err(lines.wrong("kind of file")),
    };
    let (doubles, integers) = (lines.integer()?, lines.integer()?);
    let expected = if kind == DafKind::Pck { 5 } else { 6 };
    if doubles != 2 || integers != expected {
        return Err(lines.wrong("summary format"));
    }
    lines.quoted()?;
    let mut daf = Daf { kind, file: file.into(), segments: Vec::new(), words: Vec::new() };
    while let Some(length) = lines.array_start()? {
        let summary = lines.array(&mut daf.words, length, expected)?;
        daf.segments.push(summary);
    }
    Ok(daf)
}

struct Lines<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
    file: &'a str,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, SpiceError> {
        self.number += 1;
        let line = self.lines.next().ok_or_else(|| self.wrong("the file ends early"))?;
        Ok(line.trim_end())
    }

    fn wrong(&self, what: &str) -> SpiceError {
        SpiceError::format(what, format!("line {}", self.number), self.file)
    }

    fn quoted(&mut self) -> Result<&'a str, SpiceError> {
        let line = self.next()?;
        let inside = line.strip_prefix('\'').and_then(|l| l.strip_suffix('\''));
        inside.ok_or_else(|| self.wrong("expected a quoted value"))
    }

    fn integer(&mut self) -> Result<i32, SpiceError> {
        let text = self.quoted()?;
        i32::from_str_radix(text, 16).map_err(|_| self.wrong("expected a hexadecimal integer"))
    }

    fn double(&mut self) -> Result<f64, SpiceError> {
        let text = self.quoted()?;
        parse_hex(text).ok_or_else(|| self.wrong("expected a hexadecimal number"))
    }

    /// Length of the next array, `None` at the end of the arrays.
    fn array_start(&mut self) -> Result<Option<usize>, SpiceError> {
        let line = self.next()?;
        if line.starts_with("TOTAL_ARRAYS") {
            return Ok(None);
        }
        let length =
            line.strip_prefix("BEGIN_ARRAY").and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        length.map(Some).ok_or_else(|| self.wrong("expected BEGIN_ARRAY or TOTAL_ARRAYS"))
    }

    fn array(&mut self, words: &mut Vec<f64>, length: usize, integers: i32) -> Result<Summary, SpiceError> {
        let name = self.quoted()?.trim().to_string();
        let bounds = [self.double()?, self.double()?];
        let integers = (2..integers).map(|_| self.integer()).collect::<Result<Vec<_>, _>>()?;
        let start = words.len();
        // Words are pushed as they are read: a false length costs no memory.
        while words.len() - start < length {
            let block: usize =
                self.next()?.trim().parse().map_err(|_| self.wrong("expected a block count"))?;
            if block == 0 || words.len() - start + block > length {
                return Err(self.wrong("block count does not fit the array"));
            }
            for _ in 0..block {
                words.push(self.double()?);
            }
        }
        if !self.next()?.starts_with("END_ARRAY") {
            return Err(self.wrong("expected END_ARRAY"));
        }
        Ok(Summary { name, bounds, integers, words: start..words.len() })
    }
}

/// A number in SPICE's base-16 notation; `None` when it is not one or does not fit a double.
fn parse_hex(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('^').unwrap_or((text, ""));
    let (negative, digits) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    // 14 digits hold the 53 bits of any double.
    if digits.is_empty() || digits.len() > 14 || digits.starts_with('+') {
        return None;
    }
    let integer = u64::from_str_radix(digits, 16).ok()?;
    let exponent =
        if exponent.is_empty() { digits.len() as i32 } else { i32::from_str_radix(exponent, 16).ok()? };
    let power_of_two = 4 * (i64::from(exponent) - digits.len() as i64);
    if power_of_two.abs() > 1100 {
        return (integer == 0).then_some(0.0);
    }
    // Two steps keep the intermediate finite at both ends of the range.
    let half = (power_of_two / 2) as i32;
    let rest = power_of_two as i32 - half;
    let value = integer as f64 * 2f64.powi(half) * 2f64.powi(rest);
    value.is_finite().then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: &str = "DAFETF NAIF DAF ENCODED TRANSFER FILE\n'DAF/SPK '\n'2'\n'6'\n'TITLE  '\n\
        BEGIN_ARRAY 1 3\n'NAME   '\n'0^0'\n'1^2'\n'-CB'\n'A'\n'1'\n'2'\n2\n'1^1'\n'-8^0'\n1\n'1D164E7A93918D^8'\n\
        END_ARRAY 1 3\nTOTAL_ARRAYS 1\n";

    #[test]
    fn a_small_transfer_file_gives_its_numbers() {
        let daf = from_transfer(SMALL.as_bytes(), "small.xsp").expect("sound");
        assert_eq!(daf.segments[0].integers, [-203, 10, 1, 2]);
        assert_eq!(daf.segments[0].bounds, [0.0, 16.0]);
        assert_eq!(daf.words[..2], [1.0, -0.5]);
        // 1D164E7A.93918D in base 16, by hand: 488001146 + 0x93918D / 2^24.
        assert_eq!(daf.words[2], 488001146.0 + 9671053.0 / 16777216.0);
    }

    #[test]
    fn every_truncation_is_an_error() {
        for end in 0..SMALL.len() - "TOTAL_ARRAYS 1\n".len() {
            assert!(from_transfer(&SMALL.as_bytes()[..end], "cut").is_err(), "{end}");
        }
    }

    #[test]
    fn a_false_length_is_an_error_without_the_memory() {
        let huge = SMALL.replace("BEGIN_ARRAY 1 3", "BEGIN_ARRAY 1 99999999999");
        assert!(from_transfer(huge.as_bytes(), "huge").is_err());
        let block = SMALL.replace("\n2\n'1^1'", "\n99999999\n'1^1'");
        assert!(from_transfer(block.as_bytes(), "block").expect_err("block").to_string().contains("line 14"));
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for text in ["", "-", "^1", "G^1", "1^G", "123456789ABCDEF^1", "1^FFFF", "--1^1", "+1^1"] {
            assert!(parse_hex(text).is_none(), "{text}");
        }
        assert_eq!(parse_hex("0^0"), Some(0.0));
    }

    fn encode(value: f64) -> String {
        let bits = value.abs().to_bits();
        let exponent = (bits >> 52) as i32 - 1075;
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        // Shift so that the power of two becomes a multiple of four.
        let shift = exponent.rem_euclid(4);
        let digits = format!("{:X}", mantissa << shift);
        let power = (exponent - shift) / 4 + digits.len() as i32;
        let sign = if value < 0.0 { "-" } else { "" };
        let power_sign = if power < 0 { "-" } else { "" };
        format!("{sign}{digits}^{power_sign}{:X}", power.abs())
    }

    proptest! {
        #[test]
        fn numbers_round_trip_to_the_last_bit(value in proptest::num::f64::NORMAL) {
            prop_assert_eq!(parse_hex(&encode(value)), Some(value));
        }

        #[test]
        fn no_text_makes_the_reader_panic(tail in "(BEGIN_ARRAY|END_ARRAY|'[0-9A-F^-]{0,9}'|[0-9 ]{0,3}|\n){0,40}") {
            let text = format!("{}{tail}", &SMALL[..70]);
            let _ = from_transfer(text.as_bytes(), "any");
        }
    }
}
