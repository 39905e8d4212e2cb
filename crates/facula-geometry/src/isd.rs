// SPDX-License-Identifier: MIT OR Apache-2.0
//! Support data of the Community Sensor Model (ISD): the JSON that USGS ALE writes and usgscsm, ISIS and the Ames
//! Stereo Pipeline read.
//!
//! In: JSON text. Out: [`Isd`], which keeps everything it read (unknown keys, whole numbers as such) and gives
//! its tables as values; [`FrameGeometry`] is the frame camera in it, as camera and pose.
//!
//! Conventions of the format: image coordinates (0.5, 0.5) are the centre of the first pixel; positions km and
//! velocities km/s in J2000 from the centre of the body; quaternions scalar first, as SPICE's `m2q` of the matrix
//! that takes J2000 components to frame components (ALE writes the columns 3, 0, 1, 2 of scipy's); angular velocities
//! rad/s in J2000 components; times TDB seconds past J2000. A quaternion and its negative are the same rotation.
//!
//! # Source
//! DOI-USGS/ale, ale/formatters/formatter.py (`to_isd`); DOI-USGS/usgscsm, UsgsAstroFrameSensorModel.

mod export;
mod frame;
mod sensor;

use facula_core::{Camera, Rotation};
use serde_json::{Map, Value};

use crate::GeometryError;

pub use export::IsdRequest;
pub use frame::{FrameGeometry, Names};
pub use sensor::LineScale;

/// Support data as read, or as made by [`FrameGeometry::to_isd`].
#[derive(Debug, Clone, PartialEq)]
pub struct Isd {
    root: Map<String, Value>,
}

/// Kind of sensor an ISD describes (key `name_model`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SensorKind {
    /// `USGS_ASTRO_FRAME_SENSOR_MODEL`.
    Frame,
    /// `USGS_ASTRO_LINE_SCANNER_SENSOR_MODEL`: tables can be read, the model is not implemented.
    LineScanner,
    /// Any other.
    Other,
}

/// Which table of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PositionOf {
    /// The instrument, relative to the body.
    Instrument,
    /// The Sun, relative to the body.
    Sun,
}

/// Which table of rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationOf {
    /// J2000 to the last time-dependent frame of the instrument.
    Instrument,
    /// J2000 to the body-fixed frame.
    Body,
}

/// Positions and velocities at times, J2000 components.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PositionTable {
    /// TDB seconds past J2000.
    pub times_s: Vec<f64>,
    /// Positions from the centre of the body, km.
    pub positions_km: Vec<[f64; 3]>,
    /// Velocities, km/s; empty when the ISD has none.
    pub velocities_km_s: Vec<[f64; 3]>,
}

/// Rotations from J2000 at times, and the constant rotation after them.
#[derive(Debug, Clone, PartialEq)]
pub struct RotationTable {
    /// TDB seconds past J2000.
    pub times_s: Vec<f64>,
    /// Scalar-first quaternions of the matrices that take J2000 components to frame components.
    pub quaternions: Vec<[f64; 4]>,
    /// Angular velocities of the frame, rad/s, J2000 components; empty when the ISD has none.
    pub angular_velocities_rad_s: Vec<[f64; 3]>,
    /// Frame numbers from the frame to J2000.
    pub time_dependent_frames: Vec<i32>,
    /// Frame numbers from the sensor to the first time-dependent frame; empty without a constant rotation.
    pub constant_frames: Vec<i32>,
    /// Turns components of the last time-dependent frame into those of the sensor; the identity when absent.
    pub constant_rotation: Rotation<Camera, Camera>,
}

pub(crate) fn problem(key: &str, what: impl Into<String>) -> GeometryError {
    GeometryError::Isd { key: key.to_string(), problem: what.into() }
}

impl Isd {
    /// Reads the JSON text of an ISD. Everything in it is kept.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] for text that is not a JSON object.
    pub fn from_json(text: &str) -> Result<Self, GeometryError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(root)) => Ok(Self { root }),
            Ok(_) => Err(problem("the file", "is JSON, but not an object")),
            Err(error) => Err(problem("the file", format!("is not JSON: {error}"))),
        }
    }

    /// The JSON text, indented; numbers are printed so that reading gives the same bits.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.root).expect("a JSON value is always printable");
        text.push('\n');
        text
    }

    /// All keys and values, for what has no method here.
    pub fn root(&self) -> &Map<String, Value> {
        &self.root
    }

    /// Sets a key of the first level, such as `naif_keywords`.
    pub fn set(&mut self, key: &str, value: Value) {
        self.root.insert(key.to_string(), value);
    }

    /// Kind of sensor.
    pub fn kind(&self) -> SensorKind {
        match self.root.get("name_model").and_then(Value::as_str) {
            Some("USGS_ASTRO_FRAME_SENSOR_MODEL") => SensorKind::Frame,
            Some("USGS_ASTRO_LINE_SCANNER_SENSOR_MODEL") => SensorKind::LineScanner,
            _ => SensorKind::Other,
        }
    }

    /// The positions of instrument or Sun.
    ///
    /// # Errors
    /// [`GeometryError::Isd`] names the key that is missing or wrong; lists must be as long as their times.
    pub fn positions(&self, of: PositionOf) -> Result<PositionTable, GeometryError> {
        let key = of.key();
        let table = self.object(key)?;
        check_j2000(key, table)?;
        let times_s = numbers(key, table, "ephemeris_times")?;
        Ok(PositionTable {
            positions_km: vectors(key, table, "positions", times_s.len())?,
            velocities_km_s: optional_vectors(key, table, "velocities", times_s.len())?,
            times_s,
        })
    }

    /// The rotations of instrument or body.
    ///
    /// # Errors
    /// As [`Isd::positions`].
    pub fn rotations(&self, of: RotationOf) -> Result<RotationTable, GeometryError> {
        let key = of.key();
        let table = self.object(key)?;
        check_j2000(key, table)?;
        let times_s = numbers(key, table, "ephemeris_times")?;
        let constant = match table.get("constant_rotation") {
            None => Rotation::identity(),
            Some(_) => {
                let flat: [f64; 9] = numbers(key, table, "constant_rotation")?
                    .try_into()
                    .map_err(|_| problem(key, "constant_rotation must have 9 numbers"))?;
                let rows = std::array::from_fn(|r| std::array::from_fn(|c| flat[3 * r + c]));
                Rotation::from_rows(rows).ok_or_else(|| problem(key, "constant_rotation is no rotation"))?
            }
        };
        Ok(RotationTable {
            quaternions: vectors(key, table, "quaternions", times_s.len())?,
            angular_velocities_rad_s: optional_vectors(key, table, "angular_velocities", times_s.len())?,
            time_dependent_frames: frames(key, table, "time_dependent_frames")?,
            constant_frames: frames(key, table, "constant_frames")?,
            constant_rotation: constant,
            times_s,
        })
    }

    pub(crate) fn object(&self, key: &str) -> Result<&Map<String, Value>, GeometryError> {
        self.root.get(key).and_then(Value::as_object).ok_or_else(|| problem(key, "is missing or no object"))
    }

    pub(crate) fn number(&self, key: &str) -> Result<f64, GeometryError> {
        number(self.root.get(key)).ok_or_else(|| problem(key, "is missing or no number"))
    }
}

impl PositionOf {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Instrument => "instrument_position",
            Self::Sun => "sun_position",
        }
    }
}

impl RotationOf {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Instrument => "instrument_pointing",
            Self::Body => "body_rotation",
        }
    }
}

pub(crate) fn number(value: Option<&Value>) -> Option<f64> {
    value?.as_f64().filter(|number| number.is_finite())
}

/// Tables are relative to frame 1 (J2000); a table that says otherwise would be misread.
fn check_j2000(key: &str, table: &Map<String, Value>) -> Result<(), GeometryError> {
    match table.get("reference_frame") {
        None => Ok(()),
        Some(frame) if frame.as_f64() == Some(1.0) => Ok(()),
        Some(other) => Err(problem(key, format!("has reference frame {other}; only 1 (J2000) is supported"))),
    }
}

pub(crate) fn numbers(
    parent: &str,
    table: &Map<String, Value>,
    key: &str,
) -> Result<Vec<f64>, GeometryError> {
    let list = table.get(key).and_then(Value::as_array);
    list.and_then(|list| list.iter().map(|value| number(Some(value))).collect())
        .ok_or_else(|| problem(parent, format!("{key} is missing or no list of numbers")))
}

fn vectors<const N: usize>(
    parent: &str,
    table: &Map<String, Value>,
    key: &str,
    count: usize,
) -> Result<Vec<[f64; N]>, GeometryError> {
    let vector = |value: &Value| -> Option<[f64; N]> {
        let list: Option<Vec<f64>> = value.as_array()?.iter().map(|v| number(Some(v))).collect();
        list?.try_into().ok()
    };
    let list: Option<Vec<[f64; N]>> =
        table.get(key).and_then(Value::as_array).and_then(|list| list.iter().map(vector).collect());
    let wrong = || problem(parent, format!("{key} must be a list of {N} numbers for each of {count} times"));
    list.filter(|list| list.len() == count).ok_or_else(wrong)
}

fn optional_vectors(
    parent: &str,
    table: &Map<String, Value>,
    key: &str,
    count: usize,
) -> Result<Vec<[f64; 3]>, GeometryError> {
    if table.contains_key(key) { vectors(parent, table, key, count) } else { Ok(Vec::new()) }
}

fn frames(parent: &str, table: &Map<String, Value>, key: &str) -> Result<Vec<i32>, GeometryError> {
    if !table.contains_key(key) {
        return Ok(Vec::new());
    }
    Ok(numbers(parent, table, key)?.into_iter().map(|number| number as i32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: &str = r#"{ "name_model": "USGS_ASTRO_LINE_SCANNER_SENSOR_MODEL", "odd": [1, 1.0, 16, 0.1],
        "sun_position": { "reference_frame": 1, "ephemeris_times": [5.0, 6.0],
            "positions": [[1, 2, 3], [4, 5, 6.5]] },
        "body_rotation": { "ephemeris_times": [5.0], "quaternions": [[1, 0, 0, 0]],
            "angular_velocities": [[0.0, 0.0, 1e-4]], "time_dependent_frames": [2000001, 1] } }"#;

    #[test]
    fn tables_are_read_and_unknown_keys_stay() {
        let isd = Isd::from_json(SMALL).unwrap();
        assert_eq!(isd.kind(), SensorKind::LineScanner);
        let sun = isd.positions(PositionOf::Sun).unwrap();
        assert_eq!(sun.positions_km, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]);
        assert!(sun.velocities_km_s.is_empty());
        let body = isd.rotations(RotationOf::Body).unwrap();
        assert_eq!(
            (body.time_dependent_frames, body.constant_rotation),
            (vec![2000001, 1], Rotation::identity())
        );
        let back: Value = serde_json::from_str(&isd.to_json()).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(SMALL).unwrap());
        assert!(back["odd"][2].is_u64(), "whole numbers stay whole");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        for (from, to, part) in [
            ("[4, 5, 6.5]", "[4, 5]", "positions must be a list of 3 numbers for each of 2 times"),
            ("[4, 5, 6.5]", "[4, 5, 6], [0, 0, 0]", "for each of 2 times"),
            ("\"reference_frame\": 1", "\"reference_frame\": 17", "reference frame 17"),
            ("[5.0, 6.0]", "5.0", "ephemeris_times"),
            ("sun_position", "sun", "sun_position"),
        ] {
            let error =
                Isd::from_json(&SMALL.replace(from, to)).unwrap().positions(PositionOf::Sun).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(Isd::from_json("[1]").unwrap_err().to_string().contains("object"));
        assert!(Isd::from_json("{").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn truncations_never_panic_and_are_no_support_data() {
        for end in 0..SMALL.len() {
            assert!(Isd::from_json(&SMALL[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn numbers_keep_their_bits(value in proptest::num::f64::NORMAL) {
            let mut isd = Isd::from_json(SMALL).unwrap();
            isd.set("x", Value::from(value));
            let back = Isd::from_json(&isd.to_json()).unwrap();
            prop_assert_eq!(back.number("x").unwrap().to_bits(), value.to_bits());
        }
    }
}
