// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loaded kernels, and the states they give.
//!
//! In: files or bytes. Out: [`Kernels`], a value; questions for states are answered here, for attitudes in
//! `frames`, for clocks in `clock`.

mod load;
mod route;

use std::collections::BTreeMap;
use std::sync::Arc;

use facula_core::{Epoch, Icrf, Vec3, et_s};
use pulp::Scalar;

use crate::aberration::{self, Correction};
use crate::ck::CkSegment;
use crate::daf::Daf;
use crate::dsk::DskSegment;
use crate::error::{SpiceError, utc_of_et};
use crate::frames::{Asked, ecliptic};
use crate::listing::FileInfo;
use crate::names;
use crate::pck::PckSegment;
use crate::pool::Pool;
use crate::spk::{Pv, SpkSegment};

pub use load::MAX_FILE_BYTES;
pub(crate) use route::Route;

/// Steps from a body to the barycentre; real chains have five at most.
pub(crate) const MAX_CHAIN: usize = 8;
/// Position and velocity of one body relative to another, ICRF axes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
    pub(crate) spk: BTreeMap<i32, Vec<SpkSegment>>,
    /// Attitude segments of each structure, the one with the highest precedence last.
    pub(crate) ck: BTreeMap<i32, Vec<CkSegment>>,
    /// Orientations of bodies by the number of their frame in its class, the highest precedence last.
    pub(crate) pck: BTreeMap<i32, Vec<PckSegment>>,
    /// Surfaces in the order of loading, the highest precedence last.
    pub(crate) dsk: Vec<Arc<DskSegment>>,
    /// What was loaded, in that order.
    pub(crate) files: Vec<Arc<FileInfo>>,
    /// The files in the order they were loaded.
    pub(crate) sources: Vec<Loaded>,
}

/// A loaded file.
#[derive(Debug, Clone)]
pub(crate) enum Loaded {
    /// Name and content of a text kernel.
    Text(Arc<str>, Arc<[u8]>),
    /// An array file.
    Arrays(Arc<Daf>),
}

impl Loaded {
    pub fn name(&self) -> &str {
        match self {
            Self::Text(name, _) => name,
            Self::Arrays(daf) => &daf.file,
        }
    }
}

impl Kernels {
    /// State of `target` relative to `observer` (NAIF numbers), ICRF axes, at `epoch` at the observer.
    ///
    /// # Errors
    /// [`SpiceError::NoCoverage`] names the body the loaded kernels do not cover, the epoch, and what they
    /// cover; [`SpiceError::Format`] and [`SpiceError::Unsupported`] name the segment.
    ///
    /// # Loaded
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
        self.state_at(target, observer, et_s(epoch), correction)
    }

    /// As [`Kernels::state`], at an ephemeris time (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::state`].
    pub fn state_at(
        &self,
        target: i32,
        observer: i32,
        et_s: f64,
        correction: Correction,
    ) -> Result<State, SpiceError> {
        let [state] = Route::new(self, (target, observer), et_s, correction)?.states(Scalar, &[et_s])?;
        Ok(state)
    }

    /// The segment that answers for a body.
    pub(crate) fn segment(&self, body: i32, et_s: f64) -> Option<&SpkSegment> {
        self.spk.get(&body)?.iter().rev().find(|segment| segment.covers(et_s))
    }

    /// A segment's state in ICRF axes, whatever frame its numbers are in.
    pub(crate) fn to_icrf(&self, segment: &SpkSegment, state: Pv, asked: Asked) -> Result<Pv, SpiceError> {
        match segment.frame {
            1 => Ok(state),
            17 => {
                let [p, v] = [aberration::position(&state), aberration::velocity(&state)]
                    .map(|vector| ecliptic().map(|row| aberration::dot(row, vector)));
                Ok([p[0], p[1], p[2], v[0], v[1], v[2]])
            }
            frame => {
                let asked = Asked { depth: asked.depth + 1, ..asked };
                Ok(self.turning(1, frame, asked)?.apply(&state))
            }
        }
    }

    /// Bodies the segments of a body are relative to, in a span of time.
    pub(crate) fn centers(&self, body: i32, [from_s, to_s]: [f64; 2]) -> impl Iterator<Item = i32> {
        let segments = self.spk.get(&body).into_iter().flatten();
        segments.filter(move |s| s.bounds[0] <= to_s && from_s <= s.bounds[1]).map(|segment| segment.center)
    }

    pub(crate) fn not_covered(&self, body: i32, et_s: f64) -> SpiceError {
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
pub(crate) fn describe(spans: Vec<[f64; 2]>) -> String {
    let joined = crate::coverage::joined(spans);
    let mut texts: Vec<String> =
        joined.iter().take(4).map(|s| format!("{} to {}", utc_of_et(s[0]), utc_of_et(s[1]))).collect();
    if joined.len() > 4 {
        texts.push(format!("and {} more spans", joined.len() - 4));
    }
    texts.join(", ")
}

pub(crate) fn circle(body: i32) -> SpiceError {
    let place = format!("the chain of centres of {}", names::body(body));
    SpiceError::format("centres that lead in a circle", place, "loaded SPK files")
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
