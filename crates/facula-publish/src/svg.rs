// SPDX-License-Identifier: MIT OR Apache-2.0
//! A writer of the few SVG elements the figures are made of. Coordinates are page pixels, (0, 0) the top left
//! corner; points that are not finite or far outside break a line instead of spoiling the picture.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::colour::Rgb;
use crate::font::{self, CAP_HEIGHT, FAMILY, Weight, width_px};

/// A place on the page, px.
pub(crate) type Point = (f64, f64);

/// Coordinates beyond this are not drawn, px: the rasteriser works in f32.
const FAR_PX: f64 = 50_000.0;

/// A rectangle of the page, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }
    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }
    pub(crate) fn holds(&self, (x, y): Point) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }
    /// Area common to two rectangles, px².
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        let wide = self.right().min(other.right()) - self.x.max(other.x);
        let high = self.bottom().min(other.bottom()) - self.y.max(other.y);
        wide.max(0.0) * high.max(0.0)
    }
    /// The rectangle without margins on each side.
    pub(crate) fn inset(&self, margin: f64) -> Self {
        Self::new(self.x + margin, self.y + margin, self.width - 2.0 * margin, self.height - 2.0 * margin)
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) colour: Rgb,
    pub(crate) width: f64,
    pub(crate) opacity: f64,
    pub(crate) dashed: bool,
}

impl Stroke {
    pub(crate) const fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, width, opacity: 1.0, dashed: false }
    }
    pub(crate) const fn faint(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
    pub(crate) const fn dashes(self) -> Self {
        Self { dashed: true, ..self }
    }
    fn attributes(&self) -> String {
        let dashes = if self.dashed {
            format!(" stroke-dasharray=\"{} {}\"", self.width * 3.5, self.width * 2.5)
        } else {
            String::new()
        };
        format!(
            "stroke=\"{}\" stroke-width=\"{}\" stroke-opacity=\"{}\"{dashes}",
            hex(self.colour),
            self.width,
            self.opacity
        )
    }
}

/// Which point of a text its position means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text. The position is the baseline unless `centred` moved it.
#[derive(Debug, Clone)]
pub(crate) struct Label<'a> {
    text: &'a str,
    at: Point,
    size: f64,
    weight: Weight,
    anchor: Anchor,
    colour: Rgb,
    halo: Option<Rgb>,
    upright: bool,
}

impl<'a> Label<'a> {
    pub(crate) const fn new(text: &'a str, at: Point, size: f64) -> Self {
        Self {
            text,
            at,
            size,
            weight: Weight::Regular,
            anchor: Anchor::Start,
            colour: [0, 0, 0],
            halo: None,
            upright: false,
        }
    }
    pub(crate) const fn colour(self, colour: Rgb) -> Self {
        Self { colour, ..self }
    }
    pub(crate) const fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }
    pub(crate) const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
    /// With an outline in the given colour, to be read on top of a picture.
    pub(crate) const fn halo(self, colour: Rgb) -> Self {
        Self { halo: Some(colour), ..self }
    }
    /// Turned by a quarter, reading upwards.
    pub(crate) const fn upright(self) -> Self {
        Self { upright: true, ..self }
    }
    /// Moves the baseline so that capitals are centred on the position.
    pub(crate) fn centred(mut self) -> Self {
        self.at.1 += self.size * CAP_HEIGHT / 2.0;
        self
    }
}

/// The elements of a page so far.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
    clips: usize,
}

impl Svg {
    /// The finished document.
    pub(crate) fn document(&self, width: u32, height: u32) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}\">{}</svg>",
            self.body
        )
    }

    /// The finished document with other elements under these.
    pub(crate) fn document_over(&self, under: &Self, (width, height): (u32, u32)) -> String {
        let body = format!("{}{}", under.body, self.body);
        Self { body, clips: self.clips }.document(width, height)
    }

    /// A line through points; broken where a point cannot be drawn.
    pub(crate) fn line(&mut self, points: &[Point], stroke: Stroke) {
        for run in points.split(|p| !drawable(*p)).filter(|run| run.len() > 1) {
            let _ = write!(
                self.body,
                "<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"{}\" {} points=\"{}\"/>",
                if stroke.dashed { "butt" } else { "round" },
                stroke.attributes(),
                joined(run)
            );
        }
    }

    /// A filled polygon; nothing when one of its points cannot be drawn.
    pub(crate) fn polygon(&mut self, points: &[Point], fill: Rgb, opacity: f64) {
        if points.len() > 2 && points.iter().all(|p| drawable(*p)) {
            let _ = write!(
                self.body,
                "<polygon fill=\"{}\" fill-opacity=\"{opacity}\" points=\"{}\"/>",
                hex(fill),
                joined(points)
            );
        }
    }

    /// A filled rectangle.
    pub(crate) fn rect(&mut self, area: Area, fill: Rgb, opacity: f64) {
        let corners = [
            (area.x, area.y),
            (area.right(), area.y),
            (area.right(), area.bottom()),
            (area.x, area.bottom()),
        ];
        self.polygon(&corners, fill, opacity);
    }

    /// A PNG picture that fills a rectangle.
    pub(crate) fn picture(&mut self, area: Area, png: &[u8]) {
        let _ = write!(
            self.body,
            "<image x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" href=\"data:image/png;base64,",
            area.x, area.y, area.width, area.height
        );
        STANDARD.encode_string(png, &mut self.body);
        self.body.push_str("\"/>");
    }

    /// The outline of a rectangle.
    pub(crate) fn frame(&mut self, area: Area, stroke: Stroke) {
        let (l, t, r, b) = (area.x, area.y, area.right(), area.bottom());
        self.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], stroke);
    }

    /// A filled circle.
    pub(crate) fn dot(&mut self, at: Point, radius: f64, fill: Rgb) {
        if drawable(at) && radius.is_finite() {
            let _ = write!(
                self.body,
                "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"{radius:.2}\" fill=\"{}\"/>",
                at.0,
                at.1,
                hex(fill)
            );
        }
    }

    /// A circle's outline.
    pub(crate) fn ring(&mut self, at: Point, radius: f64, stroke: Stroke) {
        if drawable(at) && radius.is_finite() && radius < FAR_PX {
            let _ = write!(
                self.body,
                "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"{radius:.2}\" fill=\"none\" {}/>",
                at.0,
                at.1,
                stroke.attributes()
            );
        }
    }

    /// A small x.
    pub(crate) fn cross(&mut self, (x, y): Point, arm: f64, stroke: Stroke) {
        self.line(&[(x - arm, y - arm), (x + arm, y + arm)], stroke);
        self.line(&[(x - arm, y + arm), (x + arm, y - arm)], stroke);
    }

    /// A line of text.
    pub(crate) fn text(&mut self, label: &Label<'_>) {
        let (x, y) = label.at;
        if !drawable(label.at) {
            return;
        }
        let anchor = match label.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if label.weight == Weight::Bold { 700 } else { 400 };
        let _ = write!(
            self.body,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" \
             fill=\"{}\" xml:space=\"preserve\"",
            label.size,
            hex(label.colour)
        );
        if let Some(halo) = label.halo {
            let _ = write!(
                self.body,
                " paint-order=\"stroke\" stroke=\"{}\" stroke-opacity=\"0.75\" stroke-width=\"{:.1}\" \
                 stroke-linejoin=\"round\"",
                hex(halo),
                label.size * 0.22
            );
        }
        if label.upright {
            let _ = write!(self.body, " transform=\"rotate(-90 {x:.2} {y:.2})\"");
        }
        let _ = write!(self.body, ">{}</text>", escaped(label.text));
    }

    /// Everything `draw` adds is visible inside `area` only.
    pub(crate) fn clipped(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let id = self.clips;
        self.clips += 1;
        let _ = write!(
            self.body,
            "<clipPath id=\"c{id}\"><rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"/></clipPath>\
             <g clip-path=\"url(#c{id})\">",
            area.x,
            area.y,
            area.width.max(0.0),
            area.height.max(0.0)
        );
        draw(self);
        self.body.push_str("</g>");
    }
}

/// Width of a label's text, px.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    width_px(text, size, Weight::Regular)
}

fn drawable((x, y): Point) -> bool {
    // False for NaN too.
    x.abs() < FAR_PX && y.abs() < FAR_PX
}

fn joined(points: &[Point]) -> String {
    let mut text = String::with_capacity(points.len() * 16);
    for (x, y) in points {
        let _ = write!(text, "{x:.2},{y:.2} ");
    }
    text
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for XML; characters the embedded fonts lack (controls among them) become the replacement character.
fn escaped(text: &str) -> String {
    let known: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            other if font::has(other) => other,
            _ => '\u{fffd}',
        })
        .collect();
    facula_core::xml_text(&known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use resvg::usvg;

    fn parses(svg: &Svg) -> bool {
        usvg::Tree::from_str(&svg.document(100, 100), &usvg::Options::default()).is_ok()
    }

    #[test]
    fn lines_break_at_points_that_cannot_be_drawn() {
        let mut svg = Svg::default();
        let points = [(0.0, 0.0), (1.0, 1.0), (f64::NAN, 2.0), (3.0, 3.0), (4.0, 4.0), (1e9, 5.0)];
        svg.line(&points, Stroke::solid([1, 2, 3], 2.0));
        assert_eq!(svg.body.matches("<polyline").count(), 2);
        assert!(!svg.body.contains("NaN"));
        assert!(parses(&svg));
    }

    #[test]
    fn markup_in_text_stays_text() {
        let mut svg = Svg::default();
        svg.text(&Label::new("</text><script>&\"'", (1.0, 1.0), 10.0));
        assert_eq!(svg.body.matches("<text").count(), 1);
        assert_eq!(svg.body.matches("<script").count(), 0);
        assert!(parses(&svg));
    }

    #[test]
    fn rectangles_overlap_where_they_should() {
        let a = Area::new(0.0, 0.0, 10.0, 10.0);
        assert_eq!(a.overlap(&Area::new(5.0, 5.0, 10.0, 10.0)), 25.0);
        assert_eq!(a.overlap(&Area::new(10.0, 0.0, 5.0, 5.0)), 0.0);
        assert!(a.holds((10.0, 0.0)) && !a.holds((10.1, 0.0)));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_document_that_parses(text in "\\PC{0,40}|[\\x00-\\x1f<>&\"']{0,20}", x in -1e6..1e6f64) {
            let mut svg = Svg::default();
            svg.clipped(Area::new(0.0, 0.0, 50.0, 50.0), |svg| {
                svg.text(&Label::new(&text, (x, 5.0), 12.0).bold().upright().halo([9, 9, 9]).centred());
            });
            prop_assert!(parses(&svg));
        }
    }
}
