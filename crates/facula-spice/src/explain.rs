// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which kernel answers a question, and what it goes over.
//!
//! In: a question as to [`Kernels::state`] or [`Kernels::rotation`]. Out: the steps of the answer, each with the
//! file and segment (or variable) it comes from.
//!
//! # Source
//! NAIF, "SPK Required Reading" and "Frames Required Reading", sections on precedence: the last loaded file goes
//! first, in it the last segment.

use facula_core::{Epoch, epoch_from_et_s, et_s};

use crate::error::SpiceError;
use crate::frames::{Asked, Frame, Rates, registry::FrameClass};
use crate::kernels::Kernels;
use crate::listing::{SegmentInfo, SegmentSpan};
use crate::spk::SpkSegment;

/// Most steps of an answer; real ones have ten at most.
const MAX_STEPS: usize = 32;

/// Where one step of an answer comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The step: `CERES (2000001) relative to SUN (10)`, `DAWN_FC2 relative to DAWN_SPACECRAFT`.
    pub step: String,
    /// File it comes from; `built in` for what needs none.
    pub file: String,
    /// The segment, where the file has segments.
    pub segment: Option<SegmentInfo>,
    /// Files and segment names that also have the answer but are gone over, the strongest first.
    pub overridden: Vec<(String, String)>,
}

impl Kernels {
    /// The steps from target and observer to the body where their ways meet, for a geometric state.
    ///
    /// # Errors
    /// As [`Kernels::state`].
    pub fn explain_state(&self, target: i32, observer: i32, epoch: Epoch) -> Result<Vec<Source>, SpiceError> {
        self.state(target, observer, epoch, crate::Correction::None)?;
        let et_s = et_s(epoch);
        let (up, down) = (self.way(target, et_s), self.way(observer, et_s));
        let meets = |body: i32| down.iter().any(|s| s.center == body) || body == observer;
        let own = up.iter().take_while(|segment| !meets(segment.target));
        let meeting = up.iter().map(|s| s.center).chain([target]).find(|body| meets(*body));
        let meeting = if meets(target) { Some(target) } else { meeting };
        let other = down.iter().take_while(|segment| Some(segment.target) != meeting);
        Ok(own.chain(other).map(|segment| self.source_of_state(segment, et_s)).collect())
    }

    /// Segments from a body towards the barycentre.
    fn way(&self, body: i32, et_s: f64) -> Vec<&SpkSegment> {
        let mut found: Vec<&SpkSegment> = Vec::new();
        let mut next = body;
        while let Some(segment) = self.segment(next, et_s)
            && found.len() < MAX_STEPS
        {
            found.push(segment);
            next = segment.center;
        }
        found
    }

    fn source_of_state(&self, segment: &SpkSegment, et_s: f64) -> Source {
        let name =
            |body: i32| self.body_name(body).map_or_else(|| body.to_string(), |n| format!("{n} ({body})"));
        let others = self.spk.get(&segment.target).into_iter().flatten().rev();
        let overridden = others.filter(|s| s.covers(et_s)).skip(1);
        Source {
            step: format!("{} relative to {}", name(segment.target), name(segment.center)),
            file: segment.file().to_string(),
            segment: Some(SegmentInfo {
                name: segment.name.clone(),
                data_type: segment.kind,
                subject: segment.target,
                center: segment.center,
                frame: segment.frame,
                span: SegmentSpan::Epochs(segment.bounds.map(epoch_from_et_s)),
            }),
            overridden: overridden.map(|s| (s.file().to_string(), s.name.clone())).collect(),
        }
    }

    /// The steps from both frames to the frame where their ways meet.
    ///
    /// # Errors
    /// As [`Kernels::rotation`].
    pub fn explain_rotation(&self, to: &str, from: &str, epoch: Epoch) -> Result<Vec<Source>, SpiceError> {
        self.rotation::<facula_core::Icrf, facula_core::Icrf>(to, from, epoch)?;
        let et_s = et_s(epoch);
        let (mut steps, up) = self.frame_way(from, et_s)?;
        let (others, down) = self.frame_way(to, et_s)?;
        let meeting = up.iter().enumerate().find_map(|(i, f)| Some((i, down.iter().position(|g| g == f)?)));
        let (own, other) = meeting.unwrap_or((steps.len(), others.len()));
        steps.truncate(own);
        steps.extend(others.into_iter().take(other));
        Ok(steps)
    }

    /// Steps from a frame towards J2000 as far as they go, and the frames on the way.
    fn frame_way(&self, name: &str, et_s: f64) -> Result<(Vec<Source>, Vec<Frame>), SpiceError> {
        let mut frames = vec![self.frame_by_name(name, et_s)?];
        let mut steps = Vec::new();
        while let Some(&frame) = frames.last()
            && frame != Frame::Numbered(1)
            && steps.len() < MAX_STEPS
        {
            let Ok(next) = self.next_frame(frame, Asked::at(et_s)) else { break };
            steps.push(self.source_of_frame(frame, next, et_s)?);
            frames.push(next);
        }
        Ok((steps, frames))
    }

    fn source_of_frame(&self, frame: Frame, next: Frame, et_s: f64) -> Result<Source, SpiceError> {
        let named = |frame: Frame| match frame {
            Frame::Numbered(id) => {
                self.frame_info_of(id).map_or_else(|| format!("frame {id}"), |info| info.name)
            }
            Frame::OfBody(body) => format!("frame of {}", crate::names::body(body)),
        };
        let step = format!("{} relative to {}", named(frame), named(next));
        let variables = |keys: &[String]| {
            keys.iter().find_map(|key| self.pool.origin(key)).unwrap_or("built in").to_string()
        };
        let plain = |file: String| Source { step: step.clone(), file, segment: None, overridden: Vec::new() };
        let info = match frame {
            Frame::OfBody(body) => return Ok(plain(variables(&[format!("BODY{body}_PM")]))),
            Frame::Numbered(id) => self.frame_info_of(id),
        };
        let Some(info) = info else { return Ok(plain("built in".to_string())) };
        let (id, class_id) = (info.id, info.class_id);
        match info.class {
            FrameClass::Attitude => self.source_of_attitude(class_id, et_s, step),
            FrameClass::BodyFixed => Ok(self
                .source_of_orientation(class_id, et_s, &step)
                .unwrap_or_else(|| plain(variables(&[format!("BODY{class_id}_PM")])))),
            FrameClass::FixedOffset => Ok(plain(variables(&[
                format!("TKFRAME_{class_id}_SPEC"),
                format!("TKFRAME_{}_SPEC", info.name),
            ]))),
            _ => Ok(plain(variables(&[format!("FRAME_{id}_CLASS"), format!("FRAME_{}_CLASS", info.name)]))),
        }
    }

    fn source_of_attitude(&self, structure: i32, et_s: f64, step: String) -> Result<Source, SpiceError> {
        let (segment, ..) = self.attitude_of(structure, et_s, Rates::NotNeeded)?;
        let ticks = self.clock_of_structure(structure)?.ticks_of_et(et_s)?;
        let mut overridden = Vec::new();
        for other in self.ck.get(&structure).into_iter().flatten().rev().filter(|s| s.covers(ticks)) {
            if !std::ptr::eq(other, segment) && other.structure_from_reference(ticks)?.is_some() {
                overridden.push((other.daf.file.to_string(), other.name.clone()));
            }
        }
        let info = SegmentInfo {
            name: segment.name.clone(),
            data_type: segment.kind,
            subject: structure,
            center: 0,
            frame: segment.reference,
            span: SegmentSpan::Ticks(segment.bounds),
        };
        Ok(Source { step, file: segment.daf.file.to_string(), segment: Some(info), overridden })
    }

    /// The binary PCK segment that answers; `None` where text constants do.
    fn source_of_orientation(&self, class_id: i32, et_s: f64, step: &str) -> Option<Source> {
        let mut covering = self.pck.get(&class_id)?.iter().rev().filter(|segment| segment.covers(et_s));
        let segment = covering.next()?;
        let mut overridden: Vec<_> = covering.map(|s| (s.daf.file.to_string(), s.name.clone())).collect();
        if let Some(file) = self.pool.origin(&format!("BODY{class_id}_PM")) {
            overridden.push((file.to_string(), format!("BODY{class_id}_PM")));
        }
        Some(Source {
            step: step.to_string(),
            file: segment.daf.file.to_string(),
            segment: Some(SegmentInfo {
                name: segment.name.clone(),
                data_type: segment.kind,
                subject: class_id,
                center: 0,
                frame: segment.reference,
                span: SegmentSpan::Epochs(segment.bounds.map(epoch_from_et_s)),
            }),
            overridden,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_explained_by_its_segments_and_what_they_go_over() {
        let mut kernels = Kernels::built_in();
        kernels.add_bytes("again.bsp", crate::builtin::PLANETS).expect("sound");
        let epoch = epoch_from_et_s(4e8);
        let steps = kernels.explain_state(2000001, 399, epoch).expect("covered");
        let texts: Vec<&str> = steps.iter().map(|s| s.step.as_str()).collect();
        assert_eq!(texts[0], "CERES (2000001) relative to SUN (10)");
        assert_eq!(steps.len(), 4, "{texts:?}");
        for step in &steps {
            assert_eq!(step.file, "again.bsp");
            assert_eq!(step.overridden[0].0, "built-in ephemeris");
            assert_eq!(step.segment.as_ref().expect("segment").data_type, 2);
        }
        // The Sun stands on the way of Ceres: one step is enough.
        assert_eq!(kernels.explain_state(2000001, 10, epoch).expect("covered").len(), 1);
        assert_eq!(kernels.explain_state(10, 2000001, epoch).expect("covered").len(), 1);
        assert!(kernels.explain_state(2000001, 2000001, epoch).expect("itself").is_empty());
        assert!(kernels.explain_state(-77, 10, epoch).is_err());
    }

    #[test]
    fn a_rotation_is_explained_by_the_files_of_its_variables() {
        let fixed = "\\begindata\nFRAME_A = -9\nFRAME_-9_NAME = 'A'\nFRAME_-9_CLASS = 4\nFRAME_-9_CLASS_ID = -9\n\
            TKFRAME_-9_RELATIVE = 'IAU_CERES'\nTKFRAME_-9_SPEC = 'MATRIX'\nTKFRAME_-9_MATRIX = ( 1 0 0 0 1 0 0 0 1 )\n";
        let mut kernels = Kernels::from_bytes("a.tf", fixed.as_bytes()).expect("sound");
        let ceres = "\\begindata\nBODY2000001_POLE_RA = 1\nBODY2000001_POLE_DEC = 2\nBODY2000001_PM = 3\n";
        kernels.add_bytes("ceres.tpc", ceres.as_bytes()).expect("sound");
        let steps = kernels.explain_rotation("ECLIPJ2000", "A", epoch_from_et_s(0.0)).expect("defined");
        let found: Vec<_> = steps.iter().map(|s| (s.step.as_str(), s.file.as_str())).collect();
        assert_eq!(
            found,
            [
                ("A relative to IAU_CERES", "a.tf"),
                ("IAU_CERES relative to J2000", "ceres.tpc"),
                ("ECLIPJ2000 relative to J2000", "built in"),
            ]
        );
        assert_eq!(
            kernels.explain_rotation("IAU_CERES", "A", epoch_from_et_s(0.0)).expect("defined").len(),
            1
        );
    }
}
