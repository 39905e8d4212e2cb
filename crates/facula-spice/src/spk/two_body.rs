// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPK type 5: states at discrete epochs, joined by two-body motion.
//!
//! # Source
//! NAIF, "SPK Required Reading", type 5 (cosine blend of the two neighbouring arcs); universal variables after
//! Bate, Mueller & White, "Fundamentals of Astrodynamics", section 4.4 and 4.5.

use super::{Fault, Pv, count_from_end, part};

/// Iterations of Kepler's equation; bisection alone needs about 60 for full precision.
const MAX_ITERATIONS: u32 = 200;
/// Relative change at which the iteration ends.
const CONVERGED: f64 = 1e-15;

/// Blends the two-body arcs of the neighbouring states.
pub(crate) fn state_type_5(words: &[f64], et_s: f64) -> Result<Pv, Fault> {
    let count = count_from_end(words, 1)?;
    let gm_km3_s2 = words.len().checked_sub(2).map_or(f64::NAN, |i| words[i]);
    let states = part(words, 0, count.saturating_mul(6))?;
    let epochs_s = part(words, states.len(), count)?;
    if count == 0 || !(gm_km3_s2 > 0.0) {
        return Err(Fault::Damaged("no states or no gravity parameter"));
    }
    let arc = |i: usize| -> Result<Pv, Fault> {
        let start: Pv = std::array::from_fn(|k| states[6 * i + k]);
        propagate(&start, et_s - epochs_s[i], gm_km3_s2)
    };
    let high = epochs_s.partition_point(|e| *e < et_s);
    if high == 0 || high == count || epochs_s[high] == et_s {
        return arc(high.min(count - 1));
    }
    blend(&arc(high - 1)?, &arc(high)?, [epochs_s[high - 1], epochs_s[high], et_s])
}

fn blend(before: &Pv, after: &Pv, [start_s, end_s, et_s]: [f64; 3]) -> Result<Pv, Fault> {
    let rate = std::f64::consts::PI / (end_s - start_s);
    let (sin, cos) = (rate * (et_s - start_s)).sin_cos();
    let (weight, weight_rate) = (0.5 + 0.5 * cos, -0.5 * sin * rate);
    Ok(std::array::from_fn(|k| {
        let mixed = weight * before[k] + (1.0 - weight) * after[k];
        if k < 3 { mixed } else { mixed + weight_rate * (before[k - 3] - after[k - 3]) }
    }))
}

/// Stumpff's functions c1, c2, c3 times the matching powers of `s`: U1, U2, U3 of universal variables.
fn universal(s: f64, alpha: f64) -> [f64; 4] {
    let x = alpha * s * s;
    let [c2, c3] = stumpff(x);
    [1.0 - x * c2, s * (1.0 - x * c3), s * s * c2, s * s * s * c3]
}

fn stumpff(x: f64) -> [f64; 2] {
    if x.abs() < 0.1 {
        // Series: the closed forms lose digits near the parabola. Term 8 is below 1e-24.
        let (mut c2, mut c3, mut term2, mut term3) = (0.0, 0.0, 0.5, 1.0 / 6.0);
        for k in 1..9 {
            c2 += term2;
            c3 += term3;
            let n = f64::from(2 * k);
            term2 *= -x / ((n + 1.0) * (n + 2.0));
            term3 *= -x / ((n + 2.0) * (n + 3.0));
        }
        [c2, c3]
    } else if x > 0.0 {
        let root = x.sqrt();
        [(1.0 - root.cos()) / x, (root - root.sin()) / (x * root)]
    } else {
        let root = (-x).sqrt();
        [(root.cosh() - 1.0) / -x, (root.sinh() - root) / (-x * root)]
    }
}

/// Two-body motion from a state over a time.
pub(crate) fn propagate(start: &Pv, time_s: f64, gm_km3_s2: f64) -> Result<Pv, Fault> {
    let [x, y, z, vx, vy, vz] = *start;
    let r0_km = (x * x + y * y + z * z).sqrt();
    let radial = x * vx + y * vy + z * vz;
    let speed2 = vx * vx + vy * vy + vz * vz;
    if !(r0_km > 0.0) {
        return Err(Fault::Damaged("a state at the centre of its two-body motion"));
    }
    let alpha = 2.0 * gm_km3_s2 / r0_km - speed2;
    let kepler = |s: f64| {
        let [u0, u1, u2, u3] = universal(s, alpha);
        (r0_km * u1 + radial * u2 + gm_km3_s2 * u3 - time_s, r0_km * u0 + radial * u1 + gm_km3_s2 * u2)
    };
    let s = solve(kepler, time_s, r0_km)?;
    let [_, u1, u2, u3] = universal(s, alpha);
    let r_km = kepler(s).1;
    let (f, g) = (1.0 - gm_km3_s2 / r0_km * u2, time_s - gm_km3_s2 * u3);
    let (f_rate, g_rate) = (-gm_km3_s2 / (r_km * r0_km) * u1, 1.0 - gm_km3_s2 / r_km * u2);
    Ok(std::array::from_fn(|k| {
        if k < 3 { f * start[k] + g * start[k + 3] } else { f_rate * start[k - 3] + g_rate * start[k] }
    }))
}

/// Root of Kepler's equation, which grows monotonically: Newton steps inside a shrinking bracket.
fn solve(kepler: impl Fn(f64) -> (f64, f64), time_s: f64, r0_km: f64) -> Result<f64, Fault> {
    if time_s == 0.0 {
        return Ok(0.0);
    }
    let mut far = time_s / r0_km;
    for _ in 0..MAX_ITERATIONS {
        if kepler(far).0 * time_s.signum() >= 0.0 || !far.is_finite() {
            break;
        }
        far *= 2.0;
    }
    let (mut low, mut high) = (far.min(0.0), far.max(0.0));
    let mut s = far;
    let mut step = f64::INFINITY;
    for _ in 0..MAX_ITERATIONS {
        let (excess, slope) = kepler(s);
        if excess > 0.0 {
            high = s
        } else {
            low = s
        }
        let newton = s - excess / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        step = next - s;
        s = next;
        if step.abs() <= CONVERGED * s.abs() {
            return Ok(s);
        }
    }
    // At the last bit the bracket may swing between neighbours; that is converged too.
    if step.abs() <= 8.0 * f64::EPSILON * s.abs() {
        Ok(s)
    } else {
        Err(Fault::NotConverged(MAX_ITERATIONS, step / s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gravity parameter of Ceres, km³/s² (Park et al. 2016).
    const GM_KM3_S2: f64 = 62.6325;

    #[test]
    fn a_circular_orbit_comes_back_after_a_quarter_turn() {
        let r_km = 4_900.0f64;
        let v_km_s = (GM_KM3_S2 / r_km).sqrt();
        let quarter_s = std::f64::consts::FRAC_PI_2 * r_km / v_km_s;
        let state = propagate(&[r_km, 0.0, 0.0, 0.0, v_km_s, 0.0], quarter_s, GM_KM3_S2).expect("converges");
        assert!(state[0].abs() < 1e-9 && (state[1] - r_km).abs() < 1e-9, "{state:?}");
    }

    proptest! {
        #[test]
        fn energy_and_spin_are_kept_and_time_runs_backwards(v in 0.01..0.4f64, tilt in -1.0..1.0f64, time_s in -3e5..3e5f64) {
            // From ellipses through the parabola (0.16 km/s at 4900 km) to hyperbolas.
            let start = [4_900.0, 0.0, 0.0, v * tilt.sin(), v * tilt.cos(), 0.01];
            let end = propagate(&start, time_s, GM_KM3_S2).expect("converges");
            let energy = |s: &Pv| {
                0.5 * (s[3] * s[3] + s[4] * s[4] + s[5] * s[5]) - GM_KM3_S2 / (s[0] * s[0] + s[1] * s[1] + s[2] * s[2]).sqrt()
            };
            let spin = |s: &Pv| s[0] * s[4] - s[1] * s[3];
            prop_assert!((energy(&start) - energy(&end)).abs() < 1e-11);
            prop_assert!((spin(&start) - spin(&end)).abs() < 1e-9 * spin(&start).abs());
            let back = propagate(&end, -time_s, GM_KM3_S2).expect("converges");
            for k in 0..3 {
                prop_assert!((back[k] - start[k]).abs() < 1e-5, "{:?}", back);
            }
        }

        #[test]
        fn damaged_words_never_panic(at in 0usize..16, value in proptest::num::f64::ANY, et_s in proptest::num::f64::ANY) {
            let mut words = vec![4_900.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 4_900.0, 0.0, -0.1, 0.0, 0.0, 0.0, 7e4, GM_KM3_S2, 2.0];
            words[at] = value;
            let _ = state_type_5(&words, et_s);
        }
    }
}
