// SPDX-License-Identifier: MIT OR Apache-2.0
//! FITS out: one image, and its quality band as an extension when it says more than NaN does.

use std::path::Path;

use facula_core::{Quality, Raster};

use crate::files::write_aside;
use crate::fits::{FITS_BLOCK_BYTES, FitsCard, QUALITY_EXTENSION, SIGMA_EXTENSION};
use crate::{ArchiveError, samples::quality_of};

/// Stored numbers of unsigned 16-bit FITS are shifted by this, FITS 4.0 section 4.4.2.5.
const UNSIGNED_16_ZERO: i32 = 32_768;

/// How the values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FitsFormat {
    /// Whole numbers 0 to 65535: `BITPIX = 16`, `BZERO = 32768`.
    U16,
    /// 32-bit reals: `BITPIX = -32`.
    #[default]
    F32,
}

impl FitsFormat {
    /// The smallest format that holds every value exactly.
    pub fn for_image(image: &Raster<f32>) -> Self {
        if image.as_slice().iter().all(|v| is_u16(*v)) { Self::U16 } else { Self::F32 }
    }
}

fn is_u16(value: f32) -> bool {
    // -0.0 is a whole number too, but would come back as 0.0, which is equal to it.
    (0.0..=65_535.0).contains(&value) && value.fract() == 0.0
}

/// What a FITS file holds beside the values.
#[derive(Debug, Clone, Default)]
pub struct FitsWriteOptions {
    /// How the values are stored.
    pub format: FitsFormat,
    /// Further cards, after the ones that describe the array.
    pub cards: Vec<FitsCard>,
    /// Quality band, the size of the image; written as extension `QUALITY` when it differs from what a reader
    /// concludes from NaN.
    pub quality: Option<Raster<Quality>>,
    /// One-sigma error of each pixel in the unit of the values; written as extension `SIGMA`.
    pub sigma: Option<Raster<f32>>,
}

/// Writes an image, first line first, under a temporary name and renames it.
///
/// # Errors
/// `Argument` for values outside the format, cards that do not fit 80 printable columns, a quality band of
/// another size; `Io`.
pub fn write_fits(path: &Path, image: &Raster<f32>, options: &FitsWriteOptions) -> Result<(), ArchiveError> {
    write_aside(path, &encode_fits(image, options)?.bytes)
}

/// A FITS file in memory.
pub(crate) struct EncodedFits {
    pub(crate) bytes: Vec<u8>,
    /// Where the image data start, bytes.
    pub(crate) data_start: usize,
}

pub(crate) fn encode_fits(
    image: &Raster<f32>,
    options: &FitsWriteOptions,
) -> Result<EncodedFits, ArchiveError> {
    let extension = extension_of(image, options.quality.as_ref())?;
    let mut bytes = Vec::with_capacity(image.as_slice().len() * 4 + 4 * FITS_BLOCK_BYTES);
    let mut cards = vec![FitsCard::number("SIMPLE", "T")];
    cards.extend(array_cards(image, if options.format == FitsFormat::U16 { "16" } else { "-32" }));
    if extension.is_some() || options.sigma.is_some() {
        cards.push(FitsCard::number("EXTEND", "T"));
    }
    if options.format == FitsFormat::U16 {
        cards.push(FitsCard::number("BZERO", "32768"));
        cards.push(FitsCard::number("BSCALE", "1"));
    }
    cards.extend(options.cards.iter().cloned());
    push_header(&mut bytes, &cards)?;
    let data_start = bytes.len();
    push_values(&mut bytes, image, options.format)?;
    pad(&mut bytes, 0);
    if let Some(quality) = extension {
        push_quality(&mut bytes, quality)?;
    }
    if let Some(sigma) = &options.sigma {
        push_plane(&mut bytes, sigma, &[FitsCard::text("EXTNAME", SIGMA_EXTENSION)])?;
    }
    Ok(EncodedFits { bytes, data_start })
}

/// The quality band where it has to be written.
fn extension_of<'a>(
    image: &Raster<f32>,
    quality: Option<&'a Raster<Quality>>,
) -> Result<Option<&'a Raster<Quality>>, ArchiveError> {
    match quality {
        Some(band) if (band.width(), band.height()) != (image.width(), image.height()) => {
            Err(ArchiveError::Argument {
                name: "quality",
                value: format!("{} x {}", band.width(), band.height()),
                reason: "the quality band has to have the size of the image",
            })
        }
        other => Ok(other.filter(|band| **band != quality_of(image))),
    }
}

pub(super) fn array_cards<T: Copy>(image: &Raster<T>, bitpix: &str) -> [FitsCard; 4] {
    [
        FitsCard::number("BITPIX", bitpix),
        FitsCard::number("NAXIS", "2"),
        FitsCard::number("NAXIS1", &image.width().to_string()),
        FitsCard::number("NAXIS2", &image.height().to_string()),
    ]
}

pub(super) fn push_header(bytes: &mut Vec<u8>, cards: &[FitsCard]) -> Result<(), ArchiveError> {
    for card in cards {
        let printable = card.text.bytes().all(|b| (b' '..=b'~').contains(&b));
        let keyword =
            card.keyword.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b));
        if card.text.len() > 80 || !printable || card.keyword.len() > 8 || !keyword || card.keyword == "END" {
            let reason =
                "a FITS card has 80 printable ASCII columns and a keyword of 8 upper-case characters";
            return Err(ArchiveError::Argument { name: "card", value: card.text.clone(), reason });
        }
        bytes.extend(format!("{:<80}", card.text).into_bytes());
    }
    bytes.extend(format!("{:<80}", "END").into_bytes());
    pad(bytes, b' ');
    Ok(())
}

pub(super) fn push_values(
    bytes: &mut Vec<u8>,
    image: &Raster<f32>,
    format: FitsFormat,
) -> Result<(), ArchiveError> {
    let values = image.as_slice();
    match format {
        FitsFormat::F32 => bytes.extend(values.iter().flat_map(|v| v.to_be_bytes())),
        FitsFormat::U16 => {
            if let Some(value) = values.iter().find(|v| !is_u16(**v)) {
                let reason = "16-bit FITS holds whole numbers from 0 to 65535: write it as F32";
                return Err(ArchiveError::Argument { name: "pixel", value: value.to_string(), reason });
            }
            bytes.extend(values.iter().flat_map(|v| ((*v as i32 - UNSIGNED_16_ZERO) as i16).to_be_bytes()));
        }
    }
    Ok(())
}

fn push_quality(bytes: &mut Vec<u8>, quality: &Raster<Quality>) -> Result<(), ArchiveError> {
    let mut cards = vec![FitsCard::text("XTENSION", "IMAGE")];
    cards.extend(array_cards(quality, "8"));
    cards.push(FitsCard::number("PCOUNT", "0"));
    cards.push(FitsCard::number("GCOUNT", "1"));
    cards.push(FitsCard::text("EXTNAME", QUALITY_EXTENSION));
    push_header(bytes, &cards)?;
    bytes.extend(quality.as_slice().iter().map(|q| q.bits()));
    pad(bytes, 0);
    Ok(())
}

/// A plane of 32-bit reals as an image extension with further cards.
pub(super) fn push_plane(
    bytes: &mut Vec<u8>,
    image: &Raster<f32>,
    cards: &[FitsCard],
) -> Result<(), ArchiveError> {
    let mut header = vec![FitsCard::text("XTENSION", "IMAGE")];
    header.extend(array_cards(image, "-32"));
    header.push(FitsCard::number("PCOUNT", "0"));
    header.push(FitsCard::number("GCOUNT", "1"));
    header.extend(cards.iter().cloned());
    push_header(bytes, &header)?;
    push_values(bytes, image, FitsFormat::F32)?;
    pad(bytes, 0);
    Ok(())
}

pub(super) fn pad(bytes: &mut Vec<u8>, with: u8) {
    bytes.resize(bytes.len().next_multiple_of(FITS_BLOCK_BYTES), with);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::fits::FitsFile;
    use proptest::prelude::*;

    fn back(bytes: &[u8]) -> crate::fits::FitsImage {
        let file = FitsFile::parse(bytes).unwrap();
        assert!(file.problems.is_empty(), "{:?}", file.problems);
        file.read(file.first_image().unwrap(), &Limits::default()).unwrap()
    }

    #[test]
    fn the_extremes_of_16_bits_are_stored_as_astropy_stores_them() {
        // astropy.io.fits.PrimaryHDU(np.array([[0, 1, 32768, 65535]], np.uint16)) writes these bytes.
        let image = Raster::from_vec(4, 1, vec![0.0, 1.0, 32_768.0, 65_535.0]).unwrap();
        let options = FitsWriteOptions { format: FitsFormat::U16, ..Default::default() };
        let file = encode_fits(&image, &options).unwrap();
        assert_eq!(file.bytes[file.data_start..][..8], [0x80, 0x00, 0x80, 0x01, 0x00, 0x00, 0x7f, 0xff]);
        assert_eq!((file.data_start, file.bytes.len()), (2880, 5760));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let options = FitsWriteOptions { format: FitsFormat::U16, ..Default::default() };
        for value in [-1.0, 65_536.0, 0.5, f32::NAN] {
            let image = Raster::filled(1, 1, value);
            assert!(matches!(encode_fits(&image, &options), Err(ArchiveError::Argument { .. })), "{value}");
            assert_eq!(FitsFormat::for_image(&image), FitsFormat::F32);
        }
    }

    #[test]
    fn cards_that_do_not_fit_are_refused() {
        let image = Raster::filled(1, 1, 0.0);
        let long = "x".repeat(69);
        for card in [FitsCard::text("A", &long), FitsCard::text("lower", ""), FitsCard::text("END", "")] {
            let options = FitsWriteOptions { cards: vec![card], ..Default::default() };
            assert!(matches!(encode_fits(&image, &options), Err(ArchiveError::Argument { .. })));
        }
        let quality = Some(Raster::filled(2, 1, Quality::GOOD));
        let options = FitsWriteOptions { quality, ..Default::default() };
        assert!(encode_fits(&image, &options).is_err());
    }

    #[test]
    fn the_quality_band_is_written_only_when_it_says_something() {
        let image = Raster::from_vec(2, 1, vec![f32::NAN, 4.0]).unwrap();
        let plain = FitsWriteOptions { quality: Some(quality_of(&image)), ..Default::default() };
        assert_eq!(encode_fits(&image, &plain).unwrap().bytes.len(), 2 * FITS_BLOCK_BYTES);
        let flags = Raster::from_vec(2, 1, vec![Quality::MISSING, Quality::SATURATED]).unwrap();
        let flagged = FitsWriteOptions { quality: Some(flags.clone()), ..Default::default() };
        assert_eq!(back(&encode_fits(&image, &flagged).unwrap().bytes).quality, flags);
    }

    #[test]
    fn errors_travel_as_an_extension_of_their_own() {
        let image = Raster::from_vec(2, 1, vec![0.25, 0.5]).unwrap();
        let sigma = Raster::from_vec(2, 1, vec![0.01, 0.02]).unwrap();
        let options = FitsWriteOptions { sigma: Some(sigma.clone()), ..Default::default() };
        let file = encode_fits(&image, &options).unwrap();
        assert_eq!(back(&file.bytes).image, image);
        let parsed = FitsFile::parse(&file.bytes).unwrap();
        let unit = parsed.units.iter().position(|u| u.value("EXTNAME") == Some(SIGMA_EXTENSION)).unwrap();
        assert_eq!(parsed.read(unit, &Limits::default()).unwrap().image, sigma);
    }

    proptest! {
        #[test]
        fn images_round_trip(width in 1usize..40, height in 1usize..40, seed in any::<u32>(), whole in any::<bool>()) {
            let mut state = seed;
            let mut next = || { state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); state >> 8 };
            let values = (0..width * height).map(|_| {
                if whole { (next() & 0xffff) as f32 } else { f32::from_bits(next() | 0x3f00_0000) }
            });
            let image = Raster::from_vec(width, height, values.collect()).unwrap();
            let format = FitsFormat::for_image(&image);
            prop_assert_eq!(format == FitsFormat::U16, whole);
            let cards = vec![FitsCard::text("OBJECT", "Ceres"), FitsCard::number("EXPTIME", "0.0187")];
            let read = back(&encode_fits(&image, &FitsWriteOptions { format, cards: cards.clone(), ..Default::default() }).unwrap().bytes);
            prop_assert_eq!(&read.image, &image);
            prop_assert!(cards.iter().all(|card| read.cards.contains(card)));
        }
    }
}
