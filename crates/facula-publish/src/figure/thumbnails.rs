// SPDX-License-Identifier: MIT OR Apache-2.0
//! A page of small pictures of places: what each looks like near by, with its outline and what is known of it.

use facula_core::{PixelPos, Raster};

use super::{need_pixels, sentences};
use crate::colour::{ColourMap, DARK};
use crate::figure::frame::scale_bar;
use crate::font::shorten;
use crate::page::{Page, Picture, SMALL, TEXT, Words};
use crate::resample::{Window, resample};
use crate::stretch::{percentile, sample};
use crate::svg::{Area, Label, Stroke, Svg};
use crate::{Png, PublishError};

/// Pictures side by side.
const ACROSS: usize = 4;
const GAP: f64 = 24.0;
/// Room for the title and two lines under a picture, px.
const WORDS_BELOW: f64 = 108.0;
/// Colour of pixels without data.
const NO_DATA: [u8; 3] = [36, 40, 47];

/// A small picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Thumbnail {
    /// The values, north up; NaN is no data. Shown as a square.
    pub image: Raster<f32>,
    /// Size of a pixel on the ground, km; no scale bar when not positive.
    pub pixel_km: f64,
    /// Lines over the picture.
    pub outlines: Vec<Vec<PixelPos>>,
    /// What it shows.
    pub title: String,
    /// Up to two lines under the title.
    pub lines: Vec<String>,
}

/// Input of [`thumbnails_figure`] and [`thumbnails_svg`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThumbnailsFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the pictures.
    pub caption: String,
    /// The pictures, four in a row; each is stretched by itself.
    pub thumbnails: Vec<Thumbnail>,
}

/// The page as a PNG.
///
/// # Errors
/// `Argument` without a picture or for one without pixels, `Limit` for too many.
pub fn thumbnails_figure(input: &ThumbnailsFigure) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The page as an SVG document with its pictures in it.
///
/// # Errors
/// As [`thumbnails_figure`].
pub fn thumbnails_svg(input: &ThumbnailsFigure) -> Result<String, PublishError> {
    page(input)?.document_with_pictures()
}

fn page(input: &ThumbnailsFigure) -> Result<Page, PublishError> {
    if input.thumbnails.is_empty() {
        return Err(PublishError::Argument {
            what: "pictures of a page",
            found: "none".into(),
            remedy: "leave the page out when there is nothing to show",
        });
    }
    for thumbnail in &input.thumbnails {
        need_pixels(&thumbnail.image, "small picture of a page")?;
    }
    let rows = input.thumbnails.len().div_ceil(ACROSS);
    let width = f64::from(crate::page::PAGE_WIDTH) - 2.0 * crate::page::MARGIN;
    let side = ((width - GAP * (ACROSS - 1) as f64) / ACROSS as f64).floor();
    let caption = sentences(&[&input.caption]);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let mut page = Page::new(&words, rows as f64 * (side + WORDS_BELOW), DARK)?;
    for (k, thumbnail) in input.thumbnails.iter().enumerate() {
        let left = page.content.x + (k % ACROSS) as f64 * (side + GAP);
        let top = page.content.y + (k / ACROSS) as f64 * (side + WORDS_BELOW);
        draw(&mut page, thumbnail, Area::new(left.round(), top.round(), side, side));
    }
    Ok(page)
}

fn draw(page: &mut Page, thumbnail: &Thumbnail, area: Area) {
    page.place(picture(&thumbnail.image, area.width as usize), (area.x, area.y));
    let zoom = area.width / thumbnail.image.width() as f64;
    let at = |p: &PixelPos| (area.x + (p.x_px + 0.5) * zoom, area.y + (p.y_px + 0.5) * zoom);
    page.svg.clipped(area, |svg| {
        for outline in &thumbnail.outlines {
            let points: Vec<(f64, f64)> = outline.iter().map(at).collect();
            svg.line(&points, Stroke::solid(ColourMap::Amber.colour(0.4), 2.0).faint(0.9));
        }
    });
    page.svg.frame(area, Stroke::solid(DARK.line, 1.5));
    scale_bar(&mut page.svg, area, thumbnail.pixel_km / zoom);
    words(&mut page.svg, thumbnail, area);
}

fn words(svg: &mut Svg, thumbnail: &Thumbnail, area: Area) {
    let title = shorten(&thumbnail.title, TEXT, area.width * 0.94);
    let mut y = area.bottom() + TEXT * 1.25;
    svg.text(&Label::new(&title, (area.x, y), TEXT).bold().colour(DARK.ink));
    for line in thumbnail.lines.iter().take(2) {
        y += SMALL * 1.35;
        let line = shorten(line, SMALL, area.width);
        svg.text(&Label::new(&line, (area.x, y), SMALL).colour(DARK.soft));
    }
}

/// The picture in grey from its own 1st percentile to its brightest pixel.
fn picture(image: &Raster<f32>, side: usize) -> Picture {
    let values = sample([image].into_iter());
    let low = percentile(&values, 1.0).unwrap_or(0.0);
    let high = percentile(&values, 99.8).filter(|high| *high > low).unwrap_or(low + 1.0);
    let whole = Window::whole(image);
    let shown = resample(image, whole, (side, side));
    let colour = |value: &f32| match (f64::from(*value) - low) / (high - low) {
        fraction if fraction.is_nan() => NO_DATA,
        fraction => ColourMap::Grey.colour(fraction.clamp(0.0, 1.0).powf(0.75)),
    };
    Picture { width: side, rgb: shown.as_slice().iter().map(colour).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbnail(k: usize) -> Thumbnail {
        let mut image = Raster::filled(20, 20, 0.1f32);
        image.set(10, 10, 1.0);
        image.set(0, 0, f32::NAN);
        Thumbnail {
            image,
            pixel_km: 0.5,
            outlines: vec![vec![
                PixelPos::new(9.0, 9.0),
                PixelPos::new(11.0, 9.0),
                PixelPos::new(10.0, 11.0),
            ]],
            title: format!("{k} Spot"),
            lines: vec!["239.6° E 19.7° N".into(), "9 km".into(), "left out".into()],
        }
    }

    #[test]
    fn four_pictures_stand_in_a_row_with_their_words() {
        let of = |count: usize| ThumbnailsFigure {
            thumbnails: (0..count).map(thumbnail).collect(),
            ..ThumbnailsFigure::default()
        };
        let (four, five) = (thumbnails_figure(&of(4)).unwrap(), thumbnails_figure(&of(5)).unwrap());
        assert!(five.height > four.height + 300, "{} {}", five.height, four.height);
        let svg = thumbnails_svg(&of(5)).unwrap();
        assert_eq!(svg.matches("<image").count(), 5);
        assert!(svg.contains("4 Spot") && svg.contains("239.6° E") && !svg.contains("left out"));
        // A bar of a round length on each.
        assert_eq!(svg.matches(" km</text>").count(), 10);
    }

    #[test]
    fn no_pictures_and_empty_ones_are_refused() {
        assert!(thumbnails_figure(&ThumbnailsFigure::default()).is_err());
        let hollow = Thumbnail { image: Raster::filled(0, 0, 0.0), ..thumbnail(0) };
        assert!(
            thumbnails_figure(&ThumbnailsFigure { thumbnails: vec![hollow], ..Default::default() }).is_err()
        );
        let nan = Thumbnail { image: Raster::filled(3, 3, f32::NAN), ..thumbnail(0) };
        assert!(thumbnails_figure(&ThumbnailsFigure { thumbnails: vec![nan], ..Default::default() }).is_ok());
    }
}
