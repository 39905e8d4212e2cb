// SPDX-License-Identifier: MIT OR Apache-2.0
//! What kernels hold, which of them answers, and the part of them some frames need.

use std::path::Path;

use facula_core::{Epoch, format_utc};
use facula_spice::{
    AttitudeLevel, FileForm, FileKind, Kernels, Needs, PoseRequest, SegmentSpan, SliceFile, Source,
    write_slice,
};
use serde::Serialize;

use super::states::body_code;
use super::{PlacedFrame, StateQuestion};
use crate::RequestError;

/// A loaded file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelFile {
    /// Its name.
    pub file: String,
    /// Kind: SPK, CK, PCK, DSK or text.
    pub kind: &'static str,
    /// Form: byte order, transfer, text.
    pub form: &'static str,
    /// Length in bytes.
    pub bytes: u64,
    /// Its segments.
    pub segments: Vec<KernelSegment>,
}

/// A segment of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelSegment {
    /// What it is about.
    pub about: String,
    /// Data type.
    pub data_type: i32,
    /// Reference frame of its numbers, by number.
    pub frame: i32,
    /// Name of the segment.
    pub name: String,
    /// First and last UTC; empty where the clock of an attitude is not loaded.
    pub span_utc: Vec<String>,
}

/// Spans something is covered in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Covered {
    /// Body, structure, orientation or shape.
    pub what: String,
    /// First and last UTC of each span.
    pub spans_utc: Vec<[String; 2]>,
    /// Why it is not known, when it is not.
    pub problem: Option<String>,
}

/// A step of an answer and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerStep {
    /// The step.
    pub step: String,
    /// The file that gives it.
    pub file: String,
    /// Segment in the file, where it has segments.
    pub segment: Option<String>,
    /// Files (and segments) that have it too but are gone over.
    pub overridden: Vec<String>,
}

/// The loaded files, in the order of loading.
pub fn kernel_files(kernels: &Kernels) -> Vec<KernelFile> {
    let segment = |kind: FileKind, s: &facula_spice::SegmentInfo| KernelSegment {
        about: about(kernels, kind, s.subject, s.center),
        data_type: s.data_type,
        frame: s.frame,
        name: s.name.clone(),
        span_utc: match s.span {
            SegmentSpan::Epochs(span) => span.map(format_utc).to_vec(),
            _ => Vec::new(),
        },
    };
    let file = |f: &facula_spice::FileInfo| KernelFile {
        file: f.name.clone(),
        kind: kind_name(f.kind),
        form: match f.form {
            FileForm::LittleEndian => "little-endian",
            FileForm::BigEndian => "big-endian",
            FileForm::Transfer => "transfer",
            _ => "text",
        },
        bytes: f.bytes,
        segments: f.segments.iter().map(|s| segment(f.kind, s)).collect(),
    };
    kernels.files().map(file).collect()
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Spk => "SPK",
        FileKind::Ck => "CK",
        FileKind::Pck => "PCK",
        FileKind::Dsk => "DSK",
        _ => "text",
    }
}

fn named(kernels: &Kernels, body: i32) -> String {
    kernels.body_name(body).map_or_else(|| body.to_string(), |name| format!("{name} ({body})"))
}

fn about(kernels: &Kernels, kind: FileKind, subject: i32, center: i32) -> String {
    match kind {
        FileKind::Spk => format!("{} from {}", named(kernels, subject), named(kernels, center)),
        FileKind::Ck => format!("attitude of {}", named(kernels, subject)),
        FileKind::Pck => format!("orientation {subject}"),
        _ => format!("shape of {}", named(kernels, subject)),
    }
}

/// What the loaded kernels cover, all together.
pub fn covered(kernels: &Kernels) -> Vec<Covered> {
    let text = |spans: Vec<[Epoch; 2]>| spans.into_iter().map(|span| span.map(format_utc)).collect();
    let body = |id: i32| Covered {
        what: named(kernels, id),
        spans_utc: text(kernels.coverage_of_body(id)),
        problem: None,
    };
    let mut all: Vec<Covered> = kernels.bodies().into_iter().map(body).collect();
    for id in kernels.structures() {
        let spans = kernels.coverage_of_structure(id, AttitudeLevel::Interval);
        let (spans, problem) =
            spans.map_or_else(|e| (Vec::new(), Some(e.to_string())), |spans| (spans, None));
        all.push(Covered {
            what: format!("attitude of {}", named(kernels, id)),
            spans_utc: text(spans),
            problem,
        });
    }
    all
}

/// Which files answer a question for a state, step by step.
///
/// # Errors
/// As [`super::states`].
pub fn why_state(
    kernels: &Kernels,
    question: &StateQuestion<'_>,
    epoch: Epoch,
) -> Result<Vec<AnswerStep>, RequestError> {
    let target = body_code(kernels, "target", question.target)?;
    let observer = body_code(kernels, "observer", question.observer)?;
    let mut steps = kernels.explain_state(target, observer, epoch)?;
    if question.reference_frame != "J2000" {
        steps.extend(kernels.explain_rotation(question.reference_frame, "J2000", epoch)?);
    }
    Ok(steps.into_iter().map(step).collect())
}

fn step(source: Source) -> AnswerStep {
    let over =
        |(file, name): (String, String)| if name.is_empty() { file } else { format!("{file} ({name})") };
    AnswerStep {
        step: source.step,
        file: source.file,
        segment: source.segment.map(|s| format!("{} (type {})", s.name, s.data_type)),
        overridden: source.overridden.into_iter().map(over).collect(),
    }
}

/// Writes what some frames need of the kernels into a folder, with a meta-kernel and a lock file of hashes.
///
/// # Errors
/// [`RequestError::Frame`] for a frame that is not placed by kernels; what the kernels do not cover; writing errors.
pub fn slice_kernels(
    kernels: &Kernels,
    frames: &[PlacedFrame],
    (margin_s, folder): (f64, &Path),
) -> Result<Vec<SliceFile>, RequestError> {
    let mut needs = Needs::new();
    for frame in frames {
        let (Some(camera_frame), Some(spacecraft)) = (&frame.camera_frame, frame.spacecraft) else {
            let path = Path::new(&frame.header.meta.id);
            return Err(RequestError::frame(path, "no kernel with its attitude is loaded"));
        };
        let mid_exposure = frame.pose.mid_exposure;
        let request =
            PoseRequest { spacecraft, camera_frame: camera_frame.clone(), body: &frame.body, mid_exposure };
        needs.pose(kernels, &request, margin_s)?;
        let mid_s = facula_core::et_s(mid_exposure);
        needs.frame(kernels, &frame.body_frame, [mid_s - margin_s, mid_s + margin_s])?;
    }
    Ok(write_slice(kernels, &needs, folder)?)
}
