// SPDX-License-Identifier: MIT OR Apache-2.0
//! A page: pictures at the bottom, vectors and text above them, a title over it and a caption under it; rendered to
//! a PNG by resvg with the embedded font.

use std::path::Path;

use resvg::tiny_skia::{Pixmap, PremultipliedColorU8, Transform};
use resvg::usvg;

use crate::colour::{Rgb, Theme};
use crate::font;
use crate::svg::{Area, Label, Svg};
use crate::{PublishError, write_file};

/// Width of every figure, px.
pub(crate) const PAGE_WIDTH: u32 = 1600;
/// Margin left and right, px.
pub(crate) const MARGIN: f64 = 48.0;
/// Type sizes, px.
pub(crate) const TITLE: f64 = 38.0;
pub(crate) const HEADING: f64 = 26.0;
pub(crate) const TEXT: f64 = 24.0;
pub(crate) const SMALL: f64 = 22.0;

/// Largest page, px in all.
const PAGE_LIMIT_PX: u64 = 64_000_000;

/// A finished picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// Columns.
    pub width: u32,
    /// Lines.
    pub height: u32,
}

impl Png {
    /// Writes the file aside and renames it.
    ///
    /// # Errors
    /// As [`write_file`].
    pub fn write(&self, path: &Path) -> Result<(), PublishError> {
        write_file(path, &self.bytes)
    }
}

/// An image in colour, line by line.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) rgb: Vec<Rgb>,
}

/// What is said around a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) title: &'a str,
    pub(crate) subtitle: &'a str,
    pub(crate) caption: &'a str,
}

/// A page being drawn.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) svg: Svg,
    pub(crate) theme: Theme,
    /// Where the figure itself goes.
    pub(crate) content: Area,
    size: (u32, u32),
    pictures: Vec<(Picture, (usize, usize))>,
}

impl Page {
    /// A page of the usual width with title, subtitle and caption set and `height` pixels left for the figure.
    pub(crate) fn new(words: &Words<'_>, height: f64, theme: Theme) -> Result<Self, PublishError> {
        let width = f64::from(PAGE_WIDTH) - 2.0 * MARGIN;
        let mut svg = Svg::default();
        let mut y = 30.0;
        if !words.title.is_empty() {
            y += TITLE;
            let title = font::shorten(words.title, TITLE, width);
            svg.text(&Label::new(&title, (MARGIN, y), TITLE).bold().colour(theme.ink));
        }
        y = paragraph(&mut svg, words.subtitle, (y + 4.0, TEXT), theme.soft);
        let content = Area::new(MARGIN, (y + 24.0).round(), width, height);
        let bottom = paragraph(&mut svg, words.caption, (content.bottom() + 16.0, SMALL), theme.ink);
        let size = (PAGE_WIDTH, (bottom + 32.0).ceil() as u32);
        check_size(size)?;
        Ok(Self { svg, theme, content, size, pictures: Vec::new() })
    }

    /// A page without words: `width` by `height` pixels for the caller.
    pub(crate) fn bare(width: u32, height: u32, theme: Theme) -> Self {
        Self {
            svg: Svg::default(),
            theme,
            content: Area::new(0.0, 0.0, f64::from(width), f64::from(height)),
            size: (width, height),
            pictures: Vec::new(),
        }
    }

    /// Puts a picture with its top left corner at whole pixels.
    pub(crate) fn place(&mut self, picture: Picture, (left, top): (f64, f64)) {
        let corner = (left.max(0.0).round() as usize, top.max(0.0).round() as usize);
        self.pictures.push((picture, corner));
    }

    /// The colours of the page, line by line, with its size.
    pub(crate) fn pixels(&self) -> Result<(Vec<u8>, (u32, u32)), PublishError> {
        let (width, height) = self.size;
        check_size(self.size)?;
        let tree = self.tree()?;
        let mut pixmap = Pixmap::new(width, height).ok_or_else(|| PublishError::Argument {
            what: "size of a figure",
            found: format!("{width} x {height} px"),
            remedy: "give it at least one pixel each way",
        })?;
        self.paint(&mut pixmap);
        resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
        let rgb = pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        Ok((rgb, self.size))
    }

    /// The page as a PNG file.
    pub(crate) fn render(&self) -> Result<Png, PublishError> {
        let (rgb, (width, height)) = self.pixels()?;
        Ok(Png { bytes: png_of(&rgb, (width, height))?, width, height })
    }

    /// The vectors and the text of the page on its paper as an SVG document, without the pictures.
    pub(crate) fn document(&self) -> String {
        let paper = Area::new(0.0, 0.0, f64::from(self.size.0), f64::from(self.size.1));
        let mut under = Svg::default();
        under.rect(paper, self.theme.paper, 1.0);
        self.svg.document_over(&under, self.size)
    }

    /// The page as an SVG document with its pictures in it.
    pub(crate) fn document_with_pictures(&self) -> Result<String, PublishError> {
        let paper = Area::new(0.0, 0.0, f64::from(self.size.0), f64::from(self.size.1));
        let mut under = Svg::default();
        under.rect(paper, self.theme.paper, 1.0);
        for (picture, (left, top)) in &self.pictures {
            let height = picture.rgb.len() / picture.width.max(1);
            let rgb: Vec<u8> = picture.rgb.iter().flatten().copied().collect();
            let png = png_of(&rgb, (picture.width as u32, height as u32))?;
            let area = Area::new(*left as f64, *top as f64, picture.width as f64, height as f64);
            under.picture(area, &png);
        }
        Ok(self.svg.document_over(&under, self.size))
    }

    fn tree(&self) -> Result<usvg::Tree, PublishError> {
        let options = usvg::Options {
            fontdb: font::database(),
            font_family: font::FAMILY.to_string(),
            // A figure never reads a file, whatever its text says.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..usvg::Options::default()
        };
        usvg::Tree::from_str(&self.svg.document(self.size.0, self.size.1), &options)
            .map_err(|e| PublishError::encoder("SVG")(&e))
    }

    fn paint(&self, pixmap: &mut Pixmap) {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let pixels = pixmap.pixels_mut();
        pixels.fill(opaque(self.theme.paper));
        for (picture, (left, top)) in &self.pictures {
            for (line, colours) in picture.rgb.chunks(picture.width.max(1)).enumerate() {
                let (y, room) = (top + line, width.saturating_sub(*left));
                if y < height && room > 0 {
                    let start = y * width + left;
                    for (target, colour) in
                        pixels[start..start + room.min(colours.len())].iter_mut().zip(colours)
                    {
                        *target = opaque(*colour);
                    }
                }
            }
        }
    }
}

/// Colours, line by line, as a PNG file.
fn png_of(rgb: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, PublishError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header().map_err(|e| PublishError::encoder("PNG")(&e))?;
    writer.write_image_data(rgb).map_err(|e| PublishError::encoder("PNG")(&e))?;
    writer.finish().map_err(|e| PublishError::encoder("PNG")(&e))?;
    Ok(bytes)
}

/// Refuses a page above the limit, before anything is made for it.
fn check_size((width, height): (u32, u32)) -> Result<(), PublishError> {
    let needed = u64::from(width) * u64::from(height);
    if needed <= PAGE_LIMIT_PX {
        return Ok(());
    }
    Err(PublishError::Limit {
        what: "figure, in pixels,",
        needed,
        limit: PAGE_LIMIT_PX,
        remedy: "make it narrower or give it fewer rows",
    })
}

/// Sets wrapped text from `top` downwards and gives the y of its end (`top` when there is none).
fn paragraph(svg: &mut Svg, text: &str, (top, size): (f64, f64), colour: Rgb) -> f64 {
    let mut y = top;
    for line in font::wrap(text, size, f64::from(PAGE_WIDTH) - 2.0 * MARGIN) {
        y += (size * 1.4).round();
        svg.text(&Label::new(&line, (MARGIN, y), size).colour(colour));
    }
    y
}

fn opaque([r, g, b]: Rgb) -> PremultipliedColorU8 {
    PremultipliedColorU8::from_rgba(r, g, b, 255).expect("an opaque colour is its own premultiplied one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::{DARK, LIGHT};

    const WORDS: Words<'static> = Words { title: "Title", subtitle: "Sub", caption: "Caption" };

    #[test]
    fn a_page_is_a_png_that_decodes_to_its_size() {
        let page = Page::new(&WORDS, 300.0, LIGHT).unwrap();
        let png = page.render().unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(&png.bytes));
        let reader = decoder.read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (png.width, png.height));
        assert_eq!(png.width, PAGE_WIDTH);
        assert_eq!(png, page.render().unwrap());
    }

    #[test]
    fn a_document_can_hold_its_pictures() {
        let mut page = Page::new(&WORDS, 50.0, LIGHT).unwrap();
        page.place(Picture { width: 3, rgb: vec![[255, 0, 0]; 6] }, (10.0, 20.0));
        let document = page.document_with_pictures().unwrap();
        // The signature of a PNG file in base 64.
        let at = document.find("data:image/png;base64,iVBORw0KGgo").unwrap();
        assert!(document.find("width=\"3.00\" height=\"2.00\"").is_some_and(|size| size < at));
        assert!(!page.document().contains("data:image"));
    }

    #[test]
    fn text_leaves_ink_on_the_page() {
        let (rgb, _) = Page::new(&WORDS, 10.0, DARK).unwrap().pixels().unwrap();
        assert!(rgb.iter().filter(|v| **v > 200).count() > 500);
    }

    #[test]
    fn pictures_are_cut_at_the_edges_and_sizes_are_limited() {
        let mut page = Page::bare(4, 4, LIGHT);
        let red = Picture { width: 3, rgb: vec![[255, 0, 0]; 9] };
        page.place(red, (2.0, 3.0));
        let (rgb, _) = page.pixels().unwrap();
        assert_eq!(rgb.chunks(3).filter(|p| **p == [255, 0, 0]).count(), 2);
        assert!(matches!(
            Page::bare(0, 4, LIGHT).pixels(),
            Err(PublishError::Argument { .. } | PublishError::Unsupported { .. })
        ));
        assert!(matches!(Page::bare(9000, 9000, LIGHT).pixels(), Err(PublishError::Limit { .. })));
    }
}
