// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures in memory: PNG and JPEG to samples, before anyone decides what the colours mean.

use std::io::Cursor;

use facula_core::Raster;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::{ArchiveError, Limits};

/// Hint of all errors about damaged pictures.
const REFETCH: &str = "fetch the picture again: it is damaged or cut short";

/// A decoded picture: interleaved samples, big-endian where they have 16 bits.
#[derive(Debug)]
pub(crate) struct Picture {
    width: usize,
    height: usize,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    channels: usize,
    bytes_per_sample: usize,
    bytes: Vec<u8>,
}

impl Picture {
    /// A PNG or JPEG, by its first bytes.
    pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, ArchiveError> {
        if bytes.starts_with(&[0xff, 0xd8]) {
            Self::from_jpeg(bytes, limits)
        } else {
            Self::from_png(bytes, limits)
        }
    }

    /// A PNG; palettes and depths below 8 bits are expanded.
    pub(crate) fn from_png(bytes: &[u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let damaged = |error: png::DecodingError| ArchiveError::format(format!("PNG: {error}"), REFETCH);
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let header = decoder.read_header_info().map_err(damaged)?;
        let (width, height) = limits.image_size(u64::from(header.width), u64::from(header.height))?;
        let mut reader = decoder.read_info().map_err(damaged)?;
        // Deflate makes nothing smaller than a 1032nd part of it.
        let most = (bytes.len() as u64).saturating_mul(8 * 1033).min(8 * limits.max_pixels);
        let length = reader.output_buffer_size().filter(|n| *n as u64 <= most);
        let length =
            length.ok_or_else(|| ArchiveError::format("PNG: more pixels than the file can hold", REFETCH))?;
        let mut samples = vec![0; length];
        let info = reader.next_frame(&mut samples).map_err(damaged)?;
        reader.finish().map_err(damaged)?;
        samples.truncate(info.buffer_size());
        let bytes_per_sample = if info.bit_depth == png::BitDepth::Sixteen { 2 } else { 1 };
        let channels = info.color_type.samples();
        Self { width, height, channels, bytes_per_sample, bytes: samples }.checked()
    }

    /// A JPEG, grey or colour.
    pub(crate) fn from_jpeg(bytes: &[u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let damaged = |error| ArchiveError::format(format!("JPEG: {error}"), REFETCH);
        // Decoders paint what is missing grey: the end marker tells whether all is there.
        if !bytes.trim_ascii_end().ends_with(&[0xff, 0xd9]) {
            return Err(ArchiveError::format("JPEG: no end marker at the end of the file", REFETCH));
        }
        let options =
            DecoderOptions::default().set_strict_mode(true).set_max_width(65_535).set_max_height(65_535);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(damaged)?;
        let (width, height) = decoder.dimensions().unwrap_or((0, 0));
        let (width, height) = limits.image_size(width as u64, height as u64)?;
        let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        let out = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
        decoder.set_options(options.jpeg_set_out_colorspace(out));
        let samples = decoder.decode().map_err(damaged)?;
        let channels = if grey { 1 } else { 3 };
        Self { width, height, channels, bytes_per_sample: 1, bytes: samples }.checked()
    }

    fn checked(self) -> Result<Self, ArchiveError> {
        let expected = self.width * self.height * self.channels * self.bytes_per_sample;
        if (1..=4).contains(&self.channels) && self.bytes.len() == expected {
            Ok(self)
        } else {
            let what =
                format!("the picture decodes to {} bytes where {expected} were expected", self.bytes.len());
            Err(ArchiveError::format(what, REFETCH))
        }
    }

    /// Colour channels without alpha.
    const fn colours(&self) -> usize {
        if self.channels >= 3 { 3 } else { 1 }
    }

    /// Whether red, green and blue are equal in every pixel.
    pub(crate) fn is_grey(&self) -> bool {
        let n = self.bytes_per_sample;
        let equal = |pixel: &[u8]| pixel[..n] == pixel[n..2 * n] && pixel[..n] == pixel[2 * n..3 * n];
        self.colours() == 1 || self.bytes.chunks_exact(self.channels * n).all(equal)
    }

    /// Samples of a line, lines, channels; and how numbers are stored.
    pub(crate) const fn sizes(&self) -> ([u64; 3], &'static str) {
        let sizes = [self.width as u64, self.height as u64, self.channels as u64];
        (sizes, if self.bytes_per_sample == 2 { "u16" } else { "u8" })
    }

    /// One channel, from 0; the last one may be the opacity.
    pub(crate) fn channel(&self, channel: u64) -> Result<Raster<f32>, ArchiveError> {
        let Some(first) = usize::try_from(channel).ok().filter(|k| *k < self.channels) else {
            let reason = "it has to be one of the channels of the picture; the first is 0";
            return Err(ArchiveError::Argument { name: "band", value: channel.to_string(), reason });
        };
        let n = self.bytes_per_sample;
        let pixels = self.bytes.chunks_exact(self.channels * n);
        let number = |pixel: &[u8]| {
            pixel[first * n..][..n].iter().fold(0.0, |sum, byte| sum * 256.0 + f32::from(*byte))
        };
        Ok(Raster::from_vec(self.width, self.height, pixels.map(number).collect())
            .expect("the length was checked when decoding"))
    }

    /// The mean of the colours, 0 to 255 or 65535; NaN where the picture is fully transparent.
    pub(crate) fn mean_of_colours(&self) -> Raster<f32> {
        let colours = self.colours();
        let mean = |samples: &[f32]| {
            let clear = samples.len() > colours && samples[colours] == 0.0;
            if clear { f32::NAN } else { samples[..colours].iter().sum::<f32>() / colours as f32 }
        };
        let mut pixel = [0.0f32; 4];
        let chunks = self.bytes.chunks_exact(self.channels * self.bytes_per_sample);
        let values = chunks.map(|bytes| {
            for (value, sample) in pixel.iter_mut().zip(bytes.chunks_exact(self.bytes_per_sample)) {
                *value = sample.iter().fold(0.0, |sum, byte| sum * 256.0 + f32::from(*byte));
            }
            mean(&pixel[..self.channels])
        });
        Raster::from_vec(self.width, self.height, values.collect())
            .expect("the length was checked when decoding")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A PNG made with the png crate.
    pub(crate) fn png_bytes(size: (u32, u32), kind: (png::ColorType, png::BitDepth), data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
        encoder.set_color(kind.0);
        encoder.set_depth(kind.1);
        if kind.0 == png::ColorType::Indexed {
            encoder.set_palette(vec![0, 0, 0, 100, 100, 100, 255, 255, 255, 9, 9, 9]);
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    fn decoded(kind: (png::ColorType, png::BitDepth), data: &[u8]) -> (bool, Vec<f32>) {
        let picture = Picture::from_png(&png_bytes((2, 1), kind, data), &Limits::default()).unwrap();
        (picture.is_grey(), picture.mean_of_colours().into_vec())
    }

    #[test]
    fn every_kind_of_png_gives_its_numbers() {
        use png::{BitDepth, ColorType};
        assert_eq!(decoded((ColorType::Grayscale, BitDepth::Eight), &[3, 255]), (true, vec![3.0, 255.0]));
        let sixteen = decoded((ColorType::Grayscale, BitDepth::Sixteen), &[1, 0, 255, 255]);
        assert_eq!(sixteen, (true, vec![256.0, 65_535.0]));
        assert_eq!(decoded((ColorType::Indexed, BitDepth::Eight), &[1, 2]), (true, vec![100.0, 255.0]));
        assert_eq!(decoded((ColorType::Indexed, BitDepth::Two), &[0b0111_0000]), (true, vec![100.0, 9.0]));
        assert_eq!(decoded((ColorType::Rgb, BitDepth::Eight), &[7, 7, 7, 8, 8, 8]), (true, vec![7.0, 8.0]));
        assert_eq!(decoded((ColorType::Rgb, BitDepth::Eight), &[1, 2, 3, 8, 8, 8]), (false, vec![2.0, 8.0]));
        let (_, alpha) = decoded((ColorType::GrayscaleAlpha, BitDepth::Eight), &[7, 0, 8, 255]);
        assert!(alpha[0].is_nan() && alpha[1] == 8.0);
    }

    #[test]
    fn channels_are_read_one_by_one() {
        let kind = (png::ColorType::Rgb, png::BitDepth::Sixteen);
        let bytes = png_bytes((1, 1), kind, &[0, 1, 1, 0, 0, 3]);
        let picture = Picture::from_png(&bytes, &Limits::default()).unwrap();
        let channel = |k| picture.channel(k).map(|image| image.at(0, 0));
        assert_eq!((channel(0).unwrap(), channel(1).unwrap(), channel(2).unwrap()), (1.0, 256.0, 3.0));
        assert!(channel(3).is_err());
        assert_eq!(picture.sizes(), ([1, 1, 3], "u16"));
    }

    #[test]
    fn every_cut_of_a_png_is_an_error() {
        let data: Vec<u8> = (0..=255).collect();
        let bytes = png_bytes((16, 16), (png::ColorType::Grayscale, png::BitDepth::Eight), &data);
        for length in 0..bytes.len() {
            assert!(Picture::from_png(&bytes[..length], &Limits::default()).is_err(), "cut at {length}");
        }
        println!("{} cuts of a PNG tried", bytes.len());
    }

    #[test]
    fn pictures_beyond_the_limit_are_refused_before_decoding() {
        let kind = (png::ColorType::Grayscale, png::BitDepth::Eight);
        let mut bytes = png_bytes((2, 1), kind, &[0, 0]);
        let limits = Limits { max_pixels: 1, ..Limits::default() };
        assert!(matches!(Picture::from_png(&bytes, &limits), Err(ArchiveError::Limit { value: 2, .. })));
        bytes[16..20].copy_from_slice(&0x7fff_ffffu32.to_be_bytes());
        assert!(Picture::from_png(&bytes, &Limits::default()).is_err());
        assert!(Picture::from_jpeg(&[0xff, 0xd8, 0xff, 0xd9], &Limits::default()).is_err());
    }
}
