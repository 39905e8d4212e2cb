// SPDX-License-Identifier: MIT OR Apache-2.0
//! The core of a cube: where its pixels are, how they are stored, which of them are special.

use facula_core::{Quality, Raster};

use crate::isis::{REFETCH, number, word, wrong};
use crate::pds3::Label;
use crate::samples::{ByteOrder, Sample, Scaling, Special, decode, decode_flags};
use crate::{ArchiveError, Limits};

/// Names of the special pixels, in the order of [`SpecialKind::stored`].
const SPECIAL_NAMES: [&str; 5] = ["NULL", "LRS", "LIS", "HIS", "HRS"];

/// What the special pixels mean for quality, in the same order.
const SPECIAL_FLAGS: [Quality; 5] =
    [Quality::MISSING, Special::LOW, Special::LOW, Special::HIGH, Special::HIGH];

/// Layout of the core.
#[derive(Debug)]
pub(super) struct Core {
    /// Byte of the first pixel in the file of the core.
    start: u64,
    /// Samples, lines, bands.
    pub(super) sizes: [u64; 3],
    /// Width and height of a tile; whole lines for band sequential cores.
    pub(super) tile: Option<[u64; 2]>,
    pub(super) sample: Sample,
    order: ByteOrder,
    /// Stored numbers of the special pixels with the index of their kind.
    special: Vec<(f64, usize)>,
    scaling: Scaling,
    /// File of the core where it is not in the cube itself.
    pub(super) detached: Option<String>,
}

impl Core {
    pub(super) fn of(label: &Label) -> Result<Self, ArchiveError> {
        let path = |key: &str| format!("IsisCube.Core.{key}");
        let whole = |key: &str| -> Result<u64, ArchiveError> {
            let value = number(label, &path(key))?;
            let sound = value >= 1.0 && value.fract() == 0.0 && value < 9e15;
            sound.then_some(value as u64).ok_or_else(|| wrong(key, &value.to_string()))
        };
        let optional =
            |key: &str, absent: f64| label.get(&path(key)).map_or(Ok(absent), |_| number(label, &path(key)));
        let tile = match word(label, &path("Format"))? {
            "Tile" => Some([whole("TileSamples")?, whole("TileLines")?]),
            "BandSequential" => None,
            other => return Err(wrong("Format", other)),
        };
        let (sample, stored) = special_pixels(word(label, &path("Pixels.Type"))?)?;
        let scaling = Scaling {
            factor: optional("Pixels.Multiplier", 1.0)?,
            offset: optional("Pixels.Base", 0.0)?,
            special: stored
                .iter()
                .map(|(s, kind)| Special::value(*s, sample, SPECIAL_FLAGS[*kind]))
                .collect(),
            mask: None,
        };
        Ok(Self {
            start: whole("StartByte")? - 1,
            sizes: [whole("Dimensions.Samples")?, whole("Dimensions.Lines")?, whole("Dimensions.Bands")?],
            tile,
            sample,
            order: byte_order(word(label, &path("Pixels.ByteOrder"))?)?,
            special: stored,
            scaling,
            detached: label.text(&path("^Core")).map(str::to_string),
        })
    }

    /// Values and quality of a band.
    pub(super) fn read(
        &self,
        bytes: &[u8],
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let (width, height) = limits.image_size(self.sizes[0], self.sizes[1])?;
        let runs = self.runs(bytes, band, limits)?;
        let kind = (self.sample, self.order);
        let (mut values, mut flags) =
            (Vec::with_capacity(width * height), Vec::with_capacity(width * height));
        runs.each(|stored| {
            decode(stored, kind, &self.scaling, &mut values);
            decode_flags(stored, kind, &self.scaling, &mut flags);
        });
        let image = Raster::from_vec(width, height, values).expect("the runs hold every pixel once");
        let quality = Raster::from_vec(width, height, flags).expect("the runs hold every pixel once");
        Ok((image, quality))
    }

    /// How often each special pixel comes in a band, by name.
    pub(super) fn count_special(
        &self,
        bytes: &[u8],
        band: u64,
        limits: &Limits,
    ) -> Result<Vec<(&'static str, u64)>, ArchiveError> {
        let runs = self.runs(bytes, band, limits)?;
        let mut counts = [0; SPECIAL_NAMES.len()];
        // Infinite reals become NaN and meet no special pixel.
        let (plain, mut values) = (Scaling::default(), Vec::new());
        runs.each(|stored| {
            values.clear();
            decode(stored, (self.sample, self.order), &plain, &mut values);
            for value in &values {
                let kind = self.special.iter().find(|(special, _)| *special == f64::from(*value));
                kind.into_iter().for_each(|(_, kind)| counts[*kind] += 1);
            }
        });
        Ok(SPECIAL_NAMES.into_iter().zip(counts).collect())
    }

    /// The pixels of a band in the bytes of the file, once the whole core is known to be there.
    fn runs<'a>(&self, bytes: &'a [u8], band: u64, limits: &Limits) -> Result<Runs<'a>, ArchiveError> {
        let [samples, lines, bands] = self.sizes;
        let (width, height) = limits.image_size(samples, lines)?;
        if band >= bands {
            let reason = "it has to be one of the bands of the cube; the first is 0";
            return Err(ArchiveError::Argument { name: "band", value: band.to_string(), reason });
        }
        // A tile may reach beyond the image, but never be larger than any image.
        let [tile_width, tile_height] = self.tile.unwrap_or([samples, 1]);
        let (tile_width, tile_height) = limits.image_size(tile_width, tile_height)?;
        let (across, down) = (width.div_ceil(tile_width), height.div_ceil(tile_height));
        let size = self.sample.bytes();
        let per_tile = (tile_width as u64).saturating_mul(tile_height as u64).saturating_mul(size as u64);
        let per_band = per_tile.saturating_mul((across as u64).saturating_mul(down as u64));
        let needed = per_band.saturating_mul(bands);
        let held = (bytes.len() as u64).saturating_sub(self.start);
        if held < needed {
            return Err(ArchiveError::cut("the core of the cube", needed, held));
        }
        // From here on all sizes are those of slices that exist.
        let first = (self.start + band * per_band) as usize;
        let core = &bytes[first..first + per_band as usize];
        Ok(Runs { core, width, height, tile: [tile_width, tile_height], across, size })
    }
}

/// The pixels of a band; tiles stand in lines of tiles, each padded to its full size.
struct Runs<'a> {
    core: &'a [u8],
    width: usize,
    height: usize,
    tile: [usize; 2],
    across: usize,
    size: usize,
}

impl Runs<'_> {
    /// Calls `put` with the bytes of neighbouring pixels, line after line.
    fn each(&self, mut put: impl FnMut(&[u8])) {
        let [tile_width, tile_height] = self.tile;
        for line in 0..self.height {
            for column in 0..self.across {
                let tile = (line / tile_height) * self.across + column;
                let first = (tile * tile_height + line % tile_height) * tile_width * self.size;
                let count = tile_width.min(self.width - column * tile_width);
                put(&self.core[first..first + count * self.size]);
            }
        }
    }
}

/// `Lsb` or `Msb`.
pub(super) fn byte_order(word: &str) -> Result<ByteOrder, ArchiveError> {
    match word {
        "Lsb" => Ok(ByteOrder::Little),
        "Msb" => Ok(ByteOrder::Big),
        other => Err(ArchiveError::format(format!("label of the cube: ByteOrder = {other}"), REFETCH)),
    }
}

/// How a type stores numbers, and its special pixels: stored number and index of the kind.
fn special_pixels(kind: &str) -> Result<(Sample, Vec<(f64, usize)>), ArchiveError> {
    let real = |bits: u32| f64::from(f32::from_bits(bits));
    let all =
        |stored: [f64; 5]| stored.into_iter().enumerate().map(|(kind, stored)| (stored, kind)).collect();
    Ok(match kind {
        "UnsignedByte" => (Sample::U8, vec![(0.0, 0), (255.0, 4)]),
        "SignedWord" => (Sample::I16, all([-32768.0, -32767.0, -32766.0, -32765.0, -32764.0])),
        "UnsignedWord" => (Sample::U16, all([0.0, 1.0, 2.0, 65534.0, 65535.0])),
        "Real" => {
            let bits = [0xff7f_fffb, 0xff7f_fffc, 0xff7f_fffd, 0xff7f_fffe, 0xff7f_ffff];
            (Sample::F32, all(bits.map(real)))
        }
        other => {
            let what = format!("a cube of {other} samples");
            return Err(ArchiveError::unsupported(what, "convert it with cubeatt to Real"));
        }
    })
}
