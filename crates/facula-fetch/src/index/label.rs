// SPDX-License-Identifier: MIT OR Apache-2.0
//! As much of ODL as an index label needs: `name = value` statements, in order, quoted text over several lines, lists.

/// One `name = value` of a label. `OBJECT`, `GROUP` and their ends are statements too; `END_OBJECT` may lack a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Name in capitals (`NAME`, `^INDEX_TABLE`).
    pub name: String,
    /// Value as written, without the quotes of a text.
    pub value: String,
}

/// The statements of a label up to `END` or the end of the text. Lines that are none are left out: an index label is
/// data about a table, and the table is checked against it.
pub fn statements(text: &str) -> Vec<Statement> {
    let mut rest = text;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let bare = line.trim();
        if bare == "END" {
            break;
        }
        if bare.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        let Some((name, _)) = line.split_once('=') else {
            if bare.starts_with("END_") {
                found.push(Statement { name: bare.to_uppercase(), value: String::new() });
            }
            rest = after;
            continue;
        };
        let (value, after) = value(&rest[name.len() + 1..]);
        found.push(Statement { name: name.trim().to_uppercase(), value: value.to_string() });
        rest = after;
    }
    found
}

/// The value at the start of `text` (which may begin on the next line) and what follows it.
fn value(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').unwrap_or((quoted, ""));
    }
    if text.starts_with(['(', '{']) {
        let end = closing(text).unwrap_or(text.len());
        return text.split_at(end);
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    (line.split("/*").next().unwrap_or(line).trim(), after)
}

/// Just behind the bracket that closes the first one, quoted text not counted.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '{' if !quoted => depth += 1,
            ')' | '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The entries of a list value such as `("a", 2)`, without brackets and quotes; a single value is a list of one.
pub fn list(value: &str) -> Vec<String> {
    let inner = value.trim().trim_start_matches(['(', '{']).trim_end_matches([')', '}']);
    let mut entries = vec![String::new()];
    let mut quoted = false;
    for c in inner.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => entries.push(String::new()),
            _ => {
                if let Some(last) = entries.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    entries.iter().map(|entry| entry.trim().to_string()).filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_over_lines_lists_and_comments_are_read() {
        let text = "PDS_VERSION_ID = PDS3\r\n/* a = b\n */\nDESCRIPTION = \"one = 1\n  END\n two\"\n\
                    ^INDEX_TABLE = (\"INDEX.TAB\", 2)\nLONG =\n   \"next line\"\nX = 5 /* five */\nEND_OBJECT\n\
                    NAMES = (\n \"a,b\"\n , \"c\"\n)\nEND\nAFTER = 1";
        let found = statements(text);
        let pairs: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.value.as_str())).collect();
        assert_eq!(pairs[0], ("PDS_VERSION_ID", "PDS3"));
        assert_eq!(pairs[1], ("DESCRIPTION", "one = 1\n  END\n two"));
        assert_eq!(list(pairs[2].1), ["INDEX.TAB", "2"]);
        assert_eq!(pairs[3], ("LONG", "next line"));
        assert_eq!(pairs[4], ("X", "5"));
        assert_eq!(pairs[5].0, "END_OBJECT");
        assert_eq!(list(pairs[6].1), ["a,b", "c"]);
        assert_eq!(pairs.len(), 7);
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_it_down(text in "[A-Z=(){}\"/*\n, é]{0,80}") {
            for statement in statements(&text) {
                list(&statement.value);
            }
        }
    }
}
