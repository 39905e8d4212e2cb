// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times as text: calendar dates, days of the year, Julian dates, in UTC, TDB or TT.
//!
//! In: `2015-04-15T07:42:43.25`, `2015-105T07:42`, `2015 APR 15 07:42:43 TDB`, `JD 2457127.5 TT`. Out: epochs.
//!
//! # Source
//! NAIF, "Time Required Reading", section "Input string formats"; the forms labels and kernels use.

use facula_core::{Epoch, Unit, epoch_from_et_s};

use crate::error::SpiceError;

const DAY_S: f64 = 86_400.0;
/// Julian date of J2000.
const J2000_JD: f64 = 2_451_545.0;
/// From hifitime's origin, 1900-01-01 0:00, to J2000, s.
const ORIGIN_S: f64 = 36_524.5 * DAY_S;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Years of dates that are read: hifitime's own range is ±32,768 years.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Utc,
    Tdb,
    Tt,
}

/// The epoch of a time written as text. Without a scale behind it a time is UTC; `TDB` (or `ET`) and `TT` (or `TDT`)
/// may follow. Forms: ISO date or day of the year with `T` or a blank before the time, a date with the month's
/// name, `JD` and a Julian date.
///
/// # Errors
/// [`SpiceError::Argument`] with the text.
///
/// # Source
/// SPICE `STR2ET`.
///
/// # Examples
/// ```
/// let epoch = facula_spice::parse_time("2015 APR 15 00:01:07.184 TDB")?;
/// assert_eq!(epoch, facula_spice::parse_time("JD 2457127.50077759259 TDB")?.round(facula_core::Unit::Millisecond * 1));
/// # Ok::<(), facula_spice::SpiceError>(())
/// ```
pub fn parse_time(text: &str) -> Result<Epoch, SpiceError> {
    read(text).ok_or_else(|| SpiceError::Argument {
        name: "time",
        value: format!("{text:?}"),
        expected: "2015-04-15T07:42:43.25, 2015-105T07:42, 2015 APR 15 07:42, or JD 2457127.5, with UTC (if \
            nothing is said), TDB or TT behind it"
            .into(),
    })
}

fn read(text: &str) -> Option<Epoch> {
    let upper = text.trim().to_ascii_uppercase();
    let (body, scale) = scale_of(&upper);
    let julian = body.strip_prefix("JD").map(|rest| (rest, scale)).or_else(|| {
        ["JDTDB", "JDTDT", "JDUTC"]
            .iter()
            .zip([Scale::Tdb, Scale::Tt, Scale::Utc])
            .find_map(|(word, scale)| body.strip_suffix(word).map(|rest| (rest, scale)))
    });
    if let Some((number, scale)) = julian {
        let jd: f64 = number.trim().parse().ok().filter(|jd: &f64| (0.0..=5e6).contains(jd))?;
        return at(
            scale,
            (jd - J2000_JD).floor() as i64,
            (jd - J2000_JD - (jd - J2000_JD).floor()) * DAY_S,
            0.0,
        );
    }
    let words: Vec<&str> = body.split(|c: char| c.is_whitespace() || ",/".contains(c)).collect();
    let joined = words.iter().filter(|w| !w.is_empty()).copied().collect::<Vec<_>>();
    let (date, clock) = split(&joined)?;
    let days = days_of(&date)?;
    let seconds = seconds_of(clock)?;
    // Dates begin at midnight, J2000 at noon.
    at(scale, days, seconds, 0.5)
}

fn scale_of(text: &str) -> (&str, Scale) {
    let names =
        [("TDB", Scale::Tdb), ("TDT", Scale::Tt), ("ET", Scale::Tdb), ("TT", Scale::Tt), ("UTC", Scale::Utc)];
    let found = names.iter().find_map(|(name, scale)| {
        let rest = text.strip_suffix(name)?;
        rest.ends_with(char::is_whitespace).then_some((rest.trim_end(), *scale))
    });
    found.unwrap_or_else(|| (text.strip_suffix('Z').unwrap_or(text), Scale::Utc))
}

/// Parts of the date, and the clock time.
fn split<'a>(words: &[&'a str]) -> Option<(Vec<&'a str>, &'a str)> {
    let (date, clock) = match words {
        [one] => {
            one.split_once('T').filter(|(date, _)| date.contains('-') && date.len() > 6).unwrap_or((one, "0"))
        }
        [many @ .., last] if last.contains(':') => return Some((parts(many)?, last)),
        many => return Some((parts(many)?, "0")),
    };
    Some((parts(&[date])?, clock))
}

fn parts<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let found: Vec<&str> = words.iter().flat_map(|word| word.split('-')).filter(|w| !w.is_empty()).collect();
    (2..=3).contains(&found.len()).then_some(found)
}

/// Days from 2000-01-01 to a date.
fn days_of(date: &[&str]) -> Option<i64> {
    let named = |word: &str| {
        let three = word.get(..3)?;
        (word.len() >= 3).then(|| MONTHS.iter().position(|month| *month == three))?.map(|i| i + 1)
    };
    let number = |word: &str| word.parse::<i32>().ok();
    let (year, month, day) = match date {
        [year, day] => (number(year)?, 1, number(day).filter(|d| (1..=366).contains(d))?),
        [year, month, day] if named(month).is_some() && year.len() > 2 => {
            (number(year)?, named(month)?, number(day)?)
        }
        [day, month, year] if named(month).is_some() => (number(year)?, named(month)?, number(day)?),
        [month, day, year] if named(month).is_some() => (number(year)?, named(month)?, number(day)?),
        [year, month, day] => (number(year)?, usize::try_from(number(month)?).ok()?, number(day)?),
        _ => return None,
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(is_leap),
        _ => 31,
    };
    let longest = if date.len() == 2 { 365 + i32::from(is_leap) } else { longest };
    if !YEARS.contains(&year) || !(1..=12).contains(&month) || !(1..=longest).contains(&day) {
        return None;
    }
    Some(days_before_month(year, month) + i64::from(day) - 1)
}

/// Days from 2000-01-01 to the first of a month of the Gregorian calendar.
fn days_before_month(year: i32, month: usize) -> i64 {
    // Years begin with March, so that the leap day comes last.
    let (y, m) = (i64::from(year) - i64::from(month < 3), (month as i64 + 9) % 12);
    365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 - 730_425
}

/// Seconds of a clock time `h:m:s`; seconds may be 60 point something in a leap second.
fn seconds_of(clock: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let limits = [24.0, 60.0, 61.0];
    let fields: Vec<&str> = clock.split(':').collect();
    if fields.len() > limits.len() {
        return None;
    }
    for ((field, limit), unit_s) in fields.iter().zip(limits).zip([3600.0, 60.0, 1.0]) {
        let plain = !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        seconds += plain.then(|| field.parse::<f64>().ok())?.filter(|value| *value < limit)? * unit_s;
    }
    Some(seconds)
}

/// The epoch so many days (from J2000 less `less_days`) and seconds along in a scale.
fn at(scale: Scale, days: i64, seconds: f64, less_days: f64) -> Option<Epoch> {
    let whole_s = (days as f64 - less_days) * DAY_S;
    let epoch = match scale {
        Scale::Tdb => epoch_from_et_s(whole_s + seconds),
        // Two steps keep the nanoseconds that one double of seconds has not.
        Scale::Tt => Epoch::from_tt_seconds(whole_s + ORIGIN_S) + seconds * Unit::Second,
        // From midnight on by TAI, so that the seconds of a day with a leap second count on. Midnights stand at
        // whole seconds of TAI.
        Scale::Utc => {
            let midnight_s = Epoch::from_utc_seconds(whole_s + ORIGIN_S).to_tai_seconds().round();
            Epoch::from_tai_seconds(midnight_s) + seconds * Unit::Second
        }
    };
    Some(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::et_s;
    use proptest::prelude::*;

    /// A double of ephemeris time has 1.2e-7 s; hifitime's TDB - TT is SPICE's to a few nanoseconds.
    const TIME_S: f64 = 3e-7;

    #[test]
    fn texts_are_read_as_spice_reads_them() {
        // spiceypy 8.3.0, CSPICE N0067, naif0012.tls: str2et (the first two with the month's name,
        // the only form it takes a scale behind).
        for (text, et) in CASES {
            let found = et_s(parse_time(text).expect(text));
            assert!((found - et).abs() < TIME_S, "{text}: {found} {et}");
        }
    }

    const CASES: [(&str, f64); 16] = [
        ("2015-04-15T07:42:43.25 TDB", 482355763.25),
        ("2015-04-15T07:42:43.25 TDT", 482355763.2516271),
        ("2015-04-15T07:42:43.25", 482355830.4356271),
        ("2015-105T07:42:43.25", 482355830.4356271),
        ("2015 APR 15 07:42:43.25", 482355830.4356271),
        ("15-APR-2015 07:42", 482355787.1856271),
        ("Apr 15, 2015 07:42:43.25", 482355830.4356271),
        ("2015-04-15 07:42:43.250 UTC", 482355830.4356271),
        ("2015-04-15T00:00:00Z", 482328067.18562883),
        ("JD 2457127.5", 482328067.18562883),
        ("JD 2457127.75 TDB", 482349600.0),
        ("2457127.75 JDTDB", 482349600.0),
        ("2016-12-31T23:59:60.5", 536500868.6839298),
        ("1985-01-01", -473342345.81606126),
        ("2100 JUN 30 12:00:00 TDB", 3171312000.0),
        ("2011-198T03:39:47.5", 364146053.6836754),
    ];

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2015-13-01",
            "2015-02-29",
            "2015-366",
            "2015-04-15T25:00",
            "2015-04-15T1:2:3:4",
            "JD",
            "JD nan",
            "JD 1e99",
            "2015",
            "2015-04-15T12:61",
            "é-é-é",
            "99999-01-01",
            "2015-04-15T1e1:00",
        ] {
            let error = parse_time(text).expect_err(text).to_string();
            assert!(error.contains("JD 2457127.5"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9A-Z:./ -]{0,30}") {
            let _ = parse_time(&text);
        }

        #[test]
        fn days_of_the_year_are_dates(year in 1600i32..2400, day in 1u32..366) {
            let by_day = parse_time(&format!("{year}-{day:03}")).expect("day of the year");
            let next = parse_time(&format!("{year}-{:03}", day.max(2) - 1)).expect("day before");
            let apart_s = (by_day - next).to_seconds();
            prop_assert!(day == 1 || (apart_s - 86_400.0).abs() <= 1.0);
        }
    }
}
