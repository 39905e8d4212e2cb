// SPDX-License-Identifier: MIT OR Apache-2.0
//! The MP4 file around an AV1 video: one track, every picture equally long, the index in front.
//!
//! # Source
//! ISO/IEC 14496-12 (boxes), AV1 Codec ISO Media File Format Binding v1.2.0 (`av01`, `av1C`, which OBUs a sample holds).

use crate::PublishError;

/// Units of time in a second.
const TIMESCALE: u32 = 1000;
/// A unit matrix in the fixed-point numbers of a header.
const UNIT_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// Kinds of OBU: a temporal delimiter, which a sample does not hold, and the sequence header.
const TEMPORAL_DELIMITER: u8 = 2;
const SEQUENCE_HEADER: u8 = 1;

/// A compressed picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    /// Its OBUs.
    pub obus: Vec<u8>,
    /// Whether it is decoded without others.
    pub key: bool,
}

/// What the track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    pub width: u16,
    pub height: u16,
    pub delay_ms: u32,
    /// AV1 level, as its sequence header counts.
    pub level: u8,
}

/// The whole file.
pub(super) fn file(track: &Track, samples: &[Sample]) -> Result<Vec<u8>, PublishError> {
    let bare: Vec<Sample> = samples.iter().map(without_delimiter).collect();
    let header = bare.iter().find_map(|sample| obus(&sample.obus).find(|o| o.kind == SEQUENCE_HEADER));
    let header = header.map(|obu| obu.whole.to_vec()).ok_or_else(|| PublishError::Unsupported {
        what: "MP4",
        found: "video without a sequence header".into(),
    })?;
    let brands = [&b"isom"[..], &[0, 0, 2, 0], b"isom", b"av01", b"iso2", b"mp41"].concat();
    let mut bytes = boxed(b"ftyp", &brands);
    let index = |offset: usize| movie(track, &bare, (&header, offset));
    let offset = bytes.len() + index(0).len() + 8;
    bytes.extend(index(offset));
    bytes.extend(boxed(b"mdat", &bare.iter().flat_map(|s| &s.obus).copied().collect::<Vec<_>>()));
    u32::try_from(bytes.len()).map_err(|_| PublishError::Limit {
        what: "video, in bytes,",
        needed: bytes.len() as u64,
        limit: u64::from(u32::MAX),
        remedy: "make it narrower or give it fewer frames",
    })?;
    Ok(bytes)
}

/// Length, name and content.
fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
}

/// A box that begins with a version of 0 and flags.
fn full(name: &[u8; 4], flags: u32, numbers: &[u32], rest: &[u8]) -> Vec<u8> {
    boxed(name, &[&flags.to_be_bytes()[..], &words(numbers), rest].concat())
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn movie(track: &Track, samples: &[Sample], index: (&[u8], usize)) -> Vec<u8> {
    let duration = samples.len() as u32 * track.delay_ms;
    // Made and changed at 0, normal speed and volume, the next track would be 2.
    let mut numbers = vec![0, 0, TIMESCALE, duration, 0x1_0000, 0x0100_0000, 0, 0];
    numbers.extend(UNIT_MATRIX);
    numbers.extend([0, 0, 0, 0, 0, 0, 2]);
    let header = full(b"mvhd", 0, &numbers, &[]);
    // Enabled and shown; track 1.
    let mut numbers = vec![0, 0, 1, 0, duration, 0, 0, 0, 0];
    numbers.extend(UNIT_MATRIX);
    numbers.extend([u32::from(track.width) << 16, u32::from(track.height) << 16]);
    let track_header = full(b"tkhd", 3, &numbers, &[]);
    // 0x55c4 is "und": no language.
    let media_header = full(b"mdhd", 0, &[0, 0, TIMESCALE, duration, 0x55c4 << 16], &[]);
    let handler = full(b"hdlr", 0, &[0, u32::from_be_bytes(*b"vide"), 0, 0, 0], b"video\0");
    let here = full(b"dref", 0, &[1], &full(b"url ", 1, &[], &[]));
    let inside =
        [full(b"vmhd", 1, &[0, 0], &[]), boxed(b"dinf", &here), table(track, samples, index)].concat();
    let media = [media_header, handler, boxed(b"minf", &inside)].concat();
    let track = [track_header, boxed(b"mdia", &media)].concat();
    boxed(b"moov", &[header, boxed(b"trak", &track)].concat())
}

/// Kind, times, key pictures, sizes and place of the samples, which lie one behind another.
fn table(track: &Track, samples: &[Sample], (sequence, offset): (&[u8], usize)) -> Vec<u8> {
    let count = samples.len() as u32;
    let keys: Vec<u32> = (1u32..).zip(samples).filter(|(_, s)| s.key).map(|(k, _)| k).collect();
    let sizes: Vec<u32> = samples.iter().map(|sample| sample.obus.len() as u32).collect();
    let parts = [
        full(b"stsd", 0, &[1], &entry(track, sequence)),
        full(b"stts", 0, &[1, count, track.delay_ms], &[]),
        full(b"stss", 0, &[keys.len() as u32], &words(&keys)),
        full(b"stsc", 0, &[1, 1, count, 1], &[]),
        full(b"stsz", 0, &[0, count], &words(&sizes)),
        full(b"stco", 0, &[1, offset as u32], &[]),
    ];
    boxed(b"stbl", &parts.concat())
}

/// The sample entry with the configuration and the colours: BT.709 three times, limited range.
fn entry(track: &Track, sequence: &[u8]) -> Vec<u8> {
    // Marker and version 1, main profile with its level, lower tier with 8 bit and 4:2:0 of unknown siting, no delay.
    let configuration = [&[0x81, track.level & 0x1f, 0b0000_1100, 0][..], sequence].concat();
    let colours = [&b"nclx"[..], &[0, 1, 0, 1, 0, 1, 0]].concat();
    let mut content = words(&[0, 1, 0, 0, 0, 0]);
    content.extend([track.width.to_be_bytes(), track.height.to_be_bytes()].concat());
    // 72 dots an inch, one picture a sample, no name of the encoder, depth 24, no palette.
    content.extend(words(&[0x48_0000, 0x48_0000, 0]));
    content.extend(1u16.to_be_bytes());
    content.extend([0; 32]);
    content.extend([0, 24, 0xff, 0xff]);
    content.extend(boxed(b"av1C", &configuration));
    content.extend(boxed(b"colr", &colours));
    boxed(b"av01", &content)
}

/// One OBU of a stream.
struct Obu<'a> {
    kind: u8,
    whole: &'a [u8],
}

/// The OBUs of a picture, each with its size; what follows one without a size ends the list.
fn obus(mut bytes: &[u8]) -> impl Iterator<Item = Obu<'_>> {
    std::iter::from_fn(move || {
        let first = *bytes.first()?;
        let extension = usize::from(first & 4 != 0);
        let mut size = 0usize;
        let mut length = 1 + extension;
        for place in 0..8 {
            let byte = *bytes.get(length)?;
            length += 1;
            size |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let end = length.checked_add(size).filter(|_| first & 2 != 0)?;
        let whole = bytes.get(..end)?;
        bytes = &bytes[end..];
        Some(Obu { kind: first >> 3 & 15, whole })
    })
}

fn without_delimiter(sample: &Sample) -> Sample {
    let kept = obus(&sample.obus).filter(|obu| obu.kind != TEMPORAL_DELIMITER);
    Sample { obus: kept.flat_map(|obu| obu.whole.to_vec()).collect(), key: sample.key }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACK: Track = Track { width: 96, height: 64, delay_ms: 160, level: 4 };

    /// A delimiter, a sequence header of three bytes, a frame of `size` bytes.
    fn sample(size: u8, key: bool) -> Sample {
        let mut obus = vec![0x12, 0];
        if key {
            obus.extend([0x0a, 3, 7, 8, 9]);
        }
        obus.extend([0x32, size]);
        obus.extend(std::iter::repeat_n(size, usize::from(size)));
        Sample { obus, key }
    }

    /// Place of a box's content by its path, and its length.
    fn find<'a>(mut bytes: &'a [u8], path: &[&[u8; 4]]) -> &'a [u8] {
        for name in path {
            let mut at = 0;
            while &bytes[at + 4..at + 8] != *name {
                at += u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            }
            let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            bytes = &bytes[at + 8..at + length];
        }
        bytes
    }

    fn number(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    #[test]
    fn the_index_leads_to_every_sample() {
        let samples = [sample(5, true), sample(9, false), sample(2, true)];
        let bytes = file(&TRACK, &samples).unwrap();
        let table = find(&bytes, &[b"moov", b"trak", b"mdia", b"minf", b"stbl"]);
        let sizes = find(table, &[b"stsz"]);
        let mut at = number(find(table, &[b"stco"]), 8) as usize;
        for (k, sample) in samples.iter().enumerate() {
            let size = number(sizes, 12 + 4 * k) as usize;
            assert_eq!(bytes[at..at + size], sample.obus[2..], "without the delimiter");
            at += size;
        }
        assert_eq!(at, bytes.len());
        let keys = find(table, &[b"stss"]);
        assert_eq!((number(keys, 4), number(keys, 8), number(keys, 12)), (2, 1, 3));
        assert_eq!(number(find(&bytes, &[b"moov", b"mvhd"]), 16), 3 * 160);
    }

    #[test]
    fn the_configuration_repeats_the_sequence_header_and_the_colours_are_told() {
        let bytes = file(&TRACK, &[sample(5, true)]).unwrap();
        let entry = find(&bytes, &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"]);
        let entry = &find(&entry[8..], &[b"av01"])[78..];
        assert_eq!(find(entry, &[b"av1C"]), [0x81, 4, 12, 0, 0x0a, 3, 7, 8, 9]);
        assert_eq!(find(entry, &[b"colr"]), b"nclx\0\x01\0\x01\0\x01\0");
    }

    #[test]
    fn a_stream_without_a_sequence_header_or_cut_short_is_refused_or_shortened_without_panic() {
        assert!(file(&TRACK, &[sample(5, false)]).is_err());
        let whole = sample(9, true).obus;
        for cut in 0..whole.len() {
            let kept: usize = obus(&whole[..cut]).map(|obu| obu.whole.len()).sum();
            assert!(kept <= cut);
        }
        assert_eq!(obus(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).count(), 0);
    }
}
