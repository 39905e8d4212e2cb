// SPDX-License-Identifier: MIT OR Apache-2.0
//! How bright patches are: the model over planes of angles, times albedo, light and share of the pixel.

use facula_core::{BodyFixed, LonLat, Pose, Quality, Vec3};
use facula_photometry::LightPlanes;
use facula_shape::{Mesh, Shape, Sight};

use super::looks::Pattern;
use super::patch::{Patch, Strip};
use super::truth::{PLANES, TruthLines};
use crate::Scene;
use crate::extras::AddedStrip;
use crate::haze::Air;

/// Patches that are shaded at once: their planes stay in the cache.
const CHUNK: usize = 4096;

/// What shading needs.
pub(crate) struct Shader<'a> {
    pub scene: &'a Scene<'a>,
    pub pose: &'a Pose,
    pub pattern: Pattern,
    pub ifov_rad: f64,
}

/// Angles and light of some patches, one entry each.
#[derive(Default)]
struct Planes {
    cos_incidence: Vec<f32>,
    cos_emission: Vec<f32>,
    cos_phase: Vec<f32>,
    albedo: Vec<f32>,
    iof: Vec<f32>,
}

impl Planes {
    fn clear(&mut self) {
        for plane in [
            &mut self.cos_incidence,
            &mut self.cos_emission,
            &mut self.cos_phase,
            &mut self.albedo,
            &mut self.iof,
        ] {
            plane.clear();
        }
    }
}

impl Shader<'_> {
    /// Adds the light of a strip's patches to its lines of the picture, and to the truth where asked for.
    /// `extra` holds light beside the Sun's for each patch, or nothing.
    pub fn strip(
        &self,
        strip: &Strip,
        (iof, mut truth): (&mut [f32], Option<TruthLines<'_>>),
        extra: AddedStrip<'_>,
    ) {
        let first = strip.first as u32 * (iof.len() / strip.looks.lines().max(1)) as u32;
        let mut planes = Planes::default();
        let samples = self.pattern.samples();
        for (chunk, patches) in strip.patches.chunks(CHUNK).enumerate() {
            self.fill(patches, &mut planes);
            self.reflect(&mut planes);
            for (k, patch) in patches.iter().enumerate() {
                let mut value = planes.iof[k] * patch.lit_fraction;
                if let Some(changes) = extra.changes {
                    let change = changes[chunk * CHUNK + k];
                    value = value * change.kept + change.added;
                }
                let pixel = (patch.pixel - first) as usize;
                iof[pixel] += value * patch.share(samples) as f32;
                if let Some(truth) = &mut truth {
                    self.note(patch, (&planes, k), (truth, pixel));
                }
            }
        }
        if let Some(truth) = &mut truth {
            truth.finish();
        }
        if let Some(air) = extra.air {
            self.hazy_sky(strip, iof, air);
        }
    }

    /// Adds haze in front of the sky: along the lines of sight of samples that see no ground.
    fn hazy_sky(&self, strip: &Strip, iof: &mut [f32], air: &Air) {
        let (samples, width) = (self.pattern.samples(), iof.len() / strip.looks.lines().max(1));
        let mut patches = strip.patches.iter().peekable();
        for (pixel, value) in iof.iter_mut().enumerate() {
            let mut ground = 0u64;
            while let Some(patch) = patches.next_if(|p| p.pixel as usize == strip.first * width + pixel) {
                ground |= patch.samples;
            }
            for sample in (0..samples).filter(|sample| ground >> sample & 1 == 0) {
                let look = strip.looks.at([pixel % width, pixel / width], self.pattern.place(sample));
                let scattered = air.scattered_iof(self.pose.spacecraft_km, look, f64::INFINITY);
                *value += scattered as f32 / samples as f32;
            }
        }
    }

    fn fill(&self, patches: &[Patch], planes: &mut Planes) {
        planes.clear();
        for patch in patches {
            let normal = self.normal(patch);
            let (to_sun, to_eye) =
                (self.pose.sun_km - patch.point_km, self.pose.spacecraft_km - patch.point_km);
            let (sun, eye) = (1.0 / to_sun.dot(to_sun).sqrt(), 1.0 / to_eye.dot(to_eye).sqrt());
            // A facet that faces away is dark, whatever its smooth normal says.
            let facing = patch.normal().dot(to_sun) > 0.0;
            let cos_incidence = if facing { normal.dot(to_sun) * sun } else { -1.0 };
            planes.cos_incidence.push(cos_incidence as f32);
            planes.cos_emission.push((normal.dot(to_eye) * eye) as f32);
            planes.cos_phase.push((to_sun.dot(to_eye) * sun * eye) as f32);
            let footprint_km = self.ifov_rad / eye;
            let up = patch.point_km * (1.0 / patch.point_km.dot(patch.point_km).sqrt());
            planes.albedo.push(self.scene.ground.normal_albedo(up, footprint_km) as f32);
        }
    }

    /// Fills `iof` for ground that sees the whole Sun.
    fn reflect(&self, planes: &mut Planes) {
        planes.iof.resize(planes.albedo.len(), 0.0);
        let light = LightPlanes {
            cos_incidence: &planes.cos_incidence,
            cos_emission: &planes.cos_emission,
            cos_phase: &planes.cos_phase,
        };
        let unit = self.scene.model.with_normal_albedo(1.0);
        unit.iof_each(&light, &mut planes.iof);
        planes.iof.iter_mut().zip(&planes.albedo).for_each(|(iof, albedo)| *iof *= albedo);
    }

    /// The normal that shades a patch.
    fn normal(&self, patch: &Patch) -> Vec3<BodyFixed> {
        let (Some(normals), Shape::Mesh(mesh)) = (&self.scene.vertex_normals, self.scene.shape) else {
            return patch.normal();
        };
        match normals.get(patch.facet as usize) {
            Some(corners) => smooth(mesh, patch, corners),
            None => patch.normal(),
        }
    }

    /// Truth of a patch: means for what can be averaged, the rest from the patch with most samples.
    fn note(
        &self,
        patch: &Patch,
        (planes, k): (&Planes, usize),
        (truth, pixel): (&mut TruthLines<'_>, usize),
    ) {
        let share = patch.share(self.pattern.samples()) as f32;
        truth.add(pixel, share, [planes.albedo[k], self.shadow_fraction(patch, planes.cos_incidence[k])]);
        if share <= truth.largest(pixel) {
            return;
        }
        let place = LonLat::of(patch.point_km);
        let degrees = |cosine: f32| f64::from(cosine).clamp(-1.0, 1.0).acos().to_degrees() as f32;
        let to_sun = (self.pose.sun_km - patch.point_km).unit().unwrap_or_default();
        let incidence_deg = self.normal(patch).angle_rad(to_sun).to_degrees() as f32;
        let mut quality = Quality::GOOD;
        if planes.cos_incidence[k] <= 0.0 || patch.lit_fraction == 0.0 {
            quality |= Quality::SHADOW;
        }
        let values: [f32; PLANES] = [
            place.longitude_deg() as f32,
            place.latitude_deg() as f32,
            incidence_deg,
            degrees(planes.cos_emission[k]),
            degrees(planes.cos_phase[k]),
            (self.pose.spacecraft_km - patch.point_km).length() as f32,
        ];
        truth.set(pixel, share, (values, quality));
    }

    fn shadow_fraction(&self, patch: &Patch, cos_incidence: f32) -> f32 {
        if cos_incidence > 0.0 { 1.0 - patch.lit_fraction } else { 1.0 }
    }
}

/// The normal of a facet's corners at a patch, by its barycentric coordinates.
fn smooth(mesh: &Mesh, patch: &Patch, corners: &[[f32; 3]; 3]) -> Vec3<BodyFixed> {
    debug_assert_ne!(patch.facet, Sight::NO_FACET);
    let [a, b, c] = mesh.facet_km(patch.facet as usize).map(|corner| corner - patch.point_km);
    let normal = patch.normal();
    let weights = [b.cross(c).dot(normal), c.cross(a).dot(normal), a.cross(b).dot(normal)];
    let sum = corners.iter().zip(weights).fold(Vec3::default(), |sum, (corner, weight)| {
        sum + Vec3::from_array(corner.map(f64::from)) * weight
    });
    sum.unit().unwrap_or(normal)
}
