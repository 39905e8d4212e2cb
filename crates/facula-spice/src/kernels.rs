// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loaded kernels, and the states they give.
//!
//! In: files or bytes. Out: [`Kernels`], a value; questions for states are answered here, for attitudes in
//! `frames`, for clocks in `clock`.

mod load;

use std::collections::BTreeMap;

use facula_core::{Epoch, Icrf, Vec3, et_s};

use crate::aberration::{self, Correction};
use crate::ck::CkSegment;
use crate::error::{SpiceError, utc_of_et};
use crate::frames::ecliptic;
use crate::names;
use crate::pool::Pool;
use crate::spk::{Pv, SpkSegment, add, sub};

pub use load::MAX_FILE_BYTES;

/// Steps from a body to the barycentre; real chains have five at most.
const MAX_CHAIN: usize = 16;
/// Half step of the numerical derivative that gives the observer's acceleration, s (SPICE's choice).
const ACCELERATION_STEP_S: f64 = 1.0;

/// Position and velocity of one body relative to another, ICRF axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// From observer to target, km.
    pub position_km: Vec3<Icrf>,
    /// Rate of [`Self::position_km`], km/s.
    pub velocity_km_s: Vec3<Icrf>,
    /// One-way light time between the two, s; geometric for [`Correction::None`].
    pub light_time_s: f64,
}

/// Loaded kernels. A value: clone it, share it between threads, have several at once.
#[derive(Debug, Clone, Default)]
pub struct Kernels {
    pub(crate) pool: Pool,
    /// Ephemeris segments of each body, the one with the highest precedence last.
    spk: BTreeMap<i32, Vec<SpkSegment>>,
    /// Attitude segments of each structure, the one with the highest precedence last.
    pub(crate) ck: BTreeMap<i32, Vec<CkSegment>>,
}

/// A body's way to the barycentre: bodies met, each with the state of the first relative to it.
struct Chain {
    nodes: [(i32, Pv); MAX_CHAIN],
    length: usize,
}

impl Chain {
    fn nodes(&self) -> &[(i32, Pv)] {
        &self.nodes[..self.length]
    }

    fn root(&self) -> (i32, Pv) {
        self.nodes[self.length - 1]
    }
}

impl Kernels {
    /// State of `target` relative to `observer` (NAIF numbers), ICRF axes, at `epoch` at the observer.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] names the body the loaded kernels do not cover, the epoch, and what they
    /// cover; [`SpiceError::Format`] and [`SpiceError::Unsupported`] name the segment.
    ///
    /// # Source
    /// SPICE `SPKEZR`: same corrections, same velocities.
    ///
    /// # Examples
    /// ```
    /// use facula_core::parse_utc;
    /// use facula_spice::{Correction, Kernels};
    /// let epoch = parse_utc("2015-04-15T00:00:00").ok_or("utc")?;
    /// let sun = Kernels::built_in().state(10, 2000001, epoch, Correction::LightTimeStellar)?;
    /// assert!((sun.position_km.length() / 149_597_870.7 - 2.8928).abs() < 1e-3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state(
        &self,
        target: i32,
        observer: i32,
        epoch: Epoch,
        correction: Correction,
    ) -> Result<State, SpiceError> {
        let et_s = et_s(epoch);
        let (state, light_time_s) = match correction {
            Correction::None => {
                let state = self.geometric(target, observer, et_s)?;
                (state, aberration::light_time_s(&state))
            }
            _ => self.corrected((target, observer), et_s, correction)?,
        };
        Ok(State {
            position_km: Vec3::from_array(aberration::position(&state)),
            velocity_km_s: Vec3::from_array(aberration::velocity(&state)),
            light_time_s,
        })
    }

    fn corrected(
        &self,
        (target, observer): (i32, i32),
        et_s: f64,
        correction: Correction,
    ) -> Result<(Pv, f64), SpiceError> {
        let seer = self.barycentric(observer, et_s)?;
        let mut source = self.barycentric(target, et_s)?;
        let mut light_time_s = aberration::light_time_s(&sub(&source, &seer));
        for _ in 0..correction.iterations() {
            source = self.barycentric(target, et_s - light_time_s)?;
            let next_s = aberration::light_time_s(&sub(&source, &seer));
            let change_s = (next_s - light_time_s).abs();
            light_time_s = next_s;
            if change_s == 0.0 {
                break;
            }
        }
        let mut state = aberration::retarded(&source, &seer);
        if correction.is_stellar() {
            let acceleration_km_s2 = self.acceleration(observer, et_s, &seer);
            state = aberration::stellar(&state, aberration::velocity(&seer), acceleration_km_s2);
        }
        Ok((state, light_time_s))
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

    fn geometric(&self, target: i32, observer: i32, et_s: f64) -> Result<Pv, SpiceError> {
        let (a, b) = (self.chain(target, et_s)?, self.chain(observer, et_s)?);
        for (body, of_target) in a.nodes() {
            if let Some((_, of_observer)) = b.nodes().iter().find(|(other, _)| other == body) {
                return Ok(sub(of_target, of_observer));
            }
        }
        let missing = if a.root().0 == 0 { b.root().0 } else { a.root().0 };
        Err(self.not_covered(missing, et_s))
    }

    /// State relative to the barycentre.
    fn barycentric(&self, body: i32, et_s: f64) -> Result<Pv, SpiceError> {
        let (mut state, mut center) = ([0.0; 6], body);
        for _ in 0..MAX_CHAIN {
            if center == 0 {
                return Ok(state);
            }
            let segment = self.segment(center, et_s).ok_or_else(|| self.not_covered(center, et_s))?;
            state = add(&state, &to_icrf(segment, segment.state(et_s)?)?);
            center = segment.center;
        }
        Err(circle(body))
    }

    /// Follows centres until the barycentre or until no segment covers the epoch.
    fn chain(&self, body: i32, et_s: f64) -> Result<Chain, SpiceError> {
        let mut chain = Chain { nodes: [(body, [0.0; 6]); MAX_CHAIN], length: 1 };
        while let (last, state) = chain.root()
            && last != 0
        {
            let Some(segment) = self.segment(last, et_s) else { break };
            let step = to_icrf(segment, segment.state(et_s)?)?;
            if chain.length == MAX_CHAIN {
                return Err(circle(body));
            }
            chain.nodes[chain.length] = (segment.center, add(&state, &step));
            chain.length += 1;
        }
        Ok(chain)
    }

    fn segment(&self, body: i32, et_s: f64) -> Option<&SpkSegment> {
        self.spk.get(&body)?.iter().rev().find(|segment| segment.covers(et_s))
    }

    fn not_covered(&self, body: i32, et_s: f64) -> SpiceError {
        let spans =
            self.spk.get(&body).map(|list| list.iter().map(|s| s.bounds).collect()).unwrap_or_default();
        let covered = match describe(spans) {
            text if text.is_empty() => {
                let known: Vec<_> = self.spk.keys().map(|id| names::body(*id)).collect();
                if known.is_empty() { String::new() } else { format!("only {}", known.join(", ")) }
            }
            text => text,
        };
        SpiceError::no_coverage("ephemeris", names::body(body), et_s, covered)
    }
}

/// Spans of ephemeris time as text, joined where they touch; at most four are printed.
pub(crate) fn describe(mut spans: Vec<[f64; 2]>) -> String {
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    let mut texts: Vec<String> =
        joined.iter().take(4).map(|s| format!("{} to {}", utc_of_et(s[0]), utc_of_et(s[1]))).collect();
    if joined.len() > 4 {
        texts.push(format!("and {} more spans", joined.len() - 4));
    }
    texts.join(", ")
}

fn circle(body: i32) -> SpiceError {
    let place = format!("the chain of centres of {}", names::body(body));
    SpiceError::format("centres that lead in a circle", place, "loaded SPK files")
}

/// A segment's state in ICRF axes.
fn to_icrf(segment: &SpkSegment, state: Pv) -> Result<Pv, SpiceError> {
    match segment.frame {
        1 => Ok(state),
        17 => {
            let [p, v] = [aberration::position(&state), aberration::velocity(&state)]
                .map(|vector| ecliptic().map(|row| aberration::dot(row, vector)));
            Ok([p[0], p[1], p[2], v[0], v[1], v[2]])
        }
        other => {
            let what = format!("an ephemeris of {} in frame {other}", names::body(segment.target));
            Err(SpiceError::unsupported(what, segment.file()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_spans_are_joined_and_many_are_counted() {
        assert_eq!(describe(vec![[10.0, 20.0], [0.0, 10.0]]), describe(vec![[0.0, 20.0]]));
        let many = (0..9).map(|i| [f64::from(2 * i), f64::from(2 * i + 1)]).collect();
        assert!(describe(many).ends_with("and 5 more spans"));
        assert_eq!(describe(vec![]), "");
    }

    #[test]
    fn centres_that_lead_in_a_circle_are_an_error() {
        let mut bytes = crate::builtin::PLANETS.to_vec();
        // The centre of the first segment (the Earth-Moon barycentre) becomes the Earth, whose centre it is.
        let summary = 1024 * (usize::from(bytes[76]) - 1) + 24;
        bytes[summary + 20..summary + 24].copy_from_slice(&399i32.to_le_bytes());
        let kernels = Kernels::from_bytes("circle", &bytes).expect("readable");
        let epoch = facula_core::epoch_from_et_s(4e8);
        for correction in [Correction::None, Correction::LightTime] {
            let error = kernels.state(399, 10, epoch, correction).expect_err("circle").to_string();
            assert!(error.contains("circle") && error.contains("EARTH (399)"), "{error}");
        }
    }

    #[test]
    fn kernels_are_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Kernels>();
    }
}
