// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reference frames and the rotations between them: inertial ones (class 1), frames of bodies (2, text and
//! binary PCK), of attitudes (3, CK), fixed offsets (4, TK), dynamic frames (5) and switches (6).
//!
//! In: frame names, an epoch, the loaded kernels. Out: rotations, and their rates.
//!
//! # Source
//! NAIF, "Frames Required Reading" (frames.req).

mod body;
pub(crate) mod chain;
mod dynamic;
mod earth;
mod fixed;
pub(crate) mod inertial;
pub(crate) mod matrix;
mod path;
pub(crate) mod registry;
pub(crate) mod turning;

use facula_core::{Epoch, Rotation, Vec3, et_s};

use crate::ck::CkSegment;
use crate::clock::Clock;
use crate::error::SpiceError;
use crate::kernels::Kernels;
use crate::names;
use crate::pool::Pool;
pub(crate) use body::orientation;
use matrix::{IDENTITY, Matrix, transpose};
use registry::{FrameClass, FrameInfo};
use turning::Turning;

/// J2000, where all chains end.
pub(crate) const J2000: Frame = Frame::Numbered(1);
/// How deep frames may be defined by states that need frames: SPICE allows two such steps.
const MAX_DEPTH: u8 = 4;

/// A frame: by number, or the body-fixed frame of a body that has no number of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Frame {
    Numbered(i32),
    OfBody(i32),
}

/// When a rotation is asked for, and how many dynamic frames the question came through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub et_s: f64,
    pub depth: u8,
}

impl Asked {
    /// A question from outside.
    pub fn at(et_s: f64) -> Self {
        Self { et_s, depth: 0 }
    }
}

/// A rotation that changes with time: components in `From` to components in `To`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RotationRate<To, From> {
    /// The rotation now.
    pub rotation: Rotation<To, From>,
    /// Angular velocity of frame `To` relative to frame `From`, in components of `From`, rad/s.
    pub angular_velocity_rad_s: Vec3<From>,
}

impl<To, From> RotationRate<To, From> {
    /// Position (km) and velocity (km/s) in `To` of a state given in `From`, both about the same centre.
    pub fn apply(&self, position_km: Vec3<From>, velocity_km_s: Vec3<From>) -> (Vec3<To>, Vec3<To>) {
        let carried = self.angular_velocity_rad_s.cross(position_km);
        (self.rotation * position_km, self.rotation * (velocity_km_s - carried))
    }
}

impl Kernels {
    /// Turns components in frame `from` to components in frame `to` at an epoch. Names as in the kernels
    /// (`J2000`, `CERES_FIXED`, `DAWN_FC2_FILTER_6`) or `IAU_` and the name of a body; the tags are the
    /// caller's word for the two frames.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] names the frame, attitude, clock or constants the kernels lack.
    ///
    /// # Source
    /// SPICE `PXFORM`.
    pub fn rotation<To, From>(
        &self,
        to: &str,
        from: &str,
        epoch: Epoch,
    ) -> Result<Rotation<To, From>, SpiceError> {
        let asked = Asked::at(et_s(epoch));
        let frames = (self.frame_by_name(to, asked.et_s)?, self.frame_by_name(from, asked.et_s)?);
        let rows: Matrix = self.between((frames.0, to), (frames.1, from), asked)?;
        proper(rows, to, from)
    }

    /// The same with its rate. Attitudes come from segments that give angular velocities.
    ///
    /// # Errors
    /// As [`Kernels::rotation`].
    ///
    /// # Source
    /// SPICE `SXFORM` and `XF2RAV`.
    pub fn rotation_rate<To, From>(
        &self,
        to: &str,
        from: &str,
        epoch: Epoch,
    ) -> Result<RotationRate<To, From>, SpiceError> {
        let asked = Asked::at(et_s(epoch));
        let frames = (self.frame_by_name(to, asked.et_s)?, self.frame_by_name(from, asked.et_s)?);
        let turning: Turning = self.between((frames.0, to), (frames.1, from), asked)?;
        Ok(RotationRate {
            rotation: proper(turning.rows, to, from)?,
            angular_velocity_rad_s: Vec3::from_array(turning.spin_rad_s()),
        })
    }

    /// From frame number `from` to frame number `to`, with the rate.
    pub(crate) fn turning(&self, to: i32, from: i32, asked: Asked) -> Result<Turning, SpiceError> {
        let named = |id: i32| format!("frame {id}");
        self.between((Frame::Numbered(to), &named(to)), (Frame::Numbered(from), &named(from)), asked)
    }

    pub(crate) fn frame_by_name(&self, name: &str, et_s: f64) -> Result<Frame, SpiceError> {
        let name = name.trim().to_uppercase();
        registry::number(&self.pool, &name)
            .map(Frame::Numbered)
            .or_else(|| {
                let body = name.strip_prefix("IAU_")?.replace('_', " ");
                names::code(&self.pool, &body).map(Frame::OfBody)
            })
            .ok_or_else(|| undefined(&self.pool, format!("frame {name}"), et_s))
    }

    fn frame_info_or_error(&self, id: i32, et_s: f64) -> Result<FrameInfo, SpiceError> {
        registry::info(&self.pool, id).ok_or_else(|| undefined(&self.pool, format!("frame {id}"), et_s))
    }

    /// The next frame towards J2000.
    pub(crate) fn next_frame(&self, frame: Frame, asked: Asked) -> Result<Frame, SpiceError> {
        self.link(frame, asked).map(|(next, _)| next)
    }

    /// The next frame towards J2000 and the rotation to it.
    pub(crate) fn link(&self, frame: Frame, asked: Asked) -> Result<(Frame, Matrix), SpiceError> {
        let id = match frame {
            Frame::Numbered(id) => id,
            Frame::OfBody(body) => return Ok((J2000, self.j2000_from_body(body, asked.et_s)?.rows)),
        };
        let info = self.frame_info_or_error(id, asked.et_s)?;
        if info.class == FrameClass::Attitude {
            let (segment, rows, _) = self.attitude_of(info.class_id, asked.et_s, Rates::NotNeeded)?;
            return Ok((Frame::Numbered(segment.reference), transpose(&rows)));
        }
        self.link_of_class(&info, asked).map(|(parent, turning)| (parent, turning.rows))
    }

    /// The same with the rate.
    fn turning_link(&self, frame: Frame, asked: Asked) -> Result<(Frame, Turning), SpiceError> {
        let id = match frame {
            Frame::Numbered(id) => id,
            Frame::OfBody(body) => return Ok((J2000, self.j2000_from_body(body, asked.et_s)?)),
        };
        let info = self.frame_info_or_error(id, asked.et_s)?;
        if info.class == FrameClass::Attitude {
            let (segment, rows, spin) = self.attitude_of(info.class_id, asked.et_s, Rates::Needed)?;
            return Ok((Frame::Numbered(segment.reference), Turning::of_spin(rows, spin).inverse()));
        }
        self.link_of_class(&info, asked)
    }

    /// The next frame towards J2000 of a frame that is no attitude.
    fn link_of_class(&self, info: &FrameInfo, asked: Asked) -> Result<(Frame, Turning), SpiceError> {
        match info.class {
            FrameClass::Inertial => {
                let rows = inertial::frame_from_j2000(info.class_id)
                    .ok_or_else(|| undefined(&self.pool, format!("frame {}", info.name), asked.et_s))?;
                Ok((J2000, Turning::fixed(transpose(&rows))))
            }
            FrameClass::BodyFixed => Ok((J2000, self.j2000_from_body(info.class_id, asked.et_s)?)),
            FrameClass::FixedOffset => {
                let (relative, rows) = fixed::relative_from_frame(&self.pool, info.class_id, &info.name)?;
                Ok((self.frame_by_name(relative, asked.et_s)?, Turning::fixed(rows)))
            }
            FrameClass::Dynamic => {
                if asked.depth == MAX_DEPTH {
                    let place = format!("frame {}", info.name);
                    return Err(SpiceError::format(
                        "frames that lead in a circle",
                        place,
                        "loaded frame kernels",
                    ));
                }
                self.dynamic_link(info, asked)
            }
            FrameClass::Switch => Ok((self.switched(info, asked.et_s)?, Turning::IDENTITY)),
            FrameClass::Attitude | FrameClass::Unknown(_) => Err(SpiceError::unsupported(
                format!("the class of frame {}", info.name),
                "loaded frame kernels",
            )),
        }
    }

    /// J2000 from the body-fixed frame with number `class_id` in its class; binary kernels go before text.
    fn j2000_from_body(&self, class_id: i32, et_s: f64) -> Result<Turning, SpiceError> {
        let segments = self.pck.get(&class_id).map(Vec::as_slice).unwrap_or_default();
        if let Some(segment) = segments.iter().rev().find(|segment| segment.covers(et_s)) {
            return Ok(segment.body_from_icrf(et_s)?.inverse());
        }
        let turning = body::body_from_icrf(&self.pool, class_id, et_s).map_err(|error| {
            let spans: Vec<_> = segments.iter().map(|segment| segment.bounds).collect();
            match error {
                SpiceError::NoCoverage { .. } if !spans.is_empty() => {
                    let subject = format!("frame of {}", names::body(class_id));
                    SpiceError::no_coverage("orientation", subject, et_s, crate::kernels::describe(spans))
                }
                other => other,
            }
        })?;
        Ok(turning.inverse())
    }

    /// Number of the clock that counts a structure's ticks.
    pub(crate) fn clock_number(&self, structure: i32) -> i32 {
        self.pool.integer(&format!("CK_{structure}_SCLK")).unwrap_or(structure / 1000)
    }

    /// The segment that answers for a structure, the attitude (structure from reference) and, if needed, the
    /// angular velocity.
    pub(crate) fn attitude_of(
        &self,
        structure: i32,
        et_s: f64,
        rates: Rates,
    ) -> Result<(&CkSegment, Matrix, [f64; 3]), SpiceError> {
        let clock = self.clock_of_structure(structure)?;
        let ticks = clock.ticks_of_et(et_s)?;
        let segments = self.ck.get(&structure).map(Vec::as_slice).unwrap_or_default();
        for segment in segments.iter().rev().filter(|s| s.covers(ticks)) {
            if rates == Rates::Needed && !segment.has_rates {
                continue;
            }
            if let Some(rows) = segment.structure_from_reference(ticks)? {
                let spin = if rates == Rates::Needed { segment.spin_rad_s(ticks)? } else { None };
                return Ok((segment, rows, spin.unwrap_or_default()));
            }
        }
        let useful = segments.iter().filter(|s| rates == Rates::NotNeeded || s.has_rates);
        let spans = useful.map(|s| s.bounds.map(|ticks| clock.et_of_ticks(ticks))).collect();
        let covered = match crate::kernels::describe(spans) {
            text if text.is_empty() => text,
            text => format!("{text} (with gaps)"),
        };
        let what = if rates == Rates::Needed { "attitude with angular velocity" } else { "attitude" };
        Err(SpiceError::no_coverage(what, format!("structure {structure}"), et_s, covered))
    }

    /// The clock a structure's attitudes count in.
    pub(crate) fn clock_of_structure(&self, structure: i32) -> Result<Clock<'_>, SpiceError> {
        Clock::new(&self.pool, self.clock_number(structure))
    }
}

/// Whether an attitude must come with its angular velocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rates {
    Needed,
    NotNeeded,
}

fn proper<To, From>(rows: Matrix, to: &str, from: &str) -> Result<Rotation<To, From>, SpiceError> {
    Rotation::from_rows(rows).ok_or_else(|| {
        let what = format!("{to} from {from} is no rotation");
        SpiceError::format(what, "frame kernels", "loaded kernels")
    })
}

/// J2000 from ECLIPJ2000.
pub(crate) fn ecliptic() -> Matrix {
    inertial::frame_from_j2000(17).map_or(IDENTITY, |rows| transpose(&rows))
}

fn undefined(pool: &Pool, subject: String, et_s: f64) -> SpiceError {
    let names: Vec<&str> = registry::defined(pool).take(12).collect();
    let known =
        if names.is_empty() { String::new() } else { format!("the frames {} and others", names.join(", ")) };
    SpiceError::no_coverage("frame definition", subject, et_s, known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Camera, Icrf, Vec3, epoch_from_et_s};

    const FIXED: &str = "\\begindata\nFRAME_A = -9001\nFRAME_-9001_NAME = 'A'\nFRAME_-9001_CLASS = 4\n\
        FRAME_-9001_CLASS_ID = -9001\nTKFRAME_-9001_RELATIVE = 'J2000'\nTKFRAME_-9001_SPEC = 'ANGLES'\n\
        TKFRAME_-9001_ANGLES = ( 10, 20, 30 )\nTKFRAME_-9001_AXES = ( 3, 1, 2 )\nTKFRAME_-9001_UNITS = 'DEGREES'\n";

    #[test]
    fn angles_of_a_fixed_frame_are_those_of_spice() {
        // spiceypy 8.3.0, CSPICE N0067: pxform("A", "J2000", 0.0) with the kernel above.
        let expected = [
            [0.8825641192593856, 0.16317591116653482, -0.44096961052988237],
            [0.01802831123629725, 0.9254165783983234, 0.37852230636979245],
            [0.46984631039295416, -0.3420201433256687, 0.8137976813493738],
        ];
        let kernels = Kernels::from_bytes("a.tf", FIXED.as_bytes()).expect("sound");
        let found =
            kernels.rotation::<Icrf, Camera>("J2000", "A", epoch_from_et_s(0.0)).expect("fixed").rows();
        for (row, wanted) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((row - wanted).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn the_ecliptic_pole_has_the_obliquity_as_colatitude() {
        let epoch = epoch_from_et_s(0.0);
        let turn = Kernels::empty().rotation::<Icrf, Camera>("j2000", "ECLIPJ2000", epoch).expect("built in");
        let pole = turn * Vec3::new(0.0, 0.0, 1.0);
        assert!((pole.z.acos().to_degrees() - 23.43929111).abs() < 1e-8 && pole.y < 0.0, "{pole:?}");
    }

    #[test]
    fn unknown_and_circular_frames_are_errors() {
        let epoch = epoch_from_et_s(0.0);
        let kernels = Kernels::from_bytes("a.tf", FIXED.as_bytes()).expect("sound");
        let error =
            kernels.rotation::<Icrf, Camera>("J2000", "NOWHERE", epoch).expect_err("unknown").to_string();
        assert!(error.contains("NOWHERE") && error.contains("the frames A"), "{error}");
        let circle = FIXED.replace("'J2000'", "'A'");
        let kernels = Kernels::from_bytes("a.tf", circle.as_bytes()).expect("text is sound");
        let error = kernels.rotation::<Icrf, Camera>("J2000", "A", epoch).expect_err("circle").to_string();
        assert!(error.contains("circle"), "{error}");
        let dynamic = FIXED.replace("CLASS = 4", "CLASS = 5");
        let kernels = Kernels::from_bytes("a.tf", dynamic.as_bytes()).expect("text is sound");
        let error = kernels.rotation::<Icrf, Camera>("J2000", "A", epoch).expect_err("class 5").to_string();
        assert!(error.contains("DEF_STYLE") && error.contains("frame A"), "{error}");
    }
}
