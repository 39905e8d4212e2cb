// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame of the camera with what the pipeline found in it: limb, graticule, named places, scale.

use facula_core::{PixelPos, Raster};

use super::{counted, need_pixels, rms, sentences};
use crate::axis::{number, significant};
use crate::chart::{Sign, legend};
use crate::colour::{BLACK, ColourMap, DARK, ORANGE, SKY, VERMILLION, WHITE};
use crate::page::{Page, Picture, SMALL, Words};
use crate::place::{Mark, place_labels};
use crate::resample::{Window, resample};
use crate::stretch::{Stretch, Tone};
use crate::svg::{Anchor, Area, Label, Point, Stroke, Svg};
use crate::{Png, PublishError};

/// Limb points drawn at most; more are thinned evenly (the rms is of all).
const LIMB_POINTS_DRAWN: usize = 360;

/// Colour of pixels without data in dark figures.
const NO_DATA: [u8; 3] = [36, 40, 47];

/// Whether a limb point took part in the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimbUse {
    /// Part of the fit.
    Used,
    /// Rejected as an outlier.
    Rejected,
}

/// A point of the limb as observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimbPoint {
    /// Where it was seen.
    pub at: PixelPos,
    /// Observed minus fitted limb, outwards, px.
    pub residual_px: f64,
    /// Whether the fit used it.
    pub use_in_fit: LimbUse,
}

/// A named place in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Where.
    pub at: PixelPos,
    /// Its name; may be empty.
    pub label: String,
}

/// Which part of a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FrameView {
    /// The body with a margin where the limb model tells where it is; otherwise the whole frame.
    #[default]
    Body,
    /// The whole frame.
    Whole,
}

/// Input of [`annotated_frame`]. Make one with [`FrameFigure::new`] and fill in what there is.
#[derive(Debug, Clone)]
pub struct FrameFigure<'a> {
    /// The frame, I/F (or any quantity that grows with brightness); NaN is no data.
    pub image: &'a Raster<f32>,
    /// Title.
    pub title: String,
    /// One line under it: UTC, range, phase angle, scale.
    pub subtitle: String,
    /// Words under the picture; computed numbers are added.
    pub caption: String,
    /// Ground scale at the sub-spacecraft point, metres per pixel; no scale bar when not positive.
    pub scale_m_px: f64,
    /// The fitted limb.
    pub limb_model: Vec<Vec<PixelPos>>,
    /// The limb points observed.
    pub limb_points: Vec<LimbPoint>,
    /// Lines of equal longitude and latitude on the visible side.
    pub graticule: Vec<Vec<PixelPos>>,
    /// Named places, the most important first.
    pub markers: Vec<Marker>,
    /// Which part is shown.
    pub view: FrameView,
    /// Display stretch.
    pub stretch: Stretch,
}

impl<'a> FrameFigure<'a> {
    /// A figure of the frame alone.
    pub fn new(image: &'a Raster<f32>) -> Self {
        Self {
            image,
            title: String::new(),
            subtitle: String::new(),
            caption: String::new(),
            scale_m_px: f64::NAN,
            limb_model: Vec::new(),
            limb_points: Vec::new(),
            graticule: Vec::new(),
            markers: Vec::new(),
            view: FrameView::default(),
            stretch: Stretch::default(),
        }
    }
}

/// The frame, stretched, with its overlays, title and caption.
///
/// # Errors
/// `Argument` for an image without pixels, `Limit` when its shape makes the page too long.
pub fn annotated_frame(input: &FrameFigure<'_>) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The same as an SVG document with the frame's picture in it.
///
/// # Errors
/// As [`annotated_frame`].
pub fn annotated_frame_svg(input: &FrameFigure<'_>) -> Result<String, PublishError> {
    page(input)?.document_with_pictures()
}

fn page(input: &FrameFigure<'_>) -> Result<Page, PublishError> {
    need_pixels(input.image, "frame of the figure")?;
    let window = window(input);
    let width = f64::from(crate::page::PAGE_WIDTH) - 2.0 * crate::page::MARGIN;
    let zoom = (width / window.width).min(width / window.height);
    let (drawn_width, height) = ((window.width * zoom).round(), (window.height * zoom).round());
    let left = crate::page::MARGIN + ((width - drawn_width) / 2.0).round();
    let marks = visible_marks(input, &window);
    let relative = Area::new(0.0, 0.0, drawn_width, height);
    let view = View { window, zoom, area: relative };
    let spots = place_labels(&view.marks(&marks), SMALL, relative.inset(8.0));
    let missing = spots.iter().zip(&marks).filter(|(s, m)| s.is_none() && !m.label.is_empty()).count();
    let caption = caption(input, missing);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let legend_height = if legend_entries(input).is_empty() { 0.0 } else { 44.0 };
    let mut page = Page::new(&words, height + legend_height, DARK)?;
    let view = View { area: Area::new(left, page.content.y, drawn_width, height), ..view };
    page.place(picture(input, &window, &view), (view.area.x, view.area.y));
    draw_lines(&mut page.svg, input, &view);
    let marks = view.marks(&marks);
    draw_marks(&mut page.svg, &view, &marks);
    scale_bar(&mut page.svg, view.area, input.scale_m_px / 1000.0 / view.zoom);
    let below = (view.area.x, view.area.bottom() + 36.0);
    legend(&mut page.svg, below, &legend_entries(input), DARK.ink);
    Ok(page)
}

/// The way from frame pixels to the page.
#[derive(Debug, Clone, Copy)]
struct View {
    window: Window,
    /// Page pixels per frame pixel.
    zoom: f64,
    area: Area,
}

impl View {
    fn at(&self, place: PixelPos) -> Point {
        (
            self.area.x + (place.x_px - self.window.left) * self.zoom,
            self.area.y + (place.y_px - self.window.top) * self.zoom,
        )
    }
    fn line(&self, places: &[PixelPos]) -> Vec<Point> {
        places.iter().map(|p| self.at(*p)).collect()
    }
    fn marks(&self, markers: &[&Marker]) -> Vec<Mark> {
        let mark =
            |marker: &&Marker| Mark { at: self.at(marker.at), radius: 13.0, text: marker.label.clone() };
        markers.iter().map(mark).collect()
    }
}

/// The square around the limb, or the whole frame.
fn window(input: &FrameFigure<'_>) -> Window {
    let whole = Window::whole(input.image);
    let points = input.limb_model.iter().flatten();
    let points = points.filter(|p| p.x_px.is_finite() && p.y_px.is_finite());
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for point in points {
        low = (low.0.min(point.x_px), low.1.min(point.y_px));
        high = (high.0.max(point.x_px), high.1.max(point.y_px));
    }
    let side = (high.0 - low.0).max(high.1 - low.1) * 1.16;
    let room = whole.width.min(whole.height);
    // Below 48 pixels a figure would show pixels, not a body.
    if input.view == FrameView::Whole || side <= 0.0 || side >= room {
        return whole;
    }
    let side = side.max(48.0).min(room);
    let start = |centre: f64, size: f64| (centre - side / 2.0).clamp(-0.5, size - 0.5 - side);
    Window {
        left: start((low.0 + high.0) / 2.0, whole.width),
        top: start((low.1 + high.1) / 2.0, whole.height),
        width: side,
        height: side,
    }
}

fn visible_marks<'a>(input: &'a FrameFigure<'_>, window: &Window) -> Vec<&'a Marker> {
    let shown = Area::new(window.left, window.top, window.width, window.height);
    let inside = |m: &&Marker| shown.holds((m.at.x_px, m.at.y_px));
    input.markers.iter().filter(inside).collect()
}

fn picture(input: &FrameFigure<'_>, window: &Window, view: &View) -> Picture {
    let size = (view.area.width as usize, view.area.height as usize);
    let tone = Tone::of([input.image].into_iter(), &input.stretch);
    let values = resample(input.image, *window, size);
    let colour = |value: &f32| match tone.brightness(*value) {
        brightness if brightness.is_nan() => NO_DATA,
        brightness => ColourMap::Grey.colour(brightness),
    };
    Picture { width: size.0, rgb: values.as_slice().iter().map(colour).collect() }
}

fn draw_lines(svg: &mut Svg, input: &FrameFigure<'_>, view: &View) {
    svg.clipped(view.area, |svg| {
        for line in &input.graticule {
            svg.line(&view.line(line), Stroke::solid(WHITE, 1.5).faint(0.28));
        }
        for line in &input.limb_model {
            svg.line(&view.line(line), Stroke::solid(ORANGE, 2.0).faint(0.9));
        }
        let stride = input.limb_points.len().div_ceil(LIMB_POINTS_DRAWN).max(1);
        for point in input.limb_points.iter().step_by(stride) {
            match point.use_in_fit {
                LimbUse::Used => svg.dot(view.at(point.at), 3.0, SKY),
                LimbUse::Rejected => svg.cross(view.at(point.at), 5.0, Stroke::solid(VERMILLION, 2.5)),
            }
        }
    });
}

fn draw_marks(svg: &mut Svg, view: &View, marks: &[Mark]) {
    for (mark, spot) in marks.iter().zip(place_labels(marks, SMALL, view.area.inset(8.0))) {
        svg.ring(mark.at, mark.radius, Stroke::solid(BLACK, 4.5).faint(0.55));
        svg.ring(mark.at, mark.radius, Stroke::solid(WHITE, 2.0));
        let Some(spot) = spot else { continue };
        if let Some(leader) = spot.leader {
            svg.line(&[edge(mark, leader), leader], Stroke::solid(WHITE, 1.5).faint(0.8));
        }
        let label = Label::new(&mark.text, spot.at, SMALL).bold().anchor(spot.anchor);
        svg.text(&label.colour(WHITE).halo(BLACK));
    }
}

/// The point of a mark's edge that faces `towards`.
pub(super) fn edge(mark: &Mark, towards: Point) -> Point {
    let (dx, dy) = (towards.0 - mark.at.0, towards.1 - mark.at.1);
    let share = mark.radius / dx.hypot(dy).max(1e-9);
    (mark.at.0 + dx * share, mark.at.1 + dy * share)
}

/// A bar of a round length near a sixth of the picture's width, in its lower left corner; none when the scale is not
/// positive.
pub(super) fn scale_bar(svg: &mut Svg, area: Area, km_per_page_px: f64) {
    if !(km_per_page_px > 0.0 && km_per_page_px.is_finite()) {
        return;
    }
    let wanted = area.width / 6.0 * km_per_page_px;
    let power = 10f64.powf(wanted.log10().floor());
    let length_km = [5.0, 2.0, 1.0].into_iter().find(|n| n * power <= wanted).unwrap_or(1.0) * power;
    let length = length_km / km_per_page_px;
    let (x, y) = (area.x + 32.0, area.bottom() - 36.0);
    for (colour, width) in [(BLACK, 8.0), (WHITE, 4.0)] {
        let opacity = if colour == BLACK { 0.6 } else { 1.0 };
        svg.line(&[(x, y), (x + length, y)], Stroke::solid(colour, width).faint(opacity));
        for end in [x, x + length] {
            svg.line(&[(end, y - 7.0), (end, y + 7.0)], Stroke::solid(colour, width - 1.0).faint(opacity));
        }
    }
    let text = format!("{} km", significant(length_km, 1));
    let label = Label::new(&text, (x + length / 2.0, y - 18.0), SMALL).bold().anchor(Anchor::Middle);
    svg.text(&label.colour(WHITE).halo(BLACK));
}

fn legend_entries(input: &FrameFigure<'_>) -> Vec<(Sign, &'static str)> {
    let any = |kind| input.limb_points.iter().any(|p| p.use_in_fit == kind);
    let mut entries = Vec::new();
    if !input.limb_model.is_empty() {
        entries.push((Sign::Line(Stroke::solid(ORANGE, 2.5)), "fitted limb"));
    }
    if any(LimbUse::Used) {
        entries.push((Sign::Dot(SKY), "limb points used"));
    }
    if any(LimbUse::Rejected) {
        entries.push((Sign::Cross(VERMILLION), "limb points rejected"));
    }
    entries
}

fn caption(input: &FrameFigure<'_>, missing: usize) -> String {
    let used = || input.limb_points.iter().filter(|p| p.use_in_fit == LimbUse::Used);
    let limb = rms(used().map(|p| p.residual_px)).map(|rms_px| {
        let (count, total) = (used().count(), input.limb_points.len());
        format!("Limb residual {} px rms over {count} of {total} points.", number(rms_px, 2))
    });
    let labels = (missing > 0).then(|| format!("Left out for want of room: {}.", counted(missing, "label")));
    let finite = input.image.as_slice().iter().any(|v| v.is_finite());
    let empty = if finite { "" } else { "The frame holds no valid pixel." };
    sentences(&[&input.caption, &limb.unwrap_or_default(), &labels.unwrap_or_default(), empty])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(centre: f64, radius: f64) -> Vec<PixelPos> {
        let angle = |i: i32| f64::from(i) / 60.0 * std::f64::consts::TAU;
        (0..=60)
            .map(|i| PixelPos::new(centre + radius * angle(i).cos(), centre + radius * angle(i).sin()))
            .collect()
    }

    #[test]
    fn the_view_is_a_square_around_the_limb_inside_the_frame() {
        let image = Raster::filled(1024, 1024, 0.0);
        let mut figure = FrameFigure::new(&image);
        figure.limb_model = vec![circle(200.0, 195.0)];
        let window = window(&figure);
        assert_eq!(window.width, window.height);
        assert!(window.left >= -0.5 && window.width > 390.0 && window.width < 500.0, "{window:?}");
        figure.view = FrameView::Whole;
        assert_eq!(super::window(&figure), Window::whole(&image));
        figure.view = FrameView::Body;
        figure.limb_model = vec![circle(500.0, 4000.0)];
        assert_eq!(super::window(&figure), Window::whole(&image));
    }

    #[test]
    fn the_caption_tells_the_rms_of_the_points_used() {
        let image = Raster::filled(4, 4, 1.0);
        let mut figure = FrameFigure::new(&image);
        let point =
            |residual_px, use_in_fit| LimbPoint { at: PixelPos::new(1.0, 1.0), residual_px, use_in_fit };
        figure.limb_points =
            vec![point(0.3, LimbUse::Used), point(-0.3, LimbUse::Used), point(9.0, LimbUse::Rejected)];
        assert_eq!(caption(&figure, 0), "Limb residual 0.30 px rms over 2 of 3 points.");
        assert!(annotated_frame(&figure).is_ok());
    }

    #[test]
    fn empty_and_hollow_frames_are_told_apart() {
        let none = Raster::filled(0, 0, 0.0);
        assert!(matches!(annotated_frame(&FrameFigure::new(&none)), Err(PublishError::Argument { .. })));
        let hollow = Raster::filled(8, 8, f32::NAN);
        assert!(caption(&FrameFigure::new(&hollow), 0).contains("no valid pixel"));
        assert!(annotated_frame(&FrameFigure::new(&hollow)).is_ok());
    }
}
