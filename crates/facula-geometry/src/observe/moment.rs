// SPDX-License-Identifier: MIT OR Apache-2.0
//! States and rotations at ephemeris times, and the corrections as numbers: what all finders share.
//!
//! Times are ephemeris seconds here: `ET - LT` must round exactly as in CSPICE, because an ulp of ET (6e-8 s) moves
//! a body by a millimetre.
//!
//! # Source
//! NAIF, headers of `STELAB`, `STLABX`, `SPKCPT`, `SPKCPO`.

use facula_core::{BodyFixed, Epoch, Icrf, Rotation, Unit, Vec3, et_s};
use facula_spice::{Correction, Kernels};

use super::{Target, View};
use crate::GeometryError;

/// Speed of light, km/s (exact).
pub(crate) const C_KM_S: f64 = 299_792.458;
/// NAIF number of the Sun.
pub(crate) const SUN: i32 = 10;
/// Iterations of a converged light time for points with fixed coordinates, as in SPICE.
const CONVERGED_STEPS: u32 = 5;
/// Half step of the derivative of a rotation, s.
const SPIN_STEP_S: f64 = 1.0;

/// The epoch whose ephemeris time is exactly this double.
pub(crate) fn epoch_of_et(time_s: f64) -> Epoch {
    let near = facula_core::epoch_from_et_s(time_s);
    near + (time_s - et_s(near)) * Unit::Second
}

/// A correction as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    /// −1 for light received, +1 for light sent, 0 without light time.
    pub sign: f64,
    /// Whether the light time is iterated until it stands.
    pub converged: bool,
    /// Whether the observer's motion turns directions.
    pub stellar: bool,
}

impl Rules {
    fn of(correction: Correction) -> Result<Self, GeometryError> {
        let rules = |sign, converged, stellar| Ok(Self { sign, converged, stellar });
        match correction {
            Correction::None => rules(0.0, false, false),
            Correction::LightTime => rules(-1.0, false, false),
            Correction::LightTimeStellar => rules(-1.0, false, true),
            Correction::Converged => rules(-1.0, true, false),
            Correction::ConvergedStellar => rules(-1.0, true, true),
            other => Err(GeometryError::Argument {
                subject: "observation geometry".to_string(),
                key: "correction",
                value: format!("{other:?}"),
            }),
        }
    }

    pub(crate) fn uses_light_time(self) -> bool {
        self.sign != 0.0
    }
}

/// Position and velocity relative to the barycentre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Barycentric {
    pub position_km: Vec3<Icrf>,
    pub velocity_km_s: Vec3<Icrf>,
}

/// A [`View`] with its numbers unpacked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub kernels: &'a Kernels,
    pub observer: i32,
    pub et_s: f64,
    pub correction: Correction,
    pub rules: Rules,
}

/// A position seen, with its one-way light time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub position_km: Vec3<Icrf>,
    pub light_time_s: f64,
}

/// A surface point seen: when the light left it, and the apparent vector from the observer, body-fixed then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    pub time_s: f64,
    pub from_observer_km: Vec3<BodyFixed>,
}

impl<'a> Moment<'a> {
    pub fn of(view: &View<'a>) -> Result<Self, GeometryError> {
        Ok(Self {
            kernels: view.kernels,
            observer: view.observer,
            et_s: et_s(view.epoch),
            correction: view.correction,
            rules: Rules::of(view.correction)?,
        })
    }

    /// The correction without stellar aberration.
    pub fn without_stellar(&self) -> Correction {
        match self.correction {
            Correction::LightTimeStellar => Correction::LightTime,
            Correction::ConvergedStellar => Correction::Converged,
            other => other,
        }
    }

    pub fn barycentric(&self, body: i32, time_s: f64) -> Result<Barycentric, GeometryError> {
        let state = self.kernels.state(body, 0, epoch_of_et(time_s), Correction::None)?;
        Ok(Barycentric { position_km: state.position_km, velocity_km_s: state.velocity_km_s })
    }

    /// Position of a body's centre, seen from `observer` at a time.
    pub fn seen(
        &self,
        (body, observer): (i32, i32),
        time_s: f64,
        correction: Correction,
    ) -> Result<Seen, GeometryError> {
        let state = self.kernels.state(body, observer, epoch_of_et(time_s), correction)?;
        Ok(Seen { position_km: state.position_km, light_time_s: state.light_time_s })
    }

    /// `ET ± LT`.
    pub fn shifted_s(&self, light_time_s: f64) -> f64 {
        self.et_s + self.rules.sign * light_time_s
    }

    pub fn body_from_icrf(
        &self,
        target: &Target<'_>,
        time_s: f64,
    ) -> Result<Rotation<BodyFixed, Icrf>, GeometryError> {
        Ok(self.kernels.rotation(&target.frame, "J2000", epoch_of_et(time_s))?)
    }

    /// A relative position turned by the motion of whoever sees it (or sends to it).
    pub fn aberrated(&self, position: Vec3<Icrf>, observer_km_s: Vec3<Icrf>) -> Vec3<Icrf> {
        aberrated(position, observer_km_s * -self.rules.sign)
    }

    /// The opposite of [`Self::aberrated`] for a direction: five corrections of the approximate inverse.
    pub fn unaberrated(&self, direction: Vec3<Icrf>, observer_km_s: Vec3<Icrf>) -> Vec3<Icrf> {
        let mut corrected = aberrated(direction, observer_km_s * self.rules.sign);
        for _ in 0..5 {
            let error = direction - self.aberrated(corrected, observer_km_s);
            corrected = corrected + error;
        }
        corrected
    }

    /// Barycentric state of a surface point; its velocity has the spin of the body.
    pub fn surface(
        &self,
        target: &Target<'_>,
        point_km: Vec3<BodyFixed>,
        time_s: f64,
    ) -> Result<Barycentric, GeometryError> {
        let center = self.barycentric(target.naif_id, time_s)?;
        let arm = |at_s: f64| Ok(self.body_from_icrf(target, at_s)?.inverse() * point_km);
        let (before, now, after) = (arm(time_s - SPIN_STEP_S), arm(time_s)?, arm(time_s + SPIN_STEP_S));
        // At the end of an attitude's coverage only one side is there.
        let spin_km_s = match (before, after) {
            (Ok(before), Ok(after)) => (after - before) * (0.5 / SPIN_STEP_S),
            (Ok(before), Err(_)) => (now - before) * (1.0 / SPIN_STEP_S),
            (Err(_), Ok(after)) => (after - now) * (1.0 / SPIN_STEP_S),
            (Err(error), Err(_)) => return Err(error),
        };
        Ok(Barycentric {
            position_km: center.position_km + now,
            velocity_km_s: center.velocity_km_s + spin_km_s,
        })
    }

    /// A surface point as the observer sees it.
    pub fn ground(&self, target: &Target<'_>, point_km: Vec3<BodyFixed>) -> Result<Ground, GeometryError> {
        let place = |time_s: f64| {
            let center = self.barycentric(target.naif_id, time_s)?;
            Ok(center.position_km + self.body_from_icrf(target, time_s)?.inverse() * point_km)
        };
        let seer = self.barycentric(self.observer, self.et_s)?;
        let seen = self.light_time(seer.position_km, self.et_s, place)?;
        let look_km = match self.rules.stellar {
            true => self.aberrated(seen.position_km, seer.velocity_km_s),
            false => seen.position_km,
        };
        let time_s = self.shifted_s(seen.light_time_s);
        Ok(Ground { time_s, from_observer_km: self.body_from_icrf(target, time_s)? * look_km })
    }

    /// From a surface point at a time there to the apparent Sun; the point moves with the spin of the body.
    pub fn sun_over(
        &self,
        target: &Target<'_>,
        point_km: Vec3<BodyFixed>,
        time_s: f64,
    ) -> Result<Vec3<BodyFixed>, GeometryError> {
        let surface = self.surface(target, point_km, time_s)?;
        let at = |time_s: f64| Ok(self.barycentric(SUN, time_s)?.position_km);
        let mut to_sun_km = self.light_time(surface.position_km, time_s, at)?.position_km;
        if self.rules.stellar {
            to_sun_km = self.aberrated(to_sun_km, surface.velocity_km_s);
        }
        Ok(self.body_from_icrf(target, time_s)? * to_sun_km)
    }

    /// Light time to a source whose barycentric position is `at(time)`, from a fixed point, at a time there.
    pub fn light_time(
        &self,
        from_km: Vec3<Icrf>,
        time_s: f64,
        at: impl Fn(f64) -> Result<Vec3<Icrf>, GeometryError>,
    ) -> Result<Seen, GeometryError> {
        let mut position_km = at(time_s)? - from_km;
        let mut light_time_s = position_km.length() / C_KM_S;
        let steps = match (self.rules.uses_light_time(), self.rules.converged) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => CONVERGED_STEPS,
        };
        for _ in 0..steps {
            position_km = at(time_s + self.rules.sign * light_time_s)? - from_km;
            light_time_s = position_km.length() / C_KM_S;
        }
        Ok(Seen { position_km, light_time_s })
    }
}

/// `position` turned towards `velocity` by arcsin(v⊥/c); the length stays.
fn aberrated(position: Vec3<Icrf>, velocity_km_s: Vec3<Icrf>) -> Vec3<Icrf> {
    let length = position.length();
    let Some(unit) = position.unit() else {
        return position;
    };
    let beta = velocity_km_s * (1.0 / C_KM_S);
    let across = beta - unit * unit.dot(beta);
    let sin2 = across.dot(across);
    let cos = (1.0 - sin2).max(0.0).sqrt();
    position + (across - unit * (sin2 / (1.0 + cos))) * length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_ephemeris_time_has_an_epoch(time_s in -1e10..1e10f64) {
            prop_assert_eq!(et_s(epoch_of_et(time_s)), time_s);
        }

        #[test]
        fn removing_the_aberration_undoes_it(
            d in prop::array::uniform3(-1.0..1.0f64), v in prop::array::uniform3(-40.0..40.0f64)) {
            prop_assume!(Vec3::<Icrf>::from_array(d).length() > 0.01);
            let (direction, velocity) = (Vec3::from_array(d), Vec3::from_array(v));
            let kernels = Kernels::empty();
            let view = View {
                kernels: &kernels, observer: 0, epoch: epoch_of_et(0.0), correction: Correction::LightTimeStellar,
            };
            let moment = Moment::of(&view).unwrap();
            let back = moment.aberrated(moment.unaberrated(direction, velocity), velocity);
            prop_assert!((back - direction).length() < 1e-15);
        }
    }
}
