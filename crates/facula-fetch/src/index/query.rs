// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is searched for in an index.

use facula_core::{Epoch, format_utc};

use crate::index::Product;

/// A question to an index; what is `None` does not matter. A product that does not tell what is asked for does not
/// match.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IndexQuery {
    /// Target, capitals or not.
    pub target: Option<String>,
    /// Part of the mission phase or of its short name, capitals or not (`RC3`).
    pub phase: Option<String>,
    /// Filter: `F1` and `1` are the same.
    pub filter: Option<String>,
    /// Volume, exactly.
    pub volume: Option<String>,
    /// First and last start of the observation.
    pub time: Option<(Epoch, Epoch)>,
    /// Least and largest Sun – target – camera angle, degrees.
    pub phase_deg: Option<(f64, f64)>,
    /// Least and largest distance from the target's centre, km.
    pub range_km: Option<(f64, f64)>,
}

/// What of a product a question looks at.
pub(crate) struct Key<'a> {
    pub(crate) target: &'a str,
    pub(crate) phase: &'a str,
    pub(crate) filter: &'a str,
    pub(crate) volume: &'a str,
    pub(crate) start_utc: &'a str,
    pub(crate) phase_deg: Option<f64>,
    pub(crate) range_km: Option<f64>,
}

/// A question made ready for many products.
pub(crate) struct Ready {
    target: Option<String>,
    phase: Option<String>,
    filter: Option<String>,
    volume: Option<String>,
    time: Option<(String, String)>,
    phase_deg: Option<(f64, f64)>,
    range_km: Option<(f64, f64)>,
}

impl IndexQuery {
    pub(crate) fn ready(&self) -> Ready {
        let upper = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_uppercase());
        Ready {
            target: upper(&self.target),
            phase: upper(&self.phase),
            filter: upper(&self.filter).map(|text| bare_filter(&text).to_string()),
            volume: self.volume.clone(),
            // All times have one form, so that their texts are in the order of the times.
            time: self.time.map(|(first, last)| (format_utc(first), format_utc(last))),
            phase_deg: self.phase_deg,
            range_km: self.range_km,
        }
    }

    /// Whether a product is asked for.
    pub fn matches(&self, product: &Product) -> bool {
        let start_utc = product.start.map(format_utc).unwrap_or_default();
        self.ready().matches(&Key {
            target: &product.target,
            phase: &product.phase,
            filter: &product.filter,
            volume: &product.volume,
            start_utc: &start_utc,
            phase_deg: product.geometry.phase_deg,
            range_km: product.geometry.range_km,
        })
    }
}

impl Ready {
    pub(crate) fn matches(&self, key: &Key<'_>) -> bool {
        let in_span = |span: &Option<(f64, f64)>, value: Option<f64>| {
            span.is_none_or(|(least, most)| value.is_some_and(|value| (least..=most).contains(&value)))
        };
        let filter = |wanted: &String| bare_filter(key.filter).eq_ignore_ascii_case(wanted);
        self.target.as_ref().is_none_or(|wanted| key.target.eq_ignore_ascii_case(wanted))
            && self.filter.as_ref().is_none_or(filter)
            && self.volume.as_ref().is_none_or(|wanted| key.volume == wanted)
            && self.phase.as_ref().is_none_or(|wanted| holds(key.phase, wanted))
            && self.time.as_ref().is_none_or(|(first, last)| {
                !key.start_utc.is_empty() && key.start_utc >= first.as_str() && key.start_utc <= last.as_str()
            })
            && in_span(&self.phase_deg, key.phase_deg)
            && in_span(&self.range_km, key.range_km)
    }
}

/// Whether `part` is in `text`, capitals or not.
fn holds(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// `1` of `F1` and of `1`.
fn bare_filter(text: &str) -> &str {
    text.strip_prefix(['F', 'f'])
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::parse_utc;

    fn product() -> Product {
        Product {
            target: "CERES".into(),
            phase: "CERES SCIENCE RC3 (CSR)".into(),
            filter: "F1".into(),
            volume: "V".into(),
            start: parse_utc("2015-04-27T00:50:20.036"),
            geometry: crate::index::Geometry { phase_deg: Some(40.0), ..Default::default() },
            ..Product::default()
        }
    }

    #[test]
    fn each_part_of_a_question_can_refuse() {
        let span = |a: &str, b: &str| Some((parse_utc(a).unwrap(), parse_utc(b).unwrap()));
        let all = IndexQuery {
            target: Some("ceres".into()),
            phase: Some("rc3".into()),
            filter: Some("1".into()),
            volume: Some("V".into()),
            time: span("2015-04-27", "2015-04-28"),
            phase_deg: Some((40.0, 41.0)),
            range_km: None,
        };
        assert!(all.matches(&product()) && IndexQuery::default().matches(&Product::default()));
        let no = [
            IndexQuery { target: Some("vesta".into()), ..all.clone() },
            IndexQuery { phase: Some("survey".into()), ..all.clone() },
            IndexQuery { filter: Some("F2".into()), ..all.clone() },
            IndexQuery { volume: Some("v".into()), ..all.clone() },
            IndexQuery { time: span("2015-04-28", "2015-04-29"), ..all.clone() },
            IndexQuery { phase_deg: Some((10.0, 39.9)), ..all.clone() },
            IndexQuery { range_km: Some((0.0, 1e9)), ..all.clone() },
        ];
        for question in no {
            assert!(!question.matches(&product()), "{question:?}");
        }
        assert!(!IndexQuery { time: all.time, ..IndexQuery::default() }.matches(&Product::default()));
    }
}
