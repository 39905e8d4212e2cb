// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light beside the Sun's: from ground that shines by itself, from lit terrain and from haze; and what haze takes away.

mod bounce;

use facula_core::{BodyFixed, Pose, Vec3};
use facula_geometry::Camera;
use rayon::prelude::*;

use crate::haze::Air;
use crate::render::{Patch, Strip};
use crate::{Scene, SimulateError};
pub use bounce::Bounce;
use bounce::Bounced;

/// A round patch of ground that shines by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glow {
    /// Its middle, direction from the centre of the body (unit vector).
    pub centre: Vec3<BodyFixed>,
    /// Its radius as seen from the centre of the body, rad.
    pub radius_rad: f64,
    /// Radiance as an equivalent I/F: π times radiance over solar irradiance at the body's distance; the same in all
    /// directions, day and night.
    pub iof: f64,
}

/// What happens to the sunlight that a patch sends to the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// Part of the reflected sunlight that arrives.
    pub kept: f32,
    /// I/F added to it.
    pub added: f32,
}

/// Light added to the patches of a picture, and taken from them.
pub(crate) struct Added {
    strips: Vec<Vec<Change>>,
    air: Option<Air>,
}

/// Changes of a strip's patches, and the haze in front of the sky.
#[derive(Clone, Copy)]
pub(crate) struct AddedStrip<'a> {
    pub changes: Option<&'a [Change]>,
    pub air: Option<&'a Air>,
}

impl Added {
    /// # Errors
    /// [`SimulateError::Argument`] for hazes and bounces that cannot be used.
    pub fn of(
        scene: &Scene<'_>,
        (camera, pose): (&Camera, &Pose),
        strips: &[Strip],
    ) -> Result<Self, SimulateError> {
        scene.haze.iter().try_for_each(crate::Haze::check)?;
        let air = Air::of(&scene.haze, pose.sun_km);
        let bounced = match scene.bounce {
            Some(bounce) => Some(Bounced::of((scene, bounce), (camera, pose), strips)?),
            None => None,
        };
        if scene.glow.is_empty() && air.is_none() && bounced.is_none() {
            return Ok(Self { strips: Vec::new(), air });
        }
        let change = |patch: &Patch| {
            let up = patch.point_km.unit().unwrap_or_default();
            let inside = |glow: &&Glow| up.angle_rad(glow.centre) < glow.radius_rad;
            let glow: f32 = scene.glow.iter().filter(inside).map(|glow| glow.iof as f32).sum();
            let bounced = bounced.as_ref().map_or(0.0, |bounced| bounced.iof(patch));
            let own = Change { kept: 1.0, added: glow + bounced };
            air.as_ref().map_or(own, |air| behind(air, (patch, own), pose))
        };
        let of_strip = |strip: &Strip| strip.patches.iter().map(change).collect();
        let strips = strips.par_iter().with_max_len(1).map(of_strip).collect();
        Ok(Self { strips, air })
    }

    pub fn of_strip(&self, strip: usize) -> AddedStrip<'_> {
        AddedStrip { changes: self.strips.get(strip).map(Vec::as_slice), air: self.air.as_ref() }
    }
}

/// The change of a patch with haze around it.
fn behind(air: &Air, (patch, own): (&Patch, Change), pose: &Pose) -> Change {
    let sight = patch.point_km - pose.spacecraft_km;
    let length_km = sight.length();
    let look = sight * (1.0 / length_km);
    let depth = air.depth(pose.spacecraft_km, look, length_km);
    let scattered = air.scattered_iof(pose.spacecraft_km, look, length_km);
    Change {
        kept: (-depth - air.depth_to_sun(patch.point_km)).exp() as f32,
        added: own.added * (-depth).exp() as f32 + scattered as f32,
    }
}
