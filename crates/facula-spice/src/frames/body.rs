// SPDX-License-Identifier: MIT OR Apache-2.0
//! Orientation of bodies from the constants of text PCKs.
//!
//! # Source
//! NAIF, "PCK Required Reading" (pck.req); Archinal et al. (2018), Celest. Mech. Dyn. Astron. 130:22, section 2:
//! `[W]₃ [π/2 − δ]₁ [π/2 + α]₃`.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::inertial;
use super::turning::Turning;
use crate::error::SpiceError;
use crate::names;
use crate::pool::Pool;

const DAY_S: f64 = 86_400.0;
const CENTURY_S: f64 = 36_525.0 * DAY_S;
/// Julian date of the epoch of J2000.
const J2000_JD: f64 = 2_451_545.0;

/// An angle with its rate per second.
type Angle = [f64; 2];

/// Turns J2000 components to body-fixed components at an ephemeris time.
pub(super) fn body_from_icrf(pool: &Pool, body: i32, et_s: f64) -> Result<Turning, SpiceError> {
    let series = |what: &str| pool.numbers(&format!("BODY{body}_{what}"));
    let (Some(ra), Some(dec), Some(w)) = (series("POLE_RA"), series("POLE_DEC"), series("PM")) else {
        let subject = names::body(body);
        return Err(SpiceError::no_coverage("rotation constants", subject, et_s, known(pool)));
    };
    let (frame_from_icrf, since_s) = reference(pool, body, et_s)?;
    let angles = nutation_angles(pool, body, since_s);
    let periodic = |what: &str, wave: fn(Angle) -> Angle| -> Angle {
        let terms = series(what).unwrap_or_default().iter().zip(&angles);
        terms.fold([0.0; 2], |sum, (c, angle)| {
            let [value, rate] = wave(*angle);
            [sum[0] + c * value, sum[1] + c * rate]
        })
    };
    let ra_deg = sum(polynomial(ra, since_s, CENTURY_S), periodic("NUT_PREC_RA", sine));
    let dec_deg = sum(polynomial(dec, since_s, CENTURY_S), periodic("NUT_PREC_DEC", cosine));
    let w_deg = sum(polynomial(w, since_s, DAY_S), periodic("NUT_PREC_PM", sine));
    let [ra, dec, w] = [ra_deg, dec_deg, w_deg].map(|angle| angle.map(f64::to_radians));
    let body_from_frame = orientation([[FRAC_PI_2 + ra[0], ra[1]], [FRAC_PI_2 - dec[0], -dec[1]], w]);
    Ok(body_from_frame.after(&frame_from_icrf))
}

/// `[W]₃ [δ]₁ [φ]₃` of the node φ, the pole's distance δ and the prime meridian W, each in rad with its rate.
pub(crate) fn orientation([node, tilt, w]: [Angle; 3]) -> Turning {
    // Whole turns are taken off W with the rounding SPICE's remainder has; the exact one is 7e-12 rad away in 40 years.
    let reduced_rad = w[0] - TAU * (w[0] / TAU).trunc();
    Turning::of_angles([[reduced_rad, w[1]], tilt, node], [3, 1, 3]).expect("axes 1 and 3 exist")
}

/// The inertial frame the constants are given in, and the time since their epoch; J2000 both unless the kernel
/// says otherwise. Satellites share those of their planet's barycentre.
fn reference(pool: &Pool, body: i32, et_s: f64) -> Result<(Turning, f64), SpiceError> {
    let owner = barycenter(body);
    let either = |long: &str, short: &str| {
        pool.number(&format!("BODY{owner}_{long}")).or_else(|| pool.number(&format!("BODY{owner}_{short}")))
    };
    let epoch_jd = either("CONSTANTS_JED_EPOCH", "CONSTS_JED_EPOCH").unwrap_or(J2000_JD);
    let frame = either("CONSTANTS_REF_FRAME", "CONSTS_REF_FRAME").unwrap_or(1.0);
    let rows = inertial::frame_from_j2000(frame as i32).ok_or_else(|| {
        let what = format!("rotation constants of {} in frame {frame}", names::body(body));
        SpiceError::unsupported(what, "loaded PCKs")
    })?;
    Ok((Turning::fixed(rows), et_s - (epoch_jd - J2000_JD) * DAY_S))
}

fn sum(a: Angle, b: Angle) -> Angle {
    [a[0] + b[0], a[1] + b[1]]
}

fn sine([angle_rad, rate]: Angle) -> Angle {
    [angle_rad.sin(), angle_rad.cos() * rate]
}

fn cosine([angle_rad, rate]: Angle) -> Angle {
    [angle_rad.cos(), -angle_rad.sin() * rate]
}

/// Value at `et_s` of a polynomial whose variable counts in `unit_s`, and its rate per second.
fn polynomial(coefficients: &[f64], et_s: f64, unit_s: f64) -> Angle {
    let x = et_s / unit_s;
    let (value, slope) =
        coefficients.iter().rev().fold((0.0, 0.0), |(value, slope), c| (value * x + c, slope * x + value));
    [value, slope / unit_s]
}

/// The body whose angles and epoch a satellite uses: 401 and 40101 those of 4.
fn barycenter(body: i32) -> i32 {
    match body {
        100..=999 => body / 100,
        10_000..=99_999 => body / 10_000,
        _ => body,
    }
}

/// Arguments of the periodic terms, rad; satellites share those of their planet's barycentre.
fn nutation_angles(pool: &Pool, body: i32, since_s: f64) -> Vec<Angle> {
    let owner = barycenter(body);
    let angles = pool.numbers(&format!("BODY{owner}_NUT_PREC_ANGLES")).unwrap_or_default();
    let degree = pool.integer(&format!("BODY{owner}_MAX_PHASE_DEGREE")).unwrap_or(1).clamp(1, 9) as usize;
    let one = |c: &[f64]| polynomial(c, since_s, CENTURY_S).map(f64::to_radians);
    angles.chunks_exact(degree + 1).map(one).collect()
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
        assert_eq!(polynomial(&[1.0, 2.0, 3.0], 4.0, 2.0), [17.0, 7.0]);
        assert_eq!(polynomial(&[], 2.0, 1.0), [0.0, 0.0]);
    }

    #[test]
    fn constants_may_have_an_epoch_and_a_frame_of_their_own() {
        let mut pool = Pool::default();
        let constants = "BODY401_POLE_RA = ( 10 )\nBODY401_POLE_DEC = ( 20 )\nBODY401_PM = ( 30 2 )\n";
        pool.read(&format!("\\begindata\n{constants}"), "k").expect("sound");
        let plain = body_from_icrf(&pool, 401, 0.0).expect("constants");
        // Phobos takes both from the Mars barycentre: B1950 is number 2, a day after J2000.
        pool.read("\\begindata\nBODY4_CONSTANTS_REF_FRAME = 2\nBODY4_CONSTANTS_JED_EPOCH = 2451546\n", "k")
            .expect("sound");
        let moved = body_from_icrf(&pool, 401, DAY_S).expect("constants");
        let wanted = plain.after(&Turning::fixed(inertial::frame_from_j2000(2).expect("B1950")));
        assert_eq!(moved, wanted);
        assert!(
            (plain.spin_rad_s().iter().map(|w| w * w).sum::<f64>().sqrt() * DAY_S - 2f64.to_radians()).abs()
                < 1e-12
        );
        pool.read("\\begindata\nBODY4_CONSTANTS_REF_FRAME = 99\n", "k").expect("sound");
        assert!(body_from_icrf(&pool, 401, 0.0).expect_err("frame 99").to_string().contains("frame 99"));
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
        let rows = orientation([[0.3 + FRAC_PI_2, 0.0], [FRAC_PI_2 - 0.2, 0.0], [1.0, 0.0]]).rows;
        let expected = [0.2f64.cos() * 0.3f64.cos(), 0.2f64.cos() * 0.3f64.sin(), 0.2f64.sin()];
        for (found, wanted) in rows[2].iter().zip(expected) {
            assert!((found - wanted).abs() < 1e-15);
        }
    }
}
