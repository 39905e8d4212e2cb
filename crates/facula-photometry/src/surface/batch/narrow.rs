// SPDX-License-Identifier: MIT OR Apache-2.0
//! Neighbouring pixels see nearly one phase angle: over their range a phase function is a polynomial in sin(α/2).

use super::{BLOCK, LightPlanes};

/// Places the polynomial goes through, and places it is tried at.
const NODES: usize = 6;
const TRIED: usize = 3;
/// Largest relative error of the polynomial where it is tried.
const ERROR: f64 = 1e-7;

/// Multiplies `factor` by the function that `exact` multiplies by, through a polynomial; false, with nothing done, when
/// that would not be exact enough.
pub(super) fn multiply(
    planes: LightPlanes<'_>,
    factor: &mut [f64],
    exact: impl Fn(LightPlanes<'_>, &mut [f64]),
) -> bool {
    let Some([least, most]) = pulp::Arch::new().dispatch(|| range(planes)) else { return false };
    // Chebyshev's places first, then those between; rounded as the planes are, so that both mean the same angles.
    let mut cosines = [0.0f32; NODES + TRIED];
    for (k, cosine) in cosines.iter_mut().enumerate() {
        let turn = if k < NODES {
            (k as f64 + 0.5) / NODES as f64
        } else {
            (2 * (k - NODES) + 1) as f64 / NODES as f64
        };
        let across = 0.5 - 0.5 * (std::f64::consts::PI * turn).cos();
        let x = least + (most - least) * across;
        *cosine = (1.0 - 2.0 * x * x) as f32;
    }
    let mut values = [1.0; NODES + TRIED];
    let day = [1.0f32; NODES + TRIED];
    exact(LightPlanes { cos_incidence: &day, cos_emission: &day, cos_phase: &cosines }, &mut values);
    let places = cosines.map(sin_half);
    let Some(curve) = Newton::through(&places, &values) else { return false };
    let good = (NODES..NODES + TRIED).all(|k| (curve.at(places[k]) / values[k] - 1.0).abs() < ERROR);
    if good {
        pulp::Arch::new().dispatch(|| curve.multiply(planes.cos_phase, factor));
    }
    good
}

#[inline(always)]
fn sin_half(cos_phase: f32) -> f64 {
    (0.5 - 0.5 * f64::from(cos_phase)).max(0.0).sqrt()
}

/// Least and largest sin(α/2) of the lit pixels of a full block; nothing when they are equal or far apart.
#[inline(always)]
fn range(planes: LightPlanes<'_>) -> Option<[f64; 2]> {
    /// Wider, and the function is no such polynomial.
    const WIDEST: f64 = 0.2;
    const LANES: usize = 16;
    if planes.cos_phase.len() < BLOCK / 4 || !planes.cos_phase.len().is_multiple_of(LANES) {
        return None;
    }
    let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let planes = [planes.cos_incidence, planes.cos_emission, planes.cos_phase];
    let [sun, eye, phase] = planes.map(|plane| plane.as_chunks::<LANES>().0.iter());
    for ((sun, eye), phase) in sun.zip(eye).zip(phase) {
        for (k, ((sun, eye), cosine)) in sun.iter().zip(eye).zip(phase).enumerate() {
            let lit = (*sun > 0.0) & (*eye > 0.0);
            least[k] = if lit & (*cosine < least[k]) { *cosine } else { least[k] };
            most[k] = if lit & (*cosine > most[k]) { *cosine } else { most[k] };
        }
    }
    let least = least.into_iter().fold(f32::INFINITY, f32::min);
    let most = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let range = [sin_half(most), sin_half(least)];
    (least < most && range[1] - range[0] < WIDEST).then_some(range)
}

/// A polynomial in Newton's form.
struct Newton {
    place: [f64; NODES],
    difference: [f64; NODES],
}

impl Newton {
    /// Nothing when two places are one.
    fn through(places: &[f64], values: &[f64]) -> Option<Self> {
        let (mut place, mut difference) = ([0.0; NODES], [0.0; NODES]);
        place.copy_from_slice(&places[..NODES]);
        difference.copy_from_slice(&values[..NODES]);
        for order in 1..NODES {
            for k in (order..NODES).rev() {
                let width = place[k] - place[k - order];
                if width == 0.0 {
                    return None;
                }
                difference[k] = (difference[k] - difference[k - 1]) / width;
            }
        }
        Some(Self { place, difference })
    }

    #[inline(always)]
    fn at(&self, x: f64) -> f64 {
        let mut sum = self.difference[NODES - 1];
        for k in (0..NODES - 1).rev() {
            sum = sum * (x - self.place[k]) + self.difference[k];
        }
        sum
    }

    #[inline(always)]
    fn multiply(&self, cos_phase: &[f32], factor: &mut [f64]) {
        for (factor, cosine) in factor.iter_mut().zip(cos_phase) {
            *factor *= self.at(sin_half(*cosine));
        }
    }
}
