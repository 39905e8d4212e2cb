// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rotations that change with time: a matrix and its rate, SPICE's 6×6 state transformations in two halves.
//!
//! # Source
//! NAIF, "Rotations Required Reading", section "State transformations".

use super::matrix::{IDENTITY, Matrix, multiply, transpose, turn};
use crate::aberration::{position, velocity};
use crate::spk::Pv;

/// A rotation of components between two frames and its rate, 1/s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turning {
    pub rows: Matrix,
    pub rates: Matrix,
}

const ZERO: Matrix = [[0.0; 3]; 3];

impl Turning {
    pub const IDENTITY: Self = Self { rows: IDENTITY, rates: ZERO };

    /// A rotation that stands still.
    pub const fn fixed(rows: Matrix) -> Self {
        Self { rows, rates: ZERO }
    }

    /// SPICE's `[angle]_axis` with a rate of the angle; `None` for an axis other than 1, 2, 3.
    pub fn about(angle_rad: f64, rate_rad_s: f64, axis: usize) -> Option<Self> {
        let rows = turn(angle_rad, axis)?;
        // The slope of a turn is the turn a quarter further on, without the axis itself.
        let (sin, cos) = angle_rad.sin_cos();
        let slope = match axis {
            1 => [[0.0; 3], [0.0, -sin, cos], [0.0, -cos, -sin]],
            2 => [[-sin, 0.0, -cos], [0.0; 3], [cos, 0.0, -sin]],
            _ => [[-sin, cos, 0.0], [-cos, -sin, 0.0], [0.0; 3]],
        };
        Some(Self { rows, rates: slope.map(|row| row.map(|x| x * rate_rad_s)) })
    }

    /// `[a]_i [b]_j [c]_k` with the rates of the angles.
    pub fn of_angles(angles_rad: [[f64; 2]; 3], axes: [usize; 3]) -> Option<Self> {
        let one = |k: usize| Self::about(angles_rad[k][0], angles_rad[k][1], axes[k]);
        Some(one(0)?.after(&one(1)?).after(&one(2)?))
    }

    /// A rotation `to` from `from` and the angular velocity of `to` relative to `from`, in components of `from`.
    pub fn of_spin(rows: Matrix, spin_rad_s: [f64; 3]) -> Self {
        let [x, y, z] = spin_rad_s;
        let rates = multiply(&rows, &[[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]]);
        Self { rows, rates }
    }

    /// Angular velocity of the frame this leads to, relative to the one it starts from, in components of the
    /// latter, rad/s.
    pub fn spin_rad_s(&self) -> [f64; 3] {
        let skew = multiply(&transpose(&self.rates), &self.rows);
        [skew[2][1], skew[0][2], skew[1][0]]
    }

    /// First `first`, then this.
    pub fn after(&self, first: &Self) -> Self {
        let (a, b) = (multiply(&self.rates, &first.rows), multiply(&self.rows, &first.rates));
        let rates = std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + b[i][j]));
        Self { rows: multiply(&self.rows, &first.rows), rates }
    }

    pub fn inverse(&self) -> Self {
        Self { rows: transpose(&self.rows), rates: transpose(&self.rates) }
    }

    /// The same with its rate multiplied.
    pub fn scaled_rate(&self, factor: f64) -> Self {
        Self { rows: self.rows, rates: self.rates.map(|row| row.map(|x| x * factor)) }
    }

    /// Takes a state (a vector and its rate) to the other frame.
    pub fn apply(&self, state: &Pv) -> Pv {
        let (p, v) = (position(state), velocity(state));
        let dot = crate::aberration::dot;
        std::array::from_fn(|i| {
            if i < 3 { dot(self.rows[i], p) } else { dot(self.rows[i - 3], v) + dot(self.rates[i - 3], p) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_turn_about_z_has_its_spin_along_z() {
        let turning = Turning::about(0.7, 2e-3, 3).expect("axis");
        let spin = turning.spin_rad_s();
        assert!(spin[0].abs() + spin[1].abs() < 1e-18 && (spin[2] - 2e-3).abs() < 1e-18, "{spin:?}");
        assert!(Turning::about(0.7, 2e-3, 0).is_none());
    }

    proptest! {
        #[test]
        fn rates_are_the_slopes_of_the_rows(a in prop::array::uniform3(-3.0..3.0f64), w in prop::array::uniform3(-1e-3..1e-3f64)) {
            for axes in [[3, 1, 3], [1, 2, 3], [2, 3, 1]] {
                let at = |t: f64| {
                    Turning::of_angles(std::array::from_fn(|k| [a[k] + w[k] * t, w[k]]), axes).expect("axes")
                };
                let (before, now, after) = (at(-1.0), at(0.0), at(1.0));
                for i in 0..3 {
                    for j in 0..3 {
                        let slope = 0.5 * (after.rows[i][j] - before.rows[i][j]);
                        prop_assert!((slope - now.rates[i][j]).abs() < 1e-8, "{slope} {now:?}");
                    }
                }
            }
        }

        #[test]
        fn a_spin_comes_back_and_undoes_itself(a in prop::array::uniform3(-3.0..3.0f64), w in prop::array::uniform3(-1e-3..1e-3f64)) {
            let rows = Turning::of_angles(a.map(|x| [x, 0.0]), [3, 1, 3]).expect("axes").rows;
            let turning = Turning::of_spin(rows, w);
            for (found, wanted) in turning.spin_rad_s().iter().zip(w) {
                prop_assert!((found - wanted).abs() < 1e-17);
            }
            let back = turning.inverse().after(&turning);
            for (found, wanted) in back.rows.iter().flatten().zip(IDENTITY.iter().flatten()) {
                prop_assert!((found - wanted).abs() < 1e-15);
            }
            prop_assert!(back.rates.iter().flatten().all(|x| x.abs() < 1e-17));
        }
    }
}
