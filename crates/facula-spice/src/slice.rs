// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slices of kernels: only the records some questions need, a megabyte instead of gigabytes.
//!
//! In: loaded kernels and [`Needs`], which bodies, structures and text variables are asked for and when. Out: a folder
//! with small kernels, `slice.tm` that loads them in the order of precedence, and `slice.lock` with hashes. Every
//! question inside the spans has the same answer, bit for bit: segments keep their data type and records, and those
//! that overlap keep their order.
//!
//! # Loaded
//! NAIF, "SPK Required Reading" and "CK Required Reading", one section per data type.

mod cut;
mod needs;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use facula_core::write_aside;
use sha2::{Digest, Sha256};

pub use needs::Needs;

use crate::clock::Clock;
use crate::daf::write::{Array, write_arrays};
use crate::daf::{Daf, DafKind};
use crate::error::{SpiceError, utc_of_et};
use crate::kernels::{Kernels, Loaded};

/// A file of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceFile {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// Name of the kernel it is taken from.
    pub source: String,
    /// SHA-256 of that kernel; empty when it was loaded from memory or is gone.
    pub source_sha256: String,
    /// First and last epoch of each part that is kept (TDB seconds past J2000); empty for text kernels.
    pub spans_et_s: Vec<[f64; 2]>,
}

/// Writes the slice of `kernels` that answers `needs` into a folder, which is made if it is not there.
///
/// # Errors
/// [`SpiceError::Io`] for the folder, [`SpiceError::NoCoverage`] for a clock that is missing, [`SpiceError::Format`] for a
/// damaged segment.
pub fn write_slice(kernels: &Kernels, needs: &Needs, folder: &Path) -> Result<Vec<SliceFile>, SpiceError> {
    let io = |source| SpiceError::Io { source, path: folder.to_path_buf() };
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut files = Vec::new();
    for (i, source) in kernels.sources.iter().enumerate() {
        let (content, spans_et_s) = match source {
            Loaded::Text(_, text) if needs.asks_for(text) => (text.to_vec(), Vec::new()),
            Loaded::Text(..) => continue,
            Loaded::Arrays(daf) => match slice_of(kernels, needs, daf)? {
                Some(part) => part,
                None => continue,
            },
        };
        let (name, original) = (file_name(i, source), source.name());
        write_aside(&folder.join(&name), |out| out.write_all(&content)).map_err(io)?;
        let source_sha256 = std::fs::read(original).map(|bytes| sha256(&bytes)).unwrap_or_default();
        files.push(SliceFile {
            name,
            bytes: content.len() as u64,
            sha256: sha256(&content),
            source: original.to_string(),
            source_sha256,
            spans_et_s,
        });
    }
    for (name, text) in [("slice.tm", meta_kernel(&files)), ("slice.lock", lock(&files))] {
        write_aside(&folder.join(name), |out| out.write_all(text.as_bytes())).map_err(io)?;
    }
    Ok(files)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The source's own name after its place in the order of precedence; transfer files become binary.
fn file_name(order: usize, source: &Loaded) -> String {
    let path = PathBuf::from(source.name());
    let stem = path.file_stem().map_or("kernel".into(), |stem| stem.to_string_lossy().replace(' ', "_"));
    let extension = match source {
        Loaded::Arrays(daf) if daf.kind == DafKind::Ck => "bc".into(),
        Loaded::Arrays(_) => "bsp".into(),
        Loaded::Text(..) => path.extension().map_or("txt".into(), |e| e.to_string_lossy().into_owned()),
    };
    format!("{order:02}_{stem}.{extension}")
}

type Part = (Vec<u8>, Vec<[f64; 2]>);

/// The needed arrays of one file, and their spans.
fn slice_of(kernels: &Kernels, needs: &Needs, daf: &Arc<Daf>) -> Result<Option<Part>, SpiceError> {
    let (mut arrays, mut spans_et_s) = (Vec::new(), Vec::new());
    for summary in &daf.segments {
        let &[body, _, kind, _] = summary.integers.as_slice() else { continue };
        let words = daf.data(&summary.words);
        let damaged = |_| SpiceError::format("records that do not fit", &summary.name, &daf.file);
        let clock = match daf.kind {
            DafKind::Ck => Some(kernels.clock_of_structure(body)?),
            _ => None,
        };
        for span_s in needs.spans(daf.kind, body) {
            let span = match &clock {
                Some(clock) => ticks(clock, *span_s),
                None => *span_s,
            };
            let bounds = [span[0].max(summary.bounds[0]), span[1].min(summary.bounds[1])];
            if !(bounds[0] <= bounds[1]) {
                continue;
            }
            let kept = match daf.kind {
                DafKind::Ck => cut::attitudes(kind, summary.integers[3] != 0, words, bounds),
                _ => cut::states(summary.integers[3], words, bounds),
            };
            if let Some(words) = kept.map_err(damaged)? {
                let integers = [body, summary.integers[1], summary.integers[2], summary.integers[3]];
                arrays.push(Array { name: summary.name.clone(), bounds, integers, words });
                spans_et_s.push(match &clock {
                    Some(clock) => bounds.map(|ticks| clock.et_of_ticks(ticks)),
                    None => bounds,
                });
            }
        }
    }
    if arrays.is_empty() {
        return Ok(None);
    }
    let comment = format!("Slice by Facula of {}\n", ascii(&daf.file));
    Ok(Some((write_arrays(daf.kind, ["SLICE", &comment], &arrays)?, spans_et_s)))
}

fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

/// A span by the clock; before its first reading it counts from nothing.
fn ticks(clock: &Clock<'_>, span_s: [f64; 2]) -> [f64; 2] {
    let [first, last] = span_s.map(|et_s| clock.ticks_of_et(et_s));
    [first.unwrap_or(f64::NEG_INFINITY), last.unwrap_or(f64::NEG_INFINITY)]
}

/// Names are relative to the meta-kernel's folder, as Facula reads them; SPICE wants to be started there.
fn meta_kernel(files: &[SliceFile]) -> String {
    let mut text = String::from(
        "KPL/MK\n\nSlice by Facula: see slice.lock. SPICE resolves the names from the folder it runs in.\n\n\\begindata\nKERNELS_TO_LOAD = (\n",
    );
    for file in files {
        let _ = writeln!(text, "  '{}'", file.name.replace('\'', "''"));
    }
    text + ")\n\\begintext\n"
}

fn lock(files: &[SliceFile]) -> String {
    let mut text =
        String::from("# Files of a slice in the order they are loaded; spans in TDB seconds past J2000.\n");
    for file in files {
        let spans: Vec<String> = file.spans_et_s.iter().map(|[a, b]| format!("[{a:?}, {b:?}]")).collect();
        let utc: Vec<String> = file
            .spans_et_s
            .iter()
            .map(|s| format!("\"{} to {}\"", utc_of_et(s[0]), utc_of_et(s[1])))
            .collect();
        let (source, spans, utc) = (quoted(&file.source), spans.join(", "), utc.join(", "));
        let _ = write!(
            text,
            "\n[[file]]\nname = {}\nsha256 = \"{}\"\nbytes = {}\nsource = {source}\nsource_sha256 = \"{}\"\n\
             spans_et_s = [{spans}]\nspans_utc = [{utc}]\n",
            quoted(&file.name),
            file.sha256,
            file.bytes,
            file.source_sha256,
        );
    }
    text
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04X}", c as u32),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_the_lock_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ \n"), "\"a \\\"b\\\" \\\\ \\u000A\"");
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
    }
}
