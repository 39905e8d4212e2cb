// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limb along one scan line, to a small part of a pixel.
//!
//! Model: `background + contrast · template(inside) · (1 + slope · inside)`; for each trial offset the three
//! linear unknowns follow from least squares, the offset from the smallest sum of squares. The background is
//! free on every line, so read-out smear, which is constant across a few pixels, does no harm.

use super::template::Template;
use crate::normal::vertex;

/// Step between trial offsets, px.
const TRIAL_STEP_PX: f64 = 0.5;
/// Samples of a line that take part reach this far to either side of the trial offset, px.
pub(crate) const HALF_WINDOW_PX: f64 = 6.0;
/// Most half-pixel steps downhill.
const MOST_STEPS: usize = 12;
/// Samples this close to the edge have to be there, px: twice the sigma of the blur.
const COVERED_PX: f64 = 1.3;
/// Fewest samples within the window for a trial to count.
const FEWEST_SAMPLES: f64 = 12.0;

/// Brightness along a scan line that crosses the limb from inside to outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<'a> {
    /// Brightness at equal steps, NaN where there is none.
    pub(crate) values: &'a [f64],
    /// Distance of the first value outside the predicted limb, px (negative: inside).
    pub(crate) first_px: f64,
    /// Step, px.
    pub(crate) step_px: f64,
}

/// A limb found on a scan line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edge {
    /// Distance outside the predicted limb, px.
    pub(crate) offset_px: f64,
    /// How much better the model is than a constant: root of the explained over the residual variance.
    pub(crate) significance: f64,
}

/// Fit at one trial offset.
struct Trial {
    explained: f64,
    residual: f64,
    samples: f64,
}

/// The strongest edge of the template's shape within `search_px` of the predicted limb; `None` when there is
/// none, or it lies at the end of the search.
pub(crate) fn locate(scan: Scan<'_>, template: &Template, search_px: f64) -> Option<Edge> {
    let steps = (search_px / TRIAL_STEP_PX).ceil() as i64;
    let mut best: Option<(i64, f64)> = None;
    for k in -steps..=steps {
        let Some(trial) = fit(scan, template, k as f64 * TRIAL_STEP_PX) else { continue };
        if best.is_none_or(|(_, explained)| trial.explained > explained) {
            best = Some((k, trial.explained));
        }
    }
    let (k, _) = best?;
    if k.abs() == steps {
        return None;
    }
    refine(scan, template, k as f64 * TRIAL_STEP_PX).filter(|edge| edge.offset_px.abs() < search_px)
}

/// Downhill in the sum of squares to its minimum: the trial that explains most may lie a pixel or two inside,
/// where its window holds more of the disc. A last parabola has a finer step.
fn refine(scan: Scan<'_>, template: &Template, start_px: f64) -> Option<Edge> {
    let mut window_px = start_px;
    for _ in 0..MOST_STEPS {
        let step_px = parabola(scan, template, (window_px, window_px, 0.5 * TRIAL_STEP_PX))?;
        if step_px.abs() < 0.5 * TRIAL_STEP_PX {
            return finish(scan, template, (window_px + step_px, window_px));
        }
        window_px += step_px;
    }
    None
}

/// From an offset to the minimum of the parabola through the sums of squares there and a half step to either
/// side, all over the same window, px; at most two half steps, and downhill where there is no minimum.
fn parabola(
    scan: Scan<'_>,
    template: &Template,
    (offset_px, window_px, half_step_px): (f64, f64, f64),
) -> Option<f64> {
    let score = |at_px: f64| fixed_window(scan, template, at_px, window_px).map(|t| t.residual);
    let (a, b, c) = (score(offset_px - half_step_px)?, score(offset_px)?, score(offset_px + half_step_px)?);
    let steps = if a - 2.0 * b + c > 0.0 { vertex(a, b, c).clamp(-2.0, 2.0) } else { 2.0 * (a - c).signum() };
    Some(half_step_px * steps)
}

fn finish(scan: Scan<'_>, template: &Template, (offset_px, window_px): (f64, f64)) -> Option<Edge> {
    let offset_px = offset_px + parabola(scan, template, (offset_px, window_px, 0.125 * TRIAL_STEP_PX))?;
    if !covered(scan, offset_px) {
        return None;
    }
    let end = fixed_window(scan, template, offset_px, window_px)?;
    let variance = end.residual / (end.samples - 4.0);
    // A noiseless line would divide by zero: cap the ratio.
    let significance = (end.explained / variance.max(1e-12 * end.explained)).sqrt();
    Some(Edge { offset_px, significance })
}

/// Whether every sample near an offset is there: with a gap on the edge its place is a guess.
fn covered(scan: Scan<'_>, offset_px: f64) -> bool {
    let near = |k: &usize| (scan.first_px + *k as f64 * scan.step_px - offset_px).abs() <= COVERED_PX;
    (0..scan.values.len()).filter(near).all(|k| !scan.values[k].is_nan())
}

fn fit(scan: Scan<'_>, template: &Template, offset_px: f64) -> Option<Trial> {
    fixed_window(scan, template, offset_px, offset_px)
}

/// Least squares over the samples around `window_px`, so that all offsets tried by `refine` see the same data.
fn fixed_window(scan: Scan<'_>, template: &Template, offset_px: f64, window_px: f64) -> Option<Trial> {
    let index = |at_px: f64| (at_px - scan.first_px) / scan.step_px;
    let low = index(window_px - HALF_WINDOW_PX).ceil().max(0.0) as usize;
    let high = (index(window_px + HALF_WINDOW_PX).floor() + 1.0).max(0.0) as usize;
    let samples = scan.values.get(low..high.min(scan.values.len()))?;
    let mut sums = Sums::default();
    for (k, value) in samples.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        let inside_px = offset_px - (scan.first_px + (low + k) as f64 * scan.step_px);
        let t = template.value(inside_px);
        sums.add(t, t * inside_px / HALF_WINDOW_PX, *value);
    }
    if sums.count < FEWEST_SAMPLES { None } else { sums.trial() }
}

/// Sums over samples of the template t, the sloped template s and the value v, and of their products.
#[derive(Default)]
struct Sums {
    count: f64,
    t: f64,
    s: f64,
    v: f64,
    tt: f64,
    ts: f64,
    ss: f64,
    tv: f64,
    sv: f64,
    vv: f64,
}

/// Least part of its variance that the sloped template has to keep after the template is taken out.
const LEAST_INDEPENDENT: f64 = 1e-9;

impl Sums {
    fn add(&mut self, t: f64, s: f64, v: f64) {
        self.count += 1.0;
        (self.t, self.s, self.v) = (self.t + t, self.s + s, self.v + v);
        (self.tt, self.ts, self.ss) = (self.tt + t * t, self.ts + t * s, self.ss + s * s);
        (self.tv, self.sv, self.vv) = (self.tv + t * v, self.sv + s * v, self.vv + v * v);
    }

    /// Fits `v = background + contrast t + slope s`: with the means taken out, two equations remain.
    fn trial(&self) -> Option<Trial> {
        let central = |product: f64, a: f64, b: f64| product - a * b / self.count;
        let tt = central(self.tt, self.t, self.t);
        let ts = central(self.ts, self.t, self.s);
        let ss = central(self.ss, self.s, self.s);
        let tv = central(self.tv, self.t, self.v);
        let sv = central(self.sv, self.s, self.v);
        let flat = central(self.vv, self.v, self.v);
        let determinant = tt * ss - ts * ts;
        // The negated comparison also refuses NaN.
        if !(determinant > LEAST_INDEPENDENT * tt * ss) {
            return None;
        }
        let contrast = (tv * ss - sv * ts) / determinant;
        let slope = (sv * tt - tv * ts) / determinant;
        let explained = (contrast * tv + slope * sv).clamp(0.0, flat.max(0.0));
        (contrast > 0.0).then_some(Trial { explained, residual: flat - explained, samples: self.count })
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::{Scene, Templates};
    use super::*;

    fn template() -> Template {
        let scene = Scene { cos_phase: 0.5, radius_px: 200.0, psf_sigma_px: 0.6 };
        Templates::new(scene, |i, e| i / (i + e)).at(0.8)
    }

    fn line(edge_px: f64, noise: f64) -> Vec<f64> {
        let model = template();
        let wobble = |k: i32| noise * (k as f64 * 12.9898).sin();
        (-36..=36).map(|k| 5.0 + 70.0 * model.value(edge_px - 0.5 * k as f64) + wobble(k)).collect()
    }

    fn scan(values: &[f64]) -> Scan<'_> {
        Scan { values, first_px: -18.0, step_px: 0.5 }
    }

    #[test]
    fn an_edge_is_found_where_it_was_put() {
        for edge_px in [-7.3, -0.26, 0.0, 0.4, 6.77] {
            let values = line(edge_px, 0.3);
            let edge = locate(scan(&values), &template(), 10.0).expect("an edge");
            assert!((edge.offset_px - edge_px).abs() < 0.03, "{edge:?} for {edge_px}");
            assert!(edge.significance > 50.0);
        }
    }

    #[test]
    fn an_edge_near_the_terminator_is_found_where_it_was_put() {
        // Here windows deeper inside explain more of the brightness than the one on the edge.
        let scene = Scene { cos_phase: 0.98, radius_px: 75.0, psf_sigma_px: 0.65 };
        let near = Templates::new(scene, |i, e| i / (i + e)).at(-0.15);
        for edge_px in [-0.3, 0.0, 0.2, 2.4] {
            let values: Vec<f64> = (-36..=36).map(|k| near.value(edge_px - 0.5 * k as f64)).collect();
            let edge = locate(scan(&values), &near, 6.0).unwrap();
            assert!((edge.offset_px - edge_px).abs() < 0.03, "{edge:?} for {edge_px}");
        }
    }

    #[test]
    fn missing_samples_do_not_matter() {
        let mut values = line(0.4, 0.0);
        for k in [28, 29, 33, 40, 41] {
            values[k] = f64::NAN;
        }
        assert!((locate(scan(&values), &template(), 10.0).expect("an edge").offset_px - 0.4).abs() < 0.03);
        values[36] = f64::NAN;
        assert!(locate(scan(&values), &template(), 10.0).is_none(), "a gap on the edge");
        values.fill(f64::NAN);
        assert!(locate(scan(&values), &template(), 10.0).is_none());
    }

    #[test]
    fn an_edge_from_dark_to_bright_is_none() {
        let values: Vec<f64> = line(0.4, 0.0).into_iter().map(|v| -v).collect();
        let found = locate(scan(&values), &template(), 10.0);
        assert!(found.is_none_or(|e| e.significance < 10.0), "{found:?}");
    }
}
