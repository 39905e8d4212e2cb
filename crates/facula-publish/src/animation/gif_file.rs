// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pictures to a GIF with one palette: greys, and steps to the colour of the marks.

use rayon::prelude::*;

use super::scene::Scene;
use super::{AnimationFrame, AnimationOptions, too_large};
use crate::PublishError;
use crate::colour::{ORANGE, Rgb};

/// Steps from black to the colour of the marks; the greys come before them in the palette.
const ACCENTS: usize = 24;
/// Difference between the channels from which a colour counts as having a hue.
const HUE: usize = 28;
/// Numbers of greys tried until the file is small enough, the finest first.
const GREYS: [usize; 7] = [224, 128, 96, 64, 48, 32, 20];

/// The file, with as many greys as fit.
pub(super) fn write(
    scene: &Scene,
    frames: &[AnimationFrame],
    options: &AnimationOptions,
) -> Result<Vec<u8>, PublishError> {
    let drawn = frames.par_iter().map(|frame| scene.draw(frame)).collect::<Result<Vec<_>, _>>()?;
    let mut smallest = 0;
    for greys in GREYS {
        let bytes = encode(&drawn, scene, (greys, options.delay_ms))?;
        if bytes.len() <= options.max_bytes {
            return Ok(bytes);
        }
        smallest = bytes.len();
    }
    Err(too_large(smallest, options))
}

fn encode(
    drawn: &[Vec<u8>],
    scene: &Scene,
    (greys, delay_ms): (usize, u32),
) -> Result<Vec<u8>, PublishError> {
    let fault = PublishError::encoder("GIF");
    let (width, height) = (scene.width as u16, scene.height() as u16);
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
}
