// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a camera file or as support data (CSM ISD).
#![no_main]

use facula_core::PixelPos;
use facula_geometry::{CameraFile, FrameGeometry, Isd};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(file) = CameraFile::from_toml(text) {
        for camera in file.filters.keys().filter_map(|name| file.camera(name).ok()) {
            let _ = camera.pixel(camera.look(PixelPos { x_px: 3.0, y_px: 900.0 }));
        }
    }
    if let Ok(isd) = Isd::from_json(text) {
        // What is read is written back, and reads the same.
        let again = Isd::from_json(&isd.to_json()).expect("our own text");
        assert_eq!(again.root(), isd.root());
        if let Ok(geometry) = FrameGeometry::from_isd(&isd) {
            let _ = geometry.pose();
        }
    }
});
