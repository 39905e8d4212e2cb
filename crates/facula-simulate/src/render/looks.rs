// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of sight within pixels: from the camera's directions at pixel corners, bilinear between them.
//!
//! The curvature of directions across a pixel puts them off by less than 1e-5 px for any camera with smooth distortion.

use facula_core::{BodyFixed, Camera as CameraAxes, Pose, Rotation, Vec3};
use facula_geometry::Camera;

/// Places of the samples of a pixel: the middles of `across` by `down` strata. (Shifting samples of one column or line
/// against each other would show edges along the axes in finer steps; drawing them takes half as long again.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub across: usize,
    pub down: usize,
}

impl Pattern {
    /// The smallest pattern of nearly square strata with at least so many samples.
    pub fn of(samples: usize) -> Self {
        let down = samples.isqrt().max(1);
        Self { across: samples.div_ceil(down), down }
    }

    pub fn samples(self) -> usize {
        self.across * self.down
    }

    /// Place of a sample within its pixel, both in (0, 1).
    #[inline(always)]
    pub fn place(self, sample: usize) -> [f64; 2] {
        let (i, j) = ((sample % self.across) as f64, (sample / self.across) as f64);
        let (a, b) = (self.across as f64, self.down as f64);
        [(i + 0.5) / a, (j + 0.5) / b]
    }
}

/// Directions at the corners of the pixels of some lines, body-fixed.
pub(crate) struct Looks {
    width: usize,
    lines: usize,
    corners: Vec<Vec3<BodyFixed>>,
}

/// The camera whose pixel centres are the corners of a camera's pixels.
pub(crate) fn corner_camera(camera: &Camera) -> Camera {
    Camera {
        width_px: camera.width_px + 1,
        height_px: camera.height_px + 1,
        principal_point_px: camera.principal_point_px.map(|at| at + 0.5),
        ..camera.clone()
    }
}

impl Looks {
    /// Those of `lines` lines from `first` on; `corners` is the [`corner_camera`].
    pub fn of(corners: &Camera, pose: &Pose, (first, lines): (usize, usize)) -> Self {
        let body_from_camera: Rotation<BodyFixed, CameraAxes> = pose.camera_from_body.inverse();
        let side = corners.width_px;
        let mut found = Vec::with_capacity(side * (lines + 1));
        let mut row = Vec::new();
        for line in first..=first + lines {
            corners.looks_of_line(line, &mut row);
            found.extend(row.iter().map(|look| body_from_camera * *look));
        }
        Self { width: side - 1, lines, corners: found }
    }

    /// The unit direction at a place (0 to 1 in both axes) within a pixel.
    #[inline(always)]
    pub fn at(&self, [sample, line]: [usize; 2], [u, v]: [f64; 2]) -> Vec3<BodyFixed> {
        let first = line * (self.width + 1) + sample;
        let (a, b) = (self.corners[first], self.corners[first + 1]);
        let (c, d) = (self.corners[first + self.width + 1], self.corners[first + self.width + 2]);
        let upper = a + (b - a) * u;
        let lower = c + (d - c) * u;
        let mean = upper + (lower - upper) * v;
        // The mean of directions a pixel apart is short by their angle squared: one Newton step makes up for it.
        mean * (1.5 - 0.5 * mean.dot(mean))
    }

    /// The direction at a place within a pixel given by its [`weights`]; shorter than a unit vector by a part in 10⁸.
    #[inline(always)]
    pub(crate) fn mixed(&self, [sample, line]: [usize; 2], weights: &[f64; 4]) -> Vec3<BodyFixed> {
        let first = line * (self.width + 1) + sample;
        let (upper, lower) = (&self.corners[first..first + 2], &self.corners[first + self.width + 1..][..2]);
        (upper[0] * weights[0] + upper[1] * weights[1]) + (lower[0] * weights[2] + lower[1] * weights[3])
    }

    /// The columns outside which no line of sight comes near a sphere around the centre; `None` when none does.
    pub fn columns(&self, eye_km: Vec3<BodyFixed>, radius_km: f64, ifov_rad: f64) -> Option<(usize, usize)> {
        let eye2 = eye_km.dot(eye_km);
        let near = |look: &Vec3<BodyFixed>| {
            let along = eye_km.dot(*look);
            let reach = radius_km + 1.5 * along.abs() * ifov_rad;
            // Also true for directions that are not finite.
            !(eye2 - along * along > reach * reach)
        };
        let side = self.width + 1;
        let (mut first, mut last) = (usize::MAX, 0);
        for row in self.corners.chunks(side) {
            let Some(left) = row.iter().position(near) else { continue };
            let right = row.iter().rposition(near).unwrap_or(left);
            first = first.min(left);
            last = last.max(right);
        }
        (first != usize::MAX).then(|| (first.saturating_sub(1), (last + 1).min(self.width)))
    }

    pub fn lines(&self) -> usize {
        self.lines
    }
}

/// Weights of the four corners of a pixel, upper left first, at a place within it.
pub(crate) fn weights([u, v]: [f64; 2]) -> [f64; 4] {
    [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v]
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{PixelPos, parse_utc};
    use facula_geometry::CameraFile;

    #[test]
    fn samples_are_the_middles_of_strata() {
        for (asked, across, down) in [(1, 1, 1), (2, 2, 1), (5, 3, 2), (16, 4, 4), (17, 5, 4), (64, 8, 8)] {
            let pattern = Pattern::of(asked);
            assert_eq!((pattern.across, pattern.down), (across, down), "{asked}");
            let places = (0..pattern.samples()).map(|k| pattern.place(k));
            let sum = places.fold([0.0; 2], |sum, place| [sum[0] + place[0], sum[1] + place[1]]);
            assert!(sum.iter().all(|sum| (sum / pattern.samples() as f64 - 0.5).abs() < 1e-12));
        }
        assert_eq!(Pattern::of(4).place(1), [0.75, 0.25]);
    }

    #[test]
    fn directions_within_pixels_are_those_of_the_camera() {
        let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
        let pose = Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km: Vec3::new(0.0, 0.0, 5000.0),
            sun_km: Vec3::new(1e8, 0.0, 0.0),
            camera_from_body: Rotation::about(Vec3::new(0.3, 0.2, 1.0), 2.0).unwrap(),
        };
        let looks = Looks::of(&corner_camera(&camera), &pose, (1000, 24));
        for (sample, line, at) in [(0, 0, [0.5, 0.5]), (1023, 23, [0.9, 0.1]), (500, 7, [0.25, 0.99])] {
            let (x_px, y_px) = (sample as f64 + at[0] - 0.5, 1000.0 + line as f64 + at[1] - 0.5);
            let wanted = pose.camera_from_body.inverse() * camera.look(PixelPos::new(x_px, y_px));
            let found = looks.at([sample, line], at);
            assert!((found - wanted).length() < 1e-5 * camera.ifov_rad(), "{sample} {line}");
            assert!((found.length() - 1.0).abs() < 1e-14);
        }
    }
}
