// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a kernel of any kind, then questions to whatever was loaded.
#![no_main]

use facula_core::{Camera, Icrf, epoch_from_et_s};
use facula_spice::{Correction, Kernels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kernels) = Kernels::from_bytes("fuzz", bytes) else { return };
    for et_s in [0.0, 4.9e8, 1.5e8, -6e8, 1e18] {
        let epoch = epoch_from_et_s(et_s);
        for (target, observer) in [(-82, 699), (2000001, 10), (399, 0), (401, 499), (-203, 2000001)] {
            let _ = kernels.state(target, observer, epoch, Correction::LightTimeStellar);
        }
        for frame in ["IAU_MARS", "ITRF93", "DAWN_FC2_FILTER_1", "CASSINI_ISS_NAC", "CERES_FIXED"] {
            let _ = kernels.rotation::<Icrf, Camera>("J2000", frame, epoch);
        }
    }
});
