// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames defined by two vectors: one axis along the first, a second axis in the plane of both.
//!
//! In: the variables of the frame, an epoch. Out: the rotation to J2000, with its rate. Where SPICE simplifies the
//! rate (aberration of constant vectors, light time to the centre of a frame), the same is done here.
//!
//! # Source
//! NAIF, "Frames Required Reading", section "Two-vector frames".

use super::super::matrix::Matrix;
use super::super::registry::Items;
use super::super::turning::Turning;
use super::super::{Asked, Frame, J2000};
use super::vectors::{cross, unit};
use super::{radians_of, wrong};
use crate::aberration::{Correction, dot, position, velocity};
use crate::apparent::{Apparent, Question};
use crate::error::SpiceError;
use crate::kernels::Kernels;
use crate::spk::Pv;

/// Least angle between the two vectors, and between one and the other's opposite, rad (SPICE's default).
const SEPARATION_RAD: f64 = 1e-3;
/// Least half step of the difference that gives the rate of a velocity, s, and its part of the ephemeris time
/// (SPICE's choice).
const VELOCITY_STEP_S: f64 = 1.0;
const VELOCITY_STEP_FRACTION: f64 = 1.0 / (1 << 27) as f64;
/// The frame all vectors are taken to.
const ICRF: (Frame, &str) = (J2000, "J2000");

/// A two-vector frame at an epoch.
pub(super) struct TwoVectors<'a> {
    pub kernels: &'a Kernels,
    pub items: &'a Items<'a>,
    pub asked: Asked,
}

impl TwoVectors<'_> {
    pub fn j2000_from_frame(&self) -> Result<Turning, SpiceError> {
        let (first_axis, second_axis) = (self.axis("PRI")?, self.axis("SEC")?);
        if first_axis.0 == second_axis.0 {
            return Err(wrong(self.items, "SEC_AXIS"));
        }
        let first = self.vector("PRI")?.map(|x| x * first_axis.1);
        let second = self.vector("SEC")?.map(|x| x * second_axis.1);
        self.check_separation(&first, &second)?;
        let degenerate = || wrong(self.items, "PRI_VECTOR_DEF");
        let primary = unit(&first).ok_or_else(degenerate)?;
        // The third axis follows both cyclically, or else is opposed to them.
        let follows = (first_axis.0 + 1) % 3 == second_axis.0;
        let third = if follows { cross(&primary, &second) } else { cross(&second, &primary) };
        let third = unit(&third).ok_or_else(degenerate)?;
        let secondary = if follows { cross(&third, &primary) } else { cross(&primary, &third) };
        let mut axes = [third; 3];
        axes[first_axis.0] = primary;
        axes[second_axis.0] = secondary;
        Ok(Turning { rows: columns(axes.map(|a| position(&a))), rates: columns(axes.map(|a| velocity(&a))) })
    }

    fn check_separation(&self, first: &Pv, second: &Pv) -> Result<(), SpiceError> {
        let least_rad = self.items.number("ANGLE_SEP_TOL").unwrap_or(SEPARATION_RAD);
        let across = position(&cross(first, second));
        let angle_rad = dot(across, across).sqrt().atan2(dot(position(first), position(second)));
        // A vector of no length gives an angle of zero; NaN fails the comparison.
        if angle_rad.sin() >= least_rad.sin() {
            return Ok(());
        }
        let value = format!("{} with its two vectors {:.3e} rad apart", self.items.name, angle_rad);
        Err(SpiceError::Argument { name: "frame", value, expected: "two vectors that span a plane".into() })
    }

    /// Index of the axis and its sign.
    fn axis(&self, which: &str) -> Result<(usize, f64), SpiceError> {
        let item = format!("{which}_AXIS");
        match self.items.word(&item).as_deref() {
            Some("X" | "+X") => Ok((0, 1.0)),
            Some("Y" | "+Y") => Ok((1, 1.0)),
            Some("Z" | "+Z") => Ok((2, 1.0)),
            Some("-X") => Ok((0, -1.0)),
            Some("-Y") => Ok((1, -1.0)),
            Some("-Z") => Ok((2, -1.0)),
            _ => Err(wrong(self.items, &item)),
        }
    }

    /// One of the vectors and its rate, in J2000.
    fn vector(&self, which: &str) -> Result<Pv, SpiceError> {
        let item = format!("{which}_VECTOR_DEF");
        match self.items.word(&item).as_deref() {
            Some("OBSERVER_TARGET_POSITION") => {
                Ok(self.state(self.question(which)?, ICRF, self.asked)?.state)
            }
            Some("TARGET_NEAR_POINT") => self.near_point(which),
            Some("OBSERVER_TARGET_VELOCITY") => self.velocity(which),
            Some("CONSTANT") => self.constant(which),
            _ => Err(wrong(self.items, &item)),
        }
    }

    fn body(&self, which: &str, item: &str) -> Result<i32, SpiceError> {
        let item = format!("{which}_{item}");
        self.items.body(&item).ok_or_else(|| wrong(self.items, &item))
    }

    fn question(&self, which: &str) -> Result<Question, SpiceError> {
        let item = format!("{which}_ABCORR");
        let name = self.items.word(&item).ok_or_else(|| wrong(self.items, &item))?;
        let correction = name.parse::<Correction>().map_err(|_| wrong(self.items, &item))?;
        Ok(Question {
            target: self.body(which, "TARGET")?,
            observer: self.body(which, "OBSERVER")?,
            correction,
        })
    }

    fn state(&self, question: Question, frame: (Frame, &str), asked: Asked) -> Result<Apparent, SpiceError> {
        self.kernels.state_in_frame(question, frame, asked)
    }

    /// Direction of the velocity of a target in a frame of its own, with the rate of that direction.
    fn velocity(&self, which: &str) -> Result<Pv, SpiceError> {
        let question = self.question(which)?;
        let name = self.frame_name(which)?;
        let frame = (self.kernels.frame_by_name(&name, self.asked.et_s)?, name.as_str());
        let step_s = VELOCITY_STEP_S.max(VELOCITY_STEP_FRACTION * self.asked.et_s);
        let at = |offset_s: f64| {
            let asked = Asked { et_s: self.asked.et_s + offset_s, ..self.asked };
            let [x, y, z] = velocity(&self.state(question, frame, asked)?.state);
            let direction = unit(&[x, y, z, 0.0, 0.0, 0.0]).unwrap_or_default();
            Ok::<_, SpiceError>(position(&direction))
        };
        let (before, now, after) = (at(-step_s)?, at(0.0)?, at(step_s)?);
        let vector =
            std::array::from_fn(
                |k| {
                    if k < 3 { now[k] } else { (after[k - 3] - before[k - 3]) / (2.0 * step_s) }
                },
            );
        Ok(self.j2000_from(frame, question.observer, question.correction)?.apply(&vector))
    }

    fn frame_name(&self, which: &str) -> Result<String, SpiceError> {
        let item = format!("{which}_FRAME");
        self.items.word(&item).ok_or_else(|| wrong(self.items, &item))
    }

    /// J2000 from a frame seen with light time from an observer.
    fn j2000_from(
        &self,
        frame: (Frame, &str),
        observer: i32,
        correction: Correction,
    ) -> Result<Turning, SpiceError> {
        let seen = self.kernels.frame_as_seen(frame, (observer, correction), self.asked)?;
        self.kernels.between(ICRF, frame, Asked { et_s: seen.et_s, ..self.asked })
    }

    /// From the observer to the point of the target's ellipsoid nearest to it.
    fn near_point(&self, which: &str) -> Result<Pv, SpiceError> {
        let question = self.question(which)?;
        let frame_id =
            self.kernels.frame_of_body(question.target).ok_or_else(|| wrong(self.items, "TARGET"))?;
        let name = format!("frame {frame_id}");
        let frame = (Frame::Numbered(frame_id), name.as_str());
        let seen = self.state(question, frame, self.asked)?;
        let radii = self.kernels.numbers(&format!("BODY{}_RADII", question.target));
        let radii: [f64; 3] = radii.and_then(|r| r.try_into().ok()).ok_or_else(|| {
            let subject = crate::names::body(question.target);
            SpiceError::no_coverage("radii", subject, self.asked.et_s, "")
        })?;
        let observer = seen.state.map(|x| -x);
        let near = super::vectors::nearest_on_ellipsoid(&observer, radii)
            .ok_or_else(|| wrong(self.items, "PRI_VECTOR_DEF"))?;
        let towards = std::array::from_fn(|k| near[k] - observer[k]);
        let light_time_s = if question.correction.has_light_time() { seen.light_time_s } else { 0.0 };
        let et_s = self.asked.et_s + question.correction.sign() * light_time_s;
        let between: Turning = self.kernels.between(ICRF, frame, Asked { et_s, ..self.asked })?;
        Ok(between.apply(&towards))
    }

    /// A direction that stands still in a frame, perhaps with light time to the frame's centre and aberration.
    fn constant(&self, which: &str) -> Result<Pv, SpiceError> {
        let name = self.frame_name(which)?;
        let frame = (self.kernels.frame_by_name(&name, self.asked.et_s)?, name.as_str());
        let direction = self.direction(which)?;
        let still = [direction[0], direction[1], direction[2], 0.0, 0.0, 0.0];
        let word = self.items.word(&format!("{which}_ABCORR")).unwrap_or_else(|| "NONE".into());
        let stellar = match word.as_str() {
            "NONE" => return Ok(self.kernels.between::<Turning>(ICRF, frame, self.asked)?.apply(&still)),
            "S" => Some(1.0),
            "XS" => Some(-1.0),
            _ => None,
        };
        let observer = self.body(which, "OBSERVER")?;
        if let Some(sign) = stellar {
            let vector = self.kernels.between::<Turning>(ICRF, frame, self.asked)?.apply(&still);
            return self.kernels.aberrate(&vector, (observer, sign), self.asked);
        }
        // Light time and aberration exclude each other here, as in SPICE.
        let correction = word.parse::<Correction>().ok().filter(|correction| !correction.is_stellar());
        let correction = correction.ok_or_else(|| wrong(self.items, &format!("{which}_ABCORR")))?;
        Ok(self.j2000_from(frame, observer, correction)?.apply(&still))
    }

    fn direction(&self, which: &str) -> Result<[f64; 3], SpiceError> {
        let item = |what: &str| format!("{which}_{what}");
        let angle = |what: &str| {
            let angle = self.items.number(&item(what)).ok_or_else(|| wrong(self.items, &item(what)))?;
            Ok::<f64, SpiceError>(radians_of(self.items, &item("UNITS"))?(angle))
        };
        let (longitude_rad, latitude_rad) = match self.items.word(&item("SPEC")).as_deref() {
            Some("RECTANGULAR") => {
                let numbers = self.items.numbers(&item("VECTOR"));
                return numbers
                    .and_then(|v| v.try_into().ok())
                    .ok_or_else(|| wrong(self.items, &item("VECTOR")));
            }
            Some("LATITUDINAL") => (angle("LONGITUDE")?, angle("LATITUDE")?),
            Some("RA/DEC") => (angle("RA")?, angle("DEC")?),
            _ => return Err(wrong(self.items, &item("SPEC"))),
        };
        let (sin, cos) = latitude_rad.sin_cos();
        Ok([cos * longitude_rad.cos(), cos * longitude_rad.sin(), sin])
    }
}

fn columns(axes: [[f64; 3]; 3]) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| axes[j][i]))
}
