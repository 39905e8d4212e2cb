// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dynamic frames (class 5) and switch frames (class 6).
//!
//! In: the variables of a frame, an epoch. Out: the frame it is relative to and the rotation to that frame, with
//! its rate. Families: two vectors, mean and true equator of date, mean ecliptic of date, Euler angles; frozen at
//! an epoch, treated as inertial, or turning.
//!
//! # Source
//! NAIF, "Frames Required Reading", sections "Dynamic frame families", "Frozen dynamic frames", "Inertial
//! dynamic frames" and "Switch frames".

mod two_vector;
mod vectors;

use super::registry::{FrameInfo, Items};
use super::turning::Turning;
use super::{Asked, Frame, J2000, earth};
use crate::error::SpiceError;
use crate::kernels::Kernels;
use two_vector::TwoVectors;

/// What a frame does as time goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Motion {
    /// It turns as its family says.
    Turning,
    /// It keeps the orientation, relative to its base frame, that it has at an ephemeris time.
    Frozen(f64),
    /// Its orientation changes with time, its rate counts as zero.
    Inertial,
}

impl Kernels {
    /// The base frame (or J2000) and the rotation to it.
    pub(super) fn dynamic_link(
        &self,
        info: &FrameInfo,
        asked: Asked,
    ) -> Result<(Frame, Turning), SpiceError> {
        let items = Items::new(&self.pool, info.id)
            .ok_or_else(|| super::undefined(&self.pool, format!("frame {}", info.name), asked.et_s))?;
        if items.word("DEF_STYLE").as_deref() != Some("PARAMETERIZED") {
            return Err(wrong(&items, "DEF_STYLE"));
        }
        let relative = items.word("RELATIVE").ok_or_else(|| wrong(&items, "RELATIVE"))?;
        let base = self.frame_by_name(&relative, asked.et_s)?;
        let motion = motion(&items)?;
        let et_s = if let Motion::Frozen(et_s) = motion { et_s } else { asked.et_s };
        let inner = Asked { et_s, depth: asked.depth + 1 };
        let base_from_frame = self.base_from_frame(&items, (base, &relative), inner)?;
        match motion {
            Motion::Turning => Ok((base, base_from_frame)),
            Motion::Frozen(_) => Ok((base, Turning::fixed(base_from_frame.rows))),
            Motion::Inertial => {
                let j2000_from_base: Turning = self.between((J2000, "J2000"), (base, &relative), inner)?;
                Ok((J2000, Turning::fixed(j2000_from_base.after(&base_from_frame).rows)))
            }
        }
    }

    fn base_from_frame(
        &self,
        items: &Items<'_>,
        base: (Frame, &str),
        asked: Asked,
    ) -> Result<Turning, SpiceError> {
        let model = |item: &str, known: &str| match items.word(item) {
            Some(word) if word == known => Ok(()),
            _ => Err(wrong(items, item)),
        };
        let family = items.word("FAMILY").ok_or_else(|| wrong(items, "FAMILY"))?;
        if family.ends_with("_OF_DATE") {
            model("PREC_MODEL", "EARTH_IAU_1976")?;
        }
        let frame_from_j2000 = match family.as_str() {
            "EULER" => return euler(items, asked.et_s),
            "TWO-VECTOR" => {
                let j2000_from_frame = TwoVectors { kernels: self, items, asked }.j2000_from_frame()?;
                j2000_from_frame.inverse()
            }
            "MEAN_EQUATOR_AND_EQUINOX_OF_DATE" => earth::mean_equator_from_j2000(asked.et_s),
            "TRUE_EQUATOR_AND_EQUINOX_OF_DATE" => {
                model("NUT_MODEL", "EARTH_IAU_1980")?;
                earth::true_equator_from_j2000(asked.et_s)
            }
            "MEAN_ECLIPTIC_AND_EQUINOX_OF_DATE" => {
                model("OBLIQ_MODEL", "EARTH_IAU_1980")?;
                earth::mean_ecliptic_from_j2000(asked.et_s)
            }
            _ => return Err(wrong(items, "FAMILY")),
        };
        let base_from_j2000: Turning = self.between(base, (J2000, "J2000"), asked)?;
        Ok(base_from_j2000.after(&frame_from_j2000.inverse()))
    }

    /// The frame a switch frame stands for: of those whose time span holds the epoch, the last listed.
    pub(super) fn switched(&self, info: &FrameInfo, et_s: f64) -> Result<Frame, SpiceError> {
        let undefined = || super::undefined(&self.pool, format!("frame {}", info.name), et_s);
        let items = Items::new(&self.pool, info.id).ok_or_else(undefined)?;
        let (starts, stops) = (items.numbers("START"), items.numbers("STOP"));
        let inside = |i: usize| match (starts, stops) {
            (None, None) => Some(true),
            (Some(starts), Some(stops)) => Some(*starts.get(i)? <= et_s && et_s <= *stops.get(i)?),
            _ => None,
        };
        let by_name = items.texts("ALIGNED_WITH").unwrap_or_default();
        let by_number = items.numbers("ALIGNED_WITH").unwrap_or_default();
        for i in (0..by_name.len().max(by_number.len())).rev() {
            if !inside(i).ok_or_else(|| wrong(&items, "START"))? {
                continue;
            }
            return match by_name.get(i) {
                Some(name) => self.frame_by_name(name, et_s),
                None => Ok(Frame::Numbered(by_number[i] as i32)),
            };
        }
        if by_name.is_empty() && by_number.is_empty() {
            return Err(wrong(&items, "ALIGNED_WITH"));
        }
        let spans = starts.unwrap_or_default().iter().zip(stops.unwrap_or_default());
        let spans = crate::kernels::describe(spans.map(|(start, stop)| [*start, *stop]).collect());
        Err(SpiceError::no_coverage("frame to switch to", format!("frame {}", info.name), et_s, spans))
    }
}

fn motion(items: &Items<'_>) -> Result<Motion, SpiceError> {
    let state = items.word("ROTATION_STATE");
    match (items.number("FREEZE_EPOCH"), state.as_deref()) {
        (Some(et_s), None) => Ok(Motion::Frozen(et_s)),
        (None, None | Some("ROTATING")) => Ok(Motion::Turning),
        (None, Some("INERTIAL")) => Ok(Motion::Inertial),
        _ => Err(wrong(items, "ROTATION_STATE")),
    }
}

/// Three turns by polynomials of the time since an epoch: base frame from this frame.
fn euler(items: &Items<'_>, et_s: f64) -> Result<Turning, SpiceError> {
    let since_s = et_s - items.number("EPOCH").ok_or_else(|| wrong(items, "EPOCH"))?;
    let to_radians = radians_of(items, "UNITS")?;
    let axes = items.numbers("AXES").filter(|axes| axes.len() == 3).ok_or_else(|| wrong(items, "AXES"))?;
    let mut angles = [[0.0; 2]; 3];
    for (k, angle) in angles.iter_mut().enumerate() {
        let item = format!("ANGLE_{}_COEFFS", k + 1);
        let coefficients = items.numbers(&item).ok_or_else(|| wrong(items, &item))?;
        let sum = coefficients
            .iter()
            .rev()
            .fold([0.0; 2], |[value, slope], c| [c + since_s * value, value + since_s * slope]);
        *angle = sum.map(to_radians);
    }
    let axes = [0, 1, 2].map(|k| crate::daf::as_count(axes[k]).unwrap_or(0));
    Turning::of_angles(angles, axes).ok_or_else(|| wrong(items, "AXES"))
}

fn radians_of(items: &Items<'_>, item: &str) -> Result<fn(f64) -> f64, SpiceError> {
    items.word(item).and_then(|unit| super::fixed::radians_of(&unit)).ok_or_else(|| wrong(items, item))
}

fn wrong(items: &Items<'_>, item: &str) -> SpiceError {
    let what = format!("FRAME_{}_{item} is missing or wrong", items.id);
    SpiceError::format(what, format!("frame {}", items.name), "loaded frame kernels")
}

#[cfg(test)]
#[path = "dynamic/tests.rs"]
mod tests;
