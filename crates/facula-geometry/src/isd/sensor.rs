// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sensor in support data: focal length, detector, distortion.
//!
//! In: the keys of an ISD, or a [`Camera`]. Out: the other. Windows and summing of an ISD are folded into the camera
//! ([`Camera::windowed`] does the same), so that an ISD made of a camera has none.
//!
//! # Source
//! usgscsm, Distortion.h and UsgsAstroFrameSensorModel: detector = image * summing + starting; detector − centre −
//! constant = focal2pixel * focal plane (mm).

use serde_json::{Map, Value, json};

use super::{Isd, number, numbers, problem};
use crate::{Camera, Distortion, GeometryError, IsisRadial, Transverse};

/// Image coordinate of the centre of the first pixel in an ISD.
const FIRST_CENTRE_PX: f64 = 0.5;

/// Scale of the lines in an exported ISD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LineScale {
    /// That of the camera.
    #[default]
    OfCamera,
    /// That of the samples, as ALE writes for the Dawn framing cameras, whose pixels are not square: 0.33 px off at
    /// the upper and lower edge of the frame.
    OfSamples,
}

/// An axis of the detector: pixel = constant + x * by_x + y * by_y, from the centre.
struct Axis([f64; 3]);

impl Isd {
    /// The frame camera: image size, focal length, detector, distortion. The camera's axes are those of the ISD's
    /// sensor frame.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] names the key that is missing, wrong or not supported.
    pub fn camera(&self) -> Result<Camera, GeometryError> {
        let focal = self.object("focal_length_model")?;
        let focal_length_mm = number(focal.get("focal_length"))
            .ok_or_else(|| problem("focal_length_model", "has no focal_length"))?;
        let axes = [self.axis("focal2pixel_samples")?, self.axis("focal2pixel_lines")?];
        let summing =
            [self.whole("detector_sample_summing", 1.0)?, self.whole("detector_line_summing", 1.0)?];
        let starting =
            [self.whole("starting_detector_sample", 0.0)?, self.whole("starting_detector_line", 0.0)?];
        let center = self.object("detector_center")?;
        let coordinate = |key: &str| {
            number(center.get(key)).ok_or_else(|| problem("detector_center", format!("has no {key}")))
        };
        let center_px = [coordinate("sample")?, coordinate("line")?];
        let inverse = inverse([axes[0].0, axes[1].0])
            .ok_or_else(|| problem("focal2pixel_samples", "and focal2pixel_lines are no invertible pair"))?;
        let axis_px: [f64; 2] = std::array::from_fn(|k| {
            (center_px[k] + axes[k].0[0] - starting[k]) / summing[k] - FIRST_CENTRE_PX
        });
        let name = self.root().get("name_sensor").and_then(Value::as_str).unwrap_or("sensor");
        let camera = Camera {
            name: name.to_string(),
            width_px: self.size("image_samples")?,
            height_px: self.size("image_lines")?,
            focal_length_mm,
            pitch_mm: [inverse[0][0] * summing[0], inverse[1][1] * summing[1]],
            skew_mm: [inverse[0][1] * summing[1], inverse[1][0] * summing[0]],
            principal_point_px: axis_px,
            distortion: self.distortion()?,
        };
        camera.check()?;
        Ok(camera)
    }

    /// Largest and smallest semi-axis of the body, km.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] when they are missing or in an unknown unit.
    pub fn semi_axes_km(&self) -> Result<[f64; 2], GeometryError> {
        let radii = self.object("radii")?;
        let unit_km = match radii.get("unit").and_then(Value::as_str) {
            Some("km") => 1.0,
            Some("m") => 1e-3,
            other => return Err(problem("radii", format!("is in unit {other:?}; known: km, m"))),
        };
        let axis = |key: &str| number(radii.get(key)).map(|value| value * unit_km);
        axis("semimajor")
            .zip(axis("semiminor"))
            .map(|(a, c)| [a, c])
            .ok_or_else(|| problem("radii", "has no semimajor or semiminor"))
    }

    fn axis(&self, key: &str) -> Result<Axis, GeometryError> {
        let list = numbers("the file", self.root(), key)?;
        list.try_into().map(Axis).map_err(|_| problem(key, "must have 3 numbers"))
    }

    fn whole(&self, key: &str, absent: f64) -> Result<f64, GeometryError> {
        let value = if self.root().contains_key(key) { self.number(key)? } else { absent };
        if value >= absent { Ok(value) } else { Err(problem(key, format!("{value} is less than {absent}"))) }
    }

    fn size(&self, key: &str) -> Result<usize, GeometryError> {
        let value = self.number(key)?;
        if value >= 1.0 && value.fract() == 0.0 && value <= f64::from(u16::MAX) {
            Ok(value as usize)
        } else {
            Err(problem(key, format!("{value} is no number of pixels")))
        }
    }

    fn distortion(&self) -> Result<Distortion, GeometryError> {
        let models = self.object("optical_distortion")?;
        let key = "optical_distortion";
        let part = |name: &str, list: &str| {
            let model = models.get(name).and_then(Value::as_object);
            numbers(key, model.ok_or_else(|| problem(key, format!("{name} is no object")))?, list)
        };
        let mut names = models.keys().map(String::as_str);
        match (names.next(), names.next()) {
            (Some("dawnfc"), None) => match part("dawnfc", "coefficients")?[..] {
                [e1_per_mm2, ..] => Ok(Distortion::Radial { e1_per_mm2 }),
                [] => Err(problem(key, "dawnfc has no coefficient")),
            },
            (Some("radial"), None) => {
                let k = part("radial", "coefficients")?;
                let none = k.iter().all(|k| *k == 0.0);
                Ok(if none { Distortion::None } else { Distortion::IsisRadial(IsisRadial::new(&k)?) })
            }
            (Some("transverse"), None) => {
                let polynomial = |list: &str| {
                    part("transverse", list)?
                        .try_into()
                        .map_err(|_| problem(key, format!("transverse {list} must have 10 numbers")))
                };
                Ok(Distortion::Transverse(Transverse::new(polynomial("x")?, polynomial("y")?)?))
            }
            (None, _) => Ok(Distortion::None),
            (name, _) => {
                Err(problem(key, format!("{name:?} is not known; known: dawnfc, radial, transverse")))
            }
        }
    }
}

/// The keys of a camera, to be put into an ISD.
pub(super) fn write(
    root: &mut Map<String, Value>,
    camera: &Camera,
    line_scale: LineScale,
) -> Result<(), GeometryError> {
    let [pitch_mm, skew_mm] = [camera.pitch_mm, camera.skew_mm];
    let rows = [[0.0, pitch_mm[0], skew_mm[0]], [0.0, skew_mm[1], pitch_mm[1]]];
    let mut scale = inverse(rows).ok_or_else(|| problem("camera", "has no invertible pixel size"))?;
    if line_scale == LineScale::OfSamples {
        scale[1][1] = scale[0][0];
    }
    root.insert("image_samples".into(), json!(camera.width_px));
    root.insert("image_lines".into(), json!(camera.height_px));
    root.insert("focal_length_model".into(), json!({ "focal_length": camera.focal_length_mm }));
    root.insert("detector_sample_summing".into(), json!(1));
    root.insert("detector_line_summing".into(), json!(1));
    root.insert("starting_detector_sample".into(), json!(0));
    root.insert("starting_detector_line".into(), json!(0));
    let center = camera.principal_point_px.map(|px| px + FIRST_CENTRE_PX);
    root.insert("detector_center".into(), json!({ "sample": center[0], "line": center[1] }));
    root.insert("focal2pixel_samples".into(), json!([0.0, scale[0][0], scale[0][1]]));
    root.insert("focal2pixel_lines".into(), json!([0.0, scale[1][0], scale[1][1]]));
    root.insert("optical_distortion".into(), distortion_json(&camera.distortion)?);
    Ok(())
}

fn distortion_json(distortion: &Distortion) -> Result<Value, GeometryError> {
    match distortion {
        Distortion::None => Ok(json!({ "radial": { "coefficients": [0.0, 0.0, 0.0] } })),
        Distortion::Radial { e1_per_mm2 } => Ok(json!({ "dawnfc": { "coefficients": [e1_per_mm2] } })),
        Distortion::IsisRadial(model) => Ok(json!({ "radial": { "coefficients": model.coefficients() } })),
        Distortion::Transverse(model) => {
            let (x, y) = model.coefficients();
            Ok(json!({ "transverse": { "x": x, "y": y } }))
        }
        Distortion::BrownConrady(_) | Distortion::ShiftGrid(_) => Err(problem(
            "optical_distortion",
            "has no form for Brown-Conrady or table distortion; fit an isis-radial or transverse model to it",
        )),
    }
}

/// Inverse of a 2 x 2 matrix given as (constant, by x, by y) rows.
fn inverse([[_, a, b], [_, c, d]]: [[f64; 3]; 2]) -> Option<[[f64; 2]; 2]> {
    if b == 0.0 && c == 0.0 {
        // The same bits as a division by the pixel size.
        let rows = [[1.0 / a, 0.0], [0.0, 1.0 / d]];
        return (rows[0][0].is_finite() && rows[1][1].is_finite()).then_some(rows);
    }
    let determinant = a * d - b * c;
    let rows = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]];
    rows.iter().flatten().all(|value| value.is_finite()).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BrownConrady, CameraFile, Window};
    use facula_core::PixelPos;

    fn isd(camera: &Camera) -> Isd {
        let mut root = Map::new();
        write(&mut root, camera, LineScale::OfCamera).unwrap();
        Isd::from_json(&Value::Object(root).to_string()).unwrap()
    }

    fn fc2() -> Camera {
        CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap()
    }

    #[test]
    fn cameras_come_back_from_their_support_data() {
        let transverse = {
            let mut x = [0.0; 10];
            (x[0], x[1], x[3]) = (0.01, 1.0, 1e-4);
            let mut y = [0.0; 10];
            (y[2], y[9]) = (0.999, 1e-5);
            Distortion::Transverse(Transverse::new(x, y).unwrap())
        };
        let models = [
            fc2().distortion,
            Distortion::None,
            transverse,
            Distortion::IsisRadial(IsisRadial::new(&[0.0, 1e-5]).unwrap()),
        ];
        for distortion in models {
            let camera = Camera { distortion, skew_mm: [0.0002, -0.0001], ..fc2() };
            let back = isd(&camera).camera().unwrap();
            assert_eq!(back.distortion, camera.distortion);
            for at in [PixelPos::new(0.0, 0.0), PixelPos::new(1023.0, 300.0)] {
                assert!((back.look(at) - camera.look(at)).length() < 1e-14);
            }
        }
    }

    #[test]
    fn windows_and_summing_of_an_isd_are_those_of_the_camera() {
        let mut of_detector = isd(&fc2());
        for (key, value) in [
            ("starting_detector_sample", 100),
            ("starting_detector_line", 300),
            ("detector_sample_summing", 2),
            ("detector_line_summing", 4),
            ("image_samples", 200),
            ("image_lines", 50),
        ] {
            of_detector.set(key, json!(value));
        }
        let window = Window { first: [100, 300], summing: [2, 4], size: [200, 50] };
        let (found, wanted) = (of_detector.camera().unwrap(), fc2().windowed(&window).unwrap());
        let at = PixelPos::new(33.25, 44.5);
        assert!((found.look(at) - wanted.look(at)).length() < 1e-15);
    }

    #[test]
    fn the_centre_of_the_first_pixel_is_at_one_half() {
        // ALE: detector_center 512 for the kernel's CCD_CENTER 511.5.
        assert_eq!(isd(&fc2()).root()["detector_center"]["line"], json!(512.0));
    }

    #[test]
    fn what_an_isd_cannot_hold_or_has_wrong_is_named() {
        let brown = Distortion::BrownConrady(BrownConrady::new(&[0.1, 0.0, 0.0, 0.0]).unwrap());
        let camera = Camera { distortion: brown, ..fc2() };
        assert!(
            write(&mut Map::new(), &camera, LineScale::OfCamera).unwrap_err().to_string().contains("Brown")
        );
        for (key, value, part) in [
            ("optical_distortion", json!({ "cahvor": {} }), "cahvor"),
            ("optical_distortion", json!({ "dawnfc": { "coefficients": [] } }), "no coefficient"),
            ("optical_distortion", json!({ "transverse": { "x": [1.0], "y": [1.0] } }), "10 numbers"),
            ("focal2pixel_lines", json!([0.0, 0.0, 0.0]), "invertible"),
            ("image_lines", json!(1e9), "image_lines"),
            ("detector_line_summing", json!(0), "less than 1"),
            ("focal_length_model", json!({}), "focal_length"),
        ] {
            let mut bad = isd(&fc2());
            bad.set(key, value);
            let error = bad.camera().unwrap_err().to_string();
            assert!(error.contains(part), "{key}: {error}");
        }
        let mut axes = isd(&fc2());
        axes.set("radii", json!({ "semimajor": 482000.0, "semiminor": 446000.0, "unit": "m" }));
        assert_eq!(axes.semi_axes_km().unwrap(), [482.0, 446.0]);
        axes.set("radii", json!({ "semimajor": 1, "semiminor": 1, "unit": "mile" }));
        assert!(axes.semi_axes_km().unwrap_err().to_string().contains("mile"));
    }
}
