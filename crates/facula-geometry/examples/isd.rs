// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the support data (ISD) of a Dawn framing-camera frame of Ceres from kernels, as USGS ALE does, and prints it.
//!
//! `cargo run -p facula-geometry --example isd -- own|ale CLOCK EXPOSURE_S FILTER KERNEL...`
//! (`own`: the lines in their own scale; `ale`: in that of the samples, as ALE writes it). For the Survey frame of the
//! test data: `-- ale 488002612:246 1.8 6 KERNELS`; `crosscheck/check_isd.py` compares the result with ALE's.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use facula_geometry::{
    Camera, FrameStart, FrameTiming, InstrumentGeometry, Isd, IsdRequest, LineScale, Mission,
};
use facula_spice::Kernels;

/// NAIF number of Ceres.
const CERES: i32 = 2000001;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [scale, clock, exposure_s, filter, files @ ..] = words.as_slice() else {
        return Err("usage: isd own|ale CLOCK EXPOSURE_S FILTER KERNEL...".into());
    };
    let line_scale = match scale.as_str() {
        "own" => LineScale::OfCamera,
        "ale" => LineScale::OfSamples,
        other => return Err(format!("{other} is neither own nor ale").into()),
    };
    let kernels = Kernels::load(&files.iter().map(PathBuf::from).collect::<Vec<_>>())?;
    let mission = Mission::of_camera("dawn_fc2")?;
    let start = FrameStart::Clock(clock.clone());
    let timing = FrameTiming { start, shutter_delay_s: 0.193, exposure_s: exposure_s.parse()? };
    let camera_frame = mission.camera_frame(filter)?;
    let camera = Camera::from_kernels(&kernels, &camera_frame, InstrumentGeometry::default())?;
    let request = IsdRequest {
        spacecraft: mission.spacecraft,
        camera_frame: &camera_frame,
        camera: &camera,
        body: CERES,
        body_frame: "CERES_FIXED",
        mid_exposure: timing.mid_exposure(&kernels, mission.spacecraft)?,
        names: ["DAWN", "FRAMING CAMERA 2"],
    };
    print!("{}", Isd::from_kernels(&kernels, &request, line_scale)?.to_json());
    Ok(())
}
