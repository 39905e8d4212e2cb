// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as an image file of any kind: told by their first bytes, all images and keywords read. `run.sh` runs it once
//! per format, each with its own corpus.
#![no_main]

use std::path::Path;

use facula_archive::{Limits, describe_bytes};
use libfuzzer_sys::fuzz_target;

/// Most pixels an input may ask for: small, so that a promise beyond the bytes is seen as memory.
const LIMITS: Limits = Limits { max_file_bytes: 1 << 24, max_pixels: 1 << 22 };

fuzz_target!(|bytes: &[u8]| {
    // A folder that is not there: files named by a label are missing.
    if let Ok(info) = describe_bytes(Path::new("/nowhere/fuzz"), bytes, &LIMITS) {
        for part in &info.parts {
            let pixels: u64 = part.part.sizes[..2].iter().product();
            if let Ok(statistics) = &part.statistics {
                let counted = statistics.valid_pixels
                    + statistics.missing_pixels
                    + statistics.low_pixels
                    + statistics.high_pixels;
                assert_eq!(counted, pixels, "{part:?}");
            }
        }
    }
});
