// SPDX-License-Identifier: MIT OR Apache-2.0
//! Camera files: TOML with the geometry shared by the filters, and each filter.
//!
//! `data/cameras/dawn_fc2.toml` is a complete file; `data/cameras/models.toml` shows every distortion model.

use std::collections::BTreeMap;

use facula_photometry::Detector;
use serde::{Deserialize, Serialize};

use super::{Camera, Distortion, Window};
use crate::GeometryError;

/// A camera's TOML file: geometry shared by its filters, and each filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraFile {
    /// Name in lower case (`dawn_fc2`).
    pub name: String,
    /// Samples per line of the detector.
    pub width_px: usize,
    /// Lines of the detector.
    pub height_px: usize,
    /// Distance between pixel centres along samples and lines, µm; negative where the axis is mirrored.
    pub pitch_um: [f64; 2],
    /// How far a line shifts x and a sample shifts y, µm (detectors turned against the camera's axes).
    #[serde(default)]
    pub skew_um: [f64; 2],
    /// Where the optical axis meets the detector, pixels, (0, 0) the centre of the first pixel.
    pub principal_point_px: [f64; 2],
    /// Delay between the clock count in labels and the start of the exposure, s.
    pub shutter_delay_s: f64,
    /// The part of the detector that frames hold, and its summing; the whole of it when absent.
    #[serde(default)]
    pub window: Option<Window>,
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
    /// Where this filter's optical axis meets the detector, pixels; that of the camera when absent.
    #[serde(default)]
    pub principal_point_px: Option<[f64; 2]>,
    /// Radial distortion E1, mm⁻²: short for `distortion = { model = "radial", e1_per_mm2 = … }`.
    #[serde(default)]
    pub radial_per_mm2: Option<f64>,
    /// Distortion model; none when absent.
    #[serde(default)]
    pub distortion: Option<Distortion>,
    /// Detector constants behind this filter.
    pub detector: Detector,
}

const BUILT_IN: [(&str, &str); 2] = [
    ("dawn_fc2", include_str!("../../data/cameras/dawn_fc2.toml")),
    ("hayabusa2_onc_w2", include_str!("../../data/cameras/hayabusa2_onc_w2.toml")),
];

impl CameraFile {
    /// A built-in camera by name: `dawn_fc2`, `hayabusa2_onc_w2`.
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

    /// A camera from TOML text. Every filter's camera is checked: each pixel must have a direction.
    ///
    /// # Errors
    /// [`GeometryError::Camera`] for text that is not a camera, [`GeometryError::Argument`] for bad values.
    pub fn from_toml(text: &str) -> Result<Self, GeometryError> {
        let file: Self = toml::from_str(text)?;
        for name in file.filters.keys() {
            file.camera(name)?;
        }
        Ok(file)
    }

    /// The camera behind one filter.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] with the list of filters, [`GeometryError::Argument`] for bad values.
    pub fn camera(&self, filter: &str) -> Result<Camera, GeometryError> {
        let of_filter = self.filter(filter)?;
        let distortion = match (&of_filter.distortion, of_filter.radial_per_mm2) {
            (None, None) => Distortion::None,
            (Some(model), None) => model.clone(),
            (None, Some(e1_per_mm2)) => Distortion::Radial { e1_per_mm2 },
            (Some(_), Some(value)) => {
                return Err(GeometryError::Argument {
                    subject: format!("camera {}, filter {filter}", self.name),
                    key: "radial_per_mm2 (beside distortion; keep one of them)",
                    value: value.to_string(),
                });
            }
        };
        let whole = Camera {
            name: self.name.clone(),
            width_px: self.width_px,
            height_px: self.height_px,
            focal_length_mm: of_filter.focal_length_mm,
            pitch_mm: self.pitch_um.map(|um| um / 1000.0),
            skew_mm: self.skew_um.map(|um| um / 1000.0),
            principal_point_px: of_filter.principal_point_px.unwrap_or(self.principal_point_px),
            distortion,
        };
        let camera = match &self.window {
            Some(window) => whole.windowed(window)?,
            None => whole,
        };
        camera.check()?;
        Ok(camera)
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

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: &str = include_str!("../../data/cameras/models.toml");

    #[test]
    fn every_model_of_the_example_file_can_be_read_and_written() {
        let file = CameraFile::from_toml(MODELS).unwrap();
        assert_eq!(file.filters.len(), 6);
        assert_eq!(CameraFile::from_toml(&toml::to_string(&file).unwrap()).unwrap(), file);
        assert!(matches!(file.camera("table").unwrap().distortion, Distortion::ShiftGrid(_)));
        assert_eq!(file.camera("pinhole").unwrap().principal_point_px, [255.25, 255.75]);
    }

    #[test]
    fn a_missing_filter_lists_the_filters() {
        let error = CameraFile::built_in("dawn_fc2").unwrap().camera("F9").unwrap_err();
        assert!(error.to_string().contains("F9") && error.to_string().contains("F1"));
        assert!(CameraFile::built_in("x").unwrap_err().to_string().contains("dawn_fc2"));
    }

    #[test]
    fn files_with_values_that_cannot_be_are_refused_with_the_key() {
        let text = BUILT_IN[0].1;
        for (from, to, part) in [
            ("width_px = 1024", "width_px = 0", "width_px"),
            ("pitch_um = [14.004, 13.995]", "pitch_um = [0.0, 13.995]", "pitch"),
            ("focal_length_mm = 150.07", "focal_length_mm = -1.0", "focal_length_mm"),
            ("radial_per_mm2 = 8.4e-6", "radial_per_mm2 = -8.4e-3", "no direction"),
            (
                "radial_per_mm2 = 8.4e-6",
                "radial_per_mm2 = 1e-6\ndistortion = { model = \"none\" }",
                "keep one",
            ),
            ("radial_per_mm2 = 8.4e-6", "distortion = { model = \"fisheye\" }", "fisheye"),
            (
                "radial_per_mm2 = 8.4e-6",
                "distortion = { model = \"isis-radial\", coefficients = [2.0] }",
                "isis",
            ),
            ("shutter_delay_s", "shutter_s", "shutter"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = CameraFile::from_toml(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
