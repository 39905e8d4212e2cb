// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any archive file as a list of images: [`read_image`], and the trait each format implements for it.
//!
//! In: the path of a file of any kind in [`FileKind`]. Out: one band of one of its images with quality and
//! keywords. A new format is one module with a [`Format`] and a line in [`FileKind::of`] and [`open`].

use std::collections::BTreeMap;
use std::path::Path;

use facula_core::{Quality, Raster, Reporter};

use crate::files::{read_bounded, sibling};
use crate::frame::warn;
use crate::{ArchiveError, Limits, envi, fits, isis, pds3, pds4, picture, vicar};

/// The kinds of files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A PDS3 label, detached or at the head of its file.
    Pds3,
    /// A PDS4 label (XML).
    Pds4,
    /// FITS.
    Fits,
    /// VICAR.
    Vicar,
    /// Raw numbers with an ENVI header beside them, or that header.
    Envi,
    /// An ISIS cube, or the label of one.
    IsisCube,
    /// TIFF and GeoTIFF.
    Tiff,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// None of these.
    Unknown,
}

impl FileKind {
    /// The kind of a file, by its first bytes; by its name where the bytes do not tell.
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let named = |ext: &str| extension.as_deref() == Some(ext);
        let text = bytes.trim_ascii_start();
        let xml = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if bytes.starts_with(b"SIMPLE  =") || named("fit") || named("fits") {
            Self::Fits
        } else if bytes.starts_with(b"\x89PNG") || named("png") {
            Self::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Self::Jpeg
        } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|head| bytes.starts_with(*head)) {
            Self::Tiff
        } else if bytes.starts_with(b"LBLSIZE=") {
            Self::Vicar
        } else if isis::is_cube(text) {
            Self::IsisCube
        } else if xml.starts_with(b"<?xml") || xml.starts_with(b"<Product") {
            Self::Pds4
        } else if text.starts_with(b"PDS_VERSION_ID") || text.starts_with(b"CCSD") || named("lbl") {
            Self::Pds3
        } else if text.starts_with(b"ENVI") || envi::header_beside(path).is_some() {
            Self::Envi
        } else {
            Self::Unknown
        }
    }

    /// The name in descriptions of files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pds3 => "PDS3",
            Self::Pds4 => "PDS4",
            Self::Fits => "FITS",
            Self::Vicar => "VICAR",
            Self::Envi => "ENVI",
            Self::IsisCube => "ISIS cube",
            Self::Tiff => "TIFF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Unknown => "unknown",
        }
    }
}

/// One image of a file: an object of a label, an extension, an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name in the file (`FRAME_2_IMAGE`, `EXTNAME` or `unit 1`, `local_identifier`).
    pub name: String,
    /// Samples of a line, lines, bands.
    pub sizes: [u64; 3],
    /// How numbers are stored (`u16`, `f32`), in the file's own byte order.
    pub sample_type: String,
}

/// An archive file, opened.
pub(crate) trait Format {
    /// The images of the file; the first one is the one meant when none is named.
    fn parts(&self) -> Vec<Part>;

    /// All keywords as text.
    fn keywords(&self) -> BTreeMap<String, String>;

    /// What departs from the standard of the format without hindering the reading.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    /// How often each kind of special pixel comes in the first band of a part, where the format tells them apart.
    fn special_pixels(&self, _part: usize, _limits: &Limits) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// One band (from 0) of one part.
    fn band(
        &self,
        part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError>;
}

/// What to read from a file.
#[derive(Debug, Clone, Default)]
pub struct ImageOptions {
    /// Name of the image, the first one when `None`.
    pub part: Option<String>,
    /// Band of it, from 0.
    pub band: u64,
    /// What may be spent.
    pub limits: Limits,
}

/// One band of an image of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchiveImage {
    /// What was read.
    pub part: Part,
    /// Values after scaling, first stored line first; NaN where there is none.
    pub image: Raster<f32>,
    /// [`Quality::MISSING`] where a pixel is NaN, with [`Quality::SATURATED`] (high) or
    /// [`Quality::EXTRAPOLATED`] (low) where the file says so.
    pub quality: Raster<Quality>,
    /// All keywords of the file as text.
    pub keywords: BTreeMap<String, String>,
}

/// Reads one band of one image of an archive file of any kind.
///
/// # Errors
/// `Io`, `Format`, `NoCoverage` (no such image, a file the label names is missing), `Argument` (no such band),
/// `Limit`, `Unsupported`.
pub fn read_image(
    path: &Path,
    options: &ImageOptions,
    report: &dyn Reporter,
) -> Result<ArchiveImage, ArchiveError> {
    let bytes = read_bounded(path, &options.limits)?;
    let read = || {
        let file = open(path, &bytes, &options.limits)?;
        for problem in file.problems() {
            warn(report, path, &problem, "the image was read; fetch the file again if it should be sound");
        }
        let parts = file.parts();
        let index = chosen(&parts, options.part.as_deref())?;
        let (image, quality) = file.band(index, options.band, &options.limits)?;
        let part = parts.into_iter().nth(index).expect("the index was found in the parts");
        Ok(ArchiveImage { part, image, quality, keywords: file.keywords() })
    };
    read().map_err(|error: ArchiveError| error.in_file(path))
}

/// Reads an image of a label by the name of its object, such as `FRAME_2_IMAGE`: [`read_image`] in short.
///
/// # Errors
/// As [`read_image`].
pub fn read_object(
    path: &Path,
    name: &str,
    limits: &Limits,
    report: &dyn Reporter,
) -> Result<ArchiveImage, ArchiveError> {
    let options = ImageOptions { part: Some(name.to_string()), limits: *limits, ..Default::default() };
    read_image(path, &options, report)
}

fn chosen(parts: &[Part], name: Option<&str>) -> Result<usize, ArchiveError> {
    let found = match name {
        None => (!parts.is_empty()).then_some(0),
        Some(name) => parts.iter().position(|part| part.name.eq_ignore_ascii_case(name)),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let what = format!("the image {} (the file has: {})", name.unwrap_or(""), names.join(", "));
        ArchiveError::missing(what, "name one of its images")
    })
}

/// Opens a file whose bytes are at hand.
pub(crate) fn open<'a>(
    path: &Path,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn Format + 'a>, ArchiveError> {
    Ok(match FileKind::of(path, bytes) {
        FileKind::Pds3 => Box::new(pds3::Pds3File::open(path, bytes, limits)?),
        FileKind::Pds4 => Box::new(pds4::Pds4File::open(path, bytes, limits)?),
        FileKind::Fits => Box::new(fits::FitsFile::parse(bytes)?),
        FileKind::Vicar => Box::new(vicar::VicarFile::parse(bytes)?),
        FileKind::Envi => Box::new(envi::EnviFile::open(path, bytes, limits)?),
        FileKind::IsisCube => Box::new(isis::CubeFile::open(path, bytes, limits)?),
        FileKind::Tiff | FileKind::Png | FileKind::Jpeg => {
            Box::new(picture::PictureFile::open(sibling(path, "json").as_deref(), bytes, limits)?)
        }
        FileKind::Unknown => {
            return Err(ArchiveError::unsupported(
                "a file that is neither PDS3, PDS4, FITS, VICAR, ENVI, ISIS cube, TIFF, PNG nor JPEG",
                "name the label or image file of the frame",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        let cases: [(&str, &[u8], FileKind); 12] = [
            ("a.cub", b"Object = IsisCube\n", FileKind::IsisCube),
            ("a.lbl", b"\nOBJECT=IsisCube\n", FileKind::IsisCube),
            ("a", b"SIMPLE  =   T", FileKind::Fits),
            ("a.img", b"PDS_VERSION_ID = PDS3", FileKind::Pds3),
            ("a.lbl", b"/* note */", FileKind::Pds3),
            ("a.xml", b"\n<?xml version=\"1.0\"?>", FileKind::Pds4),
            ("a.img", b"LBLSIZE=512 ", FileKind::Vicar),
            ("a.hdr", b"ENVI\nsamples = 1", FileKind::Envi),
            ("a", b"II*\0", FileKind::Tiff),
            ("a", b"\x89PNG", FileKind::Png),
            ("a", b"\xff\xd8\xff\xe0", FileKind::Jpeg),
            ("a.txt", b"hello", FileKind::Unknown),
        ];
        for (name, bytes, kind) in cases {
            assert_eq!(FileKind::of(Path::new(name), bytes), kind, "{name}");
        }
    }

    #[test]
    fn images_are_chosen_by_name_or_the_first() {
        let part = |name: &str| Part { name: name.into(), sizes: [1, 1, 1], sample_type: "u8".into() };
        let parts = [part("IMAGE"), part("FRAME_2_IMAGE")];
        assert_eq!(chosen(&parts, None).unwrap(), 0);
        assert_eq!(chosen(&parts, Some("frame_2_image")).unwrap(), 1);
        let error = chosen(&parts, Some("X")).unwrap_err().to_string();
        assert!(error.contains("IMAGE, FRAME_2_IMAGE"), "{error}");
        assert!(chosen(&[], None).is_err());
    }
}
