// SPDX-License-Identifier: MIT OR Apache-2.0
//! ENVI: raw numbers with a text header beside them; images and spectral libraries.
//!
//! In: the data file or its `.hdr`. Out: the image; of a library, its spectra with wavelengths and names
//! ([`read_spectral_library`]).
//!
//! # Source
//! ENVI header files (L3Harris, ENVI documentation); the mark of deleted channels, -1.23e34, is that of the USGS
//! Spectral Library (Clark et al. 2007, USGS Data Series 231).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Quality, Raster};

use crate::files::read_bounded;
use crate::format::{Format, Part};
use crate::raw_array::{Interleave, Packing, RawArray};
use crate::samples::{ByteOrder, Sample, Scaling, Special};
use crate::{ArchiveError, Limits};

/// Hint of all errors about headers.
const HINT: &str = "correct the ENVI header, or fetch it again";

/// Channels of USGS libraries at or below this were deleted (they hold -1.23e34).
const DELETED_CHANNEL: f64 = -1.22e34;

/// The header that belongs to a data file, if there is one.
pub(crate) fn header_beside(path: &Path) -> Option<PathBuf> {
    let appended = |extension: &str| {
        let mut name = path.as_os_str().to_os_string();
        name.push(extension);
        PathBuf::from(name)
    };
    let candidates =
        [path.with_extension("hdr"), path.with_extension("HDR"), appended(".hdr"), appended(".HDR")];
    candidates.into_iter().find(|header| header != path && header.is_file())
}

/// The data file that belongs to a header.
fn data_beside(header: &Path) -> Result<PathBuf, ArchiveError> {
    let extensions = ["", "img", "dat", "raw", "sli", "bsq", "bil", "bip", "IMG", "DAT"];
    let candidates = extensions.iter().map(|extension| header.with_extension(extension));
    candidates.into_iter().find(|data| data != header && data.is_file()).ok_or_else(|| {
        ArchiveError::missing(
            "the data file of the ENVI header",
            "put it beside the header, under the same name",
        )
    })
}

/// A header with the bytes of its data.
#[derive(Debug)]
pub(crate) struct EnviFile {
    header: Header,
    array: RawArray,
    bytes: Vec<u8>,
}

impl EnviFile {
    /// Opens header and data, whichever of them `path` names; `bytes` are those of `path`.
    pub(crate) fn open(path: &Path, bytes: &[u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let (header_bytes, data) = if bytes.trim_ascii_start().starts_with(b"ENVI") {
            let data = data_beside(path)?;
            (bytes.to_vec(), read_bounded(&data, limits)?)
        } else {
            let header = header_beside(path)
                .ok_or_else(|| ArchiveError::missing("the ENVI header", "put it beside the data"))?;
            (read_bounded(&header, limits)?, bytes.to_vec())
        };
        let header = Header::parse(&header_bytes)?;
        let array = header.array()?;
        Ok(Self { header, array, bytes: data })
    }
}

impl Format for EnviFile {
    fn parts(&self) -> Vec<Part> {
        let RawArray { samples, lines, bands, sample, .. } = self.array;
        let sizes = [samples, lines, bands];
        vec![Part { name: "IMAGE".into(), sizes, sample_type: sample.name().to_string() }]
    }

    fn keywords(&self) -> BTreeMap<String, String> {
        self.header.0.clone()
    }

    fn band(
        &self,
        _part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        self.array.band(&self.bytes, band, limits)
    }
}

/// Spectra of a library.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectralLibrary {
    /// Centre of each channel, nm, in file order (not always rising).
    pub wavelengths_nm: Vec<f64>,
    /// Name of each spectrum.
    pub names: Vec<String>,
    /// One line for each spectrum, one sample for each channel: reflectance, NaN where a channel was deleted.
    pub spectra: Raster<f32>,
}

/// Reads an ENVI spectral library.
///
/// # Errors
/// `Format` when it is not a library or names and wavelengths do not fit its size; `Io`, `Limit`.
pub fn read_spectral_library(path: &Path, limits: &Limits) -> Result<SpectralLibrary, ArchiveError> {
    let read = || {
        let bytes = read_bounded(path, limits)?;
        let file = EnviFile::open(path, &bytes, limits)?;
        if !file.header.is_library() {
            return Err(ArchiveError::format("it is not an ENVI spectral library", "read it as an image"));
        }
        let (spectra, _) = file.band(0, 0, limits)?;
        let wavelengths_nm = file.header.wavelengths_nm()?;
        let names = file.header.list("spectra names");
        let sizes = (wavelengths_nm.len(), names.len());
        if sizes != (spectra.width(), spectra.height()) {
            let what = format!("the header has {} wavelengths and {} names", sizes.0, sizes.1);
            return Err(ArchiveError::format(what, HINT));
        }
        Ok(SpectralLibrary { wavelengths_nm, names, spectra })
    };
    read().map_err(|error| error.in_file(path))
}

/// Keywords in lower case to their values, braces kept off.
#[derive(Debug, PartialEq)]
struct Header(BTreeMap<String, String>);

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let text = String::from_utf8_lossy(bytes);
        let mut rest = text
            .trim_start()
            .strip_prefix("ENVI")
            .ok_or_else(|| ArchiveError::format("the file does not start with ENVI", HINT))?;
        let mut keywords = BTreeMap::new();
        while let Some((key, after)) = rest.split_once('=') {
            // Comments and blank lines before a keyword are left out.
            let key = key.lines().last().unwrap_or_default().trim().to_ascii_lowercase();
            let after = after.trim_start_matches([' ', '\t']);
            let (value, next) = match after.strip_prefix('{') {
                Some(inside) => inside.split_once('}').ok_or_else(|| {
                    ArchiveError::format(format!("ENVI header: {key} is not closed with }}"), HINT)
                })?,
                None => after.split_once('\n').unwrap_or((after, "")),
            };
            keywords.insert(key, value.trim().to_string());
            rest = next;
        }
        Ok(Self(keywords))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|text| text.to_ascii_lowercase())
    }

    fn count(&self, key: &str, default: Option<u64>) -> Result<u64, ArchiveError> {
        match self.0.get(key) {
            Some(text) => text.parse().map_err(|_| {
                ArchiveError::format(format!("ENVI header: {key} = {text} is not a count"), HINT)
            }),
            None => default.ok_or_else(|| {
                ArchiveError::missing(format!("the keyword \"{key}\" of the ENVI header"), HINT)
            }),
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        let text = self.0.get(key).map_or("", String::as_str);
        let items = text.split(',').map(|item| item.split_whitespace().collect::<Vec<_>>().join(" "));
        items.filter(|item| !item.is_empty()).collect()
    }

    fn is_library(&self) -> bool {
        self.text("file type").is_some_and(|kind| kind.contains("spectral library"))
    }

    fn wavelengths_nm(&self) -> Result<Vec<f64>, ArchiveError> {
        let factor = match self.text("wavelength units").unwrap_or_default().as_str() {
            "micrometers" | "um" | "microns" => 1000.0,
            "nanometers" | "nm" => 1.0,
            other => {
                let what = format!("wavelength units \"{other}\"");
                return Err(ArchiveError::unsupported(what, "give wavelengths in micrometers or nanometers"));
            }
        };
        let number = |text: &String| {
            let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
            number.map(|n| n * factor).ok_or_else(|| {
                ArchiveError::format(format!("ENVI header: wavelength \"{text}\" is no number"), HINT)
            })
        };
        self.list("wavelength").iter().map(number).collect()
    }

    fn array(&self) -> Result<RawArray, ArchiveError> {
        if self.count("file compression", Some(0))? != 0 {
            return Err(ArchiveError::unsupported("a compressed ENVI file", "decompress it first"));
        }
        let sample = self.sample()?;
        let sizes @ [samples, lines, bands] =
            [self.count("samples", None)?, self.count("lines", None)?, self.count("bands", Some(1))?];
        let interleave = match self.text("interleave").as_deref() {
            None | Some("bsq") => Interleave::Band,
            Some("bil") => Interleave::Line,
            Some("bip") => Interleave::Pixel,
            Some(other) => return Err(ArchiveError::unsupported(format!("interleave = {other}"), HINT)),
        };
        let order = match self.count("byte order", Some(0))? {
            0 => ByteOrder::Little,
            1 => ByteOrder::Big,
            other => return Err(ArchiveError::format(format!("ENVI header: byte order = {other}"), HINT)),
        };
        let packing = Packing { sizes, sample_bytes: sample.bytes() as u64, interleave, around_line: [0, 0] };
        let steps = packing
            .steps()
            .ok_or_else(|| ArchiveError::format("the image has more bytes than can be counted", HINT))?;
        let scaling = Scaling { special: self.special(sample)?, ..Scaling::default() };
        let start = self.count("header offset", Some(0))?;
        Ok(RawArray { samples, lines, bands, start, steps, tail: 0, sample, order, scaling })
    }

    fn sample(&self) -> Result<Sample, ArchiveError> {
        Ok(match self.count("data type", None)? {
            1 => Sample::U8,
            2 => Sample::I16,
            3 => Sample::I32,
            4 => Sample::F32,
            5 => Sample::F64,
            12 => Sample::U16,
            13 => Sample::U32,
            14 => Sample::I64,
            15 => Sample::U64,
            other => {
                let what = format!("ENVI data type {other}");
                return Err(ArchiveError::unsupported(what, "convert it to real or whole numbers"));
            }
        })
    }

    fn special(&self, sample: Sample) -> Result<Vec<Special>, ArchiveError> {
        let mut special = Vec::new();
        if let Some(text) = self.0.get("data ignore value") {
            let number = text.parse().map_err(|_| {
                ArchiveError::format(format!("ENVI header: data ignore value = {text} is no number"), HINT)
            })?;
            special.push(Special::value(number, sample, Quality::MISSING));
        }
        if self.is_library() {
            special.push(Special::below(DELETED_CHANNEL, Quality::MISSING));
        }
        Ok(special)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ENVI\ndescription = {two\n lines}\n; a comment\nsamples = 2\nlines   = 1\nbands=2\n\
        header offset = 1\ndata type = 2\ninterleave = bil\nbyte order = 1\ndata ignore value = -1\n";

    fn written(header: &str, data: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.hdr"), header).unwrap();
        std::fs::write(folder.path().join("a.img"), data).unwrap();
        folder
    }

    fn band(header: &str, data: &[u8], name: &str) -> Result<Vec<f32>, ArchiveError> {
        let folder = written(header, data);
        let path = folder.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        let file = EnviFile::open(&path, &bytes, &Limits::default())?;
        file.band(0, 1, &Limits::default()).map(|(image, _)| image.into_vec())
    }

    #[test]
    fn the_data_are_found_from_either_file() {
        let data = [9, 0, 1, 0, 2, 0, 3, 0xff, 0xff];
        for name in ["a.hdr", "a.img"] {
            let values = band(HEADER, &data, name).unwrap();
            assert!(values[0] == 3.0 && values[1].is_nan(), "{name}");
        }
        assert_eq!(Header::parse(HEADER.as_bytes()).unwrap().0["description"], "two\n lines");
    }

    #[test]
    fn every_cut_and_absurd_header_is_an_error() {
        let data = [9, 0, 1, 0, 2, 0, 3, 0xff, 0xff];
        for length in 0..data.len() {
            assert!(band(HEADER, &data[..length], "a.hdr").is_err(), "cut at {length}");
        }
        for (old, new) in [
            ("samples = 2", "samples = 18446744073709551615"),
            ("lines   = 1", "lines = -1"),
            ("type = 2", "type = 6"),
            ("bil", "xyz"),
            ("order = 1", "order = 7"),
            ("offset = 1", "offset = 99"),
            ("lines}", "lines"),
            ("value = -1", "value = x"),
            ("bands=2", "bands=2\nfile compression = 1"),
            ("ENVI", "INVE"),
        ] {
            assert!(band(&HEADER.replace(old, new), &data, "a.img").is_err(), "{new}");
        }
    }

    #[test]
    fn libraries_have_wavelengths_and_names() {
        let header = "ENVI\nfile type = ENVI Spectral Library\nsamples = 2\nlines = 2\nbands = 1\ndata type = 4\n\
            wavelength units = Micrometers\nwavelength = {0.5,\n 1.25}\nspectra names = {Ice a, Salt\n b}\n";
        let data: Vec<u8> = [0.5f32, -1.23e34, 0.25, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let folder = written(header, &data);
        let library = read_spectral_library(&folder.path().join("a.hdr"), &Limits::default()).unwrap();
        assert_eq!(library.wavelengths_nm, [500.0, 1250.0]);
        assert_eq!(library.names, ["Ice a", "Salt b"]);
        assert!(library.spectra.at(1, 0).is_nan() && library.spectra.at(0, 1) == 0.25);
        for (old, new) in [
            ("1.25}", "1.25, 2}"),
            ("Ice a,", ""),
            ("Micrometers", "Furlongs"),
            ("1.25", "x"),
            ("Spectral Library", "Standard"),
        ] {
            let folder = written(&header.replace(old, new), &data);
            assert!(
                read_spectral_library(&folder.path().join("a.hdr"), &Limits::default()).is_err(),
                "{new}"
            );
        }
    }
}
