// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which part of the Sun's disc each patch sees.
//!
//! [`Shadows::Adaptive`]: one point a pixel is tested against the Sun's centre, all of a frame drawn at once (patches
//! on ground that no slope of the body can shade are not tested). Where neighbouring pixels differ every sample is
//! tested, again all drawn at once. Where the penumbra of the obstacle found at such an edge is wider than half a
//! pixel, all samples are tested by rays to places spread over the disc, from the edge outwards as far as they see a
//! part of it (16 px at most). What can be lost is a shadow, or a gap in one, that no pixel's middle sees, and the
//! softness of edges sharper than half a pixel (6 % of the step between light and shadow in single pixels).

mod penumbra;
mod places;

use std::ops::Range;

use facula_core::{BodyFixed, Vec3};
use facula_shape::{Shape, SunDisc, SurfacePoint};
use rayon::prelude::*;

use super::looks::Pattern;
use super::patch::{Patch, Strip};
use crate::Scene;
use places::Places;

/// How shadows are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Shadows {
    /// Terrain casts none; only ground that faces away is dark.
    Off,
    /// One test a pixel, and every sample around shadow edges.
    #[default]
    Adaptive,
    /// Every sample is tested by rays of its own: slow, for comparison.
    EverySample,
}

/// What a pixel's test told: nothing (sky, or ground that faces away from the Sun).
const NOTHING: u8 = 0;
const LIT: u8 = 1;
const DARK: u8 = 2;
/// Not yet told.
const ASKED: u8 = 4;

/// What casts shadows on what.
pub(crate) struct Caster<'a> {
    pub scene: &'a Scene<'a>,
    pub eye_km: Vec3<BodyFixed>,
    pub sun_km: Vec3<BodyFixed>,
    pub pattern: Pattern,
    pub size: [usize; 2],
    pub ifov_rad: f64,
}

impl Caster<'_> {
    /// Sets [`Patch::lit_fraction`] of all patches.
    pub fn cast(&self, strips: &mut [Strip], shadows: Shadows) {
        match (shadows, self.scene.shape) {
            // A convex body shades nothing that faces the Sun.
            (Shadows::Off, _) | (_, Shape::Ellipsoid(_)) => {}
            (Shadows::EverySample, _) => self.test_all(strips),
            _ => {
                let told = self.test_pixels(strips);
                let edges = self.edges(strips, &told);
                // One sample has been tested already; so have those of shapes that are not drawn.
                if self.pattern.samples() > 1 {
                    self.test_sharp(strips, &edges.sharp);
                }
                self.follow_penumbrae(strips, edges.soft);
            }
        }
    }

    /// All samples of pixels on sharp edges against the Sun's centre.
    fn test_sharp(&self, strips: &mut [Strip], pixels: &[u32]) {
        let chosen = |patch: &&Patch| self.faces_sun(patch);
        let points = pixels.par_chunks(1024).map(|pixels| {
            let mut points = Vec::new();
            for pixel in pixels {
                let (k, patches) = self.find(strips, *pixel);
                for patch in strips[k].patches[patches].iter().filter(chosen) {
                    self.each_sample(&strips[k], patch, |_, point| points.push(point));
                }
            }
            points
        });
        let points: Vec<Vec<SurfacePoint>> = points.collect();
        let lit = self.lit(&points.concat());
        let mut rest = lit.as_slice();
        for pixel in pixels {
            let (k, patches) = self.find(strips, *pixel);
            for patch in strips[k].patches[patches].iter_mut().filter(|patch| self.faces_sun(patch)) {
                let (own, after) = rest.split_at(patch.samples.count_ones() as usize);
                rest = after;
                patch.lit_fraction = own.iter().sum::<f32>() / own.len().max(1) as f32;
            }
        }
    }

    /// All samples of all pixels against places on the Sun's disc.
    fn test_all(&self, strips: &mut [Strip]) {
        let sun = Places::of(self.scene.sun, self.sun_km, self.pattern);
        for strip in strips {
            let fractions = strip.patches.par_iter().with_min_len(256).map(|patch| {
                if self.faces_sun(patch) { self.test_samples(strip, patch, &sun) } else { patch.lit_fraction }
            });
            let fractions: Vec<f32> = fractions.collect();
            strip.patches.iter_mut().zip(fractions).for_each(|(patch, lit)| patch.lit_fraction = lit);
        }
    }

    /// The strip of a pixel, and where in it its patches are.
    fn find(&self, strips: &[Strip], pixel: u32) -> (usize, Range<usize>) {
        let lines = strips.first().map_or(1, |strip| strip.looks.lines());
        let k = pixel as usize / self.size[0] / lines;
        let patches = &strips[k].patches;
        let first = patches.partition_point(|patch| patch.pixel < pixel);
        let count = patches[first..].iter().take_while(|patch| patch.pixel == pixel).count();
        (k, first..first + count)
    }

    /// The places on the ground of a patch's samples.
    fn each_sample(&self, strip: &Strip, patch: &Patch, mut take: impl FnMut(usize, SurfacePoint)) {
        let pixel = patch.pixel as usize;
        let at = [pixel % self.size[0], pixel / self.size[0] - strip.first];
        let normal = patch.normal();
        let height_km = normal.dot(patch.point_km - self.eye_km);
        let mut left = patch.samples;
        while left != 0 {
            let sample = left.trailing_zeros() as usize;
            left &= left - 1;
            let point_km = match self.scene.shape {
                Shape::Mesh(_) => {
                    let look = strip.looks.at(at, self.pattern.place(sample));
                    self.eye_km + look * (height_km / normal.dot(look))
                }
                _ => patch.point_km,
            };
            take(sample, SurfacePoint { point_km, normal });
        }
    }

    fn faces_sun(&self, patch: &Patch) -> bool {
        (self.sun_km - patch.point_km).dot(patch.normal()) > 0.0
    }

    /// One test a pixel, and what it told.
    fn test_pixels(&self, strips: &mut [Strip]) -> Vec<u8> {
        let mut told = vec![NOTHING; self.size[0] * self.size[1]];
        let part = strips.first().map_or(1, |strip| strip.looks.lines() * self.size[0]);
        let chosen = strips.par_iter().zip(told.par_chunks_mut(part));
        let chosen: Vec<_> = chosen.map(|(strip, told)| self.choose(strip, told)).collect();
        let lit = self.lit(&chosen.concat());
        let mut rest = lit.as_slice();
        let lit: Vec<&[f32]> = chosen.iter().filter_map(|own| rest.split_off(..own.len())).collect();
        let jobs = strips.par_iter_mut().zip(told.par_chunks_mut(part)).zip(lit);
        jobs.for_each(|((strip, told), lit)| self.note(strip, told, lit));
        told
    }

    /// The patch of each pixel that is tested: of those that face the Sun the one with most samples.
    fn tested<'p>(&self, pixel: &'p [Patch]) -> Option<&'p Patch> {
        if let [only] = pixel {
            return self.faces_sun(only).then_some(only);
        }
        let facing = pixel.iter().filter(|patch| self.faces_sun(patch));
        // The first of equals.
        facing.rev().max_by_key(|patch| patch.samples.count_ones())
    }

    /// Points of a strip that have to be tested, one a pixel at most; notes what is sure.
    fn choose(&self, strip: &Strip, told: &mut [u8]) -> Vec<SurfacePoint> {
        let first = strip.first * self.size[0];
        let mut points = Vec::with_capacity(strip.patches.len().min(told.len()));
        for pixel in strip.patches.chunk_by(|a, b| a.pixel == b.pixel) {
            let Some(patch) = self.tested(pixel) else { continue };
            let sure = self.scene.is_surely_lit(patch.point_km, self.sun_km - patch.point_km);
            told[patch.pixel as usize - first] = if sure { LIT } else { ASKED };
            if !sure {
                points.push(SurfacePoint { point_km: patch.point_km, normal: patch.normal() });
            }
        }
        points
    }

    /// Whether points see the Sun's centre.
    fn lit(&self, points: &[SurfacePoint]) -> Vec<f32> {
        match self.scene.shape {
            Shape::Mesh(mesh) => {
                mesh.lit(points, &SunDisc { centre_km: self.sun_km, radius_km: 0.0, samples: 1 })
            }
            shape => {
                let lit = |point: &SurfacePoint| if shape.hidden(point, self.sun_km) { 0.0 } else { 1.0 };
                points.par_iter().map(lit).collect()
            }
        }
    }

    /// Writes what the tests of a strip told to its patches and pixels.
    fn note(&self, strip: &mut Strip, told: &mut [u8], lit: &[f32]) {
        let first = strip.first * self.size[0];
        let mut lit = lit.iter();
        for pixel in strip.patches.chunk_by_mut(|a, b| a.pixel == b.pixel) {
            let told = &mut told[pixel[0].pixel as usize - first];
            if *told == ASKED {
                let fraction = *lit.next().unwrap_or(&1.0);
                *told = if fraction > 0.0 { LIT } else { DARK };
                pixel.iter_mut().for_each(|patch| patch.lit_fraction = fraction);
            }
        }
    }

    /// The mean over a patch's samples of what they see of the Sun.
    fn test_samples(&self, strip: &Strip, patch: &Patch, sun: &Places) -> f32 {
        let (mut seen, mut asked) = (0u32, 0u32);
        self.each_sample(strip, patch, |sample, point| {
            for place_km in sun.of_sample(sample) {
                asked += 1;
                let faces = (*place_km - point.point_km).dot(point.normal) > 0.0;
                seen += u32::from(faces && !self.scene.shape.hidden(&point, *place_km));
            }
        });
        seen as f32 / asked.max(1) as f32
    }
}
