// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light time and stellar aberration: where a body is seen rather than where it is.
//!
//! # Source
//! NAIF, "SPK Required Reading", section "Computing states", and the headers of SPKEZR: `LT` is one iteration
//! of the light-time equation, `CN` its solution; stellar aberration turns the position towards the observer's
//! velocity relative to the barycentre by arcsin(v⊥/c) (non-relativistic).

use crate::error::SpiceError;
use crate::spk::Pv;

/// Speed of light, km/s (exact).
pub(crate) const C_KM_S: f64 = 299_792.458;

/// Which corrections a state gets, SPICE's names in brackets. Light travels from target to observer, or from
/// observer to target in the forms that transmit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Correction {
    /// Where the target is (`NONE`).
    #[default]
    None,
    /// Where it was when the light left it, one iteration (`LT`).
    LightTime,
    /// The same, seen from a moving observer (`LT+S`).
    LightTimeStellar,
    /// Light time iterated until it stands (`CN`).
    Converged,
    /// The same, seen from a moving observer (`CN+S`).
    ConvergedStellar,
    /// Where the target will be when light that leaves the observer now arrives, one iteration (`XLT`).
    TransmitLightTime,
    /// The same, with the aberration of light sent from a moving observer (`XLT+S`).
    TransmitLightTimeStellar,
    /// Light time of leaving light iterated until it stands (`XCN`).
    TransmitConverged,
    /// The same, with the aberration of light sent from a moving observer (`XCN+S`).
    TransmitConvergedStellar,
}

/// All corrections with SPICE's names.
const NAMES: [(Correction, &str); 9] = [
    (Correction::None, "NONE"),
    (Correction::LightTime, "LT"),
    (Correction::LightTimeStellar, "LT+S"),
    (Correction::Converged, "CN"),
    (Correction::ConvergedStellar, "CN+S"),
    (Correction::TransmitLightTime, "XLT"),
    (Correction::TransmitLightTimeStellar, "XLT+S"),
    (Correction::TransmitConverged, "XCN"),
    (Correction::TransmitConvergedStellar, "XCN+S"),
];

impl Correction {
    /// All corrections, in the order of SPICE's documents.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(correction, _)| *correction)
    }

    /// Iterations of the light-time equation; five is SPICE's limit for `CN`, three reach the last bit.
    pub(crate) fn iterations(self) -> u32 {
        use Correction::*;
        match self {
            None => 0,
            LightTime | LightTimeStellar | TransmitLightTime | TransmitLightTimeStellar => 1,
            Converged | ConvergedStellar | TransmitConverged | TransmitConvergedStellar => 5,
        }
    }

    pub(crate) fn is_stellar(self) -> bool {
        self != self.without_stellar()
    }

    pub(crate) fn has_light_time(self) -> bool {
        self != Self::None
    }

    /// The same without stellar aberration.
    pub(crate) fn without_stellar(self) -> Self {
        match self {
            Self::LightTimeStellar => Self::LightTime,
            Self::ConvergedStellar => Self::Converged,
            Self::TransmitLightTimeStellar => Self::TransmitLightTime,
            Self::TransmitConvergedStellar => Self::TransmitConverged,
            other => other,
        }
    }

    /// −1 for light that arrives (the target counts earlier), 1 for light that leaves.
    pub(crate) fn sign(self) -> f64 {
        use Correction::*;
        match self {
            None | LightTime | LightTimeStellar | Converged | ConvergedStellar => -1.0,
            TransmitLightTime | TransmitLightTimeStellar | TransmitConverged | TransmitConvergedStellar => {
                1.0
            }
        }
    }
}

impl std::fmt::Display for Correction {
    /// SPICE's name: `LT+S`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = NAMES.iter().find(|(correction, _)| correction == self).map_or("NONE", |(_, name)| name);
        f.write_str(name)
    }
}

impl std::str::FromStr for Correction {
    type Err = SpiceError;

    /// From SPICE's name; case and blanks do not matter.
    fn from_str(text: &str) -> Result<Self, SpiceError> {
        let name: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let found = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(&name));
        found.map(|(correction, _)| *correction).ok_or_else(|| SpiceError::Argument {
            name: "correction",
            value: format!("{text:?}"),
            expected: NAMES.map(|(_, known)| known).join(", "),
        })
    }
}

#[inline(always)]
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline(always)]
pub(crate) fn position(state: &Pv) -> [f64; 3] {
    [state[0], state[1], state[2]]
}

#[inline(always)]
pub(crate) fn velocity(state: &Pv) -> [f64; 3] {
    [state[3], state[4], state[5]]
}

/// Light time of a relative position, s.
#[inline(always)]
pub(crate) fn light_time_s(relative: &Pv) -> f64 {
    let p = position(relative);
    dot(p, p).sqrt() / C_KM_S
}

/// State of the target when the light leaves (or, with `sign` 1, meets) it relative to the observer; its velocity
/// is the rate of that position, so the target's own velocity counts less (more) by the rate of the light time,
/// which comes second.
#[inline(always)]
pub(crate) fn retarded(target: &Pv, observer: &Pv, sign: f64) -> (Pv, f64) {
    let relative = crate::spk::sub(target, observer);
    let p = position(&relative);
    let scale = C_KM_S * dot(p, p).sqrt();
    let (target_km_s, closing_km_s) = (velocity(target), velocity(&relative));
    let light_time_rate = dot(p, closing_km_s) / (scale - sign * dot(p, target_km_s));
    // No branches: several epochs go through this side by side.
    let light_time_rate = if scale == 0.0 { 0.0 } else { light_time_rate };
    let factor = sign * light_time_rate;
    let state = std::array::from_fn(|k| if k < 3 { relative[k] } else { relative[k] + target[k] * factor });
    (state, light_time_rate)
}

/// Turns a relative state towards the observer's velocity; the rate of the turn needs the acceleration.
#[inline(always)]
pub(crate) fn stellar(relative: &Pv, observer_km_s: [f64; 3], observer_km_s2: [f64; 3]) -> Pv {
    let (p, v) = (position(relative), velocity(relative));
    let r = dot(p, p).sqrt();
    // A target at the observer stays there: the turn below is multiplied by its distance and its speed along the line.
    let inverse = if r == 0.0 { 0.0 } else { 1.0 / r };
    let unit = p.map(|x| x * inverse);
    let beta = observer_km_s.map(|x| x * (1.0 / C_KM_S));
    let beta_rate = observer_km_s2.map(|x| x * (1.0 / C_KM_S));
    let range_rate = dot(unit, v);
    let unit_rate: [f64; 3] = std::array::from_fn(|k| (v[k] - unit[k] * range_rate) * inverse);
    let along = dot(beta, unit);
    let along_rate = dot(beta_rate, unit) + dot(beta, unit_rate);
    let across: [f64; 3] = std::array::from_fn(|k| beta[k] - along * unit[k]);
    let across_rate: [f64; 3] =
        std::array::from_fn(|k| beta_rate[k] - along_rate * unit[k] - along * unit_rate[k]);
    let sin2 = dot(across, across);
    let cos = (1.0 - sin2).max(0.0).sqrt();
    // cos - 1 without the loss of digits.
    let drop = -sin2 / (1.0 + cos);
    let drop_rate = if cos > 0.0 { -dot(across, across_rate) / cos } else { 0.0 };
    std::array::from_fn(|i| {
        let k = i % 3;
        if i < 3 {
            p[k] + r * (drop * unit[k] + across[k])
        } else {
            v[k] + range_rate * (drop * unit[k] + across[k])
                + r * (drop_rate * unit[k] + drop * unit_rate[k] + across_rate[k])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_at_right_angles_moves_towards_the_apex_by_twenty_arc_seconds() {
        // Constant of aberration: 29.7859 km/s / c = 20.4955 arc seconds.
        let seen = stellar(&[1e9, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 29.7859, 0.0], [0.0; 3]);
        let arc_seconds = seen[1].atan2(seen[0]).to_degrees() * 3600.0;
        assert!((arc_seconds - 20.494).abs() < 2e-3, "{arc_seconds}");
        assert!((dot(position(&seen), position(&seen)).sqrt() - 1e9).abs() < 1e-5);
    }

    #[test]
    fn a_receding_target_seems_slower() {
        // At v away from the observer the light time grows at (v/c)/(1 + v/c).
        let (seen, rate) = retarded(&[1e6, 0.0, 0.0, 30.0, 0.0, 0.0], &[0.0; 6], -1.0);
        assert!((rate - 30.0 / (C_KM_S + 30.0)).abs() < 1e-18);
        assert!((seen[3] - 30.0 / (1.0 + 30.0 / C_KM_S)).abs() < 1e-12, "{}", seen[3]);
    }

    #[test]
    fn a_receding_target_seems_faster_to_light_that_follows_it() {
        let (seen, _) = retarded(&[1e6, 0.0, 0.0, 30.0, 0.0, 0.0], &[0.0; 6], 1.0);
        assert!((seen[3] - 30.0 / (1.0 - 30.0 / C_KM_S)).abs() < 1e-12, "{}", seen[3]);
    }

    #[test]
    fn names_go_both_ways_and_odd_ones_are_refused() {
        for correction in Correction::all() {
            assert_eq!(correction.to_string().parse::<Correction>().expect("own name"), correction);
        }
        assert_eq!(" cn + s".parse::<Correction>().expect("blanks"), Correction::ConvergedStellar);
        let error = "LT+X".parse::<Correction>().expect_err("odd").to_string();
        assert!(error.contains("LT+X") && error.contains("XCN+S"), "{error}");
    }

    proptest! {
        #[test]
        fn the_velocity_is_the_rate_of_the_position(
            p in prop::array::uniform3(1e5..1e8f64), v in prop::array::uniform3(-30.0..30.0f64),
            o in prop::array::uniform3(-30.0..30.0f64), a in prop::array::uniform3(-1e-5..1e-5f64)) {
            let at = |t: f64| {
                let state = std::array::from_fn(|k| if k < 3 { p[k] + v[k] * t } else { v[k - 3] });
                stellar(&state, std::array::from_fn(|k| o[k] + a[k] * t), a)
            };
            let step_s = 10.0;
            let (before, now, after) = (at(-step_s), at(0.0), at(step_s));
            for k in 0..3 {
                let rate = (after[k] - before[k]) / (2.0 * step_s);
                // 1e8 km has 1.5e-8 km of rounding; over 20 s that is 1e-9 km/s.
                prop_assert!((rate - now[k + 3]).abs() < 1e-8, "{rate} {}", now[k + 3]);
            }
        }
    }
}
