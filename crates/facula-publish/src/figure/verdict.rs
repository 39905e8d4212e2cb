// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which spots reflect and which shine by themselves: a bar of ln Bayes factor for each.

use super::{counted, sentences};
use crate::axis::{Axis, Scale, evidence_text, number};
use crate::chart::Chart;
use crate::colour::{BLUE, LIGHT, VERMILLION};
use crate::font::shorten;
use crate::page::{Page, SMALL, TEXT, Words};
use crate::svg::{Anchor, Area, Label, Stroke, text_width};
use crate::{Png, PublishError};

/// Rows drawn at most, the largest in absolute value first in line.
const ROWS: usize = 30;
const ROW: f64 = 44.0;
const NAMES: f64 = 330.0;
/// Room for a number at the end of a bar, px.
const VALUES: f64 = 100.0;
/// Height of the line with the two words above the bars.
const SIDES: f64 = 44.0;

/// One spot's weight of evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRow {
    /// Name of the spot.
    pub label: String,
    /// Natural logarithm of the Bayes factor, reflecting over self-luminous; NaN when it could not be computed.
    pub ln_bayes: f64,
}

/// Input of [`verdict_figure`].
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictFigure {
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Words under the figure; computed numbers are added.
    pub caption: String,
    /// The spots.
    pub rows: Vec<VerdictRow>,
    /// Below this absolute ln Bayes factor nothing is claimed. The default 5 is "very strong" of Kass and Raftery,
    /// J. Am. Stat. Assoc. 90, 773 (1995), table in section 3.2.
    pub decisive_ln_bayes: f64,
}

impl Default for VerdictFigure {
    fn default() -> Self {
        Self {
            title: String::new(),
            subtitle: String::new(),
            caption: String::new(),
            rows: Vec::new(),
            decisive_ln_bayes: 5.0,
        }
    }
}

/// Horizontal bars of ln Bayes factor, the range in which nothing is decided shaded.
///
/// # Errors
/// `Argument` when there is no row.
pub fn verdict_figure(input: &VerdictFigure) -> Result<Png, PublishError> {
    if input.rows.is_empty() {
        return Err(PublishError::Argument {
            what: "verdict",
            found: "no spot".into(),
            remedy: "leave the figure out when no spot was weighed",
        });
    }
    let rows = chosen(input);
    let caption = caption(input, rows.len());
    let words = Words { title: &input.title, subtitle: &input.subtitle, caption: &caption };
    let height = SIDES + rows.len() as f64 * ROW + 80.0;
    let mut page = Page::new(&words, height, LIGHT)?;
    let content = page.content;
    let left = NAMES + value_room(&rows, decisive(input));
    let outer = Area::new(content.x + left, content.y + SIDES, content.width - left - VALUES, height - SIDES);
    let blank = Axis::new(0.0, rows.len() as f64, "");
    let chart = Chart::new(outer, (x_axis(&rows, decisive(input)), blank), LIGHT);
    sides(&mut page, &chart);
    let decisive = decisive(input);
    chart.band(&mut page.svg, (-decisive, decisive), ([120, 126, 134], 0.14));
    chart.x_axis(&mut page.svg);
    for (index, row) in rows.iter().enumerate() {
        bar(&mut page, &chart, (index, row), decisive);
    }
    let (zero, _) = chart.at(0.0, 0.0);
    let line = [(zero, chart.plot.y), (zero, chart.plot.bottom())];
    page.svg.line(&line, Stroke::solid(LIGHT.ink, 2.0));
    page.render()
}

/// The threshold, or its default where the one given is not a positive number.
fn decisive(input: &VerdictFigure) -> f64 {
    let given = input.decisive_ln_bayes;
    if given > 0.0 && given.is_finite() { given } else { VerdictFigure::default().decisive_ln_bayes }
}

/// The rows with the largest absolute values, then sorted from most reflecting to most luminous; NaN last.
fn chosen(input: &VerdictFigure) -> Vec<&VerdictRow> {
    let mut rows: Vec<&VerdictRow> = input.rows.iter().collect();
    let size = |row: &&VerdictRow| if row.ln_bayes.is_nan() { -1.0 } else { row.ln_bayes.abs() };
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    rows.truncate(ROWS);
    let rank = |row: &&VerdictRow| if row.ln_bayes.is_nan() { f64::NEG_INFINITY } else { row.ln_bayes };
    rows.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    rows
}

/// Room between the names and the axis for the numbers of bars that reach far to the left.
fn value_room(rows: &[&VerdictRow], decisive: f64) -> f64 {
    let far = rows.iter().any(|row| row.ln_bayes < -decisive);
    if far { VALUES } else { 0.0 }
}

/// As wide as the values need on each side, at least twice the undecided range.
fn x_axis(rows: &[&VerdictRow], decisive: f64) -> Axis {
    let finite = || rows.iter().map(|r| r.ln_bayes).filter(|v| v.is_finite());
    let low = finite().fold(-2.0 * decisive, f64::min);
    let high = finite().fold(2.0 * decisive, f64::max);
    Axis {
        scale: Scale::SymLog,
        ..Axis::new(low * 1.3, high * 1.3, "ln Bayes factor (symmetric logarithmic axis)")
    }
}

fn sides(page: &mut Page, chart: &Chart) {
    let (zero, _) = chart.at(0.0, 0.0);
    let y = chart.plot.y - 16.0;
    let luminous = "← shines by itself";
    let left = (zero - 24.0).max(chart.plot.x + text_width(luminous, TEXT));
    let label = Label::new(luminous, (left, y), TEXT).bold().anchor(Anchor::End);
    page.svg.text(&label.colour(VERMILLION));
    page.svg.text(&Label::new("reflects sunlight →", (left + 48.0, y), TEXT).bold().colour(BLUE));
}

fn bar(page: &mut Page, chart: &Chart, (index, row): (usize, &VerdictRow), decisive: f64) {
    let middle = chart.plot.y + (index as f64 + 0.5) * ROW;
    let name = shorten(&row.label, SMALL, NAMES - 30.0);
    let label =
        Label::new(&name, (page.content.x + NAMES - 20.0, middle), SMALL).anchor(Anchor::End).centred();
    page.svg.text(&label.colour(LIGHT.ink));
    let (zero, _) = chart.at(0.0, 0.0);
    if row.ln_bayes.is_nan() {
        let text = Label::new("not computed", (zero + 12.0, middle), SMALL).centred();
        page.svg.text(&text.colour(LIGHT.soft));
        return;
    }
    let clamped = row.ln_bayes.clamp(chart.x.low, chart.x.high);
    let (end, _) = chart.at(clamped, 0.0);
    let colour = if row.ln_bayes < 0.0 { VERMILLION } else { BLUE };
    let opacity = if row.ln_bayes.abs() < decisive { 0.45 } else { 1.0 };
    let (left, right) = (zero.min(end), zero.max(end));
    page.svg.rect(Area::new(left, middle - 14.0, right - left, 28.0), colour, opacity);
    let text = if row.ln_bayes.is_infinite() { "∞".to_string() } else { evidence_text(row.ln_bayes) };
    let (x, anchor) =
        if row.ln_bayes < 0.0 { (left - 8.0, Anchor::End) } else { (right + 8.0, Anchor::Start) };
    let value = Label::new(&text, (x, middle), SMALL).anchor(anchor).centred();
    page.svg.text(&value.colour(LIGHT.ink).halo(LIGHT.paper));
}

fn caption(input: &VerdictFigure, shown: usize) -> String {
    let decisive = decisive(input);
    let count = |test: &dyn Fn(f64) -> bool| input.rows.iter().filter(|r| test(r.ln_bayes)).count();
    let (reflect, shine) = (count(&|v| v >= decisive), count(&|v| v <= -decisive));
    let mut computed = format!(
        "Of {}: {reflect} reflecting, {shine} self-luminous, {} not decided (|ln B| < {}, shaded).",
        counted(input.rows.len(), "spot"),
        input.rows.len() - reflect - shine,
        number(decisive, 0)
    );
    if input.rows.len() > shown {
        computed.push_str(&format!(" The {shown} strongest are drawn."));
    }
    sentences(&[&input.caption, &computed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64]) -> VerdictFigure {
        let row = |(i, v): (usize, &f64)| VerdictRow { label: format!("Spot {i}"), ln_bayes: *v };
        VerdictFigure { rows: values.iter().enumerate().map(row).collect(), ..VerdictFigure::default() }
    }

    #[test]
    fn every_spot_is_counted_once() {
        let figure = figure(&[1e4, 6.0, 3.0, -7.0, f64::NAN, f64::INFINITY]);
        let text = caption(&figure, 6);
        assert!(text.contains("Of 6 spots: 3 reflecting, 1 self-luminous, 2 not decided"), "{text}");
        let order: Vec<f64> = chosen(&figure).iter().map(|r| r.ln_bayes).collect();
        assert_eq!(order[..5], [f64::INFINITY, 1e4, 6.0, 3.0, -7.0]);
        assert!(order[5].is_nan());
        assert!(verdict_figure(&figure).is_ok());
    }

    #[test]
    fn long_lists_are_cut_and_say_so_and_empty_ones_are_refused() {
        let long = figure(&(0..80).map(f64::from).collect::<Vec<_>>());
        assert_eq!(chosen(&long).len(), ROWS);
        assert_eq!(chosen(&long)[ROWS - 1].ln_bayes, 50.0);
        assert!(caption(&long, ROWS).contains("The 30 strongest are drawn"));
        assert!(matches!(verdict_figure(&figure(&[])), Err(PublishError::Argument { .. })));
    }
}
