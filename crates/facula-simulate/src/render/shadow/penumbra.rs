// SPDX-License-Identifier: MIT OR Apache-2.0
//! Edges of shadows, and penumbrae from there outwards.

use rayon::prelude::*;

use super::places::Places;
use super::{Caster, DARK, LIT, NOTHING};
use crate::Sun;
use crate::render::patch::{Patch, Strip};

/// Farthest that a penumbra is followed from a shadow's edge, px.
const REACH_PX: usize = 16;
/// Half a penumbra narrower than this is taken as sharp, px.
const SHARP_PX: f64 = 0.25;
/// One of so many dark pixels along an edge is asked how wide its penumbra is.
const STEP: usize = 5;
/// How far around it the answer holds, px.
const AROUND_PX: usize = 3;

/// Pixels whose test told something else than that of a neighbour, by growing number.
pub(super) struct Edges {
    pub sharp: Vec<u32>,
    /// With a penumbra wider than a pixel's part.
    pub soft: Vec<u32>,
}

impl Caster<'_> {
    /// Pixels on shadow edges.
    pub(super) fn edges(&self, strips: &[Strip], told: &[u8]) -> Edges {
        let differing = differing(told, self.size);
        let [width, height] = self.size;
        let wide: Vec<u32> =
            differing.par_iter().copied().filter(|pixel| self.is_wide(strips, *pixel, told)).collect();
        let mut near = vec![false; if wide.is_empty() { 0 } else { width * height }];
        for pixel in wide {
            let (x, y) = (pixel as usize % width, pixel as usize / width);
            let columns = x.saturating_sub(AROUND_PX)..(x + AROUND_PX + 1).min(width);
            for line in y.saturating_sub(AROUND_PX)..(y + AROUND_PX + 1).min(height) {
                near[line * width + columns.start..line * width + columns.end].fill(true);
            }
        }
        let (soft, sharp) =
            differing.into_iter().partition(|pixel| near.get(*pixel as usize).is_some_and(|near| *near));
        Edges { sharp, soft }
    }

    /// Whether the penumbra at a dark pixel on a shadow's edge is too wide to be taken as sharp; `false` for those that are
    /// not asked.
    fn is_wide(&self, strips: &[Strip], pixel: u32, told: &[u8]) -> bool {
        let Sun::Disc { radius_km, .. } = self.scene.sun else { return false };
        let (x, y) = (pixel as usize % self.size[0], pixel as usize / self.size[0]);
        // Every so many along lines, columns and diagonals.
        if told[pixel as usize] != DARK || !(x + 2 * y).is_multiple_of(STEP) {
            return false;
        }
        let (k, patches) = self.find(strips, pixel);
        let half_px = self.tested(&strips[k].patches[patches]).and_then(|patch| {
            let to_sun = (self.sun_km - patch.point_km).unit()?;
            let lifted_km = patch.point_km + patch.normal() * (1e-5 * self.scene.shape.bounding_radius_km());
            let hit = self.scene.shape.intersect(lifted_km, to_sun)?;
            let half_km = hit.distance_km * radius_km / self.sun_km.length();
            let pixel_km = (patch.point_km - self.eye_km).length() * self.ifov_rad;
            // Where the Sun stands lower there is little light to be soft.
            let stretch = 1.0 / patch.normal().dot(to_sun).max(0.2);
            Some(half_km / pixel_km * stretch)
        });
        half_px.is_some_and(|half_px| half_px > SHARP_PX)
    }

    /// All samples of pixels on soft edges against places on the Sun's disc; and, wave by wave, of the pixels around those
    /// that see a part of it.
    pub(super) fn follow_penumbrae(&self, strips: &mut [Strip], edges: Vec<u32>) {
        let [width, height] = self.size;
        let sun = Places::of(self.scene.sun, self.sun_km, self.pattern);
        let mut asked = vec![false; if edges.is_empty() { 0 } else { width * height }];
        edges.iter().for_each(|pixel| asked[*pixel as usize] = true);
        let mut wave = edges;
        for _ in 0..REACH_PX {
            let found: Vec<Vec<f32>> =
                wave.par_iter().with_min_len(64).map(|pixel| self.fractions(strips, *pixel, &sun)).collect();
            let mut next = Vec::new();
            for (pixel, fractions) in wave.iter().zip(found) {
                let (k, patches) = self.find(strips, *pixel);
                let patches = &mut strips[k].patches[patches];
                patches.iter_mut().zip(&fractions).for_each(|(patch, lit)| patch.lit_fraction = *lit);
                if !fractions.iter().any(|lit| *lit > 0.0 && *lit < 1.0) {
                    continue;
                }
                let (x, y) = (*pixel as usize % width, *pixel as usize / width);
                for line in y.saturating_sub(1)..(y + 2).min(height) {
                    for sample in x.saturating_sub(1)..(x + 2).min(width) {
                        let near = line * width + sample;
                        if !std::mem::replace(&mut asked[near], true) {
                            next.push(near as u32);
                        }
                    }
                }
            }
            wave = next;
        }
    }

    /// What the patches of a pixel see of the Sun.
    fn fractions(&self, strips: &[Strip], pixel: u32, sun: &Places) -> Vec<f32> {
        let (k, patches) = self.find(strips, pixel);
        let strip = &strips[k];
        let fraction = |patch: &Patch| {
            if self.faces_sun(patch) { self.test_samples(strip, patch, sun) } else { patch.lit_fraction }
        };
        strip.patches[patches].iter().map(fraction).collect()
    }
}

/// Pixels that are lit or dark next to pixels that are the other.
fn differing(told: &[u8], [width, height]: [usize; 2]) -> Vec<u32> {
    let of_line = |around: &mut Vec<u8>, line: usize| -> Vec<u32> {
        around.fill(NOTHING);
        for near in told[line.saturating_sub(1) * width..(line + 2).min(height) * width].chunks(width) {
            around[1..=width].iter_mut().zip(near).for_each(|(around, told)| *around |= told);
        }
        let own = &told[line * width..(line + 1) * width];
        let three = around.windows(3).map(|a| a[0] | a[1] | a[2]);
        let pixels = own.iter().zip(three).zip((line * width) as u32..);
        pixels.filter(|((own, three), _)| **own != NOTHING && *three == LIT | DARK).map(|(_, k)| k).collect()
    };
    let lines = (0..height).into_par_iter().with_min_len(32);
    let found: Vec<Vec<u32>> = lines.map_init(|| vec![NOTHING; width + 2], of_line).collect();
    found.concat()
}
