// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of the plane and their inverses: what every distortion model shares.
//!
//! In: a map with its derivatives, valid in a convex domain. Out: how far the map is one to one, and the point
//! that it sends to a target.
//!
//! A map whose derivative has a positive definite symmetric part on a convex domain is one to one there
//! (Gale & Nikaido 1965, Math. Ann. 159, 81, theorem 6): that is the guard all models share.

/// A place in the focal plane, or a shift of one.
pub(super) type Point = [f64; 2];

/// Value of a map and its derivatives, row by row.
pub(super) type Mapped = (Point, [Point; 2]);

/// Newton steps at most; quadratic convergence needs five or six inside the domain.
const MAX_STEPS: usize = 60;
/// Halvings of a step that does not come closer.
const MAX_HALVINGS: usize = 12;
/// Residual accepted, relative to the target's size: for tangents and millimetres alike below 1e-10 px.
const RESIDUAL: f64 = 2e-14;
/// Size of targets near the axis, where the terms that cancel set the rounding.
const LEAST_SIZE: f64 = 0.05;
/// Rings and directions on which a map is examined.
const RINGS: usize = 1000;
const DIRECTIONS: usize = 48;

/// Whether the symmetric part of a derivative is positive definite.
pub(super) fn is_one_to_one(derivative: &[Point; 2]) -> bool {
    let [[a, b], [c, d]] = *derivative;
    a > 0.0 && 4.0 * a * d > (b + c) * (b + c)
}

/// The largest radius (up to `cap`) to which a map is one to one around the origin; zero when nowhere.
pub(super) fn safe_radius(map: impl Fn(Point) -> Mapped, cap: f64) -> f64 {
    let good = |radius: f64| {
        (0..DIRECTIONS).all(|k| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / DIRECTIONS as f64).sin_cos();
            is_one_to_one(&map([radius * cos, radius * sin]).1)
        })
    };
    let first_bad = (0..=RINGS).find(|ring| !good(cap * *ring as f64 / RINGS as f64));
    match first_bad {
        None => cap,
        Some(ring) => cap * ring.saturating_sub(1) as f64 / RINGS as f64,
    }
}

/// The point inside the domain that `map` sends to `target`: Newton's method with halved steps.
pub(super) fn invert(
    map: impl Fn(Point) -> Mapped,
    target: Point,
    start: Point,
    inside: impl Fn(Point) -> bool,
) -> Option<Point> {
    let miss = |value: Point| [value[0] - target[0], value[1] - target[1]];
    let size = target[0].abs().max(target[1].abs()).max(LEAST_SIZE);
    let mut at = start;
    let (value, mut derivative) = map(at);
    let mut residual = miss(value);
    for _ in 0..MAX_STEPS {
        if norm(residual) == 0.0 {
            break;
        }
        let step = solve(&derivative, residual)?;
        let mut scale = 1.0;
        let better = (0..MAX_HALVINGS).find_map(|_| {
            let next = [at[0] - scale * step[0], at[1] - scale * step[1]];
            scale *= 0.5;
            let (value, derivative) = inside(next).then(|| map(next))?;
            (norm(miss(value)) < norm(residual)).then_some((next, miss(value), derivative))
        });
        // No step comes closer: this is the point, as good as doubles are, or there is none.
        let Some(next) = better else { break };
        (at, residual, derivative) = next;
    }
    (norm(residual) <= RESIDUAL * size).then_some(at)
}

/// The radius in [0, `limit`] that a growing function (with its derivative) sends to `target`.
pub(super) fn invert_radius(function: impl Fn(f64) -> (f64, f64), target: f64, limit: f64) -> Option<f64> {
    if target == 0.0 {
        return Some(0.0);
    }
    let (mut low, mut high) = (0.0, limit);
    if high.is_finite() && !(function(high).0 >= target) {
        return None;
    }
    let mut at = target.min(limit);
    for _ in 0..2 * MAX_STEPS {
        let (value, rate) = function(at);
        if value > target {
            high = at;
        } else {
            low = at;
        }
        let newton = at - (value - target) / rate;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        // Outside the bracket within rounding: the root is reached.
        if value == target || (newton - at).abs() <= 1e-16 * at || !next.is_finite() || next == at {
            return at.is_finite().then_some(at);
        }
        at = next;
    }
    Some(at)
}

fn norm(v: Point) -> f64 {
    v[0].hypot(v[1])
}

fn solve(rows: &[Point; 2], right: Point) -> Option<Point> {
    let [[a, b], [c, d]] = *rows;
    let determinant = a * d - b * c;
    let solution = [(d * right[0] - b * right[1]) / determinant, (a * right[1] - c * right[0]) / determinant];
    solution.iter().all(|x| x.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x (1 - r²/3)` turns at r = 1.
    fn barrel(at: Point) -> Mapped {
        let s = 1.0 - (at[0] * at[0] + at[1] * at[1]) / 3.0;
        let rate = |i: usize, j: usize| (if i == j { s } else { 0.0 }) - 2.0 / 3.0 * at[i] * at[j];
        ([at[0] * s, at[1] * s], [[rate(0, 0), rate(0, 1)], [rate(1, 0), rate(1, 1)]])
    }

    #[test]
    fn the_turning_radius_is_found_within_a_ring() {
        let radius = safe_radius(barrel, 5.0);
        assert!((0.99..1.0).contains(&radius), "{radius}");
        assert_eq!(safe_radius(|at| (at, [[1.0, 0.0], [0.0, 1.0]]), 7.0), 7.0);
        assert_eq!(safe_radius(|at| (at, [[-1.0, 0.0], [0.0, 1.0]]), 7.0), 0.0);
    }

    #[test]
    fn targets_beyond_the_turning_radius_have_no_answer() {
        let inside = |at: Point| at[0].hypot(at[1]) < 1.0;
        let found = invert(barrel, [0.5, 0.1], [0.5, 0.1], inside).unwrap();
        let back = barrel(found).0;
        assert!((back[0] - 0.5).abs() < 1e-15 && (back[1] - 0.1).abs() < 1e-15);
        assert!(invert(barrel, [0.7, 0.1], [0.7, 0.1], inside).is_none(), "the largest value is 2/3");
        let radial = |r: f64| (r * (1.0 - r * r / 3.0), 1.0 - r * r);
        assert!(invert_radius(radial, 0.7, 1.0).is_none());
        assert!((radial(invert_radius(radial, 0.66, 1.0).unwrap()).0 - 0.66).abs() < 1e-15);
    }
}
