// SPDX-License-Identifier: MIT OR Apache-2.0
//! Orientation of bodies from the constants of text PCKs.
//!
//! # Source
//! NAIF, "PCK Required Reading" (pck.req); Archinal et al. (2018), Celest. Mech. Dyn. Astron. 130:22, section 2:
//! `[W]₃ [π/2 − δ]₁ [π/2 + α]₃`.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::matrix::{Matrix, multiply, turn};
use crate::error::SpiceError;
use crate::names;
use crate::pool::Pool;

const DAY_S: f64 = 86_400.0;
const CENTURY_S: f64 = 36_525.0 * DAY_S;

/// Turns ICRF components to body-fixed components at an ephemeris time.
pub(super) fn body_from_icrf(pool: &Pool, body: i32, et_s: f64) -> Result<Matrix, SpiceError> {
    let series = |what: &str| pool.numbers(&format!("BODY{body}_{what}"));
    let (Some(ra), Some(dec), Some(w)) = (series("POLE_RA"), series("POLE_DEC"), series("PM")) else {
        let subject = names::body(body);
        return Err(SpiceError::no_coverage("rotation constants", subject, et_s, known(pool)));
    };
    if series("CONSTANTS_REF_FRAME").is_some_and(|f| f != [1.0]) || series("CONSTANTS_JED_EPOCH").is_some() {
        let what = format!("rotation constants of {} with an epoch or frame of their own", names::body(body));
        return Err(SpiceError::unsupported(what, "loaded PCKs"));
    }
    let angles_rad = nutation_angles_rad(pool, body, et_s);
    let periodic = |what: &str, wave: fn(f64) -> f64| -> f64 {
        series(what).unwrap_or_default().iter().zip(&angles_rad).map(|(c, angle)| c * wave(*angle)).sum()
    };
    let ra_deg = polynomial(ra, et_s / CENTURY_S) + periodic("NUT_PREC_RA", f64::sin);
    let dec_deg = polynomial(dec, et_s / CENTURY_S) + periodic("NUT_PREC_DEC", f64::cos);
    let w_deg = polynomial(w, et_s / DAY_S) + periodic("NUT_PREC_PM", f64::sin);
    Ok(orientation(ra_deg.to_radians(), dec_deg.to_radians(), w_deg.to_radians()))
}

fn orientation(ra_rad: f64, dec_rad: f64, w_rad: f64) -> Matrix {
    let one = |angle_rad: f64, axis: usize| turn(angle_rad, axis).expect("axes 1 and 3 exist");
    let node = one(FRAC_PI_2 + ra_rad, 3);
    multiply(&one(w_rad.rem_euclid(TAU), 3), &multiply(&one(FRAC_PI_2 - dec_rad, 1), &node))
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Arguments of the periodic terms; satellites share those of their planet's barycentre.
fn nutation_angles_rad(pool: &Pool, body: i32, et_s: f64) -> Vec<f64> {
    let owner = if (100..1000).contains(&body) { body / 100 } else { body };
    let angles = pool.numbers(&format!("BODY{owner}_NUT_PREC_ANGLES")).unwrap_or_default();
    let degree = pool.integer(&format!("BODY{owner}_MAX_PHASE_DEGREE")).unwrap_or(1).clamp(1, 9) as usize;
    angles.chunks_exact(degree + 1).map(|c| polynomial(c, et_s / CENTURY_S).to_radians()).collect()
}

fn known(pool: &Pool) -> String {
    let ids =
        pool.names("BODY").filter_map(|name| name.strip_prefix("BODY")?.strip_suffix("_PM")?.parse().ok());
    let names: Vec<String> = ids.take(12).map(names::body).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_start_with_the_constant() {
        assert_eq!(polynomial(&[1.0, 2.0, 3.0], 2.0), 17.0);
        assert_eq!(polynomial(&[], 2.0), 0.0);
    }

    #[test]
    fn missing_constants_name_the_body_and_those_there_are() {
        let mut pool = Pool::default();
        pool.read("\\begindata\nBODY2000004_PM = ( 1 2 )\n", "k").expect("sound");
        let error = body_from_icrf(&pool, 2000001, 0.0).expect_err("absent").to_string();
        assert!(error.contains("CERES (2000001)") && error.contains("VESTA (2000004)"), "{error}");
    }

    #[test]
    fn the_pole_is_the_third_row() {
        let rows = orientation(0.3, 0.2, 1.0);
        let expected = [0.2f64.cos() * 0.3f64.cos(), 0.2f64.cos() * 0.3f64.sin(), 0.2f64.sin()];
        for (found, wanted) in rows[2].iter().zip(expected) {
            assert!((found - wanted).abs() < 1e-15);
        }
    }
}
