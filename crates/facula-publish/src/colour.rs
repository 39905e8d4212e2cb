// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colours: a palette for labels that people with colour-vision deficiency can tell apart, and colour maps for
//! values. All are sRGB, 8 bits.
//!
//! # Source
//! Label colours: M. Okabe, K. Ito, *Color Universal Design* (2008). Colour maps: straight lines in Oklab
//! (B. Ottosson, *A perceptual color space for image processing*, 2020) between named anchors; the anchors of
//! [`ColourMap::BlueYellow`] are the ends of cividis (Nuñez, Anderton, Renslow, PLoS ONE 13, e0199239, 2018).

/// An sRGB colour.
pub(crate) type Rgb = [u8; 3];

pub(crate) const WHITE: Rgb = [255, 255, 255];
pub(crate) const BLACK: Rgb = [0, 0, 0];
/// Okabe-Ito orange.
pub(crate) const ORANGE: Rgb = [230, 159, 0];
/// Okabe-Ito sky blue.
pub(crate) const SKY: Rgb = [86, 180, 233];
/// Okabe-Ito bluish green.
pub(crate) const GREEN: Rgb = [0, 158, 115];
/// Okabe-Ito blue.
pub(crate) const BLUE: Rgb = [0, 114, 178];
/// Okabe-Ito vermillion.
pub(crate) const VERMILLION: Rgb = [213, 94, 0];

/// Ink, paper and lines of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) paper: Rgb,
    pub(crate) ink: Rgb,
    pub(crate) soft: Rgb,
    pub(crate) line: Rgb,
}

/// For charts and maps.
pub(crate) const LIGHT: Theme =
    Theme { paper: WHITE, ink: [28, 32, 38], soft: [92, 99, 108], line: [222, 225, 229] };

/// For frames of the camera, so that the sky is the page.
pub(crate) const DARK: Theme =
    Theme { paper: [11, 13, 16], ink: [240, 242, 245], soft: [160, 168, 178], line: [56, 62, 70] };

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ColourMap {
    /// Black to white: pictures.
    #[default]
    Grey,
    /// Dark blue through grey to yellow with even steps of lightness, like cividis: quantities.
    BlueYellow,
    /// Pale yellow to dark orange: marks upon a grey picture.
    Amber,
}

impl ColourMap {
    /// The colour of a fraction in [0, 1]; values outside are clamped.
    pub(crate) fn colour(self, fraction: f64) -> Rgb {
        let fraction = fraction.clamp(0.0, 1.0);
        match self {
            Self::Grey => [(fraction * 255.0).round() as u8; 3],
            Self::BlueYellow => between(&[[0, 32, 77], [124, 123, 120], [255, 234, 70]], fraction),
            Self::Amber => between(&[[255, 240, 150], ORANGE, [204, 72, 0]], fraction),
        }
    }

    /// The colours of 256 equal steps.
    pub(crate) fn table(self) -> Vec<Rgb> {
        (0..256).map(|step| self.colour(f64::from(step) / 255.0)).collect()
    }
}

fn between(anchors: &[Rgb], fraction: f64) -> Rgb {
    let place = fraction * (anchors.len() - 1) as f64;
    let first = (place.floor() as usize).min(anchors.len() - 2);
    let rest = place - first as f64;
    let (a, b) = (oklab(anchors[first]), oklab(anchors[first + 1]));
    from_oklab(std::array::from_fn(|i| a[i] + (b[i] - a[i]) * rest))
}

fn linear(byte: u8) -> f64 {
    let value = f64::from(byte) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn gamma(value: f64) -> u8 {
    let value = value.clamp(0.0, 1.0);
    let encoded = if value <= 0.0031308 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

fn oklab(colour: Rgb) -> [f64; 3] {
    let [r, g, b] = colour.map(linear);
    let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
    let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
    let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
    [
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    ]
}

fn from_oklab(lab: [f64; 3]) -> Rgb {
    let l = (lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]).powi(3);
    let m = (lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]).powi(3);
    let s = (lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2]).powi(3);
    [
        gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        gamma(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklab_of_white_and_red_is_as_published() {
        // Ottosson 2020: white is (1, 0, 0); sRGB red is (0.62796, 0.22486, 0.12585) in CSS Color 4's samples.
        let white = oklab(WHITE);
        assert!((white[0] - 1.0).abs() < 1e-4 && white[1].abs() < 1e-4 && white[2].abs() < 1e-4, "{white:?}");
        let red = oklab([255, 0, 0]);
        for (got, expected) in red.iter().zip([0.62796, 0.22486, 0.12585]) {
            assert!((got - expected).abs() < 2e-4, "{red:?}");
        }
    }

    #[test]
    fn every_colour_survives_oklab() {
        for colour in [[0, 0, 0], [1, 2, 3], [200, 30, 90], [0, 158, 115], [255, 255, 255]] {
            assert_eq!(from_oklab(oklab(colour)), colour);
        }
    }

    #[test]
    fn colour_maps_change_lightness_in_one_direction() {
        for (map, sign) in [(ColourMap::Grey, 1.0), (ColourMap::BlueYellow, 1.0), (ColourMap::Amber, -1.0)] {
            let lights: Vec<_> = map.table().into_iter().map(|c| sign * oklab(c)[0]).collect();
            // Half an 8-bit step of lightness may be lost to rounding.
            assert!(lights.windows(2).all(|pair| pair[1] >= pair[0] - 0.003), "{map:?}");
            assert!(lights[255] - lights[0] > 0.3, "{map:?}");
        }
    }

    #[test]
    fn fractions_outside_are_clamped() {
        assert_eq!(ColourMap::Grey.colour(-3.0), BLACK);
        assert_eq!(ColourMap::Grey.colour(7.0), WHITE);
    }
}
