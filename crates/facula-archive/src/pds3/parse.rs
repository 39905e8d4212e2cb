// SPDX-License-Identifier: MIT OR Apache-2.0
//! The label reader: recursive descent over bytes, with a limit of depth.

use crate::ArchiveError;
use crate::pds3::{BlockKind, Data, Item, Label, Value};

/// Deepest nesting of blocks, sequences and sets together. Labels in the archives stay below 6.
const MAX_DEPTH: usize = 32;

/// Hint of all errors about a label's grammar.
const HINT: &str = "compare the label with its archive, and fetch it again if it differs";

impl Label {
    /// Parses a label up to its `END` and returns it with the position behind it.
    ///
    /// # Errors
    /// `Format` with the line number; a label without `END` is cut short.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), ArchiveError> {
        let mut reader = Reader { bytes, at: 0 };
        let items = reader.items(None, 0)?;
        Ok((Self { items }, reader.at))
    }
}

/// A finite number, decimal or based (`16#FF#`); `None` for anything else.
pub(super) fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if decimal {
        return text.parse().ok().filter(|n: &f64| n.is_finite());
    }
    let mut parts = text.split('#');
    let (radix, digits) = (parts.next()?, parts.next()?);
    if parts.next() != Some("") || parts.next().is_some() {
        return None;
    }
    let (negative, radix) = radix.strip_prefix('-').map_or((false, radix), |r| (true, r));
    let radix = radix.parse().ok().filter(|r| (2..=16).contains(r))?;
    let value = i64::from_str_radix(digits, radix).ok()? as f64;
    Some(if negative { -value } else { value })
}

/// What a bare word is.
pub(super) fn classify(word: &str) -> Data {
    let text = word.to_string();
    let digit_first = word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if number(word).is_some() {
        Data::Number(text)
    } else if digit_first && word.contains(['-', ':']) {
        Data::Time(text)
    } else {
        Data::Symbol(text)
    }
}

/// Whether a byte may stand in a bare word.
pub(super) fn is_word(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !b",(){}<>=\"';".contains(&byte)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self, what: &str) -> ArchiveError {
        let line = 1 + self.bytes[..self.at.min(self.bytes.len())].iter().filter(|b| **b == b'\n').count();
        ArchiveError::format(format!("label line {line}: {what}"), HINT)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn starts_with(&self, what: &[u8]) -> bool {
        self.bytes[self.at.min(self.bytes.len())..].starts_with(what)
    }

    /// Skips blanks, line ends and comments.
    fn skip_blanks(&mut self) -> Result<(), ArchiveError> {
        loop {
            while self.peek().is_some_and(|b| b.is_ascii_whitespace() || b == 0x0b) {
                self.at += 1;
            }
            if !self.starts_with(b"/*") {
                return Ok(());
            }
            let rest = &self.bytes[self.at..];
            let length = rest.windows(2).position(|w| w == b"*/");
            self.at += 2 + length.ok_or_else(|| self.error("a comment is not closed"))?;
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), ArchiveError> {
        self.skip_blanks()?;
        if self.peek() != Some(byte) {
            return Err(self.error(what));
        }
        self.at += 1;
        Ok(())
    }

    /// A bare word; one that ends a line with a dash goes on in the next line, without the dash (ISIS does this).
    fn word(&mut self) -> String {
        let mut word = Vec::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(is_word) && !self.starts_with(b"/*") {
                self.at += 1;
            }
            word.extend_from_slice(&self.bytes[start..self.at]);
            let folded = self.starts_with(b"\n") || self.starts_with(b"\r\n");
            if !folded || word.last() != Some(&b'-') {
                return decoded(&word);
            }
            word.pop();
            while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
                self.at += 1;
            }
        }
    }

    /// The statements of a block (or of the label) up to and including its end.
    fn items(&mut self, block: Option<(BlockKind, &str)>, depth: usize) -> Result<Vec<Item>, ArchiveError> {
        if depth > MAX_DEPTH {
            return Err(self.error("blocks are nested more than 32 deep"));
        }
        let mut items = Vec::new();
        loop {
            self.skip_blanks()?;
            let key = self.word();
            // Reserved words in any case: ISIS writes `Object`, `End_Group`.
            let kind = match key.to_ascii_uppercase().as_str() {
                "" => return Err(self.error(self.no_statement())),
                word @ ("END" | "END_OBJECT" | "END_GROUP") => return self.end(word, block).map(|()| items),
                "OBJECT" | "BEGIN_OBJECT" => Some(BlockKind::Object),
                "GROUP" | "BEGIN_GROUP" => Some(BlockKind::Group),
                _ => None,
            };
            self.expect(b'=', &format!("a keyword ({}) is not followed by =", shortened(&key)))?;
            items.push(match kind {
                Some(kind) => self.block(kind, depth)?,
                None => Item::Keyword { value: self.value(depth)?, key },
            });
            self.skip_blanks()?;
            if self.peek() == Some(b'=') {
                return Err(self.error("a keyword before this = has no value"));
            }
            if self.peek() == Some(b';') {
                self.at += 1;
            }
        }
    }

    const fn no_statement(&self) -> &'static str {
        if self.at >= self.bytes.len() {
            "the label ends without END: it is cut short"
        } else {
            "a keyword was expected"
        }
    }

    fn block(&mut self, kind: BlockKind, depth: usize) -> Result<Item, ArchiveError> {
        self.skip_blanks()?;
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("an OBJECT or GROUP has no name"));
        }
        let items = self.items(Some((kind, &name)), depth + 1)?;
        Ok(Item::Block { kind, name, items })
    }

    /// Checks that an end statement closes the open block; its `= name` is optional.
    fn end(&mut self, key: &str, block: Option<(BlockKind, &str)>) -> Result<(), ArchiveError> {
        let expected = match block {
            None => "END",
            Some((BlockKind::Object, _)) => "END_OBJECT",
            Some((BlockKind::Group, _)) => "END_GROUP",
        };
        let name = block.map_or("the label", |(_, name)| name);
        if key != expected {
            return Err(self.error(&format!("{key} where {expected} of {} was expected", shortened(name))));
        }
        if block.is_none() {
            return Ok(());
        }
        self.skip_blanks()?;
        if self.peek() == Some(b'=') {
            self.at += 1;
            self.skip_blanks()?;
            let found = self.word();
            if !found.eq_ignore_ascii_case(name) {
                let what = format!("{key} = {} closes {}", shortened(&found), shortened(name));
                return Err(self.error(&what));
            }
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, ArchiveError> {
        if depth > MAX_DEPTH {
            return Err(self.error("values are nested more than 32 deep"));
        }
        self.skip_blanks()?;
        let data = match self.peek() {
            Some(b'"') => Data::Text(unfolded(&self.quoted(b'"')?)),
            Some(b'\'') => Data::Symbol(unfolded(&self.quoted(b'\'')?)),
            Some(b'(') => Data::Sequence(self.list(b')', depth)?),
            Some(b'{') => Data::Set(self.list(b'}', depth)?),
            _ => match self.word() {
                word if word.is_empty() => return Err(self.error("a value was expected")),
                word => classify(&word),
            },
        };
        Ok(Value { data, unit: self.unit()? })
    }

    fn quoted(&mut self, quote: u8) -> Result<String, ArchiveError> {
        let rest = &self.bytes[self.at + 1..];
        let length = rest.iter().position(|b| *b == quote);
        let length = length.ok_or_else(|| self.error("quoted text is not closed"))?;
        self.at += length + 2;
        Ok(decoded(&rest[..length]))
    }

    /// The values after an opening bracket, up to and including the closing one.
    fn list(&mut self, close: u8, depth: usize) -> Result<Vec<Value>, ArchiveError> {
        self.at += 1;
        let mut values = Vec::new();
        self.skip_blanks()?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(values);
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.skip_blanks()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(values);
                }
                _ => return Err(self.error("a list has to go on with , or its closing bracket")),
            }
        }
    }

    fn unit(&mut self) -> Result<Option<String>, ArchiveError> {
        self.skip_blanks()?;
        if self.peek() != Some(b'<') {
            return Ok(None);
        }
        let rest = &self.bytes[self.at + 1..];
        let length = rest.iter().position(|b| b"<>\"\n".contains(b)).filter(|n| rest[*n] == b'>');
        let length = length.ok_or_else(|| self.error("a unit is not closed with >"))?;
        self.at += length + 2;
        Ok(Some(decoded(&rest[..length]).trim().to_string()))
    }
}

/// The start of a word, for messages.
fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}

/// UTF-8 where it is, else Latin-1: old labels hold names with accents.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|b| *b as char).collect(),
    }
}

/// Text over several lines becomes one line, joined by single blanks; a dash at the end of a line joins without.
fn unfolded(text: &str) -> String {
    if !text.contains(['\n', '\r']) {
        return text.to_string();
    }
    let mut whole = String::new();
    let mut folded = true;
    for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
        whole.push_str(if folded { "" } else { " " });
        folded = line.ends_with('-');
        let line = if folded { &line[..line.len() - 1] } else { line };
        whole.push_str(if folded { line.trim_start() } else { line.trim() });
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = b"PDS_VERSION_ID = PDS3 /* note */\r\n^IMAGE = (\"F.IMG\", 5)\r\n\
        DAWN:T_CCD = 217.927 <kelvin>\nMASK = 16#FF# \nTIMES = {2015-170T16:15:46.345, 2016-03-17}\n\
        NESTED = ((1, 2), (3, \"N/A\"))\nEMPTY = (\n)\nVEC = (\n 1.5 <km>\n , -2E3 <km>\n)\nFLAG= N;\n\
        DESCRIPTION = \"\n  FITS format,\n  see (1) = {x}.\"\nOBJECT = IMAGE\n LINES = 7\n GROUP = A\n B = 'C d'\n\
        END_GROUP\nEND_OBJECT = IMAGE\nLINES = 3\nLINES = 4\nEND\r\n\0binary \"";

    #[test]
    fn the_grammar_of_labels_is_understood() {
        let (label, end) = Label::parse(SAMPLE).unwrap();
        assert_eq!(&SAMPLE[end..end + 2], b"\r\n");
        let text = |path: &str| label.get(path).unwrap().to_string();
        assert_eq!(text("^IMAGE"), "(F.IMG, 5)");
        assert_eq!(label.get("DAWN:T_CCD").unwrap().unit.as_deref(), Some("kelvin"));
        assert_eq!(label.get("MASK").unwrap().number(), Some(255.0));
        assert_eq!(text("NESTED"), "((1, 2), (3, N/A))");
        assert!(label.get("EMPTY").unwrap().elements().is_empty());
        assert_eq!(text("VEC"), "(1.5 <km>, -2E3 <km>)");
        assert_eq!(text("DESCRIPTION"), "FITS format, see (1) = {x}.");
        assert_eq!(
            (text("IMAGE.LINES"), text("IMAGE.A.B"), text("LINES")),
            ("7".into(), "C d".into(), "3".into())
        );
        assert_eq!(label.keywords()["LINES#2"], "4");
        let times = label.get("TIMES").unwrap().elements();
        assert!(times.iter().all(|t| matches!(t.data, Data::Time(_))));
        assert_eq!(label.text("NESTED"), None);
    }

    #[test]
    fn reserved_words_and_keywords_may_be_in_lower_case() {
        let text = b"Object = Image\n Lines = 7\n Group = A\n B = 1\n End_Group\nEnd_Object = IMAGE\nend\n";
        let (label, _) = Label::parse(text).unwrap();
        assert_eq!(label.get("IMAGE.LINES").and_then(Value::number), Some(7.0));
        assert_eq!(label.text("image.a.b"), Some("1"));
    }

    #[test]
    fn words_and_text_folded_with_a_dash_are_joined_as_pvl_joins_them() {
        // Values from pvl 1.3.2.
        let text = b"A = \"ab c-\n   def x\"\nB = \"aa -\r\n  b\"\nC = abc-\n   def\nD = (Table, $d/s_1-\r\n  5.bsp)\n\
            E = abc- \n F = -\n 5\nG = 'ab-\n  c'\nEND\n";
        let (label, _) = Label::parse(text).unwrap();
        let values = ["A", "B", "C", "D", "E", "F", "G"].map(|key| label.get(key).unwrap().to_string());
        assert_eq!(values, ["ab cdef x", "aa b", "abcdef", "(Table, $d/s_15.bsp)", "abc-", "5", "abc"]);
    }

    #[test]
    fn numbers_are_decimal_or_based() {
        let cases = [("12", 12.0), ("-1.5E3", -1500.0), ("+.5", 0.5), ("2#1010#", 10.0), ("-16#1F#", -31.0)];
        for (text, expected) in cases {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in
            ["", "1e999", "inf", "nan", "16#FF", "16#GG#", "99#1#", "1#1#1#", "2015-170", "N/A", "1.2.3"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let cases: [(&[u8], &str); 12] = [
            (b"A = 1\nB = \"x\nEND\n", "line 2: quoted text is not closed"),
            (b"A = \nB = 2\nEND\n", "line 2: a keyword before this = has no value"),
            (b"A = (1, 2\nEND\n", "closing bracket"),
            (b"A 1\nEND\n", "not followed by ="),
            (b"OBJECT = X\nEND\n", "END where END_OBJECT of X"),
            (b"OBJECT = X\nEND_OBJECT = Y\nEND\n", "END_OBJECT = Y closes X"),
            (b"OBJECT = X\nEND_GROUP = X\nEND\n", "END_GROUP where END_OBJECT"),
            (b"A = 1 <km\nEND\n", "unit is not closed"),
            (b"A = 1 /* x\nEND\n", "comment is not closed"),
            (b"A = 1\n", "cut short"),
            (b"A = 1\n\0\0", "keyword was expected"),
            (b"OBJECT = \"\"\nEND", "no name"),
        ];
        for (bytes, expected) in cases {
            let error = Label::parse(bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} does not say {expected}");
        }
    }

    #[test]
    fn nesting_bombs_are_refused() {
        let sequence = [b"A = ".as_slice(), &[b'('; 1_000_000]].concat();
        assert!(Label::parse(&sequence).unwrap_err().to_string().contains("32 deep"));
        assert!(
            Label::parse("OBJECT = X\n".repeat(100_000).as_bytes())
                .unwrap_err()
                .to_string()
                .contains("32 deep")
        );
        let fits = format!("A = {}1{}\nEND\n", "(".repeat(32), ")".repeat(32));
        assert!(Label::parse(fits.as_bytes()).is_ok());
    }

    #[test]
    fn every_cut_of_a_label_is_an_error() {
        let (_, end) = Label::parse(SAMPLE).unwrap();
        for length in 0..end {
            assert!(Label::parse(&SAMPLE[..length]).is_err(), "cut at {length}");
        }
        println!("{end} cuts of a label tried");
    }

    #[test]
    fn accents_of_old_labels_survive() {
        let (label, _) = Label::parse(b"A = \"Universit\xe9\"\nB = \"Universit\xc3\xa9\"\nEND\n").unwrap();
        assert_eq!(label.text("A"), label.text("B"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Label::parse(&bytes);
        }

        #[test]
        fn scrambled_labels_are_survived(at in 0usize..500, byte in proptest::num::u8::ANY) {
            let mut bytes = SAMPLE.to_vec();
            let index = at % bytes.len();
            bytes[index] = byte;
            let _ = Label::parse(&bytes);
        }
    }
}
