// SPDX-License-Identifier: MIT OR Apache-2.0
//! When geometry holds: spans of time in which a condition is true, crossings and extremes of a quantity.
//!
//! In: a function of time, a [`Window`] to search, a step that no event is shorter than. Out: a [`Window`], or epochs,
//! refined to a microsecond. The functions are ordinary closures over a [`crate::View`]; [`quantities`] has the usual
//! ones.
//!
//! # Source
//! NAIF, "Geometry Finder Required Reading" (gf.req): the step must be shorter than the shortest event and the shortest
//! gap; results err by the tolerance.

pub mod quantities;
mod window;

use facula_core::{Epoch, Unit};

pub use window::{Span, Window};

/// To how many seconds events are refined.
pub const TOLERANCE_S: f64 = 1e-6;
/// Halvings at most: from 100 years to the tolerance takes 52.
const MAX_HALVINGS: u32 = 80;

/// How a search walks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Step, s; shorter than the shortest event and the shortest gap between events.
    pub step_s: f64,
    /// To how many seconds ends are refined.
    pub tolerance_s: f64,
}

impl Search {
    /// A search with a step and the usual tolerance.
    pub const fn with_step_s(step_s: f64) -> Self {
        Self { step_s, tolerance_s: TOLERANCE_S }
    }

    /// The epochs a span is sampled at, its ends included.
    fn steps(&self, span: &Span) -> impl Iterator<Item = (Epoch, Epoch)> + use<> {
        let (start, length_s) = (span.start, span.duration_s());
        // A step that is not positive walks the span in one.
        let count = if self.step_s > 0.0 { (length_s / self.step_s).ceil().clamp(1.0, 1e9) } else { 1.0 };
        let step_s = length_s / count;
        let at = move |k: u64| start + (k as f64 * step_s) * Unit::Second;
        let end = span.end;
        (0..count as u64).map(move |k| (at(k), if k + 1 == count as u64 { end } else { at(k + 1) }))
    }
}

/// Where in a bracket the first half's condition stops: `holds(early)` and not `holds(late)`.
fn boundary<E>(
    (mut early, mut late): (Epoch, Epoch),
    search: &Search,
    mut holds: impl FnMut(Epoch) -> Result<bool, E>,
) -> Result<Epoch, E> {
    for _ in 0..MAX_HALVINGS {
        let width_s = (late - early).to_seconds();
        let middle = early + 0.5 * width_s * Unit::Second;
        if width_s <= search.tolerance_s {
            return Ok(middle);
        }
        if holds(middle)? { early = middle } else { late = middle }
    }
    Ok(late)
}

/// The spans of `window` in which a condition is true.
///
/// # Errors
/// Those of the condition.
///
/// # Examples
/// ```
/// use facula_core::epoch_from_et_s;
/// use facula_geometry::events::{Search, Window, find_windows};
/// let day = Window::span(epoch_from_et_s(0.0), epoch_from_et_s(86_400.0));
/// let noon = epoch_from_et_s(43_200.0);
/// let found = find_windows(&day, &Search::with_step_s(600.0), |epoch| Ok::<_, ()>(epoch > noon)).unwrap();
/// assert!((found.duration_s() - 43_200.0).abs() < 1e-5);
/// ```
pub fn find_windows<E>(
    window: &Window,
    search: &Search,
    mut holds: impl FnMut(Epoch) -> Result<bool, E>,
) -> Result<Window, E> {
    let mut found = Vec::new();
    for span in window.spans() {
        let mut is_true = holds(span.start)?;
        let mut began = span.start;
        for (early, late) in search.steps(span) {
            let next = holds(late)?;
            if next != is_true {
                let edge = boundary((early, late), search, |epoch| Ok(holds(epoch)? == is_true))?;
                match is_true {
                    true => found.push(Span { start: began, end: edge }),
                    false => began = edge,
                }
                is_true = next;
            }
        }
        if is_true {
            found.push(Span { start: began, end: span.end });
        }
    }
    Ok(Window::from_spans(found))
}

/// The spans of `window` in which a quantity is below a limit (SPICE's relation `<`). The quantity's extremes are found
/// first, so that a dip shorter than the step is not missed as long as each step holds one extreme at most.
///
/// # Errors
/// Those of the quantity.
pub fn find_below<E>(
    window: &Window,
    search: &Search,
    limit: Limit,
    mut quantity: impl FnMut(Epoch) -> Result<f64, E>,
) -> Result<Window, E> {
    let mut found = Window::empty();
    for span in window.spans() {
        let extremes = find_extremes(&Window::span(span.start, span.end), search, &mut quantity)?;
        let mut ends: Vec<Epoch> = extremes.into_iter().map(|extreme| extreme.epoch).collect();
        ends.insert(0, span.start);
        ends.push(span.end);
        for pair in ends.windows(2) {
            let piece = Window::span(pair[0], pair[1]);
            let monotone = Search { step_s: f64::INFINITY, ..*search };
            let below = find_windows(&piece, &monotone, |epoch| Ok(quantity(epoch)? < limit.value))?;
            found = found.union(&below);
        }
    }
    Ok(found)
}

/// The limit of a comparison, in the unit of the quantity compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The value, in the unit of the quantity.
    pub value: f64,
}

/// Which way a quantity crosses a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// From below to above.
    Rising,
    /// From above to below.
    Falling,
}

/// A moment at which a quantity passes a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// When.
    pub epoch: Epoch,
    /// Which way.
    pub direction: Direction,
}

/// The moments at which a quantity crosses a limit, one at most in each step.
///
/// # Errors
/// Those of the quantity.
pub fn find_crossings<E>(
    window: &Window,
    search: &Search,
    limit: Limit,
    mut quantity: impl FnMut(Epoch) -> Result<f64, E>,
) -> Result<Vec<Crossing>, E> {
    let mut found = Vec::new();
    for span in window.spans() {
        let mut below = quantity(span.start)? < limit.value;
        for (early, late) in search.steps(span) {
            let next = quantity(late)? < limit.value;
            if next != below {
                let same = |epoch| Ok((quantity(epoch)? < limit.value) == below);
                let epoch = boundary((early, late), search, same)?;
                let direction = if below { Direction::Rising } else { Direction::Falling };
                found.push(Crossing { epoch, direction });
                below = next;
            }
        }
    }
    Ok(found)
}

/// What an extreme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtremeKind {
    /// Lower than around it.
    Minimum,
    /// Higher than around it.
    Maximum,
}

/// A local extreme of a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extreme {
    /// When.
    pub epoch: Epoch,
    /// The quantity then, in its unit.
    pub value: f64,
    /// Minimum or maximum.
    pub kind: ExtremeKind,
}

/// Half step of the difference that tells whether a quantity grows, s; SPICE's geometry finder uses one second too.
const SLOPE_STEP_S: f64 = 1.0;

/// The local extremes of a smooth quantity inside `window`, one at most in each step.
///
/// # Errors
/// Those of the quantity.
pub fn find_extremes<E>(
    window: &Window,
    search: &Search,
    mut quantity: impl FnMut(Epoch) -> Result<f64, E>,
) -> Result<Vec<Extreme>, E> {
    let mut found = Vec::new();
    for span in window.spans() {
        // The derivative never looks beyond the window: the kernels may end there.
        let mut grows = |epoch: Epoch| -> Result<bool, E> {
            let (before, after) = (epoch - SLOPE_STEP_S * Unit::Second, epoch + SLOPE_STEP_S * Unit::Second);
            Ok(quantity(after.min(span.end))? > quantity(before.max(span.start))?)
        };
        let mut up = grows(span.start)?;
        let mut turns = Vec::new();
        for (early, late) in search.steps(span) {
            let next = grows(late)?;
            if next != up {
                let epoch = boundary((early, late), search, |epoch| Ok(grows(epoch)? == up))?;
                turns.push((epoch, if up { ExtremeKind::Maximum } else { ExtremeKind::Minimum }));
                up = next;
            }
        }
        for (epoch, kind) in turns {
            found.push(Extreme { epoch, value: quantity(epoch)?, kind });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{epoch_from_et_s, et_s};

    const CLOSE_S: f64 = 2e-6;

    fn day() -> Window {
        Window::span(epoch_from_et_s(0.0), epoch_from_et_s(86_400.0))
    }

    fn wave(epoch: Epoch) -> Result<f64, ()> {
        Ok((et_s(epoch) / 86_400.0 * 4.0 * std::f64::consts::PI).sin())
    }

    #[test]
    fn a_sine_crosses_zero_and_turns_where_it_should() {
        let search = Search::with_step_s(1000.0);
        let crossings = find_crossings(&day(), &search, Limit { value: 0.5 }, wave).unwrap();
        let expected = [3600.0, 18_000.0, 46_800.0, 61_200.0];
        assert_eq!(crossings.len(), 4);
        for (crossing, expected_s) in crossings.iter().zip(expected) {
            assert!((et_s(crossing.epoch) - expected_s).abs() < CLOSE_S);
        }
        assert_eq!(crossings[0].direction, Direction::Rising);
        let extremes = find_extremes(&day(), &search, wave).unwrap();
        assert_eq!(extremes.len(), 4);
        assert!(extremes[0].kind == ExtremeKind::Maximum && (extremes[0].value - 1.0).abs() < 1e-9);
        // A flat top: the value is exact, the moment to the square root of the rounding.
        assert!((et_s(extremes[1].epoch) - 32_400.0).abs() < 1e-3);
    }

    #[test]
    fn dips_shorter_than_the_step_are_found_through_their_minimum() {
        let search = Search::with_step_s(20_000.0);
        let below = find_below(&day(), &search, Limit { value: -0.9999 }, wave).unwrap();
        assert_eq!(below.spans().len(), 2);
        assert!((below.duration_s() - 2.0 * 2.0 * 97.2).abs() < 2.0, "{}", below.duration_s());
    }

    #[test]
    fn errors_of_the_condition_come_back() {
        let search = Search::with_step_s(1000.0);
        assert_eq!(find_windows(&day(), &search, |_| Err::<bool, _>("no kernel")), Err("no kernel"));
    }
}
