// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of one place behind several filters: where their ratios differ, in colours.
//!
//! In: three maps on one grid, from short to long waves. Out: a PNG in the manner of the Clementine colour ratios (McEwen
//! and Robinson 1997, Adv. Space Res. 19): red is middle over short, green middle over long, blue short over middle, so
//! that brightness and shading drop out; each stretched between its own quantiles.

use std::io::Write;
use std::path::Path;

use facula_core::{Raster, quantile};

use crate::MapError;
use crate::files::write_aside;

/// Part of the cells that are black and that are white in each channel.
const STRETCH: [f64; 2] = [0.02, 0.98];
/// Largest side of the picture, px.
const SIDE_PX: usize = 1600;
/// Least span of a channel, as a fraction: what differs by less is noise, not colour.
const LEAST_SPAN: f32 = 0.01;

/// Writes the ratios of three maps (short, middle, long waves; the middle one may be either of the others where there are
/// two) as a picture of at most 1,600 px along its longer side; cells that any of them lacks are black.
///
/// # Errors
/// [`MapError::Argument`] for maps of different sizes or without cells; [`MapError::Io`].
pub fn write_ratio_picture(path: &Path, maps: [&Raster<f32>; 3]) -> Result<(), MapError> {
    let (width, height) = (maps[0].width(), maps[0].height());
    if width == 0 || height == 0 || maps.iter().any(|map| (map.width(), map.height()) != (width, height)) {
        let found = format!("{:?}", maps.map(|map| [map.width(), map.height()]));
        let remedy = "make the maps on one grid";
        return Err(MapError::Argument { what: "maps of a ratio picture", found, remedy });
    }
    let cells = width.max(height).div_ceil(SIDE_PX);
    let [short, middle, long] = maps.map(|map| coarse(map, cells));
    let channels = [ratio(&middle, &short), ratio(&middle, &long), ratio(&short, &middle)].map(stretched);
    let measured = |k: usize| channels.iter().all(|channel| channel[k].is_some());
    let pixel = |k: usize| {
        let all = measured(k);
        channels.each_ref().map(|channel| if all { channel[k].unwrap_or(0) } else { 0 })
    };
    let pixels: Vec<u8> = (0..channels[0].len()).flat_map(pixel).collect();
    let size = [width.div_ceil(cells) as u32, height.div_ceil(cells) as u32];
    write_aside(path, |file| file.write_all(&png(size, &pixels)))
}

fn png([width, height]: [u32; 2], pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("memory takes an image of the stated size");
    bytes
}

/// Means over squares of so many cells, of the cells that are measured.
fn coarse(map: &Raster<f32>, cells: usize) -> Vec<f32> {
    let (width, height) = (map.width(), map.height());
    let across = width.div_ceil(cells);
    let mut sums = vec![(0.0f32, 0u32); across * height.div_ceil(cells)];
    for line in 0..height {
        for (column, value) in map.line(line).iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let (sum, count) = &mut sums[line / cells * across + column / cells];
            *sum += value;
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| if count > 0 { sum / count as f32 } else { f32::NAN }).collect()
}

fn ratio(above: &[f32], below: &[f32]) -> Vec<f32> {
    let one = |(a, b): (&f32, &f32)| if *a > 0.0 && *b > 0.0 { a / b } else { f32::NAN };
    above.iter().zip(below).map(one).collect()
}

/// As 1 to 255 between the quantiles, 128 in the middle of a channel without colour.
fn stretched(values: Vec<f32>) -> Vec<Option<u8>> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let [low, high] = STRETCH.map(|part| quantile(&mut finite, part, f32::total_cmp).unwrap_or(1.0));
    let (middle, span) = (0.5 * (low + high), (high - low).max(LEAST_SPAN * high));
    let shade = |value: f32| (1.0 + 254.0 * ((value - middle) / span + 0.5).clamp(0.0, 1.0)) as u8;
    values.into_iter().map(|value| value.is_finite().then(|| shade(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(of: impl Fn(usize) -> f32) -> Raster<f32> {
        Raster::from_vec(20, 10, (0..200).map(of).collect()).unwrap()
    }

    fn picture(maps: [&Raster<f32>; 3]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ratio.png");
        write_ratio_picture(&path, maps).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; 20 * 10 * 3];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn red_ground_is_red_and_shading_leaves_no_trace() {
        // Brightness differs by a factor of three along the lines; the right half is redder by 10 %.
        let shade = |k: usize| 0.03 + 0.003 * (k % 20) as f32;
        let short = raster(|k| shade(k) * if k % 20 < 10 { 1.0 } else { 0.9 });
        let (middle, long) = (raster(shade), raster(|k| shade(k) * 1.02));
        let pixels = picture([&short, &middle, &long]);
        let (left, right) = (&pixels[3 * 2..3 * 3], &pixels[3 * 15..3 * 16]);
        assert!(right[0] > 250 && right[2] < 5 && left[0] < 5 && left[2] > 250, "{left:?} {right:?}");
        let shaded = &pixels[3 * 8..3 * 9];
        assert!(left.iter().zip(shaded).all(|(a, b)| a.abs_diff(*b) <= 1), "{left:?} {shaded:?}");
        assert!(left[1].abs_diff(128) <= 1, "{left:?}");
    }

    #[test]
    fn what_one_map_lacks_is_black() {
        let (whole, part) = (raster(|_| 0.1), raster(|k| if k == 5 { f32::NAN } else { 0.1 }));
        let pixels = picture([&whole, &part, &whole]);
        assert_eq!(&pixels[15..18], &[0, 0, 0]);
        assert!(pixels[18] > 0);
    }

    #[test]
    fn maps_of_other_sizes_are_refused() {
        let (a, b) = (raster(|_| 0.1), Raster::filled(3, 3, 0.1));
        let path = Path::new("never.png");
        assert!(matches!(write_ratio_picture(path, [&a, &a, &b]), Err(MapError::Argument { .. })));
    }
}
