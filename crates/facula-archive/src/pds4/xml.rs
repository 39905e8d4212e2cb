// SPDX-License-Identifier: MIT OR Apache-2.0
//! XML to a tree of elements, without names of namespaces; no document types, no entities of its own.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::ArchiveError;
use crate::pds4::HINT;

/// Deepest nesting; labels in the archives stay below 20.
const MAX_DEPTH: usize = 64;

/// An element: its name without prefix, attributes, text and children.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

fn malformed(what: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::format(format!("PDS4 label: {what}"), HINT)
}

impl Element {
    /// The root element of a document.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| malformed(format!("it is not UTF-8: {error}")))?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            let at = reader.buffer_position();
            let event = reader.read_event().map_err(|error| malformed(format!("byte {at}: {error}")))?;
            match event {
                Event::Start(start) => {
                    if open.len() > MAX_DEPTH {
                        return Err(malformed(format!(
                            "byte {at}: elements are nested more than {MAX_DEPTH} deep"
                        )));
                    }
                    open.push(Self::start(&start)?);
                }
                Event::Empty(start) => add(&mut open, Self::start(&start)?),
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    add(&mut open, done);
                }
                Event::Text(text) => {
                    add_text(&mut open, &text.xml_content(quick_xml::XmlVersion::Explicit1_0))
                }
                Event::CData(text) => {
                    add_text(&mut open, &text.xml_content(quick_xml::XmlVersion::Explicit1_0))
                }
                Event::GeneralRef(name) => add_text(&mut open, &resolved(&name)?),
                Event::DocType(_) => return Err(malformed("a document type (DOCTYPE) is refused")),
                Event::Eof => return Self::root(open),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn root(mut open: Vec<Self>) -> Result<Self, ArchiveError> {
        if open.len() > 1 {
            let name = &open[open.len() - 1].name;
            return Err(malformed(format!("it ends inside <{name}>: it is cut short")));
        }
        let mut children = open.pop().unwrap_or_default().children;
        let root = children.pop().ok_or_else(|| malformed("it has no element"))?;
        if children.is_empty() { Ok(root) } else { Err(malformed("it has more than one root element")) }
    }

    fn start(start: &BytesStart<'_>) -> Result<Self, ArchiveError> {
        let mut element = Self { name: plain(start.local_name().as_ref()), ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            element.attributes.push((plain(attribute.key.local_name().as_ref()), plain(&attribute.value)));
        }
        Ok(element)
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The first element of a name at any depth.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All texts by their paths below the root (`File_Area_Observational.File.file_name`), repeated ones as `#2`.
    pub(crate) fn keywords(&self) -> BTreeMap<String, String> {
        let mut keywords = BTreeMap::new();
        let mut seen = BTreeMap::new();
        self.children.iter().for_each(|child| child.collect("", &mut seen, &mut keywords));
        keywords
    }

    fn collect(&self, prefix: &str, seen: &mut BTreeMap<String, usize>, into: &mut BTreeMap<String, String>) {
        let path = format!("{prefix}{}", self.name);
        if self.children.is_empty() {
            let count = seen.entry(path.clone()).or_default();
            *count += 1;
            let unit = self.attribute("unit").map(|unit| format!(" <{unit}>")).unwrap_or_default();
            let key = if *count == 1 { path.clone() } else { format!("{path}#{count}") };
            into.insert(key, format!("{}{unit}", self.text));
        }
        self.children.iter().for_each(|child| child.collect(&format!("{path}."), seen, into));
    }
}

fn plain(text: impl AsRef<str>) -> String {
    text.as_ref().to_string()
}

fn add(open: &mut [Element], mut done: Element) {
    done.text = done.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// The five entities of XML and references to characters; nothing else is looked up.
fn resolved(name: &BytesRef<'_>) -> Result<String, ArchiveError> {
    if let Some(character) = name.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let text = match name.xml_content(quick_xml::XmlVersion::Explicit1_0).as_ref() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => return Err(malformed(format!("the entity &{other}; is refused"))),
    };
    Ok(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "<?xml version=\"1.0\"?>\n<?xml-model href=\"x.sch\"?>\n<!-- note -->\n\
        <p:Product xmlns:p=\"a\"><p:A unit=\"m\"> 1 &amp;\n 2 </p:A><A>&#65;</A><B/><C><D><![CDATA[<x>]]></D></C></p:Product>\n";

    #[test]
    fn elements_attributes_and_texts_are_kept() {
        let root = Element::parse(LABEL.as_bytes()).unwrap();
        assert_eq!((root.name.as_str(), root.children.len()), ("Product", 4));
        assert_eq!(root.child_text("A"), Some("1 & 2"));
        assert_eq!(root.child("A").unwrap().attribute("unit"), Some("m"));
        assert_eq!(root.find("D").unwrap().text, "<x>");
        let keywords = root.keywords();
        assert_eq!(
            (keywords["A"].as_str(), keywords["A#2"].as_str(), keywords["C.D"].as_str()),
            ("1 & 2 <m>", "A", "<x>")
        );
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let cases = [
            ("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "DOCTYPE"),
            ("<a>&x;</a>", "entity &x;"),
            ("<a>&#xFFFFFFFF;</a>", "label"),
            ("<a><b></a></b>", "label"),
            ("<a/><a/>", "more than one"),
            ("<a b=1/>", "label"),
            ("", "no element"),
            ("<a>\u{0}", "cut short"),
        ];
        for (text, expected) in cases {
            let error = Element::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(Element::parse(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn nesting_bombs_are_refused() {
        let error = Element::parse("<a>".repeat(100_000).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("64 deep"), "{error}");
        let fits = format!("{}{}", "<a>".repeat(64), "</a>".repeat(64));
        assert!(Element::parse(fits.as_bytes()).is_ok());
    }

    #[test]
    fn every_cut_of_a_label_is_an_error() {
        let end = LABEL.trim_end().len();
        for length in 0..end {
            assert!(Element::parse(&LABEL.as_bytes()[..length]).is_err(), "cut at {length}");
        }
        println!("{end} cuts of an XML label tried");
    }

    proptest::proptest! {
        #[test]
        fn scrambled_labels_are_survived(at in 0usize..180, byte in proptest::num::u8::ANY) {
            let mut bytes = LABEL.as_bytes().to_vec();
            let index = at % bytes.len();
            bytes[index] = byte;
            let _ = Element::parse(&bytes);
        }
    }
}
