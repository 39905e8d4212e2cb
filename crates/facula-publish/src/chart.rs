// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chart: two axes around a plot area, and what can be drawn in it.

use crate::axis::{Axis, Tick};
use crate::colour::{Rgb, Theme};
use crate::font::shorten;
use crate::page::{SMALL, TEXT};
use crate::svg::{Anchor, Area, Label, Point, Stroke, Svg, text_width};

/// Height kept below the plot for tick texts and the axis title, px.
const BELOW: f64 = 74.0;
/// Pixels between ticks that give a calm axis.
const TICK_EVERY_X: f64 = 90.0;
const TICK_EVERY_Y: f64 = 58.0;

/// A plot area with its axes.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) plot: Area,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) theme: Theme,
}

/// A measured value with its uncertainty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datum {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) sigma: f64,
}

impl Chart {
    /// A chart inside `outer`, with room taken for the texts of its axes.
    pub(crate) fn new(outer: Area, (x, y): (Axis, Axis), theme: Theme) -> Self {
        let below = if x.title.is_empty() { BELOW - TEXT * 1.4 } else { BELOW };
        let height = outer.height - below;
        let left = widest_tick(&y, height) + 14.0 + if y.title.is_empty() { 0.0 } else { TEXT * 1.5 };
        let plot = Area::new(outer.x + left, outer.y, outer.width - left, height);
        Self { plot, x, y, theme }
    }

    /// The page position of a value pair.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        (
            self.plot.x + self.x.fraction(x) * self.plot.width,
            self.plot.bottom() - self.y.fraction(y) * self.plot.height,
        )
    }

    /// Grid lines, tick texts and titles; drawn before the data.
    pub(crate) fn axes(&self, svg: &mut Svg) {
        let (plot, theme) = (self.plot, self.theme);
        for (value, text) in y_ticks(&self.y, plot.height) {
            let (_, y) = self.at(self.x.low, value);
            svg.line(&[(plot.x, y), (plot.right(), y)], Stroke::solid(theme.line, 1.5));
            let label = Label::new(&text, (plot.x - 10.0, y), SMALL).centred();
            svg.text(&label.anchor(Anchor::End).colour(theme.soft));
        }
        let title = shorten(&self.y.title, SMALL, plot.height * 1.1);
        let beside = (plot.x - widest_tick(&self.y, plot.height) - 24.0, plot.y + plot.height / 2.0);
        svg.text(&Label::new(&title, beside, SMALL).upright().anchor(Anchor::Middle).colour(theme.ink));
        self.x_axis(svg);
        svg.line(&[(plot.x, plot.y), (plot.x, plot.bottom())], Stroke::solid(theme.soft, 2.0));
    }

    /// The horizontal axis alone: grid lines, tick texts, title. Texts that would touch are left out.
    pub(crate) fn x_axis(&self, svg: &mut Svg) {
        let (plot, theme) = (self.plot, self.theme);
        let mut free_from = f64::MIN;
        for (value, text) in self.x.ticks((plot.width / TICK_EVERY_X).max(2.0) as usize) {
            let (x, _) = self.at(value, self.y.low);
            svg.line(&[(x, plot.y), (x, plot.bottom())], Stroke::solid(theme.line, 1.5));
            let half = text_width(&text, SMALL) / 2.0;
            if x - half < free_from {
                continue;
            }
            free_from = x + half + 10.0;
            let label = Label::new(&text, (x, plot.bottom() + SMALL * 1.25), SMALL);
            svg.text(&label.anchor(Anchor::Middle).colour(theme.soft));
        }
        let title = shorten(&self.x.title, SMALL, plot.width);
        let below = (plot.x + plot.width / 2.0, plot.bottom() + SMALL * 2.6);
        svg.text(&Label::new(&title, below, SMALL).anchor(Anchor::Middle).colour(theme.ink));
        let ends = [(plot.x, plot.bottom()), (plot.right(), plot.bottom())];
        svg.line(&ends, Stroke::solid(theme.soft, 2.0));
    }

    /// A line through value pairs, clipped to the plot.
    pub(crate) fn line(&self, svg: &mut Svg, pairs: &[(f64, f64)], stroke: Stroke) {
        let points: Vec<Point> = pairs.iter().map(|(x, y)| self.at(*x, *y)).collect();
        svg.clipped(self.plot, |svg| svg.line(&points, stroke));
    }

    /// Points with error bars, clipped to a little more than the plot.
    pub(crate) fn points(&self, svg: &mut Svg, data: &[Datum], (colour, radius): (Rgb, f64)) {
        svg.clipped(self.plot.inset(-radius - 2.0), |svg| {
            for datum in data.iter().filter(|d| d.sigma > 0.0) {
                let (low, high) =
                    (self.at(datum.x, datum.y - datum.sigma), self.at(datum.x, datum.y + datum.sigma));
                svg.line(&[low, high], Stroke::solid(colour, 2.0).faint(0.55));
            }
            for datum in data {
                svg.dot(self.at(datum.x, datum.y), radius, colour);
            }
        });
    }

    /// A band over a range of x, the whole plot high.
    pub(crate) fn band(&self, svg: &mut Svg, (from, to): (f64, f64), (colour, opacity): (Rgb, f64)) {
        let left = self.at(from, self.y.low).0.max(self.plot.x);
        let right = self.at(to, self.y.low).0.min(self.plot.right());
        if right > left {
            svg.rect(Area::new(left, self.plot.y, right - left, self.plot.height), colour, opacity);
        }
    }

    /// A note in the upper right corner of the plot.
    pub(crate) fn note(&self, svg: &mut Svg, text: &str) {
        let at = (self.plot.right() - 12.0, self.plot.y + SMALL * 1.4);
        let label = Label::new(text, at, SMALL).anchor(Anchor::End).colour(self.theme.ink);
        svg.text(&label.halo(self.theme.paper));
    }
}

/// Moves the left edges of charts that stand over each other to the innermost.
pub(crate) fn align_left(charts: &mut [&mut Chart]) {
    let left = charts.iter().map(|chart| chart.plot.x).fold(0.0, f64::max);
    for chart in charts {
        let right = chart.plot.right();
        (chart.plot.x, chart.plot.width) = (left, right - left);
    }
}

fn y_ticks(axis: &Axis, height: f64) -> Vec<Tick> {
    axis.ticks((height / TICK_EVERY_Y).max(2.0) as usize)
}

fn widest_tick(axis: &Axis, height: f64) -> f64 {
    let widths = y_ticks(axis, height);
    widths.iter().map(|(_, text)| text_width(text, SMALL)).fold(0.0, f64::max)
}

/// Counts of finite values in `bins` equal bins from `low` to `high`; values outside go to the end bins.
pub(crate) fn histogram(
    values: impl Iterator<Item = f64>,
    (low, high): (f64, f64),
    bins: usize,
) -> Vec<usize> {
    let mut counts = vec![0; bins];
    for value in values.filter(|v| v.is_finite()) {
        let bin = ((value - low) / (high - low) * bins as f64).clamp(0.0, bins.saturating_sub(1) as f64);
        if let Some(count) = counts.get_mut(bin as usize) {
            *count += 1;
        }
    }
    counts
}

/// One entry of a legend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    Line(Stroke),
    Dot(Rgb),
    Cross(Rgb),
    Swatch(Rgb),
}

/// A legend in one row from `at` (left, baseline).
pub(crate) fn legend(svg: &mut Svg, (left, y): Point, entries: &[(Sign, &str)], ink: Rgb) {
    let mut x = left;
    let middle = y - SMALL * 0.36;
    for (sign, text) in entries {
        match sign {
            Sign::Line(stroke) => svg.line(&[(x, middle), (x + 40.0, middle)], *stroke),
            Sign::Dot(colour) => svg.dot((x + 20.0, middle), 6.0, *colour),
            Sign::Cross(colour) => svg.cross((x + 20.0, middle), 6.0, Stroke::solid(*colour, 2.5)),
            Sign::Swatch(colour) => svg.rect(Area::new(x + 6.0, middle - 10.0, 30.0, 20.0), *colour, 1.0),
        }
        svg.text(&Label::new(text, (x + 50.0, y), SMALL).colour(ink));
        x += 50.0 + text_width(text, SMALL) + 40.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::LIGHT;

    fn chart() -> Chart {
        let axes = (Axis::new(0.0, 10.0, "time, h"), Axis::new(-1.0, 1.0, "I/F"));
        Chart::new(Area::new(0.0, 0.0, 800.0, 400.0), axes, LIGHT)
    }

    #[test]
    fn corners_of_the_ranges_are_corners_of_the_plot() {
        let chart = chart();
        let plot = chart.plot;
        assert_eq!(chart.at(0.0, -1.0), (plot.x, plot.bottom()));
        let (x, y) = chart.at(10.0, 1.0);
        assert!((x - plot.right()).abs() < 1e-9 && (y - plot.y).abs() < 1e-9);
        assert!(plot.x > 40.0 && plot.bottom() < 400.0);
    }

    #[test]
    fn histograms_count_every_finite_value() {
        let values = [0.1, 0.1, 0.9, 5.0, -5.0, f64::NAN];
        assert_eq!(histogram(values.into_iter(), (0.0, 1.0), 2), [3, 2]);
        assert!(histogram(values.into_iter(), (0.0, 1.0), 0).is_empty());
        assert_eq!(histogram([1.0].into_iter(), (1.0, 1.0), 3).iter().sum::<usize>(), 1);
    }

    #[test]
    fn bands_are_cut_to_the_plot() {
        let (chart, mut svg) = (chart(), Svg::default());
        chart.band(&mut svg, (-50.0, -20.0), ([0, 0, 0], 0.1));
        assert!(!svg.document(1, 1).contains("polygon"));
        chart.band(&mut svg, (-5.0, 5.0), ([0, 0, 0], 0.1));
        chart.axes(&mut svg);
        chart.line(
            &mut svg,
            &[(0.0, 0.0), (1.0, f64::NAN), (2.0, 0.0), (3.0, 0.5)],
            Stroke::solid([0; 3], 1.0),
        );
        assert!(svg.document(1, 1).contains(&format!("{:.2},", chart.plot.x)));
    }

    #[test]
    fn error_bars_need_a_positive_sigma() {
        let (chart, mut svg) = (chart(), Svg::default());
        let datum = |sigma| Datum { x: 5.0, y: 0.0, sigma };
        chart.points(&mut svg, &[datum(0.1), datum(0.0), datum(-1.0), datum(f64::NAN)], ([0; 3], 4.0));
        let document = svg.document(1, 1);
        assert_eq!(document.matches("<polyline").count(), 1);
        assert_eq!(document.matches("<circle").count(), 4);
    }

    #[test]
    fn legends_write_every_entry_from_left_to_right() {
        let mut svg = Svg::default();
        let stroke = Stroke::solid([1, 2, 3], 2.0);
        let entries = [
            (Sign::Line(stroke), "model"),
            (Sign::Dot([0; 3]), "measured"),
            (Sign::Cross([0; 3]), "rejected"),
            (Sign::Swatch([9; 3]), "night"),
        ];
        legend(&mut svg, (10.0, 50.0), &entries, [0; 3]);
        let document = svg.document(1, 1);
        let places: Vec<usize> = entries.iter().map(|(_, text)| document.find(text).unwrap()).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(document.matches("<text").count(), 4);
    }

    #[test]
    fn axis_titles_longer_than_the_plot_are_shortened() {
        let axes = (Axis::new(0.0, 1.0, &"time ".repeat(100)), Axis::new(0.0, 1.0, "I/F"));
        let chart = Chart::new(Area::new(0.0, 0.0, 300.0, 300.0), axes, LIGHT);
        let mut svg = Svg::default();
        chart.axes(&mut svg);
        let document = svg.document(1, 1);
        assert!(document.contains('…') && document.matches("time").count() < 8);
    }
}
