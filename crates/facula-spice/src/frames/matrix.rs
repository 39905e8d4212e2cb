// SPDX-License-Identifier: MIT OR Apache-2.0
//! 3×3 matrices inside the chain of frames, where frames are numbers and no tags fit.

/// Rows.
pub(crate) type Matrix = [[f64; 3]; 3];

pub(crate) const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

#[inline]
pub(crate) fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j])
    })
}

#[inline]
pub(crate) fn transpose(m: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| m[j][i]))
}

/// Components after turning the frame by an angle about an axis (1, 2, 3), SPICE's `[angle]_axis`. `None` for
/// another axis.
pub(crate) fn turn(angle_rad: f64, axis: usize) -> Option<Matrix> {
    let (sin, cos) = angle_rad.sin_cos();
    match axis {
        1 => Some([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]]),
        2 => Some([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]),
        3 => Some([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]),
        _ => None,
    }
}

/// Matrix of a scalar-first quaternion (SPICE `Q2M`); `None` for one of zero or non-finite length.
pub(crate) fn of_quaternion(quaternion: [f64; 4]) -> Option<Matrix> {
    facula_core::Rotation::<facula_core::Icrf, facula_core::Icrf>::from_quaternion(quaternion)
        .map(|r| r.rows())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_undo_each_other_and_chain_in_order() {
        for axis in 1..=3 {
            let back_and_forth = multiply(&turn(0.3, axis).expect("axis"), &turn(-0.3, axis).expect("axis"));
            for (a, b) in back_and_forth.iter().flatten().zip(IDENTITY.iter().flatten()) {
                assert!((a - b).abs() < 1e-16);
            }
        }
        assert!(turn(0.1, 4).is_none());
        // A frame turned about z by 90 degrees sees the old x axis along -y.
        let quarter = turn(std::f64::consts::FRAC_PI_2, 3).expect("axis");
        assert!((quarter[1][0] + 1.0).abs() < 1e-16);
        assert_eq!(transpose(&transpose(&quarter)), quarter);
    }
}
