// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a shape file of any kind, then rays at it.
#![no_main]

use facula_core::Vec3;
use facula_shape::Mesh;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(mesh) = Mesh::from_obj(text) {
        let _ = mesh.intersect(Vec3::new(1e4, 10.0, -3.0), Vec3::new(-1.0, 0.0, 0.0));
    }
});
