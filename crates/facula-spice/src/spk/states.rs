// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPK types 8, 9, 12, 13 and 18: tables of states, interpolated over a sliding window.
//!
//! Types 8 and 12 have equal steps, the others a list of epochs; 8 and 9 interpolate position and velocity
//! each for itself (Lagrange), 12 and 13 use the velocity as the position's rate (Hermite); 18 has both kinds.
//!
//! # Source
//! NAIF, "SPK Required Reading", types 8, 9, 12, 13, 18.

use std::ops::Range;

use super::interpolation::{MAX_WINDOW, Newton, lagrange};
use super::{Fault, Pv, count_from_end, part};

/// How the samples of a window become a state.
#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    /// Six numbers, each interpolated for itself.
    Lagrange,
    /// Six numbers, velocity is the rate of position.
    Hermite,
    /// Twelve numbers: position with rates, velocity with rates.
    TwoHermites,
}

impl Scheme {
    fn packet(self) -> usize {
        if self == Self::TwoHermites { 12 } else { 6 }
    }
}

/// State from a segment of type 8, 9, 12, 13 or 18.
pub(crate) fn state(kind: i32, words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let count = count_from_end(words, 1)?;
    let parameter = count_from_end(words, 2)?;
    let (scheme, window) = match kind {
        8 | 9 => (Scheme::Lagrange, parameter + 1),
        12 | 13 => (Scheme::Hermite, parameter + 1),
        _ => (scheme_of_type_18(count_from_end(words, 3)?)?, parameter),
    };
    if count == 0 || window == 0 || window > MAX_WINDOW {
        return Err(Fault::Damaged("an empty table or an impossible window"));
    }
    let samples = part(words, 0, count.saturating_mul(scheme.packet()))?;
    let mut epochs = [0.0; MAX_WINDOW];
    let window = if matches!(kind, 8 | 12) {
        let (start_s, step_s) = (words[words.len().saturating_sub(4)], words[words.len().saturating_sub(3)]);
        if !(step_s > 0.0) || words.len() < samples.len() + 4 {
            return Err(Fault::Damaged("a step that is not positive"));
        }
        let at = |i: usize| start_s + i as f64 * step_s;
        let low = (((et_s - start_s) / step_s) as usize).min(count.saturating_sub(2));
        let chosen = choose(
            window,
            count,
            Bracket { low, nearer_high: et_s - at(low) > at(low + 1) - et_s },
            AtEnds::Shifted,
        );
        chosen.clone().zip(&mut epochs).for_each(|(i, epoch)| *epoch = at(i));
        chosen
    } else {
        let all = part(words, samples.len(), count)?;
        let at_ends = if kind == 18 { AtEnds::Cut } else { AtEnds::Shifted };
        let chosen = choose(window, count, bracket(all, et_s), at_ends);
        epochs[..chosen.len()].copy_from_slice(&all[chosen.clone()]);
        chosen
    };
    interpolate(scheme, samples, &window, (&epochs[..window.len()], et_s))
}

fn scheme_of_type_18(subtype: usize) -> Result<Scheme, Fault> {
    match subtype {
        0 => Ok(Scheme::TwoHermites),
        1 => Ok(Scheme::Lagrange),
        _ => Err(Fault::Unsupported),
    }
}

/// Where the request lies among the samples: from sample `low` to the next, and to which it is nearer.
#[derive(Clone, Copy)]
struct Bracket {
    low: usize,
    nearer_high: bool,
}

/// What happens to a window that would leave the table.
#[derive(Clone, Copy, PartialEq)]
enum AtEnds {
    /// It is moved inside, whole.
    Shifted,
    /// It loses the samples outside (type 18; shown by SPICE's answers, see `tests/data`).
    Cut,
}

/// The window of samples, centred on the request.
fn choose(window: usize, count: usize, bracket: Bracket, at_ends: AtEnds) -> Range<usize> {
    let half = window / 2;
    let centre = if window.is_multiple_of(2) {
        bracket.low + 1
    } else {
        bracket.low + usize::from(bracket.nearer_high)
    };
    match at_ends {
        AtEnds::Cut => centre.saturating_sub(half)..(centre + window - half).min(count),
        AtEnds::Shifted => {
            let window = window.min(count);
            let first = centre.saturating_sub(half).min(count - window);
            first..first + window
        }
    }
}

fn interpolate(
    scheme: Scheme,
    samples: &[f64],
    window: &Range<usize>,
    (epochs_s, et_s): (&[f64], f64),
) -> Result<Pv, Fault> {
    check_growth(epochs_s)?;
    let packet = scheme.packet();
    let samples = part(samples, window.start * packet, window.len() * packet)?;
    let at = |i: usize, k: usize| samples[packet * i + k];
    let three = |i: usize, k: usize| [at(i, k), at(i, k + 1), at(i, k + 2)];
    let [x, y, z, vx, vy, vz] = match scheme {
        Scheme::Lagrange => std::array::from_fn(|k| {
            let mut values = [0.0; MAX_WINDOW];
            (0..window.len()).for_each(|i| values[i] = at(i, k));
            lagrange(epochs_s, &values, et_s)[0]
        }),
        Scheme::Hermite => join(Newton::new(epochs_s, |i| (three(i, 0), three(i, 3))).at(et_s)),
        Scheme::TwoHermites => {
            let position = Newton::new(epochs_s, |i| (three(i, 0), three(i, 3))).at(et_s).0;
            join((position, Newton::new(epochs_s, |i| (three(i, 6), three(i, 9))).at(et_s).0))
        }
    };
    Ok([x, y, z, vx, vy, vz])
}

fn join((p, v): ([f64; 3], [f64; 3])) -> Pv {
    [p[0], p[1], p[2], v[0], v[1], v[2]]
}

/// A window of a type-13 segment, kept while requests stay between the same two samples.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    between_s: [f64; 2],
    nearer_high: Option<bool>,
    newton: Newton<3>,
}

impl Kept {
    /// The window of a type-13 segment for an epoch.
    pub fn new(words: &[f64], et_s: f64) -> Result<Self, Fault> {
        let (count, window) = (count_from_end(words, 1)?, count_from_end(words, 2)?.saturating_add(1));
        if count == 0 || window > MAX_WINDOW {
            return Err(Fault::Damaged("an empty table or an impossible window"));
        }
        let samples = part(words, 0, count.saturating_mul(6))?;
        let all = part(words, samples.len(), count)?;
        let bracket = bracket(all, et_s);
        let chosen = choose(window, count, bracket, AtEnds::Shifted);
        let epochs_s = &all[chosen.clone()];
        check_growth(epochs_s)?;
        let three = |i: usize, k: usize| {
            let sample = 6 * (chosen.start + i) + k;
            [samples[sample], samples[sample + 1], samples[sample + 2]]
        };
        let high_s = all.get(bracket.low + 1).copied().unwrap_or(all[bracket.low]);
        Ok(Self {
            between_s: [all[bracket.low], high_s],
            nearer_high: (!window.is_multiple_of(2)).then_some(bracket.nearer_high),
            newton: Newton::new(epochs_s, |i| (three(i, 0), three(i, 3))),
        })
    }

    /// Whether the segment would choose this window for the epoch.
    pub fn holds(&self, et_s: f64) -> bool {
        let [low_s, high_s] = self.between_s;
        low_s <= et_s
            && et_s < high_s
            && self.nearer_high.is_none_or(|high| high == (et_s - low_s > high_s - et_s))
    }

    /// The state at an epoch the window holds.
    pub fn state(&self, et_s: f64) -> Pv {
        join(self.newton.at(et_s))
    }
}

fn check_growth(epochs_s: &[f64]) -> Result<(), Fault> {
    if epochs_s.windows(2).any(|pair| !(pair[0] < pair[1])) {
        return Err(Fault::Damaged("epochs that do not grow"));
    }
    Ok(())
}

fn bracket(all_s: &[f64], et_s: f64) -> Bracket {
    let low = all_s.partition_point(|e| *e <= et_s).saturating_sub(1).min(all_s.len().saturating_sub(2));
    let nearer_high = all_s.get(low + 1).is_some_and(|high| et_s - all_s[low] > high - et_s);
    Bracket { low, nearer_high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_of_the_other_types_are_moved_inside_at_the_ends() {
        let bracket = |low, nearer_high| Bracket { low, nearer_high };
        let shifted = |window, count, b| choose(window, count, b, AtEnds::Shifted);
        assert_eq!(shifted(4, 10, bracket(5, true)), 4..8);
        assert_eq!(shifted(4, 10, bracket(0, false)), 0..4);
        assert_eq!(shifted(4, 10, bracket(8, true)), 6..10);
        assert_eq!(shifted(3, 10, bracket(5, true)), 5..8);
        assert_eq!(shifted(3, 10, bracket(5, false)), 4..7);
        assert_eq!(shifted(8, 3, bracket(1, false)), 0..3);
    }

    #[test]
    fn windows_of_type_18_are_cut_at_the_ends() {
        let cut = |window, low| choose(window, 24, Bracket { low, nearer_high: false }, AtEnds::Cut);
        assert_eq!(cut(8, 0), 0..5);
        assert_eq!(cut(6, 0), 0..4);
        assert_eq!(cut(8, 22), 19..24);
        assert_eq!(cut(8, 10), 7..15);
    }

    fn line(kind: i32) -> Vec<f64> {
        // x = 2 t at t = 0, 1, 2, 3.
        let mut words: Vec<f64> =
            (0..4).flat_map(|t| [2.0 * f64::from(t), 0.0, 0.0, 2.0, 0.0, 0.0]).collect();
        match kind {
            8 | 12 => words.extend([0.0, 1.0, 1.0, 4.0]),
            18 => words.extend([0.0, 1.0, 2.0, 3.0, 1.0, 2.0, 4.0]),
            _ => words.extend([0.0, 1.0, 2.0, 3.0, 1.0, 4.0]),
        }
        words
    }

    #[test]
    fn a_straight_line_is_followed_by_every_type() {
        for kind in [8, 9, 12, 13, 18] {
            for et_s in [0.0, 0.4, 1.0, 2.9, 3.0] {
                let found = state(kind, &line(kind), et_s).expect("inside");
                assert!(
                    (found[0] - 2.0 * et_s).abs() < 1e-14 && (found[3] - 2.0).abs() < 1e-14,
                    "{kind} {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_kept_window_answers_like_the_segment_where_it_holds() {
        for degree in [1.0, 2.0, 3.0] {
            let mut words = line(13);
            let last = words.len() - 2;
            words[last] = degree;
            let kept = Kept::new(&words, 1.2).expect("sound");
            for et_s in [1.0, 1.2, 1.4, 1.6, 1.9] {
                if kept.holds(et_s) {
                    assert_eq!(kept.state(et_s), state(13, &words, et_s).expect("inside"), "{degree} {et_s}");
                }
            }
            assert!(kept.holds(1.4) && !kept.holds(2.0) && !kept.holds(0.9));
            assert_eq!(kept.holds(1.6), degree != 2.0);
        }
    }

    proptest! {
        #[test]
        fn damaged_words_never_panic(kind in prop::sample::select(vec![8, 9, 12, 13, 18]), at in 0usize..31, length in 0usize..32,
                                     value in prop_oneof![proptest::num::f64::ANY, (0.0..40.0f64).prop_map(f64::round)], et_s in proptest::num::f64::ANY) {
            let mut words = line(kind);
            if let Some(word) = words.get_mut(at) { *word = value; }
            let _ = state(kind, &words, et_s);
            let _ = Kept::new(&words, et_s);
            words.truncate(length);
            let _ = state(kind, &words, et_s);
        }
    }
}
