// SPDX-License-Identifier: MIT OR Apache-2.0
//! I/F of many pixels at once: the same formulas, compiled to vector instructions chosen at run time.

use pulp::{Arch, NullaryFnOnce};

use super::SurfaceModel;
use crate::angles::Light;
use crate::hapke::{Prepared, Relief};
use crate::number::{Fast, Number};
use crate::{DiskFunction, HFunction, Hapke, PhaseFunction};

mod narrow;

/// Pixels worked on together: their factors stay in the nearest cache.
const BLOCK: usize = 256;

/// Angles of many pixels, cosines, all of one length.
///
/// A single-precision cosine of the phase angle tells angles apart by 0.02° near 0 and 180° and far better elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightPlanes<'a> {
    /// Cosine of the incidence angle; 0 or less, or not a number, is night.
    pub cos_incidence: &'a [f32],
    /// Cosine of the emission angle; 0 or less, or not a number, is unseen.
    pub cos_emission: &'a [f32],
    /// Cosine of the phase angle, −1 to 1.
    pub cos_phase: &'a [f32],
}

impl SurfaceModel {
    /// I/F of every pixel into `iof`: within 1e-5 of [`Self::iof`] for the same cosines; 0 where not lit or not seen.
    /// Works on the shortest of the four slices and on one thread: callers share out tiles.
    pub fn iof_each(&self, light: &LightPlanes<'_>, iof: &mut [f32]) {
        let level = self.normal_albedo.map_or(1.0, |albedo| albedo / self.law_normal_iof());
        let [sun, eye, phase] =
            [light.cos_incidence, light.cos_emission, light.cos_phase].map(|plane| plane.chunks(BLOCK));
        for (((sun, eye), phase), iof) in sun.zip(eye).zip(phase).zip(iof.chunks_mut(BLOCK)) {
            let length = sun.len().min(eye.len()).min(phase.len()).min(iof.len());
            let planes = LightPlanes {
                cos_incidence: &sun[..length],
                cos_emission: &eye[..length],
                cos_phase: &phase[..length],
            };
            let mut factor = [level; BLOCK];
            let factor = &mut factor[..length];
            let exact = |planes: LightPlanes<'_>, factor: &mut [f64]| phases(&self.phase, planes, factor);
            if self.phase != PhaseFunction::Constant && !narrow::multiply(planes, factor, exact) {
                exact(planes, factor);
            }
            disks(&self.disk, planes, factor);
            Arch::new().dispatch(|| finish(planes, factor, &mut iof[..length]));
        }
    }
}

#[inline(always)]
fn finish(planes: LightPlanes<'_>, factor: &[f64], iof: &mut [f32]) {
    let angles = planes.cos_incidence.iter().zip(planes.cos_emission);
    for ((iof, factor), (sun, eye)) in iof.iter_mut().zip(factor).zip(angles) {
        *iof = if (*sun > 0.0) & (*eye > 0.0) { *factor as f32 } else { 0.0 };
    }
}

/// A factor of I/F. Its form is a constant of its type: the loop over pixels must not ask for it.
trait Factor: Copy {
    fn at(self, light: &Light<Fast>) -> Fast;
}

/// Multiplies each of `factor` with the law at its pixel's angles.
struct Each<'a, F> {
    law: F,
    planes: LightPlanes<'a>,
    factor: &'a mut [f64],
}

impl<F: Factor> NullaryFnOnce for Each<'_, F> {
    type Output = ();

    /// A loop without branches and calls.
    #[inline(always)]
    fn call(self) {
        let length = self.factor.len();
        let (sun, eye) = (&self.planes.cos_incidence[..length], &self.planes.cos_emission[..length]);
        let phase = &self.planes.cos_phase[..length];
        for k in 0..length {
            let (sun, eye) = (Fast(f64::from(sun[k])), Fast(f64::from(eye[k])));
            let light = Light::of_cosines(sun, eye, Fast(f64::from(phase[k])));
            self.factor[k] *= self.law.at(&light).0;
        }
    }
}

fn each(law: impl Factor, planes: LightPlanes<'_>, factor: &mut [f64]) {
    Arch::new().dispatch(Each { law, planes, factor });
}

/// A phase function of the form [`PHASES`] has at this place.
#[derive(Clone, Copy)]
struct PhaseFactor<const FORM: usize>([Fast; 9]);

const PHASES: [PhaseFunction; 8] = [
    PhaseFunction::HgSphere { slope: 0.0 },
    PhaseFunction::Hg { slope: 0.0 },
    PhaseFunction::Hg1g2Sphere { slopes: [0.0; 2] },
    PhaseFunction::Hg1g2 { slopes: [0.0; 2] },
    PhaseFunction::Rolo { exponentials: [0.0; 4], polynomial: [0.0; 5] },
    PhaseFunction::Polynomial { coefficients: [0.0; 5] },
    PhaseFunction::Magnitudes { coefficients: [0.0; 3] },
    PhaseFunction::Exponential { decay: 0.0 },
];

impl<const FORM: usize> Factor for PhaseFactor<FORM> {
    #[inline(always)]
    fn at(self, light: &Light<Fast>) -> Fast {
        const { PHASES[FORM] }.of(&self.0, light)
    }
}

fn phases(phase: &PhaseFunction, planes: LightPlanes<'_>, factor: &mut [f64]) {
    let v = phase.values().map(Fast);
    match phase {
        PhaseFunction::Constant => {}
        PhaseFunction::HgSphere { .. } => each(PhaseFactor::<0>(v), planes, factor),
        PhaseFunction::Hg { .. } => each(PhaseFactor::<1>(v), planes, factor),
        PhaseFunction::Hg1g2Sphere { .. } => each(PhaseFactor::<2>(v), planes, factor),
        PhaseFunction::Hg1g2 { .. } => each(PhaseFactor::<3>(v), planes, factor),
        PhaseFunction::Rolo { .. } => each(PhaseFactor::<4>(v), planes, factor),
        PhaseFunction::Polynomial { .. } => each(PhaseFactor::<5>(v), planes, factor),
        PhaseFunction::Magnitudes { .. } => each(PhaseFactor::<6>(v), planes, factor),
        PhaseFunction::Exponential { .. } => each(PhaseFactor::<7>(v), planes, factor),
    }
}

/// A disk function of the form [`DISKS`] has at this place.
#[derive(Clone, Copy)]
struct DiskFactor<const FORM: usize>([Fast; 4]);

const DISKS: [DiskFunction; 5] = [
    DiskFunction::Lambert,
    DiskFunction::LommelSeeliger,
    DiskFunction::Akimov,
    DiskFunction::LunarLambert { weight: [0.0; 4] },
    DiskFunction::Minnaert { exponent: [0.0; 2] },
];

impl<const FORM: usize> Factor for DiskFactor<FORM> {
    #[inline(always)]
    fn at(self, light: &Light<Fast>) -> Fast {
        const { DISKS[FORM] }.simple(&self.0, light)
    }
}

fn disks(disk: &DiskFunction, planes: LightPlanes<'_>, factor: &mut [f64]) {
    let v = disk.values().map(Fast);
    match disk {
        DiskFunction::Lambert => each(DiskFactor::<0>(v), planes, factor),
        DiskFunction::LommelSeeliger => each(DiskFactor::<1>(v), planes, factor),
        DiskFunction::Akimov => each(DiskFactor::<2>(v), planes, factor),
        DiskFunction::LunarLambert { .. } => each(DiskFactor::<3>(v), planes, factor),
        DiskFunction::Minnaert { .. } => each(DiskFactor::<4>(v), planes, factor),
        DiskFunction::Hapke(hapke) => hapkes(hapke, planes, factor),
    }
}

/// Hapke's law of the form [`HAPKES`] has at this place.
#[derive(Clone, Copy)]
struct HapkeFactor<const FORM: usize>(Prepared<Fast>);

const HAPKES: [(Relief, HFunction); 4] = [
    (Relief::Smooth, HFunction::Hapke1981),
    (Relief::Smooth, HFunction::Hapke2002),
    (Relief::Rough, HFunction::Hapke1981),
    (Relief::Rough, HFunction::Hapke2002),
];

impl<const FORM: usize> Factor for HapkeFactor<FORM> {
    #[inline(always)]
    fn at(self, light: &Light<Fast>) -> Fast {
        let (relief, multiple) = const { HAPKES[FORM] };
        self.0.iof(relief, multiple, light)
    }
}

fn hapkes(hapke: &Hapke, planes: LightPlanes<'_>, factor: &mut [f64]) {
    let law = hapke.prepared(&hapke.values().map(Number::of));
    match (hapke.relief(), hapke.multiple) {
        (Relief::Smooth, HFunction::Hapke1981) => each(HapkeFactor::<0>(law), planes, factor),
        (Relief::Smooth, HFunction::Hapke2002) => each(HapkeFactor::<1>(law), planes, factor),
        (Relief::Rough, HFunction::Hapke1981) => each(HapkeFactor::<2>(law), planes, factor),
        (Relief::Rough, HFunction::Hapke2002) => each(HapkeFactor::<3>(law), planes, factor),
    }
}
