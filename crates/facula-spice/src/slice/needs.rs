// SPDX-License-Identifier: MIT OR Apache-2.0
//! What questions need: bodies and structures with spans of time, variables of text kernels.

use std::collections::{BTreeMap, BTreeSet};

use facula_core::et_s;

use crate::aberration::Correction;
use crate::daf::DafKind;
use crate::error::SpiceError;
use crate::frames::chain::MAX_CHAIN;
use crate::frames::registry::FrameClass;
use crate::frames::{Asked, Frame, J2000};
use crate::kernels::Kernels;
use crate::pool::Pool;
use crate::pose::PoseRequest;

/// NAIF number of the Sun.
const SUN: i32 = 10;
/// The observer's acceleration looks a second ahead and back, and an epoch loses its last digits on the way.
const AROUND_S: f64 = 1.001;

/// What a slice must answer. Questions are added one by one.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    bodies: BTreeMap<i32, Vec<[f64; 2]>>,
    structures: BTreeMap<i32, Vec<[f64; 2]>>,
    /// Beginnings of variable names.
    variables: BTreeSet<String>,
}

impl Needs {
    /// Nothing but leap seconds.
    pub fn new() -> Self {
        Self { variables: BTreeSet::from(["DELTET/".to_string()]), ..Self::default() }
    }

    /// A body's place relative to the barycentre, or as far as the kernels lead, over a span (TDB seconds past J2000).
    pub fn body(&mut self, kernels: &Kernels, body: i32, span_et_s: [f64; 2]) {
        let mut open = vec![body];
        let mut seen = BTreeSet::new();
        while let Some(body) = open.pop() {
            if body == 0 || !seen.insert(body) {
                continue;
            }
            join(self.bodies.entry(body).or_default(), span_et_s);
            open.extend(kernels.centers(body, span_et_s));
        }
    }

    /// A question for a state ([`Kernels::state`]) at epochs of a span (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::state`], at both ends of the span.
    pub fn state(
        &mut self,
        kernels: &Kernels,
        (target, observer): (i32, i32),
        span_et_s: [f64; 2],
        correction: Correction,
    ) -> Result<(), SpiceError> {
        let mut reach_s: f64 = 0.0;
        for et_s in span_et_s {
            reach_s = reach_s.max(kernels.state_at(target, observer, et_s, correction)?.light_time_s);
        }
        let around_s = [span_et_s[0] - AROUND_S, span_et_s[1] + AROUND_S];
        self.body(kernels, observer, around_s);
        // A light time more on either side: inside the span it may be a little longer than at its ends.
        let reach_s = if correction == Correction::None { 0.0 } else { 2.0 * reach_s };
        self.body(kernels, target, [around_s[0] - reach_s, around_s[1]]);
        Ok(())
    }

    /// A frame's attitude relative to J2000 over a span (TDB seconds past J2000), with the constants of its instrument.
    ///
    /// # Errors
    /// As [`Kernels::rotation`], for frames the kernels do not define.
    pub fn frame(&mut self, kernels: &Kernels, name: &str, span_et_s: [f64; 2]) -> Result<(), SpiceError> {
        let mut open = vec![kernels.frame_by_name(name, span_et_s[0])?];
        let mut seen = Vec::new();
        while let Some(frame) = open.pop() {
            if seen.contains(&frame) || seen.len() > MAX_CHAIN {
                continue;
            }
            seen.push(frame);
            let Frame::Numbered(id) = frame else { continue };
            let info = kernels.frame_info_of(id);
            if frame == J2000 || info.as_ref().is_some_and(|info| info.class == FrameClass::Inertial) {
                continue;
            }
            self.frame_variables(kernels, id);
            let class_id = info.as_ref().map_or(id, |info| info.class_id);
            match info.map(|info| info.class) {
                Some(FrameClass::BodyFixed) => self.constants(class_id),
                Some(FrameClass::Attitude) => {
                    join(self.structures.entry(class_id).or_default(), span_et_s);
                    let references = kernels.ck.get(&class_id).into_iter().flatten().map(|s| s.reference);
                    open.extend(references.collect::<BTreeSet<_>>().into_iter().map(Frame::Numbered));
                    let clock = kernels.clock_number(class_id).unsigned_abs();
                    self.variables.extend([format!("CK_{class_id}_"), format!("SCLK*_{clock}")]);
                }
                _ => open.push(kernels.link(frame, Asked::at(span_et_s[0]))?.0),
            }
        }
        Ok(())
    }

    /// The pole, spin and radii of a body.
    pub fn constants(&mut self, body: i32) {
        let owner = if (100..1000).contains(&body) { body / 100 } else { body };
        self.variables.extend([format!("BODY{body}_"), format!("BODY{owner}_")]);
    }

    /// Everything [`crate::pose_from_kernels`] and [`crate::sun_in_body_frame`] ask for at the exposure, and whatever
    /// lies within `margin_s` of it.
    ///
    /// # Errors
    /// As [`crate::pose_from_kernels`].
    pub fn pose(
        &mut self,
        kernels: &Kernels,
        request: &PoseRequest<'_>,
        margin_s: f64,
    ) -> Result<(), SpiceError> {
        let mid_s = et_s(request.mid_exposure);
        let (body, correction) = (request.body.naif_id, Correction::LightTimeStellar);
        let light_time_s =
            kernels.state(body, request.spacecraft, request.mid_exposure, correction)?.light_time_s;
        let wide = |from_s: f64, to_s: f64| [from_s - margin_s, to_s + margin_s];
        self.state(kernels, (body, request.spacecraft), [mid_s; 2], correction)?;
        self.body(kernels, request.spacecraft, wide(mid_s - AROUND_S, mid_s + AROUND_S));
        let emission_s = mid_s - light_time_s;
        let sun_s = kernels.state_at(SUN, body, emission_s, correction)?.light_time_s;
        self.body(kernels, body, wide(emission_s - AROUND_S, mid_s + AROUND_S));
        self.body(kernels, SUN, wide(emission_s - sun_s - AROUND_S, mid_s + AROUND_S));
        self.constants(body);
        self.frame(kernels, &request.camera_frame, wide(mid_s - AROUND_S, mid_s + AROUND_S))
    }

    fn frame_variables(&mut self, kernels: &Kernels, id: i32) {
        let name = kernels.pool.text(&format!("FRAME_{id}_NAME")).unwrap_or_default().to_uppercase();
        self.variables.extend([
            format!("FRAME_{name}"),
            format!("FRAME_{id}_"),
            format!("TKFRAME_{id}_"),
            format!("TKFRAME_{name}_"),
            format!("INS{id}_"),
        ]);
    }

    /// Spans of a body or structure, in rising order, apart from each other.
    pub(super) fn spans(&self, kind: DafKind, id: i32) -> &[[f64; 2]] {
        let map = if kind == DafKind::Ck { &self.structures } else { &self.bodies };
        map.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a text kernel assigns a variable that is asked for.
    pub(super) fn asks_for(&self, text: &[u8]) -> bool {
        let mut pool = Pool::default();
        // Comments may be in Latin-1.
        let text = String::from_utf8_lossy(text);
        if pool.read(&text, "text kernel").is_err() {
            return false;
        }
        self.variables.iter().any(|wanted| match wanted.split_once('*') {
            Some((start, end)) => pool.names(start).any(|name| name.ends_with(end)),
            None => pool.names(wanted).next().is_some(),
        })
    }
}

/// Adds a span to others, which stay in order and apart.
fn join(spans: &mut Vec<[f64; 2]>, span: [f64; 2]) {
    spans.push([span[0].min(span[1]), span[0].max(span[1])]);
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for span in spans.drain(..) {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    *spans = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_touch_are_joined() {
        let mut spans = Vec::new();
        for span in [[5.0, 6.0], [0.0, 1.0], [1.0, 2.0], [7.0, 5.5]] {
            join(&mut spans, span);
        }
        assert_eq!(spans, [[0.0, 2.0], [5.0, 7.0]]);
    }

    #[test]
    fn text_kernels_nobody_asks_for_are_left_out() {
        let mut needs = Needs::new();
        needs.constants(2000001);
        needs.variables.insert("SCLK*_203".to_string());
        for (text, asked) in [
            ("DELTET/DELTA_T_A = 32.184", true),
            ("BODY2000001_PM = 1", true),
            ("BODY2000004_PM = 1", false),
            ("SCLK01_MODULI_203 = 1", true),
            ("SCLK01_MODULI_82 = 1", false),
        ] {
            assert_eq!(needs.asks_for(format!("\\begindata\n{text}\n").as_bytes()), asked, "{text}");
        }
    }
}
