// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small TIFF reader: first image, band by band; strips or tiles; stored or deflated; predictors 1 to 3.
//!
//! # Source
//! TIFF 6.0 (Adobe, 1992), sections 2, 14, 15; TIFF Technical Note 3 (floating-point predictor); GeoTIFF 1.1 (OGC).

use std::collections::BTreeMap;
use std::io::Read;

use facula_core::{Quality, Raster};

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
    check_west(&file.directory, file.layout.width, west_deg)?;
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

/// The first image file directory.
struct Directory<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    /// Tag to type and the bytes of its values.
    entries: BTreeMap<u16, (u16, &'a [u8])>,
}

impl<'a> Directory<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let order = if bytes.starts_with(b"II") { ByteOrder::Little } else { ByteOrder::Big };
        let mut directory = Self { bytes, order, entries: BTreeMap::new() };
        match directory.u16_at(2)? {
            42 => {}
            43 => return Err(ArchiveError::unsupported("BigTIFF", CONVERT)),
            other => return Err(damaged(&format!("version {other} instead of 42"))),
        }
        let start = u64::from(directory.u32_at(4)?);
        for entry in 0..u64::from(directory.u16_at(start)?) {
            directory.add_entry(start + 2 + 12 * entry)?;
        }
        Ok(directory)
    }

    fn add_entry(&mut self, at: u64) -> Result<(), ArchiveError> {
        let (tag, kind, count) = (self.u16_at(at)?, self.u16_at(at + 2)?, self.u32_at(at + 4)?);
        let length = u64::from(count) * type_bytes(kind);
        let start = if length <= 4 { at + 8 } else { u64::from(self.u32_at(at + 8)?) };
        let values = self.slice((start, length))?;
        self.entries.insert(tag, (kind, values));
        Ok(())
    }

    fn slice(&self, (start, length): (u64, u64)) -> Result<&'a [u8], ArchiveError> {
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len() as u64);
        let end = end.ok_or_else(|| {
            ArchiveError::cut(
                &format!("the TIFF part at byte {start}"),
                start.saturating_add(length),
                self.bytes.len() as u64,
            )
        })?;
        Ok(&self.bytes[start as usize..end as usize])
    }

    fn u16_at(&self, at: u64) -> Result<u16, ArchiveError> {
        Ok(self.unsigned(self.slice((at, 2))?) as u16)
    }

    fn u32_at(&self, at: u64) -> Result<u32, ArchiveError> {
        Ok(self.unsigned(self.slice((at, 4))?) as u32)
    }

    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self.order {
            ByteOrder::Big => bytes.iter().fold(0, fold),
            ByteOrder::Little => bytes.iter().rev().fold(0, fold),
        }
    }

    /// Whole numbers of a tag (BYTE, SHORT, LONG); empty when it is absent.
    fn whole(&self, tag: u16) -> Result<Vec<u64>, ArchiveError> {
        match self.entries.get(&tag) {
            None => Ok(Vec::new()),
            Some((kind @ (1 | 3 | 4), values)) => {
                Ok(values.chunks_exact(type_bytes(*kind) as usize).map(|v| self.unsigned(v)).collect())
            }
            Some((kind, _)) => Err(damaged(&format!("tag {tag} has type {kind}, not whole numbers"))),
        }
    }

    fn first(&self, tag: u16, default: Option<u64>) -> Result<u64, ArchiveError> {
        let found = self.whole(tag)?.first().copied().or(default);
        found.ok_or_else(|| damaged(&format!("tag {tag} is missing")))
    }

    /// Doubles of a tag; empty when it is absent or of another type.
    fn doubles(&self, tag: u16) -> Vec<f64> {
        let entry = self.entries.get(&tag).filter(|(kind, _)| *kind == 12);
        let values = entry.map_or(&[][..], |(_, values)| values);
        values.chunks_exact(8).map(|v| f64::from_bits(self.unsigned(v))).collect()
    }
}

/// Length of a value of a type, TIFF 6.0 section 2.
const fn type_bytes(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
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
    deflated: bool,
    predictor: u64,
    scaling: Scaling,
}

impl Layout {
    fn of(directory: &Directory<'_>) -> Result<Self, ArchiveError> {
        let (width, height) = (directory.first(256, None)?, directory.first(257, None)?);
        let bands = directory.first(277, Some(1))?;
        let compression = directory.first(259, Some(1))?;
        let predictor = directory.first(317, Some(1))?;
        let sample = sample(directory)?;
        let tiled = directory.entries.contains_key(&322);
        let (chunk_width, chunk_height) = if tiled {
            (directory.first(322, None)?, directory.first(323, None)?)
        } else {
            (width, directory.first(278, Some(height))?.min(height))
        };
        if chunk_width == 0 || chunk_height == 0 || bands == 0 || bands > MAX_BANDS {
            return Err(damaged(&format!("chunks of {chunk_width} x {chunk_height} pixels, {bands} bands")));
        }
        if !matches!(compression, 1 | 8 | 32_946) {
            return Err(ArchiveError::unsupported(format!("TIFF compression {compression}"), CONVERT));
        }
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
        let (order, deflated) = (directory.order, compression != 1);
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
            deflated,
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
        let mut chunk = self.inflated(stored, line_bytes * held_lines as usize)?;
        let columns = self.chunk_width.min(self.width - left) as usize;
        let mut values = Vec::new();
        for (line, row) in chunk.chunks_exact_mut(line_bytes).take(lines as usize).enumerate() {
            values.clear();
            let order = self.undo_predictor(row);
            decode(row, (self.sample, order), &self.scaling, &mut values);
            let skipped = if self.interleaved > 1 { band as usize } else { 0 };
            let one_band = values.iter().skip(skipped).step_by(self.interleaved as usize).take(columns);
            for (column, value) in one_band.enumerate() {
                image.set(left as usize + column, top as usize + line, *value);
            }
        }
        Ok(())
    }

    fn inflated(&self, stored: &[u8], length: usize) -> Result<Vec<u8>, ArchiveError> {
        let mut chunk = Vec::new();
        if self.deflated {
            // One byte more than needed tells a chunk that is too long.
            let mut stream = flate2::read::ZlibDecoder::new(stored).take(length as u64 + 1);
            stream.read_to_end(&mut chunk).map_err(|error| damaged(&format!("deflate: {error}")))?;
        } else {
            chunk.extend_from_slice(stored);
        }
        if chunk.len() == length {
            Ok(chunk)
        } else {
            Err(damaged(&format!("a chunk holds other than {length} bytes")))
        }
    }

    /// Undoes the predictor of one line and tells the byte order of the result.
    fn undo_predictor(&self, row: &mut [u8]) -> ByteOrder {
        let (bytes, step) = (self.sample.bytes(), self.interleaved as usize);
        match self.predictor {
            2 => {
                for at in step..row.len() / bytes {
                    add_number(row, (at - step) * bytes, at * bytes, (bytes, self.order));
                }
                self.order
            }
            3 => {
                for at in step..row.len() {
                    row[at] = row[at].wrapping_add(row[at - step]);
                }
                // The line holds all first bytes, then all second ones, and so on.
                let planes = row.to_vec();
                let count = row.len() / bytes;
                for (at, value) in row.iter_mut().enumerate() {
                    *value = planes[at % bytes * count + at / bytes];
                }
                ByteOrder::Big
            }
            _ => self.order,
        }
    }
}

/// Adds the integer at byte `from` to the one at `to`, modulo its size.
fn add_number(row: &mut [u8], from: usize, to: usize, (bytes, order): (usize, ByteOrder)) {
    let mut carry = 0u16;
    for step in 0..bytes {
        let at = if order == ByteOrder::Little { step } else { bytes - 1 - step };
        let sum = u16::from(row[from + at]) + u16::from(row[to + at]) + carry;
        row[to + at] = sum as u8;
        carry = sum >> 8;
    }
}

fn sample(directory: &Directory<'_>) -> Result<Sample, ArchiveError> {
    let (bits, format) = (directory.first(258, Some(1))?, directory.first(339, Some(1))?);
    let all_alike = directory.whole(258)?.iter().all(|b| *b == bits);
    match (format, bits) {
        (1, 8) if all_alike => Ok(Sample::U8),
        (1, 16) if all_alike => Ok(Sample::U16),
        (1, 32) if all_alike => Ok(Sample::U32),
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
    let text = directory.entries.get(&42_113).map(|(_, values)| String::from_utf8_lossy(values));
    let number = text.and_then(|text| text.trim_matches(['\0', ' ']).parse().ok());
    number.map(|number| Special::value(number, sample, Quality::MISSING)).into_iter().collect()
}

/// Refuses a west edge that contradicts the file's own (pixel scale 33550 and tie point 33922, in degrees).
fn check_west(directory: &Directory<'_>, width: u64, west_deg: f64) -> Result<(), ArchiveError> {
    let (scale, tie) = (directory.doubles(33_550), directory.doubles(33_922));
    let (Some(step_deg), [column, _, _, tie_deg, ..]) = (scale.first(), tie.as_slice()) else {
        return Ok(());
    };
    let in_degrees = (step_deg * width as f64 - 360.0).abs() < 0.5 * step_deg.abs();
    let file_west_deg = tie_deg - column * step_deg;
    let apart_deg = (file_west_deg - west_deg + 180.0).rem_euclid(360.0) - 180.0;
    if in_degrees && apart_deg.abs() > 0.5 * step_deg.abs() {
        let value = format!("{west_deg} (the file says {file_west_deg})");
        let reason = "it contradicts the georeferencing of the map";
        return Err(ArchiveError::Argument { name: "west_deg", value, reason });
    }
    Ok(())
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
            [(256, u32::MAX), (257, u32::MAX), (278, 0), (277, 0), (322, u32::MAX), (259, 5), (258, 12)]
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
