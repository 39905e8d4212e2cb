// SPDX-License-Identifier: MIT OR Apache-2.0
//! Brightness against phase angle with the fitted law through it, and what is left over below.

use super::{counted, sentences};
use crate::axis::{Axis, number};
use crate::chart::{Chart, Datum, Sign, align_left, legend};
use crate::colour::{BLUE, GREEN, LIGHT, ORANGE, Rgb, SKY, VERMILLION};
use crate::page::{Page, Words};
use crate::svg::{Area, Stroke};
use crate::{Png, PublishError};

const HEIGHT: f64 = 560.0;
const RESIDUALS: f64 = 340.0;
/// Room between the two plots, px.
const GAP: f64 = 26.0;
/// Groups that get a colour and a name of their own.
const NAMED_GROUPS: usize = 4;
const COLOURS: [Rgb; NAMED_GROUPS] = [BLUE, ORANGE, GREEN, SKY];
/// Residuals beyond this are drawn at the edge, sigmas.
const MOST_SIGMA: f64 = 8.0;

/// One observation, brought to the geometry of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhasePoint {
    /// Phase angle, degrees.
    pub phase_deg: f64,
    /// I/F at the geometry of the curve.
    pub iof: f64,
    /// One sigma of it.
    pub sigma: f64,
    /// Observed less modelled, sigmas.
    pub residual_sigma: f64,
    /// Place in [`PhaseCurveFigure::groups`]; 0 without groups.
    pub group: usize,
}

/// Input of [`phase_curve_figure`] and [`phase_curve_svg`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PhaseCurveFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the figure; the counts are added.
    pub caption: String,
    /// The observations.
    pub points: Vec<PhasePoint>,
    /// The law: phase angle in degrees and I/F.
    pub curve: Vec<(f64, f64)>,
    /// Names of groups; empty without.
    pub groups: Vec<String>,
}

/// I/F against phase with the law drawn through, and residuals below, as a PNG.
///
/// # Errors
/// `Argument` without a point that can be drawn.
pub fn phase_curve_figure(input: &PhaseCurveFigure) -> Result<Png, PublishError> {
    page(input)?.render()
}

/// The same as an SVG document.
///
/// # Errors
/// As [`phase_curve_figure`].
pub fn phase_curve_svg(input: &PhaseCurveFigure) -> Result<String, PublishError> {
    Ok(page(input)?.document())
}

fn page(input: &PhaseCurveFigure) -> Result<Page, PublishError> {
    if !input.points.iter().any(|p| p.phase_deg.is_finite() && p.iof.is_finite()) {
        return Err(PublishError::Argument {
            what: "observations of a phase curve",
            found: format!("{} points, none with a finite I/F", input.points.len()),
            remedy: "leave the figure out when nothing was fitted",
        });
    }
    let caption = caption(input);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let mut page = Page::new(&words, HEIGHT + GAP + RESIDUALS + 44.0, LIGHT)?;
    let (above, below) = charts(input, page.content);
    draw_curve(&mut page, &above, input);
    draw_residuals(&mut page, &below, input);
    draw_legend(&mut page, &above, input);
    Ok(page)
}

/// The two plots over one axis: their left edges meet.
fn charts(input: &PhaseCurveFigure, content: Area) -> (Chart, Chart) {
    let x = |title: &str| Axis::fit(input.points.iter().map(|p| p.phase_deg), title);
    let ends = input.points.iter().flat_map(|p| [p.iof - p.sigma, p.iof + p.sigma]);
    let y = Axis::fit(ends.chain(input.curve.iter().map(|(_, iof)| *iof)), "I/F at i = e = α/2").down_to(0.0);
    let reach =
        input.points.iter().map(|p| p.residual_sigma.abs()).filter(|r| r.is_finite()).fold(2.5, f64::max);
    let reach = 1.1 * reach.min(MOST_SIGMA);
    let residual = Axis::new(-reach, reach, "residual, σ");
    let top = Area::new(content.x, content.y, content.width, HEIGHT);
    let bottom = Area::new(content.x, top.bottom() + GAP, content.width, RESIDUALS);
    let mut above = Chart::new(top, (x(""), y), LIGHT);
    let mut below = Chart::new(bottom, (x("phase angle α, degrees"), residual), LIGHT);
    align_left(&mut [&mut above, &mut below]);
    (above, below)
}

fn draw_curve(page: &mut Page, chart: &Chart, input: &PhaseCurveFigure) {
    chart.axes(&mut page.svg);
    for (colour, data) in by_colour(input, |p| Datum { x: p.phase_deg, y: p.iof, sigma: p.sigma }) {
        chart.points(&mut page.svg, &data, (colour, radius(input)));
    }
    chart.line(&mut page.svg, &input.curve, Stroke::solid(VERMILLION, 3.5));
}

fn draw_residuals(page: &mut Page, chart: &Chart, input: &PhaseCurveFigure) {
    chart.axes(&mut page.svg);
    let (low, high) = (chart.x.low, chart.x.high);
    let edge = chart.y.high;
    for (colour, data) in
        by_colour(input, |p| Datum { x: p.phase_deg, y: p.residual_sigma.clamp(-edge, edge), sigma: 0.0 })
    {
        chart.points(&mut page.svg, &data, (colour, radius(input)));
    }
    chart.line(&mut page.svg, &[(low, 0.0), (high, 0.0)], Stroke::solid(VERMILLION, 3.0));
    for level in [-1.0, 1.0] {
        chart.line(&mut page.svg, &[(low, level), (high, level)], Stroke::solid(LIGHT.soft, 2.0).dashes());
    }
}

fn radius(input: &PhaseCurveFigure) -> f64 {
    if input.points.len() > 400 { 3.0 } else { 5.0 }
}

/// The points of each colour: one each while there are few groups, else one for all.
fn by_colour(input: &PhaseCurveFigure, datum: impl Fn(&PhasePoint) -> Datum) -> Vec<(Rgb, Vec<Datum>)> {
    if input.groups.len() > NAMED_GROUPS {
        return vec![(BLUE, input.points.iter().map(datum).collect())];
    }
    let of = |k: usize| input.points.iter().filter(|p| p.group == k).map(&datum).collect();
    COLOURS.iter().enumerate().map(|(k, colour)| (*colour, of(k))).collect()
}

fn draw_legend(page: &mut Page, chart: &Chart, input: &PhaseCurveFigure) {
    let mut entries: Vec<(Sign, &str)> = Vec::new();
    if input.groups.is_empty() || input.groups.len() > NAMED_GROUPS {
        entries.push((Sign::Dot(BLUE), "observed"));
    } else {
        entries.extend(
            input.groups.iter().zip(COLOURS).map(|(name, colour)| (Sign::Dot(colour), name.as_str())),
        );
    }
    entries.push((Sign::Line(Stroke::solid(VERMILLION, 3.5)), "fitted law"));
    entries.push((Sign::Line(Stroke::solid(LIGHT.soft, 2.0).dashes()), "± 1 σ"));
    legend(&mut page.svg, (chart.plot.x, page.content.bottom() - 6.0), &entries, LIGHT.ink);
}

fn caption(input: &PhaseCurveFigure) -> String {
    let size: Vec<f64> =
        input.points.iter().map(|p| p.residual_sigma.abs()).filter(|r| r.is_finite()).collect();
    let within = size.iter().filter(|r| **r <= 1.0).count();
    let share = 100.0 * within as f64 / size.len().max(1) as f64;
    let mut computed = format!(
        "{}, {} % within 1 σ (68 % expected of errors as stated).",
        counted(input.points.len(), "observation"),
        number(share, 0)
    );
    let outside = size.iter().filter(|r| **r > 1.1 * MOST_SIGMA).count();
    if outside > 0 {
        computed
            .push_str(&format!(" Drawn at the edge of the lower plot: {}.", counted(outside, "residual")));
    }
    sentences(&[&input.caption, &computed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(groups: usize) -> PhaseCurveFigure {
        let iof = |phase_deg: f64| 0.05 * (-phase_deg / 60.0).exp();
        let point = |k: usize| {
            let phase_deg = 2.0 * k as f64;
            let residual_sigma = [-0.5, 0.2, 1.4, -20.0][k % 4];
            let sigma = 0.002;
            let iof = iof(phase_deg) + residual_sigma * sigma;
            PhasePoint { phase_deg, iof, sigma, residual_sigma, group: k % groups.max(1) }
        };
        PhaseCurveFigure {
            points: (0..40).map(point).collect(),
            curve: (0..80).map(|k| (f64::from(k), iof(f64::from(k)))).collect(),
            groups: (0..groups).map(|k| format!("S{k:03}")).collect(),
            ..PhaseCurveFigure::default()
        }
    }

    #[test]
    fn both_plots_share_their_axis_and_hold_every_point() {
        let svg = phase_curve_svg(&figure(2)).unwrap();
        // 40 points twice and two dots of the legend.
        assert_eq!(svg.matches("<circle").count(), 82);
        assert!(svg.contains("S001") && svg.contains("fitted law"));
        let (above, below) = charts(&figure(2), Area::new(0.0, 0.0, 1000.0, 900.0));
        assert_eq!((above.plot.x, above.plot.width), (below.plot.x, below.plot.width));
        assert!(above.y.low <= 0.0 && above.y.high > 0.05);
    }

    #[test]
    fn many_groups_share_a_colour_and_a_word() {
        let svg = phase_curve_svg(&figure(9)).unwrap();
        assert!(svg.contains("observed") && !svg.contains("S001"));
    }

    #[test]
    fn the_caption_counts_what_fits_and_what_falls_off() {
        let text = caption(&figure(0));
        assert!(text.contains("40 observations, 50 % within 1 σ") && text.contains("10 residuals"), "{text}");
    }

    #[test]
    fn the_document_has_paper_and_no_points_are_refused() {
        assert!(phase_curve_svg(&figure(0)).unwrap().contains("fill=\"#ffffff\""));
        assert!(phase_curve_figure(&figure(0)).unwrap().bytes.starts_with(b"\x89PNG"));
        let refused = phase_curve_figure(&PhaseCurveFigure::default());
        assert!(matches!(refused, Err(PublishError::Argument { .. })));
    }
}
