// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a camera file.
#![no_main]

use facula_geometry::CameraFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(file) = CameraFile::from_toml(text) {
        for name in file.filters.keys() {
            let _ = file.camera(name);
        }
    }
});
