// SPDX-License-Identifier: MIT OR Apache-2.0
//! The photometric model of a surface: normal albedo times phase function times disk function, or Hapke's law.

use serde::{Deserialize, Serialize};

use crate::angles::Light;
use crate::number::{Dual, Number};
use crate::{DiskFunction, Hapke, LightAngles, PhaseFunction};

mod batch;
mod parameters;

pub use batch::LightPlanes;
pub use parameters::Parameter;
pub(crate) use parameters::Slot;

/// How bright a surface looks: `I/F = A · f(α)/f(0) · D(i, e, α)`.
///
/// A is the normal albedo: I/F at incidence = emission = phase = 0, where D is 1. [`Self::iof`] is I/F itself;
/// [`Self::iof_per_albedo`] leaves A to the caller, for maps and worlds that have an albedo of their own everywhere.
/// One phase function for dark and bright terrain alike is a simplification: bright spots may be flatter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurfaceModel {
    /// Disk function.
    pub disk: DiskFunction,
    /// Phase function.
    pub phase: PhaseFunction,
    /// Normal albedo; without it that of the law itself: f(0), times the normal I/F of Hapke's law.
    #[serde(default)]
    pub normal_albedo: Option<f64>,
}

impl SurfaceModel {
    /// A Lommel-Seeliger surface with a body's slope parameter G, of normal albedo 1.
    pub fn lommel_seeliger(phase_slope: f64) -> Self {
        Self::of(DiskFunction::LommelSeeliger, PhaseFunction::HgSphere { slope: phase_slope })
    }

    /// A disk function with a phase function, normal albedo as the phase function has it.
    pub fn of(disk: DiskFunction, phase: PhaseFunction) -> Self {
        Self { disk, phase, normal_albedo: None }
    }

    /// Hapke's law.
    pub fn hapke(hapke: Hapke) -> Self {
        Self::of(DiskFunction::Hapke(hapke), PhaseFunction::Constant)
    }

    /// The same surface, brighter or darker: with this I/F at zero angles.
    pub fn with_normal_albedo(self, normal_albedo: f64) -> Self {
        Self { normal_albedo: Some(normal_albedo), ..self }
    }

    /// The surface phase function f(α)/f(0), 1 at phase 0.
    pub fn phase(&self, phase_rad: f64) -> f64 {
        self.phase.value(phase_rad) / self.phase.value(0.0)
    }

    /// I/F of a surface of normal albedo 1; 0 where not lit or not seen.
    pub fn iof_per_albedo(&self, angles: LightAngles) -> f64 {
        self.phase(angles.phase_rad) * self.disk.value(angles)
    }

    /// I/F for the model's own parameters; 0 where not lit or not seen. `light` are cosines and the phase angle.
    pub fn iof(&self, light: LightAngles) -> f64 {
        if !light.is_lit_and_seen() {
            return 0.0;
        }
        let values = self.vector();
        self.evaluate(&values.map(Number::of), &Light::<f64>::of(light))
    }

    /// I/F at incidence = emission = phase = 0 for the model's own parameters.
    pub fn normal_iof(&self) -> f64 {
        self.normal_albedo.unwrap_or_else(|| self.law_normal_iof())
    }

    fn law_normal_iof(&self) -> f64 {
        let disk = if let DiskFunction::Hapke(hapke) = &self.disk { hapke.normal_iof() } else { 1.0 };
        disk * self.phase.value(0.0)
    }

    /// I/F and its derivatives with respect to the parameters, in the order of [`Self::parameters`]; by forward
    /// differentiation, exact to rounding. Both 0 where not lit or not seen.
    pub fn iof_with_derivatives(&self, light: LightAngles) -> (f64, Vec<f64>) {
        let slots = self.slots();
        if !light.is_lit_and_seen() {
            return (0.0, vec![0.0; slots.len()]);
        }
        let iof = self.iof_dual(light);
        (iof.value, slots.iter().map(|slot| iof.slope[slot.index]).collect())
    }

    /// I/F of ground that is lit and seen, with the derivatives by place in [`Self::vector`].
    pub(crate) fn iof_dual(&self, light: LightAngles) -> Dual {
        let values = self.vector();
        let dual = std::array::from_fn(|k| Dual::parameter(values[k], k));
        self.evaluate(&dual, &Light::of(light))
    }
}

#[cfg(test)]
mod tests;
