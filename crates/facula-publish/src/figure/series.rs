// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several series of values with error bars in one chart, on even or logarithmic axes: size-frequency, completeness.

use super::sentences;
use crate::axis::Axis;
use crate::chart::{Chart, Sign, legend};
use crate::colour::{BLUE, GREEN, LIGHT, ORANGE, Rgb, SKY, VERMILLION};
use crate::page::{Page, Words};
use crate::svg::{Area, Stroke};
use crate::{Png, PublishError};

const HEIGHT: f64 = 760.0;
const LEGEND: f64 = 44.0;
/// Series that get a colour of their own; more begin again.
const COLOURS: [Rgb; 5] = [BLUE, ORANGE, GREEN, VERMILLION, SKY];

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SeriesScale {
    /// Evenly.
    #[default]
    Even,
    /// By ratios; values that are not positive are not drawn.
    Logarithmic,
}

/// An axis: its title with unit, and how values are spread.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeriesAxis {
    /// What is on it, with unit.
    pub title: String,
    /// How values are spread.
    pub scale: SeriesScale,
    /// Its ends; those of the values when absent.
    pub range: Option<(f64, f64)>,
}

/// A value with its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// Where on the horizontal axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Lower end of the error bar (the value itself: none).
    pub minimum_value: f64,
    /// Upper end of the error bar.
    pub maximum_value: f64,
}

/// A series of points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, joined by a line in their order.
    pub points: Vec<SeriesPoint>,
}

/// Input of [`series_figure`] and [`series_svg`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeriesFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the chart.
    pub caption: String,
    /// Horizontal axis.
    pub horizontal: SeriesAxis,
    /// Vertical axis.
    pub vertical: SeriesAxis,
    /// The series.
    pub series: Vec<Series>,
}

/// The chart as a PNG.
///
/// # Errors
/// `Argument` without a point that can be drawn.
pub fn series_figure(input: &SeriesFigure) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The chart as an SVG document.
///
/// # Errors
/// As [`series_figure`].
pub fn series_svg(input: &SeriesFigure) -> Result<String, PublishError> {
    Ok(page(input)?.document())
}

fn page(input: &SeriesFigure) -> Result<Page, PublishError> {
    if !input.series.iter().flat_map(|s| &s.points).any(|p| drawable(input, p)) {
        let points: usize = input.series.iter().map(|s| s.points.len()).sum();
        return Err(PublishError::Argument {
            what: "series of a figure",
            found: format!("{points} points, none that can be drawn"),
            remedy: "leave the figure out when there is nothing to show",
        });
    }
    let caption = sentences(&[&input.caption]);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let mut page = Page::new(&words, HEIGHT + LEGEND, LIGHT)?;
    let outer = Area::new(page.content.x, page.content.y, page.content.width, HEIGHT);
    let chart = Chart::new(outer, axes(input), LIGHT);
    chart.axes(&mut page.svg);
    for (k, series) in input.series.iter().enumerate() {
        draw(&mut page, (&chart, input), (series, COLOURS[k % COLOURS.len()]));
    }
    let entry =
        |(k, series)| (Sign::Dot(COLOURS[k % COLOURS.len()]), <&Series>::clone(&series).name.as_str());
    let entries: Vec<(Sign, &str)> = input.series.iter().enumerate().map(entry).collect();
    legend(&mut page.svg, (chart.plot.x, page.content.bottom() - 6.0), &entries, LIGHT.ink);
    Ok(page)
}

fn drawable(input: &SeriesFigure, point: &SeriesPoint) -> bool {
    let fits = |axis: &SeriesAxis, value: f64| match axis.scale {
        SeriesScale::Even => value.is_finite(),
        SeriesScale::Logarithmic => value.is_finite() && value > 0.0,
    };
    fits(&input.horizontal, point.x) && fits(&input.vertical, point.y)
}

fn axes(input: &SeriesFigure) -> (Axis, Axis) {
    let points = || input.series.iter().flat_map(|s| &s.points).filter(|p| drawable(input, p));
    let axis = |choice: &SeriesAxis, values: Vec<f64>| {
        let values = choice.range.map_or(values, |(low, high)| vec![low, high]).into_iter();
        match choice.scale {
            SeriesScale::Even => Axis::fit(values, &choice.title),
            SeriesScale::Logarithmic => Axis::log(values, &choice.title),
        }
    };
    let across = points().map(|p| p.x).collect();
    // An error bar that reaches to nothing must not stretch a logarithmic axis without end.
    let low = |p: &SeriesPoint| if p.minimum_value > 0.0 { p.minimum_value } else { p.y };
    let up = match input.vertical.scale {
        SeriesScale::Even => points().flat_map(|p| [p.minimum_value, p.y, p.maximum_value]).collect(),
        SeriesScale::Logarithmic => points().flat_map(|p| [low(p), p.y, p.maximum_value]).collect(),
    };
    (axis(&input.horizontal, across), axis(&input.vertical, up))
}

fn draw(page: &mut Page, (chart, input): (&Chart, &SeriesFigure), (series, colour): (&Series, Rgb)) {
    let points: Vec<&SeriesPoint> = series.points.iter().filter(|p| drawable(input, p)).collect();
    let line: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.y)).collect();
    chart.line(&mut page.svg, &line, Stroke::solid(colour, 2.5).faint(0.75));
    page.svg.clipped(chart.plot.inset(-8.0), |svg| {
        for point in points {
            let foot = if point.minimum_value > chart.y.low { point.minimum_value } else { chart.y.low };
            if point.maximum_value > point.minimum_value {
                let ends = [chart.at(point.x, foot), chart.at(point.x, point.maximum_value)];
                svg.line(&ends, Stroke::solid(colour, 2.0).faint(0.6));
            }
            svg.dot(chart.at(point.x, point.y), 6.0, colour);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(scale: SeriesScale) -> SeriesFigure {
        let point = |k: i32| {
            let (x, y) = (2f64.powi(k), 8f64.powi(-k));
            SeriesPoint { x, y, minimum_value: 0.5 * y, maximum_value: 1.5 * y }
        };
        let axis = |title: &str| SeriesAxis { title: title.into(), scale, range: None };
        SeriesFigure {
            horizontal: axis("diameter, km"),
            vertical: axis("per km²"),
            series: vec![
                Series { name: "all".into(), points: (0..6).map(point).collect() },
                Series { name: "few".into(), points: (0..3).map(point).collect() },
            ],
            ..SeriesFigure::default()
        }
    }

    #[test]
    fn a_power_law_is_straight_on_logarithmic_axes() {
        let input = figure(SeriesScale::Logarithmic);
        let (x, y) = axes(&input);
        let chart = Chart::new(Area::new(0.0, 0.0, 900.0, 600.0), (x, y), LIGHT);
        let at: Vec<(f64, f64)> = input.series[0].points.iter().map(|p| chart.at(p.x, p.y)).collect();
        for three in at.windows(3) {
            assert!((three[0].1 - 2.0 * three[1].1 + three[2].1).abs() < 1e-6, "{at:?}");
        }
        assert!(at[0].1 < at[5].1, "falls to the right");
    }

    #[test]
    fn every_point_has_a_dot_and_its_bar() {
        for scale in [SeriesScale::Even, SeriesScale::Logarithmic] {
            let svg = series_svg(&figure(scale)).unwrap();
            // Nine points and two signs of the legend.
            assert_eq!(svg.matches("<circle").count(), 11);
            assert!(svg.contains("per km²") && svg.contains(">few<"));
        }
        assert_eq!(series_figure(&figure(SeriesScale::Even)).unwrap().width, 1600);
    }

    #[test]
    fn nothing_to_draw_is_an_error_and_single_points_are_not() {
        assert!(series_figure(&SeriesFigure::default()).is_err());
        let mut input = figure(SeriesScale::Logarithmic);
        input.series.truncate(1);
        input.series[0].points = vec![SeriesPoint { x: 3.0, y: 0.0, minimum_value: 0.0, maximum_value: 1.0 }];
        assert!(series_figure(&input).is_err(), "0 has no logarithm");
        input.series[0].points = vec![SeriesPoint { x: 3.0, y: 2.0, minimum_value: 0.0, maximum_value: 4.0 }];
        assert!(series_figure(&input).is_ok());
    }
}
