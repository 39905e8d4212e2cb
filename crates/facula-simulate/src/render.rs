// SPDX-License-Identifier: MIT OR Apache-2.0
//! A scene seen by a camera: I/F per pixel before the detector touches it, and the truth.
//!
//! In: [`Scene`], camera, pose. Out: [`Rendered`]. What a frame sees of a mesh is drawn, so are its shadows; other
//! shapes are asked ray by ray. Within a pixel all samples on one facet are shaded together, at the middle of them: over
//! the few metres to kilometres of a pixel a flat facet has one incidence and emission.

mod looks;
mod patch;
mod shade;
pub(crate) mod shadow;
mod truth;

use facula_core::{Pose, Raster};
use facula_geometry::Camera;
use rayon::prelude::*;

use crate::error::argument;
use crate::extras::Added;
use crate::{Scene, SimulateError};
use looks::{Looks, Pattern, corner_camera};
use patch::Viewer;
pub(crate) use patch::{Patch, Strip};
use shade::Shader;
use shadow::Caster;
pub use shadow::Shadows;
pub use truth::Truth;

/// How a picture is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// Lines of sight a pixel, 1 to 64, on nearly square strata: rounded up to 1, 2, 3, 4, 6, 8, 9, 12, 16, 20, 25, 30,
    /// 36, …, 64.
    pub samples_per_pixel: usize,
    /// How shadows are found.
    pub shadows: Shadows,
    /// Whether [`Rendered::truth`] is wanted.
    pub truth: WithTruth,
}

/// Whether the truth of each pixel is given beside its brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WithTruth {
    /// Brightness only.
    #[default]
    No,
    /// All planes of [`Truth`].
    Yes,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { samples_per_pixel: 4, shadows: Shadows::default(), truth: WithTruth::No }
    }
}

/// A rendered picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// I/F, mean over each pixel; 0 on the sky.
    pub iof: Raster<f32>,
    /// What each pixel sees, where asked for.
    pub truth: Option<Truth>,
}

/// Lines of samples that are drawn together.
const STRIP_SAMPLES: usize = 128;

/// Renders a scene.
///
/// # Errors
/// [`SimulateError::Argument`] for samples outside 1 to 64, a camera without pixels or with more than 2³² of them, and
/// a pose that is not finite.
pub fn render(
    scene: &Scene<'_>,
    camera: &Camera,
    pose: &Pose,
    options: &RenderOptions,
) -> Result<Rendered, SimulateError> {
    check(camera, pose, options)?;
    let pattern = Pattern::of(options.samples_per_pixel);
    let size @ [width, height] = [camera.width_px, camera.height_px];
    let ifov_rad = camera.ifov_rad();
    let lines = (STRIP_SAMPLES / pattern.down).max(1);
    let viewer = Viewer { scene, pose, pattern, width, ifov_rad };
    let corners = corner_camera(camera);
    let starts: Vec<usize> = (0..height).step_by(lines).collect();
    let strip = |first: &usize| {
        let looks = Looks::of(&corners, pose, (*first, lines.min(height - first)));
        viewer.strip(*first, looks)
    };
    let mut strips: Vec<Strip> = starts.par_iter().with_max_len(1).map(strip).collect();
    let (eye_km, sun_km) = (pose.spacecraft_km, pose.sun_km);
    let caster = Caster { scene, eye_km, sun_km, pattern, size, ifov_rad };
    caster.cast(&mut strips, options.shadows);
    let added = Added::of(scene, (camera, pose), &strips)?;
    let mut iof = Raster::filled(width, height, 0.0f32);
    let mut truth = (options.truth == WithTruth::Yes).then(|| Truth::new(width, height));
    let shader = Shader { scene, pose, pattern, ifov_rad };
    let mut truths: Vec<_> = match &mut truth {
        Some(truth) => truth.strips(lines * width).into_iter().map(Some).collect(),
        None => strips.iter().map(|_| None).collect(),
    };
    let rows = iof.as_mut_slice().par_chunks_mut(lines * width);
    rows.zip(&strips).zip(truths.par_drain(..)).enumerate().for_each(|(k, ((rows, strip), truth))| {
        shader.strip(strip, (rows, truth), added.of_strip(k));
    });
    Ok(Rendered { iof, truth })
}

fn check(camera: &Camera, pose: &Pose, options: &RenderOptions) -> Result<(), SimulateError> {
    let samples = options.samples_per_pixel;
    if !(1..=64).contains(&samples) {
        return Err(argument("render options", ("samples_per_pixel", samples), "give 1 to 64"));
    }
    let (width, height) = (camera.width_px, camera.height_px);
    let pixels = width.checked_mul(height).filter(|pixels| (1..=u32::MAX as usize).contains(pixels));
    if pixels.is_none() {
        let value = format!("{width} x {height}");
        return Err(argument("camera", ("width_px, height_px", value), "give it at least one pixel"));
    }
    let finite = pose.spacecraft_km.is_finite() && pose.sun_km.unit().is_some();
    if !finite {
        let value = format!("{:?}, {:?}", pose.spacecraft_km, pose.sun_km);
        return Err(argument("pose", ("spacecraft_km, sun_km", value), "both have to be finite"));
    }
    Ok(())
}
