// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a shape file of any kind, then rays at it. The first byte chooses the name the file would have.
#![no_main]

use facula_core::Vec3;
use facula_shape::{Mesh, MeshOptions};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] = ["a", "a.obj", "a.ply", "a.stl", "a.vtk", "a.icq"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let name = NAMES[usize::from(*choice) % NAMES.len()];
    // Sound seeds begin with their own first byte: they are tried as they are, too.
    for bytes in [bytes, rest] {
        if let Ok(mesh) = Mesh::from_bytes(name, bytes, &MeshOptions::default()) {
            let _ = mesh.intersect(Vec3::new(1e4, 10.0, -3.0), Vec3::new(-1.0, 0.0, 0.0));
            let _ = mesh.report();
        }
        let _ = Mesh::from_tree_bytes(bytes, None);
    }
});
