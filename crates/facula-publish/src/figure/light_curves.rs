// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves of spots, a panel each, with what a reflecting and a self-luminous spot would have shown.

use facula_core::LonLat;

use super::{counted, place_text, sentences};
use crate::axis::{Axis, evidence_text};
use crate::chart::{Chart, Datum, Sign, legend};
use crate::colour::{BLUE, LIGHT, Rgb, VERMILLION};
use crate::font::shorten;
use crate::page::{HEADING, Page, SMALL, Words};
use crate::svg::{Area, Label, Stroke};
use crate::{Png, PublishError};

/// Panels in one figure at most; further spots are named as left out.
pub const MAX_PANELS: usize = 6;

const GAP: f64 = 40.0;
const HEAD: f64 = 74.0;
const NIGHT: (Rgb, f64) = ([46, 56, 78], 0.12);
const REFLECTING: Stroke = Stroke::solid(BLUE, 3.0);
const LUMINOUS: Stroke = Stroke::solid(VERMILLION, 3.0).dashes();

/// What runs along the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CurveAxis {
    /// Hours after an epoch given as UTC text (`2015-05-04T00:00:00`).
    HoursAfter {
        /// The epoch, UTC.
        utc: String,
    },
    /// Angle between the Sun and the local vertical, degrees.
    IncidenceDeg,
}

/// A measured brightness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Position along the axis, in its unit (hours or degrees).
    pub abscissa: f64,
    /// I/F.
    pub iof: f64,
    /// Its standard error, I/F; not drawn when not positive.
    pub sigma: f64,
}

/// A point of a model curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelPoint {
    /// Position along the axis, in its unit (hours or degrees).
    pub abscissa: f64,
    /// I/F.
    pub iof: f64,
}

/// One spot.
#[derive(Debug, Clone, PartialEq)]
pub struct SpotPanel {
    /// Name.
    pub name: String,
    /// Where it lies.
    pub place: LonLat,
    /// Natural logarithm of the Bayes factor, reflecting over self-luminous; `None` when not computed.
    pub ln_bayes: Option<f64>,
    /// Measurements.
    pub points: Vec<CurvePoint>,
    /// Best reflecting model, in order of the axis.
    pub reflecting: Vec<ModelPoint>,
    /// Best self-luminous model, in order of the axis.
    pub self_luminous: Vec<ModelPoint>,
    /// Stretches of the axis where the spot is in night, each from and to in the axis' unit.
    pub night: Vec<(f64, f64)>,
}

/// Input of [`light_curves_figure`].
#[derive(Debug, Clone, PartialEq)]
pub struct LightCurvesFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the panels; computed numbers are added.
    pub caption: String,
    /// What runs along the horizontal axes.
    pub axis: CurveAxis,
    /// The spots, the most important first.
    pub spots: Vec<SpotPanel>,
}

/// Up to [`MAX_PANELS`] panels of I/F against time or incidence.
///
/// # Errors
/// `Argument` when there is no spot.
pub fn light_curves_figure(input: &LightCurvesFigure) -> Result<Png, PublishError> {
    if input.spots.is_empty() {
        return Err(PublishError::Argument {
            what: "light curves",
            found: "no spot".into(),
            remedy: "leave the figure out when no spot was followed",
        });
    }
    let shown = &input.spots[..input.spots.len().min(MAX_PANELS)];
    let columns = if shown.len() < 5 { shown.len().min(2) } else { 3 };
    let rows = shown.len().div_ceil(columns);
    let row_height = if rows == 1 { 560.0 } else { 440.0 };
    let caption = caption(input);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let height = rows as f64 * (row_height + GAP) + 30.0;
    let mut page = Page::new(&words, height, LIGHT)?;
    let content = page.content;
    let width = (content.width - GAP * (columns - 1) as f64) / columns as f64;
    for (index, spot) in shown.iter().enumerate() {
        let (column, row) = (index % columns, index / columns);
        let (x, y) = (content.x + column as f64 * (width + GAP), content.y + row as f64 * (row_height + GAP));
        panel(&mut page, Area::new(x, y, width, row_height), spot, &input.axis);
    }
    draw_legend(&mut page, shown);
    page.render()
}

fn panel(page: &mut Page, area: Area, spot: &SpotPanel, axis: &CurveAxis) {
    let svg = &mut page.svg;
    let name = shorten(&spot.name, HEADING, area.width);
    svg.text(&Label::new(&name, (area.x, area.y + HEADING), HEADING).bold().colour(LIGHT.ink));
    let about = format!("{} · {}", place_text(spot.place), bayes_text(spot.ln_bayes));
    let about = shorten(&about, SMALL, area.width);
    svg.text(&Label::new(&about, (area.x, area.y + HEADING + 30.0), SMALL).colour(LIGHT.soft));
    let plot = Area::new(area.x, area.y + HEAD, area.width, area.height - HEAD);
    let chart = Chart::new(plot, axes(spot, axis), LIGHT);
    for night in &spot.night {
        chart.band(svg, *night, NIGHT);
    }
    chart.axes(svg);
    let pairs = |model: &[ModelPoint]| model.iter().map(|p| (p.abscissa, p.iof)).collect::<Vec<_>>();
    chart.line(svg, &pairs(&spot.self_luminous), LUMINOUS);
    chart.line(svg, &pairs(&spot.reflecting), REFLECTING);
    let data = spot.points.iter().map(|p| Datum { x: p.abscissa, y: p.iof, sigma: p.sigma });
    chart.points(svg, &data.collect::<Vec<_>>(), (LIGHT.ink, 5.0));
    if spot.points.is_empty() {
        chart.note(svg, "no measurement");
    }
}

fn axes(spot: &SpotPanel, axis: &CurveAxis) -> (Axis, Axis) {
    let title = match axis {
        CurveAxis::HoursAfter { .. } => "time, hours".to_string(),
        CurveAxis::IncidenceDeg => "incidence angle, degrees".to_string(),
    };
    let x = spot.points.iter().map(|p| p.abscissa);
    let model_x = spot.reflecting.iter().chain(&spot.self_luminous).map(|p| p.abscissa);
    let x = Axis::fit(x.chain(model_x), &title);
    let x = if *axis == CurveAxis::IncidenceDeg { x.degrees() } else { x };
    let ends = spot.points.iter().flat_map(|p| [p.iof - p.sigma.max(0.0), p.iof + p.sigma.max(0.0)]);
    let model_y = spot.reflecting.iter().chain(&spot.self_luminous).map(|p| p.iof);
    (x, Axis::fit(ends.chain(model_y), "I/F").down_to(0.0))
}

/// What the Bayes factor says, in words that do not claim more than it does.
fn bayes_text(ln_bayes: Option<f64>) -> String {
    match ln_bayes.filter(|v| !v.is_nan()) {
        None => "no Bayes factor".to_string(),
        Some(value) => {
            let side = match value {
                v if v > 5.0 => "reflecting",
                v if v < -5.0 => "self-luminous",
                _ => "not decisive",
            };
            let amount = if value.is_infinite() { "∞".to_string() } else { evidence_text(value.abs()) };
            let sign = if value < 0.0 { "\u{2212}" } else { "+" };
            format!("ln B = {sign}{amount}: {side}")
        }
    }
}

fn draw_legend(page: &mut Page, shown: &[SpotPanel]) {
    let mut entries = vec![(Sign::Dot(LIGHT.ink), "measured ±1σ")];
    if shown.iter().any(|s| !s.reflecting.is_empty()) {
        entries.push((Sign::Line(REFLECTING), "reflecting sunlight"));
    }
    if shown.iter().any(|s| !s.self_luminous.is_empty()) {
        entries.push((Sign::Line(LUMINOUS), "self-luminous"));
    }
    if shown.iter().any(|s| !s.night.is_empty()) {
        entries.push((Sign::Swatch([220, 223, 229]), "night at the spot"));
    }
    let at = (page.content.x, page.content.bottom() - 4.0);
    legend(&mut page.svg, at, &entries, LIGHT.ink);
}

fn caption(input: &LightCurvesFigure) -> String {
    let shown = input.spots.len().min(MAX_PANELS);
    let points: usize = input.spots[..shown].iter().map(|s| s.points.len()).sum();
    let mut computed = format!("{} of {}.", counted(points, "measurement"), counted(shown, "spot"));
    if input.spots.len() > shown {
        let further = counted(input.spots.len() - shown, "further spot");
        computed.push_str(&format!(" Not shown: {further}."));
    }
    let origin = match &input.axis {
        CurveAxis::HoursAfter { utc } => format!("Time counts from {utc} UTC."),
        CurveAxis::IncidenceDeg => String::new(),
    };
    sentences(&[&input.caption, &origin, &computed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot() -> SpotPanel {
        SpotPanel {
            name: "Cerealia Facula".into(),
            place: LonLat::from_degrees(239.6, 19.7),
            ln_bayes: Some(120.0),
            points: vec![CurvePoint { abscissa: 1.0, iof: 0.12, sigma: 0.01 }],
            reflecting: vec![ModelPoint { abscissa: 0.0, iof: 0.0 }, ModelPoint { abscissa: 2.0, iof: 0.2 }],
            self_luminous: Vec::new(),
            night: vec![(-1.0, 0.0)],
        }
    }

    fn figure(count: usize) -> LightCurvesFigure {
        LightCurvesFigure {
            title: "Light curves".into(),
            subtitle: String::new(),
            caption: String::new(),
            axis: CurveAxis::IncidenceDeg,
            spots: vec![spot(); count],
        }
    }

    #[test]
    fn words_follow_the_sign_and_size_of_the_bayes_factor() {
        assert_eq!(bayes_text(Some(120.0)), "ln B = +120: reflecting");
        assert_eq!(bayes_text(Some(-12.25)), "ln B = \u{2212}12.2: self-luminous");
        assert!(bayes_text(Some(4.0)).ends_with("not decisive"));
        assert_eq!(bayes_text(Some(f64::NAN)), "no Bayes factor");
        assert!(bayes_text(Some(f64::INFINITY)).contains('∞'));
    }

    #[test]
    fn any_number_of_spots_is_dealt_with() {
        assert!(matches!(light_curves_figure(&figure(0)), Err(PublishError::Argument { .. })));
        for count in [1, 2, 5] {
            assert!(light_curves_figure(&figure(count)).is_ok());
        }
        assert!(caption(&figure(9)).contains("Not shown: 3 further spots."));
        let mut bare = figure(1);
        bare.spots[0].points.clear();
        bare.spots[0].reflecting.clear();
        assert!(light_curves_figure(&bare).is_ok());
    }
}
