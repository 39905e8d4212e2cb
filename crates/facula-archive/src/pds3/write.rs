// SPDX-License-Identifier: MIT OR Apache-2.0
//! The label writer: the tree to text that [`Label::parse`] turns back into the same tree.

use crate::ArchiveError;
use crate::pds3::parse::{classify, is_word};
use crate::pds3::{BlockKind, Data, Item, Label, Value};

/// Column of the equals sign, as in the labels of Dawn.
const KEY_COLUMNS: usize = 30;

/// Longest list written on one line, characters.
const LINE_COLUMNS: usize = 78;

/// Words that start or end blocks and cannot be keywords.
pub(super) const RESERVED: [&str; 7] =
    ["END", "OBJECT", "BEGIN_OBJECT", "END_OBJECT", "GROUP", "BEGIN_GROUP", "END_GROUP"];

impl Label {
    /// The label as text with CR LF line ends and `END`.
    ///
    /// # Errors
    /// `Argument` for what the language cannot say: a double quote or line break in a text, a keyword with blanks.
    pub fn to_text(&self) -> Result<String, ArchiveError> {
        let mut text = String::new();
        push_items(&mut text, &self.items, 0)?;
        text.push_str("END\r\n");
        Ok(text)
    }
}

fn refused(name: &'static str, value: &str, reason: &'static str) -> ArchiveError {
    ArchiveError::Argument { name, value: value.to_string(), reason }
}

/// A word that stands where a keyword or a block's name may stand.
pub(crate) fn is_keyword(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(is_word)
        && !word.contains("/*")
        && !RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}

fn push_items(text: &mut String, items: &[Item], depth: usize) -> Result<(), ArchiveError> {
    for item in items {
        match item {
            Item::Keyword { key, value } => push_statement(text, depth, key, &rendered(value)?)?,
            Item::Block { kind, name, items } => {
                let (open, close) = match kind {
                    BlockKind::Object => ("OBJECT", "END_OBJECT"),
                    BlockKind::Group => ("GROUP", "END_GROUP"),
                };
                if !is_keyword(name) {
                    return Err(refused("block", name, "the name of a block is one word"));
                }
                push_line(text, depth, open, name);
                push_items(text, items, depth + 1)?;
                push_line(text, depth, close, name);
            }
        }
    }
    Ok(())
}

fn push_statement(text: &mut String, depth: usize, key: &str, value: &str) -> Result<(), ArchiveError> {
    if !is_keyword(key) {
        return Err(refused("keyword", key, "a keyword is one word without quotes, brackets, = and ;"));
    }
    push_line(text, depth, key, value);
    Ok(())
}

fn push_line(text: &mut String, depth: usize, key: &str, value: &str) {
    let indented = format!("{}{key}", "  ".repeat(depth));
    text.push_str(&format!("{indented:<KEY_COLUMNS$} = {value}\r\n"));
}

fn rendered(value: &Value) -> Result<String, ArchiveError> {
    let data = match &value.data {
        Data::Text(text) if text.contains(['"', '\n', '\r']) => {
            return Err(refused("text", text, "a PDS3 text holds neither double quotes nor line breaks"));
        }
        Data::Text(text) => format!("\"{text}\""),
        Data::Symbol(word) => rendered_symbol(word)?,
        Data::Number(word) | Data::Time(word) => bare(word, &value.data)?,
        Data::Sequence(values) => rendered_list(['(', ')'], values)?,
        Data::Set(values) => rendered_list(['{', '}'], values)?,
    };
    match &value.unit {
        Some(unit) if unit.contains(['<', '>', '"', '\n', '\r']) || unit.trim() != unit => {
            Err(refused("unit", unit, "a unit holds no brackets, quotes, line breaks or outer blanks"))
        }
        Some(unit) => Ok(format!("{data} <{unit}>")),
        None => Ok(data),
    }
}

/// A word that reads back as the same kind of value.
fn bare(word: &str, data: &Data) -> Result<String, ArchiveError> {
    let good = word.bytes().all(is_word) && !word.contains("/*") && classify(word) == *data;
    if good {
        Ok(word.to_string())
    } else {
        Err(refused("value", word, "it does not read back as the same kind"))
    }
}

fn rendered_symbol(word: &str) -> Result<String, ArchiveError> {
    let symbol = Data::Symbol(word.to_string());
    if is_keyword(word) && classify(word) == symbol {
        return Ok(word.to_string());
    }
    if word.contains(['\'', '\n', '\r']) {
        return Err(refused("symbol", word, "a symbol holds neither single quotes nor line breaks"));
    }
    Ok(format!("'{word}'"))
}

fn rendered_list([open, close]: [char; 2], values: &[Value]) -> Result<String, ArchiveError> {
    let parts = values.iter().map(rendered).collect::<Result<Vec<_>, _>>()?;
    let length: usize = parts.iter().map(|part| part.len() + 2).sum();
    let line = KEY_COLUMNS + 3 + length <= LINE_COLUMNS;
    let separator = if line { ", " } else { ",\r\n    " };
    let start = if line { "" } else { "\r\n    " };
    Ok(format!("{open}{start}{}{close}", parts.join(separator)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_label_looks_like_those_of_dawn() {
        let mut label = Label::default();
        label.push("PDS_VERSION_ID", Value::of_symbol("PDS3"));
        label.push("DETECTOR_TEMPERATURE", Value::of_number(217.927).with_unit("kelvin"));
        label.push("RELEASE_ID", Value::of_text("N/A"));
        let text = label.to_text().unwrap();
        let expected = "PDS_VERSION_ID                 = PDS3\r\n\
            DETECTOR_TEMPERATURE           = 217.927 <kelvin>\r\nRELEASE_ID                     = \"N/A\"\r\nEND\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_the_language_cannot_say_is_refused() {
        let bad = [
            ("A", Value::of_text("a \"b\"")),
            ("A", Value::of_text("two\nlines")),
            ("A", Value::of_symbol("it's")),
            ("A", Value::of_number(f64::NAN)),
            ("A", Value { data: Data::Time("tomorrow".into()), unit: None }),
            ("A", Value::of_number(1.0).with_unit("a>b")),
            ("TWO WORDS", Value::of_number(1.0)),
            ("END", Value::of_number(1.0)),
        ];
        for (key, value) in bad {
            let mut label = Label::default();
            label.push(key, value.clone());
            assert!(matches!(label.to_text(), Err(ArchiveError::Argument { .. })), "{key} = {value}");
        }
    }

    fn scalars() -> impl Strategy<Value = Value> {
        let data = prop_oneof![
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| Data::Number(n.to_string())),
            any::<i64>().prop_map(|n| Data::Number(n.to_string())),
            (0u32..0xffff).prop_map(|n| Data::Number(format!("16#{n:X}#"))),
            "[^\"\\p{C}]{0,40}".prop_map(Data::Text),
            "[A-Z][A-Z0-9_/]{0,12}|[^'\\p{C}]{0,12}".prop_map(Data::Symbol),
            "20[0-9]{2}-[0-1][0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?".prop_map(Data::Time),
        ];
        (data, proptest::option::of("[a-z*/]{1,8}")).prop_map(|(data, unit)| Value { data, unit })
    }

    fn values() -> impl Strategy<Value = Value> {
        scalars().prop_recursive(3, 12, 4, |inner| {
            let list = proptest::collection::vec(inner, 0..4);
            (list, any::<bool>()).prop_map(|(list, set)| Value {
                data: if set { Data::Set(list) } else { Data::Sequence(list) },
                unit: None,
            })
        })
    }

    fn items() -> impl Strategy<Value = Vec<Item>> {
        let keyword = ("\\^?(DAWN:)?[A-Z][A-Z0-9_]{3,20}", values())
            .prop_map(|(key, value)| Item::Keyword { key, value })
            .prop_filter("not reserved", |item| matches!(item, Item::Keyword { key, .. } if is_keyword(key)));
        let level = proptest::collection::vec(keyword, 0..5);
        level.prop_recursive(3, 20, 3, |inner| {
            ("X_[A-Z_]{1,10}", any::<bool>(), inner.clone(), inner).prop_map(
                |(name, group, inside, mut beside)| {
                    let kind = if group { BlockKind::Group } else { BlockKind::Object };
                    beside.push(Item::Block { kind, name, items: inside });
                    beside
                },
            )
        })
    }

    proptest! {
        #[test]
        fn labels_round_trip(items in items()) {
            let label = Label { items };
            let text = label.to_text().unwrap();
            let (back, end) = Label::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(back, label);
            prop_assert_eq!(end, text.len() - 2);
        }
    }
}
