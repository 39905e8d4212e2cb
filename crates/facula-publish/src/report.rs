// SPDX-License-Identifier: MIT OR Apache-2.0
//! The report: one HTML file that needs nothing else, on a phone, on paper, in the dark. All text is escaped; images
//! are data URIs; there is no script.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Rows of a table printed at most; the rest is counted in a note.
pub const MAX_TABLE_ROWS: usize = 50;
/// Warnings shown at once; the rest is folded away.
const OPEN_WARNINGS: usize = 8;

/// A label and its value, with unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What (`Frames used`).
    pub label: String,
    /// How much (`60 of 60`).
    pub value: String,
}

impl Fact {
    /// A fact from its two texts.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

/// An image file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Media {
    /// Bytes of a PNG.
    Png(Vec<u8>),
    /// Bytes of a GIF.
    Gif(Vec<u8>),
}

/// A figure in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFigure {
    /// The image.
    pub image: Media,
    /// Caption, shown.
    pub caption: String,
    /// What a reader who cannot see the image should know.
    pub alt: String,
}

/// A table of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Title.
    pub title: String,
    /// Column heads, with units.
    pub columns: Vec<String>,
    /// Rows, the most important first.
    pub rows: Vec<Vec<String>>,
    /// A line below it; may be empty.
    pub note: String,
}

/// Paragraphs, facts and figures under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Figures.
    pub figures: Vec<ReportFigure>,
}

/// Everything a report says. Empty parts are left out of the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// The result in one sentence.
    pub headline: String,
    /// Key numbers.
    pub facts: Vec<Fact>,
    /// What was concluded and how firmly.
    pub verdict: Section,
    /// The figures.
    pub figures: Vec<ReportFigure>,
    /// Tables: spots, frames.
    pub tables: Vec<Table>,
    /// How well a simulated campaign recovered its truth; empty for flight data.
    pub recovery: Section,
    /// What the data cannot decide.
    pub limits: Vec<String>,
    /// Warnings of the run.
    pub warnings: Vec<String>,
    /// How it was made: inputs, constants, options.
    pub method: Section,
    /// Last line: program and version.
    pub footer: String,
}

/// The report as one self-contained page.
pub fn report_html(report: &Report) -> String {
    let mut page = String::new();
    let title = escaped(&report.title);
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<main>\n<header>\n<h1>{title}</h1>\n",
        include_str!("../assets/report.css")
    );
    paragraph(&mut page, "headline", &report.headline);
    page.push_str("</header>\n");
    titled(&mut page, "Key numbers", |out| facts(out, &report.facts, "key"));
    titled(&mut page, "Verdict", |out| section(out, &report.verdict));
    titled(&mut page, "Figures", |out| report.figures.iter().for_each(|f| figure(out, f)));
    for table in &report.tables {
        titled(&mut page, &table.title, |out| write_table(out, table));
    }
    titled(&mut page, "Recovery of the truth", |out| section(out, &report.recovery));
    titled(&mut page, "What this cannot decide", |out| list(out, &report.limits));
    titled(&mut page, "Warnings", |out| warnings(out, &report.warnings));
    titled(&mut page, "How it was made", |out| section(out, &report.method));
    page.push_str("</main>\n<footer>");
    page.push_str(&escaped(&report.footer));
    page.push_str("</footer>\n</body>\n</html>\n");
    page
}

/// A section with a heading, unless nothing was written into it.
fn titled(page: &mut String, title: &str, write: impl FnOnce(&mut String)) {
    let mut body = String::new();
    write(&mut body);
    if !body.is_empty() {
        let _ = write!(page, "<section>\n<h2>{}</h2>\n{body}</section>\n", escaped(title));
    }
}

fn section(out: &mut String, section: &Section) {
    for text in &section.paragraphs {
        paragraph(out, "", text);
    }
    facts(out, &section.facts, "plain");
    for item in &section.figures {
        figure(out, item);
    }
}

fn paragraph(out: &mut String, class: &str, text: &str) {
    let text = escaped(text);
    match (text.is_empty(), class) {
        (true, _) => {}
        (false, "") => out.push_str(&format!("<p>{text}</p>\n")),
        (false, class) => out.push_str(&format!("<p class=\"{class}\">{text}</p>\n")),
    }
}

fn facts(out: &mut String, facts: &[Fact], class: &str) {
    if facts.is_empty() {
        return;
    }
    let _ = writeln!(out, "<dl class=\"{class}\">");
    for fact in facts {
        let (label, value) = (escaped(&fact.label), escaped(&fact.value));
        let _ = writeln!(out, "<div><dt>{label}</dt><dd>{value}</dd></div>");
    }
    out.push_str("</dl>\n");
}

fn figure(out: &mut String, figure: &ReportFigure) {
    let (kind, bytes) = match &figure.image {
        Media::Png(bytes) => ("png", bytes),
        Media::Gif(bytes) => ("gif", bytes),
    };
    let size = dimensions(&figure.image)
        .map(|(width, height)| format!(" width=\"{width}\" height=\"{height}\""))
        .unwrap_or_default();
    let _ =
        write!(out, "<figure>\n<img alt=\"{}\"{size} src=\"data:image/{kind};base64,", escaped(&figure.alt));
    STANDARD.encode_string(bytes, out);
    out.push_str("\">\n");
    if !figure.caption.is_empty() {
        let _ = writeln!(out, "<figcaption>{}</figcaption>", escaped(&figure.caption));
    }
    out.push_str("</figure>\n");
}

/// Width and height from the file's head, so that the page does not jump while it loads.
fn dimensions(media: &Media) -> Option<(u32, u32)> {
    match media {
        Media::Png(bytes) => {
            let size = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
            Some((size(16)?, size(20)?))
        }
        Media::Gif(bytes) => {
            let size = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into());
            Some((size(6)?, size(8)?))
        }
    }
}

fn write_table(out: &mut String, table: &Table) {
    if table.columns.is_empty() {
        return;
    }
    if table.rows.is_empty() {
        out.push_str("<p>None.</p>\n");
    } else {
        out.push_str("<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>");
        let numeric: Vec<bool> = (0..table.columns.len()).map(|column| is_numeric(table, column)).collect();
        for (column, numeric) in table.columns.iter().zip(&numeric) {
            let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(*numeric), escaped(column));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in table.rows.iter().take(MAX_TABLE_ROWS) {
            table_row(out, row, &numeric);
        }
        out.push_str("</tbody>\n</table>\n</div>\n");
    }
    if table.rows.len() > MAX_TABLE_ROWS {
        let text = format!("The first {MAX_TABLE_ROWS} of {} rows.", table.rows.len());
        paragraph(out, "note", &text);
    }
    paragraph(out, "note", &table.note);
}

/// A row with a cell for each column: missing ones are empty, further ones left out.
fn table_row(out: &mut String, row: &[String], numeric: &[bool]) {
    out.push_str("<tr>");
    for (column, numeric) in numeric.iter().enumerate() {
        let text = row.get(column).map(String::as_str).unwrap_or_default();
        let _ = write!(out, "<td{}>{}</td>", class(*numeric), escaped(text));
    }
    out.push_str("</tr>\n");
}

fn class(numeric: bool) -> &'static str {
    if numeric { " class=\"number\"" } else { "" }
}

/// Whether a column holds numbers, dashes aside.
fn is_numeric(table: &Table, column: usize) -> bool {
    let cells = table.rows.iter().filter_map(|row| row.get(column));
    let mut said = cells.filter(|text| !matches!(text.trim(), "" | "-" | "–" | "—")).peekable();
    said.peek().is_some() && said.all(|text| is_number(text))
}

/// Whether a cell reads as a number, so that it is set flush right.
fn is_number(text: &str) -> bool {
    let first = text.trim_start_matches(['+', '-', '\u{2212}', '±', '<', '>', '≈', ' ']).chars().next();
    let allowed = |c: char| c.is_ascii_digit() || ".,+-\u{2212}±×%° NSEWe⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c);
    first.is_some_and(|c| c.is_ascii_digit()) && text.chars().skip(1).all(allowed)
}

fn list(out: &mut String, items: &[String]) {
    if items.is_empty() {
        return;
    }
    out.push_str("<ul>\n");
    for item in items {
        let _ = writeln!(out, "<li>{}</li>", escaped(item));
    }
    out.push_str("</ul>\n");
}

fn warnings(out: &mut String, warnings: &[String]) {
    let (open, folded) = warnings.split_at(warnings.len().min(OPEN_WARNINGS));
    list(out, open);
    if !folded.is_empty() {
        let _ = writeln!(out, "<details>\n<summary>{} more</summary>", folded.len());
        list(out, folded);
        out.push_str("</details>\n");
    }
}

/// Text for HTML: markup escaped, control characters replaced.
fn escaped(text: &str) -> String {
    let known: String = text
        .trim()
        .chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect();
    facula_core::xml_text(&known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_words() {
        for text in ["12", "-0.5", "\u{2212}3.2", "1.2 ± 0.1", "19.8° N", "2×10⁵", "98.5 %"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "Spot 5", "N/A", "5 spots", "–"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn sizes_come_from_the_files() {
        assert_eq!(dimensions(&Media::Gif(b"GIF89a\x40\x01\x02\x00".to_vec())), Some((320, 2)));
        assert_eq!(dimensions(&Media::Png(b"\x89PNG".to_vec())), None);
    }

    #[test]
    fn empty_parts_leave_no_heading() {
        let page = report_html(&Report::default());
        assert!(!page.contains("<h2>"));
        let spots = Table { title: "Spots".into(), columns: vec!["Name".into()], ..Table::default() };
        let page = report_html(&Report { tables: vec![spots], ..Report::default() });
        assert!(page.contains("<h2>Spots</h2>\n<p>None.</p>"));
    }

    #[test]
    fn tables_have_the_width_of_their_head_and_a_limit() {
        let table = Table {
            title: "T".into(),
            columns: vec!["a".into(), "b".into()],
            rows: vec![vec!["1".into()], vec!["x".into(), "y".into(), "z".into()]],
            note: String::new(),
        };
        let mut out = String::new();
        write_table(&mut out, &table);
        assert_eq!(out.matches("<td").count(), 4);
        let long = Table { rows: vec![vec!["1".into()]; 312], ..table };
        out.clear();
        write_table(&mut out, &long);
        assert_eq!(out.matches("<tr>").count(), MAX_TABLE_ROWS + 1);
        assert!(out.contains("The first 50 of 312 rows."));
    }

    #[test]
    fn many_warnings_are_folded() {
        let mut out = String::new();
        warnings(&mut out, &vec!["w".to_string(); 20]);
        assert!(out.contains("<summary>12 more</summary>"));
        out.clear();
        warnings(&mut out, &[]);
        assert!(out.is_empty());
    }
}
