// SPDX-License-Identifier: MIT OR Apache-2.0
//! FITS headers: 80-column cards to keywords and values.

use std::path::PathBuf;

use crate::ArchiveError;
use crate::fits::FITS_BLOCK_BYTES;
use crate::samples::Sample;

const CARD_BYTES: usize = 80;

/// What to do with a header that cannot be understood.
const REFETCH: &str = "fetch the file again, or give the frame in another format";

/// One line of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitsCard {
    /// Keyword, without trailing blanks; empty for blank cards.
    pub keyword: String,
    /// Value without quotes and comment; `None` for `COMMENT`, `HISTORY` and the like.
    pub value: Option<String>,
    /// The whole card without trailing blanks.
    pub text: String,
}

impl FitsCard {
    /// A card with a text value; a quote in it is doubled as the standard asks.
    pub fn text(keyword: &str, value: &str) -> Self {
        let quoted = format!("'{:<8}'", value.replace('\'', "''"));
        Self::with(keyword, value.trim_end(), &format!("{quoted:<20}"))
    }

    /// A card with a number or `T`/`F`, written as given.
    pub fn number(keyword: &str, value: &str) -> Self {
        Self::with(keyword, value, &format!("{value:>20}"))
    }

    fn with(keyword: &str, value: &str, field: &str) -> Self {
        let text = format!("{keyword:<8}= {field}").trim_end().to_string();
        Self { keyword: keyword.to_string(), value: Some(value.to_string()), text }
    }

    fn parse(card: &str) -> Self {
        let (keyword, rest) = card.split_at(8.min(card.len()));
        let keyword = keyword.trim_end().to_string();
        let commentary = matches!(keyword.as_str(), "" | "COMMENT" | "HISTORY");
        let value = if commentary { None } else { rest.strip_prefix("= ").map(parse_value) };
        Self { keyword, value, text: card.trim_end().to_string() }
    }
}

/// The value field: quoted text with doubled quotes, or everything up to the comment.
fn parse_value(field: &str) -> String {
    let Some(quoted) = field.trim_start().strip_prefix('\'') else {
        return field.split('/').next().unwrap_or_default().trim().to_string();
    };
    let mut value = String::new();
    let mut characters = quoted.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if_eq(&'\'').is_some() {
            value.push('\'');
        } else {
            break;
        }
    }
    value.trim_end().to_string()
}

/// The value of the first card with a keyword.
pub(super) fn value<'a>(cards: &'a [FitsCard], keyword: &str) -> Option<&'a str> {
    cards.iter().find(|card| card.keyword == keyword).and_then(|card| card.value.as_deref())
}

/// A finite number from the first card with a keyword; `None` when there is no such card.
pub(super) fn number(cards: &[FitsCard], keyword: &str) -> Result<Option<f64>, ArchiveError> {
    let Some(text) = value(cards, keyword) else { return Ok(None) };
    // Fortran writes D for the exponent of doubles.
    match text.replace(['D', 'd'], "E").parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(ArchiveError::format(
            format!("FITS keyword {keyword} = \"{text}\" is not a finite number"),
            REFETCH,
        )),
    }
}

/// The header of one unit.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) cards: Vec<FitsCard>,
    pub(super) problems: Vec<String>,
    /// Where the data of the unit start, bytes from the start of the file.
    pub(super) end: usize,
}

impl Header {
    /// Parses the header that starts at byte `start`.
    pub(super) fn parse(bytes: &[u8], start: usize) -> Result<Self, ArchiveError> {
        let mut header = Self { cards: Vec::new(), problems: Vec::new(), end: 0 };
        for (index, card) in bytes[start..].as_chunks::<CARD_BYTES>().0.iter().enumerate() {
            if index == 0 && !(card.starts_with(b"SIMPLE  =") || card.starts_with(b"XTENSION=")) {
                let what = format!("byte {start} does not start a FITS header (no SIMPLE or XTENSION)");
                return Err(ArchiveError::format(what, REFETCH));
            }
            if card.trim_ascii_end() == b"END" {
                header.end = start + ((index + 1) * CARD_BYTES).next_multiple_of(FITS_BLOCK_BYTES);
                return header.finished(bytes);
            }
            header.push(card, index);
        }
        let what =
            format!("the FITS header at byte {start} has no END card in {} bytes", bytes.len() - start);
        Err(ArchiveError::format(what, "fetch the file again: it is cut short or not FITS"))
    }

    fn push(&mut self, card: &[u8], index: usize) {
        let printable = card.iter().all(|b| (b' '..=b'~').contains(b));
        if !printable {
            self.problems
                .push(format!("header card {} holds characters that are not printable ASCII", index + 1));
        }
        let text: String =
            card.iter().map(|b| if (b' '..=b'~').contains(b) { *b as char } else { '?' }).collect();
        self.cards.push(FitsCard::parse(&text));
    }

    fn finished(self, bytes: &[u8]) -> Result<Self, ArchiveError> {
        if self.end > bytes.len() {
            return Err(ArchiveError::cut("the FITS header", self.end as u64, bytes.len() as u64));
        }
        if self.value("SIMPLE").is_some_and(|v| v != "T") {
            return Err(ArchiveError::unsupported("FITS with SIMPLE = F", REFETCH));
        }
        Ok(self)
    }

    pub(super) fn value(&self, keyword: &str) -> Option<&str> {
        value(&self.cards, keyword)
    }

    /// A whole number that must be there.
    fn whole(&self, keyword: &str) -> Result<i64, ArchiveError> {
        let text = self.value(keyword);
        text.and_then(|t| t.parse().ok()).ok_or_else(|| {
            let found = text.map_or("no card".to_string(), |t| format!("\"{t}\""));
            let what = format!("FITS keyword {keyword} has to be a whole number, found {found}");
            ArchiveError::format(what, REFETCH)
        })
    }

    fn size(&self, keyword: &str) -> Result<u64, ArchiveError> {
        let number = self.whole(keyword)?;
        u64::try_from(number).map_err(|_| {
            ArchiveError::format(format!("FITS keyword {keyword} = {number} is negative"), REFETCH)
        })
    }

    /// How numbers are stored, by `BITPIX` or `ZBITPIX`.
    pub(super) fn sample_of(&self, keyword: &str) -> Result<Sample, ArchiveError> {
        match self.whole(keyword)? {
            8 => Ok(Sample::U8),
            16 => Ok(Sample::I16),
            32 => Ok(Sample::I32),
            64 => Ok(Sample::I64),
            -32 => Ok(Sample::F32),
            -64 => Ok(Sample::F64),
            other => Err(ArchiveError::unsupported(
                format!("{keyword} = {other}"),
                "use 8, 16, 32, 64, -32 or -64",
            )),
        }
    }

    pub(super) fn axes(&self, most: u64) -> Result<Vec<u64>, ArchiveError> {
        let count = self.size("NAXIS")?;
        if count > most {
            let path = PathBuf::new();
            return Err(ArchiveError::Limit {
                what: "the number of FITS axes",
                value: count,
                limit: most,
                path,
            });
        }
        (1..=count).map(|axis| self.size(&format!("NAXIS{axis}"))).collect()
    }

    /// `|BITPIX| / 8 * GCOUNT * (PCOUNT + product of the axes)`, FITS 4.0 equation 2.
    pub(super) fn data_bytes(&self, axes: &[u64], sample: Sample) -> Result<usize, ArchiveError> {
        if axes.is_empty() {
            return Ok(0);
        }
        let count =
            |keyword, default| if self.value(keyword).is_some() { self.size(keyword) } else { Ok(default) };
        let (groups, parameters) = (count("GCOUNT", 1)?, count("PCOUNT", 0)?);
        let pixels = axes.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
        pixels
            .and_then(|n| n.checked_add(parameters)?.checked_mul(groups)?.checked_mul(sample.bytes() as u64))
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| self.too_large(axes))
    }

    pub(super) fn too_large(&self, axes: &[u64]) -> ArchiveError {
        ArchiveError::format(format!("FITS axes {axes:?} hold more bytes than can be counted"), REFETCH)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A header block of a first card and others, made by hand, not by the writer under test.
    pub(in crate::fits) fn header_block(first: (&str, &str), cards: &[(&str, &str)]) -> Vec<u8> {
        let lines =
            std::iter::once(&first).chain(cards).map(|(k, v)| format!("{:<80}", format!("{k:<8}= {v:>20}")));
        let text: String = lines.chain([format!("{:<80}", "END")]).collect();
        format!("{text:<width$}", width = text.len().next_multiple_of(FITS_BLOCK_BYTES)).into_bytes()
    }

    /// A file with one unit.
    pub(in crate::fits) fn image_file(cards: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
        let mut bytes = header_block(("SIMPLE", "T"), cards);
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(FITS_BLOCK_BYTES), 0);
        bytes
    }

    #[test]
    fn values_lose_quotes_and_comments() {
        let value = |text: &str| FitsCard::parse(text).value;
        assert_eq!(value("OBJECT  = 'It''s a / b'   / comment").as_deref(), Some("It's a / b"));
        assert_eq!(value("BZERO   =              0.00000 / offset").as_deref(), Some("0.00000"));
        assert_eq!(value("NEAR-035= '        '           / MET").as_deref(), Some(""));
        assert_eq!(value("COMMENT = no value here"), None);
        assert_eq!(value("COMMENT   Astrophysics"), None);
        assert_eq!(value("END"), None);
    }

    #[test]
    fn numbers_may_have_fortran_exponents_but_must_be_finite() {
        let cards =
            [FitsCard::number("A", "1.5D3"), FitsCard::number("B", "1e999"), FitsCard::text("C", "x")];
        assert_eq!(number(&cards, "A").unwrap(), Some(1500.0));
        assert!(number(&cards, "B").is_err() && number(&cards, "C").is_err());
        assert_eq!(number(&cards, "D").unwrap(), None);
    }

    #[test]
    fn cards_that_are_not_ascii_are_a_problem_not_an_error() {
        let mut bytes = image_file(&[("BITPIX", "8"), ("NAXIS", "0"), ("OBJECT", "'Ceres'")], &[]);
        let at = bytes.windows(5).position(|w| w == b"Ceres").unwrap();
        bytes[at] = 0xc7;
        let header = Header::parse(&bytes, 0).unwrap();
        assert_eq!(header.value("OBJECT"), Some("?eres"));
        assert!(header.problems[0].contains("card 4"));
    }

    proptest! {
        #[test]
        fn text_cards_round_trip(value in "[ -~]{0,30}") {
            let card = FitsCard::text("OBJECT", &value);
            prop_assume!(card.text.len() <= CARD_BYTES);
            prop_assert_eq!(FitsCard::parse(&format!("{:<80}", card.text)), card);
        }

        #[test]
        fn any_card_is_survived(card in "[ -~]{80}") {
            let _ = FitsCard::parse(&card);
        }
    }
}
