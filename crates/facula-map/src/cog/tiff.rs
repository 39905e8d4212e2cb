// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of the file: header, GDAL's structural metadata, one directory per level.

use super::geokeys::geokeys;
use super::pyramid::EncodedLevel;
use super::{CogImage, CogOptions, Pixels, metadata};
use crate::MapError;

/// What GDAL calls the ghost area. Our tiles carry no size leader, so only the layout is promised.
const STRUCTURE: &str = "LAYOUT=IFDS_BEFORE_DATA\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// Everything before the first tile.
pub(super) struct Head {
    /// Bytes from the start of the file to the first tile.
    pub head: Vec<u8>,
}

/// Lays out the file: directories from full resolution to the smallest overview, then tiles from the smallest
/// overview to full resolution.
pub(super) fn assemble(
    image: &CogImage<'_>,
    options: &CogOptions,
    levels: &[EncodedLevel],
) -> Result<Head, MapError> {
    let preamble = preamble();
    let directories: Vec<Directory> =
        (0..levels.len()).map(|index| directory(image, options, (levels, index))).collect();
    let head_bytes = preamble.len() + directories.iter().map(Directory::byte_count).sum::<usize>();
    let data_bytes: u64 = levels.iter().flat_map(|l| &l.tiles).map(|t| t.len() as u64).sum();
    let needed = head_bytes as u64 + data_bytes;
    if needed > u64::from(u32::MAX) {
        let limit = u64::from(u32::MAX);
        let remedy = "write a smaller window or a coarser grid (BigTIFF is not written)";
        return Err(MapError::Limit { what: "a classic TIFF file, in bytes,", needed, limit, remedy });
    }
    let mut head = preamble;
    let offsets = tile_offsets(levels, head_bytes);
    for (index, mut directory) in directories.into_iter().enumerate() {
        directory.set_tile_offsets(&offsets[index]);
        directory.write(&mut head, index + 1 == levels.len());
    }
    Ok(Head { head })
}

fn preamble() -> Vec<u8> {
    let structure = format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{STRUCTURE}", STRUCTURE.len());
    // Directories start on a word boundary (TIFF 6.0, section 2).
    let first_directory = (8 + structure.len()).next_multiple_of(2);
    let mut bytes = b"II\x2a\x00".to_vec();
    bytes.extend((first_directory as u32).to_le_bytes());
    bytes.extend(structure.as_bytes());
    bytes.resize(first_directory, b' ');
    bytes
}

fn tile_offsets(levels: &[EncodedLevel], start: usize) -> Vec<Vec<u32>> {
    let mut next = start;
    let mut offsets = vec![Vec::new(); levels.len()];
    for (index, level) in levels.iter().enumerate().rev() {
        for tile in &level.tiles {
            offsets[index].push(next as u32);
            next += tile.len();
        }
    }
    offsets
}

fn directory(
    image: &CogImage<'_>,
    options: &CogOptions,
    (levels, index): (&[EncodedLevel], usize),
) -> Directory {
    let level = &levels[index];
    let bands = image.bands.len();
    let (bits, format, predictor) = match image.bands[0].pixels {
        Pixels::F32(_) => (32, 3, 3),
        Pixels::U16(_) => (16, 1, 2),
        Pixels::U8(_) => (8, 1, 2),
    };
    let sizes = level.tiles.iter().map(|tile| tile.len() as u32).collect();
    let mut tags = vec![
        Tag::long(254, u32::from(index > 0)), // NewSubfileType: reduced resolution
        Tag::long(256, level.width as u32),
        Tag::long(257, level.height as u32),
        Tag::Shorts(258, vec![bits; bands]),
        Tag::Shorts(259, vec![8]), // Compression: deflate
        Tag::Shorts(262, vec![1]), // PhotometricInterpretation: black is zero
        Tag::Shorts(277, vec![bands as u16]),
        Tag::Shorts(284, vec![if bands == 1 { 1 } else { 2 }]), // PlanarConfiguration
        Tag::Shorts(317, vec![predictor]),
        Tag::long(322, options.tile_px as u32),
        Tag::long(323, options.tile_px as u32),
        Tag::Longs(TILE_OFFSETS, vec![0; level.tiles.len()]),
        Tag::Longs(325, sizes),
    ];
    if bands > 1 {
        tags.push(Tag::Shorts(338, vec![0; bands - 1])); // ExtraSamples: unspecified
    }
    tags.push(Tag::Shorts(339, vec![format; bands]));
    if index == 0 {
        tags.extend(place_tags(image));
        tags.extend(metadata::xml(image).map(|xml| Tag::Ascii(42112, xml)));
    }
    if let Pixels::F32(_) = image.bands[0].pixels {
        tags.push(Tag::Ascii(42113, "nan".into()));
    }
    Directory { tags }
}

fn place_tags(image: &CogImage<'_>) -> Vec<Tag> {
    let Some(place) = &image.georeference else { return Vec::new() };
    let [step_m, _, west_m, _, _, north_m] = place.crs.transform_m(&place.grid);
    let keys = geokeys(&place.crs);
    vec![
        Tag::Doubles(33550, vec![step_m, step_m, 0.0]),
        Tag::Doubles(33922, vec![0.0, 0.0, 0.0, west_m, north_m, 0.0]),
        Tag::Shorts(34735, keys.directory),
        Tag::Doubles(34736, keys.doubles),
        Tag::Ascii(34737, keys.ascii),
    ]
}

const TILE_OFFSETS: u16 = 324;

enum Tag {
    Shorts(u16, Vec<u16>),
    Longs(u16, Vec<u32>),
    Doubles(u16, Vec<f64>),
    Ascii(u16, String),
}

impl Tag {
    fn long(id: u16, value: u32) -> Self {
        Self::Longs(id, vec![value])
    }

    /// Identifier, TIFF type, number of values, bytes.
    fn encoded(&self) -> (u16, u16, u32, Vec<u8>) {
        match self {
            Self::Shorts(id, v) => (*id, 3, v.len() as u32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Longs(id, v) => (*id, 4, v.len() as u32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Self::Doubles(id, v) => {
                (*id, 12, v.len() as u32, v.iter().flat_map(|x| x.to_le_bytes()).collect())
            }
            Self::Ascii(id, text) => {
                let bytes = [text.as_bytes(), b"\0"].concat();
                (*id, 2, bytes.len() as u32, bytes)
            }
        }
    }
}

struct Directory {
    tags: Vec<Tag>,
}

impl Directory {
    fn own_bytes(&self) -> usize {
        2 + 12 * self.tags.len() + 4
    }

    fn byte_count(&self) -> usize {
        let outside = |tag: &Tag| match tag.encoded().3.len() {
            0..=4 => 0,
            n => n.next_multiple_of(2),
        };
        self.own_bytes() + self.tags.iter().map(outside).sum::<usize>()
    }

    fn set_tile_offsets(&mut self, offsets: &[u32]) {
        for tag in &mut self.tags {
            if let Tag::Longs(TILE_OFFSETS, values) = tag {
                values.copy_from_slice(offsets);
            }
        }
    }

    /// Appends the directory and, right behind it, the values that do not fit into their entries.
    fn write(&self, head: &mut Vec<u8>, last: bool) {
        let end = head.len() + self.byte_count();
        let mut outside_at = head.len() + self.own_bytes();
        let mut outside = Vec::new();
        head.extend((self.tags.len() as u16).to_le_bytes());
        for tag in &self.tags {
            let (id, kind, count, mut bytes) = tag.encoded();
            head.extend(id.to_le_bytes());
            head.extend(kind.to_le_bytes());
            head.extend(count.to_le_bytes());
            if bytes.len() <= 4 {
                bytes.resize(4, 0);
                head.extend(bytes);
            } else {
                head.extend((outside_at as u32).to_le_bytes());
                bytes.resize(bytes.len().next_multiple_of(2), 0);
                outside_at += bytes.len();
                outside.extend(bytes);
            }
        }
        head.extend(if last { 0 } else { end as u32 }.to_le_bytes());
        head.extend(outside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cog::{Band, pyramid};
    use facula_core::Raster;

    #[test]
    fn the_head_ends_where_the_smallest_overview_starts_and_data_grow_to_full_resolution() {
        let raster = Raster::filled(1100, 600, 1.5f32);
        let image = CogImage {
            georeference: None,
            bands: vec![Band::new("a", "", Pixels::F32(&raster))],
            metadata: vec![],
        };
        let options = CogOptions::default();
        let levels = pyramid::encode(&raster, Default::default(), &options);
        let head = assemble(&image, &options, &levels).unwrap().head;
        let offsets = tile_offsets(&levels, head.len());
        assert_eq!(offsets[2][0] as usize, head.len());
        assert!(offsets[2][0] < offsets[1][0] && offsets[1][0] < offsets[0][0]);
        assert_eq!(&head[..4], b"II\x2a\x00");
    }

    #[test]
    fn the_structural_metadata_tells_its_own_size() {
        let text = String::from_utf8(preamble()[8..].to_vec()).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let size: usize = first.split(['=', ' ']).nth(1).unwrap().parse().unwrap();
        assert!(size == STRUCTURE.len() && rest.starts_with(STRUCTURE));
    }

    #[test]
    fn more_than_four_gigabytes_are_a_clear_limit() {
        let raster = Raster::filled(16, 16, 0u8);
        let image = CogImage {
            georeference: None,
            bands: vec![Band::new("a", "", Pixels::U8(&raster))],
            metadata: vec![],
        };
        // Lengths are all that counts; zeroed pages are never touched, so this costs no memory.
        let tiles = (0..5).map(|_| vec![0u8; 1 << 30]).collect();
        let levels = [EncodedLevel { width: 16, height: 16, tiles }];
        let error = assemble(&image, &CogOptions::default(), &levels).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("4294967295"), "{error}");
    }
}
