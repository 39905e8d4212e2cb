// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words, texts and marks of a text kernel's data blocks, and its dates.

/// One piece of a data block.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, a number or a date.
    Word(String),
    /// A quoted text.
    Text(String),
    /// `=`
    Assign,
    /// `+=`
    Append,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Tokens of the data blocks with their line numbers (first line is 1). A text that lacks its closing quote
/// ends with its line.
pub(super) fn tokens(kernel: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    let mut in_data = false;
    for (i, line) in kernel.lines().enumerate() {
        match line.trim().to_ascii_lowercase().as_str() {
            "\\begindata" => in_data = true,
            "\\begintext" => in_data = false,
            _ if in_data => of_line(line, i + 1, &mut found),
            _ => {}
        }
    }
    found
}

fn of_line(line: &str, number: usize, found: &mut Vec<(usize, Token)>) {
    let mut rest = line.trim_start_matches(is_gap);
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '=' => (Token::Assign, 1),
            '+' if rest[1..].starts_with('=') => (Token::Append, 2),
            '\'' => quoted(rest),
            _ => word(rest),
        };
        found.push((number, token));
        rest = rest[length..].trim_start_matches(is_gap);
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn word(rest: &str) -> (Token, usize) {
    let end = rest.find(|c| is_gap(c) || "()='".contains(c)).unwrap_or(rest.len());
    // `NAME+=` without a blank: the plus belongs to the mark.
    let end = if rest[end..].starts_with('=') && rest[..end].ends_with('+') { end - 1 } else { end };
    (Token::Word(rest[..end].to_string()), end)
}

fn quoted(rest: &str) -> (Token, usize) {
    let mut text = String::new();
    let mut at = 1;
    while let Some(end) = rest[at..].find('\'') {
        text.push_str(&rest[at..at + end]);
        at += end + 1;
        if !rest[at..].starts_with('\'') {
            return (Token::Text(text), at);
        }
        text.push('\'');
        at += 1;
    }
    text.push_str(&rest[at..]);
    (Token::Text(text), rest.len())
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Seconds past J2000 of a kernel date such as `1972-JAN-1`, `01-MAY-1991/16:25` or `2018-09-28/01:15:03.00`.
/// The calendar is taken without leap seconds, as SPICE does.
pub(super) fn parse_date(text: &str) -> Option<f64> {
    // A date is longer than seven characters, so the T of OCT is not taken for a separator.
    let with_t = || text.split_once('T').filter(|(date, _)| date.len() > 7);
    let (date, clock) = text.split_once('/').or_else(with_t).unwrap_or((text, "0:0:0"));
    let parts: Vec<&str> = date.split('-').collect();
    let &[first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() > 2 { (first, last) } else { (last, first) };
    let (year, day): (i64, i64) = (year.parse().ok()?, day.parse().ok()?);
    let named = MONTHS.iter().position(|m| month.get(..3).is_some_and(|three| three.eq_ignore_ascii_case(m)));
    let month = named.map_or_else(|| month.parse().ok(), |m| i64::try_from(m + 1).ok())?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(-9999..=9999).contains(&year) {
        return None;
    }
    let mut seconds = 0.0;
    let mut unit_s = 3600.0;
    for field in clock.split(':') {
        seconds += field.parse::<f64>().ok().filter(|f| (0.0..=60.0).contains(f))? * unit_s;
        unit_s /= 60.0;
    }
    Some(days_past_j2000_noon(year, month, day) * 86_400.0 + seconds)
}

/// Days from 2000-01-01 noon to midnight of a Gregorian date.
///
/// # Source
/// Fliegel & Van Flandern (1968), Communications of the ACM 11, 657.
fn days_past_j2000_noon(year: i64, month: i64, day: i64) -> f64 {
    let a = (month - 14) / 12;
    let julian_day = (1461 * (year + 4800 + a)) / 4 + (367 * (month - 2 - 12 * a)) / 12
        - (3 * ((year + 4900 + a) / 100)) / 4
        + day
        - 32_075;
    (julian_day - 2_451_545) as f64 - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_spice() {
        // naif0012.tls in a SPICE pool: gdpool("DELTET/DELTA_AT") has -883656000 for 1972-JAN-1 and 536500800
        // for 2017-JAN-1.
        assert_eq!(parse_date("1972-JAN-1"), Some(-883_656_000.0));
        assert_eq!(parse_date("2017-JAN-1"), Some(536_500_800.0));
        assert_eq!(parse_date("01-MAY-1991/16:25"), parse_date("1991-05-01/16:25:00"));
        assert_eq!(parse_date("1-OCT-1991/1:0"), parse_date("1991-10-01T01:00:00"));
        for wrong in ["", "1991", "1991-13-01", "1991-FOO-01", "1991-01-01/ab", "1991-01-99", "é-é-é"] {
            assert!(parse_date(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn marks_need_no_blanks_around_them() {
        let found: Vec<Token> = tokens("\\begindata\nA+=(1,'a b')\n").into_iter().map(|(_, t)| t).collect();
        let word = |w: &str| Token::Word(w.to_string());
        let text = Token::Text("a b".to_string());
        assert_eq!(found, [word("A"), Token::Append, Token::Open, word("1"), text, Token::Close]);
    }
}
