// SPDX-License-Identifier: MIT OR Apache-2.0
//! All directions of a camera as two polynomials of the pixel, so that a line of sight costs a few multiplications
//! instead of an inversion of the distortion.
//!
//! In: any [`Camera`]. Out: [`Looks`] when its directions are smooth enough for degree seven (checked against the camera
//! itself at other pixels), else nothing.

use facula_core::PixelPos;

use super::lanes::fma;
use crate::Camera;

/// Coefficients in each direction.
const TERMS: usize = 8;
/// Allowed error of a direction, rad: a hundredth of the 1e-6 degrees the planes promise.
const TOLERANCE_RAD: f64 = 1e-10;
/// Pixels along each side at which the polynomials are checked.
const CHECKS: usize = 13;

/// `x / z` and `y / z` of the line of sight of each pixel.
#[derive(Debug, Clone)]
pub(super) struct Looks {
    /// Coefficients of `x / z` and `y / z`: powers of the scaled line, in each powers of the scaled sample.
    tangents: [[[f64; TERMS]; TERMS]; 2],
    middle_px: [f64; 2],
    half_px: [f64; 2],
}

/// The directions along one line: powers of the scaled sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLooks {
    tangents: [[f64; TERMS]; 2],
    middle_px: f64,
    inverse_half_per_px: f64,
}

impl Looks {
    pub fn of(camera: &Camera) -> Option<Self> {
        let half = |size: usize| 0.5 * size as f64;
        let half_px = [half(camera.width_px), half(camera.height_px)];
        let middle_px = half_px.map(|h| h - 0.5);
        let nodes: [f64; TERMS] =
            std::array::from_fn(|k| (std::f64::consts::PI * (2 * k + 1) as f64 / (2 * TERMS) as f64).cos());
        let basis = lagrange(&nodes);
        let mut looks = Self { tangents: [[[0.0; TERMS]; TERMS]; 2], middle_px, half_px };
        for (j, y) in nodes.iter().enumerate() {
            for (i, x) in nodes.iter().enumerate() {
                let values = looks.exact(camera, *x, *y)?;
                for (tangents, value) in looks.tangents.iter_mut().zip(values) {
                    for (p, row) in tangents.iter_mut().enumerate() {
                        for (q, coefficient) in row.iter_mut().enumerate() {
                            *coefficient += value * basis[j][p] * basis[i][q];
                        }
                    }
                }
            }
        }
        looks.agrees(camera).then_some(looks)
    }

    /// The camera's own answer at scaled coordinates.
    fn exact(&self, camera: &Camera, x: f64, y: f64) -> Option<[f64; 2]> {
        let at =
            PixelPos::new(self.middle_px[0] + x * self.half_px[0], self.middle_px[1] + y * self.half_px[1]);
        let look = camera.look(at);
        (look.z > 0.0 && look.is_finite()).then(|| [look.x / look.z, look.y / look.z])
    }

    fn agrees(&self, camera: &Camera) -> bool {
        let at = |k: usize| 2.0 * k as f64 / (CHECKS - 1) as f64 - 1.0;
        (0..CHECKS * CHECKS).all(|k| {
            let (x, y) = (at(k % CHECKS), at(k / CHECKS));
            let line = self.line(self.middle_px[1] + y * self.half_px[1]);
            let found = line.tangents::<false>(self.middle_px[0] + x * self.half_px[0]);
            let exact = self.exact(camera, x, y);
            exact.is_some_and(|e| (0..2).all(|k| (e[k] - found[k]).abs() < TOLERANCE_RAD))
        })
    }

    pub fn line(&self, line_px: f64) -> LineLooks {
        let y = (line_px - self.middle_px[1]) / self.half_px[1];
        let tangents = self.tangents.map(|rows| {
            let column = |q: usize| rows.iter().rev().fold(0.0, |sum, row| sum * y + row[q]);
            std::array::from_fn(column)
        });
        let inverse_half_per_px = 1.0 / self.half_px[0];
        LineLooks { tangents, middle_px: self.middle_px[0], inverse_half_per_px }
    }
}

impl LineLooks {
    /// `x / z` and `y / z` at a sample.
    #[inline(always)]
    pub fn tangents<const FUSED: bool>(&self, sample_px: f64) -> [f64; 2] {
        let x = (sample_px - self.middle_px) * self.inverse_half_per_px;
        let mut sums = [self.tangents[0][TERMS - 1], self.tangents[1][TERMS - 1]];
        let mut k = TERMS - 1;
        while k > 0 {
            k -= 1;
            sums[0] = fma::<FUSED>(sums[0], x, self.tangents[0][k]);
            sums[1] = fma::<FUSED>(sums[1], x, self.tangents[1][k]);
        }
        sums
    }
}

/// Powers of the polynomials that are one at one node and zero at the others.
fn lagrange(nodes: &[f64; TERMS]) -> [[f64; TERMS]; TERMS] {
    std::array::from_fn(|k| {
        let mut powers = [0.0; TERMS];
        powers[0] = 1.0;
        for (_, other) in nodes.iter().enumerate().filter(|(j, _)| *j != k) {
            let scale = 1.0 / (nodes[k] - other);
            for p in (0..TERMS).rev() {
                let lower = if p > 0 { powers[p - 1] } else { 0.0 };
                powers[p] = scale * (lower - other * powers[p]);
            }
        }
        powers
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CameraFile, Distortion};

    fn fc2() -> Camera {
        CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
    }

    #[test]
    fn the_polynomials_are_the_camera() {
        let looks = Looks::of(&fc2()).unwrap();
        for (x, y) in [(0.0, 0.0), (1023.0, 0.0), (511.5, 511.5), (17.0, 900.25)] {
            let (look, [u, v]) = (fc2().look(PixelPos::new(x, y)), looks.line(y).tangents::<true>(x));
            assert!((look.x / look.z - u).abs() < 1e-13 && (look.y / look.z - v).abs() < 1e-13, "{x} {y}");
        }
    }

    #[test]
    fn a_camera_too_crooked_for_them_is_refused() {
        assert!(
            Looks::of(&Camera { distortion: Distortion::Radial { e1_per_mm2: 5e-3 }, ..fc2() }).is_none()
        );
    }
}
