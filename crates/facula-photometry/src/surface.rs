// SPDX-License-Identifier: MIT OR Apache-2.0
//! The photometric model of a surface: normal albedo times phase function times disk function.

use serde::{Deserialize, Serialize};

use crate::{DiskFunction, LightAngles, hg_phase, lommel_seeliger_sphere_phase};

/// How much of its normal albedo a surface shows: `I/F = albedo · f(α) · D(i, e, α)`.
///
/// The surface phase function is `f(α) = Φ_HG(α, G) / Φ_LS(α)`: with the Lommel-Seeliger disk function a sphere
/// of this surface has exactly the IAU H, G phase function of the body. With another disk function the
/// whole-disc phase curve departs from H, G by the ratio of the two sphere integrals (a few per cent at 60°).
/// One phase function for dark and bright terrain alike is a simplification: bright spots may be flatter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurfaceModel {
    /// Disk function.
    pub disk: DiskFunction,
    /// Slope parameter G of the IAU H, G system.
    pub phase_slope: f64,
}

impl SurfaceModel {
    /// A Lommel-Seeliger surface with a body's slope parameter G.
    pub fn lommel_seeliger(phase_slope: f64) -> Self {
        Self { disk: DiskFunction::LommelSeeliger, phase_slope }
    }

    /// The surface phase function f(α), 1 at phase 0.
    pub fn phase(&self, phase_rad: f64) -> f64 {
        hg_phase(phase_rad, self.phase_slope) / lommel_seeliger_sphere_phase(phase_rad)
    }

    /// I/F of a surface of normal albedo 1; 0 where not lit or not seen.
    pub fn iof_per_albedo(&self, angles: LightAngles) -> f64 {
        self.phase(angles.phase_rad) * self.disk.value(angles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Vec3;

    /// Brightness of a sphere of unit normal albedo at a phase angle, by summation over its visible disc.
    fn sphere(model: SurfaceModel, phase_rad: f64) -> f64 {
        let (to_camera, to_sun) =
            (Vec3::new(0.0, 0.0, 1.0), Vec3::new(phase_rad.sin(), 0.0, phase_rad.cos()));
        let n = 400;
        let mut sum = 0.0;
        for k in 0..n * n {
            let (x, y) = (
                (k % n) as f64 / n as f64 * 2.0 - 1.0 + 1.0 / n as f64,
                (k / n) as f64 / n as f64 * 2.0 - 1.0 + 1.0 / n as f64,
            );
            if x * x + y * y < 1.0 {
                let normal = Vec3::new(x, y, (1.0 - x * x - y * y).sqrt());
                sum += model.iof_per_albedo(LightAngles::of(normal, to_sun, to_camera));
            }
        }
        sum * 4.0 / (n * n) as f64 / std::f64::consts::PI
    }

    #[test]
    fn a_sphere_has_the_iau_phase_function() {
        let model = SurfaceModel::lommel_seeliger(0.12);
        for phase_deg in [0.0, 10.0, 40.0, 80.0] {
            let phase_rad = f64::to_radians(phase_deg);
            let (seen, expected) = (sphere(model, phase_rad), hg_phase(phase_rad, 0.12));
            assert!((seen / expected - 1.0).abs() < 3e-3, "{phase_deg}: {seen} {expected}");
        }
    }
}
