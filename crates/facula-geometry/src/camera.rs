// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frame cameras: from directions to pixels and back.
//!
//! In: camera files (`file`), instrument kernels (`kernels`), support data (`crate::isd`). Out: [`Camera`], a
//! value: a pinhole with a distortion model, an affine map from the focal plane to the detector, and the size of
//! the image. Windows and summing are folded into these numbers ([`Camera::windowed`]).
//!
//! Camera axes: z along the boresight, x towards growing samples, y towards growing lines of the stored image.

mod distortion;
mod file;
mod fov;
mod invert;
mod kernels;
mod models;
mod shift_grid;
#[cfg(test)]
mod tests;

use facula_core::{Camera as CameraAxes, PixelPos, Raster, Vec3};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::GeometryError;

pub use distortion::Distortion;
pub use file::{CameraFile, Filter};
pub use fov::{FieldOfView, FovShape};
pub use kernels::InstrumentGeometry;
pub use models::{BrownConrady, IsisRadial, Transverse};
pub use shift_grid::{Interpolation, ShiftGrid, ShiftTable};

/// Pixels beyond the edges of the detector that must have a direction, too.
const MARGIN_PX: f64 = 10.0;
/// Places along each edge that [`Camera::check`] looks at.
const CHECKED: usize = 16;
/// Most samples or lines.
const MAX_SIZE_PX: usize = 65_536;
/// How far a pixel may be from itself after a round trip, px.
const ROUND_TRIP_PX: f64 = 1e-9;

/// A camera behind one filter: directions to pixels and back.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Name of the camera.
    pub name: String,
    /// Samples per line.
    pub width_px: usize,
    /// Lines.
    pub height_px: usize,
    /// Focal length, mm.
    pub focal_length_mm: f64,
    /// Distance between pixel centres along samples and lines, mm; negative where the axis is mirrored.
    pub pitch_mm: [f64; 2],
    /// Shift of x from line to line and of y from sample to sample, mm; zero for a detector along the axes.
    pub skew_mm: [f64; 2],
    /// Where the optical axis meets the detector, pixels.
    pub principal_point_px: [f64; 2],
    /// Distortion model and its coefficients.
    pub distortion: Distortion,
}

/// The part of a detector that an image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First detector sample and line in the image, 0 the first of the detector.
    pub first: [usize; 2],
    /// Detector pixels summed into one image pixel, along samples and lines; at least 1.
    pub summing: [usize; 2],
    /// Samples and lines of the image.
    pub size: [usize; 2],
}

impl Camera {
    /// Where a direction (any length) falls on the detector, also beyond its edges; `None` behind the camera
    /// and where the distortion model is not one to one.
    ///
    /// # Source
    /// dawn_fc_v10.ti, section "Optical distortion", for the order of the steps; each model names its own.
    pub fn pixel(&self, look: Vec3<CameraAxes>) -> Option<PixelPos> {
        if !(look.z > 0.0) {
            return None;
        }
        let scale = self.focal_length_mm / look.z;
        let seen_mm = self.distortion.distort([look.x * scale, look.y * scale], self.focal_length_mm)?;
        Some(self.pixel_of_mm(seen_mm))
    }

    /// The direction (unit vector) a pixel position looks at, inverse of [`Camera::pixel`] to 1e-9 px. Components
    /// are NaN where the distortion model has no direction, which [`Camera::check`] excludes up to 10 px around
    /// the detector; rays with such directions hit nothing.
    pub fn look(&self, at: PixelPos) -> Vec3<CameraAxes> {
        self.direction(at).unwrap_or(Vec3::new(f64::NAN, f64::NAN, f64::NAN))
    }

    /// The direction (unit vector) a pixel position looks at; `None` where the distortion model has none.
    pub fn direction(&self, at: PixelPos) -> Option<Vec3<CameraAxes>> {
        let [x_mm, y_mm] = self.distortion.undistort(self.mm_of_pixel(at), self.focal_length_mm)?;
        Vec3::new(x_mm, y_mm, self.focal_length_mm).unit()
    }

    /// The directions of all pixel centres of a line, sample by sample, in place of what `looks` held. The same
    /// numbers as [`Camera::look`] to 1e-15, faster for weak radial distortion.
    pub fn looks_of_line(&self, line: usize, looks: &mut Vec<Vec3<CameraAxes>>) {
        looks.resize(self.width_px, Vec3::new(0.0, 0.0, 1.0));
        self.fill_line(line, looks);
    }

    /// The directions of all pixel centres.
    pub fn looks(&self) -> Raster<Vec3<CameraAxes>> {
        let mut looks = Raster::filled(self.width_px, self.height_px, Vec3::new(0.0, 0.0, 1.0));
        let lines = looks.as_mut_slice().par_chunks_mut(self.width_px).enumerate();
        lines.for_each(|(line, looks)| self.fill_line(line, looks));
        looks
    }

    fn fill_line(&self, line: usize, looks: &mut [Vec3<CameraAxes>]) {
        let weak = match self.distortion {
            Distortion::None => Some(0.0),
            Distortion::Radial { e1_per_mm2 } if self.is_weak(e1_per_mm2) => Some(e1_per_mm2),
            _ => None,
        };
        let place = |sample: usize| PixelPos::new(sample as f64, line as f64);
        let Some(e1_per_mm2) = weak else {
            looks.iter_mut().enumerate().for_each(|(sample, look)| *look = self.look(place(sample)));
            return;
        };
        for (sample, look) in looks.iter_mut().enumerate() {
            let [x, y] = self.mm_of_pixel(place(sample));
            let shrink = distortion::small_shrink(e1_per_mm2 * (x * x + y * y));
            let (x, y) = (x * shrink, y * shrink);
            let scale = 1.0 / (x * x + y * y + self.focal_length_mm * self.focal_length_mm).sqrt();
            *look = Vec3::new(x * scale, y * scale, self.focal_length_mm * scale);
        }
    }

    /// Whether a pixel position lies on the detector (within the outer edges of its pixels).
    pub fn contains(&self, at: PixelPos) -> bool {
        let inside = |value_px: f64, size_px: usize| value_px >= -0.5 && value_px < size_px as f64 - 0.5;
        inside(at.x_px, self.width_px) && inside(at.y_px, self.height_px)
    }

    /// Angle one pixel subtends on the axis, mean of samples and lines, rad.
    pub fn ifov_rad(&self) -> f64 {
        let along_sample = self.pitch_mm[0].hypot(self.skew_mm[1]);
        let along_line = self.pitch_mm[1].hypot(self.skew_mm[0]);
        0.5 * (along_sample + along_line) / self.focal_length_mm
    }

    /// The camera of images that hold a window of this camera's images, perhaps summed. A summed pixel looks
    /// where the middle of its pixels does.
    ///
    /// # Errors
    /// [`GeometryError::Argument`] for zero sizes or a window that reaches beyond the detector.
    pub fn windowed(&self, window: &Window) -> Result<Self, GeometryError> {
        let whole = [self.width_px, self.height_px];
        let fits = (0..2).all(|k| {
            let end =
                window.size[k].checked_mul(window.summing[k]).and_then(|n| n.checked_add(window.first[k]));
            window.size[k] > 0 && window.summing[k] > 0 && end.is_some_and(|end| end <= whole[k])
        });
        if !fits {
            let value = format!("{window:?} of {} x {} px", self.width_px, self.height_px);
            let subject = format!("camera {}", self.name);
            return Err(GeometryError::Argument { subject, key: "window", value });
        }
        let summing = window.summing.map(|n| n as f64);
        let principal_point_px = std::array::from_fn(|k| {
            (self.principal_point_px[k] - window.first[k] as f64 + 0.5) / summing[k] - 0.5
        });
        Ok(Self {
            width_px: window.size[0],
            height_px: window.size[1],
            pitch_mm: [self.pitch_mm[0] * summing[0], self.pitch_mm[1] * summing[1]],
            skew_mm: [self.skew_mm[0] * summing[1], self.skew_mm[1] * summing[0]],
            principal_point_px,
            ..self.clone()
        })
    }

    /// Checks that the numbers make a camera: sizes, finite values, and a direction that leads back for the edges
    /// of the detector and 10 px around it (models are one to one inside when they are so at the edge).
    ///
    /// # Errors
    /// [`GeometryError::Argument`] names the value.
    pub fn check(&self) -> Result<(), GeometryError> {
        let bad = |key, value: String| {
            Err(GeometryError::Argument { subject: format!("camera {}", self.name), key, value })
        };
        let sizes = [self.width_px, self.height_px];
        if !sizes.iter().all(|size| (1..=MAX_SIZE_PX).contains(size)) {
            return bad("width_px, height_px", format!("{} x {}", self.width_px, self.height_px));
        }
        if !(self.focal_length_mm > 0.0 && self.focal_length_mm.is_finite()) {
            return bad("focal_length_mm", self.focal_length_mm.to_string());
        }
        let numbers = self.pitch_mm.iter().chain(&self.skew_mm).chain(&self.principal_point_px);
        let determinant_mm2 = self.determinant_mm2();
        if !numbers.clone().all(|value| value.is_finite()) || !(determinant_mm2.abs() > 0.0) {
            return bad("pitch, skew, principal point", format!("{:?}", numbers.collect::<Vec<_>>()));
        }
        match self.lost_pixel() {
            None => Ok(()),
            Some(at) => bad("distortion", format!("{:?}: no direction at {at:?}", self.distortion)),
        }
    }

    /// A place around the detector whose direction does not lead back to it.
    fn lost_pixel(&self) -> Option<PixelPos> {
        let edge = |k: usize, size: usize| {
            (size as f64 - 1.0 + 2.0 * MARGIN_PX) * k as f64 / CHECKED as f64 - MARGIN_PX
        };
        let places = (0..=CHECKED).flat_map(|i| (0..=CHECKED).map(move |j| (i, j)));
        places.map(|(i, j)| PixelPos::new(edge(i, self.width_px), edge(j, self.height_px))).find(|at| {
            let back = self.direction(*at).and_then(|look| self.pixel(look));
            !back.is_some_and(|b| (b.x_px - at.x_px).hypot(b.y_px - at.y_px) < ROUND_TRIP_PX)
        })
    }

    fn determinant_mm2(&self) -> f64 {
        self.pitch_mm[0] * self.pitch_mm[1] - self.skew_mm[0] * self.skew_mm[1]
    }

    fn mm_of_pixel(&self, at: PixelPos) -> [f64; 2] {
        let (x, y) = (at.x_px - self.principal_point_px[0], at.y_px - self.principal_point_px[1]);
        [x * self.pitch_mm[0] + y * self.skew_mm[0], y * self.pitch_mm[1] + x * self.skew_mm[1]]
    }

    fn pixel_of_mm(&self, [x_mm, y_mm]: [f64; 2]) -> PixelPos {
        let [pitch_x, pitch_y] = self.pitch_mm;
        let [skew_x, skew_y] = self.skew_mm;
        let (x, y) = if skew_x == 0.0 && skew_y == 0.0 {
            (x_mm / pitch_x, y_mm / pitch_y)
        } else {
            let determinant = self.determinant_mm2();
            ((pitch_y * x_mm - skew_x * y_mm) / determinant, (pitch_x * y_mm - skew_y * x_mm) / determinant)
        };
        PixelPos { x_px: self.principal_point_px[0] + x, y_px: self.principal_point_px[1] + y }
    }

    /// Whether E1 R² stays below 0.01 over the whole detector.
    fn is_weak(&self, e1_per_mm2: f64) -> bool {
        let (width, height) = (self.width_px as f64, self.height_px as f64);
        [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)].into_iter().all(|(x, y)| {
            let [x_mm, y_mm] = self.mm_of_pixel(PixelPos::new(x, y));
            (e1_per_mm2 * (x_mm * x_mm + y_mm * y_mm)).abs() < 0.01
        })
    }
}
