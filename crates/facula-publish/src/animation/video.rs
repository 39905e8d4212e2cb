// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures to AV1. Groups of frames are compressed side by side, each from a key frame on and each on one thread, so
//! that the bytes do not depend on the number of threads and only a few groups are in memory at a time.

use rav1e::prelude::{
    ChromaSampling, ColorDescription, ColorPrimaries, EncoderConfig, EncoderStatus, FrameType,
    MatrixCoefficients, PixelRange, Rational, SceneDetectionSpeed, TransferCharacteristics,
};
use rayon::prelude::*;

use super::mp4::{Sample, Track, file};
use super::scene::Scene;
use super::yuv::{Planes, planes};
use super::{AnimationFrame, AnimationOptions, too_large};
use crate::PublishError;

/// Frames from a key frame to the next.
const GROUP: usize = 24;
/// The encoder's trade of time for size, 0 to 10. Of 30 frames of 402 x 428 pixels 9 with pictures sent out of order makes 42 kB
/// in 9.7 s of one core, 10 in order 76 kB in 4.1 s, the GIF has 702 kB.
const SPEED: u8 = 10;
/// Base quantisers tried until the file is small enough, of 255; the finest first.
const QUANTISERS: [usize; 4] = [60, 100, 150, 210];
/// Shortest time a frame stays, ms.
const SHORTEST_MS: u32 = 20;
/// A level of the format.
struct Level {
    /// Its number in the stream.
    number: u8,
    /// Widest and highest picture, px.
    size: [u16; 2],
    /// Most pixels of a picture, and of the pictures of a second.
    area: u64,
    pace: u64,
}

/// The levels an animation can have, the lowest first.
///
/// # Source
/// AV1 Bitstream & Decoding Process Specification, annex A.3: levels 2.1, 3.0, 3.1, 4.0, 4.1, 5.0, 5.1.
const LEVELS: [Level; 7] = [
    Level { number: 1, size: [2816, 1584], area: 278_784, pace: 8_363_520 },
    Level { number: 4, size: [4352, 2448], area: 665_856, pace: 19_975_680 },
    Level { number: 5, size: [5504, 3096], area: 1_065_024, pace: 31_950_720 },
    Level { number: 8, size: [6144, 3456], area: 2_359_296, pace: 70_778_880 },
    Level { number: 9, size: [6144, 3456], area: 2_359_296, pace: 141_557_760 },
    Level { number: 12, size: [8192, 4352], area: 8_912_896, pace: 267_386_880 },
    Level { number: 13, size: [8192, 4352], area: 8_912_896, pace: 534_773_760 },
];

/// The file, as fine as fits.
pub(super) fn write(
    scene: &Scene,
    frames: &[AnimationFrame],
    options: &AnimationOptions,
) -> Result<Vec<u8>, PublishError> {
    let even = |size: u32| size.next_multiple_of(2) as u16;
    let (width, height) = (even(scene.width), even(scene.height()));
    let delay_ms = options.delay_ms.clamp(SHORTEST_MS, 1_000_000);
    let track = Track { width, height, delay_ms, level: level((width, height), delay_ms) };
    let mut smallest = 0;
    for quantiser in QUANTISERS {
        let group = |group: &[AnimationFrame]| encode(scene, group, &settings(&track, quantiser));
        let groups = frames.par_chunks(GROUP).map(group).collect::<Result<Vec<_>, _>>()?;
        let bytes = file(&track, &groups.concat())?;
        if bytes.len() <= options.max_bytes {
            return Ok(bytes);
        }
        smallest = bytes.len();
    }
    Err(too_large(smallest, options))
}

/// The lowest level that allows pictures of this size at this pace.
fn level((width, height): (u16, u16), delay_ms: u32) -> u8 {
    let area = u64::from(width) * u64::from(height);
    let pace = area * 1000 / u64::from(delay_ms);
    let fits = |level: &&Level| {
        width <= level.size[0] && height <= level.size[1] && area <= level.area && pace <= level.pace
    };
    LEVELS.iter().find(fits).map_or(13, |level| level.number)
}

fn settings(track: &Track, quantizer: usize) -> EncoderConfig {
    let colours = ColorDescription {
        color_primaries: ColorPrimaries::BT709,
        transfer_characteristics: TransferCharacteristics::BT709,
        matrix_coefficients: MatrixCoefficients::BT709,
    };
    let mut preset = EncoderConfig::with_speed_preset(SPEED);
    // Key frames come where the groups begin and nowhere else.
    preset.speed_settings.scene_detection_mode = SceneDetectionSpeed::None;
    EncoderConfig {
        width: usize::from(track.width),
        height: usize::from(track.height),
        time_base: Rational::new(u64::from(track.delay_ms), 1000),
        chroma_sampling: ChromaSampling::Cs420,
        pixel_range: PixelRange::Limited,
        color_description: Some(colours),
        level_idx: Some(track.level),
        low_latency: true,
        min_key_frame_interval: GROUP as u64,
        max_key_frame_interval: GROUP as u64,
        quantizer,
        ..preset
    }
}

/// One group of frames, in the order they are shown.
fn encode(
    scene: &Scene,
    frames: &[AnimationFrame],
    settings: &EncoderConfig,
) -> Result<Vec<Sample>, PublishError> {
    let fault = PublishError::encoder("AV1");
    let config = rav1e::Config::new().with_encoder_config(settings.clone()).with_threads(1);
    let mut encoder: rav1e::Context<u8> = config.new_context().map_err(|e| fault(&e))?;
    for frame in frames {
        let Planes { width, luma, chroma, .. } = planes(&scene.draw(frame)?, scene.width as usize);
        let mut picture = encoder.new_frame();
        picture.planes[0].copy_from_raw_u8(&luma, width, 1);
        for (plane, values) in picture.planes[1..].iter_mut().zip(&chroma) {
            plane.copy_from_raw_u8(values, width / 2, 1);
        }
        encoder.send_frame(picture).map_err(|e| fault(&e))?;
    }
    encoder.flush();
    let mut samples = Vec::with_capacity(frames.len());
    loop {
        match encoder.receive_packet() {
            Ok(packet) => {
                samples.push(Sample { obus: packet.data, key: packet.frame_type == FrameType::KEY });
            }
            Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::LimitReached) => return Ok(samples),
            Err(status) => return Err(fault(&status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_specification() {
        // A survey's at 4 a second, full HD at 25 and at 50 a second.
        assert_eq!(level((480, 536), 250), 1);
        assert_eq!(level((1920, 1080), 40), 8);
        assert_eq!(level((1920, 1080), 20), 9);
        assert_eq!(level((1920, 3900), 250), 12);
        // Narrow but high.
        assert_eq!(level((64, 2000), 250), 4);
    }
}
