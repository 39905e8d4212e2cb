// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects of a label, at any depth, and the pointers to their data.
//!
//! # Source
//! PDS3 Standards Reference 3.8, chapters 5 (records), 12 (ODL), 14 (pointers).

use crate::ArchiveError;
use crate::pds3::{Data, Item, Label, Value, find_keyword};

/// Hint of all errors about keywords of a label.
pub(super) const HINT: &str = "correct the keyword in the label, or fetch the label again";

/// Where data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// The file beside the label, `None` when the data follow the label in its own file.
    pub(crate) file: Option<String>,
    /// Bytes before the first one; `None` when the pointer only names a file.
    pub(crate) offset_bytes: Option<u64>,
}

/// A block of a label with the blocks around it, the innermost last.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    /// Name as written, with `#2`, `#3` … where a name comes again.
    pub(crate) name: String,
    /// Name without the count.
    kind: &'a str,
    items: &'a [Item],
    around: Vec<&'a [Item]>,
}

impl<'a> Object<'a> {
    /// All images of a label in file order: objects whose name ends in `IMAGE` or `QUBE`.
    pub(crate) fn images(label: &'a Label) -> Vec<Self> {
        let mut found = Vec::new();
        collect(&label.items, &[], &mut found);
        for at in 0..found.len() {
            let before = found[..at].iter().filter(|o: &&Self| o.kind.eq_ignore_ascii_case(found[at].kind));
            let before = before.count();
            if before > 0 {
                found[at].name = format!("{}#{}", found[at].kind, before + 1);
            }
        }
        found
    }

    /// The image of a name (`FRAME_2_IMAGE`, `IMAGE#2`).
    pub(crate) fn image(label: &'a Label, name: &str) -> Result<Self, ArchiveError> {
        let images = Self::images(label);
        let names: Vec<String> = images.iter().map(|image| image.name.clone()).collect();
        images.into_iter().find(|image| image.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
            let list = if names.is_empty() { "no image".to_string() } else { names.join(", ") };
            ArchiveError::missing(
                format!("the object {name} (the label has {list})"),
                "name one of its images",
            )
        })
    }

    /// The image of frames: the first object `IMAGE`, else the first image of another name.
    pub(crate) fn main_image(label: &'a Label) -> Result<Self, ArchiveError> {
        let images = Self::images(label);
        let main = images.iter().position(|o| o.kind.eq_ignore_ascii_case("IMAGE")).unwrap_or(0);
        images.into_iter().nth(main).ok_or_else(|| {
            ArchiveError::missing("the object IMAGE of the label", "only labels of images are read as frames")
        })
    }

    /// A keyword of the object itself.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        find_keyword(self.items, key)
    }

    /// A scalar of the object that says something.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.known_text()
    }

    /// The place of a keyword in messages.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// A count, or the default where the keyword is absent or says that it has no value.
    pub(super) fn count(&self, key: &str, default: Option<u64>) -> Result<u64, ArchiveError> {
        count(self.get(key), &self.path(key), default)
    }

    /// A number, `None` when it is absent or not known.
    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, ArchiveError> {
        let Some(value) = self.get(key).filter(|value| value.known_text().is_some()) else { return Ok(None) };
        let number = value.number();
        let path = self.path(key);
        number
            .map(Some)
            .ok_or_else(|| ArchiveError::format(format!("{path} = {value} is not a number"), HINT))
    }

    /// The first keyword of the blocks around the object, the innermost block first.
    fn outer(&self, key: &str) -> Option<&'a Value> {
        self.around.iter().rev().find_map(|items| find_keyword(items, key))
    }

    /// Where the data of the object are: `^NAME`, a record, a byte, a file, or a file with one of these; records
    /// and bytes count from one.
    pub(crate) fn pointer(&self) -> Result<Pointer, ArchiveError> {
        let key = format!("^{}", self.kind);
        let value = self.pointer_value(&key).ok_or_else(|| {
            ArchiveError::missing(
                format!("the pointer {key} of the label"),
                "add it to the label, or fetch the label again",
            )
        })?;
        let malformed = || ArchiveError::format(format!("{key} = {value} is not a pointer"), HINT);
        match value.elements() {
            [one] => match &one.data {
                Data::Number(_) => {
                    Ok(Pointer { file: None, offset_bytes: Some(self.offset_bytes(&key, one)?) })
                }
                Data::Text(name) => Ok(Pointer { file: Some(name.clone()), offset_bytes: None }),
                _ => Err(malformed()),
            },
            [name, place] => match &name.data {
                Data::Text(name) => {
                    let offset_bytes = Some(self.offset_bytes(&key, place)?);
                    Ok(Pointer { file: Some(name.clone()), offset_bytes })
                }
                _ => Err(malformed()),
            },
            _ => Err(malformed()),
        }
    }

    /// The pointer that belongs to the object: the n-th of its name for the n-th object of that name.
    fn pointer_value(&self, key: &str) -> Option<&'a Value> {
        let nth = self.name.rsplit_once('#').and_then(|(_, n)| n.parse::<usize>().ok()).unwrap_or(1);
        let nearest = self.around.last()?;
        let all: Vec<&Value> = keywords(nearest, key).collect();
        all.get(nth - 1).or(all.first()).copied().or_else(|| self.outer(key))
    }

    fn offset_bytes(&self, key: &str, place: &Value) -> Result<u64, ArchiveError> {
        let first = place.number().filter(|n| (1.0..1e15).contains(n) && n.fract() == 0.0);
        let first = first
            .ok_or_else(|| ArchiveError::format(format!("{key}: {place} is not a record or byte"), HINT))?;
        let unit = place.unit.as_deref().unwrap_or_default();
        let bytes = unit.eq_ignore_ascii_case("bytes") || unit.eq_ignore_ascii_case("byte");
        let record_bytes = if bytes { 1 } else { self.record_bytes()? };
        let offset = (first as u64 - 1).checked_mul(record_bytes);
        offset
            .ok_or_else(|| ArchiveError::format(format!("{key}: record {place} lies beyond any file"), HINT))
    }

    /// Length of a record. Files without records (`UNDEFINED`, `STREAM`) count bytes where no length is given.
    fn record_bytes(&self) -> Result<u64, ArchiveError> {
        let kind = self.outer("RECORD_TYPE").and_then(Value::known_text).unwrap_or("FIXED_LENGTH");
        let default = matches!(kind.to_ascii_uppercase().as_str(), "UNDEFINED" | "STREAM").then_some(1);
        count(self.outer("RECORD_BYTES"), "RECORD_BYTES", default)
    }

    /// Refuses files whose records carry their own lengths between the pixels.
    pub(crate) fn check_records(&self) -> Result<(), ArchiveError> {
        match self.outer("RECORD_TYPE").and_then(Value::known_text) {
            Some(kind) if kind.eq_ignore_ascii_case("VARIABLE_LENGTH") => Err(ArchiveError::unsupported(
                "RECORD_TYPE = VARIABLE_LENGTH",
                "convert the file to records of fixed length first",
            )),
            _ => Ok(()),
        }
    }
}

fn keywords<'a>(items: &'a [Item], wanted: &str) -> impl Iterator<Item = &'a Value> {
    items.iter().filter_map(move |item| match item {
        Item::Keyword { key, value } if key.eq_ignore_ascii_case(wanted) => Some(value),
        _ => None,
    })
}

fn collect<'a>(items: &'a [Item], around: &[&'a [Item]], found: &mut Vec<Object<'a>>) {
    let around = [around, &[items]].concat();
    for item in items {
        let Item::Block { name, items, .. } = item else { continue };
        let upper = name.to_ascii_uppercase();
        if upper.ends_with("IMAGE") || upper.ends_with("QUBE") {
            found.push(Object { name: name.clone(), kind: name, items, around: around.clone() });
        } else {
            collect(items, &around, found);
        }
    }
}

fn count(value: Option<&Value>, path: &str, default: Option<u64>) -> Result<u64, ArchiveError> {
    let known = value
        .filter(|value| default.is_none() || value.known_text().is_some() || value.scalar_text().is_none());
    let Some(value) = known else {
        return default.ok_or_else(|| ArchiveError::missing(format!("the keyword {path}"), HINT));
    };
    let whole = value.number().filter(|n| (0.0..1e15).contains(n) && n.fract() == 0.0);
    whole
        .map(|n| n as u64)
        .ok_or_else(|| ArchiveError::format(format!("{path} = {value} is not a count"), HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        Label::parse(format!("{text}\nEND\n").as_bytes()).unwrap().0
    }

    const IMAGE: &str = "OBJECT = IMAGE\nLINES = 1\nEND_OBJECT\n";

    fn at(pointer: &str, more: &str) -> Result<Pointer, ArchiveError> {
        let label = label(&format!("{more}\n^IMAGE = {pointer}\n{IMAGE}"));
        Object::main_image(&label)?.pointer()
    }

    fn expect(file: Option<&str>, offset_bytes: Option<u64>) -> Pointer {
        Pointer { file: file.map(str::to_string), offset_bytes }
    }

    #[test]
    fn pointers_are_records_bytes_or_files() {
        let at = |pointer: &str| at(pointer, "RECORD_BYTES = 512");
        assert_eq!(at("26").unwrap(), expect(None, Some(12_800)));
        assert_eq!(at("26 <BYTES>").unwrap(), expect(None, Some(25)));
        assert_eq!(at("(\"A.IMG\", 3)").unwrap(), expect(Some("A.IMG"), Some(1024)));
        assert_eq!(at("(\"A.IMG\", 3 <bytes>)").unwrap(), expect(Some("A.IMG"), Some(2)));
        assert_eq!(at("\"A.IMG\"").unwrap(), expect(Some("A.IMG"), None));
        for bad in ["0", "-1", "1.5", "(\"A\", \"B\")", "(1, 2)", "(1,2,3)", "X", "999999999999999999"] {
            assert!(at(bad).is_err(), "{bad}");
        }
        let alone = label(IMAGE);
        let error = Object::main_image(&alone).unwrap().pointer().unwrap_err();
        assert!(matches!(error, ArchiveError::NoCoverage { .. }), "{error}");
        assert!(Object::main_image(&label("A = 1")).is_err());
    }

    #[test]
    fn files_without_records_count_bytes() {
        assert_eq!(at("26", "RECORD_TYPE = UNDEFINED").unwrap(), expect(None, Some(25)));
        assert_eq!(at("26", "RECORD_TYPE = STREAM\nRECORD_BYTES = 10").unwrap(), expect(None, Some(250)));
        assert!(at("26", "RECORD_TYPE = FIXED_LENGTH").is_err());
    }

    #[test]
    fn images_are_found_by_name_and_in_nested_files() {
        let text = "RECORD_BYTES = 10\n^FRAME_2_IMAGE = 3\n\
            OBJECT = FRAME_2_IMAGE\nLINES = 2\nEND_OBJECT\n\
            OBJECT = FILE\nRECORD_BYTES = 100\n^IMAGE = (\"A.IMG\", 2)\nOBJECT = IMAGE\nLINES = 5\nEND_OBJECT\nEND_OBJECT\n\
            OBJECT = FILE\n^IMAGE = (\"B.IMG\", 2)\nOBJECT = IMAGE\nLINES = 6\nEND_OBJECT\nEND_OBJECT";
        let label = label(text);
        let names: Vec<String> = Object::images(&label).into_iter().map(|o| o.name).collect();
        assert_eq!(names, ["FRAME_2_IMAGE", "IMAGE", "IMAGE#2"]);
        let pointer = |name: &str| Object::image(&label, name).unwrap().pointer().unwrap();
        assert_eq!(pointer("frame_2_image"), expect(None, Some(20)));
        assert_eq!(pointer("IMAGE"), expect(Some("A.IMG"), Some(100)));
        assert_eq!(pointer("IMAGE#2"), expect(Some("B.IMG"), Some(10)));
        assert_eq!(Object::main_image(&label).unwrap().count("LINES", None).unwrap(), 5);
        let error = Object::image(&label, "NONE").unwrap_err().to_string();
        assert!(error.contains("FRAME_2_IMAGE, IMAGE, IMAGE#2"), "{error}");
    }

    #[test]
    fn repeated_pointers_belong_to_repeated_objects() {
        let text = format!("RECORD_BYTES = 10\n^IMAGE = 2\n^IMAGE = 5\n{IMAGE}{IMAGE}");
        let label = label(&text);
        let offsets: Vec<_> =
            Object::images(&label).iter().map(|o| o.pointer().unwrap().offset_bytes).collect();
        assert_eq!(offsets, [Some(10), Some(40)]);
    }
}
