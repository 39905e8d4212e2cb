// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which part of the Sun's disc each patch sees.
//!
//! [`Shadows::Adaptive`]: one point a pixel is tested against the Sun's centre, all of a frame drawn at once (patches
//! on ground that no slope of the body can shade are not tested). Where neighbouring pixels differ every sample is
//! tested, again all drawn at once. Where the penumbra of the obstacle found at such an edge is wider than half a
//! pixel, all samples as far around as it reaches (16 px at most) are tested by rays to places spread over the disc.
//! What can be lost is a shadow, or a gap in one, that no pixel's middle sees, and the softness of edges sharper than half
//! a pixel (6 % of the step between light and shadow in single pixels).

use facula_core::{BodyFixed, Vec3};
use facula_shape::{Shape, SunDisc, SurfacePoint};
use rayon::prelude::*;

use super::looks::Pattern;
use super::patch::{Patch, Strip};
use crate::{Scene, Sun};

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

/// Farthest that a penumbra is followed from a shadow's edge, px.
const REACH_PX: f64 = 16.0;

/// Half a penumbra narrower than this is taken as sharp, px.
const SHARP_PX: f64 = 0.25;

/// How a pixel lies to the edges of shadows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    None,
    Sharp,
    /// In a penumbra wider than a pixel's part.
    Soft,
}

/// What a pixel's test told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Sky, or ground that faces away from the Sun.
    Nothing,
    Lit,
    Dark,
}

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
            (Shadows::EverySample, _) => self.test_soft(strips, |_| true),
            _ => {
                let edges = self.test_pixels(strips);
                // One sample has been tested already; so have those of shapes that are not drawn.
                if self.pattern.samples() > 1 {
                    self.test_sharp(strips, &edges);
                }
                if edges.contains(&Edge::Soft) {
                    self.test_soft(strips, |pixel| edges[pixel] == Edge::Soft);
                }
            }
        }
    }

    /// All samples of pixels on sharp edges against the Sun's centre.
    fn test_sharp(&self, strips: &mut [Strip], edges: &[Edge]) {
        let chosen = |patch: &Patch| edges[patch.pixel as usize] == Edge::Sharp && self.faces_sun(patch);
        let points = strips.par_iter().map(|strip| {
            let mut points = Vec::new();
            for patch in strip.patches.iter().filter(|patch| chosen(patch)) {
                self.each_sample(strip, patch, |_, point| points.push(point));
            }
            points
        });
        let points: Vec<Vec<SurfacePoint>> = points.collect();
        let lit = self.lit(&points.concat());
        let mut rest = lit.as_slice();
        for patch in strips.iter_mut().flat_map(|strip| &mut strip.patches).filter(|patch| chosen(patch)) {
            let (own, after) = rest.split_at(patch.samples.count_ones() as usize);
            rest = after;
            patch.lit_fraction = own.iter().sum::<f32>() / own.len().max(1) as f32;
        }
    }

    /// All samples of some pixels against places on the Sun's disc.
    fn test_soft(&self, strips: &mut [Strip], chosen: impl Fn(usize) -> bool + Sync) {
        let sun = Places::of(self.scene.sun, self.sun_km, self.pattern);
        for strip in strips {
            let fractions = strip.patches.par_iter().with_min_len(256).map(|patch| {
                let chosen = chosen(patch.pixel as usize) && self.faces_sun(patch);
                if chosen { self.test_samples(strip, patch, &sun) } else { patch.lit_fraction }
            });
            let fractions: Vec<f32> = fractions.collect();
            strip.patches.iter_mut().zip(fractions).for_each(|(patch, lit)| patch.lit_fraction = lit);
        }
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

    /// One test a pixel; tells which pixels need more.
    fn test_pixels(&self, strips: &mut [Strip]) -> Vec<Edge> {
        let chosen: Vec<Vec<SurfacePoint>> = strips.par_iter().map(|strip| self.choose(strip)).collect();
        let lit = self.lit(&chosen.concat());
        let mut starts = Vec::with_capacity(strips.len());
        let mut next = 0;
        for points in &chosen {
            starts.push(next);
            next += points.len();
        }
        let mut told = vec![Told::Nothing; self.size[0] * self.size[1]];
        let mut rest = told.as_mut_slice();
        let mut jobs = Vec::with_capacity(strips.len());
        for ((strip, start), points) in strips.iter_mut().zip(starts).zip(&chosen) {
            let (own, after) = rest.split_at_mut(strip.looks.lines() * self.size[0]);
            rest = after;
            jobs.push((strip, own, &lit[start..start + points.len()]));
        }
        jobs.into_par_iter().for_each(|(strip, told, lit)| self.note(strip, told, lit));
        self.edges(strips, &told)
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

    fn is_surely_lit(&self, patch: &Patch) -> bool {
        let unit = |v: Vec3<BodyFixed>| v * (1.0 / v.dot(v).sqrt());
        self.scene.is_surely_lit(unit(patch.point_km), unit(self.sun_km - patch.point_km))
    }

    /// Points of a strip that have to be tested, one a pixel at most.
    fn choose(&self, strip: &Strip) -> Vec<SurfacePoint> {
        let pixels = strip.patches.chunk_by(|a, b| a.pixel == b.pixel);
        let tested = pixels.filter_map(|pixel| self.tested(pixel));
        let unsure = tested.filter(|patch| !self.is_surely_lit(patch));
        unsure.map(|patch| SurfacePoint { point_km: patch.point_km, normal: patch.normal() }).collect()
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

    /// Writes what the tests of a strip told to its patches and pixels. The same walk as [`Self::choose`].
    fn note(&self, strip: &mut Strip, told: &mut [Told], mut lit: &[f32]) {
        let first = strip.first * self.size[0];
        for pixel in strip.patches.chunk_by_mut(|a, b| a.pixel == b.pixel) {
            let Some(tested) = self.tested(pixel) else { continue };
            let fraction = match (self.is_surely_lit(tested), lit) {
                (false, [fraction, rest @ ..]) => {
                    lit = rest;
                    *fraction
                }
                _ => 1.0,
            };
            told[pixel[0].pixel as usize - first] = if fraction > 0.0 { Told::Lit } else { Told::Dark };
            pixel.iter_mut().for_each(|patch| patch.lit_fraction = fraction);
        }
    }

    /// Pixels on shadow edges and in penumbrae.
    fn edges(&self, strips: &[Strip], told: &[Told]) -> Vec<Edge> {
        let [width, height] = self.size;
        let found: Vec<Vec<(u32, Option<u8>)>> = strips
            .par_iter()
            .map(|strip| {
                let pixels = strip.patches.chunk_by(|a, b| a.pixel == b.pixel);
                let differing = pixels.filter(|pixel| differs(told, self.size, pixel[0].pixel as usize));
                differing.map(|pixel| (pixel[0].pixel, self.penumbra_px(pixel, told))).collect()
            })
            .collect();
        let mut edges = vec![Edge::None; width * height];
        for (pixel, reach) in found.iter().flatten() {
            if reach.is_none() && edges[*pixel as usize] == Edge::None {
                edges[*pixel as usize] = Edge::Sharp;
            }
            let Some(reach) = reach.map(usize::from) else { continue };
            let (x, y) = (*pixel as usize % width, *pixel as usize / width);
            let columns = x.saturating_sub(reach)..(x + reach + 1).min(width);
            for line in y.saturating_sub(reach)..(y + reach + 1).min(height) {
                edges[line * width + columns.start..line * width + columns.end].fill(Edge::Soft);
            }
        }
        edges
    }

    /// How far around a pixel on a shadow's edge a penumbra may reach, px; `None` where it is sharp, and for three of
    /// four pixels that are not looked at.
    fn penumbra_px(&self, pixel: &[Patch], told: &[Told]) -> Option<u8> {
        let Sun::Disc { radius_km, .. } = self.scene.sun else { return None };
        let number = pixel[0].pixel as usize;
        let place = number % self.size[0] + 2 * (number / self.size[0]);
        if told[number] != Told::Dark || !place.is_multiple_of(4) {
            return None;
        }
        let patch = self.tested(pixel)?;
        let to_sun = (self.sun_km - patch.point_km).unit()?;
        let lifted_km = patch.point_km + patch.normal() * (1e-5 * self.scene.shape.bounding_radius_km());
        let hit = self.scene.shape.intersect(lifted_km, to_sun)?;
        let half_km = hit.distance_km * radius_km / self.sun_km.length();
        let pixel_km = (patch.point_km - self.eye_km).length() * self.ifov_rad;
        // Where the Sun stands lower there is little light to be soft.
        let stretch = 1.0 / patch.normal().dot(to_sun).max(0.2);
        let reach_px = half_km / pixel_km * stretch;
        // Two more for the pixels around that were not looked at.
        (reach_px > SHARP_PX).then(|| (reach_px + 2.0).min(REACH_PX) as u8)
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

/// Whether a pixel's test told something else than that of a neighbour.
fn differs(told: &[Told], [width, height]: [usize; 2], pixel: usize) -> bool {
    let (x, y, own) = (pixel % width, pixel / width, told[pixel]);
    let other = match own {
        Told::Nothing => return false,
        Told::Lit => Told::Dark,
        Told::Dark => Told::Lit,
    };
    let columns = x.saturating_sub(1)..(x + 2).min(width);
    (y.saturating_sub(1)..(y + 2).min(height))
        .any(|line| told[line * width..][columns.clone()].contains(&other))
}

/// Places on the Sun for each sample of a pixel.
struct Places {
    each: usize,
    places_km: Vec<Vec3<BodyFixed>>,
}

impl Places {
    fn of(sun: Sun, centre_km: Vec3<BodyFixed>, pattern: Pattern) -> Self {
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

    fn of_sample(&self, sample: usize) -> &[Vec3<BodyFixed>] {
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
