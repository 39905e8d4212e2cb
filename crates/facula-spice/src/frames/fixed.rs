// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames at a fixed offset from another (class 4, `TKFRAME_` variables).
//!
//! # Source
//! NAIF, "Frames Required Reading", section "TK frames". The given rotation takes components in the frame to
//! components in the frame it is relative to.

use super::matrix::{Matrix, multiply, of_quaternion, transpose, turn};
use crate::error::SpiceError;
use crate::pool::Pool;

/// A radian, in degrees.
const RADIAN_DEG: f64 = 180.0 / std::f64::consts::PI;

/// Name of the frame this one is relative to, and the rotation to that frame.
pub(super) fn relative_from_frame<'a>(
    pool: &'a Pool,
    id: i32,
    name: &str,
) -> Result<(&'a str, Matrix), SpiceError> {
    let key = |what: &str| {
        let by_id = format!("TKFRAME_{id}_{what}");
        let by_name = format!("TKFRAME_{name}_{what}");
        if pool.numbers(&by_id).is_some() || pool.text(&by_id).is_some() { by_id } else { by_name }
    };
    let wrong = |what: &str| {
        SpiceError::format(
            format!("{} is missing or wrong", key(what)),
            format!("frame {name}"),
            "loaded frame kernels",
        )
    };
    let relative = pool.text(&key("RELATIVE")).ok_or_else(|| wrong("RELATIVE"))?;
    let spec = pool.text(&key("SPEC")).ok_or_else(|| wrong("SPEC"))?.trim().to_uppercase();
    let numbers = |what: &str| pool.numbers(&key(what)).unwrap_or_default();
    let rows = match spec.as_str() {
        "MATRIX" => numbers("MATRIX").try_into().ok().and_then(of_columns).ok_or_else(|| wrong("MATRIX"))?,
        "QUATERNION" => numbers("Q").try_into().ok().and_then(of_quaternion).ok_or_else(|| wrong("Q"))?,
        "ANGLES" => {
            let to_radians =
                radians_of(pool.text(&key("UNITS")).unwrap_or("RADIANS")).ok_or_else(|| wrong("UNITS"))?;
            of_angles(numbers("ANGLES"), numbers("AXES"), to_radians).ok_or_else(|| wrong("ANGLES"))?
        }
        _ => return Err(wrong("SPEC")),
    };
    Ok((relative, rows))
}

/// Angles in a unit of the kernels to radians, with SPICE's order of operations: to degrees, then divided.
pub(super) fn radians_of(unit: &str) -> Option<fn(f64) -> f64> {
    match unit.trim().to_uppercase().as_str() {
        "RADIANS" => Some(|angle| angle),
        "DEGREES" => Some(|angle| angle / RADIAN_DEG),
        "ARCMINUTES" => Some(|angle| angle * (1.0 / 60.0) / RADIAN_DEG),
        "ARCSECONDS" => Some(|angle| angle * (1.0 / 3600.0) / RADIAN_DEG),
        _ => None,
    }
}

/// `[angle1]_axis1 [angle2]_axis2 [angle3]_axis3`.
fn of_angles(angles: &[f64], axes: &[f64], to_radians: fn(f64) -> f64) -> Option<Matrix> {
    let (&[a, b, c], &[i, j, k]) = (angles, axes) else { return None };
    let one = |angle: f64, axis: f64| turn(to_radians(angle), crate::daf::as_count(axis)?);
    Some(multiply(&multiply(&one(a, i)?, &one(b, j)?), &one(c, k)?))
}

/// Nine numbers, column by column, with columns made orthogonal in SPICE's order (`SHARPR`: first column kept,
/// third from the first two).
fn of_columns(numbers: [f64; 9]) -> Option<Matrix> {
    let column = |k: usize| [numbers[3 * k], numbers[3 * k + 1], numbers[3 * k + 2]];
    let x = unit(column(0))?;
    let z = unit(cross(x, column(1)))?;
    let y = unit(cross(z, x))?;
    // A left-handed or skewed matrix would come out changed.
    let same = crate::aberration::dot(z, unit(column(2))?) > 0.999;
    same.then(|| transpose(&[x, y, z]))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = crate::aberration::dot(v, v).sqrt();
    (length > 0.0 && length.is_finite()).then(|| v.map(|x| x / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_listed_by_columns_and_must_be_right_handed() {
        let rows = of_columns([0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]).expect("rotation");
        assert_eq!(rows, [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
        assert!(of_columns([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0]).is_none());
        assert!(of_columns([0.0; 9]).is_none());
    }

    #[test]
    fn missing_variables_are_named() {
        let mut pool = Pool::default();
        for (line, missing) in [
            ("TKFRAME_-1_X = 1", "RELATIVE"),
            ("TKFRAME_-1_RELATIVE = 'J2000'", "SPEC"),
            ("TKFRAME_-1_SPEC = 'MATRIX'", "MATRIX"),
            ("TKFRAME_-1_SPEC = 'QUATERNION'", "_Q"),
            ("TKFRAME_-1_SPEC = 'ANGLES'", "ANGLES"),
            ("TKFRAME_-1_UNITS = 'GON'", "UNITS"),
            ("TKFRAME_-1_SPEC = 'ODD'", "SPEC"),
        ] {
            pool.read(&format!("\\begindata\n{line}\n"), "k").expect("sound");
            let error = relative_from_frame(&pool, -1, "X").expect_err(missing).to_string();
            assert!(error.contains(missing), "{error}");
        }
    }
}
