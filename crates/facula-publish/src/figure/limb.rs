// SPDX-License-Identifier: MIT OR Apache-2.0
//! Residuals of a limb fit around the disc, with their histogram.

use super::frame::LimbUse;
use super::{counted, rms, sentences};
use crate::axis::{Axis, number};
use crate::chart::{Chart, Datum, Sign, histogram, legend};
use crate::colour::{BLUE, LIGHT, VERMILLION};
use crate::page::{Page, Words};
use crate::svg::{Area, Stroke};
use crate::{Png, PublishError};

const HEIGHT: f64 = 620.0;
const SIDE: f64 = 230.0;
/// Room between the two plots, px.
const GAP: f64 = 56.0;
const BINS: usize = 31;

/// One limb point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimbResidual {
    /// Direction from the disc's centre in the image, degrees clockwise from up.
    pub position_angle_deg: f64,
    /// Observed minus fitted limb, outwards, px.
    pub residual_px: f64,
    /// Whether the fit used it.
    pub use_in_fit: LimbUse,
}

/// Input of [`limb_residual_figure`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LimbFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the figure; computed numbers are added.
    pub caption: String,
    /// The points.
    pub points: Vec<LimbResidual>,
}

/// Residual against position angle and its histogram; the caption states the rms.
///
/// # Errors
/// `Argument` when no point has a finite residual.
pub fn limb_residual_figure(input: &LimbFigure) -> Result<Png, PublishError> {
    let Some(rms_px) = rms(residuals(input, LimbUse::Used)) else {
        return Err(PublishError::Argument {
            what: "limb residuals",
            found: format!("{} points, none used with a finite residual", input.points.len()),
            remedy: "leave the figure out when no limb was fitted",
        });
    };
    let caption = caption(input, rms_px);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let mut page = Page::new(&words, HEIGHT + 40.0, LIGHT)?;
    let content = page.content;
    let left = Area::new(content.x, content.y, content.width - SIDE - GAP, HEIGHT);
    let axes = (
        Axis::new(0.0, 360.0, "position angle in the image, degrees clockwise from up").degrees(),
        y_axis(input, rms_px),
    );
    let chart = Chart::new(left, axes, LIGHT);
    draw(&mut page, &chart, input, rms_px);
    let side = Area::new(left.right() + GAP, chart.plot.y, SIDE, chart.plot.height);
    draw_histogram(&mut page, &chart, side, input);
    let entries = [
        (Sign::Dot(BLUE), "used"),
        (Sign::Cross(VERMILLION), "rejected"),
        (Sign::Line(Stroke::solid(LIGHT.soft, 2.0).dashes()), "± rms"),
    ];
    legend(&mut page.svg, (chart.plot.x, content.bottom() - 6.0), &entries, LIGHT.ink);
    page.render()
}

fn residuals(input: &LimbFigure, kind: LimbUse) -> impl Iterator<Item = f64> + '_ {
    let chosen = input.points.iter().filter(move |p| p.use_in_fit == kind);
    chosen.map(|p| p.residual_px).filter(|v| v.is_finite())
}

/// Wide enough for the used points and, as far as five rms, for the rejected ones.
fn y_axis(input: &LimbFigure, rms_px: f64) -> Axis {
    let used = residuals(input, LimbUse::Used).map(f64::abs).fold(0.0, f64::max);
    let rejected = residuals(input, LimbUse::Rejected).map(f64::abs).fold(0.0, f64::max);
    let reach = (used.max(rejected.min(5.0 * rms_px)) * 1.08).max(0.05);
    Axis::new(-reach, reach, "observed − fitted limb, px")
}

fn draw(page: &mut Page, chart: &Chart, input: &LimbFigure, rms_px: f64) {
    let svg = &mut page.svg;
    chart.axes(svg);
    chart.line(svg, &[(0.0, 0.0), (360.0, 0.0)], Stroke::solid(LIGHT.soft, 2.0));
    for level in [-rms_px, rms_px] {
        chart.line(svg, &[(0.0, level), (360.0, level)], Stroke::solid(LIGHT.soft, 2.0).dashes());
    }
    let angle = |p: &LimbResidual| p.position_angle_deg.rem_euclid(360.0);
    let used = input.points.iter().filter(|p| p.use_in_fit == LimbUse::Used);
    let data = used.map(|p| Datum { x: angle(p), y: p.residual_px, sigma: 0.0 });
    let radius = if input.points.len() > 400 { 2.5 } else { 4.0 };
    chart.points(svg, &data.collect::<Vec<_>>(), (BLUE, radius));
    svg.clipped(chart.plot, |svg| {
        for point in input.points.iter().filter(|p| p.use_in_fit == LimbUse::Rejected) {
            svg.cross(chart.at(angle(point), point.residual_px), 6.0, Stroke::solid(VERMILLION, 2.5));
        }
    });
    chart.note(svg, &format!("rms {} px", number(rms_px, 3)));
}

fn draw_histogram(page: &mut Page, chart: &Chart, side: Area, input: &LimbFigure) {
    let ends = (chart.y.low, chart.y.high);
    let counts = histogram(residuals(input, LimbUse::Used), ends, BINS);
    let top = counts.iter().copied().max().unwrap_or(0).max(1);
    let axis = Axis::new(0.0, top as f64 * 1.05, "points");
    let bars =
        Chart { plot: side, x: axis, y: Axis { title: String::new(), ..chart.y.clone() }, ..chart.clone() };
    bars.x_axis(&mut page.svg);
    let step = (ends.1 - ends.0) / BINS as f64;
    for (bin, count) in counts.iter().enumerate() {
        let low = ends.0 + step * bin as f64;
        let (left, bottom) = bars.at(0.0, low);
        let (right, above) = bars.at(*count as f64, low + step);
        page.svg.rect(Area::new(left, above + 1.0, right - left, bottom - above - 2.0), BLUE, 0.75);
    }
}

fn caption(input: &LimbFigure, rms_px: f64) -> String {
    let used = residuals(input, LimbUse::Used).count();
    let mean_px = residuals(input, LimbUse::Used).sum::<f64>() / used.max(1) as f64;
    let outside =
        residuals(input, LimbUse::Rejected).filter(|v| v.abs() > y_axis(input, rms_px).high).count();
    let mut computed = format!(
        "{} used, {} rejected; rms {} px, mean {} px.",
        counted(used, "point"),
        input.points.len() - used,
        number(rms_px, 3),
        number(mean_px, 3)
    );
    if outside > 0 {
        computed.push_str(&format!(" Outside the axis: {}.", counted(outside, "rejected point")));
    }
    sentences(&[&input.caption, &computed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> LimbFigure {
        let point = |i: i32| LimbResidual {
            position_angle_deg: f64::from(i) * 3.6 - 90.0,
            residual_px: if i == 50 { 40.0 } else { 0.2 * f64::from(i % 3 - 1) },
            use_in_fit: if i == 50 { LimbUse::Rejected } else { LimbUse::Used },
        };
        LimbFigure { points: (0..100).map(point).collect(), ..LimbFigure::default() }
    }

    #[test]
    fn the_caption_counts_used_rejected_and_out_of_range() {
        let figure = figure();
        let rms_px = rms(residuals(&figure, LimbUse::Used)).unwrap();
        let text = caption(&figure, rms_px);
        assert!(text.starts_with("99 points used, 1 rejected; rms 0.163 px"), "{text}");
        assert!(text.contains("Outside the axis: 1 rejected point."));
        assert!(limb_residual_figure(&figure).is_ok());
    }

    #[test]
    fn perfect_and_missing_fits_do_not_break_it() {
        let mut perfect = figure();
        perfect.points.iter_mut().for_each(|p| p.residual_px = 0.0);
        assert!(limb_residual_figure(&perfect).is_ok());
        let refused = limb_residual_figure(&LimbFigure::default());
        assert!(matches!(refused, Err(PublishError::Argument { .. })));
    }
}
