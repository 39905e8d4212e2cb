// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is true of each pixel of a rendered picture.

use facula_core::{Quality, Raster};

/// Planes of [`Truth`] that come from one patch a pixel.
pub(crate) const PLANES: usize = 6;

/// What the ground seen by each pixel is and how it is lit; NaN on the sky. Places and angles are those at the piece of
/// ground (facet) with most of the pixel's samples; albedo and shadow are means over the samples on ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// East longitude, degrees, 0 to 360.
    pub longitude_deg: Raster<f32>,
    /// Planetocentric latitude, degrees.
    pub latitude_deg: Raster<f32>,
    /// Incidence angle on the ground's own normal, degrees.
    pub incidence_deg: Raster<f32>,
    /// Emission angle, degrees.
    pub emission_deg: Raster<f32>,
    /// Phase angle, degrees.
    pub phase_deg: Raster<f32>,
    /// Distance from the camera, km.
    pub distance_km: Raster<f32>,
    /// Normal albedo.
    pub normal_albedo: Raster<f32>,
    /// Part of the Sun's disc that does not reach the ground: 1 in full shadow and at night.
    pub shadow_fraction: Raster<f32>,
    /// Part of the pixel that sees ground.
    pub ground_fraction: Raster<f32>,
    /// [`Quality::SHADOW`] for ground without Sun, [`Quality::OFF_BODY`] for sky.
    pub quality: Raster<Quality>,
}

impl Truth {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let sky = || Raster::filled(width, height, f32::NAN);
        let none = || Raster::filled(width, height, 0.0f32);
        Self {
            longitude_deg: sky(),
            latitude_deg: sky(),
            incidence_deg: sky(),
            emission_deg: sky(),
            phase_deg: sky(),
            distance_km: sky(),
            normal_albedo: none(),
            shadow_fraction: none(),
            ground_fraction: none(),
            quality: Raster::filled(width, height, Quality::OFF_BODY),
        }
    }

    /// Its lines, some at a time.
    pub(crate) fn strips(&mut self, pixels: usize) -> Vec<TruthLines<'_>> {
        let single = [
            &mut self.longitude_deg,
            &mut self.latitude_deg,
            &mut self.incidence_deg,
            &mut self.emission_deg,
            &mut self.phase_deg,
            &mut self.distance_km,
        ];
        let mut single = single.map(|plane| plane.as_mut_slice().chunks_mut(pixels));
        let means = [&mut self.normal_albedo, &mut self.shadow_fraction];
        let mut means = means.map(|plane| plane.as_mut_slice().chunks_mut(pixels));
        let ground = self.ground_fraction.as_mut_slice().chunks_mut(pixels);
        let quality = self.quality.as_mut_slice().chunks_mut(pixels);
        let strips = ground.zip(quality).map(|(ground, quality)| TruthLines {
            largest: vec![0.0; ground.len()],
            single: single.each_mut().map(|chunks| chunks.next().unwrap_or_default()),
            means: means.each_mut().map(|chunks| chunks.next().unwrap_or_default()),
            ground,
            quality,
        });
        strips.collect()
    }
}

/// Some lines of [`Truth`].
pub(crate) struct TruthLines<'a> {
    single: [&'a mut [f32]; PLANES],
    means: [&'a mut [f32]; 2],
    ground: &'a mut [f32],
    quality: &'a mut [Quality],
    largest: Vec<f32>,
}

impl TruthLines<'_> {
    pub(crate) fn add(&mut self, pixel: usize, share: f32, means: [f32; 2]) {
        self.ground[pixel] += share;
        self.means.iter_mut().zip(means).for_each(|(plane, value)| plane[pixel] += share * value);
    }

    pub fn largest(&self, pixel: usize) -> f32 {
        self.largest[pixel]
    }

    pub(crate) fn set(&mut self, pixel: usize, share: f32, (values, quality): ([f32; PLANES], Quality)) {
        self.largest[pixel] = share;
        self.single.iter_mut().zip(values).for_each(|(plane, value)| plane[pixel] = value);
        self.quality[pixel] = quality;
    }

    /// Turns sums into means.
    pub fn finish(&mut self) {
        for plane in &mut self.means {
            plane.iter_mut().zip(self.ground.iter()).for_each(|(sum, ground)| *sum /= *ground);
        }
    }
}
