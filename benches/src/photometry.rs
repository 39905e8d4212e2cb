// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `photometry`: I/F of 1024² pixels after several scattering laws. `facula-bench photometry MODELS.json FOLDER` takes
//! the models and the planes of `benches/rows/photometry.py` and writes what it found beside them for the comparison.

use std::path::Path;
use std::time::Instant;

use facula_photometry::{LightPlanes, SurfaceModel};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

type Error = Box<dyn std::error::Error>;
const REPEATS: usize = 20;
/// Pixels a thread takes at a time.
const TILE: usize = 16 * 1024;

/// Times each model on each scene, shared out over all threads.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [models, folder] = arguments else {
        return Err("usage: facula-bench photometry MODELS.json FOLDER".into());
    };
    let models: Map<String, Value> = serde_json::from_str(&std::fs::read_to_string(models)?)?;
    let folder = Path::new(folder);
    let mut figures = Map::new();
    for scene in ["frame", "mixed"] {
        let planes = ["incidence", "emission", "phase"]
            .map(|plane| read(&folder.join(format!("{scene}_{plane}.f32"))));
        let [sun, eye, phase] = planes;
        let (sun, eye, phase) = (sun?, eye?, phase?);
        let mut iof = vec![0.0f32; sun.len()];
        for (name, model) in &models {
            let model: SurfaceModel = serde_json::from_value(model.clone())?;
            let mut least_s = f64::INFINITY;
            for _ in 0..REPEATS {
                let start = Instant::now();
                evaluate(&model, [&sun, &eye, &phase], &mut iof);
                least_s = least_s.min(start.elapsed().as_secs_f64());
            }
            let bytes: Vec<u8> = iof.iter().flat_map(|value| value.to_le_bytes()).collect();
            let path = folder.join(format!("{scene}_{name}.out"));
            facula_core::write_aside(&path, |file| std::io::Write::write_all(file, &bytes))?;
            figures.insert(format!("{scene}_{name}"), json!(least_s));
        }
    }
    Ok(json!({ "row": "photometry", "seconds": figures }))
}

fn evaluate(model: &SurfaceModel, [sun, eye, phase]: [&[f32]; 3], iof: &mut [f32]) {
    iof.par_chunks_mut(TILE).enumerate().for_each(|(k, iof)| {
        let at = k * TILE..k * TILE + iof.len();
        let (cos_incidence, cos_emission) = (&sun[at.clone()], &eye[at.clone()]);
        model.iof_each(&LightPlanes { cos_incidence, cos_emission, cos_phase: &phase[at] }, iof);
    });
}

fn read(path: &Path) -> Result<Vec<f32>, Error> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
}
