// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes a made-up trajectory (SPK type 13) and pointing (CK type 3), reads them back, and says what they answer:
//! `write_kernels FOLDER`. `crosscheck/check_writers.py` asks SPICE the same.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use facula_core::{Icrf, Rotation, Spacecraft, Vec3, write_aside};
use facula_spice::{
    AttitudeSample, Correction, Kernels, Pointing, StateSample, Trajectory, write_pointings,
    write_trajectories,
};

type AnyError = Box<dyn std::error::Error>;

/// Clock, leap seconds and frames, made up for the tests of this crate.
const TEXT: &str = include_str!("../tests/data/made_up.tf");
const START_S: f64 = 482_000_000.0;
const COMMENT: &str = "Made by the example write_kernels of Facula.\nA made-up orbit of 4900 km about Ceres.";
/// Radius of the orbit, km, and its rate, rad/s (62.6 km³/s² of Ceres).
const ORBIT: (f64, f64) = (4900.0, 2.3073e-5);

fn sample(i: u32) -> StateSample {
    let wave = (f64::from(i)).sin();
    let et_s = START_S + 30.0 * f64::from(i) + 7.0 * wave;
    let (radius_km, rate) = ORBIT;
    let (sin, cos) = (rate * (et_s - START_S)).sin_cos();
    let speed = radius_km * rate;
    StateSample {
        et_s,
        position_km: Vec3::new(radius_km * cos, 0.6 * radius_km * sin, 0.8 * radius_km * sin),
        velocity_km_s: Vec3::new(-speed * sin, 0.6 * speed * cos, 0.8 * speed * cos),
    }
}

fn attitude(i: u32) -> Result<AttitudeSample, AnyError> {
    let angle_rad = 1e-3 * f64::from(i);
    let axis = Vec3::<Icrf>::new(0.6, 0.0, 0.8);
    let structure_from_icrf: Rotation<Spacecraft, Icrf> =
        Rotation::about(axis, angle_rad).ok_or("an axis without direction")?;
    let et_s = START_S + 10.0 * f64::from(i);
    Ok(AttitudeSample { et_s, structure_from_icrf, spin_rad_s: axis * 1e-4 })
}

fn write(folder: &Path) -> Result<Vec<PathBuf>, AnyError> {
    let trajectory = Trajectory {
        name: "MADE-UP ORBIT".into(),
        target: -9,
        center: 2_000_001,
        degree: 7,
        samples: (0..250).map(sample).collect(),
    };
    let intervals = [0..60, 70..71, 80..330].map(|range| range.map(attitude).collect::<Result<Vec<_>, _>>());
    let intervals = intervals.into_iter().collect::<Result<Vec<_>, _>>()?;
    let pointing = Pointing { name: "MADE-UP TURN".into(), structure: -9003, clock: -9, intervals };
    let clocks = Kernels::from_bytes("made_up.tf", TEXT.as_bytes())?;
    let files = [
        ("clock.tf", TEXT.as_bytes().to_vec()),
        ("trajectory.bsp", write_trajectories("made up", COMMENT, &[trajectory])?),
        ("pointing.bc", write_pointings(&clocks, "made up", COMMENT, &[pointing])?),
    ];
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    for (path, (_, bytes)) in paths.iter().zip(&files) {
        write_aside(path, |out| out.write_all(bytes))?;
    }
    Ok(paths)
}

fn answers(kernels: &Kernels) -> Result<String, AnyError> {
    let mut text = String::from("# what, et_s, numbers\n");
    let mut line = |what: &str, et_s: f64, numbers: &[f64]| {
        let numbers: Vec<String> = numbers.iter().map(|x| format!("{x:?}")).collect();
        writeln!(text, "{what},{et_s:?},{}", numbers.join(","))
    };
    for node in (0..250).map(sample) {
        let (p, v) = (node.position_km.to_array(), node.velocity_km_s.to_array());
        line("node", node.et_s, &[p, v].concat())?;
    }
    for i in 0..700 {
        let et_s = START_S + 20.0 + 10.617 * f64::from(i);
        let state = kernels.state_at(-9, 2_000_001, et_s, Correction::None)?;
        line("state", et_s, &[state.position_km.to_array(), state.velocity_km_s.to_array()].concat())?;
    }
    let inside = (0..580).chain(801..3_280).map(|i| START_S + f64::from(i) + 0.3);
    for et_s in inside {
        let rotation = kernels.rotations_at::<Spacecraft, Icrf>("THREE", "J2000", &[et_s])?[0];
        line("attitude", et_s, &rotation.rows().concat())?;
    }
    Ok(text)
}

fn main() -> Result<(), AnyError> {
    let folder = std::env::args().nth(1).ok_or("usage: write_kernels FOLDER")?;
    let folder = Path::new(&folder);
    let paths = write(folder)?;
    let answers = answers(&Kernels::load(&paths)?)?;
    write_aside(&folder.join("answers.csv"), |out| out.write_all(answers.as_bytes()))?;
    Ok(())
}
