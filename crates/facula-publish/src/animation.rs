// SPDX-License-Identifier: MIT OR Apache-2.0
//! The animation: frames with marks and captions as an endless GIF, one stretch for all of them, so that a change of
//! brightness on the screen is one on the body.

use facula_core::{PixelPos, Raster};
use rayon::prelude::*;

use crate::colour::{BLACK, DARK, ORANGE, Rgb};
use crate::font::wrap;
use crate::page::{Page, Picture};
use crate::place::{Mark, place_labels};
use crate::resample::{Window, resample};
use crate::stretch::{Stretch, Tone};
use crate::svg::{Area, Label, Stroke};
use crate::{ColourMap, PublishError};

/// Steps from black to the colour of the marks; the greys come before them in the palette.
const ACCENTS: usize = 24;
/// Difference between the channels from which a colour counts as having a hue.
const HUE: usize = 28;
/// Numbers of greys tried until the file is small enough, the finest first.
const GREYS: [usize; 7] = [224, 128, 96, 64, 48, 32, 20];
/// Most frames and widest frame.
const FRAME_LIMIT: usize = 2000;
const WIDTH_LIMIT_PX: u32 = 1920;

/// One frame.
#[derive(Debug, Clone)]
pub struct GifFrame {
    /// The image, I/F; NaN is no data.
    pub image: Raster<f32>,
    /// One line burnt in below.
    pub caption: String,
    /// Named places in the image's pixels.
    pub marks: Vec<(PixelPos, String)>,
}

/// How the animation is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GifOptions {
    /// Width, px, 64 to 1920.
    pub width_px: u32,
    /// Time each frame stays, ms; the format counts in 10 ms and shows nothing shorter than 20.
    pub delay_ms: u32,
    /// Display stretch, found over all frames together.
    pub stretch: Stretch,
    /// Largest file; the number of greys is lowered until it fits.
    pub max_bytes: usize,
}

impl Default for GifOptions {
    fn default() -> Self {
        Self { width_px: 480, delay_ms: 250, stretch: Stretch::default(), max_bytes: 3_000_000 }
    }
}

/// The frames as an animated GIF that loops for ever. Frames of another shape than the first are fitted into its box.
///
/// # Errors
/// `Argument` without frames or with one without pixels, `Limit` when a size is out of range or the file would be
/// larger than allowed even with few greys.
pub fn terminator_gif(frames: &[GifFrame], options: &GifOptions) -> Result<Vec<u8>, PublishError> {
    let scene = Scene::new(frames, options)?;
    let drawn = frames.par_iter().map(|frame| scene.draw(frame)).collect::<Result<Vec<_>, _>>()?;
    let mut smallest = 0;
    for greys in GREYS {
        let bytes = encode(&drawn, &scene, (greys, options.delay_ms))?;
        if bytes.len() <= options.max_bytes {
            return Ok(bytes);
        }
        smallest = bytes.len();
    }
    Err(PublishError::Limit {
        what: "animation, in bytes,",
        needed: smallest as u64,
        limit: options.max_bytes as u64,
        remedy: "make it narrower or give it fewer frames",
    })
}

/// What all frames share.
struct Scene {
    tone: Tone,
    width: u32,
    image_height: u32,
    caption_height: u32,
    text: f64,
}

impl Scene {
    fn new(frames: &[GifFrame], options: &GifOptions) -> Result<Self, PublishError> {
        let hollow = |f: &GifFrame| f.image.width() == 0 || f.image.height() == 0;
        let Some(first) = frames.first().filter(|_| !frames.iter().any(hollow)) else {
            return Err(PublishError::Argument {
                what: "frames of the animation",
                found: format!("{} frames, or one without pixels", frames.len()),
                remedy: "leave the animation out when there is no frame",
            });
        };
        if frames.len() > FRAME_LIMIT || !(64..=WIDTH_LIMIT_PX).contains(&options.width_px) {
            return Err(PublishError::Limit {
                what: "animation, in frames times pixels of width,",
                needed: frames.len() as u64 * u64::from(options.width_px),
                limit: FRAME_LIMIT as u64 * u64::from(WIDTH_LIMIT_PX),
                remedy: "give at most 2000 frames and a width of 64 to 1920 px",
            });
        }
        let width = options.width_px;
        let aspect = first.image.height() as f64 / first.image.width() as f64;
        let image_height = (f64::from(width) * aspect).round().clamp(16.0, 2.0 * f64::from(width));
        let text = (f64::from(width) / 30.0).clamp(12.0, 30.0).round();
        let lines = frames.iter().map(|f| wrap(&f.caption, text, f64::from(width) - 2.0 * text).len());
        let lines = lines.max().unwrap_or(0).min(3) as f64;
        Ok(Self {
            tone: Tone::of(frames.iter().map(|f| &f.image), &options.stretch),
            width,
            image_height: image_height as u32,
            caption_height: if lines > 0.0 { (text * (1.35 * lines + 0.75)) as u32 } else { 0 },
            text,
        })
    }

    /// The colours of a frame's page.
    fn draw(&self, frame: &GifFrame) -> Result<Vec<u8>, PublishError> {
        let mut page = Page::bare(self.width, self.image_height + self.caption_height, DARK);
        let (wide, high) = (frame.image.width() as f64, frame.image.height() as f64);
        let zoom = (f64::from(self.width) / wide).min(f64::from(self.image_height) / high);
        let size = ((wide * zoom).round().max(1.0), (high * zoom).round().max(1.0));
        let left = ((f64::from(self.width) - size.0) / 2.0).round();
        let top = ((f64::from(self.image_height) - size.1) / 2.0).round();
        page.place(self.picture(&frame.image, (size.0 as usize, size.1 as usize)), (left, top));
        let at = |p: PixelPos| (left + (p.x_px + 0.5) * zoom, top + (p.y_px + 0.5) * zoom);
        let area = Area::new(left, top, size.0, size.1);
        let marks = frame.marks.iter().map(|(place, text)| Mark {
            at: at(*place),
            radius: self.text * 0.75,
            text: text.clone(),
        });
        self.marks(&mut page, &marks.filter(|m| area.holds(m.at)).collect::<Vec<_>>());
        let lines = wrap(&frame.caption, self.text, f64::from(self.width) - 2.0 * self.text);
        for (index, line) in lines.iter().take(3).enumerate() {
            let y = f64::from(self.image_height) + self.text * (1.3 + 1.35 * index as f64);
            page.svg.text(&Label::new(line, (self.text, y), self.text).colour(DARK.ink));
        }
        Ok(page.pixels()?.0)
    }

    fn picture(&self, image: &Raster<f32>, size: (usize, usize)) -> Picture {
        let values = resample(image, Window::whole(image), size);
        let colour = |value: &f32| match self.tone.brightness(*value) {
            brightness if brightness.is_nan() => [36; 3],
            brightness => ColourMap::Grey.colour(brightness),
        };
        Picture { width: size.0, rgb: values.as_slice().iter().map(colour).collect() }
    }

    fn marks(&self, page: &mut Page, marks: &[Mark]) {
        let bounds = Area::new(0.0, 0.0, f64::from(self.width), f64::from(self.image_height)).inset(4.0);
        for (mark, spot) in marks.iter().zip(place_labels(marks, self.text, bounds)) {
            page.svg.ring(mark.at, mark.radius, Stroke::solid(ORANGE, 1.5));
            if let Some(spot) = spot {
                let label = Label::new(&mark.text, spot.at, self.text).bold().anchor(spot.anchor);
                page.svg.text(&label.colour(ORANGE).halo(BLACK));
            }
        }
    }
}

fn encode(
    drawn: &[Vec<u8>],
    scene: &Scene,
    (greys, delay_ms): (usize, u32),
) -> Result<Vec<u8>, PublishError> {
    let fault = PublishError::encoder("GIF");
    let (width, height) = (scene.width as u16, (scene.image_height + scene.caption_height) as u16);
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette(greys)).map_err(|e| fault(&e))?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(|e| fault(&e))?;
    let delay = (delay_ms.saturating_add(5) / 10).clamp(2, u32::from(u16::MAX)) as u16;
    // Compressed side by side, written in order.
    let compressed = drawn.par_iter().map(|rgb| {
        let indices: Vec<u8> = rgb.chunks_exact(3).map(|c| index([c[0], c[1], c[2]], greys)).collect();
        let mut frame = gif::Frame::from_indexed_pixels(width, height, indices, None);
        frame.delay = delay;
        frame.make_lzw_pre_encoded();
        frame
    });
    for frame in compressed.collect::<Vec<_>>() {
        encoder.write_lzw_pre_encoded_frame(&frame).map_err(|e| fault(&e))?;
    }
    drop(encoder);
    Ok(bytes)
}

/// Greys from black to white, then steps from black to orange.
fn palette(greys: usize) -> Vec<u8> {
    let grey = (0..greys).map(|i| [((i * 255 + greys / 2) / (greys - 1)) as u8; 3]);
    let accent = (1..=ACCENTS).map(|i| ORANGE.map(|c| (usize::from(c) * i / ACCENTS) as u8));
    grey.chain(accent).flatten().collect()
}

/// The palette entry for a colour of the page: greys by brightness, anything with a hue by its red.
fn index(colour: Rgb, greys: usize) -> u8 {
    let [r, g, b] = colour.map(usize::from);
    let spread = r.max(g).max(b) - r.min(g).min(b);
    if spread < HUE {
        let brightness = (r + 2 * g + b) / 4;
        ((brightness * (greys - 1) + 127) / 255) as u8
    } else {
        let step = (r * ACCENTS).div_ceil(usize::from(ORANGE[0])).clamp(1, ACCENTS);
        (greys + step - 1) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_palette_entry_stands_for_itself() {
        for greys in GREYS {
            let colours = palette(greys);
            assert!(colours.len() <= 3 * 256);
            // The darkest accents are as good as grey.
            let told = |c: &[u8]| c[0] == c[2] || c[0] - c[2] >= HUE as u8;
            for (i, c) in colours.chunks(3).enumerate().filter(|(_, c)| told(c)) {
                let got = usize::from(index([c[0], c[1], c[2]], greys));
                assert_eq!(got, i, "{greys} greys, {c:?}");
            }
        }
    }

    #[test]
    fn one_stretch_serves_all_frames() {
        let frame = |value| GifFrame {
            image: Raster::from_vec(64, 1, (0..64).map(|i| value * i as f32).collect()).unwrap(),
            caption: String::new(),
            marks: Vec::new(),
        };
        let frames = [frame(0.5), frame(1.0)];
        let scene = Scene::new(&frames, &GifOptions { width_px: 64, ..GifOptions::default() }).unwrap();
        let mean = |f: &GifFrame| scene.draw(f).unwrap().iter().map(|v| u64::from(*v)).sum::<u64>();
        assert!(mean(&frames[0]) < mean(&frames[1]));
    }
}
