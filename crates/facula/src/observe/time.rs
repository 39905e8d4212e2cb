// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times as people write them.

use facula_core::{Epoch, Unit, epoch_from_et_s, parse_utc};

use crate::RequestError;

/// Most epochs of a series.
const MAX_EPOCHS: f64 = 1e6;

/// A time: UTC (`2015-06-19T16:15:46.345`), or `ET` and seconds past J2000 TDB (`ET 488002614.6229`).
///
/// # Errors
/// [`RequestError::Argument`].
pub fn parse_epoch(text: &str) -> Result<Epoch, RequestError> {
    let wrong = || RequestError::argument("time", text);
    match text.trim().strip_prefix("ET") {
        Some(seconds) => {
            let et_s: f64 = seconds.trim().parse().map_err(|_| wrong())?;
            // Beyond, the clock of the kernels has no meaning: 30,000 years.
            (et_s.abs() < 1e12).then(|| epoch_from_et_s(et_s)).ok_or_else(wrong)
        }
        None => parse_utc(text).ok_or_else(wrong),
    }
}

/// The epochs asked for: single times, or a span (first and last) with a step such as `10m`.
///
/// # Errors
/// [`RequestError::Argument`] for text that is no time, no time at all, or more than a million of them.
pub fn epochs(at: &[String], span: Option<(&str, &str)>, step: &str) -> Result<Vec<Epoch>, RequestError> {
    let Some((from, to)) = span else {
        if at.is_empty() {
            return Err(RequestError::argument("--at or --from and --to", "(nothing)"));
        }
        return at.iter().map(|text| parse_epoch(text)).collect();
    };
    let (from, to, step_s) = (parse_epoch(from)?, parse_epoch(to)?, duration_s(step)?);
    let steps = ((to - from).to_seconds() / step_s).floor();
    if !(0.0..MAX_EPOCHS).contains(&steps) {
        return Err(RequestError::argument("series", &format!("{steps} steps of {step}")));
    }
    Ok((0..=steps as u64).map(|k| from + (k as f64 * step_s) * Unit::Second).collect())
}

/// A span of time: a number with `s`, `m`, `h` or `d`; seconds.
fn duration_s(text: &str) -> Result<f64, RequestError> {
    let text = text.trim();
    let (number, scale_s) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1.0),
        Some((at, 'm')) => (&text[..at], 60.0),
        Some((at, 'h')) => (&text[..at], 3600.0),
        Some((at, 'd')) => (&text[..at], 86_400.0),
        _ => (text, 1.0),
    };
    let seconds = number.trim().parse::<f64>().ok().map(|n| n * scale_s);
    seconds.filter(|s| *s > 0.0 && s.is_finite()).ok_or_else(|| RequestError::argument("step", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::et_s;

    #[test]
    fn times_are_utc_or_ephemeris_time() {
        let utc = parse_epoch("2015-04-15T00:00:00").unwrap();
        let et = parse_epoch("ET 482328067.18562883").unwrap();
        assert!((utc - et).to_seconds().abs() < 1e-6);
        assert!((et_s(et) - 482328067.18562883).abs() < 1e-6);
        for bad in ["yesterday", "ET", "ET nan", "ET 1e300", ""] {
            assert!(parse_epoch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_series_holds_both_ends() {
        let span = Some(("2015-04-15", "2015-04-16"));
        assert_eq!(epochs(&[], span, "6h").unwrap().len(), 5);
        assert_eq!(epochs(&[], span, "1d").unwrap().len(), 2);
        for step in ["0s", "-1h", "nan", "", "h", "1e-9s"] {
            assert!(epochs(&[], span, step).is_err(), "{step}");
        }
        assert!(epochs(&[], Some(("2015-04-16", "2015-04-15")), "1h").is_err());
        assert!(epochs(&[], None, "1h").is_err());
    }
}
