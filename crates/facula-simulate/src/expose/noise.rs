// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts of photons, and electrons of noise.

use facula_core::Random;

/// Above this mean the count is taken as normal: its skewness, the largest thing lost, is 0.03 there.
pub(crate) const NORMAL_FROM_E: f64 = 1_000.0;
/// Below this mean counts are found by summing probabilities.
const SUMMED_BELOW_E: f64 = 12.0;

/// A Poisson number of a mean (not negative, below some thousands).
///
/// # Source
/// Summed probabilities: Devroye 1986, Non-Uniform Random Variate Generation, X.3. Above: Hörmann 1993, Insurance:
/// Mathematics and Economics 12, 39, algorithm PTRS.
pub(crate) fn poisson(mean_e: f64, random: &mut Random) -> f64 {
    if mean_e < SUMMED_BELOW_E { summed(mean_e, random.uniform()) } else { rejected(mean_e, random) }
}

fn summed(mean_e: f64, uniform: f64) -> f64 {
    let mut term = (-mean_e).exp();
    let (mut sum, mut count) = (term, 0.0);
    // The tail beyond 200 has no probability left that f64 could show.
    while uniform >= sum && count < 200.0 {
        count += 1.0;
        term *= mean_e / count;
        sum += term;
    }
    count
}

fn rejected(mean_e: f64, random: &mut Random) -> f64 {
    let root = mean_e.sqrt();
    let b = 0.931 + 2.53 * root;
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let edge = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let (u, v) = (random.uniform() - 0.5, 1.0 - random.uniform());
        let near = 0.5 - u.abs();
        let count = ((2.0 * a / near + b) * u + mean_e + 0.43).floor();
        if near >= 0.07 && v <= edge {
            return count;
        }
        if count < 0.0 || (near < 0.013 && v > near) {
            continue;
        }
        let left = v.ln() + inverse_alpha.ln() - (a / (near * near) + b).ln();
        if left <= count * mean_e.ln() - mean_e - ln_factorial(count) {
            return count;
        }
    }
}

/// Logarithm of the factorial, to 1e-10.
///
/// # Source
/// Stirling's series, Abramowitz & Stegun 6.1.41.
fn ln_factorial(count: f64) -> f64 {
    if count < 10.0 {
        return (2..=count as u32).map(|k| f64::from(k).ln()).sum();
    }
    let n = count + 1.0;
    let (inverse, square) = (1.0 / n, 1.0 / (n * n));
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0)));
    (n - 0.5) * n.ln() - n + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chi-square over counts with an expectation of 10 and more against the probabilities, as a number of standard
    /// deviations of chi-square.
    fn chi_square_sigmas(mean_e: f64) -> f64 {
        let mut random = Random::new(11, mean_e as u64);
        let draws = 200_000;
        let mut seen = vec![0.0; 4_000];
        (0..draws).for_each(|_| seen[poisson(mean_e, &mut random) as usize] += 1.0);
        let (mut chi2, mut cells) = (0.0f64, 0.0f64);
        for (count, seen) in seen.iter().enumerate() {
            let ln = count as f64 * mean_e.ln() - mean_e - (1..=count).map(|k| (k as f64).ln()).sum::<f64>();
            let expected = f64::from(draws) * ln.exp();
            if expected >= 10.0 {
                chi2 += (seen - expected) * (seen - expected) / expected;
                cells += 1.0;
            }
        }
        (chi2 - cells) / f64::sqrt(2.0 * cells)
    }

    #[test]
    fn counts_have_the_probabilities_of_poisson() {
        for mean_e in [0.3, 5.0, 11.9, 12.1, 40.0, 300.0, 999.0] {
            let sigmas = chi_square_sigmas(mean_e);
            assert!(sigmas.abs() < 4.0, "mean {mean_e}: {sigmas} sigma");
        }
    }

    #[test]
    fn nothing_comes_from_nothing() {
        assert_eq!(poisson(0.0, &mut Random::new(1, 1)), 0.0);
    }

    #[test]
    fn factorials_are_those_of_the_table() {
        // 20! = 2 432 902 008 176 640 000.
        assert!((ln_factorial(20.0) - 2_432_902_008_176_640_000f64.ln()).abs() < 1e-10);
        assert_eq!(ln_factorial(1.0), 0.0);
    }
}
