// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arrays of numbers as they lie in a file: where the first one is, and how many bytes each axis steps.
//!
//! PDS3, PDS4, VICAR and ENVI all say the same in different words; each reader turns its words into a
//! [`RawArray`], and the sizes are checked against the file here.

use facula_core::{Quality, Raster};

use crate::samples::{ByteOrder, Sample, Scaling, decode, decode_flags, quality_of};
use crate::{ArchiveError, Limits};

/// An array of samples, lines and bands in the bytes of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawArray {
    pub(crate) samples: u64,
    pub(crate) lines: u64,
    pub(crate) bands: u64,
    /// Byte of the first sample.
    pub(crate) start: u64,
    /// Bytes from a sample, line, band to the next one.
    pub(crate) steps: Steps,
    /// Bytes behind the last sample that belong to the array.
    pub(crate) tail: u64,
    pub(crate) sample: Sample,
    pub(crate) order: ByteOrder,
    pub(crate) scaling: Scaling,
}

/// Bytes from one element of an axis to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) sample: u64,
    pub(crate) line: u64,
    pub(crate) band: u64,
}

/// The order in which samples, lines and bands follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interleave {
    /// Band after band (BSQ).
    Band,
    /// Line after line, all bands of it (BIL); the bytes around a line stand around each band of it.
    Line,
    /// The same, but the bytes around a line stand before its first and behind its last band.
    LineOfBands,
    /// Pixel after pixel, all bands of it (BIP).
    Pixel,
}

/// Sizes of an array whose elements follow each other without gaps but around lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packing {
    /// Samples, lines, bands.
    pub(crate) sizes: [u64; 3],
    pub(crate) sample_bytes: u64,
    pub(crate) interleave: Interleave,
    /// Bytes before and behind each stored line.
    pub(crate) around_line: [u64; 2],
}

impl Packing {
    /// The steps; `None` when they cannot be counted.
    ///
    pub(crate) fn steps(&self) -> Option<Steps> {
        let [samples, lines, bands] = self.sizes;
        let around = self.around_line[0].checked_add(self.around_line[1])?;
        let row = samples.checked_mul(self.sample_bytes)?.checked_add(around);
        Some(match self.interleave {
            Interleave::Band => {
                Steps { sample: self.sample_bytes, line: row?, band: row?.checked_mul(lines)? }
            }
            Interleave::Line => {
                Steps { sample: self.sample_bytes, line: row?.checked_mul(bands)?, band: row? }
            }
            Interleave::LineOfBands => {
                let band = samples.checked_mul(self.sample_bytes)?;
                let line = band.checked_mul(bands)?.checked_add(around)?;
                Steps { sample: self.sample_bytes, line, band }
            }
            Interleave::Pixel => {
                let pixel = self.sample_bytes.checked_mul(bands)?;
                let line = samples.checked_mul(pixel)?.checked_add(around)?;
                Steps { sample: pixel, line, band: self.sample_bytes }
            }
        })
    }
}

impl RawArray {
    /// One band with its flags.
    ///
    /// # Errors
    /// `Argument` for a band that is not there, `Format` for a file that is too short, `Limit`.
    pub(crate) fn band(
        &self,
        bytes: &[u8],
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let (width, height) = limits.image_size(self.samples, self.lines)?;
        if band >= self.bands {
            let reason = "it has to be one of the bands of the image; the first is 0";
            return Err(ArchiveError::Argument { name: "band", value: band.to_string(), reason });
        }
        self.check_length(bytes)?;
        // Everything below lies within the file, so within usize.
        let start = (self.start + band * self.steps.band) as usize;
        let kind = (self.sample, self.order);
        let mut values = Vec::with_capacity(width * height);
        self.each_run(bytes, start, |run| decode(run, kind, &self.scaling, &mut values));
        let image = Raster::from_vec(width, height, values).expect("each line gave its samples");
        if self.scaling.special.is_empty() {
            let quality = quality_of(&image);
            return Ok((image, quality));
        }
        let mut flags = Vec::with_capacity(width * height);
        self.each_run(bytes, start, |run| decode_flags(run, kind, &self.scaling, &mut flags));
        Ok((image, Raster::from_vec(width, height, flags).expect("each line gave its samples")))
    }

    /// The file has to hold the whole array, not only the band that is read.
    fn check_length(&self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let last = |count: u64, step: u64| (count - 1).checked_mul(step);
        let end = last(self.samples, self.steps.sample).and_then(|end| {
            let end = end.checked_add(last(self.lines, self.steps.line)?)?;
            let end = end.checked_add(last(self.bands, self.steps.band)?)?;
            end.checked_add(self.start)?.checked_add(self.sample.bytes() as u64)?.checked_add(self.tail)
        });
        if end.is_some_and(|end| end <= bytes.len() as u64) {
            return Ok(());
        }
        let part = format!(
            "the image of {} samples, {} lines and {} bands from byte {}",
            self.samples, self.lines, self.bands, self.start
        );
        Err(ArchiveError::cut(&part, end.unwrap_or(u64::MAX), bytes.len() as u64))
    }

    /// Calls `put` with the bytes of lines, side by side, in order.
    fn each_run(&self, bytes: &[u8], start: usize, mut put: impl FnMut(&[u8])) {
        let size = self.sample.bytes();
        let (width, height) = (self.samples as usize, self.lines as usize);
        let (step, line) = (self.steps.sample as usize, self.steps.line as usize);
        if step == size && (line == width * size || height == 1) {
            return put(&bytes[start..start + width * height * size]);
        }
        let mut gathered = Vec::new();
        for row in 0..height {
            let first = start + row * line;
            if step == size {
                put(&bytes[first..first + width * size]);
                continue;
            }
            gathered.clear();
            for column in 0..width {
                gathered.extend_from_slice(&bytes[first + column * step..][..size]);
            }
            put(&gathered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u64; 3] = [3, 2, 2];

    fn array(interleave: Interleave, around_line: [u64; 2]) -> RawArray {
        let packing = Packing { sizes: SIZES, sample_bytes: 1, interleave, around_line };
        RawArray {
            samples: SIZES[0],
            lines: SIZES[1],
            bands: SIZES[2],
            start: around_line[0],
            steps: packing.steps().unwrap(),
            tail: around_line[1],
            sample: Sample::U8,
            order: ByteOrder::Big,
            scaling: Scaling::default(),
        }
    }

    fn band(array: &RawArray, bytes: &[u8], band: u64) -> Result<Vec<f32>, ArchiveError> {
        array.band(bytes, band, &Limits::default()).map(|(image, _)| image.into_vec())
    }

    #[test]
    fn bands_lines_and_pixels_may_be_interleaved() {
        // Values 10 * band + pixel, in the order each packing stores them.
        let cases: [(Interleave, [u8; 12]); 3] = [
            (Interleave::Band, [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]),
            (Interleave::Line, [0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15]),
            (Interleave::Pixel, [0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15]),
        ];
        for (interleave, bytes) in cases {
            let array = array(interleave, [0, 0]);
            assert_eq!(band(&array, &bytes, 0).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "{interleave:?}");
            assert_eq!(band(&array, &bytes, 1).unwrap(), [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
            for length in 0..bytes.len() {
                assert!(band(&array, &bytes[..length], 0).is_err(), "{interleave:?} cut at {length}");
            }
            assert!(matches!(band(&array, &bytes, 2), Err(ArchiveError::Argument { .. })));
        }
    }

    #[test]
    fn bytes_around_lines_are_stepped_over() {
        let mut bytes = Vec::new();
        for line in [[0u8, 1, 2], [3, 4, 5], [10, 11, 12], [13, 14, 15]] {
            bytes.extend([99, 98]);
            bytes.extend(line);
            bytes.push(97);
        }
        let array = array(Interleave::Band, [2, 1]);
        assert_eq!(band(&array, &bytes, 1).unwrap(), [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        assert!(band(&array, &bytes[..bytes.len() - 1], 0).is_err());
        let lines = [99, 98, 0, 1, 2, 10, 11, 12, 97, 99, 98, 3, 4, 5, 13, 14, 15, 97];
        let array = self::array(Interleave::LineOfBands, [2, 1]);
        assert_eq!(band(&array, &lines, 1).unwrap(), [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
    }

    #[test]
    fn sizes_beyond_counting_are_refused() {
        for sizes in [[u64::MAX, 1, 1], [1 << 40, 1 << 40, 1], [1, 1, u64::MAX]] {
            for interleave in [Interleave::Band, Interleave::Line, Interleave::LineOfBands, Interleave::Pixel]
            {
                let packing = Packing { sizes, sample_bytes: 8, interleave, around_line: [0, 0] };
                let Some(steps) = packing.steps() else { continue };
                let [samples, lines, bands] = sizes;
                let absurd = RawArray { samples, lines, bands, steps, ..array(interleave, [0, 0]) };
                assert!(band(&absurd, &[0; 64], 0).is_err(), "{sizes:?} {interleave:?}");
            }
        }
        let array = RawArray { start: u64::MAX, ..array(Interleave::Band, [0, 0]) };
        assert!(band(&array, &[0; 64], 0).is_err());
    }
}
