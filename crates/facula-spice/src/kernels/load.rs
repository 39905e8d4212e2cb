// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads kernels: tells their kind by content, not by name, and keeps the order of precedence.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Kernels, Loaded};
use crate::builtin;
use crate::ck::CkSegment;
use crate::daf::transfer::{from_transfer, is_transfer};
use crate::daf::{Daf, DafKind, is_binary};
use crate::das::{Das, is_das};
use crate::dsk;
use crate::error::SpiceError;
use crate::listing;
use crate::pck::PckSegment;
use crate::spk::SpkSegment;

/// Largest kernel that is read, bytes (4 GiB; the largest of JPL's planetary kernels has 3.1 GB).
pub const MAX_FILE_BYTES: u64 = 4 << 30;
/// Largest text kernel that is read, bytes (64 MiB; the largest clock kernels have a few megabytes).
const MAX_TEXT_BYTES: u64 = 64 << 20;
/// How deep meta-kernels may name each other.
const MAX_META_DEPTH: u32 = 8;

impl Kernels {
    /// No kernels at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The ephemeris inside the program: Sun (10), Earth-Moon barycentre (3), Earth (399), Mars (4) and Jupiter
    /// (5) barycentres, Ceres (2000001) and Vesta (2000004), 2007-09-01 to 2019-01-01 TDB.
    ///
    /// # Loaded
    /// JPL DE440 (Park et al. 2021, AJ 161, 105) and sb441-n16.
    pub fn built_in() -> Self {
        Self::from_bytes("built-in ephemeris", builtin::PLANETS)
            .expect("a test reads the file that is compiled in")
    }

    /// Kernels from files, the later ones with precedence over the earlier ones. Meta-kernels load the files
    /// they name, relative paths from the meta-kernel's own folder.
    ///
    /// # Errors
    /// [`SpiceError::Io`], [`SpiceError::Format`], [`SpiceError::Limit`], [`SpiceError::Unsupported`].
    pub fn load(paths: &[PathBuf]) -> Result<Self, SpiceError> {
        let mut kernels = Self::empty();
        for path in paths {
            kernels.add_file(path)?;
        }
        Ok(kernels)
    }

    /// Kernels from the bytes of one file; `name` stands for it in messages.
    ///
    /// # Errors
    /// [`SpiceError::Format`], [`SpiceError::Unsupported`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, SpiceError> {
        let mut kernels = Self::empty();
        kernels.add_bytes(name, bytes)?;
        Ok(kernels)
    }

    /// Adds a file, with precedence over what is loaded.
    ///
    /// # Errors
    /// As [`Kernels::load`]. On an error the kernels stay as they were.
    pub fn add_file(&mut self, path: &Path) -> Result<(), SpiceError> {
        let mut next = self.clone();
        next.add_path(path, 0)?;
        *self = next;
        Ok(())
    }

    /// Adds the bytes of a file, with precedence over what is loaded.
    ///
    /// # Errors
    /// As [`Kernels::from_bytes`].
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), SpiceError> {
        if is_binary(bytes) {
            let daf = Daf::from_binary(bytes, name)?;
            self.files.push(Arc::new(listing::of_binary(&daf, bytes)));
            self.add_array_file(daf)
        } else if is_transfer(bytes) {
            let daf = from_transfer(bytes, name)?;
            self.files.push(Arc::new(listing::of_transfer(&daf, bytes)));
            self.add_array_file(daf)
        } else if is_das(bytes) {
            if !bytes.starts_with(b"DAS/DSK ") {
                return Err(SpiceError::unsupported("a DAS file other than a shape kernel (DSK)", name));
            }
            let das = Das::from_binary(bytes, name)?;
            let segments = dsk::segments(&das, name)?;
            self.files.push(Arc::new(listing::of_shape(&das, &segments, name, bytes)));
            self.dsk.extend(segments.into_iter().map(Arc::new));
            Ok(())
        } else {
            if bytes.len() as u64 > MAX_TEXT_BYTES {
                return Err(SpiceError::Limit {
                    what: "length of a text kernel in bytes",
                    value: bytes.len() as u64,
                    limit: MAX_TEXT_BYTES,
                    file: name.to_string(),
                });
            }
            let text = text_of(bytes, name)?;
            let text = text.as_ref();
            if !text.lines().any(|line| line.trim().eq_ignore_ascii_case("\\begindata")) {
                return Err(SpiceError::format(
                    "text without a \\begindata line is no kernel",
                    "line 1",
                    name,
                ));
            }
            let mut pool = self.pool.clone();
            pool.read(text, name)?;
            self.pool = pool;
            self.files.push(Arc::new(listing::of_text(text, name)));
            self.sources.push(Loaded::Text(name.into(), bytes.into()));
            Ok(())
        }
    }

    /// Numbers of a text-kernel variable such as `INS-203126_FOCAL_LENGTH`, in the unit the kernel states;
    /// `None` when it is absent or holds texts.
    pub fn numbers(&self, variable: &str) -> Option<&[f64]> {
        self.pool.numbers(variable)
    }

    /// Texts of a text-kernel variable; `None` when it is absent or holds numbers.
    pub fn texts(&self, variable: &str) -> Option<&[String]> {
        self.pool.texts(variable)
    }

    fn add_path(&mut self, path: &Path, depth: u32) -> Result<(), SpiceError> {
        let name = path.display().to_string();
        let bytes = read_limited(path)?;
        self.add_bytes(&name, &bytes)?;
        let named = if is_binary(&bytes) || is_transfer(&bytes) || is_das(&bytes) {
            None
        } else {
            files_named(self, path)
        };
        for file in named.unwrap_or_default() {
            if depth == MAX_META_DEPTH {
                let what = "depth of meta-kernels";
                return Err(SpiceError::Limit {
                    what,
                    value: depth.into(),
                    limit: MAX_META_DEPTH.into(),
                    file: name,
                });
            }
            self.add_path(&file, depth + 1)?;
        }
        Ok(())
    }

    fn add_array_file(&mut self, daf: Daf) -> Result<(), SpiceError> {
        let daf = Arc::new(daf);
        self.sources.push(Loaded::Arrays(Arc::clone(&daf)));
        for summary in &daf.segments {
            // Lists are searched from their end: later segments win.
            match daf.kind {
                DafKind::Spk => {
                    if let Some(segment) = SpkSegment::new(&daf, summary) {
                        self.spk.entry(segment.target).or_default().push(segment);
                    }
                }
                DafKind::Ck => {
                    if let Some(segment) = CkSegment::new(&daf, summary) {
                        self.ck.entry(segment.structure).or_default().push(segment);
                    }
                }
                DafKind::Pck => {
                    if let Some(segment) = PckSegment::new(&daf, summary) {
                        self.pck.entry(segment.class_id).or_default().push(segment);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The text of a text kernel. Comments may be in Latin-1; bytes that no text has are refused.
fn text_of<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, str>, SpiceError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) if bytes.iter().all(|b| *b >= 32 || b.is_ascii_whitespace()) => {
            Ok(Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()))
        }
        Err(error) => {
            let place = format!("byte {}", error.valid_up_to());
            Err(SpiceError::format("neither an array file nor text", place, name))
        }
    }
}

fn read_limited(path: &Path) -> Result<Vec<u8>, SpiceError> {
    let io = |source| SpiceError::Io { source, path: path.to_path_buf() };
    let length = fs::metadata(path).map_err(io)?.len();
    if length > MAX_FILE_BYTES {
        let file = path.display().to_string();
        return Err(SpiceError::Limit {
            what: "length in bytes",
            value: length,
            limit: MAX_FILE_BYTES,
            file,
        });
    }
    fs::read(path).map_err(io)
}

/// Files a meta-kernel names, symbols replaced, relative to the meta-kernel's folder. The variables are taken
/// out of the pool so that the next meta-kernel starts anew.
fn files_named(kernels: &mut Kernels, meta: &Path) -> Option<Vec<PathBuf>> {
    let names = kernels.pool.take_texts("KERNELS_TO_LOAD")?;
    let symbols = kernels.pool.take_texts("PATH_SYMBOLS").unwrap_or_default();
    let values = joined(kernels.pool.take_texts("PATH_VALUES").unwrap_or_default());
    let folder = meta.parent().unwrap_or(Path::new(""));
    let resolve = |name: String| {
        let replaced = symbols.iter().zip(&values).fold(name, |n, (s, v)| n.replace(&format!("${s}"), v));
        folder.join(replaced)
    };
    Some(joined(names).into_iter().map(resolve).collect())
}

/// Texts that end in `+` go on in the next one.
fn joined(texts: Vec<String>) -> Vec<String> {
    let mut whole = Vec::new();
    let mut begun = String::new();
    for text in texts {
        match text.trim_end().strip_suffix('+') {
            Some(part) => begun.push_str(part),
            None => whole.push(std::mem::take(&mut begun) + &text),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ephemeris_can_be_read() {
        assert_eq!(
            Kernels::built_in().spk.keys().copied().collect::<Vec<_>>(),
            [3, 4, 5, 10, 399, 2000001, 2000004]
        );
    }

    #[test]
    fn texts_with_a_plus_go_on() {
        let texts = ["a+", "b", "c"].map(String::from).to_vec();
        assert_eq!(joined(texts), ["ab", "c"]);
    }

    #[test]
    fn a_file_that_is_no_kernel_is_refused_with_its_name() {
        for (bytes, part) in [
            (&b"hello"[..], "begindata"),
            (&b"\xff\xfe\x00"[..], "byte 0"),
            (&b"DAS/EK  data"[..], "DAS"),
            (&b"DAS/DSK data"[..], "file record"),
            (&b""[..], "begindata"),
            (&b"DAF/SPK "[..], "file record"),
        ] {
            let error = Kernels::from_bytes("odd.bin", bytes).expect_err(part).to_string();
            assert!(error.contains(part) && error.contains("odd.bin"), "{error}");
        }
        let error = Kernels::load(&["/no/such/kernel.bsp".into()]).expect_err("absent").to_string();
        assert!(error.contains("/no/such/kernel.bsp"), "{error}");
    }

    #[test]
    fn a_mistake_in_a_text_kernel_leaves_the_pool_as_it_was() {
        let mut kernels = Kernels::from_bytes("a", b"\\begindata\nA = 1\n").expect("sound");
        assert!(kernels.add_bytes("b", b"\\begindata\nA = 2\nB =\n").is_err());
        assert_eq!(kernels.numbers("A"), Some(&[1.0][..]));
    }
}
