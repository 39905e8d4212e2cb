// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random fields over directions, the same on every machine and in every version.
//!
//! Gradient noise on a cubic lattice in space (Perlin 2002, Proc. SIGGRAPH, p. 681: quintic fade, continuous second
//! derivatives). Each field has a lattice of its own, turned at random, so that no two line up with each other or with the
//! cube faces.

use facula_core::{BodyFixed, Random, Vec3};

/// One over the rms of the bare field (measured; a test holds it).
const UNIT_RMS: f64 = 5.24;

/// A well mixed number from a number (finaliser of MurmurHash3, Appleby 2011).
pub(crate) fn mix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ (h >> 33)
}

/// A smooth random field of one wavelength: mean 0, rms as given.
#[derive(Debug, Clone)]
pub(crate) struct Wave {
    /// Wavelength on the ground, km.
    pub(crate) wavelength_km: f64,
    rms: f64,
    axes: [Vec3<BodyFixed>; 3],
    seed: u64,
}

impl Wave {
    /// A field with features of a wavelength on a body of some radius, both km. `rms` has the unit of the field.
    pub(crate) fn new(seed: u64, (wavelength_km, radius_km): (f64, f64), rms: f64) -> Self {
        let mut random = Random::new(seed, 77);
        // The lattice's step: half a wavelength from hill to hollow.
        let frequency = radius_km / (0.5 * wavelength_km) * 0.7;
        let first = random.direction();
        let second = first.cross(random.direction()).unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0));
        let axes = [first, second, first.cross(second)].map(|axis| axis * frequency);
        Self { wavelength_km, rms: rms * UNIT_RMS, axes, seed: mix(seed) }
    }

    /// The field in a direction (unit vector).
    pub(crate) fn value(&self, d: Vec3<BodyFixed>) -> f64 {
        let at = [d.dot(self.axes[0]), d.dot(self.axes[1]), d.dot(self.axes[2])];
        let cell = at.map(floor);
        let f = [0, 1, 2].map(|k| at[k] - cell[k] as f64);
        let fade = f.map(|t| t * t * t * (t * (t * 6.0 - 15.0) + 10.0));
        let key = |c: i64, step: u64, k: u64| (c as u64).wrapping_add(step).wrapping_mul(k);
        let x = [0, 1].map(|s| key(cell[0], s, 0x9E37_79B9_7F4A_7C15));
        let y = [0, 1].map(|s| key(cell[1], s, 0xC2B2_AE3D_27D4_EB4F));
        let z = [0, 1].map(|s| key(cell[2], s, 0x1656_67B1_9E37_79F9));
        let corner = |i: usize, j: usize, k: usize| {
            let h = mix(self.seed ^ x[i].wrapping_add(y[j]).wrapping_add(z[k]));
            let part = |shift: u32| ((h >> shift) & 0xFFFF) as f64 * (2.0 / 65535.0) - 1.0;
            part(0) * (f[0] - i as f64) + part(16) * (f[1] - j as f64) + part(32) * (f[2] - k as f64)
        };
        let lerp = |a: f64, b: f64, t: f64| a + (b - a) * t;
        let edge = |j: usize, k: usize| lerp(corner(0, j, k), corner(1, j, k), fade[0]);
        let side = |k: usize| lerp(edge(0, k), edge(1, k), fade[1]);
        self.rms * lerp(side(0), side(1), fade[2])
    }
}

/// The next whole number below; `f64::floor` is a call without SSE 4.1.
fn floor(x: f64) -> i64 {
    let whole = x as i64;
    whole - i64::from(whole as f64 > x)
}

/// Features of a size stand fully in ground of a footprint at three footprints, and not at all at one and a half.
pub(crate) fn seen(size_km: f64, footprint_km: f64) -> f64 {
    if size_km >= 3.0 * footprint_km {
        1.0
    } else {
        smooth((size_km - 1.5 * footprint_km) / (1.5 * footprint_km))
    }
}

/// 0 below 0, 1 above 1, smooth between.
pub(crate) fn smooth(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_has_the_rms_it_is_asked_for_and_mean_zero() {
        let mut random = Random::new(3, 3);
        let (mut sum, mut squares, n) = (0.0, 0.0, 200_000);
        let wave = Wave::new(5, (3.0, 470.0), 0.25);
        for _ in 0..n {
            let value = wave.value(random.direction());
            sum += value;
            squares += value * value;
        }
        let rms = (squares / f64::from(n)).sqrt();
        assert!((rms / 0.25 - 1.0).abs() < 0.03, "rms {rms}, so UNIT_RMS is off by {}", 0.25 / rms);
        assert!((sum / f64::from(n)).abs() < 0.01);
    }

    #[test]
    fn a_wave_is_continuous_across_the_cells_of_its_lattice() {
        let (mut random, wave) = (Random::new(3, 3), Wave::new(1, (10.0, 470.0), 1.0));
        for _ in 0..5_000 {
            let d = random.direction();
            let near = (d + Vec3::new(1e-8, -1e-8, 1e-8)).unit().unwrap();
            assert!((wave.value(d) - wave.value(near)).abs() < 2e-5);
        }
    }

    #[test]
    fn a_wave_has_its_wavelength() {
        // Half a wavelength away a wave is its own opposite, more or less: correlation below 0.1, and above 0.7 at a tenth.
        let (mut random, wave) = (Random::new(9, 3), Wave::new(1, (10.0, 470.0), 1.0));
        let mut correlation = |step_km: f64| {
            let product = |_| {
                let d = random.direction();
                let side = d.cross(random.direction()).unit().unwrap();
                wave.value(d) * wave.value((d + side * (step_km / 470.0)).unit().unwrap())
            };
            (0..20_000).map(product).sum::<f64>() / 20_000.0
        };
        assert!(correlation(1.0) > 0.7);
        assert!(correlation(5.0) < 0.1);
    }

    #[test]
    fn three_footprints_are_seen_and_one_and_a_half_are_not() {
        assert_eq!((seen(3.0, 1.0), seen(1.5, 1.0), seen(1.0, 0.0)), (1.0, 0.0, 1.0));
        assert!((seen(2.25, 1.0) - 0.5).abs() < 1e-12);
    }
}
