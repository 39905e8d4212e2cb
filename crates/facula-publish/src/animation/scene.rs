// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pictures of an animation: one stretch, one size and one place for the caption for all of them.

use facula_core::{PixelPos, Raster};

use super::{AnimationFrame, AnimationOptions};
use crate::colour::{BLACK, DARK, ORANGE};
use crate::font::{Weight, width_px, wrap};
use crate::page::{Page, Picture};
use crate::place::{Mark, place_labels};
use crate::resample::{Window, resample};
use crate::stretch::Tone;
use crate::svg::{Area, Label, Stroke};
use crate::{ColourMap, PublishError};

/// Most frames and widest frame.
const FRAME_LIMIT: usize = 2000;
const WIDTH_LIMIT_PX: u32 = 1920;

/// What all frames share.
pub(super) struct Scene {
    tone: Tone,
    pub(super) width: u32,
    image_height: u32,
    caption_height: u32,
    text: f64,
}

impl Scene {
    pub(super) fn new(frames: &[AnimationFrame], options: &AnimationOptions) -> Result<Self, PublishError> {
        let hollow = |f: &AnimationFrame| f.image.width() == 0 || f.image.height() == 0;
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
        let lines = frames.iter().map(|f| broken(&f.caption, text, f64::from(width) - 2.0 * text).len());
        let lines = lines.max().unwrap_or(0).min(3) as f64;
        Ok(Self {
            tone: Tone::of(frames.iter().map(|f| &f.image), &options.stretch),
            width,
            image_height: image_height as u32,
            caption_height: if lines > 0.0 { (text * (1.35 * lines + 0.75)) as u32 } else { 0 },
            text,
        })
    }

    /// Height of a page, px.
    pub(super) fn height(&self) -> u32 {
        self.image_height + self.caption_height
    }

    /// The colours of a frame's page, three bytes a pixel.
    pub(super) fn draw(&self, frame: &AnimationFrame) -> Result<Vec<u8>, PublishError> {
        let mut page = Page::bare(self.width, self.height(), DARK);
        let (wide, high) = (frame.image.width() as f64, frame.image.height() as f64);
        let zoom = (f64::from(self.width) / wide).min(f64::from(self.image_height) / high);
        let size = ((wide * zoom).round().max(1.0), (high * zoom).round().max(1.0));
        let left = ((f64::from(self.width) - size.0) / 2.0).round();
        let top = ((f64::from(self.image_height) - size.1) / 2.0).round();
        page.place(self.picture(&frame.image, (size.0 as usize, size.1 as usize)), (left, top));
        let at = |p: PixelPos| (left + (p.x_px + 0.5) * zoom, top + (p.y_px + 0.5) * zoom);
        let area = Area::new(left, top, size.0, size.1);
        let marks = frame.marks.iter().map(|mark| Mark {
            at: at(mark.at),
            radius: (mark.radius_px * zoom).max(self.text * 0.75),
            text: mark.name.clone(),
        });
        self.marks(&mut page, &marks.filter(|m| area.holds(m.at)).collect::<Vec<_>>());
        let lines = broken(&frame.caption, self.text, f64::from(self.width) - 2.0 * self.text);
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

/// A caption in lines: broken between its parts (` · `), within a part only where it is too long.
fn broken(caption: &str, text: f64, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in caption.split(" · ") {
        let longer = lines.last().map(|line| format!("{line} · {part}"));
        match (longer.filter(|line| width_px(line, text, Weight::Regular) <= limit), lines.last_mut()) {
            (Some(longer), Some(line)) => *line = longer,
            _ => lines.extend(wrap(part, text, limit)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_break_between_their_parts() {
        let caption = "Cerealia Facula · 2015-04-15 08:31 UTC · from 22077 km · I/F 0.09743 ± 0.00007";
        let lines = broken(caption, 16.0, 448.0);
        assert_eq!(lines, [&caption[..caption.rfind(" · ").unwrap()], "I/F 0.09743 ± 0.00007"]);
        // A part that is longer than a line, and nothing at all.
        assert!(broken("one two three four five six", 16.0, 100.0).len() > 1);
        assert!(broken("", 16.0, 100.0).is_empty());
    }

    #[test]
    fn one_stretch_serves_all_frames() {
        let frame = |value| AnimationFrame {
            image: Raster::from_vec(64, 1, (0..64).map(|i| value * i as f32).collect()).unwrap(),
            caption: String::new(),
            marks: Vec::new(),
        };
        let frames = [frame(0.5), frame(1.0)];
        let scene =
            Scene::new(&frames, &AnimationOptions { width_px: 64, ..AnimationOptions::default() }).unwrap();
        let mean = |f: &AnimationFrame| scene.draw(f).unwrap().iter().map(|v| u64::from(*v)).sum::<u64>();
        assert!(mean(&frames[0]) < mean(&frames[1]));
    }
}
