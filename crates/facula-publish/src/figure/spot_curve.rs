// SPDX-License-Identifier: MIT OR Apache-2.0
//! The light curve of one spot and its surroundings: I/F against the time of day with the fitted law, residuals beneath,
//! I/F against phase, and the level of each rotation.

use super::light_curves::{CurvePoint, ModelPoint};
use super::{counted, sentences};
use crate::axis::Axis;
use crate::chart::{Chart, Datum, Sign, align_left, legend};
use crate::colour::{BLUE, LIGHT, ORANGE, Rgb, VERMILLION};
use crate::page::{Page, Words};
use crate::svg::{Area, Stroke};
use crate::{Png, PublishError};

const TALL: f64 = 440.0;
const LOW: f64 = 300.0;
const GAP: f64 = 30.0;
/// Room between the two plots of the last row, px.
const BESIDE: f64 = 50.0;
/// Colours of the series.
const COLOURS: [Rgb; 2] = [BLUE, ORANGE];
const NIGHT: (Rgb, f64) = ([46, 56, 78], 0.12);
/// Residuals beyond this are drawn at the edge, sigmas.
const MOST_SIGMA: f64 = 8.0;

/// One piece of ground.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CurveSeries {
    /// Name in the legend.
    pub name: String,
    /// Measurements against the time.
    pub points: Vec<CurvePoint>,
    /// The fitted law at the same times.
    pub model: Vec<ModelPoint>,
    /// Residuals of the fitted points against the time, in sigmas.
    pub residuals: Vec<(f64, f64)>,
    /// Fitted points brought to incidence = emission = half the phase, against phase, degrees.
    pub phase_points: Vec<CurvePoint>,
    /// The law there, in order of phase, degrees.
    pub phase_law: Vec<ModelPoint>,
}

/// Input of [`spot_curve_figure`] and [`spot_curve_svg`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpotCurveFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the figure; the counts are added.
    pub caption: String,
    /// What runs along the upper plots, with its unit.
    pub time_title: String,
    /// Stretches of that axis in night.
    pub night: Vec<(f64, f64)>,
    /// The spot, then its surroundings; two at most.
    pub series: Vec<CurveSeries>,
    /// Observed over modelled brightness of each rotation, against hours after the first point.
    pub levels: Vec<CurvePoint>,
}

/// The figure as a PNG.
///
/// # Errors
/// `Argument` without a measurement.
pub fn spot_curve_figure(input: &SpotCurveFigure) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The same as an SVG document.
///
/// # Errors
/// As [`spot_curve_figure`].
pub fn spot_curve_svg(input: &SpotCurveFigure) -> Result<String, PublishError> {
    Ok(page(input)?.document())
}

fn page(input: &SpotCurveFigure) -> Result<Page, PublishError> {
    let drawable = |s: &CurveSeries| s.points.iter().any(|p| p.abscissa.is_finite() && p.iof.is_finite());
    if !input.series.iter().any(drawable) {
        return Err(PublishError::Argument {
            what: "light curve of a spot",
            found: "no measurement".into(),
            remedy: "leave the figure out when the spot was never seen",
        });
    }
    let caption = caption(input);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let height = 2.0 * TALL + LOW + 2.0 * GAP + 44.0;
    let mut page = Page::new(&words, height, LIGHT)?;
    let content = page.content;
    draw_time(&mut page, input);
    let top = content.y + TALL + LOW + 2.0 * GAP;
    let wide = if input.levels.len() > 1 { 0.58 * (content.width - BESIDE) } else { content.width };
    draw_phase(&mut page, Area::new(content.x, top, wide, TALL), input);
    if input.levels.len() > 1 {
        let left = content.x + wide + BESIDE;
        draw_levels(&mut page, Area::new(left, top, content.width - wide - BESIDE, TALL), input);
    }
    draw_legend(&mut page, input);
    Ok(page)
}

/// I/F and residuals over one axis.
fn draw_time(page: &mut Page, input: &SpotCurveFigure) {
    let all = || input.series.iter().flat_map(|s| &s.points);
    let x = |title: &str| Axis::fit(all().map(|p| p.abscissa), title);
    let ends = all().flat_map(|p| [p.iof - p.sigma.max(0.0), p.iof + p.sigma.max(0.0)]);
    let model = input.series.iter().flat_map(|s| &s.model).map(|p| p.iof);
    let y = Axis::fit(ends.chain(model), "I/F").down_to(0.0);
    let size = input.series.iter().flat_map(|s| &s.residuals).map(|(_, sigma)| sigma.abs());
    let reach = 1.1 * size.filter(|r| r.is_finite()).fold(2.5, f64::max).min(MOST_SIGMA);
    let content = page.content;
    let upper = Area::new(content.x, content.y, content.width, TALL);
    let lower = Area::new(content.x, upper.bottom() + GAP, content.width, LOW);
    let mut above = Chart::new(upper, (x(""), y), LIGHT);
    let mut below = Chart::new(lower, (x(&input.time_title), Axis::new(-reach, reach, "residual, σ")), LIGHT);
    align_left(&mut [&mut above, &mut below]);
    let svg = &mut page.svg;
    for chart in [&above, &below] {
        input.night.iter().for_each(|night| chart.band(svg, *night, NIGHT));
        chart.axes(svg);
    }
    for (series, colour) in input.series.iter().zip(COLOURS) {
        let data: Vec<Datum> = series.points.iter().map(datum).collect();
        above.points(svg, &data, (colour, 5.0));
        for point in series.model.iter().filter(|p| p.abscissa.is_finite() && p.iof.is_finite()) {
            svg.cross(above.at(point.abscissa, point.iof), 5.0, Stroke::solid(VERMILLION, 2.0));
        }
        let rest = |(x, sigma): &(f64, f64)| Datum { x: *x, y: sigma.clamp(-reach, reach), sigma: 0.0 };
        below.points(svg, &series.residuals.iter().map(rest).collect::<Vec<_>>(), (colour, 5.0));
    }
    below.line(svg, &[(below.x.low, 0.0), (below.x.high, 0.0)], Stroke::solid(VERMILLION, 2.5));
}

fn draw_phase(page: &mut Page, area: Area, input: &SpotCurveFigure) {
    let all = || input.series.iter().flat_map(|s| &s.phase_points);
    let ends = all().flat_map(|p| [p.iof - p.sigma.max(0.0), p.iof + p.sigma.max(0.0)]);
    let law = input.series.iter().flat_map(|s| &s.phase_law).map(|p| p.iof);
    let x = Axis::fit(all().map(|p| p.abscissa), "phase angle α, degrees");
    let y = Axis::fit(ends.chain(law), "I/F at i = e = α/2").down_to(0.0);
    let chart = Chart::new(area, (x, y), LIGHT);
    chart.axes(&mut page.svg);
    for (series, colour) in input.series.iter().zip(COLOURS) {
        let data: Vec<Datum> = series.phase_points.iter().map(datum).collect();
        chart.points(&mut page.svg, &data, (colour, 5.0));
        let line: Vec<(f64, f64)> = series.phase_law.iter().map(|p| (p.abscissa, p.iof)).collect();
        chart.line(&mut page.svg, &line, Stroke::solid(VERMILLION, 3.0));
    }
    if input.series.iter().all(|s| s.phase_points.is_empty()) {
        chart.note(&mut page.svg, "no fit");
    }
}

fn draw_levels(page: &mut Page, area: Area, input: &SpotCurveFigure) {
    let ends = input.levels.iter().flat_map(|p| [p.iof - p.sigma, p.iof + p.sigma]);
    let x = Axis::fit(input.levels.iter().map(|p| p.abscissa / 24.0), "days after the first point");
    let chart = Chart::new(area, (x, Axis::fit(ends.chain([1.0]), "observed / law, per rotation")), LIGHT);
    chart.axes(&mut page.svg);
    chart.line(&mut page.svg, &[(chart.x.low, 1.0), (chart.x.high, 1.0)], Stroke::solid(VERMILLION, 2.5));
    let days = |p: &CurvePoint| Datum { x: p.abscissa / 24.0, y: p.iof, sigma: p.sigma };
    chart.points(&mut page.svg, &input.levels.iter().map(days).collect::<Vec<_>>(), (BLUE, 7.0));
}

fn datum(point: &CurvePoint) -> Datum {
    Datum { x: point.abscissa, y: point.iof, sigma: point.sigma }
}

fn draw_legend(page: &mut Page, input: &SpotCurveFigure) {
    let mut entries: Vec<(Sign, &str)> =
        input.series.iter().zip(COLOURS).map(|(s, colour)| (Sign::Dot(colour), s.name.as_str())).collect();
    if input.series.iter().any(|s| !s.model.is_empty()) {
        entries.push((Sign::Cross(VERMILLION), "fitted law"));
    }
    if !input.night.is_empty() {
        entries.push((Sign::Swatch([220, 223, 229]), "night at the spot"));
    }
    legend(&mut page.svg, (page.content.x, page.content.bottom() - 4.0), &entries, LIGHT.ink);
}

fn caption(input: &SpotCurveFigure) -> String {
    let points: usize = input.series.first().map_or(0, |s| s.points.len());
    let fitted: usize = input.series.first().map_or(0, |s| s.residuals.len());
    let computed = format!("{}, {fitted} of them fitted.", counted(points, "measurement"));
    sentences(&[&input.caption, &computed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> SpotCurveFigure {
        let point = |k: usize| CurvePoint { abscissa: k as f64, iof: 0.01 * k as f64, sigma: 0.001 };
        let model = |k: usize| ModelPoint { abscissa: k as f64, iof: 0.01 * k as f64 };
        let series = |name: &str| CurveSeries {
            name: name.into(),
            points: (0..10).map(point).collect(),
            model: (0..10).map(model).collect(),
            residuals: (3..8).map(|k| (f64::from(k), 30.0)).collect(),
            phase_points: (3..8).map(point).collect(),
            phase_law: (3..8).map(model).collect(),
        };
        SpotCurveFigure {
            title: "Spot".into(),
            time_title: "local time, h".into(),
            night: vec![(0.0, 3.0)],
            series: vec![series("spot"), series("surroundings")],
            levels: (0..3).map(point).collect(),
            ..SpotCurveFigure::default()
        }
    }

    #[test]
    fn every_point_is_drawn_and_the_two_upper_plots_are_shaded() {
        let svg = spot_curve_svg(&figure()).unwrap();
        // Points, residuals and phase points of two series, three levels, two dots of the legend.
        assert_eq!(svg.matches("<circle").count(), 2 * (10 + 5 + 5) + 3 + 2);
        assert!(
            svg.contains("surroundings") && svg.contains("per rotation") && svg.contains("night at the spot")
        );
        assert!(caption(&figure()).contains("10 measurements, 5 of them fitted."));
    }

    #[test]
    fn curves_without_a_fit_are_drawn_and_empty_ones_refused() {
        let mut bare = figure();
        bare.levels.clear();
        for series in &mut bare.series {
            *series = CurveSeries {
                name: series.name.clone(),
                points: series.points.clone(),
                ..CurveSeries::default()
            };
        }
        assert!(spot_curve_svg(&bare).unwrap().contains("no fit"));
        assert!(spot_curve_figure(&bare).unwrap().bytes.starts_with(b"\x89PNG"));
        assert!(matches!(spot_curve_figure(&SpotCurveFigure::default()), Err(PublishError::Argument { .. })));
        bare.series.iter_mut().for_each(|s| s.points.iter_mut().for_each(|p| p.iof = f64::NAN));
        assert!(spot_curve_svg(&bare).is_err());
    }
}
