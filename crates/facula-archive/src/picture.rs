// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures (PNG, JPEG, TIFF) as images: a band for each channel, keywords from a TIFF itself and from the JSON file
//! beside them.

use std::collections::BTreeMap;
use std::path::Path;

use facula_core::{Quality, Raster};

use crate::files::read_bounded;
use crate::format::{Format, Part};
use crate::map_image::tiff::TiffFile;
use crate::png_image::Picture;
use crate::samples::quality_of;
use crate::{ArchiveError, Limits};

/// A picture with what is told beside it.
pub(crate) struct PictureFile<'a> {
    pixels: Pixels<'a>,
    keywords: BTreeMap<String, String>,
}

enum Pixels<'a> {
    Decoded(Picture),
    Tiff(TiffFile<'a>),
}

impl<'a> PictureFile<'a> {
    /// Decodes a PNG or JPEG, or reads the directory of a TIFF; a JSON file that is no object tells nothing.
    pub(crate) fn open(json: Option<&Path>, bytes: &'a [u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let pixels = if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
            Pixels::Tiff(TiffFile::parse(bytes)?)
        } else {
            Pixels::Decoded(Picture::decode(bytes, limits)?)
        };
        let told = json.map(|path| read_bounded(path, limits)).transpose()?;
        let object = told.and_then(|told| serde_json::from_slice::<serde_json::Map<_, _>>(&told).ok());
        Ok(Self { pixels, keywords: object.map(|all| keywords(&all)).unwrap_or_default() })
    }
}

/// Values of a JSON object as text.
pub(crate) fn keywords(all: &serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    all.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

impl Format for PictureFile<'_> {
    fn parts(&self) -> Vec<Part> {
        let (sizes, kind) = match &self.pixels {
            Pixels::Decoded(picture) => picture.sizes(),
            Pixels::Tiff(file) => file.sizes(),
        };
        vec![Part { name: "IMAGE".into(), sizes, sample_type: kind.to_string() }]
    }

    fn keywords(&self) -> BTreeMap<String, String> {
        let mut keywords = match &self.pixels {
            Pixels::Tiff(file) => file.keywords(),
            Pixels::Decoded(_) => BTreeMap::new(),
        };
        keywords.extend(self.keywords.clone());
        keywords
    }

    fn band(
        &self,
        _part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let image = match &self.pixels {
            Pixels::Decoded(picture) if band == 0 && picture.is_grey() => picture.mean_of_colours(),
            Pixels::Decoded(picture) => picture.channel(band)?,
            Pixels::Tiff(file) => file.read_band(band, limits)?,
        };
        let quality = quality_of(&image);
        Ok((image, quality))
    }
}
