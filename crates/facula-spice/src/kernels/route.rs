// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way from one body to another through the segments of loaded kernels, and states along it.
//!
//! In: kernels, two bodies, `L` epochs. Out: their states. A [`Route`] finds the segments once and keeps them while the
//! epochs stay where the same segments answer; with it go the windows of the last Hermite interpolation. One epoch
//! ([`Kernels::state`]) and many ([`crate::Ephemeris`]) run through the same code, so they give the same bits.

use facula_core::Vec3;
use pulp::{Scalar, Simd};

use super::{Kernels, MAX_CHAIN, State, circle};
use crate::aberration::{self, Correction};
use crate::error::SpiceError;
use crate::frames::Asked;
use crate::spk::chebyshev::Block;
use crate::spk::states::Kept;
use crate::spk::{Pv, SpkSegment, add};

/// Half step of the difference that gives the observer's acceleration, s (SPICE's choice).
const ACCELERATION_STEP_S: f64 = 1.0;
/// Derivatives a leg is evaluated to without and with the acceleration.
const VELOCITY: usize = 2;
const ACCELERATION: usize = 5;

/// Segments from a body up to the barycentre, or to a body without one, and the span in which they stay the answer.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    start: i32,
    legs: [Option<&'a SpkSegment>; MAX_CHAIN],
    length: usize,
    valid_s: [f64; 2],
}

impl<'a> Path<'a> {
    fn legs(&self) -> impl Iterator<Item = &'a SpkSegment> {
        self.legs[..self.length].iter().flatten().copied()
    }

    /// Bodies on the way, the start first.
    fn nodes(&self) -> impl Iterator<Item = i32> {
        std::iter::once(self.start).chain(self.legs().map(|segment| segment.center))
    }

    fn end(&self) -> i32 {
        self.legs().last().map_or(self.start, |segment| segment.center)
    }

    fn holds(&self, et_s: f64) -> bool {
        self.valid_s[0] <= et_s && et_s <= self.valid_s[1]
    }

    /// Whether it holds the seconds before and after the epochs too.
    fn surrounds(&self, et_s: &[f64]) -> bool {
        et_s.iter().all(|t| self.holds(t - ACCELERATION_STEP_S) && self.holds(t + ACCELERATION_STEP_S))
    }
}

/// What turns segments into states: the kernels for their frames, and the windows of interpolations kept from one
/// request to the next.
pub(crate) struct Memory<'a> {
    kernels: &'a Kernels,
    /// `None` when windows are not kept: not worth it for a single request.
    windows: Option<Vec<(&'a SpkSegment, Kept)>>,
}

/// Two bodies and the segments between them.
pub(crate) struct Route<'a> {
    kernels: &'a Kernels,
    correction: Correction,
    target: Path<'a>,
    observer: Path<'a>,
    /// Legs of the target and of the observer up to the first body both paths meet.
    meet: Option<[usize; 2]>,
    memory: Memory<'a>,
}

impl<'a> Route<'a> {
    /// The route at an epoch.
    pub fn new(
        kernels: &'a Kernels,
        (target, observer): (i32, i32),
        et_s: f64,
        correction: Correction,
    ) -> Result<Self, SpiceError> {
        let observer = kernels.path(observer, et_s)?;
        let target = kernels.path(target, et_s)?;
        let meet = meet(&target, &observer);
        let memory = Memory { kernels, windows: None };
        Ok(Self { kernels, correction, target, observer, meet, memory })
    }

    /// Keeps interpolation windows from now on.
    pub fn remember(mut self) -> Self {
        self.memory.windows = Some(Vec::new());
        self
    }

    /// The states at `L` epochs.
    #[inline(always)]
    pub fn states<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        et_s: &[f64; L],
    ) -> Result<[State; L], SpiceError> {
        // At the ends of coverage the acceleration is found another way, epoch by epoch.
        if self.holds(et_s) && (L == 1 || !self.correction.is_stellar() || self.observer.surrounds(et_s)) {
            return self.together(simd, et_s);
        }
        let mut states = [State::default(); L];
        for (state, et_s) in states.iter_mut().zip(et_s) {
            if !self.holds(&[*et_s]) {
                self.move_to(*et_s)?;
            }
            [*state] = self.together(Scalar, &[*et_s])?;
        }
        Ok(states)
    }

    fn holds(&self, et_s: &[f64]) -> bool {
        et_s.iter().all(|et_s| self.target.holds(*et_s) && self.observer.holds(*et_s))
    }

    #[cold]
    fn move_to(&mut self, et_s: f64) -> Result<(), SpiceError> {
        self.observer = self.kernels.path(self.observer.start, et_s)?;
        self.target = self.kernels.path(self.target.start, et_s)?;
        self.meet = meet(&self.target, &self.observer);
        Ok(())
    }

    #[inline(always)]
    fn together<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        et_s: &[f64; L],
    ) -> Result<[State; L], SpiceError> {
        let (block, light_time_s) = match self.correction {
            Correction::None => self.geometric(simd, et_s)?,
            _ => self.corrected(simd, et_s)?,
        };
        // One sum instead of six questions: anything that is not finite stays so.
        if (0..L).all(|l| block[..6].iter().map(|row| row[l]).sum::<f64>().is_finite()) {
            return Ok(std::array::from_fn(|l| state_of(&column(&block, l), light_time_s[l])));
        }
        let path = if self.observer.length > 0 { &self.observer } else { &self.target };
        Err(path.legs[0]
            .map_or_else(|| circle(path.start), |segment| segment.damaged("the state is not finite")))
    }

    #[inline(always)]
    fn geometric<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        et_s: &[f64; L],
    ) -> Result<(Block<L>, [f64; L]), SpiceError> {
        let Self { kernels, target, observer, meet, memory, .. } = self;
        let Some([up, down]) = *meet else {
            let missing = if target.end() == 0 { observer.end() } else { target.end() };
            return Err(kernels.not_covered(missing, et_s[0]));
        };
        let target = sum::<S, L, VELOCITY>(simd, &target.legs[..up], memory, et_s)?;
        let observer = sum::<S, L, VELOCITY>(simd, &observer.legs[..down], memory, et_s)?;
        let state = minus(&target, &observer);
        let light_time_s = light_time_s(&state);
        Ok((state, light_time_s))
    }

    #[inline(always)]
    fn corrected<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        et_s: &[f64; L],
    ) -> Result<(Block<L>, [f64; L]), SpiceError> {
        for path in [&self.observer, &self.target] {
            if path.end() != 0 {
                return Err(self.kernels.not_covered(path.end(), et_s[0]));
            }
        }
        let [up, _] = self.meet.unwrap_or_default();
        let near = sum::<S, L, VELOCITY>(simd, &self.target.legs[..up], &mut self.memory, et_s)?;
        let (to_meeting, seer) = self.seer(simd, et_s)?;
        let mut light_times_s = light_time_s(&minus(&near, &to_meeting));
        let mut source = near;
        let sign = self.correction.sign();
        for _ in 0..self.correction.iterations() {
            let emission_s: [f64; L] = std::array::from_fn(|l| et_s[l] + sign * light_times_s[l]);
            source = self.source(simd, &emission_s)?;
            let next_s = light_time_s(&minus(&source, &seer));
            let settled = next_s == light_times_s;
            light_times_s = next_s;
            if settled {
                break;
            }
        }
        Ok((appear(&source, &seer, self.correction), light_times_s))
    }

    /// The observer relative to the body both paths meet first, and to the barycentre, there with acceleration when
    /// the correction asks for it.
    #[inline(always)]
    fn seer<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        et_s: &[f64; L],
    ) -> Result<(Block<L>, Block<L>), SpiceError> {
        let Self { kernels, correction, observer: path, meet, memory, .. } = self;
        let [_, down] = meet.unwrap_or_default();
        let (near, far) = path.legs[..path.length].split_at(down);
        if correction.is_stellar() && path.surrounds(et_s) {
            let near = sum::<S, L, ACCELERATION>(simd, near, memory, et_s)?;
            let far = sum::<S, L, ACCELERATION>(simd, far, memory, et_s)?;
            return Ok((near, plus(&near, &far)));
        }
        let near = sum::<S, L, VELOCITY>(simd, near, memory, et_s)?;
        let far = sum::<S, L, VELOCITY>(simd, far, memory, et_s)?;
        let mut seer = plus(&near, &far);
        if correction.is_stellar() {
            for l in 0..L {
                let acceleration_km_s2 = kernels.acceleration(path.start, et_s[l], &column(&seer, l));
                (0..3).for_each(|k| seer[6 + k][l] = acceleration_km_s2[k]);
            }
        }
        Ok((near, seer))
    }

    /// The target relative to the barycentre when the light left it.
    #[inline(always)]
    fn source<S: Simd, const L: usize>(
        &mut self,
        simd: S,
        emission_s: &[f64; L],
    ) -> Result<Block<L>, SpiceError> {
        if emission_s.iter().all(|t| self.target.holds(*t)) {
            return sum::<S, L, VELOCITY>(simd, &self.target.legs, &mut self.memory, emission_s);
        }
        let mut source = [[0.0; L]; 9];
        for l in 0..L {
            let state = self.kernels.barycentric(self.target.start, emission_s[l])?;
            (0..6).for_each(|k| source[k][l] = state[k]);
        }
        Ok(source)
    }
}

/// Sum over some legs of a path.
#[inline(always)]
fn sum<'a, S: Simd, const L: usize, const ORDERS: usize>(
    simd: S,
    legs: &[Option<&'a SpkSegment>],
    memory: &mut Memory<'a>,
    et_s: &[f64; L],
) -> Result<Block<L>, SpiceError> {
    let mut sum = [[0.0; L]; 9];
    for segment in legs.iter().copied().flatten() {
        let step = match segment.together::<S, L, ORDERS>(simd, et_s) {
            Some(block) => block,
            None => one_by_one::<L, ORDERS>(segment, memory, et_s)?,
        };
        sum = plus(&sum, &step);
    }
    Ok(sum)
}

/// A leg whose epochs do not share a record of polynomials.
#[inline(never)]
fn one_by_one<'a, const L: usize, const ORDERS: usize>(
    segment: &'a SpkSegment,
    memory: &mut Memory<'a>,
    et_s: &[f64; L],
) -> Result<Block<L>, SpiceError> {
    let mut block = [[0.0; L]; 9];
    for (l, &et_s) in et_s.iter().enumerate() {
        if let Some(alone) = segment.together::<Scalar, 1, ORDERS>(Scalar, &[et_s]) {
            (0..9).for_each(|k| block[k][l] = alone[k][0]);
            continue;
        }
        let state = leg(segment, memory, et_s)?;
        (0..6).for_each(|k| block[k][l] = state[k]);
        if ORDERS == ACCELERATION {
            let before = leg(segment, memory, et_s - ACCELERATION_STEP_S)?;
            let after = leg(segment, memory, et_s + ACCELERATION_STEP_S)?;
            (3..6).for_each(|k| block[k + 3][l] = (after[k] - before[k]) / (2.0 * ACCELERATION_STEP_S));
        }
    }
    Ok(block)
}

/// State of a leg in ICRF axes, through the kept window where there is one.
fn leg<'a>(segment: &'a SpkSegment, memory: &mut Memory<'a>, et_s: f64) -> Result<Pv, SpiceError> {
    let Memory { kernels, windows } = memory;
    let asked = Asked::at(et_s);
    let Some(windows) = windows.as_mut().filter(|_| segment.has_windows()) else {
        return kernels.to_icrf(segment, segment.state(et_s)?, asked);
    };
    let at = match windows.iter().position(|(known, _)| std::ptr::eq(*known, segment)) {
        Some(at) => at,
        None => {
            windows.push((segment, segment.window(et_s)?));
            windows.len() - 1
        }
    };
    let kept = &mut windows[at].1;
    if !kept.holds(et_s) {
        *kept = segment.window(et_s)?;
    }
    kernels.to_icrf(segment, segment.finite(kept.state(et_s))?, asked)
}

/// Where the target appears: its state at emission relative to the observer, turned by stellar aberration if asked.
#[inline(always)]
fn appear<const L: usize>(source: &Block<L>, seer: &Block<L>, correction: Correction) -> Block<L> {
    let (sign, stellar) = (correction.sign(), correction.is_stellar());
    let mut seen = [[0.0; L]; 9];
    for l in 0..L {
        let observer = column(seer, l);
        let (mut state, _) = aberration::retarded(&column(source, l), &observer, sign);
        if stellar {
            let acceleration_km_s2 = [seer[6][l], seer[7][l], seer[8][l]];
            // Light that leaves sees the observer move the other way.
            let [velocity, rate] =
                [aberration::velocity(&observer), acceleration_km_s2].map(|v| v.map(|x| -sign * x));
            state = aberration::stellar(&state, velocity, rate);
        }
        for k in 0..6 {
            seen[k][l] = state[k];
        }
    }
    seen
}

#[inline(always)]
fn light_time_s<const L: usize>(relative: &Block<L>) -> [f64; L] {
    std::array::from_fn(|l| aberration::light_time_s(&column(relative, l)))
}

#[inline(always)]
fn minus<const L: usize>(a: &Block<L>, b: &Block<L>) -> Block<L> {
    std::array::from_fn(|k| std::array::from_fn(|l| a[k][l] - b[k][l]))
}

#[inline(always)]
fn column<const L: usize>(block: &Block<L>, l: usize) -> Pv {
    std::array::from_fn(|k| block[k][l])
}

#[inline(always)]
fn plus<const L: usize>(a: &Block<L>, b: &Block<L>) -> Block<L> {
    std::array::from_fn(|k| std::array::from_fn(|l| a[k][l] + b[k][l]))
}

fn state_of(state: &Pv, light_time_s: f64) -> State {
    State {
        position_km: Vec3::from_array(aberration::position(state)),
        velocity_km_s: Vec3::from_array(aberration::velocity(state)),
        light_time_s,
    }
}

/// Legs of both paths up to the first body they have in common.
fn meet(a: &Path<'_>, b: &Path<'_>) -> Option<[usize; 2]> {
    a.nodes().enumerate().find_map(|(up, body)| Some([up, b.nodes().position(|other| other == body)?]))
}

impl Kernels {
    /// Follows centres until the barycentre or until no segment covers the epoch.
    pub(super) fn path(&self, body: i32, et_s: f64) -> Result<Path<'_>, SpiceError> {
        let valid_s = [f64::NEG_INFINITY, f64::INFINITY];
        let mut path = Path { start: body, legs: [None; MAX_CHAIN], length: 0, valid_s };
        let mut last = body;
        while last != 0
            && let Some((segment, [from_s, to_s])) = self.segment_and_span(last, et_s)
        {
            if path.length == MAX_CHAIN {
                return Err(circle(body));
            }
            path.legs[path.length] = Some(segment);
            path.length += 1;
            path.valid_s = [path.valid_s[0].max(from_s), path.valid_s[1].min(to_s)];
            last = segment.center;
        }
        if last != 0 {
            // Where the way ends in a gap nothing is known about its neighbourhood.
            path.valid_s = [et_s, et_s];
        }
        Ok(path)
    }

    /// The segment that answers for a body, and the span around the epoch in which no other does.
    fn segment_and_span(&self, body: i32, et_s: f64) -> Option<(&SpkSegment, [f64; 2])> {
        let (mut from_s, mut to_s) = (f64::NEG_INFINITY, f64::INFINITY);
        for segment in self.spk.get(&body)?.iter().rev() {
            let [first_s, last_s] = segment.bounds;
            if segment.covers(et_s) {
                return Some((segment, [from_s.max(first_s), to_s.min(last_s)]));
            }
            // A later segment beside the epoch takes over where it begins.
            if et_s < first_s {
                to_s = to_s.min(first_s.next_down());
            } else {
                from_s = from_s.max(last_s.next_up());
            }
        }
        None
    }

    /// State relative to the barycentre.
    fn barycentric(&self, body: i32, et_s: f64) -> Result<Pv, SpiceError> {
        let path = self.path(body, et_s)?;
        if path.end() != 0 {
            return Err(self.not_covered(path.end(), et_s));
        }
        let mut state = [0.0; 6];
        for segment in path.legs() {
            state = add(&state, &self.to_icrf(segment, segment.state(et_s)?, Asked::at(et_s))?);
        }
        Ok(state)
    }

    /// Acceleration of a body by the difference of its velocities a second before and after; at the end of
    /// coverage from one side, and zero where the kernels know a single moment.
    fn acceleration(&self, body: i32, et_s: f64, now: &Pv) -> [f64; 3] {
        let beside = |step_s: f64| self.barycentric(body, et_s + step_s).ok().map(|state| (step_s, state));
        let before = beside(-ACCELERATION_STEP_S).unwrap_or((0.0, *now));
        let after = beside(ACCELERATION_STEP_S).unwrap_or((0.0, *now));
        let span_s = after.0 - before.0;
        std::array::from_fn(|k| if span_s > 0.0 { (after.1[k + 3] - before.1[k + 3]) / span_s } else { 0.0 })
    }
}
