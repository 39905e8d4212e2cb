// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers and random fields that are the same on every machine and in every version.
//!
//! Own, because the products of a campaign must be the same bytes years from now; general random-number crates
//! do not promise that. Generator: SplitMix64 (Steele, Lea, Flood 2014, OOPSLA, p. 453).

use facula_core::{BodyFixed, Vec3};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream number `stream` of a seed; streams do not overlap in practice.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
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
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Two independent normal numbers of variance 1 (Box and Muller 1958).
    pub(crate) fn normal_pair(&mut self) -> (f64, f64) {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        (radius * cos, radius * sin)
    }

    /// A direction uniform on the sphere.
    pub(crate) fn direction(&mut self) -> Vec3<BodyFixed> {
        let z = self.between(-1.0, 1.0);
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        let r = (1.0 - z * z).sqrt();
        Vec3::new(r * cos, r * sin, z)
    }
}

/// A smooth random field over directions, about −1 to 1, with features of `1 / frequency` of a radius: random
/// numbers at the corners of a cubic lattice, smoothly interpolated.
pub(crate) fn lattice_noise(direction: Vec3<BodyFixed>, frequency: f64, seed: u64) -> f64 {
    let at = direction * frequency;
    let cell = [at.x.floor(), at.y.floor(), at.z.floor()];
    let fade = |t: f64| t * t * (3.0 - 2.0 * t);
    let f = [fade(at.x - cell[0]), fade(at.y - cell[1]), fade(at.z - cell[2])];
    let mut sum = 0.0;
    for corner in 0..8u64 {
        let bit = |k: u64| (corner >> k) & 1;
        let weight = |k: usize| if bit(k as u64) == 1 { f[k] } else { 1.0 - f[k] };
        let key = |k: usize| (cell[k] as i64 + bit(k as u64) as i64) as u64;
        let hash = key(0)
            .wrapping_mul(0x8DA6_B343)
            .wrapping_add(key(1).wrapping_mul(0xD816_3841))
            .wrapping_add(key(2).wrapping_mul(0xCB1A_B31F));
        sum += weight(0) * weight(1) * weight(2) * Random::new(seed, hash).between(-1.0, 1.0);
    }
    sum
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

    #[test]
    fn lattice_noise_is_continuous() {
        let mut random = Random::new(3, 3);
        for _ in 0..1000 {
            let d = random.direction();
            let near = (d + Vec3::new(1e-6, -1e-6, 1e-6)).unit().unwrap();
            assert!((lattice_noise(d, 50.0, 1) - lattice_noise(near, 50.0, 1)).abs() < 1e-3);
        }
    }
}
