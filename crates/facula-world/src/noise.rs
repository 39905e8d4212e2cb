// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random fields over directions, the same on every machine and in every version.

use facula_core::{BodyFixed, Random, Vec3};

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
    fn lattice_noise_is_continuous() {
        let mut random = Random::new(3, 3);
        for _ in 0..1000 {
            let d = random.direction();
            let near = (d + Vec3::new(1e-6, -1e-6, 1e-6)).unit().unwrap();
            assert!((lattice_noise(d, 50.0, 1) - lattice_noise(near, 50.0, 1)).abs() < 1e-3);
        }
    }
}
