// SPDX-License-Identifier: MIT OR Apache-2.0
//! What pixels see: pieces of ground, one for each facet (or place) that some of a pixel's samples meet.

use facula_core::{BodyFixed, Pose, Vec3};
use facula_shape::{FrameSize, Mesh, Shape, Sight};

use crate::Scene;

use super::looks::{Looks, Pattern, weights};

/// A piece of ground within a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patch {
    /// Where the middle of its samples meets it.
    pub point_km: Vec3<BodyFixed>,
    /// Its samples, one bit each.
    pub samples: u64,
    /// Outward unit normal of the ground there.
    pub normal: [f32; 3],
    /// Pixel, line by line over the whole frame.
    pub pixel: u32,
    /// Facet of the mesh, [`Sight::NO_FACET`] for other shapes.
    pub facet: u32,
    /// Part of the Sun's disc it sees.
    pub lit_fraction: f32,
}

impl Patch {
    pub fn normal(&self) -> Vec3<BodyFixed> {
        Vec3::from_array(self.normal.map(f64::from))
    }

    pub fn share(&self, samples: usize) -> f64 {
        f64::from(self.samples.count_ones()) / samples as f64
    }
}

/// Some lines of a frame.
pub(crate) struct Strip {
    /// First line.
    pub first: usize,
    pub looks: Looks,
    /// By growing pixel.
    pub patches: Vec<Patch>,
}

/// What a strip is made from.
pub(crate) struct Viewer<'a> {
    pub scene: &'a Scene<'a>,
    pub pose: &'a Pose,
    pub pattern: Pattern,
    pub width: usize,
    pub ifov_rad: f64,
}

impl Viewer<'_> {
    pub fn strip(&self, first: usize, looks: Looks) -> Strip {
        let eye_km = self.pose.spacecraft_km;
        let reach_km = self.scene.shape.bounding_radius_km();
        let patches = match (looks.columns(eye_km, reach_km, self.ifov_rad), self.scene.shape) {
            (None, _) => Vec::new(),
            (Some(columns), Shape::Mesh(mesh)) => self.drawn(mesh, (first, columns), &looks),
            (Some(columns), shape) => self.cast(shape, (first, columns), &looks),
        };
        Strip { first, looks, patches }
    }

    /// Patches of a mesh: one a facet and pixel.
    fn drawn(&self, mesh: &Mesh, (first, columns): (usize, (usize, usize)), looks: &Looks) -> Vec<Patch> {
        let Pattern { across, down } = self.pattern;
        let (left, count) = (columns.0, columns.1 - columns.0);
        let places: Vec<[f64; 2]> = (0..self.pattern.samples()).map(|k| self.pattern.place(k)).collect();
        let corners: Vec<[f64; 4]> = places.iter().map(|[u, v]| weights([*u, *v])).collect();
        let size = FrameSize { width: count * across, height: looks.lines() * down };
        // Pixel and part of it by sample of the fine frame; divisions would cost more.
        let split = |first: usize, parts: usize, count: usize| -> Vec<[u32; 2]> {
            (0..count * parts).map(|k| [(first + k / parts) as u32, (k % parts) as u32]).collect()
        };
        let (xs, ys) = (split(left, across, count), split(0, down, looks.lines()));
        let sight = mesh.visible(self.pose.spacecraft_km, size, |x, y| {
            let ([column, i], [line, j]) = (xs[x], ys[y]);
            looks.mixed([column as usize, line as usize], &corners[j as usize * across + i as usize])
        });
        let mut patches = Vec::with_capacity(looks.lines() * count);
        let mut found = Vec::with_capacity(places.len());
        for line in 0..looks.lines() {
            for column in 0..count {
                group(&sight, (self.pattern, [column, line]), &mut found);
                let pixel = ((first + line) * self.width + left + column) as u32;
                for seen in &found {
                    let look = |place: [f64; 2]| looks.at([left + column, line], place);
                    patches.extend(self.on_facet((seen, pixel), &places, look));
                }
            }
        }
        patches
    }

    /// The piece of a facet that a line of sight meets; `None` for a facet seen from behind or edge-on.
    #[inline(always)]
    fn on_facet(
        &self,
        (seen, pixel): (&Seen, u32),
        places: &[[f64; 2]],
        look: impl Fn([f64; 2]) -> Vec3<BodyFixed>,
    ) -> Option<Patch> {
        let eye_km = self.pose.spacecraft_km;
        let normal = self.scene.facet_normals[seen.facet as usize];
        let normal_f64 = Vec3::from_array(normal.map(f64::from));
        let first = look(places[seen.samples.trailing_zeros() as usize]);
        let middle = if seen.samples.count_ones() == 1 { first } else { look(middle(seen.samples, places)) };
        let facing = normal_f64.dot(middle);
        let distance_km = seen.distance_km * normal_f64.dot(first) / facing;
        // Negated so that an edge-on facet's NaN is left out, too.
        (facing < 0.0 && distance_km > 0.0).then(|| Patch {
            point_km: eye_km + middle * distance_km,
            samples: seen.samples,
            normal,
            pixel,
            facet: seen.facet,
            lit_fraction: 1.0,
        })
    }

    /// Patches of other shapes: one a sample.
    fn cast(&self, shape: &Shape, (first, columns): (usize, (usize, usize)), looks: &Looks) -> Vec<Patch> {
        let mut patches = Vec::new();
        for line in 0..looks.lines() {
            for column in columns.0..columns.1 {
                for sample in 0..self.pattern.samples() {
                    let look = looks.at([column, line], self.pattern.place(sample));
                    let Some(hit) = shape.intersect(self.pose.spacecraft_km, look) else { continue };
                    patches.push(Patch {
                        point_km: hit.point_km,
                        samples: 1 << sample,
                        normal: hit.normal.to_array().map(|c| c as f32),
                        pixel: ((first + line) * self.width + column) as u32,
                        facet: Sight::NO_FACET,
                        lit_fraction: 1.0,
                    });
                }
            }
        }
        patches
    }
}

/// A facet that samples of a pixel see.
struct Seen {
    facet: u32,
    samples: u64,
    /// Along the line of sight of the first of them.
    distance_km: f64,
}

/// The facets that the samples of a pixel see, in the order of their first sample.
#[inline(always)]
fn group(sight: &Sight, (pattern, [column, line]): (Pattern, [usize; 2]), found: &mut Vec<Seen>) {
    found.clear();
    let mut bit = 1u64;
    for y in line * pattern.down..(line + 1) * pattern.down {
        let samples = column * pattern.across..(column + 1) * pattern.across;
        for x in samples {
            let facet = sight.facet.at(x, y);
            if facet != Sight::NO_FACET {
                match found.iter_mut().find(|known| known.facet == facet) {
                    Some(known) => known.samples |= bit,
                    None => found.push(Seen { facet, samples: bit, distance_km: sight.distance_km.at(x, y) }),
                }
            }
            bit = bit.wrapping_shl(1);
        }
    }
}

/// Mean place of some samples: within the facet, as facets are convex.
#[inline(always)]
fn middle(samples: u64, places: &[[f64; 2]]) -> [f64; 2] {
    let (mut left, mut sum) = (samples, [0.0; 2]);
    while left != 0 {
        let place = places[left.trailing_zeros() as usize];
        sum = [sum[0] + place[0], sum[1] + place[1]];
        left &= left - 1;
    }
    let inverse = 1.0 / f64::from(samples.count_ones());
    [sum[0] * inverse, sum[1] * inverse]
}
