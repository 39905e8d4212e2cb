// SPDX-License-Identifier: MIT OR Apache-2.0
//! Optical distortion: from the ideal (pinhole) to the seen place in the focal plane and back.
//!
//! In and out: places in mm from the optical axis, x towards growing samples, y towards growing lines. `None`
//! where a model is not one to one.

use serde::{Deserialize, Serialize};

use super::invert::Point;
use super::models::{BrownConrady, IsisRadial, Transverse};
use super::shift_grid::ShiftGrid;

/// A distortion model with its coefficients. In TOML a table with the key `model`: `none`, `radial`,
/// `brown-conrady`, `isis-radial`, `transverse`, `shift-grid`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Distortion {
    /// None: the camera is a pinhole.
    #[default]
    None,
    /// One radial term from ideal to seen: `seen = ideal (1 + E1 R²)`, R the radius of the ideal place in mm.
    ///
    /// # Source
    /// dawn_fc_v10.ti, section "Optical distortion"; usgscsm "dawnfc".
    Radial {
        /// E1, mm⁻²; negative is a barrel.
        e1_per_mm2: f64,
    },
    /// OpenCV's model on the tangents of the look direction.
    BrownConrady(BrownConrady),
    /// ISIS's radial polynomial from seen to ideal.
    IsisRadial(IsisRadial),
    /// Two cubic polynomials from ideal to seen.
    Transverse(Transverse),
    /// A table of shifts from seen to ideal.
    ShiftGrid(ShiftGrid),
}

impl Distortion {
    /// The seen place of an ideal one, mm; `None` beyond the model's one-to-one range.
    pub(super) fn distort(&self, ideal: Point, focal_length_mm: f64) -> Option<Point> {
        match self {
            Self::None => Some(ideal),
            Self::Radial { e1_per_mm2 } => {
                let e = e1_per_mm2 * (ideal[0] * ideal[0] + ideal[1] * ideal[1]);
                // 1 + 3 E1 R² is the rate of the seen radius.
                (1.0 + 3.0 * e > 0.0).then(|| ideal.map(|mm| mm * (1.0 + e)))
            }
            Self::BrownConrady(model) => {
                let seen = model.distort(ideal.map(|mm| mm / focal_length_mm))?;
                Some(seen.map(|tangent| tangent * focal_length_mm))
            }
            Self::IsisRadial(model) => model.distort(ideal),
            Self::Transverse(model) => model.distort(ideal),
            Self::ShiftGrid(model) => model.distort(ideal),
        }
    }

    /// The ideal place of a seen one, mm; `None` where nothing ideal is seen.
    pub(super) fn undistort(&self, seen: Point, focal_length_mm: f64) -> Option<Point> {
        match self {
            Self::None => Some(seen),
            Self::Radial { e1_per_mm2 } => {
                let e = e1_per_mm2 * (seen[0] * seen[0] + seen[1] * seen[1]);
                let shrink = radial_shrink(e)?;
                Some(seen.map(|mm| mm * shrink))
            }
            Self::BrownConrady(model) => {
                let ideal = model.undistort(seen.map(|mm| mm / focal_length_mm))?;
                Some(ideal.map(|tangent| tangent * focal_length_mm))
            }
            Self::IsisRadial(model) => model.undistort(seen),
            Self::Transverse(model) => model.undistort(seen),
            Self::ShiftGrid(model) => model.undistort(seen),
        }
    }
}

/// The u of `u (1 + e u²) = 1` on the branch through u = 1 at e = 0, e = E1 R² of the seen place; `None` below
/// the turning point e = −4/27.
fn radial_shrink(e: f64) -> Option<f64> {
    if !(e >= -4.0 / 27.0) {
        return None;
    }
    if e.abs() < 0.01 {
        return Some(small_shrink(e));
    }
    // Newton comes from one side (the function is convex or concave).
    let mut u = 1.0;
    for _ in 0..60 {
        let step = (u * (1.0 + e * u * u) - 1.0) / (1.0 + 3.0 * e * u * u);
        // At the turning point itself both vanish.
        if !step.is_finite() || step.abs() <= 1e-16 {
            break;
        }
        u -= step;
    }
    Some(u)
}

/// The same for |e| < 0.01, without a branch: series, then one Newton step (rest below 3e-17).
pub(super) fn small_shrink(e: f64) -> f64 {
    let u = 1.0 + e * (-1.0 + e * (3.0 + e * (-12.0 + e * (55.0 - 273.0 * e))));
    u - (u * (1.0 + e * u * u) - 1.0) / (1.0 + 3.0 * e * u * u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radial_inverse_holds_up_to_the_turning_point() {
        for e in [-0.148, -0.1, -0.0099, -1e-4, 0.0, 8.6e-4, 0.0099, 0.3, 50.0] {
            let u = radial_shrink(e).unwrap();
            assert!((u * (1.0 + e * u * u) - 1.0).abs() < 1e-15, "{e} {u}");
        }
        assert!(radial_shrink(-0.149).is_none() && radial_shrink(f64::NAN).is_none());
        assert_eq!(Distortion::Radial { e1_per_mm2: -1e-2 }.undistort([3.9, 0.0], 1.0), None);
        assert_eq!(Distortion::Radial { e1_per_mm2: -1e-2 }.distort([6.0, 0.0], 1.0), None);
    }
}
