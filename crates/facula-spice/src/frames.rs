// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reference frames and the rotations between them: J2000, ECLIPJ2000, frames of bodies (class 2), of
//! attitudes (class 3, CK) and fixed offsets (class 4, TK).
//!
//! In: frame names, an epoch, the loaded kernels. Out: rotations.
//!
//! # Source
//! NAIF, "Frames Required Reading" (frames.req).

mod body;
mod fixed;
pub(crate) mod matrix;

use facula_core::{Epoch, Rotation, et_s};

use crate::clock::Clock;
use crate::error::SpiceError;
use crate::kernels::Kernels;
use crate::names;
use crate::pool::Pool;
use matrix::{IDENTITY, Matrix, multiply, transpose};

/// Steps from a frame to J2000; real chains have five at most.
const MAX_CHAIN: usize = 16;
/// Number of J2000.
const J2000: i32 = 1;
/// Number of ECLIPJ2000.
const ECLIPJ2000: i32 = 17;
/// Obliquity of the ecliptic at J2000 that SPICE uses, arc seconds (IAU 1976; frames.req, "ECLIPJ2000").
const OBLIQUITY_ARC_SECONDS: f64 = 84_381.448;

/// A frame: by number, or the body-fixed frame of a body.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Frame {
    Numbered(i32),
    OfBody(i32),
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
        let et_s = et_s(epoch);
        let (up, down) = (self.frame_chain(from, et_s)?, self.frame_chain(to, et_s)?);
        for (frame, common_from_start) in &up {
            if let Some((_, common_from_end)) = down.iter().find(|(other, _)| other == frame) {
                let rows = multiply(&transpose(common_from_end), common_from_start);
                return Rotation::from_rows(rows).ok_or_else(|| {
                    SpiceError::format(
                        format!("{to} from {from} is no rotation"),
                        "frame kernels",
                        "loaded kernels",
                    )
                });
            }
        }
        // A chain ends early only where an attitude is missing; asking for the last link says which.
        let ends = [&up, &down].map(|chain| chain.last().map_or(Frame::Numbered(J2000), |(frame, _)| *frame));
        let missing = if ends[0] == Frame::Numbered(J2000) { ends[1] } else { ends[0] };
        self.link(missing, et_s).and(Err(SpiceError::no_coverage("frame definition", to, et_s, "")))
    }

    /// Frames on the way to J2000, each with the rotation to it from the first one.
    fn frame_chain(&self, name: &str, et_s: f64) -> Result<Vec<(Frame, Matrix)>, SpiceError> {
        let mut chain = vec![(self.frame_by_name(name, et_s)?, IDENTITY)];
        while let Some(&(frame, so_far)) = chain.last()
            && frame != Frame::Numbered(J2000)
        {
            let (parent, parent_from_frame) = match self.link(frame, et_s) {
                Ok(link) => link,
                // The two frames may meet below the gap; if not, `rotation` reports it.
                Err(SpiceError::NoCoverage { .. }) => break,
                Err(other) => return Err(other),
            };
            if chain.len() == MAX_CHAIN {
                return Err(SpiceError::format("frames that lead in a circle", name, "loaded frame kernels"));
            }
            chain.push((parent, multiply(&parent_from_frame, &so_far)));
        }
        Ok(chain)
    }

    fn frame_by_name(&self, name: &str, et_s: f64) -> Result<Frame, SpiceError> {
        let name = name.trim().to_uppercase();
        let found = match name.as_str() {
            "J2000" => Some(Frame::Numbered(J2000)),
            "ECLIPJ2000" => Some(Frame::Numbered(ECLIPJ2000)),
            _ => self.pool.integer(&format!("FRAME_{name}")).map(Frame::Numbered).or_else(|| {
                name.strip_prefix("IAU_")
                    .and_then(|body| names::body_number(&body.replace('_', " ")))
                    .map(Frame::OfBody)
            }),
        };
        found.ok_or_else(|| {
            SpiceError::no_coverage("frame definition", format!("frame {name}"), et_s, known(&self.pool))
        })
    }

    /// The next frame towards J2000 and the rotation to it.
    fn link(&self, frame: Frame, et_s: f64) -> Result<(Frame, Matrix), SpiceError> {
        let id = match frame {
            Frame::OfBody(body) => return self.body_link(body, et_s),
            Frame::Numbered(J2000) => return Ok((frame, IDENTITY)),
            Frame::Numbered(ECLIPJ2000) => return Ok((Frame::Numbered(J2000), ecliptic())),
            Frame::Numbered(id) => id,
        };
        let name = || self.pool.text(&format!("FRAME_{id}_NAME")).unwrap_or("unnamed").to_string();
        let class_id = self.pool.integer(&format!("FRAME_{id}_CLASS_ID")).unwrap_or(id);
        match self.pool.integer(&format!("FRAME_{id}_CLASS")) {
            Some(1) if class_id == J2000 => Ok((Frame::Numbered(J2000), IDENTITY)),
            Some(2) => self.body_link(class_id, et_s),
            Some(3) => self.attitude_link(class_id, et_s),
            Some(4) => {
                let (relative, rows) = fixed::relative_from_frame(&self.pool, class_id, &name())?;
                Ok((self.frame_by_name(relative, et_s)?, rows))
            }
            Some(class) => Err(SpiceError::unsupported(
                format!("frame class {class} of {}", name()),
                "loaded frame kernels",
            )),
            None => Err(SpiceError::no_coverage(
                "frame definition",
                format!("frame {id}"),
                et_s,
                known(&self.pool),
            )),
        }
    }

    fn body_link(&self, body: i32, et_s: f64) -> Result<(Frame, Matrix), SpiceError> {
        let rows = body::body_from_icrf(&self.pool, body, et_s)?;
        Ok((Frame::Numbered(J2000), transpose(&rows)))
    }

    fn attitude_link(&self, structure: i32, et_s: f64) -> Result<(Frame, Matrix), SpiceError> {
        let named = self.pool.integer(&format!("CK_{structure}_SCLK"));
        let clock = Clock::new(&self.pool, named.unwrap_or(structure / 1000))?;
        let ticks = clock.ticks_of_et(et_s)?;
        let segments = self.ck.get(&structure).map(Vec::as_slice).unwrap_or_default();
        for segment in segments.iter().rev().filter(|s| s.covers(ticks)) {
            if let Some(rows) = segment.structure_from_reference(ticks)? {
                return Ok((Frame::Numbered(segment.reference), transpose(&rows)));
            }
        }
        let spans = segments.iter().map(|s| s.bounds.map(|ticks| clock.et_of_ticks(ticks))).collect();
        let covered = match crate::kernels::describe(spans) {
            text if text.is_empty() => text,
            text => format!("{text} (with gaps)"),
        };
        Err(SpiceError::no_coverage("attitude", format!("structure {structure}"), et_s, covered))
    }
}

/// J2000 from ECLIPJ2000.
pub(crate) fn ecliptic() -> Matrix {
    let (sin, cos) = (OBLIQUITY_ARC_SECONDS / 3600.0).to_radians().sin_cos();
    [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]]
}

fn known(pool: &Pool) -> String {
    let names: Vec<&str> = pool.names("FRAME_").filter_map(|variable| pool.text(variable)).take(12).collect();
    if names.is_empty() { String::new() } else { format!("the frames {} and others", names.join(", ")) }
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
        assert!(error.contains("class 5"), "{error}");
    }
}
