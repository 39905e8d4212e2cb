// SPDX-License-Identifier: MIT OR Apache-2.0
//! PDS3 labels (Object Description Language): text to a tree of keywords, objects and groups, and back.
//!
//! In: the bytes of a label, detached or at the head of an image file. Out: [`Label`], which keeps every value
//! as it was written; [`Value::number`] and friends read meaning from it. Limits: 32 levels of nesting.
//!
//! # Source
//! Planetary Data System Standards Reference 3.8 (2009), chapter 12 (ODL), chapter 14 (pointers).

mod file;
mod image;
mod object;
mod parse;
mod write;

pub(crate) use file::Pds3File;
pub(crate) use image::{ImageObject, bit_pattern};
pub(crate) use object::{Object, Pointer};
pub(crate) use write::is_keyword;

use std::collections::BTreeMap;
use std::fmt;

/// A label: statements in file order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Label {
    /// Keywords, objects and groups of the outermost level.
    pub items: Vec<Item>,
}

/// One statement of a label.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// `KEYWORD = value`; pointers start with `^`, namespaces end with `:`.
    Keyword {
        /// Keyword as written (`DAWN:T_CCD`, `^IMAGE`).
        key: String,
        /// Its value.
        value: Value,
    },
    /// `OBJECT = name` or `GROUP = name` up to its end.
    Block {
        /// Object or group.
        kind: BlockKind,
        /// Name (`IMAGE`).
        name: String,
        /// What stands inside.
        items: Vec<Item>,
    },
}

/// The two kinds of nested blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockKind {
    /// `OBJECT` … `END_OBJECT`.
    Object,
    /// `GROUP` … `END_GROUP`.
    Group,
}

/// A value with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The value itself.
    pub data: Data,
    /// Unit as written between `<` and `>`.
    pub unit: Option<String>,
}

/// What kinds of values there are. Scalars keep their text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// A number: `12`, `-1.5E3`, `16#FF#`.
    Number(String),
    /// Text in double quotes; a line break with the blanks around it has become one blank.
    Text(String),
    /// A bare word or one in single quotes: `RIGHT`, `N/A`.
    Symbol(String),
    /// A date or time: `2015-170T16:15:46.345`.
    Time(String),
    /// `( … )`, ordered, may hold sequences.
    Sequence(Vec<Value>),
    /// `{ … }`, unordered.
    Set(Vec<Value>),
}

impl Label {
    /// The value at a path such as `START_TIME` or `IMAGE.LINES`; the first one where a keyword comes twice.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut items = &self.items;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                return find_keyword(items, name);
            }
            items = find_block(items, name)?;
        }
        None
    }

    /// The text of a scalar that says something: `None` when it is absent or says `N/A`, `UNK` or `NULL`.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.known_text()
    }

    /// All keywords with their values as text, blocks as `IMAGE.LINES`, repeated ones as `KEY#2`, `KEY#3`.
    pub fn keywords(&self) -> BTreeMap<String, String> {
        let mut keywords = BTreeMap::new();
        collect_keywords(&self.items, "", &mut BTreeMap::new(), &mut keywords);
        keywords
    }

    /// Appends a keyword.
    pub fn push(&mut self, key: &str, value: Value) {
        self.items.push(Item::Keyword { key: key.to_string(), value });
    }
}

pub(crate) fn find_keyword<'a>(items: &'a [Item], name: &str) -> Option<&'a Value> {
    items.iter().find_map(|item| match item {
        Item::Keyword { key, value } if key.eq_ignore_ascii_case(name) => Some(value),
        _ => None,
    })
}

pub(crate) fn find_block<'a>(items: &'a [Item], wanted: &str) -> Option<&'a Vec<Item>> {
    items.iter().find_map(|item| match item {
        Item::Block { name, items, .. } if name.eq_ignore_ascii_case(wanted) => Some(items),
        _ => None,
    })
}

/// Fills `into`; `seen` counts how often each name came.
fn collect_keywords(
    items: &[Item],
    prefix: &str,
    seen: &mut BTreeMap<String, usize>,
    into: &mut BTreeMap<String, String>,
) {
    for item in items {
        match item {
            Item::Keyword { key, value } => {
                let name = format!("{prefix}{key}");
                let count = seen.entry(name.clone()).or_default();
                *count += 1;
                into.insert(if *count == 1 { name } else { format!("{name}#{count}") }, value.to_string());
            }
            Item::Block { name, items, .. } => {
                collect_keywords(items, &format!("{prefix}{name}."), seen, into)
            }
        }
    }
}

impl Value {
    /// Text, to be written in double quotes.
    pub fn of_text(text: impl Into<String>) -> Self {
        Self { data: Data::Text(text.into()), unit: None }
    }

    /// A bare word.
    pub fn of_symbol(word: impl Into<String>) -> Self {
        Self { data: Data::Symbol(word.into()), unit: None }
    }

    /// A number, written with the digits that read back to the same value.
    pub fn of_number(number: f64) -> Self {
        let handy = number == 0.0 || (1e-5..1e15).contains(&number.abs());
        let text = if handy { number.to_string() } else { format!("{number:E}") };
        Self { data: Data::Number(text), unit: None }
    }

    /// An ordered sequence.
    pub fn of_sequence(values: impl IntoIterator<Item = Self>) -> Self {
        Self { data: Data::Sequence(values.into_iter().collect()), unit: None }
    }

    /// The same value with a unit.
    #[must_use]
    pub fn with_unit(self, unit: &str) -> Self {
        Self { unit: Some(unit.to_string()), ..self }
    }

    /// The text of a scalar; `None` for sequences and sets.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.data {
            Data::Number(text) | Data::Text(text) | Data::Symbol(text) | Data::Time(text) => Some(text),
            Data::Sequence(_) | Data::Set(_) => None,
        }
    }

    /// The text of a scalar unless it is one of the ways PDS3 says that there is no value.
    pub fn known_text(&self) -> Option<&str> {
        const ABSENT: [&str; 6] = ["", "N/A", "NA", "UNK", "NULL", "UNKNOWN"];
        let absent = |text: &str| ABSENT.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        self.scalar_text().filter(|text| !absent(text))
    }

    /// The finite number of a scalar, decimal or based, quoted or not.
    pub fn number(&self) -> Option<f64> {
        parse::number(self.scalar_text()?.trim())
    }

    /// The elements of a sequence or set; a scalar is its own only element.
    pub fn elements(&self) -> &[Self] {
        match &self.data {
            Data::Sequence(values) | Data::Set(values) => values,
            _ => std::slice::from_ref(self),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Data::Sequence(values) => write_list(f, ['(', ')'], values)?,
            Data::Set(values) => write_list(f, ['{', '}'], values)?,
            _ => f.write_str(self.scalar_text().unwrap_or_default())?,
        }
        self.unit.as_ref().map_or(Ok(()), |unit| write!(f, " <{unit}>"))
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, [open, close]: [char; 2], values: &[Value]) -> fmt::Result {
    write!(f, "{open}")?;
    for (index, value) in values.iter().enumerate() {
        write!(f, "{}{value}", if index == 0 { "" } else { ", " })?;
    }
    write!(f, "{close}")
}
