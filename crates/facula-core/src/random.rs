// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers that are the same on every machine and in every version.
//!
//! Own, because the products of a campaign must be the same bytes years from now; general random-number crates
//! do not promise that. Generator: SplitMix64 (Steele, Lea, Flood 2014, OOPSLA, p. 453).

use crate::{BodyFixed, Vec3};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream number `stream` of a seed; streams do not overlap in practice.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self { state: seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93) };
        random.next();
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform from `minimum_value` (included) to `maximum_value` (not included).
    pub fn between(&mut self, minimum_value: f64, maximum_value: f64) -> f64 {
        minimum_value + (maximum_value - minimum_value) * self.uniform()
    }

    /// Two independent normal numbers of variance 1 (Box and Muller 1958).
    pub fn normal_pair(&mut self) -> (f64, f64) {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        (radius * cos, radius * sin)
    }

    /// A direction uniform on the sphere.
    pub fn direction(&mut self) -> Vec3<BodyFixed> {
        let z = self.between(-1.0, 1.0);
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        let r = (1.0 - z * z).sqrt();
        Vec3::new(r * cos, r * sin, z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = Random::new(7, 1);
        let numbers: Vec<f64> = (0..50_000).flat_map(|_| <[f64; 2]>::from(random.normal_pair())).collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        // Four standard errors.
        assert!(mean.abs() < 4.0 / n.sqrt() && (variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
    }

    #[test]
    fn the_stream_is_what_it_always_was() {
        // SplitMix64 with state 0 gives 0xE220A8397B1DCDAF first (reference implementation).
        let mut random = Random { state: 0 };
        assert_eq!(random.next(), 0xE220_A839_7B1D_CDAF);
    }
}
