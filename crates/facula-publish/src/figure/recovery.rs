// SPDX-License-Identifier: MIT OR Apache-2.0
//! How well a simulated campaign recovered its truth: measured against true values, and position errors.

use super::{counted, rms, sentences};
use crate::axis::{Axis, number};
use crate::chart::{Chart, Datum, histogram};
use crate::colour::{BLUE, GREEN, LIGHT};
use crate::font::shorten;
use crate::page::{HEADING, Page, Words};
use crate::svg::{Area, Label, Stroke, Svg};
use crate::{Png, PublishError};

/// The relative band drawn around equality.
const BAND: f64 = 0.05;
const GAP: f64 = 48.0;
const HEAD: f64 = 48.0;
const BINS: usize = 20;

/// A value put in and the value got out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecoveryPair {
    /// True value, in the panel's unit.
    pub truth: f64,
    /// Measured value, same unit.
    pub measured: f64,
    /// Its standard error, same unit; not drawn when not positive.
    pub sigma: f64,
}

/// One quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoveryPanel {
    /// Name (`Contrast`).
    pub title: String,
    /// Unit, empty when there is none (`I/F px²`).
    pub unit: String,
    /// The spots.
    pub pairs: Vec<RecoveryPair>,
}

/// Input of [`recovery_figure`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecoveryFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the figure; computed numbers are added.
    pub caption: String,
    /// Quantities, up to three.
    pub panels: Vec<RecoveryPanel>,
    /// Distance between measured and true position of each spot, px of the frames.
    pub position_errors_px: Vec<f64>,
}

/// Scatter panels with the line of equality and its 5 % band, and a histogram of position errors.
///
/// # Errors
/// `Argument` when there is neither a panel nor a position error.
pub fn recovery_figure(input: &RecoveryFigure) -> Result<Png, PublishError> {
    let panels = &input.panels[..input.panels.len().min(3)];
    let count = panels.len() + usize::from(!input.position_errors_px.is_empty());
    if count == 0 {
        return Err(PublishError::Argument {
            what: "recovery of the truth",
            found: "no value pair and no position error".into(),
            remedy: "leave the figure out for flight data",
        });
    }
    let caption = caption(input, panels);
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let columns = if count == 4 { 2 } else { count };
    let rows = count.div_ceil(columns);
    let row_height = if count == 1 { 640.0 } else { 520.0 };
    let mut page = Page::new(&words, rows as f64 * (row_height + GAP) - GAP, LIGHT)?;
    let content = page.content;
    let width = (content.width - GAP * (columns - 1) as f64) / columns as f64;
    let area = |index: usize| {
        let (column, row) = (index % columns, index / columns);
        let (x, y) = (content.x + column as f64 * (width + GAP), content.y + row as f64 * (row_height + GAP));
        Area::new(x, y, width, row_height)
    };
    for (index, panel) in panels.iter().enumerate() {
        scatter(&mut page.svg, area(index), panel);
    }
    if !input.position_errors_px.is_empty() {
        positions(&mut page.svg, area(panels.len()), &input.position_errors_px);
    }
    page.render()
}

fn heading(svg: &mut Svg, area: Area, text: &str) -> Area {
    let text = shorten(text, HEADING, area.width);
    svg.text(&Label::new(&text, (area.x, area.y + HEADING), HEADING).bold().colour(LIGHT.ink));
    Area::new(area.x, area.y + HEAD, area.width, area.height - HEAD)
}

fn scatter(svg: &mut Svg, area: Area, panel: &RecoveryPanel) {
    let area = heading(svg, area, &panel.title);
    let unit = if panel.unit.is_empty() { String::new() } else { format!(", {}", panel.unit) };
    let values = || panel.pairs.iter().flat_map(|p| [p.truth, p.measured]);
    let x = Axis::fit(values(), &format!("true{unit}"));
    let y = Axis::fit(values(), &format!("measured{unit}"));
    let (low, high) = (x.low, x.high);
    let chart = Chart::new(area, (x, y), LIGHT);
    chart.axes(svg);
    let corner = |x: f64, factor: f64| chart.at(x, x * factor);
    let band = [
        corner(low, 1.0 - BAND),
        corner(high, 1.0 - BAND),
        corner(high, 1.0 + BAND),
        corner(low, 1.0 + BAND),
    ];
    svg.clipped(chart.plot, |svg| svg.polygon(&band, GREEN, 0.16));
    chart.line(svg, &[(low, low), (high, high)], Stroke::solid(GREEN, 2.5));
    let data = panel.pairs.iter().map(|p| Datum { x: p.truth, y: p.measured, sigma: p.sigma });
    chart.points(svg, &data.collect::<Vec<_>>(), (BLUE, 5.0));
    if panel.pairs.is_empty() {
        chart.note(svg, "no spot matched");
    }
}

fn positions(svg: &mut Svg, area: Area, errors_px: &[f64]) {
    let area = heading(svg, area, "Position error");
    let finite = || errors_px.iter().copied().filter(|v| v.is_finite());
    let top = finite().fold(0.0, f64::max).max(0.05) * 1.05;
    let counts = histogram(finite(), (0.0, top), BINS);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let axes = (Axis::new(0.0, top, "distance from the truth, px"), Axis::new(0.0, most * 1.15, "spots"));
    let chart = Chart::new(area, axes, LIGHT);
    chart.axes(svg);
    for (bin, count) in counts.iter().enumerate() {
        let step = top / BINS as f64;
        let (left, base) = chart.at(step * bin as f64, 0.0);
        let (right, above) = chart.at(step * (bin + 1) as f64, *count as f64);
        svg.rect(Area::new(left + 1.0, above, right - left - 2.0, base - above), BLUE, 0.8);
    }
    if let Some(rms_px) = rms(finite()) {
        let dashes = Stroke::solid(LIGHT.ink, 2.0).dashes();
        chart.line(svg, &[(rms_px, 0.0), (rms_px, most * 1.15)], dashes);
        chart.note(svg, &format!("rms {} px", number(rms_px, 3)));
    }
}

fn caption(input: &RecoveryFigure, panels: &[RecoveryPanel]) -> String {
    let mut parts = vec![input.caption.clone()];
    parts.extend(panels.iter().filter_map(|panel| {
        let (median, scatter, within) = statistics(&panel.pairs)?;
        Some(format!(
            "{}: {}, median measured/true {}, scatter {} %, {} % within ±5 %.",
            panel.title,
            counted(panel.pairs.len(), "spot"),
            number(median, 3),
            number(scatter * 100.0, 1),
            number(within * 100.0, 0)
        ))
    }));
    if let Some(rms_px) = rms(input.position_errors_px.iter().copied()) {
        let count = counted(input.position_errors_px.len(), "spot");
        parts.push(format!("Positions: {count}, {} px rms.", number(rms_px, 3)));
    }
    parts.push("Green: equality and ±5 %.".to_string());
    sentences(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Median of measured/true, half the 16–84 % range of it, and the fraction within the band.
fn statistics(pairs: &[RecoveryPair]) -> Option<(f64, f64, f64)> {
    let ratios = pairs.iter().map(|p| p.measured / p.truth).filter(|v| v.is_finite());
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len().checked_sub(1)?;
    let at = |fraction: f64| {
        let place = fraction * last as f64;
        let (low, rest) = (place.floor() as usize, place.fract());
        ratios[low] + (ratios[(low + 1).min(last)] - ratios[low]) * rest
    };
    let within = ratios.iter().filter(|r| (**r - 1.0).abs() <= BAND).count();
    Some((at(0.5), (at(0.84) - at(0.16)) / 2.0, within as f64 / ratios.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(ratios: &[f64]) -> RecoveryPanel {
        let pair = |(i, ratio): (usize, &f64)| RecoveryPair {
            truth: 1.0 + i as f64,
            measured: ratio * (1.0 + i as f64),
            sigma: 0.1,
        };
        RecoveryPanel {
            title: "Contrast".into(),
            unit: String::new(),
            pairs: ratios.iter().enumerate().map(pair).collect(),
        }
    }

    #[test]
    fn statistics_are_those_of_the_ratios() {
        let (median, scatter, within) = statistics(&panel(&[0.9, 1.0, 1.0, 1.02, 1.2]).pairs).unwrap();
        assert!((median - 1.0).abs() < 1e-12);
        assert!((within - 0.6).abs() < 1e-12);
        // 84 % lies at index 3.36: 1.02 + 0.36 * 0.18; 16 % at 0.64: 0.9 + 0.64 * 0.1.
        assert!((scatter - (1.0848 - 0.964) / 2.0).abs() < 1e-9, "{scatter}");
        assert!(statistics(&[]).is_none());
    }

    #[test]
    fn the_caption_holds_what_was_computed() {
        let figure = RecoveryFigure {
            panels: vec![panel(&[1.0, 1.01, 0.99])],
            position_errors_px: vec![0.3, 0.4],
            ..RecoveryFigure::default()
        };
        let text = caption(&figure, &figure.panels);
        assert!(text.contains("Contrast: 3 spots, median measured/true 1.000"), "{text}");
        assert!(text.contains("100 % within ±5 %") && text.contains("0.354 px rms"), "{text}");
        assert!(recovery_figure(&figure).is_ok());
    }

    #[test]
    fn nothing_to_show_is_an_error_and_hollow_panels_are_not() {
        assert!(matches!(recovery_figure(&RecoveryFigure::default()), Err(PublishError::Argument { .. })));
        let hollow = RecoveryFigure {
            panels: vec![panel(&[]), panel(&[f64::NAN]), panel(&[1.0])],
            position_errors_px: vec![f64::NAN],
            ..RecoveryFigure::default()
        };
        assert!(recovery_figure(&hollow).is_ok());
    }
}
