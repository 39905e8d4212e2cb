// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as a label, a FITS file or an ISIS cube.
#![no_main]

use facula_archive::{Limits, parse_cube};
use facula_archive::fits::FitsFile;
use facula_archive::pds3::Label;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((label, _)) = Label::parse(bytes) {
        // What is read can be written and read again.
        if let Ok(text) = label.to_text() {
            assert!(Label::parse(text.as_bytes()).is_ok(), "{text}");
        }
    }
    if let Ok(fits) = FitsFile::parse(bytes) {
        for unit in 0..fits.units.len() {
            let _ = fits.read(unit, &Limits::default());
        }
    }
    if let Ok(cube) = parse_cube(bytes, &Limits::default()) {
        let _ = cube.into_map();
    }
});
