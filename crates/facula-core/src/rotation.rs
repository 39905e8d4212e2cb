// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rotations between reference frames, `to_from_` by type: `camera_from_body: Rotation<Camera, BodyFixed>`.

use std::marker::PhantomData;
use std::ops::Mul;

use crate::Vec3;

/// A rotation of components from reference frame `From` to reference frame `To`: a proper orthogonal matrix
/// whose rows are the axes of `To` written in `From`.
pub struct Rotation<To, From> {
    rows: [[f64; 3]; 3],
    frames: PhantomData<fn() -> (To, From)>,
}

/// How far from orthogonal a matrix read from a file may be, absolute per element of `M Mᵀ`. Rough poses are
/// printed with four decimals, so products are off by up to 2e-4.
const ORTHOGONALITY_LIMIT: f64 = 5e-4;

impl<To, From> Rotation<To, From> {
    /// No rotation.
    pub const fn identity() -> Self {
        Self::new_unchecked([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    }

    const fn new_unchecked(rows: [[f64; 3]; 3]) -> Self {
        Self { rows, frames: PhantomData }
    }

    /// From a row-major matrix. Small departures from orthogonality (rounded print) are removed by
    /// Gram-Schmidt starting with the third row (the boresight of a camera); `None` when the matrix is not a
    /// proper rotation within 5e-4.
    pub fn from_rows(rows: [[f64; 3]; 3]) -> Option<Self> {
        let v: [Vec3<To>; 3] = rows.map(Vec3::from_array);
        for i in 0..3 {
            for j in 0..3 {
                let expected = if i == j { 1.0 } else { 0.0 };
                // The negated comparison also refuses NaN.
                if !((v[i].dot(v[j]) - expected).abs() <= ORTHOGONALITY_LIMIT) {
                    return None;
                }
            }
        }
        if v[0].cross(v[1]).dot(v[2]) < 0.0 {
            return None;
        }
        let z = v[2].unit()?;
        let x = (v[0] - z * z.dot(v[0])).unit()?;
        let y = z.cross(x);
        Some(Self::new_unchecked([x.to_array(), y.to_array(), z.to_array()]))
    }

    /// From a scalar-first quaternion in SPICE's convention (`m2q`, PDS labels of Dawn): the matrix takes
    /// components in `From` to components in `To`. `None` for a quaternion of zero or non-finite length.
    pub fn from_quaternion(quaternion: [f64; 4]) -> Option<Self> {
        let norm = quaternion.iter().map(|c| c * c).sum::<f64>().sqrt();
        if !(norm > 0.0 && norm.is_finite()) {
            return None;
        }
        let [w, x, y, z] = quaternion.map(|c| c / norm);
        Some(Self::new_unchecked([
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]))
    }

    /// The scalar-first quaternion (SPICE's `m2q` convention), scalar part not negative.
    pub fn to_quaternion(self) -> [f64; 4] {
        let m = self.rows;
        let squares = [
            1.0 + m[0][0] + m[1][1] + m[2][2],
            1.0 + m[0][0] - m[1][1] - m[2][2],
            1.0 - m[0][0] + m[1][1] - m[2][2],
            1.0 - m[0][0] - m[1][1] + m[2][2],
        ];
        let largest = (0..4).max_by(|&a, &b| squares[a].total_cmp(&squares[b])).unwrap_or(0);
        let s = 2.0 * squares[largest].sqrt();
        let (wx, wy, wz) = (m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]);
        let (xy, xz, yz) = (m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]);
        let q = match largest {
            0 => [s / 4.0, wx / s, wy / s, wz / s],
            1 => [wx / s, s / 4.0, xy / s, xz / s],
            2 => [wy / s, xy / s, s / 4.0, yz / s],
            _ => [wz / s, xz / s, yz / s, s / 4.0],
        };
        if q[0] < 0.0 { q.map(|c| -c) } else { q }
    }

    /// Components after turning the **frame** by `angle_rad` about `axis` (right-handed): a fixed vector's
    /// components turn the other way. `None` for an axis without direction.
    pub fn about(axis: Vec3<From>, angle_rad: f64) -> Option<Self> {
        let u = axis.unit()?;
        let (sin, cos) = (0.5 * angle_rad).sin_cos();
        Self::from_quaternion([cos, -u.x * sin, -u.y * sin, -u.z * sin])
    }

    /// The row-major matrix; its rows are the axes of `To` in components of `From`.
    pub const fn rows(&self) -> [[f64; 3]; 3] {
        self.rows
    }

    /// The opposite rotation (the transposed matrix).
    pub fn inverse(self) -> Rotation<From, To> {
        let m = self.rows;
        Rotation::new_unchecked([
            [m[0][0], m[1][0], m[2][0]],
            [m[0][1], m[1][1], m[2][1]],
            [m[0][2], m[1][2], m[2][2]],
        ])
    }

    /// Angle of the rotation that separates the two, in rad.
    pub fn angle_to_rad(self, other: Self) -> f64 {
        let q = (self * other.inverse()).to_quaternion();
        2.0 * (q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).sqrt().atan2(q[0])
    }
}

impl<To, From> Clone for Rotation<To, From> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<To, From> Copy for Rotation<To, From> {}

impl<To, From> PartialEq for Rotation<To, From> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<To, From> std::fmt::Debug for Rotation<To, From> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.rows)
    }
}

impl<To, From> Mul<Vec3<From>> for Rotation<To, From> {
    type Output = Vec3<To>;
    fn mul(self, v: Vec3<From>) -> Vec3<To> {
        let row = |r: [f64; 3]| r[0] * v.x + r[1] * v.y + r[2] * v.z;
        Vec3::new(row(self.rows[0]), row(self.rows[1]), row(self.rows[2]))
    }
}

impl<A, B, C> Mul<Rotation<B, C>> for Rotation<A, B> {
    type Output = Rotation<A, C>;
    fn mul(self, other: Rotation<B, C>) -> Rotation<A, C> {
        let columns = other.inverse().rows;
        Rotation::new_unchecked(self.rows.map(|r| columns.map(|c| r[0] * c[0] + r[1] * c[1] + r[2] * c[2])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BodyFixed, Camera, Icrf};
    use proptest::prelude::*;
    use std::f64::consts::FRAC_PI_2;

    #[test]
    fn turning_the_frame_about_z_takes_x_to_minus_y() {
        let turned = Rotation::<BodyFixed, Icrf>::about(Vec3::new(0.0, 0.0, 1.0), FRAC_PI_2).expect("axis");
        let v = turned * Vec3::new(1.0, 0.0, 0.0);
        assert!((v.x).abs() < 1e-15 && (v.y + 1.0).abs() < 1e-15, "{v:?}");
    }

    #[test]
    fn a_mirrored_or_skewed_matrix_is_refused() {
        let mirrored = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
        assert!(Rotation::<Camera, BodyFixed>::from_rows(mirrored).is_none());
        let skewed = [[1.0, 0.0, 0.0], [0.1, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert!(Rotation::<Camera, BodyFixed>::from_rows(skewed).is_none());
        let nan = [[f64::NAN, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert!(Rotation::<Camera, BodyFixed>::from_rows(nan).is_none());
    }

    #[test]
    fn quaternion_of_the_dawn_label_equals_spice() {
        // SPICE q2m((0.5213655224, -0.1747575947, 0.1361764644, -0.8240714445)), third row.
        let q = [0.5213655224, -0.1747575947, 0.1361764644, -0.8240714445];
        let z = Rotation::<Camera, Icrf>::from_quaternion(q).expect("unit").rows()[2];
        let expected = [0.146030, -0.406655, 0.901833];
        for k in 0..3 {
            assert!((z[k] - expected[k]).abs() < 1e-5, "{z:?}");
        }
    }

    proptest! {
        #[test]
        fn quaternions_round_trip(w in -1.0..1.0f64, x in -1.0..1.0f64, y in -1.0..1.0f64, z in -1.0..1.0f64) {
            prop_assume!(w * w + x * x + y * y + z * z > 1e-3);
            let r = Rotation::<Camera, Icrf>::from_quaternion([w, x, y, z]).expect("non-zero");
            let back = Rotation::<Camera, Icrf>::from_quaternion(r.to_quaternion()).expect("unit");
            prop_assert!(r.angle_to_rad(back) < 1e-14);
            let v = Vec3::<Icrf>::new(0.3, -2.0, 1.1);
            prop_assert!((r.inverse() * (r * v) - v).length() < 1e-14);
        }
    }
}
