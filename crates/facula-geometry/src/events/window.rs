// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets of time: sorted spans that do not touch.
//!
//! # Source
//! NAIF, "Windows Required Reading" (windows.req).

use facula_core::{Epoch, Unit};

/// A span of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First moment.
    pub start: Epoch,
    /// Last moment, not before the first.
    pub end: Epoch,
}

impl Span {
    /// Length, s.
    pub fn duration_s(&self) -> f64 {
        (self.end - self.start).to_seconds()
    }
}

/// A set of spans, sorted, without overlaps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    spans: Vec<Span>,
}

impl Window {
    /// No time at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// One span; empty when it ends before it starts.
    pub fn span(start: Epoch, end: Epoch) -> Self {
        Self::from_spans(vec![Span { start, end }])
    }

    /// Any spans: sorted, joined where they meet, those that end before they start left out.
    pub fn from_spans(mut spans: Vec<Span>) -> Self {
        spans.retain(|span| span.start <= span.end);
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        Self { spans: joined }
    }

    /// The spans in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Sum of the lengths, s.
    pub fn duration_s(&self) -> f64 {
        self.spans.iter().map(Span::duration_s).sum()
    }

    /// Whether an epoch is in it.
    pub fn contains(&self, epoch: Epoch) -> bool {
        let after = self.spans.partition_point(|span| span.start <= epoch);
        after > 0 && epoch <= self.spans[after - 1].end
    }

    /// Time in either (SPICE `WNUNID`).
    pub fn union(&self, other: &Self) -> Self {
        Self::from_spans(self.spans.iter().chain(&other.spans).copied().collect())
    }

    /// Time in both (SPICE `WNINTD`).
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut i, mut j, mut both) = (0, 0, Vec::new());
        while let (Some(a), Some(b)) = (self.spans.get(i), other.spans.get(j)) {
            both.push(Span { start: a.start.max(b.start), end: a.end.min(b.end) });
            if a.end < b.end { i += 1 } else { j += 1 }
        }
        Self::from_spans(both)
    }

    /// Time of `bounds` that is not in it (SPICE `WNCOMD`); ends are shared.
    pub fn complement(&self, bounds: Span) -> Self {
        let inside = self.intersection(&Self::from_spans(vec![bounds]));
        let mut gaps = Vec::with_capacity(inside.spans.len() + 1);
        let mut start = bounds.start;
        for span in &inside.spans {
            gaps.push(Span { start, end: span.start });
            start = span.end;
        }
        gaps.push(Span { start, end: bounds.end });
        // A gap of no length is where two spans of the set begin or end at the bounds.
        gaps.retain(|gap| gap.start < gap.end);
        Self::from_spans(gaps)
    }

    /// Time in this one and not in the other (SPICE `WNDIFD`).
    pub fn difference(&self, other: &Self) -> Self {
        let pieces = self.spans.iter().flat_map(|span| other.complement(*span).spans);
        Self::from_spans(pieces.collect())
    }

    /// Every span shortened at both ends, s; spans that vanish are left out (SPICE `WNCOND`). Negative values lengthen
    /// and join (`WNEXPD`).
    pub fn contract(&self, start_s: f64, end_s: f64) -> Self {
        let shorter = |span: &Span| Span {
            start: span.start + start_s * Unit::Second,
            end: span.end - end_s * Unit::Second,
        };
        Self::from_spans(self.spans.iter().map(shorter).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{epoch_from_et_s, et_s};
    use proptest::prelude::*;

    fn window(spans: &[(f64, f64)]) -> Window {
        let span = |&(a, b): &(f64, f64)| Span { start: epoch_from_et_s(a), end: epoch_from_et_s(b) };
        Window::from_spans(spans.iter().map(span).collect())
    }

    fn list(window: &Window) -> Vec<(f64, f64)> {
        window.spans().iter().map(|s| (et_s(s.start).round(), et_s(s.end).round())).collect()
    }

    #[test]
    fn the_examples_of_the_windows_document() {
        // windows.req: union, intersection and difference of these two.
        let a = window(&[(1.0, 3.0), (7.0, 11.0), (23.0, 27.0)]);
        let b = window(&[(2.0, 4.0), (8.0, 10.0), (16.0, 18.0)]);
        assert_eq!(list(&a.intersection(&b)), [(2.0, 3.0), (8.0, 10.0)]);
        assert_eq!(list(&a.union(&b)), [(1.0, 4.0), (7.0, 11.0), (16.0, 18.0), (23.0, 27.0)]);
        let bounds = Span { start: epoch_from_et_s(2.0), end: epoch_from_et_s(20.0) };
        assert_eq!(list(&a.complement(bounds)), [(3.0, 7.0), (11.0, 20.0)]);
        assert_eq!(list(&a.contract(2.0, 1.0)), [(9.0, 10.0), (25.0, 26.0)]);
        assert_eq!(list(&a.contract(-2.0, -2.0)), [(-1.0, 13.0), (21.0, 29.0)]);
    }

    proptest! {
        #[test]
        fn set_algebra_agrees_with_membership(
            a in prop::collection::vec((0.0..100.0f64, 0.1..20.0f64), 0..8),
            b in prop::collection::vec((0.0..100.0f64, 0.1..20.0f64), 0..8), t in 0.0..120.0f64) {
            let make = |v: &[(f64, f64)]| {
                window(&v.iter().map(|(s, l)| (*s, s + l)).collect::<Vec<_>>())
            };
            let (a, b, epoch) = (make(&a), make(&b), epoch_from_et_s(t));
            let (in_a, in_b) = (a.contains(epoch), b.contains(epoch));
            prop_assert_eq!(a.union(&b).contains(epoch), in_a || in_b);
            prop_assert_eq!(a.intersection(&b).contains(epoch), in_a && in_b);
            prop_assert_eq!(a.difference(&b).contains(epoch), in_a && !in_b);
        }
    }
}
