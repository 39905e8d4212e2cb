// SPDX-License-Identifier: MIT OR Apache-2.0
//! FITS: header cards and images (`BITPIX` 8, 16, 32, 64, −32, −64; compressed in tiles with Rice, GZIP or PLIO
//! too), read and written.
//!
//! In: the bytes of a file. Out: its header and data units; an image as `Raster<f32>`, first stored line first
//! (FITS draws it at the bottom; we keep the memory order), NaN where a pixel is `BLANK` or not finite.
//! 32-bit integers and 64-bit reals are scaled in `f64` and then rounded to `f32`.
//!
//! # Source
//! FITS Standard 4.0 (IAU FITS Working Group, 2018), sections 3 (files), 4 (headers), 5 (data).

mod dither;
mod header;
mod planes;
mod plio;
mod rice;
mod table;
mod tiles;
mod write;

pub use header::FitsCard;
pub use planes::{FitsPlane, write_fits_planes};
pub(crate) use write::encode_fits;
pub use write::{FitsFormat, FitsWriteOptions, write_fits};

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use facula_core::{Quality, Raster, Reporter};

use crate::files::{Limits, read_bounded};
use crate::fits::tiles::TiledImage;
use crate::format::{Format, Part};
use crate::frame::warn;
use crate::samples::{ByteOrder, Sample, Scaling, Special, decode, quality_of};
use crate::{ArchiveError, fits::header::Header};

/// Length of a FITS block, bytes.
pub const FITS_BLOCK_BYTES: usize = 2880;

/// Most axes the standard allows is 999; images have 2 or 3, and more than this is not an image archive.
const MAX_AXES: u64 = 16;

/// A FITS file in memory, its headers parsed.
#[derive(Debug, Clone)]
pub struct FitsFile<'a> {
    bytes: &'a [u8],
    /// Header and data units in file order.
    pub units: Vec<FitsUnit>,
    /// Departures from the standard that do not hinder reading, in words.
    pub problems: Vec<String>,
}

/// One header and data unit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsUnit {
    /// All cards before `END`, in file order.
    pub cards: Vec<FitsCard>,
    /// `NAXIS1`, `NAXIS2`, …; the first is the number of samples of a line.
    pub axes: Vec<u64>,
    /// Where the data lie in the file, bytes, without padding.
    pub data: Range<usize>,
    kind: UnitKind,
    /// Numbers of the image, and its axes: those of the table's image where it is compressed.
    sample: Sample,
    image_axes: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UnitKind {
    Primary,
    Image,
    /// A binary table that holds an image compressed in tiles.
    Compressed,
    Other,
}

/// An image read from a FITS file.
#[derive(Debug, Clone, PartialEq)]
pub struct FitsImage {
    /// Cards of the unit that holds the image, in file order.
    pub cards: Vec<FitsCard>,
    /// The values, in the unit of `BUNIT`.
    pub image: Raster<f32>,
    /// [`Quality::MISSING`] where a pixel is NaN, or the band the file itself brings (extension `QUALITY`).
    pub quality: Raster<Quality>,
}

/// Reads the first image of a FITS file: the primary one, or, where that is empty, that of the first image
/// extension. Of three axes the first plane is read.
///
/// # Errors
/// `Io`, `Limit`; `Format` for a file that is not FITS or is cut short; `NoCoverage` for one without an image.
pub fn read_fits(path: &Path, limits: &Limits, report: &dyn Reporter) -> Result<FitsImage, ArchiveError> {
    let bytes = read_bounded(path, limits)?;
    let file = FitsFile::parse(&bytes).map_err(|e| e.in_file(path))?;
    for problem in &file.problems {
        warn(report, path, problem, "the image was read; fetch the file again if it should be sound");
    }
    file.first_image().and_then(|index| file.read(index, limits)).map_err(|e| e.in_file(path))
}

impl<'a> FitsFile<'a> {
    /// Parses all headers of a file in memory.
    ///
    /// # Errors
    /// `Format` when it is not FITS, a header is malformed, or the file is shorter than its headers promise.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let mut file = Self { bytes, units: Vec::new(), problems: Vec::new() };
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if !file.units.is_empty() && !rest.starts_with(b"XTENSION") {
                file.problems.push(format!("{} bytes after the last unit are not an extension", rest.len()));
                break;
            }
            let header = Header::parse(bytes, at)?;
            at = file.add_unit(header)?;
        }
        if file.units.is_empty() { Err(ArchiveError::cut("a FITS header", 2880, 0)) } else { Ok(file) }
    }

    /// Appends the unit of a header and returns where the next one starts.
    fn add_unit(&mut self, header: Header) -> Result<usize, ArchiveError> {
        self.problems.extend(header.problems.iter().cloned());
        let (start, index) = (header.end, self.units.len());
        let unit = FitsUnit::new(header)?;
        let padded =
            unit.data.len().checked_next_multiple_of(FITS_BLOCK_BYTES).and_then(|n| n.checked_add(start));
        let next = padded.filter(|end| *end <= self.bytes.len()).ok_or_else(|| {
            let needed = padded.unwrap_or(usize::MAX) as u64;
            ArchiveError::cut(
                &format!("FITS unit {index} (axes {:?})", unit.axes),
                needed,
                self.bytes.len() as u64,
            )
        })?;
        self.units.push(unit);
        Ok(next)
    }

    /// The first unit that holds an image of two or more axes.
    ///
    /// # Errors
    /// `NoCoverage` when there is none.
    pub fn first_image(&self) -> Result<usize, ArchiveError> {
        self.units.iter().position(FitsUnit::is_image).ok_or_else(|| {
            ArchiveError::missing(
                format!("an image in the {} units of the FITS file", self.units.len()),
                "name a file that holds a two-dimensional image, or fetch it again: it may be cut short",
            )
        })
    }

    /// The unit whose image starts at a byte, else the first image.
    pub(crate) fn image_at(&self, start: u64) -> Result<usize, ArchiveError> {
        let pointed = self.units.iter().position(|u| u.is_image() && u.data.start as u64 == start);
        pointed.map_or_else(|| self.first_image(), Ok)
    }

    /// The image of a unit with its cards and quality.
    ///
    /// # Errors
    /// `Argument` for a unit that is not there or not an image, `Format` for bad scaling, `Limit` for too many pixels.
    pub fn read(&self, unit: usize, limits: &Limits) -> Result<FitsImage, ArchiveError> {
        let (image, quality) = self.read_plane(unit, 0, limits)?;
        Ok(FitsImage { cards: self.units[unit].cards.clone(), image, quality })
    }

    /// One plane (from 0) of a unit and its quality; planes are counted along all axes behind the second.
    ///
    /// # Errors
    /// As [`Self::read`]; `Argument` for a plane that is not there.
    pub fn read_plane(
        &self,
        unit: usize,
        plane: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let found = self.units.get(unit).filter(|u| u.is_image()).ok_or_else(|| ArchiveError::Argument {
            name: "unit",
            value: unit.to_string(),
            reason: "it has to be a unit of the file that holds an image",
        })?;
        let [samples, lines, planes] = found.sizes();
        if plane >= planes {
            let reason = "it has to be one of the planes of the unit; the first is 0";
            return Err(ArchiveError::Argument { name: "plane", value: plane.to_string(), reason });
        }
        let (width, height) = limits.image_size(samples, lines)?;
        let scaling = found.scaling()?;
        let data = &self.bytes[found.data.clone()];
        let values = if found.kind == UnitKind::Compressed {
            TiledImage::new(&found.cards, data, found.sample)?.plane(plane, &scaling, limits)?
        } else {
            let plane_bytes = width * height * found.sample.bytes();
            let start = (plane as usize).saturating_mul(plane_bytes);
            let end = start.saturating_add(plane_bytes);
            let stored = data
                .get(start..end)
                .ok_or_else(|| ArchiveError::cut("the image plane", end as u64, data.len() as u64))?;
            let mut values = Vec::with_capacity(width * height);
            decode(stored, (found.sample, ByteOrder::Big), &scaling, &mut values);
            values
        };
        let image = Raster::from_vec(width, height, values).expect("each plane gave its pixels");
        let quality = self.quality_band(&image).unwrap_or_else(|| quality_of(&image));
        Ok((image, quality))
    }

    /// The quality extension of our own files: bytes of [`Quality`], the size of the image.
    fn quality_band(&self, image: &Raster<f32>) -> Option<Raster<Quality>> {
        let size = [image.width() as u64, image.height() as u64];
        let unit = self.units.iter().skip(1).find(|u| {
            u.value("EXTNAME") == Some(QUALITY_EXTENSION) && u.sample == Sample::U8 && u.axes == size
        })?;
        let flags = self.bytes[unit.data.clone()].iter().map(|bits| Quality::from_bits(*bits)).collect();
        Raster::from_vec(image.width(), image.height(), flags)
    }
}

impl Format for FitsFile<'_> {
    fn parts(&self) -> Vec<Part> {
        let images = self.units.iter().enumerate().filter(|(_, unit)| unit.is_image());
        let part = |(index, unit): (usize, &FitsUnit)| Part {
            name: unit.name(index),
            sizes: unit.sizes(),
            sample_type: unit.sample.name().to_string(),
        };
        images.map(part).collect()
    }

    /// The cards of all units; the first one of a keyword counts.
    fn keywords(&self) -> BTreeMap<String, String> {
        let cards = self.units.iter().rev().flat_map(|unit| unit.cards.iter().rev());
        let named = cards.filter(|card| !card.keyword.is_empty());
        named.filter_map(|card| Some((card.keyword.clone(), card.value.clone()?))).collect()
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn band(
        &self,
        part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let units: Vec<usize> = (0..self.units.len()).filter(|k| self.units[*k].is_image()).collect();
        let unit = units.get(part).copied();
        let unit = unit.map_or_else(|| self.first_image(), Ok)?;
        self.read_plane(unit, band, limits)
    }
}

/// `EXTNAME` of the quality band in files of [`write_fits`].
const QUALITY_EXTENSION: &str = "QUALITY";
/// Name of the extension with the one-sigma errors of the image.
const SIGMA_EXTENSION: &str = "SIGMA";

impl FitsUnit {
    /// The value of the first card with a keyword, without quotes.
    pub fn value(&self, keyword: &str) -> Option<&str> {
        header::value(&self.cards, keyword)
    }

    /// Whether this unit holds an image of two or more axes.
    pub fn is_image(&self) -> bool {
        self.kind != UnitKind::Other && self.image_axes.len() >= 2 && self.image_axes.iter().all(|n| *n > 0)
    }

    /// Samples of a line, lines, and planes along all further axes, of an image.
    pub fn sizes(&self) -> [u64; 3] {
        let axis = |k: usize| self.image_axes.get(k).copied().unwrap_or(0);
        let planes = self.image_axes.iter().skip(2).fold(1u64, |product, n| product.saturating_mul(*n));
        [axis(0), axis(1), planes]
    }

    /// The name of the unit: `EXTNAME`, or `unit` and its place in the file.
    pub fn name(&self, index: usize) -> String {
        let name = self.value("EXTNAME").filter(|name| !name.is_empty());
        name.map_or_else(|| format!("unit {index}"), str::to_string)
    }

    fn new(header: Header) -> Result<Self, ArchiveError> {
        let kind = match header.value("XTENSION") {
            None => UnitKind::Primary,
            Some("IMAGE") => UnitKind::Image,
            Some("BINTABLE") if header.value("ZIMAGE") == Some("T") => UnitKind::Compressed,
            Some(_) => UnitKind::Other,
        };
        let sample = header.sample_of("BITPIX")?;
        let axes = header.axes(MAX_AXES)?;
        let data_bytes = header.data_bytes(&axes, sample)?;
        let end = header.end.checked_add(data_bytes).ok_or_else(|| header.too_large(&axes))?;
        let compressed = kind == UnitKind::Compressed;
        let sample = if compressed { header.sample_of("ZBITPIX")? } else { sample };
        let image_axes = if compressed { tiles::axes(&header.cards)? } else { axes.clone() };
        Ok(Self { data: header.end..end, axes, image_axes, kind, sample, cards: header.cards })
    }

    fn scaling(&self) -> Result<Scaling, ArchiveError> {
        let number = |keyword, default| header::number(&self.cards, keyword).map(|n| n.unwrap_or(default));
        let blank = if self.sample.is_integer() { header::number(&self.cards, "BLANK")? } else { None };
        // Compressed whole numbers may carry their blank in the words of the compression.
        let tiled = blank.is_none() && self.kind == UnitKind::Compressed && self.sample.is_integer();
        let blank = if tiled { header::number(&self.cards, "ZBLANK")? } else { blank };
        let (factor, offset) = (number("BSCALE", 1.0)?, number("BZERO", 0.0)?);
        let special = blank.map(|blank| Special::value(blank, self.sample, Quality::MISSING));
        Ok(Scaling { factor, offset, special: special.into_iter().collect(), mask: None })
    }
}

#[cfg(test)]
mod tests {
    use super::header::tests::{header_block, image_file};
    use super::*;
    use facula_core::{Collected, Silent};

    fn first(bytes: &[u8]) -> Result<FitsImage, ArchiveError> {
        let file = FitsFile::parse(bytes)?;
        file.read(file.first_image()?, &Limits::default())
    }

    #[test]
    fn each_bitpix_reads_its_numbers() {
        let cases: [(&str, Vec<u8>, [f32; 2]); 5] = [
            ("8", vec![0, 255], [0.0, 255.0]),
            ("16", vec![0xff, 0xff, 0x01, 0x00], [-1.0, 256.0]),
            ("32", vec![0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0], [-1.0, 65_536.0]),
            ("-32", [1.5f32, -2.0].iter().flat_map(|v| v.to_be_bytes()).collect(), [1.5, -2.0]),
            ("-64", [0.25f64, 1e10].iter().flat_map(|v| v.to_be_bytes()).collect(), [0.25, 1e10]),
        ];
        for (bitpix, data, expected) in cases {
            let bytes =
                image_file(&[("BITPIX", bitpix), ("NAXIS", "2"), ("NAXIS1", "2"), ("NAXIS2", "1")], &data);
            assert_eq!(first(&bytes).unwrap().image.as_slice(), expected, "BITPIX {bitpix}");
        }
    }

    #[test]
    fn blank_pixels_and_nan_are_missing() {
        let cards = [
            ("BITPIX", "16"),
            ("NAXIS", "2"),
            ("NAXIS1", "2"),
            ("NAXIS2", "1"),
            ("BLANK", "-1"),
            ("BZERO", "32768."),
        ];
        let image = first(&image_file(&cards, &[0xff, 0xff, 0, 0])).unwrap();
        assert!(image.image.at(0, 0).is_nan() && image.image.at(1, 0) == 32_768.0);
        assert_eq!(image.quality.as_slice(), [Quality::MISSING, Quality::GOOD]);
        let nan: Vec<u8> = [f32::NAN, 1.0].iter().flat_map(|v| v.to_be_bytes()).collect();
        let cards = [("BITPIX", "-32"), ("NAXIS", "2"), ("NAXIS1", "2"), ("NAXIS2", "1")];
        assert_eq!(first(&image_file(&cards, &nan)).unwrap().quality.at(0, 0), Quality::MISSING);
    }

    #[test]
    fn of_a_cube_the_first_plane_is_read() {
        let cards = [("BITPIX", "8"), ("NAXIS", "3"), ("NAXIS1", "2"), ("NAXIS2", "1"), ("NAXIS3", "2")];
        assert_eq!(first(&image_file(&cards, &[1, 2, 3, 4])).unwrap().image.as_slice(), [1.0, 2.0]);
    }

    #[test]
    fn planes_of_a_cube_are_read_by_number() {
        let cards = [("BITPIX", "64"), ("NAXIS", "3"), ("NAXIS1", "1"), ("NAXIS2", "1"), ("NAXIS3", "2")];
        let data: Vec<u8> = [-3i64, 1 << 40].iter().flat_map(|v| v.to_be_bytes()).collect();
        let bytes = image_file(&cards, &data);
        let file = FitsFile::parse(&bytes).unwrap();
        let plane = |k| file.read_plane(0, k, &Limits::default()).map(|(image, _)| image.at(0, 0));
        assert_eq!((plane(0).unwrap(), plane(1).unwrap()), (-3.0, (1u64 << 40) as f32));
        assert!(matches!(plane(2), Err(ArchiveError::Argument { .. })));
    }

    #[test]
    fn absurd_dimensions_are_refused_before_allocation() {
        let huge = "9223372036854775807";
        for (n1, n2) in
            [(huge, huge), ("100000", "100000"), ("-5", "3"), ("0x10", "3"), ("4294967296", "4294967296")]
        {
            let cards = [("BITPIX", "16"), ("NAXIS", "2"), ("NAXIS1", n1), ("NAXIS2", n2)];
            assert!(first(&image_file(&cards, &[0; 4])).is_err(), "{n1} x {n2}");
        }
        assert!(first(&image_file(&[("BITPIX", "16"), ("NAXIS", "999")], &[])).is_err());
        assert!(first(&image_file(&[("BITPIX", "17"), ("NAXIS", "0")], &[])).is_err());
        let cards = [("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "40"), ("NAXIS2", "40")];
        let bytes = image_file(&cards, &[0; 1600]);
        let limits = Limits { max_pixels: 1599, ..Limits::default() };
        assert!(matches!(FitsFile::parse(&bytes).unwrap().read(0, &limits), Err(ArchiveError::Limit { .. })));
    }

    #[test]
    fn a_group_count_of_zero_leaves_no_image() {
        let cards = [("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "2"), ("NAXIS2", "1"), ("GCOUNT", "0")];
        assert!(first(&image_file(&cards, &[])).is_err());
    }

    #[test]
    fn a_stray_byte_after_the_last_block_is_reported() {
        let cards = [("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "2"), ("NAXIS2", "1")];
        let mut bytes = image_file(&cards, &[1, 2]);
        bytes.push(b'\n');
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fit");
        std::fs::write(&path, &bytes).unwrap();
        let collected = Collected::default();
        assert_eq!(read_fits(&path, &Limits::default(), &collected).unwrap().image.as_slice(), [1.0, 2.0]);
        assert!(collected.warnings()[0].message.contains("1 bytes after the last unit"));
    }

    #[test]
    fn a_primary_unit_without_data_leads_to_the_extension() {
        let mut bytes = image_file(&[("BITPIX", "8"), ("NAXIS", "0")], &[]);
        let table = header_block(
            ("XTENSION", "'BINTABLE'"),
            &[
                ("BITPIX", "8"),
                ("NAXIS", "2"),
                ("NAXIS1", "4"),
                ("NAXIS2", "2"),
                ("PCOUNT", "3"),
                ("GCOUNT", "1"),
            ],
        );
        bytes.extend(table);
        bytes.resize(bytes.len() + FITS_BLOCK_BYTES, 7);
        let image = header_block(
            ("XTENSION", "'IMAGE   '"),
            &[
                ("BITPIX", "8"),
                ("NAXIS", "2"),
                ("NAXIS1", "1"),
                ("NAXIS2", "1"),
                ("PCOUNT", "0"),
                ("GCOUNT", "1"),
            ],
        );
        bytes.extend(image);
        bytes.push(42);
        bytes.resize(bytes.len().next_multiple_of(FITS_BLOCK_BYTES), 0);
        assert_eq!(first(&bytes).unwrap().image.as_slice(), [42.0]);
    }

    #[test]
    fn every_cut_of_a_file_is_an_error() {
        let cards = [("BITPIX", "16"), ("NAXIS", "2"), ("NAXIS1", "30"), ("NAXIS2", "20")];
        let bytes = image_file(&cards, &[1; 1200]);
        for length in 0..bytes.len() {
            assert!(first(&bytes[..length]).is_err(), "cut at {length}");
        }
        println!("{} cuts of a FITS file tried", bytes.len());
        assert!(read_fits(Path::new("/nowhere.fit"), &Limits::default(), &Silent).is_err());
    }
}
