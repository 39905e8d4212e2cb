// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `calibrate`: raw data numbers of 1024² to I/F, sigma and quality. `facula-bench calibrate SCENE.json FOLDER` takes
//! the scene and the images of `benches/rows/calibrate.py` and writes what it found beside them for the comparison.

use std::path::Path;
use std::time::Instant;

use facula_core::{FrameMeta, IofFrame, Level, Quality, Raster, RawFrame, parse_utc};
use facula_photometry::{
    Bias, CalibrateOptions, DarkFrame, Detector, HotAction, calibrate, calibrate_into, calibrate_with_record,
    hot_pixels,
};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
const REPEATS: usize = 100;

/// Times the chain with constants and a flat, the chain with every step, and that with its record.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [scene, folder] = arguments else {
        return Err("usage: facula-bench calibrate SCENE.json FOLDER".into());
    };
    let scene: Value = serde_json::from_str(&std::fs::read_to_string(scene)?)?;
    let (detector, plain): (Detector, Detector) =
        (serde_json::from_value(scene["detector"].clone())?, serde_json::from_value(scene["plain"].clone())?);
    let folder = Path::new(folder);
    let image = |name: &str| read(&folder.join(name), scene["size"].as_u64().unwrap_or(0) as usize);
    let (flat, rate, dn) = (image("flat.f32")?, image("dark.f32")?, image("raw.f32")?);
    let hot = hot_pixels(&rate, scene["hot_sigma"].as_f64().unwrap_or(8.0) as f32);
    let raw = frame(dn, scene["exposure_s"].as_f64().unwrap_or(0.0))?;
    let simple = CalibrateOptions {
        flat: Some(&flat),
        ..CalibrateOptions::new(&plain, scene["sun_distance_au"].as_f64().unwrap_or(0.0))
    };
    let full = CalibrateOptions {
        detector: &detector,
        bias: Bias::Value { bias_dn: detector.bias_dn, sigma_dn: 0.1 },
        dark_frame: Some(DarkFrame { rate: &rate, sigma_dn_per_s: 0.05, temperature_k: None }),
        hot: Some(&hot),
        hot_action: HotAction::Interpolate,
        ..simple
    };
    let mut kept = calibrate(&raw, &simple)?;
    let simple_ms = least_ms(|| Ok(calibrate_into(&raw, &simple, &mut kept)?))?;
    let full_ms = least_ms(|| Ok(calibrate_into(&raw, &full, &mut kept)?))?;
    let simple_new_ms = least_ms(|| Ok(calibrate(&raw, &simple)?))?;
    let full_new_ms = least_ms(|| Ok(calibrate(&raw, &full)?))?;
    let record_ms = least_ms(|| Ok(calibrate_with_record(&raw, &full)?))?;
    write(folder, "simple", &calibrate(&raw, &simple)?)?;
    write(folder, "full", &calibrate(&raw, &full)?)?;
    Ok(json!({
        "row": "calibrate",
        "simple_ms": simple_ms,
        "full_ms": full_ms,
        "simple_new_memory_ms": simple_new_ms,
        "full_new_memory_ms": full_new_ms,
        "with_record_ms": record_ms,
    }))
}

fn least_ms<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<f64, Error> {
    let mut least_ms = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        drop(work()?);
        least_ms = least_ms.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(least_ms)
}

fn read(path: &Path, size: usize) -> Result<Raster<f32>, Error> {
    let bytes = std::fs::read(path)?;
    let values = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    Raster::from_vec(size, size, values)
        .ok_or_else(|| format!("{} is not {size} x {size}", path.display()).into())
}

fn write(folder: &Path, name: &str, frame: &IofFrame) -> Result<(), Error> {
    let values = frame.iof.as_slice().iter().chain(frame.sigma.as_slice());
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    let path = folder.join(format!("{name}.out"));
    Ok(facula_core::write_aside(&path, |file| std::io::Write::write_all(file, &bytes))?)
}

fn frame(dn: Raster<f32>, exposure_s: f64) -> Result<RawFrame, Error> {
    let meta = FrameMeta {
        id: "bench".into(),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-05-04").ok_or("date")?,
        exposure_s,
        detector_temperature_k: None,
        level: Level::Raw,
        keywords: Default::default(),
    };
    let quality = dn.map(|_| Quality::GOOD);
    Ok(RawFrame { meta, dn, quality, pose: None })
}
