// SPDX-License-Identifier: MIT OR Apache-2.0
//! How likely a ratio of variances is by chance.

/// Probability that the ratio F of two estimates of one variance, with `degrees` of freedom each, exceeds `ratio`.
///
/// # Source
/// Abramowitz and Stegun 1964, eq. 26.6.2: the incomplete beta function, here by its continued fraction (DLMF 8.17.22).
pub(crate) fn f_exceeds(ratio: f64, [above, below]: [f64; 2]) -> f64 {
    if !(above > 0.0 && below > 0.0) || ratio.is_nan() {
        return 1.0;
    }
    if ratio <= 0.0 {
        return 1.0;
    }
    let x = below / (below + above * ratio);
    incomplete_beta(x, 0.5 * below, 0.5 * above)
}

/// I_x(a, b), 0 to 1.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    // The fraction converges quickly on this side of the mean.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction, by Lentz's method (1976, Appl. Opt. 15, 668).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            value *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    value
}

/// ln Γ(x) for x above 0.
///
/// # Source
/// Stirling's series (DLMF 5.11.1) from x = 8 on; below by Γ(x + 1) = x Γ(x).
fn ln_gamma(x: f64) -> f64 {
    if x < 8.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let y = 1.0 / (x * x);
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_scipy() {
        // scipy.stats.f.sf(ratio, above, below), SciPy 1.x.
        for (ratio, degrees, wanted) in SCIPY {
            let found = f_exceeds(ratio, degrees);
            assert!((found / wanted - 1.0).abs() < 1e-9, "{ratio} {degrees:?}: {found}, {wanted}");
        }
        assert_eq!(f_exceeds(-1.0, [3.0, 5.0]), 1.0);
        assert_eq!(f_exceeds(f64::NAN, [3.0, 5.0]), 1.0);
        assert_eq!(f_exceeds(2.0, [0.0, 5.0]), 1.0);
        assert_eq!(f_exceeds(f64::INFINITY, [2.0, 5.0]), 0.0);
    }

    const SCIPY: [(f64, [f64; 2], f64); 6] = [
        (1.0, [3.0, 20.0], 4.132519140624603e-01),
        (4.5, [3.0, 20.0], 1.437324461089743e-02),
        (12.0, [1.0, 8.0], 8.51626337090128e-03),
        (25.0, [2.0, 60.0], 1.266942651181384e-08),
        (0.2, [5.0, 7.0], 9.524164502214273e-01),
        (9.0, [3.0, 1.0], 2.391796244854893e-01),
    ];
}
