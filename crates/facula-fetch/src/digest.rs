// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checksums while the bytes stream by.

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::FetchError;

/// What is known of a file before it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// Length, bytes.
    pub size_bytes: Option<u64>,
    /// MD5, as PDS archives list it (a guard against accidents, not against forgery).
    pub md5: Option<[u8; 16]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// Bytes from exactly `2 N` hexadecimal digits of either case; `None` for anything else.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len().is_multiple_of(2) { bytes.try_into().ok() } else { None }
}

/// Length and checksums of what went through so far.
#[derive(Clone, Default)]
pub(crate) struct Digests {
    sha256: Sha256,
    md5: Option<Md5>,
    pub(crate) length_bytes: u64,
}

impl Digests {
    /// MD5 is only computed where it will be compared.
    pub(crate) fn new(expected: &Expected) -> Self {
        Self { md5: expected.md5.map(|_| Md5::default()), ..Self::default() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        self.length_bytes += bytes.len() as u64;
    }

    /// The SHA-256, if length and checksums are the expected ones.
    pub(crate) fn verify(self, expected: &Expected, origin: &str) -> Result<[u8; 32], FetchError> {
        const HINT: &str = "the list or the server is wrong; compare with the archive's checksum file";
        if let Some(size_bytes) = expected.size_bytes.filter(|size_bytes| *size_bytes != self.length_bytes) {
            let what = format!("{} bytes came, {size_bytes} were promised", self.length_bytes);
            return Err(FetchError::format(origin, what, HINT));
        }
        let sha256: [u8; 32] = self.sha256.finalize().into();
        compare("SHA-256", &sha256, expected.sha256.as_ref().map(|s| &s[..]), origin)?;
        if let Some(md5) = self.md5 {
            compare("MD5", &md5.finalize(), expected.md5.as_ref().map(|s| &s[..]), origin)?;
        }
        Ok(sha256)
    }
}

fn compare(kind: &str, found: &[u8], promised: Option<&[u8]>, origin: &str) -> Result<(), FetchError> {
    match promised {
        Some(promised) if promised != found => Err(FetchError::format(
            origin,
            format!("{kind} is {}, {} was promised", hex(found), hex(promised)),
            "the file was damaged on the way or replaced in the archive; compare with the archive's checksum file",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-4 example "abc" and RFC 1321 appendix A.5.
    const SHA_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MD5_ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn of_abc(expected: &Expected) -> Result<[u8; 32], FetchError> {
        let mut digests = Digests::new(expected);
        digests.update(b"a");
        digests.update(b"bc");
        digests.verify(expected, "x")
    }

    #[test]
    fn published_checksums_are_met() {
        let expected = Expected { size_bytes: Some(3), md5: from_hex(MD5_ABC), sha256: from_hex(SHA_ABC) };
        assert!(expected.md5.is_some() && expected.sha256.is_some());
        assert_eq!(hex(&of_abc(&expected).unwrap()), SHA_ABC);
    }

    #[test]
    fn each_difference_is_named() {
        let md5 = Expected { md5: Some([0; 16]), ..Expected::default() };
        assert!(of_abc(&md5).unwrap_err().to_string().contains(MD5_ABC));
        let sha256 = Expected { sha256: Some([0; 32]), ..Expected::default() };
        assert!(of_abc(&sha256).unwrap_err().to_string().contains("SHA-256 is ba78"));
        let size = Expected { size_bytes: Some(4), ..Expected::default() };
        assert!(of_abc(&size).unwrap_err().to_string().contains("3 bytes came, 4 were promised"));
    }

    #[test]
    fn hexadecimal_that_is_none_is_refused() {
        for bad in ["", "0", "zz", "0011", "00é"] {
            assert!(from_hex::<1>(bad).is_none(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hexadecimal_round_trips(bytes: [u8; 16]) {
            proptest::prop_assert_eq!(from_hex::<16>(&hex(&bytes)), Some(bytes));
            proptest::prop_assert_eq!(from_hex::<16>(&hex(&bytes).to_uppercase()), Some(bytes));
        }
    }
}
