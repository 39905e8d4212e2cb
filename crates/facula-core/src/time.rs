// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times at the edges: UTC text in, UTC text out; ephemeris time for the kernels.

use hifitime::Epoch;

/// An epoch from UTC text such as `2015-04-15T07:42:43.250`; `None` when it is not one. A trailing `Z` or
/// ` UTC` is allowed.
pub fn parse_utc(text: &str) -> Option<Epoch> {
    let bare = text.trim().trim_end_matches('Z').trim_end_matches(" UTC");
    let with_time = match bare.split_once('T') {
        None => format!("{bare}T00:00:00"),
        Some((_, clock)) if clock.matches(':').count() == 1 => format!("{bare}:00"),
        Some(_) => bare.to_string(),
    };
    Epoch::from_gregorian_str(&format!("{with_time} UTC")).ok()
}

/// UTC text with milliseconds, as in labels: `2015-04-15T07:42:43.250`.
pub fn format_utc(epoch: Epoch) -> String {
    // Half a millisecond is added because the split into fields truncates.
    let rounded = epoch + 0.5 * hifitime::Unit::Millisecond;
    let (year, month, day, hour, minute, second, nanosecond) = rounded.to_gregorian_utc();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}", nanosecond / 1_000_000)
}

/// Ephemeris time (TDB seconds past J2000, SPICE's `ET`), with SPICE's own two-term formula.
pub fn et_s(epoch: Epoch) -> f64 {
    epoch.to_et_seconds()
}

/// The epoch at an ephemeris time (TDB seconds past J2000).
pub fn epoch_from_et_s(et_s: f64) -> Epoch {
    Epoch::from_et_seconds(et_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ephemeris_time_equals_spice() {
        // Case T01 of the truth set: str2et("2015-04-15T00:00:00") with naif0012.tls.
        let epoch = parse_utc("2015-04-15T00:00:00").expect("utc");
        assert!((et_s(epoch) - 482328067.18562883).abs() < 1e-5, "{}", et_s(epoch));
        // Case T02: after the leap second of 2015-06-30.
        let later = parse_utc("2015-07-15").expect("utc");
        let j2000_utc_s = (later.to_jde_utc_days() - 2451545.0) * 86400.0;
        assert!((et_s(later) - j2000_utc_s - 68.18373581674534).abs() < 1e-4);
    }

    #[test]
    fn utc_text_round_trips_to_the_millisecond() {
        for text in ["2015-04-15T07:42:43.250", "2011-07-17T03:39:47.500", "2016-12-31T23:59:59.999"] {
            assert_eq!(format_utc(parse_utc(text).expect(text)), text);
        }
        assert!(parse_utc("yesterday").is_none());
        assert_eq!(parse_utc("2015-04-15T07:50"), parse_utc("2015-04-15T07:50:00"));
        assert!(parse_utc("2015-04-15T07").is_none() && parse_utc("2015-04-15T07:5x").is_none());
    }
}
