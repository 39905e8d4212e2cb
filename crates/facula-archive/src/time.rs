// SPDX-License-Identifier: MIT OR Apache-2.0
//! UTC times as archives write them: `2015-04-15T07:42:43.250`, `2015-170T16:15:46.345`, with or without `Z`.

use facula_core::{Epoch, Unit};

/// An epoch from UTC text: calendar date or day of year, time optional, any number of decimals (kept to the
/// nanosecond). `None` when it is not one, or lies outside the years 1900 to 2199.
pub(crate) fn parse_time(text: &str) -> Option<Epoch> {
    let bare = text.trim();
    let bare = bare.strip_suffix('Z').unwrap_or(bare);
    let (date, time) = bare.split_once('T').unwrap_or((bare, "00:00:00"));
    let (year, month, day) = parse_date(date)?;
    let mut fields = time.split(':');
    let hour = whole(fields.next()?, 2).filter(|h| *h < 24)?;
    let minute = whole(fields.next()?, 2).filter(|m| *m < 60)?;
    let (second, nanosecond) = parse_seconds(fields.next().unwrap_or("00"))?;
    if fields.next().is_some() {
        return None;
    }
    let small = |n: u32| u8::try_from(n).ok();
    let start_of_minute =
        Epoch::maybe_from_gregorian_utc(year, small(month)?, small(day)?, small(hour)?, small(minute)?, 0, 0);
    let leap = second == 60;
    if leap && (hour, minute) != (23, 59) {
        return None;
    }
    let elapsed = f64::from(second) * Unit::Second + f64::from(nanosecond) * Unit::Nanosecond;
    Some(start_of_minute.ok()? + elapsed)
}

fn parse_date(date: &str) -> Option<(i32, u32, u32)> {
    let mut fields = date.split('-');
    let year = whole(fields.next()?, 4).filter(|y| (1900..2200).contains(y))?;
    let second = fields.next()?;
    let lengths = month_lengths(year);
    let (month, day) = match fields.next() {
        Some(day) => (whole(second, 2)?, whole(day, 2)?),
        None => month_and_day(whole(second, 3)?, &lengths)?,
    };
    let length = *lengths.get(month.checked_sub(1)? as usize)?;
    let good = fields.next().is_none() && (1..=length).contains(&day);
    good.then_some((year as i32, month, day))
}

fn month_lengths(year: u32) -> [u32; 12] {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

fn month_and_day(day_of_year: u32, lengths: &[u32; 12]) -> Option<(u32, u32)> {
    let mut rest = day_of_year;
    for (month, length) in (1..).zip(lengths) {
        if rest <= *length {
            return (rest > 0).then_some((month, rest));
        }
        rest -= length;
    }
    None
}

fn parse_seconds(text: &str) -> Option<(u32, u32)> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, ""));
    let second = whole(seconds, 2).filter(|s| *s <= 60)?;
    if !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nine: String = decimals.chars().chain("000000000".chars()).take(9).collect();
    Some((second, nine.parse().ok()?))
}

/// A number of at most `digits` decimal digits and nothing else.
fn whole(text: &str, digits: usize) -> Option<u32> {
    let good = !text.is_empty() && text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// The epoch rounded to a whole microsecond of UTC and its text, `2015-04-15T07:42:43.250000`.
pub(crate) fn format_microseconds(epoch: Epoch) -> (Epoch, String) {
    let (year, month, day, hour, minute, second, nanosecond) =
        (epoch + 500.0 * Unit::Nanosecond).to_gregorian_utc();
    let microsecond = nanosecond / 1000;
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}");
    (parse_time(&text).unwrap_or(epoch), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{epoch_from_et_s, et_s, parse_utc};
    use proptest::prelude::*;

    #[test]
    fn day_of_year_and_calendar_agree() {
        // Label of FC21A0038582: START_TIME and DAWN:ALT_START_TIME name the same moment.
        assert_eq!(parse_time("2015-170T16:15:46.345"), parse_time("2015-06-19T16:15:46.345Z"));
        assert_eq!(parse_time("2016-366T23:59:59"), parse_time("2016-12-31T23:59:59"));
        assert_eq!(parse_time("2015-04-15"), parse_utc("2015-04-15T00:00:00"));
    }

    #[test]
    fn ephemeris_time_of_a_label_equals_spice() {
        // Case T01 of the truth set: str2et("2015-04-15T00:00:00") with naif0012.tls.
        let epoch = parse_time("2015-105T00:00").unwrap();
        assert!((et_s(epoch) - 482328067.18562883).abs() < 1e-5);
    }

    #[test]
    fn what_is_not_a_time_is_none() {
        let bad = [
            "",
            "N/A",
            "UNK",
            "2015",
            "2015-366T00:00:00",
            "2015-000T00:00:00",
            "2015-13-01",
            "2015-02-29",
            "2015-04-15T24:00:00",
            "2015-04-15T10:60:00",
            "2015-04-15T10:00:61",
            "2015-04-15T10:00:60",
            "2015-04-15T10:00:00.x",
            "2015-04-15T10:00:00:00",
            "99999-01-01",
            "2015-04-15T+1:00:00",
            "2015-04-é",
        ];
        for text in bad {
            assert!(parse_time(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn microsecond_text_round_trips(et in 2.0e8..5.5e8f64) {
            let (rounded, text) = format_microseconds(epoch_from_et_s(et));
            prop_assert!((rounded - epoch_from_et_s(et)).abs() <= 1.0 * Unit::Microsecond, "{}", text);
            prop_assert_eq!(format_microseconds(rounded), (rounded, text));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,30}") {
            let _ = parse_time(&text);
        }
    }
}
