// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a file holds: kind, images, keywords, and the statistics of each image.

use std::collections::BTreeMap;
use std::path::Path;

use facula_core::{Quality, Raster};

use crate::files::read_bounded;
use crate::format::open;
use crate::{ArchiveError, FileKind, Limits, Part};

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct FileInfo {
    /// Kind of the file.
    pub kind: FileKind,
    /// Length of the file named, bytes.
    pub file_bytes: u64,
    /// Its images, the main one first.
    pub parts: Vec<PartInfo>,
    /// All keywords as text.
    pub keywords: BTreeMap<String, String>,
    /// Departures from the standard of the format that do not hinder reading.
    pub problems: Vec<String>,
}

/// An image of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct PartInfo {
    /// Name, sizes, type.
    pub part: Part,
    /// Statistics of its first band, or why it cannot be read.
    pub statistics: Result<Statistics, String>,
    /// How often each kind of special pixel comes in its first band, by the format's name (`NULL`, `LRS`, `LIS`,
    /// `HIS`, `HRS` of ISIS); empty where the format has no such kinds.
    pub special_pixels: Vec<(String, u64)>,
}

/// Numbers of one band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Smallest value that is not missing, in the unit of the file; NaN when all are missing.
    pub minimum_value: f64,
    /// Largest one.
    pub maximum_value: f64,
    /// Mean of all that are not missing.
    pub mean_value: f64,
    /// Pixels with a value.
    pub valid_pixels: u64,
    /// Pixels without one for no special reason.
    pub missing_pixels: u64,
    /// Pixels the file marks as below the range of instrument or number.
    pub low_pixels: u64,
    /// Pixels the file marks as above it.
    pub high_pixels: u64,
}

/// Describes a file of any kind that is read.
///
/// # Errors
/// `Io`, `Limit`, `Format` and `Unsupported` for files that cannot be opened; an image that cannot be read (its
/// data file is missing, say) is told in its [`PartInfo`].
pub fn describe(path: &Path, limits: &Limits) -> Result<FileInfo, ArchiveError> {
    describe_bytes(path, &read_bounded(path, limits)?, limits)
}

/// [`describe`] of a file whose bytes are at hand; files it names are looked for beside `path`.
///
/// # Errors
/// As [`describe`].
pub fn describe_bytes(path: &Path, bytes: &[u8], limits: &Limits) -> Result<FileInfo, ArchiveError> {
    let file = open(path, bytes, limits).map_err(|error| error.in_file(path))?;
    let info = |(index, part): (usize, Part)| {
        let band = file.band(index, 0, limits).map_err(|error| error.in_file(path));
        let statistics = band.map(|(image, quality)| Statistics::of(&image, &quality));
        let special = file.special_pixels(index, limits).into_iter().map(|(name, n)| (name.to_string(), n));
        PartInfo {
            part,
            statistics: statistics.map_err(|error| error.to_string()),
            special_pixels: special.collect(),
        }
    };
    Ok(FileInfo {
        kind: FileKind::of(path, bytes),
        file_bytes: bytes.len() as u64,
        parts: file.parts().into_iter().enumerate().map(info).collect(),
        keywords: file.keywords(),
        problems: file.problems(),
    })
}

impl Statistics {
    /// The statistics of an image and its flags.
    pub fn of(image: &Raster<f32>, quality: &Raster<Quality>) -> Self {
        let none = Self {
            minimum_value: f64::NAN,
            maximum_value: f64::NAN,
            mean_value: f64::NAN,
            valid_pixels: 0,
            missing_pixels: 0,
            low_pixels: 0,
            high_pixels: 0,
        };
        let mut sum = 0.0;
        let mut all =
            image.as_slice().iter().zip(quality.as_slice()).fold(none, |mut all, (value, flags)| {
                let value = f64::from(*value);
                if value.is_nan() {
                    let count = if flags.intersects(Quality::SATURATED) {
                        &mut all.high_pixels
                    } else if flags.intersects(Quality::EXTRAPOLATED) {
                        &mut all.low_pixels
                    } else {
                        &mut all.missing_pixels
                    };
                    *count += 1;
                    return all;
                }
                sum += value;
                all.valid_pixels += 1;
                all.minimum_value = all.minimum_value.min(value);
                all.maximum_value = all.maximum_value.max(value);
                all
            });
        all.mean_value = sum / all.valid_pixels as f64;
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Special;

    #[test]
    fn special_pixels_are_counted_by_kind() {
        let nan = f32::NAN;
        let image = Raster::from_vec(6, 1, vec![1.0, nan, nan, nan, 4.0, nan]).unwrap();
        let flags = vec![
            Quality::GOOD,
            Quality::MISSING,
            Special::LOW,
            Special::HIGH,
            Quality::SATURATED,
            Quality::MISSING,
        ];
        let all = Statistics::of(&image, &Raster::from_vec(6, 1, flags).unwrap());
        assert_eq!((all.minimum_value, all.maximum_value, all.mean_value), (1.0, 4.0, 2.5));
        assert_eq!((all.valid_pixels, all.missing_pixels, all.low_pixels, all.high_pixels), (2, 2, 1, 1));
        let empty = Statistics::of(&Raster::filled(1, 1, nan), &Raster::filled(1, 1, Quality::MISSING));
        assert!(empty.mean_value.is_nan() && empty.minimum_value.is_nan());
    }

    #[test]
    fn an_image_that_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lbl");
        let label = "PDS_VERSION_ID = PDS3\n^IMAGE = \"NONE.IMG\"\nOBJECT = IMAGE\nLINES = 2\nLINE_SAMPLES = 3\n\
            SAMPLE_TYPE = MSB_INTEGER\nSAMPLE_BITS = 16\nEND_OBJECT\nOBJECT = THUMB_IMAGE\nEND_OBJECT\nEND\n";
        std::fs::write(&path, label).unwrap();
        let info = describe(&path, &Limits::default()).unwrap();
        assert_eq!((info.kind, info.parts.len()), (FileKind::Pds3, 2));
        assert_eq!(info.parts[0].part.sizes, [3, 2, 1]);
        assert_eq!(info.parts[0].part.sample_type, "i16");
        assert!(info.parts[0].statistics.as_ref().unwrap_err().contains("NONE.IMG"));
        assert_eq!(info.keywords["IMAGE.LINES"], "2");
        assert_eq!(info.parts[1].part.sizes, [0; 3]);
    }
}
