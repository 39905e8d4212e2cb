// SPDX-License-Identifier: MIT OR Apache-2.0
//! States of bodies, for people and machines.

use facula_core::{Epoch, Local, format_utc};
use facula_spice::{Correction, Kernels};
use serde::{Serialize, Serializer};

use crate::RequestError;

/// Whose state, seen from where, in which axes.
#[derive(Debug, Clone, Copy)]
pub struct StateQuestion<'a> {
    /// Name or NAIF number of the body looked at.
    pub target: &'a str,
    /// Name or NAIF number of the body looked from.
    pub observer: &'a str,
    /// Reference frame of the numbers (`J2000`, `CERES_FIXED`).
    pub reference_frame: &'a str,
    /// Corrections.
    pub correction: Correction,
}

/// One state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StateRow {
    /// When, at the observer.
    #[serde(rename = "utc", serialize_with = "as_utc")]
    pub epoch: Epoch,
    /// From observer to target, km.
    pub position_km: [f64; 3],
    /// Its rate in the reference frame asked for, km/s.
    pub velocity_km_s: [f64; 3],
    /// Length of the position, km.
    pub range_km: f64,
    /// One-way light time, s.
    pub light_time_s: f64,
}

fn as_utc<S: Serializer>(epoch: &Epoch, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_utc(*epoch))
}

/// States at some epochs, in order.
///
/// # Errors
/// [`RequestError::Argument`] for names that are not known, [`RequestError::Spice`] for what kernels do not cover.
///
/// # Source
/// SPICE `SPKEZR`.
pub fn states(
    kernels: &Kernels,
    question: &StateQuestion<'_>,
    epochs: &[Epoch],
) -> Result<Vec<StateRow>, RequestError> {
    let pair =
        (body_code(kernels, "target", question.target)?, body_code(kernels, "observer", question.observer)?);
    epochs
        .iter()
        .map(|epoch| {
            let state =
                kernels.state_in::<Local>(question.reference_frame, pair, *epoch, question.correction)?;
            Ok(StateRow {
                epoch: *epoch,
                position_km: state.position_km.to_array(),
                velocity_km_s: state.velocity_km_s.to_array(),
                range_km: state.position_km.length(),
                light_time_s: state.light_time_s,
            })
        })
        .collect()
}

/// NAIF number of a body by name or number.
pub(crate) fn body_code(kernels: &Kernels, role: &'static str, name: &str) -> Result<i32, RequestError> {
    kernels.body_code(name).ok_or_else(|| RequestError::argument(role, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::parse_utc;

    const SUN_FROM_CERES: StateQuestion<'_> = StateQuestion {
        target: "sun",
        observer: "Ceres",
        reference_frame: "ECLIPJ2000",
        correction: Correction::LightTimeStellar,
    };

    #[test]
    fn states_turn_with_the_reference_frame() {
        let kernels = Kernels::built_in();
        let epochs = [parse_utc("2015-04-15").unwrap()];
        let ecliptic = states(&kernels, &SUN_FROM_CERES, &epochs).unwrap()[0];
        let question = StateQuestion { reference_frame: "J2000", ..SUN_FROM_CERES };
        let equatorial = states(&kernels, &question, &epochs).unwrap()[0];
        // Case E01: 2.8928 au. Ceres' orbit is inclined by 10.6 degrees to the ecliptic.
        assert!((ecliptic.range_km / 149_597_870.7 - 2.892831).abs() < 2e-4);
        assert!((ecliptic.range_km - equatorial.range_km).abs() < 1e-6);
        assert!((ecliptic.position_km[2] / ecliptic.range_km).asin().to_degrees().abs() < 10.7);
        assert!(equatorial.position_km[2] / equatorial.range_km > 0.4);
    }

    #[test]
    fn unknown_bodies_and_frames_are_named() {
        let kernels = Kernels::built_in();
        let epochs = [parse_utc("2015-04-15").unwrap()];
        let no_body = StateQuestion { target: "vulcan", ..SUN_FROM_CERES };
        assert!(states(&kernels, &no_body, &epochs).unwrap_err().to_string().contains("vulcan"));
        let no_frame = StateQuestion { reference_frame: "NOWHERE", ..SUN_FROM_CERES };
        let error = states(&kernels, &no_frame, &epochs).unwrap_err();
        assert!(error.to_string().contains("NOWHERE") && error.hint().contains("-k"), "{error}");
    }
}
