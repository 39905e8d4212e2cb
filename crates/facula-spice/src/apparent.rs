// SPDX-License-Identifier: MIT OR Apache-2.0
//! Corrected states built from states relative to the barycentre, and states in frames that turn.
//!
//! In: a question (target, observer, correction), a frame, an epoch. Out: state, light time and its rate.
//!
//! # Source
//! NAIF, "SPK Required Reading", section "Computing states"; the headers of `SPKEZ`, `SPKLTC`, `SPKACS`: the
//! orientation of a turning frame is that at its centre when the light left it (or arrives there).

use facula_core::{Epoch, Vec3, et_s};

use crate::aberration::{self, Correction};
use crate::error::SpiceError;
use crate::frames::{Asked, Frame, registry::FrameClass, turning::Turning};
use crate::kernels::{Kernels, MAX_CHAIN};
use crate::spk::{Pv, SpkSegment, add, sub};

/// Half step of the numerical derivative that gives the observer's acceleration, s (SPICE's choice).
const ACCELERATION_STEP_S: f64 = 1.0;

/// A state in a frame of the caller's choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateIn<F> {
    /// From observer to target, km.
    pub position_km: Vec3<F>,
    /// Rate of [`Self::position_km`], km/s; in a turning frame the rate seen there.
    pub velocity_km_s: Vec3<F>,
    /// One-way light time between the two, s; geometric for [`Correction::None`].
    pub light_time_s: f64,
}

/// Who is seen by whom, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Question {
    pub target: i32,
    pub observer: i32,
    pub correction: Correction,
}

/// An answer: state, light time (s) and its rate (dimensionless).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Apparent {
    pub state: Pv,
    pub light_time_s: f64,
    pub light_time_rate: f64,
}

/// The epoch at which a frame is seen and how fast it goes on there.
pub(crate) struct FrameSeen {
    pub et_s: f64,
    pub et_rate: f64,
}

/// A corrected state from a source of states relative to the barycentre. `correction` must not be none.
pub(crate) fn corrected(
    barycentric: impl Fn(i32, f64) -> Result<Pv, SpiceError>,
    question: Question,
    et_s: f64,
) -> Result<Apparent, SpiceError> {
    let Question { target, observer, correction } = question;
    let sign = correction.sign();
    let seer = barycentric(observer, et_s)?;
    let mut source = barycentric(target, et_s)?;
    let mut light_time_s = aberration::light_time_s(&sub(&source, &seer));
    for _ in 0..correction.iterations() {
        source = barycentric(target, et_s + sign * light_time_s)?;
        let next_s = aberration::light_time_s(&sub(&source, &seer));
        let change_s = (next_s - light_time_s).abs();
        light_time_s = next_s;
        if change_s == 0.0 {
            break;
        }
    }
    let (mut state, light_time_rate) = aberration::retarded(&source, &seer, sign);
    if correction.is_stellar() {
        let acceleration_km_s2 = acceleration(&barycentric, (observer, et_s), &seer);
        // Light that leaves sees the observer move the other way.
        let [velocity, rate] =
            [aberration::velocity(&seer), acceleration_km_s2].map(|v| v.map(|x| -sign * x));
        state = aberration::stellar(&state, velocity, rate);
    }
    Ok(Apparent { state, light_time_s, light_time_rate })
}

/// Acceleration of a body by the difference of its velocities a second before and after; at the end of coverage
/// from one side, and zero where the kernels know a single moment.
fn acceleration(
    barycentric: &impl Fn(i32, f64) -> Result<Pv, SpiceError>,
    (body, et_s): (i32, f64),
    now: &Pv,
) -> [f64; 3] {
    let beside = |step_s: f64| barycentric(body, et_s + step_s).ok().map(|state| (step_s, state));
    let before = beside(-ACCELERATION_STEP_S).unwrap_or((0.0, *now));
    let after = beside(ACCELERATION_STEP_S).unwrap_or((0.0, *now));
    let span_s = after.0 - before.0;
    std::array::from_fn(|k| if span_s > 0.0 { (after.1[k + 3] - before.1[k + 3]) / span_s } else { 0.0 })
}

impl Kernels {
    /// State of a target relative to an observer (NAIF numbers) in any frame, at `epoch` at the observer.
    /// A turning frame is taken as seen from the observer: with the same correction for the light time to its
    /// centre.
    ///
    /// # Errors
    /// As [`Kernels::state`] and [`Kernels::rotation`].
    ///
    /// # Source
    /// SPICE `SPKEZR` with its frame argument.
    pub fn state_in<F>(
        &self,
        frame: &str,
        (target, observer): (i32, i32),
        epoch: Epoch,
        correction: Correction,
    ) -> Result<StateIn<F>, SpiceError> {
        let asked = Asked::at(et_s(epoch));
        let question = Question { target, observer, correction };
        let named = (self.frame_by_name(frame, asked.et_s)?, frame);
        let Apparent { state, light_time_s, .. } = self.state_in_frame(question, named, asked)?;
        Ok(StateIn {
            position_km: Vec3::from_array(aberration::position(&state)),
            velocity_km_s: Vec3::from_array(aberration::velocity(&state)),
            light_time_s,
        })
    }

    pub(crate) fn state_in_frame(
        &self,
        question: Question,
        frame: (Frame, &str),
        asked: Asked,
    ) -> Result<Apparent, SpiceError> {
        if let Some(state) = self.in_frame_of_segments(question, frame.0, asked.et_s) {
            let state = state?;
            let light_time_s = aberration::light_time_s(&state);
            return Ok(Apparent { state, light_time_s, light_time_rate: 0.0 });
        }
        let seen = self.state_in_icrf(question, asked)?;
        let at = self.frame_as_seen(frame, (question.observer, question.correction), asked)?;
        let asked = Asked { et_s: at.et_s, ..asked };
        let turning: Turning = self.between(frame, (Frame::Numbered(1), "J2000"), asked)?;
        Ok(Apparent { state: turning.scaled_rate(at.et_rate).apply(&seen.state), ..seen })
    }

    /// Geometric state of two bodies whose segments have one centre and are both in the frame asked for: needs no
    /// orientation of that frame.
    fn in_frame_of_segments(
        &self,
        question: Question,
        frame: Frame,
        et_s: f64,
    ) -> Option<Result<Pv, SpiceError>> {
        if question.correction != Correction::None {
            return None;
        }
        if question.target == question.observer {
            return Some(Ok([0.0; 6]));
        }
        let (a, b) = (self.segment(question.target, et_s)?, self.segment(question.observer, et_s)?);
        let alike = a.center == b.center && a.frame == b.frame && frame == Frame::Numbered(a.frame);
        alike.then(|| Ok(sub(&a.state(et_s)?, &b.state(et_s)?)))
    }

    /// When a frame is seen from an observer: now for inertial frames, else with the light time to its centre.
    pub(crate) fn frame_as_seen(
        &self,
        (frame, _): (Frame, &str),
        (observer, correction): (i32, Correction),
        asked: Asked,
    ) -> Result<FrameSeen, SpiceError> {
        let center = match frame {
            Frame::OfBody(body) => body,
            Frame::Numbered(id) => match self.frame_info_of(id) {
                Some(info) if info.class != FrameClass::Inertial => info.center,
                _ => observer,
            },
        };
        if center == observer || !correction.has_light_time() {
            return Ok(FrameSeen { et_s: asked.et_s, et_rate: 1.0 });
        }
        let question = Question { target: center, observer, correction };
        let seen = self.state_in_icrf(question, asked)?;
        let sign = correction.sign();
        Ok(FrameSeen {
            et_s: asked.et_s + sign * seen.light_time_s,
            et_rate: 1.0 + sign * seen.light_time_rate,
        })
    }

    fn state_in_icrf(&self, question: Question, asked: Asked) -> Result<Apparent, SpiceError> {
        let Question { target, observer, correction } = question;
        if correction == Correction::None {
            let state = self.geometric_at_depth((target, observer), asked)?;
            let light_time_s = aberration::light_time_s(&state);
            return Ok(Apparent { state, light_time_s, light_time_rate: 0.0 });
        }
        let barycentric = |body: i32, et_s: f64| {
            let chain = self.chain_at_depth(body, Asked { et_s, ..asked })?;
            match chain.last() {
                Some((0, state)) => Ok(*state),
                last => Err(self.not_covered(last.map_or(body, |(end, _)| *end), et_s)),
            }
        };
        corrected(barycentric, question, asked.et_s)
    }

    fn geometric_at_depth(&self, (target, observer): (i32, i32), asked: Asked) -> Result<Pv, SpiceError> {
        if target == observer {
            return Ok([0.0; 6]);
        }
        let (a, b) = (self.chain_at_depth(target, asked)?, self.chain_at_depth(observer, asked)?);
        for (body, of_target) in &a {
            if let Some((_, of_observer)) = b.iter().find(|(other, _)| other == body) {
                return Ok(sub(of_target, of_observer));
            }
        }
        let ends = [&a, &b].map(|chain| chain.last().map_or(0, |(end, _)| *end));
        Err(self.not_covered(if ends[0] == 0 { ends[1] } else { ends[0] }, asked.et_s))
    }

    /// Centres on the way to the barycentre, each with the state of `body` relative to it, ICRF axes; ends where
    /// no segment covers the epoch.
    fn chain_at_depth(&self, body: i32, asked: Asked) -> Result<Vec<(i32, Pv)>, SpiceError> {
        let mut chain = vec![(body, [0.0; 6])];
        while let Some(&(last, state)) = chain.last()
            && last != 0
        {
            let Some(segment) = self.segment(last, asked.et_s) else { break };
            if chain.len() == MAX_CHAIN {
                return Err(crate::kernels::circle(body));
            }
            let step = self.state_of_segment(segment, asked)?;
            chain.push((segment.center, add(&state, &step)));
        }
        Ok(chain)
    }

    /// A segment's state in ICRF axes, whatever frame its numbers are in.
    pub(crate) fn state_of_segment(&self, segment: &SpkSegment, asked: Asked) -> Result<Pv, SpiceError> {
        self.to_icrf(segment, segment.state(asked.et_s)?, asked)
    }

    /// A direction in ICRF axes seen from an observer moving relative to the barycentre; `sign` 1 for light that
    /// arrives, -1 for light that leaves. Its rate stays as it is.
    pub(crate) fn aberrate(
        &self,
        vector: &Pv,
        (observer, sign): (i32, f64),
        asked: Asked,
    ) -> Result<Pv, SpiceError> {
        let seer = self.geometric_at_depth((observer, 0), asked)?;
        let velocity = aberration::velocity(&seer).map(|x| sign * x);
        let seen = aberration::stellar(vector, velocity, [0.0; 3]);
        Ok(std::array::from_fn(|k| if k < 3 { seen[k] } else { vector[k] }))
    }

    /// Number of the frame bound to a body: by `OBJECT_body_FRAME`, else `IAU_name` (SPICE `CIDFRM`).
    pub(crate) fn frame_of_body(&self, body: i32) -> Option<i32> {
        let of = |object: &str| {
            let key = format!("OBJECT_{object}_FRAME");
            let name = self.texts(&key).and_then(|t| t.first().cloned());
            name.and_then(|name| self.frame_info(&name).map(|info| info.id))
                .or_else(|| self.numbers(&key).and_then(|n| n.first()).map(|n| *n as i32))
        };
        let name = self.body_name(body);
        of(&body.to_string())
            .or_else(|| of(&name.as_deref()?.replace(' ', "_")))
            .or_else(|| self.frame_info(&format!("IAU_{}", name?.replace(' ', "_"))).map(|info| info.id))
    }
}
