// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of the file: header, GDAL's structural metadata, one directory per level.

use super::geokeys::geokeys;
use super::levels::Level;
use super::spool::Spool;
use super::statistics::Statistics;
use super::stream::CogLayout;
use super::{Codec, CogOptions, Georeference, Sample, metadata};

/// What GDAL calls the ghost area. Our tiles carry no size leader, so only the layout is promised.
const STRUCTURE: &str = "LAYOUT=IFDS_BEFORE_DATA\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// Offsets and lengths of the blocks of a level.
type Offsets = (Vec<u64>, Vec<u64>);

/// Lengths of all blocks, band after band within a level, and where each level's missing blocks point to.
pub(super) struct Places {
    /// Bytes of each block; `None` for a missing one.
    sizes: Vec<Vec<Option<u64>>>,
    /// Bytes of the block that stands for all missing ones of a level, at the level's start.
    missing_bytes: u64,
}

impl Places {
    pub(super) fn new(levels: &[Level], bands: usize, (spool, missing_bytes): (&Spool, usize)) -> Self {
        let size = |index| spool.byte_count(index).map(|bytes| bytes as u64);
        let of = |level: &Level| {
            let first = level.first * bands;
            (first..first + level.count() * bands).map(size).collect()
        };
        Self { sizes: levels.iter().map(of).collect(), missing_bytes: missing_bytes as u64 }
    }

    /// Whether blocks of a level are missing.
    pub(super) fn needs_missing(&self, level: usize) -> bool {
        self.sizes[level].iter().any(Option::is_none)
    }

    fn total(&self) -> u64 {
        let level = |index: usize| {
            let shared = if self.needs_missing(index) { self.missing_bytes } else { 0 };
            self.sizes[index].iter().flatten().sum::<u64>() + shared
        };
        (0..self.sizes.len()).map(level).sum()
    }

    /// Offsets and lengths of the blocks of each level when the smallest overview starts at `start`.
    fn offsets(&self, start: u64) -> Vec<Offsets> {
        let mut next = start;
        let mut all: Vec<_> =
            self.sizes.iter().map(|level| (Vec::with_capacity(level.len()), Vec::new())).collect();
        for (index, sizes) in self.sizes.iter().enumerate().rev() {
            let shared = next;
            next += if self.needs_missing(index) { self.missing_bytes } else { 0 };
            for size in sizes {
                all[index].0.push(if size.is_some() { next } else { shared });
                all[index].1.push(size.unwrap_or(self.missing_bytes));
                next += size.unwrap_or(0);
            }
        }
        all
    }
}

/// Width of offsets: classic TIFF up to 4 GiB, BigTIFF beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Classic,
    Big,
}

/// Everything before the first block: header, directories from full resolution to the smallest overview. Blocks then
/// follow from the smallest overview to full resolution.
pub(super) fn head<T: Sample>(
    layout: &CogLayout<T>,
    options: &CogOptions,
    levels: &[Level],
    (places, statistics): (&Places, &[Option<Statistics>]),
) -> Vec<u8> {
    let with = |format: Format| {
        let preamble = preamble(format);
        let of = |offsets: &[Offsets]| -> Vec<Directory> {
            let each = |(index, blocks)| {
                directory((layout, options, format), (&levels[index], index), blocks, statistics)
            };
            offsets.iter().enumerate().map(each).collect()
        };
        // Where blocks lie does not change how long directories are.
        let lengths = of(&places.offsets(0));
        let head_bytes = preamble.len() + lengths.iter().map(Directory::byte_count).sum::<usize>();
        (preamble, of(&places.offsets(head_bytes as u64)), head_bytes as u64)
    };
    let classic = with(Format::Classic);
    let fits = classic.2 + places.total() <= u64::from(u32::MAX);
    let (mut head, directories, _) = if fits { classic } else { with(Format::Big) };
    let count = directories.len();
    for (index, directory) in directories.iter().enumerate() {
        directory.write(&mut head, index + 1 == count);
    }
    head
}

fn preamble(format: Format) -> Vec<u8> {
    let structure = format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{STRUCTURE}", STRUCTURE.len());
    let header_bytes = if format == Format::Big { 16 } else { 8 };
    // Directories start on a word boundary (TIFF 6.0, section 2; BigTIFF: eight bytes).
    let first_directory = (header_bytes + structure.len()).next_multiple_of(header_bytes / 2);
    let mut bytes = match format {
        Format::Classic => b"II\x2a\x00".to_vec(),
        Format::Big => b"II\x2b\x00\x08\x00\x00\x00".to_vec(),
    };
    bytes.extend(format.offset(first_directory as u64));
    bytes.extend(structure.as_bytes());
    bytes.resize(first_directory, b' ');
    bytes
}

fn directory<T: Sample>(
    (layout, options, format): (&CogLayout<T>, &CogOptions, Format),
    (level, index): (&Level, usize),
    (offsets, sizes): &Offsets,
    statistics: &[Option<Statistics>],
) -> Directory {
    let bands = layout.bands.len();
    let (bits, sample_format, predictor) = T::BITS_FORMAT_PREDICTOR;
    let codec = match options.codec {
        Codec::Deflate => 8,
        Codec::Zstd => 50_000,
    };
    let mut tags = vec![
        Tag::long(254, u32::from(index > 0)), // NewSubfileType: reduced resolution
        Tag::long(256, level.width as u32),
        Tag::long(257, level.height as u32),
        Tag::Shorts(258, vec![bits; bands]),
        Tag::Shorts(259, vec![codec]), // Compression
        Tag::Shorts(262, vec![1]),     // PhotometricInterpretation: black is zero
        Tag::Shorts(277, vec![bands as u16]),
        Tag::Shorts(284, vec![if bands == 1 { 1 } else { 2 }]), // PlanarConfiguration
        Tag::Shorts(317, vec![predictor]),
        Tag::long(322, options.tile_px as u32),
        Tag::long(323, options.tile_px as u32),
        Tag::Offsets(324, offsets.clone()),
        Tag::Longs(325, sizes.iter().map(|size| *size as u32).collect()),
    ];
    if bands > 1 {
        tags.push(Tag::Shorts(338, vec![0; bands - 1])); // ExtraSamples: unspecified
    }
    tags.push(Tag::Shorts(339, vec![sample_format; bands]));
    if index == 0 {
        tags.extend(layout.georeference.iter().flat_map(place_tags));
        tags.extend(metadata::xml(layout, statistics).map(|xml| Tag::Ascii(42112, xml)));
    }
    if sample_format == 3 {
        tags.push(Tag::Ascii(42113, "nan".into()));
    } else if let Some(nodata) = layout.nodata {
        tags.push(Tag::Ascii(42113, nodata.to_string()));
    }
    Directory { tags, format }
}

fn place_tags(place: &Georeference) -> Vec<Tag> {
    let [step_m, _, west_m, _, _, north_m] = place.transform_m();
    let keys = geokeys(place.crs());
    vec![
        Tag::Doubles(33550, vec![step_m, step_m, 0.0]),
        Tag::Doubles(33922, vec![0.0, 0.0, 0.0, west_m, north_m, 0.0]),
        Tag::Shorts(34735, keys.directory),
        Tag::Doubles(34736, keys.doubles),
        Tag::Ascii(34737, keys.ascii),
    ]
}

enum Tag {
    Shorts(u16, Vec<u16>),
    Longs(u16, Vec<u32>),
    /// 4 or 8 bytes each, as the format has them.
    Offsets(u16, Vec<u64>),
    Doubles(u16, Vec<f64>),
    Ascii(u16, String),
}

impl Tag {
    fn long(id: u16, value: u32) -> Self {
        Self::Longs(id, vec![value])
    }

    /// Identifier, TIFF type, number of values, bytes.
    fn encoded(&self, format: Format) -> (u16, u16, usize, Vec<u8>) {
        match self {
            Self::Shorts(id, v) => (*id, 3, v.len(), v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Longs(id, v) => (*id, 4, v.len(), v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Doubles(id, v) => (*id, 12, v.len(), v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Offsets(id, v) => {
                let kind = if format == Format::Big { 16 } else { 4 };
                (*id, kind, v.len(), v.iter().flat_map(|x| format.offset(*x)).collect())
            }
            Self::Ascii(id, text) => {
                let bytes = [text.as_bytes(), b"\0"].concat();
                (*id, 2, bytes.len(), bytes)
            }
        }
    }
}

impl Format {
    /// An offset, or a number of values.
    fn offset(self, value: u64) -> Vec<u8> {
        match self {
            Self::Classic => (value as u32).to_le_bytes().to_vec(),
            Self::Big => value.to_le_bytes().to_vec(),
        }
    }

    /// Bytes of an offset.
    fn width(self) -> usize {
        if self == Self::Big { 8 } else { 4 }
    }
}

struct Directory {
    tags: Vec<Tag>,
    format: Format,
}

impl Directory {
    /// Bytes of the count of entries, the entries, and the place of the next directory.
    fn own_bytes(&self) -> usize {
        let width = self.format.width();
        (if self.format == Format::Big { 8 } else { 2 }) + (4 + 2 * width) * self.tags.len() + width
    }

    fn byte_count(&self) -> usize {
        let width = self.format.width();
        let outside = |tag: &Tag| match tag.encoded(self.format).3.len() {
            n if n <= width => 0,
            n => n.next_multiple_of(width / 2),
        };
        (self.own_bytes() + self.tags.iter().map(outside).sum::<usize>()).next_multiple_of(width / 2)
    }

    /// Appends the directory and, right behind it, the values that do not fit into their entries.
    fn write(&self, head: &mut Vec<u8>, last: bool) {
        let (format, width) = (self.format, self.format.width());
        let end = head.len() + self.byte_count();
        let mut outside_at = head.len() + self.own_bytes();
        let mut outside = Vec::new();
        match format {
            Format::Classic => head.extend((self.tags.len() as u16).to_le_bytes()),
            Format::Big => head.extend((self.tags.len() as u64).to_le_bytes()),
        }
        for tag in &self.tags {
            let (id, kind, count, mut bytes) = tag.encoded(format);
            head.extend(id.to_le_bytes());
            head.extend(kind.to_le_bytes());
            head.extend(format.offset(count as u64));
            if bytes.len() <= width {
                bytes.resize(width, 0);
                head.extend(bytes);
            } else {
                head.extend(format.offset(outside_at as u64));
                bytes.resize(bytes.len().next_multiple_of(width / 2), 0);
                outside_at += bytes.len();
                outside.extend(bytes);
            }
        }
        head.extend(format.offset(if last { 0 } else { end as u64 }));
        head.extend(outside);
        head.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cog::BandInfo;
    use crate::cog::levels::levels;

    fn head_of(block_bytes: u64) -> (Vec<u8>, Vec<Offsets>) {
        let layout = CogLayout::<f32>::new(1100, 600, vec![BandInfo::new("a", "")]);
        let (options, levels) = (CogOptions::default(), levels(1100, 600, 512));
        let mut sizes: Vec<Vec<_>> =
            levels.iter().map(|level| vec![Some(block_bytes); level.count()]).collect();
        sizes[1][1] = None;
        let places = Places { sizes, missing_bytes: 7 };
        let head = head(&layout, &options, &levels, (&places, &[None]));
        let offsets = places.offsets(head.len() as u64);
        (head, offsets)
    }

    #[test]
    fn the_head_ends_where_the_smallest_overview_starts_and_data_grow_to_full_resolution() {
        let (head, offsets) = head_of(100);
        assert_eq!(offsets[2].0[0] as usize, head.len());
        // The missing block of level 1 points at the level's start, where the shared block stands.
        assert_eq!((offsets[1].0[1], offsets[1].1[1]), (head.len() as u64 + 100, 7));
        assert_eq!(offsets[1].0[0], head.len() as u64 + 107);
        assert!(offsets[2].0[0] < offsets[1].0[0] && offsets[1].0[0] < offsets[0].0[0]);
        assert_eq!(&head[..4], b"II\x2a\x00");
    }

    #[test]
    fn more_than_four_gigabytes_become_a_big_tiff() {
        // 8 blocks of 1 GB.
        let (head, offsets) = head_of(1_000_000_000);
        assert_eq!(&head[..8], b"II\x2b\x00\x08\x00\x00\x00");
        assert_eq!(offsets[2].0[0] as usize, head.len());
        let first = u64::from_le_bytes(head[8..16].try_into().unwrap()) as usize;
        assert!(first.is_multiple_of(8));
        assert_eq!(u64::from_le_bytes(head[first..first + 8].try_into().unwrap()), 16);
        assert!(offsets[0].0.iter().any(|offset| *offset > u64::from(u32::MAX)));
    }

    #[test]
    fn the_structural_metadata_tells_its_own_size() {
        let text = String::from_utf8(preamble(Format::Classic)[8..].to_vec()).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let size: usize = first.split(['=', ' ']).nth(1).unwrap().parse().unwrap();
        assert!(size == STRUCTURE.len() && rest.starts_with(STRUCTURE));
    }
}
