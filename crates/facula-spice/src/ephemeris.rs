// SPDX-License-Identifier: MIT OR Apache-2.0
//! States of one body seen from another at many epochs.
//!
//! In: kernels, two bodies, a correction, epochs in any order. Out: the states [`Kernels::state`] gives, bit for bit.
//! Segments are found once and kept while they stay the answer. Eight neighbouring epochs that fall into one record of
//! Chebyshev polynomials go through them side by side, with the widest vector instructions the processor has; rising
//! epochs are therefore quicker than shuffled ones. A Hermite window (SPK type 13) is set up once for all epochs
//! between two samples.
//!
//! What limits it: the polynomials themselves. Sun from Ceres with LT+S evaluates three records of 11 to 14
//! coefficients, two of them up to the fourth derivative for the observer's acceleration; finding records costs a tenth.
//!
//! # Source
//! As [`Kernels::state`].

use facula_core::{Epoch, et_s};
use pulp::{Arch, Scalar, Simd, WithSimd};

use crate::aberration::Correction;
use crate::error::SpiceError;
use crate::kernels::{Kernels, Route, State};

/// Epochs that are evaluated side by side: one AVX-512 register of doubles.
const LANES: usize = 8;

/// One body seen from another, ready for many epochs: segments and interpolation windows stay at hand.
pub struct Ephemeris<'a> {
    kernels: &'a Kernels,
    target: i32,
    observer: i32,
    correction: Correction,
    route: Option<Route<'a>>,
}

impl Kernels {
    /// `target` seen from `observer` (NAIF numbers), for many questions.
    pub fn ephemeris(&self, target: i32, observer: i32, correction: Correction) -> Ephemeris<'_> {
        Ephemeris { kernels: self, target, observer, correction, route: None }
    }

    /// States of `target` relative to `observer` at many epochs at the observer, as [`Kernels::state`] gives them.
    ///
    /// # Errors
    /// As [`Kernels::state`], for one of the epochs that fail.
    ///
    /// # Examples
    /// ```
    /// use facula_core::{Unit, parse_utc};
    /// use facula_spice::{Correction, Kernels};
    /// let start = parse_utc("2015-04-15T00:00:00").ok_or("utc")?;
    /// let hours: Vec<_> = (0i64..24).map(|hour| start + hour * Unit::Hour).collect();
    /// let sun = Kernels::built_in().states(10, 2000001, &hours, Correction::LightTimeStellar)?;
    /// assert!(sun[23].position_km.length() < 2.9 * 149_597_870.7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn states(
        &self,
        target: i32,
        observer: i32,
        epochs: &[Epoch],
        correction: Correction,
    ) -> Result<Vec<State>, SpiceError> {
        let epochs_s: Vec<f64> = epochs.iter().map(|epoch| et_s(*epoch)).collect();
        self.states_at(target, observer, &epochs_s, correction)
    }

    /// As [`Kernels::states`], at ephemeris times (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::states`].
    pub fn states_at(
        &self,
        target: i32,
        observer: i32,
        et_s: &[f64],
        correction: Correction,
    ) -> Result<Vec<State>, SpiceError> {
        self.ephemeris(target, observer, correction).states_at(et_s)
    }
}

impl<'a> Ephemeris<'a> {
    /// The state at one ephemeris time (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::state`].
    pub fn state_at(&mut self, et_s: f64) -> Result<State, SpiceError> {
        let [state] = self.route(et_s)?.states(Scalar, &[et_s])?;
        Ok(state)
    }

    /// The states at ephemeris times (TDB seconds past J2000).
    ///
    /// # Errors
    /// As [`Kernels::states`].
    pub fn states_at(&mut self, et_s: &[f64]) -> Result<Vec<State>, SpiceError> {
        let Some(first_s) = et_s.first() else { return Ok(Vec::new()) };
        let route = self.route(*first_s)?;
        let mut states = Vec::with_capacity(et_s.len());
        Arch::new().dispatch(Batch { route, et_s, states: &mut states })?;
        Ok(states)
    }

    fn route(&mut self, et_s: f64) -> Result<&mut Route<'a>, SpiceError> {
        if self.route.is_none() {
            let pair = (self.target, self.observer);
            self.route = Some(Route::new(self.kernels, pair, et_s, self.correction)?.remember());
        }
        Ok(self.route.as_mut().expect("it was made above"))
    }
}

/// The loop over many epochs, compiled once for each kind of processor.
struct Batch<'r, 'a> {
    route: &'r mut Route<'a>,
    et_s: &'r [f64],
    states: &'r mut Vec<State>,
}

impl WithSimd for Batch<'_, '_> {
    type Output = Result<(), SpiceError>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (blocks, rest) = self.et_s.as_chunks::<LANES>();
        for block in blocks {
            self.states.extend_from_slice(&self.route.states(simd, block)?);
        }
        for et_s in rest {
            self.states.extend_from_slice(&self.route.states(Scalar, &[*et_s])?);
        }
        Ok(())
    }
}
