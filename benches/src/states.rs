// SPDX-License-Identifier: MIT OR Apache-2.0
//! States and attitudes. `states prepare FOLDER` writes a trajectory (SPK type 13) and, with `FACULA_DATA`'s Dawn kernels
//! named as further arguments, a binary copy of them; `states time FOLDER` reads `job.json` there, times its rows, and
//! writes each row's answers to `NAME.facula.bin` (little-endian doubles) for the comparison.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use facula_core::{Camera, Epoch, Icrf, Vec3, epoch_from_et_s, write_aside};
use facula_spice::{
    Correction, Kernels, Needs, State, StateSample, Trajectory, write_slice, write_trajectories,
};
use serde_json::{Value, json};

type AnyError = Box<dyn Error>;

/// Runs of a row in one call; the fastest counts.
const RUNS: usize = 7;
/// Mid of the made-up trajectory and of the attitudes, TDB seconds past J2000 (2015-06-19T16:16).
const MID_S: f64 = 488_002_614.0;

/// The row.
pub fn run(arguments: &[String]) -> Result<Value, AnyError> {
    match arguments {
        [task, folder, kernels @ ..] if task == "prepare" => prepare(Path::new(folder), kernels),
        [task, folder] if task == "time" => time(Path::new(folder)),
        _ => Err("usage: states prepare FOLDER [KERNEL…] | states time FOLDER".into()),
    }
}

/// An orbit of 4900 km about Ceres, a sample every minute for two days.
fn trajectory() -> Trajectory {
    let (radius_km, rate): (f64, f64) = (4900.0, 2.307e-5);
    let sample = |i: i32| {
        let et_s = MID_S + 60.0 * f64::from(i);
        let (sin, cos) = (rate * (et_s - MID_S)).sin_cos();
        StateSample {
            et_s,
            position_km: Vec3::new(radius_km * cos, 0.6 * radius_km * sin, 0.8 * radius_km * sin),
            velocity_km_s: Vec3::new(-sin, 0.6 * cos, 0.8 * cos) * (radius_km * rate),
        }
    };
    let samples = (-1440..=1440).map(sample).collect();
    Trajectory { name: "ORBIT".into(), target: -203, center: 2_000_001, degree: 7, samples }
}

fn prepare(folder: &Path, kernels: &[String]) -> Result<Value, AnyError> {
    let spk = write_trajectories("bench", "Made by facula-bench.", &[trajectory()])?;
    write_aside(&folder.join("orbit.bsp"), |out| out.write_all(&spk))?;
    let mut files = Vec::new();
    if !kernels.is_empty() {
        let paths: Vec<PathBuf> = kernels.iter().map(PathBuf::from).collect();
        let kernels = Kernels::load(&paths)?;
        let mut needs = Needs::new();
        needs.frame(&kernels, "DAWN_FC2_FILTER_6", [MID_S - 90_000.0, MID_S + 90_000.0])?;
        files = write_slice(&kernels, &needs, &folder.join("attitude"))?
            .into_iter()
            .map(|file| file.name)
            .collect();
    }
    Ok(json!({ "attitude": files }))
}

fn time(folder: &Path) -> Result<Value, AnyError> {
    let job: Value = serde_json::from_slice(&std::fs::read(folder.join("job.json"))?)?;
    let mut rows = serde_json::Map::new();
    for row in job["rows"].as_array().ok_or("job.json has no rows")? {
        let name = row["name"].as_str().ok_or("a row without a name")?;
        let (seconds, numbers) = one(row).map_err(|error| format!("{name}: {error}"))?;
        write_aside(&folder.join(format!("{name}.facula.bin")), |out| {
            numbers.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))
        })?;
        rows.insert(name.to_string(), json!(seconds));
    }
    Ok(Value::Object(rows))
}

/// Seconds a call, and the answers of all epochs.
fn one(row: &Value) -> Result<(f64, Vec<f64>), AnyError> {
    let texts = |key: &str| -> Vec<String> {
        row[key].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(String::from)).collect()
    };
    let kernels = Kernels::load(&texts("kernels").into_iter().map(PathBuf::from).collect::<Vec<_>>())?;
    let et_s: Vec<f64> = row["et_s"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let number = |key: &str| row[key].as_i64().and_then(|n| i32::try_from(n).ok()).ok_or("a body is missing");
    if row["kind"] == "attitude" {
        let frames = texts("frames");
        let [to, from] = frames.as_slice() else { return Err("two frames are needed".into()) };
        let (seconds, rotations) = best(|| kernels.rotations_at::<Camera, Icrf>(to, from, &et_s))?;
        return Ok((seconds / et_s.len() as f64, rotations.iter().flat_map(|r| r.rows().concat()).collect()));
    }
    let correction = match row["correction"].as_str() {
        Some("LT+S") => Correction::LightTimeStellar,
        _ => Correction::None,
    };
    let (target, observer) = (number("target")?, number("observer")?);
    let epochs: Vec<Epoch> = et_s.iter().map(|et_s| epoch_from_et_s(*et_s)).collect();
    let (seconds, states) = match row["kind"].as_str() {
        Some("scalar") => {
            best(|| et_s.iter().map(|t| kernels.state_at(target, observer, *t, correction)).collect())?
        }
        Some("epoch") => {
            best(|| epochs.iter().map(|t| kernels.state(target, observer, *t, correction)).collect())?
        }
        _ => best(|| kernels.states_at(target, observer, &et_s, correction))?,
    };
    Ok((seconds / et_s.len() as f64, states.iter().flat_map(numbers).collect()))
}

fn numbers(state: &State) -> [f64; 6] {
    let ([x, y, z], [a, b, c]) = (state.position_km.to_array(), state.velocity_km_s.to_array());
    [x, y, z, a, b, c]
}

fn best<T, E>(work: impl Fn() -> Result<T, E>) -> Result<(f64, T), E> {
    let (mut fastest_s, mut last) = (f64::INFINITY, work()?);
    for _ in 0..RUNS {
        let start = Instant::now();
        last = work()?;
        fastest_s = fastest_s.min(start.elapsed().as_secs_f64());
    }
    Ok((fastest_s, last))
}
