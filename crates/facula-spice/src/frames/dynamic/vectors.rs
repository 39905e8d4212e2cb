// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vectors with their rates: unit vectors, cross products, the nearest point of an ellipsoid.
//!
//! # Source
//! The product rule; Lagrange's condition of the nearest point, `p = n + λ ∇`, differentiated.

use crate::aberration::{dot, position, velocity};
use crate::spk::Pv;

/// Steps until the nearest point stands; bisection halves 1e20 to the last bit in fewer.
const MAX_STEPS: usize = 200;

fn plain_cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn join(p: [f64; 3], v: [f64; 3]) -> Pv {
    std::array::from_fn(|k| if k < 3 { p[k] } else { v[k - 3] })
}

/// Cross product and its rate.
pub(super) fn cross(a: &Pv, b: &Pv) -> Pv {
    let (left, right) = (plain_cross(velocity(a), position(b)), plain_cross(position(a), velocity(b)));
    join(plain_cross(position(a), position(b)), std::array::from_fn(|k| left[k] + right[k]))
}

/// Unit vector and its rate; `None` for a vector without direction.
pub(super) fn unit(a: &Pv) -> Option<Pv> {
    let (p, v) = (position(a), velocity(a));
    let length = dot(p, p).sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return None;
    }
    let direction = p.map(|x| x / length);
    let along = dot(direction, v);
    Some(join(direction, std::array::from_fn(|k| (v[k] - along * direction[k]) / length)))
}

/// The point of an ellipsoid nearest to an outside point, and its rate; `None` for radii or points that make no
/// sense, and for points inside.
pub(super) fn nearest_on_ellipsoid(point: &Pv, radii: [f64; 3]) -> Option<Pv> {
    let (p, v) = (position(point), velocity(point));
    let squares = radii.map(|r| r * r);
    let excess = |lambda: f64| -> f64 {
        (0..3)
            .map(|k| {
                let n = p[k] * radii[k] / (squares[k] + lambda);
                n * n
            })
            .sum::<f64>()
            - 1.0
    };
    // Also refuses NaN.
    if !(radii.iter().all(|r| *r > 0.0) && excess(0.0) >= 0.0) {
        return None;
    }
    let (mut low, mut high) = (0.0, dot(p, p).sqrt() * radii.iter().fold(0.0, |a: f64, r| a.max(*r)));
    for _ in 0..MAX_STEPS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    let stretch = squares.map(|s| 1.0 + low / s);
    let near: [f64; 3] = std::array::from_fn(|k| p[k] / stretch[k]);
    let (top, bottom) = (0..3).fold((0.0, 0.0), |(top, bottom), k| {
        let weight = near[k] / (squares[k] * stretch[k]);
        (top + weight * v[k], bottom + weight * near[k] / squares[k])
    });
    let rate = top / bottom;
    Some(join(near, std::array::from_fn(|k| (v[k] - near[k] / squares[k] * rate) / stretch[k])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn points_without_a_nearest_one_are_refused() {
        assert!(nearest_on_ellipsoid(&[0.1, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0; 3]).is_none());
        assert!(nearest_on_ellipsoid(&[f64::NAN; 6], [1.0; 3]).is_none());
        assert!(nearest_on_ellipsoid(&[3.0; 6], [1.0, 0.0, 1.0]).is_none());
        assert!(unit(&[0.0; 6]).is_none());
    }

    proptest! {
        #[test]
        fn rates_are_slopes(p in prop::array::uniform3(1.5..9.0f64), v in prop::array::uniform3(-0.1..0.1f64)) {
            let at = |t: f64| join(std::array::from_fn(|k| p[k] + v[k] * t), v);
            let fixed = [0.3, -0.2, 0.5, 0.0, 0.01, 0.0];
            let radii = [1.0, 0.9, 0.7];
            for of in [
                (|a: &Pv, _: &Pv| unit(a).expect("long")) as fn(&Pv, &Pv) -> Pv,
                |a, b| cross(a, &join(position(b), [0.0; 3])),
                |a, _| nearest_on_ellipsoid(a, [1.0, 0.9, 0.7]).expect("outside"),
            ] {
                let (before, now, after) = (of(&at(-1e-3), &fixed), of(&at(0.0), &fixed), of(&at(1e-3), &fixed));
                for k in 0..3 {
                    prop_assert!(((after[k] - before[k]) / 2e-3 - now[k + 3]).abs() < 1e-7);
                }
            }
            let near = nearest_on_ellipsoid(&at(0.0), radii).expect("outside");
            let level: f64 = (0..3).map(|k| (near[k] / radii[k]).powi(2)).sum();
            prop_assert!((level - 1.0).abs() < 1e-12);
            let normal = std::array::from_fn(|k| near[k] / radii[k].powi(2));
            let away = std::array::from_fn(|k| p[k] - near[k]);
            let across = plain_cross(normal, away);
            prop_assert!(dot(across, across).sqrt() < 1e-10);
        }
    }
}
