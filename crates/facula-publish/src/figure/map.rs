// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simple cylindrical map with colour bar, graticule in degrees east, scale bar, and named spots.

use facula_core::{LonLat, MapGrid, PixelPos, Raster};
use rayon::prelude::*;

use super::frame::{edge, scale_bar};
use super::{counted, need_pixels, sentences};
use crate::axis::{Axis, number, significant};
use crate::colour::{BLACK, ColourMap, LIGHT, Rgb, WHITE};
use crate::page::{MARGIN, PAGE_WIDTH, Page, Picture, SMALL, Words};
use crate::place::{Mark, place_labels};
use crate::resample::{Window, resample};
use crate::stretch::{percentile, sample};
use crate::svg::{Anchor, Area, Label, Stroke, Svg, text_width};
use crate::{Png, PublishError};

/// Room for latitude texts left of the map and longitude texts below it, px.
const LEFT: f64 = 64.0;
const BELOW: f64 = 40.0;
/// Height of the row with the colour bar and the legend of the marks, px.
const BAR_ROW: f64 = 84.0;
/// Smallest and largest ring around a spot, px.
const RING: (f64, f64) = (7.0, 90.0);

/// A named spot on a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapMarker {
    /// Where.
    pub place: LonLat,
    /// Its name; may be empty.
    pub name: String,
    /// Diameter, km; sets the size of the ring.
    pub diameter_km: f64,
    /// Brightness over that of its surroundings; sets the colour of the ring.
    pub contrast: f64,
}

/// Input of [`map_figure`]. Make one with [`MapFigure::new`] and fill in what there is.
#[derive(Debug, Clone)]
pub struct MapFigure<'a> {
    /// The values; NaN is no data.
    pub values: &'a Raster<f32>,
    /// Where the values lie; its size must be that of `values`.
    pub grid: MapGrid,
    /// Mean radius of the body, km; sizes the rings.
    pub radius_km: f64,
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the map; computed numbers are added.
    pub caption: String,
    /// What the values are, with unit: `I/F`, `frames per cell`, `m/px`.
    pub quantity: String,
    /// Colours.
    pub colours: ColourMap,
    /// Values at the ends of the colour bar; by default the 0.5th and 99.5th percentile.
    pub range: Option<(f64, f64)>,
    /// Named spots, the most important first.
    pub markers: Vec<MapMarker>,
    /// Closed lines on the ground, such as rims; with any, markers have no rings.
    pub outlines: Vec<Vec<LonLat>>,
}

impl<'a> MapFigure<'a> {
    /// A figure of the values alone.
    pub fn new(values: &'a Raster<f32>, grid: MapGrid, radius_km: f64) -> Self {
        Self {
            values,
            grid,
            radius_km,
            title: String::new(),
            subtitle: String::new(),
            caption: String::new(),
            quantity: String::new(),
            colours: ColourMap::default(),
            range: None,
            markers: Vec::new(),
            outlines: Vec::new(),
        }
    }
}

/// The map with its colour bar, graticule and spots.
///
/// # Errors
/// `Argument` when the values are not of the grid's size or there are none, `Limit` when the page would be too long.
pub fn map_figure(input: &MapFigure<'_>) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The same as an SVG document with the map's picture in it.
///
/// # Errors
/// As [`map_figure`].
pub fn map_svg(input: &MapFigure<'_>) -> Result<String, PublishError> {
    page(input)?.document_with_pictures()
}

fn page(input: &MapFigure<'_>) -> Result<Page, PublishError> {
    check(input)?;
    let width = (f64::from(PAGE_WIDTH) - 2.0 * MARGIN - LEFT).floor();
    let height = (width * input.grid.height as f64 / input.grid.width as f64).round().max(1.0);
    let range = range(input);
    let sheet = Sheet::new(input, Area::new(MARGIN + LEFT, 0.0, width, height));
    let missing = sheet.spots().iter().filter(|(mark, spot)| spot.is_none() && !mark.text.is_empty()).count();
    let caption = caption(input, missing);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let mut page = Page::new(&words, height + BELOW + BAR_ROW, LIGHT)?;
    let sheet = Sheet::new(input, Area::new(MARGIN + LEFT, page.content.y, width, height));
    page.place(picture(input, range, (width as usize, height as usize)), (sheet.area.x, sheet.area.y));
    graticule(&mut page.svg, &sheet);
    scale_bar(&mut page.svg, sheet.area, sheet.km_per_page_px());
    outlines(&mut page.svg, &sheet);
    spots(&mut page.svg, &sheet);
    let row = Area::new(sheet.area.x, sheet.area.bottom() + BELOW, width, BAR_ROW);
    colour_bar(&mut page, input, (row, range));
    mark_legend(&mut page.svg, &sheet, row);
    Ok(page)
}

/// The map on the page.
struct Sheet<'a> {
    input: &'a MapFigure<'a>,
    area: Area,
    /// Page pixels per cell.
    zoom: f64,
    contrasts: Option<(f64, f64)>,
}

impl<'a> Sheet<'a> {
    fn new(input: &'a MapFigure<'a>, area: Area) -> Self {
        let finite = || input.markers.iter().map(|m| m.contrast).filter(|c| c.is_finite());
        let (low, high) = finite().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c), h.max(c)));
        Self {
            input,
            area,
            zoom: area.width / input.grid.width as f64,
            contrasts: (low <= high).then_some((low, high)),
        }
    }

    fn at(&self, position: PixelPos) -> (f64, f64) {
        (self.area.x + (position.x_px + 0.5) * self.zoom, self.area.y + (position.y_px + 0.5) * self.zoom)
    }

    /// Kilometres a pixel of the page is worth along meridians and the equator.
    fn km_per_page_px(&self) -> f64 {
        self.input.grid.step_rad * self.input.radius_km / self.zoom
    }

    fn ring(&self, diameter_km: f64) -> f64 {
        let radius = diameter_km / 2.0 / self.km_per_page_px();
        if radius.is_finite() { radius.clamp(RING.0, RING.1) } else { RING.0 }
    }

    fn colour(&self, contrast: f64) -> Rgb {
        match self.contrasts {
            Some((low, high)) if high > low && contrast.is_finite() => {
                ColourMap::Amber.colour((contrast - low) / (high - low))
            }
            _ => ColourMap::Amber.colour(0.5),
        }
    }

    /// The marks on the map with the places of their labels, in the order given.
    fn spots(&self) -> Vec<(Mark, Option<crate::place::Spot>)> {
        let position = |m: &MapMarker| self.input.grid.position(m.place).map(|p| self.at(p));
        let marks: Vec<Mark> = self
            .input
            .markers
            .iter()
            .map(|m| Mark {
                at: position(m).unwrap_or((f64::NAN, f64::NAN)),
                radius: self.ring(m.diameter_km),
                text: m.name.clone(),
            })
            .collect();
        let places = place_labels(&marks, SMALL, self.area.inset(4.0));
        marks.into_iter().zip(places).collect()
    }
}

fn check(input: &MapFigure<'_>) -> Result<(), PublishError> {
    need_pixels(input.values, "map of the figure")?;
    let (have, want) = ((input.values.width(), input.values.height()), (input.grid.width, input.grid.height));
    if have == want && input.grid.step_rad > 0.0 {
        return Ok(());
    }
    Err(PublishError::Argument {
        what: "map of the figure",
        found: format!("{} x {} values for a grid of {} x {} cells", have.0, have.1, want.0, want.1),
        remedy: "give the values of exactly that grid",
    })
}

/// Ends of the colour bar: as asked, or percentiles widened until they differ.
fn range(input: &MapFigure<'_>) -> (f64, f64) {
    let values = sample([input.values].into_iter());
    let found = || Some((percentile(&values, 0.5)?, percentile(&values, 99.5)?));
    match input.range.or_else(found) {
        Some((low, high)) if high > low => (low, high),
        Some((low, _)) if low.is_finite() => (low - 0.5 * low.abs().max(1.0), low + 0.5 * low.abs().max(1.0)),
        _ => (0.0, 1.0),
    }
}

fn picture(input: &MapFigure<'_>, (low, high): (f64, f64), size: (usize, usize)) -> Picture {
    let values = resample(input.values, Window::whole(input.values), size);
    let table = input.colours.table();
    let colour = |(index, value): (usize, &f32)| {
        let fraction = (f64::from(*value) - low) / (high - low);
        if fraction.is_nan() {
            hatch(index % size.0, index / size.0)
        } else {
            table[(fraction.clamp(0.0, 1.0) * 255.0).round() as usize]
        }
    };
    Picture { width: size.0, rgb: values.as_slice().par_iter().enumerate().map(colour).collect() }
}

/// No data: light grey with thin diagonal lines, unlike any value.
fn hatch(x: usize, y: usize) -> Rgb {
    if (x + y) % 12 < 2 { [188, 193, 199] } else { [229, 231, 234] }
}

/// Lines every 30 degrees, closer on maps of a part, with texts at the edges.
fn graticule(svg: &mut Svg, sheet: &Sheet<'_>) {
    let (area, grid) = (sheet.area, &sheet.input.grid);
    let degrees = |rad: f64| rad.to_degrees();
    let (west, north) = (degrees(grid.west_rad), degrees(grid.north_rad));
    let (wide, high) =
        (degrees(grid.step_rad) * grid.width as f64, degrees(grid.step_rad) * grid.height as f64);
    let step = [30.0, 15.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1];
    let step = step.into_iter().find(|s| wide / s >= 4.0).unwrap_or(0.05);
    let decimals = usize::from(step < 1.0);
    for tick in ticks(west, west + wide, step) {
        let x = area.x + (tick - west) / wide * area.width;
        svg.line(&[(x, area.y), (x, area.bottom())], Stroke::solid(WHITE, 1.0).faint(0.35));
        let text = format!("{}°", number(east(tick), decimals));
        let label = Label::new(&text, (x, area.bottom() + 28.0), SMALL).anchor(Anchor::Middle);
        svg.text(&label.colour(LIGHT.soft));
    }
    for tick in ticks(north - high, north, step) {
        let y = area.y + (north - tick) / high * area.height;
        svg.line(&[(area.x, y), (area.right(), y)], Stroke::solid(WHITE, 1.0).faint(0.35));
        let text = format!("{}°", number(tick, decimals));
        let label = Label::new(&text, (area.x - 10.0, y), SMALL).anchor(Anchor::End).centred();
        svg.text(&label.colour(LIGHT.soft));
    }
    svg.frame(area, Stroke::solid(LIGHT.soft, 1.5));
}

fn ticks(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last.min(first + 400)).map(move |i| i as f64 * step)
}

/// East longitude in [0, 360], with 360 kept where a map ends there.
fn east(longitude_deg: f64) -> f64 {
    if (0.0..=360.0).contains(&longitude_deg) { longitude_deg } else { longitude_deg.rem_euclid(360.0) }
}

/// Closed lines, broken where they leave the map on one side and come back on the other.
fn outlines(svg: &mut Svg, sheet: &Sheet<'_>) {
    svg.clipped(sheet.area, |svg| {
        for outline in &sheet.input.outlines {
            let at = |place: &LonLat| sheet.input.grid.position(*place).map(|p| sheet.at(p));
            let points: Vec<(f64, f64)> =
                outline.iter().map(|place| at(place).unwrap_or((f64::NAN, f64::NAN))).collect();
            for piece in points.chunk_by(|a, b| (a.0 - b.0).abs() < 0.5 * sheet.area.width) {
                svg.line(piece, Stroke::solid(BLACK, 4.0).faint(0.45));
                svg.line(piece, Stroke::solid(ColourMap::Amber.colour(0.25), 1.8));
            }
        }
    });
}

fn spots(svg: &mut Svg, sheet: &Sheet<'_>) {
    let placed = sheet.spots();
    let ringed = if sheet.input.outlines.is_empty() { placed.len() } else { 0 };
    svg.clipped(sheet.area, |svg| {
        // The first are the most important and are drawn last.
        for ((mark, _), marker) in placed.iter().zip(&sheet.input.markers).take(ringed).rev() {
            svg.ring(mark.at, mark.radius, Stroke::solid(BLACK, 5.0).faint(0.6));
            svg.ring(mark.at, mark.radius, Stroke::solid(sheet.colour(marker.contrast), 2.5));
        }
    });
    for (mark, spot) in &placed {
        let Some(spot) = spot else { continue };
        if let Some(leader) = spot.leader {
            svg.line(&[edge(mark, leader), leader], Stroke::solid(WHITE, 1.5).faint(0.85));
        }
        let label = Label::new(&mark.text, spot.at, SMALL).bold().anchor(spot.anchor);
        svg.text(&label.colour(WHITE).halo(BLACK));
    }
}

fn colour_bar(page: &mut Page, input: &MapFigure<'_>, (row, range): (Area, (f64, f64))) {
    let bar = Area::new(row.x, row.y + 22.0, (row.width * 0.36).round(), 22.0);
    let table = input.colours.table();
    let line: Vec<Rgb> = (0..bar.width as usize).map(|x| table[x * 255 / (bar.width as usize - 1)]).collect();
    let picture = Picture { width: line.len(), rgb: line.repeat(bar.height as usize) };
    page.place(picture, (bar.x, bar.y));
    let exact = Area::new(bar.x.round(), bar.y.round(), bar.width, bar.height);
    page.svg.frame(exact, Stroke::solid(LIGHT.soft, 1.0));
    let axis = Axis::new(range.0, range.1, "");
    for (value, text) in axis.ticks(5) {
        let x = exact.x + axis.fraction(value) * exact.width;
        page.svg.line(&[(x, exact.bottom()), (x, exact.bottom() + 6.0)], Stroke::solid(LIGHT.soft, 1.5));
        let label = Label::new(&text, (x, exact.bottom() + 28.0), SMALL).anchor(Anchor::Middle);
        page.svg.text(&label.colour(LIGHT.soft));
    }
    let quantity = Label::new(&input.quantity, (exact.right() + 16.0, exact.y + 11.0), SMALL);
    page.svg.text(&quantity.centred().colour(LIGHT.ink));
    if input.values.as_slice().iter().any(|v| v.is_nan()) {
        no_data(page, exact.right() + 16.0 + text_width(&input.quantity, SMALL) + 36.0, exact.y);
    }
}

fn no_data(page: &mut Page, left: f64, top: f64) {
    let rgb = (0..40 * 22).map(|i| hatch(i % 40, i / 40)).collect();
    page.place(Picture { width: 40, rgb }, (left, top));
    let label = Label::new("no data", (left.round() + 50.0, top + 11.0), SMALL).centred();
    page.svg.text(&label.colour(LIGHT.ink));
}

/// Right of the colour bar: which contrast the ring colours mean.
fn mark_legend(svg: &mut Svg, sheet: &Sheet<'_>, row: Area) {
    let Some((low, high)) = sheet.contrasts else { return };
    let shown: Vec<f64> = if high > low { vec![low, (low + high) / 2.0, high] } else { vec![low] };
    let texts: Vec<String> = shown.iter().map(|c| significant(*c, 2)).collect();
    let width = texts.iter().map(|t| text_width(t, SMALL) + 50.0).sum::<f64>();
    let title = "spot contrast";
    let mut x = row.right() - width - text_width(title, SMALL) - 16.0;
    let y = row.y + 33.0;
    svg.text(&Label::new(title, (x, y), SMALL).centred().colour(LIGHT.ink));
    x += text_width(title, SMALL) + 30.0;
    for (contrast, text) in shown.iter().zip(&texts) {
        let colour = sheet.colour(*contrast);
        svg.dot((x, y), 11.0, LIGHT.soft);
        svg.ring((x, y), 8.0, Stroke::solid(colour, 3.0));
        svg.text(&Label::new(text, (x + 18.0, y), SMALL).centred().colour(LIGHT.ink));
        x += text_width(text, SMALL) + 50.0;
    }
}

fn caption(input: &MapFigure<'_>, missing: usize) -> String {
    let total = input.values.as_slice().len() as f64;
    let covered = covered_fraction(input);
    let coverage = if covered >= 1.0 {
        String::new()
    } else if input.values.as_slice().iter().all(|v| v.is_nan()) {
        format!("No cell of {} has data.", number(total, 0))
    } else {
        format!("{} % of the area shown has data.", number((covered * 100.0).min(99.9), 1))
    };
    let labels = (missing > 0).then(|| format!("Left out for want of room: {}.", counted(missing, "label")));
    let frame = "Simple cylindrical; planetocentric latitude, east longitude; the bar holds along meridians.";
    sentences(&[&input.caption, frame, &coverage, &labels.unwrap_or_default()])
}

/// Share of the area (cells weighted by the cosine of latitude) with data.
fn covered_fraction(input: &MapFigure<'_>) -> f64 {
    let (mut covered, mut all) = (0.0, 0.0);
    for line in 0..input.grid.height {
        let weight = input.grid.place(PixelPos::new(0.0, line as f64)).latitude_rad.cos().max(0.0);
        let values = input.values.line(line);
        covered += weight * values.iter().filter(|v| !v.is_nan()).count() as f64;
        all += weight * values.len() as f64;
    }
    if all > 0.0 { covered / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covered_area_counts_the_poles_less() {
        let grid = MapGrid::global(90);
        let mut values = Raster::filled(180, 90, 1.0);
        // North of 30 degrees: (1 - sin 30°) / 2 = a quarter of the sphere.
        values.as_mut_slice()[..180 * 30].fill(f32::NAN);
        let figure = MapFigure::new(&values, grid, 470.0);
        assert!((covered_fraction(&figure) - 0.75).abs() < 1e-3);
        assert!(caption(&figure, 2).contains("75.0 %") && caption(&figure, 2).contains("2 labels."));
    }

    #[test]
    fn maps_without_values_say_so_and_wrong_sizes_are_refused() {
        let grid = MapGrid::global(9);
        let hollow = Raster::filled(18, 9, f32::NAN);
        let figure = MapFigure::new(&hollow, grid, 470.0);
        assert!(caption(&figure, 0).contains("No cell"));
        assert!(map_figure(&figure).is_ok());
        let wrong = Raster::filled(9, 18, 1.0);
        let refused = map_figure(&MapFigure::new(&wrong, grid, 470.0));
        assert!(matches!(refused, Err(PublishError::Argument { .. })));
    }

    #[test]
    fn rings_have_the_size_of_the_spots_and_stay_visible() {
        let values = Raster::filled(360, 180, 1.0);
        let mut figure = MapFigure::new(&values, MapGrid::global(180), 470.0);
        figure.markers = [1.0, 5.0]
            .map(|contrast| MapMarker {
                place: LonLat::from_degrees(239.3, 19.8),
                name: "Occator".into(),
                diameter_km: 92.0,
                contrast,
            })
            .to_vec();
        let sheet = Sheet::new(&figure, Area::new(0.0, 0.0, 1440.0, 720.0));
        // 92 km on 2π 470 km of circumference, drawn 1440 px wide.
        let expected = 92.0 / 2.0 * 1440.0 / (std::f64::consts::TAU * 470.0);
        assert!((sheet.ring(92.0) - expected).abs() < 1e-9);
        assert_eq!((sheet.ring(0.1), sheet.ring(f64::NAN)), (RING.0, RING.0));
        assert_ne!(sheet.colour(1.0), sheet.colour(5.0));
        let at = sheet.spots()[0].0.at;
        assert!((at.0 - 239.3 * 4.0).abs() < 1e-6 && (at.1 - 70.2 * 4.0).abs() < 1e-6, "{at:?}");
    }

    #[test]
    fn the_scale_bar_has_a_round_length() {
        let values = Raster::filled(360, 180, 1.0);
        let figure = MapFigure::new(&values, MapGrid::global(180), 470.0);
        let sheet = Sheet::new(&figure, Area::new(0.0, 0.0, 1440.0, 720.0));
        // 2π 470 km over 1440 px; a sixth of the width is 492 km, so 200 km.
        assert!((sheet.km_per_page_px() - 2.0507).abs() < 1e-4);
        let mut svg = Svg::default();
        scale_bar(&mut svg, sheet.area, sheet.km_per_page_px());
        assert!(svg.document(1, 1).contains(">200 km<"));
    }

    #[test]
    fn constant_maps_get_a_range_with_a_width() {
        let values = Raster::filled(4, 2, 3.0);
        let (low, high) = range(&MapFigure::new(&values, MapGrid::global(2), 1.0));
        assert!(low < 3.0 && high > 3.0);
        assert_eq!(east(-30.0), 330.0);
        assert_eq!(east(360.0), 360.0);
    }

    #[test]
    fn the_graticule_is_every_thirty_degrees_and_closer_on_parts() {
        let texts = |grid: MapGrid| {
            let values = Raster::filled(grid.width, grid.height, 1.0);
            let figure = MapFigure::new(&values, grid, 470.0);
            let mut svg = Svg::default();
            graticule(&mut svg, &Sheet::new(&figure, Area::new(0.0, 0.0, 1440.0, 720.0)));
            svg.document(1, 1)
        };
        let global = texts(MapGrid::global(18));
        assert!(
            ["0°", "330°", "360°", "\u{2212}60°"].iter().all(|text| global.contains(&format!(">{text}<")))
        );
        let step_rad = 0.5f64.to_radians();
        let part = MapGrid { width: 60, height: 30, west_rad: 6.0, north_rad: 0.5, step_rad };
        assert!(texts(part).contains(">350°<"));
    }
}
