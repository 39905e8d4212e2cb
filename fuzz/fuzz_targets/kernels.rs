// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a kernel of any kind, then questions to whatever was loaded.
#![no_main]

use facula_core::{Camera, Icrf, epoch_from_et_s};
use facula_spice::{AttitudeLevel, Correction, Kernels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kernels) = Kernels::from_bytes("fuzz", bytes) else { return };
    for body in kernels.bodies().into_iter().take(8) {
        for span in kernels.coverage_of_body(body).into_iter().take(3) {
            let middle = span[0] + (span[1] - span[0]) * 0.5;
            for epoch in [span[0], middle, span[1]] {
                let _ = kernels.state(body, 0, epoch, Correction::LightTimeStellar);
                let _ = kernels.states(body, 10, &[epoch, middle], Correction::None);
                let _ = kernels.explain_state(body, 0, epoch);
            }
        }
        let _ = kernels.shape_meshes(body);
    }
    for structure in kernels.structures().into_iter().take(4) {
        let _ = kernels.coverage_of_structure(structure, AttitudeLevel::Interval);
    }
    for frame in kernels.frame_names().iter().map(String::as_str).take(6).chain(["IAU_MARS", "ITRF93"]) {
        for et_s in [0.0, 4.88e8, 1.3e8] {
            let _ = kernels.rotation_rate::<Icrf, Camera>("J2000", frame, epoch_from_et_s(et_s));
        }
    }
    let _ = kernels.shape_meshes(401);
    let _ = kernels.files().count();
});
