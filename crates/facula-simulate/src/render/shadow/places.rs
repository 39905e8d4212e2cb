// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places on the Sun's disc, spread over the samples of a pixel.

use facula_core::{BodyFixed, Vec3};

use crate::Sun;
use crate::render::looks::Pattern;

/// Places on the Sun for each sample of a pixel.
pub(super) struct Places {
    each: usize,
    places_km: Vec<Vec3<BodyFixed>>,
}

impl Places {
    pub(super) fn of(sun: Sun, centre_km: Vec3<BodyFixed>, pattern: Pattern) -> Self {
        let samples = pattern.samples();
        let (radius_km, asked) = match sun {
            Sun::Point => (0.0, 1),
            Sun::Disc { radius_km, samples } => (radius_km, samples.clamp(1, 256)),
        };
        let towards = centre_km.unit().filter(|_| radius_km > 0.0);
        let Some(towards) = towards else { return Self { each: 1, places_km: vec![centre_km; samples] } };
        let far = if towards.z.abs() < 0.9 { Vec3::new(0.0, 0.0, 1.0) } else { Vec3::new(1.0, 0.0, 0.0) };
        let right = towards.cross(far).unit().unwrap_or(far);
        let up = towards.cross(right);
        let each = asked.div_ceil(samples);
        let count = each * samples;
        // Vogel's spiral (1979, Math. Biosci. 44, 179), dealt to the samples in steps so that those of one corner of
        // the pixel do not get those of one part of the disc.
        let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
        let step = coprime(count);
        let place = |k: usize| {
            let k = k * step % count;
            let (sin, cos) = (k as f64 * golden).sin_cos();
            let reach_km = radius_km * ((k as f64 + 0.5) / count as f64).sqrt();
            centre_km + right * (reach_km * cos) + up * (reach_km * sin)
        };
        Self { each, places_km: (0..count).map(place).collect() }
    }

    pub(super) fn of_sample(&self, sample: usize) -> &[Vec3<BodyFixed>] {
        &self.places_km[sample * self.each..(sample + 1) * self.each]
    }
}

/// A number near the golden part of another that has no divisor in common with it.
fn coprime(count: usize) -> usize {
    let divisor = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (1..=count)
        .rev()
        .filter(|k| *k as f64 <= (0.618 * count as f64).max(1.0))
        .find(|k| divisor(*k, count) == 1)
        .unwrap_or(1)
}
