// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colours of the screen as brightness and two differences, 8 bit, 4:2:0.
//!
//! # Source
//! ITU-R BT.709-6, items 3.2 to 3.5: the weights, the differences, and the limited range of 16 to 235 and 16 to 240.

/// Part of red and blue in brightness.
const RED: f32 = 0.2126;
const BLUE: f32 = 0.0722;

/// The three planes of a picture, of even width and height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planes {
    pub width: usize,
    pub height: usize,
    /// Brightness, width times height.
    pub luma: Vec<u8>,
    /// Blue and red difference, a quarter as many.
    pub chroma: [Vec<u8>; 2],
}

/// Red, green and blue bytes of a picture; the last column or row is repeated where its size is odd.
pub(super) fn planes(rgb: &[u8], width: usize) -> Planes {
    let height = rgb.len() / 3 / width;
    let even = (width.next_multiple_of(2), height.next_multiple_of(2));
    let parts = |x: usize, y: usize| {
        let at = 3 * (y.min(height - 1) * width + x.min(width - 1));
        weigh([rgb[at], rgb[at + 1], rgb[at + 2]])
    };
    let mut luma = Vec::with_capacity(even.0 * even.1);
    for y in 0..even.1 {
        luma.extend((0..even.0).map(|x| (16.0 + 219.0 * parts(x, y)[0]).round() as u8));
    }
    let chroma = [1, 2].map(|channel| {
        let mean = |x: usize, y: usize| {
            let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
            four.iter().map(|(i, j)| parts(2 * x + i, 2 * y + j)[channel]).sum::<f32>() / 4.0
        };
        let places = (0..even.1 / 2).flat_map(|y| (0..even.0 / 2).map(move |x| (x, y)));
        places.map(|(x, y)| (128.0 + 224.0 * mean(x, y)).round() as u8).collect()
    });
    Planes { width: even.0, height: even.1, luma, chroma }
}

/// Brightness from 0 to 1, blue and red difference from -0.5 to 0.5.
fn weigh(colour: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = colour.map(|channel| f32::from(channel) / 255.0);
    let brightness = RED * r + (1.0 - RED - BLUE) * g + BLUE * b;
    [brightness, (b - brightness) / (2.0 * (1.0 - BLUE)), (r - brightness) / (2.0 * (1.0 - RED))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_colour_cube_are_those_of_the_recommendation() {
        // ffmpeg's swscale through PyAV 18.1: reformat("yuv420p", dst_colorspace=ITU709, dst_color_range=MPEG).
        for (colour, expected) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
        ] {
            let found = planes(&colour.repeat(4), 2);
            assert_eq!([found.luma[3], found.chroma[0][0], found.chroma[1][0]], expected, "{colour:?}");
        }
    }

    #[test]
    fn odd_sizes_repeat_the_last_column_and_row() {
        let rgb: Vec<u8> = (0..9u8).flat_map(|k| [k * 20; 3]).collect();
        let found = planes(&rgb, 3);
        assert_eq!((found.width, found.height, found.luma.len()), (4, 4, 16));
        assert_eq!(found.luma[2], found.luma[3]);
        assert_eq!(found.luma[8..12], found.luma[12..16]);
        assert!(found.chroma.iter().all(|plane| plane.len() == 4 && plane.iter().all(|v| *v == 128)));
    }
}
