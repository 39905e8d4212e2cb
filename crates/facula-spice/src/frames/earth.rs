// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Earth's equator and ecliptic of date: precession (IAU 1976), obliquity and nutation (IAU 1980).
//!
//! In: ephemeris time, TDB seconds past J2000. Out: rotations from J2000, with their rates.
//!
//! # Source
//! Lieske et al. (1977), Astronomy and Astrophysics 58, 1; Explanatory Supplement to the Astronomical Almanac (1992),
//! section 3.21 (precession), 3.222 (obliquity, nutation); the forms SPICE's dynamic frames use.

mod series;

use std::f64::consts::TAU;

use super::turning::Turning;
use series::TERMS;

const DAY_S: f64 = 86_400.0;
const CENTURY_S: f64 = 36_525.0 * DAY_S;
const CENTURY_DAYS: f64 = 36_525.0;
/// A revolution, arc seconds.
const REVOLUTION: f64 = 1_296_000.0;
/// Precession angles ζ, z, θ: arc seconds per century and its square and cube.
const PRECESSION: [[f64; 4]; 3] = [
    [0.0, 2306.2181, 0.30188, 0.017998],
    [0.0, 2306.2181, 1.09468, 0.018203],
    [0.0, 2004.3109, -0.42665, -0.041833],
];
/// Mean obliquity of the ecliptic: arc seconds, by centuries.
const OBLIQUITY: [f64; 4] = [84_381.448, -46.8150, -0.00059, 0.001813];
/// Mean arguments of the Moon and the Sun, l, l', F, D, Ω: arc seconds, by centuries.
const ARGUMENTS: [[f64; 4]; 5] = [
    [485_866.733, 1325.0 * REVOLUTION + 715_922.633, 31.310, 0.064],
    [1_287_099.804, 99.0 * REVOLUTION + 1_292_581.224, -0.577, -0.012],
    [335_778.877, 1342.0 * REVOLUTION + 295_263.137, -13.257, 0.011],
    [1_072_261.307, 1236.0 * REVOLUTION + 1_105_601.328, -6.891, 0.019],
    [450_160.280, -(5.0 * REVOLUTION + 482_890.539), 7.455, 0.008],
];

/// Mean equator and equinox of date from J2000.
pub(super) fn mean_equator_from_j2000(et_s: f64) -> Turning {
    let [zeta, z, theta] = PRECESSION.map(|c| angle_rad(&c, et_s));
    let back = |[value, rate]: [f64; 2]| [-value, -rate];
    Turning::of_angles([back(z), theta, back(zeta)], [3, 2, 3]).expect("axes 2 and 3 exist")
}

/// Mean ecliptic and equinox of date from J2000.
pub(super) fn mean_ecliptic_from_j2000(et_s: f64) -> Turning {
    about(angle_rad(&OBLIQUITY, et_s), 1).after(&mean_equator_from_j2000(et_s))
}

/// True equator and equinox of date from J2000.
pub(super) fn true_equator_from_j2000(et_s: f64) -> Turning {
    let mean = angle_rad(&OBLIQUITY, et_s);
    let [longitude, obliquity] = nutation_rad(et_s);
    let angles =
        [[-(mean[0] + obliquity[0]), -(mean[1] + obliquity[1])], [-longitude[0], -longitude[1]], mean];
    let nutation = Turning::of_angles(angles, [1, 3, 1]).expect("axes 1 and 3 exist");
    nutation.after(&mean_equator_from_j2000(et_s))
}

fn about([angle_rad, rate_rad_s]: [f64; 2], axis: usize) -> Turning {
    Turning::about(angle_rad, rate_rad_s, axis).expect("axis 1 exists")
}

/// An angle (rad) and its rate (rad/s) from arc seconds by centuries.
fn angle_rad(c: &[f64; 4], et_s: f64) -> [f64; 2] {
    let t = et_s / CENTURY_S;
    let value = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
    let slope = c[1] + t * (2.0 * c[2] + t * 3.0 * c[3]);
    [value, slope / CENTURY_S].map(|arc_seconds| (arc_seconds / 3600.0).to_radians())
}

/// Nutation in longitude and in obliquity, each in rad with its rate in rad/s.
fn nutation_rad(et_s: f64) -> [[f64; 2]; 2] {
    let days = et_s / DAY_S;
    let arguments = ARGUMENTS.map(|c| argument_rad(&c, days));
    let millennia = days / 365_250.0;
    let (mut longitude, mut obliquity) = ([0.0; 2], [0.0; 2]);
    for term in &TERMS {
        let (mut angle, mut rate) = (0.0, 0.0);
        for (multiple, [value, slope]) in term[..5].iter().zip(&arguments) {
            angle = (angle + f64::from(*multiple) * value) % TAU;
            rate += f64::from(*multiple) * slope;
        }
        let (sin, cos) = angle.sin_cos();
        let amplitude = |k: usize| {
            let units = f64::from(term[k]) + f64::from(term[k + 1]) * millennia;
            (units * 1e-4 / 3600.0).to_radians()
        };
        let (in_longitude, in_obliquity) = (amplitude(5), amplitude(7));
        longitude = [longitude[0] + in_longitude * sin, longitude[1] + in_longitude * cos * rate];
        obliquity = [obliquity[0] + in_obliquity * cos, obliquity[1] - in_obliquity * sin * rate];
    }
    [longitude, obliquity]
}

/// A mean argument in rad, whole revolutions taken off, and its rate in rad/s.
fn argument_rad(c: &[f64; 4], days: f64) -> [f64; 2] {
    let t = days / CENTURY_DAYS;
    let [start_deg, per_century_deg, second_deg, third_deg] = c.map(|x| x / 3600.0);
    let value_deg =
        start_deg + days * (per_century_deg / CENTURY_DAYS) + (second_deg + t * third_deg) * (t * t);
    let slope_deg = per_century_deg + t * (2.0 * second_deg + 3.0 * t * third_deg);
    [(value_deg % 360.0).to_radians(), slope_deg.to_radians() / CENTURY_S]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1e-10 arc seconds, in rad: the sums are taken in another order than ERFA's.
    const ANGLE_RAD: f64 = 5e-16;

    #[test]
    fn the_nutation_at_j2000_is_that_of_erfa() {
        // pyerfa 2.0.1.5: nut80(2451545.0, 0.0).
        let [longitude, obliquity] = nutation_rad(0.0);
        assert!((longitude[0] - -6.750247617532478e-05).abs() < ANGLE_RAD, "{longitude:?}");
        assert!((obliquity[0] - -2.7992212383770132e-05).abs() < ANGLE_RAD, "{obliquity:?}");
    }

    #[test]
    fn rates_are_the_slopes_of_the_angles() {
        for et_s in [-1.5e9, 0.0, 4.2e8] {
            let step_s = 100.0;
            for (k, rate) in nutation_rad(et_s).iter().map(|pair| pair[1]).enumerate() {
                let slope =
                    (nutation_rad(et_s + step_s)[k][0] - nutation_rad(et_s - step_s)[k][0]) / (2.0 * step_s);
                // Periods of days: a chord of 200 s is off by 1e-7 of the rate; the rate is 1e-11 rad/s.
                assert!((slope - rate).abs() < 1e-16, "{slope} {rate}");
            }
            for of_date in [mean_equator_from_j2000, mean_ecliptic_from_j2000, true_equator_from_j2000] {
                let (before, now, after) = (of_date(et_s - 1e4), of_date(et_s), of_date(et_s + 1e4));
                for i in 0..9 {
                    let slope = (after.rows[i / 3][i % 3] - before.rows[i / 3][i % 3]) / 2e4;
                    assert!((slope - now.rates[i / 3][i % 3]).abs() < 1e-14, "{et_s} {i}");
                }
            }
        }
    }
}
