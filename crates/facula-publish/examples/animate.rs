// SPDX-License-Identifier: MIT OR Apache-2.0
//! A made-up bright spot that the Sun rises over, as GIF and as MP4: `animate FOLDER`.
//!
//! Along the upper edge lie five flat patches of equal steps in I/F, the last one at the brightest.

use facula_core::{PixelPos, Raster};
use facula_publish::{
    AnimationFormat, AnimationFrame, AnimationMark, AnimationOptions, BlackPoint, Stretch,
    terminator_animation, write_file,
};

const SIDE_PX: usize = 200;
const FRAMES: usize = 26;

fn frame(index: usize) -> AnimationFrame {
    let sun_rad = (index as f64 / (FRAMES - 1) as f64 - 0.5) * 3.0;
    let value = |k: usize| {
        let (sample, line) = (k % SIDE_PX, k / SIDE_PX);
        if line < 40 {
            return (sample / 40) as f32 * 0.25;
        }
        let at = |pixel: usize, middle: f64| (pixel as f64 - middle) / 78.0;
        let (x, y) = (at(sample, 100.0), at(line, 120.0));
        let upward = 1.0 - x * x - y * y;
        let lit = x * sun_rad.sin() + upward.max(0.0).sqrt() * sun_rad.cos();
        let albedo = if (x - 0.2).hypot(y + 0.2) < 0.08 { 0.9 } else { 0.3 };
        if upward > 0.0 { (albedo * lit.max(0.0)) as f32 } else { 0.0 }
    };
    let values = (0..SIDE_PX * SIDE_PX).map(value).collect();
    AnimationFrame {
        image: Raster::from_vec(SIDE_PX, SIDE_PX, values).expect("as many values as pixels"),
        caption: format!("picture {index} · Sun {:+.1}° beside the middle", sun_rad.to_degrees()),
        marks: vec![AnimationMark::named(PixelPos::new(115.6, 104.4), "Spot")],
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("give a folder to write into")?;
    let frames: Vec<AnimationFrame> = (0..FRAMES).map(frame).collect();
    // A width that is odd, to be made even in the video.
    let stretch = Stretch { black: BlackPoint::Zero, ..Stretch::default() };
    let options = AnimationOptions { width_px: 241, delay_ms: 160, stretch, ..AnimationOptions::default() };
    for format in [AnimationFormat::Gif, AnimationFormat::Mp4] {
        let path = std::path::Path::new(&folder).join(format!("animation.{}", format.extension()));
        write_file(&path, &terminator_animation(format, &frames, &options)?)?;
    }
    Ok(())
}
