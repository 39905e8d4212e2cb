// SPDX-License-Identifier: MIT OR Apache-2.0
//! The animation: frames with marks and captions, as an endless GIF or as an AV1 video in MP4. Both show the same
//! pictures with one stretch for all of them, so that a change of brightness on the screen is one on the body.

mod gif_file;
mod mp4;
mod scene;
mod video;
mod yuv;

use facula_core::{PixelPos, Raster};

use crate::PublishError;
use crate::stretch::Stretch;

/// One frame of an animation.
#[derive(Debug, Clone)]
pub struct AnimationFrame {
    /// The image, I/F; NaN is no data.
    pub image: Raster<f32>,
    /// Burnt in below, three lines at most.
    pub caption: String,
    /// Places in the image.
    pub marks: Vec<AnimationMark>,
}

/// A ring in a frame, with or without a name.
#[derive(Debug, Clone, PartialEq)]
pub struct AnimationMark {
    /// Its middle, in the image's pixels.
    pub at: PixelPos,
    /// Radius of the ring in the image's pixels; a ring too small to see is drawn larger.
    pub radius_px: f64,
    /// The name; nothing is written when empty.
    pub name: String,
}

impl AnimationMark {
    /// The smallest ring, with a name.
    pub fn named(at: PixelPos, name: impl Into<String>) -> Self {
        Self { at, radius_px: 0.0, name: name.into() }
    }
}

/// What kind of file an animation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AnimationFormat {
    /// Endless, at most 248 colours, played everywhere.
    #[default]
    Gif,
    /// AV1 video, all colours and a tenth of the size; played by browsers, VLC, ffmpeg and systems from about 2020 on.
    Mp4,
}

impl AnimationFormat {
    /// Ending of the file's name: `gif` or `mp4`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Mp4 => "mp4",
        }
    }

    /// The format an ending of a file name stands for.
    pub fn of_extension(extension: &str) -> Option<Self> {
        [Self::Gif, Self::Mp4].into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }
}

/// How the animation is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnimationOptions {
    /// Width, px, 64 to 1920; a video is made one wider or higher where that is odd.
    pub width_px: u32,
    /// Time each frame stays, ms, at least 20; GIF counts in 10 ms.
    pub delay_ms: u32,
    /// Display stretch, found over all frames together.
    pub stretch: Stretch,
    /// Largest file; a GIF gets fewer greys, a video coarser steps until it fits.
    pub max_bytes: usize,
}

impl Default for AnimationOptions {
    fn default() -> Self {
        Self { width_px: 480, delay_ms: 250, stretch: Stretch::default(), max_bytes: 3_000_000 }
    }
}

/// The frames as a file of the format asked for: [`terminator_gif`] or [`terminator_mp4`].
///
/// # Errors
/// What those say.
pub fn terminator_animation(
    format: AnimationFormat,
    frames: &[AnimationFrame],
    options: &AnimationOptions,
) -> Result<Vec<u8>, PublishError> {
    match format {
        AnimationFormat::Gif => terminator_gif(frames, options),
        AnimationFormat::Mp4 => terminator_mp4(frames, options),
    }
}

/// The frames as an animated GIF that loops for ever. Frames of another shape than the first are fitted into its box.
///
/// # Errors
/// `Argument` without frames or with one without pixels, `Limit` when a size is out of range or the file would be
/// larger than allowed even with few greys.
pub fn terminator_gif(
    frames: &[AnimationFrame],
    options: &AnimationOptions,
) -> Result<Vec<u8>, PublishError> {
    gif_file::write(&scene::Scene::new(frames, options)?, frames, options)
}

/// The frames as an AV1 video in an MP4 file: 8 bit, 4:2:0, BT.709 with limited range, a key frame every 24 frames. The
/// pictures are those of [`terminator_gif`] before it reduces their colours. Same bytes under any number of threads.
///
/// # Errors
/// `Argument` without frames or with one without pixels, `Limit` when a size is out of range or the file would be
/// larger than allowed even with coarse steps.
pub fn terminator_mp4(
    frames: &[AnimationFrame],
    options: &AnimationOptions,
) -> Result<Vec<u8>, PublishError> {
    video::write(&scene::Scene::new(frames, options)?, frames, options)
}

/// The file is too large at the coarsest.
fn too_large(bytes: usize, options: &AnimationOptions) -> PublishError {
    PublishError::Limit {
        what: "animation, in bytes,",
        needed: bytes as u64,
        limit: options.max_bytes as u64,
        remedy: "make it narrower or give it fewer frames",
    }
}
