// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names as people write them, and text as documents hold it.

/// A name with a capital first letter, the rest as it is: `Ceres` of `ceres`.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text as it may stand between tags and in attributes of XML and HTML: the five characters with a meaning there become
/// entities, and what XML 1.0 forbids becomes a space.
pub fn xml_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\n' | '\t' => safe.push(character),
            control if control.is_control() => safe.push(' '),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_end_a_tag() {
        assert_eq!(xml_text("a<b>&\"c\"'d'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
        assert_eq!(xml_text("a\u{0}b\r\u{7f}\u{ffff}\nµ"), "a b   \nµ");
    }

    #[test]
    fn the_first_letter_grows_and_the_others_stay() {
        assert_eq!(capitalised("ceres"), "Ceres");
        assert_eq!(capitalised("épi B"), "Épi B");
        assert_eq!(capitalised(""), "");
    }
}
