// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one typeface of all figures: a subset of Inter (SIL Open Font License, `assets/OFL.txt`), regular and
//! bold, embedded, so that a figure has the same bytes on every machine. System fonts are never looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;

/// Family name inside the font files.
pub(crate) const FAMILY: &str = "Inter";

/// Height of capitals over the type size: 2048 of 2816 units in the font's OS/2 table.
pub(crate) const CAP_HEIGHT: f64 = 2048.0 / 2816.0;

/// Width taken for a character without an entry, 1/1000 em.
const FALLBACK_ADVANCE: u16 = 700;

/// The two cuts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// 400.
    Regular,
    /// 700.
    Bold,
}

static ADVANCES: LazyLock<BTreeMap<char, [u16; 2]>> = LazyLock::new(|| {
    let table = include_str!("../assets/advances.csv");
    table.lines().filter_map(parse_advance).collect()
});

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../assets/Inter-Regular-subset.otf").to_vec());
    fonts.load_font_data(include_bytes!("../assets/Inter-Bold-subset.otf").to_vec());
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// The embedded fonts, for the SVG renderer.
pub(crate) fn database() -> Arc<Database> {
    Arc::clone(&FONTS)
}

/// Whether the embedded fonts can draw a character.
pub(crate) fn has(character: char) -> bool {
    ADVANCES.contains_key(&character)
}

/// Width of a line of text, px, without kerning (so within a per cent or two, on the wide side).
pub(crate) fn width_px(text: &str, size_px: f64, weight: Weight) -> f64 {
    let cut = usize::from(weight == Weight::Bold);
    let thousandths: u64 = text
        .chars()
        .map(|c| u64::from(ADVANCES.get(&c).map_or(FALLBACK_ADVANCE, |widths| widths[cut])))
        .sum();
    thousandths as f64 * size_px / 1000.0
}

/// Breaks text into lines no wider than `width_px` (a single longer word keeps a line of its own).
pub(crate) fn wrap(text: &str, size_px: f64, limit_px: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = lines.last().is_some_and(|line| {
            width_px(line, size_px, Weight::Regular)
                + width_px(word, size_px, Weight::Regular)
                + size_px * 0.28
                <= limit_px
        });
        match lines.last_mut().filter(|_| fits) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(shorten(word, size_px, limit_px)),
        }
    }
    lines
}

/// The text, cut with an ellipsis where it is wider than `limit_px`.
pub(crate) fn shorten(text: &str, size_px: f64, limit_px: f64) -> String {
    if width_px(text, size_px, Weight::Bold) <= limit_px {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut used_px = width_px("…", size_px, Weight::Bold);
    for character in text.chars() {
        used_px += width_px(character.encode_utf8(&mut [0; 4]), size_px, Weight::Bold);
        if used_px > limit_px {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

fn parse_advance(line: &str) -> Option<(char, [u16; 2])> {
    let mut fields = line.split(',');
    let code = u32::from_str_radix(fields.next()?, 16).ok()?;
    let widths = [fields.next()?.parse().ok()?, fields.next()?.parse().ok()?];
    Some((char::from_u32(code)?, widths))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::usvg;

    /// Kerning and side bearings: the drawn text may be this much narrower than the sum of advances.
    const KERNING_FRACTION: f64 = 0.06;

    #[test]
    fn both_cuts_load_and_know_what_figures_need() {
        assert_eq!(FONTS.faces().count(), 2);
        for character in "Az09°²³⁻⁴₀αβθ→−×≈≤≥∞±σ…–—″′ÅéüŌ".chars() {
            assert!(has(character), "{character}");
        }
        assert!(!has('漢'));
    }

    #[test]
    fn widths_agree_with_the_renderer() {
        for (weight, value) in [(Weight::Regular, 400), (Weight::Bold, 700)] {
            let text = "Cerealia Facula 239.6° E, I/F 0.034";
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><text font-family='{FAMILY}' \
                 font-weight='{value}' font-size='20'>{text}</text></svg>"
            );
            let options = usvg::Options { fontdb: database(), ..usvg::Options::default() };
            let tree = usvg::Tree::from_str(&svg, &options).unwrap();
            let drawn_px = f64::from(tree.root().bounding_box().width());
            let told_px = width_px(text, 20.0, weight);
            let ratio = drawn_px / told_px;
            assert!((1.0 - KERNING_FRACTION..=1.01).contains(&ratio), "{weight:?} {drawn_px} {told_px}");
        }
    }

    #[test]
    fn text_is_wrapped_and_shortened_to_the_width() {
        let text = "Two unexplained bright spots in a crater of the dwarf planet Ceres";
        let lines = wrap(text, 20.0, 200.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|l| width_px(l, 20.0, Weight::Regular) <= 200.0));
        let short = shorten(text, 20.0, 200.0);
        assert!(short.ends_with('…') && width_px(&short, 20.0, Weight::Bold) <= 200.0);
        assert_eq!(shorten("Oxo", 20.0, 200.0), "Oxo");
        assert!(wrap(" ", 20.0, 200.0).is_empty());
    }
}
