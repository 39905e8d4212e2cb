// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frame cameras: pinhole with radial distortion, one focal length per filter.
//!
//! Camera axes: z along the boresight, x towards growing samples, y towards growing lines of the stored image.

use std::collections::BTreeMap;

use facula_core::{Camera as CameraAxes, PixelPos, Vec3};
use facula_photometry::Detector;
use serde::{Deserialize, Serialize};

use crate::GeometryError;

/// A camera's TOML file: geometry shared by its filters, and each filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraFile {
    /// Name in lower case (`dawn_fc2`).
    pub name: String,
    /// Samples per line.
    pub width_px: usize,
    /// Lines.
    pub height_px: usize,
    /// Distance between pixel centres along samples and lines, µm.
    pub pitch_um: [f64; 2],
    /// Where the optical axis meets the detector, pixels, (0, 0) the centre of the first pixel.
    pub principal_point_px: [f64; 2],
    /// Delay between the clock count in labels and the start of the exposure, s.
    pub shutter_delay_s: f64,
    /// Filters by name.
    pub filters: BTreeMap<String, Filter>,
    /// Where each number comes from.
    pub source: String,
}

/// What differs from filter to filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Focal length, mm.
    pub focal_length_mm: f64,
    /// Radial distortion E1, mm⁻²: `X_d = X (1 + E1 R²)` with X, R on the detector in mm.
    pub radial_per_mm2: f64,
    /// Detector constants behind this filter.
    pub detector: Detector,
}

const BUILT_IN: [(&str, &str); 1] = [("dawn_fc2", include_str!("../data/cameras/dawn_fc2.toml"))];

impl CameraFile {
    /// A built-in camera by name: `dawn_fc2`.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] with the list of names.
    pub fn built_in(name: &str) -> Result<Self, GeometryError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => Err(GeometryError::Unknown {
                kind: "built-in camera",
                name: name.to_string(),
                known: BUILT_IN.map(|(known, _)| known).join(", "),
            }),
        }
    }

    /// A camera from TOML text.
    ///
    /// # Errors
    /// [`GeometryError::Camera`] for text that is not a camera, [`GeometryError::Argument`] for bad values.
    pub fn from_toml(text: &str) -> Result<Self, GeometryError> {
        let file: Self = toml::from_str(text)?;
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let bad = |key, value: String| {
            Err(GeometryError::Argument { subject: format!("camera {}", file.name), key, value })
        };
        if !(1..=65_536).contains(&file.width_px) || !(1..=65_536).contains(&file.height_px) {
            return bad("width_px, height_px", format!("{} x {}", file.width_px, file.height_px));
        }
        if !file.pitch_um.iter().all(|pitch| positive(*pitch)) {
            return bad("pitch_um", format!("{:?}", file.pitch_um));
        }
        if let Some((name, filter)) = file.filters.iter().find(|(_, f)| !positive(f.focal_length_mm)) {
            return bad("focal_length_mm", format!("{} (filter {name})", filter.focal_length_mm));
        }
        Ok(file)
    }

    /// The camera behind one filter.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] with the list of filters.
    pub fn camera(&self, filter: &str) -> Result<Camera, GeometryError> {
        let of_filter = self.filter(filter)?;
        Ok(Camera {
            name: self.name.clone(),
            width_px: self.width_px,
            height_px: self.height_px,
            focal_length_mm: of_filter.focal_length_mm,
            pitch_mm: self.pitch_um.map(|um| um / 1000.0),
            principal_point_px: self.principal_point_px,
            radial_per_mm2: of_filter.radial_per_mm2,
        })
    }

    /// The constants of one filter.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] with the list of filters.
    pub fn filter(&self, filter: &str) -> Result<&Filter, GeometryError> {
        self.filters.get(filter).ok_or_else(|| GeometryError::Unknown {
            kind: "filter",
            name: format!("{filter} (camera {})", self.name),
            known: self.filters.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }
}

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
    /// Distance between pixel centres along samples and lines, mm.
    pub pitch_mm: [f64; 2],
    /// Where the optical axis meets the detector, pixels.
    pub principal_point_px: [f64; 2],
    /// Radial distortion E1, mm⁻²: `X_d = X (1 + E1 R²)`.
    pub radial_per_mm2: f64,
}

impl Camera {
    /// Where a direction (any length) falls on the detector, also beyond its edges; `None` behind the camera.
    ///
    /// # Source
    /// dawn_fc_v10.ti, section "Optical distortion": ideal position in mm, then `X_d = X (1 + E1 R²)`.
    pub fn pixel(&self, look: Vec3<CameraAxes>) -> Option<PixelPos> {
        if !(look.z > 0.0) {
            return None;
        }
        let scale = self.focal_length_mm / look.z;
        let (x_mm, y_mm) = (look.x * scale, look.y * scale);
        let stretch = 1.0 + self.radial_per_mm2 * (x_mm * x_mm + y_mm * y_mm);
        Some(PixelPos {
            x_px: self.principal_point_px[0] + x_mm * stretch / self.pitch_mm[0],
            y_px: self.principal_point_px[1] + y_mm * stretch / self.pitch_mm[1],
        })
    }

    /// The direction (unit vector) a pixel position looks at. Exact inverse of [`Camera::pixel`] to 1e-12 of the
    /// field of view (Newton on the radius).
    pub fn look(&self, at: PixelPos) -> Vec3<CameraAxes> {
        let xd_mm = (at.x_px - self.principal_point_px[0]) * self.pitch_mm[0];
        let yd_mm = (at.y_px - self.principal_point_px[1]) * self.pitch_mm[1];
        let radius_mm = xd_mm.hypot(yd_mm);
        let mut ideal_mm = radius_mm;
        for _ in 0..4 {
            let e = self.radial_per_mm2 * ideal_mm * ideal_mm;
            ideal_mm -= (ideal_mm * (1.0 + e) - radius_mm) / (1.0 + 3.0 * e);
        }
        let shrink = if radius_mm > 0.0 { ideal_mm / radius_mm } else { 1.0 };
        let look = Vec3::new(xd_mm * shrink, yd_mm * shrink, self.focal_length_mm);
        look.unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0))
    }

    /// Whether a pixel position lies on the detector (within the outer edges of its pixels).
    pub fn contains(&self, at: PixelPos) -> bool {
        let inside = |value_px: f64, size_px: usize| value_px >= -0.5 && value_px < size_px as f64 - 0.5;
        inside(at.x_px, self.width_px) && inside(at.y_px, self.height_px)
    }

    /// Angle one pixel subtends on the axis, mean of samples and lines, rad.
    pub fn ifov_rad(&self) -> f64 {
        0.5 * (self.pitch_mm[0] + self.pitch_mm[1]) / self.focal_length_mm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fc2() -> Camera {
        CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
    }

    #[test]
    fn directions_fall_where_the_instrument_kernel_says() {
        // Case C02 of the truth set.
        let cases = [
            ([0.01, -0.02, 1.0], [618.6723756457172, 297.0174064247768]),
            ([0.04, 0.04, 1.0], [940.408446350413, 940.6842717178409]),
        ];
        for (look, expected) in cases {
            let at = fc2().pixel(Vec3::from_array(look)).unwrap();
            assert!((at.x_px - expected[0]).abs() < 1e-6 && (at.y_px - expected[1]).abs() < 1e-6, "{at:?}");
        }
        assert!(fc2().pixel(Vec3::new(0.0, 0.0, -1.0)).is_none());
    }

    #[test]
    fn april_2015_frames_are_two_kilometres_per_pixel() {
        // Case C-scale-OpNav7_22000: 2051.324 m/px along samples (IFOV 9.3242e-5 rad in the kernel).
        let scale_m = 22_000e3 * fc2().pitch_mm[0] / fc2().focal_length_mm;
        assert!((scale_m / 2051.324 - 1.0).abs() < 0.003, "{scale_m}");
    }

    #[test]
    fn a_missing_filter_lists_the_filters() {
        let error = CameraFile::built_in("dawn_fc2").unwrap().camera("F9").unwrap_err();
        assert!(error.to_string().contains("F9") && error.to_string().contains("F1"));
    }

    proptest! {
        #[test]
        fn pixels_and_directions_are_inverse(x in -10.0..1034.0f64, y in -10.0..1034.0f64) {
            let at = fc2().pixel(fc2().look(PixelPos::new(x, y))).unwrap();
            prop_assert!((at.x_px - x).abs() < 1e-9 && (at.y_px - y).abs() < 1e-9);
        }
    }
}
