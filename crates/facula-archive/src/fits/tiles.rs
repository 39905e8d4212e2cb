// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images compressed in tiles, kept in a binary table (`ZIMAGE = T`): Rice, GZIP, PLIO; quantised or not.
//!
//! # Source
//! FITS 4.0, sections 7.3 (binary tables) and 10 (tiled compression).

use std::io::Read;

use rayon::prelude::*;

use crate::fits::dither::{Dither, Quantised, TileScale};
use crate::fits::rice::Rice;
use crate::fits::table::Table;
use crate::fits::{FitsCard, dither, header, plio};
use crate::samples::{ByteOrder, Sample, Scaling, decode};
use crate::{ArchiveError, Limits};

/// Hint of errors about tiles.
const REFETCH: &str = "fetch the file again: it is damaged; or unpack it with funpack";

/// A blank of quantised tiles where the file names none.
const DEFAULT_BLANK: i32 = i32::MIN;

/// Most pixels one compressed byte can stand for: a run of 4095 in half a word of a PLIO list.
const MAX_EXPANSION: u64 = 4096;

/// An error about the content of a tile.
pub(super) fn damaged(what: &str) -> ArchiveError {
    ArchiveError::format(format!("compressed FITS image: {what}"), REFETCH)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Rice(Rice),
    Gzip,
    /// Bytes sorted by significance before compression.
    GzipShuffled,
    Plio,
    Nothing,
}

/// A compressed image: what its header says, and its table.
pub(super) struct TiledImage<'a> {
    cards: &'a [FitsCard],
    table: Table<'a>,
    sample: Sample,
    /// Size of the image along its axes, and of a tile.
    sizes: [u64; 3],
    tile: [u64; 3],
    method: Method,
    quantised: Quantised,
    dither: Option<Dither>,
    blank: Option<i32>,
}

/// Sizes of a compressed image, `ZNAXISn`.
pub(super) fn axes(cards: &[FitsCard]) -> Result<Vec<u64>, ArchiveError> {
    let count = whole(cards, "ZNAXIS")?.unwrap_or(0);
    if count > 16 {
        return Err(damaged(&format!("{count} axes")));
    }
    (1..=count)
        .map(|axis| {
            let key = format!("ZNAXIS{axis}");
            whole(cards, &key)?.ok_or_else(|| damaged(&format!("no card {key}")))
        })
        .collect()
}

fn whole(cards: &[FitsCard], keyword: &str) -> Result<Option<u64>, ArchiveError> {
    let number = header::number(cards, keyword)?;
    let good = |n: &f64| (0.0..1e15).contains(n) && n.fract() == 0.0;
    match number {
        Some(n) if !good(&n) => Err(damaged(&format!("{keyword} = {n} is not a count"))),
        other => Ok(other.map(|n| n as u64)),
    }
}

impl<'a> TiledImage<'a> {
    pub(super) fn new(cards: &'a [FitsCard], data: &'a [u8], sample: Sample) -> Result<Self, ArchiveError> {
        let axes = axes(cards)?;
        if axes.len() < 2 || axes[2.min(axes.len())..].iter().skip(1).any(|n| *n > 1) {
            let what = format!("a compressed FITS image with axes {axes:?}");
            return Err(ArchiveError::unsupported(what, "unpack it with funpack first"));
        }
        let sizes = [axes[0], axes[1], axes.get(2).copied().unwrap_or(1)];
        let mut tile = [sizes[0], 1, 1];
        for (axis, size) in tile.iter_mut().enumerate() {
            let told = whole(cards, &format!("ZTILE{}", axis + 1))?.unwrap_or(*size);
            *size = told.min(sizes[axis]);
            if *size == 0 {
                return Err(damaged(&format!("tiles without pixels along axis {}", axis + 1)));
            }
        }
        let blank = header::number(cards, "ZBLANK")?.map(|n| n as i32);
        let (method, quantised) = (method(cards)?, quantised(cards)?);
        let seed = whole(cards, "ZDITHER0")?.unwrap_or(1);
        let dither = (quantised != Quantised::Plain).then(|| Dither::new(seed));
        let table = Table::parse(cards, data)?;
        Ok(Self { cards, table, sample, sizes, tile, method, quantised, dither, blank })
    }

    /// One plane; `scaling` is that of whole numbers.
    pub(super) fn plane(
        &self,
        plane: u64,
        scaling: &Scaling,
        limits: &Limits,
    ) -> Result<Vec<f32>, ArchiveError> {
        let (width, height) = limits.image_size(self.sizes[0], self.sizes[1])?;
        let across = [0, 1, 2].map(|axis| self.sizes[axis].div_ceil(self.tile[axis]));
        let rows = across.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
        if rows != Some(self.table.rows()) {
            return Err(damaged(&format!("{} tiles where {across:?} are needed", self.table.rows())));
        }
        let pixels = (width * height) as u64;
        if pixels / MAX_EXPANSION > self.table.bytes() {
            return Err(damaged(&format!("{pixels} pixels from {} bytes", self.table.bytes())));
        }
        let depth = self.depth(plane / self.tile[2]);
        limits.image_size(self.tile[0].saturating_mul(self.tile[1]), depth)?;
        let mut image = vec![f32::NAN; width * height];
        let band_rows = image.par_chunks_mut(width * self.tile[1] as usize).enumerate();
        // Collected, so that the first damaged tile is told whatever the number of threads.
        let done: Vec<Result<(), ArchiveError>> = band_rows
            .map_init(Work::default, |work, (row, lines)| {
                let first = (plane / self.tile[2] * across[1] + row as u64) * across[0];
                self.tile_row(first, (plane, depth as usize), scaling, (work, lines))
            })
            .collect();
        done.into_iter().collect::<Result<(), _>>()?;
        Ok(image)
    }

    /// The tiles beside each other that start with row `first` of the table, into their lines of the image.
    fn tile_row(
        &self,
        first: u64,
        (plane, depth): (u64, usize),
        scaling: &Scaling,
        (work, lines): (&mut Work, &mut [f32]),
    ) -> Result<(), ArchiveError> {
        let (width, tile_width) = (self.sizes[0] as usize, self.tile[0] as usize);
        let height = lines.len() / width;
        for (row, left) in (first..).zip((0..width).step_by(tile_width)) {
            let tile_width = tile_width.min(width - left);
            let area = tile_width * height;
            self.tile_values(row, area * depth, scaling, work)?;
            let start = (plane % self.tile[2]) as usize * area;
            let values = work.values[start..start + area].chunks_exact(tile_width);
            for (line, values) in lines.chunks_exact_mut(width).zip(values) {
                line[left..left + tile_width].copy_from_slice(values);
            }
        }
        Ok(())
    }

    /// Planes of the tiles that start with plane `index * tile`.
    fn depth(&self, index: u64) -> u64 {
        self.tile[2].min(self.sizes[2].saturating_sub(index * self.tile[2]))
    }

    /// The values of one tile into `work.values`.
    fn tile_values(
        &self,
        row: u64,
        count: usize,
        scaling: &Scaling,
        work: &mut Work,
    ) -> Result<(), ArchiveError> {
        work.values.clear();
        work.stored.clear();
        let compressed = self.table.array(row, "COMPRESSED_DATA")?.unwrap_or_default();
        if compressed.is_empty() {
            return self.plain_values(row, count, scaling, work);
        }
        let real = !self.sample.is_integer();
        let scale = if real { self.scale(row)? } else { None };
        if real && scale.is_none() {
            let bytes = self.unpacked(compressed, count * self.sample.bytes())?;
            let bytes = self.unshuffled(bytes, self.sample.bytes());
            decode(&bytes, (self.sample, ByteOrder::Big), scaling, &mut work.values);
            return exactly(work.values.len(), count);
        }
        self.whole_numbers(compressed, count, &mut work.stored)?;
        exactly(work.stored.len(), count)?;
        match scale {
            Some(scale) => {
                let kind = (self.quantised, row);
                dither::restore(self.dither.as_ref(), &work.stored, (kind, scale), &mut work.values);
            }
            None => scaling.apply(&work.stored, &mut work.values),
        }
        exactly(work.values.len(), count)
    }

    /// A tile that could not be quantised: reals compressed without loss, or not compressed.
    fn plain_values(
        &self,
        row: u64,
        count: usize,
        scaling: &Scaling,
        work: &mut Work,
    ) -> Result<(), ArchiveError> {
        let kind = (self.sample, ByteOrder::Big);
        if let Some(bytes) = self.table.array(row, "GZIP_COMPRESSED_DATA")?.filter(|b| !b.is_empty()) {
            let unpacked = gunzip(bytes, count * self.sample.bytes())?;
            decode(&unpacked, kind, scaling, &mut work.values);
        } else if let Some(bytes) = self.table.array(row, "UNCOMPRESSED_DATA")? {
            decode(bytes, kind, scaling, &mut work.values);
        }
        exactly(work.values.len(), count)
    }

    fn whole_numbers(&self, bytes: &[u8], count: usize, out: &mut Vec<i32>) -> Result<(), ArchiveError> {
        match self.method {
            Method::Rice(rice) => rice.decode(bytes, count, out),
            Method::Plio => plio::decode(bytes, count, out),
            Method::Gzip | Method::GzipShuffled | Method::Nothing => {
                // Quantised reals are 32-bit numbers; others may have been narrowed.
                let unpacked = self.unpacked(bytes, count * 4)?;
                let size = unpacked.len() / count.max(1);
                let unpacked = self.unshuffled(unpacked, size);
                let words = |n: usize| unpacked.chunks_exact(n);
                match size {
                    1 => out.extend(unpacked.iter().map(|b| i32::from(*b))),
                    2 => out.extend(words(2).map(|b| i32::from(i16::from_be_bytes([b[0], b[1]])))),
                    4 => out.extend(words(4).map(|b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]))),
                    _ => return Err(damaged(&format!("a tile of {} bytes", unpacked.len()))),
                }
                Ok(())
            }
        }
    }

    fn unpacked(&self, bytes: &[u8], most: usize) -> Result<Vec<u8>, ArchiveError> {
        match self.method {
            Method::Gzip | Method::GzipShuffled => gunzip(bytes, most),
            Method::Nothing => Ok(bytes.to_vec()),
            _ => Err(damaged("reals without ZSCALE in a code for whole numbers")),
        }
    }

    fn unshuffled(&self, bytes: Vec<u8>, size: usize) -> Vec<u8> {
        if self.method != Method::GzipShuffled || size < 2 {
            return bytes;
        }
        let count = bytes.len() / size;
        (0..count * size).map(|at| bytes[at % size * count + at / size]).collect()
    }

    /// Scale and zero of a row; `None` when the image was not quantised.
    fn scale(&self, row: u64) -> Result<Option<TileScale>, ArchiveError> {
        let number = |name: &str| match self.table.number(row, name)? {
            Some(number) => Ok(Some(number)),
            None => header::number(self.cards, name),
        };
        let Some(scale) = number("ZSCALE")? else { return Ok(None) };
        let zero = number("ZZERO")?.unwrap_or(0.0);
        let blank = self.table.number(row, "ZBLANK")?.map(|n| n as i32).or(self.blank);
        Ok(Some(TileScale { scale, zero, blank: blank.or(Some(DEFAULT_BLANK)) }))
    }
}

/// Buffers that tiles share.
#[derive(Default)]
struct Work {
    stored: Vec<i32>,
    values: Vec<f32>,
}

fn exactly(found: usize, needed: usize) -> Result<(), ArchiveError> {
    if found == needed { Ok(()) } else { Err(damaged(&format!("a tile of {found} pixels, not {needed}"))) }
}

fn gunzip(bytes: &[u8], most: usize) -> Result<Vec<u8>, ArchiveError> {
    let mut out = Vec::new();
    // One byte more than needed tells a tile that is too long.
    let mut stream = flate2::read::GzDecoder::new(bytes).take(most as u64 + 1);
    stream.read_to_end(&mut out).map_err(|error| damaged(&format!("gzip: {error}")))?;
    if out.len() > most { Err(damaged("a gzip tile holds more than its pixels")) } else { Ok(out) }
}

fn method(cards: &[FitsCard]) -> Result<Method, ArchiveError> {
    let parameter = |name: &str| {
        (1..=16).find_map(|k| {
            let named = header::value(cards, &format!("ZNAME{k}")) == Some(name);
            named.then(|| whole(cards, &format!("ZVAL{k}")).ok().flatten()).flatten()
        })
    };
    match header::value(cards, "ZCMPTYPE").unwrap_or_default() {
        "RICE_1" | "RICE_ONE" => Ok(Method::Rice(Rice {
            block: parameter("BLOCKSIZE").unwrap_or(32).min(1 << 20) as usize,
            bytes_per_pixel: parameter("BYTEPIX").unwrap_or(4).min(8) as usize,
        })),
        "GZIP_1" => Ok(Method::Gzip),
        "GZIP_2" => Ok(Method::GzipShuffled),
        "PLIO_1" => Ok(Method::Plio),
        "NOCOMPRESS" => Ok(Method::Nothing),
        other => {
            Err(ArchiveError::unsupported(format!("ZCMPTYPE = {other}"), "unpack it with funpack first"))
        }
    }
}

fn quantised(cards: &[FitsCard]) -> Result<Quantised, ArchiveError> {
    match header::value(cards, "ZQUANTIZ").unwrap_or("NO_DITHER") {
        "NO_DITHER" | "NONE" => Ok(Quantised::Plain),
        "SUBTRACTIVE_DITHER_1" => Ok(Quantised::Dithered),
        "SUBTRACTIVE_DITHER_2" => Ok(Quantised::DitheredKeepingZero),
        other => {
            Err(ArchiveError::unsupported(format!("ZQUANTIZ = {other}"), "unpack it with funpack first"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fits::FitsFile;
    use crate::fits::header::tests::{header_block, image_file};

    /// Two tiles of one line of two 16-bit pixels, Rice-coded by hand: 5 5 and 6 7.
    fn file(more: &[(&str, &str)]) -> Vec<u8> {
        let mut cards = vec![
            ("BITPIX", "8"),
            ("NAXIS", "2"),
            ("NAXIS1", "8"),
            ("NAXIS2", "2"),
            ("PCOUNT", "6"),
            ("GCOUNT", "1"),
            ("TFIELDS", "1"),
            ("TTYPE1", "'COMPRESSED_DATA'"),
            ("TFORM1", "'1PB(3)'"),
            ("ZIMAGE", "T"),
            ("ZBITPIX", "16"),
            ("ZNAXIS", "2"),
            ("ZNAXIS1", "2"),
            ("ZNAXIS2", "2"),
            ("ZCMPTYPE", "'RICE_1'"),
            ("ZNAME1", "'BYTEPIX'"),
            ("ZVAL1", "2"),
            ("BZERO", "10"),
        ];
        for (key, value) in more {
            cards.retain(|(k, _)| k != key);
            cards.push((key, value));
        }
        let mut bytes = image_file(&[("BITPIX", "8"), ("NAXIS", "0")], &[]);
        bytes.extend(header_block(("XTENSION", "'BINTABLE'"), &cards));
        bytes.extend([0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3]);
        // 0000: like the one before; 0001: no low bits, differences 0 (code 1) and 1 (code 001).
        bytes.extend([0, 5, 0b0000_0000, 0, 6, 0b0001_1001]);
        bytes.resize(bytes.len().next_multiple_of(2880), 0);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<f32>, ArchiveError> {
        let file = FitsFile::parse(bytes)?;
        file.read(file.first_image()?, &Limits::default()).map(|read| read.image.into_vec())
    }

    #[test]
    fn tiles_come_to_their_places_and_are_scaled() {
        assert_eq!(read(&file(&[])).unwrap(), [15.0, 15.0, 16.0, 17.0]);
        let blank = read(&file(&[("ZBLANK", "6")])).unwrap();
        assert!(blank[2].is_nan() && blank[3] == 17.0);
        // As quantised reals: 0.5 times the number, plus 1.
        let real = [("ZBITPIX", "-32"), ("ZSCALE", "0.5"), ("ZZERO", "1"), ("BZERO", "0")];
        assert_eq!(read(&file(&real)).unwrap(), [3.5, 3.5, 4.0, 4.5]);
    }

    #[test]
    fn headers_that_cannot_be_are_refused() {
        let cases: [&[(&str, &str)]; 12] = [
            &[("ZNAXIS2", "3")],
            &[("ZNAXIS1", "9223372036854775807")],
            &[("ZNAXIS1", "100000"), ("ZNAXIS2", "2")],
            &[("ZTILE1", "0")],
            &[("ZTILE1", "1")],
            &[("ZCMPTYPE", "'HCOMPRESS_1'")],
            &[("ZNAXIS", "999")],
            &[("ZNAXIS1", "-2")],
            &[("ZQUANTIZ", "'X'")],
            &[("TFORM1", "'1PJ(3)'")],
            &[("TFORM1", "'99999999999999999999B'")],
            &[("ZBITPIX", "-32")],
        ];
        for more in cases {
            assert!(read(&file(more)).is_err(), "{more:?}");
        }
    }

    #[test]
    fn every_cut_of_a_compressed_file_is_an_error() {
        let bytes = file(&[]);
        for length in (0..bytes.len()).step_by(7) {
            assert!(read(&bytes[..length]).is_err(), "cut at {length}");
        }
        println!("{} cuts of a compressed FITS file tried", bytes.len().div_ceil(7));
    }

    proptest::proptest! {
        #[test]
        fn scrambled_files_are_survived(at in 2880usize..5800, byte in proptest::num::u8::ANY) {
            let mut bytes = file(&[]);
            bytes[at] = byte;
            let _ = read(&bytes);
        }
    }
}
