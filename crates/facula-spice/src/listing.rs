// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is loaded: files with their kind, form, segments and comments.
//!
//! In: a file as it is read. Out: a [`FileInfo`], kept by [`Kernels`] in the order of loading.
//!
//! # Source
//! NAIF, "DAF Required Reading" (comment area), "DAS Required Reading", "Kernel Required Reading" (`KPL/` words).

use facula_core::{Epoch, epoch_from_et_s};

use crate::daf::{Daf, DafKind, RECORD_BYTES, Summary};
use crate::das::{Das, Order};
use crate::dsk::DskSegment;
use crate::kernels::Kernels;

/// Characters of a comment record of an array file; the last 24 bytes stay unused.
const COMMENT_CHARACTERS: usize = 1000;
/// Characters of a text kernel's own words kept as its comment.
const TEXT_COMMENT: usize = 4000;

/// A loaded file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileInfo {
    /// Its name as it was given.
    pub name: String,
    /// What is in it.
    pub kind: FileKind,
    /// How it is written.
    pub form: FileForm,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its segments in the order of the file; none for texts.
    pub segments: Vec<SegmentInfo>,
    /// Its comment area, or the first 4000 characters a text kernel says outside its data.
    pub comment: String,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// Ephemerides.
    Spk,
    /// Attitudes.
    Ck,
    /// Orientations of bodies, binary.
    Pck,
    /// Shapes.
    Dsk,
    /// Variables: LSK, SCLK, FK, IK, text PCK, meta-kernel.
    Text,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileForm {
    /// Binary, least significant byte first.
    LittleEndian,
    /// Binary, most significant byte first.
    BigEndian,
    /// An array file as text (`.xsp`, `.xc`).
    Transfer,
    /// Text.
    Text,
}

/// A segment of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentInfo {
    /// Name of the segment; empty for shapes.
    pub name: String,
    /// SPK, CK, PCK or DSK data type.
    pub data_type: i32,
    /// What it is about: a body (SPK, DSK), a structure (CK), a frame's number in its class (PCK).
    pub subject: i32,
    /// The body a state is relative to (SPK), or the number of the surface (DSK); 0 otherwise.
    pub center: i32,
    /// Number of the reference frame of its numbers.
    pub frame: i32,
    /// For when it answers.
    pub span: SegmentSpan,
}

/// First and last moment of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SegmentSpan {
    /// Epochs.
    Epochs([Epoch; 2]),
    /// Encoded clock ticks (CK).
    Ticks([f64; 2]),
}

impl Kernels {
    /// The loaded files in the order of loading; later ones go before earlier ones.
    pub fn files(&self) -> impl Iterator<Item = &FileInfo> {
        self.files.iter().map(|file| &**file)
    }
}

pub(crate) fn of_binary(daf: &Daf, bytes: &[u8]) -> FileInfo {
    // As the reader tells them apart: old files do not say, the first count (2) then does.
    let is_big =
        &bytes[88..96] == b"BIG-IEEE" || (&bytes[88..96] != b"LTL-IEEE" && bytes[8..12] == [0, 0, 0, 2]);
    let first = <[u8; 4]>::try_from(&bytes[76..80]).unwrap_or_default();
    let first = if is_big { u32::from_be_bytes(first) } else { u32::from_le_bytes(first) };
    // Comments stand between the file record and the first summary record.
    let records = bytes.chunks_exact(RECORD_BYTES).take(first.saturating_sub(1) as usize).skip(1);
    let mut comment = String::new();
    for record in records {
        comment.push_str(&String::from_utf8_lossy(&record[..COMMENT_CHARACTERS]));
    }
    let comment = comment.split('\u{4}').next().unwrap_or_default().replace('\0', "\n");
    let form = if is_big { FileForm::BigEndian } else { FileForm::LittleEndian };
    of_arrays(daf, bytes, form, comment.trim_end().to_string())
}

pub(crate) fn of_transfer(daf: &Daf, bytes: &[u8]) -> FileInfo {
    let text = String::from_utf8_lossy(bytes);
    let inside = text.split_once("~NAIF/SPC BEGIN COMMENTS~").map_or("", |(_, rest)| rest);
    let comment = inside.split("~NAIF/SPC END COMMENTS~").next().unwrap_or_default().trim().to_string();
    of_arrays(daf, bytes, FileForm::Transfer, comment)
}

fn of_arrays(daf: &Daf, bytes: &[u8], form: FileForm, comment: String) -> FileInfo {
    let kind = match daf.kind {
        DafKind::Spk => FileKind::Spk,
        DafKind::Ck => FileKind::Ck,
        DafKind::Pck => FileKind::Pck,
    };
    let segments = daf.segments.iter().map(|summary| of_summary(daf.kind, summary)).collect();
    FileInfo { name: daf.file.to_string(), kind, form, bytes: bytes.len() as u64, segments, comment }
}

pub(crate) fn of_summary(kind: DafKind, summary: &Summary) -> SegmentInfo {
    let n = |k: usize| summary.integers.get(k).copied().unwrap_or(0);
    let epochs = || SegmentSpan::Epochs(summary.bounds.map(epoch_from_et_s));
    let (data_type, center, frame, span) = match kind {
        DafKind::Spk => (n(3), n(1), n(2), epochs()),
        DafKind::Ck => (n(2), 0, n(1), SegmentSpan::Ticks(summary.bounds)),
        DafKind::Pck => (n(2), 0, n(1), epochs()),
    };
    SegmentInfo { name: summary.name.clone(), data_type, subject: n(0), center, frame, span }
}

pub(crate) fn of_shape(das: &Das, segments: &[DskSegment], name: &str, bytes: &[u8]) -> FileInfo {
    let one = |segment: &DskSegment| SegmentInfo {
        name: String::new(),
        data_type: segment.data_type,
        subject: segment.body,
        center: segment.surface,
        frame: segment.frame,
        span: SegmentSpan::Epochs(segment.bounds.map(epoch_from_et_s)),
    };
    FileInfo {
        name: name.to_string(),
        kind: FileKind::Dsk,
        form: if das.order == Order::Big { FileForm::BigEndian } else { FileForm::LittleEndian },
        bytes: bytes.len() as u64,
        segments: segments.iter().map(one).collect(),
        comment: das.comment.clone(),
    }
}

pub(crate) fn of_text(text: &str, name: &str) -> FileInfo {
    let mut in_data = false;
    let mut comment = String::new();
    for line in text.lines() {
        match line.trim().to_ascii_lowercase().as_str() {
            "\\begindata" => in_data = true,
            "\\begintext" => in_data = false,
            _ if !in_data && comment.len() < TEXT_COMMENT => {
                comment.extend(line.chars().take(TEXT_COMMENT - comment.len()));
                comment.push('\n');
            }
            _ => {}
        }
    }
    FileInfo {
        name: name.to_string(),
        kind: FileKind::Text,
        form: FileForm::Text,
        bytes: text.len() as u64,
        segments: Vec::new(),
        comment: comment.trim().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_lists_its_segments_and_comment() {
        let kernels = Kernels::built_in();
        let files: Vec<&FileInfo> = kernels.files().collect();
        assert_eq!((files.len(), files[0].kind, files[0].form), (1, FileKind::Spk, FileForm::LittleEndian));
        let ceres = files[0].segments.iter().find(|s| s.subject == 2000001).expect("Ceres");
        assert_eq!((ceres.center, ceres.frame, ceres.data_type), (10, 1, 2));
        let SegmentSpan::Epochs([first, last]) = ceres.span else { panic!("epochs") };
        assert!(first < last);
        assert!(files[0].comment.contains("DE440"), "{}", files[0].comment);
    }

    #[test]
    fn a_text_tells_what_it_says_outside_its_data() {
        let text = "KPL/FK\n  Frames of a camera\n\\begindata\nA = 1\n\\begintext\nand more\n";
        let kernels = Kernels::from_bytes("a.tf", text.as_bytes()).expect("sound");
        let file = kernels.files().next().expect("one file");
        assert_eq!((file.kind, file.bytes), (FileKind::Text, text.len() as u64));
        assert_eq!(file.comment, "KPL/FK\n  Frames of a camera\nand more");
    }

    #[test]
    fn a_file_that_is_refused_is_not_listed() {
        let mut kernels = Kernels::empty();
        assert!(kernels.add_bytes("bad.tf", b"\\begindata\nA =\n").is_err());
        assert_eq!(kernels.files().count(), 0);
    }
}
