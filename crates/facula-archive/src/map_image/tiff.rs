// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small TIFF and BigTIFF reader: first image, band by band; strips or tiles; stored, deflated, LZW or PackBits;
//! predictors 1 to 3; pixels or bands side by side; where it lies, as keywords.
//!
//! # Source
//! TIFF 6.0 (Adobe, 1992), sections 2, 14, 15; TIFF Technical Note 3 (floating-point predictor); GeoTIFF 1.1 (OGC).

mod directory;
mod georeference;
mod packing;

use std::collections::BTreeMap;

use facula_core::{Quality, Raster};

use crate::map_image::tiff::directory::Directory;
use crate::map_image::tiff::packing::{Packing, undo_predictor};
use crate::samples::{ByteOrder, Sample, Scaling, Special, decode};
use crate::{ArchiveError, Limits};

/// Hint of errors about damaged files.
const REFETCH: &str = "fetch the file again: it is damaged or cut short";

/// Hint of errors about sound files of other kinds.
const CONVERT: &str = "convert it: gdal_translate -co COMPRESS=DEFLATE in.tif out.tif";

/// Most bands of a map.
const MAX_BANDS: u64 = 64;

/// Reads the first band; `west_deg` has to agree with the georeferencing where that is in degrees.
pub(super) fn read(bytes: &[u8], west_deg: f64, limits: &Limits) -> Result<Raster<f32>, ArchiveError> {
    let file = TiffFile::parse(bytes)?;
    georeference::check_west(&file.directory, file.layout.width, west_deg)?;
    file.read_band(0, limits)
}

/// The first image of a TIFF file.
pub(crate) struct TiffFile<'a> {
    directory: Directory<'a>,
    layout: Layout,
}

impl<'a> TiffFile<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let directory = Directory::parse(bytes)?;
        let layout = Layout::of(&directory)?;
        Ok(Self { directory, layout })
    }

    /// Samples of a line, lines, bands; and how numbers are stored.
    pub(crate) const fn sizes(&self) -> ([u64; 3], &'static str) {
        ([self.layout.width, self.layout.height, self.layout.bands], self.layout.sample.name())
    }

    /// Texts of the file and where it lies.
    pub(crate) fn keywords(&self) -> BTreeMap<String, String> {
        georeference::keywords(&self.directory)
    }

    /// One band, from 0.
    pub(crate) fn read_band(&self, band: u64, limits: &Limits) -> Result<Raster<f32>, ArchiveError> {
        let layout = &self.layout;
        let (width, height) = limits.image_size(layout.width, layout.height)?;
        if band >= layout.bands {
            let reason = "it has to be one of the bands of the image; the first is 0";
            return Err(ArchiveError::Argument { name: "band", value: band.to_string(), reason });
        }
        if layout.chunk_width.saturating_mul(layout.chunk_height) > limits.max_pixels.saturating_mul(2) {
            return Err(damaged("tiles larger than any image"));
        }
        let chunks = layout.chunks(&self.directory, band)?;
        layout.check_lengths(&self.directory, &chunks)?;
        let mut image = Raster::filled(width, height, f32::NAN);
        for (index, chunk) in chunks.into_iter().enumerate() {
            let stored = self.directory.slice(chunk)?;
            layout.place_chunk((index as u64, band), stored, &mut image)?;
        }
        Ok(image)
    }
}

fn damaged(what: &str) -> ArchiveError {
    ArchiveError::format(format!("TIFF: {what}"), REFETCH)
}

/// How the samples are laid out.
struct Layout {
    width: u64,
    height: u64,
    bands: u64,
    /// Samples of a pixel that lie side by side in a chunk.
    interleaved: u64,
    chunk_width: u64,
    chunk_height: u64,
    tiled: bool,
    sample: Sample,
    order: ByteOrder,
    packing: Packing,
    predictor: u64,
    scaling: Scaling,
}

impl Layout {
    fn of(directory: &Directory<'_>) -> Result<Self, ArchiveError> {
        let (width, height) = (directory.first(256, None)?, directory.first(257, None)?);
        let bands = directory.first(277, Some(1))?;
        let predictor = directory.first(317, Some(1))?;
        let sample = sample(directory)?;
        let tiled = directory.has(322);
        let (chunk_width, chunk_height) = if tiled {
            (directory.first(322, None)?, directory.first(323, None)?)
        } else {
            (width, directory.first(278, Some(height))?.min(height))
        };
        if chunk_width == 0 || chunk_height == 0 || bands == 0 || bands > MAX_BANDS {
            return Err(damaged(&format!("chunks of {chunk_width} x {chunk_height} pixels, {bands} bands")));
        }
        let packing = Packing::of(directory.first(259, Some(1))?)?;
        let right_kind = match predictor {
            1 => true,
            2 => sample.is_integer(),
            3 => !sample.is_integer(),
            _ => false,
        };
        if !right_kind {
            let what = format!("TIFF predictor {predictor} of {sample:?}");
            return Err(ArchiveError::unsupported(what, CONVERT));
        }
        let interleaved = if directory.first(284, Some(1))? == 1 { bands } else { 1 };
        let scaling = Scaling { special: nodata(directory, sample), ..Scaling::default() };
        let order = directory.order;
        Ok(Self {
            width,
            height,
            bands,
            interleaved,
            chunk_width,
            chunk_height,
            tiled,
            sample,
            order,
            packing,
            predictor,
            scaling,
        })
    }

    const fn across(&self) -> u64 {
        self.width.div_ceil(self.chunk_width)
    }

    /// Offset and length of the chunks that hold a band.
    fn chunks(&self, directory: &Directory<'_>, band: u64) -> Result<Vec<(u64, u64)>, ArchiveError> {
        let (offsets, lengths) = if self.tiled { (324, 325) } else { (273, 279) };
        let count = self.across() * self.height.div_ceil(self.chunk_height);
        let (offsets, lengths) = (directory.whole(offsets)?, directory.whole(lengths)?);
        let first = if self.interleaved == 1 { band.saturating_mul(count) } else { 0 };
        let end = first.saturating_add(count);
        if (offsets.len() as u64) < end || (lengths.len() as u64) < end {
            return Err(damaged(&format!(
                "{} chunks where {count} are needed",
                offsets.len().min(lengths.len())
            )));
        }
        Ok(offsets.into_iter().zip(lengths).skip(first as usize).take(count as usize).collect())
    }

    /// Refuses chunks that share bytes or cannot hold their pixels, before an image is made for them.
    fn check_lengths(&self, directory: &Directory<'_>, chunks: &[(u64, u64)]) -> Result<(), ArchiveError> {
        let stored = chunks.iter().fold(0u64, |sum, (_, length)| sum.saturating_add(*length));
        if stored > directory.bytes.len() as u64 {
            return Err(ArchiveError::cut("the chunks of the TIFF", stored, directory.bytes.len() as u64));
        }
        let pixel_bytes = self.interleaved.saturating_mul(self.sample.bytes() as u64);
        let needed = self.width.saturating_mul(self.height).saturating_mul(pixel_bytes);
        let least = needed / self.packing.most_shrunk();
        if stored < least {
            return Err(ArchiveError::cut("the image of the TIFF", least, stored));
        }
        Ok(())
    }

    /// Decodes one chunk into its place in the image.
    fn place_chunk(
        &self,
        (index, band): (u64, u64),
        stored: &[u8],
        image: &mut Raster<f32>,
    ) -> Result<(), ArchiveError> {
        let (left, top) =
            (index % self.across() * self.chunk_width, index / self.across() * self.chunk_height);
        let lines = self.chunk_height.min(self.height - top);
        let held_lines = if self.tiled { self.chunk_height } else { lines };
        let line_bytes = (self.chunk_width * self.interleaved) as usize * self.sample.bytes();
        let mut chunk = self.packing.unpack(stored, line_bytes * held_lines as usize)?;
        let columns = self.chunk_width.min(self.width - left) as usize;
        let mut values = Vec::new();
        for (line, row) in chunk.chunks_exact_mut(line_bytes).take(lines as usize).enumerate() {
            values.clear();
            let kind = (self.sample, self.order);
            let order = undo_predictor(row, self.predictor, kind, self.interleaved as usize);
            decode(row, (self.sample, order), &self.scaling, &mut values);
            let skipped = if self.interleaved > 1 { band as usize } else { 0 };
            let one_band = values.iter().skip(skipped).step_by(self.interleaved as usize).take(columns);
            for (column, value) in one_band.enumerate() {
                image.set(left as usize + column, top as usize + line, *value);
            }
        }
        Ok(())
    }
}

fn sample(directory: &Directory<'_>) -> Result<Sample, ArchiveError> {
    let (bits, format) = (directory.first(258, Some(1))?, directory.first(339, Some(1))?);
    let all_alike = directory.whole(258)?.iter().all(|b| *b == bits);
    match (format, bits) {
        (1, 8) if all_alike => Ok(Sample::U8),
        (1, 16) if all_alike => Ok(Sample::U16),
        (1, 32) if all_alike => Ok(Sample::U32),
        (1, 64) if all_alike => Ok(Sample::U64),
        (2, 64) if all_alike => Ok(Sample::I64),
        (2, 8) if all_alike => Ok(Sample::I8),
        (2, 16) if all_alike => Ok(Sample::I16),
        (2, 32) if all_alike => Ok(Sample::I32),
        (3, 32) if all_alike => Ok(Sample::F32),
        (3, 64) if all_alike => Ok(Sample::F64),
        _ => Err(ArchiveError::unsupported(
            format!("TIFF samples of format {format} with {bits} bits"),
            CONVERT,
        )),
    }
}

/// GDAL's no-data value (tag 42113).
fn nodata(directory: &Directory<'_>, sample: Sample) -> Vec<Special> {
    let number = directory.text(georeference::NODATA).and_then(|text| text.parse().ok());
    number.map(|number| Special::value(number, sample, Quality::MISSING)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A TIFF with one strip or tile, put together by hand.
    fn tiff(order: ByteOrder, entries: &[(u16, u32)], data: &[u8]) -> Vec<u8> {
        let u16b = |v: u16| if order == ByteOrder::Big { v.to_be_bytes() } else { v.to_le_bytes() };
        let u32b = |v: u32| if order == ByteOrder::Big { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut bytes = if order == ByteOrder::Big { b"MM".to_vec() } else { b"II".to_vec() };
        bytes.extend(u16b(42));
        bytes.extend(u32b(8));
        bytes.extend(u16b(entries.len() as u16));
        let data_start = (8 + 2 + 12 * entries.len() + 4) as u32;
        for (tag, value) in entries {
            bytes.extend(u16b(*tag));
            bytes.extend(u16b(4));
            bytes.extend(u32b(1));
            let offset = matches!(*tag, 273 | 324);
            let length = matches!(*tag, 279 | 325);
            bytes.extend(u32b(if offset {
                data_start
            } else if length {
                data.len() as u32
            } else {
                *value
            }));
        }
        bytes.extend(u32b(0));
        bytes.extend(data);
        bytes
    }

    fn values(bytes: &[u8]) -> Result<Vec<f32>, ArchiveError> {
        read(bytes, 0.0, &Limits::default()).map(Raster::into_vec)
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn strips_of_both_byte_orders_are_read() {
        for order in [ByteOrder::Big, ByteOrder::Little] {
            let data: Vec<u8> = [1u16, 2, 3, 65_535, 5, 6, 7, 8]
                .iter()
                .flat_map(|v| if order == ByteOrder::Big { v.to_be_bytes() } else { v.to_le_bytes() })
                .collect();
            let bytes = tiff(order, &[(256, 4), (257, 2), (258, 16), (273, 0), (279, 0)], &data);
            assert_eq!(values(&bytes).unwrap(), [1.0, 2.0, 3.0, 65_535.0, 5.0, 6.0, 7.0, 8.0]);
        }
    }

    #[test]
    fn the_horizontal_predictor_carries_over_bytes() {
        // 250, 260, 255 as differences 250, 10, -5 in 16 bits.
        let data: Vec<u8> = [250u16, 10, 0xfffb, 1].iter().flat_map(|v| v.to_le_bytes()).collect();
        let entries = [(256, 4), (257, 1), (258, 16), (259, 8), (317, 2), (273, 0), (279, 0)];
        let bytes = tiff(ByteOrder::Little, &entries, &deflate(&data));
        assert_eq!(values(&bytes).unwrap(), [250.0, 260.0, 255.0, 256.0]);
    }

    #[test]
    fn the_floating_point_predictor_is_undone() {
        let numbers = [1.0f32, -2.5, 1e10, 0.0];
        let big: Vec<[u8; 4]> = numbers.iter().map(|v| v.to_be_bytes()).collect();
        let planes: Vec<u8> = (0..4).flat_map(|plane| big.iter().map(move |b| b[plane])).collect();
        let differences =
            planes.iter().enumerate().map(|(i, b)| if i == 0 { *b } else { b.wrapping_sub(planes[i - 1]) });
        let entries = [(256, 4), (257, 1), (258, 32), (339, 3), (259, 8), (317, 3), (273, 0), (279, 0)];
        let bytes = tiff(ByteOrder::Little, &entries, &deflate(&differences.collect::<Vec<_>>()));
        assert_eq!(values(&bytes).unwrap(), numbers);
    }

    #[test]
    fn a_tile_beyond_the_edge_is_cropped_and_the_first_band_taken() {
        // One tile of 4 x 2 pixels, two bands, over an image of 2 x 1.
        let data: Vec<u8> = (0..16).collect();
        let entries = [(256, 2), (257, 1), (258, 8), (277, 2), (322, 4), (323, 2), (324, 0), (325, 0)];
        let bytes = tiff(ByteOrder::Big, &entries, &data);
        assert_eq!(values(&bytes).unwrap(), [0.0, 2.0]);
        let file = TiffFile::parse(&bytes).unwrap();
        assert_eq!(file.read_band(1, &Limits::default()).unwrap().as_slice(), [1.0, 3.0]);
        assert!(file.read_band(2, &Limits::default()).is_err());
        assert_eq!(file.sizes(), ([2, 1, 2], "u8"));
    }

    #[test]
    fn every_cut_and_absurd_size_is_an_error() {
        let entries = [(256, 4), (257, 2), (258, 8), (259, 8), (273, 0), (279, 0)];
        let bytes = tiff(ByteOrder::Little, &entries, &deflate(&[1, 2, 3, 4, 5, 6, 7, 8]));
        assert!(values(&bytes).is_ok());
        for length in 0..bytes.len() {
            assert!(values(&bytes[..length]).is_err(), "cut at {length}");
        }
        println!("{} cuts of a TIFF tried", bytes.len());
        for (tag, value) in
            [(256, u32::MAX), (257, u32::MAX), (278, 0), (277, 0), (322, u32::MAX), (259, 7), (258, 12)]
        {
            let mut absurd = entries.to_vec();
            absurd.retain(|(t, _)| *t != tag);
            absurd.insert(0, (tag, value));
            assert!(values(&tiff(ByteOrder::Little, &absurd, &[0; 8])).is_err(), "tag {tag} = {value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn scrambled_files_are_survived(at in 0usize..200, byte in proptest::num::u8::ANY) {
            let entries = [(256, 4), (257, 2), (258, 8), (322, 16), (323, 16), (324, 0), (325, 0), (259, 8)];
            let mut bytes = tiff(ByteOrder::Little, &entries, &deflate(&[7; 256]));
            let index = at % bytes.len();
            bytes[index] = byte;
            let _ = read(&bytes, 0.0, &Limits { max_pixels: 100_000, ..Limits::default() });
        }
    }
}
